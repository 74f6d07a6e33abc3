package payout

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
)

// painBatch pays in four currencies, to accounts of all kinds, with names that
// are hostile to XML.
func painBatch() *Batch {
	b := testBatch()
	b.Debtor.Name = `7 "Pay" <&> Co]]>`
	add := func(name string, amount int64, currency money.Currency, payee Payee) {
		b.Payments = append(b.Payments, Payment{Name: name, Account: "u", Amount: amount, Currency: currency, Payee: payee})
	}
	eur := money.MustCurrency("EUR")
	add("id00000000000000000001", 1234, eur, Payee{Name: "José <b>&amp;", IBAN: "DE89370400440532013000", BIC: "COBADEFFXXX"})
	add("id00000000000000000002", 5, kwd, Payee{Name: "名前", IBAN: "GB82WEST12345698765432"})
	add("id00000000000000000003", 10, jpy, Payee{Name: strings.Repeat("名", 140), BankCode: "0001", BranchCode: "001", AccountType: "4", AccountNumber: "1"})
	add("id00000000000000000004", 1, eur, Payee{Name: "𠮷", IBAN: "DE89370400440532013000", Kana: "unused"})
	add("id00000000000000000005", 12_345_6789, money.MustCurrency("CLF"), Payee{Name: "x", IBAN: "DE89370400440532013000"})
	return b
}

func TestWritePain(t *testing.T) {
	b := painBatch()
	b.Payments = b.Payments[:4]
	want := `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>payout-2019-07-09</MsgId><CreDtTm>2019-07-08T03:04:05Z</CreDtTm><NbOfTxs>4</NbOfTxs><CtrlSum>46013.345</CtrlSum><InitgPty><Nm>7 &#34;Pay&#34; &lt;&amp;&gt; Co]]&gt;</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>payout-2019-07-09-EUR</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>1</NbOfTxs><CtrlSum>12.34</CtrlSum><ReqdExctnDt><Dt>2019-07-09</Dt></ReqdExctnDt>DEBTOR
<CdtTrfTxInf><PmtId><EndToEndId>id00000000000000000001</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">12.34</InstdAmt></Amt><CdtrAgt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>José &lt;b&gt;&amp;amp;</Nm></Cdtr><CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct></CdtTrfTxInf>
</PmtInf>
<PmtInf><PmtInfId>payout-2019-07-09-JPY</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>46001</CtrlSum><ReqdExctnDt><Dt>2019-07-09</Dt></ReqdExctnDt>DEBTOR
<CdtTrfTxInf><PmtId><EndToEndId>id0123456789abcdef0123</EndToEndId></PmtId><Amt><InstdAmt Ccy="JPY">46000</InstdAmt></Amt><CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>JPZGN</Cd></ClrSysId><MmbId>0001</MmbId></ClrSysMmbId></FinInstnId><BrnchId><Id>001</Id></BrnchId></CdtrAgt><Cdtr><Nm>ヤマダ タロウ</Nm></Cdtr><CdtrAcct><Id><Othr><Id>1234567</Id></Othr></Id><Tp><Prtry>1</Prtry></Tp></CdtrAcct></CdtTrfTxInf>
<CdtTrfTxInf><PmtId><EndToEndId>idffffffffffffffffffff-12</EndToEndId></PmtId><Amt><InstdAmt Ccy="JPY">1</InstdAmt></Amt><CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>JPZGN</Cd></ClrSysId><MmbId>9900</MmbId></ClrSysMmbId></FinInstnId><BrnchId><Id>018</Id></BrnchId></CdtrAgt><Cdtr><Nm>すずき はなこ</Nm></Cdtr><CdtrAcct><Id><Othr><Id>0000042</Id></Othr></Id><Tp><Prtry>2</Prtry></Tp></CdtrAcct></CdtTrfTxInf>
</PmtInf>
<PmtInf><PmtInfId>payout-2019-07-09-KWD</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>1</NbOfTxs><CtrlSum>0.005</CtrlSum><ReqdExctnDt><Dt>2019-07-09</Dt></ReqdExctnDt>DEBTOR
<CdtTrfTxInf><PmtId><EndToEndId>id00000000000000000002</EndToEndId></PmtId><Amt><InstdAmt Ccy="KWD">0.005</InstdAmt></Amt><Cdtr><Nm>名前</Nm></Cdtr><CdtrAcct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></CdtrAcct></CdtTrfTxInf>
</PmtInf>
</CstmrCdtTrfInitn></Document>
`
	debtor := `<Dbtr><Nm>7 &#34;Pay&#34; &lt;&amp;&gt; Co]]&gt;</Nm></Dbtr><DbtrAcct><Id><Othr><Id>7654321</Id></Othr></Id><Tp><Prtry>1</Prtry></Tp></DbtrAcct>` +
		`<DbtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>JPZGN</Cd></ClrSysId><MmbId>0034</MmbId></ClrSysMmbId></FinInstnId><BrnchId><Id>101</Id></BrnchId></DbtrAgt>`
	want = strings.ReplaceAll(want, "DEBTOR", debtor)
	if d := cmp.Diff(want, string(mustWrite(t, "pain.001.001.09", b))); d != "" {
		t.Errorf("pain.001.001.09 (-want +got):\n%s", d)
	}
	older := strings.NewReplacer("001.09", "001.03", "BICFI", "BIC", "<Dt>", "", "</Dt>", "").Replace(want)
	if d := cmp.Diff(older, string(mustWrite(t, "pain.001.001.03", b))); d != "" {
		t.Errorf("pain.001.001.03 (-want +got):\n%s", d)
	}
}

