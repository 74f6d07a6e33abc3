package report

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

var jpy, usd = money.MustCurrency("JPY"), money.MustCurrency("USD")

// raided is a case with one account of each state, hostile texts among them.
func raided() *forensics.Case {
	const confirmed, possible = takeover.Confirmed, takeover.Possible
	entry := func(account string, tier takeover.Tier, minutes int64, lost bool) forensics.Takeover {
		return forensics.Takeover{Account: account, Tier: tier, Score: 300, TakeoverAt: at(minutes), Lost: lost, SourceIP: "192.0.2.7", Device: "phone", Source: "auth.csv", Line: minutes}
	}
	charge := func(txn, account string, kind event.Kind, amount int64, currency money.Currency, status string, minutes int64) forensics.Charge {
		return forensics.Charge{Txn: txn, Account: account, Time: at(minutes), Kind: kind, Amount: amount, Currency: currency, Status: status, Store: "=S;1\n", Device: "phone",
			Tier: confirmed, Score: 250, Source: "pay.csv", Line: minutes, Terminal: "T1"}
	}
	c := caseOf([]forensics.Takeover{
		entry("emptied", confirmed, 50, true), entry("left", confirmed, 49, true), entry("pending", confirmed, 48, true), entry("declined", confirmed, 47, false),
		entry("entered-late", confirmed, 10, false), entry("entered-early", confirmed, 46, false), entry("perhaps", possible, 45, false), entry("decided", possible, 44, false),
		entry("dollars", confirmed, 43, true),
	}, []forensics.Charge{
		charge("t1", "emptied", event.Payment, 20_000, jpy, "approved", 40),
		charge("t2", "left", event.TopUp, 30_000, jpy, "approved", 39), charge("t3", "left", event.Payment, 1_000, jpy, "approved", 38),
		charge("t4", "pending", event.Payment, 5_000, jpy, "pending", 37),
		charge("t5", "declined", event.Payment, 9_000, jpy, "declined", 36),
		charge("t6", "dollars", event.TopUp, 900, usd, "approved", 35),
	})
	clawback := func(account string, amount int64, currency money.Currency) forensics.Refund {
		return forensics.Refund{ID: "r" + account, Account: account, Component: refund.BalanceClawback, Channel: refund.Balance, Amount: -amount, Gross: -amount, Currency: currency, Tier: confirmed}
	}
	c.Refunds = []forensics.Refund{clawback("left", 29_000, jpy), clawback("dollars", 900, usd)}
	victim := func(account string, loss int64) forensics.Victim {
		return forensics.Victim{Account: account, Tier: confirmed, NetLoss: loss, Currency: jpy, TakeoverAt: at(50), FirstFraud: at(40), LastFraud: at(40)}
	}
	c.Victims = []forensics.Victim{victim("emptied", 20_000), victim("left", 1_000), victim("pending", 5_000)}
	c.Mules = []forensics.Mule{{Account: "mule", Received: 8_000, Moved: 1_000, Traced: true, Currency: jpy, First: at(30), Last: at(29), From: 1, Transfers: 1},
		{Account: "mule-empty", Received: 8_000, Moved: 8_000, Traced: true, Currency: jpy, First: at(30), Last: at(29)},
		{Account: "emptied", Received: 8_000, Currency: jpy, First: at(30), Last: at(29), Victim: true}}
	c.Decisions = []forensics.Decision{{}}
	d := &c.Decisions[0]
	d.Account, d.Confirm, d.Who, d.When, d.Effect = "decided", true, "kato", at(5), forensics.DecisionApplied
	c.Places = []forensics.Place{
		{Kind: "ip", Value: "192.0.2.7", Role: "tester", Tried: 90, Entered: 8, Attempts: 100, Failures: 92, First: at(60), Last: at(41), Score: 300, Counted: true},
		{Kind: "network", Value: "192.0.2.0/24", Role: "tester", Tried: 92, Entered: 8, Attempts: 104, Failures: 95, First: at(61), Last: at(41), Score: 300, Counted: true, Others: 3},
		{Kind: "ip", Value: "10.0.0.1", Role: "executor", Tried: 2, Entered: 2, Attempts: 2, First: at(40), Last: at(35), Score: 300, Counted: true},
		{Kind: "device", Value: "phone", Role: "executor", Tried: 4, Entered: 4, Attempts: 4, First: at(40), Last: at(35), Score: 300, Counted: true},
		{Kind: "device", Value: "emptied", Role: "executor", Tried: 1, Entered: 1, Attempts: 1, First: at(40), Last: at(35), Score: 300, Counted: true},
		{Kind: "device", Value: "owner's", Role: "executor", Tried: 1, Entered: 1, Attempts: 1, First: at(40), Last: at(35), Score: 300, Counted: true, Others: 1},
		{Kind: "user_agent", Value: "=app/1 (entered-late; x)", Role: "tester", Tried: 90, Attempts: 100, First: at(60), Last: at(41), Score: 200, Counted: true},
		{Kind: "user_agent", Value: "=app/1 (jan@example.com)", Role: "tester", Tried: 90, Attempts: 100, First: at(60), Last: at(41), Score: 200, Counted: true},
		{Kind: "user_agent", Value: "=app/1", Role: "tester", Tried: 90, Attempts: 100, First: at(60), Last: at(41), Score: 200, Counted: true},
	}
	c.Stores = []forensics.Store{{Store: "=S;1\n", Charges: 3, Victims: 3, Amount: 26_000, First: at(40), Last: at(37), Currency: jpy}}
	visit := func(store string, from, to int64, amount int64, currency money.Currency, terminals ...string) forensics.StoreVisit {
		return forensics.StoreVisit{Store: store, From: from, To: to, Charges: 1, Accounts: 1, Amount: amount, Currency: currency, Terminals: terminals}
	}
	second := time.Second.Microseconds()
	c.Visits = []forensics.StoreVisit{
		visit("S1", at(40), at(40), 20_000, jpy, "T2"), visit("S1", at(36)+second, at(35), 7_000, jpy, "T1", "T2"), visit("S1", at(20), at(20), 100, jpy),
		visit("S1", at(40), at(40), 5, usd), visit("S2", at(10)+second, at(10)+2*second, 26_999, jpy),
	}
	return c
}

