package provision_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/provision"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var yen, usd = money.MustCurrency("JPY"), money.MustCurrency("USD")

func line(t takeover.Tier, c refund.Component, s refund.Status, amount int64) ledger.Line {
	return ledger.Line{Tier: t, Component: c, Status: s, Amount: amount, Payable: amount, Currency: yen}
}

func TestFigures(t *testing.T) {
	tests := []struct {
		name            string
		lines           []ledger.Line
		low, best, high int64
	}{
		{"nothing", nil, 0, 0, 0},
		{"confirmed and open", []ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Open, 30000)}, 29700, 29700, 30000},
		{"rounded down and up", []ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Open, 150)}, 148, 149, 150},
		{"held by the issuer", []ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Held, 1000)}, 0, 990, 1000},
		{"probable", []ledger.Line{line(takeover.Probable, refund.InstrumentRefund, refund.Open, 1000)}, 0, 950, 1000},
		{"possible", []ledger.Line{line(takeover.Possible, refund.InstrumentRefund, refund.NeedsDecision, 1000)}, 0, 0, 1000},
		{"exception", []ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Exception, 1000)}, 0, 0, 1000},
		{"a claw-back counts but in the worst case", []ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Open, 50000),
			line(takeover.Confirmed, refund.BalanceClawback, refund.Open, -4000)}, 45500, 45500, 50000},
		{"what the owner spent does not", []ledger.Line{line(takeover.Confirmed, refund.VictimUsed, refund.Exception, -4000)}, 0, 0, 0},
		{"closed", []ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Closed, 0)}, 0, 0, 0},
	}
	for _, tc := range tests {
		p, err := provision.Of(tc.lines)
		if err != nil {
			t.Fatal(err)
		}
		var got [3]int64
		if len(p.Totals) > 0 {
			got = p.Totals[0].Figures
		}
		if want := [3]int64{tc.low, tc.best, tc.high}; got != want {
			t.Errorf("%s: %d, want %d", tc.name, got, want)
		}
	}
}

func TestJournal(t *testing.T) {
	p, err := provision.Of([]ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Open, 50000),
		line(takeover.Confirmed, refund.BalanceRestore, refund.Open, 1000), line(takeover.Confirmed, refund.BalanceClawback, refund.Open, -4000)})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := p.Journal(provision.Best, provision.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %d %d %s", e.Account, e.Debit, e.Credit, e.Text))
	}
	want := []string{"雑損失 46490 0 loss of the case", "未払金 0 49500 owed to cards and bank accounts", "預り金 0 990 restored to wallets", "預り金 4000 0 taken back from wallets"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestLaws: low ≤ best ≤ high, the rows add up to the totals, the deduction is
// what exact arithmetic says, and every journal balances.
func TestLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for seed := range 10_000 {
		var lines []ledger.Line
		for range rng.IntN(12) {
			l := line(takeover.Tier(1+rng.IntN(3)), refund.Component(1+rng.IntN(5)), refund.Status(1+rng.IntN(5)), int64(rng.IntN(100_000)))
			if l.Component == refund.BalanceClawback || l.Component == refund.VictimUsed || rng.IntN(10) == 0 {
				l.Payable = -l.Payable
			}
			if rng.IntN(4) == 0 {
				l.Currency = usd
			}
			lines = append(lines, l)
		}
		p, err := provision.Of(lines)
		if err != nil {
			t.Fatal(err)
		}
		sums := map[money.Currency][3]int64{}
		for _, r := range p.Rows {
			s := sums[r.Currency]
			for f, v := range r.Figures {
				s[f] += v
			}
			sums[r.Currency] = s
			if b := provision.Bound(r.Tier); b > 0 && r.Figures[provision.Best] > 0 {
				exact := new(big.Rat).SetFrac(big.NewInt(r.Face*(b-1)), big.NewInt(b))
				over := new(big.Rat).Sub(new(big.Rat).SetInt64(r.Figures[provision.Best]), exact)
				if over.Sign() < 0 || over.Cmp(big.NewRat(1, 1)) >= 0 {
					t.Fatalf("seed %d: %+v", seed, r)
				}
			}
		}
		for _, total := range p.Totals {
			f := total.Figures
			if f != sums[total.Currency] || f[0] > f[1] || f[1] > f[2] {
				t.Fatalf("seed %d: %+v", seed, total)
			}
		}
		for f := provision.Low; f <= provision.High; f++ {
			if _, err := p.Journal(f, provision.Defaults()); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

func TestHuge(t *testing.T) {
	p, err := provision.Of([]ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Open, math.MaxInt64)})
	if err != nil || p.Totals[0].Figures[provision.Low] != 9131138316486228048 {
		t.Errorf("%+v %v", p, err)
	}
	_, err = provision.Of([]ledger.Line{line(takeover.Confirmed, refund.InstrumentRefund, refund.Open, math.MaxInt64), line(takeover.Confirmed, refund.BalanceRestore, refund.Open, 1)})
	if err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Error(err)
	}
}
