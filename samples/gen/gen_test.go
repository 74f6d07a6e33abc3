package gen

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// files is everything that a simulation writes.
type files struct {
	raw [numSheets]bytes.Buffer
	sum Summary
}

// simulate runs a world and returns what it wrote.
func simulate(t testing.TB, w World, opt Options) *files {
	t.Helper()
	f := &files{}
	if opt.TempDir == "" {
		opt.TempDir = t.TempDir()
	}
	var err error
	f.sum, err = Simulate(context.Background(), w, f.outputs(), opt)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(opt.TempDir)
	if err != nil || len(left) > 0 {
		t.Fatalf("temporary files left behind: %v %v", left, err)
	}
	return f
}

func (f *files) outputs() Outputs {
	b := &f.raw
	return Outputs{Auth: &b[0], Payments: &b[1], Accounts: &b[2], Entries: &b[3], Charges: &b[4], Money: &b[5]}
}

// A row is a line of a file. The zero row has nothing in any column.
type row struct {
	columns map[string]int
	fields  []string
}

func (r row) get(column string) string {
	i, ok := r.columns[column]
	if !ok {
		return ""
	}
	return r.fields[i]
}

func (f *files) rows(t testing.TB, sheet int) []row {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(f.raw[sheet].Bytes())).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sheetNames[sheet], err)
	}
	columns := map[string]int{}
	for i, name := range lines[0] {
		columns[name] = i
	}
	var rows []row
	for _, line := range lines[1:] {
		rows = append(rows, row{columns, line})
	}
	return rows
}

func named(t testing.TB, name string) World {
	t.Helper()
	w, err := Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// smaller cuts a world down for tests that need variety rather than size.
func smaller(w World) World {
	w.Accounts = 3000
	for i := range w.Attacks {
		a := &w.Attacks[i]
		a.Tries, a.Victims, a.Entered = a.Tries/4, a.Victims/2, a.Entered/2
	}
	return w
}

// part cuts a world down to a part of its accounts and of its attacks, which
// keeps the odds that a detector meets.
func part(w World, of int) World {
	w.Accounts /= of
	for i := range w.Attacks {
		a := &w.Attacks[i]
		a.Tries, a.Victims, a.Entered = a.Tries/of, a.Victims/of, a.Entered/of
	}
	return w
}

// slow leaves a test to runs that are not short: it looks at what a world holds,
// which the race detector does not change.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("looks at whole worlds")
	}
}

func TestSameBytes(t *testing.T) {
	worlds := []string{"mixed", "launch-week", "disturbed", "reverse-brute", "docomo", "store-staff"}
	if testing.Short() {
		worlds = worlds[:1]
	}
	for _, name := range worlds {
		t.Run(name, func(t *testing.T) {
			w := smaller(named(t, name))
			want := simulate(t, w, Options{Workers: 1})
			for _, opt := range []Options{{Workers: 3}, {Workers: 1}, {Workers: 2, spill: 50_000}} {
				got := simulate(t, w, opt)
				for i := range want.raw {
					if !bytes.Equal(got.raw[i].Bytes(), want.raw[i].Bytes()) {
						t.Errorf("%+v: %s differs", opt, sheetNames[i])
					}
				}
				if got.sum != want.sum {
					t.Errorf("%+v: summary %+v, want %+v", opt, got.sum, want.sum)
				}
			}
			w.Seed++
			if other := simulate(t, w, Options{}); bytes.Equal(other.raw[0].Bytes(), want.raw[0].Bytes()) {
				t.Error("another seed gives the same auth log")
			}
		})
	}
}

func TestRowsInOrder(t *testing.T) {
	f := simulate(t, smaller(named(t, "mixed")), Options{})
	for _, sheet := range []int{authSheet, paymentSheet, entrySheet, chargeSheet} {
		last := ""
		for i, r := range f.rows(t, sheet) {
			at := r.get("event_time")
			if _, err := time.Parse("2006-01-02T15:04:05.000000Z", at); err != nil {
				t.Fatalf("%s: %v", sheetNames[sheet], err)
			}
			if at < last {
				t.Fatalf("%s: row %d is at %s, after %s", sheetNames[sheet], i+1, at, last)
			}
			last = at
		}
	}
}

