package main

import (
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// engineWorlds are three incidents with which an engine is held against no engine:
// a list that was tried, a carrier that puts a third of all accounts behind one
// address, and disturbed logs in many pieces, shuffled, packed and with bad rows.
func engineWorlds(t *testing.T) map[string]*sameWorld {
	t.Helper()
	list := simulated(t, "list-type", 2000)
	hot := simulated(t, "list-proxy", 2000)
	carrier(t, filepath.Join(hot, "auth.csv"))
	carrier(t, filepath.Join(hot, "payments.csv"))
	dirty := simulated(t, "disturbed", 1500)
	pieces := t.TempDir()
	for log, n := range map[string]int{"auth": 3, "payments": 4} {
		whole, mixed := filepath.Join(dirty, log+".csv"), filepath.Join(dirty, "mixed.csv")
		spoil(t, whole, 401)
		shuffle(t, whole, mixed)
		split(t, mixed, pieces, log, n)
		piece := fmt.Sprintf("%s/%s-0.csv", pieces, log)
		squeeze(t, piece, piece+".gz")
		if err := os.Remove(piece); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]*sameWorld{
		"list":   {auth: list + "/auth.csv", pay: list + "/payments.csv"},
		"hot":    {auth: hot + "/auth.csv", pay: hot + "/payments.csv"},
		"pieces": {auth: pieces + "/auth-*", pay: pieces + "/payments-*", exit: 3},
	}
}

// carrier puts a third of all accounts of a log behind one address.
func carrier(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(f).ReadAll()
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	account, ip := slices.Index(rows[0], "account_id"), slices.Index(rows[0], "ip")
	moved := 0
	for _, row := range rows[1:] {
		if h := fnv.New32a(); ip >= 0 {
			h.Write([]byte(row[account]))
			if h.Sum32()%3 == 0 {
				row[ip] = "203.0.113.7"
				moved++
			}
		}
	}
	if ip >= 0 && moved < len(rows)/5 {
		t.Fatalf("only %d of %d rows are behind the carrier's address", moved, len(rows))
	}
	if f, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEngineGivesTheSame is the promise of --engine: the same case, to the byte.
// The stages run within this process, each with nothing but what an engine would
// bring it.
func TestEngineGivesTheSame(t *testing.T) {
	for name, w := range engineWorlds(t) {
		t.Run(name, func(t *testing.T) {
			logs := []string{"--auth", w.auth, "--payments", w.pay}
			w.plain = w.analyzed(t, logs...)
			for _, workers := range []string{"1", "3"} {
				same(t, "the stages on "+workers+" workers", w.plain, w.analyzed(t, append(logs, "--engine", localEngine, "--workers", workers)...))
			}
			copied := filepath.Join(t.TempDir(), "cases", "1")
			urls := []string{"--auth", "file://" + w.auth, "--payments", "file://" + w.pay, "--engine", localEngine, "--copy-to", "file://" + copied + "/"}
			same(t, "the files of an engine", w.plain, w.analyzed(t, urls...))
			same(t, "the copy that an engine wrote", w.plain, caseFiles(t, copied))
			mustExit(t, 1, append([]string{"analyze", "--quiet", "--out", filepath.Join(t.TempDir(), "case")}, urls...)...) // never over another
		})
	}
}

// TestEngineScripts runs the scripts about what is read and found once more, with
// an engine: what they say of rejects, profiles, archives, zones, returns without
// an account and the rest holds there, too.
func TestEngineScripts(t *testing.T) {
	p := scripts(t, localEngine)
	for _, name := range []string{"cards", "conflicts", "dialects", "duplicates", "failures", "formats", "history", "hostile_packed",
		"known_bad", "mules", "one_log", "part", "pending", "rejects", "zones"} {
		p.Files = append(p.Files, filepath.Join(p.Dir, name+".txtar"))
	}
	p.Dir = ""
	testscript.Run(t, p)
}

// TestSecretsOfAnEngine: a manifest shows the command line to whoever gets the case,
// but no secret of the store that the logs were in.
func TestSecretsOfAnEngine(t *testing.T) {
	got := withoutSecrets([]string{"analyze", "--spark-conf", "spark.hadoop.fs.s3a.secret.key=abc=", "--spark-conf=spark.hadoop.fs.s3a.access.key=AKIA",
		"--spark-conf", "spark.executor.memory=4g", "--out", "secret=1"})
	want := []string{"analyze", "--spark-conf", "spark.hadoop.fs.s3a.secret.key=***", "--spark-conf=spark.hadoop.fs.s3a.access.key=***",
		"--spark-conf", "spark.executor.memory=4g", "--out", "secret=1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for url, want := range map[string]bool{"s3a://AKIA:abc@bucket/logs": true, "s3a://bucket/a:b@c": false, "abfss://logs@account.dfs.core.windows.net/x": false,
		"logs/a:b@c": false, "s3a://bucket": false} {
		if hasPassword(url) != want {
			t.Errorf("%s: %v, want %v", url, !want, want)
		}
	}
	mustExit(t, 2, "analyze", "--auth", "s3a://AKIA:abc@bucket/logs", "--out", filepath.Join(t.TempDir(), "case"), "--engine", "local")
}
