package unpack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// An xz block holds LZMA2: chunks of up to 64 KiB stored and 2 MiB unpacked,
// each either plain or coded with LZMA. A chunk may refer to the text of those
// before it, as far back as the dictionary reaches.

const (
	maxChunk   = 1 << 16 // stored bytes of a chunk
	maxSymbol  = 32      // more than LZMA takes for one symbol
	firstWin   = 1 << 16 // how large a window begins
	decodeStep = 1 << 16 // how much is decoded at a time
)

var (
	errChunk    = errors.New("a chunk does not follow the format")
	errDistance = errors.New("a match refers to what stands before the text")
	errRange    = errors.New("a chunk does not end where its header says")
)

// lzma2 unpacks the chunks of a block.
type lzma2 struct {
	in    *bufio.Reader
	taken int64 // bytes taken from in, since start

	size     int    // of the dictionary
	win      []byte // the last text, a ring once it has grown to size
	at       int    // where the next byte goes
	from     int    // win[from:at] is not delivered yet
	full     bool   // all of win is text, also what stands behind at
	left     int    // text of the chunk still to come
	coded    bool   // the chunk is coded, not plain
	bare     bool   // no chunk has begun a dictionary yet
	strange  bool   // no chunk has said the properties yet
	payload  ranger
	length   int // what is left of a match
	state    int
	rep      [4]uint32 // the last distances, less one
	lc       uint
	lpMask   int
	pbMask   int
	isMatch  [12][16]uint16
	isRep    [12]uint16
	isRep0   [12]uint16
	isRep1   [12]uint16
	isRep2   [12]uint16
	isLong   [12][16]uint16
	slots    [4][64]uint16
	special  [128]uint16
	align    [16]uint16
	match    lengths
	repeat   lengths
	literals [16 * 0x300]uint16
}

// lengths are the probabilities of the lengths of matches.
type lengths struct {
	choice [2]uint16
	low    [16][8]uint16
	mid    [16][8]uint16
	high   [256]uint16
}

// start begins a block. What it may refer to is size bytes long, for which
// memory is taken as the text grows.
func (d *lzma2) start(size int) {
	d.size, d.taken, d.left, d.length = size, 0, 0, 0
	d.bare, d.strange = true, true
	d.win = d.win[:min(cap(d.win), size)]
	d.forget()
}

// forget empties the dictionary. All of it was delivered.
func (d *lzma2) forget() { d.at, d.from, d.full = 0, 0, false }

// deliver copies text that is ready.
func (d *lzma2) deliver(p []byte) int {
	n := copy(p, d.win[d.from:d.at])
	d.from += n
	return n
}

// more unpacks some text, all before it having been delivered. It returns
// io.EOF at the end of the block. With any error there may be text, too.
func (d *lzma2) more() error {
	if d.left == 0 {
		return d.chunk()
	}
	d.room()
	n := min(d.left, len(d.win)-d.at, decodeStep)
	if d.coded {
		return d.decode(d.at + n)
	}
	m, err := d.read(d.win[d.at : d.at+n])
	d.at += m
	d.left -= m
	return err
}

// room makes place for the next byte.
func (d *lzma2) room() {
	switch {
	case d.at < len(d.win):
		return
	case len(d.win) < d.size:
		grown := make([]byte, min(max(2*len(d.win), firstWin), d.size))
		copy(grown, d.win)
		d.win = grown
	default:
		d.at, d.from, d.full = 0, 0, true
	}
}

