package words

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
)

// both holds what each language says.
func both(t *testing.T, what, gotEN, wantEN, gotJA, wantJA string) {
	t.Helper()
	if gotEN != wantEN {
		t.Errorf("%s: %q in English, want %q", what, gotEN, wantEN)
	}
	if gotJA != wantJA {
		t.Errorf("%s: %q in Japanese, want %q", what, gotJA, wantJA)
	}
}

func TestMoney(t *testing.T) {
	en, ja := For(English), For(Japanese)
	for _, c := range []struct {
		minor      int64
		code       string
		inEN, inJA string
	}{
		{1234, "JPY", "1,234 JPY", "1,234円"},
		{0, "JPY", "0 JPY", "0円"},
		{-4000, "JPY", "-4,000 JPY", "-4,000円"},
		{38_615_473, "JPY", "38,615,473 JPY", "38,615,473円"},
		{math.MaxInt64, "JPY", "9,223,372,036,854,775,807 JPY", "9,223,372,036,854,775,807円"},
		{math.MinInt64, "JPY", "-9,223,372,036,854,775,808 JPY", "-9,223,372,036,854,775,808円"},
		{1200, "USD", "12.00 USD", "12.00 USD"},
		{100_000, "PTS", "100,000 PTS", "100,000ポイント"},
	} {
		cur := money.MustCurrency(c.code)
		both(t, c.code, en.Money(c.minor, cur), c.inEN, ja.Money(c.minor, cur), c.inJA)
	}
	both(t, "Int", en.Int(1234567), "1,234,567", ja.Int(-1234), "-1,234")
}

func TestTimes(t *testing.T) {
	en, ja := For(English), For(Japanese)
	at := time.Date(2019, 7, 3, 8, 30, 59, 0, time.UTC)
	tokyo := time.FixedZone("JST", 9*60*60)
	odd := time.FixedZone("", -(3*60+30)*60)
	both(t, "time", en.Time(at, tokyo), "2019-07-03 17:30", ja.Time(at, tokyo), "2019年7月3日 17時30分")
	both(t, "time in UTC", en.Time(at, nil), "2019-07-03 08:30", ja.Time(at, nil), "2019年7月3日 08時30分")
	both(t, "compact", en.Compact(at, tokyo), "2019-07-03 17:30", ja.Compact(at, tokyo), "2019-07-03 17:30")
	both(t, "day", en.Day(at, tokyo), "2019-07-03", ja.Day(at, tokyo), "2019年7月3日")
	both(t, "Tokyo", en.Zone(at, tokyo), "JST", ja.Zone(at, tokyo), "日本時間")
	both(t, "instant", en.Instant(at, tokyo), "2019-07-03 17:30 JST", ja.Instant(at, tokyo), "2019年7月3日 17時30分（日本時間）")
	both(t, "China", en.Zone(at, time.FixedZone("CST", 8*60*60)), "CST (UTC+08:00)", ja.Zone(at, time.FixedZone("CST", 8*60*60)), "CST (UTC+08:00)")
	both(t, "UTC", en.Zone(at, nil), "UTC", ja.Zone(at, time.UTC), "UTC")
	both(t, "a zone without a name", en.Zone(at, time.FixedZone("-0330", -(3*60+30)*60)), "UTC-03:30", ja.Zone(at, odd), "UTC")
}

func TestDuration(t *testing.T) {
	en, ja := For(English), For(Japanese)
	for _, c := range []struct {
		d          time.Duration
		inEN, inJA string
	}{
		{0, "0 s", "0秒"},
		{40*time.Second + 999*time.Millisecond, "40 s", "40秒"},
		{12 * time.Minute, "12 min", "12分"},
		{192 * time.Minute, "3 h 12 min", "3時間12分"},
		{47 * time.Hour, "47 h 0 min", "47時間0分"},
		{53 * time.Hour, "2 d 5 h", "2日5時間"},
		{-90 * time.Second, "-1 min", "-1分"},
	} {
		both(t, c.d.String(), en.Duration(c.d), c.inEN, ja.Duration(c.d), c.inJA)
	}
}

// TestPercent holds shares against arithmetic without limits.
func TestPercent(t *testing.T) {
	p := For(English)
	for _, c := range []struct {
		n, of int64
		want  string
	}{
		{0, 10, "0%"}, {10, 10, "100%"}, {1, 3, "33.3%"}, {2, 3, "66.7%"}, {1, 2000, "0.1%"}, {1, 2001, "<0.1%"},
		{1999, 2000, ">99.9%"}, {math.MaxInt64, math.MaxInt64, "100%"}, {math.MaxInt64 - 1, math.MaxInt64, ">99.9%"},
		{1, 0, "–"}, {2, 1, "–"}, {-1, 1, "–"},
	} {
		if got := p.Percent(c.n, c.of); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.n, c.of, got, c.want)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		of := r.Int64N(math.MaxInt64) >> r.IntN(62)
		if of == 0 {
			continue
		}
		n := r.Int64N(of)
		exact := new(big.Int).Mul(big.NewInt(n), big.NewInt(1000))
		exact.Add(exact, big.NewInt(of/2)).Div(exact, big.NewInt(of))
		if got := perThousand(n, of); got != exact.Uint64() {
			t.Fatalf("%d of %d: %d, exactly %v", n, of, got, exact)
		}
	}
}
