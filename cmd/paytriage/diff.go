package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	again
	sheetOptions
	rules, claims, paid     []string
	decisions, oldDecisions string
	out                     string
	logs, force, json       bool
}

func newDiffCommand(std streams) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Bridge one estimate of the loss to the next: who entered, who left, why",
		Long: `Compares two cases, yesterday's and today's, and takes every difference apart into
steps: who entered, who left, who changed in tier or amount, each with its reason
and the evidence behind it. The old total and all steps make the new total, in
accounts and money, for every currency and tier; if they do not, the exit code is 4.
Ledgers drawn up by refunds, in a folder or as ledger.csv, can be compared too;
they hold no evidence, so that more of it is not computable.

Reasons:
` + reasonsText() + `

With --rule and one CASE, the estimates are lists by rules over the logs of that
case, which are read again, and each is bridged to the next; 'case' stands for what
the case names (confirmed, probable, by decision), and comes last if it is not said where:
` + rulesText(),
		Example: `  paytriage diff yesterday today
  paytriage diff yesterday today --out bridge.csv --decisions decisions.csv
  paytriage diff case --rule pace=10000,10000 --days-in Asia/Tokyo
  paytriage diff case --rule pace=10000,10000 --rule reports --rule validated=2 --rule paid \
      --claims complaints.csv --claims issuers.csv --paid paid.csv --days-in Asia/Tokyo`,
		Args: func(c *cobra.Command, args []string) error {
			if want := 2 - min(len(o.rules), 1); len(args) != want {
				names := [...]string{1: "one CASE with --rule", 2: "OLD and NEW"}
				return &usageError{c.CommandPath() + " needs " + names[want], "see '" + c.CommandPath() + " --help'"}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd.Context(), std, &o, args) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.rules, "rule", nil, "a rule to draw up a list by (repeatable)")
	f.StringArrayVar(&o.claims, "claims", nil, "file of claims, for rules that ask for them (repeatable)")
	f.StringArrayVar(&o.paid, "paid", nil, "CSV with refund_id and amount (minor units) of what was paid, for the rule paid (repeatable)")
	o.sheetOptions.addFlags(f)
	f.StringVar(&o.decisions, "decisions", "", "file of decisions that NEW was made with, where its table of decisions does not say")
	f.StringVar(&o.oldDecisions, "old-decisions", "", "file of decisions that OLD was made with, likewise")
	f.BoolVar(&o.logs, "logs", false, "read the logs of NEW again, to see whether what left is still in them")
	f.StringVar(&o.out, "out", "", "write all steps to this CSV file")
	f.BoolVar(&o.force, "force", false, "replace the file of --out")
	o.again.addFlags(f)
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	complete(cmd, "progress", progressModes...)
	complete(cmd, "by", "customer", "issuer")
	cmd.MarkFlagFilename("out", "csv")
	return cmd
}

