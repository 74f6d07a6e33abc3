// Package baseline tells who uses an account and how.
//
// The users of an account are told apart by their device. A row without a
// device belongs to the device of its session, unless it hides there (see
// hidden); where a log has no devices at all, the user agent stands in for one.
// What such an actor does, and how it relates to the other actors of the
// account, is counted here and judged elsewhere: this package holds no threshold
// and no opinion.
//
// Everything is a pure function of the rows of one account. The rows must be
// in the order of event.CompareLogins and event.CompareCharges.
package baseline

import (
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
)

// maxPlaces is how many addresses (networks, agents) of one actor are
// remembered: the first half of them and the latest. Carrier networks hand out
// a new address for every session, so that a full list says nothing more.
const maxPlaces = 16

// maxLookBack is how many sessions back the session of a row is looked for.
const maxLookBack = 256

// Micros of time.
const (
	Second = int64(1_000_000)
	Hour   = 3600 * Second
	Day    = 24 * Hour
)

// An Actor is one user of an account, as far as the log tells them apart.
type Actor struct {
	Key    event.Key // of the device, or of what stands in for it
	Device event.Key // 0 when not known
	First  int64     // time of the first row, microseconds UTC
	Last   int64
	Days   int32 // days of UTC on which there are rows

	Entry     int32 // index of the first successful login in the account's logins, -1 for none
	Successes int32 // successful logins
	External  int32 // of them by an external identity
	Changes   int32 // resets, changes of password or mail, cards registered
	Guesses   int32 // cards and bank accounts that could not be registered
	Opened    bool  // the actor's first row opened the account
	Agent     event.Key

	Charges     int32 // approved or pending top-ups, payments and transfers out
	Declined    int32
	FirstCharge int64
	TopUps      int64 // minor units of the first currency that the actor uses
	Spent       int64
	BestDay     int64 // the most that was topped up or spent in one day of UTC
	// Burst is how many charges there were at most within an hour of one of
	// them, BurstTopUps how many top-ups, declined ones counted.
	Burst, BurstTopUps int32
	Currency           uint32
	// Outlays is how often money left the wallet, Fed before how many of them
	// the actor topped it up, within the hour and for the first time since.
	Outlays, Fed int32

	Addrs     Set[event.Addr]
	ASNs      Set[uint32]
	Countries Set[event.Country]
	Stores    Set[event.Key] // shops, and accounts that money is sent to

	day                int64
	dayTopUp, daySpent int64
	burstAt            int64
	fedAt              int64 // the latest top-up that nothing was spent after, 0 for none
	burst, burstTopUps int32
}

// A Set remembers up to maxPlaces values, the first and the latest.
type Set[T comparable] struct {
	n    int32
	vals [maxPlaces]T
}

// Add adds v, unless it is the zero value or already there.
func (s *Set[T]) Add(v T) {
	var zero T
	if v == zero || s.Has(v) {
		return
	}
	at := s.n
	if at >= maxPlaces {
		at = maxPlaces/2 + s.n%(maxPlaces/2)
	}
	s.vals[at] = v
	s.n++
}

// Has reports whether v is remembered.
func (s *Set[T]) Has(v T) bool { return slices.Contains(s.Values(), v) }

// Values returns what is remembered. The result is valid until the next Add.
func (s *Set[T]) Values() []T { return s.vals[:min(s.n, maxPlaces)] }

// Len returns how many different values were added, as far as is known.
func (s *Set[T]) Len() int { return int(s.n) }

// Meets reports whether the sets have a value in common.
func (s *Set[T]) Meets(t *Set[T]) bool {
	return slices.ContainsFunc(s.Values(), t.Has)
}

// Nobody is the actor index of rows that no actor can be named for, and of
// failed logins from devices that never got in.
const Nobody = int16(-1)

// An Account is one account's rows and who made them. It is reused: what it
// holds is valid until the next call of Read.
type Account struct {
	Key     event.Key
	Logins  []event.Login
	Charges []event.Charge
	Actors  []Actor
	// LoginBy and ChargeBy name the actor of each row, by index in Actors, or
	// Nobody.
	LoginBy, ChargeBy []int16
	// Borrowed marks charges whose session was begun by another device than
	// the one that made them, or that hide in it.
	Borrowed []bool

	room     Rows // for Walk
	sessions []session
	byKey    map[event.Key]int16 // used when there are many actors
}

type session struct {
	key   event.Key
	actor int16
}

// manyActors is where a map takes over from a walk.
const manyActors = 24

// maxActors bounds the actors of an account; rows of further ones are
// Nobody's. An account that many devices use is a shared test account or
// damage, and no person's.
const maxActors = 1 << 12

