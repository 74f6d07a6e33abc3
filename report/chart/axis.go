package chart

import (
	"fmt"
	"strconv"
	"time"

	"github.com/paytriage/paytriage/report/words"
)

// seconds returns a time in seconds since 1970, within the years that are
// written with four digits: sums of such times fit.
func seconds(t time.Time) int64 {
	return min(max(t.Unix(), -62135596800), 253402300799)
}

// A clock says times in the reader's zone and language.
type clock struct {
	p    *words.Printer
	zone *time.Location
}

func newClock(p *words.Printer, zone *time.Location) clock {
	if zone == nil {
		zone = time.UTC
	}
	return clock{p, zone}
}

var months = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// day writes a day: "3 Jul", 7月3日.
func (k clock) day(t time.Time) string {
	t = t.In(k.zone)
	if k.p.Lang() == words.Japanese {
		return fmt.Sprintf("%d月%d日", t.Month(), t.Day())
	}
	return strconv.Itoa(t.Day()) + " " + months[t.Month()-1]
}

// year writes a day with its year.
func (k clock) year(t time.Time) string {
	t = t.In(k.zone)
	if k.p.Lang() == words.Japanese {
		return strconv.Itoa(t.Year()) + "年" + k.day(t)
	}
	return k.day(t) + " " + strconv.Itoa(t.Year())
}

// minute writes a day and a time: "3 Jul 17:30".
func (k clock) minute(t time.Time) string {
	return k.day(t) + " " + t.In(k.zone).Format("15:04")
}

// full writes a time with its year.
func (k clock) full(t time.Time) string {
	return k.year(t) + " " + t.In(k.zone).Format("15:04")
}

// month writes a month with its year.
func (k clock) month(t time.Time) string {
	t = t.In(k.zone)
	if k.p.Lang() == words.Japanese {
		return fmt.Sprintf("%d年%d月", t.Year(), t.Month())
	}
	return months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// name names the zone at a time: "Asia/Tokyo, UTC+09:00".
func (k clock) name(at time.Time) string {
	offset := "UTC" + at.In(k.zone).Format("-07:00")
	if s := k.zone.String(); s != "" && s != "Local" && s != "UTC" {
		return said(s) + ", " + offset
	}
	return offset
}

// A tick is a place on the time axis. A minor one is an hour within a day.
type tick struct {
	at    time.Time
	label string
	minor bool
}

// A pace is a way to walk from tick to tick.
type pace struct {
	years, months, days int
	about               time.Duration
}

const dayLong = 24 * time.Hour

var paces = []pace{
	{days: 1, about: dayLong}, {days: 2, about: 2 * dayLong}, {days: 7, about: 7 * dayLong}, {days: 14, about: 14 * dayLong},
	{months: 1, about: 30 * dayLong}, {months: 3, about: 91 * dayLong}, {months: 6, about: 182 * dayLong},
	{years: 1, about: 365 * dayLong}, {years: 2, about: 2 * 365 * dayLong}, {years: 5, about: 5 * 365 * dayLong},
	{years: 10, about: 10 * 365 * dayLong}, {years: 50, about: 50 * 365 * dayLong},
}

// An axis places times on a length.
type axis struct {
	clock
	from, until time.Time
	left, width int
}

// at returns where a time is, cut at the ends.
func (a axis) at(t time.Time) int {
	span, d := seconds(a.until)-seconds(a.from), seconds(t)-seconds(a.from)
	if span <= 0 || d <= 0 {
		return a.left
	}
	return a.left + share(uint64(d), uint64(span), a.width)
}

// room returns how long a distance on the axis is.
func (a axis) room(distance int) time.Duration {
	span := seconds(a.until) - seconds(a.from)
	s := span / int64(max(a.width/max(distance, 1), 1))
	return time.Duration(min(s, int64(1<<62/time.Second))) * time.Second
}

// maxTicks bounds what a hostile span of time may ask for.
const maxTicks = 400

// ticks lists the ticks of the axis: days with hours where there is room, else
// weeks, months or years. Days begin at midnight of the zone, also where the
// clocks change.
func (a axis) ticks() []tick {
	var list []tick
	p := paces[len(paces)-1]
	for _, q := range paces {
		if a.room(64*px) <= q.about {
			p = q
			break
		}
	}
	hours := 0
	for _, h := range []int{1, 2, 3, 6, 12} {
		if p.days == 1 && a.room(26*px) <= time.Duration(h)*time.Hour {
			hours = h
			break
		}
	}
	from := a.from.In(a.zone)
	y, m, d := from.Date()
	switch {
	case p.years > 0:
		y, m, d = y-y%p.years, 1, 1
	case p.months > 0:
		m, d = m-(m-1)%time.Month(p.months), 1
	}
	for n := 0; n < maxTicks; n++ {
		t := time.Date(y+n*p.years, m+time.Month(n*p.months), d+n*p.days, 0, 0, 0, 0, a.zone)
		if !t.Before(a.until) {
			break
		}
		if !t.Before(a.from) {
			list = append(list, tick{at: t, label: a.label(p, t)})
		}
		for h := hours; hours > 0 && h < 24; h += hours {
			t := time.Date(y, m, d+n, h, 0, 0, 0, a.zone)
			if !t.Before(a.from) && t.Before(a.until) {
				list = append(list, tick{at: t, label: strconv.Itoa(h), minor: true})
			}
		}
	}
	return list
}

// first returns a label for the day that is under way at the start, if there is
// room for it before the next.
func (a axis) first(ticks []tick) tick {
	label := a.day(a.from)
	for _, t := range ticks {
		if t.minor {
			continue
		}
		if a.at(t.at)-a.left < body.width(label)+12*px || t.at.Sub(a.from) > dayLong {
			return tick{}
		}
		break
	}
	return tick{at: a.from, label: label}
}

func (a axis) label(p pace, t time.Time) string {
	switch {
	case p.years > 0:
		return strconv.Itoa(t.In(a.zone).Year())
	case p.months > 0:
		return a.month(t)
	}
	return a.day(t)
}
