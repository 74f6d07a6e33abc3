package takeover

import "github.com/paytriage/paytriage/forensics/policy"

// A profile tells how often attackers of this log show what. The policy says
// what attackers do in general; those who were found say what these do: some
// empty wallets within minutes, others take little for days. What is learnt of
// them raises others who do the same. It is bounded, so that a few mistakes do
// not become a rule, and no visit counts for itself.
//
// How attackers come and stay is counted apart for those who charge and those
// who only test.
type profile struct {
	expected [numFeatures][]int64 // by the policy, in parts per thousand; nil for none
	weight   int64                // how many visits that is worth, in thousandths
	limit    int64                // how many times as much, or as little, may be learnt
	counts   [numFeatures][2][maxOutcomes]int64
	all      [numFeatures][2]int64
}

// maxOutcomes is the most outcomes that a feature has.
const maxOutcomes = 5

// expectations returns the shares of a policy that are expected of attackers.
func expectations(p *policy.Attack) [numFeatures][]int64 {
	return [numFeatures][]int64{
		Arrival: p.Arrival.Permille, Stay: p.Stay.Permille, Network: p.Network.Permille, Lag: p.Lag.Permille,
		Money: p.Money.Permille, Drain: p.Drain.Permille, Change: p.Change.Permille, External: p.External.Permille,
		Failed: p.Failed.Permille, Reaction: p.Reaction.Permille, Session: p.Session.Permille, Sharing: p.Sharing.Permille,
		Charged: p.Charged.Permille, Unlike: p.Unlike.Permille, Shops: p.Shops.Permille, TopUps: p.TopUps.Permille,
		Pace: p.Pace.Permille, Linking: p.Linking.Permille, Rhythm: p.Rhythm.Permille,
	}
}

// class returns which of the two counts of a feature a visit belongs to.
func class(f int, v *Visit) int {
	switch f {
	case Arrival, Stay, Network, Sharing:
		return int(v.Outcome[Charged])
	}
	return 0
}

// noted returns how much visit i counts in the profile, in thousandths: not at
// all unless it is surer than the policy asks for.
func (j *judge) noted(i int) int64 {
	if j.belief[i] < j.p.Attack.ProfileSure.Value {
		return 0
	}
	return j.belief[i] * j.counts[i] / million
}

// learn counts what the attackers found so far do.
func (p *profile) learn(j *judge) {
	*p = profile{expected: expectations(&j.p.Attack), weight: j.p.Attack.ProfileWeight.Value * 1000, limit: j.p.Attack.ProfileLimit.Value}
	for i := range j.f.Visits {
		w := j.noted(i)
		if w == 0 {
			continue
		}
		v := &j.f.Visits[i]
		for f := range p.expected {
			if o := v.Outcome[f]; p.expected[f] != nil && o != unknown && p.speaks(f, v) {
				p.counts[f][class(f, v)][o] += w
				p.all[f][class(f, v)] += w
			}
		}
	}
}

// speaks reports whether a visit is one of those that a feature is weighed of.
func (p *profile) speaks(f int, v *Visit) bool {
	switch f {
	case Arrival, Stay, Network, Sharing, Charged:
		return v.compared() // others may still come and go
	case Lag, Money, Drain, Unlike, Shops, TopUps, Pace, Rhythm:
		return v.FirstCharge != 0
	}
	return true
}

// share returns how often attackers show the outcome of a feature that a visit
// shows, in parts per million; own is how much the visit itself was counted.
func (p *profile) share(f int, v *Visit, own int64) int64 {
	o, c := v.Outcome[f], class(f, v)
	expected := p.expected[f][o] * (million / 1000)
	if !p.speaks(f, v) {
		own = 0
	}
	count, all := max(0, p.counts[f][c][o]-own), max(0, p.all[f][c]-own)
	share := mulDiv(count, million, all+p.weight) + mulDiv(p.weight, expected, all+p.weight)
	return min(max(share, expected/p.limit, 1), expected*p.limit, million)
}
