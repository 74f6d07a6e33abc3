package takeover

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// Findings are all visits of a log, weighed, and what they were weighed by.
type Findings struct {
	Visits  []Visit // by account, then time
	Sources *source.Map
	// Prior is the probability, in parts per billion, that a newcomer is an
	// attacker before any evidence on it; estimated from the log.
	Prior int64
	// Wrong is how many of the visits called probable or better are expected
	// to be honest after all, in thousandths.
	Wrong int64
	End   int64 // of the log, microseconds UTC
	// Accounts is how many accounts had a user.
	Accounts int64
}

// Search finds and weighs all visits. Progress, if not nil, is told how many
// rows were looked at since the last call.
func Search(ctx context.Context, log *event.Log, p *policy.Policy, workers int, progress func(rows int64)) (*Findings, error) {
	f := &Findings{}
	for i := range log.Sources {
		if t := log.Sources[i].Last; !t.IsZero() {
			f.End = max(f.End, t.UnixMicro())
		}
	}
	perPart := make([][]Visit, len(log.Parts))
	finders, err := event.Each(ctx, workers, len(log.Parts), func() *lookout {
		return &lookout{finder: finder{p: p, end: f.End, days: map[uint32]*histogram{}, tracer: source.NewTracer(len(log.Parts))}}
	}, func(l *lookout, part int) {
		l.part, l.visits = int32(part), nil
		baseline.Walk(&log.Parts[part], &l.account_, l.account)
		perPart[part] = l.visits
		if progress != nil {
			progress(int64(len(log.Parts[part].Logins) + len(log.Parts[part].Charges)))
		}
	})
	if err != nil {
		return nil, err
	}
	f.Visits = slices.Concat(perPart...)
	slices.SortFunc(f.Visits, compareVisits)
	tracers := make([]*source.Tracer, len(finders))
	days := map[uint32]*histogram{}
	var users []user
	for i, l := range finders {
		f.Accounts += l.accounts
		tracers[i] = l.tracer
		users = append(users, l.users...)
		for c, h := range l.days {
			if days[c] == nil {
				days[c] = &histogram{}
			}
			for b, n := range h {
				days[c][b] += n
			}
		}
	}
	if f.Sources, err = source.Survey(ctx, workers, log.Parts, tracers, &p.Source); err != nil {
		return nil, err
	}
	f.places(log)
	users = append(users, f.redescribe(log, p)...)
	price(f.Visits, days)
	f.Visits = slices.DeleteFunc(f.Visits, func(v Visit) bool { return v.idle() })
	f.judge(p, users)
	return f, nil
}

// A lookout is a finder with the account it looks at.
type lookout struct {
	finder
	account_ baseline.Account
}

// places sets what the failures around each entry say of it.
func (f *Findings) places(log *event.Log) {
	for i := range f.Visits {
		if v := &f.Visits[i]; v.Entry >= 0 {
			v.Place, _ = f.Sources.Weight(&log.Parts[v.Part].Logins[v.LoginAt+v.Entry])
		}
	}
}

// redescribe describes the visits of accounts that testers entered anew, as if
// the testers had not been there: the owner, when she comes back, is no stranger
// for coming after them. It returns the users of these accounts, some of whom
// are known as such already.
func (f *Findings) redescribe(log *event.Log, p *policy.Policy) []user {
	again := finder{p: p, end: f.End}
	var account baseline.Account
	var out []Visit
	f.byAccount(func(visits []Visit) {
		again.testers, again.visits = again.testers[:0], again.visits[:0]
		for i := range visits {
			if v := &visits[i]; int64(v.Place) >= p.Source.ReportScore.Value && !v.Paid {
				again.testers = append(again.testers, v.Actor)
				out = append(out, *v)
			}
		}
		if len(again.testers) == 0 {
			out = append(out, visits...)
			return
		}
		v := &visits[0]
		part := &log.Parts[v.Part]
		again.part = v.Part
		account.LoginAt, account.ChargeAt = int(v.LoginAt), int(v.ChargeAt)
		account.Read(part.Logins[v.LoginAt:v.LoginAt+v.Logins], part.Charges[v.ChargeAt:v.ChargeAt+v.Charges])
		again.describe(&account)
		out = append(out, again.visits...)
	})
	f.Visits = out
	f.places(log)
	slices.SortFunc(f.Visits, compareVisits)
	return again.users
}

func compareVisits(a, b Visit) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.First, b.First), cmp.Compare(a.Actor, b.Actor))
}

