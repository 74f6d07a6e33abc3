package takeover

import (
	"context"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"github.com/paytriage/paytriage/forensics/policy"
)

// TestCrowds checks that an address that a visitor shares with another actor of
// the account counts as a home only while few accounts have it, however often
// they come, and that one home among crowded addresses is enough.
func TestCrowds(t *testing.T) {
	p := policy.Default()
	few, many := event.AddrFrom4(1), event.AddrFrom4(2)
	parts := make([]event.Part, 3)
	come := func(account event.Key, addr event.Addr) {
		part := &parts[account%3]
		part.Logins = append(part.Logins, event.Login{Account: account, Addr: addr, Time: eventtest.Midnight,
			Action: event.LoginAction, Word: event.PackWord(event.Success, event.NoReason, true, false, false)})
	}
	for n := range event.Key(p.Entry.Crowded.Value) {
		if come(n+1, many); n > 0 {
			come(n+1, few)
			come(n+1, event.AddrFrom4(uint32(100+n)))
			come(n+1, few)
		}
	}
	for i := range parts {
		parts[i].Sort()
	}
	log := &event.Log{Parts: event.Pack(parts, nil)}
	for _, c := range []struct {
		name    string
		common  [maxCommon]event.Addr
		network uint8
		want    uint8
	}{
		{"nothing in common", [maxCommon]event.Addr{}, 2, 2},
		{"a home", [maxCommon]event.Addr{few}, 2, 0},
		{"a carrier", [maxCommon]event.Addr{many}, 2, 1},
		{"a carrier, operators not known", [maxCommon]event.Addr{many}, unknown, 1},
		{"both", [maxCommon]event.Addr{many, few}, 1, 0},
	} {
		v := Visit{common: c.common, network: c.network}
		if v.Outcome[Network] = c.network; c.common[0] != 0 {
			v.Outcome[Network] = 0
		}
		f := Findings{Visits: []Visit{v}}
		for workers := 1; workers <= 3; workers++ {
			if err := f.crowds(context.Background(), log, &p, workers); err != nil {
				t.Fatal(err)
			}
			if got := f.Visits[0].Outcome[Network]; got != c.want {
				t.Errorf("%s, %d workers: %d, want %d", c.name, workers, got, c.want)
			}
		}
	}
}

// TestManyDevices checks that where an account has more devices than a person,
// who was there before, during and after is still exact.
func TestManyDevices(t *testing.T) {
	var a baseline.Account
	var logins []event.Login
	for n := range int64(300) {
		for _, at := range []int64{n, n + n*n%97, n + n*n%31} {
			logins = append(logins, event.Login{Account: 1, Device: event.Key(1000 + n), Time: eventtest.Midnight + at*baseline.Hour,
				Action: event.LoginAction, Word: event.PackWord(event.Success, event.NoReason, true, false, false)})
		}
	}
	slices.SortFunc(logins, func(a, b event.Login) int { return event.CompareLogins(&a, &b) })
	a.Read(logins, nil)
	odd := func(x *baseline.Actor) bool { return x.Device%7 == 0 }
	var trail trail
	trail.of(&a)
	trail.presence(&a, odd)
	for i := range a.Actors {
		x := &a.Actors[i]
		if odd(x) {
			continue
		}
		var before, during, after bool
		others := 0
		for n := range a.Actors {
			if o := &a.Actors[n]; n != i && !odd(o) {
				others++
				before = before || o.First < x.First
				during = during || o.Last > x.First && o.First < x.Last
				after = after || o.Last > x.Last
			}
		}
		n, b, d, l := trail.others(&a, i)
		if n != others || b != before || d != during || l != after {
			t.Fatalf("actor %d: %d %v %v %v, want %d %v %v %v", i, n, b, d, l, others, before, during, after)
		}
	}
}
