package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/console"
)

// maxJSON bounds the JSON files of a case that are read back: a summary grows
// with the number of sources and currencies, not with rows.
const maxJSON = 64 << 20

// ReadManifest returns the manifest of a finished case.
func ReadManifest(dir string) (*Manifest, error) {
	var m Manifest
	if _, err := os.Stat(filepath.Join(dir, atomicfile.Manifest)); err != nil {
		return nil, &OpenError{fmt.Errorf("%s: is no finished case: it has no %s", dir, atomicfile.Manifest), "name the folder that analyze wrote"}
	}
	return &m, readJSON(dir, atomicfile.Manifest, &m)
}

// ReadSummary returns the summary of a finished case.
func ReadSummary(dir string) (*Summary, error) {
	var s Summary
	return &s, readJSON(dir, "summary.json", &s)
}

// openFile opens a regular file, or what a link to one says. To open a pipe that
// nobody writes to would wait for ever.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is no file, but a folder, a pipe or a device", path)
	}
	return os.Open(path)
}

// HashFile returns the size and the SHA-256 of a regular file.
func HashFile(path string) (size int64, sum string, err error) {
	f, err := openFile(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return size, hex.EncodeToString(h.Sum(nil)), err
}

// A ChangedError says that a file of a folder is not what paytriage wrote there.
type ChangedError struct{ Err error }

func (e *ChangedError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *ChangedError) Unwrap() error { return e.Err }

// OpenIn opens a file of a folder that paytriage wrote, by the name that its manifest
// or its kind gives. A folder that comes from others may hold anything: a name that
// leads elsewhere, a link to what is private here, a pipe that never ends. None of them
// is what was written.
func OpenIn(dir, name string) (*os.File, error) {
	path := filepath.Join(dir, name)
	if name != filepath.Base(name) || name == "." || name == ".." {
		return nil, &ChangedError{fmt.Errorf("%s: %.100q is no name of a file in it", dir, name)}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &ChangedError{fmt.Errorf("%s: is no regular file, so it is not what was written", path)}
	}
	return os.Open(path)
}

// readIn returns a small file of a folder that paytriage wrote.
func readIn(dir, name string) ([]byte, error) {
	f, err := OpenIn(dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if len(data) > maxJSON {
		return nil, &ChangedError{fmt.Errorf("%s: has more than %d bytes", f.Name(), maxJSON)}
	}
	return data, nil
}

func readJSON(dir, name string, v any) error {
	data, err := readIn(dir, name)
	if err != nil {
		return err
	}
	err = json.Unmarshal(data, v)
	if err != nil {
		return &ChangedError{fmt.Errorf("%s: %w", filepath.Join(dir, name), err)}
	}
	return nil
}

// Wrapped breaks values that are too long for a line of a width at blanks; 0 is
// the width of a log.
func Wrapped(pairs []console.Pair, width int) []console.Pair {
	if width <= 0 {
		width = 100
	}
	return wrapped(pairs, width)
}

// ManifestHash returns the SHA-256 of a case's manifest, which names everything
// else.
func ManifestHash(dir string) (string, error) {
	return hashOf(dir, atomicfile.Manifest)
}
