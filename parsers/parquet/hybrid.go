package parquet

import (
	"encoding/binary"
	"errors"
)

var (
	errTooFew  = errors.New("a page holds fewer values than it claims")
	errTooMany = errors.New("a page holds more values than it claims")
	errBits    = errors.New("values of more bits than there are")
	errLevels  = errors.New("nulls or lists that the schema does not have")
)

// unpack reads len(dst) numbers of width bits each from data, the first at a
// bit, low bits first. data must hold them all.
func unpack[T uint32 | uint64](dst []T, data []byte, bit int, width uint) {
	if width == 0 {
		clear(dst)
		return
	}
	mask := ^uint64(0) >> (64 - width)
	i := 0
	if width <= 57 {
		for ; i < len(dst) && bit>>3+8 <= len(data); i++ {
			dst[i] = T(binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7) & mask)
			bit += int(width)
		}
	}
	for ; i < len(dst); i++ {
		var end [16]byte
		copy(end[:], data[bit>>3:])
		v := binary.LittleEndian.Uint64(end[:]) >> (bit & 7)
		if bit&7 != 0 {
			v |= binary.LittleEndian.Uint64(end[8:]) << (64 - bit&7)
		}
		dst[i] = T(v & mask)
		bit += int(width)
	}
}

// A hybrid reads numbers that are stored as runs: of one number that repeats,
// or of numbers packed bit by bit. Levels, dictionary indices and booleans are.
type hybrid struct {
	data   []byte // behind the run at hand
	width  uint   // bits, up to 32
	repeat int    // left of a run of value
	value  uint32
	packed []byte // a packed run
	bit    int    // where its next number begins
	count  int    // numbers left of it
}

// run moves to the next run, once the one at hand is used up.
func (h *hybrid) run() error {
	head, n := binary.Uvarint(h.data)
	if n <= 0 || head>>1 > 1<<31 {
		return errTooFew
	}
	h.data = h.data[n:]
	if head&1 == 0 {
		var v [4]byte
		bytes := int(h.width+7) / 8
		if len(h.data) < bytes {
			return errTooFew
		}
		copy(v[:], h.data[:bytes])
		h.data = h.data[bytes:]
		h.repeat, h.value = int(head>>1), binary.LittleEndian.Uint32(v[:])
		if h.width < 32 && h.value>>h.width != 0 {
			return errBits
		}
		return nil
	}
	// The last run may lack the bytes of numbers that nobody asks for.
	h.count = int(head>>1) * 8
	bytes := h.count / 8 * int(h.width)
	if bytes > len(h.data) {
		bytes = len(h.data)
		h.count = bytes * 8 / int(h.width)
	}
	h.packed, h.bit, h.data = h.data[:bytes], 0, h.data[bytes:]
	return nil
}

// same takes n numbers if they are known to be one that repeats.
func (h *hybrid) same(n int) (value uint32, ok bool) {
	if h.repeat < n {
		return 0, false
	}
	h.repeat -= n
	return h.value, true
}

// fill reads len(dst) numbers.
func (h *hybrid) fill(dst []uint32) error {
	for len(dst) > 0 {
		switch {
		case h.repeat > 0:
			n := min(h.repeat, len(dst))
			for i := range dst[:n] {
				dst[i] = h.value
			}
			h.repeat -= n
			dst = dst[n:]
		case h.count > 0:
			n := min(h.count, len(dst))
			unpack(dst[:n], h.packed, h.bit, h.width)
			h.bit += n * int(h.width)
			h.count -= n
			dst = dst[n:]
		default:
			if err := h.run(); err != nil {
				return err
			}
		}
	}
	return nil
}

// check looks at what is left without taking it: that there are n numbers, none
// above high, and nothing behind them but the padding of the last packed run,
// which some writers make long and of anything. It returns how many are high.
func (h hybrid) check(n int, high uint32) (highs int, err error) {
	var buf [256]uint32
	for n > 0 {
		if h.repeat == 0 && h.count == 0 {
			if err := h.run(); err != nil {
				return 0, err
			}
			continue
		}
		if m := min(h.repeat, n); m > 0 {
			if h.value > high {
				return 0, errBits
			}
			if h.value == high {
				highs += m
			}
			h.repeat -= m
			n -= m
			continue
		}
		m := min(h.count, n, len(buf))
		if err := h.fill(buf[:m]); err != nil {
			return 0, err
		}
		for _, v := range buf[:m] {
			if v > high {
				return 0, errBits
			}
			if v == high {
				highs++
			}
		}
		n -= m
	}
	if h.repeat > 0 || len(h.data) > 0 {
		return 0, errTooMany
	}
	return highs, nil
}
