package parquet

import (
	"fmt"
	"unicode/utf8"
)

// Limits on what a schema may be. They are far above what any export has and
// keep a footer made of nothing but columns from costing memory.
const (
	maxLeaves   = 1 << 16
	maxDepth    = 64
	maxPath     = 1 << 10 // bytes of a dotted path
	maxDecimals = 154     // digits of a decimal; as many as 64 bytes hold
	maxFixed    = 1 << 20 // bytes of a FIXED_LEN_BYTE_ARRAY
)

// The physical types, as the format numbers them.
const (
	typeBoolean = iota
	typeInt32
	typeInt64
	typeInt96
	typeFloat
	typeDouble
	typeBytes
	typeFixed
	numTypes
)

var typeNames = [numTypes]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}

// A leaf is a column: a node of the schema that holds values.
type leaf struct {
	Column
	path   []string
	at     int // which column of a row group
	typ    int
	length int // bytes of a fixed value
	form   form
	// problem says why the values cannot be written as text, or "".
	problem string

	// Of the levels that stand beside the values: the highest, and for each
	// repeated ancestor the definition level from which on it has an element.
	maxDef, maxRep uint32
	repDefs        []uint32
}

// An element is one node of the schema as the footer lists them.
type element struct {
	typ, length, repetition, children, converted int
	name                                         []byte
	scale, precision                             int
	logical                                      logical
}

// The repetitions of a node.
const (
	required = iota
	optional
	repeated
)

func (t *thrift) element() element {
	e := element{typ: -1, converted: -1}
	t.fields(func(id int, kind byte) {
		switch id {
		case 1:
			e.typ = t.count(kind)
		case 2:
			e.length = t.count(kind)
		case 3:
			e.repetition = t.count(kind)
		case 4:
			e.name = t.bytes(kind)
		case 5:
			e.children = t.count(kind)
		case 6:
			e.converted = t.count(kind)
		case 7:
			e.scale = int(t.number(kind))
		case 8:
			e.precision = int(t.number(kind))
		case 10:
			e.logical = t.logical(kind)
		default:
			t.skip(kind)
		}
	})
	return e
}

// A group is a node above the one that is read.
type group struct {
	left    int // children still to come
	path    []string
	length  int // of the dotted path
	def     uint32
	repDefs []uint32
}

// schema reads the list of nodes, which stands in the order of a walk: each
// node before its children.
func (t *thrift) schema(kind byte) (leaves []leaf) {
	n, elem := t.list(kind)
	if n == 0 || elem != kindStruct {
		t.fail(errShape)
		return nil
	}
	root := t.element()
	stack := []group{{left: root.children}}
	for n--; n > 0 && t.err == nil; n-- {
		for len(stack) > 0 && stack[len(stack)-1].left == 0 {
			stack = stack[:len(stack)-1]
		}
		if len(stack) == 0 {
			break
		}
		above := &stack[len(stack)-1]
		above.left--
		e := t.element()
		if t.err != nil {
			break
		}
		node, err := above.child(&e)
		switch {
		case err != nil:
			t.fail(err)
		case e.typ >= 0 && e.children == 0:
			leaves = append(leaves, newLeaf(&e, node, len(leaves)))
		case e.children > 0 && len(stack) < maxDepth:
			stack = append(stack, node)
		case e.children > 0:
			t.fail(fmt.Errorf("columns nested more than %d deep", maxDepth))
		}
		if len(leaves) > maxLeaves {
			t.fail(fmt.Errorf("more than %d columns", maxLeaves))
		}
	}
	for _, g := range stack {
		n += g.left
	}
	if n != 0 && t.err == nil {
		t.fail(fmt.Errorf("the schema is not the tree that it claims to be"))
	}
	return leaves
}

// child returns the place of a node below g.
func (g *group) child(e *element) (group, error) {
	node := group{left: e.children, def: g.def, repDefs: g.repDefs, length: g.length + 1 + len(e.name)}
	if node.length > maxPath {
		return group{}, fmt.Errorf("a column's name is longer than %d bytes", maxPath)
	}
	switch e.repetition {
	case required:
	case optional:
		node.def++
	case repeated:
		node.def++
		node.repDefs = append(g.repDefs[:len(g.repDefs):len(g.repDefs)], node.def)
	default:
		return group{}, errShape
	}
	node.path = append(g.path[:len(g.path):len(g.path)], string(e.name))
	return node, nil
}

func newLeaf(e *element, node group, at int) leaf {
	l := leaf{path: node.path, at: at, typ: e.typ, length: e.length,
		maxDef: node.def, maxRep: uint32(len(node.repDefs)), repDefs: node.repDefs}
	for i, name := range node.path {
		if i > 0 {
			l.Name += "."
		}
		l.Name += name
	}
	l.Nullable, l.Repeated = l.maxDef > 0, l.maxRep > 0
	if l.Repeated {
		l.Nullable = l.repDefs[0] > 1 // the cell is empty where there is no list
	}
	if e.typ >= numTypes {
		l.Type, l.problem = fmt.Sprintf("type %d", e.typ), "its type is not known"
		return l
	}
	l.Type = typeNames[e.typ]
	if e.typ == typeFixed {
		l.Type += fmt.Sprintf("(%d)", e.length)
		if e.length < 1 || e.length > maxFixed {
			l.problem = fmt.Sprintf("values of %d bytes", e.length)
			return l
		}
	}
	logical := e.logical
	if logical.id == 0 {
		logical = e.fromConverted()
	}
	var name string
	l.form, name, l.problem = logical.form(e)
	if name != "" {
		l.Type += " " + name
	}
	l.Float = l.form.kind == asFloat || l.form.kind == asDouble || l.form.kind == asHalf
	return l
}

// printable cuts and cleans a name for a message: names come from anywhere.
func printable(name string) string {
	const long = 60
	if n := long; len(name) > long {
		for n > long-utf8.UTFMax && !utf8.RuneStart(name[n]) {
			n--
		}
		return fmt.Sprintf("%q…", name[:n])
	}
	return fmt.Sprintf("%q", name)
}
