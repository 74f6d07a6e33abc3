package refund_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// This file holds every example by which the money was agreed on, one test
// each, to the yen: first those of the law of replay, then the rules of refund
// practice as far as they are about one account's ledger. Where a rule would
// clip at zero, the exception line of the law stands instead.

// only is an example alone.
func only(t *testing.T, rows, want string) {
	t.Helper()
	run(t, []example{{name: "ledger", rows: rows, want: want}})
}

func TestReplayTwoTopUpsMostSpent(t *testing.T) {
	only(t, `
		named t1 topup   30000 card:visa
		named t2 topup   20000 card:visa
		named p1 payment 46000 balance`, `
		instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
		instrument_refund card open JPY 20000-0=20000 t2 topup_by_attacker
		balance_clawback balance open JPY -4000-0=-4000 t1,t2,p1 topup_by_attacker;spent_by_attacker
		JPY topup 50000 spend 46000 wallet -4000 net 46000 charges 3/3`)
}

func TestReplayIssuerStoppedATopUp(t *testing.T) {
	only(t, `
		named t1 topup   30000 card:visa
		named t2 topup   20000 card:visa
		named p1 payment 46000 balance
		own   c1 chargeback 30000 >t1`, `
		instrument_refund card closed JPY 30000-30000=0 t1,c1 topup_by_attacker;charged_back;fully_returned
		instrument_refund card open JPY 20000-0=20000 t2 topup_by_attacker
		balance_clawback balance open JPY -4000-0=-4000 t1,t2,p1 topup_by_attacker;spent_by_attacker
		JPY topup 50000 spend 46000 wallet -4000 net 16000 charges 3/3`)
}

func TestReplayTopUpReversedOutOfTheWallet(t *testing.T) {
	only(t, `
		named t1 topup   30000 card:visa
		named t2 topup   20000 card:visa
		named p1 payment 46000 balance
		own   r1 reversal 30000 >t1`, `
		instrument_refund card closed JPY 30000-30000=0 t1,r1 topup_by_attacker;reversed;fully_returned
		instrument_refund card open JPY 20000-0=20000 t2 topup_by_attacker
		balance_restore balance open JPY 26000-0=26000 t1,t2,p1,r1 topup_by_attacker;spent_by_attacker;reversed
		JPY topup 50000 spend 46000 wallet 26000 net 46000 charges 3/2
		undone t1`)
}

// TestReplayCardLinesSumToTopUps: with top-ups that sum to F and spending P,
// card lines sum to F, the wallet line is P - F, and all of them P.
func TestReplayCardLinesSumToTopUps(t *testing.T) {
	for f := int64(0); f <= 3; f++ {
		for p := int64(0); p <= 4; p++ {
			var rows []string
			for i := range f {
				rows = append(rows, fmt.Sprintf("named t%d topup 10000 card", i))
			}
			for i := range p {
				rows = append(rows, fmt.Sprintf("named p%d payment 9000 balance", i))
			}
			if rows == nil {
				continue
			}
			in, _ := read(t, strings.Join(rows, "\n"))
			var card, wallet int64
			for _, l := range settle(t, in).Lines {
				if l.Channel == refund.Card {
					card += l.Amount
				} else {
					wallet += l.Amount
				}
			}
			if card != f*10_000 || wallet != p*9_000-f*10_000 || card+wallet != p*9_000 {
				t.Errorf("%d top-ups, %d payments: card %d, wallet %d", f, p, card, wallet)
			}
		}
	}
}

func TestReplayPossibleChargesOfANamedAccount(t *testing.T) {
	only(t, `
		named    t1 topup   30000 card
		named    p1 payment  5000 balance
		possible p2 payment 20000 balance`, `
		instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
		balance_clawback balance open JPY -5000-0=-5000 t1,p1,p2 topup_by_attacker;spent_by_attacker;possible_spared
		JPY topup 30000 spend 5000 wallet -25000 net 25000 charges 2/2`)
}

func TestReplayTopUpFromElsewhere(t *testing.T) {
	only(t, `
		named t1 topup   10000 card:theirs foreign
		named p1 payment 25000 balance`, `
		balance_restore balance open JPY 15000-0=15000 t1,p1 topup_by_attacker;spent_by_attacker;foreign_topup
		JPY topup 10000 spend 25000 wallet 15000 net 15000 charges 2/2`)
}

// TestReplayAMuleThatIsAVictim: what came in from another robbed account is the
// attacker's, so that spending it is not paid here as well.
func TestReplayAMuleThatIsAVictim(t *testing.T) {
	only(t, `
		own   t0 topup       5000 card
		named x1 transfer_in 20000
		named p1 payment     25000 balance`, `
		balance_restore balance open JPY 5000-0=5000 x1,p1 spent_by_attacker;moved_in_by_attacker
		JPY topup 0 spend 25000 wallet 5000 net 5000 charges 2/2`)
}

