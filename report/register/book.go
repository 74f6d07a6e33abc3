package register

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
)

// Statuses of a line of a draft that matter here. All others wait for something.
const (
	statusOpen   = "open"
	statusClosed = "closed"
)

// A Book is what follows from the records of a journal.
type Book struct {
	Records int64
	Head    string    // hash of the last record
	Last    time.Time // of the last record

	hashes      map[string]int64 // of all records
	drafts      map[string]*DraftState
	obligations map[Text]*Obligation
	issued      map[Text]*Issued // by name
	standing    map[purse]int64  // exported and not returned
	limits      map[string]int64 // by currency
	exports     []*ExportState
}

// A purse is an account in one currency.
type purse struct {
	account  Text
	currency string
}

// A DraftState is what is known of a draft.
type DraftState struct {
	Draft     Draft
	Maker     Text
	Approvers []Text // of now: none after a revocation
	Needs     int    // approvers that it needs
	Seq       int64  // of the last approval
	lines     map[Text]*Line
}

// Approved reports whether as many approve the draft as must.
func (d *DraftState) Approved() bool { return len(d.Approvers) >= d.Needs }

// An Obligation is all that is known of one refund_id.
type Obligation struct {
	ID, Account                  Text
	Component, Channel, Currency string
	Line                         *Line // as last approved
	Draft                        *DraftState
	Issued                       []*Issued
}

// An Issued is an exported entry and what became of it.
type Issued struct {
	*Entry
	Export  int64 // the record that exported it
	draft   int64 // the approval that it was exported by
	State   State
	Date    string
	Reason  Text
	Retried bool // another entry pays it again
}

// An ExportState is an export that was made.
type ExportState struct {
	Seq  int64
	At   time.Time
	Hash string // of the record
	Prev string // of the one before it
	*Export
}

func newBook() *Book {
	return &Book{Head: noHash, hashes: map[string]int64{}, drafts: map[string]*DraftState{}, obligations: map[Text]*Obligation{},
		issued: map[Text]*Issued{}, standing: map[purse]int64{}, limits: map[string]int64{}}
}

// Has reports whether a record with this hash is in the journal.
func (b *Book) Has(hash string) bool { return b.hashes[hash] > 0 }

// Draft returns what is known of a draft, nil where nobody approved it.
func (b *Book) Draft(d Draft) *DraftState { return b.drafts[d.Manifest] }

// Obligation returns what is known of a refund_id, nil for nothing.
func (b *Book) Obligation(id Text) *Obligation { return b.obligations[id] }

// Issued returns the entry that was exported under a name, nil for none.
func (b *Book) Issued(name Text) *Issued { return b.issued[name] }

// Exports returns all exports, oldest first.
func (b *Book) Exports() []*ExportState { return b.exports }

// Limits returns the sums above which a draft needs two approvers.
func (b *Book) Limits() []Sum {
	return sums(b.limits)
}

func sums(by map[string]int64) []Sum {
	list := []Sum{}
	for _, c := range slices.Sorted(maps.Keys(by)) {
		list = append(list, Sum{c, by[c]})
	}
	return list
}

// apply checks a record against all before it and adds it. After an error the
// book is of no use.
func (b *Book) apply(rec *Record) error {
	switch {
	case rec.Seq != b.Records+1:
		return fmt.Errorf("calls itself %d", rec.Seq)
	case rec.Prev != b.Head:
		return errors.New("does not follow the record before it: one was changed, removed or put in")
	case rec.At.Before(b.Last):
		return fmt.Errorf("is of %s, earlier than the one before it", rec.At.Format(time.RFC3339Nano))
	}
	bodies := 0
	for _, there := range []bool{rec.Approve != nil, rec.Revoke != nil, rec.Export != nil, rec.Paid != nil, rec.Returned != nil} {
		if there {
			bodies++
		}
	}
	if bodies != 1 {
		return fmt.Errorf("is %d events and not one", bodies)
	}
	var err error
	switch rec.Kind() {
	case "approve":
		err = b.approve(rec)
	case "revoke":
		err = b.revoke(rec.Revoke)
	case "export":
		err = b.export(rec)
	case "paid":
		err = b.settle(rec.Paid, Paid)
	case "returned":
		err = b.settle(rec.Returned, Returned)
	}
	if err != nil {
		return err
	}
	b.Records, b.Head, b.Last = rec.Seq, rec.hash, rec.At
	b.hashes[rec.hash] = rec.Seq
	return nil
}

