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

// readBounded returns what a small file of a case holds.
func readBounded(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err == nil && len(data) > maxJSON {
		err = fmt.Errorf("%s: has more than %d bytes", path, maxJSON)
	}
	return data, err
}

func readJSON(dir, name string, v any) error {
	path := filepath.Join(dir, name)
	data, err := readBounded(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
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
	_, sum, err := HashFile(filepath.Join(dir, atomicfile.Manifest))
	return sum, err
}
