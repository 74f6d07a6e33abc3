package control

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/effect"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A move is what a charge did in the end, with everything that came back: to
// the wallet (amount is signed), or as a payment by an instrument.
type move struct {
	at     int64
	charge int32 // index in the account's charges
	amount int64 // of money into (+) or out of (-) the wallet, or of a direct payment
	what   what
}

type what uint8

const (
	ownMove what = iota // the owner's, or not known whose
	topUp               // a thief's, from an instrument of the owner
	brought             // a thief's own money
	spend               // a thief's, out of the wallet
	direct              // a thief's, paid by an instrument
)

// A wallet is one currency of an account, replayed.
type wallet struct {
	effect.Chains
	net [][2]int64 // what is left of each charge: instrument, wallet

	moves   []move
	opening int64
	taken   int64 // by thieves, of what was the owner's
}

// read links the charges of an account.
func (w *wallet) read(charges []event.Charge) {
	w.Chains.Read(charges)
	w.net = zeroed(w.net, len(charges))
	for i := range charges {
		n := &w.Rows[i]
		w.net[n.Root][0] += int64(n.Instrument) * charges[i].Amount
		w.net[n.Root][1] += int64(n.Wallet) * charges[i].Amount
	}
}

// settle draws up the moves of one currency, and what the wallet must have held
// before the first of them: the least that the rows allow.
func (w *wallet) settle(charges []event.Charge, c money.Currency, m *Account) {
	w.moves = w.moves[:0]
	for i := range charges {
		row := &charges[i]
		if row.Currency != uint32(c) || w.Rows[i].Root != int32(i) || effect.IsReturn(row.Kind) {
			continue
		}
		v := move{at: row.Time, charge: int32(i), amount: w.net[i][1]}
		if sideOf(m.Charges[row.Txn]) == thiefs {
			v.what, v.amount = stolen(row, w.net[i], m.Brought[row.Txn])
		}
		if v.amount != 0 {
			w.moves = append(w.moves, v)
		}
	}
	slices.SortFunc(w.moves, func(a, b move) int { // within an instant money comes in before it goes out
		return cmp.Or(cmp.Compare(a.at, b.at), -cmp.Compare(min(a.amount, 0), min(b.amount, 0)), cmp.Compare(a.charge, b.charge))
	})
	var held, lowest, own, taken int64
	for i := range w.moves {
		switch v := &w.moves[i]; v.what {
		case brought:
			own += v.amount
		case direct:
			taken += v.amount
		case spend:
			part := min(-v.amount, own)
			own -= part
			held += v.amount + part
			taken += -v.amount - part
		default:
			held += v.amount
		}
		lowest = min(lowest, held)
	}
	w.opening, w.taken = -lowest, taken
}

// stolen says what a stolen charge did in the end. More that came back than went
// out is nobody's loss.
func stolen(row *event.Charge, net [2]int64, isBrought bool) (what, int64) {
	switch {
	case row.Kind == event.TransferIn || row.Kind == event.TopUp && isBrought:
		return brought, max(net[1], 0)
	case row.Kind == event.TopUp:
		return topUp, max(net[1], 0)
	case net[0] != 0:
		return direct, max(-net[0], 0)
	}
	return spend, min(net[1], 0)
}

// replay returns what thieves take where the charges with the bit do not
// happen, and whether they do anything at all. They spend their own money
// first, then what the wallet holds, up to what they spent. What they brought
// stays as it was.
func (w *wallet) replay(stopped []uint32, bit uint32) (taken int64, acts bool) {
	held, own := w.opening, int64(0)
	for i := range w.moves {
		v := &w.moves[i]
		if (v.what == topUp || v.what == spend || v.what == direct) && stopped[v.charge]&bit != 0 {
			continue
		}
		switch v.what {
		case ownMove:
			held = max(held+v.amount, 0)
		case brought:
			own += v.amount
		case topUp:
			held += v.amount
			acts = true
		case direct:
			taken += v.amount
			acts = true
		case spend:
			part := min(-v.amount, own)
			own -= part
			loss := min(-v.amount-part, held)
			held -= loss
			taken += loss
			acts = acts || loss > 0
		}
	}
	return taken, acts
}
