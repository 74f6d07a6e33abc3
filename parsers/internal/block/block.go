// Package block cuts a stream into blocks that end where a record ends, so
// that each block can be parsed alone and in parallel.
//
// In a delimited file a line end inside quotes does not end a record, and
// whether a quote is open at some byte depends on every byte before it. So the
// cutter, which is sequential anyway, follows the quotes: one pass of
// bytes.IndexByte where there are none, a hop per quote where there are some.
// Cutting at plain newlines and hoping is the classic fault of parallel CSV
// readers.
//
// A quote that is never closed would swallow the rest of the file. A record
// longer than MaxRecord, or still open at the end, therefore gives up its first
// physical line as Broken, and reading goes on at the next line: one line is
// rejected, none is lost. Which records these are depends on the record alone,
// not on where a block happened to end, and the time is linear in the bytes,
// whatever they are.
package block

import (
	"bytes"
	"io"
	"sync"
)

// Size is the usual length of a block, MaxRecord the longest record, in bytes.
const (
	Size      = 1 << 20
	MaxRecord = 1 << 20
)

// A Block is a run of whole records. Its Data is valid until Free.
type Block struct {
	Offset int64  // of Data in the stream
	Data   []byte // ends with a line end, except at the end of the stream
	// Broken says that Data is one physical line that is no record, for the
	// reason named; Skipped counts the bytes of it beyond Data.
	Broken  string
	Skipped int64

	buf *[]byte
}

// Free gives the memory of b back. Data must not be used afterwards.
func (b *Block) Free() {
	if b.buf != nil {
		buffers.Put(b.buf)
		b.buf, b.Data = nil, nil
	}
}

// buffers is a cache of memory, not state: what it holds is never looked at.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, Size+MaxRecord)
	return &b
}}

// A Cutter reads a stream as blocks. It is used by one goroutine.
type Cutter struct {
	// Size is about how long blocks are meant to be; 0 is the usual Size. It
	// has no influence on what is a record.
	Size int

	r       io.Reader
	quotes  Quotes
	quoted  bool // whether quotes mean anything in this syntax
	longest int  // record, MaxRecord but for tests
	offset  int64
	err     error

	buf  *[]byte // memory that holds text
	text []byte  // what was read and not given out yet

	// followed is how much of text is known to hold no end of a record that
	// is open at one of its line ends; ahead is the state behind it then.
	followed int
	ahead    Quotes
}

// NewCutter returns a Cutter of r. In a quoted syntax, delimiter separates
// fields, and a field that begins with a double quote runs to the next lone
// double quote.
func NewCutter(r io.Reader, quoted bool, delimiter byte) *Cutter {
	return &Cutter{r: r, quoted: quoted, quotes: Quotes{Delimiter: delimiter}, longest: MaxRecord}
}

// Next returns the next block, io.EOF after the last, or the error of the
// reader after every byte before it was given out.
func (c *Cutter) Next() (Block, error) {
	if c.buf == nil {
		c.buf = buffers.Get().(*[]byte)
		c.text = (*c.buf)[:0]
	}
	scanned, end := c.resume()
	for {
		c.fill()
		if scanned == 0 && c.offset == 0 && bytes.HasPrefix(c.text, bom) {
			scanned = len(bom) // no letter: the first field begins behind it
		}
		if n := c.lastEnd(c.text[scanned:]); n > 0 {
			end = scanned + n
		}
		scanned = len(c.text)
		switch {
		case end > 0 && (c.err != io.EOF || c.quotes.Open() || end == len(c.text)):
			// What follows end is an incomplete record, or nothing.
			return c.emit(end, "", 0), nil
		case c.err != nil && len(c.text) == 0:
			buffers.Put(c.buf)
			c.buf, c.text = nil, nil
			return Block{}, c.err
		case c.err != io.EOF && c.err != nil:
			// Half a record can look whole: an amount cut short is a number.
			return c.breakLine("the file could not be read beyond this line")
		case len(c.text)-end > c.longest:
			reason := "a record longer than 1 MiB"
			if c.quotes.Open() {
				reason = "a quote that is not closed within 1 MiB"
			}
			return c.breakLine(reason)
		case c.err != nil && !c.quotes.Open():
			return c.emit(len(c.text), "", 0), nil
		case c.err != nil:
			return c.breakLine("a quote that is never closed")
		}
	}
}

// bom is the mark that some programs put before UTF-8 text.
var bom = []byte("\xef\xbb\xbf")

// fill reads until text holds a block's worth or the stream ends. It takes no
// more than one byte beyond the longest record, so that every record is
// measured from its own first byte.
func (c *Cutter) fill() {
	size := c.Size
	if size <= 0 {
		size = Size
	}
	want := min(len(c.text)+max(size, len(bom)), c.longest+1)
	if want > cap(c.text) {
		c.text = append((*c.buf)[:0], c.text...)
	}
	c.text = c.read(c.text, want)
}

