package forensics_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var jpy = money.MustCurrency("JPY")

// decision reads a decision in short: who decides does so on the day of when.
func decision(when int64, account, txn, what string, v ledger.Validation) ledger.Decision {
	return ledger.Decision{Account: account, Txn: txn, Confirm: what == "confirm", Validation: v, Who: "who", Why: "why", When: when}
}

// with investigates a book with what people know, in one order of rows and in
// another, and makes sure that the order cannot be seen.
func with(t *testing.T, b *book, k forensics.Known) *forensics.Case {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	c := investigateWith(t, b.log(r, 4), forensics.Options{Workers: 2, Known: k})
	r.Shuffle(len(k.Decisions), func(i, j int) { k.Decisions[i], k.Decisions[j] = k.Decisions[j], k.Decisions[i] })
	r.Shuffle(len(k.Balances), func(i, j int) { k.Balances[i], k.Balances[j] = k.Balances[j], k.Balances[i] })
	other := investigateWith(t, b.shuffle(r).log(r, 16), forensics.Options{Workers: 1, Known: k})
	if diff := cmp.Diff(append(sketch(c), fmt.Sprint(c.Decisions, c.Mules)), append(sketch(other), fmt.Sprint(other.Decisions, other.Mules))); diff != "" {
		t.Fatalf("in another order: %s", diff)
	}
	return c
}

// doubtful is an incident with an account that is only possibly a victim.
func doubtful(t *testing.T) (*book, string) {
	t.Helper()
	for seed := uint64(70); seed < 400; seed++ {
		b := random(rand.New(rand.NewPCG(seed, 51)))
		c := investigate(t, b.log(rand.New(rand.NewPCG(1, 1)), 4), 1)
		for _, v := range c.Victims {
			if v.Tier == takeover.Possible && v.NetLoss != 0 && v.Currency == jpy {
				return b, v.Account
			}
		}
	}
	t.Fatal("no account is only possible")
	return nil, ""
}

// TestConfirmedAccount: a possible account that a person confirmed is payable,
// in the totals, and still called possible.
func TestConfirmedAccount(t *testing.T) {
	b, account := doubtful(t)
	before := with(t, b, forensics.Known{})
	after := with(t, b, forensics.Known{Decisions: []ledger.Decision{
		decision(1, account, "", "dismiss", ledger.Operator),
		decision(5, account, "", "confirm", ledger.Operator),
		decision(3, account, "", "confirm", ledger.Issuer),
		decision(4, account, "", "confirm", ledger.Customer),
	}})
	was, now := victimOf(before, account), victimOf(after, account)
	if now.Tier != takeover.Possible || now.Validation != ledger.Operator || now.Route != forensics.ByIssuer || !now.Decided {
		t.Errorf("%+v", now)
	}
	if was.NetLoss != now.NetLoss || was.Validation != ledger.NotValidated || was.Route != forensics.OwnDetection {
		t.Errorf("before %+v, after %+v", was, now)
	}
	for _, c := range []*forensics.Case{before, after} {
		for _, r := range c.Refunds {
			if r.Account == account && r.Amount != 0 && (r.Status == refund.NeedsDecision) != (c == before) {
				t.Errorf("%+v", r)
			}
		}
	}
	var sum, undecided int64 // of what is owed, and of cash, whose owner no log knows
	for _, v := range after.Victims {
		if v.Currency == jpy && (v.Tier >= takeover.Probable || v.Decided) {
			sum += v.NetLoss
		}
	}
	for _, r := range after.Refunds {
		if r.Currency == jpy && r.Status == refund.NeedsDecision && (r.Tier >= takeover.Probable || r.Account == account) {
			undecided += r.Amount
		}
	}
	z := totalOf(after, jpy)
	if z.NetLoss != sum || z.ByDecision.NetLoss != now.NetLoss || z.ByDecision.Victims != 1 ||
		z.NetLoss != z.ByTier[takeover.Confirmed].NetLoss+z.ByTier[takeover.Probable].NetLoss+z.ByDecision.NetLoss {
		t.Errorf("victims sum to %d: %+v", sum, z)
	}
	if z.OpenNamed != undecided || z.Owed+z.Held+z.Exception+undecided-z.OddPossible != z.NetLoss+z.NotYet {
		t.Errorf("owed %d, held %d, exceptions %d (%d of possible victims) and undecided %d (%d) are not the loss %d and what is in flight %d",
			z.Owed, z.Held, z.Exception, z.OddPossible, undecided, z.OpenNamed, z.NetLoss, z.NotYet)
	}
	effects := map[forensics.DecisionEffect]int{}
	for _, d := range after.Decisions {
		effects[d.Effect]++
		if d.Tier != takeover.Possible {
			t.Errorf("%+v", d)
		}
	}
	if effects[forensics.DecisionApplied] != 1 || effects[forensics.DecisionOverridden] != 3 {
		t.Errorf("%v", after.Decisions)
	}
}

