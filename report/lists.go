package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// A BadRow is a row of a list that was not understood. It is kept and explained,
// not guessed.
type BadRow struct {
	List   string // the file
	Line   int
	Column string
	Reason string
}

// A list is a CSV file that people or other systems hand in: columns by name in
// any order, others passed over. Its syntax must hold; rows may be bad.
type list struct {
	name    string
	records *csvfile.Records
	at      map[string]int
	width   int
	cells   [][]byte
	bad     []BadRow
	read    int64
}

// openList reads the header.
func openList(name string, r io.Reader, needed ...string) (*list, error) {
	l := &list{name: name, records: csvfile.NewRecords(r), at: map[string]int{}}
	header, err := l.records.Next()
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("%s: the file is empty, not even a header", name)
	case err != nil:
		return nil, fmt.Errorf("%s: line 1: %w", name, err)
	}
	l.width = len(header)
	for i, cell := range header {
		if i == 0 {
			cell = bytes.TrimPrefix(cell, []byte("\ufeff"))
		}
		column := strings.ToLower(strings.TrimSpace(string(cell)))
		if _, twice := l.at[column]; twice && column != "" {
			return nil, fmt.Errorf("%s: line 1: column %.40q stands twice", name, column)
		}
		l.at[column] = i
	}
	for _, column := range needed {
		if !l.has(column) {
			return nil, fmt.Errorf("%s: line 1: %w: %s", name, table.ErrMissing, column)
		}
	}
	return l, nil
}

func (l *list) has(column string) bool {
	_, ok := l.at[column]
	return ok
}

// next goes to the next row that has as many cells as the header.
func (l *list) next() (bool, error) {
	for {
		cells, err := l.records.Next()
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("%s: line %d: %w", l.name, l.records.Line(), err)
		case len(cells) == 1 && len(cells[0]) == 0 && l.width > 1:
			continue // an empty line
		}
		l.read++
		if len(cells) == l.width {
			l.cells = cells
			return true, nil
		}
		l.reject("", fmt.Sprintf("%d cells, but the header has %d", len(cells), l.width))
	}
}

// text returns the cell of a column as it stands, "" where there is no such
// column.
func (l *list) text(column string) string {
	if i, ok := l.at[column]; ok {
		return string(l.cells[i])
	}
	return ""
}

// word returns a cell without the blanks around it, in lower case.
func (l *list) word(column string) string {
	return strings.ToLower(strings.TrimSpace(l.text(column)))
}

func (l *list) reject(column, reason string) {
	l.bad = append(l.bad, BadRow{l.name, l.records.Line(), column, reason})
}

// currency reads the unit of a row, or takes the one that was told.
func (l *list) currency(told money.Currency) (money.Currency, bool) {
	code := strings.TrimSpace(l.text("currency"))
	c, ok := told, told != 0
	if code != "" {
		c, ok = money.ParseCurrency([]byte(code))
	}
	if _, known := c.Exponent(); !ok || !known {
		l.reject("currency", fmt.Sprintf("%q is no currency with known digits", discreet.Shown(code)))
		return 0, false
	}
	return c, true
}

// decimal reads an amount in the currency's own digits, with a sign if need be.
func (l *list) decimal(column string, c money.Currency) (int64, bool) {
	text := strings.TrimSpace(l.text(column))
	digits, _ := c.Exponent()
	unsigned, negative := strings.CutPrefix(text, "-")
	v, ok := money.Parse([]byte(unsigned), digits)
	if !ok {
		l.reject(column, fmt.Sprintf("cannot read %q as an amount in %s, such as 1200 or -5", discreet.Shown(text), c))
		return 0, false
	}
	if negative {
		v = -v
	}
	return v, true
}

// minor reads an amount in minor units, not negative.
func (l *list) minor(column string) (int64, bool) {
	text := strings.TrimSpace(l.text(column))
	v, ok := money.Parse([]byte(text), 0)
	if !ok || strings.Contains(text, ".") {
		l.reject(column, fmt.Sprintf("cannot read %q as an amount in minor units", discreet.Shown(text)))
		return 0, false
	}
	return v, true
}

// when reads a time. One without a zone, and a date, are those of the zone.
func (l *list) when(column string, zone *time.Location) (int64, bool) {
	text := strings.TrimSpace(l.text(column))
	for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", time.DateOnly, "2006/01/02"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			if us := t.UnixMicro(); us >= table.MinTime && us <= table.MaxTime {
				return us, true
			}
		}
	}
	l.reject(column, fmt.Sprintf("cannot read %q as a time such as 2019-10-01T09:00:00+09:00, or a date", discreet.Shown(text)))
	return 0, false
}

// strict returns the first bad row as an error, for lists that must be whole.
func (l *list) strict() error {
	if len(l.bad) == 0 {
		return nil
	}
	b := l.bad[0]
	where := fmt.Sprintf("%s: line %d: ", b.List, b.Line)
	if b.Column != "" {
		where += "column " + b.Column + ": "
	}
	return errors.New(where + b.Reason)
}

var badSchema = table.Schema{
	Name: "rejected_rows", Doc: "a row of a list that was not understood",
	Columns: []table.Column{
		col("list", table.Text, "file that the row stands in"),
		col("line", table.Int, "line, from 1"),
		maybe("column", table.Code, "column at fault"),
		col("reason", table.Text, "what is wrong with it"),
	},
}

func badTable(bad []BadRow) *table.Table {
	t := table.New(badSchema, len(bad))
	row := t.Appender()
	for _, b := range bad {
		row.Text(b.List)
		row.Int(int64(b.Line))
		row.CodeOrNull(b.Column)
		row.Text(b.Reason)
		row.End()
	}
	return t
}
