package takeover

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

func TestTier(t *testing.T) {
	p := policy.Default()
	confirmed, probable, possible := odds.Centibans(p.Verdict.Confirmed.Value), odds.Centibans(p.Verdict.Probable.Value), odds.Centibans(p.Verdict.Possible.Value)
	floor := odds.Centibans(p.Verdict.LineFloor.Value)
	for _, c := range []struct {
		name  string
		visit Visit
		want  Tier
	}{
		{"nothing", Visit{Total: -1000}, NoTier},
		{"the only user, however odd", Visit{Total: 2000, Conduct: 900, Company: 900, Paid: true}, Possible},
		{"the only user, from an attack source", Visit{Total: 2000, Conduct: 900, Breach: 900, Paid: true}, Confirmed},
		{"the only user, on a thief's phone", Visit{Total: 2000, Conduct: 900, Shared: 900, Paid: true}, Confirmed},
		{"the only user, nothing odd", Visit{Total: possible - 1, Paid: true}, NoTier},
		{"just below possible", Visit{Total: possible - 1}, NoTier},
		{"possible", Visit{Total: possible}, Possible},
		{"just below probable", Visit{Total: probable - 1}, Possible},
		{"probable", Visit{Total: probable}, Probable},
		{"sure, but by one kind of evidence", Visit{Total: 2000, Breach: 2000}, Probable},
		{"entry and means are one kind", Visit{Total: 2000, Breach: 900, Means: 900}, Probable},
		{"device and company are one kind", Visit{Total: 2000, Shared: 900, Company: 900}, Probable},
		{"two kinds, one of them too weak", Visit{Total: confirmed, Breach: 900, Conduct: floor - 1}, Probable},
		{"two kinds", Visit{Total: confirmed, Breach: 900, Conduct: floor}, Confirmed},
		{"conduct and company", Visit{Total: confirmed, Conduct: floor, Company: floor}, Confirmed},
		{"visit and means", Visit{Total: confirmed, Visit: floor, Means: floor}, Confirmed},
		{"two kinds, not sure enough", Visit{Total: confirmed - 1, Breach: 900, Conduct: 900}, Probable},
	} {
		if got := c.visit.Tier(&p.Verdict); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestMoreEvidenceIsNoLessSure checks that a visit is called no less when any
// of its weights is greater.
func TestMoreEvidenceIsNoLessSure(t *testing.T) {
	p := policy.Default()
	r := rand.New(rand.NewPCG(1, 15))
	weight := func() odds.Centibans { return odds.Centibans(r.IntN(800) - 400) }
	total := func(v *Visit) Tier {
		v.Total = -200 + v.Own() + v.Shared + v.Company
		return v.Tier(&p.Verdict)
	}
	for range 100_000 {
		v := Visit{Breach: weight(), Visit: weight(), Conduct: weight(), Means: weight(), Shared: weight(), Company: weight()}
		before, old := total(&v), v
		for _, w := range []*odds.Centibans{&v.Breach, &v.Visit, &v.Conduct, &v.Means, &v.Shared, &v.Company} {
			was := *w
			*w += odds.Centibans(1 + r.IntN(100))
			if after := total(&v); after < before {
				t.Fatalf("%q, after more evidence %q:\n%+v\n%+v", before, after, old, v)
			}
			*w = was
		}
	}
}

func TestReasons(t *testing.T) {
	p := policy.Default()
	outcome := func(pairs ...uint8) (o [numFeatures]uint8) {
		for i := 0; i < len(pairs); i += 2 {
			o[pairs[i]] = pairs[i+1]
		}
		return o
	}
	for _, c := range []struct {
		visit Visit
		want  string
	}{
		{Visit{}, ""},
		{Visit{Place: 29}, ""},
		{Visit{Place: 30, Breach: 30}, "attack_source"},
		{Visit{Breach: 30}, "entered_before"},
		{Visit{Place: 100, Breach: 200}, "attack_source entered_before"},
		{Visit{Outcome: outcome(Failed, 1)}, "failed_tries"},
		{Visit{Outcome: outcome(Change, 1)}, "changed_at_entry"},
		{Visit{Outcome: outcome(External, 1)}, "external_entry"},
		{Visit{Outcome: outcome(Session, 1)}, "borrowed_session"},
		{Visit{Visit: -1, Outcome: outcome(Arrival, 2, Network, 3)}, ""},
		{Visit{Visit: 1, Outcome: outcome(Arrival, 2, Network, 3)}, "owner_lives_on short_stay foreign_country"},
		{Visit{Visit: 1, Outcome: outcome(Arrival, 3, Network, 2, Stay, 2)}, "owner_lives_on short_stay new_network"},
		{Visit{Visit: 1, Outcome: outcome(Arrival, 4, Network, 0, Stay, 3)}, ""},
		{Visit{Visit: 1, Open: true, Outcome: outcome(Arrival, 4)}, ""},
		{Visit{Conduct: 1, Outcome: outcome(Lag, 1, Money, 2, Drain, 0)}, "fast_cash_out high_amounts drained"},
		{Visit{Conduct: 1, Outcome: outcome(Lag, 2, Money, 1, Drain, 1)}, ""},
		{Visit{Conduct: 0, Outcome: outcome(Lag, 0, Money, 3)}, ""},
		{Visit{Shared: 30, Company: 30}, "shared_device meeting_place"},
		{Visit{Outcome: outcome(Reaction, 1)}, "owner_reacted"},
		{Visit{Outcome: outcome(Reaction, 3)}, "charged_back"},
	} {
		var got []string
		for _, r := range c.visit.Reasons(&p) {
			got = append(got, r.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%+v: %q, want %q", c.visit, s, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	codes := map[string]bool{}
	for _, r := range AllReasons() {
		if r.String() == "" || r.Doc() == "" || codes[r.String()] || strings.ContainsAny(r.String(), "; ,") {
			t.Errorf("reason %d is %q: %q", r, r, r.Doc())
		}
		codes[r.String()] = true
	}
	for tier, want := range []string{"", "possible", "probable", "confirmed"} {
		if got := Tier(tier).String(); got != want {
			t.Errorf("tier %d is %q, want %q", tier, got, want)
		}
	}
}
