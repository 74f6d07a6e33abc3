package jsonl

import (
	"bytes"
	"fmt"
	"slices"
)

// MaxRows is how many rows a record may have; one with more is Malformed.
const MaxRows = 64

// Why a record is malformed.
const (
	notObject = "not a JSON object"
	notJSON   = "not valid JSON"
	notEnded  = "a JSON value that does not end"
	tooDeep   = "deeper than 64 levels"
	notAlone  = "text behind the JSON value"
	tooMany   = "more than 64 rows in one record"
)

// A Span is where a record lies in a block, from Lo up to Hi.
type Span struct{ Lo, Hi uint32 }

// A Splitter walks the records of a block and the rows of each. What it returns
// is valid until the next call of Next. It is used by one goroutine.
type Splitter struct {
	// Malformed says why the record is none, or "". Such a record has one row
	// and no values.
	Malformed string

	root   *node
	each   *node   // the element that is the row, nil if records are rows
	slots  []int32 // that are for it, or for what is in it
	values []value // by slot
	text   []byte  // unescaped, of this record

	data    []byte
	spans   []Span // where records lie
	spanned bool   // whether spans say so
	start   int    // of the record
	stop    int    // of the record, without its line end
	next    int    // behind it

	rows  []byte // the elements that are still to come
	count int    // of rows
	sub   int    // the row at hand

	visits uint64 // of objects and arrays
}

// A value is the text of a value, of a string without the quotes.
type value struct {
	text    []byte
	escaped bool
}

// NewSplitter returns a Splitter that picks the values of p. Each, if not
// empty, is the path of an array whose elements are rows of their record: paths
// that begin with each and [] are looked up in the element, the others in the
// record. A record whose array is absent or empty makes one row without the
// values of elements.
func NewSplitter(p *Paths, each string) (*Splitter, error) {
	s := &Splitter{root: newNode(), values: make([]value, len(p.paths))}
	var list path
	if each != "" {
		var err error
		if list, err = parsePath(each); err != nil {
			return nil, fmt.Errorf("path %q: %w", each, err)
		}
		if list.row() >= 0 {
			return nil, fmt.Errorf("path %q: the path of the array of rows has no [] itself", each)
		}
		s.each = s.root.add(list).child(step{kind: toEach})
	}
	for slot, path := range p.paths {
		row := path.row()
		if row >= 0 && !slices.Equal(path[:row], list) {
			return nil, fmt.Errorf("path %q asks for every element of an array, but rows are the elements of %q", p.texts[slot], each)
		}
		n := s.root.add(path)
		n.slots = append(n.slots, int32(slot))
		if row >= 0 {
			s.slots = append(s.slots, int32(slot))
		}
	}
	return s, nil
}

// Reset starts on a block, which must be shorter than 4 GiB. Its records are
// JSON objects, each on a line of its own or on several; blank lines are none.
// One that is malformed is taken to be a line.
func (s *Splitter) Reset(data []byte) {
	s.data, s.spans, s.spanned = data, nil, false
	s.next, s.rows, s.count, s.sub = 0, nil, 0, 0
}

// ResetRecords starts on a block, which must be shorter than 4 GiB. Its records
// lie where spans say.
func (s *Splitter) ResetRecords(data []byte, spans []Span) {
	s.Reset(data)
	s.spans, s.spanned = spans, true
}

// Next moves to the next row and reports whether there is one.
func (s *Splitter) Next() bool {
	if s.sub+1 < s.count {
		s.sub++
		s.row()
		return true
	}
	clear(s.values)
	s.text, s.rows, s.count, s.sub, s.Malformed = s.text[:0], nil, 0, 0, ""
	if s.spanned && !s.nextSpan() || !s.spanned && !s.nextLines() {
		return false
	}
	if s.Malformed != "" {
		clear(s.values)
		s.rows, s.count = nil, 0
	}
	if s.count > 0 {
		s.row()
	}
	return true
}

