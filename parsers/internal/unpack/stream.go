package unpack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
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

// A stream delivers unpacked bytes, keeps the limits, and says what kind of
// error ends them.
type stream struct {
	kind    string
	src     *source
	packed  *bufio.Reader
	decoder io.Reader
	close   func()

	maxUnpacked, maxRatio int64 // 0 is no limit
	offset                int64 // unpacked bytes delivered
	idle                  int   // reads in a row that brought nothing
	err                   error
}

// maxIdle is how often in a row a decoder may return nothing and no error.
const maxIdle = 100

// A magic is how files of a format begin.
type magic struct {
	format string
	first  string
}

const gzipMagic = "\x1f\x8b"

// magics are the formats that are recognised. The text of a log begins with
// none of them, nor does bzip2 with less than ten bytes: "BZh" could be a word.
var magics = []magic{
	{Gzip, gzipMagic},
	{Zstd, "\x28\xb5\x2f\xfd"},
	{"xz", "\xfd7zXZ\x00"},
	{"zip", "PK\x03\x04"}, {"zip", "PK\x05\x06"}, {"zip", "PK\x07\x08"},
	{"7-zip", "7z\xbc\xaf\x27\x1c"},
	{"lz4", "\x04\x22\x4d\x18"},
	{"compress (.Z)", "\x1f\x9d"},
}

const magicSize = 10

// sniff names the format of a source by its first bytes.
func sniff(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.first)) {
			return m.format
		}
	}
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" {
		return Zstd // a skippable frame
	}
	if len(head) >= magicSize && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' {
		if block := string(head[4:10]); block == "1AY&SY" || block == "\x17rE8P\x90" {
			return "bzip2"
		}
	}
	return Plain
}

// newStream waits for the first bytes and chooses the decoder.
func newStream(src *source, packed *bufio.Reader, limits Limits) (*stream, error) {
	head, err := packed.Peek(magicSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	s := &stream{
		kind: sniff(head), src: src, packed: packed, close: func() {},
		maxUnpacked: max(limits.MaxUnpacked, 0), maxRatio: max(int64(limits.MaxRatio), 0),
	}
	if limits.MaxRatio == 0 {
		s.maxRatio = DefaultMaxRatio
	}
	switch s.kind {
	case Plain:
		s.decoder = packed
	case Gzip:
		s.decoder = &members{packed: packed}
	case Zstd:
		// One goroutine decodes: there is one for each source already, and
		// the other cores parse.
		d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, err
		}
		s.decoder, s.close = &frames{d: d}, d.Close
	default:
		return nil, &UnsupportedError{Format: s.kind}
	}
	return s, nil
}

// Read delivers the next bytes. Once it has returned an error it returns no
// more bytes, only that error.
func (s *stream) Read(p []byte) (n int, err error) {
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	if room := s.maxUnpacked - s.offset + 1; s.maxUnpacked > 0 && int64(len(p)) > room {
		p = p[:room] // one more than allowed, to see whether there is more
	}
	n, err = s.decoder.Read(p)
	if s.idle++; n > 0 {
		s.idle = 0
	}
	s.offset += int64(n)
	switch {
	case s.maxUnpacked > 0 && s.offset > s.maxUnpacked:
		n--
		s.offset--
		s.err = &LimitError{Cap: SizeCap, Limit: s.maxUnpacked, Offset: s.offset}
	case err != nil:
		s.err = s.explain(err)
	case s.idle == maxIdle:
		s.err = io.ErrNoProgress
	case s.maxRatio > 0 && s.offset > ratioFloor && s.offset/s.maxRatio > s.unpackedFrom():
		s.err = &LimitError{Cap: RatioCap, Limit: s.maxRatio, Offset: s.offset}
	}
	return n, s.err
}

// unpackedFrom returns how many stored bytes the decoder has taken.
func (s *stream) unpackedFrom() int64 { return s.src.stored.Load() - int64(s.packed.Buffered()) }

// explain turns an error of the decoder into one for the caller.
func (s *stream) explain(err error) error {
	switch {
	case err == io.EOF:
		return err
	case s.src.err != nil:
		return s.src.err
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &LimitError{Cap: WindowCap, Limit: maxWindow, Offset: s.offset}
	case s.kind == Plain:
		return err
	}
	return &DamageError{Kind: s.kind, Offset: s.offset, Err: err}
}

// errGarbage is what stands after a gzip member without being one.
var errGarbage = errors.New("what follows a member is neither another nor padding")

// members reads the members of a gzip file one after the other. Zeros behind
// the last are padding, as tapes and block devices leave it.
type members struct {
	packed *bufio.Reader
	member gzip.Reader
	count  int
	inside bool // a member, that is, not between two
}

// Read is io.Reader for the text of all members.
func (m *members) Read(p []byte) (n int, err error) {
	for {
		if !m.inside {
			if err := m.next(); err != nil {
				return 0, err
			}
		}
		n, err = m.member.Read(p)
		if err != io.EOF {
			return n, err
		}
		m.inside = false
		if n > 0 {
			return n, nil
		}
	}
}

// next goes to the next member. It returns io.EOF if there is none.
func (m *members) next() error {
	head, err := m.packed.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		return err
	case head[0] == 0 && m.count > 0:
		return m.padding()
	case gzipMagic[:len(head)] != string(head):
		return errGarbage
	}
	err = m.member.Reset(m.packed)
	if err == io.EOF { // there was a byte, so it is the end of more than nothing
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	m.member.Multistream(false)
	m.count++
	m.inside = true
	return nil
}

// padding reads zeros up to the end of the source.
func (m *members) padding() error {
	for {
		c, err := m.packed.ReadByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return errGarbage
		}
	}
}

// frames reads zstd frames. The decoder withholds the last block of a frame
// whose checksum is wrong or cut off, until it is asked again.
type frames struct {
	d   *zstd.Decoder
	err error
}

// Read is io.Reader for the text of all frames.
func (f *frames) Read(p []byte) (n int, err error) {
	if f.err == nil {
		if n, err = f.d.Read(p); err == nil || err == io.EOF {
			return n, err
		}
		if f.err = err; n > 0 {
			return n, nil
		}
	}
	if n, _ = f.d.Read(p); n > 0 {
		return n, nil
	}
	return 0, f.err
}
