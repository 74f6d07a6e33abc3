package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

//go:embed analyst.sql duckdb.sql clickhouse.sql rivals.py
var scripts embed.FS

// The kinds of contestants.
const (
	floor     = "floor"
	paytriage = "paytriage"
	single    = "-1" // behind the name of one that works with one worker
)

// engines are the rivals, in the words of rivals.py.
var engines = []string{"analyst", "duckdb", "polars", "clickhouse"}

// names lists the contestants. With one worker there is nothing to compare it with.
func names(workers int) []string {
	own := []string{floor, paytriage}
	if workers > 1 {
		own = append(own, floor+single, paytriage+single)
	}
	return slices.Concat(own, engines)
}

// A contest runs contestants on the files of one incident after the other.
type contest struct {
	options
	dir   string
	bin   string            // the program
	self  string            // this program, for the floor
	title map[string]string // of each contestant
	skip  map[string]string // why one cannot run
}

func newContest(ctx context.Context, o options, dir string) (*contest, error) {
	c := &contest{options: o, dir: dir, bin: filepath.Join(dir, "paytriage"), title: map[string]string{}, skip: map[string]string{}}
	build := exec.CommandContext(ctx, "go", "build", "-o", c.bin, "github.com/paytriage/paytriage/cmd/paytriage")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	if err := os.CopyFS(filepath.Join(dir, "scripts"), scripts); err != nil {
		return nil, err
	}
	var err error
	if c.self, err = os.Executable(); err != nil {
		return nil, err
	}
	// What is called python3 may be a script that looks for it, at a cost of its own.
	real, err := command(ctx, dir, c.python, "-c", "import sys; print(sys.executable)").Output()
	if err == nil {
		c.python = strings.TrimSpace(string(real))
	}
	for _, name := range o.only {
		c.title[name] = title(name)
		if !slices.Contains(engines, name) {
			continue
		}
		out, err := command(ctx, dir, c.python, c.script(), name).Output()
		if err != nil {
			c.skip[name] = "skipped: " + lastLine(err)
			continue
		}
		c.title[name] = strings.TrimSpace(string(out)) + map[string]string{"analyst": ", the analyst's SQL"}[name]
	}
	return c, ctx.Err()
}

// title is what a contestant is called in tables.
func title(name string) string {
	base, one := strings.CutSuffix(name, single)
	switch base {
	case floor:
		base = "floor: read, hash, split"
	case paytriage:
		base = "paytriage analyze"
	}
	if one {
		base += ", one worker"
	}
	return base
}

func (c *contest) script() string { return filepath.Join(c.dir, "scripts", "rivals.py") }

// A size is what was measured on one incident.
type size struct {
	rows     int64 // of both files
	accounts int
	bytes    int64
	workers  int
	machine  string
	load     [2]string // of the machine, before and after
	entries  []entry
}

// An entry is what was measured of one contestant.
type entry struct {
	name, title string
	skip        string // why it was not measured, or no further
	runs        []cost
	answer      *answer // nil for the floor
	differs     bool    // its runs gave different answers
	quality     *quality
}

// measure simulates an incident and lets everybody run on it, round after round.
// Each round begins with another one, so that nobody always finds what the same
// one has left behind; what comes before the first only fills the page cache.
func (c *contest) measure(ctx context.Context, rows int) (size, error) {
	world := filepath.Join(c.dir, "world")
	defer os.RemoveAll(world)
	s := size{workers: c.workers, machine: fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())}
	if err := c.simulate(ctx, rows, world, &s); err != nil {
		return s, err
	}
	for _, name := range c.only {
		s.entries = append(s.entries, entry{name: name, title: c.title[name], skip: c.skip[name]})
	}
	progress("%d rows: simulated", s.rows)
	warm := entry{name: floor, title: "to warm the page cache, " + title(floor)}
	if err := c.turn(ctx, &warm, world); err != nil {
		return s, err
	}
	if warm.skip != "" {
		return s, errors.New(warm.skip)
	}
	s.load[0] = loadAverage()
	for round := range c.runs {
		for i := range s.entries {
			e := &s.entries[(i+round)%len(s.entries)]
			if e.skip != "" {
				continue
			}
			if err := c.turn(ctx, e, world); err != nil {
				return s, err
			}
		}
	}
	s.load[1] = loadAverage()
	return s, c.judge(ctx, world, &s)
}

