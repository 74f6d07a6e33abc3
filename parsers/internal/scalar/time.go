package scalar

import (
	"encoding/binary"
	"time"
)

// A Time is a stamp as it was written.
type Time struct {
	// Micros is the time in microseconds since 1970: of UTC if Zoned, of the
	// clock on the wall otherwise (see Clock).
	Micros int64
	// Fine says that the fraction of the second has a digit other than zero,
	// also where that digit is beyond the microsecond.
	Fine bool
	// Zoned says that the stamp carried an offset from UTC.
	Zoned bool
	// Day says that the stamp is a day without a time of day: Micros is its
	// midnight. TryTime reads no such stamps, a Layout does.
	Day bool
}

// The times that are read: the years 1900 to 9999, as written and as UTC, in
// microseconds since 1970. Outside them four digits cannot write a year, or
// nobody kept such logs.
const (
	MinMicros int64 = -2_208_988_800 * secondMicros
	MaxMicros int64 = 253_402_300_800*secondMicros - 1
)

const (
	secondMicros = 1_000_000
	minCentury   = 19
	daySeconds   = 24 * 60 * 60

	// maxFraction is how many digits a fraction of a second may have, and
	// maxOffset the largest offset from UTC, in seconds. No zone in use is
	// beyond 14 hours; 18 is as far as java.time goes.
	maxFraction = 9
	maxOffset   = 18 * 60 * 60

	headLen  = len("2019-07-02T12:03:04")
	fracLen  = len(".123456")
	fixedLen = len("2019-07-02T12:03:04.123456Z")
)

// TryTime reads a stamp of ISO 8601 (RFC 3339 and what is written like it):
//
//	2019-07-02T12:03:04.123456Z
//
// The date and the time of day are joined by 'T', 't' or one space. The
// fraction is absent, or '.' or ',' and one to nine digits; those after the
// sixth are cut off, so a time moves towards the past and never is rounded.
// The zone is absent, 'Z' or 'z', "+09:00", "+0900" or "+09", the last three
// also after one space, or " UTC". Offsets reach to 18 hours either way.
//
// Dates that the calendar does not have, hour 24 and results outside MinMicros
// to MaxMicros are refused. Second 60 is read only where a leap second can be:
// just before 1 January or 1 July of UTC, after 1971; in a stamp without zone
// at a minute that is this one in some zone. All of it, whatever the fraction,
// becomes the last microsecond of the second before: that keeps the date and
// the order of all stamps, and since it cannot tell two moments within the
// leap second apart, Fine is false.
func TryTime(b []byte) (t Time, ok bool) {
	if len(b) < headLen {
		return Time{}, false
	}
	sec, ok := tryHead((*[headLen]byte)(b))
	if !ok {
		return tryLeap(b)
	}
	if len(b) == fixedLen && b[fixedLen-1] == 'Z' {
		if micros, ok := tryMicros((*[fracLen + 1]byte)(b[headLen:])); ok {
			return Time{Micros: sec*secondMicros + micros, Fine: micros != 0, Zoned: true}, true
		}
	}
	return tryTail(sec, b[headLen:])
}

// Text of fixed width is read eight bytes at a time. XOR with the pattern
// makes every digit its value and every separator 0; then no byte may have its
// high bit, and adding 0x76 to a digit above 9, or 0x7f to a separator that is
// not 0, sets it. A carry into the next byte comes only from a byte that is
// refused anyway. Then w*10 + w>>8 makes byte i the number that bytes i and
// i+1 spell, and adding 0x7f-n sets the high bit of a number above n.
const (
	highBits = 0x8080808080808080

	datePattern, dateLimit = 0x2d30302d30303030, 0x7f76767f76767676 // "0000-00-", first byte lowest
	dayPattern, dayLimit   = 0x3030, 0x7676                         // "00"
	hourPattern, hourLimit = 0x30303a30303a3030, 0x76767f76767f7676 // "00:00:00"
	fracPattern, fracLimit = 0x003030303030302e, 0x007676767676767f // ".000000"

	dateNumbers = 0x0000ff0000ff00ff // month, year of the century, century
	hourNumbers = 0x00ff0000ff0000ff // second, minute, hour
	dateRange   = (0x7f-12)<<40 | (0x7f - minCentury + 1)
	hourRange   = (0x7f-59)<<48 | (0x7f-59)<<24 | (0x7f - 23)
	centuryFits = 0x80 // the high bit that dateRange must set
)

