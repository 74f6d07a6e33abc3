package parquet

import (
	"errors"
	"io"
)

const (
	// batchCells is how many cells a column makes at a time, batchBytes about
	// how much text they may be. All columns together have allCells and
	// allBytes, though each has leastCells and leastBytes.
	batchCells, batchBytes = 1024, 1 << 20
	allCells, allBytes     = 1 << 18, 64 << 20
	leastCells, leastBytes = 16, 4 << 10
)

// A chunk is a column's part of a row group, as the footer describes it.
type chunk struct {
	typ, codec       int
	values           int64 // and nulls
	data, dict, size int64 // where the footer says its pages are
	from, end        int64 // where they are
}

// shared is what the columns of one Reader have in common.
type shared struct {
	limits   Limits
	budget   budget
	unpack   decompressor
	unpacked int64 // bytes of pages so far
	maxBytes int64 // how many are allowed

	cells, bytes int // of a batch

	// What is needed only while one column makes a batch.
	ints   [batchCells]int64
	texts  [batchCells][]byte
	levels [batchCells]uint32
	reps   [batchCells]uint32
	nulls  [batchCells][]byte // always nil
}

func newShared(limits Limits, size int64, columns int) *shared {
	s := &shared{limits: limits, budget: budget{limits.MaxMemory, limits.MaxMemory}, maxBytes: limits.most(size)}
	s.cells = max(min(batchCells, allCells/columns), leastCells)
	s.bytes = max(min(batchBytes, allBytes/columns), leastBytes)
	return s
}

// A column turns the pages of one column into cells, a batch at a time. A cell
// is CSV already, in quotes where it needs them, and empty for a null. Nothing
// of a page becomes a cell before all of the page was looked through.
type column struct {
	leaf   *leaf
	shared *shared
	window window
	write  writer

	// The chunk at hand.
	chunk chunk
	off   int64 // of the next page
	after int64 // entries in the pages to come
	dict  dictionary

	// The page at hand.
	page     page
	unpacked []byte
	source   source
	left     int // entries not yet taken
	batch    int // how many to take at a time

	// The batch at hand: cells[at:] are not delivered yet. Then comes err,
	// which is io.EOF at the end of the chunk.
	cells [][]byte
	at    int
	err   error

	values [][]byte // cells of a batch that are not null
	made   [][]byte // cells among nulls
	text   []byte   // what cells are made of
	nest   nest
	held   int // bytes of these, in the budget
}

var (
	errMoreRows = errors.New("there are more values than rows")
	errFewRows  = errors.New("there are fewer values than rows")
	errTwoDicts = errors.New("a second dictionary, or one behind the values")
	errCount    = errors.New("the pages do not hold as many values as the footer says")
)

func newColumn(l *leaf, file io.ReaderAt, s *shared) *column {
	c := &column{leaf: l, shared: s, window: window{file: file, budget: &s.budget}}
	c.write = writer{form: l.form, json: l.Repeated}
	return c
}

// reset begins a chunk.
func (c *column) reset(k chunk) error {
	c.chunk, c.off, c.after, c.left = k, k.from, k.values, 0
	c.window.buf, c.window.off, c.window.end = c.window.buf[:0], 0, k.end
	c.shared.budget.left += c.dict.cost
	c.dict = dictionary{}
	c.cells, c.at, c.err = nil, 0, nil
	c.nest.reset()
	return c.survey()
}

// survey adds up what the headers of all pages claim, before any of them is
// believed: a page that claimed too little would shift every row behind it. A
// header that cannot be read is met again when its page's turn comes, after the
// rows before it.
func (c *column) survey() error {
	off, left := c.chunk.from, c.chunk.values
	for left > 0 && off < c.chunk.end {
		h, err := c.window.header(off)
		if err != nil {
			return nil
		}
		if h.isData() {
			left -= int64(h.values)
		}
		off += int64(h.size + h.packed)
	}
	if left != 0 {
		return errCount
	}
	return nil
}

// refill makes the next batch, once all cells are delivered.
func (c *column) refill() {
	c.cells, c.at = nil, 0
	if c.leaf.Repeated {
		c.err = c.lists()
	} else {
		c.err = c.flat()
	}
	if c.err == nil {
		c.err = c.hold()
	}
}

// viewBytes is the size of a []byte without its bytes.
const viewBytes = 24

// hold claims the memory of a batch, which does not shrink any more.
func (c *column) hold() error {
	n := cap(c.text) + cap(c.nest.json) + cap(c.nest.records) + viewBytes*(cap(c.values)+cap(c.made))
	if n <= c.held {
		return nil
	}
	err := c.shared.budget.take(int64(n - c.held))
	c.held = n
	return err
}

// finish checks that nothing is left of the chunk.
func (c *column) finish() error {
	for c.at == len(c.cells) && c.err == nil {
		c.refill()
	}
	switch {
	case c.at < len(c.cells):
		return errMoreRows
	case c.err != io.EOF:
		return c.err
	}
	return nil
}

// flat makes cells of entries that are one each.
func (c *column) flat() (err error) {
	if err := c.turn(); err != nil {
		return err
	}
	n := min(c.left, c.batch)
	c.left -= n
	if c.leaf.maxDef > 0 {
		def, same := c.page.defs.same(n)
		switch {
		case !same:
			return c.sparse(n)
		case def < c.leaf.maxDef:
			c.cells = c.shared.nulls[:n]
			return nil
		}
	}
	c.cells, err = c.source.next(c, n)
	return err
}