// ErrApprover says that a person may not approve a draft.
var ErrApprover = errors.New("may not approve")

func (b *Book) approve(rec *Record) error {
	a := rec.Approve
	if !someone(a.Maker) || !someone(a.Approver) {
		return fmt.Errorf("%w: maker and approver need a name", ErrApprover)
	}
	if SamePerson(a.Maker, a.Approver) {
		return fmt.Errorf("%w: %q made the draft", ErrApprover, a.Approver)
	}
	d := b.drafts[a.Draft.Manifest]
	switch {
	case d == nil:
		d = &DraftState{Draft: a.Draft, Maker: a.Maker}
		if err := d.index(a.Lines); err != nil {
			return err
		}
		b.drafts[a.Draft.Manifest] = d
	case d.Draft != a.Draft || d.Maker != a.Maker || a.Lines != nil:
		return errors.New("approves a draft that is known with other contents")
	}
	for _, p := range d.Approvers {
		if SamePerson(p, a.Approver) {
			return fmt.Errorf("%w: %q has approved it already", ErrApprover, a.Approver)
		}
	}
	if a.Limits != nil {
		clear(b.limits)
		for _, l := range *a.Limits {
			if l.Minor < 0 || l.Currency == "" {
				return errors.New("has a limit that is none")
			}
			b.limits[l.Currency] = l.Minor
		}
	}
	needs, err := b.needs(d)
	if err != nil {
		return err
	}
	d.Approvers, d.Needs, d.Seq = append(d.Approvers, a.Approver), max(d.Needs, needs), rec.Seq
	for _, l := range d.lines {
		if err := b.owe(l, d); err != nil {
			return err
		}
	}
	return nil
}

// index takes the lines of a draft in.
func (d *DraftState) index(lines []Line) error {
	d.lines = make(map[Text]*Line, len(lines))
	for i := range lines {
		l := &lines[i]
		switch {
		case l.ID == "" || l.Account == "" || l.Currency == "":
			return fmt.Errorf("has a line without an id, an account or a currency (%q)", l.ID)
		case d.lines[l.ID] != nil:
			return fmt.Errorf("has line %q twice", l.ID)
		case l.Payable > money.MaxAmount || l.Payable < -money.MaxAmount || l.Earlier > money.MaxAmount || l.Earlier < -money.MaxAmount:
			return fmt.Errorf("has line %q with an amount out of range", l.ID)
		}
		d.lines[l.ID] = l
	}
	return nil
}

// needs returns how many must approve a draft: two where what it pays in a
// currency is above the limit.
func (b *Book) needs(d *DraftState) (int, error) {
	pays := map[string]*money.Sum{}
	for _, l := range d.lines {
		if l.Status != statusOpen || l.Payable <= 0 {
			continue
		}
		if pays[l.Currency] == nil {
			pays[l.Currency] = &money.Sum{}
		}
		pays[l.Currency].Add(l.Payable)
	}
	needs := 1
	for currency, sum := range pays {
		total, err := sum.Total()
		if err != nil {
			return 0, err
		}
		if limit, limited := b.limits[currency]; limited && total > limit {
			needs = 2
		}
	}
	return needs, nil
}

// owe notes what a draft says of an obligation.
func (b *Book) owe(l *Line, d *DraftState) error {
	o := b.obligations[l.ID]
	if o == nil {
		o = &Obligation{ID: l.ID, Account: l.Account, Component: l.Component, Currency: l.Currency}
		b.obligations[l.ID] = o
	}
	if err := o.fits(l); err != nil {
		return err
	}
	o.Line, o.Draft, o.Channel = l, d, l.Channel
	return nil
}

