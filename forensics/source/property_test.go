package source

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// trace lets a tracer take in all accounts of a world.
func trace(t *Tracer, w *world) {
	var a baseline.Account
	for _, rows := range w.accounts() {
		a.Read(rows, nil)
		t.Account(&a)
	}
}

func TestRoot(t *testing.T) {
	check := func(n int64) {
		t.Helper()
		if r := root(n); r < 0 || r*r < n || r > 0 && (r-1)*(r-1) >= n {
			t.Fatalf("root(%d) = %d", n, r)
		}
	}
	for n := range int64(100_000) {
		check(n)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		n := r.Int64N(1 << 31)
		check(n * n)
		check(n*n + 1)
		check(r.Int64N(1 << 60))
	}
}

// TestTriesAreMonotone checks that one more failure never makes fewer tries.
func TestTriesAreMonotone(t *testing.T) {
	p := policy.Default()
	for _, known := range []int64{0, 10, 1000, 100_000} {
		m := Map{Failures: 13}
		last := int64(0)
		for failures := range int64(20_000) {
			n := m.tries(failures, known, &p.Source)
			if n < last || n > failures {
				t.Fatalf("%d failures beside %d known logins are %d tries, one less %d", failures, known, n, last)
			}
			last = n
		}
		if known < 100_000 && last == 0 {
			t.Errorf("20,000 failures beside %d known logins are no tries", known)
		}
	}
}

// TestMedian compares the weighted median with that of a list in which every
// known login stands for itself.
func TestMedian(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 3))
		var spells []hour
		byDefault, weight := r.Int64N(40), 1+r.Int64N(50)
		list := slices.Repeat([]int64{byDefault}, int(weight))
		for range r.IntN(8) {
			c := hour{known: r.Int64N(60), failures: r.Int64N(6)}
			spells = append(spells, c)
			if c.known > 0 {
				list = append(list, slices.Repeat([]int64{c.failures * 1000 / c.known}, int(c.known))...)
			}
		}
		slices.Sort(list)
		want := list[(len(list)-1)/2]
		if got := median(spells, byDefault, weight, func(h *hour) int64 { return h.failures }); got != want {
			t.Fatalf("seed %d: %d, want %d of %v", seed, got, want, list)
		}
	}
}

// TestSpellsHoldAllHours: spells are in the order of time, hold every row once,
// and are large enough but for a log that is too small as a whole.
func TestSpellsHoldAllHours(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		hours, all := map[int32]*hour{}, hour{}
		for range r.IntN(30) {
			h := &hour{known: r.Int64N(300), failures: r.Int64N(9), entries: r.Int64N(9), firsts: r.Int64N(3)}
			if at := int32(r.IntN(1000)); hours[at] == nil {
				hours[at] = h
				all.known, all.failures, all.entries, all.firsts = all.known+h.known, all.failures+h.failures, all.entries+h.entries, all.firsts+h.firsts
			}
		}
		var sum hour
		spells := spellsOf(hours, 200)
		for _, s := range spells {
			sum.known, sum.failures, sum.entries, sum.firsts = sum.known+s.known, sum.failures+s.failures, sum.entries+s.entries, sum.firsts+s.firsts
			if s.known < 200 && len(spells) > 1 {
				t.Fatalf("seed %d: a spell of %d known logins", seed, s.known)
			}
		}
		if sum != all {
			t.Fatalf("seed %d: %+v, want %+v", seed, sum, all)
		}
	}
}

