package refund_test

import (
	"fmt"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// long makes an account of n rows: top-ups, payments and every fourth row a
// reversal of an earlier one, which is what costs.
func long(n int, fraud bool) refund.Input {
	in := refund.Input{Charges: make([]event.Charge, n), Verdicts: make([]refund.Verdict, n)}
	for i := range in.Charges {
		c := event.Charge{Time: int64(i) * 1e6, Txn: event.KeyOfString(fmt.Sprint("txn", i)), Amount: 1000, Status: event.Approved,
			Currency: uint32(money.MustCurrency("JPY")), Kind: event.TopUp, Funding: event.Card}
		switch i % 4 {
		case 1, 2:
			c.Kind, c.Funding = event.Payment, event.Balance
		case 3:
			c.Kind, c.Amount, c.Ref = event.Reversal, 250, in.Charges[(i/8)*4].Txn
		}
		in.Charges[i] = c
		if fraud && i >= n/2 {
			in.Verdicts[i] = refund.Named
		}
	}
	return in
}

// BenchmarkSettle measures an account of a usual incident, one too long for
// scratch space on the stack, and a shop's worth; the control is an account
// without fraud. The answer is checked: half of the rows are the attacker's,
// and each top-up less what came back, and two payments, make up the loss.
func BenchmarkSettle(b *testing.B) {
	for _, n := range []int{8, 40, 200, 100_000} {
		for _, fraud := range []bool{true, false} {
			b.Run(fmt.Sprintf("rows=%d/fraud=%v", n, fraud), func(b *testing.B) {
				in := long(n, fraud)
				b.ReportAllocs()
				for b.Loop() {
					a, err := refund.Settle(in)
					if err != nil {
						b.Fatal(err)
					}
					if fraud != (len(a.Totals) == 1 && a.Totals[0].NetLoss == int64(n)/4*1000) {
						b.Fatalf("net loss: %+v", a.Totals)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
			})
		}
	}
}

// BenchmarkSplit measures the split of one account.
func BenchmarkSplit(b *testing.B) {
	in := long(40, true)
	b.ReportAllocs()
	for b.Loop() {
		shares, err := refund.Split(in, refund.ProRata)
		if err != nil || len(shares) != 10 {
			b.Fatalf("%d shares, %v", len(shares), err)
		}
	}
}

// TestAllocations keeps Settle cheap: nothing is allocated but the result.
func TestAllocations(t *testing.T) {
	for _, c := range []struct {
		rows  int
		fraud bool
		want  float64
	}{
		{rows: 8, fraud: false, want: 0},
		{rows: 8, fraud: true, want: 3},  // lines, the rows they stand on, totals
		{rows: 40, fraud: true, want: 3}, // the most that fits the stack is more than this
	} {
		in := long(c.rows, c.fraud)
		if got := testing.AllocsPerRun(100, func() { settle(t, in) }); got > c.want {
			t.Errorf("%d rows, fraud %v: %v allocations, want %v", c.rows, c.fraud, got, c.want)
		}
	}
}
