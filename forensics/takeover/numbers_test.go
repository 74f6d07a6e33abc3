package takeover

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"github.com/paytriage/paytriage/forensics/money"
)

// TestMulDiv compares with integers of any size.
func TestMulDiv(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		a, b, c := r.Int64N(1<<(1+r.IntN(62))), r.Int64N(1<<(1+r.IntN(62))), 1+r.Int64N(1<<(1+r.IntN(62)))
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		want.Quo(want, big.NewInt(c))
		if !want.IsInt64() {
			want.SetInt64(math.MaxInt64)
		}
		if got := mulDiv(a, b, c); got != want.Int64() {
			t.Fatalf("%d * %d / %d = %d, want %d", a, b, c, got, want)
		}
	}
	for _, c := range [][4]int64{{0, 5, 7, 0}, {5, 0, 7, 0}, {7, 3, 7, 3}, {1<<63 - 1, 1<<63 - 1, 1<<63 - 1, 1<<63 - 1}} {
		if got := mulDiv(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%d * %d / %d = %d, want %d", c[0], c[1], c[2], got, c[3])
		}
	}
}

// TestBuckets checks that buckets go up with amounts, and are narrow: four to
// each doubling.
func TestBuckets(t *testing.T) {
	lowest := map[int]int64{}
	last := -1
	for minor := range int64(100_000) {
		b := bucketOf(minor)
		if b != last && b != last+1 {
			t.Fatalf("%d is in bucket %d, %d in %d", minor-1, last, minor, b)
		}
		if b != last {
			lowest[b], last = minor, b
		}
		if minor > lowest[b]*5/4 {
			t.Fatalf("%d and %d are in one bucket", lowest[b], minor)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		a := r.Int64N(1 << (1 + r.IntN(62)))
		b := a + r.Int64N(1<<62)
		if p, q := bucketOf(a), bucketOf(b); p > q || p < 0 || q >= len(histogram{}) {
			t.Fatalf("%d is in bucket %d, %d in %d", a, p, b, q)
		}
		if a > 4 && bucketOf(a) == bucketOf(a+a/4+1) {
			t.Fatalf("%d and a quarter more are in one bucket", a)
		}
	}
	if bucketOf(-5) != 0 {
		t.Error("less than nothing has a bucket of its own")
	}
}

// TestBounds compares with a sorted list of all days.
func TestBounds(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		var h histogram
		var list []int
		for range 1 + r.IntN(60) {
			b, n := r.IntN(len(h)), 1+r.IntN(30)
			h[b] += int64(n)
			list = append(list, slices.Repeat([]int{b}, n)...)
		}
		slices.Sort(list)
		permilles := []int64{1, 500, 900, 990, 999, 1000}
		for i, got := range h.bounds(permilles...) {
			at := (int64(len(list))*permilles[i] + 999) / 1000 // so many days must not exceed it
			if want := list[at-1]; got != want {
				t.Fatalf("seed %d: %d permille of %d days: %d, want %d", seed, permilles[i], len(list), got, want)
			}
		}
	}
	var none histogram
	if got := none.bounds(900); got[0] < len(none) {
		t.Errorf("no day exceeds nothing at all: %v", got)
	}
}

// TestSpending checks what counts as a day's worth.
func TestSpending(t *testing.T) {
	for _, c := range []struct {
		name, rows string
		want       []int64 // a day each
	}{
		{"whichever is more", "1h topup 3000 dev=A\n2h payment 1000 dev=A\n26h topup 100\n27h payment 900\n28h transfer_out 300\n29h payout 1", []int64{1201, 3000}},
		{"declined is nothing", "1h topup 3000 dev=A declined\n2h payment 10", []int64{10}},
		{"what comes back or in is nothing", "1h refund 10\n2h reversal 10\n3h chargeback 10\n4h transfer_in 10", nil},
		{"pending counts", "1h topup 3000 pending", []int64{3000}},
		{"days are those of UTC", "23h59m payment 10\n24h payment 20", []int64{10, 20}},
	} {
		_, charges, _ := eventtest.Read(t, "a", c.rows)
		f := finder{found: found{days: map[uint32]*histogram{}}}
		var a baseline.Account
		a.Read(nil, charges)
		f.spending(&a)
		var want histogram
		for _, v := range c.want {
			want[bucketOf(v)]++
		}
		got := histogram{}
		if h := f.days[uint32(money.MustCurrency("JPY"))]; h != nil {
			got = *h
		}
		if got != want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	_, charges, _ := eventtest.Read(t, "a", "1h topup 3000\n2h payment 1000 cur=USD\n3h payment 1000 cur=USD")
	f := finder{found: found{days: map[uint32]*histogram{}}}
	f.spending(&baseline.Account{Charges: charges})
	if len(f.days) != 2 {
		t.Errorf("%d currencies, want 2: they are never added", len(f.days))
	}
}

// TestPrice checks that a visit is compared with the days of its own currency,
// and that more money never looks less.
func TestPrice(t *testing.T) {
	jpy, usd := uint32(money.MustCurrency("JPY")), uint32(money.MustCurrency("USD"))
	days := map[uint32]*histogram{jpy: {}, usd: {}}
	for n := range int64(1000) {
		days[jpy][bucketOf(1+n)]++
		days[usd][bucketOf(100_000+n)]++
	}
	of := func(currency uint32, volume int64) uint8 {
		v := []Visit{{Currency: currency, Volume: volume}}
		price(v, days)
		return v[0].Outcome[Money]
	}
	for _, c := range []struct {
		currency uint32
		volume   int64
		want     uint8
	}{{jpy, 0, 0}, {jpy, 500, 0}, {jpy, 1000, 0}, {jpy, 30_000, 3}, {usd, 30_000, 0}, {uint32(money.MustCurrency("EUR")), 30_000, 0}, {0, 0, 0}} {
		if got := of(c.currency, c.volume); got != c.want {
			t.Errorf("%d of %v: %d, want %d", c.volume, money.Currency(c.currency), got, c.want)
		}
	}
	for v := int64(1); v < 1<<40; v += 1 + v/7 {
		if a, b := of(jpy, v), of(jpy, v+1+v/9); a > b {
			t.Errorf("%d is outcome %d, more than that %d", v, a, b)
		}
	}
}
