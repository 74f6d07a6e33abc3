// Package keyval splits lines of labelled values into the fields that someone
// wants, without allocating: LTSV, key=value text such as logfmt and the event
// lines of Keycloak, and the like with other separators.
//
// A line is a record; a line of white space is none. Keys are compared byte by
// byte. Of a key that stands twice in a line the first counts, since programs
// write their own fields before those that a client can fill. No value is put
// together from parts: where a line leaves open how far a wanted value goes,
// the record is Malformed and is to be rejected, not repaired.
//
// Key=value text is pairs with blanks, commas or both between them, behind any
// other text (a time, a level, the name of a logger):
//
//	2023-01-02 10:11:12,345 WARN  [events] (task-1) type=LOGIN_ERROR, user="a \"b\" c", why='not known', ip=192.0.2.1
//
// A key is letters, digits and any of _ . - @ $ and stands at the beginning of
// the line or behind a blank or a comma. A value is one of
//
//   - bare: up to the next blank, or the next comma that has a blank, a comma,
//     a pair or nothing behind it. Behind a wanted one must come a pair or
//     nothing: in user=Ann Lee, the value is not Ann.
//   - in double quotes, in which a backslash before a quote or a backslash is
//     dropped. Other backslashes stay: they are part of names (CORP\nina), and
//     not every program that escapes quotes escapes them.
//   - in single quotes, in which nothing is escaped; one that has no blank,
//     comma or line end behind it is a letter.
package keyval

import (
	"bytes"
	"errors"
	"fmt"
)

// Names with a meaning of their own: the text before the first pair of a line
// of key=value text, without the blanks and commas at its end, and the line.
const (
	Head = "@head"
	Line = "@line"
)

// A Dialect says how lines are written. The zero Dialect is key=value text.
type Dialect struct {
	pair, value byte // separators; 0: key=value text
	trim        bool // of blanks around keys and values
}

// LTSV returns the dialect of labelled tab-separated values: label:value, with
// a tab between them. Values stand as they are; there are no escapes.
func LTSV() Dialect { return Dialect{pair: '\t', value: ':'} }

// Separated returns the dialect in which pair stands between pairs and value
// behind each key. Blanks beside either belong to neither; there are no quotes
// and no escapes, so that no value can hold a pair separator.
func Separated(pair, value byte) Dialect { return Dialect{pair, value, true} }

// A Splitter walks the records of a block. What it returns is valid until the
// next call of Next.
type Splitter struct {
	// Malformed says what is wrong with the record, or "". Values that were
	// read before the fault can be asked for all the same.
	Malformed string

	dialect Dialect
	keys    map[string]int32 // wanted keys, numbered from 0
	slots   []int32          // key of each slot, or one of the below

	data             []byte
	start, stop, pos int // of the record, of its line end, behind that
	head             []byte
	values           []value // by key
	text             []byte  // unescaped values of this record

	// order is the keys in the order in which the block had them so far.
	// Nearly every record has the same ones in the same order, some of them
	// leave some out, and to compare with what is expected is quicker than to
	// look for the end of the key and then for the key in the map.
	order  []label
	cursor int // what is expected next
}

// Slots that are no keys.
const (
	noKey = -1 - iota
	headKey
	lineKey
)

// A value is data[lo:hi], or text[lo:hi] if it is unescaped.
type value struct {
	lo, hi uint32
	kind   kind
}

type kind uint8

const (
	absent kind = iota
	plain
	escaped // may hold escapes
	unescaped
)

// A label is a key with the separator behind it: data[lo:hi].
type label struct {
	lo, hi uint32
	key    int32
}

const (
	maxOrder = 64 // labels that are expected at most
	ahead    = 4  // labels that are compared before the map is asked
)

// NewSplitter returns a Splitter for the fields that names lists by slot. A
// name may stand in several slots.
func NewSplitter(names []string, d Dialect) (*Splitter, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	s := &Splitter{dialect: d, keys: map[string]int32{}, text: make([]byte, 0, 256)}
	for _, name := range names {
		key, err := s.want(name)
		if err != nil {
			return nil, err
		}
		s.slots = append(s.slots, key)
	}
	s.values = make([]value, len(s.keys))
	return s, nil
}

// check returns an error for separators that cannot be told from each other or
// from a line end.
func (d Dialect) check() error {
	if d == (Dialect{}) {
		return nil
	}
	for _, c := range [...]byte{d.pair, d.value} {
		if c == 0 || c == '\n' || c == '\r' {
			return fmt.Errorf("%q cannot separate anything within a line", c)
		}
	}
	if d.trim && isBlank(d.value) {
		return errors.New("a blank cannot stand behind keys: blanks beside a separator are dropped")
	}
	if d.pair == d.value {
		return fmt.Errorf("%q cannot stand both between pairs and behind keys", d.pair)
	}
	return nil
}

// want returns the number of a key.
func (s *Splitter) want(name string) (int32, error) {
	switch name {
	case Head:
		return headKey, nil
	case Line:
		return lineKey, nil
	case "":
		return 0, errors.New("a field without a name")
	}
	if !s.dialect.canBeKey(name) {
		return 0, fmt.Errorf("%q cannot be a key in this syntax", name)
	}
	key, ok := s.keys[name]
	if !ok {
		key = int32(len(s.keys))
		s.keys[name] = key
	}
	return key, nil
}

func (d Dialect) canBeKey(name string) bool {
	b := []byte(name)
	if d == (Dialect{}) {
		return keyEnd(b, 0) == len(b)
	}
	return bytes.IndexByte(b, d.pair) < 0 && bytes.IndexByte(b, d.value) < 0 &&
		bytes.IndexByte(b, '\n') < 0 && (!d.trim || len(trim(b)) == len(b))
}

