package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/closeout"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// A Holding is a row of a balance export.
type Holding struct {
	Account  string
	Currency money.Currency
	Amount   int64
}

// ReadHoldings reads a balance export: CSV with account_id, balance in the digits
// of its currency, and currency where none was told. An account may stand once in
// a currency and at one end. It is the file that analyze reads: with a column at,
// rows of an opening are those before the first row of the log, all others those
// at the end of the service. An as_of that is another instant is a bad row.
func ReadHoldings(name string, r io.Reader, told money.Currency, closing int64) (closings, openings []Holding, bad []BadRow, err error) {
	needed := []string{"account_id", "balance"}
	if told == 0 {
		needed = append(needed, "currency")
	}
	l, err := openList(name, r, needed...)
	if err != nil {
		return nil, nil, nil, err
	}
	type key struct {
		account string
		c       money.Currency
		opening bool
	}
	line := map[key]int{}
	for {
		ok, err := l.next()
		if err != nil {
			return nil, nil, nil, err
		}
		if !ok {
			return closings, openings, l.bad, nil
		}
		b, opening, ok := l.holding(told, closing)
		if !ok {
			continue
		}
		k := key{b.Account, b.Currency, opening}
		if before, twice := line[k]; twice {
			// Which is right is not known, so the file as a whole is not.
			return nil, nil, nil, fmt.Errorf("%s: line %d: the account has a balance in %s on line %d already", name, l.records.Line(), b.Currency, before)
		}
		line[k] = l.records.Line()
		if opening {
			openings = append(openings, b)
		} else {
			closings = append(closings, b)
		}
	}
}

// holding reads a row.
func (l *list) holding(told money.Currency, closing int64) (b Holding, opening, ok bool) {
	if b.Account = l.text("account_id"); b.Account == "" {
		l.reject("account_id", "is empty")
		return b, false, false
	}
	switch at := l.word("at"); at {
	case "", "closing":
	case "opening":
		opening = true
	default:
		l.reject("at", fmt.Sprintf("%q is neither opening nor closing", discreet.Shown(at)))
		return b, false, false
	}
	if text := strings.TrimSpace(l.text("as_of")); text != "" {
		as, ok := l.when("as_of", time.UTC)
		if ok && (opening || as != closing) {
			l.reject("as_of", fmt.Sprintf("%q is not the end of the service", discreet.Shown(text)))
		}
		if !ok || opening || as != closing {
			return b, false, false
		}
	}
	if b.Currency, ok = l.currency(told); !ok {
		return b, false, false
	}
	b.Amount, ok = l.decimal("balance", b.Currency)
	return b, opening, ok
}

var checkWords = map[string]closeout.Check{"": closeout.Open, "open": closeout.Open, "pending": closeout.Open,
	"ok": closeout.Passed, "passed": closeout.Passed, "yes": closeout.Passed,
	"failed": closeout.Failed, "refused": closeout.Failed, "no": closeout.Failed}

// ReadClaims reads the claims that were received: CSV with account_id,
// claimed_at (a time, or a day of the zone) and payee_check (ok, failed, or open
// where it is empty or missing).
func ReadClaims(name string, r io.Reader, zone *time.Location) (claims []closeout.Claim, bad []BadRow, err error) {
	l, err := openList(name, r, "account_id", "claimed_at")
	if err != nil {
		return nil, nil, err
	}
	for {
		ok, err := l.next()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return claims, l.bad, nil
		}
		c := closeout.Claim{Account: l.text("account_id"), Line: int64(l.records.Line())}
		if c.Account == "" {
			l.reject("account_id", "is empty")
			continue
		}
		if c.At, ok = l.when("claimed_at", zone); !ok {
			continue
		}
		if c.Check, ok = checkWords[l.word("payee_check")]; !ok {
			l.reject("payee_check", fmt.Sprintf("%q is none of ok, failed, open", discreet.Shown(l.text("payee_check"))))
			continue
		}
		claims = append(claims, c)
	}
}

// exportedSchema is the table of what a run of closeout exported for payment. It
// is read back by later runs, so that nothing is paid twice.
var exportedSchema = table.Schema{
	Name: "exported", Doc: "a payment that was exported; give the file to later runs with --paid",
	Columns: []table.Column{
		col("export_id", table.Text, "name of the payment in the payout file"),
		col("closeout_id", table.Text, "line of the book that it pays"),
		col("account_id", table.Text, docAccount),
		col("amount", table.Amount, docMinor),
		col("currency", table.Code, docCurrency),
		col("pay_on", table.Code, "day on which it is to be paid"),
	},
}

