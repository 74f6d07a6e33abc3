package scalar

import (
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/money"
)

// Each target runs all functions that read one kind of text, with the checks of all:
// what is an address to one must not panic another, and a field of a log may be either.

func FuzzText(f *testing.F) {
	var seeds [][]byte
	add := func(s string) { seeds = append(seeds, []byte(s)) }
	for _, c := range cardTexts {
		add(c.in)
	}
	for _, c := range looseTexts {
		add(c.in)
	}
	for _, c := range addrTexts {
		add(c.in)
	}
	for _, c := range forwardedTexts {
		add(c.in)
	}
	for name := range oracleOffsets {
		add(name)
	}
	for _, c := range widthTexts {
		add(c.in)
	}
	for _, c := range timeTexts {
		add(c.in)
	}
	for _, c := range numberTexts {
		add(c.in)
	}
	for _, c := range countryTexts {
		add(c.in)
	}
	for _, c := range countryNameTexts {
		add(c.in)
	}
	for _, s := range slices.Concat(zoneOddities, nullWords) {
		add(s)
	}
	for _, s := range []string{"Asia/Tokyo", "Mexico City", "GMT-9:30", "", " ", " a b\t", "\t\ta", "a  ", "\n a"} {
		add(s)
	}
	mustSeed(f, len(seeds))
	slices.SortFunc(seeds, slices.Compare)
	for _, b := range seeds {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkAddr(t, b)
		checkLoose(t, b)
		checkAddrOrNone(t, b)
		for pick := range Pick(4) {
			checkForwarded(t, b, pick)
		}
		checkCard(t, b)
		checkTime(t, b)
		checkZone(t, b)
		checkWidth(t, b)
		checkNull(t, b)
		checkTrimSpace(t, b)
		checkUint32(t, b)
		checkCountry(t, b)
		checkCountryName(t, b)
	})
}

func FuzzNumber(f *testing.F) {
	wall, step := int64(1_572_141_600_000_000), int64(-3_600_000_001)
	for i, c := range amountTexts {
		f.Add([]byte(c.in), uint8(c.rule.Unit), c.rule.Decimal, c.rule.Group, c.digits, wall, step+int64(i))
	}
	for i, minor := range []int64{0, money.MaxAmount, -1} {
		f.Add([]byte("1"), uint8(0), uint8('.'), "", 2*i, minor, step)
	}
	for i := range zones {
		f.Add([]byte("1"), uint8(i), uint8('.'), "", 0, wall, step)
	}
	mustSeed(f, len(amountTexts))
	f.Fuzz(func(t *testing.T, b []byte, unit, decimal uint8, group string, digits int, minor, step int64) {
		checkAnyAmount(t, b, unit, decimal, group, digits)
		checkFormat(t, minor, uint8(digits))
		checkLocalize(t, minor, step, unit)
	})
}

func FuzzStamp(f *testing.F) {
	layouts := oracleLayouts()
	nanos, hours := int64(1_562_068_984_123_456_789), 9
	for _, c := range layoutTexts {
		if i := slices.Index(layouts, c.layout); i >= 0 {
			f.Add([]byte(c.in), c.layout, uint8(i), 0, julyHint.NotAfter, hours)
		} else if strings.Contains(c.layout, "%") {
			f.Add([]byte(c.in), c.layout, uint8(0), 0, julyHint.NotAfter, hours)
		}
	}
	for i, c := range timeTexts {
		f.Add([]byte(c.in), "iso", uint8(0), 1890+i, int64(0), hours)
	}
	for _, l := range namedLayouts {
		for _, form := range l.forms {
			f.Add([]byte("2019-07-02 12:03:04"), form, uint8(0), 0, julyHint.NotAfter, hours)
		}
	}
	for i := range layoutForms {
		f.Add([]byte("2019-07-02 12:03:04"), "iso", uint8(i), 0, nanos, hours)
		f.Add([]byte("2019-07-02 12:03:04"), "iso", uint8(i), 0, int64(-1), -8)
	}
	for _, c := range suggestTexts {
		f.Add([]byte(c.in), "iso", uint8(0), 0, int64(0), hours)
	}
	for _, c := range orderTexts {
		f.Add([]byte(c.in), "iso", uint8(0), 0, int64(0), hours)
	}
	mustSeed(f, len(layoutTexts))
	f.Fuzz(func(t *testing.T, text []byte, pattern string, layout uint8, year int, at int64, hours int) {
		checkLayout(t, layouts[int(layout)%len(layouts)], text, YearHint{Year: year, NotAfter: at})
		checkPattern(t, pattern, text)
		checkWritten(t, layout, at, hours)
		checkSuggest(t, text)
	})
}

// mustSeed fails a fuzz test that starts from nothing.
func mustSeed(f *testing.F, seeds int) {
	f.Helper()
	if seeds == 0 {
		f.Fatal("no seeds")
	}
}
