//go:build unix

package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func known(name string) bool { return strings.HasSuffix(name, ".csv") }

// fill writes a whole case into an open folder.
func fill(t *testing.T, f *Folder, content string) {
	t.Helper()
	for _, name := range []string{"victims.csv", Manifest} {
		w, err := f.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, path string, o FolderOptions) *Folder {
	t.Helper()
	f, err := OpenFolder(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// finish puts a finished case at a path.
func finish(t *testing.T, path, content string) {
	t.Helper()
	f := open(t, path, FolderOptions{Force: true})
	fill(t, f, content)
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

// caseOf is the tree of a folder that holds only a case.
func caseOf(content string) map[string]string {
	return map[string]string{"case/": "", "case/victims.csv": content, "case/" + Manifest: content}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	f := open(t, path, FolderOptions{})
	fill(t, f, "one")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is there before Commit: %v", err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, caseOf("one"))
	for name, want := range map[string]fs.FileMode{"": fs.ModeDir | 0o700, "victims.csv": 0o600, Manifest: 0o600} {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, error %v", name, info.Mode(), err)
		}
	}
	if err := f.Discard(); err != nil {
		t.Errorf("Discard after Commit: %v", err)
	}
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Commit: %v", err)
	}
	if _, err := f.Create("x.csv"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Create after Commit: %v", err)
	}

	if _, err := OpenFolder(path, FolderOptions{Known: known}); !errors.Is(err, ErrFinished) || !strings.Contains(err.Error(), path) {
		t.Errorf("a finished folder: error %v", err)
	}
	f = open(t, path, FolderOptions{Force: true, Known: known})
	fill(t, f, "two")
	checkTree(t, path, map[string]string{"victims.csv": "one", Manifest: "one"})
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, caseOf("two"))
}

func TestFolderDiscard(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	finish(t, path, "old")
	f := open(t, path, FolderOptions{Force: true})
	fill(t, f, "new")
	if err := f.Discard(); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, caseOf("old"))
}

// TestFolderRefuses are places that are not replaced, and stay as they are.
func TestFolderRefuses(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		o     FolderOptions
		want  error // nil for a folder that may be replaced
	}{
		{"empty", nil, FolderOptions{}, nil},
		{"unfinished", []string{"victims.csv", ".paytriage-1.tmp"}, FolderOptions{Known: known}, nil},
		{"temporary files only", []string{".paytriage-1.tmp"}, FolderOptions{}, nil},
		{"unfinished, but nothing is known", []string{"victims.csv"}, FolderOptions{Force: true}, ErrForeign},
		{"somebody's photos", []string{"a.jpg", "b.jpg"}, FolderOptions{Force: true, Known: known}, ErrForeign},
		{"a case with a note", []string{"victims.csv", "note.txt"}, FolderOptions{Known: known}, ErrForeign},
		{"a folder in it", []string{"victims.csv", "sub/x"}, FolderOptions{Known: known}, ErrForeign},
		{"a hidden file", []string{".git"}, FolderOptions{Known: known}, ErrForeign},
		{"finished", []string{"victims.csv", Manifest}, FolderOptions{Known: known}, ErrFinished},
		{"finished, forced", []string{"victims.csv", Manifest}, FolderOptions{Force: true, Known: known}, nil},
		{"finished with a note, forced", []string{"note.txt", Manifest}, FolderOptions{Force: true, Known: known}, ErrForeign},
		{"finished with a note, forced, all known", []string{"note.txt", Manifest}, FolderOptions{Force: true}, nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "case")
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, name := range tc.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(path, name)), 0o755); err != nil {
					t.Fatal(err)
				}
				put(t, filepath.Join(path, name), "theirs")
			}
			before := tree(t, dir)
			f, err := OpenFolder(path, tc.o)
			if !errors.Is(err, tc.want) {
				t.Fatalf("error %v, want %v", err, tc.want)
			}
			if err != nil {
				if !strings.Contains(err.Error(), path) {
					t.Errorf("the error does not name the folder: %v", err)
				}
				checkTree(t, dir, before)
				return
			}
			fill(t, f, "new")
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			checkTree(t, dir, caseOf("new"))
		})
	}
}

