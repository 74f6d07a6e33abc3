package main

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/claims"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
)

// factsOf returns what a case and its logs say of what is claimed, and settles
// the amounts of claims that name no currency.
func factsOf(ctx context.Context, log *event.Log, folder string, sheet *claims.Sheet, workers int) (*claims.Facts, error) {
	stolen, victims, entered, err := report.ReadStolen(folder)
	if err != nil {
		return nil, err
	}
	only, err := onlyCurrency(ctx, log)
	if err != nil {
		return nil, err
	}
	sheet.Settle(only)
	f := &claims.Facts{Accounts: map[string]claims.Activity{}, Entered: entered, Stolen: stolen, Victims: victims}
	w := wantedBy(sheet.Claims, stolen)
	found, err := w.search(ctx, log, workers)
	if err != nil {
		return nil, err
	}
	return f, w.settle(ctx, log, found, f)
}

// onlyCurrency returns the currency of all charges of a log, 0 if there are
// several or none.
func onlyCurrency(ctx context.Context, log *event.Log) (money.Currency, error) {
	var only money.Currency
	for part, err := range log.Parts.All(ctx) {
		if err != nil {
			return 0, err
		}
		for _, c := range part.Charges {
			cur := money.Currency(c.Currency)
			if only == 0 {
				only = cur
			}
			if cur != only {
				return 0, nil
			}
		}
	}
	return only, nil
}

// claimKeys are what claims name, by the keys that a log has.
type claimKeys struct {
	accounts map[event.Key]string
	txns     map[event.Key]bool
	amounts  map[accountAmount]bool
	refs     map[accountAmount]bool
	digits   map[accountAmount][]span // by the amount of cards that are named by their last digits
	stolen   map[event.Key]bool       // transactions
}

// An accountAmount is an amount with a key: of an account, an instrument, or
// nothing.
type accountAmount struct {
	key      event.Key
	amount   int64
	currency money.Currency
}

type span struct{ from, to int64 }

func wantedBy(list []claims.Claim, stolen []claims.Stolen) *claimKeys {
	w := &claimKeys{map[event.Key]string{}, map[event.Key]bool{}, map[accountAmount]bool{}, map[accountAmount]bool{},
		map[accountAmount][]span{}, map[event.Key]bool{}}
	for i := range list {
		c := &list[i]
		if c.Account != "" {
			w.accounts[event.KeyOfString(c.Account)] = c.Account
		}
		switch {
		case c.Txn != "":
			w.txns[event.KeyOfString(c.Txn)] = true
		case c.AmountText == "":
		case c.Account != "":
			w.amounts[accountAmount{event.KeyOfString(c.Account), c.Amount, c.Currency}] = true
		case c.FundingRef != "":
			w.refs[accountAmount{event.KeyOfString(c.FundingRef), c.Amount, c.Currency}] = true
		default:
			k := accountAmount{0, c.Amount, c.Currency}
			w.digits[k] = append(w.digits[k], span{c.From, c.To})
		}
	}
	for k, spans := range w.digits {
		w.digits[k] = merged(spans)
	}
	for i := range stolen {
		w.stolen[event.KeyOfString(stolen[i].Txn)] = true
	}
	return w
}

// merged returns spans in order, those that meet as one.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

func inSpans(spans []span, at int64) bool {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].to > at })
	return i < len(spans) && spans[i].from <= at
}

// named reports whether a claim may be about a charge.
func (w *claimKeys) named(c *event.Charge) bool {
	cur := money.Currency(c.Currency)
	if w.txns[c.Txn] || w.amounts[accountAmount{c.Account, c.Amount, cur}] {
		return true
	}
	if c.Kind != event.TopUp && c.Kind != event.Payment {
		return false // Ref is no instrument
	}
	return c.Ref != 0 && w.refs[accountAmount{c.Ref, c.Amount, cur}] || inSpans(w.digits[accountAmount{0, c.Amount, cur}], c.Time)
}

// A foundCharge is one that a claim may be about.
type foundCharge struct {
	charge event.Charge
	claims.Charge
}

// A foundAccount is one that is claimed.
type foundAccount struct {
	key event.Key
	pos event.Pos // of any row of it
	claims.Activity
}

type findings struct {
	charges  []foundCharge
	accounts []foundAccount
}

// search finds what is named in a log.
func (w *claimKeys) search(ctx context.Context, log *event.Log, workers int) (*findings, error) {
	type state struct {
		findings
		a baseline.Account
	}
	states, err := event.EachCursor(ctx, workers, log.Parts, func() *state { return &state{} }, func(s *state, _ int, rows *event.Cursor) {
		baseline.Walk(rows, &s.a, func(a *baseline.Account) { w.account(a, &s.findings) })
	})
	if err != nil {
		return nil, err
	}
	all := &findings{}
	for _, s := range states {
		all.charges = append(all.charges, s.charges...)
		all.accounts = append(all.accounts, s.accounts...)
	}
	slices.SortFunc(all.charges, func(a, b foundCharge) int { return event.CompareCharges(&a.charge, &b.charge) })
	slices.SortFunc(all.accounts, func(a, b foundAccount) int { return cmp.Compare(a.key, b.key) })
	return all, nil
}

