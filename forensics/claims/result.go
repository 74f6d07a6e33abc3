package claims

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Line adds up the claims of one outcome in one currency. A claim that is
// counted for nothing stands in no currency.
type Line struct {
	Outcome Outcome
	Claims  int64
	Sum
}

// first counts the first of several once, and the others not again.
func first(n int) int64 {
	if n == 0 {
		return 1
	}
	return 0
}

// Lines adds up claims by outcome and currency; a claim that is counted in
// several currencies is one claim of the first.
func (r *Result) Lines() ([]Line, error) {
	type key struct {
		o Outcome
		c money.Currency
	}
	lines := map[key]*Line{}
	sums := map[key]*money.Sum{}
	add := func(o Outcome, claims int64, s Sum) {
		k := key{o, s.Currency}
		if lines[k] == nil {
			lines[k], sums[k] = &Line{Outcome: o, Sum: Sum{Currency: s.Currency}}, &money.Sum{}
		}
		lines[k].Claims += claims
		lines[k].Charges += s.Charges
		sums[k].Add(s.Amount)
	}
	for i := range r.Claims {
		c := &r.Claims[i]
		for n, s := range c.Counted {
			add(c.Outcome, first(n), s)
		}
		if len(c.Counted) == 0 {
			add(c.Outcome, 1, Sum{})
		}
	}
	var all []Line
	for k, l := range lines {
		total, err := sums[k].Total()
		if err != nil {
			return nil, err
		}
		l.Amount = total
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Currency, b.Currency))
	})
	return all, nil
}

// A Route adds up the victims of one way of recognition, tier and currency.
type Route struct {
	By       ledger.Validation // NotValidated: own detection
	Tier     takeover.Tier
	Currency money.Currency
	Victims  int64
	NetLoss  int64
}

// Routes adds up victims by who recognised them.
func (r *Result) Routes() ([]Route, error) {
	type key struct {
		by   ledger.Validation
		tier takeover.Tier
		cur  money.Currency
	}
	sums, counts := map[key]*money.Sum{}, map[key]int64{}
	for i := range r.Victims {
		v := &r.Victims[i]
		k := key{v.By, v.Tier, v.Currency}
		if sums[k] == nil {
			sums[k] = &money.Sum{}
		}
		sums[k].Add(v.NetLoss)
		counts[k]++
	}
	var all []Route
	for k, s := range sums {
		total, err := s.Total()
		if err != nil {
			return nil, err
		}
		all = append(all, Route{k.by, k.tier, k.cur, counts[k], total})
	}
	slices.SortFunc(all, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(b.Tier, a.Tier), cmp.Compare(order(a.By), order(b.By)))
	})
	return all, nil
}

// order puts own detection last.
func order(v ledger.Validation) int {
	if v == ledger.NotValidated {
		return int(ledger.Operator) + 1
	}
	return int(v)
}

// Decisions returns what the claims settle: that victims who are at least so
// sure, and claimed, are victims. Whoever gave no time of the claim gets the one
// given here. Where a customer spoke first and an issuer after it, both stand
// there: the first says who recognised the victim, the last one holds.
func (r *Result) Decisions(least takeover.Tier, who string, when int64) []ledger.Decision {
	var list []ledger.Decision
	for i := range r.Victims {
		v := &r.Victims[i]
		if v.By == ledger.NotValidated || v.Tier < least {
			continue
		}
		if n := len(list); n > 0 && list[n-1].Account == v.Account {
			continue // in another currency
		}
		d := ledger.Decision{Account: v.Account, Confirm: true, Validation: v.Validation, Who: who, Why: v.why(), When: cmp.Or(v.ReportedAt, when)}
		if v.By != v.Validation {
			first := d
			first.Validation, first.Why = v.By, "claimed by the "+v.By.String()+" first"
			list = append(list, first)
			d.When = max(d.When, cmp.Or(v.IssuerAt, when))
		}
		list = append(list, d)
	}
	return list
}

// why says what a decision rests on.
func (r *Recognition) why() string {
	text := "claimed by the " + r.By.String()
	switch {
	case r.Customers > 0 && r.Issuers > 0:
		text = "claimed by customer and issuer"
	}
	if r.ID != "" {
		text += ", first as " + r.ID
	}
	return text + "; " + r.Tier.String() + " by the logs"
}
