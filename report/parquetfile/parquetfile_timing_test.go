package parquetfile_test

import (
	"bytes"
	"testing"

	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

const timedRows = 200_000

// BenchmarkWrite writes 200,000 rows of ten columns as Parquet; the control
// writes them as CSV.
func BenchmarkWrite(b *testing.B) {
	tab := tabletest.Rows(timedRows)
	run := func(b *testing.B, write func(*bytes.Buffer) error) {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			b.Fatal(err)
		}
		size := buf.Len()
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			buf.Reset()
			if err := write(&buf); err != nil || buf.Len() != size {
				b.Fatal(err, buf.Len())
			}
		}
		perRow(b, size)
	}
	b.Run("parquetfile", func(b *testing.B) {
		run(b, func(buf *bytes.Buffer) error { return parquetfile.Write(buf, tab, nil) })
	})
	b.Run("control", func(b *testing.B) {
		run(b, func(buf *bytes.Buffer) error { return csvfile.Write(buf, tab) })
	})
}

// BenchmarkRead reads the same rows back; the control reads them from CSV.
func BenchmarkRead(b *testing.B) {
	tab := tabletest.Rows(timedRows)
	run := func(b *testing.B, size int, read func() (*table.Table, error)) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			if got, err := read(); err != nil || got.Rows() != timedRows {
				b.Fatal(err)
			}
		}
		perRow(b, size)
	}
	var parquet, csv bytes.Buffer
	if err := parquetfile.Write(&parquet, tab, nil); err != nil {
		b.Fatal(err)
	}
	if err := csvfile.Write(&csv, tab); err != nil {
		b.Fatal(err)
	}
	b.Run("parquetfile", func(b *testing.B) {
		run(b, parquet.Len(), func() (*table.Table, error) { return read(parquet.Bytes(), tab.Schema()) })
	})
	b.Run("control", func(b *testing.B) {
		run(b, csv.Len(), func() (*table.Table, error) { return csvfile.Read(bytes.NewReader(csv.Bytes()), tab.Schema()) })
	})
}

func perRow(b *testing.B, size int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/timedRows, "ns/row")
	b.ReportMetric(float64(size)/timedRows, "B/row")
}
