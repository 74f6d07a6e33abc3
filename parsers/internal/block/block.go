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
// rejected, none is lost.
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
	r      io.Reader
	quotes Quotes
	quoted bool // whether quotes mean anything in this syntax
	offset int64
	carry  []byte // what was read beyond the last block
	err    error
}

// NewCutter returns a Cutter of r. In a quoted syntax, delimiter separates
// fields, and a field that begins with a double quote runs to the next lone
// double quote.
func NewCutter(r io.Reader, quoted bool, delimiter byte) *Cutter {
	return &Cutter{r: r, quoted: quoted, quotes: Quotes{Delimiter: delimiter}}
}

// Next returns the next block, io.EOF after the last, or the error of the
// reader after every byte before it was given out.
func (c *Cutter) Next() (Block, error) {
	bufp := buffers.Get().(*[]byte)
	buf := append((*bufp)[:0], c.carry...)
	c.carry = c.carry[:0]
	c.quotes.Reset()
	scanned, end := 0, 0
	for {
		if c.err == nil {
			buf = c.fill(buf)
		}
		if n := c.lastEnd(buf[scanned:]); n > 0 {
			end = scanned + n
		}
		scanned = len(buf)
		switch {
		case end > 0 && (c.err != io.EOF || c.quotes.Open() || end == len(buf)):
			// What follows end is an incomplete record, or nothing.
			return c.emit(bufp, buf, end, "", 0), nil
		case c.err != nil && len(buf) == 0:
			buffers.Put(bufp)
			return Block{}, c.err
		case c.err != io.EOF && c.err != nil:
			// Half a record can look whole: an amount cut short is a number.
			return c.breakLine(bufp, buf, "the file could not be read beyond this line")
		case c.err != nil && !c.quotes.Open():
			return c.emit(bufp, buf, len(buf), "", 0), nil
		case c.err != nil:
			return c.breakLine(bufp, buf, "a quote that is never closed")
		case len(buf) > MaxRecord:
			reason := "a record longer than 1 MiB"
			if c.quotes.Open() {
				reason = "a quote that is not closed within 1 MiB"
			}
			return c.breakLine(bufp, buf, reason)
		}
	}
}

// fill reads until buf holds a block's worth or the stream ends.
func (c *Cutter) fill(buf []byte) []byte {
	want := min(len(buf)+Size, cap(buf))
	for len(buf) < want && c.err == nil {
		n, err := c.r.Read(buf[len(buf):want])
		buf, c.err = buf[:len(buf)+n], err
	}
	return buf
}

// lastEnd returns how many bytes of b belong to records that end in it. It
// follows the quotes across calls.
func (c *Cutter) lastEnd(b []byte) int {
	if !c.quoted {
		return bytes.LastIndexByte(b, '\n') + 1
	}
	return c.quotes.LastEnd(b)
}

func (c *Cutter) emit(bufp *[]byte, buf []byte, end int, broken string, skipped int64) Block {
	b := Block{Offset: c.offset, Data: buf[:end], Broken: broken, Skipped: skipped, buf: bufp}
	*bufp = buf
	c.carry = append(c.carry[:0], buf[end:]...)
	c.offset += int64(end) + skipped
	return b
}

// breakLine gives up the first physical line of buf. A line longer than buf is
// cut, and the rest of it skipped.
func (c *Cutter) breakLine(bufp *[]byte, buf []byte, reason string) (Block, error) {
	if n := bytes.IndexByte(buf, '\n'); n >= 0 {
		return c.emit(bufp, buf, n+1, reason, 0), nil
	}
	if c.err != nil {
		return c.emit(bufp, buf, len(buf), reason, 0), nil
	}
	var skipped int64
	spare := buffers.Get().(*[]byte)
	defer buffers.Put(spare)
	for c.err == nil {
		rest := c.fill((*spare)[:0])
		if n := bytes.IndexByte(rest, '\n'); n >= 0 {
			b := c.emit(bufp, buf, len(buf), reason, skipped+int64(n)+1)
			c.carry = append(c.carry[:0], rest[n+1:]...)
			return b, nil
		}
		skipped += int64(len(rest))
	}
	return c.emit(bufp, buf, len(buf), reason, skipped), nil
}

// Quotes follows the quotes of a delimited syntax through a stream. A quote
// opens a field only where a field begins; elsewhere it is a letter. Inside a
// quoted field a doubled quote is a letter and a lone one closes it.
type Quotes struct {
	Delimiter byte
	open      bool
	closing   bool // the last byte seen may have closed the field, or begun a doubled quote
	mid       bool // the last byte seen was not a delimiter or line end
}

// Reset starts again at the start of a record.
func (q *Quotes) Reset() { *q = Quotes{Delimiter: q.Delimiter} }

// Open reports whether a quoted field is open.
func (q *Quotes) Open() bool { return q.open && !q.closing }

// LastEnd returns the length of the part of b that ends with the last record
// that ends in b, 0 if none does, and remembers the state at the end of b.
func (q *Quotes) LastEnd(b []byte) int {
	end, i := 0, 0
	for i < len(b) {
		if q.open {
			i = q.inside(b, i)
			continue
		}
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			n = len(b) - i
		}
		if last := bytes.LastIndexByte(b[i:i+n], '\n'); last >= 0 {
			end = i + last + 1
		}
		if n > 0 {
			q.mid = b[i+n-1] != q.Delimiter && b[i+n-1] != '\n'
		}
		if i += n; i < len(b) {
			q.open, q.mid = !q.mid, true
			i++
		}
	}
	return end
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