// ReadExported reads a file of earlier exports. Nothing in it may be damaged.
func ReadExported(name string, r io.Reader) ([]closeout.Paid, error) {
	t, err := csvfile.Read(r, exportedSchema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	cells := func(column string) *table.Cells { i, _ := exportedSchema.Find(column); return t.Cells(i) }
	var paid []closeout.Paid
	for row := range t.Rows() {
		p := closeout.Paid{Export: cells("export_id").Text(row), ID: cells("closeout_id").Text(row),
			Account: cells("account_id").Text(row), Amount: cells("amount").Int(row)}
		var ok [2]bool
		p.Currency, ok[0] = money.ParseCurrency([]byte(cells("currency").Text(row)))
		p.On, ok[1] = calendar.ParseDay(cells("pay_on").Text(row))
		if !ok[0] || !ok[1] || p.Amount <= 0 || p.Export == "" || p.Account == "" {
			return nil, fmt.Errorf("%s: row %d: is no payment that was exported", name, row+1)
		}
		paid = append(paid, p)
	}
	return paid, nil
}

// ExportedTable returns payments as a table.
func ExportedTable(paid []closeout.Paid) (*table.Table, error) {
	t := table.New(exportedSchema, len(paid))
	row := t.Appender()
	for i := range paid {
		p := &paid[i]
		row.Text(p.Export)
		row.Text(p.ID)
		row.Text(p.Account)
		row.Amount(p.Amount)
		row.Code(p.Currency.String())
		row.Code(p.On.String())
		row.End()
	}
	return t, t.Validate()
}

var balancesSchema = table.Schema{
	Name: "balances", Doc: "what an account holds in a currency when the service ends, and where it stands; no compensation in it",
	Columns: []table.Column{
		col("closeout_id", table.Text, "the same for the same account and currency in every run"),
		col("account_id", table.Text, docAccount),
		col("currency", table.Code, docCurrency),
		col("balance", table.Amount, "what holds: the export's where there is one, else the log's; set_aside and due, "+docMinor),
		col("set_aside", table.Amount, "fraudulent money in it, "+docMinor),
		col("due", table.Amount, "the holder's, "+docMinor),
		col("state", table.Code, "where what is due stands: "+stateCodes()),
		maybe("claimed_at", table.Time, "first claim"),
		col("paid", table.Amount, "by earlier exports, "+docMinor),
		col("payable", table.Amount, "to be paid now, "+docMinor),
		maybe("rolled", table.Amount, "balance rolled forward from the payment log, "+docMinor),
		maybe("exported", table.Amount, "balance of the export, "+docMinor),
		col("reasons", table.Text, docReasons),
	},
}

func stateCodes() string {
	var codes []string
	for _, s := range closeout.States() {
		codes = append(codes, s.String())
	}
	return strings.Join(codes, ", ")
}

// CloseoutTable returns the lines of a book as a table.
func CloseoutTable(b *closeout.Book) (*table.Table, error) {
	t := table.New(balancesSchema, len(b.Lines))
	row := t.Appender()
	for i := range b.Lines {
		l := &b.Lines[i]
		row.Text(l.ID)
		row.Text(l.Account)
		row.Code(l.Currency.String())
		row.Amount(l.Balance)
		row.Amount(l.SetAside)
		row.Amount(l.Due)
		row.Code(l.State.String())
		if l.ClaimedAt == 0 && l.Claims == 0 {
			row.Null()
		} else {
			row.Time(l.ClaimedAt)
		}
		row.Amount(l.Paid)
		row.Amount(l.Payable)
		orNull(row, l.Rolled, l.InLog || l.Rolled != 0)
		orNull(row, l.Exported, l.Listed)
		row.Text(l.Reasons.String())
		row.End()
	}
	return t, t.Validate()
}

func orNull(row *table.Appender, minor int64, known bool) {
	if !known {
		row.Null()
		return
	}
	row.Amount(minor)
}

var differencesSchema = table.Schema{
	Name: "differences", Doc: "an account whose exported balance is not what the payment log leads to",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		col("currency", table.Code, docCurrency),
		col("rolled", table.Amount, "balance rolled forward from the payment log, "+docMinor),
		col("exported", table.Amount, "balance of the export, 0 where it has none, "+docMinor),
		col("difference", table.Amount, "exported less rolled, "+docMinor),
		col("reasons", table.Text, "why, if it can be said; "+docReasons),
	},
}

// DifferencesTable returns the lines of a book whose two balances differ.
func DifferencesTable(b *closeout.Book) (*table.Table, error) {
	t := table.New(differencesSchema, 0)
	row := t.Appender()
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Difference == 0 {
			continue
		}
		row.Text(l.Account)
		row.Code(l.Currency.String())
		row.Amount(l.Rolled)
		row.Amount(l.Exported)
		row.Amount(l.Difference)
		row.Text(l.Reasons.String())
		row.End()
	}
	return t, t.Validate()
}

