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

func readJSON(dir, name string, v any) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err == nil && len(data) > maxJSON {
		err = fmt.Errorf("has more than %d bytes", maxJSON)
	}
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
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
	data, err := os.ReadFile(filepath.Join(dir, atomicfile.Manifest))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
