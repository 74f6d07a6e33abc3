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

// tallies are both tallies of a worker.
type tallies struct {
	*scope `wire:"-"`

	single, spread Tally
}

var tallyWalk = event.NewLoginWalk("tries", func(s *scope) *tallies { return &tallies{scope: s} },
	(*tallies).part, func(t *tallies) *tallies { return t })

// part adds up the tries of a part.
func (t *tallies) part(logins *event.LoginCursor) {
	m, p := t.m, t.p
	var single, spread int64
	var account event.Key
	for logins.Next() {
		l := &logins.Row
		if account != l.Account {
			t.single.account(single)
			t.spread.account(spread)
			single, spread, account = 0, 0, l.Account
		}
		if l.Outcome() != event.Failure || l.History() {
			continue
		}
		of, n := &t.spread, &spread
		switch {
		case m.explained(l.Addr, p):
			of, n = &t.single, &single
		case !m.inSiege(hourAt(l.Time)):
			continue
		}
		if l.Action == event.PasswordReset {
			of.Resets++
			continue
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
	t.single.account(single)
	t.spread.account(spread)
}

// inSiege reports whether strangers failed more in an hour than honest people
// do.
func (m *Map) inSiege(hour int32) bool {
	at, ok := slices.BinarySearchFunc(m.Hours, int64(hour), func(x Hour, at int64) int { return cmp.Compare(x.At, at) })
	return ok && m.Hours[at].Tries > 0
}
