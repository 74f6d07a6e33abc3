package claims

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/formula"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
)

// MaxSheet bounds a file of claims, in bytes: people wrote it.
const MaxSheet = 256 << 20

// Columns lists what a file of claims may say, with what it means.
func Columns() [][2]string { return slices.Clone(columns[:]) }

// The columns of a file of claims.
const (
	claimID = iota
	accountID
	txnID
	fundingRef
	cardLast4
	amount
	currency
	date
	reportedAt
	by
	numColumns
)

var columns = [numColumns][2]string{
	claimID:    {"claim_id", "name of the complaint or of the issuer's case"},
	accountID:  {"account_id", "account that complains; a row without txn_id, amount or date claims all that was stolen from it"},
	txnID:      {"txn_id", "the charge that is complained of"},
	fundingRef: {"funding_ref", "token of the instrument; with amount and date in place of txn_id"},
	cardLast4:  {"card_last4", "last four digits of the card; with amount and date in place of txn_id"},
	amount:     {"amount", "unsigned decimal in the currency's own digits"},
	currency:   {"currency", "ISO 4217; may be absent where the logs have one currency"},
	date:       {"date", "day of the charge: 2019-07-02, or a stamp of that day with its zone"},
	reportedAt: {"reported_at", "when it was reported: RFC 3339 stamp, or a day"},
	by:         {"by", "customer or issuer"},
}

// A Sheet is what files of claims say. Read = len(Claims) + len(Rejected).
type Sheet struct {
	Claims   []Claim
	Rejected []Rejected
	Read     int64
	Ignored  []string // columns that are none of a claim, named once
}

// A Rejected row is one that cannot be understood, or claims nothing.
type Rejected struct {
	Source string
	Line   int
	Column string // at fault, "" for the whole row
	Reason string
	Raw    string // the row as it stands, card numbers masked
}

// A HeaderError says why a file is no list of claims.
type HeaderError struct{ Source, Problem string }

func (e *HeaderError) Error() string { return e.Source + ": " + e.Problem }

// ErrZone says that a day is given and nobody said where it was that day.
var ErrZone = errors.New("a day without a zone")

// ReadOptions say what files do not.
type ReadOptions struct {
	By   ledger.Validation // of rows that do not say; NotValidated to reject them
	Days *time.Location    // where days are; nil for ErrZone where it matters
}

