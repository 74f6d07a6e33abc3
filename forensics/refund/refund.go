// Package refund works out what is owed for one account: from its payment rows
// and a verdict on each, the lines of its ledger.
//
// It promises the law of replay. An account has legs in each currency: the
// wallet, and every instrument that paid (points are an instrument). When all
// lines that Settle returns are paid, whatever their status, every leg of the
// owner stands where a replay of the rows without the attacker's would have
// left it. What each row does to the legs is in one place, chain.go. A return
// (reversal, refund or chargeback) belongs to the charge that it names, and so
// to whoever made that charge, no matter who pressed the button.
//
// So one yen that was topped up and spent is owed once, to the instrument it
// came from. Several attackers are one pool. Currencies are never added, and
// no amount is clipped: what would have to be, is an exception for a person.
//
// Where the law needs reading:
//
//   - A return of more than is left of its original counts in full. Its line,
//     and the wallet's if the wallet is concerned, is an exception.
//   - A return that names no row of the account, or one that it cannot undo,
//     moves no leg in either replay. It is listed as an exception of amount 0
//     if it could concern a fraudulent charge.
//   - An instrument that is not the owner's has no line; what it brought into
//     the wallet still counts there.
//   - In a named account, charges that are only possibly the attacker's open
//     no line and count as the owner's, but for one thing: no more is taken
//     back from the wallet than would be if they were fraud too.
//   - A pending row counts as if approved; the lines that stand on it are held.
//     A declined row does nothing, and neither does its reversal.
//   - An account that takes back more than it gets is an exception.
//   - A known balance, be it before the first row or after any, says what the
//     wallet still holds. Where it leads below zero, or contradicts another, a
//     row is missing: nothing is then taken for the owner's doing, and the
//     wallet's line is an exception.
//
// The package is pure: no I/O, clock, randomness or map order. Rows that share
// an instant may come in any order. Payers, tiers, earlier payments and the
// ids of lines are the caller's; ID makes the latter.
package refund

