package parsers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
)

// fate loads one file and says what became of its rows: read, accepted,
// rejected, duplicates, repeats, and rows in the log.
func fate(t *testing.T, role event.Role, header, rows string) string {
	t.Helper()
	log := loaded(t, file{"x.csv", header + "\n" + rows, role})
	checkLaw(t, log)
	s := log.Sources[0]
	return fmt.Sprintf("%d = %d accepted + %d rejected + %d duplicates; %d repeats; %d rows",
		s.Read, s.Accepted, s.Rejected, s.Duplicates, s.Repeats, log.Rows())
}

func TestDuplicateLogins(t *testing.T) {
	const header = "event_time,account_id,event,outcome,reason,ip,device_id,user_agent,session_id,country,asn,event_id,source_port,method,detail"
	f := func(want string, rows ...string) {
		t.Helper()
		for i, row := range rows {
			rows[i] = row + strings.Repeat(",", strings.Count(header, ",")-strings.Count(row, ","))
		}
		if got := fate(t, event.Auth, header, strings.Join(rows, "\n")); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", rows, got, want)
		}
	}
	const (
		duplicate = "2 = 1 accepted + 0 rejected + 1 duplicates; 0 repeats; 1 rows"
		repeat    = "2 = 2 accepted + 0 rejected + 0 duplicates; 1 repeats; 2 rows"
		apart     = "2 = 2 accepted + 0 rejected + 0 duplicates; 0 repeats; 2 rows"
	)
	const fine, whole = "2019-07-02T12:03:04.000001Z", "2019-07-02T12:03:04Z"
	f(duplicate, fine+",ann,login,success", fine+",ann,login,success")
	f(repeat, whole+",ann,login,success", whole+",ann,login,success")
	f(repeat, whole+",ann,login,success", "2019-07-02T12:03:04.000000Z,ann,login,success")
	f(apart, fine+",ann,login,success", fine+",bob,login,success")
	f("3 = 1 accepted + 0 rejected + 2 duplicates; 0 repeats; 1 rows", fine+",ann,login,", fine+",ann,login,", fine+",ann,login,")
	f("3 = 3 accepted + 0 rejected + 0 duplicates; 2 repeats; 3 rows", whole+",ann,login,", whole+",ann,login,", whole+",ann,login,")

	// One moment written in two ways is one moment.
	f(duplicate, fine+",ann,login,success", "2019-07-02T21:03:04.000001+09:00,ann,login,success")
	f(duplicate, "2019-07-02T12:03:04.5Z,ann,login,success", "2019-07-02 12:03:04.500000000Z, ann\t,login,success")

	// What has no column of its own in a row still tells two rows apart: each
	// pair differs in one field.
	for _, pair := range [][2]string{
		{"ann,login,success", "ann,login,failure"},
		{"ann,login,failure,bad_password", "ann,login,failure,locked"},
		{"ann,login,failure,too_young", "ann,login,failure,too_old"}, // words of nobody's schema
		{"ann,token_refresh,success", "ann,profile_view,success"},
		{"ann,login,,,192.0.2.1", "ann,login,,,192.0.2.2"},
		{"ann,login,,,192.0.2.1:1000", "ann,login,,,192.0.2.1:1001"},
		{"ann,login,,,[2001:db8::1]:1000", "ann,login,,,[2001:db8::1]:1001"},
		{"ann,login,,,2001:db8::1", "ann,login,,,2001:db8::2"},
		{"ann,login,,,unknown", "ann,login,,,hidden"},
		{"ann,login,,,,d1", "ann,login,,,,d2"},
		{"ann,login,,,,,App 1", "ann,login,,,,,App 2"},
		{"ann,login,,,,,,s1", "ann,login,,,,,,s2"},
		{"ann,login,,,,,,,JP", "ann,login,,,,,,,KR"},
		{"ann,login,,,,,,,Japan", "ann,login,,,,,,,Korea"},
		{"ann,login,,,,,,,,1", "ann,login,,,,,,,,2"},
		{"ann,login,,,,,,,,one", "ann,login,,,,,,,,two"},
		{"ann,login,,,,,,,,,,1000", "ann,login,,,,,,,,,,1001"},
		{"ann,login,,,,,,,,,,,pin", "ann,login,,,,,,,,,,,face"},
		{"ann,login,,,,,,,,,,,,x", "ann,login,,,,,,,,,,,,y"},
		{"ann,login,,,,,,,,,,,pin", "ann,login,,,,,,,,,,,,pin"},
	} {
		f(apart, fine+","+pair[0], fine+","+pair[1])
		f(duplicate, fine+","+pair[0], fine+","+pair[0])
	}
	f(apart, "2019-07-02T12:03:04.123456001Z,ann,login,", "2019-07-02T12:03:04.123456002Z,ann,login,")
	f(apart, "2019-07-02T12:03:04.123456Z,ann,login,", "2019-07-02T12:03:04.1234569Z,ann,login,")

	// The same event_id is the same row, whatever else it says, but only
	// within an account.
	f(duplicate, whole+",ann,login,,,,,,,,,e1", whole+",ann,login,,,,,,,,,e1")
	f(duplicate, whole+",ann,login,success,,,,,,,,e1", "2019-07-05T00:00:00Z,ann,logout,failure,,,,,,,,e1")
	f(apart, whole+",ann,login,,,,,,,,,e1", whole+",bob,login,,,,,,,,,e1")
	f(apart, fine+",ann,login,,,,,,,,,e1", fine+",ann,login,,,,,,,,,e2")
	f(apart, fine+",ann,login,,,,,,,,,e1", fine+",ann,login,")
}

