package payout

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Format is a kind of payout file.
type Format struct {
	Name string // under which it is asked for
	Ext  string // of a file's name, with the dot
	Doc  string // what it is, in one line
	// MaxPayments is how many payments a file may hold, 0 for any number. A
	// batch of more is the caller's to split.
	MaxPayments int
}

// A format is a Format and how it is done.
type format struct {
	Format
	// checkBatch reports what is wrong with the debtor, the dates and the id.
	checkBatch func(c *checker)
	// checkPayment reports what keeps c.p out of a file of this format.
	checkPayment func(c *checker)
	// write writes a batch that has no problems.
	write func(w *bufio.Writer, b *Batch) error
	// read reads a file, payment by payment, and fills in what it says of
	// itself. head.Totals are those of the payments handed on so far; a format
	// that states totals compares them. The payment is borrowed.
	read func(r io.Reader, head *File, each func(*Payment) error) error
	// carried is what a reader gets back of a payment, carriedHead of a batch.
	carried     func(p *Payment) Payment
	carriedHead func(b *Batch) File
	// byCurrency says that payments of one currency stand together in the
	// file, currencies in the order of their codes.
	byCurrency bool
}

var formats = []*format{&csvFormat, &zenginFormat, &zenginBareFormat, &pain09Format, &pain03Format, &stripeFormat, &adyenFormat}

// Formats lists the formats, the plain one first.
func Formats() []Format {
	all := make([]Format, len(formats))
	for i, f := range formats {
		all[i] = f.Format
	}
	return all
}

func find(name string) (*format, error) {
	var names []string
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("payout: no format %.40q; there are %s", name, strings.Join(names, ", "))
}

// A File is what a payout file says, as far as its format carries it: an absent
// field is zero.
type File struct {
	ID        string    // of the batch
	CreatedAt time.Time // UTC
	PayOn     time.Time // midnight UTC of the day; year 0 where the format has none
	Debtor    Debtor
	Payments  []Payment
	// Totals are added up from the payments. Where the file states totals of
	// its own, they are the same.
	Totals Totals
}

// An Unwritable says why a batch was not written. Nothing was.
type Unwritable struct {
	Format   string
	Problems []Problem // one at least
}

// Error names the first problem and counts the others.
func (e *Unwritable) Error() string {
	more := ""
	if n := len(e.Problems) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Sprintf("payout: cannot be written as %s: %s%s", e.Format, e.Problems[0], more)
}

