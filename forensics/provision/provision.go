// Package provision says what to set aside in the books for a case that is not
// paid yet: a low, a best and a high figure for each currency, and the journal
// that books one of them.
//
// The figures rest on what the tiers promise: of what is called confirmed at
// most 1 in 100 may be wrong, of probable at most 1 in 20 (by amount, as a rule
// of this package). Of possible nothing is promised. So
//
//	low   confirmed lines that are open, less 1 in 100
//	best  confirmed and probable lines, open or held, less 1 in 100 and 1 in 20
//	high  every line that would pay something, whatever its tier and status, in
//	      full, and no claw-back succeeds
//
// Low and best count claw-backs from wallets (confirmed or probable, open or
// held) in full, low and best alike: fraudulent money that is still there.
// Whole minor units: what is left after the deduction is rounded down for low
// and up for best, for each tier and component, so that all figures are sums of
// the rows behind them and low is never above best, nor best above high.
//
// The package is pure.
package provision

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Bound is how much of a tier may be wrong: one in so many; 0 for no promise.
var bounds = map[takeover.Tier]int64{takeover.Confirmed: 100, takeover.Probable: 20}

// Bound returns how many lines of a tier there are for one that may be wrong, 0
// where nothing is promised.
func Bound(t takeover.Tier) int64 { return bounds[t] }

// A Figure is one of the three.
type Figure uint8

// The figures.
const (
	Low Figure = iota
	Best
	High
	numFigures
)

var figureWords = [numFigures]string{"low", "best", "high"}

// String returns the word that files show.
func (f Figure) String() string { return figureWords[f] }

// ParseFigure returns the figure of a word.
func ParseFigure(word string) (Figure, bool) {
	i := slices.Index(figureWords[:], word)
	return Figure(max(i, 0)), i >= 0
}

// A Row is the lines of one tier, component and status, and what each figure
// takes of them.
type Row struct {
	Currency  money.Currency
	Tier      takeover.Tier
	Component refund.Component
	Status    refund.Status
	Lines     int64
	Face      int64 // sum of the lines
	Figures   [numFigures]int64
	Negative  bool // claw-backs
}

// A Total is the three figures of a currency.
type Total struct {
	Currency money.Currency
	Face     int64
	Figures  [numFigures]int64
}

// A Provision is the result.
type Provision struct {
	Rows   []Row // by currency, tier (surest first), component, status, sign
	Totals []Total
}

type key struct {
	currency  money.Currency
	tier      takeover.Tier
	component refund.Component
	status    refund.Status
	negative  bool
}

// Of returns the provision for the lines of a ledger, by what of them is still
// payable.
func Of(lines []ledger.Line) (*Provision, error) {
	sums, counts := map[key]*money.Sum{}, map[key]int64{}
	for i := range lines {
		l := &lines[i]
		if l.Payable == 0 {
			continue
		}
		k := key{l.Currency, l.Tier, l.Component, l.Status, l.Payable < 0}
		if sums[k] == nil {
			sums[k] = &money.Sum{}
		}
		sums[k].Add(l.Payable)
		counts[k]++
	}
	p := &Provision{}
	for k, s := range sums {
		face, err := s.Total()
		if err != nil {
			return nil, fmt.Errorf("lines in %s: %w", k.currency, err)
		}
		r := Row{Currency: k.currency, Tier: k.tier, Component: k.component, Status: k.status, Lines: counts[k], Face: face, Negative: k.negative}
		r.figure()
		p.Rows = append(p.Rows, r)
	}
	slices.SortFunc(p.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(b.Tier, a.Tier),
			cmp.Compare(a.Component, b.Component), cmp.Compare(a.Status, b.Status), cmp.Compare(b.Face, a.Face))
	})
	return p, p.total()
}

// figure decides what each figure takes of a row.
func (r *Row) figure() {
	settled := r.Status == refund.Open || r.Status == refund.Held
	bound := bounds[r.Tier]
	switch {
	case r.Face < 0:
		if settled && bound > 0 && r.Component != refund.VictimUsed {
			r.Figures[Low], r.Figures[Best] = r.Face, r.Face
		}
		return
	case settled && bound > 0:
		r.Figures[Best] = less(r.Face, bound, true)
		if r.Tier == takeover.Confirmed && r.Status == refund.Open {
			r.Figures[Low] = less(r.Face, bound, false)
		}
	}
	r.Figures[High] = r.Face
}

