// Package parsers turns exports into an event.Log.
//
// An export may be packed, in an archive, in another encoding, in one of many
// syntaxes, and in the words of one of many products. Every source is first
// recognised by a sample of its records (Format); which field means what is data
// (package profile), and the neutral schema needs none. What is not sure is
// refused. Behind that all sources are alike: records whose fields have the names
// and words of the neutral schema.
//
// Load is the whole of it: the inputs are cut into blocks at record
// boundaries, the blocks parsed in parallel into fixed-width rows, the rows
// spread over partitions by the hash of their account while they are parsed,
// and each partition sorted, freed of duplicates and checked for
// contradictions on its own. Rows lie in Options.Memory, and in its files where it
// is too small. No table is ever built over all accounts,
// devices or transactions: probing one that does not fit a cache costs more
// than everything else together.
//
// Promises: every record is accepted, rejected with its place, reason and raw
// text, or counted as a duplicate, and the three add up for every source. The
// rows are the same whatever the number of workers and the order of sources or
// lines. Nothing is allocated for a row that is accepted. Inputs are opened
// read-only and hashed while they are read. Convert writes what Load would see,
// Inspect says how it came to see it so.
package parsers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/profile"
)

// Options say how to read what the inputs leave open.
type Options struct {
	Workers int // goroutines that parse; less than 1 counts as 1
	// Zones are for stamps that carry none, by role. Without one such a stamp
	// is refused. A profile that knows its zone keeps it, unless the role is in
	// ZoneHolds.
	Zones     map[event.Role]*time.Location
	ZoneHolds map[event.Role]bool
	// Year is for stamps without a year; 0 takes the latest year that does not
	// lie after the date of the file.
	Year int
	// Currency is for payments without a currency of their own; 0 for none.
	Currency money.Currency
	// Profiles say what the sources of a role are; without one each source is
	// recognised. A nil profile is the neutral schema.
	Profiles map[event.Role]*profile.Compiled
	// CardKey makes the tokens of card numbers.
	CardKey []byte
	// From and To are the times of the first and the last row that counts,
	// microseconds UTC; To 0 is no end. Logins before From still teach what is
	// normal; all else outside is left out, and counted.
	From, To int64
	// Exclude lists whose rows are left out, nil for nobody's.
	Exclude *Indicators
	// Unowned keeps returns that name no account and whose original is in no log,
	// as of the account 0, for callers that know the originals themselves.
	Unowned bool
	// MaxUnpacked is how many bytes one source may unpack to, 0 for any number.
	MaxUnpacked int64
	// Memory is where the rows lie, nil for as much memory as they need. What is
	// read stays there: Memory must not be closed before the log is done with.
	Memory *spill.Memory
	// Engine, if not nil, reads and keeps the rows. The inputs lie where it and
	// this process see them under one path.
	Engine stage.Engine
	// Progress, if not nil, is told how many stored bytes were read since the
	// last call. It is called from several goroutines.
	Progress func(bytes int64)
	// Rows, if not nil, is told how many rows were parsed since the last call,
	// from several goroutines.
	Rows func(rows int64)
}

// required returns the fields without which a neutral source cannot be read.
func (o *Options) required(role event.Role) []event.Field {
	required := event.Required(role)
	if role == event.Payments && o.Currency == 0 {
		required = append(required, event.CurrencyCode)
	}
	return required
}

