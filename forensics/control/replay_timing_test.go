package control

import (
	"context"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

// BenchmarkReplay replays the default controls. Its control only tells apart
// who used each account, which every replay must do first.
func BenchmarkReplay(b *testing.B) {
	rng := rand.New(rand.NewPCG(21, 22))
	parts, c := make([]event.Part, 8), &Case{}
	var bytes int64
	for i := range parts {
		p := &parts[i]
		for key := range event.Key(2000) {
			logins, charges := rows(rng, event.Key(i)<<32|key+1)
			p.Logins, p.Charges = append(p.Logins, logins...), append(p.Charges, charges...)
		}
		p.Sort()
		bytes += int64(len(p.Logins))*int64(unsafe.Sizeof(event.Login{})) + int64(len(p.Charges))*int64(unsafe.Sizeof(event.Charge{}))
	}
	log := &event.Log{Parts: event.Pack(parts, nil)}
	b.Run("controls", func(b *testing.B) {
		b.SetBytes(bytes)
		b.ReportAllocs()
		var disturbed int64
		for b.Loop() {
			r, err := Replay(context.Background(), log, c, Defaults(), 1)
			if err != nil {
				b.Fatal(err)
			}
			disturbed = r.Rows[len(r.Rows)-1].Accounts
		}
		if disturbed < 1000 {
			b.Fatalf("%d accounts disturbed", disturbed)
		}
	})
	b.Run("walk", func(b *testing.B) {
		b.SetBytes(bytes)
		b.ReportAllocs()
		accounts := 0
		for b.Loop() {
			accounts = 0
			_, err := event.EachCursor(context.Background(), 1, log.Parts, func() *baseline.Account { return &baseline.Account{} },
				func(a *baseline.Account, _ int, rows *event.Cursor) {
					baseline.Walk(rows, a, func(*baseline.Account) { accounts++ })
				})
			if err != nil {
				b.Fatal(err)
			}
		}
		if accounts < 10_000 {
			b.Fatalf("%d accounts", accounts)
		}
	})
}
