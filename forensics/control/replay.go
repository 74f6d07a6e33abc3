package control

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Result is what happened, and what would have under each control.
type Result struct {
	Base Base
	Rows []Row // one for each control, and one for all of them if there are several
}

// A Base is what happened.
type Base struct {
	Victims int64 // confirmed and probable
	// Unseen are the victims whose first row in the log is the thief's: no
	// device of theirs can be told to be new.
	Unseen  int64
	Taken   []Amount // by thieves, what came back from the shops left out
	Logins  int64    // that got in, of owners
	TopUps  int64    // of owners, not declined
	Thieves int64    // logins of thieves
	// Undecided are logins of those who are only possibly thieves, Blind
	// owners' logins without a device.
	Undecided, Blind int64
}

// An Amount is money of one currency.
type Amount struct {
	Currency money.Currency
	Minor    int64
}

// A Row is what one control would have changed.
type Row struct {
	Name string
	Why  string // why it cannot be said, or ""
	// Spared are victims who would not have been robbed at all, Eased those
	// who would have lost less.
	Spared, Eased int64
	Prevented     []Amount // of Base.Taken
	TopUps        []Amount // stolen top-ups that would not have happened
	// Logins, Charges and Accounts are honest ones that would have been
	// disturbed; Thieves are thieves' logins that would have been, Undecided
	// those of possible thieves.
	Logins, Charges, Accounts int64
	Thieves, Undecided        int64
}

// Replay replays a log under controls.
func Replay(ctx context.Context, log *event.Log, c *Case, controls []Control, workers int) (*Result, error) {
	if len(controls) > MaxControls {
		return nil, fmt.Errorf("%d controls at once; %d can be compared", len(controls), MaxControls)
	}
	seen, err := learn(ctx, log, c, workers)
	if err != nil {
		return nil, err
	}
	rules := make([]rule, len(controls))
	for i := range rules {
		if rules[i], err = seen.rule(controls[i], c); err != nil {
			return nil, err
		}
	}
	rows := len(rules)
	if rows > 1 {
		rows++
	}
	counters, err := event.EachCursor(ctx, workers, log.Parts, func() *counter {
		return &counter{c: c, rules: rules, rows: make([]tally, rows), base: tally{}}
	}, func(n *counter, _ int, rows *event.Cursor) { baseline.Walk(rows, &n.actors, n.account) })
	if err != nil {
		return nil, err
	}
	return total(counters, c)
}

// A counter is what one worker counts.
type counter struct {
	c      *Case
	rules  []rule
	actors baseline.Account
	x      account
	w      wallet

	out  Base
	base tally
	rows []tally
	met  int   // accounts of the case that were met
	err  error // the first by account
	at   event.Key
}

// A tally adds up one row.
type tally struct {
	Row
	prevented, topUps map[money.Currency]*money.Sum
}

func addTo(sums *map[money.Currency]*money.Sum, c money.Currency, amount int64) {
	if *sums == nil {
		*sums = map[money.Currency]*money.Sum{}
	}
	if (*sums)[c] == nil {
		(*sums)[c] = &money.Sum{}
	}
	(*sums)[c].Add(amount)
}

// bit returns the mask of a row of the result: that of its rule, or of all.
func (n *counter) bit(row int) uint32 {
	if row < len(n.rules) {
		return 1 << row
	}
	return math.MaxUint32
}

// account replays one account under every rule.
func (n *counter) account(a *baseline.Account) {
	m := n.c.Accounts[a.Key]
	x := &n.x
	x.read(a)
	x.sides = n.c.sides(x.sides, a, m)
	for i := range n.rules {
		x.refuse(&n.rules[i], 1<<i)
	}
	n.people(m)
	if m == nil {
		return
	}
	n.met++
	if err := n.victim(m); err != nil && (n.err == nil || a.Key < n.at) {
		n.err, n.at = err, a.Key
	}
}

