package quality

import (
	"fmt"
	"math/big"
	"strings"
)

// A Goal is what somebody wants a measure to be: at least so much, or, for
// money misplaced, at most.
type Goal struct {
	Name  string
	Bound Rate
}

// A measured is a measure that a goal can be set for.
type measured struct {
	name   string
	doc    string
	atMost bool
	of     func(r *Report) (rates []Rate, missing string)
}

// one is a single measure that is always there.
func one(of func(r *Report) Rate) func(r *Report) ([]Rate, string) {
	return func(r *Report) ([]Rate, string) { return []Rate{of(r)}, "" }
}

// charges is a measure of charges.
func charges(of func(m *Measure) Rate) func(r *Report) ([]Rate, string) {
	return func(r *Report) ([]Rate, string) {
		if r.Charges == nil {
			return nil, "the truth has no file of charges"
		}
		return []Rate{of(r.Charges)}, ""
	}
}

// inMoney is a measure of money, which every currency must meet.
func inMoney(of func(m *Money) Rate) func(r *Report) ([]Rate, string) {
	return func(r *Report) ([]Rate, string) {
		for _, u := range r.Unanswered {
			if u.Question == "what is owed" {
				return nil, u.Because
			}
		}
		var all []Rate
		for i := range r.Money {
			all = append(all, of(&r.Money[i]))
		}
		return all, ""
	}
}

// measures lists what goals can be set for.
func measures() []measured {
	return []measured{
		{"precision", "victims called confirmed or probable that were robbed", false, one(func(r *Report) Rate { return r.Victims.Named.Precision.Rate() })},
		{"recall", "victims that are called confirmed or probable", false, one(func(r *Report) Rate { return r.Victims.Named.Recall.Rate() })},
		{"f1", "harmonic mean of the two", false, one(func(r *Report) Rate { return r.Victims.Named.F1 })},
		{"recall.seen", "recall among victims whose owner the logs show before the thief", false, seenRecall},
		{"possible.precision", "precision with the possible victims", false, one(func(r *Report) Rate { return r.Victims.Possible.Precision.Rate() })},
		{"possible.recall", "recall with the possible victims", false, one(func(r *Report) Rate { return r.Victims.Possible.Recall.Rate() })},
		{"takeovers.precision", "accounts called entered that were", false, one(func(r *Report) Rate { return r.Takeovers.Named.Precision.Rate() })},
		{"takeovers.recall", "accounts entered that are called so", false, one(func(r *Report) Rate { return r.Takeovers.Named.Recall.Rate() })},
		{"takeovers.f1", "harmonic mean of the two", false, one(func(r *Report) Rate { return r.Takeovers.Named.F1 })},
		{"confirmed", "accounts called confirmed that were entered", false, one(func(r *Report) Rate { return r.Tiers[0].Entered.Rate() })},
		{"probable", "accounts called probable that were entered", false, one(func(r *Report) Rate { return r.Tiers[1].Entered.Rate() })},
		{"charges.precision", "charges called stolen that were", false, charges(func(m *Measure) Rate { return m.Named.Precision.Rate() })},
		{"charges.recall", "stolen charges that are called so", false, charges(func(m *Measure) Rate { return m.Named.Recall.Rate() })},
		{"charges.f1", "harmonic mean of the two", false, charges(func(m *Measure) Rate { return m.Named.F1 })},
		{"money.precision", "money of the ledger that is owed", false, inMoney(func(m *Money) Rate { return m.Precision })},
		{"money.recall", "money owed that is in the ledger", false, inMoney(func(m *Money) Rate { return m.Recall })},
		{"money.f1", "harmonic mean of the two", false, inMoney(func(m *Money) Rate { return m.F1 })},
		{"misplaced", "at most: money over and under, of what is owed", true, inMoney(func(m *Money) Rate { return excess(m.Over+m.Under, m.True) })},
		{"misplaced.seen", "at most: the same for victims whose owner the logs show before the thief", true, seenMisplaced},
	}
}

func seenRecall(r *Report) ([]Rate, string) {
	if r.Seen == nil {
		return nil, columnAbsent("owner_seen_before")
	}
	return []Rate{r.Seen.Rate()}, ""
}

func seenMisplaced(r *Report) ([]Rate, string) {
	rates, missing := inMoney(func(m *Money) Rate {
		if m.Seen == nil {
			return Rate{}
		}
		return excess(m.Seen.Over+m.Seen.Under, m.Seen.True)
	})(r)
	if missing == "" && r.Seen == nil {
		missing = columnAbsent("owner_seen_before")
	}
	return rates, missing
}

// excess returns a part of what is owed. Where nothing is, any part is all of
// it and more.
func excess(part, whole int64) Rate {
	if whole <= 0 && part > 0 {
		return rate(part, 1)
	}
	return rate(part, max(whole, 0))
}

// GoalNames lists the measures that goals can be set for, each with what it is.
func GoalNames() (names, docs []string) {
	for _, m := range measures() {
		names, docs = append(names, m.name), append(docs, m.doc)
	}
	return names, docs
}

// ParseGoal reads a goal such as "recall=0.95". The bound is a decimal from 0
// to 1 with at most nine digits behind the point.
func ParseGoal(text string) (Goal, error) {
	name, value, found := strings.Cut(text, "=")
	known := false
	for _, m := range measures() {
		known = known || m.name == name
	}
	if !found || !known {
		return Goal{}, fmt.Errorf("%.60q is not a measure and a bound", text)
	}
	whole, frac, _ := strings.Cut(value, ".")
	digits := whole != "" && len(value) <= len("1.000000000") && len(whole) == 1
	for _, ch := range whole + frac {
		digits = digits && ch >= '0' && ch <= '9'
	}
	bound, ok := new(big.Rat).SetString(value)
	if !digits || !ok || bound.Cmp(big.NewRat(1, 1)) > 0 {
		return Goal{}, fmt.Errorf("%.60q: the bound is not a decimal from 0 to 1", text)
	}
	return Goal{name, Rate{bound}}, nil
}

// Shortfalls lists the goals that a report does not meet, each with what it
// is instead. A measure of nothing (no victim there, none named) meets every
// goal; one that the truth does not tell meets none.
func (r *Report) Shortfalls(goals []Goal) []string {
	var short []string
	for _, g := range goals {
		for _, m := range measures() {
			if m.name != g.Name {
				continue
			}
			rates, missing := m.of(r)
			if missing != "" {
				short = append(short, fmt.Sprintf("%s is not computable, because %s", g.Name, missing))
			}
			for _, got := range rates {
				switch {
				case !got.Known() || missing != "":
				case m.atMost && got.Compare(g.Bound) > 0:
					short = append(short, fmt.Sprintf("%s is %s, want at most %s", g.Name, got, g.Bound.short()))
				case !m.atMost && got.Compare(g.Bound) < 0:
					short = append(short, fmt.Sprintf("%s is %s, want at least %s", g.Name, got, g.Bound.short()))
				}
			}
		}
	}
	return short
}

// short writes a bound without the zeros at its end.
func (r Rate) short() string {
	return strings.TrimSuffix(strings.TrimRight(r.r.FloatString(9), "0"), ".")
}
