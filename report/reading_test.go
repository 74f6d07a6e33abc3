package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadManifestAndSummary(t *testing.T) {
	dir := t.TempDir()
	var open *OpenError
	if _, err := ReadManifest(dir); !errors.As(err, &open) {
		t.Errorf("a folder without a manifest: %v", err)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("manifest.json", `{"command":["analyze"],"inputs":[{"name":"a.csv","role":"auth","read":3}]}`)
	m, err := ReadManifest(dir)
	if err != nil || len(m.Inputs) != 1 || m.Inputs[0].Read != 3 || m.Command[0] != "analyze" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := ReadSummary(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no summary: %v", err)
	}
	put("summary.json", `{"accounts": "many"}`)
	if _, err := ReadSummary(dir); err == nil || !strings.Contains(err.Error(), "summary.json: ") {
		t.Errorf("a summary of another shape: %v", err)
	}
}
