package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/register"
	"github.com/paytriage/paytriage/report/table"
)

const settleColumns = `The file is CSV with a header: name (or refund_id) is the id under which the payment
was exported, amount in minor units and currency as it was exported, date the day on
which it was executed or came back, and reason why it came back; other columns are
passed over. If one row does not fit, because
nothing was exported under its id or the amount is another one, all that do not fit
are listed, nothing is noted, and the exit code is 4. Rows that are known already
are counted and change nothing.`

func newPaidCommand(std streams) *cobra.Command {
	return newSettleCommand(std, register.Paid, &cobra.Command{
		Use:     "paid FILE",
		Short:   "Note which exported payments were executed",
		Long:    "Notes in the register which exported payments were executed.\n\n" + settleColumns,
		Example: "  paytriage refunds paid executed.csv --ledger ledger",
	})
}

func newReturnedCommand(std streams) *cobra.Command {
	return newSettleCommand(std, register.Returned, &cobra.Command{
		Use:   "returned FILE",
		Short: "Note which exported payments came back, and why",
		Long: `Notes in the register which exported payments came back, with the reason that the
bank gives (口座なし, 名義相違). Their lines are open again, but are paid again only
when 'refunds export --retry' names the payment: the receiver has to be corrected
first.

` + settleColumns,
		Example: "  paytriage refunds returned back.csv --ledger ledger",
	})
}

func newSettleCommand(std streams, to register.State, cmd *cobra.Command) *cobra.Command {
	var o ledgerOptions
	cmd.Args = exactArgs("FILE")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runSettle(cmd, std, &o, to, args[0]) }
	o.addFlags(cmd, cmd.Flags())
	return cmd
}

// settleSchema is the table of a file that says what became of payments. The id
// goes by one of two names.
func settleSchema(id string, reason bool) table.Schema {
	s := table.Schema{Name: "payments", Columns: []table.Column{
		{Name: id, Kind: table.Text}, {Name: "amount", Kind: table.Amount}, {Name: "currency", Kind: table.Code}, {Name: "date", Kind: table.Text},
	}}
	if reason {
		s.Columns = append(s.Columns, table.Column{Name: "reason", Kind: table.Text, Nullable: true})
	}
	return s
}

// maxSettlement bounds a file that says what became of payments.
const maxSettlement = 512 << 20

// readSettlement reads what became of payments.
func readSettlement(path string, to register.State) (*register.Settlement, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSettlement+1))
	if err == nil && len(data) > maxSettlement {
		err = fmt.Errorf("it has more than %d bytes", maxSettlement)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t, err := parseSettlement(data, to)
	if err != nil {
		return nil, &hintError{fmt.Errorf("%s: %w", path, err), "the columns are name (or refund_id), amount, currency, date, reason; amounts are in minor units"}
	}
	s := &register.Settlement{Source: hashBytes(data)}
	text := func(column, row int) string { return t.Cells(column).Text(row) }
	for row := range t.Rows() {
		item := register.Item{Name: register.Text(text(0, row)), Amount: t.Cells(1).Int(row), Currency: text(2, row), Date: text(3, row)}
		if len(t.Schema().Columns) > 4 {
			item.Reason = register.Text(text(4, row))
		}
		s.Items = append(s.Items, item)
	}
	return s, nil
}

// parseSettlement reads the table. A payout file has both a refund_id and a name:
// there, name is the receiver's. What was paid needs no reason.
func parseSettlement(data []byte, to register.State) (t *table.Table, err error) {
	var first error // of the names that are there: what is missing beside them
	for _, reason := range []bool{true, false} {
		for _, id := range []string{"refund_id", "name"} {
			if !reason && to == register.Returned {
				continue
			}
			if t, err = csvfile.Read(bytes.NewReader(data), settleSchema(id, reason)); !errors.Is(err, table.ErrMissing) {
				return t, err
			}
			if !strings.HasSuffix(err.Error(), ": "+id) {
				first = err
			}
		}
	}
	return nil, cmp.Or(first, err)
}

