package ledger

import "github.com/paytriage/paytriage/forensics/money"

// The sides on which something can be left without a counterpart.
const (
	EarlierSide  = "earlier"  // a payment of before
	LedgerSide   = "ledger"   // a line
	DecisionSide = "decision" // what somebody decided
)

// An Unmatched is something that found nothing on the other side.
type Unmatched struct {
	Side             string
	ID, Account, Txn string
	Amount           int64
	Currency         money.Currency // 0 where there is no amount
	Why              string
	Source           string // the file that names it
}
