// Package effect says what each payment row of an account does to the wallet
// and to the instrument that paid: take its amount, give it, or nothing.
//
// A top-up moves money from an instrument into the wallet; a payment takes it
// out of the wallet, or of the instrument that paid directly; transfers and
// payouts move the wallet; a reversal undoes whatever its original did; a refund
// gives back to the leg that paid; a chargeback gives back to the instrument and
// leaves the wallet alone; a declined row does nothing and a pending one counts
// as approved. It is the reading of package refund, which is the oracle of this
// one, without the reasons that a ledger needs: what only adds up wallets (a
// replay, a closing balance) takes it from here.
package effect

import (
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Row is what one payment row does: +1, -1 or 0 times its amount.
type Row struct {
	Root               int32 // the charge that all this is about; the row itself for a charge
	Instrument, Wallet int8
	// Loose says of a return that it names no row of the account, or one that
	// it cannot undo: it does nothing.
	Loose bool
	state uint8
}

const (
	fresh uint8 = iota
	following
	linked
)

// Chains are the rows of one account, linked. They may be used again for the
// next account.
type Chains struct {
	Rows  []Row // one for each charge
	path  []int32
	byTxn map[event.Key]int32
}

// IsReturn reports whether rows of a kind name another row that they undo.
func IsReturn(k event.Kind) bool {
	return k == event.Refund || k == event.Reversal || k == event.Chargeback
}

// Read links the charges of an account. It takes linear time.
func (w *Chains) Read(charges []event.Charge) {
	if cap(w.Rows) < len(charges) {
		w.Rows = make([]Row, len(charges), len(charges)+len(charges)/2)
	}
	w.Rows = w.Rows[:len(charges)]
	clear(w.Rows)
	w.byTxn = nil
	for i := range charges {
		if IsReturn(charges[i].Kind) {
			w.index(charges)
			break
		}
	}
	for i := range charges {
		w.link(charges, int32(i))
	}
}

// index notes where each transaction is. Few accounts need it.
func (w *Chains) index(charges []event.Charge) {
	w.byTxn = make(map[event.Key]int32, len(charges))
	for i := range charges {
		if _, ok := w.byTxn[charges[i].Txn]; !ok {
			w.byTxn[charges[i].Txn] = int32(i)
		}
	}
}

// link follows a row to a charge and derives what stands on the way back. Each
// row is walked once. Rows that name each other in a circle do nothing.
func (w *Chains) link(charges []event.Charge, i int32) {
	w.path = w.path[:0]
	for w.Rows[i].state == fresh {
		c := &charges[i]
		w.Rows[i] = Row{Root: i, state: linked}
		if !IsReturn(c.Kind) {
			w.Rows[i].Instrument, w.Rows[i].Wallet = chargeLegs(c)
			break
		}
		parent, ok := w.byTxn[c.Ref]
		if !ok || c.Ref == 0 {
			w.Rows[i].Loose = c.Status != event.Declined
			break
		}
		w.Rows[i].state = following
		w.path = append(w.path, i)
		i = parent
	}
	circle := w.Rows[i].state == following
	for _, at := range slices.Backward(w.path) {
		n, c := &w.Rows[at], &charges[at]
		if n.state = linked; circle || charges[i].Currency != c.Currency || c.Status == event.Declined {
			n.Loose = c.Status != event.Declined
			i = at
			continue
		}
		p := &w.Rows[i]
		var does bool
		n.Instrument, n.Wallet, does = returnLegs(c.Kind, &charges[i], p)
		n.Loose = !does || p.Loose
		n.Root, i = p.Root, at
	}
}

func chargeLegs(c *event.Charge) (instrument, wallet int8) {
	switch {
	case c.Status == event.Declined:
	case c.Kind == event.TopUp:
		return -1, +1
	case c.Kind == event.Payment && c.Funding != event.Balance && c.Funding != event.NoFunding:
		return -1, 0
	case c.Kind == event.Payment, c.Kind == event.TransferOut, c.Kind == event.Payout:
		return 0, -1
	case c.Kind == event.TransferIn:
		return 0, +1
	}
	return 0, 0
}

// returnLegs says what a return does, given its original, and whether it can do
// anything.
func returnLegs(k event.Kind, original *event.Charge, did *Row) (instrument, wallet int8, does bool) {
	switch {
	case k == event.Reversal:
		return -did.Instrument, -did.Wallet, true
	case IsReturn(original.Kind), original.Status == event.Declined:
	case did.Instrument != 0:
		return +1, 0, true
	case k == event.Refund:
		return 0, -did.Wallet, true
	}
	return 0, 0, false
}
