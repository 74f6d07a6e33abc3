// Package source finds the attack before the accounts: places from which more
// logins fail than honest people explain.
//
// A place is an address, its network (/24 or /48), a user agent, a network
// operator, or one of the last two within an hour, or an hour of the whole
// service: attacks through residential proxies make about one try an address,
// and are seen only in what their tries have in common.
//
// Only strangers count. A failure is a stranger's when the device (or, where
// devices are not logged, the address) never got in to that account; a login
// is a stranger's when it is the first of its device in that account. People
// who mistype their own password on their own phone are in neither.
//
// For a place with K logins of known devices, honest strangers are expected to
// fail about r*K times and to enter about s*K times, where r and s are the
// median hour's figures for the whole service: robust against an attack that
// fills less than half of the hours. Failures beyond that, places being as
// different as the policy says and chance of two standard deviations allowed
// for, are tries of the attack; entries beyond that are its successes,
// within the hit rates that are published for such attacks. An entry from the
// place is then the attacker's by the odds of the two.
package source

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// A Kind is a kind of place.
type Kind uint8

// The kinds of place.
const (
	Addr Kind = iota + 1
	Net
	Agent
	ASN
	Service // all of it; only by the hour
)

// String returns the word used in the sources table.
func (k Kind) String() string {
	return [...]string{"", "ip", "network", "user_agent", "asn", "service"}[k]
}

// AllHours is the hour of a place that is meant without regard to time.
const AllHours = int32(-1 << 31)

// A Place names a place.
type Place struct {
	Kind  Kind
	Hour  int32 // since 1970, or AllHours
	Value event.Key
}

// A Cell is what strangers did at a place.
type Cell struct {
	Place
	Failures int64
	Unknown  int64 // failures on accounts that do not exist
	Entries  int64 // first logins of a device in an account
	// Newcomers are the entries to accounts that others used before. A log
	// begins with everybody's first login, which tells nothing; only addresses
	// and networks count those among their Entries.
	Newcomers int64
	Known     int64 // logins of devices known to their account
	Accounts  int64 // tried
	Entered   int64 // accounts
	First     int64 // microseconds UTC
	Last      int64
	Row       event.Pos // one of the rows, for its text

	// Tries is how many failures are the attack's.
	Tries int64
	// Odds are the odds that an entry here is the attacker's, nothing else being
	// known of it.
	Odds odds.Centibans
	// Weight is the weight of evidence that it is, 0 or more: the odds here
	// against those of any entry.
	Weight odds.Centibans
}

// A Map is what all tracers found.
type Map struct {
	cells map[Place]*Cell
	// Attack lists the places without an hour from which the attack was made.
	Attack []*Cell
	// Failures and Entries are strangers' failures and entries expected for a
	// thousand known logins, as learnt from the log.
	Failures, Entries int64
	// Strangers counts all entries, Foreign those that are the attack's by
	// the failures around them.
	Strangers, Foreign int64
	Hours              []Hour // by time
	// Single is what was tried from addresses that are sources of the attack,
	// Spread what was tried from elsewhere in hours with more failures than
	// honest people make.
	Single, Spread Tally
}

// An Hour counts the logins of the whole service in an hour.
type Hour struct {
	At       int64 // hours since 1970
	Attempts int64
	Failures int64 // of them, whoever made them
	Entries  int64 // first logins of a device in an account
	// Tries is how many strangers' failures are more than honest people make.
	Tries int64
}

// UnderSiege reports whether strangers failed more than honest people do in
// any of the hours that lie in the day before a time: then that somebody tried
// a password on an account says less of that account.
func (m *Map) UnderSiege(micros int64) bool {
	h := int64(hourAt(micros))
	from, _ := slices.BinarySearchFunc(m.Hours, h-24, func(x Hour, at int64) int { return cmp.Compare(x.At, at) })
	for _, x := range m.Hours[from:] {
		if x.At > h {
			return false
		}
		if x.Tries > 0 {
			return true
		}
	}
	return false
}

