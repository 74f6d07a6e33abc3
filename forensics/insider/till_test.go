package insider

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
)

const minute = 60 * second

// say writes groups for comparing.
func say(all []Cohort) (lines []string) {
	for _, c := range all {
		lines = append(lines, fmt.Sprintf("%v %q: %d of %d, %d of %d, %d members", c.Kind, c.Text, c.Victims, c.Of, c.Others, c.OthersOf, len(c.Members)))
	}
	return lines
}

// TestPassings tells what counts as a passing of a till, and who stands beside it.
func TestPassings(t *testing.T) {
	w := newTown()
	w.enter(start, "v1")
	w.enter(start, "v2")
	w.steal(start+10*minute, "v1", "S", "T1", "P1")
	w.steal(start+14*minute, "v2", "S", "T1", "P1") // the same passing
	w.steal(start+40*minute, "v2", "S", "T1", "P1")
	w.steal(start+41*minute, "v2", "S", "T2", "P1") // another register
	w.steal(start+42*minute, "v2", "S", "T2", "")   // and nobody named
	w.steal(start+60*minute, "v2", "lonely", "T1", "P1")
	w.steal(start+61*minute, "v1", "lonely", "T1", "P1")
	for n, till := range [][]string{{"T1", "P1"}, {"T2", "P2"}, {"", "P3"}, {}} {
		w.pay(start+20*minute+int64(n), fmt.Sprint("o", n), "S", till...)
	}
	w.pay(start+20*minute, "o5", "S", "T9", "P9").Status = event.Declined
	w.pay(start+42*minute+7201*second, "o6", "S", "T9", "P9") // too late
	w.pay(start+20*minute, "o7", "elsewhere", "T9", "P9")
	_, got := w.ask(t, 2, 2)
	want := []string{
		`operator "P1": 3 of 3, 3 of 9, 2 members`, // beside each of them P1, P2 and P3
		`register "T1": 2 of 4, 4 of 8, 2 members`,
		`register "T2": 2 of 4, 4 of 8, 1 members`,
	}
	if diff := cmp.Diff(want, say(got)); diff != "" {
		t.Error(diff)
	}
	// Each passing is P1's with a chance of two in four.
	if c := got[0]; c.mean != 3<<point/2 || c.Lift != 2000 {
		t.Errorf("%d expected, a lift of %d", c.mean, c.Lift)
	}
}

// TestOwnRegister puts a thief at a register among honest people, and holds the
// rest to chance.
func TestOwnRegister(t *testing.T) {
	stand := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		w := newTown()
		insider := seed%3 == 0
		for n := range 600 {
			shop := r.IntN(5)
			w.pay(start+r.Int64N(2*day), fmt.Sprint("o", n), fmt.Sprint("S", shop), till(r, shop, r.IntN(3))...)
		}
		for n := range 20 {
			id := fmt.Sprint("v", n)
			w.enter(start, id)
			for range 2 {
				shop, register := r.IntN(5), r.IntN(3)
				if insider && n < 9 {
					shop, register = 2, 1
				}
				w.steal(start+r.Int64N(2*day), id, fmt.Sprint("S", shop), till(r, shop, register)...)
			}
		}
		_, got := w.ask(t, 4, 1)
		found := ""
		for _, c := range got {
			if c.StandOut {
				found += " " + c.Text
			}
		}
		switch {
		case !insider && found != "":
			stand++
		case insider && (!strings.Contains(found, " P2-1") || !strings.Contains(found, " T2-1") || strings.Count(found, " ") > 2):
			t.Errorf("seed %d: %q stand out, want P2-1 and T2-1", seed, found)
		}
	}
	if stand > 5 {
		t.Errorf("in %d of 40 logs without an insider somebody stands out", stand)
	}
}

// till is a register, and whoever stands at it.
func till(_ *rand.Rand, shop, register int) []string {
	return []string{fmt.Sprintf("T%d-%d", shop, register), fmt.Sprintf("P%d-%d", shop, register)}
}

// TestAloneAtTheTill has one person serve everybody: that she took all the stolen
// money says nothing.
func TestAloneAtTheTill(t *testing.T) {
	w := newTown()
	for n := range 30 {
		w.enter(start, fmt.Sprint("v", n))
		w.steal(start+int64(n)*10*minute, fmt.Sprint("v", n), "S", "T", "P")
		w.pay(start+int64(n)*10*minute+second, fmt.Sprint("o", n), "S", "T", "P")
	}
	_, got := w.ask(t, 1, 1)
	if len(got) != 2 {
		t.Fatal(say(got))
	}
	for _, c := range got {
		if c.Victims != 30 || c.Lift != 1000 || c.Chance != One || c.StandOut {
			t.Errorf("%+v", c)
		}
	}
}

// TestManyStolenPayments keeps within its bounds, and says that it took a sample.
func TestManyStolenPayments(t *testing.T) {
	w := newTown()
	w.enter(start, "v")
	for n := range mostStolen + 900 {
		w.steal(start+int64(n)*minute, "v", fmt.Sprint("S", n%18), "T", fmt.Sprint("P", n%7))
		w.pay(start+int64(n)*minute, "o", fmt.Sprint("S", n%18), "T", fmt.Sprint("P", n%5))
	}
	a, got := w.ask(t, 1, 1)
	if len(a.Tills) != mostStolen || len(got) == 0 {
		t.Fatalf("%d passings, %d groups", len(a.Tills), len(got))
	}
	inShop := map[event.Key]int{}
	for _, p := range a.Tills {
		if inShop[p.Store]++; len(p.Controls) < mostControls-1 || len(p.Controls) > mostControls || !p.Sampled {
			t.Fatalf("%d beside it, sampled: %v", len(p.Controls), p.Sampled)
		}
	}
	for _, n := range inShop {
		if n > mostInShop {
			t.Errorf("%d of one shop", n)
		}
	}
}
