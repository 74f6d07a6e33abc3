package payout

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
)

// A maker makes batches of everything that might be paid, most of it writable.
type maker struct{ *rand.Rand }

func (m maker) one(of ...string) string { return of[m.IntN(len(of))] }

// rarely returns another text in one of thirty cases.
func (m maker) rarely(usual string, others ...string) string {
	if m.IntN(30) == 0 {
		return m.one(others...)
	}
	return usual
}

func (m maker) digits(n int) string { return fmt.Sprintf("%0*d", n, m.Int64N(pow10(n))) }

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func (m maker) kana() string {
	letters := []rune("アイカガサザパヴャッーやゆぱゔんＡｂ9 ().-ｱｶﾊ")
	if m.IntN(20) == 0 {
		letters = append(letters, '山', 'ヲ', ',', 'ﾞ', '\n', '"', '=', '\'')
	}
	name := ""
	for range 1 + m.IntN(16) {
		name += string(letters[m.IntN(len(letters))])
	}
	return name
}

func (m maker) payee() Payee {
	p := Payee{
		Name: m.rarely("山田 "+m.kana(), "", "<&>\"'", "x\x00", "=1+1", strings.Repeat("長", 150)), Kana: m.kana(),
		BankCode: m.rarely(m.digits(4), "", "１234", "12345"), BankName: m.rarely(m.one("", "ﾐｽﾞﾎ", "ミツイスミトモ"), "三井"),
		BranchCode: m.rarely(m.digits(3), "1"), BranchName: m.rarely(m.one("", "ホンテン"), strings.Repeat("ア", 16)),
		AccountType: m.rarely(m.one("1", "2", "4", "9"), "3", "普通"), AccountNumber: m.rarely(m.digits(1+m.IntN(7)), "12345678", ""),
		Country: m.one("JP", ""),
	}
	if m.IntN(3) == 0 {
		p.IBAN, p.BIC = m.rarely(m.one("DE89370400440532013000", "GB82WEST12345698765432"), "DE00"), m.rarely(m.one("", "COBADEFF"), "x")
	}
	switch m.IntN(3) {
	case 0:
		p.PSPReference = m.one("ch_", "pi_") + m.digits(12)
	case 1:
		p.PSPReference = m.digits(16)
	}
	return p
}

func (m maker) batch() *Batch {
	b := testBatch()
	b.ID = m.rarely("payout-"+m.digits(4), "x,\"y\"\r\n", "")
	b.CreatedAt = time.Unix(m.Int64N(4e9), m.Int64N(1e9))
	b.PayOn = time.Unix(m.Int64N(4e9), 0)
	b.Debtor.Name = m.rarely("Pay & Co", "", "名")
	b.Payments = nil
	codes := []string{"JPY", "JPY", "JPY", "USD", "KWD", "ISK", "CLP", "CLF"}
	if m.IntN(2) == 0 {
		codes = codes[:1]
	}
	for i := range m.IntN(8) {
		name := fmt.Sprintf("id%020x", m.Uint64()>>m.IntN(64))
		if m.IntN(3) == 0 {
			name += fmt.Sprintf("-%d", 2+m.IntN(998))
		}
		b.Payments = append(b.Payments, Payment{
			Name: m.rarely(name, "", "t,1", "名", "-x"), Account: m.rarely("u-1", "=cmd", "a;b,c\"\r\n", "\xff\x00"),
			Amount: m.Int64N(pow10(1+m.IntN(11))) - 2, Currency: money.MustCurrency(m.rarely(m.one(codes...), "QQQ", "PTS")),
			Txn: fmt.Sprintf("t-%d", i), FundingRef: m.rarely("", "@x"), Payee: m.payee(),
		})
	}
	return b
}

// TestWhatIsWritableReadsBack is the law of this package: what has no problem
// is written, reads back as the same payments and totals, and what has one is
// named.
func TestWhatIsWritableReadsBack(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(20190704, 5))}
	written := map[string]int{}
	rounds := 600
	if testing.Short() {
		rounds = 150
	}
	for range rounds {
		b := m.batch()
		for _, f := range Formats() {
			paid, open, ok := Writable(f.Name, b)
			checkSplit(t, f.Name, b, &paid, open, ok)
			if !ok {
				continue
			}
			written[f.Name] += len(paid.Payments)
			var file bytes.Buffer
			totals, err := Write(&file, f.Name, &paid)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			verified, err := Verify(bytes.NewReader(file.Bytes()), f.Name, &paid)
			if err != nil || !verified.Equal(totals) {
				t.Fatalf("%s: %v, %v, want %v\n%s", f.Name, verified, err, totals, file.Bytes())
			}
			checkRead(t, f.Name, file.Bytes(), &paid, totals)
		}
	}
	for _, f := range Formats() {
		if written[f.Name] < rounds/6 {
			t.Errorf("only %d payments were written as %s", written[f.Name], f.Name)
		}
	}
}

