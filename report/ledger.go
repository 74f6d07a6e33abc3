package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// LedgerSchema is the table of a drawn-up ledger: the lines of a case as far as
// they were asked for, with what was paid before and what is left to pay.
var LedgerSchema = table.Schema{
	Name: "ledger", Doc: "a line of the ledger with what was paid before and what is left",
	Columns: slices.Concat(refundsSchema.Columns, []table.Column{
		col("validation", table.Code, "who else holds it: none, customer, issuer, operator"),
		col("earlier", table.Amount, "paid before, outside this book, "+docMinor),
		col("payable", table.Amount, "amount less earlier, "+docMinor),
		maybe("charged_at", table.Time, "first charge that the line stands on"),
	}),
}

// ReadLines returns the lines of a finished case, with nothing paid before.
func ReadLines(dir string) ([]ledger.Line, error) {
	t, err := Read(dir, refundsSchema.Name)
	if err != nil {
		return nil, err
	}
	return linesOf(t)
}

// ReadLedger reads a ledger as CSV, as LedgerTable makes it.
func ReadLedger(r io.Reader) ([]ledger.Line, error) {
	t, err := csvfile.Read(r, LedgerSchema)
	if err != nil {
		return nil, err
	}
	return linesOf(t)
}

// LedgerTable returns lines as a table.
func LedgerTable(lines []ledger.Line) (*table.Table, error) {
	t := table.New(LedgerSchema, len(lines))
	row := t.Appender()
	for i := range lines {
		ledgerRow(row, &lines[i])
		row.End()
	}
	return t, t.Validate()
}

// ledgerRow adds the cells of a line.
func ledgerRow(row *table.Appender, l *ledger.Line) {
	row.Text(l.ID)
	row.Text(l.Account)
	row.TextOrNull(strings.Join(l.Txns, ";"))
	row.Code(l.Component.String())
	row.Code(l.Channel.String())
	row.Amount(l.Gross)
	row.Amount(l.Returned)
	row.Amount(l.Amount)
	row.Code(l.Currency.String())
	row.Code(l.Tier.String())
	row.Code(l.Status.String())
	row.Text(strings.Join(l.Reasons, ";"))
	row.Code(l.Payer)
	row.TextOrNull(l.FundingRef)
	row.Code(l.Validation.String())
	row.Amount(l.Earlier)
	row.Amount(l.Payable)
	if l.ChargedAt == 0 {
		row.Null()
	} else {
		row.Time(l.ChargedAt)
	}
}

// linesOf returns the lines of a table of refunds or of a ledger.
func linesOf(t *table.Table) ([]ledger.Line, error) {
	cells := map[string]*table.Cells{}
	for i, c := range t.Schema().Columns {
		cells[c.Name] = t.Cells(i)
	}
	lines := make([]ledger.Line, t.Rows())
	for row := range lines {
		if err := readLine(&lines[row], cells, row); err != nil {
			return nil, fmt.Errorf("table %s: row %d: %w", t.Schema().Name, row+1, err)
		}
	}
	return lines, nil
}

func readLine(l *ledger.Line, cells map[string]*table.Cells, row int) error {
	text := func(name string) string { return cells[name].Text(row) }
	amount := func(name string) int64 { return cells[name].Int(row) }
	var ok [5]bool
	l.Component, ok[0] = refund.ParseComponent(text("component"))
	l.Channel, ok[1] = refund.ParseChannel(text("channel"))
	l.Status, ok[2] = refund.ParseStatus(text("status"))
	l.Tier, ok[3] = takeover.ParseTier(text("tier"))
	l.Currency, ok[4] = money.ParseCurrency([]byte(text("currency")))
	for i, name := range [...]string{"component", "channel", "status", "tier", "currency"} {
		if !ok[i] {
			return fmt.Errorf("column %s: %.40q is none that is known", name, text(name))
		}
	}
	l.ID, l.Account, l.Payer, l.FundingRef = text("refund_id"), text("account_id"), text("payer"), text("funding_ref")
	l.Txns, l.Reasons = split(text("txn_id")), split(text("reasons"))
	l.Gross, l.Returned, l.Amount = amount("gross"), amount("returned"), amount("amount")
	if l.Amount != l.Gross-l.Returned {
		return fmt.Errorf("amount %d is not gross %d less returned %d", l.Amount, l.Gross, l.Returned)
	}
	l.Payable = l.Amount
	if cells["payable"] == nil {
		return nil
	}
	var known bool
	if l.Validation, known = ledger.ParseValidation(text("validation")); !known {
		return fmt.Errorf("column validation: %.40q is none that is known", text("validation"))
	}
	l.Earlier, l.Payable = amount("earlier"), amount("payable")
	if l.Payable != l.Amount-l.Earlier {
		return fmt.Errorf("payable %d is not amount %d less earlier %d", l.Payable, l.Amount, l.Earlier)
	}
	if !cells["charged_at"].Null(row) {
		l.ChargedAt = amount("charged_at")
	}
	return nil
}

func split(codes string) []string {
	if codes == "" {
		return nil
	}
	return strings.Split(codes, ";")
}
