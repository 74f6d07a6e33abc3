package parsers

import (
	"bytes"
	"context"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
	"github.com/paytriage/paytriage/parsers/profile"
)

// A worker parses blocks into its own share of every partition.
type worker struct {
	l       *loader
	owner   *spill.Owner
	readers []*rowReader // by source, made when a block of it comes
	recent  []int        // the sources that have a reader, the newest last
	logins  *event.Fan[event.Login]
	charges *event.Fan[event.Charge]
	txns    *event.Fan[txnRef]
	gone    *event.Fan[txnRef] // of charges that are left out
	orphans []event.Charge     // without an account
	rejects []reject
	tallies []tally // by source
	hits    []bool  // by entry of Options.Exclude
	clocks  map[event.Role]*scalar.Clock
	// emit does with a row at hand what is to be done; add is the usual.
	emit func(r *rowReader, j *job, at event.Pos) fault
	// step does with a block what is to be done; parse is the usual.
	step func(j *job) error
}

// A rowReader turns the records of one source into rows.
type rowReader struct {
	*decoder
	reader
	row fields
}

// A txnRef says that an account has a transaction id.
type txnRef struct{ txn, account event.Key }

// A tally counts the records of one source.
type tally struct {
	read, rejected int64
	passed         map[string]int64
	leftOut        map[string]int64
	broken         int64 // bytes that are no text
	heard
}

// A reject is an event.Reject before lines are known.
type reject struct {
	event.Reject
	mark   *mark
	within int64 // line ends before it in its block
}

func newWorker(l *loader) *worker {
	w := &worker{l: l, owner: l.opt.Memory.NewOwner()}
	w.logins, w.charges = event.NewFan[event.Login](w.owner, l.parts), event.NewFan[event.Charge](w.owner, l.parts)
	w.txns, w.gone = event.NewFan[txnRef](w.owner, l.parts), event.NewFan[txnRef](w.owner, l.parts)
	w.readers, w.tallies = make([]*rowReader, len(l.sources)), make([]tally, len(l.sources))
	w.clocks = map[event.Role]*scalar.Clock{}
	w.emit, w.step = w.add, w.parse
	if l.splitOnly {
		w.step = w.split
	}
	if l.opt.Exclude != nil {
		w.hits = make([]bool, l.opt.Exclude.Len())
	}
	return w
}

func (w *worker) run(ctx context.Context, jobs <-chan job) error {
	defer w.retire(0)
	for j := range jobs {
		err := ctx.Err()
		if err == nil {
			err = w.step(&j)
		}
		j.block.free()
		if err != nil {
			return err
		}
	}
	return nil
}

// brokenBytes counts the bytes that are not UTF-8.
func brokenBytes(data []byte) (n int64) {
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			n++
		}
		data = data[size:]
	}
	return n
}

// readerOf returns the worker's reader of a job's source.
func (w *worker) readerOf(j *job) (*rowReader, error) {
	if r := w.readers[j.source]; r != nil {
		return r, nil
	}
	s := w.l.sources[j.source]
	role := s.input.Role
	d, err := s.format.decoder(role, j.cols, w.l.opt.env(role, s))
	if err != nil {
		return nil, &InputError{s.input.Name, err.Error(), "run 'paytriage inspect' on it"}
	}
	w.retire(max(manyReaders, 2*w.l.opt.Workers) - 1)
	w.recent = append(w.recent, j.source)
	r := &rowReader{decoder: d, reader: reader{role: role, currency: w.l.opt.Currency}}
	r.lean = d.plain != nil && !slices.ContainsFunc(rowless, j.cols.has)
	if loc := w.l.opt.Zones[role]; loc != nil {
		if w.clocks[role] == nil {
			w.clocks[role] = scalar.NewClock(loc)
		}
		r.zone = w.clocks[role]
	}
	w.readers[j.source] = r
	return r, nil
}

// manyReaders is how many sources a worker is ready to read a block of. More
// than those that are read at once would be memory for nothing; a reader is made
// again if need be.
const manyReaders = 64

// retire gives up the oldest readers until there are so many, and keeps what they
// know.
func (w *worker) retire(left int) {
	for len(w.recent) > left {
		i := w.recent[0]
		w.recent = w.recent[1:]
		r := w.readers[i]
		w.readers[i] = nil
		w.tallies[i].note(r.unread, r.seen)
	}
}

// heard is what a reader knows of a source beyond its rows.
type heard struct {
	unread *[event.NumFields]int64 // nil for none
	seen   uint64                  // fields that some row had
}

func (h *heard) note(unread [event.NumFields]int64, seen uint64) {
	h.seen |= seen
	if unread == [event.NumFields]int64{} {
		return
	}
	if h.unread == nil {
		h.unread = new([event.NumFields]int64)
	}
	for f, n := range unread {
		h.unread[f] += n
	}
}

