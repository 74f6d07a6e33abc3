package source

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Tally is what was tried in an attack, all of its sources together.
type Tally struct {
	Tries    int64 // that failed
	Unknown  int64 // of them, on accounts that do not exist
	External int64 // of them, by an external identity
	Resets   int64 // resets that failed
	Accounts int64 // that exist and were tried
	Twice    int64 // of them, those that were tried once or twice
	Most     int64 // tries on one account
}

func (t *Tally) add(o *Tally) {
	t.Tries += o.Tries
	t.Unknown += o.Unknown
	t.External += o.External
	t.Resets += o.Resets
	t.Accounts += o.Accounts
	t.Twice += o.Twice
	t.Most = max(t.Most, o.Most)
}

// account takes in how often one account was tried in vain.
func (t *Tally) account(tries int64) {
	if tries == 0 {
		return
	}
	t.Accounts++
	if tries <= 2 {
		t.Twice++
	}
	t.Most = max(t.Most, tries)
}

// tallies add up the tries of some parts: those from sources of the attack, and
// those from elsewhere in hours of the attack.
type tallies struct {
	*scope `wire:"-"`

	single, spread   Tally
	account          event.Key `wire:"-"` // at hand
	ofSingle, ofRest int64     `wire:"-"` // its tries
}

// row takes in a login. The rows of an account come together.
func (t *tallies) row(l *event.Login) {
	if t.account != l.Account {
		t.end()
		t.account = l.Account
	}
	if l.Outcome() != event.Failure || l.History() {
		return
	}
	of, n := &t.spread, &t.ofRest
	switch {
	case t.m.explained(l.Addr, t.p):
		of, n = &t.single, &t.ofSingle
	case !t.m.inSiege(hourAt(l.Time)):
		return
	}
	if l.Action == event.PasswordReset {
		of.Resets++
		return
	}
	of.Tries++
	if l.Action == event.ExternalLogin {
		of.External++
	}
	if l.Reason() == event.UnknownAccount {
		of.Unknown++
	} else {
		*n++
	}
}

// end ends the account at hand.
func (t *tallies) end() {
	t.single.account(t.ofSingle)
	t.spread.account(t.ofRest)
	t.ofSingle, t.ofRest, t.account = 0, 0, 0
}

// inSiege reports whether strangers failed more in an hour than honest people
// do.
func (m *Map) inSiege(hour int32) bool {
	at, ok := slices.BinarySearchFunc(m.Hours, int64(hour), func(x Hour, at int64) int { return cmp.Compare(x.At, at) })
	return ok && m.Hours[at].Tries > 0
}
