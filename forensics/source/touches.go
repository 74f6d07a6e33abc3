package source

import (
	"context"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/forensics/stage/wire"
)

// touches are what all tracers took in, wherever it lies.
type touches interface {
	// cells returns the drafts that can speak.
	cells(s *scope) ([]draft, error)
	close() error
}

// gather returns the touches of a log's tracers.
func gather(ctx context.Context, workers int, log *event.Parts, tracers []*Tracer) (touches, error) {
	if e := log.Engine(); e != nil {
		return &farTouches{ctx, e, log.Len()}, nil
	}
	t := &nearTouches{ctx: ctx, workers: workers, parts: log.Len(), tracers: tracers}
	for _, tr := range tracers {
		if err := tr.owner.Seal(); err != nil {
			return nil, err
		}
		t.addrs, t.others = append(t.addrs, tr.addrs), append(t.others, tr.others)
	}
	return t, nil
}

// nearTouches lie here, those of a place together.
type nearTouches struct {
	ctx           context.Context
	workers       int
	parts         int
	tracers       []*Tracer
	addrs, others []*event.Fan[touch]
}

func (t *nearTouches) close() error {
	for _, tr := range t.tracers {
		tr.owner.Close()
	}
	return nil
}

// cells implements touches. The touches are gone afterwards.
func (t *nearTouches) cells(s *scope) ([]draft, error) {
	fans := t.others
	if s.addrs {
		fans = t.addrs
	}
	type worker struct {
		surveyor
		gather *event.Gatherer[touch]
	}
	workers, err := event.Each(t.ctx, t.workers, t.parts, func() *worker {
		return &worker{surveyor{scope: s, whole: true}, event.NewGatherer(fans)}
	}, func(w *worker, part int) error {
		touches, err := w.gather.Take(part)
		if err == nil {
			w.part(touches)
		}
		return err
	})
	var drafts []draft
	for _, w := range workers {
		drafts = append(drafts, w.drafts...)
	}
	return drafts, err
}

// farTouches lie with an engine, those of an account together: Walk and Give put
// them there.
type farTouches struct {
	ctx    context.Context
	engine stage.Engine
	parts  int
}

// TouchesSet is the data set of touches, by part.
const TouchesSet = "find"

// The data set of the drafts of cells, by place.
const draftsSet = "drafts"

func (t *farTouches) close() error { return t.engine.Drop(TouchesSet) }

// cells implements touches: each part adds up its own, and each place all parts.
func (t *farTouches) cells(s *scope) ([]draft, error) {
	c := farScope{scope: *s, parts: t.parts}
	if _, err := t.engine.Run(t.ctx, &stage.Request{Stage: "places", Config: wire.Append(nil, &c), In: []string{TouchesSet}, Out: []string{draftsSet}, Keys: t.parts}); err != nil {
		return nil, err
	}
	drafts, err := t.sum(&c)
	if err != nil {
		return nil, err
	}
	if c.wanted = wholesOf(drafts); len(c.wanted) > 0 {
		if err := t.wholes(&c, drafts); err != nil {
			return nil, err
		}
	}
	return drafts, t.engine.Drop(draftsSet)
}

// sum adds up the drafts of all parts.
func (t *farTouches) sum(c *farScope) ([]draft, error) {
	found, err := t.engine.Run(t.ctx, &stage.Request{Stage: "cells", Config: wire.Append(nil, c), In: []string{draftsSet}})
	if err != nil {
		return nil, err
	}
	var drafts []draft
	for _, f := range found {
		var some []draft
		if err := wire.Read(f.Data, &some); err != nil {
			return nil, fmt.Errorf("stage cells: %w", err)
		}
		drafts = append(drafts, some...)
	}
	return drafts, nil
}

// wholesOf returns the places of which some hour can speak, without the hour.
func wholesOf(drafts []draft) (places []Place) {
	for i := range drafts {
		if p := drafts[i].Place; p.Hour != AllHours && p.Kind != Service {
			places = append(places, Place{p.Kind, AllHours, p.Value})
		}
	}
	slices.SortFunc(places, Place.compare)
	return slices.Compact(places)
}

// wholes sets the entries of places by the hour to those of all hours, of which
// the parts without anything in that hour have some too.
func (t *farTouches) wholes(c *farScope, drafts []draft) error {
	whole, err := t.sum(c)
	if err != nil {
		return err
	}
	entries := map[Place]int64{}
	for i := range whole {
		entries[whole[i].Place] = whole[i].entries
	}
	for i := range drafts {
		if d := &drafts[i]; d.Hour != AllHours {
			d.entries = entries[Place{d.Kind, AllHours, d.Value}]
		}
	}
	return nil
}

// A farScope is a scope, over how many keys places are spread, and which are
// wanted if not those that can speak.
type farScope struct {
	scope  scope
	parts  int
	wanted []Place
}

// wants reports whether a draft of all accounts is to be kept.
func (c *farScope) wants(d *draft) bool {
	if c.wanted == nil {
		return c.scope.m.tries(d.Failures, 0, c.scope.p) > 0
	}
	_, ok := slices.BinarySearchFunc(c.wanted, d.Place, Place.compare)
	return ok
}

// Give returns what a tracer of one part took in, for an engine.
func (t *Tracer) Give() [][]byte {
	if err := t.owner.Seal(); err != nil {
		return nil
	}
	var all []touch
	for _, fan := range [...]*event.Fan[touch]{t.addrs, t.others} {
		g := event.NewGatherer([]*event.Fan[touch]{fan})
		for p := range t.parts {
			rows, _ := g.Take(p) // nothing was put into a file
			all = append(all, rows...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return [][]byte{wire.Append(nil, &all)}
}

func init() {
	stage.Register("places", func(config []byte) (stage.Func, error) {
		var c farScope
		if err := wire.Read(config, &c); err != nil {
			return nil, err
		}
		return c.places, nil
	})
	stage.Register("cells", func(config []byte) (stage.Func, error) {
		var c farScope
		if err := wire.Read(config, &c); err != nil {
			return nil, err
		}
		return c.cells, nil
	})
}

// places makes the drafts of the touches of a part.
func (c *farScope) places(_ int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
	s := surveyor{scope: &c.scope}
	for _, b := range slices.Concat(blocks...) {
		var all []touch
		if err := wire.Read(b, &all); err != nil {
			return nil, err
		}
		s.part(slices.DeleteFunc(all, func(t touch) bool { return (t.kind == Addr) != c.scope.addrs }))
	}
	byPart := make([][]draft, c.parts)
	for i := range s.drafts {
		p := event.PartOf(s.drafts[i].key(), c.parts)
		byPart[p] = append(byPart[p], s.drafts[i])
	}
	for p, drafts := range byPart {
		if drafts == nil {
			continue
		}
		if err := emit(0, p, wire.Append(nil, &drafts)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// key spreads places evenly.
func (p Place) key() event.Key {
	return p.Value.Join(event.Key(p.Kind)).Join(event.Key(p.Hour))
}

// cells adds up the drafts of places and keeps those that are wanted.
func (c *farScope) cells(_ int, blocks [][][]byte, _ stage.Emit) ([]byte, error) {
	var all []draft
	for _, b := range slices.Concat(blocks...) {
		var some []draft
		if err := wire.Read(b, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b draft) int { return a.Place.compare(b.Place) })
	kept := all[:0]
	for i := 0; i < len(all); {
		sum := all[i]
		for i++; i < len(all) && all[i].Place == sum.Place; i++ {
			sum.add(&all[i])
		}
		if c.wants(&sum) {
			kept = append(kept, sum)
		}
	}
	return wire.Append(nil, &kept), nil
}
