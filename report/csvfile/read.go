package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/formula"
	"github.com/paytriage/paytriage/report/table"
)

// Read reads a file that Write wrote, as a table of schema s. Columns are found
// by name; columns that s does not know are passed over, one that is missing is
// table.ErrMissing. Lines may also end in CR LF and the file may start with a
// byte order mark, as after a visit to a spreadsheet.
//
// Anything else is an error that names the line and the column: a cell that is
// not of its kind, an empty one in a column that is never null, another number
// of cells than the header has, a stray quote. So is a last line without its
// line break, because an amount cut short is still a number.
func Read(r io.Reader, s table.Schema) (*table.Table, error) {
	f, err := openTable(r, s)
	if err != nil {
		return nil, err
	}
	t := f.table(0)
	for {
		switch more, err := f.row(); {
		case err != nil:
			return nil, err
		case !more:
			return t, t.Validate()
		}
	}
}

// ReadEach is Read in pieces of so many rows, for files too large to be held as
// one table. Each piece is seen once, at least one, the last perhaps empty; its
// texts stay valid.
func ReadEach(r io.Reader, s table.Schema, rows int, see func(*table.Table) error) error {
	f, err := openTable(r, s)
	if err != nil {
		return err
	}
	full := 0 // as many rows as the piece before had
	for more := true; more; {
		t := f.table(full)
		for more && t.Rows() < rows {
			if more, err = f.row(); err != nil {
				return err
			}
		}
		full = t.Rows()
		if err := t.Validate(); err != nil {
			return err
		}
		if err := see(t); err != nil {
			return err
		}
	}
	return nil
}

// A tableFile is a file whose header was read.
type tableFile struct {
	sc      *scanner
	schema  table.Schema
	names   []string
	columns []column
}

func openTable(r io.Reader, s table.Schema) (*tableFile, error) {
	f := &tableFile{sc: &scanner{src: r, line: 1}, schema: s}
	header, err := f.sc.next()
	if err != nil {
		if err == io.EOF {
			err = errors.New("the file is empty, not even a header")
		}
		return nil, fmt.Errorf("table %s: %w", s.Name, err)
	}
	f.names = make([]string, len(header))
	for i, c := range header {
		f.names[i] = string(f.sc.text(c))
	}
	f.names[0] = strings.TrimPrefix(f.names[0], byteOrderMark)
	at, err := s.Match(f.names)
	if err != nil {
		return nil, err
	}
	f.columns = make([]column, len(at))
	for i, c := range s.Columns {
		f.columns[i] = column{kind: c.Kind, nullable: c.Nullable, at: at[i]}
	}
	return f, nil
}

// table returns a table that the next rows go to, with room for some.
func (f *tableFile) table(rows int) *table.Table {
	t := table.New(f.schema, rows)
	for i := range f.columns {
		f.columns[i].cells = t.Cells(i)
	}
	return t
}

// row reads the next row, and reports whether there was one.
func (f *tableFile) row() (more bool, err error) {
	line := f.sc.line
	record, err := f.sc.next()
	if err == io.EOF {
		return false, nil
	}
	if err == nil && len(record) != len(f.names) {
		err = fmt.Errorf("%d cells, but the header has %d", len(record), len(f.names))
	}
	if err != nil {
		return false, fmt.Errorf("table %s: line %d: %w", f.schema.Name, line, err)
	}
	for i := range f.columns {
		c := &f.columns[i]
		if err := c.append(f.sc, record[c.at]); err != nil {
			return false, fmt.Errorf("table %s: line %d: column %s: %w", f.schema.Name, line, f.names[c.at], err)
		}
	}
	return true, nil
}

// A column turns the cells of one column into values.
type column struct {
	cells    *table.Cells
	kind     table.Kind
	nullable bool
	at       int               // its place in the file
	codes    map[string]string // Code: one string for each value
	arena    strings.Builder   // Text: many values share one allocation
}

// append decodes one cell.
func (c *column) append(sc *scanner, f cell) error {
	b := sc.text(f)
	switch {
	case len(b) == 0 && !f.quoted && c.nullable:
		c.cells.AppendNull()
	case c.kind == table.Text:
		c.cells.AppendText(c.keep(formula.Unmark(b)))
	case c.kind == table.Code:
		c.cells.AppendText(c.intern(formula.Unmark(b)))
	case c.kind == table.Time:
		us, ok := table.ParseTime(b)
		if !ok {
			return fmt.Errorf("cannot read time %q", discreet.Shown(b))
		}
		c.cells.AppendInt(us)
	default:
		v, ok := parseInt(b)
		if !ok {
			return fmt.Errorf("cannot read %s %q", c.kind, discreet.Shown(b))
		}
		c.cells.AppendInt(v)
	}
	return nil
}

// Unmark returns the text of a cell: without the apostrophe that Write puts
// before one that a spreadsheet would run. It is for files that people made by
// copying cells of ours.
func Unmark(cell string) string { return formula.Unmark(cell) }

// keep copies b into the arena and returns it as a string that stays valid: a
// Builder never changes bytes it has handed out.
func (c *column) keep(b []byte) string {
	const chunk = 64 << 10
	if c.arena.Cap()-c.arena.Len() < len(b) {
		c.arena.Reset()
		c.arena.Grow(max(chunk, len(b)))
	}
	start := c.arena.Len()
	c.arena.Write(b)
	return c.arena.String()[start:]
}

// maxCodes bounds the strings that are shared in one Code column; a column with
// more is no small set, and its further values are kept one by one.
const maxCodes = 1 << 16

