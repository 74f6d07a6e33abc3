package ledger

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var yen, dollar = money.MustCurrency("JPY"), money.MustCurrency("USD")

const day = microsPerDay

// line makes a line of one charge to a card.
func line(id, account, txns string, amount int64) Line {
	return Line{ID: id, Account: account, Txns: strings.Split(txns, ";"), Component: refund.InstrumentRefund, Channel: refund.Card,
		Gross: amount, Amount: amount, Payable: amount, Currency: yen, Tier: takeover.Confirmed, Status: refund.Open, ChargedAt: 100 * day}
}

// wallet makes a line of a wallet.
func wallet(id, account, txns string, amount int64) Line {
	l := line(id, account, txns, amount)
	if l.Component, l.Channel = refund.BalanceRestore, refund.Balance; amount < 0 {
		l.Component = refund.BalanceClawback
	}
	return l
}

// A case names charges by ids that start with t or p; others came back.
func isCharge(_, txn string) bool { return strings.HasPrefix(txn, "t") || strings.HasPrefix(txn, "p") }

// outcome is a line after netting, in short.
func outcome(l *Line) string {
	s := fmt.Sprintf("%s %d %d %s", l.ID, l.Earlier, l.Payable, l.Status)
	if len(l.Reasons) > 0 {
		s += " " + strings.Join(l.Reasons, ";")
	}
	return s
}

