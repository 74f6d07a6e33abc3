package control

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/effect"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

const midnight = int64(1561939200) * 1_000_000

// world makes a log of some accounts, in several parts, and a case that calls
// some of their charges stolen.
func world(rng *rand.Rand) (*event.Log, *Case) {
	parts := make([]event.Part, 3)
	c := &Case{Accounts: map[event.Key]*Account{}, Devices: map[event.Key]bool{1003: true}, Testers: map[event.Addr]bool{9: true}, FirstStolen: midnight + 30*hour}
	for key := event.Key(1); key <= 9; key++ {
		p := &parts[key%3]
		logins, charges := rows(rng, key)
		p.Logins, p.Charges = append(p.Logins, logins...), append(p.Charges, charges...)
		if rng.IntN(2) == 0 && len(charges) > 0 {
			c.Accounts[key] = mark(rng, charges)
		}
	}
	for i := range parts {
		parts[i].Sort()
	}
	return &event.Log{Parts: event.Pack(parts, nil)}, c
}

// rows makes the rows of an account. Devices above 1001 are mostly thieves'.
func rows(rng *rand.Rand, key event.Key) (logins []event.Login, charges []event.Charge) {
	countries := []event.Country{0, 'J'<<8 | 'P', 'J'<<8 | 'P', 'U'<<8 | 'S'}
	actions := []event.Action{event.LoginAction, event.LoginAction, event.ExternalLogin, event.Logout, event.PasswordReset, event.DeviceRegister}
	kinds := []event.Kind{event.TopUp, event.TopUp, event.Payment, event.Payment, event.Payment, event.TransferOut, event.TransferIn, event.Refund, event.Reversal, event.Chargeback}
	fundings := []event.Funding{event.NoFunding, event.Balance, event.Card}
	statuses := []event.Status{event.Approved, event.Approved, event.Approved, event.Pending, event.Declined}
	device := func() event.Key { return []event.Key{0, 1000, 1000, 1001, 1002, 1003}[rng.IntN(6)] }
	for range rng.IntN(14) {
		outcome := event.Outcome(rng.IntN(8)/7) + event.Success
		logins = append(logins, event.Login{Account: key, Time: midnight + rng.Int64N(80)*hour/2, Device: device(), Addr: event.Addr(1 + rng.IntN(9)),
			Agent: 7, Country: countries[rng.IntN(4)], Action: actions[rng.IntN(6)], Word: event.PackWord(outcome, 0, true, false, rng.IntN(9) == 0)})
	}
	n := rng.IntN(14)
	for i := range n {
		c := event.Charge{Account: key, Txn: key<<8 | event.Key(i+1), Time: midnight + rng.Int64N(80)*hour/2, Device: device(), Amount: rng.Int64N(9),
			Kind: kinds[rng.IntN(10)], Funding: fundings[rng.IntN(3)], Status: statuses[rng.IntN(5)], Currency: uint32(yen)}
		if effect.IsReturn(c.Kind) && n > 0 {
			c.Ref = key<<8 | event.Key(rng.IntN(n+2)) // sometimes itself, or nothing
		}
		if rng.IntN(6) == 0 {
			c.Currency = uint32(money.MustCurrency("USD"))
		}
		charges = append(charges, c)
	}
	return logins, charges
}

// mark calls charges stolen.
func mark(rng *rand.Rand, charges []event.Charge) *Account {
	m := &Account{Tier: takeover.Tier(1 + rng.IntN(3)), Charges: map[event.Key]takeover.Tier{}, Brought: map[event.Key]bool{}, Device: 1002}
	sums := map[money.Currency]*Loss{}
	for i := range charges {
		c := &charges[i]
		if effect.IsReturn(c.Kind) || c.Device < 1002 && rng.IntN(9) > 0 {
			continue
		}
		tier := takeover.Tier(1 + rng.IntN(3))
		m.Charges[c.Txn] = tier
		if m.Tier < takeover.Probable || tier < takeover.Probable || c.Status == event.Declined {
			continue
		}
		cur := money.Currency(c.Currency)
		if sums[cur] == nil {
			sums[cur] = &Loss{Currency: cur}
		}
		switch c.Kind {
		case event.TopUp:
			sums[cur].TopUp += c.Amount
			m.Brought[c.Txn] = rng.IntN(4) == 0
		case event.TransferIn:
		default:
			sums[cur].Spend += c.Amount
		}
	}
	for _, s := range sums {
		m.Losses = append(m.Losses, *s)
	}
	return m
}

func some(rng *rand.Rand) []Control {
	all := Defaults()
	for i := range all {
		all[i].Window = int64(1+rng.IntN(40)) * hour
	}
	all = append(all, Control{Kind: TopUpCap, Window: 10 * hour, Amount: "5", Currency: yen})
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:2+rng.IntN(len(all)-1)]
}

