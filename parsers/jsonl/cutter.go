package jsonl

import (
	"bytes"
	"io"
	"slices"
	"sync"

	"github.com/paytriage/paytriage/parsers/internal/block"
)

// A Block is a run of whole records and of what stands between them. The Data
// of all blocks together are the stream. It is valid until Free.
type Block struct {
	Offset  int64  // of Data in the stream
	Data    []byte // as it stands
	Records []Span // where records lie in Data; nil only in a Broken block
	// Broken says that Data is a line, or what is left of one, that is no
	// record, for the reason named.
	Broken string
	// Skipped would count bytes beyond Data. It is 0: what is not read as a
	// record is given out without Records, so that its lines can be counted.
	Skipped int64

	mem *memory
}

// Free gives the memory of b back. Data and Records must not be used afterwards.
func (b *Block) Free() {
	if b.mem != nil {
		memories.Put(b.mem)
		b.mem, b.Data, b.Records = nil, nil, nil
	}
}

// A memory is what a block may live in.
type memory struct {
	data  []byte
	spans []Span
}

// memories is a cache of memory, not state: what it holds is never looked at.
var memories = sync.Pool{New: func() any {
	return &memory{make([]byte, 0, 2*block.Size), make([]Span, 0, block.Size/128)}
}}

// A Cutter reads a stream as blocks. It finds the records
//
//   - in arrays at the top level, and objects one after the other;
//   - or, if it has a wrapper, in the array that an object at the top level has
//     under that key. An object that has none is a record itself.
//
// It follows brackets and strings, and leaves it to a Splitter to find out
// whether a record is valid. Commas may be missing, or be too many. What is no
// record is given out line by line as Broken, until a line begins with an
// object again; closing brackets and commas may precede it. A value that is
// not closed or is longer than 1 MiB, or deeper than 64 levels and on several
// lines, gives up its first line as Broken; of one that is too long or deep no
// more is told. Which records these are depends on the bytes alone, not on
// where a block happened to end, and the time is linear in the bytes, whatever
// they are.
//
// It is used by one goroutine.
type Cutter struct {
	// Size is about how long blocks are meant to be; 0 is the usual 1 MiB.
	Size int

	r       io.Reader
	outer   outer
	offset  int64
	err     error
	mem     *memory // that holds text
	text    []byte  // what was read and not given out yet
	pos     int     // up to where text is dealt with
	records []Span  // in text[:pos]
	longest int     // record, block.MaxRecord but for tests
}

// NewCutter returns a Cutter of r. The wrapper is empty, or the key of an
// array; between the keys of objects within objects stand dots, and a backslash
// before a dot that belongs to a key.
func NewCutter(r io.Reader, wrapper string) *Cutter {
	return &Cutter{r: r, outer: outer{wrapper: wrapperKeys(wrapper), hold: -1}, longest: block.MaxRecord}
}

// Found reports whether the array of the wrapper was found so far, or none was
// asked for.
func (c *Cutter) Found() bool { return c.outer.found || len(c.outer.wrapper) == 0 }

// Next returns the next block, io.EOF after the last, or the error of the
// reader after every byte before it was given out.
func (c *Cutter) Next() (Block, error) {
	if c.mem == nil {
		c.mem = memories.Get().(*memory)
		c.text, c.records = c.mem.data[:0], c.mem.spans[:0]
	}
	size := c.Size
	if size <= 0 {
		size = block.Size
	}
	for {
		done := c.settled()
		switch {
		case c.outer.broken != "" && c.pos > 0 || done >= size:
			return c.emit(done), nil
		case c.outer.broken != "":
			return c.emitBroken(), nil
		case c.step():
		case c.err == nil && done > size/2:
			return c.emit(done), nil
		case c.err == nil:
			c.fill(max(size, len(c.text)-c.pos))
		case c.finish():
		case c.pos > 0:
			return c.emit(c.pos), nil
		default:
			memories.Put(c.mem)
			c.mem, c.text, c.records = nil, nil, nil
			return Block{}, c.err
		}
	}
}

// settled returns how much of text can be given out.
func (c *Cutter) settled() int {
	if c.outer.hold >= 0 {
		return min(c.outer.hold, c.pos)
	}
	return c.pos
}

// fill reads n bytes, or to the end of the stream.
func (c *Cutter) fill(n int) {
	want := len(c.text) + n
	if want > cap(c.mem.data) {
		c.mem.data = make([]byte, 0, want+want/4)
	}
	if want > cap(c.text) {
		c.text = append(c.mem.data[:0], c.text...)
	}
	for len(c.text) < want && c.err == nil {
		n, err := c.r.Read(c.text[len(c.text):want])
		c.text, c.err = c.text[:len(c.text)+n], err
	}
}

// smallBlock is up to what length a block is given out in memory of its own.
const smallBlock = 64 << 10

// emit gives out the first n bytes of text. It copies the shorter of what is
// given out and what stays, and what is given out if that is little.
func (c *Cutter) emit(n int) Block {
	b := Block{Offset: c.offset}
	if rest := c.text[n:]; n < len(rest) || n <= smallBlock {
		b.Data, b.Records = bytes.Clone(c.text[:n]), slices.Clone(c.records)
		c.text, c.records = rest, c.records[:0]
	} else {
		spare := memories.Get().(*memory)
		b.Data, b.Records, b.mem = c.text[:n], c.records, c.mem
		b.mem.spans = c.records
		c.text, c.records, c.mem = append(spare.data[:0], rest...), spare.spans[:0], spare
	}
	c.advance(n)
	return b
}

// emitBroken gives out what stands at pos, which is the start of text, as
// broken.
func (c *Cutter) emitBroken() Block {
	o := &c.outer
	n := o.brokenLen
	b := Block{Offset: c.offset, Data: bytes.Clone(c.text[:n]), Broken: o.broken}
	c.text, c.pos, o.broken = c.text[n:], n, ""
	c.advance(n)
	return b
}

// advance notes that n bytes of text were given out.
func (c *Cutter) advance(n int) {
	c.offset += int64(n)
	c.pos -= n
	if c.outer.hold >= 0 {
		c.outer.hold -= n
	}
}
