// Package report turns a case into files and words.
//
// A case folder appears whole or not at all: everything is written beside its
// place, the manifest last, and the folder is then put in its place in one
// step. tables.go is the only schema; csvfile and parquetfile write the same
// tables. Files are for their owner alone (0600 in 0700), because they name
// victims. There is no clock time in any of them but the manifest.
package report

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/html"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/pseudonym"
	"github.com/paytriage/paytriage/report/signature"
	"github.com/paytriage/paytriage/report/table"
)

// Formats are the formats that tables can be written in.
var Formats = []string{"csv", "parquet"}

// Options say what is written.
type Options struct {
	Formats []string
	Force   bool     // replace a finished case
	Command []string // the command line, for the manifest
	Inputs  []string // paths that the folder must not hold
	// Page says how report.html is written: in which language, and with which
	// marks of the investigator. Ids of accounts are masked in it.
	Page html.Options

	Key      *signature.Key // signs the manifest, if not nil
	Previous *Link          // the case that this one follows, if not nil
	// Pseudonyms takes the people out of what is written, if not nil.
	Pseudonyms *pseudonym.Key
}

// A Folder is a case folder that is being written.
type Folder struct {
	opt    Options
	folder *atomicfile.Folder
}

// An OpenError says why a case folder cannot be written, and what to do.
type OpenError struct {
	Err  error
	Hint string
}

func (e *OpenError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *OpenError) Unwrap() error { return e.Err }

// Open makes sure that a case can be written to dir, and keeps other runs out
// of it until Write or Discard.
func Open(dir string, opt Options) (*Folder, error) {
	for _, in := range opt.Inputs {
		if within(dir, in) {
			return nil, &OpenError{fmt.Errorf("%s: holds the input %s", dir, in), "choose another folder with --out"}
		}
	}
	f, err := atomicfile.OpenFolder(dir, atomicfile.FolderOptions{Force: opt.Force, Known: known})
	if err != nil {
		return nil, &OpenError{err, openHint(err)}
	}
	return &Folder{opt, f}, nil
}

