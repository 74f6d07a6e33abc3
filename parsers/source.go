package parsers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/text"
	"github.com/paytriage/paytriage/parsers/internal/unpack"
	"github.com/paytriage/paytriage/parsers/parquet"
	"github.com/paytriage/paytriage/parsers/profile"
)

// A source is one input while it is read, and afterwards what is needed to
// read parts of it again.
type source struct {
	input  Input
	named  string // of the input, where that is an archive
	info   event.Source
	member *unpack.Member // of an archive, or nil
	stored *archive       // that archive
	limits unpack.Limits
	format Format
	cols   *columns // of delimited text, once the header is read
	marks  []*mark
	stat   fs.FileInfo // of the file before it was read
	body   int64       // offset of the first record
	noLog  error       // why it is no log at all, if it is none

	parquet     bool
	wanted      []string // columns of a Parquet file, nil for all
	cardKey     []byte
	encoding    text.Encoding
	encodingWhy string
}

// An archive is what its members have in common: they are read each by itself,
// but the file they are in is hashed once.
type archive struct {
	once sync.Once
	sum  [sha256.Size]byte
	err  error
}

// hash hashes the file of t once. That it cannot be read is told to everyone, and
// there is no hash of a part.
func (a *archive) hash(t *tap) ([sha256.Size]byte, error) {
	a.once.Do(func() {
		if _, a.err = io.Copy(io.Discard, t); a.err == nil {
			t.sum.Sum(a.sum[:0])
		}
	})
	return a.sum, a.err
}

// ready reports whether records can be read: the header, if there is one, was.
func (s *source) ready() bool { return s.cols != nil || !s.format.headed() }

// rawText returns a record as it is shown. Where the profile says that some
// field holds card numbers, a token stands for whatever looks like one in all of it.
func (s *source) rawText(raw []byte) string {
	if s.format.Profile == nil || !s.format.Profile.Cards() {
		return string(raw)
	}
	return string(profile.HideCards(raw, s.cardKey))
}

// direct reports whether the bytes to parse are those of the file, so that any
// of them can be read again by itself.
func (s *source) direct() bool {
	return s.member == nil && !s.parquet && s.info.Compression == unpack.Plain && s.encoding == text.UTF8
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
func (s *source) open() (logFile, error) {
	switch in := &s.input; {
	case in.content != nil:
		return in.broughtFile(), nil
	case in.remote != nil:
		return in.remote.open(in.Name)
	case in.spool != nil:
		f, err := in.spool.open()
		if err != nil {
			return nil, &InputError{in.Name, reason(err), "run again"}
		}
		return f, nil
	}
	// Asked first: to open a pipe that nobody writes to would wait for ever.
	info, err := os.Stat(s.input.Path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &InputError{s.input.Name, "is not a regular file", "give a file, a folder, a pattern or - for standard input"}
	}
	f, err := os.Open(s.input.Path)
	if err != nil {
		return nil, &InputError{s.input.Name, reason(err), "make it readable, or leave it out"}
	}
	return f, nil
}

// stream returns the text to parse. All stored bytes go through t, or will when
// it is read to its end.
func (s *source) stream(ctx context.Context, t *tap) (io.ReadCloser, error) {
	r, err := s.raw(ctx, t)
	if err != nil {
		return nil, err
	}
	if s.encoding != text.UTF8 {
		return decoded{text.NewReader(r, s.encoding), r}, nil
	}
	if s.format.Syntax.isJSON() {
		return decoded{&unmarked{r: r}, r}, nil
	}
	return r, nil
}

// decoded is text that is made of what another reader gives.
type decoded struct {
	io.Reader
	io.Closer
}

// unmarked puts blanks in the place of a byte order mark, so that offsets stay.
type unmarked struct {
	r     io.Reader
	begun bool
}

func (u *unmarked) Read(b []byte) (int, error) {
	if u.begun || len(b) < len(bom) {
		u.begun = true
		return u.r.Read(b)
	}
	u.begun = true
	n, err := io.ReadAtLeast(u.r, b, len(bom))
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if bytes.HasPrefix(b[:n], bom) {
		copy(b, "   ")
	}
	return n, err
}

// raw returns the unpacked bytes of a source.
func (s *source) raw(ctx context.Context, t *tap) (io.ReadCloser, error) {
	switch {
	case s.parquet:
		r, err := parquet.Open(ctx, t.f, s.stat.Size(), s.wanted, parquet.Options{Limits: parquet.Limits{MaxUnpacked: s.limits.MaxUnpacked}})
		return r, s.unusable(ctx, err)
	case s.member != nil:
		u, err := unpack.OpenMember(ctx, t.f, *s.member, s.limits)
		if err == nil {
			s.info.Compression = u.Kind()
		}
		return u, s.unusable(ctx, err)
	}
	packed, err := unpack.Packed(t.f)
	if err == nil && !packed {
		s.info.Compression = unpack.Plain
		return io.NopCloser(t), nil // nearly every large file is read so, without a copy
	}
	u, err := unpack.Open(ctx, t, s.limits)
	if err == nil {
		s.info.Compression = u.Kind()
	}
	return u, s.unusable(ctx, err)
}

// unusable says what is wrong with a source that cannot be unpacked.
func (s *source) unusable(ctx context.Context, err error) error {
	var other *unpack.UnsupportedError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &other):
		return &InputError{s.input.Name, other.Format + " files cannot be read", "unpack it first"}
	}
	return &InputError{s.input.Name, reason(err), "make it readable, or leave it out"}
}

// A tap passes the bytes of a file on, hashing and counting them, until the
// context ends.
type tap struct {
	ctx      context.Context
	f        logFile
	sum      hash.Hash   // or nil
	progress func(int64) // or nil
}

func (t *tap) Read(b []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := t.f.Read(b)
	if t.sum != nil {
		t.sum.Write(b[:n])
	}
	if t.progress != nil {
		t.progress(int64(n))
	}
	return n, err
}

// begin notes what the file is before it is read.
func (s *source) begin(f logFile) error {
	info, err := f.Stat()
	if err != nil {
		return &InputError{s.input.Name, reason(err), "make it readable, or leave it out"}
	}
	s.stat, s.info.Bytes = info, info.Size()
	return nil
}

// changed returns an error if the file is not the one that was read.
func (s *source) changed(f logFile) error {
	info, err := f.Stat()
	if err == nil && sameFile(info, s.stat) {
		return nil
	}
	return &InputError{s.input.Name, "changed while it was read", "run again when nothing writes to it any more"}
}

// finish completes what is known of the file once it is read to its end. A
// file that grew meanwhile was not read whole.
func (s *source) finish(t *tap) error {
	// A packed file may have bytes behind its last member; they are hashed too.
	whole := s.stored
	if whole == nil {
		whole = new(archive)
	}
	var err error
	s.info.SHA256, err = whole.hash(t)
	if t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	if err != nil && s.info.Trouble == "" {
		s.info.Trouble = reason(err)
	}
	return s.changed(t.f)
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

// firstLine is the number of the first line. Rows of a Parquet file are counted
// from 1 and have a header before them that is ours.
func (s *source) firstLine() int64 {
	if s.parquet {
		return 0
	}
	return 1
}

// count adds up the lines of all blocks, so that each mark knows its line.
func (s *source) count() {
	line := s.firstLine()
	for _, m := range s.marks {
		m.line = line
		line += m.lines
	}
}
