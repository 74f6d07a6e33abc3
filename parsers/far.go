package parsers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/forensics/stage/wire"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/profile"
)

// With an engine the inputs are read where it says, a file by one worker, and
// settled where their accounts are: the same steps as in load, with the engine
// in the place of the fans. The driver keeps what is known of each source, so that
// it can find any row again; what it looks at itself are the heads of the files
// and the rows that are reported. So the files must lie where the driver and all
// workers see them under one path.

// The data sets of reading.
const (
	loginsSet, chargesSet  = "logins", "charges"       // rows, by account
	txnsSet, goneSet       = "txns", "gone"            // txnRefs, by transaction
	adoptedSet, adopteeSet = "adopted", "adopted-txns" // what adopt found, as charges and as txnRefs
	againSet               = "again"                   // repeats, by account
	partsSet               = "parts"                   // packed rows, by account
	sourcesSet             = "sources"                 // what to read
	farPartBytes           = 32 << 20                  // input for one part: a task is a process
	farMemory              = 512 << 20                 // rows of one file that a worker holds before it puts them into a file
	farBlock               = 1 << 20 / loginBytes      // rows in one block
	loginBytes             = 96                        // at most, of a row
)

// farPartsFor returns how many parts the rows are spread over where an engine
// has them.
func farPartsFor(size int64) int {
	n := 8
	for int64(n)*farPartBytes < size && n < 4096 {
		n *= 2
	}
	return n
}

// farOptions are Options as a worker is given them.
type farOptions struct {
	Zones       map[event.Role]string
	ZoneHolds   map[event.Role]bool
	Year        int
	Currency    money.Currency
	Profiles    map[event.Role]*farProfile
	CardKey     []byte
	From, To    int64
	Exclude     *Indicators
	Unowned     bool
	MaxUnpacked int64
}

// A farProfile is a profile before it is compiled; none is the neutral schema.
type farProfile struct {
	Profile *profile.Profile
	Params  map[string]string
}

func (o *Options) far() farOptions {
	f := farOptions{Zones: map[event.Role]string{}, ZoneHolds: o.ZoneHolds, Year: o.Year, Currency: o.Currency,
		Profiles: map[event.Role]*farProfile{}, CardKey: o.CardKey, From: o.From, To: o.To, Exclude: o.Exclude,
		Unowned: o.Unowned, MaxUnpacked: o.MaxUnpacked}
	for role, loc := range o.Zones {
		f.Zones[role] = loc.String()
	}
	for role, c := range o.Profiles {
		p := &farProfile{}
		if c != nil {
			p.Profile, p.Params = c.Profile, c.Params()
		}
		f.Profiles[role] = p
	}
	return f
}

// near returns the Options that far was made of.
func (f *farOptions) near() (Options, error) {
	o := Options{Workers: 1, Zones: map[event.Role]*time.Location{}, ZoneHolds: f.ZoneHolds, Year: f.Year, Currency: f.Currency,
		Profiles: map[event.Role]*profile.Compiled{}, CardKey: f.CardKey, From: f.From, To: f.To, Exclude: f.Exclude,
		Unowned: f.Unowned, MaxUnpacked: f.MaxUnpacked, Memory: spill.New(farMemory, "")}
	var err error
	for role, name := range f.Zones {
		if o.Zones[role], err = ZoneNamed(name); err != nil {
			return o, err
		}
	}
	for role, p := range f.Profiles {
		if o.Profiles[role] = nil; p.Profile == nil {
			continue
		}
		if o.Profiles[role], err = profile.Compile(p.Profile, p.Params); err != nil {
			return o, err
		}
	}
	return o, nil
}

// ZoneNamed returns the zone of a name such as Asia/Tokyo or UTC, or of an offset
// such as +09:00. "Local" is none: the answer may not depend on the machine.
func ZoneNamed(name string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(name, offset), nil
	}
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a zone", name)
	}
	return time.LoadLocation(name)
}

