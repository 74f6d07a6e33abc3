package insider

import (
	"math/big"
	"math/bits"
)

// point is where expected counts have their binary point: they are given in
// units of 2^-32.
const point = 32

// A real is m*2^e, with the top bit of m set; m of 0 is zero. Chances of one in
// 10^300 are computed on the way to one of ten, and floats may differ in their
// last digit between processors. Each operation cuts off what is below 2^-63 of
// its result.
type real struct {
	m uint64
	e int
}

var one = real{1 << 63, -63}

// times returns r*num/den.
func (r real) times(num, den uint64) real {
	hi, lo := bits.Mul64(r.m, num)
	if hi|lo == 0 {
		return real{}
	}
	e := r.e
	if hi == 0 {
		hi, lo, e = lo, 0, e-64
	}
	if n := bits.LeadingZeros64(hi); n > 0 {
		hi, lo, e = hi<<n|lo>>(64-n), lo<<n, e-n
	}
	upper, rest := hi/den, hi%den
	lower, _ := bits.Div64(rest, lo, den)
	if upper == 0 { // then den > hi >= 2^63, and lower is half of 2^64 or more
		return normal(lower, e)
	}
	n := bits.LeadingZeros64(upper)
	return real{upper<<n | lower>>(64-n), e + 64 - n}
}

func normal(m uint64, e int) real {
	if m == 0 {
		return real{}
	}
	n := bits.LeadingZeros64(m)
	return real{m << n, e - n}
}

// plus returns r+s.
func (r real) plus(s real) real {
	if r.m == 0 || s.m != 0 && s.e > r.e {
		r, s = s, r
	}
	if s.m == 0 || r.e-s.e > 63 {
		return r
	}
	sum, carry := bits.Add64(r.m, s.m>>(r.e-s.e), 0)
	if carry != 0 {
		return real{sum>>1 | 1<<63, r.e + 1}
	}
	return real{sum, r.e}
}

// over returns r/s, for s above 0.
func (r real) over(s real) real {
	q := r.times(1<<63, s.m)
	if q.m != 0 {
		q.e -= 63 + s.e
	}
	return q
}

// negligible reports whether r does not change any digit of s that is used.
func (r real) negligible(s real) bool { return r.m == 0 || s.m != 0 && r.e < s.e-70 }

// ppb returns r in parts per billion, rounded up, at most all of them.
func (r real) ppb() int64 {
	p := r.times(One, 1)
	switch {
	case p.m == 0:
		return 0
	case p.e >= 0:
		return One
	case p.e <= -64:
		return 1
	}
	n := p.m >> -p.e
	if n<<-p.e != p.m {
		n++
	}
	return int64(min(n, One))
}

// One is certainty, in parts per billion.
const One = 1_000_000_000

// tail bounds the chance that k or more of n come out, where mean of them are
// expected, in units of 2^-point. The chances of the n need not be equal: if they
// are independent, and k is at least one above the mean, no mix of chances makes
// k more likely than equal ones do (Hoeffding, Annals of Mathematical Statistics
// 27, 1956). Drawing some of a group without putting back is such a mix too
// (Vatutin and Mikhailov, 1982), and so are several draws together. Below that
// the answer is 1: nothing stands out there.
func tail(n, k int64, mean uint64) real {
	if mean == 0 || n <= 0 || k > n {
		return real{}
	}
	all := uint64(n) << point
	if uint64(k)<<point < mean+1<<point || mean >= all {
		return one
	}
	// Relative to the term at the mean, the likeliest one: p/(1-p) = mean/rest.
	rest := all - mean
	mode := int64(mean >> point)
	total, sum := one, real{}
	term := one
	for i := mode; i < n; {
		term = term.times(uint64(n-i), uint64(i+1)).times(mean, rest)
		if i++; i >= k {
			if term.negligible(sum) {
				break
			}
			sum = sum.plus(term)
		}
		total = total.plus(term)
	}
	term = one
	for i := mode; i > 0; i-- {
		if term = term.times(uint64(i), uint64(n-i+1)).times(rest, mean); term.negligible(total) {
			break
		}
		total = total.plus(term)
	}
	return sum.over(total)
}

// interval returns the bounds, in thousandths, of how many times as often as
// expected k of n are, by Wilson's interval for a share: in 19 of 20 cases the
// true lift is within.
func interval(n, k int64, mean uint64) (low, high int64) {
	if n <= 0 || mean == 0 {
		return 0, 0
	}
	// With z = 1.96: (2k+z² ± z*sqrt(z²+4k(n-k)/n)) / 2(n+z²), in units of 1/10^4
	// so that all is whole.
	const unit, z = 10_000, 19_600
	num := func(v int64) *big.Int { return big.NewInt(v) }
	mul := func(all ...*big.Int) *big.Int {
		p := num(1)
		for _, a := range all {
			p.Mul(p, a)
		}
		return p
	}
	square := mul(num(z), num(z)) // of unit²
	middle := mul(num(2*k), num(unit), num(unit))
	middle.Add(middle, square)
	root := mul(num(4*k), num(n-k), num(unit), num(unit))
	root.Div(root, num(n)).Add(root, square)
	root.Mul(root, mul(num(unit), num(unit))).Sqrt(root) // of unit²
	root.Mul(root, num(z)).Div(root, num(unit))
	below := mul(num(n), num(unit), num(unit))
	below.Add(below, square).Mul(below, num(2))
	// The lift is the share times n, by the mean.
	lift := func(share *big.Int) int64 {
		if share.Sign() < 0 {
			return 0
		}
		top := mul(share, num(n), num(1000), new(big.Int).Lsh(num(1), point))
		return clip(top.Div(top, mul(below, new(big.Int).SetUint64(mean))))
	}
	return lift(new(big.Int).Sub(middle, root)), lift(new(big.Int).Add(middle, root))
}

// liftOf returns how many times as often as expected k are, in thousandths.
func liftOf(k int64, mean uint64) int64 {
	if mean == 0 {
		return 0
	}
	top := new(big.Int).Lsh(big.NewInt(1000*k), point)
	return clip(top.Div(top, new(big.Int).SetUint64(mean)))
}

// most is the largest lift that is told, in thousandths.
const most = 1_000_000_000_000

func clip(v *big.Int) int64 {
	if !v.IsInt64() || v.Int64() > most {
		return most
	}
	return v.Int64()
}

// share returns num*v/den in units of 2^-point, rounded up: what is expected
// must not be made less.
func share(num, v, den int64) uint64 {
	if num <= 0 || v <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(num), uint64(v))
	hi, lo = hi<<point|lo>>(64-point), lo<<point
	if hi >= uint64(den) {
		return uint64(v) << point // not reached: num is at most den, and v below 2^31
	}
	q, r := bits.Div64(hi, lo, uint64(den))
	if r > 0 {
		q++
	}
	return q
}
