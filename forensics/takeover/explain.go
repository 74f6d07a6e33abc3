package takeover

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// An Examination is a search that can tell how it came to each weight. It asks
// the judge that judged to weigh a visit again, with somebody watching; nothing
// is computed a second way, so that what it tells cannot differ from the case.
// It is not for use by several goroutines.
type Examination struct {
	*Findings
	log     *event.Log
	p       *policy.Policy
	company [][]odds.Centibans // by circle and visit; nil until asked for
}

// Examine is Search for those who want to know why.
func Examine(ctx context.Context, log *event.Log, p *policy.Policy, bad []event.Indicator, workers int, progress func(rows int64)) (*Examination, error) {
	f, err := find(ctx, log, p, workers, progress, &Findings{Listing: newListing(bad), record: &record{}})
	if err != nil {
		return nil, err
	}
	return &Examination{Findings: f, log: log, p: p}, nil
}

// A record is what the last round of a judge began with: what it learnt is in
// the judge itself.
type record struct {
	judge  *judge
	prior  int64
	belief []int64
	shared []odds.Centibans // of each visit, which breaches know of
}

// round notes that a round begins. It does nothing for a nil record.
func (r *record) round(j *judge) {
	if r == nil {
		return
	}
	r.judge, r.prior = j, j.prior
	r.belief = append(r.belief[:0], j.belief...)
	r.shared = r.shared[:0]
	for i := range j.f.Visits {
		r.shared = append(r.shared, j.f.Visits[i].Shared)
	}
}

// A weighed is one weight as a judge looks it up: of outcomes together, or of
// one given others.
type weighed struct {
	table  *table
	given  *given
	weight odds.Centibans
	own    int64 // how much the visit counts in the profile
}

// seen shows a weight to whoever watches.
func (j *judge) seen(w weighed) odds.Centibans {
	if j.watch == nil {
		return w.weight
	}
	return j.watch(w)
}

// An Explanation is how one visit was weighed. Prior and the weights of all
// groups add up to Visit.Total; those of the parts of a group to the group's.
type Explanation struct {
	Visit  *Visit
	Tier   Tier
	Alone  Tier           // what the score alone would do for
	Prior  odds.Centibans // the odds of any newcomer
	Groups []Group
	Silent []Silent
	From   *source.Cell // the place whose failures speak against the entry, or nil
	Device *Neighbours  // nil if the device is in no other account
	Fewer  []Otherwise  // what would have made it less sure
	More   []Otherwise  // what would have made it surer
}

// A Group is evidence of one kind.
type Group struct {
	Name   string
	Weight odds.Centibans
	Parts  []Part
}

// A Part is one signal, or what a limit took off. Parts of which one names
// others in Given are looked up together; their weights are those of the chain
// rule in the order in which they stand.
type Part struct {
	Name  string // of the feature, or what else it is
	Label string // what that means, for people
	Seen  string // the outcome in words
	Given []string
	// Honest and Attack are how common that is among honest newcomers of the log
	// and among attackers by the policy, in parts per billion; -1 where there is
	// no such figure.
	Honest, Attack int64
	Weight         odds.Centibans
}

// A Silent feature was not weighed.
type Silent struct{ Name, Label, Why string }

// Neighbours are the other accounts of a device.
type Neighbours struct {
	Accounts int   // that have the device, this one included
	Owners   int   // of them, those whose owner it belongs to
	Others   []int // visits with it to other accounts, by index in Visits
	Named    int   // of them, those that are probable or better
	Tour     bool  // it is at home nowhere
}

// What parts are called that are no features.
const (
	partLimit = "limit"
	partOther = "other"
	// partQuiet is what is taken off for thieves who spend like customers,
	// partRouted for a network that was counted before.
	partQuiet, partRouted = "quiet", "routed"
)

