package forensics

import (
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// TestSurestVisit checks that an account is called what its surest visit is
// called, which need not be the one with the greatest total.
func TestSurestVisit(t *testing.T) {
	p := policy.Default()
	part := event.Part{Charges: []event.Charge{
		{Time: 1, Account: 7, Device: 1, Kind: event.Payment, Status: event.Approved, Amount: 100},
		{Time: 2, Account: 7, Device: 2, Kind: event.Payment, Status: event.Approved, Amount: 100},
	}}
	log := &event.Log{Parts: event.Pack([]event.Part{part}, nil)}
	inv := investigation{log: log, reader: log.Parts.NewReader(), p: &p, found: &takeover.Findings{Sources: &source.Map{}}}
	visit := takeover.Visit{Account: 7, Entry: -1, Paid: true}
	loud, sure, early := visit, visit, visit
	loud.Actor, loud.First, loud.Total = 1, 1, 700 // one kind of evidence, and much of it
	sure.Actor, sure.First, sure.Total = 2, 2, 300
	early.Actor, early.First, early.Total = 3, 0, 300
	for _, c := range []struct {
		name   string
		visits []takeover.Visit
		tiers  []takeover.Tier
		best   int
		tier   takeover.Tier
		at     int64
	}{
		{"alone", []takeover.Visit{loud}, []takeover.Tier{takeover.Probable}, 0, takeover.Probable, 1},
		{"the surer, not the louder", []takeover.Visit{loud, sure}, []takeover.Tier{takeover.Probable, takeover.Confirmed}, 1, takeover.Confirmed, 2},
		{"of two that are as sure the louder", []takeover.Visit{sure, loud}, []takeover.Tier{takeover.Probable, takeover.Probable}, 1, takeover.Probable, 1},
		{"taken over when the first of the surest came", []takeover.Visit{early, sure, loud},
			[]takeover.Tier{takeover.Confirmed, takeover.Confirmed, takeover.Probable}, 0, takeover.Confirmed, 0},
	} {
		s := suspect{key: 7, visits: c.visits, tiers: c.tiers}
		var a baseline.Account
		if err := inv.settle(&s, &a); err != nil {
			t.Fatal(err)
		}
		if s.best != c.best || s.tier() != c.tier || s.takeoverAt() != c.at || s.paidTier() > s.tier() {
			t.Errorf("%s: visit %d, %v at %d, paid %v", c.name, s.best, s.tier(), s.takeoverAt(), s.paidTier())
		}
	}
}
