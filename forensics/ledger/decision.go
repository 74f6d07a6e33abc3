package ledger

import (
	"cmp"
	"fmt"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
)

// A Subject is what a decision is about: an account, or one charge of it.
type Subject struct {
	Account string
	Txn     string // empty for the whole account
}

// Subject returns what the decision is about.
func (d *Decision) Subject() Subject { return Subject{d.Account, d.Txn} }

// A ConflictError is two decisions of one instant that cannot both hold.
type ConflictError struct{ One, Other Decision }

func (e *ConflictError) Error() string {
	about := fmt.Sprintf("account %q", discreet.Shown(e.One.Account))
	if e.One.Txn != "" {
		about += fmt.Sprintf(", charge %q", discreet.Shown(e.One.Txn))
	}
	return fmt.Sprintf("%s: %s and %s, both at %s: neither is the later one", about, e.One.saying(), e.Other.saying(),
		time.UnixMicro(e.One.When).UTC().Format(time.RFC3339Nano))
}

// saying words a decision for an error.
func (d *Decision) saying() string {
	word := "dismisses"
	if d.Confirm {
		word = "confirms"
	}
	return fmt.Sprintf("%q %s it", discreet.Shown(d.Who), word)
}

// Latest returns, for each account and each charge that was decided on, the
// decision that holds: the last one. A decision on a charge and one on its
// account are two subjects; which of them counts for a line is for Decide.
//
// Of several decisions of one instant that say the same, the one with the
// strongest validation holds, whatever their order. If they say opposite
// things and no later one settles it, Latest returns a *ConflictError for the
// first such subject by account and charge.
func Latest(decisions []Decision) (map[Subject]Decision, error) {
	holds := make(map[Subject]Decision, len(decisions))
	disputed := map[Subject]bool{}
	for i := range decisions {
		d := decisions[i]
		s := d.Subject()
		was, decided := holds[s]
		switch {
		case !decided || d.When > was.When:
			holds[s] = d
			delete(disputed, s)
		case d.When < was.When:
		default:
			if d.Confirm != was.Confirm {
				disputed[s] = true
			}
			if compareEqual(&d, &was) > 0 {
				holds[s] = d
			}
		}
	}
	if len(disputed) == 0 {
		return holds, nil
	}
	return nil, firstConflict(decisions, holds, disputed)
}

// compareEqual orders decisions of one subject and instant, so that which of
// them is kept depends on no order.
func compareEqual(a, b *Decision) int {
	return cmp.Or(cmp.Compare(yes(a.Confirm), yes(b.Confirm)), cmp.Compare(a.Validation, b.Validation),
		cmp.Compare(b.Who, a.Who), cmp.Compare(b.Why, a.Why))
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// firstConflict returns the error of the first disputed subject, with the
// decision that would hold and the first that contradicts it.
func firstConflict(decisions []Decision, holds map[Subject]Decision, disputed map[Subject]bool) error {
	var first Subject
	found := false
	for s := range disputed {
		if !found || cmp.Or(cmp.Compare(s.Account, first.Account), cmp.Compare(s.Txn, first.Txn)) < 0 {
			first, found = s, true
		}
	}
	e := &ConflictError{One: holds[first]}
	found = false
	for i := range decisions {
		d := &decisions[i]
		if d.Subject() == first && d.When == e.One.When && d.Confirm != e.One.Confirm && (!found || compareEqual(d, &e.Other) > 0) {
			e.Other, found = *d, true
		}
	}
	return e
}
