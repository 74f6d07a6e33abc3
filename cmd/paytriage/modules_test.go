package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testReasons say what the modules are for that only tests import.
var testReasons = map[string]string{
	"github.com/google/go-cmp":        "what differs between two values",
	"github.com/rogpeppe/go-internal": "scripts that run the program as a user does",
	"github.com/ulikunitz/xz":         "writing what the reader of xz is tested with",
}

// TestModulesTable holds the table of the README against go.mod and against who
// may import what. -update writes it.
func TestModulesTable(t *testing.T) {
	root := filepath.Join("..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	direct := directModules(string(mod))
	reasoned := slices.Sorted(maps.Keys(wards))
	for _, m := range testOnly {
		if testReasons[m] == "" {
			t.Errorf("%s: testReasons does not say what it is for", m)
		}
		reasoned = append(reasoned, m)
	}
	slices.Sort(reasoned)
	if !slices.Equal(direct, reasoned) {
		t.Errorf("go.mod requires %q directly, layers_test.go gives reasons for %q", direct, reasoned)
	}
	path := filepath.Join(root, "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| module | imported by | for |\n"
	before, rest, found := strings.Cut(string(readme), head)
	if !found {
		t.Fatalf("README.md has no table of modules, which begins with\n%s", head)
	}
	rest = rest[tableEnd(rest):]
	switch now := before + head + modulesTable() + rest; {
	case now == string(readme):
	case *update:
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of modules in README.md is not what layers_test.go says; run: go test ./cmd/paytriage -run ModulesTable -update\n%s", modulesTable())
	}
}

// tableEnd returns where the lines of a table end.
func tableEnd(text string) (end int) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		end += len(line)
	}
	return end
}

func modulesTable() string {
	var b bytes.Buffer
	b.WriteString("|---|---|---|\n")
	for _, m := range slices.Sorted(maps.Keys(wards)) {
		var trees []string
		for _, tree := range wards[m].trees {
			trees = append(trees, "`"+tree+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m, strings.Join(trees, ", "), wards[m].reason)
	}
	for _, m := range slices.Sorted(slices.Values(testOnly)) {
		fmt.Fprintf(&b, "| `%s` | tests | %s |\n", m, testReasons[m])
	}
	return b.String()
}

// directModules returns what a go.mod requires directly, in order.
func directModules(mod string) (paths []string) {
	inside := false
	for line := range strings.Lines(mod) {
		line = strings.TrimSpace(line)
		rest, single := strings.CutPrefix(line, "require ")
		switch {
		case line == "require (":
			inside = true
			continue
		case line == ")":
			inside = false
		case single:
			line = rest
		}
		if fields := strings.Fields(line); (inside || single) && len(fields) == 2 {
			paths = append(paths, fields[0])
		}
	}
	slices.Sort(paths)
	return paths
}

func TestDirectModules(t *testing.T) {
	const mod = "module x\n\ngo 1.26.0\n\nrequire (\n\tb.org/b v1.0.0\n\tc.org/c v1.0.0 // indirect\n)\n\nrequire a.org/a v0.1.0\nrequire d.org/d v0.1.0 // indirect\n"
	if got := directModules(mod); !slices.Equal(got, []string{"a.org/a", "b.org/b"}) {
		t.Errorf("%q", got)
	}
}
