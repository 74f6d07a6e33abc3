package payout

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
)

var (
	jpy = money.MustCurrency("JPY")
	usd = money.MustCurrency("USD")
	kwd = money.MustCurrency("KWD")
)

// batchFor is testBatch with the references of a processor.
func batchFor(format string) *Batch {
	b := testBatch()
	if format == "adyen" {
		b.Payments[0].Payee.PSPReference, b.Payments[1].Payee.PSPReference = "MKW736V727TG5S82", "9630124578963201"
	}
	return b
}

// testBatch is a batch that every format can write, but for references.
func testBatch() *Batch {
	taro := Payee{Name: "山田 太郎", Kana: "ヤマダ タロウ", BankCode: "0001", BankName: "ミズホ", BranchCode: "001", BranchName: "トウキヨウ",
		AccountType: "1", AccountNumber: "1234567", Country: "JP", PSPReference: "ch_3MmlLrLkdIwHu7ix0snN0B15"}
	hanako := Payee{Name: "鈴木 花子", Kana: "すずき はなこ", BankCode: "9900", BranchCode: "018", AccountType: "2", AccountNumber: "42",
		Country: "JP", PSPReference: "pi_1GszsK2eZvKYlo2CfhZyoZLp"}
	return &Batch{
		ID: "payout-2019-07-09", CreatedAt: time.Date(2019, 7, 8, 3, 4, 5, 0, time.UTC), PayOn: time.Date(2019, 7, 9, 0, 0, 0, 0, time.UTC),
		Debtor: Debtor{Code: "1234567890", Name: "Seven Pay KK", Kana: "セブンペイ(カ", BankCode: "0034", BankName: "セブン", BranchCode: "101",
			BranchName: "マーガレット", AccountType: "1", AccountNumber: "7654321", Merchant: "SevenPayECOM"},
		Payments: []Payment{
			{Name: "id0123456789abcdef0123", Account: "u-1", Amount: 46000, Currency: jpy, Txn: "t-1", FundingRef: "card-9", Payee: taro},
			{Name: "idffffffffffffffffffff-12", Account: "u-2", Amount: 1, Currency: jpy, Txn: "t-2", Payee: hanako},
		},
	}
}

