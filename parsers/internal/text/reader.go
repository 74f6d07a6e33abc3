package text

import (
	"encoding/binary"
	"io"
	"math/bits"
	"unicode/utf8"
)

const (
	inSize = 1 << 16 // how much is read at a time

	// maxOut is the most that one sequence becomes: three broken bytes of
	// EUC-JP, of which each becomes three.
	maxOut = 12

	// maxIdle is how often in a row a source may return nothing and no error.
	maxIdle = 100
)

// A Reader delivers text as UTF-8. It is used by one goroutine.
type Reader struct {
	r     io.Reader
	enc   Encoding
	unit  unit   // of enc, or nil
	pairs *pairs // of enc, if it has a unit
	mode  mode   // of ISO-2022-JP

	in     []byte // read, not decoded yet
	offset int64  // of in, in the source
	err    error  // what follows in
	buf    [inSize]byte

	out   []byte // decoded for a Read too small to hold it
	small [4 * maxOut]byte

	broken int64
	first  int64
	behind bool // what was delivered last is a broken byte
}

// NewReader returns a Reader of r, whose text is in enc. Text that is UTF-8
// already is passed on as it is, and nothing in it is called broken.
//
// A byte order mark is a character as any other: it becomes the UTF-8 one, for
// the caller to skip as in a UTF-8 file.
func NewReader(r io.Reader, enc Encoding) *Reader {
	d := &Reader{r: r, enc: enc, first: -1}
	if enc != UTF8 {
		d.unit, d.pairs = unitOf(enc)
	}
	return d
}

// Broken returns how many sequences read so far mean nothing in the encoding.
func (d *Reader) Broken() int64 { return d.broken }

// FirstBroken returns where in the source the first of them begins, or -1.
func (d *Reader) FirstBroken() int64 { return d.first }

// Read delivers the next text. An error of the source comes when all before it
// is delivered; a sequence that it cuts is broken.
func (d *Reader) Read(p []byte) (n int, err error) {
	if d.enc == UTF8 {
		return d.r.Read(p)
	}
	if len(d.out) == 0 && len(p) >= maxOut {
		return d.decode(p)
	}
	if len(d.out) == 0 && len(p) > 0 {
		n, err := d.decode(d.small[:])
		if err != nil {
			return 0, err
		}
		d.out = d.small[:n]
	}
	n = copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// decode delivers some text, or why there is none.
func (d *Reader) decode(dst []byte) (int, error) {
	for {
		n, size := d.sequences(dst, d.in, d.err != nil)
		d.in = d.in[size:]
		d.offset += int64(size)
		switch {
		case n > 0:
			return n, nil
		case size > 0: // it said how to read on
		case d.err != nil:
			return 0, d.err
		default:
			d.fill()
		}
	}
}

// fill reads more, behind what is left of a sequence.
func (d *Reader) fill() {
	rest := copy(d.buf[:], d.in)
	for range maxIdle {
		n, err := d.r.Read(d.buf[rest:])
		d.in, d.err = d.buf[:rest+n], err
		if n > 0 || err != nil {
			return
		}
	}
	d.err = io.ErrNoProgress
}

// sequences decodes as many whole sequences of src as dst has room for. It
// returns how much of both was used. At the end of the text it uses all of src.
func (d *Reader) sequences(dst, src []byte, end bool) (n, size int) {
	w := writer{dst: dst, last: -1}
	if d.behind {
		w.last = 0
	}
	switch d.enc {
	case UTF16LE, UTF16BE:
		size = d.utf16(&w, src, end)
	case ISO2022JP:
		size = d.iso2022(&w, src, end)
	default:
		size = d.units(&w, src, end)
	}
	d.behind = w.last == w.n
	return w.n, size
}

// units decodes an encoding that has a unit. Most of a text is ASCII and pairs,
// which are read without asking it.
func (d *Reader) units(w *writer, src []byte, end bool) (at int) {
	for at < len(src) && w.room() {
		if src[at] < 0x80 {
			at += w.ascii(src[at:])
		}
		at += w.pairs(src[at:], d.pairs)
		if at == len(src) || src[at] < 0x80 || !w.room() {
			continue
		}
		r, size := d.unit(src[at:], end)
		switch {
		case size == 0:
			return at
		case r >= 0:
			w.letter(r)
		default:
			d.mark(at)
			w.broken(src[at : at+size])
		}
		at += size
	}
	return at
}

// mark notes a broken sequence at an offset in what is being decoded.
func (d *Reader) mark(at int) {
	if d.broken == 0 {
		d.first = d.offset + int64(at)
	}
	d.broken++
}

// A writer appends to a slice, of which there must be enough.
type writer struct {
	dst  []byte
	n    int // bytes written
	last int // n behind the last broken byte, or -1
}

// room reports whether one more sequence fits.
func (w *writer) room() bool { return len(w.dst)-w.n >= maxOut }

// ascii copies ASCII from the beginning of src, and returns how much.
func (w *writer) ascii(src []byte) int {
	const high = 0x8080808080808080
	dst := w.dst[w.n:]
	size := min(len(src), len(dst))
	at := 0
	for at+8 <= size {
		v := binary.LittleEndian.Uint64(src[at:])
		binary.LittleEndian.PutUint64(dst[at:], v)
		if v&high != 0 {
			at += bits.TrailingZeros64(v&high) / 8
			w.n += at
			return at
		}
		at += 8
	}
	for at < size && src[at] < 0x80 {
		dst[at] = src[at]
		at++
	}
	w.n += at
	return at
}

// pairs copies letters from the beginning of src for as long as they are pairs
// that become three bytes, as kana and kanji do, and returns how many bytes
// they are.
func (w *writer) pairs(src []byte, table *pairs) (at int) {
	dst, n := w.dst, w.n
	for at+1 < len(src) && n+maxOut <= len(dst) && src[at] >= 0x80 {
		r := table[src[at]&0x7f][src[at+1]]
		if r < 0x800 {
			break
		}
		b := dst[n : n+3 : n+3]
		b[0], b[1], b[2] = 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f
		n += 3
		at += 2
	}
	w.n = n
	return at
}

// letter appends a letter.
func (w *writer) letter(r rune) {
	b := w.dst[w.n:]
	w.n += utf8.EncodeRune(b, r)
}

// broken appends broken bytes, in the forms that the package comment names.
func (w *writer) broken(src []byte) {
	for _, c := range src {
		b := w.dst[w.n:]
		switch {
		case c < 0x80:
			b[0], b[1] = 0xc0|c>>6, 0x80|c&0x3f
			w.n += 2
		case c < 0xc0 && w.last == w.n:
			b[0], b[1], b[2] = 0xed, 0xb2, c
			w.n += 3
		default:
			b[0] = c
			w.n++
		}
		w.last = w.n
	}
}

// surrogate appends half a pair.
func (w *writer) surrogate(u uint16) {
	b := w.dst[w.n:]
	b[0], b[1], b[2] = 0xed, 0x80|byte(u>>6)&0xbf, 0x80|byte(u)&0xbf
	w.n += 3
}
