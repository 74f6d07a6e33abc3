package refund_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// TestWorked holds the examples that the law itself gives, to the yen.
func TestWorked(t *testing.T) {
	run(t, []example{
		{name: "two top-ups, most spent", rows: `
			named t1 topup   30000 card:visa
			named t2 topup   20000 card:visa
			named p1 payment 46000 balance`, want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			instrument_refund card open JPY 20000-0=20000 t2 topup_by_attacker
			balance_clawback balance open JPY -4000-0=-4000 t1,t2,p1 topup_by_attacker;spent_by_attacker
			JPY topup 50000 spend 46000 wallet -4000 net 46000 charges 3/3`},
		{name: "the issuer stopped the 30,000", rows: `
			named t1 topup   30000 card:visa
			named t2 topup   20000 card:visa
			named p1 payment 46000 balance
			own   c1 chargeback 30000 >t1`, want: `
			instrument_refund card closed JPY 30000-30000=0 t1,c1 topup_by_attacker;charged_back;fully_returned
			instrument_refund card open JPY 20000-0=20000 t2 topup_by_attacker
			balance_clawback balance open JPY -4000-0=-4000 t1,t2,p1 topup_by_attacker;spent_by_attacker
			JPY topup 50000 spend 46000 wallet -4000 net 16000 charges 3/3`},
		{name: "the 30,000 was reversed out of the wallet", rows: `
			named t1 topup   30000 card:visa
			named t2 topup   20000 card:visa
			named p1 payment 46000 balance
			own   r1 reversal 30000 >t1`, want: `
			instrument_refund card closed JPY 30000-30000=0 t1,r1 topup_by_attacker;reversed;fully_returned
			instrument_refund card open JPY 20000-0=20000 t2 topup_by_attacker
			balance_restore balance open JPY 26000-0=26000 t1,t2,p1,r1 topup_by_attacker;spent_by_attacker;reversed
			JPY topup 50000 spend 46000 wallet 26000 net 46000 charges 3/2
			undone t1`},
		{name: "95,000 spent after 90,000 topped up and 5,000 of her own", rows: `
			own   t0 topup    5000 card:visa
			named t1 topup   30000 card:visa
			named t2 topup   30000 card:visa
			named t3 topup   30000 card:visa
			named p1 payment 95000 balance`, want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			instrument_refund card open JPY 30000-0=30000 t2 topup_by_attacker
			instrument_refund card open JPY 30000-0=30000 t3 topup_by_attacker
			balance_restore balance open JPY 5000-0=5000 t1,t2,t3,p1 topup_by_attacker;spent_by_attacker
			JPY topup 90000 spend 95000 wallet 5000 net 95000 charges 4/4`},
		{name: "her own balance only, and her coffee between", rows: `
			own   t0 topup   10000 debit
			named p1 payment  4000 balance
			own   p2 payment   380 balance
			named p3 payment  5620 balance`, want: `
			balance_restore balance open JPY 9620-0=9620 p1,p3 spent_by_attacker
			JPY topup 0 spend 9620 wallet 9620 net 9620 charges 2/2`},
		{name: "no fraud, no ledger", rows: `
			own      t0 topup    10000 debit
			possible p1 payment   4000 balance
			own      r1 reversal  4000 >nowhere`, want: ``},
	})
}