func TestWriteCSV(t *testing.T) {
	b := testBatch()
	b.Payments[1].Amount, b.Payments[1].Currency = 1500, kwd
	b.Payments[1].Account = "=HYPERLINK(\"x\"),\r\n"
	var out bytes.Buffer
	totals, err := Write(&out, "csv", b)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(csvColumns, ",") + `
payout-2019-07-09,2019-07-09,id0123456789abcdef0123,u-1,t-1,card-9,46000,46000,JPY,山田 太郎,ヤマダ タロウ,0001,ミズホ,001,トウキヨウ,1,1234567,,,JP,ch_3MmlLrLkdIwHu7ix0snN0B15
payout-2019-07-09,2019-07-09,idffffffffffffffffffff-12,"'=HYPERLINK(""x""),` + "\r\n" + `",t-2,,1500,1.500,KWD,鈴木 花子,すずき はなこ,9900,,018,,2,42,,,JP,pi_1GszsK2eZvKYlo2CfhZyoZLp
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
	if got, want := totals.String(), "2 payments, 46,000 JPY, 1.500 KWD"; got != want {
		t.Errorf("totals %q, want %q", got, want)
	}
	if got, err := Verify(bytes.NewReader(out.Bytes()), "csv", b); err != nil || !got.Equal(totals) {
		t.Errorf("Verify: %v, %v", got, err)
	}
}

func TestVerifySeesEveryDifference(t *testing.T) {
	changes := map[string]func(b *Batch){
		"amount":   func(b *Batch) { b.Payments[1].Amount++ },
		"currency": func(b *Batch) { b.Payments[1].Currency = usd },
		"name":     func(b *Batch) { b.Payments[1].Name = "idffffffffffffffffffff-13" },
		"one less": func(b *Batch) { b.Payments = b.Payments[:1] },
		"one more": func(b *Batch) { b.Payments = append(b.Payments, b.Payments[0]) },
		"order":    func(b *Batch) { b.Payments[0], b.Payments[1] = b.Payments[1], b.Payments[0] },
		"receiver": func(b *Batch) {
			for _, f := range payeeFields(&b.Payments[1].Payee) {
				*f += "1"
			}
		},
		"day": func(b *Batch) { b.PayOn = b.PayOn.AddDate(0, 0, 1) },
	}
	for _, f := range Formats() {
		file := mustWrite(t, f.Name, batchFor(f.Name))
		for what, change := range changes {
			if what == "day" && (f.Name == "stripe" || f.Name == "adyen") {
				continue // they name none
			}
			b := batchFor(f.Name)
			change(b)
			if _, err := Verify(bytes.NewReader(file), f.Name, b); !errors.Is(err, ErrDiffers) {
				t.Errorf("%s, %s changed: %v, want %v", f.Name, what, err, ErrDiffers)
			}
		}
		if totals, err := Verify(bytes.NewReader(file), f.Name, batchFor(f.Name)); err != nil || totals.Of(jpy) != 46001 {
			t.Errorf("%s: %v, %v", f.Name, totals, err)
		}
	}
}

func TestWritableLeavesOutWhatCannotBeWritten(t *testing.T) {
	b := testBatch()
	b.Payments = append(b.Payments, b.Payments...)
	b.Payments[2].Name, b.Payments[3].Name = "twice", "twice"
	b.Payments = append(b.Payments, Payment{Name: "none", Currency: jpy}, Payment{Amount: 1, Currency: money.MustCurrency("QQQ")})
	paid, open, ok := Writable("csv", b)
	if !ok {
		t.Fatal("nothing to pay")
	}
	if d := cmp.Diff(testBatch().Payments, paid.Payments); d != "" {
		t.Errorf("paid (-want +got):\n%s", d)
	}
	var got []string
	for _, p := range open {
		got = append(got, p.String())
	}
	want := []string{
		`payment 3 ("t…"): refund_id: several payments have this name, so none of them is written`,
		`payment 4 ("t…"): refund_id: several payments have this name, so none of them is written`,
		`payment 5 ("n…"): amount: 0 is not more than 0; money that is to be taken back is no payment`,
		`payment 6 (""): refund_id: it is empty`,
		`payment 6 (""): currency: "QQQ" is no currency whose decimals are known`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	var out bytes.Buffer
	if _, err := Write(&out, "csv", b); err == nil || out.Len() > 0 {
		t.Errorf("a batch with problems was written: %v, %d bytes", err, out.Len())
	}
	b.Payments = b.Payments[2:4]
	if _, open, ok := Writable("csv", b); ok || open[0].Code != NothingToPay {
		t.Errorf("of two with one name: %v, %v", ok, open)
	}
	if p := Check("excel", b); len(p) != 1 || p[0].Code != BadFormat {
		t.Errorf("an unknown format: %v", p)
	}
}

func TestSplit(t *testing.T) {
	many := func(format string, n int, amount int64) *Batch {
		b := batchFor(format)
		one := b.Payments[0]
		b.Payments = nil
		for i := range n {
			one.Name, one.Amount, one.Txn = fmt.Sprintf("id%020x", i), amount, fmt.Sprint(i)
			one.Payee.PSPReference = fmt.Sprintf("%016d", i)
			b.Payments = append(b.Payments, one)
		}
		return b
	}
	shared := many("adyen", 12_001, 5)
	shared.Payments[12_000].Payee.PSPReference = shared.Payments[0].Payee.PSPReference
	noDebtor := many("zengin", 2, 1)
	noDebtor.Debtor.Code = ""
	for _, c := range []struct {
		what, format string
		b            *Batch
		files        []int // payments in each
		open         int
		first        string // the code of the first problem
	}{
		{"one file", "zengin", many("zengin", 3, 5), []int{3}, 0, ""},
		{"more than a total holds", "zengin", many("zengin", 150, zenginAmount), []int{75, 75}, 0, ""},
		{"more payments than a file holds", "adyen", many("adyen", 12_001, 5), []int{6000, 6000, 1}, 0, ""},
		{"one reference in two files", "adyen", shared, []int{6000, 5999}, 2, SharedCharge},
		{"no debtor", "zengin", noDebtor, nil, 1, MissingField},
		{"nothing", "csv", many("csv", 0, 0), nil, 1, NothingToPay},
		{"no such format", "xls", many("csv", 1, 1), nil, 1, BadFormat},
		{"a sum above 64 bits", "csv", many("csv", 4, 1<<62), []int{1, 1, 1, 1}, 0, ""},
	} {
		files, open := Split(c.format, c.b)
		var sizes []int
		next := 0
		for i := range files {
			sizes = append(sizes, len(files[i].Payments))
			if problems := Check(c.format, &files[i]); len(problems) > 0 {
				t.Errorf("%s: file %d has %v", c.what, i, problems)
			}
			for _, p := range files[i].Payments {
				for c.b.Payments[next].Name != p.Name { // those that stay open are passed over
					next++
				}
			}
		}
		if d := cmp.Diff(c.files, sizes); d != "" || len(open) != c.open || c.open > 0 && open[0].Code != c.first {
			t.Errorf("%s: files of %v, open %v", c.what, sizes, open)
		}
	}
}
