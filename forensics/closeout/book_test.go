package closeout_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/closeout"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

var (
	yen = money.MustCurrency("JPY")
	usd = money.MustCurrency("USD")
	pts = money.MustCurrency("PTS")
)

func window(t testing.TB) closeout.Window {
	t.Helper()
	w, err := closeout.NewWindow(day(t, "2019-09-30"), 0, 0, 102, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func at(t testing.TB, text string) int64 {
	t.Helper()
	m, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return m.UnixMicro()
}

func id(account string, c money.Currency) string { return account + "/" + c.String() }

func draw(t testing.TB, in closeout.Input) *closeout.Book {
	t.Helper()
	in.ID = id
	b, err := closeout.Draw(in)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// text writes the lines of a book, one a row.
func text(b *closeout.Book) string {
	var s strings.Builder
	for _, l := range b.Lines {
		fmt.Fprintf(&s, "%s %s balance %d aside %d due %d %s paid %d payable %d differs %d [%s]\n", l.Account, l.Currency, l.Balance,
			l.SetAside, l.Due, l.State, l.Paid, l.Payable, l.Difference, l.Reasons)
	}
	return s.String()
}

func rolled(balance int64) *closeout.Rolled { return &closeout.Rolled{Balance: balance, Rows: 1} }

func TestBook(t *testing.T) {
	first := day(t, "2019-10-01")
	early, inTime, late := at(t, "2019-09-29T12:00:00Z"), at(t, "2019-10-05T12:00:00Z"), at(t, "2020-01-11T00:00:00Z")
	tests := []struct {
		name string
		in   closeout.Input
		want string
	}{
		{"unclaimed", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}}},
			"a JPY balance 500 aside 0 due 500 unclaimed paid 0 payable 0 differs 0 []\n"},
		{"claimed and checked", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}},
			"a JPY balance 500 aside 0 due 500 claimed paid 0 payable 500 differs 0 []\n"},
		{"early is in time", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: early, Check: closeout.Passed}}},
			"a JPY balance 500 aside 0 due 500 claimed paid 0 payable 500 differs 0 []\n"},
		{"not checked yet", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: inTime}}},
			"a JPY balance 500 aside 0 due 500 claimed paid 0 payable 0 differs 0 [payee_unchecked]\n"},
		{"the last check counts", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: late, Check: closeout.Passed, Line: 3}, {Account: "a", At: inTime, Check: closeout.Failed, Line: 2}}},
			"a JPY balance 500 aside 0 due 500 claimed paid 0 payable 500 differs 0 [claimed_again]\n"},
		{"late", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: late, Check: closeout.Passed}}},
			"a JPY balance 500 aside 0 due 500 late paid 0 payable 0 differs 0 []\n"},
		{"late, and paid all the same", closeout.Input{PayLate: true, Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: late, Check: closeout.Passed}}},
			"a JPY balance 500 aside 0 due 500 late paid 0 payable 500 differs 0 []\n"},
		{"fraud is set aside", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(4500)}},
			Aside: []closeout.Aside{{Account: "a", Currency: yen, Amount: 4000}}, Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}},
			"a JPY balance 4500 aside 4000 due 500 claimed paid 0 payable 500 differs 0 [fraud_set_aside]\n"},
		{"of fraud that is spent, what is there", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Aside: []closeout.Aside{{Account: "a", Currency: yen, Amount: 4000, Possible: true}}, Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}},
			"a JPY balance 500 aside 500 due 0 claimed paid 0 payable 0 differs 0 [fraud_set_aside;fraud_undecided;fraud_gone]\n"},
		{"negative", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: &closeout.Rolled{Balance: -5, Lowest: -5}}},
			Aside: []closeout.Aside{{Account: "a", Currency: yen, Amount: 4000}}, Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}},
			"a JPY balance -5 aside 0 due -5 exception paid 0 payable 0 differs 0 [negative;below_zero;fraud_set_aside]\n"},
		{"below zero on the way", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: &closeout.Rolled{Balance: 5, Lowest: -5}}}},
			"a JPY balance 5 aside 0 due 5 exception paid 0 payable 0 differs 0 [below_zero]\n"},
		{"an opening covers it", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Opening: 5, Rolled: &closeout.Rolled{Balance: 5, Lowest: -5}}}},
			"a JPY balance 10 aside 0 due 10 unclaimed paid 0 payable 0 differs 0 []\n"},
		{"pending", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: &closeout.Rolled{Balance: 5, Pending: 5, Unsettled: 1}}}},
			"a JPY balance 5 aside 0 due 5 exception paid 0 payable 0 differs 0 [pending]\n"},
		{"points", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: pts, Rolled: rolled(7)}, {Name: "a", Currency: yen, Rolled: rolled(8)}},
			Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}},
			"a JPY balance 8 aside 0 due 8 claimed paid 0 payable 8 differs 0 []\n" +
				"a PTS balance 7 aside 0 due 7 points paid 0 payable 0 differs 0 [points_unit]\n"},
		{"points asked for", closeout.Input{Points: true, Accounts: []closeout.Account{{Name: "a", Currency: pts, Rolled: rolled(7)}}},
			"a PTS balance 7 aside 0 due 7 unclaimed paid 0 payable 0 differs 0 []\n"},
		{"paid once", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}, Paid: []closeout.Paid{{Account: "a", Currency: yen, Amount: 500, On: first}}},
			"a JPY balance 500 aside 0 due 500 claimed paid 500 payable 0 differs 0 [paid_before]\n"},
		{"the balance grew", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(700)}},
			Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}, Paid: []closeout.Paid{{Account: "a", Currency: yen, Amount: 500, On: first}}},
			"a JPY balance 700 aside 0 due 700 claimed paid 500 payable 200 differs 0 [paid_before]\n"},
		{"paid too much", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(300)}},
			Claims: []closeout.Claim{{Account: "a", At: inTime, Check: closeout.Passed}}, Paid: []closeout.Paid{{Account: "a", Currency: yen, Amount: 500, On: first}}},
			"a JPY balance 300 aside 0 due 300 exception paid 500 payable 0 differs 0 [paid_before;overpaid]\n"},
		{"paid, and the claim is gone", closeout.Input{Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(500)}},
			Paid: []closeout.Paid{{Account: "a", Currency: yen, Amount: 200, On: first}}},
			"a JPY balance 500 aside 0 due 500 claimed paid 200 payable 0 differs 0 [claim_not_listed;paid_before]\n"},
		{"paid to nobody", closeout.Input{Paid: []closeout.Paid{{Account: "x", Currency: yen, Amount: 200, On: first}}},
			"x JPY balance 0 aside 0 due 0 exception paid 200 payable 0 differs 0 [paid_before;paid_without_balance]\n"},
		{"exports", closeout.Input{Export: true, Accounts: []closeout.Account{
			{Name: "a", Currency: yen, Rolled: rolled(500), Listed: true, Exported: 500},
			{Name: "b", Currency: yen, Rolled: &closeout.Rolled{Balance: 500, Lowest: -50}, Listed: true, Exported: 600},
			{Name: "c", Currency: yen, Rolled: rolled(500), Listed: true, Exported: 400},
			{Name: "d", Currency: yen, Rolled: rolled(500)},
			{Name: "e", Currency: yen, Listed: true, Exported: 100},
			{Name: "f", Currency: yen, Rolled: &closeout.Rolled{Balance: 500, Pending: 200, Unsettled: 1}, Listed: true, Exported: 300},
			{Name: "g", Currency: yen, Rolled: &closeout.Rolled{Balance: 500, Loose: 20, Returns: 1}, Listed: true, Exported: 520},
			{Name: "h", Currency: yen, Rolled: rolled(0)},
		}},
			"a JPY balance 500 aside 0 due 500 unclaimed paid 0 payable 0 differs 0 []\n" +
				"b JPY balance 600 aside 0 due 600 unclaimed paid 0 payable 0 differs 100 [held_before_log]\n" +
				"c JPY balance 400 aside 0 due 400 unclaimed paid 0 payable 0 differs -100 [unexplained]\n" +
				"d JPY balance 500 aside 0 due 500 exception paid 0 payable 0 differs -500 [not_in_export]\n" +
				"e JPY balance 100 aside 0 due 100 unclaimed paid 0 payable 0 differs 100 [not_in_log]\n" +
				"f JPY balance 300 aside 0 due 300 unclaimed paid 0 payable 0 differs -200 [pending_left_out]\n" +
				"g JPY balance 520 aside 0 due 520 unclaimed paid 0 payable 0 differs 20 [return_left_out]\n"},
	}
	for _, tc := range tests {
		tc.in.Window = window(t)
		if d := cmp.Diff(tc.want, text(draw(t, tc.in))); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

func TestOutcomes(t *testing.T) {
	b := draw(t, closeout.Input{Window: window(t), Accounts: []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(5)}, {Name: "z", Currency: yen, Rolled: rolled(0)}},
		Claims: []closeout.Claim{{Account: "z", At: at(t, "2019-10-02T00:00:00Z")}, {Account: "a", At: at(t, "2020-02-01T00:00:00Z")},
			{Account: "a", At: at(t, "2019-09-01T00:00:00Z")}, {Account: "who", At: at(t, "2019-10-02T00:00:00Z")}}})
	var got []string
	for _, c := range b.Claims {
		got = append(got, c.Account+" "+c.Outcome.String())
	}
	if d := cmp.Diff([]string{"a early", "a again", "who unknown_account", "z nothing_left"}, got); d != "" {
		t.Error(d)
	}
}

