// Package payout writes the files by which money leaves: to banks, to card
// processors, and a plain one for everything else; and reads back what it wrote.
//
// A file counts as written only when it was read back from the disk and its
// count, its sums and every payment in it are those of the batch. A name that a
// format cannot hold is reported, never guessed and never shortened in silence.
package payout

import (
	"time"

	"github.com/paytriage/paytriage/forensics/money"
)

// A Payment is one amount to one receiver.
type Payment struct {
	// Name is the id under which the line is exported: the refund_id, with a
	// sequence from its second export on (see ledger.Name).
	Name       string
	Account    string
	Amount     int64 // minor units, more than 0
	Currency   money.Currency
	Txn        string // the transaction that is refunded, for card refunds
	FundingRef string
	Payee      Payee
}

// A Payee is who receives a payment, from the restricted file of payees. Which
// fields are needed depends on the format.
type Payee struct {
	Name                   string // as the owner writes it
	Kana                   string // as the bank has it
	BankCode, BankName     string
	BranchCode, BranchName string
	AccountType            string // 1 ordinary, 2 current, 4 savings
	AccountNumber          string
	IBAN, BIC              string
	Country                string
	PSPReference           string // of the payment at the card processor
}

// A Debtor is the service that pays.
type Debtor struct {
	Code                   string // 委託者コード, ten digits
	Name, Kana             string
	BankCode, BankName     string
	BranchCode, BranchName string
	AccountType            string
	AccountNumber          string
	IBAN, BIC              string
	Merchant               string // merchant account at the card processor
}

// A Batch is what one file pays.
type Batch struct {
	ID        string    // of the file, for whoever processes it
	CreatedAt time.Time // told, never read from a clock here
	PayOn     time.Time // the day on which it is to be paid
	Debtor    Debtor
	Payments  []Payment
}

// Totals are what a file adds up to.
type Totals struct {
	Count int64
	Sums  []Sum // by currency
}

// A Sum is the total of one currency.
type Sum struct {
	Currency money.Currency
	Minor    int64
}
