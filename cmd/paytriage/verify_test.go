package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report"
)

// forge changes a table of a case and makes the manifest fit the file, as
// somebody would who wants it to pass.
func forge(t *testing.T, dir, name string, change func(rows [][]string) [][]string) {
	t.Helper()
	path := filepath.Join(dir, name+".csv")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = change(rows)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(out.Bytes(), data) {
		t.Fatalf("%s did not change", name)
	}
	m, err := report.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Outputs {
		if f := &m.Outputs[i]; f.Name == name+".csv" {
			sum := sha256.Sum256(out.Bytes())
			f.Bytes, f.SHA256, f.Rows, f.RowsHash = int64(out.Len()), hex.EncodeToString(sum[:]), int64(len(rows)-1), ""
		}
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{path: out.Bytes(), filepath.Join(dir, "manifest.json"): manifest} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// set changes the first cell of a column that is as it was.
func set(column, was, now string) func(rows [][]string) [][]string {
	return func(rows [][]string) [][]string {
		for i, name := range rows[0] {
			for _, row := range rows[1:] {
				if name == column && (was == "" || row[i] == was) {
					row[i] = now
					return rows
				}
			}
		}
		return rows
	}
}

// TestVerifySeesForgedTables changes tables and their hashes together: the totals
// and the other tables still tell.
func TestVerifySeesForgedTables(t *testing.T) {
	drop := func(rows [][]string) [][]string { return rows[:len(rows)-1] }
	made := filepath.Join(t.TempDir(), "made")
	mustRun(t, "analyze", "--auth", "../../samples/small/auth.csv", "--payments", "../../samples/small/payments.csv", "--out", made, "--quiet")
	for _, c := range []struct {
		table  string
		change func(rows [][]string) [][]string
		want   string
	}{
		{"victims", set("net_loss", "9900", "9901"), "net_loss in JPY: the tables add up to"},
		{"victims", set("net_loss", "9900", "9901"), "the lines add up to 9900 JPY, the loss is 9901"},
		{"victims", set("tier", "confirmed", "probable"), "victims: the tiers are not those of the summary"},
		{"victims", drop, "victims has 2 rows, the summary says 3"},
		{"victims", set("account_id", "t8b9edee6w", "nobody"), "n… is a victim without a takeover"},
		{"refunds", set("amount", "", "1"), "gross less returned is not the amount"},
		{"refunds", set("status", "open", "held"), "owed in JPY: the tables add up to"},
		{"refunds", set("channel", "card", "bank"), "channel card in JPY: the lines add up to"},
		{"refunds", set("currency", "JPY", "USD"), "the summary has no money in USD"},
		{"refunds", set("txn_id", "", "T0"), "stands on T…, which is no charge of"},
		{"charges", drop, "charges has"},
		{"charges", set("account_id", "", "nobody"), "is a charge of n…, which was not taken over"},
		{"takeovers", drop, "is a victim without a takeover"},
		{"stores", drop, "stores has"},
		{"victims", set("topup_amount", "", "1"), "topup_amount in JPY: the tables add up to"},
		{"victims", set("topup_amount", "", "1"), "every victim's charges add up"},
		{"victims", set("campaign_id", "", "c0"), "campaign c… of a victim is in no row"},
		{"charges", set("amount", "", "1"), "every victim's charges add up"},
		{"charges", set("amount", "", "1"), "every hour's charges add up"},
		{"charges", set("source", "", "other.csv"), "of ot…sv, which was not read"},
		{"charges", set("line", "", "0"), "stands in line 0 of payments.csv"},
		{"takeovers", set("weight_entry", "", "1"), "the weights add up to"},
		{"takeovers", set("campaign_id", "", "c0"), "campaign c… of a takeover is in no row"},
		{"takeovers", set("source", "", "other.csv"), "takeovers: "},
		{"campaigns", set("accounts_entered", "", "1"), "takeovers are of it"},
		{"campaigns", set("net_loss", "", "1"), "its victims lost"},
		{"stores", set("amount", "", "1"), "every shop's charges add up"},
		{"store_visits", set("charges", "", "9"), "the visits of a shop do not add up"},
		{"timeline", set("cumulative_spend", "", "1"), "every hour's charges add up"},
		{"refunds", func(rows [][]string) [][]string {
			for _, row := range rows {
				if row[3] == "balance_clawback" {
					row[2] = "T0;T1"
				}
			}
			return rows
		}, "stands on no charge of"},
	} {
		dir := filepath.Join(t.TempDir(), "case")
		if err := os.CopyFS(dir, os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
		forge(t, dir, c.table, c.change)
		var out bytes.Buffer
		code := execute(context.Background(), streams{in: strings.NewReader(""), out: &out, err: &out}, []string{"verify", dir, "--json"})
		if code != 4 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s forged: exit code %d, no %q in\n%s", c.table, code, c.want, &out)
		}
	}
}
