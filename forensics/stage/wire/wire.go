// Package wire turns values into bytes and back, for what a stage is given and
// gives: numbers, strings, and structs, slices, arrays, maps and pointers of
// such, fields without a capital letter too. The form is compact and the same
// for the same value: maps stand in the order of their keys. Fields with the tag
// `wire:"-"` are left out. Of an error there stands what it says.
//
// Both sides run one version of the program, so the bytes name no types. They
// come from another process all the same: reading bounds every length by the
// bytes that are there, and never panics.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// Append appends the form of *v to b.
func Append[T any](b []byte, v *T) []byte {
	return appendValue(b, reflect.ValueOf(v).Elem())
}

// Read reads a value that Append wrote, and nothing else.
func Read[T any](b []byte, v *T) error {
	rest, err := ReadFirst(b, v)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("a %T cannot be read from %d bytes: %d bytes too many", *v, len(b), len(rest))
	}
	return err
}

// ReadFirst reads a value at the beginning of b and returns what is behind it.
func ReadFirst[T any](b []byte, v *T) (rest []byte, err error) {
	d := decoder{b: b}
	d.value(reflect.ValueOf(v).Elem(), 0)
	if d.err != nil {
		return nil, fmt.Errorf("a %T cannot be read from %d bytes: %w", *v, len(b), d.err)
	}
	return d.b, nil
}

// errorType is the one interface that has a form: what an error says.
var errorType = reflect.TypeFor[error]()

// A layout says how a type lies in memory.
type layout struct {
	flat  bool // it holds no pointer: its bytes are its value, but for the gaps
	size  int
	gaps  [][2]int // from and to
	bools []int    // where a byte must be 0 or 1
	// fields of a struct that have a form, if it is not flat
	fields []int
}

// layouts knows the layout of types.
var layouts sync.Map

func layoutOf(t reflect.Type) *layout {
	if known, ok := layouts.Load(t); ok {
		return known.(*layout)
	}
	l := &layout{size: int(t.Size())}
	end := 0
	if l.flat = l.add(t, 0, &end); l.flat && end < l.size {
		l.gaps = append(l.gaps, [2]int{end, l.size})
	}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if t.Field(i).Tag.Get("wire") != "-" {
				l.fields = append(l.fields, i)
			}
		}
	}
	layouts.Store(t, l)
	return l
}

// add adds what lies at an offset, behind what ended before, and reports whether
// it is flat.
func (l *layout) add(t reflect.Type, at int, end *int) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if at > *end {
			l.gaps = append(l.gaps, [2]int{*end, at})
		}
		if t.Kind() == reflect.Bool {
			l.bools = append(l.bools, at)
		}
		*end = at + int(t.Size())
		return true
	case reflect.Array:
		for i := range t.Len() {
			if !l.add(t.Elem(), at+i*int(t.Elem().Size()), end) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("wire") == "-" || !l.add(f.Type, at+int(f.Offset), end) {
				return false
			}
		}
		return true
	}
	return false
}

// appendRows appends the bytes of rows, with nothing in the gaps.
func (l *layout) appendRows(b, rows []byte) []byte {
	from := len(b)
	b = append(b, rows...)
	if len(l.gaps) == 0 {
		return b
	}
	for at := from; at < len(b); at += l.size {
		for _, g := range l.gaps {
			clear(b[at+g[0] : at+g[1]])
		}
	}
	return b
}

// check reports whether rows are values of their type.
func (l *layout) check(rows []byte) bool {
	for at := 0; len(l.bools) > 0 && at < len(rows); at += l.size {
		for _, n := range l.bools {
			if rows[at+n] > 1 {
				return false
			}
		}
	}
	return true
}

// raw returns the bytes of a slice's elements.
func raw(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.UnsafePointer()), uintptr(v.Len())*v.Type().Elem().Size())
}

