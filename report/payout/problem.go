package payout

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
)

// The codes of problems. They are stable: files and scripts may rely on them.
const (
	MissingField  = "missing_field"  // the format needs a field that is empty
	BadField      = "bad_field"      // a field that is not of its shape
	Unspellable   = "unspellable"    // a character that the format does not have; never guessed
	TooLong       = "too_long"       // longer than the field; never cut
	BadAmount     = "bad_amount"     // not more than 0, or more than the field holds
	WrongCurrency = "wrong_currency" // one that the format does not pay
	DuplicateName = "duplicate_name" // two payments under one name
	SharedCharge  = "shared_charge"  // one reference for two transactions
	TooMany       = "too_many"       // more payments or money than one file holds
	BadFormat     = "unknown_format" // no such format
	NothingToPay  = "nothing_to_pay" // a batch without payments
)

// WholeFile is the Payment of a problem that stands against the whole file.
const WholeFile = -1

// A Problem says why a payment cannot be written in a format, or, where Payment
// is WholeFile, why nothing can.
type Problem struct {
	Payment int    // its index in the batch, or WholeFile
	Name    string // of the payment
	Account string // of the payment
	Field   string // the column of the file of payees, or of the ledger, that it is about
	Code    string // one of the codes above
	Text    string // for people; holds no raw text of any input
}

// String is the problem in one line: where, what, why.
func (p Problem) String() string {
	if p.Payment == WholeFile {
		return fmt.Sprintf("%s: %s", p.Field, p.Text)
	}
	return fmt.Sprintf("payment %d (%q): %s: %s", p.Payment+1, discreet.Shown(p.Name), p.Field, p.Text)
}

// Check returns what keeps payments of a batch out of a file of a format, in
// the order of the payments, problems of the whole file first. A payment may
// have several. Take out the payments that have one (Writable does) and the rest
// can be written.
func Check(name string, b *Batch) []Problem {
	f, err := find(name)
	if err != nil {
		return []Problem{{Payment: WholeFile, Field: "format", Code: BadFormat, Text: strings.TrimPrefix(err.Error(), "payout: ")}}
	}
	return check(f, b)
}

// Writable splits a batch by what Check finds: paid is the part that can be
// written, open says of every other payment why it stays open. ok is false
// where nothing can be written, because no payment is left or because of a
// problem of the whole file, which then is the first of open.
func Writable(name string, b *Batch) (paid Batch, open []Problem, ok bool) {
	f, err := find(name)
	if err != nil {
		return paid, Check(name, b), false
	}
	open = checkEach(f, b)
	rest := without(b, open)
	if whole := checkWhole(f, &rest); len(whole) > 0 {
		return paid, append(whole, open...), false
	}
	return rest, open, true
}

// Split is Writable for any number of payments and any sum: it cuts what can be
// written into as many files as the format needs, in order. What stands against
// a payment is looked for among all of them, so that a reference or a name that
// two files share is seen too. No file can be written where one has a problem
// of the whole file; it then is the first of open.
//
// The files have the id of the batch: where there are several, the caller gives
// each its own.
func Split(name string, b *Batch) (files []Batch, open []Problem) {
	f, err := find(name)
	if err != nil {
		return nil, Check(name, b)
	}
	open = checkEach(f, b)
	files, whole := split(f, without(b, open))
	return files, append(whole, open...)
}

// split cuts a batch until each part fits a file.
func split(f *format, b Batch) ([]Batch, []Problem) {
	n := len(b.Payments)
	cut := n / 2
	if f.MaxPayments > 0 && n > f.MaxPayments {
		cut = f.MaxPayments
	} else {
		whole := checkWhole(f, &b)
		if len(whole) == 0 {
			return []Batch{b}, nil
		}
		tooMuch := func(p Problem) bool { return p.Code == TooMany }
		if n < 2 || !slices.ContainsFunc(whole, tooMuch) || len(slices.DeleteFunc(slices.Clone(whole), tooMuch)) > 0 {
			return nil, whole
		}
	}
	first, rest := b, b
	first.Payments, rest.Payments = b.Payments[:cut:cut], b.Payments[cut:]
	files, whole := split(f, first)
	if len(whole) > 0 {
		return nil, whole
	}
	more, whole := split(f, rest)
	if len(whole) > 0 {
		return nil, whole
	}
	return append(files, more...), nil
}

