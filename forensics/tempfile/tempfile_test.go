//go:build unix

package tempfile

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// holder is the folder in which a process that the tests start makes a file, and
// then waits to be killed.
const holder = "TEMPFILE_TEST_HOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holder); dir != "" {
		f, err := Create(dir, "ours-*.tmp", 0o600)
		if err != nil {
			panic(err)
		}
		f.WriteString("half of it")
		f.Close() // it stays locked
		os.Stdout.WriteString(f.Name() + "\n")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

func ours(name string) bool { return strings.HasPrefix(name, "ours-") }

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// TestSweepAfterKill sweeps while another process holds a file, and after it was
// killed.
func TestSweepAfterKill(t *testing.T) {
	dir := t.TempDir()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), holder+"="+dir)
	if _, err := c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	path, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	held := []string{filepath.Base(strings.TrimSpace(path))}
	if Sweep(dir, ours); !slices.Equal(names(t, dir), held) {
		t.Errorf("a file of a living run is gone: %q", names(t, dir))
	}
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	if !slices.Equal(names(t, dir), held) {
		t.Fatal("nothing was left to sweep")
	}
	if Sweep(dir, ours); len(names(t, dir)) > 0 {
		t.Errorf("left: %q", names(t, dir))
	}
}

// TestSweepPasses lists what is not to be removed, however it is called.
func TestSweepPasses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("ours-folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("ours-pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"theirs", "ours-abandoned"} {
		if err := os.WriteFile(at(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("theirs", at("ours-link")); err != nil {
		t.Fatal(err)
	}
	f, err := Create(dir, "ours-*", 0o640)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if info, err := f.Stat(); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	Sweep(dir, ours)
	want := []string{"ours-folder", "ours-link", "ours-pipe", filepath.Base(f.Name()), "theirs"}
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
	f.Release()
	if Sweep(dir, ours); slices.Contains(names(t, dir), filepath.Base(f.Name())) {
		t.Error("a file that nobody holds stays")
	}
	Sweep(at("none"), ours)
}

// TestCreateWhileSweeping makes files and gives them names while others sweep: none
// is lost.
func TestCreateWhileSweeping(t *testing.T) {
	dir := t.TempDir()
	done := make(chan struct{})
	var sweepers sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					Sweep(dir, ours)
				}
			}
		})
	}
	var makers sync.WaitGroup
	const each = 200
	for m := range 4 {
		makers.Go(func() {
			for i := range each {
				f, err := Create(dir, "ours-*", 0o600)
				if err != nil {
					t.Error(err)
					return
				}
				f.Close()
				if err := os.Rename(f.Name(), filepath.Join(dir, string(rune('a'+m))+strings.Repeat("x", i))); err != nil {
					t.Error(err)
				}
				f.Release()
			}
		})
	}
	makers.Wait()
	close(done)
	sweepers.Wait()
	if got := len(names(t, dir)); got != 4*each {
		t.Errorf("%d files of %d", got, 4*each)
	}
}

func TestUnname(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, "ours-*", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if !f.Unname() || len(names(t, dir)) > 0 {
		t.Errorf("left: %q", names(t, dir))
	}
	if _, err := f.WriteString("0123456789"); err != nil {
		t.Fatal(err)
	}
	a, b := f.View(10), f.View(4)
	one := make([]byte, 3)
	io.ReadFull(a, one)
	if whole, err := io.ReadAll(b); string(one) != "012" || string(whole) != "0123" || err != nil {
		t.Errorf("%q, %q, %v", one, whole, err)
	}
}
