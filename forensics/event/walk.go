package event

import (
	"context"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/forensics/stage/wire"
)

// A Walk goes through all parts of a log: it is started with a configuration C,
// takes in parts, and gives a result R. Where the parts lie with an engine it is
// a stage that runs there, so that configuration and result have a form (package
// wire) and neither knows of anything else: no closure, no clock, no environment.
//
// What is made of the results must not depend on how parts were shared among
// them: a walk gives one for each worker here, and one for each part there.
type Walk[C, S, R any] struct {
	name   string
	start  func(c *C) S
	part   func(s S, i int, rows *Cursor)
	finish func(s S) *R
	open   func(c *Cursor, p *Parts, i int) error
	give   func(s S) [][]byte // what goes to a data set of the engine, nil for nothing
}

// NewWalk makes a walk known by a name. It is for package variables, and so are
// those that follow.
func NewWalk[C, S, R any](name string, start func(c *C) S, part func(s S, i int, rows *Cursor), finish func(s S) *R) *Walk[C, S, R] {
	return newWalk(name, start, part, finish, (*Cursor).open)
}

// NewLoginWalk is NewWalk for what looks at logins alone.
func NewLoginWalk[C, S, R any](name string, start func(c *C) S, part func(s S, rows *LoginCursor), finish func(s S) *R) *Walk[C, S, R] {
	return newWalk(name, start, func(s S, _ int, rows *Cursor) { part(s, &rows.Logins) }, finish, (*Cursor).openLogins)
}

// NewChargeWalk is NewWalk for what looks at charges alone.
func NewChargeWalk[C, S, R any](name string, start func(c *C) S, part func(s S, rows *ChargeCursor), finish func(s S) *R) *Walk[C, S, R] {
	return newWalk(name, start, func(s S, _ int, rows *Cursor) { part(s, &rows.Charges) }, finish, (*Cursor).openCharges)
}

// A roomed is a state with room for the rows of a part.
type roomed[S any] struct {
	s    S
	room Part
}

// NewPartWalk is NewWalk for what looks at all rows of a part at once.
func NewPartWalk[C, S, R any](name string, start func(c *C) S, part func(s S, rows *Part), finish func(s S) *R) *Walk[C, *roomed[S], R] {
	return newWalk(name, func(c *C) *roomed[S] { return &roomed[S]{s: start(c)} }, func(r *roomed[S], _ int, rows *Cursor) {
		r.room.read(rows)
		if rows.Err() == nil {
			part(r.s, &r.room)
		}
	}, func(r *roomed[S]) *R { return finish(r.s) }, (*Cursor).open)
}

func newWalk[C, S, R any](name string, start func(c *C) S, part func(s S, i int, rows *Cursor), finish func(s S) *R,
	open func(c *Cursor, p *Parts, i int) error) *Walk[C, S, R] {
	w := &Walk[C, S, R]{name: name, start: start, part: part, finish: finish, open: open}
	stage.Register(name, w.stage)
	return w
}

// Giving lets a walk give blocks that stay with the engine, where there is one:
// a data set of its name, by part.
func (w *Walk[C, S, R]) Giving(give func(s S) [][]byte) *Walk[C, S, R] {
	w.give = give
	return w
}

// Run walks through parts. Done, if not nil, is told how many rows were walked
// through, part by part, from several goroutines.
func (w *Walk[C, S, R]) Run(ctx context.Context, workers int, parts *Parts, c *C, done func(rows int64)) ([]*R, error) {
	if parts.isFar() {
		return w.runFar(ctx, parts, c, done)
	}
	seats, err := Each(ctx, max(workers, 1), parts.Len(), func() *seat[S] { return &seat[S]{s: w.start(c)} }, func(t *seat[S], i int) error {
		if err := w.open(&t.c, parts, i); err != nil {
			return err
		}
		w.part(t.s, i, &t.c)
		if done != nil {
			done(parts.Rows(i))
		}
		return t.c.Err()
	})
	if err != nil {
		return nil, err
	}
	results := make([]*R, len(seats))
	for i, t := range seats {
		results[i] = w.finish(t.s)
	}
	return results, nil
}

// A seat is where a worker sits: a state, and what reads rows for it.
type seat[S any] struct {
	s S
	c Cursor
}

// A walkConfig is what a walk is given where the parts are far.
type walkConfig[C any] struct {
	shift  int64
	config *C
}

// runFar runs a walk with the engine that has the parts.
func (w *Walk[C, S, R]) runFar(ctx context.Context, parts *Parts, c *C, done func(rows int64)) ([]*R, error) {
	r := &stage.Request{Stage: w.name, Config: wire.Append(nil, &walkConfig[C]{parts.shift, c}), In: []string{parts.far.set}, Keys: parts.Len()}
	if w.give != nil {
		r.Out = []string{w.name}
	}
	found, err := parts.far.engine.Run(ctx, r)
	if err != nil {
		return nil, err
	}
	results := make([]*R, len(found))
	for i, f := range found {
		results[i] = new(R)
		if err := wire.Read(f.Data, results[i]); err != nil {
			return nil, fmt.Errorf("stage %s: %w", w.name, err)
		}
		if done != nil {
			done(parts.Rows(f.Key))
		}
	}
	return results, nil
}

// stage is a walk as a stage, one part at a time.
func (w *Walk[C, S, R]) stage(config []byte) (stage.Func, error) {
	var c walkConfig[C]
	if err := wire.Read(config, &c); err != nil {
		return nil, err
	}
	var cursor Cursor
	return func(key int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
		part, err := readPart(slices.Concat(blocks...))
		if err != nil {
			return nil, err
		}
		part.shift = c.shift
		s := w.start(c.config)
		if err := w.open(&cursor, part, 0); err != nil {
			return nil, err
		}
		w.part(s, key, &cursor)
		if err := cursor.Err(); err != nil {
			return nil, err
		}
		if w.give != nil {
			for _, b := range w.give(s) {
				if err := emit(0, key, b); err != nil {
					return nil, err
				}
			}
		}
		return wire.Append(nil, w.finish(s)), nil
	}, nil
}
