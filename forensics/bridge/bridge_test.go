package bridge

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var (
	jpy = money.MustCurrency("JPY")
	usd = money.MustCurrency("USD")
)

// base is a case with one victim: two top-ups, spent.
func base() *Estimate {
	return &Estimate{Name: "case", Policy: "p1", Version: "v1", From: 10, To: 100,
		Inputs:    []Input{{"pay.csv", "payments", "h1"}, {"auth.csv", "auth", "h2"}},
		Victims:   []Victim{{Account: "ann", Currency: jpy, Tier: takeover.Probable, Amount: 500}},
		Takeovers: map[string]Takeover{"ann": {Tier: takeover.Probable, Score: 150, Weights: []int64{-30, 60, 50, 40, 30, 0}, Reasons: []string{"drained"}}},
		Charges: map[Txn]Charge{
			{"ann", "t1"}: {Time: 50, Kind: "topup", Amount: 300, Currency: jpy, Status: "approved", Tier: takeover.Probable, Source: "pay.csv"},
			{"ann", "t2"}: {Time: 51, Kind: "topup", Amount: 300, Currency: jpy, Status: "approved", Tier: takeover.Probable, Source: "pay.csv"},
			{"ann", "p1"}: {Time: 60, Kind: "payment", Amount: 500, Currency: jpy, Status: "approved", Tier: takeover.Probable, Source: "pay.csv"},
		},
		Lines: []ledger.Line{line("id1", "t1", 300), line("id2", "t2", 300), wallet("id3", -100)},
	}
}

func line(id, txn string, gross int64) ledger.Line {
	return ledger.Line{ID: id, Account: "ann", Txns: []string{txn}, Component: refund.InstrumentRefund, Gross: gross, Amount: gross, Payable: gross, Currency: jpy}
}

func wallet(id string, amount int64) ledger.Line {
	l := line(id, "p1", amount)
	l.Component = refund.BalanceClawback
	return l
}

// none is a case of the same logs without anybody.
func none() *Estimate {
	e := base()
	e.Victims, e.Lines = nil, nil
	e.Takeovers, e.Charges = map[string]Takeover{}, map[Txn]Charge{}
	return e
}

func with(e *Estimate, change func(e *Estimate)) *Estimate {
	change(e)
	return e
}

func otherLogs(e *Estimate)   { e.Inputs[0].SHA256 = "h9" }
func otherPolicy(e *Estimate) { e.Policy = "p2" }