// Explain tells how visit i was weighed.
func (x *Examination) Explain(i int) Explanation {
	v := &x.Visits[i]
	e := Explanation{Visit: v, Tier: v.Tier(&x.p.Verdict), Alone: reached(v.Total, &x.p.Verdict), Prior: x.prior(), Device: x.neighbours(i), From: x.from(i)}
	calls := x.calls(i, nil)
	parts := map[string][]Part{}
	for _, c := range calls {
		parts[c.group] = append(parts[c.group], x.parts(v, c.weighed)...)
	}
	parts["place"] = append(failures(e.From, v), parts["place"]...)
	parts["breach"] = append(x.earlier(i), parts["breach"]...)
	parts["listed"] = append(x.Listing.part(v), parts["listed"]...)
	parts["shared"] = append(e.Device.parts(v), parts["shared"]...)
	parts["company"] = append(x.meetings(i), parts["company"]...)
	left := v.Total - e.Prior
	for _, g := range weightsOf(v) {
		w := *g.weight
		if g.name == "breach" {
			w -= v.Place // which is a group by itself
		}
		left -= w
		e.Groups = append(e.Groups, x.group(g.name, w, parts[g.name]))
	}
	if left != 0 {
		e.Groups = append(e.Groups, Group{"overlap", left, []Part{{Name: "overlap", Honest: -1, Attack: -1, Weight: left,
			Label: "how he got in", Seen: "breach and means are two views of one thing: the weaker counts half"}}})
	}
	e.Silent = x.silent(i, calls)
	e.Fewer, e.More = x.changes(i, calls)
	return e
}

// reached returns the tier of a score, whatever it rests on.
func reached(score odds.Centibans, p *policy.Verdict) Tier {
	switch {
	case score >= odds.Centibans(p.Confirmed.Value):
		return Confirmed
	case score >= odds.Centibans(p.Probable.Value):
		return Probable
	case score >= odds.Centibans(p.Possible.Value):
		return Possible
	}
	return NoTier
}

// prior returns the odds of any newcomer as they enter totals.
func (x *Examination) prior() odds.Centibans {
	j := x.record.judge
	return odds.Ratio(j.prior, million-j.prior)
}

// from returns the place that the entry of visit i was weighed by.
func (x *Examination) from(i int) *source.Cell {
	v := &x.Visits[i]
	if v.Place == 0 || v.Entry < 0 {
		return nil
	}
	_, c := x.Sources.Weight(v.spot)
	return c
}

// A named weight is a field of a visit.
type namedWeight struct {
	name   string
	weight *odds.Centibans
}

// weightsOf returns the groups of evidence of a visit.
func weightsOf(v *Visit) []namedWeight {
	var all []namedWeight
	value := reflect.ValueOf(v).Elem()
	for _, f := range reflect.VisibleFields(value.Type()) {
		if !f.IsExported() || f.Name == "Total" {
			continue
		}
		if w, ok := value.FieldByIndex(f.Index).Addr().Interface().(*odds.Centibans); ok {
			all = append(all, namedWeight{strings.ToLower(f.Name), w})
		}
	}
	return all
}

// again lets the last round weigh visits once more: those of one account that
// end with visit i. It returns the last of them, with what other accounts say
// of it as it stands there.
func (x *Examination) again(visits []Visit, i int, limits bool, watch func(weighed) odds.Centibans) Visit {
	r, from := x.record, i+1-len(visits)
	j, p := *r.judge, *x.p
	if !limits {
		p.Attack.CapEach.Value, p.Attack.Quiet.Value, p.Attack.Routed.Value = 1<<20, 0, 0
	}
	last := &visits[len(visits)-1]
	shared, company := last.Shared, last.Company
	for n := range visits {
		visits[n].Shared = r.shared[from+n]
	}
	j.p, j.watch, j.prior = &p, watch, r.prior
	j.belief, j.counts = r.belief[from:i+1], j.counts[from:i+1]
	j.f = &Findings{Visits: visits, Sources: x.Sources, End: x.End, Accounts: x.Accounts}
	j.weigh()
	j.inherit()
	last.Shared, last.Company = shared, company
	last.Total = x.prior() + last.Own() + last.Shared + last.Company
	return *last
}

