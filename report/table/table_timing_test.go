package table_test

import (
	"strconv"
	"testing"

	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

const timedRows = 100_000

// BenchmarkAppend fills a table of the width of a ledger. The control appends
// the same values to bare slices.
func BenchmarkAppend(b *testing.B) {
	s := schema(
		table.Column{Name: "account_id", Kind: table.Text},
		table.Column{Name: "tier", Kind: table.Code},
		table.Column{Name: "score", Kind: table.Int},
		table.Column{Name: "amount", Kind: table.Amount},
		table.Column{Name: "at", Kind: table.Time, Nullable: true})
	ids := make([]string, timedRows)
	for i := range ids {
		ids[i] = "acct_" + strconv.Itoa(i)
	}
	b.Run("appender", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			t := table.New(s, timedRows)
			row := t.Appender()
			for i, id := range ids {
				row.Text(id)
				row.Code("confirmed")
				row.Int(int64(i))
				row.Amount(int64(i) * 100)
				row.Time(int64(i))
				row.End()
			}
			if err := t.Validate(); err != nil || t.Rows() != timedRows {
				b.Fatal(err, t.Rows())
			}
		}
		perRow(b)
	})
	b.Run("control", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			id, tier := make([]string, 0, timedRows), make([]string, 0, timedRows)
			score, amount, at := make([]int64, 0, timedRows), make([]int64, 0, timedRows), make([]int64, 0, timedRows)
			for i, v := range ids {
				id, tier = append(id, v), append(tier, "confirmed")
				score, amount, at = append(score, int64(i)), append(amount, int64(i)*100), append(at, int64(i))
			}
			if len(id)+len(tier)+len(score)+len(amount)+len(at) != 5*timedRows {
				b.Fatal("lost a row")
			}
		}
		perRow(b)
	})
}

func BenchmarkCanonicalHash(b *testing.B) {
	t := tabletest.Rows(timedRows)
	want := t.CanonicalHash()
	b.ReportAllocs()
	for b.Loop() {
		if t.CanonicalHash() != want {
			b.Fatal("two hashes of one table")
		}
	}
	perRow(b)
}

func BenchmarkTime(b *testing.B) {
	var buf []byte
	const us = 1562068984_123456
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			buf = table.AppendTime(buf[:0], us)
		}
	})
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if got, ok := table.ParseTime(buf); !ok || got != us {
				b.Fatal(got, ok)
			}
		}
	})
}

func perRow(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/timedRows, "ns/row")
}
