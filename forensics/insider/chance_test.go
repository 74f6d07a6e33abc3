package insider

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// binomial is the tail by fractions: slow and exact.
func binomial(n, k int64, mean uint64) *big.Rat {
	p := big.NewRat(int64(mean), n<<point)
	q := new(big.Rat).Sub(big.NewRat(1, 1), p)
	sum := new(big.Rat)
	for i := k; i <= n; i++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(n, i))
		for range i {
			term.Mul(term, p)
		}
		for range n - i {
			term.Mul(term, q)
		}
		sum.Add(sum, term)
	}
	return sum
}

func TestTailIsTheBinomial(t *testing.T) {
	for n := int64(1); n < 28; n += 3 {
		for k := int64(1); k <= n; k++ {
			for _, mean := range []uint64{1, 12345, 1 << 31, 1 << 32, 5 << 31, uint64(n)<<31 + 7} {
				got := tail(n, k, mean)
				if uint64(k)<<point < mean+1<<point {
					if got != one {
						t.Errorf("%d of %d with a mean of %d: %v, though nothing is conspicuous", k, n, mean, got)
					}
					continue
				}
				want, _ := binomial(n, k, mean).Float64()
				if f := float(got); math.Abs(f-want) > want*1e-12 {
					t.Errorf("%d of %d with a mean of %d: %g, want %g", k, n, mean, f, want)
				}
			}
		}
	}
}

func float(r real) float64 { return math.Ldexp(float64(r.m), r.e) }

// TestTailBoundsMixedChances draws from groups of unlike chances without putting
// back, as cohorts do, and holds the bound to the exact chance.
func TestTailBoundsMixedChances(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for range 200 {
		chance := []*big.Rat{big.NewRat(1, 1)} // by how many came out
		var mean uint64
		var n int64
		for range 1 + r.IntN(4) {
			all := 4 + r.Int64N(30)
			marked, drawn := r.Int64N(all), 1+r.Int64N(min(all, 9))
			mean, n = mean+share(marked, drawn, all), n+drawn
			next := make([]*big.Rat, int64(len(chance))+drawn)
			for i := range next {
				next[i] = new(big.Rat)
			}
			ways := new(big.Int).Binomial(all, drawn)
			for x := int64(0); x <= drawn; x++ {
				hit := new(big.Int).Mul(new(big.Int).Binomial(marked, x), new(big.Int).Binomial(all-marked, drawn-x))
				p := new(big.Rat).SetFrac(hit, ways)
				for i, c := range chance {
					next[int64(i)+x].Add(next[int64(i)+x], new(big.Rat).Mul(c, p))
				}
			}
			chance = next
		}
		exact := new(big.Rat)
		for k := n; k > 0; k-- {
			exact.Add(exact, chance[k])
			want, _ := exact.Float64()
			if got := float(tail(n, k, mean)); got < want*(1-1e-9) {
				t.Fatalf("%d of %d with a mean of %d: %g bounds %g", k, n, mean, got, want)
			}
		}
	}
}

func TestTailOfManyIsQuick(t *testing.T) {
	// Half of 100,000 where ten are expected: 10^-150,000 or so, and no loop
	// without end.
	if got := tail(100_000, 50_000, 10<<point); got.m == 0 || got.e > -100_000 || got.ppb() != 1 {
		t.Errorf("%v", got)
	}
	if got := float(tail(100_000, 50_500, 50_000<<point)); got < 0.0007 || got > 0.0009 { // z of 3.16
		t.Errorf("%g", got)
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct{ n, k, mean, lift, low, high int64 }{
		{10, 8, 5, 1600, 980, 1886},      // Wilson: 0.4902 to 0.9433
		{100, 10, 1, 10000, 5522, 17436}, // 0.05522 to 0.17436
		{60, 60, 30, 2000, 1879, 2000},
		{60, 0, 30, 0, 0, 120},
		{0, 0, 0, 0, 0, 0},
	} {
		mean := uint64(c.mean) << point
		low, high := interval(c.n, c.k, mean)
		if got := [3]int64{liftOf(c.k, mean), low, high}; got != [3]int64{c.lift, c.low, c.high} {
			t.Errorf("%d of %d for %d: %v, want %v", c.k, c.n, c.mean, got, [3]int64{c.lift, c.low, c.high})
		}
	}
	if low, high := interval(math.MaxInt32, 1<<30, 1); low != most || high != most {
		t.Errorf("from %d to %d", low, high)
	}
}

func TestPPB(t *testing.T) {
	for _, c := range []struct {
		num, den uint64
		want     int64
	}{{0, 1, 0}, {1, 1, One}, {1, 2, One / 2}, {1, 3, One/3 + 1}, {1, One, 1}, {1, 1 << 62, 1}, {5, 1, One}, {1 << 40, 1, One}} {
		if got := one.times(c.num, c.den).ppb(); got != c.want {
			t.Errorf("%d/%d is %d parts per billion, want %d", c.num, c.den, got, c.want)
		}
	}
}

// FuzzReal holds the arithmetic to that of fractions.
func FuzzReal(f *testing.F) {
	for _, a := range []uint64{1, 2, 3, 1 << 31, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		f.Add(a, uint64(7), uint64(1<<40+1))
		f.Add(uint64(9), a, a/3+1)
	}
	f.Fuzz(func(t *testing.T, a, b, c uint64) {
		if a == 0 || b == 0 || c == 0 {
			return
		}
		rat := func(r real) *big.Rat {
			v := new(big.Rat).SetInt(new(big.Int).SetUint64(r.m))
			two := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(r.e, -r.e))))
			if r.e < 0 {
				return v.Quo(v, two)
			}
			return v.Mul(v, two)
		}
		whole := func(v uint64) *big.Rat { return new(big.Rat).SetInt(new(big.Int).SetUint64(v)) }
		close := func(what string, got real, want *big.Rat) {
			t.Helper()
			if got.m>>63 != 1 {
				t.Fatalf("%s: the top bit of %v is not set", what, got)
			}
			off := new(big.Rat).Quo(rat(got), want)
			off.Sub(off, big.NewRat(1, 1))
			if off.Abs(off).Cmp(big.NewRat(1, 1<<60)) > 0 {
				t.Errorf("%s of %d, %d, %d: %v, want %v", what, a, b, c, rat(got), want)
			}
		}
		x, y := one.times(a, 1), one.times(b, c)
		close("times", y, new(big.Rat).Quo(whole(b), whole(c)))
		close("plus", x.plus(y), new(big.Rat).Add(rat(x), rat(y)))
		close("over", x.over(y), new(big.Rat).Quo(rat(x), rat(y)))
		if x.plus(y) != y.plus(x) {
			t.Error(fmt.Sprint("plus has an order: ", x, y))
		}
	})
}
