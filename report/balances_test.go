package report_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report"
)

const balanceHeader = "account_id,currency,balance,at,as_of\n"

func readBalances(t testing.TB, text string) *report.Balances {
	t.Helper()
	b, err := report.ReadBalances(strings.NewReader(text), "balances.csv")
	if err != nil {
		t.Fatal(err)
	}
	if b.Read != int64(len(b.Rows))+b.Rejected {
		t.Fatalf("%d rows read, %d accepted, %d rejected", b.Read, len(b.Rows), b.Rejected)
	}
	return b
}

func TestReadBalances(t *testing.T) {
	jpy, usd, kwd := money.MustCurrency("JPY"), money.MustCurrency("USD"), money.MustCurrency("KWD")
	const noon = 1562198400 * 1_000_000 // 2019-07-04T00:00:00Z
	for _, e := range []struct {
		name, text string
		want       []forensics.Balance
	}{
		{"closing unless it says so, in the currency's own digits", "account_id,currency,balance\na1,JPY,1200\na1,USD,12.34\na2,kwd,1.5\n",
			[]forensics.Balance{{Account: "a1", Currency: jpy, Amount: 1200, Until: math.MaxInt64}, {Account: "a1", Currency: usd, Amount: 1234, Until: math.MaxInt64}, {Account: "a2", Currency: kwd, Amount: 1500, Until: math.MaxInt64}}},
		{"opening, and below zero", balanceHeader + "a1,JPY,0,opening,\na2,JPY,-5,closing,\n",
			[]forensics.Balance{{Account: "a1", Currency: jpy, Amount: 0, Until: math.MinInt64}, {Account: "a2", Currency: jpy, Amount: -5, Until: math.MaxInt64}}},
		{"as of an instant: after its rows, or before them", balanceHeader + "a1,JPY,7,,2019-07-04T00:00:00Z\na1,JPY,7,opening,2019-07-04T09:00:00+09:00\n",
			[]forensics.Balance{{Account: "a1", Currency: jpy, Amount: 7, Until: noon + 1}, {Account: "a1", Currency: jpy, Amount: 7, Until: noon}}},
		{"columns in any order, others passed over, as a spreadsheet saves it", "\ufeffnote, balance ,account_id,currency\r\nx,\"5\",\"'=1\",JPY\r\n",
			[]forensics.Balance{{Account: "=1", Currency: jpy, Amount: 5, Until: math.MaxInt64}}},
		{"no rows", balanceHeader, nil},
	} {
		t.Run(e.name, func(t *testing.T) {
			b := readBalances(t, e.text)
			if diff := cmp.Diff(e.want, b.Rows); diff != "" || b.Rejected > 0 {
				t.Errorf("%s%v", diff, b.Unread)
			}
		})
	}
}

// TestReadBalancesRejects: a row that cannot be read is counted, named and kept,
// and the rows after it are read.
func TestReadBalancesRejects(t *testing.T) {
	rows := []struct{ row, column, reason string }{
		{"a1,JPY", "", "not as many fields as the header"},
		{"a1,JPY,1,,,", "", "not as many fields as the header"},
		{",JPY,1,,", "account_id", "empty"},
		{"a1,,1,,", "currency", "not a currency code with known digits"},
		{"a1,YEN!,1,,", "currency", "not a currency code with known digits"},
		{"a1,ZZZ,1,,", "currency", "not a currency code with known digits"},
		{"a1,JPY,,,", "balance", "not a decimal in the currency's own digits"},
		{"a1,JPY,1.5,,", "balance", "not a decimal in the currency's own digits"},
		{"a1,USD,1.234,,", "balance", "not a decimal in the currency's own digits"},
		{"a1,JPY,--1,,", "balance", "not a decimal in the currency's own digits"},
		{"a1,JPY,99999999999999999999,,", "balance", "not a decimal in the currency's own digits"},
		{"a1,JPY,1,never,", "at", "neither opening nor closing"},
		{"a1,JPY,1,,2019-07-04", "as_of", "cannot read this time; it should carry its zone, like 2019-07-04T00:00:00+09:00"},
		{`"a1"x,JPY,1,,`, "", `extraneous or missing " in quoted-field`},
		{"a1,JPY,1,,9999-99-99T00:00:00Z", "as_of", "cannot read this time; it should carry its zone, like 2019-07-04T00:00:00+09:00"},
	}
	var text strings.Builder
	text.WriteString(balanceHeader)
	var want []forensics.UnreadRow
	for i, r := range rows {
		text.WriteString(r.row + "\ngood,JPY,1,,\n")
		want = append(want, forensics.UnreadRow{Source: "balances.csv", Line: int64(2 + 2*i), Column: r.column, Reason: r.reason, Raw: r.row})
	}
	b := readBalances(t, text.String())
	if diff := cmp.Diff(want, b.Unread); diff != "" || len(b.Rows) != len(rows) {
		t.Errorf("%d rows: %s", len(b.Rows), diff)
	}
	// A quote that is never closed takes the rest with it, and is cut.
	b = readBalances(t, balanceHeader+"good,JPY,1,,\n\"a1,"+strings.Repeat("x", 10_000))
	if len(b.Rows) != 1 || b.Rejected != 1 || len(b.Unread[0].Raw) != 4096 {
		t.Errorf("%d rows, %d rejected", len(b.Rows), b.Rejected)
	}
}

func TestReadBalancesErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "the file is empty, not even a header",
		"account_id,balance\n":       "line 1: column is missing: currency",
		"account_id,account_id,x\n":  "line 1: column account_id stands twice",
		"\"account_id\"x,currency\n": `line 1: extraneous or missing " in quoted-field`,
	} {
		if _, err := report.ReadBalances(strings.NewReader(text), "b"); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader(balanceHeader+"a,JPY,1,,\n"), errorReader{broken})
	if _, err := report.ReadBalances(r, "b"); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// TestReadManyBalances: what is kept of the file does not grow with it, and rows
// far behind are shown as they stand.
func TestReadManyBalances(t *testing.T) {
	var text strings.Builder
	text.WriteString(balanceHeader)
	for i := range 20_000 {
		fmt.Fprintf(&text, "account-%d,JPY,%d,,\n", i, i)
		if i%1000 == 999 {
			fmt.Fprintf(&text, "bad-%d,JPY\n", i)
		}
	}
	b := readBalances(t, text.String())
	if len(b.Rows) != 20_000 || b.Rows[19_999].Amount != 19_999 || b.Rejected != 20 || b.Unread[19].Raw != "bad-19999,JPY" {
		t.Errorf("%d rows, %d rejected, the last %+v", len(b.Rows), b.Rejected, b.Unread[len(b.Unread)-1])
	}
}