// A farReading is the configuration of the stages of reading.
type farReading struct {
	options farOptions
	parts   int
	sources int
	wanted  [][]event.Key // of the stage owners: transactions, by part
}

func (l *loader) reading() farReading {
	return farReading{options: l.opt.far(), parts: l.parts, sources: len(l.sources)}
}

// A farSource says what a worker is to read.
type farSource struct {
	index  int
	input  Input
	member int // of the sources that the input has

	far  bool // the engine brings the bytes: they follow in the block
	file stage.File
}

// A farRead is what became of a source.
type farRead struct {
	index   int
	info    event.Source
	cols    *columns
	body    int64
	marks   []mark
	tally   tally
	rejects []farReject
	orphans []event.Charge
	hits    []bool

	// Why it cannot be read, one or none of them.
	header *HeaderError
	input  *InputError
	zone   *ZoneError
	noLog  bool // header is why it is no log
}

// A farReject is a reject of which the block has a number.
type farReject struct {
	event.Reject
	mark   int
	within int64
}

func init() {
	register := func(name string, start func(c *farReading) stage.Func) {
		stage.Register(name, func(config []byte) (stage.Func, error) {
			c := &farReading{}
			if err := wire.Read(config, c); err != nil {
				return nil, err
			}
			return start(c), nil
		})
	}
	register("read", func(c *farReading) stage.Func { return c.read })
	register("owners", func(c *farReading) stage.Func { return c.owners })
	register("repeats", func(c *farReading) stage.Func { return c.repeats })
	register("settle", func(c *farReading) stage.Func { return c.settle })
}

// loadFar is load behind the survey, with an engine.
func (l *loader) loadFar(ctx context.Context, total int64) (*event.Log, error) {
	l.parts = farPartsFor(total)
	w := newWorker(l)
	l.workers = []*worker{w}
	if err := l.readFar(ctx, w); err != nil {
		return nil, err
	}
	if err := l.nothing(); err != nil {
		return nil, err
	}
	for _, s := range l.sources {
		s.count()
	}
	lost, err := l.adopt(ctx)
	if err != nil {
		return nil, err
	}
	log := &event.Log{Memory: l.opt.Memory}
	s, err := l.settleFar(ctx, w, log)
	if err != nil {
		return nil, err
	}
	w.owner.Close()
	return log, l.complete(ctx, log, []*settler{s}, lost)
}

// readFar lets workers read the sources.
func (l *loader) readFar(ctx context.Context, w *worker) error {
	var blocks []stage.Block
	var files []stage.Loaded
	member := 0
	for i, s := range l.sources {
		if member++; i == 0 || s.stored == nil || s.stored != l.sources[i-1].stored {
			member = 0
		}
		if s.info.Trouble != "" {
			continue
		}
		in := farSource{index: i, input: s.input, member: member}
		if r := s.input.remote; r != nil {
			in.far, in.file = true, r.file
		} else {
			var err error
			if in.input.Path, err = filepath.Abs(s.input.Path); err != nil {
				return err
			}
		}
		if s.member != nil {
			in.input.Name = s.named
		}
		b := stage.Block{Key: i, Data: wire.Append(nil, &in)}
		if in.far {
			files = append(files, stage.Loaded{Block: b, URL: in.file.URL})
		} else {
			blocks = append(blocks, b)
		}
	}
	e := l.opt.Engine
	if err := l.putSources(ctx, blocks, files); err != nil {
		return err
	}
	config := l.reading()
	results, err := e.Run(ctx, &stage.Request{Stage: "read", Config: wire.Append(nil, &config), In: []string{sourcesSet},
		Out: []string{loginsSet, chargesSet, txnsSet, goneSet}, Keys: l.parts})
	if err != nil {
		return err
	}
	for _, res := range results {
		r := &farRead{}
		if err := wire.Read(res.Data, r); err != nil {
			return err
		}
		if r.index < 0 || r.index >= len(l.sources) {
			return fmt.Errorf("a source %d came back, of %d", r.index, len(l.sources))
		}
		if err := l.take(r, w); err != nil {
			return err
		}
	}
	return e.Drop(sourcesSet)
}

