//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
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

// The faults that are made, each until so many of it have landed as -faults says:
// in CI one, for the table of the README fifty.
var manyFaults = flag.Int("faults", 1, "how many faults of each kind")

// TestFaults makes faults under analyze and under refunds export. Whatever comes,
// no folder stands under its final name that is not whole, a case that stands there
// verifies, the error says what and what next, and the next run gives the right
// result and leaves nothing behind. A fault that comes when the run is over is none:
// another moment is drawn for it.
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
	analyze := analyzeJob(t)
	jobs := []*faultJob{analyze, exportJob(t), analyze.over(t), analyze.following(t)}
	for _, j := range jobs {
		for _, f := range faults(j) {
			t.Run(j.name+"/"+f.name, func(t *testing.T) {
				if why := f.lacks; why != "" {
					t.Skip(why)
				}
				n := *manyFaults
				if f.most > 0 {
					n = min(n, f.most)
				}
				landed, ended, runs := 0, 0, 0
				for which := n; landed < n; runs++ {
					if runs > 10*n+30 {
						t.Fatalf("only %d of %d faults landed in %d runs", landed, n, runs)
					}
					i := runs % which
					hit, over := j.suffer(t, f, i, rnd)
					if hit {
						landed++
					} else if i > 0 {
						which = i // a run does not come so far
					}
					if over {
						ended++
					}
				}
				t.Logf("fault table: %-21s  %-40s  %4d landed  %4d of them ended the run  %4d survived  (%d runs)", j.name, f.name, landed, ended, landed, runs)
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
	// makesCase says that what it makes is a case, which can be verified.
	makesCase bool
	// holds is a command that must find what was there before unharmed, nil for none.
	holds     []string
	old       map[string]string // what stands at the place before
	killsOnly bool              // the other faults are made to another job
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
	// pipe is which of the streams, 1 or 2, ends in a pipe that is closed after some
	// lines.
	pipe int
	// inputs says that it changes what the command reads.
	inputs bool
	// lands says of a run whether the fault met it; nil: if it ended the run.
	lands func(r *faultRun) bool
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

// A faultRun is one run with a fault.
type faultRun struct {
	dir  string
	code int
	said string
	// met: it was running when the fault had been made.
	met bool
}

// met is for faults that a run may survive.
func met(r *faultRun) bool { return r.met }

// injected is for faults that strace makes, and writes down.
func injected(r *faultRun) bool {
	trace, err := os.ReadFile(filepath.Join(r.dir, "trace"))
	return err == nil && (bytes.Contains(trace, []byte("(INJECTED)")) || bytes.Contains(trace, []byte("+++ killed by SIGKILL +++")))
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
		killAt("kill -9 as folders change", "mkdirat,renameat,renameat2,unlinkat,fsync"),
	}
	if j.killsOnly {
		return all
	}
	quiet := func(args []string, more ...string) []string {
		return append(slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--quiet" }), more...)
	}
	all = append(all, mishap{name: "broken pipe at stdout", pipe: 1, exits: []int{killed, 0, 1}, mute: true,
		wrap: func(args []string, _ int) []string { return quiet(args) }})
	if j.spills {
		all = append(all, mishap{name: "broken pipe at stderr", pipe: 2, exits: []int{killed, 0, 1}, mute: true,
			wrap: func(args []string, _ int) []string { return quiet(args, "--progress", "json") }})
	}
	all = append(all, []mishap{
		{name: "SIGINT", during: kill(syscall.SIGINT), exits: []int{interruptedCode, 0, killed}},
		{name: "SIGTERM", during: kill(syscall.SIGTERM), exits: []int{interruptedCode, 0, killed}},
		{name: "the folder above vanishes", during: func(_ *testing.T, _ *exec.Cmd, dir string) {
			os.RemoveAll(filepath.Join(dir, "place"))
		}, after: func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "place")) }, exits: []int{1, 0}, takes: true, lands: met},
		{name: "the folder above is read-only", most: 1, before: func(t *testing.T, dir string, _ int) {
			chmod(t, filepath.Join(dir, "place"), 0o500)
		}, after: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "place"), 0o777) }, as: nobody(), lacks: needsRoot(),
			says: "hint:", exits: []int{1}},
	}...)
	for _, name := range j.inputs {
		base := filepath.Base(name)
		all = append(all,
			mishap{name: base + " cannot be read", most: 1, before: func(t *testing.T, dir string, _ int) {
				chmod(t, filepath.Join(dir, name), 0)
			}, after: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, name), 0o644) }, as: nobody(), lacks: needsRoot(),
				says: base, exits: []int{1}, inputs: true},
			mishap{name: base + " grows", during: func(t *testing.T, _ *exec.Cmd, dir string) {
				appendTo(t, filepath.Join(dir, name), "x")
			}, after: restore(j, name), inputs: true, lands: met, exits: []int{1, 0, 3, 4}},
			mishap{name: base + " is cut short", during: func(t *testing.T, _ *exec.Cmd, dir string) {
				if err := os.Truncate(filepath.Join(dir, name), 4000); err != nil {
					t.Error(err)
				}
			}, after: restore(j, name), inputs: true, lands: met, exits: []int{1, 0, 3, 4}},
			mishap{name: base + " vanishes", during: func(t *testing.T, _ *exec.Cmd, dir string) {
				os.Remove(filepath.Join(dir, name))
			}, after: restore(j, name), inputs: true, lands: met, exits: []int{1, 0}},
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
	f := mishap{name: name, exits: exits, mute: strings.Contains(calls, "write"), inputs: path != "", lands: injected}
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