func (c *column) intern(b []byte) string {
	if s, ok := c.codes[string(b)]; ok {
		return s
	}
	s := string(b)
	if c.codes == nil {
		c.codes = map[string]string{}
	}
	if len(c.codes) < maxCodes {
		c.codes[s] = s
	}
	return s
}

// parseInt reads a decimal int64 with an optional minus sign.
func parseInt(b []byte) (v int64, ok bool) {
	neg := len(b) > 0 && b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	var u uint64 // 19 digits fit
	for _, ch := range digits {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		u = u*10 + uint64(ch-'0')
	}
	const limit = 1 << 63
	switch {
	case neg && u <= limit:
		return -int64(u), true // -int64(1<<63) is the smallest int64 itself
	case !neg && u < limit:
		return int64(u), true
	}
	return 0, false
}

// A scanner cuts a stream into records and records into cells.
type scanner struct {
	src   io.Reader
	err   error // what ended src; io.EOF at its end
	buf   []byte
	start int // buf[start:] is not consumed yet
	line  int // of buf[start], counted from 1
	cells []cell
	plain []byte // a cell without its doubled quotes
	limit int    // on the bytes of one record; 0 for none
}

// A cell is a part of the scanner's buffer, without the outer quotes. It is
// valid until the next record.
type cell struct {
	from, to int
	quoted   bool
	doubled  bool // holds quotes that are doubled
}

// text returns the bytes of a cell, valid until the next call.
func (sc *scanner) text(c cell) []byte {
	b := sc.buf[c.from:c.to]
	if !c.doubled {
		return b
	}
	sc.plain = sc.plain[:0]
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			break
		}
		sc.plain = append(sc.plain, b[:i+1]...)
		b = b[i+2:]
	}
	sc.plain = append(sc.plain, b...)
	return sc.plain
}

// next returns the cells of the next record, valid until the next call, or
// io.EOF at the end of the stream.
func (sc *scanner) next() ([]cell, error) {
	for {
		n, err := sc.scan()
		if err != nil {
			return nil, err
		}
		if n > 0 {
			sc.line += bytes.Count(sc.buf[sc.start:sc.start+n], []byte{'\n'})
			sc.start += n
			return sc.cells, nil
		}
		// The record goes on beyond the buffer. It is scanned again from its
		// start; the buffer grows by doubling, so the work stays linear.
		if sc.err != nil {
			return nil, sc.end()
		}
		if sc.limit > 0 && len(sc.buf)-sc.start > sc.limit {
			return nil, errRecord
		}
		sc.fill()
	}
}

// end says how the stream ended: cleanly, in a record, or by an error.
func (sc *scanner) end() error {
	switch {
	case sc.err != io.EOF:
		return sc.err
	case sc.start < len(sc.buf):
		return errors.New("the last line is cut short: it has no line break")
	}
	return io.EOF
}

// fill reads more bytes behind those not consumed.
func (sc *scanner) fill() {
	const least = 64 << 10
	n := copy(sc.buf, sc.buf[sc.start:])
	sc.buf, sc.start = sc.buf[:n], 0
	if cap(sc.buf)-n < least {
		grown := make([]byte, n, max(2*cap(sc.buf), 4*least))
		copy(grown, sc.buf)
		sc.buf = grown
	}
	// A reader may return nothing without an error, but not for ever.
	for range 100 {
		m, err := sc.src.Read(sc.buf[n:cap(sc.buf)])
		sc.buf, sc.err = sc.buf[:n+m], err
		if m > 0 || err != nil {
			return
		}
	}
	sc.err = io.ErrNoProgress
}

// scan cuts the record that starts at sc.start into sc.cells. It returns its
// length with the line break, or 0 if the buffer ends before it does.
func (sc *scanner) scan() (n int, err error) {
	sc.cells = sc.cells[:0]
	at := sc.start
	for {
		c, end, err := scanCell(sc.buf, at)
		if err != nil {
			return 0, err
		}
		if end == len(sc.buf) {
			return 0, nil
		}
		if sc.buf[end] == ',' {
			sc.cells = append(sc.cells, c)
			at = end + 1
			continue
		}
		if !c.quoted && c.to > c.from && sc.buf[c.to-1] == '\r' {
			c.to-- // of CR LF
		}
		sc.cells = append(sc.cells, c)
		if sc.buf[end] == '\r' {
			end++ // behind a closing quote
		}
		return end + 1 - sc.start, nil
	}
}

// scanCell cuts the cell that starts at b[at]. It returns where it ends: at a
// comma or a line break, or at len(b) if b ends before that is known.
func scanCell(b []byte, at int) (c cell, end int, err error) {
	if at == len(b) {
		return cell{}, at, nil
	}
	if b[at] != '"' {
		for end = at; end < len(b); end++ {
			switch b[end] {
			case ',', '\n':
				return cell{from: at, to: end}, end, nil
			case '"':
				return cell{}, 0, errors.New("a quote within a cell that is not quoted")
			}
		}
		return cell{}, end, nil
	}
	c = cell{from: at + 1, quoted: true}
	for i := at + 1; ; i += 2 {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return cell{}, len(b), nil
		}
		i += q
		rest := b[i+1:]
		switch {
		case len(rest) == 0 || (rest[0] == '\r' && len(rest) == 1):
			return cell{}, len(b), nil
		case rest[0] == '"':
			c.doubled = true
		case rest[0] == ',' || rest[0] == '\n' || (rest[0] == '\r' && rest[1] == '\n'):
			c.to = i
			return c, i + 1, nil
		default:
			return cell{}, 0, errors.New("text behind the closing quote of a cell")
		}
	}
}
