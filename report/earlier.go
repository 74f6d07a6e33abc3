package report

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
)

// A Book is a ledger of before.
type Book struct {
	Lines []ledger.Line
	Rows  string     // canonical hash of its rows: two files of the same rows are one book
	Input DraftInput // the file, or the manifest of the folder
}

// ReadBook reads a ledger of before: the folder of a drawn-up ledger or of a
// case, or a table of one, as CSV in UTF-8 or as Parquet. It returns nil where
// the path names neither, without looking at more than its beginning.
func ReadBook(path string) (*Book, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readBookFolder(path)
	}
	if !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, parquet, err := bookSchema(f, info.Size())
	if err != nil || s.Name == "" {
		return nil, err
	}
	b := &Book{}
	if parquet {
		b.Lines, err = readParquetLines(f, s)
	} else {
		b.Lines, err = readLines(f, s)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	b.Rows = ledgerHash(b.Lines)
	b.Input, err = HashInput(path, "already_refunded")
	return b, err
}

// readBookFolder reads the ledger of a folder that paytriage wrote.
func readBookFolder(dir string) (b *Book, err error) {
	manifest := filepath.Join(dir, atomicfile.Manifest)
	if _, err := os.Stat(manifest); err != nil {
		return nil, nil // a folder of exports
	}
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := readJSON(dir, atomicfile.Manifest, &kind); err != nil {
		return nil, err
	}
	b = &Book{}
	switch kind.Kind {
	case DraftKind:
		_, b.Lines, err = ReadDraft(dir)
	case "":
		var c *CaseLedger
		if c, err = ReadCaseLedger(dir); err == nil {
			b.Lines = c.Lines
			for i := range b.Lines {
				b.Lines[i].ChargedAt = 0 // as the table alone has it
			}
		}
	default:
		return nil, fmt.Errorf("%s: is no ledger but %.40q", dir, kind.Kind)
	}
	if err != nil {
		return nil, err
	}
	b.Rows = ledgerHash(b.Lines)
	b.Input, err = HashInput(manifest, "already_refunded")
	return b, err
}

// HashInput names a file that a ledger is drawn up from.
func HashInput(path, role string) (DraftInput, error) {
	in := DraftInput{Name: path, Role: role}
	info, err := os.Stat(path)
	if err != nil {
		return in, err
	}
	in.Bytes = info.Size()
	f, err := os.Open(path)
	if err == nil {
		in.SHA256, err = hashOfFile(f)
	}
	return in, err
}

// maxHeader bounds the line of column names that is looked at.
const maxHeader = 64 << 10

// bookSchema returns which table of ours a file holds, or one without a name.
// The file is then at its beginning.
func bookSchema(f *os.File, size int64) (s table.Schema, parquet bool, err error) {
	ours := []table.Schema{LedgerSchema, refundsSchema}
	first := bufio.NewReaderSize(io.LimitReader(f, maxHeader), maxHeader)
	magic, _ := first.Peek(4)
	if string(magic) == "PAR1" {
		d, err := parquetfile.Describe(f, size)
		if err != nil {
			return s, true, nil // somebody else's
		}
		at := slices.IndexFunc(ours, func(o table.Schema) bool { return o.Name == d.Schema.Name })
		if at >= 0 {
			s = ours[at]
		}
		return s, true, nil
	}
	header, _ := first.ReadString('\n')
	names := strings.Split(strings.TrimRight(strings.TrimPrefix(header, "\ufeff"), "\r\n"), ",")
	for _, o := range ours {
		if !slices.ContainsFunc(o.Columns, func(c table.Column) bool { return !slices.Contains(names, c.Name) }) {
			s = o
			break
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	return s, false, err
}

// Payments returns what a book says was paid: its open lines are taken to be
// paid in full, the others not at all, and of each what it says was paid before.
func (b *Book) Payments() []ledger.Earlier {
	var list []ledger.Earlier
	for i := range b.Lines {
		l := &b.Lines[i]
		e := ledger.Earlier{RefundID: l.ID, Account: l.Account, Before: l.Earlier, Currency: l.Currency, Source: b.Input.Name}
		if l.Status == refund.Open {
			e.Amount = l.Payable
		}
		if e.Amount != 0 || e.Before != 0 {
			list = append(list, e)
		}
	}
	return list
}
