package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/register"
)

// statusOptions are the flags of refunds status.
type statusOptions struct {
	ledgerOptions
	cases  string
	at     string
	id     string
	expect []string
}

func newStatusCommand(std streams) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell where every line and account stands, now or at a time",
		Long: `Verifies the register and tells where all that was ever approved stands, now or at a
time: line by line and account by account with --json. With --case the lines of a
case count too, also those that nobody approved yet, as that case has them.

States, each with its money; the money of the states adds up to the target:
  returned  a payment came back and nothing has paid it again
  open      owed; no approved ledger has it
  held      waits for a decision, an answer or a pending charge
  approved  in an approved ledger, not exported yet
  exported  in a payout file
  paid      executed, as whoever executes it says
  closed    nothing is left, and nothing was paid
A line that has money in several has the first of them; so has an account of its
lines.

--expect wants a record that was noted earlier to be in the register still: that
shows whether its end was cut, or all of it was exchanged.`,
		Example: `  paytriage refunds status --ledger ledger
  paytriage refunds status --ledger ledger --case case --json
  paytriage refunds status --ledger ledger --at 2019-08-01
  paytriage refunds status --ledger ledger --id id0123456789abcdef0123-2`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runStatus(cmd, std, &o) },
	}
	f := cmd.Flags()
	o.addFlags(cmd, f)
	f.StringVar(&o.cases, "case", "", "a case whose lines count too")
	f.StringVar(&o.at, "at", "", "a time, such as 2019-08-01 (its end, UTC) or 2019-08-01T12:00:00+09:00")
	f.StringVar(&o.id, "id", "", "tell the life of one refund_id or exported id")
	f.StringArrayVar(&o.expect, "expect", nil, "SHA-256 of a record that must be in the register (repeatable)")
	cmd.MarkFlagDirname("case")
	return cmd
}

// parseAt returns the time that is asked for, zero for now.
func (o *statusOptions) parseAt() (time.Time, error) {
	if o.at == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, o.at); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Microsecond), nil
	}
	at, err := time.Parse(time.RFC3339, o.at)
	if err != nil {
		return at, &usageError{fmt.Sprintf("--at %q is no time", o.at), "for example --at 2019-08-01 or --at 2019-08-01T12:00:00+09:00"}
	}
	return at, nil
}

// A status is what refunds status tells.
type status struct {
	SchemaVersion int            `json:"schema_version"`
	At            string         `json:"at,omitempty"`
	Records       int64          `json:"records"`
	Hash          string         `json:"record_sha256"` // of the last record
	Last          string         `json:"last_record_at,omitempty"`
	Totals        []stateTotal   `json:"totals"`   // of lines, by currency and state
	Accounts      []stateCount   `json:"accounts"` // by state
	Exports       []exportState  `json:"exports"`
	Days          []dayState     `json:"days"` // how it stood at the end of each day with a record
	AccountLines  []accountState `json:"account_states,omitempty"`
	Lines         []lineState    `json:"lines,omitempty"`
	ID            string         `json:"id,omitempty"`
	Life          []lifeEvent    `json:"life,omitempty"`
}

type stateTotal struct {
	Currency string         `json:"currency"`
	State    register.State `json:"state"` // total: of all
	Lines    int64          `json:"lines"` // that have this state
	Amount   int64          `json:"amount"`
}

type stateCount struct {
	State    register.State `json:"state"`
	Accounts int64          `json:"accounts"`
}

type exportState struct {
	Record  int64           `json:"record"`
	Hash    string          `json:"record_sha256"`
	At      string          `json:"at"`
	Out     string          `json:"out"`
	Entries int             `json:"entries"`
	Files   []register.File `json:"files"`
}

type dayState struct {
	Day    string                   `json:"day"`
	Lines  map[register.State]int64 `json:"lines"`
	Totals []stateTotal             `json:"totals"`
}

type accountState struct {
	Account register.Text  `json:"account_id"`
	State   register.State `json:"state"`
}

