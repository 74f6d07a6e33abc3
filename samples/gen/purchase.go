package gen

// What the owner pays, and what comes back.

// smokes returns the price of some cartons: what heavy buyers and thieves buy
// (S20, S21), at 4,500 to 5,200 yen each.
func smokes(r *rng, most int64) int64 {
	return r.between(1, most) * (4500 + 100*r.below(8))
}

// price returns what the owner spends now.
func (l *life) price() int64 {
	r := &l.r
	if l.p.traits&HeavyBuyer != 0 && r.chance(l.t.w.Rates.Cartons) {
		l.shown |= HeavyBuyer
		return smokes(r, 9)
	}
	var yen int64
	switch k := r.below(100); {
	case k < 80:
		yen = min(r.around(540, 85), 8_000)
	case k < 95:
		yen = min(r.around(1_900, 90), 20_000)
	default:
		yen = min(r.around(6_800, 85), 48_000)
	}
	return max(yen*l.p.bigness/100, 80)
}

// place returns where the owner spends now.
func (l *life) place(set uint8) int32 {
	r, s := &l.r, &l.t.stores
	switch {
	case set == shopSet:
		return l.p.tablet
	case l.p.traits&LivesAbroad != 0, r.chance(l.t.w.Rates.Online):
		return s.web(r)
	case r.chance(l.t.w.Rates.UsualShop):
		return l.p.favorite[r.pick([]int64{60, 28, 12})]
	}
	return s.busy(r, 0)
}

// buy decides how to pay. A wallet that cannot is topped up first, in the
// queue, which is why most top-ups are spent within minutes.
func (l *life) buy(k task) {
	r, p, q := &l.r, &l.p, &l.t.w.Rates
	k.store, k.amount = l.place(k.set), l.price()
	if !l.t.stores.online(k.store) {
		l.sets[k.set].from = l.onStreet(k.set, k.store)
	}
	pay := entry{kind: payment, amount: k.amount, store: k.store, about: -1, who: l.who(k.set)}
	switch {
	case p.direct && r.chance(q.DirectUse):
		pay.funding, pay.ref = p.instrument()
		if r.chance(q.TopupDeclines) {
			pay.status = declined
		}
		l.after(l.record(pay))
	case r.chance(q.PointPayments):
		pay.funding = pointsFunding
		pay.amount = min(pay.amount, 100+r.below(900))
		l.record(pay)
	case l.free() >= k.amount:
		l.payBalance(k)
	case k.amount > 3*max(p.habit, 10_000) && p.traits&HeavyBuyer == 0:
		// Too much for this wallet: paid some other way.
	default:
		if r.chance(q.PaymentDeclines * 4) { // a quarter of the payments gets here
			pay.status, pay.funding = declined, balanceFunding
			l.record(pay)
		}
		k.do, k.about, k.at = doTopup, 0, l.now+r.between(4*second, 40*second)
		l.tasks.push(k)
	}
}

// instrument returns what the owner tops up from.
func (p *person) instrument() (funding, uint64) {
	switch p.main {
	case bankFunding:
		return bankFunding, p.bankRef
	case cardFunding, debitFunding:
		return p.main, p.card
	}
	return cashFunding, 0
}

// registered returns what anybody with the password can top up from: cash
// needs a hand.
func (p *person) registered() (funding, uint64) {
	switch {
	case p.main == cashFunding:
		return noFunding, 0
	case p.card != 0:
		return p.main, p.card
	}
	return bankFunding, p.bankRef
}

// mostRounds is how often somebody tops up or tries to for one purchase.
const mostRounds = 6

