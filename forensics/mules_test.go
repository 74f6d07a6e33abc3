package forensics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
)

// A sending is an incident in which the accounts h011, h012 and h013 are robbed
// by one crew, h014 is entered and left alone, and money is sent about.
type sending struct {
	*book
	at map[string]time.Duration
}

func newSending() *sending {
	s := &sending{month(rand.New(rand.NewPCG(5, 5)), 100), map[string]time.Duration{}}
	s.tries(300)
	for n := 11; n <= 13; n++ {
		at, account := s.enter(n, "crew", "251.0.0.7")
		s.at[account] = at
		s.pay(at+time.Minute, account, "crew", "topup", 30_000, "funding_ref=card-"+account)
		s.pay(at+2*time.Minute, account, "crew", "payment", 1_000, "store_id=mall")
	}
	s.login(raidAt+140*time.Second, "h014", "tester", server)
	return s
}

// send notes the two rows of a transfer. Minutes count from when h011 was robbed.
func (s *sending) send(minute int, from, to string, amount int64, device string, more ...string) (out, in string) {
	return s.out(minute, from, to, amount, device, more...), s.in(minute, from, to, amount, more...)
}

func (s *sending) time(minute int) time.Duration {
	return s.at["h011"] + time.Duration(minute)*time.Minute
}

func (s *sending) out(minute int, from, to string, amount int64, device string, more ...string) string {
	words := append([]string{"counterparty_account_id=" + to, "funding_source="}, more...)
	return s.pay(s.time(minute), from, device, "transfer_out", amount, words...)
}

func (s *sending) in(minute int, from, to string, amount int64, more ...string) string {
	words := append([]string{"counterparty_account_id=" + from, "funding_source="}, more...)
	return s.pay(s.time(minute)+time.Second, to, "", "transfer_in", amount, words...)
}

// money tells the wallet lines, losses and mules of a case.
func moneyOf(c *forensics.Case) []string {
	var out []string
	for _, v := range c.Victims {
		out = append(out, line(v.Account, "loses", v.NetLoss, v.Currency))
	}
	for _, r := range c.Refunds {
		if !strings.HasPrefix(r.Component.String(), "instrument") {
			out = append(out, line(r.Account, r.Component, r.Amount, r.Currency, r.Status, r.Reasons))
		}
	}
	for _, m := range c.Mules {
		moved := "?"
		if m.Traced {
			moved = fmt.Sprint(m.Moved)
		}
		out = append(out, line("mule", m.Account, "got", m.Received, m.Currency, "from", m.From, "moved", moved, "victim", m.Victim, "unmatched", m.Lost, m.Unmatched))
	}
	return out
}

const (
	attackersSum = "topup_by_attacker;spent_by_attacker;moved_out_by_attacker"
	plain        = "topup_by_attacker;spent_by_attacker"
	robbed12     = "h012 balance_clawback -29000 JPY open " + plain
	robbed13     = "h013 balance_clawback -29000 JPY open " + plain
)

