package parquetfile_test

import (
	"bytes"
	"errors"
	"strconv"
	"testing"

	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
)

var streamSchema = table.Schema{Name: "things", Columns: []table.Column{
	{Name: "n", Kind: table.Int}, {Name: "word", Kind: table.Text, Nullable: true}}}

// countStream returns a table of so many rows in pieces of so many.
func countStream(rows, pieceRows int) table.Stream {
	return table.Stream{Schema: streamSchema, Rows: rows, Pieces: func(yield func(*table.Table, error) bool) {
		for from := 0; from < rows; from += pieceRows {
			t := table.New(streamSchema, pieceRows)
			for i := from; i < min(from+pieceRows, rows); i++ {
				t.Cells(0).AppendInt(int64(i))
				if i%3 == 0 {
					t.Cells(1).AppendNull()
				} else {
					t.Cells(1).AppendText(strconv.Itoa(i))
				}
			}
			if !yield(t, nil) {
				return
			}
		}
	}}
}

// What is written in pieces is read in pieces, one for each row group.
func TestStream(t *testing.T) {
	for _, rows := range []int{0, 1, 1000, parquetfile.RowGroupRows + 10} {
		var b bytes.Buffer
		if err := parquetfile.WriteStream(&b, countStream(rows, 777), nil); err != nil {
			t.Fatal(err)
		}
		at, pieces := 0, 0
		err := parquetfile.ReadEach(bytes.NewReader(b.Bytes()), int64(b.Len()), streamSchema, func(p *table.Table) error {
			pieces++
			for row := range p.Rows() {
				if p.Cells(0).Int(row) != int64(at) || p.Cells(1).Null(row) != (at%3 == 0) || at%3 != 0 && p.Cells(1).Text(row) != strconv.Itoa(at) {
					t.Fatalf("row %d: %d, %q", at, p.Cells(0).Int(row), p.Cells(1).Text(row))
				}
				at++
			}
			return nil
		})
		if err != nil || at != rows || pieces != max(1, (rows+parquetfile.RowGroupRows-1)/parquetfile.RowGroupRows) {
			t.Errorf("%d rows of %d in %d pieces, %v", at, rows, pieces, err)
		}
	}
}

func TestStreamFails(t *testing.T) {
	var b bytes.Buffer
	short := countStream(10, 3)
	short.Rows++
	if err := parquetfile.WriteStream(&b, short, nil); err == nil {
		t.Error("a row too few is no error")
	}
	stop := errors.New("enough")
	broken := table.Stream{Schema: streamSchema, Rows: 1, Pieces: func(yield func(*table.Table, error) bool) { yield(nil, stop) }}
	if err := parquetfile.WriteStream(&b, broken, nil); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	b.Reset()
	if err := parquetfile.WriteStream(&b, countStream(10, 3), nil); err != nil {
		t.Fatal(err)
	}
	if err := parquetfile.ReadEach(bytes.NewReader(b.Bytes()), int64(b.Len()), streamSchema, func(*table.Table) error { return stop }); err != stop {
		t.Errorf("error %v", err)
	}
	for cut := range b.Len() {
		if err := parquetfile.ReadEach(bytes.NewReader(b.Bytes()[:cut]), int64(cut), streamSchema, func(*table.Table) error { return nil }); err == nil {
			t.Fatalf("a file of %d of %d bytes is no error", cut, b.Len())
		}
	}
}