// Reset starts on a block of whole lines, which must be shorter than 4 GiB.
func (s *Splitter) Reset(data []byte) {
	s.data, s.start, s.stop, s.pos, s.order = data, 0, 0, 0, s.order[:0]
}

// Next moves to the next record and reports whether there is one.
func (s *Splitter) Next() bool {
	for s.pos < len(s.data) {
		s.start = s.pos
		n := bytes.IndexByte(s.data[s.start:], '\n')
		if n < 0 {
			s.stop, s.pos = len(s.data), len(s.data)
		} else {
			s.stop, s.pos = s.start+n, s.start+n+1
		}
		if s.stop > s.start && s.data[s.stop-1] == '\r' {
			s.stop--
		}
		if !blank(s.data[s.start:s.stop]) {
			s.read()
			return true
		}
	}
	return false
}

// blank reports whether there is nothing but white space in b.
func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// read reads the values of the record.
func (s *Splitter) read() {
	s.Malformed, s.head, s.text, s.cursor = "", nil, s.text[:0], 0
	clear(s.values)
	if s.dialect == (Dialect{}) {
		s.readText(s.data[:s.stop], s.start)
	} else {
		s.readFields(s.data[:s.stop], s.start)
	}
}

// Offset returns where the record begins in the block.
func (s *Splitter) Offset() int { return s.start }

// End returns where the record ends in the block, behind its line end.
func (s *Splitter) End() int { return s.pos }

// Raw returns the record as it stands, without its line end.
func (s *Splitter) Raw() []byte { return s.data[s.start:s.stop] }

// Sub returns the index of the row within its record, which has one only.
func (s *Splitter) Sub() int { return 0 }

// Value returns the field of a slot, nil if the record has none.
func (s *Splitter) Value(slot int) []byte {
	key := s.slots[slot]
	switch key {
	case headKey:
		return s.head
	case lineKey:
		return s.Raw()
	}
	v := &s.values[key]
	if v.kind == escaped {
		s.unescape(v)
	}
	switch v.kind {
	case absent:
		return nil
	case unescaped:
		return s.text[v.lo:v.hi:v.hi]
	}
	return s.data[v.lo:v.hi]
}

// unescape drops the backslashes before quotes and backslashes.
func (s *Splitter) unescape(v *value) {
	b := s.data[v.lo:v.hi]
	n := bytes.IndexByte(b, '\\')
	if n < 0 {
		v.kind = plain
		return
	}
	lo := len(s.text)
	for ; n >= 0; n = bytes.IndexByte(b, '\\') {
		if n+1 < len(b) && (b[n+1] == '"' || b[n+1] == '\\') {
			s.text = append(append(s.text, b[:n]...), b[n+1])
			b = b[n+2:]
		} else {
			s.text = append(s.text, b[:n+1]...)
			b = b[n+1:]
		}
	}
	s.text = append(s.text, b...)
	*v = value{uint32(lo), uint32(len(s.text)), unescaped}
}

// put notes the value b[lo:hi] of a key and reports whether it counts.
func (s *Splitter) put(key int32, lo, hi int, k kind) bool {
	if key < 0 || s.values[key].kind != absent {
		return false
	}
	s.values[key] = value{uint32(lo), uint32(hi), k}
	return true
}

// expected returns the key at b[i] and where its value begins, if it is among
// those that are expected there. What begins like a label is this label: it
// ends with a separator, and there is none before that.
func (s *Splitter) expected(b []byte, i int) (key int32, next int, ok bool) {
	for n, l := range s.order[s.cursor:min(s.cursor+ahead, len(s.order))] {
		size := int(l.hi - l.lo)
		if len(b)-i >= size && string(b[i:i+size]) == string(b[l.lo:l.hi]) {
			s.cursor += n + 1
			return l.key, i + size, true
		}
	}
	return 0, 0, false
}

// learn looks up the key in the label b[lo:hi], and expects it from now on.
func (s *Splitter) learn(name []byte, lo, hi int) int32 {
	key, ok := s.keys[string(name)]
	if !ok {
		key = noKey
	}
	if len(s.order) < maxOrder {
		s.order = append(s.order, label{})
		copy(s.order[s.cursor+1:], s.order[s.cursor:])
		s.order[s.cursor] = label{uint32(lo), uint32(hi), key}
		s.cursor++
	}
	return key
}

// readFields reads the line b[i:] of fields with a separator between them.
func (s *Splitter) readFields(b []byte, i int) {
	d := s.dialect
	for i <= len(b) {
		key, lo, known := s.expected(b, i)
		from := i
		if known {
			from = lo
		}
		end := len(b)
		if n := bytes.IndexByte(b[from:], d.pair); n >= 0 {
			end = from + n
		}
		if !known {
			n := bytes.IndexByte(b[i:end], d.value)
			if n < 0 {
				if !blank(b[i:end]) {
					s.Malformed = "a field without a key"
				}
				i = end + 1
				continue
			}
			lo = i + n + 1
			key = s.learn(d.name(b[i:lo-1]), i, lo)
		}
		i = end + 1
		if d.trim {
			lo, end = bounds(b, lo, end)
		}
		s.put(key, lo, end, plain)
	}
}

// name returns a key without the blanks around it.
func (d Dialect) name(b []byte) []byte {
	if d.trim {
		return trim(b)
	}
	return b
}

// trim returns b without the blanks around it.
func trim(b []byte) []byte {
	lo, hi := bounds(b, 0, len(b))
	return b[lo:hi]
}

// bounds returns what is left of b[lo:hi] without the blanks around it.
func bounds(b []byte, lo, hi int) (int, int) {
	for lo < hi && isBlank(b[lo]) {
		lo++
	}
	for lo < hi && isBlank(b[hi-1]) {
		hi--
	}
	return lo, hi
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
