package parsers

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
)

// folder makes a folder of exports and moves into it.
func folder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{"one.csv", "logs/b.csv", "logs/a.csv", "logs/deep/er/c.csv.gz", "logs/.hidden.csv", "logs/.git/config", "other/d.csv", "dotted/.x", "[odd].csv", "-"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
}

// names expands arguments and returns the names of the inputs, or the error.
func names(args ...string) string {
	inputs, err := Expand(args, event.Auth, Stdin{From: strings.NewReader("from stdin")})
	defer Discard(inputs)
	var all []string
	for _, in := range inputs {
		if in.Role != event.Auth || in.spool == nil && in.Path != in.Name {
			return "a wrong input"
		}
		all = append(all, in.Name)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return strings.Join(all, " ")
}

func TestExpand(t *testing.T) {
	folder(t)
	f := func(want string, args ...string) {
		t.Helper()
		if got := names(args...); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
	f("")
	f("one.csv", "one.csv")
	f("one.csv", "./one.csv")
	f("logs/a.csv logs/b.csv logs/deep/er/c.csv.gz", "logs")
	f("logs/a.csv logs/b.csv logs/deep/er/c.csv.gz", "logs/")
	f("logs/a.csv logs/b.csv logs/deep/er/c.csv.gz", "./logs/../logs")
	f("logs/.git/config", "logs/.git") // asked for by name
	f("logs/.hidden.csv", "logs/.hidden.csv")
	f("logs/a.csv logs/b.csv", "logs/*.csv")
	f("logs/.hidden.csv", "logs/.*.csv")
	f("logs/.git/config", "logs/.git/*")
	f("logs/a.csv logs/b.csv logs/deep/er/c.csv.gz", "./logs/*")
	f("logs/a.csv logs/b.csv logs/deep/er/c.csv.gz other/d.csv", "*s", "other")
	f("[odd].csv", "[odd].csv") // a name before it is a pattern
	f("stdin", "-")
	f("-", "./-")
	f("-", "?")
	f("one.csv other/d.csv stdin", "other", "-", "one.csv")

	f("error: none.csv: no such file or directory", "none.csv")
	f("error: none/*.csv: matches no file", "none/*.csv")
	f("error: [: matches no file", "[")
	f("error: dotted/*: matches no file", "dotted/*")
	f("error: empty: no files in this folder", "empty")
	f("error: dotted: no files in this folder", "dotted")
	f("error: one.csv/x: not a directory", "one.csv/x")
	f("error: one.csv: is named twice", "one.csv", "one.csv")
	f("error: one.csv: is named twice", "one.csv", "other/../one.csv")
	f("error: logs/a.csv: is named twice", "logs", "logs/a.csv")
	f("error: stdin: is named twice", "-", "-")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	f("error: one.csv: is the same file as "+here+"/one.csv", "one.csv", here+"/one.csv")
	if inputs, err := Expand([]string{"logs", "one.csv", "none.csv"}, event.Auth, Stdin{}); inputs != nil || err == nil {
		t.Errorf("%v, %v", inputs, err)
	}
}

// TestExpandIsIndifferentToOrder gives the same arguments both ways round.
func TestExpandIsIndifferentToOrder(t *testing.T) {
	folder(t)
	args := []string{"other", "logs/*.csv", "one.csv", "logs/deep"}
	want := names(args...)
	slices.Reverse(args)
	if got := names(args...); got != want || want == "" {
		t.Errorf("%s, other way round %s", want, got)
	}
}

// TestNamedStandardInput spools for other processes, which only those of its owner
// can be, and sweeps while it is in use and when nobody holds it.
func TestNamedStandardInput(t *testing.T) {
	dir := t.TempDir()
	stdin := Stdin{From: strings.NewReader(authLines(9)), Dir: dir, Named: true}
	inputs, err := Expand([]string{"-"}, event.Auth, stdin)
	if err != nil {
		t.Fatal(err)
	}
	abandoned, other := filepath.Join(dir, spoolPrefix+"1"), filepath.Join(dir, "other")
	for _, name := range []string{abandoned, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	SweepStdin(dir)
	if info, err := os.Stat(inputs[0].Path); err != nil || info.Mode() != 0o600 || filepath.Dir(inputs[0].Path) != dir {
		t.Errorf("%s: %v, %v", inputs[0].Path, info, err)
	}
	if _, err := os.Stat(abandoned); !errors.Is(err, fs.ErrNotExist) && runtime.GOOS != "windows" { // there, only after a while
		t.Errorf("not swept: %v", err)
	}
	if log := mustLoad(t, inputs, yen(), 1<<20); log.Rows() != 9 {
		t.Errorf("%d rows", log.Rows())
	}
	Discard(inputs)
	if _, err := os.Stat(inputs[0].Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// TestStandardInputIsSpooled reads "-", of which nobody sees a file that could be
// left behind.
func TestStandardInputIsSpooled(t *testing.T) {
	dir := t.TempDir()
	text := authLines(100)
	inputs, err := Expand([]string{"-"}, event.Auth, Stdin{From: strings.NewReader(text), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 0 && runtime.GOOS != "windows" {
		t.Errorf("it can be seen: %v", all)
	}
	if got := TotalBytes(inputs); got != int64(len(text)) {
		t.Errorf("%d bytes of %d", got, len(text))
	}
	if log := mustLoad(t, inputs, yen(), 1<<20); log.Rows() != 100 || log.Sources[0].Name != "stdin" {
		t.Errorf("%d rows of %s", log.Rows(), log.Sources[0].Name)
	}
	Discard(inputs)
	left := func() []fs.DirEntry { all, _ := os.ReadDir(dir); return all }
	if all := left(); len(all) != 0 {
		t.Errorf("left behind: %v", all)
	}
	if _, err := Expand([]string{"-"}, event.Auth, Stdin{From: iotest.ErrReader(errors.New("boom")), Dir: dir}); err == nil || err.Error() != "standard input: boom" {
		t.Errorf("error %v", err)
	}
	if _, err := Expand([]string{"-", "none"}, event.Auth, Stdin{From: strings.NewReader(text), Dir: dir}); err == nil {
		t.Error("no error")
	}
	if _, err := Expand([]string{"-", "-"}, event.Auth, Stdin{From: strings.NewReader(text), Dir: dir}); err == nil {
		t.Error("no error")
	}
	if all := left(); len(all) != 0 {
		t.Errorf("left behind after errors: %v", all)
	}
	if _, err := Expand([]string{"-"}, event.Auth, Stdin{From: strings.NewReader(text), Dir: filepath.Join(dir, "none")}); err == nil || !strings.HasPrefix(err.Error(), "standard input: ") {
		t.Errorf("error %v", err)
	}
}

// TestDiscardLeavesInputsAlone removes spools only.
func TestDiscardLeavesInputsAlone(t *testing.T) {
	folder(t)
	inputs, err := Expand([]string{"one.csv"}, event.Auth, Stdin{})
	if err != nil {
		t.Fatal(err)
	}
	Discard(inputs)
	if _, err := os.Stat("one.csv"); err != nil {
		t.Error(err)
	}
}

func TestShorten(t *testing.T) {
	f := func(want []string, names ...string) {
		t.Helper()
		var inputs []Input
		for _, name := range names {
			inputs = append(inputs, Input{Name: name, Path: name})
		}
		Shorten(inputs)
		var got []string
		for i, in := range inputs {
			if got = append(got, in.Name); in.Path != names[i] {
				t.Errorf("%s lies at %s", names[i], in.Path)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", names, diff)
		}
	}
	f(nil)
	f([]string{"a.csv"}, "a.csv")
	f([]string{"a.csv", "b.csv"}, "/x/y/a.csv", "z/b.csv")
	f([]string{"x/a.csv", "y/a.csv", "b.csv"}, "x/a.csv", "y/a.csv", "y/b.csv")
	f([]string{"a.csv", "y/a.csv"}, "a.csv", "y/a.csv")
	f([]string{"stdin", "a.csv"}, "stdin", "x/a.csv")
}
