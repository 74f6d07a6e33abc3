package parsers

import (
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
)

// TestRaw checks that records come back as they stand, in the order asked, in
// whichever order that is.
func TestRaw(t *testing.T) {
	lines := []string{"2019-07-02T12:03:04Z,bob,login,success,", "2019-07-02T12:03:05Z,\"b,\"\"o\",login,success,\"two\nlines\"", "2019-07-02T12:03:06Z,葛󠄀城,login,failure,bad_password"}
	log := loaded(t, file{"a.csv", "event_time,account_id,event,outcome,reason\n" + strings.Join(lines, "\r\n") + "\n", event.Auth})
	rows := positions(log)
	slices.Sort(rows)
	slices.Reverse(rows)
	got, err := log.Raw(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(got)
	if !slices.Equal(got, lines) {
		t.Errorf("%q, want %q", got, lines)
	}
	if none, err := log.Raw(t.Context(), nil); err != nil || len(none) > 0 {
		t.Errorf("%q, %v", none, err)
	}
}
