package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// readRows returns the rows of a CSV file by column.
func readRows(ts *testscript.TestScript, path string) (rows []map[string]string) {
	f, err := os.Open(ts.MkAbs(path))
	ts.Check(err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	ts.Check(err)
	for _, r := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// complain DIR CUSTOMERS ISSUERS makes the claims that the victims of a simulated
// incident might have: of three victims two complain, and of four the issuers of
// three report every stolen top-up by card. Every 500th honest payment is
// complained of, too: forgotten.
func benchComplain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: complain DIR CUSTOMERS ISSUERS")
	}
	byCard, stolen := map[string]bool{}, map[string]bool{}
	payments := readRows(ts, args[0]+"/payments.csv")
	for _, r := range payments {
		byCard[r["txn_id"]] = r["funding_source"] == "card" || r["funding_source"] == "debit"
	}
	var victims []string
	charges := readRows(ts, args[0]+"/truth_charges.csv")
	for _, r := range charges {
		stolen[r["txn_id"]] = true
		if !slices.Contains(victims, r["account_id"]) {
			victims = append(victims, r["account_id"])
		}
	}
	slices.Sort(victims)
	customers, issuers := "claim_id,account_id,txn_id,reported_at\n", "claim_id,txn_id,by\n"
	for n, v := range victims {
		if n%3 != 2 {
			customers += fmt.Sprintf("C%d,%s,,2019-07-05T10:00:00+09:00\n", n, v)
		}
		for _, r := range charges {
			if n%4 != 3 && r["account_id"] == v && r["kind"] == "topup" && byCard[r["txn_id"]] {
				issuers += fmt.Sprintf("I%d,%s,issuer\n", n, r["txn_id"])
			}
		}
	}
	for n, r := range payments {
		if n%500 == 0 && r["kind"] == "payment" && !stolen[r["txn_id"]] {
			customers += fmt.Sprintf("F%d,%s,%s,\n", n, r["account_id"], r["txn_id"])
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(customers), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(issuers), 0o600))
}

// upto STAMP IN OUT copies the rows of a log before a stamp.
func benchUpTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: upto STAMP IN OUT")
	}
	var b strings.Builder
	at, dropped := -1, 0
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		cells := strings.Split(line, ",")
		if at < 0 {
			if at = slices.Index(cells, "event_time"); at < 0 {
				ts.Fatalf("%s: the header is %s", args[1], line)
			}
		} else if cells[at] >= args[0] {
			dropped++
			continue
		}
		b.WriteString(line)
	}
	if dropped == 0 {
		ts.Fatalf("%s has nothing from %s on", args[1], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(b.String()), 0o600))
}