// fits reports a line that goes by the id of another obligation.
func (o *Obligation) fits(l *Line) error {
	if o.Account != l.Account || o.Component != l.Component || o.Currency != l.Currency {
		return fmt.Errorf("has line %q, which is known with another account, component or currency", l.ID)
	}
	return nil
}

func (b *Book) revoke(r *Revocation) error {
	d := b.drafts[r.Draft.Manifest]
	switch {
	case d == nil || d.Draft != r.Draft || len(d.Approvers) == 0:
		return errors.New("revokes the approval of a draft that nobody approves")
	case !someone(r.By):
		return errors.New("does not say who revokes")
	}
	d.Approvers, d.Needs = nil, 1
	return nil
}

// Exported returns what was exported of an obligation and did not come back.
func (o *Obligation) Exported() int64 {
	var sum int64
	for _, i := range o.Issued {
		if i.State != Returned {
			sum += i.Amount // checked when it was exported
		}
	}
	return sum
}

// waiting returns the names of returned entries that nothing pays again.
func (o *Obligation) waiting() []Text {
	var names []Text
	for _, i := range o.Issued {
		if i.State == Returned && !i.Retried {
			names = append(names, i.Name)
		}
	}
	return names
}

func (b *Book) export(rec *Record) error {
	e := rec.Export
	d := b.drafts[e.Draft.Manifest]
	if d == nil || d.Draft != e.Draft || !d.Approved() {
		return errors.New("exports a draft that is not approved")
	}
	if len(e.Entries) == 0 || e.Out == "" {
		return errors.New("exports nothing, or to nowhere")
	}
	if err := checkFiles(e); err != nil {
		return err
	}
	clawed := map[purse]bool{}
	for i := range e.Entries {
		entry := &e.Entries[i]
		if err := b.issue(entry, d, rec.Seq); err != nil {
			return fmt.Errorf("entry %q: %w", entry.Name, err)
		}
		if entry.Way == Clawback {
			clawed[purse{entry.Account, entry.Currency}] = true
		}
	}
	for p := range clawed {
		if b.standing[p] < 0 {
			return fmt.Errorf("takes more from account %q than it was paid", p.account)
		}
	}
	b.exports = append(b.exports, &ExportState{rec.Seq, rec.At, rec.hash, rec.Prev, e})
	return nil
}

// issue checks one entry of an export against the book and adds it.
func (b *Book) issue(e *Entry, d *DraftState, seq int64) error {
	l := d.lines[e.ID]
	if l == nil || l.Account != e.Account || l.Component != e.Component || l.Channel != e.Channel || l.Currency != e.Currency ||
		l.Payable != e.Target || l.Earlier != e.Earlier {
		return errors.New("is not what the draft says")
	}
	o := b.obligations[e.ID]
	due, err := b.due(l, d)
	if err != nil {
		return err
	}
	waiting := o.waiting()
	want := Entry{Name: Text(ledger.Name(string(e.ID), len(o.Issued)+1)), Amount: due.amount, Way: due.way}
	switch {
	case due.left != "":
		return fmt.Errorf("must not be exported: %s", due.left)
	case e.Name != want.Name || b.issued[e.Name] != nil:
		return fmt.Errorf("should go by the name %q, which must be free", want.Name)
	case e.Amount != want.Amount || e.Way != want.Way && !(want.Way == Credit && e.Way == Payment):
		return fmt.Errorf("is a %s of %d and should be a %s of %d", e.Way, e.Amount, want.Way, want.Amount)
	case e.Amount > 0 && !slices.Equal(e.Retries, waiting), e.Amount < 0 && e.Retries != nil:
		return errors.New("does not name the returned entries that it pays again")
	}
	p := purse{e.Account, e.Currency}
	if b.standing[p], err = money.Add(b.standing[p], e.Amount); err != nil {
		return err
	}
	for _, name := range e.Retries {
		b.issued[name].Retried = true
	}
	i := &Issued{Entry: e, Export: seq, draft: d.Seq, State: Exported}
	b.issued[e.Name] = i
	o.Issued = append(o.Issued, i)
	return nil
}

