package parquet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The kinds of pages, as the format numbers them.
const (
	pageData   = 0
	pageDict   = 2
	pageDataV2 = 3
)

// maxHeader is how long a page header may be. It holds the least and the
// greatest value of its page, which can be long texts.
const maxHeader = 16 << 20

// readAhead is how much of a column is read from the file at once, at least.
const readAhead = 64 << 10

// A header is what stands before a page.
type header struct {
	kind             int
	unpacked, packed int
	crc              uint32
	hasCRC           bool
	values           int
	encoding         int
	defEncoding      int
	repEncoding      int
	defBytes         int // of levels, in a page of version 2
	repBytes         int
	plain            bool // the values are not compressed, whatever the column says
	size             int  // of the header itself
}

// isData reports whether the page holds values.
func (h *header) isData() bool { return h.kind == pageData || h.kind == pageDataV2 }

var (
	errHeader  = errors.New("a page header that does not follow the format")
	errPageEnd = errors.New("a page that runs beyond its column")
	errCRC     = errors.New("a page whose checksum is wrong")
)

// parseHeader reads the header that data begins with; errCut if it is longer.
func parseHeader(data []byte) (h header, err error) {
	t := thrift{data: data}
	var seen uint
	t.fields(func(id int, kind byte) {
		if id > 0 && id < 16 {
			seen |= 1 << id
		}
		switch id {
		case 1:
			h.kind = t.count(kind)
		case 2:
			h.unpacked = t.count(kind)
		case 3:
			h.packed = t.count(kind)
		case 4:
			h.crc, h.hasCRC = uint32(t.number(kind)), true
		case 5, 7:
			t.within(kind, func(id int, kind byte) { t.headerV1(&h, id, kind) })
		case 8:
			t.within(kind, func(id int, kind byte) { t.headerV2(&h, id, kind) })
		default:
			t.skip(kind)
		}
	})
	h.size = t.pos
	needs := map[int]uint{pageData: 1 << 5, pageDict: 1 << 7, pageDataV2: 1 << 8}[h.kind] | 1<<1 | 1<<2 | 1<<3
	if t.err == nil && seen&needs != needs {
		t.err = errHeader
	}
	if t.err != nil && t.err != errCut {
		t.err = errHeader
	}
	return h, t.err
}

// headerV1 reads a field of the head of a data page, or a dictionary page.
func (t *thrift) headerV1(h *header, id int, kind byte) {
	switch id {
	case 1:
		h.values = t.count(kind)
	case 2:
		h.encoding = t.count(kind)
	case 3: // a flag in a dictionary page
		if kind > kindFalse {
			h.defEncoding = t.count(kind)
		}
	case 4:
		h.repEncoding = t.count(kind)
	default:
		t.skip(kind)
	}
}

func (t *thrift) headerV2(h *header, id int, kind byte) {
	switch id {
	case 1:
		h.values = t.count(kind)
	case 4:
		h.encoding = t.count(kind)
	case 5:
		h.defBytes = t.count(kind)
	case 6:
		h.repBytes = t.count(kind)
	case 7:
		h.plain = !t.flag(kind)
	default:
		t.skip(kind)
	}
}

// A window is the part of a file that is in memory.
type window struct {
	file   io.ReaderAt
	budget *budget
	buf    []byte
	off    int64 // of buf in the file
	end    int64 // of what may be read
}

// at returns n bytes of the file, valid until the next call. Near the end they
// are fewer.
func (w *window) at(off int64, n int) ([]byte, error) {
	n = int(min(int64(n), w.end-off))
	if off < w.off || off+int64(n) > w.off+int64(len(w.buf)) {
		size := int(min(max(int64(n), readAhead), w.end-off))
		buf, err := w.budget.grow(w.buf, size)
		if err != nil {
			return nil, err
		}
		w.buf, w.off = buf[:0], off
		if m, err := w.file.ReadAt(buf, off); m < size {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, &readError{err}
		}
		w.buf = buf
	}
	from := off - w.off
	return w.buf[from : from+int64(n)], nil
}