func TestFolderRefusesOtherThings(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), "x")
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "here"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "here"))
	for path, want := range map[string]string{
		"":                             "needs a name",
		"/":                            "cannot be replaced",
		".":                            "is the working folder",
		filepath.Join(dir, "here"):     "is the working folder",
		filepath.Join(dir, "file"):     "is not a folder",
		filepath.Join(dir, "file/sub"): "is not a folder",
		filepath.Join(dir, "dangling"): "no such file",
		"/proc":                        "", // a mount point, and full of other things
	} {
		if _, err := OpenFolder(path, FolderOptions{Force: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", path, err, want)
		}
	}
	checkTree(t, dir, map[string]string{"file": "x", "dangling": "nowhere", "here/": ""})
	// Inside the working folder all is well.
	finish(t, "case", "x")
	checkTree(t, ".", caseOf("x"))
}

func TestIsMount(t *testing.T) {
	if mount, err := isMount("/proc"); err != nil || !mount {
		if _, serr := os.Stat("/proc/self"); serr != nil {
			t.Skip("no /proc here")
		}
		t.Errorf("/proc: %v, error %v", mount, err)
	}
	if mount, err := isMount(t.TempDir()); err != nil || mount {
		t.Errorf("a plain folder: %v, error %v", mount, err)
	}
}

func TestFolderNames(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "case"), FolderOptions{})
	defer f.Discard()
	for _, name := range []string{"", ".", "..", "a/b", "../x", `a\b`, "/etc/x", ".paytriage-1.tmp"} {
		if _, err := f.Create(name); err == nil {
			t.Errorf("%q was created", name)
		}
	}
}

func TestFolderIncomplete(t *testing.T) {
	dir := t.TempDir()
	f := open(t, filepath.Join(dir, "case"), FolderOptions{})
	w, err := f.Create("victims.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err == nil || !strings.Contains(err.Error(), "is not finished") {
		t.Errorf("an open file: error %v", err)
	}
	if _, _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err == nil || !strings.Contains(err.Error(), "has no manifest.json") {
		t.Errorf("no manifest: error %v", err)
	}
	fill(t, f, "x") // all that was missing
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, caseOf("x"))
}

// TestFolderChangesMeanwhile: what people put at the place during the run is
// found at Commit.
func TestFolderChangesMeanwhile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	f := open(t, path, FolderOptions{Known: known})
	fill(t, f, "new")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(path, "photo.jpg"), "mine")
	if err := f.Commit(); !errors.Is(err, ErrForeign) {
		t.Errorf("error %v", err)
	}
	if err := f.Discard(); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, map[string]string{"case/": "", "case/photo.jpg": "mine"})
}

func TestFolderThroughLink(t *testing.T) {
	dir := t.TempDir()
	big, home := filepath.Join(dir, "big"), filepath.Join(dir, "home")
	for _, d := range []string{big, home, filepath.Join(big, "case")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(big, "case"), filepath.Join(home, "link")); err != nil {
		t.Fatal(err)
	}
	finish(t, filepath.Join(home, "link"), "one")
	finish(t, filepath.Join(home, "link"), "two")
	checkTree(t, big, caseOf("two"))
	checkTree(t, home, map[string]string{"link": filepath.Join(big, "case")})

	// Both names are one folder, so one lock.
	f := open(t, filepath.Join(home, "link"), FolderOptions{Force: true})
	defer f.Discard()
	if _, err := OpenFolder(filepath.Join(big, "case"), FolderOptions{Force: true}); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v", err)
	}
}

func TestFolderLock(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "down", "case")
	first := open(t, path, FolderOptions{})
	fill(t, first, "first")
	_, err := OpenFolder(path, FolderOptions{Force: true})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	// Being refused disturbs nothing.
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	checkTree(t, filepath.Dir(path), caseOf("first"))
	// Other folders are free, and this one is again.
	second, third := open(t, path, FolderOptions{Force: true}), open(t, path+"2", FolderOptions{})
	for _, f := range []*Folder{second, third} {
		if err := f.Discard(); err != nil {
			t.Error(err)
		}
	}
	checkTree(t, filepath.Dir(path), caseOf("first"))
}

