// Package closeout draws up the book of a service that ends: what every account
// still holds, what of it is set aside because it is an attacker's, who claimed
// his balance in the statutory window, and what is left to be paid.
//
// It is a book of its own. Compensation (see package refund) makes good what an
// attacker took; this book gives back what was never taken. Nothing of one is
// ever added to the other: a claw-back only lowers what this book may pay out,
// a restore of the other book is no part of it, and the ids of lines are of
// another kind.
//
// Every unit of every balance stands in exactly one place: set aside, claimed,
// claimed late, unclaimed, points, or exception. Sum proves it from the lines,
// and reports what does not add up instead of a book.
//
// The package is pure: no file, clock, randomness or map order.
package closeout

import (
	"context"
	"fmt"
	"math"

	"github.com/paytriage/paytriage/forensics/effect"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Rolled is the wallet of an account in one currency, rolled forward over the
// rows of the log from an opening of 0.
type Rolled struct {
	Account   event.Key
	Currency  money.Currency
	Balance   int64
	Lowest    int64 // at the end of any instant, never above 0
	Pending   int64 // part of Balance that stands on pending rows
	Unsettled int64 // how many pending rows there are
	Loose     int64 // what refunds and reversals that name nothing they can undo amount to
	Returns   int64 // how many of them there are
	Rows      int64
	Pos       event.Pos // of one row of the account, for its name
}

// A Roll is what the payment log says of all wallets.
type Roll struct {
	Wallets []Rolled // by account key and currency code, those without any effect left out
	Flows   []Flow   // by currency
	Rows    int64    // that were counted
	After   int64    // rows behind the last day, not counted
	Last    int64    // time of the last row, counted or not; 0 where there is none
}

// A Flow adds up what rows of each kind did to all wallets of a currency.
type Flow struct {
	Currency money.Currency
	ByKind   [NumKinds]int64 // by event.Kind
	Wallets  int64           // sum of the balances of all accounts: the same by another way
}

// NumKinds is one more than the last kind of row.
const NumKinds = int(event.Payout) + 1

// RollForward adds up the wallets of all accounts over the rows before an
// instant. It takes linear time; the result does not depend on the number of
// workers.
func RollForward(ctx context.Context, log *event.Log, before int64, workers int) (*Roll, error) {
	parts := make([]part, log.Parts.Len())
	_, err := event.EachPart(ctx, workers, log.Parts, func() *effect.Chains { return &effect.Chains{} },
		func(c *effect.Chains, i int, p *event.Part) { parts[i].read(c, p.Charges, before) })
	if err != nil {
		return nil, err
	}
	r := &Roll{}
	flows := map[money.Currency]*flow{}
	n := 0
	for i := range parts {
		n += len(parts[i].wallets)
	}
	r.Wallets = make([]Rolled, 0, n)
	for i := range parts {
		p := &parts[i]
		if p.err != nil {
			return nil, p.err
		}
		r.Wallets = append(r.Wallets, p.wallets...)
		r.Rows += p.rows
		r.After += p.after
		r.Last = max(r.Last, p.last)
		for c, f := range p.flows {
			to := flowOf(flows, c)
			for k := range f {
				v, err := f[k].Total()
				if err != nil {
					return nil, fmt.Errorf("rows of %s: %w", c, err)
				}
				to[k].Add(v)
			}
		}
	}
	return r, r.close(flows)
}

type flow [NumKinds]money.Sum

func flowOf(flows map[money.Currency]*flow, c money.Currency) *flow {
	if flows[c] == nil {
		flows[c] = &flow{}
	}
	return flows[c]
}

// close takes the sums out and compares the two ways of adding up: by kind of
// row, and by account.
func (r *Roll) close(flows map[money.Currency]*flow) error {
	sums := map[money.Currency]*money.Sum{}
	for i := range r.Wallets {
		w := &r.Wallets[i]
		if sums[w.Currency] == nil {
			sums[w.Currency] = &money.Sum{}
		}
		sums[w.Currency].Add(w.Balance)
	}
	for _, c := range sorted(flows) {
		out := Flow{Currency: c}
		var all money.Sum
		for k := range flows[c] {
			v, err := flows[c][k].Total()
			if err != nil {
				return fmt.Errorf("rows of %s: %w", c, err)
			}
			out.ByKind[k] = v
			all.Add(v)
		}
		if s := sums[c]; s != nil {
			v, err := s.Total()
			if err != nil {
				return fmt.Errorf("balances in %s: %w", c, err)
			}
			out.Wallets = v
		}
		if v, err := all.Total(); err != nil || v != out.Wallets {
			return &SumError{fmt.Sprintf("the rows move %d %s, the wallets %d", v, c, out.Wallets)}
		}
		r.Flows = append(r.Flows, out)
	}
	return nil
}

// A part is what one partition of the log says.
type part struct {
	wallets     []Rolled
	flows       map[money.Currency]*flow
	rows, after int64
	last        int64
	err         error
}

func (p *part) read(c *effect.Chains, charges []event.Charge, before int64) {
	p.flows = map[money.Currency]*flow{}
	for len(charges) > 0 && p.err == nil {
		n := 1
		for n < len(charges) && charges[n].Account == charges[0].Account {
			n++
		}
		in := n
		for in > 0 && charges[in-1].Time >= before { // in time order
			in--
		}
		p.last = max(p.last, charges[n-1].Time)
		p.after += int64(n - in)
		p.rows += int64(in)
		if in > 0 {
			p.account(c, charges[:in])
		}
		charges = charges[n:]
	}
}

// account rolls the wallets of one account forward.
func (p *part) account(c *effect.Chains, charges []event.Charge) {
	c.Read(charges)
	first := len(p.wallets)
	find := func(code uint32) *Rolled {
		for i := first; i < len(p.wallets); i++ {
			if p.wallets[i].Currency == money.Currency(code) {
				return &p.wallets[i]
			}
		}
		p.wallets = append(p.wallets, Rolled{Account: charges[0].Account, Currency: money.Currency(code), Pos: charges[0].Pos})
		return &p.wallets[len(p.wallets)-1]
	}
	for i := range charges {
		row, does := &charges[i], &c.Rows[i]
		if i > 0 && row.Time != charges[i-1].Time {
			p.dip(first)
		}
		loose := does.Loose && row.Kind != event.Chargeback
		if does.Wallet == 0 && !loose {
			continue
		}
		w := find(row.Currency)
		w.Rows++
		if loose {
			w.Loose = capped(w.Loose, row.Amount)
			w.Returns++
		}
		moved := int64(does.Wallet) * row.Amount
		var err error
		if w.Balance, err = money.Add(w.Balance, moved); err != nil {
			p.err = fmt.Errorf("wallet of one account: %w", err)
			return
		}
		if row.Status == event.Pending && moved != 0 {
			w.Pending, w.Unsettled = capped(w.Pending, moved), w.Unsettled+1
		}
		flowOf(p.flows, w.Currency)[row.Kind].Add(moved)
	}
	p.dip(first)
	p.order(first)
}

// dip notes how low the wallets of the account stand at the end of an instant.
// Within one, rows have no order.
func (p *part) dip(first int) {
	for i := first; i < len(p.wallets); i++ {
		p.wallets[i].Lowest = min(p.wallets[i].Lowest, p.wallets[i].Balance)
	}
}

// order puts the few wallets of an account in the order of their currencies.
func (p *part) order(first int) {
	w := p.wallets[first:]
	for i := 1; i < len(w); i++ {
		for j := i; j > 0 && w[j].Currency.String() < w[j-1].Currency.String(); j-- {
			w[j], w[j-1] = w[j-1], w[j]
		}
	}
}

// capped adds amounts that only explain: more than fits is as good as the most.
func capped(a, b int64) int64 {
	v, err := money.Add(a, b)
	switch {
	case err == nil:
		return v
	case b < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}
