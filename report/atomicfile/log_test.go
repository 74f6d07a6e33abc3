package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	content := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Fatalf("%q, error %v, want %q", got, err, want)
		}
	}
	for _, s := range []struct {
		size int64
		add  string
		want string
	}{
		{0, "one\n", "one\n"},
		{4, "two\n", "one\ntwo\n"},
		{8, "thr", "one\ntwo\nthr"}, // a part, as a killed run leaves it
		{8, "3\n", "one\ntwo\n3\n"},
		{4, "", "one\n"}, // only cut
	} {
		if err := Append(path, s.size, s.add); err != nil {
			t.Fatal(err)
		}
		content(s.want)
	}
	if err := Append(path, 5, "x"); err == nil {
		t.Error("a file that lost bytes was appended to")
	}
	content("one\n")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != fileMode {
		t.Errorf("%v, error %v", info, err)
	}
	if err := Append(path+"2", 3, "x"); err == nil {
		t.Error("a file that is gone was appended to")
	}
	if err := Append("/dev/null", 0, "x"); err == nil {
		t.Error("a device was appended to")
	}
}

func TestTakeLock(t *testing.T) {
	dir := t.TempDir()
	first, err := TakeLock(dir, "ledger")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TakeLock(dir, "ledger"); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v", err)
	}
	first.Release()
	again, err := TakeLock(dir, "ledger")
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
	checkTree(t, dir, map[string]string{})
}

func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, ".paytriage-1.tmp"), "x")
	put(t, filepath.Join(dir, "mine.tmp"), "x")
	if err := RemoveLeftovers(dir); err != nil {
		t.Fatal(err)
	}
	checkTree(t, dir, map[string]string{"mine.tmp": "x"})
}
