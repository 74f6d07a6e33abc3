package scalar

import (
	"testing"
	"time"
)

func TestZoneOf(t *testing.T) {
	summer, winter := time.Date(2019, 7, 2, 12, 0, 0, 0, time.UTC), time.Date(2019, 1, 2, 12, 0, 0, 0, time.UTC)
	f := func(name string, inWinter, inSummer float64) {
		t.Helper()
		loc, ok := ZoneOf([]byte(name))
		if !ok {
			t.Errorf("ZoneOf(%q) is not ok", name)
			return
		}
		_, w := winter.In(loc).Zone()
		_, s := summer.In(loc).Zone()
		if float64(w) != inWinter*3600 || float64(s) != inSummer*3600 {
			t.Errorf("ZoneOf(%q) is %d and %d seconds, want %v and %v hours", name, w, s, inWinter, inSummer)
		}
	}
	f("UTC", 0, 0)
	f("Z", 0, 0)
	f("gmt", 0, 0)
	f("+09:00", 9, 9)
	f("-0330", -3.5, -3.5)
	f("+05", 5, 5)
	f("GMT+9", 9, 9)
	f("UTC-03:30", -3.5, -3.5)
	f("JST", 9, 9)
	f("PST", -8, -8) // as written, also in summer
	f("PDT", -7, -7)
	f("CET", 1, 1)
	f("CEST", 2, 2)
	f("America/Los_Angeles", -8, -7)
	f("Asia/Tokyo", 9, 9)
	f("Europe/Paris", 1, 2)
	f("PST8PDT", -8, -7)
	f("Japan", 9, 9)
	f("Etc/GMT+9", -9, -9) // that is how the database writes it
	f("Eastern Time (US & Canada)", -5, -4)
	f("Pacific Time (US & Canada)", -8, -7)
	f("Tokyo", 9, 9)
	f("Kathmandu", 5.75, 5.75)
	for _, name := range zoneOddities {
		if loc, ok := ZoneOf([]byte(name)); ok {
			t.Errorf("ZoneOf(%q) is %v", name, loc)
		}
	}
}

// zoneOddities name no zone, or not the same one everywhere.
var zoneOddities = []string{
	"", "Local", "localtime", "posixrules", "Factory", "right/Asia/Tokyo", "posix/Asia/Tokyo",
	"IST", "BST", "ABC", "Z9", "+9", "+19:00", "+09:60", "GMT+", "GMT+19", "JST+9", "WET+1",
	"../../etc/passwd", "/etc/localtime", "Asia/../Asia/Tokyo", "Asia\\Tokyo", "Asia/Tokyo\x00", "Asia", "Nowhere/City",
	"International Date Line West", "eastern time (us & canada)", "tzdata.zi", "日本", " UTC",
}

func TestRailsZones(t *testing.T) {
	for name := range railsZones {
		if _, ok := ZoneOf([]byte(name)); !ok {
			t.Errorf("%q has no zone", name)
		}
	}
}

func checkZone(t *testing.T, name []byte) {
	t.Helper()
	loc, ok := ZoneOf(name)
	if ok != (loc != nil) || ok && loc == time.Local {
		t.Errorf("ZoneOf(%q) = %v, %t", name, loc, ok)
	}
	offset, zoned, isOffset := oracleOffset(string(name))
	if !zoned || !isOffset || !ok {
		return
	}
	if _, got := time.Unix(0, 0).In(loc).Zone(); got != int(offset/time.Second) {
		t.Errorf("ZoneOf(%q) is %d seconds, want %v", name, got, offset)
	}
}
