package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/table"
)

// TestParquetIsCSV lets DuckDB and pyarrow read the Parquet files of a case and
// compares them, cell by cell, with the CSV files as Python's csv module reads
// them.
func TestParquetIsCSV(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import duckdb, pyarrow").Run()
	}
	if err != nil {
		t.Skipf("needs python3 with duckdb and pyarrow: %v", err)
	}
	out := colourful(t)
	var m report.Manifest
	if err := readJSON(filepath.Join(out, "manifest.json"), &m); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", compareTables, out, m.PolicyHash)
	cmd.Stdin = strings.NewReader(schemasJSON(t))
	result, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var found struct {
		Differences []string
		Cells       int
		Empty       []string
	}
	if err := json.Unmarshal(result, &found); err != nil {
		t.Fatal(err)
	}
	for _, d := range found.Differences {
		t.Error(d)
	}
	if found.Cells < 1000 || !slices.Equal(found.Empty, []string{"amount_and_pace"}) { // empty where there is an auth log
		t.Errorf("only %d cells were compared; tables without rows: %v", found.Cells, found.Empty)
	}
	sameHashes(t, &m)
}

// colourful returns a case with a row in every table but that of a payment log
// alone, and with ids that need
// quotes, marks and more than ASCII.
func colourful(t *testing.T) string {
	t.Helper()
	dir := simulated(t, "small", 0)
	auth, pay := filepath.Join(dir, "auth.csv"), filepath.Join(dir, "payments.csv")
	for _, path := range []string{auth, pay} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(",fgd36d60jv,", ",=cmd(1),", ",t8b9edee6w,", `,"山田, ""太郎""`+"\n2\",", ",S1635451,", ",渋谷店,").Replace(string(data))
		write(t, path, text)
	}
	spoil(t, pay, 30)
	sent, decisions := filepath.Join(dir, "sent.csv"), filepath.Join(dir, "decisions.csv")
	write(t, sent, "event_time,txn_id,account_id,kind,amount,currency,device_id,counterparty_account_id\n"+
		"2019-07-01T09:30:00Z,OUT1,=cmd(1),transfer_out,50,JPY,86ff19b2-fa2c-400c-83a4-07a8e462d580,\"@運び屋, 1\"\n"+
		"2019-07-01T09:30:00Z,IN1,\"@運び屋, 1\",transfer_in,50,JPY,,=cmd(1)\n"+
		"2019-07-01T09:31:00Z,OUT2,=cmd(1),transfer_out,5,JPY,86ff19b2-fa2c-400c-83a4-07a8e462d580,elsewhere\n")
	write(t, decisions, "account_id,txn_id,decision,who,why,when,validation\n"+
		"'=cmd(1),,confirm,+who,\"届出, \"\"1\"\"\n2\",2019-07-04,customer\nnobody,T1,dismiss,who,,2019-07-04,\n")
	out := filepath.Join(t.TempDir(), "case")
	mustExit(t, 3, "analyze", "--auth", auth, "--payments", pay, "--payments", sent, "--decisions", decisions, "--out", out, "--format", "csv,parquet", "--quiet")
	return out
}

// sameHashes checks that the manifest gives both files of a table one hash of
// rows.
func sameHashes(t *testing.T, m *report.Manifest) {
	t.Helper()
	hashes := map[string]string{}
	for _, f := range m.Outputs {
		name, _, _ := strings.Cut(f.Name, ".")
		if old, ok := hashes[name]; ok && old != f.RowsHash {
			t.Errorf("%s: the rows have two hashes", name)
		}
		hashes[name] = f.RowsHash
	}
}

// schemasJSON lists the kinds of all columns.
func schemasJSON(t *testing.T) string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, s := range report.Schemas() {
		all[s.Name] = map[string]string{}
		for _, c := range s.Columns {
			all[s.Name][c.Name] = c.Kind.String()
			if c.Kind == table.Code {
				all[s.Name][c.Name] = table.Text.String()
			}
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const compareTables = `
import csv, json, sys
import duckdb, pyarrow as pa, pyarrow.parquet as pq

folder, policy = sys.argv[1:]
csv.field_size_limit(1 << 30)
bad, cells, empty = [], 0, []
types = {"text": pa.string(), "int": pa.int64(), "amount": pa.int64(), "time": pa.timestamp("us", tz="UTC")}
duck = {"text": "VARCHAR", "int": "BIGINT", "amount": "BIGINT", "time": "TIMESTAMP WITH TIME ZONE"}
db = duckdb.connect()
db.execute("set timezone = 'Asia/Tokyo'")  # must not matter


def unmarked(s):
    rest = s.lstrip("'")
    return s[1:] if s[:1] == "'" and rest[:1] in list("=+-@\t\r") + ["\uff1d", "\uff0b", "\uff0d", "\uff20"] else s


def stamp(us):
    import datetime
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text(kind, v):
    if v is None:
        return ""
    return stamp(v) if kind == "time" else str(v)


for name, kinds in json.load(sys.stdin).items():
    path = folder + "/" + name
    with open(path + ".csv", encoding="utf-8", newline="") as f:
        head, *want = list(csv.reader(f))
    want = [[unmarked(c) if kinds[h] == "text" else c for h, c in zip(head, row)] for row in want]
    if not want:
        empty.append(name)
    file = pq.ParquetFile(path + ".parquet")
    data = file.read()
    if data.column_names != head or list(kinds) != sorted(head) and set(kinds) != set(head):
        bad.append("%s: columns %s, CSV %s" % (name, data.column_names, head))
        continue
    meta = {k.decode(): v.decode() for k, v in file.metadata.metadata.items()}
    if meta.get("paytriage.policy") != policy:
        bad.append("%s: policy hash %s" % (name, meta.get("paytriage.policy")))
    described = {r[0]: r[1] for r in db.execute("describe select * from read_parquet(?)", [path + ".parquet"]).fetchall()}
    for i, h in enumerate(head):
        kind = kinds[h]
        if data.schema.field(h).type != types[kind] or described[h] != duck[kind]:
            bad.append("%s.%s: %s, %s" % (name, h, data.schema.field(h).type, described[h]))
            continue
        column = data.column(h)
        by_arrow = (column.cast(pa.int64()) if kind == "time" else column).to_pylist()
        expr = '"%s"' % h if kind != "time" else 'epoch_us("%s")' % h
        by_duck = [r[0] for r in db.execute("select %s from read_parquet(?)" % expr, [path + ".parquet"]).fetchall()]
        for reader, got in (("pyarrow", by_arrow), ("duckdb", by_duck)):
            cells += len(got)
            got = [text(kind, v) for v in got]
            if got != [row[i] for row in want]:
                bad.append("%s.%s by %s: %s, CSV %s" % (name, h, reader, got[:5], [row[i] for row in want][:5]))
json.dump({"Differences": bad, "Cells": cells, "Empty": empty}, sys.stdout)
`
