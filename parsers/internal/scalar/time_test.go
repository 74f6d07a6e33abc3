package scalar

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

// timeTexts are stamps and what is nearly one, with the time that they mean in
// RFC 3339; "" is not ok. FuzzTryTime starts from them.
var timeTexts = []struct {
	in, want    string
	fine, zoned bool
}{
	// the forms
	{"2019-07-02T12:03:04.123456Z", "2019-07-02T12:03:04.123456Z", true, true},
	{"2019-07-02T12:03:04.000000Z", "2019-07-02T12:03:04Z", false, true},
	{"2019-07-02T12:03:04Z", "2019-07-02T12:03:04Z", false, true},
	{"2019-07-02t12:03:04z", "2019-07-02T12:03:04Z", false, true},
	{"2019-07-02 12:03:04", "2019-07-02T12:03:04Z", false, false},
	{"2019-07-02T12:03:04.123456", "2019-07-02T12:03:04.123456Z", true, false},
	{"2019-07-02 12:03:04,123", "2019-07-02T12:03:04.123Z", true, false},
	{"2019-07-02T12:03:04.5Z", "2019-07-02T12:03:04.5Z", true, true},
	{"2019-07-02T12:03:04.999999999Z", "2019-07-02T12:03:04.999999Z", true, true},
	{"2019-07-02T12:03:04.0000009Z", "2019-07-02T12:03:04Z", true, true},
	{"2019-07-02T12:03:04.000000000Z", "2019-07-02T12:03:04Z", false, true},
	{"1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z", true, true},
	{"1969-12-31T23:59:59.0000001Z", "1969-12-31T23:59:59Z", true, true},
	// zones
	{"2019-07-02T12:03:04+09:00", "2019-07-02T03:03:04Z", false, true},
	{"2019-07-02T12:03:04-0800", "2019-07-02T20:03:04Z", false, true},
	{"2019-07-02T12:03:04+09", "2019-07-02T03:03:04Z", false, true},
	{"2019-07-02 12:03:04.123456+05:45", "2019-07-02T06:18:04.123456Z", true, true},
	{"2019-07-02 12:03:04.123456+00", "2019-07-02T12:03:04.123456Z", true, true},
	{"2019-07-02 12:03:04 +0900", "2019-07-02T03:03:04Z", false, true},
	{"2019-07-02 12:03:04 UTC", "2019-07-02T12:03:04Z", false, true},
	{"2019-07-02 12:03:04.123 UTC", "2019-07-02T12:03:04.123Z", true, true},
	{"2019-07-02T12:03:04-00:00", "2019-07-02T12:03:04Z", false, true},
	{"2019-07-02T12:03:04+18:00", "2019-07-01T18:03:04Z", false, true},
	{"2019-07-02T12:03:04+18:01", "", false, false},
	{"2019-07-02T12:03:04+09:60", "", false, false},
	{"2019-07-02T12:03:04+9", "", false, false},
	{"2019-07-02T12:03:04+090", "", false, false},
	{"2019-07-02T12:03:04+0 00", "", false, false},
	{"2019-07-02T12:03:04+09.00", "", false, false},
	{"2019-07-02T12:03:04+09:0", "", false, false},
	{"2019-07-02T12:03:04+09:00:00", "", false, false},
	{"2019-07-02T12:03:04 Z", "", false, false},
	{"2019-07-02T12:03:04 utc", "", false, false},
	{"2019-07-02T12:03:04UTC", "", false, false},
	{"2019-07-02T12:03:04  +0900", "", false, false},
	{"2019-07-02T12:03:04 JST", "", false, false},
	{"2019-07-02T12:03:04Z ", "", false, false},
	{"2019-07-02T12:03:04ZZ", "", false, false},
	{"2019-07-02T12:03:04 ", "", false, false},
	// fractions
	{"2019-07-02T12:03:04.", "", false, false},
	{"2019-07-02T12:03:04.Z", "", false, false},
	{"2019-07-02T12:03:04.1234567891Z", "", false, false},
	{"2019-07-02T12:03:04.123456.5Z", "", false, false},
	{"2019-07-02T12:03:04,123456,5Z", "", false, false},
	{"2019-07-02T12:03:04.123456,5", "", false, false},
	{"2019-07-02T12:03:04.12345-Z", "", false, false},
	{"2019-07-02T12:03:04:123Z", "", false, false},
	// the calendar
	{"2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z", false, true},
	{"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z", false, true},
	{"2019-02-29T00:00:00Z", "", false, false},
	{"1900-02-29T00:00:00Z", "", false, false},
	{"2100-02-29T00:00:00Z", "", false, false},
	{"2019-02-30T00:00:00Z", "", false, false},
	{"2019-04-31T00:00:00Z", "", false, false},
	{"2019-13-01T00:00:00Z", "", false, false},
	{"2019-00-01T00:00:00Z", "", false, false},
	{"2019-01-00T00:00:00Z", "", false, false},
	{"2019-01-32T00:00:00Z", "", false, false},
	{"2019-07-02T24:00:00Z", "", false, false},
	{"2019-07-02T23:60:00Z", "", false, false},
	{"2019-07-02T23:59:61Z", "", false, false},
	{"1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z", false, true},
	{"1899-12-31T23:59:59Z", "", false, false},
	{"1900-01-01T00:00:00+00:01", "", false, false},
	{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z", true, true},
	{"9999-12-31T23:59:59-00:01", "", false, false},
	{"0000-01-01T00:00:00Z", "", false, false},
	// leap seconds
	{"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z", false, true},
	{"2016-12-31T23:59:60.75Z", "2016-12-31T23:59:59.999999Z", false, true},
	{"2017-01-01T08:59:60+09:00", "2016-12-31T23:59:59.999999Z", false, true},
	{"1972-06-30T23:59:60Z", "1972-06-30T23:59:59.999999Z", false, true},
	{"1971-12-31T23:59:60Z", "", false, false},
	{"2017-01-01 08:59:60", "2017-01-01T08:59:59.999999Z", false, false},
	{"2017-01-01 05:44:60", "2017-01-01T05:44:59.999999Z", false, false},
	{"2016-12-31 11:59:60", "2016-12-31T11:59:59.999999Z", false, false},
	{"2017-01-01 13:59:60", "2017-01-01T13:59:59.999999Z", false, false},
	{"2016-12-31 11:44:60", "", false, false},
	{"2017-01-01 14:14:60", "", false, false},
	{"2017-01-01 08:58:60", "", false, false},
	{"2016-12-31T22:59:60Z", "", false, false},
	{"2016-11-30T23:59:60Z", "", false, false},
	{"2019-02-30T23:59:60Z", "", false, false},
	{"2016-12-31T23:59:60.Z", "", false, false},
	// other damage
	{"", "", false, false},
	{"2019-07-02", "", false, false},
	{"2019-07-02T12:03", "", false, false},
	{"2019-07-02T12:03:0", "", false, false},
	{"2019-07-02  2:03:04", "", false, false},
	{"2019-07-02_12:03:04Z", "", false, false},
	{"2019/07/02 12:03:04", "", false, false},
	{"02-07-2019 12:03:04", "", false, false},
	{"20190702T120304Z", "", false, false},
	{"1562068984123456789", "", false, false},
	{" 2019-07-02T12:03:04Z", "", false, false},
	{"2019-07-02T12:03:04\x00", "", false, false},
	{"2\xb019-07-02T12:03:04Z", "", false, false},
	{"2019-07-\xb02T12:03:04Z", "", false, false},
	{"２０１９-07-02T12:03:04Z", "", false, false},
}

func TestTryTime(t *testing.T) {
	for _, c := range timeTexts {
		want, wantOK := Time{}, c.want != ""
		if wantOK {
			at, err := time.Parse(time.RFC3339Nano, c.want)
			if err != nil {
				t.Fatal(err)
			}
			want = Time{Micros: at.UnixMicro(), Fine: c.fine, Zoned: c.zoned}
		}
		got, ok := TryTime([]byte(c.in))
		if ok != wantOK || got != want {
			t.Errorf("TryTime(%q) = %+v, %t, want %+v, %t", c.in, got, ok, want, wantOK)
		}
	}
}

// Every day from 1900 to 9999, every second of a day, and every number of two
// digits in every place that has one.
func TestTryTimeEveryDay(t *testing.T) {
	day := time.UnixMicro(MinMicros).UTC()
	buf := make([]byte, 0, 40)
	for ; day.UnixMicro() <= MaxMicros; day = day.AddDate(0, 0, 1) {
		buf = day.AppendFormat(buf[:0], "2006-01-02T15:04:05Z")
		if got, ok := TryTime(buf); !ok || got.Micros != day.UnixMicro() {
			t.Fatalf("TryTime(%q) = %d, %t, want %d", buf, got.Micros, ok, day.UnixMicro())
		}
	}
	for s := range int64(daySeconds) {
		at := time.Unix(s, 0).UTC()
		buf = at.AppendFormat(buf[:0], "2006-01-02T15:04:05Z")
		if got, ok := TryTime(buf); !ok || got.Micros != at.UnixMicro() {
			t.Fatalf("TryTime(%q) = %d, %t, want %d", buf, got.Micros, ok, at.UnixMicro())
		}
	}
	for _, place := range []int{0, 2, 5, 8, 11, 14, 17, 20, 22, 24} {
		for n := range 100 {
			text := []byte("2000-12-30T12:34:56.123456Z")
			copy(text[place:], fmt.Sprintf("%02d", n))
			checkTime(t, text)
		}
	}
}

// Random stamps of every form, whole and damaged, against time.Parse.
func TestTryTimeOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	read := 0
	for range 200_000 {
		day := pick("2006-01-02", "2006-01-02", "2006-01-02", "2006-02-29", "2006-06-30", "2006-12-31")
		at := time.UnixMicro(MinMicros + rng.Int64N(MaxMicros-MinMicros))
		text := []byte(at.UTC().Format(day + pick("T", " ", "t") + pick("15:04:05", "15:04:05", "23:59:60")))
		if n := rng.IntN(11); n > 0 {
			text = append(text, pick(".", ",")...)
			text = fmt.Appendf(text, "%0*d", n-1, rng.Int64N([...]int64{1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}[n]))
		}
		text = append(text, pick("", "Z", "z", " UTC", "+09:00", "-0800", "+09", " +0900", "-23:59", "+17:45")...)
		if checkTime(t, text) {
			read++
		}
		for range rng.IntN(3) {
			text[rng.IntN(len(text))] = pick("0", "9", "3", "6", "-", ":", "T", "Z", " ", ".", "+", "\x80", "/")[0]
			checkTime(t, text)
		}
	}
	if read < 50_000 {
		t.Errorf("only %d stamps were well formed", read)
	}
}

