package parsers

import (
	"context"
	"encoding/csv"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// TestNothingIsAllocatedForARow loads ten times the rows: what is allocated
// more is memory for the rows, by hundreds, and none for one.
func TestNothingIsAllocatedForARow(t *testing.T) {
	f := func(role event.Role, lines func(n int) string) {
		t.Helper()
		const few, many = 2_000, 20_000
		allocs := func(n int) float64 {
			inputs := write(t, file{"x.csv", lines(n), role})
			return testing.AllocsPerRun(3, func() {
				if log := mustLoad(t, inputs, yen(), block.Size); log.Rows() != int64(n) {
					t.Errorf("%d rows, want %d", log.Rows(), n)
				}
			})
		}
		if a, b := allocs(few), allocs(many); b-a > (many-few)/20 {
			t.Errorf("%s: %.0f allocations for %d rows, %.0f for %d", role, a, few, b, many)
		}
	}
	f(event.Auth, authLines)
	f(event.Payments, paymentLines)
}

// benchRows are about 50 MB of either log.
const benchRows = 300_000

func benchmarkLoad(b *testing.B, role event.Role, text string) {
	inputs := write(b, file{"x.csv", text, role})
	opt := yen()
	opt.Workers = runtime.GOMAXPROCS(0)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		log, err := Load(context.Background(), inputs, opt)
		if err != nil {
			b.Fatal(err)
		}
		if s := log.Sources[0]; log.Rows() != benchRows || s.Accepted != benchRows || len(log.Rejects) != 0 {
			b.Fatalf("%d rows of %+v", log.Rows(), s)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

// benchmarkControl reads the same file with the standard library, and does
// nothing with it but count.
func benchmarkControl(b *testing.B, role event.Role, text string) {
	inputs := write(b, file{"x.csv", text, role})
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in, err := os.Open(inputs[0].Path)
		if err != nil {
			b.Fatal(err)
		}
		r := csv.NewReader(in)
		r.ReuseRecord = true
		n := 0
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if in.Close(); n != benchRows+1 {
			b.Fatalf("%d records", n)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLoadAuth(b *testing.B) { benchmarkLoad(b, event.Auth, authLines(benchRows)) }
func BenchmarkLoadAuthControl(b *testing.B) {
	benchmarkControl(b, event.Auth, authLines(benchRows))
}
func BenchmarkLoadPayments(b *testing.B) { benchmarkLoad(b, event.Payments, paymentLines(benchRows)) }
func BenchmarkLoadPaymentsControl(b *testing.B) {
	benchmarkControl(b, event.Payments, paymentLines(benchRows))
}

// BenchmarkText reads a thousand rows again that lie all over a log.
func BenchmarkText(b *testing.B) {
	log := loaded(b, file{"x.csv", authLines(benchRows), event.Auth})
	all := positions(log)
	var rows []event.Pos
	for i := 0; i < len(all); i += len(all) / 1000 {
		rows = append(rows, all[i])
	}
	b.ReportAllocs()
	for b.Loop() {
		texts, err := log.Text(context.Background(), rows)
		if err != nil || len(texts) != len(rows) || texts[7].Get(event.CountryCode) != "JP" {
			b.Fatalf("%d texts, %v", len(texts), err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(rows))/b.Elapsed().Seconds(), "rows/s")
}
