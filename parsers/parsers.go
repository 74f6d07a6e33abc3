// Package parsers turns exports into an event.Log.
//
// Load is the whole of it: the inputs are cut into blocks at record
// boundaries, the blocks parsed in parallel into fixed-width rows, the rows
// spread over partitions by the hash of their account while they are parsed,
// and each partition sorted, freed of duplicates and checked for
// contradictions on its own. No table is ever built over all accounts,
// devices or transactions: probing one that does not fit a cache costs more
// than everything else together.
//
// Promises: every record is accepted, rejected with its place, reason and raw
// text, or counted as a duplicate, and the three add up for every source. The
// rows are the same whatever the number of workers and the order of sources or
// lines. Nothing is allocated for a row that is accepted. Inputs are opened
// read-only and hashed while they are read.
package parsers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/bits"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
)

// Options say how to read what the inputs leave open.
type Options struct {
	Workers int // goroutines that parse; less than 1 counts as 1
	// Zones are for stamps that carry none, by role. Without one such a stamp
	// is refused.
	Zones map[event.Role]*time.Location
	// Currency is for payments without a currency of their own; 0 for none.
	Currency money.Currency
	// Progress, if not nil, is told how many stored bytes were read since the
	// last call. It is called from several goroutines.
	Progress func(bytes int64)
	// Rows, if not nil, is told how many rows were parsed since the last call,
	// from several goroutines.
	Rows func(rows int64)
}

// Load reads all inputs. It fails when an input cannot be opened, lacks a
// required column, or changes while it is read; damage further on is noted in
// the source's Trouble, and what was read before it is kept.
func Load(ctx context.Context, inputs []Input, opt Options) (*event.Log, error) {
	return load(ctx, inputs, opt, block.Size)
}

// load is Load with blocks of about the given size.
func load(ctx context.Context, inputs []Input, opt Options, blockSize int) (*event.Log, error) {
	if len(inputs) > event.MaxSources {
		return nil, &InputError{inputs[0].Name, "and more than 65,535 other files", "join files, or give them in several runs"}
	}
	opt.Workers = max(opt.Workers, 1)
	l := &loader{opt: opt, blockSize: blockSize}
	for _, in := range inputs {
		l.sources = append(l.sources, &source{input: in, info: event.Source{Name: in.Name, Role: in.Role}})
	}
	var total int64
	for _, s := range l.sources {
		f, err := s.open()
		if err == nil {
			err = s.begin(f)
			f.Close()
		}
		if err != nil {
			return nil, err
		}
		total += s.info.Bytes
	}
	l.parts = partsFor(total)
	if err := l.read(ctx); err != nil {
		return nil, err
	}
	return l.settle(ctx)
}

// partBytes is how much input one partition is meant for: its rows, sorted and
// judged, then fit a processor's second-level cache.
const partBytes = 2 << 20

// partsFor returns how many partitions an input of the given size is spread
// over, a power of two.
func partsFor(size int64) int {
	n := min(max(size/partBytes, 8), 4096)
	return 1 << bits.Len64(uint64(n-1))
}

// TotalBytes returns how many stored bytes the inputs have, for progress.
func TotalBytes(inputs []Input) int64 {
	var total int64
	for _, in := range inputs {
		s := source{input: in}
		if f, err := s.open(); err == nil {
			if s.begin(f) == nil {
				total += s.info.Bytes
			}
			f.Close()
		}
	}
	return total
}

// A loader is one call of Load.
type loader struct {
	opt       Options
	blockSize int
	sources   []*source
	parts     int
	workers   []*worker
}

// A job is a block to parse.
type job struct {
	source int
	block  block.Block
	mark   *mark
	cols   *columns // nil before the header
	body   int64    // offset of the first record behind the header

	counted int64 // up to where of the block line ends were counted for rejects
	lines   int64 // and how many there are
}

