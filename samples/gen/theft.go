package gen

// A job is what one attack does to one account.
type job struct {
	account uint64
	attack  int32
	fails   int32 // wrong passwords of the tester before the right one
	entry   int64 // when the tester gets in
	tester  presence

	robs     bool
	atCap    bool // tops up at the cap
	direct   bool // pays by the victim's card without a top-up
	executor Executor
	actor    int32 // numbers the executors of an attack, from 1
	at       int64 // when the executor logs in
	until    int64 // when the phone goes on to the next account; 0: no hurry
	hand     presence
	stores   [3]int32
	budget   int64
	sends    []muleLeg
}

// A muleLeg is a transfer from a robbed account to a thief's. Both sides know
// it beforehand.
type muleLeg struct {
	topup, at, amount int64
	victim, mule      uint64
}

// A theft is how far a job has come.
type theft struct {
	job      *job
	r        rng
	entered  bool
	seen     bool // the logs showed the owner before
	out      bool // the password was changed
	robbed   bool // something was charged
	topped   int64
	declines int
	rounds   int
}

func (l *life) performTheft(k task) {
	switch k.do {
	case doEnter:
		l.breakIn()
	case doArrive:
		l.arrive()
	case doSteal:
		l.steal()
	case doSpend:
		l.spend()
	case doMuleTopup, doMuleSend:
		l.feedMule(k)
	case doMuleReceive, doMuleSpend:
		l.muleSide(k)
	case doNotice:
		l.notice()
	}
}

// breakIn is the tester's login.
func (l *life) breakIn() {
	th := &l.theft
	j, a := th.job, &l.t.w.Attacks[th.job.attack]
	th.r = newRNG(l.t.w.Seed, streamPlan, l.n|1<<45)
	r := &th.r
	th.seen, th.entered = l.ownerRows > 0, true
	who := j.tester
	at := l.now
	gap := 40 * second
	if a.Vector == ListType || a.Vector == ListProxy {
		gap = 4 * minute
	}
	if a.Vector == BruteForce {
		gap = 3 * second
	}
	for range j.fails {
		at -= second + r.exp(gap)
		l.c.auth(at, l.id, act{"login", "failure", "bad_password"}, who)
	}
	event := "login"
	switch a.Vector {
	case SessionTheft:
		h := &l.sets[mainSet]
		if h.session == 0 || l.now >= h.until {
			// The stolen session is older than the log.
			h.session = l.name()
		}
		h.until = max(h.until, l.now+2*day)
		j.hand.session = h.session
		who.session = h.session
		l.testifyEntry(l.now, who, "tester")
		event = ""
	case ExternalLogin:
		event = "external_login"
	case ResetAbuse:
		l.c.auth(l.now-r.between(40*second, 6*minute), l.id, act{"password_reset", "success", ""}, who)
		l.forgot = true
		for i := range l.sets {
			l.sets[i].session = 0
		}
	}
	if event != "" {
		who.session = l.name()
		l.c.auth(l.now, l.id, act{event, "success", ""}, who)
		l.testifyEntry(l.now, who, "tester")
		if l.t.w.SingleSession {
			l.pushOut(l.now, numSets)
		}
	}
	if j.robs {
		l.tasks.push(task{at: j.at, do: doArrive})
	}
}

// arrive is the executor's login.
func (l *life) arrive() {
	th := &l.theft
	j, a := th.job, &l.t.w.Attacks[th.job.attack]
	j.hand.from = l.t.handAddr(j.hand, l.now)
	event := "login"
	if a.Vector == ExternalLogin {
		event = "external_login"
	}
	if l.shutOut() {
		return
	}
	at := l.now
	if a.Vector != SessionTheft {
		j.hand.session = l.name()
		l.c.auth(at, l.id, act{event, "success", ""}, j.hand)
		l.testifyEntry(at, j.hand, "executor")
		if l.t.w.SingleSession {
			l.pushOut(at, numSets)
		}
	}
	if th.r.chance(0.06) {
		// Then the notices go elsewhere.
		l.c.auth(at+th.r.between(10*second, 90*second), l.id, act{"email_change", "success", ""}, j.hand)
	}
	if len(j.sends) > 0 {
		for i := range j.sends {
			l.tasks.push(task{at: j.sends[i].topup, do: doMuleTopup, about: int32(i)})
		}
		return
	}
	next := doSteal
	if j.executor == BalanceOnly {
		next = doSpend
	}
	l.tasks.push(task{at: at + th.r.between(12*second, 2*minute), do: next})
}

