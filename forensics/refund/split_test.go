package refund_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

func split(t testing.TB, in refund.Input, o refund.Order) []refund.Share {
	t.Helper()
	shares, err := refund.Split(in, o)
	if err != nil {
		t.Fatal(err)
	}
	return shares
}

// TestSplit holds what is shown for a charge, by order of spending.
func TestSplit(t *testing.T) {
	opening := func(amount int64) func(*refund.Input) {
		return func(in *refund.Input) {
			in.Opening = []refund.Opening{{Currency: money.MustCurrency("JPY"), Amount: amount}}
		}
	}
	for _, e := range []struct {
		name, rows      string
		set             func(*refund.Input)
		fraud, own, pro string
	}{
		{name: "95,000 after 90,000 and 5,000 of her own", rows: `
			own   t0 topup    5000 card
			named t1 topup   90000 card
			named p1 payment 95000 balance`,
			fraud: "p1 90000+5000", own: "p1 90000+5000", pro: "p1 90000+5000"},
		{name: "two payments", rows: `
			own   t0 topup   1000 card
			named t1 topup   3000 card
			named p1 payment 1001 balance
			named p2 payment 2000 balance`,
			fraud: "p1 1001+0 p2 1999+1", own: "p1 1+1000 p2 2000+0", pro: "p1 750+251 p2 1500+500"},
		{name: "the owner spends between", rows: `
			own   t0 topup   1000 card
			named t1 topup   1000 card
			own   p0 payment 1000 balance
			named p1 payment  900 balance`,
			fraud: "p1 0+900", own: "p1 900+0", pro: "p1 450+450"},
		{name: "an opening balance that is known", set: opening(500), rows: `
			named t1 topup   500 card
			named p1 payment 600 balance`,
			fraud: "p1 500+100", own: "p1 100+500", pro: "p1 300+300"},
		{name: "one that is not: the least there must have been", rows: `
			named t1 topup   500 card
			named p1 payment 600 balance`,
			fraud: "p1 500+100", own: "p1 500+100", pro: "p1 500+100"},
		{name: "more than the wallet can hold is the owner's", set: opening(0), rows: `
			named t1 topup   500 card
			named p1 payment 600 balance
			named t2 topup   500 card
			named p2 payment 500 balance`,
			fraud: "p1 500+100 p2 500+0", own: "p1 500+100 p2 500+0", pro: "p1 500+100 p2 500+0"},
		{name: "a refund puts back what was taken last", set: opening(1000), rows: `
			named t1 topup   1000 card
			named p1 payment 1500 balance
			own   f1 refund   600 >p1
			named p2 payment  900 balance`,
			fraud: "p1 1000+500 p2 100+800", own: "p1 500+1000 p2 800+100", pro: "p1 750+750 p2 450+450"},
		{name: "two refunds of one payment", set: opening(1000), rows: `
			named t1 topup   1000 card
			named p1 payment 1500 balance
			own   f1 refund   600 >p1
			own   f2 refund   600 >p1
			named p2 payment  600 balance`,
			fraud: "p1 1000+500 p2 600+0", own: "p1 500+1000 p2 0+600", pro: "p1 750+750 p2 300+300"},
		{name: "within one instant money comes in before it goes out", set: opening(0), rows: `
			named a payment 100 balance
			named b topup   100 card @same`,
			fraud: "a 100+0", own: "a 100+0", pro: "a 100+0"},
		{name: "and so whatever the transactions are called", set: opening(0), rows: `
			named b payment 100 balance
			named a topup   100 card @same`,
			fraud: "b 100+0", own: "b 100+0", pro: "b 100+0"},
		{name: "a reversed top-up goes out with its own money first", set: opening(1000), rows: `
			named t1 topup    1000 card
			own   r1 reversal  400 >t1
			named p1 payment  1600 balance`,
			fraud: "p1 600+1000", own: "p1 600+1000", pro: "p1 600+1000"},
		{name: "over-refunded, then more", set: opening(100), rows: `
			named p1 payment 100 balance
			own   f1 refund  150 >p1
			named p2 payment 150 balance`,
			fraud: "p1 0+100 p2 50+100", own: "p1 0+100 p2 50+100", pro: "p1 0+100 p2 50+100"},
		{name: "direct, declined and only possible charges have no share", rows: `
			named    t1 topup   100 card
			named    p1 payment 100 card
			named    p2 payment 100 balance declined
			possible p3 payment 100 balance
			named    x1 transfer_out 100 USD
			named    x2 payout   50`,
			fraud: "x1 0+100 x2 0+50", own: "x1 0+100 x2 50+0", pro: "x1 0+100 x2 34+16"},
	} {
		t.Run(e.name, func(t *testing.T) {
			in, names := read(t, e.rows)
			if e.set != nil {
				e.set(&in)
			}
			for o, want := range []string{refund.FraudFirst: e.fraud, refund.OwnFirst: e.own, refund.ProRata: e.pro} {
				got := ""
				for i, s := range split(t, in, refund.Order(o)) {
					if i > 0 {
						got += " "
					}
					got += fmt.Sprintf("%s %d+%d", names[s.Charge], s.Fraud, s.Own)
				}
				if got != want {
					t.Errorf("%v: got %q, want %q", refund.Order(o), got, want)
				}
			}
		})
	}
}

