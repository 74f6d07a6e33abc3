package register

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The lines of a draft and the entries of an export can be a million. They stand
// behind their record, one a line, each an array of its fields in order, and are
// written and read here by hand: a reader holds their text once.

// errRow: a row that was not written here.
var errRow = errors.New("has a row that cannot be read")

func appendLine(b *strings.Builder, l *Line) {
	w := rowWriter{b, '['}
	w.text(string(l.ID))
	w.text(string(l.Account))
	w.text(l.Component)
	w.text(l.Channel)
	w.text(l.Payer)
	w.text(l.Currency)
	w.int(l.Payable)
	w.int(l.Earlier)
	w.text(l.Status)
	w.end()
}

func readLine(r *rowReader, l *Line) {
	l.ID, l.Account = Text(r.text()), Text(r.text())
	l.Component, l.Channel, l.Payer, l.Currency = r.text(), r.text(), r.text(), r.text()
	l.Payable, l.Earlier = r.int(), r.int()
	l.Status = r.text()
	r.end()
}

func appendEntry(b *strings.Builder, e *Entry) {
	w := rowWriter{b, '['}
	w.text(string(e.Name))
	w.text(string(e.ID))
	w.text(string(e.Account))
	w.text(e.Component)
	w.text(e.Channel)
	w.text(e.Currency)
	w.text(string(e.Way))
	w.int(e.Amount)
	w.int(e.Target)
	w.int(e.Earlier)
	w.text(e.File)
	for _, name := range e.Retries {
		w.text(string(name))
	}
	w.end()
}

func readEntry(r *rowReader, e *Entry) {
	e.Name, e.ID, e.Account = Text(r.text()), Text(r.text()), Text(r.text())
	e.Component, e.Channel, e.Currency, e.Way = r.text(), r.text(), r.text(), Way(r.text())
	e.Amount, e.Target, e.Earlier = r.int(), r.int(), r.int()
	e.File = r.text()
	for r.more() {
		e.Retries = append(e.Retries, Text(r.text()))
	}
	r.end()
}

func appendItem(b *strings.Builder, i *Item) {
	w := rowWriter{b, '['}
	w.text(string(i.Name))
	w.int(i.Amount)
	w.text(i.Currency)
	w.text(i.Date)
	w.text(string(i.Reason))
	w.end()
}

func readItem(r *rowReader, i *Item) {
	i.Name = Text(r.text())
	i.Amount = r.int()
	i.Currency, i.Date, i.Reason = r.text(), r.text(), Text(r.text())
	r.end()
}

// appendRows writes the rows of a record and returns how many there are.
func (r *Record) appendRows(b *strings.Builder) int {
	switch {
	case r.Approve != nil:
		return appendAll(b, r.Approve.Lines, appendLine)
	case r.Export != nil:
		return appendAll(b, r.Export.Entries, appendEntry)
	case r.Paid != nil:
		return appendAll(b, r.Paid.Items, appendItem)
	case r.Returned != nil:
		return appendAll(b, r.Returned.Items, appendItem)
	}
	return 0
}

func appendAll[T any](b *strings.Builder, rows []T, add func(*strings.Builder, *T)) int {
	for i := range rows {
		add(b, &rows[i])
		if i == 1000 { // enough to tell how much there will be
			b.Grow(b.Len() / i * len(rows) * 11 / 10)
		}
	}
	return len(rows)
}

// readRows reads the rows of a record. Lines and entries are left as they are,
// unless all is asked for: see packed.
func (r *Record) readRows(text string, all bool) (err error) {
	switch {
	case r.Approve != nil && all:
		r.Approve.Lines, err = readAll(text, r.Rows, readLine)
	case r.Export != nil && all:
		r.Export.Entries, err = readAll(text, r.Rows, readEntry)
	case r.Approve != nil:
		r.packed, err = pack(text, r.Rows, readLine)
	case r.Export != nil:
		r.packed, err = pack(text, r.Rows, readEntry)
	case r.Paid != nil:
		r.Paid.Items, err = readAll(text, r.Rows, readItem)
	case r.Returned != nil:
		r.Returned.Items, err = readAll(text, r.Rows, readItem)
	case r.Rows != 0 || text != "":
		err = errRow
	}
	return err
}

// A rowWriter writes the fields of a row.
type rowWriter struct {
	b    *strings.Builder
	mark byte // what stands before the next field
}

func (w *rowWriter) text(s string) {
	w.b.WriteByte(w.mark)
	w.mark = ','
	if plainText(s) {
		w.b.WriteByte('"')
		w.b.WriteString(s)
		w.b.WriteByte('"')
		return
	}
	quoted, _ := json.Marshal(Text(s)) // a text can always be written
	w.b.Write(quoted)
}

