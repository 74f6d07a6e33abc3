//go:build unix

package atomicfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// TestWhatWasThereBecomesTheOwners: folders and files that others could read
// before are closed to them when paytriage writes to them.
func TestWhatWasThereBecomesTheOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "open")
	log, file := filepath.Join(dir, "log"), filepath.Join(dir, "file")
	for _, err := range []error{os.Mkdir(dir, 0o755), os.Chmod(dir, 0o777), os.WriteFile(log, []byte("a\n"), 0o644), os.Chmod(log, 0o666), os.WriteFile(file, nil, 0o644),
		Own(dir), Append(log, 2, "b\n"), Write(file, 0o600, func(w io.Writer) error { return nil })} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, log: 0o600, file: 0o600} {
		if got := mode(t, path); got != want {
			t.Errorf("%s has the mode %04o, want %04o", filepath.Base(path), got, want)
		}
	}
	if data, err := os.ReadFile(log); err != nil || string(data) != "a\nb\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := Own(dir); err != nil || mode(t, dir) != 0o500 {
		t.Errorf("a folder that only its owner may read is changed: %v", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Own(filepath.Join(dir, "absent")); err == nil {
		t.Error("a folder that is not there is nobody's")
	}
}
