package claims

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
)

var sheets = []struct {
	name, text string
	by         ledger.Validation
	claims     []string // accounts and transactions of the rows that are taken
	rejected   []string // line column: reason
}{
	{"plain", "account_id,txn_id,by\na,,customer\n,t,issuer\n", 0, []string{"a/ customer", "/t issuer"}, nil},
	{"the flag says who", "account_id\na\n", ledger.Issuer, []string{"a/ issuer"}, nil},
	{"nobody says who", "account_id\na\n", 0, nil, []string{"2 by: does not say whether customer or issuer claims it"}},
	{"a byte order mark and CR LF", "\ufeffaccount_id,by\r\na,customer\r\n", 0, []string{"a/ customer"}, nil},
	{"names nothing", "account_id,claim_id\n,X\n", ledger.Customer, nil, []string{"2 : names neither an account nor a charge nor an instrument"}},
	{"another number of cells", "account_id,claim_id\na\nb,1\nc,1,2\n", ledger.Customer, []string{"b/ customer"}, []string{"2 : has 1 cells, the header has 2", "4 : has 3 cells, the header has 2"}},
	{"an instrument without a day", "funding_ref,amount,currency,date\ntok,100,JPY,\ntok,,,2019-07-02\n", ledger.Issuer, nil, []string{"2 date: an instrument needs amount and date to name a charge", "3 amount: an instrument needs amount and date to name a charge"}},
	{"an instrument", "card_last4,amount,currency,date\n1234,100,JPY,2019-07-02\n12x4,100,JPY,2019-07-02\n", ledger.Issuer, []string{"/ issuer"}, []string{"3 card_last4: is not four digits"}},
	{"amounts", "account_id,amount,currency\na,1.5,JPY\nb,1.50,USD\nc,-1,JPY\nd,1,QQQ\n", ledger.Customer, []string{"b/ customer"}, []string{`2 amount: "1.5" is no amount in JPY`, `4 amount: "-1" is no amount in JPY`, `5 currency: "QQQ" is no currency that is known`}},
	{"times", "account_id,reported_at,date\na,2019-07-04T10:00:00+09:00,2019-07-02\nb,yesterday,\nc,,02.07.2019\n", ledger.Customer, []string{"a/ customer"}, []string{`3 reported_at: cannot read "ye…ay" as a time such as 2019-07-04T10:00:00+09:00, or a day such as 2019-07-04`, `4 date: cannot read "02…19" as a day such as 2019-07-02`}},
	{"a quote within", "account_id,claim_id\na\"b,1\nc,2\n", ledger.Customer, []string{"c/ customer"}, []string{`2 : is not CSV: bare " in non-quoted-field`}},
	{"a quote that is never closed", "account_id,claim_id\na,1\n\"b,1\nc,2\nd,3\n", ledger.Customer, []string{"a/ customer", "c/ customer", "d/ customer"}, []string{`3 : is not CSV: extraneous or missing " in quoted-field`}},
	{"not in UTF-8", "account_id,note\n\x93\xfa\x96{,x\na,\x93\xfa\n", ledger.Customer, []string{"a/ customer"}, []string{"2 account_id: is not in UTF-8: save the file as CSV in UTF-8"}},
	{"text that a spreadsheet would run", "account_id,claim_id\n'=1+1,'-12\n", ledger.Customer, []string{"=1+1/ customer"}, nil},
}

func TestRead(t *testing.T) {
	for _, tt := range sheets {
		t.Run(tt.name, func(t *testing.T) {
			var s Sheet
			if err := s.ReadFile("f.csv", strings.NewReader(tt.text), ReadOptions{By: tt.by, Days: time.UTC}); err != nil {
				t.Fatal(err)
			}
			var got, bad []string
			for _, c := range s.Claims {
				got = append(got, c.Account+"/"+c.Txn+" "+c.By.String())
			}
			for _, r := range s.Rejected {
				bad = append(bad, fmt.Sprintf("%d %s: %s", r.Line, r.Column, r.Reason))
			}
			if diff := cmp.Diff(tt.claims, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.rejected, bad); diff != "" {
				t.Error(diff)
			}
			if s.Read != int64(len(got)+len(bad)) {
				t.Errorf("%d read", s.Read)
			}
		})
	}
}

