//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/paytriage/paytriage/report"
)

// The faults that are made, each as often as -faults says: in CI once, for the
// table of the README fifty.
var manyFaults = flag.Int("faults", 1, "how many faults of each kind")

// TestFaults makes faults under analyze and under refunds export. Whatever comes,
// no folder stands under its final name that is not whole, the error says what and
// what next, and the next run gives the right result and leaves nothing behind.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program many times")
	}
	rnd := rand.New(rand.NewPCG(uint64(*manyFaults), 8))
	program, err := exec.LookPath("paytriage")
	if err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(program); strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		chmod(t, dir, 0o755) // for those who may not read all
	}
	jobs := []*faultJob{analyzeJob(t), exportJob(t)}
	for _, j := range jobs {
		for _, f := range faults(j) {
			t.Run(j.name+"/"+f.name, func(t *testing.T) {
				if why := f.lacks; why != "" {
					t.Skip(why)
				}
				hit := 0
				n := *manyFaults
				if f.most > 0 {
					n = min(n, f.most)
				}
				for i := range n {
					if j.suffer(t, f, i, rnd) {
						hit++
					}
				}
				if hit == 0 && n > 8 && !f.harmless {
					t.Errorf("%d runs ended before the fault came", n)
				}
				t.Logf("fault table: %-13s  %-40s  %4d injected  %4d of them ended the run  %4d survived", j.name, f.name, n, hit, n)
			})
		}
	}
}

// TestReadErrorIsNoted makes a case from a log of which a part cannot be read. The
// manifest says so, and verify does not call the log another one.
func TestReadErrorIsNoted(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not there")
	}
	exports := simulated(t, "list-type", 3000)
	payments, out := filepath.Join(exports, "payments.csv"), filepath.Join(t.TempDir(), "case")
	c := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=read,pread64", "-P", payments,
		"-e", "inject=read:error=EIO:when=3+", // counted by thread: a block or two can be read
		"paytriage", "analyze", "--auth", exports+"/auth.csv", "--payments", payments, "--out", out, "--quiet", "--workers", "1")
	said, _ := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != 3 {
		t.Fatalf("exit code %d\n%s", code, said)
	}
	var m report.Manifest
	if err := readJSON(filepath.Join(out, "manifest.json"), &m); err != nil {
		t.Fatal(err)
	}
	for _, in := range m.Inputs {
		if torn := in.Role == "payments"; in.NotReadToEnd != torn || (in.SHA256 == "") != torn || in.Read == 0 {
			t.Errorf("%s: not read to its end %v, SHA-256 %q, %d rows", in.Name, in.NotReadToEnd, in.SHA256, in.Read)
		}
	}
	checked, err := exec.Command("paytriage", "verify", out).Output()
	if err != nil || !strings.Contains(string(checked), "payments log payments.csv: not read to its end") {
		t.Errorf("%v\n%s", err, checked)
	}
}

// A faultJob is a command that writes a folder.
type faultJob struct {
	name    string
	prepare func(t *testing.T, dir string) // makes what the command reads in dir
	args    []string                       // relative to dir; the folder is "out"
	takes   time.Duration
	want    map[string]string                                // what it gives
	result  func(t *testing.T, dir string) map[string]string // of all runs in dir, nil for none yet
	inputs  []string                                         // files that it reads
	spills  bool                                             // it puts rows into temporary files
}

// A fault happens to a command.
type mishap struct {
	name  string
	most  int // more often it would be the same again
	lacks string
	// wrap gives the command line that runs args.
	wrap func(args []string, i int) []string
	// before and during happen to the folder of the job, the latter at a random
	// moment while the command runs.
	before func(t *testing.T, dir string, i int)
	during func(t *testing.T, c *exec.Cmd, dir string)
	after  func(t *testing.T, dir string) // undoes it
	// says must stand in the error, if the run failed; "" for a run that may not
	// say anything.
	says string
	as   *syscall.Credential
	// takes says that it may take the result away after all was done, and harmless
	// that the command may go on all the same.
	takes, harmless bool
	mute            bool // the fault may hit a line of the error itself
	// exits are the codes with which the command may end.
	exits []int
}

const (
	killed          = -1
	interruptedCode = 130
)

