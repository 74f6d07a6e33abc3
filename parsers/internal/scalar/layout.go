package scalar

import (
	"fmt"
	"math"
	"strings"
)

// A Layout says how the stamps of a log are written. It is compiled once, from
// a name or a pattern (see CompileLayout), and then read by any number of
// goroutines. The zero Layout reads nothing.
type Layout struct {
	unit    epochUnit
	neutral bool // what TryTime reads comes first
	forms   []program
}

// A YearHint is what is known of the year of stamps that carry none.
//
// With Year, all of them are of that year; that is wrong for the file that runs
// over New Year. With NotAfter, each is of the latest year in which it is not
// more than a day after that moment, in microseconds since 1970: usually the
// modification time of the file. That holds for files of up to a year, in any
// order of lines, and the day is room for the zone of the stamps. Year goes
// before NotAfter; with neither, such stamps are refused.
type YearHint struct {
	Year     int
	NotAfter int64
}

// maxStamp is how long a stamp may be, maxPattern how long a pattern, in bytes.
const (
	maxStamp   = 96
	maxPattern = 128
)

// namedLayout is a name of CompileLayout and the patterns that it stands for,
// which are tried in turn.
type namedLayout struct {
	name  string
	forms []string
}

// Stamps of no two patterns of one name overlap in a way that the order matters.
var namedLayouts = []namedLayout{
	{"iso", []string{
		"%Y%/%m%/%d[ %H:%M[:%S[.%f]][[ ]%Z]]",
		"%Y%/%m%/%dT%H:%M[:%S[.%f]][[ ]%Z]",
		"%Y年%m月%d日[(%a)][[ ][%p[ ]]%H時%M分[%S秒]]",
		"%Y年%m月%d日[(%a)][ ][%p[ ]]%H:%M[:%S[.%f]][[ ]%Z]",
		"%Y%/%m%/%d(%a)[[ ]%H:%M[:%S[.%f]][[ ]%Z]]",
		"%Y%/%m%/%d[(%a)] %p[ ]%H:%M[:%S[.%f]]",
	}},
	{"compact", []string{
		"%Y%m%d%H%M%S[.%f][[ ]%Z]",
		"%Y%m%dT%H%M%S[.%f][[ ]%Z]",
		"%Y%m%d",
	}},
	{"mdy", []string{
		"%m%/%d%/%Y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
		"%m%/%d%/%y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
	}},
	{"dmy", []string{
		"%d%/%m%/%Y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
		"%d%/%m%/%y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
	}},
	{"d_mon_y", []string{
		"[%a, ]%d %b %Y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
		"[%a, ]%d-%b-%Y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
		"[%a, ]%d %b %y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
		"[%a, ]%d-%b-%y[[,] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
	}},
	{"mon_d_y", []string{
		"[%a[,] ]%b %d[,] %Y[[,][ at] %H:%M[:%S[.%f]][[ ]%p][[ ]%Z]]",
	}},
	{"clf", []string{
		"%d/%b/%Y:%H:%M:%S[.%f][ %Z]",
		"%[%d/%b/%Y:%H:%M:%S[.%f][ %Z]%]",
	}},
	{"syslog", []string{"%b %d %H:%M:%S[.%f]"}},
	{"ctime", []string{
		"%a %b %d %H:%M:%S[.%f][ %Z] %Y",
		"%a %b %d %H:%M:%S[.%f] %Y %Z",
	}},
	{"ipn", []string{"%H:%M:%S %b %d, %Y %Z"}},
}

// LayoutNames lists the names that CompileLayout knows.
func LayoutNames() []string {
	names := make([]string, 0, len(namedLayouts)+len(epochNames))
	for _, l := range namedLayouts {
		names = append(names, l.name)
	}
	return append(names, epochNames[:]...)
}

