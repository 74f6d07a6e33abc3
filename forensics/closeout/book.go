package closeout

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A SumError is a book that does not add up.
type SumError struct{ problem string }

func (e *SumError) Error() string { return e.problem }

// An Account is what is known of the wallet of an account in one currency.
type Account struct {
	Name     string
	Currency money.Currency
	Rolled   *Rolled // nil where the log has nothing of it
	Opening  int64   // before the first row; 0 unless it was told
	Exported int64
	Listed   bool // in the balance export
}

// An Aside is fraudulent money in a wallet, as the case has it: the amount by
// which it is to be taken back, more than 0.
type Aside struct {
	Account  string
	Currency money.Currency
	Amount   int64
	Possible bool // the case waits for a decision on it
}

// A Check says whether the payee of a claim was checked.
type Check uint8

// The checks.
const (
	Open Check = iota
	Passed
	Failed
)

// A Claim is one that was received. It is for all that the account holds.
type Claim struct {
	Account string
	At      int64 // microseconds UTC
	Check   Check
	Line    int64
}

// A Paid is one payment of an earlier export.
type Paid struct {
	Export   string // its name, unique
	ID       string // of the line
	Account  string
	Currency money.Currency
	Amount   int64
	On       Day
}

// An Input is what a book is drawn up from. Lists may come in any order.
type Input struct {
	Window   Window
	Accounts []Account
	// Export says that balances were exported: they hold, and what the log says
	// is compared with them.
	Export bool
	Aside  []Aside
	Claims []Claim
	Paid   []Paid
	// Points asks for points to be refunded too, PayLate for late claims to be
	// paid.
	Points, PayLate bool
	// ID names the line of an account and currency, the same in every run.
	ID func(account string, c money.Currency) string
}

// A Line is what one account holds in one currency.
//
// Balance = SetAside + Due; Due stands in one state. Payable is what is to be
// paid now: Due less what was paid before, if the claim and the check allow it.
type Line struct {
	ID       string
	Account  string
	Currency money.Currency

	Rolled, Exported int64
	InLog, Listed    bool
	Difference       int64 // Exported - Rolled, where balances were exported
	Balance          int64
	SetAside, Due    int64
	State            State
	Reasons          Reasons
	ClaimedAt        int64 // first claim, 0 if there is none
	Claims           int64
	Paid, Payable    int64
	Exports          int   // how often it was exported before
	check            Check // of the last claim
	paidOn           Day   // first payment
}

// An Outcome says what became of a claim.
type Outcome uint8

// The outcomes.
const (
	Accepted Outcome = iota
	AcceptedEarly
	CameLate
	CameAgain
	NothingLeft
	NotKnown
	numOutcomes
)

var outcomeWords = [numOutcomes]word{
	Accepted:      {"accepted", "within the window"},
	AcceptedEarly: {"early", "before the window; counts as in time"},
	CameLate:      {"late", "after the window"},
	CameAgain:     {"again", "the account had claimed before"},
	NothingLeft:   {"nothing_left", "the account holds nothing"},
	NotKnown:      {"unknown_account", "neither the log nor the balance export has a wallet of the account"},
}

// String returns the code that files show.
func (o Outcome) String() string { return outcomeWords[o].code }

// Doc returns what the outcome means.
func (o Outcome) Doc() string { return outcomeWords[o].doc }

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	var all []Outcome
	for o := range numOutcomes {
		all = append(all, o)
	}
	return all
}

// A Received is a claim with what became of it.
type Received struct {
	Claim
	Outcome Outcome
}

// A Book is the result. Lines are those that hold something, differ, were
// claimed or were paid.
type Book struct {
	Lines   []Line     // by account and currency
	Claims  []Received // by account, time and line
	Totals  []Total    // by currency
	Days    []OnDay    // by currency and day
	Empty   int64      // accounts and currencies that hold nothing and have no line
	Options Input      // what it was drawn up from, without its lists
}

