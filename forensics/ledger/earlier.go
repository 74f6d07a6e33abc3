package ledger

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// An Earlier is something that was paid before, outside the book: a line of an
// earlier ledger, or a refund or dispute as a payment provider lists it.
type Earlier struct {
	RefundID string // of a line; empty for a payment provider's
	Txn      string // what the provider calls the payment back
	Original string // the charge that it gives back
	Account  string // empty where it is not said
	Amount   int64  // what was paid; negative where a line took money back
	Before   int64  // what the line says was paid even before it
	Currency money.Currency
	At       int64  // microseconds UTC, 0 where it is not said
	Pending  bool   // on its way, so neither paid nor not
	Source   string // the file that names it
}

// By which rule an earlier payment found its line.
const (
	ByRefundID = "refund_id"
	ByTxn      = "txn_id"
	ByRule     = "rule"
)

// Why an earlier payment found no line, or is not subtracted from it.
const (
	WhyInLog         = "in_log"           // the case's log has it: it is in returned already
	WhyNotInLedger   = "not_in_ledger"    // the case has no line for what it names
	WhyOtherAccount  = "account_differs"  // the line it names is of another account
	WhyOtherCurrency = "currency_differs" // or in another currency
	WhyAmbiguous     = "ambiguous"        // several lines fit, or several payments fit the line
	WhyNothingToGoBy = "nothing_to_go_by" // it names neither a charge nor an account and a time
	WhyNoCandidate   = "no_candidate"     // no line of the account has the amount and a charge of that time
	WhyNothingPaid   = "nothing_paid"     // of a line: nothing was paid for it before
	WhyNoLine        = "no_line"          // of a decision: no line stands on it
)

// noLine is the index of no line.
const noLine = int32(-1)

// maxSequence bounds the length of a sequence behind an id.
const maxSequence = 9

// A Match says which line an earlier payment was for.
type Match struct {
	Earlier, Line int // indexes
	By            string
}

// A Netting is what became of earlier payments.
type Netting struct {
	Matches   []Match // in the order of the earlier payments' content
	Unmatched []Unmatched
	HasPaid   []bool // for each line, whether an earlier payment was for it
}

// Net lays earlier payments against lines and subtracts them. Each payment is
// used once, for one line:
//
//  1. by refund_id, also of a line that was exported under a name with a
//     sequence;
//  2. by transaction: the charge that it gives back, or its own id where it
//     names no other, is the one that an instrument's line is for, or is among
//     those that a restored balance stands on;
//  3. by rule, if it names no charge that it gives back: same account, currency
//     and amount, made within so many days after the line's first charge, and
//     only if it is the one payment that fits the line and the line the one
//     that fits the payment, among those that 1 and 2 left.
//
// One whose own id the lines cite as something that came back was counted by
// the case, and is not subtracted again. What a line of an earlier ledger says
// was paid even before it counts as far as no other payment here accounts for
// it. Where more was paid than is owed the line becomes an exception, and
// nothing is clipped; where all was paid it is closed. Nothing depends on the
// order of earlier. The only error is money.ErrOverflow.
func Net(lines []Line, earlier []Earlier, days int64, isCharge func(account, txn string) bool) (*Netting, error) {
	n := &netting{lines: lines, earlier: earlier, isCharge: isCharge, out: &Netting{HasPaid: make([]bool, len(lines))},
		line: make([]int32, len(earlier)), order: make([]int, len(earlier)), why: make([]string, len(earlier)), by: make([]string, len(earlier))}
	for i := range n.order {
		n.order[i], n.line[i] = i, noLine
	}
	slices.SortFunc(n.order, func(a, b int) int { return compareEarlier(&earlier[a], &earlier[b]) })
	n.index()
	for _, e := range n.order {
		n.byID(e)
	}
	n.byRule(days)
	return n.out, n.settle()
}

func compareEarlier(a, b *Earlier) int {
	return cmp.Or(cmp.Compare(a.RefundID, b.RefundID), cmp.Compare(a.Original, b.Original), cmp.Compare(a.Txn, b.Txn),
		cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Amount, b.Amount),
		cmp.Compare(a.Before, b.Before), cmp.Compare(a.At, b.At), cmp.Compare(yes(a.Pending), yes(b.Pending)), cmp.Compare(a.Source, b.Source))
}

type netting struct {
	lines    []Line
	earlier  []Earlier
	isCharge func(account, txn string) bool
	out      *Netting

	order   []int              // of earlier, by content
	line    []int32            // for each earlier payment the line it is for
	by, why []string           // and how it was found, or why not
	ids     map[string]int32   // lines by refund_id, of those that are named
	cites   map[string][]int32 // lines that stand on a transaction, of those that are named
}

