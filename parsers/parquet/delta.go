package parquet

import (
	"encoding/binary"
	"errors"
)

// A delta reads integers that are stored as differences: in blocks, each with
// its least difference and several miniblocks of the rest packed bit by bit.
type delta struct {
	data     []byte // behind the miniblock at hand
	narrow   bool   // 32 bits
	total    int    // values of the page
	left     int    // of them, not yet read
	started  bool
	value    int64
	minis    int // in a block
	perMini  int
	min      int64
	widths   []byte // of the miniblocks of this block still to come
	width    uint
	packed   []byte
	bit      int
	count    int // left of the miniblock at hand
	unpacked [deltaStep]uint64
	ready    int // of unpacked, not yet read
}

// deltaStep is how many differences are unpacked at a time; miniblocks are
// multiples of it.
const deltaStep = 32

// maxDeltaBlock is how many values a block may have; writers use 128 to 2048.
const maxDeltaBlock = 1 << 16

var errDelta = errors.New("differences that do not follow their format")

// newDelta reads the head of a page's values.
func newDelta(data []byte, narrow bool) (*delta, error) {
	d := &delta{data: data, narrow: narrow}
	block, ok1 := d.uvarint()
	minis, ok2 := d.uvarint()
	total, ok3 := d.uvarint()
	first, ok4 := d.uvarint()
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4:
		return nil, errTooFew
	case block == 0 || block > maxDeltaBlock || minis == 0 || block%minis != 0 || block/minis%deltaStep != 0 || total > 1<<31-1:
		return nil, errDelta
	}
	d.minis, d.perMini = int(minis), int(block/minis)
	d.total, d.left, d.value = int(total), int(total), unzigzag(first)
	return d, nil
}

func (d *delta) uvarint() (uint64, bool) {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		return 0, false
	}
	d.data = d.data[n:]
	return v, true
}

// ints reads len(dst) values, or as many as there are.
func (d *delta) ints(dst []int64) (n int, err error) {
	dst = dst[:min(len(dst), d.left)]
	for n < len(dst) {
		if !d.started {
			d.started = true
		} else {
			if d.ready == 0 {
				if err := d.step(d.left - n); err != nil {
					return n, err
				}
			}
			d.value += d.min + int64(d.unpacked[len(d.unpacked)-d.ready])
			d.ready--
		}
		if d.narrow {
			d.value = int64(int32(d.value))
		}
		dst[n] = d.value
		n++
	}
	d.left -= n
	return n, nil
}

// step unpacks the next differences, of which left are wanted.
func (d *delta) step(left int) error {
	if d.count == 0 {
		if err := d.mini(left); err != nil {
			return err
		}
	}
	// The last miniblock may lack the bytes of values that nobody asks for.
	n := min(deltaStep, left)
	if d.bit+n*int(d.width) > 8*len(d.packed) {
		return errTooFew
	}
	clear(d.unpacked[:])
	unpack(d.unpacked[:n], d.packed, d.bit, d.width)
	d.bit += deltaStep * int(d.width)
	d.count -= deltaStep
	d.ready = deltaStep
	return nil
}

// mini moves to the next miniblock.
func (d *delta) mini(left int) error {
	if len(d.widths) == 0 {
		v, ok := d.uvarint()
		if !ok || len(d.data) < d.minis {
			return errTooFew
		}
		d.min, d.widths, d.data = unzigzag(v), d.data[:d.minis], d.data[d.minis:]
	}
	d.width, d.widths = uint(d.widths[0]), d.widths[1:]
	if d.width > 64 {
		return errDelta
	}
	bytes := d.perMini / 8 * int(d.width)
	if bytes > len(d.data) && left <= d.perMini {
		bytes = len(d.data)
	}
	if bytes > len(d.data) {
		return errTooFew
	}
	d.packed, d.bit, d.data, d.count = d.data[:bytes], 0, d.data[bytes:], d.perMini
	return nil
}

// each calls f with every value that is left, without taking it, and returns
// the bytes behind the last.
func (d *delta) each(f func(int64) error) (rest []byte, err error) {
	c := *d
	var buf [256]int64
	for c.left > 0 {
		n, err := c.ints(buf[:])
		if err != nil {
			return nil, err
		}
		for _, v := range buf[:n] {
			if err := f(v); err != nil {
				return nil, err
			}
		}
	}
	return c.data, nil
}