// shutOut reports whether the owner's new password stops the executor, who
// then tries the old one once or twice. A mule's side is written already, so
// transfers cannot be stopped.
func (l *life) shutOut() bool {
	th := &l.theft
	j := th.job
	if !th.out || len(j.sends) > 0 {
		return false
	}
	if l.t.w.Attacks[j.attack].Vector == SessionTheft {
		return true
	}
	at, who := l.now, j.hand
	who.session = 0
	for range th.r.between(1, 3) {
		l.c.auth(at, l.id, act{"login", "failure", "bad_password"}, who)
		at += th.r.between(5*second, 50*second)
	}
	return true
}

// handAddr returns the address of an executor's device: carriers change it
// every few hours, other networks do not.
func (t *town) handAddr(who presence, at int64) addr {
	isp := who.from.isp
	switch operators[isp].use {
	case mobile:
		return t.net.phone(isp, hash3(who.device, uint64(at/(3*hour)), 0))
	case hosting:
		return t.net.exit(isp, who.device+uint64(at/day))
	}
	return t.net.home(isp, who.device, who.device&1 == 0, false)
}

// steal tops the wallet up from the victim's instrument.
func (l *life) steal() {
	th := &l.theft
	j, r := th.job, &th.r
	if l.shutOut() {
		return
	}
	left := j.budget - th.topped
	if left < 1000 || th.declines >= 3 || j.direct {
		l.spend()
		return
	}
	th.rounds++
	amount := l.t.w.TopupCap
	switch {
	case j.executor == SlowCashOut:
		amount = r.between(2, 7) * 1000
	case !j.atCap:
		amounts := [...]int64{3000, 5000, 5000, 8000, 10_000, 10_000, 15_000, 20_000}
		amount = amounts[r.below(int64(len(amounts)))]
	}
	e := entry{
		kind: topup, amount: min(amount, (left+999)/1000*1000, l.t.w.TopupCap), store: -1, about: -1,
		who: l.hand(), thief: j.actor,
	}
	e.funding, e.ref = l.p.registered()
	if r.chance(l.t.w.Rates.StolenDeclines) {
		e.status = declined
		th.declines++
		l.record(e)
		l.tasks.push(task{at: l.now + r.between(5*second, 50*second), do: doSteal})
		return
	}
	th.topped += e.amount
	l.record(e)
	l.robbedNow()
	if l.hurried() {
		l.tasks.push(task{at: l.now + r.between(10*second, 50*second), do: doSpend})
		return
	}
	if th.topped < j.budget && j.executor != SlowCashOut && r.chance(0.45) {
		l.tasks.push(task{at: l.now + r.between(8*second, 45*second), do: doSteal})
		return
	}
	l.tasks.push(task{at: l.now + 15*second + r.exp(3*minute), do: doSpend})
}

// hurried reports whether the executor's phone is about to go on to the next
// account: one phone shows one account at a time.
func (l *life) hurried() bool {
	until := l.theft.job.until
	return until > 0 && l.now+4*minute >= until
}

// hand returns the presence of the executor now.
func (l *life) hand() presence {
	who := l.theft.job.hand
	who.from = l.t.handAddr(who, l.now)
	return who
}