// Draw draws up the book.
func Draw(in Input) (*Book, error) {
	b := &Book{}
	at, err := b.open(&in)
	if err != nil {
		return nil, err
	}
	for _, a := range in.Aside {
		if i, ok := at[key{a.Account, a.Currency}]; ok {
			b.Lines[i].setAside(a)
		}
	}
	b.claim(&in)
	for i := range in.Paid {
		b.pay(&in, at, &in.Paid[i])
	}
	for i := range b.Lines {
		b.Lines[i].settle(&in)
	}
	b.drop()
	slices.SortFunc(b.Lines, func(a, c Line) int {
		return cmp.Or(cmp.Compare(a.Account, c.Account), cmp.Compare(a.Currency.String(), c.Currency.String()))
	})
	b.Options = Input{Window: in.Window, Export: in.Export, Points: in.Points, PayLate: in.PayLate}
	return b, b.sum(&in)
}

type key struct {
	account  string
	currency money.Currency
}

// open makes a line for every account and currency.
func (b *Book) open(in *Input) (map[key]int, error) {
	at := make(map[key]int, len(in.Accounts))
	b.Lines = make([]Line, len(in.Accounts))
	for i := range in.Accounts {
		a, l := &in.Accounts[i], &b.Lines[i]
		k := key{a.Name, a.Currency}
		if _, twice := at[k]; twice {
			return nil, fmt.Errorf("account %q has two balances in %s", event.Masked(a.Name), a.Currency)
		}
		at[k] = i
		*l = Line{Account: a.Name, Currency: a.Currency, Listed: a.Listed, Exported: a.Exported, InLog: a.Rolled != nil, Rolled: a.Opening}
		if a.Rolled != nil {
			var err error
			if l.Rolled, err = money.Add(a.Opening, a.Rolled.Balance); err != nil {
				return nil, fmt.Errorf("account %q: %w", event.Masked(a.Name), err)
			}
		}
		if err := l.compare(a, in.Export); err != nil {
			return nil, fmt.Errorf("account %q: %w", event.Masked(a.Name), err)
		}
	}
	return at, nil
}

// compare decides which balance holds, and says why the two differ if it can be
// said.
func (l *Line) compare(a *Account, export bool) error {
	l.Balance = l.Rolled
	if export {
		var err error
		if l.Difference, err = money.Add(l.Exported, -l.Rolled); err != nil {
			return err
		}
		if l.Listed {
			l.Balance = l.Exported
		}
		l.explain(a)
	}
	if l.Balance < 0 {
		l.except(Negative)
	}
	if a.Rolled == nil || l.Listed {
		return nil
	}
	if low, err := money.Add(a.Opening, a.Rolled.Lowest); err != nil || min(low, a.Opening) < 0 {
		l.except(BelowZero)
	}
	if a.Rolled.Unsettled > 0 {
		l.except(PendingRows)
	}
	if a.Rolled.Returns > 0 {
		l.except(LooseReturns)
	}
	return nil
}

func (l *Line) except(r Reason) {
	l.State = Exception
	l.Reasons.add(r)
}

func (l *Line) explain(a *Account) {
	if !l.Listed && l.Rolled != 0 {
		l.except(NotInExport)
		return
	}
	if l.Difference == 0 {
		return
	}
	r := a.Rolled
	switch {
	case r == nil:
		l.Reasons.add(NotInLog)
	case r.Unsettled > 0 && l.Difference == -r.Pending:
		l.Reasons.add(PendingLeftOut)
	case r.Returns > 0 && (l.Difference == r.Loose || l.Difference == -r.Loose):
		l.Reasons.add(ReturnLeftOut)
	case a.Opening == 0 && r.Lowest < 0 && l.Difference >= -r.Lowest:
		l.Reasons.add(HeldBefore)
	default:
		l.Reasons.add(Unexplained)
	}
}

// setAside keeps back what the case calls fraudulent, as far as it is there.
func (l *Line) setAside(a Aside) {
	l.Reasons.add(Fraud)
	if a.Possible {
		l.Reasons.add(PossibleFraud)
	}
	if l.State == Exception {
		return // all of it waits for a person anyway
	}
	part := min(a.Amount, l.Balance-l.SetAside)
	if l.SetAside += part; part < a.Amount {
		l.Reasons.add(FraudGone)
	}
}