// simulate writes an incident of about so many rows.
func (c *contest) simulate(ctx context.Context, rows int, world string, s *size) error {
	preset, accounts := worldOf(rows)
	s.accounts = accounts
	out, err := command(ctx, c.dir, c.bin, "simulate", "--preset", preset, "--accounts", strconv.Itoa(accounts), "--out", world, "--json").Output()
	if err != nil {
		return fmt.Errorf("simulate: %s", lastLine(err))
	}
	var sum struct{ AuthRows, PaymentRows, AuthBytes, PaymentBytes int64 }
	if err := json.Unmarshal(out, &sum); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	s.rows, s.bytes = sum.AuthRows+sum.PaymentRows, sum.AuthBytes+sum.PaymentBytes
	return nil
}

// leastRows is the smallest incident: its attack needs accounts to enter.
const leastRows = 20_000

// worldOf returns the preset and the accounts that give about so many rows. The
// larger preset has an attack of its own size, whatever the size of the service.
func worldOf(rows int) (preset string, accounts int) {
	if rows < 400_000 {
		return "list-type", max(rows-14_000, 0) * 10 / 215
	}
	return "bench", (rows - 160_000) * 10 / 212
}

// turn lets one contestant run once. One that fails does not run again.
func (c *contest) turn(ctx context.Context, e *entry, world string) error {
	out := filepath.Join(c.dir, "out-"+e.name)
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	used, err := c.run(ctx, e.name, world, out)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		e.skip = "failed: " + lastLine(err)
		progress("%s %s", e.title, e.skip)
		return nil
	}
	e.runs = append(e.runs, used)
	progress("%s: %.2f s, %.2f s CPU, %d MiB", e.title, used.wall.Seconds(), used.cpu.Seconds(), used.peak>>20)
	return e.keep(out)
}

// keep reads the answer of a run and compares it with that of the runs before.
func (e *entry) keep(out string) error {
	var a *answer
	var err error
	switch {
	case slices.Contains(engines, e.name):
		a, err = readAnswer(out)
	case strings.HasPrefix(e.name, paytriage):
		a, err = caseAnswer(out)
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.title, err)
	}
	e.differs = e.differs || e.answer != nil && e.answer.digest != a.digest
	e.answer = a
	return nil
}

// run runs a contestant in a folder of its own, where it may leave what it likes.
func (c *contest) run(ctx context.Context, name, world, out string) (cost, error) {
	scratch := filepath.Join(c.dir, "scratch")
	for _, dir := range []string{scratch, out} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return cost{}, err
		}
	}
	defer os.RemoveAll(scratch)
	workers := c.workers
	base, one := strings.CutSuffix(name, single)
	if one {
		workers = 1
	}
	auth, payments := filepath.Join(world, "auth.csv"), filepath.Join(world, "payments.csv")
	args := []string{c.python, c.script(), name, world, out, strconv.Itoa(workers)}
	switch base {
	case floor:
		args = []string{c.self, floorCommand, auth, payments, strconv.Itoa(workers)}
	case paytriage:
		args = []string{c.bin, "analyze", "--auth", auth, "--payments", payments, "--out", filepath.Join(out, "case"), "--workers", strconv.Itoa(workers), "--quiet"}
		args = append(args, c.with...)
	}
	return costOf(command(ctx, scratch, args[0], args[1:]...))
}

// judge holds the answers against the truth.
func (c *contest) judge(ctx context.Context, world string, s *size) error {
	for i := range s.entries {
		e := &s.entries[i]
		out := filepath.Join(c.dir, "out-"+e.name)
		var err error
		switch {
		case e.answer == nil:
		case slices.Contains(engines, e.name):
			e.quality, err = rate(e.answer, world)
		default:
			e.quality, err = c.evaluate(ctx, filepath.Join(out, "case"), world)
		}
		if err == nil {
			err = os.RemoveAll(out)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.title, err)
		}
	}
	return nil
}

// disagreement returns an error if there are two answers to the question.
func (s *size) disagreement() error {
	var first [2]*entry // of the rivals, of paytriage
	for i := range s.entries {
		e := &s.entries[i]
		if e.answer == nil {
			continue
		}
		if e.differs {
			return fmt.Errorf("%d rows: the answers of %s differ from run to run", s.rows, e.title)
		}
		kind := &first[0]
		if !slices.Contains(engines, e.name) {
			kind = &first[1]
		}
		if *kind == nil {
			*kind = e
		} else if (*kind).answer.digest != e.answer.digest {
			return fmt.Errorf("%d rows: %s (%s) and %s (%s) give different answers", s.rows, (*kind).title, (*kind).answer, e.title, e.answer)
		}
	}
	return nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