// faults lists what may happen to a job.
func faults(j *faultJob) []mishap {
	kill := func(sig syscall.Signal) func(*testing.T, *exec.Cmd, string) {
		return func(_ *testing.T, c *exec.Cmd, _ string) { c.Process.Signal(sig) }
	}
	all := []mishap{
		{name: "kill -9", during: kill(syscall.SIGKILL), exits: []int{killed, 0}},
		{name: "SIGINT", during: kill(syscall.SIGINT), exits: []int{interruptedCode, 0, killed}},
		{name: "SIGTERM", during: kill(syscall.SIGTERM), exits: []int{interruptedCode, 0, killed}},
		{name: "the folder above vanishes", during: func(_ *testing.T, _ *exec.Cmd, dir string) {
			os.RemoveAll(filepath.Join(dir, "place"))
		}, after: func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "place")) }, exits: []int{1, 0}, takes: true},
		{name: "the folder above is read-only", most: 1, before: func(t *testing.T, dir string, _ int) {
			chmod(t, filepath.Join(dir, "place"), 0o500)
		}, after: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "place"), 0o777) }, as: nobody(), lacks: needsRoot(),
			says: "hint:", exits: []int{1}},
	}
	for _, name := range j.inputs {
		base := filepath.Base(name)
		all = append(all,
			mishap{name: base + " cannot be read", most: 1, before: func(t *testing.T, dir string, _ int) {
				chmod(t, filepath.Join(dir, name), 0)
			}, after: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, name), 0o644) }, as: nobody(), lacks: needsRoot(),
				says: base, exits: []int{1}},
			mishap{name: base + " grows", during: func(t *testing.T, _ *exec.Cmd, dir string) {
				appendTo(t, filepath.Join(dir, name), "x")
			}, after: restore(j, name), exits: []int{1, 0, 3, 4}},
			mishap{name: base + " is cut short", during: func(t *testing.T, _ *exec.Cmd, dir string) {
				if err := os.Truncate(filepath.Join(dir, name), 4000); err != nil {
					t.Error(err)
				}
			}, after: restore(j, name), exits: []int{1, 0, 3, 4}},
			mishap{name: base + " vanishes", during: func(t *testing.T, _ *exec.Cmd, dir string) {
				os.Remove(filepath.Join(dir, name))
			}, after: restore(j, name), exits: []int{1, 0}},
			inject(base+": read error", "read,pread64", "EIO", filepath.Join("DIR", name), []int{0, 1, 3}),
		)
	}
	for _, call := range [...]struct{ name, calls, errno string }{
		{"no room to write", "write,pwrite64", "ENOSPC"},
		{"write error", "write,pwrite64", "EIO"},
		{"no room to sync", "fsync", "ENOSPC"},
		{"rename fails", "renameat,renameat2", "EIO"},
		{"mkdir fails", "mkdirat", "ENOSPC"},
		{"chmod fails", "fchmod", "EPERM"},
		{"remove fails", "unlinkat", "EIO"},
		{"open fails", "openat", "EMFILE"},
	} {
		f := inject(call.name, call.calls, call.errno, "", []int{1, 0})
		f.harmless = call.calls == "unlinkat" // what cannot be removed now, the next run removes
		all = append(all, f)
	}
	all = append(all, full("place"))
	if j.spills {
		all = append(all, full("tmp"))
	}
	return all
}

// inject lets a call to the system fail, the n-th of each thread, for files of a
// path if one is given.
func inject(name, calls, errno, path string, exits []int) mishap {
	f := mishap{name: name, exits: exits, mute: strings.Contains(calls, "write")}
	first := 1
	if calls == "openat" {
		first = 8 // behind those of the loader
	}
	if _, err := exec.LookPath("strace"); err != nil {
		f.lacks = "strace is not there"
	}
	f.wrap = func(args []string, i int) []string {
		with := []string{"strace", "-f", "-qq", "-o", "DIR/trace", "-e", "trace=" + calls,
			"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", calls, errno, i+first)}
		if path != "" {
			with = append(with, "-P", path)
		}
		return append(with, args...)
	}
	return f
}

