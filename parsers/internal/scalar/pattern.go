package scalar

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A program is a pattern of CompileLayout, one step after the other.
type program []step

// A step reads one thing.
type step struct {
	what want
	lit  byte  // the byte that a literal stands for, in lower case
	min  uint8 // how many digits a number has at least
	max  uint8 // and at most
	end  uint8 // the step behind an optional part
}

// A want is what a step reads. Those up to wantSecond are numbers that a stamp
// keeps as they are.
type want uint8

const (
	wantYear want = iota
	wantShortYear
	wantYearDay
	wantMonth
	wantDay
	wantHour
	wantHalfHour // an hour of half a day
	wantMinute
	wantSecond
	wantFraction
	wantLiteral
	wantBlank
	wantSeparator
	wantPoint    // before a fraction
	wantOptional // what may be absent, up to end
	wantHalf
	wantMonthName
	wantWeekday
	wantOffset
	wantZone
)

const numbers = wantSecond + 1

// maxFractionDigits is how many digits a fraction of a second may have.
const maxFractionDigits = 18

// maxNesting is how deep optional parts may lie in one another.
const maxNesting = 6

// directives maps the letter of a directive to what it reads.
var directives = [128]step{
	'Y': {what: wantYear, min: 4, max: 4},
	'y': {what: wantShortYear, min: 2, max: 2},
	'm': {what: wantMonth, min: 1, max: 2},
	'd': {what: wantDay, min: 1, max: 2},
	'e': {what: wantDay, min: 1, max: 2},
	'j': {what: wantYearDay, min: 3, max: 3},
	'H': {what: wantHour, min: 1, max: 2},
	'I': {what: wantHalfHour, min: 1, max: 2},
	'M': {what: wantMinute, min: 2, max: 2},
	'S': {what: wantSecond, min: 2, max: 2},
	'f': {what: wantFraction, min: 1, max: maxFractionDigits},
	'p': {what: wantHalf},
	'b': {what: wantMonthName},
	'B': {what: wantMonthName},
	'a': {what: wantWeekday},
	'A': {what: wantWeekday},
	'z': {what: wantOffset},
	'Z': {what: wantZone},
	'/': {what: wantSeparator},
	'%': {what: wantLiteral, lit: '%'},
	'[': {what: wantLiteral, lit: '['},
	']': {what: wantLiteral, lit: ']'},
}

// compilePattern compiles a pattern, which is described at CompileLayout.
func compilePattern(s string) (program, error) {
	if len(s) > maxPattern {
		return nil, fmt.Errorf("longer than %d bytes", maxPattern)
	}
	s = string(plainStamp(nil, []byte(s)))
	var p program
	var open []int // the optional parts that are not closed
	letters := ""  // the directives so far
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '%':
			if i++; i == len(s) {
				return nil, errors.New("ends in a percent sign; write %% for one")
			}
			if s[i] >= 0x80 || directives[s[i]] == (step{}) {
				return nil, fmt.Errorf("%q is not known; use one of %%Y %%y %%m %%d %%e %%b %%j %%a %%H %%I %%M %%S %%f %%p %%z %%Z %%/", s[i-1:i+1])
			}
			p = append(p, directives[s[i]])
			letters += s[i : i+1]
		case '[':
			if open = append(open, len(p)); len(open) > maxNesting {
				return nil, fmt.Errorf("more than %d brackets in one another", maxNesting)
			}
			p = append(p, step{what: wantOptional})
		case ']':
			if len(open) == 0 {
				return nil, errors.New("a closing bracket without an opening one; write %] for a bracket in the stamp")
			}
			if open[len(open)-1] == len(p)-1 {
				return nil, errors.New("brackets with nothing between them")
			}
			p[open[len(open)-1]].end = uint8(len(p))
			open = open[:len(open)-1]
		case ' ', '\t':
			p = append(p, step{what: wantBlank})
		case '.':
			if strings.HasPrefix(s[i+1:], "%f") {
				p = append(p, step{what: wantPoint})
				continue
			}
			fallthrough
		default:
			p = append(p, step{what: wantLiteral, lit: lower(c)})
		}
	}
	if len(open) > 0 {
		return nil, errors.New("an opening bracket without a closing one; write %[ for a bracket in the stamp")
	}
	if err := checkDirectives(letters); err != nil {
		return nil, err
	}
	p.fixWidths()
	return p, nil
}

