package bridge

import (
	"strings"
	"testing"
)

// TestOtherListOfOthers tests that a change that comes with another list of what
// others saw is told as one of the evidence, and says so.
func TestOtherListOfOthers(t *testing.T) {
	log := Input{Role: "auth", SHA256: "a"}
	list := Input{Role: "known-bad", SHA256: "b"}
	for _, c := range []struct {
		name     string
		old, new []Input
		policy   string // of the new one
		want     string
		says     bool
	}{
		{"the same", []Input{log, list}, []Input{log, list}, "p", NotComputable, false},
		{"a list now", []Input{log}, []Input{log, list}, "p", "evidence", true},
		{"another", []Input{log, list}, []Input{log, {Role: "known-bad", SHA256: "c"}}, "p", "evidence", true},
		{"and another policy", []Input{log}, []Input{log, list}, "q", LogsAndMethod, true},
		{"and other logs", []Input{log}, []Input{{Role: "auth", SHA256: "c"}, list}, "p", "evidence", false},
	} {
		p := newPair(&Estimate{Inputs: c.old, Policy: "p"}, &Estimate{Inputs: c.new, Policy: c.policy})
		if reason, detail := p.method("evidence", "score 1 to 2"); reason != c.want || strings.Contains(detail, "--known-bad") != c.says {
			t.Errorf("%s: %s, %s", c.name, reason, detail)
		}
	}
}