// killAt kills the command behind the n-th of some calls of one of its threads.
func killAt(name, calls string) mishap {
	f := mishap{name: name, exits: []int{killed, 0}, lands: injected}
	if _, err := exec.LookPath("strace"); err != nil {
		f.lacks = "strace is not there"
	}
	f.wrap = func(args []string, i int) []string {
		return append([]string{"strace", "-f", "-qq", "-o", "DIR/trace", "-e", "trace=" + calls,
			"-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", calls, i+1)}, args...)
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
// reports whether the fault met the run, and whether it ended it.
func (j *faultJob) suffer(t *testing.T, f mishap, i int, rnd *rand.Rand) (landed, ended bool) {
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
	r := j.run(t, dir, f, i, rnd)
	landed = r.code != 0
	if f.lands != nil {
		landed = f.lands(r)
	}
	if f.takes {
		os.RemoveAll(filepath.Join(dir, "place")) // what was made anew while it was being taken away
	}
	j.judge(t, dir, f, r.code, r.said)
	if f.after != nil {
		f.after(t, dir)
	}
	if r.code == 0 && (f.takes || !landed) {
		return landed, false // the register knows that it was exported; or nothing happened
	}
	if r := j.run(t, dir, mishap{}, 0, rnd); r.code != 0 {
		t.Fatalf("the next run: exit code %d\n%s\nafter %s", r.code, r.said, f.name)
	}
	j.verify(t, dir, f)
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
			if lock := strings.HasSuffix(name, "-lock") && f.harmless && r.code == 0; !lock && !strings.HasPrefix(name, "out") {
				t.Errorf("left below %s after the next run: %s", place, name)
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return landed, r.code != 0
}

// run runs the job in dir, with a fault.
func (j *faultJob) run(t *testing.T, dir string, f mishap, i int, rnd *rand.Rand) *faultRun {
	t.Helper()
	r := &faultRun{dir: dir}
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
	if f.pipe > 0 {
		defer breakPipe(t, c, f.pipe, rnd)()
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	over := func(wait time.Duration) (err error, ended bool) {
		select {
		case err := <-done:
			return err, true
		case <-time.After(wait):
			return nil, false
		}
	}
	var err error
	ended := false
	if f.during != nil {
		if err, ended = over(time.Duration(rnd.Int64N(int64(j.takes)))); !ended {
			f.during(t, c, dir)
			err, ended = over(0)
			r.met = !ended
		}
	}
	if !ended {
		err = <-done
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r.code, r.said = c.ProcessState.ExitCode(), stderr.String()
	return r
}

// breakPipe lets a stream of a command end in a pipe, which is closed at once at
// stdout, where a command has one thing to say, and after some lines at stderr. What
// it returns is called when the command has ended.
func breakPipe(t *testing.T, c *exec.Cmd, stream int, rnd *rand.Rand) func() {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if stream == 1 {
		c.Stdout = w
		r.Close()
		return func() { w.Close() }
	}
	c.Stderr = w
	lines := rnd.IntN(8)
	go func() {
		in := bufio.NewScanner(r)
		for i := 0; i < lines && in.Scan(); i++ {
		}
		r.Close()
	}()
	return func() { w.Close() }
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
	got := j.result(t, dir)
	if code == 0 && !f.takes && !maps.Equal(got, j.want) {
		t.Errorf("%s: it says that all is done, and the result is another", f.name)
	}
	if j.old != nil && !maps.Equal(got, j.old) && !maps.Equal(got, j.want) {
		t.Errorf("%s: neither the old case stands there nor the new one", f.name)
	}
	j.verify(t, dir, f)
}

// verify lets the program look at what was there before, and at the case that stands
// at the place, if one does.
func (j *faultJob) verify(t *testing.T, dir string, f mishap) {
	t.Helper()
	look := func(in string, args ...string) (string, error) {
		c := exec.Command("paytriage", args...)
		c.Dir = in
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if j.holds != nil {
		if out, err := look(dir, j.holds...); err != nil {
			t.Errorf("%s: %q: %v\n%s", f.name, j.holds, err, out)
		}
	}
	if !j.makesCase {
		return
	}
	place := filepath.Join(dir, "place", "out")
	if f.inputs {
		dir = t.TempDir() // where the logs that the case names are not: they are other ones now
	}
	out, err := look(dir, "verify", place)
	if stands := len(filesOf(t, place)) > 0; err != nil && (stands || !strings.Contains(out, "is no finished case")) {
		t.Errorf("%s: verify: %v\n%s", f.name, err, out)
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
