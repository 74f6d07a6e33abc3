package takeover

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

func TestHeldBack(t *testing.T) {
	p := policy.Default()
	for _, c := range []struct {
		name  string
		visit Visit
		want  string
	}{
		{"nothing", Visit{Total: -1000}, ""},
		{"two kinds", Visit{Total: 600, Breach: 300, Conduct: 300}, ""},
		{"one kind, and the score does for no more", Visit{Total: 200, Breach: 300}, ""},
		{"one kind", Visit{Total: 600, Breach: 300, Means: 300, Conduct: 29}, "of the kinds of evidence only how he got in weighs 30 or more: the policy asks for 2 kinds"},
		{"none", Visit{Total: 600}, "no kind of evidence weighs 30 or more: the policy asks for 2 kinds"},
		{"the only user", Visit{Total: 600, Conduct: 300, Company: 300, Paid: true}, "the visitor is the only one who was ever seen in the account, and nothing speaks of how he got in: a person must say that this is not the owner"},
		{"the only user, on a thief's phone", Visit{Total: 600, Conduct: 300, Shared: 300, Paid: true}, ""},
	} {
		if got := c.visit.HeldBack(&p.Verdict); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	three := p
	three.Verdict.Lines.Value = 3
	if got := (&Visit{Total: 600, Breach: 300, Conduct: 300}).HeldBack(&three.Verdict); !strings.Contains(got, "only how he got in, what he did with money weigh 30 or more: the policy asks for 3") {
		t.Errorf("of three kinds two: %q", got)
	}
}

// TestHeldBackIsTheDifference checks that something is said exactly where the score
// by itself would do for more.
func TestHeldBackIsTheDifference(t *testing.T) {
	p := policy.Default()
	r := rand.New(rand.NewPCG(5, 5))
	weight := func() odds.Centibans { return odds.Centibans(r.IntN(600) - 200) }
	held := 0
	for range 50_000 {
		v := Visit{Breach: weight(), Visit: weight(), Conduct: weight(), Means: weight(), Shared: weight(), Company: weight(), Total: 2 * weight(), Paid: r.IntN(2) == 0}
		v.Outcome[Arrival] = uint8(r.IntN(3))
		got := v.HeldBack(&p.Verdict)
		if (got != "") != (reached(v.Total, &p.Verdict) > v.Tier(&p.Verdict)) {
			t.Fatalf("%+v is %q: %q", v, v.Tier(&p.Verdict), got)
		}
		if got != "" {
			held++
		}
	}
	if held < 100 {
		t.Errorf("only %d were held back", held)
	}
}
