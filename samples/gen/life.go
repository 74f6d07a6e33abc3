package gen

// A handset is a device that the owner uses, with the session on it.
type handset struct {
	device, session uint64
	until           int64 // the session is good before
	from            addr
	agent           uint16
}

// The owner's devices.
const (
	mainSet   = iota // the phone
	secondSet        // a tablet or PC beside it
	shopSet          // the tablet of a shop
	numSets
)

// A life is one account being simulated: its tasks in order of time, its
// wallet, and its book. One value serves one account after the other.
type life struct {
	t    *town
	plan *plan
	c    *clerk

	n      uint64
	id     []byte
	p      person
	r      rng
	tasks  agenda
	now    int64
	sets   [numSets]handset
	wallet int64
	// reserved is the part of the wallet that is promised to a transfer whose
	// other side has been written already.
	reserved  int64
	book      []entry
	names     uint64 // devices, sessions and transactions named so far
	ownerRows int    // rows of the owner's that are in the logs
	shown     Lookalike
	forgot    bool // the password, at the next login
	bookStale bool // the account-book service has an old password

	theft theft
	mules []muleLeg
	links []transfer
}

func newLife(t *town, p *plan, c *clerk) *life { return &life{t: t, plan: p, c: c} }

// liveUnit simulates a unit of accounts.
func (l *life) liveUnit(first uint64) {
	last := min(first+accountsPerUnit, uint64(l.t.w.Accounts))
	jobs := l.plan.jobsIn(first, last)
	mules := l.plan.mulesIn(first, last)
	for n := first; n < last; n++ {
		var j *job
		if len(jobs) > 0 && jobs[0].account == n {
			j, jobs = &jobs[0], jobs[1:]
		}
		k := 0
		for k < len(mules) && mules[k].mule == n {
			k++
		}
		l.live(n, j, mules[:k])
		mules = mules[k:]
	}
}

// live simulates one account, and writes the truth about it at the end.
func (l *life) live(n uint64, j *job, mules []muleLeg) {
	t := l.t
	l.n = n
	l.p = t.person(n)
	l.links = t.transfers(n, &l.p, l.links[:0])
	if l.p.gap == 0 && j == nil && len(mules) == 0 && len(l.links) == 0 && l.p.book == 0 {
		return
	}
	l.id = t.appendAccount(l.id[:0], n)
	l.r = newRNG(t.w.Seed, streamLife, n)
	l.tasks.reset()
	l.wallet, l.reserved = l.p.opening, 0
	if j != nil && j.bank != 0 {
		l.wallet = 0 // a new wallet, opened by a thief
	}
	l.book = l.book[:0]
	l.names, l.ownerRows, l.shown = 0, 0, 0
	l.forgot, l.bookStale = false, false
	l.theft = theft{}
	if j != nil {
		own := *j // the plan stays as it is
		l.theft.job = &own
	}
	l.mules = mules
	l.c.begin(n)
	l.unpack()
	l.schedule()
	for len(l.tasks.tasks) > 0 {
		next := l.tasks.pop()
		if next.at >= t.end {
			break
		}
		l.now = next.at
		l.perform(next)
	}
	l.testify()
}

// name returns a number that nothing else in the world has.
func (l *life) name() uint64 {
	l.names++
	return mix(l.t.key ^ (l.n<<tieRows | l.names))
}

// unpack gives the owner devices, and a session that began before the log.
func (l *life) unpack() {
	t, p, r := l.t, &l.p, &l.r
	l.sets = [numSets]handset{}
	h := &l.sets[mainSet]
	h.device, h.agent = l.name(), p.phone
	if p.family {
		h.device = hash3(t.key, 0xfa3117, p.house)
	}
	if p.traits&SecondDevice != 0 {
		s := &l.sets[secondSet]
		s.device, s.agent = l.name(), t.agents.tablet(r)
		if r.chance(t.w.Rates.SecondBrowsers) {
			s.agent = t.agents.web(r)
		}
	}
	if p.tablet >= 0 {
		h := newRNG(t.key, 0x7ab1e7, uint64(p.tablet))
		s := &l.sets[shopSet]
		s.device, s.agent = h.next(), t.agents.tablet(&h)
		s.from = t.net.wifi(chooseISP(&h, fixed, false, ""), h.next())
	}
	if !p.opened && !p.family && p.traits&DormantReturn == 0 && p.gap > 0 {
		h.session = l.name()
		h.until = t.start + l.sessionLife() - r.below(day)
	}
	if p.traits&DormantReturn != 0 {
		l.forgot = r.chance(t.w.Rates.ReturningForgot)
	}
}

