package quality

import (
	"math"
	"testing"
)

func TestWilsonAgainstPublishedValues(t *testing.T) {
	// The examples of Newcombe (Statistics in Medicine 17, 1998), whose values
	// these are to four digits, and ends that are easy to check by hand.
	for _, c := range []struct {
		part, whole int64
		low, high   string
	}{
		{0, 10, "0.000000", "0.277533"},
		{1, 1, "0.206549", "1.000000"},
		{81, 263, "0.255289", "0.366210"},
		{15, 148, "0.062386", "0.160487"},
		{0, 20, "0.000000", "0.161125"},
		{1, 29, "0.006113", "0.171755"},
		{8, 10, "0.490162", "0.943318"},
		{10, 10, "0.722467", "1.000000"},
		{95, 100, "0.888250", "0.978456"},
		{500, 1000, "0.469070", "0.530930"},
		{0, 0, "-", "-"},
	} {
		low, high := Share{c.part, c.whole}.Wilson()
		if low.String() != c.low || high.String() != c.high {
			t.Errorf("%d of %d: %s to %s, want %s to %s", c.part, c.whole, low, high, c.low, c.high)
		}
	}
}

// TestWilsonAgainstFloats compares with the formula as textbooks have it.
func TestWilsonAgainstFloats(t *testing.T) {
	const z = 1.959963984540054
	for whole := int64(1); whole < 3_000_000_000; whole = whole*7 + 3 {
		for _, part := range []int64{0, 1, whole / 3, whole / 2, whole - 1, whole} {
			p, n := float64(part)/float64(whole), float64(whole)
			middle := (p + z*z/(2*n)) / (1 + z*z/n)
			half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
			low, high := Share{part, whole}.Wilson()
			l, _ := low.r.Float64()
			h, _ := high.r.Float64()
			if math.Abs(l-(middle-half)) > 1e-9 || math.Abs(h-(middle+half)) > 1e-9 {
				t.Errorf("%d of %d: %v to %v, want %v to %v", part, whole, l, h, middle-half, middle+half)
			}
			share := Share{part, whole}.Rate()
			if low.Compare(share) > 0 || high.Compare(share) < 0 {
				t.Errorf("%d of %d: %s is not within %s and %s", part, whole, share, low, high)
			}
		}
	}
}

func TestF1(t *testing.T) {
	for _, c := range []struct {
		precision, recall Share
		want              string
	}{
		{Share{1, 1}, Share{1, 1}, "1.000000"},
		{Share{1, 2}, Share{1, 1}, "0.666667"},
		{Share{8, 10}, Share{6, 12}, "0.615385"},
		{Share{0, 3}, Share{0, 2}, "0.000000"},
		{Share{0, 0}, Share{0, 2}, "0.000000"}, // nothing named, something missed
		{Share{0, 3}, Share{0, 0}, "0.000000"},
		{Share{0, 0}, Share{0, 0}, "-"},
		{Share{1 << 59, 1 << 60}, Share{1 << 59, 1 << 60}, "0.500000"},
	} {
		if got := f1(c.precision, c.recall).String(); got != c.want {
			t.Errorf("precision %v, recall %v: %s, want %s", c.precision, c.recall, got, c.want)
		}
	}
}
