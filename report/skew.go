package report

import (
	"fmt"
	"time"

	"github.com/paytriage/paytriage/forensics/coverage"
)

// A ClockSkew says how far the clock of the payment log is ahead of that of the
// auth log, in microseconds.
type ClockSkew struct {
	Low  *int64 `json:"low_micros"`  // no less than this; null if not known
	High *int64 `json:"high_micros"` // no more than this; null if not known
	// By is what links the logs: session or device.
	By       string `json:"by,omitempty"`
	Pairs    int64  `json:"pairs"`     // logins with a charge, for High
	LowPairs int64  `json:"low_pairs"` // ends of sessions with a charge, for Low
	// Estimate is the least skew that explains the logs; null if there is no sign
	// of any.
	Estimate *int64 `json:"estimate_micros"`
	// Applied was taken away from the time of every payment. Times in the tables
	// and in this summary are corrected, but for logged_at in the charges.
	Applied int64 `json:"applied_micros"`
}

// NewClockSkew draws up what is known of a skew, and what of it was applied.
func NewClockSkew(s *coverage.Skew, applied int64) *ClockSkew {
	out := &ClockSkew{By: s.By, Pairs: s.Pairs, LowPairs: s.LowPairs, Applied: applied}
	low, high := s.Low, s.High
	if s.HasLow() {
		out.Low = &low
	}
	if s.HasHigh() {
		out.High = &high
	}
	if e, ok := s.Estimate(); ok {
		out.Estimate = &e
	}
	return out
}

// Text says it in words.
func (s *ClockSkew) Text() string {
	text := ""
	switch {
	case s.Low == nil && s.High == nil:
		text = fmt.Sprintf("not known: %s link the logs, %d are wanted", several(s.Pairs, "pair", "pairs"), coverage.MinPairs)
	case s.Low != nil && s.High != nil && *s.Low > *s.High:
		text = "the logs contradict each other: no shift puts all charges between login and end of their sessions" + s.basis()
	case s.Estimate != nil && *s.Estimate > 0:
		text = "the payments clock is ahead by at least " + span(*s.Estimate) + s.basis()
	case s.Estimate != nil:
		text = "the payments clock is behind by at least " + span(-*s.Estimate) + s.basis()
	default:
		text = "no sign of any; the payments clock is " + s.bounds() + s.basis()
	}
	if s.Applied != 0 {
		text += fmt.Sprintf("; corrected: %s was taken away from every payment time", span(s.Applied))
	}
	return text
}

// bounds says what the skew can be where 0 is among it.
func (s *ClockSkew) bounds() string {
	switch {
	case s.Low == nil:
		return "ahead by no more than " + span(*s.High) + ", and behind by an unknown time if at all"
	case s.High == nil:
		return "behind by no more than " + span(-*s.Low) + ", and ahead by an unknown time if at all"
	}
	return "behind by no more than " + span(-*s.Low) + " and ahead by no more than " + span(*s.High)
}

func (s *ClockSkew) basis() string {
	what := "logins with a charge"
	n := s.Pairs
	if s.Estimate != nil && *s.Estimate > 0 {
		what, n = "ends of sessions", s.LowPairs
	}
	return fmt.Sprintf(" (%s %s, linked by %s)", count(n), what, s.By)
}

// span writes a length of time.
func span(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	if d >= time.Second || d <= -time.Second {
		d = d.Round(time.Millisecond)
	}
	return d.String()
}