// TestSplitChangesNoTotal: whatever the order, the same charges are shown, in
// full, and no share is negative.
func TestSplitChangesNoTotal(t *testing.T) {
	about := func(in refund.Input, _ refund.Account) bool { return len(split(t, in, refund.FraudFirst)) > 0 }
	each(t, about, func(_ *rand.Rand, in refund.Input, _ refund.Account) error {
		want := map[int]int64{}
		for i, c := range in.Charges {
			unit, root := effect(in, i, 0)
			fraud := in.Verdicts[i] == refund.Named || in.Possible && in.Verdicts[i] == refund.Possible
			if fraud && root == i && !returns(c.Kind) && unit[walletLeg(c.Currency)] < 0 {
				want[i] = c.Amount
			}
		}
		for o := refund.FraudFirst; o <= refund.ProRata; o++ {
			shares := split(t, in, o)
			if len(shares) != len(want) {
				return fmt.Errorf("%v: %d shares, want %d", o, len(shares), len(want))
			}
			for _, s := range shares {
				if amount, ok := want[s.Charge]; !ok || s.Fraud+s.Own != amount || s.Fraud < 0 || s.Own < 0 {
					return fmt.Errorf("%v: row %d is %d + %d of %d", o, s.Charge, s.Fraud, s.Own, amount)
				}
			}
		}
		return nil
	})
}

// TestSplitByUnits replays top-ups and payments one unit at a time, each unit
// marked with whose it is, and the pro-rata order with exact fractions.
func TestSplitByUnits(t *testing.T) {
	for seed := range uint64(wallets) {
		r := rand.New(rand.NewPCG(seed, 13))
		in := simple(r)
		var balance, lowest int64
		for _, c := range in.Charges {
			if c.Kind == event.TopUp {
				balance += c.Amount
			} else {
				balance -= c.Amount
			}
			lowest = min(lowest, balance)
		}
		if r.IntN(2) == 0 {
			lowest -= r.Int64N(20)
			in.Opening = []refund.Opening{{Currency: money.MustCurrency("JPY"), Amount: -lowest}}
		}
		for o := refund.FraudFirst; o <= refund.ProRata; o++ {
			want := units(in, o, -lowest)
			if got := split(t, in, o); !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v: got %v, want %v\n%s", seed, o, got, want, dump(in, refund.Account{}))
			}
		}
	}
}

