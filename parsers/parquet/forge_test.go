package parquet

import (
	"encoding/binary"
	"hash/crc32"
)

// Files put together by hand: arrow writes neither checksums nor lies.

// A pen writes structs of Thrift's compact protocol.
type pen struct {
	b    []byte
	last []int // field ids, one a struct that is open
}

func newPen() *pen { return &pen{last: []int{0}} }

func (p *pen) field(id int, kind byte) {
	top := &p.last[len(p.last)-1]
	if d := id - *top; d > 0 && d < 16 {
		p.b = append(p.b, byte(d)<<4|kind)
	} else {
		p.b = binary.AppendVarint(append(p.b, kind), int64(id))
	}
	*top = id
}

func (p *pen) int(id int, v int64)  { p.field(id, kindI64-1); p.b = binary.AppendVarint(p.b, v) }
func (p *pen) long(id int, v int64) { p.field(id, kindI64); p.b = binary.AppendVarint(p.b, v) }

func (p *pen) flag(id int, v bool) {
	if v {
		p.field(id, kindTrue)
	} else {
		p.field(id, kindFalse)
	}
}

func (p *pen) text(id int, s string) { p.field(id, kindBinary); p.elem(s) }

func (p *pen) elem(s string) { p.b = append(binary.AppendUvarint(p.b, uint64(len(s))), s...) }

func (p *pen) begin(id int) { p.field(id, kindStruct); p.open() }

func (p *pen) open() { p.last = append(p.last, 0) }

func (p *pen) end() { p.b = append(p.b, 0); p.last = p.last[:len(p.last)-1] }

func (p *pen) list(id int, kind byte, n int) {
	p.field(id, kindList)
	if n < 15 {
		p.b = append(p.b, byte(n)<<4|kind)
	} else {
		p.b = binary.AppendUvarint(append(p.b, 0xf0|kind), uint64(n))
	}
}

// A forgedPage is a page and what its header says of it.
type forgedPage struct {
	kind, values, encoding int
	body                   []byte // as it is stored
	unpacked               int    // 0 for the size of body
	crc                    bool
	defBytes, repBytes     int // of a page of version 2
	plain                  bool
}

func (f *forgedPage) bytes() []byte {
	p := newPen()
	p.int(1, int64(f.kind))
	unpacked := f.unpacked
	if unpacked == 0 {
		unpacked = len(f.body)
	}
	p.int(2, int64(unpacked))
	p.int(3, int64(len(f.body)))
	if f.crc {
		p.int(4, int64(int32(crc32.ChecksumIEEE(f.body))))
	}
	switch f.kind {
	case pageDataV2:
		p.begin(8)
		p.int(1, int64(f.values))
		p.int(2, 0)
		p.int(3, int64(f.values))
		p.int(4, int64(f.encoding))
		p.int(5, int64(f.defBytes))
		p.int(6, int64(f.repBytes))
		p.flag(7, !f.plain)
	case pageDict:
		p.begin(7)
		p.int(1, int64(f.values))
		p.int(2, int64(f.encoding))
		p.flag(3, false)
	default:
		p.begin(5)
		p.int(1, int64(f.values))
		p.int(2, int64(f.encoding))
		p.int(3, encRLE)
		p.int(4, encRLE)
	}
	p.end()
	p.b = append(p.b, 0)
	return append(p.b, f.body...)
}

// A forgedNode is a node of the schema.
type forgedNode struct {
	name                          string
	typ, length, repetition, kids int // typ -1 for a group
	converted                     int // -1 for none
	scale, precision              int
	logical                       func(p *pen) // writes field 10
}

// A forgedChunk is a column of a row group.
type forgedChunk struct {
	path       []string
	typ, codec int
	values     int64
	pages      []forgedPage
	longer     int64 // than its pages, the footer says
}

type forgedGroup struct {
	rows   int64
	chunks []forgedChunk
}

