package register

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
)

func (b *Book) export(rec *Record) error {
	e := &ExportState{rec.Seq, rec.At, rec.hash, rec.Prev, rec.Rows, rec.Export, rec.packed}
	d := b.drafts[e.Draft.Manifest]
	if d == nil || d.Draft != e.Draft || !d.Approved() {
		return errors.New("exports a draft that is not approved")
	}
	if e.Count == 0 || e.Out == "" {
		return errors.New("exports nothing, or to nowhere")
	}
	if err := checkFiles(e); err != nil {
		return err
	}
	clawed := map[purse]bool{}
	for i := range e.entries.at {
		entry := e.entries.entry(i)
		if err := b.issue(e, i, &entry, d); err != nil {
			return fmt.Errorf("entry %q: %w", discreet.Shown(entry.Name), err)
		}
		if entry.Way == Clawback {
			clawed[purse{entry.Account, entry.Currency}] = true
		}
	}
	for p := range clawed {
		if b.standing[p] < 0 {
			return fmt.Errorf("takes more from account %q than it was paid", discreet.Shown(p.account))
		}
	}
	b.exports = append(b.exports, e)
	return nil
}

// issue checks one entry of an export against the book and adds it.
func (b *Book) issue(x *ExportState, at int, e *Entry, d *DraftState) error {
	place, known := b.byID[e.ID]
	if !known {
		return errors.New("is not what the draft says")
	}
	o := &b.debts[place]
	var l Line
	if o.draft == d {
		l = o.line()
	} else {
		l, known = b.lineOf(d, e.ID)
	}
	if !known || l.Account != e.Account || l.Component != e.Component || l.Channel != e.Channel || l.Currency != e.Currency ||
		l.Payable != e.Target || l.Earlier != e.Earlier {
		return errors.New("is not what the draft says")
	}
	due, err := b.due(&l, d, o)
	if err != nil {
		return err
	}
	waiting := o.waiting(e.ID)
	want := Entry{Name: Text(ledger.Name(string(e.ID), len(o.issued)+1)), Amount: due.amount, Way: due.way}
	switch {
	case due.left != "":
		return fmt.Errorf("must not be exported: %s", due.left)
	case e.Name != want.Name || b.taken(e.Name, o, e.ID):
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
	if e.Amount > 0 {
		for i := range o.issued {
			o.issued[i].retried = o.issued[i].retried || o.issued[i].state == Returned
		}
	}
	o.issued = append(o.issued, issue{export: x, draft: d.Seq, amount: e.Amount, at: int32(at), state: Exported})
	return nil
}

// checkFiles compares what the files of an export are said to hold with its
// entries.
func checkFiles(e *ExportState) error {
	type total struct {
		count int64
		sums  map[string]int64
	}
	have := map[string]*total{}
	for i := range e.entries.at {
		entry := e.entries.entry(i)
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
			return fmt.Errorf("entry %q: %s", discreet.Shown(item.Name), problem)
		}
		o, e := b.named(item.Name)
		if to == Returned {
			l := o.line()
			b.standing[purse{l.Account, l.Currency}] -= e.amount // fits: it was added
		}
		e.state, e.settled = to, &settled{item.Date, item.Reason}
	}
	return nil
}

// Known reports whether the register knows already what an item says, whatever the
// words of the reason.
func (b *Book) Known(item *Item, to State) bool {
	e := b.Issued(item.Name)
	return e != nil && e.State == to && e.Amount == item.Amount && e.Currency == item.Currency && e.Date == item.Date
}

// Check says why an entry cannot have become paid or returned, "" if it can.
func (b *Book) Check(item *Item, to State) string {
	e := b.Issued(item.Name)
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
	list := make([]*Obligation, 0, len(b.debts))
	for i := range b.debts {
		list = append(list, b.debts[i].told())
	}
	slices.SortFunc(list, func(x, y *Obligation) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.ID, y.ID))
	})
	return list
}
