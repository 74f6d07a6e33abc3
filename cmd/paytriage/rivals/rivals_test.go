package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	assess "github.com/paytriage/paytriage/forensics/quality"
)

// TestMain lets the test program be the floor, as this program is when it measures.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == floorCommand {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-rows", "1e8, 20000,11e6,1e8", "-only", "floor,duckdb", "-with", " --memory  2GiB"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{20_000, 11_000_000, 100_000_000}, o.rows); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(o.only, []string{"floor", "duckdb"}) || !slices.Equal(o.with, []string{"--memory", "2GiB"}) || o.python != "python3" {
		t.Errorf("%+v", o)
	}
	if o, err = parse([]string{"-workers", "1", "-python", "venv/bin/python"}); err != nil || slices.Contains(o.only, "paytriage-1") || !filepath.IsAbs(o.python) {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{
		{"-rows", ""}, {"-rows", "1e5,"}, {"-rows", "19999"}, {"-rows", "1e5.5"}, {"-rows", "100000.5"}, {"-rows", "NaN"}, {"-rows", "Inf"}, {"-rows", "-1e6"}, {"-rows", "1e10"},
		{"-runs", "0"}, {"-workers", "0"}, {"-only", "spark"}, {"leftover"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestFigures(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1_234_567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for v, want := range map[float64]string{0.125: "0.12", 9.876: "9.88", 12.34: "12.3", 123.4: "123"} {
		if got := short(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
	for n, want := range map[int64]string{0: "-", 3 << 20: "3.00 MiB", 1536 << 20: "1.50 GiB"} {
		if got := memory(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	if got := spreadOf([]float64{4, 1, 9, 3}); got != (spread{3.5, 1, 9}) {
		t.Errorf("spread %v", got)
	}
	if got := spreadOf([]float64{7, 1, 2}); got != (spread{2, 1, 7}) {
		t.Errorf("spread %v", got)
	}
}

func runs(seconds ...float64) (all []cost) {
	for _, s := range seconds {
		all = append(all, cost{wall: time.Duration(s * 1e9), cpu: time.Duration(2 * s * 1e9), peak: int64(100*s) << 20})
	}
	return all
}

func TestTable(t *testing.T) {
	right := quality{}
	right.Victims.Named.Precision, right.Victims.Named.Recall = assess.Share{Part: 9, Whole: 10}, assess.Share{Part: 9, Whole: 18}
	s := size{rows: 3_000_000, accounts: 1000, bytes: 500_000_000, workers: 2, machine: "some machine", load: [2]string{"0.10", "1.90"}, entries: []entry{
		{name: "floor", title: "floor", runs: runs(1, 1.5, 1)},
		{name: "paytriage", title: "paytriage", runs: runs(2, 3, 2), answer: &answer{digest: "c"}, quality: &right},
		{name: "paytriage-1", title: "paytriage, one worker", runs: runs(4, 5.4, 3.6), answer: &answer{digest: "c"}, quality: &right},
		{name: "duckdb", title: "DuckDB 9", runs: runs(8, 9, 4), answer: &answer{victims: []string{"a"}, digest: "d"}, quality: &right},
		{name: "polars", title: "Polars", skip: "skipped: no module | polars"},
	}}
	var out bytes.Buffer
	printSize(&out, &s)
	printScaling(&out, []size{s})
	text := out.String()
	for _, part := range []string{
		"3,000,000 rows of 1,000 accounts, 500 MB of CSV; some machine, load 0.10 before and 1.90 after.",
		"| floor | 1.00 (1.00 to 1.50) | 2.00 (2.00 to 3.00) | 150 MiB | 3,000,000 | | |",
		"| DuckDB 9 | 8.00 (4.00 to 9.00) | 16.0 (8.00 to 18.0) | 900 MiB | 375,000 | 9/10 90.0 %, 9/18 50.0 % | -, - |",
		"| Polars | skipped: no module / polars | | | | | |",
		"The answer to the analyst's question: 1 victims, 0 charges, d.",
		"- DuckDB 9 takes 3.00 (2.00 to 4.00) times the wall time of analyze, 3.00 (2.00 to 4.00) times its CPU time, 3.00 times its memory",
		"- analyze reaches 0.50 (0.50 to 0.50) of the speed of the floor",
		"- 2 workers are 1.80 (1.80 to 2.00) times as fast as one",
		"| 3,000,000 | 2 | 2.00 (2.00 to 3.00) | 4.00 (4.00 to 6.00) | 300 MiB | 1,500,000 | 0.50 |",
		"| 3,000,000 | 1 | 4.00 (3.60 to 5.40) | 8.00 (7.20 to 10.8) | 540 MiB | 750,000 | - |",
	} {
		if !strings.Contains(text, part+"\n") {
			t.Errorf("no line %q in\n%s", part, text)
		}
	}
}

// folder writes files and returns where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAnswersInAllNotations reads one answer as each engine writes it.
func TestAnswersInAllNotations(t *testing.T) {
	read := func(victims, refunds string) *answer {
		t.Helper()
		a, err := readAnswer(folder(t, map[string]string{
			"victims.csv": "account_id,first_fraud,topups,spend,n\n" + victims,
			"refunds.csv": "txn_id,event_time,account_id,kind,amount,store_id,device_id\n" + refunds,
		}))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := read("a,2019-07-11 10:58:23.29+00,,5,1\nb,2019-07-11 10:58:24+00,7,,1\n",
		"1,2019-07-11 10:58:23.29+00,a,payment,5,s,d\n2,2019-07-11 10:58:24+00,b,topup,7,,d\n")
	for name, a := range map[string]*answer{
		"plain times, zeros": read("a,2019-07-11 10:58:23.290000,0,5,1\nb,2019-07-11 10:58:24.000000,7,0,1\n",
			"2,2019-07-11 10:58:24.000000,b,topup,7,,d\n1,2019-07-11 10:58:23.290000,a,payment,5,s,d\n"),
		"quotes": read("\"b\",\"2019-07-11 10:58:24\",7,\\N,1\n\"a\",\"2019-07-11 10:58:23.29\",\\N,5,1\n",
			"\"2\",\"2019-07-11 10:58:24\",\"b\",\"topup\",7,\\N,\"d\"\n\"1\",\"2019-07-11 10:58:23.29\",\"a\",\"payment\",5,\"s\",\"d\"\n"),
	} {
		if a.digest != first.digest || len(a.victims) != 2 || len(a.charges) != 2 {
			t.Errorf("%s: %s, want %s", name, a, first)
		}
	}
	other := read("a,2019-07-11 10:58:23.29+00,,5,1\nb,2019-07-11 10:58:24+00,7,,1\n",
		"1,2019-07-11 10:58:23.29+00,a,payment,5,s,d\n2,2019-07-11 10:58:24.000001+00,b,topup,7,,d\n")
	if other.digest == first.digest {
		t.Error("another microsecond is the same answer")
	}
	s := size{entries: []entry{{name: "duckdb", title: "DuckDB", answer: first}, {name: "paytriage", answer: &answer{digest: "x"}}, {name: "polars", title: "Polars", answer: other}}}
	if err := s.disagreement(); err == nil || !strings.Contains(err.Error(), "DuckDB") || !strings.Contains(err.Error(), "Polars") {
		t.Errorf("different answers: %v", err)
	}
	s.entries[2].answer = first
	if err := s.disagreement(); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "txn_id\n", "txn_id,event_time,account_id,kind,amount,store_id,device_id\n1,noon,a,topup,5,s,d\n"} {
		if _, err := readAnswer(folder(t, map[string]string{"victims.csv": "account_id,first_fraud,topups,spend,n\n", "refunds.csv": text})); err == nil {
			t.Errorf("%q is an answer", text)
		}
	}
}

func TestPeakAndTimes(t *testing.T) {
	c, err := costOf(exec.Command("go", "version"))
	if err != nil || c.wall <= 0 || c.cpu <= 0 || c.peak < 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := costOf(exec.Command("go", "nonesuch")); err == nil || strings.Contains(lastLine(err), "\n") {
		t.Errorf("a command that fails: %v", err)
	}
}

// TestRivals lets all that are there run on a small incident: they must agree to
// the row, and the program must be right.
func TestRivals(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	found := 0
	o := options{rows: []int{leastRows}, runs: 1, workers: 2, only: names(2), python: "python3"}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	c, err := newContest(ctx, o, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.measure(ctx, leastRows)
	if err != nil {
		t.Fatal(err)
	}
	if s.rows < leastRows*9/10 || s.rows > leastRows*11/10 {
		t.Errorf("%d rows, want about %d", s.rows, leastRows)
	}
	if err := s.disagreement(); err != nil {
		t.Error(err)
	}
	for _, e := range s.entries {
		rival := slices.Contains(engines, e.name)
		switch {
		case rival && strings.HasPrefix(e.skip, "skipped: "):
			t.Log(e.title, e.skip)
			continue
		case e.skip != "" || len(e.runs) != 1 || e.runs[0].wall <= 0 || e.runs[0].cpu <= 0:
			t.Errorf("%s: %s %+v", e.title, e.skip, e.runs)
		case rival && (len(e.answer.victims) == 0 || len(e.answer.charges) < len(e.answer.victims)):
			t.Errorf("%s finds %s", e.title, e.answer)
		case strings.HasPrefix(e.name, paytriage) && e.quality.Victims.Named.Recall.Part < 50:
			t.Errorf("%s: %s", e.title, e.quality.Victims)
		}
		if rival {
			found++
		}
	}
	if left, _ := filepath.Glob(filepath.Join(c.dir, "*")); len(left) != 2 {
		t.Errorf("of the program and the scripts alone there are %q", left)
	}
	if found == 0 {
		t.Skip("needs python3 with duckdb, polars or chdb to compare with: nothing was compared")
	}
}