// without returns a batch without the payments that have a problem.
func without(b *Batch, problems []Problem) Batch {
	if len(problems) == 0 {
		return *b
	}
	left := make([]bool, len(b.Payments))
	for _, p := range problems {
		left[p.Payment] = true
	}
	rest := *b
	rest.Payments = make([]Payment, 0, len(b.Payments))
	for i := range b.Payments {
		if !left[i] {
			rest.Payments = append(rest.Payments, b.Payments[i])
		}
	}
	return rest
}

// A checker gathers the problems of a batch.
type checker struct {
	b        *Batch
	i        int      // of p, or WholeFile
	p        *Payment // the one that is looked at
	problems []Problem

	// By reference at a processor: a transaction that it stands for, and
	// whether it stands for several. Filled when first asked.
	references map[string]string
	ambiguous  map[string]bool
}

func check(f *format, b *Batch) []Problem {
	return append(checkWhole(f, b), checkEach(f, b)...)
}

// checkWhole reports what stands against the whole file.
func checkWhole(f *format, b *Batch) []Problem {
	c := &checker{b: b, i: WholeFile}
	if len(b.Payments) == 0 {
		c.add("payments", NothingToPay, "there is nothing to pay")
	}
	if f.MaxPayments > 0 && len(b.Payments) > f.MaxPayments {
		c.add("payments", TooMany, "%d payments, but a file holds %d; split them into several files", len(b.Payments), f.MaxPayments)
	}
	if _, err := Total(b.Payments); err != nil {
		c.add("amount", TooMany, "the sum does not fit 64 bits; split the payments into several files")
	}
	f.checkBatch(c)
	return c.problems
}

// checkEach reports what stands against each payment.
func checkEach(f *format, b *Batch) []Problem {
	c := &checker{b: b}
	twice := duplicates(b.Payments)
	for i := range b.Payments {
		c.i, c.p = i, &b.Payments[i]
		switch {
		case c.p.Name == "":
			c.add("refund_id", MissingField, "it is empty")
		case twice[c.p.Name]:
			c.add("refund_id", DuplicateName, "several payments have this name, so none of them is written")
		}
		if c.p.Amount <= 0 {
			c.add("amount", BadAmount, "%d is not more than 0; money that is to be taken back is no payment", c.p.Amount)
		}
		if _, known := c.p.Currency.Exponent(); !known {
			c.add("currency", WrongCurrency, "%q is no currency whose decimals are known", discreet.Shown(c.p.Currency.String()))
		}
		f.checkPayment(c)
	}
	return c.problems
}

// duplicates returns the names that more than one payment has. Names are compared
// only where their hashes are the same: a set of a million would be large.
func duplicates(payments []Payment) map[string]bool {
	seed := maphash.MakeSeed()
	hashes := make([]uint64, len(payments))
	for i := range payments {
		hashes[i] = maphash.String(seed, payments[i].Name)
	}
	slices.Sort(hashes)
	same := map[uint64]bool{}
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			same[hashes[i]] = true
		}
	}
	twice := map[string]bool{}
	if len(same) == 0 {
		return twice
	}
	seen := map[string]bool{}
	for i := range payments {
		name := payments[i].Name
		if !same[maphash.String(seed, name)] {
			continue
		}
		if seen[name] {
			twice[name] = true
		}
		seen[name] = true
	}
	return twice
}

func (c *checker) add(field, code, text string, args ...any) {
	p := Problem{Payment: c.i, Field: field, Code: code, Text: fmt.Sprintf(text, args...)}
	if c.i != WholeFile {
		p.Name, p.Account = c.p.Name, c.p.Account
	}
	c.problems = append(c.problems, p)
}

// need reports an empty field.
func (c *checker) need(field, value string) bool {
	if value == "" {
		c.add(field, MissingField, "it is empty")
	}
	return value != ""
}

// date reports a day of payment that cannot be written.
func (c *checker) date() {
	if y := c.b.PayOn.Year(); c.b.PayOn.IsZero() || y < 1 || y > 9999 {
		c.add("pay_on", BadField, "there is no day on which to pay")
	}
}
