package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A bar is what is asked of a kind of world.
type bar struct{ precision, recall, off float64 }

// bars are asked of ordinary incidents, where nothing else is said.
var (
	ordinary = bar{0.99, 0.98, 0.03}
	bars     = map[string]bar{
		"launch-week": {0.95, 0.95, 0.03},
		"disturbed":   {0.95, 0.88, 0.10},
	}
)

// Of worlds without a victim is asked that nobody is confirmed, and at most one
// account in so many probable; of all others, in how many worlds the right way
// in is ranked first.
const (
	accountsPerProbable = 100_000
	rightVectors        = 0.95
)

func printCases(w io.Writer, results []result) {
	for _, r := range results {
		for i := range r.worlds {
			for _, c := range r.worlds[i].cases {
				fmt.Fprintf(w, "%s  %s\n", r.worlds[i].world, c)
			}
		}
	}
	fmt.Fprintln(w)
}

func printTable(out io.Writer, results []result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\t\t\t\trecall\t\twrong takeovers\t\thonest\tmisplaced\t\tway in\tseconds\tyardstick\t")
	fmt.Fprintln(w, "preset\tworlds\tvictims\tprecision\towner seen\tothers\tconfirmed\tprobable\tvictims\towner seen\tall\tfirst\ta world\trecall at this precision\tprecision at this recall")
	var missed []string
	for _, r := range results {
		t := total(r.worlds)
		v := vectors(r.worlds)
		ruler := r.ruler.recall.String() + "\t" + r.ruler.precision.String()
		if r.ruler.skip != "" {
			ruler = r.ruler.skip + "\t"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%d/%d\t%d/%d\t%d/%d\t%d\t%s\t%s\t%d/%d\t%.1f\t%s\n",
			r.preset, len(r.worlds), t.victims, t.precision(), t.recall(), t.found-t.seenHit, t.victims-t.seen,
			t.wrong[0].part, t.wrong[0].whole, t.wrong[1].part, t.wrong[1].whole, t.named-t.right,
			percent(t.off, t.loss), percent(t.offAll, t.lossAll), v.part, v.whole,
			t.took.Seconds()/float64(len(r.worlds)), ruler)
		missed = append(missed, misses(&r, &t, v)...)
	}
	w.Flush()
	fmt.Fprintln(out, "\nIn brackets: 95 % intervals (Wilson). Recall is of victims whose owner the log shows before the thief;\n"+
		"others are the rest of them. Misplaced: sum of differences per account, of the true loss.")
	if len(missed) == 0 {
		fmt.Fprintln(out, "\nAll bars are met.")
		return
	}
	fmt.Fprintf(out, "\nBars that are not met:\n  %s\n", strings.Join(missed, "\n  "))
}

// misses returns the bars that a preset does not meet.
func misses(r *result, t *score, v share) []string {
	var list []string
	if r.preset == together {
		return nil // its bars are those of the presets
	}
	ask := func(ok bool, format string, args ...any) {
		if !ok {
			list = append(list, r.preset+": "+fmt.Sprintf(format, args...))
		}
	}
	if t.victims == 0 {
		most := max(t.accounts/accountsPerProbable, 1)
		ask(t.wrong[0].whole == 0, "%d accounts called confirmed, none is asked", t.wrong[0].whole)
		ask(t.wrong[1].whole <= most, "%d accounts called probable, at most %d are asked", t.wrong[1].whole, most)
		return list
	}
	b, ok := bars[r.preset]
	if !ok {
		b = ordinary
	}
	ask(t.precision().value() >= b.precision, "precision %.4f, %.2f is asked", t.precision().value(), b.precision)
	ask(t.seen == 0 || t.recall().value() >= b.recall, "recall %.4f, %.2f is asked", t.recall().value(), b.recall)
	ask(float64(t.off) <= b.off*float64(t.loss), "%s of the loss misplaced, %.0f %% is asked", percent(t.off, t.loss), 100*b.off)
	ask(v.value() >= rightVectors, "the right way in first in %d of %d worlds, %.0f %% is asked", v.part, v.whole, 100*rightVectors)
	ask(r.ruler.skip != "" || t.recall().value() >= r.ruler.recall.value(), "recall %.4f, the yardstick has %.4f at the same precision", t.recall().value(), r.ruler.recall.value())
	return list
}

// String shows a share as counts, per cent and interval.
func (s share) String() string {
	if s.whole == 0 {
		return "-"
	}
	lo, hi := s.wilson()
	return fmt.Sprintf("%d/%d %.1f (%.1f-%.1f)", s.part, s.whole, 100*s.value(), 100*lo, 100*hi)
}

func percent(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