// putSources gives the engine what is to be read.
func (l *loader) putSources(ctx context.Context, blocks []stage.Block, files []stage.Loaded) error {
	if len(files) == 0 {
		return l.opt.Engine.Put(ctx, sourcesSet, blocks)
	}
	if len(blocks) > 0 {
		return &InputError{files[0].URL, "is a URL, and other inputs are not", "name those by URLs, too: file:///… for a file that all workers see under one path"}
	}
	store, ok := l.opt.Engine.(stage.Store)
	if !ok {
		return &InputError{files[0].URL, "this engine does not read URLs", "name files that all workers see under one path"}
	}
	return store.Load(ctx, sourcesSet, files)
}

// take takes in what became of a source.
func (l *loader) take(r *farRead, w *worker) error {
	s := l.sources[r.index]
	switch {
	case r.noLog:
		l.noLog(s, r.header)
	case r.header != nil:
		return r.header
	case r.input != nil:
		return r.input
	case r.zone != nil:
		return r.zone
	default:
		s.info, s.cols, s.body = r.info, r.cols, r.body
	}
	for i := range r.marks {
		s.marks = append(s.marks, &r.marks[i])
	}
	w.tallies[r.index] = r.tally
	for i := range r.rejects {
		f := &r.rejects[i]
		if f.mark < 0 || f.mark >= len(s.marks) {
			return fmt.Errorf("%s: a reject of block %d, of %d", s.input.Name, f.mark, len(s.marks))
		}
		w.rejects = append(w.rejects, reject{f.Reject, s.marks[f.mark], f.within})
	}
	w.orphans = append(w.orphans, r.orphans...)
	for i, hit := range r.hits {
		w.hits[i] = w.hits[i] || hit
	}
	if l.opt.Progress != nil {
		l.opt.Progress(s.info.Bytes)
	}
	if l.opt.Rows != nil {
		l.opt.Rows(r.tally.read)
	}
	return nil
}

// read is the stage that reads a source.
func (c *farReading) read(_ int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
	var in farSource
	var data []byte
	if data = blocks[0][0]; len(blocks[0]) != 1 {
		return nil, fmt.Errorf("%d blocks for a source", len(blocks[0]))
	}
	content, err := wire.ReadFirst(data, &in)
	if err != nil {
		return nil, err
	}
	if in.far {
		if err := in.input.bring(content, in.file); err != nil {
			r := farRead{index: in.index}
			r.because(err)
			return wire.Append(nil, &r), nil
		}
	} else if len(content) > 0 {
		return nil, errors.New("bytes behind a source")
	}
	opt, err := c.options.near()
	if err != nil {
		return nil, err
	}
	defer opt.Memory.Close()
	r := farRead{index: in.index}
	if err := r.fill(c, &in, opt, emit); err != nil && !r.because(err) {
		return nil, err
	}
	return wire.Append(nil, &r), nil
}

// because keeps an error that the driver would have returned itself.
func (r *farRead) because(err error) bool {
	return errors.As(err, &r.input) || errors.As(err, &r.header) || errors.As(err, &r.zone)
}