func victimOf(c *forensics.Case, account string) forensics.Victim {
	for _, v := range c.Victims {
		if v.Account == account && v.Currency == jpy {
			return v
		}
	}
	return forensics.Victim{}
}

func totalOf(c *forensics.Case, cur money.Currency) forensics.Total {
	for _, t := range c.Totals {
		if t.Currency == cur {
			return t
		}
	}
	return forensics.Total{}
}

// TestDismissedAccount: it leaves every table but that of decisions, and the
// case is what it would be without it.
func TestDismissedAccount(t *testing.T) {
	c := with(t, incident(), forensics.Known{Decisions: []ledger.Decision{
		decision(1, "h011", "", "dismiss", ledger.Operator), decision(2, "h011", "T99999", "confirm", ledger.Operator)}})
	for _, v := range c.Victims {
		if v.Account == "h011" {
			t.Errorf("%+v", v)
		}
	}
	for _, v := range c.Takeovers {
		if v.Account == "h011" {
			t.Errorf("%+v", v)
		}
	}
	for _, v := range c.Charges {
		if v.Account == "h011" {
			t.Errorf("%+v", v)
		}
	}
	for _, v := range c.Refunds {
		if v.Account == "h011" {
			t.Errorf("%+v", v)
		}
	}
	if got := totalOf(c, jpy).NetLoss; got != 130_000-46_000 {
		t.Errorf("net loss %d", got)
	}
	if len(c.Decisions) != 2 || c.Decisions[0].Effect != forensics.DecisionApplied || c.Decisions[0].Tier != takeover.Confirmed || c.Decisions[1].Effect != forensics.NoSuchCharge {
		t.Errorf("%v", c.Decisions)
	}
}

// TestDecidedCharges: a charge is whose a person says it is, whatever the
// evidence. h011 lost 46,000: two top-ups of 30,000 and 20,000 and a payment of
// 46,000; her coffee was 380.
func TestDecidedCharges(t *testing.T) {
	b := incident()
	txn := func(account, kind string, amount int64) string {
		for _, ch := range b.payments {
			words := note(0, []string{"account_id=" + account, "kind=" + kind, fmt.Sprint("amount=", amount)})
			same := true
			for f, want := range words.fields {
				same = same && (want == "" || ch.fields[f] == want)
			}
			if same {
				return ch.fields[event.TxnID]
			}
		}
		t.Fatalf("no %s of %d", kind, amount)
		return ""
	}
	topUp, coffee, back := txn("h011", "topup", 30_000), txn("h011", "payment", 380), txn("h012", "chargeback", 30_000)
	for _, e := range []struct {
		name      string
		decisions []ledger.Decision
		lines     []string
		loss      int64
		effects   []forensics.DecisionEffect
	}{
		{"the top-up was her own", []ledger.Decision{decision(1, "h011", topUp, "dismiss", ledger.Operator)},
			[]string{"instrument_refund 20000 open", "balance_restore 26000 open"}, 46_000, []forensics.DecisionEffect{forensics.DecisionApplied}},
		{"the coffee was not", []ledger.Decision{decision(1, "h011", coffee, "confirm", ledger.Customer)},
			[]string{"instrument_refund 30000 open", "instrument_refund 20000 open", "balance_clawback -3620 open"}, 46_380, []forensics.DecisionEffect{forensics.DecisionApplied}},
		{"both", []ledger.Decision{decision(1, "h011", coffee, "confirm", ledger.Operator), decision(2, "h011", topUp, "dismiss", ledger.Operator)},
			[]string{"instrument_refund 20000 open", "balance_restore 26380 open"}, 46_380, []forensics.DecisionEffect{forensics.DecisionApplied, forensics.DecisionApplied}},
		{"and then neither", []ledger.Decision{decision(1, "h011", coffee, "confirm", ledger.Operator), decision(2, "h011", coffee, "dismiss", ledger.Operator)},
			[]string{"instrument_refund 30000 open", "instrument_refund 20000 open", "balance_clawback -4000 open"}, 46_000,
			[]forensics.DecisionEffect{forensics.DecisionOverridden, forensics.DecisionApplied}},
		{"what matches nothing", []ledger.Decision{decision(1, "h012", back, "dismiss", ledger.Operator), decision(1, "h011", "nothing", "confirm", ledger.Operator),
			decision(1, "nobody", "", "confirm", ledger.Operator), decision(1, "h001", "", "dismiss", ledger.Operator)},
			[]string{"instrument_refund 30000 open", "instrument_refund 20000 open", "balance_clawback -4000 open"}, 46_000,
			[]forensics.DecisionEffect{forensics.NotInCase, forensics.NoSuchCharge, forensics.FollowsOriginal, forensics.NoSuchAccount}},
	} {
		t.Run(e.name, func(t *testing.T) {
			c := with(t, b, forensics.Known{Decisions: e.decisions})
			var lines []string
			for _, r := range c.Refunds {
				if r.Account == "h011" {
					lines = append(lines, line(r.Component, r.Amount, r.Status))
				}
			}
			var effects []forensics.DecisionEffect
			for _, d := range c.Decisions {
				effects = append(effects, d.Effect)
			}
			if diff := cmp.Diff(e.lines, lines); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(e.effects, effects); diff != "" {
				t.Error(diff)
			}
			if got := victimOf(c, "h011").NetLoss; got != e.loss {
				t.Errorf("net loss %d, want %d", got, e.loss)
			}
			for _, ch := range c.Charges {
				if ch.Txn == coffee && (!ch.Decided || ch.Score != 0 || ch.Tier != takeover.Possible) {
					t.Errorf("%+v", ch)
				}
			}
		})
	}
}

