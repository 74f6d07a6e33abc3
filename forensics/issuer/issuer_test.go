package issuer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/issuer"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

var yen = money.MustCurrency("JPY")

func day(t testing.TB, text string) calendar.Day {
	t.Helper()
	d, ok := calendar.ParseDay(text)
	if !ok {
		t.Fatalf("%q is no day", text)
	}
	return d
}

func TestDeadline(t *testing.T) {
	for _, tc := range []struct {
		cutoff        issuer.Cutoff
		charged, want string
	}{
		{10, "2019-07-03", "2019-07-10"},
		{10, "2019-07-10", "2019-07-10"},
		{10, "2019-07-11", "2019-08-10"},
		{15, "2019-12-20", "2020-01-15"},
		{31, "2019-02-10", "2019-02-28"},
		{31, "2020-02-10", "2020-02-29"},
		{31, "2019-04-30", "2019-04-30"},
		{30, "2019-01-31", "2019-02-28"},
		{31, "2019-12-31", "2019-12-31"},
	} {
		if got := tc.cutoff.Deadline(day(t, tc.charged)); got != day(t, tc.want) {
			t.Errorf("cut-off %d, charged %s: %s, want %s", tc.cutoff, tc.charged, got, tc.want)
		}
	}
	for text, want := range map[string]issuer.Cutoff{"1": 1, "31": 31, "end": 31, "05": 5} {
		if c, ok := issuer.ParseCutoff(text); !ok || c != want {
			t.Errorf("%q is %d, %t", text, c, ok)
		}
	}
	for _, text := range []string{"", "0", "32", "-1", "1.5", "100", "End", "１"} {
		if c, ok := issuer.ParseCutoff(text); ok {
			t.Errorf("%q is %d", text, c)
		}
	}
}

func TestMapping(t *testing.T) {
	var m issuer.Mapping
	for _, r := range [][2]string{{"tok_1", "one"}, {"tok_*", "tokens"}, {"tok_long*", "long"}} {
		if !m.Add(r[0], r[1]) {
			t.Fatal(r)
		}
	}
	if m.Add("tok_*", "others") {
		t.Error("two issuers for one prefix")
	}
	m.Add("tok_*", "tokens")
	for ref, want := range map[string]string{"tok_1": "one", "tok_12": "tokens", "tok_longer": "long", "411111******1111": "bin-411111", "41111": "unknown", "": "unknown", "x": "unknown"} {
		if got := m.Of(ref); got != want {
			t.Errorf("%q: %s, want %s", ref, got, want)
		}
	}
	for ref, want := range map[string]string{"": "", "short": "*****", "tok_abcd1234": "****1234", "411111******1111": "****1111", "ab\xffcdefgh": "****efgh"} {
		if got := issuer.Mask(ref); got != want {
			t.Errorf("mask of %q: %s, want %s", ref, got, want)
		}
	}
}

func line(id string, ch refund.Channel, st refund.Status, ref string, amount int64) ledger.Line {
	return ledger.Line{ID: id, Account: "a", Txns: []string{"t" + id}, Component: refund.InstrumentRefund, Channel: ch, Status: st,
		FundingRef: ref, Amount: amount, Payable: amount, Currency: yen}
}

