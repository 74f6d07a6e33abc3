package closeout

import "strings"

// A State says where what is left of a balance stands, after what is set aside.
type State uint8

// The states.
const (
	Unclaimed State = iota
	Claimed
	ClaimedLate
	PointsKept
	Exception
	numStates
)

// A Reason says why a line is what it is.
type Reason uint8

// The reasons, in the order in which a line names them.
const (
	NotInLog Reason = iota
	NotInExport
	HeldBefore
	PendingLeftOut
	ReturnLeftOut
	Unexplained
	Negative
	BelowZero
	PendingRows
	LooseReturns
	Fraud
	PossibleFraud
	FraudGone
	PointsUnit
	CheckOpen
	CheckFailed
	Repeated
	ClaimNotListed
	PaidBefore
	Overpaid
	PaidWithoutBalance
	numReasons
)

type word struct{ code, doc string }

var stateWords = [numStates]word{
	Unclaimed:   {"unclaimed", "nobody claimed it"},
	Claimed:     {"claimed", "claimed by the last day of the window"},
	ClaimedLate: {"late", "claimed after the window: the law excludes it, the operator may still pay"},
	PointsKept:  {"points", "points, which are refunded only if asked for"},
	Exception:   {"exception", "cannot be right, or was paid more than is due: never paid unseen"},
}

var reasonWords = [numReasons]word{
	NotInLog:           {"not_in_log", "the payment log has no row of the account in this currency"},
	NotInExport:        {"not_in_export", "the balance export does not list the account in this currency, though the log leaves something in its wallet"},
	HeldBefore:         {"held_before_log", "the export has more, and the rows prove that the wallet held something before the log begins"},
	PendingLeftOut:     {"pending_left_out", "the difference is exactly what pending rows move"},
	ReturnLeftOut:      {"return_left_out", "the difference is exactly what returns amount to that name nothing they can undo"},
	Unexplained:        {"unexplained", "the difference is none that the log can explain"},
	Negative:           {"negative", "the balance is below zero"},
	BelowZero:          {"below_zero", "the rows lead to a wallet below zero on the way: a row, or an opening balance, is missing"},
	PendingRows:        {"pending", "pending rows move the wallet: what becomes of them is not known"},
	LooseReturns:       {"loose_return", "a refund or reversal names nothing that it can undo"},
	Fraud:              {"fraud_set_aside", "the case takes fraudulent money back from this wallet: not the holder's"},
	PossibleFraud:      {"fraud_undecided", "part of what is set aside waits for a decision in the case"},
	FraudGone:          {"fraud_gone", "the case takes back more than the wallet holds: the rest is a matter of the other book"},
	PointsUnit:         {"points_unit", "the unit is points"},
	CheckOpen:          {"payee_unchecked", "claimed, but who is paid has not been checked"},
	CheckFailed:        {"payee_refused", "claimed, but the check of who is paid failed"},
	Repeated:           {"claimed_again", "claimed more than once; the first claim sets the time, the last one the check"},
	ClaimNotListed:     {"claim_not_listed", "paid before, but the list of claims does not have it any more"},
	PaidBefore:         {"paid_before", "paid in part or in full by an earlier export"},
	Overpaid:           {"overpaid", "earlier exports paid more than is due"},
	PaidWithoutBalance: {"paid_without_balance", "earlier exports paid an account that has no balance"},
}

// String returns the code that files show.
func (s State) String() string { return stateWords[s].code }

// Doc returns what the state means.
func (s State) Doc() string { return stateWords[s].doc }

// States lists all states.
func States() []State {
	var all []State
	for s := range numStates {
		all = append(all, s)
	}
	return all
}

// AllReasons lists all reasons.
func AllReasons() []Reason {
	var all []Reason
	for r := range numReasons {
		all = append(all, r)
	}
	return all
}

// String returns the code that files show.
func (r Reason) String() string { return reasonWords[r].code }

// Doc returns what the reason means.
func (r Reason) Doc() string { return reasonWords[r].doc }

// Reasons is a set of reasons.
type Reasons uint32

func (s *Reasons) add(r Reason) { *s |= 1 << r }

// Has reports whether r is in the set.
func (s Reasons) Has(r Reason) bool { return s>>r&1 == 1 }

// String returns the codes joined by ";".
func (s Reasons) String() string {
	var codes []string
	for r := range numReasons {
		if s.Has(r) {
			codes = append(codes, r.String())
		}
	}
	return strings.Join(codes, ";")
}
