package takeover

import (
	"math/rand/v2"
	"testing"

	"github.com/paytriage/paytriage/forensics/policy"
)

// randomVisit returns a visit with outcomes at random.
func randomVisit(r *rand.Rand) Visit {
	v := Visit{FirstCharge: r.Int64N(2)}
	for f := range v.Outcome {
		v.Outcome[f] = uint8(r.IntN(outcomes[f]))
	}
	v.Outcome[Charged] = uint8(v.FirstCharge)
	return v
}

// profiled returns a judge that has learnt from visits of the beliefs given.
func profiled(p *policy.Policy, visits []Visit, belief []int64) *judge {
	j := &judge{p: p, f: &Findings{Visits: visits}, belief: belief, counts: make([]int64, len(visits))}
	for i := range j.counts {
		j.counts[i] = 1000
	}
	j.profile.learn(j)
	return j
}

// TestProfileBounds checks that what is learnt of attackers stays within the
// limit about what the policy says, and that nothing is learnt of visits that
// are not sure.
func TestProfileBounds(t *testing.T) {
	p := policy.Default()
	r := rand.New(rand.NewPCG(1, 31))
	one := randomVisit(r)
	one.FirstCharge, one.Outcome[Charged] = 1, 1
	many := make([]Visit, 5000)
	sure, half := make([]int64, len(many)), make([]int64, len(many))
	for i := range many {
		many[i], sure[i], half[i] = one, million, p.Attack.ProfileSure.Value-1
	}
	other := one
	for f := range other.Outcome {
		other.Outcome[f] = (one.Outcome[f] + 1) % uint8(outcomes[f])
	}
	other.FirstCharge, other.Outcome[Charged] = 1, 1
	learnt, not := profiled(&p, many, sure), profiled(&p, many, half)
	limit := p.Attack.ProfileLimit.Value
	for f, expected := range learnt.profile.expected {
		if expected == nil || f == Charged {
			continue
		}
		of, rest := expected[one.Outcome[f]]*1000, expected[other.Outcome[f]]*1000
		if got, want := learnt.profile.share(f, &one, 0), min(of*limit, million); got < want*9/10 || got > want {
			t.Errorf("%s, which all show: %d, want nearly %d", FeatureNames[f], got, want)
		}
		if got := learnt.profile.share(f, &other, 0); got != max(rest/limit, rest*60/5060) {
			t.Errorf("%s, which nobody shows: %d of %d", FeatureNames[f], got, rest)
		}
		if got := not.profile.share(f, &one, 0); got != of {
			t.Errorf("%s, of whom nothing is sure: %d, want %d", FeatureNames[f], got, of)
		}
	}
}

// TestProfileLeavesOut checks that no visit counts for itself: what attackers
// are taken to do, seen from a visit, is what would be learnt without it.
func TestProfileLeavesOut(t *testing.T) {
	p := policy.Default()
	r := rand.New(rand.NewPCG(1, 32))
	for range 300 {
		visits := make([]Visit, 1+r.IntN(40))
		belief := make([]int64, len(visits))
		for i := range visits {
			visits[i], belief[i] = randomVisit(r), million-r.Int64N(200_000)
		}
		j := profiled(&p, visits, belief)
		v, own := visits[0], j.noted(0)
		belief[0] = 0
		without := profiled(&p, visits, belief)
		for f, expected := range j.profile.expected {
			if expected == nil {
				continue
			}
			if got, want := j.profile.share(f, &v, own), without.profile.share(f, &v, 0); got != want {
				t.Fatalf("%s: %d, and %d without the visit", FeatureNames[f], got, want)
			}
		}
	}
}
