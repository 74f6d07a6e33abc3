// Package bridge leads from one estimate of a loss to the next: who entered, who
// left, who changed, each with its reason in terms of evidence, in counts and
// money that add up exactly.
//
// An estimate is a list of victims with an amount each, in one currency, and
// what is known of how it came about. Between compares two and takes every
// difference apart into steps; the old totals and all steps make the new totals,
// for every currency and tier, whatever the estimates are. A reason is what the
// estimates themselves say: where they do not say it, it is not computable.
//
// The package is pure: it reads no file and knows no clock.
package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// ByDecision is the tier of victims whom a person confirmed and the evidence
// holds only possible: they are owed, and count as named.
const ByDecision = takeover.Confirmed + 1

// numTiers counts NoTier and ByDecision, too.
const numTiers = ByDecision + 1

// TierWord returns the word that files show for a tier of an estimate.
func TierWord(t takeover.Tier) string {
	if t == ByDecision {
		return "by_decision"
	}
	return t.String()
}

// rank orders tiers by how sure they are.
func rank(t takeover.Tier) int {
	return [numTiers]int{takeover.Possible: 1, ByDecision: 2, takeover.Probable: 3, takeover.Confirmed: 4}[t]
}

// A Victim is an account of an estimate, in one currency.
type Victim struct {
	Account    string
	Currency   money.Currency
	Tier       takeover.Tier // NoTier in a list that knows none; or ByDecision
	Amount     int64         // minor units
	Validation ledger.Validation
	Why        string // of a list by a rule: why it is there
}

// A Takeover is what an estimate says of an account that was entered.
type Takeover struct {
	Tier     takeover.Tier
	Score    int64
	Weights  []int64 // by Weights; nil where they are not known
	Reasons  []string
	Entered  int64
	Campaign string
}

// WeightNames name the groups of evidence that a score is the sum of.
var WeightNames = []string{"prior", "entry", "visit", "conduct", "device", "company"}

// A Charge is one that an estimate holds against an intruder.
type Charge struct {
	Time     int64
	Kind     string
	Amount   int64
	Currency money.Currency
	Status   string // approved, declined, pending, reversed
	Store    string
	Tier     takeover.Tier
	Source   string
}

func (c *Charge) stands() bool { return c.Status == "approved" || c.Status == "pending" }

// A Txn names a charge.
type Txn struct{ Account, ID string }

// An Input is a file that an estimate was made from.
//
// SHA256 is "" for one that was not read to its end: it is the same as no other.
type Input struct{ Name, Role, SHA256 string }

// An Estimate is a list of victims and what is known of how it came about. What
// is nil is not known.
type Estimate struct {
	Name    string
	Victims []Victim

	Lines     []ledger.Line
	Charges   map[Txn]Charge
	Takeovers map[string]Takeover
	Inputs    []Input
	Policy    string // hash
	Version   string // of the program
	From, To  int64  // of the payment logs; both 0 where not known
	// Part tells apart what was read of the same files: the same text, the same
	// rows at the same times.
	Part string

	// Decisions are those that the estimate was made with: true confirms.
	Decisions map[Txn]bool
	// Present says of charges that are not in the estimate whether its logs have
	// them; nil where nobody looked.
	Present map[Txn]bool

	// Lacks says of an account why a rule does not list it. It is set for lists
	// that are drawn up by a rule.
	Lacks func(account string) string
}

// A Change is what becomes of a victim.
type Change uint8

// The changes, in the order in which a bridge shows them.
const (
	Entered Change = iota + 1
	Left
	Moved  // to another tier
	Valued // otherwise
)

var changeWords = [...]string{Entered: "entered", Left: "left", Moved: "tier", Valued: "amount"}

// String returns the word that files show.
func (c Change) String() string { return changeWords[c] }

// A Step is one change of one victim, for one reason.
type Step struct {
	Account  string
	Currency money.Currency
	Change   Change
	Reason   string
	Detail   string
	From, To takeover.Tier // of Moved; else both the tier that the step is in
	Amount   int64         // added to To, and for Moved taken from From; negative of Left
}

// A Total is the victims of one currency and tier.
type Total struct {
	Currency money.Currency
	Tier     takeover.Tier
	Accounts int64
	Amount   int64
}

// A Bridge leads from one estimate to another.
type Bridge struct {
	Old, New  string
	From, To  []Total // by currency and tier
	Steps     []Step
	Unchanged int64 // victims of both, alike in tier and amount
}

// A TwiceError says that an estimate has a victim twice.
type TwiceError struct {
	Estimate, Account string
	Currency          money.Currency
}