func TestDrawRefuses(t *testing.T) {
	in := closeout.Input{Window: window(t), ID: id, Accounts: []closeout.Account{{Name: "a", Currency: yen}, {Name: "a", Currency: yen}}}
	if _, err := closeout.Draw(in); err == nil || !strings.Contains(err.Error(), "two balances") {
		t.Error(err)
	}
	in.Accounts = []closeout.Account{{Name: "a", Currency: yen, Rolled: rolled(math.MaxInt64)}, {Name: "b", Currency: yen, Rolled: rolled(1)}}
	if _, err := closeout.Draw(in); !errors.Is(err, money.ErrOverflow) {
		t.Error(err)
	}
}

// TestLaws draws up random books: every unit stands in one place, nothing fraudulent
// or unchecked is payable, nothing is paid twice, and order does not matter.
func TestLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := window(t)
	payable := 0
	for seed := range 10_000 {
		in := random(rng, w)
		b := draw(t, in)
		var paid int64
		for _, p := range in.Paid {
			paid += p.Amount
		}
		for _, l := range b.Lines {
			if l.Balance != l.SetAside+l.Due || l.SetAside < 0 || l.Payable < 0 || l.State == closeout.Exception && l.SetAside != 0 && !l.Reasons.Has(closeout.Overpaid) {
				t.Fatalf("seed %d: %+v", seed, l)
			}
			if l.Payable > 0 {
				payable++
				if l.Paid+l.Payable != l.Due || l.State != closeout.Claimed && !in.PayLate {
					t.Fatalf("seed %d: %+v", seed, l)
				}
			}
			paid -= l.Paid
		}
		if paid != 0 {
			t.Fatalf("seed %d: %d paid in no line", seed, paid)
		}
		for i := range in.Accounts {
			j := rng.IntN(i + 1)
			in.Accounts[i], in.Accounts[j] = in.Accounts[j], in.Accounts[i]
		}
		slices.Reverse(in.Claims)
		slices.Reverse(in.Aside)
		if again := draw(t, in); text(again) != text(b) || !cmp.Equal(again.Totals, b.Totals) || !cmp.Equal(again.Days, b.Days) {
			t.Fatalf("seed %d: another order, another book", seed)
		}
		// Paid now, nothing is left tomorrow.
		for _, l := range b.Lines {
			if l.Payable > 0 {
				in.Paid = append(in.Paid, closeout.Paid{Account: l.Account, Currency: l.Currency, Amount: l.Payable, On: w.Last})
			}
		}
		for _, l := range draw(t, in).Lines {
			if l.Payable != 0 {
				t.Fatalf("seed %d: paid twice: %+v", seed, l)
			}
		}
	}
	if payable < 1000 {
		t.Errorf("only %d lines were payable", payable)
	}
}

