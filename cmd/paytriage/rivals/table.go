package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	assess "github.com/paytriage/paytriage/forensics/quality"
)

// A spread is a median between the lowest and the highest of some values.
type spread struct{ median, low, high float64 }

// spreadOf returns the spread of values; of an even number of them the median
// is the mean of the two in the middle.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return spread{(v[(n-1)/2] + v[n/2]) / 2, v[0], v[n-1]}
}

// in writes a spread with a unit.
func (s spread) in(unit string) string {
	return fmt.Sprintf("%s (%s to %s)%s", short(s.median), short(s.low), short(s.high), unit)
}

// short writes a figure with about three digits.
func short(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// grouped writes a whole number with commas.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// memory writes a number of bytes.
func memory(bytes int64) string {
	switch {
	case bytes == 0:
		return "-"
	case bytes >= 1<<30:
		return short(float64(bytes)/(1<<30)) + " GiB"
	}
	return short(float64(bytes)/(1<<20)) + " MiB"
}

func (e *entry) wall() spread { return e.seconds(wallOf) }
func (e *entry) cpu() spread  { return e.seconds(cpuOf) }

func (e *entry) seconds(of func(cost) time.Duration) spread {
	var values []float64
	for _, r := range e.runs {
		values = append(values, of(r).Seconds())
	}
	return spreadOf(values)
}

// peak returns the most memory that any run took.
func (e *entry) peak() int64 {
	var most int64
	for _, r := range e.runs {
		most = max(most, r.peak)
	}
	return most
}

// entry returns what was measured of a contestant, nil if nothing.
func (s *size) entry(name string) *entry {
	i := slices.IndexFunc(s.entries, func(e entry) bool { return e.name == name })
	if i < 0 || len(s.entries[i].runs) == 0 {
		return nil
	}
	return &s.entries[i]
}

// times returns how many times as long as b each run of a took, round by round:
// what disturbs a machine for a while disturbs both.
func times(a, b *entry, of func(cost) time.Duration) spread {
	var ratios []float64
	for i := range min(len(a.runs), len(b.runs)) {
		ratios = append(ratios, float64(of(a.runs[i]))/float64(max(of(b.runs[i]), time.Nanosecond)))
	}
	return spreadOf(ratios)
}

func wallOf(c cost) time.Duration { return c.wall }
func cpuOf(c cost) time.Duration  { return c.cpu }

// printSize prints the table of one size in Markdown, and what follows from it.
func printSize(w io.Writer, s *size) {
	fmt.Fprintf(w, "\n%s rows of %s accounts, %s MB of CSV; %s", grouped(s.rows), grouped(int64(s.accounts)), grouped(s.bytes/1e6), s.machine)
	if s.load[0] != "" {
		fmt.Fprintf(w, ", load %s before and %s after", s.load[0], s.load[1])
	}
	fmt.Fprint(w, ".\n\n| | wall, s | CPU, s | peak memory | rows/s | victims: precision, recall | charges: precision, recall |\n|---|---|---|---|---|---|---|\n")
	for i := range s.entries {
		printEntry(w, s, &s.entries[i])
	}
	fmt.Fprint(w, "\nMedians (lowest to highest) of runs in turn; memory is the most of any. ")
	if a := s.answered(); a != nil {
		fmt.Fprintf(w, "The answer to the analyst's question: %s.", a)
	}
	fmt.Fprintln(w)
	for _, line := range s.ratios() {
		fmt.Fprintln(w, "-", line)
	}
}

func printEntry(w io.Writer, s *size, e *entry) {
	title := strings.ReplaceAll(e.title, "|", "/")
	if len(e.runs) == 0 {
		fmt.Fprintf(w, "| %s | %s | | | | | |\n", title, strings.ReplaceAll(cmp.Or(e.skip, "not run"), "|", "/"))
		return
	}
	if e.skip != "" {
		title += " (" + strings.ReplaceAll(e.skip, "|", "/") + ")"
	}
	wall := e.wall()
	fmt.Fprintf(w, "| %s | %s | %s | %s | %s |", title, wall.in(""), e.cpu().in(""), memory(e.peak()), grouped(int64(float64(s.rows)/wall.median)))
	if e.quality == nil {
		fmt.Fprintln(w, " | |")
		return
	}
	fmt.Fprintf(w, " %s | %s |\n", e.quality.Victims, e.quality.Charges)
}

// String writes precision and recall as counts and percent.
func (m measure) String() string {
	one := func(s assess.Share) string {
		if s.Whole == 0 {
			return "-"
		}
		return fmt.Sprintf("%d/%d %.1f %%", s.Part, s.Whole, 100*float64(s.Part)/float64(s.Whole))
	}
	return one(m.Named.Precision) + ", " + one(m.Named.Recall)
}

// answered returns the answer of the rivals, nil if none has one.
func (s *size) answered() *answer {
	for _, name := range engines {
		if e := s.entry(name); e != nil {
			return e.answer
		}
	}
	return nil
}

// ratios says how the contestants compare.
func (s *size) ratios() []string {
	var lines []string
	own := s.entry(paytriage)
	if own == nil {
		return nil
	}
	for _, name := range engines {
		if e := s.entry(name); e != nil {
			line := fmt.Sprintf("%s takes %s the wall time of analyze, %s its CPU time", e.title,
				times(e, own, wallOf).in(" times"), times(e, own, cpuOf).in(" times"))
			if own.peak() > 0 {
				line += fmt.Sprintf(", %s times its memory", short(float64(e.peak())/float64(own.peak())))
			}
			lines = append(lines, line)
		}
	}
	if e := s.entry(floor); e != nil {
		lines = append(lines, fmt.Sprintf("analyze reaches %s of the speed of the floor", times(e, own, wallOf).in("")))
	}
	if e := s.entry(paytriage + single); e != nil {
		lines = append(lines, fmt.Sprintf("%d workers are %s as fast as one", s.workers, times(e, own, wallOf).in(" times")))
	}
	return lines
}

// printScaling prints rows against seconds and memory.
func printScaling(w io.Writer, sizes []size) {
	fmt.Fprint(w, "\n| rows | workers | wall, s | CPU, s | peak memory | rows/s | of the floor's speed |\n|---|---|---|---|---|---|---|\n")
	for i := range sizes {
		s := &sizes[i]
		for _, one := range []string{"", single} {
			e, workers := s.entry(paytriage+one), s.workers
			if one != "" {
				workers = 1
			}
			if e == nil {
				continue
			}
			share := "-"
			if f := s.entry(floor + one); f != nil {
				share = short(times(f, e, wallOf).median)
			}
			wall := e.wall()
			fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %s |\n", grouped(s.rows), workers, wall.in(""), e.cpu().in(""),
				memory(e.peak()), grouped(int64(float64(s.rows)/wall.median)), share)
		}
	}
}
