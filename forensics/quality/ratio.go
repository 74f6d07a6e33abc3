package quality

import (
	"encoding/json"
	"math/big"
)

// A Share is a part of a whole, both counted.
type Share struct{ Part, Whole int64 }

// count adds one to the whole, and to the part if it belongs there.
func (s *Share) count(belongs bool) {
	s.Whole++
	if belongs {
		s.Part++
	}
}

// Rate returns the share as a fraction; there is none of an empty whole.
func (s Share) Rate() Rate { return rate(s.Part, s.Whole) }

// MarshalJSON writes the counts, the share, and Wilson's interval.
func (s Share) MarshalJSON() ([]byte, error) {
	low, high := s.Wilson()
	return json.Marshal(struct {
		Part  int64 `json:"part"`
		Whole int64 `json:"whole"`
		Share Rate  `json:"share"`
		Low   Rate  `json:"low"`
		High  Rate  `json:"high"`
	}{s.Part, s.Whole, s.Rate(), low, high})
}

// A Rate is an exact fraction, or none where nothing was counted. The zero Rate
// is none.
type Rate struct{ r *big.Rat }

// rate returns part/whole.
func rate(part, whole int64) Rate {
	if whole == 0 {
		return Rate{}
	}
	return Rate{big.NewRat(part, whole)}
}

// Known reports whether there is a fraction.
func (r Rate) Known() bool { return r.r != nil }

// Compare compares two known fractions.
func (r Rate) Compare(s Rate) int { return r.r.Cmp(s.r) }

// Percent writes the fraction as a percentage of two digits, "-" where there is
// none.
func (r Rate) Percent() string {
	if r.r == nil {
		return "-"
	}
	return new(big.Rat).Mul(r.r, big.NewRat(100, 1)).FloatString(2)
}

// String writes the fraction with six digits, "-" where there is none.
func (r Rate) String() string {
	if r.r == nil {
		return "-"
	}
	return r.r.FloatString(6)
}

// MarshalJSON writes the fraction with six digits, null where there is none.
func (r Rate) MarshalJSON() ([]byte, error) {
	if r.r == nil {
		return []byte("null"), nil
	}
	return []byte(r.r.FloatString(6)), nil
}

// f1 returns the harmonic mean of precision and recall. Naming nothing where
// there is something to find is worth 0; there is none where there was nothing
// to name and nothing was named.
func f1(precision, recall Share) Rate {
	p, r := precision.Rate(), recall.Rate()
	switch {
	case !p.Known() && !r.Known():
		return Rate{}
	case precision.Part == 0 || recall.Part == 0:
		return Rate{new(big.Rat)}
	}
	product := new(big.Rat).Mul(p.r, r.r)
	sum := new(big.Rat).Add(p.r, r.r)
	return Rate{product.Mul(product, big.NewRat(2, 1)).Quo(product, sum)}
}

// zz is the square of the 97.5th percentile of the normal distribution, in
// units of 10^-15.
const zz = 3_841_458_820_694_124

// rootDigits is ten to the number of digits to which roots are taken.
const rootDigits = 1_000_000_000_000

// Wilson returns the ends of Wilson's 95 % interval of the share, which holds
// also where a share is 0 or 1, or the whole small.
//
// With z the percentile, a of n:
//
//	(2a + z² ± √(z²(z² + 4a(n-a)/n))) / 2(n + z²)
func (s Share) Wilson() (low, high Rate) {
	if s.Whole == 0 {
		return Rate{}, Rate{}
	}
	z := big.NewRat(zz, 1_000_000_000_000_000)
	a, n := new(big.Rat).SetInt64(s.Part), new(big.Rat).SetInt64(s.Whole)
	spread := new(big.Rat).Sub(n, a)
	spread.Mul(spread, a).Mul(spread, big.NewRat(4, 1)).Quo(spread, n).Add(spread, z).Mul(spread, z)
	spread = root(spread)
	middle := new(big.Rat).Add(a, a)
	middle.Add(middle, z)
	width := new(big.Rat).Add(n, z)
	width.Add(width, width)
	low = Rate{new(big.Rat).Sub(middle, spread)}
	high = Rate{new(big.Rat).Add(middle, spread)}
	low.r.Quo(low.r, width)
	high.r.Quo(high.r, width)
	if s.Part == 0 { // the root is cut off after some digits
		low = Rate{new(big.Rat)}
	}
	if s.Part == s.Whole {
		high = Rate{big.NewRat(1, 1)}
	}
	return low, high
}

// root returns the square root to as many digits as rootDigits has.
func root(x *big.Rat) *big.Rat {
	scale := big.NewInt(rootDigits)
	num := new(big.Int).Mul(x.Num(), scale)
	num.Mul(num, scale).Quo(num, x.Denom()).Sqrt(num)
	return new(big.Rat).SetFrac(num, scale)
}
