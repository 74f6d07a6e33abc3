package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/claims"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
)

// The rules by which lists are drawn up.
const (
	rulePace      = "pace"
	ruleReports   = "reports"
	ruleValidated = "validated"
	rulePaid      = "paid"
	ruleCase      = "case"
)

// rulesText describes the rules.
func rulesText() string {
	return `  pace=10000,10000  so much topped up in a day (--days-in) and so much spent the same day; behind it
                    ,card (only top-ups by card), ,single (one top-up and one payment of it),
                    ,share=90 (so many percent of it spent), ,about=10 (spent within so many percent of it);
                    the amount is what was spent on such days
  reports           who complained (--claims, customers), and whom the case names, possibly too; the
                    amount is the net loss, or what is claimed
  validated=3       on whom so many of three agree: a customer's claim that the logs bear out, an
                    issuer's, and the case (confirmed, probable or by decision)
  paid              whom a list of what was paid (--paid) names, by refund_id`
}

// A rule is one that was asked for.
type rule struct {
	kind, text string
	pace       *bridge.Pace
	agree      int
}

func parseRule(text string) (*rule, error) {
	name, value, given := strings.Cut(text, "=")
	r := &rule{kind: name, text: text, agree: 3}
	var err error
	switch {
	case name == rulePace:
		r.pace, err = bridge.ParsePace(value)
	case name == ruleValidated && given:
		if r.agree, err = strconv.Atoi(value); err != nil || r.agree < 1 || r.agree > 3 {
			err = fmt.Errorf("%.40q is not 1, 2 or 3", value)
		}
	case given, !slices.Contains([]string{ruleReports, ruleValidated, rulePaid, ruleCase}, name):
		err = fmt.Errorf("no rule %.40q", text)
	}
	if err != nil {
		return nil, &usageError{"--rule: " + err.Error(), "'paytriage diff --help' lists the rules"}
	}
	return r, nil
}

// A drawing draws up lists by rules from one case and its logs.
type drawing struct {
	folder  string
	log     *event.Log
	days    *time.Location
	facts   *claims.Facts
	judged  *claims.Result
	only    money.Currency
	paid    map[string]int64
	paidIn  []string // ids in the order of the files
	unknown []string // refund_ids that the case does not have
}

// byRules draws up lists by rules.
func (c *comparison) byRules(ctx context.Context, std streams, o *diffOptions, folder string) error {
	rules, opt, err := o.ruled()
	if err != nil {
		return err
	}
	summary, err := report.ReadSummary(folder)
	if err != nil {
		return caseError(folder, err)
	}
	d := &drawing{folder: folder, days: opt.Days}
	sheet, _, err := readClaims(o.claims, opt)
	if err != nil {
		return err
	}
	if d.paid, d.paidIn, err = readPaid(o.paid); err != nil {
		return err
	}
	log, discard, err := o.again.load(ctx, std, folder, summary)
	if err != nil {
		return err
	}
	defer discard()
	if d.only, err = onlyCurrency(ctx, log); err != nil {
		return err
	}
	d.log = log
	if d.facts, err = factsOf(ctx, log, folder, sheet, o.in.workers); err != nil {
		return err
	}
	if n := len(sheet.Rejected); n > 0 {
		return &hintError{fmt.Errorf("%d of %d claims cannot be read, first %s:%d: %s", n, sheet.Read, sheet.Rejected[0].Source, sheet.Rejected[0].Line, columnReason(&sheet.Rejected[0])),
			"mend them: a list that lacks some of its claims would be another list; 'paytriage claims' shows all"}
	}
	j, err := judgeClaims(sheet, d.facts, summary)
	if err != nil {
		return err
	}
	d.judged = j.Result
	for _, r := range rules {
		e, note, err := d.draw(ctx, r)
		if err != nil {
			return err
		}
		e.Name = r.text
		c.estimates, c.notes = append(c.estimates, e), append(c.notes, r.text+": "+note)
	}
	return nil
}

