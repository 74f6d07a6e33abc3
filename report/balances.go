package report

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

const (
	// maxBalances bounds a file of balances, in bytes.
	maxBalances = 1 << 30
	// maxBadRows is how many rows that were not understood are kept, maxBadRow
	// how much of each.
	maxBadRows, maxBadRow = 100_000, 4 << 10
)

// The columns of a file of balances. The last two need not be there.
const (
	balanceAccount = iota
	balanceCurrency
	balanceAmount
	balanceAt
	balanceAsOf
	numBalanceColumns
)

var balanceColumns = [numBalanceColumns]string{balanceAccount: "account_id", balanceCurrency: "currency", balanceAmount: "balance",
	balanceAt: "at", balanceAsOf: "as_of"}

// Balances are the rows of a file of balances: Read = len(Rows) + Rejected.
type Balances struct {
	Rows           []forensics.Balance
	Read, Rejected int64
	Unread         []forensics.UnreadRow // the first of those that were rejected
}

// ReadBalances reads what wallets held, as CSV with the columns account_id,
// currency, balance, at and as_of in any order. Other columns are passed over;
// at and as_of may be missing or empty. balance is a decimal in the currency's
// own digits, below zero with a minus sign. at is closing (the default) or
// opening: after all rows, or before the first. With as_of, a time with its
// zone, a closing balance is what the wallet held after the rows of that
// instant, an opening one what it held before them. A byte order mark and CR LF
// are fine.
//
// A row that cannot be read is counted, kept and named by source. The error is
// for a file that is none.
func ReadBalances(r io.Reader, source string) (*Balances, error) {
	limited := &io.LimitedReader{R: r, N: maxBalances + 1}
	rec := &recorder{r: bufio.NewReader(limited)}
	if mark, _ := rec.r.Peek(3); string(mark) == "\xef\xbb\xbf" {
		rec.r.Discard(3)
	}
	in := csv.NewReader(rec)
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	header, err := in.Read()
	if err == io.EOF {
		return nil, errors.New("the file is empty, not even a header")
	}
	if err != nil {
		return nil, csvError(err)
	}
	at, err := columnsAt(header, balanceColumns[:], balanceAt)
	if err != nil {
		return nil, err
	}
	b, width := &Balances{}, len(header)
	for {
		from := in.InputOffset()
		rec.forget(from)
		record, err := in.Read()
		var syntax *csv.ParseError
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("has more than %d bytes", int64(maxBalances))
		case err == io.EOF:
			return b, nil
		case err != nil && !errors.As(err, &syntax):
			return nil, err
		}
		b.Read++
		if syntax != nil {
			b.reject(source, int64(syntax.StartLine), "", syntax.Err.Error(), rec.between(from, in.InputOffset()))
			continue
		}
		line, _ := in.FieldPos(0)
		if len(record) != width {
			b.reject(source, int64(line), "", "not as many fields as the header", rec.between(from, in.InputOffset()))
			continue
		}
		row, column, why := balanceOf(record, at)
		if why != "" {
			b.reject(source, int64(line), balanceColumns[column], why, rec.between(from, in.InputOffset()))
			continue
		}
		b.Rows = append(b.Rows, row)
	}
}

func (b *Balances) reject(source string, line int64, column, why string, raw []byte) {
	b.Rejected++
	if len(b.Unread) == maxBadRows {
		return
	}
	raw = bytes.Trim(raw, "\r\n")
	b.Unread = append(b.Unread, forensics.UnreadRow{Source: source, Line: line, Column: column, Reason: why,
		Raw: string(raw[:min(len(raw), maxBadRow)])})
}

// columnsAt returns where each column of a file that people write stands, -1 for
// none; the first so many must be there. It fails for one that stands twice.
func columnsAt(header, columns []string, needed int) ([]int, error) {
	at := make([]int, len(columns))
	for c, want := range columns {
		at[c] = -1
		for i, name := range header {
			if strings.TrimSpace(name) != want {
				continue
			}
			if at[c] >= 0 {
				return nil, fmt.Errorf("line 1: column %s stands twice", want)
			}
			at[c] = i
		}
		if at[c] < 0 && c < needed {
			return nil, fmt.Errorf("line 1: %w: %s", table.ErrMissing, want)
		}
	}
	return at, nil
}

// balanceOf returns the balance of a record, or the column at fault and why.
func balanceOf(record []string, at []int) (b forensics.Balance, column int, why string) {
	cell := func(c int) string {
		if at[c] < 0 {
			return ""
		}
		return strings.TrimSpace(record[at[c]])
	}
	if b.Account = strings.Clone(csvfile.Unmark(cell(balanceAccount))); b.Account == "" {
		return b, balanceAccount, "empty"
	}
	var ok bool
	if b.Currency, ok = money.ParseCurrency([]byte(strings.ToUpper(cell(balanceCurrency)))); !ok {
		return b, balanceCurrency, "not a currency code with known digits"
	}
	digits, ok := b.Currency.Exponent()
	if !ok {
		return b, balanceCurrency, "not a currency code with known digits"
	}
	amount, below := strings.CutPrefix(cell(balanceAmount), "-")
	if b.Amount, ok = money.Parse([]byte(amount), digits); !ok {
		return b, balanceAmount, "not a decimal in the currency's own digits"
	}
	if below {
		b.Amount = -b.Amount
	}
	closing := true
	switch cell(balanceAt) {
	case "", "closing":
	case "opening":
		closing = false
	default:
		return b, balanceAt, "neither opening nor closing"
	}
	b.Until = math.MinInt64
	if closing {
		b.Until = math.MaxInt64
	}
	if text := cell(balanceAsOf); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.UnixMicro() < table.MinTime || t.UnixMicro() > table.MaxTime {
			return b, balanceAsOf, "cannot read this time; it should carry its zone, like 2019-07-04T00:00:00+09:00"
		}
		if b.Until = t.UnixMicro(); closing {
			b.Until++
		}
	}
	return b, 0, ""
}

// A recorder keeps what was read, so that a row that is not understood can be
// shown as it stands.
type recorder struct {
	r    *bufio.Reader
	kept []byte
	from int64 // offset of kept
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.kept = append(r.kept, b[:n]...)
	return n, err
}

// forget lets go of what stands before an offset, once that is much.
func (r *recorder) forget(before int64) {
	const much = 64 << 10
	if n := before - r.from; n > much {
		r.kept = append(r.kept[:0], r.kept[n:]...)
		r.from = before
	}
}

func (r *recorder) between(from, to int64) []byte { return r.kept[from-r.from : to-r.from] }
