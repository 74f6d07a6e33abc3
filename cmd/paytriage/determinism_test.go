package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/words"
)

// simulated returns a folder with the exports of a preset; 0 accounts are the
// preset's own number.
func simulated(t *testing.T, preset string, accounts int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "incident")
	mustRun(t, "simulate", "--preset", preset, "--accounts", strconv.Itoa(accounts), "--out", dir, "--quiet")
	return dir
}

// mustRun runs a command line that must end with exit code 0.
func mustRun(t *testing.T, args ...string) {
	t.Helper()
	mustExit(t, 0, args...)
}

// mustExit runs a command line that must end with an exit code.
func mustExit(t *testing.T, want int, args ...string) {
	t.Helper()
	var out bytes.Buffer
	std := streams{in: strings.NewReader(""), out: &out, err: &out}
	if code := execute(context.Background(), std, args); code != want {
		t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, &out)
	}
}

// TestSameAnswer is the second law of the design: the same rows give the same
// files to the byte, whatever the number of workers, the memory, the order of
// lines and files, how the rows are spread over files, and whether these are CSV,
// packed or Parquet. Left out is only what says where a row stood: the columns
// source, line and others, the summary's account of each source, and the lines of
// a Parquet file, which has no header. The manifest tells of one run.
func TestSameAnswer(t *testing.T) {
	for _, world := range []struct {
		preset   string
		accounts int
		dirty    bool
	}{{"small", 0, false}, {"list-type", 3000, false}, {"mixed", 2000, false}, {"disturbed", 2000, true}} {
		t.Run(world.preset, func(t *testing.T) {
			if testing.Short() && world.accounts > 0 {
				t.Skip("reads a larger world many times")
			}
			dir := simulated(t, world.preset, world.accounts)
			w := &sameWorld{auth: filepath.Join(dir, "auth.csv"), pay: filepath.Join(dir, "payments.csv")}
			if world.accounts > 0 {
				rich(t, w.auth, ",password_reset,", ",login,failure,")
				rich(t, w.pay, ",refund,", ",reversal,", ",chargeback,", ",declined,", ",pending,")
			}
			if world.dirty {
				w.exit = 3
				spoil(t, w.auth, 401)
				spoil(t, w.pay, 397)
			}
			w.plain = w.analyzed(t, "--auth", w.auth, "--payments", w.pay, "--workers", "1")
			w.bare = placeless(t, w.plain)
			if victims := strings.Count(w.plain["victims.csv"], "\n"); victims < 4 {
				t.Fatal("the case names hardly a victim")
			}
			if n := rowCounts(t, w.plain); world.dirty && (n.Duplicates < 100 || n.Rejected < 100) {
				t.Fatalf("the logs are hardly disturbed: %+v", n)
			}
			for _, workers := range []string{"2", "7"} {
				same(t, workers+" workers", w.plain, w.analyzed(t, "--auth", w.auth, "--payments", w.pay, "--workers", workers))
			}
			w.budgets(t)
			w.lines(t)
			w.files(t)
			w.parquet(t)
		})
	}
}

// A sameWorld is two exports and what analyze makes of them.
type sameWorld struct {
	auth, pay string
	urls      bool // Spark reads them by URL
	exit      int
	plain     map[string]string // files
	bare      map[string]string // without the columns that depend on where a row stands
}

// rich checks that a log has rows of each kind.
func rich(t *testing.T, path string, kinds ...string) {
	t.Helper()
	_, lines := records(t, path)
	for _, kind := range kinds {
		if n := strings.Count(strings.Join(lines, ""), kind); n < 20 {
			t.Fatalf("%s has %d rows of %s", filepath.Base(path), n, kind)
		}
	}
}

func rowCounts(t *testing.T, files map[string]string) report.RowCounts {
	t.Helper()
	var s report.Summary
	if err := json.Unmarshal([]byte(files["summary.json"]), &s); err != nil {
		t.Fatal(err)
	}
	return s.Rows
}

// budgets lets rows go to temporary files: none, some and nearly all.
func (w *sameWorld) budgets(t *testing.T) {
	defer smallBudgets(t)()
	for _, budget := range []string{"1GiB", "4MiB", "1"} {
		dir := t.TempDir()
		got := w.analyzed(t, "--auth", w.auth, "--payments", w.pay, "--memory", budget, "--tmp-dir", dir, "--workers", "3")
		same(t, "a memory of "+budget, w.plain, got)
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("a memory of %s: left in the folder for temporary files: %v, %v", budget, left, err)
		}
	}
}

// smallBudgets lets --memory be too little for anything, until the function that
// it returns is called.
func smallBudgets(t *testing.T) (restore func()) {
	t.Helper()
	least, own := minMemory, ownMemory
	minMemory, ownMemory = 1, 0
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, os.Getenv(name)) // as it was, afterwards
	}
	return func() { minMemory, ownMemory = least, own }
}