func TestNet(t *testing.T) {
	tests := []struct {
		name    string
		lines   []Line
		earlier []Earlier
		want    []string // lines that changed
		left    []string // unmatched payments and why
	}{
		{"an earlier ledger", []Line{line("id1", "a", "t1", 1000), line("id2", "a", "t2", 500)},
			[]Earlier{{RefundID: "id1", Account: "a", Currency: yen, Amount: 1000}},
			[]string{"id1 1000 0 closed paid_before"}, nil},
		{"a name with a sequence", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: 300}, {RefundID: "id1-2", Currency: yen, Amount: 200}},
			[]string{"id1 500 500 open paid_before"}, nil},
		{"the line has grown", []Line{line("id1", "a", "t1", 1500)},
			[]Earlier{{RefundID: "id1", Account: "a", Currency: yen, Amount: 1000}},
			[]string{"id1 1000 500 open paid_before"}, nil},
		{"a chain of ledgers", []Line{line("id1", "a", "t1", 1600)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: 1000}, {RefundID: "id1", Currency: yen, Amount: 500, Before: 1000}},
			[]string{"id1 1500 100 open paid_before"}, nil},
		{"only the last of a chain", []Line{line("id1", "a", "t1", 1600)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: 500, Before: 1000}},
			[]string{"id1 1500 100 open paid_before"}, nil},
		{"the ledger and what it was netted with", []Line{line("id1", "a", "t1", 1600)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: 500, Before: 1000}, {Txn: "re1", Original: "t1", Currency: yen, Amount: 1000}},
			[]string{"id1 1500 100 open paid_before"}, nil},
		{"two ledgers that knew nothing of each other", []Line{line("id1", "a", "t1", 1500)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: 1000}, {RefundID: "id1", Currency: yen, Amount: 1500}},
			[]string{"id1 2500 -1000 exception paid_before;over_refunded"}, nil},
		{"partial refunds add up", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 300}, {Txn: "re2", Original: "t1", Currency: yen, Amount: 300}},
			[]string{"id1 600 400 open paid_before"}, nil},
		{"a provider that names the charge alone", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "t1", Currency: yen, Amount: 300}},
			[]string{"id1 300 700 open paid_before"}, nil},
		{"over-refund", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 1001}},
			[]string{"id1 1001 -1 exception paid_before;over_refunded"}, nil},
		{"paid, and nothing is owed", []Line{line("id1", "a", "t1", 0)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 5}},
			[]string{"id1 5 -5 exception paid_before;over_refunded"}, nil},
		{"a claw-back that was taken", []Line{wallet("id1", "a", "t1;p1", -4000)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: -4000}},
			[]string{"id1 -4000 0 closed paid_before"}, nil},
		{"too much was taken back", []Line{wallet("id1", "a", "t1;p1", -4000)},
			[]Earlier{{RefundID: "id1", Currency: yen, Amount: -5000, Before: -1000}},
			[]string{"id1 -6000 2000 exception paid_before;over_refunded"}, nil},
		{"the log has it", []Line{line("id1", "a", "t1;re1", 700), wallet("id2", "a", "t1;re1", -10)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 300}}, nil, []string{"re1 in_log"}},
		{"the log has one of two", []Line{line("id1", "a", "t1;re1", 700)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 300}, {Txn: "re2", Original: "t1", Currency: yen, Amount: 100}},
			[]string{"id1 100 600 open paid_before"}, []string{"re1 in_log"}},
		{"the log could not lay it against a charge",
			[]Line{line("id1", "a", "t1", 700), {ID: "id2", Account: "a", Txns: []string{"re1"}, Component: refund.UnmatchedReturn, Currency: yen, Status: refund.Exception}},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 300}},
			[]string{"id1 300 400 open paid_before"}, nil},
		{"a balance that was restored", []Line{line("id1", "a", "t1", 1000), wallet("id2", "a", "t1;p1;p2", 600)},
			[]Earlier{{Txn: "re1", Original: "p2", Currency: yen, Amount: 200}},
			[]string{"id2 200 400 open paid_before"}, nil},
		{"no claw-back is made smaller by a refund of what was spent", []Line{line("id1", "a", "t1", 1000), wallet("id2", "a", "t1;p1", -600)},
			[]Earlier{{Txn: "re1", Original: "p1", Currency: yen, Amount: 200}}, nil, []string{"re1 not_in_ledger"}},
		{"another account", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Original: "t1", Account: "b", Currency: yen, Amount: 200}, {RefundID: "id1", Account: "c", Currency: yen, Amount: 5}},
			nil, []string{"re1 account_differs", "id1 account_differs"}},
		{"another currency", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: dollar, Amount: 200}}, nil, []string{"re1 currency_differs"}},
		{"a charge that the case does not name", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Original: "t9", Account: "a", At: 101 * day, Currency: yen, Amount: 1000}}, nil, []string{"re1 not_in_ledger"}},
		{"by rule", []Line{line("id1", "a", "t1", 1000), line("id2", "b", "t2", 1000)},
			[]Earlier{{Txn: "re1", Account: "a", At: 101 * day, Currency: yen, Amount: 1000}},
			[]string{"id1 1000 0 closed paid_before_by_rule;paid_before"}, nil},
		{"by rule, too late", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Account: "a", At: 111 * day, Currency: yen, Amount: 1000}}, nil, []string{"re1 no_candidate"}},
		{"by rule, on the last day", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Account: "a", At: 110 * day, Currency: yen, Amount: 1000}},
			[]string{"id1 1000 0 closed paid_before_by_rule;paid_before"}, nil},
		{"by rule, before the charge", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Account: "a", At: 100*day - 1, Currency: yen, Amount: 1000}}, nil, []string{" no_candidate"}},
		{"by rule, two lines", []Line{line("id1", "a", "t1", 1000), line("id2", "a", "t2", 1000)},
			[]Earlier{{Account: "a", At: 101 * day, Currency: yen, Amount: 1000}}, nil, []string{" ambiguous"}},
		{"by rule, two payments", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Account: "a", At: 101 * day, Currency: yen, Amount: 1000}, {Account: "a", At: 102 * day, Currency: yen, Amount: 1000}},
			nil, []string{" ambiguous", " ambiguous"}},
		{"by rule, what an id has left", []Line{line("id1", "a", "t1", 1000), line("id2", "a", "t2", 1000)},
			[]Earlier{{Account: "a", At: 101 * day, Currency: yen, Amount: 1000}, {RefundID: "id2", Currency: yen, Amount: 100}},
			[]string{"id1 1000 0 closed paid_before_by_rule;paid_before", "id2 100 900 open paid_before"}, nil},
		{"nothing to go by", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "x", Currency: yen, Amount: 1000}}, nil, []string{"x nothing_to_go_by"}},
		{"on its way", []Line{line("id1", "a", "t1", 1000)},
			[]Earlier{{Txn: "re1", Original: "t1", Currency: yen, Amount: 400, Pending: true}},
			[]string{"id1 0 1000 held earlier_pending"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines := cloned(tt.lines)
			n, err := Net(lines, tt.earlier, 10, isCharge)
			if err != nil {
				t.Fatal(err)
			}
			var got, left []string
			for i := range lines {
				if n.HasPaid[i] {
					got = append(got, outcome(&lines[i]))
				} else if d := cmp.Diff(tt.lines[i], lines[i]); d != "" {
					t.Errorf("a line that nothing was paid for differs:\n%s", d)
				}
			}
			for _, u := range n.Unmatched {
				left = append(left, u.ID+" "+u.Why)
			}
			slices.Sort(left)
			slices.Sort(tt.left)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("lines differ:\n%s", d)
			}
			if d := cmp.Diff(tt.left, left); d != "" {
				t.Errorf("unmatched differ:\n%s", d)
			}
		})
	}
}

func TestNetOverflow(t *testing.T) {
	for _, e := range [][]Earlier{
		{{RefundID: "id1", Currency: yen, Amount: math.MaxInt64}, {RefundID: "id1", Currency: yen, Amount: 1}},
		{{RefundID: "id1", Currency: yen, Amount: math.MinInt64}},
		{{RefundID: "id1", Currency: yen, Amount: math.MaxInt64, Before: math.MaxInt64}},
	} {
		if _, err := Net([]Line{line("id1", "a", "t1", 1000)}, e, 10, isCharge); err == nil {
			t.Errorf("%+v: no error", e)
		}
	}
}

func cloned(lines []Line) []Line {
	out := slices.Clone(lines)
	for i := range out {
		out[i].Reasons = slices.Clone(out[i].Reasons)
	}
	return out
}