// checkFiles compares what the files of an export are said to hold with its
// entries.
func checkFiles(e *Export) error {
	type total struct {
		count int64
		sums  map[string]int64
	}
	have := map[string]*total{}
	for i := range e.Entries {
		entry := &e.Entries[i]
		t := have[entry.File]
		if t == nil {
			t = &total{sums: map[string]int64{}}
			have[entry.File] = t
		}
		sum, err := money.Add(t.sums[entry.Currency], entry.Amount)
		if err != nil {
			return err
		}
		t.count++
		t.sums[entry.Currency] = sum
	}
	seen := map[string]bool{}
	for _, f := range e.Files {
		if !bareName(f.Name) || seen[f.Name] {
			return fmt.Errorf("names a file %q that cannot be one, or twice", f.Name)
		}
		seen[f.Name] = true
		t := have[f.Name]
		if t == nil {
			t = &total{}
		}
		if f.Count != t.count || !slices.Equal(f.Sums, sums(t.sums)) {
			return fmt.Errorf("file %s holds %d entries of %v, and the export has %d of %v", f.Name, f.Count, f.Sums, t.count, sums(t.sums))
		}
	}
	for name := range have {
		if !seen[name] {
			return fmt.Errorf("has entries in a file %q that it does not name", name)
		}
	}
	return nil
}

// bareName reports whether a name is one that an export may give a file.
func bareName(name string) bool {
	if name == "" || name[0] == '.' || len(name) > 100 || name == publishedManifest {
		return false
	}
	for _, ch := range []byte(name) {
		if !(ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= '0' && ch <= '9' || ch == '.' || ch == '_' || ch == '-') {
			return false
		}
	}
	return true
}

// settle notes what became of exported entries.
func (b *Book) settle(s *Settlement, to State) error {
	if len(s.Items) == 0 {
		return errors.New("says nothing of any entry")
	}
	for i := range s.Items {
		item := &s.Items[i]
		if problem := b.Check(item, to); problem != "" {
			return fmt.Errorf("entry %q: %s", item.Name, problem)
		}
		e := b.issued[item.Name]
		if to == Returned {
			b.standing[purse{e.Account, e.Currency}] -= e.Amount // fits: it was added
		}
		e.State, e.Date, e.Reason = to, item.Date, item.Reason
	}
	return nil
}

// Known reports whether the register knows already what an item says, whatever the
// words of the reason.
func (b *Book) Known(item *Item, to State) bool {
	e := b.issued[item.Name]
	return e != nil && e.State == to && e.Amount == item.Amount && e.Currency == item.Currency && e.Date == item.Date
}

// Check says why an entry cannot have become paid or returned, "" if it can.
func (b *Book) Check(item *Item, to State) string {
	e := b.issued[item.Name]
	_, err := time.Parse(time.DateOnly, item.Date)
	switch {
	case e == nil:
		return "nothing was exported under this name"
	case e.Currency != item.Currency:
		return "is in " + e.Currency
	case e.Amount != item.Amount:
		return fmt.Sprintf("was exported with amount %d", e.Amount)
	case err != nil:
		return "the date is none (2006-01-02)"
	case e.State == Returned:
		return "was returned on " + e.Date
	case to == Paid && e.State == Paid:
		return "was paid on " + e.Date
	case to == Returned && e.Amount < 0:
		return "is no payment that could come back"
	case to == Returned && item.Reason == "":
		return "says no reason"
	}
	return ""
}

// Obligations returns all obligations, by account, currency and id.
func (b *Book) Obligations() []*Obligation {
	list := slices.Collect(maps.Values(b.obligations))
	slices.SortFunc(list, func(x, y *Obligation) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.ID, y.ID))
	})
	return list
}