// TestOppositeDecisions: two of one instant are an error that names both.
func TestOppositeDecisions(t *testing.T) {
	b := incident()
	for _, ask := range []func(forensics.Options) error{
		func(o forensics.Options) error {
			_, err := forensics.Investigate(t.Context(), b.log(rand.New(rand.NewPCG(1, 1)), 2), defaults(), o)
			return err
		},
		func(o forensics.Options) error {
			_, err := forensics.Examine(t.Context(), b.log(rand.New(rand.NewPCG(1, 1)), 2), defaults(), o)
			return err
		},
	} {
		var conflict *ledger.ConflictError
		err := ask(forensics.Options{Workers: 1, Known: forensics.Known{Decisions: []ledger.Decision{
			decision(1, "h011", "", "dismiss", ledger.Operator), decision(1, "h011", "", "confirm", ledger.Operator)}}})
		if !errors.As(err, &conflict) {
			t.Errorf("got %v", err)
		}
	}
}

// TestClosingBalances: what the wallet of h011 still holds of the 4,000 that are
// to be taken back. It held 1,000,000 before the first row, and after the last
// one what its owner left of it.
func TestClosingBalances(t *testing.T) {
	const opening = 1_000_000
	for _, e := range []struct {
		left           int64 // at the end of the log
		clawback, used int64
		status         refund.Status
	}{
		{9_000, -4_000, 0, refund.Open},
		{4_000, -4_000, 0, refund.Open},
		{2_500, -2_500, -1_500, refund.Open},
		{0, 0, -4_000, refund.NoStatus},
		{-5, -4_000, 0, refund.Exception}, // below zero: a row is missing
	} {
		b := incident()
		held := int64(opening)
		for i := range b.payments {
			if c := b.payments[i].asCharge(0); b.payments[i].fields[event.AccountID] == "h011" {
				if c.Kind == event.TopUp {
					held += c.Amount
				} else {
					held -= c.Amount
				}
			}
		}
		b.pay(30*24*time.Hour, "h011", "phone-011", "payment", held-e.left, "store_id=S01")
		end := midnight + 31*24*time.Hour.Microseconds()
		early := midnight // before any row
		for _, known := range [][]forensics.Balance{
			{{Account: "h011", Currency: jpy, Amount: opening, Until: math.MinInt64}},
			{{Account: "h011", Currency: jpy, Amount: e.left, Until: math.MaxInt64}},
			{{Account: "h011", Currency: jpy, Amount: e.left, Until: end}, {Account: "h011", Currency: jpy, Amount: opening, Until: early}, {Account: "h011", Currency: jpy, Amount: opening, Until: early}},
		} {
			c := with(t, b, forensics.Known{Balances: known})
			var clawback, used int64
			status := refund.NoStatus
			for _, r := range c.Refunds {
				switch {
				case r.Account != "h011":
				case r.Component == refund.BalanceClawback:
					clawback, status = r.Amount, r.Status
				case r.Component == refund.VictimUsed:
					used = r.Amount
				}
			}
			if clawback != e.clawback || used != e.used || status != e.status {
				t.Errorf("%d left, %v: claw-back %d %v, used %d", e.left, known, clawback, status, used)
			}
			if c.Balances != int64(len(known)) || c.BalancesUsed != c.Balances {
				t.Errorf("%d balances, %d used", c.Balances, c.BalancesUsed)
			}
			if got := victimOf(c, "h011").NetLoss; got != 46_000 {
				t.Errorf("%d left: net loss %d", e.left, got)
			}
		}
		// Balances that do not fit each other, and such as are of no account or
		// currency of the case.
		c := with(t, b, forensics.Known{Balances: []forensics.Balance{{Account: "h011", Currency: jpy, Amount: opening, Until: math.MinInt64}, {Account: "h011", Currency: jpy, Amount: e.left + 1, Until: math.MaxInt64},
			{Account: "h011", Currency: money.MustCurrency("USD"), Amount: 1, Until: math.MaxInt64}, {Account: "h001", Currency: jpy, Amount: 1, Until: math.MaxInt64}, {Account: "nobody", Currency: jpy, Amount: 1, Until: math.MaxInt64}}})
		for _, r := range c.Refunds {
			if r.Account == "h011" && r.Channel == refund.Balance && (r.Amount != -4_000 || r.Status != refund.Exception || !r.Reasons.Has(refund.BalancesDiffer)) {
				t.Errorf("%d left: %+v", e.left, r)
			}
		}
		if c.Balances != 5 || c.BalancesUsed != 2 {
			t.Errorf("%d balances, %d used", c.Balances, c.BalancesUsed)
		}
	}
}

