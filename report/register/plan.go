package register

import (
	"cmp"
	"fmt"
	"slices"

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
	Turned         Why = "turned"          // exported before, and the draft has another line of the same wallet in its place
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
	Left    []Left
	Settled int // lines of which all is exported
}

// Choice says what is asked for.
type Choice struct {
	Channels map[string]bool // of payments; the wallet and points are always in
	Payers   map[string]bool
	Retry    map[Text]bool // returned entries to be paid again
	RetryAll bool
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
func (b *Book) due(l *Line, d *DraftState) (due, error) {
	o := b.obligations[l.ID]
	exported := o.Exported()
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
	case exported > 0:
		r.way = Recovery
	default:
		r.way = Clawback
	}
	switch {
	case l.Status != statusOpen && (l.Status != statusClosed || amount > 0):
		r.left = NotOpen // of a closed line something may only be taken back
	case amount == 0:
	case l.Payable < 0 && (r.way == Recovery || !wallet(l.Channel)):
		r.left = OverPaid
	case len(o.Issued) > 0:
		last := o.Issued[len(o.Issued)-1]
		if last.draft > d.Seq {
			r.left = Superseded
		} else if last.Earlier != l.Earlier {
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
	p := &Plan{Entries: make([]Entry, 0, len(d.lines))}
	lines := make([]*Line, 0, len(d.lines))
	for _, l := range d.lines {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(x, y *Line) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.ID, y.ID))
	})
	nets, err := b.nets(d)
	if err != nil {
		return nil, err
	}
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Account == lines[0].Account && lines[n].Currency == lines[0].Currency {
			n++
		}
		if err := b.planAccount(p, lines[:n], d, &c, nets[purse{lines[0].Account, lines[0].Currency}]); err != nil {
			return nil, err
		}
		lines = lines[n:]
	}
	p.Left = append(p.Left, b.turned(d)...)
	return p, nil
}

// turned returns what stands exported for wallets by lines that a later draft does
// not have, though it has another line of the wallet: what was restored is to be
// taken back now, or the other way. No line of the draft counts it.
func (b *Book) turned(d *DraftState) (list []Left) {
	wallets := map[purse]Text{}
	for _, l := range d.lines {
		if p := (purse{l.Account, l.Currency}); wallet(l.Channel) && (wallets[p] == "" || l.ID < wallets[p]) {
			wallets[p] = l.ID
		}
	}
	for id, o := range b.obligations {
		now := wallets[purse{o.Account, o.Currency}]
		if d.lines[id] == nil && now != "" && wallet(o.Channel) && o.Exported() != 0 && o.Draft.Seq < d.Seq {
			list = append(list, Left{*o.Line, Turned, string(now), o.Exported()})
		}
	}
	slices.SortFunc(list, func(x, y Left) int {
		return cmp.Or(cmp.Compare(x.Line.Account, y.Line.Account), cmp.Compare(x.Line.ID, y.Line.ID))
	})
	return list
}

// nets returns what the accounts of a draft are owed in all: by its open lines,
// and by what stands exported for obligations that the draft does not have.
func (b *Book) nets(d *DraftState) (map[purse]int64, error) {
	nets := map[purse]int64{}
	add := func(account Text, currency string, amount int64) (err error) {
		p := purse{account, currency}
		nets[p], err = money.Add(nets[p], amount)
		return err
	}
	for _, l := range d.lines {
		amount := l.Payable
		if l.Status != statusOpen && l.Status != statusClosed {
			amount = b.obligations[l.ID].Exported()
		}
		if err := add(l.Account, l.Currency, amount); err != nil {
			return nil, err
		}
	}
	for id, o := range b.obligations {
		if d.lines[id] == nil {
			if err := add(o.Account, o.Currency, o.Exported()); err != nil {
				return nil, err
			}
		}
	}
	return nets, nil
}

// planAccount plans the lines of one account in one currency.
func (b *Book) planAccount(p *Plan, lines []*Line, d *DraftState, c *Choice, net int64) error {
	from := len(p.Entries)
	for _, l := range lines {
		due, err := b.due(l, d)
		if err != nil {
			return err
		}
		o := b.obligations[l.ID]
		leave := func(why Why, text string) {
			p.Left = append(p.Left, Left{*l, why, text, o.Exported()})
		}
		e := Entry{Name: Text(ledger.Name(string(l.ID), len(o.Issued)+1)), ID: l.ID, Account: l.Account, Component: l.Component,
			Channel: l.Channel, Currency: l.Currency, Way: due.way, Amount: due.amount, Target: l.Payable, Earlier: l.Earlier}
		if due.amount > 0 {
			e.Retries = o.waiting()
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
		case b.issued[e.Name] != nil:
			leave(Unwritable, "another entry has this name")
		default:
			p.Entries = append(p.Entries, e)
		}
	}
	return b.holdClawbacks(p, from, lines)
}

// holdClawbacks leaves the claw-backs of an account out that would take more
// from it than it was paid: its payments may not have been writable.
func (b *Book) holdClawbacks(p *Plan, from int, lines []*Line) error {
	stands := b.standing[purse{lines[0].Account, lines[0].Currency}]
	var err error
	for i := from; i < len(p.Entries) && err == nil; i++ {
		stands, err = money.Add(stands, p.Entries[i].Amount)
	}
	if err != nil || stands >= 0 {
		return err
	}
	kept := p.Entries[:from]
	for _, e := range p.Entries[from:] {
		if e.Way != Clawback {
			kept = append(kept, e)
			continue
		}
		at := slices.IndexFunc(lines, func(l *Line) bool { return l.ID == e.ID })
		p.Left = append(p.Left, Left{*lines[at], NetBelowZero, fmt.Sprint(stands), b.obligations[e.ID].Exported()})
	}
	p.Entries = kept
	return nil
}
