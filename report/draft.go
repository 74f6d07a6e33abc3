package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/sheet"
	"github.com/paytriage/paytriage/report/table"
)

// DraftKind is what the manifest of a drawn-up ledger says it is.
const DraftKind = "refunds"

// DraftFormats are the formats that a ledger can be drawn up in.
var DraftFormats = []string{"csv", "parquet", "xlsx"}

// workbook is the file that holds all tables as sheets.
const workbook = "refunds.xlsx"

// A Draft is the manifest of a drawn-up ledger: what it was made of, by whom,
// and what it consists of.
type Draft struct {
	SchemaVersion int      `json:"schema_version"`
	Kind          string   `json:"kind"`
	Tool          string   `json:"tool"`
	Version       string   `json:"version"`
	Command       []string `json:"command"`
	Created       string   `json:"created"`
	// Maker is who drew the ledger up, and must not be who approves it.
	Maker        string       `json:"maker"`
	Case         string       `json:"case"`
	CaseManifest string       `json:"case_manifest_sha256"`
	Inputs       []DraftInput `json:"inputs"`
	// Encoding is that of the CSV files: utf-8 or cp932.
	Encoding   string `json:"encoding"`
	Lines      int64  `json:"ledger_lines"`
	LedgerRows string `json:"ledger_rows_sha256"` // canonical hash of the rows of the ledger, whatever the format
	Files      []File `json:"files"`
}

