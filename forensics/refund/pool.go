package refund

import (
	"cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A pool is what all attackers together did in one currency.
type pool struct {
	Total
	// withPossible is Total.Wallet if possible charges were fraud too.
	withPossible int64
	since        int64 // time of the first fraudulent charge, if Charges > 0
}

// moves reports whether row i is a charge, not a return, that moves money.
func (g *chains) moves(i int) bool {
	return g.nodes[i].root == int32(i) && g.nodes[i].legs != legs{}
}

// unmatched reports whether row i is a return that should have moved money but
// cannot be laid against a charge.
func (g *chains) unmatched(i int) bool {
	return g.nodes[i].why != NoReason && g.in.Charges[i].Status != event.Declined
}

// undone reports whether row i is a fraudulent charge of which nothing is left.
func (g *chains) undone(i int) bool {
	n := &g.nodes[i]
	return n.side == Named && g.moves(i) && n.net == [numLegs]int64{} && g.in.Charges[i].Amount > 0
}

// nextCurrency returns the first currency from a code on in which a fraudulent
// row did something.
func (g *chains) nextCurrency(from money.Currency) (next money.Currency, found bool) {
	for i := range g.nodes {
		n := &g.nodes[i]
		c := money.Currency(g.in.Charges[i].Currency)
		if n.side == Named && (n.legs != legs{} || g.unmatched(i)) && c >= from && (!found || c < next) {
			next, found = c, true
		}
	}
	return next, found
}

// pool adds up what the attackers did in a currency.
func (g *chains) pool(c money.Currency) pool {
	p := pool{Total: Total{Currency: c}}
	for i := range g.nodes {
		n, row := &g.nodes[i], &g.in.Charges[i]
		if row.Currency != uint32(c) || n.side == Own || !g.moves(i) {
			continue
		}
		p.withPossible -= n.net[wallet]
		if n.side == Possible {
			continue
		}
		p.Wallet -= n.net[wallet]
		switch row.Kind {
		case event.TopUp:
			p.TopUp += row.Amount
		case event.Payment, event.TransferOut, event.Payout:
			p.Spend += row.Amount
		}
		if p.Charges == 0 {
			p.since = row.Time
		}
		p.Charges++
		if row.Status != event.Pending && n.net != [numLegs]int64{} {
			p.Standing++
		}
	}
	return p
}

// compareRows orders rows by time and transaction.
func (g *chains) compareRows(i, j int) int {
	p, q := &g.in.Charges[i], &g.in.Charges[j]
	return cmp.Or(cmp.Compare(p.Time, q.Time), cmp.Compare(p.Txn, q.Txn))
}

// opening returns the balance of the wallet before the first row, where it is
// known, and whether what is known of it contradicts itself.
func (g *chains) opening(c money.Currency) (amount int64, known, torn bool) {
	amount, known = g.in.opening(c)
	charges, moved, row := g.in.Charges, int64(0), 0
	for _, b := range g.in.Balances {
		if b.Currency != c {
			continue
		}
		for ; row < len(charges) && charges[row].Time < b.Until; row++ {
			if charges[row].Currency == uint32(c) {
				moved += int64(g.nodes[row].legs[wallet]) * charges[row].Amount
			}
		}
		switch at := b.Amount - moved; {
		case !known:
			amount, known = at, true
		case at != amount:
			torn = true
		}
	}
	return amount, known, torn
}

// closing returns the balance after the last row, and whether it was below
// zero at the end of any instant. Within an instant rows have no order.
func (g *chains) closing(c money.Currency, opening int64) (balance int64, below bool) {
	charges := g.in.Charges
	balance, below = opening, opening < 0
	for i := range charges {
		if charges[i].Currency == uint32(c) {
			balance += int64(g.nodes[i].legs[wallet]) * charges[i].Amount
		}
		if i+1 == len(charges) || charges[i+1].Time != charges[i].Time {
			below = below || balance < 0
		}
	}
	return balance, below
}
