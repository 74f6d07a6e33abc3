package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/paytriage/paytriage"

// layers lists, for each tree, the only packages of this module that it may
// import. The longest prefix that fits a package decides; "x/..." allows x and
// all below it. Data goes one way: bytes, columns, statistics, entries,
// charges, campaigns, victims, ledger, files.
var layers = map[string][]string{
	"forensics/money":       {},
	"forensics/discreet":    {}, // what errors may say of cells
	"forensics/odds":        {},
	"forensics/formula":     {}, // here, since files of ours come back as lists and claims
	"forensics/policy":      {},
	"forensics/stage":       {"forensics/stage/..."},
	"forensics/tempfile":    {},
	"forensics/event/spill": {},
	"forensics/event":       {"forensics/discreet", "forensics/event/spill", "forensics/money", "forensics/stage/..."},
	// rows as text, for tests of the method
	"forensics/event/eventtest": {"forensics/event", "forensics/money"},
	"forensics/baseline":        {"forensics/event"},
	"forensics/source":          {"forensics/event/...", "forensics/stage/...", "forensics/baseline", "forensics/odds", "forensics/policy"},
	"forensics/takeover":        {"forensics/event/...", "forensics/baseline", "forensics/source", "forensics/watch", "forensics/odds", "forensics/policy"},
	"forensics/refund":          {"forensics/event", "forensics/money"},
	"forensics/charge":          {"forensics/event", "forensics/baseline", "forensics/takeover", "forensics/refund"},
	"forensics/campaign":        {"forensics/event", "forensics/source", "forensics/takeover", "forensics/policy"},
	"forensics/insider":         {"forensics/event", "forensics/policy"},
	"forensics/effect":          {"forensics/event"},
	"forensics/control":         {"forensics/event", "forensics/effect", "forensics/money", "forensics/baseline", "forensics/takeover"},
	"forensics/quality":         {"forensics/discreet", "forensics/money", "forensics/odds", "forensics/takeover"},
	"forensics/coverage":        {"forensics/event"},
	"forensics/ledger":          {"forensics/discreet", "forensics/money", "forensics/refund", "forensics/takeover"},
	"forensics/claims":          {"forensics/discreet", "forensics/money", "forensics/refund", "forensics/takeover", "forensics/ledger", "forensics/formula"},
	"forensics/bridge":          {"forensics/discreet", "forensics/money", "forensics/refund", "forensics/takeover", "forensics/ledger"},
	"forensics/calendar":        {},
	"forensics/closeout":        {"forensics/event", "forensics/calendar", "forensics/effect", "forensics/money"},
	"forensics/provision":       {"forensics/money", "forensics/refund", "forensics/takeover", "forensics/ledger"},
	"forensics/issuer":          {"forensics/discreet", "forensics/calendar", "forensics/money", "forensics/refund", "forensics/ledger"},
	"forensics":                 {"forensics/..."},

	"parsers/internal/block":  {},
	"parsers/internal/unpack": {},
	"parsers/internal/scalar": {"forensics/event", "forensics/money"},
	"parsers/internal/text":   {},
	"parsers/delim":           {},
	"parsers/jsonl":           {"parsers/internal/block"},
	"parsers/keyval":          {},
	"parsers/lines":           {},
	"parsers/parquet":         {},
	"parsers/profile":         {"parsers/internal/scalar", "forensics/event", "forensics/money"},
	"parsers":                 {"forensics/discreet", "parsers/...", "forensics/event/...", "forensics/stage/...", "forensics/money", "forensics/formula", "forensics/tempfile"},

	"report/atomicfile":      {"forensics/tempfile"},
	"report/table":           {"forensics/money"},
	"report/table/tabletest": {"report/table", "forensics/money"}, // what every encoder must pass
	"report/csvfile":         {"forensics/discreet", "report/table/...", "forensics/money", "forensics/formula"},
	"report/parquetfile":     {"report/table/...", "forensics/money"},
	"report/console":         {"report/table/...", "forensics/money"},
	"report/register":        {"forensics/discreet", "report/atomicfile", "forensics/ledger", "forensics/money"},
	"report/words":           {"forensics/money"},
	"report/chart":           {"report/words", "report/console", "forensics/money"}, // console: what hides in text, and how wide it is
	"report/html":            {"report/chart", "report/console", "report/words", "report/table/...", "forensics/money"},
	"report/indicator":       {"forensics/odds", "forensics/watch"},
	"report/sheet":           {"report/table/..."},
	"report/signature":       {},
	"report/pseudonym":       {"report/table/..."},
	"report":                 {"report/...", "forensics/..."},

	"samples/gen": {"forensics/money"},
	"samples":     {"samples/..."},
	"cmd":         {"cmd/...", "parsers", "parsers/profile", "forensics/...", "report/...", "samples/..."},
}