// less returns an amount less one in so many of it, rounded up or down.
func less(amount, bound int64, up bool) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(bound-1))
	q, rest := bits.Div64(hi, lo, uint64(bound)) // hi < bound: the quotient is below amount
	if up && rest > 0 {
		q++
	}
	return int64(q)
}

func (p *Provision) total() error {
	for i := 0; i < len(p.Rows); {
		c := p.Rows[i].Currency
		var face money.Sum
		var sums [numFigures]money.Sum
		for ; i < len(p.Rows) && p.Rows[i].Currency == c; i++ {
			face.Add(p.Rows[i].Face)
			for f := range sums {
				sums[f].Add(p.Rows[i].Figures[f])
			}
		}
		t := Total{Currency: c}
		var err error
		if t.Face, err = face.Total(); err != nil {
			return fmt.Errorf("lines in %s: %w", c, err)
		}
		for f := range sums {
			if t.Figures[f], err = sums[f].Total(); err != nil {
				return fmt.Errorf("lines in %s: %w", c, err)
			}
		}
		p.Totals = append(p.Totals, t)
	}
	return nil
}

// A Role is what an account of the books is for.
type Role uint8

// The roles.
const (
	Loss     Role = iota // debit: the loss
	Payable              // credit: owed to instruments
	Balances             // the liability for balances in wallets
	numRoles
)

var roleWords = [numRoles]string{Loss: "loss", Payable: "payable", Balances: "balances"}

// String returns the word that files show.
func (r Role) String() string { return roleWords[r] }

// ParseRole returns the role of a word.
func ParseRole(word string) (Role, bool) {
	i := slices.Index(roleWords[:], word)
	return Role(max(i, 0)), i >= 0
}

// Names are what the accounts are called.
type Names [numRoles]string

// Defaults are the usual names in Japanese books.
func Defaults() Names { return Names{Loss: "雑損失", Payable: "未払金", Balances: "預り金"} }

// TaxClass is the consumption tax of every entry: compensation is outside its
// scope.
const TaxClass = "不課税"

// An Entry is a line of the journal. One side is 0.
type Entry struct {
	Currency      money.Currency
	Account       string
	Role          Role
	Debit, Credit int64
	Text          string
}

// Journal books a figure: the loss against what is owed to instruments and what
// wallets get, less what is taken back from wallets. In each currency debits and
// credits are the same, which is checked.
func (p *Provision) Journal(f Figure, names Names) ([]Entry, error) {
	var all []Entry
	for i := range p.Totals {
		c := p.Totals[i].Currency
		var owed, restored, taken, other money.Sum
		for j := range p.Rows {
			r := &p.Rows[j]
			v := r.Figures[f]
			switch {
			case r.Currency != c:
			case r.Negative:
				taken.Add(-v)
			case r.Component == refund.InstrumentRefund:
				owed.Add(v)
			case r.Component == refund.BalanceRestore:
				restored.Add(v)
			default:
				other.Add(v)
			}
		}
		loss := p.Totals[i].Figures[f]
		entries := []Entry{{Currency: c, Role: Loss, Debit: max(loss, 0), Credit: max(-loss, 0), Text: "loss of the case"}}
		for _, e := range []struct {
			role   Role
			sum    *money.Sum
			credit bool
			text   string
		}{{Payable, &owed, true, "owed to cards and bank accounts"}, {Balances, &restored, true, "restored to wallets"},
			{Payable, &other, true, "other lines"}, {Balances, &taken, false, "taken back from wallets"}} {
			v, err := e.sum.Total()
			if err != nil {
				return nil, err
			}
			if v == 0 {
				continue
			}
			entry := Entry{Currency: c, Role: e.role, Debit: v, Text: e.text}
			if e.credit {
				entry.Debit, entry.Credit = 0, v
			}
			entries = append(entries, entry)
		}
		var debit, credit money.Sum
		for j := range entries {
			entries[j].Account = names[entries[j].Role]
			debit.Add(entries[j].Debit)
			credit.Add(entries[j].Credit)
		}
		d, err1 := debit.Total()
		k, err2 := credit.Total()
		if err1 != nil || err2 != nil || d != k {
			return nil, fmt.Errorf("the journal in %s does not balance: %d debit, %d credit", c, d, k)
		}
		all = append(all, slices.DeleteFunc(entries, func(e Entry) bool { return e.Debit == 0 && e.Credit == 0 })...)
	}
	return all, nil
}