// TestChannels holds what paid and what that means for the line.
func TestChannels(t *testing.T) {
	run(t, []example{
		{name: "each instrument its own channel", rows: `
			named t1 topup   100 card:a
			named t2 topup   200 debit:b
			named t3 topup   300 bank:c
			named t4 topup   400 points
			named p1 payment 500 points
			named p2 payment 600 card:a`, want: `
			instrument_refund card open JPY 100-0=100 t1 topup_by_attacker
			instrument_refund debit open JPY 200-0=200 t2 topup_by_attacker
			instrument_refund bank open JPY 300-0=300 t3 topup_by_attacker
			instrument_refund points open JPY 400-0=400 t4 topup_by_attacker
			instrument_refund points open JPY 500-0=500 p1 spent_by_attacker
			instrument_refund card open JPY 600-0=600 p2 spent_by_attacker
			balance_clawback balance open JPY -1000-0=-1000 t1,t2,t3,t4 topup_by_attacker
			JPY topup 1000 spend 1100 wallet -1000 net 1100 charges 6/6`},
		{name: "points under a code of their own are a unit of their own", rows: `
			named t1 topup   100 card:a
			named p1 payment 100 balance
			named p2 payment 100 points PTS`, want: `
			instrument_refund card open JPY 100-0=100 t1 topup_by_attacker
			instrument_refund points open PTS 100-0=100 p2 spent_by_attacker
			JPY topup 100 spend 100 wallet 0 net 100 charges 2/2
			PTS topup 0 spend 100 wallet 0 net 100 charges 1/1`},
		{name: "not said, another word, the wallet itself", rows: `
			named t1 topup   100
			named t2 topup   200 carrier
			named t3 topup   300 balance
			named p1 payment 600`, want: `
			instrument_refund none open JPY 100-0=100 t1 topup_by_attacker;funding_unknown
			instrument_refund none open JPY 200-0=200 t2 topup_by_attacker;funding_other
			instrument_refund none open JPY 300-0=300 t3 topup_by_attacker;funding_unknown
			JPY topup 600 spend 600 wallet 0 net 600 charges 4/4`},
		{name: "a payment of unknown funding is from the balance, and says so", rows: `
			named p1 payment 600`, want: `
			balance_restore balance open JPY 600-0=600 p1 spent_by_attacker;funding_unknown
			JPY topup 0 spend 600 wallet 600 net 600 charges 1/1`},
		{name: "a payment from another kind of instrument is direct", rows: `
			named p1 payment 600 carrier`, want: `
			instrument_refund none open JPY 600-0=600 p1 spent_by_attacker;funding_other
			JPY topup 0 spend 600 wallet 0 net 600 charges 1/1`},
		{name: "cash is nobody's until a person says so", rows: `
			named t1 topup   600 cash
			named p1 payment 600 balance`, want: `
			instrument_refund cash needs_decision JPY 600-0=600 t1 topup_by_attacker;cash_owner_unknown
			JPY topup 600 spend 600 wallet 0 net 600 charges 2/2`},
		{name: "the attacker's own card has no line but counts in the wallet", rows: `
			named t1 topup    600 card:theirs foreign
			named t2 topup    900 card:hers
			named p1 payment 1000 balance`, want: `
			instrument_refund card open JPY 900-0=900 t2 topup_by_attacker
			balance_clawback balance open JPY -500-0=-500 t1,t2,p1 topup_by_attacker;spent_by_attacker;foreign_topup
			JPY topup 1500 spend 1000 wallet -500 net 400 charges 3/3`},
		{name: "transfers and payouts, several attackers, one pool", rows: `
			named x1 transfer_in  700
			named t1 topup        900 bank
			named x2 transfer_out 300
			named x3 payout       800
			named p1 payment     1000 balance`, want: `
			instrument_refund bank open JPY 900-0=900 t1 topup_by_attacker
			balance_restore balance open JPY 500-0=500 x1,t1,x2,x3,p1 topup_by_attacker;spent_by_attacker;moved_out_by_attacker;moved_in_by_attacker
			JPY topup 900 spend 2100 wallet 500 net 1400 charges 5/5`},
		{name: "currencies are never added", rows: `
			named t1 topup   100 card USD
			named t2 topup   100 card
			named p1 payment  60 balance
			named p2 payment 150 balance USD`, want: `
			instrument_refund card open JPY 100-0=100 t2 topup_by_attacker
			balance_clawback balance open JPY -40-0=-40 t2,p1 topup_by_attacker;spent_by_attacker
			instrument_refund card open USD 100-0=100 t1 topup_by_attacker
			balance_restore balance open USD 50-0=50 t1,p2 topup_by_attacker;spent_by_attacker
			JPY topup 100 spend 60 wallet -40 net 60 charges 2/2
			USD topup 100 spend 150 wallet 50 net 150 charges 2/2`},
	})
}