// spend buys what the wallet pays for: whole cartons mostly, so that a rest
// remains as it does with anybody.
func (l *life) spend() {
	th := &l.theft
	j, r := th.job, &th.r
	if l.shutOut() {
		return
	}
	th.rounds++
	free := l.free()
	e := entry{kind: payment, about: -1, thief: j.actor, who: l.hand(), funding: balanceFunding}
	e.store = j.stores[r.pick([]int64{5, 3, 2})]
	switch unit := 4500 + 100*r.below(8); {
	case j.direct:
		e.amount = smokes(r, max(j.budget/unit/2, 1))
		e.funding, e.ref = l.p.registered()
	case j.executor == SlowCashOut:
		e.amount = min(r.between(600, 6000), free)
	case free >= unit && r.chance(0.6):
		e.amount = free / unit * unit
		if r.chance(0.3) {
			e.amount = r.between(1, free/unit) * unit
		}
	default:
		e.amount = free - free*r.below(30)/100
	}
	done := e.amount < 200
	if !done && !j.direct && r.chance(0.03) {
		over := e
		over.amount, over.status = free+r.between(100, 9000), declined
		l.record(over)
	}
	if !done {
		if j.direct {
			th.topped += e.amount
		}
		l.record(e)
		l.robbedNow()
	}
	pause := 90*second + r.exp(12*minute)
	switch {
	case j.executor == SlowCashOut:
		pause = r.between(9*hour, 50*hour)
	case j.until > 0:
		pause = 30*second + r.exp(4*minute)
	}
	switch {
	case th.rounds > 25 || j.until > 0 && l.now+pause >= j.until:
	case j.executor != BalanceOnly && th.declines < 3 && j.budget-th.topped >= 1000:
		l.tasks.push(task{at: l.now + pause, do: doSteal})
	case !done && l.free() >= 2500 && r.chance(0.7):
		l.tasks.push(task{at: l.now + pause, do: doSpend})
	}
}

// robbedNow lets the owner notice, once, some time after the first charge.
func (l *life) robbedNow() {
	th, q := &l.theft, &l.t.w.Rates
	if th.robbed {
		return
	}
	th.robbed = true
	if !th.r.chance(q.Notices) {
		return
	}
	at := l.now + 20*minute + th.r.around(int64(q.NoticeHours*float64(hour)), 140)
	for _, s := range th.job.sends {
		at = max(at, s.at+minute)
	}
	l.tasks.push(task{at: at, do: doNotice})
}

// notice is the owner's reaction: a new password at once, and complaints that
// bring some of the money back.
func (l *life) notice() {
	th, q := &l.theft, &l.t.w.Rates
	r := &th.r
	h := &l.sets[mainSet]
	h.from = l.whereabouts(l.now, mainSet)
	at := l.now
	h.session = 0
	l.say(at, act{"password_reset", "success", ""}, l.who(mainSet))
	at += r.between(15*second, 2*minute)
	h.session = l.name()
	l.say(at, act{"login", "success", ""}, l.who(mainSet))
	h.until = at + l.sessionLife()
	th.out, l.forgot, l.bookStale = true, false, true
	for i := range l.book {
		e := &l.book[i]
		back := task{about: int32(i), amount: e.amount}
		switch {
		case e.thief == 0 || e.status != approved:
			continue
		case e.ref != 0 && r.chance(q.IssuerReturns):
			back.do, back.at = doChargeback, l.now+r.between(20*hour, 14*day)
		case e.kind == topup && r.chance(q.OperatorReturns):
			back.do, back.at = doReverse, l.now+r.between(20*minute, 30*hour)
		case e.kind == payment && e.funding == balanceFunding && r.chance(0.03):
			// Goods that the shop or the police got hold of.
			back.do, back.at = doReverse, l.now+r.between(hour, 3*day)
		default:
			continue
		}
		l.tasks.push(back)
	}
}

// feedMule tops up and sends what was topped up to a mule. The amount is set
// aside in between, so that the mule's side comes true.
func (l *life) feedMule(k task) {
	j := l.theft.job
	s := &j.sends[k.about]
	e := entry{kind: topup, amount: s.amount, store: -1, about: -1, who: l.hand(), thief: j.actor}
	if k.do == doMuleTopup {
		e.funding, e.ref = l.p.registered()
		l.reserved += s.amount
		l.tasks.push(task{at: s.at, do: doMuleSend, about: k.about})
	} else {
		l.reserved -= s.amount
		e.kind, e.other, e.funding = transferOut, s.mule+1, balanceFunding
	}
	l.record(e)
	l.robbedNow()
}

// muleSide is a mule's account: the money arrives, and leaves through the
// till within hours.
func (l *life) muleSide(k task) {
	r := &l.r
	if k.do == doMuleReceive {
		s := &l.mules[k.about]
		l.record(entry{kind: transferIn, amount: s.amount, store: -1, about: -1, other: s.victim + 1, funding: balanceFunding})
		l.tasks.push(task{at: l.now + r.between(5*minute, 9*hour), do: doMuleSpend})
		return
	}
	l.signIn(mainSet)
	if free := l.free(); free > 5000 {
		l.payBalance(task{set: mainSet, amount: free - r.below(free/4), store: l.t.stores.busy(r, 0)})
	}
}
