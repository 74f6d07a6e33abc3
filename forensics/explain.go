package forensics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// An Examination is an investigation that can be asked about any account of its
// log. It is not for use by several goroutines.
type Examination struct {
	log *event.Log
	p   *policy.Policy
	x   *takeover.Examination
	inv *investigation // all accounts settled: money goes from one to another
}

// Examine weighs all visits of a log, as Investigate does, to explain some.
func Examine(ctx context.Context, log *event.Log, p *policy.Policy, opt Options) (*Examination, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	known, err := know(&opt.Known)
	if err != nil {
		return nil, err
	}
	x, err := takeover.Examine(ctx, log, p, opt.Known.Bad, opt.Workers, opt.Progress)
	if err != nil {
		return nil, err
	}
	known.keep(opt.Known.Balances, x.Visits)
	inv := &investigation{log: log, reader: log.Parts.NewReader(), p: p, found: x.Findings, known: known}
	if err := inv.accounts(ctx); err != nil {
		return nil, err
	}
	return &Examination{log, p, x, inv}, inv.follow(ctx)
}

// ErrNoAccount says that no row of the log is of an account.
var ErrNoAccount = errors.New("no row of the logs is of this account")

// ExplainOptions say how much is told.
type ExplainOptions struct {
	Events int  // how many at most, those of visitors first; 0 for all
	Raw    bool // the records as they stand in their sources, too
}

// An Explanation is why an account is a victim, or why not.
type Explanation struct {
	Account string
	Tier    takeover.Tier  // of the surest visit
	Score   odds.Centibans // of the surest visit; nothing without visits

	Accounts, Newcomers int64 // of the log
	PriorPPB            int64 // that a newcomer is an attacker, before any evidence

	Users []User // by their first row
	// Failed counts the failed logins of strangers: whose device, or address,
	// never got in.
	Failed int64
	Visits []Visited // by time
	Events []Event   // by time
	Ledger []Refund
	Losses []Victim // by currency
	// Decisions are what people decided of the account and its charges, in
	// order; Dismissed says that the account is therefore out of the case.
	Decisions []Decision
	Dismissed bool
	// MoreUsers, MoreVisits and MoreEvents count what is left out.
	MoreUsers, MoreVisits, MoreEvents int
}

// A User is one device that uses an account, or what stands in for one.
type User struct {
	Device          string
	First, Last     int64
	Logins, Charges int64
	Visit           int    // the number of the visit that it made, from 1; 0 for none
	Why             string // why nothing was weighed
}

// A Visited is a visit, explained.
type Visited struct {
	takeover.Explanation
	Number             int // from 1
	Device, IP, Agent  string
	Country, ASN       string
	Place              string   // the text of Explanation.From
	Neighbours         []string // some of the other accounts of the device
	Reasons            []string
	Topped, Spent      int64 // of its charges in its first currency, declined ones left out
	Charges, Declined  int64
	FirstRow, EntryRow event.Pos
	// Held says what keeps the visit from the tier that its score would do for.
	Held string
	// Cards counts the cards that the visitor registered. They are not weighed, but
	// what is topped up from them is not the owner's money.
	Cards int64
}

// What is told of one account at most.
const (
	maxUsers      = 100
	maxVisits     = 50
	maxNeighbours = 5
)

// Explain tells why an account is called what it is called.
func (x *Examination) Explain(ctx context.Context, account string, opt ExplainOptions) (*Explanation, error) {
	q := &question{x: x, opt: opt, key: event.KeyOfString(account),
		inv: investigation{log: x.log, reader: x.log.Parts.NewReader(), p: x.p, found: x.x.Findings, known: x.inv.known},
		e:   &Explanation{Account: account, Accounts: x.x.Accounts, Newcomers: int64(len(x.x.Visits)), PriorPPB: x.x.Prior}}
	if found, err := q.find(); err != nil {
		return nil, err
	} else if !found {
		return nil, ErrNoAccount
	}
	if err := q.settle(); err != nil {
		return nil, err
	}
	q.users()
	q.visits()
	q.events()
	if err := q.texts(ctx); err != nil {
		return nil, err
	}
	return q.e, nil
}

// A question is one call of Explain.
type question struct {
	x   *Examination
	opt ExplainOptions
	key event.Key
	inv investigation // of this account alone
	e   *Explanation

	a      baseline.Account
	lo, hi int           // the account's visits
	of     []int         // the number of each actor's visit, 0 for none
	rows   []int         // of the events that are told, by index in all
	lines  []rowAt       // of all events
	names  []event.Pos   // a row of each user
	others [][]event.Pos // of each visit
}