// TestFolderLockRace lets many take one lock: never two at once.
func TestFolderLockRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case")
	var inside, entered int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				f, err := OpenFolder(path, FolderOptions{})
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inside++
				entered++
				if inside > 1 {
					t.Error("two are in")
				}
				mu.Unlock()
				mu.Lock()
				inside--
				mu.Unlock()
				if err := f.Discard(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if entered == 0 {
		t.Error("nobody ever got in")
	}
}

type killed struct{ step string }

// kill ends a Commit at a step as if the process had died there: nothing runs
// afterwards, only the system closes the lock.
func kill(t *testing.T, f *Folder, step string) (reached bool) {
	t.Helper()
	f.step = func(name string) {
		if name == step {
			panic(killed{step})
		}
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
			reached = true
			f.done = true
			f.lock.Close()
		}
	}()
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	return false
}

// TestKilled kills a run at every step of Commit, with folders exchanged at
// once and by two renames. What stands is always one whole case, and the next
// run clears up.
func TestKilled(t *testing.T) {
	pair := func(a, b string) error { return errors.ErrUnsupported }
	swaps := map[string]func(a, b string) error{"exchange": exchange, "two renames": pair}
	reached := map[string]bool{}
	for how, swap := range swaps {
		for _, old := range []string{"", "old"} {
			for _, step := range []string{"synced", "moved aside", "swapped", "removed"} {
				dir := t.TempDir()
				path := filepath.Join(dir, "case")
				if old != "" {
					finish(t, path, old)
				}
				f := open(t, path, FolderOptions{Force: true})
				f.exchange = swap
				fill(t, f, "new")
				reached[step] = kill(t, f, step) || reached[step]

				got, err := os.ReadFile(filepath.Join(path, "victims.csv"))
				gone := errors.Is(err, fs.ErrNotExist)
				switch {
				case gone && old == "" && step == "synced":
				case gone && old != "" && step == "moved aside" && how == "two renames":
				case err != nil:
					t.Errorf("%s, %q, killed at %s: %v", how, old, step, err)
				case string(got) != old && string(got) != "new":
					t.Errorf("%s, %q, killed at %s: %q stands", how, old, step, got)
				}

				// The next run, refused or not, leaves one case and nothing else.
				if next, err := OpenFolder(path, FolderOptions{}); err == nil {
					if err := next.Discard(); err != nil {
						t.Error(err)
					}
				} else if !errors.Is(err, ErrFinished) {
					t.Errorf("%s, %q, killed at %s: the next run: %v", how, old, step, err)
				}
				want := caseOf("new")
				switch {
				case step == "synced" && old == "":
					want = map[string]string{}
				case step == "synced", step == "moved aside" && how == "two renames" && old != "":
					want = caseOf("old")
				}
				checkTree(t, dir, want)
			}
		}
	}
	for _, step := range []string{"synced", "moved aside", "swapped", "removed"} {
		if !reached[step] {
			t.Errorf("step %q was never reached", step)
		}
	}
}

// TestKeepsTheOnlyCopy: a run died between two renames, and somebody has made
// another folder there since. Neither is removed.
func TestKeepsTheOnlyCopy(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	finish(t, path, "old")
	f := open(t, path, FolderOptions{Force: true})
	f.exchange = func(a, b string) error { return errors.ErrUnsupported }
	fill(t, f, "new")
	if !kill(t, f, "moved aside") {
		t.Fatal("not killed")
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := OpenFolder(path, FolderOptions{Force: true})
	if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), f.aside()) {
		t.Errorf("error %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(f.aside(), "victims.csv")); err != nil || string(got) != "old" {
		t.Errorf("%q, error %v", got, err)
	}
}

