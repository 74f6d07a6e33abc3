package chart

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

// A unit says how values are written: as money of a currency, or as numbers
// with some digits after the point.
type unit struct {
	currency money.Currency
	digits   int
}

// text writes a value exactly.
func (u unit) text(v int64) string {
	if u.currency != 0 {
		return money.Format(v, u.currency)
	}
	return grouped(v, u.digits)
}

// grouped writes a number of 10^-digits in groups of three.
func grouped(v int64, digits int) string {
	m, sign := magnitude(v), ""
	if v < 0 {
		sign = "-"
	}
	s := strconv.FormatUint(m, 10)
	for len(s) <= digits {
		s = "0" + s
	}
	whole, frac := s[:len(s)-digits], s[len(s)-digits:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac
}

// short writes a round value of an axis in few characters: 2m, 500bn, 20万.
// The value is one digit and zeros, so nothing is lost.
func (u unit) short(p *words.Printer, v int64) string {
	digits := u.digits
	if u.currency != 0 {
		digits, _ = u.currency.Exponent()
	}
	m, zeros := magnitude(v), 0
	for m != 0 && m%10 == 0 {
		m, zeros = m/10, zeros+1
	}
	zeros -= digits
	sign := ""
	if v < 0 {
		sign = "-"
	}
	step, names := 3, []string{"", "k", "m", "bn", "tn"}
	if p.Lang() == words.Japanese {
		step, names = 4, []string{"", "万", "億", "兆", "京"}
	}
	n := zeros / step
	if zeros < 0 || n == 0 || m > 999 {
		return sign + trimmed(magnitude(v), digits)
	}
	n = min(n, len(names)-1)
	for range zeros - n*step {
		m *= 10
	}
	return sign + grouped(int64(m), 0) + names[n]
}

// trimmed writes a number without the zeros behind its point.
func trimmed(m uint64, digits int) string {
	for digits > 0 && m%10 == 0 {
		m, digits = m/10, digits-1
	}
	return grouped(int64(m), digits)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// share returns v/whole of a length, rounded down, exactly. The whole is above
// zero and v is at most it; more is cut.
func share(v, whole uint64, length int) int {
	if whole == 0 || length <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(min(v, whole), uint64(length))
	q, _ := bits.Div64(hi, lo, whole)
	return int(q)
}

// A sum adds amounts for a drawing. One that does not fit stays at the largest
// number, and its text says that there is more: the ledger refuses such sums
// long before.
type sum struct {
	v    int64
	over bool
}

func (s *sum) add(v int64) {
	if s.over {
		return
	}
	t, err := money.Add(s.v, v)
	switch {
	case err == nil:
		s.v = t
	case v > 0:
		s.v, s.over = math.MaxInt64, true
	default:
		s.v, s.over = -math.MaxInt64, true
	}
}

// text writes the sum, saying so where it is cut.
func (s sum) text(p *words.Printer, u unit) string {
	if s.over {
		return p.T("beyond %s", u.text(s.v))
	}
	return u.text(s.v)
}

// A scale places values between two round numbers on a length.
type scale struct {
	low, high int64 // round numbers; low ≤ 0 ≤ high, low < high
	step      int64
	length    int
}

// newScale returns a scale that holds both values and zero, with about n steps.
func newScale(low, high int64, n, length int) scale {
	low, high = max(min(low, 0), -math.MaxInt64), max(high, 0)
	if low == 0 && high == 0 {
		high = 1
	}
	span := uint64(high) + magnitude(low)
	step := niceStep((span-1)/uint64(n) + 1)
	s := scale{step: step, length: length}
	s.high, s.low = roundUp(high, step), -roundUp(-low, step)
	return s
}

// niceStep returns the smallest 1, 2 or 5 and zeros that is at least v.
func niceStep(v uint64) int64 {
	const last = 5_000_000_000_000_000_000
	for ten := uint64(1); ; ten *= 10 {
		for _, m := range []uint64{1, 2, 5} {
			if ten*m >= v || ten*m == last {
				return int64(ten * m)
			}
		}
	}
}

// maxValue is the largest value that a scale places; its negative fits too.
const maxValue = math.MaxInt64

// roundUp returns the multiple of a step at or above v, or v where there is
// none in 64 bits.
func roundUp(v, step int64) int64 {
	if v%step == 0 {
		return v
	}
	up, err := money.Add(v-v%step, step)
	if err != nil {
		return v
	}
	return up
}

// at returns how far a value is from the low end.
func (s scale) at(v int64) int {
	v = min(max(v, s.low), s.high)
	return share(uint64(v)-uint64(s.low), uint64(s.high)-uint64(s.low), s.length)
}

// ticks lists the round values, low end first.
func (s scale) ticks() []int64 {
	var list []int64
	for t := s.low / s.step * s.step; ; t += s.step {
		list = append(list, t)
		if t > s.high-s.step {
			return list
		}
	}
}