// CompileLayout makes a Layout from one of these names, or from a pattern:
//
//	iso      2019-07-02T12:03:04.123456Z and all that TryTime reads; also with
//	         / or . in the date, a day or month of one digit, no seconds, a day
//	         alone, more digits of the second, a blank before the zone, zone
//	         names (see below), and 2019年07月02日 12時03分04秒, 2019/7/2(火),
//	         午前 and 午後
//	compact  20190702120304.123, 20190702T120304Z, 20190702
//	mdy      7/2/2019 3:04:05 PM, 07/02/2019 15:04, 7/2/19
//	dmy      02.07.2019 15:04:05, 02/07/2019 15:04, 2/7/19
//	d_mon_y  Tue, 02 Jul 2019 12:03:04 +0000 (mail and HTTP), 2 Jul 2019,
//	         02-Jul-19
//	mon_d_y  Jul 2, 2019, 3:04:05 PM
//	ctime    Tue Jul  2 12:03:04 2019, also with a zone before or behind the year
//	clf      02/Jul/2019:12:03:04 +0900, also in brackets
//	syslog   Jul  2 12:03:04, its year from a YearHint
//	ipn      12:03:04 Jul 02, 2019 PDT (PayPal's notifications)
//
//	epoch_s, epoch_ms, epoch_us, epoch_ns
//	         seconds, milli-, micro- or nanoseconds since 1970, with or without
//	         a fraction
//	epoch    any of these four, told apart by magnitude: less than 10^11 are
//	         seconds, less than 10^14 milliseconds, less than 10^17
//	         microseconds, others nanoseconds. So seconds are read up to the
//	         year 5138, the others from 3 March 1973 on, nanoseconds up to 2262;
//	         earlier ones would be taken for a coarser unit.
//
// An epoch has no sign, no leading zero and no exponent: "1.562E9" has lost its
// last digits, and "-1" is how programs write "never". Whether 0 is 1970 or
// another way to write that, the profile says (see IsNull).
//
// A pattern contains a percent sign. Its directives are those of strftime:
//
//	%Y       year of four digits, from 1900
//	%y       year of two digits: 69 to 99 are 1969 to 1999, others 2000 to 2068
//	%m %d    month and day, of one or two digits
//	%e       the same as %d
//	%b %B    month by its English name or the first three letters of it, or Sept
//	%j       day of the year, three digits
//	%a %A    day of the week, by its English name, the first three letters or in
//	         Japanese (火, 火曜日). A stamp whose day is another is refused
//	%H %I    hour of one or two digits; %I wants a %p
//	%p       AM or PM (A.M., a.m.), with which the hour is 1 to 12; or 午前 or
//	         午後, with which it is 0 to 11 (what 12 means there is disputed)
//	%M %S    minute and second, two digits
//	%f       fraction of the second, one to eighteen digits
//	%z       Z or an offset: +0900, +09:00, +09
//	%Z       the same or the name of a zone
//	%/       one of / - and . and the same wherever %/ stands again
//	%% %[ %] a percent sign, a bracket
//
// A blank stands for one or more blanks of any kind, a dot before %f also for a
// comma, a letter for itself in either case; all else stands for itself. What
// is in brackets may be absent; if it is there, it is read. Month, day and hour
// have two digits where they touch another number. The full-width forms of
// ASCII are read as ASCII. A stamp without hour is a day.
//
// Zone names are UTC, GMT, UT, also with an offset behind (GMT+9); JST, KST,
// HKT, SGT; EST, EDT, CST, CDT, MST, MDT, PST, PDT, which are North American
// (RFC 5322), AKST, AKDT, HST; WET, WEST, CET, CEST, EET, EEST; AEST, AEDT,
// NZST, NZDT. Each is the offset that it names: PST is eight hours behind UTC
// also in June, which some reports do write. Names with several meanings, such
// as IST and BST, are refused, and so are all others.
func CompileLayout(s string) (Layout, error) {
	for i, name := range epochNames {
		if s == name {
			return Layout{unit: epochUnit(i + 1)}, nil
		}
	}
	for _, l := range namedLayouts {
		if s == l.name {
			return compileForms(l.forms, s == "iso")
		}
	}
	if !strings.Contains(s, "%") {
		return Layout{}, fmt.Errorf("time layout %q is not known: use a pattern such as %%Y-%%m-%%d %%H:%%M:%%S, or %s",
			s, strings.Join(LayoutNames(), ", "))
	}
	return compileForms([]string{s}, false)
}

func compileForms(patterns []string, neutral bool) (Layout, error) {
	l := Layout{neutral: neutral}
	for _, pattern := range patterns {
		p, err := compilePattern(pattern)
		if err != nil {
			return Layout{}, fmt.Errorf("time layout %q: %w", pattern, err)
		}
		l.forms = append(l.forms, p)
	}
	return l, nil
}

// Try reads a stamp. Times are as those of TryTime: in the same range, cut off
// after the microsecond, a second 60 only where a leap second can be. A stamp
// without hour is the midnight at which its day begins, and its Day is true.
func (l *Layout) Try(b []byte, hint YearHint) (t Time, ok bool) {
	if l.neutral {
		if t, ok := tryNeutral(b); ok {
			return t, true
		}
	}
	if len(b) > maxStamp {
		return Time{}, false
	}
	if !isASCII(b) {
		return l.tryWide(b, hint)
	}
	return l.tryPlain(b, hint)
}

