package effect_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/effect"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

var yen = uint32(money.MustCurrency("JPY"))

func TestEffects(t *testing.T) {
	row := func(txn, ref event.Key, k event.Kind, f event.Funding, s event.Status) event.Charge {
		return event.Charge{Txn: txn, Ref: ref, Kind: k, Funding: f, Status: s, Amount: 1000, Currency: yen}
	}
	type want struct {
		instrument, wallet int8
		loose              bool
	}
	tests := []struct {
		name string
		rows []event.Charge
		want want // of the last row
	}{
		{"top-up", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Approved)}, want{-1, 1, false}},
		{"pending counts", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Pending)}, want{-1, 1, false}},
		{"declined does not", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Declined)}, want{}},
		{"from the balance", []event.Charge{row(1, 0, event.Payment, event.Balance, event.Approved)}, want{0, -1, false}},
		{"source not said", []event.Charge{row(1, 0, event.Payment, event.NoFunding, event.Approved)}, want{0, -1, false}},
		{"paid by card", []event.Charge{row(1, 0, event.Payment, event.Card, event.Approved)}, want{-1, 0, false}},
		{"transfer in", []event.Charge{row(1, 7, event.TransferIn, event.NoFunding, event.Approved)}, want{0, 1, false}},
		{"payout", []event.Charge{row(1, 7, event.Payout, event.Bank, event.Approved)}, want{0, -1, false}},
		{"reversed top-up", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Approved), row(2, 1, event.Reversal, 0, event.Approved)}, want{1, -1, false}},
		{"refunded top-up", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Approved), row(2, 1, event.Refund, 0, event.Approved)}, want{1, 0, false}},
		{"refunded payment", []event.Charge{row(1, 0, event.Payment, event.Balance, event.Approved), row(2, 1, event.Refund, 0, event.Approved)}, want{0, 1, false}},
		{"chargeback of a top-up", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Approved), row(2, 1, event.Chargeback, 0, event.Approved)}, want{1, 0, false}},
		{"chargeback of the balance", []event.Charge{row(1, 0, event.Payment, event.Balance, event.Approved), row(2, 1, event.Chargeback, 0, event.Approved)}, want{0, 0, true}},
		{"of nothing", []event.Charge{row(1, 9, event.Reversal, 0, event.Approved)}, want{0, 0, true}},
		{"declined, of nothing", []event.Charge{row(1, 9, event.Reversal, 0, event.Declined)}, want{}},
		{"of itself", []event.Charge{row(1, 1, event.Reversal, 0, event.Approved)}, want{0, 0, true}},
		{"undone reversal", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Approved), row(2, 1, event.Reversal, 0, event.Approved), row(3, 2, event.Reversal, 0, event.Approved)}, want{-1, 1, false}},
		{"refund of a declined one", []event.Charge{row(1, 0, event.TopUp, event.Card, event.Declined), row(2, 1, event.Refund, 0, event.Approved)}, want{0, 0, true}},
	}
	var c effect.Chains
	for _, tc := range tests {
		c.Read(tc.rows)
		r := c.Rows[len(tc.rows)-1]
		if got := (want{r.Instrument, r.Wallet, r.Loose}); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// TestAgainstLedger compares with the ledger, which has its own reading of the
// same rows: if all that happened was an attacker's, what the ledger calls taken
// out of the wallet is what the rows did to it.
func TestAgainstLedger(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var c effect.Chains
	returns := 0
	for range 10_000 {
		charges := random(rng)
		in := refund.Input{Charges: charges, Verdicts: make([]refund.Verdict, len(charges))}
		for i := range in.Verdicts {
			in.Verdicts[i] = refund.Named
		}
		ledger, err := refund.Settle(in)
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[uint32]int64{}, map[uint32]int64{}
		for _, total := range ledger.Totals {
			want[uint32(total.Currency)] -= total.Wallet
		}
		c.Read(charges)
		for i := range charges {
			got[charges[i].Currency] += int64(c.Rows[i].Wallet) * charges[i].Amount
			if effect.IsReturn(charges[i].Kind) && c.Rows[i].Wallet != 0 {
				returns++
			}
		}
		for currency := range got {
			if got[currency] != want[currency] {
				t.Fatalf("%d, the ledger says %d: %+v", got, want, charges)
			}
		}
	}
	if returns < 1000 {
		t.Errorf("only %d returns reach a wallet; this proves little", returns)
	}
}

func random(rng *rand.Rand) []event.Charge {
	charges := make([]event.Charge, 1+rng.IntN(12))
	for i := range charges {
		c := &charges[i]
		*c = event.Charge{Time: int64(i / 2), Account: 1, Txn: event.Key(i + 1), Kind: event.Kind(1 + rng.IntN(8)),
			Status: event.Status(rng.IntN(4)), Funding: event.Funding(rng.IntN(8)), Amount: int64(rng.IntN(5000)), Currency: yen}
		if rng.IntN(6) == 0 {
			c.Currency = uint32(money.MustCurrency("USD"))
		}
		if effect.IsReturn(c.Kind) {
			c.Ref = event.Key(rng.IntN(len(charges) + 1))
		}
	}
	slices.SortStableFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
	return charges
}