// checkSplit checks that each payment is either paid or named.
func checkSplit(t *testing.T, format string, b, paid *Batch, open []Problem, ok bool) {
	t.Helper()
	named := map[int]bool{}
	whole := false
	for _, p := range open {
		whole = whole || p.Payment == WholeFile
		named[p.Payment] = true
	}
	if ok == whole || ok != (len(paid.Payments) > 0) {
		t.Fatalf("%s: ok is %v with %d payments and %v", format, ok, len(paid.Payments), open)
	}
	if ok && len(paid.Payments)+len(named) != len(b.Payments) {
		t.Fatalf("%s: %d paid and %d open of %d", format, len(paid.Payments), len(named), len(b.Payments))
	}
	if problems := Check(format, paid); ok && len(problems) > 0 {
		t.Fatalf("%s: what is left has problems: %v", format, problems)
	}
	if _, err := Write(&bytes.Buffer{}, format, b); (err == nil) != (len(Check(format, b)) == 0) || err != nil && !errors.As(err, new(*Unwritable)) {
		t.Fatalf("%s: written although there are problems, or not although there are none: %v", format, err)
	}
}

// checkRead compares a file with its batch by what every format holds.
func checkRead(t *testing.T, format string, file []byte, b *Batch, totals Totals) {
	t.Helper()
	got, err := Read(bytes.NewReader(file), format)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	type line struct {
		name, currency string
		amount         int64
	}
	want, have := map[line]int{}, map[line]int{}
	sums := map[money.Currency]int64{}
	for i := range b.Payments {
		p, q := &b.Payments[i], &got.Payments[i]
		want[line{p.Name, p.Currency.String(), p.Amount}]++
		have[line{q.Name, q.Currency.String(), q.Amount}]++
		sums[p.Currency] += p.Amount
	}
	if d := cmp.Diff(want, have, cmp.AllowUnexported(line{})); d != "" || len(got.Payments) != len(b.Payments) {
		t.Fatalf("%s (-want +got):\n%s", format, d)
	}
	for c, sum := range sums {
		if totals.Of(c) != sum || got.Totals.Of(c) != sum {
			t.Fatalf("%s: %v and %v, want %d %s", format, totals, got.Totals, sum, c)
		}
	}
	if format == "csv" {
		if d := cmp.Diff(b.Payments, got.Payments); d != "" {
			t.Fatalf("csv lost something (-want +got):\n%s", d)
		}
	}
}

// TestOneByteWrongIsSeen changes each byte of each file, and cuts the file there.
func TestOneByteWrongIsSeen(t *testing.T) {
	for _, f := range Formats() {
		b := batchFor(f.Name)
		file := mustWrite(t, f.Name, b)
		step := 1
		if testing.Short() {
			step = 13
		}
		for i := 0; i < len(file); i += step {
			changed := bytes.Clone(file)
			changed[i] ^= 1
			if _, err := Verify(bytes.NewReader(changed), f.Name, b); err == nil {
				t.Errorf("%s: byte %d %q became %q unseen", f.Name, i, file[i], changed[i])
			}
			if _, err := Verify(bytes.NewReader(file[:i]), f.Name, b); err == nil {
				t.Errorf("%s: %d bytes verify as the whole", f.Name, i)
			}
		}
		if _, err := Verify(bytes.NewReader(append(file, '\n')), f.Name, b); err == nil {
			t.Errorf("%s: a byte more is not seen", f.Name)
		}
	}
}

// A reader of files must not fail on any bytes, and what it takes must add up.
func FuzzRead(f *testing.F) {
	for i, format := range Formats() {
		f.Add(i, mustWrite(f, format.Name, batchFor(format.Name)))
	}
	f.Add(3, mustWrite(f, "pain.001.001.09", painBatch()))
	for i, version := range painVersions {
		f.Add(i, mustWrite(f, version, painBatch()))
		f.Add(i, mustWrite(f, version, batchFor(version)))
	}
	f.Fuzz(func(t *testing.T, i int, file []byte) {
		checkPainScan(t, painVersions[uint(i)%2], file)
		format := Formats()[uint(i)%uint(len(formats))]
		got, err := Read(bytes.NewReader(file), format.Name)
		if err != nil {
			return
		}
		totals, err := Total(got.Payments)
		if err != nil || !totals.Equal(got.Totals) || totals.Count == 0 {
			t.Errorf("%s: %v, but its payments add up to %v, %v", format.Name, got.Totals, totals, err)
		}
		for _, p := range got.Payments {
			if _, known := p.Currency.Exponent(); !known || p.Amount <= 0 {
				t.Errorf("%s: a payment of %d %s", format.Name, p.Amount, p.Currency)
			}
		}
	})
}

// A file of payees must not fail on any bytes, and no account that a problem
// names may be paid.
// FuzzReadPayees reads lists of payees, and each text as a name of one.
func FuzzReadPayees(f *testing.F) {
	f.Add([]byte(payeesFile), "")
	f.Add([]byte("account_id,name\nu,\xc3\xb6\n"), "cp932")
	for _, c := range kanaCases {
		f.Add([]byte(c.name), "")
	}
	f.Fuzz(func(t *testing.T, file []byte, encoding string) {
		checkName(t, string(file))
		payees, problems, err := ReadPayees(bytes.NewReader(file), encoding)
		if err != nil {
			return
		}
		for _, p := range problems {
			if p.Account != "" && p.Txn == "" && strings.Contains(p.Text, "who receives") {
				if payee, ok := payees.Of(p.Account, ""); ok {
					t.Errorf("%v, but it pays %+v", p, payee)
				}
			}
			if len(p.Lines) == 0 || p.String() == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		_, _ = ReadDebtor(bytes.NewReader(file), encoding)
	})
}