// someCase returns a case of a few accounts whose amounts and times collide.
func someCase(r *rand.Rand) (lines []Line, earlier []Earlier) {
	for a := range 1 + r.IntN(4) {
		account := string(rune('a' + a))
		for k := range 1 + r.IntN(4) {
			txn := fmt.Sprintf("t%d%d", a, k)
			l := line("id"+txn, account, txn, int64(100*r.IntN(4)))
			l.ChargedAt = int64(100+r.IntN(5)) * day
			if r.IntN(3) == 0 {
				l.Txns = append(l.Txns, "r"+txn)
			}
			if r.IntN(4) == 0 {
				l.Currency = dollar
			}
			lines = append(lines, l)
		}
		lines = append(lines, wallet("idw"+account, account, fmt.Sprintf("t%d0;p%d", a, a), int64(100*(r.IntN(6)-3))))
	}
	pick := func() *Line { return &lines[r.IntN(len(lines))] }
	for range r.IntN(12) {
		e := Earlier{Currency: yen, Amount: int64(100 * (1 + r.IntN(3))), At: int64(98+r.IntN(20)) * day, Source: string(rune('x' + r.IntN(3))), Pending: r.IntN(6) == 0}
		l := pick()
		switch r.IntN(6) {
		case 0:
			e.RefundID, e.Before = Name(l.ID, 1+r.IntN(3)), int64(100*r.IntN(3))
		case 1:
			e.Txn, e.Original = fmt.Sprintf("x%d", r.IntN(20)), l.Txns[0]
		case 2:
			e.Txn, e.Original = l.Txns[len(l.Txns)-1], l.Txns[0]
		case 3:
			e.Txn, e.Original = "x", "t99"
		}
		if r.IntN(2) == 0 {
			e.Account = pick().Account
		}
		earlier = append(earlier, e)
	}
	return lines, earlier
}

// Whatever is given in whatever order, the same comes out; every payment is
// either for one line or unmatched; every line adds up; and nothing is paid out
// that is not owed.
func TestNetProperties(t *testing.T) {
	rules := map[string]int{}
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 5))
		lines, earlier := someCase(r)
		got := cloned(lines)
		n, err := Net(got, earlier, 10, isCharge)
		if err != nil {
			t.Fatal(err)
		}
		checkNetting(t, lines, got, earlier, n)
		for _, m := range n.Matches {
			rules[m.By]++
		}
		other, again := slices.Clone(earlier), cloned(lines)
		rand.New(rand.NewPCG(seed, 6)).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		n2, err := Net(again, other, 10, isCharge)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, again) {
			t.Fatalf("seed %d: the order of earlier payments changes lines:\n%s", seed, cmp.Diff(got, again))
		}
		if !reflect.DeepEqual(n.Unmatched, n2.Unmatched) {
			t.Fatalf("seed %d: the order of earlier payments changes what is unmatched:\n%s", seed, cmp.Diff(n.Unmatched, n2.Unmatched))
		}
		// Nor does the order of lines.
		slices.Reverse(again)
		reversed := cloned(lines)
		slices.Reverse(reversed)
		if _, err := Net(reversed, earlier, 10, isCharge); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, reversed) {
			t.Fatalf("seed %d: the order of lines changes them:\n%s", seed, cmp.Diff(again, reversed))
		}
	}
	for _, by := range []string{ByRefundID, ByTxn, ByRule} {
		if rules[by] < 100 {
			t.Errorf("only %d payments found their line by %s", rules[by], by)
		}
	}
}

func checkNetting(t *testing.T, before, after []Line, earlier []Earlier, n *Netting) {
	t.Helper()
	used := make([]int, len(earlier))
	sums := make([]int64, len(after))
	for _, m := range n.Matches {
		e, l := &earlier[m.Earlier], &after[m.Line]
		used[m.Earlier]++
		if e.Currency != l.Currency || e.Account != "" && e.Account != l.Account {
			t.Fatalf("%+v is laid against %+v", e, l)
		}
		if !e.Pending {
			sums[m.Line] += e.Amount
		}
	}
	for i, times := range used {
		if times > 1 {
			t.Fatalf("%+v is used %d times", earlier[i], times)
		}
	}
	if len(n.Matches)+len(n.Unmatched) != len(earlier) {
		t.Fatalf("%d matched and %d unmatched of %d", len(n.Matches), len(n.Unmatched), len(earlier))
	}
	for i := range after {
		l := &after[i]
		switch {
		case l.Amount != before[i].Amount || l.Gross != before[i].Gross || l.Returned != before[i].Returned:
			t.Fatalf("a figure of the case changed: %+v", l)
		case l.Payable != l.Amount-l.Earlier:
			t.Fatalf("does not add up: %+v", l)
		case l.Earlier < sums[i]:
			t.Fatalf("%d was paid, but: %+v", sums[i], l)
		case l.Action() == Pay && (l.Amount <= 0 || l.Payable > l.Amount && l.Earlier >= 0),
			l.Action() == TakeBack && l.Amount >= 0:
			t.Fatalf("is not owed: %+v", l)
		}
	}
}
