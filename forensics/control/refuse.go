package control

import (
	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

// MaxControls is how many controls can be replayed at once: a bit of a mask
// each, and one for all of them together.
const MaxControls = 31

// An account is one account that is being replayed. It is reused.
type account struct {
	*baseline.Account
	sides []side
	steps []step
	// For each row a bit for each rule: stop where it does not happen, ask
	// where somebody is disturbed, be it that he is refused or asked for more.
	stopLogin, askLogin, stopCharge []uint32

	out   []bool  // actors that were refused and did not get in again
	known []bool  // devices that are not new
	until []int64 // when a new device may top up
}

// A step is a row, logins and charges in one order of time.
type step struct {
	at    int64
	index int32
	login bool
}

func (x *account) read(a *baseline.Account) {
	x.Account = a
	x.steps = x.steps[:0]
	i, j := 0, 0
	for i < len(a.Logins) || j < len(a.Charges) {
		if j == len(a.Charges) || i < len(a.Logins) && a.Logins[i].Time <= a.Charges[j].Time {
			x.steps = append(x.steps, step{a.Logins[i].Time, int32(i), true})
			i++
		} else {
			x.steps = append(x.steps, step{a.Charges[j].Time, int32(j), false})
			j++
		}
	}
	x.stopLogin, x.askLogin = zeroed(x.stopLogin, len(a.Logins)), zeroed(x.askLogin, len(a.Logins))
	x.stopCharge = zeroed(x.stopCharge, len(a.Charges))
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// enters reports whether a row is a login that got in.
func enters(l *event.Login) bool {
	return (l.Action == event.LoginAction || l.Action == event.ExternalLogin) && l.Outcome() != event.Failure
}

// lives reports whether a row shows that its device is in the account. A reset,
// a registration or a challenge may come before that.
func lives(l *event.Login) bool {
	switch l.Action {
	case event.LoginAction, event.ExternalLogin, event.Logout, event.PasswordChange, event.EmailChange, event.CardRegister:
		return l.Outcome() != event.Failure
	}
	return false
}

// refuse marks what a rule refuses.
func (x *account) refuse(r *rule, bit uint32) {
	switch {
	case r.why != "":
	case r.Kind == MultiDevice:
		x.multiDevice(r.Window, bit)
	case r.Kind == SecondFactor:
		x.secondFactor(bit)
	case r.Kind == ForeignBlock:
		x.logins(bit, func(i int32, _ int16) (stop, ask bool) {
			cc := x.Logins[i].Country
			return cc != 0 && cc != r.Home, cc != 0 && cc != r.Home
		}, func(int16, int64) {})
	case r.Kind == TopUpCap:
		for _, c := range r.caps {
			x.cap(c, r.Window, bit)
		}
	case r.Kind == CoolDown:
		x.coolDown(r.Window, bit)
	case r.Kind == StopTopUps:
		for i := range x.Charges {
			if c := &x.Charges[i]; isTopUp(c) && c.Time >= r.At {
				x.stopCharge[i] |= bit
			}
		}
	}
}

func isTopUp(c *event.Charge) bool { return c.Kind == event.TopUp && c.Status != event.Declined }

// logins walks an account under a rule about logins. Judge says of a login
// whether it is refused and whether somebody is disturbed by it; alive is told
// of every row that does happen and shows that its device is in the account. Rows of history happened.
func (x *account) logins(bit uint32, judge func(i int32, by int16) (stop, ask bool), alive func(by int16, at int64)) {
	x.out = zeroed(x.out, len(x.Actors))
	for _, s := range x.steps {
		if !s.login {
			switch by := x.ChargeBy[s.index]; {
			case by == baseline.Nobody:
			case x.out[by]:
				x.stopCharge[s.index] |= bit
			default:
				alive(by, s.at)
			}
			continue
		}
		l, by := &x.Logins[s.index], x.LoginBy[s.index]
		if by == baseline.Nobody {
			continue
		}
		if enters(l) && !l.History() {
			stop, ask := judge(s.index, by)
			if ask {
				x.askLogin[s.index] |= bit
			}
			if x.out[by] = stop; stop {
				x.stopLogin[s.index] |= bit
			}
		}
		if !x.out[by] && lives(l) {
			alive(by, s.at)
		}
	}
}

// multiDevice refuses logins while another device is active.
func (x *account) multiDevice(window int64, bit uint32) {
	const never = -1 << 62
	last, lastAt, otherAt := baseline.Nobody, int64(never), int64(never)
	x.logins(bit, func(i int32, by int16) (stop, ask bool) {
		at := lastAt
		if by == last {
			at = otherAt
		}
		stop = x.Actors[by].Device != 0 && x.Logins[i].Time-at < window
		return stop, stop
	}, func(by int16, at int64) {
		if x.Actors[by].Device == 0 {
			return
		}
		if by != last {
			last, otherAt = by, lastAt
		}
		lastAt = at
	})
}

// isNew reports whether a login is of a device that is new in the account, and
// remembers that the device is new no more.
func (x *account) isNew(by int16, any *bool) bool {
	if x.Actors[by].Device == 0 {
		return false
	}
	unknown := !x.known[by] && *any
	x.known[by], *any = true, true
	return unknown
}

// secondFactor asks new devices for more than a password, which a thief never
// has, at whatever login.
func (x *account) secondFactor(bit uint32) {
	x.known = zeroed(x.known, len(x.Actors))
	any := false
	x.logins(bit, func(_ int32, by int16) (stop, ask bool) {
		ask = x.isNew(by, &any)
		if stop = ask && x.sides[by] == thiefs; stop {
			x.known[by] = false
		}
		return stop, ask
	}, func(by int16, _ int64) { x.isNew(by, &any) })
}

// coolDown refuses the top-ups of devices that are new.
func (x *account) coolDown(window int64, bit uint32) {
	x.known, x.until = zeroed(x.known, len(x.Actors)), zeroed(x.until, len(x.Actors))
	any := false
	x.logins(bit, func(i int32, by int16) (stop, ask bool) {
		if x.isNew(by, &any) {
			x.until[by] = x.Logins[i].Time + window
		}
		return false, false
	}, func(by int16, _ int64) { x.isNew(by, &any) })
	for i := range x.Charges {
		c, by := &x.Charges[i], x.ChargeBy[i]
		if by != baseline.Nobody && isTopUp(c) && c.Time < x.until[by] {
			x.stopCharge[i] |= bit // a device that charged before its login is not new
		}
	}
}

// cap refuses top-ups that would take the account beyond the cap.
func (x *account) cap(c limit, window int64, bit uint32) {
	var sum int64 // at most the cap
	first := 0    // of the charges that may still be in the window
	for i := range x.Charges {
		row := &x.Charges[i]
		if !isTopUp(row) || row.Currency != uint32(c.currency) {
			continue
		}
		for ; x.Charges[first].Time <= row.Time-window; first++ {
			if old := &x.Charges[first]; isTopUp(old) && old.Currency == row.Currency && x.stopCharge[first]&bit == 0 {
				sum -= old.Amount
			}
		}
		if row.Amount > c.amount-sum {
			x.stopCharge[i] |= bit
		} else {
			sum += row.Amount
		}
	}
}
