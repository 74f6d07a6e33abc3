// Package jsonl reads JSON records out of blocks of bytes without allocating
// per record: a Cutter finds where records begin and end in a stream, a
// Splitter picks the values of wanted paths out of each.
//
// A record is a JSON object. What encoding/json accepts is accepted, and
// nothing else; numbers stay text, bytes that are not UTF-8 stay as they are,
// and of a key that an object has twice the first counts. A record deeper than
// 64 levels is refused. A byte order mark before a record is no part of it.
//
// # Paths
//
// A path leads to a value of a record:
//
//	a.b.c                 member by member
//	a[0].b                an element of an array, counted from 0
//	a[Name=Agent].Value   the first element whose member Name is the text Agent
//	a.@json.b             the text of a is a JSON document, b is looked up in it
//	a.@json               that text itself
//	a[].b                 b of the element that is the row; see NewSplitter
//
// A backslash takes the special meaning from the character behind it, so that
// a key may hold dots and brackets. Keys are compared exactly, after
// unescaping. A path that leads to an object or array gives its text as it
// stands.
package jsonl

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth is how many objects and arrays may be open at once in a record.
const maxDepth = 64

// A scan of JSON text returns an index, or one of these.
const (
	bad   = -1 - iota // not JSON
	deep              // more than maxDepth levels
	short             // the text ends within the value
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns the index of the first byte at or behind i that means
// something in a string: a quote, a backslash or a control character. It
// returns len(data) if there is none.
func special(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		// With one bit turned over, quotes come to lie just behind the
		// control characters. Of the marks that this leaves the lowest is
		// right, those above it need not be.
		q, b := w^'"'&^0x20*ones, w^'\\'*ones
		if m := ((q-0x21*ones)&^q | (b-ones)&^b) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return i
}

// quoted returns the index of the quote that closes the string whose text
// begins at i, and whether anything in the string is escaped.
func quoted(data []byte, i int) (end int, escaped bool) {
	for {
		if i = special(data, i); i >= len(data) {
			return short, escaped
		}
		switch data[i] {
		case '"':
			return i, escaped
		case '\\':
			if i = escape(data, i+1); i < 0 {
				return i, true
			}
			escaped = true
		default:
			return bad, escaped
		}
	}
}

// escape returns the index behind the escape whose letter stands at i.
func escape(data []byte, i int) int {
	if i >= len(data) {
		return short
	}
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for n := 1; n <= 4; n++ {
			if i+n >= len(data) {
				return short
			}
			if unhex[data[i+n]] > 15 {
				return bad
			}
		}
		return i + 5
	}
	return bad
}

// unhex is the value of each hexadecimal digit, and more than 15 for the rest.
var unhex = func() (t [256]byte) {
	for c := range t {
		switch c := byte(c); {
		case '0' <= c && c <= '9':
			t[c] = c - '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			t[c] = c | 0x20 - 'a' + 10
		default:
			t[c] = 0xff
		}
	}
	return t
}()

// isBlank reports whether c may stand between the tokens of JSON.
func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r'
}

// blanks returns the index of the first byte at or behind i that is not blank.
func blanks(data []byte, i int) int {
	for i < len(data) && isBlank(data[i]) {
		i++
	}
	return i
}

// scalar returns the index behind the number or literal at i. One that reaches
// the end of data ends there.
func scalar(data []byte, i int) int {
	switch data[i] {
	case 't':
		return literal(data, i, "true")
	case 'f':
		return literal(data, i, "false")
	case 'n':
		return literal(data, i, "null")
	}
	return number(data, i)
}

func literal(data []byte, i int, word string) int {
	n := min(len(word), len(data)-i)
	switch {
	case string(data[i:i+n]) != word[:n]:
		return bad
	case n < len(word):
		return short
	}
	return i + n
}

func number(data []byte, i int) int {
	if data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if i = digits(data, i); i < 0 {
		return i
	}
	if i < len(data) && data[i] == '.' {
		if i = digits(data, i+1); i < 0 {
			return i
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		if i++; i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		i = digits(data, i)
	}
	return i
}

// digits returns the index behind one or more digits.
func digits(data []byte, i int) int {
	from := i
	for i < len(data) && data[i]-'0' <= 9 {
		i++
	}
	switch {
	case i > from:
		return i
	case i == len(data):
		return short
	}
	return bad
}

// skip returns the index behind the value at i, around which depth levels are
// open. It checks all of it.
func skip(data []byte, i, depth int) int {
	var arrays uint64 // for every level opened here whether it is an array
	open := 0
	for {
		if i = blanks(data, i); i >= len(data) {
			return short
		}
		switch c := data[i]; c {
		case '"':
			end, _ := quoted(data, i+1)
			if end < 0 {
				return end
			}
			i = end + 1
		case '{', '[':
			if depth+open >= maxDepth {
				return deep
			}
			inside := blanks(data, i+1)
			if inside >= len(data) {
				return short
			}
			if data[inside] == c+2 { // nothing in it
				i = inside + 1
				break
			}
			open++
			if arrays <<= 1; c == '[' {
				arrays |= 1
				i = inside
			} else if i = key(data, inside); i < 0 {
				return i
			}
			continue
		default:
			if i = scalar(data, i); i < 0 {
				return i
			}
		}
		// A value has ended. Close what ends with it.
		for {
			if open == 0 {
				return i
			}
			if i = blanks(data, i); i >= len(data) {
				return short
			}
			c := data[i]
			i++
			if c == ',' {
				break
			}
			if c != '}' && c != ']' || (c == ']') != (arrays&1 == 1) {
				return bad
			}
			open--
			arrays >>= 1
		}
		if arrays&1 == 0 {
			if i = key(data, blanks(data, i)); i < 0 {
				return i
			}
		}
	}
}

// key returns the index behind the key at i and its colon.
func key(data []byte, i int) int {
	if i >= len(data) {
		return short
	}
	if data[i] != '"' {
		return bad
	}
	end, _ := quoted(data, i+1)
	if end < 0 {
		return end
	}
	return colon(data, end+1)
}

// colon returns the index behind the colon at i, which blanks may precede.
func colon(data []byte, i int) int {
	switch i = blanks(data, i); {
	case i >= len(data):
		return short
	case data[i] != ':':
		return bad
	}
	return i + 1
}

// End returns where the JSON value ends that begins at data[0], and false if it
// does not end within data or is not valid. A number that reaches the end of
// data ends there.
func End(data []byte) (uint32, bool) {
	if len(data) == 0 || isBlank(data[0]) {
		return 0, false
	}
	end := skip(data, 0, 0)
	if end < 0 {
		return 0, false
	}
	return uint32(end), true
}