// lines moves lines, and packs the files, under the same names.
func (w *sameWorld) lines(t *testing.T) {
	mixed := t.TempDir()
	shuffle(t, w.auth, filepath.Join(mixed, "auth.csv"))
	shuffle(t, w.pay, filepath.Join(mixed, "payments.csv"))
	got := w.analyzed(t, "--auth", mixed+"/auth.csv", "--payments", mixed+"/payments.csv", "--workers", "3")
	same(t, "shuffled lines", w.bare, placeless(t, got))

	packed := t.TempDir()
	squeeze(t, w.auth, filepath.Join(packed, "auth.csv"))
	squeeze(t, w.pay, filepath.Join(packed, "payments.csv"))
	same(t, "gzip", w.plain, w.analyzed(t, "--auth", packed+"/auth.csv", "--payments", packed+"/payments.csv"))
}

// files spreads shuffled rows over several files, given in another order, with
// little memory and many workers.
func (w *sameWorld) files(t *testing.T) {
	defer smallBudgets(t)()
	pieces := t.TempDir()
	shuffle(t, w.auth, pieces+"/all-auth")
	shuffle(t, w.pay, pieces+"/all-pay")
	split(t, pieces+"/all-auth", pieces, "auth", 3)
	split(t, pieces+"/all-pay", pieces, "pay", 5)
	args := []string{"--workers", "7", "--memory", "4MiB", "--tmp-dir", t.TempDir()}
	for _, n := range []int{4, 1, 0, 3, 2} {
		if n < 3 {
			args = append(args, "--auth", fmt.Sprintf("%s/auth-%d.csv", pieces, n))
		}
		args = append(args, "--payments", fmt.Sprintf("%s/pay-%d.csv", pieces, n))
	}
	got := w.analyzed(t, args...)
	same(t, "pieces by pattern", got, w.analyzed(t, "--auth", pieces+"/auth-*.csv", "--payments", pieces+"/pay-*.csv"))
	same(t, "pieces", ofOneSource(t, w.bare), ofOneSource(t, placeless(t, got)))
}

// parquet gives the rows in Parquet files: as texts, and where nothing is
// unreadable with times and amounts in the format's own types. A record that has
// too few fields has no place in it.
func (w *sameWorld) parquet(t *testing.T) {
	dir := t.TempDir()
	auth, pay := dir+"/auth.csv", dir+"/payments.csv"
	whole(t, w.auth, auth)
	whole(t, w.pay, pay)
	want := ofOneSource(t, placeless(t, w.analyzed(t, "--auth", auth, "--payments", pay)))
	kinds := []bool{false}
	if w.exit == 0 {
		kinds = append(kinds, true)
	}
	for _, typed := range kinds {
		in := t.TempDir()
		toParquet(t, auth, in+"/auth.csv", typed)
		toParquet(t, pay, in+"/payments.csv", typed)
		got := w.analyzed(t, "--auth", in+"/auth.csv", "--payments", in+"/payments.csv", "--workers", "3")
		same(t, fmt.Sprintf("Parquet, typed %t", typed), want, ofOneSource(t, placeless(t, got)))
	}
}

// placeless returns the files without the columns that say where a row stands,
// which the hashes of Parquet files are of.
func placeless(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	files = without(t, files, "source", "line", "others")
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasSuffix(name, ".parquet") })
	return files
}

// ofOneSource returns the files without what is told of each source.
func ofOneSource(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	files = maps.Clone(files)
	files["summary.json"] = sourceless(t, files["summary.json"])
	files["report.html"] = cutOut(t, files["report.html"], `<section id="rows"`, "</section>")
	rows := strings.Split(files["rejects.csv"], "\n") // they come by source
	slices.Sort(rows)
	files["rejects.csv"] = strings.Join(rows, "\n")
	return files
}

// analyzed runs analyze and returns its files but the manifest; of a Parquet file
// the hash of its schema and rows, which is what stays the same.
func (w *sameWorld) analyzed(t *testing.T, args ...string) map[string]string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "case")
	mustExit(t, w.exit, append([]string{"analyze", "--out", out, "--format", "csv,parquet", "--quiet"}, args...)...)
	return caseFiles(t, out)
}

// caseFiles returns the files of a case but the manifest, and of its page all that
// the manifest does not say.
func caseFiles(t *testing.T, out string) map[string]string {
	t.Helper()
	if err := wholeCase(out); err != nil {
		t.Fatal(err)
	}
	m, err := report.ReadManifest(out)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range m.Outputs {
		files[f.Name] = f.RowsHash
		if !strings.HasSuffix(f.Name, ".parquet") {
			files[f.Name] = string(readFile(t, out, f.Name))
		}
		if files[f.Name] == "" {
			t.Fatalf("%s: nothing to compare", f.Name)
		}
	}
	if want := 2*len(report.Schemas()) + 2; len(files) != want {
		t.Fatalf("%d files, want %d", len(files), want)
	}
	// The page says the hashes of the inputs, as the manifest does.
	files["report.html"] = cutOut(t, files["report.html"], `<div class="inputs">`, "</div>\n</div>")
	return files
}