// read fills b from the source. Its end is unexpected.
func (d *lzma2) read(b []byte) (n int, err error) {
	n, err = io.ReadFull(d.in, b)
	d.taken += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// chunk reads the head of the next chunk, and all of a coded one.
func (d *lzma2) chunk() error {
	var head [6]byte
	if _, err := d.read(head[:1]); err != nil {
		return err
	}
	control := head[0]
	switch {
	case control == 0:
		return io.EOF
	case control == 1 || control >= 0xe0:
		d.bare, d.strange = false, true
		d.forget()
	case d.bare || control > 2 && control < 0x80:
		return errChunk
	}
	if d.coded = control >= 0x80; !d.coded {
		_, err := d.read(head[1:3])
		if err == nil {
			d.left = int(head[1])<<8 + int(head[2]) + 1
		}
		return err
	}
	if _, err := d.read(head[1:5]); err != nil {
		return err
	}
	switch {
	case control >= 0xc0:
		if _, err := d.read(head[5:]); err != nil {
			return err
		}
		if !d.properties(head[5]) {
			return errChunk
		}
	case d.strange:
		return errChunk
	}
	if control >= 0xa0 {
		d.reset()
	}
	d.left = int(control&0x1f)<<16 + int(head[1])<<8 + int(head[2]) + 1
	stored := int(head[3])<<8 + int(head[4]) + 1
	n, err := d.read(d.payload.in[:stored])
	return d.payload.start(n, err)
}

// properties sets the parameters of the coding.
func (d *lzma2) properties(b byte) bool {
	lc, lp, pb := uint(b%9), int(b/9%5), int(b/45)
	if pb > 4 || int(lc)+lp > 4 {
		return false
	}
	d.lc, d.lpMask, d.pbMask, d.strange = lc, 1<<lp-1, 1<<pb-1, false
	return true
}

// even is the probability that a bit is 0, if nothing is known.
const even = 1 << 10

// reset makes all bits even.
func (d *lzma2) reset() {
	d.state, d.rep = 0, [4]uint32{}
	for i := range d.isMatch {
		fillEven(d.isMatch[i][:])
		fillEven(d.isLong[i][:])
	}
	for _, p := range [][]uint16{d.isRep[:], d.isRep0[:], d.isRep1[:], d.isRep2[:], d.special[:], d.align[:]} {
		fillEven(p)
	}
	for i := range d.slots {
		fillEven(d.slots[i][:])
	}
	d.match.reset()
	d.repeat.reset()
	fillEven(d.literals[:0x300*(d.lpMask+1)<<d.lc])
}

func (l *lengths) reset() {
	fillEven(l.choice[:])
	fillEven(l.high[:])
	for i := range l.low {
		fillEven(l.low[i][:])
		fillEven(l.mid[i][:])
	}
}

func fillEven(p []uint16) {
	for i := range p {
		p[i] = even
	}
}

// decode unpacks the chunk until at is end.
func (d *lzma2) decode(end int) error {
	begin := d.at
	err := d.symbols(end)
	d.left -= d.at - begin
	if err == nil && d.left == 0 && (d.length > 0 || !d.payload.finished()) {
		err = d.payload.ended()
	}
	return err
}

// symbols unpacks literals and matches until at is end.
func (d *lzma2) symbols(end int) error {
	r := &d.payload
	for d.at < end {
		if d.length > 0 {
			d.copy(end)
			continue
		}
		pos := d.at & d.pbMask
		if r.bit(&d.isMatch[d.state][pos]) == 0 {
			b := d.literal()
			if r.over() {
				return r.ended()
			}
			d.win[d.at] = b
			d.at++
			continue
		}
		n := d.matched(pos)
		if r.over() {
			return r.ended()
		}
		if dist := int64(d.rep[0]); dist >= int64(d.at) && (!d.full || dist >= int64(len(d.win))) {
			return errDistance
		}
		d.length = n
	}
	return nil
}

// byteAt returns the byte that stands dist+1 before at, or 0.
func (d *lzma2) byteAt(dist int) byte {
	i := d.at - dist - 1
	if i < 0 && d.full {
		i += len(d.win)
	}
	if uint(i) >= uint(len(d.win)) {
		return 0
	}
	return d.win[i]
}

// literal decodes one byte.
func (d *lzma2) literal() byte {
	prev := d.byteAt(0)
	context := (d.at&d.lpMask)<<d.lc + int(prev>>(8-d.lc))
	probs := (*[0x300]uint16)(d.literals[0x300*context:])
	if d.state < 7 {
		d.state = max(d.state-3, 0)
		return byte(d.payload.tree(probs[:0x100]))
	}
	if d.state < 10 {
		d.state -= 3
	} else {
		d.state -= 6
	}
	// A literal behind a match differs from what would have gone on with it,
	// so the bits of that are part of the context, up to the first that
	// differs.
	like, same, symbol := uint32(d.byteAt(int(d.rep[0]))), uint32(0x100), uint32(1)
	for symbol < 0x100 {
		like <<= 1
		expected := like & same
		b := d.payload.bit(&probs[same+expected+symbol])
		symbol = symbol<<1 | b
		if b == 0 {
			expected = ^expected
		}
		same &= expected
	}
	return byte(symbol)
}

// matched decodes what stands behind the mark of a match: it returns its
// length, and leaves its distance in rep[0].
func (d *lzma2) matched(pos int) int {
	r, state := &d.payload, d.state
	if r.bit(&d.isRep[state]) == 0 {
		d.state = 7
		if state >= 7 {
			d.state = 10
		}
		n := d.match.decode(r, pos)
		d.rep[3], d.rep[2], d.rep[1], d.rep[0] = d.rep[2], d.rep[1], d.rep[0], d.distance(n)
		return n
	}
	if r.bit(&d.isRep0[state]) == 0 {
		if r.bit(&d.isLong[state][pos]) == 0 {
			d.state = 9
			if state >= 7 {
				d.state = 11
			}
			return 1
		}
	} else {
		i := 1
		if r.bit(&d.isRep1[state]) == 1 {
			i = 2 + int(r.bit(&d.isRep2[state]))
		}
		dist := d.rep[i]
		copy(d.rep[1:i+1], d.rep[:i])
		d.rep[0] = dist
	}
	d.state = 8
	if state >= 7 {
		d.state = 11
	}
	return d.repeat.decode(r, pos)
}

// decode returns the length of a match.
func (l *lengths) decode(r *ranger, pos int) int {
	switch {
	case r.bit(&l.choice[0]) == 0:
		return 2 + int(r.tree(l.low[pos][:]))
	case r.bit(&l.choice[1]) == 0:
		return 10 + int(r.tree(l.mid[pos][:]))
	}
	return 18 + int(r.tree(l.high[:]))
}

// distance decodes the distance, less one, of a match of length n.
func (d *lzma2) distance(n int) uint32 {
	r := &d.payload
	slot := r.tree(d.slots[min(n-2, 3)][:])
	if slot < 4 {
		return slot
	}
	bits := slot>>1 - 1
	dist := (2 | slot&1) << bits
	if slot < 14 {
		return dist + r.reversed(d.special[dist-slot:], bits)
	}
	return dist + r.even(bits-4)<<4 + r.reversed(d.align[:], 4)
}

// copy appends a match, as far as it fits before end.
func (d *lzma2) copy(end int) {
	n := min(d.length, end-d.at)
	from := d.at - int(d.rep[0]) - 1
	if from < 0 { // it begins at the end of the ring
		from += len(d.win)
		n = min(n, len(d.win)-from)
	}
	d.length -= n
	to := d.at
	d.at += n
	for n > 0 { // a match may overlap itself: then it repeats what it copied
		m := n
		if from < to {
			m = min(n, to-from)
		}
		copy(d.win[to:to+m], d.win[from:from+m])
		to += m
		n -= m
	}
}

// A ranger is a range decoder of one chunk, whose bytes it holds. It reads
// zeros beyond them, and then is over.
type ranger struct {
	width uint32
	code  uint32
	at    int
	size  int   // of in
	err   error // why in is not all of the chunk
	in    [maxChunk + maxSymbol]byte
}

// start begins a chunk of n bytes, which are all if err is nil.
func (r *ranger) start(n int, err error) error {
	clear(r.in[n : n+maxSymbol])
	r.size, r.err, r.at, r.width = n, err, 5, 1<<32-1
	r.code = binary.BigEndian.Uint32(r.in[1:])
	switch {
	case r.over():
		return r.ended()
	case r.in[0] != 0:
		return errChunk
	}
	return nil
}

// over reports whether the last symbol is more than the chunk held.
func (r *ranger) over() bool { return r.at > r.size }

// ended returns the error of a chunk that is over before its text is.
func (r *ranger) ended() error {
	if r.err != nil {
		return r.err
	}
	return errRange
}

// finished reports whether the chunk was used up.
func (r *ranger) finished() bool {
	r.normalize()
	return r.code == 0 && r.at == r.size && r.err == nil
}

func (r *ranger) normalize() {
	if r.width < 1<<24 {
		r.width <<= 8
		r.code = r.code<<8 | uint32(r.in[r.at])
		r.at++
	}
}

// bit decodes one bit and learns from it.
func (r *ranger) bit(p *uint16) uint32 {
	if r.width < 1<<24 {
		r.width <<= 8
		r.code = r.code<<8 | uint32(r.in[r.at])
		r.at++
	}
	bound := r.width >> 11 * uint32(*p)
	if r.code < bound {
		r.width = bound
		*p += (1<<11 - *p) >> 5
		return 0
	}
	r.width -= bound
	r.code -= bound
	*p -= *p >> 5
	return 1
}

// tree decodes a number below len(probs), a power of two, highest bit first.
func (r *ranger) tree(probs []uint16) uint32 {
	width, code, at, n := r.width, r.code, r.at, uint32(len(probs))
	i := uint32(1)
	for i < n {
		if width < 1<<24 {
			width <<= 8
			code = code<<8 | uint32(r.in[at])
			at++
		}
		p := uint32(probs[i])
		bound := width >> 11 * p
		if code < bound {
			width = bound
			probs[i] = uint16(p + (1<<11-p)>>5)
			i <<= 1
		} else {
			width -= bound
			code -= bound
			probs[i] = uint16(p - p>>5)
			i = i<<1 | 1
		}
	}
	r.width, r.code, r.at = width, code, at
	return i - n
}

// reversed decodes a number of so many bits, lowest bit first.
func (r *ranger) reversed(probs []uint16, bits uint32) (n uint32) {
	at := uint32(1)
	for i := range bits {
		b := r.bit(&probs[at])
		at = at<<1 | b
		n |= b << i
	}
	return n
}

// even decodes a number of so many bits, each of which is as likely 0 as 1.
func (r *ranger) even(bits uint32) (n uint32) {
	for range bits {
		r.normalize()
		r.width >>= 1
		b := uint32(0)
		if r.code >= r.width {
			r.code -= r.width
			b = 1
		}
		n = n<<1 | b
	}
	return n
}
