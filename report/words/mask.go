package words

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// A Masker hides ids of people from who looks over a shoulder or gets a
// screenshot: of each id the first two and the last two characters stay,
// tanaka@example.jp is ta…jp. At least half of an id is hidden, so that short
// ones show less. Ids that would look alike are numbered in the order in which
// they are asked for, ta…jp·2, so that rows stay apart; the same id always gets
// the same mask from one Masker. A mask is for eyes: it is no pseudonym, as who
// has a list of ids can find out whose it may be.
//
// The terminal and the page use this same one. The zero Masker is ready.
type Masker struct {
	masks map[string]string
	alike map[string]int  // how many look so but for the number
	taken map[string]bool // masks that were given
}

// Of returns the mask of an id; of none, none.
func (m *Masker) Of(id string) string {
	if id == "" {
		return ""
	}
	if mask, ok := m.masks[id]; ok {
		return mask
	}
	if m.masks == nil {
		m.masks, m.alike, m.taken = map[string]string{}, map[string]int{}, map[string]bool{}
	}
	ends := masked(id)
	mask := ends
	for m.alike[ends]++; m.alike[ends] > 1 || m.taken[mask]; m.alike[ends]++ {
		if mask = ends + "·" + strconv.Itoa(m.alike[ends]); !m.taken[mask] {
			break
		}
	}
	m.masks[id], m.taken[mask] = mask, true
	return mask
}

// shown is how many characters of an id are shown at each end.
const shown = 2

// masked shows the ends of an id.
func masked(id string) string {
	n := 0
	for at := 0; at < len(id) && n < 4*shown; n++ {
		at += character(id[at:])
	}
	switch {
	case n < 3:
		return "…"
	case n < 6:
		return id[:character(id)] + "…"
	case n < 4*shown:
		return id[:character(id)] + "…" + id[lastCharacters(id, 1):]
	}
	first := character(id)
	return id[:first+character(id[first:])] + "…" + id[lastCharacters(id, shown):]
}

// character returns the length of the first character of s with the marks on it.
func character(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !mark(r) {
			break
		}
		n += size
	}
	return n
}

// lastCharacters returns where the last n characters of s begin.
func lastCharacters(s string, n int) int {
	at := len(s)
	for at > 0 && n > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
		if !mark(r) {
			n--
		}
	}
	return at
}

// mark reports whether a rune stands on the one before it.
func mark(r rune) bool {
	return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector)
}