// TestReplayInFlight: a pending charge counts as approved, and its lines wait.
func TestReplayInFlight(t *testing.T) {
	only(t, `
		named t1 topup   30000 card pending
		named p1 payment  8000 card pending`, `
		instrument_refund card held JPY 30000-0=30000 t1 topup_by_attacker;pending
		instrument_refund card held JPY 8000-0=8000 p1 spent_by_attacker;pending
		balance_clawback balance held JPY -30000-0=-30000 t1 topup_by_attacker;pending
		JPY topup 30000 spend 8000 wallet -30000 net 8000 charges 2/0`)
}

// TestReplayApprovedSecondsBeforeTheEnd: nothing of it is spent yet.
func TestReplayApprovedSecondsBeforeTheEnd(t *testing.T) {
	only(t, `
		own   p0 payment   700 balance
		named t1 topup   30000 card`, `
		instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
		balance_clawback balance open JPY -30000-0=-30000 t1 topup_by_attacker
		JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`)
}

// TestReplayDirectPayment: the wallet has no part in it, nor has a partial
// refund of it.
func TestReplayDirectPayment(t *testing.T) {
	only(t, `
		named p1 payment 12000 card:visa
		own   f1 refund   2000 >p1
		own   c1 chargeback 4000 >p1`, `
		instrument_refund card open JPY 12000-6000=6000 p1,f1,c1 spent_by_attacker;refunded;charged_back;partly_returned
		JPY topup 0 spend 12000 wallet 0 net 6000 charges 1/1`)
}

// TestReplayManyReversals: several partial ones, of a top-up and of what it
// paid for.
func TestReplayManyReversals(t *testing.T) {
	only(t, `
		named t1 topup   30000 card
		named p1 payment 28000 balance
		own   r1 reversal 5000 >t1
		own   r2 reversal 2500 >t1
		own   r3 reversal 1000 >p1
		own   r4 reversal  500 >p1`, `
		instrument_refund card open JPY 30000-7500=22500 t1,r1,r2 topup_by_attacker;reversed;partly_returned
		balance_restore balance open JPY 4000-0=4000 t1,p1,r1,r2,r3,r4 topup_by_attacker;spent_by_attacker;reversed
		JPY topup 30000 spend 28000 wallet 4000 net 26500 charges 2/2`)
}

// TestReplaySeveralAttackers: two crews in one account are one pool, whoever of
// them put money in or took it out.
func TestReplaySeveralAttackers(t *testing.T) {
	only(t, `
		named a1 topup   10000 card
		named b1 payment  7000 balance
		named b2 topup   20000 debit
		named a2 payment 26000 balance`, `
		instrument_refund card open JPY 10000-0=10000 a1 topup_by_attacker
		instrument_refund debit open JPY 20000-0=20000 b2 topup_by_attacker
		balance_restore balance open JPY 3000-0=3000 a1,b1,b2,a2 topup_by_attacker;spent_by_attacker
		JPY topup 30000 spend 33000 wallet 3000 net 33000 charges 4/4`)
}

// TestReplayPoints: points that paid are given back as points, in their own
// unit or in the currency's.
func TestReplayPoints(t *testing.T) {
	only(t, `
		named p1 payment 800 points
		named p2 payment 150 points PTS
		own   r1 reversal 50 >p2 PTS`, `
		instrument_refund points open JPY 800-0=800 p1 spent_by_attacker
		instrument_refund points open PTS 150-50=100 p2,r1 spent_by_attacker;reversed;partly_returned
		JPY topup 0 spend 800 wallet 0 net 800 charges 1/1
		PTS topup 0 spend 150 wallet 0 net 100 charges 1/1`)
}

// TestRule1IntegersInEachCurrencysDigits: yen have none, dollars two, dinars
// three, and no amount is ever scaled or added across them.
func TestRule1IntegersInEachCurrencysDigits(t *testing.T) {
	for code, digits := range map[string]int{"JPY": 0, "USD": 2, "KWD": 3} {
		if got, ok := money.MustCurrency(code).Exponent(); !ok || got != digits {
			t.Fatalf("%s has %d digits", code, got)
		}
	}
	only(t, `
		named j1 topup   1200 card
		named u1 topup   1200 card USD
		named k1 topup   1200 card KWD
		named j2 payment 1000 balance
		named u2 payment 1000 balance USD
		named k2 payment 1001 balance KWD`, `
		instrument_refund card open JPY 1200-0=1200 j1 topup_by_attacker
		balance_clawback balance open JPY -200-0=-200 j1,j2 topup_by_attacker;spent_by_attacker
		instrument_refund card open KWD 1200-0=1200 k1 topup_by_attacker
		balance_clawback balance open KWD -199-0=-199 k1,k2 topup_by_attacker;spent_by_attacker
		instrument_refund card open USD 1200-0=1200 u1 topup_by_attacker
		balance_clawback balance open USD -200-0=-200 u1,u2 topup_by_attacker;spent_by_attacker
		JPY topup 1200 spend 1000 wallet -200 net 1000 charges 2/2
		KWD topup 1200 spend 1001 wallet -199 net 1001 charges 2/2
		USD topup 1200 spend 1000 wallet -200 net 1000 charges 2/2`)
}

