package refund

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/paytriage/paytriage/forensics/money"
)

// An Order is the order in which money in the wallet counts as spent. It
// decides what is shown for a charge, never what is owed: Settle does not
// take one.
type Order uint8

// The orders.
const (
	FraudFirst Order = iota // fraudulently topped-up money goes first
	OwnFirst                // the owner's own money goes first
	ProRata                 // both go by their share of the wallet, the odd unit being the owner's
)

var orderWords = [...]string{FraudFirst: "fraud-first", OwnFirst: "own-first", ProRata: "pro-rata"}

// String returns the word by which the order is chosen.
func (o Order) String() string { return orderWords[o] }

// ParseOrder returns the order of a word.
func ParseOrder(word string) (Order, error) {
	for o, w := range orderWords {
		if w == word {
			return Order(o), nil
		}
	}
	return 0, fmt.Errorf("refund: %q is not an order of spending (fraud-first, own-first, pro-rata)", word)
}

// A Share says what one fraudulent payment, transfer or payout from the
// wallet was made of: Fraud + Own is the amount of the charge.
type Share struct {
	Charge int   // index of the charge
	Fraud  int64 // money that the attacker had put in
	Own    int64 // money of the owner
}

// Split returns the share of each fraudulent charge that took money out of
// the wallet, in the order of Input.Charges; returns of the charge do not
// change it. Possible charges of a named account are taken as the owner's.
// Money without an origin in the rows is the owner's: an opening balance that
// is not known is taken as the least that the rows allow. Within an instant
// money comes in before it goes out. The only error is money.ErrOverflow.
func Split(in Input, order Order) ([]Share, error) {
	if err := in.fits(); err != nil {
		return nil, err
	}
	s := splitter{order: order}
	s.in, s.nodes = &in, make([]node, 0, len(in.Charges))
	s.link()
	rows := s.rows()
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && in.Charges[rows[n]].Currency == in.Charges[rows[0]].Currency {
			n++
		}
		s.currency(rows[:n])
		rows = rows[n:]
	}
	slices.SortFunc(s.shares, func(a, b Share) int { return cmp.Compare(a.Charge, b.Charge) })
	return s.shares, nil
}

// A purse is money by whose it is. Fraud is never below zero; own is, where
// the rows take out more than the wallet can hold.
type purse struct{ fraud, own int64 }

type splitter struct {
	chains
	order  Order
	purse  purse   // what is in the wallet
	taken  []purse // for each charge, what it took out and has not given back
	shares []Share
}

// rows returns the rows that move the wallet, by currency and time, those that
// put money in before those that take it out.
func (s *splitter) rows() []int {
	var rows []int
	for i := range s.nodes {
		if s.nodes[i].legs[wallet] != 0 {
			rows = append(rows, i)
		}
	}
	slices.SortFunc(rows, func(i, j int) int {
		p, q := &s.in.Charges[i], &s.in.Charges[j]
		return cmp.Or(cmp.Compare(p.Currency, q.Currency), cmp.Compare(p.Time, q.Time),
			cmp.Compare(s.nodes[j].legs[wallet], s.nodes[i].legs[wallet]), cmp.Compare(p.Txn, q.Txn))
	})
	return rows
}

// currency replays the rows of one currency.
func (s *splitter) currency(rows []int) {
	s.purse = purse{own: s.openingFor(rows)}
	if s.taken == nil {
		s.taken = make([]purse, len(s.nodes))
	}
	for _, i := range rows {
		n, amount := &s.nodes[i], s.in.Charges[i].Amount
		taken := &s.taken[n.root]
		pays := s.nodes[n.root].legs[wallet] < 0
		switch comes := n.legs[wallet] > 0; {
		case pays && !comes:
			p := take(s.purse, amount, s.order)
			s.purse.less(p)
			taken.more(p)
			if n.root == int32(i) && n.side == Named {
				s.shares = append(s.shares, Share{Charge: i, Fraud: p.fraud, Own: p.own})
			}
		case pays:
			p := giveBack(*taken, amount, s.order, n.side)
			*taken = purse{fraud: max(taken.fraud-p.fraud, 0), own: max(taken.own-p.own, 0)}
			s.purse.more(p)
		case comes:
			s.purse.more(whole(amount, n.side))
		default:
			// What a reversed top-up had brought in goes out first.
			order := OwnFirst
			if n.side == Named {
				order = FraudFirst
			}
			s.purse.less(take(s.purse, amount, order))
		}
	}
}

// openingFor returns the known opening balance, or the least that keeps the
// wallet from going below zero.
func (s *splitter) openingFor(rows []int) int64 {
	if opening, known, _ := s.opening(money.Currency(s.in.Charges[rows[0]].Currency)); known {
		return opening
	}
	var balance, lowest int64
	for _, i := range rows {
		balance += int64(s.nodes[i].legs[wallet]) * s.in.Charges[i].Amount
		lowest = min(lowest, balance)
	}
	return -lowest
}

func (p *purse) more(q purse) { p.fraud += q.fraud; p.own += q.own }
func (p *purse) less(q purse) { p.fraud -= q.fraud; p.own -= q.own }

// whole returns an amount that is all one side's.
func whole(amount int64, side Verdict) purse {
	if side == Named {
		return purse{fraud: amount}
	}
	return purse{own: amount}
}

// take returns what an amount that leaves the wallet is made of. What the
// wallet does not hold is taken as the owner's.
func take(from purse, amount int64, order Order) purse {
	own := max(from.own, 0)
	var fraud int64
	switch {
	case order == FraudFirst:
		fraud = min(amount, from.fraud)
	case order == OwnFirst || amount >= from.fraud+own:
		fraud = min(amount-min(amount, own), from.fraud)
	default:
		fraud = portion(amount, from.fraud, from.fraud+own)
	}
	return purse{fraud: fraud, own: amount - fraud}
}

// giveBack returns what an amount that comes back to the wallet is made of:
// what was taken last comes back first. More than was taken belongs to the
// side that made the charge.
func giveBack(taken purse, amount int64, order Order, side Verdict) purse {
	total := taken.fraud + taken.own
	if amount > total {
		p := whole(amount-total, side)
		p.more(taken)
		return p
	}
	fraud := amount - min(amount, taken.own)
	switch order {
	case OwnFirst:
		fraud = min(amount, taken.fraud)
	case ProRata:
		if total > 0 {
			fraud = portion(amount, taken.fraud, total)
		}
	}
	return purse{fraud: fraud, own: amount - fraud}
}

// portion returns amount * part / total, rounded down, through 128 bits. None
// is negative, and amount and part are at most total, so the result fits.
func portion(amount, part, total int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(total))
	return int64(q)
}
