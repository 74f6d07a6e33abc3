// Package issuer draws up what the issuers of cards are asked to stop, and reads
// what they answered.
//
// An issuer can keep a charge off the bill until the cut-off day of the bill
// that it would stand on. What is asked for and answered is a matter of the
// lines of a ledger: each instrument's line stands in exactly one state, so
// that requests add up to the ledger they were drawn from, and answers to the
// requests. A stopped or credited amount is a payment outside the book, to be
// subtracted once; a refused one stays with the operator.
//
// The package is pure: no file, clock, randomness or map order.
package issuer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// Unknown is the issuer of an instrument that nothing names. Whoever passes the
// requests on, such as an acquirer, knows more.
const Unknown = "unknown"

// A Mapping names the issuers of instruments.
type Mapping struct {
	exact    map[string]string
	prefixes map[string]string
	longest  int
}

// Add adds a rule: an instrument, or with a * at its end the start of instruments.
// It reports false where another issuer was named for the same before.
func (m *Mapping) Add(instrument, issuer string) bool {
	to := &m.exact
	if prefix, ok := strings.CutSuffix(instrument, "*"); ok {
		to, instrument = &m.prefixes, prefix
		m.longest = max(m.longest, len(prefix))
	}
	if *to == nil {
		*to = map[string]string{}
	}
	was, twice := (*to)[instrument]
	(*to)[instrument] = issuer
	return !twice || was == issuer
}

// Of returns the issuer of an instrument: by its whole name, by the longest
// prefix that is known, by the six digits that a card number starts with, or
// Unknown.
func (m *Mapping) Of(instrument string) string {
	if name, ok := m.exact[instrument]; ok {
		return name
	}
	for n := min(len(instrument), m.longest); n >= 0; n-- {
		if name, ok := m.prefixes[instrument[:n]]; ok {
			return name
		}
	}
	if digits := leading(instrument); digits >= 6 {
		return "bin-" + instrument[:6]
	}
	return Unknown
}

