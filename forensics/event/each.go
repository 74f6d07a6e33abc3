package event

import (
	"context"
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