// inherit sets Breach of all visits: what the failures around their own entry,
// or an earlier one to the account, say of them. Lists are tested by some and
// used by others.
//
// That an account was entered does not say who of those who come later is the
// thief. Where the owner was there before, a newcomer after a breach probably
// is; where nobody was seen before, it may as well be the owner.
func (f *Findings) inherit(p *policy.Policy, prior odds.Centibans) {
	window := p.Entry.BreachWindow.Value * baseline.Second
	f.byAccount(func(visits []Visit) {
		for i := range visits {
			v := &visits[i]
			v.Breach = v.Place
			for j := range visits {
				w := &visits[j]
				if j == i || w.First > v.First || v.First-w.First > window {
					continue
				}
				weight := afterBreach(v, w, &p.Entry) - prior - v.unseen
				if w.Paid || w.Total < odds.Centibans(p.Verdict.Probable.Value) {
					// It is not certain that w broke in.
					weight = min(weight, w.Place+min(0, w.Visit))
				}
				v.Breach = max(v.Breach, weight)
			}
		}
	})
}

// afterBreach returns the odds that a newcomer v is the thief of an account
// that w broke into.
func afterBreach(v, w *Visit, p *policy.Entry) odds.Centibans {
	soon, seen := v.First-w.First <= p.SoonAfter.Value*baseline.Second, v.Outcome[Arrival] >= 2
	switch {
	case soon && seen:
		return odds.Centibans(p.SoonAfterBreach.Value)
	case seen:
		return odds.Centibans(p.AfterBreach.Value)
	case soon:
		return odds.Centibans(p.SoonUnseen.Value)
	}
	return odds.Centibans(p.AfterUnseen.Value)
}

// byAccount calls do with the visits of each account.
func (f *Findings) byAccount(do func(visits []Visit)) {
	for i := 0; i < len(f.Visits); {
		j := i + 1
		for j < len(f.Visits) && f.Visits[j].Account == f.Visits[i].Account {
			j++
		}
		do(f.Visits[i:j])
		i = j
	}
}

// judge weighs all visits: a fixed number of rounds in which the honest
// outcomes, the prior and the company are learnt from the verdicts so far.
func (f *Findings) judge(p *policy.Policy, users []user) {
	j := &judge{p: p, f: f, belief: make([]int64, len(f.Visits)),
		groups: devices(f.Visits, users), circles: circlesOf(f.Visits, &p.Spread)}
	for _, g := range j.groups {
		for _, i := range g.visits {
			f.Visits[i].Outcome[Sharing] = uint8(min(g.accounts-1, 2))
		}
	}
	for i := range j.belief {
		j.belief[i] = p.Verdict.PriorMin.Value
	}
	for range p.Spread.Rounds.Value + 1 {
		j.learn()
		j.weigh()
		f.inherit(p, odds.Ratio(j.prior, million-j.prior))
		j.company()
		j.total()
	}
	f.Prior = j.prior * 1000
	for i := range f.Visits {
		if v := &f.Visits[i]; v.Total >= odds.Centibans(p.Verdict.Probable.Value) {
			f.Wrong += (odds.One - v.Total.PPB()) / (odds.One / 1000)
		}
	}
}

// A judge weighs visits round by round.
type judge struct {
	p       *policy.Policy
	f       *Findings
	belief  []int64 // that a visit is an attacker's, parts per million
	prior   int64   // parts per million
	groups  []group
	circles []circle
	honest  struct{ relation, conduct, change, external, failed, reaction, session table }
}

const million = 1_000_000

// learn counts the honest outcomes and the prior.
func (j *judge) learn() {
	h := &j.honest
	*h = struct{ relation, conduct, change, external, failed, reaction, session table }{
		newTable(Arrival, Stay, Network, Sharing), newTable(Lag, Money, Drain, Sharing), newTable(Change), newTable(External),
		newTable(Failed), newTable(Reaction), newTable(Session)}
	var sum, n int64
	for i := range j.f.Visits {
		v, w := &j.f.Visits[i], (million-j.belief[i])/1000
		if !v.Open {
			h.relation.add(v, w)
		}
		if v.FirstCharge != 0 {
			h.conduct.add(v, w)
		}
		h.change.add(v, w)
		h.external.add(v, w)
		h.failed.add(v, w)
		h.reaction.add(v, w)
		h.session.add(v, w)
		sum += j.belief[i]
		n++
	}
	if n > 0 {
		j.prior = sum / n
	}
	j.prior = min(max(j.prior, j.p.Verdict.PriorMin.Value), j.p.Verdict.PriorMax.Value)
}