// A DraftInput is a file that a ledger was drawn up from besides the case.
type DraftInput struct {
	Name   string `json:"name"`
	Role   string `json:"role"` // decisions, already_refunded
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// DraftOptions say how a drawn-up ledger is written.
type DraftOptions struct {
	Formats []string
	Form    csvfile.Form // of CSV files
	Force   bool
	Inputs  []string // paths that the folder must not hold
}

// A DraftFolder is the folder of a ledger that is being drawn up.
type DraftFolder struct {
	opt    DraftOptions
	folder *atomicfile.Folder

	lock  sync.Mutex
	files []File
}

// OpenDraft makes sure that a ledger can be written to dir, and keeps other
// runs out of it until Write or Discard.
func OpenDraft(dir string, opt DraftOptions) (*DraftFolder, error) {
	for _, in := range opt.Inputs {
		if within(dir, in) {
			return nil, &OpenError{fmt.Errorf("%s: holds the input %s", dir, in), "choose another folder with --out"}
		}
	}
	f, err := atomicfile.OpenFolder(dir, atomicfile.FolderOptions{Force: opt.Force, Known: knownInDraft})
	if err != nil {
		return nil, &OpenError{err, openHint(err)}
	}
	return &DraftFolder{opt: opt, folder: f}, nil
}

// draftTables are the names of the tables of a drawn-up ledger.
var draftTables = []string{LedgerSchema.Name, TotalsSchema.Name, UnmatchedSchema.Name, LeftOutSchema.Name}

func knownInDraft(name string) bool {
	base, ext, _ := strings.Cut(name, ".")
	return name == workbook || (ext == "csv" || ext == "parquet") && slices.Contains(draftTables, base)
}

// Discard gives up. It does nothing after Write.
func (f *DraftFolder) Discard() { f.folder.Discard() }

// Write writes the lines of a ledger, the other tables and the manifest, and
// puts the folder in its place. It fills in what of the manifest it knows itself.
func (f *DraftFolder) Write(d *Draft, lines []ledger.Line, others []table.Stream) error {
	tables := append([]table.Stream{LedgerStream(lines)}, others...)
	jobs := []func() error{func() error {
		d.LedgerRows = ledgerHash(lines)
		return nil
	}}
	for _, format := range DraftFormats {
		if slices.Contains(f.opt.Formats, format) {
			jobs = append(jobs, func() error { return f.format(format, tables) })
		}
	}
	errs := make([]error, len(jobs))
	var running sync.WaitGroup
	for i, job := range jobs {
		running.Go(func() { errs[i] = job() })
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	slices.SortFunc(f.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	d.SchemaVersion, d.Kind, d.Tool, d.Version = SummaryVersion, DraftKind, "paytriage", ToolVersion()
	d.Created = time.Now().UTC().Format(time.RFC3339)
	d.Encoding, d.Lines, d.Files = f.opt.Form.Encoding.String(), int64(len(lines)), f.files
	if err := f.file(atomicfile.Manifest, 0, func(w io.Writer) error { return WriteJSON(w, d) }); err != nil {
		return err
	}
	return f.folder.Commit()
}

// format writes the tables in one format.
func (f *DraftFolder) format(format string, tables []table.Stream) error {
	if format == "xlsx" {
		return f.file(workbook, 0, func(w io.Writer) error { return sheet.Write(w, tables) })
	}
	for _, t := range tables {
		write := func(w io.Writer) error { return csvfile.WriteAs(w, t, f.opt.Form) }
		if format == "parquet" {
			meta := []parquetfile.KeyValue{{Key: "paytriage.version", Value: ToolVersion()}}
			write = func(w io.Writer) error { return parquetfile.WriteStream(w, t, meta) }
		}
		if err := f.file(t.Schema.Name+"."+format, t.Rows, write); err != nil {
			return err
		}
	}
	return nil
}

// file writes one file and notes it for the manifest, which it does not note.
func (f *DraftFolder) file(name string, rows int, write func(io.Writer) error) error {
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
	note := File{Name: name, Bytes: size, SHA256: hex.EncodeToString(sum[:]), Rows: int64(rows)}
	f.lock.Lock()
	defer f.lock.Unlock()
	if name != atomicfile.Manifest {
		f.files = append(f.files, note)
	}
	return nil
}

// A CheckError is something that does not add up, or is not as its manifest
// says.
type CheckError struct{ Err error }

func (e *CheckError) Error() string { return e.Err.Error() }

// Unwrap returns what does not hold.
func (e *CheckError) Unwrap() error { return e.Err }

// ReadDraft reads a drawn-up ledger back. Every file of it must be there with
// the size and hash that the manifest says, and the rows of the ledger must
// have theirs; if not, the error is a *CheckError.
func ReadDraft(dir string) (*Draft, []ledger.Line, error) {
	var d Draft
	if err := readJSON(dir, atomicfile.Manifest, &d); err != nil {
		return nil, nil, &OpenError{err, "name the folder that 'paytriage refunds CASE --out DIR' wrote"}
	}
	if d.Kind != DraftKind {
		return nil, nil, &OpenError{fmt.Errorf("%s: is no drawn-up ledger", dir), "name the folder that 'paytriage refunds CASE --out DIR' wrote"}
	}
	for _, file := range d.Files {
		if err := checkFile(dir, &file); err != nil {
			return nil, nil, err
		}
	}
	lines, err := readDraftLedger(dir, &d)
	if err != nil {
		return nil, nil, err
	}
	if ledgerHash(lines) != d.LedgerRows {
		return nil, nil, &CheckError{fmt.Errorf("%s: the rows of the ledger are not those of its manifest", dir)}
	}
	return &d, lines, nil
}

// openNamed opens a file that a manifest names. That it is not there, or no file
// that was written there, is something that does not hold; that the system cannot
// open it now says nothing of the case.
func openNamed(dir, name string) (*os.File, error) {
	f, err := OpenIn(dir, name)
	var changed *ChangedError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &changed) {
		return nil, &CheckError{fmt.Errorf("the manifest names a file that cannot be read: %w", err)}
	}
	return f, err
}

// checkFile compares a file with what a manifest says of it.
func checkFile(dir string, file *File) error {
	if file.Name != filepath.Base(file.Name) {
		return &CheckError{fmt.Errorf("%s: the manifest names a file outside it: %.100q", dir, file.Name)}
	}
	path := filepath.Join(dir, file.Name)
	f, err := openNamed(dir, file.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if size != file.Bytes || hex.EncodeToString(h.Sum(nil)) != file.SHA256 {
		return &CheckError{fmt.Errorf("%s: was changed since it was written: it is not the file of the manifest", path)}
	}
	return nil
}

// readDraftLedger reads the ledger from whichever format can be read back.
func readDraftLedger(dir string, d *Draft) ([]ledger.Line, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(d.Files, func(f File) bool { return f.Name == name })
	}
	encoding, ok := csvfile.ParseEncoding(d.Encoding)
	if !ok {
		return nil, &CheckError{fmt.Errorf("%s: the manifest names the encoding %.40q, which is not known", dir, d.Encoding)}
	}
	name := LedgerSchema.Name + ".csv"
	if !has(name) {
		if name = LedgerSchema.Name + ".parquet"; !has(name) {
			return nil, &OpenError{fmt.Errorf("%s: has neither ledger.csv nor ledger.parquet", dir), "draw it up again with --format csv"}
		}
	}
	f, err := OpenIn(dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []ledger.Line
	if strings.HasSuffix(name, ".csv") {
		lines, err = readLines(csvfile.Decoded(f, csvfile.Form{Encoding: encoding}), LedgerSchema)
	} else {
		lines, err = readParquetLines(f, LedgerSchema)
	}
	if err != nil {
		return nil, &CheckError{fmt.Errorf("%s: %w", f.Name(), err)}
	}
	return lines, nil
}

// readParquetLines reads a table of refunds or of a ledger as Parquet.
func readParquetLines(f *os.File, s table.Schema) ([]ledger.Line, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	lines := &lineReader{}
	err = parquetfile.ReadEach(f, info.Size(), s, lines.add)
	return lines.lines, err
}