// TestRule2SpendIsAttributedInOrder: 95,000 after 90,000 of fraudulent top-ups
// and 5,000 of her own is 90,000 by card and 5,000 to her, in every order of
// spending; 50,000 of it is shown as each order has it.
func TestRule2SpendIsAttributedInOrder(t *testing.T) {
	const rows = `
		own   t0 topup    5000 card
		named t1 topup   90000 card`
	only(t, rows+`
		named p1 payment 95000 balance`, `
		instrument_refund card open JPY 90000-0=90000 t1 topup_by_attacker
		balance_restore balance open JPY 5000-0=5000 t1,p1 topup_by_attacker;spent_by_attacker
		JPY topup 90000 spend 95000 wallet 5000 net 95000 charges 2/2`)
	for order, want := range map[refund.Order][2]int64{
		refund.FraudFirst: {50_000, 0}, refund.OwnFirst: {45_000, 5_000}, refund.ProRata: {47_368, 2_632},
	} {
		in, _ := read(t, rows+`
		named p1 payment 95000 balance`)
		if s := split(t, in, order); len(s) != 1 || s[0].Fraud != 90_000 || s[0].Own != 5_000 {
			t.Errorf("%v: 95,000 is %v", order, s)
		}
		in, _ = read(t, rows+`
		named p1 payment 50000 balance`)
		if s := split(t, in, order); len(s) != 1 || s[0].Fraud != want[0] || s[0].Own != want[1] {
			t.Errorf("%v: 50,000 is %v, want %v", order, s, want)
		}
	}
}

// TestRule3NetOfAllThatCameBack: reversals, merchants' refunds and issuers'
// credits are taken off; what would be negative is an exception, never clipped.
func TestRule3NetOfAllThatCameBack(t *testing.T) {
	only(t, `
		named p1 payment   10000 card
		own   r1 reversal   1000 >p1
		own   f1 refund     2000 >p1
		own   c1 chargeback 3000 >p1`, `
		instrument_refund card open JPY 10000-6000=4000 p1,r1,f1,c1 spent_by_attacker;reversed;refunded;charged_back;partly_returned
		JPY topup 0 spend 10000 wallet 0 net 4000 charges 1/1`)
	only(t, `
		named p1 payment   10000 card
		own   f1 refund    10000 >p1
		own   c1 chargeback 3000 >p1`, `
		instrument_refund card exception JPY 10000-13000=-3000 p1,f1,c1 spent_by_attacker;refunded;charged_back;over_returned;negative_net
		JPY topup 0 spend 10000 wallet 0 net -3000 charges 1/1`)
}

// TestRule4UnspentTopUpGoesBackToTheCard, not to the victim; unspent money of
// her own is no loss.
func TestRule4UnspentTopUpGoesBackToTheCard(t *testing.T) {
	only(t, `
		own   t0 topup  7000 debit
		named t1 topup 30000 card:visa`, `
		instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
		balance_clawback balance open JPY -30000-0=-30000 t1 topup_by_attacker
		JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`)
}

// TestRule5RefundsNeverExceedTheOriginal, and one in flight blocks a payout.
func TestRule5RefundsNeverExceedTheOriginal(t *testing.T) {
	in, _ := read(t, `
		named t1 topup   10000 card
		named p1 payment 10000 balance
		own   c1 chargeback 4000 >t1
		own   c2 chargeback 3500 >t1`)
	var sum int64
	for _, l := range settle(t, in).Lines {
		if l.Component == refund.InstrumentRefund {
			sum += l.Returned + l.Amount
		}
	}
	if sum != 10_000 {
		t.Errorf("what came back and what is to be paid is %d of 10,000", sum)
	}
	only(t, `
		named p1 payment   10000 card
		own   c1 chargeback 4000 >p1 pending`, `
		instrument_refund card held JPY 10000-4000=6000 p1,c1 spent_by_attacker;charged_back;partly_returned;pending
		JPY topup 0 spend 10000 wallet 0 net 6000 charges 1/1`)
	only(t, `
		named p1 payment   10000 card stoppable`, `
		instrument_refund card held JPY 10000-0=10000 p1 spent_by_attacker;issuer_may_stop
		JPY topup 0 spend 10000 wallet 0 net 10000 charges 1/1`)
}

