package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/samples/gen"
)

// TestAccuracy measures the method, from exports to ledger, on a month of a
// service that a list of passwords was tried on. A single month has some 45
// victims whose owner is known, so that one of them is more than two in a
// hundred: what is asked for is asked of several months together.
func TestAccuracy(t *testing.T) {
	var all score
	for seed := range months(6) { // 0 is the preset's own
		s := measure(t, "list-type", seed)
		t.Logf("list-type seed %d: %s", seed, s)
		all.add(&s)
	}
	t.Logf("together: %s", all)
	if p := ratio(all.right, all.named); p < 0.98 {
		t.Errorf("precision is %.4f, want at least 0.98", p)
	}
	if r := ratio(all.found, all.owned); r < 0.98 {
		t.Errorf("recall is %.4f, want at least 0.98", r)
	}
	if m := ratio(all.misplaced, all.loss); m > 0.01 {
		t.Errorf("misplaced money is %.4f of the loss, want at most 0.01", m)
	}
}

// TestAccuracyWithoutIncident measures the method on months in which nothing
// happened but what happens every month.
func TestAccuracyWithoutIncident(t *testing.T) {
	for seed := range months(3) {
		s := measure(t, "benign-month", seed)
		t.Logf("benign-month seed %d: %d look-alikes; %d accounts called confirmed, %d probable", seed, s.lookalikes, s.tiers[takeover.Confirmed], s.tiers[takeover.Probable])
		if s.lookalikes < 100 {
			t.Errorf("seed %d: only %d accounts look like a takeover; this measures nothing", seed, s.lookalikes)
		}
		if s.tiers[takeover.Confirmed] > 0 || s.tiers[takeover.Probable] > 1 {
			t.Errorf("seed %d: %d accounts called confirmed and %d probable, want none and at most 1",
				seed, s.tiers[takeover.Confirmed], s.tiers[takeover.Probable])
		}
	}
}

// months returns how many months are simulated: a third of them in short mode.
func months(n uint64) uint64 {
	if testing.Short() {
		return n / 3
	}
	return n
}

// A score counts accounts and yen of a case against the truth. Named is what
// the case calls a confirmed or probable victim.
type score struct {
	named, right int64 // right: something was stolen there
	owned, found int64 // victims whose owner the log shows before the thief; of them named
	loss         int64 // of these victims
	misplaced    int64 // sum of the differences between what is owed to them and what the case says
	lookalikes   int64
	tiers        [4]int64 // accounts entered, by takeover.Tier
}

func (s *score) add(o *score) {
	s.named += o.named
	s.right += o.right
	s.owned += o.owned
	s.found += o.found
	s.loss += o.loss
	s.misplaced += o.misplaced
}

func (s score) String() string {
	percent := func(part, whole int64) string {
		if whole == 0 {
			return "-"
		}
		return strconv.FormatFloat(100*ratio(part, whole), 'f', 2, 64) + " %"
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return "precision " + percent(s.right, s.named) + " (" + n(s.right) + " of " + n(s.named) +
		"), recall " + percent(s.found, s.owned) + " (" + n(s.found) + " of " + n(s.owned) +
		"), misplaced " + percent(s.misplaced, s.loss) + " (" + n(s.misplaced) + " of " + n(s.loss) + " yen)"
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// measure simulates a preset, investigates it and compares. Seed 0 is the
// preset's own.
func measure(t *testing.T, preset string, seed uint64) score {
	t.Helper()
	w, err := gen.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	if seed != 0 {
		w.Seed = seed
	}
	var accounts, charges bytes.Buffer
	c := investigateWorld(t, w, &accounts, &charges)
	robbed := map[string]bool{}
	for _, r := range readTruth(t, &charges) {
		robbed[r["account_id"]] = robbed[r["account_id"]] || r["status"] != "declined"
	}
	var s score
	priced := map[string]int64{}
	for i := range c.Victims {
		if v := &c.Victims[i]; v.Tier >= takeover.Probable {
			s.named++
			priced[v.Account] = v.NetLoss
			if robbed[v.Account] {
				s.right++
			} else {
				t.Logf("  %s is called %v victim of %d yen; nothing was stolen there", v.Account, v.Tier, v.NetLoss)
			}
		}
	}
	for i := range c.Takeovers {
		s.tiers[c.Takeovers[i].Tier]++
	}
	for _, r := range readTruth(t, &accounts) {
		switch {
		case r["role"] == "lookalike":
			s.lookalikes++
		case r["role"] == "victim" && r["owner_seen_before"] == "true":
			s.victim(t, r, priced)
		}
	}
	return s
}

// victim counts one account of the truth.
func (s *score) victim(t *testing.T, r map[string]string, priced map[string]int64) {
	t.Helper()
	owed, err := strconv.ParseInt(r["net_loss"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	said, found := priced[r["account_id"]]
	s.owned++
	s.loss += owed
	s.misplaced += max(owed-said, said-owed)
	if found {
		s.found++
	}
	if said != owed {
		t.Logf("  %s (%s %s) lost %d yen; the case says %d", r["account_id"], r["executor"], r["lookalike"], owed, said)
	}
}

// investigateWorld lets a world happen and investigates what its service would
// export.
func investigateWorld(t *testing.T, w gen.World, accounts, charges io.Writer) *forensics.Case {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	var files []*os.File
	var inputs []parsers.Input
	for _, in := range []parsers.Input{{Name: "auth.csv", Role: event.Auth}, {Name: "payments.csv", Role: event.Payments}} {
		in.Path = filepath.Join(dir, in.Name)
		f, err := os.Create(in.Path)
		if err != nil {
			t.Fatal(err)
		}
		files, inputs = append(files, f), append(inputs, in)
	}
	workers := runtime.GOMAXPROCS(0)
	out := gen.Outputs{Auth: files[0], Payments: files[1], Accounts: accounts, Charges: charges}
	if _, err := gen.Simulate(ctx, w, out, gen.Options{Workers: workers, TempDir: dir}); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	log, err := parsers.Load(ctx, inputs, parsers.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Default()
	c, err := forensics.Investigate(ctx, log, &p, forensics.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readTruth reads a truth file as one map a row.
func readTruth(t *testing.T, r io.Reader) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows of truth: %v", len(rows), err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}