// TestRatesAreBlindToAnAttack checks that the normal rates are those of the
// quiet hours, as long as they are the larger part of the logins.
func TestRatesAreBlindToAnAttack(t *testing.T) {
	for _, c := range []struct {
		bad               int // hours of the attack, of 40
		failures, entries int64
	}{{0, 10, 20}, {10, 10, 20}, {18, 10, 20}, {40, 310, 60}} {
		var w world
		w.people(1, 200, 41) // the first hour is everybody's entry
		for h := range int64(40) {
			stranger := func(n int, l event.Login) {
				l.Account, l.Device = event.Key(1+n), event.Key(500_000+int(h)*1000+n)
				w.add((h+1)*3600+int64(n), l)
			}
			fails, enters := 2, 4 // 10 and 20 of a thousand
			if h >= 40-int64(c.bad) {
				fails, enters = 62, 12
			}
			for n := range fails {
				stranger(n, event.Login{Word: failed(event.BadPassword)})
			}
			for n := range enters {
				stranger(100+n, event.Login{})
			}
		}
		if m := w.find(t); m.Failures != c.failures || m.Entries != c.entries {
			t.Errorf("%d of 40 hours attacked: rates %d and %d, want %d and %d", c.bad, m.Failures, m.Entries, c.failures, c.entries)
		}
	}
	// Without rows the policy's figures hold.
	if m := (&world{}).find(t); m.Failures != 20 || m.Entries != 30 || len(m.Hours) > 0 {
		t.Errorf("an empty log: rates %d and %d, %d hours", m.Failures, m.Entries, len(m.Hours))
	}
}

// randomWorld has people, an attack from a few addresses, some of it through
// proxies, and strangers here and there.
func randomWorld(r *rand.Rand) *world {
	w := &world{}
	w.people(1, 20+r.IntN(60), int64(4+r.IntN(20)))
	tries := r.IntN(600)
	for range tries {
		l := event.Login{Account: event.Key(1 + r.IntN(300)), Device: event.Key(r.IntN(5)), Agent: event.Key(r.IntN(4)),
			Addr: addr(uint32(900+r.IntN(3)), uint32(r.IntN(3))), ASN: uint32(r.IntN(3))}
		if r.IntN(3) == 0 {
			l.Addr = addr(uint32(1000+r.IntN(500)), 1)
		}
		if r.IntN(20) == 0 {
			l.Addr = 0
		}
		if r.IntN(10) > 0 {
			l.Word = failed(event.Reason(r.IntN(6)))
		}
		w.add(r.Int64N(20*3600), l)
	}
	return w
}

// show writes a Map as text, for comparing.
func show(m *Map) string {
	var lines []string
	for _, c := range m.cells {
		lines = append(lines, fmt.Sprintf("%+v", *c))
	}
	slices.Sort(lines)
	for _, c := range m.Attack {
		lines = append(lines, fmt.Sprintf("attack %+v", *c))
	}
	return strings.Join(append(lines, fmt.Sprint(m.Failures, m.Entries, m.Strangers, m.Foreign, m.Hours)), "\n")
}

// TestSurveyIsExact checks that neither who traced which account, nor how many
// tracers, workers and partitions there are, can be seen in the result, and
// that what cells count is what is there.
func TestSurveyIsExact(t *testing.T) {
	p := policy.Default()
	spoke := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		w := randomWorld(r)
		plain := w.survey(t, &p.Source, 1, 1, 1, func(int) (int, int) { return 0, 0 })
		spoke += len(plain.Attack)
		for range 3 {
			parts, workers, tracers := 1<<r.IntN(7), 1+r.IntN(4), 1+r.IntN(5)
			spread := w.survey(t, &p.Source, parts, workers, tracers, func(int) (int, int) { return r.IntN(parts), r.IntN(tracers) })
			if diff := cmp.Diff(show(plain), show(spread)); diff != "" {
				t.Fatalf("seed %d: %d partitions, %d workers, %d tracers: %s", seed, parts, workers, tracers, diff)
			}
		}
		checkCells(t, seed, w, plain)
	}
	if spoke < 30 {
		t.Errorf("only %d sources were found in all; this tests little", spoke)
	}
}

