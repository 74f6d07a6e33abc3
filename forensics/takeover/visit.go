// Package takeover finds the visits of strangers to accounts and weighs for
// each whether the visitor was the owner on a new device, or a thief.
//
// A visit is what one actor (see baseline) does in an account that others used
// before, or, when it is short, what its only actor does. Each visit is
// described by features with a few outcomes each. How often honest newcomers
// show an outcome is learnt from the log, all visits together, each counting
// by how likely it is honest; how often attackers do is stated in the policy.
// The logarithm of the ratio is the weight of the evidence. Features that go
// together (how a visitor arrives, how long he stays, over which network; how
// soon, how much and how completely he spends) are looked up together, so that
// one oddity is not counted three times.
//
// Weights are sums of whole numbers; nothing depends on the order of accounts.
package takeover

import (
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// The features of a visit. The comment of each lists its outcomes, from 0.
const (
	Arrival  = iota // sole actor · first of several · came and went · joined · the others fell silent
	Stay            // under 30 minutes · 6 hours · 2 days · 7 days · longer
	Network         // a home's address of another actor's · an operator · a country · none of these · unknown
	Lag             // first charge within 10 minutes of arrival · 1 hour · 6 hours · later
	Money           // a day's worth up to the 90th percentile of all days · 99th · 999th permille · above
	Drain           // topped up and spent seven tenths of it · topped up · not topped up · nor left anything
	Change          // no · the visitor reset or changed something about the time of entry
	External        // no · first external login of the account
	Failed          // tries in the day before, but for a typo or two: none · 1 or 2 · 3 to 9 · 10 and more
	Reaction        // none · reset or change by another actor within a week · within a day · chargeback
	Session         // own login · charges in a session begun by another device · charges and no login at all
	Sharing         // the device is seen in this account alone · in one other · in more · in more within days
	Charged         // no · yes
	Unlike          // the best day is within that of the others · three times as much · more · unknown
	Shops           // a shop in common with the others · none · unknown
	TopUps          // in an hour, declined or not: none or 1 · 2 · 3 and more
	Pace            // charges in an hour: 1 or 2 · 3 · 4 or 5 · 6 and more
	Fixture         // no · the device is in use for long and by many, like a tablet in a shop
	Siege           // no · strangers fail everywhere in the day before the entry
	Linking         // cards and bank accounts that could not be registered: none · 1 or 2 · 3 to 9 · 10 and more
	Rhythm          // of three outlays and more, topped up before less than a third · less than three in four · nearly all · unknown
	numFeatures
)

// unknown is, for some features, the outcome that says nothing.
const unknown = 255

// outcomes is how many outcomes each feature has.
var outcomes = [numFeatures]int{5, 5, 4, 4, 4, 4, 2, 2, 4, 4, 3, 4, 2, 3, 2, 3, 4, 2, 2, 4, 3}

// FeatureNames are the words used for features in reasons and explanations.
var FeatureNames = [numFeatures]string{"arrival", "stay", "network", "lag", "money", "drain",
	"change", "external", "failed", "reaction", "session", "sharing", "charged", "unlike", "shops", "topups", "pace", "fixture", "siege", "linking", "rhythm"}

// maxStores is how many shops of a visit are compared with others'.
const maxStores = 8

// maxCommon is how many addresses in common with other actors are looked at.
const maxCommon = 4

// A Visit is one stranger's time in one account.
type Visit struct {
	Account event.Key
	Actor   event.Key // its baseline key within the account
	Device  event.Key

	First, Last int64
	FirstCharge int64       // 0 without charges
	Entry       int32       // index of the entry in the account's logins, -1 for none
	Paid        bool        // there are charges, approved or not
	Row         event.Pos   // the first row of the account
	spot        source.Spot // of the entry
	Open        bool        // the log ends before it is known what became of the others
	Opened      bool        // the account is the visitor's own: nobody was there to be robbed of it

	Addr    event.Addr
	Agent   event.Key
	ASN     uint32
	Country event.Country
	Stores  [maxStores]event.Key

	Volume   int64 // minor units a day
	Currency uint32
	Outcome  [numFeatures]uint8

	// The weights of evidence, by group.
	Place   odds.Centibans // the failures around its own entry
	Breach  odds.Centibans // the same around an earlier entry of the account, or its own
	Listed  odds.Centibans // what others listed of it; 0 or more
	Visit   odds.Centibans // arrival, stay, network, sharing and reaction
	Conduct odds.Centibans // lag, money, drain, and how unlike the others that is
	Means   odds.Centibans // change, external, failed, session
	Shared  odds.Centibans // what other accounts on the device add
	Company odds.Centibans // shops, address, agent, hour shared with others
	Total   odds.Centibans // all of these and the prior

	// unseen is the part of Visit, 0 or less, that stands for nobody having
	// been seen in the account before. The odds after a breach know of that.
	unseen odds.Centibans
	// place is the most that Place may be, placeOdds the odds that an entry from
	// there is the attacker's.
	place, placeOdds odds.Centibans
	routed           bool // Place is that of an address, a network or an operator
	// common are addresses in common with other actors, network is the outcome
	// of Network if none of them is a home's.
	common  [maxCommon]event.Addr
	network uint8
	react   odds.Centibans // the part of Visit that is the owner's reaction
	latest  bool           // nobody was seen in the account later
}

// A finder collects the visits of one worker.
type finder struct {
	p     *policy.Policy
	end   int64 // of the log
	trail trail
	found
	// testers are the actors of the account at hand that came from an attack
	// source and charged nothing; none when visits are described first.
	testers []event.Key
}

// A found is what a finder found.
type found struct {
	visits   []Visit
	users    []user
	days     map[uint32]*histogram
	tracer   *source.Tracer
	accounts int64   // that had a user
	openers  openers // who are no visitors
}

// An openers counts those who opened an account, by Linking.
type openers [maxOutcomes]int64

// manyGuesses is how many cards and bank accounts cannot be registered before
// somebody who opened an account is looked at: people mistype once or twice.
const manyGuesses = 3

// linking returns the outcome of Linking.
func linking(x *baseline.Actor) uint8 { return step(int64(x.Guesses), 1, manyGuesses, 10) }

// A user says that a device is used in an account by someone who is no visitor.
type user struct{ device, account event.Key }

// account looks at one account.
func (f *finder) account(a *baseline.Account) {
	f.tracer.Account(a)
	f.spending(a)
	if len(a.Actors) > 0 {
		f.accounts++
	}
	f.describe(a)
}

// compared reports whether how the visitor came and stays can be held against
// what newcomers do: the log goes on, and the account is somebody else's.
func (v *Visit) compared() bool { return !v.Open && !v.Opened }

// stays reports whether a visit that goes on to the end of the log is longer already
// than is told apart: that much is known of it, whatever comes.
func (v *Visit) stays() bool { return v.Open && !v.Opened && int(v.Outcome[Stay]) == outcomes[Stay]-1 }

// describe collects the visits of an account.
func (f *finder) describe(a *baseline.Account) {
	first := true // actors are in the order of their first row
	f.trail.read = false
	for i := range a.Actors {
		x := &a.Actors[i]
		if f.isTester(x) {
			continue
		}
		short := x.Last-x.First < f.p.Entry.ShortStay.Value*baseline.Second
		stranger := (!first || short) && !x.Opened || x.Opened && x.Guesses >= manyGuesses
		if x.Opened && !stranger {
			f.openers[linking(x)]++
		}
		first = false
		if x.Device != 0 && !stranger {
			f.users = append(f.users, user{x.Device, a.Key})
		}
		if stranger && !f.onlyTaught(a, x) {
			f.visit(a, i)
		}
	}
}

// isTester reports whether an actor is known to be one who tried a list and
// happened to get in. Nobody is a stranger for coming after a tester, and
// nobody at home for having the tester's address.
func (f *finder) isTester(x *baseline.Actor) bool {
	return slices.Contains(f.testers, x.Key)
}

// idle reports whether a visit says nothing: somebody was there once, paid
// nothing, came from nowhere in particular, and nobody else was ever there.
func (v *Visit) idle() bool {
	return v.Outcome[Arrival] == 0 && !v.Paid && v.Place == 0 && v.Listed == 0 && v.Outcome[Linking] < 2
}

// An idle counts visits that say nothing, by Stay. They are honest, and belong
// to what is learnt of honest newcomers: that somebody came and did nothing
// must not look rarer than it is.
type idle [maxOutcomes]int64

func (n *idle) add(v *Visit) { n[v.Outcome[Stay]]++ }

func (n *idle) all() (sum int64) {
	for _, c := range n {
		sum += c
	}
	return sum
}

// each calls do with a visit of each kind and how many there are.
func (n *idle) each(do func(v *Visit, count int64)) {
	for stay, count := range n {
		v := Visit{}
		v.Outcome[Stay] = uint8(stay)
		do(&v, count)
	}
}

// onlyTaught reports whether an actor is known from history alone.
func (f *finder) onlyTaught(a *baseline.Account, x *baseline.Actor) bool {
	if x.Charges+x.Declined > 0 {
		return false
	}
	for i := range a.Logins {
		if by := a.LoginBy[i]; by != baseline.Nobody && &a.Actors[by] == x && !a.Logins[i].History() {
			return false
		}
	}
	return true
}

// visit describes the visit of actor i.
func (f *finder) visit(a *baseline.Account, i int) {
	x := &a.Actors[i]
	v := Visit{
		Account: a.Key, Actor: x.Key, Device: x.Device,
		First: x.First, Last: x.Last, FirstCharge: x.FirstCharge, Entry: x.Entry,
		Paid: x.Charges+x.Declined > 0, Agent: x.Agent, Currency: x.Currency,
		Volume: max(x.TopUps, x.Spent) / int64(max(x.Days, 1)), Opened: x.Opened,
	}
	v.Row = a.FirstRow()
	copy(v.Stores[:], x.Stores.Values())
	if x.Entry >= 0 {
		l := &a.Logins[x.Entry]
		v.Addr, v.ASN, v.Country, v.spot = l.Addr, l.ASN, l.Country, source.SpotOf(l)
	} else if len(x.Addrs.Values()) > 0 {
		v.Addr = x.Addrs.Values()[0]
	}
	if !f.trail.read {
		f.trail.of(a)
		f.trail.presence(a, f.isTester)
	}
	f.relate(a, i, &v)
	f.conduct(a, i, &v)
	f.means(a, i, &v)
	f.visits = append(f.visits, v)
}

// relate sets how the visitor stands to the other actors.
func (f *finder) relate(a *baseline.Account, i int, v *Visit) {
	x := &a.Actors[i]
	others, before, during, after := f.trail.others(a, i)
	v.network = unknown
	best, charges, shops, shared := int64(0), int32(0), int32(0), false
	for n := max(0, i-maxCompared); n < min(len(a.Actors), i+maxCompared); n++ {
		o := &a.Actors[n]
		if n == i || f.isTester(o) {
			continue
		}
		v.network = min(v.network, relation(x, o))
		v.meet(x, o)
		if o.Charges > 0 {
			if o.Currency == x.Currency {
				best = max(best, o.BestDay)
				charges += o.Charges
			}
			if o.Stores.Len() > 0 {
				shops += o.Charges
			}
			shared = shared || x.Stores.Meets(&o.Stores)
		}
	}
	v.latest = !after
	v.endsAt(f.end, f.p)
	switch {
	case others == 0:
		v.Outcome[Arrival] = 0
	case !before:
		v.Outcome[Arrival] = 1
	case after:
		v.Outcome[Arrival] = 2
	case during:
		v.Outcome[Arrival] = 3
	default:
		v.Outcome[Arrival] = 4
	}
	v.Outcome[Network] = v.network
	if v.common[0] != 0 {
		v.Outcome[Network] = 0
	}
	v.Outcome[Stay] = step(x.Last-x.First, baseline.Hour/2, 6*baseline.Hour, 2*baseline.Day, 7*baseline.Day)
	v.Outcome[Reaction] = f.reaction(a, i)
	switch {
	case best == 0 || charges < knownCharges || x.BestDay == 0:
		v.Outcome[Unlike] = unknown
	case x.BestDay > 3*best:
		v.Outcome[Unlike] = 2
	case x.BestDay > best:
		v.Outcome[Unlike] = 1
	}
	switch {
	case shops < knownCharges || x.Stores.Len() == 0:
		v.Outcome[Shops] = unknown
	case !shared:
		v.Outcome[Shops] = 1
	}
}

// endsAt sets Open, given the end of the log.
func (v *Visit) endsAt(end int64, p *policy.Policy) {
	v.Open = v.latest && end-v.Last < p.Entry.OpenEnd.Value*baseline.Second
}

// knownCharges is how many charges of the others make them known: of what
// somebody does, one or two say little.
const knownCharges = 3

// maxCompared is with how many actors before and after him a visitor is
// compared in detail.
const maxCompared = 32

// relation returns the outcome of Network for two actors, addresses apart.
func relation(x, o *baseline.Actor) uint8 {
	switch {
	case x.ASNs.Meets(&o.ASNs):
		return 1
	case x.Countries.Meets(&o.Countries):
		return 2
	case x.Countries.Len() > 0 && o.Countries.Len() > 0:
		return 3
	}
	return unknown
}

// meet notes the addresses that the visitor has in common with another actor.
func (v *Visit) meet(x, o *baseline.Actor) {
	for _, addr := range x.Addrs.Values() {
		if o.Addrs.Has(addr) && !slices.Contains(v.common[:], addr) {
			if free := slices.Index(v.common[:], 0); free >= 0 {
				v.common[free] = addr
			}
		}
	}
}

// step returns how many of the bounds v reaches.
func step(v int64, bounds ...int64) uint8 {
	n := uint8(0)
	for _, b := range bounds {
		if v >= b {
			n++
		}
	}
	return n
}

// reaction returns what the others did when the visitor was gone.
func (f *finder) reaction(a *baseline.Account, i int) uint8 {
	x := &a.Actors[i]
	if f.trail.disputed[i] {
		return 3
	}
	until := x.Last + f.p.Entry.ReactWindow.Value*baseline.Second
	for _, n := range window(f.trail.changes, a.Logins, x.First, until) {
		switch l := &a.Logins[n]; {
		case a.LoginBy[n] == int16(i):
		case l.Time <= x.Last+baseline.Day:
			return 2
		default:
			return 1
		}
	}
	return 0
}

func isChange(a event.Action) bool {
	return a == event.PasswordReset || a == event.PasswordChange || a == event.EmailChange
}

// conduct sets what the visitor did with money, but for Money, which needs to
// know what everybody does in a day.
func (f *finder) conduct(a *baseline.Account, i int, v *Visit) {
	x := &a.Actors[i]
	if x.Charges == 0 {
		return
	}
	v.Outcome[Charged] = 1
	v.Outcome[TopUps] = step(int64(x.BurstTopUps), 2, 3)
	v.Outcome[Pace] = step(int64(x.Burst), 3, 4, 6)
	v.Outcome[Lag] = step(x.FirstCharge-x.First, 10*baseline.Second*60, baseline.Hour, 6*baseline.Hour)
	switch {
	case x.Outlays < knownCharges || x.TopUps == 0: // that nothing was topped up is in Drain
		v.Outcome[Rhythm] = unknown
	case 4*x.Fed >= 3*x.Outlays:
		v.Outcome[Rhythm] = 2
	case 3*x.Fed >= x.Outlays:
		v.Outcome[Rhythm] = 1
	}
	switch {
	case x.TopUps == 0 && f.trail.emptied[i]:
		v.Outcome[Drain] = 3
	case x.TopUps == 0:
		v.Outcome[Drain] = 2
	case x.Spent < x.TopUps/10*7:
		v.Outcome[Drain] = 1
	}
}

// manyTypos is how many failures of a device, before it got in, are tries:
// people mistype once or twice.
const manyTypos = 3

// maxChanges is how many resets and changes about an entry are looked at.
const maxChanges = 64

// means sets how the visitor got in.
func (f *finder) means(a *baseline.Account, i int, v *Visit) {
	x := &a.Actors[i]
	t := &f.trail
	near := f.p.Entry.ChangeWindow.Value * baseline.Second
	changes := window(t.changes, a.Logins, x.First-near+1, x.First+near-1)
	for _, n := range changes[:min(len(changes), maxChanges)] {
		// The visitor's own, or one shortly before him by somebody who was new
		// as well; what comes after him is the owner's reaction.
		by := a.LoginBy[n]
		new := by == baseline.Nobody || by != 0 && a.Actors[by].First > x.First-near
		if by == int16(i) || new && a.Logins[n].Time <= x.First {
			v.Outcome[Change] = 1
			break
		}
	}
	v.Outcome[Linking] = linking(x)
	failed := t.failuresBetween(a, x.First-baseline.Day, x.First)
	if t.own[i] >= manyTypos {
		failed += t.own[i]
	}
	v.Outcome[Failed] = step(failed, 1, 3, 10)
	if x.Entry >= 0 && a.Logins[x.Entry].Action == event.ExternalLogin && !t.externalBefore(a, x.First, int16(i)) {
		v.Outcome[External] = 1
	}
	switch {
	case t.borrowed[i]:
		v.Outcome[Session] = 1
	case x.Charges+x.Declined > 0 && x.Successes == 0 && t.entered && v.Outcome[Arrival] >= 2:
		v.Outcome[Session] = 2
	}
}