// index finds the lines that earlier payments may name. Only names that are
// asked for take room.
func (n *netting) index() {
	n.ids, n.cites = map[string]int32{}, map[string][]int32{}
	for i := range n.earlier {
		e := &n.earlier[i]
		if e.RefundID != "" {
			n.ids[e.RefundID] = noLine
			n.ids[baseName(e.RefundID)] = noLine
		}
		for _, txn := range [...]string{e.Txn, e.Original} {
			if txn != "" {
				n.cites[txn] = nil
			}
		}
	}
	for i := range n.lines {
		l := &n.lines[i]
		if _, ok := n.ids[l.ID]; ok {
			n.ids[l.ID] = int32(i)
		}
		if len(n.cites) == 0 {
			continue
		}
		for _, txn := range l.Txns {
			if list, ok := n.cites[txn]; ok && (len(list) == 0 || list[len(list)-1] != int32(i)) {
				n.cites[txn] = append(list, int32(i))
			}
		}
	}
}

// baseName returns the refund_id of a name that Name made.
func baseName(name string) string {
	at := strings.LastIndexByte(name, '-')
	if at <= 0 || at == len(name)-1 || len(name)-at > maxSequence {
		return name
	}
	for _, ch := range []byte(name[at+1:]) {
		if ch < '0' || ch > '9' {
			return name
		}
	}
	return name[:at]
}

// byID looks for the line that an earlier payment names.
func (n *netting) byID(i int) {
	e := &n.earlier[i]
	n.why[i] = WhyNotInLedger
	for _, id := range [...]string{e.RefundID, baseName(e.RefundID)} {
		at, ok := n.ids[id]
		if e.RefundID == "" || !ok || at == noLine {
			continue
		}
		if n.why[i] = differs(e, &n.lines[at]); n.why[i] == "" {
			n.line[i], n.by[i] = at, ByRefundID
		}
		return
	}
	if n.inLog(e) {
		n.why[i] = WhyInLog
		return
	}
	n.byTxn(i)
}

// differs returns why a payment cannot be for the line that it names, or "".
func differs(e *Earlier, l *Line) string {
	switch {
	case e.Account != "" && e.Account != l.Account:
		return WhyOtherAccount
	case e.Currency != l.Currency:
		return WhyOtherCurrency
	}
	return ""
}

// inLog reports whether the case has counted a payment: a line stands on it,
// and it is no charge. A return that the log could not lay against a charge was
// not counted.
func (n *netting) inLog(e *Earlier) bool {
	for _, at := range n.cites[e.Txn] {
		l := &n.lines[at]
		if l.Component != refund.UnmatchedReturn && (e.Account == "" || e.Account == l.Account) && !n.isCharge(l.Account, e.Txn) {
			return true
		}
	}
	return false
}

// byTxn looks for the line of the charge that an earlier payment gives back.
func (n *netting) byTxn(i int) {
	e := &n.earlier[i]
	txn := e.Original
	if txn == "" {
		txn = e.Txn
	}
	if txn == "" {
		return
	}
	for _, fits := range [...]func(l *Line) bool{
		func(l *Line) bool { return l.Component == refund.InstrumentRefund && l.Txns[0] == txn },
		func(l *Line) bool { return l.Component == refund.BalanceRestore },
	} {
		found, why := noLine, ""
		for _, at := range n.cites[txn] {
			l := &n.lines[at]
			switch d := differs(e, l); {
			case !fits(l):
			case d != "":
				if why == "" || d == WhyOtherCurrency {
					why = d
				}
			case found != noLine:
				n.why[i] = WhyAmbiguous
				return
			default:
				found = at
			}
		}
		if found != noLine {
			n.line[i], n.by[i], n.why[i] = found, ByTxn, ""
			return
		}
		if why != "" {
			n.why[i] = why
			return
		}
	}
}

// A ruleKey is what a payment and a line must have in common.
type ruleKey struct {
	account  string
	currency money.Currency
	amount   int64
}

// byRule lays payments that name no charge against lines by account, amount and
// date, where there is no choice.
func (n *netting) byRule(days int64) {
	taken := make([]bool, len(n.lines))
	wanted := map[ruleKey][]int32{} // lines
	var loose []int
	for _, i := range n.order {
		e := &n.earlier[i]
		if n.line[i] != noLine {
			taken[n.line[i]] = true
			continue
		}
		if e.RefundID != "" || e.Original != "" || n.why[i] != WhyNotInLedger {
			continue
		}
		if n.why[i] = WhyNothingToGoBy; e.Account == "" || e.At == 0 {
			continue
		}
		n.why[i] = WhyNoCandidate
		wanted[ruleKey{e.Account, e.Currency, e.Amount}] = nil
		loose = append(loose, i)
	}
	if len(loose) == 0 {
		return
	}
	for at := range n.lines {
		l := &n.lines[at]
		k := ruleKey{l.Account, l.Currency, l.Amount}
		if fits, ok := wanted[k]; ok && !taken[at] && l.ChargedAt != 0 {
			wanted[k] = append(fits, int32(at))
		}
	}
	groups := map[ruleKey][]int{} // payments
	for _, i := range loose {
		e := &n.earlier[i]
		k := ruleKey{e.Account, e.Currency, e.Amount}
		groups[k] = append(groups[k], i)
	}
	for k, payments := range groups {
		n.pair(payments, wanted[k], days*microsPerDay)
	}
}