// nextLines takes the next record of lines.
func (s *Splitter) nextLines() bool {
	if s.start = gap(s.data, s.next); s.start >= len(s.data) {
		return false
	}
	s.stop, s.Malformed = s.record(s.data, s.start)
	if s.Malformed == "" || s.Malformed == tooMany {
		s.next = lineEnd(s.data, s.stop)
		return true
	}
	s.firstLine()
	return true
}

// nextSpan takes the next record that lies where a span says.
func (s *Splitter) nextSpan() bool {
	if len(s.spans) == 0 {
		return false
	}
	lo, hi := int(s.spans[0].Lo), int(s.spans[0].Hi)
	s.spans = s.spans[1:]
	s.start, s.stop, s.next = lo, hi, hi
	_, s.Malformed = s.record(s.data[:hi], lo)
	if rest := s.data[hi:]; bytes.HasPrefix(rest, newline) || bytes.HasPrefix(rest, carriage) {
		s.next = lineEnd(s.data, hi)
	}
	return true
}

var (
	newline  = []byte("\n")
	carriage = []byte("\r\n")
)

// gap returns the index of the first byte at or behind i that is neither blank
// nor part of a byte order mark.
func gap(data []byte, i int) int {
	for {
		if i = blanks(data, i); !bytes.HasPrefix(data[min(i, len(data)):], mark) {
			return i
		}
		i += len(mark)
	}
}

// mark is the byte order mark that some programs put before UTF-8 text.
var mark = []byte("\xef\xbb\xbf")

// lineEnd returns the index behind the line end that follows i with nothing
// but blanks between.
func lineEnd(data []byte, i int) int {
	for i < len(data) && isBlank(data[i]) {
		if i++; data[i-1] == '\n' {
			break
		}
	}
	return i
}

// firstLine makes the record the first line of what begins at start.
func (s *Splitter) firstLine() {
	rest := s.data[s.start:]
	n := bytes.IndexByte(rest, '\n')
	if n < 0 {
		s.stop, s.next = len(s.data), len(s.data)
		return
	}
	s.next = s.start + n + 1
	s.stop = s.next - 1
	if n > 0 && rest[n-1] == '\r' {
		s.stop--
	}
}

// record takes the record at i. It returns where the value ends, and why it is
// no record.
func (s *Splitter) record(data []byte, i int) (end int, fault string) {
	if i >= len(data) || data[i] != '{' {
		return 0, notObject
	}
	end = s.object(data, i, s.root, 0)
	switch end {
	case bad:
		return 0, notJSON
	case deep:
		return 0, tooDeep
	case short:
		return 0, notEnded
	}
	rest := end
	for rest < len(data) && isBlank(data[rest]) && data[rest] != '\n' {
		rest++
	}
	switch {
	case rest < len(data) && (data[rest] != '\n' || s.spanned && blanks(data, rest) < len(data)):
		return 0, notAlone
	case s.count > MaxRows:
		return end, tooMany
	}
	return end, ""
}

// row takes the values of the next element.
func (s *Splitter) row() {
	for _, slot := range s.slots {
		s.values[slot] = value{}
	}
	end := s.value(s.rows, 0, s.each, 0)
	s.rows = s.rows[min(blanks(s.rows, end)+1, len(s.rows)):]
}

// Offset returns where the record begins in the block.
func (s *Splitter) Offset() int { return s.start }

// End returns where the record ends in the block, behind its line end if it has
// one.
func (s *Splitter) End() int { return s.next }

// Raw returns the record as it stands, without its line end.
func (s *Splitter) Raw() []byte { return s.data[s.start:s.stop] }

// Sub returns which row of its record this is, from 0.
func (s *Splitter) Sub() int { return s.sub }

// Value returns the value of the path of a slot: the text of a string, a number
// or literal as it is written, the text of an object or array as it stands. It
// is nil if there is none, or null.
func (s *Splitter) Value(slot int) []byte {
	v := &s.values[slot]
	if v.escaped {
		v.text, v.escaped = s.unescape(v.text), false
	}
	return v.text
}