// checkDirectives refuses patterns that say a thing twice, or only part of it.
func checkDirectives(letters string) error {
	has := func(set string) bool { return strings.ContainsAny(letters, set) }
	for _, set := range []string{"Yy", "mbB", "de", "j", "aA", "HI", "M", "S", "f", "p", "zZ"} {
		n := 0
		for _, c := range letters {
			if strings.ContainsRune(set, c) {
				n++
			}
		}
		if n > 1 {
			return fmt.Errorf("has more than one of %%%s", strings.Join(strings.Split(set, ""), " %"))
		}
	}
	switch {
	case has("j") && has("mbBde"):
		return errors.New("has a day of the year and a month or day")
	case has("j") && !has("Yy"):
		return errors.New("has a day of the year without a year")
	case !has("j") && !(has("mbB") && has("de")):
		return errors.New("names no day: it wants %m or %b and %d, or %j")
	case has("p") && !has("HI"), has("M") && !has("HI"), has("S") && !has("M"), has("f") && !has("S"):
		return errors.New("has a part of the time of day without the larger one")
	case has("I") && !has("p"):
		return errors.New("has hours from 1 to 12 (%I) without %p; use %H, or say which half of the day is meant")
	}
	return nil
}

// fixWidths gives numbers that touch another number the width that they have
// when written in full: nothing else would show where one ends.
func (p program) fixWidths() {
	var last *step // the step before, if it is a number
	for i := range p {
		s := &p[i]
		if s.what == wantOptional {
			continue
		}
		number := s.min > 0 || s.what == wantLiteral && isDigit(s.lit)
		if number && last != nil {
			last.widen()
			s.widen()
		}
		if last = nil; number {
			last = s
		}
	}
}

// widen makes a number as wide as it can be.
func (s *step) widen() {
	if s.what != wantFraction {
		s.min = s.max
	}
}

// A stamp holds what the steps of a program have read.
type stamp struct {
	num     [numbers]int16
	weekday int8
	half    halfDay
	sep     byte // what %/ stands for
	fine    bool
	has     uint32 // one bit for each want
	offset  int32
	micros  int32
}

// A halfDay says which hours are meant.
type halfDay uint8

const (
	wholeDay halfDay = iota
	am
	pm
	gozen // 午前, before noon
	gogo  // 午後, after noon
)

// read reads the steps from one up to another, from b[i] on, and returns where
// it ended.
func (p program) read(s *stamp, b []byte, i, from, to int) (end int, ok bool) {
	for k := from; k < to; k++ {
		st := &p[k]
		n := 0
		switch {
		case st.what == wantLiteral:
			if i == len(b) || lower(b[i]) != st.lit {
				return 0, false
			}
			i++
			continue
		case st.what == wantOptional:
			if i < len(b) && p[k+1].mayBegin(b[i]) {
				before := *s
				if end, ok := p.read(s, b, i, k+1, int(st.end)); ok {
					i = end
				} else {
					*s = before
				}
			}
			k = int(st.end) - 1
			continue
		case st.what < numbers:
			n = s.number(b[i:], st)
		default:
			n = s.word(b[i:], st.what)
		}
		if n == 0 {
			return 0, false
		}
		s.has |= 1 << st.what
		i += n
	}
	return i, true
}

// mayBegin reports whether the step may read something that begins with c. It
// saves most attempts at what is not there.
func (st *step) mayBegin(c byte) bool {
	switch st.what {
	case wantLiteral:
		return lower(c) == st.lit
	case wantBlank:
		return c == ' ' || c == '\t'
	case wantPoint:
		return c == '.' || c == ','
	}
	return true
}

// number reads a number and returns how many digits it has.
func (s *stamp) number(b []byte, st *step) (n int) {
	v := 0
	for n < len(b) && n < int(st.max) && isDigit(b[n]) {
		v = v*10 + int(b[n]-'0')
		n++
	}
	if n < int(st.min) {
		return 0
	}
	s.num[st.what] = int16(v)
	return n
}

