package refund

import (
	"cmp"
	"slices"
	"sort"

	"github.com/paytriage/paytriage/forensics/event"
)

// none is the index of no row.
const none = int32(-1)

// The legs that a row can move. The instrument is the one that paid the charge
// at the root of the row's chain.
const (
	instrument = iota
	wallet
	numLegs
)

// legs says for each leg whether a row takes its amount from it (-1), gives it
// (+1), or leaves it alone.
type legs [numLegs]int8

func (l legs) undone() legs { return legs{-l[instrument], -l[wallet]} }

// A node is what a row does. Rows form chains: a charge at the root, the
// returns that name it, the reversals that name those.
type node struct {
	net    [numLegs]int64 // what the row and all that hangs on it did to the legs
	root   int32          // the charge that all this is about; the row itself for a charge
	parent int32          // the row that a return names
	next   int32          // the next return with the same root, in row order
	open   int32          // rows naming this one that are not added up yet; scratch of resolve before
	legs   legs
	over   legs // on a root: not 0 where more came back than went out
	side   Verdict
	state  uint8
	why    Reason // why a return moves nothing
}

// A chains is an account whose rows have been linked. It only ever points to
// its input and to scratch space, never to the result: mixing the two would
// move the scratch space from the stack to the heap.
type chains struct {
	in    *Input
	nodes []node // one for each row
}

// The states of a node while its chain is being followed.
const (
	fresh = iota
	following
	known
)

func isReturn(k event.Kind) bool {
	return k == event.Refund || k == event.Reversal || k == event.Chargeback
}

// chargeLegs returns what a charge does to the legs.
func chargeLegs(c *event.Charge) legs {
	switch c.Kind {
	case event.TopUp:
		return legs{instrument: -1, wallet: +1}
	case event.Payment:
		if fromWallet(c) {
			return legs{wallet: -1}
		}
		return legs{instrument: -1}
	case event.TransferOut, event.Payout:
		return legs{wallet: -1}
	case event.TransferIn:
		return legs{wallet: +1}
	}
	return legs{}
}

// fromWallet reports whether the wallet paid. A payment whose source is not
// said is taken to be from the balance: exports that name the source only
// where it is an instrument are common, and the account's sum is the same.
func fromWallet(c *event.Charge) bool {
	return c.Kind == event.Payment && (c.Funding == event.Balance || c.Funding == event.NoFunding)
}

// returnLegs returns what a return does to the legs of a charge, or why it
// cannot do anything. A reversal undoes whatever its original did. A refund
// gives back to the leg that paid and a chargeback to the instrument, so both
// need a charge, not a return, in front of them, and neither touches the
// wallet of a top-up.
func returnLegs(kind event.Kind, original *event.Charge, did legs) (legs, Reason) {
	if kind == event.Reversal {
		return did.undone(), NoReason
	}
	switch {
	case original.Status == event.Declined:
		return legs{}, DeclinedOriginal
	case isReturn(original.Kind):
		return legs{}, UnclearOriginal
	case did[instrument] != 0:
		return legs{instrument: +1}, NoReason
	case kind == event.Chargeback:
		return legs{}, UnclearOriginal
	}
	return did.undone(), NoReason
}

// link finds the original of every return and what each row does.
func (g *chains) link() {
	charges := g.in.Charges
	g.nodes = g.nodes[:len(charges)]
	find := newFinder(charges)
	for i := range charges {
		c := &charges[i]
		n := node{root: int32(i), parent: none, next: none, side: g.in.side(i), state: known}
		switch {
		case isReturn(c.Kind):
			if n.parent = find.row(c.Ref); n.parent == none {
				n.why = OrphanReversal
			} else {
				n.state = fresh
			}
		case c.Status != event.Declined:
			n.legs = chargeLegs(c)
		}
		g.nodes[i] = n
	}
	for i := range g.nodes {
		g.resolve(int32(i))
	}
}

// resolve follows a row to the first row that is known and derives all rows
// on the way back. Each row is walked once, so long chains cost no more than
// short ones. The way back is kept in node.open.
func (g *chains) resolve(i int32) {
	below := none
	for g.nodes[i].state == fresh {
		g.nodes[i].state, g.nodes[i].open = following, below
		below, i = i, g.nodes[i].parent
	}
	// Rows that name each other in a circle have no charge at their root.
	circle := g.nodes[i].state == following
	for below != none {
		n := &g.nodes[below]
		below, n.open, n.state = n.open, 0, known
		if circle {
			n.parent, n.why = none, OrphanReversal
			continue
		}
		g.derive(n)
	}
}

// derive works out a return from its original, which is known.
func (g *chains) derive(n *node) {
	i := n.root
	c, original, p := &g.in.Charges[i], &g.in.Charges[n.parent], &g.nodes[n.parent]
	why := NoReason
	var does legs
	switch {
	case p.why == OrphanReversal:
		n.parent, n.why = none, OrphanReversal
		return
	case p.why != NoReason:
		why = UnclearOriginal
	case c.Currency != original.Currency:
		why = CurrencyDiffers
	case c.Status == event.Declined:
	default:
		does, why = returnLegs(c.Kind, original, p.legs)
	}
	// A return that moves nothing is cut off, but remembers whose charge it
	// was about.
	if n.side = p.side; why != NoReason {
		n.parent, n.why = none, why
		return
	}
	n.root, n.legs = p.root, does
}

// addUp computes what each chain did to its legs, from the last returns to
// the charge, and notes where a return gave back more than was left.
func (g *chains) addUp() {
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := &g.nodes[i]
		if n.parent == none {
			continue
		}
		g.nodes[n.parent].open++
		root := &g.nodes[n.root]
		n.next, root.next = root.next, int32(i)
	}
	for i := range g.nodes {
		for j := int32(i); j != none && g.nodes[j].open == 0; j = g.nodes[j].parent {
			n := &g.nodes[j]
			n.open = -1 // added up
			for leg, sign := range n.legs {
				n.net[leg] += int64(sign) * g.in.Charges[j].Amount
				if sign > 0 && n.net[leg] < 0 || sign < 0 && n.net[leg] > 0 {
					g.nodes[n.root].over[leg] = 1
				}
			}
			if n.parent != none {
				p := &g.nodes[n.parent]
				p.net[instrument] += n.net[instrument]
				p.net[wallet] += n.net[wallet]
				p.open--
			}
		}
	}
}

// A finder finds rows by transaction. Few rows are searched one by one, many
// through an index, so that an account of a hundred thousand rows does not
// take the square of that.
type finder struct {
	charges []event.Charge
	byTxn   []int32
}

func newFinder(charges []event.Charge) finder {
	f := finder{charges: charges}
	if len(charges) <= smallAccount {
		return f
	}
	f.byTxn = make([]int32, len(charges))
	for i := range f.byTxn {
		f.byTxn[i] = int32(i)
	}
	slices.SortFunc(f.byTxn, func(i, j int32) int {
		return cmp.Or(cmp.Compare(charges[i].Txn, charges[j].Txn), cmp.Compare(i, j))
	})
	return f
}

// row returns the row of a transaction, or none. No row has the key 0.
func (f *finder) row(txn event.Key) int32 {
	switch {
	case txn == 0:
		return none
	case f.byTxn == nil:
		for i := range f.charges {
			if f.charges[i].Txn == txn {
				return int32(i)
			}
		}
		return none
	}
	at := sort.Search(len(f.byTxn), func(k int) bool { return f.charges[f.byTxn[k]].Txn >= txn })
	if at < len(f.byTxn) && f.charges[f.byTxn[at]].Txn == txn {
		return f.byTxn[at]
	}
	return none
}