// TestPainIsValid asks xmllint and the schemas of the standard, where both are
// at hand.
func TestPainIsValid(t *testing.T) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not here")
	}
	iban := painBatch()
	iban.Debtor.IBAN, iban.Debtor.BIC = "DE89370400440532013000", "COBADEFF"
	iban.ID = strings.Repeat("x", 31)
	big := painBatch()
	big.Payments = big.Payments[:1]
	big.Payments[0].Amount = 999_999_999_999_999_999
	for _, version := range []string{"pain.001.001.09", "pain.001.001.03"} {
		schema := "../../../shared/data/iso20022/" + version + ".xsd"
		if _, err := os.Stat(schema); err != nil {
			t.Skip("the schemas are not here")
		}
		for i, b := range []*Batch{testBatch(), painBatch(), iban, big} {
			file := filepath.Join(t.TempDir(), "payout.xml")
			if err := os.WriteFile(file, mustWrite(t, version, b), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(lint, "--nonet", "--noout", "--schema", schema, file).CombinedOutput(); err != nil {
				t.Errorf("%s, batch %d: %v\n%s", version, i, err, out)
			}
		}
	}
}

func TestReadPain(t *testing.T) {
	const version = "pain.001.001.09"
	b := painBatch()
	file := string(mustWrite(t, version, b))
	got, err := Read(strings.NewReader(file), version)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != b.ID || !got.CreatedAt.Equal(b.CreatedAt) || !got.PayOn.Equal(b.PayOn) || got.Debtor.Name != b.Debtor.Name || len(got.Payments) != 7 {
		t.Errorf("%+v", got)
	}
	if s := got.Totals.String(); s != "7 payments, 12,345.6789 CLF, 12.35 EUR, 46,011 JPY, 0.005 KWD" {
		t.Error(s)
	}
	if !strings.Contains(file, "<CtrlSum>58369.0339</CtrlSum>") {
		t.Errorf("the control sum is not that of all currencies:\n%.500s", file)
	}
	for _, c := range []struct{ old, new, want string }{
		{"", "", "cut short"},
		{"</Document>", "", "cut short"},
		{"<GrpHdr>", "<GrpHdr", "line"},
		{"pain.001.001.09", "pain.001.001.03", "the document is of"},
		{"UTF-8", "Shift_JIS", "the declaration of XML"},
		{"<?xml", " <?xml", "the declaration of XML"},
		{"<NbOfTxs>7<", "<NbOfTxs>8<", "GrpHdr says"},
		{"<CtrlSum>58369.0339<", "<CtrlSum>58369.034<", "GrpHdr says"},
		{"<NbOfTxs>2<", "<NbOfTxs>1<", "PmtInf says"},
		{">46000<", ">46001<", "PmtInf says"},
		{">46000<", ">46000.0<", "no amount in JPY"},
		{`"EUR">12.34<`, `"EUR">12.3<`, "no amount in EUR"},
		{`Ccy="JPY">10<`, `Ccy="USD">0.10<`, "a transfer in USD among those in JPY"},
		{`Ccy="JPY">10<`, `Ccy="jpy">10<`, "currency"},
		{`Ccy="JPY">10<`, `>10<`, "not of the shape"},
		{`<InstdAmt Ccy="JPY">10<`, `<InstdAmt>10<`, "attribute"},
		{`Ccy="JPY">10<`, `Ccx="JPY">10<`, `attribute "Ccx"`},
		{`Ccy="JPY">10<`, `Ccy='JPY'>10<`, "not of the shape"},
		{`Ccy="JPY">10<`, `Ccy="J&#80;Y">10<`, "not of the shape"},
		{`Ccy="JPY">10<`, `Ccy="JPY" x="y">10<`, "not of the shape"},
		{">10</InstdAmt>", ">0</InstdAmt>", "amount 0 is not more than 0"},
		{">10</InstdAmt>", ">-10</InstdAmt>", "amount -10 is not more than 0"},
		{">10</InstdAmt>", ">10</InstdAmt><InstdAmt Ccy=\"JPY\">10</InstdAmt>", "stands twice"},
		{">10</InstdAmt>", "></InstdAmt>", "is empty"},
		{"<Amt>", "<Amt><EqvtAmt>1</EqvtAmt>", "<EqvtAmt> does not belong there"},
		{"<Amt>", "<Amt>x", `text "x…" between elements`},
		{"<Amt>", "<Amt><!-- -->", "not of the shape"},
		{"<Document", "<!DOCTYPE d [<!ENTITY e 'x'>]><Document", "not of the shape"},
		{"名前", "&e;", "reference"},
		{"名前", "&#x540D;", "reference"},
		{"名前", "<![CDATA[x]]>", "not of the shape"},
		{"名前", "\x00", "never written"},
		{"名前", "\xff", "not UTF-8"},
		{"名前", "\n名前", "between elements"},
		{"<Amt>", "<Amt> ", "between elements"},
		{"<Amt>", "<Amt/>", "not of the shape"},
		{"</Amt>", "</Amt >", "not of the shape"},
		{"</Document>", "</Document><x/>", "something follows"},
		{"<MsgId>payout-2019-07-09<", "<MsgId>payout-2019-07-08<", "another id"},
		{"<Dt>2019-07-09</Dt>", "<Dt>2019-07-08</Dt>", "another id, method, day"},
		{"<Dt>2019-07-09</Dt>", "<Dt>2019-02-30</Dt>", "no date"},
		{"<PmtMtd>TRF", "<PmtMtd>CHK", "method"},
		{"<MmbId>0001</MmbId>", "", "a party without"},
		{"<Cd>JPZGN</Cd>", "<Cd>DEBLZ</Cd>", "neither an IBAN nor"},
		{"<Nm>名前</Nm>", "", "a party without a name"},
		{"<EndToEndId>id00000000000000000001</EndToEndId>", "", "without EndToEndId"},
		{"T03:04:05Z", "T03:04:05", "no time in UTC"},
		{"名前", strings.Repeat("名", maxToken), "longer than 1 MiB"},
	} {
		changed := strings.Replace(file, c.old, c.new, 1)
		if c.old == "" {
			changed = ""
		}
		if _, err := Read(strings.NewReader(changed), version); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q for %q: %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestWhatPainCannotHold(t *testing.T) {
	for _, c := range []struct {
		change func(b *Batch, p *Payment)
		want   string
	}{
		{func(b *Batch, p *Payment) { p.Payee.Kana = "" }, ""},
		{func(b *Batch, p *Payment) { p.Name = "closeout/2020:u+1 (x)" }, ""},
		{func(b *Batch, p *Payment) { p.Payee.IBAN = "DE89370400440532013001" }, "iban: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.IBAN = "de89370400440532013000" }, "iban: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.BIC = "COBADEF" }, "bic: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.BIC = "COBADE1F" }, "bic: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee = Payee{Name: "x"} }, "iban: missing_field"},
		{func(b *Batch, p *Payment) { p.Payee.Name, p.Payee.Kana = "", "" }, "name: missing_field"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = "ア\x01" }, "kana: unspellable"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = "ア\u202e" }, "kana: unspellable"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = "ア\xff" }, "kana: unspellable"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = " ア" }, "kana: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = strings.Repeat("ア", 141) }, "kana: too_long"},
		{func(b *Batch, p *Payment) { p.Name = strings.Repeat("x", 36) }, "refund_id: too_long"},
		{func(b *Batch, p *Payment) { p.Name = "a//b" }, "refund_id: bad_field"},
		{func(b *Batch, p *Payment) { p.Name = "名" }, "refund_id: unspellable"},
		{func(b *Batch, p *Payment) { p.Currency = money.MustCurrency("PTS") }, "currency: wrong_currency"},
		{func(b *Batch, p *Payment) { p.Currency = money.MustCurrency("PT") }, "currency: wrong_currency"},
		{func(b *Batch, p *Payment) { p.Amount, p.Currency = 1_000_000_000_000_000_001, kwd }, "amount: too_manyamount: bad_amount"},
		{func(b *Batch, p *Payment) { p.Payee.AccountNumber = "12345678" }, "account_number: bad_field"},
		{func(b *Batch, p *Payment) { b.ID = "" }, "batch id: missing_field"},
		{func(b *Batch, p *Payment) { b.ID = strings.Repeat("x", 32) }, "batch id: too_long"},
		{func(b *Batch, p *Payment) { b.Debtor.IBAN = "DE89370400440532013000" }, "debtor bic: missing_field"},
		{func(b *Batch, p *Payment) { b.Debtor.Name = "" }, "debtor name: missing_field"},
		{func(b *Batch, p *Payment) { b.CreatedAt = b.CreatedAt.AddDate(9999, 0, 0) }, "created_at: bad_field"},
	} {
		for _, version := range []string{"pain.001.001.09", "pain.001.001.03"} {
			b := testBatch()
			c.change(b, &b.Payments[0])
			got := ""
			problems := Check(version, b)
			for _, p := range problems {
				got += p.Field + ": " + p.Code
			}
			if got != c.want {
				t.Errorf("%v, want %q", problems, c.want)
			}
		}
	}
}

