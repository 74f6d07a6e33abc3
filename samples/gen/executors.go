package gen

import (
	"cmp"
	"slices"
)

// chooseExecutors decides who robs whom, when, and in which shops.
func (b *planner) chooseExecutors(jobs []job) {
	var crew []*job
	actor := int32(0)
	for i := range jobs {
		j := &jobs[i]
		if !j.robs {
			continue
		}
		b.equip(j)
		if j.executor == CrewPhones || j.executor == StoreStaff {
			crew = append(crew, j)
			continue
		}
		actor++
		j.actor = actor
		j.hand = b.newHand(j.executor)
		j.at = b.ready(j)
		j.stores = b.shops(j.executor, &b.r)
		if j.executor == Mules {
			b.sendToMules(j)
		}
	}
	slices.SortFunc(crew, func(x, y *job) int {
		return cmp.Or(cmp.Compare(x.executor, y.executor), cmp.Compare(x.entry, y.entry), cmp.Compare(x.account, y.account))
	})
	for len(crew) > 0 {
		n := 1
		size := b.a.PerPhone + int(b.r.below(3)) - 1
		for n < len(crew) && n < max(size, 1) && crew[n].executor == crew[0].executor {
			n++
		}
		actor++
		b.tour(crew[:n], actor)
		crew = crew[n:]
	}
}

// equip decides how much an executor takes and how.
func (b *planner) equip(j *job) {
	r := &b.r
	j.budget = max((r.around(b.a.Loss, 100)+500)/1000*1000, 3000)
	if b.a.MostLoss > 0 {
		j.budget = min(j.budget, b.a.MostLoss)
	}
	j.atCap = r.chance(b.a.AtCap)
	j.direct = j.executor == FreshDevice && b.t.person(j.account).card != 0 && r.chance(b.a.Habits.Direct)
}

// skipTests lets executors be the first in the accounts that nobody tested.
func (b *planner) skipTests(jobs []job) {
	for i := range jobs {
		j := &jobs[i]
		if j.robs && (j.untested || b.a.Vector == BankLink) {
			j.untested = true
			j.entry = j.at
		}
		if b.a.Vector == BankLink {
			j.bank = b.strangersBank()
		}
	}
}

// strangersBank returns the token of a bank account of somebody who is no
// customer; some are linked by several wallets.
func (b *planner) strangersBank() uint64 {
	if b.bank == 0 || !b.r.chance(0.15) {
		b.bank = b.r.next() | 1<<63
	}
	return b.bank
}

// newHand returns an executor's device and network.
func (b *planner) newHand(e Executor) presence {
	t, r := b.t, &b.r
	who := presence{device: r.next(), agent: t.agents.at(t.agents.phone(r), int(b.a.StartDay), int(r.exp(4)))}
	switch {
	case e == FromAbroad && r.chance(b.a.Habits.ForeignExits):
		who.from.isp = chooseISP(r, hosting, true, "")
	case e == FromAbroad:
		who.from.isp = chooseISP(r, fixed, true, "")
	case r.chance(b.a.Habits.FixedLine):
		who.from.isp = chooseISP(r, fixed, false, "")
	default:
		who.from.isp = chooseISP(r, mobile, false, "")
	}
	return who
}

// ready returns when an executor has the credentials and is awake.
func (b *planner) ready(j *job) int64 {
	r := &b.r
	lag := min(max(r.around(b.a.Lag.Microseconds(), 150), 3*minute), 30*hour)
	at := j.entry + lag
	if h := hourOf(at); h >= 2 && h < 7 && r.chance(b.a.Habits.SleepIn) {
		at += int64(8-h)*hour + r.below(3*hour)
	}
	if j.executor == StoreStaff {
		// The late shift: on 7pay from 22:00 to 00:45 (S5).
		at += (22*hour-(at+japan)%day+day)%day + r.below(2*hour)
	}
	if latest := b.t.end - hour; at > latest {
		at = r.between(min(j.entry+3*minute, latest), latest)
	}
	return at
}

// shops returns where an executor spends. The shops are busy ones: whoever
// sells what can be sold on has many customers.
func (b *planner) shops(e Executor, r *rng) [3]int32 {
	var s [3]int32
	for i := range s {
		s[i] = b.t.stores.busy(r, max(b.t.w.Stores/4, 12))
		if e == FromAbroad {
			s[i] = b.t.stores.web(r)
		}
	}
	if e == StoreStaff {
		s[1], s[2] = s[0], s[0]
	}
	return s
}

// tour sends one phone through several accounts, one after the other, from
// shop to shop.
func (b *planner) tour(jobs []*job, actor int32) {
	r := &b.r
	hand := b.newHand(jobs[0].executor)
	round := b.shops(jobs[0].executor, r)
	if jobs[0].executor == StoreStaff {
		hand.from.isp = chooseISP(r, mobile, false, "")
	}
	for _, j := range jobs {
		j.at = b.ready(j)
	}
	slices.SortStableFunc(jobs, func(x, y *job) int { return cmp.Compare(x.at, y.at) })
	free := int64(0)
	for i, j := range jobs {
		j.hand, j.actor = hand, actor
		if j.at < free {
			j.at = min(free, b.t.end-30*minute)
		}
		j.until = j.at + 8*minute + r.exp(18*minute)
		free = j.until + r.between(90*second, 12*minute)
		// The next stop is round the corner.
		j.stores = [3]int32{round[i%3], round[(i+1)%3], round[i%3]}
		if i%3 == 2 && jobs[0].executor == CrewPhones {
			round = b.shops(CrewPhones, r)
		}
	}
}

// accountsPerMule is how many robbed accounts feed one mule.
const accountsPerMule = 5

// sendToMules plans the transfers out of an account.
func (b *planner) sendToMules(j *job) {
	t, r := b.t, &b.r
	if int(j.actor)%accountsPerMule == 1 || len(b.mules) == 0 {
		if n, ok := b.newMule(j.entry); ok {
			b.mules = append(b.mules, n)
		}
	}
	if len(b.mules) == 0 {
		return
	}
	mule := b.mules[len(b.mules)-1]
	at := j.at + r.between(20*second, 3*minute)
	for left := j.budget; left >= 1000; {
		s := muleLeg{victim: j.account, mule: mule, topup: at, amount: min(left, t.w.TopupCap)}
		s.amount = s.amount / 1000 * 1000
		s.at = at + r.between(30*second, 5*minute)
		if s.at >= t.end {
			break
		}
		at = s.at + r.between(10*second, 2*minute)
		left -= s.amount
		j.sends = append(j.sends, s)
		b.p.mules = append(b.p.mules, s)
	}
}

// newMule finds an account whose owner lets thieves use it.
func (b *planner) newMule(before int64) (mule uint64, ok bool) {
	for range 10_000 {
		n := uint64(b.r.below(int64(b.t.w.Accounts)))
		p := b.t.person(n)
		if !b.taken[n] && p.gap > 0 && p.begin < before {
			b.taken[n] = true
			return n, true
		}
	}
	return 0, false
}