// people counts who is disturbed.
func (n *counter) people(m *Account) {
	x := &n.x
	var disturbed uint32
	for i := range x.Logins {
		l := &x.Logins[i]
		if !enters(l) || l.History() {
			continue
		}
		s := owners
		if by := x.LoginBy[i]; by != baseline.Nobody {
			s = x.sides[by]
		}
		switch s {
		case owners:
			n.out.Logins++
			if l.Device == 0 {
				n.out.Blind++
			}
			disturbed |= x.askLogin[i]
		case undecided:
			n.out.Undecided++
		case thiefs:
			n.out.Thieves++
		}
		for row := range n.rows {
			if x.askLogin[i]&n.bit(row) == 0 {
				continue
			}
			switch s {
			case owners:
				n.rows[row].Logins++
			case undecided:
				n.rows[row].Undecided++
			case thiefs:
				n.rows[row].Thieves++
			}
		}
	}
	disturbed |= n.charges(m)
	for row := range n.rows {
		if disturbed&n.bit(row) != 0 {
			n.rows[row].Accounts++
		}
	}
}

// charges counts the owners' charges that are refused, and returns by what.
func (n *counter) charges(m *Account) (disturbed uint32) {
	x := &n.x
	for i := range x.Charges {
		c := &x.Charges[i]
		by := x.ChargeBy[i]
		if c.Status == event.Declined || by != baseline.Nobody && x.sides[by] != owners {
			continue
		}
		if m != nil && m.Charges[c.Txn] != takeover.NoTier {
			continue // stolen by nobody that the log names
		}
		if c.Kind == event.TopUp {
			n.out.TopUps++
		}
		disturbed |= x.stopCharge[i]
		for row := range n.rows {
			if x.stopCharge[i]&n.bit(row) != 0 {
				n.rows[row].Charges++
			}
		}
	}
	return disturbed
}

// victim replays the wallets of an account of the case.
func (n *counter) victim(m *Account) error {
	x, w := &n.x, &n.w
	found := 0
	for i := range x.Charges {
		if _, ok := m.Charges[x.Charges[i].Txn]; ok {
			found++
		}
	}
	if found != len(m.Charges) {
		return fmt.Errorf("account %q: the logs hold %d of the %d charges that the case calls stolen", event.Masked(m.Name), found, len(m.Charges))
	}
	if len(m.Losses) == 0 {
		return nil
	}
	n.out.Victims++
	if len(x.Actors) > 0 && x.sides[0] == thiefs {
		n.out.Unseen++
	}
	w.read(x.Charges)
	lost := make([]int64, len(n.rows)) // less than in the log, over all currencies
	acts := make([]bool, len(n.rows))
	robbed := false
	for i := range m.Losses {
		loss := &m.Losses[i]
		if err := n.tie(m, loss); err != nil {
			return err
		}
		w.settle(x.Charges, loss.Currency, m)
		addTo(&n.base.prevented, loss.Currency, w.taken)
		_, did := w.replay(x.stopCharge, 0)
		robbed = robbed || did
		for row := range n.rows {
			taken, did := w.replay(x.stopCharge, n.bit(row))
			addTo(&n.rows[row].prevented, loss.Currency, w.taken-taken)
			addTo(&n.rows[row].topUps, loss.Currency, w.stoppedTopUps(x.stopCharge, n.bit(row)))
			if acts[row] = acts[row] || did; taken < w.taken {
				lost[row]++
			}
		}
	}
	for row := range n.rows {
		switch {
		case robbed && !acts[row]:
			n.rows[row].Spared++
		case lost[row] > 0:
			n.rows[row].Eased++
		}
	}
	return nil
}

// stoppedTopUps adds up the stolen top-ups that do not happen.
func (w *wallet) stoppedTopUps(stopped []uint32, bit uint32) int64 {
	var sum int64
	for i := range w.moves {
		if v := &w.moves[i]; v.what == topUp && stopped[v.charge]&bit != 0 {
			sum += v.amount
		}
	}
	return sum
}