// tryHead reads "2019-07-02T12:03:04" as seconds since 1970.
func tryHead(b *[headLen]byte) (sec int64, ok bool) {
	if sep := b[10]; sep != 'T' && sep != ' ' && sep != 't' {
		return 0, false
	}
	date := binary.LittleEndian.Uint64(b[:8]) ^ datePattern
	day := uint64(binary.LittleEndian.Uint16(b[8:])) ^ dayPattern
	hour := binary.LittleEndian.Uint64(b[11:]) ^ hourPattern
	bad := date | (date + dateLimit) | day | (day + dayLimit) | hour | (hour + hourLimit)

	date = (date*10 + date>>8) & dateNumbers
	day = (day*10 + day>>8) & 0xff
	hour = (hour*10 + hour>>8) & hourNumbers

	century, year := date&0xff, date>>16&0xff
	four := year // a multiple of four in leap years
	if year == 0 {
		four = century
	}
	leap := (four&3 - 1) >> 59 & 16 // without a branch: 0-1 has all bits
	month := uint64(months[date>>40&15|leap])

	bad |= (hour + hourRange) | ((date + dateRange) ^ centuryFits) | (day - 1) | (month&monthLen - day)
	if bad&highBits != 0 {
		return 0, false
	}
	past := uint32(century*100 + year - 1) // whole years since the year 1
	days := uint64(past*365+past/4-past/100+past/400) + month>>monthShift + day
	minutes := hour&0xff*60 + hour>>24&0xff
	return (int64(days)-daysTo1970)*daySeconds + int64(minutes*60+hour>>48), true
}

// daysTo1970 is 1970-01-01 counted from 0001-01-01, which is day 1.
const daysTo1970 = 719163

// months holds for each month the days of its year before it, shifted, and its
// length; 16 is added to the month in leap years. Months that do not exist
// have no days.
var months = [32]uint16{
	1: 0<<monthShift | 31, 31<<monthShift | 28, 59<<monthShift | 31, 90<<monthShift | 30,
	120<<monthShift | 31, 151<<monthShift | 30, 181<<monthShift | 31, 212<<monthShift | 31,
	243<<monthShift | 30, 273<<monthShift | 31, 304<<monthShift | 30, 334<<monthShift | 31,
	17: 0<<monthShift | 31, 31<<monthShift | 29, 60<<monthShift | 31, 91<<monthShift | 30,
	121<<monthShift | 31, 152<<monthShift | 30, 182<<monthShift | 31, 213<<monthShift | 31,
	244<<monthShift | 30, 274<<monthShift | 31, 305<<monthShift | 30, 335<<monthShift | 31,
}

const (
	monthShift = 5
	monthLen   = 1<<monthShift - 1
)

// tryMicros reads ".123456", whatever follows.
func tryMicros(b *[fracLen + 1]byte) (micros int64, ok bool) {
	w := binary.LittleEndian.Uint64(b[:]) ^ fracPattern
	if (w|(w+fracLimit))<<8&highBits != 0 {
		return 0, false
	}
	w = w*10 + w>>8
	return int64(w>>8&0xff*10_000 + w>>24&0xff*100 + w>>40&0xff), true
}

// tryTail reads what stands after the second: a fraction, a zone, both or
// nothing.
func tryTail(sec int64, b []byte) (t Time, ok bool) {
	t.Micros = sec * secondMicros
	if len(b) > fracLen && b[fracLen]-'0' > 9 {
		if micros, ok := tryMicros((*[fracLen + 1]byte)(b)); ok {
			t.Micros += micros
			t.Fine = micros != 0
			return t.tryZone(b[fracLen:])
		}
	}
	if len(b) > 0 && (b[0] == '.' || b[0] == ',') {
		micros, fine, n := fraction(b[1:])
		if n == 0 || n > maxFraction {
			return Time{}, false
		}
		t.Micros += micros
		t.Fine = fine
		b = b[1+n:]
	}
	return t.tryZone(b)
}

