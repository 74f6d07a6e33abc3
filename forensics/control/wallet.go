package control

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A node is what a payment row does to the instrument that paid and to the
// wallet: +1, -1 or 0 times its amount. Returns do it for the charge at the
// root of what they name, as package refund has it.
type node struct {
	root               int32
	instrument, wallet int8
	state              uint8
}

const (
	fresh uint8 = iota
	following
	linked
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
	nodes []node
	path  []int32
	byTxn map[event.Key]int32
	net   [][2]int64 // what is left of each charge: instrument, wallet

	moves   []move
	opening int64
	taken   int64 // by thieves, of what was the owner's
}

func isReturn(k event.Kind) bool {
	return k == event.Refund || k == event.Reversal || k == event.Chargeback
}

// read links the charges of an account.
func (w *wallet) read(charges []event.Charge) {
	w.nodes, w.net = zeroed(w.nodes, len(charges)), zeroed(w.net, len(charges))
	w.byTxn = make(map[event.Key]int32, len(charges))
	for i := range charges {
		if _, ok := w.byTxn[charges[i].Txn]; !ok {
			w.byTxn[charges[i].Txn] = int32(i)
		}
	}
	for i := range charges {
		w.link(charges, int32(i))
	}
	for i := range charges {
		n := &w.nodes[i]
		w.net[n.root][0] += int64(n.instrument) * charges[i].Amount
		w.net[n.root][1] += int64(n.wallet) * charges[i].Amount
	}
}

// link follows a row to a charge and derives what stands on the way back. Each
// row is walked once. Rows that name each other in a circle do nothing.
func (w *wallet) link(charges []event.Charge, i int32) {
	w.path = w.path[:0]
	for w.nodes[i].state == fresh {
		c := &charges[i]
		w.nodes[i] = node{root: i, state: linked}
		if !isReturn(c.Kind) {
			w.nodes[i].instrument, w.nodes[i].wallet = chargeLegs(c)
			break
		}
		parent, ok := w.byTxn[c.Ref]
		if !ok || c.Ref == 0 {
			break
		}
		w.nodes[i].state = following
		w.path = append(w.path, i)
		i = parent
	}
	circle := w.nodes[i].state == following
	for _, at := range slices.Backward(w.path) {
		n, c := &w.nodes[at], &charges[at]
		if n.state = linked; circle || charges[i].Currency != c.Currency || c.Status == event.Declined {
			i = at
			continue
		}
		p := &w.nodes[i]
		n.instrument, n.wallet = returnLegs(c.Kind, &charges[i], p)
		n.root, i = p.root, at
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

// returnLegs says what a return does, given its original.
func returnLegs(k event.Kind, original *event.Charge, did *node) (instrument, wallet int8) {
	switch {
	case k == event.Reversal:
		return -did.instrument, -did.wallet
	case isReturn(original.Kind):
	case did.instrument != 0:
		return +1, 0
	case k == event.Refund:
		return 0, -did.wallet
	}
	return 0, 0
}

// settle draws up the moves of one currency, and what the wallet must have held
// before the first of them: the least that the rows allow.
func (w *wallet) settle(charges []event.Charge, c money.Currency, m *Account) {
	w.moves = w.moves[:0]
	for i := range charges {
		row := &charges[i]
		if row.Currency != uint32(c) || w.nodes[i].root != int32(i) || isReturn(row.Kind) {
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
