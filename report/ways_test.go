package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
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
	v := voiceOf(words.English)
	got := lineOf(v.entrance(s))
	want := []string{
		"way in|list-type: 2 accounts; " + campaign.ListType.Doc(),
		"for it|tries from servers 99% (needs at least 50%), ids that do not exist 80.1% (needs at least 50%)",
		"against it|tries on existing accounts that got in 70% (needs below 50%)",
		"next best|list-type, distributed; against it: tries from servers 99% (needs below 50%)",
		"also|undetermined: 1 account; no failed tries near these entries",
	}
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q\nwant %q", got, want)
			break
		}
	}
	if ja := lineOf(voiceOf(words.Japanese).entrance(s)); len(ja) != len(got) || ja[1] != "裏付ける数字|サーバーとみられる試行 99%（基準50%以上）、存在しないIDへの試行 80.1%（基準50%以上）" {
		t.Errorf("in Japanese %q", ja)
	}
	c.UntoldIDs, c.Takeovers = true, c.Takeovers[2:]
	got = lineOf(v.entrance(Summarize(c, tables)))
	if len(got) != 2 || !strings.HasPrefix(got[0], "way in|undetermined: 1 account; the log does not say which ids do not exist") || !strings.HasPrefix(got[1], "fits best|list-type, but it is not proven: ids") {
		t.Errorf("where ids are untold: %q", got)
	}
	c.Sources = c.Sources[1:]
	s = Summarize(c, tables)
	if got := v.happened(s); v.entrance(s) != nil || !slices.Contains(got, "accounts entered, and the way in: not computable, because no auth log was read") {
		t.Errorf("without an auth log: %q", got)
	}
}

// voiceOf returns a voice that shows accounts.
func voiceOf(l words.Lang) *voice { return &voice{Printer: words.For(l)} }

// lineOf writes each line of a block.
func lineOf(pairs []console.Pair) []string {
	var all []string
	for _, p := range pairs {
		all = append(all, p.Key+"|"+p.Value)
	}
	return all
}

// TestDataIsSaid tests that whatever forensics says of a case has Japanese, and
// every code of it words.
func TestDataIsSaid(t *testing.T) {
	ja := voiceOf(words.Japanese)
	said := func(text string) {
		if text != "" && ja.Say(text) == text {
			t.Errorf("%q has no Japanese", text)
		}
	}
	word := func(set words.Set, code string) {
		if code != "" && !words.HasWord(set, code) {
			t.Errorf("%q has no word", code)
		}
	}
	for _, vector := range campaign.Vectors() {
		said(vector.Doc())
		said(meaning(&forensics.Case{Unplaced: true}, vector))
		word(words.Vector, vector.String())
	}
	for _, name := range campaign.FigureNames {
		said(name)
	}
	auth := event.Source{Role: event.Auth, Read: 1, Accepted: 1}
	said(undetermined(&forensics.Case{}))
	said(undetermined(&forensics.Case{Sources: []event.Source{auth}}))
	said(undetermined(&forensics.Case{Sources: []event.Source{auth}, UntoldIDs: true, Figures: make([]campaign.Figure, 1)}))
	var absent []string
	for f := range event.NumFields {
		absent = append(absent, f.String())
	}
	for _, columns := range [][]string{absent, {"device_id"}, {"device_id", "user_agent"}} {
		for _, sources := range [][]event.Source{{}, {{Role: event.Auth, Absent: columns}}, {{Role: event.Payments, Absent: columns}},
			{{Role: event.Auth, Absent: columns}, {Role: event.Payments, Absent: columns}}} {
			for _, q := range forensics.Questions(sources) {
				said(q.Question)
				said(q.Because)
			}
		}
	}
	for _, text := range []string{"at which tills stolen money was spent", "no stolen payment was in a shop", "no stolen payment names one beside payments of others near its time",
		"column operator_id is absent from the payments log, or empty where money was stolen",
		"columns operator_id and terminal_id are absent from the payments log, or empty where money was stolen"} {
		said(text)
	}
	for _, tier := range []takeover.Tier{takeover.Confirmed, takeover.Probable, takeover.Possible} {
		word(words.Tier, tier.String())
	}
	for _, order := range []refund.Order{refund.FraudFirst, refund.OwnFirst, refund.ProRata} {
		said(order.String())
	}
	for _, c := range refund.Components() {
		word(words.Component, c.String())
	}
	for _, c := range refund.Channels() {
		word(words.Channel, c.String())
	}
	for _, s := range refund.Statuses() {
		word(words.Status, s.String())
	}
	for k := event.TopUp; k <= event.Payout; k++ {
		word(words.Kind, k.String())
	}
	for s := event.Pending; s <= event.Declined; s++ {
		word(words.Status, s.String())
	}
	for k := source.Addr; k <= source.Service; k++ {
		word(words.PlaceKind, k.String())
	}
	for _, role := range []event.Role{event.Auth, event.Payments, event.History} {
		said(role.String())
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
		if got := voiceOf(words.English).rolesText(&c.roles); got != c.want {
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
