//go:build unix

package main

import (
	"encoding/csv"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// analyzeJob is analyze with so little memory that its rows go to files.
func analyzeJob(t *testing.T) *faultJob {
	exports := simulated(t, "list-type", 800)
	logs := []string{"auth.csv", "payments.csv"}
	j := &faultJob{name: "analyze", inputs: logs, spills: true, makesCase: true,
		args: []string{"analyze", "--auth", "auth.csv", "--payments", "payments.csv", "--out", "place/out", "--memory", "1", "--quiet", "--force"},
		prepare: func(t *testing.T, dir string) {
			for _, name := range logs {
				copyTo(t, filepath.Join(exports, name), filepath.Join(dir, name))
			}
		},
		result: func(t *testing.T, dir string) map[string]string {
			files := filesOf(t, filepath.Join(dir, "place", "out"))
			delete(files, "manifest.json") // it says when files were changed
			return files
		}}
	return j.tried(t)
}

// over is analyze where another case stands already: at any moment it is that one, or
// the new one.
func (a *faultJob) over(t *testing.T) *faultJob {
	exports, made := simulated(t, "session-theft", 300), filepath.Join(t.TempDir(), "case")
	mustRun(t, "analyze", "--auth", exports+"/auth.csv", "--payments", exports+"/payments.csv", "--out", made, "--quiet")
	j := &faultJob{name: "analyze over a case", spills: true, makesCase: true, killsOnly: true, args: a.args, result: a.result,
		prepare: func(t *testing.T, dir string) {
			a.prepare(t, dir)
			if err := os.CopyFS(filepath.Join(dir, "place", "out"), os.DirFS(made)); err != nil {
				t.Fatal(err)
			}
		}}
	dir := t.TempDir()
	j.prepare(t, dir)
	if j.old = j.result(t, dir); len(j.old) < 10 || maps.Equal(j.old, a.want) {
		t.Fatalf("the old case has %d files, or those of the new one", len(j.old))
	}
	return j.tried(t)
}

// following is analyze for a case that follows another one, which nothing may harm.
func (a *faultJob) following(t *testing.T) *faultJob {
	made := filepath.Join(t.TempDir(), "case")
	exports := t.TempDir()
	a.prepare(t, exports)
	mustRun(t, "analyze", "--auth", exports+"/auth.csv", "--payments", exports+"/payments.csv", "--out", made, "--quiet")
	j := &faultJob{name: "analyze --previous", spills: true, makesCase: true, killsOnly: true, args: append(slices.Clone(a.args), "--previous", "previous"), result: a.result,
		holds: []string{"verify", "previous"},
		prepare: func(t *testing.T, dir string) {
			a.prepare(t, dir)
			if err := os.CopyFS(filepath.Join(dir, "previous"), os.DirFS(made)); err != nil {
				t.Fatal(err)
			}
		}}
	return j.tried(t)
}

// exportJob is the export of an approved ledger: all that is owed, once.
func exportJob(t *testing.T) *faultJob {
	exports, made := simulated(t, "list-type", 800), t.TempDir()
	in := func(name string) string { return filepath.Join(made, name) }
	mustRun(t, "analyze", "--auth", exports+"/auth.csv", "--payments", exports+"/payments.csv", "--out", in("case"), "--quiet")
	mustRun(t, "refunds", in("case"), "--out", in("draft"), "--maker", "maker", "--quiet")
	mustRun(t, "refunds", "approve", in("draft"), "--ledger", in("ledger"), "--approver", "checker", "--quiet")
	j := &faultJob{name: "refunds export", holds: []string{"refunds", "status", "--ledger", "ledger"}, args: []string{"refunds", "export", "draft", "--ledger", "ledger", "--out", "place/out", "--quiet"},
		prepare: func(t *testing.T, dir string) {
			for _, name := range []string{"draft", "ledger"} {
				if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(in(name))); err != nil {
					t.Fatal(err)
				}
			}
			everybody(t, dir)
		},
		result: payments}
	return j.tried(t)
}

// payments returns what the payout files of all exports pay, by refund: each must
// be paid once.
func payments(t *testing.T, dir string) map[string]string {
	t.Helper()
	paid := map[string]string{}
	for name, text := range filesOf(t, filepath.Join(dir, "place", "out")) {
		if !strings.HasSuffix(name, ".csv") || name == "not_exported.csv" {
			continue
		}
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		id, amount := slices.Index(rows[0], "refund_id"), slices.Index(rows[0], "amount")
		for _, row := range rows[1:] {
			if paid[row[id]] != "" {
				t.Errorf("%s is paid twice", row[id])
			}
			paid[row[id]] = row[amount]
		}
	}
	return paid
}

// tried notes what the job gives, and how long that takes.
func (j *faultJob) tried(t *testing.T) *faultJob {
	t.Helper()
	dir := t.TempDir()
	j.prepare(t, dir)
	mkdir(t, filepath.Join(dir, "place"))
	mkdir(t, filepath.Join(dir, "tmp"))
	begun := time.Now()
	if r := j.run(t, dir, mishap{}, 0, nil); r.code != 0 {
		t.Fatalf("%s: exit code %d\n%s", j.name, r.code, r.said)
	}
	j.takes = time.Since(begun)
	if j.want = j.result(t, dir); len(j.want) < 10 {
		t.Fatalf("%s: only %d results", j.name, len(j.want))
	}
	return j
}

// filesOf returns the files of a folder, none if it is not there.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range list {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func needsRoot() string {
	if os.Getuid() != 0 {
		return "only root can make this fault"
	}
	return ""
}

// nobody is somebody who may not read what root may.
func nobody() *syscall.Credential { return &syscall.Credential{Uid: 65534, Gid: 65534} }

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	chmod(t, dir, 0o777)
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// everybody lets everybody use what is below a folder.
func everybody(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o777)
		}
		return os.Chmod(path, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
	chmod(t, to, 0o644)
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Error(err)
	}
}
