package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/indicator"
	"github.com/paytriage/paytriage/report/table"
)

// evidenceSchema begins with the columns that Timesketch asks for.
var evidenceSchema = table.Schema{
	Name: "evidence", Doc: "an event of the incident, for Timesketch and other tools that show timelines; with account ids",
	Columns: []table.Column{
		col("message", table.Text, "what happened, for people"),
		col("datetime", table.Text, "when, ISO 8601 with the offset of UTC"),
		col("timestamp_desc", table.Code, "what the time is of: First Try, Account Entry, Fraudulent Charge"),
		maybe("account_id", table.Text, docAccount),
		maybe("device_id", table.Text, "device"),
		maybe("ip", table.Text, "address, of a first try also a network or the like"),
		maybe("store_id", table.Text, "shop"),
		maybe("txn_id", table.Text, "transaction"),
		maybe("kind", table.Code, "of a charge: topup, payment, …; of a first try: ip, network, …"),
		maybe("amount", table.Amount, docMinor),
		maybe("currency", table.Code, docCurrency),
		maybe("status", table.Code, "of a charge: approved, declined, pending, reversed"),
		maybe("tier", table.Code, docTier),
		col("score", table.Int, docScore),
		maybe("reasons", table.Text, docReasons),
		maybe("source_file", table.Text, "file that the row stands in"),
		maybe("source_line", table.Int, "line of the row, from 1"),
		maybe("intruder_device", table.Text, "of an entry: device of the account's surest intruder, who may have come later"),
		maybe("intruder_ip", table.Text, "likewise the address"),
	},
}

// The events of the evidence, as Timesketch shows what their time is of.
const (
	firstTry    = "First Try"
	accountIn   = "Account Entry"
	fraudCharge = "Fraudulent Charge"
)

// A clue is a row of the evidence.
type clue struct {
	at                                    int64
	message, desc                         string
	account, device, ip, store, txn       string
	kind, currency, status, tier, reasons string
	amount, score, line                   int64
	source                                string
	intruder, from                        string
}

// EvidenceTable returns the events of a finished case in order: the first try
// from each source of the attack, entries into accounts, charges of thieves.
func EvidenceTable(dir string) (*table.Table, error) {
	c := &caseTables{dir: dir}
	list := slices.Concat(c.tries(), c.entries(), c.thefts())
	if c.err != nil {
		return nil, c.err
	}
	slices.SortFunc(list, func(a, b clue) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.desc, b.desc), cmp.Compare(a.account, b.account), cmp.Compare(a.txn, b.txn), cmp.Compare(a.kind, b.kind), cmp.Compare(a.ip, b.ip))
	})
	t := table.New(evidenceSchema, len(list))
	row := t.Appender()
	for i := range list {
		list[i].append(row)
	}
	return t, t.Validate()
}

func (c *caseTables) tries() []clue {
	var list []clue
	rows := c.rows("sources")
	for row := range rows.n {
		if rows.text("role", row) != indicator.Tester {
			continue
		}
		kind, value := rows.text("kind", row), rows.text("value", row)
		list = append(list, clue{at: rows.int("first_seen", row), desc: firstTry, ip: value, kind: kind, score: rows.int("score", row),
			message: fmt.Sprintf("first of %d logins of the attack from %s %s, which tried %d accounts and entered %d until %s", rows.int("attempts", row),
				kind, value, rows.int("accounts_tried", row), rows.int("accounts_entered", row), time.UnixMicro(rows.int("last_seen", row)).UTC().Format(time.RFC3339))})
	}
	return list
}

func (c *caseTables) entries() []clue {
	var list []clue
	rows := c.rows("takeovers")
	for row := range rows.n {
		k := clue{at: rows.int("takeover_at", row), desc: accountIn, account: rows.text("account_id", row), intruder: rows.text("device_id", row),
			from: rows.text("source_ip", row), tier: rows.text("tier", row), score: rows.int("score", row), reasons: rows.text("reasons", row), source: rows.text("source", row)}
		if k.source != "" {
			k.line = rows.int("line", row)
		}
		k.message = fmt.Sprintf("account %s was entered by somebody else (%s), way in: %s", k.account, k.tier, rows.text("vector", row))
		list = append(list, k)
	}
	return list
}

func (c *caseTables) thefts() []clue {
	var list []clue
	rows := c.rows("charges")
	for row := range rows.n {
		k := clue{at: rows.int("event_time", row), desc: fraudCharge, account: rows.text("account_id", row), device: rows.text("device_id", row),
			ip: rows.text("ip", row), store: rows.text("store_id", row), txn: rows.text("txn_id", row), kind: rows.text("kind", row), currency: rows.text("currency", row),
			status: rows.text("status", row), tier: rows.text("tier", row), reasons: rows.text("reasons", row),
			amount: rows.int("amount", row), score: rows.int("score", row), source: rows.text("source", row), line: rows.int("line", row)}
		k.message = fmt.Sprintf("%s of %s by somebody else (%s, %s), account %s", k.kind, amountText(k.amount, k.currency), k.tier, k.status, k.account)
		if k.store != "" {
			k.message += ", shop " + k.store
		}
		list = append(list, k)
	}
	return list
}

// amountText writes an amount in the digits of its currency.
func amountText(minor int64, code string) string {
	if c, ok := money.ParseCurrency([]byte(code)); ok {
		return money.Format(minor, c)
	}
	return fmt.Sprintf("%d minor units of %s", minor, code)
}

func (k *clue) append(row *table.Appender) {
	row.Text(console.Clean(k.message))
	row.Text(time.UnixMicro(k.at).UTC().Format("2006-01-02T15:04:05.000000+00:00"))
	row.Code(k.desc)
	for _, s := range [...]string{k.account, k.device, k.ip, k.store, k.txn} {
		row.TextOrNull(s)
	}
	row.CodeOrNull(k.kind)
	amountIf(row, k.currency != "", k.amount)
	row.CodeOrNull(k.currency)
	row.CodeOrNull(k.status)
	row.CodeOrNull(k.tier)
	row.Int(k.score)
	row.TextOrNull(k.reasons)
	row.TextOrNull(k.source)
	intIf(row, k.source != "", k.line)
	row.TextOrNull(k.intruder)
	row.TextOrNull(k.from)
	row.End()
}

// WriteJSONLines writes a table as one JSON object a line, absent cells left out.
// Amounts are minor units, times RFC 3339.
func WriteJSONLines(w io.Writer, t *table.Table) error {
	if err := t.Validate(); err != nil {
		return err
	}
	w = console.JSON(w)
	var line []byte
	for row := range t.Rows() {
		line = append(line[:0], '{')
		for i, c := range t.Schema().Columns {
			cells := t.Cells(i)
			if cells.Null(row) {
				continue
			}
			if len(line) > 1 {
				line = append(line, ',')
			}
			line = append(line, '"')
			line = append(append(line, c.Name...), `":`...)
			switch {
			case c.Kind == table.Time:
				line = append(line, '"')
				line = append(table.AppendTime(line, cells.Int(row)), '"')
			case c.Kind.IsText():
				text, err := json.Marshal(cells.Text(row))
				if err != nil {
					return err
				}
				line = append(line, text...)
			default:
				line = fmt.Append(line, cells.Int(row))
			}
		}
		if _, err := w.Write(append(line, '}', '\n')); err != nil {
			return err
		}
	}
	return nil
}
