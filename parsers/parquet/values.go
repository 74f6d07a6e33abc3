package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The encodings of values, as the format numbers them.
const (
	encPlain       = 0
	encPlainDict   = 2 // the older name of encDict
	encRLE         = 3
	encDelta       = 5
	encDeltaLength = 6
	encDeltaBytes  = 7
	encDict        = 8
	encSplit       = 9
)

var encodingNames = map[int]string{1: "GROUP_VAR_INT", 4: "BIT_PACKED"}

var (
	errBytes        = errors.New("texts that run beyond their page")
	errEmptyDecimal = errors.New("a decimal of no bytes")
	errLongDecimal  = fmt.Errorf("a decimal of more than %d bytes", maxDecimalBytes)
	errNoDict       = errors.New("values of a dictionary that is not there")
)

// Decoders of one page's values. They are made by newInts and newBytes, which
// look through the whole page first: it holds the values it claims, no more and
// no less, or nothing of it is delivered. Reading it afterwards cannot fail.

// ints reads integers: INT32, INT64, the bits of a FLOAT or DOUBLE, a BOOLEAN
// as 0 or 1.
type ints interface {
	ints(dst []int64) (n int, err error)
}

// byteses reads texts: BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY and INT96. They are
// valid until the next call.
type byteses interface {
	bytes(dst [][]byte)
}

// intWidth returns how many bytes a value of a type has in a page, 0 for one
// that is no integer.
func intWidth(typ int) int {
	switch typ {
	case typeInt32, typeFloat:
		return 4
	case typeInt64, typeDouble:
		return 8
	}
	return 0
}

// newInts reads n values of a page.
func newInts(l *leaf, encoding int, data []byte, n int) (ints, error) {
	width := intWidth(l.typ)
	switch {
	case l.typ == typeBoolean && encoding == encPlain:
		if err := exactly(len(data), (n+7)/8); err != nil {
			return nil, err
		}
		return &bools{hybrid{packed: data, count: n, width: 1}}, nil
	case l.typ == typeBoolean && encoding == encRLE:
		data, rest, err := prefixed(data)
		if err == nil {
			err = exactly(len(rest), 0)
		}
		if err != nil {
			return nil, err
		}
		h := hybrid{data: data, width: 1}
		_, err = h.check(n, 1)
		return &bools{h}, err
	case width > 0 && encoding == encPlain:
		return &plainInts{data, width}, exactly(len(data), n*width)
	case width > 0 && encoding == encSplit:
		return &splitInts{data, width, 0, n}, exactly(len(data), n*width)
	case (l.typ == typeInt32 || l.typ == typeInt64) && encoding == encDelta:
		d, err := newDelta(data, l.typ == typeInt32)
		if err == nil {
			err = exactly(d.total, n)
		}
		if err == nil {
			err = d.alone()
		}
		return d, err
	}
	return nil, unknownEncoding(encoding)
}

// alone checks that there is nothing behind the last value.
func (d *delta) alone() error {
	rest, err := d.each(func(int64) error { return nil })
	if err == nil {
		err = exactly(len(rest), 0)
	}
	return err
}

// newBytes reads n values of a page. longest is the length of the longest.
func newBytes(l *leaf, encoding int, data []byte, n int) (b byteses, longest int, err error) {
	fixed := l.length
	if l.typ == typeInt96 {
		fixed = 12
	}
	switch {
	case fixed > 0 && encoding == encPlain:
		return &fixedBytes{data, fixed}, fixed, exactly(len(data), n*fixed)
	case fixed > 0 && encoding == encSplit && l.typ == typeFixed:
		return &splitBytes{data: data, width: fixed, count: n}, fixed, exactly(len(data), n*fixed)
	case l.typ == typeBytes && encoding == encPlain:
		longest, err = checkPlain(data, n)
		return &plainBytes{data}, longest, err
	case l.typ == typeBytes && encoding == encDeltaLength:
		return newDeltaLength(data, n)
	case l.typ != typeInt96 && encoding == encDeltaBytes:
		return newDeltaBytes(data, n, fixed)
	}
	return nil, 0, unknownEncoding(encoding)
}

func unknownEncoding(encoding int) error {
	name, ok := encodingNames[encoding]
	if !ok {
		name = fmt.Sprintf("of number %d", encoding)
	}
	return &UnsupportedError{What: "the encoding " + name}
}

// exactly checks a length.
func exactly(got, want int) error {
	switch {
	case got < want:
		return errTooFew
	case got > want:
		return errTooMany
	}
	return nil
}

// prefixed splits data at the length that it begins with.
func prefixed(data []byte) (head, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, errTooFew
	}
	n := binary.LittleEndian.Uint32(data)
	if uint64(n) > uint64(len(data)-4) {
		return nil, nil, errTooFew
	}
	return data[4 : 4+n], data[4+n:], nil
}

type bools struct{ hybrid }

func (b *bools) ints(dst []int64) (int, error) {
	var buf [256]uint32
	for n := 0; n < len(dst); n += len(buf) {
		part := dst[n:min(n+len(buf), len(dst))]
		if err := b.fill(buf[:len(part)]); err != nil {
			return n, err
		}
		for i := range part {
			part[i] = int64(buf[i])
		}
	}
	return len(dst), nil
}

type plainInts struct {
	data  []byte
	width int
}

