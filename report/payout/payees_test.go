package payout

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
)

const payeesFile = "txn_id,account_id,name,kana,bank_code,branch_code,account_type,account_number,iban,bic,country,psp_reference,shoe_size\n" +
	",u-1,山田 太郎,ヤマダ タロウ,０００１,001,普通預金,１２３４５６７,,,jp,,43\n" +
	"t-1,u-1,,,,,,,,,,ch_1,\n" +
	"t-2,u-1,,,,,,,,,,ch_2,\n" +
	"t-2,u-1,,,,,,,,,,ch_3,\n" +
	",u-1, 山田 太郎　,ヤマダ タロウ,0001,001,1,1234567,,,JP,,\n" + // says the same
	",u-2,José,,,,,,de89 3704 0044 0532 0130 00,cobadeff,DE,ch_9,\n" +
	",u-3,A,,,,,,,,,,\n" +
	",u-3,B,,,,,,,,,,\n" +
	",u-3,A,,,,,,,,,,\n" +
	",,nobody,,,,,,,,,,\n" +
	"short,row\n" +
	"t-1,'=u-4 ,,,,,,,,,,ch_4,\n"

func TestReadPayees(t *testing.T) {
	payees, problems, err := ReadPayees(strings.NewReader(payeesFile), "")
	if err != nil {
		t.Fatal(err)
	}
	taro := Payee{Name: "山田 太郎", Kana: "ヤマダ タロウ", BankCode: "0001", BranchCode: "001", AccountType: "1", AccountNumber: "1234567", Country: "JP"}
	with := func(p Payee, ref string) Payee { p.PSPReference = ref; return p }
	jose := Payee{Name: "José", IBAN: "DE89370400440532013000", BIC: "COBADEFF", Country: "DE", PSPReference: "ch_9"}
	for _, c := range []struct {
		account, txn string
		want         Payee
		ok           bool
	}{
		{"u-1", "", taro, true},
		{"u-1", "t-1", with(taro, "ch_1"), true},
		{"u-1", "t-2", taro, true}, // the file contradicts itself
		{"u-1", "t-9", taro, true},
		{"u-2", "", jose, true},
		{"u-2", "t-9", jose, true},
		{"u-3", "", Payee{}, false},
		{"=u-4 ", "t-1", Payee{PSPReference: "ch_4"}, true},
		{"=u-4 ", "", Payee{}, false},
		{"u-5", "", Payee{}, false},
	} {
		got, ok := payees.Of(c.account, c.txn)
		if ok != c.ok {
			t.Errorf("Of(%q, %q): %v, want %v", c.account, c.txn, ok, c.ok)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("Of(%q, %q) (-want +got):\n%s", c.account, c.txn, d)
		}
	}
	var got []string
	for _, p := range problems {
		text, _, _ := strings.Cut(p.String(), "; there are")
		got = append(got, text)
	}
	want := []string{
		`line 1: column "shoe_size" is not known and was passed over`,
		`lines 4, 5 (account "u…", transaction "t…"): the rows differ in psp_reference, so none of them is used`,
		`lines 8, 9, 10 (account "u…"): the rows differ in who receives the money, so none of them is used`,
		`line 11: account_id is empty, so it is nobody's`,
		`line 12: 2 cells, but the header has 13`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	if payees.Rows() != 10 {
		t.Errorf("%d rows used, want 10", payees.Rows())
	}
}

func TestPayeesInEveryEncoding(t *testing.T) {
	const file = "account_id,kana,name\r\nu-1,ﾔﾏﾀﾞ ﾀﾛｳ,髙橋①"
	cp932, err := japanese.ShiftJIS.NewEncoder().String(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, encoding, wrong string }{
		{file, "", ""},
		{"\ufeff" + file, "", ""},
		{file, "utf-8", ""},
		{cp932, "", ""},
		{cp932, "cp932", ""},
		{"\ufeff" + file, "cp932", ""}, // the mark is certain
		{cp932, "utf-8", "not UTF-8"},
		{cp932 + "\n\xff\xff", "", "neither"},
		{file, "utf-16", "no encoding"},
		// These bytes are "ö" in UTF-8 and "ﾃｶ" in CP932.
		{"account_id,name\nu-1,\xc3\xb6\n", "", "say which it is"},
	} {
		payees, _, err := ReadPayees(strings.NewReader(c.file), c.encoding)
		switch {
		case c.wrong != "":
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q as %q: %v, want %q", c.file, c.encoding, err, c.wrong)
			}
		case err != nil:
			t.Errorf("%q as %q: %v", c.file, c.encoding, err)
		default:
			if p, ok := payees.Of("u-1", ""); !ok || p.Kana != "ﾔﾏﾀﾞ ﾀﾛｳ" || p.Name != "髙橋①" {
				t.Errorf("%q as %q: %+v", c.file, c.encoding, p)
			}
		}
	}
	for bytes, name := range map[string]string{"\xef\xbb\xbfaccount_id,name\nu-1,\xc3\xb6\n": "ö", "account_id,name\nu-1,\xc3\xb6\n\"u-2\",あ\n": "ö"} {
		payees, _, err := ReadPayees(strings.NewReader(bytes), "")
		if err != nil {
			t.Error(err)
		} else if p, _ := payees.Of("u-1", ""); p.Name != name {
			t.Errorf("%q: %q, want %q", bytes, p.Name, name)
		}
	}
}

func TestPayeesThatCannotBeRead(t *testing.T) {
	for file, want := range map[string]string{
		"":                             "empty",
		"name\nx\n":                    "account_id is missing",
		"account_id,account_id\na,b\n": "stands twice",
		"account_id\n\"a\n":            "cut short",
		"account_id\na\"b\n":           "line 2",
	} {
		if _, _, err := ReadPayees(strings.NewReader(file), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
}

func TestReadDebtor(t *testing.T) {
	d, err := ReadDebtor(strings.NewReader("merchant,code,kana,account_type,account_number\nShop,１２３４５６７８９０,ｾﾌﾞﾝ,当座,42\n"), "")
	if want := (Debtor{Code: "1234567890", Kana: "ｾﾌﾞﾝ", AccountType: "2", AccountNumber: "42", Merchant: "Shop"}); err != nil || d != want {
		t.Errorf("%+v, %v; want %+v", d, err, want)
	}
	for file, want := range map[string]string{
		"":                 "empty",
		"code\n":           "no row",
		"code\n1\n2\n":     "second row",
		"code\n1,2\n":      "2 cells",
		"code,cod\n1,2\n":  `column "cod" is not known`,
		"code,code\n1,2\n": "twice",
	} {
		if _, err := ReadDebtor(strings.NewReader(file), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
}
