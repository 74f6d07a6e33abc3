// Command bench measures how good analyze is, and prints a table.
//
//	go run ./cmd/paytriage/bench         a few minutes: two seeds of each world
//	go run ./cmd/paytriage/bench -full   ten seeds of each
//	go run ./cmd/paytriage/bench -pooled one yardstick for all presets: a world of
//	                                     each to learn from, one to measure
//
// It lets the program itself simulate worlds of every preset and analyze them
// with the default policy, reads the case folders, and holds them against the
// truth. No seed was ever looked at while the method was built, and each world
// has rates of its own (simulate --vary).
//
// Beside each figure stands a yardstick: gradient-boosted trees over some plain
// features (yardstick.py), trained on the truth of other worlds of the same
// preset, or with -pooled once on those of all presets: much the quicker, and a
// classifier that does not know beforehand what kind of attack it is. It needs python3 with scikit-learn, pandas and duckdb; without them
// its columns say so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/samples/gen"
)

// The first seeds of the worlds that are measured, and of those that the
// yardstick learns from. Each preset has seeds of its own, so that no honest
// person is in two worlds.
const (
	testSeeds      = 70_001
	trainSeeds     = 90_001
	seedsPerPreset = 100
)

// options are the flags.
type options struct {
	presets   []string
	seeds     int
	train     int
	accounts  int
	yardstick bool
	pooled    bool // one yardstick for all presets
	list      bool // say who is named wrongly or missed
}

func parse(args []string) (options, error) {
	o := options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	full := f.Bool("full", false, "ten seeds of each preset, five to train on")
	f.BoolVar(&o.pooled, "pooled", false, "train the yardstick once, on worlds of all presets; one seed of each and one to train on, unless -seeds and -train say otherwise")
	presets := f.String("presets", "", "comma-separated presets; empty: all of the usual size")
	f.IntVar(&o.seeds, "seeds", 2, "worlds of each preset")
	f.IntVar(&o.train, "train", 3, "worlds of each preset that the yardstick learns from")
	f.IntVar(&o.accounts, "accounts", 0, "accounts of each world; 0 is the preset's own number")
	f.BoolVar(&o.yardstick, "yardstick", true, "train and measure the yardstick, too")
	f.BoolVar(&o.list, "list", false, "list the accounts that are named wrongly, missed or mispriced")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *full {
		o.seeds, o.train = 10, 5
	} else if o.pooled {
		given := map[string]bool{}
		f.Visit(func(g *flag.Flag) { given[g.Name] = true })
		if !given["seeds"] {
			o.seeds = 1
		}
		if !given["train"] {
			o.train = 1
		}
	}
	o.presets = usual()
	if *presets != "" {
		o.presets = strings.Split(*presets, ",")
	}
	for _, p := range o.presets {
		if _, err := gen.Preset(p); err != nil {
			return o, err
		}
	}
	if f.NArg() > 0 || o.seeds < 1 || max(o.seeds, o.train) > seedsPerPreset || o.train < 1 || o.accounts < 0 {
		return o, errors.New("bench takes flags only; -seeds and -train must be 1 to 100, -accounts at least 0")
	}
	return o, nil
}

// usual returns the presets of the usual size.
func usual() []string {
	other := []string{"7pay", "small", "bench"}
	return slices.DeleteFunc(gen.Presets(), func(p string) bool { return slices.Contains(other, p) })
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "paytriage-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	results, err := o.run(ctx, dir)
	if err != nil {
		return err
	}
	if o.list {
		printCases(os.Stdout, results)
	}
	printTable(os.Stdout, results)
	return nil
}

// run builds the program in a folder and measures it there.
func (o *options) run(ctx context.Context, dir string) ([]result, error) {
	b := &bench{options: *o, dir: dir, bin: filepath.Join(dir, "paytriage")}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.bin, "github.com/paytriage/paytriage/cmd/paytriage")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	if o.pooled {
		return b.pooled(ctx, progress)
	}
	var results []result
	for _, preset := range o.presets {
		r, err := b.measure(ctx, preset)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", preset, err)
		}
		results = append(results, r)
		progress(&r)
	}
	return results, nil
}

// progress says that a preset was measured.
func progress(r *result) {
	fmt.Fprintf(os.Stderr, "%s: %d worlds\n", r.preset, len(r.worlds))
}

// A bench runs the program.
type bench struct {
	options
	dir, bin string
	skip     string // why there is no yardstick, once that is known
}

// A result is what was measured of a preset.
type result struct {
	preset string
	worlds []score
	ruler  yardstick
}

// measure simulates worlds of a preset, analyzes them, and lets the yardstick
// do the same.
func (b *bench) measure(ctx context.Context, preset string) (result, error) {
	r := result{preset: preset}
	first := seedsPerPreset * slices.Index(gen.Presets(), preset)
	var test, train []string
	defer func() {
		for _, d := range slices.Concat(test, train) {
			os.RemoveAll(d)
		}
	}()
	for i := range b.seeds {
		world, err := b.simulate(ctx, preset, testSeeds+first+i)
		if err != nil {
			return r, err
		}
		test = append(test, world)
		s, err := b.analyze(ctx, preset, world)
		if err != nil {
			return r, err
		}
		r.worlds = append(r.worlds, s)
	}
	if total(r.worlds).victims == 0 {
		r.ruler.skip = "-" // nothing to learn from
		return r, nil
	}
	if !b.yardstick || b.skip != "" {
		r.ruler.skip = b.skip
		return r, nil
	}
	for i := range b.train {
		world, err := b.simulate(ctx, preset, trainSeeds+first+i)
		if err != nil {
			return r, err
		}
		train = append(train, world)
	}
	r.ruler = lay(ctx, train, test, r.worlds)
	b.skip = r.ruler.skip
	return r, ctx.Err()
}

// simulate writes a world and returns its folder.
func (b *bench) simulate(ctx context.Context, preset string, seed int) (string, error) {
	world := filepath.Join(b.dir, preset+"-"+strconv.Itoa(seed))
	return world, b.program(ctx, "simulate", "--preset", preset, "--seed", strconv.Itoa(seed), "--vary",
		"--accounts", strconv.Itoa(b.accounts), "--out", world, "--quiet")
}

// analyze makes a case of a world and holds it against the truth.
func (b *bench) analyze(ctx context.Context, preset, world string) (score, error) {
	w, err := gen.Preset(preset)
	if err != nil {
		return score{}, err
	}
	if b.accounts > 0 {
		w.Accounts = b.accounts
	}
	begin := time.Now()
	err = b.program(ctx, "analyze", "--auth", filepath.Join(world, "auth.csv"), "--payments", filepath.Join(world, "payments.csv"),
		"--out", filepath.Join(world, "case"), "--quiet")
	if err != nil {
		return score{}, err
	}
	took := time.Since(begin)
	s, err := evaluate(world, filepath.Join(world, "case"))
	s.world, s.took, s.accounts = filepath.Base(world), took, int64(w.Accounts)
	return s, err
}

// program runs paytriage. Rows that it rejects are part of some worlds.
func (b *bench) program(ctx context.Context, args ...string) error {
	const rejected = 3
	out, err := exec.CommandContext(ctx, b.bin, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == rejected {
		return nil
	}
	if err != nil {
		return fmt.Errorf("paytriage %s: %w\n%s", args[0], err, out)
	}
	return nil
}
