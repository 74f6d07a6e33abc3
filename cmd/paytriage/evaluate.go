package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/quality"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// evaluateOptions are the flags of evaluate.
type evaluateOptions struct {
	truth       string
	failUnder   string
	json, quiet bool
}

func newEvaluateCommand(std streams) *cobra.Command {
	var o evaluateOptions
	cmd := &cobra.Command{
		Use:   "evaluate CASE --truth DIR|FILE",
		Short: "Measure a case against the truth",
		Long: `Compares a finished case with what is known to be true: precision and recall for
accounts, charges and money, by tier, way in and look-alike, and whether the
scores mean what they say. Intervals are Wilson's for 95 %.

The truth is what 'paytriage simulate' writes, or CSV files of one's own. A
folder holds the first of these, and may hold the others; a file is the first:
  truth_accounts.csv  account_id, role (victim, entered, mule, lookalike,
                      honest); optional: vector (the way in), lookalike (words
                      joined by ;), owner_seen_before (true, false), net_loss
                      (minor units) with currency
  truth_charges.csv   txn_id, account_id; optional: status (approved, declined,
                      pending, reversed)
  truth_money.csv     account_id, amount (minor units), currency; optional:
                      channel
Names may lack the "truth_". Other columns are passed over. An account that the
truth does not list counts as honest. What the truth does not tell is not
computable, never 0.

--fail-under sets goals, and ends with 4 if one is not met:
` + goalsText(),
		Example: `  paytriage evaluate case --truth incident
  paytriage evaluate case --truth reviewed.csv --json
  paytriage evaluate case --truth incident --fail-under precision=0.99,recall=0.95,misplaced=0.03`,
		Args: exactArgs("CASE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, args []string) error { return runEvaluate(std, &o, args[0]) },
	}
	cmd.Flags().StringVar(&o.truth, "truth", "", "folder with the truth, or its file of accounts")
	cmd.Flags().StringVar(&o.failUnder, "fail-under", "", "goals such as precision=0.99,recall=0.95,misplaced=0.03")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

// goalsText lists what goals can be set for.
func goalsText() string {
	var b strings.Builder
	names, docs := quality.GoalNames()
	for i := range names {
		fmt.Fprintf(&b, "  %-20s %s\n", names[i], docs[i])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// goals reads --fail-under.
func (o *evaluateOptions) goals() ([]quality.Goal, error) {
	var goals []quality.Goal
	if o.failUnder == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(o.failUnder, ",") {
		g, err := quality.ParseGoal(text)
		if err != nil {
			return nil, &usageError{"--fail-under: " + err.Error(), "give goals such as precision=0.99,misplaced=0.03; 'paytriage evaluate --help' lists all"}
		}
		goals = append(goals, g)
	}
	return goals, nil
}

func runEvaluate(std streams, o *evaluateOptions, folder string) error {
	goals, err := o.goals()
	switch {
	case err != nil:
		return err
	case o.truth == "":
		return &usageError{"nothing to compare with", "give --truth with what simulate wrote, or a file of one's own; see 'paytriage evaluate --help'"}
	case o.json && o.quiet:
		return errJSONQuiet
	}
	found, err := readFindings(folder)
	if err != nil {
		return err
	}
	truth, err := readTruth(o.truth)
	if err != nil {
		return err
	}
	r, err := quality.Evaluate(found, truth)
	if err != nil {
		return &hintError{err, "compare the case with the truth of the same logs, whole and unchanged"}
	}
	switch {
	case o.json:
		err = report.WriteJSON(std.out, r)
	case !o.quiet:
		p := printedQuality{r: r, opt: console.Options{Width: std.width(), Color: std.color()}, w: std.out}
		err = p.print()
	}
	if err != nil {
		return err
	}
	if short := r.Shortfalls(goals); short != nil {
		return &checkError{strings.Join(short, "; "), "the accounts that differ are listed by 'paytriage evaluate --json', under differences"}
	}
	return nil
}

// readFindings returns what a case says.
func readFindings(folder string) (*quality.Findings, error) {
	var tables []*table.Table
	for _, name := range []string{"takeovers", "victims", "charges", "refunds"} {
		t, err := readTable(folder, name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return findingsOf(tables)
}

// readTable returns a table of a finished case.
func readTable(folder, name string) (*table.Table, error) {
	t, err := report.Read(folder, name)
	var open *report.OpenError
	if err != nil && !errors.As(err, &open) {
		err = &hintError{fmt.Errorf("%s: %w", folder, err), "the case is not what analyze wrote; run it again"}
	}
	return t, err
}

// findingsOf returns what tables of a case say.
func findingsOf(tables []*table.Table) (*quality.Findings, error) {
	f := &quality.Findings{}
	var broken error
	for _, t := range tables {
		cells := cellsOf(t)
		tier := func(row int) takeover.Tier {
			tier, ok := takeover.ParseTier(cells("tier").Text(row))
			if !ok && broken == nil {
				broken = &hintError{fmt.Errorf("table %s: row %d: %q is no tier", t.Schema().Name, row+1, discreet.Shown(cells("tier").Text(row))), "the case is not what analyze wrote; run it again"}
			}
			return tier
		}
		for row := range t.Rows() {
			switch t.Schema().Name {
			case "takeovers":
				score := min(max(cells("score").Int(row), -1<<30), 1<<30)
				f.Takeovers = append(f.Takeovers, quality.Takeover{Account: cells("account_id").Text(row), Tier: tier(row),
					Score: odds.Centibans(score), Vector: cells("vector").Text(row), Campaign: cells("campaign_id").Text(row)})
			case "victims":
				f.Victims = append(f.Victims, quality.Victim{Account: cells("account_id").Text(row), Tier: tier(row)})
			case "charges":
				f.Charges = append(f.Charges, quality.Charge{Txn: cells("txn_id").Text(row), Account: cells("account_id").Text(row), Tier: tier(row)})
			case "refunds":
				currency, _ := money.ParseCurrency([]byte(cells("currency").Text(row)))
				f.Lines = append(f.Lines, quality.Line{Account: cells("account_id").Text(row), Channel: cells("channel").Text(row),
					Amount: cells("amount").Int(row), Currency: currency, Tier: tier(row)})
			}
		}
	}
	return f, broken
}

// cellsOf returns a function that returns a column by its name.
func cellsOf(t *table.Table) func(column string) *table.Cells {
	byName := map[string]*table.Cells{}
	for i, c := range t.Schema().Columns {
		byName[c.Name] = t.Cells(i)
	}
	return func(column string) *table.Cells { return byName[column] }
}

// readTruth reads the truth from a folder, or its accounts from a file.
func readTruth(path string) (*quality.Truth, error) {
	const hint = "'paytriage evaluate --help' says what files of truth hold"
	t := &quality.Truth{}
	info, err := os.Stat(path)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--truth: %w", err), "name the folder that simulate wrote, or a file of accounts"}
	}
	if !info.IsDir() {
		return t, withHint(readSheet(path, t.ReadAccounts), hint)
	}
	for _, file := range []struct {
		name string
		read func(name string, r io.Reader) error
		need bool
	}{{"accounts.csv", t.ReadAccounts, true}, {"charges.csv", t.ReadCharges, false}, {"money.csv", t.ReadMoney, false}} {
		name, err := truthFile(path, file.name)
		switch {
		case err != nil:
			return nil, withHint(err, hint)
		case name != "":
			if err := readSheet(name, file.read); err != nil {
				return nil, withHint(err, hint)
			}
		case file.need:
			return nil, &hintError{fmt.Errorf("%s: has no truth_accounts.csv", path), hint}
		}
	}
	return t, nil
}

// truthFile returns where a file of truth stands, "" if nowhere.
func truthFile(dir, name string) (string, error) {
	var found []string
	for _, path := range []string{filepath.Join(dir, "truth_"+name), filepath.Join(dir, name)} {
		switch _, err := os.Stat(path); {
		case err == nil:
			found = append(found, path)
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%s and %s are both there: which is the truth?", found[0], found[1])
	}
	return strings.Join(found, ""), nil
}

func readSheet(path string, read func(name string, r io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(path, f)
}

func withHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hintError{err, hint}
}

// A printedQuality prints a report for a person.
type printedQuality struct {
	r   *quality.Report
	w   io.Writer
	opt console.Options
	err error
}

func (p *printedQuality) print() error {
	p.scores()
	p.money()
	p.tiers()
	p.calibration()
	p.roles()
	p.vectors()
	p.lookalikes()
	p.differences()
	var pairs []console.Pair
	for _, u := range p.r.Unanswered {
		pairs = append(pairs, console.Pair{Key: u.Question, Value: u.Because})
	}
	p.block("not computable", pairs)
	return p.err
}

// A sheetColumn is a column of a table that is printed.
type sheetColumn struct {
	name string
	kind table.Kind
}

func texts(names ...string) (columns []sheetColumn) {
	for _, n := range names {
		columns = append(columns, sheetColumn{n, table.Text})
	}
	return columns
}

func ints(names ...string) (columns []sheetColumn) {
	for _, n := range names {
		columns = append(columns, sheetColumn{n, table.Int})
	}
	return columns
}

// wordWidth is what names and ids are cut to. Lines are as long as they are
// otherwise: a figure that is cut is another figure.
const wordWidth = 40

// printTable prints a table with a title: texts and whole numbers.
func printTable(w io.Writer, opt console.Options, title string, columns []sheetColumn, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	s := table.Schema{Name: "shown"}
	for _, c := range columns {
		s.Columns = append(s.Columns, table.Column{Name: c.name, Kind: c.kind, Nullable: true})
	}
	t := table.New(s, len(rows))
	for _, row := range rows {
		for i, cell := range row {
			switch v := cell.(type) {
			case string:
				t.Cells(i).AppendText(console.Truncate(console.Clean(v), wordWidth))
			case int64:
				t.Cells(i).AppendInt(v)
			case nil:
				t.Cells(i).AppendNull()
			}
		}
	}
	opt.Width = 0
	err := console.Block(w, title, nil, opt)
	if err == nil {
		err = console.Table(w, t, opt)
	}
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}

func (p *printedQuality) table(title string, columns []sheetColumn, rows [][]any) {
	if p.err == nil {
		p.err = printTable(p.w, p.opt, title, columns, rows)
	}
}

func (p *printedQuality) block(title string, pairs []console.Pair) {
	if p.err == nil && len(pairs) > 0 {
		p.err = console.Block(p.w, title, pairs, p.opt)
	}
}

// percent writes a percentage so that points stand below each other.
func percent(r quality.Rate) string { return fmt.Sprintf("%6s", r.Percent()) }

// within writes an interval.
func within(s quality.Share) string {
	low, high := s.Wilson()
	if !low.Known() {
		return ""
	}
	return fmt.Sprintf("%6s to %6s", low.Percent(), high.Percent())
}

// of writes the counts of a share.
func of(s quality.Share) string { return fmt.Sprintf("%d of %d", s.Part, s.Whole) }

func (p *printedQuality) scores() {
	var rows [][]any
	add := func(what string, s *quality.Score) {
		rows = append(rows, []any{what, percent(s.Precision.Rate()), of(s.Precision), within(s.Precision),
			percent(s.Recall.Rate()), of(s.Recall), within(s.Recall), percent(s.F1)})
	}
	add("victims", &p.r.Victims.Named)
	if s := p.r.Seen; s != nil {
		rows = append(rows, []any{"  owner seen before", nil, nil, nil, percent(s.Rate()), of(*s), within(*s), nil})
	}
	add("  with possible", &p.r.Victims.Possible)
	add("accounts entered", &p.r.Takeovers.Named)
	add("  with possible", &p.r.Takeovers.Possible)
	if c := p.r.Charges; c != nil {
		add("charges", &c.Named)
		add("  with possible", &c.Possible)
	}
	p.table("found and right, in percent (confirmed and probable)",
		texts("what", "precision", "right", "p_from_to", "recall", "found", "r_from_to", "f1"), rows)
}

func (p *printedQuality) money() {
	for i := range p.r.Money {
		m := &p.r.Money[i]
		cur, _ := money.ParseCurrency([]byte(m.Currency))
		var pairs []console.Pair
		add := func(key string, minor int64) {
			pairs = append(pairs, console.Pair{Key: key, Value: money.Format(minor, cur), Number: true})
		}
		say := func(key, value string) { pairs = append(pairs, console.Pair{Key: key, Value: value}) }
		add("owed in truth", m.True)
		add("owed by the case", m.Said)
		add("too much", m.Over)
		add("too little", m.Under)
		say("misplaced", m.Misplaced.Percent()+" % of what is owed")
		if s := m.Seen; s != nil {
			say("  owner seen before", s.Rate.Percent()+" %")
		}
		say("precision, recall, f1", m.Precision.Percent()+" %, "+m.Recall.Percent()+" %, "+m.F1.Percent()+" %")
		if m.Exact.Whole > 0 {
			say("accounts right to the last digit", m.Exact.Rate().Percent()+" % ("+of(m.Exact)+"; "+strings.TrimSpace(within(m.Exact))+")")
		}
		p.block("money in "+m.Currency, pairs)
		p.line()
	}
	var rows [][]any
	for _, c := range p.r.Channels {
		rows = append(rows, []any{c.Currency, c.Channel, c.Said, c.True, c.Over, c.Under})
	}
	p.table("money by channel, in minor units", append(texts("currency", "channel"), ints("said", "true", "too_much", "too_little")...), rows)
}

func (p *printedQuality) line() {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

func (p *printedQuality) tiers() {
	var rows [][]any
	for _, t := range p.r.Tiers {
		promise := ""
		if t.Promise.Known() {
			promise = percent(t.Promise)
		}
		rows = append(rows, []any{t.Tier, percent(t.Entered.Rate()), of(t.Entered), within(t.Entered), promise, t.Kept,
			percent(t.Robbed.Rate()), of(t.Robbed)})
	}
	p.table("tiers: what is called entered and robbed, and is", texts("tier", "entered", "right", "from_to", "promise", "kept", "robbed", "robbed_right"), rows)
}

func (p *printedQuality) calibration() {
	var rows [][]any
	for _, b := range p.r.Calibration {
		text := ""
		switch {
		case b.From == nil:
			text = "below " + strconv.Itoa(int(*b.Below))
		case b.Below == nil:
			text = strconv.Itoa(int(*b.From)) + " and more"
		default:
			text = fmt.Sprintf("%d to %d", *b.From, *b.Below-1)
		}
		rows = append(rows, []any{text, percent(b.Stated), percent(b.Right.Rate()), of(b.Right), within(b.Right)})
	}
	p.table("scores of takeovers: what they state and what came true, in percent", texts("score", "stated", "true", "right", "from_to"), rows)
}

func (p *printedQuality) roles() {
	var rows [][]any
	for _, r := range p.r.Roles {
		rows = append(rows, []any{r.Role, r.Accounts, r.Confirmed, r.Probable, r.Possible, r.NotNamed})
	}
	p.table("what accounts are, and are called as entered", append(texts("role"), ints("accounts", "confirmed", "probable", "possible", "not_named")...), rows)
}

// shownRows is how many rows of a long list are shown; --json has all.
const shownRows = 12

func (p *printedQuality) vectors() {
	var rows [][]any
	for _, v := range p.r.Vectors {
		rows = append(rows, []any{v.Vector, percent(v.Takeovers.Rate()), of(v.Takeovers), within(v.Takeovers), percent(v.Victims.Rate()), of(v.Victims), percent(v.Right.Rate()), of(v.Right)})
	}
	p.table("true ways in: accounts found, victims found, way in right", texts("way_in", "entered", "found", "from_to", "robbed", "robbed_found", "way", "way_right"), rows)
	rows = nil
	for _, c := range p.r.Confusion {
		rows = append(rows, []any{c.True, c.Said, c.Accounts})
	}
	p.table("ways in, true and said", append(texts("true", "said"), ints("accounts")...), rows)
	rows = nil
	for i, c := range p.r.Campaigns {
		if i < shownRows {
			rows = append(rows, []any{c.Campaign, c.Said, of(c.Entered), c.True, of(c.Agree)})
		}
	}
	p.table("campaigns of the case"+more(len(p.r.Campaigns)), texts("campaign_id", "said", "entered", "true", "agree"), rows)
}

// more says how many rows of a list are shown, if not all.
func more(n int) string {
	if n <= shownRows {
		return ""
	}
	return fmt.Sprintf(" (%d of %d)", shownRows, n)
}

func (p *printedQuality) lookalikes() {
	var rows [][]any
	for i, l := range p.r.Lookalikes {
		if i < 2*shownRows {
			rows = append(rows, []any{l.Kind, l.Named.Whole, l.Named.Part, within(l.Named), l.Possible.Part})
		}
	}
	p.table("honest accounts that look like a takeover: how many are named",
		slices.Concat(texts("lookalike"), ints("accounts", "named"), texts("percent_from_to"), ints("possible")), rows)
}

func (p *printedQuality) differences() {
	var rows [][]any
	for i, d := range p.r.Differences {
		if i < shownRows {
			rows = append(rows, []any{d.Account, d.Role, d.Tier, d.Kind, d.Said, d.True, d.Currency})
		}
	}
	p.table("accounts that differ, most money first"+more(len(p.r.Differences)),
		slices.Concat(texts("account_id", "role", "tier", "difference"), ints("said", "true"), texts("currency")), rows)
}