// fill reads a source, and gives its rows away.
func (r *farRead) fill(c *farReading, in *farSource, opt Options, emit stage.Emit) error {
	ctx := context.Background() // the engine ends the process
	l := &loader{opt: opt, blockSize: block.Size, parts: c.parts, sources: make([]*source, c.sources)}
	found, err := l.sourcesOf(in.input)
	if err != nil {
		return err
	}
	if in.member >= len(found) || in.index >= c.sources {
		return &InputError{in.input.Name, "is not what the driver saw", "let driver and workers see the same files under one path"}
	}
	s := found[in.member]
	l.sources[in.index] = s
	if s.info.Trouble == "" {
		if err := l.recognise(ctx, s, make([]byte, headSize)); err != nil {
			return err
		}
	}
	if err := l.read(ctx, []int{in.index}); err != nil {
		return err
	}
	if s.noLog != nil {
		r.noLog = errors.As(s.noLog, &r.header)
	}
	if err := l.seal(); err != nil {
		return err
	}
	r.info, r.cols, r.body = s.info, s.cols, s.body
	at := map[*mark]int{}
	for i, m := range s.marks {
		at[m] = i
		r.marks = append(r.marks, *m)
	}
	w := l.workers[0]
	r.tally, r.orphans, r.hits = w.tallies[in.index], w.orphans, w.hits
	for i := range w.rejects {
		j := &w.rejects[i]
		r.rejects = append(r.rejects, farReject{j.Reject, at[j.mark], j.within})
	}
	return errors.Join(giveAway(w.logins, 0, c.parts, emit), giveAway(w.charges, 1, c.parts, emit),
		giveAway(w.txns, 2, c.parts, emit), giveAway(w.gone, 3, c.parts, emit))
}

// giveAway gives the rows of a fan to a data set.
func giveAway[T any](fan *event.Fan[T], set, parts int, emit stage.Emit) error {
	g := event.NewGatherer([]*event.Fan[T]{fan})
	for p := range parts {
		rows, err := g.Take(p)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(rows, farBlock) {
			if err := emit(set, p, wire.Append(nil, &some)); err != nil {
				return err
			}
		}
	}
	return nil
}

