// Package unpack reads logs that are stored compressed. What the bytes are is
// told by the bytes, never by the name of a file: gzip, zstd, bzip2 and xz,
// also several members, frames or streams in a row, as concatenated logs are;
// one of these in another, up to three deep; or none, which is handed on as it
// is. Open reads them from anything. A zip archive is a file of files: Members
// lists what it holds and OpenMember reads one. Containers that cannot be read
// are refused by name rather than parsed as text.
//
// Unpacking runs in a goroutine of its own, up to three blocks ahead of the
// reader. Damage never hides what stands before it: all of that is delivered,
// then a *DamageError says where it ended; only zstd and bzip2 lose the part of
// a block that stands before a damage inside the block. Hostile input meets
// caps (Limits), which hold for all layers together, and then a *LimitError;
// the memory of a layer is bounded, and time is linear in the bytes read and
// unpacked. An error of the source itself is returned as it is.
package unpack

import (
	"bufio"
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// The kinds of input, as Reader.Kind names them, joined by "+" from the outside
// in where one is packed in another.
const (
	Plain = ""
	Gzip  = "gzip"
	Zstd  = "zstd"
	Bzip2 = "bzip2"
	XZ    = "xz"
	Zip   = "zip"
)

const (
	// blockSize is how much is unpacked at a time, firstSize how much for a
	// start, with which whoever only looks at the head of many files is served
	// soon; blocks is how many exist: one is read, one is ready, one is being
	// filled.
	blockSize = 1 << 20
	firstSize = 1 << 16
	blocks    = 3

	// storedSize is how much is read from the source at a time.
	storedSize = 1 << 18
)

// A Reader delivers the unpacked bytes of one source. Read must not be called
// by several goroutines at once; Close may be called at any time.
type Reader struct {
	kind   string
	stored atomic.Int64

	caller context.Context // what the caller gave
	own    context.Context // ends with the caller's, or at Close
	cancel context.CancelFunc

	direct *stream // plain input that can be read without waiting, or nil
	full   chan block
	free   chan *[]byte
	done   chan struct{} // closed when the goroutine will not touch the source again

	rest []byte  // of the block being read, not yet delivered
	buf  *[]byte // all of that block
	err  error   // what follows rest
}

// These are caches of memory, not state: what they hold is never looked at. One
// file after the other is unpacked with the memory of those before it, which for
// thousands of small ones is most of the work.
var (
	unpackedBlocks = sync.Pool{New: func() any { b := make([]byte, blockSize); return &b }}
	storedReaders  = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, storedSize) }}
	gzipReaders    = sync.Pool{New: func() any { return new(members) }}
)

// A block is unpacked bytes and the error that follows them, if any.
type block struct {
	data []byte
	buf  *[]byte // that data are the beginning of
	err  error
}

// Open looks at the first bytes of r and returns a Reader of its unpacked
// bytes. It refuses formats that it knows but cannot read with an
// *UnsupportedError; one of them is zip, which Members reads from a file.
//
// Everything ends when ctx does, with its error. The Reader must be closed; it
// does not close r. Plain input that can seek (a file) is read without a copy
// and without a goroutine; anything else, such as a pipe, is read ahead, so
// that a wait for its next byte ends with ctx, too.
func Open(ctx context.Context, r io.Reader, limits Limits) (*Reader, error) {
	return open(ctx, r, limits, (*stack).open)
}

// open is Open with a choice of decoders.
func open(ctx context.Context, r io.Reader, limits Limits, choose func(*stack) (*stream, error)) (*Reader, error) {
	d := &Reader{caller: ctx, done: make(chan struct{})}
	d.own, d.cancel = context.WithCancel(ctx)
	k := newStack(&source{ctx: d.own, r: r, stored: &d.stored}, limits)

	var s *stream
	var err error
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		s, err = choose(k)
	}()
	select {
	case <-opened:
	case <-ctx.Done():
		d.cancel()
		return nil, ctx.Err()
	}
	if err != nil {
		d.cancel()
		return nil, err
	}
	d.kind = s.kind
	if d.kind == Plain && canSeek(r) {
		d.direct = s
		close(d.done)
		return d, nil
	}
	d.full, d.free = make(chan block, 1), make(chan *[]byte, blocks)
	for range blocks {
		d.free <- nil
	}
	go d.pump(s)
	return d, nil
}

// canSeek reports whether r is a file or memory: something that answers at
// once. A pipe or a terminal has the method too, but it fails.
func canSeek(r io.Reader) bool {
	s, ok := r.(io.Seeker)
	if !ok {
		return false
	}
	_, err := s.Seek(0, io.SeekCurrent)
	return err == nil
}

// Kind returns how the source is packed: Plain, Gzip, "zip+gzip" and so on.
func (d *Reader) Kind() string { return d.kind }

// Stored returns how many bytes of the source were read so far, which is ahead
// of what was delivered. After io.EOF it is the size of the source. It may be
// called at any time.
func (d *Reader) Stored() int64 { return d.stored.Load() }

// Read delivers the next unpacked bytes. After an error it returns the same
// error again.
func (d *Reader) Read(p []byte) (n int, err error) {
	if err := d.ended(); err != nil {
		return 0, err
	}
	if d.direct != nil {
		return d.direct.Read(p)
	}
	for len(d.rest) == 0 && len(p) > 0 {
		if d.buf != nil {
			d.free <- d.buf
			d.buf = nil
		}
		if d.err != nil {
			return 0, d.err
		}
		select {
		case b := <-d.full:
			d.buf, d.rest, d.err = b.buf, b.data, b.err
		case <-d.own.Done():
			return 0, d.ended()
		}
	}
	n = copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// ended returns why there is nothing more to read, or nil.
func (d *Reader) ended() error {
	if d.own.Err() == nil {
		return nil
	}
	if err := d.caller.Err(); err != nil {
		return err
	}
	return os.ErrClosed
}

// Close ends the unpacking and waits until the source is no longer read,
// unless the context has ended: a read of a pipe may never come back, and then
// only the goroutine that made it waits for it.
func (d *Reader) Close() error {
	d.cancel()
	select {
	case <-d.done:
	case <-d.caller.Done():
	}
	for {
		select {
		case b := <-d.full:
			unpackedBlocks.Put(b.buf)
		case b := <-d.free:
			if b != nil {
				unpackedBlocks.Put(b)
			}
		default:
			return nil
		}
	}
}

// pump unpacks s block by block until it ends or nobody wants more.
func (d *Reader) pump(s *stream) {
	defer close(d.done)
	defer s.close()
	for size := firstSize; ; size = min(4*size, blockSize) {
		var buf *[]byte
		select {
		case buf = <-d.free:
		case <-d.own.Done():
			return
		}
		if buf == nil {
			buf = unpackedBlocks.Get().(*[]byte)
		}
		n, err := fill(d.own, s, (*buf)[:size])
		select {
		case d.full <- block{(*buf)[:n], buf, err}:
		case <-d.own.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// fill reads until buf is full or r or ctx ends.
func fill(ctx context.Context, r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil && ctx.Err() == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}
