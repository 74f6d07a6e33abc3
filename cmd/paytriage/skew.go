package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/forensics/event"
)

// skewAuto asks for the skew that the logs themselves show.
const skewAuto = "auto"

// parseSkew reads the value of --skew, in microseconds; 0 for none and auto.
func parseSkew(text string) (int64, error) {
	if text == "" || text == skewAuto {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if micros := d.Microseconds(); err == nil && micros >= -coverage.MaxShift && micros <= coverage.MaxShift {
		return micros, nil
	}
	return 0, &usageError{fmt.Sprintf("--skew %q is neither auto nor a time of no more than 31 days", text),
		"say how far the payments clock is ahead: 90s, or -2m where it is behind"}
}

// correctSkew compares the clocks of the logs, and takes away from the payment
// times what is asked for. The skew returned is that before.
func correctSkew(ctx context.Context, log *event.Log, asked string, workers int) (s coverage.Skew, applied int64, err error) {
	if s, err = coverage.ClockSkew(ctx, log, workers); err != nil {
		return s, 0, err
	}
	if applied, err = parseSkew(asked); err != nil {
		return s, 0, err
	}
	if asked == skewAuto {
		applied, _ = s.Estimate()
	}
	if applied == 0 {
		return s, 0, nil
	}
	if err := coverage.Shift(log, applied); err != nil {
		return s, 0, &hintError{errors.Join(errors.New("--skew"), err), "give less"}
	}
	return s, applied, nil
}