// full lets the place of the result, or that of temporary files, run full at one
// size after the other.
func full(place string) mishap {
	f := mishap{name: "a full disk below " + place, lacks: needsRoot(), exits: []int{1, 0, 3}, says: "no space left"}
	f.before = func(t *testing.T, dir string, i int) {
		size := fmt.Sprintf("size=%dk", 4<<(i%9))
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", size+",mode=0777", "tmpfs", filepath.Join(dir, place)).CombinedOutput(); err != nil {
			t.Skipf("a small disk cannot be had: %v: %s", err, out)
		}
	}
	f.after = func(t *testing.T, dir string) {
		kept := t.TempDir() // what was finished there, as nothing of it goes with the disk
		if err := os.CopyFS(kept, os.DirFS(filepath.Join(dir, place))); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("umount", filepath.Join(dir, place)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := os.CopyFS(filepath.Join(dir, place), os.DirFS(kept)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// restore puts an input back as it was.
func restore(j *faultJob, name string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		fresh := t.TempDir()
		j.prepare(t, fresh)
		copyTo(t, filepath.Join(fresh, name), filepath.Join(dir, name))
	}
}

// suffer lets a job suffer a fault, looks at what is left, and runs it again. It
// reports whether the fault ended the run.
func (j *faultJob) suffer(t *testing.T, f mishap, i int, rnd *rand.Rand) bool {
	t.Helper()
	dir := t.TempDir()
	chmod(t, filepath.Dir(dir), 0o777)
	chmod(t, dir, 0o777)
	j.prepare(t, dir)
	for _, sub := range []string{"place", "tmp"} {
		mkdir(t, filepath.Join(dir, sub))
	}
	if f.before != nil {
		f.before(t, dir, i)
	}
	code, said := j.run(t, dir, f, i, rnd)
	if f.takes {
		os.RemoveAll(filepath.Join(dir, "place")) // what was made anew while it was being taken away
	}
	j.judge(t, dir, f, code, said)
	if f.after != nil {
		f.after(t, dir)
	}
	if code == 0 && f.takes {
		return false // the register knows that it was exported
	}
	if code, said := j.run(t, dir, mishap{}, 0, rnd); code != 0 {
		t.Fatalf("the next run: exit code %d\n%s\nafter %s", code, said, f.name)
	}
	if got := j.result(t, dir); !maps.Equal(got, j.want) {
		for name := range j.want {
			if got[name] != j.want[name] {
				t.Errorf("after the next run %s is not what it should be", name)
			}
		}
	}
	for _, place := range []string{"place", "tmp"} {
		for _, name := range entries(t, filepath.Join(dir, place)) {
			// A next run that has nothing to write does not take the folder.
			if lock := strings.HasSuffix(name, "-lock") && f.harmless && code == 0; !lock && !strings.HasPrefix(name, "out") {
				t.Errorf("left below %s after the next run: %s", place, name)
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return code != 0
}

// run runs the job in dir, with a fault.
func (j *faultJob) run(t *testing.T, dir string, f mishap, i int, rnd *rand.Rand) (code int, said string) {
	t.Helper()
	args := append([]string{"paytriage"}, j.args...)
	if f.wrap != nil {
		args = f.wrap(args, i)
	}
	for n := range args {
		args[n] = strings.ReplaceAll(args[n], "DIR", dir)
	}
	c := exec.Command(args[0], args[1:]...)
	var stderr bytes.Buffer
	c.Dir, c.Stderr = dir, &stderr
	c.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"), testSpill+"=1", "HOME="+dir)
	if f.as != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: f.as}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if f.during != nil {
		time.Sleep(time.Duration(rnd.Int64N(int64(j.takes))))
		f.during(t, c, dir)
	}
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), stderr.String()
}

// judge says what is wrong after a fault.
func (j *faultJob) judge(t *testing.T, dir string, f mishap, code int, said string) {
	t.Helper()
	if !slices.Contains(f.exits, code) {
		t.Errorf("%s: exit code %d\n%s", f.name, code, said)
	}
	if code > 0 && code != 3 && !f.mute && (!strings.Contains(said, "paytriage: error: ") || !strings.Contains(said, f.says)) {
		t.Errorf("%s: exit code %d, and it says\n%s", f.name, code, said)
	}
	if code == 1 && !f.mute && !strings.Contains(said, "paytriage: hint: ") {
		t.Errorf("%s: nothing says what to do next:\n%s", f.name, said)
	}
	if strings.Contains(said, "panic") || strings.Contains(said, "goroutine ") {
		t.Errorf("%s: it panicked:\n%s", f.name, said)
	}
	place := filepath.Join(dir, "place")
	list, err := os.ReadDir(place)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), ".") {
			continue // the next run clears it away
		}
		if err := wholeFolder(filepath.Join(place, e.Name())); err != nil {
			t.Errorf("%s: %s stands there and is not whole: %v", f.name, e.Name(), err)
		}
	}
	if got := j.result(t, dir); code == 0 && !f.takes && !maps.Equal(got, j.want) {
		t.Errorf("%s: it says that all is done, and the result is another", f.name)
	}
}

// wholeFolder reports whether a folder has the files that its manifest names.
func wholeFolder(dir string) error {
	var m struct {
		Outputs []struct{ Name, SHA256 string }
		Files   []struct{ Name, SHA256 string }
	}
	if err := readJSON(filepath.Join(dir, "manifest.json"), &m); err != nil {
		return err
	}
	for _, f := range append(m.Outputs, m.Files...) {
		data, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); f.SHA256 != "" && got != f.SHA256 {
			return fmt.Errorf("%s is not what the manifest says", f.Name)
		}
	}
	return nil
}

// analyzeJob is analyze with so little memory that its rows go to files.
func analyzeJob(t *testing.T) *faultJob {
	exports := simulated(t, "list-type", 800)
	logs := []string{"auth.csv", "payments.csv"}
	j := &faultJob{name: "analyze", inputs: logs, spills: true,
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

// exportJob is the export of an approved ledger: all that is owed, once.
func exportJob(t *testing.T) *faultJob {
	exports, made := simulated(t, "list-type", 800), t.TempDir()
	in := func(name string) string { return filepath.Join(made, name) }
	mustRun(t, "analyze", "--auth", exports+"/auth.csv", "--payments", exports+"/payments.csv", "--out", in("case"), "--quiet")
	mustRun(t, "refunds", in("case"), "--out", in("draft"), "--maker", "maker", "--quiet")
	mustRun(t, "refunds", "approve", in("draft"), "--ledger", in("ledger"), "--approver", "checker", "--quiet")
	j := &faultJob{name: "refunds export", args: []string{"refunds", "export", "draft", "--ledger", "ledger", "--out", "place/out", "--quiet"},
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
	if code, said := j.run(t, dir, mishap{}, 0, nil); code != 0 {
		t.Fatalf("%s: exit code %d\n%s", j.name, code, said)
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