// ReadFile adds the claims of a CSV file with a header, in UTF-8.
func (s *Sheet) ReadFile(name string, r io.Reader, opt ReadOptions) error {
	data, err := io.ReadAll(io.LimitReader(r, MaxSheet+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case len(data) > MaxSheet:
		return &HeaderError{name, fmt.Sprintf("has more than %d bytes", MaxSheet)}
	}
	p := reading{sheet: s, name: name, data: bytes.TrimPrefix(data, []byte("\ufeff")), opt: opt, line: 1}
	p.start()
	if err := p.header(); err != nil {
		return err
	}
	for p.next() {
	}
	return p.err
}

// A reading is one call of ReadFile.
type reading struct {
	sheet *Sheet
	name  string
	opt   ReadOptions
	err   error

	data []byte // not handed to csv yet, or being read by it
	line int    // of data[0]
	csv  *csv.Reader
	at   [numColumns]int
	wide int // cells of a row

	row  []string
	bad  string // what is wrong with the row, and where
	what int
}

// start reads data from its beginning.
func (p *reading) start() {
	p.csv = csv.NewReader(bytes.NewReader(p.data))
	p.csv.FieldsPerRecord, p.csv.ReuseRecord = -1, true
}

func (p *reading) header() error {
	head, err := p.csv.Read()
	switch {
	case err == io.EOF:
		return &HeaderError{p.name, "is empty, not even a header"}
	case err != nil:
		return &HeaderError{p.name, "the first line cannot be read as CSV"}
	}
	p.wide = len(head)
	for c, want := range columns {
		p.at[c] = -1
		for i, name := range head {
			if strings.TrimSpace(name) != want[0] {
				continue
			}
			if p.at[c] >= 0 {
				return &HeaderError{p.name, "two columns named " + want[0]}
			}
			p.at[c] = i
		}
	}
	for i, name := range head {
		if name = strings.Clone(name); !slices.Contains(p.at[:], i) && !slices.Contains(p.sheet.Ignored, name) {
			p.sheet.Ignored = append(p.sheet.Ignored, name)
		}
	}
	if p.at[accountID] < 0 && p.at[txnID] < 0 && p.at[fundingRef] < 0 && p.at[cardLast4] < 0 {
		return &HeaderError{p.name, "has none of the columns account_id, txn_id, funding_ref, card_last4"}
	}
	return nil
}

// next reads a row, and reports whether there may be more.
func (p *reading) next() bool {
	from := p.csv.InputOffset()
	row, err := p.csv.Read()
	if err == io.EOF {
		return false
	}
	to := p.csv.InputOffset()
	line := p.line
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		line += parse.StartLine - 1
		if to == int64(len(p.data)) && parse.Line > parse.StartLine {
			// A quote that is never closed. Only its own line is lost.
			rest := p.data[from:]
			skipped := len(rest) - len(bytes.TrimLeft(rest, "\r\n"))
			end := bytes.IndexByte(rest[skipped:], '\n')
			to = from + int64(skipped+end+1)
		}
		p.reject(line, "", "is not CSV: "+parse.Err.Error(), from, to)
		if to < int64(len(p.data)) {
			p.line += bytes.Count(p.data[:to], []byte{'\n'})
			p.data = p.data[to:]
			p.start()
			return true
		}
		return false
	case err != nil:
		p.err = fmt.Errorf("%s: %w", p.name, err)
		return false
	}
	at, _ := p.csv.FieldPos(0)
	line += at - 1
	p.row, p.bad = row, ""
	if len(row) != p.wide {
		p.reject(line, "", fmt.Sprintf("has %d cells, the header has %d", len(row), p.wide), from, to)
		return true
	}
	c := p.claim()
	switch {
	case p.err != nil:
		p.err = fmt.Errorf("%s:%d: date: %w", p.name, line, p.err)
		return false
	case p.bad != "":
		column := ""
		if p.what >= 0 {
			column = columns[p.what][0]
		}
		p.reject(line, column, p.bad, from, to)
		return true
	}
	c.Source, c.Line = p.name, line
	p.sheet.Claims = append(p.sheet.Claims, c)
	p.sheet.Read++
	return true
}

func (p *reading) reject(line int, column, reason string, from, to int64) {
	raw := string(bytes.Trim(p.data[from:to], "\r\n"))
	p.sheet.Read++
	p.sheet.Rejected = append(p.sheet.Rejected, Rejected{p.name, line, column, reason, maskCards(raw)})
}

// get returns a cell, without the apostrophe that keeps a spreadsheet from
// running it.
func (p *reading) get(column int) string {
	if p.at[column] < 0 {
		return ""
	}
	return strings.Clone(formula.Unmark(p.row[p.at[column]]))
}

// fail notes the first thing that is wrong with a row.
func (p *reading) fail(column int, format string, args ...any) {
	if p.bad == "" {
		p.bad, p.what = fmt.Sprintf(format, args...), column
	}
}

// claim reads the row.
func (p *reading) claim() Claim {
	c := Claim{ID: p.get(claimID), By: p.opt.By, Account: p.get(accountID), Txn: p.get(txnID), FundingRef: p.get(fundingRef),
		Last4: p.get(cardLast4), AmountText: strings.TrimSpace(p.get(amount))}
	switch word := strings.TrimSpace(p.get(by)); {
	case word == "customer":
		c.By = ledger.Customer
	case word == "issuer":
		c.By = ledger.Issuer
	case word != "":
		p.fail(by, "%q is neither customer nor issuer", discreet.Shown(word))
	case c.By == ledger.NotValidated:
		p.fail(by, "does not say whether customer or issuer claims it")
	}
	for i := range columns {
		if !utf8.ValidString(p.get(i)) {
			p.fail(i, "is not in UTF-8: save the file as CSV in UTF-8")
		}
	}
	if c.Last4 != "" && (len(c.Last4) != 4 || !digits(c.Last4)) {
		p.fail(cardLast4, "is not four digits")
	}
	if word := p.get(currency); word != "" {
		var ok bool
		if c.Currency, ok = money.ParseCurrency([]byte(word)); ok {
			_, ok = c.Currency.Exponent()
		}
		if !ok {
			p.fail(currency, "%q is no currency that is known", discreet.Shown(word))
		}
	}
	if c.AmountText != "" && c.Currency != 0 && !c.settle() {
		p.fail(amount, "%q is no amount in %s", discreet.Shown(c.AmountText), c.Currency)
	}
	p.times(&c)
	if c.Txn == "" && c.Account == "" {
		switch {
		case c.FundingRef == "" && c.Last4 == "":
			p.fail(-1, "names neither an account nor a charge nor an instrument")
		case c.AmountText == "":
			p.fail(amount, "an instrument needs amount and date to name a charge")
		case c.From == 0:
			p.fail(date, "an instrument needs amount and date to name a charge")
		}
	}
	return c
}