// tryZone adds to t the zone in b, which may be empty.
func (t Time) tryZone(b []byte) (Time, bool) {
	if len(b) == 0 {
		return t, true
	}
	var offset int64
	ok := len(b) == 1 && (b[0] == 'Z' || b[0] == 'z')
	if !ok {
		offset, ok = tryOffset(b)
	}
	t.Micros -= offset * secondMicros
	t.Zoned = true
	if !ok || t.Micros < MinMicros || t.Micros > MaxMicros {
		return Time{}, false
	}
	return t, true
}

// fraction returns the microseconds in the n digits that b begins with, and
// whether one of those digits is not zero.
func fraction(b []byte) (micros int64, fine bool, n int) {
	any := byte(0)
	for n < len(b) && b[n]-'0' <= 9 {
		if n < len(microScale)-1 {
			micros = micros*10 + int64(b[n]-'0')
		}
		any |= b[n] - '0'
		n++
	}
	return micros * microScale[min(n, len(microScale)-1)], any != 0, n
}

// microScale is the microseconds that the last of so many digits counts.
var microScale = [7]int64{1_000_000, 100_000, 10_000, 1_000, 100, 10, 1}

// tryOffset reads a zone other than Z as seconds east of UTC.
func tryOffset(b []byte) (sec int64, ok bool) {
	if b[0] == ' ' {
		if b = b[1:]; string(b) == "UTC" {
			return 0, true
		}
	}
	var m1, m0 byte // the digits of the minutes
	switch {
	case len(b) == len("+09"):
	case len(b) == len("+0900"), len(b) == len("+09:00") && b[3] == ':':
		m1, m0 = b[len(b)-2]-'0', b[len(b)-1]-'0'
	default:
		return 0, false
	}
	h1, h0 := b[1]-'0', b[2]-'0'
	if h1 > 9 || h0 > 9 || m1 > 5 || m0 > 9 || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	sec = (int64(h1)*10+int64(h0))*3600 + (int64(m1)*10+int64(m0))*60
	if sec > maxOffset {
		return 0, false
	}
	if b[0] == '-' {
		sec = -sec
	}
	return sec, true
}

// tryLeap reads a stamp whose second is 60, if a leap second can be there.
func tryLeap(b []byte) (t Time, ok bool) {
	head := [headLen]byte(b)
	if head[17] != '6' || head[18] != '0' {
		return Time{}, false
	}
	head[17], head[18] = '5', '9'
	sec, ok := tryHead(&head)
	if !ok {
		return Time{}, false
	}
	t, ok = tryTail(sec, b[headLen:])
	if !ok {
		return Time{}, false
	}
	sec = floorDiv(t.Micros, secondMicros)
	if !leapBefore(sec+1, t.Zoned) {
		return Time{}, false
	}
	return Time{Micros: sec*secondMicros + secondMicros - 1, Zoned: t.Zoned}, true
}

// The clocks of the world are ahead of UTC by a multiple of a quarter of an
// hour, from 12 hours behind to 14 ahead. The first leap second was at the end
// of June 1972.
const (
	quarterSeconds = 15 * 60
	mostBehind     = 12 * 60 * 60
	mostAhead      = 14 * 60 * 60
	firstLeap      = 78_796_800
)

// leapBefore reports whether a leap second can end at sec, which is UTC if
// zoned and the time of a clock somewhere otherwise.
func leapBefore(sec int64, zoned bool) bool {
	if zoned {
		return sec%daySeconds == 0 && endsHalfYear(sec)
	}
	if sec%quarterSeconds != 0 {
		return false
	}
	last := floorDiv(sec+mostBehind, daySeconds) * daySeconds
	return endsHalfYear(last) || last-daySeconds >= sec-mostAhead && endsHalfYear(last-daySeconds)
}

// endsHalfYear reports whether midnight, in seconds since 1970, is the first
// moment of January or July, and one before which there can be a leap second.
func endsHalfYear(midnight int64) bool {
	_, month, day := time.Unix(midnight, 0).UTC().Date()
	return midnight >= firstLeap && day == 1 && (month == time.January || month == time.July)
}

// floorDiv returns a/b rounded towards the past.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
