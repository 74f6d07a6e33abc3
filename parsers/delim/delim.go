// Package delim splits delimited text (CSV by RFC 4180, and its relatives with
// another delimiter) into records and fields, without allocating.
//
// A record ends at a newline outside quotes; a carriage return before it
// belongs to the line end. A field that begins with a double quote runs to the
// next lone double quote and may hold delimiters, newlines and doubled quotes.
// A quote elsewhere is a letter, as browsers write it in user agents. Text
// between a closing quote and the next delimiter is a fault: the record is
// returned with Malformed set and is to be rejected, not repaired. Lines with
// nothing on them are no records.
package delim

import (
	"bytes"
	"math/bits"
	"slices"
)

// unmarked is where marks are that tell of nothing.
const unmarked = -64 * chunk

// MaxFields is how many fields of a record are told apart; a record with more
// is Malformed.
const MaxFields = 1 << 12

// A Splitter walks the records of a block. Its fields are valid until the next
// call of Next. The zero value is not ready: set Delimiter.
type Splitter struct {
	Delimiter byte
	// Unquoted says that a double quote is a letter everywhere.
	Unquoted bool
	// Malformed says what is wrong with the quoting of the record, or "".
	Malformed string

	data   []byte
	pos    int
	start  int
	fields []span
	text   []byte // unescaped fields of this record

	marks  [chunk]uint64 // see word
	marked int           // of which byte the first bit of marks is
}

// A span is a field: data[lo:hi] with lo in the lower half and hi in the upper, or
// with escaped set, the same with doubled quotes to be made single.
type span uint64

const escaped span = 1 << 63

func spanOf(lo, hi int) span { return span(lo) | span(hi)<<32 }

func (f span) bounds() (lo, hi int) { return int(uint32(f)), int(f &^ escaped >> 32) }

// Reset starts on a block, which must be shorter than 2 GiB.
func (s *Splitter) Reset(data []byte) {
	s.data, s.pos, s.start, s.marked = data, 0, 0, unmarked
}

// Next moves to the next record and reports whether there is one.
func (s *Splitter) Next() bool {
	for s.pos < len(s.data) && (s.data[s.pos] == '\n' || s.data[s.pos] == '\r' && s.blank()) {
		s.pos++
	}
	if s.pos >= len(s.data) {
		return false
	}
	s.start, s.fields, s.text, s.Malformed = s.pos, s.fields[:0], s.text[:0], ""
	s.split()
	return true
}

// blank reports whether the carriage return at pos stands on a line of its own.
func (s *Splitter) blank() bool {
	return s.pos+1 == len(s.data) || s.data[s.pos+1] == '\n'
}

// Offset returns where the record begins in the block.
func (s *Splitter) Offset() int { return s.start }

// End returns where the record ends in the block, behind its line end.
func (s *Splitter) End() int { return s.pos }

// Raw returns the record as it stands, without its line end.
func (s *Splitter) Raw() []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(s.data[s.start:s.pos], []byte("\n")), []byte("\r"))
}

// Len returns how many fields the record has.
func (s *Splitter) Len() int { return len(s.fields) }

// Field returns field i without its quotes.
func (s *Splitter) Field(i int) []byte {
	f := s.fields[i]
	if f >= escaped {
		return s.unescape(f)
	}
	return s.data[uint32(f) : f>>32]
}

// unescape returns a field with its doubled quotes made single.
func (s *Splitter) unescape(f span) []byte {
	from := len(s.text)
	lo, hi := f.bounds()
	for b := s.data[lo:hi]; len(b) > 0; {
		n := bytes.IndexByte(b, '"')
		if n < 0 {
			s.text = append(s.text, b...)
			break
		}
		s.text = append(s.text, b[:n+1]...)
		b = b[min(n+2, len(b)):]
	}
	return s.text[from:len(s.text):len(s.text)]
}

// chunk is for how many words of 64 bytes it is looked up at once where
// delimiters and newlines are.
const chunk = 64

// word returns a bit for each of the 64 bytes from base on, a multiple of 64, that
// is a delimiter or a newline.
func (s *Splitter) word(base int) uint64 {
	n := (base - s.marked) >> 6
	if uint(n) >= chunk {
		s.look(base)
		n = 0
	}
	return s.marks[n&(chunk-1)]
}