// TestSwapFails: when the second of two renames fails, the first is undone.
func TestSwapFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	finish(t, path, "old")
	f := open(t, path, FolderOptions{Force: true})
	f.exchange = func(a, b string) error { return errors.ErrUnsupported }
	fill(t, f, "new")
	f.step = func(name string) {
		if name == "moved aside" {
			if err := os.Rename(f.Path(), f.Path()+"x"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Commit(); err == nil {
		t.Error("no error")
	}
	checkTree(t, path, map[string]string{"victims.csv": "old", Manifest: "old"})
	if err := f.Discard(); err != nil {
		t.Error(err)
	}
	// An exchange that fails for another reason is an error, and no reason to
	// try renames.
	f = open(t, path, FolderOptions{Force: true})
	f.exchange = func(a, b string) error { return errDisk }
	fill(t, f, "new")
	if err := f.Commit(); !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
	if err := f.Discard(); err != nil {
		t.Error(err)
	}
	checkTree(t, path, map[string]string{"victims.csv": "old", Manifest: "old"})
}

// TestAlwaysThere watches the place while cases are exchanged: a finished one
// stands there at every moment.
func TestAlwaysThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	finish(t, path, "0")
	if err := exchange(path, path); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("folders cannot be exchanged at once here")
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		looks := 0
		for {
			select {
			case <-stop:
				if looks == 0 {
					t.Error("nobody looked")
				}
				return
			default:
			}
			if _, err := os.Stat(filepath.Join(path, Manifest)); err != nil {
				t.Errorf("look %d: %v", looks, err)
				return
			}
			looks++
		}
	})
	for i := range 50 {
		finish(t, path, fmt.Sprint(i))
	}
	close(stop)
	wg.Wait()
}

const (
	childVariable = "PAYTRIAGE_TEST_FOLDER"
	fileVariable  = "PAYTRIAGE_TEST_FILE"
)

// TestMain is the child of TestProcessKilled, or of TestFileOfKilledProcess, when it
// is asked to be.
func TestMain(m *testing.M) {
	path := os.Getenv(childVariable)
	if file := os.Getenv(fileVariable); file != "" {
		f, err := Create(file, fileMode)
		if err == nil {
			_, err = f.Write(make([]byte, 2*bufferSize))
		}
		fmt.Println("ready", err)
		time.Sleep(time.Minute)
	}
	if path == "" {
		os.Exit(m.Run())
	}
	f, err := OpenFolder(path, FolderOptions{Force: true})
	if err == nil {
		_, err = f.Create("victims.csv")
	}
	fmt.Println("ready", err)
	time.Sleep(time.Minute)
}

// child starts a process of the tests with a variable set, and waits until it is
// ready.
func child(t *testing.T, variable, value string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), variable+"="+value)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready <nil>\n" {
		t.Errorf("the child says %q, error %v", line, err)
	}
	return c
}

// TestFileOfKilledProcess lets two processes write files in one folder, and kills
// them one after the other. What one leaves goes with the next file that anybody
// makes there; what the other still writes stays.
func TestFileOfKilledProcess(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put(t, at(".paytriage-note.txt"), "of a person")
	alive := func() (n int) {
		for name := range tree(t, dir) {
			if isTemp(name) {
				n++
			}
		}
		return n
	}
	first, second := child(t, fileVariable, at("a.csv")), child(t, fileVariable, at("b.csv"))
	for i, c := range []*exec.Cmd{first, second} {
		if err := Write(at("c.csv"), fileMode, text("c")); err != nil {
			t.Fatal(err)
		}
		if got := alive(); got != 2-i {
			t.Errorf("%d files of %d living runs are there", got, 2-i)
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		if got := alive(); got != 2-i {
			t.Fatalf("a killed run should leave its file: %d of %d", got, 2-i)
		}
	}
	if err := Write(at("c.csv"), fileMode, text("c")); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, map[string]string{"c.csv": "c", ".paytriage-note.txt": "of a person"})
}

// TestProcessKilled kills a process that holds the lock and has a file open.
func TestProcessKilled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "case")
	finish(t, path, "old")
	child := child(t, childVariable, path)
	if _, err := OpenFolder(path, FolderOptions{Force: true}); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the child was not killed")
	}
	if left := tree(t, dir); len(left) < 6 {
		t.Errorf("a killed run should leave a lock, a folder and a file: %v", left)
	}
	finish(t, path, "new")
	checkTree(t, dir, caseOf("new"))
}

// TestSweep clears away what a killed run left where the next one writes nothing,
// and nothing else.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	final := filepath.Join(dir, "out")
	if err := Sweep(final); err != nil {
		t.Fatalf("nothing to clear away: %v", err)
	}
	f, err := OpenFolder(final, FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := Sweep(final); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Path()); err != nil {
		t.Errorf("what a living run writes: %v", err)
	}
	f.lock.Close() // as a kill does
	if err := Sweep(final); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left of a killed run: %v, %v", left, err)
	}
}
