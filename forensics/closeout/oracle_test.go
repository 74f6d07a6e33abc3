package closeout

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/paytriage/paytriage/forensics/effect"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// TestRollAgainstSlow compares with one that looks at every row for every account,
// currency and instant.
func TestRollAgainstSlow(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	currencies := []money.Currency{money.MustCurrency("JPY"), money.MustCurrency("USD")}
	wallets := 0
	for seed := range 2000 {
		parts := make([]event.Part, 4)
		txn := event.Key(0)
		for account := event.Key(1); account <= 6; account++ {
			p := &parts[account%4]
			for range rng.IntN(8) {
				txn++
				c := event.Charge{Account: account, Txn: txn, Time: int64(rng.IntN(5)), Kind: event.Kind(1 + rng.IntN(8)), Status: event.Status(rng.IntN(4)),
					Funding: event.Funding(rng.IntN(4)), Amount: int64(rng.IntN(100)), Currency: uint32(currencies[rng.IntN(2)]), Pos: event.Pos(txn)}
				if effect.IsReturn(c.Kind) {
					c.Ref = txn - event.Key(rng.IntN(4))
				}
				p.Charges = append(p.Charges, c)
			}
		}
		for i := range parts {
			parts[i].Sort()
		}
		log := &event.Log{Parts: event.Pack(parts, nil)}
		before := int64(rng.IntN(6))
		got, err := RollForward(context.Background(), log, before, 1+rng.IntN(3))
		if err != nil {
			t.Fatal(err)
		}
		var want []Rolled
		for i := range parts {
			for account := event.Key(1); account <= 6; account++ {
				for _, c := range currencies {
					if w, ok := slowly(parts[i].Charges, account, c, before); ok {
						want = append(want, w)
					}
				}
			}
		}
		if d := cmp.Diff(want, got.Wallets, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Rolled{}, "Pos")); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		wallets += len(want)
	}
	if wallets < 5000 {
		t.Errorf("only %d wallets", wallets)
	}
}

func slowly(charges []event.Charge, account event.Key, c money.Currency, before int64) (w Rolled, ok bool) {
	var own []event.Charge
	for _, r := range charges {
		if r.Account == account && r.Time < before {
			own = append(own, r)
		}
	}
	var chains effect.Chains
	chains.Read(own)
	w = Rolled{Account: account, Currency: c}
	at := map[int64]int64{}
	for i, r := range own {
		does := chains.Rows[i]
		loose := does.Loose && r.Kind != event.Chargeback
		if r.Currency != uint32(c) || does.Wallet == 0 && !loose {
			continue
		}
		w.Rows++
		moved := int64(does.Wallet) * r.Amount
		w.Balance += moved
		at[r.Time] += moved
		if loose {
			w.Loose, w.Returns = w.Loose+r.Amount, w.Returns+1
		}
		if r.Status == event.Pending && moved != 0 {
			w.Pending, w.Unsettled = w.Pending+moved, w.Unsettled+1
		}
	}
	var held int64
	for instant := range before {
		held += at[instant]
		w.Lowest = min(w.Lowest, held)
	}
	return w, w.Rows > 0
}

// TestSumRefuses: a total that does not add up is an error, not a book.
func TestSumRefuses(t *testing.T) {
	good := Total{Balance: 10, SetAside: 3, Rolled: 10}
	good.ByState[Claimed].Amount, good.ByState[Unclaimed].Amount = 5, 2
	if err := good.check(false); err != nil {
		t.Error(err)
	}
	for _, spoil := range []func(*Total){
		func(t *Total) { t.Balance++ }, func(t *Total) { t.SetAside-- }, func(t *Total) { t.ByState[Exception].Amount = 1 }, func(t *Total) { t.Rolled++ },
	} {
		bad := good
		spoil(&bad)
		var sum *SumError
		if err := bad.check(false); !errors.As(err, &sum) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	r := &Roll{Wallets: []Rolled{{Currency: money.MustCurrency("JPY"), Balance: 5}}}
	flows := map[money.Currency]*flow{}
	flowOf(flows, money.MustCurrency("JPY"))[event.TopUp].Add(4)
	var sum *SumError
	if err := r.close(flows); !errors.As(err, &sum) {
		t.Error(err)
	}
}