// TestCombinationIsNoWorse checks that all controls together prevent no less
// than each, and disturb no fewer; that no control prevents more than there
// was; and that a control that stops nobody prevents nothing.
func TestCombinationIsNoWorse(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	prevented := 0
	for range 1500 {
		log, c := world(rng)
		r, err := Replay(context.Background(), log, c, some(rng), 1)
		if err != nil {
			t.Fatal(err)
		}
		all := r.Rows[len(r.Rows)-1]
		for _, row := range r.Rows {
			if row.Spared > all.Spared || row.Spared+row.Eased > all.Spared+all.Eased || row.Logins > all.Logins ||
				row.Charges > all.Charges || row.Accounts > all.Accounts || row.Thieves > all.Thieves {
				t.Fatalf("%+v is more than %+v", row, all)
			}
			if row.Spared+row.Eased > r.Base.Victims || row.Logins > r.Base.Logins || row.Thieves > r.Base.Thieves {
				t.Fatalf("%+v is more than happened: %+v", row, r.Base)
			}
			for i, a := range row.Prevented {
				if a.Minor < 0 || a.Minor > all.Prevented[i].Minor || a.Minor > r.Base.Taken[i].Minor {
					t.Fatalf("%s prevents %+v, all together %+v, of %+v", row.Name, a, all.Prevented[i], r.Base.Taken[i])
				}
				if a.Minor > 0 {
					prevented++
				}
			}
		}
	}
	if prevented < 400 {
		t.Errorf("only %d times anything was prevented; this proves little", prevented)
	}
}

// TestControlWithoutEffect checks that controls that cannot stop anybody
// disturb nobody and prevent nothing.
func TestControlWithoutEffect(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		log, c := world(rng)
		var home []event.Part
		for part, err := range log.Parts.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			home = append(home, event.Part{Logins: slices.Clone(part.Logins), Charges: slices.Clone(part.Charges)})
			for n := range home[len(home)-1].Logins {
				home[len(home)-1].Logins[n].Country = 'J'<<8 | 'P'
			}
		}
		log = &event.Log{Parts: event.Pack(home, nil)}
		r, err := Replay(context.Background(), log, c, []Control{
			{Kind: ForeignBlock, Home: 'J'<<8 | 'P'}, {Kind: TopUpCap, Window: hour, Amount: "1000000", Currency: yen},
			{Kind: StopTopUps, At: midnight + 1000*hour}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range r.Rows {
			if row.Spared+row.Eased+row.Logins+row.Charges+row.Accounts+row.Thieves+row.Undecided != 0 {
				t.Fatalf("%+v", row)
			}
			for _, a := range row.Prevented {
				if a.Minor != 0 {
					t.Fatalf("%s prevents %+v", row.Name, a)
				}
			}
		}
	}
}

// TestReplayDoesNotDependOnWorkers checks that neither workers nor the order of
// parts can be seen.
func TestReplayDoesNotDependOnWorkers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 50 {
		log, c := world(rng)
		want, err := Replay(context.Background(), log, c, Defaults(), 1)
		if err != nil {
			t.Fatal(err)
		}
		var turned []event.Part
		for part, err := range log.Parts.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			turned = slices.Insert(turned, 0, event.Part{Logins: slices.Clone(part.Logins), Charges: slices.Clone(part.Charges)})
		}
		log = &event.Log{Parts: event.Pack(turned, nil)}
		got, err := Replay(context.Background(), log, c, Defaults(), 5)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}

// TestWalletAgainstLedger checks what comes back against the ledger, which
// settles the same rows: what all stolen charges did to all legs is the net
// loss.
func TestWalletAgainstLedger(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	differ := 0
	for range 5000 {
		_, charges := rows(rng, 1)
		if len(charges) == 0 {
			continue
		}
		for i := range charges {
			charges[i].Currency = uint32(yen)
		}
		slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
		in := refund.Input{Charges: charges, Verdicts: make([]refund.Verdict, len(charges))}
		for i := range charges {
			if !effect.IsReturn(charges[i].Kind) && rng.IntN(2) == 0 {
				in.Verdicts[i] = refund.Named
			}
		}
		ledger, err := refund.Settle(in)
		if err != nil {
			t.Fatal(err)
		}
		var w wallet
		w.read(charges)
		var want, got int64
		for _, total := range ledger.Totals {
			want += total.NetLoss
		}
		for i := range charges {
			if in.Verdicts[i] == refund.Named {
				got -= w.net[i][0] + w.net[i][1]
			}
			if n := &w.Rows[i]; n.Root != int32(i) && (n.Instrument != 0 || n.Wallet != 0) {
				differ++
			}
		}
		if got != want {
			t.Fatalf("%d, the ledger says %d: %+v %v", got, want, charges, in.Verdicts)
		}
	}
	if differ < 1000 {
		t.Errorf("only %d returns; this proves little", differ)
	}
}

