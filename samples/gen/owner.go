package gen

// What the owner does. Auth rows of one action may be written ahead of the
// clock (three wrong passwords take a minute); rows that move money never are,
// so that the wallet sees them in order.

// whereabouts returns the address that the owner's phone has at a moment.
func (l *life) whereabouts(at int64, set uint8) addr {
	t, p, r := l.t, &l.p, &l.r
	if set == shopSet {
		l.shown |= ShopTablet
		return l.sets[shopSet].from
	}
	if at >= p.trip.from && at < p.trip.to && !p.trip.roams {
		l.shown |= Traveller
		return t.net.wifi(p.trip.isp, hash3(p.house, uint64(p.trip.from), uint64(at/day)))
	}
	if p.vpn != 0 && r.chance(t.w.Rates.VPNOn) {
		l.shown |= VPNUser
		return t.net.exit(p.vpn, l.n+uint64(at/day))
	}
	h := hourOf(at)
	work := h >= 9 && h < 18 && !weekend(at)
	if p.office.net != 0 && work && r.chance(t.w.Rates.OfficeHours) {
		l.shown |= OfficeWorker
		return p.office
	}
	if p.traits&LivesAbroad != 0 {
		l.shown |= LivesAbroad
	}
	atHome := 0.5
	switch {
	case h >= 20 || h < 8:
		atHome = 0.8
	case work:
		atHome = 0.25
	}
	if set == secondSet {
		atHome = 0.95
	}
	if !p.noLine && r.chance(atHome) {
		return l.homeAddr(at)
	}
	return l.mobileAddr(at)
}

func (l *life) homeAddr(at int64) addr {
	p := &l.p
	house := p.house
	if p.reconnect != 0 && at >= p.reconnect {
		house |= 1 << 44
	}
	a := l.t.net.home(p.homeISP, house, p.shared, p.v6)
	if a.low != 0 {
		a.low = hash3(house, l.sets[mainSet].device, uint64(at/day)) | 1
	}
	return a
}

// mobileAddr returns the carrier's address of a connection; phones get another
// one every few hours.
func (l *life) mobileAddr(at int64) addr {
	return l.t.net.phone(l.p.carrier, hash3(l.n, uint64(at/(3*hour)), 0))
}

// onStreet returns the address of a payment in a shop: the shop's tablet, the
// carrier, now and then the shop's network, a home near by or a VPN.
func (l *life) onStreet(set uint8, store int32) addr {
	q := &l.t.w.Rates
	if set == shopSet || l.p.vpn != 0 && l.r.chance(q.VPNOn) {
		return l.whereabouts(l.now, set)
	}
	if q.OffCarrier > 0 && l.r.chance(q.OffCarrier) {
		if l.r.chance(0.5) && !l.p.noLine {
			return l.homeAddr(l.now)
		}
		shop := newRNG(l.t.key, 0x5309, uint64(store))
		return l.t.net.wifi(chooseISP(&shop, fixed, false, ""), shop.next())
	}
	return l.mobileAddr(l.now)
}

// who returns the presence of one of the owner's devices.
func (l *life) who(set uint8) presence {
	h := &l.sets[set]
	return presence{
		from: h.from, device: h.device, session: h.session,
		agent: l.t.agents.at(h.agent, l.t.dayOf(l.now), l.p.lag),
	}
}

// signIn makes sure that one of the owner's devices has a session, and returns
// when it has.
func (l *life) signIn(set uint8) int64 {
	h := &l.sets[set]
	h.from = l.whereabouts(l.now, set)
	l.show(set)
	if h.session != 0 && l.now < h.until {
		return l.now
	}
	h.session = 0
	at := l.fumble(l.now, l.who(set))
	h.session = l.name()
	event := "login"
	if l.p.external {
		event = "external_login"
	}
	l.say(at, act{event, "success", ""}, l.who(set))
	h.until = at + l.sessionLife()
	if set == shopSet {
		h.until = at + 5*minute
	}
	if l.t.w.SingleSession {
		l.pushOut(at, set)
	}
	if l.r.chance(l.t.w.Rates.Logouts) {
		h.until = at + l.r.between(5*minute, 30*minute)
		l.say(h.until, act{"logout", "success", ""}, l.who(set))
	}
	return at
}

// show notes which look-alike traits the owner's use of a device displays.
func (l *life) show(set uint8) {
	l.shown |= l.p.traits & (FamilyPhone | DormantReturn)
	if set == secondSet {
		l.shown |= SecondDevice
	}
}

// pushOut ends the sessions on all the owner's devices but one; set numSets
// spares none.
func (l *life) pushOut(at int64, but uint8) {
	for i := range l.sets {
		h := &l.sets[i]
		if uint8(i) == but || h.session == 0 || at >= h.until {
			continue
		}
		l.say(at+l.r.between(second/2, 3*second), act{"logout", "success", "other_device"}, l.who(uint8(i)))
		h.session = 0
	}
}