func reasonsText() string {
	var b strings.Builder
	for _, r := range bridge.Reasons() {
		fmt.Fprintf(&b, "  %-23s  %s\n", r[0], r[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// validate checks what can be checked without reading anything.
func (o *diffOptions) validate() error {
	byRule := len(o.rules) > 0
	switch {
	case o.json && o.quiet:
		return errJSONQuiet
	case o.force && o.out == "":
		return &usageError{"--force without --out", "name the file to replace with --out"}
	case !byRule && (len(o.claims) > 0 || len(o.paid) > 0):
		return &usageError{"--claims and --paid are for rules", "say which with --rule; see 'paytriage diff --help'"}
	case byRule && (o.decisions != "" || o.oldDecisions != "" || o.logs):
		return &usageError{"--decisions, --old-decisions and --logs are for two cases", "leave --rule out to compare two cases"}
	}
	return o.again.validate("diff")
}

// A comparison is estimates in their order, and a bridge from each to the next.
type comparison struct {
	estimates []*bridge.Estimate
	bridges   []*bridge.Bridge
	notes     []string
}

func runDiff(ctx context.Context, std streams, o *diffOptions, args []string) error {
	if err := o.validate(); err != nil {
		return err
	}
	var file *atomicfile.File
	if o.out != "" {
		err := outsideCase(o.out, args)
		if err != nil {
			return err
		}
		if file, err = createFile(o.out, o.force); err != nil {
			return err
		}
		defer file.Discard()
	}
	c := &comparison{}
	var err error
	if len(o.rules) > 0 {
		err = c.byRules(ctx, std, o, args[0])
	} else {
		err = c.ofCases(ctx, std, o, args[0], args[1])
	}
	if err == nil {
		err = c.connect()
	}
	if err != nil {
		return diffError(err)
	}
	if file != nil {
		t, err := report.BridgeTable(c.bridges)
		if err != nil {
			return err
		}
		if err := csvfile.Write(file, t); err != nil {
			return err
		}
		if _, _, err := file.Commit(); err != nil {
			return err
		}
	}
	switch {
	case o.json:
		var out *diffReport
		if out, err = c.json(); err == nil {
			err = report.WriteJSON(std.out, out)
		}
	case !o.quiet:
		p := printedDiff{w: std.out, opt: console.Options{Width: std.width(), Color: std.color()}, c: c}
		err = p.print()
	}
	return err
}

// outsideCase refuses a file in one of the folders that are compared: nothing is
// written into a finished case.
func outsideCase(file string, folders []string) error {
	in, err := os.Stat(filepath.Dir(file))
	if err != nil {
		return &hintError{fmt.Errorf("--out: %w", err), "name a file in a folder that exists"}
	}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && os.SameFile(info, in) {
			return &hintError{fmt.Errorf("%s: lies in %s, and nothing is written into a finished folder", file, folder), "choose another place with --out"}
		}
	}
	return nil
}

// diffError makes an error of the command of what went wrong.
func diffError(err error) error {
	var sum *report.SumError
	var twice *bridge.TwiceError
	var known *hintError
	var usage *usageError
	var open *report.OpenError
	switch {
	case errors.Is(err, bridge.ErrGap), errors.As(err, &sum), errors.As(err, &twice):
		return &checkError{err.Error(), "an estimate was changed since it was written; make it again"}
	case errors.As(err, &known), errors.As(err, &usage), errors.As(err, &open), errors.Is(err, context.Canceled):
		return err
	}
	return &hintError{err, "name folders that analyze wrote, or ledgers that refunds wrote"}
}

// connect makes the bridges.
func (c *comparison) connect() error {
	for i := range len(c.estimates) - 1 {
		b, err := bridge.Between(c.estimates[i], c.estimates[i+1])
		if err != nil {
			return err
		}
		c.bridges = append(c.bridges, b)
	}
	return nil
}

// ofCases reads two estimates.
func (c *comparison) ofCases(ctx context.Context, std streams, o *diffOptions, old, now string) error {
	var pair [2]*bridge.Estimate
	for i, path := range []string{old, now} {
		e, err := report.ReadEstimate(path)
		if err != nil {
			return err
		}
		pair[i] = e
	}
	for i, path := range []string{o.oldDecisions, o.decisions} {
		if path == "" {
			continue
		}
		var err error
		if pair[i].Decisions, err = report.ReadHolding(path); err != nil {
			return err
		}
	}
	if o.logs {
		if err := lookInLogs(ctx, std, o, now, pair[0], pair[1]); err != nil {
			return err
		}
	}
	c.estimates = pair[:]
	return nil
}

// lookInLogs says of the charges that left whether the logs of the new case have
// them.
func lookInLogs(ctx context.Context, std streams, o *diffOptions, folder string, old, now *bridge.Estimate) error {
	if now.Charges == nil {
		return &usageError{folder + " is a ledger and has no logs", "leave --logs out"}
	}
	summary, err := report.ReadSummary(folder)
	if err != nil {
		return caseError(folder, err)
	}
	log, discard, err := o.again.load(ctx, std, folder, summary)
	if err != nil {
		return err
	}
	defer discard()
	gone := map[[2]event.Key]bridge.Txn{}
	for t := range old.Charges {
		if _, there := now.Charges[t]; !there {
			gone[[2]event.Key{event.KeyOfString(t.Account), event.KeyOfString(t.ID)}] = t
		}
	}
	now.Present = map[bridge.Txn]bool{}
	for part, err := range log.Parts.All(ctx) {
		if err != nil {
			return err
		}
		for _, ch := range part.Charges {
			if t, ok := gone[[2]event.Key{ch.Account, ch.Txn}]; ok {
				now.Present[t] = true
			}
		}
	}
	return nil
}

// printedDiff prints a comparison for a person.
type printedDiff struct {
	w   io.Writer
	opt console.Options
	c   *comparison
	err error
}

func (p *printedDiff) print() error {
	if len(p.c.estimates) > 2 || len(p.c.notes) > 0 {
		p.sideBySide()
	}
	for i, b := range p.c.bridges {
		p.bridge(i, b)
	}
	return p.err
}

func (p *printedDiff) table(title string, columns []sheetColumn, rows [][]any) {
	if p.err == nil {
		p.err = printTable(p.w, p.opt, title, columns, rows)
	}
}

func (p *printedDiff) block(title string, pairs []console.Pair) {
	if p.err == nil && len(pairs) > 0 {
		if p.err = console.Block(p.w, title, pairs, p.opt); p.err == nil {
			_, p.err = fmt.Fprintln(p.w)
		}
	}
}

// sideBySide shows the totals of all estimates.
func (p *printedDiff) sideBySide() {
	var rows [][]any
	for i, e := range p.c.estimates {
		spans, err := p.c.totals(i)
		if err != nil {
			p.err = cmp.Or(p.err, err)
			return
		}
		for _, s := range spans {
			each := any(nil)
			if s.NamedAccounts > 0 {
				each = money.Format(s.NamedAmount/s.NamedAccounts, s.Currency)
			}
			rows = append(rows, []any{e.Name, s.NamedAccounts, money.Format(s.NamedAmount, s.Currency), each})
		}
	}
	p.table("estimates side by side", slices.Concat(texts("estimate"), ints("accounts"), texts("amount", "per_account")), rows)
	var pairs []console.Pair
	for i, n := range p.c.notes {
		pairs = append(pairs, console.Pair{Key: fmt.Sprint(i + 1), Value: n})
	}
	p.block("what the lists rest on", report.Wrapped(pairs, p.opt.Width))
}

// totals returns the totals of an estimate by currency.
func (c *comparison) totals(i int) ([]bridge.Span, error) {
	if i < len(c.bridges) {
		from, _, err := c.bridges[i].Ends()
		return from, err
	}
	_, to, err := c.bridges[len(c.bridges)-1].Ends()
	return to, err
}

// bridge shows one bridge, currency by currency.
func (p *printedDiff) bridge(i int, b *bridge.Bridge) {
	from, to, err := b.Ends()
	if err != nil {
		p.err = cmp.Or(p.err, err)
		return
	}
	spans, err := b.Spans()
	if err != nil {
		p.err = cmp.Or(p.err, err)
		return
	}
	tiers := tiersOf(b)
	for n := range from {
		cur := from[n].Currency
		rows := [][]any{spanRow("old", "", &from[n], tiers)}
		for k := range spans {
			if spans[k].Currency == cur {
				rows = append(rows, spanRow(spans[k].Change.String(), spans[k].Reason, &spans[k], tiers))
			}
		}
		rows = append(rows, spanRow("new", "", &to[n], tiers))
		columns := slices.Concat(texts("change", "reason"), ints("changes", "accounts"), texts("amount"))
		for _, tier := range tiers {
			columns = append(columns, texts(bridge.TierWord(tier))...)
		}
		title := fmt.Sprintf("%s to %s, in %s", p.c.estimates[i].Name, p.c.estimates[i+1].Name, cur)
		if tiers != nil {
			named := "confirmed and probable"
			if slices.Contains(tiers, bridge.ByDecision) {
				named = "confirmed, probable and by decision"
			}
			title += " (accounts and amount: " + named + ")"
		}
		p.table(title, columns, rows)
	}
	if len(from) == 0 {
		p.block(p.c.estimates[i].Name+" to "+p.c.estimates[i+1].Name, []console.Pair{{Key: "victims", Value: "none in either"}})
	}
	p.steps(b, tiers)
	p.block("", []console.Pair{{Key: "unchanged", Value: count(b.Unchanged) + " victims"},
		{Key: "check", Value: "old total and steps make the new total, in every currency and tier"}})
}

// tiersOf returns the tiers that a bridge has money in, the surest first; none
// for lists that know no tier.
func tiersOf(b *bridge.Bridge) (tiers []takeover.Tier) {
	for _, t := range slices.Concat(b.From, b.To) {
		switch t.Tier {
		case takeover.NoTier:
		case bridge.ByDecision:
			return []takeover.Tier{takeover.Confirmed, takeover.Probable, bridge.ByDecision, takeover.Possible}
		default:
			tiers = []takeover.Tier{takeover.Confirmed, takeover.Probable, takeover.Possible}
		}
	}
	return tiers
}

func spanRow(change, reason string, s *bridge.Span, tiers []takeover.Tier) []any {
	row := []any{change, reason, nil, s.NamedAccounts, money.Format(s.NamedAmount, s.Currency)}
	if s.Change != 0 {
		row[2] = s.Steps
	}
	for _, t := range tiers {
		row = append(row, money.Format(s.Amount[t], s.Currency))
	}
	return row
}

// detailWidth is what the evidence of a step is cut to for a person.
const detailWidth = 100

// steps shows the steps with the most money.
func (p *printedDiff) steps(b *bridge.Bridge, tiers []takeover.Tier) {
	if p.err != nil || len(b.Steps) == 0 {
		return
	}
	top := slices.Clone(b.Steps)
	slices.SortStableFunc(top, func(x, y bridge.Step) int { return cmp.Compare(magnitude(y.Amount), magnitude(x.Amount)) })
	t := table.New(table.Schema{Name: "steps", Columns: []table.Column{
		{Name: "change", Kind: table.Text}, {Name: "reason", Kind: table.Text}, {Name: "account_id", Kind: table.Text},
		{Name: "tier", Kind: table.Text}, {Name: "amount", Kind: table.Amount}, {Name: "currency", Kind: table.Text}, {Name: "evidence", Kind: table.Text}}}, shownRows)
	for _, s := range top[:min(len(top), shownRows)] {
		tier := bridge.TierWord(s.To)
		if s.Change == bridge.Moved {
			tier = bridge.TierWord(s.From) + " to " + tier
		}
		for i, text := range []string{s.Change.String(), s.Reason, console.Truncate(console.Clean(s.Account), wordWidth), tier} {
			t.Cells(i).AppendText(text)
		}
		t.Cells(4).AppendInt(s.Amount)
		t.Cells(5).AppendText(s.Currency.String())
		t.Cells(6).AppendText(console.Truncate(console.Clean(s.Detail), detailWidth))
	}
	opt := p.opt
	opt.Columns = []string{"change", "reason", "account_id", "tier", "amount", "evidence"}
	if tiers == nil {
		opt.Columns = []string{"change", "reason", "account_id", "amount"}
	}
	if p.err = console.Block(p.w, "steps, most money first"+more(len(b.Steps)), nil, p.opt); p.err == nil {
		p.err = console.Table(p.w, t, opt)
	}
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// diffVersion is the version of the schema of what diff prints as JSON.
const diffVersion = 1

// A diffReport is a comparison for programs. Amounts are in minor units.
type diffReport struct {
	SchemaVersion int            `json:"schema_version"`
	Estimates     []diffEstimate `json:"estimates"`
	Bridges       []diffBridge   `json:"bridges"`
	Notes         []string       `json:"notes"`
}

type diffEstimate struct {
	Name   string      `json:"name"`
	Totals []diffTotal `json:"totals"`
}

type diffTotal struct {
	Currency string `json:"currency"`
	Tier     string `json:"tier,omitempty"`
	Accounts int64  `json:"accounts"`
	Amount   int64  `json:"amount"`
}

type diffBridge struct {
	Old       string     `json:"old"`
	New       string     `json:"new"`
	Unchanged int64      `json:"unchanged"`
	Spans     []diffSpan `json:"spans"`
	Steps     []diffStep `json:"steps"`
}

type diffSpan struct {
	Currency string      `json:"currency"`
	Change   string      `json:"change"`
	Reason   string      `json:"reason"`
	Steps    int64       `json:"changes"`
	Accounts int64       `json:"named_accounts"`
	Amount   int64       `json:"named_amount"`
	Tiers    []diffTotal `json:"tiers"`
}

type diffStep struct {
	Account  string `json:"account_id"`
	Currency string `json:"currency"`
	Change   string `json:"change"`
	Reason   string `json:"reason"`
	Detail   string `json:"detail,omitempty"`
	From     string `json:"tier_from,omitempty"`
	To       string `json:"tier_to,omitempty"`
	Amount   int64  `json:"amount"`
}

func (c *comparison) json() (*diffReport, error) {
	out := &diffReport{SchemaVersion: diffVersion, Notes: append([]string{}, c.notes...)}
	for i, e := range c.estimates {
		totals := c.bridges[min(i, len(c.bridges)-1)].From
		if i == len(c.bridges) {
			totals = c.bridges[i-1].To
		}
		x := diffEstimate{e.Name, []diffTotal{}}
		for _, t := range totals {
			x.Totals = append(x.Totals, diffTotal{t.Currency.String(), bridge.TierWord(t.Tier), t.Accounts, t.Amount})
		}
		out.Estimates = append(out.Estimates, x)
	}
	for _, b := range c.bridges {
		spans, err := b.Spans()
		if err != nil {
			return nil, err
		}
		x := diffBridge{b.Old, b.New, b.Unchanged, []diffSpan{}, []diffStep{}}
		for _, s := range spans {
			d := diffSpan{s.Currency.String(), s.Change.String(), s.Reason, s.Steps, s.NamedAccounts, s.NamedAmount, []diffTotal{}}
			for tier := range s.Amount {
				if s.Accounts[tier] != 0 || s.Amount[tier] != 0 {
					d.Tiers = append(d.Tiers, diffTotal{s.Currency.String(), bridge.TierWord(takeover.Tier(tier)), s.Accounts[tier], s.Amount[tier]})
				}
			}
			x.Spans = append(x.Spans, d)
		}
		for _, s := range b.Steps {
			x.Steps = append(x.Steps, diffStep{strings.ToValidUTF8(s.Account, "\ufffd"), s.Currency.String(), s.Change.String(), s.Reason,
				strings.ToValidUTF8(s.Detail, "\ufffd"), bridge.TierWord(s.From), bridge.TierWord(s.To), s.Amount})
		}
		out.Bridges = append(out.Bridges, x)
	}
	return out, nil
}
