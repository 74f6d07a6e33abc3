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

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report/atomicfile"
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

var convertFormats = []string{"csv", "jsonl"}

func (o *convertOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.auth, "auth", false, "the files are auth logs")
	f.BoolVar(&o.payments, "payments", false, "the files are payment logs")
	f.StringVar(&o.format, "format", "csv", "csv or jsonl")
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

The order is that of the names of the files, and of the lines within. Memory does not
grow with the input.`,
		Example: `  paytriage convert --auth okta-2026-11.json.gz -o auth.csv
  paytriage convert --payments --currency JPY --tz Asia/Tokyo 'exports/*.csv' -o payments.csv
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
	inputs, err := n.read(ctx, std.in, bar)
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
		return err
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
	out     io.Writer
	file    *atomicfile.File // or nil
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
	if o.format == "csv" {
		_, err = io.WriteString(c.out, strings.Join(parsers.Header(o.role()), ",")+"\n")
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
	_, err := c.out.Write(lines)
	return err
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
	return c.table.Write([]string{source, strconv.FormatInt(r.Line, 10), r.Column, r.Reason, harmless(r.Raw)})
}

// harmless puts a quote before a text that a spreadsheet would run.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// commit puts the files in their places.
func (c *conversion) commit() error {
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