// account looks at one account.
func (w *claimKeys) account(a *baseline.Account, f *findings) {
	_, claimed := w.accounts[a.Key]
	fa := foundAccount{key: a.Key}
	var h *habits
	for j := range a.Charges {
		c := &a.Charges[j]
		loss := takes(c.Kind)
		named := w.named(c)
		if h == nil && (named || claimed) {
			h = habitsOf(a)
		}
		if named {
			fc := foundCharge{charge: *c, Charge: claims.Charge{Kind: c.Kind.String(), Loss: loss, Time: c.Time, Amount: c.Amount,
				Currency: money.Currency(c.Currency), Declined: c.Status == event.Declined}}
			if loss {
				fc.Returned, fc.Means = h.cameBack(c), h.meansOf(j)
			}
			f.charges = append(f.charges, fc)
		}
		if claimed && loss && c.Status != event.Declined && !w.stolen[c.Txn] {
			switch h.meansOf(j).Judge() {
			case claims.Own:
				fa.Own++
			case claims.New:
				fa.New++
			default:
				fa.Unsaid++
			}
		}
	}
	if !claimed {
		return
	}
	if len(a.Logins) > 0 {
		fa.pos = a.Logins[0].Pos
	} else {
		fa.pos = a.Charges[0].Pos
	}
	f.accounts = append(f.accounts, fa)
}

// takes reports whether a kind of charge takes money from its account.
func takes(k event.Kind) bool {
	return k == event.TopUp || k == event.Payment || k == event.TransferOut || k == event.Payout
}

// habits are what an account had, and since when, and what came back of its
// charges.
type habits struct {
	a        *baseline.Account
	shops    map[event.Key]int64
	networks map[event.Addr]int64
	back     map[accountAmount]int64 // by transaction and currency
}

func habitsOf(a *baseline.Account) *habits {
	h := &habits{a, map[event.Key]int64{}, map[event.Addr]int64{}, map[accountAmount]int64{}}
	since := func(addr event.Addr, at int64) {
		if first, seen := h.networks[addr.Net()]; addr != 0 && (!seen || at < first) {
			h.networks[addr.Net()] = at
		}
	}
	for i := range a.Logins {
		if l := &a.Logins[i]; l.Outcome() != event.Failure {
			since(l.Addr, l.Time)
		}
	}
	for i := range a.Charges {
		c := &a.Charges[i]
		switch {
		case c.Status == event.Declined:
		case c.Kind == event.Reversal || c.Kind == event.Refund || c.Kind == event.Chargeback:
			k := accountAmount{c.Ref, 0, money.Currency(c.Currency)}
			h.back[k] = min(h.back[k]+c.Amount, money.MaxAmount)
		default:
			since(c.Addr, c.Time)
			if _, seen := h.shops[c.Store]; !seen { // they are by time
				h.shops[c.Store] = c.Time
			}
		}
	}
	return h
}

// cameBack returns how much of a charge came back.
func (h *habits) cameBack(c *event.Charge) int64 {
	if c.Txn == 0 {
		return 0
	}
	return h.back[accountAmount{c.Txn, 0, money.Currency(c.Currency)}]
}

// meansOf says by what means a charge was made. What an account had a day before
// counts as its own: so does a device that is the only one ever seen in it.
func (h *habits) meansOf(j int) (m claims.Means) {
	c := &h.a.Charges[j]
	before := c.Time - baseline.Day
	seen := func(first int64, known bool) claims.Seen {
		if known && first <= before {
			return claims.Own
		}
		return claims.New
	}
	if by := h.a.ChargeBy[j]; by != baseline.Nobody && h.a.Actors[by].Key != 0 {
		m.Device = seen(h.a.Actors[by].First, true)
		if len(h.a.Actors) == 1 {
			m.Device = claims.Own
		}
	}
	if c.Store != 0 {
		first, known := h.shops[c.Store]
		m.Shop = seen(first, known)
	}
	if c.Addr != 0 {
		first, known := h.networks[c.Addr.Net()]
		m.Network = seen(first, known)
	}
	return m
}

// settle fetches the texts of what was found. An id that only has the key of one
// that is claimed is another id.
func (w *claimKeys) settle(ctx context.Context, log *event.Log, found *findings, f *claims.Facts) error {
	var rows []event.Pos
	for i := range found.charges {
		rows = append(rows, found.charges[i].charge.Pos)
	}
	for i := range found.accounts {
		rows = append(rows, found.accounts[i].pos)
	}
	if len(rows) == 0 {
		return nil
	}
	texts, err := log.Text(ctx, rows)
	if err != nil {
		return err
	}
	for i := range found.charges {
		t, c := &texts[i], found.charges[i].Charge
		c.Txn, c.Account, c.FundingRef = t.Get(event.TxnID), t.Get(event.AccountID), t.Get(event.FundingRef)
		f.Charges = append(f.Charges, c)
	}
	for i := range found.accounts {
		a := &found.accounts[i]
		if name := texts[len(found.charges)+i].Get(event.AccountID); name == w.accounts[a.key] {
			f.Accounts[name] = a.Activity
		}
	}
	return nil
}

// leastTier is how sure the logs must be for a claim to settle a case.
func leastTier(possible bool) takeover.Tier {
	if possible {
		return takeover.Possible
	}
	return takeover.Probable
}
