package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/paytriage/paytriage/samples/gen"
)

// together is the name of the row of all presets.
const together = "together"

// A pool is worlds of all presets, from which the yardstick learns at once. Of each
// world only its entries are kept: the logs of forty would fill a disk.
type pool struct {
	train, test []string
	scores      []score // of test
	of          []int   // index of each test world's result
}

// pooled measures the presets, and trains the yardstick once for all of them. A row
// of all presets together comes last.
func (b *bench) pooled(ctx context.Context, report func(*result)) ([]result, error) {
	var results []result
	var p pool
	for i, preset := range b.presets {
		r := result{preset: preset}
		first := seedsPerPreset * slices.Index(gen.Presets(), preset)
		var worlds []string
		for n := range b.seeds {
			world, err := b.simulate(ctx, preset, testSeeds+first+n)
			if err != nil {
				return nil, err
			}
			s, err := b.analyze(ctx, preset, world)
			if err != nil {
				return nil, err
			}
			r.worlds, worlds = append(r.worlds, s), append(worlds, world)
			p.test, p.scores, p.of = append(p.test, world), append(p.scores, s), append(p.of, i)
		}
		for n := range b.train {
			if !b.yardstick || b.skip != "" {
				break
			}
			world, err := b.simulate(ctx, preset, trainSeeds+first+n)
			if err != nil {
				return nil, err
			}
			p.train, worlds = append(p.train, world), append(worlds, world)
		}
		if err := b.keep(ctx, worlds...); err != nil {
			return nil, err
		}
		results = append(results, r)
		report(&r)
	}
	return b.compared(ctx, results, &p)
}

// compared lays the yardstick beside each result, and beside all of them.
func (b *bench) compared(ctx context.Context, results []result, p *pool) ([]result, error) {
	skip := b.skip
	var all [][]suspect
	if skip == "" && b.yardstick {
		all, skip = ask(ctx, p.train, p.test, p.scores)
	}
	whole := result{preset: together, worlds: p.scores}
	var everybody []suspect
	for i := range results {
		r := &results[i]
		t := total(r.worlds)
		var of []suspect
		for n := range all {
			if p.of[n] == i {
				of = append(of, all[n]...)
			}
		}
		everybody = append(everybody, of...)
		switch {
		case skip != "":
			r.ruler.skip = skip
		case t.victims == 0:
			r.ruler.skip = "-"
		case b.yardstick:
			r.ruler = compare(of, &t)
		}
	}
	t := total(whole.worlds)
	switch {
	case skip != "":
		whole.ruler.skip = skip
	case b.yardstick:
		whole.ruler = compare(everybody, &t)
	}
	return append(results, whole), ctx.Err()
}

// keep keeps the entries of worlds for the yardstick and removes their logs. It does
// not try again once the yardstick cannot run.
func (b *bench) keep(ctx context.Context, worlds ...string) error {
	if b.yardstick && b.skip == "" {
		if _, err := python(ctx, append([]string{"--keep"}, worlds...)...); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.skip = "skipped: " + err.Error()
			fmt.Fprintln(os.Stderr, "no yardstick:", err)
		}
	}
	for _, world := range worlds {
		for _, name := range []string{"auth.csv", "payments.csv", "case"} {
			if err := os.RemoveAll(filepath.Join(world, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
