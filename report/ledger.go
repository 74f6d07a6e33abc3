package report

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
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

// linesOf returns the lines of a table of refunds or of a ledger.
func linesOf(t *table.Table) ([]ledger.Line, error) {
	r := &lineReader{lines: make([]ledger.Line, 0, t.Rows())}
	if err := r.add(t); err != nil {
		return nil, err
	}
	return r.lines, nil
}

// ReadLedger reads a ledger as CSV, as LedgerTable makes it.
func ReadLedger(r io.Reader) ([]ledger.Line, error) { return readLines(r, LedgerSchema) }

// pieceRows is how many rows of a large table are held as such at once.
const pieceRows = 16 << 10

// readLines reads a table of refunds or of a ledger as CSV.
func readLines(r io.Reader, s table.Schema) ([]ledger.Line, error) {
	lines := &lineReader{}
	err := csvfile.ReadEach(r, s, pieceRows, lines.add)
	return lines.lines, err
}

// ledgerCells say how each column of LedgerSchema is made of a line.
var ledgerCells = [...]func(c *table.Cells, l *ledger.Line){
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.ID) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Account) },
	func(c *table.Cells, l *ledger.Line) { textOrNull(c, strings.Join(l.Txns, ";")) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Component.String()) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Channel.String()) },
	func(c *table.Cells, l *ledger.Line) { c.AppendInt(l.Gross) },
	func(c *table.Cells, l *ledger.Line) { c.AppendInt(l.Returned) },
	func(c *table.Cells, l *ledger.Line) { c.AppendInt(l.Amount) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Currency.String()) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Tier.String()) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Status.String()) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(strings.Join(l.Reasons, ";")) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Payer) },
	func(c *table.Cells, l *ledger.Line) { textOrNull(c, l.FundingRef) },
	func(c *table.Cells, l *ledger.Line) { c.AppendText(l.Validation.String()) },
	func(c *table.Cells, l *ledger.Line) { c.AppendInt(l.Earlier) },
	func(c *table.Cells, l *ledger.Line) { c.AppendInt(l.Payable) },
	func(c *table.Cells, l *ledger.Line) {
		if l.ChargedAt == 0 {
			c.AppendNull()
		} else {
			c.AppendInt(l.ChargedAt)
		}
	},
}

func textOrNull(c *table.Cells, s string) {
	if s == "" {
		c.AppendNull()
	} else {
		c.AppendText(s)
	}
}

// LedgerTable returns lines as a table.
func LedgerTable(lines []ledger.Line) (*table.Table, error) {
	t := table.New(LedgerSchema, len(lines))
	fillLedger(t, lines)
	return t, t.Validate()
}

// fillLedger fills the first columns of a table, those of LedgerSchema.
func fillLedger(t *table.Table, lines []ledger.Line) {
	for i, cell := range ledgerCells {
		for k := range lines {
			cell(t.Cells(i), &lines[k])
		}
	}
}

// LedgerStream returns lines as a table that is never held whole.
func LedgerStream(lines []ledger.Line) table.Stream {
	return table.Stream{Schema: LedgerSchema, Rows: len(lines), Pieces: func(yield func(*table.Table, error) bool) {
		for piece := range slices.Chunk(lines, pieceRows) {
			if !yield(LedgerTable(piece)) {
				return
			}
		}
	}}
}

// ledgerHash returns the canonical hash of lines as a ledger, in hexadecimal.
func ledgerHash(lines []ledger.Line) string {
	h := table.NewHasher(LedgerSchema, len(lines))
	for i, cell := range ledgerCells {
		h.Column(LedgerSchema.Columns[i])
		column := table.Schema{Name: LedgerSchema.Name, Columns: LedgerSchema.Columns[i : i+1]}
		for piece := range slices.Chunk(lines, pieceRows) {
			t := table.New(column, len(piece))
			for k := range piece {
				cell(t.Cells(0), &piece[k])
			}
			h.Cells(t.Cells(0))
		}
	}
	sum := h.Sum()
	return hex.EncodeToString(sum[:])
}

// A lineReader makes lines of rows of refunds or of a ledger. There can be
// millions, so what repeats is kept once.
type lineReader struct {
	lines []ledger.Line

	id, account, txns, component, channel, currency, tier, status, reasons, payer, funding, validation *table.Cells
	gross, returned, amount, earlier, payable, charged                                                 *table.Cells

	codes map[string][]string // reasons as they are written
	txn   []string            // room for transactions
}

// add adds the lines of a table.
func (r *lineReader) add(t *table.Table) error {
	for name, to := range r.columns() {
		if at, ok := t.Schema().Find(name); ok {
			*to = t.Cells(at)
		}
	}
	for row := range t.Rows() {
		var l ledger.Line
		if err := r.read(&l, row); err != nil {
			return fmt.Errorf("table %s: row %d: %w", t.Schema().Name, len(r.lines)+1, err)
		}
		r.lines = append(r.lines, l)
	}
	return nil
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
			return fmt.Errorf("column %s: %q is none that is known", cells.Column().Name, discreet.Shown(cells.Text(row)))
		}
	}
	l.ID, l.Account, l.Payer, l.FundingRef = r.id.Text(row), r.account.Text(row), r.payer.Text(row), r.funding.Text(row)
	l.Txns, l.Reasons = r.split(r.txns.Text(row)), r.reasonsOf(r.reasons.Text(row))
	l.Gross, l.Returned, l.Amount = r.gross.Int(row), r.returned.Int(row), r.amount.Int(row)
	if d, err := money.Sub(l.Gross, l.Returned); err != nil || l.Amount != d {
		return fmt.Errorf("amount %d is not gross %d less returned %d", l.Amount, l.Gross, l.Returned)
	}
	l.Payable = l.Amount
	if r.payable == nil {
		return nil
	}
	var known bool
	if l.Validation, known = ledger.ParseValidation(r.validation.Text(row)); !known {
		return fmt.Errorf("column validation: %q is none that is known", discreet.Shown(r.validation.Text(row)))
	}
	l.Earlier, l.Payable = r.earlier.Int(row), r.payable.Int(row)
	if d, err := money.Sub(l.Amount, l.Earlier); err != nil || l.Payable != d {
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
		codes = split(joined)
		codes = codes[:len(codes):len(codes)]
		if r.codes == nil {
			r.codes = map[string][]string{}
		}
		if len(r.codes) < maxReasons {
			r.codes[joined] = codes
		}
	}
	return codes
}

// split returns codes that are joined by ";".
func split(codes string) []string {
	if codes == "" {
		return nil
	}
	return strings.Split(codes, ";")
}
