package parquetfile

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

// slice returns rows from..to of a table.
func slice(t *table.Table, from, to int) *table.Table {
	out := table.New(t.Schema(), to-from)
	for i := range t.Schema().Columns {
		for row := from; row < to; row++ {
			switch c, d := t.Cells(i), out.Cells(i); {
			case c.Null(row):
				d.AppendNull()
			case c.Column().Kind.IsText():
				d.AppendText(c.Text(row))
			default:
				d.AppendInt(c.Int(row))
			}
		}
	}
	return out
}

// inPieces writes a table in pieces of random length.
func inPieces(w *Writer, t *table.Table, r *rand.Rand) error {
	for at := 0; at < t.Rows(); {
		n := min(r.IntN(1000), t.Rows()-at)
		if err := w.Append(slice(t, at, at+n)); err != nil {
			return err
		}
		at += n
	}
	return w.Close()
}

// TestPieces writes tables in pieces, in row groups of several lengths: what is
// read back is the table, and no row group is longer than it may be.
func TestPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	f := func(rows, groupRows, groupBytes, groups int) {
		t.Helper()
		tab := tabletest.Rows(rows)
		var b bytes.Buffer
		w, err := Create(&b, tab.Schema(), []KeyValue{{"a", "1"}})
		if err != nil {
			t.Fatal(err)
		}
		w.groupRows, w.groupBytes = groupRows, groupBytes
		if err := inPieces(w, tab, r); err != nil {
			t.Fatal(err)
		}
		got, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), tab.Schema())
		if err != nil {
			t.Fatal(err)
		}
		tabletest.Compare(t, tab, got, true)
		if w.groups != groups {
			t.Errorf("%d rows in %d row groups, want %d", rows, w.groups, groups)
		}
		d, err := Describe(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil || len(d.Meta) != 1 || d.Meta[0] != (KeyValue{"a", "1"}) {
			t.Errorf("%v, %v", d, err)
		}
	}
	f(0, 100, groupBytes, 0)
	f(1, 100, groupBytes, 1)
	f(100, 100, groupBytes, 1)
	f(101, 100, groupBytes, 2)
	f(5000, 700, groupBytes, 8)
	f(50, 700, 1, 50)
}

// TestPiecesAreOneFile compares with what Write makes of the same rows.
func TestPiecesAreOneFile(t *testing.T) {
	tab := tabletest.Rows(3000)
	var whole, pieces bytes.Buffer
	if err := write(&whole, tab, nil, RowGroupRows); err != nil {
		t.Fatal(err)
	}
	w, err := Create(&pieces, tab.Schema(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := inPieces(w, tab, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(whole.Bytes(), pieces.Bytes()) {
		t.Errorf("%d bytes at once, %d in pieces, or others", whole.Len(), pieces.Len())
	}
}

// TestPiecesFail fails to write at many bytes. The error comes out of the call
// that meets it or a later one, and of every call after that.
func TestPiecesFail(t *testing.T) {
	tab := tabletest.Rows(2000)
	var whole bytes.Buffer
	if err := write(&whole, tab, nil, 300); err != nil {
		t.Fatal(err)
	}
	for _, once := range []bool{true, false} {
		for at := 0; at < whole.Len(); at += 1 + whole.Len()/60 {
			w, err := Create(&failAt{left: at, once: once}, tab.Schema(), nil)
			if err != nil {
				t.Fatal(err)
			}
			w.groupRows = 300
			if err := inPieces(w, tab, rand.New(rand.NewPCG(uint64(at), 1))); !errors.Is(err, errDisk) {
				t.Errorf("byte %d (once %v): %v", at, once, err)
			}
			if err := w.Append(tab); !errors.Is(err, errDisk) {
				t.Errorf("byte %d: then Append returns %v", at, err)
			}
			if err := w.Close(); !errors.Is(err, errDisk) {
				t.Errorf("byte %d: then Close returns %v", at, err)
			}
		}
	}
}

func TestPiecesRefused(t *testing.T) {
	tab := tabletest.Rows(3)
	f := func(what, want string, try func(w *Writer) error) {
		t.Helper()
		w, err := Create(new(closer), tab.Schema(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := try(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", what, err)
		}
		if w.Close() == nil {
			t.Errorf("%s: the file was closed without an error", what)
		}
	}
	other := tab.Schema()
	other.Name = "other"
	f("another schema", "another schema", func(w *Writer) error { return w.Append(table.New(other, 0)) })
	f("a bad table", "column", func(w *Writer) error {
		bad := table.New(tab.Schema(), 1)
		bad.Cells(0).AppendNull()
		return w.Append(bad)
	})
	f("after the end", "closed", func(w *Writer) error {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		return w.Append(tab)
	})
	var c closer
	w, err := Create(&c, tab.Schema(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Close(); err != nil || c.closed {
			t.Errorf("error %v; the writer below closed: %v", err, c.closed)
		}
	}
	if _, err := Create(&c, tab.Schema(), []KeyValue{{"", ""}}); err == nil {
		t.Error("an empty key was taken")
	}
}
