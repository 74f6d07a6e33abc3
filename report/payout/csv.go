package payout

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/csvfile"
)

// The plain format holds all there is of a payment, for a bank or a processor
// that takes none of the others: amounts twice, as minor units and as the
// decimal text of the currency. Cells are as csvfile writes them, so a
// spreadsheet runs none and reading gives back every byte.
var csvFormat = format{
	Format:       Format{Name: "csv", Ext: ".csv", Doc: "every field of every payment, for other programs"},
	checkBatch:   func(c *checker) { c.date() },
	checkPayment: func(*checker) {},
	write:        writeCSV,
	read:         readCSV,
	carried:      func(p *Payment) Payment { return *p },
	carriedHead:  func(b *Batch) File { return File{ID: b.ID, PayOn: day(b.PayOn)} },
}

// csvColumns are the columns of the plain format. Those of the payee have the
// names that the file of payees has.
var csvColumns = []string{"batch_id", "pay_on", "refund_id", "account_id", "txn_id", "funding_ref",
	"amount", "amount_decimal", "currency",
	"name", "kana", "bank_code", "bank_name", "branch_code", "branch_name", "account_type", "account_number",
	"iban", "bic", "country", "psp_reference"}

// payeeFields returns the fields of a payee in the order of csvColumns.
func payeeFields(p *Payee) [12]*string {
	return [...]*string{&p.Name, &p.Kana, &p.BankCode, &p.BankName, &p.BranchCode, &p.BranchName,
		&p.AccountType, &p.AccountNumber, &p.IBAN, &p.BIC, &p.Country, &p.PSPReference}
}

const dateLayout = "2006-01-02"

func writeCSV(w *bufio.Writer, b *Batch) error {
	row := append([]byte(strings.Join(csvColumns, ",")), '\n')
	if _, err := w.Write(row); err != nil {
		return err
	}
	payOn := b.PayOn.Format(dateLayout)
	for i := range b.Payments {
		p := &b.Payments[i]
		digits, _ := p.Currency.Exponent()
		row = row[:0]
		for _, text := range [...]string{b.ID, payOn, p.Name, p.Account, p.Txn, p.FundingRef} {
			row = append(csvfile.AppendText(row, text), ',')
		}
		row = append(strconv.AppendInt(row, p.Amount, 10), ',')
		row = append(decimal(row, p.Amount, digits), ',')
		row = append(row, p.Currency.String()...)
		for _, field := range payeeFields(&p.Payee) {
			row = csvfile.AppendText(append(row, ','), *field)
		}
		if _, err := w.Write(append(row, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func readCSV(r io.Reader, head *File, each func(*Payment) error) error {
	records := csvfile.NewRecords(r)
	cells, err := records.Next()
	if err != nil {
		return atLine(records, err)
	}
	if got := joined(cells); got != strings.Join(csvColumns, ",") {
		return fmt.Errorf("line 1: the columns are %.200q, not those of this format", got)
	}
	for {
		cells, err := records.Next()
		if err == io.EOF {
			return nil
		}
		var p Payment
		if err == nil {
			err = readCSVRow(cells, head, &p)
		}
		if err != nil {
			return atLine(records, err)
		}
		if err := each(&p); err != nil {
			return atLine(records, err)
		}
	}
}

func readCSVRow(cells [][]byte, head *File, p *Payment) error {
	if len(cells) != len(csvColumns) {
		return fmt.Errorf("%d cells, not %d", len(cells), len(csvColumns))
	}
	payOn, err := time.Parse(dateLayout, string(cells[1]))
	if err != nil {
		return fmt.Errorf("pay_on: %q is no date", discreet.Shown(cells[1]))
	}
	if head.Totals.Count == 0 {
		head.ID, head.PayOn = string(cells[0]), payOn
	}
	if head.ID != string(cells[0]) || !head.PayOn.Equal(payOn) {
		return fmt.Errorf("another batch or day than in the first line")
	}
	p.Name, p.Account, p.Txn, p.FundingRef = string(cells[2]), string(cells[3]), string(cells[4]), string(cells[5])
	if p.Amount, err = strconv.ParseInt(string(cells[6]), 10, 64); err != nil {
		return fmt.Errorf("amount: %q is no number of minor units", discreet.Shown(cells[6]))
	}
	if p.Currency, err = currency(cells[8]); err != nil {
		return err
	}
	digits, _ := p.Currency.Exponent()
	if string(decimal(nil, p.Amount, digits)) != string(cells[7]) {
		return fmt.Errorf("amount_decimal: %q is not %d minor units of %s", discreet.Shown(cells[7]), p.Amount, p.Currency)
	}
	for i, field := range payeeFields(&p.Payee) {
		*field = string(cells[9+i])
	}
	return nil
}

// currency reads a code as files of this package write it.
func currency(b []byte) (money.Currency, error) {
	c, ok := money.ParseCurrency(b)
	if _, known := c.Exponent(); !ok || !known || c.String() != string(b) {
		return 0, fmt.Errorf("currency: %q is none that is known", discreet.Shown(b))
	}
	return c, nil
}

func joined(cells [][]byte) string {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(c)
	}
	return strings.TrimPrefix(b.String(), "\ufeff")
}

// atLine says where in a file an error stands.
func atLine(r *csvfile.Records, err error) error {
	if err == io.EOF {
		return fmt.Errorf("the file is empty, not even a header")
	}
	return fmt.Errorf("line %d: %w", r.Line(), err)
}
