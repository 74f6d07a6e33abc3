package forensics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/insider"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Insiders is what the accounts that were entered have in common from before, and
// who was at the till when stolen money was spent.
type Insiders struct {
	// Asked is false where no account is named: then nothing was counted.
	Asked bool
	// Entered is how many accounts were entered, Late how many of them before Cut,
	// the time before which it is told what accounts share.
	Entered, Late, Cut int64
	Level              int64 // how often chance alone may make anything stand out, per thousand
	Kinds              []InsiderKind
	List               []InsiderGroup
}

// An InsiderKind is a kind of thing that accounts may share.
type InsiderKind struct {
	Kind         insider.Kind
	Of, OthersOf int64  // entered and other accounts that share anything of the kind
	Tried, Stand int64  // groups of two and more, and of these those that stand out
	Because      string // why it cannot be told, or ""
}

// An InsiderGroup is one thing that entered accounts share.
type InsiderGroup struct {
	insider.Cohort
	Value    string
	Store    string         // of registers and people
	Money    int64          // lost by the members, or spent at the register
	Currency money.Currency // 0 if there is no money, or of several currencies
}

// listedOfKind is how many groups of a kind are listed whether or not they stand
// out: so one sees what is usual.
const listedOfKind = 5

// insiders counts what entered accounts have in common, and asks for the text that
// this needs.
func (inv *investigation) insiders(ctx context.Context, workers int) error {
	q := &inv.asked
	q.Policy = &inv.p.Insider
	for i := range inv.suspects {
		s := &inv.suspects[i]
		if s.tier() < takeover.Probable && !s.confirmed {
			q.Unsure = append(q.Unsure, s.key)
		} else {
			q.Entered = append(q.Entered, insider.Entered{Account: s.key, At: s.takeoverAt()})
			inv.namedAt = append(inv.namedAt, i)
		}
		for n, claim := range s.claims {
			c := &s.charges[n]
			if claim.Verdict == refund.Own {
				continue
			}
			q.Stolen = append(q.Stolen, c.Txn)
			if claim.Verdict != refund.Named || s.tier() < takeover.Probable && !s.confirmed ||
				c.Kind != event.Payment || c.Status == event.Declined || c.Store == 0 {
				continue
			}
			e := &q.Entered[len(q.Entered)-1]
			e.Shops = append(e.Shops, c.Store)
			q.Spent = append(q.Spent, insider.Payment{Store: c.Store, Time: c.Time, Txn: c.Txn, Row: c.Pos,
				Who: int32(len(q.Entered) - 1), Mark: c.Mark})
		}
	}
	for i := range q.Entered {
		q.Entered[i].Shops = distinct(q.Entered[i].Shops)
	}
	var err error
	if inv.answers, err = insider.Count(ctx, workers, inv.log, q); err != nil {
		return err
	}
	for i := range inv.answers.Cohorts {
		c := &inv.answers.Cohorts[i]
		if c.Kind == insider.SpentAt {
			c.Row, c.First, c.Last = spentAt(q.Spent, c.Value)
		}
		if c.Value != 0 {
			inv.rows = append(inv.rows, c.Row)
		}
	}
	for i := range inv.answers.Tills {
		inv.rows = append(inv.rows, inv.answers.Tills[i].Controls...)
	}
	return nil
}

// spentAt returns the first and the last stolen payment at a shop.
func spentAt(spent []insider.Payment, store event.Key) (row event.Pos, first, last int64) {
	for i := range spent {
		p := &spent[i]
		if p.Store != store {
			continue
		}
		if row == 0 && first == 0 || p.Time < first || p.Time == first && p.Row < row {
			row, first = p.Row, p.Time
		}
		last = max(last, p.Time)
	}
	return row, first, last
}

