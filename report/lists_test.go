package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/closeout"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/csvfile"
)

var listSeeds = []string{
	"account_id,balance,currency\na,1,JPY\n",
	"\ufeffaccount_id,balance,currency\r\n\"'=a\",-12.50,USD\r\n",
	"account_id,balance,currency\na,1.5,JPY\n",
	"account_id,balance,currency\na,1,XXXX\n,1,JPY\nb\n\nc,1,JPY,2\n",
	"account_id,balance,currency,at,as_of\na,1,JPY,opening,\nb,2,JPY,closing,2019-09-30T15:00:00Z\nc,3,JPY,,2019-09-29\nd,4,JPY,then,\n",
	"account_id,claimed_at,payee_check\na,2019-10-01,ok\n",
	"refund_id,answer\na,stopped\n",
	"a,a\n", "", "\n", "\"", "account_id",
	"account_id,balance,currency\n" + strings.Repeat("x", 10_000) + ",99999999999999999999,JPY\n",
}

func TestReadHoldings(t *testing.T) {
	end := time.Date(2019, 9, 30, 15, 0, 0, 0, time.UTC).UnixMicro()
	yen, usd := money.MustCurrency("JPY"), money.MustCurrency("USD")
	tests := []struct {
		in      string
		closing []Holding
		opening []Holding
		bad     int
		err     string
	}{
		{listSeeds[0], []Holding{{"a", yen, 1}}, nil, 0, ""},
		{listSeeds[1], []Holding{{"=a", usd, -1250}}, nil, 0, ""},
		{listSeeds[2], nil, nil, 1, ""},
		{listSeeds[3], nil, nil, 4, ""},
		{listSeeds[4], []Holding{{"b", yen, 2}}, []Holding{{"a", yen, 1}}, 2, ""},
		{"account_id,balance\na,1\n", nil, nil, 0, "currency"},
		{"account_id,balance,currency\na,1,JPY", nil, nil, 0, "cut short"},
		{"account_id,balance,currency\na,1,JPY\na,1,JPY\n", nil, nil, 0, "on line 2 already"},
		{"", nil, nil, 0, "empty"},
	}
	for _, tc := range tests {
		closing, opening, bad, err := ReadHoldings("f", strings.NewReader(tc.in), 0, end)
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%.40q: %v", tc.in, err)
			continue
		}
		if d := cmp.Diff(tc.closing, closing) + cmp.Diff(tc.opening, opening); err == nil && (d != "" || len(bad) != tc.bad) {
			t.Errorf("%.40q: %s %v", tc.in, d, bad)
		}
	}
}

// FuzzLists reads any bytes as each kind of list: no panic, and every row is
// understood, rejected, or an error.
// FuzzLists reads every list that a team hands in, whatever it is.
func FuzzLists(f *testing.F) {
	for _, s := range listSeeds {
		f.Add(s)
	}
	const balances = "account_id,currency,balance,at,as_of\n"
	for _, s := range []string{
		balances + "a1,JPY,1,,\n", balances + "a1,USD,1.20,opening,2019-07-04T00:00:00Z\n\"a", "\ufeff" + balances + "\"a\nb\",JPY,-3,,\r\n", "x",
		"account_id,txn_id,decision,who,why,when,validation\n0012,\"t;1\",dismiss,o,,2019-07-04T10:00:00+09:00,issuer\n",
		"\ufeffwhen,why,who,decision,account_id\r\n2019-07-04,'=x,w,confirm,'=a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkBalances(t, in)
		checkDecisions(t, in)
		closings, openings, bad, err := ReadHoldings("f", strings.NewReader(in), 0, 0)
		if err == nil {
			l, err := openList("f", strings.NewReader(in), "account_id")
			if err != nil {
				t.Fatal(err)
			}
			for ok := true; ok; {
				if ok, err = l.next(); err != nil {
					t.Fatal(err)
				}
			}
			if n := int64(len(closings) + len(openings) + len(bad)); n != l.read {
				t.Fatalf("%d rows read, %d accounted for", l.read, n)
			}
		}
		ReadClaims("f", strings.NewReader(in), time.UTC)
		ReadAnswers("f", strings.NewReader(in))
		ReadIssuers("f", strings.NewReader(in))
		ReadCutoffs("f", strings.NewReader(in))
		ReadExported("f", strings.NewReader(in))
	})
}

func checkBalances(t *testing.T, text string) {
	t.Helper()
	b, err := ReadBalances(strings.NewReader(text), "b")
	if err != nil {
		return
	}
	if b.Read != int64(len(b.Rows))+b.Rejected || int64(len(b.Unread)) > b.Rejected {
		t.Fatalf("%d read, %d accepted, %d rejected, %d kept", b.Read, len(b.Rows), b.Rejected, len(b.Unread))
	}
	for _, r := range b.Rows {
		if _, known := r.Currency.Exponent(); r.Account == "" || !known {
			t.Fatalf("%+v", r)
		}
	}
	for _, r := range b.Unread {
		if r.Line < 2 || r.Reason == "" || !strings.Contains(text, r.Raw) {
			t.Fatalf("%+v", r)
		}
	}
}

func checkDecisions(t *testing.T, text string) {
	t.Helper()
	list, err := ReadDecisions(strings.NewReader(text))
	if err != nil && list != nil {
		t.Error("decisions beside an error")
	}
	for _, d := range list {
		if d.Account == "" || d.Who == "" || d.Validation == ledger.NotValidated {
			t.Errorf("a decision lacks something: %+v", d)
		}
	}
}

// TestExportedRoundTrip: what is exported is read back as it was, whatever the ids.
func TestExportedRoundTrip(t *testing.T) {
	paid := []closeout.Paid{
		{Export: "id1", ID: "id1", Account: "=1+1", Currency: money.MustCurrency("JPY"), Amount: 1, On: 18000},
		{Export: "id2-2", ID: "id2", Account: "a;b,\"c\"\n\x1b" + strings.Repeat("x", 10_000), Currency: money.MustCurrency("PTS"), Amount: 1 << 40, On: 18001},
	}
	table, err := ExportedTable(paid)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := csvfile.Write(&b, table); err != nil {
		t.Fatal(err)
	}
	got, err := ReadExported("f", strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(paid, got); d != "" {
		t.Error(d)
	}
	for _, broken := range []string{strings.Replace(b.String(), ",1,JPY", ",-1,JPY", 1), strings.Replace(b.String(), "JPY,2019-04-14", "JPY,2019-04-31", 1), b.String()[:len(b.String())-2]} {
		if broken == b.String() {
			t.Fatal("nothing was broken")
		}
		if _, err := ReadExported("f", strings.NewReader(broken)); err == nil {
			t.Errorf("%.200q was read", broken)
		}
	}
}
