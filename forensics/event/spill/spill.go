// Package spill holds the rows of a run: in memory as far as the budget goes,
// in temporary files beyond it. What is read back is the same either way.
//
// Memory is handed out in blocks of 4 KiB, which are used again when they are
// given back: fresh pages cost more than the work done in them. A worker is an
// Owner; its rows lie on Shelves, each a list of blocks for every partition.
// When all owners together hold more than the budget, the one that asks for
// another block moves its fullest shelf to its file.
//
// The budget is for rows. It is kept to within a thirty-second part for each
// owner, which may hold that much whatever the others do: files made of single
// blocks would cost more than the memory.
//
// Temporary files are readable for their owner alone. Where the system allows
// it they lose their name as soon as they are open, so that nothing is left of
// them when the program ends, however it ends; where not, Close removes them,
// and Sweep those of a run that was killed. Their names tell nothing.
package spill

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// BlockSize is how many bytes a block holds beside its header.
const BlockSize = 4096 - headerSize

const headerSize = 8

// A Block is a piece of memory. It is aligned for rows of whole numbers.
type Block struct {
	used uint64 // bytes, set when the block is full or read
	data [BlockSize / 8]uint64
}

// Bytes returns what was put into a block. Its capacity is all of the block.
func (b *Block) Bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&b.data)), BlockSize)[:b.used]
}

// Prefetch asks for the beginning of a block that is read soon.
func (b *Block) Prefetch() { prefetch(uintptr(unsafe.Pointer(b))) }

// A Memory is what a run may hold. It may be used by several goroutines.
type Memory struct {
	limit int64 // blocks, 0 for any number
	dir   string
	used  atomic.Int64
	moved atomic.Int64 // bytes that were written to files

	mu    sync.Mutex
	slabs *slabs
	free  []*Block
	files []*os.File
	names []string // of files that could not lose theirs
}

// New returns a Memory of so many bytes, 0 for any number, that puts what is
// more into files of dir, "" for the system's folder of temporary files.
func New(bytes int64, dir string) *Memory {
	m := &Memory{dir: dir, slabs: &slabs{}}
	runtime.AddCleanup(m, (*slabs).release, m.slabs)
	if bytes > 0 {
		m.limit = max(bytes/int64(unsafe.Sizeof(Block{})), 64)
	}
	return m
}

// Limit returns the budget in bytes, 0 for any number.
func (m *Memory) Limit() int64 { return m.limit * int64(unsafe.Sizeof(Block{})) }

// Spilled returns how many bytes were written to temporary files.
func (m *Memory) Spilled() int64 { return m.moved.Load() }

// Close gives back files. What lies in them can no longer be read.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	for _, f := range m.files {
		err = errors.Join(err, f.Close())
	}
	for _, name := range m.names {
		err = errors.Join(err, os.Remove(name))
	}
	m.files, m.names, m.free = nil, nil, nil
	return err
}

// remove gives back one file, nil for none.
func (m *Memory) remove(f *os.File) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.Index(m.files, f)
	if f == nil || i < 0 {
		return nil
	}
	m.files = slices.Delete(m.files, i, i+1)
	err := f.Close()
	if n := slices.Index(m.names, f.Name()); n >= 0 {
		m.names = slices.Delete(m.names, n, n+1)
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// prefix begins the names of temporary files.
const prefix = "paytriage-spill-"

// create makes a temporary file.
func (m *Memory) create() (*os.File, error) {
	f, err := os.CreateTemp(m.dir, prefix+"*") // mode 0600
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files = append(m.files, f)
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.names = append(m.names, f.Name())
	}
	return f, nil
}

