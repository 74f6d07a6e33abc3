package report

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
)

// BridgeSchema is the table of a bridge: old totals, steps and new totals. In
// every currency and tier, the rows before the new totals add up to them.
var BridgeSchema = table.Schema{
	Name: "bridge", Doc: "a row of the bridge from one estimate to the next; the rows of a currency and tier before its new total add up to it",
	Columns: []table.Column{
		col("bridge", table.Int, "number of the bridge, from 1, where several estimates follow each other"),
		col("change", table.Code, "old (a total), entered, left, tier, amount, new (a total)"),
		col("reason", table.Code, "why; paytriage diff --help lists all"),
		maybe("account_id", table.Text, docAccount),
		maybe("tier", table.Code, docTier+", or by_decision (possible by the evidence, and a person confirmed it); empty in lists that know none"),
		col("accounts", table.Int, "victims that the row adds to the tier"),
		col("amount", table.Amount, "money that it adds, "+docMinor),
		col("currency", table.Code, docCurrency),
		maybe("detail", table.Text, "the evidence"),
	},
}

// BridgeTable returns bridges as a table.
func BridgeTable(list []*bridge.Bridge) (*table.Table, error) {
	t := table.New(BridgeSchema, 0)
	row := t.Appender()
	for n, b := range list {
		total := func(change string, all []bridge.Total) {
			for _, x := range all {
				bridgeRow(row, n, change, "", "", x.Tier, x.Accounts, x.Amount, x.Currency, "")
			}
		}
		total("old", b.From)
		for _, r := range b.Rows() {
			bridgeRow(row, n, r.Change.String(), r.Reason, r.Account, r.Tier, r.Accounts, r.Amount, r.Currency, r.Detail)
		}
		total("new", b.To)
	}
	return t, t.Validate()
}

func bridgeRow(row *table.Appender, n int, change, reason, account string, tier takeover.Tier, accounts, amount int64, c money.Currency, detail string) {
	row.Int(int64(n + 1))
	row.Code(change)
	row.Code(reason)
	row.TextOrNull(account)
	row.CodeOrNull(bridge.TierWord(tier))
	row.Int(accounts)
	row.Amount(amount)
	row.Code(c.String())
	row.TextOrNull(detail)
	row.End()
}

// ReadEstimate returns the estimate of a finished case, of a ledger in a folder,
// or of a ledger as a CSV file. Cases of older versions, whose tables have fewer
// columns, are read too.
func ReadEstimate(path string) (*bridge.Estimate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &OpenError{err, "name the folder of a case, or a ledger"}
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, "victims.csv")); err == nil {
			return readCaseEstimate(path)
		}
		if _, err := os.Stat(filepath.Join(path, LedgerSchema.Name+".csv")); err != nil {
			return readCaseEstimate(path)
		}
		return readLedgerEstimate(path, filepath.Join(path, LedgerSchema.Name+".csv"))
	}
	return readLedgerEstimate(path, path)
}

// readLedgerEstimate adds the lines of a ledger up.
func readLedgerEstimate(name, file string) (*bridge.Estimate, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e := &bridge.Estimate{Name: name}
	if e.Lines, err = ReadLedger(f); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	type key struct {
		account  string
		currency money.Currency
	}
	at := map[key]int{}
	sums := []money.Sum{}
	for i := range e.Lines {
		l := &e.Lines[i]
		k := key{l.Account, l.Currency}
		n, ok := at[k]
		if !ok {
			n = len(e.Victims)
			at[k] = n
			e.Victims, sums = append(e.Victims, bridge.Victim{Account: l.Account, Currency: l.Currency}), append(sums, money.Sum{})
		}
		v := &e.Victims[n]
		v.Tier, v.Validation = max(v.Tier, l.Tier), max(v.Validation, l.Validation)
		sums[n].Add(l.Payable)
	}
	for n := range e.Victims {
		e.Victims[n].Tier = heldBy(e.Victims[n].Tier, e.Victims[n].Validation)
		if e.Victims[n].Amount, err = sums[n].Total(); err != nil {
			return nil, fmt.Errorf("%s: account %q: %w", file, event.Masked(e.Victims[n].Account), err)
		}
	}
	return e, nil
}

// asked are the columns of a case that an estimate is made of: first those that
// every version wrote, then those that some did.
var asked = map[string][2][]string{
	"victims":   {{"account_id", "tier", "net_loss", "currency"}, {"validation"}},
	"takeovers": {{"account_id", "tier", "score", "campaign_id", "takeover_at", "reasons"}, {"weight_prior", "weight_entry", "weight_visit", "weight_conduct", "weight_device", "weight_company"}},
	"decisions": {{"account_id", "txn_id", "decision", "effect"}, nil},
	"charges":   {{"txn_id", "account_id", "event_time", "kind", "amount", "currency", "status", "store_id", "tier", "source"}, nil},
	"refunds": {{"refund_id", "account_id", "txn_id", "component", "channel", "gross", "returned", "amount", "currency", "tier", "status", "reasons",
		"payer", "funding_ref"}, nil},
}