// TestReturns holds reversals, refunds and chargebacks.
func TestReturns(t *testing.T) {
	run(t, []example{
		{name: "partial and several", rows: `
			named t1 topup    1000 card
			named p1 payment  1000 balance
			own   r1 reversal  100 >t1
			own   c1 chargeback 300 >t1
			own   r2 reversal  250 >p1`, want: `
			instrument_refund card open JPY 1000-400=600 t1,r1,c1 topup_by_attacker;reversed;charged_back;partly_returned
			balance_clawback balance open JPY -150-0=-150 t1,p1,r1,r2 topup_by_attacker;spent_by_attacker;reversed
			JPY topup 1000 spend 1000 wallet -150 net 450 charges 2/2`},
		{name: "a refund goes to the leg that paid", rows: `
			named p1 payment 1000 balance
			named p2 payment 2000 card
			own   f1 refund   400 >p1
			own   f2 refund   500 >p2`, want: `
			instrument_refund card open JPY 2000-500=1500 p2,f2 spent_by_attacker;refunded;partly_returned
			balance_restore balance open JPY 600-0=600 p1,f1 spent_by_attacker;refunded
			JPY topup 0 spend 3000 wallet 600 net 2100 charges 2/2`},
		{name: "a refund of a top-up leaves the wallet alone", rows: `
			named t1 topup  1000 card
			own   f1 refund  400 >t1`, want: `
			instrument_refund card open JPY 1000-400=600 t1,f1 topup_by_attacker;refunded;partly_returned;topup_refunded
			balance_clawback balance exception JPY -1000-0=-1000 t1 topup_by_attacker;negative_net
			JPY topup 1000 spend 0 wallet -1000 net -400 charges 1/1`},
		{name: "chargeback of a direct payment", rows: `
			named p1 payment    2000 card
			own   c1 chargeback 2000 >p1`, want: `
			instrument_refund card closed JPY 2000-2000=0 p1,c1 spent_by_attacker;charged_back;fully_returned
			JPY topup 0 spend 2000 wallet 0 net 0 charges 1/0
			undone p1`},
		{name: "a chargeback that was won back, and a second one", rows: `
			named p1 payment    2000 card
			own   c1 chargeback 2000 >p1
			own   r1 reversal   2000 >c1
			own   c2 chargeback 1500 >p1`, want: `
			instrument_refund card open JPY 2000-1500=500 p1,c1,r1,c2 spent_by_attacker;charged_back;return_undone;partly_returned
			JPY topup 0 spend 2000 wallet 0 net 500 charges 1/1`},
		{name: "more of a chargeback undone than there was", rows: `
			named p1 payment    2000 card
			own   c1 chargeback 1000 >p1
			own   r1 reversal   1500 >c1`, want: `
			instrument_refund card exception JPY 2000--500=2500 p1,c1,r1 spent_by_attacker;charged_back;return_undone;over_returned
			JPY topup 0 spend 2000 wallet 0 net 2500 charges 1/1`},
		{name: "charged back and reversed: twice the money", rows: `
			named t1 topup      2000 card
			named p1 payment    2000 balance
			own   c1 chargeback 2000 >t1
			own   r1 reversal   2000 >t1`, want: `
			instrument_refund card exception JPY 2000-4000=-2000 t1,c1,r1 topup_by_attacker;reversed;charged_back;over_returned
			balance_restore balance open JPY 2000-0=2000 t1,p1,r1 topup_by_attacker;spent_by_attacker;reversed
			JPY topup 2000 spend 2000 wallet 2000 net 0 charges 2/2`},
		{name: "more reversed than there was", rows: `
			named t1 topup    2000 card
			named t2 topup    9000 card
			named p1 payment 10000 balance
			own   r1 reversal 2500 >t1`, want: `
			instrument_refund card exception JPY 2000-2500=-500 t1,r1 topup_by_attacker;reversed;over_returned
			instrument_refund card open JPY 9000-0=9000 t2 topup_by_attacker
			balance_restore balance exception JPY 1500-0=1500 t1,t2,p1,r1 topup_by_attacker;spent_by_attacker;reversed;over_returned
			JPY topup 11000 spend 10000 wallet 1500 net 10000 charges 3/3`},
		{name: "more refunded than was paid, and the sum is nothing", rows: `
			named p1 payment 1000 balance
			named p2 payment  500 balance
			own   f1 refund  1500 >p1`, want: `
			balance_restore balance exception JPY 0-0=0 p1,p2,f1 spent_by_attacker;refunded;over_returned
			JPY topup 0 spend 1500 wallet 0 net 0 charges 2/2`},
		{name: "the attacker undoes the owner's charge and spends it", rows: `
			own   p0 payment  5000 balance
			named r0 reversal 5000 >p0
			named p1 payment  5000 balance`, want: `
			balance_restore balance open JPY 5000-0=5000 p1 spent_by_attacker;own_charge_undone
			JPY topup 0 spend 5000 wallet 5000 net 5000 charges 1/1`},
		{name: "the attacker undoes more than the owner paid", rows: `
			own   p0 payment   5000 balance
			named r0 refund   50000 >p0
			named p1 payment  50000 balance`, want: `
			balance_restore balance exception JPY 50000-0=50000 p1 spent_by_attacker;own_charge_undone;over_returned
			JPY topup 0 spend 50000 wallet 50000 net 50000 charges 1/1`},
		{name: "the owner undoes the attacker's charge", rows: `
			named p1 payment  5000 balance
			own   r1 reversal 5000 >p1`, want: `
			JPY topup 0 spend 5000 wallet 0 net 0 charges 1/0
			undone p1`},
		{name: "a return before its original, and within one instant", rows: `
			own   r1 reversal  100 >t1
			named t1 topup    1000 card @same
			named r2 reversal  200 >t1 @same`, want: `
			instrument_refund card open JPY 1000-300=700 t1,r1,r2 topup_by_attacker;reversed;partly_returned
			balance_clawback balance open JPY -700-0=-700 r1,t1,r2 topup_by_attacker;reversed
			JPY topup 1000 spend 0 wallet -700 net 0 charges 1/1`},
	})
}

