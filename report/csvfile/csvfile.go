// Package csvfile writes tables as CSV and reads them back, cell for cell.
//
// The form is RFC 4180 with "\n" after every record, the last one too, a header
// of column names, and quotes only where they are needed. Numbers and amounts
// are plain integers, amounts in minor units; times are RFC 3339 in UTC with
// six digits ("2019-07-02T12:03:04.123456Z"). Null is an empty cell; an empty
// text in a nullable column is a quoted one (""). Bytes are kept as they are,
// NUL and invalid UTF-8 too.
//
// # Cells that a spreadsheet would run
//
// A text that a spreadsheet would run is marked with an apostrophe, as package
// formula says; Read takes it off again.
package csvfile

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/formula"
	"github.com/paytriage/paytriage/report/table"
)

// flushAt is how many bytes are gathered before they are written. A record may
// be longer; it is then written whole.
const flushAt = 64 << 10

// Write writes a table that passes Validate; of one that does not, nothing. The
// writer is not closed. An error of the writer is returned wrapped, and the
// file is then incomplete.
func Write(w io.Writer, t *table.Table) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if err := writeHeader(w, t.Schema()); err != nil {
		return err
	}
	return writeRows(w, t)
}

func writeHeader(w io.Writer, s table.Schema) error {
	var buf []byte
	for _, c := range s.Columns {
		buf = append(buf, c.Name...)
		buf = append(buf, ',')
	}
	buf[len(buf)-1] = '\n'
	return flush(w, buf, s.Name)
}

// writeRows writes the rows of a table that passes Validate.
func writeRows(w io.Writer, t *table.Table) error {
	s := t.Schema()
	columns := make([]source, len(s.Columns))
	for i, c := range s.Columns {
		// A lone empty cell is quoted, because most readers drop an empty line.
		columns[i] = source{t.Cells(i), c.Kind, c.Nullable, c.Nullable || len(columns) == 1}
	}
	buf := make([]byte, 0, flushAt+flushAt/4)
	var day dayCache
	for row := range t.Rows() {
		for i := range columns {
			buf = appendCell(buf, &columns[i], row, &day)
			buf = append(buf, ',')
		}
		buf[len(buf)-1] = '\n'
		if len(buf) >= flushAt {
			if err := flush(w, buf, s.Name); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return flush(w, buf, s.Name)
}

// flush writes everything or returns an error; io.Writer forbids silent short
// writes, but a lost line is worse than a check.
func flush(w io.Writer, buf []byte, name string) error {
	n, err := w.Write(buf)
	if err == nil && n != len(buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("table %s: writing CSV: %w", name, err)
	}
	return nil
}

// A source is one column and what its cells need to be told apart by, once.
type source struct {
	cells      *table.Cells
	kind       table.Kind
	nullable   bool
	quoteEmpty bool // an empty text is written as ""
}

func appendCell(dst []byte, c *source, row int, day *dayCache) []byte {
	if c.nullable && c.cells.Null(row) {
		return dst
	}
	switch c.kind {
	case table.Time:
		return day.append(dst, c.cells.Int(row))
	case table.Int, table.Amount:
		return strconv.AppendInt(dst, c.cells.Int(row), 10)
	}
	s := c.cells.Text(row)
	if s != "" {
		return appendText(dst, s)
	}
	if c.quoteEmpty {
		dst = append(dst, `""`...)
	}
	return dst
}

// appendText appends a text that is not empty, marked and quoted as needed.
func appendText(dst []byte, s string) []byte {
	mark := formula.Runs(s)
	if !needsQuotes(s) {
		if mark {
			dst = append(dst, '\'')
		}
		return append(dst, s...)
	}
	dst = append(dst, '"')
	if mark {
		dst = append(dst, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		dst = append(dst, s[:i+1]...)
		dst = append(dst, '"')
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, '"')
}

// needsQuotes reports whether a text holds a comma, a quote or a line break.
func needsQuotes(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case ',', '"', '\n', '\r':
			return true
		}
	}
	return false
}

// dayCache remembers the date of the last time written: the rows of an incident
// lie on a few days, and the date is the costly half of a stamp.
type dayCache struct {
	start int64 // microseconds since 1970 of the day's first
	date  []byte
}

const (
	dayLength  = 86400 * 1_000_000 // microseconds
	dateLength = len("2019-07-02T")
)

func (d *dayCache) append(dst []byte, us int64) []byte {
	if len(d.date) == 0 || us < d.start || us >= d.start+dayLength {
		dst = table.AppendTime(dst, us)
		d.date = append(d.date[:0], dst[len(dst)-len("2019-07-02T12:03:04.123456Z"):][:dateLength]...)
		d.start = us - (us%dayLength+dayLength)%dayLength
		return dst
	}
	rest := uint32((us - d.start) / 1_000_000)
	frac := uint32((us - d.start) % 1_000_000)
	dst = append(dst, d.date...)
	h, m, s := rest/3600, rest/60%60, rest%60
	return append(dst,
		byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10), '.',
		byte('0'+frac/100000), byte('0'+frac/10000%10), byte('0'+frac/1000%10),
		byte('0'+frac/100%10), byte('0'+frac/10%10), byte('0'+frac%10), 'Z')
}
