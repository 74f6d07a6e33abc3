package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/provision"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
)

// provisionOptions are the flags of refunds provision.
type provisionOptions struct {
	ledger, book, accounts, journal string
	json, quiet                     bool
}

func newProvisionCommand(std streams) *cobra.Command {
	var o provisionOptions
	cmd := &cobra.Command{
		Use:   "provision CASE",
		Short: "Say what to set aside in the books: low, best, high, and the journal",
		Long: `Prints three figures for each currency, and the journal that books one of them.

  low   confirmed lines that are open, less the 1 in 100 of them that may be wrong
  best  confirmed and probable lines, open or held, less 1 in 100 and 1 in 20
  high  every line that would pay something, whatever its tier and status, in full,
        and no claw-back succeeds

Low and best count claw-backs from wallets in full. Amounts are rounded to whole
minor units, down for low and up for best, for each tier and component. The figures
are of what is not paid: with --ledger, of a ledger's lines less what was paid
before. Lines that need a decision and exceptions are in high alone.

The journal debits the loss and credits what is owed to instruments (payable) and
restored to wallets (balances); claw-backs debit balances. Accounts are 雑損失, 未払金
and 預り金; --accounts, a CSV with role (loss, payable, balances) and account, names
others. Consumption tax is 不課税 throughout. Not advice: have it confirmed.`,
		Example: `  paytriage refunds provision case
  paytriage refunds provision case --book high --accounts accounts.csv --journal journal.csv`,
		Args: exactArgs("CASE"), ValidArgsFunction: completeCase,
		RunE: func(_ *cobra.Command, args []string) error { return runProvision(std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.ledger, "ledger", "", "ledger drawn up from the case (CSV), in the place of its own lines")
	f.StringVar(&o.book, "book", "best", "figure that the journal books: low, best or high")
	f.StringVar(&o.accounts, "accounts", "", "file of the names of accounts")
	f.StringVar(&o.journal, "journal", "", "CSV file to write the journal to")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	complete(cmd, "book", "low", "best", "high")
	return cmd
}

// sameAsSummary compares the lines of a case with the totals of its summary.
func sameAsSummary(folder string, lines []ledger.Line) error {
	s, err := report.ReadSummary(folder)
	if err != nil {
		return &hintError{err, "the case is not what analyze wrote; run it again"}
	}
	type key struct {
		currency string
		what     refund.Status
	}
	sums := map[key]*money.Sum{}
	add := func(k key, v int64) {
		if sums[k] == nil {
			sums[k] = &money.Sum{}
		}
		sums[k].Add(v)
	}
	for i := range lines {
		status := lines[i].Status
		if status == refund.Closed {
			status = refund.Open
		}
		add(key{lines[i].Currency.String(), status}, lines[i].Amount)
	}
	for _, m := range s.Money {
		for status, v := range map[refund.Status]int64{refund.Open: m.Owed, refund.Held: m.Held, refund.NeedsDecision: m.NeedsDecision, refund.Exception: m.Exception} {
			add(key{m.Currency, status}, -v)
		}
	}
	var wrong []string
	for k, sum := range sums {
		if v, err := sum.Total(); err != nil || v != 0 {
			wrong = append(wrong, k.currency+" "+k.what.String())
		}
	}
	if wrong == nil {
		return nil
	}
	slices.Sort(wrong)
	return &checkError{fmt.Sprintf("%s: the lines do not add up to the summary of the case: %s", folder, strings.Join(wrong, ", ")), "the case was changed; run analyze again"}
}

// names returns what the accounts are called.
func (o *provisionOptions) names() (provision.Names, error) {
	names := provision.Defaults()
	if o.accounts == "" {
		return names, nil
	}
	err := readSheet(o.accounts, func(_ string, r io.Reader) error {
		return report.ReadAccountNames(o.accounts, r, &names)
	})
	return names, withHint(err, "--accounts wants a CSV with role (loss, payable, balances) and account")
}

// A provisionJSON is a provision for programs. Amounts are in minor units.
type provisionJSON struct {
	SchemaVersion int               `json:"schema_version"`
	Money         []provisionMoney  `json:"money"`
	Rows          []provisionRow    `json:"rows"`
	Booked        string            `json:"booked"`
	Journal       []provisionEntry  `json:"journal"`
	Rule          map[string]string `json:"rule"`
}

type provisionMoney struct {
	Currency string `json:"currency"`
	Face     int64  `json:"face"`
	Low      int64  `json:"low"`
	Best     int64  `json:"best"`
	High     int64  `json:"high"`
}

type provisionRow struct {
	provisionMoney
	Tier      string `json:"tier"`
	Component string `json:"component"`
	Status    string `json:"status"`
	Lines     int64  `json:"lines"`
}

type provisionEntry struct {
	Currency string `json:"currency"`
	Account  string `json:"account"`
	Role     string `json:"role"`
	Debit    int64  `json:"debit"`
	Credit   int64  `json:"credit"`
	Tax      string `json:"tax"`
	Text     string `json:"text"`
}

var provisionRule = map[string]string{
	"low":  "confirmed lines that are open, less 1 in 100 rounded down; claw-backs in full",
	"best": "confirmed and probable lines that are open or held, less 1 in 100 and 1 in 20 rounded up; claw-backs in full",
	"high": "all lines that pay something, in full; no claw-back",
}

func runProvision(std streams, o *provisionOptions, folder string) error {
	figure, ok := provision.ParseFigure(o.book)
	switch {
	case !ok:
		return &usageError{fmt.Sprintf("--book %q is none of low, best, high", o.book), "see 'paytriage refunds provision --help'"}
	case o.json && o.quiet:
		return errJSONQuiet
	}
	if err := notAnInput("--journal", o.journal, o.accounts, o.ledger); err != nil {
		return err
	}
	names, err := o.names()
	if err != nil {
		return err
	}
	lines, err := linesFor(folder, o.ledger)
	if err != nil {
		return err
	}
	p, err := provision.Of(lines)
	if err != nil {
		return err
	}
	entries, err := p.Journal(figure, names)
	if err != nil {
		return &checkError{err.Error(), "this is a fault of the program: keep the case"}
	}
	if o.journal != "" {
		t, err := report.JournalTable(entries)
		if err != nil {
			return err
		}
		if err := atomicfile.Write(o.journal, 0o600, func(w io.Writer) error { return csvfile.Write(w, t) }); err != nil {
			return err
		}
	}
	switch {
	case o.json:
		return report.WriteJSON(std.out, asJSON(p, figure, entries))
	case o.quiet:
		return nil
	}
	return printProvision(std.out, p, figure, entries, console.Options{Width: std.width(), Color: std.color()})
}

func asJSON(p *provision.Provision, figure provision.Figure, entries []provision.Entry) provisionJSON {
	out := provisionJSON{SchemaVersion: report.SummaryVersion, Money: []provisionMoney{}, Rows: []provisionRow{}, Booked: figure.String(), Journal: []provisionEntry{}, Rule: provisionRule}
	for _, t := range p.Totals {
		out.Money = append(out.Money, provisionMoney{t.Currency.String(), t.Face, t.Figures[provision.Low], t.Figures[provision.Best], t.Figures[provision.High]})
	}
	for _, r := range p.Rows {
		out.Rows = append(out.Rows, provisionRow{provisionMoney{r.Currency.String(), r.Face, r.Figures[provision.Low], r.Figures[provision.Best], r.Figures[provision.High]},
			r.Tier.String(), r.Component.String(), r.Status.String(), r.Lines})
	}
	for _, e := range entries {
		out.Journal = append(out.Journal, provisionEntry{e.Currency.String(), e.Account, e.Role.String(), e.Debit, e.Credit, provision.TaxClass, e.Text})
	}
	return out
}

func printProvision(w io.Writer, p *provision.Provision, figure provision.Figure, entries []provision.Entry, opt console.Options) error {
	if len(p.Totals) == 0 {
		_, err := fmt.Fprintln(w, "nothing is owed: no provision")
		return err
	}
	var rows [][]any
	for _, r := range p.Rows {
		rows = append(rows, []any{r.Tier.String(), r.Component.String(), r.Status.String(), r.Lines, money.Format(r.Face, r.Currency),
			amountIn(r.Figures[provision.Low], r.Currency), amountIn(r.Figures[provision.Best], r.Currency), amountIn(r.Figures[provision.High], r.Currency)})
	}
	for _, t := range p.Totals {
		rows = append(rows, []any{"all", "", "", nil, money.Format(t.Face, t.Currency), amountIn(t.Figures[provision.Low], t.Currency),
			amountIn(t.Figures[provision.Best], t.Currency), amountIn(t.Figures[provision.High], t.Currency)})
	}
	alignRight(rows, 4, 5, 6, 7)
	columns := slices.Concat(texts("tier", "component", "status"), ints("lines"), texts("face", "low", "best", "high"))
	if err := printTable(w, opt, "provision", columns, rows); err != nil {
		return err
	}
	rows = nil
	for _, e := range entries {
		rows = append(rows, []any{e.Account, amountIn(e.Debit, e.Currency), amountIn(e.Credit, e.Currency), e.Currency.String(), provision.TaxClass, e.Text})
	}
	alignRight(rows, 1, 2)
	return printTable(w, opt, "journal of the figure "+figure.String(), texts("account", "debit", "credit", "currency", "tax", "text"), rows)
}

// amountIn writes an amount without its currency.
func amountIn(minor int64, c money.Currency) string {
	text := money.Format(minor, c)
	return text[:len(text)-len(c.String())-1]
}