// TestExceptions holds returns that cannot be laid against a charge.
func TestExceptions(t *testing.T) {
	run(t, []example{
		{name: "no original in the log", rows: `
			own   r0 reversal 111 >older
			named p1 payment  500 balance
			own   r1 reversal 222 >nowhere
			named r2 refund   333
			own   r3 reversal 444 >r2
			own   r4 refund   555 USD`, want: `
			balance_restore balance open JPY 500-0=500 p1 spent_by_attacker
			unmatched_return none exception JPY 222-222=0 r1 orphan_reversal
			unmatched_return none exception JPY 333-333=0 r2 orphan_reversal
			unmatched_return none exception JPY 444-444=0 r3 orphan_reversal
			JPY topup 0 spend 500 wallet 500 net 500 charges 1/1`},
		{name: "the attacker's orphan alone", rows: `
			named r1 reversal 222 >nowhere`, want: `
			unmatched_return none exception JPY 222-222=0 r1 orphan_reversal
			JPY topup 0 spend 0 wallet 0 net 0 charges 0/0`},
		{name: "an orphan of the attacker is no charge that another could be the return of", rows: `
			named r1 reversal 222 >nowhere
			own   r2 reversal 333 >elsewhere`, want: `
			unmatched_return none exception JPY 222-222=0 r1 orphan_reversal
			JPY topup 0 spend 0 wallet 0 net 0 charges 0/0`},
		{name: "rows that name themselves and each other", rows: `
			named p1 payment  500 balance
			own   r1 reversal   1 >r1
			own   r2 reversal   2 >r3
			own   r3 reversal   3 >r2
			own   r4 reversal   4 >r3`, want: `
			balance_restore balance open JPY 500-0=500 p1 spent_by_attacker
			unmatched_return none exception JPY 1-1=0 r1 orphan_reversal
			unmatched_return none exception JPY 2-2=0 r2 orphan_reversal
			unmatched_return none exception JPY 3-3=0 r3 orphan_reversal
			unmatched_return none exception JPY 4-4=0 r4 orphan_reversal
			JPY topup 0 spend 500 wallet 500 net 500 charges 1/1`},
		{name: "another currency than the original", rows: `
			named p1 payment  500 balance
			own   r1 reversal   5 >p1 USD
			own   r2 reversal   5 >r1 USD
			own   p2 payment  500 balance
			own   r3 reversal   5 >p2 USD`, want: `
			balance_restore balance open JPY 500-0=500 p1 spent_by_attacker
			unmatched_return none exception USD 5-5=0 r1 currency_differs
			unmatched_return none exception USD 5-5=0 r2 unclear_original
			JPY topup 0 spend 500 wallet 500 net 500 charges 1/1
			USD topup 0 spend 0 wallet 0 net 0 charges 0/0`},
		{name: "a chargeback of money that no instrument paid, a refund of a refund", rows: `
			named p1 payment    500 balance
			own   c1 chargeback 500 >p1
			own   f1 refund     100 >p1
			own   f2 refund      50 >f1`, want: `
			balance_restore balance open JPY 400-0=400 p1,f1 spent_by_attacker;refunded
			unmatched_return none exception JPY 500-500=0 c1 unclear_original
			unmatched_return none exception JPY 50-50=0 f2 unclear_original
			JPY topup 0 spend 500 wallet 400 net 400 charges 1/1`},
		{name: "declined: no effect, nor its reversal; but a refund of it is odd", rows: `
			named p0 payment    1 balance
			named t1 topup    900 card declined
			own   r1 reversal 900 >t1
			own   f1 refund   900 >t1
			own   r2 reversal   1 >p0 declined
			own   r3 reversal   1 >r2`, want: `
			balance_restore balance open JPY 1-0=1 p0 spent_by_attacker
			unmatched_return none exception JPY 900-900=0 f1 declined_original
			JPY topup 0 spend 1 wallet 1 net 1 charges 1/1`},
		{name: "only declined", rows: `
			named t1 topup    900 card declined`, want: ``},
		{name: "a check of the card for nothing", rows: `
			named t1 topup      0 card`, want: `
			JPY topup 0 spend 0 wallet 0 net 0 charges 1/0`},
	})
}