// A forgedFile is a file and what its footer says of it.
type forgedFile struct {
	nodes  []forgedNode // without the root
	roots  int          // how many of them the root has
	rows   int64
	groups []forgedGroup
}

func (f *forgedFile) bytes() []byte {
	out := []byte(magic)
	p := newPen()
	p.int(1, 2)
	p.list(2, kindStruct, len(f.nodes)+1)
	root := forgedNode{name: "schema", typ: -1, kids: f.roots, converted: -1}
	for _, n := range append([]forgedNode{root}, f.nodes...) {
		n.write(p)
	}
	p.long(3, f.rows)
	p.list(4, kindStruct, len(f.groups))
	for _, g := range f.groups {
		p.open()
		p.list(1, kindStruct, len(g.chunks))
		for _, c := range g.chunks {
			out = c.write(p, out)
		}
		p.long(2, 0)
		p.long(3, g.rows)
		p.end()
	}
	p.b = append(p.b, 0)
	out = append(out, p.b...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(p.b)))
	return append(out, magic...)
}

func (n *forgedNode) write(p *pen) {
	p.open()
	if n.typ >= 0 {
		p.int(1, int64(n.typ))
	}
	if n.length > 0 {
		p.int(2, int64(n.length))
	}
	p.int(3, int64(n.repetition))
	p.text(4, n.name)
	if n.kids > 0 {
		p.int(5, int64(n.kids))
	}
	if n.converted >= 0 {
		p.int(6, int64(n.converted))
	}
	if n.precision > 0 {
		p.int(7, int64(n.scale))
		p.int(8, int64(n.precision))
	}
	if n.logical != nil {
		p.begin(10)
		n.logical(p)
		p.end()
	}
	p.end()
}

// write writes what the footer says to p and the pages to out.
func (c *forgedChunk) write(p *pen, out []byte) []byte {
	from := len(out)
	dict, data := 0, from
	for i, page := range c.pages {
		if page.kind == pageDict && i == 0 {
			dict = from
		}
		out = append(out, page.bytes()...)
		if page.kind == pageDict && i == 0 {
			data = len(out)
		}
	}
	p.open()
	p.long(2, int64(from))
	p.begin(3)
	p.int(1, int64(c.typ))
	p.list(2, kindI64-1, 1)
	p.b = binary.AppendVarint(p.b, encPlain)
	p.list(3, kindBinary, len(c.path))
	for _, name := range c.path {
		p.elem(name)
	}
	p.int(4, int64(c.codec))
	p.long(5, c.values)
	p.long(6, int64(len(out)-from))
	p.long(7, int64(len(out)-from)+c.longer)
	p.long(9, int64(data))
	if dict > 0 {
		p.long(11, int64(dict))
	}
	p.end()
	p.end()
	return out
}

// oneColumn is a file of one required column in one row group.
func oneColumn(typ int, rows int64, pages ...forgedPage) *forgedFile {
	return &forgedFile{
		nodes: []forgedNode{{name: "a", typ: typ, converted: -1}}, roots: 1, rows: rows,
		groups: []forgedGroup{{rows, []forgedChunk{{path: []string{"a"}, typ: typ, values: rows, pages: pages}}}},
	}
}

// plain64 is the body of a page of INT64.
func plain64(values ...int64) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// plainText is the body of a page of BYTE_ARRAY.
func plainText(values ...string) (b []byte) {
	for _, v := range values {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
	}
	return b
}

// runs is a hybrid of runs that repeat: value, count, value, count and so on.
func runs(width int, pairs ...int) (b []byte) {
	for i := 0; i < len(pairs); i += 2 {
		b = binary.AppendUvarint(b, uint64(pairs[i+1])<<1)
		for n := 0; n < (width+7)/8; n++ {
			b = append(b, byte(pairs[i]>>(8*n)))
		}
	}
	return b
}

// withLength puts the length of b before it.
func withLength(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}