// listInsiders draws up what was counted.
func (inv *investigation) listInsiders(c *Case) error {
	if len(inv.asked.Entered) == 0 {
		return nil
	}
	a, in := inv.answers, &c.Insiders
	*in = Insiders{Asked: true, Entered: int64(len(inv.asked.Entered)), Late: a.Late, Cut: a.Cut, Level: inv.p.Insider.Level.Value}
	tills := a.AtTills(&inv.asked, inv.textOf)
	groups := slices.Concat(tills, a.Cohorts)
	if g, ok := inv.unannounced(a); ok {
		groups = append(groups, g)
	}
	all := make([]InsiderGroup, len(groups))
	for i := range groups {
		g := InsiderGroup{Cohort: groups[i]}
		if err := inv.nameGroup(&g); err != nil {
			return err
		}
		all[i] = g
	}
	slices.SortFunc(all, func(a, b InsiderGroup) int {
		if n := insider.Compare(&a.Cohort, &b.Cohort); n != 0 {
			return n
		}
		if n := strings.Compare(a.Store, b.Store); n != 0 {
			return n
		}
		return strings.Compare(a.Value, b.Value)
	})
	listed, stand := [insider.Kinds]int64{}, [insider.Kinds]int64{}
	for i := range all {
		g := &all[i]
		if g.StandOut {
			stand[g.Kind]++
		}
		if listed[g.Kind]++; listed[g.Kind] > listedOfKind && !g.StandOut {
			continue
		}
		if err := inv.priceGroup(g); err != nil {
			return err
		}
		in.List = append(in.List, *g)
	}
	for k := range insider.Kinds {
		in.Kinds = append(in.Kinds, InsiderKind{k, a.Of[k], a.OthersOf[k], a.Tried[k], stand[k], inv.noGroups(k, a)})
	}
	return nil
}

// nameGroup turns what a group shares into text.
func (inv *investigation) nameGroup(g *InsiderGroup) error {
	g.Value = g.Text
	if g.Cohort.Value == 0 {
		if g.Week != 0 || g.Kind == insider.Opened || g.Kind == insider.Carded || g.Kind == insider.Reset {
			g.Value = dateOf(g.Week)
		}
		return nil
	}
	store := storeText(inv.textOf(g.Row))
	if event.KeyOfString(store) != g.Cohort.Value {
		return fmt.Errorf("%s: line %d is not what it was when it was read first; run again when nothing writes to the file any more",
			inv.log.Sources[g.Row.Source()].Name, inv.textOf(g.Row).Line)
	}
	if g.Kind == insider.Operator || g.Kind == insider.Register {
		g.Store = store
	} else {
		g.Value = store
	}
	return nil
}

// dateOf returns the day of a time.
func dateOf(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.DateOnly) }

// priceGroup adds up the money of a group: what its members lost, or what was
// spent at the shop or with whoever is meant.
func (inv *investigation) priceGroup(g *InsiderGroup) error {
	var sum money.Sum
	currencies := map[money.Currency]bool{}
	add := func(cur money.Currency, amount int64) {
		currencies[cur] = true
		g.Currency = cur
		sum.Add(amount)
	}
	for _, m := range g.Members {
		s := &inv.suspects[inv.namedAt[m]]
		if !g.Kind.AtShop() {
			for i := range s.ledger.Totals {
				if t := &s.ledger.Totals[i]; t.Standing > 0 {
					add(t.Currency, t.NetLoss)
				}
			}
			continue
		}
		for n, claim := range s.claims {
			c := &s.charges[n]
			if claim.Verdict == refund.Named && c.Kind == event.Payment && c.Status != event.Declined && c.Store == g.Cohort.Value && inv.tookBy(g, c.Pos) {
				add(money.Currency(c.Currency), c.Amount)
			}
		}
	}
	if len(currencies) != 1 {
		g.Currency = 0
		return nil
	}
	var err error
	g.Money, err = sum.Total()
	return err
}

// tookBy reports whether a stolen payment was taken by whoever a group is about.
func (inv *investigation) tookBy(g *InsiderGroup, row event.Pos) bool {
	switch g.Kind {
	case insider.Operator:
		return inv.textOf(row).Get(event.OperatorID) == g.Text
	case insider.Register:
		return inv.textOf(row).Get(event.TerminalID) == g.Text
	}
	return true
}

