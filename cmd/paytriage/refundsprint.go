package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// refundsVersion is the version of the schema of what refunds prints as JSON.
const refundsVersion = 1

// refundsJSON is a drawn-up ledger for programs. Amounts are in minor units.
type refundsJSON struct {
	SchemaVersion int             `json:"schema_version"`
	Case          string          `json:"case"`
	CaseManifest  string          `json:"case_manifest_sha256"`
	Out           string          `json:"out,omitempty"`
	Maker         string          `json:"maker,omitempty"`
	LedgerRows    string          `json:"ledger_rows_sha256,omitempty"`
	Lines         refundsLines    `json:"lines"`
	Totals        []refundsTotal  `json:"totals"`
	LeftOut       []refundsReason `json:"left_out"`
	Earlier       refundsEarlier  `json:"earlier"`
	Decisions     refundsDecided  `json:"decisions"`
}

type refundsLines struct {
	Case    int `json:"case"`
	Ledger  int `json:"ledger"`
	LeftOut int `json:"left_out"`
}

type refundsTotal struct {
	Part      string `json:"part"`
	By        string `json:"by"`
	Value     string `json:"value"`
	Currency  string `json:"currency"`
	Lines     int64  `json:"lines"`
	Gross     int64  `json:"gross"`
	Returned  int64  `json:"returned"`
	Amount    int64  `json:"amount"`
	Earlier   int64  `json:"earlier"`
	Payable   int64  `json:"payable"`
	HashTotal int64  `json:"hash_total"`
}

// A refundsReason counts lines or payments that have a reason in common.
type refundsReason struct {
	Why      string `json:"why"`
	Currency string `json:"currency,omitempty"`
	Count    int64  `json:"count"`
	Amount   int64  `json:"amount"`

	sum money.Sum
}

type refundsEarlier struct {
	Given      int             `json:"given"`
	Matched    map[string]int  `json:"matched"`
	Unmatched  []refundsReason `json:"unmatched"`
	PassedOver int             `json:"passed_over"`
	CameBack   int             `json:"came_back"`
}

type refundsDecided struct {
	Hold      int `json:"hold"`
	Dismissed int `json:"dismissed_lines"`
	Idle      int `json:"without_a_line"`
}

// json returns the result for programs.
func (r *refundsRun) json() (*refundsJSON, error) {
	out := &refundsJSON{SchemaVersion: refundsVersion, Case: r.folder, CaseManifest: r.proved.Manifest, Out: r.options.out,
		Maker: r.draft.Maker, LedgerRows: r.draft.LedgerRows,
		Lines:  refundsLines{len(r.lines) + len(r.left), len(r.lines), len(r.left)},
		Totals: []refundsTotal{},
		Earlier: refundsEarlier{Given: len(r.earlier.list), Matched: map[string]int{ledger.ByRefundID: 0, ledger.ByTxn: 0, ledger.ByRule: 0},
			PassedOver: r.earlier.passed, CameBack: r.earlier.undone},
		Decisions: refundsDecided{Hold: r.decided, Idle: len(r.idle)}}
	for _, p := range r.parts {
		for i := range p.Totals {
			t := &p.Totals[i]
			out.Totals = append(out.Totals, refundsTotal{p.Name, t.By, t.Value, t.Currency.String(), t.Lines,
				t.Gross, t.Returned, t.Amount, t.Earlier, t.Payable, t.Hash})
		}
	}
	for _, m := range r.netting.Matches {
		out.Earlier.Matched[m.By]++
	}
	var err error
	if out.LeftOut, err = r.leftOut(); err != nil {
		return nil, err
	}
	for i := range out.LeftOut {
		if out.LeftOut[i].Why == ledger.LeftDismissed {
			out.Decisions.Dismissed += int(out.LeftOut[i].Count)
		}
	}
	out.Earlier.Unmatched, err = r.unmatchedEarlier()
	return out, err
}

// leftOut adds up what was left out by why.
func (r *refundsRun) leftOut() ([]refundsReason, error) {
	var list reasonCounts
	for i := range r.left {
		list.add(r.why[i], r.left[i].Currency, r.left[i].Amount)
	}
	return list.close()
}

// unmatchedEarlier adds up the earlier payments without a line by why.
func (r *refundsRun) unmatchedEarlier() ([]refundsReason, error) {
	var list reasonCounts
	for i := range r.unmatched {
		if u := &r.unmatched[i]; u.Side == ledger.EarlierSide {
			list.add(u.Why, u.Currency, u.Amount)
		}
	}
	return list.close()
}

// reasonCounts counts by reason and currency.
type reasonCounts map[[2]string]*refundsReason

func (c *reasonCounts) add(why string, currency money.Currency, amount int64) {
	if *c == nil {
		*c = reasonCounts{}
	}
	k := [2]string{why, currency.String()}
	if (*c)[k] == nil {
		(*c)[k] = &refundsReason{Why: why, Currency: k[1]}
	}
	(*c)[k].Count++
	(*c)[k].sum.Add(amount)
}