// header reads the page header at off.
func (w *window) header(off int64) (header, error) {
	for n := 256; ; n *= 8 {
		data, err := w.at(off, n)
		if err != nil {
			return header{}, err
		}
		h, err := parseHeader(data)
		if err == errCut && len(data) == n && n < maxHeader {
			continue
		}
		if err != nil {
			return header{}, errHeader
		}
		if int64(h.packed) > w.end-off-int64(h.size) {
			return header{}, errPageEnd
		}
		return h, nil
	}
}

// A readError is an error of the file, not of what is in it.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// A budget is the memory that is left for pages.
type budget struct{ limit, left int64 }

// take claims memory.
func (b *budget) take(n int64) error {
	if n > b.left {
		return &LimitError{Cap: MemoryCap, Limit: b.limit}
	}
	b.left -= n
	return nil
}

// grow returns a buffer of n bytes: buf if it is large enough, else a new one
// in its place.
func (b *budget) grow(buf []byte, n int) ([]byte, error) {
	if n <= cap(buf) {
		return buf[:n], nil
	}
	b.left += int64(cap(buf))
	size := max(n, min(cap(buf)*3/2, int(min(b.left, 1<<30))))
	if err := b.take(int64(size)); err != nil {
		b.left -= int64(cap(buf))
		return nil, err
	}
	return make([]byte, n, size), nil
}

// A page is one data page, unpacked.
type page struct {
	defs, reps hybrid
	data       []byte // values, behind the levels
}

// levelWidth is how many bits a level takes.
func levelWidth(highest uint32) (width uint) {
	for ; highest > 0; highest >>= 1 {
		width++
	}
	return width
}

// v1 finds the levels of a page of version 1.
func (p *page) v1(l *leaf, h *header, data []byte) (err error) {
	p.reps, p.defs = hybrid{width: levelWidth(l.maxRep)}, hybrid{width: levelWidth(l.maxDef)}
	if l.maxRep > 0 {
		if h.repEncoding != encRLE {
			return unknownEncoding(h.repEncoding)
		}
		if p.reps.data, data, err = prefixed(data); err != nil {
			return err
		}
	}
	if l.maxDef > 0 {
		if h.defEncoding != encRLE {
			return unknownEncoding(h.defEncoding)
		}
		if p.defs.data, data, err = prefixed(data); err != nil {
			return err
		}
	}
	p.data = data
	return nil
}

// v2 finds the levels of a page of version 2, given them and the values apart.
func (p *page) v2(l *leaf, h *header, levels, data []byte) {
	p.reps, p.defs = hybrid{width: levelWidth(l.maxRep)}, hybrid{width: levelWidth(l.maxDef)}
	// Some writers have levels also where the schema needs none.
	if l.maxRep > 0 {
		p.reps.data = levels[:h.repBytes]
	}
	if l.maxDef > 0 {
		p.defs.data = levels[h.repBytes:]
	}
	p.data = data
}

// body returns the bytes of the page behind a header as they are stored, once
// they are known to be those that were written.
func (w *window) body(off int64, h *header) ([]byte, error) {
	data, err := w.at(off, h.size+h.packed)
	if err != nil {
		return nil, err
	}
	data = data[h.size:]
	if h.hasCRC && crc32.ChecksumIEEE(data) != h.crc {
		return nil, errCRC
	}
	return data, nil
}

// checkSize refuses a page that is too large.
func (h *header) checkSize(limit int64) error {
	if size := int64(max(h.unpacked, h.packed)); size > limit {
		return &LimitError{Cap: PageCap, Limit: limit}
	}
	if h.defBytes+h.repBytes > min(h.packed, h.unpacked) {
		return fmt.Errorf("%w: levels of more bytes than the page has", errHeader)
	}
	return nil
}