// open makes a field without a capital letter one that can be read and set.
func open(v reflect.Value) reflect.Value {
	if v.CanSet() || !v.CanAddr() {
		return v
	}
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

func appendValue(b []byte, v reflect.Value) []byte {
	v = open(v)
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(b, v.Uint())
	case reflect.Float64, reflect.Float32:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case reflect.String:
		return append(binary.AppendUvarint(b, uint64(v.Len())), v.String()...)
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return appendValue(append(b, 1), v.Elem())
	case reflect.Struct:
		for _, i := range layoutOf(v.Type()).fields {
			b = appendValue(b, v.Field(i))
		}
		return b
	case reflect.Array:
		for i := range v.Len() {
			b = appendValue(b, v.Index(i))
		}
		return b
	case reflect.Slice:
		if v.IsNil() {
			return append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(v.Len())+1)
		if l := layoutOf(v.Type().Elem()); l.flat {
			return l.appendRows(b, raw(v))
		}
		for i := range v.Len() {
			b = appendValue(b, v.Index(i))
		}
		return b
	case reflect.Map:
		return appendMap(b, v)
	}
	if v.Type() == errorType {
		if v.IsNil() {
			return append(b, 0)
		}
		text := v.Interface().(error).Error()
		return append(binary.AppendUvarint(append(b, 1), uint64(len(text))), text...)
	}
	panic("wire: a " + v.Type().String() + " has no form")
}

// appendMap appends a map, its entries in the order of their bytes.
func appendMap(b []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(b, 0)
	}
	entries := make([]string, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.Set(it.Key())
		value.Set(it.Value())
		entries = append(entries, string(appendValue(appendValue(nil, key), value)))
	}
	slices.Sort(entries)
	b = binary.AppendUvarint(b, uint64(len(entries))+1)
	for _, e := range entries {
		b = append(b, e...)
	}
	return b
}

var errShort = errors.New("the bytes end too soon")

// maxDepth bounds pointers within pointers.
const maxDepth = 100

type decoder struct {
	b   []byte
	err error
}

func (d *decoder) uvarint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.err = errShort
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) varint() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.err = errShort
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.err = errShort
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

// flag reads whether there is something.
func (d *decoder) flag() bool {
	b := d.bytes(1)
	return d.err == nil && b[0] != 0
}

func (d *decoder) value(v reflect.Value, depth int) {
	if depth > maxDepth {
		d.err = errors.New("too deep")
	}
	if d.err != nil {
		return
	}
	v = open(v)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(d.flag())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(d.varint())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(d.uvarint())
	case reflect.Float64, reflect.Float32:
		if b := d.bytes(8); d.err == nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case reflect.String:
		v.SetString(string(d.bytes(d.uvarint())))
	case reflect.Pointer:
		if d.flag() {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for _, i := range layoutOf(v.Type()).fields {
			d.value(v.Field(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			d.value(v.Index(i), depth+1)
		}
	case reflect.Slice:
		d.slice(v, depth)
	case reflect.Map:
		d.mapping(v, depth)
	case reflect.Interface:
		if v.Type() != errorType {
			d.err = fmt.Errorf("a %s has no form", v.Type())
		} else if d.flag() {
			v.Set(reflect.ValueOf(errors.New(string(d.bytes(d.uvarint())))))
		}
	default:
		d.err = fmt.Errorf("a %s has no form", v.Type())
	}
}

func (d *decoder) slice(v reflect.Value, depth int) {
	n := d.uvarint()
	if n == 0 || d.err != nil {
		return
	}
	n--
	elem := v.Type().Elem()
	if l := layoutOf(elem); l.flat && l.size > 0 {
		if n > uint64(len(d.b))/uint64(l.size) {
			d.err = errShort
			return
		}
		rows := d.bytes(n * uint64(l.size))
		if !l.check(rows) {
			d.err = errors.New("a byte that is neither true nor false")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), int(n), int(n)))
		copy(raw(v), rows)
		return
	}
	if n > uint64(len(d.b)) { // every element takes a byte or more
		d.err = errShort
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, int(min(n, 64))))
	for i := range int(n) { // room is made as they come: a length may lie
		v.Grow(1)
		v.SetLen(i + 1)
		v.Index(i).SetZero()
		d.value(v.Index(i), depth+1)
		if d.err != nil {
			return
		}
	}
}

func (d *decoder) mapping(v reflect.Value, depth int) {
	n := d.uvarint()
	if n == 0 || d.err != nil {
		return
	}
	n--
	if n > uint64(len(d.b)) {
		d.err = errShort
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		d.value(key, depth+1)
		d.value(value, depth+1)
		if d.err != nil {
			return
		}
		v.SetMapIndex(key, value)
	}
}