func TestPresets(t *testing.T) {
	if _, err := Preset("nonesuch"); err == nil || !strings.Contains(err.Error(), "list-type, list-proxy") {
		t.Errorf("unknown preset: error %v does not list the known ones", err)
	}
	big := []string{"7pay", "bench"}
	for _, name := range Presets() {
		w := named(t, name)
		if err := w.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if slices.Contains(big, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sum, err := Simulate(context.Background(), w, Outputs{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			victims, entered := int64(0), int64(0)
			for _, a := range w.Attacks {
				victims += int64(a.Victims)
				entered += int64(a.Entered)
			}
			// Some owners are quicker than their thieves, some wallets empty.
			if sum.Victims > victims || sum.Victims < victims*8/10 {
				t.Errorf("%d victims, planned %d", sum.Victims, victims)
			}
			if got := sum.Victims + sum.Entered; got > entered || got < entered*97/100 {
				t.Errorf("%d accounts entered, planned %d", got, entered)
			}
			if (sum.NetLoss > 0) != (victims > 0) {
				t.Errorf("a net loss of %d with %d victims", sum.NetLoss, victims)
			}
			if name == "small" && (sum.AuthRows+sum.PaymentRows < 120 || sum.AuthRows+sum.PaymentRows > 190) {
				t.Errorf("small has %d + %d rows; a person should read about 150", sum.AuthRows, sum.PaymentRows)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(*World)
		reason string
	}{
		{"no accounts", func(w *World) { w.Accounts = 0 }, "Accounts"},
		{"no days", func(w *World) { w.Days = 0 }, "Days"},
		{"no stores", func(w *World) { w.Stores = 0 }, "Stores"},
		{"late attack", func(w *World) { w.Attacks[0].StartDay = 29 }, "StartDay"},
		{"unknown vector", func(w *World) { w.Attacks[0].Vector = "magic" }, "Vector"},
		{"unknown executor", func(w *World) { w.Attacks[0].Executors = []Executor{"ghost"} }, "Executor"},
		{"no executor", func(w *World) { w.Attacks[0].Executors = nil }, "Executors"},
		{"too many victims", func(w *World) { w.Attacks[0].Victims = 19_000 }, "half"},
		{"no start", func(w *World) { w.Start = time.Time{} }, "Start"},
	} {
		w := named(t, "list-type")
		c.spoil(&w)
		_, err := Simulate(context.Background(), w, Outputs{}, Options{})
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: error %v does not name %s", c.name, err, c.reason)
		}
	}
}

// A fullDisk fails after some bytes.
type fullDisk struct{ room int }

var errFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		return d.room, errFull
	}
	d.room -= len(p)
	return len(p), nil
}

func TestFailingWriter(t *testing.T) {
	w := smaller(named(t, "list-type"))
	for _, room := range []int{0, 1000, 1_000_000} {
		dir := t.TempDir()
		_, err := Simulate(context.Background(), w, Outputs{Auth: &fullDisk{room}}, Options{TempDir: dir, spill: 50_000})
		if !errors.Is(err, errFull) || !strings.Contains(err.Error(), "auth") {
			t.Errorf("room for %d bytes: error %v, want one that names auth", room, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("temporary files left behind: %v", left)
		}
	}
	if _, err := Simulate(context.Background(), w, new(files).outputs(), Options{TempDir: "/nonesuch", spill: 50_000}); err == nil {
		t.Error("no error without a place for temporary files")
	}
}

func TestCancel(t *testing.T) {
	w := named(t, "list-type")
	for _, phase := range []string{"simulate", "write"} {
		ctx, cancel := context.WithCancel(context.Background())
		dir := t.TempDir()
		opt := Options{TempDir: dir, spill: 50_000, Progress: func(p string, done, total int64) {
			if done > total {
				t.Errorf("%s: %d of %d", p, done, total)
			}
			if p == phase {
				cancel()
			}
		}}
		if _, err := Simulate(ctx, w, new(files).outputs(), opt); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in %s: error %v", phase, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("temporary files left behind: %v", left)
		}
		cancel()
	}
}

func TestDisturbance(t *testing.T) {
	calm := smaller(named(t, "list-type"))
	w := calm
	w.Disturb = Disturbance{
		Duplicates: 0.1, LostDevice: 0.2, LostSession: 0.1, LostIP: 0.05, Shuffle: true,
		AuthOffset: time.Minute, MissingAuthHours: 20, MissingPaymentHours: 10,
	}
	before, after := simulate(t, calm, Options{}), simulate(t, w, Options{})
	// Accounts differ by what the logs show of their owners, nothing else may.
	for _, sheet := range []int{entrySheet, chargeSheet, moneySheet} {
		if !bytes.Equal(before.raw[sheet].Bytes(), after.raw[sheet].Bytes()) {
			t.Errorf("the truth in %s depends on the export", sheetNames[sheet])
		}
	}
	lines := strings.Split(strings.TrimSpace(after.raw[authSheet].String()), "\n")[1:]
	if slices.IsSorted(lines) {
		t.Error("lines are not shuffled")
	}
	seen := map[string]bool{}
	hours := map[string]bool{}
	for _, line := range lines {
		seen[line] = true
		hours[line[:13]] = true
	}
	within(t, "duplicates", len(lines)-len(seen), len(seen), 0.09, 0.11)
	// An offset of a minute moves rows across the end of a lost hour.
	without := 0
	for at := w.Start; at.Before(w.Start.AddDate(0, 0, w.Days)); at = at.Add(time.Hour) {
		key := at.UTC().Format("2006-01-02T15")
		quiet := true
		for line := range seen {
			if strings.HasPrefix(line, key) && line[14:16] != "00" {
				quiet = false
				break
			}
		}
		if quiet {
			without++
		}
	}
	if without < 12 || without > 30 {
		t.Errorf("%d hours of the auth log are empty, want about 20", without)
	}
	lost := 0
	rows := after.rows(t, authSheet)
	for _, r := range rows {
		if r.get("ip") == "" {
			lost++
			if r.get("country") != "" || r.get("asn") != "" {
				t.Fatal("a row without address knows its country")
			}
		}
	}
	within(t, "lost addresses", lost, len(rows), 0.04, 0.06)
}

// within checks a share.
func within(t testing.TB, what string, part, whole int, lo, hi float64) {
	t.Helper()
	if whole == 0 {
		t.Errorf("%s: nothing to measure", what)
		return
	}
	if share := float64(part) / float64(whole); share < lo || share > hi {
		t.Errorf("%s: %d of %d, a share of %.4f; want %g to %g", what, part, whole, share, lo, hi)
	}
}

func TestSummaryCounts(t *testing.T) {
	f := simulate(t, named(t, "small"), Options{})
	got := fmt.Sprint(len(f.rows(t, authSheet)), len(f.rows(t, paymentSheet)), len(f.rows(t, entrySheet)), len(f.rows(t, chargeSheet)),
		f.raw[authSheet].Len(), f.raw[paymentSheet].Len())
	s := f.sum
	want := fmt.Sprint(s.AuthRows, s.PaymentRows, s.Entries, s.Charges, s.AuthBytes, s.PaymentBytes)
	if got != want {
		t.Errorf("files have %s, the summary says %s", got, want)
	}
}
