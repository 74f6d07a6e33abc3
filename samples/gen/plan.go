package gen

import (
	"cmp"
	"slices"
	"sort"
)

// A plan is what the attackers will do, small and global: which accounts, when
// and from where. What comes of it is decided when the accounts are simulated.
type plan struct {
	jobs  []job     // by account
	mules []muleLeg // by mule, then time
	runs  []run     // failed tries
}

// jobsIn returns the jobs of accounts in [first, last).
func (p *plan) jobsIn(first, last uint64) []job {
	i := sort.Search(len(p.jobs), func(i int) bool { return p.jobs[i].account >= first })
	j := sort.Search(len(p.jobs), func(i int) bool { return p.jobs[i].account >= last })
	return p.jobs[i:j]
}

// mulesIn returns the transfers to mules in [first, last).
func (p *plan) mulesIn(first, last uint64) []muleLeg {
	i := sort.Search(len(p.mules), func(i int) bool { return p.mules[i].mule >= first })
	j := sort.Search(len(p.mules), func(i int) bool { return p.mules[i].mule >= last })
	return p.mules[i:j]
}

// A planner plans one attack.
type planner struct {
	t       *town
	a       *Attack
	number  int32
	r       rng
	taken   map[uint64]bool // accounts of all attacks
	sources []source
	mules   []uint64
	p       *plan
}

func planAttacks(t *town) *plan {
	p := &plan{}
	taken := map[uint64]bool{}
	for i := range t.w.Attacks {
		b := planner{
			t: t, a: &t.w.Attacks[i], number: int32(i), taken: taken, p: p,
			r: newRNG(t.w.Seed, streamPlan, uint64(i)),
		}
		b.plan()
	}
	slices.SortFunc(p.jobs, func(a, b job) int { return cmp.Compare(a.account, b.account) })
	slices.SortFunc(p.mules, func(a, b muleLeg) int {
		return cmp.Or(cmp.Compare(a.mule, b.mule), cmp.Compare(a.at, b.at), cmp.Compare(a.victim, b.victim))
	})
	return p
}

func (b *planner) plan() {
	b.makeSources()
	b.planTries()
	jobs := b.chooseEntries()
	b.chooseExecutors(jobs)
	b.p.jobs = append(b.p.jobs, jobs...)
}

// begin and end of the testers' work.
func (b *planner) window() (from, to int64) {
	from = b.t.start + int64(b.a.StartDay*float64(day))
	return from, from + int64(b.a.Days*float64(day))
}

// A source is an address from which credentials are tested, with its stint.
type source struct {
	who   presence // device 0: another one for every try
	from  int64
	gap   int64 // mean time between tries
	tries int
}

// makeSources hires the machines. Attacks with a source for every try have
// none here; see proxy.
func (b *planner) makeSources() {
	from, to := b.window()
	n := b.a.Sources
	for i := range n {
		s := source{who: b.machine(), tries: b.a.Tries / n}
		if i < b.a.Tries%n {
			s.tries++
		}
		// Scripts wait a second or two; none needs longer than a third of the
		// time, which is how stints of several sources come to overlap.
		s.gap = min(700_000+b.r.exp(2*second), (to-from)/3/int64(s.tries+1))
		s.from = b.r.between(from, max(to-s.gap*int64(s.tries+1)*5/4, from))
		b.sources = append(b.sources, s)
	}
}

// machine returns a tester's machine: a rented server, an exit of a VPN
// service that customers use as well, or a home line abroad. It claims to be
// the service's app, under a device id of its own or a new one every time.
func (b *planner) machine() presence {
	t, r := b.t, &b.r
	abroad := r.chance(b.a.ForeignShare)
	var who presence
	switch k := r.below(10); {
	case k < 5:
		who.from = t.net.server(chooseISP(r, hosting, abroad, ""), r.next())
	case k < 7:
		who.from = t.net.exit(chooseISP(r, hosting, abroad, ""), r.next())
	default:
		who.from = t.net.home(chooseISP(r, fixed, abroad, ""), r.next(), false, false)
	}
	who.agent = t.agents.at(t.agents.phone(r), int(b.a.StartDay), int(r.below(20)))
	if b.a.Vector == ExternalLogin || r.chance(0.2) {
		who.agent = t.agents.web(r)
	}
	if r.chance(0.4) {
		who.device = r.next()
	}
	return who
}

