package scalar

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// layoutTexts are stamps of each layout and what is nearly one, with the time
// that they mean in RFC 3339; "" is not ok.
var layoutTexts = []struct {
	layout, in, want string
	flags            string // f fine, z zoned, d day
}{
	// iso: what TryTime reads, and more
	{"iso", "2019-07-02T12:03:04.123456Z", "2019-07-02T12:03:04.123456Z", "fz"},
	{"iso", "2019-07-02 12:03:04", "2019-07-02T12:03:04Z", ""},
	{"iso", "2019-07-02t12:03:04z", "2019-07-02T12:03:04Z", "z"},
	{"iso", "2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z", "z"},
	{"iso", "2019/07/02 12:03:04", "2019-07-02T12:03:04Z", ""},
	{"iso", "2019/07/02 12:03", "2019-07-02T12:03:00Z", ""},
	{"iso", "2019-07-02T12:03Z", "2019-07-02T12:03:00Z", "z"},
	{"iso", "2019/7/2 9:03", "2019-07-02T09:03:00Z", ""},
	{"iso", "2019/7/2", "2019-07-02T00:00:00Z", "d"},
	{"iso", "2019-07-02", "2019-07-02T00:00:00Z", "d"},
	{"iso", "2019.07.02 12:03:04", "2019-07-02T12:03:04Z", ""},
	{"iso", "2019/07/02 12:03:04 -0700", "2019-07-02T19:03:04Z", "z"}, // PayPal's reports
	{"iso", "2019-07-02T12:03:04 Z", "2019-07-02T12:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04 utc", "2019-07-02T12:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04UTC", "2019-07-02T12:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04 +09:00", "2019-07-02T03:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04+09", "2019-07-02T03:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04 JST", "2019-07-02T03:03:04Z", "z"},
	{"iso", "2019-06-02 12:03:04 PST", "2019-06-02T20:03:04Z", "z"}, // as Adyen writes it in June
	{"iso", "2019-07-02 12:03:04 GMT+9", "2019-07-02T03:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04 GMT+0930", "2019-07-02T02:33:04Z", "z"},
	{"iso", "2019-07-02T12:03:04.1234567Z", "2019-07-02T12:03:04.123456Z", "fz"},
	{"iso", "2019-07-02T12:03:04.1234567890123Z", "2019-07-02T12:03:04.123456Z", "fz"},
	{"iso", "2019-07-02T12:03:04.000000000000Z", "2019-07-02T12:03:04Z", "z"},
	{"iso", "2019-07-02 12:03:04,123", "2019-07-02T12:03:04.123Z", "f"}, // Keycloak's text log
	{"iso", "2019/07/02 12:03:04,123", "2019-07-02T12:03:04.123Z", "f"},
	{"iso", "2019年07月02日 12時03分04秒", "2019-07-02T12:03:04Z", ""},
	{"iso", "2019年7月2日12時03分", "2019-07-02T12:03:00Z", ""},
	{"iso", "2019年7月2日", "2019-07-02T00:00:00Z", "d"},
	{"iso", "2019年7月2日(火) 12:03:04", "2019-07-02T12:03:04Z", ""},
	{"iso", "2019年7月2日（火曜日） 午後3時04分", "2019-07-02T15:04:00Z", ""},
	{"iso", "2019/07/02(火) 12:03", "2019-07-02T12:03:00Z", ""},
	{"iso", "2019/07/02 午後 0:03:04", "2019-07-02T12:03:04Z", ""},
	{"iso", "2019/07/02 午前0:03", "2019-07-02T00:03:00Z", ""},
	{"iso", "２０１９／０７／０２　１２：０３：０４", "2019-07-02T12:03:04Z", ""},
	{"iso", "２０１９年７月２日", "2019-07-02T00:00:00Z", "d"},
	{"iso", "2019-07-02\u00a012:03:04\u202f+0900", "2019-07-02T03:03:04Z", "z"},
	{"iso", "1900-01-01", "1900-01-01T00:00:00Z", "d"},
	{"iso", "9999-12-31 23:59", "9999-12-31T23:59:00Z", ""},
	{"iso", "2020/2/29", "2020-02-29T00:00:00Z", "d"},
	{"iso", "2017/01/01 08:59:60", "2017-01-01T08:59:59.999999Z", ""},
	{"iso", "2019/07/02 08:59:60", "", ""},
	{"iso", "2019/2/29", "", ""},
	{"iso", "1899-12-31", "", ""},
	{"iso", "2019/07-02 12:03:04", "", ""}, // two separators
	{"iso", "2019-07", "", ""},
	{"iso", "19/07/02", "", ""},
	{"iso", "2019/7/2 9:3", "", ""},
	{"iso", "2019/07/02 24:00", "", ""},
	{"iso", "2019/07/02 12:60", "", ""},
	{"iso", "2019/07/02 12:03:04 IST", "", ""}, // three zones have this name
	{"iso", "2019/07/02 12:03:04 ABC", "", ""},
	{"iso", "2019/07/02 12:03:04 +9", "", ""},
	{"iso", "2019/07/02 12:03:04 +18:01", "", ""},
	{"iso", "2019/07/02 12:03:04 +09:60", "", ""},
	{"iso", "2019/07/02 12:03:04 GMT+", "", ""},
	{"iso", "2019/07/02 12:03:04 GMT+930", "", ""},
	{"iso", "2019/07/02 12:03:04 GMT+9:30", "2019-07-02T02:33:04Z", "z"},
	{"iso", "2019/07/02 12:03:04.", "", ""},
	{"iso", "2019/07/02 12:03.5", "", ""},
	{"iso", "2019/07/02 12", "", ""},
	{"iso", "2019/07/02 12:03:04 x", "", ""},
	{"iso", " 2019/07/02", "", ""},
	{"iso", "2019/07/02 ", "", ""},
	{"iso", "2019/07/02(水) 12:03", "", ""}, // it was a Tuesday
	{"iso", "2019/07/02 午後12:03", "", ""},  // noon or midnight
	{"iso", "2019/07/02 12:03:04.1234567890123456789", "", ""},
	{"iso", "2019-07-02T120304Z", "", ""},
	{"iso", "", "", ""},

	{"compact", "20190702120304.123", "2019-07-02T12:03:04.123Z", "f"}, // Salesforce
	{"compact", "20190702120304", "2019-07-02T12:03:04Z", ""},
	{"compact", "20190702T120304Z", "2019-07-02T12:03:04Z", "z"},
	{"compact", "20190702t120304+0900", "2019-07-02T03:03:04Z", "z"},
	{"compact", "20190702", "2019-07-02T00:00:00Z", "d"},
	{"compact", "2019072", "", ""},
	{"compact", "201907021203", "", ""},
	{"compact", "20190732", "", ""},
	{"compact", "20190702120304123", "", ""},

	{"mdy", "7/2/2019 3:04:05 PM", "2019-07-02T15:04:05Z", ""}, // Microsoft 365
	{"mdy", "07/02/2019 15:04", "2019-07-02T15:04:00Z", ""},
	{"mdy", "7/2/19", "2019-07-02T00:00:00Z", "d"},
	{"mdy", "7/2/2019, 3:04:05\u202fPM", "2019-07-02T15:04:05Z", ""}, // browsers since 2023
	{"mdy", "7-2-2019 12:04:05 a.m.", "2019-07-02T00:04:05Z", ""},
	{"mdy", "12/31/69", "1969-12-31T00:00:00Z", "d"},
	{"mdy", "12/31/68", "2068-12-31T00:00:00Z", "d"},
	{"mdy", "07/02/2019 12:00:00 PM EDT", "2019-07-02T16:00:00Z", "z"},
	{"mdy", "13/02/2019", "", ""},
	{"mdy", "7/2/2019 13:04:05 PM", "", ""},
	{"mdy", "7/2/2019 0:04:05 AM", "", ""},
	{"mdy", "7/2/019", "", ""},
	{"mdy", "7/2-2019", "", ""},
	{"mdy", "7/2/2019 PM", "", ""},

	{"dmy", "02.07.2019 15:04:05", "2019-07-02T15:04:05Z", ""},
	{"dmy", "02/07/2019 15:04:05", "2019-07-02T15:04:05Z", ""},
	{"dmy", "2/7/19 15:04", "2019-07-02T15:04:00Z", ""},
	{"dmy", "31/12/2019", "2019-12-31T00:00:00Z", "d"},
	{"dmy", "12/31/2019", "", ""},

	{"d_mon_y", "02 Jul 2019 12:03:04 +0000", "2019-07-02T12:03:04Z", "z"},
	{"d_mon_y", "Tue, 02 Jul 2019 12:03:04 GMT", "2019-07-02T12:03:04Z", "z"},
	{"d_mon_y", "Tuesday, 02-Jul-19 12:03:04 GMT", "2019-07-02T12:03:04Z", "z"},
	{"d_mon_y", "02 Jul 19 12:03 PDT", "2019-07-02T19:03:00Z", "z"},
	{"d_mon_y", "2 Jul 2019", "2019-07-02T00:00:00Z", "d"},
	{"d_mon_y", "2 july 2019, 3:04 PM", "2019-07-02T15:04:00Z", ""},
	{"d_mon_y", "02-Sept-2019", "2019-09-02T00:00:00Z", "d"},
	{"d_mon_y", "Wed, 02 Jul 2019 12:03:04 GMT", "", ""},
	{"d_mon_y", "02 Jux 2019", "", ""},
	{"d_mon_y", "02 Juli 2019", "", ""},
	{"d_mon_y", "02 Ju 2019", "", ""},

	{"mon_d_y", "Jul 2, 2019, 3:04:05 PM", "2019-07-02T15:04:05Z", ""},
	{"mon_d_y", "July 2, 2019", "2019-07-02T00:00:00Z", "d"},
	{"mon_d_y", "Tuesday, July 2, 2019 at 3:04:05 PM GMT+9", "2019-07-02T06:04:05Z", "z"},
	{"mon_d_y", "Tue Jul 02 2019 12:03:04 GMT+0900", "2019-07-02T03:03:04Z", "z"},
	{"mon_d_y", "Mar 2, 2019", "2019-03-02T00:00:00Z", "d"},
	{"mon_d_y", "Jul 32, 2019", "", ""},

	{"ctime", "Tue Jul  2 12:03:04 2019", "2019-07-02T12:03:04Z", ""},
	{"ctime", "Tue Jul 2 12:03:04 JST 2019", "2019-07-02T03:03:04Z", "z"},
	{"ctime", "Tue Jul 02 12:03:04 -0700 2019", "2019-07-02T19:03:04Z", "z"},
	{"ctime", "Tue Jul 2 12:03:04 2019 +0900", "2019-07-02T03:03:04Z", "z"},
	{"ctime", "Mon Jul 2 12:03:04 2019", "", ""},

	{"clf", "06/Sep/2015:05:58:05 +0900", "2015-09-05T20:58:05Z", "z"},
	{"clf", "[06/Sep/2015:05:58:05 +0900]", "2015-09-05T20:58:05Z", "z"},
	{"clf", "06/Sep/2015:05:58:05", "2015-09-06T05:58:05Z", ""},
	{"clf", "[06/Sep/2015:05:58:05 +0900", "", ""},
	{"clf", "06/09/2015:05:58:05 +0900", "", ""},

	{"syslog", "Jul  2 12:03:04", "2019-07-02T12:03:04Z", ""}, // the hint is July 2019
	{"syslog", "Jul 12 12:03:04.5", "2018-07-12T12:03:04.5Z", "f"},
	{"syslog", "Dec 31 23:59:59", "2018-12-31T23:59:59Z", ""},
	{"syslog", "Feb 29 12:03:04", "", ""},
	{"syslog", "Jul 2 12:03:04 2019", "", ""},

	{"ipn", "15:44:06 Sep 06, 2017 PDT", "2017-09-06T22:44:06Z", "z"},
	{"ipn", "15:44:06 Jan 06, 2017 PST", "2017-01-06T23:44:06Z", "z"},
	{"ipn", "15:44:06 Sep 06, 2017", "", ""},

	{"epoch_s", "1562068984", "2019-07-02T12:03:04Z", "z"},
	{"epoch_s", "1562068984.123456", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch_s", "1562068984.000", "2019-07-02T12:03:04Z", "z"},
	{"epoch_s", "1562068984.0000009", "2019-07-02T12:03:04Z", "fz"},
	{"epoch_s", "0", "1970-01-01T00:00:00Z", "z"},
	{"epoch_s", "253402300799", "9999-12-31T23:59:59Z", "z"},
	{"epoch_s", "253402300800", "", ""},
	{"epoch_s", "1562068984123", "", ""},
	{"epoch_s", "１５６２０６８９８４", "2019-07-02T12:03:04Z", "z"},
	{"epoch_ms", "1562068984123", "2019-07-02T12:03:04.123Z", "fz"},
	{"epoch_ms", "1562068984000", "2019-07-02T12:03:04Z", "z"},
	{"epoch_ms", "1562068984123.4567", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch_us", "1562068984123456", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch_us", "1562068984123456.7", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch_ns", "1562068984123456789", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch_ns", "1562068984000000789", "2019-07-02T12:03:04Z", "fz"},
	{"epoch_ns", "9223372036854775807", "2262-04-11T23:47:16.854775Z", "fz"},
	{"epoch_ns", "9223372036854775808", "", ""},
	{"epoch_ns", "99999999999999999999", "", ""},
	{"epoch", "1562068984", "2019-07-02T12:03:04Z", "z"},
	{"epoch", "1562068984.5", "2019-07-02T12:03:04.5Z", "fz"},
	{"epoch", "1562068984123", "2019-07-02T12:03:04.123Z", "fz"},
	{"epoch", "1562068984123456", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch", "1562068984123456789", "2019-07-02T12:03:04.123456Z", "fz"},
	{"epoch", "99999999999", "5138-11-16T09:46:39Z", "z"},
	{"epoch", "100000000000", "1973-03-03T09:46:40Z", "z"},
	{"epoch", "1.562E9", "", ""},
	{"epoch", "1562068984.", "", ""},
	{"epoch", ".5", "", ""},
	{"epoch", "-1", "", ""},
	{"epoch", "+1562068984", "", ""},
	{"epoch", "01562068984", "", ""},
	{"epoch", "1562068984.1234567890123456789", "", ""},
	{"epoch", "1562068984,5", "", ""},
	{"epoch", "1562068984Z", "", ""},
	{"epoch", "", "", ""},

	// patterns of one's own
	{"%Y-%m-%d %H:%M:%S.%f", "2019-07-02 12:03:04.5", "2019-07-02T12:03:04.5Z", "f"},
	{"%Y-%m-%d %H:%M:%S.%f", "2019-07-02 12:03:04", "", ""},
	{"%Y-%m-%d%z", "2019-07-02+09:00", "2019-07-01T15:00:00Z", "dz"}, // a day of XML Schema
	{"%Y-%m-%d%z", "2019-07-02JST", "", ""},
	{"%y%m%d%H%M%S", "190702120304", "2019-07-02T12:03:04Z", ""},
	{"%y%m%d%H%M%S", "19072120304", "", ""},
	{"%m%d%H%M%S", "0702120304", "2019-07-02T12:03:04Z", ""}, // ISO 8583, field 7
	{"%m%d", "0702", "2019-07-02T00:00:00Z", "d"},            // Zengin
	{"%Y-%j", "2019-183", "2019-07-02T00:00:00Z", "d"},
	{"%Y-%j", "2020-366", "2020-12-31T00:00:00Z", "d"},
	{"%Y-%j", "2019-366", "", ""},
	{"%Y-%j", "2019-000", "", ""},
	{"%I:%M %p on %B %e, %Y", "3:04 pm ON July  2, 2019", "2019-07-02T15:04:00Z", ""},
	{"%d/%m/%Y %I:%M[ %p]", "2/7/2019 3:04 AM", "2019-07-02T03:04:00Z", ""},
	{"%d/%m/%Y %I:%M[ %p]", "2/7/2019 3:04", "", ""},
	{"%d/%m/%Y[ %I:%M %p]", "2/7/2019", "2019-07-02T00:00:00Z", "d"},
	{"%d/%m/%Y\u00a0%H:%M", "2/7/2019 3:04", "2019-07-02T03:04:00Z", ""},
	{"%d%%%m%%%Y", "02%07%2019", "2019-07-02T00:00:00Z", "d"},
	{"%Y%m%d%H%M%S%f", "20190702120304123", "2019-07-02T12:03:04.123Z", "f"},
	{"[%H:%M ]%d/%m/%Y", "12:03 02/07/2019", "2019-07-02T12:03:00Z", ""},
	{"[%H:%M ]%d/%m/%Y", "02/07/2019", "2019-07-02T00:00:00Z", "d"},
	{"[%Y-]%m-%d", "07-02", "2019-07-02T00:00:00Z", "d"},
	{"%A %d.%m.%Y", "Tuesday 02.07.2019", "2019-07-02T00:00:00Z", "d"},
	{"%Y/%m/%d　%H：%M", "2019/07/02 12:03", "2019-07-02T12:03:00Z", ""},
}

// julyHint is what the hints of layoutTexts say: not after 2 July 2019, 12:00.
var julyHint = YearHint{NotAfter: 1_562_068_800 * secondMicros}

func TestLayout(t *testing.T) {
	for _, c := range layoutTexts {
		l := mustLayout(t, c.layout)
		want, wantOK := Time{}, c.want != ""
		if wantOK {
			at, err := time.Parse(time.RFC3339Nano, c.want)
			if err != nil {
				t.Fatal(err)
			}
			want.Micros = at.UnixMicro()
			for _, f := range c.flags {
				want.Fine = want.Fine || f == 'f'
				want.Zoned = want.Zoned || f == 'z'
				want.Day = want.Day || f == 'd'
			}
		}
		if got, ok := l.Try([]byte(c.in), julyHint); ok != wantOK || got != want {
			t.Errorf("%s: Try(%q) = %s %+v, %t, want %s %+v, %t", c.layout, c.in,
				time.UnixMicro(got.Micros).UTC().Format(time.RFC3339Nano), got, ok, c.want, want, wantOK)
		}
	}
}

// TestYearHint: the year of stamps that carry none.
func TestYearHint(t *testing.T) {
	at := func(s string) int64 {
		v, ok := TryTime([]byte(s))
		if !ok {
			t.Fatal(s)
		}
		return v.Micros
	}
	newYear := at("2020-01-01T06:00:00Z")
	f := func(in, want string, hint YearHint) {
		t.Helper()
		got, ok := mustLayout(t, "syslog").Try([]byte(in), hint)
		if ok != (want != "") || ok && got.Micros != at(want) {
			t.Errorf("%q with %+v is %s, %t, want %s", in, hint, time.UnixMicro(got.Micros).UTC(), ok, want)
		}
	}
	f("Jul  2 12:03:04", "", YearHint{})
	f("Jul  2 12:03:04", "2019-07-02T12:03:04Z", YearHint{Year: 2019})
	f("Jul  2 12:03:04", "2021-07-02T12:03:04Z", YearHint{Year: 2021, NotAfter: newYear})
	f("Dec 31 23:59:59", "2019-12-31T23:59:59Z", YearHint{NotAfter: newYear})
	f("Jan  1 05:00:00", "2020-01-01T05:00:00Z", YearHint{NotAfter: newYear})
	f("Jan  2 06:00:00", "2020-01-02T06:00:00Z", YearHint{NotAfter: newYear}) // a day later: the clock of another zone
	f("Jan  2 06:00:01", "2019-01-02T06:00:01Z", YearHint{NotAfter: newYear})
	f("Feb 29 12:00:00", "2020-02-29T12:00:00Z", YearHint{Year: 2020})
	f("Feb 29 12:00:00", "", YearHint{Year: 2019})
	f("Feb 29 12:00:00", "", YearHint{NotAfter: newYear}) // 2019 had none, and 2016 would be a guess
	f("Feb 29 12:00:00", "2020-02-29T12:00:00Z", YearHint{NotAfter: at("2020-03-01T00:00:00Z")})
	f("Jul  2 12:03:04", "", YearHint{Year: 1899})
	f("Jul  2 12:03:04", "", YearHint{Year: 10_000})
	f("Jul  2 12:03:04", "", YearHint{Year: -1 << 62})
	f("Jul  2 12:03:04", "", YearHint{NotAfter: -1 << 63})
	f("Jul  2 12:03:04", "", YearHint{NotAfter: 1<<63 - 1})
	f("Jul  2 12:03:04", "9998-07-02T12:03:04Z", YearHint{NotAfter: at("9999-06-30T00:00:00Z")})
}

func TestCompileLayout(t *testing.T) {
	f := func(pattern, want string) {
		t.Helper()
		_, err := CompileLayout(pattern)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CompileLayout(%q): %v, want %q", pattern, err, want)
		}
	}
	f("", "is not known")
	f("rfc3339", "iso, compact, mdy")
	f("2006-01-02", "%Y-%m-%d")
	f("%Y-%m-%d %Q", `"%Q" is not known`)
	f("%Y-%m-%d %é", "is not known")
	f("%Y-%m-%d %", "ends in a percent sign")
	f("[%Y-%m-%d", "write %[ for a bracket")
	f("%Y-%m-%d]", "write %] for a bracket")
	f("%Y-%m-%d[]", "nothing between them")
	f("[[[[[[[%Y]]]]]]]-%m-%d", "in one another")
	f("%Y-%m-%d %m", "more than one of %m %b %B")
	f("%Y-%m-%d %y", "more than one of %Y %y")
	f("%Y-%m-%d %z %Z", "more than one of %z %Z")
	f("%Y-%m", "names no day")
	f("%Y", "names no day")
	f("%H:%M", "names no day")
	f("%Y-%m-%j", "day of the year and a month")
	f("%j", "without a year")
	f("%Y-%m-%d %M", "without the larger one")
	f("%Y-%m-%d %H:%S", "without the larger one")
	f("%Y-%m-%d %H:%M.%f", "without the larger one")
	f("%Y-%m-%d %p", "without the larger one")
	f("%Y-%m-%d %I:%M", "without %p")
	f("%Y-%m-%d"+strings.Repeat(" ", 200), "longer than")
	for _, name := range LayoutNames() {
		mustLayout(t, name)
	}
	var none Layout
	if _, ok := none.Try([]byte("2019-07-02"), julyHint); ok {
		t.Error("the zero Layout reads something")
	}
}

// All that TryTime reads, iso reads as the same time.
func TestLayoutISO(t *testing.T) {
	iso := mustLayout(t, "iso")
	for _, c := range timeTexts {
		want, ok := TryTime([]byte(c.in))
		if got, gotOK := iso.Try([]byte(c.in), YearHint{}); ok && (!gotOK || got != want) {
			t.Errorf("%q is %+v, %t, want %+v", c.in, got, gotOK, want)
		}
		slashed := []byte(c.in)
		if len(slashed) > 7 && slashed[4] == '-' && slashed[7] == '-' {
			slashed[4], slashed[7] = '/', '/'
		}
		if got, gotOK := iso.Try(slashed, YearHint{}); ok && (!gotOK || got != want) {
			t.Errorf("%q is %+v, %t, want %+v", slashed, got, gotOK, want)
		}
	}
}

// layoutForms are stamps as time.Format writes them, with the layout that reads
// them.
var layoutForms = []struct{ layout, form string }{
	{"iso", "2006-01-02T15:04:05.000000Z07:00"},
	{"iso", "2006/01/02 15:04:05"},
	{"iso", "2006/1/2 15:04"},
	{"iso", "2006-01-02"},
	{"iso", "2006-01-02 15:04:05.0000000 -0700"},
	{"iso", "2006年01月02日 15時04分05秒"},
	{"%Y/%m/%d %H:%M:%S", "2006/01/02 15:04:05"},
	{"compact", "20060102150405.000"},
	{"compact", "20060102T150405Z0700"},
	{"compact", "20060102"},
	{"mdy", "1/2/2006 3:04:05 PM"},
	{"mdy", "01/02/2006 15:04"},
	{"mdy", "1/2/06"},
	{"dmy", "02.01.2006 15:04:05"},
	{"dmy", "02/01/2006 15:04:05"},
	{"d_mon_y", time.RFC1123Z},
	{"d_mon_y", time.RFC850},
	{"d_mon_y", time.RFC822Z},
	{"d_mon_y", "2 Jan 2006"},
	{"mon_d_y", "Jan 2, 2006, 3:04:05 PM"},
	{"ctime", time.ANSIC},
	{"ctime", time.UnixDate},
	{"ctime", time.RubyDate},
	{"clf", "02/Jan/2006:15:04:05 -0700"},
	{"syslog", time.StampMicro},
	{"ipn", "15:04:05 Jan 02, 2006 MST"},
	{"%Y-%j", "2006-002"},
}

// Random times of each form against time.Parse.
func TestLayoutForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	zones := []*time.Location{time.UTC, time.FixedZone("JST", 9*3600), time.FixedZone("PDT", -7*3600)}
	for _, c := range layoutForms {
		l := mustLayout(t, c.layout)
		for range 500 {
			at := time.UnixMicro(-5e14 + rng.Int64N(3.4e15)).In(zones[rng.IntN(len(zones))]) // 1954 to 2061
			if strings.Contains(c.form, "06") && !strings.Contains(c.form, "2006") && at.Year() < 1969 {
				continue
			}
			if !checkForm(t, l, c.form, at.Format(c.form), at) {
				t.Errorf("%s does not read %q", c.layout, at.Format(c.form))
			}
		}
	}
}

// checkForm compares a layout with what time.Parse makes of a stamp that
// time.Format wrote, in the zone of the time at hand. It reports whether the
// layout reads it.
func checkForm(t *testing.T, l *Layout, form, text string, at time.Time) bool {
	t.Helper()
	want, err := time.ParseInLocation(form, text, at.Location())
	if err != nil {
		t.Fatal(err)
	}
	hint := YearHint{Year: at.Year()}
	if want.Year() == 0 {
		want = want.AddDate(at.Year(), 0, 0)
		if want.Month() != at.Month() {
			return true // 29 February
		}
	}
	got, ok := l.Try([]byte(text), hint)
	if !got.Zoned {
		_, offset := want.Zone()
		want = want.Add(time.Duration(offset) * time.Second)
	}
	// Rounded towards the past, also before 1970.
	if ok && got.Micros != floorDiv(want.UnixNano(), 1000) {
		t.Errorf("%q of %s is %s, want %s", text, form, time.UnixMicro(got.Micros).UTC(), want.UTC())
	}
	return ok
}

func mustLayout(tb testing.TB, s string) *Layout {
	tb.Helper()
	l, err := CompileLayout(s)
	if err != nil {
		tb.Fatal(err)
	}
	return &l
}