// Read sorts out the rows of one account.
func (a *Account) Read(logins []event.Login, charges []event.Charge) {
	a.Logins, a.Charges = logins, charges
	a.Actors, a.sessions = a.Actors[:0], a.sessions[:0]
	clear(a.byKey)
	a.LoginBy = resize(a.LoginBy, len(logins))
	a.ChargeBy = resize(a.ChargeBy, len(charges))
	a.Borrowed = resize(a.Borrowed, len(charges))
	if len(logins) > 0 {
		a.Key = logins[0].Account
	} else {
		a.Key = charges[0].Account
	}
	i, j := 0, 0
	for i < len(logins) || j < len(charges) {
		if j == len(charges) || i < len(logins) && logins[i].Time <= charges[j].Time {
			a.LoginBy[i] = a.login(i)
			i++
		} else {
			a.ChargeBy[j], a.Borrowed[j] = a.charge(j)
			j++
		}
	}
	a.ownFailures()
}

// FirstRow returns where the first login stands, or the first charge where there
// is none.
func (a *Account) FirstRow() event.Pos {
	if len(a.Logins) > 0 {
		return a.Logins[0].Pos
	}
	return a.Charges[0].Pos
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// login notes an auth row and returns whose it is.
func (a *Account) login(i int) int16 {
	l := &a.Logins[i]
	if l.Outcome() == event.Failure {
		return Nobody // settled by ownFailures, when all devices are known
	}
	key, at := l.Device, Nobody
	if key == 0 {
		if at = a.sessionActor(l.Session); at == Nobody {
			key = l.Agent
		}
	}
	if at == Nobody {
		if at = a.actor(key, l.Device, l.Time); at == Nobody {
			return Nobody
		}
	}
	a.remember(l.Session, at)
	x := &a.Actors[at]
	x.seen(l.Time)
	x.Addrs.Add(l.Addr)
	x.ASNs.Add(l.ASN)
	x.Countries.Add(l.Country)
	if x.Agent == 0 {
		x.Agent = l.Agent
	}
	switch l.Action {
	case event.AccountCreate:
		x.Opened = x.Opened || len(a.Actors) == 1 && x.First == l.Time
	case event.LoginAction, event.ExternalLogin:
		x.Successes++
		if l.Action == event.ExternalLogin {
			x.External++
		}
		if x.Entry < 0 {
			x.Entry = int32(i)
		}
	case event.PasswordReset, event.PasswordChange, event.EmailChange, event.CardRegister:
		x.Changes++
	}
	return at
}

// charge notes a payment row and returns whose it is, and whether its session
// was begun by someone else.
func (a *Account) charge(j int) (by int16, borrowed bool) {
	c := &a.Charges[j]
	switch c.Kind {
	case event.TopUp, event.Payment, event.TransferOut, event.Payout:
	default:
		return Nobody, false // nobody presses these buttons on a phone
	}
	begun := a.sessionActor(c.Session)
	at := begun
	switch {
	case c.Device != 0:
		at = a.actor(c.Device, c.Device, c.Time)
		borrowed = begun != Nobody && begun != at && a.Actors[begun].Device != 0
	case at == Nobody:
		at = a.byAddress(c.Addr)
	case a.hidden(j, at):
		at, borrowed = a.actor(hiddenKey, 0, c.Time), true
	}
	if at == Nobody {
		return Nobody, false
	}
	x := &a.Actors[at]
	x.seen(c.Time)
	x.Addrs.Add(c.Addr)
	x.hurry(c)
	if c.Status == event.Declined {
		x.Declined++
		return at, borrowed
	}
	x.Stores.Add(c.Store)
	if c.Ref != 0 && (c.Kind == event.TransferOut || c.Kind == event.Payout) {
		x.Stores.Add(c.Ref.Join(event.Key(c.Kind))) // to whom the money goes
	}
	if x.Charges == 0 {
		x.FirstCharge, x.Currency = c.Time, c.Currency
	}
	x.Charges++
	if c.Kind == event.TopUp {
		x.fedAt = c.Time
	} else {
		x.Outlays++
		if x.fedAt != 0 && c.Time-x.fedAt <= Hour {
			x.Fed++
		}
		x.fedAt = 0
	}
	if c.Currency == x.Currency {
		if c.Kind == event.TopUp {
			x.TopUps += c.Amount
			x.dayTopUp += c.Amount
		} else {
			x.Spent += c.Amount
			x.daySpent += c.Amount
		}
		x.BestDay = max(x.BestDay, x.dayTopUp, x.daySpent)
	}
	return at, borrowed
}

// hiddenKey is the key of the actor who hides the device: one for each account.
const hiddenKey = event.Key(0x68696464656e)

// hidden reports whether charge j is made by somebody who hides the device in a
// session that an actor's device began: from an address that the actor was never
// seen at, and not the only such charge of the session. A single one is an
// export that lost a device id.
func (a *Account) hidden(j int, begun int16) bool {
	x := &a.Actors[begun]
	return x.Device != 0 && a.bare(j, a.Charges[j].Session, x) &&
		(a.bare(j-1, a.Charges[j].Session, x) || a.bare(j+1, a.Charges[j].Session, x))
}

// bare reports whether charge j is one of a session, without a device, from an
// address that the actor was never seen at.
func (a *Account) bare(j int, s event.Key, x *Actor) bool {
	if j < 0 || j >= len(a.Charges) {
		return false
	}
	c := &a.Charges[j]
	return c.Device == 0 && c.Addr != 0 && c.Session == s && !x.Addrs.Has(c.Addr)
}

// actor returns the actor of a key, a new one if need be.
func (a *Account) actor(key, device event.Key, t int64) int16 {
	if len(a.Actors) > manyActors {
		if len(a.byKey) == 0 {
			if a.byKey == nil {
				a.byKey = map[event.Key]int16{}
			}
			for i := range a.Actors {
				a.byKey[a.Actors[i].Key] = int16(i)
			}
		}
		if i, ok := a.byKey[key]; ok {
			return i
		}
		if len(a.Actors) == maxActors {
			return Nobody
		}
		a.byKey[key] = int16(len(a.Actors))
	} else {
		for i := range a.Actors {
			if a.Actors[i].Key == key {
				return int16(i)
			}
		}
	}
	if n := len(a.Actors); n < cap(a.Actors) {
		a.Actors = a.Actors[:n+1]
		a.Actors[n] = Actor{}
	} else {
		a.Actors = append(a.Actors, Actor{})
	}
	x := &a.Actors[len(a.Actors)-1]
	x.Key, x.Device, x.First, x.Last, x.Entry, x.day = key, device, t, t, -1, -1
	return int16(len(a.Actors) - 1)
}

func (x *Actor) seen(t int64) {
	x.Last = t
	if d := t / Day; d != x.day {
		x.day = d
		x.dayTopUp, x.daySpent = 0, 0
		x.Days++
	}
}

// hurry counts the charges of an hour.
func (x *Actor) hurry(c *event.Charge) {
	if c.Time-x.burstAt > Hour || x.Burst == 0 {
		x.burstAt, x.burst, x.burstTopUps = c.Time, 0, 0
	}
	x.burst++
	if c.Kind == event.TopUp {
		x.burstTopUps++
	}
	x.Burst, x.BurstTopUps = max(x.Burst, x.burst), max(x.BurstTopUps, x.burstTopUps)
}

func (a *Account) remember(s event.Key, actor int16) {
	if s == 0 || a.sessionActor(s) != Nobody {
		return
	}
	a.sessions = append(a.sessions, session{s, actor})
}

func (a *Account) sessionActor(s event.Key) int16 {
	if s == 0 {
		return Nobody
	}
	stop := max(0, len(a.sessions)-maxLookBack)
	for i := len(a.sessions) - 1; i >= stop; i-- {
		if a.sessions[i].key == s {
			return a.sessions[i].actor
		}
	}
	return Nobody
}

// byAddress returns the actor last seen at an address, the only one there is,
// or Nobody.
func (a *Account) byAddress(addr event.Addr) int16 {
	best := Nobody
	for i := range a.Actors {
		if addr != 0 && a.Actors[i].Addrs.Has(addr) && (best == Nobody || a.Actors[i].Last > a.Actors[best].Last) {
			best = int16(i)
		}
	}
	if best == Nobody && len(a.Actors) == 1 {
		return 0
	}
	return best
}

// ownFailures gives failed logins to the actor whose device, or else address,
// they came from: people mistype their own passwords.
func (a *Account) ownFailures() {
	for i := range a.Logins {
		l := &a.Logins[i]
		if l.Outcome() != event.Failure {
			continue
		}
		a.LoginBy[i] = Nobody
		for n := range a.Actors {
			if a.Actors[n].made(l) {
				a.LoginBy[i] = int16(n)
				if l.Action == event.CardRegister {
					a.Actors[n].Guesses++
				}
				break
			}
		}
	}
}

// made reports whether a failed login looks like the actor's own.
func (x *Actor) made(l *event.Login) bool {
	if l.Device != 0 {
		return l.Device == x.Device
	}
	return x.Addrs.Has(l.Addr)
}

// Walk calls do for every account of a part, in order, with the same Account
// value each time. Its rows are valid within do alone.
func Walk(rows *event.Cursor, a *Account, do func(a *Account)) {
	a.room.Each(rows, func(logins []event.Login, charges []event.Charge) {
		a.Read(logins, charges)
		do(a)
	})
}

// Rows is room for the rows of one account.
type Rows struct {
	logins  []event.Login
	charges []event.Charge
}

// Each calls do with the rows of every account of a part, in order. They are
// valid within do alone.
func (r *Rows) Each(rows *event.Cursor, do func(logins []event.Login, charges []event.Charge)) {
	l, c := &rows.Logins, &rows.Charges
	moreLogins, moreCharges := l.Next(), c.Next()
	for moreLogins || moreCharges {
		var key event.Key
		switch {
		case !moreCharges || moreLogins && l.Row.Account <= c.Row.Account:
			key = l.Row.Account
		default:
			key = c.Row.Account
		}
		r.logins, r.charges = r.logins[:0], r.charges[:0]
		if moreLogins && l.Row.Account == key {
			r.logins, moreLogins = l.Account(r.logins)
		}
		if moreCharges && c.Row.Account == key {
			r.charges, moreCharges = c.Account(r.charges)
		}
		do(r.logins, r.charges)
	}
}