// claim lays the claims against the lines of their accounts.
func (b *Book) claim(in *Input) {
	lines := map[string][]int{}
	for _, c := range in.Claims {
		lines[c.Account] = nil
	}
	for i := range b.Lines {
		if _, claimed := lines[b.Lines[i].Account]; claimed {
			lines[b.Lines[i].Account] = append(lines[b.Lines[i].Account], i)
		}
	}
	claims := slices.Clone(in.Claims)
	slices.SortFunc(claims, func(a, c Claim) int {
		return cmp.Or(cmp.Compare(a.Account, c.Account), cmp.Compare(a.At, c.At), cmp.Compare(a.Line, c.Line), cmp.Compare(a.Check, c.Check))
	})
	for n, c := range claims {
		again := n > 0 && claims[n-1].Account == c.Account
		b.Claims = append(b.Claims, Received{c, b.take(in, lines[c.Account], c, again)})
	}
}

func (b *Book) take(in *Input, lines []int, c Claim, again bool) Outcome {
	holds := false
	for _, i := range lines {
		l := &b.Lines[i]
		if l.Claims++; l.Claims == 1 {
			l.ClaimedAt = c.At
		} else {
			l.Reasons.add(Repeated)
		}
		l.check = c.Check // the last one counts
		holds = holds || l.Balance != 0
	}
	switch {
	case len(lines) == 0:
		return NotKnown
	case again:
		return CameAgain
	case !holds:
		return NothingLeft
	}
	switch in.Window.Timing(c.At) {
	case Early:
		return AcceptedEarly
	case Late:
		return CameLate
	}
	return Accepted
}

// pay notes what an earlier export paid.
func (b *Book) pay(in *Input, at map[key]int, p *Paid) {
	k := key{p.Account, p.Currency}
	i, ok := at[k]
	if !ok {
		i = len(b.Lines)
		at[k] = i
		b.Lines = append(b.Lines, Line{Account: p.Account, Currency: p.Currency})
		b.Lines[i].except(PaidWithoutBalance)
	}
	l := &b.Lines[i]
	if l.Exports == 0 || p.On < l.paidOn {
		l.paidOn = p.On
	}
	l.Paid = capped(l.Paid, p.Amount)
	l.Exports++
}

// settle decides the state of a line and what is payable.
func (l *Line) settle(in *Input) {
	l.ID = in.ID(l.Account, l.Currency)
	l.Due = l.Balance - l.SetAside
	timing := in.Window.Timing(l.ClaimedAt)
	switch {
	case l.State == Exception:
	case IsPoints(l.Currency) && !in.Points:
		l.State = PointsKept
		l.Reasons.add(PointsUnit)
	case l.Claims > 0 && timing == Late:
		l.State = ClaimedLate
	case l.Claims > 0:
		l.State = Claimed
	case l.Paid > 0:
		l.State = Claimed
		l.Reasons.add(ClaimNotListed)
	}
	if l.Paid > 0 {
		l.Reasons.add(PaidBefore)
		if l.Paid > l.Due {
			l.overpaid()
		}
	}
	if l.State != Claimed && !(l.State == ClaimedLate && in.PayLate) || l.Claims == 0 || l.Due == 0 {
		return
	}
	switch l.check {
	case Open:
		l.Reasons.add(CheckOpen)
	case Failed:
		l.Reasons.add(CheckFailed)
	case Passed:
		l.Payable = l.Due - l.Paid
	}
}

// overpaid makes an exception of a line. What was set aside stays set aside.
func (l *Line) overpaid() {
	if l.Reasons.Has(PaidWithoutBalance) {
		return
	}
	l.except(Overpaid)
}

// drop leaves out lines that say nothing.
func (b *Book) drop() {
	kept := b.Lines[:0]
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Balance == 0 && l.Difference == 0 && l.Paid == 0 && l.State != Exception {
			b.Empty++
			continue
		}
		kept = append(kept, *l)
	}
	clear(b.Lines[len(kept):])
	b.Lines = kept
}

// IsPoints reports whether a unit is one of points rather than a currency: the
// codes under which points are exported, and every code that is not of three
// letters.
func IsPoints(c money.Currency) bool {
	code := c.String()
	if code == "PTS" || code == "PNT" || len(code) != 3 {
		return true
	}
	for _, ch := range code {
		if ch < 'A' || ch > 'Z' {
			return true
		}
	}
	return false
}

func sorted[V any](m map[money.Currency]V) []money.Currency {
	return slices.SortedFunc(maps.Keys(m), func(a, b money.Currency) int { return cmp.Compare(a.String(), b.String()) })
}