// ruled returns the rules in their order, and how to read claims.
func (o *diffOptions) ruled() ([]*rule, claims.ReadOptions, error) {
	opt, err := o.sheetOptions.parse()
	if err != nil {
		return nil, opt, err
	}
	var rules []*rule
	for _, text := range o.rules {
		r, err := parseRule(text)
		if err != nil {
			return nil, opt, err
		}
		if slices.ContainsFunc(rules, func(x *rule) bool { return x.text == r.text }) {
			return nil, opt, &usageError{fmt.Sprintf("--rule names %.40q twice", text), "name each rule once"}
		}
		rules = append(rules, r)
	}
	has := func(kind string) bool {
		return slices.ContainsFunc(rules, func(r *rule) bool { return r.kind == kind })
	}
	if !has(ruleCase) {
		rules = append(rules, &rule{kind: ruleCase, text: ruleCase})
	}
	switch {
	case len(rules) < 2:
		return nil, opt, &usageError{"only one list, and nothing to bridge it to", "give another --rule"}
	case has(rulePace) && opt.Days == nil:
		return nil, opt, &usageError{"a pace needs to know where a day begins", "give --days-in with a zone such as Asia/Tokyo, or UTC"}
	case (has(ruleReports) || has(ruleValidated)) && len(o.claims) == 0:
		return nil, opt, &usageError{"the rules reports and validated need claims", "give --claims FILE"}
	case has(rulePaid) != (len(o.paid) > 0):
		return nil, opt, &usageError{"the rule paid and --paid need each other", "give --rule paid and --paid FILE"}
	}
	return rules, opt, nil
}

// draw draws up one list and says what it rests on.
func (d *drawing) draw(ctx context.Context, r *rule) (*bridge.Estimate, string, error) {
	switch r.kind {
	case rulePace:
		return d.byPace(ctx, r.pace)
	case ruleReports:
		e, err := d.byReports()
		return e, "customers' claims, and all victims of the case, possible ones too; the net loss of victims, else the claimed charges that stand, nothing where only the account was named", err
	case ruleValidated:
		return d.byAgreement(r.agree), fmt.Sprintf("at least %d of customer, issuer and case agree; net loss", r.agree), nil
	case rulePaid:
		return d.byPayment()
	}
	return d.byCase(), "victims of the case, confirmed, probable and by decision; net loss", nil
}

// byPace lists the accounts that went at a pace.
func (d *drawing) byPace(ctx context.Context, p *bridge.Pace) (*bridge.Estimate, string, error) {
	if err := p.Settle(d.only); err != nil {
		return nil, "", &usageError{"--rule pace: " + err.Error(), "write the currency with the amounts: pace=10000JPY,10000JPY"}
	}
	e := &bridge.Estimate{}
	var rows []event.Pos
	var uses []bridge.Use
	for part, err := range d.log.Parts.All(ctx) {
		if err != nil {
			return nil, "", err
		}
		charges := part.Charges
		for len(charges) > 0 {
			n := 0
			uses = uses[:0]
			for n < len(charges) && charges[n].Account == charges[0].Account {
				if c := &charges[n]; money.Currency(c.Currency) == p.Currency && c.Status != event.Declined && (c.Kind == event.TopUp || c.Kind == event.Payment) {
					uses = append(uses, bridge.Use{Time: c.Time, Amount: c.Amount, TopUp: c.Kind == event.TopUp, Card: c.Funding == event.Card || c.Funding == event.Debit})
				}
				n++
			}
			loss, listed, err := p.Loss(uses, d.days)
			if err != nil {
				return nil, "", err
			}
			if listed {
				rows = append(rows, charges[0].Pos)
				e.Victims = append(e.Victims, bridge.Victim{Currency: p.Currency, Amount: loss, Why: "at_that_pace"})
			}
			charges = charges[n:]
		}
	}
	if len(rows) > 0 {
		texts, err := d.log.Text(ctx, rows)
		if err != nil {
			return nil, "", err
		}
		for i := range texts {
			e.Victims[i].Account = texts[i].Get(event.AccountID)
		}
	}
	e.Lacks = func(string) string { return "not_at_that_pace" }
	return e, "top-ups and payments alone, no login; the amount is what was spent on such days, whoever spent it", nil
}