// TestSpentFirstChangesNoTotal: the order of spending changes from_fraud and
// from_own, and nothing else of a case.
func TestSpentFirstChangesNoTotal(t *testing.T) {
	differ, split := 0, 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 51))
		b := random(r)
		k := forensics.Known{}
		for n := range 25 {
			k.Balances = append(k.Balances, forensics.Balance{Account: fmt.Sprintf("h%03d", n), Currency: jpy, Amount: 40_000, Until: math.MinInt64})
		}
		var first, shares []string
		for o := refund.FraudFirst; o <= refund.ProRata; o++ {
			k.SpentFirst = o
			c := investigateWith(t, b.log(r, 4), forensics.Options{Workers: 1, Known: k})
			var now []string
			for i := range c.Charges {
				ch := &c.Charges[i]
				if ch.FromWallet {
					split++
					if ch.FromFraud+ch.FromOwn != ch.Amount || ch.FromFraud < 0 || ch.FromOwn < 0 || !(ch.Kind.String() == "payment" || ch.Kind.String() == "transfer_out" || ch.Kind.String() == "payout") {
						t.Fatalf("%+v", ch)
					}
				} else if ch.FromFraud != 0 || ch.FromOwn != 0 {
					t.Fatalf("%+v", ch)
				}
				now = append(now, fmt.Sprint(ch.FromFraud, ch.FromOwn))
				ch.FromFraud, ch.FromOwn = 0, 0
			}
			if c.SpentFirst != o {
				t.Errorf("%v is shown as %v", o, c.SpentFirst)
			}
			if o == refund.FraudFirst {
				first, shares = sketch(c), now
				continue
			}
			if diff := cmp.Diff(first, sketch(c)); diff != "" {
				t.Fatalf("seed %d, %v: %s", seed, o, diff)
			}
			if !slices.Equal(now, shares) {
				differ++
			}
		}
	}
	if differ < 3 || split < 30 {
		t.Errorf("%d splits differ, of %d charges", differ, split)
	}
}

// TestInFlight: what is pending at the end of the log is held, is nobody's loss
// yet, and is shown.
func TestInFlight(t *testing.T) {
	b := month(rand.New(rand.NewPCG(5, 5)), 100)
	b.tries(300)
	for _, n := range []int{11, 12, 13, 14, 15} {
		at, account := b.enter(n, "crew", "251.0.0.7")
		status := "status=approved"
		if n == 11 {
			status = "status=pending"
		}
		b.pay(at+60e9, account, "crew", "topup", 30_000, "funding_ref=card-"+account, status)
		b.pay(at+120e9, account, "crew", "payment", 29_000, "store_id=mall", status)
	}
	c := with(t, b, forensics.Known{})
	total := totalOf(c, jpy)
	if victimOf(c, "h011").Account != "" || total.NetLoss != 4*29_000 || total.NotYet != 29_000 || total.Held != 29_000 ||
		total.Owed+total.Held+total.Exception != total.NetLoss+total.NotYet {
		t.Errorf("%+v", total)
	}
	// The last top-up was approved, and the log ends.
	b.payments = b.payments[:len(b.payments)-1]
	c = with(t, b, forensics.Known{})
	var lines []string
	for _, r := range c.Refunds {
		if r.Account == "h015" {
			lines = append(lines, line(r.Component, r.Amount, r.Status))
		}
	}
	if diff := cmp.Diff([]string{"instrument_refund 30000 open", "balance_clawback -30000 open"}, lines); diff != "" {
		t.Error(diff)
	}
	if got := victimOf(c, "h015"); got.NetLoss != 0 || got.Charges != 1 {
		t.Errorf("%+v", got)
	}
}

func defaults() *policy.Policy {
	p := policy.Default()
	return &p
}