func simple(r *rand.Rand) refund.Input {
	var in refund.Input
	for i := range 1 + r.IntN(8) {
		c := event.Charge{Time: int64(i), Txn: event.Key(i + 1), Amount: r.Int64N(40), Status: event.Approved,
			Currency: uint32(money.MustCurrency("JPY")), Kind: event.TopUp, Funding: event.Card}
		if r.IntN(2) == 0 {
			c.Kind, c.Funding = event.Payment, event.Balance
		}
		in.Charges, in.Verdicts = append(in.Charges, c), append(in.Verdicts, pick(r, refund.Own, refund.Named))
	}
	return in
}

func units(in refund.Input, o refund.Order, opening int64) []refund.Share {
	wallet := make([]bool, opening) // true is fraud
	var shares []refund.Share
	for i, c := range in.Charges {
		fraud := in.Verdicts[i] == refund.Named
		if c.Kind == event.TopUp {
			for range c.Amount {
				wallet = append(wallet, fraud)
			}
			continue
		}
		held := int64(0)
		for _, f := range wallet {
			if f {
				held++
			}
		}
		var s refund.Share
		if o == refund.ProRata && len(wallet) > 0 {
			part := new(big.Rat).Mul(big.NewRat(held, int64(len(wallet))), big.NewRat(c.Amount, 1))
			s.Fraud = new(big.Int).Quo(part.Num(), part.Denom()).Int64()
			s.Own = c.Amount - s.Fraud
		}
		for k := range c.Amount {
			want := o == refund.FraudFirst // whose unit goes next, if there is one
			if o == refund.ProRata {
				want = k < s.Fraud
			}
			at := slices.Index(wallet, want)
			if at < 0 {
				at = 0
			}
			if o != refund.ProRata {
				if wallet[at] {
					s.Fraud++
				} else {
					s.Own++
				}
			}
			wallet = slices.Delete(wallet, at, at+1)
		}
		if s.Charge = i; fraud {
			shares = append(shares, s)
		}
	}
	return shares
}

// TestSplitLeans: while the owner spends nothing, fraud-first shows at least
// as much fraud as pro-rata, and that as own-first, up to every charge.
func TestSplitLeans(t *testing.T) {
	for seed := range uint64(wallets) {
		in := simple(rand.New(rand.NewPCG(seed, 17)))
		for i, c := range in.Charges {
			if c.Kind == event.Payment {
				in.Verdicts[i] = refund.Named
			}
		}
		in.Opening = []refund.Opening{{Currency: money.MustCurrency("JPY"), Amount: 400}}
		first, own, pro := split(t, in, refund.FraudFirst), split(t, in, refund.OwnFirst), split(t, in, refund.ProRata)
		var a, b, c int64
		for i := range first {
			a, b, c = a+first[i].Fraud, b+pro[i].Fraud, c+own[i].Fraud
			if a < b || b < c {
				t.Fatalf("seed %d: fraud-first %d, pro-rata %d, own-first %d\n%s", seed, a, b, c, dump(in, refund.Account{}))
			}
		}
	}
}

// TestSplitLarge: shares of amounts near the limit do not wrap round.
func TestSplitLarge(t *testing.T) {
	in, _ := read(t, `
		own   t0 topup   1000000000000000 card
		named t1 topup    999999999999999 card
		named p1 payment  999999999999998 balance`)
	got := split(t, in, refund.ProRata)
	if want := []refund.Share{{Charge: 2, Fraud: 499999999999998, Own: 500000000000000}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestParseOrder: every order is read by the word it is written with, and no other.
func TestParseOrder(t *testing.T) {
	for o := refund.FraudFirst; o <= refund.ProRata; o++ {
		if got, err := refund.ParseOrder(o.String()); err != nil || got != o {
			t.Errorf("%v: got %v, %v", o, got, err)
		}
	}
	if _, err := refund.ParseOrder("lifo"); err == nil {
		t.Error(`"lifo" is an order`)
	}
}