// within returns copies of the visits to the account that may speak for visit i,
// which is the last.
func (x *Examination) within(i int) []Visit {
	from := i
	for from > max(0, i-maxCompared) && x.Visits[from-1].Account == x.Visits[i].Account {
		from--
	}
	return append([]Visit(nil), x.Visits[from:i+1]...)
}

// A call is a weight that a judge looked up for a visit, and the group that it
// is part of.
type call struct {
	weighed
	group string
}

// calls returns the weights that are looked up for visit i, changed by alter.
// Which group each is part of is found out by making it heavier.
func (x *Examination) calls(i int, alter func(v *Visit)) []call {
	v := x.Visits[i]
	if alter != nil {
		alter(&v)
	}
	var all []call
	plain := x.again([]Visit{v}, i, false, func(w weighed) odds.Centibans {
		all = append(all, call{weighed: w})
		return w.weight
	})
	const heavier = 1000
	for n := range all {
		at := 0
		moved := x.again([]Visit{v}, i, false, func(w weighed) odds.Centibans {
			if at++; at-1 == n {
				return w.weight + heavier
			}
			return w.weight
		})
		was := weightsOf(&plain)
		for g, now := range weightsOf(&moved) {
			if *now.weight-*was[g].weight == heavier {
				all[n].group = now.name
				break
			}
		}
	}
	return all
}

// features returns the features that a call is about, and those that they are
// looked up given.
func (w *weighed) features() (of, given []int) {
	if w.given != nil {
		return w.given.features[:1], w.given.features[1:]
	}
	return w.table.features, nil
}

// parts splits a weight.
func (x *Examination) parts(v *Visit, w weighed) []Part {
	smooth := x.p.Attack.Smooth.Value
	if w.given != nil {
		of, context := w.features()
		p := x.part(of[0], v, w.own)
		for _, f := range context {
			p.Given = append(p.Given, x.fact(f, int(v.Outcome[f])))
		}
		p.Honest, p.Weight = w.given.share(v, smooth), w.weight
		return []Part{p}
	}
	var parts []Part
	var given []string
	attack, honest, sum := int64(odds.One), int64(odds.One), odds.Centibans(0)
	for n, f := range w.table.features {
		outcome := int(v.Outcome[f])
		p := x.part(f, v, w.own)
		if p.Attack < 0 { // the policy does not say: as among the honest
			attack = mulDiv(attack, w.table.marginal(n, outcome), million)
		} else {
			attack = mulDiv(attack, p.Attack, odds.One)
		}
		share := w.table.first(v, n+1, smooth)
		total := odds.Ratio(max(attack, 1), share)
		if n == len(w.table.features)-1 {
			total = w.weight
		}
		p.Given, p.Honest, p.Weight = append([]string(nil), given...), min(mulDiv(share, odds.One, max(honest, 1)), odds.One), total-sum
		parts = append(parts, p)
		given, honest, sum = append(given, x.fact(f, outcome)), share, total
	}
	return parts
}

// first is share for the first n features of a table, whatever the others show.
func (t *table) first(v *Visit, n int, smooth int64) int64 {
	if n == len(t.features) {
		return t.share(v, smooth)
	}
	at, size, independent := 0, len(t.cells), int64(odds.One)
	for i, f := range t.features[:n] {
		at, size = at*outcomes[f]+int(v.Outcome[f]), size/outcomes[f]
		independent = mulDiv(independent, t.marginal(i, int(v.Outcome[f])), million)
	}
	count := mulDiv(t.weight, independent, odds.One) + min(mulDiv(t.all+smooth, independent, odds.One), smooth)
	for _, c := range t.cells[at*size : (at+1)*size] {
		count += c
	}
	return max(1, mulDiv(count, odds.One, t.all+t.weight+smooth))
}

// part returns the part of a feature, without what was learnt of the honest.
func (x *Examination) part(f int, v *Visit, own int64) Part {
	j := x.record.judge
	p := Part{Name: FeatureNames[f], Label: label(f), Seen: x.words(f, int(v.Outcome[f])), Honest: -1, Attack: -1}
	if j.profile.expected[f] != nil {
		p.Attack = j.profile.share(f, v, own) * (odds.One / million)
	}
	return p
}

