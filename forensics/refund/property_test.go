package refund_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// wallets is how many random accounts each property is tried on.
const wallets = 12_000

// each runs a check over random accounts, and fails if it never saw what it
// is about.
func each(t *testing.T, about func(refund.Input, refund.Account) bool, check func(*rand.Rand, refund.Input, refund.Account) error) {
	t.Helper()
	seen := 0
	for seed := range uint64(wallets) {
		r := rand.New(rand.NewPCG(seed, 7))
		in := random(r)
		a := settle(t, in)
		if about(in, a) {
			seen++
		}
		if err := check(r, in, a); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, dump(in, a))
		}
	}
	if seen < wallets/100 {
		t.Errorf("only %d of %d accounts were what this is about", seen, wallets)
	}
}

func always(refund.Input, refund.Account) bool { return true }

func dump(in refund.Input, a refund.Account) string {
	s := ""
	var names []string
	for i, c := range in.Charges {
		names = append(names, fmt.Sprint(i))
		s += fmt.Sprintf("%2d at %d verdict %d %v %v %d %v txn %x ref %x %v foreign %v\n", i, c.Time, in.Verdicts[i], c.Kind, c.Status,
			c.Amount, money.Currency(c.Currency), uint64(c.Txn), uint64(c.Ref), c.Funding, in.Foreign != nil && in.Foreign[i])
	}
	return s + fmt.Sprintf("possible %v opening %v balances %v\n", in.Possible, in.Opening, in.Balances) + write(a, names)
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// random makes an account: all kinds and statuses, returns in part, in full,
// too much, of returns, of nothing and in circles, several currencies and
// instruments, and few instants, so that many rows share one.
func random(r *rand.Rand) refund.Input {
	n := 1 + r.IntN(14)
	if r.IntN(200) == 0 {
		n = 49 + r.IntN(40)
	}
	in := refund.Input{Possible: r.IntN(5) == 0}
	currencies := []uint32{uint32(money.MustCurrency("JPY"))}
	if r.IntN(3) == 0 {
		currencies = append(currencies, uint32(money.MustCurrency("USD")), uint32(money.MustCurrency("PTS")))
	}
	verdicts := pick(r,
		[]refund.Verdict{refund.Own, refund.Named},
		[]refund.Verdict{refund.Own, refund.Named, refund.Named, refund.Possible},
		[]refund.Verdict{refund.Own, refund.Possible, refund.Possible, refund.Named})
	wild := r.IntN(3) == 0 // amounts that do not fit, funding that is not said
	for i := range n {
		c := event.Charge{
			Time: int64(i/(1+r.IntN(3))) * 1e6, Txn: event.Key(1 + i*7919%10007), Account: 1,
			Currency: pick(r, currencies...), Amount: pick(r, int64(r.IntN(50)), 1000, 2000, int64(r.IntN(30))*1000),
			Status:  pick(r, event.Approved, event.Approved, event.Approved, event.Approved, event.Pending, event.Declined, event.NoStatus),
			Funding: pick(r, event.Card, event.Card, event.Debit, event.Bank, event.Points),
		}
		switch c.Kind = event.Kind(1 + r.IntN(8)); {
		case returns(c.Kind) && i > 0 || returns(c.Kind) && wild:
			returnOf(r, &c, &in, n, wild)
		case c.Kind == event.TransferIn || c.Kind == event.TransferOut || c.Kind == event.Payout:
			c.Ref = event.Key(r.IntN(3)) // may even equal a transaction
		default:
			c.Kind = pick(r, event.TopUp, event.Payment)
			if c.Kind == event.Payment && r.IntN(4) > 0 {
				c.Funding = event.Balance
			} else {
				c.Ref = event.Key(r.IntN(3) * 1_000_003)
			}
			if wild && r.IntN(4) == 0 {
				c.Funding = pick(r, event.NoFunding, event.OtherFunding, event.Cash, event.Balance)
			}
		}
		in.Charges = append(in.Charges, c)
		in.Verdicts = append(in.Verdicts, pick(r, verdicts...))
	}
	slices.SortStableFunc(in.Charges, func(a, b event.Charge) int { return int(a.Time - b.Time) })
	if r.IntN(2) == 0 {
		for range n {
			in.Foreign = append(in.Foreign, r.IntN(4) == 0)
			in.Stoppable = append(in.Stoppable, r.IntN(4) == 0)
		}
	}
	for _, c := range currencies {
		cur, known := money.Currency(c), r.IntN(10)
		if known < 3 {
			in.Opening = append(in.Opening, refund.Opening{Currency: cur, Amount: int64(r.IntN(40)) * 1000})
		}
		for range []int{0, 0, 1, 1, 1, 1, 2, 0, 0, 0}[known] {
			in.Balances = append(in.Balances, refund.KnownBalance{Currency: cur, Amount: int64(r.IntN(20)) * pick[int64](r, 100, 1000, 2000),
				Until: pick(r, math.MinInt64, int64(r.IntN(n))*1e6, math.MaxInt64)})
		}
	}
	slices.SortStableFunc(in.Balances, func(a, b refund.KnownBalance) int { return cmp.Compare(a.Until, b.Until) })
	return in
}

// returnOf makes c a return of an earlier row, or in a wild account of any.
func returnOf(r *rand.Rand, c *event.Charge, in *refund.Input, n int, wild bool) {
	if wild && r.IntN(4) == 0 {
		c.Ref = event.Key(1 + r.IntN(n)*7919%10007) // a later one, itself, or one before
		if r.IntN(2) == 0 {
			c.Ref = event.Key(r.IntN(2) * 999_999_999) // none
		}
		return
	}
	if len(in.Charges) == 0 {
		return
	}
	from := pick(r, in.Charges...)
	c.Ref, c.Currency = from.Txn, from.Currency
	switch {
	case from.Amount > 0 && r.IntN(2) == 0:
		c.Amount = 1 + r.Int64N(from.Amount)
	case !wild || r.IntN(2) == 0:
		c.Amount = from.Amount
	}
}

// TestLaws holds random accounts against the slow replay.
func TestLaws(t *testing.T) {
	seen := map[string]int{}
	each(t, always, func(_ *rand.Rand, in refund.Input, a refund.Account) error {
		for _, l := range a.Lines {
			seen[l.Component.String()]++
			seen[l.Channel.String()]++
			seen[l.Status.String()]++
			for _, r := range l.Reasons.List() {
				seen[r.String()]++
			}
		}
		_, err := checkLaws(in)
		return err
	})
	// A law that was never tried is no law: every code must have come up.
	for _, c := range refund.Components() {
		atLeast(t, seen, c.String())
	}
	for _, c := range refund.Channels() {
		atLeast(t, seen, c.String())
	}
	for _, s := range refund.Statuses() {
		atLeast(t, seen, s.String())
	}
	for _, r := range refund.AllReasons() {
		atLeast(t, seen, r.String())
	}
}

func atLeast(t *testing.T, seen map[string]int, code string) {
	t.Helper()
	if seen[code] < 20 {
		t.Errorf("%s came up %d times in %d accounts", code, seen[code], wallets)
	}
}

// TestSumIsLoss: with top-ups and spending from the balance alone, all lines
// of an account add up to what was spent.
func TestSumIsLoss(t *testing.T) {
	for seed := range uint64(wallets) {
		r := rand.New(rand.NewPCG(seed, 11))
		var in refund.Input
		var spent int64
		for i := range 1 + r.IntN(9) {
			c := event.Charge{Time: int64(i), Txn: event.Key(i + 1), Amount: 1 + r.Int64N(100_000), Status: event.Approved,
				Currency: uint32(money.MustCurrency("JPY")), Kind: event.TopUp, Funding: event.Card}
			verdict := pick(r, refund.Own, refund.Named)
			if r.IntN(2) == 0 {
				c.Kind, c.Funding = event.Payment, event.Balance
				if verdict == refund.Named {
					spent += c.Amount
				}
			}
			in.Charges, in.Verdicts = append(in.Charges, c), append(in.Verdicts, verdict)
		}
		var sum int64
		for _, l := range settle(t, in).Lines {
			sum += l.Amount
		}
		if sum != spent {
			t.Fatalf("seed %d: lines sum to %d, spent %d\n%s", seed, sum, spent, dump(in, settle(t, in)))
		}
	}
}

// reorder returns the account with its rows in another order: new row k is
// old row order[k].
func reorder(in refund.Input, order []int) refund.Input {
	out := refund.Input{Possible: in.Possible, Opening: in.Opening, Balances: in.Balances}
	for _, i := range order {
		out.Charges = append(out.Charges, in.Charges[i])
		out.Verdicts = append(out.Verdicts, in.Verdicts[i])
		if in.Foreign != nil {
			out.Foreign = append(out.Foreign, in.Foreign[i])
			out.Stoppable = append(out.Stoppable, in.Stoppable[i])
		}
	}
	return out
}

func identity(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// named replaces indexes by transactions, so that accounts whose rows are in
// another order can be compared.
func named(in refund.Input, a refund.Account) refund.Account {
	out := refund.Account{Totals: a.Totals}
	for _, l := range a.Lines {
		l.Charges = slices.Clone(l.Charges)
		for k, i := range l.Charges {
			l.Charges[k] = int(in.Charges[i].Txn)
		}
		out.Lines = append(out.Lines, l)
	}
	for _, i := range a.Undone {
		out.Undone = append(out.Undone, int(in.Charges[i].Txn))
	}
	slices.Sort(out.Undone)
	return out
}

// TestOrder: rows of one instant may come in any order.
func TestOrder(t *testing.T) {
	moved := func(in refund.Input, _ refund.Account) bool {
		return slices.ContainsFunc(identity(len(in.Charges)-1), func(i int) bool { return in.Charges[i].Time == in.Charges[i+1].Time })
	}
	each(t, moved, func(r *rand.Rand, in refund.Input, a refund.Account) error {
		order := identity(len(in.Charges))
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		slices.SortStableFunc(order, func(i, j int) int { return int(in.Charges[i].Time - in.Charges[j].Time) })
		other := reorder(in, order)
		if b := settle(t, other); !reflect.DeepEqual(named(in, a), named(other, b)) {
			return fmt.Errorf("another order of rows: %s", dump(other, b))
		}
		for o := refund.FraudFirst; o <= refund.ProRata; o++ {
			was := map[event.Key]refund.Share{}
			for _, s := range split(t, in, o) {
				was[in.Charges[s.Charge].Txn] = s
			}
			for _, s := range split(t, other, o) {
				if w := was[other.Charges[s.Charge].Txn]; w.Fraud != s.Fraud || w.Own != s.Own {
					return fmt.Errorf("another order of rows, another %v split", o)
				}
			}
		}
		return nil
	})
}

// TestTwoCurrencies: the same account again in other currencies changes
// nothing and comes out the same.
func TestTwoCurrencies(t *testing.T) {
	each(t, always, func(_ *rand.Rand, in refund.Input, a refund.Account) error {
		twice := in
		twice.Charges, twice.Verdicts = slices.Clone(in.Charges), slices.Clone(in.Verdicts)
		twice.Foreign, twice.Stoppable = slices.Clone(in.Foreign), slices.Clone(in.Stoppable)
		for i, c := range in.Charges {
			c.Currency |= 1 << 31
			c.Txn += 1 << 40
			if returns(c.Kind) && c.Ref != 0 {
				c.Ref += 1 << 40
			}
			twice.Charges, twice.Verdicts = append(twice.Charges, c), append(twice.Verdicts, in.Verdicts[i])
			if in.Foreign != nil {
				twice.Foreign, twice.Stoppable = append(twice.Foreign, in.Foreign[i]), append(twice.Stoppable, in.Stoppable[i])
			}
		}
		for _, o := range in.Opening {
			twice.Opening = append(twice.Opening[:len(twice.Opening):len(twice.Opening)], refund.Opening{Currency: o.Currency | 1<<31, Amount: o.Amount})
		}
		for _, o := range in.Balances {
			other := o
			other.Currency |= 1 << 31
			twice.Balances = append(twice.Balances[:len(twice.Balances):len(twice.Balances)], other)
		}
		slices.SortStableFunc(twice.Balances, func(a, b refund.KnownBalance) int { return cmp.Compare(a.Until, b.Until) })
		order := identity(len(twice.Charges))
		slices.SortStableFunc(order, func(i, j int) int { return int(twice.Charges[i].Time - twice.Charges[j].Time) })
		twice = reorder(twice, order)
		both := named(twice, settle(t, twice))
		want := named(in, a)
		n := len(want.Lines)
		if len(both.Lines) != 2*n || len(both.Totals) != 2*len(want.Totals) || len(both.Undone) != 2*len(want.Undone) {
			return fmt.Errorf("not twice as much: %s", dump(twice, settle(t, twice)))
		}
		for i := range both.Lines {
			l := both.Lines[i]
			if i >= n {
				l.Currency &^= 1 << 31
				for k := range l.Charges {
					l.Charges[k] -= 1 << 40
				}
			}
			if !reflect.DeepEqual(l, want.Lines[i%n]) {
				return fmt.Errorf("line %d differs: %s", i, dump(twice, settle(t, twice)))
			}
		}
		return nil
	})
}

// TestPossibleAccount: a possible account is the named one with every line to
// be decided.
func TestPossibleAccount(t *testing.T) {
	about := func(in refund.Input, a refund.Account) bool { return in.Possible && len(a.Lines) > 0 }
	each(t, about, func(_ *rand.Rand, in refund.Input, a refund.Account) error {
		if !in.Possible {
			return nil
		}
		sure := in
		sure.Possible, sure.Verdicts = false, slices.Clone(in.Verdicts)
		for i, v := range sure.Verdicts {
			if v == refund.Possible {
				sure.Verdicts[i] = refund.Named
			}
		}
		b := settle(t, sure)
		if !reflect.DeepEqual(a.Totals, b.Totals) || len(a.Lines) != len(b.Lines) {
			return fmt.Errorf("as named: %s", dump(sure, b))
		}
		for i, l := range a.Lines {
			m := b.Lines[i]
			if l.Component != m.Component || l.Amount != m.Amount || l.Gross != m.Gross || !slices.Equal(l.Charges, m.Charges) {
				return fmt.Errorf("line %d, as named: %s", i, dump(sure, b))
			}
			if !l.Reasons.Has(refund.PossibleAccount) || m.Reasons.Has(refund.PossibleAccount) {
				return fmt.Errorf("line %d: reasons %v and %v", i, l.Reasons, m.Reasons)
			}
		}
		return nil
	})
}

// TestWhoPressed: who made a return that has an original does not change an
// amount.
func TestWhoPressed(t *testing.T) {
	each(t, always, func(r *rand.Rand, in refund.Input, a refund.Account) error {
		other := in
		other.Verdicts = slices.Clone(in.Verdicts)
		for i, c := range in.Charges {
			if _, root := effect(in, i, 0); returns(c.Kind) && root >= 0 {
				other.Verdicts[i] = pick(r, refund.Own, refund.Possible, refund.Named)
			}
		}
		b := settle(t, other)
		if !maps.Equal(paid(in, a), paid(other, b)) || !reflect.DeepEqual(a.Totals, b.Totals) {
			return fmt.Errorf("other buttons: %s", dump(other, b))
		}
		return nil
	})
}

// TestOwnRowsDoNotMatter: what the owner does with money that the rows account
// for changes nobody's line, while opening balances are not known.
func TestOwnRowsDoNotMatter(t *testing.T) {
	each(t, always, func(r *rand.Rand, in refund.Input, _ refund.Account) error {
		in.Opening, in.Balances = nil, nil
		a := settle(t, in)
		more := reorder(in, identity(len(in.Charges)))
		last := in.Charges[len(in.Charges)-1]
		for k := range 3 {
			c := event.Charge{Time: last.Time + int64(k), Txn: event.Key(1_000_000 + k), Kind: pick(r, event.TopUp, event.Payment, event.Payout),
				Amount: r.Int64N(9999), Currency: last.Currency, Funding: pick(r, event.Card, event.Balance), Status: event.Approved}
			more.Charges, more.Verdicts = append(more.Charges, c), append(more.Verdicts, refund.Own)
			if in.Foreign != nil {
				more.Foreign, more.Stoppable = append(more.Foreign, false), append(more.Stoppable, false)
			}
		}
		if b := settle(t, more); !reflect.DeepEqual(a, b) {
			return fmt.Errorf("with rows of the owner: %s", dump(more, b))
		}
		return nil
	})
}

// TestInputUntouched: Settle and Split leave their input alone and give the
// same again.
func TestInputUntouched(t *testing.T) {
	each(t, always, func(_ *rand.Rand, in refund.Input, a refund.Account) error {
		was := reorder(in, identity(len(in.Charges)))
		again := settle(t, in)
		split(t, in, refund.ProRata)
		if !reflect.DeepEqual(in.Charges, was.Charges) || !reflect.DeepEqual(in.Verdicts, was.Verdicts) || !reflect.DeepEqual(a, again) {
			return fmt.Errorf("the input or the answer changed")
		}
		return nil
	})
}

// TestClosingIsOpening: a balance that is known anywhere says as much as one
// before the first row, if it fits it.
func TestClosingIsOpening(t *testing.T) {
	about := func(in refund.Input, a refund.Account) bool { return len(in.Opening) > 0 && len(a.Lines) > 0 }
	each(t, about, func(r *rand.Rand, in refund.Input, _ refund.Account) error {
		in.Balances = nil
		a := settle(t, in)
		later := in
		later.Opening = nil
		for _, o := range in.Opening {
			until := pick(r, math.MinInt64, int64(r.IntN(15))*1e6, math.MaxInt64)
			so := reorder(in, identity(len(in.Charges)))
			for i := range so.Charges {
				if so.Charges[i].Time >= until {
					so.Charges[i].Amount = 0
				}
			}
			moved := replay(so, func(int) bool { return true })[walletLeg(uint32(o.Currency))]
			later.Balances = append(later.Balances, refund.KnownBalance{Currency: o.Currency, Amount: o.Amount + moved, Until: until})
		}
		slices.SortStableFunc(later.Balances, func(a, b refund.KnownBalance) int { return cmp.Compare(a.Until, b.Until) })
		if b := settle(t, later); !reflect.DeepEqual(a, b) {
			return fmt.Errorf("as closing balances: %s", dump(later, b))
		}
		if !slices.Equal(split(t, in, refund.ProRata), split(t, later, refund.ProRata)) {
			return fmt.Errorf("another split")
		}
		return nil
	})
}

// TestBalancesMoveNoTotal: whatever is known of a wallet, what is owed in all is
// the same; only what is taken back from whom is another.
func TestBalancesMoveNoTotal(t *testing.T) {
	about := func(in refund.Input, a refund.Account) bool {
		return len(in.Opening)+len(in.Balances) > 0 && slices.ContainsFunc(a.Lines, func(l refund.Line) bool { return l.Component == refund.BalanceClawback })
	}
	each(t, about, func(_ *rand.Rand, in refund.Input, a refund.Account) error {
		blind := in
		blind.Opening, blind.Balances = nil, nil
		if b := settle(t, blind); !reflect.DeepEqual(a.Totals, b.Totals) || !reflect.DeepEqual(a.Undone, b.Undone) {
			return fmt.Errorf("without balances: %s", dump(blind, b))
		}
		return nil
	})
}

// keys are what the id of each line is made of.
func keys(in refund.Input, a refund.Account) map[string]int64 {
	out := map[string]int64{}
	for _, l := range a.Lines {
		key := fmt.Sprint(l.Currency, l.Component)
		if l.Component == refund.InstrumentRefund || l.Component == refund.UnmatchedReturn {
			key += fmt.Sprint(" ", uint64(in.Charges[l.Charges[0]].Txn))
		}
		out[key] = l.Gross
	}
	return out
}

// TestOneObligationOneID: no two lines of an account have one name, and one that
// stands on a charge keeps its name and what was captured when evidence grows:
// when rows follow, or when charges of the owner turn out to be the attacker's.
func TestOneObligationOneID(t *testing.T) {
	each(t, always, func(r *rand.Rand, in refund.Input, a refund.Account) error {
		before := keys(in, a)
		if len(before) != len(a.Lines) {
			return fmt.Errorf("%d lines have %d names", len(a.Lines), len(before))
		}
		more := reorder(in, identity(len(in.Charges)))
		for i, v := range more.Verdicts {
			if v == refund.Own && r.IntN(2) == 0 {
				more.Verdicts[i] = refund.Named
			}
		}
		last := in.Charges[len(in.Charges)-1]
		c := event.Charge{Time: last.Time + 1, Txn: 1_000_000, Kind: event.Payment, Amount: 7, Currency: last.Currency, Funding: event.Balance}
		more.Charges, more.Verdicts = append(more.Charges, c), append(more.Verdicts, refund.Named)
		if more.Foreign != nil {
			more.Foreign, more.Stoppable = append(more.Foreign, false), append(more.Stoppable, false)
		}
		b := settle(t, more)
		after := keys(more, b)
		for key, gross := range before {
			if now, ok := after[key]; strings.Contains(key, refund.InstrumentRefund.String()) && (!ok || now != gross) {
				return fmt.Errorf("%s was of %d, and is of %d: %s", key, gross, now, dump(more, b))
			}
		}
		return nil
	})
}

// TestStoppableIsHeld: what the issuer can still stop is never open, and what
// stands on it says so.
func TestStoppableIsHeld(t *testing.T) {
	about := func(in refund.Input, a refund.Account) bool {
		return slices.ContainsFunc(a.Lines, func(l refund.Line) bool { return l.Reasons.Has(refund.IssuerMayStop) })
	}
	each(t, about, func(_ *rand.Rand, in refund.Input, a refund.Account) error {
		for _, l := range a.Lines {
			if l.Component != refund.InstrumentRefund || in.Stoppable == nil || !in.Stoppable[l.Charges[0]] || l.Amount <= 0 {
				continue
			}
			if l.Status == refund.Open || !l.Reasons.Has(refund.IssuerMayStop) {
				return fmt.Errorf("%+v", l)
			}
		}
		return nil
	})
}

// TestSumsMeet: over all wallets, lines, accounts, channels and statuses add up
// to the same in each currency.
func TestSumsMeet(t *testing.T) {
	type sums struct{ lines, accounts, channels, statuses map[money.Currency]int64 }
	s := sums{map[money.Currency]int64{}, map[money.Currency]int64{}, map[money.Currency]int64{}, map[money.Currency]int64{}}
	type part struct {
		c    money.Currency
		word string
	}
	channels, statuses := map[part]int64{}, map[part]int64{}
	each(t, always, func(_ *rand.Rand, _ refund.Input, a refund.Account) error {
		for _, l := range a.Lines {
			s.lines[l.Currency] += l.Gross - l.Returned
			channels[part{l.Currency, l.Channel.String()}] += l.Amount
			statuses[part{l.Currency, l.Status.String()}] += l.Amount
		}
		for _, t := range a.Totals {
			s.accounts[t.Currency] += t.NetLoss
		}
		return nil
	})
	for p, amount := range channels {
		s.channels[p.c] += amount
	}
	for p, amount := range statuses {
		s.statuses[p.c] += amount
	}
	if len(s.lines) < 3 || !maps.Equal(s.lines, s.accounts) || !maps.Equal(s.lines, s.channels) || !maps.Equal(s.lines, s.statuses) {
		t.Errorf("%+v", s)
	}
}