// Sweep removes temporary files in dir that a run left which was killed between
// making them and taking their names away, or on a system where an open file
// keeps its name. Files that are in use there cannot be removed.
func Sweep(dir string) {
	if dir == "" {
		dir = os.TempDir()
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // it is said where the folder is used
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && e.Type().IsRegular() {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// slab is how many blocks are made at once.
const slab = 1024

// slabs are what blocks are cut from. They lie outside the heap where the system
// can give such memory: the collector would count them, and let garbage grow in
// proportion. They are given back when nothing refers to the Memory any more.
type slabs struct{ all [][]byte }

func (s *slabs) more() []Block {
	if b := pages(slab * int(unsafe.Sizeof(Block{}))); b != nil {
		s.all = append(s.all, b)
		return unsafe.Slice((*Block)(unsafe.Pointer(unsafe.SliceData(b))), slab)
	}
	return make([]Block, slab)
}

func (s *slabs) release() {
	for _, b := range s.all {
		release(b)
	}
	s.all = nil
}

// take hands out up to n blocks.
func (m *Memory) take(dst []*Block, n int) []*Block {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < n {
		blocks := m.slabs.more()
		for i := range blocks {
			m.free = append(m.free, &blocks[len(blocks)-1-i])
		}
	}
	at := len(m.free) - min(n, len(m.free))
	dst = append(dst, m.free[at:]...)
	m.free = m.free[:at]
	return dst
}

// Shrink gives memory that no rows lie in back to the system. It may be used again.
func (m *Memory) Shrink() {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := func(b *Block) uintptr { return uintptr(unsafe.Pointer(b)) }
	slices.SortFunc(m.free, func(a, b *Block) int { return cmp.Compare(at(a), at(b)) })
	size := unsafe.Sizeof(Block{})
	for _, s := range m.slabs.all {
		base := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
		first, _ := slices.BinarySearchFunc(m.free, base, func(b *Block, base uintptr) int { return cmp.Compare(at(b), base) })
		for i := first; i < len(m.free) && at(m.free[i])-base < uintptr(len(s)); {
			from := at(m.free[i]) - base
			to := from
			for ; i < len(m.free) && at(m.free[i]) == base+to && to < uintptr(len(s)); i++ {
				to += size
			}
			forget(s[from:to])
		}
	}
}

// give takes blocks back.
func (m *Memory) give(blocks []*Block) {
	m.used.Add(-int64(len(blocks)))
	m.mu.Lock()
	m.free = append(m.free, blocks...)
	m.mu.Unlock()
}

// An Owner is one worker's share of a Memory. One goroutine at a time may put
// something on its shelves; any number may read them afterwards.
type Owner struct {
	m       *Memory
	shelves []*Shelf
	ready   []*Block // not in use
	f       *os.File
	end     int64 // of the file
	err     error
	trash   Block // what is written after an error
}

// NewOwner returns an Owner that holds nothing.
func (m *Memory) NewOwner() *Owner { return &Owner{m: m} }

// Err returns why rows could not be kept: then some are missing.
func (o *Owner) Err() error { return o.err }

// NewShelf returns a Shelf with so many lists.
func (o *Owner) NewShelf(lists int) *Shelf {
	s := &Shelf{owner: o, tails: make([]tail, lists), lists: make([]list, lists)}
	for i := range s.tails {
		s.tails[i].at = BlockSize // full: the first row asks for a block
	}
	o.shelves = append(o.shelves, s)
	return s
}

// Seal makes what was kept ready to be read.
func (o *Owner) Seal() error {
	for _, s := range o.shelves {
		for i := range s.tails {
			s.tails[i].seal()
		}
	}
	return o.err
}

// Close forgets all that is on the owner's shelves, and its file.
func (o *Owner) Close() error {
	for _, s := range o.shelves {
		for i := range s.lists {
			s.Drop(i)
		}
	}
	o.m.mu.Lock()
	o.m.free = append(o.m.free, o.ready...)
	o.m.mu.Unlock()
	o.m.used.Add(-int64(len(o.ready)))
	o.shelves, o.ready = nil, nil
	return o.m.remove(o.f)
}

// A Shelf holds lists of blocks.
type Shelf struct {
	owner *Owner
	tails []tail
	lists []list
	held  int64 // blocks in memory
}

// A tail is the block of a list that is being filled, and how many bytes of it
// are in use. Tails lie side by side, since every row that is kept needs one.
type tail struct {
	data unsafe.Pointer // of last; reading it there would fetch the block's header
	at   int
	last *Block
}

// A list is the rows of one partition: first those in the file, then those in
// memory.
type list struct {
	blocks []*Block
	filed  []extent
}

// An extent is a run of blocks in a file.
type extent struct {
	at     int64
	blocks int64
}

// Room returns n bytes at the end of a list, aligned to 8 if all that was kept
// is. They are kept when Keep says so.
func (s *Shelf) Room(i, n int) []byte {
	t := &s.tails[i]
	if t.at+n > BlockSize {
		s.grow(i)
	}
	return unsafe.Slice((*byte)(unsafe.Add(t.data, t.at)), n)
}

// Fresh reports whether Room for n bytes of a list is the start of a block.
func (s *Shelf) Fresh(i, n int) bool { return s.tails[i].at == 0 || s.tails[i].at+n > BlockSize }

// Row returns n bytes at the end of a list that are kept.
func (s *Shelf) Row(i, n int) unsafe.Pointer {
	t := &s.tails[i]
	if t.at+n > BlockSize {
		s.grow(i)
	}
	row := unsafe.Add(t.data, t.at)
	t.at += n
	// The list is met again when rows of all others came between, and the memory
	// of its next row is in no cache by itself, but for the line that this one
	// ends in.
	if t.at&^63 != (t.at-n)&^63 {
		prefetch(uintptr(row) + uintptr(n) + 64)
	}
	return row
}

// Keep keeps the first n bytes of what Room returned last for the list.
func (s *Shelf) Keep(i, n int) { s.tails[i].at += n }

// grow gives a list another block.
func (s *Shelf) grow(i int) {
	t := &s.tails[i]
	t.seal()
	b := s.owner.block() // which may move the shelf to the file
	if b != &s.owner.trash {
		s.lists[i].blocks = append(s.lists[i].blocks, b)
		s.held++
	}
	// Not &b.data: to see whether b is nil the page would be read, and mapped
	// twice, once to be read and once to be written.
	t.last, t.data, t.at = b, unsafe.Add(unsafe.Pointer(b), headerSize), 0
}

// seal notes how much of the last block is in use.
func (t *tail) seal() {
	if t.last != nil {
		t.last.used = uint64(t.at)
	}
}

// batch is how many blocks an owner asks for at once.
const batch = 16

// block returns a block for one of the owner's lists.
func (o *Owner) block() *Block {
	if o.err != nil {
		return &o.trash
	}
	if len(o.ready) == 0 {
		if used := o.m.used.Add(batch); o.m.limit > 0 && used > o.m.limit {
			o.spill()
			if o.err != nil {
				return &o.trash
			}
		}
		o.ready = o.m.take(o.ready, batch)
	}
	b := o.ready[len(o.ready)-1]
	o.ready = o.ready[:len(o.ready)-1]
	return b
}

// spill moves the fullest shelf of the owner to its file, if that is worth it.
func (o *Owner) spill() {
	var full *Shelf
	for _, s := range o.shelves {
		if full == nil || s.held > full.held {
			full = s
		}
	}
	if full != nil && full.held >= max(o.m.limit/32, 16) {
		o.err = full.spill()
	}
}

// spill moves all blocks of a shelf to its owner's file.
func (s *Shelf) spill() error {
	o := s.owner
	if o.f == nil {
		f, err := o.m.create()
		if err != nil {
			return fmt.Errorf("the memory is used up, and a temporary file cannot be made: %w", err)
		}
		o.f = f
	}
	w := &writer{f: o.f, at: o.end}
	for i := range s.lists {
		l := &s.lists[i]
		s.tails[i].seal()
		if len(l.blocks) == 0 {
			continue
		}
		l.filed = append(l.filed, extent{w.at + int64(len(w.buf)), int64(len(l.blocks))})
		for _, b := range l.blocks {
			w.block(b)
		}
	}
	if err := w.flush(); err != nil {
		return fmt.Errorf("the memory is used up, and a temporary file cannot be written: %w", err)
	}
	o.m.moved.Add(w.at - o.end)
	o.end = w.at
	for i := range s.lists {
		s.drop(i)
	}
	return nil
}

// A writer collects blocks for a file.
type writer struct {
	f   *os.File
	at  int64 // of buf in the file
	buf []byte
	err error
}

func (w *writer) block(b *Block) {
	w.buf = append(w.buf, raw(b)...)
	if len(w.buf) >= 1<<20 {
		w.flush()
	}
}

func (w *writer) flush() error {
	if w.err == nil {
		var n int
		n, w.err = w.f.WriteAt(w.buf, w.at)
		w.at += int64(n)
	}
	w.buf = w.buf[:0]
	return w.err
}

// raw returns a block as it stands in a file.
func raw(b *Block) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(b)), unsafe.Sizeof(*b))
}

