package ledger

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Reasons that a drawn-up ledger adds to those of the case.
const (
	ReasonConfirmed      = "confirmed_by_decision" // somebody decided that it is fraud
	ReasonPartDismissed  = "partly_dismissed"      // a charge that the line stands on was decided to be no fraud
	ReasonPaidBefore     = "paid_before"           // something was paid for it before
	ReasonPaidByRule     = "paid_before_by_rule"   // found by account, amount and date, not by an id
	ReasonOverRefunded   = "over_refunded"         // more was paid before than is owed
	ReasonEarlierPending = "earlier_pending"       // a refund or dispute of it is on its way
)

// Why a line is left out of a ledger.
const (
	LeftDismissed = "dismissed" // decided to be no fraud
	LeftAccount   = "account"   // the account was not asked for, and so on
	LeftTier      = "tier"
	LeftChannel   = "channel"
	LeftDate      = "date"
	LeftNoDate    = "no_date" // a date was asked for, and no charge of the line is known
)

// statusOf returns the status that reasons give an amount, as the case decides
// it, with some of the reasons settled. A reason that is not known leads to
// nothing.
func statusOf(reasons []string, amount int64, settled func(refund.Reason) bool) refund.Status {
	status := refund.Open
	if amount == 0 {
		status = refund.Closed
	}
	for _, code := range reasons {
		if r, ok := reasonOf[code]; ok && !settled(r) {
			if r == refund.PossibleAccount {
				return refund.NeedsDecision
			}
			status = max(status, r.Leads())
		}
	}
	return status
}

var reasonOf = func() map[string]refund.Reason {
	m := map[string]refund.Reason{}
	for _, r := range refund.AllReasons() {
		m[r.String()] = r
	}
	return m
}()

// addReason adds a code to the reasons of a line, which may be shared.
func (l *Line) addReason(code string) {
	if !slices.Contains(l.Reasons, code) {
		l.Reasons = append(slices.Clip(l.Reasons), code)
	}
}

// Decide applies decisions (see Latest) to lines. isCharge says whether a
// transaction of an account is a charge that the case names; the others that a
// line stands on are what came back.
//
// A decision on a charge goes before one on its account. A line of which every
// charge is confirmed has the weakest of their validations, and no longer waits
// for a decision. That goes for the owner of cash too, but only if each charge
// was decided on by itself: that an account was taken over does not say whose
// the cash was. A line of which every charge is dismissed is
// dismissed. If only some are, its amount holds no longer and cannot be worked
// out from the line alone, so it needs a decision.
//
// It returns which lines are dismissed, and the decisions that concern no line,
// by account and charge.
func Decide(lines []Line, holds map[Subject]Decision, isCharge func(account, txn string) bool) (dismissed []bool, idle []Decision) {
	dismissed = make([]bool, len(lines))
	if len(holds) == 0 {
		return dismissed, nil
	}
	accounts, used := map[string]bool{}, map[Subject]bool{}
	for s := range holds {
		accounts[s.Account] = true
	}
	for i := range lines {
		if l := &lines[i]; accounts[l.Account] {
			dismissed[i] = decideLine(l, holds, used, isCharge)
		}
	}
	for s, d := range holds {
		if !used[s] {
			idle = append(idle, d)
		}
	}
	slices.SortFunc(idle, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Txn, b.Txn))
	})
	return dismissed, idle
}

// decideLine applies decisions to one line and reports whether it is dismissed.
func decideLine(l *Line, holds map[Subject]Decision, used map[Subject]bool, isCharge func(account, txn string) bool) bool {
	whole, onAccount := holds[Subject{l.Account, ""}]
	if onAccount {
		used[Subject{l.Account, ""}] = true
	}
	var confirmed, refused, open int
	each := true // every charge was decided on by itself
	validation := Operator
	decide := func(txn string) {
		s := Subject{l.Account, txn}
		d, ok := holds[s]
		if ok {
			used[s] = true
		} else {
			d, ok, each = whole, onAccount, false
		}
		switch {
		case !ok:
			open++
		case d.Confirm:
			confirmed++
			validation = min(validation, d.Validation)
		default:
			refused++
		}
	}
	some := false
	for _, txn := range l.Txns {
		if isCharge(l.Account, txn) {
			some = true
			decide(txn)
		}
	}
	if !some { // a return that fits no charge
		for _, txn := range l.Txns {
			decide(txn)
		}
	}
	if len(l.Txns) == 0 {
		decide("")
	}
	switch {
	case refused > 0 && confirmed+open == 0:
		return true
	case refused > 0:
		l.Status = refund.NeedsDecision
		l.addReason(ReasonPartDismissed)
	case open == 0:
		l.Validation = validation
		if l.Status == refund.NeedsDecision {
			l.Status = statusOf(l.Reasons, l.Amount, func(r refund.Reason) bool {
				return r == refund.PossibleAccount || r == refund.CashOwnerUnknown && each
			})
		}
		l.addReason(ReasonConfirmed)
	}
	return false
}

// A Filter says which lines are asked for. Empty parts ask for everything.
type Filter struct {
	Tiers    []takeover.Tier
	Channels []refund.Channel
	Accounts map[string]bool
	From, To int64 // of the first charge, microseconds; To is the first that is too late; 0 for none
}

// LeavesOut returns why a line is left out, or "".
func (f *Filter) LeavesOut(l *Line) string {
	switch {
	case len(f.Accounts) > 0 && !f.Accounts[l.Account]:
		return LeftAccount
	case len(f.Tiers) > 0 && !slices.Contains(f.Tiers, l.Tier):
		return LeftTier
	case len(f.Channels) > 0 && !slices.Contains(f.Channels, l.Channel):
		return LeftChannel
	case f.From == 0 && f.To == 0:
		return ""
	case l.ChargedAt == 0:
		return LeftNoDate
	case f.From != 0 && l.ChargedAt < f.From, f.To != 0 && l.ChargedAt >= f.To:
		return LeftDate
	}
	return ""
}
