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
	r := lineReader{codes: map[string][]string{}}
	for name, to := range r.columns() {
		if at, ok := t.Schema().Find(name); ok {
			*to = t.Cells(at)
		}
	}
	lines := make([]ledger.Line, t.Rows())
	for row := range lines {
		if err := r.read(&lines[row], row); err != nil {
			return nil, fmt.Errorf("table %s: row %d: %w", t.Schema().Name, row+1, err)
		}
	}
	return lines, nil
}

// A lineReader makes lines of rows. There can be millions, so what repeats is
// kept once.
type lineReader struct {
	id, account, txns, component, channel, currency, tier, status, reasons, payer, funding, validation *table.Cells
	gross, returned, amount, earlier, payable, charged                                                 *table.Cells

	codes map[string][]string // reasons as they are written
	txn   []string            // room for transactions
}

func (r *lineReader) columns() map[string]**table.Cells {
	return map[string]**table.Cells{"refund_id": &r.id, "account_id": &r.account, "txn_id": &r.txns, "component": &r.component,
		"channel": &r.channel, "currency": &r.currency, "tier": &r.tier, "status": &r.status, "reasons": &r.reasons, "payer": &r.payer,
		"funding_ref": &r.funding, "validation": &r.validation, "gross": &r.gross, "returned": &r.returned, "amount": &r.amount,
		"earlier": &r.earlier, "payable": &r.payable, "charged_at": &r.charged}
}

func (r *lineReader) read(l *ledger.Line, row int) error {
	var ok [5]bool
	l.Component, ok[0] = refund.ParseComponent(r.component.Text(row))
	l.Channel, ok[1] = refund.ParseChannel(r.channel.Text(row))
	l.Status, ok[2] = refund.ParseStatus(r.status.Text(row))
	l.Tier, ok[3] = takeover.ParseTier(r.tier.Text(row))
	l.Currency, ok[4] = currencyOf(r.currency.Text(row))
	for i, cells := range [...]*table.Cells{r.component, r.channel, r.status, r.tier, r.currency} {
		if !ok[i] {
			return fmt.Errorf("column %s: %.40q is none that is known", cells.Column().Name, cells.Text(row))
		}
	}
	l.ID, l.Account, l.Payer, l.FundingRef = r.id.Text(row), r.account.Text(row), r.payer.Text(row), r.funding.Text(row)
	l.Txns, l.Reasons = r.split(r.txns.Text(row)), r.reasonsOf(r.reasons.Text(row))
	l.Gross, l.Returned, l.Amount = r.gross.Int(row), r.returned.Int(row), r.amount.Int(row)
	if l.Amount != l.Gross-l.Returned {
		return fmt.Errorf("amount %d is not gross %d less returned %d", l.Amount, l.Gross, l.Returned)
	}
	l.Payable = l.Amount
	if r.payable == nil {
		return nil
	}
	var known bool
	if l.Validation, known = ledger.ParseValidation(r.validation.Text(row)); !known {
		return fmt.Errorf("column validation: %.40q is none that is known", r.validation.Text(row))
	}
	l.Earlier, l.Payable = r.earlier.Int(row), r.payable.Int(row)
	if l.Payable != l.Amount-l.Earlier {
		return fmt.Errorf("payable %d is not amount %d less earlier %d", l.Payable, l.Amount, l.Earlier)
	}
	if !r.charged.Null(row) {
		l.ChargedAt = r.charged.Int(row)
	}
	return nil
}

// currencyOf is money.ParseCurrency without a copy of the code.
func currencyOf(code string) (money.Currency, bool) {
	var b [4]byte
	if len(code) > len(b) {
		return 0, false
	}
	return money.ParseCurrency(b[:copy(b[:], code)])
}

// split returns the transactions of a line, in room that lines share.
func (r *lineReader) split(joined string) []string {
	const room = 1 << 12
	if joined == "" {
		return nil
	}
	n := strings.Count(joined, ";") + 1
	if cap(r.txn)-len(r.txn) < n {
		r.txn = make([]string, 0, max(n, room))
	}
	start := len(r.txn)
	for part := range strings.SplitSeq(joined, ";") {
		r.txn = append(r.txn, part)
	}
	return r.txn[start:len(r.txn):len(r.txn)]
}

// maxReasons bounds the lists of reasons that lines share.
const maxReasons = 1 << 16

// reasonsOf returns the reasons of a line, which lines may share.
func (r *lineReader) reasonsOf(joined string) []string {
	if joined == "" {
		return nil
	}
	codes, ok := r.codes[joined]
	if !ok {
		joined = strings.Clone(joined)
		codes = strings.Split(joined, ";")
		codes = codes[:len(codes):len(codes)]
		if len(r.codes) < maxReasons {
			r.codes[joined] = codes
		}
	}
	return codes
}
