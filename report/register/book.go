package register

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
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

	hashes   map[string]int64 // of all records
	drafts   map[string]*DraftState
	latest   *DraftState // of the last approval
	debts    []debt
	byID     map[Text]int32   // where in debts an obligation stands
	standing map[purse]int64  // exported and not returned
	limits   map[string]int64 // by currency
	exports  []*ExportState
}

// A debt is an obligation as the book keeps it: there can be a million.
type debt struct {
	draft  *DraftState // the one approved last that has it
	at     int32       // its line there
	issued []issue     // the n-th goes by the n-th name
}

func (o *debt) line() Line { return o.draft.lines.line(int(o.at)) }

// An issue is an exported entry as the book keeps it.
type issue struct {
	export  *ExportState
	draft   int64 // the approval that it was exported by
	amount  int64
	at      int32 // its entry in the export
	retried bool  // another entry pays it again
	state   State
	settled *settled
}

// A settled says when and why an entry was paid or returned.
type settled struct {
	date   string
	reason Text
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
	lines     packed
	pays      map[string]*money.Sum // by its open lines, by currency
	byID      map[Text]int32        // of its lines, where line had to look for one
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
	// Count is how many entries it has. Export names none: Book.Issued tells them.
	Count int
	*Export

	entries packed
}

func newBook() *Book {
	return &Book{Head: noHash, hashes: map[string]int64{}, drafts: map[string]*DraftState{}, byID: map[Text]int32{},
		standing: map[purse]int64{}, limits: map[string]int64{}}
}

// Has reports whether a record with this hash is in the journal.
func (b *Book) Has(hash string) bool { return b.hashes[hash] > 0 }

// Draft returns what is known of a draft, nil where nobody approved it.
func (b *Book) Draft(d Draft) *DraftState { return b.drafts[d.Manifest] }

// Obligation returns what is known of a refund_id, nil for nothing.
func (b *Book) Obligation(id Text) *Obligation {
	at, known := b.byID[id]
	if !known {
		return nil
	}
	return b.debts[at].told()
}

// told returns all that is known of an obligation.
func (o *debt) told() *Obligation {
	l := o.line()
	all := &Obligation{ID: l.ID, Account: l.Account, Component: l.Component, Channel: l.Channel, Currency: l.Currency, Line: &l, Draft: o.draft}
	for i := range o.issued {
		all.Issued = append(all.Issued, o.issued[i].told())
	}
	return all
}

func (i *issue) told() *Issued {
	e := i.export.entries.entry(int(i.at))
	all := &Issued{Entry: &e, Export: i.export.Seq, State: i.state, Retried: i.retried}
	if i.settled != nil {
		all.Date, all.Reason = i.settled.date, i.settled.reason
	}
	return all
}

// named returns the entry that was exported under a name, and its obligation,
// nil for none.
func (b *Book) named(name Text) (*debt, *issue) {
	if at, known := b.byID[name]; known && len(b.debts[at].issued) > 0 {
		return &b.debts[at], &b.debts[at].issued[0]
	}
	cut := strings.LastIndexByte(string(name), '-')
	if cut < 0 {
		return nil, nil
	}
	n, err := strconv.Atoi(string(name[cut+1:]))
	at, known := b.byID[name[:cut]]
	if err != nil || !known || n < 2 || n > len(b.debts[at].issued) || ledger.Name(string(name[:cut]), n) != string(name) {
		return nil, nil
	}
	return &b.debts[at], &b.debts[at].issued[n-1]
}

// Issued returns the entry that was exported under a name, nil for none.
func (b *Book) Issued(name Text) *Issued {
	_, i := b.named(name)
	if i == nil {
		return nil
	}
	return i.told()
}

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
	first := false
	switch {
	case d == nil:
		d = &DraftState{Draft: a.Draft, Maker: a.Maker, lines: rec.packed, pays: map[string]*money.Sum{}}
		if err := d.check(); err != nil {
			return err
		}
		first = true
		b.drafts[a.Draft.Manifest] = d
	case d.Draft != a.Draft || d.Maker != a.Maker || rec.Rows != 0:
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
	if len(b.byID) == 0 {
		b.byID, b.debts = make(map[Text]int32, len(d.lines.at)), make([]debt, 0, len(d.lines.at))
	}
	for i := range d.lines.at {
		if err := b.owe(d, i, first); err != nil {
			return err
		}
	}
	b.latest = d
	return nil
}