// byReports lists who complained and whom the case names.
func (d *drawing) byReports() (*bridge.Estimate, error) {
	e := &bridge.Estimate{Lacks: func(string) string { return "neither_reported_nor_matched" }}
	customers := map[string]bool{}
	for i := range d.judged.Claims {
		if c := &d.judged.Claims[i]; c.By == ledger.Customer && c.About() != "" && c.Outcome != claims.NoSuchAccount && c.Outcome != claims.OtherAccount {
			customers[c.About()] = true
		}
	}
	named := map[string]bool{}
	for i := range d.judged.Victims {
		v := &d.judged.Victims[i]
		why := "matched_by_the_logs"
		if customers[v.Account] {
			why = "reported_and_matched"
		}
		named[v.Account] = true
		e.Victims = append(e.Victims, bridge.Victim{Account: v.Account, Currency: v.Currency, Amount: v.NetLoss, Why: why})
	}
	type key struct {
		account  string
		currency money.Currency
	}
	at := map[key]int{}
	add := func(account string, currency money.Currency, amount int64) error {
		k := key{account, currency}
		n, ok := at[k]
		if !ok {
			n = len(e.Victims)
			at[k] = n
			e.Victims = append(e.Victims, bridge.Victim{Account: account, Currency: currency, Why: "reported"})
		}
		var err error
		e.Victims[n].Amount, err = money.Add(e.Victims[n].Amount, amount)
		return err
	}
	for i := range d.judged.Claims {
		c := &d.judged.Claims[i]
		if c.By != ledger.Customer || !customers[c.About()] || named[c.About()] {
			continue
		}
		sums := c.Counted
		switch {
		case c.Outcome == claims.Declined || c.Outcome == claims.Returned || len(sums) == 0:
			sums = []claims.Sum{{Currency: cmp.Or(c.Currency, d.only)}}
		}
		for _, s := range sums {
			if err := add(c.About(), s.Currency, s.Amount); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// byAgreement lists the victims on whom so many agree.
func (d *drawing) byAgreement(least int) *bridge.Estimate {
	e := &bridge.Estimate{}
	lacks := map[string]string{}
	for i := range d.judged.Victims {
		v := &d.judged.Victims[i]
		var have, miss []string
		for _, x := range []struct {
			name  string
			holds bool
		}{{"customer", v.Customers > 0}, {"issuer", v.Issuers > 0}, {"case", v.Tier >= takeover.Probable || v.Decided}} {
			if x.holds {
				have = append(have, x.name)
			} else {
				miss = append(miss, x.name)
			}
		}
		if len(have) >= least {
			e.Victims = append(e.Victims, bridge.Victim{Account: v.Account, Currency: v.Currency, Amount: v.NetLoss, Why: "held_by_" + strings.Join(have, "_")})
		} else {
			lacks[v.Account] = "not_held_by_" + strings.Join(miss, "_")
		}
	}
	e.Lacks = func(account string) string { return cmp.Or(lacks[account], "no_victim_by_the_logs") }
	return e
}

// byPayment lists who was paid.
func (d *drawing) byPayment() (*bridge.Estimate, string, error) {
	lines, err := report.ReadLines(d.folder)
	if err != nil {
		return nil, "", err
	}
	e := &bridge.Estimate{}
	known := map[string]*ledger.Line{}
	lacks := map[string]string{}
	for i := range lines {
		known[lines[i].ID] = &lines[i]
		lacks[lines[i].Account] = "not_paid"
	}
	type key struct {
		account  string
		currency money.Currency
	}
	at := map[key]int{}
	for _, id := range d.paidIn {
		l := known[baseID(id)]
		if l == nil {
			d.unknown = append(d.unknown, id)
			continue
		}
		k := key{l.Account, l.Currency}
		n, ok := at[k]
		if !ok {
			n = len(e.Victims)
			at[k] = n
			e.Victims = append(e.Victims, bridge.Victim{Account: l.Account, Currency: l.Currency, Why: "paid"})
		}
		if e.Victims[n].Amount, err = money.Add(e.Victims[n].Amount, d.paid[id]); err != nil {
			return nil, "", err
		}
	}
	e.Lacks = func(account string) string { return cmp.Or(lacks[account], "no_line_in_the_ledger") }
	note := "what was paid, by refund_id"
	if n := len(d.unknown); n > 0 {
		note += fmt.Sprintf("; %d payments stand on no line of this case and are left out, first %q", n, discreet.Shown(d.unknown[0]))
	}
	return e, note, nil
}

// baseID returns the id of the obligation of a payment, whose own id has a
// sequence from the second payment on.
func baseID(id string) string {
	if base, n, ok := strings.Cut(id, "-"); ok && n != "" && strings.Trim(n, "0123456789") == "" {
		return base
	}
	return id
}

// byCase lists whom the case names.
func (d *drawing) byCase() *bridge.Estimate {
	e := &bridge.Estimate{}
	lacks := map[string]string{}
	for account := range d.facts.Entered {
		lacks[account] = "entered_without_loss"
	}
	for i := range d.judged.Victims {
		v := &d.judged.Victims[i]
		why := "named_" + v.Tier.String()
		switch {
		case v.Decided:
			why = "named_" + bridge.TierWord(bridge.ByDecision)
		case v.Tier < takeover.Probable:
			lacks[v.Account] = "only_possible"
			continue
		}
		e.Victims = append(e.Victims, bridge.Victim{Account: v.Account, Currency: v.Currency, Amount: v.NetLoss, Why: why})
	}
	e.Lacks = func(account string) string { return cmp.Or(lacks[account], "not_named") }
	return e
}

// maxPaid bounds a list of what was paid, in bytes.
const maxPaid = 256 << 20

// readPaid reads lists of what was paid: refund_id and amount in minor units. Of
// files with a column status only the rows count that say paid or exported.
func readPaid(files []string) (paid map[string]int64, order []string, err error) {
	paid = map[string]int64{}
	for _, name := range files {
		if err := addPaid(name, paid, &order); err != nil {
			return nil, nil, &hintError{err, "give a CSV file with the columns refund_id and amount (minor units), and status if it says what was paid"}
		}
	}
	return paid, order, nil
}

func addPaid(name string, paid map[string]int64, order *[]string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(io.LimitReader(f, maxPaid)))
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: cannot be read as CSV", name)
	}
	find := func(column string) int {
		return slices.IndexFunc(head, func(h string) bool { return strings.TrimPrefix(h, "\ufeff") == column })
	}
	id, amount, status := find("refund_id"), find("amount"), find("status")
	if id < 0 || amount < 0 {
		return fmt.Errorf("%s: has no column refund_id, or none named amount", name)
	}
	kept := 0
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		if status >= 0 && row[status] != "paid" && row[status] != "exported" {
			continue
		}
		n, err := strconv.ParseInt(row[amount], 10, 64)
		key := strings.Clone(row[id])
		_, twice := paid[key]
		switch {
		case err != nil || n > money.MaxAmount || n < -money.MaxAmount:
			return fmt.Errorf("%s:%d: %q is no amount in minor units", name, line, discreet.Shown(row[amount]))
		case key == "":
			return fmt.Errorf("%s:%d: refund_id is empty", name, line)
		case twice:
			return fmt.Errorf("%s:%d: refund_id %q stands there twice", name, line, discreet.Shown(key))
		}
		paid[key] = n
		*order = append(*order, key)
		kept++
	}
	if kept == 0 {
		return fmt.Errorf("%s: names nothing that was paid", name)
	}
	return nil
}
