package scalar

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func samplesOf(list string) (samples [][]byte) {
	for s := range strings.SplitSeq(list, "|") {
		samples = append(samples, []byte(s))
	}
	return samples
}

// orderTexts are dates, with the order that they have.
var orderTexts = []struct {
	in   string
	want DayOrder
}{
	{"7/2/2019|7/13/2019", MonthFirst},
	{"7/2/2019|13/7/2019 12:03", DayFirst},
	{"02.07.2019|31.12.2019", DayFirst},
	{"1/2/2019|3/4/2019", UnknownOrder},
	{"7/7/2019", UnknownOrder},
	{"2/30/2019|1/2/2019", MixedOrder},
	{"31/4/2019", MixedOrder}, // April has 30 days
	{"29/2/2019", MixedOrder},
	{"29/2/2020", DayFirst},
	{"7/13/2019|13/7/2019", MixedOrder},
	{"13/13/2019", MixedOrder},
	{"7/13/98", MonthFirst},
	{"13/7/98", DayFirst},
	{"13/7/19", UnknownOrder}, // 2013-07-19?
	{"19/07/02|19/07/13|19/07/31", UnknownOrder},
	{"19/07/02|19/13/07", MixedOrder},
	{"32/07/02|19/07/02", ShortYearFirst},
	{"99/12/31", ShortYearFirst},
	{"2019-07-02", NoDates},
	{"7/2/2019|yesterday", NoDates},
	{"7/2-2019", NoDates},
	{"7/2/019", NoDates},
	{"|-|null", NoDates},
	{"-| 7/13/2019 ", MonthFirst},
	{"７／１３／２０１９", MonthFirst},
}

func TestOrderOf(t *testing.T) {
	for _, c := range orderTexts {
		if got := OrderOf(samplesOf(c.in)); got != c.want {
			t.Errorf("OrderOf(%q) = %d, want %d", c.in, got, c.want)
		}
	}
	if got := OrderOf(nil); got != NoDates {
		t.Errorf("OrderOf(nil) = %d", got)
	}
}

// suggestTexts are stamps, with the layout that is suggested, or "" and a word
// of the reason.
var suggestTexts = []struct {
	in, layout string
	zoned      bool
	why        string
}{
	{"2019-07-02T12:03:04Z|2019-07-02T12:03:05.5Z", "iso", true, "reads all 2"},
	{"2019/07/02 12:03|2019/7/2", "iso", false, "no zone"},
	{"2019-07-02T12:03:04Z|2019-07-02T12:03:04", "iso", false, "only 1 carry a zone"},
	{"2019年7月2日(火) 12:03", "iso", false, ""},
	{"2019-07-02|-||null", "iso", false, "reads all 1"},
	{"20190702120304.123|20190702120305.000", "compact", false, ""},
	{"20190702|20190703", "compact", false, ""},
	{"06/Sep/2015:05:58:05 +0900", "clf", true, ""},
	{"Tue, 02 Jul 2019 12:03:04 GMT", "d_mon_y", true, ""},
	{"Jul 2, 2019, 3:04:05 PM", "mon_d_y", false, ""},
	{"Tue Jul  2 12:03:04 2019", "ctime", false, ""},
	{"15:44:06 Sep 06, 2017 PDT", "ipn", true, ""},
	{"Jul  2 03:04:05|Feb 29 03:04:05", "syslog", false, "no year and no zone"},
	{"7/2/2019 3:04:05 PM|7/13/2019 3:04:05 AM", "mdy", false, "after the twelfth"},
	{"02/07/2019 15:04|13/07/2019 15:04", "dmy", false, "after the twelfth"},
	{"02.07.2019 15:04:05", "dmy", false, "dots"},
	{"1562068984|1562068985.5", "epoch_s", true, "2000 to 2099"},
	{"1562068984123", "epoch_ms", true, ""},
	{"1562068984123456", "epoch_us", true, ""},
	{"1562068984123456789", "epoch_ns", true, ""},

	{"7/2/2019|7/3/2019", "", false, "name mdy or dmy"},
	{"02.07.19", "", false, "name mdy or dmy"},
	{"7/13/2019|13/7/2019", "", false, "some dates have the day first"},
	{"7/13/2019|7/14/2019 25:00", "", false, `mdy reads 1 of 2, but not "7/14/2019 25:00"`},
	{"99/12/31", "", false, "%y/%m/%d"},
	{"1562068984|1562068984123", "", false, "different units"},
	{"42", "", false, "would be of the year 1970"},
	{"1", "", false, "1970"},
	{"1.562E9", "", false, "no layout reads"},
	{"2019-07-02|yesterday", "", false, `iso reads 1 of 2, but not "yesterday"`},
	{"2019-07-02|7/13/2019", "", false, `iso reads 1 of 2, but not "7/13/2019"`},
	{"yesterday", "", false, `no layout reads "yesterday"`},
	{"|-|null", "", false, "no stamps"},
}