func (e *TwiceError) Error() string {
	return fmt.Sprintf("%s: account %q stands there twice in %s", e.Estimate, discreet.Shown(e.Account), e.Currency)
}

type key struct {
	account  string
	currency money.Currency
}

// Between returns the bridge from one estimate to another.
func Between(old, new *Estimate) (*Bridge, error) {
	b := &Bridge{Old: old.Name, New: new.Name}
	was, err := byKey(old)
	if err != nil {
		return nil, err
	}
	now, err := byKey(new)
	if err != nil {
		return nil, err
	}
	if b.From, err = totals(old.Victims); err != nil {
		return nil, err
	}
	if b.To, err = totals(new.Victims); err != nil {
		return nil, err
	}
	p := newPair(old, new)
	for k, v := range was {
		w := now[k]
		switch {
		case w == nil:
			reason, detail := p.left(v)
			b.add(Step{v.Account, v.Currency, Left, reason, detail, v.Tier, v.Tier, -v.Amount})
		case w.Tier == v.Tier && w.Amount == v.Amount:
			b.Unchanged++
		default:
			if err := b.changed(p, v, w); err != nil {
				return nil, err
			}
		}
	}
	for k, w := range now {
		if was[k] == nil {
			reason, detail := p.entered(w)
			b.add(Step{w.Account, w.Currency, Entered, reason, detail, w.Tier, w.Tier, w.Amount})
		}
	}
	slices.SortFunc(b.Steps, func(x, y Step) int {
		return cmp.Or(cmp.Compare(x.Currency.String(), y.Currency.String()), cmp.Compare(x.Change, y.Change), cmp.Compare(x.Reason, y.Reason),
			cmp.Compare(x.Account, y.Account), cmp.Compare(x.Detail, y.Detail))
	})
	return b, b.Check()
}

func (b *Bridge) add(s Step) { b.Steps = append(b.Steps, s) }

// changed takes the change of a victim of both estimates apart.
func (b *Bridge) changed(p *pair, v, w *Victim) error {
	if v.Tier != w.Tier {
		reason, detail := p.moved(v, w)
		b.add(Step{v.Account, v.Currency, Moved, reason, detail, v.Tier, w.Tier, v.Amount})
	}
	if v.Amount == w.Amount {
		return nil
	}
	parts, err := p.valued(v, w)
	if err != nil {
		return err
	}
	for _, part := range parts {
		b.add(Step{v.Account, v.Currency, Valued, part.reason, part.detail, w.Tier, w.Tier, part.amount})
	}
	return nil
}

// byKey returns the victims of an estimate by account and currency.
func byKey(e *Estimate) (map[key]*Victim, error) {
	m := make(map[key]*Victim, len(e.Victims))
	for i := range e.Victims {
		v := &e.Victims[i]
		k := key{v.Account, v.Currency}
		if m[k] != nil {
			return nil, &TwiceError{e.Name, v.Account, v.Currency}
		}
		m[k] = v
	}
	return m, nil
}

// totals adds victims up by currency and tier.
func totals(victims []Victim) ([]Total, error) {
	t := newTally()
	for i := range victims {
		v := &victims[i]
		t.add(v.Currency, v.Tier, 1, v.Amount)
	}
	return t.list()
}

// A tally adds up counts and money by currency and tier.
type tally struct {
	at map[place]*entry
}

type place struct {
	currency money.Currency
	tier     takeover.Tier
}

type entry struct {
	accounts int64
	amount   money.Sum
}

func newTally() *tally { return &tally{map[place]*entry{}} }

func (t *tally) add(c money.Currency, tier takeover.Tier, accounts, amount int64) {
	k := place{c, tier}
	if t.at[k] == nil {
		t.at[k] = &entry{}
	}
	t.at[k].accounts += accounts
	t.at[k].amount.Add(amount)
}

func (t *tally) list() ([]Total, error) {
	var all []Total
	for k, e := range t.at {
		amount, err := e.amount.Total()
		if err != nil {
			return nil, err
		}
		all = append(all, Total{k.currency, k.tier, e.accounts, amount})
	}
	slices.SortFunc(all, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(rank(b.Tier), rank(a.Tier)))
	})
	return all, nil
}

// ErrGap says that the steps of a bridge do not lead from one end to the other.
var ErrGap = errors.New("the steps do not lead from the old total to the new one")