// TestTheEarliestOfOneEventIDCounts also holds when the rows come the other way
// round.
func TestTheEarliestOfOneEventIDCounts(t *testing.T) {
	const header = "event_time,account_id,event,outcome,event_id\n"
	rows := []string{"2019-07-02T12:00:00Z,a,login,success,e\n", "2019-07-03T12:00:00Z,a,login,failure,e\n", "2019-07-02T12:00:00Z,a,logout,success,e\n"}
	want := loaded(t, file{"x.csv", header + strings.Join(rows, ""), event.Auth})
	slices.Reverse(rows)
	got := loaded(t, file{"x.csv", header + strings.Join(rows, ""), event.Auth})
	sameContent(t, "reversed", want, got)
	if l := contentOf(got).Logins; len(l) != 1 || l[0].Outcome() != event.Success {
		t.Errorf("%+v", l)
	}
}

func TestHistoryGivesWayToAuth(t *testing.T) {
	const text = "event_time,account_id,event,outcome\n2019-07-02T12:03:04.5Z,ann,login,success\n"
	for _, roles := range [][]event.Role{{event.Auth, event.History}, {event.History, event.Auth}} {
		log := loaded(t, file{"1.csv", text, roles[0]}, file{"2.csv", text, roles[1]})
		checkLaw(t, log)
		if l := contentOf(log).Logins; len(l) != 1 || l[0].History() {
			t.Errorf("%v: %+v", roles, l)
		}
	}
}

const paymentHeader = "event_time,txn_id,account_id,kind,amount,status,merchant_id,store_id,device_id,session_id,ip,funding_source,original_txn_id,funding_ref,psp_reference,counterparty_account_id,terminal_id,operator_id,category"