// tie checks that the rows of the log add up to what the case says, so that
// nothing is prevented that was never counted.
func (n *counter) tie(m *Account, loss *Loss) error {
	var topUps, spent money.Sum
	for i := range n.x.Charges {
		c := &n.x.Charges[i]
		if sideOf(m.Charges[c.Txn]) != thiefs || c.Currency != uint32(loss.Currency) || c.Status == event.Declined {
			continue
		}
		switch c.Kind {
		case event.TopUp:
			topUps.Add(c.Amount)
		case event.Payment, event.TransferOut, event.Payout:
			spent.Add(c.Amount)
		}
	}
	in, err := topUps.Total()
	if err != nil {
		return err
	}
	out, err := spent.Total()
	if err != nil {
		return err
	}
	if in != loss.TopUp || out != loss.Spend {
		return fmt.Errorf("account %q: the case says %s topped up and %s spent by thieves, the logs %s and %s", event.Masked(m.Name),
			money.Format(loss.TopUp, loss.Currency), money.Format(loss.Spend, loss.Currency),
			money.Format(in, loss.Currency), money.Format(out, loss.Currency))
	}
	return nil
}

// total adds up what the workers counted.
func total(counters []*counter, c *Case) (*Result, error) {
	var first *counter
	all := counters[0]
	met := 0
	for i, n := range counters {
		if n.err != nil && (first == nil || n.at < first.at) {
			first = n
		}
		if met += n.met; i > 0 {
			all.add(n)
		}
	}
	switch {
	case first != nil:
		return nil, first.err
	case met != len(c.Accounts):
		return nil, fmt.Errorf("the logs hold %d of the %d accounts that the case names", met, len(c.Accounts))
	}
	r := &Result{Base: all.out}
	var err error
	if r.Base.Taken, err = amounts(all.base.prevented); err != nil {
		return nil, err
	}
	for i := range all.rows {
		t := &all.rows[i]
		if t.Prevented, err = amounts(t.prevented); err == nil {
			t.TopUps, err = amounts(t.topUps)
		}
		if err != nil {
			return nil, err
		}
		if t.Name = "all together"; i < len(all.rules) {
			t.Name, t.Why = all.rules[i].String(), all.rules[i].why
		}
		r.Rows = append(r.Rows, t.Row)
	}
	return r, nil
}

// add adds what another worker counted.
func (n *counter) add(o *counter) {
	n.out.Victims += o.out.Victims
	n.out.Unseen += o.out.Unseen
	n.out.Logins += o.out.Logins
	n.out.TopUps += o.out.TopUps
	n.out.Thieves += o.out.Thieves
	n.out.Undecided += o.out.Undecided
	n.out.Blind += o.out.Blind
	n.base.add(&o.base)
	for i := range n.rows {
		n.rows[i].add(&o.rows[i])
	}
}

func (t *tally) add(o *tally) {
	t.Spared += o.Spared
	t.Eased += o.Eased
	t.Logins += o.Logins
	t.Charges += o.Charges
	t.Accounts += o.Accounts
	t.Thieves += o.Thieves
	t.Undecided += o.Undecided
	for _, s := range [...]struct {
		to, from *map[money.Currency]*money.Sum
	}{{&t.prevented, &o.prevented}, {&t.topUps, &o.topUps}} {
		for c, sum := range *s.from {
			v, err := sum.Total()
			if err != nil {
				v = math.MaxInt64 // does not fit the sum either
				addTo(s.to, c, v)
			}
			addTo(s.to, c, v)
		}
	}
}

// amounts returns sums in the order of their currencies.
func amounts(sums map[money.Currency]*money.Sum) ([]Amount, error) {
	var all []Amount
	for c, s := range sums {
		v, err := s.Total()
		if err != nil {
			return nil, err
		}
		all = append(all, Amount{c, v})
	}
	slices.SortFunc(all, func(a, b Amount) int { return cmp.Compare(a.Currency.String(), b.Currency.String()) })
	return all, nil
}