// settle reads the amount in the claim's currency.
func (c *Claim) settle() (ok bool) {
	n, known := c.Currency.Exponent()
	if c.Amount, ok = money.Parse([]byte(c.AmountText), n); !known {
		return false
	}
	return ok
}

// times reads date and reported_at. A stamp means the day that it lies in, where
// it was made; a day alone is one in p.opt.Days.
func (p *reading) times(c *Claim) {
	const day = 24 * time.Hour
	if text := strings.TrimSpace(p.get(date)); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			if t, err = time.Parse(time.DateOnly, text); err == nil && p.opt.Days == nil {
				p.err = ErrZone
				return
			}
		}
		where := t.Location()
		if len(text) == len(time.DateOnly) {
			where = p.opt.Days
		}
		switch from := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, orUTC(where)); {
		case err != nil || !plausible(from):
			p.fail(date, "cannot read %q as a day such as 2019-07-02", discreet.Shown(text))
		default:
			c.From, c.To = from.UnixMicro(), from.AddDate(0, 0, 1).UnixMicro()
			if c.To <= c.From {
				c.To = from.Add(day).UnixMicro()
			}
		}
	}
	if text := strings.TrimSpace(p.get(reportedAt)); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t, err = time.Parse(time.DateOnly, text)
		}
		if err != nil || !plausible(t) {
			p.fail(reportedAt, "cannot read %q as a time such as 2019-07-04T10:00:00+09:00, or a day such as 2019-07-04", discreet.Shown(text))
			return
		}
		c.ReportedAt = t.UnixMicro()
	}
}

func orUTC(l *time.Location) *time.Location {
	if l == nil {
		return time.UTC
	}
	return l
}

// plausible reports whether a time is one of this century or the last: others
// are slips, and 1970 would read as no time at all.
func plausible(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2100 }

// Settle reads the amounts of rows that name no currency, in the only currency
// of the logs; rows whose amounts cannot be read then are rejected. Zero says
// that the logs have several.
func (s *Sheet) Settle(only money.Currency) {
	kept := s.Claims[:0]
	for i := range s.Claims {
		c := s.Claims[i]
		if c.AmountText == "" || c.Currency != 0 {
			kept = append(kept, c)
			continue
		}
		reason := ""
		if c.Currency = only; only == 0 {
			reason = "an amount without a currency, and the logs have not one only"
		} else if !c.settle() {
			reason = fmt.Sprintf("%q is no amount in %s", discreet.Shown(c.AmountText), only)
		}
		if reason == "" {
			kept = append(kept, c)
			continue
		}
		s.Rejected = append(s.Rejected, Rejected{c.Source, c.Line, columns[amount][0], reason, maskCards(strings.Join([]string{c.ID, c.Account, c.Txn, c.AmountText}, ","))})
	}
	s.Claims = kept
	slices.SortStableFunc(s.Rejected, func(a, b Rejected) int {
		if c := strings.Compare(a.Source, b.Source); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
}

// The digits of a card number.
const leastCard, mostCard = 13, 19

// maskCards hides the middle of everything that may be a card number.
func maskCards(s string) string {
	var b []byte
	for i := 0; i < len(s); {
		n := i
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n-i >= leastCard && n-i <= mostCard {
			if b == nil {
				b = []byte(s)
			}
			for k := i + 6; k < n-4; k++ {
				b[k] = '*'
			}
		}
		i = max(n, i+1)
	}
	if b == nil {
		return s
	}
	return string(b)
}