// weigh sets the weights of what a visit shows by itself.
func (j *judge) weigh() {
	h, a := &j.honest, &j.p.Attack
	limit := odds.Centibans(a.CapEach.Value)
	for i := range j.f.Visits {
		v := &j.f.Visits[i]
		v.Visit = j.weight(&h.reaction, v, &a.Reaction)
		v.unseen = 0
		if v.Outcome[Arrival] < 2 && !v.Open {
			v.unseen = min(0, j.marginal(&h.relation, 0, v, &a.Arrival))
			if v.Outcome[Arrival] == 0 && v.Outcome[Network] == 4 { // nobody to compare with
				v.unseen -= odds.Ratio(1000, a.Network.Permille[4])
			}
		}
		if v.Open {
			v.Visit += j.marginal(&h.relation, 2, v, &a.Network)
		} else {
			v.Visit += j.weight(&h.relation, v, &a.Arrival, &a.Stay, &a.Network, &a.Sharing)
		}
		v.Visit = odds.Clamp(v.Visit, -limit, limit)
		v.Conduct = 0
		if v.FirstCharge != 0 {
			// Given how the device is shared, which has been weighed already: on a
			// tablet in a shop everybody pays at once.
			v.Conduct = j.weight(&h.conduct, v, &a.Lag, &a.Money, &a.Drain, &a.Sharing) - j.marginal(&h.conduct, 3, v, &a.Sharing)
			v.Conduct = odds.Clamp(v.Conduct, -limit, limit)
		}
		means := j.weight(&h.change, v, &a.Change) + j.weight(&h.external, v, &a.External) +
			j.weight(&h.session, v, &a.Session) + j.weight(&h.failed, v, &a.Failed)
		v.Means = odds.Clamp(means, -limit, limit)
	}
}

// weight returns the weight of a visit's outcomes of the features of a table.
func (j *judge) weight(t *table, v *Visit, attack ...*policy.Shares) odds.Centibans {
	at := t.cell(v)
	if !t.known[at] {
		share := int64(odds.One)
		for n, s := range attack {
			share = share * s.Permille[v.Outcome[t.features[n]]] / 1000
		}
		t.weights[at], t.known[at] = odds.Ratio(max(share, 1), t.share(v, j.p.Attack.Smooth.Value)), true
	}
	return t.weights[at]
}

// marginal is weight for one feature of a table alone.
func (j *judge) marginal(t *table, n int, v *Visit, attack *policy.Shares) odds.Centibans {
	at := int(v.Outcome[t.features[n]])
	return odds.Ratio(attack.Permille[at]*million, t.marginal(n, at)*1000)
}

// total adds everything up and sets the belief in each visit.
func (j *judge) total() {
	prior := odds.Ratio(j.prior, million-j.prior)
	for i := range j.f.Visits {
		v := &j.f.Visits[i]
		v.Total = prior + v.Own() + v.Shared + v.Company
		j.belief[i] = v.Total.PPB() / 1000
	}
}

// Own returns the weight of what the visit shows by itself, without the prior
// and without what other accounts say.
func (v *Visit) Own() odds.Centibans { return v.deeds() + v.Visit }

// deeds returns the weight of how the visitor got in and what he did with
// money. That is what visits with one device tell of each other: how such a
// visitor comes and goes is in the nature of the device (a tablet in a shop has
// nothing but short visits of strangers) and says the same every time.
func (v *Visit) deeds() odds.Centibans {
	if v.Means > 0 { // two views of one thing
		return max(v.Breach, v.Means) + min(v.Breach, v.Means)/2 + v.Conduct
	}
	return v.Breach + v.Means + v.Conduct
}

// A table counts outcomes of features together, in thousandths of visits.
type table struct {
	features []int
	cells    []int64
	weights  []odds.Centibans // of cells that were asked for, once all is counted
	known    []bool
	sums     [4][]int64 // by feature
	all      int64
}

func newTable(features ...int) table {
	t := table{features: features}
	n := 1
	for i, f := range features {
		n *= outcomes[f]
		t.sums[i] = make([]int64, outcomes[f])
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
// million, smoothed by one visit for each outcome.
func (t *table) marginal(n, outcome int) int64 {
	return mulDiv(t.sums[n][outcome]+1000, million, t.all+1000*int64(len(t.sums[n])))
}

// share returns the share of a visit's outcomes, in parts per billion, shrunk
// towards what it would be if the features were independent.
func (t *table) share(v *Visit, smooth int64) int64 {
	independent := int64(odds.One)
	for n, f := range t.features {
		independent = mulDiv(independent, t.marginal(n, int(v.Outcome[f])), million)
	}
	count := mulDiv(t.cells[t.cell(v)], odds.One, t.all+smooth*1000)
	return max(1, count+mulDiv(independent, smooth*1000, t.all+smooth*1000))
}

// mulDiv returns a*b/c for non-negative a and b and positive c, without
// overflow on the way, and the greatest number where that is too much.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, 1<<63-1))
}