// Check reports whether old totals and steps make the new totals.
func (b *Bridge) Check() error {
	t := newTally()
	for _, x := range b.From {
		t.add(x.Currency, x.Tier, x.Accounts, x.Amount)
	}
	for _, r := range b.Rows() {
		t.add(r.Currency, r.Tier, r.Accounts, r.Amount)
	}
	for _, x := range b.To {
		t.add(x.Currency, x.Tier, -x.Accounts, -x.Amount)
	}
	left, err := t.list()
	if err != nil {
		return err
	}
	for _, x := range left {
		if x.Accounts != 0 || x.Amount != 0 {
			return fmt.Errorf("%w: %s, tier %s: %d accounts and %s too much", ErrGap, x.Currency, TierWord(x.Tier), -x.Accounts, money.Format(-x.Amount, x.Currency))
		}
	}
	return nil
}

// A Row is what a step adds to one tier; a move between tiers makes two.
type Row struct {
	Step
	Tier     takeover.Tier
	Accounts int64
	Amount   int64
}

// Rows returns what the steps add, tier by tier.
func (b *Bridge) Rows() []Row {
	rows := make([]Row, 0, len(b.Steps))
	for _, s := range b.Steps {
		switch s.Change {
		case Entered:
			rows = append(rows, Row{s, s.To, 1, s.Amount})
		case Left:
			rows = append(rows, Row{s, s.To, -1, s.Amount})
		case Moved:
			rows = append(rows, Row{s, s.From, -1, -s.Amount}, Row{s, s.To, 1, s.Amount})
		case Valued:
			rows = append(rows, Row{s, s.To, 0, s.Amount})
		}
	}
	return rows
}

// A Span is what all steps of one kind and reason add to the tiers of a
// currency, by tier; Named is confirmed and probable, what a person decided, and
// lists that know no tier.
type Span struct {
	Currency      money.Currency
	Change        Change
	Reason        string
	Steps         int64
	Accounts      [numTiers]int64
	Amount        [numTiers]int64
	NamedAccounts int64
	NamedAmount   int64
}

// Spans adds up the steps of a bridge by change and reason.
func (b *Bridge) Spans() ([]Span, error) {
	type id struct {
		currency money.Currency
		change   Change
		reason   string
	}
	at := map[id]*Span{}
	sums := map[id]*[numTiers]money.Sum{}
	for _, s := range b.Steps {
		k := id{s.Currency, s.Change, s.Reason}
		if at[k] == nil {
			at[k], sums[k] = &Span{Currency: s.Currency, Change: s.Change, Reason: s.Reason}, &[numTiers]money.Sum{}
		}
		at[k].Steps++
	}
	for _, r := range b.Rows() {
		k := id{r.Currency, r.Change, r.Reason}
		at[k].Accounts[r.Tier] += r.Accounts
		sums[k][r.Tier].Add(r.Amount)
	}
	var all []Span
	for k, s := range at {
		if err := s.close(sums[k]); err != nil {
			return nil, err
		}
		all = append(all, *s)
	}
	slices.SortFunc(all, func(x, y Span) int {
		return cmp.Or(cmp.Compare(x.Currency.String(), y.Currency.String()), cmp.Compare(x.Change, y.Change), cmp.Compare(x.Reason, y.Reason))
	})
	return all, nil
}

// close adds up the tiers that count as named.
func (s *Span) close(sums *[numTiers]money.Sum) (err error) {
	var named money.Sum
	for tier := range sums {
		if s.Amount[tier], err = sums[tier].Total(); err != nil {
			return err
		}
		if Named(takeover.Tier(tier)) {
			s.NamedAccounts += s.Accounts[tier]
			named.Add(s.Amount[tier])
		}
	}
	s.NamedAmount, err = named.Total()
	return err
}

// Ends returns the old and the new totals of each currency of a bridge as spans.
func (b *Bridge) Ends() (from, to []Span, err error) {
	if from, err = ends(b.From, b); err != nil {
		return nil, nil, err
	}
	to, err = ends(b.To, b)
	return from, to, err
}

func ends(list []Total, b *Bridge) ([]Span, error) {
	var currencies []money.Currency
	for _, t := range slices.Concat(b.From, b.To) {
		if !slices.Contains(currencies, t.Currency) {
			currencies = append(currencies, t.Currency)
		}
	}
	slices.SortFunc(currencies, func(a, c money.Currency) int { return cmp.Compare(a.String(), c.String()) })
	var all []Span
	for _, c := range currencies {
		s := Span{Currency: c}
		var sums [numTiers]money.Sum
		for _, t := range list {
			if t.Currency == c {
				s.Accounts[t.Tier] += t.Accounts
				sums[t.Tier].Add(t.Amount)
			}
		}
		if err := s.close(&sums); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