// within reports whether a file lies in a folder, by whatever links.
func within(dir, file string) bool {
	rel, err := filepath.Rel(resolved(dir), resolved(file))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolved returns the absolute path without links, as far as there is one.
func resolved(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// known reports whether a name is of a file that a case folder holds.
func known(name string) bool {
	if name == "summary.json" || name == PageName || name == Signature {
		return true
	}
	base, ext, _ := strings.Cut(name, ".")
	return slices.Contains(Formats, ext) && slices.ContainsFunc(fillers(), func(f filler) bool { return f.schema.Name == base })
}

// Discard gives up. It does nothing after Write.
func (f *Folder) Discard() { f.folder.Discard() }

// Write writes the case and puts the folder in its place. Progress, if not nil,
// is told how many tables were written since the last call.
func (f *Folder) Write(ctx context.Context, c *forensics.Case, progress func(int64)) (*Summary, error) {
	tables, err := Tables(c)
	if err != nil {
		return nil, err
	}
	s := Summarize(c, tables)
	m := newManifest(f.opt.Command, c)
	m.Previous = f.opt.Previous
	if f.opt.Pseudonyms == nil {
		return s, f.write(ctx, tables, s, m, progress)
	}
	hidden, err := hide(f.opt.Pseudonyms, tables, s, m)
	if err != nil {
		return nil, err
	}
	return s, f.write(ctx, hidden.tables, hidden.summary, hidden.manifest, progress)
}

// write writes what a case consists of, and puts the folder in its place.
func (f *Folder) write(ctx context.Context, tables []*table.Table, s *Summary, m *Manifest, progress func(int64)) error {
	for _, t := range tables {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, format := range Formats { // in their own order, whatever was asked
			if slices.Contains(f.opt.Formats, format) {
				if err := f.table(m, t, format); err != nil {
					return err
				}
			}
		}
		if progress != nil {
			progress(1)
		}
	}
	if err := f.file(m, "summary.json", 0, func(w io.Writer) error { return WriteJSON(w, s) }); err != nil {
		return err
	}
	shown := f.opt.Page
	shown.Reveal = false
	if err := f.file(m, PageName, 0, func(w io.Writer) error { return writePage(w, s, tables, m, shown) }); err != nil {
		return err
	}
	if err := f.seal(m); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.folder.Commit()
}

// seal writes the manifest, last of all, and what was made of its bytes before
// it: its signature.
func (f *Folder) seal(m *Manifest) error {
	if f.opt.Key != nil {
		m.SignedBy = f.opt.Key.Fingerprint()
	}
	var text bytes.Buffer
	if err := WriteJSON(&text, m); err != nil {
		return err
	}
	if f.opt.Key != nil {
		sig, err := f.opt.Key.Sign(text.Bytes())
		if err != nil {
			return err
		}
		if err := f.file(nil, Signature, 0, func(w io.Writer) error { _, err := w.Write(sig); return err }); err != nil {
			return err
		}
	}
	return f.file(nil, atomicfile.Manifest, 0, func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err })
}

// Signature is the name of the file with the signature of the manifest. The
// manifest does not name it; verify does.
const Signature = atomicfile.Manifest + signature.Suffix

// table writes one table in one format.
func (f *Folder) table(m *Manifest, t *table.Table, format string) error {
	write := func(w io.Writer) error { return csvfile.Write(w, t) }
	if format == "parquet" {
		meta := []parquetfile.KeyValue{{Key: "paytriage.policy", Value: m.PolicyHash}, {Key: "paytriage.version", Value: m.Version}}
		write = func(w io.Writer) error { return parquetfile.Write(w, t, meta) }
	}
	if err := f.file(m, t.Schema().Name+"."+format, t.Rows(), write); err != nil {
		return err
	}
	sum := t.CanonicalHash()
	m.Outputs[len(m.Outputs)-1].RowsHash = hex.EncodeToString(sum[:])
	return nil
}

// file writes one file and notes it in the manifest.
func (f *Folder) file(m *Manifest, name string, rows int, write func(io.Writer) error) error {
	out, err := f.folder.Create(name)
	if err != nil {
		return err
	}
	defer out.Discard()
	if err := write(out); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	size, sum, err := out.Commit()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if m != nil {
		m.Outputs = append(m.Outputs, File{Name: name, Bytes: size, SHA256: hex.EncodeToString(sum[:]), Rows: int64(rows)})
	}
	return nil
}

// A Manifest names everything that a case was made from and consists of. It is
// written last: a folder without it is an unfinished run.
type Manifest struct {
	SchemaVersion int      `json:"schema_version"`
	Tool          string   `json:"tool"`
	Version       string   `json:"version"`
	Go            string   `json:"go"`
	Build         *Build   `json:"build,omitempty"` // nil in cases of earlier versions
	Command       []string `json:"command"`
	Created       string   `json:"created"`
	PolicyHash    string   `json:"policy_hash"`
	Inputs        []Input  `json:"inputs"`
	Outputs       []File   `json:"outputs"`
	// SignedBy is the fingerprint of the key whose signature stands beside the
	// manifest.
	SignedBy string `json:"signed_by,omitempty"`
	// Previous is the case that this one follows.
	Previous *Link `json:"previous,omitempty"`
	// Redacted says that people were taken out.
	Redacted *Redaction `json:"redacted,omitempty"`
}

// A Redaction says by which key, and of which case.
type Redaction struct {
	Key      string `json:"key_fingerprint"`
	Original string `json:"original_manifest_sha256,omitempty"` // none where no other was ever written
}

// WithIDs says why a case cannot be worked with of which the people were taken
// out: its tokens are no ids that anybody could be paid by or looked up with.
func (m *Manifest) WithIDs(dir string) error {
	if m.Redacted == nil {
		return nil
	}
	return &OpenError{fmt.Errorf("%s: is for outsiders: it has tokens in the place of ids", dir), "name the case that analyze wrote for the team"}
}

// A Link names another case by what names everything in it.
type Link struct {
	Manifest string `json:"manifest_sha256"`
	Created  string `json:"created"`
}

// LinkTo returns the link to a finished case.
func LinkTo(dir string) (*Link, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	sum, err := ManifestHash(dir)
	if err != nil {
		return nil, err
	}
	return &Link{sum, m.Created}, nil
}

// An Input is a file that was read.
type Input struct {
	Name        string `json:"name"`
	Role        string `json:"role"`
	Compression string `json:"compression,omitempty"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"` // "" if it was not read to its end
	// NotReadToEnd says that nobody can tell whether a file is the one that was read.
	NotReadToEnd bool `json:"not_read_to_end,omitempty"`
	RowCounts
}

// A File is a file of the case.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows,omitempty"`
	// RowsHash is the hash of the rows whatever the format, by which a CSV and
	// a Parquet file of one table can be compared.
	RowsHash string `json:"rows_sha256,omitempty"`
}