// readAsked reads the columns of a table of a case that are asked for, as far as
// the version wrote them.
func readAsked(dir, name string) (*table.Table, error) {
	if _, err := ReadManifest(dir); err != nil {
		return nil, err
	}
	t, err := readColumns(dir, name, slices.Concat(asked[name][0], asked[name][1]))
	if errors.Is(err, table.ErrMissing) {
		return readColumns(dir, name, asked[name][0])
	}
	return t, err
}

// readColumns reads columns of a table, from whichever format it has.
func readColumns(dir, name string, columns []string) (*table.Table, error) {
	at := slices.IndexFunc(Schemas(), func(s table.Schema) bool { return s.Name == name })
	s := Schemas()[at]
	s.Columns = slices.DeleteFunc(slices.Clone(s.Columns), func(c table.Column) bool { return !slices.Contains(columns, c.Name) })
	f, err := OpenIn(dir, name+".csv")
	if err == nil {
		defer f.Close()
		return csvfile.Read(f, s)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if f, err = OpenIn(dir, name+".parquet"); err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return parquetfile.Read(f, info.Size(), s)
}

// readCaseEstimate reads a case as an estimate.
func readCaseEstimate(dir string) (*bridge.Estimate, error) {
	m, err := ReadManifest(dir)
	if err == nil {
		err = m.WithIDs(dir)
	}
	if err != nil {
		return nil, err
	}
	e := &bridge.Estimate{Name: dir, Policy: m.PolicyHash, Version: m.Version, Inputs: []bridge.Input{},
		Charges: map[bridge.Txn]bridge.Charge{}, Takeovers: map[string]bridge.Takeover{}}
	for _, in := range m.Inputs {
		e.Inputs = append(e.Inputs, bridge.Input{Name: in.Name, Role: in.Role, SHA256: in.SHA256})
	}
	s, err := ReadSummary(dir)
	if err != nil {
		return nil, err
	}
	e.From, e.To = paymentsRange(s)
	e.Part = partOf(s)
	for _, read := range []struct {
		table string
		row   func(e *bridge.Estimate, t *namedCells, row int) error
	}{{"victims", victimOf}, {"takeovers", takeoverOf}, {"charges", chargeOf}} {
		t, err := readAsked(dir, read.table)
		if err != nil {
			return nil, err
		}
		x := newNamedCells(t)
		for row := range t.Rows() {
			if err := read.row(e, x, row); err != nil {
				return nil, fmt.Errorf("%s: table %s: row %d: %w", dir, read.table, row+1, err)
			}
		}
	}
	if e.Decisions, err = decisionsOf(dir, m); err != nil {
		return nil, err
	}
	t, err := readAsked(dir, refundsSchema.Name)
	if err != nil {
		return nil, err
	}
	if e.Lines, err = linesOf(t); err != nil {
		return nil, err
	}
	return e, sameTotals(e, s)
}

// A SumError says that the tables of a case do not add up to its summary.
type SumError struct{ Problem string }

func (e *SumError) Error() string { return e.Problem }

// sameTotals makes sure that the victims add up to what the summary says.
func sameTotals(e *bridge.Estimate, s *Summary) error {
	type key struct {
		currency string
		tier     takeover.Tier
	}
	sums := map[key]*money.Sum{}
	for i := range e.Victims {
		v := &e.Victims[i]
		k := key{v.Currency.String(), v.Tier}
		if sums[k] == nil {
			sums[k] = &money.Sum{}
		}
		sums[k].Add(v.Amount)
	}
	for _, m := range s.Money {
		for tier, want := range map[takeover.Tier]int64{takeover.Confirmed: m.NetLossConfirmed, takeover.Probable: m.NetLossProbable,
			takeover.Possible: m.NetLossPossible, bridge.ByDecision: m.NetLossDecided} {
			var got int64
			if sum := sums[key{m.Currency, tier}]; sum != nil {
				var err error
				if got, err = sum.Total(); err != nil {
					return err
				}
			}
			if got != want {
				return &SumError{fmt.Sprintf("%s: the %s victims add up to %d %s, the summary says %d", e.Name, bridge.TierWord(tier), got, m.Currency, want)}
			}
			delete(sums, key{m.Currency, tier})
		}
	}
	for k := range sums {
		return &SumError{fmt.Sprintf("%s: the summary knows no money in %s", e.Name, k.currency)}
	}
	return nil
}

// heldBy returns the tier of an estimate of victims of a tier of the evidence.
func heldBy(t takeover.Tier, v ledger.Validation) takeover.Tier {
	if t == takeover.Possible && v != ledger.NotValidated {
		return bridge.ByDecision
	}
	return t
}

// partOf words what was read of the logs of a case, and at which times its rows
// are.
func partOf(s *Summary) string {
	var parts []string
	for i := range s.Sources {
		src := &s.Sources[i]
		text := src.Role
		if src.Range != nil {
			text += " " + src.Range.From + " " + src.Range.To
		}
		for _, why := range slices.Sorted(maps.Keys(src.LeftOut)) {
			text += fmt.Sprintf(" %s %d", why, src.LeftOut[why])
		}
		parts = append(parts, text)
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n")
}

// paymentsRange returns when the payment logs of a case begin and end, 0 where
// it has none.
func paymentsRange(s *Summary) (from, to int64) {
	for i := range s.Sources {
		src := &s.Sources[i]
		if src.Role != event.Payments.String() || src.Range == nil {
			continue
		}
		a, ok := table.ParseTime([]byte(src.Range.From))
		b, fine := table.ParseTime([]byte(src.Range.To))
		if !ok || !fine {
			continue
		}
		if from == 0 || a < from {
			from = a
		}
		to = max(to, b)
	}
	return from, to
}

// A namedCells is a table whose columns are found by name; those that it lacks are
// empty.
type namedCells struct {
	at map[string]*table.Cells
}

func newNamedCells(t *table.Table) *namedCells {
	s := &namedCells{map[string]*table.Cells{}}
	for i, c := range t.Schema().Columns {
		s.at[c.Name] = t.Cells(i)
	}
	return s
}

func (s *namedCells) text(name string, row int) string {
	if c := s.at[name]; c != nil {
		return c.Text(row)
	}
	return ""
}

func (s *namedCells) int(name string, row int) int64 {
	if c := s.at[name]; c != nil {
		return c.Int(row)
	}
	return 0
}

func (s *namedCells) tier(row int) (takeover.Tier, error) {
	t, ok := takeover.ParseTier(s.text("tier", row))
	if !ok {
		return t, fmt.Errorf("%.40q is no tier", s.text("tier", row))
	}
	return t, nil
}

func (s *namedCells) currency(row int) (money.Currency, error) {
	c, ok := money.ParseCurrency([]byte(s.text("currency", row)))
	if !ok {
		return c, fmt.Errorf("%.40q is no currency", s.text("currency", row))
	}
	return c, nil
}

func victimOf(e *bridge.Estimate, t *namedCells, row int) (err error) {
	v := bridge.Victim{Account: t.text("account_id", row), Amount: t.int("net_loss", row)}
	if v.Tier, err = t.tier(row); err != nil {
		return err
	}
	if v.Currency, err = t.currency(row); err != nil {
		return err
	}
	v.Validation, _ = ledger.ParseValidation(t.text("validation", row))
	v.Tier = heldBy(v.Tier, v.Validation)
	e.Victims = append(e.Victims, v)
	return nil
}

// codes returns codes that are joined by semicolons.
func codes(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ";")
}

func takeoverOf(e *bridge.Estimate, t *namedCells, row int) (err error) {
	x := bridge.Takeover{Score: t.int("score", row), Reasons: codes(t.text("reasons", row)), Entered: t.int("takeover_at", row), Campaign: t.text("campaign_id", row)}
	if x.Tier, err = t.tier(row); err != nil {
		return err
	}
	if t.at["weight_prior"] != nil {
		for _, name := range bridge.WeightNames {
			x.Weights = append(x.Weights, t.int("weight_"+name, row))
		}
	}
	e.Takeovers[t.text("account_id", row)] = x
	return nil
}

func chargeOf(e *bridge.Estimate, t *namedCells, row int) (err error) {
	c := bridge.Charge{Time: t.int("event_time", row), Kind: t.text("kind", row), Amount: t.int("amount", row), Status: t.text("status", row),
		Store: t.text("store_id", row), Source: t.text("source", row)}
	if c.Tier, err = t.tier(row); err != nil {
		return err
	}
	if c.Currency, err = t.currency(row); err != nil {
		return err
	}
	e.Charges[bridge.Txn{Account: t.text("account_id", row), ID: t.text("txn_id", row)}] = c
	return nil
}

// decisionsOf returns the decisions that a case was made with, as far as it follows
// them: true confirms. Older cases have no such table.
func decisionsOf(dir string, m *Manifest) (map[bridge.Txn]bool, error) {
	if !slices.ContainsFunc(m.Outputs, func(o File) bool { return strings.HasPrefix(o.Name, "decisions.") }) {
		return nil, nil
	}
	of, err := readAsked(dir, "decisions")
	if err != nil {
		return nil, err
	}
	t, all := newNamedCells(of), map[bridge.Txn]bool{}
	for row := range of.Rows() {
		if t.text("effect", row) == forensics.DecisionApplied.String() {
			all[bridge.Txn{Account: t.text("account_id", row), ID: t.text("txn_id", row)}] = t.text("decision", row) == decisionWord(true)
		}
	}
	return all, nil
}

// ReadHolding returns which decision of a file holds for each account and charge:
// true confirms.
func ReadHolding(path string) (map[bridge.Txn]bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &OpenError{err, "name the file that was given as --decisions"}
	}
	defer f.Close()
	list, err := ReadDecisions(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	holds, err := ledger.Latest(list)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	all := map[bridge.Txn]bool{}
	for of, d := range holds {
		all[bridge.Txn{Account: of.Account, ID: of.Txn}] = d.Confirm
	}
	return all, nil
}