// TestWalletAsItWas checks that a replay in which nothing is stopped takes what
// was taken: every stolen charge less what came back, and less what thieves
// brought and spent.
func TestWalletAsItWas(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for range 3000 {
		_, charges := rows(rng, 1)
		slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
		m := mark(rng, charges)
		var w wallet
		w.read(charges)
		for _, cur := range []money.Currency{yen, money.MustCurrency("USD")} {
			w.settle(charges, cur, m)
			stopped := make([]uint32, len(charges))
			if taken, _ := w.replay(stopped, 1); taken != w.taken {
				t.Fatalf("%d taken, %d when nothing is stopped: %+v", w.taken, taken, w.moves)
			}
			var out, in int64
			for i := range w.moves {
				switch v := &w.moves[i]; v.what {
				case spend:
					out -= v.amount
				case direct:
					out += v.amount
				case brought:
					in += v.amount
				}
			}
			if w.taken > out || w.taken < out-in {
				t.Fatalf("%d taken of %d, %d brought", w.taken, out, in)
			}
			for i := range stopped {
				stopped[i] = 1
			}
			if taken, acts := w.replay(stopped, 1); taken != 0 || acts {
				t.Fatalf("%d taken when every theft is stopped", taken)
			}
		}
	}
}

// TestMoreStoppedIsLessTaken checks the wallet by itself, on any set of stopped
// charges.
func TestMoreStoppedIsLessTaken(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for range 5000 {
		_, charges := rows(rng, 1)
		slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
		m := mark(rng, charges)
		var w wallet
		w.read(charges)
		w.settle(charges, yen, m)
		stopped := make([]uint32, len(charges)) // bit 0 some, bit 1 these and more
		for i := range stopped {
			stopped[i] = []uint32{0, 2, 3}[rng.IntN(3)]
		}
		few, fewAct := w.replay(stopped, 1)
		many, manyAct := w.replay(stopped, 2)
		if many > few || few > w.taken || manyAct && !fewAct {
			t.Fatalf("%d taken; %d with some stopped, %d with more: %+v %v", w.taken, few, many, w.moves, stopped)
		}
	}
}

// TestMultiDeviceAgainstSlowVersion asks at every login every other device when
// it was last active.
func TestMultiDeviceAgainstSlowVersion(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	refused := 0
	for range 3000 {
		logins, charges := rows(rng, 1)
		if len(logins)+len(charges) == 0 {
			continue
		}
		slices.SortFunc(logins, func(a, b event.Login) int { return event.CompareLogins(&a, &b) })
		slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
		var a baseline.Account
		a.Read(logins, charges)
		var x account
		x.read(&a)
		window := int64(1+rng.IntN(30)) * hour
		x.refuse(&rule{Control: Control{Kind: MultiDevice, Window: window}}, 4)
		last, out := map[int16]int64{}, map[int16]bool{}
		for _, s := range x.steps {
			if !s.login {
				by := a.ChargeBy[s.index]
				if want := by != baseline.Nobody && out[by]; (x.stopCharge[s.index]&4 != 0) != want {
					t.Fatalf("charge %d: want refused %v", s.index, want)
				}
				if by != baseline.Nobody && !out[by] && a.Actors[by].Device != 0 {
					last[by] = s.at
				}
				continue
			}
			l, by := &a.Logins[s.index], a.LoginBy[s.index]
			want := false
			if by != baseline.Nobody && enters(l) && !l.History() {
				for other, at := range last {
					want = want || other != by && a.Actors[by].Device != 0 && s.at-at < window
				}
				out[by] = want
			}
			if (x.stopLogin[s.index]&4 != 0) != want {
				t.Fatalf("login %d: want refused %v", s.index, want)
			}
			if want {
				refused++
			}
			if by != baseline.Nobody && !out[by] && lives(l) && a.Actors[by].Device != 0 {
				last[by] = s.at
			}
		}
	}
	if refused < 500 {
		t.Errorf("only %d logins were refused; this proves little", refused)
	}
}

// TestCapAgainstSlowVersion adds up the window anew for every top-up.
func TestCapAgainstSlowVersion(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	refused := 0
	for range 3000 {
		_, charges := rows(rng, 1)
		if len(charges) == 0 {
			continue
		}
		slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
		var a baseline.Account
		a.Read(nil, charges)
		var x account
		x.read(&a)
		window, most := int64(1+rng.IntN(40))*hour, rng.Int64N(20)
		x.refuse(&rule{Control: Control{Kind: TopUpCap, Window: window}, caps: []limit{{yen, most}}}, 1)
		stopped := make([]bool, len(charges))
		for i := range charges {
			c := &charges[i]
			if !isTopUp(c) || c.Currency != uint32(yen) {
				continue
			}
			sum := c.Amount
			for j := range i {
				if o := &charges[j]; isTopUp(o) && o.Currency == c.Currency && !stopped[j] && o.Time > c.Time-window {
					sum += o.Amount
				}
			}
			if stopped[i] = sum > most; stopped[i] {
				refused++
			}
		}
		for i := range charges {
			if got := x.stopCharge[i] != 0; got != stopped[i] {
				t.Fatalf("charge %d: refused %v, want %v", i, got, stopped[i])
			}
		}
	}
	if refused < 500 {
		t.Errorf("only %d top-ups were refused; this proves little", refused)
	}
}
