package gen

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// spillBytes is how much text of one output a worker holds before it writes a
// sorted run to disk. With two workers and two large outputs the process stays
// at about 250 MB, however many rows there are.
const spillBytes = 24 << 20

// A head says where a row belongs: rows are written in the order of key, then
// tie, and no two rows of an output have both alike.
type head struct {
	key, tie uint64
	off, n   uint32 // of the text
}

func compareHeads(a, b head) int {
	if c := cmp.Compare(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Compare(a.tie, b.tie)
}

// A shard is one worker's part of one output: rows in memory, and sorted runs
// of earlier rows on disk.
type shard struct {
	heads []head
	text  []byte
	file  *os.File
	size  int64
	runs  []diskRun
}

// A diskRun is a stretch of a shard's file with sorted rows.
type diskRun struct{ off, size int64 }

// diskHead is the length of key, tie and text length before a row on disk.
const diskHead = 20

// spill writes all rows as a sorted run to the shard's file, and forgets them.
func (s *shard) spill(dir string) error {
	if s.file == nil {
		f, err := os.CreateTemp(dir, "paytriage-*.spill") // mode 0600
		if err != nil {
			return err
		}
		s.file = f
		// Where the system allows it the name goes at once, so that even a
		// killed process leaves nothing; elsewhere close removes it.
		_ = os.Remove(f.Name())
	}
	slices.SortFunc(s.heads, compareHeads)
	w := bufio.NewWriterSize(s.file, 1<<18)
	var fixed [diskHead]byte
	written := int64(0)
	for _, h := range s.heads {
		binary.LittleEndian.PutUint64(fixed[0:], h.key)
		binary.LittleEndian.PutUint64(fixed[8:], h.tie)
		binary.LittleEndian.PutUint32(fixed[16:], h.n)
		// A bufio.Writer keeps its first error for Flush.
		_, _ = w.Write(fixed[:])
		_, _ = w.Write(s.text[h.off : h.off+h.n])
		written += diskHead + int64(h.n)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	s.runs = append(s.runs, diskRun{s.size, written})
	s.size += written
	s.heads, s.text = s.heads[:0], s.text[:0]
	return nil
}

// close gives the disk back. It may be called more than once.
func (s *shard) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
}

// A cursor walks over one sorted run. Its text is valid until the next call of
// next.
type cursor struct {
	key, tie uint64
	text     []byte

	heads []head // of a run in memory
	all   []byte
	disk  *bufio.Reader // of a run on disk
	fixed [diskHead]byte
	buf   []byte
}

func (c *cursor) next() (ok bool, err error) {
	if c.disk == nil {
		if len(c.heads) == 0 {
			return false, nil
		}
		h := c.heads[0]
		c.heads = c.heads[1:]
		c.key, c.tie, c.text = h.key, h.tie, c.all[h.off:h.off+h.n]
		return true, nil
	}
	fixed := c.fixed[:]
	if _, err := io.ReadFull(c.disk, fixed); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, fmt.Errorf("read spilled rows: %w", err)
	}
	c.key = binary.LittleEndian.Uint64(fixed[0:])
	c.tie = binary.LittleEndian.Uint64(fixed[8:])
	n := int(binary.LittleEndian.Uint32(fixed[16:]))
	c.buf = slices.Grow(c.buf[:0], n)[:n]
	if _, err := io.ReadFull(c.disk, c.buf); err != nil {
		return false, fmt.Errorf("read spilled rows: %w", err)
	}
	c.text = c.buf
	return true, nil
}

func (c *cursor) before(d *cursor) bool {
	return c.key < d.key || c.key == d.key && c.tie < d.tie
}

// cursors opens all runs of some shards of one output.
func cursors(shards []*shard) []*cursor {
	count := 0
	for _, s := range shards {
		count += len(s.runs)
	}
	size := min(max(64<<20/max(count, 1), 4<<10), 1<<18)
	var all []*cursor
	for _, s := range shards {
		all = append(all, &cursor{heads: s.heads, all: s.text})
		for _, r := range s.runs {
			section := io.NewSectionReader(s.file, r.off, r.size)
			all = append(all, &cursor{disk: bufio.NewReaderSize(section, size)})
		}
	}
	return all
}

// merge writes the rows of all shards in order. The heads in memory must be
// sorted.
func merge(ctx context.Context, w io.Writer, shards []*shard, progress func(rows int64)) error {
	var heap []*cursor
	for _, c := range cursors(shards) {
		ok, err := c.next()
		if err != nil {
			return err
		}
		if ok {
			heap = append(heap, c)
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		sink(heap, i)
	}
	for rows := int64(1); len(heap) > 0; rows++ {
		top := heap[0]
		if _, err := w.Write(top.text); err != nil {
			return err
		}
		ok, err := top.next()
		if err != nil {
			return err
		}
		if !ok {
			heap[0] = heap[len(heap)-1]
			heap = heap[:len(heap)-1]
		}
		if len(heap) > 0 {
			sink(heap, 0)
		}
		if rows%(1<<14) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(1 << 14)
		}
	}
	return nil
}

// sink restores the order of a heap whose element i may be too large.
func sink(heap []*cursor, i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
			if heap[child].before(heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}
