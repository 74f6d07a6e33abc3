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
	locks []lock    // by account, then time
}

// A lock is when an account is closed to everybody, after too many failures,
// until its owner resets the password.
type lock struct {
	account uint64
	at      int64
}

// locksOf returns the locks of an account.
func (p *plan) locksOf(n uint64) []lock {
	i := sort.Search(len(p.locks), func(i int) bool { return p.locks[i].account >= n })
	j := i
	for j < len(p.locks) && p.locks[j].account == n {
		j++
	}
	return p.locks[i:j]
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
	bank    uint64 // the last one that was linked
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
	slices.SortFunc(p.locks, func(a, b lock) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.at, b.at))
	})
	return p
}

func (b *planner) plan() {
	b.makeSources()
	b.planTries()
	jobs := b.chooseEntries()
	b.chooseExecutors(jobs)
	b.skipTests(jobs)
	b.p.jobs = append(b.p.jobs, jobs...)
}

// begin and end of the testers' work.
func (b *planner) window() (from, to int64) {
	from = b.t.start + int64(b.a.StartDay*float64(day))
	return from, from + int64(b.a.Days*float64(day))
}

// A source is an address from which credentials are tested, with its stint.
type source struct {
	who   presence // device 0: another one for every try, unless bare
	bare  bool     // sends no device id
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
		s := source{tries: b.a.Tries / n}
		s.who, s.bare = b.machine()
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
// the service's app or a browser, under a device id of its own, a new one
// every time, or none.
func (b *planner) machine() (who presence, bare bool) {
	t, r, q := b.t, &b.r, &b.a.Habits
	abroad := r.chance(b.a.ForeignShare)
	switch u := r.next() >> 11; {
	case u < threshold(q.Servers):
		who.from = t.net.server(chooseISP(r, hosting, abroad, ""), r.next())
	case u < threshold(q.Servers+q.VPNExits):
		who.from = t.net.exit(chooseISP(r, hosting, abroad, ""), r.next())
	default:
		who.from = t.net.home(chooseISP(r, fixed, abroad, ""), r.next(), false, false)
	}
	who.agent = t.agents.at(t.agents.phone(r), int(b.a.StartDay), int(r.below(20)))
	if b.a.Vector == ExternalLogin || r.chance(q.WebAgents) {
		who.agent = t.agents.web(r)
	}
	if r.chance(q.OneDevice) {
		who.device = r.next()
	}
	if q.ScriptAgents > 0 && r.chance(q.ScriptAgents) {
		who.agent = t.agents.robot(r)
	}
	if q.NoDevice > 0 && r.chance(q.NoDevice) {
		who.device, bare = 0, true
	}
	return who, bare
}

// proxy returns the presence of one try through a residential proxy: a line of
// anybody's, a device id and a handset out of the hat. The app that it claims
// to be is of a version that was out on the first day of the attack.
func (t *town) proxy(r *rng, a *Attack) presence {
	abroad := r.chance(a.ForeignShare)
	who := presence{device: r.next(), agent: t.agents.at(t.agents.phone(r), int(a.StartDay), int(r.below(20)))}
	if r.chance(a.Habits.ProxyMobile) {
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
		j.untested = j.robs && a.Habits.Untested > 0 && r.chance(a.Habits.Untested)
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
	if b.a.Vector == BankLink {
		return t.nobody(j.account)
	}
	if at, _ := t.born(j.account); at+10*minute > j.entry {
		return false
	}
	if !j.robs && b.a.Shop == 0 {
		return true
	}
	p := t.person(j.account)
	switch {
	case b.a.Shop > 0 && !slices.Contains(p.favorite[:], int32(b.a.Shop)):
		return false
	case !j.robs:
		return true
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
		s, at := b.at(try)
		j.tester, j.entry = s.who, at+r.below(2*minute)
		if s.who.device == 0 && !s.bare {
			j.tester.device = r.next()
		}
	case a.Vector == Leak || a.Vector == SessionTheft || a.Vector == BankLink:
		// Nobody hurries, so nothing is shared.
		j.tester = t.proxy(r, a)
	default:
		j.tester = t.proxy(r, a)
		j.entry = b.rush(r, from, to)
	}
	if a.Vector == SessionTheft {
		j.untested = !r.chance(a.Habits.Phished)
		j.shows = uint8(r.pick([]int64{
			int64(1000 * (1 - a.Habits.ClonedDevice - a.Habits.HiddenDevice)), int64(1000 * a.Habits.ClonedDevice), int64(1000 * a.Habits.HiddenDevice),
		}))
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
func (b *planner) at(try int) (*source, int64) {
	for i := range b.sources {
		s := &b.sources[i]
		if try < s.tries || i == len(b.sources)-1 {
			return s, s.from + int64(try)*s.gap
		}
		try -= s.tries
	}
	return nil, 0 // there are sources
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