func leading(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// Mask returns an instrument with no more than its last four characters.
func Mask(instrument string) string {
	r := []rune(strings.ToValidUTF8(instrument, "?"))
	if len(r) < 8 { // four of less would be most of it
		return strings.Repeat("*", len(r))
	}
	return "****" + string(r[len(r)-4:])
}

// A Cutoff is the day of the month on which an issuer closes its bills, 1 to 31;
// in shorter months the last day stands for later ones.
type Cutoff int

// ParseCutoff reads a cut-off: a number from 1 to 31, or end.
func ParseCutoff(text string) (Cutoff, bool) {
	if text == "end" {
		return 31, true
	}
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || i > 1 {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return Cutoff(n), n >= 1 && n <= 31
}

// Deadline returns the last day on which a charge of a day can be kept off its
// bill: the first cut-off on or after it.
func (c Cutoff) Deadline(charged calendar.Day) calendar.Day {
	year, month := charged.Month()
	if d := calendar.InMonth(year, month, int(c)); d >= charged {
		return d
	}
	return calendar.InMonth(year, month+1, int(c))
}

// Terms are the cut-offs of issuers.
type Terms struct {
	ByIssuer map[string]Cutoff
	Others   Cutoff // of all others, 0: not known
}

func (t *Terms) of(issuer string) Cutoff {
	if c, ok := t.ByIssuer[issuer]; ok {
		return c
	}
	return t.Others
}

// A State says what can be asked for a line.
type State uint8

// The states.
const (
	ToStop     State = iota // can still be stopped
	TooLate                 // the cut-off has passed
	NoCutoff                // nobody says when its issuer closes the bill
	NoTime                  // the case does not say when it was charged
	NotBilled               // a debit or bank: the money is gone at once
	Undecided               // waits for a decision
	Contradict              // an exception
	numStates
)

var stateWords = [numStates][2]string{
	ToStop:     {"to_stop", "can still be kept off the bill"},
	TooLate:    {"too_late", "the cut-off has passed"},
	NoCutoff:   {"no_cutoff", "the cut-off of the issuer is not known"},
	NoTime:     {"no_time", "the case has no charge with a time for it"},
	NotBilled:  {"not_billed", "no card: there is no bill to keep it off"},
	Undecided:  {"undecided", "the account is only possibly a victim"},
	Contradict: {"exception", "the line is an exception"},
}

// String returns the code that files show.
func (s State) String() string { return stateWords[s][0] }

// Doc returns what the state means.
func (s State) Doc() string { return stateWords[s][1] }

// States lists all states.
func States() []State {
	var all []State
	for s := range numStates {
		all = append(all, s)
	}
	return all
}

// A Request is a line for an instrument, and what can be asked for it.
type Request struct {
	ID, Txn    string
	Account    string
	Issuer     string
	Instrument string // masked
	Channel    refund.Channel
	ChargedAt  int64 // microseconds UTC, 0 if not known
	ChargedOn  calendar.Day
	Deadline   calendar.Day // 0 if not known
	Amount     int64
	Currency   money.Currency
	State      State
}

// Options say what requests are drawn from.
type Options struct {
	Issuers Mapping
	Terms   Terms
	Zone    *time.Location // of the issuers' days
	On      calendar.Day   // today
	// ChargedAt returns when a charge was made, 0 if that is not known.
	ChargedAt func(account, txn string) int64
}

// Draw draws up the requests of all lines of a ledger by which an instrument is
// to be paid something: by issuer, deadline, currency and id.
func Draw(lines []ledger.Line, o Options) []Request {
	var all []Request
	for i := range lines {
		l := &lines[i]
		if l.Component == refund.InstrumentRefund && l.Payable > 0 {
			all = append(all, request(l, &o))
		}
	}
	slices.SortFunc(all, func(a, b Request) int {
		return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Deadline, b.Deadline), cmp.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func request(l *ledger.Line, o *Options) Request {
	r := Request{ID: l.ID, Account: l.Account, Issuer: o.Issuers.Of(l.FundingRef), Instrument: Mask(l.FundingRef), Channel: l.Channel,
		ChargedAt: l.ChargedAt, Amount: l.Payable, Currency: l.Currency}
	if len(l.Txns) > 0 {
		r.Txn = l.Txns[0]
		if r.ChargedAt == 0 {
			r.ChargedAt = o.ChargedAt(l.Account, r.Txn)
		}
	}
	cutoff := o.Terms.of(r.Issuer)
	if r.ChargedAt != 0 {
		r.ChargedOn = calendar.At(r.ChargedAt, o.Zone)
		if cutoff != 0 {
			r.Deadline = cutoff.Deadline(r.ChargedOn)
		}
	}
	switch {
	case l.Status == refund.NeedsDecision:
		r.State = Undecided
	case l.Status == refund.Exception:
		r.State = Contradict
	case l.Channel != refund.Card:
		r.State, r.Deadline = NotBilled, 0
	case r.ChargedAt == 0:
		r.State = NoTime
	case cutoff == 0:
		r.State = NoCutoff
	case o.On > r.Deadline:
		r.State = TooLate
	}
	return r
}

// A Total adds up one currency: Amount = the sum of all states.
type Total struct {
	Currency money.Currency
	Lines    int64
	Amount   int64
	ByState  [numStates]Part
}

// A Part is the share of a state or an answer.
type Part struct{ Lines, Amount int64 }

// Sum adds requests up by currency.
func Sum(all []Request) ([]Total, error) {
	sums := map[money.Currency]*[numStates]money.Sum{}
	totals := map[money.Currency]*Total{}
	var order []money.Currency
	for i := range all {
		r := &all[i]
		if totals[r.Currency] == nil {
			totals[r.Currency], sums[r.Currency] = &Total{Currency: r.Currency}, &[numStates]money.Sum{}
			order = append(order, r.Currency)
		}
		t := totals[r.Currency]
		t.Lines++
		t.ByState[r.State].Lines++
		sums[r.Currency][r.State].Add(r.Amount)
	}
	slices.SortFunc(order, func(a, b money.Currency) int { return cmp.Compare(a.String(), b.String()) })
	var list []Total
	for _, c := range order {
		t := totals[c]
		var whole money.Sum
		for s := range sums[c] {
			v, err := sums[c][s].Total()
			if err != nil {
				return nil, err
			}
			t.ByState[s].Amount = v
			whole.Add(v)
		}
		var err error
		if t.Amount, err = whole.Total(); err != nil {
			return nil, err
		}
		list = append(list, *t)
	}
	return list, nil
}

// A Word is what an issuer answered.
type Word uint8

// The words.
const (
	Unanswered    Word = iota
	Stopped            // kept off the bill
	Credited           // billed, and given back by the issuer
	Refused            // will not do anything
	AlreadyBilled      // came too late
	numWords
)

var answerWords = [numWords]string{Unanswered: "unanswered", Stopped: "stopped", Credited: "credited", Refused: "refused", AlreadyBilled: "already_billed"}

// String returns the word that files show.
func (w Word) String() string { return answerWords[w] }

// ParseWord returns the word of an answer. Unanswered is none.
func ParseWord(text string) (Word, bool) {
	for w := Stopped; w < numWords; w++ {
		if answerWords[w] == text {
			return w, true
		}
	}
	return 0, false
}

// Words lists all words.
func Words() []Word {
	var all []Word
	for w := range numWords {
		all = append(all, w)
	}
	return all
}

// Gives reports whether the answer gives money back.
func (w Word) Gives() bool { return w == Stopped || w == Credited }

// An Answer is a row of what an issuer sent back.
type Answer struct {
	ID     string
	Word   Word
	Amount int64 // 0: all that was asked for
	On     calendar.Day
	Line   int64
}

// A Problem is an answer that is not counted.
type Problem struct {
	Answer
	Why string
}

// A Settled is what became of a request.
type Settled struct {
	Request
	Returned int64 // what issuers stopped or credited
	Last     Word  // of what is left, or of all if nothing is
	Parts    []Answer
}

// A Result is what answers come to: Asked = Stopped + Credited + Refused +
// AlreadyBilled + Unanswered in each currency.
type Result struct {
	Settled  []Settled
	Problems []Problem // by line
	Totals   []AnswerTotal
}

// An AnswerTotal adds up one currency.
type AnswerTotal struct {
	Currency money.Currency
	Asked    Part
	ByWord   [numWords]Part
}

// Settle lays answers against the requests that were sent. An answer to
// something that was not asked, one given twice, and answers of one request that
// come to more than it are problems and count as none.
func Settle(requests []Request, answers []Answer) (*Result, error) {
	out := &Result{}
	at := map[string]int{}
	for i := range requests {
		if requests[i].State != ToStop {
			continue
		}
		if _, twice := at[requests[i].ID]; twice {
			return nil, fmt.Errorf("request %q stands twice", discreet.Shown(requests[i].ID))
		}
		at[requests[i].ID] = len(out.Settled)
		out.Settled = append(out.Settled, Settled{Request: requests[i]})
	}
	sorted := slices.Clone(answers)
	slices.SortStableFunc(sorted, func(a, b Answer) int { return cmp.Compare(a.Line, b.Line) })
	for _, a := range sorted {
		i, asked := at[a.ID]
		if !asked {
			out.Problems = append(out.Problems, Problem{a, "was not asked for"})
			continue
		}
		s := &out.Settled[i]
		same := func(b Answer) bool { return b.Word == a.Word && b.Amount == a.Amount && b.On == a.On }
		if slices.ContainsFunc(s.Parts, same) {
			out.Problems = append(out.Problems, Problem{a, "says what an earlier row says"})
			continue
		}
		s.Parts = append(s.Parts, a)
	}
	for i := range out.Settled {
		out.Problems = append(out.Problems, out.Settled[i].settle()...)
	}
	slices.SortFunc(out.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return out, out.sum()
}

// settle decides one request.
func (s *Settled) settle() []Problem {
	var sum money.Sum
	why := ""
	refusals := 0
	for i := range s.Parts {
		a := &s.Parts[i]
		if a.Amount == 0 {
			a.Amount = s.Amount
			if len(s.Parts) > 1 {
				why = "answers for the whole amount, and so does not go with another answer"
			}
		}
		if a.Word.Gives() {
			sum.Add(a.Amount)
		} else if refusals++; refusals > 1 {
			why = "is refused in two ways"
		}
	}
	given, err := sum.Total()
	if why == "" && (err != nil || given > s.Amount) {
		why = fmt.Sprintf("the answers come to more than the %d that were asked for", s.Amount)
	}
	if why != "" {
		var problems []Problem
		for _, a := range s.Parts {
			problems = append(problems, Problem{a, why})
		}
		s.Parts = nil
		return problems
	}
	s.Returned = given
	for _, a := range s.Parts {
		if !a.Word.Gives() {
			s.Last = a.Word
		}
	}
	return nil
}

func (r *Result) sum() error {
	totals := map[money.Currency]*AnswerTotal{}
	sums := map[money.Currency]*[numWords]money.Sum{}
	for i := range r.Settled {
		s := &r.Settled[i]
		c := s.Currency
		if totals[c] == nil {
			totals[c], sums[c] = &AnswerTotal{Currency: c}, &[numWords]money.Sum{}
		}
		t := totals[c]
		t.Asked.Lines++
		var err error
		if t.Asked.Amount, err = money.Add(t.Asked.Amount, s.Amount); err != nil {
			return err
		}
		for _, a := range s.Parts {
			if a.Word.Gives() {
				t.ByWord[a.Word].Lines++
				sums[c][a.Word].Add(a.Amount)
			}
		}
		if left := s.Amount - s.Returned; left != 0 {
			t.ByWord[s.Last].Lines++
			sums[c][s.Last].Add(left)
		}
	}
	for c, t := range totals {
		var whole money.Sum
		for w := range sums[c] {
			v, err := sums[c][w].Total()
			if err != nil {
				return err
			}
			t.ByWord[w].Amount = v
			whole.Add(v)
		}
		if v, err := whole.Total(); err != nil || v != t.Asked.Amount {
			return fmt.Errorf("answers in %s come to %d, %d were asked for", c, v, t.Asked.Amount)
		}
		r.Totals = append(r.Totals, *t)
	}
	slices.SortFunc(r.Totals, func(a, b AnswerTotal) int { return cmp.Compare(a.Currency.String(), b.Currency.String()) })
	return nil
}