// check checks each line of a draft, and adds up what it pays.
func (d *DraftState) check() error {
	if len(d.lines.at) > math.MaxInt32 {
		return errors.New("has more lines than can be counted")
	}
	for i := range d.lines.at {
		l := d.lines.line(i)
		switch {
		case l.ID == "" || l.Account == "" || l.Currency == "":
			return fmt.Errorf("has a line without an id, an account or a currency (%q)", discreet.Shown(l.ID))
		case l.Payable > money.MaxAmount || l.Payable < -money.MaxAmount || l.Earlier > money.MaxAmount || l.Earlier < -money.MaxAmount:
			return fmt.Errorf("has line %q with an amount out of range", discreet.Shown(l.ID))
		}
		if l.Status != statusOpen || l.Payable <= 0 {
			continue
		}
		if d.pays[l.Currency] == nil {
			d.pays[l.Currency] = &money.Sum{}
		}
		d.pays[l.Currency].Add(l.Payable)
	}
	return nil
}

// needs returns how many must approve a draft: two where what it pays in a
// currency is above the limit.
func (b *Book) needs(d *DraftState) (int, error) {
	needs := 1
	for currency, sum := range d.pays {
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
func (b *Book) owe(d *DraftState, i int, first bool) error {
	l := d.lines.line(i)
	at, known := b.byID[l.ID]
	if !known {
		if len(b.debts) == math.MaxInt32 {
			return errors.New("has more obligations than can be counted")
		}
		at = int32(len(b.debts))
		b.debts = append(b.debts, debt{})
		b.byID[l.ID] = at
	}
	o := &b.debts[at]
	if known {
		if first && o.draft == d {
			return fmt.Errorf("has line %q twice", discreet.Shown(l.ID))
		}
		if old := o.line(); old.Account != l.Account || kindOf(old.Component) != kindOf(l.Component) || old.Currency != l.Currency {
			return fmt.Errorf("has line %q, which is known with another account, component or currency", discreet.Shown(l.ID))
		}
	}
	o.draft, o.at = d, int32(i)
	return nil
}

// lineOf returns the line that a draft has of an obligation.
func (b *Book) lineOf(d *DraftState, id Text) (l Line, ok bool) {
	at, known := b.byID[id]
	if !known {
		return l, false
	}
	if o := &b.debts[at]; o.draft == d {
		return o.line(), true
	}
	if d == b.latest {
		return l, false // all its lines were the last to be approved
	}
	if d.byID == nil {
		d.byID = make(map[Text]int32, len(d.lines.at))
		for i := range d.lines.at {
			d.byID[d.lines.line(i).ID] = int32(i)
		}
	}
	at, ok = d.byID[id]
	if ok {
		l = d.lines.line(int(at))
	}
	return l, ok
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

// exported returns what was exported of an obligation and did not come back.
func (o *debt) exported() int64 {
	var sum int64
	for i := range o.issued {
		if o.issued[i].state != Returned {
			sum += o.issued[i].amount // checked when it was exported
		}
	}
	return sum
}

// kindOf returns what a component is part of: restoring a wallet and taking back
// from it are one obligation, whose target changes its sign.
func kindOf(component string) string {
	if component == "balance_restore" || component == "balance_clawback" {
		return "wallet"
	}
	return component
}

// inWallet reports whether what stands exported went into the wallet, and not out
// by a transfer.
func (o *debt) inWallet() bool {
	for i := range o.issued {
		x := &o.issued[i]
		if x.state != Returned && x.export.entries.entry(int(x.at)).Way == Payment {
			return false
		}
	}
	return true
}

// waiting returns the names of returned entries that nothing pays again.
func (o *debt) waiting(id Text) []Text {
	var names []Text
	for i := range o.issued {
		if o.issued[i].state == Returned && !o.issued[i].retried {
			names = append(names, Text(ledger.Name(string(id), i+1)))
		}
	}
	return names
}

// waiting reports whether a returned entry is paid again by nothing.
func (o *Obligation) waiting() bool {
	return slices.ContainsFunc(o.Issued, func(i *Issued) bool { return i.State == Returned && !i.Retried })
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
