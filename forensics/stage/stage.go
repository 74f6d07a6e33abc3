// Package stage is the seam between the method and an engine that runs it on
// many machines.
//
// A Stage is a pure function over keyed blocks of bytes: it is given a
// configuration, which is the same for all of its tasks, and for each key all
// blocks of that key; it gives blocks for keys of other data sets, and a result
// for the driver. An Engine moves blocks, brings those of a key together, and
// runs stages where they are. It knows nothing of logs, and the method knows
// nothing of the engine.
//
// What a stage gives depends on the blocks of a key as a set: their order is
// left to the engine. The same input gives the same bytes, so that an engine may
// run a task again when a worker was lost. Keys are small numbers; which worker
// has which is left to the engine.
//
// A worker runs a stage as a process: frames come on standard input and go to
// standard output (Serve). The last frame says that it is done; without it the
// output of a process that was killed would look like a short answer.
package stage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// An Engine keeps data sets and runs stages over them. It is used by one
// goroutine.
type Engine interface {
	// Put makes a data set of blocks that the driver has.
	Put(ctx context.Context, name string, blocks []Block) error
	// Run runs a stage over all keys of data sets and returns what it gave for
	// each, in the order of keys.
	Run(ctx context.Context, r *Request) ([]Result, error)
	// Drop says that data sets are not needed any more.
	Drop(names ...string) error
	// Close ends the job and removes what it left.
	Close() error
}

// A Block is some bytes of a key.
type Block struct {
	Key  int
	Data []byte
}

// A Result is what a stage gave for a key.
type Result = Block

// A Request asks for a stage to be run.
type Request struct {
	Stage  string
	Config []byte
	In     []string // data sets that it reads
	Out    []string // data sets that it fills
	Keys   int      // of the data sets that it fills: 0 to Keys-1
}

// A Func does what a stage does for one key. Blocks are those of the key, of
// each data set. Emit gives a block for a key of a data set, by the numbers of
// Request.Out; the block is not kept.
type Func func(key int, blocks [][][]byte, emit Emit) (result []byte, err error)

// An Emit takes in a block for a key of a data set.
type Emit func(set, key int, data []byte) error

var (
	mu     sync.Mutex
	stages = map[string]func(config []byte) (Func, error){}
)

// Register makes a stage known by a name. It is for package variables: the
// program on a worker is the same.
func Register(name string, start func(config []byte) (Func, error)) {
	mu.Lock()
	defer mu.Unlock()
	if stages[name] != nil {
		panic("stage: two are called " + name)
	}
	stages[name] = start
}

// Names returns the names of all stages, sorted.
func Names() []string {
	mu.Lock()
	defer mu.Unlock()
	var names []string
	for n := range stages {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Start returns a stage that was given its configuration.
func Start(name string, config []byte) (Func, error) {
	mu.Lock()
	start := stages[name]
	mu.Unlock()
	if start == nil {
		return nil, fmt.Errorf("there is no stage %q; driver and workers must be of one version", name)
	}
	f, err := start(config)
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", name, err)
	}
	return f, nil
}

// A Local is an Engine within the process: what an engine must do, written
// plainly. Tests hold others against it.
type Local struct {
	Workers int
	sets    map[string][]Block
}

// NewLocal returns a Local that runs so many tasks at once.
func NewLocal(workers int) *Local {
	return &Local{Workers: max(workers, 1), sets: map[string][]Block{}}
}

// Put implements Engine.
func (e *Local) Put(_ context.Context, name string, blocks []Block) error {
	e.sets[name] = slices.Clone(blocks)
	return nil
}

// Drop implements Engine.
func (e *Local) Drop(names ...string) error {
	for _, n := range names {
		delete(e.sets, n)
	}
	return nil
}

// Close implements Engine.
func (e *Local) Close() error { e.sets = nil; return nil }

// Run implements Engine. Each task starts the stage anew, as a process would.
func (e *Local) Run(ctx context.Context, r *Request) ([]Result, error) {
	tasks, err := e.tasks(r)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	next := make(chan *task)
	for range e.Workers {
		wg.Go(func() {
			for t := range next {
				if t.err = ctx.Err(); t.err == nil {
					t.run(r)
				}
			}
		})
	}
	for i := range tasks {
		next <- &tasks[i]
	}
	close(next)
	wg.Wait()
	return e.collect(r, tasks)
}

// A task is a stage at one key.
type task struct {
	key    int
	blocks [][][]byte
	out    [][]Block
	result []byte
	err    error
}

// tasks groups the blocks of the data sets by key.
func (e *Local) tasks(r *Request) ([]task, error) {
	at := map[int]int{}
	var tasks []task
	for set, name := range r.In {
		blocks, ok := e.sets[name]
		if !ok {
			return nil, fmt.Errorf("stage %s: there is no data set %q", r.Stage, name)
		}
		for _, b := range blocks {
			n, ok := at[b.Key]
			if !ok {
				n = len(tasks)
				at[b.Key] = n
				tasks = append(tasks, task{key: b.Key, blocks: make([][][]byte, len(r.In)), out: make([][]Block, len(r.Out))})
			}
			tasks[n].blocks[set] = append(tasks[n].blocks[set], b.Data)
		}
	}
	slices.SortFunc(tasks, func(a, b task) int { return cmp.Compare(a.key, b.key) })
	return tasks, nil
}

func (t *task) run(r *Request) {
	f, err := Start(r.Stage, r.Config)
	if err != nil {
		t.err = err
		return
	}
	t.result, t.err = f(t.key, t.blocks, func(set, key int, data []byte) error {
		if set < 0 || set >= len(r.Out) || key < 0 || key >= r.Keys {
			return fmt.Errorf("stage %s: a block for key %d of data set %d", r.Stage, key, set)
		}
		t.out[set] = append(t.out[set], Block{key, slices.Clone(data)})
		return nil
	})
}

// collect puts what the tasks gave into data sets, and returns their results.
func (e *Local) collect(r *Request, tasks []task) ([]Result, error) {
	results := make([]Result, 0, len(tasks))
	sets := make([][]Block, len(r.Out))
	for i := range tasks {
		t := &tasks[i]
		if t.err != nil {
			return nil, t.err
		}
		results = append(results, Result{t.key, t.result})
		for set := range sets {
			sets[set] = append(sets[set], t.out[set]...)
		}
	}
	for set, name := range r.Out {
		e.sets[name] = sets[set]
	}
	return results, nil
}
