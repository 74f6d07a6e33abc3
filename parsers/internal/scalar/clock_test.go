package scalar

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // so that the zones do not depend on the machine
)

func TestLocalize(t *testing.T) {
	f := func(zone, wall, want string, ambiguous bool) {
		t.Helper()
		at, ok := TryTime([]byte(wall))
		if !ok || at.Zoned {
			t.Fatalf("%q is not a wall time", wall)
		}
		utc, gotAmbiguous, gotOK := Localize(at.Micros, mustZone(t, zone))
		got := ""
		if gotOK {
			got = time.UnixMicro(utc).UTC().Format(time.RFC3339Nano)
		}
		if got != want || gotAmbiguous != ambiguous {
			t.Errorf("%s in %s is %q, ambiguous %t, want %q, %t", wall, zone, got, gotAmbiguous, want, ambiguous)
		}
	}
	f("UTC", "2019-07-02 12:00:00", "2019-07-02T12:00:00Z", false)
	f("Asia/Tokyo", "2019-07-02 12:00:00.123456", "2019-07-02T03:00:00.123456Z", false)
	f("Asia/Tokyo", "9999-12-31 23:59:59", "9999-12-31T14:59:59Z", false)
	f("Asia/Tokyo", "1950-09-10 00:30:00", "1950-09-09T14:30:00Z", true) // Japan had summer time then, 24:59:59 and all
	// Paris goes from 02:00 to 03:00 and back from 03:00 to 02:00.
	f("Europe/Paris", "2019-03-31 01:59:59.999999", "2019-03-31T00:59:59.999999Z", false)
	f("Europe/Paris", "2019-03-31 02:00:00", "", false)
	f("Europe/Paris", "2019-03-31 02:59:59.999999", "", false)
	f("Europe/Paris", "2019-03-31 03:00:00", "2019-03-31T01:00:00Z", false)
	f("Europe/Paris", "2019-10-27 01:59:59.999999", "2019-10-26T23:59:59.999999Z", false)
	f("Europe/Paris", "2019-10-27 02:00:00", "2019-10-27T00:00:00Z", true)
	f("Europe/Paris", "2019-10-27 02:59:59.999999", "2019-10-27T00:59:59.999999Z", true)
	f("Europe/Paris", "2019-10-27 03:00:00", "2019-10-27T02:00:00Z", false)
	f("Europe/Paris", "2119-03-26 02:30:00", "", false)                           // by rule, beyond the table
	f("Australia/Lord_Howe", "2019-04-07 01:45:00", "2019-04-06T14:45:00Z", true) // half an hour
	f("Australia/Lord_Howe", "2019-10-06 02:15:00", "", false)
	f("Pacific/Apia", "2011-12-30 12:00:00", "", false) // a day that Samoa skipped
	f("Pacific/Apia", "2011-12-31 12:00:00", "2011-12-30T22:00:00Z", false)
}

func TestLocalizeRange(t *testing.T) {
	for _, wall := range []int64{MinMicros - 1, MaxMicros + 1, -1 << 63, 1<<63 - 1} {
		if _, _, ok := Localize(wall, time.UTC); ok {
			t.Errorf("Localize(%d) is ok", wall)
		}
	}
	for _, wall := range []int64{MinMicros, MaxMicros, -1, 0} {
		if utc, _, ok := Localize(wall, time.UTC); !ok || utc != wall {
			t.Errorf("Localize(%d) = %d, %t", wall, utc, ok)
		}
	}
}

// zones have few transitions, many, odd ones, a missing day, or rules only.
var zones = []string{
	"UTC", "Asia/Tokyo", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
	"Africa/Casablanca", "Africa/Monrovia", "Asia/Gaza", "Antarctica/Troll", "America/Caracas", "Asia/Pyongyang",
}

func TestLocalizeOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	checked := map[string]int{}
	for _, name := range zones {
		loc := mustZone(t, name)
		c := NewClock(loc)
		for range 300 {
			wall := rng.Int64N(4.5e9*secondMicros) - 2e9*secondMicros
			if rng.IntN(3) > 0 { // near a transition, where it matters
				start, _ := time.UnixMicro(wall).In(loc).ZoneBounds()
				if !start.IsZero() {
					reach := []int64{3, 16, 40}[rng.IntN(3)] * 3600 * secondMicros
					wall = start.UnixMicro() + rng.Int64N(2*reach) - reach
				}
			}
			kind := checkWall(t, c, loc, wall)
			checked[kind]++
			for range 3 {
				checkWall(t, c, loc, wall+rng.Int64N(14*3600*secondMicros)-7*3600*secondMicros)
			}
		}
	}
	for _, kind := range []string{"plain", "gap", "fold"} {
		if checked[kind] < 20 {
			t.Errorf("only %d walls are %s", checked[kind], kind)
		}
	}
}

// A clock answers as Localize does at both ends of each of its spans and of
// what it says about transitions, also where spans take each other's place.
func TestClockEnds(t *testing.T) {
	for _, name := range zones {
		loc := mustZone(t, name)
		c := NewClock(loc)
		for wall := MinMicros; wall < 7e9*secondMicros; wall += 131 << spanBits {
			c.UTC(wall)
			first := wall >> spanBits << spanBits
			s := c.spans[wall>>spanBits&(spanCount-1)]
			for _, end := range []int64{first, first + 1<<spanBits, s.lo, s.hi} {
				for d := int64(-1); d <= 1; d++ {
					checkWall(t, c, loc, end+d)
				}
			}
		}
	}
}

// Where time.Time.ZoneBounds errs: the last day of leap years in zones that
// follow a rule.
func TestLocalizeLeapYearEnd(t *testing.T) {
	for _, name := range zones {
		loc := mustZone(t, name)
		c := NewClock(loc)
		for year := 2036; year <= 2100; year += 4 {
			newYear := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
			for h := int64(-40); h < 40; h++ {
				checkWall(t, c, loc, newYear+h*3600*secondMicros)
			}
		}
	}
}

func TestZeroClock(t *testing.T) {
	var c Clock
	if utc, ambiguous, ok := c.UTC(42); utc != 42 || ambiguous || !ok {
		t.Errorf("zero clock says %d, %t, %t", utc, ambiguous, ok)
	}
}

func checkLocalize(t *testing.T, wall, step int64, zone uint8) {
	t.Helper()
	loc := mustZone(t, zones[int(zone)%len(zones)])
	c := NewClock(loc)
	checkWall(t, c, loc, wall)
	checkWall(t, c, loc, wall+step)
	checkWall(t, c, loc, wall)
}

// checkWall compares Localize and a clock with the oracle, and says what the
// wall time is.
func checkWall(t *testing.T, c *Clock, loc *time.Location, wall int64) (kind string) {
	t.Helper()
	want, ambiguous, ok := oracleWall(wall, loc)
	utc, gotAmbiguous, gotOK := Localize(wall, loc)
	if utc != want || gotAmbiguous != ambiguous || gotOK != ok {
		t.Errorf("Localize(%d, %s) = %d, %t, %t, want %d, %t, %t", wall, loc, utc, gotAmbiguous, gotOK, want, ambiguous, ok)
	}
	utc, gotAmbiguous, gotOK = c.UTC(wall)
	if utc != want || gotAmbiguous != ambiguous || gotOK != ok {
		t.Errorf("clock of %s at %d: %d, %t, %t, want %d, %t, %t", loc, wall, utc, gotAmbiguous, gotOK, want, ambiguous, ok)
	}
	switch {
	case ambiguous:
		return "fold"
	case ok:
		return "plain"
	}
	return "gap"
}

// oracleWall tries every offset that the zone has within two days.
func oracleWall(wall int64, loc *time.Location) (utc int64, ambiguous, ok bool) {
	if wall < MinMicros || wall > MaxMicros {
		return 0, false, false
	}
	found := map[int64]bool{}
	for d := -50 * time.Hour; d <= 50*time.Hour; d += 10 * time.Minute {
		_, offset := time.UnixMicro(wall).Add(d).In(loc).Zone()
		u := wall - int64(offset)*secondMicros
		if _, back := time.UnixMicro(u).In(loc).Zone(); back == offset && !found[u] {
			found[u] = true
			if !ok || u < utc {
				utc = u
			}
			ok = true
		}
	}
	return utc, len(found) > 1, ok
}