func (w *rowWriter) int(v int64) {
	var digits [20]byte
	w.b.WriteByte(w.mark)
	w.mark = ','
	w.b.Write(strconv.AppendInt(digits[:0], v, 10))
}

func (w *rowWriter) end() { w.b.WriteString("]\n") }

// plainText reports whether a text stands between quotes as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if ch := s[i]; ch < 0x20 || ch > 0x7e || ch == '"' || ch == '\\' {
			return false
		}
	}
	return true
}

// A rowReader reads rows from a text that it goes on holding.
type rowReader struct {
	rest  string
	first bool
	bad   bool
}

// next steps over what stands before a field.
func (r *rowReader) next() {
	mark := byte(',')
	if r.first {
		mark = '['
	}
	r.first = false
	if r.rest == "" || r.rest[0] != mark {
		r.bad, r.rest = true, ""
		return
	}
	r.rest = r.rest[1:]
}

// text reads a text field.
func (r *rowReader) text() string {
	r.next()
	if strings.HasPrefix(r.rest, `"`) {
		if n := strings.IndexByte(r.rest[1:], '"'); n >= 0 && plainText(r.rest[1:1+n]) {
			s := r.rest[1 : 1+n]
			r.rest = r.rest[n+2:]
			return s
		}
	}
	return r.odd()
}

// odd reads a text that is not plain.
func (r *rowReader) odd() string {
	line, _, _ := strings.Cut(r.rest, "\n")
	d := json.NewDecoder(strings.NewReader(line))
	var t Text
	if err := d.Decode(&t); err != nil || plainText(string(t)) {
		r.bad, r.rest = true, ""
		return ""
	}
	r.rest = r.rest[d.InputOffset():]
	return string(t)
}

func (r *rowReader) int() int64 {
	r.next()
	n := 0
	for n < len(r.rest) && (r.rest[n] == '-' || r.rest[n] >= '0' && r.rest[n] <= '9') {
		n++
	}
	v, err := strconv.ParseInt(r.rest[:n], 10, 64)
	// A number has one form, or a row would not be what it was when it is written again.
	zeros := strings.TrimPrefix(r.rest[:n], "-")
	r.bad = r.bad || err != nil || zeros[0] == '0' && r.rest[:n] != "0"
	r.rest = r.rest[n:]
	return v
}

// more reports whether the row has another field.
func (r *rowReader) more() bool { return strings.HasPrefix(r.rest, ",") }

func (r *rowReader) end() {
	after, ok := strings.CutPrefix(r.rest, "]\n")
	r.bad = r.bad || !ok
	r.rest, r.first = after, true
}

// readAll reads all rows of a text; none are nil.
func readAll[T any](text string, n int, read func(*rowReader, *T)) ([]T, error) {
	p, err := pack(text, n, read)
	if err != nil || n == 0 {
		return nil, err
	}
	rows := make([]T, n)
	for i := range rows {
		rows[i] = row(&p, i, read)
	}
	return rows, nil
}

// A packed is lines or entries as they stand in the journal, and where each
// begins. They can be a million, so the book keeps their text alone and reads a
// row when it is asked for.
type packed struct {
	text string
	at   []int
}

// pack finds the rows of a text, each of which can be read.
func pack[T any](text string, n int, read func(*rowReader, *T)) (packed, error) {
	const least = len("[0]\n") // bytes of a row
	if n < 0 || n > len(text)/least || !utf8.ValidString(text) {
		return packed{}, errRow
	}
	p := packed{text, make([]int, n)}
	r := rowReader{rest: text, first: true}
	for i := range p.at {
		var scratch T
		p.at[i] = len(text) - len(r.rest)
		if read(&r, &scratch); r.bad {
			return packed{}, errRow
		}
	}
	if r.rest != "" {
		return packed{}, errRow
	}
	return p, nil
}

// row reads one row of those that pack found.
func row[T any](p *packed, i int, read func(*rowReader, *T)) (v T) {
	r := rowReader{rest: p.text[p.at[i]:], first: true}
	read(&r, &v)
	return v
}

func (p *packed) line(i int) (l Line) {
	r := rowReader{rest: p.text[p.at[i]:], first: true}
	readLine(&r, &l)
	return l
}

func (p *packed) entry(i int) (e Entry) {
	r := rowReader{rest: p.text[p.at[i]:], first: true}
	readEntry(&r, &e)
	return e
}
