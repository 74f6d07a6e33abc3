package scalar

import (
	"bytes"
	"fmt"
	"time"
)

// A DayOrder says in which order dates of three numbers are written.
type DayOrder uint8

const (
	// NoDates: there is no such date, or there are other stamps among them.
	NoDates DayOrder = iota
	// UnknownOrder: all dates can be read in several orders.
	UnknownOrder
	// MonthFirst and DayFirst: all can be read in this order, not all in
	// another.
	MonthFirst
	DayFirst
	// ShortYearFirst: the same of year, month and day, with two digits for the
	// year.
	ShortYearFirst
	// MixedOrder: they cannot all be read in one order.
	MixedOrder
)

// OrderOf returns the order of the dates with which all samples begin: a/b/2019
// or a/b/19, also with - or dots. One day after the twelfth decides it, for dates
// that the calendar has. With a year of two digits, 19/07/02 might also begin
// with the year.
func OrderOf(samples [][]byte) DayOrder {
	month, day, year := true, true, true // whether all can begin with it
	seen := false
	for _, b := range stamps(samples) {
		a, m, y, short, ok := threeNumbers(b)
		if !ok {
			return NoDates
		}
		seen = true
		last := y
		if short {
			y += 1900 + 100*b2i(y < 69)
		}
		month = month && isDay(y, a, m)
		day = day && isDay(y, m, a)
		year = year && short && isDay(2000+a, m, last)
	}
	switch possible := b2i(month) + b2i(day) + b2i(year); {
	case !seen:
		return NoDates
	case possible > 1:
		return UnknownOrder
	case month:
		return MonthFirst
	case day:
		return DayFirst
	case year:
		return ShortYearFirst
	}
	return MixedOrder
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isDay reports whether the calendar has a day.
func isDay(year, month, day int) bool {
	_, ok := dayNumber(year, int16(month), int16(day))
	return ok
}

// threeNumbers reads the date of numbers that b begins with.
func threeNumbers(b []byte) (first, second, third int, short, ok bool) {
	var n [3]int
	var sep byte
	for i := range n {
		digits := leadingDigits(b)
		switch {
		case i == 2 && digits != 2 && digits != 4, i < 2 && (digits < 1 || digits > 2):
			return 0, 0, 0, false, false
		}
		for _, c := range b[:digits] {
			n[i] = n[i]*10 + int(c-'0')
		}
		if b = b[digits:]; i == 2 {
			return n[0], n[1], n[2], digits == 2, true
		}
		if len(b) == 0 || b[0] != '/' && b[0] != '-' && b[0] != '.' || i > 0 && b[0] != sep {
			return 0, 0, 0, false, false
		}
		sep, b = b[0], b[1:]
	}
	return 0, 0, 0, false, false
}

// stamps returns the samples that are something, without blanks around them
// and in ASCII as far as there is one.
func stamps(samples [][]byte) (all [][]byte) {
	for _, b := range samples {
		if b = TrimSpace(b); !IsNull(b) && len(b) <= maxStamp {
			all = append(all, plainStamp(nil, b))
		} else if len(b) > maxStamp {
			all = append(all, b[:maxStamp])
		}
	}
	return all
}

// Suggest returns the layout that reads all samples of stamps, whether all carry
// their zone, and why it is that layout, or why there is none. Samples that are
// empty or a word of IsNull do not count. It refuses where two layouts would
// read the samples as different times: then a person has to name one. It is
// for looking at a file, not for reading it.
func Suggest(samples [][]byte) (layout string, zoned, ok bool, why string) {
	texts := stamps(samples)
	if len(texts) == 0 {
		return "", false, false, "there are no stamps"
	}
	best, most := "", 0
	for _, name := range []string{"iso", "compact", "clf", "d_mon_y", "mon_d_y", "ctime", "ipn", "syslog"} {
		read, zones, _ := countRead(name, texts)
		if read == len(texts) {
			return name, zones == read, true, howRead(name, read, zones)
		}
		if read > most {
			best, most = name, read
		}
	}
	if isEpoch(texts) {
		return suggestEpoch(texts)
	}
	if order := OrderOf(texts); order != NoDates {
		return suggestOrder(order, texts)
	}
	if best == "" {
		return "", false, false, fmt.Sprintf("no layout reads %q", texts[0])
	}
	_, _, odd := countRead(best, texts)
	return "", false, false, fmt.Sprintf("%s reads %d of %d, but not %q", best, most, len(texts), odd)
}

// anyYear is a year that has every day.
const anyYear = 2000

// countRead returns how many stamps a layout reads, how many of them carry a
// zone, and the first that it does not read.
func countRead(name string, texts [][]byte) (read, zones int, odd []byte) {
	l, err := CompileLayout(name)
	if err != nil {
		return 0, 0, nil
	}
	for _, b := range texts {
		t, ok := l.Try(b, YearHint{Year: anyYear})
		switch {
		case ok:
			read++
			zones += b2i(t.Zoned)
		case odd == nil:
			odd = b
		}
	}
	return read, zones, odd
}

// howRead says how a layout reads all of so many stamps.
func howRead(name string, read, zones int) string {
	why := fmt.Sprintf("%s reads all %d", name, read)
	switch {
	case name == "syslog":
		return why + "; they carry no year and no zone"
	case zones == 0:
		return why + "; they carry no zone"
	case zones < read:
		return fmt.Sprintf("%s; only %d carry a zone", why, zones)
	}
	return why
}

// suggestOrder names the layout of dates of three numbers.
func suggestOrder(order DayOrder, texts [][]byte) (layout string, zoned, ok bool, why string) {
	switch order {
	case MonthFirst:
		layout, why = "mdy", "some day is after the twelfth"
	case DayFirst:
		layout, why = "dmy", "some day is after the twelfth"
	case ShortYearFirst:
		return "", false, false, "the year seems to come first and to have two digits: give a pattern such as %y/%m/%d"
	case MixedOrder:
		return "", false, false, "some dates have the day first, others the month"
	default:
		if !dotted(texts) {
			return "", false, false, "every date can be read in two orders: name mdy or dmy"
		}
		layout, why = "dmy", "dates with dots and a year of four digits have the day first"
	}
	read, zones, odd := countRead(layout, texts)
	if read < len(texts) {
		return "", false, false, fmt.Sprintf("%s reads %d of %d, but not %q", layout, read, len(texts), odd)
	}
	return layout, zones == read, true, howRead(layout, read, zones) + "; " + why
}

// dotted reports whether all are dates with dots and a year of four digits.
func dotted(texts [][]byte) bool {
	for _, b := range texts {
		_, _, _, short, ok := threeNumbers(b)
		if !ok || short || bytes.IndexByte(b[:len("1.2.")], '.') < 0 {
			return false
		}
	}
	return true
}

// isEpoch reports whether all are whole numbers, with or without a fraction.
func isEpoch(texts [][]byte) bool {
	read, _, _ := countRead("epoch", texts)
	return read == len(texts)
}

// Epochs are taken for such if they are of these years. A count of another unit
// that has the same number of digits is of other ones.
const firstEpochYear, lastEpochYear = 2000, 2099

// suggestEpoch names the unit of counts since 1970.
func suggestEpoch(texts [][]byte) (layout string, zoned, ok bool, why string) {
	var unit epochUnit
	for _, b := range texts {
		var n int64
		for _, c := range b[:leadingDigits(b)] {
			n = n*10 + int64(c-'0')
		}
		t, _ := tryEpoch(b, anyUnit)
		if y := time.UnixMicro(t.Micros).UTC().Year(); y < firstEpochYear || y > lastEpochYear {
			return "", false, false, fmt.Sprintf("%q would be of the year %d: name the unit if it is a time", b, y)
		}
		if unit != 0 && unit != unitOf(n) {
			return "", false, false, fmt.Sprintf("%q and %q count different units since 1970", texts[0], b)
		}
		unit = unitOf(n)
	}
	layout = epochNames[unit-1]
	return layout, true, true, fmt.Sprintf("%s puts all %d in the years %d to %d", layout, len(texts), firstEpochYear, lastEpochYear)
}

// SuggestDecimal returns the decimal sign of samples of amounts, '.' or ',', and
// why it is that one, or why it cannot be told. Samples of IsBlank do not count.
// "1,234" alone can be a thousand or a little more than one, so it is refused
// unless another sample decides.
func SuggestDecimal(samples [][]byte) (decimal byte, ok bool, why string) {
	var deciding [2][]byte // samples that only this sign can explain
	ambiguous := []byte(nil)
	for _, b := range samples {
		if IsBlank(b) {
			continue
		}
		var buf, scratch [maxAmountText]byte
		body, _, ok := amountBody(buf[:0], b)
		_, point := AmountRule{Decimal: '.'}.ungroup(scratch[:0], body, true)
		_, comma := AmountRule{Decimal: ','}.ungroup(scratch[:0], body, true)
		switch {
		case !ok || !point && !comma:
			return 0, false, fmt.Sprintf("%q is no amount", clip(b))
		case !comma:
			deciding[0] = b
		case !point:
			deciding[1] = b
		case bytes.ContainsAny(body, ".,"):
			ambiguous = b
		}
	}
	switch point, comma := deciding[0], deciding[1]; {
	case point != nil && comma != nil:
		return 0, false, fmt.Sprintf("%q has a decimal point, %q a decimal comma", clip(point), clip(comma))
	case point != nil:
		return '.', true, fmt.Sprintf("%q can only have a decimal point", clip(point))
	case comma != nil:
		return ',', true, fmt.Sprintf("%q can only have a decimal comma", clip(comma))
	case ambiguous != nil:
		return 0, false, fmt.Sprintf("%q can have a decimal sign or groups of three digits", clip(ambiguous))
	}
	return 0, false, "no amount has a decimal sign"
}

// clip returns b no longer than a message should show it.
func clip(b []byte) []byte {
	return b[:min(len(b), maxStamp)]
}
