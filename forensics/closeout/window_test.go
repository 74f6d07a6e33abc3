package closeout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/closeout"
)

func day(t testing.TB, text string) closeout.Day {
	t.Helper()
	d, ok := calendar.ParseDay(text)
	if !ok {
		t.Fatalf("%q is no day", text)
	}
	return d
}

func TestWindow(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*60*60)
	tests := []struct {
		name               string
		ends               string
		days               int
		first, last, about string
	}{
		{"7pay: the last claims came on 10 January", "2019-09-30", 102, "2019-10-01", "2020-01-10", "2019-09-30"},
		{"the law's least", "2019-09-30", 60, "2019-10-01", "2019-11-29", "2019-09-30"},
		{"over a leap day", "2020-01-31", 60, "2020-02-01", "2020-03-31", "2020-01-31"},
		{"over a February without one", "2021-01-31", 60, "2021-02-01", "2021-04-01", "2021-01-31"},
		{"a century without a leap day", "2100-02-27", 60, "2100-02-28", "2100-04-28", "2100-02-27"},
		{"over a new year", "2019-12-31", 366, "2020-01-01", "2020-12-31", "2019-12-31"},
	}
	for _, tc := range tests {
		w, err := closeout.NewWindow(day(t, tc.ends), 0, 0, tc.days, tokyo)
		if err != nil || w.First.String() != tc.first || w.Last.String() != tc.last || w.Notice.String() != tc.about {
			t.Errorf("%s: %s to %s, notice %s, %v", tc.name, w.First, w.Last, w.Notice, err)
		}
		n := 0
		for d := w.First; d <= w.Last; d++ {
			n++
		}
		if n != tc.days {
			t.Errorf("%s: %d days, want %d", tc.name, n, tc.days)
		}
	}
}

func TestWindowRefuses(t *testing.T) {
	ends := day(t, "2019-09-30")
	tests := []struct {
		first, notice closeout.Day
		days          int
		want          string
	}{
		{0, 0, 59, "shorter than the law's 60"},
		{0, 0, -1, "shorter"},
		{0, 0, 100000, "longer"},
		{ends, 0, 60, "balances are those at the end of 2019-09-30"},
		{0, ends + 1, 60, "comes too late"},
	}
	for _, tc := range tests {
		if _, err := closeout.NewWindow(ends, tc.first, tc.notice, tc.days, time.UTC); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	for _, text := range []string{"", "2019-9-30", "2019-02-29", "2019-13-01", "1969-12-31", "2019-09-30T00:00:00Z", "20190930"} {
		if d, ok := calendar.ParseDay(text); ok {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}

// TestEdges checks the first and last instants that belong to a window, in the
// service's zone.
func TestEdges(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*60*60)
	w, err := closeout.NewWindow(day(t, "2019-09-30"), 0, 0, 102, tokyo)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]closeout.Timing{
		"2019-09-30T23:59:59.999999+09:00": closeout.Early,
		"2019-10-01T00:00:00+09:00":        closeout.InTime,
		"2019-09-30T15:00:00Z":             closeout.InTime,
		"2020-01-10T23:59:59.999999+09:00": closeout.InTime,
		"2020-01-11T00:00:00+09:00":        closeout.Late,
		"2020-01-10T15:00:00Z":             closeout.Late,
	} {
		m, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Timing(m.UnixMicro()); got != want {
			t.Errorf("%s: %d, want %d", at, got, want)
		}
	}
	if got := time.UnixMicro(w.Closing()).UTC().Format(time.RFC3339); got != "2019-09-30T15:00:00Z" {
		t.Errorf("closing at %s", got)
	}
}

// TestMidnightThatIsNot: where clocks are put forward at midnight a day starts at
// one o'clock.
func TestMidnightThatIsNot(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Skip(err)
	}
	d := day(t, "2018-11-04")
	at := d.Start(zone)
	if calendar.At(at, zone) != d || calendar.At(at-1, zone) != d-1 {
		t.Errorf("%s starts at %s", d, time.UnixMicro(at).In(zone))
	}
}
