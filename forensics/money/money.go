// Package money holds exact amounts: int64 minor units of a named currency.
//
// Nothing here is a float, nothing rounds, and no sum wraps round: an addition
// that does not fit is an error that the caller must pass on. An amount that a
// log writes with more digits than its currency has is refused, unless the
// digits beyond are zeros, because cutting them would be guessing.
//
// Currencies are the codes of ISO 4217 with the minor units listed there
// (amendment 177), and units of value that a service issues itself (points),
// which count in whole units under a code of up to four letters or digits.
package money

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrOverflow says that a sum of amounts does not fit an int64. A ledger that
// meets it must stop: a wrong yen is worse than a crash.
var ErrOverflow = errors.New("money: sum does not fit 64 bits")

// MaxAmount is the largest single amount that is read from a log, in minor
// units. It leaves room for nine thousand such amounts in one sum; a row above
// it is damaged rather than rich.
const MaxAmount = 1_000_000_000_000_000

// A Currency is a code of one to four upper-case letters or digits, packed in
// four bytes, most significant first. Zero is "no currency".
type Currency uint32

// ParseCurrency reads a currency code, folding ASCII lower case to upper. It
// reports false for anything that is not one to four letters or digits.
func ParseCurrency(b []byte) (Currency, bool) {
	if len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	var c Currency
	for _, ch := range b {
		switch {
		case ch >= 'a' && ch <= 'z':
			ch -= 'a' - 'A'
		case ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9':
		default:
			return 0, false
		}
		c = c<<8 | Currency(ch)
	}
	return c, true
}

// MustCurrency is ParseCurrency for codes written in the program.
func MustCurrency(code string) Currency {
	c, ok := ParseCurrency([]byte(code))
	if !ok {
		panic("money: not a currency code: " + code)
	}
	return c
}

// String returns the code, or "" for no currency.
func (c Currency) String() string {
	var b [4]byte
	n := 0
	for shift := 24; shift >= 0; shift -= 8 {
		if ch := byte(c >> shift); ch != 0 {
			b[n] = ch
			n++
		}
	}
	return string(b[:n])
}

// Exponent returns how many digits after the decimal point the currency has,
// and whether the code is known. Unknown codes have no digits to speak of:
// their amounts must not be read.
func (c Currency) Exponent() (digits int, known bool) {
	e, ok := exponents[c]
	return int(e), ok
}

// Parse reads an unsigned decimal in the currency's own digits ("1200" yen,
// "12.00" or "12" dollars) as minor units. It refuses signs, separators,
// exponents, empty parts ("12.", ".5"), digits beyond the currency's own other
// than zeros, and amounts above MaxAmount.
func Parse(b []byte, digits int) (minor int64, ok bool) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		minor = minor*10 + int64(b[i]-'0')
		if minor > MaxAmount {
			return 0, false
		}
		i++
	}
	if i == 0 {
		return 0, false
	}
	var frac []byte
	if i < len(b) {
		if b[i] != '.' || i+1 == len(b) {
			return 0, false
		}
		frac = b[i+1:]
	}
	for n := 0; n < digits || n < len(frac); n++ {
		d := byte('0')
		if n < len(frac) {
			d = frac[n]
		}
		switch {
		case d < '0' || d > '9':
			return 0, false
		case n < digits:
			// Checked at each digit: four more digits behind the largest
			// whole part would wrap round to a small or negative amount.
			if minor = minor*10 + int64(d-'0'); minor > MaxAmount {
				return 0, false
			}
		case d != '0':
			return 0, false
		}
	}
	return minor, true
}

// Add returns a+b, or ErrOverflow.
func Add(a, b int64) (int64, error) {
	sum := a + b
	if (a > 0 && b > 0 && sum < 0) || (a < 0 && b < 0 && sum >= 0) {
		return 0, fmt.Errorf("%w: %d + %d", ErrOverflow, a, b)
	}
	return sum, nil
}

// Sub returns a-b, or ErrOverflow.
func Sub(a, b int64) (int64, error) {
	d := a - b
	if (a >= 0 && b < 0 && d < 0) || (a < 0 && b > 0 && d >= 0) {
		return 0, fmt.Errorf("%w: %d - %d", ErrOverflow, a, b)
	}
	return d, nil
}

// A Sum adds amounts and remembers whether one did not fit. The zero Sum is
// empty.
type Sum struct {
	total int64
	err   error
}

// Add adds minor units to the sum.
func (s *Sum) Add(minor int64) {
	if s.err == nil {
		s.total, s.err = Add(s.total, minor)
	}
}

// Total returns the sum, or ErrOverflow when any step did not fit.
func (s *Sum) Total() (int64, error) { return s.total, s.err }

// Format writes minor units in the currency's own digits, grouped by
// thousands and followed by the code: "38,615,473 JPY", "-12.00 USD". It is
// for people; files hold plain minor units.
func Format(minor int64, c Currency) string {
	digits, _ := c.Exponent()
	u := uint64(minor)
	sign := ""
	if minor < 0 {
		u, sign = -u, "-"
	}
	s := strconv.FormatUint(u, 10)
	for len(s) <= digits {
		s = "0" + s
	}
	whole, frac := s[:len(s)-digits], s[len(s)-digits:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		whole += "." + frac
	}
	if c == 0 {
		return sign + whole
	}
	return sign + whole + " " + c.String()
}
