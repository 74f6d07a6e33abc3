package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

// BenchmarkWrite writes 100,000 rows of ten columns; the control writes the
// same bytes with encoding/csv, cells formatted by the standard library.
func BenchmarkWrite(b *testing.B) {
	tab := tabletest.Rows(100_000)
	var want bytes.Buffer
	if err := csvfile.Write(&want, tab); err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, write func(io.Writer, *table.Table) error) {
		var got bytes.Buffer
		got.Grow(want.Len())
		b.SetBytes(int64(want.Len()))
		b.ReportAllocs()
		for b.Loop() {
			got.Reset()
			if err := write(&got, tab); err != nil {
				b.Fatal(err)
			}
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			b.Fatal("other bytes")
		}
	}
	b.Run("csvfile", func(b *testing.B) { run(b, csvfile.Write) })
	b.Run("control", func(b *testing.B) { run(b, controlWrite) })
}

func controlWrite(dst io.Writer, tab *table.Table) error {
	w := csv.NewWriter(dst)
	s := tab.Schema()
	record := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		record[i] = c.Name
	}
	if err := w.Write(record); err != nil {
		return err
	}
	for row := range tab.Rows() {
		for i, c := range s.Columns {
			cells := tab.Cells(i)
			switch {
			case cells.Null(row):
				record[i] = ""
			case c.Kind.IsText():
				record[i] = cells.Text(row)
			case c.Kind == table.Time:
				record[i] = time.UnixMicro(cells.Int(row)).UTC().Format("2006-01-02T15:04:05.000000Z")
			default:
				record[i] = strconv.FormatInt(cells.Int(row), 10)
			}
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// BenchmarkRead reads the same file; the control only splits it into strings
// with encoding/csv.
func BenchmarkRead(b *testing.B) {
	tab := tabletest.Rows(100_000)
	var data bytes.Buffer
	if err := csvfile.Write(&data, tab); err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, read func(io.Reader) (int, error)) {
		b.SetBytes(int64(data.Len()))
		b.ReportAllocs()
		for b.Loop() {
			rows, err := read(bytes.NewReader(data.Bytes()))
			if err != nil || rows != tab.Rows() {
				b.Fatal(rows, err)
			}
		}
	}
	b.Run("csvfile", func(b *testing.B) {
		run(b, func(r io.Reader) (int, error) {
			got, err := csvfile.Read(r, tab.Schema())
			if err != nil {
				return 0, err
			}
			return got.Rows(), nil
		})
	})
	b.Run("control", func(b *testing.B) { run(b, controlRead) })
}

func controlRead(src io.Reader) (rows int, err error) {
	r := csv.NewReader(src)
	r.ReuseRecord = true
	for rows = -1; ; rows++ { // the header is none
		if _, err := r.Read(); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
	}
}