func TestTransfers(t *testing.T) {
	for _, e := range []struct {
		name string
		rows func(s *sending)
		want []string
	}{
		{"to another robbed account, which is not paid twice for it", func(s *sending) {
			s.send(5, "h011", "h012", 20_000, "crew")
			s.pay(s.time(9), "h012", "crew", "payment", 49_000, "store_id=mall")
		}, []string{
			"h011 loses 21000 JPY", "h012 loses 30000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -9000 JPY open " + attackersSum,
			"h013 balance_clawback -29000 JPY open " + plain,
			"mule h012 got 20000 JPY from 1 moved ? victim true unmatched 0 0",
		}},
		{"onward through robbed accounts, whatever the length", func(s *sending) {
			s.send(5, "h011", "h012", 20_000, "crew")
			s.send(8, "h012", "h013", 50_000-1_000, "crew")
			s.pay(s.time(12), "h013", "crew", "payment", 78_000, "store_id=mall")
		}, []string{
			"h011 loses 21000 JPY", "h012 loses 30000 JPY", "h013 loses 30000 JPY",
			"h011 balance_clawback -9000 JPY open " + attackersSum,
			"mule h013 got 49000 JPY from 1 moved ? victim true unmatched 0 0",
			"mule h012 got 20000 JPY from 1 moved ? victim true unmatched 0 0",
		}},
		{"through a mule that is no victim and back into a robbed account", func(s *sending) {
			s.send(5, "h011", "mule", 20_000, "crew")
			s.send(6, "mule", "mule2", 15_000, "m")
			s.send(7, "mule2", "h012", 15_000, "m")
			s.pay(s.time(12), "h012", "crew", "payment", 44_000, "store_id=mall")
		}, []string{
			"h011 loses 21000 JPY", "h012 loses 30000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -9000 JPY open " + attackersSum, robbed13,
			"mule mule got 20000 JPY from 1 moved 15000 victim false unmatched 0 0",
			"mule h012 got 15000 JPY from 1 moved ? victim true unmatched 0 0",
			"mule mule2 got 15000 JPY from 1 moved 15000 victim false unmatched 0 0",
		}},
		{"a mule that sends on more than it got: nobody can say whose it is", func(s *sending) {
			s.send(5, "h011", "mule", 20_000, "crew")
			s.send(7, "mule", "h012", 20_001, "m")
			s.pay(s.time(12), "h012", "crew", "payment", 1_000, "store_id=mall")
		}, []string{
			"h011 loses 21000 JPY", "h012 loses 2000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -9000 JPY open " + attackersSum,
			"h012 balance_clawback -28000 JPY open " + plain, robbed13,
			"mule mule got 20000 JPY from 1 moved 20000 victim false unmatched 0 0",
		}},
		{"to an account of which the logs know nothing", func(s *sending) {
			s.out(5, "h011", "elsewhere", 20_000, "crew")
		}, []string{
			"h011 loses 21000 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -9000 JPY open " + attackersSum, robbed12, robbed13,
			"mule elsewhere got 20000 JPY from 1 moved ? victim false unmatched 1 20000",
		}},
		{"not found where it came in: left as the owner's, and said so", func(s *sending) {
			s.out(5, "h011", "h012", 20_000, "crew")
			s.in(30, "h011", "h012", 20_000) // too late
			s.out(5, "h011", "h013", 500, "crew")
			s.in(5, "h011", "h013", 499) // another amount
		}, []string{
			"h011 loses 21500 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -8500 JPY open " + attackersSum, robbed12, robbed13,
			"mule h012 got 20000 JPY from 1 moved ? victim true unmatched 1 20000",
			"mule h013 got 500 JPY from 1 moved ? victim true unmatched 1 500",
		}},
		{"repeats in one minute: as many came in as went out", func(s *sending) {
			for range 3 {
				s.send(5, "h011", "h012", 5_000, "crew")
			}
		}, []string{
			"h011 loses 16000 JPY", "h012 loses -14000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -14000 JPY open " + attackersSum,
			"h012 balance_clawback -44000 JPY exception topup_by_attacker;spent_by_attacker;moved_in_by_attacker;negative_net", robbed13,
			"mule h012 got 15000 JPY from 1 moved ? victim true unmatched 0 0",
		}},
		{"two went out and one came in: which is it?", func(s *sending) {
			s.send(5, "h011", "h012", 5_000, "crew")
			s.out(6, "h011", "h012", 5_000, "crew")
		}, []string{
			"h011 loses 11000 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -19000 JPY open " + attackersSum, robbed12, robbed13,
			"mule h012 got 10000 JPY from 1 moved ? victim true unmatched 2 10000",
		}},
		{"the owner sends the same at the same time: which is it?", func(s *sending) {
			s.send(5, "h011", "h012", 5_000, "crew")
			s.send(6, "h011", "h012", 5_000, "phone-011")
		}, []string{
			"h011 loses 6000 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -24000 JPY open " + attackersSum, robbed12, robbed13,
			"mule h012 got 5000 JPY from 1 moved ? victim true unmatched 1 5000",
		}},
		{"and if the rows name each other, that one is known", func(s *sending) {
			out := s.out(5, "h011", "h012", 5_000, "crew")
			s.in(5, "h011", "h012", 5_000, "original_txn_id="+out)
			s.send(6, "h011", "h012", 5_000, "phone-011")
			s.pay(s.time(12), "h012", "crew", "payment", 34_000, "store_id=mall")
		}, []string{
			"h011 loses 6000 JPY", "h012 loses 30000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -24000 JPY open " + attackersSum, robbed13,
			"mule h012 got 5000 JPY from 1 moved ? victim true unmatched 0 0",
		}},
		{"no row names the other account, but one the other's transaction; a fee stays away", func(s *sending) {
			out := s.out(5, "h011", "", 5_000, "crew")
			s.in(50, "", "h012", 4_900, "original_txn_id="+out)
			s.pay(s.time(60), "h012", "crew", "payment", 33_900, "store_id=mall")
		}, []string{
			"h011 loses 6000 JPY", "h012 loses 30000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -24000 JPY open " + attackersSum, robbed13,
			"mule h012 got 5000 JPY from 1 moved ? victim true unmatched 0 0",
		}},
		{"what came in does not say from whom, and there is one", func(s *sending) {
			s.out(5, "h011", "h012", 5_000, "crew")
			s.in(5, "", "h012", 5_000)
			s.pay(s.time(60), "h012", "crew", "payment", 34_000, "store_id=mall")
		}, []string{
			"h011 loses 6000 JPY", "h012 loses 30000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -24000 JPY open " + attackersSum, robbed13,
			"mule h012 got 5000 JPY from 1 moved ? victim true unmatched 0 0",
		}},
		{"to an account that was entered and left alone: a mule", func(s *sending) {
			const later = 13 * 24 * 60 // after all that its owner does
			s.send(later, "h011", "h014", 5_000, "crew")
			s.pay(s.time(later+5), "h014", "phone-014", "payment", 2_000, "store_id=S01")
			s.pay(s.time(later+6), "h014", "phone-014", "payment", 9_000, "store_id=S01", "status=declined")
			gone := s.pay(s.time(later+7), "h014", "phone-014", "payment", 1_500, "store_id=S01")
			s.pay(s.time(later+8), "h014", "phone-014", "refund", 1_500, "original_txn_id="+gone)
		}, []string{
			"h011 loses 6000 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -24000 JPY open " + attackersSum, robbed12, robbed13,
			"mule h014 got 5000 JPY from 1 moved 2000 victim false unmatched 0 0",
		}},
		{"what the owner sends is the owner's", func(s *sending) {
			s.send(5, "h011", "h012", 5_000, "phone-011")
		}, []string{
			"h011 loses 1000 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -29000 JPY open " + plain, robbed12, robbed13,
		}},
		{"declined, and undone", func(s *sending) {
			s.send(5, "h011", "h012", 5_000, "crew", "status=declined")
			out := s.out(6, "h011", "h012", 7_000, "crew")
			s.pay(s.time(8), "h011", "", "reversal", 7_000, "original_txn_id="+out, "funding_source=")
		}, []string{
			"h011 loses 1000 JPY", "h012 loses 1000 JPY", "h013 loses 1000 JPY",
			"h011 balance_clawback -29000 JPY open topup_by_attacker;spent_by_attacker;moved_out_by_attacker;reversed", robbed12, robbed13,
		}},
		{"in another currency", func(s *sending) {
			s.pay(s.time(3), "h011", "crew", "topup", 500, "funding_ref=card-h011", "currency=USD")
			s.send(5, "h011", "h012", 500, "crew", "currency=USD")
			s.pay(s.time(9), "h012", "crew", "payment", 700, "store_id=mall", "currency=USD")
		}, []string{
			"h011 loses 1000 JPY", "h011 loses 500 USD", "h012 loses 1000 JPY", "h012 loses 200 USD", "h013 loses 1000 JPY",
			"h011 balance_clawback -29000 JPY open " + plain, robbed12,
			"h012 balance_restore 200 USD open spent_by_attacker;moved_in_by_attacker", robbed13,
			"mule h012 got 500 USD from 1 moved ? victim true unmatched 0 0",
		}},
		{"in a circle", func(s *sending) {
			s.send(5, "h011", "m1", 5_000, "crew")
			s.send(6, "m1", "m2", 5_000, "m")
			s.send(7, "m2", "m1", 5_000, "m")
			s.send(8, "m1", "m2", 5_000, "m", "funding_ref=again")
		}, nil},
	} {
		t.Run(e.name, func(t *testing.T) {
			s := newSending()
			e.rows(s)
			c := investigate(t, s.log(rand.New(rand.NewPCG(1, 1)), 4), 2)
			got := moneyOf(c)
			if e.want == nil { // it ends, with the money counted where it was sent
				if len(c.Mules) != 2 {
					t.Errorf("%v", got)
				}
			} else if diff := cmp.Diff(e.want, got); diff != "" {
				t.Error(diff)
			}
			// Neither the order of lines nor where accounts lie can be seen.
			r := rand.New(rand.NewPCG(2, 2))
			other := investigate(t, s.shuffle(r).log(r, 1<<r.IntN(6)), 1+r.IntN(3))
			if diff := cmp.Diff(got, moneyOf(other)); diff != "" {
				t.Fatalf("in another order: %s", diff)
			}
		})
	}
}