// Survey adds up what the tracers took in of a log. It is exact: the result
// depends on the accounts alone, not on who traced which.
//
// Addresses come first. What is done from an address that is itself a source
// of the attack explains itself, and is left out where user agents, operators
// and hours are added up: a server that tries a list says nothing against a
// new handset that is set up in the same hour.
func Survey(ctx context.Context, workers int, log *event.Parts, tracers []*Tracer, p *policy.Source) (*Map, error) {
	m := &Map{cells: map[Place]*Cell{}}
	hours := m.learn(tracers, p)
	touches, err := gather(ctx, workers, log, tracers)
	if err != nil {
		return nil, err
	}
	defer touches.close()
	for _, addrs := range [...]bool{true, false} {
		cells, err := touches.cells(&scope{m: m, p: p, addrs: addrs})
		if err != nil {
			return nil, err
		}
		c := newCensus(cells)
		if !addrs {
			c.tries = &scope{m: m, p: p} // which sources explain themselves is known by now
		}
		known, err := m.count(ctx, workers, log, c)
		if err != nil {
			return nil, err
		}
		m.keep(cells, known, hours, p)
	}
	slices.SortFunc(m.Attack, func(a, b *Cell) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(b.Tries, a.Tries), cmp.Compare(a.Value, b.Value))
	})
	return m, nil
}

// keep weighs cells and takes in those that speak.
func (m *Map) keep(cells []draft, known map[Place]int64, hours *hours, p *policy.Source) {
	for i := range cells {
		c := &cells[i].Cell
		whole := Place{c.Kind, AllHours, c.Value}
		switch {
		case c.Kind == Service:
			c.Known = hours.knownAt(hours.known, c.Hour)
		case c.Hour == AllHours:
			c.Known = known[whole]
		default:
			c.Known = hours.knownAt(known[whole], c.Hour)
		}
		m.weigh(c, p)
		if c.Tries == 0 {
			continue
		}
		m.cells[c.Place] = c
		if c.Hour == AllHours && m.isSource(c, p) {
			m.Attack = append(m.Attack, c)
		}
	}
}

// isSource reports whether a cell is a source of the attack by itself.
func (m *Map) isSource(c *Cell, p *policy.Source) bool {
	return c.Tries >= p.ReportFailures.Value && c.Weight >= odds.Centibans(p.ReportScore.Value)
}

// explained reports whether an address, or its network, is a source of the
// attack by itself.
func (m *Map) explained(a event.Addr, p *policy.Source) bool {
	if a == 0 {
		return false
	}
	for _, place := range [...]Place{{Addr, AllHours, event.Key(a)}, {Net, AllHours, netKey(a)}} {
		if c := m.cells[place]; c != nil && m.isSource(c, p) {
			return true
		}
	}
	return false
}

// learn sets the normal rates and weighs each hour of the service.
func (m *Map) learn(tracers []*Tracer, p *policy.Source) *hours {
	all := map[int32]*hour{}
	var total hour
	for _, t := range tracers {
		for h, c := range t.hours {
			if all[h] == nil {
				all[h] = &hour{}
			}
			all[h].known += c.known
			all[h].failures += c.failures
			all[h].entries += c.entries
			all[h].firsts += c.firsts
			all[h].attempts += c.attempts
			all[h].failed += c.failed
			total.known += c.known
		}
	}
	spells := spellsOf(all, p.NormalWeight.Value)
	m.Failures = median(spells, p.FailuresPerKnown.Value, p.NormalWeight.Value, func(h *hour) int64 { return h.failures })
	m.Entries = median(spells, p.EntriesPerKnown.Value, p.NormalWeight.Value, func(h *hour) int64 { return h.entries - h.firsts })
	m.Failures = max(m.Failures, 1)
	m.Entries = max(m.Entries, 1)
	for _, h := range all {
		m.Strangers += h.entries - h.firsts
		if m.tries(h.failures, h.known, p) > 0 {
			m.Foreign += max(0, h.entries-h.firsts-m.Entries*h.known/1000)
		}
	}
	for at, h := range all {
		m.Hours = append(m.Hours, Hour{int64(at), h.attempts, h.failed, h.entries, m.tries(h.failures, h.known, p)})
	}
	slices.SortFunc(m.Hours, func(a, b Hour) int { return cmp.Compare(a.At, b.At) })
	return &hours{all, total.known}
}

// hours are the hours of the whole service.
type hours struct {
	at    map[int32]*hour
	known int64
}

// knownAt returns how many of known logins fall into an hour, if they are
// spread over the day as everybody's are.
func (h *hours) knownAt(known int64, at int32) int64 {
	c := h.at[at]
	if c == nil || h.known == 0 {
		return 0
	}
	return known * c.known / h.known
}

