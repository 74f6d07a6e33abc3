package report

import (
	"slices"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/report/table"
)

// TotalsSchema is the table of control totals of a drawn-up ledger.
var TotalsSchema = table.Schema{
	Name: "totals", Doc: "a control total: the lines of one part that have something in common, in one currency",
	Columns: []table.Column{
		col("part", table.Code, "case (all lines), ledger (those that were asked for) or left_out (the rest): case = ledger + left_out"),
		col("by", table.Code, "what the lines have in common: all, action, status, channel, tier, day (of the first charge, UTC)"),
		col("value", table.Code, "which one; of actions: pay, take_back, wait, nothing"),
		col("currency", table.Code, docCurrency),
		col("lines", table.Int, "lines"),
		col("gross", table.Amount, docMinor),
		col("returned", table.Amount, docMinor),
		col("amount", table.Amount, docMinor),
		col("earlier", table.Amount, "paid before, "+docMinor),
		col("payable", table.Amount, "amount less earlier, "+docMinor),
		col("hash_total", table.Int, "sum, modulo 2^63, of the first eight bytes (big-endian) of the SHA-256 of each refund_id: the same whatever the order"),
	},
}

// UnmatchedSchema is the table of what found nothing on the other side.
var UnmatchedSchema = table.Schema{
	Name: "unmatched", Doc: "an earlier payment without a line, a line without an earlier payment, or a decision without a line",
	Columns: []table.Column{
		col("side", table.Code, "earlier, ledger or decision"),
		maybe("id", table.Text, "refund_id, or what the payment provider calls the payment"),
		maybe("account_id", table.Text, docAccount),
		maybe("txn_id", table.Text, "transaction that was refunded or decided on, as the other side names it"),
		maybe("amount", table.Amount, docMinor),
		maybe("currency", table.Code, docCurrency),
		col("why", table.Code, "why nothing was found"),
		maybe("source", table.Text, "file that names it"),
	},
}

// LeftOutSchema is the table of the lines that were not asked for.
var LeftOutSchema = table.Schema{
	Name: "left_out", Doc: "a line of the case that the drawn-up ledger leaves out",
	Columns: slices.Concat(LedgerSchema.Columns, []table.Column{
		col("why", table.Code, "what left it out: dismissed, account, tier, channel, date, no_date"),
	}),
}

// DraftSchemas lists the tables of a drawn-up ledger.
func DraftSchemas() []table.Schema {
	return []table.Schema{LedgerSchema, TotalsSchema, UnmatchedSchema, LeftOutSchema}
}

// LeftOutTable returns the lines that were left out, each with why.
func LeftOutTable(lines []ledger.Line, why []string) (*table.Table, error) {
	t := table.New(LeftOutSchema, len(lines))
	row := t.Appender()
	for i := range lines {
		ledgerRow(row, &lines[i])
		row.Code(why[i])
		row.End()
	}
	return t, t.Validate()
}

// TotalsTable returns control totals as a table, parts in the order given.
func TotalsTable(parts []Part) (*table.Table, error) {
	t := table.New(TotalsSchema, 0)
	row := t.Appender()
	for _, p := range parts {
		for i := range p.Totals {
			s := &p.Totals[i]
			for _, code := range [...]string{p.Name, s.By, s.Value, s.Currency.String()} {
				row.Code(code)
			}
			row.Int(s.Lines)
			for _, minor := range [...]int64{s.Gross, s.Returned, s.Amount, s.Earlier, s.Payable} {
				row.Amount(minor)
			}
			row.Int(s.Hash)
			row.End()
		}
	}
	return t, t.Validate()
}

// A Part is the control totals of some lines.
type Part struct {
	Name   string // case, ledger, left_out
	Totals []ledger.Total
}

// UnmatchedTable returns what found nothing on the other side as a table.
func UnmatchedTable(list []ledger.Unmatched) (*table.Table, error) {
	t := table.New(UnmatchedSchema, len(list))
	row := t.Appender()
	for i := range list {
		u := &list[i]
		row.Code(u.Side)
		row.TextOrNull(u.ID)
		row.TextOrNull(u.Account)
		row.TextOrNull(u.Txn)
		if u.Currency == 0 {
			row.Null()
		} else {
			row.Amount(u.Amount)
		}
		row.CodeOrNull(u.Currency.String())
		row.Code(u.Why)
		row.TextOrNull(u.Source)
		row.End()
	}
	return t, t.Validate()
}