func random(rng *rand.Rand, w closeout.Window) closeout.Input {
	in := closeout.Input{Window: w, Export: rng.IntN(2) == 0, Points: rng.IntN(3) == 0, PayLate: rng.IntN(3) == 0}
	currencies := []money.Currency{yen, usd, pts}
	n := rng.IntN(8)
	for i := range n {
		name, c := string(rune('a'+i)), currencies[rng.IntN(3)]
		a := closeout.Account{Name: name, Currency: c, Opening: int64(rng.IntN(2) * 100)}
		if rng.IntN(5) > 0 {
			a.Rolled = &closeout.Rolled{Balance: int64(rng.IntN(1000)) - 50, Lowest: -int64(rng.IntN(8) / 7 * 100), Unsettled: int64(rng.IntN(9) / 8)}
		}
		if in.Export && rng.IntN(5) > 0 {
			a.Listed, a.Exported = true, int64(rng.IntN(1000))-20
			if a.Rolled != nil && rng.IntN(2) == 0 {
				a.Exported = a.Opening + a.Rolled.Balance
			}
		}
		in.Accounts = append(in.Accounts, a)
		for range rng.IntN(3) {
			in.Claims = append(in.Claims, closeout.Claim{Account: name, At: (w.First - 5).Start(time.UTC) + rng.Int64N(120*24*3600)*1e6, Check: closeout.Check(rng.IntN(3)), Line: int64(len(in.Claims))})
		}
		if rng.IntN(3) == 0 {
			in.Aside = append(in.Aside, closeout.Aside{Account: name, Currency: c, Amount: 1 + int64(rng.IntN(500)), Possible: rng.IntN(2) == 0})
		}
		if rng.IntN(4) == 0 {
			in.Paid = append(in.Paid, closeout.Paid{Account: name, Currency: currencies[rng.IntN(3)], Amount: 1 + int64(rng.IntN(300)), On: w.First + closeout.Day(rng.IntN(50))})
		}
	}
	return in
}

