package delim

import (
	"encoding/binary"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
	lows  = 0x7f7f7f7f7f7f7f7f
)

// markWords is mark without instructions of a machine: eight bytes are looked at
// together.
func markWords(dst *[chunk]uint64, data []byte, delimiter uint64) {
	const newlines = '\n' * ones
	for n := range len(data) / 64 {
		var word uint64
		for i := range 8 {
			w := binary.LittleEndian.Uint64(data[64*n+8*i:])
			word |= either(w^delimiter, w^newlines) >> 7 * 0x0102040810204080 >> 56 << (8 * i)
		}
		dst[n] = word
	}
}

// either returns a word whose bytes have their high bit set where x or y has a
// zero byte; it is exact, so that every bit can be used.
func either(x, y uint64) uint64 {
	return ^((x&lows+lows|x)&(y&lows+lows|y) | lows)
}
