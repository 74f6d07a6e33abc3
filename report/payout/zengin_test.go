package payout

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"github.com/paytriage/paytriage/forensics/ledger"
)

func mustWrite(t testing.TB, format string, b *Batch) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Write(&out, format, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The file of testBatch, record by record, field by field.
var zenginRecords = []string{
	strings.Join([]string{"1", "21", "0", "1234567890", "ｾﾌﾞﾝﾍﾟｲ(ｶ                               ", "0709",
		"0034", "ｾﾌﾞﾝ           ", "101", "ﾏ-ｶﾞﾚﾂﾄ        ", "1", "7654321", strings.Repeat(" ", 17)}, ""),
	strings.Join([]string{"2", "0001", "ﾐｽﾞﾎ           ", "001", "ﾄｳｷﾖｳ          ", "0000", "1", "1234567",
		"ﾔﾏﾀﾞ ﾀﾛｳ                      ", "0000046000", "0", "AERUKZ4JVPG66AJD    ", "7", "Y", "       "}, ""),
	strings.Join([]string{"2", "9900", "               ", "018", "               ", "0000", "2", "0000042",
		"ｽｽﾞｷ ﾊﾅｺ                      ", "0000000001", "0", "7777777777777777-12 ", "7", "Y", "       "}, ""),
	"8" + "000002" + "000000046001" + strings.Repeat(" ", 101),
	"9" + strings.Repeat(" ", 119),
}

func TestWriteZengin(t *testing.T) {
	for format, lineEnd := range map[string]string{"zengin": "\r\n", "zengin-bare": ""} {
		file := mustWrite(t, format, testBatch())
		text, err := japanese.ShiftJIS.NewDecoder().String(string(file))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Join(zenginRecords, lineEnd) + lineEnd
		if d := cmp.Diff(want, text); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
		if len(file) != 5*(120+len(lineEnd)) {
			t.Errorf("%s: %d bytes", format, len(file))
		}
		for i := range 5 {
			if r := file[i*(120+len(lineEnd)):]; !bytes.HasPrefix(r[120:], []byte(lineEnd)) || r[0] != "12289"[i] {
				t.Errorf("%s: record %d is %q", format, i+1, r[:120])
			}
		}
	}
}

func TestReadZengin(t *testing.T) {
	file := mustWrite(t, "zengin", testBatch())
	got, err := Read(bytes.NewReader(file), "zengin-bare") // line ends are recognised
	if err != nil {
		t.Fatal(err)
	}
	if got.Payments[1].Name != "idffffffffffffffffffff-12" || got.Payments[1].Payee.Kana != "ｽｽﾞｷ ﾊﾅｺ" || got.Payments[1].Payee.AccountNumber != "0000042" {
		t.Errorf("%+v", got.Payments[1])
	}
	if got.PayOn.Month() != 7 || got.PayOn.Day() != 9 || got.PayOn.Year() != 0 || got.Debtor.Kana != "ｾﾌﾞﾝﾍﾟｲ(ｶ" {
		t.Errorf("%v %+v", got.PayOn, got.Debtor)
	}
	bare := bytes.ReplaceAll(file, []byte("\r\n"), nil)
	line := func(end string) string { return string(bytes.ReplaceAll(file, []byte("\r\n"), []byte(end))) }
	second := len(bare)/5 + 2
	for _, good := range []string{string(bare), line("\n"), line("\r"), string(bare) + "\x1a", string(file) + "\x1a", strings.TrimSuffix(string(file), "\r\n")} {
		if f, err := Read(strings.NewReader(good), "zengin"); err != nil || f.Totals.Of(jpy) != 46001 {
			t.Errorf("%.130q…: %v", good, err)
		}
	}
	change := func(at int, text string) string { return string(file[:at]) + text + string(file[at+len(text):]) }
	for _, c := range []struct{ file, want string }{
		{"", "record 1: 0 bytes"},
		{string(file[:119]), "record 1: 119 bytes"},
		{string(bare[:240]), "record 3: 0 bytes, not 120: the file is cut short"},
		{string(file[:122]), "record 2: 0 bytes"},
		{change(0, "2"), `record 1: データ区分 is '2', but 1 must stand here`},
		{change(1, "11"), "種別コード"},
		{change(3, "1"), "種別コード"},
		{change(54, "1332"), "振込指定日 is 1332"},
		{change(second, "9"), `record 2: データ区分 is '9', but 2 or 8`},
		{change(second+80, "000004600x"), "振込金額 at byte 81"},
		{change(second+80, "0000000000"), "amount 0 is not more than 0"},
		{change(second+80, "0000046001"), "record 4: the trailer says 2 payments, 46,001 JPY, but the file holds 2 payments, 46,002 JPY"},
		{change(3*122+6, "3"), "the trailer says 3 payments"},
		{change(second+50, "\x81"), "受取人名 at byte 51"},
		{change(second+120, "\n\n"), "another line end"},
		{change(second+120, "  "), "another line end"},
		{string(bare[:240]) + " " + string(bare[240:]), "record 3: データ区分"},
		{string(file) + string(file), "follows the end record"},
		{string(file) + "x", "follows the end record"},
	} {
		if _, err := Read(strings.NewReader(c.file), "zengin"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestEDIName(t *testing.T) {
	const id = "id0123456789abcdef0123"
	seen := map[string]string{}
	for n := 1; n <= maxSequence; n++ {
		name := ledger.Name(id, n)
		edi, ok := ediName(name)
		if !ok || len(edi) > ediLength || nameOf(edi) != name || seen[edi] != "" {
			t.Fatalf("%s: %q, %v, back %q", name, edi, ok, nameOf(edi))
		}
		seen[edi] = name
	}
	for _, name := range []string{"", "id", id + "-1000", id + "-1", id + "-0", id + "-02", id + "-", id + "-x", id + "--2", id + "-2-2", id + "-+2",
		id + "0", id[:21], strings.ToUpper(id), "ID" + id[2:], "id0123456789ABCDEF0123", "id0123456789abcdef012g", "x", "t-1"} {
		if edi, ok := ediName(name); ok {
			t.Errorf("%q became %q", name, edi)
		}
	}
	for _, edi := range []string{"", "AERUKZ4JVPG66AJ", "AERUKZ4JVPG66AJD-1", "AERUKZ4JVPG66AJD-", "aerukz4jvpg66ajd", "AERUKZ4JVPG66AJDAAAA", "12345678901234567890", "ｱ         ﾃｽﾄ ﾊﾅｺ"} {
		if name := nameOf(edi); name != "" {
			t.Errorf("%q was read as %q", edi, name)
		}
	}
}

func TestWhatZenginCannotHold(t *testing.T) {
	long := strings.Repeat("ガ", 15) // 30 bytes
	for _, c := range []struct {
		change func(b *Batch, p *Payment)
		want   string // field: code
	}{
		{func(b *Batch, p *Payment) { p.Payee.Kana = long }, ""},
		{func(b *Batch, p *Payment) { p.Payee.BankName = strings.Repeat("ア", 15) }, ""},
		{func(b *Batch, p *Payment) { p.Payee.BankName, p.Payee.BranchName = "", "" }, ""},
		{func(b *Batch, p *Payment) { p.Amount = zenginAmount }, ""},
		{func(b *Batch, p *Payment) { p.Payee.AccountNumber = "1" }, ""},
		{func(b *Batch, p *Payment) { p.Payee.AccountType = "4" }, ""},
		{func(b *Batch, p *Payment) { b.Debtor.Kana = strings.Repeat("ガ", 20) }, ""},
		{func(b *Batch, p *Payment) { b.Debtor.Code = "42" }, ""},
		{func(b *Batch, p *Payment) { p.Payee.Kana = long + "ア" }, "kana: too_long"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = "山田" }, "kana: unspellable"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = "" }, "kana: missing_field"},
		{func(b *Batch, p *Payment) { p.Payee.Kana = " 　" }, "kana: missing_field"},
		{func(b *Batch, p *Payment) { p.Payee.BankName = "みずほ銀行" }, "bank_name: unspellable"},
		{func(b *Batch, p *Payment) { p.Payee.BranchName = strings.Repeat("ガ", 8) }, "branch_name: too_long"},
		{func(b *Batch, p *Payment) { p.Payee.BankCode = "" }, "bank_code: missing_field"},
		{func(b *Batch, p *Payment) { p.Payee.BankCode = "1" }, "bank_code: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.BranchCode = "00１" }, "branch_code: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.AccountNumber = "12345678" }, "account_number: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.AccountNumber = "-1" }, "account_number: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.AccountType = "3" }, "account_type: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.AccountType = "12" }, "account_type: bad_field"},
		{func(b *Batch, p *Payment) { p.Payee.AccountType = "" }, "account_type: missing_field"},
		{func(b *Batch, p *Payment) { p.Currency = usd }, "currency: wrong_currency"},
		{func(b *Batch, p *Payment) { p.Amount = zenginAmount + 1 }, "amount: bad_amount"},
		{func(b *Batch, p *Payment) { p.Name = "t-1" }, "refund_id: bad_field"},
		{func(b *Batch, p *Payment) { b.Debtor.AccountType = "4" }, "debtor account_type: bad_field"},
		{func(b *Batch, p *Payment) { b.Debtor.Code = "12345678901" }, "debtor code: bad_field"},
		{func(b *Batch, p *Payment) { b.Debtor.Kana = "" }, "debtor kana: missing_field"},
		{func(b *Batch, p *Payment) { b.PayOn = b.PayOn.AddDate(-3000, 0, 0) }, "pay_on: bad_field"},
		{func(b *Batch, p *Payment) {
			for i := range 100 {
				more := *p
				more.Name, more.Amount = fmt.Sprintf("id%020x", i), zenginAmount
				b.Payments = append(b.Payments, more)
			}
		}, "amount: too_many"},
	} {
		b := testBatch()
		c.change(b, &b.Payments[0])
		problems := Check("zengin", b)
		got := ""
		for _, p := range problems {
			got += p.Field + ": " + p.Code
		}
		if got != c.want {
			t.Errorf("%v, want %q", problems, c.want)
		}
		if len(problems) == 0 {
			if _, err := Verify(bytes.NewReader(mustWrite(t, "zengin", b)), "zengin", b); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestReadZenginSample reads a file that another program made, and compares it
// with what is published of it, where both are at hand.
func TestReadZenginSample(t *testing.T) {
	const dir = "../../../shared/data/zengin/"
	file, err := os.ReadFile(dir + "input_sougou-furikomi.txt")
	if err != nil {
		t.Skip("the sample is not here")
	}
	said, err := os.ReadFile(dir + "sougou-furikomi.expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(file), "zengin")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string][]string{}
	for _, m := range regexp.MustCompile(`(\w+) +\[.*?\] (.*)|(computed\w+) +(.*)`).FindAllStringSubmatch(string(said), -1) {
		value := strings.Replace(m[2]+m[4], "(empty)", "", 1)
		fields[m[1]+m[3]] = append(fields[m[1]+m[3]], value)
	}
	have := map[string][]string{
		"originatorCode": {got.Debtor.Code}, "originatorName": {got.Debtor.Kana}, "originBankCode": {got.Debtor.BankCode},
		"originBankName": {got.Debtor.BankName}, "originBranchCode": {got.Debtor.BranchCode}, "valueDate": {got.PayOn.Format("0102")},
		"computedCount": {fmt.Sprint(got.Totals.Count)}, "computedTotal": {fmt.Sprint(got.Totals.Of(jpy))},
		"accountType": {got.Debtor.AccountType}, "accountNumber": {got.Debtor.AccountNumber},
	}
	for _, p := range got.Payments {
		for name, value := range map[string]string{
			"beneficiaryBankCode": p.Payee.BankCode, "beneficiaryBankName": p.Payee.BankName,
			"beneficiaryBranchCode": p.Payee.BranchCode, "beneficiaryBranchName": p.Payee.BranchName,
			"accountType": p.Payee.AccountType, "accountNumber": p.Payee.AccountNumber,
			"beneficiaryName": p.Payee.Kana, "amount": fmt.Sprintf("%010d", p.Amount),
		} {
			have[name] = append(have[name], value)
		}
		if p.Name != "" {
			t.Errorf("a name was read where none of ours stands: %q", p.Name)
		}
	}
	for name, values := range have {
		if d := cmp.Diff(fields[name], values); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
