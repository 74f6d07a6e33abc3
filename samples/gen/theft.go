package gen

// A job is what one attack does to one account.
type job struct {
	account uint64
	attack  int32
	fails   int32 // wrong passwords of the tester before the right one
	entry   int64 // when the tester gets in
	tester  presence

	robs     bool
	untested bool   // the executor is the first who comes
	shows    uint8  // with which device id a stolen session is used
	bank     uint64 // the stranger's bank account that the wallet was linked to; 0: it is the owner's wallet
	atCap    bool   // tops up at the cap
	direct   bool   // pays by the victim's card without a top-up
	executor Executor
	actor    int32 // numbers the executors of an attack, from 1
	at       int64 // when the executor logs in
	until    int64 // when the phone goes on to the next account; 0: no hurry
	hand     presence
	stores   [3]int32
	budget   int64
	sends    []muleLeg
}

// What a stolen session is used with.
const (
	ownDevice    = iota // the thief's
	clonedDevice        // the device id that began the session
	hiddenDevice        // none, as from a browser
)

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
	at       int64 // since when
	linked   int64 // when the stranger's bank account was
	seen     bool  // the logs showed the owner before
	out      bool  // the password was changed
	robbed   bool  // something was charged
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

// enter notes that somebody is in, for the truth.
func (l *life) enter(who presence, role string) {
	th := &l.theft
	if !th.entered {
		th.entered, th.at, th.seen = true, l.now, l.ownerRows > 0
	}
	l.testifyEntry(l.now, who, role)
}

// breakIn is the first login of a thief: the tester's, or the executor's own
// where nobody tested. A stolen session shows nothing until it is used.
func (l *life) breakIn() {
	th := &l.theft
	j, a := th.job, &l.t.w.Attacks[th.job.attack]
	th.r = newRNG(l.t.w.Seed, streamPlan, l.n|1<<45)
	if a.Vector == SessionTheft && j.untested {
		if j.robs { // else nothing shows
			l.takeSession()
		}
		return
	}
	who, role := j.tester, "tester"
	if j.untested {
		who, role = l.hand(), "executor"
	}
	what := l.prepare(who)
	who.session = l.name()
	l.c.auth(l.now, l.id, what, who)
	l.enter(who, role)
	if l.t.w.SingleSession {
		l.pushOut(l.now, numSets)
	}
	switch {
	case !j.robs:
	case j.untested:
		j.hand.session = who.session
		l.settleIn()
	default:
		if a.Vector == SessionTheft {
			l.disguise(who.device)
			j.hand.session = who.session
		}
		l.tasks.push(task{at: j.at, do: doArrive})
	}
}

// prepare writes what comes before a thief's first login, and returns the
// login.
func (l *life) prepare(who presence) act {
	j, a, r := l.theft.job, &l.t.w.Attacks[l.theft.job.attack], &l.theft.r
	gap := 40 * second
	switch a.Vector {
	case ListType, ListProxy:
		gap = 4 * minute
	case BruteForce:
		gap = 3 * second
	}
	at := l.now
	for range j.fails {
		at -= second + r.exp(gap)
		l.c.auth(at, l.id, act{"login", "failure", "bad_password"}, who)
	}
	switch a.Vector {
	case ExternalLogin:
		return act{"external_login", "success", ""}
	case ResetAbuse:
		l.c.auth(l.now-r.between(40*second, 6*minute), l.id, act{"password_reset", "success", ""}, who)
		l.lockOut()
	case BankLink:
		l.openWallet(who)
	}
	return act{"login", "success", ""}
}

// openWallet opens an account for a stranger and guesses at bank accounts
// until one can be linked, if any: one PIN, account after account. The
// wallets of an attack share its tries.
func (l *life) openWallet(who presence) {
	j, a, r := l.theft.job, &l.t.w.Attacks[l.theft.job.attack], &l.theft.r
	l.c.auth(l.now-r.between(second, 30*second), l.id, act{"account_create", "success", ""}, who)
	at := l.now + r.between(20*second, 3*minute)
	for tries := r.exp(int64(a.Tries / max(a.Entered, 1))); tries > 0; tries-- {
		l.c.auth(at, l.id, act{"card_register", "failure", "bad_pin"}, who)
		at += r.between(4*second, 40*second)
	}
	if j.robs {
		l.c.auth(at, l.id, act{"card_register", "success", ""}, who)
		l.theft.linked = at
	}
}

// takeSession copies the session that the owner has, or had last: what a thief
// renews does not end when the owner's app asks for the password again.
func (l *life) takeSession() {
	j, h := l.theft.job, &l.sets[mainSet]
	if h.session == 0 {
		h.session = l.name() // older than the log
	}
	h.until = max(h.until, l.now+2*day)
	j.hand.session = h.session
	l.disguise(h.device)
	l.tasks.push(task{at: l.now + l.theft.r.exp(20*minute), do: doArrive})
}

// disguise decides which device id a stolen session is used with; device is
// the one that began it.
func (l *life) disguise(device uint64) {
	switch j := l.theft.job; j.shows {
	case clonedDevice:
		j.hand.device = device
	case hiddenDevice:
		j.hand.device = 0
	}
}

