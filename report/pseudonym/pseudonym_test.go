package pseudonym

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report/table"
)

// random are bytes that look random and are the same in every run.
func random(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i*167 + i*i*31 + 11)
	}
	return out
}

func keyOf(t testing.TB) *Key {
	t.Helper()
	k, err := ReadKey(random(32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestReadKey(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		want string // "" where it is a key
	}{
		{"raw", random(32), ""},
		{"longer", random(64), ""},
		{"hexadecimal", []byte(hex.EncodeToString(random(32)) + "\n"), ""},
		{"base64", []byte(base64.StdEncoding.EncodeToString(random(32)) + "\r\n"), ""},
		{"short", random(31), "less than 32"},
		{"short in hexadecimal", []byte(hex.EncodeToString(random(16))), "less than 32"},
		{"empty", nil, "less than 32"},
		{"zeros", make([]byte, 64), "does not look like random"},
		{"one letter", bytes.Repeat([]byte("ab"), 64), "does not look like random"},
		{"words", []byte("correct horse battery staple, correct horse battery staple"), "holds words"},
	} {
		k, err := ReadKey(c.file)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		case err != nil && len(c.file) > 4 && strings.Contains(err.Error(), string(c.file[:5])):
			t.Errorf("%s: the error tells of the key: %v", c.name, err)
		case err == nil && strings.Contains(fmt.Sprintf("%v %+v %#v %s", k, k, k, k), fmt.Sprint(k.secret[0], " ", k.secret[1])):
			t.Errorf("%s: a printed key tells itself", c.name)
		}
	}
	digits, err := ReadKey([]byte(hex.EncodeToString(random(32))))
	if err != nil || digits.Fingerprint() != keyOf(t).Fingerprint() {
		t.Error("the same bytes in hexadecimal digits are another key")
	}
}

// TestTokens: copies that are made years apart must still join, so these may
// never change.
func TestTokens(t *testing.T) {
	k := keyOf(t)
	seen := map[string]string{}
	for _, kind := range []Kind{Account, Txn, Device, Address, Instrument, Staff, Line, Campaign, Text} {
		for _, text := range []string{"a", "ab", "b", "1", "\x00", strings.Repeat("x", 10_000)} {
			token := k.Token(kind, text)
			if was, ok := seen[token]; ok || len(token) != len(kind)+27 || strings.ContainsAny(token, "=+-@;,\"") {
				t.Errorf("%s %.10q: %s, which is also %s", kind, text, token, was)
			}
			seen[token] = string(kind) + text
		}
	}
	if got := k.Token(Account, ""); got != "" {
		t.Errorf("the token of nothing is %q", got)
	}
	if got, want := k.Token(Account, "n7pzq3qt0k"), "acct_63kgmpcryv3zfp6j7msuns4hle"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	other, err := ReadKey(random(33))
	if err != nil {
		t.Fatal(err)
	}
	if other.Token(Account, "a") == k.Token(Account, "a") || other.Fingerprint() == k.Fingerprint() {
		t.Error("another key makes the same tokens")
	}
}

// made returns a table of texts; "" is null in a column that may be.
func made(t *testing.T, name string, columns []table.Column, rows ...[]any) *table.Table {
	t.Helper()
	tab := table.New(table.Schema{Name: name, Doc: "d", Columns: columns}, 0)
	for _, row := range rows {
		for i, v := range row {
			switch v := v.(type) {
			case string:
				if v == "" && columns[i].Nullable {
					tab.Cells(i).AppendNull()
				} else {
					tab.Cells(i).AppendText(v)
				}
			case int:
				tab.Cells(i).AppendInt(int64(v))
			}
		}
	}
	if err := tab.Validate(); err != nil {
		t.Fatal(err)
	}
	return tab
}

func text(name string) table.Column {
	return table.Column{Name: name, Kind: table.Text, Doc: "d", Nullable: name != "account_id" && name != "raw"}
}

func number(name string) table.Column { return table.Column{Name: name, Kind: table.Int, Doc: "d"} }

// hostile are tables in which ids stand where none belong.
func hostile(t *testing.T) []*table.Table {
	return []*table.Table{
		made(t, "charges", []table.Column{text("account_id"), text("txn_id"), number("event_time"), text("store_id"), text("device_id"), text("ip"), text("source"), text("new_column")},
			[]any{"account-one", "t;1", 1, "S-account-one-S", "dev-many", "10.0.0.1", "of account-one.csv", "account-one"},
			[]any{"account-one", "t2", 2, "Shop 12", "dev-own", "10.0.0.12", "of account-one.csv", ""},
			[]any{"account-two", "t3", 3, "Shop 110.0.0.12", "account-two", "10.0.0.2", "other.csv", ""}),
		made(t, "refunds", []table.Column{text("refund_id"), text("account_id"), text("txn_id"), text("funding_ref"), text("currency"), text("component")},
			[]any{"id1", "account-one", "t;1;t2;gone", "card-4711", "JPY", "c"}),
		made(t, "sources", []table.Column{text("kind"), text("value"), text("role"), number("accounts_tried"), number("accounts_entered"), number("failures")},
			[]any{"ip", "10.0.0.1", "tester", 2, 0, 0},
			[]any{"ip", "10.0.0.12", "tester", 1, 1, 0},
			[]any{"device", "dev-many", "executor", 2, 2, 0},
			[]any{"device", "account-two", "executor", 2, 2, 0},
			[]any{"user_agent", "Robot/110.0.0.12", "tester", 9, 0, 0},
			[]any{"user_agent", "hello account-two!", "tester", 9, 0, 0},
			[]any{"user_agent", "seen once", "tester", 1, 0, 0},
			[]any{"user_agent", strings.Repeat("long ", 200), "tester", 9, 0, 0}),
		made(t, "rejects", []table.Column{text("source"), text("reason"), text("raw"), text("others")},
			[]any{"other.csv", `cannot read "account-one" as a time`, "account-one,x", "other.csv:2"}),
		made(t, "decisions", []table.Column{text("account_id"), text("txn_id"), text("who"), text("why"), number("decided_at")},
			[]any{"account-one", "t2", "an officer", "account-one called", 1}),
	}
}

func TestHostileTables(t *testing.T) {
	k, tables := keyOf(t), hostile(t)
	r := New(k, tables, []File{{"payments", "of account-one.csv"}, {"payments", "other.csv"}}, []string{"a note on account-one", "a note"})
	var all strings.Builder
	out := map[string]*table.Table{}
	for _, tab := range tables {
		tab = r.Table(tab)
		if err := tab.Validate(); err != nil {
			t.Error(err)
		}
		out[tab.Schema().Name] = tab
		for i := range tab.Schema().Columns {
			all.WriteString(strings.Join(tab.Cells(i).Texts(), "\n") + "\n")
		}
	}
	all.WriteString(r.Text("a note on account-one"))
	for _, id := range []string{"account-one", "account-two", "t;1", "dev-own", "card-4711", "officer", "gone", "seen once", "other.csv", "long long"} {
		if strings.Contains(all.String(), id) {
			t.Errorf("%q is still there:\n%s", id, &all)
		}
	}
	column := func(table, name string) []string { return cells(out[table], name).Texts() }
	if got, want := column("refunds", "txn_id")[0], strings.Join([]string{k.Token(Txn, "t;1"), k.Token(Txn, "t2"), k.Token(Txn, "gone")}, ";"); got != want {
		t.Errorf("transactions of a line: %s, want %s", got, want)
	}
	byTxn := map[string][]string{}
	for i, txn := range column("charges", "txn_id") {
		byTxn[txn] = []string{column("charges", "store_id")[i], column("charges", "device_id")[i], column("charges", "ip")[i], column("charges", "source")[i]}
	}
	want := map[string][]string{
		k.Token(Txn, "t;1"): {k.Token(Text, "S-account-one-S"), "dev-many", "10.0.0.1", "payments-1"},
		k.Token(Txn, "t2"):  {"Shop 12", k.Token(Device, "dev-own"), k.Token(Address, "10.0.0.12"), "payments-1"},
		k.Token(Txn, "t3"):  {"Shop 110.0.0.12", k.Token(Device, "account-two"), k.Token(Address, "10.0.0.2"), "payments-2"},
	}
	if d := cmp.Diff(want, byTxn); d != "" {
		t.Error(d)
	}
	for _, kept := range []string{"Robot/110.0.0.12", "10.0.0.1", "dev-many"} {
		if got := column("sources", "value"); !strings.Contains(strings.Join(got, "\n")+"\n", kept+"\n") {
			t.Errorf("the indicator %q is gone: %q", kept, got)
		}
	}
	if got := r.Text("a note"); got != "a note" {
		t.Errorf("%q", got)
	}
}

// TestOrderTellsNothing: rows stand in the order of tokens, not of ids.
func TestOrderTellsNothing(t *testing.T) {
	k := keyOf(t)
	var rows [][]any
	for i := range 50 {
		rows = append(rows, []any{fmt.Sprintf("account%02d", i)})
	}
	in := made(t, "takeovers", []table.Column{text("account_id")}, rows...)
	got := New(k, []*table.Table{in}, nil, nil).Table(in).Cells(0).Texts()
	rising, asWas := true, true
	for i := range got {
		rising = rising && (i == 0 || got[i-1] < got[i])
		asWas = asWas && got[i] == k.Token(Account, rows[i][0].(string))
	}
	if !rising || asWas {
		t.Errorf("rising: %t, as it was: %t", rising, asWas)
	}
}

// FuzzTable redacts texts that are anything: an account's own id never comes out.
func FuzzTable(f *testing.F) {
	seeds := [][2]string{{"account-one", "a shop"}, {"account-one", "the shop of account-one"}, {"\xff\xfe\x00longer", "x\xff\xfe\x00longer"}, {";;;;;;;", ";;;;;;;;"}, {"", ""}}
	for _, s := range seeds {
		f.Add(s[0], s[1])
	}
	k := keyOf(f)
	f.Fuzz(func(t *testing.T, id, shop string) {
		tab := made(t, "charges", []table.Column{text("account_id"), text("txn_id"), number("event_time"), text("store_id")}, []any{id, id, 1, shop})
		out := New(k, []*table.Table{tab}, nil, nil).Table(tab)
		for i := range out.Schema().Columns {
			got := out.Cells(i).Text(0)
			number := strings.ContainsAny(id, "0123456789") // may be a part of a longer one
			if len(id) >= shortest && !number && len(got) != len("text_")+26 && strings.Contains(got, id) || id != "" && got == id {
				t.Errorf("%q comes out in %q", id, got)
			}
		}
	})
}
