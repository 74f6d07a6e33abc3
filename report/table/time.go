package table

// MinTime and MaxTime bound the cells of a Time column, in microseconds since
// 1970: the years 1 to 9999, which RFC 3339 can write and the date types of the
// usual readers can hold.
const (
	MinTime = -62135596800_000000
	MaxTime = 253402300799_999999
)

const (
	secondsPerDay = 86400
	// timeLength is the length of "2019-07-02T12:03:04.123456Z".
	timeLength = 27
)

// AppendTime appends microseconds since 1970 as RFC 3339 in UTC with six
// digits: "2019-07-02T12:03:04.123456Z". The time must lie between MinTime and
// MaxTime.
func AppendTime(dst []byte, us int64) []byte {
	sec, frac := floorDiv(us, 1_000_000)
	day, rest := floorDiv(sec, secondsPerDay)
	y, m, d := civil(day)
	sod := uint32(rest) // second of the day
	b := [timeLength]byte{4: '-', 7: '-', 10: 'T', 13: ':', 16: ':', 19: '.', 26: 'Z'}
	putPair(b[0:], uint32(y)/100)
	putPair(b[2:], uint32(y)%100)
	putPair(b[5:], uint32(m))
	putPair(b[8:], uint32(d))
	putPair(b[11:], sod/3600)
	putPair(b[14:], sod/60%60)
	putPair(b[17:], sod%60)
	putPair(b[20:], uint32(frac)/10_000)
	putPair(b[22:], uint32(frac)/100%100)
	putPair(b[24:], uint32(frac)%100)
	return append(dst, b[:]...)
}

// putPair writes a number below 100 as two digits.
func putPair(b []byte, v uint32) {
	b[0], b[1] = '0'+byte(v/10), '0'+byte(v%10)
}

// ParseTime reads what AppendTime writes, and nothing else: it reports false
// for any other layout, for dates that do not exist, and for leap seconds.
func ParseTime(b []byte) (us int64, ok bool) {
	if len(b) != timeLength || b[4] != '-' || b[7] != '-' || b[10] != 'T' ||
		b[13] != ':' || b[16] != ':' || b[19] != '.' || b[26] != 'Z' {
		return 0, false
	}
	ok = true
	number := func(from, to int) (n int64) {
		for _, ch := range b[from:to] {
			if ch < '0' || ch > '9' {
				ok = false
			}
			n = n*10 + int64(ch-'0')
		}
		return n
	}
	y, m, d := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, sec, frac := number(11, 13), number(14, 16), number(17, 19), number(20, 26)
	if !ok || y < 1 || m < 1 || m > 12 || d < 1 || hour > 23 || minute > 59 || sec > 59 {
		return 0, false
	}
	day := dayOf(y, m, d)
	// A day that the month does not have lands in the next month.
	if _, m2, d2 := civil(day); m2 != m || d2 != d {
		return 0, false
	}
	return (day*secondsPerDay+hour*3600+minute*60+sec)*1_000_000 + frac, true
}

// floorDiv returns a/b rounded down, and the rest, which is never negative.
func floorDiv(a, b int64) (quo, rest int64) {
	quo, rest = a/b, a%b
	if rest < 0 {
		quo, rest = quo-1, rest+b
	}
	return quo, rest
}

// The Gregorian calendar repeats every 400 years. Counting years from March
// puts the leap day last, so that a month's first day is a linear function of
// its number (days_from_civil of Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms").
const (
	daysPerEra = 146097
	epochDay   = 719468 // days from 0000-03-01 to 1970-01-01
)

// civil returns the date of a day counted from 1970-01-01.
func civil(day int64) (y, m, d int64) {
	era, doe := floorDiv(day+epochDay, daysPerEra)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	y = yoe + era*400
	if m > 12 {
		m, y = m-12, y+1
	}
	return y, m, d
}

// dayOf returns the day of a date, counted from 1970-01-01.
func dayOf(y, m, d int64) int64 {
	if m <= 2 {
		y, m = y-1, m+12
	}
	era, yoe := floorDiv(y, 400)
	doy := (153*(m-3)+2)/5 + d - 1
	return era*daysPerEra + yoe*365 + yoe/4 - yoe/100 + doy - epochDay
}
