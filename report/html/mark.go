package html

import (
	"fmt"
	"strings"
	"time"
)

// A Mark is a moment that the investigator set on the curve.
type Mark struct {
	At    time.Time
	Label string
}

// markLayouts are how the time of a mark may be written. It says its zone: a mark
// of a service that runs in Tokyo is nine hours off in UTC.
var markLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04 Z07:00"}

// ParseMark reads "2019-07-03T17:30+09:00=card top-ups stopped".
func ParseMark(text string) (Mark, error) {
	stamp, label, ok := strings.Cut(text, "=")
	label = strings.TrimSpace(label)
	if !ok || label == "" {
		return Mark{}, fmt.Errorf("%q is not TIME=WHAT HAPPENED", text)
	}
	for _, layout := range markLayouts {
		if at, err := time.Parse(layout, strings.TrimSpace(stamp)); err == nil && at.Year() >= 1 && at.Year() <= 9999 {
			return Mark{at, label}, nil
		}
	}
	return Mark{}, fmt.Errorf("%q is no time with its zone", stamp)
}
