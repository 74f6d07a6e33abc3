package takeover

import (
	"context"
	"fmt"
	"slices"
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
	x, err := Examine(context.Background(), w.log(4, func(a event.Key) int { return int(a % 4) }), p, nil, 2, nil)
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

// TestExplainTellsEveryFeature checks that every feature of every visit is
// weighed once, or said not to be, but for those that others are looked up given.
func TestExplainTellsEveryFeature(t *testing.T) {
	p := policy.Default()
	x := examined(t, &p)
	whys := map[string]int{}
	for i := range x.Visits {
		e := x.Explain(i)
		told := map[string]int{}
		for _, g := range e.Groups {
			for _, part := range g.Parts {
				told[part.Name]++
			}
		}
		for _, s := range e.Silent {
			told[s.Name]++
			whys[s.Why]++
		}
		var context []int // others are looked up given these
		for _, c := range x.calls(i, nil) {
			_, given := c.features()
			context = append(context, given...)
		}
		for f, name := range FeatureNames {
			if told[name] > 1 || told[name] == 0 && !slices.Contains(context, f) {
				t.Fatalf("visit %d: %s is told %d times", i, name, told[name])
			}
		}
	}
	if len(whys) != 3 {
		t.Errorf("only %v were seen", whys)
	}
}

// TestSharesOfJointOutcomes checks the chain rule: the shares of the parts of a
// table multiply to that of all of them, but for rounding.
func TestSharesOfJointOutcomes(t *testing.T) {
	p := policy.Default()
	x := examined(t, &p)
	checked := 0
	for i := range x.Visits {
		v := &x.Visits[i]
		for _, c := range x.calls(i, nil) {
			if c.table == nil || len(c.table.features) == 1 {
				continue
			}
			product, sum := float64(1), odds.Centibans(0)
			for _, part := range x.parts(v, c.weighed) {
				product *= float64(part.Honest) / odds.One
				sum += part.Weight
			}
			want := float64(c.table.share(v, p.Attack.Smooth.Value)) / odds.One
			if product < want*0.99-1e-8 || product > want*1.01+1e-8 || sum != c.weight {
				t.Fatalf("visit %d: shares multiply to %v, want %v; weights add up to %d, want %d", i, product, want, sum, c.weight)
			}
			checked++
		}
	}
	if checked < 50 {
		t.Errorf("only %d were checked", checked)
	}
}

// TestOtherwise checks what would have changed the verdict: a visit that is
// weighed with those signals instead has the score that is said.
func TestOtherwise(t *testing.T) {
	p := policy.Default()
	p.Verdict.Possible.Value, p.Verdict.Probable.Value = -300, -200 // so that more is near a limit
	x := examined(t, &p)
	checked := 0
	for i := range x.Visits {
		e := x.Explain(i)
		for _, o := range slices.Concat(e.Fewer, e.More) {
			visits, features := x.within(i), true
			v := &visits[len(visits)-1]
			for _, s := range o.Signals {
				f := slices.Index(FeatureNames[:], s.Name)
				if features = features && f >= 0; !features {
					break
				}
				for out := range outcomes[f] {
					if x.words(f, out) == s.Then {
						v.Outcome[f] = uint8(out)
					}
				}
			}
			if !features {
				continue
			}
			if got := x.again(visits, i, true, nil); got.Total != o.Score || got.Tier(&p.Verdict) != o.Tier {
				t.Errorf("visit %d: %v leads to %q with %d, want %q with %d", i, o.Signals, got.Tier(&p.Verdict), got.Total, o.Tier, o.Score)
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d were checked", checked)
	}
}

// TestLabels checks that every feature has words for people.
func TestLabels(t *testing.T) {
	p := policy.Default()
	x := &Examination{p: &p}
	for f := range int(numFeatures) {
		seen := map[string]bool{}
		for o := range outcomes[f] {
			seen[x.words(f, o)] = true
		}
		if label(f) == "" || len(seen) != outcomes[f] || seen[""] {
			t.Errorf("%s: %q, outcomes %v", FeatureNames[f], label(f), seen)
		}
	}
	if got := x.words(Network, unknown); got != "not known" {
		t.Errorf("an unknown outcome is %q", got)
	}
}