// parse turns the records of a block into rows.
func (w *worker) parse(j *job) error {
	data, base := j.block.Data, j.block.Offset
	j.mark.count(data)
	if !utf8.Valid(data) {
		w.tallies[j.source].broken += brokenBytes(data)
	}
	if j.block.Skipped > 0 {
		j.mark.lines++
	}
	if !j.ready {
		return nil // blank lines before the header
	}
	if skip := j.body - base; skip > 0 {
		skip = min(skip, int64(len(data)))
		data, base = data[skip:], base+skip
	}
	t := &w.tallies[j.source]
	if j.block.Broken != "" {
		t.read++
		w.reject(j, 0, 0, fault{event.NumFields, j.block.Broken}, trimLine(data))
		return nil
	}
	r, err := w.readerOf(j)
	if err != nil {
		return err
	}
	before := t.read
	r.reset(data, j.block.spans)
	for r.Next() {
		w.record(r, j, base)
	}
	if err := w.owner.Err(); err != nil {
		return err
	}
	if w.l.rejectBytes.Load() > w.l.rejectRoom() {
		return &InputError{w.l.sources[j.source].input.Name, "more records are rejected than there is memory for",
			"'paytriage inspect' on its first lines says what is wrong with them; --memory gives more room"}
	}
	if w.l.opt.Rows != nil {
		w.l.opt.Rows(t.read - before)
	}
	return nil
}

// record turns the record at hand into rows; base is where the data begin that
// it stands in.
func (w *worker) record(r *rowReader, j *job, base int64) {
	offset := base + int64(r.Offset())
	if reason := r.fault(); reason != "" {
		w.tallies[j.source].read++
		w.reject(j, offset-j.block.Offset, 0, fault{event.NumFields, reason}, r.Raw())
		return
	}
	if res := r.begin(); res.What != profile.Event {
		w.settleRow(r, j, offset, 0, res)
		return
	}
	rows := r.rows()
	first := r.sub() * rows
	for n := range rows {
		if first+n > event.MaxSub {
			w.tallies[j.source].read++
			w.reject(j, offset-j.block.Offset, event.MaxSub, fault{event.NumFields, tooManyRows}, r.Raw())
			return
		}
		w.settleRow(r, j, offset, first+n, r.decoder.row(n, &r.row))
	}
}

// settleRow does with a row what the result of finding its fields says.
func (w *worker) settleRow(r *rowReader, j *job, offset int64, sub int, res profile.Result) {
	t := &w.tallies[j.source]
	var f fault
	switch res.What {
	case profile.NoRow:
		return
	case profile.Passed:
		t.read++
		if t.passed == nil {
			t.passed = map[string]int64{}
		}
		t.passed[res.Reason]++
		return
	case profile.Fault:
		f = fault{res.Field, res.Reason}
		t.read++
	default:
		at := event.AtRow(j.source, offset, sub)
		for range r.repeat() {
			t.read++
			if f = w.emit(r, j, at); f.reason != "" {
				break
			}
		}
	}
	if f.reason != "" {
		w.reject(j, offset-j.block.Offset, sub, f, r.Raw())
	}
}

// add reads the row at hand and puts it into its partition.
func (w *worker) add(r *rowReader, _ *job, at event.Pos) fault {
	if r.role != event.Payments {
		var row event.Login
		if f := r.login(&r.row, &row); f.reason != "" {
			return f
		}
		row.Pos = at
		if w.login(&row, r) {
			*w.logins.Slot(event.PartOf(row.Account, w.l.parts)) = row
		}
		return fault{}
	}
	var row event.Charge
	if f := r.charge(&r.row, &row); f.reason != "" {
		return f
	}
	row.Pos = at
	if !w.charge(&row, r) {
		return fault{}
	}
	if row.Account == 0 {
		w.orphans = append(w.orphans, row)
		return fault{}
	}
	w.put(&row)
	return fault{}
}

// put puts a charge into its partition.
func (w *worker) put(row *event.Charge) {
	*w.charges.Slot(event.PartOf(row.Account, w.l.parts)) = *row
	*w.txns.Slot(event.PartOf(row.Txn, w.l.parts)) = txnRef{row.Txn, row.Account}
}

// rejectCost is what a rejected record takes at most until it stands in its table,
// beside its text, of which there are three copies for a time.
const rejectCost = 256

// rejectRoom returns how many bytes rejected records may take: as much again as rows,
// since they are sorted by their text and kept in memory for it.
func (l *loader) rejectRoom() int64 {
	const least = 64 << 20
	if m := l.opt.Memory; m != nil && m.Limit() > 0 {
		return max(m.Limit(), least)
	}
	return math.MaxInt64
}

// reject keeps a record that is no row. offset counts from the block's start
// and rises from one reject of a block to the next.
func (w *worker) reject(j *job, offset int64, sub int, f fault, raw []byte) {
	w.tallies[j.source].rejected++
	column := ""
	if f.column < event.NumFields {
		column = f.column.String()
	}
	j.lines += int64(bytes.Count(j.block.Data[j.counted:offset], newline))
	j.counted = offset
	w.l.rejectBytes.Add(rejectCost + 3*int64(len(raw)))
	w.rejects = append(w.rejects, reject{
		Reject: event.Reject{Pos: event.AtRow(j.source, j.block.Offset+offset, sub), Column: column, Reason: f.reason, Raw: w.l.sources[j.source].rawText(raw)},
		mark:   j.mark, within: j.lines,
	})
}
