package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/formula"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
)

// convertOptions are the flags of convert.
type convertOptions struct {
	auth, payments bool
	format         string
	out, rejects   string
	force, quiet   bool
	progress       string
	readingOptions
}

var convertFormats = []string{"csv", "jsonl", "parquet"}

func (o *convertOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.auth, "auth", false, "the files are auth logs")
	f.BoolVar(&o.payments, "payments", false, "the files are payment logs")
	f.StringVar(&o.format, "format", "csv", "csv, jsonl or parquet")
	f.StringVarP(&o.out, "out", "o", "-", "file to write, - for standard output")
	f.StringVar(&o.rejects, "rejects", "", "CSV file for the records that were not understood")
	f.BoolVar(&o.force, "force", false, "replace a file that exists")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors on stderr")
	f.StringVar(&o.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
	o.readingOptions.addFlags(f)
}

func newConvertCommand(std streams) *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert --auth|--payments FILE…",
		Short: "Write any export in the neutral schema",
		Long: `Reads exports of any kind and writes every row in the neutral schema: the
columns of 'paytriage schema input' in their order, then source and line, which
say where the row stood. It is what 'paytriage analyze' would see: analysing the
result gives the same case. Rows are not compared with each other; duplicates
stay. Ids are written as they are, so a spreadsheet may take one for a formula.

In Parquet event_time is a timestamp in microseconds, UTC: digits of a stamp
beyond them are lost, which CSV and JSON Lines keep. Line is a number, all else
is text, null where empty; amounts stay as they are written.

The order is that of the names of the files, and of the lines within. Memory does
not grow with the input.`,
		Example: `  paytriage convert --auth okta-2026-11.json.gz -o auth.csv
  paytriage convert --payments --currency JPY --tz Asia/Tokyo 'exports/*.csv' -o payments.csv
  paytriage convert --auth --format parquet -o auth.parquet logs/
  zcat signins.json.gz | paytriage convert --auth - | head`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{"nothing to read", "name files, folders, patterns or -; see 'paytriage convert --help'"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return runConvert(cmd.Context(), &o, args, std)
		},
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "format", convertFormats...)
	complete(cmd, "progress", progressModes...)
	return cmd
}

func (o *convertOptions) validate() error {
	const see = "see 'paytriage convert --help'"
	switch {
	case o.auth == o.payments:
		return &usageError{"say what the files are", "give one of --auth and --payments"}
	case !slices.Contains(convertFormats, o.format):
		return &usageError{fmt.Sprintf("--format %q is none of %s", o.format, strings.Join(convertFormats, ", ")), see}
	case o.format == "parquet" && o.out == "-":
		return &usageError{"--format parquet writes no standard output", "name a file with -o"}
	case !slices.Contains(progressModes, o.progress):
		return progressError(o.progress, "convert")
	}
	return o.readingOptions.validate("convert")
}

func (o *convertOptions) role() event.Role {
	if o.payments {
		return event.Payments
	}
	return event.Auth
}

// runConvert reads and writes at once; what goes to a file appears there whole
// or not at all.
func runConvert(ctx context.Context, o *convertOptions, args []string, std streams) (err error) {
	opt, err := o.parse()
	if err != nil {
		return err
	}
	n := &named{}
	if err := n.add(args, o.role()); err != nil {
		return err
	}
	bar := newProgress(std, o.progress, o.quiet)
	defer bar.finish()
	inputs, err := n.read(ctx, std.in, bar, nil)
	if err != nil {
		return err
	}
	defer parsers.Discard(inputs)

	c := &conversion{}
	defer c.discard()
	if err := c.open(o, std); err != nil {
		return err
	}
	bar.begin("converting", parsers.TotalBytes(inputs), inBytes)
	opt.Progress = bar.add
	sources, err := parsers.Convert(ctx, inputs, opt, o.form(), parsers.Sink{Rows: c.rows, Reject: c.reject})
	if err != nil {
		bar.finish()
		return explained(ctx, std, inputs, opt, err)
	}
	if err := c.commit(); err != nil {
		return err
	}
	bar.finish()
	return c.incomplete(sources, o)
}

func (o *convertOptions) form() parsers.Form {
	if o.format == "jsonl" {
		return parsers.JSONL
	}
	return parsers.CSV
}

// A conversion is where convert writes.
type conversion struct {
	header  string // that is still to be written
	out     io.Writer
	file    *atomicfile.File // or nil
	sheet   *parquetSheet    // or nil
	rejects *atomicfile.File // or nil
	table   *csv.Writer      // of rejects
	first   []string         // rejects shown to people
}

// open opens what is to be written.
func (c *conversion) open(o *convertOptions, std streams) error {
	c.out = std.out
	var err error
	if o.out != "-" {
		if c.file, err = createFile(o.out, o.force); err != nil {
			return err
		}
		c.out = c.file
	}
	if o.rejects != "" {
		if c.rejects, err = createFile(o.rejects, o.force); err != nil {
			return err
		}
		c.table = csv.NewWriter(c.rejects)
		if err := c.table.Write([]string{"source", "line", "column", "reason", "raw"}); err != nil {
			return err
		}
	}
	switch o.format {
	case "csv":
		c.header = strings.Join(parsers.Header(o.role()), ",") + "\n"
	case "parquet":
		c.sheet, err = newParquetSheet(c.out, o.role())
	}
	return err
}

// createFile begins a file that may stand there already only with force.
func createFile(path string, force bool) (*atomicfile.File, error) {
	if _, err := os.Lstat(path); err == nil && !force {
		return nil, &hintError{fmt.Errorf("%s is there already", path), "give another name, or --force to replace it"}
	}
	return atomicfile.Create(path, 0o600)
}

