package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// TestUnknownCountsAreNull tests that a count that the logs cannot give is null, and
// stays so when it is read again.
func TestUnknownCountsAreNull(t *testing.T) {
	for _, want := range []string{`{"confirmed":1,"probable":2,"possible":3}`, "null"} {
		var counts TierCounts
		if err := json.Unmarshal([]byte(want), &counts); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(counts); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", want, got, err)
		}
		if counts.unknown != (want == "null") {
			t.Errorf("%s was read as %+v", want, counts)
		}
	}
}

// TestWaysIn tests what is said of how they got in: the figures that decide, what
// speaks against it, and what speaks against the next best.
func TestWaysIn(t *testing.T) {
	c := caseOf([]forensics.Takeover{
		{Account: "a", Tier: takeover.Confirmed, Vector: campaign.ListType, TakeoverAt: at(9)},
		{Account: "b", Tier: takeover.Confirmed, Vector: campaign.ListType, TakeoverAt: at(9)},
		{Account: "c", Tier: takeover.Probable, TakeoverAt: at(9)},
	}, nil)
	figure := func(v campaign.Vector, speaks bool, code string, n int64, below bool) campaign.Figure {
		return campaign.Figure{Vector: v, For: speaks, Code: code, N: n, Of: 1000, Bound: 500, Below: below, From: "policy"}
	}
	c.Figures = []campaign.Figure{
		figure(campaign.ListType, true, "unknown_ids", 801, false), figure(campaign.ListDistributed, true, "unknown_ids", 801, false),
		figure(campaign.ListType, true, "from_servers", 990, false), figure(campaign.ListDistributed, false, "from_servers", 990, true),
		figure(campaign.ListType, false, "hit_rate", 700, true), figure(campaign.Spraying, false, "unknown_ids", 801, true),
	}
	tables, err := Tables(c)
	if err != nil {
		t.Fatal(err)
	}
	s := Summarize(c, tables)
	want := []string{
		"list_type: 2 accounts; " + campaign.ListType.Doc(),
		"for it: tries from servers 99 % (needs at least 50 %), ids that do not exist 80.1 % (needs at least 50 %)",
		"against it: tries on existing accounts that got in 70 % (needs below 50 %)",
		"against list_type_distributed, the next best: tries from servers 99 % (needs below 50 %)",
		"undetermined: 1 account; no failed tries near these entries",
	}
	got := waysIn(s)
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q\nwant %q", got, want)
			break
		}
	}
	c.UntoldIDs, c.Takeovers = true, c.Takeovers[2:]
	got = waysIn(Summarize(c, tables))
	if len(got) != 2 || !strings.HasPrefix(got[0], "undetermined: 1 account; the log does not say which ids do not exist") || !strings.HasPrefix(got[1], "fits best, and is not proven: list_type: ids") {
		t.Errorf("where ids are untold: %q", got)
	}
	c.Sources = c.Sources[1:]
	if got := waysIn(Summarize(c, tables)); !strings.HasPrefix(got[0], "undetermined: 1 account; without an auth log") {
		t.Errorf("without an auth log: %q", got)
	}
}

// TestRolesText tests what is said of those who try and those who spend.
func TestRolesText(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	for _, c := range []struct {
		roles RolesSummary
		want  string
	}{
		{RolesSummary{}, ""},
		{RolesSummary{Testers: n(0), Executors: n(0), LagAccounts: n(0)}, ""},
		{RolesSummary{Executors: n(1), ExecutorsBy: "device"}, "spent with 1 device"},
		{RolesSummary{Testers: n(2), TesterCountries: []string{"AU", "JP"}, Executors: n(3), ExecutorsBy: "address", LagAccounts: n(1), LagMedian: n(59), LagLeast: n(3599), LagMost: n(200_000)},
			"tried from 2 addresses in AU, JP, spent from 3 addresses; first charge 59 s after the entry (median of 1 account, 59 min to 2 d 7 h)"},
		{RolesSummary{Testers: n(9), TesterCountries: strings.Fields("A1 A2 A3 A4 A5 A6 A7")}, "tried from 9 addresses in A1, A2, A3, A4, A5 and 2 more"},
	} {
		if got := rolesText(&c.roles); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestNothingKnownIsEmpty tests that tables hold no zero where nothing was counted.
func TestNothingKnownIsEmpty(t *testing.T) {
	c := caseOf([]forensics.Takeover{{Account: "a", Tier: takeover.Confirmed, TakeoverAt: at(9), Source: "auth.csv", Line: 2}}, nil)
	c.Campaigns, c.Timeline = []forensics.Campaign{{ID: "i", First: at(9), Last: at(8), Entered: 1}}, []forensics.Hour{{At: at(9)}}
	c.Places = []forensics.Place{{Kind: "ip", Value: "1", Role: "tester", Counted: true}, {Kind: "device", Value: "d", Role: "executor", Counted: true}}
	nulls := func() string {
		tables, err := Tables(c)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, table := range tables {
			for i, col := range table.Schema().Columns {
				for row := range table.Rows() {
					if table.Cells(i).Null(row) && col.Kind.String() != "text" && col.Name != "currency" {
						out = append(out, table.Schema().Name+"."+col.Name)
					}
				}
			}
		}
		return strings.Join(out, " ")
	}
	lags := " campaigns.lag_median_s campaigns.lag_min_s campaigns.lag_max_s"
	if got, want := nulls(), "sources.failures sources.unknown_accounts"+lags; got != want {
		t.Errorf("with both logs %s\nwant %s", got, want)
	}
	c.UntoldIDs = true
	if got, want := nulls(), "sources.failures sources.unknown_accounts sources.unknown_accounts"+lags; got != want {
		t.Errorf("where ids are untold %s\nwant %s", got, want)
	}
	c.UntoldIDs = false
	both := c.Sources
	c.Sources = both[:1]
	if got, want := nulls(), "takeovers.lost sources.failures sources.unknown_accounts campaigns.victims campaigns.net_loss campaigns.lag_accounts"+lags+
		" timeline.fraud_topups timeline.fraud_topup_amount timeline.fraud_spends timeline.fraud_spend_amount timeline.cumulative_spend"; got != want {
		t.Errorf("without payments %s\nwant %s", got, want)
	}
	c.Sources = both[1:]
	if got, want := nulls(), "sources.failures sources.unknown_accounts campaigns.accounts_tried campaigns.lag_accounts"+lags+
		" timeline.attempts timeline.failures timeline.entries"; got != want {
		t.Errorf("without logins %s\nwant %s", got, want)
	}
	if s := Summarize(c, nil); c.Sources[0].Role != event.Payments || s.EnteredOnly != nil || s.Method.FailuresNormal != nil || s.Roles.LagAccounts != nil {
		t.Errorf("without logins %+v", s)
	}
}
