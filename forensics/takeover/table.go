package takeover

import (
	"github.com/paytriage/paytriage/forensics/odds"
)

// A table counts outcomes of features together, in thousandths of visits.
type table struct {
	features []int
	cells    []int64
	weights  []odds.Centibans // of cells that were asked for, once all is counted
	known    []bool
	sums     [4][]int64 // by feature
	all      int64

	refs   [4][]int64 // by feature, what is expected before anything is learnt
	weight int64      // how many newcomers that is worth, in thousandths
}

func newTable(refs [numFeatures][]int64, weight int64, features ...int) table {
	t := table{features: features, weight: weight * 1000}
	n := 1
	for i, f := range features {
		n *= outcomes[f]
		t.sums[i] = make([]int64, outcomes[f])
		t.refs[i] = refs[f]
	}
	t.cells, t.weights, t.known = make([]int64, n), make([]odds.Centibans, n), make([]bool, n)
	return t
}

func (t *table) cell(v *Visit) int {
	at := 0
	for _, f := range t.features {
		at = at*outcomes[f] + int(v.Outcome[f])
	}
	return at
}

func (t *table) add(v *Visit, weight int64) {
	t.cells[t.cell(v)] += weight
	for i, f := range t.features {
		t.sums[i][v.Outcome[f]] += weight
	}
	t.all += weight
}

// marginal returns the share of an outcome of one feature, in parts per
// million: what was counted, and what was expected.
func (t *table) marginal(n, outcome int) int64 {
	expected := mulDiv(t.weight, million, int64(len(t.sums[n])))
	if t.refs[n] != nil {
		expected = t.weight * t.refs[n][outcome] * (million / 1000)
	}
	return max(1, mulDiv(t.sums[n][outcome], million, t.all+t.weight)+expected/(t.all+t.weight))
}

// A given is a table of which the first feature is looked up given the others.
type given struct {
	table
	context []int64 // of cells, the first feature left out
}

func newGiven(t table) given {
	return given{t, make([]int64, len(t.cells)/outcomes[t.features[0]])}
}

// add counts a visit of which the feature is known.
func (g *given) add(v *Visit, weight int64) {
	if v.Outcome[g.features[0]] == unknown {
		return
	}
	g.table.add(v, weight)
	g.context[g.cell(v)%len(g.context)] += weight
}

// share returns the share of the first feature's outcome among visits that are
// alike in the others, in parts per billion. What was not seen among them is
// as common as it is in all, but no more than a share of one newcomer.
func (g *given) share(v *Visit, smooth int64) int64 {
	at := g.cell(v)
	all := g.context[at%len(g.context)]
	weight := g.weight / 10 // there are that many contexts, about
	common := g.marginal(0, int(v.Outcome[g.features[0]]))
	count := g.cells[at] + mulDiv(weight, common, million) + min(mulDiv(all+smooth, common, million), smooth)
	return max(1, mulDiv(count, odds.One, all+weight+smooth))
}

// share returns the share of a visit's outcomes, in parts per billion. Where
// none was seen, as many are expected as if the features were independent, but
// no more than a share of one newcomer: what was not seen among a thousand is
// no one in a million.
func (t *table) share(v *Visit, smooth int64) int64 {
	independent := int64(odds.One)
	for n, f := range t.features {
		independent = mulDiv(independent, t.marginal(n, int(v.Outcome[f])), million)
	}
	count := t.cells[t.cell(v)] + mulDiv(t.weight, independent, odds.One) +
		min(mulDiv(t.all+smooth, independent, odds.One), smooth)
	return max(1, mulDiv(count, odds.One, t.all+t.weight+smooth))
}
