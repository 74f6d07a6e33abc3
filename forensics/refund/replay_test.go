package refund_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// This file is the law of replay, written out slowly: legs are names, effects
// are maps, originals are searched for again and again. It shares no line with
// the package.

type leg string

func instrumentLeg(in refund.Input, i int) leg {
	c := in.Charges[i]
	channel := map[event.Funding]string{
		event.Card: "card", event.Debit: "debit", event.Bank: "bank", event.Cash: "cash", event.Points: "points",
	}[c.Funding]
	if channel == "" {
		channel = "none"
	}
	owner := "own"
	if in.Foreign != nil && in.Foreign[i] {
		owner = "foreign"
	}
	return leg(fmt.Sprintf("%s/%v/%s/%x", owner, money.Currency(c.Currency), channel, uint64(c.Ref)))
}

func walletLeg(currency uint32) leg { return leg(fmt.Sprintf("wallet/%v", money.Currency(currency))) }

// original returns the row that a return names, or -1.
func original(in refund.Input, i int) int {
	for j, c := range in.Charges {
		if j != i && c.Txn == in.Charges[i].Ref && in.Charges[i].Ref != 0 {
			return j
		}
	}
	return -1
}

func returns(k event.Kind) bool {
	return k == event.Reversal || k == event.Refund || k == event.Chargeback
}

// effect returns what one unit of a row does, and the charge it is about (-1
// if it cannot be told: then it does nothing).
func effect(in refund.Input, i, depth int) (unit map[leg]int64, root int) {
	c := in.Charges[i]
	if depth > len(in.Charges) {
		return nil, -1
	}
	wallet := walletLeg(c.Currency)
	unit = map[leg]int64{}
	root = i
	switch c.Kind {
	case event.TopUp:
		unit[instrumentLeg(in, i)], unit[wallet] = -1, 1
	case event.Payment:
		if c.Funding == event.Balance || c.Funding == event.NoFunding {
			unit[wallet] = -1
		} else {
			unit[instrumentLeg(in, i)] = -1
		}
	case event.TransferOut, event.Payout:
		unit[wallet] = -1
	case event.TransferIn:
		unit[wallet] = 1
	case event.Reversal, event.Refund, event.Chargeback:
		j := original(in, i)
		if j < 0 || in.Charges[j].Currency != c.Currency {
			return nil, -1
		}
		var was map[leg]int64
		if was, root = effect(in, j, depth+1); root < 0 {
			return nil, -1
		}
		from := in.Charges[j]
		switch {
		case c.Kind == event.Reversal:
			for l, u := range was {
				unit[l] = -u
			}
		case from.Status == event.Declined || returns(from.Kind):
			return nil, -1
		case from.Kind == event.TopUp || from.Kind == event.Payment && was[wallet] == 0:
			unit[instrumentLeg(in, j)] = 1 // money back to the instrument and nowhere else
		case c.Kind == event.Chargeback:
			return nil, -1 // no instrument paid
		default:
			unit[wallet] = -was[wallet] // back to the wallet that paid (or from the one that got)
		}
	}
	if c.Status == event.Declined {
		return nil, root
	}
	return unit, root
}

// replay returns where the legs stand after all rows that keep says to keep,
// by the charge that a row is about.
func replay(in refund.Input, keep func(root int) bool) map[leg]int64 {
	at := map[leg]int64{}
	for i, c := range in.Charges {
		unit, root := effect(in, i, 0)
		if root < 0 || !keep(root) {
			continue
		}
		for l, u := range unit {
			at[l] += u * c.Amount
		}
	}
	return at
}

// paid returns what paying all lines adds to each leg.
func paid(in refund.Input, a refund.Account) map[leg]int64 {
	at := map[leg]int64{}
	for _, l := range a.Lines {
		switch l.Component {
		case refund.InstrumentRefund:
			at[leg(fmt.Sprintf("own/%v/%v/%x", l.Currency, l.Channel, uint64(l.Instrument)))] += l.Amount
		case refund.BalanceRestore, refund.BalanceClawback, refund.VictimUsed:
			at[walletLeg(uint32(l.Currency))] += l.Amount
		}
	}
	maps.DeleteFunc(at, func(_ leg, v int64) bool { return v == 0 })
	return at
}