// checkCells counts what strangers did at each address, slowly.
func checkCells(t *testing.T, seed uint64, w *world, m *Map) {
	t.Helper()
	type count struct{ failures, unknown, entries, known, accounts, entered int64 }
	at, tried, entered := map[event.Addr]*count{}, map[[2]uint64]bool{}, map[[2]uint64]bool{}
	var a baseline.Account
	for _, rows := range w.accounts() {
		a.Read(rows, nil)
		for i := range rows {
			l, by := &rows[i], a.LoginBy[i]
			if l.Addr == 0 {
				continue
			}
			c := at[l.Addr]
			if c == nil {
				c = &count{}
				at[l.Addr] = c
			}
			pair := [2]uint64{uint64(l.Addr), uint64(l.Account)}
			switch {
			case l.Outcome() == event.Failure && by == baseline.Nobody:
				c.failures++
				tried[pair] = true
				if l.Reason() == event.UnknownAccount {
					c.unknown++
				}
			case l.Outcome() == event.Failure:
			case a.Actors[by].Entry == int32(i):
				c.entries++
				tried[pair], entered[pair] = true, true
			default:
				c.known++
			}
		}
	}
	for pair := range tried {
		at[event.Addr(pair[0])].accounts++
	}
	for pair := range entered {
		at[event.Addr(pair[0])].entered++
	}
	for place, c := range m.cells {
		if place.Kind != Addr {
			continue
		}
		got := count{c.Failures, c.Unknown, c.Entries, c.Known, c.Accounts, c.Entered}
		if got != *at[event.Addr(place.Value)] {
			t.Fatalf("seed %d: address %x: %+v, want %+v", seed, place.Value, got, *at[event.Addr(place.Value)])
		}
	}
}

// TestWeightIsBounded checks for any counts that a place weighs between
// nothing and its cap, that more entries never weigh less and more known
// logins never more, and that tries are no more than failures.
func TestWeightIsBounded(t *testing.T) {
	p := policy.Default()
	r := rand.New(rand.NewPCG(1, 5))
	weighed := 0
	for range 200_000 {
		m := Map{Failures: 1 + r.Int64N(60), Entries: 1 + r.Int64N(60), Strangers: r.Int64N(10_000)}
		m.Foreign = r.Int64N(m.Strangers + 1)
		big := int64(1) << r.IntN(24)
		c := Cell{Place: Place{Kind: Kind(1 + r.IntN(5))}, Failures: r.Int64N(big), Entries: 1 + r.Int64N(1+big/20), Known: r.Int64N(big)}
		more, known := c, c
		more.Entries += 1 + r.Int64N(50)
		known.Known += 1 + r.Int64N(big)
		for _, x := range []*Cell{&c, &more, &known} {
			m.weigh(x, &p.Source)
			limit := p.Source.CapPlace.Value
			if x.Kind == Agent || x.Kind == ASN || x.Kind == Service {
				limit = p.Source.CapHour.Value
			}
			if x.Weight < 0 || x.Weight > odds.Centibans(limit) || x.Tries < 0 || x.Tries > x.Failures || x.Tries == 0 && x.Weight != 0 {
				t.Fatalf("%+v of %+v", *x, m)
			}
		}
		if more.Weight < c.Weight || known.Weight > c.Weight || known.Tries > c.Tries {
			t.Fatalf("%+v\nmore entries %+v\nmore known %+v", c, more, known)
		}
		if c.Weight > 0 {
			weighed++
		}
	}
	if weighed < 1000 {
		t.Errorf("only %d places weighed anything", weighed)
	}
}

func TestHourAt(t *testing.T) {
	for micros, want := range map[int64]int32{0: 0, 1: 0, 3600e6 - 1: 0, 3600e6: 1, -1: -1, -3600e6: -1, -3600e6 - 1: -2} {
		if got := hourAt(micros); got != want {
			t.Errorf("hourAt(%d) = %d, want %d", micros, got, want)
		}
	}
}

func TestKindWords(t *testing.T) {
	seen := map[string]bool{}
	for k := Addr; k <= Service; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is called %q", k, s)
		}
		seen[k.String()] = true
	}
}