// look fills marks for the bytes from base on.
func (s *Splitter) look(base int) {
	delims := uint64(s.Delimiter) * ones
	s.marked = base
	rest := s.data[min(base, len(s.data)):]
	words := min(len(rest)>>6, chunk)
	if words > 0 {
		mark(&s.marks, &rest[0], words, delims)
	}
	if words < chunk {
		var last [64]byte
		n := copy(last[:], rest[words<<6:])
		var marks [chunk]uint64
		mark(&marks, &last[0], 1, delims)
		s.marks[words] = marks[0] & (1<<n - 1) // what is behind the end is nothing
	}
}

// seek returns word for where i is, without what stands before i.
func (s *Splitter) seek(i int) (marks uint64, base int) {
	base = i &^ 63
	return s.word(base) >> (i & 63) << (i & 63), base
}

// split finds the fields of the record at pos and moves pos beyond its line
// end. It goes from one delimiter or newline to the next: a quote means something
// only where a field begins, and is looked for there. Nothing is called within
// the inner loop, so that it runs in registers.
func (s *Splitter) split() {
	data, i, lo := s.data, s.pos, s.pos
	if data[i] == '"' && !s.Unquoted {
		if i, lo = s.quotedFields(i); i < 0 {
			return
		}
	}
	marks, base := s.seek(i)
	for {
		n := len(s.fields)
		fields := slices.Grow(s.fields, 64)[:n+64]
		quote := false
		for marks != 0 {
			at := base + bits.TrailingZeros64(marks)
			marks &= marks - 1
			if data[at] == '\n' {
				s.fields = fields[:n]
				s.finish(lo, at, at+1)
				return
			}
			fields[n] = spanOf(lo, at)
			n++
			if lo = at + 1; lo < len(data) && data[lo] == '"' && !s.Unquoted {
				quote = true
				break
			}
		}
		s.fields = fields[:n]
		switch base += 64; {
		case quote:
			if i, lo = s.quotedFields(lo); i < 0 {
				return
			}
			marks, base = s.seek(i)
		case base >= len(data):
			s.finish(lo, len(data), len(data))
			return
		default:
			marks = s.word(base)
		}
	}
}

// finish ends the record with the field data[lo:hi].
func (s *Splitter) finish(lo, hi, next int) {
	if hi > lo && s.data[hi-1] == '\r' {
		hi--
	}
	s.fields = append(s.fields, spanOf(lo, hi))
	s.end(next)
}

func (s *Splitter) end(next int) {
	s.pos = next
	if len(s.fields) > MaxFields {
		s.Malformed = "more than 4096 fields"
	}
}

// quotedFields takes the quoted field that opens at i and those that follow it
// at once. It returns where to go on and where the field that is then at hand
// begins, or -1 when the record has ended.
func (s *Splitter) quotedFields(i int) (next, lo int) {
	for {
		next, begins := s.quoted(i)
		switch {
		case next < 0:
			return -1, 0
		case !begins:
			return next, next - 1 // within a field: a quote here is a letter
		case s.data[next] != '"':
			return next, next
		}
		i = next
	}
}

// quoted takes the quoted field that opens at i. It returns where to go on and
// whether a field begins there, or -1 when the record ended with this one.
func (s *Splitter) quoted(i int) (next int, begins bool) {
	lo, doubled := i+1, span(0)
	hi := lo
	for {
		n := bytes.IndexByte(s.data[hi:], '"')
		if n < 0 {
			s.Malformed = "a quote that is never closed"
			s.fields = append(s.fields, spanOf(lo, len(s.data))|doubled)
			s.end(len(s.data))
			return -1, false
		}
		hi += n
		if hi+1 == len(s.data) || s.data[hi+1] != '"' {
			break
		}
		doubled = escaped
		hi += 2
	}
	s.fields = append(s.fields, spanOf(lo, hi)|doubled)
	return s.afterQuote(hi + 1)
}

// afterQuote goes on behind the closing quote, at i.
func (s *Splitter) afterQuote(i int) (next int, begins bool) {
	rest := s.data[i:]
	switch {
	case len(rest) == 0:
		s.end(i)
		return -1, false
	case rest[0] == s.Delimiter:
		if i+1 == len(s.data) { // a last, empty field without a line end
			s.finish(i+1, i+1, i+1)
			return -1, false
		}
		return i + 1, true
	case rest[0] == '\n':
		s.end(i + 1)
		return -1, false
	case rest[0] == '\r' && (len(rest) == 1 || rest[1] == '\n'):
		s.end(min(i+2, len(s.data)))
		return -1, false
	}
	// Go on to the end of the record just as block.Quotes does, or the two
	// would disagree about where the next one begins.
	s.Malformed = "text after a closing quote"
	return i, false
}