func TestControlSum(t *testing.T) {
	for _, c := range []struct {
		amounts string // minor units and currency
		want    string
	}{
		{"1 JPY", "1"},
		{"100 USD", "1"},
		{"1 KWD 1 USD 1 JPY", "1.011"},
		{"9223372036854775807 JPY 9223372036854775807 JPY", "18446744073709551614"},
		{"1 CLF", "0.0001"},
	} {
		var payments []Payment
		f := strings.Fields(c.amounts)
		for i := 0; i < len(f); i += 2 {
			var minor int64
			_, _ = fmt.Sscan(f[i], &minor)
			payments = append(payments, Payment{Amount: minor, Currency: money.MustCurrency(f[i+1])})
		}
		if got := decimalSum(controlSum(payments)); got != c.want {
			t.Errorf("%s: %s, want %s", c.amounts, got, c.want)
		}
	}
}

func TestIBAN(t *testing.T) {
	for _, good := range []string{"DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NO9386011117947"} {
		if !validIBAN(good) {
			t.Errorf("%s is refused", good)
		}
		for i := range good { // one place wrong is always seen
			wrong := []byte(good)
			if wrong[i]++; wrong[i] == '9'+1 || wrong[i] == 'Z'+1 {
				wrong[i] -= 2
			}
			if validIBAN(string(wrong)) {
				t.Errorf("%s is taken", wrong)
			}
		}
	}
	for _, bad := range []string{"", "DE", "DE89", "89DE370400440532013000", "DE89 3704 0044 0532 0130 00", strings.Repeat("DE", 18)} {
		if validIBAN(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestPainReaderKeepsNoFile(t *testing.T) {
	b := testBatch()
	one := b.Payments[0]
	b.Payments = nil
	for i := range 500 {
		one.Name = fmt.Sprintf("id%020x", i)
		b.Payments = append(b.Payments, one)
	}
	if _, err := Verify(bytes.NewReader(mustWrite(t, "pain.001.001.03", b)), "pain.001.001.03", b); err != nil {
		t.Error(err)
	}
}
