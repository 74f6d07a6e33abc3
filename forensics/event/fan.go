package event

import (
	"math/bits"
	"reflect"
	"unsafe"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

// A Fan spreads rows over partitions as they are made. Each worker has its
// own, so nothing is locked; rows are appended to blocks, so nothing is moved
// when a partition grows, and what the memory cannot hold goes to a file.
//
// It is what the engine has in the place of hash tables over everything: rows
// of one key meet in one partition, which is small enough to sort in a cache.
// Sorting also bears keys that were made to collide.
//
// T holds no pointer, nor anything that needs more than the alignment of 8.
type Fan[T any] struct {
	shelf *spill.Shelf
}

// NewFan returns a Fan of as many partitions as parts, a power of two, on a
// shelf of its owner.
func NewFan[T any](owner *spill.Owner, parts int) *Fan[T] {
	if t := reflect.TypeFor[T](); !flat(t) || t.Size()%8 != 0 || t.Size() > spill.BlockSize {
		panic("event: a " + t.String() + " is no fixed-width row")
	}
	return &Fan[T]{owner.NewShelf(parts)}
}

// flat reports whether a type holds no pointer.
func flat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !flat(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return false
}

// Slot returns a new row of partition p, to be filled as a whole, at once.
func (f *Fan[T]) Slot(p int) *T {
	var row T
	return (*T)(f.shelf.Row(p, int(unsafe.Sizeof(row))))
}

// rowsOf returns a block as rows.
func rowsOf[T any](b *spill.Block) []T {
	var row T
	bytes := b.Bytes()
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(bytes))), len(bytes)/int(unsafe.Sizeof(row)))
}

func shelvesOf[T any](fans []*Fan[T]) []*spill.Shelf {
	shelves := make([]*spill.Shelf, len(fans))
	for i, f := range fans {
		shelves[i] = f.shelf
	}
	return shelves
}

// A Gatherer collects partitions of fans, one at a time, for one goroutine.
type Gatherer[T any] struct {
	shelves []*spill.Shelf
	buf     spill.Buffer
	rows    []T
	at      []*T
}

// NewGatherer returns a Gatherer of fans whose owners have sealed them.
func NewGatherer[T any](fans []*Fan[T]) *Gatherer[T] {
	return &Gatherer[T]{shelves: shelvesOf(fans)}
}

// Take moves partition p of all fans out of them and returns its rows, which
// are valid until the next call. Different partitions may be taken at once, by
// different gatherers.
func (g *Gatherer[T]) Take(p int) ([]T, error) {
	blocks, err := spill.All(g.shelves, p, &g.buf)
	if err != nil {
		return nil, err
	}
	g.rows = g.rows[:0]
	for _, b := range blocks {
		g.rows = append(g.rows, rowsOf[T](b)...)
	}
	g.Drop(p)
	return g.rows, nil
}

// Look returns where the rows of partition p of all fans lie. They stay there
// until Drop.
func (g *Gatherer[T]) Look(p int) ([]*T, error) {
	blocks, err := spill.All(g.shelves, p, &g.buf)
	if err != nil {
		return nil, err
	}
	g.at = g.at[:0]
	for _, b := range blocks {
		rows := rowsOf[T](b)
		for i := range rows {
			g.at = append(g.at, &rows[i])
		}
	}
	return g.at, nil
}

// See calls see with the rows of partition p, which stay where they are.
func (g *Gatherer[T]) See(p int, see func(rows []T)) error {
	blocks, err := spill.All(g.shelves, p, &g.buf)
	for _, b := range blocks {
		see(rowsOf[T](b))
	}
	return err
}

// Drop forgets partition p of all fans.
func (g *Gatherer[T]) Drop(p int) {
	for _, s := range g.shelves {
		s.Drop(p)
	}
}

// PartOf returns the partition of a key out of parts, a power of two: the
// upper bits, so that partitions are ranges of keys.
func PartOf(k Key, parts int) int {
	return int(uint64(k) >> (64 - bits.TrailingZeros(uint(parts))))
}
