package main

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		s      share
		lo, hi float64
	}{
		{share{8, 10}, 0.4902, 0.9433}, // published examples
		{share{0, 10}, 0, 0.2775},
		{share{10, 10}, 0.7225, 1},
		{share{0, 0}, 0, 1},
	} {
		lo, hi := c.s.wilson()
		if math.Abs(lo-c.lo) > 1e-4 || math.Abs(hi-c.hi) > 1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.s.part, c.s.whole, lo, hi, c.lo, c.hi)
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

func TestEvaluate(t *testing.T) {
	world := folder(t, map[string]string{
		"truth_accounts.csv": "account_id,role,vector,executor,lookalike,takeover_at,owner_seen_before,net_loss,currency\n" +
			"found,victim,leak,mules,,,true,1000,JPY\n" +
			"missed,victim,leak,mules,,,true,500,JPY\n" +
			"unseen,victim,leak,mules,,,false,300,JPY\n" +
			"returned,entered,leak,mules,,,true,0,JPY\n" +
			"entered,entered,list_type,,,,true,0,JPY\n" +
			"family,lookalike,,,family_phone,,,0,JPY\n",
		"truth_charges.csv": "txn_id,account_id,status\n1,found,approved\n2,missed,approved\n3,unseen,pending\n4,returned,reversed\n5,entered,declined\n",
	})
	found := folder(t, map[string]string{
		"victims.csv": "account_id,tier,score,net_loss,reasons\n" +
			"found,confirmed,300,900,\nreturned,probable,150,0,\nfamily,probable,140,70,\nstranger,confirmed,200,30,\nmissed,possible,20,500,\n",
		"takeovers.csv": "account_id,tier,score,reasons\n" +
			"found,confirmed,300,\nentered,confirmed,210,\nstranger,confirmed,200,\nreturned,probable,150,\nfamily,probable,140,\nmissed,possible,20,\n",
		"summary.json": `{"vectors": [{"vector": "leak_or_insider"}, {"vector": "list_type"}]}`,
	})
	s, err := evaluate(world, found)
	if err != nil {
		t.Fatal(err)
	}
	type figures struct {
		Precision, Recall, Confirmed, Probable share
		Victims, Found, Off, Loss, OffAll, All int64
		Vector, First                          string
	}
	got := figures{
		s.precision(), s.recall(), s.wrong[0], s.wrong[1], s.victims, s.found,
		s.off, s.loss, s.offAll, s.lossAll, s.vector, s.first,
	}
	want := figures{
		share{2, 4}, share{2, 3}, share{1, 3}, share{1, 2}, 4, 2,
		100 + 500 + 70 + 30, 1500, 100 + 500 + 300 + 70 + 30, 1800, "leak_or_insider", "leak_or_insider",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(share{})); diff != "" {
		t.Error(diff)
	}
	listed := strings.Join(s.cases, "\n")
	for _, part := range []string{"named  family (lookalike  family_phone)", "named  stranger (nobody special)", "missed missed", "priced found", "entry  stranger"} {
		if !strings.Contains(listed, part) {
			t.Errorf("no %q in\n%s", part, listed)
		}
	}
}

// TestCompare draws the line where the precision is at least the case's, and
// where the recall is, and never between equals.
func TestCompare(t *testing.T) {
	all := []suspect{
		{0.9, true, true}, {0.8, true, true}, {0.8, false, false}, {0.7, true, false}, {0.6, true, true}, {0.1, false, false},
	}
	for _, c := range []struct {
		name              string
		t                 score
		recall, precision share
	}{
		{"never wrong", score{named: 2, right: 2, seen: 3, seenHit: 1}, share{1, 3}, share{1, 1}},
		{"one in five wrong", score{named: 5, right: 4, seen: 3, seenHit: 3}, share{3, 3}, share{4, 5}},
		{"nobody named", score{seen: 3}, share{3, 3}, share{1, 1}},
	} {
		y := compare(append([]suspect(nil), all...), &c.t)
		if y.recall != c.recall || y.precision != c.precision {
			t.Errorf("%s: recall %v, precision %v; want %v, %v", c.name, y.recall, y.precision, c.recall, c.precision)
		}
	}
}

