package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/claims"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// claimsOptions are the flags of claims.
type claimsOptions struct {
	again
	sheetOptions
	out, who    string
	possible    bool
	force, json bool
}

// sheetOptions say of files of claims what they do not say.
type sheetOptions struct{ by, days string }

func (o *sheetOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.by, "by", "", "who claims what rows do not say it of: customer or issuer")
	f.StringVar(&o.days, "days-in", "", "zone of days that are written without one, for example Asia/Tokyo")
}

// parse returns how to read files of claims.
func (o *sheetOptions) parse() (opt claims.ReadOptions, err error) {
	if o.by != "" {
		by, ok := ledger.ParseValidation(o.by)
		if !ok || by != ledger.Customer && by != ledger.Issuer {
			return opt, &usageError{fmt.Sprintf("--by: %q is neither customer nor issuer", o.by), "give --by customer for complaints, --by issuer for an issuer's list"}
		}
		opt.By = by
	}
	if o.days != "" {
		if opt.Days, err = time.LoadLocation(o.days); err != nil || o.days == "Local" {
			return opt, &usageError{fmt.Sprintf("--days-in: %q is no zone", o.days), "give a name such as Asia/Tokyo, or UTC"}
		}
	}
	return opt, nil
}

func newClaimsCommand(std streams) *cobra.Command {
	var o claimsOptions
	cmd := &cobra.Command{
		Use:   "claims CASE FILE…",
		Short: "Lay complaints and issuers' lists beside what the logs say",
		Long: `Reads what customers and card issuers complain of and lays it beside the findings
of a case and beside its logs, which are read again. Every claim gets one outcome,
every charge is counted for one claim, however often it is claimed, and of every
victim it is said who recognised it: customer, issuer, or the service alone.

Files are CSV in UTF-8 with a header. A row names a charge by txn_id; or by account,
funding_ref or card_last4 with amount and date, if exactly one charge fits; or an
account, for all that was stolen from it. Columns, in any order:
` + claimColumns() + `

Outcomes:
` + outcomesText() + `

With --out DIR the folder holds claims, recognised (victims), decisions and rejects,
all as CSV. decisions.csv confirms the victims that were claimed and are confirmed or
probable by the logs, with the validation: give it to analyze --decisions or refunds
--decisions. Possible ones wait for a person, or --confirm-possible. A claim that the
logs do not bear out makes nobody a victim.

The logs are those that the case was made from, which its manifest names; where
they have moved, name them with --auth and --payments. Changed logs are refused.`,
		Example: `  paytriage claims case complaints.csv --by customer
  paytriage claims case complaints.csv issuers.csv --days-in Asia/Tokyo --out claims
  paytriage claims case issuer.csv --by issuer --json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return &usageError{c.CommandPath() + " needs CASE and FILE", "see '" + c.CommandPath() + " --help'"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runClaims(cmd.Context(), std, &o, args[0], args[1:])
		},
	}
	f := cmd.Flags()
	o.sheetOptions.addFlags(f)
	f.StringVar(&o.out, "out", "", "folder to write")
	f.StringVar(&o.who, "who", "claims", "who decides, in decisions.csv")
	f.BoolVar(&o.possible, "confirm-possible", false, "let a claim settle what the logs hold only possible, too")
	f.BoolVar(&o.force, "force", false, "replace a finished folder")
	o.again.addFlags(f)
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	complete(cmd, "progress", progressModes...)
	complete(cmd, "by", "customer", "issuer")
	cmd.MarkFlagDirname("out")
	return cmd
}

func claimColumns() string {
	var b strings.Builder
	for _, c := range claims.Columns() {
		fmt.Fprintf(&b, "  %-12s %s\n", c[0], c[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func outcomesText() string {
	var b strings.Builder
	for _, o := range claims.Outcomes() {
		fmt.Fprintf(&b, "  %-20s  %s\n", o, o.Doc())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// judgedClaims is all that is known of claims.
type judgedClaims struct {
	*claims.Result
	sheet     *claims.Sheet
	inputs    []report.Input
	decisions []ledger.Decision
	lines     []claims.Line
	routes    []claims.Route
}

func runClaims(ctx context.Context, std streams, o *claimsOptions, folder string, files []string) error {
	opt, err := o.sheetOptions.parse()
	switch {
	case err != nil:
		return err
	case o.json && o.quiet:
		return errJSONQuiet
	case strings.TrimSpace(o.who) == "":
		return &usageError{"--who is empty", "a decision is somebody's; give --who with a name or a department"}
	case o.force && o.out == "":
		return &usageError{"--force without --out", "name the folder to replace with --out"}
	}
	if err := o.again.validate("claims"); err != nil {
		return err
	}
	summary, err := report.ReadSummary(folder)
	if err != nil {
		return caseError(folder, err)
	}
	var place *report.ClaimsFolder
	if o.out != "" {
		if place, err = report.OpenClaims(o.out, folder, o.force, files); err != nil {
			return err
		}
		defer place.Discard()
	}
	sheet, inputs, err := readClaims(files, opt)
	if err == nil {
		err = noFileOfCase(folder, inputs)
	}
	if err != nil {
		return err
	}
	log, discard, err := o.again.load(ctx, std, folder, summary)
	if err != nil {
		return err
	}
	defer discard()
	facts, err := factsOf(ctx, log, folder, sheet, o.in.workers)
	if err != nil {
		return err
	}
	j, err := judgeClaims(sheet, facts, summary)
	if err != nil {
		return err
	}
	j.inputs = inputs
	j.decisions = j.Decisions(leastTier(o.possible), o.who, endOfLogs(summary))
	if place != nil {
		if err := place.Write(j.Result, sheet.Rejected, j.decisions, inputs, os.Args); err != nil {
			return err
		}
	}
	switch {
	case o.json:
		var out *claimsReport
		if out, err = claimsJSON(j); err == nil {
			err = report.WriteJSON(std.out, out)
		}
	case !o.quiet:
		err = printClaims(std.out, j, o.out, console.Options{Width: std.width(), Color: std.color()})
	}
	if err != nil {
		return err
	}
	return rejectedClaims(sheet, o)
}

// caseError says that a folder is no case, or not a whole one.
func caseError(folder string, err error) error {
	var open *report.OpenError
	if errors.As(err, &open) {
		return err
	}
	if _, e := report.ReadManifest(folder); errors.As(e, &open) {
		return e
	}
	return &hintError{err, "the case is not what analyze wrote; run it again"}
}

// readClaims reads files of claims.
func readClaims(files []string, opt claims.ReadOptions) (*claims.Sheet, []report.Input, error) {
	sheet := &claims.Sheet{}
	var inputs []report.Input
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, &hintError{err, "name the file of complaints, or the issuer's list"}
		}
		read, kept, bad := sheet.Read, len(sheet.Claims), len(sheet.Rejected)
		hash := sha256.New()
		count := &countWriter{}
		err = sheet.ReadFile(name, io.TeeReader(f, io.MultiWriter(hash, count)), opt)
		f.Close()
		var header *claims.HeaderError
		switch {
		case errors.Is(err, claims.ErrZone):
			return nil, nil, &hintError{err, "say where its days are: --days-in Asia/Tokyo, or UTC"}
		case errors.As(err, &header):
			return nil, nil, &hintError{err, "'paytriage claims --help' lists the columns"}
		case err != nil:
			return nil, nil, &hintError{err, "name the file of complaints, or the issuer's list"}
		}
		inputs = append(inputs, report.Input{Name: name, Role: "claims", Bytes: count.n, SHA256: hex.EncodeToString(hash.Sum(nil)),
			RowCounts: report.RowCounts{Read: sheet.Read - read, Accepted: int64(len(sheet.Claims) - kept), Rejected: int64(len(sheet.Rejected) - bad)}})
	}
	return sheet, inputs, nil
}

// noFileOfCase refuses files that a case was made of, or that it holds: columns of
// logs and tables are named as those of claims, and nobody complained.
func noFileOfCase(folder string, files []report.Input) error {
	m, err := report.ReadManifest(folder)
	if err == nil {
		err = m.WithIDs(folder)
	}
	if err != nil {
		return err
	}
	what := map[string]string{}
	for _, out := range m.Outputs {
		what[out.SHA256] = "is the table " + out.Name + " of the case"
	}
	for _, in := range m.Inputs {
		what[in.SHA256] = "is what the case was made from (" + in.Role + ")"
	}
	for _, f := range files {
		if is, known := what[f.SHA256]; known {
			return &hintError{fmt.Errorf("%s: %s, and no list of claims", f.Name, is), "name the file of complaints, or the issuer's list"}
		}
	}
	return nil
}

type countWriter struct{ n int64 }

func (w *countWriter) Write(b []byte) (int, error) {
	w.n += int64(len(b))
	return len(b), nil
}

// judgeClaims judges claims and checks that what comes out adds up.
func judgeClaims(sheet *claims.Sheet, facts *claims.Facts, s *report.Summary) (*judgedClaims, error) {
	r, err := claims.Judge(sheet.Claims, facts)
	if err != nil {
		return nil, err
	}
	j := &judgedClaims{Result: r, sheet: sheet}
	if j.lines, err = r.Lines(); err != nil {
		return nil, err
	}
	if j.routes, err = r.Routes(); err != nil {
		return nil, err
	}
	for i := range s.Money {
		m := &s.Money[i]
		for _, t := range []struct {
			tier takeover.Tier
			want int64
		}{{takeover.Confirmed, m.NetLossConfirmed}, {takeover.Probable, m.NetLossProbable}, {takeover.Possible, m.NetLossPossible + m.NetLossDecided}} {
			var sum money.Sum
			for _, route := range j.routes {
				if route.Tier == t.tier && route.Currency.String() == m.Currency {
					sum.Add(route.NetLoss)
				}
			}
			if got, err := sum.Total(); err != nil || got != t.want {
				return nil, &checkError{fmt.Sprintf("the %s victims add up to %d %s, the summary of the case says %d", t.tier, got, m.Currency, t.want),
					"the case was changed since it was written; make it again"}
			}
		}
	}
	return j, nil
}

// endOfLogs returns when the logs of a case end.
func endOfLogs(s *report.Summary) int64 {
	at, _ := table.ParseTime([]byte(s.Range.To))
	return at
}

// rejectedClaims says which rows were not understood.
func rejectedClaims(sheet *claims.Sheet, o *claimsOptions) error {
	n := len(sheet.Rejected)
	if n == 0 {
		return nil
	}
	first := &sheet.Rejected[0]
	where := "--out DIR and --json list each with its line and the reason"
	switch {
	case o.by == "" && first.Column == "by":
		where = "say for such rows who claims: --by customer, or --by issuer"
	case o.out != "":
		where = "rejects.csv in " + o.out + " lists each with its line and the reason"
	case o.json:
		where = "each is listed under rejected, with its line and the reason"
	}
	return &incompleteError{fmt.Sprintf("%d of %d claims were rejected, first %s:%d: %s", n, sheet.Read, first.Source, first.Line, columnReason(first)), where}
}

// columnReason says what is wrong with a row.
func columnReason(r *claims.Rejected) string {
	if r.Column == "" {
		return r.Reason
	}
	return r.Column + ": " + r.Reason
}

// printClaims prints what became of claims for a person.
func printClaims(w io.Writer, j *judgedClaims, out string, opt console.Options) error {
	p := printedClaims{w: w, opt: opt, j: j}
	p.outcomes()
	p.routes()
	p.waiting()
	p.unclaimed()
	p.rejected()
	pairs := []console.Pair{
		{Key: "rows", Value: fmt.Sprintf("%s read = %s claims + %s rejected", count(j.sheet.Read), count(int64(len(j.sheet.Claims))), count(int64(len(j.sheet.Rejected))))},
		{Key: "decisions", Value: count(decidedAccounts(j.decisions)) + " victims that were claimed"}}
	if len(j.sheet.Ignored) > 0 {
		pairs = append(pairs, console.Pair{Key: "ignored columns", Value: console.Truncate(console.Clean(strings.Join(j.sheet.Ignored, ", ")), 2*wordWidth)})
	}
	if out != "" {
		pairs = append(pairs, console.Pair{Key: "written to", Value: out})
	}
	p.block("", pairs)
	return p.err
}

// decidedAccounts counts the accounts of decisions, which are by account.
func decidedAccounts(list []ledger.Decision) (n int64) {
	for i := range list {
		if i == 0 || list[i].Account != list[i-1].Account {
			n++
		}
	}
	return n
}

type printedClaims struct {
	w   io.Writer
	opt console.Options
	j   *judgedClaims
	err error
}

func (p *printedClaims) table(title string, columns []sheetColumn, rows [][]any) {
	if p.err == nil {
		p.err = printTable(p.w, p.opt, title, columns, rows)
	}
}

func (p *printedClaims) block(title string, pairs []console.Pair) {
	if p.err == nil {
		p.err = console.Block(p.w, title, pairs, p.opt)
	}
}

func (p *printedClaims) outcomes() {
	var rows [][]any
	for _, l := range p.j.lines {
		amount := any(nil)
		if l.Currency != 0 {
			amount = money.Format(l.Amount, l.Currency)
		}
		rows = append(rows, []any{l.Outcome.String(), l.Claims, l.Charges, amount})
	}
	p.table("claims by what they come to; every charge is counted once", slices.Concat(texts("outcome"), ints("claims", "charges"), texts("charged")), rows)
}

func (p *printedClaims) routes() {
	var rows [][]any
	for _, r := range p.j.routes {
		v := claims.Recognition{By: r.By}
		rows = append(rows, []any{v.Route(), r.Tier.String(), r.Victims, money.Format(r.NetLoss, r.Currency)})
	}
	p.table("victims by who recognised them first; the sum is the case's", slices.Concat(texts("recognised_by", "tier"), ints("victims"), texts("net_loss")), rows)
}

// waiting lists the claims that a person must look at.
func (p *printedClaims) waiting() {
	var rows [][]any
	var open []*claims.Judged
	for i := range p.j.Claims {
		if c := &p.j.Claims[i]; c.Outcome != claims.Confirmed && c.Outcome != claims.Double {
			open = append(open, c)
		}
	}
	slices.SortStableFunc(open, func(a, b *claims.Judged) int { return cmp.Compare(a.Outcome, b.Outcome) })
	n := len(open)
	for _, c := range open[:min(n, shownRows)] {
		account, txn, amount := c.About(), c.Txn, any(nil)
		if c.Charge != nil {
			txn, amount = c.Charge.Txn, money.Format(c.Charge.Amount, c.Charge.Currency)
		}
		rows = append(rows, []any{fmt.Sprintf("%s:%d", c.Source, c.Line), c.By.String(), c.Outcome.String(), account, txn, amount})
	}
	p.table("claims that are not confirmed by both"+more(n), texts("row", "by", "outcome", "account_id", "txn_id", "charged"), rows)
}

// unclaimed lists the victims that nobody claimed, most money first.
func (p *printedClaims) unclaimed() {
	var found []*claims.Recognition
	for i := range p.j.Victims {
		if v := &p.j.Victims[i]; v.By == ledger.NotValidated && v.Tier >= takeover.Probable {
			found = append(found, v)
		}
	}
	slices.SortStableFunc(found, func(a, b *claims.Recognition) int {
		return cmp.Or(cmp.Compare(b.NetLoss, a.NetLoss), cmp.Compare(a.Account, b.Account))
	})
	var rows [][]any
	for _, v := range found[:min(len(found), shownRows)] {
		rows = append(rows, []any{v.Account, v.Tier.String(), money.Format(v.NetLoss, v.Currency)})
	}
	p.table("victims that nobody claimed, most money first"+more(len(found)), texts("account_id", "tier", "net_loss"), rows)
}

func (p *printedClaims) rejected() {
	var rows [][]any
	for i, r := range p.j.sheet.Rejected {
		if i < shownRows {
			rows = append(rows, []any{fmt.Sprintf("%s:%d", r.Source, r.Line), r.Column, r.Reason, r.Raw})
		}
	}
	p.table("rows that were not understood"+more(len(p.j.sheet.Rejected)), texts("row", "column", "reason", "raw"), rows)
}

// claimsVersion is the version of the schema of what claims prints as JSON.
const claimsVersion = 1

// A claimsReport is what became of claims for programs. Amounts are in minor
// units.
type claimsReport struct {
	SchemaVersion int              `json:"schema_version"`
	Rows          report.RowCounts `json:"rows"`
	Outcomes      []claimsLine     `json:"outcomes"`
	Routes        []claimsRoute    `json:"victims_by_recognition"`
	Claims        []map[string]any `json:"claims"`
	Victims       []map[string]any `json:"victims"`
	Decisions     []map[string]any `json:"decisions"`
	Rejected      []map[string]any `json:"rejected"`
	Ignored       []string         `json:"ignored_columns"`
}

type claimsLine struct {
	Outcome  string `json:"outcome"`
	Meaning  string `json:"meaning"`
	Claims   int64  `json:"claims"`
	Charges  int64  `json:"charges"`
	Counted  int64  `json:"counted"`
	Currency string `json:"currency,omitempty"`
}

type claimsRoute struct {
	By       string `json:"recognised_by"`
	Tier     string `json:"tier"`
	Victims  int64  `json:"victims"`
	NetLoss  int64  `json:"net_loss"`
	Currency string `json:"currency"`
}

func claimsJSON(j *judgedClaims) (*claimsReport, error) {
	out := &claimsReport{SchemaVersion: claimsVersion, Outcomes: []claimsLine{}, Routes: []claimsRoute{}, Ignored: j.sheet.Ignored,
		Rows: report.RowCounts{Read: j.sheet.Read, Accepted: int64(len(j.sheet.Claims)), Rejected: int64(len(j.sheet.Rejected))}}
	if out.Ignored == nil {
		out.Ignored = []string{}
	}
	for _, l := range j.lines {
		out.Outcomes = append(out.Outcomes, claimsLine{l.Outcome.String(), l.Outcome.Doc(), l.Claims, l.Charges, l.Amount, l.Currency.String()})
	}
	for _, r := range j.routes {
		v := claims.Recognition{By: r.By}
		out.Routes = append(out.Routes, claimsRoute{v.Route(), r.Tier.String(), r.Victims, r.NetLoss, r.Currency.String()})
	}
	tables, err := report.ClaimsTables(j.Result, j.sheet.Rejected, j.decisions)
	if err != nil {
		return nil, err
	}
	out.Claims, out.Victims, out.Decisions, out.Rejected = rowsOf(tables[0]), rowsOf(tables[1]), rowsOf(tables[2]), rowsOf(tables[3])
	return out, nil
}

// rowsOf returns the rows of a table for JSON: numbers as numbers, times as files
// have them, absent cells left out.
func rowsOf(t *table.Table) []map[string]any {
	rows := make([]map[string]any, t.Rows())
	for r := range rows {
		rows[r] = map[string]any{}
		for i, c := range t.Schema().Columns {
			switch cells := t.Cells(i); {
			case cells.Null(r):
			case c.Kind == table.Time:
				rows[r][c.Name] = string(table.AppendTime(nil, cells.Int(r)))
			case c.Kind.IsText():
				rows[r][c.Name] = strings.ToValidUTF8(cells.Text(r), "\ufffd")
			default:
				rows[r][c.Name] = cells.Int(r)
			}
		}
	}
	return rows
}