// A rowAt is a row of the account: a login or a charge by its index.
type rowAt struct {
	login bool
	n     int
}

// find reads the rows of the account and finds its visits.
func (q *question) find() (bool, error) {
	rows, err := q.x.log.Parts.NewReader().Account(q.key)
	if err != nil {
		return false, err
	}
	if rows.Any() {
		q.a.Read(rows.Logins, rows.Charges)
	}
	visits := q.x.x.Visits
	q.lo = sort.Search(len(visits), func(n int) bool { return visits[n].Account >= q.key })
	q.hi = sort.Search(len(visits), func(n int) bool { return visits[n].Account > q.key })
	return rows.Any(), nil
}

// settle takes the account as it was settled among all others.
func (q *question) settle() error {
	for n := q.lo; n < q.hi; n++ {
		if v := &q.x.x.Visits[n]; n == q.lo || v.Total > q.e.Score {
			q.e.Score = v.Total
		}
	}
	for _, list := range [][]suspect{q.x.inv.suspects, q.x.inv.dismissed} {
		for i := range list {
			if s := &list[i]; s.key == q.key {
				q.e.Tier, q.e.Score, q.e.Dismissed = s.tier(), s.visits[s.best].Total, s.dismissed
				q.inv.suspects = []suspect{*s}
			}
		}
	}
	decisions, err := q.x.inv.listDecisions()
	if err != nil {
		return err
	}
	for _, d := range decisions {
		if d.Account == q.e.Account {
			q.e.Decisions = append(q.e.Decisions, d)
		}
	}
	return nil
}

// suspect returns the account as a suspect, or nil.
func (q *question) suspect() *suspect {
	if len(q.inv.suspects) == 0 {
		return nil
	}
	return &q.inv.suspects[0]
}

// users tells who used the account.
func (q *question) users() {
	q.of = make([]int, len(q.a.Actors))
	testers := make([]bool, len(q.a.Actors))
	for n := q.lo; n < q.hi; n++ {
		v := &q.x.x.Visits[n]
		for i := range q.a.Actors {
			if q.a.Actors[i].Key == v.Actor {
				q.of[i] = n - q.lo + 1
				testers[i] = int64(v.Place) >= q.x.p.Source.ReportScore.Value && !v.Paid
			}
		}
	}
	first := slices.Index(testers, false)
	rows := make([]event.Pos, len(q.a.Actors))
	logins, history := make([]int64, len(rows)), make([]bool, len(rows))
	for i := range q.a.Logins {
		l := &q.a.Logins[i]
		switch by := q.a.LoginBy[i]; {
		case by == baseline.Nobody:
			if l.Outcome() == event.Failure {
				q.e.Failed++
			}
		case l.Outcome() != event.Failure:
			logins[by]++
			rows[by] = l.Pos
			history[by] = logins[by] == 1 && l.History() || history[by] && l.History()
		}
	}
	for i, by := range q.a.ChargeBy {
		if by != baseline.Nobody && logins[by] == 0 {
			rows[by] = q.a.Charges[i].Pos
		}
	}
	for i := range q.a.Actors {
		if i == maxUsers {
			q.e.MoreUsers = len(q.a.Actors) - i
			break
		}
		x := &q.a.Actors[i]
		u := User{First: x.First, Last: x.Last, Logins: logins[i], Charges: int64(x.Charges + x.Declined), Visit: q.of[i]}
		if u.Visit == 0 {
			u.Why = q.atHome(x, i == first, history[i] && u.Charges == 0)
		}
		q.e.Users, q.names = append(q.e.Users, u), append(q.names, rows[i])
	}
}

// atHome says why an actor was not weighed.
func (q *question) atHome(x *baseline.Actor, first, taught bool) string {
	stayed := x.Last-x.First >= q.x.p.Entry.ShortStay.Value*baseline.Second
	switch {
	case x.Opened:
		return "opened the account"
	case first && stayed:
		return fmt.Sprintf("the first to be seen in it, and for %d days: at home", (x.Last-x.First)/baseline.Day)
	case taught:
		return "known from older logs alone"
	}
	return "there shortly, charged nothing, came from nowhere in particular, and nobody else was ever there: too little to weigh"
}