func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old, new *Estimate
		want     []string // change reason amount
	}{
		{"nothing", base(), base(), nil},
		{"all charges after the old end", with(none(), func(e *Estimate) { e.To = 40 }), with(base(), otherLogs), []string{"entered new_logs 500"}},
		{"all charges before the old beginning", with(none(), func(e *Estimate) { e.From = 90 }), with(base(), otherLogs), []string{"entered new_logs 500"}},
		{"charges within the old logs, which grew", none(), with(base(), otherLogs), []string{"entered evidence_rose 500"}},
		{"one of them within", with(none(), func(e *Estimate) { e.To = 55 }), with(base(), otherLogs), []string{"entered evidence_rose 500"}},
		{"was entered without loss", with(none(), func(e *Estimate) { e.Takeovers["ann"] = Takeover{Score: 90} }), with(base(), otherLogs), []string{"entered charges_found 500"}},
		{"the same logs, another policy", none(), with(base(), otherPolicy), []string{"entered policy_changed 500"}},
		{"the same logs, another version", none(), with(base(), func(e *Estimate) { e.Version = "v2" }), []string{"entered version_changed 500"}},
		{"the same logs, both", none(), with(base(), func(e *Estimate) { e.Version, e.Policy = "v2", "p2" }), []string{"entered method_changed 500"}},
		{"other logs, another policy", none(), with(with(base(), otherLogs), otherPolicy), []string{"entered logs_and_method_changed 500"}},
		{"the same of everything", none(), base(), []string{"entered not_computable 500"}},
		{"a decision", none(), with(base(), func(e *Estimate) { e.Decisions = map[Txn]bool{{Account: "ann"}: true} }), []string{"entered decision 500"}},
		{"validated by the operator", none(), with(base(), func(e *Estimate) { e.Victims[0].Validation = ledger.Operator }), []string{"entered decision 500"}},
		{"stands again", with(none(), func(e *Estimate) {
			e.Charges = map[Txn]Charge{}
			for k, c := range base().Charges {
				c.Status = "reversed"
				e.Charges[k] = c
			}
		}), with(base(), otherLogs), []string{"entered reversal_undone 500"}},

		{"all reversed", base(), with(with(none(), otherLogs), func(e *Estimate) {
			for k, c := range base().Charges {
				c.Status = "reversed"
				e.Charges[k] = c
			}
		}), []string{"left reversed -500"}},
		{"the logs begin later", base(), with(with(none(), otherLogs), func(e *Estimate) { e.From = 70 }), []string{"left no_longer_in_inputs -500"}},
		{"somebody looked, and they are gone", base(), with(with(none(), otherLogs), func(e *Estimate) { e.Present = map[Txn]bool{} }), []string{"left no_longer_in_inputs -500"}},
		{"somebody looked, and they are there", base(), with(with(none(), otherLogs), func(e *Estimate) {
			e.Present = map[Txn]bool{{"ann", "t1"}: true, {"ann", "t2"}: true, {"ann", "p1"}: true}
		}), []string{"left evidence_fell -500"}},
		{"a log was replaced", base(), with(none(), otherLogs), []string{"left not_computable -500"}},
		{"another log was replaced", base(), with(none(), func(e *Estimate) { e.Inputs[1].SHA256 = "h9" }), []string{"left evidence_fell -500"}},
		{"dismissed", base(), with(none(), func(e *Estimate) { e.Decisions = map[Txn]bool{{Account: "ann"}: false} }), []string{"left decision -500"}},
		{"a confirmation was taken back", with(base(), func(e *Estimate) { e.Decisions = map[Txn]bool{{Account: "ann"}: true} }), none(), []string{"left decision -500"}},
		{"under another name", base(), with(with(none(), otherLogs), func(e *Estimate) {
			for k, c := range base().Charges {
				e.Charges[Txn{k.Account, k.ID + "x"}] = c
			}
		}), []string{"left deduplicated -500"}},
		{"entered still", base(), with(with(none(), otherLogs), func(e *Estimate) { e.Takeovers["ann"] = Takeover{Score: 150} }), []string{"left charges_dropped -500"}},

		{"surer", base(), with(with(base(), otherLogs), func(e *Estimate) {
			e.Victims[0].Tier = takeover.Confirmed
			e.Takeovers["ann"] = Takeover{Score: 250, Weights: []int64{-30, 160, 50, 40, 30, 0}, Reasons: []string{"shared_device"}}
		}), []string{"tier evidence_rose 500: score 150 to 250: entry +100, now shared_device, no longer drained"}},
		{"less sure, and less", base(), with(with(base(), otherLogs), func(e *Estimate) {
			e.Victims[0].Tier, e.Victims[0].Amount = takeover.Possible, 200
			e.Lines[0].Returned, e.Lines[0].Amount, e.Lines[0].Payable = 300, 0, 0
			e.Takeovers["ann"] = Takeover{Score: 150}
		}), []string{"tier evidence_fell 500: score 150 to 150: no longer drained", "amount reversed -300: 1 line"}},

		{"one reversed", base(), with(with(base(), otherLogs), func(e *Estimate) {
			e.Victims[0].Amount = 200
			e.Lines[0].Returned, e.Lines[0].Amount, e.Lines[0].Payable = 300, 0, 0
		}), []string{"amount reversed -300: 1 line"}},
		{"one more, late", base(), with(with(base(), otherLogs), func(e *Estimate) {
			e.Victims[0].Amount = 700
			e.Charges[Txn{"ann", "t3"}] = Charge{Time: 200, Kind: "topup", Amount: 200, Currency: jpy, Status: "approved", Tier: takeover.Probable}
			e.Lines = append(e.Lines, line("id4", "t3", 200))
		}), []string{"amount new_logs 200: 1 line"}},
		{"one more, and the wallet follows", base(), with(with(base(), otherLogs), func(e *Estimate) {
			e.Victims[0].Amount = 650
			e.Charges[Txn{"ann", "t3"}] = Charge{Time: 99, Kind: "topup", Amount: 200, Currency: jpy, Status: "approved", Tier: takeover.Probable}
			e.Lines = append(e.Lines, line("id4", "t3", 200))
			e.Lines[2] = wallet("id3", -150)
		}), []string{"amount charges_found 150: 2 lines"}},
		{"one less", base(), with(with(base(), otherLogs), func(e *Estimate) {
			e.Victims[0].Amount = 200
			delete(e.Charges, Txn{"ann", "t1"})
			e.Lines = e.Lines[1:]
		}), []string{"amount charges_dropped -300: 1 line"}},
		{"paid before", base(), with(base(), func(e *Estimate) {
			e.Victims[0].Amount = 380
			e.Lines[0].Earlier, e.Lines[0].Payable = 120, 180
		}), []string{"amount paid_earlier -120: 1 line"}},
		{"lines that do not explain it", base(), with(base(), func(e *Estimate) { e.Victims[0].Amount = 501 }), []string{"amount not_computable 1: the lines of the ledger do not explain it"}},
		{"a ledger", with(base(), func(e *Estimate) { e.Charges = nil }), with(base(), func(e *Estimate) { e.Victims = nil }), []string{"left not_computable -500"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Between(tt.old, tt.new)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, s := range b.Steps {
				text := fmt.Sprintf("%s %s %d", s.Change, s.Reason, s.Amount)
				if i < len(tt.want) && len(tt.want[i]) > len(text) {
					text += ": " + s.Detail
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLists: between lists by rules the reasons are those of the rules.
func TestLists(t *testing.T) {
	old := &Estimate{Name: "reports", Victims: []Victim{{Account: "a", Currency: jpy, Amount: 5}, {Account: "b", Currency: jpy, Amount: 7}}, Lacks: func(string) string { return "unheard" }}
	now := &Estimate{Name: "case", Victims: []Victim{{Account: "b", Currency: jpy, Amount: 9}, {Account: "c", Currency: usd, Amount: 1, Why: "named"}}, Lacks: func(a string) string { return "not_" + a }}
	b, err := Between(old, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Account: "a", Currency: jpy, Change: Left, Reason: "not_a", Amount: -5},
		{Account: "b", Currency: jpy, Change: Valued, Reason: OtherRule, Amount: 2},
		{Account: "c", Currency: usd, Change: Entered, Reason: "named", Amount: 1},
	}
	if diff := cmp.Diff(want, b.Steps); diff != "" {
		t.Error(diff)
	}
}

// TestAddsUp: whatever two estimates say, the steps lead from one to the other in
// every currency and tier, in counts and money, and each reason is one that is
// known. The sums are made anew here, from the victims alone.
func TestAddsUp(t *testing.T) {
	known := map[string]bool{}
	for _, r := range Reasons() {
		known[r[0]] = true
	}
	seen := map[string]int{}
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 7))
		old, now := random(r, "old"), random(r, "new")
		b, err := Between(old, now)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		type cell struct {
			c money.Currency
			t takeover.Tier
		}
		count, sum := map[cell]int64{}, map[cell]int64{}
		for _, v := range old.Victims {
			count[cell{v.Currency, v.Tier}]++
			sum[cell{v.Currency, v.Tier}] += v.Amount
		}
		for _, s := range b.Steps {
			from, to := cell{s.Currency, s.From}, cell{s.Currency, s.To}
			switch s.Change {
			case Entered:
				count[to]++
			case Left:
				count[to]--
			case Moved:
				count[from]--
				count[to]++
				sum[from] -= s.Amount
			}
			sum[to] += s.Amount
			if !known[s.Reason] {
				t.Fatalf("seed %d: reason %q", seed, s.Reason)
			}
			seen[s.Reason]++
		}
		for _, v := range now.Victims {
			count[cell{v.Currency, v.Tier}]--
			sum[cell{v.Currency, v.Tier}] -= v.Amount
		}
		for k := range sum {
			if count[k] != 0 || sum[k] != 0 {
				t.Fatalf("seed %d: %s %s: %d accounts and %d too much", seed, k.c, k.t, -count[k], -sum[k])
			}
		}
		spans(t, seed, b)
	}
	for _, r := range Reasons() {
		if seen[r[0]] == 0 {
			t.Errorf("no pair had the reason %s", r[0])
		}
	}
}

// spans checks that what is shown adds up as the steps do.
func spans(t *testing.T, seed uint64, b *Bridge) {
	t.Helper()
	all, err := b.Spans()
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := b.Ends()
	if err != nil {
		t.Fatal(err)
	}
	for i := range from {
		accounts, amount := from[i].NamedAccounts, from[i].NamedAmount
		for _, s := range all {
			if s.Currency == from[i].Currency {
				accounts += s.NamedAccounts
				amount += s.NamedAmount
			}
		}
		if accounts != to[i].NamedAccounts || amount != to[i].NamedAmount {
			t.Fatalf("seed %d: %s: %d, %d, want %d, %d", seed, from[i].Currency, accounts, amount, to[i].NamedAccounts, to[i].NamedAmount)
		}
	}
}

// random makes an estimate from few accounts, charges and lines, so that pairs of
// them have much in common.
func random(r *rand.Rand, name string) *Estimate {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	e := &Estimate{Name: name, Policy: pick("p", "p", "p", "q"), Version: pick("v", "v", "v", "w"), From: int64(r.IntN(20)), To: int64(60 + r.IntN(40)),
		Charges: map[Txn]Charge{}, Takeovers: map[string]Takeover{}, Inputs: []Input{{"pay.csv", "payments", pick("1", "1", "2")}}}
	for _, account := range []string{"a", "b", "c", "d;e", "=f"} {
		tier := takeover.Tier(1 + r.IntN(4)) // ByDecision, too
		if r.IntN(4) > 0 {
			e.Takeovers[account] = Takeover{Tier: tier, Score: int64(r.IntN(400)), Weights: []int64{0, int64(r.IntN(9)), 0, 0, 0, 0}, Reasons: []string{pick("x", "y")}}
		}
		if r.IntN(6) == 0 {
			if e.Decisions == nil {
				e.Decisions = map[Txn]bool{}
			}
			e.Decisions[Txn{Account: account}] = r.IntN(2) == 0
		}
		for n := range r.IntN(4) {
			at := int64(r.IntN(3)*45 + n)
			e.Charges[Txn{account, fmt.Sprint(n, pick("", "", "'"))}] = Charge{Time: at, Kind: "topup", Amount: int64(10 * n), Currency: jpy,
				Status: pick("approved", "approved", "pending", "declined", "reversed"), Tier: takeover.Tier(1 + r.IntN(3)), Source: "pay.csv"}
		}
		for _, c := range []money.Currency{jpy, usd} {
			if r.IntN(3) == 0 {
				continue
			}
			v := Victim{Account: account, Currency: c, Tier: tier, Amount: int64(r.IntN(5)-1) * 100, Validation: ledger.Validation(max(0, r.IntN(12)-8))}
			rest := v.Amount
			for n := range r.IntN(4) {
				gross, returned, earlier := int64(r.IntN(4)*50), int64(r.IntN(2)*50), int64(max(0, r.IntN(6)-4)*10)
				l := ledger.Line{ID: fmt.Sprint(account, c, n), Account: account, Txns: []string{fmt.Sprint(n)}, Component: refund.InstrumentRefund, Currency: c,
					Gross: gross, Returned: returned, Amount: gross - returned, Earlier: earlier, Payable: gross - returned - earlier}
				if n == 2 {
					l.Component = refund.BalanceRestore
				}
				rest -= l.Payable
				e.Lines = append(e.Lines, l)
			}
			if r.IntN(4) > 0 { // mostly the lines add up
				v.Amount -= rest
			}
			e.Victims = append(e.Victims, v)
		}
	}
	if r.IntN(10) == 0 {
		e.Charges = nil
	}
	if r.IntN(10) == 0 {
		e.Present = map[Txn]bool{{"a", "0"}: true}
	}
	return e
}

func TestRefusals(t *testing.T) {
	twice := base()
	twice.Victims = append(twice.Victims, twice.Victims[0])
	var e *TwiceError
	if _, err := Between(twice, base()); !errors.As(err, &e) {
		t.Errorf("twice: %v", err)
	}
	huge := &Estimate{Victims: []Victim{{Account: "a", Currency: jpy, Amount: math.MaxInt64}, {Account: "b", Currency: jpy, Amount: 1}}}
	if _, err := Between(base(), huge); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("a total that does not fit: %v", err)
	}
	low, high := base(), base()
	low.Victims[0].Amount, high.Victims[0].Amount = math.MinInt64, math.MaxInt64
	if _, err := Between(low, high); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("a difference that does not fit: %v", err)
	}
	b, err := Between(none(), with(base(), otherLogs))
	if err != nil {
		t.Fatal(err)
	}
	b.Steps[0].Amount++
	if err := b.Check(); !errors.Is(err, ErrGap) {
		t.Errorf("a step that was changed: %v", err)
	}
}
