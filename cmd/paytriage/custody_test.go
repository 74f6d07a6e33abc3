package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/signature"
)

// signKey writes a private key, the same in every run, and returns its path and
// its public half.
func signKey(t *testing.T) (path string, public *signature.Keys) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	var blob []byte
	for _, part := range [][]byte{[]byte("ssh-ed25519"), key.Public().(ed25519.PublicKey)} {
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(part))), part...)
	}
	if public, err = signature.ReadKeys([]byte("ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob))); err != nil {
		t.Fatal(err)
	}
	return path, public
}

// TestVerifyFindsEveryChange changes every file of a signed case in many places,
// cuts it, makes it longer, and takes it away.
func TestVerifyFindsEveryChange(t *testing.T) {
	key, public := signKey(t)
	dir := filepath.Join(t.TempDir(), "case")
	mustRun(t, "analyze", "--auth", "../../samples/small/auth.csv", "--payments", "../../samples/small/payments.csv",
		"--out", dir, "--sign-key", key, "--quiet")
	holds := func() bool {
		checks, _, err := report.Verify(dir, public)
		return err == nil && checks.Count(report.Differs) == 0
	}
	if !holds() {
		t.Fatal("the case does not hold to begin with")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		try := func(what string, now []byte) {
			t.Helper()
			changes++
			if err := os.WriteFile(path, now, 0o600); err != nil {
				t.Fatal(err)
			}
			if holds() {
				t.Errorf("%s: %s is not found", e.Name(), what)
			}
		}
		const regions = 8
		for i := range regions {
			at := i * (len(data) - 1) / (regions - 1)
			now := bytes.Clone(data)
			now[at] ^= 1 << (i % 8)
			try("a changed bit", now)
		}
		try("a byte more", append(bytes.Clone(data), '\n'))
		try("the first half", data[:len(data)/2])
		try("an empty file", nil)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if holds() {
			t.Errorf("%s: nobody misses it", e.Name())
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !holds() || changes < 11*len(entries) || len(entries) < 15 {
		t.Errorf("%d changes of %d files, and in the end it holds: %t", changes, len(entries), holds())
	}
}

// TestVerifyHolds checks that what analyze writes holds, whatever happened: a
// check that cries wolf is switched off.
func TestVerifyHolds(t *testing.T) {
	for _, preset := range []string{"mixed", "mules", "disturbed", "docomo"} {
		in := filepath.Join(t.TempDir(), "in")
		mustRun(t, "simulate", "--preset", preset, "--accounts", "300", "--out", in, "--quiet")
		for _, logs := range [][]string{{"auth", "payments"}, {"auth"}, {"payments"}} {
			dir := filepath.Join(t.TempDir(), "case")
			args := []string{"analyze", "--out", dir, "--quiet"}
			for _, log := range logs {
				args = append(args, "--"+log, filepath.Join(in, log+".csv"))
			}
			var out bytes.Buffer
			if code := execute(context.Background(), streams{in: strings.NewReader(""), out: &out, err: &out}, args); code != 0 && code != 3 {
				t.Fatalf("%q: exit code %d\n%s", args, code, &out)
			}
			checks, _, err := report.Verify(dir, nil)
			if err != nil || len(checks) < 25 {
				t.Fatal(preset, logs, checks, err)
			}
			for _, c := range checks {
				if c.State != report.Holds {
					t.Errorf("%s, %v: %s %s: %s", preset, logs, c.What, c.State, c.Detail)
				}
			}
		}
	}
}

// TestFindingsHaveTheirLines looks for every takeover and every charge where the
// case says that it stands.
func TestFindingsHaveTheirLines(t *testing.T) {
	in, dir := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "case")
	mustRun(t, "simulate", "--preset", "mixed", "--accounts", "400", "--out", in, "--quiet")
	mustRun(t, "analyze", "--auth", filepath.Join(in, "auth.csv"), "--payments", filepath.Join(in, "payments.csv"), "--out", dir, "--quiet")
	logs := map[string][]string{}
	for _, name := range []string{"auth.csv", "payments.csv"} {
		logs[name] = strings.Split(string(readFile(t, in, name)), "\n")
	}
	looked := 0
	for _, table := range []string{"takeovers", "charges"} {
		for _, row := range readCSV(t, filepath.Join(dir, table+".csv")) {
			n, err := strconv.Atoi(row["line"])
			if err != nil || n < 2 || n > len(logs[row["source"]]) {
				t.Fatalf("%s: %v", table, row)
			}
			line := logs[row["source"]][n-1]
			// A takeover stands where the account was first entered for sure; address
			// and device are of the surest visit, which may be a later one.
			for _, column := range []string{"account_id", "txn_id"} {
				if !strings.Contains(line, row[column]) {
					t.Errorf("%s: %s is not in line %d of %s: %s", table, row[column], n, row["source"], line)
				}
			}
			if at := row["takeover_at"]; at != "" && !strings.Contains(line, at[:len("2006-01-02T15:04:05")]) {
				t.Errorf("%s: %s is not the time of line %d of %s: %s", table, at, n, row["source"], line)
			}
			looked++
		}
	}
	if looked < 30 {
		t.Errorf("only %d findings", looked)
	}
}

// TestRejectsHaveTheirLines looks for every rejected row where the case says that
// it stands.
func TestRejectsHaveTheirLines(t *testing.T) {
	in, dir := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "case")
	mustRun(t, "simulate", "--preset", "small", "--out", in, "--quiet")
	logs := map[string][]string{}
	for _, name := range []string{"auth.csv", "payments.csv"} {
		spoil(t, filepath.Join(in, name), 11)
		logs[name] = strings.Split(string(readFile(t, in, name)), "\n")
	}
	mustExit(t, 3, "analyze", "--auth", filepath.Join(in, "auth.csv"), "--payments", filepath.Join(in, "payments.csv"), "--out", dir, "--quiet")
	looked := 0
	for _, row := range readCSV(t, filepath.Join(dir, "rejects.csv")) {
		n, err := strconv.Atoi(row["line"])
		if err != nil || n < 2 || n > len(logs[row["source"]]) {
			t.Fatalf("%v", row)
		}
		if line := logs[row["source"]][n-1]; strings.TrimPrefix(row["raw"], "'") != line {
			t.Errorf("%s is not line %d of %s: %s", row["raw"], n, row["source"], line)
		}
		looked++
	}
	if looked < 10 {
		t.Errorf("only %d rows", looked)
	}
}
