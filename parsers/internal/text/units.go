package text

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// A unit reads the first sequence of src, which does not begin with ASCII. It
// returns its letter, or a negative one if it is broken, and its size, or 0 if
// src ends too early to tell. At the end of the text nothing is too early.
type unit func(src []byte, end bool) (r rune, size int)

// broken stands for no letter.
const broken = -1

// unitOf returns the unit of an encoding whose sequences do not depend on those
// before, and begin with a byte of 0x80 or more, or nil; and its pairs.
func unitOf(e Encoding) (unit, *pairs) {
	switch e {
	case UTF8:
		return utf8Unit, &noPairs
	case CP932:
		return cp932Pairs().cp932, cp932Pairs()
	case EUCJP:
		return jisPairs().eucJP, &jisPairs().x0208
	case Windows1252:
		return latinTable().windows1252, &noPairs
	}
	return nil, nil
}

func utf8Unit(src []byte, end bool) (rune, int) {
	r, size := utf8.DecodeRune(src)
	switch {
	case size > 1:
		return r, size
	case !end && !utf8.FullRune(src):
		return broken, 0
	}
	return broken, 1
}

// A pairs holds the letters of the pairs of a first byte, less 0x80, and a
// second; 0 is none.
type pairs [128]*[256]uint16

var (
	noRow   [256]uint16
	noPairs = emptyPairs()
)

func emptyPairs() (p pairs) {
	for i := range p {
		p[i] = &noRow
	}
	return p
}

// fill asks the decoder of an encoding for the pairs that begin with bytes from
// first to last.
func (p *pairs) fill(e encoding.Encoding, prefix string, first, last byte) {
	var all []byte
	for a := int(first); a <= int(last); a++ {
		for b := 0x40; b < 0xff; b++ {
			all = append(append(all, prefix...), byte(a), byte(b), '\n')
		}
	}
	decoded, err := e.NewDecoder().Bytes(all)
	if err != nil {
		return // these decoders have no errors; a test looks at the letters
	}
	for a := int(first); a <= int(last); a++ {
		row := new([256]uint16)
		for b := 0x40; b < 0xff; b++ {
			line, rest, _ := bytes.Cut(decoded, []byte("\n"))
			if r, size := utf8.DecodeRune(line); r != utf8.RuneError && size == len(line) {
				row[b] = uint16(r)
			}
			decoded = rest
		}
		p[a&0x7f] = row
	}
}

// cp932Pairs are the pairs of CP932. Those that users define are missing in
// the tables of x/text.
var cp932Pairs = sync.OnceValue(func() *pairs {
	p := emptyPairs()
	p.fill(japanese.ShiftJIS, "", 0x81, 0x9f)
	p.fill(japanese.ShiftJIS, "", 0xe0, 0xfc)
	next := uint16(0xe000)
	for a := 0xf0; a <= 0xf9; a++ {
		for b := 0x40; b <= 0xfc; b++ {
			if b != 0x7f {
				p[a&0x7f][b] = next
				next++
			}
		}
	}
	return &p
})

// cp932 is the unit of CP932.
func (p *pairs) cp932(src []byte, end bool) (rune, int) {
	first := src[0]
	switch {
	case first >= 0xa1 && first <= 0xdf:
		return rune(first) + 0xff61 - 0xa1, 1 // half-width katakana
	case first == 0x80 || first == 0xa0 || first > 0xfc:
		return broken, 1
	case len(src) < 2:
		return tooShort(end)
	}
	second := src[1]
	if r := p[first&0x7f][second]; r != 0 {
		return rune(r), 2
	}
	if second < 0x80 || second > 0xfc {
		return broken, 1 // the second byte may be a comma or a line feed
	}
	return broken, 2
}

// tooShort is what the first byte of several is at the end of src.
func tooShort(end bool) (rune, int) {
	if end {
		return broken, 1
	}
	return broken, 0
}

// A kanjiJIS holds the pairs of JIS X 0208 and of JIS X 0212, both bytes of
// which are 0xa1 to 0xfe in EUC-JP.
type kanjiJIS struct{ x0208, x0212 pairs }

var jisPairs = sync.OnceValue(func() *kanjiJIS {
	k := &kanjiJIS{emptyPairs(), emptyPairs()}
	k.x0208.fill(japanese.EUCJP, "", 0xa1, 0xfe)
	k.x0212.fill(japanese.EUCJP, "\x8f", 0xa1, 0xfe)
	return k
})

// eucJP is the unit of EUC-JP.
func (k *kanjiJIS) eucJP(src []byte, end bool) (rune, int) {
	first := src[0]
	switch {
	case first != 0x8e && first != 0x8f && first < 0xa1 || first > 0xfe:
		return broken, 1
	case len(src) < 2:
		return tooShort(end)
	}
	second := src[1]
	switch {
	case second < 0xa1 || second > 0xfe:
		return broken, 1
	case first == 0x8e && second <= 0xdf:
		return rune(second) + 0xff61 - 0xa1, 2
	case first == 0x8e:
		return broken, 2
	case first != 0x8f:
		return letter(k.x0208[first&0x7f][second]), 2
	case len(src) < 3:
		return tooShort(end)
	case src[2] < 0xa1 || src[2] > 0xfe:
		return broken, 1
	}
	return letter(k.x0212[second&0x7f][src[2]]), 3
}

func letter(r uint16) rune {
	if r == 0 {
		return broken
	}
	return rune(r)
}

// A latin holds the letters of the bytes from 0x80.
type latin [128]rune

var latinTable = sync.OnceValue(func() *latin {
	t := new(latin)
	for i := range t {
		t[i] = charmap.Windows1252.DecodeByte(byte(0x80 + i))
	}
	for _, none := range []byte{0x81, 0x8d, 0x8f, 0x90, 0x9d} {
		t[none-0x80] = broken
	}
	return t
})

// windows1252 is the unit of Windows-1252.
func (t *latin) windows1252(src []byte, _ bool) (rune, int) { return t[src[0]-0x80], 1 }