// tryNeutral is TryTime, also for dates with slashes, which are common enough to
// deserve its speed.
func tryNeutral(b []byte) (t Time, ok bool) {
	const longest = len("2019-07-02T12:03:04.123456789+09:00")
	if len(b) < headLen || len(b) > longest || b[4] != '/' || b[7] != '/' {
		return TryTime(b)
	}
	var buf [longest]byte
	n := copy(buf[:], b)
	buf[4], buf[7] = '-', '-'
	return TryTime(buf[:n])
}

// tryWide reads a stamp with other characters than those of ASCII.
func (l *Layout) tryWide(b []byte, hint YearHint) (t Time, ok bool) {
	var buf [maxStamp]byte
	return l.tryPlain(plainStamp(buf[:0], b), hint)
}

// plainStamp appends b to dst with ASCII for its full-width forms and blanks for
// blanks of all kinds.
func plainStamp(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		c, n := folded(b[i:])
		if blank := blankLen(b[i:]); blank > 0 {
			c, n = ' ', blank
		}
		dst = append(dst, c)
		i += n
	}
	return dst
}

// tryPlain reads a stamp in which there are no full-width forms of ASCII.
func (l *Layout) tryPlain(b []byte, hint YearHint) (t Time, ok bool) {
	if l.unit != 0 {
		return tryEpoch(b, l.unit)
	}
	for _, p := range l.forms {
		var s stamp
		if end, ok := p.read(&s, b, 0, 0, len(p)); ok && end == len(b) {
			if t, ok := s.time(hint); ok {
				return t, true
			}
		}
	}
	return Time{}, false
}

// blankLen returns the length of the blank beyond ASCII that b begins with: the
// no-break spaces, the thin space and the ideographic space; 0 if there is none.
func blankLen(b []byte) int {
	switch {
	case len(b) >= 2 && b[0] == 0xc2 && b[1] == 0xa0: // U+00A0
		return 2
	case len(b) < 3:
		return 0
	case b[0] == 0xe2 && b[1] == 0x80 && (b[2] == 0xaf || b[2] == 0x89), // U+202F, U+2009
		b[0] == 0xe3 && b[1] == 0x80 && b[2] == 0x80: // U+3000
		return 3
	}
	return 0
}

// An epochUnit is what an epoch counts; 0 is none.
type epochUnit uint8

const (
	anyUnit epochUnit = iota + 1
	epochSeconds
	epochMillis
	epochMicros
	epochNanos
)

// epochNames is in the order of the units.
var epochNames = [...]string{"epoch", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"}

// epochScale is how many of a unit are in a second.
var epochScale = [...]int64{epochSeconds: 1, epochMillis: 1e3, epochMicros: 1e6, epochNanos: 1e9}

// unitOf tells units apart by magnitude, as CompileLayout describes.
func unitOf(n int64) epochUnit {
	switch {
	case n < 1e11:
		return epochSeconds
	case n < 1e14:
		return epochMillis
	case n < 1e17:
		return epochMicros
	}
	return epochNanos
}

// tryEpoch reads a count since 1970.
func tryEpoch(b []byte, unit epochUnit) (t Time, ok bool) {
	whole := 0
	var n int64
	for whole < len(b) && isDigit(b[whole]) {
		d := int64(b[whole] - '0')
		if n > (math.MaxInt64-d)/10 {
			return Time{}, false
		}
		n = n*10 + d
		whole++
	}
	if whole == 0 || whole > 1 && b[0] == '0' {
		return Time{}, false
	}
	var fraction []byte
	if whole < len(b) {
		if fraction = b[whole+1:]; b[whole] != '.' || len(fraction) == 0 || len(fraction) > maxFractionDigits {
			return Time{}, false
		}
	}
	for _, c := range fraction {
		if !isDigit(c) {
			return Time{}, false
		}
	}
	if unit == anyUnit {
		unit = unitOf(n)
	}
	return epochTime(n, fraction, epochScale[unit])
}

// epochTime returns n units and a fraction of one, of which there are scale in
// a second.
func epochTime(n int64, fraction []byte, scale int64) (t Time, ok bool) {
	if n/scale > MaxMicros/secondMicros {
		return Time{}, false
	}
	t.Zoned = true
	t.Fine = n%scale != 0
	t.Micros = n / scale * secondMicros
	if scale > secondMicros {
		t.Micros += n % scale / (scale / secondMicros)
	} else {
		t.Micros += n % scale * (secondMicros / scale)
	}
	part := secondMicros / scale // what the last digit counts, in microseconds
	for _, c := range fraction {
		part /= 10
		t.Micros += int64(c-'0') * part
		t.Fine = t.Fine || c != '0'
	}
	return t, true
}