// comeBack returns rows that giveAway gave.
func comeBack[T any](blocks [][]byte) ([]T, error) {
	var room int
	for _, b := range blocks {
		room += len(b) / int(reflect.TypeFor[T]().Size())
	}
	all := make([]T, 0, room)
	for _, b := range blocks {
		var some []T
		if err := wire.Read(b, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// farOwners returns the accounts of the originals of orphans; see owners.
func (l *loader) farOwners(ctx context.Context, wanted [][]event.Key) (map[event.Key]owner, error) {
	config := l.reading()
	config.wanted = wanted
	found, err := l.opt.Engine.Run(ctx, &stage.Request{Stage: "owners", Config: wire.Append(nil, &config), In: []string{txnsSet, goneSet}})
	if err != nil {
		return nil, err
	}
	all := map[event.Key]owner{}
	for _, f := range found {
		var some map[event.Key]owner
		if err := wire.Read(f.Data, &some); err != nil {
			return nil, err
		}
		maps.Copy(all, some)
	}
	return all, nil
}

// owners is the stage that looks for transactions that are wanted.
func (c *farReading) owners(key int, blocks [][][]byte, _ stage.Emit) ([]byte, error) {
	found := map[event.Key]owner{}
	if key < len(c.wanted) && len(c.wanted[key]) > 0 {
		there, err := comeBack[txnRef](blocks[0])
		gone, err2 := comeBack[txnRef](blocks[1])
		if err := cmp.Or(err, err2); err != nil {
			return nil, err
		}
		claim(found, c.wanted[key], gone, true)
		claim(found, c.wanted[key], there, false)
	}
	return wire.Append(nil, &found), nil
}

// repeats is the stage that finds the transaction ids which several rows have.
func (c *farReading) repeats(_ int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
	refs, err := comeBack[txnRef](slices.Concat(blocks...))
	if err != nil {
		return nil, err
	}
	f := txnFinder{refs: refs, found: make([][]repeat, c.parts)}
	f.find()
	for p, some := range f.found {
		if len(some) == 0 {
			continue
		}
		if err := emit(0, p, wire.Append(nil, &some)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// A farSettled is what became of the rows of a part.
type farSettled struct {
	summary   *event.Summary
	counts    map[int]settled // by source
	conflicts []conflict
}

// settleFar lets workers settle the rows, and returns their counts together.
func (l *loader) settleFar(ctx context.Context, w *worker, log *event.Log) (*settler, error) {
	e, config := l.opt.Engine, l.reading()
	rows, refs := []string{loginsSet, chargesSet}, []string{txnsSet}
	if len(l.homes) > 0 || l.opt.Unowned {
		if err := l.putAdopted(ctx, w); err != nil {
			return nil, err
		}
		rows, refs = append(rows, adoptedSet), append(refs, adopteeSet)
	}
	if _, err := e.Run(ctx, &stage.Request{Stage: "repeats", Config: wire.Append(nil, &config), In: refs, Out: []string{againSet}, Keys: l.parts}); err != nil {
		return nil, err
	}
	if err := e.Drop(append(refs, goneSet)...); err != nil {
		return nil, err
	}
	found, err := e.Run(ctx, &stage.Request{Stage: "settle", Config: wire.Append(nil, &config), In: append([]string{againSet}, rows...), Out: []string{partsSet}, Keys: l.parts})
	if err != nil {
		return nil, err
	}
	all := &settler{counts: make([]settled, len(l.sources))}
	summaries := map[int]*event.Summary{}
	for _, f := range found {
		var s farSettled
		if err := wire.Read(f.Data, &s); err != nil {
			return nil, err
		}
		if s.summary != nil {
			summaries[f.Key] = s.summary
		}
		all.conflicts = append(all.conflicts, s.conflicts...)
		for i, c := range s.counts {
			all.counts[i].merge(&c)
		}
	}
	log.Parts = event.FarParts(ctx, e, partsSet, summaries, l.parts)
	return all, e.Drop(append(rows, againSet)...)
}

func (c *settled) merge(o *settled) {
	c.duplicates += o.duplicates
	c.repeats += o.repeats
	c.rejected += o.rejected
	c.span.add(o.span)
}

// putAdopted gives the engine the charges that found an account, which the driver
// has put into the fans of a worker.
func (l *loader) putAdopted(ctx context.Context, w *worker) error {
	if err := l.seal(); err != nil {
		return err
	}
	var sets [2][]stage.Block
	put := func(set, key int, data []byte) error {
		sets[set] = append(sets[set], stage.Block{Key: key, Data: data})
		return nil
	}
	if err := errors.Join(giveAway(w.charges, 0, l.parts, put), giveAway(w.txns, 1, l.parts, put)); err != nil {
		return err
	}
	return errors.Join(l.opt.Engine.Put(ctx, adoptedSet, sets[0]), l.opt.Engine.Put(ctx, adopteeSet, sets[1]))
}

// settle is the stage that settles the rows of a part: repeats, logins, charges
// and, where there are any, charges that were adopted.
func (c *farReading) settle(key int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
	again, err := comeBack[repeat](blocks[0])
	if err != nil {
		return nil, err
	}
	logins, err := comeBack[event.Login](blocks[1])
	if err != nil {
		return nil, err
	}
	charges, err := comeBack[event.Charge](slices.Concat(blocks[2:]...))
	if err != nil {
		return nil, err
	}
	parts, owner := event.NewParts(1), spill.New(0, "").NewOwner()
	s := &settler{l: &loader{parts: c.parts}, owner: owner, packer: event.NewPacker(parts, owner), counts: make([]settled, c.sources)}
	s.logins = pointersTo(logins)
	s.packer.Logins(0, s.settleLogins())
	s.charges = pointersTo(charges)
	s.packer.Charges(0, s.settleCharges(sortedRepeats(again)))
	if err := owner.Seal(); err != nil {
		return nil, err
	}
	out := farSettled{counts: map[int]settled{}, conflicts: s.conflicts}
	for i, n := range s.counts {
		if n != (settled{}) {
			out.counts[i] = n
		}
	}
	if parts.Rows(0) > 0 {
		form, summary, err := parts.Form(0)
		if err != nil {
			return nil, err
		}
		if err := emit(0, key, form); err != nil {
			return nil, err
		}
		out.summary = summary
	}
	return wire.Append(nil, &out), nil
}

func pointersTo[T any](rows []T) []*T {
	at := make([]*T, len(rows))
	for i := range rows {
		at[i] = &rows[i]
	}
	return at
}