// topUp puts money into the wallet for a purchase of k.amount, or, when that
// is 0, for later. k.about counts the rounds.
func (l *life) topUp(k task) {
	r, p, q := &l.r, &l.p, &l.t.w.Rates
	e := entry{kind: topup, store: -1, about: -1, who: l.who(k.set)}
	e.funding, e.ref = p.instrument()
	if r.chance(q.CashTopups) || k.about >= 3 && e.funding != cashFunding {
		e.funding, e.ref = cashFunding, 0
	}
	if r.chance(q.PointTopups) {
		e.funding, e.ref = pointsFunding, 0
	}
	if e.funding == cashFunding {
		e.store = max(k.store, 0)
	}
	e.amount = p.habit
	if r.chance(q.OtherTopups) {
		e.amount = r.between(1, 10) * 1000
	}
	short := (k.amount - l.free() + 999) / 1000 * 1000
	e.amount = min(max(e.amount, short), l.t.w.TopupCap)
	k.about++
	switch {
	case (e.funding == cardFunding || e.funding == debitFunding) && r.chance(q.TopupDeclines):
		e.status = declined
		l.record(e)
		if k.about < mostRounds && r.chance(q.TopupRetries) {
			k.at = l.now + r.between(8*second, 90*second)
			l.tasks.push(k)
		}
		return
	case e.funding == bankFunding && r.chance(q.BankWaits):
		// The bank answers later: one transaction, two rows.
		e.status = pending
		i := l.record(e)
		l.tasks.push(task{at: l.now + r.between(2*second, 20*second), do: doSettle, about: i})
		k.at, k.do = l.now+r.between(25*second, 2*minute), doPay
		if k.amount > 0 {
			l.tasks.push(k)
		}
		return
	}
	i := l.record(e)
	if r.chance(q.DoubleTopups) {
		again := l.book[i]
		again.txn = 0
		j := l.record(again)
		l.tasks.push(task{at: l.now + r.between(hour, 30*hour), do: doReverse, about: j, amount: again.amount})
	}
	if e.ref != 0 && r.chance(q.Chargebacks) {
		l.tasks.push(task{at: l.now + r.between(5*day, 40*day), do: doChargeback, about: i, amount: e.amount})
	}
	if k.amount == 0 {
		return
	}
	if l.free() < k.amount && k.about < mostRounds {
		k.at = l.now + r.between(6*second, 45*second)
	} else {
		k.at, k.do = l.now+r.around(35*second, 150), doPay
	}
	l.tasks.push(k)
}

// settle ends a pending top-up.
func (l *life) settle(k task) {
	e := l.book[k.about]
	e.status = approved
	if l.r.chance(l.t.w.Rates.TopupDeclines) {
		e.status = declined
	}
	l.record(e)
}

// payBalance pays from the wallet, if it still can.
func (l *life) payBalance(k task) {
	pay := entry{
		kind: payment, amount: k.amount, store: k.store, about: -1,
		who: l.who(k.set), funding: balanceFunding,
	}
	if l.free() < k.amount {
		pay.status = declined
		l.record(pay)
		return
	}
	l.after(l.record(pay))
	if l.r.chance(l.t.w.Rates.TopupsAfter) {
		l.tasks.push(task{at: l.now + l.r.between(5*second, 5*minute), do: doTopup, set: k.set, store: k.store})
	}
}

// after schedules what may become of a payment.
func (l *life) after(i int32) {
	r, q := &l.r, &l.t.w.Rates
	e := &l.book[i]
	switch {
	case e.status != approved:
	case r.chance(q.Refunds):
		amount := e.amount
		if r.chance(q.PartRefunds) {
			amount = max(amount/2, 1)
		}
		l.tasks.push(task{at: l.now + r.between(hour, 9*day), do: doRefund, about: i, amount: amount})
	case r.chance(q.Reversals):
		l.tasks.push(task{at: l.now + r.between(20*second, 10*minute), do: doReverse, about: i, amount: e.amount})
	case e.ref != 0 && r.chance(q.Chargebacks):
		l.tasks.push(task{at: l.now + r.between(5*day, 40*day), do: doChargeback, about: i, amount: e.amount})
	}
}

// takeBack undoes an entry, or a part of it. Neither phone nor shop are there:
// the row comes from the service. What the wallet no longer holds cannot be
// taken out of it.
func (l *life) takeBack(k task) {
	first := &l.book[k.about]
	if first.kind == topup && k.do == doReverse && l.free() < k.amount {
		return
	}
	e := entry{
		kind: reversal, amount: k.amount, store: first.store, about: k.about,
		original: first.txn, funding: first.funding, ref: first.ref,
	}
	switch k.do {
	case doRefund:
		e.kind = refund
	case doChargeback:
		e.kind = chargeback
	}
	l.record(e)
}
