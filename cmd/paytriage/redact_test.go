package main

import (
	"bytes"
	"encoding/csv"
	"index/suffixarray"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/pseudonym"
)

// TestRedactKnowsEveryColumn: of a new column it must be said whether it names a
// person, or it is missing from what outsiders get.
func TestRedactKnowsEveryColumn(t *testing.T) {
	for _, s := range report.Schemas() {
		for _, c := range s.Columns {
			if c.Kind.IsText() && !pseudonym.Known(s.Name, c.Name) {
				t.Errorf("say in report/pseudonym/tables.go what becomes of %s.%s", s.Name, c.Name)
			}
		}
	}
}

func readCSV(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[1:] {
		cells := map[string]string{}
		for i, name := range all[0] {
			cells[name] = row[i]
		}
		rows = append(rows, cells)
	}
	return rows
}

// mustNotLeak looks in every byte of a folder for ids of people.
func mustNotLeak(t *testing.T, dir string, ids map[string]bool) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(ids) < 20 {
		t.Fatal(len(ids), err)
	}
	digit := func(b byte) bool { return '0' <= b && b <= '9' }
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		index := suffixarray.New(data)
		for id := range ids {
			for _, at := range index.Lookup([]byte(id), -1) {
				// 10.0.0.1 is not in 10.0.0.15, nor 100000 in 1000000, and the
				// network 10.0.0.0/24 is not the address.
				if end := at + len(id); !(end < len(data) && data[end] == '/') && !(at > 0 && digit(data[at]) && digit(data[at-1])) && !(end < len(data) && digit(data[end-1]) && digit(data[end])) {
					t.Errorf("%s: %s stands in it: %.80q", e.Name(), id, data[max(at-20, 0):min(at+60, len(data))])
					break
				}
			}
		}
	}
}

// TestRedactLeaksNobody looks, in copies of cases of several kinds of attack, for
// every account, transaction, session, card, device and address of the people
// whose accounts the case is about.
func TestRedactLeaksNobody(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	var secret []byte
	for i := range 32 {
		secret = append(secret, byte(i*167+11))
	}
	if err := os.WriteFile(key, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, preset := range []string{"mixed", "crew", "mules"} {
		in, dir, out, direct := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "case"), filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "direct")
		mustRun(t, "simulate", "--preset", preset, "--accounts", "500", "--out", in, "--quiet")
		logs := []string{"analyze", "--auth", filepath.Join(in, "auth.csv"), "--payments", filepath.Join(in, "payments.csv"), "--quiet", "--format", "csv,parquet"}
		mustRun(t, append(logs, "--out", dir)...)
		mustRun(t, "redact", dir, "--out", out, "--key", key, "--quiet")
		mustRun(t, append(logs, "--out", direct, "--pseudonymize", key)...)

		people, indicators := map[string]bool{}, map[string]bool{}
		for _, table := range []string{"takeovers", "victims", "mules"} {
			for _, row := range readCSV(t, filepath.Join(dir, table+".csv")) {
				people[row["account_id"]] = true
			}
		}
		for _, row := range readCSV(t, filepath.Join(dir, "sources.csv")) {
			tried, _ := strconv.Atoi(row["accounts_tried"])
			entered, _ := strconv.Atoi(row["accounts_entered"])
			indicators[row["value"]] = indicators[row["value"]] || max(tried, entered) > 1
		}
		ids := map[string]bool{"auth.csv": true, "payments.csv": true, in: true, key: true, string(secret): true}
		for _, log := range []string{"auth", "payments"} {
			for _, row := range readCSV(t, filepath.Join(in, log+".csv")) {
				if !people[row["account_id"]] {
					continue
				}
				for _, column := range []string{"account_id", "txn_id", "session_id", "device_id", "ip", "funding_ref", "counterparty_account_id"} {
					if v := row[column]; len(v) >= 6 && !indicators[v] {
						ids[v] = true
					}
				}
			}
		}
		for _, row := range readCSV(t, filepath.Join(dir, "refunds.csv")) {
			ids[row["refund_id"]] = true // a hash that anybody can make
		}
		for _, row := range readCSV(t, filepath.Join(dir, "campaigns.csv")) {
			ids[row["campaign_id"]] = true
		}
		for _, folder := range []string{out, direct} {
			mustNotLeak(t, folder, ids)
			if checks, m, err := report.Verify(folder, nil); err != nil || checks.Count(report.Differs) > 0 || m.Redacted == nil || len(checks) < 50 {
				t.Errorf("%s: %v, %v", preset, checks, err)
			}
		}
		for _, s := range report.Schemas() {
			sameFile(t, preset, out, direct, s.Name+".csv")
			sameFile(t, preset, out, direct, s.Name+".parquet")
			if got, want := len(readCSV(t, filepath.Join(out, s.Name+".csv"))), len(readCSV(t, filepath.Join(dir, s.Name+".csv"))); got != want {
				t.Errorf("%s: %s has %d rows, %d before", preset, s.Name, got, want)
			}
		}
		sameFile(t, preset, out, direct, "summary.json")
		stores := readCSV(t, filepath.Join(out, "stores.csv"))
		if preset != "mules" && (len(stores) == 0 || !bytes.Contains(readFile(t, dir, "stores.csv"), []byte(stores[0]["store_id"]))) {
			t.Errorf("%s: the shops are gone", preset)
		}
		kept := 0
		for _, row := range readCSV(t, filepath.Join(out, "sources.csv")) {
			if indicators[row["value"]] {
				kept++
			}
		}
		if kept == 0 {
			t.Errorf("%s: no indicator is left", preset)
		}
	}
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sameFile checks that two folders have the same file.
func sameFile(t *testing.T, what, a, b, name string) {
	t.Helper()
	if x, y := readFile(t, a, name), readFile(t, b, name); !bytes.Equal(x, y) || len(x) == 0 {
		t.Errorf("%s: %s is not the same: %.200q, %.200q", what, name, x, y)
	}
}