// proxy returns the presence of one try through a residential proxy: a line of
// anybody's, a device id and a handset out of the hat.
func (t *town) proxy(r *rng, foreign float64) presence {
	abroad := r.chance(foreign)
	who := presence{device: r.next(), agent: t.agents.at(t.agents.phone(r), int(r.below(60)), 0)}
	if r.chance(0.25) {
		isp := chooseISP(r, mobile, abroad, "")
		who.from = t.net.phone(isp, r.next())
		return who
	}
	who.from = t.net.home(chooseISP(r, fixed, abroad, ""), r.next(), r.chance(t.w.Rates.SharedLines), false)
	return who
}

// chooseEntries picks the accounts that the testers get into. The first
// Victims of them will be robbed and are people with something to take.
func (b *planner) chooseEntries() []job {
	a, r := b.a, &b.r
	var jobs []job
	for i := range max(a.Entered, a.Victims) {
		j := job{attack: b.number, robs: i < a.Victims}
		if j.robs {
			j.executor = a.Executors[i%len(a.Executors)]
		}
		for range 10_000 {
			try := b.test(&j)
			j.account = uint64(r.below(int64(b.t.w.Accounts)))
			if a.Vector == Spraying || a.Vector == ReverseBrute {
				// Who goes through a list gets into accounts on the list.
				j.account = b.t.tried(a, &run{attack: b.number}, try, r)
			}
			if b.suits(&j) {
				b.taken[j.account] = true
				jobs = append(jobs, j)
				break
			}
		}
	}
	return jobs
}

// suits reports whether a job can be done to its account.
func (b *planner) suits(j *job) bool {
	t := b.t
	if j.account >= uint64(t.w.Accounts) || b.taken[j.account] || int(j.account) < len(t.w.Cast) && t.w.Cast[j.account] != 0 {
		return false
	}
	if at, _ := t.born(j.account); at+10*minute > j.entry {
		return false
	}
	if !j.robs {
		return true
	}
	p := t.person(j.account)
	switch {
	case b.a.Vector == SessionTheft && (p.gap == 0 || p.gap > 4*day):
		return false
	case j.executor == BalanceOnly:
		return p.opening > 4000
	}
	from, _ := p.registered()
	return from != noFunding
}

// test decides when and from where an account is entered, and how many tries
// it took. It returns which of the attack's tries this one stands beside.
func (b *planner) test(j *job) (try int) {
	t, a, r := b.t, b.a, &b.r
	from, to := b.window()
	j.entry = r.between(from, to)
	try = int(r.below(int64(max(a.Tries, 1))))
	switch {
	case len(b.sources) > 0:
		j.tester, j.entry = b.at(try)
		j.entry += r.below(2 * minute)
	case a.Vector == Leak || a.Vector == SessionTheft:
		// Nobody hurries, so nothing is shared.
		j.tester = t.proxy(r, a.ForeignShare)
	default:
		j.tester = t.proxy(r, a.ForeignShare)
		j.entry = b.rush(r, from, to)
	}
	if j.tester.device == 0 {
		j.tester.device = r.next()
	}
	j.entry = min(j.entry, t.end-2*hour)
	switch a.Vector {
	case ListType, ListProxy:
		// eBookJapan: 49.6 % at the first try, 44.5 % at the second, 5 at
		// most (S81, S82).
		j.fails = int32(r.pick([]int64{496, 445, 40, 12, 7}))
	case BruteForce:
		j.fails = int32(r.between(150, 1200))
	}
	return try
}

// at returns from where and when a try is made, more or less.
func (b *planner) at(try int) (presence, int64) {
	for i := range b.sources {
		s := &b.sources[i]
		if try < s.tries || i == len(b.sources)-1 {
			return s.who, s.from + int64(try)*s.gap
		}
		try -= s.tries
	}
	return presence{}, 0
}

// rush returns a moment of a campaign through proxies: it goes up and down
// like the day of the customers, to be lost among them.
func (b *planner) rush(r *rng, from, to int64) int64 {
	at := r.between(from, to)
	moved := b.t.atHour(r, at-(at+japan)%day, false)
	if moved < from || moved >= to {
		return at
	}
	return moved
}
