package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/quality"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/samples/gen"
)

// TestAccuracy measures the method, from exports to ledger, on a month of a
// service that a list of passwords was tried on. A single month has some 45
// victims whose owner is known, so that one of them is more than two in a
// hundred: what is asked for is asked of several months together.
func TestAccuracy(t *testing.T) {
	var all score
	for seed := range months(6) { // 0 is the preset's own
		r := measure(t, "list-type", seed)
		var month score
		month.add(r)
		t.Logf("list-type seed %d: %s", seed, month)
		all.add(r)
	}
	t.Logf("together: %s", all)
	if p := ratio(all.named); p < 0.98 {
		t.Errorf("precision is %.4f, want at least 0.98", p)
	}
	if r := ratio(all.seen); r < 0.98 {
		t.Errorf("recall is %.4f, want at least 0.98", r)
	}
	if m := ratio(all.misplaced); m > 0.01 {
		t.Errorf("misplaced money is %.4f of the loss, want at most 0.01", m)
	}
}

// TestAccuracyWithoutIncident measures the method on months in which nothing
// happened but what happens every month.
func TestAccuracyWithoutIncident(t *testing.T) {
	for seed := range months(3) {
		r := measure(t, "benign-month", seed)
		lookalikes := r.Lookalikes[0].Named.Whole
		confirmed, probable := r.Tiers[0].Entered.Whole, r.Tiers[1].Entered.Whole
		t.Logf("benign-month seed %d: %d look-alikes; %d accounts called confirmed, %d probable", seed, lookalikes, confirmed, probable)
		if lookalikes < 100 {
			t.Errorf("seed %d: only %d accounts look like a takeover; this measures nothing", seed, lookalikes)
		}
		if confirmed > 0 || probable > 1 {
			t.Errorf("seed %d: %d accounts called confirmed and %d probable, want none and at most 1", seed, confirmed, probable)
		}
	}
}

// TestAccuracyOfSmallServices does the same where a few hundred newcomers are all
// there are to learn from, an attack that no failed login betrays is a good part of
// them, and a month more teaches nothing.
func TestAccuracyOfSmallServices(t *testing.T) {
	for _, preset := range []string{"leak", "reset-abuse", "session-theft", "docomo", "benign-month"} {
		w, err := gen.Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		w.Accounts = 1500
		named := measureWorld(t, w).Victims.Named
		t.Logf("%s: right %s, found %s", preset, of(named.Precision), of(named.Recall))
		if named.Precision.Part != named.Precision.Whole {
			t.Errorf("%s: of the victims named %s are right, want all", preset, of(named.Precision))
		}
		if victims := named.Recall.Whole; victims > 0 && ratio(named.Recall) < 0.85 || victims == 0 && preset != "benign-month" {
			t.Errorf("%s: %s victims found, want at least 85 %%", preset, of(named.Recall))
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

// A score is what is asked of a case, of several months together.
type score struct {
	named     quality.Share // robbed, of the accounts called confirmed or probable victims
	seen      quality.Share // called so, of the victims whose owner the log shows before the thief
	misplaced quality.Share // yen over and under what is owed to these victims, of that
}

func (s *score) add(r *quality.Report) {
	join := func(to *quality.Share, more quality.Share) {
		to.Part += more.Part
		to.Whole += more.Whole
	}
	join(&s.named, r.Victims.Named.Precision)
	join(&s.seen, *r.Seen)
	for i := range r.Money {
		m := r.Money[i].Seen
		join(&s.misplaced, quality.Share{Part: m.Over + m.Under, Whole: m.True})
	}
}

func (s score) String() string {
	text := func(s quality.Share) string { return s.Rate().Percent() + " % (" + of(s) + ")" }
	return "precision " + text(s.named) + ", recall " + text(s.seen) + ", misplaced " + text(s.misplaced) + " yen"
}

// ratio returns a share of nothing as 0, so that a test that measures nothing
// fails.
func ratio(s quality.Share) float64 {
	if s.Whole == 0 {
		return 0
	}
	return float64(s.Part) / float64(s.Whole)
}

// measure simulates a preset, investigates it and compares, as evaluate does.
// Seed 0 is the preset's own.
func measure(t *testing.T, preset string, seed uint64) *quality.Report {
	t.Helper()
	w, err := gen.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	if seed != 0 {
		w.Seed = seed
	}
	return measureWorld(t, w)
}

// measureWorld does that to a world.
func measureWorld(t *testing.T, w gen.World) *quality.Report {
	t.Helper()
	var accounts, charges, debts bytes.Buffer
	c := investigateWorld(t, w, gen.Outputs{Accounts: &accounts, Charges: &charges, Money: &debts})
	var truth quality.Truth
	err := errors.Join(truth.ReadAccounts("accounts", &accounts), truth.ReadCharges("charges", &charges), truth.ReadMoney("money", &debts))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := report.Tables(c)
	if err != nil {
		t.Fatal(err)
	}
	found, err := findingsOf(tables)
	if err != nil {
		t.Fatal(err)
	}
	r, err := quality.Evaluate(found, &truth)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		if d.Said != d.True {
			t.Logf("  %s (%s, %s): %s; the case says %d yen, the truth %d", d.Account, d.Role, d.Tier, d.Kind, d.Said, d.True)
		}
	}
	return r
}

// investigateWorld lets a world happen and investigates what its service would
// export. The truth goes where out says.
func investigateWorld(t *testing.T, w gen.World, out gen.Outputs) *forensics.Case {
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
	out.Auth, out.Payments = files[0], files[1]
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
