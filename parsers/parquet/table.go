package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	// blockSize is how much text is made at a time, firstSize how much for a
	// start; blocks is how many exist: one is read, one is ready, one is being
	// filled.
	blockSize = 1 << 20
	firstSize = 1 << 16
	blocks    = 3
)

// pump makes blocks of text until there are no more rows or nobody wants any.
func (r *Reader) pump(t *table) {
	defer close(r.done)
	defer t.shared.unpack.close()
	t.emit = func(text []byte, err error) (next []byte, ok bool) {
		select {
		case r.full <- block{text, err}:
		case <-r.own.Done():
			return nil, false
		}
		if err != nil {
			return nil, true
		}
		select {
		case next = <-r.free:
			return next, true
		case <-r.own.Done():
			return nil, false
		}
	}
	t.run(r.own)
}

// A table puts the cells of columns together to rows.
type table struct {
	walk    *walk
	columns []*column
	chunks  []chunk
	numbers bool
	shared  *shared
	most    int64 // bytes of text
	cap     LimitError

	row    int64 // rows in text and before
	text   []byte
	whole  int   // up to where text has whole rows
	size   int   // of the block
	before int64 // bytes in blocks before
	emit   func(text []byte, err error) (next []byte, ok bool)
}

func newTable(f io.ReaderAt, size int64, footer *footer, wanted []*leaf, opt Options) *table {
	limits := opt.Limits.withDefaults()
	s := newShared(limits, size, len(wanted))
	t := &table{walk: footer.walk(wanted), chunks: make([]chunk, len(wanted)), numbers: opt.RowNumbers, shared: s, size: firstSize}
	t.most, t.cap = s.maxBytes, LimitError{Cap: RatioCap, Limit: int64(limits.MaxRatio)}
	if limits.MaxUnpacked > 0 && limits.MaxUnpacked < t.most {
		t.most, t.cap = limits.MaxUnpacked, LimitError{Cap: SizeCap, Limit: limits.MaxUnpacked}
	}
	for _, l := range wanted {
		t.columns = append(t.columns, newColumn(l, f, s))
	}
	return t
}

// run makes the text of the whole file, and what follows it.
func (t *table) run(ctx context.Context) {
	defer func() {
		// The decoders check before they read; this is the net below them.
		if p := recover(); p != nil {
			t.emit(t.text[:t.whole], &DamageError{Row: t.row, Err: &panicError{p}})
		}
	}()
	t.header()
	for {
		rows, err := t.walk.next(t.chunks)
		if err == nil {
			err = t.group(ctx, rows)
		}
		if err != nil {
			if err != io.EOF && err != errStopped {
				err = located(err, t.row, "")
			}
			t.emit(t.text, err)
			return
		}
	}
}

// A panicError is a fault of this package, which the tests look for.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprint(e.value) }

// errStopped says that nobody wants any more.
var errStopped = errors.New("stopped")

func (t *table) header() {
	if t.numbers {
		t.text = append(append(t.text, RowColumn...), ',')
	}
	for _, c := range t.columns {
		name := []byte(c.leaf.Name)
		// A mark that some programs put before UTF-8 text is part of a name here.
		if len(name) == 0 || needsQuotes(name) || bytes.HasPrefix(name, []byte("\xef\xbb\xbf")) {
			t.text = appendQuoted(t.text, name)
		} else {
			t.text = append(t.text, name...)
		}
		t.text = append(t.text, ',')
	}
	t.text[len(t.text)-1] = '\n'
	t.whole = len(t.text)
}

// group makes the text of a row group.
func (t *table) group(ctx context.Context, rows int64) error {
	if rows == 0 {
		return nil
	}
	for i, c := range t.columns {
		if err := c.reset(t.chunks[i]); err != nil {
			return &problem{c.leaf, err}
		}
	}
	for left := rows; left > 0; {
		if ctx.Err() != nil {
			return errStopped
		}
		n, err := t.ready(left)
		if err == nil {
			err = t.append(n)
		}
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	for _, c := range t.columns {
		if err := c.finish(); err != nil {
			return &problem{c.leaf, err}
		}
	}
	return nil
}

// ready returns how many rows, at most so many, all columns have cells of.
func (t *table) ready(most int64) (int, error) {
	n := int(min(most, batchCells))
	for _, c := range t.columns {
		for c.at == len(c.cells) && c.err == nil {
			c.refill()
		}
		n = min(n, len(c.cells)-c.at)
		if n == 0 {
			err := c.err
			if err == io.EOF {
				err = errFewRows
			}
			return 0, &problem{c.leaf, err}
		}
	}
	return n, nil
}

// append appends n rows.
func (t *table) append(n int) error {
	lone := len(t.columns) == 1 && !t.numbers
	for i := range n {
		from := len(t.text)
		if t.numbers {
			t.text = append(strconv.AppendInt(t.text, t.row+1, 10), ',')
		}
		for _, c := range t.columns {
			t.text = append(append(t.text, c.cells[c.at+i]...), ',')
		}
		if lone && len(t.text) == from+1 {
			// A lone empty cell is quoted: an empty line is no record.
			t.text = append(t.text[:from], `"",`...)
		}
		t.text[len(t.text)-1] = '\n'
		if err := t.judge(from); err != nil {
			return err
		}
		t.row, t.whole = t.row+1, len(t.text)
		if len(t.text) >= t.size && !t.flush() {
			return errStopped
		}
	}
	for _, c := range t.columns {
		c.at += n
	}
	return nil
}

// judge takes the row that begins at from back if it is one too many.
func (t *table) judge(from int) (err error) {
	switch {
	case len(t.text)-from > maxRow:
		err = &LimitError{Cap: RowCap, Limit: maxRow}
	case t.before+int64(len(t.text)) > t.most:
		err = &t.cap
	default:
		return nil
	}
	t.text = t.text[:from]
	return err
}

// flush gives the block out and begins the next.
func (t *table) flush() bool {
	t.before += int64(len(t.text))
	next, ok := t.emit(t.text, nil)
	if next == nil {
		next = make([]byte, 0, blockSize+blockSize/16)
	}
	t.text, t.whole, t.size = next[:0], 0, blockSize
	return ok
}
