package gen

import (
	"context"
	"io"
	"strconv"
	"testing"
)

// BenchmarkSimulate measures the standard exam, spilling and not. The control
// writes nothing: what it leaves out is the cost of text, order and output.
func BenchmarkSimulate(b *testing.B) {
	w := named(b, "list-type")
	all := Outputs{io.Discard, io.Discard, io.Discard, io.Discard, io.Discard, io.Discard}
	want, err := Simulate(context.Background(), w, Outputs{}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		out   Outputs
		spill int
	}{{"control", Outputs{}, 0}, {"memory", all, 0}, {"spill", all, 1 << 20}} {
		for _, workers := range []int{1, 2} {
			b.Run(c.name+"/workers="+strconv.Itoa(workers), func(b *testing.B) {
				opt := Options{Workers: workers, TempDir: b.TempDir(), spill: c.spill}
				b.ReportAllocs()
				for b.Loop() {
					got, err := Simulate(context.Background(), w, c.out, opt)
					if err != nil {
						b.Fatal(err)
					}
					if got.AuthRows != want.AuthRows || got.PaymentRows != want.PaymentRows || got.NetLoss != want.NetLoss {
						b.Fatalf("simulated %+v, want %+v", got, want)
					}
					b.SetBytes(got.AuthBytes + got.PaymentBytes)
				}
				rows := float64(want.AuthRows + want.PaymentRows)
				b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
