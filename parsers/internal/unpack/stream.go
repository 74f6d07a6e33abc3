package unpack

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// A source reads stored bytes, counts them, and keeps the error that a
// decoder may otherwise hide.
type source struct {
	ctx    context.Context
	r      io.Reader
	stored *atomic.Int64
	err    error // what ended reading, other than io.EOF
}

// Read is io.Reader. Once it has failed, it fails in the same way again.
func (s *source) Read(p []byte) (n int, err error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err = s.r.Read(p)
	s.stored.Add(int64(n))
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// A stack is what the layers of one source share.
type stack struct {
	src    *source
	packed *bufio.Reader // of src

	maxUnpacked, maxRatio int64 // 0 is no limit
}

func newStack(src *source, limits Limits) *stack {
	k := &stack{src: src, packed: storedReaders.Get().(*bufio.Reader)}
	k.packed.Reset(src)
	k.maxUnpacked, k.maxRatio = max(limits.MaxUnpacked, 0), max(int64(limits.MaxRatio), 0)
	if limits.MaxRatio == 0 {
		k.maxRatio = DefaultMaxRatio
	}
	return k
}

// open waits for the first bytes and chooses the decoders.
func (k *stack) open() (*stream, error) {
	head, err := k.packed.Peek(magicSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	s, err := k.layer(nil, sniff(head), k.packed)
	if err != nil {
		return nil, err
	}
	return s.unwrap()
}

// taken returns how many stored bytes the decoders have used.
func (k *stack) taken() int64 { return k.src.stored.Load() - int64(k.packed.Buffered()) }

// A stream delivers the bytes of one layer: what it unpacks, or, on top, what
// is not packed any more. It keeps the limits and says what kind of error ends
// it.
type stream struct {
	*stack
	format  string // of this layer
	kind    string // of this layer and those around it
	decoder io.Reader
	release func()  // frees the decoder, or nil
	around  *stream // what the decoder reads, or nil for the source
	top     bool    // this is what the caller gets

	offset int64 // unpacked bytes delivered
	idle   int   // reads in a row that brought nothing
	err    error
}

const (
	// maxIdle is how often in a row a decoder may return nothing and no error.
	maxIdle = 100

	// maxLayers is how often a source may be packed.
	maxLayers = 3

	// peekSize is how much of a layer is unpacked to see whether it is packed
	// again.
	peekSize = 1 << 14
)

// layer adds a layer of a format. What it unpacks comes from in, which reads
// around, or the source where that is nil.
func (k *stack) layer(around *stream, format string, in *bufio.Reader) (*stream, error) {
	s := &stream{stack: k, format: format, kind: format, around: around}
	if around != nil {
		s.kind = join(around.kind, format)
	}
	switch format {
	case Plain:
		s.decoder = in
	case Gzip:
		m := gzipReaders.Get().(*members)
		m.packed, m.count, m.inside = in, 0, false
		s.decoder, s.release = m, func() { m.packed = nil; gzipReaders.Put(m) }
	case Bzip2:
		s.decoder = newBzip2(in)
	case XZ:
		s.decoder = newXZ(in)
	case Zstd:
		f, err := newZstd(in)
		if err != nil {
			return nil, err
		}
		s.decoder, s.release = f, f.d.Close
	default:
		return nil, &UnsupportedError{Format: s.kind}
	}
	return s, nil
}

// join names a packing within others.
func join(around, format string) string {
	if format == Plain {
		return around
	}
	return around + "+" + format
}

// unwrap adds a layer for each time that the text of s is packed again, and
// returns the one on top.
func (s *stream) unwrap() (*stream, error) {
	for layers := 1; s.format != Plain; layers++ {
		in := bufio.NewReaderSize(s, peekSize)
		head, err := in.Peek(magicSize)
		format := sniff(head)
		var next *stream
		var unsupported *UnsupportedError
		switch { // any other error comes again when it is read
		case errors.As(err, &unsupported) && len(head) == 0:
		case format != Plain && layers == maxLayers:
			err = &UnsupportedError{Format: join(s.kind, format)}
		default:
			next, err = s.layer(s, format, in)
		}
		if err != nil {
			s.close()
			return nil, err
		}
		s = next
	}
	s.top = true
	return s, nil
}

// close frees the decoders and what is left of the source. Nothing may be read
// any more.
func (s *stream) close() {
	k := s.stack
	for ; s != nil; s = s.around {
		if s.release != nil {
			s.release()
		}
	}
	k.packed.Reset(nil)
	storedReaders.Put(k.packed)
}

// Read delivers the next bytes. Once it has returned an error it returns no
// more bytes, only that error.
func (s *stream) Read(p []byte) (n int, err error) {
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	limited := s.top && s.maxUnpacked > 0
	if room := s.maxUnpacked - s.offset + 1; limited && int64(len(p)) > room {
		p = p[:room] // one more than allowed, to see whether there is more
	}
	n, err = s.decoder.Read(p)
	if s.idle++; n > 0 {
		s.idle = 0
	}
	s.offset += int64(n)
	switch {
	case limited && s.offset > s.maxUnpacked:
		n--
		s.offset--
		s.err = &LimitError{Cap: SizeCap, Limit: s.maxUnpacked, Offset: s.offset}
	case err != nil:
		s.err = s.explain(err)
	case s.idle == maxIdle:
		s.err = io.ErrNoProgress
	case s.maxRatio > 0 && s.offset > ratioFloor && s.offset/s.maxRatio > s.taken():
		s.err = &LimitError{Cap: RatioCap, Limit: s.maxRatio, Offset: s.offset}
	}
	return n, s.err
}

// explain turns an error of the decoder into one for the caller.
func (s *stream) explain(err error) error {
	switch {
	case err == io.EOF:
		return err
	case s.src.err != nil:
		return s.src.err
	case s.around != nil && s.around.err != nil && s.around.err != io.EOF:
		err = s.around.err
	}
	var damage *DamageError
	var limit *LimitError
	var unsupported *UnsupportedError
	switch {
	case errors.As(err, &damage): // of a layer around this one
		return &DamageError{Kind: damage.Kind, Offset: s.offset, Err: damage.Err}
	case errors.As(err, &limit):
		return &LimitError{Cap: limit.Cap, Limit: limit.Limit, Offset: s.offset}
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &LimitError{Cap: WindowCap, Limit: maxWindow, Offset: s.offset}
	case errors.As(err, &unsupported), s.format == Plain:
		return err
	}
	return &DamageError{Kind: s.kind, Offset: s.offset, Err: err}
}