import (
	"fmt"
	"math"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Verdict says who made a charge.
type Verdict uint8

// The verdicts. On a reversal, refund or chargeback the verdict counts only
// where the row cannot be laid against a charge.
const (
	Own      Verdict = iota // the owner, or not known
	Possible                // an attacker, only possibly
	Named                   // an attacker
)

// An Input is one account.
type Input struct {
	// Charges are all payment rows of the account in time order, each
	// transaction once, amounts not negative.
	Charges  []event.Charge
	Verdicts []Verdict // one for each charge

	// Possible says that the account itself is only possibly a victim:
	// charges that are Possible count as Named, and every line needs a
	// decision.
	Possible bool

	// Foreign marks charges paid from an instrument that is not the owner's,
	// Stoppable those whose debit the issuer can still stop. Each may be nil,
	// or has one entry for each charge.
	Foreign, Stoppable []bool

	// Opening holds the wallet's balance before the first row, where it is
	// known. A full history opens at 0. A currency that is not listed has
	// none that is known.
	Opening []Opening
	// Balances hold what else is known of the wallet, in the order of Until.
	// Each leads back to a balance before the first row. Where they lead to
	// different ones, a row is missing from the log.
	Balances []KnownBalance
}

// A KnownBalance is what the wallet held when every row before an instant, and none
// since, had been booked: a closing balance has an Until behind all rows.
type KnownBalance struct {
	Currency money.Currency
	Amount   int64
	Until    int64 // microseconds UTC
}

// An Opening is a known balance of the wallet before the first row.
type Opening struct {
	Currency money.Currency
	Amount   int64
}

// An Account is the ledger of one account.
type Account struct {
	Lines  []Line  // by currency, component, time and transaction
	Totals []Total // by currency
	// Undone lists the fraudulent charges (as indexes) of which nothing is
	// left on any leg: reversed, refunded or charged back in full.
	Undone []int
}

// A Line is one thing owed, or to be taken back, or to be looked at.
type Line struct {
	Component Component
	Channel   Channel
	Status    Status
	Currency  money.Currency

	// Amount = Gross - Returned. Gross is what the leg lost by the charge,
	// Returned what it got back. A wallet line has nothing returned: returns
	// are within its amount.
	Gross, Returned, Amount int64

	// Charges are the rows the line stands on, as indexes. For an instrument
	// the first is the charge and the others are its returns; otherwise they
	// are in the order of time and transaction.
	Charges []int
	// Instrument is the instrument (funding_ref) to be paid, 0 if not known.
	Instrument event.Key
	Reasons    Reasons
}

// A Total sums up one currency of an account. TopUp and Spend are the naive
// sums, before anything came back; only NetLoss is a loss.
type Total struct {
	Currency money.Currency
	TopUp    int64 // fraudulent top-ups
	Spend    int64 // fraudulent payments, transfers out and payouts
	Wallet   int64 // what the attacker took out of the wallet less what the attacker put in
	NetLoss  int64 // sum of the amounts of all lines

	Charges  int // fraudulent charges that were not declined
	Standing int // of these, approved and not undone
}

// Settle returns the ledger of an account. It is empty for an account without
// a fraudulent row. The only error is money.ErrOverflow.
func Settle(in Input) (Account, error) {
	if !in.anyFraud() {
		return Account{}, nil
	}
	if err := in.fits(); err != nil {
		return Account{}, err
	}
	var small [smallAccount]node
	g := chains{in: &in, nodes: small[:0]}
	if len(in.Charges) > smallAccount {
		g.nodes = make([]node, 0, len(in.Charges))
	}
	g.link()
	g.addUp()
	c, found := g.nextCurrency(0)
	if !found {
		return Account{}, nil
	}
	var b book
	b.reserve(&g)
	for ; found; c, found = g.nextCurrency(c + 1) {
		b.settle(&g, c)
	}
	return b.account, nil
}

// smallAccount is the number of rows up to which scratch space is on the
// stack. Few accounts have more rows in the days of an incident.
const smallAccount = 48

// side is the verdict by which a charge is counted.
func (in *Input) side(i int) Verdict {
	if v := in.Verdicts[i]; v != Possible || !in.Possible {
		return v
	}
	return Named
}

func (in *Input) anyFraud() bool {
	for i := range in.Charges {
		if in.side(i) == Named {
			return true
		}
	}
	return false
}

func (in *Input) foreign(i int) bool   { return in.Foreign != nil && in.Foreign[i] }
func (in *Input) stoppable(i int) bool { return in.Stoppable != nil && in.Stoppable[i] }

func (in *Input) opening(c money.Currency) (amount int64, known bool) {
	for _, o := range in.Opening {
		if o.Currency == c {
			return o.Amount, true
		}
	}
	return 0, false
}

func magnitude(v int64) int64 { return max(v, -max(v, -math.MaxInt64)) }

// fits reports ErrOverflow unless every sum that the account can lead to fits
// an int64, so that the arithmetic behind it need not ask again and an error
// does not depend on the order of rows. Each row counts at most once on an
// instrument and once in the wallet, and a balance once; a quarter of the
// range is room for both together and for their negatives. The sum over all
// currencies is a bound and nothing else.
func (in *Input) fits() error {
	var bound money.Sum
	for i := range in.Charges {
		if in.Charges[i].Status != event.Declined {
			bound.Add(in.Charges[i].Amount)
		}
	}
	for _, o := range in.Opening {
		bound.Add(magnitude(o.Amount))
	}
	largest := int64(0) // one balance is led back at a time
	for _, b := range in.Balances {
		largest = max(largest, magnitude(b.Amount))
	}
	bound.Add(largest)
	total, err := bound.Total()
	if err == nil && total > math.MaxInt64/4 {
		err = money.ErrOverflow
	}
	if err != nil {
		return fmt.Errorf("refund: rows of one account: %w", err)
	}
	return nil
}
