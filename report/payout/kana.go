package payout

import (
	"fmt"
	"strings"
	"unicode"
)

// Names in Zengin files are half-width: JIS X 0201, one byte a letter, which is
// also how CP932 writes them. A voicing mark is a letter of its own.
//
// What is written otherwise is converted where, and only where, the other form
// is the same name:
//
//	ガ, as one code point or two   ｶﾞ           full width to half width
//	が                             ｶﾞ           hiragana to katakana, one to one
//	ャ ｬ ヮ ヵ ヶ                  ﾔ ﾔ ﾜ ｶ ｹ    small kana, which no field has
//	ー ｰ                           -            the long vowel, which no field has
//	Ａ ａ a                        A            capitals only
//	blanks around the name         nothing      fields are filled up with blanks
//
// Everything else is refused: kanji, because their reading would be a guess; ヲ,
// which names may not hold; ヰ ヱ ヷ, which have no half-width form; marks
// behind a letter that takes none; symbols other than those of the field.

// A class is a set of letters that a kind of field may hold besides kana,
// capitals, digits and the blank.
type class string

const (
	partyNames class = "()-." // of accounts, payees and payers
	bankNames  class = "-"    // of banks and branches
)

// Half-width katakana and the bytes they have.
const (
	halfFirst = '｡' // U+FF61, byte A1
	halfLast  = 'ﾟ' // U+FF9F, byte DF
	voiced    = 'ﾞ'
	semi      = 'ﾟ'
)

// A form is how a letter is written in half width: a letter and perhaps a mark.
// The zero form is none.
type form struct{ letter, mark rune }

// wide holds the half-width forms of katakana, from wideFirst on.
var wide = buildWide()

const wideFirst = '゠' // U+30A0

func buildWide() (forms [0x60]form) {
	const full = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
	const half = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
	halves := []rune(half)
	m := map[rune]form{'ー': {letter: '-'}, 'ヴ': {'ｳ', voiced}}
	for i, r := range []rune(full) {
		h := halves[i]
		m[r] = form{letter: h}
		if takesVoiced(h) && h != 'ｳ' {
			m[r+1] = form{h, voiced} // ガ stands behind カ
		}
		if takesSemi(h) {
			m[r+2] = form{h, semi}
		}
	}
	for i, small := range []rune("ァィゥェォッャュョヮヵヶ") {
		m[small] = m[[]rune("アイウエオツヤユヨワカケ")[i]]
	}
	for r, f := range m {
		forms[r-wideFirst] = f
	}
	return forms
}

// takesVoiced reports whether ﾞ may stand behind a half-width letter.
func takesVoiced(h rune) bool { return h == 'ｳ' || h >= 'ｶ' && h <= 'ﾄ' || takesSemi(h) }

// takesSemi reports whether ﾟ may.
func takesSemi(h rune) bool { return h >= 'ﾊ' && h <= 'ﾎ' }

// halfWidth returns a name as the half-width letters of a class, or why it has
// none.
func halfWidth(name string, allowed class) (string, error) {
	var b strings.Builder
	b.Grow(len(name))
	var before rune // the letter that a mark would stand behind; 0 if none may
	for _, r := range strings.TrimSpace(name) {
		f, base := convert(r, before, allowed)
		if f.letter == 0 {
			return "", refusal(r)
		}
		b.WriteRune(f.letter)
		if f.mark != 0 {
			b.WriteRune(f.mark)
		}
		before = base
	}
	return strings.TrimSpace(b.String()), nil
}

// convert returns the half-width form of one letter, and the letter that a mark
// behind it would be on.
func convert(r, before rune, allowed class) (f form, base rune) {
	switch {
	case r >= 'ぁ' && r <= 'ゖ':
		r += 'ァ' - 'ぁ'
	case r >= '！' && r <= '～':
		r += '!' - '！'
	case r == '　':
		r = ' '
	case r == '\u3099':
		r = voiced
	case r == '\u309a':
		r = semi
	}
	switch {
	case r >= 'a' && r <= 'z':
		return form{letter: r - 'a' + 'A'}, 0
	case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ', strings.ContainsRune(string(allowed), r):
		return form{letter: r}, 0
	case r == voiced && takesVoiced(before), r == semi && takesSemi(before):
		return form{letter: r}, 0
	case r >= 'ｱ' && r <= 'ﾝ':
		return form{letter: r}, r
	case r >= 'ｧ' && r <= 'ｯ':
		return form{letter: enlarged[r-'ｧ']}, 0
	case r == 'ｰ':
		return form{letter: '-'}, 0
	}
	if r >= wideFirst && r < wideFirst+rune(len(wide)) {
		f = wide[r-wideFirst]
	}
	if f.mark == 0 && !isSmall(r) {
		base = f.letter
	}
	return f, base
}

// enlarged are the half-width forms of ｧ to ｯ.
var enlarged = []rune("ｱｲｳｴｵﾔﾕﾖﾂ")

// isSmall reports whether a full-width katakana is written small: a mark behind
// one that was enlarged would make another letter of it.
func isSmall(r rune) bool { return strings.ContainsRune("ァィゥェォッャュョヮヵヶ", r) }

// refusal says why a letter cannot be written.
func refusal(r rune) error {
	switch {
	case unicode.Is(unicode.Han, r):
		return fmt.Errorf("%q is kanji, and how it is read is not guessed", r)
	case r == voiced, r == semi, r == '\u3099', r == '\u309a':
		return fmt.Errorf("a voicing mark stands behind a letter that takes none")
	}
	return fmt.Errorf("%q is no letter of this field", r)
}

// appendHalf appends half-width letters as bytes of JIS X 0201.
func appendHalf(dst []byte, half string) []byte {
	for _, r := range half {
		if r >= halfFirst && r <= halfLast {
			r += 0xA1 - halfFirst
		}
		dst = append(dst, byte(r))
	}
	return dst
}

// parseHalf returns bytes of JIS X 0201 as text; false where one is no letter.
func parseHalf(b []byte) (string, bool) {
	var s strings.Builder
	s.Grow(len(b))
	for _, ch := range b {
		switch {
		case ch >= 0x20 && ch < 0x7F:
			s.WriteByte(ch)
		case ch >= 0xA1 && ch <= 0xDF:
			s.WriteRune(rune(ch) - 0xA1 + halfFirst)
		default:
			return "", false
		}
	}
	return s.String(), true
}