// TestStatus holds what may be done with a line.
func TestStatus(t *testing.T) {
	run(t, []example{
		{name: "pending is counted as approved and held", rows: `
			named t1 topup   1000 card pending
			named t2 topup   1000 card
			named p1 payment 1500 balance`, want: `
			instrument_refund card held JPY 1000-0=1000 t1 topup_by_attacker;pending
			instrument_refund card open JPY 1000-0=1000 t2 topup_by_attacker
			balance_clawback balance held JPY -500-0=-500 t1,t2,p1 topup_by_attacker;spent_by_attacker;pending
			JPY topup 2000 spend 1500 wallet -500 net 1500 charges 3/2`},
		{name: "a pending return holds what it would pay", rows: `
			named p1 payment    1000 card
			own   c1 chargeback 1000 >p1 pending`, want: `
			instrument_refund card held JPY 1000-1000=0 p1,c1 spent_by_attacker;charged_back;fully_returned;pending
			JPY topup 0 spend 1000 wallet 0 net 0 charges 1/0
			undone p1`},
		{name: "what the issuer can stop is held while anything is left", rows: `
			named p1 payment    1000 card stoppable
			named p2 payment    2000 card stoppable
			own   c1 chargeback 2000 >p2`, want: `
			instrument_refund card held JPY 1000-0=1000 p1 spent_by_attacker;issuer_may_stop
			instrument_refund card closed JPY 2000-2000=0 p2,c1 spent_by_attacker;charged_back;fully_returned
			JPY topup 0 spend 3000 wallet 0 net 1000 charges 2/1
			undone p2`},
		{name: "a possible account: as if named, all to be decided", rows: `
			possible t1 topup    1000 card
			possible t2 topup    1000 cash
			named    p1 payment  1500 balance pending
			own      r1 reversal 1100 >t1
			own      r2 reversal   10 >nowhere`,
			set: func(in *refund.Input) { in.Possible = true }, want: `
			instrument_refund card needs_decision JPY 1000-1100=-100 t1,r1 topup_by_attacker;reversed;possible_account;over_returned
			instrument_refund cash needs_decision JPY 1000-0=1000 t2 topup_by_attacker;cash_owner_unknown;possible_account
			balance_restore balance needs_decision JPY 600-0=600 t1,t2,p1,r1 topup_by_attacker;spent_by_attacker;reversed;pending;possible_account;over_returned
			unmatched_return none needs_decision JPY 10-10=0 r2 possible_account;orphan_reversal
			JPY topup 2000 spend 1500 wallet 600 net 1500 charges 3/2`},
		{name: "more is taken back than given: a person looks", rows: `
			named t1 topup    1000 card
			named t2 topup    1000 card:x foreign
			own   c1 chargeback 1000 >t1`, want: `
			instrument_refund card closed JPY 1000-1000=0 t1,c1 topup_by_attacker;charged_back;fully_returned
			balance_clawback balance exception JPY -2000-0=-2000 t1,t2 topup_by_attacker;foreign_topup;negative_net
			JPY topup 2000 spend 0 wallet -2000 net -2000 charges 2/2`},
	})
}

