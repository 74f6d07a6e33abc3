package payout

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
)

func TestWriteStripe(t *testing.T) {
	b := testBatch()
	b.Payments[1].Amount, b.Payments[1].Currency = 5120, kwd
	want := `charge,payment_intent,amount,currency,reason,metadata[refund_id],idempotency_key
ch_3MmlLrLkdIwHu7ix0snN0B15,,46000,jpy,requested_by_customer,id0123456789abcdef0123,id0123456789abcdef0123
,pi_1GszsK2eZvKYlo2CfhZyoZLp,5120,kwd,requested_by_customer,idffffffffffffffffffff-12,idffffffffffffffffffff-12
`
	if d := cmp.Diff(want, string(mustWrite(t, "stripe", b))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWriteAdyen(t *testing.T) {
	b := batchFor("adyen")
	b.Payments[1].Amount, b.Payments[1].Currency = 5, money.MustCurrency("ISK")
	want := `SevenPayECOM,MKW736V727TG5S82,refund,46000,JPY,id0123456789abcdef0123
SevenPayECOM,9630124578963201,refund,500,ISK,idffffffffffffffffffff-12
`
	if d := cmp.Diff(want, string(mustWrite(t, "adyen", b))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestProcessorAmounts(t *testing.T) {
	for _, c := range []struct {
		scale    func(money.Currency) (scale, bool)
		minor    int64
		currency string
		want     int64 // 0: it cannot be paid
	}{
		{stripeScale, 500, "JPY", 500},
		{stripeScale, 1000, "USD", 1000},
		{stripeScale, 5120, "KWD", 5120},
		{stripeScale, 5124, "KWD", 0},
		{stripeScale, 5, "ISK", 500},
		{stripeScale, 500, "MGA", 5},
		{stripeScale, 501, "MGA", 0},
		{stripeScale, 1045, "HUF", 1045},
		{stripeScale, 5, "UGX", 0},
		{stripeScale, 5, "LYD", 0},
		{stripeScale, 5, "CLF", 0},
		{stripeScale, 5, "PTS", 0},
		{stripeScale, math.MaxInt64, "ISK", 0},
		{adyenScale, 500, "JPY", 500},
		{adyenScale, 5124, "KWD", 5124},
		{adyenScale, 5, "ISK", 500},
		{adyenScale, 5, "CLP", 500},
		{adyenScale, 500, "IDR", 5},
		{adyenScale, 501, "IDR", 0},
		{adyenScale, 100, "CVE", 1},
		{adyenScale, 5, "UGX", 5},
		{adyenScale, 5, "CLF", 0},
		{adyenScale, 5, "PNT", 0},
	} {
		currency := money.MustCurrency(c.currency)
		s, known := c.scale(currency)
		var got int64
		if known {
			got, _ = toProcessor(c.minor, currency, s) // 0 where there is none
		}
		if got != c.want {
			t.Errorf("%d %s: %d, want %d", c.minor, c.currency, got, c.want)
		}
		if c.want == 0 {
			continue
		}
		if back, err := fromProcessor(got, currency, s); err != nil || back != c.minor {
			t.Errorf("%d %s: reads back as %d, %v", c.minor, c.currency, back, err)
		}
	}
}

func TestWhatProcessorsCannotHold(t *testing.T) {
	for _, c := range []struct {
		format string
		change func(b *Batch, p *Payment)
		want   string
	}{
		{"stripe", func(b *Batch, p *Payment) { p.Payee = Payee{PSPReference: "py_1"} }, ""},
		{"stripe", func(b *Batch, p *Payment) { p.Payee.PSPReference = "" }, "psp_reference: missing_field"},
		{"stripe", func(b *Batch, p *Payment) { p.Payee.PSPReference = "MKW736V727TG5S82" }, "psp_reference: bad_field"},
		{"stripe", func(b *Batch, p *Payment) { p.Payee.PSPReference = "ch_1,2" }, "psp_reference: bad_field"},
		{"stripe", func(b *Batch, p *Payment) { p.Payee.PSPReference = "ch_1\n" }, "psp_reference: bad_field"},
		{"stripe", func(b *Batch, p *Payment) { p.Name = "=1+1" }, "refund_id: bad_field"},
		{"stripe", func(b *Batch, p *Payment) { p.Name = "id\n" }, "refund_id: bad_field"},
		{"stripe", func(b *Batch, p *Payment) { p.Currency = kwd; p.Amount = 46001 }, "amount: bad_amount"},
		{"stripe", func(b *Batch, p *Payment) { p.Currency = money.MustCurrency("UGX") }, "currency: wrong_currency"},
		{"stripe", func(b *Batch, p *Payment) { b.Payments[1].Payee.PSPReference = p.Payee.PSPReference }, "psp_reference: shared_chargepsp_reference: shared_charge"},
		{"stripe", func(b *Batch, p *Payment) {
			b.Payments[1].Payee.PSPReference, b.Payments[1].Txn = p.Payee.PSPReference, p.Txn
		}, ""}, // two refunds of one charge
		{"adyen", func(b *Batch, p *Payment) { b.Debtor.Merchant = "" }, "debtor merchant: missing_field"},
		{"adyen", func(b *Batch, p *Payment) { b.Debtor.Merchant = "a,b" }, "debtor merchant: bad_field"},
		{"adyen", func(b *Batch, p *Payment) { p.Payee.PSPReference = "ch_1" }, "psp_reference: bad_field"},
		{"adyen", func(b *Batch, p *Payment) { p.Currency = money.MustCurrency("IDR"); p.Amount = 4600010 }, "amount: bad_amount"},
		{"adyen", func(b *Batch, p *Payment) {
			for i := range 6000 {
				more := *p
				more.Name = fmt.Sprintf("id%020x", i)
				b.Payments = append(b.Payments, more)
			}
		}, "payments: too_many"},
	} {
		b := batchFor(c.format)
		c.change(b, &b.Payments[0])
		got := ""
		problems := Check(c.format, b)
		for _, p := range problems {
			got += p.Field + ": " + p.Code
		}
		if got != c.want {
			t.Errorf("%s: %v, want %q", c.format, problems, c.want)
		}
	}
}

func TestReadProcessorFiles(t *testing.T) {
	for format, changes := range map[string][]struct{ old, new, want string }{
		"stripe": {
			{"charge,", "charges,", "line 1: the columns are"},
			{",46000,", ",046000,", "line 2: amount"},
			{",46000,", ",0,", "line 2: payment 1: amount 0"},
			{",46000,", ",46000.0,", "line 2: amount"},
			{"jpy", "JPY", "not in lower case"},
			{"jpy", "ugx", "not known"},
			{",46000,jpy", ",46001,kwd", "46001 is no amount in KWD"},
			{"requested_by_customer", "fraudulent", "reason"},
			{"id0123456789abcdef0123,", "id1123456789abcdef0123,", "differ"},
			{"snN0B15,,", "snN0B15,pi_1,", "or both"},
			{"snN0B15,,", "snN0B15,", "line 2: 6 cells, not 7"},
			{"id0123456789abcdef0123,id0123456789abcdef0123", "é,é", "no name"},
		},
		"adyen": {
			{",46000,", ",-1,", "payment 1: amount -1"},
			{",46000,JPY", ",1,QQQ", "currency"},
			{"refund,", "capture,", "modification"},
			{"SevenPayECOM,9", "Another,9", "line 2: merchant account"},
			{"MKW736V727TG5S82", "x", "PSP reference"},
			{",JPY,id0", ",JPY,,id0", "line 1: 7 cells"},
		},
	} {
		file := string(mustWrite(t, format, batchFor(format)))
		if _, err := Read(strings.NewReader(file), format); err != nil {
			t.Error(err)
		}
		for _, c := range changes {
			changed := strings.Replace(file, c.old, c.new, 1)
			if _, err := Read(strings.NewReader(changed), format); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %q for %q: %v, want %q", format, c.new, c.old, err, c.want)
			}
		}
	}
}
