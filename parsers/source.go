package parsers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/unpack"
)

// A source is one input while it is read, and afterwards what is needed to
// read parts of it again.
type source struct {
	input Input
	info  event.Source
	cols  *columns
	marks []*mark
	size  int64
	mtime time.Time
	body  int64 // offset of the first record behind the header
}

// A mark remembers where a block began, so that any row can be found again and
// its line told. Lines of one block are counted by whoever parses it.
type mark struct {
	offset int64
	length int64    // with what was skipped
	line   int64    // of its first byte, from 1; known once all blocks are counted
	lines  int64    // line ends in the block
	pieces []uint16 // line ends in each pieceSize bytes of the block
}

// pieceSize is how much has to be read again to tell the line of a row.
const pieceSize = 4 << 10

// count counts the lines of the block.
func (m *mark) count(data []byte) {
	m.pieces = make([]uint16, 0, len(data)/pieceSize+1)
	for len(data) > 0 {
		n := min(pieceSize, len(data))
		c := bytes.Count(data[:n], newline)
		m.pieces = append(m.pieces, uint16(c))
		m.lines += int64(c)
		data = data[n:]
	}
}

var newline = []byte{'\n'}

// lineAt returns the line of the byte at offset n of the block, given the bytes
// of its piece before it.
func (m *mark) lineAt(n int64, before []byte) int64 {
	line := m.line + int64(bytes.Count(before, newline))
	for _, c := range m.pieces[:n/pieceSize] {
		line += int64(c)
	}
	return line
}

// open opens the stored bytes of a source.
func (s *source) open() (*os.File, error) {
	f, err := os.Open(s.input.Path)
	if err != nil {
		return nil, &InputError{s.input.Name, reason(err), "make it readable, or leave it out"}
	}
	return f, nil
}

// unpacked returns the bytes to parse, and remembers how they were packed.
// What is read of f also goes to sum, when that is not nil.
func (s *source) unpacked(ctx context.Context, f *os.File, sum hash.Hash, progress func(int64)) (io.ReadCloser, error) {
	// What a file is packed with is found out on the file itself, so that a
	// plain one, which is nearly every large one, is then read without a copy.
	u, err := unpack.Open(ctx, f, unpack.Limits{})
	if err == nil && u.Kind() == unpack.Plain {
		u.Close()
		_, err = f.Seek(0, io.SeekStart)
		if err == nil {
			return io.NopCloser(&tap{r: f, sum: sum, progress: progress}), nil
		}
	}
	if err == nil {
		u.Close()
		if _, err = f.Seek(0, io.SeekStart); err == nil {
			u, err = unpack.Open(ctx, &tap{r: f, sum: sum, progress: progress}, unpack.Limits{})
		}
	}
	if err != nil {
		return nil, &InputError{s.input.Name, reason(err), "unpack it first"}
	}
	s.info.Compression = u.Kind()
	return u, nil
}

// A tap passes bytes on, hashing and counting them.
type tap struct {
	r        io.Reader
	sum      hash.Hash
	progress func(int64)
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	if t.sum != nil {
		t.sum.Write(b[:n])
	}
	if t.progress != nil {
		t.progress(int64(n))
	}
	return n, err
}

// begin notes what the file is before it is read.
func (s *source) begin(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return &InputError{s.input.Name, reason(err), "make it readable, or leave it out"}
	}
	if !info.Mode().IsRegular() {
		return &InputError{s.input.Name, "is not a regular file", "give a file, a folder, a pattern or - for standard input"}
	}
	s.size, s.mtime = info.Size(), info.ModTime()
	s.info.Bytes = info.Size()
	return nil
}

// changed returns an error if the file is not the one that was read.
func (s *source) changed(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.Size() == s.size && info.ModTime().Equal(s.mtime) {
		return nil
	}
	return &InputError{s.input.Name, "changed while it was read", "run again when nothing writes to it any more"}
}

// finish completes what is known of the file once it is read to its end. A
// file that grew meanwhile was not read whole.
func (s *source) finish(f *os.File, sum hash.Hash, rest io.Reader) error {
	// A packed file may have bytes behind its last member; they are hashed too.
	if _, err := io.Copy(io.Discard, rest); err != nil && s.info.Trouble == "" {
		s.info.Trouble = reason(err)
	}
	sum.Sum(s.info.SHA256[:0])
	return s.changed(f)
}

// trouble notes that a source could not be read to its end. Its rows before
// that stay.
func (s *source) trouble(err error) {
	var damage *unpack.DamageError
	if errors.As(err, &damage) {
		s.info.Trouble = damage.Error()
		return
	}
	s.info.Trouble = fmt.Sprintf("not read beyond byte %d: %s", s.info.Unpacked, reason(err))
}

// count adds up the lines of all blocks, so that each mark knows its line.
func (s *source) count() {
	line := int64(1)
	for _, m := range s.marks {
		m.line = line
		line += m.lines
	}
}

// sourceHash returns the hash that names a source's content.
func sourceHash() hash.Hash { return sha256.New() }