// read reads until b has the length want or the stream ends.
func (c *Cutter) read(b []byte, want int) []byte {
	for len(b) < want && c.err == nil {
		n, err := c.r.Read(b[len(b):want])
		b, c.err = b[:len(b)+n], err
	}
	return b
}

// resume follows the quotes through text that was followed before, from a
// record that turned out broken: what comes after its first line is looked at
// again, and that line after line if need be. A line that ends within quotes
// is in the state in which the broken record was there, and so would come to
// no end either; all that is followed no further.
func (c *Cutter) resume() (scanned, end int) {
	c.quotes.Reset()
	for scanned < c.followed {
		n := bytes.IndexByte(c.text[scanned:c.followed], '\n') + 1
		if n == 0 {
			break
		}
		ended := c.lastEnd(c.text[scanned:scanned+n]) > 0
		scanned += n
		if !ended {
			c.quotes = c.ahead
			return c.followed, end
		}
		end = scanned
	}
	return scanned, end
}

// lastEnd returns how many bytes of b belong to records that end in it. It
// follows the quotes across calls.
func (c *Cutter) lastEnd(b []byte) int {
	if !c.quoted {
		return bytes.LastIndexByte(b, '\n') + 1
	}
	return c.quotes.LastEnd(b)
}

// smallBlock is up to what length a block is given out in memory of its own.
const smallBlock = 64 << 10

// emit gives out the first end bytes of text, and counts as many more as were
// skipped. It copies the shorter of what is given out and what stays, and what
// is given out if that is little.
func (c *Cutter) emit(end int, broken string, skipped int64) Block {
	b := Block{Offset: c.offset, Broken: broken, Skipped: skipped}
	if rest := c.text[end:]; end < len(rest) || end <= smallBlock {
		b.Data, c.text = bytes.Clone(c.text[:end]), rest
	} else {
		spare := buffers.Get().(*[]byte)
		b.Data, b.buf = c.text[:end], c.buf
		c.text, c.buf = append((*spare)[:0], rest...), spare
	}
	c.offset += int64(end) + skipped
	c.followed = max(c.followed-end, 0)
	return b
}

// breakLine gives up the first physical line of text. A line longer than that
// is cut, and the rest of it skipped.
func (c *Cutter) breakLine(reason string) (Block, error) {
	if n := bytes.IndexByte(c.text, '\n'); n >= 0 {
		c.followed, c.ahead = len(c.text), c.quotes
		return c.emit(n+1, reason, 0), nil
	}
	spare := buffers.Get().(*[]byte)
	defer buffers.Put(spare)
	var skipped int64
	for c.err == nil {
		rest := c.read((*spare)[:0], c.longest)
		if n := bytes.IndexByte(rest, '\n') + 1; n > 0 {
			b := c.emit(len(c.text), reason, skipped+int64(n))
			c.text = append(c.text, rest[n:]...)
			return b, nil
		}
		skipped += int64(len(rest))
	}
	return c.emit(len(c.text), reason, skipped), nil
}

// Quotes follows the quotes of a delimited syntax through a stream. A quote
// opens a field only where a field begins; elsewhere it is a letter. Inside a
// quoted field a doubled quote is a letter and a lone one closes it.
type Quotes struct {
	Delimiter byte
	open      bool
	closing   bool     // the last byte seen may have closed the field, or begun a doubled quote
	mid       bool     // the last byte seen was not a delimiter or line end
	outside   [][2]int // stretches of the text at hand that are outside quotes
}

// Reset starts again at the start of a record.
func (q *Quotes) Reset() { *q = Quotes{Delimiter: q.Delimiter, outside: q.outside} }

// Open reports whether a quoted field is open.
func (q *Quotes) Open() bool { return q.open && !q.closing }

// LastEnd returns the length of the part of b that ends with the last record
// that ends in b, 0 if none does, and remembers the state at the end of b.
func (q *Quotes) LastEnd(b []byte) int {
	i := 0
	q.outside = q.outside[:0]
	for i < len(b) {
		if q.open {
			i = q.inside(b, i)
			continue
		}
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			n = len(b) - i
		}
		if n > 0 {
			q.outside = append(q.outside, [2]int{i, i + n})
			q.mid = b[i+n-1] != q.Delimiter && b[i+n-1] != '\n'
		}
		if i += n; i < len(b) {
			q.open, q.mid = !q.mid, true
			i++
		}
	}
	// Only the last line end is asked for, so look from behind.
	for n := len(q.outside) - 1; n >= 0; n-- {
		from, to := q.outside[n][0], q.outside[n][1]
		if last := bytes.LastIndexByte(b[from:to], '\n'); last >= 0 {
			return from + last + 1
		}
	}
	return 0
}

// inside follows an open field from b[i] on and returns where it stopped.
func (q *Quotes) inside(b []byte, i int) int {
	if q.closing {
		q.closing = false
		if b[i] == '"' { // doubled: still inside
			return i + 1
		}
		q.open, q.mid = false, true
		return i
	}
	n := bytes.IndexByte(b[i:], '"')
	if n < 0 {
		return len(b)
	}
	q.closing = true
	return i + n + 1
}