// written writes a case and returns its folder.
func written(t testing.TB, c *forensics.Case, format string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	f, err := Open(dir, Options{Formats: []string{format}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(context.Background(), c, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// texts returns the named cells of a table, a row a line.
func texts(t *table.Table, columns ...string) string {
	var b strings.Builder
	for row := range t.Rows() {
		for n, name := range columns {
			if n > 0 {
				b.WriteByte(' ')
			}
			at, _ := t.Schema().Find(name)
			cells := t.Cells(at)
			switch {
			case cells.Null(row):
				b.WriteByte('-')
			case t.Schema().Columns[at].Kind.IsText():
				b.WriteString(cells.Text(row))
			case t.Schema().Columns[at].Kind == table.Time:
				b.WriteString(time.UnixMicro(cells.Int(row)).UTC().Format("15:04:05"))
			default:
				b.WriteString(money.Format(cells.Int(row), money.MustCurrency("JPY"))[:len(money.Format(cells.Int(row), money.MustCurrency("JPY")))-len(" JPY")])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestFreezeTable tests who is on the freeze list, with what in reach, in which
// order: what a named account may lose still, one that nothing was taken from
// counting as the median victim (5,000 yen), then the latest.
func TestFreezeTable(t *testing.T) {
	for _, format := range Formats {
		got, err := FreezeTable(written(t, raided(), format))
		if err != nil {
			t.Fatal(err)
		}
		want := `left money_left 29,000 JPY payment approved 11:22:00
mule mule 7,000 JPY transfer_in - 11:31:00
entered-late entered - - entry - 11:50:00
declined attempted - - payment declined 11:24:00
pending pending 5,000 JPY payment pending 11:23:00
decided entered - - entry - 11:16:00
entered-early entered - - entry - 11:14:00
dollars money_left 900 USD topup approved 11:25:00
perhaps entered - - entry - 11:15:00
`
		if diff := cmp.Diff(want, texts(got, "account_id", "state", "in_reach", "currency", "last_act", "last_status", "last_act_at")); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
	empty, err := FreezeTable(written(t, caseOf(nil, nil), "csv"))
	if err != nil || empty.Rows() != 0 {
		t.Errorf("of nothing %d rows, %v", empty.Rows(), err)
	}
}

// TestCameraTable tests that stretches are whole minutes, put together where they
// touch in one shop and currency, most money first.
func TestCameraTable(t *testing.T) {
	dir := written(t, raided(), "csv")
	columns := []string{"store_id", "from_time", "to_time", "minutes", "charges", "amount", "currency", "terminals", "from_local"}
	for _, c := range []struct {
		margin time.Duration
		zone   *time.Location
		want   string
	}{
		{0, nil, `S2 11:50:00 11:51:00 1 1 26,999 JPY - -
S1 11:20:00 11:21:00 1 1 20,000 JPY T2 -
S1 11:24:00 11:25:00 1 1 7,000 JPY T1;T2 -
S1 11:40:00 11:41:00 1 1 100 JPY - -
S1 11:20:00 11:21:00 1 1 5 USD - -
`},
		{2 * time.Minute, time.FixedZone("", 9*3600), `S1 11:18:00 11:27:00 9 2 27,000 JPY T1;T2 2019-07-03 20:18 +09:00
S2 11:48:00 11:53:00 5 1 26,999 JPY - 2019-07-03 20:48 +09:00
S1 11:38:00 11:42:00 4 1 100 JPY - 2019-07-03 20:38 +09:00
S1 11:18:00 11:22:00 4 1 5 USD - 2019-07-03 20:18 +09:00
`},
	} {
		got, err := CameraTable(dir, c.margin, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, texts(got, columns...)); diff != "" {
			t.Errorf("margin %s: %s", c.margin, diff)
		}
	}
}

// TestIndicators tests that no account and no owner's device leaves the house,
// and that private addresses and what honest people use are marked.
func TestIndicators(t *testing.T) {
	list, personal, err := Indicators(written(t, raided(), "csv"))
	if err != nil || personal != 3 {
		t.Fatalf("%d personal, %v", personal, err)
	}
	got, out, err := IndicatorsTable(list, 0)
	if err != nil || out.Devices != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	want := `ip 192.0.2.7 tester 99 0 no
network 192.0.2.0/24 tester 95 3 yes
ip 10.0.0.1 executor 99 0 yes
device phone executor 99 0 no
user_agent =app/1 tester 99 0 no
store =S;1
 executor 99 - yes
`
	if diff := cmp.Diff(want, texts(got, "kind", "value", "role", "confidence", "honest_accounts", "shared")); diff != "" {
		t.Error(diff)
	}
	for i := range list {
		if list[i].Narrow != (list[i].Kind == "network") {
			t.Errorf("%+v", list[i])
		}
	}
	var b bytes.Buffer
	if err := csvfile.Write(&b, got); err != nil || !strings.Contains(b.String(), "user_agent,'=app/1,") {
		t.Errorf("a formula is not marked: %v\n%s", err, b.String())
	}
	if got, out, err = IndicatorsTable(list, 96); err != nil || got.Rows() != 5 || out.Unsure != 1 {
		t.Errorf("%d rows, %+v, %v", got.Rows(), out, err)
	}
}

func TestHoldsID(t *testing.T) {
	ids := map[string]bool{"a": true, "entered-late": true, "10": true, "user 17": true, "123456": true}
	for text, want := range map[string]bool{"a": true, "entered-late": true, "app (entered-late)": true, "app/1;id=123456": true, "Windows NT 10": false, "10": true,
		"user 17": true, "x@y": false, "x@y.jp": true, "(mailto:x@y.jp)": true, "@y.jp": false, "": false, "app entered-later": false} {
		if got := holdsID(text, ids); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestEvidence tests the order and the columns that Timesketch asks for, and that
// CSV and JSON lines say the same.
func TestEvidence(t *testing.T) {
	got, err := EvidenceTable(written(t, raided(), "csv"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteJSONLines(&b, got); err != nil {
		t.Fatal(err)
	}
	row, before, events := 0, time.Time{}, map[string]int{}
	for line := range strings.Lines(b.String()) {
		var o map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		when, err := time.Parse("2006-01-02T15:04:05.000000-07:00", o["datetime"].(string))
		if err != nil || when.Before(before) || o["message"] == "" || strings.ContainsAny(o["message"].(string), "\r\n") {
			t.Errorf("%s: %v", line, err)
		}
		before = when
		events[o["timestamp_desc"].(string)]++
		for i, c := range got.Schema().Columns {
			cells := got.Cells(i)
			switch v := o[c.Name].(type) {
			case nil:
				if !cells.Null(row) {
					t.Errorf("row %d: %s is lost", row, c.Name)
				}
			case string:
				if v != cells.Text(row) {
					t.Errorf("row %d: %s is %q, want %q", row, c.Name, v, cells.Text(row))
				}
			case json.Number:
				if n, err := v.Int64(); err != nil || n != cells.Int(row) {
					t.Errorf("row %d: %s is %s, want %d", row, c.Name, v, cells.Int(row))
				}
			default:
				t.Errorf("row %d: %s is %v", row, c.Name, v)
			}
		}
		row++
	}
	if diff := cmp.Diff(map[string]int{firstTry: 5, accountIn: 9, fraudCharge: 6}, events); diff != "" || row != got.Rows() {
		t.Errorf("%d rows: %s", row, diff)
	}
}