// word reads what is no number and returns its length.
func (s *stamp) word(b []byte, what want) (n int) {
	if len(b) == 0 {
		return 0
	}
	switch what {
	case wantBlank:
		for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
			n++
		}
	case wantSeparator:
		if c := b[0]; (c == '/' || c == '-' || c == '.') && (s.sep == 0 || s.sep == c) {
			s.sep, n = c, 1
		}
	case wantFraction:
		var micros int64
		if micros, s.fine, n = fraction(b); n > maxFractionDigits {
			return 0
		}
		s.micros = int32(micros)
	case wantPoint:
		if b[0] == '.' || b[0] == ',' {
			n = 1
		}
	case wantHalf:
		s.half, n = halfAt(b)
	case wantMonthName:
		var index int8
		index, n = nameAt(b, monthNames[:])
		s.num[wantMonth] = int16(index) + 1
	case wantWeekday:
		if s.weekday, n = nameAt(b, weekdayNames[:]); n == 0 {
			s.weekday, n = youbiAt(b)
		}
	case wantOffset:
		var sec int64
		sec, n = offsetAt(b)
		s.offset = int32(sec)
	case wantZone:
		var sec int64
		sec, n = zoneAt(b)
		s.offset = int32(sec)
	}
	return n
}

// halfAt reads the half of a day that b begins with.
func halfAt(b []byte) (h halfDay, n int) {
	switch {
	case hasFold(b, "am"):
		return am, 2
	case hasFold(b, "pm"):
		return pm, 2
	case hasFold(b, "a.m."):
		return am, 4
	case hasFold(b, "p.m."):
		return pm, 4
	case hasFold(b, "午前"):
		return gozen, len("午前")
	case hasFold(b, "午後"):
		return gogo, len("午後")
	}
	return wholeDay, 0
}

// hasFold reports whether b begins with a text, which is in lower case.
func hasFold(b []byte, text string) bool {
	if len(b) < len(text) {
		return false
	}
	for i := range len(text) {
		if lower(b[i]) != text[i] {
			return false
		}
	}
	return true
}

var (
	monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july", "august",
		"september", "october", "november", "december"}
	weekdayNames = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
)

// nameAt reads one of the names, or the first three letters of one, that b
// begins with, and returns its index.
func nameAt(b []byte, names []string) (index int8, n int) {
	for n < len(b) && isLetter(b[n]) {
		n++
	}
	if n < 3 {
		return 0, 0
	}
	first, second, third := lower(b[0]), lower(b[1]), lower(b[2])
	for i, name := range names {
		if name[0] != first || name[1] != second || name[2] != third {
			continue
		}
		whole := n == len(name) || n == len("sept") && name == "september"
		if n == 3 || whole && hasFold(b, name[:n]) {
			return int8(i), n
		}
	}
	return 0, 0
}

// youbiAt reads a day of the week in Japanese.
func youbiAt(b []byte) (weekday int8, n int) {
	const days = "日月火水木金土"
	const size = len("日")
	for at := 0; at < len(days); at += size {
		if hasFold(b, days[at:at+size]) {
			n = size
			if hasFold(b[n:], "曜日") {
				n += 2 * size
			}
			return int8(at / size), n
		}
	}
	return 0, 0
}

// time makes the time that was read, if there is such a time.
func (s *stamp) time(hint YearHint) (t Time, ok bool) {
	if s.got(wantHalfHour) {
		s.num[wantHour] = s.num[wantHalfHour]
		s.has |= 1 << wantHour
	}
	if !s.halve() || s.num[wantHour] > 23 || s.num[wantMinute] > 59 || s.num[wantSecond] > 60 {
		return Time{}, false
	}
	switch { // what stands in brackets may be absent
	case !s.got(wantHour) && (s.got(wantMinute) || s.got(wantHalf)),
		!s.got(wantMinute) && s.got(wantSecond), !s.got(wantSecond) && s.got(wantFraction):
		return Time{}, false
	}
	days, ok := s.days(hint)
	if !ok {
		return Time{}, false
	}
	t.Day = !s.got(wantHour)
	t.Zoned = s.got(wantOffset) || s.got(wantZone)
	t.Micros = s.utc(days)
	t.Fine = s.fine
	if s.num[wantSecond] == 60 {
		sec := floorDiv(t.Micros, secondMicros)
		if !leapBefore(sec+1, t.Zoned) {
			return Time{}, false
		}
		t.Micros, t.Fine = sec*secondMicros+secondMicros-1, false
	}
	if t.Micros < MinMicros || t.Micros > MaxMicros {
		return Time{}, false
	}
	return t, true
}