// TestPossible holds named accounts in which some charges are only possible.
func TestPossible(t *testing.T) {
	run(t, []example{
		{name: "restore on what is named", rows: `
			named    p1 payment 1000 balance
			possible p2 payment 2000 balance
			possible t1 topup   5000 card
			possible p3 payment 9999 card`, want: `
			balance_restore balance open JPY 1000-0=1000 p1 spent_by_attacker
			JPY topup 0 spend 1000 wallet 1000 net 1000 charges 1/1`},
		{name: "claw back as if the possible were fraud too", rows: `
			named    t1 topup   30000 card
			named    p1 payment  5000 balance
			possible p2 payment 20000 balance`, want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance open JPY -5000-0=-5000 t1,p1,p2 topup_by_attacker;spent_by_attacker;possible_spared
			JPY topup 30000 spend 5000 wallet -25000 net 25000 charges 2/2`},
		{name: "nothing left to claw back", rows: `
			named    t1 topup   30000 card
			possible p2 payment 31000 balance`, want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			JPY topup 30000 spend 0 wallet -30000 net 30000 charges 1/1`},
		{name: "a possible top-up, which no line refunds, is not clawed back", rows: `
			named    t1 topup   30000 card
			possible t2 topup   10000 card`, want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance open JPY -30000-0=-30000 t1 topup_by_attacker
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "what spares holds too", rows: `
			named    t1 topup   30000 card
			possible p2 payment 20000 balance pending`, want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance held JPY -10000-0=-10000 t1,p2 topup_by_attacker;possible_spared;pending
			JPY topup 30000 spend 0 wallet -30000 net 20000 charges 1/1`},
	})
}

// TestBalances holds what a known opening balance tells.
func TestBalances(t *testing.T) {
	open := func(amount int64) func(*refund.Input) {
		return func(in *refund.Input) {
			in.Opening = []refund.Opening{
				{Currency: money.MustCurrency("USD"), Amount: -5},
				{Currency: money.MustCurrency("JPY"), Amount: amount},
			}
		}
	}
	rows := `
		named t1 topup   30000 card
		own   p1 payment 10000 balance`
	run(t, []example{
		{name: "the owner spent of it", rows: rows, set: open(1000), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance open JPY -21000-0=-21000 t1 topup_by_attacker
			victim_used none exception JPY -9000-0=-9000 t1 topup_by_attacker;owner_spent
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "the wallet still holds it", rows: rows, set: open(10000), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance open JPY -30000-0=-30000 t1 topup_by_attacker
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "the owner spent all of it", rows: `
			named t1 topup   30000 card
			own   p1 payment 30000 balance`, set: open(0), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			victim_used none exception JPY -30000-0=-30000 t1 topup_by_attacker;owner_spent
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "below zero: a row is missing", rows: `
			named p1 payment 30000 balance
			own   t1 topup   30000 card`, set: open(29999), want: `
			balance_restore balance exception JPY 30000-0=30000 p1 spent_by_attacker;balance_below_zero
			JPY topup 0 spend 30000 wallet 30000 net 30000 charges 1/1`},
		{name: "below zero: what the wallet holds is not known, so nothing is the owner's doing", rows: `
			named t1 topup   30000 card
			own   p1 payment 10000 balance
			own   p2 payment 50000 balance`, set: open(1000), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_clawback balance exception JPY -30000-0=-30000 t1 topup_by_attacker;balance_below_zero
			JPY topup 30000 spend 0 wallet -30000 net 0 charges 1/1`},
		{name: "below zero from the start", rows: `
			own   t0 topup 30000 card
			named p1 payment 100 balance`, set: open(-1), want: `
			balance_restore balance exception JPY 100-0=100 p1 spent_by_attacker;balance_below_zero
			JPY topup 0 spend 100 wallet 100 net 100 charges 1/1`},
		{name: "within one instant rows have no order", rows: `
			named p1 payment 30000 balance
			own   t1 topup   30000 card @same`, set: open(0), want: `
			balance_restore balance open JPY 30000-0=30000 p1 spent_by_attacker
			JPY topup 0 spend 30000 wallet 30000 net 30000 charges 1/1`},
		{name: "below zero although the attacker's part is even", rows: `
			named t1 topup   30000 card
			named p1 payment 30000 balance
			own   p2 payment     1 balance`, set: open(0), want: `
			instrument_refund card open JPY 30000-0=30000 t1 topup_by_attacker
			balance_restore balance exception JPY 0-0=0 t1,p1 topup_by_attacker;spent_by_attacker;balance_below_zero
			JPY topup 30000 spend 30000 wallet 0 net 30000 charges 2/2`},
		{name: "below zero, but the attacker never touched the wallet", rows: `
			named p1 payment 30000 card
			own   p2 payment     1 balance`, set: open(0), want: `
			instrument_refund card open JPY 30000-0=30000 p1 spent_by_attacker
			JPY topup 0 spend 30000 wallet 0 net 30000 charges 1/1`},
		{name: "not known: it means nothing", rows: `
			named p1 payment 30000 balance`, want: `
			balance_restore balance open JPY 30000-0=30000 p1 spent_by_attacker
			JPY topup 0 spend 30000 wallet 30000 net 30000 charges 1/1`},
	})
}