// checkTime compares TryTime with the oracle and reports whether the text is a
// time.
func checkTime(t *testing.T, text []byte) bool {
	t.Helper()
	got, ok := TryTime(text)
	want, wantOK := oracleTime(string(text))
	if ok != wantOK || got != want {
		t.Errorf("TryTime(%q) = %+v, %t, want %+v, %t", text, got, ok, want, wantOK)
	}
	return wantOK
}

// Minutes of an offset are looked at here, because time.Parse lets 60 pass.
var stampForm = regexp.MustCompile(
	`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)([.,]\d{1,9})?(?:([Zz]| UTC)| ?([+-])(\d\d)(?::?([0-5]\d))?)?$`)

// oracleTime is TryTime by regular expression and time.Parse.
func oracleTime(s string) (Time, bool) {
	m := stampForm.FindStringSubmatch(s)
	if m == nil {
		return Time{}, false
	}
	date, minute, second, fraction, utc, sign, hours, minutes := m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
	leap := second == "60"
	if leap {
		second = "59"
	}
	if minutes == "" {
		minutes = "00"
	}
	zone := "Z"
	if sign != "" {
		zone = sign + hours + ":" + minutes
	}
	at, err := time.Parse(time.RFC3339Nano, date+"T"+minute+second+strings.ReplaceAll(fraction, ",", ".")+zone)
	if _, offset := at.Zone(); err != nil || offset > maxOffset || offset < -maxOffset {
		return Time{}, false
	}
	at = at.UTC()
	if date < "1900" || at.Year() < 1900 || at.Year() > 9999 {
		return Time{}, false
	}
	result := Time{
		Micros: at.UnixMicro(),
		Fine:   strings.ContainsAny(fraction, "123456789"),
		Zoned:  utc != "" || sign != "",
	}
	if leap {
		result.Fine = false
		at = at.Truncate(time.Second).Add(time.Second)
		result.Micros = at.UnixMicro() - 1
		if result.Zoned {
			if !oracleLeap(at) {
				return Time{}, false
			}
			return result, true
		}
		for offset := -12 * time.Hour; offset <= 14*time.Hour; offset += 15 * time.Minute {
			if oracleLeap(at.Add(-offset)) {
				return result, true
			}
		}
		return Time{}, false
	}
	return result, true
}

// oracleLeap reports whether a leap second may end at a moment.
func oracleLeap(at time.Time) bool {
	text := at.Format(time.RFC3339)
	return text >= "1972-07-01" && (strings.HasSuffix(text, "-01-01T00:00:00Z") || strings.HasSuffix(text, "-07-01T00:00:00Z"))
}
