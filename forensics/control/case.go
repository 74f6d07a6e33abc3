package control

import (
	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Case is what a case says, by the keys that the log has.
type Case struct {
	Accounts map[event.Key]*Account
	// Devices were used in the attack, Testers are addresses from which
	// credentials were tried.
	Devices map[event.Key]bool
	Testers map[event.Addr]bool
	// FirstStolen is when the first charge was stolen for certain or
	// probably, 0 if none was.
	FirstStolen int64
}

// An Account is what the case says about an account that was entered.
type Account struct {
	Name       string // for errors
	Tier       takeover.Tier
	TakeoverAt int64
	Device     event.Key                   // 0 where it is not known
	Charges    map[event.Key]takeover.Tier // stolen, by transaction
	// Brought are the stolen top-ups that were paid with a thief's own money.
	Brought map[event.Key]bool
	Losses  []Loss // of a confirmed or probable victim
}

// A Loss is what a victim's row of the case says about one currency.
type Loss struct {
	Currency     money.Currency
	TopUp, Spend int64
}

// A side says whose a row is.
type side uint8

const (
	owners    side = iota
	undecided      // only possibly a thief's
	thiefs
)

func sideOf(t takeover.Tier) side {
	switch {
	case t >= takeover.Probable:
		return thiefs
	case t == takeover.Possible:
		return undecided
	}
	return owners
}

// sides says for each actor of an account whose side they are on.
func (c *Case) sides(dst []side, a *baseline.Account, m *Account) []side {
	dst = dst[:0]
	entered := undecided // whoever uses an attack's device where the case names nobody
	if m != nil {
		entered = max(entered, sideOf(m.Tier))
	}
	for i := range a.Actors {
		x := &a.Actors[i]
		s := owners
		if x.Device != 0 && c.Devices[x.Device] {
			s = entered
		}
		if x.Entry >= 0 && c.Testers[a.Logins[x.Entry].Addr] {
			s = entered
		}
		if m != nil && (x.Device != 0 && x.Device == m.Device || x.First == m.TakeoverAt) {
			s = max(s, sideOf(m.Tier))
		}
		dst = append(dst, s)
	}
	if m == nil {
		return dst
	}
	for i := range a.Charges {
		if by := a.ChargeBy[i]; by != baseline.Nobody {
			dst[by] = max(dst[by], sideOf(m.Charges[a.Charges[i].Txn]))
		}
	}
	return dst
}
