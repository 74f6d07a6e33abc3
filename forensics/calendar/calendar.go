// Package calendar counts in whole days, for deadlines that the law or an issuer
// sets. A day is none of a zone; only where it starts is.
package calendar

import "time"

// A Day is a day of a calendar, as days since 1970-01-01.
type Day int

// DayOf returns the day of a date.
func DayOf(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// ParseDay reads a date such as 2019-09-30, of the years 1970 to 9999.
func ParseDay(text string) (Day, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1970 {
		return 0, false
	}
	return DayOf(t.Date()), true
}

func (d Day) date() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// String returns the date as 2019-09-30.
func (d Day) String() string { return d.date().Format(time.DateOnly) }

// Month returns the year and month of the day.
func (d Day) Month() (int, time.Month) { return d.date().Year(), d.date().Month() }

// Start returns the first instant of the day in a zone, in microseconds UTC. It
// is that after midnight where clocks are put forward at midnight.
func (d Day) Start(zone *time.Location) int64 {
	y, m, n := d.date().Date()
	t := time.Date(y, m, n, 0, 0, 0, 0, zone)
	if _, _, on := t.Date(); on != n { // a midnight that does not exist may be read as the evening before
		t = time.Date(y, m, n, 1, 0, 0, 0, zone)
	}
	return t.UnixMicro()
}

// At returns the day of an instant in a zone.
func At(micros int64, zone *time.Location) Day { return DayOf(time.UnixMicro(micros).In(zone).Date()) }

// InMonth returns a day of a month, the last one where the month is shorter.
func InMonth(year int, month time.Month, day int) Day {
	last := DayOf(year, month+1, 1) - 1
	return min(DayOf(year, month, 1)+Day(day)-1, last)
}