// pair lays payments against lines of one account, currency and amount: those
// that have only each other. Both are sorted by time, so that whom a payment
// can be for is a run of lines, and the work is that of sorting.
func (n *netting) pair(payments []int, lines []int32, within int64) {
	slices.SortFunc(lines, func(a, b int32) int {
		return cmp.Or(cmp.Compare(n.lines[a].ChargedAt, n.lines[b].ChargedAt), cmp.Compare(a, b))
	})
	fits := make([]int, len(lines)+1) // payments that fit a line, as differences
	runs := make([][2]int, len(payments))
	for p, i := range payments {
		at := n.earlier[i].At
		from, _ := slices.BinarySearchFunc(lines, at-within, func(l int32, t int64) int { return cmp.Compare(n.lines[l].ChargedAt, t) })
		to, _ := slices.BinarySearchFunc(lines, at+1, func(l int32, t int64) int { return cmp.Compare(n.lines[l].ChargedAt, t) })
		runs[p] = [2]int{from, to}
		if from < to {
			fits[from]++
			fits[to]--
		}
	}
	for k := 1; k < len(fits); k++ {
		fits[k] += fits[k-1]
	}
	for p, i := range payments {
		switch from, to := runs[p][0], runs[p][1]; {
		case from >= to:
		case to-from == 1 && fits[from] == 1:
			n.line[i], n.by[i], n.why[i] = lines[from], ByRule, ""
		default:
			n.why[i] = WhyAmbiguous
		}
	}
}

// settle subtracts what was found and lists what was not.
func (n *netting) settle() error {
	found := map[int32][]int{}
	for _, i := range n.order {
		e := &n.earlier[i]
		if at := n.line[i]; at != noLine {
			found[at] = append(found[at], i)
			n.out.HasPaid[at] = true
			n.out.Matches = append(n.out.Matches, Match{i, int(at), n.by[i]})
			continue
		}
		id, txn := e.RefundID, e.Original
		if id == "" {
			id = e.Txn
		}
		if txn == "" {
			txn = e.Txn
		}
		n.out.Unmatched = append(n.out.Unmatched, Unmatched{Side: EarlierSide, ID: id, Account: e.Account, Txn: txn,
			Amount: e.Amount, Currency: e.Currency, Why: n.why[i], Source: e.Source})
	}
	for at := range n.lines {
		if n.out.HasPaid[at] {
			if err := n.subtract(&n.lines[at], found[int32(at)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// subtract nets one line.
func (n *netting) subtract(l *Line, payments []int) error {
	var sum money.Sum
	pending, rule := false, false
	for _, i := range payments {
		rule = rule || n.by[i] == ByRule
		if n.earlier[i].Pending {
			pending = true
			continue
		}
		sum.Add(n.earlier[i].Amount)
	}
	total, err := sum.Total()
	if err != nil {
		return err
	}
	if l.Earlier, err = withBefore(total, n.earlier, payments); err != nil {
		return err
	}
	if l.Payable, err = less(l.Amount, l.Earlier); err != nil {
		return err
	}
	if rule {
		l.addReason(ReasonPaidByRule)
	}
	if l.Earlier != 0 {
		l.addReason(ReasonPaidBefore)
	}
	if pending {
		l.addReason(ReasonEarlierPending)
		if l.Status == refund.Open {
			l.Status = refund.Held
		}
	}
	switch over := l.Payable != 0 && (l.Amount == 0 || (l.Payable < 0) != (l.Amount < 0)); {
	case over:
		l.Status = refund.Exception
		l.addReason(ReasonOverRefunded)
	case l.Payable == 0 && l.Status == refund.Open:
		l.Status = refund.Closed
	}
	return nil
}

// less returns a-b, or money.ErrOverflow.
func less(a, b int64) (int64, error) {
	if b == math.MinInt64 {
		return 0, money.ErrOverflow
	}
	return money.Add(a, -b)
}

// withBefore returns what was paid for a line in all: total is what the
// payments come to, and what one of them says was paid before it counts as far
// as the others do not make it up.
func withBefore(total int64, earlier []Earlier, payments []int) (int64, error) {
	var most, least int64
	for _, i := range payments {
		e := &earlier[i]
		others := total
		var err error
		if !e.Pending {
			if others, err = less(total, e.Amount); err != nil {
				return 0, err
			}
		}
		missing, err := less(e.Before, others)
		if err != nil {
			return 0, err
		}
		if e.Before > 0 {
			most = max(most, missing)
		} else if e.Before < 0 {
			least = min(least, missing)
		}
	}
	total, err := money.Add(total, most)
	if err != nil {
		return 0, err
	}
	return money.Add(total, least)
}