func (c *conversion) rows(lines []byte) error {
	if c.sheet != nil {
		return parsers.Cells(lines, c.sheet.row)
	}
	if err := c.begin(); err != nil {
		return err
	}
	_, err := c.out.Write(lines)
	return err
}

// begin writes the header, which waits until it is known that the inputs can be
// read.
func (c *conversion) begin() error {
	header := c.header
	c.header = ""
	_, err := io.WriteString(c.out, header)
	return err
}

// sheetRows and sheetBytes are how much is handed to the Parquet writer at once.
const (
	sheetRows  = 32 << 10
	sheetBytes = 8 << 20
)

// A parquetSheet makes rows of a Parquet file of cells.
type parquetSheet struct {
	out    *parquetfile.Writer
	schema table.Schema
	batch  *table.Table
	size   int
}

func newParquetSheet(w io.Writer, role event.Role) (*parquetSheet, error) {
	schema := table.Schema{Name: role.String(), Doc: "rows in the neutral schema"}
	fields := event.AuthFields
	if role == event.Payments {
		fields = event.PaymentFields
	}
	for _, f := range fields {
		c := table.Column{Name: f.String(), Kind: table.Text, Nullable: true, Doc: f.Doc()}
		if f == event.EventTime {
			c.Kind, c.Nullable = table.Time, false
		}
		schema.Columns = append(schema.Columns, c)
	}
	schema.Columns = append(schema.Columns,
		table.Column{Name: "source", Kind: table.Text, Nullable: true, Doc: "the file in which the row stood"},
		table.Column{Name: "line", Kind: table.Int, Doc: "and its line, from 1"})
	out, err := parquetfile.Create(w, schema, []parquetfile.KeyValue{{Key: "paytriage.version", Value: report.ToolVersion()}})
	return &parquetSheet{out: out, schema: schema, batch: table.New(schema, 0)}, err
}

// row adds a row. Its cells are those of parsers.Header.
func (s *parquetSheet) row(cells [][]byte) error {
	row := s.batch.Appender()
	for i, c := range s.schema.Columns {
		cell := string(cells[i])
		switch {
		case !utf8.ValidString(cell):
			return notText(cells, c.Name)
		case c.Kind == table.Time:
			at, err := time.Parse(time.RFC3339Nano, cell)
			if err != nil {
				return err
			}
			row.Time(at.UnixMicro())
		case c.Kind == table.Int:
			n, err := strconv.ParseInt(cell, 10, 64)
			if err != nil {
				return err
			}
			row.Int(n)
		default:
			row.TextOrNull(cell)
		}
		s.size += len(cell)
	}
	row.End()
	if s.batch.Rows() < sheetRows && s.size < sheetBytes {
		return nil
	}
	return s.flush()
}

// notText is the error of a cell that a Parquet string cannot hold. To write it
// otherwise might make one id of two.
func notText(cells [][]byte, column string) error {
	n := len(cells)
	return &hintError{fmt.Errorf("%s:%s: %s: bytes that are not UTF-8, which Parquet cannot hold", cells[n-2], cells[n-1], column),
		"--format csv keeps them; if the file has another encoding throughout, 'paytriage inspect' says which was seen"}
}

func (s *parquetSheet) flush() error {
	err := s.out.Append(s.batch)
	s.batch, s.size = table.New(s.schema, s.batch.Rows()), 0
	return err
}

func (s *parquetSheet) close() error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.out.Close()
}

// manyRejects is how many rejected records a warning shows.
const manyRejects = 3

func (c *conversion) reject(source string, r event.Reject) error {
	if len(c.first) < manyRejects {
		where := fmt.Sprintf("%s:%d: ", source, r.Line)
		if r.Column != "" {
			where += r.Column + ": "
		}
		c.first = append(c.first, where+r.Reason)
	}
	if c.table == nil {
		return nil
	}
	return c.table.Write([]string{formula.Mark(source), strconv.FormatInt(r.Line, 10), r.Column, r.Reason, formula.Mark(r.Raw)})
}

// commit puts the files in their places.
func (c *conversion) commit() error {
	if err := c.begin(); err != nil {
		return err
	}
	if c.sheet != nil {
		if err := c.sheet.close(); err != nil {
			return err
		}
	}
	if c.table != nil {
		c.table.Flush()
		if err := c.table.Error(); err != nil {
			return err
		}
		if _, _, err := c.rejects.Commit(); err != nil {
			return err
		}
	}
	if c.file != nil {
		_, _, err := c.file.Commit()
		return err
	}
	return nil
}

// discard drops what was not committed.
func (c *conversion) discard() {
	for _, f := range []*atomicfile.File{c.file, c.rejects} {
		if f != nil {
			f.Discard()
		}
	}
}

// incomplete is what makes exit code 3 of a conversion that is done.
func (c *conversion) incomplete(sources []event.Source, o *convertOptions) error {
	var rejected, read int64
	var problems []string
	for i := range sources {
		s := &sources[i]
		rejected, read = rejected+s.Rejected, read+s.Read
		if s.Trouble != "" {
			problems = append(problems, s.Name+": "+s.Trouble)
		}
	}
	hint := "what stands before the damage was converted; export the file again"
	if rejected > 0 {
		problems = append([]string{fmt.Sprintf("%d of %d rows were rejected: %s", rejected, read, strings.Join(c.first, "; "))}, problems...)
		hint = "--rejects FILE lists each with its line and the reason"
		if o.rejects != "" {
			hint = o.rejects + " lists each with its line and the reason"
		}
	}
	if problems == nil {
		return nil
	}
	return &incompleteError{strings.Join(problems, "; "), hint}
}