// got reports whether a thing was read.
func (s *stamp) got(w want) bool { return s.has>>w&1 != 0 }

// utc returns the time of the stamp on a day that is counted from 1970, less
// its offset. Second 60 is the second before.
func (s *stamp) utc(days int64) int64 {
	sec := int64(s.num[wantHour])*3600 + int64(s.num[wantMinute])*60 + int64(min(s.num[wantSecond], 59))
	return (days*daySeconds+sec-int64(s.offset))*secondMicros + int64(s.micros)
}

// halve turns an hour of half a day into one of a whole day.
func (s *stamp) halve() bool {
	h := &s.num[wantHour]
	switch s.half {
	case wholeDay:
		return !s.got(wantHalfHour)
	case am, pm:
		if *h < 1 || *h > 12 {
			return false
		}
		*h %= 12
	case gozen, gogo:
		if *h > 11 {
			return false
		}
	}
	if s.half == pm || s.half == gogo {
		*h += 12
	}
	return true
}

// days returns the day of the stamp, counted from 1970, if there is such a day.
func (s *stamp) days(hint YearHint) (days int64, ok bool) {
	year, ok := s.year(hint)
	if !ok {
		return 0, false
	}
	if s.got(wantYearDay) {
		first, _ := dayNumber(year, 1, 1)
		next, _ := dayNumber(year+1, 1, 1)
		n := int64(s.num[wantYearDay])
		days, ok = first+n-1, n > 0 && first+n <= next
	} else {
		days, ok = dayNumber(year, s.num[wantMonth], s.num[wantDay])
	}
	if s.got(wantWeekday) && floorDiv(days+4, 7)*7+int64(s.weekday) != days+4 {
		return 0, false // day 0, 1 January 1970, was a Thursday
	}
	return days, ok
}

// year returns the year of the stamp, if need be with the help of a hint.
func (s *stamp) year(hint YearHint) (year int, ok bool) {
	switch {
	case s.got(wantYear):
		return int(s.num[wantYear]), s.num[wantYear] >= firstYear
	case s.got(wantShortYear):
		if year = 2000 + int(s.num[wantShortYear]); year >= 2069 {
			year -= 100
		}
		return year, true
	case s.got(wantYearDay):
		return 0, false
	case hint.Year != 0:
		return hint.Year, hint.Year >= firstYear && hint.Year <= lastYear
	case hint.NotAfter == 0, hint.NotAfter < MinMicros, hint.NotAfter > MaxMicros-daySeconds*secondMicros:
		return 0, false
	}
	limit := hint.NotAfter + daySeconds*secondMicros
	year = time.UnixMicro(limit).UTC().Year()
	days, _ := dayNumber(year, s.num[wantMonth], s.num[wantDay])
	if s.utc(days) > limit {
		year--
	}
	return year, year >= firstYear
}

const firstYear, lastYear = 1900, 9999

// dayNumber returns a day of a year from 1 on, counted from 1970, and whether
// the calendar has it. If it has not, the number is that of the day so many days
// from the first of its month.
func dayNumber(year int, month, day int16) (days int64, ok bool) {
	if month < 1 || month > 12 {
		return 0, false
	}
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		month |= 16
	}
	entry := int64(months[month])
	past := int64(year) - 1
	days = past*365 + past/4 - past/100 + past/400 + entry>>monthShift + int64(day) - daysTo1970
	return days, day > 0 && int64(day) <= entry&monthLen
}
