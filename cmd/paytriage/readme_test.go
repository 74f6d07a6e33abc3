package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeShowsWhatCommandsPrint runs every command in the README's console
// blocks, in order and in one folder, and compares what it prints with what the
// README shows. -update writes what is printed into the README.
func TestReadmeShowsWhatCommandsPrint(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	for _, dir := range []string{"samples", "parsers"} {
		if err := os.Symlink(filepath.Join(root, dir), filepath.Join(work, dir)); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	commands := 0
	shown := consoleBlocks(string(text), func(command string) string {
		commands++
		cmd := exec.Command("bash", "-c", command)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8")
		out, _ := cmd.CombinedOutput() // a command may be shown for how it fails
		return string(out)
	})
	if commands == 0 {
		t.Fatal("the README shows no command")
	}
	switch {
	case shown == string(text):
	case *update:
		if err := os.WriteFile(path, []byte(shown), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the README does not show what its commands print; run: go test ./cmd/paytriage -run Readme -update\n%s", firstDifference(string(text), shown))
	}
}

// consoleBlocks returns a text with what the commands of its console blocks
// print in the place of what it shows.
func consoleBlocks(text string, run func(command string) string) string {
	var out strings.Builder
	inside := false
	for line := range strings.SplitAfterSeq(text, "\n") {
		bare := strings.TrimSuffix(line, "\n")
		switch {
		case bare == "```console":
			inside = true
		case inside && bare == "```":
			inside = false
		case inside:
			command, ok := strings.CutPrefix(bare, "$ ")
			if !ok {
				continue
			}
			out.WriteString(line)
			for l := range strings.SplitAfterSeq(run(command), "\n") {
				if l != "" {
					out.WriteString(strings.TrimRight(l, " \n") + "\n")
				}
			}
			continue
		}
		out.WriteString(line)
	}
	return out.String()
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "shown:   " + a[i] + "\nprinted: " + b[i]
		}
	}
	return "one is longer than the other"
}
