package odds

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRatioAgreesWithFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		num, den := 1+r.Int64N(1<<(1+r.IntN(60))), 1+r.Int64N(1<<(1+r.IntN(60)))
		want := 100 * math.Log10(float64(num)/float64(den))
		want = math.Max(-900, math.Min(900, want))
		if got := Ratio(num, den); math.Abs(float64(got)-want) > 0.51 {
			t.Fatalf("Ratio(%d, %d) = %d, want %.2f", num, den, got, want)
		}
	}
}

func TestRatioOfNothing(t *testing.T) {
	f := func(num, den int64, want Centibans) {
		t.Helper()
		if got := Ratio(num, den); got != want {
			t.Errorf("Ratio(%d, %d) = %d, want %d", num, den, got, want)
		}
	}
	f(0, 0, 0)
	f(0, 7, -Limit)
	f(7, 0, Limit)
	f(7, 7, 0)
	f(100, 1, 200)
	f(1, 1000, -300)
	f(2, 1, 30)
}

func TestPPBAgreesWithFloats(t *testing.T) {
	for c := Centibans(-950); c <= 950; c++ {
		x := math.Max(-900, math.Min(900, float64(c)))
		o := math.Pow(10, x/100)
		if got, want := float64(c.PPB())/One, o/(1+o); math.Abs(got-want) > 3e-9 {
			t.Fatalf("PPB(%d) = %v, want %v", c, got, want)
		}
	}
}

// TestUnless checks the weight that is left where evidence is missing from some
// against the sum written out in floating point.
func TestUnless(t *testing.T) {
	for _, permille := range []int64{0, 1, 50, 500, 900} {
		last := -Limit - 1
		for c := -Limit; c <= Limit; c++ {
			got := c.Unless(permille)
			q := float64(permille) / 1000
			// One part in a billion is what a probability holds.
			want := 100 * math.Log10((1-q)*math.Pow(10, float64(c)/100)+q)
			if math.Abs(float64(got)-want) > 1 && c > -600 && c < 600 {
				t.Fatalf("%d, missing from %d: %d, want %.2f", c, permille, got, want)
			}
			if got < last {
				t.Fatalf("%d, missing from %d: %d, after %d", c, permille, got, last)
			}
			last = got
		}
	}
}

// TestQuickRatio checks that the quick way gives what the exact one does wherever
// it says that it is sure, and that it nearly always is.
func TestQuickRatio(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	unsure, all := 0, 0
	check := func(num, den uint64) {
		all++
		c, sure := quickRatio(num, den)
		if !sure {
			unsure++
		} else if want := exactRatio(num, den); c != want {
			t.Fatalf("%d to %d: %d, want %d", num, den, c, want)
		}
	}
	for range 300_000 {
		check(r.Uint64()>>(1+r.IntN(63))|1, r.Uint64()>>(1+r.IntN(63))|1)
	}
	for num := range uint64(400) {
		for den := range uint64(400) {
			check(num+1, den+1)
		}
	}
	if unsure*1000 > all {
		t.Errorf("%d of %d were not sure", unsure, all)
	}
	// Next to the edges between two centibans.
	for c := -899; c < 900; c++ {
		den := uint64(1) << 40
		edge := uint64(float64(den) * math.Pow(10, (float64(c)+0.5)/100) * 0.30103 / math.Log10(2))
		for d := range uint64(64) {
			check(max(edge, 33)-32+d, den)
			check(max(edge<<10, 33)-32+d, den<<10)
		}
	}
}