// checkLaws settles an account and holds the result against the replay and
// against itself.
func checkLaws(in refund.Input) (refund.Account, error) {
	a, err := refund.Settle(in)
	if err != nil {
		return a, err
	}
	for _, check := range []func(refund.Input, refund.Account) error{
		checkReplay, checkSums, checkCaptured, checkStatus, checkEvidence, checkBalances,
	} {
		if err := check(in, a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// checkReplay is the law: every leg of the owner ends where the rows without
// the attacker's leave it. Where charges are only possible, the wallet line
// takes back no more than either reading of them allows.
func checkReplay(in refund.Input, a refund.Account) error {
	side := func(root int) refund.Verdict {
		if in.Possible && in.Verdicts[root] == refund.Possible {
			return refund.Named
		}
		return in.Verdicts[root]
	}
	with := replay(in, func(int) bool { return true })
	without := replay(in, func(root int) bool { return side(root) != refund.Named })
	ownOnly := replay(in, func(root int) bool { return side(root) == refund.Own })
	lines := paid(in, a)
	for _, legs := range []map[leg]int64{with, lines} {
		for l := range legs {
			if len(l) > 8 && l[:8] == "foreign/" {
				continue
			}
			want := without[l] - with[l]
			if len(l) > 7 && l[:7] == "wallet/" && want < 0 {
				want = min(0, max(want, ownOnly[l]-with[l]))
			}
			if lines[l] != want {
				return fmt.Errorf("leg %s: lines pay %d, the replay asks for %d", l, lines[l], want)
			}
		}
	}
	return nil
}

// checkSums holds lines against totals and totals against the rows.
func checkSums(in refund.Input, a refund.Account) error {
	net := map[money.Currency]int64{}
	for _, l := range a.Lines {
		if l.Amount != l.Gross-l.Returned {
			return fmt.Errorf("%v: %d - %d is not %d", l.Component, l.Gross, l.Returned, l.Amount)
		}
		net[l.Currency] += l.Amount
	}
	seen := map[money.Currency]bool{}
	for _, t := range a.Totals {
		if seen[t.Currency] {
			return fmt.Errorf("%v has two totals", t.Currency)
		}
		seen[t.Currency] = true
		if t.NetLoss != net[t.Currency] {
			return fmt.Errorf("%v: net loss %d, lines sum to %d", t.Currency, t.NetLoss, net[t.Currency])
		}
		var topup, spend int64
		charges := 0
		for i, c := range in.Charges {
			fraud := in.Verdicts[i] == refund.Named || in.Possible && in.Verdicts[i] == refund.Possible
			if !fraud || c.Status == event.Declined || returns(c.Kind) || c.Currency != uint32(t.Currency) {
				continue
			}
			charges++
			switch c.Kind {
			case event.TopUp:
				topup += c.Amount
			case event.Payment, event.TransferOut, event.Payout:
				spend += c.Amount
			}
		}
		if topup != t.TopUp || spend != t.Spend || charges != t.Charges {
			return fmt.Errorf("%v: total says %d %d %d, rows %d %d %d", t.Currency, t.TopUp, t.Spend, t.Charges, topup, spend, charges)
		}
	}
	for c := range net {
		if !seen[c] {
			return fmt.Errorf("%v has lines and no total", c)
		}
	}
	return nil
}

// checkCaptured: no refund exceeds what was captured less what came back, and
// each fraudulent charge of the owner's instruments has exactly one line.
func checkCaptured(in refund.Input, a refund.Account) error {
	lines := map[int]refund.Line{}
	for _, l := range a.Lines {
		if l.Component != refund.InstrumentRefund {
			continue
		}
		if _, double := lines[l.Charges[0]]; double {
			return fmt.Errorf("row %d has two refunds", l.Charges[0])
		}
		lines[l.Charges[0]] = l
	}
	for i, c := range in.Charges {
		unit, root := effect(in, i, 0)
		at := instrumentLeg(in, i)
		fraud := in.Verdicts[i] == refund.Named || in.Possible && in.Verdicts[i] == refund.Possible
		left := -replay(in, func(r int) bool { return r == i })[at]
		due := root == i && unit[at] != 0 && fraud && at[:4] == "own/" && (c.Amount != 0 || left != 0)
		l, got := lines[i]
		if got != due {
			return fmt.Errorf("row %d: refund line %v, want %v", i, got, due)
		}
		if got && (l.Gross != c.Amount || l.Amount != left) {
			return fmt.Errorf("row %d: captured %d and %d left, line says %d and %d", i, c.Amount, left, l.Gross, l.Amount)
		}
		if got && left < 0 && l.Status == refund.Open {
			return fmt.Errorf("row %d: a negative refund is open", i)
		}
	}
	return nil
}

// checkStatus: only what is certain is open, and nothing negative slips
// through.
func checkStatus(in refund.Input, a refund.Account) error {
	net := map[money.Currency]int64{}
	for _, t := range a.Totals {
		net[t.Currency] = t.NetLoss
	}
	for _, l := range a.Lines {
		pending := false
		for _, i := range l.Charges {
			pending = pending || in.Charges[i].Status == event.Pending
		}
		switch {
		case in.Possible && l.Status != refund.NeedsDecision:
			return fmt.Errorf("%v of a possible account is %v", l.Component, l.Status)
		case in.Possible:
		case l.Status == refund.NoStatus:
			return fmt.Errorf("%v has no status", l.Component)
		case pending && (l.Status == refund.Open || l.Status == refund.Closed):
			return fmt.Errorf("%v stands on a pending row and is %v", l.Component, l.Status)
		case l.Amount < 0 && net[l.Currency] < 0 && l.Status != refund.Exception:
			return fmt.Errorf("%v of a negative account is %v", l.Component, l.Status)
		case l.Amount == 0 && l.Status == refund.Open:
			return fmt.Errorf("%v of nothing is open", l.Component)
		case l.Component == refund.BalanceRestore && l.Amount < 0, l.Component == refund.BalanceClawback && l.Amount >= 0:
			return fmt.Errorf("%v of %d", l.Component, l.Amount)
		case l.Status == refund.Open && l.Channel == refund.Cash:
			return fmt.Errorf("cash is open")
		}
	}
	return checkOver(in, a)
}

// checkOver: a fraudulent charge of which more came back than went out is
// under an exception (unless the leg is not the owner's).
func checkOver(in refund.Input, a refund.Account) error {
	if in.Possible {
		return nil
	}
	for i, c := range in.Charges {
		unit, root := effect(in, i, 0)
		if root != i || in.Verdicts[i] != refund.Named {
			continue
		}
		left := replay(in, func(r int) bool { return r == i })
		for l, u := range unit {
			if left[l]*u >= 0 || l[:4] == "fore" {
				continue
			}
			found := false
			for _, line := range a.Lines {
				for _, j := range line.Charges {
					found = found || j == i && line.Status == refund.Exception && line.Reasons.Has(refund.OverReturned)
				}
			}
			if !found {
				return fmt.Errorf("row %d (%v): %d left on %s and no exception", i, c.Kind, left[l], l)
			}
		}
	}
	return nil
}

// checkEvidence: lines name rows, in order, none twice, all of their currency
// and none declined; lines are in order.
func checkEvidence(in refund.Input, a refund.Account) error {
	for k, l := range a.Lines {
		if len(l.Charges) == 0 {
			return fmt.Errorf("%v names no row", l.Component)
		}
		seen := map[int]bool{}
		for _, i := range l.Charges {
			c := in.Charges[i]
			if seen[i] || c.Currency != uint32(l.Currency) || c.Status == event.Declined {
				return fmt.Errorf("%v names row %d", l.Component, i)
			}
			seen[i] = true
		}
		if l.Reasons == 0 || l.Reasons.String() == "" {
			return fmt.Errorf("%v gives no reason", l.Component)
		}
		if k > 0 {
			p := a.Lines[k-1]
			if p.Currency > l.Currency || p.Currency == l.Currency && p.Component > l.Component {
				return fmt.Errorf("lines are out of order")
			}
		}
	}
	return nil
}

// checkBalances: where the opening balance is known and the rows agree with
// it, paying the open wallet lines leaves no wallet below zero.
func checkBalances(in refund.Input, a refund.Account) error {
	all := func(int) bool { return true }
	first := map[money.Currency]int64{} // what the wallet held before the first row
	torn := map[money.Currency]bool{}
	note := func(c money.Currency, amount int64) {
		if was, ok := first[c]; ok && was != amount {
			torn[c] = true
		} else {
			first[c] = amount
		}
	}
	for _, o := range in.Opening {
		note(o.Currency, o.Amount)
	}
	for _, b := range in.Balances {
		before := in
		before.Charges = slices.Clone(in.Charges)
		for i := range before.Charges { // what comes later has not happened
			if before.Charges[i].Time >= b.Until {
				before.Charges[i].Amount = 0
			}
		}
		note(b.Currency, b.Amount-replay(before, all)[walletLeg(uint32(b.Currency))])
	}
	for c, opening := range first {
		now := opening + replay(in, all)[walletLeg(uint32(c))]
		for _, l := range a.Lines {
			if l.Currency != c || l.Channel != refund.Balance {
				continue
			}
			if l.Reasons.Has(refund.BalancesDiffer) != torn[c] {
				return fmt.Errorf("%v: contradiction is %v, the line says %v", l.Component, torn[c], l.Reasons)
			}
			if torn[c] && !in.Possible && l.Status != refund.Exception {
				return fmt.Errorf("%v stands on a contradiction and is %v", l.Component, l.Status)
			}
			if l.Component == refund.BalanceClawback && !torn[c] && !l.Reasons.Has(refund.BalanceBelowZero) && now+l.Amount < 0 {
				return fmt.Errorf("a wallet of %d cannot give %d", now, l.Amount)
			}
		}
	}
	for _, l := range a.Lines {
		if l.Component != refund.VictimUsed {
			continue
		}
		if _, known := first[l.Currency]; !known || torn[l.Currency] {
			return fmt.Errorf("%v of a balance that is not known", l.Component)
		}
	}
	return nil
}
