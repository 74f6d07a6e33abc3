package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// TestExplainEveryAccount explains every account of three worlds: with the score
// and tier that the case has, weights that add up, in lines that fit a terminal.
func TestExplainEveryAccount(t *testing.T) {
	for _, preset := range []string{"list-type", "mixed", "benign-month"} {
		t.Run(preset, func(t *testing.T) {
			dir := simulated(t, preset, 400)
			folder := filepath.Join(t.TempDir(), "case")
			auth, payments := filepath.Join(dir, "auth.csv"), filepath.Join(dir, "payments.csv")
			mustRun(t, "analyze", "--auth", auth, "--payments", payments, "--out", folder, "--quiet")
			said, err := readTakeovers(folder)
			if err != nil {
				t.Fatal(err)
			}
			log, err := parsers.Load(t.Context(), []parsers.Input{{Name: "auth.csv", Path: auth, Role: event.Auth},
				{Name: "payments.csv", Path: payments, Role: event.Payments}}, parsers.Options{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			p := policy.Default()
			x, err := forensics.Examine(t.Context(), log, &p, forensics.Options{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			named, others := 0, 0
			for n, account := range accountsOf(t, log) {
				e, err := explainAccount(context.Background(), x, said, account, forensics.ExplainOptions{Events: 20})
				if err != nil {
					t.Fatal(err)
				}
				checkWeights(t, e)
				if e.Tier > 0 {
					named++
				} else {
					others++
				}
				if n%20 == 0 || e.Tier > 0 && n%5 == 0 {
					checkLines(t, e)
				}
			}
			if named != len(said) || others < 150 || preset != "benign-month" && named < 5 {
				t.Errorf("%d of %d takeovers and %d other accounts were explained", named, len(said), others)
			}
		})
	}
}

// accountsOf returns the accounts of a log, but few of those that nobody got into.
func accountsOf(t *testing.T, log *event.Log) []string {
	t.Helper()
	var rows []event.Pos
	var last event.Key
	failed := 0
	for part, err := range log.Parts.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for k := range part.Logins {
			l := &part.Logins[k]
			if l.Account == last {
				continue
			}
			if last = l.Account; l.Outcome() == event.Failure {
				if failed++; l.Reason() == event.UnknownAccount && failed%30 > 0 {
					continue
				}
			}
			rows = append(rows, l.Pos)
		}
	}
	texts, err := log.Text(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range texts {
		all = append(all, texts[i].Get(event.AccountID))
	}
	return all
}

// checkLines checks that an explanation fits a terminal.
func checkLines(t *testing.T, e *explanation) {
	t.Helper()
	for _, width := range []int{80, 140} {
		var text bytes.Buffer
		if err := printExplanation(&text, e, console.Options{Width: width}); err != nil {
			t.Fatalf("%s: %v", e.Account, err)
		}
		for l := range strings.Lines(text.String()) {
			if console.Width(strings.TrimSuffix(l, "\n")) > width {
				t.Fatalf("%s: wider than %d: %s", e.Account, width, l)
			}
		}
	}
}

// checkWeights checks that the JSON of an explanation can be read, and adds up.
func checkWeights(t *testing.T, e *explanation) {
	t.Helper()
	var text bytes.Buffer
	if err := report.WriteJSON(&text, explainJSON(e)); err != nil {
		t.Fatal(err)
	}
	var back explainOut
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for _, v := range back.Visits {
		if held := v.Alone != nil && (v.Tier == nil || *v.Tier != *v.Alone); held != (v.Held != "") {
			t.Errorf("%s: visit %d: %v, by its score alone %v, held back by %q", e.Account, v.Visit, v.Tier, v.Alone, v.Held)
		}
		if (v.ToppedUp != nil) != (v.Charges > 0) || len(v.Neighbours) > v.Others {
			t.Errorf("%s: visit %d: %+v", e.Account, v.Visit, v)
		}
		total := v.Prior
		for _, g := range v.Groups {
			sum := int64(0)
			for _, p := range g.Parts {
				if sum += p.Weight; p.Signal == "other" {
					t.Errorf("%s: visit %d: %s: %+v", e.Account, v.Visit, g.Group, p)
				}
			}
			if total += g.Weight; sum != g.Weight {
				t.Errorf("%s: visit %d: %s: %d, its parts %d", e.Account, v.Visit, g.Group, g.Weight, sum)
			}
		}
		if total != v.Score {
			t.Errorf("%s: visit %d: score %d, its groups %d", e.Account, v.Visit, v.Score, total)
		}
	}
}

func TestFactor(t *testing.T) {
	for _, c := range []struct {
		weight odds.Centibans
		want   string
	}{{0, "1.0"}, {1, "1.0"}, {30, "1.9"}, {-30, "1.9"}, {99, "9.7"}, {100, "10"}, {133, "21"}, {-200, "100"}, {250, "310"}, {751, "32,000,000"}, {900, "1,000,000,000"}, {2000, "a billion"}} {
		if got := factor(c.weight); got != c.want {
			t.Errorf("%d: %s, want %s", c.weight, got, c.want)
		}
	}
}

func TestSharePercent(t *testing.T) {
	for _, c := range []struct {
		ppb  int64
		want string
	}{{-1, ""}, {0, "0.000 %"}, {odds.One, "100 %"}, {123_456_789, "12 %"}, {99_999_999, "10.0 %"}, {12_345_678, "1.2 %"}, {1_234_567, "0.12 %"}, {123_456, "0.012 %"}, {999, "0.000 %"}} {
		if got := sharePercent(c.ppb); got != c.want {
			t.Errorf("%d: %s, want %s", c.ppb, got, c.want)
		}
	}
}