// TestRule6SameObligationSameID: the parts of an id are what the obligation is,
// and no two obligations of an account share them.
func TestRule6SameObligationSameID(t *testing.T) {
	a := refund.ID("refund", "a1", "JPY", refund.InstrumentRefund.String(), "t1")
	for _, other := range []string{
		refund.ID("refund", "a2", "JPY", refund.InstrumentRefund.String(), "t1"),
		refund.ID("refund", "a1", "USD", refund.InstrumentRefund.String(), "t1"),
		refund.ID("refund", "a1", "JPY", refund.BalanceRestore.String(), "t1"),
		refund.ID("refund", "a1", "JPY", refund.InstrumentRefund.String(), "t2"),
	} {
		if other == a {
			t.Errorf("two obligations are called %s", a)
		}
	}
	if b := refund.ID("refund", "a1", "JPY", refund.InstrumentRefund.String(), "t1"); a != b {
		t.Errorf("one obligation is called %s and %s", a, b)
	}
}

// TestRule9TotalsAreTheSumOfLines: gross is what channels, exceptions and
// decisions add up to.
func TestRule9TotalsAreTheSumOfLines(t *testing.T) {
	in, _ := read(t, `
		named t1 topup   30000 card
		named t2 topup   20000 cash
		named p1 payment  9000 debit
		named p2 payment 46000 balance
		own   c1 chargeback 31000 >t1
		own   r1 reversal   100 >nowhere`)
	a := settle(t, in)
	var gross, returned int64
	channels := map[refund.Channel]int64{}
	statuses := map[refund.Status]int64{}
	for _, l := range a.Lines {
		if l.Component != refund.UnmatchedReturn {
			gross += l.Gross
			returned += l.Returned
		}
		channels[l.Channel] += l.Amount
		statuses[l.Status] += l.Amount
	}
	if len(a.Totals) != 1 || gross-returned != a.Totals[0].NetLoss || gross != 30_000+20_000+9_000+46_000-50_000 || returned != 31_000 {
		t.Errorf("gross %d, returned %d, %+v", gross, returned, a.Totals)
	}
	want := map[refund.Channel]int64{refund.Card: -1_000, refund.Cash: 20_000, refund.Debit: 9_000, refund.Balance: -4_000, refund.NoChannel: 0}
	for c, amount := range want {
		if channels[c] != amount {
			t.Errorf("%v: %d, want %d", c, channels[c], amount)
		}
	}
	if statuses[refund.Exception] != -1_000 || statuses[refund.NeedsDecision] != 20_000 || statuses[refund.Open] != 5_000 {
		t.Errorf("%v", statuses)
	}
}

// TestKnownClosingBalance: a balance after the last row splits a claw-back as
// one before the first row does; two that do not fit are an exception.
func TestKnownClosingBalance(t *testing.T) {
	const rows = `
		named t1 topup   30000 card
		own   p1 payment 10000 balance`
	jpy := money.MustCurrency("JPY")
	const always, ever = -1 << 63, 1<<63 - 1
	known := func(list ...refund.KnownBalance) func(*refund.Input) {
		return func(in *refund.Input) { in.Balances = list }
	}
	const used = `
		instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
		balance_clawback balance open JPY -21000-0=-21000 t1 topup_by_attacker
		victim_used none exception JPY -9000-0=-9000 t1 topup_by_attacker;owner_spent
		JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`
	run(t, []example{
		{name: "before the first row", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 1000, Until: always}), want: used},
		{name: "after the last", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 21000, Until: ever}), want: used},
		{name: "between", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 31000, Until: 30e6}), want: used},
		{name: "a row at the instant is not in it", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 31000, Until: 60e6}), want: used},
		{name: "before and after, and they fit", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 1000, Until: always},
			refund.KnownBalance{Currency: jpy, Amount: 21000, Until: ever}), want: used},
		{name: "before and after, and they do not", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 1000, Until: always},
			refund.KnownBalance{Currency: jpy, Amount: 20999, Until: ever}), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance exception JPY -30000-0=-30000 t1 topup_by_attacker;balances_differ
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "less than the rows allow: one is missing", rows: rows, set: known(refund.KnownBalance{Currency: jpy, Amount: 19999, Until: ever}), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance exception JPY -30000-0=-30000 t1 topup_by_attacker;balance_below_zero
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "in another currency", rows: rows, set: known(refund.KnownBalance{Currency: money.MustCurrency("USD"), Amount: 0, Until: ever}), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance open JPY -30000-0=-30000 t1 topup_by_attacker
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
	})
}