// LogInput returns what a manifest says of a log.
func LogInput(s *event.Source) Input {
	sum := s.Hash()
	return Input{Name: s.Name, Role: s.Role.String(), Compression: s.Compression, Bytes: s.Bytes, SHA256: sum, NotReadToEnd: sum == "",
		RowCounts: RowCounts{s.Read, s.Accepted, s.Rejected, s.Duplicates, s.Repeats}}
}

func emptyManifest(command []string) *Manifest {
	b := ThisBuild()
	return &Manifest{SchemaVersion: SummaryVersion, Tool: "paytriage", Version: b.Version, Go: b.Go, Build: &b, Command: command,
		Created: time.Now().UTC().Format(time.RFC3339), Inputs: []Input{}}
}

func newManifest(command []string, c *forensics.Case) *Manifest {
	m := emptyManifest(command)
	m.PolicyHash = c.Policy.Hash()
	for i := range c.Sources {
		m.Inputs = append(m.Inputs, LogInput(&c.Sources[i]))
	}
	for i := range c.Files {
		f := &c.Files[i]
		m.Inputs = append(m.Inputs, Input{Name: f.Name, Role: f.Role, Bytes: f.Bytes, SHA256: hex.EncodeToString(f.SHA256[:]),
			RowCounts: RowCounts{Read: f.Read, Accepted: f.Accepted, Rejected: f.Rejected}})
	}
	return m
}

// Read returns a table of a finished case, from whichever format it has.
func Read(dir, name string) (*table.Table, error) {
	at := slices.IndexFunc(Schemas(), func(s table.Schema) bool { return s.Name == name })
	if at < 0 {
		return nil, fmt.Errorf("no table %q", name)
	}
	schema := Schemas()[at]
	t, err := read(dir, schema)
	if errors.Is(err, table.ErrMissing) && len(later[name]) > 0 {
		// A case of an earlier version: what it could not say is null.
		if t, err = read(dir, earlierSchema(schema)); err == nil {
			return copied(t, schema.Columns, allRows(t)), nil
		}
	}
	return t, err
}

// later are the columns that cases of earlier versions lack.
var later = map[string][]string{
	"victims":      {"validation", "recognised_by"},
	"charges":      {"from_fraud", "from_own", "decision"},
	"sources":      {"honest_accounts", "shared"},
	"takeovers":    {"source", "line"},
	"store_visits": {"terminals"},
}

// earlierSchema is what a table was before it had any of them.
func earlierSchema(s table.Schema) table.Schema {
	s.Columns = slices.DeleteFunc(slices.Clone(s.Columns), func(c table.Column) bool { return slices.Contains(later[s.Name], c.Name) })
	return s
}

func read(dir string, schema table.Schema) (*table.Table, error) {
	if _, err := os.Stat(filepath.Join(dir, atomicfile.Manifest)); err != nil {
		return nil, &OpenError{fmt.Errorf("%s: is no finished case: it has no %s", dir, atomicfile.Manifest), "name the folder that analyze wrote"}
	}
	return readEither(dir, schema)
}

// readEither reads a table of a case from whichever format it has.
func readEither(dir string, s table.Schema) (*table.Table, error) {
	t, err := readFormat(filepath.Join(dir, s.Name+".csv"), s)
	if errors.Is(err, fs.ErrNotExist) {
		return readFormat(filepath.Join(dir, s.Name+".parquet"), s)
	}
	return t, err
}