// fact returns an outcome with its feature.
func (x *Examination) fact(f, outcome int) string {
	return FeatureNames[f] + ": " + x.words(f, outcome)
}

// sharesOf returns the shares that a group of the policy has for a feature, by
// its name; nil for none.
func sharesOf(group any, f int) *policy.Shares {
	g := reflect.ValueOf(group).Elem()
	for n := range g.NumField() {
		if s, ok := g.Field(n).Addr().Interface().(*policy.Shares); ok && g.Type().Field(n).Tag.Get("yaml") == FeatureNames[f] {
			return s
		}
	}
	return nil
}

// words returns the words of the policy for an outcome.
func (x *Examination) words(f, outcome int) string {
	for _, group := range []any{&x.p.Attack, &x.p.Honest} {
		if s := sharesOf(group, f); s != nil {
			if words := strings.Split(s.Of, ","); outcome < len(words) {
				return strings.ReplaceAll(strings.TrimSpace(words[outcome]), "_", " ")
			}
		}
	}
	switch {
	case outcome == unknown:
		return "not known"
	case outcomes[f] == 2:
		return [...]string{"no", "yes"}[outcome&1]
	}
	return fmt.Sprint("outcome ", outcome)
}

// group makes a group of parts that add up to its weight: what is missing is
// named.
func (x *Examination) group(name string, weight odds.Centibans, parts []Part) Group {
	g := Group{name, weight, parts}
	sum := odds.Centibans(0)
	for _, p := range parts {
		sum += p.Weight
	}
	limited := sum > weight && weight > 0 || sum < weight && weight < 0
	most := odds.Centibans(x.p.Attack.CapEach.Value)
	switch {
	case sum == weight:
	case name == "conduct" && max(weight, -weight) < most:
		g.Parts = append(g.Parts, Part{Name: partQuiet, Label: "thieves like customers", Honest: -1, Attack: -1, Weight: weight - sum,
			Seen: "some thieves spend as customers do, so that this neither clears nor names by all of its weight"})
	case name == "visit" && sum > weight && max(weight, -weight) < most:
		g.Parts = append(g.Parts, Part{Name: partRouted, Label: "how the entry came", Honest: -1, Attack: -1, Weight: weight - sum,
			Seen: "the failures in that network and its being strange to the account are views of one thing: the weaker counts in part"})
	case limited:
		g.Parts = append(g.Parts, Part{Name: partLimit, Label: "limit", Honest: -1, Attack: -1, Weight: weight - sum,
			Seen: fmt.Sprintf("limited to %+d: no more may be made of one kind of evidence", weight)})
	default:
		g.Parts = append(g.Parts, Part{Name: partOther, Label: "not told apart", Honest: -1, Attack: -1, Weight: weight - sum})
	}
	return g
}

// silent returns the features that were not weighed, and why.
func (x *Examination) silent(i int, calls []call) []Silent {
	v := &x.Visits[i]
	heard := featuresOf(calls)
	ended := featuresOf(x.calls(i, func(v *Visit) { v.Open = false }))
	paid := featuresOf(x.calls(i, func(v *Visit) { v.Open, v.FirstCharge = false, max(v.FirstCharge, 1) }))
	var all []Silent
	for f := range int(numFeatures) {
		why := ""
		switch {
		case heard[f]:
			continue
		case v.Outcome[f] == unknown:
			why = "not known"
		case ended[f]:
			why = "the log ends too soon after the visit to tell"
		case paid[f]:
			why = "nothing was charged"
		default:
			continue // others are looked up given it
		}
		all = append(all, Silent{FeatureNames[f], label(f), why})
	}
	return all
}

// featuresOf returns the features that calls weigh, not those that they only
// look up others given.
func featuresOf(calls []call) (all [numFeatures]bool) {
	for _, c := range calls {
		of, _ := c.features()
		for _, f := range of {
			all[f] = true
		}
	}
	return all
}