// cutOut leaves a part of a page out, in each language.
func cutOut(t *testing.T, page, from, to string) string {
	t.Helper()
	for range words.Langs {
		before, rest, ok := strings.Cut(page, from)
		_, after, ok2 := strings.Cut(rest, to)
		if !ok || !ok2 {
			t.Fatalf("the page has no %s", from)
		}
		page = before + after
	}
	return page
}

func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	for name := range want {
		if want[name] != got[name] {
			t.Errorf("%s: %s differs\n%s", what, name, cmp.Diff(strings.Split(want[name], "\n"), strings.Split(got[name], "\n")))
		}
	}
}

// without returns the files with some columns emptied.
func without(t *testing.T, files map[string]string, columns ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, text := range files {
		out[name] = text
		if !strings.HasSuffix(name, ".csv") {
			continue
		}
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for c, head := range rows[0] {
			if slices.Contains(columns, head) {
				for _, row := range rows[1:] {
					row[c] = ""
				}
			}
		}
		var b strings.Builder
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		out[name] = b.String()
	}
	return out
}

// sourceless returns a summary without what it says of each source.
func sourceless(t *testing.T, text string) string {
	t.Helper()
	var s report.Summary
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	s.Sources = nil
	out, err := json.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// records returns the header and the lines of a file that has no quoted line
// ends.
func records(t *testing.T, path string) (head string, lines []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.SplitAfter(strings.TrimSuffix(string(data), "\n")+"\n", "\n")
	return lines[0], lines[1 : len(lines)-1]
}

func write(t *testing.T, path string, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shuffle writes a file with its lines in another order.
func shuffle(t *testing.T, from, to string) {
	t.Helper()
	head, lines := records(t, from)
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	write(t, to, head+strings.Join(lines, ""))
}

// split deals the lines of a file out to n files.
func split(t *testing.T, from, dir, name string, n int) {
	t.Helper()
	head, lines := records(t, from)
	for i := range n {
		var b strings.Builder
		b.WriteString(head)
		for at, line := range lines {
			if at*7919%n == i {
				b.WriteString(line)
			}
		}
		write(t, filepath.Join(dir, fmt.Sprintf("%s-%d.csv", name, i)), b.String())
	}
}

// spoil makes every n-th line unreadable, and repeats every n-th with another
// figure at its end or in its amount.
func spoil(t *testing.T, path string, n int) {
	t.Helper()
	head, lines := records(t, path)
	var b strings.Builder
	b.WriteString(head)
	for i, line := range lines {
		switch i % n {
		case 7:
			line = "x" + line
		case 8:
			line = "too,few\n" + line
		case 9:
			line += strings.Replace(line, ",JPY,", "0,JPY,", 1)
		}
		b.WriteString(line)
	}
	write(t, path, b.String())
}

// squeeze packs a file with gzip.
func squeeze(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, in); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, to, b.String())
}

// whole writes a file without the records that have another number of fields than
// its header.
func whole(t *testing.T, from, to string) {
	t.Helper()
	head, lines := records(t, from)
	commas := strings.Count(head, ",")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Count(line, ",") != commas })
	write(t, to, head+strings.Join(lines, ""))
}

// toParquet writes the records of a CSV file to a Parquet file: fields as texts,
// empty ones as null; or, typed, with their times and amounts as such.
func toParquet(t *testing.T, from, to string, typed bool) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(readFile(t, filepath.Dir(from), filepath.Base(from)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	schema := table.Schema{Name: "log", Doc: "a log"}
	for _, name := range rows[0] {
		kind := table.Text
		switch {
		case typed && name == "event_time":
			kind = table.Time
		case typed && name == "amount":
			kind = table.Int
		}
		schema.Columns = append(schema.Columns, table.Column{Name: name, Kind: kind, Nullable: true, Doc: "as exported"})
	}
	out := table.New(schema, len(rows)-1)
	for c, column := range schema.Columns {
		cells := out.Cells(c)
		for _, row := range rows[1:] {
			n, ok := int64(0), true
			switch column.Kind {
			case table.Time:
				n, ok = table.ParseTime([]byte(row[c]))
			case table.Int:
				n, err = strconv.ParseInt(row[c], 10, 64)
				ok = err == nil
			}
			switch {
			case !ok:
				t.Fatalf("%s: %s: %q", from, column.Name, row[c])
			case row[c] == "":
				cells.AppendNull()
			case column.Kind.IsText():
				cells.AppendText(row[c])
			default:
				cells.AppendInt(n)
			}
		}
	}
	var b bytes.Buffer
	if err := parquetfile.Write(&b, out, nil); err != nil {
		t.Fatal(err)
	}
	write(t, to, b.String())
}