type lineState struct {
	ID       register.Text            `json:"refund_id"`
	Account  register.Text            `json:"account_id"`
	Currency string                   `json:"currency"`
	Channel  string                   `json:"channel"`
	State    register.State           `json:"state"`
	Target   int64                    `json:"target"`
	By       map[register.State]int64 `json:"amounts"`
	Exported []entryState             `json:"exported"`
}

type entryState struct {
	Name   register.Text  `json:"name"`
	Way    register.Way   `json:"way"`
	Amount int64          `json:"amount"`
	Record int64          `json:"record"`
	File   string         `json:"file"`
	State  register.State `json:"state"`
	Date   string         `json:"date,omitempty"`
	Reason register.Text  `json:"reason,omitempty"`
}

type lifeEvent struct {
	Record int64         `json:"record"`
	At     string        `json:"at"`
	Event  string        `json:"event"`
	Name   register.Text `json:"name,omitempty"`
	Amount int64         `json:"amount"`
	Unit   string        `json:"currency"`
	Text   string        `json:"text"`
}

func runStatus(cmd *cobra.Command, std streams, o *statusOptions) error {
	if err := o.validate(cmd); err != nil {
		return err
	}
	at, err := o.parseAt()
	if err != nil {
		return err
	}
	told, err := o.readCase()
	if err != nil {
		return err
	}
	s := &status{SchemaVersion: lifeVersion, ID: o.id, Days: []dayState{}}
	if !at.IsZero() {
		s.At = at.UTC().Format(time.RFC3339)
	}
	w := watcher{s: s, id: register.Text(o.id)}
	book, err := register.Read(o.dir, at, w.before)
	if err == nil && w.err == nil {
		w.endDay(book)
	}
	if err == nil {
		err = w.err
	}
	if err != nil {
		return o.explain(err)
	}
	for _, hash := range o.expect {
		if !book.Has(strings.ToLower(hash)) {
			return &checkError{fmt.Sprintf("%s: no record has the hash %s", o.dir, hash), "the register was cut, set back or exchanged since that was noted; compare it with the manifests of the payout files"}
		}
	}
	if o.id != "" && len(s.Life) == 0 {
		return &hintError{fmt.Errorf("%s: the register does not know %q", o.dir, discreet.Shown(o.id)), "ids are compared letter by letter; 'paytriage refunds status --json' lists them"}
	}
	if err := s.fill(book, told, o.json); err != nil {
		return err
	}
	return o.show(std, s, s.print)
}

// readCase returns the lines of the case that is to count too.
func (o *statusOptions) readCase() ([]register.Line, error) {
	if o.cases == "" {
		return nil, nil
	}
	lines, err := report.ReadLines(o.cases)
	if err != nil {
		return nil, &hintError{fmt.Errorf("%s: %w", o.cases, err), "name a finished case"}
	}
	told := make([]register.Line, 0, len(lines))
	for i := range lines {
		told = append(told, registerLine(&lines[i]))
	}
	return told, nil
}

// A watcher sees the records go by.
type watcher struct {
	s   *status
	id  register.Text
	day string
	err error
}

func (w *watcher) before(rec *register.Record, b *register.Book) {
	if day := rec.At.Format(time.DateOnly); day != w.day {
		w.endDay(b)
		w.day = day
	}
	if w.id != "" {
		w.life(rec, b)
	}
}

// endDay notes how the register stood at the end of a day.
func (w *watcher) endDay(b *register.Book) {
	if w.day == "" || w.err != nil {
		return
	}
	var t stateTable
	for _, o := range b.Obligations() {
		t.add(o.Currency, o.Standing(nil))
	}
	totals, err := t.totals()
	w.err = err
	w.s.Days = append(w.s.Days, dayState{w.day, t.count, totals})
}