// sparse makes cells of n entries some of which may be null.
func (c *column) sparse(n int) error {
	values, err := c.present(n)
	if err != nil && values == nil {
		return err
	}
	c.made = c.made[:0]
	for _, d := range c.shared.levels[:n] {
		switch {
		case d < c.leaf.maxDef:
			c.made = append(c.made, nil)
		case len(values) == 0:
			c.cells = c.made
			return err
		default:
			c.made = append(c.made, values[0])
			values = values[1:]
		}
	}
	c.cells = c.made
	return err
}

// present reads the definition levels of the next n entries and those of them
// that have values.
func (c *column) present(n int) ([][]byte, error) {
	defs := c.shared.levels[:n]
	if err := c.page.defs.fill(defs); err != nil {
		return nil, err
	}
	present := 0
	for _, d := range defs {
		if d == c.leaf.maxDef {
			present++
		}
	}
	if present == 0 {
		return nil, nil
	}
	return c.source.next(c, present)
}

// turn makes sure that the page at hand has entries left; io.EOF if there is
// none any more.
func (c *column) turn() error {
	for c.left == 0 {
		if c.after == 0 {
			return io.EOF
		}
		h, err := c.window.header(c.off)
		if err != nil {
			return err
		}
		off := c.off
		c.off += int64(h.size + h.packed)
		switch {
		case h.kind == pageDict:
			err = c.openDict(off, &h)
		case h.isData():
			err = c.openPage(off, &h)
		} // others are an index, or something newer
		if err != nil {
			return err
		}
	}
	return nil
}

// stored returns the bytes of a page as they are stored, once they are known to
// be as long as they may be and to be those that were written.
func (c *column) stored(off int64, h *header) ([]byte, error) {
	if err := h.checkSize(c.shared.limits.MaxPage); err != nil {
		return nil, err
	}
	if c.shared.unpacked += int64(h.unpacked); c.shared.unpacked > c.shared.maxBytes {
		return nil, &LimitError{Cap: RatioCap, Limit: int64(c.shared.limits.MaxRatio)}
	}
	return c.window.body(off, h)
}

// openPage makes a data page the one at hand.
func (c *column) openPage(off int64, h *header) error {
	if c.after -= int64(h.values); c.after < 0 {
		return errCount
	}
	if h.values == 0 {
		return nil
	}
	if int64(h.values) > c.shared.maxBytes { // each is a byte of text at least
		return &LimitError{Cap: RatioCap, Limit: int64(c.shared.limits.MaxRatio)}
	}
	stored, err := c.stored(off, h)
	if err != nil {
		return err
	}
	if h.kind == pageData {
		data, err := c.data(stored, h.unpacked, false)
		if err == nil {
			err = c.page.v1(c.leaf, h, data)
		}
		if err != nil {
			return err
		}
	} else {
		levels := h.defBytes + h.repBytes
		data, err := c.data(stored[levels:], h.unpacked-levels, h.plain)
		if err != nil {
			return err
		}
		c.page.v2(c.leaf, h, stored[:levels], data)
	}
	return c.check(h)
}

// data returns what is stored in a page, unpacked.
func (c *column) data(stored []byte, size int, plain bool) (data []byte, err error) {
	if plain || c.chunk.codec == codecNone {
		if len(stored) != size {
			return nil, errUnpacked
		}
		return stored, nil
	}
	if c.unpacked, err = c.shared.budget.grow(c.unpacked, size); err != nil {
		return nil, err
	}
	return c.unpacked, c.shared.unpack.unpack(c.chunk.codec, c.unpacked, stored)
}

// check looks through the levels and values of the page at hand and chooses
// what reads them.
func (c *column) check(h *header) (err error) {
	present := h.values
	if c.leaf.maxRep > 0 {
		if _, err := c.page.reps.check(h.values, c.leaf.maxRep); err != nil {
			return err
		}
	}
	if c.leaf.maxDef > 0 {
		if present, err = c.page.defs.check(h.values, c.leaf.maxDef); err != nil {
			return err
		}
	}
	c.batch = c.shared.cells
	if present > 0 {
		if err := c.open(h.encoding, present); err != nil {
			return err
		}
	}
	c.left = h.values
	return nil
}

// open chooses what reads the n values of the page at hand.
func (c *column) open(encoding, n int) (err error) {
	if encoding == encDict || encoding == encPlainDict {
		c.source, err = c.dict.indices(c.page.data, n)
		return err
	}
	c.source, c.batch, err = c.plain(encoding, c.page.data, n)
	return err
}

// plain returns what reads n values that stand in data themselves, and how many
// to take at a time.
func (c *column) plain(encoding int, data []byte, n int) (s source, batch int, err error) {
	if !c.write.ofBytes() {
		i, err := newInts(c.leaf, encoding, data, n)
		return intSource{i}, c.shared.cells, err
	}
	b, longest, err := newBytes(c.leaf, encoding, data, n)
	if err == nil && longest > maxRow {
		err = &LimitError{Cap: RowCap, Limit: maxRow}
	}
	return bytesSource{b}, max(1, min(c.shared.cells, c.shared.bytes/max(longest, 1))), err
}
