package gen

import "math/bits"

// A person is the owner of an account: who they are before anything happens.
// It is a pure function of the world and the account's number, so the plan of
// an attack can look at a person without simulating them.
type person struct {
	traits Lookalike
	gap    int64 // mean time between visits; 0 for dormant accounts
	begin  int64 // nothing happens before
	opened bool  // the account is opened at begin, within the log

	owl        bool
	house      uint64 // the home, shared by a household
	family     bool   // one phone for the household
	homeISP    uint8
	shared, v6 bool
	noLine     bool
	reconnect  int64 // when the home gets a new address; 0 never
	carrier    uint8
	office     addr
	vpn        uint8
	trip       trip
	book       uint64 // the account-book service, from 1
	tablet     int32  // the shop whose tablet is used; -1 none
	storm      int64  // when the client runs wild; 0 never
	handset    int64  // when the phone changes; 0 never
	reinstall  int64
	settings   int64
	mfa        bool
	external   bool // logs in through another service

	phone    uint16 // agent
	lag      int    // days behind with app updates
	card     uint64 // tokens of the instruments; 0 none
	bankRef  uint64
	main     funding
	direct   bool
	habit    int64 // usual top-up
	bigness  int64 // percent of the usual price
	opening  int64 // balance at begin
	favorite [3]int32
}

// A trip is a stay abroad.
type trip struct {
	from, to int64
	isp      uint8
	roams    bool // data go through the carrier at home: no change to see
}

// largestHome bounds a household, and thereby how far numbers must be looked
// up to find its first member.
const largestHome = 6

// livesWithPrevious reports whether an account belongs to the household of the
// account before it.
func (t *town) livesWithPrevious(n uint64) bool {
	if n%largestHome == 0 || n >= uint64(t.w.Accounts) {
		return false
	}
	if int(n) < len(t.w.Cast) {
		return t.w.Cast[n]&FamilyPhone != 0
	}
	r := newRNG(t.w.Seed, streamPerson, n|1<<40)
	return r.chance(t.w.Rates.Households)
}

// nobody reports whether an account number is free: its person never appears.
func (t *town) nobody(n uint64) bool {
	p := t.person(n)
	return p.gap == 0 && p.book == 0 && !p.opened
}

// house returns the first account of a household and whether anybody else
// lives there.
func (t *town) house(n uint64) (first uint64, shared bool) {
	first = n
	for t.livesWithPrevious(first) {
		first--
	}
	return first, first != n || t.livesWithPrevious(n+1)
}

// born returns when an account begins to exist, and whether within the log.
func (t *town) born(n uint64) (at int64, opened bool) {
	r := newRNG(t.w.Seed, streamPerson, n|1<<41)
	if t.w.LaunchDays > 0 {
		// Most customers come at once; later days bring fewer and fewer.
		u := r.below(1 << 20)
		d := int64(t.w.LaunchDays) * (u * u >> 20) >> 10 * day >> 10
		at = t.midnight + d - d%day
		return max(t.atHour(&r, at, false), t.start+r.below(hour)), true
	}
	if r.chance(t.w.Rates.NewCustomers*float64(t.w.Days)/30) && int(n) >= len(t.w.Cast) {
		at = t.midnight + r.below(int64(t.w.Days))*day
		return max(t.atHour(&r, at, false), t.start+r.below(hour)), true
	}
	return t.start, false
}

// hourShares is when people use a wallet by the Japanese clock, hour by hour:
// breakfast, lunch and the way home, and never quite nothing. Assumed.
func hourShares() [24]int64 {
	return [24]int64{24, 15, 10, 8, 8, 11, 23, 48, 62, 42, 40, 48, 75, 52, 42, 44, 50, 60, 68, 62, 54, 46, 40, 32}
}

// atHour returns a moment of the Japanese day that begins at midnight, by
// hourShares.
func (t *town) atHour(r *rng, midnight int64, owl bool) int64 {
	shares := hourShares()
	h := int64(r.pick(shares[:]))
	if owl {
		h = (h + 8) % 24
	}
	return midnight + h*hour + r.below(hour)
}

// person returns the owner of account n.
func (t *town) person(n uint64) person {
	q := &t.w.Rates
	r := newRNG(t.w.Seed, streamPerson, n)
	months := func(p float64) float64 { return p * float64(t.w.Days) / 30 }
	var p person
	var cast Lookalike
	if int(n) < len(t.w.Cast) {
		cast = t.w.Cast[n]
	}
	has := func(l Lookalike, rate float64) bool {
		yes := r.chance(rate) && len(t.w.Cast) == 0 || cast&l != 0
		if yes {
			p.traits |= l
		}
		return yes
	}
	p.begin, p.opened = t.born(n)
	if p.opened && t.w.LaunchDays == 0 {
		p.traits |= NewCustomer
	}
	span := t.end - p.begin

	// How often.
	perDay := scale2(1<<20, int64(q.VisitSpread*65536)*r.normal()>>16)
	p.gap = max(int64(float64(day)/q.Visits), minute)
	hi, lo := bits.Mul64(uint64(p.gap), 1<<20)
	gap, _ := bits.Div64(hi, lo, uint64(max(perDay, 1<<14)))
	p.gap = max(int64(gap), 2*hour)
	dormant := r.chance(q.Dormant) && len(t.w.Cast) == 0 && !p.opened
	if has(DormantReturn, months(q.Returning)) && !p.opened {
		dormant = false
		p.gap = max(p.gap, 8*hour)
		p.begin = t.atHour(&r, t.midnight+day*(int64(t.w.Days)/4+r.below(int64(t.w.Days)*3/4+1)), false)
	} else {
		p.traits &^= DormantReturn
	}
	if dormant {
		p.gap = 0
	}
	p.owl = r.chance(q.NightOwls)
	t.surroundings(&p, n, &r, has)

	// What changes within the period.
	if has(NewHandset, months(q.NewHandsets)) && !p.family {
		p.handset = p.begin + r.between(span/10, span*9/10)
	}
	if has(Reinstall, months(q.Reinstalls)) && !p.family {
		p.reinstall = p.begin + r.between(span/10, span*9/10)
	}
	if r.chance(months(q.Settings)) {
		p.settings = p.begin + r.between(0, span)
	}
	if has(BrokenClient, months(q.Storms)) {
		p.storm = p.begin + r.between(0, span*9/10)
	}
	p.mfa = r.chance(q.SecondFactor)
	p.external = r.chance(q.External) && !p.mfa
	p.phone = t.agents.phone(&r)
	p.lag = int(r.exp(4))
	if p.family {
		h := newRNG(t.w.Seed, streamPerson, p.house|1<<42)
		p.phone, p.lag = t.agents.phone(&h), int(h.exp(4))
	}
	has(SecondDevice, q.SecondDevices)
	t.purse(&p, n, &r, has)
	return p
}