// read runs the pipeline from bytes to partitioned rows: readers that cut and
// hash, one a source at a time, and workers that parse.
func (l *loader) read(ctx context.Context) error {
	jobs := make(chan job, 2*l.opt.Workers)
	g, ctx := errgroup.WithContext(ctx)
	for range l.opt.Workers {
		w := newWorker(l)
		l.workers = append(l.workers, w)
		g.Go(func() error { return w.run(ctx, jobs) })
	}
	next := make(chan int)
	g.Go(func() error {
		defer close(next)
		for i := range l.sources {
			select {
			case next <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var readers sync.WaitGroup
	for range min(l.opt.Workers, len(l.sources)) {
		readers.Add(1)
		g.Go(func() error {
			defer readers.Done()
			for i := range next {
				if err := l.readSource(ctx, i, jobs); err != nil {
					return err
				}
			}
			return nil
		})
	}
	go func() { readers.Wait(); close(jobs) }()
	err := g.Wait()
	for j := range jobs { // left over after an error
		j.block.Free()
	}
	return err
}

// readSource cuts one source into jobs.
func (l *loader) readSource(ctx context.Context, i int, jobs chan<- job) error {
	s := l.sources[i]
	f, err := s.open()
	if err != nil {
		return err
	}
	defer f.Close()
	t := &tap{ctx: ctx, f: f, sum: sha256.New(), progress: l.opt.Progress}
	r, kind, err := s.unpacked(ctx, t)
	if err != nil {
		return err
	}
	defer r.Close()
	s.info.Compression = kind
	cutter := block.NewCutter(r, true, ',')
	cutter.Size = l.blockSize
	for {
		b, err := cutter.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.trouble(err)
			break
		}
		m, err := l.admit(s, &b)
		if err != nil {
			return err
		}
		select {
		case jobs <- job{source: i, block: b, mark: m, cols: s.cols, body: s.body}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.cols == nil && s.info.Trouble == "" {
		return &HeaderError{Source: s.input.Name, Problem: "the file is empty; not even a header"}
	}
	r.Close()
	return s.finish(t)
}

// admit notes where a block begins, and takes the header from the first.
func (l *loader) admit(s *source, b *block.Block) (*mark, error) {
	m := &mark{offset: b.Offset, length: int64(len(b.Data)) + b.Skipped}
	s.marks = append(s.marks, m)
	s.info.Unpacked = m.offset + m.length
	if s.info.Unpacked > event.MaxOffset {
		return nil, &InputError{s.input.Name, "is longer than 256 TiB unpacked", "split it"}
	}
	split := delim.Splitter{Delimiter: ','}
	split.Reset(b.Data)
	if s.cols == nil {
		if err := l.header(s, b, &split); err != nil {
			return nil, err
		}
	}
	if s.cols != nil && !s.begun {
		return m, l.firstRow(s, b, &split)
	}
	return m, nil
}

// header takes the header from the first record of a block, if there is one.
func (l *loader) header(s *source, b *block.Block, split *delim.Splitter) error {
	if b.Broken != "" {
		return &HeaderError{Source: s.input.Name, Problem: "the first line is no header: " + b.Broken}
	}
	skip := 0
	if b.Offset == 0 && bytes.HasPrefix(b.Data, bom) {
		skip = len(bom)
		split.Reset(b.Data[skip:])
	}
	if !split.Next() {
		return nil // blank lines only, so far
	}
	required := event.Required(s.input.Role)
	if s.input.Role == event.Payments && l.opt.Currency == 0 {
		required = append(required, event.CurrencyCode)
	}
	cols, err := readHeader(split, s.input.Name, s.input.Role, required)
	if err != nil {
		return err
	}
	s.cols, s.info.Extra, s.info.Absent = cols, cols.extra, cols.absent
	s.body = b.Offset + int64(skip+split.End())
	return nil
}

// firstRow looks at the next record of a block, if there is one: when its stamp
// has no zone, all will lack one, and it is better to say so at once.
func (l *loader) firstRow(s *source, b *block.Block, split *delim.Splitter) error {
	if !split.Next() {
		return nil
	}
	s.begun = true
	if b.Broken != "" || l.opt.Zones[s.input.Role] != nil || split.Malformed != "" || split.Len() != s.cols.width {
		return nil
	}
	stamp := s.cols.get(split, event.EventTime)
	if t, ok := scalar.TryTime(stamp); ok && !t.Zoned {
		return &ZoneError{s.input.Name, s.input.Role, string(stamp)}
	}
	return nil
}

// A ZoneError says that the stamps of a source carry no zone and none was given.
type ZoneError struct {
	Source string
	Role   event.Role
	Stamp  string
}

func (e *ZoneError) Error() string {
	return e.Source + ": event_time: " + e.Stamp + " carries no zone"
}

// A worker parses blocks into its own share of every partition.
type worker struct {
	l       *loader
	split   delim.Splitter
	readers []*reader // by source, made when the first block of it comes
	logins  *event.Fan[event.Login]
	charges *event.Fan[event.Charge]
	txns    *event.Fan[txnRef]
	rejects []reject
	tallies []tally // by source
	clocks  map[event.Role]*scalar.Clock
}

// A txnRef says that an account has a transaction id.
type txnRef struct{ txn, account event.Key }

// A tally counts the records of one source.
type tally struct{ read, rejected int64 }

// A reject is an event.Reject before lines are known.
type reject struct {
	event.Reject
	mark   *mark
	within int64 // line ends before it in its block
}

func newWorker(l *loader) *worker {
	w := &worker{l: l, split: delim.Splitter{Delimiter: ','}}
	w.logins, w.charges, w.txns = event.NewFan[event.Login](l.parts), event.NewFan[event.Charge](l.parts), event.NewFan[txnRef](l.parts)
	w.readers, w.tallies = make([]*reader, len(l.sources)), make([]tally, len(l.sources))
	w.clocks = map[event.Role]*scalar.Clock{}
	return w
}

func (w *worker) run(ctx context.Context, jobs <-chan job) error {
	for j := range jobs {
		if err := ctx.Err(); err != nil {
			j.block.Free()
			return err
		}
		w.parse(&j)
		j.block.Free()
	}
	return nil
}

// readerOf returns the worker's reader of a job's source.
func (w *worker) readerOf(j *job) *reader {
	i := j.source
	if w.readers[i] == nil {
		r := &reader{cols: j.cols, role: w.l.sources[i].input.Role, currency: w.l.opt.Currency}
		if loc := w.l.opt.Zones[r.role]; loc != nil {
			if w.clocks[r.role] == nil {
				w.clocks[r.role] = scalar.NewClock(loc)
			}
			r.zone = w.clocks[r.role]
		}
		w.readers[i] = r
	}
	return w.readers[i]
}

// parse turns the records of a block into rows.
func (w *worker) parse(j *job) {
	data, base := j.block.Data, j.block.Offset
	j.mark.count(data)
	if j.block.Skipped > 0 {
		j.mark.lines++
	}
	if j.cols == nil {
		return // blank lines before the header
	}
	if skip := j.body - base; skip > 0 {
		skip = min(skip, int64(len(data)))
		data, base = data[skip:], base+skip
	}
	t := &w.tallies[j.source]
	if j.block.Broken != "" {
		t.read++
		w.reject(j, 0, fault{event.NumFields, j.block.Broken}, trimLine(data))
		return
	}
	r := w.readerOf(j)
	before := t.read
	w.split.Reset(data)
	for w.split.Next() {
		t.read++
		at := event.At(j.source, base+int64(w.split.Offset()))
		var f fault
		if r.role == event.Payments {
			f = w.charge(r, at)
		} else {
			f = w.login(r, at)
		}
		if f.reason != "" {
			w.reject(j, base-j.block.Offset+int64(w.split.Offset()), f, w.split.Raw())
		}
	}
	if w.l.opt.Rows != nil {
		w.l.opt.Rows(t.read - before)
	}
}

func (w *worker) login(r *reader, at event.Pos) fault {
	var row event.Login
	if f := r.login(&w.split, &row); f.reason != "" {
		return f
	}
	row.Pos = at
	*w.logins.Slot(event.PartOf(row.Account, w.l.parts)) = row
	return fault{}
}

func (w *worker) charge(r *reader, at event.Pos) fault {
	var row event.Charge
	if f := r.charge(&w.split, &row); f.reason != "" {
		return f
	}
	row.Pos = at
	*w.charges.Slot(event.PartOf(row.Account, w.l.parts)) = row
	*w.txns.Slot(event.PartOf(row.Txn, w.l.parts)) = txnRef{row.Txn, row.Account}
	return fault{}
}

// reject keeps a record that is no row. offset counts from the block's start
// and rises from one reject of a block to the next.
func (w *worker) reject(j *job, offset int64, f fault, raw []byte) {
	w.tallies[j.source].rejected++
	column := ""
	if f.column < event.NumFields {
		column = f.column.String()
	}
	j.lines += int64(bytes.Count(j.block.Data[j.counted:offset], newline))
	j.counted = offset
	w.rejects = append(w.rejects, reject{
		Reject: event.Reject{Pos: event.At(j.source, j.block.Offset+offset), Column: column, Reason: f.reason, Raw: string(raw)},
		mark:   j.mark, within: j.lines,
	})
}
