package scalar

import (
	"math"
	"time"
)

// maxZone is more than any clock on a wall ever differs from UTC, in seconds:
// the offsets of the zone database end at 26 hours (RFC 9636).
const maxZone = 26 * 60 * 60

// Localize returns the UTC of a time that the clocks on the walls of loc
// showed, both in microseconds since 1970. A time that they skipped, when they
// were put forward, is not ok, nor is one outside MinMicros to MaxMicros. Of a
// time that they showed twice, when they were put back, the earlier is
// returned and ambiguous is true.
func Localize(wall int64, loc *time.Location) (utc int64, ambiguous, ok bool) {
	if wall < MinMicros || wall > MaxMicros {
		return 0, false, false
	}
	sec := floorDiv(wall, secondMicros)
	for t := sec - maxZone; t <= sec+maxZone; {
		offset, end := stretch(t, loc)
		if u := sec - offset; t <= u && u < end {
			if ok {
				return utc, true, true
			}
			utc, ok = wall-offset*secondMicros, true
		}
		t = end
	}
	return utc, false, ok
}

// stretch returns the offset from UTC that the zone has at t, in seconds, and
// a later moment up to which it keeps it.
func stretch(t int64, loc *time.Location) (offset, end int64) {
	at := time.Unix(t, 0).In(loc)
	_, east := at.Zone()
	_, bound := at.ZoneBounds()
	switch {
	case bound.IsZero():
		end = math.MaxInt64
	case bound.Unix() > t:
		end = bound.Unix()
	default:
		// In zones that follow a rule, ZoneBounds says on 31 December of leap
		// years that the offset has ended already.
		end = t + 60*60
	}
	return int64(east), end
}

// A Clock is Localize for many times of one zone: it remembers what it looked
// up, so that nearly every call is a table access and a subtraction, whatever
// the zone and near a transition as well. The zero Clock shows UTC. A Clock
// must not be used by several goroutines at once; each takes its own.
type Clock struct {
	loc   *time.Location
	spans [spanCount]span
}

// A span is 76 hours, a Clock remembers the last of those that have the same
// number modulo 64: half a year in any order, or more in rising order.
const (
	spanBits  = 38
	spanCount = 64
)

// A span says how to read wall times of a stretch of 1<<spanBits microseconds:
// subtract before if they are less than lo, after if they are greater than hi;
// for those between there is no short way.
type span struct {
	key           int64 // wall >> spanBits, shifted by one, plus one; 0 if unknown
	lo, hi        int64
	before, after int64
}

// NewClock returns a clock of a zone.
func NewClock(loc *time.Location) *Clock { return &Clock{loc: loc} }

// UTC is Localize in the zone of the clock.
func (c *Clock) UTC(wall int64) (utc int64, ambiguous, ok bool) {
	s := &c.spans[wall>>spanBits&(spanCount-1)]
	if s.key != wall>>(spanBits-1)|1 {
		c.learn(s, wall)
	}
	if wall < s.lo {
		return wall - s.before, false, true
	}
	if wall > s.hi {
		return wall - s.after, false, true
	}
	return Localize(wall, c.loc)
}

// learn makes s the span of a wall time.
func (c *Clock) learn(s *span, wall int64) {
	if c.loc == nil {
		c.loc = time.UTC
	}
	*s = span{key: wall>>(spanBits-1) | 1, lo: math.MinInt64, hi: math.MaxInt64}
	first := wall >> spanBits << spanBits
	last := first + 1<<spanBits - 1
	if first < MinMicros || last > MaxMicros {
		return
	}
	// All moments at which a clock can show a time of the span.
	from, to := floorDiv(first, secondMicros)-maxZone, floorDiv(last, secondMicros)+maxZone
	before, moved := stretch(from, c.loc)
	after := before
	for t := moved; t <= to; {
		offset, end := stretch(t, c.loc)
		if offset != after {
			if after != before {
				return // two transitions: too rare to deserve a shorter way
			}
			after, moved = offset, t
		}
		t = end
	}
	s.before, s.after = before*secondMicros, after*secondMicros
	if after == before {
		s.lo = math.MaxInt64
		return
	}
	// Walls up to the transition are of before, walls from it are of after;
	// where the two overlap or leave a gap, there is a fold or nothing.
	s.lo = (moved + min(before, after)) * secondMicros
	s.hi = (moved+max(before, after))*secondMicros - 1
}
