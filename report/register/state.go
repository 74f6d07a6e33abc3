package register

// A State is where an entry, an obligation or an account stands.
type State string

// The states. The word for an obligation is that of the first of these, in this
// order, of which it has any money; the word for an account is the first that any
// of its obligations has.
const (
	Returned State = "returned" // a payment came back and nothing has paid it again
	Owed     State = "open"     // owed; no approved draft has it
	Held     State = "held"     // waits for a decision, an answer or a pending charge
	Approved State = "approved" // in an approved draft, not exported yet
	Exported State = "exported" // in a payout file
	Paid     State = "paid"     // executed, as whoever executes it says
	Closed   State = "closed"   // nothing is left, and nothing was paid
)

// States lists the states in their order.
func States() []State {
	return []State{Returned, Owed, Held, Approved, Exported, Paid, Closed}
}

// A Standing is what an obligation amounts to, by what became of it. The amounts
// of the states add up to the target.
type Standing struct {
	Target int64
	By     map[State]int64
	State  State
}

// Standing returns where an obligation stands. Target and status are those of the
// line as it was last approved, or as told by line where that is not nil: an open
// line that is told is approved as far as it is in the approved draft.
func (o *Obligation) Standing(line *Line) Standing {
	approved := o.Line != nil && o.Draft.Approved() && o.Line.Status == statusOpen
	told := line != nil
	if !told {
		line = o.Line
	}
	s := Standing{Target: line.Payable, By: map[State]int64{}}
	rest := line.Payable
	for _, i := range o.Issued {
		if i.State != Returned {
			s.By[i.State] += i.Amount
			rest -= i.Amount
		}
	}
	switch {
	case rest == 0:
	case o.waiting() && rest > 0:
		s.By[Returned] = rest
	case line.Status != statusOpen && line.Status != statusClosed:
		s.By[Held] = rest
	case approved && told:
		// What the approved draft would still export; the rest is new.
		s.By[Approved] = o.Line.Payable - o.Exported()
		s.By[Owed] = rest - s.By[Approved]
	case approved:
		s.By[Approved] = rest
	default:
		s.By[Owed] = rest
	}
	s.State = Closed
	for _, state := range States() {
		if s.By[state] != 0 {
			s.State = state
			break
		}
	}
	return s
}

// Unseen returns the obligation of a line that the register does not know.
func Unseen(l *Line) *Obligation {
	return &Obligation{ID: l.ID, Account: l.Account, Component: l.Component, Channel: l.Channel, Currency: l.Currency}
}
