package takeover

import (
	"context"
	"fmt"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// examined returns a town that was raided, examined.
func examined(t testing.TB, p *policy.Policy) *Examination {
	t.Helper()
	w := newTown(7, 300)
	w.raid(900, 25)
	x, err := Examine(context.Background(), w.log(4, func(a event.Key) int { return int(a % 4) }), p, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// adds returns why an explanation does not add up, or "".
func adds(e *Explanation) string {
	total := e.Prior
	for _, g := range e.Groups {
		total += g.Weight
		sum := odds.Centibans(0)
		for _, p := range g.Parts {
			sum += p.Weight
			if p.Label == "" || p.Honest > odds.One || p.Attack > odds.One {
				return fmt.Sprintf("%s: %+v", g.Name, p)
			}
			if p.Name == partOther {
				return fmt.Sprintf("%s: %+d is not told apart", g.Name, p.Weight)
			}
		}
		if sum != g.Weight {
			return fmt.Sprintf("the parts of %s add up to %d, not %d", g.Name, sum, g.Weight)
		}
	}
	if total != e.Visit.Total {
		return fmt.Sprintf("groups add up to %d, not %d", total, e.Visit.Total)
	}
	return ""
}

// TestExplainAddsUp checks for every visit that the parts of its groups, and
// the groups, add up, and that weighing it again gives what it was given.
func TestExplainAddsUp(t *testing.T) {
	p := policy.Default()
	x := examined(t, &p)
	tiers := map[Tier]int{}
	for i := range x.Visits {
		v := x.Visits[i]
		if again := x.again(x.within(i), i, true, nil); again != v {
			t.Fatalf("visit %d: weighed again %+v\nwant %+v", i, again, v)
		}
		e := x.Explain(i)
		if why := adds(&e); why != "" {
			t.Errorf("visit %d: %s", i, why)
		}
		if x.Visits[i] != v {
			t.Fatalf("visit %d was changed by explaining it", i)
		}
		tiers[e.Tier]++
	}
	if tiers[NoTier] < 20 || tiers[Confirmed] < 10 {
		t.Errorf("only %v were seen", tiers)
	}
}