func TestPaymentsOfOneID(t *testing.T) {
	f := func(want string, rows ...string) {
		t.Helper()
		for i, row := range rows {
			rows[i] = row + strings.Repeat(",", strings.Count(paymentHeader, ",")-strings.Count(row, ","))
		}
		if got := fate(t, event.Payments, paymentHeader, strings.Join(rows, "\n")); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", rows, got, want)
		}
	}
	const (
		duplicate = "2 = 1 accepted + 0 rejected + 1 duplicates; 0 repeats; 1 rows"
		life      = "2 = 2 accepted + 0 rejected + 0 duplicates; 0 repeats; 1 rows"
		apart     = "2 = 2 accepted + 0 rejected + 0 duplicates; 0 repeats; 2 rows"
		conflict  = "2 = 0 accepted + 2 rejected + 0 duplicates; 0 repeats; 0 rows"
	)
	const noon, one = "2019-07-02T12:00:00Z", "2019-07-02T13:00:00Z"
	f(duplicate, noon+",t,ann,topup,100,approved", noon+",t,ann,topup,100,approved")
	f(life, noon+",t,ann,topup,100,pending", one+",t,ann,topup,100,approved")
	f(life, noon+",t,ann,topup,100,pending", noon+",t,ann,topup,100,approved")
	f(life, noon+",t,ann,topup,100,approved", one+",t,ann,topup,100,approved")
	f("4 = 2 accepted + 0 rejected + 2 duplicates; 0 repeats; 1 rows", noon+",t,ann,topup,100,pending",
		one+",t,ann,topup,100,approved", noon+",t,ann,topup,100,pending", one+",t,ann,topup,100.0,approved")
	f(apart, noon+",t,ann,topup,100,approved", noon+",u,ann,topup,100,approved") // look alike, and both stay
	f(conflict, noon+",t,ann,topup,100,approved", noon+",t,bob,topup,100,approved")
	f("3 = 0 accepted + 3 rejected + 0 duplicates; 0 repeats; 0 rows",
		noon+",t,ann,topup,100,approved", noon+",t,ann,topup,100,approved", noon+",t,ann,topup,200,approved")
	f("3 = 1 accepted + 2 rejected + 0 duplicates; 0 repeats; 1 rows",
		noon+",t,ann,topup,100,approved", noon+",u,ann,topup,100,approved", noon+",t,ann,topup,200,approved")
	// A row that is not understood contradicts nobody.
	f("2 = 1 accepted + 1 rejected + 0 duplicates; 0 repeats; 1 rows", noon+",t,ann,topup,100,approved", noon+",t,ann,topup,minus,approved")

	for _, pair := range [][2]string{
		{"topup,100", "payment,100"}, {"topup,100", "topup,101"}, {"topup,1,approved,m1", "topup,1,approved,m2"},
		{"topup,1,approved,m1,s1", "topup,1,approved,m2,s1"}, {"topup,1,approved,,s1", "topup,1,approved,,s2"},
		{"topup,1,approved,s1", "topup,1,approved,,s1"}, {"topup,1,approved,,,d1", "topup,1,approved,,,d2"},
		{"topup,1,approved,,,,s1", "topup,1,approved,,,,s2"}, {"topup,1,approved,,,,,192.0.2.1", "topup,1,approved,,,,,192.0.2.2"},
		{"topup,1,approved,,,,,,card", "topup,1,approved,,,,,,bank"}, {"topup,1,approved,,,,,,shells", "topup,1,approved,,,,,,beads"},
		{"topup,1,approved,,,,,,,t1", "topup,1,approved,,,,,,,t2"}, {"topup,1,approved,,,,,,,,f1", "topup,1,approved,,,,,,,,f2"},
		{"topup,1,approved,,,,,,,,,p1", "topup,1,approved,,,,,,,,,p2"}, {"topup,1,approved,,,,,,,,,,c1", "topup,1,approved,,,,,,,,,,c2"},
		{"topup,1,approved,,,,,,,,,,,k1", "topup,1,approved,,,,,,,,,,,k2"}, {"topup,1,approved,,,,,,,,,,,,o1", "topup,1,approved,,,,,,,,,,,,o2"},
		{"topup,1,approved,,,,,,,,,,,,,c1", "topup,1,approved,,,,,,,,,,,,,c2"},
		{"topup,1,approved,,,,,,,,f1", "topup,1,approved,,,,,,,,,f1"}, {"refund,1,approved,,,,,,,t1", "refund,1,approved,,,,,,,,t1"},
	} {
		for _, p := range pair {
			if strings.Count(p, ",") < 2 {
				p += ",approved"
			}
			f(duplicate, noon+",t,ann,"+p, noon+",t,ann,"+p)
		}
		if strings.Count(pair[0], ",") < 2 {
			pair[0], pair[1] = pair[0]+",approved", pair[1]+",approved"
		}
		f(conflict, noon+",t,ann,"+pair[0], one+",t,ann,"+pair[1])
	}
}

// TestOneRowTellsALife loads a transaction in any order of its rows.
func TestOneRowTellsALife(t *testing.T) {
	rows := []string{
		"2019-07-02T12:00:00Z,t,ann,topup,100,JPY,pending\n", "2019-07-02T12:00:05Z,t,ann,topup,100,JPY,approved\n",
		"2019-07-02T12:00:05Z,t,ann,topup,100,JPY,pending\n", "2019-07-04T00:00:00Z,t,ann,topup,100,JPY,declined\n",
	}
	for i := range rows {
		turned := slices.Concat(rows[i:], rows[:i])
		log := loaded(t, file{"x.csv", "event_time,txn_id,account_id,kind,amount,currency,status\n" + strings.Join(turned, ""), event.Payments})
		c := contentOf(log).Charges
		if len(c) != 1 || c[0].Status != event.Declined || c[0].Time != 1562068800_000_000 || log.Sources[0].Accepted != 4 {
			t.Errorf("%q: %+v", turned, c)
		}
		text, err := log.Text(t.Context(), []event.Pos{posOf(log)})
		if err != nil || text[0].Get(event.StatusWord) != "pending" || text[0].Line != int64(2+slices.Index(turned, rows[0])) {
			t.Errorf("%q: stands at %+v, %v", turned, text, err)
		}
	}
}