// arrive is the executor's login, after a test or with a stolen session.
func (l *life) arrive() {
	th := &l.theft
	j, a := th.job, &l.t.w.Attacks[th.job.attack]
	if l.shutOut() {
		return
	}
	if a.Vector == SessionTheft {
		if !th.entered {
			l.enter(l.hand(), "executor")
		}
		l.settleIn()
		return
	}
	event := "login"
	if a.Vector == ExternalLogin {
		event = "external_login"
	}
	who := l.hand()
	who.session = l.name()
	j.hand.session = who.session
	l.c.auth(l.now, l.id, act{event, "success", ""}, who)
	l.enter(who, "executor")
	if l.t.w.SingleSession {
		l.pushOut(l.now, numSets)
	}
	l.settleIn()
}

// settleIn is what an executor does once inside.
func (l *life) settleIn() {
	th := &l.theft
	j, q := th.job, &l.t.w.Attacks[th.job.attack].Habits
	at := l.now
	if th.r.chance(q.MailChange) && j.bank == 0 {
		l.c.auth(at+th.r.between(10*second, 90*second), l.id, act{"email_change", "success", ""}, l.hand())
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
	l.tasks.push(task{at: max(at, th.linked) + th.r.between(12*second, 2*minute), do: next})
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
	if l.t.w.Attacks[j.attack].Vector == SessionTheft || j.bank != 0 {
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
	j, r, q := th.job, &th.r, &l.t.w.Attacks[th.job.attack].Habits
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
	e.funding, e.ref = l.registered()
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
	if th.topped < j.budget && j.executor != SlowCashOut && r.chance(q.TopsAgain) {
		l.tasks.push(task{at: l.now + r.between(8*second, 45*second), do: doSteal})
		return
	}
	l.tasks.push(task{at: l.now + 15*second + r.exp(3*minute), do: doSpend})
}

// registered returns what a thief can top up from.
func (l *life) registered() (funding, uint64) {
	if j := l.theft.job; j.bank != 0 {
		return bankFunding, j.bank
	}
	return l.p.registered()
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
	j, r, q := th.job, &th.r, &l.t.w.Attacks[th.job.attack].Habits
	if l.shutOut() {
		return
	}
	th.rounds++
	free := l.free()
	e := entry{kind: payment, about: -1, thief: j.actor, who: l.hand(), funding: balanceFunding}
	e.store, e.atOwn = j.stores[r.pick([]int64{5, 3, 2})], j.executor == StoreStaff
	switch unit := 4500 + 100*r.below(8); {
	case j.direct:
		e.amount = smokes(r, max(j.budget/unit/2, 1))
		e.funding, e.ref = l.registered()
	case j.executor == SlowCashOut:
		e.amount = min(r.between(600, 6000), free)
	case free >= unit && r.chance(q.WholeCartons):
		e.amount = free / unit * unit
		if r.chance(q.SomeCartons) {
			e.amount = r.between(1, free/unit) * unit
		}
	default:
		e.amount = free - free*r.below(30)/100
	}
	done := e.amount < 200
	if !done && !j.direct && r.chance(q.OverDeclines) {
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
	case !done && l.free() >= 2500 && r.chance(q.GoesOn):
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

// notice is the owner's reaction: the thieves are out at once, and complaints
// bring some of the money back.
func (l *life) notice() {
	th, q := &l.theft, &l.t.w.Rates
	r := &th.r
	th.out = true
	if th.job.bank == 0 {
		l.secure()
	}
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
		case e.kind == payment && e.funding == balanceFunding && r.chance(q.GoodsBack):
			// Goods that the shop or the police got hold of.
			back.do, back.at = doReverse, l.now+r.between(hour, 3*day)
		default:
			continue
		}
		l.tasks.push(back)
	}
}

// secure keeps the thieves out: the owner resets the password, or changes it in
// the session that is there, or calls and lets the service close the account.
func (l *life) secure() {
	q, r, h := &l.t.w.Rates, &l.theft.r, &l.sets[mainSet]
	l.bookStale = true
	how := uint64(1 << 53)
	if q.NoticeCalls+q.NoticeChanges > 0 {
		how = r.next() >> 11
	}
	if how < threshold(q.NoticeCalls) {
		l.lockOut()
		return
	}
	h.from = l.whereabouts(l.now, mainSet)
	l.forgot = false
	if how < threshold(q.NoticeCalls+q.NoticeChanges) && h.session != 0 && l.now < h.until {
		l.say(l.now, act{"password_change", "success", ""}, l.who(mainSet))
		return
	}
	at := l.now
	h.session = 0
	l.say(at, act{"password_reset", "success", ""}, l.who(mainSet))
	at += r.between(15*second, 2*minute)
	h.session = l.name()
	l.say(at, act{"login", "success", ""}, l.who(mainSet))
	h.until = at + l.sessionLife()
}

// feedMule tops up and sends what was topped up to a mule. The amount is set
// aside in between, so that the mule's side comes true.
func (l *life) feedMule(k task) {
	j := l.theft.job
	s := &j.sends[k.about]
	e := entry{kind: topup, amount: s.amount, store: -1, about: -1, who: l.hand(), thief: j.actor}
	if k.do == doMuleTopup {
		e.funding, e.ref = l.registered()
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
