package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/paytriage/paytriage/report"
)

// benchCommands are the commands that scripts have beside those of testscript.
var benchCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits": benchExits, "says": benchSays, "mode": benchMode, "holds": benchHolds, "value": benchValue,
	"lines": benchLines, "await": benchAwait, "empty": benchEmpty, "put": benchPut, "swap": benchSwap, "pack": benchPack,
	"complain": benchComplain, "upto": benchUpTo,
}

// exits CODE COMMAND… runs a command that must end with that code.
func benchExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// says WORD ERROR [HINT] checks that stderr is one line "paytriage: WORD: …" that
// fits the pattern ERROR, and one with a hint that fits HINT, and nothing else.
func benchSays(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: says error|warning PATTERN [PATTERN]")
	}
	heads := []string{"paytriage: " + args[0] + ": ", "paytriage: hint: "}[:len(args)-1]
	lines := strings.SplitAfter(ts.ReadFile("stderr"), "\n")
	if len(lines) != len(heads)+1 || lines[len(heads)] != "" {
		ts.Fatalf("stderr has %d lines, want %d:\n%s", len(lines)-1, len(heads), ts.ReadFile("stderr"))
	}
	for i, head := range heads {
		text, ok := strings.CutPrefix(lines[i], head)
		text = strings.TrimSuffix(text, "\n")
		if fits := regexp.MustCompile(args[i+1]).MatchString(text); !ok || !fits || strings.HasSuffix(text, ".") {
			ts.Fatalf("stderr: %q is not %q with %q and without a full stop", lines[i], head, args[i+1])
		}
	}
}

// mode PERM PATH… checks permissions.
func benchMode(ts *testscript.TestScript, neg bool, args []string) {
	for _, path := range args[1:] {
		info, err := os.Stat(ts.MkAbs(path))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s: mode %s, want %s", path, got, args[0])
		}
	}
}

// holds CASE checks that a case is whole: the manifest names every file with its
// size and hash and every input, all tables have their header, and the rows of
// the summary add up.
func benchHolds(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(wholeCase(dir))
}

// wholeCase returns why a folder is no whole case.
func wholeCase(dir string) error {
	var m report.Manifest
	if err := readJSON(filepath.Join(dir, "manifest.json"), &m); err != nil {
		return err
	}
	named := map[string]bool{"manifest.json": true}
	for _, f := range m.Outputs {
		named[f.Name] = true
		data, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); int64(len(data)) != f.Bytes || hex.EncodeToString(sum[:]) != f.SHA256 {
			return fmt.Errorf("%s is not what the manifest says", f.Name)
		}
		for _, s := range report.Schemas() {
			head, _, _ := strings.Cut(string(data), "\n")
			if f.Name == s.Name+".csv" && head != strings.Join(columnNames(s), ",") {
				return fmt.Errorf("%s has the header %s", f.Name, head)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !named[e.Name()] {
			return fmt.Errorf("the manifest does not name %s", e.Name())
		}
	}
	if len(entries) != len(named) || !named["summary.json"] {
		return fmt.Errorf("%d files, the manifest names %d", len(entries), len(named))
	}
	return addsUp(dir, &m)
}

// addsUp checks the account of rows in summary and manifest.
func addsUp(dir string, m *report.Manifest) error {
	var s report.Summary
	if err := readJSON(filepath.Join(dir, "summary.json"), &s); err != nil {
		return err
	}
	if len(s.Sources) != len(m.Inputs) {
		return fmt.Errorf("%d sources, %d inputs", len(s.Sources), len(m.Inputs))
	}
	var sum report.RowCounts
	for i, n := range s.Sources {
		in := m.Inputs[i]
		if n.Read != n.Accepted+n.Rejected+n.Duplicates || n.RowCounts != in.RowCounts || n.Name != in.Name || n.Role != in.Role {
			return fmt.Errorf("%s: rows do not add up: %+v, manifest %+v", n.Name, n.RowCounts, in)
		}
		sum.Read += n.Read
		sum.Accepted += n.Accepted
		sum.Rejected += n.Rejected
		sum.Duplicates += n.Duplicates
		sum.Repeats += n.Repeats
	}
	if sum != s.Rows {
		return fmt.Errorf("rows %+v, sources add up to %+v", s.Rows, sum)
	}
	return nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// value FILE KEY… WANT checks a value of a JSON file; a KEY is a name or the
// number of an element.
func benchValue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: value FILE KEY… WANT")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	var at any
	ts.Check(d.Decode(&at))
	for _, key := range args[1 : len(args)-1] {
		switch v := at.(type) {
		case map[string]any:
			at = v[key]
		case []any:
			n, err := strconv.Atoi(key)
			ts.Check(err)
			if n >= len(v) {
				ts.Fatalf("%s has %d elements before %s", args[0], len(v), key)
			}
			at = v[n]
		default:
			ts.Fatalf("%s: nothing has a key %s in %v", args[0], key, at)
		}
	}
	if got := fmt.Sprint(at); got != args[len(args)-1] {
		ts.Fatalf("%s %v: %s, want %s", args[0], args[1:len(args)-1], got, args[len(args)-1])
	}
}

// lines N FILE counts lines.
func benchLines(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[1])
	if got := strconv.Itoa(strings.Count(text, "\n")); got != args[0] {
		ts.Fatalf("%s has %s lines, want %s:\n%s", args[1], got, args[0], text)
	}
}

// await FILE waits until a file is there.
func benchAwait(ts *testscript.TestScript, neg bool, args []string) {
	for range 500 {
		if _, err := os.Lstat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s did not come", args[0])
}

// empty DIR… checks that nothing is in folders, hidden files included.
func benchEmpty(ts *testscript.TestScript, neg bool, args []string) {
	for _, dir := range args {
		entries, err := os.ReadDir(ts.MkAbs(dir))
		ts.Check(err)
		if len(entries) > 0 {
			ts.Fatalf("%s holds %v", dir, entries)
		}
	}
}

// put FILE TEXT… adds texts to a file, escapes as in Go.
func benchPut(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	for _, text := range args[1:] {
		_, err = f.WriteString(unescaped(ts, text))
		ts.Check(err)
	}
	ts.Check(f.Close())
}

// swap IN OUT OLD NEW [OLD NEW]… replaces texts in a file, escapes as in Go.
func benchSwap(ts *testscript.TestScript, neg bool, args []string) {
	data := ts.ReadFile(args[0])
	for i := 2; i+1 < len(args); i += 2 {
		old := unescaped(ts, args[i])
		if !strings.Contains(data, old) {
			ts.Fatalf("%s does not contain %q", args[0], old)
		}
		data = strings.ReplaceAll(data, old, unescaped(ts, args[i+1]))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(data), 0o600))
}

// unescaped turns \x1b into what it stands for, and {10000*x} into many x.
func unescaped(ts *testscript.TestScript, s string) string {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	ts.Check(err)
	return regexp.MustCompile(`\{([0-9]+)\*([^}]+)\}`).ReplaceAllStringFunc(text, func(m string) string {
		n, what, _ := strings.Cut(strings.Trim(m, "{}"), "*")
		times, _ := strconv.Atoi(n)
		return strings.Repeat(what, times)
	})
}

// pack IN OUT [BYTES] packs a file with gzip, and cuts it to so many bytes.
func benchPack(ts *testscript.TestScript, neg bool, args []string) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(z.Close())
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		b.Truncate(min(n, b.Len()))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}