// visits explains the visits, the surest if there are many.
func (q *question) visits() {
	order := make([]int, 0, q.hi-q.lo)
	for n := q.lo; n < q.hi; n++ {
		order = append(order, n)
	}
	if len(order) > maxVisits {
		q.e.MoreVisits = len(order) - maxVisits
		slices.SortStableFunc(order, func(a, b int) int {
			v, w := &q.x.x.Visits[a], &q.x.x.Visits[b]
			return cmp.Or(cmp.Compare(w.Tier(&q.x.p.Verdict), v.Tier(&q.x.p.Verdict)), cmp.Compare(w.Total, v.Total))
		})
		order = order[:maxVisits]
		slices.Sort(order)
	}
	for _, n := range order {
		v := &q.x.x.Visits[n]
		w := Visited{Explanation: q.x.x.Explain(n), Number: n - q.lo + 1, EntryRow: rowOf(&q.a, v), Held: v.HeldBack(&q.x.p.Verdict)}
		for _, r := range v.Reasons(q.x.p) {
			w.Reasons = append(w.Reasons, r.String())
		}
		q.money(v, &w)
		var others []event.Pos
		if d := w.Explanation.Device; d != nil {
			for _, i := range d.Others[:min(len(d.Others), maxNeighbours)] {
				others = append(others, q.x.x.Visits[i].Row)
			}
		}
		q.e.Visits, q.others = append(q.e.Visits, w), append(q.others, others)
	}
}

// money adds up the charges of a visit, and counts the cards it brought.
func (q *question) money(v *takeover.Visit, w *Visited) {
	for i, by := range q.a.LoginBy {
		if l := &q.a.Logins[i]; by != baseline.Nobody && q.a.Actors[by].Key == v.Actor && l.Action == event.CardRegister && l.Outcome() != event.Failure {
			w.Cards++
		}
	}
	for i, by := range q.a.ChargeBy {
		if by == baseline.Nobody || q.a.Actors[by].Key != v.Actor {
			continue
		}
		c := &q.a.Charges[i]
		switch {
		case c.Status == event.Declined:
			w.Declined++
			continue
		case c.Currency != v.Currency:
		case c.Kind == event.TopUp:
			w.Topped += c.Amount
		default:
			w.Spent += c.Amount
		}
		w.Charges++
	}
}

// texts fetches the texts of all that is told.
func (q *question) texts(ctx context.Context) error {
	want := slices.Concat(q.names, slices.Concat(q.others...))
	for _, n := range q.rows {
		want = append(want, q.pos(n))
	}
	for i := range q.e.Visits {
		w := &q.e.Visits[i]
		want = append(want, w.EntryRow)
		if w.From != nil {
			want = append(want, w.From.Row)
		}
	}
	q.inv.rows = want
	if err := q.inv.texts(ctx); err != nil {
		return err
	}
	if err := q.verify(); err != nil {
		return err
	}
	for i := range q.e.Users {
		q.e.Users[i].Device = deviceText(q.inv.textOf(q.names[i]))
	}
	for i := range q.e.Visits {
		w := &q.e.Visits[i]
		t := q.inv.textOf(w.EntryRow)
		w.Device, w.IP, w.Agent = t.Get(event.DeviceID), t.Get(event.IP), t.Get(event.UserAgent)
		w.Country, w.ASN = t.Get(event.CountryCode), t.Get(event.ASNumber)
		if w.From != nil && w.From.Kind != source.Service {
			w.Place = placeText(w.From, q.inv.textOf(w.From.Row))
		}
		for _, row := range q.others[i] {
			w.Neighbours = append(w.Neighbours, q.inv.textOf(row).Get(event.AccountID))
		}
	}
	if s := q.suspect(); s != nil {
		s.campaign = 0
		q.e.Losses, q.e.Ledger = q.inv.ledger(s, []string{""})
	}
	return q.tell(ctx)
}

// verify checks that the rows are those of the account, and not of another with
// the same key.
func (q *question) verify() error {
	for i := range q.rows {
		t := q.inv.textOf(q.pos(q.rows[i]))
		if got := t.Get(event.AccountID); got != q.e.Account {
			return fmt.Errorf("the ids %q and %q have one key; rename one of them", event.Masked(got), event.Masked(q.e.Account))
		}
	}
	return nil
}

// deviceText returns what names the device of a row for people.
func deviceText(t *event.Text) string {
	if d := t.Get(event.DeviceID); d != "" {
		return d
	}
	if a := t.Get(event.UserAgent); a != "" {
		return "no device, " + a
	}
	return "no device"
}
