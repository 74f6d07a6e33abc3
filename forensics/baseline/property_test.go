package baseline_test

import (
	"fmt"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// random makes the rows of one account: so many devices, sessions that change
// hands, addresses that are shared, and few instants, so that many rows share
// one.
func random(r *rand.Rand, account event.Key, devices int) (logins []event.Login, charges []event.Charge) {
	n := r.IntN(12) + r.IntN(4*devices)
	at := func() int64 { return eventtest.Midnight + int64(r.IntN(200))*baseline.Hour }
	some := func(n, absent int) event.Key { // a key of n, or none
		if r.IntN(100) < absent {
			return 0
		}
		return event.Key(1 + r.IntN(n))
	}
	absent := pick(r, 0, 5, 60)
	for i := range n {
		addr := event.Addr(some(10, 10))
		switch r.IntN(3) {
		case 0, 1:
			outcome := pick(r, event.Success, event.Success, event.NoOutcome, event.Failure)
			logins = append(logins, event.Login{
				Time: at(), Account: account, Device: some(devices, absent), Session: some(20, 50), Addr: addr,
				Agent: 1000 + some(3, 10), ASN: uint32(some(3, 30)), Country: event.Country(some(2, 30)),
				Action: event.Action(1 + r.IntN(int(event.OtherAction))), Pos: event.Pos(i),
				Word: event.PackWord(outcome, event.NoReason, true, false, r.IntN(4) == 0),
			})
		case 2:
			charges = append(charges, event.Charge{
				Time: at(), Account: account, Txn: event.Key(i + 1), Device: some(devices, absent), Session: some(20, 50), Addr: addr,
				Amount: int64(r.IntN(50)) * 100, Currency: uint32(1 + r.IntN(2)), Store: some(9, 30), Pos: event.Pos(i),
				Kind: event.Kind(1 + r.IntN(8)), Status: pick(r, event.Approved, event.Approved, event.Pending, event.Declined),
			})
		}
	}
	if len(logins)+len(charges) == 0 {
		logins = append(logins, event.Login{Time: at(), Account: account, Device: 1, Action: event.LoginAction})
	}
	slices.SortFunc(logins, func(a, b event.Login) int { return event.CompareLogins(&a, &b) })
	slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
	return logins, charges
}

// An obvious actor is an Actor with its places as plain lists.
type obvious struct {
	baseline.Actor
	addrs, asns, countries, stores map[uint64]bool
	days                           map[int64]bool
	topUps                         []int64 // since the last outlay
}

// slow is baseline.Account.Read as one would first write it, with maps.
type slow struct {
	actors   []*obvious
	byKey    map[event.Key]int16
	sessions map[event.Key]int16
	hidden   event.Key
}

func (s *slow) actor(key, device event.Key, t int64) int16 {
	if i, ok := s.byKey[key]; ok {
		return i
	}
	x := &obvious{addrs: map[uint64]bool{}, asns: map[uint64]bool{}, countries: map[uint64]bool{}, stores: map[uint64]bool{}, days: map[int64]bool{}}
	x.Key, x.Device, x.First, x.Entry = key, device, t, -1
	s.byKey[key] = int16(len(s.actors))
	s.actors = append(s.actors, x)
	return s.byKey[key]
}

func (s *slow) session(key event.Key) int16 {
	if at, ok := s.sessions[key]; ok && key != 0 {
		return at
	}
	return baseline.Nobody
}

func (s *slow) login(i int, l *event.Login) int16 {
	if l.Outcome() == event.Failure {
		return baseline.Nobody
	}
	at := s.session(l.Session)
	if l.Device != 0 {
		at = s.actor(l.Device, l.Device, l.Time)
	} else if at == baseline.Nobody {
		at = s.actor(l.Agent, 0, l.Time)
	}
	if s.session(l.Session) == baseline.Nobody {
		s.sessions[l.Session] = at
	}
	x := s.actors[at]
	x.seen(l.Time)
	x.addrs[uint64(l.Addr)], x.asns[uint64(l.ASN)], x.countries[uint64(l.Country)] = true, true, true
	if x.Agent == 0 {
		x.Agent = l.Agent
	}
	switch l.Action {
	case event.ExternalLogin:
		x.External++
		fallthrough
	case event.LoginAction:
		if x.Successes++; x.Successes == 1 {
			x.Entry = int32(i)
		}
	case event.PasswordReset, event.PasswordChange, event.EmailChange, event.CardRegister:
		x.Changes++
	}
	return at
}

func (x *obvious) seen(t int64) {
	x.Last = t
	x.days[t/baseline.Day] = true
}

func (s *slow) charge(all []event.Charge, j int) (by int16, borrowed bool) {
	c := &all[j]
	if !slices.Contains([]event.Kind{event.TopUp, event.Payment, event.TransferOut, event.Payout}, c.Kind) {
		return baseline.Nobody, false
	}
	begun := s.session(c.Session)
	by = begun
	if c.Device != 0 {
		by = s.actor(c.Device, c.Device, c.Time)
		borrowed = begun != baseline.Nobody && begun != by && s.actors[begun].Device != 0
	} else if by == baseline.Nobody {
		if by = s.at(c.Addr); by == baseline.Nobody {
			return by, false
		}
	} else if x := s.actors[by]; x.Device != 0 {
		// bare are the charges next to it, and itself, that could be hidden.
		var bare []int
		for n := max(0, j-1); n <= min(j+1, len(all)-1); n++ {
			o := &all[n]
			if o.Device == 0 && o.Session == c.Session && o.Addr != 0 && !x.addrs[uint64(o.Addr)] {
				bare = append(bare, n)
			}
		}
		if len(bare) > 1 && slices.Contains(bare, j) {
			by, borrowed = s.actor(s.hidden, 0, c.Time), true
		}
	}
	x := s.actors[by]
	x.seen(c.Time)
	x.addrs[uint64(c.Addr)] = true
	if c.Status == event.Declined {
		x.Declined++
		return by, borrowed
	}
	x.stores[uint64(c.Store)] = true
	if c.Ref != 0 && (c.Kind == event.TransferOut || c.Kind == event.Payout) {
		x.stores[uint64(c.Ref.Join(event.Key(c.Kind)))] = true
	}
	if x.Charges++; x.Charges == 1 {
		x.FirstCharge, x.Currency = c.Time, c.Currency
	}
	if c.Kind == event.TopUp {
		x.topUps = append(x.topUps, c.Time)
	} else {
		x.Outlays++
		if n := len(x.topUps); n > 0 && c.Time-x.topUps[n-1] <= baseline.Hour {
			x.Fed++
		}
		x.topUps = nil
	}
	switch {
	case c.Currency != x.Currency:
	case c.Kind == event.TopUp:
		x.TopUps += c.Amount
	default:
		x.Spent += c.Amount
	}
	return by, borrowed
}

// at returns who was seen last of those who were at an address.
func (s *slow) at(addr event.Addr) int16 {
	best := baseline.Nobody
	for i, x := range s.actors {
		if addr != 0 && x.addrs[uint64(addr)] && (best == baseline.Nobody || x.Last > s.actors[best].Last) {
			best = int16(i)
		}
	}
	if best == baseline.Nobody && len(s.actors) == 1 {
		return 0
	}
	return best
}

// result is what Read returns, for comparing.
type result struct {
	LoginBy, ChargeBy []int16
	Borrowed          []bool
	Actors            []string
}

func sketch(x *baseline.Actor, days, addrs, asns, countries, stores int) string {
	return fmt.Sprint(x.Key, x.Device, x.First, x.Last, x.Entry, x.Successes, x.External, x.Changes, x.Agent, x.Charges,
		x.Declined, x.FirstCharge, x.TopUps, x.Spent, x.Currency, x.Outlays, x.Fed, days, addrs, asns, countries, stores)
}

// hiddenKey returns the key of whoever hides the device.
func hiddenKey() event.Key {
	var a baseline.Account
	a.Read([]event.Login{{Account: 1, Device: 1, Session: 1}},
		[]event.Charge{{Account: 1, Session: 1, Addr: 1, Kind: event.TopUp}, {Account: 1, Session: 1, Addr: 2, Kind: event.Payment}})
	return a.Actors[1].Key
}

// readSlowly is Read by the slow way.
func readSlowly(logins []event.Login, charges []event.Charge) result {
	s := slow{byKey: map[event.Key]int16{}, sessions: map[event.Key]int16{}, hidden: hiddenKey()}
	out := result{LoginBy: make([]int16, len(logins)), ChargeBy: make([]int16, len(charges)), Borrowed: make([]bool, len(charges))}
	for i, j := 0, 0; i < len(logins) || j < len(charges); {
		if j == len(charges) || i < len(logins) && logins[i].Time <= charges[j].Time {
			out.LoginBy[i] = s.login(i, &logins[i])
			i++
		} else {
			out.ChargeBy[j], out.Borrowed[j] = s.charge(charges, j)
			j++
		}
	}
	for i := range logins {
		l := &logins[i]
		if l.Outcome() != event.Failure {
			continue
		}
		for n, x := range s.actors {
			if out.LoginBy[i] == baseline.Nobody && (l.Device != 0 && l.Device == x.Device || l.Device == 0 && l.Addr != 0 && x.addrs[uint64(l.Addr)]) {
				out.LoginBy[i] = int16(n)
			}
		}
	}
	count := func(m map[uint64]bool) int {
		delete(m, 0)
		return len(m)
	}
	for _, x := range s.actors {
		out.Actors = append(out.Actors, sketch(&x.Actor, len(x.days), count(x.addrs), count(x.asns), count(x.countries), count(x.stores)))
	}
	return out
}

func resultOf(a *baseline.Account) result {
	out := result{LoginBy: append([]int16{}, a.LoginBy...), ChargeBy: append([]int16{}, a.ChargeBy...), Borrowed: append([]bool{}, a.Borrowed...)}
	for i := range a.Actors {
		x := &a.Actors[i]
		out.Actors = append(out.Actors, sketch(x, int(x.Days), x.Addrs.Len(), x.ASNs.Len(), x.Countries.Len(), x.Stores.Len()))
	}
	return out
}

// TestReadAgainstSlowVersion reads random accounts of few and of many devices,
// on both sides of where the way of looking them up changes, one after the
// other into the same Account: what was there before must not show.
func TestReadAgainstSlowVersion(t *testing.T) {
	most := 0
	var a baseline.Account
	for seed := range uint64(2500) {
		r := rand.New(rand.NewPCG(seed, 1))
		logins, charges := random(r, 7, pick(r, 1, 2, 4, 12, 23, 24, 25, 26, 60))
		a.Read(logins, charges)
		most = max(most, len(a.Actors))
		if diff := cmp.Diff(readSlowly(logins, charges), resultOf(&a)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if a.Key != 7 {
			t.Fatalf("seed %d: account %d", seed, a.Key)
		}
	}
	if most < 50 {
		t.Errorf("no account had more than %d actors", most)
	}
}

// TestTooManyDevices checks that an account of very many devices is read to
// its end, and that rows of the devices beyond the bound are nobody's.
func TestTooManyDevices(t *testing.T) {
	const devices = 6000
	var logins []event.Login
	for round := range 2 {
		for d := range devices {
			logins = append(logins, event.Login{Time: eventtest.Midnight + int64(round*devices+d), Account: 1, Device: event.Key(1 + d), Action: event.LoginAction})
		}
	}
	var a baseline.Account
	a.Read(logins, nil)
	bound := len(a.Actors)
	if bound < 1000 || bound >= devices {
		t.Fatalf("%d actors of %d devices", bound, devices)
	}
	for i, by := range a.LoginBy {
		want := baseline.Nobody
		if d := i % devices; d < bound {
			want = int16(d)
		}
		if by != want {
			t.Fatalf("row %d is by %d, want %d", i, by, want)
		}
	}
}

// TestWalk checks that every account is met once, in order, with its own rows,
// whether it has logins, charges or both.
func TestWalk(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		var p event.Part
		var want []string
		key := event.Key(0)
		for range r.IntN(30) {
			key += event.Key(1 + r.IntN(5))
			logins, charges := random(r, key, 2)
			switch r.IntN(3) {
			case 0:
				charges = nil
			case 1:
				logins = nil
			}
			if len(logins)+len(charges) == 0 {
				continue
			}
			want = append(want, fmt.Sprint(key, len(logins), len(charges), readSlowly(logins, charges)))
			p.Logins, p.Charges = append(p.Logins, logins...), append(p.Charges, charges...)
		}
		var got []string
		_, err := event.EachCursor(t.Context(), 1, event.Pack([]event.Part{p}, nil), func() *baseline.Account { return &baseline.Account{} },
			func(a *baseline.Account, _ int, rows *event.Cursor) {
				baseline.Walk(rows, a, func(a *baseline.Account) {
					got = append(got, fmt.Sprint(a.Key, len(a.Logins), len(a.Charges), resultOf(a)))
				})
			})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}
