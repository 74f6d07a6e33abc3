package scalar

import (
	"strings"
	"sync"

	"github.com/paytriage/paytriage/forensics/event"
)

// maxCountryName is how long the name of a country may be, in bytes.
const maxCountryName = 96

// TryCountryName reads a country by its code of two letters, as TryCountry
// does, by that of three letters or three digits, or by its name in English or
// Japanese (see countryTable). Of names, case, accents, punctuation and "the" do
// not count, "&" is "and", "St." is "Saint". UK is GB.
func TryCountryName(b []byte) (c event.Country, ok bool) {
	if len(b) > maxCountryName {
		return 0, false
	}
	var buf [4 * maxCountryName]byte
	if c, ok := countryNames()[string(foldName(buf[:0], b))]; ok {
		return c, true
	}
	return TryCountry(b)
}

// countryNames maps what foldName makes of codes and names to countries.
var countryNames = sync.OnceValue(func() map[string]event.Country {
	all := map[string]event.Country{}
	for line := range strings.Lines(countryTable) {
		codes := strings.SplitN(strings.TrimSpace(line), " ", 4)
		c, ok := TryCountry([]byte(codes[0]))
		if !ok {
			continue // the empty line
		}
		all[strings.ToLower(codes[1])] = c
		all[codes[2]] = c
		for name := range strings.SplitSeq(codes[3], "; ") {
			all[string(foldName(nil, []byte(name)))] = c
		}
	}
	return all
})

// foldName appends the words of a name to dst, written so that two spellings of
// one name look alike. At most four bytes are appended for each of b.
func foldName(dst, b []byte) []byte {
	word := len(dst) // where the word begins
	for i := 0; i < len(b); {
		c, n := folded(b[i:])
		if accent, size := unaccented(b[i:]); size > 0 {
			c, n = accent, size
		}
		i += n
		switch c {
		case 0, '.', '\'':
		case ' ', ',', '(', ')', '[', ']', '-', '/', '_':
			dst = endWord(dst, word)
			word = len(dst)
		case '&':
			dst = endWord(dst, word)
			dst = endWord(append(dst, "and"...), len(dst))
			word = len(dst)
		default:
			dst = append(dst, lower(c))
		}
	}
	dst = endWord(dst, word)
	if n := len(dst); n > 0 && dst[n-1] == ' ' {
		dst = dst[:n-1]
	}
	return dst
}

// endWord ends the word that begins at an index of dst with a blank.
func endWord(dst []byte, word int) []byte {
	switch string(dst[word:]) {
	case "", "the":
		return dst[:word]
	case "st":
		dst = append(dst[:word], "saint"...)
	}
	return append(dst, ' ')
}

// latin1 has the letter below the accent for U+00C0 to U+00FF, 0 where there is
// none.
const latin1 = "aaaaaa\x00ceeeeiiii\x00nooooo\x00\x00uuuuy\x00\x00" +
	"aaaaaa\x00ceeeeiiii\x00nooooo\x00\x00uuuuy\x00y"

// unaccented returns what the first n bytes of b are without accent, 0 for marks
// that are no part of a word, or an n of 0 if they are nothing of that kind.
func unaccented(b []byte) (c byte, n int) {
	if len(b) >= 2 && b[0] == 0xc3 && b[1] >= 0x80 && b[1] <= 0xbf {
		if c = latin1[b[1]-0x80]; c != 0 {
			return c, 2
		}
		return 0, 0
	}
	if len(b) >= 3 {
		switch string(b[:3]) {
		case "’", "・", "･":
			return 0, 3
		case "、":
			return ' ', 3
		}
	}
	return 0, 0
}