func TestDraw(t *testing.T) {
	charged := day(t, "2019-07-03").Start(time.UTC)
	lines := []ledger.Line{
		line("1", refund.Card, refund.Open, "tok_abcdefgh", 100),
		line("2", refund.Card, refund.Held, "visa1", 200),
		line("3", refund.Debit, refund.Open, "visa1", 300),
		line("4", refund.Card, refund.NeedsDecision, "visa1", 400),
		line("5", refund.Card, refund.Exception, "visa1", 500),
		line("6", refund.Card, refund.Closed, "visa1", 0),
		line("7", refund.Card, refund.Open, "other", 700),
		line("8", refund.Card, refund.Open, "visa1", 800),
		{ID: "9", Component: refund.BalanceRestore, Amount: 900, Payable: 900, Currency: yen},
	}
	lines[7].Txns = []string{"gone"}
	o := issuer.Options{Zone: time.UTC, On: day(t, "2019-07-10"), ChargedAt: func(_, txn string) int64 {
		if txn == "gone" {
			return 0
		}
		return charged
	}}
	o.Issuers.Add("visa*", "visa")
	o.Issuers.Add("other", "other")
	o.Terms.ByIssuer = map[string]issuer.Cutoff{"visa": 10, issuer.Unknown: 5}
	all := issuer.Draw(lines, o)
	var got []string
	for _, r := range all {
		got = append(got, fmt.Sprintf("%s %s %s %s", r.ID, r.Issuer, r.State, r.Deadline))
	}
	want := []string{"7 other no_cutoff 1970-01-01", "1 unknown too_late 2019-07-05", "3 visa not_billed 1970-01-01", "8 visa no_time 1970-01-01",
		"2 visa to_stop 2019-07-10", "4 visa undecided 2019-07-10", "5 visa exception 2019-07-10"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	totals, err := issuer.Sum(all)
	if err != nil || len(totals) != 1 || totals[0].Amount != 3000 || totals[0].ByState[issuer.ToStop] != (issuer.Part{Lines: 1, Amount: 200}) {
		t.Errorf("%+v %v", totals, err)
	}
}

func TestSettle(t *testing.T) {
	requests := []issuer.Request{{ID: "a", Amount: 100, Currency: yen}, {ID: "b", Amount: 100, Currency: yen}, {ID: "c", Amount: 100, Currency: yen},
		{ID: "d", Amount: 100, Currency: yen}, {ID: "e", Amount: 100, Currency: yen}, {ID: "late", Amount: 5, Currency: yen, State: issuer.TooLate}}
	on := day(t, "2019-07-10")
	r, err := issuer.Settle(requests, []issuer.Answer{
		{ID: "a", Word: issuer.Stopped, On: on, Line: 2},
		{ID: "a", Word: issuer.Stopped, On: on, Line: 3},
		{ID: "b", Word: issuer.Credited, Amount: 40, On: on, Line: 4},
		{ID: "b", Word: issuer.AlreadyBilled, Amount: 60, On: on, Line: 5},
		{ID: "c", Word: issuer.Stopped, Amount: 60, On: on, Line: 6},
		{ID: "c", Word: issuer.Credited, Amount: 60, On: on, Line: 7},
		{ID: "d", Word: issuer.Refused, On: on, Line: 8},
		{ID: "late", Word: issuer.Stopped, On: on, Line: 9},
		{ID: "x", Word: issuer.Stopped, On: on, Line: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range r.Settled {
		got = append(got, fmt.Sprintf("%s %d %s", s.ID, s.Returned, s.Last))
	}
	for _, p := range r.Problems {
		got = append(got, fmt.Sprintf("%d: %s", p.Line, p.Why))
	}
	want := []string{"a 100 unanswered", "b 40 already_billed", "c 0 unanswered", "d 0 refused", "e 0 unanswered",
		"3: says what an earlier row says", "6: the answers come to more than the 100 that were asked for", "7: the answers come to more than the 100 that were asked for",
		"9: was not asked for", "10: was not asked for"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if t1 := r.Totals[0]; t1.Asked.Amount != 500 || t1.ByWord[issuer.Unanswered].Amount != 200 || t1.ByWord[issuer.Refused].Amount != 100 || t1.ByWord[issuer.Stopped].Amount != 100 {
		t.Errorf("%+v", r.Totals)
	}
}

// TestSettleLaws: whatever is answered, no request gives back more than was asked
// for, every answer is counted or a problem, and all adds up.
func TestSettleLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	counted := 0
	for range 10_000 {
		var requests []issuer.Request
		var answers []issuer.Answer
		for i := range rng.IntN(5) {
			requests = append(requests, issuer.Request{ID: fmt.Sprint(i), Amount: 1 + int64(rng.IntN(200)), Currency: yen, State: issuer.State(rng.IntN(2))})
		}
		for i := range rng.IntN(8) {
			answers = append(answers, issuer.Answer{ID: fmt.Sprint(rng.IntN(5)), Word: issuer.Word(1 + rng.IntN(4)), Amount: int64(rng.IntN(4)) * 40, Line: int64(i)})
		}
		r, err := issuer.Settle(requests, answers)
		if err != nil {
			t.Fatal(err)
		}
		parts := 0
		for _, s := range r.Settled {
			parts += len(s.Parts)
			var sum int64
			for _, a := range s.Parts {
				if a.Word.Gives() {
					sum += a.Amount
				}
			}
			if s.Returned < 0 || s.Returned > s.Amount || s.Returned != sum {
				t.Fatalf("%+v", s)
			}
		}
		if parts+len(r.Problems) != len(answers) {
			t.Fatalf("%d parts and %d problems of %d answers", parts, len(r.Problems), len(answers))
		}
		counted += parts
	}
	if counted < 2000 {
		t.Errorf("only %d answers were counted", counted)
	}
	if _, err := issuer.Settle([]issuer.Request{{ID: "a"}, {ID: "a"}}, nil); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
}