// life notes what a record says of one id.
func (w *watcher) life(rec *register.Record, b *register.Book) {
	note := func(name register.Text, amount int64, currency, text string) {
		w.s.Life = append(w.s.Life, lifeEvent{rec.Seq, rec.At.Format(time.RFC3339), rec.Kind(), name, amount, currency, text})
	}
	settle := func(s *register.Settlement) {
		for i := range s.Items {
			item := &s.Items[i]
			if e := b.Issued(item.Name); e != nil && (e.ID == w.id || e.Name == w.id) {
				note(item.Name, item.Amount, item.Currency, strings.TrimSpace(item.Date+" "+string(item.Reason)))
			}
		}
	}
	switch {
	case rec.Approve != nil:
		for i := range rec.Approve.Lines {
			if l := &rec.Approve.Lines[i]; l.ID == w.id {
				note("", l.Payable, l.Currency, fmt.Sprintf("%s, %s, by %s, drawn up by %s", l.Channel, l.Status, rec.Approve.Approver, rec.Approve.Maker))
			}
		}
	case rec.Export != nil:
		for i := range rec.Export.Entries {
			if e := &rec.Export.Entries[i]; e.ID == w.id || e.Name == w.id {
				note(e.Name, e.Amount, e.Currency, fmt.Sprintf("%s, %s in %s", e.Way, e.File, rec.Export.Out))
			}
		}
	case rec.Paid != nil:
		settle(rec.Paid)
	case rec.Returned != nil:
		settle(rec.Returned)
	}
}

// A stateTable counts obligations and adds their money up by state.
type stateTable struct {
	count map[register.State]int64
	lines map[string]map[register.State]int64 // by currency
	money map[string]map[register.State]*money.Sum
	whole totals
}

func (t *stateTable) add(currency string, s register.Standing) {
	if t.count == nil {
		t.count, t.whole = map[register.State]int64{}, totals{}
		t.lines, t.money = map[string]map[register.State]int64{}, map[string]map[register.State]*money.Sum{}
	}
	if t.lines[currency] == nil {
		t.lines[currency], t.money[currency] = map[register.State]int64{}, map[register.State]*money.Sum{}
	}
	t.count[s.State]++
	t.lines[currency][s.State]++
	t.whole.add(currency, s.Target)
	for state, amount := range s.By {
		if t.money[currency][state] == nil {
			t.money[currency][state] = &money.Sum{}
		}
		t.money[currency][state].Add(amount)
	}
}

// totals returns the rows of the table, each currency closed by its total, which
// the money of its states must add up to.
func (t *stateTable) totals() ([]stateTotal, error) {
	all := []stateTotal{}
	for _, currency := range sortedKeys(t.lines) {
		var lines int64
		var sum money.Sum
		for _, state := range register.States() {
			row := stateTotal{Currency: currency, State: state, Lines: t.lines[currency][state]}
			if m := t.money[currency][state]; m != nil {
				var err error
				if row.Amount, err = m.Total(); err != nil {
					return nil, err
				}
			}
			lines += row.Lines
			sum.Add(row.Amount)
			all = append(all, row)
		}
		whole, err := t.whole[currency].Total()
		got, err2 := sum.Total()
		if err != nil || err2 != nil || got != whole {
			return nil, &checkError{fmt.Sprintf("the states of %s add up to %d, not to the target %d", currency, got, whole), "this should never be; nothing was changed"}
		}
		all = append(all, stateTotal{currency, "total", lines, whole})
	}
	return all, nil
}

// fill tells where everything stands.
func (s *status) fill(b *register.Book, told []register.Line, all bool) (err error) {
	s.Records, s.Hash, s.Exports = b.Records, b.Head, []exportState{}
	if b.Records > 0 {
		s.Last = b.Last.Format(time.RFC3339)
	}
	for _, e := range b.Exports() {
		s.Exports = append(s.Exports, exportState{e.Seq, e.Hash, e.At.Format(time.RFC3339), e.Out, e.Count, e.Files})
	}
	byID := make(map[register.Text]*register.Line, len(told))
	obligations := b.Obligations()
	for i := range told {
		l := &told[i]
		o := b.Obligation(l.ID)
		if o == nil {
			obligations = append(obligations, register.Unseen(l))
		} else if o.Line != nil {
			l.Earlier = o.Line.Earlier
			l.Payable -= l.Earlier
		}
		byID[l.ID] = l
	}
	var t stateTable
	accounts := map[register.Text]register.State{}
	order := register.States()
	for _, o := range obligations {
		standing := o.Standing(byID[o.ID])
		t.add(o.Currency, standing)
		if was, seen := accounts[o.Account]; !seen || slices.Index(order, standing.State) < slices.Index(order, was) {
			accounts[o.Account] = standing.State
		}
		if all {
			s.Lines = append(s.Lines, lineOf(o, standing))
		}
	}
	s.count(accounts, all)
	s.Totals, err = t.totals()
	return err
}

