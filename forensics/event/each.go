package event

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Each calls do for every i from 0 to n-1 from several workers, each with a
// state of its own, and returns the states in the order of workers. Which
// worker gets which i is left to the scheduler, so what is made of the states
// must not depend on it. It stops at the first
// error and at the end of the context.
func Each[S any](ctx context.Context, workers, n int, state func() S, do func(s S, i int) error) ([]S, error) {
	g, ctx := errgroup.WithContext(ctx)
	states := make([]S, workers)
	var next atomic.Int64
	for w := range workers {
		states[w] = state()
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(states[w], i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return states, g.Wait()
}

// EachCursor calls do for every part from several workers, each with a state of
// its own, and returns the states. It is for what is only ever done where the
// parts are; see Walk.
func EachCursor[S any](ctx context.Context, workers int, parts *Parts, state func() S, do func(s S, i int, rows *Cursor)) ([]S, error) {
	if parts.isFar() {
		return nil, errFar
	}
	seats, err := Each(ctx, workers, parts.Len(), func() *seat[S] { return &seat[S]{s: state()} }, func(t *seat[S], i int) error {
		if err := t.c.open(parts, i); err != nil {
			return err
		}
		do(t.s, i, &t.c)
		return t.c.Err()
	})
	states := make([]S, len(seats))
	for i, t := range seats {
		states[i] = t.s
	}
	return states, err
}

// EachPart is EachCursor for what looks at all rows of a part at once. They are
// valid within do alone.
func EachPart[S any](ctx context.Context, workers int, parts *Parts, state func() S, do func(s S, i int, part *Part)) ([]S, error) {
	rooms, err := EachCursor(ctx, workers, parts, func() *roomed[S] { return &roomed[S]{s: state()} }, func(r *roomed[S], i int, rows *Cursor) {
		r.room.read(rows)
		if rows.Err() == nil {
			do(r.s, i, &r.room)
		}
	})
	states := make([]S, len(rooms))
	for i, r := range rooms {
		states[i] = r.s
	}
	return states, err
}

var errFar = errors.New("the rows lie with an engine; this needs them here")
