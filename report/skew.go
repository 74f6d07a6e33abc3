package report

import (
	"time"

	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/report/words"
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

// Text says it in English.
func (s *ClockSkew) Text() string { return s.In(words.For(words.English)) }

// In says it in a language.
func (s *ClockSkew) In(p *words.Printer) string {
	text := ""
	switch {
	case s.Low == nil && s.High == nil:
		text = p.T("not known: %s link the logs, %d are wanted", p.Plural(s.Pairs, "%d pair", "%d pairs"), coverage.MinPairs)
	case s.Low != nil && s.High != nil && *s.Low > *s.High:
		text = p.T("the logs contradict each other: no shift puts all charges between login and end of their sessions (%s)", s.basis(p))
	case s.Estimate != nil && *s.Estimate > 0:
		text = p.T("the payments clock is ahead by at least %s (%s)", span(*s.Estimate), s.basis(p))
	case s.Estimate != nil:
		text = p.T("the payments clock is behind by at least %s (%s)", span(-*s.Estimate), s.basis(p))
	case s.Low == nil:
		text = p.T("no sign of any; the payments clock is ahead by no more than %s, and behind by an unknown time if at all (%s)", span(*s.High), s.basis(p))
	case s.High == nil:
		text = p.T("no sign of any; the payments clock is behind by no more than %s, and ahead by an unknown time if at all (%s)", span(-*s.Low), s.basis(p))
	default:
		text = p.T("no sign of any; the payments clock is behind by no more than %s and ahead by no more than %s (%s)", span(-*s.Low), span(*s.High), s.basis(p))
	}
	if s.Applied != 0 {
		text = p.T("%s; corrected: %s was taken away from every payment time", text, span(s.Applied))
	}
	return text
}

// basis says how many of what the skew rests on.
func (s *ClockSkew) basis(p *words.Printer) string {
	if s.Estimate != nil && *s.Estimate > 0 {
		return p.T("%d ends of sessions, linked by %s", s.LowPairs, p.Say(s.By))
	}
	return p.T("%d logins with a charge, linked by %s", s.Pairs, p.Say(s.By))
}

// span writes a length of time.
func span(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	if d >= time.Second || d <= -time.Second {
		d = d.Round(time.Millisecond)
	}
	return d.String()
}