// drop gives back the blocks of a list that are in memory.
func (s *Shelf) drop(i int) {
	l := &s.lists[i]
	if len(l.blocks) > 0 {
		s.owner.m.give(l.blocks)
		s.held -= int64(len(l.blocks))
	}
	l.blocks = l.blocks[:0]
	s.tails[i] = tail{at: BlockSize}
}

// A Buffer is where blocks are read to that lie in files. It is used again and
// again by one goroutine.
type Buffer struct {
	blocks []*Block
	read   []Block
}

// Blocks returns the blocks of a list in the order in which they were filled.
// They may be read until the buffer is used again, or the list is dropped. The
// owner must have sealed what it wrote.
func (s *Shelf) Blocks(i int, buf *Buffer) ([]*Block, error) {
	buf.blocks = buf.blocks[:0]
	return s.append(i, buf, 0)
}

// append appends the blocks of a list to those in buf; of its room, the first
// blocks up to from are in use.
func (s *Shelf) append(i int, buf *Buffer, from int) ([]*Block, error) {
	l := &s.lists[i]
	var filed int64
	for _, e := range l.filed {
		filed += e.blocks
	}
	if need := from + int(filed); need > len(buf.read) {
		more := make([]Block, need+need/4)
		buf.read = more // what was handed out before stays where it is
	}
	for _, e := range l.filed {
		room := buf.read[from : from+int(e.blocks)]
		b := unsafe.Slice((*byte)(unsafe.Pointer(&room[0])), int(e.blocks)*int(unsafe.Sizeof(room[0])))
		if _, err := s.owner.f.ReadAt(b, e.at); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("a temporary file cannot be read back: %w", err)
		}
		for k := range room {
			if room[k].used > BlockSize {
				return nil, errors.New("a temporary file is not what was written to it")
			}
			buf.blocks = append(buf.blocks, &room[k])
		}
		from += int(e.blocks)
	}
	buf.blocks = append(buf.blocks, l.blocks...)
	return buf.blocks, nil
}

// All returns the blocks of one list of several shelves, one shelf after the
// other.
func All(shelves []*Shelf, i int, buf *Buffer) ([]*Block, error) {
	buf.blocks = buf.blocks[:0]
	from := 0
	for _, s := range shelves {
		if _, err := s.append(i, buf, from); err != nil {
			return nil, err
		}
		for _, e := range s.lists[i].filed {
			from += int(e.blocks)
		}
	}
	return buf.blocks, nil
}

// Drop forgets a list. Different lists may be dropped by different goroutines
// at once.
func (s *Shelf) Drop(i int) {
	l := &s.lists[i]
	if len(l.blocks) > 0 {
		s.owner.m.give(l.blocks)
	}
	*l, s.tails[i] = list{}, tail{at: BlockSize}
}
