package event

import (
	"encoding/binary"
	"math/bits"
)

// The secrets of KeyOf: 64-bit odd constants with 32 bits set and even
// spacing, as wyhash asks of them. They are fixed because keys break ties
// between rows of one instant, and the same log must give the same case on
// every machine.
const (
	secret0 = 0xa0761d6478bd642f
	secret1 = 0xe7037ed1a0b428db
	secret2 = 0x8ebc6af09c88c6e3
)

// KeyOf returns the key of a text, 0 for the empty text and never otherwise.
// It is the multiply-and-fold hash of wyhash (public domain, Wang Yi), which
// passes SMHasher and takes about 3 ns for an id of 16 bytes.
func KeyOf(b []byte) Key {
	n := len(b)
	if n == 0 {
		return 0
	}
	h := uint64(secret0)
	for len(b) > 16 {
		h = fold(binary.LittleEndian.Uint64(b)^secret1, binary.LittleEndian.Uint64(b[8:])^h)
		b = b[16:]
	}
	var x, y uint64
	switch {
	case len(b) >= 8:
		x = binary.LittleEndian.Uint64(b)
		y = binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		x = uint64(binary.LittleEndian.Uint32(b))
		y = uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	default:
		x = uint64(b[0])<<16 | uint64(b[len(b)>>1])<<8 | uint64(b[len(b)-1])
	}
	h = fold(x^secret1, y^h) ^ uint64(n)
	if h = fold(h^secret2, secret1); h == 0 {
		h = 1
	}
	return Key(h)
}

// KeyOfString is KeyOf for text that is already a string.
func KeyOfString(s string) Key { return KeyOf([]byte(s)) }

// Join folds another key into k, for things that are named by several texts.
// Joining two absent keys gives the absent key.
func (k Key) Join(other Key) Key {
	if k|other == 0 {
		return 0
	}
	h := fold(uint64(k)^secret1, uint64(other)^secret2)
	if h == 0 {
		h = 1
	}
	return Key(h)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