func TestRollForward(t *testing.T) {
	row := func(at int64, account, txn, ref event.Key, k event.Kind, f event.Funding, s event.Status, amount int64) event.Charge {
		return event.Charge{Time: at, Account: account, Txn: txn, Ref: ref, Kind: k, Funding: f, Status: s, Amount: amount, Currency: uint32(yen), Pos: event.Pos(txn)}
	}
	log := &event.Log{Parts: event.Pack([]event.Part{{}, {Charges: []event.Charge{
		row(1, 1, 1, 0, event.TopUp, event.Card, event.Approved, 5000),
		row(2, 1, 2, 0, event.Payment, event.Balance, event.Approved, 1200),
		row(3, 1, 3, 2, event.Refund, 0, event.Approved, 200),
		row(4, 1, 4, 0, event.Payment, event.Card, event.Approved, 999),
		row(5, 1, 5, 77, event.Refund, 0, event.Approved, 30),
		row(99, 1, 6, 0, event.TopUp, event.Card, event.Approved, 7),
		row(1, 2, 7, 0, event.Payment, event.NoFunding, event.Pending, 40),
		row(1, 2, 10, 0, event.Payment, event.Card, event.Approved, 1), // after it in the same instant
		row(2, 2, 8, 0, event.TopUp, event.Card, event.Approved, 60),
		row(3, 3, 9, 0, event.Payment, event.Card, event.Approved, 10),
	}}}, nil)}
	for _, workers := range []int{1, 3} {
		r, err := closeout.RollForward(context.Background(), log, 99, workers)
		if err != nil {
			t.Fatal(err)
		}
		want := []closeout.Rolled{
			{Account: 1, Currency: yen, Balance: 4000, Loose: 30, Returns: 1, Rows: 4, Pos: 1},
			{Account: 2, Currency: yen, Balance: 20, Lowest: -40, Pending: -40, Unsettled: 1, Rows: 2, Pos: 7},
		}
		if d := cmp.Diff(want, r.Wallets); d != "" {
			t.Error(d)
		}
		if r.Rows != 9 || r.After != 1 || len(r.Flows) != 1 || r.Flows[0].Wallets != 4020 || r.Flows[0].ByKind[event.TopUp] != 5060 {
			t.Errorf("%+v", r)
		}
	}
	huge := &event.Log{Parts: event.Pack([]event.Part{{Charges: []event.Charge{
		row(1, 1, 1, 0, event.TopUp, event.Card, event.Approved, math.MaxInt64), row(1, 1, 2, 0, event.TopUp, event.Card, event.Approved, 1)}}}, nil)}
	if _, err := closeout.RollForward(context.Background(), huge, 99, 1); !errors.Is(err, money.ErrOverflow) {
		t.Error(err)
	}
}