// unannounced compares the entries of named accounts that no failure of strangers
// went before with those of newcomers whom nothing speaks against.
func (inv *investigation) unannounced(a *insider.Answers) (insider.Cohort, bool) {
	g := insider.Cohort{Kind: insider.Unannounced, Text: "without_failure"}
	if !inv.given(event.Auth) || !inv.failed() {
		return g, false
	}
	none := func(v *takeover.Visit) bool { return v.Outcome[takeover.Failed] == 0 }
	for m, i := range inv.namedAt {
		s := &inv.suspects[i]
		v := &s.visits[s.best]
		if v.Entry < 0 {
			continue
		}
		if g.Of++; none(v) {
			if g.Victims++; g.Victims == 1 || v.First < g.First {
				g.First = v.First
			}
			g.Last = max(g.Last, v.First)
			g.Members = append(g.Members, int32(m))
		}
	}
	for i := range inv.found.Visits {
		if v := &inv.found.Visits[i]; v.Entry >= 0 && v.Tier(&inv.p.Verdict) == takeover.NoTier {
			if g.OthersOf++; none(v) {
				g.Others++
			}
		}
	}
	a.Of[g.Kind], a.OthersOf[g.Kind] = g.Of, g.OthersOf
	if g.Victims == 0 || g.Others == 0 {
		return g, false
	}
	a.Tried[g.Kind]++
	g.Beside()
	return g, true
}

// noGroups says why nothing of a kind can be told, "" where it can.
func (inv *investigation) noGroups(k insider.Kind, a *insider.Answers) string {
	if a.Of[k] > 0 && (a.OthersOf[k] > 0 || !k.Tested()) {
		return ""
	}
	switch k {
	case insider.Operator, insider.Register:
		return inv.noTills(k)
	case insider.Shop, insider.SpentAt:
		switch {
		case !inv.given(event.Payments):
			return noPayments
		case inv.lacks(event.Payments, event.StoreID):
			return because(inv.sources(), event.Payments, event.StoreID)
		case k == insider.SpentAt:
			return "no stolen payment was in a shop"
		}
		return "none of the entered accounts paid in a shop before the entries began"
	case insider.Instrument:
		switch {
		case !inv.given(event.Payments):
			return noPayments
		case inv.lacks(event.Payments, event.FundingSource):
			return because(inv.sources(), event.Payments, event.FundingSource)
		}
		return "none of the entered accounts paid by card, debit card or bank before the entries began"
	case insider.Unannounced:
		switch {
		case !inv.given(event.Auth):
			return noAuth
		case !inv.failed():
			return "no login of the auth log failed"
		}
		return "every one of the entered accounts was tried before"
	}
	if !inv.given(event.Auth) {
		return noAuth
	}
	return "no row of the auth log says so of any of the entered accounts before the entries began"
}

// noTills says why it cannot be told who was at the till.
func (inv *investigation) noTills(k insider.Kind) string {
	mark, column := uint8(event.HasOperator), event.OperatorID
	if k == insider.Register {
		mark, column = event.HasTerminal, event.TerminalID
	}
	switch {
	case !inv.given(event.Payments):
		return noPayments
	case len(inv.asked.Spent) == 0:
		return "no stolen payment was in a shop"
	case !slices.ContainsFunc(inv.asked.Spent, func(p insider.Payment) bool { return p.Mark&mark != 0 }):
		return "column " + column.String() + " is absent from the payments log, or empty where money was stolen"
	}
	return "no stolen payment names one beside payments of others near its time"
}

// unanswered lists what the logs cannot tell of insiders, where stolen money was
// spent in shops at all.
func (in *Insiders) unanswered(spent bool) []Unanswered {
	if !in.Asked || !spent {
		return nil
	}
	operator, register := in.Kinds[insider.Operator].Because, in.Kinds[insider.Register].Because
	if operator == "" || register == "" {
		return nil
	}
	because := operator
	if strings.HasPrefix(operator, "column ") && strings.HasPrefix(register, "column ") {
		because = "columns operator_id and terminal_id are absent from the payments log, or empty where money was stolen"
	}
	return []Unanswered{{"at which tills stolen money was spent", because}}
}
