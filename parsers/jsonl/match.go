package jsonl

import (
	"bytes"
	"strings"
)

// A matcher finds where a value ends by its brackets and quotes alone. It goes
// on where it stopped when there is more text.
type matcher struct {
	at     int    // up to where brackets were followed
	line   int    // up to where no line end was looked for, or found
	depth  int    // of open brackets
	arrays uint64 // for each of them up to maxDepth whether it is an array
}

// match returns the index behind the value that b begins with; final says that
// nothing comes behind b. The value is bad if brackets do not match, if a line
// ends within a string, or if a line begins with an object where none may be,
// which is the next record after one that is not complete. It is deep if it is
// on several lines as well. These two make sure that of the lines at which one
// begins again after a bad value few come to the same fault.
func (m *matcher) match(b []byte, final bool) int {
	var end int
	switch b[0] {
	case '{', '[':
		return m.brackets(b)
	case '"':
		if end = closing(b, 1); end >= 0 {
			end++
		}
	default:
		end = scalar(b, 0)
	}
	if end < 0 {
		return end
	}
	// A line of text may begin like a scalar.
	i := end
	for i < len(b) && isBlank(b[i]) && b[i] != '\n' {
		i++
	}
	switch {
	case i == len(b) && !final:
		return short
	case i < len(b) && strings.IndexByte("\n,]}", b[i]) < 0:
		return bad
	}
	return end
}

// closing returns the index of the quote that closes the string whose text
// begins at i.
func closing(b []byte, i int) int {
	for {
		if i = special(b, i); i >= len(b) {
			return short
		}
		switch b[i] {
		case '"':
			return i
		case '\n':
			return bad
		case '\\':
			if i++; i < len(b) && b[i] == '\n' {
				return bad
			}
		}
		i++
	}
}

// brackets is match for an object or array.
func (m *matcher) brackets(b []byte) int {
	i := m.at
	for ; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			end := closing(b, i+1)
			if end == short {
				m.at = i
				return short
			}
			if i = end; i < 0 {
				return bad
			}
		case '{', '[':
			if fault := m.open(b, i); fault < 0 {
				return fault
			}
		case '}', ']':
			if m.depth <= maxDepth {
				if (c == ']') != (m.arrays&1 == 1) {
					return bad
				}
				m.arrays >>= 1
			}
			if m.depth--; m.depth == 0 {
				return i + 1
			}
		}
	}
	m.at = i
	return short
}

// open opens the bracket at i. It returns a negative index if that is a fault.
func (m *matcher) open(b []byte, i int) int {
	if b[i] == '{' && i > 0 && !m.mayOpen(b, i) {
		return bad
	}
	if m.depth++; m.depth <= maxDepth {
		if m.arrays <<= 1; b[i] == '[' {
			m.arrays |= 1
		}
		return i
	}
	if bytes.IndexByte(b[m.line:i], '\n') >= 0 {
		return deep
	}
	m.line = i
	return i
}

// mayOpen reports whether the object at i does not begin a line, or stands
// where one may be.
func (m *matcher) mayOpen(b []byte, i int) bool {
	line := false
	for i--; isBlank(b[i]); i-- {
		line = line || b[i] == '\n'
	}
	return !line || b[i] == ':' || b[i] == '[' || b[i] == ',' && (m.depth > maxDepth || m.arrays&1 == 1)
}

// A skimmer goes to the end of a value of any length and depth. Brackets are as
// good as each other, and no string goes beyond its line.
type skimmer struct {
	depth   int
	str     bool // a string is open
	escaped bool // and a backslash was the last
	// lines says that a line that begins with an object, no further indented
	// than the one on which the value began, ends the value too.
	lines  bool
	indent int
	fresh  bool // only blanks stand before on the line
	column int  // how many
}

// skim returns how much of b belongs to the value, and whether it ends there.
// Then depth is 0, or more if a line ends it.
func (s *skimmer) skim(b []byte) (n int, ended bool) {
	for n, c := range b {
		switch {
		case c == '\n':
			if s.str && s.depth == 0 {
				return n, true
			}
			s.str, s.escaped, s.fresh, s.column = false, false, true, 0
			continue
		case s.escaped:
			s.escaped = false
		case s.str && c == '\\':
			s.escaped = true
		case c == '"':
			if s.str = !s.str; !s.str && s.depth == 0 {
				return n + 1, true
			}
		case s.str:
		case isBlank(c):
			s.column++
			continue
		case c == '{' && s.lines && s.fresh && s.column <= s.indent:
			return n, true
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			if s.depth--; s.depth <= 0 {
				return n + 1, true
			}
		}
		s.fresh = false
	}
	return len(b), false
}
