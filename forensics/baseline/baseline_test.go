package baseline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"github.com/paytriage/paytriage/forensics/money"
)

// who names the actor of each row, in the order of the small log: its device
// or what stands in for it, "." for nobody, with "!" where the session was
// borrowed.
func who(a *baseline.Account, names map[event.Key]string) string {
	rows := make([]string, len(a.Logins)+len(a.Charges))
	name := func(by int16) string {
		switch {
		case by == baseline.Nobody:
			return "."
		case a.Actors[by].Key == 0:
			return "someone"
		}
		return names[a.Actors[by].Key]
	}
	for i := range a.Logins {
		rows[a.Logins[i].Pos.Offset()] = name(a.LoginBy[i])
	}
	for i := range a.Charges {
		s := name(a.ChargeBy[i])
		if a.Borrowed[i] {
			s += "!"
		}
		rows[a.Charges[i].Pos.Offset()] = s
	}
	return strings.Join(rows, " ")
}

func TestWhoseRows(t *testing.T) {
	for _, c := range []struct{ name, rows, want string }{
		{"a device is an actor", `
			0h login dev=A
			1h login dev=B
			2h login dev=A
			3h topup 1000 dev=B
			4h payment 900 dev=A`, "A B A B A"},
		{"a row without a device belongs to that of its session", `
			0h login dev=A sess=s
			1h login dev=B sess=r
			2h password_change sess=s
			3h topup 1000 sess=r
			4h payment 900 sess=s`, "A B A B A"},
		{"the user agent stands in where there is neither", `
			0h login ua=old
			1h login ua=new sess=s
			2h login ua=old
			3h topup 1000 sess=s`, "old new old new"},
		{"a session outweighs a user agent", `
			0h login dev=A sess=s ua=app
			1h login ua=robot sess=s
			2h login ua=robot`, "A A robot"},
		{"nothing known at all is one actor", `
			0h login
			1h logout
			2h payment 100`, "someone someone someone"},
		{"a session belongs to who began it, once and for all", `
			0h login dev=A sess=s
			1h login dev=B sess=s
			2h payment 100 sess=s`, "A B A"},
		{"a charge without device and session is that of the address", `
			0h login dev=A ip=1
			1h login dev=B ip=2
			2h payment 100 ip=1
			3h payment 100 ip=2
			4h payment 100 ip=3`, "A B A B ."},
		{"two at one address: who was seen last", `
			0h login dev=A ip=1
			1h login dev=B ip=1
			2h payment 100 ip=1
			3h login dev=A
			4h payment 100 ip=1`, "A B B A A"},
		{"the only one there is made it all", `
			0h login dev=A ip=1
			1h payment 100
			2h payment 100 ip=9`, "A A A"},
		{"nobody there, nobody's", `
			0h payment 100 ip=1
			1h login dev=A ip=1`, ". A"},
		{"a charge is enough to be an actor", `
			0h payment 100 dev=A
			1h payment 100
			2h payment 100 dev=B
			3h payment 100`, "A A B ."},
		{"a device in another's session has borrowed it", `
			0h login dev=A sess=s
			1h payment 100 dev=A sess=s
			2h payment 100 dev=B sess=s
			3h payment 100 dev=B sess=unknown
			4h payment 100 dev=B`, "A A B! B B"},
		{"a session that a browser began is no device's to be borrowed", `
			0h login ua=browser sess=s
			1h payment 100 dev=A sess=s`, "browser A"},
		{"who hides the device in a device's session, from elsewhere and more than once, is somebody else", `
			0h login dev=A sess=s ip=1
			1h topup 1000 sess=s ip=2
			2h payment 900 sess=s ip=3
			3h payment 100 sess=s ip=1
			4h payment 100 dev=A sess=s ip=4
			5h payment 100 sess=s ip=5
			6h payment 100 dev=A sess=s ip=6`, "A ! ! A A A A"},
		{"a browser hides nothing", `
			0h login ua=browser sess=s ip=1
			1h topup 1000 sess=s ip=2
			2h payment 900 sess=s ip=3`, "browser browser browser"},
		{"what comes back is pressed on nobody's phone", `
			0h login dev=A
			1h payment 100 dev=A txn=p
			2h refund 40 dev=A ref=p
			3h reversal 60 ref=p
			4h chargeback 100 ref=p
			5h transfer_in 500 dev=A
			6h transfer_out 100 dev=A
			7h payout 100 dev=A`, "A A . . . . A A"},
		{"declined charges are somebody's too", `
			0h login dev=A
			1h topup 100 dev=B declined`, "A B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			logins, charges, names := eventtest.Read(t, "a", c.rows)
			var a baseline.Account
			a.Read(logins, charges)
			if got := who(&a, names); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestWhoseFailures(t *testing.T) {
	for _, c := range []struct{ name, rows, want string }{
		{"mistyped on one's own phone, before and after getting in", `
			0h !login dev=A
			1h login dev=A
			2h !login dev=A`, "A A A"},
		{"a device that never got in is a stranger's", `
			0h login dev=A
			1h !login dev=B
			2h !login dev=B`, "A . ."},
		{"a device that got in later made its own failures", `
			0h !login dev=B
			1h login dev=A
			2h login dev=B`, "B A B"},
		{"the address tells where no device is logged", `
			0h !login ip=1
			1h login ua=app ip=1
			2h !login ip=2`, "app app ."},
		{"the address does not tell of another device", `
			0h login dev=A ip=1
			1h !login dev=B ip=1`, "A ."},
		{"a failure is not the beginning of a session", `
			0h !login dev=B sess=s
			1h login dev=A
			2h payment 100 sess=s
			3h payment 100 dev=A sess=s`, ". A A A"},
		{"failures alone make no actor", `
			0h !login dev=A ip=1
			1h !login`, ". ."},
		{"nothing logged is nobody's failure", `
			0h login dev=A
			1h !login`, "A ."},
	} {
		t.Run(c.name, func(t *testing.T) {
			logins, charges, names := eventtest.Read(t, "a", c.rows)
			var a baseline.Account
			a.Read(logins, charges)
			if got := who(&a, names); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestActor(t *testing.T) {
	logins, charges, names := eventtest.Read(t, "a", `
		1h  device_register dev=A ua=app/1 ip=1 asn=65001 cc=JP
		2h  login dev=A ua=app/1 ip=1 asn=65001 cc=JP
		3h  topup 3000 dev=A ip=2
		23h59m login dev=A ua=app/2 ip=3 asn=65002 cc=JP
		24h payment 700 dev=A ip=3 store=shop
		24h1m topup 5000 dev=A declined store=elsewhere
		25h payment 12 dev=A cur=USD store=kiosk
		26h transfer_out 200 dev=A
		27h payout 100 dev=A pending
		72h external_login dev=A cc=US
		73h password_reset dev=A
		73h card_register dev=A
		74h !email_change dev=A
		75h email_change dev=A
		30h login dev=B`)
	var a baseline.Account
	a.Read(logins, charges)
	if len(a.Actors) != 2 {
		t.Fatalf("%d actors, want 2", len(a.Actors))
	}
	x := &a.Actors[0]
	type numbers struct {
		Device, Agent                                                 string
		First, Last, FirstCharge                                      int64
		Days, Entry, Successes, External, Changes, Charges, Declined  int32
		TopUps, Spent                                                 int64
		Currency                                                      string
		Addrs, ASNs, Countries, Stores, otherDays, otherEntry, actors int
	}
	got := numbers{
		names[x.Device], names[x.Agent],
		(x.First - eventtest.Midnight) / baseline.Hour, (x.Last - eventtest.Midnight) / baseline.Hour, (x.FirstCharge - eventtest.Midnight) / baseline.Hour,
		x.Days, x.Entry, x.Successes, x.External, x.Changes, x.Charges, x.Declined,
		x.TopUps, x.Spent, money.Currency(x.Currency).String(),
		x.Addrs.Len(), x.ASNs.Len(), x.Countries.Len(), x.Stores.Len(), int(a.Actors[1].Days), int(a.Actors[1].Entry), len(a.Actors),
	}
	want := numbers{
		"A", "app/1",
		1, 75, 3,
		3, 1, 3, 1, 3, 5, 1,
		3000, 1000, "JPY", // USD are not added, nor is what was declined
		3, 2, 2, 2, 1, 3, 2,
	}
	if x.BestDay != 3000 || x.Burst != 3 || x.BurstTopUps != 1 || x.Opened {
		t.Errorf("the best day is %d, the busiest hour %d charges and %d top-ups", x.BestDay, x.Burst, x.BurstTopUps)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(numbers{})); diff != "" {
		t.Error(diff)
	}
}

// TestFirstCurrency checks that sums are those of the first currency used,
// whatever comes first in a later account.
func TestFirstCurrency(t *testing.T) {
	var a baseline.Account
	for _, c := range []struct {
		rows string
		want string
	}{
		{"0h topup 100 dev=A cur=USD\n1h topup 9000 dev=A\n2h payment 40 dev=A cur=USD", "USD 100 40"},
		{"0h topup 100 dev=A cur=USD declined\n1h topup 9000 dev=A\n2h payment 40 dev=A cur=USD", "JPY 9000 0"},
		{"0h login dev=A", fmt.Sprint(money.Currency(0), " 0 0")},
	} {
		logins, charges, _ := eventtest.Read(t, "a", c.rows)
		a.Read(logins, charges)
		got := fmt.Sprint(money.Currency(a.Actors[0].Currency), " ", a.Actors[0].TopUps, " ", a.Actors[0].Spent)
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.rows, got, c.want)
		}
	}
}

// TestSet compares a Set with a list of all that was added.
func TestSet(t *testing.T) {
	for seed := range 200 {
		var set baseline.Set[uint32]
		var all []uint32 // what was added, once for each time that it was not remembered
		remembered := func() []uint32 {
			if len(all) <= 16 {
				return slices.Sorted(slices.Values(all))
			}
			return slices.Sorted(slices.Values(slices.Concat(all[:8], all[len(all)-8:])))
		}
		for n := range 60 {
			v := uint32(n*n*7+seed*13) % uint32(1+seed)
			if v != 0 && !slices.Contains(remembered(), v) {
				all = append(all, v)
			}
			set.Add(v)
			if got := slices.Sorted(slices.Values(set.Values())); !slices.Equal(got, remembered()) || set.Len() != len(all) {
				t.Fatalf("seed %d: after %d additions %v (%d), want %v (%d)", seed, n+1, got, set.Len(), remembered(), len(all))
			}
			if set.Has(0) || v != 0 && !set.Has(v) {
				t.Fatalf("seed %d: Has is wrong about %d", seed, v)
			}
		}
	}
}

func TestSetsMeet(t *testing.T) {
	set := func(vals ...uint32) *baseline.Set[uint32] {
		var s baseline.Set[uint32]
		for _, v := range vals {
			s.Add(v)
		}
		return &s
	}
	for _, c := range []struct {
		a, b *baseline.Set[uint32]
		want bool
	}{
		{set(), set(), false},
		{set(0), set(0), false},
		{set(1, 2), set(3), false},
		{set(1, 2), set(3, 2), true},
		{set(1), set(), false},
	} {
		if got, back := c.a.Meets(c.b), c.b.Meets(c.a); got != c.want || back != c.want {
			t.Errorf("%v meets %v: %v and %v, want %v", c.a.Values(), c.b.Values(), got, back, c.want)
		}
	}
}
