package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// Clean returns s with everything that could drive a terminal, reorder text or
// hide in it written as a visible escape: control characters (C0, C1, DEL),
// format characters (bidirectional controls and marks, zero-width spaces and
// joiners, byte order mark, soft hyphen, tags), line and paragraph separators,
// invisible fillers, noncharacters, and bytes that are not UTF-8. Line feed, CR
// and tab become \n, \r, \t; other control characters below U+0080 and stray
// bytes \xNN; all others \uNNNN or \UNNNNNNNN.
//
// Variation selectors stay, because names are written with them (葛 has two
// forms), and so does the backslash: the result is for eyes, not for reading
// back. Clean of a clean text is that text.
func Clean(s string) string {
	i := firstUnsafe(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !unsafeRune(r):
			b.WriteString(s[i : i+n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// firstUnsafe returns where the first rune that Clean escapes starts, or len(s).
func firstUnsafe(s string) int {
	for i := 0; i < len(s); {
		if ch := s[i]; ch >= 0x20 && ch < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if (r == utf8.RuneError && n == 1) || unsafeRune(r) {
			return i
		}
		i += n
	}
	return len(s)
}

// unsafeRune reports whether a rune is escaped.
func unsafeRune(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r < 0xad:
		return false
	case unicode.Is(unicode.Variation_Selector, r):
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// Width returns how many columns a clean text takes on a terminal: 2 for full
// width and wide characters, 0 for combining ones, 1 for all others, those of
// ambiguous width too, whatever the locale.
func Width(s string) int {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return len(s)
	}
	// The zero Options: not the ones that the library guesses from the
	// environment.
	return twwidth.WidthWithOptions(s, twwidth.Options{})
}

const ellipsis = "…"

// Truncate returns a clean text that takes at most width columns. A longer one
// is cut between characters and ends in an ellipsis; marks stay with the
// character that they belong to (a dakuten with its kana).
func Truncate(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	left := width - Width(ellipsis)
	end := 0
	for end < len(s) {
		n := character(s[end:])
		w := Width(s[end : end+n])
		if w > left {
			break
		}
		left -= w
		end += n
	}
	return s[:end] + ellipsis
}

// character returns the length in bytes of the first character of s as a person
// sees it: a rune with the marks that follow it, or a flag.
func character(s string) int {
	first, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !joins(r) {
			if n == utf8.RuneLen(first) && unicode.Is(unicode.Regional_Indicator, first) && unicode.Is(unicode.Regional_Indicator, r) {
				n += size
				continue
			}
			break
		}
		n += size
	}
	return n
}

// joins reports whether a rune belongs to the character before it.
func joins(r rune) bool {
	switch {
	case r < 0x300:
		return false
	case r == 0xff9e || r == 0xff9f: // half-width dakuten and handakuten
		return true
	case r >= 0x1f3fb && r <= 0x1f3ff: // skin tones
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || Width(string(r)) == 0
}
