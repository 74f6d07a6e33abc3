// Package ledger is the book that finance works with: what a case says is owed,
// less what was paid before, split by who decided what, and added up.
//
// A case ends with lines, one for each obligation (see refund). A Line here is
// such an obligation on its way to being paid. Lines are never edited once they
// were exported; what changes afterwards is another line. Amounts are whole
// minor units of one currency, and currencies are never added together.
//
// The package is pure: it reads no file and knows no clock.
package ledger

import (
	"strconv"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Validation says who, beside the evidence of the logs, holds that an account
// is a victim. Finance calls a case confirmed only by this.
type Validation uint8

// The validations, from none to the strongest.
const (
	NotValidated Validation = iota
	Customer                // the owner complained of it
	Issuer                  // the issuer of the instrument reported it
	Operator                // a person of the service decided it
	numValidations
)

var validationWords = [numValidations]string{NotValidated: "none", Customer: "customer", Issuer: "issuer", Operator: "operator"}

// String returns the word that files show.
func (v Validation) String() string { return validationWords[v] }

// ParseValidation returns the validation of a word.
func ParseValidation(word string) (Validation, bool) {
	for v, w := range validationWords {
		if w == word {
			return Validation(v), true
		}
	}
	return NotValidated, false
}

// A Line is one obligation: so much to one account by one channel.
type Line struct {
	ID        string // refund_id: the same for the same obligation in every run
	Account   string
	Txns      []string // the transactions it stands on
	Component refund.Component
	Channel   refund.Channel

	// Amount = Gross - Returned, negative where money is to be taken back.
	// Earlier is what was paid for it before, outside the book (an earlier
	// ledger, a refund list of a payment provider); Payable = Amount - Earlier.
	Gross, Returned, Amount int64
	Earlier, Payable        int64
	Currency                money.Currency

	Tier       takeover.Tier
	Validation Validation
	Status     refund.Status
	Reasons    []string
	Payer      string // operator, issuer, bank
	FundingRef string // the instrument to be refunded, where the log names it
	ChargedAt  int64  // time of the first charge it stands on, microseconds UTC; 0 if not known
}

// Name returns the id under which a line is exported for the n-th time, from 1:
// the id of the obligation, with a sequence from the second time on.
func Name(id string, n int) string {
	if n <= 1 {
		return id
	}
	return id + "-" + strconv.Itoa(n)
}

// A Decision is what a person decided of an account, or of one charge of it.
// It survives re-runs: the file that holds it is given again.
type Decision struct {
	Account    string
	Txn        string     // of the charge; empty where the whole account is meant
	Confirm    bool       // it is fraud; otherwise it is not
	Validation Validation // who holds it; Operator where the file does not say
	Who, Why   string
	When       int64 // microseconds UTC
}
