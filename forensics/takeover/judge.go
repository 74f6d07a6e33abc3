package takeover

import (
	"math/bits"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// inherit sets Breach of all visits: what the failures around their own entry,
// or an earlier entry to the account, say of them. Lists are tested by some and
// used by others.
//
// That an account was entered does not say who of those who come later is the
// thief. Where the owner was there before, a newcomer after a breach probably
// is; where nobody was seen before, it may as well be the owner.
func (j *judge) inherit() {
	p := j.p
	prior := odds.Ratio(j.prior, million-j.prior)
	window := p.Entry.BreachWindow.Value * baseline.Second
	j.f.byAccount(func(visits []Visit) {
		for i := range visits {
			v := &visits[i]
			v.Breach = v.Place
			for n := i - 1; n >= max(0, i-maxCompared); n-- { // the earlier ones
				w := &visits[n]
				if v.First-w.First > window {
					break
				}
				v.Breach = max(v.Breach, j.after(v, w)-prior-v.unseen)
			}
		}
	})
}

// after returns the odds, before v's own evidence, that v is the thief of an
// account that w may have broken into.
func (j *judge) after(v, w *Visit) odds.Centibans {
	prior := odds.Ratio(j.prior, million-j.prior)
	broke := prior + w.Place + w.Listed + w.Means + w.Visit - w.react + w.Shared
	if w.tests() && v.Paid {
		// That somebody else comes and pays so soon is itself a sign: nobody
		// waits for honest newcomers.
		broke += j.followed(v, w)
	} else {
		broke = min(broke, prior+w.Place+w.Listed+min(0, w.Visit))
	}
	p := mulDiv(broke.PPB(), afterBreach(v, w, &j.p.Entry).PPB(), odds.One)
	return odds.Ratio(p, odds.One-p)
}

// tests reports whether a visit is like those that try whether a password is
// right: a short one without charges.
func (v *Visit) tests() bool { return !v.Paid && v.Outcome[Stay] < 2 }

// A follow counts visits like those that test passwords, in thousandths, and
// those of them after which another newcomer paid, by how soon.
type follow struct {
	all  int64
	paid [3]int64
}

// lag returns the outcome of Followed for two visits: at once, soon or later.
func (j *judge) lag(v, w *Visit) int {
	p := &j.p.Entry
	return 2 - int(step(w.First-v.First, -p.SoonAfter.Value*baseline.Second, -p.AtOnce.Value*baseline.Second))
}

// follows counts how often honest visits are followed.
func (j *judge) follows() {
	j.follow = follow{}
	window := j.p.Entry.BreachWindow.Value * baseline.Second
	for i := range j.f.Visits {
		w := &j.f.Visits[i]
		if !w.tests() {
			continue
		}
		honest := mulDiv(million-j.belief[i], j.counts[i], million)
		j.follow.all += honest
		for n := i + 1; n < len(j.f.Visits) && n <= i+maxCompared; n++ {
			v := &j.f.Visits[n]
			if v.Account != w.Account || v.First-w.First > window {
				break
			}
			if v.Paid {
				j.follow.paid[j.lag(v, w)] += mulDiv(honest, million-j.belief[n], million)
				break
			}
		}
	}
}

// followed returns the weight of w being followed by v, who pays.
func (j *judge) followed(v, w *Visit) odds.Centibans {
	lag, smooth := j.lag(v, w), j.p.Attack.Smooth.Value
	honest := mulDiv(j.follow.paid[lag]+smooth/2, odds.One, j.follow.all+smooth)
	attack := mulDiv(j.p.Entry.Followed.Permille[lag], odds.One, 1000)
	return odds.Clamp(odds.Ratio(attack, honest), 0, odds.Centibans(j.p.Attack.CapEach.Value))
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
// outcomes, the prior and the company are learnt from the verdicts so far. There
// are no verdicts in the first: it goes by what the policy expects. Would it
// learn from all newcomers instead, then in a log of few of them, in which the
// attack is a good part, what thieves do would pass as honest for good.
func (f *Findings) judge(p *policy.Policy, users []user) {
	j := &judge{p: p, f: f, belief: make([]int64, len(f.Visits)), counts: make([]int64, len(f.Visits)),
		groups: devices(f.Visits, users, &p.Entry)}
	j.circles = circlesOf(f.Visits, j.groups, &p.Spread)
	for i := range j.counts {
		j.counts[i] = 1000
	}
	for _, g := range j.groups {
		for _, i := range g.visits {
			j.counts[i] = min(1000, p.Spread.DeviceCounts.Value*1000/int64(len(g.visits)))
			v := &f.Visits[i]
			if v.Outcome[Sharing] = g.sharing(); v.Outcome[Sharing] == 2 {
				v.Outcome[Fixture] = 1
			}
		}
	}
	// The odds at its place are known of a visit before anything is learnt: where
	// the attack is much of what there is, it would else be learnt as honest.
	for i := range j.belief {
		j.belief[i] = p.Verdict.PriorMin.Value
		if v := &f.Visits[i]; v.place > 0 {
			j.belief[i] = max(j.belief[i], v.placeOdds.PPB()/1000)
		}
	}
	j.prior = p.Verdict.PriorMin.Value
	for round := range p.Spread.Rounds.Value + 1 {
		f.record.round(j)
		j.learn(round == 0)
		j.follows()
		j.weigh()
		j.inherit()
		j.company()
		j.total()
		j.estimate()
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
	counts  []int64 // how much a visit counts in what is learnt, in thousandths
	prior   int64   // parts per million
	groups  []group
	circles []circle
	honest  honest
	profile profile
	follow  follow
	own     int64 // how much the visit at hand counts in the profile

	watch func(w weighed) odds.Centibans // sees every weight, and may change it; nil for nobody
}

// An honest tells how often honest newcomers show what. Features that go
// together are counted together; where that would be too many cells for the
// newcomers of a log, one is counted given some of the others.
type honest struct {
	relation, stay, conduct, external, reaction, linking                  table
	network, unlike, shops, topups, pace, rhythm, change, failed, session given
}

func newHonest(p *policy.Honest) honest {
	refs := reference(p)
	table := func(features ...int) table { return newTable(refs, p.Reference.Value, features...) }
	given := func(features ...int) given { return newGiven(table(features...)) }
	return honest{
		relation: table(Arrival, Stay, Charged, Sharing), stay: table(Stay), network: given(Network, Arrival, Charged),
		conduct: table(Lag, Money, Drain, Fixture), unlike: given(Unlike, Money), shops: given(Shops, Arrival),
		topups: given(TopUps, Money, Stay), pace: given(Pace, TopUps, Stay), rhythm: given(Rhythm, Drain),
		change: given(Change, Arrival), external: table(External), linking: table(Linking), failed: given(Failed, Siege), reaction: table(Reaction),
		session: given(Session, Charged),
	}
}

// reference returns the shares that are expected of honest newcomers, in parts
// per thousand, before anything is learnt.
func reference(p *policy.Honest) (refs [numFeatures][]int64) {
	for f, s := range [numFeatures]*policy.Shares{
		Arrival: &p.Arrival, Stay: &p.Stay, Network: &p.Network, Lag: &p.Lag, Money: &p.Money, Drain: &p.Drain,
		Change: &p.Change, External: &p.External, Failed: &p.Failed, Reaction: &p.Reaction, Session: &p.Session,
		Sharing: &p.Sharing, Charged: &p.Charged, Unlike: &p.Unlike, Shops: &p.Shops, TopUps: &p.TopUps, Pace: &p.Pace,
		Fixture: &p.Fixture, Linking: &p.Linking, Rhythm: &p.Rhythm,
	} {
		if s != nil {
			refs[f] = s.Permille
		}
	}
	return refs
}

const million = 1_000_000

// learn counts the honest outcomes, or none of them where nothing is known yet.
func (j *judge) learn(nothing bool) {
	h := &j.honest
	*h = newHonest(&j.p.Honest)
	j.profile.learn(j)
	if nothing {
		return
	}
	j.f.idle.each(func(v *Visit, n int64) {
		h.relation.add(v, n*1000)
		h.stay.add(v, n*1000)
	})
	for o, n := range j.f.openers {
		v := Visit{}
		v.Outcome[Linking] = uint8(o)
		if n > 0 {
			h.linking.add(&v, n*1000)
		}
	}
	for i := range j.f.Visits {
		v, w := &j.f.Visits[i], mulDiv(million-j.belief[i], j.counts[i], million)
		if v.compared() {
			h.relation.add(v, w)
			h.stay.add(v, w)
			h.network.add(v, w)
		}
		if v.FirstCharge != 0 {
			h.conduct.add(v, w)
			h.unlike.add(v, w)
			h.shops.add(v, w)
			h.topups.add(v, w)
			h.pace.add(v, w)
			h.rhythm.add(v, w)
		}
		h.change.add(v, w)
		h.external.add(v, w)
		h.linking.add(v, w)
		h.failed.add(v, w)
		h.reaction.add(v, w)
		h.session.add(v, w)
	}
}

// estimate sets the prior to the share of attackers among newcomers that makes
// the evidence likeliest: where as many visits are expected to be attackers' as
// the evidence then says are.
func (j *judge) estimate() {
	lo, hi := j.p.Verdict.PriorMin.Value, j.p.Verdict.PriorMax.Value
	old := odds.Ratio(j.prior, million-j.prior)
	// How many visits have which total; beyond most, any prior leaves them certain.
	const most = 3 * odds.Limit
	var counts [2*most + 1]int64
	for i := range j.f.Visits {
		counts[odds.Clamp(j.f.Visits[i].Total, -most, most)+most]++
	}
	for range 20 {
		if hi-lo < 2 {
			break
		}
		prior := lo + (hi-lo)/2
		now := odds.Ratio(prior, million-prior)
		var sum int64
		for at, n := range counts {
			sum += n * ((odds.Centibans(at) - most - old + now).PPB() / 1000)
		}
		if sum > prior*(int64(len(j.f.Visits))+j.f.idle.all()) {
			lo = prior
		} else {
			hi = prior
		}
	}
	j.prior = lo
}

// weigh sets the weights of what a visit shows by itself.
func (j *judge) weigh() {
	h, a := &j.honest, &j.p.Attack
	prior := odds.Ratio(j.prior, million-j.prior)
	limit := odds.Centibans(a.CapEach.Value)
	for i := range j.f.Visits {
		v := &j.f.Visits[i]
		j.own = j.noted(i)
		// The odds at a place are no evidence where they are those of any newcomer.
		v.Place = odds.Clamp(v.placeOdds-prior, 0, v.place)
		v.react = j.weight(&h.reaction, v)
		v.Visit = v.react
		v.unseen = 0
		if v.Outcome[Arrival] < 2 && v.compared() {
			v.unseen = min(0, j.marginal(&h.relation, 0, v))
		}
		network := j.given(&h.network, v)
		if v.routed {
			// Where the entry came from and where the visitor is are one place.
			network -= max(0, min(network, v.Place)) * odds.Centibans(a.Routed.Value) / 1000
		}
		v.Visit += network
		if v.compared() {
			v.Visit += j.weight(&h.relation, v)
		} else if v.stays() {
			v.Visit += j.weight(&h.stay, v)
		}
		v.Visit = odds.Clamp(v.Visit, -limit, limit)
		v.Conduct = 0
		if v.FirstCharge != 0 {
			// On a tablet in a shop everybody pays at once.
			v.Conduct = j.spending(v)
			v.Conduct += j.given(&h.unlike, v) + j.given(&h.shops, v) +
				j.given(&h.topups, v) + j.given(&h.pace, v) + j.given(&h.rhythm, v)
			v.Conduct = odds.Clamp(v.Conduct.Unless(a.Quiet.Value), -limit, limit)
		}
		means := j.given(&h.change, v) + j.weight(&h.external, v) + j.weight(&h.linking, v) +
			j.given(&h.session, v) + j.given(&h.failed, v)
		v.Means = odds.Clamp(means, -limit, limit)
	}
}

// spending returns the weight of how soon, how much and how completely a
// visitor spends, given whether the device is one that serves many.
func (j *judge) spending(v *Visit) odds.Centibans {
	t := &j.honest.conduct
	return j.looked(t, v, func() int64 {
		share := mulDiv(j.attack(Lag, v), j.attack(Money, v), 1000) // in parts per billion
		share = mulDiv(share, j.attack(Drain, v), million)
		return mulDiv(share, t.marginal(3, int(v.Outcome[Fixture])), million) // of all honest visits that paid
	})
}

// weight returns the weight of a visit's outcomes of the features of a table.
func (j *judge) weight(t *table, v *Visit) odds.Centibans {
	return j.looked(t, v, func() int64 {
		share := int64(odds.One)
		for _, f := range t.features {
			share = mulDiv(share, j.attack(f, v), million)
		}
		return share
	})
}

// looked returns the weight of a visit's outcomes of the features of a table,
// given how to compute how often attackers show them, in parts per billion.
func (j *judge) looked(t *table, v *Visit, attack func() int64) odds.Centibans {
	at := t.cell(v)
	if j.own != 0 || !t.known[at] {
		w := odds.Ratio(max(attack(), 1), t.share(v, j.p.Attack.Smooth.Value))
		if j.own != 0 {
			return j.seen(weighed{table: t, weight: w, own: j.own}) // it is out of the count, and nobody else's
		}
		t.weights[at], t.known[at] = w, true
	}
	return j.seen(weighed{table: t, weight: t.weights[at], own: j.own})
}

// attack returns how often attackers show what a visit shows of a feature, in
// parts per million, the visit itself left out.
func (j *judge) attack(f int, v *Visit) int64 { return j.profile.share(f, v, j.own) }

// given returns the weight of one feature given others, 0 where it is unknown.
// It is the same for all visits of a cell that do not count in the profile
// themselves: what the profile tells apart, see class, is in the table.
func (j *judge) given(g *given, v *Visit) odds.Centibans {
	f := g.features[0]
	if v.Outcome[f] == unknown {
		return 0
	}
	w := weighed{given: g, own: j.own}
	at := g.cell(v)
	if j.own != 0 || !g.known[at] {
		w.weight = odds.Ratio(j.attack(f, v)*(odds.One/million), g.share(v, j.p.Attack.Smooth.Value))
		if j.own == 0 {
			g.weights[at], g.known[at] = w.weight, true
		}
	} else {
		w.weight = g.weights[at]
	}
	return j.seen(w)
}

// marginal is weight for one feature of a table alone.
func (j *judge) marginal(t *table, n int, v *Visit) odds.Centibans {
	f := t.features[n]
	return odds.Ratio(j.attack(f, v), t.marginal(n, int(v.Outcome[f])))
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
func (v *Visit) Own() odds.Centibans { return v.deeds() + v.Visit + v.Listed }

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
