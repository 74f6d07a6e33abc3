package scalar

// IsNull reports whether b is a word by which programs write that there is no
// value: empty, dashes and question marks, null, None, N/A, NaN and their like,
// in the spellings listed here and no others.
//
// It is for fields of which a profile says that they are written so. Elsewhere
// such a word is a value: an account may be named "null", a city may be
// Nan, and neither becomes absent by itself. "unknown" is not among
// the words, nor are "0" and "-1": what they mean only the profile knows.
func IsNull(b []byte) bool {
	switch string(b) {
	case "", "-", "--", "---", "?", "??",
		"null", "NULL", "Null", "(null)", "(NULL)", "<null>", "<NULL>", "[null]", "[NULL]", `\N`,
		"nil", "<nil>", "None", "none", "NONE", "(none)", "<none>",
		"N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "undefined", "(not set)":
		return true
	}
	return false
}

// FoldWidth appends b to dst with the full-width forms of ASCII as ASCII
// and the ideographic space as a blank. All other bytes stay as they are, also
// half-width kana and what is not UTF-8. The result is never longer than b, so
// dst may be b[:0].
//
// It is for numbers and headers, never for ids: two ids that differ in width
// are two ids.
func FoldWidth(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		c, n := folded(b[i:])
		dst = append(dst, c)
		i += n
	}
	return dst
}

// folded returns the first byte of b, or the ASCII that its first n bytes are
// the full-width form of.
func folded(b []byte) (c byte, n int) {
	if len(b) < 3 || b[0] != 0xef && b[0] != 0xe3 {
		return b[0], 1
	}
	switch {
	case b[0] == 0xe3 && b[1] == 0x80 && b[2] == 0x80: // U+3000
		return ' ', 3
	case b[0] == 0xef && b[1] == 0xbc && b[2] >= 0x81 && b[2] <= 0xbf: // U+FF01 to U+FF3F
		return b[2] - 0x81 + '!', 3
	case b[0] == 0xef && b[1] == 0xbd && b[2] >= 0x80 && b[2] <= 0x9e: // U+FF40 to U+FF5E
		return b[2] - 0x80 + '`', 3
	}
	return b[0], 1
}

// isASCII reports whether no byte of b has its high bit set.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// lower returns an ASCII letter in lower case, and any other byte as it is.
func lower(c byte) byte {
	if c-'A' <= 'Z'-'A' {
		c += 'a' - 'A'
	}
	return c
}

// isDigit reports whether c is an ASCII digit, isLetter whether it is an ASCII
// letter.
func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return lower(c)-'a' <= 'z'-'a' }