// wards lists the third-party modules, each with the trees that may import it
// and why it is here at all.
var wards = map[string]struct {
	trees  []string
	reason string
}{
	"github.com/spf13/cobra":            {[]string{"cmd/paytriage"}, "command tree, help and completion"},
	"github.com/spf13/pflag":            {[]string{"cmd/paytriage"}, "the flags of cobra"},
	"github.com/schollz/progressbar/v3": {[]string{"cmd/paytriage"}, "progress on a terminal"},
	"golang.org/x/term":                 {[]string{"cmd/paytriage"}, "whether a stream is a terminal, and how wide"},
	"github.com/apache/arrow/go/v15":    {[]string{"report/parquetfile", "parsers/parquet"}, "Parquet"},
	"github.com/olekukonko/tablewriter": {[]string{"report/console"}, "tables for people"},
	"golang.org/x/sys":                  {[]string{"report/atomicfile"}, "swapping folders in one step"},
	"golang.org/x/sync":                 {[]string{"parsers", "forensics/event"}, "groups of goroutines that fail together"},
	"github.com/klauspost/compress":     {[]string{"parsers/internal/unpack", "parsers/parquet"}, "zstd, and gzip at twice the speed of the standard library"},
	"go.yaml.in/yaml/v3":                {[]string{"forensics/policy", "parsers/profile", "cmd/paytriage"}, "policy files, profiles and configuration"},
	"golang.org/x/text":                 {[]string{"parsers/internal/text", "report/csvfile", "report/payout", "report/register", "report/words"}, "the tables of Japanese encodings, when two names are one, and speaking languages"},
	"golang.org/x/crypto":               {[]string{"report/signature"}, "keys and signatures of OpenSSH"},
	"github.com/xuri/excelize/v2":       {[]string{"report/sheet"}, "workbooks for finance"},
}

// testLayers lists what only the tests of a tree may import besides.
var testLayers = map[string][]string{
	"report/parquetfile": {"report/csvfile"},                               // the control of its benchmark
	"forensics/baseline": {"forensics/money", "forensics/event/eventtest"}, // made-up rows and their currencies
	"forensics/takeover": {"forensics/money", "forensics/event/eventtest"},
	"forensics/coverage": {"forensics/event/eventtest"},
	"forensics/charge":   {"forensics/money", "forensics/event/eventtest"},
	"forensics/effect":   {"forensics/money", "forensics/refund"},           // the ledger is the oracle
	"forensics/control":  {"forensics/event/eventtest", "forensics/refund"}, // the ledger is the oracle of its wallet
}

