package register

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Why says why a line of a draft is not exported. It stays as it was.
type Why string

// The reasons, and what they mean.
const (
	NotOpen        Why = "not_open"        // the draft says that it waits for something
	NotAsked       Why = "not_asked"       // its channel or payer was not asked for
	Superseded     Why = "superseded"      // a draft that was approved later was exported for it
	EarlierChanged Why = "earlier_changed" // what was paid outside changed after something was exported: it may be that very payment
	WaitsForRetry  Why = "waits_for_retry" // its payment was returned
	NegativeNet    Why = "negative_net"    // the lines of the account add up to less than nothing
	NetBelowZero   Why = "net_below_zero"  // the claw-back is more than what the account was paid so far
	OverPaid       Why = "overpaid"        // negative, and no claw-back from a wallet
	Unwritable     Why = "unwritable"      // no file can hold it
	Gone           Why = "gone"            // exported before, and the draft no longer has it
)

// A Left is a line that is not exported.
type Left struct {
	Line Line
	Why  Why
	Text string // more of it, for people
	// Exported is what stands exported for it.
	Exported int64
}

// A Plan is what an export of a draft would be.
type Plan struct {
	Entries []Entry // without a file yet
	Lines   []int32 // for each entry, which line of the draft it is of
	Left    []Left
	Settled int // lines of which all is exported
}

// Choice says what is asked for.
type Choice struct {
	// Channels are those of payments. The wallet and points are always in: as
	// credits, or as payments where they are named here.
	Channels map[string]bool
	Payers   map[string]bool
	Retry    map[Text]bool // returned entries to be paid again
	RetryAll bool
	// LeftOut are the lines that the draft left out, by a filter or a decision: they
	// are not gone.
	LeftOut map[Text]bool
	// Unwritable are the names of entries that no file can hold, with why.
	Unwritable map[Text]string
}

// wallet reports whether a channel is the service's own.
func wallet(channel string) bool { return channel == "balance" || channel == "points" }

// A due is what is left to export of a line.
type due struct {
	amount int64
	way    Way
	left   Why // why it must not be exported whatever is asked
}

// due returns what a draft leaves to export of one of its lines.
func (b *Book) due(l *Line, d *DraftState, o *debt) (due, error) {
	exported := o.exported()
	amount, err := money.Add(l.Payable, -exported)
	if err != nil {
		return due{}, err
	}
	r := due{amount: amount}
	switch {
	case amount > 0 && wallet(l.Channel):
		r.way = Credit
	case amount > 0:
		r.way = Payment
	case exported > 0 && !(l.Payable < 0 && wallet(l.Channel) && o.inWallet()):
		r.way = Recovery
	default:
		r.way = Clawback // also of what was restored before, which the wallet holds
	}
	switch {
	case l.Status != statusOpen && (l.Status != statusClosed || amount > 0):
		r.left = NotOpen // of a closed line something may only be taken back
	case amount == 0:
	case l.Payable < 0 && (r.way == Recovery || !wallet(l.Channel)):
		r.left = OverPaid
	case len(o.issued) > 0:
		last := &o.issued[len(o.issued)-1]
		if last.draft > d.Seq {
			r.left = Superseded
		} else if last.export.entries.entry(int(last.at)).Earlier != l.Earlier {
			r.left = EarlierChanged
		}
	}
	return r, nil
}

// Plan returns what an export of a draft would be: for each line target less what
// stands exported. The draft must be approved.
func (b *Book) Plan(of Draft, c Choice) (*Plan, error) {
	d := b.drafts[of.Manifest]
	if d == nil {
		return nil, fmt.Errorf("register: the draft is not approved")
	}
	order := d.order()
	others, err := b.others(d)
	if err != nil {
		return nil, err
	}
	p := &Plan{Entries: make([]Entry, 0, len(order)), Lines: make([]int32, 0, len(order))}
	var lines []Line // of one account in one currency
	for len(order) > 0 {
		first := &order[0]
		n := 0
		lines = lines[:0]
		for n < len(order) && order[n].account == first.account && order[n].currency == first.currency {
			lines = append(lines, d.lines.line(int(order[n].at)))
			n++
		}
		net, err := b.net(lines, others[purse{first.account, first.currency}])
		if err != nil {
			return nil, err
		}
		if err := b.planAccount(p, lines, order[:n], d, &c, net); err != nil {
			return nil, err
		}
		order = order[n:]
	}
	p.Left = append(p.Left, b.gone(d, c.LeftOut)...)
	return p, nil
}

// gone returns what stands exported for lines that a draft no longer has, though
// it goes on from the draft that they were exported by: the two share lines. Nobody
// is named in them any more, so that a person has to ask the money back. A draft of
// another incident shares none.
func (b *Book) gone(d *DraftState, leftOut map[Text]bool) (list []Left) {
	before := map[int64]bool{} // drafts that this one goes on from
	var missing []*debt
	for i := range b.debts {
		o := &b.debts[i]
		if len(o.issued) == 0 {
			continue
		}
		l := o.line()
		if _, has := b.lineOf(d, l.ID); has {
			for n := range o.issued {
				before[o.issued[n].draft] = true
			}
		} else if o.exported() != 0 && !leftOut[l.ID] {
			missing = append(missing, o)
		}
	}
	for _, o := range missing {
		if last := &o.issued[len(o.issued)-1]; before[last.draft] && last.draft < d.Seq {
			list = append(list, Left{o.line(), Gone, "", o.exported()})
		}
	}
	slices.SortFunc(list, func(x, y Left) int {
		return cmp.Or(cmp.Compare(x.Line.Account, y.Line.Account), cmp.Compare(x.Line.ID, y.Line.ID))
	})
	return list
}