// A settled is what was noted.
type settled struct {
	SchemaVersion int             `json:"schema_version"`
	State         register.State  `json:"state"`
	Noted         int             `json:"noted"`
	Known         int             `json:"known_before"`
	Sums          []register.Sum  `json:"sums"`
	Record        int64           `json:"record,omitempty"`
	Hash          string          `json:"record_sha256"` // of the last record
	Problems      []settleProblem `json:"problems"`
}

type settleProblem struct {
	Row      int           `json:"row"` // from 1, without the header
	Name     register.Text `json:"name"`
	Amount   int64         `json:"amount"`
	Currency string        `json:"currency"`
	Why      string        `json:"why"`
}

func runSettle(cmd *cobra.Command, std streams, o *ledgerOptions, to register.State, path string) error {
	if err := o.validate(cmd); err != nil {
		return err
	}
	said, err := readSettlement(path, to)
	if err != nil {
		return err
	}
	r, err := o.open(std, false)
	if err != nil {
		return err
	}
	defer r.Close()
	news, out, err := sortOut(r.Book(), said, to)
	if err != nil {
		return err
	}
	switch {
	case len(out.Problems) > 0:
		out.Noted, out.Sums = 0, []register.Sum{}
	case len(news.Items) > 0:
		record := register.Record{Paid: news}
		if to == register.Returned {
			record = register.Record{Returned: news}
		}
		rec, err := r.Append(record)
		if err != nil {
			return o.explain(err)
		}
		out.Record = rec.Seq
	}
	out.Hash = r.Book().Head
	if err := o.show(std, out, out.print); err != nil {
		return err
	}
	if n := len(out.Problems); n > 0 {
		return &checkError{fmt.Sprintf("%s: %d of %d rows do not fit what was exported; nothing was noted", path, n, len(said.Items)), "correct the file, or find out who paid what: 'paytriage refunds status --id' tells the life of one id"}
	}
	return nil
}

// sortOut compares what a file says with what was exported.
func sortOut(b *register.Book, said *register.Settlement, to register.State) (*register.Settlement, *settled, error) {
	news := &register.Settlement{Source: said.Source}
	out := &settled{SchemaVersion: lifeVersion, State: to, Problems: []settleProblem{}}
	sums := totals{}
	seen := map[register.Text]bool{}
	for i := range said.Items {
		item := &said.Items[i]
		why := ""
		switch known := b.Known(item, to); {
		case seen[item.Name]:
			why = "is named twice in this file"
		case known:
			out.Known++
		default:
			why = b.Check(item, to)
		}
		if why != "" {
			out.Problems = append(out.Problems, settleProblem{i + 1, item.Name, item.Amount, item.Currency, why})
		} else if !b.Known(item, to) {
			news.Items = append(news.Items, *item)
			sums.add(item.Currency, item.Amount)
		}
		seen[item.Name] = true
	}
	var err error
	out.Noted = len(news.Items)
	out.Sums, err = sums.sums()
	return news, out, err
}

func (s *settled) print(w io.Writer, opt console.Options) error {
	pairs := []console.Pair{
		{Key: "noted", Value: fmt.Sprintf("%s payments, %s", count(int64(s.Noted)), sumsText(s.Sums))},
		{Key: "known before", Value: count(int64(s.Known))},
	}
	if s.Record > 0 {
		pairs = append(pairs, recordPair(s.Record, s.Hash))
	}
	if err := console.Block(w, string(s.State), pairs, opt); err != nil {
		return err
	}
	const most = 50
	var rows [][]any
	for i, p := range s.Problems {
		if i == most {
			break
		}
		rows = append(rows, []any{int64(p.Row), string(p.Name), p.Amount, p.Currency, p.Why})
	}
	if rows == nil {
		return nil
	}
	fmt.Fprintln(w)
	title := "rows that do not fit"
	if n := len(s.Problems); n > most {
		title = fmt.Sprintf("rows that do not fit: the first %d of %d; --json lists all", most, n)
	}
	columns := append(ints("row"), append(texts("name"), append(ints("amount"), texts("currency", "why")...)...)...)
	return printTable(w, opt, title, columns, rows)
}