// sessionLife returns how long a new session on the owner's phone is good.
func (l *life) sessionLife() int64 {
	if l.p.family {
		return l.r.between(2*minute, 12*minute) // somebody else wants the phone
	}
	return l.r.around(int64(l.t.w.Rates.SessionHours*float64(hour)), 130)
}

// schedule enters everything that is known beforehand into the agenda.
func (l *life) schedule() {
	t, p := l.t, &l.p
	if p.opened {
		l.tasks.push(task{at: p.begin, do: doOpen})
	}
	if p.traits&DormantReturn != 0 {
		l.tasks.push(task{at: p.begin, do: doVisit})
	}
	if p.gap > 0 {
		for at := p.begin + l.r.exp(p.gap); at < t.end+day; at += l.r.exp(p.gap) {
			at := t.atHour(&l.r, at-(at+japan)%day, p.owl)
			if at > p.begin+minute {
				l.tasks.push(task{at: at, do: doVisit})
			}
		}
	}
	if p.book > 0 {
		l.tasks.push(task{at: max(t.start, p.begin) + l.r.below(day), do: doBook})
	}
	for _, e := range []struct {
		at int64
		do doing
	}{{p.handset, doHandset}, {p.reinstall, doReinstall}, {p.settings, doSettings}, {p.storm, doStorm}} {
		if e.at > p.begin && p.gap > 0 {
			l.tasks.push(task{at: e.at, do: e.do})
		}
	}
	for _, k := range l.plan.locksOf(l.n) {
		l.tasks.push(task{at: k.at, do: doLock})
	}
	for i, x := range l.links {
		if x.out {
			l.tasks.push(task{at: x.at - 4*minute, do: doReserve, about: int32(i)})
		} else {
			l.tasks.push(task{at: x.at, do: doReceive, about: int32(i)})
		}
	}
	for i := range l.mules {
		l.tasks.push(task{at: l.mules[i].at, do: doMuleReceive, about: int32(i)})
	}
	if l.theft.job != nil {
		l.tasks.push(task{at: l.theft.job.entry, do: doEnter})
	}
}

func (l *life) perform(k task) {
	switch k.do {
	case doOpen:
		l.open()
	case doVisit:
		l.visit()
	case doBuy:
		l.buy(k)
	case doTopup:
		l.topUp(k)
	case doSettle:
		l.settle(k)
	case doPay:
		l.payBalance(k)
	case doRefund, doReverse, doChargeback:
		l.takeBack(k)
	case doBook:
		l.accountBook()
	case doStorm:
		l.runWild()
	case doHandset, doReinstall:
		l.newPhone(k.do == doReinstall)
	case doSettings:
		l.changeSettings()
	case doLock:
		l.lockOut()
	case doReserve:
		l.reserve(&l.links[k.about], k)
	case doSend, doReceive:
		l.passOn(&l.links[k.about], k)
	default:
		l.performTheft(k)
	}
}

// free is what the wallet can pay at this moment.
func (l *life) free() int64 { return l.wallet - l.reserved }

// record writes an entry to the book and the payment log, and moves the
// wallet. It returns the entry's index in the book.
func (l *life) record(e entry) int32 {
	e.at = l.now
	if e.txn == 0 {
		e.txn = l.name()
	}
	l.book = append(l.book, e)
	var buf [2]move
	for _, m := range e.moves(l.book, buf[:0]) {
		if m.leg == wallet {
			l.wallet += m.amount
		}
	}
	if l.c.payment(l.id, &e) && e.thief == 0 && e.who.device != 0 {
		l.ownerRows++
	}
	return int32(len(l.book) - 1)
}

// say writes a row of the auth log about the owner.
func (l *life) say(at int64, what act, who presence) {
	if l.c.auth(at, l.id, what, who) {
		l.ownerRows++
	}
}