// testOnly are the modules that tests may import anywhere.
var testOnly = []string{"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "github.com/ulikunitz/xz"}

func TestLayers(t *testing.T) {
	root := filepath.Join("..", "..")
	files, problems := checkImports(t, os.DirFS(root))
	if files < 30 {
		t.Fatalf("only %d files were looked at", files)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

func TestLayersSeesPlantedViolations(t *testing.T) {
	plant := func(path, imported, want string) {
		t.Helper()
		_, problems := checkFile(path, []byte("package x\n\nimport _ \""+imported+"\"\n"))
		if len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s importing %s: %q, want %q", path, imported, problems, want)
		}
	}
	plant("forensics/x.go", module+"/report/table", "may not import report/table")
	plant("forensics/takeover/x.go", module+"/forensics/refund", "may not import forensics/refund")
	plant("report/table/x.go", module+"/forensics/event", "may not import forensics/event")
	plant("parsers/x.go", module+"/forensics", "may not import forensics")
	plant("forensics/money/x.go", "github.com/apache/arrow/go/v15/arrow", "is the ward of report/parquetfile")
	plant("report/x.go", "github.com/olekukonko/tablewriter", "is the ward of report/console")
	plant("parsers/x.go", "example.org/new/module", "is not in the allow-list")
	plant("parsers/x.go", "github.com/google/go-cmp/cmp", "is for tests only")
	plant("report/csvfile/x.go", module+"/report/table/tabletest", "is for tests only")
	plant("newroom/x.go", "fmt", "stands in no known tree")
}

func TestTopLevelIsFixed(t *testing.T) {
	want := []string{".ci", ".gitignore", "LICENSE", "README.md", "cmd", "forensics", "go.mod", "go.sum", "parsers", "report", "samples"}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		ignored := e.Name() == ".git" || e.Name() == "paytriage" || e.Name() == "case" || e.Name() == "bin"
		if !ignored && !slices.Contains(want, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// checkImports checks every Go file of the tree.
func checkImports(t *testing.T, tree fs.FS) (files int, problems []string) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		src, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		n, found := checkFile(path, src)
		files += n
		problems = append(problems, found...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, problems
}

func checkFile(path string, src []byte) (files int, problems []string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
	if err != nil {
		return 0, []string{err.Error()}
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	tree := treeOf(dir)
	if tree == "" {
		return 1, []string{fmt.Sprintf("%s stands in no known tree", path)}
	}
	test := strings.HasSuffix(path, "_test.go") || strings.HasSuffix(dir, "test")
	for _, spec := range f.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if p := complaint(dir, tree, name, test); p != "" {
			problems = append(problems, fmt.Sprintf("%s: %s", path, p))
		}
	}
	return 1, problems
}

// treeOf returns the longest key of layers that dir lies in.
func treeOf(dir string) string {
	for ; dir != "."; dir = filepath.ToSlash(filepath.Dir(dir)) {
		if _, ok := layers[dir]; ok {
			return dir
		}
	}
	return ""
}

func complaint(dir, tree, name string, test bool) string {
	if own, ok := strings.CutPrefix(name, module+"/"); ok {
		if strings.HasSuffix(own, "test") && !test {
			return own + " is for tests only"
		}
		if test && slices.Contains(testLayers[tree], own) {
			return ""
		}
		if own == dir || test && strings.HasPrefix(own, dir) || slices.ContainsFunc(layers[tree], func(a string) bool { return allows(a, own) }) {
			return ""
		}
		return fmt.Sprintf("%s may not import %s", tree, own)
	}
	if !strings.Contains(strings.Split(name, "/")[0], ".") {
		return "" // standard library
	}
	within := func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") }
	if slices.ContainsFunc(testOnly, within) {
		if test {
			return ""
		}
		return name + " is for tests only"
	}
	for m, ward := range wards {
		if within(m) {
			if ward.reason != "" && slices.Contains(ward.trees, dir) {
				return ""
			}
			return fmt.Sprintf("%s is the ward of %s", m, strings.Join(ward.trees, ", "))
		}
	}
	return name + " is not in the allow-list of third-party modules"
}

func allows(allowed, own string) bool {
	if below, ok := strings.CutSuffix(allowed, "/..."); ok {
		return own == below || strings.HasPrefix(own, below+"/")
	}
	return own == allowed
}
