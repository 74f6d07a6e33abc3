package takeover

import (
	"fmt"
	"strings"

	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// HeldBack says why a visit is called less than its score would do for, "" if it is
// not: what the score rests on is of too few kinds, or nothing speaks of how the
// only user of an account got in.
func (v *Visit) HeldBack(p *policy.Verdict) string {
	tier := v.Tier(p)
	if reached(v.Total, p) <= tier {
		return ""
	}
	if v.alone() && tier == Possible {
		return "the visitor is the only one who was ever seen in the account, and nothing speaks of how he got in: a person must say that this is not the owner"
	}
	var heavy []string
	for _, kind := range [...]struct {
		name   string
		weight odds.Centibans
	}{{"how he got in", max(v.Breach, v.Means)}, {"how he came and went", v.Visit}, {"what he did with money", v.Conduct}, {"the company he keeps", max(v.Shared, v.Company)}} {
		if kind.weight >= odds.Centibans(p.LineFloor.Value) {
			heavy = append(heavy, kind.name)
		}
	}
	named := "no kind of evidence weighs"
	switch len(heavy) {
	case 0:
	case 1:
		named = "of the kinds of evidence only " + heavy[0] + " weighs"
	default:
		named = "of the kinds of evidence only " + strings.Join(heavy, ", ") + " weigh"
	}
	return fmt.Sprintf("%s %d or more: the policy asks for %d kinds", named, p.LineFloor.Value, p.Lines.Value)
}