func (p *plainInts) ints(dst []int64) (int, error) {
	if p.width == 4 {
		for i := range dst {
			dst[i] = int64(int32(binary.LittleEndian.Uint32(p.data[4*i:])))
		}
	} else {
		for i := range dst {
			dst[i] = int64(binary.LittleEndian.Uint64(p.data[8*i:]))
		}
	}
	p.data = p.data[len(dst)*p.width:]
	return len(dst), nil
}

// splitInts reads values whose first bytes stand together, then their second
// bytes, and so on.
type splitInts struct {
	data            []byte
	width, i, count int
}

func (s *splitInts) ints(dst []int64) (int, error) {
	for n := range dst {
		var v uint64
		for k := range s.width {
			v |= uint64(s.data[k*s.count+s.i]) << (8 * k)
		}
		if s.width == 4 {
			v = uint64(int32(v))
		}
		dst[n] = int64(v)
		s.i++
	}
	return len(dst), nil
}

type fixedBytes struct {
	data  []byte
	width int
}

func (f *fixedBytes) bytes(dst [][]byte) {
	for i := range dst {
		dst[i] = f.data[:f.width:f.width]
		f.data = f.data[f.width:]
	}
}

// splitBytes is splitInts for bytes.
type splitBytes struct {
	data            []byte
	width, i, count int
	buf             []byte
}

func (s *splitBytes) bytes(dst [][]byte) {
	s.buf = s.buf[:0]
	for n := range dst {
		for k := range s.width {
			s.buf = append(s.buf, s.data[k*s.count+s.i])
		}
		dst[n] = s.buf[len(s.buf)-s.width:]
		s.i++
	}
}

// plainBytes reads texts that each stand behind their length.
type plainBytes struct{ data []byte }

// checkPlain walks over n texts.
func checkPlain(data []byte, n int) (longest int, err error) {
	for ; n > 0; n-- {
		if len(data) < 4 {
			return 0, errTooFew
		}
		size := binary.LittleEndian.Uint32(data)
		if uint64(size) > uint64(len(data)-4) {
			return 0, errBytes
		}
		longest = max(longest, int(size))
		data = data[4+size:]
	}
	return longest, exactly(len(data), 0)
}

func (p *plainBytes) bytes(dst [][]byte) {
	data := p.data
	for i := range dst {
		end := 4 + int(binary.LittleEndian.Uint32(data))
		dst[i] = data[4:end:end]
		data = data[end:]
	}
	p.data = data
}

// deltaLength reads texts whose lengths stand together before them.
type deltaLength struct {
	lengths *delta
	data    []byte
	buf     [256]int64
}

func newDeltaLength(data []byte, n int) (b byteses, longest int, err error) {
	d, err := newDelta(data, true)
	if err != nil {
		return nil, 0, err
	}
	if err := exactly(d.total, n); err != nil {
		return nil, 0, err
	}
	total := 0
	rest, err := d.each(func(v int64) error {
		if v < 0 {
			return errBytes
		}
		longest = max(longest, int(v))
		total += int(v)
		return nil
	})
	if err == nil {
		err = exactly(len(rest), total)
	}
	return &deltaLength{lengths: d, data: rest}, longest, err
}

func (d *deltaLength) bytes(dst [][]byte) {
	for len(dst) > 0 {
		n, _ := d.lengths.ints(d.buf[:min(len(d.buf), len(dst))])
		for i, size := range d.buf[:n] {
			dst[i] = d.data[:size:size]
			d.data = d.data[size:]
		}
		dst = dst[n:]
	}
}

// deltaBytes reads texts that each say how many bytes of the one before they
// begin with.
type deltaBytes struct {
	prefixes *delta
	suffixes deltaLength
	last     []byte
	buf      []byte
}

func newDeltaBytes(data []byte, n, fixed int) (b byteses, longest int, err error) {
	prefixes, err := newDelta(data, true)
	if err != nil {
		return nil, 0, err
	}
	if err := exactly(prefixes.total, n); err != nil {
		return nil, 0, err
	}
	rest, err := prefixes.each(func(int64) error { return nil })
	if err != nil {
		return nil, 0, err
	}
	suffixes, _, err := newDeltaLength(rest, n)
	if err != nil {
		return nil, 0, err
	}
	d := &deltaBytes{prefixes: prefixes, suffixes: *suffixes.(*deltaLength)}
	longest, err = d.check(fixed)
	return d, longest, err
}

// check goes through the lengths alone.
func (d *deltaBytes) check(fixed int) (longest int, err error) {
	suffixes := *d.suffixes.lengths
	last := 0
	_, err = d.prefixes.each(func(prefix int64) error {
		var suffix [1]int64
		if _, err := suffixes.ints(suffix[:]); err != nil {
			return err
		}
		if prefix < 0 || prefix > int64(last) {
			return errBytes
		}
		last = int(prefix + suffix[0])
		if fixed > 0 && last != fixed {
			return errBytes
		}
		longest = max(longest, last)
		return nil
	})
	return longest, err
}

func (d *deltaBytes) bytes(dst [][]byte) {
	size := len(d.last)
	d.buf = append(d.buf[:0], d.last...)
	d.last = d.buf[:size]
	for i := range dst {
		var prefix [1]int64
		d.prefixes.ints(prefix[:])
		d.suffixes.bytes(dst[i : i+1])
		from := len(d.buf)
		d.buf = append(append(d.buf, d.last[:prefix[0]]...), dst[i]...)
		d.last = d.buf[from:len(d.buf):len(d.buf)]
		dst[i] = d.last
	}
}
