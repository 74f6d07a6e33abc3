package closeout

import (
	"fmt"
	"time"
)

// LeastDays is how long the statutory window is at least (資金決済法 20条: not
// less than 60 days).
const LeastDays = 60

// MostDays bounds what is taken for a window and not for a slip of the pen.
const MostDays = 3660

// A Window is the time in which holders claim their balances. All its days are
// whole days of the service's zone, the first and the last included.
type Window struct {
	Ends   Day // last day of the service: balances are those at its end, 24:00
	Notice Day // the public notice, at the latest
	First  Day // first day of the window
	Last   Day // last day of the window: a claim that arrives on it is in time
	Days   int // from First to Last, both counted
	zone   *time.Location
}

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

// NewWindow returns the window of a service whose last day is ends: days days
// from first on, or from the day after ends if first is 0. The notice comes on
// the day before the first at the latest, so that the first day is a whole one;
// 0 stands for that day.
func NewWindow(ends, first, notice Day, days int, zone *time.Location) (Window, error) {
	if first == 0 {
		first = ends + 1
	}
	if notice == 0 {
		notice = first - 1
	}
	w := Window{Ends: ends, Notice: notice, First: first, Last: first + Day(days) - 1, Days: days, zone: zone}
	switch {
	case days < LeastDays:
		return w, fmt.Errorf("a window of %d days is shorter than the law's %d", days, LeastDays)
	case days > MostDays:
		return w, fmt.Errorf("a window of %d days is longer than %d", days, MostDays)
	case first <= ends:
		return w, fmt.Errorf("the window begins on %s, but balances are those at the end of %s", first, ends)
	case notice >= first:
		return w, fmt.Errorf("the notice of %s comes too late for a window from %s: it would not hold %d whole days", notice, first, days)
	}
	return w, nil
}

// Zone returns the zone of the days.
func (w *Window) Zone() *time.Location { return w.zone }

// Closing returns the instant at which balances are taken: 24:00 of the last
// day of the service.
func (w *Window) Closing() int64 { return (w.Ends + 1).Start(w.zone) }

// A Timing says when a claim came.
type Timing uint8

// The timings. An early claim is one that the operator has when the window
// opens, and counts as in time.
const (
	Early Timing = iota
	InTime
	Late
)

// Timing says when an instant is.
func (w *Window) Timing(micros int64) Timing {
	switch {
	case micros < w.First.Start(w.zone):
		return Early
	case micros < (w.Last + 1).Start(w.zone):
		return InTime
	}
	return Late
}