// env returns what a profile leaves open, for a source.
func (o *Options) env(role event.Role, s *source) profile.Env {
	env := profile.Env{Year: o.Year, Currency: o.Currency, CardKey: o.CardKey}
	if o.ZoneHolds[role] {
		env.Zone = o.Zones[role]
	}
	if s != nil && s.stat != nil {
		env.NotAfter = s.stat.ModTime().UnixMicro()
	}
	return env
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
	if opt.Memory == nil {
		opt.Memory = spill.New(0, "")
	}
	l := &loader{opt: opt, blockSize: blockSize}
	if err := l.survey(ctx, inputs); err != nil {
		return nil, err
	}
	var total int64
	for _, s := range l.sources {
		total += s.info.Bytes
	}
	if opt.Engine != nil {
		return l.loadFar(ctx, total)
	}
	l.parts = partsFor(total)
	if err := l.read(ctx, l.all()); err != nil {
		return nil, err
	}
	if err := l.nothing(); err != nil {
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
		if in.remote != nil {
			total += in.remote.file.Size
			continue
		}
		if info, err := in.stat(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	return total
}

// A loader is one call of Load.
type loader struct {
	opt         Options
	blockSize   int
	sources     []*source
	parts       int
	splitOnly   bool // find the fields of records and do no more
	workers     []*worker
	homes       map[event.Pos]event.Charge // orphans that found an account, by row
	rejectBytes atomic.Int64               // bytes that rejected records take
}

// A job is a block to parse.
type job struct {
	source int
	block  piece
	mark   *mark
	ready  bool     // the header, if there is one, was read
	cols   *columns // of delimited text
	body   int64    // offset of the first record behind the header

	counted int64 // up to where of the block line ends were counted for rejects
	lines   int64 // and how many there are
}

// all returns the numbers of all sources.
func (l *loader) all() []int {
	all := make([]int, len(l.sources))
	for i := range all {
		all[i] = i
	}
	return all
}

// read runs the pipeline from bytes to partitioned rows: readers that cut and
// hash, one a source at a time, and workers that parse.
func (l *loader) read(ctx context.Context, sources []int) error {
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
		for _, i := range sources {
			select {
			case next <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var readers sync.WaitGroup
	for range min(l.opt.Workers, len(sources)) {
		readers.Add(1)
		g.Go(func() error {
			defer readers.Done()
			for i := range next {
				err := l.readSource(ctx, i, func(j job) error {
					select {
					case jobs <- j:
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	go func() { readers.Wait(); close(jobs) }()
	err := g.Wait()
	for j := range jobs { // left over after an error
		j.block.free()
	}
	return err
}

// readSource cuts one source into jobs.
func (l *loader) readSource(ctx context.Context, i int, give func(job) error) error {
	s := l.sources[i]
	if s.info.Trouble != "" {
		return nil
	}
	f, err := s.open()
	if err != nil {
		return err
	}
	defer f.Close()
	t := &tap{ctx: ctx, f: f, sum: sha256.New(), progress: l.opt.Progress}
	r, err := s.stream(ctx, t)
	if err != nil {
		return err
	}
	defer r.Close()
	cutter := s.format.newCutter(r, l.blockSize)
	for {
		b, err := cutter.next()
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
		if err != nil && l.noLog(s, err) {
			b.free()
			break
		}
		if err != nil {
			return err
		}
		if err := give(job{source: i, block: b, mark: m, ready: s.ready(), cols: s.cols, body: s.body}); err != nil {
			return err
		}
	}
	if !s.ready() && s.info.Trouble == "" {
		l.noLog(s, &HeaderError{Source: s.input.Name, Problem: "the file is empty; not even a header"})
	}
	r.Close()
	return s.finish(t)
}

// admit notes where a block begins, and takes the header from the first.
func (l *loader) admit(s *source, b *piece) (*mark, error) {
	m := &mark{offset: b.Offset, length: int64(len(b.Data)) + b.Skipped}
	s.marks = append(s.marks, m)
	s.info.Unpacked = m.offset + m.length
	if s.info.Unpacked > event.MaxOffset {
		return nil, &InputError{s.input.Name, "is longer than 4 TiB unpacked", "split it"}
	}
	if s.ready() {
		return m, nil
	}
	return m, l.header(s, b)
}

// header takes the header from the first record of a block, if there is one.
func (l *loader) header(s *source, b *piece) error {
	if b.Broken != "" {
		return &HeaderError{Source: s.input.Name, Problem: "the first line is no header: " + b.Broken}
	}
	skip := 0
	if b.Offset == 0 && bytes.HasPrefix(b.Data, bom) {
		skip = len(bom)
	}
	split := delim.Splitter{Delimiter: s.format.Delimiter, Unquoted: !s.format.Quoted}
	split.Reset(b.Data[skip:])
	if !s.format.toHeader(&split) {
		return nil // not yet
	}
	if split.Len() == 1 && len(bytes.TrimSpace(split.Field(0))) == 0 {
		return &HeaderError{Source: s.input.Name, Problem: "a line of blanks where the header should be"}
	}
	var err error
	if s.format.bare() {
		s.cols, err = readHeader(&split, s.input.Name, s.input.Role, l.opt.required(s.input.Role))
	} else {
		names, _ := header(s.format, b.Data)
		s.cols = bindHeader(names, s.format.paths(s.input.Role))
	}
	if err != nil {
		return err
	}
	s.info.Extra, s.info.Absent = append(s.info.Extra, s.cols.extra...), s.cols.absent
	s.body = b.Offset + int64(skip+split.End())
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
