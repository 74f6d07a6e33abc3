package table

import (
	"math/rand/v2"
	"testing"
	"time"
)

const layout = "2006-01-02T15:04:05.000000Z"

// TestTimesOracle compares both directions with package time, at every edge of
// the calendar and at random.
func TestTimesOracle(t *testing.T) {
	check := func(us int64) {
		t.Helper()
		want := time.UnixMicro(us).UTC().Format(layout)
		if got := string(AppendTime(nil, us)); got != want {
			t.Fatalf("AppendTime(%d) = %s, want %s", us, got, want)
		}
		if got, ok := ParseTime([]byte(want)); !ok || got != us {
			t.Fatalf("ParseTime(%s) = %d, %v, want %d", want, got, ok, us)
		}
	}
	for _, us := range []int64{MinTime, MaxTime, -1, 0, 1, -1_000_000, 999_999} {
		check(us)
	}
	const day = secondsPerDay * 1_000_000
	for us := int64(MinTime); us <= MaxTime; us += 13 * day {
		check(us)
		check(us + day - 1)
	}
	for _, year := range []int{1, 4, 100, 400, 1600, 1900, 1969, 1970, 2000, 2019, 2020, 2100, 9999} {
		for d := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
			check(d.UnixMicro())
		}
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		check(MinTime + rnd.Int64N(MaxTime-MinTime+1))
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for _, s := range []string{
		"", "2019-07-02", "2019-07-02T12:03:04Z", "2019-07-02T12:03:04.123Z",
		"2019-07-02T12:03:04.123456+09:00", "2019-07-02 12:03:04.123456Z", "2019-07-02T12:03:04.123456z",
		"2019-07-02T12:03:04,123456Z", "2019-02-29T00:00:00.000000Z", "1900-02-29T00:00:00.000000Z",
		"2019-04-31T00:00:00.000000Z", "2019-13-01T00:00:00.000000Z", "2019-00-01T00:00:00.000000Z",
		"2019-01-00T00:00:00.000000Z", "2019-01-32T00:00:00.000000Z", "2019-01-01T24:00:00.000000Z",
		"2019-01-01T23:60:00.000000Z", "2019-01-01T23:59:60.000000Z", "0000-01-01T00:00:00.000000Z",
		"2019-01-01T00:00:00.00000:Z", "201 -01-01T00:00:00.000000Z", "-019-01-01T00:00:00.000000Z",
		" 2019-07-02T12:03:04.123456Z", "2019-07-02T12:03:04.123456Z ",
	} {
		if us, ok := ParseTime([]byte(s)); ok {
			t.Errorf("ParseTime(%q) = %d", s, us)
		}
	}
}

// FuzzParseTime checks that whatever is read is what would be written.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2019-07-02T12:03:04.123456Z", "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2020-02-29T23:59:59.999999Z", "x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		us, ok := ParseTime(b)
		if !ok {
			return
		}
		if got := string(AppendTime(nil, us)); got != string(b) {
			t.Errorf("%q was read as %d, which is %s", b, us, got)
		}
		if want, err := time.Parse(layout, string(b)); err != nil || want.UnixMicro() != us {
			t.Errorf("%q was read as %d, package time says %v, %v", b, us, want, err)
		}
	})
}