func TestMisses(t *testing.T) {
	good := score{named: 100, right: 99, victims: 100, found: 99, seen: 100, seenHit: 99, loss: 1000, off: 30}
	all := share{10, 10}
	r := result{preset: "leak", ruler: yardstick{recall: share{99, 100}}}
	if got := misses(&r, &good, all); len(got) > 0 {
		t.Errorf("a good result misses %q", got)
	}
	bad := score{named: 100, right: 98, victims: 100, found: 97, seen: 100, seenHit: 97, loss: 1000, off: 31}
	if got := misses(&r, &bad, share{9, 10}); len(got) != 5 {
		t.Errorf("a bad result misses only %q", got)
	}
	none := result{preset: "benign-month"}
	if got := misses(&none, &score{accounts: 40_000, wrong: [2]share{{1, 1}, {2, 2}}}, share{}); len(got) != 2 {
		t.Errorf("a month in which honest people are named misses only %q", got)
	}
	if got := misses(&none, &score{accounts: 200_000, wrong: [2]share{{0, 0}, {2, 2}}}, share{}); len(got) != 0 {
		t.Errorf("two of 200,000 accounts probable: misses %q", got)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-full"})
	if err != nil || o.seeds != 10 || len(o.presets) < 20 {
		t.Errorf("-full: %d seeds of %d presets, %v", o.seeds, len(o.presets), err)
	}
	for _, args := range [][]string{{"-presets", "nonesuch"}, {"-seeds", "0"}, {"leftover"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	o, err := parse([]string{"-presets", "small", "-seeds", "2", "-yardstick=false"})
	if err != nil {
		t.Fatal(err)
	}
	results, err := o.run(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	printTable(&table, results)
	if sum := total(results[0].worlds); len(results) != 1 || sum.victims != 6 || sum.found < 4 {
		t.Errorf("two small worlds have %d victims of which %d were found, want 6 and nearly all\n%s", sum.victims, sum.found, &table)
	}
	if !strings.Contains(table.String(), "small") || strings.Contains(table.String(), "%!") {
		t.Errorf("the table is\n%s", &table)
	}
}

// TestPooled checks that worlds of all presets are measured, and that there is a
// row of all of them.
func TestPooled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	o, err := parse([]string{"-presets", "small,list-failed", "-accounts", "300", "-pooled", "-yardstick=false"})
	if err != nil || o.seeds != 1 || o.train != 1 {
		t.Fatalf("%+v, %v", o, err)
	}
	results, err := o.run(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 3 || results[2].preset != together || len(results[2].worlds) != 2 || total(results[2].worlds).victims != total(results[0].worlds).victims {
		t.Errorf("results are %+v", results)
	}
	var table bytes.Buffer
	printTable(&table, results)
	if text := table.String(); !strings.Contains(text, together) || strings.Contains(text, "%!") || strings.Contains(text, together+":") {
		t.Errorf("the table is\n%s", text)
	}
}

// TestKept checks that the yardstick says the same of worlds of which only the
// entries were kept.
func TestKept(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	if err := exec.Command("python3", "-c", "import duckdb, sklearn, pandas").Run(); err != nil {
		t.Skipf("needs python3 with scikit-learn, pandas and duckdb: %v", err)
	}
	b := &bench{options: options{accounts: 300, yardstick: true}, dir: t.TempDir(), bin: filepath.Join(t.TempDir(), "paytriage")}
	if out, err := exec.Command("go", "build", "-o", b.bin, "github.com/paytriage/paytriage/cmd/paytriage").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var worlds []string
	for seed := range 2 {
		world, err := b.simulate(t.Context(), "list-type", 1+seed)
		if err != nil {
			t.Fatal(err)
		}
		worlds = append(worlds, world)
	}
	scores := []score{{world: filepath.Base(worlds[1])}}
	fresh, skip := ask(t.Context(), worlds[:1], worlds[1:], scores)
	if skip != "" || len(fresh) != 1 || len(fresh[0]) < 50 {
		t.Fatalf("%d suspects, %s", len(fresh[0]), skip)
	}
	if err := b.keep(t.Context(), worlds...); err != nil {
		t.Fatal(err)
	}
	for _, world := range worlds {
		if files, _ := filepath.Glob(filepath.Join(world, "*.csv")); b.skip != "" || slices.ContainsFunc(files, func(f string) bool { return !strings.HasPrefix(filepath.Base(f), "truth_") }) {
			t.Errorf("kept %q, %s", files, b.skip)
		}
	}
	kept, skip := ask(t.Context(), worlds[:1], worlds[1:], scores)
	if diff := cmp.Diff(fresh, kept, cmp.AllowUnexported(suspect{})); diff != "" || skip != "" {
		t.Errorf("of what is kept the yardstick says something else: %s\n%s", skip, diff)
	}
}