// fumble writes what precedes a successful login, if anything, and returns
// when the login succeeds.
func (l *life) fumble(at int64, who presence) int64 {
	q, r := &l.t.w.Rates, &l.r
	wrong := act{"login", "failure", "bad_password"}
	if r.chance(q.WrongIDs) {
		typo := l.t.appendTypo(nil, l.n, r)
		l.c.auth(at, typo, act{"login", "failure", "unknown_account"}, who)
		at += r.between(6*second, 25*second)
	}
	switch {
	case l.p.external:
	case l.forgot || r.chance(q.Forgotten):
		l.forgot = false
		for range r.between(1, 5) {
			l.say(at, wrong, who)
			at += r.between(5*second, 40*second)
		}
		at += r.between(20*second, 3*minute)
		l.say(at, act{"password_reset", "success", ""}, who)
		l.bookStale = true
		l.theft.out = l.theft.entered // whether or not the owner knows it
		at += r.between(15*second, 90*second)
	case r.chance(q.Typos):
		for range r.between(1, 2) {
			l.say(at, wrong, who)
			at += r.between(4*second, 20*second)
		}
	}
	if l.p.mfa {
		if r.chance(q.FactorFails) {
			l.say(at, act{"mfa_challenge", "failure", "mfa_failed"}, who)
			at += r.between(10*second, 60*second)
		}
		l.say(at, act{"mfa_challenge", "success", ""}, who)
		at += second
	}
	return at
}

// open opens the account: one of the first things is to look around.
func (l *life) open() {
	r := &l.r
	if l.t.w.LaunchDays == 0 {
		l.shown |= NewCustomer
	}
	h := &l.sets[mainSet]
	h.from = l.whereabouts(l.now, mainSet)
	at := l.now
	l.say(at, act{"account_create", "success", ""}, l.who(mainSet))
	h.session = l.name()
	at += r.between(second, 30*second)
	l.say(at, act{"login", "success", ""}, l.who(mainSet))
	h.until = at + l.sessionLife()
	if l.p.card != 0 || l.p.bankRef != 0 {
		at += r.between(30*second, 10*minute)
		for tries := 0; tries < 2 && r.chance(l.t.w.Rates.LinkFails); tries++ {
			l.say(at, act{"card_register", "failure", "bad_pin"}, l.who(mainSet))
			at += r.between(10*second, 2*minute)
		}
		l.say(at, act{"card_register", "success", ""}, l.who(mainSet))
	}
	if r.chance(l.t.w.Rates.FirstVisits) {
		l.tasks.push(task{at: at + r.between(minute, 3*hour), do: doVisit})
	}
}

// visit is the owner taking up a device, to pay or just to look.
func (l *life) visit() {
	r, p, q := &l.r, &l.p, &l.t.w.Rates
	set := uint8(mainSet)
	look := r.chance(q.Looks)
	away := l.now >= p.trip.from && l.now < p.trip.to
	switch {
	case p.traits&SecondDevice != 0 && r.chance(q.SecondUse):
		set, look = secondSet, r.chance(q.SecondLooks)
	case p.tablet >= 0 && !away && r.chance(q.TabletUse):
		set, look = shopSet, false
	}
	if away {
		look = r.chance(q.TripLooks)
	}
	at := l.signIn(set)
	if !look {
		l.tasks.push(task{at: at + r.between(2*second, 50*second), do: doBuy, set: set})
	}
}

// newPhone hands the account over to a new device. The old one stays silent
// from now on.
func (l *life) newPhone(same bool) {
	r := &l.r
	h := &l.sets[mainSet]
	h.device, h.session = l.name(), 0
	l.shown |= Reinstall
	if !same {
		l.shown |= NewHandset
		l.shown &^= Reinstall
		h.agent = l.t.agents.phone(r)
		l.forgot = r.chance(l.t.w.Rates.HandsetForgot)
	}
	at := l.t.atHour(r, l.now-(l.now+japan)%day, l.p.owl)
	l.tasks.push(task{at: max(at, l.now+minute), do: doVisit})
}

// lockOut closes the account until its owner resets the password.
func (l *life) lockOut() {
	l.forgot = true
	for i := range l.sets {
		l.sets[i].session = 0
	}
}

// changeSettings changes the password or the mail address.
func (l *life) changeSettings() {
	r := &l.r
	at := l.signIn(mainSet) + r.between(10*second, 2*minute)
	if r.chance(l.t.w.Rates.NewPasswords) {
		l.say(at, act{"password_change", "success", ""}, l.who(mainSet))
		l.bookStale = true
		return
	}
	l.say(at, act{"email_change", "success", ""}, l.who(mainSet))
}

// accountBook is the nightly visit of the account-book service. It keeps an
// old password until the owner tells it the new one.
func (l *life) accountBook() {
	t, r := l.t, &l.r
	l.shown |= AccountBook
	s := newRNG(t.key, 0xacc7b00c, l.p.book)
	isp := chooseISP(&s, hosting, false, "")
	who := presence{from: t.net.server(isp, s.next()>>8), agent: t.agents.robot(&s)}
	if l.bookStale && !r.chance(t.w.Rates.BooksTold) {
		for i := range r.between(1, 3) {
			l.say(l.now+i*minute, act{"login", "failure", "bad_password"}, who)
		}
	} else {
		l.bookStale = false
		who.session = l.name()
		l.say(l.now, act{"login", "success", ""}, who)
	}
	// Every service starts at its own hour and needs two to get through.
	from := l.now - (l.now+japan)%day + day + int64(1+s.below(5))*hour
	l.tasks.push(task{at: from + r.below(2*hour), do: doBook})
}

// runWild is a client that repeats a wrong password for hours, until its owner
// looks.
func (l *life) runWild() {
	r := &l.r
	l.shown |= BrokenClient
	h := &l.sets[mainSet]
	h.from = l.homeAddr(l.now)
	h.session = 0
	who := l.who(mainSet)
	at := l.now
	pace := r.between(20*second, 90*second)
	for range r.between(30, 300) {
		l.say(at, act{"login", "failure", "bad_password"}, who)
		at += pace + r.below(2*second)
	}
	l.forgot = true
	l.tasks.push(task{at: at + r.between(minute, 2*hour), do: doVisit})
}