func TestReadRefusesWhatIsNoListOfClaims(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "f: is empty, not even a header"},
		{"\"x", "f: the first line cannot be read as CSV"},
		{"name,amount\nx,1\n", "f: has none of the columns account_id, txn_id, funding_ref, card_last4"},
		{"txn_id,txn_id\n", "f: two columns named txn_id"},
		{"account_id,date\na,2019-07-02\n", "f:2: date: a day without a zone"},
	} {
		var s Sheet
		if err := s.ReadFile("f", strings.NewReader(tt.text), ReadOptions{By: ledger.Customer}); err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// TestDays: a stamp means its day where it was made, a day one in the zone given.
func TestDays(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	for _, tt := range []struct{ text, from string }{
		{"2019-07-02", "2019-07-01T15:00:00Z"},
		{"2019-07-02T23:59:59+09:00", "2019-07-01T15:00:00Z"},
		{"2019-07-02T01:00:00Z", "2019-07-02T00:00:00Z"},
	} {
		var s Sheet
		if err := s.ReadFile("f", strings.NewReader("account_id,date\na,"+tt.text+"\n"), ReadOptions{By: ledger.Customer, Days: tokyo}); err != nil {
			t.Fatal(err)
		}
		c := s.Claims[0]
		if from := time.UnixMicro(c.From).UTC().Format(time.RFC3339); from != tt.from || c.To-c.From != day {
			t.Errorf("%s: from %s", tt.text, from)
		}
	}
}

// TestSettle: a row without a currency has the only one of the logs.
func TestSettle(t *testing.T) {
	for _, tt := range []struct {
		only           string
		kept, rejected int
	}{{"JPY", 2, 1}, {"USD", 3, 0}, {"", 1, 2}} {
		var s Sheet
		if err := s.ReadFile("f", strings.NewReader("account_id,amount,currency\na,100,JPY\nb,100,\nc,1.5,\n"), ReadOptions{By: ledger.Customer}); err != nil {
			t.Fatal(err)
		}
		cur, _ := money.ParseCurrency([]byte(tt.only))
		if s.Settle(cur); len(s.Claims) != tt.kept || len(s.Rejected) != tt.rejected || s.Read != 3 {
			t.Errorf("%s: %d kept, %d rejected", tt.only, len(s.Claims), len(s.Rejected))
		}
	}
}

func TestCardNumbersAreMasked(t *testing.T) {
	for in, want := range map[string]string{
		"a,4111111111111111,b": "a,411111******1111,b",
		"123456789012":         "123456789012",
		"x1234567890123y":      "x123456***0123y",
		"12345678901234567890": "12345678901234567890",
	} {
		if got := maskCards(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// FuzzRead: no bytes lose a row, and every row that is taken names something.
func FuzzRead(f *testing.F) {
	for _, s := range sheets {
		f.Add(s.text)
	}
	if len(sheets) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Sheet
		if err := s.ReadFile("f", strings.NewReader(text), ReadOptions{By: ledger.Customer, Days: time.UTC}); err != nil {
			return
		}
		s.Settle(jpy)
		if s.Read != int64(len(s.Claims)+len(s.Rejected)) {
			t.Fatalf("%d read, %d taken, %d rejected", s.Read, len(s.Claims), len(s.Rejected))
		}
		for i := range s.Claims {
			c := &s.Claims[i]
			if c.Txn == "" && c.Account == "" && (c.FundingRef == "" && c.Last4 == "" || c.From == 0 || c.AmountText == "") {
				t.Fatalf("claims nothing: %+v", c)
			}
		}
		if _, err := Judge(s.Claims, &Facts{}); err != nil {
			t.Fatal(err)
		}
	})
}
