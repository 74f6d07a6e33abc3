package keyval

import "bytes"

// What a byte can be in key=value text.
const (
	inKey   = 1 << iota // part of a key
	endsRun             // a blank or a comma
)

// classes tells what each byte can be.
var classes = func() (t [256]uint8) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c >= 0x80,
			c == '_', c == '.', c == '-', c == '@', c == '$':
			t[c] = inKey
		case c == ' ', c == '\t', c == ',':
			t[c] = endsRun
		}
	}
	return t
}()

// keyEnd returns where the key that begins at b[i] ends, i if there is none.
func keyEnd(b []byte, i int) int {
	for i < len(b) && classes[b[i]]&inKey != 0 {
		i++
	}
	return i
}

// runEnd returns where the next blank or comma is, or the end of b.
func runEnd(b []byte, i int) int {
	for i < len(b) && classes[b[i]]&endsRun == 0 {
		i++
	}
	return i
}

// readText reads the line b[i:] of key=value text.
func (s *Splitter) readText(b []byte, i int) {
	head := i     // end of the text before the first pair
	any := false  // whether there was a pair
	open := false // whether the text at i may belong to a wanted value
	for {
		for i < len(b) && classes[b[i]]&endsRun != 0 {
			i++
		}
		if i == len(b) {
			break
		}
		key, at := s.key(b, i)
		switch {
		case at > 0:
			any = true
			if i, open = s.readValue(b, key, at); i < 0 {
				i = len(b)
			}
			continue
		case open:
			s.Malformed = "text behind a value that is not quoted"
		}
		i = runEnd(b, i)
		if !any {
			head = i
		}
	}
	if head > s.start {
		s.head = b[s.start:head]
	}
}

// key returns the key at b[i] and where its value begins, 0 if there is no key.
func (s *Splitter) key(b []byte, i int) (key int32, next int) {
	if key, next, ok := s.expected(b, i); ok {
		return key, next
	}
	end := keyEnd(b, i)
	if end == i || end == len(b) || b[end] != '=' {
		return 0, 0
	}
	return s.learn(b[i:end], i, end+1), end + 1
}

// readValue reads the value at b[i]. It returns where it ends, -1 if that is
// not to be known, and whether text that follows may belong to it.
func (s *Splitter) readValue(b []byte, key int32, i int) (next int, open bool) {
	if i < len(b) && (b[i] == '"' || b[i] == '\'') {
		k, end := escaped, 0
		if b[i] == '"' {
			end = doubleEnd(b, i+1)
		} else {
			k, end = plain, singleEnd(b, i+1)
		}
		if end < 0 {
			s.Malformed = "a quote that is never closed"
			return -1, false
		}
		s.put(key, i+1, end, k)
		if end++; end < len(b) && classes[b[end]]&endsRun == 0 {
			s.Malformed = "text after a closing quote"
			return -1, false
		}
		return end, false
	}
	end := runEnd(b, i)
	for end < len(b) && b[end] == ',' && !separates(b, end) {
		end = runEnd(b, end+1)
	}
	return end, s.put(key, i, end, plain)
}

// doubleEnd returns where the quote is that closes the one before b[i], or -1.
func doubleEnd(b []byte, i int) int {
	for from := i; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		slashes := i
		for slashes > from && b[slashes-1] == '\\' {
			slashes--
		}
		if (i-slashes)%2 == 0 {
			return i
		}
		i++
		from = i
	}
}

// singleEnd is doubleEnd for single quotes.
func singleEnd(b []byte, i int) int {
	for {
		n := bytes.IndexByte(b[i:], '\'')
		if n < 0 {
			return -1
		}
		i += n
		if i+1 == len(b) || classes[b[i+1]]&endsRun != 0 {
			return i
		}
		i++
	}
}

// separates reports whether the comma at b[i] stands between pairs, rather
// than in a value.
func separates(b []byte, i int) bool {
	if i++; i == len(b) || classes[b[i]]&endsRun != 0 {
		return true
	}
	end := keyEnd(b, i)
	return end > i && end < len(b) && b[end] == '='
}
