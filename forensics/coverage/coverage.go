// Package coverage says what logs cover: how many rows there are in every hour,
// when there are none though there should be, which fields are filled, which
// accounts stand in both logs, and how far their clocks are apart.
//
// It judges no account. Everything is counted, nothing sampled but for the pairs
// of very long logs that clocks are compared by, and there by the hash of the
// account. The result depends on the rows alone: not on the number of workers,
// the order of files or lines, or how the rows are spread over partitions.
package coverage

import (
	"context"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Report is what the logs cover.
type Report struct {
	Logs []Log // of the roles that have a source, in the order of event.Role
	// Both counts the accounts that stand in the auth log and the payment log.
	Both int64
	// Overlap is the time that both cover; To < From where there is none, both 0
	// where one of them has no rows.
	Overlap Span
	Skew    Skew
}

// A Span is a range of times in microseconds UTC, both ends included.
type Span struct{ From, To int64 }

// A Log is what the sources of one role cover together.
type Log struct {
	Role     event.Role
	Sources  int
	Rows     int64 // as they are judged: all rows of a transaction are one
	Span     Span  // both 0 without rows
	Accounts int64
	Repeats  int64 // rows that equal another and are kept
	Fields   []Share
	Hours    Hours
	Quiet    []Quiet // by time; no more than manyQuiet, those that lack most rows
	// QuietWindows is how many there are, those beyond manyQuiet too.
	QuietWindows int
}

// A Share says how many of the rows that may have a field have it.
type Share struct {
	Field event.Field
	// Among says which rows may have it, "" for all.
	Among    string
	Rows, Of int64
}

// Lacks reports whether no row has the field though some may.
func (s *Share) Lacks() bool { return s.Rows == 0 && s.Of > 0 }

// Of returns the log of a role, nil if there is none.
func (r *Report) Of(role event.Role) *Log {
	for i := range r.Logs {
		if r.Logs[i].Role == role {
			return &r.Logs[i]
		}
	}
	return nil
}

// Measure says what the logs cover.
func Measure(ctx context.Context, log *event.Log, workers int) (*Report, error) {
	tallies, err := measureWalk.Run(ctx, workers, log.Parts, &nothing{}, nil)
	if err != nil {
		return nil, err
	}
	all := &tally{}
	for _, t := range tallies {
		all.merge(t)
	}
	r := &Report{Both: all.both}
	for role := event.Auth; role <= event.History; role++ {
		l := Log{Role: role}
		for i := range log.Sources {
			if s := &log.Sources[i]; s.Role == role {
				l.Sources++
				l.Repeats += s.Repeats
			}
		}
		if c := &all.logs[role-1]; l.Sources > 0 || c.rows > 0 {
			c.into(&l)
			r.Logs = append(r.Logs, l)
		}
	}
	if a, p := r.Of(event.Auth), r.Of(event.Payments); a != nil && p != nil && a.Rows > 0 && p.Rows > 0 {
		r.Overlap = Span{max(a.Span.From, p.Span.From), min(a.Span.To, p.Span.To)}
	}
	r.Skew, err = ClockSkew(ctx, log, workers)
	return r, err
}

// nothing is what a walk is given that needs nothing.
type nothing struct{}

var measureWalk = event.NewPartWalk("coverage", func(*nothing) *tally { return &tally{} }, (*tally).part, func(t *tally) *tally { return t })

// A tally is what one worker has counted.
type tally struct {
	logs [event.History]counts
	both int64
}

// counts are of one role.
type counts struct {
	rows, accounts int64
	span           Span
	filled         [event.NumFields]int64
	may            [event.NumFields]int64 // rows that may have a field that not all have
	hours          histogram
}

func (t *tally) merge(o *tally) {
	t.both += o.both
	for i := range t.logs {
		t.logs[i].merge(&o.logs[i])
	}
}

func (c *counts) merge(o *counts) {
	if o.rows == 0 {
		return
	}
	if c.rows == 0 {
		c.span = o.span
	}
	c.span = Span{min(c.span.From, o.span.From), max(c.span.To, o.span.To)}
	c.rows += o.rows
	c.accounts += o.accounts
	for f := range c.filled {
		c.filled[f] += o.filled[f]
		c.may[f] += o.may[f]
	}
	c.hours.merge(&o.hours)
}

// row counts a row.
func (c *counts) row(at int64) {
	if c.rows == 0 {
		c.span = Span{at, at}
	}
	c.rows++
	c.span.From, c.span.To = min(c.span.From, at), max(c.span.To, at)
	c.hours.add(at)
}

// has counts a field of a row that may have it.
func (c *counts) has(f event.Field, present bool) {
	c.may[f]++
	if present {
		c.filled[f]++
	}
}

// part counts the rows of a partition. Logins and charges are in the same order
// of accounts.
func (t *tally) part(p *event.Part) {
	for i, j := 0, 0; i < len(p.Logins) || j < len(p.Charges); {
		account := next(p, i, j)
		var rows [event.History]int64
		for ; i < len(p.Logins) && p.Logins[i].Account == account; i++ {
			role := event.Auth
			if p.Logins[i].History() {
				role = event.History
			}
			t.logs[role-1].login(&p.Logins[i])
			rows[role-1]++
		}
		for ; j < len(p.Charges) && p.Charges[j].Account == account; j++ {
			t.logs[event.Payments-1].charge(&p.Charges[j])
			rows[event.Payments-1]++
		}
		for r, n := range rows {
			if n > 0 {
				t.logs[r].accounts++
			}
		}
		if rows[event.Auth-1] > 0 && rows[event.Payments-1] > 0 {
			t.both++
		}
	}
}

// next returns the first account of what is left of a partition.
func next(p *event.Part, i, j int) event.Key {
	if j == len(p.Charges) || i < len(p.Logins) && p.Logins[i].Account <= p.Charges[j].Account {
		return p.Logins[i].Account
	}
	return p.Charges[j].Account
}

func (c *counts) login(l *event.Login) {
	c.row(l.Time)
	c.has(event.OutcomeWord, l.Outcome() != event.NoOutcome)
	c.has(event.IP, l.Addr != 0)
	c.has(event.DeviceID, l.Device != 0)
	c.has(event.UserAgent, l.Agent != 0)
	c.has(event.SessionID, l.Session != 0)
	c.has(event.CountryCode, l.Country != 0)
	c.has(event.ASNumber, l.ASN != 0)
	if l.Outcome() == event.Failure {
		c.has(event.ReasonWord, l.Reason() != event.NoReason)
	}
}

func (c *counts) charge(h *event.Charge) {
	c.row(h.Time)
	c.has(event.StoreID, h.Store != 0)
	c.has(event.DeviceID, h.Device != 0)
	c.has(event.SessionID, h.Session != 0)
	c.has(event.IP, h.Addr != 0)
	c.has(event.FundingSource, h.Funding != event.NoFunding)
	switch h.Kind {
	case event.TopUp, event.Payment:
		c.has(event.FundingRef, h.Ref != 0)
	case event.Refund, event.Reversal, event.Chargeback:
		c.has(event.OriginalTxnID, h.Ref != 0)
	default:
		c.has(event.CounterpartyID, h.Ref != 0)
	}
}

// among says which rows may have a field.
func among(f event.Field) string {
	switch f {
	case event.ReasonWord:
		return "failures"
	case event.FundingRef:
		return "top-ups and payments"
	case event.OriginalTxnID:
		return "refunds, reversals and chargebacks"
	case event.CounterpartyID:
		return "transfers and payouts"
	}
	return ""
}

// into draws up what is known of a log.
func (c *counts) into(l *Log) {
	l.Rows, l.Accounts, l.Span = c.rows, c.accounts, c.span
	l.Hours = c.hours.hours()
	l.Quiet, l.QuietWindows = l.Hours.quiet()
	fields := event.AuthFields
	if l.Role == event.Payments {
		fields = event.PaymentFields
	}
	for _, f := range fields {
		if c.may[f] > 0 {
			l.Fields = append(l.Fields, Share{f, among(f), c.filled[f], c.may[f]})
		}
	}
}