// TestTransferredCharge checks how money that came in stands among the charges,
// and that it is explained.
func TestTransferredCharge(t *testing.T) {
	s := newSending()
	_, in := s.send(5, "h011", "h012", 20_000, "crew")
	l := s.log(rand.New(rand.NewPCG(1, 1)), 4)
	c := investigate(t, l, 2)
	at := slices.IndexFunc(c.Charges, func(ch forensics.Charge) bool { return ch.Txn == in })
	if at < 0 {
		t.Fatal("it is no charge")
	}
	if ch := c.Charges[at]; ch.Account != "h012" || ch.Kind != event.TransferIn || !ch.SentOn || !slices.Equal(ch.Reasons, []string{"stolen_elsewhere"}) {
		t.Errorf("%+v", ch)
	}
	x := examine(t, l, 2)
	e, err := x.Explain(t.Context(), "h012", forensics.ExplainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at = slices.IndexFunc(e.Events, func(ev forensics.Event) bool { return ev.Txn == in })
	if ev := e.Events[at]; ev.Verdict != "stolen" || ev.Why != "money that a thief sent from account h011" {
		t.Errorf("%+v", ev)
	}
	var lines []forensics.Refund
	for _, r := range c.Refunds {
		if r.Account == "h012" {
			lines = append(lines, r)
		}
	}
	if diff := cmp.Diff(lines, e.Ledger); diff != "" {
		t.Errorf("the ledger that is explained: %s", diff)
	}
}

// TestTransfersAddUp: whatever is sent about between robbed accounts, what is
// lost in all is what left them for shops, to the yen.
func TestTransfersAddUp(t *testing.T) {
	matched := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 61))
		s := newSending()
		accounts := []string{"h011", "h012", "h013"}
		spent := int64(3 * 1_000)
		for n := range 2 + r.IntN(12) {
			from, to := pick(r, accounts...), pick(r, append(accounts, "m1", "m2")...)
			amount := 100 + r.Int64N(5_000)
			switch {
			case from == to:
				s.pay(s.time(20+n), from, "crew", "payment", amount, "store_id=mall")
				spent += amount
			default:
				s.send(20+n, from, to, amount, "crew")
				if to[0] == 'm' {
					spent += amount // it is gone
				}
			}
		}
		c := investigate(t, s.log(r, 4), 2)
		var net int64
		for _, v := range c.Victims {
			net += v.NetLoss
		}
		for _, m := range c.Mules {
			matched += int(m.Transfers - m.Lost)
			if m.Account[0] != 'm' && m.Lost > 0 {
				t.Fatalf("seed %d: %+v", seed, m)
			}
		}
		if net != spent {
			t.Fatalf("seed %d: %d are lost, %d were spent or sent away\n%v", seed, net, spent, moneyOf(c))
		}
	}
	if matched < 40 {
		t.Errorf("only %d transfers were matched", matched)
	}
}