func (c *reasonCounts) close() ([]refundsReason, error) {
	list := []refundsReason{}
	for _, n := range *c {
		var err error
		if n.Amount, err = n.sum.Total(); err != nil {
			return nil, err
		}
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b refundsReason) int {
		return strings.Compare(a.Why+" "+a.Currency, b.Why+" "+b.Currency)
	})
	return list, nil
}

// print prints what was asked for.
func (r *refundsRun) print(std streams) error {
	if r.options.quiet {
		return nil
	}
	result, err := r.json()
	if err != nil {
		return err
	}
	if r.options.json {
		return report.WriteJSON(std.out, result)
	}
	opt := console.Options{Width: std.width(), Color: std.color()}
	if err := r.printTotals(std, opt); err != nil {
		return err
	}
	for _, b := range []struct {
		title string
		pairs []console.Pair
	}{{"left out", reasonPairs(result.LeftOut, "line", "lines")}, {"paid before", r.earlierPairs(result)}, {"decisions", decidedPairs(result, r.options)}, {"written", r.writtenPairs()}} {
		if len(b.pairs) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(std.out); err != nil {
			return err
		}
		if err := console.Block(std.out, b.title, report.Wrapped(b.pairs, opt.Width), opt); err != nil {
			return err
		}
	}
	return nil
}

// printTotals prints the control totals of the ledger, but for the days.
func (r *refundsRun) printTotals(std streams, opt console.Options) error {
	var rows [][]any
	for i := range r.parts[1].Totals {
		t := &r.parts[1].Totals[i]
		if t.By == "day" {
			continue
		}
		rows = append(rows, []any{t.By, strings.ReplaceAll(t.Value, "_", " "), t.Lines, money.Format(t.Amount, t.Currency),
			money.Format(t.Earlier, t.Currency), money.Format(t.Payable, t.Currency), fmt.Sprintf("%019d", t.Hash)})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(std.out, "no line of the case is asked for")
		return err
	}
	alignRight(rows, 3, 4, 5)
	title := fmt.Sprintf("ledger of %s: %s", r.folder, several(int64(len(r.lines)), "line", "lines"))
	return printTable(std.out, opt, title, slices.Concat(texts("by", "value"), ints("lines"), texts("amount", "earlier", "payable", "hash_total")), rows)
}

// several writes a count with its word.
func several(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

func reasonPairs(list []refundsReason, one, many string) []console.Pair {
	var pairs []console.Pair
	for _, n := range list {
		text := several(n.Count, one, many)
		if c, ok := money.ParseCurrency([]byte(n.Currency)); ok {
			text += ", " + money.Format(n.Amount, c)
		}
		pairs = append(pairs, console.Pair{Key: strings.ReplaceAll(n.Why, "_", " "), Value: text})
	}
	return pairs
}

func (r *refundsRun) earlierPairs(result *refundsJSON) []console.Pair {
	if len(r.options.already) == 0 {
		return nil
	}
	e := &result.Earlier
	pairs := []console.Pair{{Key: "given", Value: several(int64(e.Given), "payment", "payments")},
		{Key: "subtracted", Value: fmt.Sprintf("%s by refund id, %s by transaction, %s by account, amount and date",
			count(int64(e.Matched[ledger.ByRefundID])), count(int64(e.Matched[ledger.ByTxn])), count(int64(e.Matched[ledger.ByRule])))}}
	if e.PassedOver > 0 {
		pairs = append(pairs, console.Pair{Key: "passed over", Value: several(int64(e.PassedOver), "row that is no refund, or was declined", "rows that are no refund, or were declined")})
	}
	if e.CameBack > 0 {
		pairs = append(pairs, console.Pair{Key: "came back", Value: several(int64(e.CameBack), "refund, in whole or in part", "refunds, in whole or in part")})
	}
	for _, p := range reasonPairs(e.Unmatched, "payment", "payments") {
		p.Key = "unmatched: " + p.Key
		pairs = append(pairs, p)
	}
	return pairs
}

func decidedPairs(result *refundsJSON, o *refundsOptions) []console.Pair {
	if o.decisions == "" {
		return nil
	}
	d := &result.Decisions
	pairs := []console.Pair{{Key: "hold", Value: several(int64(d.Hold), "decision", "decisions")}}
	if d.Dismissed > 0 {
		pairs = append(pairs, console.Pair{Key: "dismissed", Value: several(int64(d.Dismissed), "line", "lines")})
	}
	if d.Idle > 0 {
		pairs = append(pairs, console.Pair{Key: "without a line", Value: several(int64(d.Idle), "decision", "decisions")})
	}
	return pairs
}

func (r *refundsRun) writtenPairs() []console.Pair {
	if r.out == nil {
		return nil
	}
	var names []string
	for _, f := range r.draft.Files {
		names = append(names, f.Name)
	}
	return []console.Pair{{Key: "folder", Value: r.options.out}, {Key: "files", Value: strings.Join(names, ", ")},
		{Key: "made by", Value: r.maker}, {Key: "hash of rows", Value: r.draft.LedgerRows}}
}