// spellsOf puts hours together, in the order of time, until each spell has as
// many known logins as given. In an hour of a small service mostly nobody fails
// and nobody is new, so that the median hour would take every honest one for an
// attack.
func spellsOf(hours map[int32]*hour, known int64) []hour {
	var spells []hour
	var now hour
	for _, at := range slices.Sorted(maps.Keys(hours)) {
		h := hours[at]
		now.known, now.failures = now.known+h.known, now.failures+h.failures
		now.entries, now.firsts = now.entries+h.entries, now.firsts+h.firsts
		if now.known >= known {
			spells, now = append(spells, now), hour{}
		}
	}
	if n := len(spells); n == 0 {
		return append(spells, now)
	} else if now != (hour{}) {
		last := &spells[n-1]
		last.known, last.failures = last.known+now.known, last.failures+now.failures
		last.entries, last.firsts = last.entries+now.entries, last.firsts+now.firsts
	}
	return spells
}

// median returns the spell's figure per thousand known logins that half of all
// known logins lie below, the default weighing in as so many logins.
func median(spells []hour, byDefault, weight int64, figure func(*hour) int64) int64 {
	type item struct{ rate, weight int64 }
	items := []item{{byDefault, weight}}
	total := weight
	for i := range spells {
		if h := &spells[i]; h.known > 0 {
			items = append(items, item{figure(h) * 1000 / h.known, h.known})
			total += h.known
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Or(cmp.Compare(a.rate, b.rate), cmp.Compare(a.weight, b.weight)) })
	var sum int64
	for _, it := range items {
		if sum += it.weight; 2*sum >= total {
			return it.rate
		}
	}
	return byDefault
}

// tries returns how many failures are beyond what honest strangers explain:
// never fewer where there are more.
func (m *Map) tries(failures, known int64, p *policy.Source) int64 {
	expected := m.Failures*known/1000*(1000+p.PlacesDiffer.Value)/1000 + p.StrayFailures.Value/1000
	return max(0, failures-expected-root(4*(failures+1)))
}

// weigh sets Tries and Weight of a cell.
func (m *Map) weigh(c *Cell, p *policy.Source) {
	c.Tries = m.tries(c.Failures, c.Known, p)
	if c.Tries == 0 {
		return
	}
	// In thousandths of an entry, so that small places keep their digits.
	honest := m.Entries*c.Known + p.StrayEntries.Value
	most, least := c.Tries*p.HitRateMax.Value/1000, c.Tries*p.HitRateMin.Value/1000
	foreign := min(max(c.Newcomers*1000-honest, least), most)
	if c.Newcomers > 0 {
		foreign = min(foreign, c.Newcomers*1000)
	}
	prior := odds.Ratio(max(m.Foreign, 1), max(m.Strangers-m.Foreign, 100))
	limit := odds.Centibans(p.CapPlace.Value)
	if c.Kind == Agent || c.Kind == ASN || c.Kind == Service {
		limit = odds.Centibans(p.CapHour.Value)
	}
	c.Odds = odds.Ratio(foreign, honest)
	c.Weight = odds.Clamp(c.Odds-odds.Clamp(prior, -300, 0), 0, limit)
}

// root returns the integer square root, rounded up.
func root(n int64) int64 {
	r := int64(0)
	for bit := int64(1) << 30; bit > 0; bit >>= 1 {
		if (r+bit)*(r+bit) <= n {
			r += bit
		}
	}
	if r*r < n {
		r++
	}
	return r
}

// A Spot is when and from where somebody came.
type Spot struct {
	Time  int64 // microseconds UTC
	Addr  event.Addr
	Agent event.Key
	ASN   uint32
}

// SpotOf returns the Spot of a login.
func SpotOf(l *event.Login) Spot { return Spot{l.Time, l.Addr, l.Agent, l.ASN} }

// Weight returns the greatest weight of the places that an entry shares, and
// the place; nil if none speaks.
func (m *Map) Weight(l Spot) (odds.Centibans, *Cell) {
	h := hourAt(l.Time)
	var best *Cell
	for _, place := range [...]Place{
		{Addr, AllHours, event.Key(l.Addr)},
		{Net, AllHours, netKey(l.Addr)},
		{Agent, AllHours, l.Agent},
		{ASN, AllHours, asnKey(l.ASN)},
		{Agent, h, l.Agent},
		{ASN, h, asnKey(l.ASN)},
		{Service, h, 0},
	} {
		if place.Value == 0 && place.Kind != Service {
			continue
		}
		if c := m.cells[place]; c != nil && (best == nil || c.Weight > best.Weight) {
			best = c
		}
	}
	if best == nil {
		return 0, nil
	}
	return best.Weight, best
}