// count counts accounts by state.
func (s *status) count(accounts map[register.Text]register.State, all bool) {
	n := map[register.State]int64{}
	for _, account := range sortedKeys(accounts) {
		n[accounts[account]]++
		if all {
			s.AccountLines = append(s.AccountLines, accountState{account, accounts[account]})
		}
	}
	for _, state := range register.States() {
		s.Accounts = append(s.Accounts, stateCount{state, n[state]})
	}
}

func lineOf(o *register.Obligation, standing register.Standing) lineState {
	l := lineState{o.ID, o.Account, o.Currency, o.Channel, standing.State, standing.Target, standing.By, []entryState{}}
	for _, i := range o.Issued {
		l.Exported = append(l.Exported, entryState{i.Name, i.Way, i.Amount, i.Export, i.File, i.State, i.Date, i.Reason})
	}
	return l
}

func (s *status) print(w io.Writer, opt console.Options) error {
	pairs := []console.Pair{{Key: "records", Value: count(s.Records)}, {Key: "last", Value: s.Hash}}
	if s.Last != "" {
		pairs = append(pairs, console.Pair{Key: "of", Value: s.Last})
	}
	if s.At != "" {
		pairs = append(pairs, console.Pair{Key: "as it stood at", Value: s.At})
	}
	pairs = append(pairs, console.Pair{Key: "exports", Value: count(int64(len(s.Exports)))})
	if err := console.Block(w, "register, verified", pairs, opt); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if s.ID != "" {
		return s.printLife(w, opt)
	}
	return s.printTotals(w, opt)
}

func (s *status) printLife(w io.Writer, opt console.Options) error {
	var rows [][]any
	for _, e := range s.Life {
		c, _ := money.ParseCurrency([]byte(e.Unit))
		rows = append(rows, []any{e.Record, e.At, e.Event, string(e.Name), money.Format(e.Amount, c), e.Text})
	}
	alignRight(rows, 4)
	return printTable(w, opt, "what happened to "+s.ID, append(ints("record"), texts("at", "event", "name", "amount", "more")...), rows)
}

func (s *status) printTotals(w io.Writer, opt console.Options) error {
	var rows [][]any
	for _, t := range s.Totals {
		c, _ := money.ParseCurrency([]byte(t.Currency))
		rows = append(rows, []any{string(t.State), t.Lines, money.Format(t.Amount, c)})
	}
	alignRight(rows, 2)
	if err := printTable(w, opt, "lines by state, and the money in each", append(texts("state"), append(ints("lines"), texts("amount")...)...), rows); err != nil {
		return err
	}
	rows = nil
	for _, a := range s.Accounts {
		rows = append(rows, []any{string(a.State), a.Accounts})
	}
	if err := printTable(w, opt, "accounts by state", append(texts("state"), ints("accounts")...), rows); err != nil {
		return err
	}
	rows = nil
	days := s.Days
	const most = 31
	title := "lines at the end of each day (UTC) with a record"
	if len(days) > most {
		title += fmt.Sprintf(": the last %d of %d; --json lists all", most, len(days))
		days = days[len(days)-most:]
	}
	var names []string
	for _, state := range register.States() {
		names = append(names, string(state))
	}
	for _, d := range days {
		row := []any{d.Day}
		for _, state := range register.States() {
			row = append(row, d.Lines[state])
		}
		rows = append(rows, row)
	}
	return printTable(w, opt, title, append(texts("day"), ints(names...)...), rows)
}
