package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// at returns a time so many minutes before the end of the payment log, which
// ends at noon; the auth log ends a day later.
func at(minutes int64) int64 {
	return noon.Add(-time.Duration(minutes) * time.Minute).UnixMicro()
}

var noon = time.Date(2019, 7, 3, 12, 0, 0, 0, time.UTC)

func caseOf(takeovers []forensics.Takeover, charges []forensics.Charge) *forensics.Case {
	p := policy.Default()
	day := 24 * time.Hour
	return &forensics.Case{Policy: &p, Takeovers: takeovers, Charges: charges,
		First: noon.Add(-30 * day).UnixMicro(), Last: noon.Add(day).UnixMicro(),
		Sources: []event.Source{
			{Name: "auth.csv", Role: event.Auth, First: noon.Add(-30 * day), Last: noon.Add(day)},
			{Name: "pay.csv", Role: event.Payments, First: noon.Add(-30 * day), Last: noon},
		}}
}

// TestGoingOn tests what the summary says about whether the attack goes on.
func TestGoingOn(t *testing.T) {
	const confirmed, probable, possible = takeover.Confirmed, takeover.Probable, takeover.Possible
	charge := func(account string, tier takeover.Tier, minutes int64) forensics.Charge {
		return forensics.Charge{Account: account, Tier: tier, Time: at(minutes), Txn: account, Status: "approved"}
	}
	f := func(name string, takeovers []forensics.Takeover, charges []forensics.Charge, ongoing bool, want RecentSummary) {
		t.Helper()
		want.Hours = 6
		s := Summarize(caseOf(takeovers, charges), nil)
		if diff := cmp.Diff(want, s.Recent); s.Ongoing != ongoing || diff != "" {
			t.Errorf("%s: ongoing %v, want %v\n%s", name, s.Ongoing, ongoing, diff)
		}
	}
	list := func(c ...forensics.Charge) []forensics.Charge { return c }
	f("nothing", nil, nil, false, RecentSummary{})
	f("long ago", nil, list(charge("a", confirmed, 361)), false, RecentSummary{})
	f("just now", nil, list(charge("a", confirmed, 360)), true, RecentSummary{Charges: 1, Accounts: 1, Confirmed: 1})
	f("by the end of the payment log, not of the auth log", nil, list(charge("a", confirmed, 0)), true, RecentSummary{Charges: 1, Accounts: 1, Confirmed: 1})
	f("one account is probable", nil, list(charge("a", probable, 5), charge("a", probable, 6)), false, RecentSummary{Charges: 2, Accounts: 1})
	f("two are", nil, list(charge("a", probable, 5), charge("b", probable, 6)), true, RecentSummary{Charges: 2, Accounts: 2})
	f("possible ones say nothing", nil, list(charge("a", possible, 5), charge("b", possible, 6)), false, RecentSummary{})
	entry := forensics.Takeover{Account: "a", Tier: confirmed, TakeoverAt: at(-24 * 60)}
	f("an entry", []forensics.Takeover{entry}, nil, true, RecentSummary{Accounts: 1, Confirmed: 1})
	entry.TakeoverAt = at(10) // a day and ten minutes before the end of the auth log
	f("an old entry", []forensics.Takeover{entry}, nil, false, RecentSummary{})
	f("an account counts once, by its surest sign", []forensics.Takeover{{Account: "a", Tier: probable, TakeoverAt: at(-24 * 60)}},
		list(charge("a", confirmed, 1)), true, RecentSummary{Charges: 1, Accounts: 1, Confirmed: 1})
}

// TestFirstAndLast tests when the attack began and was seen last.
func TestFirstAndLast(t *testing.T) {
	s := Summarize(caseOf([]forensics.Takeover{
		{Account: "a", Tier: takeover.Confirmed, TakeoverAt: at(600), Lost: true},
		{Account: "b", Tier: takeover.Probable, TakeoverAt: at(700)},
		{Account: "c", Tier: takeover.Possible, TakeoverAt: at(800)},
	}, []forensics.Charge{
		{Account: "a", Tier: takeover.Confirmed, Time: at(500)},
		{Account: "a", Tier: takeover.Possible, Time: at(400)},
	}), nil)
	if s.FirstTakeover == nil || *s.FirstTakeover != stamp(at(700)) {
		t.Errorf("first takeover %v", s.FirstTakeover)
	}
	if s.LastFraud == nil || *s.LastFraud != stamp(at(500)) {
		t.Errorf("last fraud %v", s.LastFraud)
	}
	if s.EnteredOnly == nil || *s.EnteredOnly != 1 {
		t.Errorf("%v accounts entered without loss, want 1", s.EnteredOnly)
	}
	if s := Summarize(caseOf(nil, nil), nil); s.FirstTakeover != nil || s.LastFraud != nil {
		t.Error("nothing happened, but it began or ended")
	}
}
