package closeout

import (
	"fmt"
	"time"

	"github.com/paytriage/paytriage/forensics/calendar"
)

// A Day is a day of the service's calendar.
type Day = calendar.Day

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

// Missing returns on how many days of the service, up to its last, a log has no
// row more if its last one is of that time.
func (w *Window) Missing(last int64) int {
	return max(0, int(w.Ends-calendar.At(last, w.zone)))
}

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
