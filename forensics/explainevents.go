package forensics

import (
	"context"
	"errors"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/charge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// An Event is a row of an account, and whose it is.
type Event struct {
	Time   int64
	Source string // file, and the member of an archive behind a "!"
	Line   int64
	Role   event.Role
	// What is the action or the kind; Result the outcome and its reason, or the
	// status.
	What, Result string
	Device, IP   string
	Store, Txn   string
	Amount       int64
	Currency     money.Currency // 0 for a login
	User         int            // the number of the user, from 1; 0 for nobody
	Visit        int            // likewise of the visit
	// Verdict says of a charge whether it is the thief's: "stolen", "possible",
	// or "own"; "" for a login.
	Verdict, Why string
	Raw          string
}

// events chooses the rows that are told.
func (q *question) events() {
	i, j := 0, 0
	for i < len(q.a.Logins) || j < len(q.a.Charges) {
		if j == len(q.a.Charges) || i < len(q.a.Logins) && q.a.Logins[i].Time <= q.a.Charges[j].Time {
			q.lines = append(q.lines, rowAt{true, i})
			i++
		} else {
			q.lines = append(q.lines, rowAt{false, j})
			j++
		}
	}
	limit := q.opt.Events
	if limit <= 0 || limit > len(q.lines) {
		limit = len(q.lines)
	}
	q.e.MoreEvents = len(q.lines) - limit
	for _, telling := range []bool{true, false} {
		for n := range q.lines {
			if q.telling(n) == telling && len(q.rows) < limit {
				q.rows = append(q.rows, n)
			}
		}
	}
	slices.Sort(q.rows)
}

// telling reports whether a row is a visitor's, or money that is not the owner's.
func (q *question) telling(n int) bool {
	row := q.lines[n]
	if row.login {
		by := q.a.LoginBy[row.n]
		return by != baseline.Nobody && q.of[by] > 0
	}
	if s := q.suspect(); s != nil && q.inv.reported(s, row.n) {
		return true
	}
	by := q.a.ChargeBy[row.n]
	return by != baseline.Nobody && q.of[by] > 0
}

// pos returns where a row stands.
func (q *question) pos(n int) event.Pos {
	if row := q.lines[n]; row.login {
		return q.a.Logins[row.n].Pos
	}
	return q.a.Charges[q.lines[n].n].Pos
}

// tell draws up the events.
func (q *question) tell(ctx context.Context) error {
	var raw []string
	if q.opt.Raw {
		if q.x.log.Raw == nil {
			return errors.New("this log keeps no raw records")
		}
		var rows []event.Pos
		for _, n := range q.rows {
			rows = append(rows, q.pos(n))
		}
		var err error
		if raw, err = q.x.log.Raw(ctx, rows); err != nil {
			return err
		}
	}
	for i, n := range q.rows {
		pos := q.pos(n)
		t, s := q.inv.textOf(pos), &q.x.log.Sources[pos.Source()]
		e := Event{Source: s.Name, Line: t.Line, Role: s.Role, Device: t.Get(event.DeviceID), IP: t.Get(event.IP)}
		if s.Member != "" {
			e.Source += "!" + s.Member
		}
		if raw != nil {
			e.Raw = raw[i]
		}
		if row := q.lines[n]; row.login {
			q.login(&e, row.n, t)
		} else {
			q.charge(&e, row.n, t)
		}
		q.e.Events = append(q.e.Events, e)
	}
	return nil
}

// by notes who made a row.
func (q *question) by(e *Event, by int16) {
	if by != baseline.Nobody {
		e.User, e.Visit = int(by)+1, q.of[by]
	}
}

func (q *question) login(e *Event, n int, t *event.Text) {
	l := &q.a.Logins[n]
	e.Time = l.Time
	q.by(e, q.a.LoginBy[n])
	if e.What = l.Action.String(); l.Action == event.OtherAction {
		e.What = t.Get(event.EventWord)
	}
	e.Result = l.Outcome().String()
	if r := t.Get(event.ReasonWord); r != "" {
		e.Result += " (" + r + ")"
	}
}

func (q *question) charge(e *Event, n int, t *event.Text) {
	c := &q.a.Charges[n]
	e.Time, e.What, e.Result, e.Amount, e.Currency = c.Time, c.Kind.String(), c.Status.String(), c.Amount, money.Currency(c.Currency)
	e.Txn, e.Store = t.Get(event.TxnID), storeText(t)
	q.by(e, q.a.ChargeBy[n])
	e.Verdict, e.Why = "own", q.whyOwn(n)
	s := q.suspect()
	if s == nil || s.claims[n].Verdict == refund.Own {
		if s != nil && s.claims[n].Basis == charge.Decided {
			e.Why = s.decided.words(c.Txn)
		}
		return
	}
	claim := s.claims[n]
	e.Verdict = "stolen"
	if claim.Verdict == refund.Possible || claim.Basis == charge.SentOn && s.tiers[claim.Visit] == takeover.Possible {
		e.Verdict = "possible" // as the charge's tier in the case
	}
	for k := range q.a.Actors {
		if q.a.Actors[k].Key == s.visits[claim.Visit].Actor {
			e.Visit = q.of[k]
		}
	}
	switch e.Why = q.whyTheirs(n); claim.Basis {
	case charge.Decided:
		e.Why = s.decided.words(c.Txn)
	case charge.SentOn:
		e.Why = "money that a thief sent from another account"
		if from := t.Get(event.CounterpartyID); from != "" {
			e.Why = "money that a thief sent from account " + from
		}
	}
	if claim.Foreign {
		e.Why += "; paid with an instrument that the visitor brought"
	}
	if slices.Contains(s.ledger.Undone, n) {
		e.Result = "reversed"
	}
}

// words tells the decision that holds of a charge.
func (d *decided) words(txn event.Key) string {
	if of, ok := d.charges[txn]; ok && (d.account == nil || d.account.Confirm) {
		return decisionWords(&of, "the charge")
	}
	return decisionWords(d.account, "the account")
}

// decisionWords tells a decision.
func decisionWords(d *ledger.Decision, what string) string {
	verb := "dismissed"
	if d.Confirm {
		verb = "confirmed"
	}
	return d.Who + " " + verb + " " + what
}

// whyOwn says why a charge is not held against a visitor.
func (q *question) whyOwn(n int) string {
	c := &q.a.Charges[n]
	switch by := q.a.ChargeBy[n]; {
	case c.Kind == event.Refund || c.Kind == event.Reversal || c.Kind == event.Chargeback:
		return "follows what it undoes"
	case c.Kind == event.TransferIn:
		return "came in"
	case by == baseline.Nobody:
		return "nobody can be named for it"
	case q.of[by] > 0:
		return "by a visitor who is not named"
	}
	return "by " + q.means(n)
}

// whyTheirs says why a charge is held against a visitor.
func (q *question) whyTheirs(n int) string {
	c := &q.a.Charges[n]
	switch {
	case c.Kind == event.TransferIn:
		return "sent by the visitor's device"
	case q.a.ChargeBy[n] == baseline.Nobody:
		return "no device, session or address says who made it, and the visitor was there at the time"
	}
	return "by the visitor's " + q.means(n)
}

// means says what names the actor of a charge.
func (q *question) means(n int) string {
	c, by := &q.a.Charges[n], q.a.ChargeBy[n]
	if c.Device != 0 {
		return "device"
	}
	for i := range q.a.Logins {
		if c.Session != 0 && q.a.Logins[i].Session == c.Session && q.a.LoginBy[i] == by {
			return "session"
		}
	}
	return "address"
}
