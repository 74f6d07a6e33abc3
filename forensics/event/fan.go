package event

import "math/bits"

// A Fan spreads rows over partitions as they are made. Each worker has its
// own, so nothing is locked; rows are appended to chunks, so nothing is moved
// when a partition grows.
//
// It is what the engine has in the place of hash tables over everything: rows
// of one key meet in one partition, which is small enough to sort in a cache.
// Sorting also bears keys that were made to collide.
type Fan[T any] struct {
	tails [][]T
	full  [][][]T
}

// Chunks double from firstChunk rows to lastChunk: a small log stays small,
// and a large one leaves no more than half a small chunk unused a partition.
const (
	firstChunk = 16
	lastChunk  = 256
)

// NewFan returns a Fan of as many partitions as parts, a power of two.
func NewFan[T any](parts int) *Fan[T] {
	return &Fan[T]{tails: make([][]T, parts), full: make([][][]T, parts)}
}

// Slot returns a new zero row of partition p, to be filled at once.
func (f *Fan[T]) Slot(p int) *T {
	t := &f.tails[p]
	if len(*t) == cap(*t) {
		f.grow(p)
	}
	*t = (*t)[:len(*t)+1]
	return &(*t)[len(*t)-1]
}

func (f *Fan[T]) grow(p int) {
	t := &f.tails[p]
	size := firstChunk
	if cap(*t) > 0 {
		f.full[p] = append(f.full[p], *t)
		size = min(cap(*t)*2, lastChunk)
	}
	*t = make([]T, 0, size)
}

// Gather moves partition p of all fans into dst, which it replaces and
// returns, and forgets it. Different partitions may be gathered at once.
func Gather[T any](dst []T, fans []*Fan[T], p int) []T {
	n := 0
	for _, f := range fans {
		n += len(f.tails[p])
		for _, c := range f.full[p] {
			n += len(c)
		}
	}
	if cap(dst) < n {
		dst = make([]T, 0, n+n/8)
	}
	dst = dst[:0]
	for _, f := range fans {
		for _, c := range f.full[p] {
			dst = append(dst, c...)
		}
		dst = append(dst, f.tails[p]...)
		f.full[p], f.tails[p] = nil, nil
	}
	return dst
}

// GatherPointers is Gather without moving rows: it returns where they lie. The
// rows live as long as the pointers do.
func GatherPointers[T any](dst []*T, fans []*Fan[T], p int) []*T {
	clear(dst) // let go of the last partition
	dst = dst[:0]
	for _, f := range fans {
		for _, c := range append(f.full[p], f.tails[p]) {
			for i := range c {
				dst = append(dst, &c[i])
			}
		}
		f.full[p], f.tails[p] = nil, nil
	}
	return dst
}

// See calls see with the rows of partition p, which stay where they are.
func (f *Fan[T]) See(p int, see func(rows []T)) {
	for _, c := range f.full[p] {
		see(c)
	}
	see(f.tails[p])
}

// PartOf returns the partition of a key out of parts, a power of two: the
// upper bits, so that partitions are ranges of keys.
func PartOf(k Key, parts int) int {
	return int(uint64(k) >> (64 - bits.TrailingZeros(uint(parts))))
}
