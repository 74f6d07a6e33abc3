package register

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	childFolder = "PAYTRIAGE_TEST_LEDGER" // makes the test binary a child that works on it
	childStep   = "PAYTRIAGE_TEST_STEP"   // at which the child kills itself, as "name count"
)

// TestMain is the child of the kill tests when it is asked to be.
func TestMain(m *testing.M) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		os.Exit(m.Run())
	}
	fmt.Println("ready")
	if err := child(dir, os.Getenv(childStep)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// child works until it is killed: it approves drafts that grow, exports them, and
// tells what became of the payments. Where it goes on follows from the register.
func child(dir, step string) error {
	name, count, _ := strings.Cut(step, " ")
	left, _ := strconv.Atoi(count)
	at := func(s string) {
		if s != name {
			return
		}
		if left--; left == 0 {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				self.Kill()
			}
			select {}
		}
	}
	for range 40 {
		r, err := Open(filepath.Join(dir, "ledger"), Options{Create: true, Now: time.Now})
		if err != nil {
			return err
		}
		r.step = at
		if err := work(r, dir); err != nil {
			return err
		}
		r.Close()
	}
	return nil
}

// work takes the next steps: approve, export, settle.
func work(r *Register, dir string) error {
	b := r.Book()
	n := len(b.drafts)
	if n == len(b.exports) {
		n++
		lines := []Line{card("always", "a", int64(1000*n)), card(fmt.Sprint("new", n), "a", 7), walletLine("w", "a", -int64(n))}
		_, err := r.Append(Record{Approve: &Approval{Draft: draftOf(fmt.Sprint(n)), Maker: "m", Approver: "a", Lines: lines}})
		if err != nil {
			return err
		}
	}
	again := everything
	again.RetryAll = true
	p, err := b.Plan(draftOf(fmt.Sprint(n)), again)
	if err != nil {
		return err
	}
	s, err := r.Stage()
	if err != nil {
		return err
	}
	defer s.Discard()
	e, err := write(s, p, Export{Draft: draftOf(fmt.Sprint(n)), Out: filepath.Join(dir, fmt.Sprint("out", n))})
	if err != nil {
		return err
	}
	if _, err := r.Commit(s, e); err != nil {
		return err
	}
	item := Item{Name: Text(fmt.Sprint("new", n)), Amount: 7, Currency: "JPY", Date: "2019-07-08", Reason: "x"}
	_, err = r.Append(Record{Returned: &Settlement{Source: "s", Items: []Item{item}}})
	return err
}

// inspect opens what a killed child left and compares the register with the files
// that stand.
func inspect(t *testing.T, dir, when string) {
	t.Helper()
	r, err := Open(filepath.Join(dir, "ledger"), Options{Create: true, Now: time.Now})
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	defer r.Close()
	paid := map[string]bool{}
	sums := map[string]int64{}
	folders := 0
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == "ledger":
		case strings.HasPrefix(name, "out"):
			folders++
		case !strings.HasPrefix(name, ".out"):
			t.Errorf("%s: %s stands here", when, name)
		}
	}
	if folders != len(r.Book().Exports()) {
		t.Errorf("%s: %d folders of files, %d exports", when, folders, len(r.Book().Exports()))
	}
	for _, e := range r.Book().Exports() {
		stands, err := r.Book().exportRecord(e.Seq).stands()
		if err != nil || !stands {
			t.Errorf("%s: the files of export %d do not stand: %v", when, e.Seq, err)
		}
		for _, f := range e.Files {
			data, err := os.ReadFile(filepath.Join(e.Out, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				var name string
				var amount int64
				if _, err := fmt.Sscan(line, &name, &amount); err != nil || paid[name] {
					t.Errorf("%s: %q: twice, or error %v", when, line, err)
				}
				paid[name] = true
				id, _, _ := strings.Cut(name, "-")
				sums[id] += amount
			}
		}
	}
	for _, o := range r.Book().Obligations() {
		if want := o.Exported(); strings.HasPrefix(string(o.ID), "new") {
			continue // comes back
		} else if sums[string(o.ID)] != want || len(o.Issued) > 0 && o.Issued[len(o.Issued)-1].Target != want {
			t.Errorf("%s: %s: the files hold %d, the register %d", when, o.ID, sums[string(o.ID)], want)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if name := e.Name(); name != JournalName && name != HeadName && name != filepath.Base(r.lock.Path()) {
			t.Errorf("%s: %s was left", when, name)
		}
	}
}

// start starts a child and waits until it runs.
func start(t *testing.T, dir, step string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), childFolder+"="+dir, childStep+"="+step)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestKilledAtEveryStep kills a process between the steps of its first and third
// round. The register is before or after, and the files that stand are those that
// it names.
func TestKilledAtEveryStep(t *testing.T) {
	steps := []string{"checked", "appended", "head", "staging", "copied", "manifest", "published", "renamed", "cleared"}
	for _, step := range steps {
		for _, count := range []int{1, 4} {
			dir := t.TempDir()
			c := start(t, dir, fmt.Sprint(step, " ", count))
			if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != -1 {
				t.Fatalf("%s %d: not killed: %v", step, count, err)
			}
			inspect(t, dir, fmt.Sprint(step, " ", count))
		}
	}
}

// TestKilledAnywhere kills a process at random moments, again and again on one
// ledger.
func TestKilledAnywhere(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	dir := t.TempDir()
	early := 0
	for n := range kills {
		c := start(t, dir, "")
		time.Sleep(time.Duration(rand.Int64N(int64(25 * time.Millisecond))))
		c.Process.Kill()
		c.Wait()
		if c.ProcessState.ExitCode() != -1 {
			early++
		}
		inspect(t, dir, fmt.Sprint("kill ", n+1))
		if t.Failed() {
			return
		}
	}
	r := opened(t, filepath.Join(dir, "ledger"), time.Now)
	if early > kills/2 || len(r.Book().Exports()) < kills/10 {
		t.Errorf("%d of %d were done before they were killed, %d exports", early, kills, len(r.Book().Exports()))
	}
	t.Logf("%d kills, %d exports, %d records", kills, len(r.Book().Exports()), r.Book().Records)
}