// TestNoKey: a return that names nothing is an orphan even beside a row whose
// own transaction is absent.
func TestNoKey(t *testing.T) {
	for _, more := range []int{0, 100} { // with and without an index
		in, names := read(t, `
			named p1 payment  500 balance
			own   r1 reversal 500`+strings.Repeat("\nown p payment 1 balance", more))
		in.Charges[0].Txn = 0
		want := "balance_restore balance open JPY 500-0=500 p1 spent_by_attacker\n" +
			"unmatched_return none exception JPY 500-500=0 r1 orphan_reversal\n" +
			"JPY topup 0 spend 500 wallet 500 net 500 charges 1/1\n"
		if got := write(settle(t, in), names); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
}

// TestOverflow: the sum of rows is refused before anything can wrap round, and
// declined rows, which anyone can make, cannot bring it about.
func TestOverflow(t *testing.T) {
	rows := strings.Repeat("named t topup 1000000000000000 card\n", 2305)
	in, _ := read(t, rows)
	if _, err := refund.Settle(in); err != nil {
		t.Errorf("2305 of the largest amounts: %v", err)
	}
	in, _ = read(t, rows+"named p payment 1000000000000000 balance")
	if _, err := refund.Settle(in); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("one more: got %v, want ErrOverflow", err)
	}
	if _, err := refund.Split(in, refund.FraudFirst); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("split: got %v, want ErrOverflow", err)
	}
	in, _ = read(t, rows+strings.Repeat("named p payment 1000000000000000 balance declined\n", 10000))
	if _, err := refund.Settle(in); err != nil {
		t.Errorf("declined rows: %v", err)
	}
	in, _ = read(t, "named p payment 1 balance")
	for _, opening := range []int64{math.MinInt64, -math.MaxInt64, math.MaxInt64} {
		in.Opening = []refund.Opening{{Currency: money.MustCurrency("JPY"), Amount: opening}}
		if _, err := refund.Settle(in); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("opening %d: got %v, want ErrOverflow", opening, err)
		}
	}
}
