package parquet

import "errors"

// Footers and page headers are structs of Thrift's compact protocol. A thrift
// walks over them without building anything: what the format asks for is
// looked at, the rest is passed over. It never believes a length: a string or
// a list that claims more than the bytes at hand is errCut.

// The kinds of values in the compact protocol. A boolean field has its value in
// the kind.
const (
	kindTrue   = 1
	kindFalse  = 2
	kindI8     = 3
	kindI64    = 6 // I16 and I32, which are 4 and 5, are written the same way
	kindDouble = 7
	kindBinary = 8
	kindList   = 9
	kindSet    = 10
	kindMap    = 11
	kindStruct = 12
)

// maxSkip is how deep values that are passed over may be nested.
const maxSkip = 32

var (
	errCut   = errors.New("metadata are cut off")
	errShape = errors.New("metadata do not follow their format")
)

// A thrift reads data from pos on. After the first error it reads zeros.
type thrift struct {
	data []byte
	pos  int
	err  error
}

func (t *thrift) fail(err error) {
	if t.err == nil {
		t.err = err
	}
	t.pos = len(t.data)
}

func (t *thrift) byte() byte {
	if t.pos >= len(t.data) {
		t.fail(errCut)
		return 0
	}
	t.pos++
	return t.data[t.pos-1]
}

func (t *thrift) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := t.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	t.fail(errShape)
	return 0
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// size reads a length of things that take at least a byte each.
func (t *thrift) size() int {
	n := t.uvarint()
	if n > uint64(len(t.data)-t.pos) {
		t.fail(errCut)
		return 0
	}
	return int(n)
}

// number reads an integer of any width.
func (t *thrift) number(kind byte) int64 {
	switch {
	case kind == kindI8:
		return int64(int8(t.byte()))
	case kind > kindI8 && kind <= kindI64:
		return unzigzag(t.uvarint())
	}
	t.fail(errShape)
	return 0
}

// count reads an integer that is not negative and fits an int32.
func (t *thrift) count(kind byte) int {
	n := t.number(kind)
	if n < 0 || n > 1<<31-1 {
		t.fail(errShape)
		return 0
	}
	return int(n)
}

func (t *thrift) flag(kind byte) bool {
	if kind != kindTrue && kind != kindFalse {
		t.fail(errShape)
	}
	return kind == kindTrue
}

// bytes reads a string, which is valid as long as data is.
func (t *thrift) bytes(kind byte) []byte {
	if kind != kindBinary {
		t.fail(errShape)
		return nil
	}
	n := t.size()
	t.pos += n
	return t.data[t.pos-n : t.pos]
}

// list reads the head of a list.
func (t *thrift) list(kind byte) (n int, elem byte) {
	if kind != kindList && kind != kindSet {
		t.fail(errShape)
		return 0, 0
	}
	h := t.byte()
	if n = int(h >> 4); n == 15 {
		n = t.size()
	}
	return n, h & 15
}

// fields reads a struct. f is told each field and must read or skip its value.
func (t *thrift) fields(f func(id int, kind byte)) {
	id := 0
	for {
		h := t.byte()
		if h&15 == 0 { // the end, or no more bytes
			return
		}
		if step := int(h >> 4); step != 0 {
			id += step
		} else {
			id = int(int16(t.number(kindI64)))
		}
		f(id, h&15)
		if t.err != nil {
			return
		}
	}
}

// within is fields for a field that is a struct itself.
func (t *thrift) within(kind byte, f func(id int, kind byte)) {
	if kind != kindStruct {
		t.fail(errShape)
		return
	}
	t.fields(f)
}

// skip passes over the value of a field.
func (t *thrift) skip(kind byte) { t.skipDeep(kind, maxSkip) }

func (t *thrift) skipDeep(kind byte, depth int) {
	if depth == 0 {
		t.fail(errShape)
		return
	}
	switch kind {
	case kindTrue, kindFalse:
	case kindI8:
		t.byte()
	case 4, 5, kindI64:
		t.uvarint()
	case kindDouble:
		if t.pos += 8; t.pos > len(t.data) {
			t.fail(errCut)
		}
	case kindBinary:
		t.bytes(kind)
	case kindList, kindSet:
		n, elem := t.list(kind)
		for ; n > 0 && t.err == nil; n-- {
			t.skipElem(elem, depth-1)
		}
	case kindMap:
		t.skipMap(depth)
	case kindStruct:
		t.fields(func(_ int, kind byte) { t.skipDeep(kind, depth-1) })
	default:
		t.fail(errShape)
	}
}

func (t *thrift) skipMap(depth int) {
	n := t.size()
	if n == 0 {
		return
	}
	kinds := t.byte()
	for ; n > 0 && t.err == nil; n-- {
		t.skipElem(kinds>>4, depth-1)
		t.skipElem(kinds&15, depth-1)
	}
}

// skipElem passes over an element of a list, where a boolean takes a byte.
func (t *thrift) skipElem(kind byte, depth int) {
	if kind == kindTrue || kind == kindFalse {
		t.byte()
		return
	}
	t.skipDeep(kind, depth)
}
