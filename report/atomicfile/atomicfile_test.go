//go:build unix

package atomicfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns what a folder holds: names with contents, folders with a slash.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			found[name+"/"] = ""
		case d.Type()&fs.ModeSymlink != 0:
			found[name], err = os.Readlink(path)
		default:
			var data []byte
			data, err = os.ReadFile(path)
			found[name] = string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func checkTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := Write(path, 0o600, text("first")); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, 0o640, text("second")); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, map[string]string{"a.csv": "second"})
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

func TestCommitReportsSizeAndHash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	content := bytes.Repeat([]byte("0123456789"), bufferSize/7)
	f, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{content[:1], content[1:100], {}, content[100:]} {
		if n, err := f.Write(part); err != nil || n != len(part) {
			t.Fatal(n, err)
		}
	}
	size, sum, err := f.Commit()
	if err != nil || size != int64(len(content)) || sum != sha256.Sum256(content) {
		t.Errorf("%d bytes, hash %x, error %v", size, sum, err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	f.Discard() // does nothing any more
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if _, err := f.Write(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write after Commit: %v", err)
	}
	if _, _, err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Commit: %v", err)
	}
}

// TestModes writes under umasks that take rights away, and give none.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077, 0o277, 0o777} {
		dir := t.TempDir()
		old := syscall.Umask(umask)
		err := Write(filepath.Join(dir, "f"), 0o600, text("x"))
		err = errors.Join(err, Dir(filepath.Join(dir, "a", "b")))
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("umask %o: %v", umask, err)
		}
		for name, want := range map[string]fs.FileMode{"f": 0o600, "a": fs.ModeDir | 0o700, "a/b": fs.ModeDir | 0o700} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
				t.Errorf("umask %o: %s: mode %v, error %v", umask, name, info.Mode(), err)
			}
		}
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Dir(dir); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("an existing folder has mode %v now, error %v", info.Mode(), err)
	}
	put(t, filepath.Join(dir, "file"), "")
	for _, bad := range []string{"file", "file/below"} {
		if err := Dir(filepath.Join(dir, bad)); err == nil {
			t.Errorf("%s was made a folder", bad)
		}
	}
}

var errDisk = errors.New("disk full")

// failAt fails from a byte on, or claims to have written what it has not.
type failAt struct {
	w     io.Writer
	left  int
	short bool
}

func (f *failAt) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return f.w.Write(p)
	}
	n, err := f.w.Write(p[:f.left])
	f.left = 0
	switch {
	case err != nil:
		return n, err
	case f.short:
		return len(p), nil
	}
	return n, errDisk
}

// TestFailingWriter lets the disk fail at every byte: an error comes out, and
// the folder is as it was.
func TestFailingWriter(t *testing.T) {
	content := strings.Repeat("0123456789", 30)
	for _, before := range []map[string]string{{}, {"a": "old"}} {
		for _, short := range []bool{false, true} {
			for n := range len(content) {
				dir := t.TempDir()
				for name, text := range before {
					put(t, filepath.Join(dir, name), text)
				}
				f, err := Create(filepath.Join(dir, "a"), 0o600)
				if err != nil {
					t.Fatal(err)
				}
				f.sink.w = &failAt{w: f.tmp, left: n, short: short}
				f.buf.Reset(&f.sink)
				var werr error
				for i := 0; i < len(content) && werr == nil; i += 7 {
					_, werr = io.WriteString(f, content[i:min(i+7, len(content))])
				}
				_, _, err = f.Commit()
				if err == nil || !short && !errors.Is(err, errDisk) || !strings.Contains(err.Error(), filepath.Join(dir, "a")) {
					t.Fatalf("byte %d: error %v", n, err)
				}
				checkTree(t, dir, before)
			}
		}
	}
}

// TestErrorIsSticky: once a write failed, nothing succeeds, even if the disk
// works again.
func TestErrorIsSticky(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "a"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.sink.w = &failAt{w: f.tmp, left: 10}
	f.buf.Reset(&f.sink)
	big := make([]byte, 2*bufferSize)
	if _, err := f.Write(big); !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
	f.sink.w = f.tmp
	if _, err := f.Write([]byte("x")); !errors.Is(err, errDisk) {
		t.Errorf("a later write: error %v", err)
	}
	if _, _, err := f.Commit(); !errors.Is(err, errDisk) {
		t.Errorf("Commit: error %v", err)
	}
	checkTree(t, dir, map[string]string{})
}

// TestCallbackFails returns an error or panics halfway.
func TestCallbackFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put(t, path, "old")
	broken := errors.New("no such account")
	err := Write(path, 0o600, func(w io.Writer) error {
		fmt.Fprint(w, strings.Repeat("x", 3*bufferSize))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		Write(path, 0o600, func(w io.Writer) error { panic("bug") })
	}()
	checkTree(t, dir, map[string]string{"a": "old"})
}

// TestOtherThings are paths that are no place for a file.
func TestOtherThings(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.DevNull, filepath.Join(dir, "null")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "folder"):           "is a folder",
		filepath.Join(dir, "pipe"):             "not a regular file",
		filepath.Join(dir, "null"):             "not a regular file",
		os.DevNull:                             "not a regular file",
		filepath.Join(dir, "new") + "/":        "is not the path of a file",
		"":                                     "is not the path of a file",
		filepath.Join(dir, "no", "such", "fi"): "no such file",
	} {
		if err := Write(name, 0o600, text("x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", name, err, want)
		}
	}
	if names, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(names) > 0 {
		t.Errorf("left over: %v, error %v", names, err)
	}
}

// TestLinkIsReplaced: a link at the path goes, what it names stays.
func TestLinkIsReplaced(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "target"), "untouched")
	for link, target := range map[string]string{"link": "target", "dangling": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
		if err := Write(filepath.Join(dir, link), 0o600, text("new")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(filepath.Join(dir, link)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %v, error %v", link, info.Mode(), err)
		}
	}
	checkTree(t, dir, map[string]string{"target": "untouched", "link": "new", "dangling": "new"})
}

// TestTargetChangesMeanwhile: a folder made at the path during the run is found
// at Commit.
func TestTargetChangesMeanwhile(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "a"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Commit(); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("error %v", err)
	}
	checkTree(t, dir, map[string]string{"a/": ""})
}

func TestTolerate(t *testing.T) {
	for _, err := range []error{nil, syscall.EINVAL, syscall.ENOTSUP, syscall.ENOSYS, &fs.PathError{Op: "sync", Err: syscall.EINVAL}} {
		if got := tolerate(err); got != nil {
			t.Errorf("%v is not tolerated", err)
		}
	}
	for _, err := range []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, errDisk} {
		if tolerate(err) == nil {
			t.Errorf("%v is tolerated", err)
		}
	}
}