// A place is where a line of a draft stands among the others.
type place struct {
	account, id Text
	currency    string
	at          int32
}

// order returns the lines of a draft by account, currency and id.
func (d *DraftState) order() []place {
	order := make([]place, 0, len(d.lines.at))
	for i := range d.lines.at {
		l := d.lines.line(i)
		order = append(order, place{l.Account, l.ID, l.Currency, int32(i)})
	}
	slices.SortFunc(order, func(x, y place) int {
		if c := strings.Compare(string(x.account), string(y.account)); c != 0 {
			return c
		}
		return cmp.Or(strings.Compare(x.currency, y.currency), strings.Compare(string(x.id), string(y.id)))
	})
	return order
}

// net returns what an account of a draft is owed in all: by its open lines, and by
// what stands exported of others.
func (b *Book) net(lines []Line, others int64) (int64, error) {
	net := others
	for i := range lines {
		l := &lines[i]
		amount := l.Payable
		if l.Status != statusOpen && l.Status != statusClosed {
			amount = b.debts[b.byID[l.ID]].exported()
		}
		var err error
		if net, err = money.Add(net, amount); err != nil {
			return 0, err
		}
	}
	return net, nil
}

// others returns what stands exported for obligations that a draft does not have.
func (b *Book) others(d *DraftState) (map[purse]int64, error) {
	others := map[purse]int64{}
	for i := range b.debts {
		o := &b.debts[i]
		if o.draft == d || len(o.issued) == 0 {
			continue
		}
		l := o.line()
		if _, has := b.lineOf(d, l.ID); has {
			continue
		}
		p := purse{l.Account, l.Currency}
		var err error
		if others[p], err = money.Add(others[p], o.exported()); err != nil {
			return nil, err
		}
	}
	return others, nil
}

// planAccount plans the lines of one account in one currency.
func (b *Book) planAccount(p *Plan, lines []Line, places []place, d *DraftState, c *Choice, net int64) error {
	from := len(p.Entries)
	for i := range lines {
		l := &lines[i]
		o := &b.debts[b.byID[l.ID]]
		due, err := b.due(l, d, o)
		if err != nil {
			return err
		}
		if due.way == Credit && c.Channels[l.Channel] {
			due.way = Payment
		}
		leave := func(why Why, text string) {
			p.Left = append(p.Left, Left{*l, why, text, o.exported()})
		}
		e := Entry{Name: Text(ledger.Name(string(l.ID), len(o.issued)+1)), ID: l.ID, Account: l.Account, Component: l.Component,
			Channel: l.Channel, Currency: l.Currency, Way: due.way, Amount: due.amount, Target: l.Payable, Earlier: l.Earlier}
		if due.amount > 0 {
			e.Retries = o.waiting(l.ID)
		}
		waits := slices.ContainsFunc(e.Retries, func(name Text) bool { return !c.RetryAll && !c.Retry[name] })
		text, unwritable := c.Unwritable[e.Name]
		switch {
		case due.left == NotOpen:
			leave(due.left, l.Status)
		case due.amount == 0:
			p.Settled++
		case due.left != "":
			leave(due.left, "")
		case !c.Payers[l.Payer]:
			leave(NotAsked, "payer "+l.Payer)
		case !wallet(l.Channel) && !c.Channels[l.Channel]:
			leave(NotAsked, "channel "+l.Channel)
		case net < 0 && due.way != Recovery:
			leave(NegativeNet, fmt.Sprint(net))
		case waits:
			leave(WaitsForRetry, fmt.Sprint(e.Retries))
		case unwritable:
			leave(Unwritable, text)
		case b.taken(e.Name, o, l.ID):
			leave(Unwritable, "another entry has this name")
		default:
			p.Entries, p.Lines = append(p.Entries, e), append(p.Lines, places[i].at)
		}
	}
	return b.holdClawbacks(p, from, lines)
}

// taken reports whether an entry was exported under the next name of an obligation.
func (b *Book) taken(name Text, o *debt, id Text) bool {
	if name == id && strings.IndexByte(string(id), '-') < 0 {
		return len(o.issued) > 0 // no other can have it
	}
	_, i := b.named(name)
	return i != nil
}

// holdClawbacks leaves the claw-backs of an account out that would take more
// from it than it was paid: its payments may not have been writable.
func (b *Book) holdClawbacks(p *Plan, from int, lines []Line) error {
	stands := b.standing[purse{lines[0].Account, lines[0].Currency}]
	var err error
	for i := from; i < len(p.Entries) && err == nil; i++ {
		stands, err = money.Add(stands, p.Entries[i].Amount)
	}
	if err != nil || stands >= 0 {
		return err
	}
	kept, keptLines := p.Entries[:from], p.Lines[:from]
	for i, e := range p.Entries[from:] {
		if e.Way != Clawback {
			kept, keptLines = append(kept, e), append(keptLines, p.Lines[from+i])
			continue
		}
		at := slices.IndexFunc(lines, func(l Line) bool { return l.ID == e.ID })
		p.Left = append(p.Left, Left{lines[at], NetBelowZero, fmt.Sprint(stands), b.debts[b.byID[e.ID]].exported()})
	}
	p.Entries, p.Lines = kept, keptLines
	return nil
}
