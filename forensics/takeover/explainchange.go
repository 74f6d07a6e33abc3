package takeover

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/odds"
)

// An Otherwise is something else that might have been seen, and what the visit would
// then have been called, all others being as they are.
type Otherwise struct {
	Signals []Signal
	Score   odds.Centibans
	Tier    Tier
}

// A Signal is one thing that is as it is, and might be otherwise.
type Signal struct{ Name, Label, Now, Then string }

// A remedy is a change of one signal that can be tried.
type remedy struct {
	signal           Signal
	feature, outcome int // -1 for what is no feature
	// alter changes the visits to an account, of which the last is meant, and
	// returns those that are left.
	alter func(visits []Visit) []Visit
	score odds.Centibans
	tier  Tier
}

// maxTogether is how many signals are changed together at most, where none by
// itself is enough.
const maxTogether = 5

// changes returns what would have made visit i less sure, and surer: each signal
// that does so by itself, or else the fewest strong ones that do so together.
func (x *Examination) changes(i int, calls []call) (fewer, more []Otherwise) {
	now := x.Visits[i].Tier(&x.p.Verdict)
	if now > NoTier {
		fewer = x.enough(i, x.doubts(i, calls), func(r *remedy) bool { return r.tier < now })
	}
	if now < Confirmed {
		more = x.enough(i, x.proofs(i, calls), func(r *remedy) bool { return r.tier > now })
	}
	return fewer, more
}

// try lets remedies be weighed together.
func (x *Examination) try(i int, remedies ...remedy) remedy {
	visits := x.within(i)
	for _, r := range remedies {
		visits = r.alter(visits)
	}
	v := x.again(visits, i, true, nil)
	return remedy{score: v.Total, tier: v.Tier(&x.p.Verdict)}
}

// enough returns those of the remedies that are enough by themselves, or else
// the strongest together.
func (x *Examination) enough(i int, remedies []remedy, is func(*remedy) bool) []Otherwise {
	total := x.Visits[i].Total
	effect := func(r *remedy) odds.Centibans { return max(r.score-total, total-r.score) }
	slices.SortStableFunc(remedies, func(a, b remedy) int { return cmp.Compare(effect(&b), effect(&a)) })
	var found []Otherwise
	seen := map[int]bool{}
	for k := range remedies {
		r := &remedies[k]
		if !is(r) || r.feature >= 0 && seen[r.feature] {
			continue
		}
		seen[r.feature] = true
		found = append(found, Otherwise{[]Signal{r.signal}, r.score, r.tier})
	}
	if found != nil {
		return found
	}
	var together []remedy
	var signals []Signal
	for _, r := range remedies {
		if r.feature >= 0 && seen[r.feature] {
			continue
		}
		seen[r.feature] = true
		together, signals = append(together, r), append(signals, r.signal)
		if all := x.try(i, together...); is(&all) {
			return []Otherwise{{signals, all.score, all.tier}}
		}
		if len(together) == maxTogether {
			break
		}
	}
	return nil
}

// doubts returns what would have spoken less against visit i: each feature as it
// mostly is among the honest, and evidence of other kinds gone.
func (x *Examination) doubts(i int, calls []call) []remedy {
	var all []remedy
	for _, c := range calls {
		of, _ := c.features()
		for n, f := range of {
			t := c.table
			if c.given != nil {
				t = &c.given.table
			}
			best := 0
			for o := range outcomes[f] {
				if t.marginal(n, o) > t.marginal(n, best) {
					best = o
				}
			}
			all = x.remedy(all, i, f, best)
		}
	}
	v := &x.Visits[i]
	gone := func(name, label, now string, w odds.Centibans, alter func(visits []Visit) []Visit) {
		if w > 0 {
			all = append(all, x.tried(i, remedy{signal: Signal{name, label, now, "nothing"}, feature: -1, alter: alter}))
		}
	}
	gone("place", "failures about the entry", "more than honest people explain", v.Place, func(vs []Visit) []Visit {
		final(vs).place = 0
		return vs
	})
	gone("breach", "an earlier visit", "one that may have been a break-in", v.Breach-v.Place, func(vs []Visit) []Visit { return vs[len(vs)-1:] })
	gone("listed", "what others listed", "seen in attacks", v.Listed, func(vs []Visit) []Visit {
		final(vs).Listed = 0
		return vs
	})
	gone("shared", "the device in other accounts", "with thieves", v.Shared, withoutShared)
	gone("company", "meeting places", "with thieves", v.Company, withoutCompany)
	return slices.DeleteFunc(all, func(r remedy) bool { return r.score >= v.Total })
}

// proofs returns what would have spoken more against visit i: each feature as
// attackers show it, the commonest first, and evidence of other kinds.
func (x *Examination) proofs(i int, calls []call) []remedy {
	v := &x.Visits[i]
	var all []remedy
	for _, c := range calls {
		of, _ := c.features()
		for _, f := range of {
			for o := range outcomes[f] {
				if sharesOf(&x.p.Attack, f) != nil {
					all = x.remedy(all, i, f, o)
				}
			}
		}
	}
	if most := odds.Centibans(x.p.Source.CapPlace.Value); v.Entry >= 0 && v.Place < most {
		all = append(all, x.tried(i, remedy{signal: Signal{"place", "failures about the entry", "no more than honest people explain", "an address that a list was tried from"},
			feature: -1, alter: func(vs []Visit) []Visit {
				final(vs).place, final(vs).placeOdds = most, odds.Limit
				return vs
			}}))
	}
	if v.Shared < 0 {
		all = append(all, x.tried(i, remedy{signal: Signal{"shared", "the device in other accounts", "with honest people", "nothing"}, feature: -1, alter: withoutShared}))
	}
	if v.Company < 0 {
		all = append(all, x.tried(i, remedy{signal: Signal{"company", "meeting places", "with honest newcomers", "nothing"}, feature: -1, alter: withoutCompany}))
	}
	return slices.DeleteFunc(all, func(r remedy) bool { return r.score <= v.Total })
}

// remedy adds another outcome of a feature to what can be tried.
func (x *Examination) remedy(all []remedy, i, f, outcome int) []remedy {
	now := x.Visits[i].Outcome[f]
	if int(now) == outcome {
		return all
	}
	return append(all, x.tried(i, remedy{signal: Signal{FeatureNames[f], label(f), x.words(f, int(now)), x.words(f, outcome)},
		feature: f, outcome: outcome, alter: func(vs []Visit) []Visit {
			final(vs).Outcome[f] = uint8(outcome)
			return vs
		}}))
}

// tried returns a remedy with what it leads to.
func (x *Examination) tried(i int, r remedy) remedy {
	got := x.try(i, r)
	r.score, r.tier = got.score, got.tier
	return r
}

func final(vs []Visit) *Visit { return &vs[len(vs)-1] }

func withoutShared(vs []Visit) []Visit {
	final(vs).Shared = 0
	return vs
}

func withoutCompany(vs []Visit) []Visit {
	final(vs).Company = 0
	return vs
}
