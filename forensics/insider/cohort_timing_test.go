package insider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/paytriage/paytriage/forensics/event"
)

// BenchmarkCount counts what entered accounts share with everybody. Its control
// only looks at every row.
func BenchmarkCount(b *testing.B) {
	r := rand.New(rand.NewPCG(31, 32))
	w := customers(r, 20_000, 400)
	for n := range 300 {
		w.enter(start+14*day+r.Int64N(day), fmt.Sprintf("a%04d", n))
	}
	p := &event.Part{Logins: w.logins, Charges: w.charges}
	p.Sort()
	log := &event.Log{Parts: event.Pack([]event.Part{*p}, nil)}
	w.shops()
	bytes := int64(len(p.Logins))*int64(unsafe.Sizeof(event.Login{})) + int64(len(p.Charges))*int64(unsafe.Sizeof(event.Charge{}))
	b.Run("cohorts", func(b *testing.B) {
		b.SetBytes(bytes)
		b.ReportAllocs()
		var a *Answers
		for b.Loop() {
			var err error
			if a, err = Count(context.Background(), 1, log, &w.q); err != nil {
				b.Fatal(err)
			}
		}
		if a.Of[Shop] < 200 || a.OthersOf[Shop] < 15_000 || len(a.Cohorts) < 200 {
			b.Fatalf("%d of %d, %d groups", a.Of[Shop], a.OthersOf[Shop], len(a.Cohorts))
		}
	})
	b.Run("rows", func(b *testing.B) {
		b.SetBytes(bytes)
		b.ReportAllocs()
		paid := 0
		for b.Loop() {
			paid = 0
			for i := range p.Charges {
				if p.Charges[i].Kind == event.Payment && p.Charges[i].Time < start+14*day {
					paid++
				}
			}
			for i := range p.Logins {
				if p.Logins[i].Action == event.AccountCreate {
					paid++
				}
			}
		}
		if paid < 50_000 {
			b.Fatal(paid)
		}
	})
}