func TestSuggest(t *testing.T) {
	for _, c := range suggestTexts {
		layout, zoned, ok, why := Suggest(samplesOf(c.in))
		if layout != c.layout || zoned != c.zoned || ok != (c.layout != "") || !strings.Contains(why, c.why) {
			t.Errorf("Suggest(%q) = %q, %t, %t, %q, want %q, %t, %q", c.in, layout, zoned, ok, why, c.layout, c.zoned, c.why)
		}
	}
	if _, _, ok, why := Suggest([][]byte{bytes.Repeat([]byte("2019-07-02 "), 20)}); ok || len(why) > 2*maxStamp {
		t.Errorf("a long stamp: %t, %q", ok, why)
	}
}

// What is suggested for a month of stamps reads them as the times that were
// written.
func TestSuggestForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range layoutForms {
		var samples [][]byte
		var times []time.Time
		for day := range 28 {
			at := time.Date(2019, 7, 1+day, rng.IntN(24), rng.IntN(60), rng.IntN(60), 0, time.UTC)
			times = append(times, at)
			samples = append(samples, at.AppendFormat(nil, c.form))
		}
		layout, _, ok, why := Suggest(samples)
		if !ok {
			if c.form != "2006-002" { // no layout of a name reads it
				t.Errorf("%s: %s", c.form, why)
			}
			continue
		}
		l := mustLayout(t, layout)
		for i, at := range times {
			if !checkForm(t, l, c.form, string(samples[i]), at) {
				t.Errorf("%s does not read %q", layout, samples[i])
			}
		}
	}
}

func checkSuggest(t *testing.T, list []byte) {
	t.Helper()
	samples := bytes.Split(list, []byte("|"))
	layout, zoned, ok, why := Suggest(samples)
	if why == "" || ok != (layout != "") || zoned && !ok {
		t.Errorf("Suggest(%q) = %q, %t, %t, %q", list, layout, zoned, ok, why)
	}
	if order := OrderOf(samples); layout == "mdy" && order != MonthFirst || layout != "" && layout != "dmy" && order == DayFirst {
		t.Errorf("OrderOf(%q) = %d, and %q is suggested", list, order, layout)
	}
	if decimal, ok, why := SuggestDecimal(samples); why == "" || ok != (decimal == '.' || decimal == ',') {
		t.Errorf("SuggestDecimal(%q) = %q, %t, %q", list, decimal, ok, why)
	}
	if !ok {
		return
	}
	l := mustLayout(t, layout)
	for _, b := range samples {
		b = TrimSpace(b)
		if got, ok := l.Try(b, YearHint{Year: anyYear}); !IsNull(b) && (!ok || zoned && !got.Zoned) {
			t.Errorf("%s is suggested for %q and reads %q as %+v, %t", layout, list, b, got, ok)
		}
	}
	if other := map[string]string{"mdy": "dmy", "dmy": "mdy"}[layout]; other != "" && strings.Contains(why, "twelfth") {
		if read, _, _ := countRead(other, stamps(samples)); read == len(stamps(samples)) {
			t.Errorf("%s is suggested for %q, and %s reads it too", layout, list, other)
		}
	}
}

func TestSuggestDecimal(t *testing.T) {
	f := func(in string, want byte, reason string) {
		t.Helper()
		got, ok, why := SuggestDecimal(samplesOf(in))
		if got != want || ok != (want != 0) || !strings.Contains(why, reason) {
			t.Errorf("SuggestDecimal(%q) = %q, %t, %q, want %q, %q", in, got, ok, why, want, reason)
		}
	}
	f("12.50|1,234", '.', `"12.50" can only`)
	f("1,234.56", '.', "decimal point")
	f("$1,234,567", '.', "decimal point")
	f("12,50", ',', "decimal comma")
	f("1.234,56 €|-", ',', "decimal comma")
	f("1.234.567", ',', "decimal comma")
	f("0,125", ',', "decimal comma")
	f("1234,567", ',', "decimal comma")
	f("1'234.5", '.', "decimal point")
	f("1,234", 0, "groups of three")
	f("1,234|5,678|1,000", 0, "groups of three")
	f("12.50|12,50", 0, `"12.50" has a decimal point, "12,50" a decimal comma`)
	f("1200|-|", 0, "no amount has a decimal sign")
	f("", 0, "no amount has")
	f("12.50|twelve", 0, `"twelve" is no amount`)
	f("-6.197.073,5.", 0, "is no amount")
}
