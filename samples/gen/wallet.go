package gen

import "slices"

// A kind is what a row of the payment log does with value.
type kind uint8

const (
	topup kind = iota
	payment
	refund
	reversal
	chargeback
	transferOut
	transferIn
)

func (k kind) String() string {
	return [...]string{"topup", "payment", "refund", "reversal", "chargeback", "transfer_out", "transfer_in"}[k]
}

// A status is what became of a transaction.
type status uint8

const (
	approved status = iota
	declined
	pending
)

func (s status) String() string { return [...]string{"approved", "declined", "pending"}[s] }

// A funding is where the money of a top-up or payment comes from.
type funding uint8

const (
	noFunding funding = iota
	balanceFunding
	cardFunding
	debitFunding
	bankFunding
	cashFunding
	pointsFunding
)

func (f funding) String() string {
	return [...]string{"", "balance", "card", "debit", "bank", "cash", "points"}[f]
}

// An entry is one row of the payment log, and one line of the account's book.
type entry struct {
	at       int64
	txn      uint64
	amount   int64
	original uint64 // transaction that a refund, reversal or chargeback is about
	ref      uint64 // token of the instrument
	other    uint64 // the other account of a transfer, plus 1; 0 none
	who      presence
	store    int32
	about    int32 // index of the original in the book; -1 none
	thief    int32 // who of the thieves did it, from 1; 0 is the owner or the service
	kind     kind
	status   status
	funding  funding
	atOwn    bool // taken by a thief who works there, at the own register
}

// A leg is a place where an account's money can be: the wallet, or an
// instrument that feeds it.
type leg struct {
	funding funding
	ref     uint64
}

var wallet = leg{funding: balanceFunding}

// A move is a change of one leg.
type move struct {
	leg    leg
	amount int64
}

// moves appends what an entry does to the legs of its account. Only approved
// entries do anything.
func (e *entry) moves(book []entry, dst []move) []move {
	if e.status != approved {
		return dst
	}
	own := leg{e.funding, e.ref}
	switch e.kind {
	case topup:
		return append(dst, move{own, -e.amount}, move{wallet, e.amount})
	case payment:
		return append(dst, move{own, -e.amount})
	case transferOut:
		return append(dst, move{wallet, -e.amount})
	case transferIn:
		return append(dst, move{wallet, e.amount})
	}
	first := &book[e.about]
	if e.kind == chargeback {
		// The issuer gives the money back and does not ask the wallet.
		return append(dst, move{leg{first.funding, first.ref}, e.amount})
	}
	// A refund or reversal undoes its original, or a part of it, on the legs
	// that the original moved.
	undo := *first
	undo.amount = e.amount
	from := len(dst)
	dst = undo.moves(book, dst)
	for i := from; i < len(dst); i++ {
		dst[i].amount = -dst[i].amount
	}
	return dst
}

// stolen reports whether an entry exists only because of a thief: his own, and
// what undoes his.
func (e *entry) stolen(book []entry) bool {
	return e.thief > 0 || e.about >= 0 && book[e.about].thief > 0
}

// A position is where a leg stands, against the moment before the log.
type position struct {
	leg    leg
	amount int64
}

// replay returns where the legs stand after a book, in order of first use. With
// thieves false it is the book as it would be without them.
func replay(book []entry, thieves bool) []position {
	var legs []position
	var buf [2]move
	for i := range book {
		e := &book[i]
		if !thieves && e.stolen(book) {
			continue
		}
		for _, m := range e.moves(book, buf[:0]) {
			add(&legs, m.leg, m.amount)
		}
	}
	return legs
}

func add(legs *[]position, at leg, amount int64) {
	i := slices.IndexFunc(*legs, func(p position) bool { return p.leg == at })
	if i < 0 {
		i = len(*legs)
		*legs = append(*legs, position{leg: at})
	}
	(*legs)[i].amount += amount
}

// A debt is one line of what is owed to a robbed owner: how far a leg stands
// from where it would stand without the thieves.
type debt struct {
	component       string
	leg             leg
	gross, returned int64
}

// debts returns what is owed after a book, given what the wallet still holds:
// first the instruments, in order of first use, then the wallet. The sum of
// gross minus returned is the owner's net loss.
func debts(book []entry, held int64) []debt {
	with, without := replay(book, true), replay(book, false)
	var due []debt
	for _, p := range with {
		if p.leg == wallet {
			continue
		}
		d := debt{component: "instrument_refund", leg: p.leg}
		var buf [2]move
		for i := range book {
			e := &book[i]
			for _, m := range e.moves(book, buf[:0]) {
				switch {
				case m.leg != p.leg || !e.stolen(book):
				case m.amount < 0:
					d.gross -= m.amount
				default:
					d.returned += m.amount
				}
			}
		}
		if d.gross != 0 || d.returned != 0 {
			due = append(due, d)
		}
	}
	back := stand(without, wallet) - stand(with, wallet)
	if back > 0 {
		due = append(due, debt{component: "balance_restore", leg: wallet, gross: back})
	}
	if back < 0 {
		// What the thieves left in the wallet goes back out of it, as far as
		// the owner has not spent it.
		there := min(-back, max(held, 0))
		if there > 0 {
			due = append(due, debt{component: "balance_clawback", leg: wallet, gross: -there})
		}
		if rest := -back - there; rest > 0 {
			due = append(due, debt{component: "victim_used", gross: -rest})
		}
	}
	return due
}

// stand returns where a leg stands.
func stand(legs []position, at leg) int64 {
	for _, p := range legs {
		if p.leg == at {
			return p.amount
		}
	}
	return 0
}
