// Package scalar turns the bytes of one field into a value: a time, a network
// address, an amount, a number, a country, a card number.
//
// Every function takes any bytes whatever, keeps none of them, allocates
// nothing and does not panic. It answers (value, true), or false for a text
// that it does not understand in full: nothing is guessed, and nothing before
// or after the value is skipped (see TrimSpace). An empty field is not a
// value, so false; the caller decides what an absent value means and what to
// tell the user about a wrong one.
//
// TryTime, TryAddr, TryUint32 and TryCountry read the neutral schema, which has
// one way to write each thing. What the world's logs write instead is read by
// functions that must be told how: a Layout for times, an AmountRule for
// amounts, TryAddrLoose and TryForwarded for addresses, TryCountryName for
// countries. They are as strict: two readings of one text are no answer.
//
// A few functions are called once for a file or a distinct value, not once for
// each row, and do allocate: CompileLayout, ZoneOf, and those that look at
// samples to say how a file is written, OrderOf, Suggest and SuggestDecimal.
package scalar

import (
	"math"

	"github.com/paytriage/paytriage/forensics/event"
)

// TrimSpace returns b without the spaces and tabs at its ends. Other white
// space stays: a line end or a no-break space inside a field is damage that
// must be seen, not swept away.
func TrimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// TryUint32 reads an unsigned decimal of up to 32 bits, such as the number of
// an autonomous system, with or without "AS" or "as" before it. Leading zeros
// are allowed; signs, separators and the dotted form "1.10" are not.
func TryUint32(b []byte) (v uint32, ok bool) {
	if len(b) > 2 && (b[0] == 'A' && b[1] == 'S' || b[0] == 'a' && b[1] == 's') {
		b = b[2:]
	}
	if len(b) == 0 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		if n = n*10 + uint64(d); n > math.MaxUint32 {
			return 0, false
		}
	}
	return uint32(n), true
}

// TryCountry reads a country code: two ASCII letters, folded to upper case.
// Whether ISO 3166 knows the code is not asked, since logs also carry codes
// that it reserves (XK, EU) or has withdrawn.
func TryCountry(b []byte) (c event.Country, ok bool) {
	if len(b) != 2 {
		return 0, false
	}
	const fold = 'a' - 'A'
	x, y := b[0]&^fold, b[1]&^fold
	if x-'A' > 'Z'-'A' || y-'A' > 'Z'-'A' {
		return 0, false
	}
	return event.Country(x)<<8 | event.Country(y), true
}