var claimsSchema = table.Schema{
	Name: "claims", Doc: "a claim that was received, and what became of it",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		col("claimed_at", table.Time, "when it was received"),
		col("outcome", table.Code, "accepted, early, late, again, nothing_left, unknown_account"),
		col("line", table.Int, "of the list of claims"),
	},
}

// ReceivedTable returns the claims of a book as a table.
func ReceivedTable(b *closeout.Book) (*table.Table, error) {
	t := table.New(claimsSchema, len(b.Claims))
	row := t.Appender()
	for i := range b.Claims {
		c := &b.Claims[i]
		row.Text(c.Account)
		row.Time(c.At)
		row.Code(c.Outcome.String())
		row.Int(c.Line)
		row.End()
	}
	return t, t.Validate()
}

var daysSchema = table.Schema{
	Name: "days", Doc: "a day on which something was claimed or paid, and the first and last day of the window",
	Columns: []table.Column{
		col("day", table.Code, "of the service's zone"),
		col("currency", table.Code, docCurrency),
		col("claims", table.Int, "lines that were first claimed on the day"),
		col("claimed", table.Amount, "what is due on them, "+docMinor),
		col("paid", table.Amount, "to be paid on the day by earlier exports, "+docMinor),
		col("claimed_so_far", table.Amount, "up to the end of the day, "+docMinor),
		col("paid_so_far", table.Amount, "up to the end of the day, "+docMinor),
		col("unclaimed", table.Amount, "of what can be claimed, at the end of the day, "+docMinor),
		col("unpaid", table.Amount, "claimed less paid, at the end of the day, "+docMinor),
	},
}

// DaysTable returns the days of a book as a table.
func DaysTable(b *closeout.Book) (*table.Table, error) {
	t := table.New(daysSchema, len(b.Days))
	row := t.Appender()
	for i := range b.Days {
		d := &b.Days[i]
		row.Code(d.Day.String())
		row.Code(d.Currency.String())
		row.Int(d.Claims)
		row.Amount(d.Claimed)
		row.Amount(d.Paid)
		row.Amount(d.AllClaimed)
		row.Amount(d.AllPaid)
		row.Amount(d.Unclaimed)
		row.Amount(d.Unpaid)
		row.End()
	}
	return t, t.Validate()
}

// CloseoutSchemas lists the tables that closeout writes.
func CloseoutSchemas() []table.Schema {
	return []table.Schema{balancesSchema, differencesSchema, claimsSchema, daysSchema, exportedSchema, badSchema}
}

// A CommandTable is a table that a command besides analyze and refunds writes.
type CommandTable struct {
	Command string
	table.Schema
}

// CommandTables lists the tables of commands that write folders and files of their
// own. Names are unique within a command only.
func CommandTables() []CommandTable {
	var all []CommandTable
	for _, c := range []struct {
		name    string
		schemas []table.Schema
	}{
		{"claims", []table.Schema{ClaimsSchema, RecognisedSchema, DecisionsSchema, ClaimRejectsSchema}},
		{"diff", []table.Schema{BridgeSchema}},
		{"closeout", CloseoutSchemas()},
		{"refunds requests", []table.Schema{requestsSchema, requestSchema}},
		{"refunds answers", []table.Schema{returnedSchema}},
		{"refunds provision", []table.Schema{journalSchema}},
		{"refunds notices", []table.Schema{customersSchema, publicSchema}},
		{"indicators", []table.Schema{indicatorsSchema, freezeSchema, cameraSchema, evidenceSchema}},
	} {
		for _, s := range c.schemas {
			all = append(all, CommandTable{c.name, s})
		}
	}
	return all
}

// BadTable returns bad rows as a table.
func BadTable(bad []BadRow) (*table.Table, error) {
	t := badTable(bad)
	return t, t.Validate()
}

// A CloseoutSummary is every figure of a book. Amounts are in minor units.
type CloseoutSummary struct {
	SchemaVersion int              `json:"schema_version"`
	Window        CloseoutWindow   `json:"window"`
	Balances      string           `json:"balances"` // what holds: the export or the log
	Money         []CloseoutMoney  `json:"money"`
	Claims        map[string]int64 `json:"claims"`  // by outcome
	Reasons       map[string]int64 `json:"reasons"` // lines by reason
	Lines         int              `json:"lines"`
	Empty         int64            `json:"empty_wallets"`
	RowsAfter     int64            `json:"rows_after_the_end"`
	LogEnds       string           `json:"log_ends_at,omitempty"`
	Missing       int              `json:"days_without_log"` // last days of the service of which the log has no row
	Rejected      int              `json:"rejected_rows"`
	Rows          RowCounts        `json:"rows"`
}