// posOf returns where the only row of a log stands.
func posOf(log *event.Log) event.Pos {
	for _, p := range partsOf(log) {
		for _, l := range p.Logins {
			return l.Pos
		}
		for _, c := range p.Charges {
			return c.Pos
		}
	}
	return 0
}

// TestConflictsNameEachOther reads contradicting rows from several files, with
// a quoted newline before one of them.
func TestConflictsNameEachOther(t *testing.T) {
	const header = "event_time,txn_id,account_id,kind,amount,category\n"
	a := file{"a.csv", header + "2019-07-02T12:00:00Z,t,ann,topup,100,\"two\nlines\"\n2019-07-02T12:00:00Z,u,ann,topup,100,\n", event.Payments}
	b := file{"b.csv", string(gzipOf(header + "2019-07-02T12:00:00Z,u,bob,topup,100,\n2019-07-02T12:00:01Z,u,ann,topup,100,\n")), event.Payments}
	log := loaded(t, a, b)
	checkLaw(t, log)
	var got []string
	for _, r := range log.Rejects {
		got = append(got, fmt.Sprintf("%s:%d %s %q: %s", log.Sources[r.Pos.Source()].Name, r.Line, r.Column, r.Raw, r.Others))
	}
	want := []string{
		`a.csv:4 txn_id "2019-07-02T12:00:00Z,u,ann,topup,100,": b.csv:2; b.csv:3`,
		`b.csv:2 txn_id "2019-07-02T12:00:00Z,u,bob,topup,100,": a.csv:4; b.csv:3`,
		`b.csv:3 txn_id "2019-07-02T12:00:01Z,u,ann,topup,100,": a.csv:4; b.csv:2`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestConflictsNameEightOthers(t *testing.T) {
	var rows strings.Builder
	for i := range 12 {
		fmt.Fprintf(&rows, "2019-07-02T12:00:00Z,t,ann,topup,%d\n", i)
	}
	log := loaded(t, file{"a.csv", "event_time,txn_id,account_id,kind,amount\n" + rows.String(), event.Payments})
	if got, want := log.Rejects[11].Others, "a.csv:2; a.csv:3; a.csv:4; a.csv:5; a.csv:6; a.csv:7; a.csv:8; a.csv:9; and 3 more"; len(log.Rejects) != 12 || got != want {
		t.Errorf("%d rejects, the last with others %q, want %q", len(log.Rejects), got, want)
	}
}

// TestManyRowsOfOneKindCostLinearTime loads files whose rows all have one id,
// lie in one account at one moment, or are all rejected. None of it may take
// more time than a moment.
func TestManyRowsOfOneKindCostLinearTime(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	const header = "event_time,txn_id,account_id,kind,amount,status\n"
	f := func(name, want string, row func(i int) string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			var rows strings.Builder
			for i := range n {
				rows.WriteString(row(i))
			}
			if got := fate(t, event.Payments, strings.TrimSuffix(header, "\n"), rows.String()); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	f("one life", fmt.Sprintf("%d = %d accepted + 0 rejected + 0 duplicates; 0 repeats; 1 rows", n, n), func(i int) string {
		return fmt.Sprintf("2019-07-02T12:00:00.%06dZ,t,ann,topup,100,approved\n", i)
	})
	f("one duplicate", fmt.Sprintf("%d = 1 accepted + 0 rejected + %d duplicates; 0 repeats; 1 rows", n, n-1), func(i int) string {
		return "2019-07-02T12:00:00Z,t,ann,topup,100,approved\n"
	})
	f("one account", fmt.Sprintf("%d = %d accepted + 0 rejected + 0 duplicates; 0 repeats; %d rows", n, n, n), func(i int) string {
		return fmt.Sprintf("2019-07-02T12:00:00Z,t%d,ann,topup,100,approved\n", i)
	})
	f("all rejected", fmt.Sprintf("%d = 0 accepted + %d rejected + 0 duplicates; 0 repeats; 0 rows", n, n), func(i int) string {
		return ",,\n"
	})
	f("one conflict", fmt.Sprintf("%d = 0 accepted + %d rejected + 0 duplicates; 0 repeats; 0 rows", n, n), func(i int) string {
		return fmt.Sprintf("2019-07-02T12:00:00Z,t,ann,topup,%d,approved\n", i%2)
	})
}