// surroundings decides where a person lives, works and travels.
func (t *town) surroundings(p *person, n uint64, r *rng, has func(Lookalike, float64) bool) {
	q := &t.w.Rates
	first, shared := t.house(n)
	h := newRNG(t.w.Seed, streamPerson, first|1<<43)
	p.house = first
	p.homeISP = chooseISP(&h, fixed, false, "")
	p.shared = h.chance(q.SharedLines)
	p.v6 = h.chance(q.IPv6Lines)
	p.noLine = h.chance(q.NoHomeLine)
	if h.chance(q.Reconnects * float64(t.w.Days) / 30) {
		p.reconnect = t.start + h.below(t.end-t.start)
	}
	familyPhone := h.chance(q.FamilyPhones) || int(first)+1 < len(t.w.Cast) && t.w.Cast[first+1]&FamilyPhone != 0
	if shared && familyPhone {
		p.family = true
		p.traits |= FamilyPhone
	}
	p.carrier = chooseISP(r, mobile, false, "")
	if has(LivesAbroad, q.Abroad) {
		p.homeISP = chooseISP(r, fixed, true, "")
		p.carrier = chooseISP(r, mobile, true, operators[p.homeISP].country)
		p.v6, p.noLine = false, false
	}
	if has(OfficeWorker, q.OfficeWorkers) {
		offices := max(int64(float64(t.w.Accounts)*q.OfficeWorkers)/int64(max(q.OfficeSize, 1)), 1)
		office := hash3(t.key, 0x0ff1ce, uint64(r.below(offices)))
		isp := newRNG(office, 0, 0)
		p.office = t.net.wifi(chooseISP(&isp, fixed, false, ""), office)
	}
	if has(VPNUser, q.VPNUsers) {
		p.vpn = chooseISP(r, hosting, r.chance(q.VPNAbroad), "")
	}
	if has(Traveller, q.Travellers*float64(t.w.Days)/30) {
		p.trip.from = p.begin + r.below(max(t.end-p.begin-day, day))
		p.trip.to = p.trip.from + r.between(2*day, 9*day)
		p.trip.isp = chooseISP(r, fixed, true, "")
		p.trip.roams = r.chance(q.Roaming)
	}
	if has(AccountBook, q.AccountBooks) {
		p.book = 1 + uint64(r.skewed(4))
	}
	p.tablet = -1
	if has(ShopTablet, q.Tablets) {
		p.tablet = t.stores.busy(r, max(t.w.Accounts/1000, 1)) // about ten customers to each
	}
}

// purse decides what a person pays with, how much and where.
func (t *town) purse(p *person, n uint64, r *rng, has func(Lookalike, float64) bool) {
	q := &t.w.Rates
	p.main = cashFunding
	if r.chance(q.Banks) {
		p.bankRef = n<<2 | 2
		p.main = bankFunding
	}
	switch {
	case r.chance(q.Cards):
		p.card = n<<2 | 1
		p.main = cardFunding
	case r.chance(q.Debits / max(1-q.Cards, 0.01)):
		p.card = n<<2 | 3
		p.main = debitFunding
	}
	p.direct = p.card != 0 && r.chance(q.Direct)
	steps := [...]int64{1000, 2000, 3000, 5000, 10000, 20000, 30000}
	p.habit = min(steps[r.pick([]int64{14, 16, 19, 28, 16, 4, 3})], t.w.TopupCap)
	p.bigness = 100
	if r.chance(q.BigSpenders) {
		p.bigness = r.between(250, 600)
	}
	if has(HeavyBuyer, q.HeavyBuyers) {
		p.habit = t.w.TopupCap
		p.gap = max(p.gap/2, 20*hour)
		if p.card == 0 {
			p.card = n<<2 | 1
		}
		p.main, p.direct = cardFunding, false
		if p.card&3 == 3 {
			p.main = debitFunding
		}
	}
	if !p.opened {
		p.opening = max(r.around(900, 180)-200, 0)
		p.opening = min(p.opening, 60_000)
	}
	for i := range p.favorite {
		p.favorite[i] = t.stores.busy(r, 0)
	}
}