// A CloseoutWindow is the statutory window. All days are whole days of the zone,
// both ends included.
type CloseoutWindow struct {
	Zone      string `json:"zone"`
	Ends      string `json:"service_ends"`
	BalanceAt string `json:"balances_at"`
	Notice    string `json:"notice_at_the_latest"`
	First     string `json:"first_day"`
	Last      string `json:"last_day"`
	Days      int    `json:"days"`
	Least     int    `json:"least_days_by_law"`
}

// A CloseoutMoney adds up one currency.
type CloseoutMoney struct {
	Currency    string           `json:"currency"`
	Balance     int64            `json:"balance"`
	SetAside    int64            `json:"set_aside"`
	Clawback    int64            `json:"clawback_of_case"` // more than set_aside: the rest is gone, or stands in exceptions
	Claimed     int64            `json:"claimed"`
	Late        int64            `json:"late"`
	Unclaimed   int64            `json:"unclaimed"`
	Points      int64            `json:"points"`
	Exception   int64            `json:"exception"`
	Lines       map[string]int64 `json:"lines"` // by state; all: those that hold something
	Paid        int64            `json:"paid"`
	PaidLines   int64            `json:"paid_lines"`
	Payable     int64            `json:"payable"`
	PayLines    int64            `json:"payable_lines"`
	Rolled      int64            `json:"rolled"`
	Exported    int64            `json:"exported"`
	Differ      int64            `json:"differences"`
	Unexplained int64            `json:"unexplained"`
	Opening     int64            `json:"opening"`
	ByKind      map[string]int64 `json:"moved_by"` // what rows of each kind did to the wallets
}

// SummarizeCloseout draws up the summary of a book.
func SummarizeCloseout(b *closeout.Book, roll *closeout.Roll, sources []event.Source, bad int) *CloseoutSummary {
	w := &b.Options.Window
	s := &CloseoutSummary{SchemaVersion: SummaryVersion, Balances: "log", Money: []CloseoutMoney{}, Claims: map[string]int64{}, Reasons: map[string]int64{},
		Lines: len(b.Lines), Empty: b.Empty, RowsAfter: roll.After, Rejected: bad,
		Window: CloseoutWindow{Zone: w.Zone().String(), Ends: w.Ends.String(), BalanceAt: stamp(w.Closing()), Notice: w.Notice.String(),
			First: w.First.String(), Last: w.Last.String(), Days: w.Days, Least: closeout.LeastDays}}
	if b.Options.Export {
		s.Balances = "export"
	}
	if roll.Last != 0 {
		s.LogEnds, s.Missing = stamp(roll.Last), w.Missing(roll.Last)
	}
	for i := range b.Lines {
		for _, r := range closeout.AllReasons() {
			if b.Lines[i].Reasons.Has(r) {
				s.Reasons[r.String()]++
			}
		}
	}
	for i := range b.Claims {
		s.Claims[b.Claims[i].Outcome.String()]++
	}
	for i := range b.Totals {
		t := &b.Totals[i]
		m := CloseoutMoney{Currency: t.Currency.String(), Balance: t.Balance, SetAside: t.SetAside, Clawback: t.Clawback,
			Claimed: t.ByState[closeout.Claimed].Amount, Late: t.ByState[closeout.ClaimedLate].Amount,
			Unclaimed: t.ByState[closeout.Unclaimed].Amount, Points: t.ByState[closeout.PointsKept].Amount,
			Exception: t.ByState[closeout.Exception].Amount, Lines: map[string]int64{"all": t.Lines, "set_aside": t.Aside},
			Paid: t.Paid, PaidLines: t.PaidLines, Payable: t.Payable, PayLines: t.PayLines, Rolled: t.Rolled, Exported: t.Exported,
			Differ: t.Differ, Unexplained: t.Unexplained, Opening: t.Rolled, ByKind: map[string]int64{}}
		for _, state := range closeout.States() {
			m.Lines[state.String()] = t.ByState[state].Lines
		}
		for j := range roll.Flows {
			if f := &roll.Flows[j]; f.Currency == t.Currency {
				m.Opening = t.Rolled - f.Wallets
				for k, moved := range f.ByKind {
					if moved != 0 {
						m.ByKind[event.Kind(k).String()] = moved
					}
				}
			}
		}
		s.Money = append(s.Money, m)
	}
	for i := range sources {
		e := &sources[i]
		s.Rows.Read += e.Read
		s.Rows.Accepted += e.Accepted
		s.Rows.Rejected += e.Rejected
		s.Rows.Duplicates += e.Duplicates
		s.Rows.Repeats += e.Repeats
	}
	return s
}