// Write writes a batch as a file of a format and returns what it adds up to.
// Payments keep their order, except that pain.001 puts those of one currency
// together. A batch with problems is an *Unwritable; nothing is written then.
// The writer is not closed.
//
// The totals are those of the batch. A file counts as written only when Verify
// has read it back.
func Write(w io.Writer, name string, b *Batch) (Totals, error) {
	f, err := find(name)
	if err != nil {
		return Totals{}, err
	}
	if problems := check(f, b); len(problems) > 0 {
		return Totals{}, &Unwritable{name, problems}
	}
	totals, err := Total(b.Payments)
	if err != nil {
		return Totals{}, err
	}
	if f.byCurrency {
		sorted := *b
		sorted.Payments = byCurrency(b.Payments)
		b = &sorted
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := f.write(out, b); err != nil {
		return Totals{}, fmt.Errorf("payout: writing %s: %w", name, err)
	}
	if err := out.Flush(); err != nil {
		return Totals{}, fmt.Errorf("payout: writing %s: %w", name, err)
	}
	return totals, nil
}

// Read reads a file of a format. Whatever is not as Write would have written it
// is an error that says where, never passed over: a record too short, a count
// or a sum that is not that of the payments.
func Read(r io.Reader, name string) (*File, error) {
	f, err := find(name)
	if err != nil {
		return nil, err
	}
	var head File
	var payments []Payment
	err = f.scan(r, &head, func(p *Payment) error {
		payments = append(payments, *p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("payout: reading %s: %w", name, err)
	}
	head.Payments = payments
	return &head, nil
}

// scan reads a file and adds its payments up in head.Totals.
func (f *format) scan(r io.Reader, head *File, each func(*Payment) error) error {
	err := f.read(r, head, func(p *Payment) error {
		if p.Amount <= 0 {
			return fmt.Errorf("payment %d: amount %d is not more than 0", head.Totals.Count+1, p.Amount)
		}
		if err := head.Totals.add(p); err != nil {
			return err
		}
		return each(p)
	})
	if err == nil && head.Totals.Count == 0 {
		err = errors.New("there is no payment in it")
	}
	return err
}

// ErrDiffers says that a file does not hold what was to be paid.
var ErrDiffers = errors.New("the file is not what was to be written")

// Verify reads a written file back and compares it with its batch: every
// payment in order, the count, the sums, what the file says of the payer and
// the day, and at last that no byte is another than Write makes. It returns the
// totals of the file. Payments are compared as they are read, so a large file is
// never held.
//
// An error that is ErrDiffers says that the file holds something else; any
// other that it could not be read.
func Verify(r io.Reader, name string, b *Batch) (Totals, error) {
	f, err := find(name)
	if err != nil {
		return Totals{}, err
	}
	payments := b.Payments
	if f.byCurrency {
		payments = byCurrency(payments)
	}
	var head File
	n := 0
	read := sha256.New()
	r = io.TeeReader(r, read)
	err = f.scan(r, &head, func(p *Payment) error {
		if n == len(payments) {
			return fmt.Errorf("%w: more than the %d payments of the batch", ErrDiffers, n)
		}
		n++
		return compare(n, p, &payments[n-1], f)
	})
	if err == nil {
		err = compareHead(&head, b, f)
	}
	if err == nil {
		err = f.compareBytes(r, read, b, payments)
	}
	if err != nil {
		return Totals{}, fmt.Errorf("payout: verifying %s: %w", name, err)
	}
	return head.Totals, nil
}

// compare compares the n-th payment of a file with the one that was to be
// written. Name and money are compared with the batch itself, so that no
// mistake in what a format is said to carry can hide one there.
func compare(n int, got, want *Payment, f *format) error {
	if got.Name != want.Name || got.Amount != want.Amount || got.Currency != want.Currency {
		return fmt.Errorf("%w: payment %d is %q over %s, not %q over %s", ErrDiffers, n,
			discreet.Shown(got.Name), money.Format(got.Amount, got.Currency), discreet.Shown(want.Name), money.Format(want.Amount, want.Currency))
	}
	if *got != f.carried(want) {
		return fmt.Errorf("%w: payment %d, %q, has another receiver", ErrDiffers, n, discreet.Shown(got.Name))
	}
	return nil
}

func compareHead(head *File, b *Batch, f *format) error {
	totals, err := Total(b.Payments)
	if err != nil {
		return err
	}
	if !totals.Equal(head.Totals) {
		return fmt.Errorf("%w: it adds up to %s, not %s", ErrDiffers, head.Totals, totals)
	}
	want := f.carriedHead(b)
	if head.ID != want.ID || head.Debtor != want.Debtor || !head.PayOn.Equal(want.PayOn) || !head.CreatedAt.Equal(want.CreatedAt) {
		return fmt.Errorf("%w: it names another payer, day or batch", ErrDiffers)
	}
	return nil
}

// compareBytes compares the hash of what was read of a file, and of what is left
// to read, with that of what Write makes.
func (f *format) compareBytes(rest io.Reader, got hash.Hash, b *Batch, payments []Payment) error {
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return err
	}
	want := sha256.New()
	out := bufio.NewWriterSize(want, 64<<10)
	sorted := *b
	sorted.Payments = payments
	if err := f.write(out, &sorted); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		return fmt.Errorf("%w: its payments are right, but some of its bytes are not", ErrDiffers)
	}
	return nil
}

// byCurrency returns payments by the code of their currency, otherwise in the
// order that they have.
func byCurrency(payments []Payment) []Payment {
	byCode := func(a, b Payment) int { return strings.Compare(a.Currency.String(), b.Currency.String()) }
	if slices.IsSortedFunc(payments, byCode) {
		return payments
	}
	sorted := slices.Clone(payments)
	slices.SortStableFunc(sorted, byCode)
	return sorted
}

// Total adds payments up by currency, in the order of the codes. A sum that
// does not fit is money.ErrOverflow.
func Total(payments []Payment) (Totals, error) {
	var t Totals
	for i := range payments {
		if err := t.add(&payments[i]); err != nil {
			return Totals{}, err
		}
	}
	return t, nil
}

func (t *Totals) add(p *Payment) error {
	t.Count++
	i, found := slices.BinarySearchFunc(t.Sums, p.Currency, func(s Sum, c money.Currency) int {
		return strings.Compare(s.Currency.String(), c.String())
	})
	if !found {
		t.Sums = slices.Insert(t.Sums, i, Sum{Currency: p.Currency})
	}
	var err error
	t.Sums[i].Minor, err = money.Add(t.Sums[i].Minor, p.Amount)
	return err
}

// Of returns the sum of a currency, 0 where there is none.
func (t Totals) Of(c money.Currency) int64 {
	for _, s := range t.Sums {
		if s.Currency == c {
			return s.Minor
		}
	}
	return 0
}

// Equal reports whether both have the same count and the same sums.
func (t Totals) Equal(u Totals) bool { return t.Count == u.Count && slices.Equal(t.Sums, u.Sums) }

// String writes totals for people: "3 payments, 1,500 JPY, 2.00 USD".
func (t Totals) String() string {
	s := fmt.Sprintf("%d payments", t.Count)
	if t.Count == 1 {
		s = "1 payment"
	}
	for _, sum := range t.Sums {
		s += ", " + money.Format(sum.Minor, sum.Currency)
	}
	return s
}

// day returns midnight UTC of the day that a time shows where it stands.
func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// decimal appends minor units with as many digits as the currency has.
func decimal(dst []byte, minor int64, digits int) []byte {
	if digits == 0 {
		return strconv.AppendInt(dst, minor, 10)
	}
	var number [24]byte
	s := strconv.AppendInt(number[:0], minor, 10)
	if minor < 0 {
		dst, s = append(dst, '-'), s[1:]
	}
	var filled [48]byte
	text := filled[:0]
	for range digits + 1 - len(s) {
		text = append(text, '0')
	}
	text = append(text, s...)
	dst = append(dst, text[:len(text)-digits]...)
	return append(append(dst, '.'), text[len(text)-digits:]...)
}
