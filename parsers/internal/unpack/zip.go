package unpack

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
)

// A Member is a file in a zip archive.
type Member struct {
	// Name is how people are told of the member: its name with what cannot be
	// printed, or is not UTF-8, escaped as in Go. Different members have
	// different names. It is not a path: nothing is ever opened by it.
	Name string
	// RawName is the name as the archive has it: any bytes, often CP932 where
	// Windows made the archive.
	RawName string
	// Err says why the member cannot be read: a *MemberError, or nil.
	Err error

	Stored   int64 // bytes in the archive
	Unpacked int64 // bytes, as the archive says
	Offset   int64 // of the stored bytes in the archive

	header  int64 // offset of what stands before them
	method  uint16
	flags   uint16
	sum     uint32
	regular bool
	lost    bool // it is not where header says
}

// A MemberError says why a member of a zip archive cannot be read, while
// others can.
type MemberError struct {
	Name   string // Member.Name
	Reason string
}

// Error says which member, and why.
func (e *MemberError) Error() string { return e.Name + " " + e.Reason }

const (
	entrySize   = 46      // bytes of an entry of the directory, without its name
	headerSize  = 30      // bytes before the stored bytes, without the name
	endSize     = 22      // bytes of the end of the directory, without a comment
	end64Size   = 56      // bytes of the same in a large archive
	locatorSize = 20      // bytes that say where that is
	maxName     = 1 << 10 // bytes of a name

	methodStore   = 0
	methodDeflate = 8
)

// methods are the names of the methods that cannot be read.
var methods = map[uint16]string{
	1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd",
}

// Members lists the files in the zip archive that is the first size bytes of
// f, in the order of their raw names. Left out are folders, what is not a
// regular file, and what no one put there to be read: names with a part that
// begins with a dot or is __MACOSX. A member that cannot be read says so in
// its Err; the others can. The archive as a whole is refused if its directory
// is damaged (a *DamageError) or has too many entries (a *LimitError).
func Members(f io.ReaderAt, size int64) ([]Member, error) {
	dir, err := findDirectory(f, size)
	if err != nil {
		return nil, err
	}
	all, err := dir.entries(f)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := all[i].locate(f, dir.offset); err != nil {
			return nil, err
		}
	}
	refuseOverlaps(all)
	refuseTwins(all)
	slices.SortFunc(all, func(a, b Member) int {
		return cmp.Or(strings.Compare(a.RawName, b.RawName), cmp.Compare(a.header, b.header))
	})
	return slices.DeleteFunc(all, func(m Member) bool { return m.hidden() }), nil
}

// OpenMember returns a Reader of the unpacked bytes of a member that Members
// found in f. It may be packed again. What is said of Open holds here, too;
// limits are those of the one member, and the stored bytes are its own.
func OpenMember(ctx context.Context, f io.ReaderAt, m Member, limits Limits) (*Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m.Err != nil {
		return nil, m.Err
	}
	return open(ctx, io.NewSectionReader(f, m.Offset, m.Stored), limits, func(k *stack) (*stream, error) {
		s := &stream{stack: k, format: Zip, kind: Zip, decoder: newBody(k.packed, &m)}
		return s.unwrap()
	})
}

// A directory is where an archive lists its members.
type directory struct {
	offset, size int64
	count        uint64
}

var errDirectory = errors.New("its list of members, which ends the file, is missing or damaged; it may be cut off")

func damagedZip() error { return &DamageError{Kind: Zip, Err: errDirectory} }

// findDirectory finds the directory by what ends it.
func findDirectory(f io.ReaderAt, size int64) (d directory, err error) {
	tail := make([]byte, min(max(size, 0), endSize+1<<16))
	start := size - int64(len(tail))
	if err := readAt(f, tail, start); err != nil {
		return d, err
	}
	at := lastEnd(tail)
	if at < 0 {
		return d, damagedZip()
	}
	end := tail[at:]
	d.count = uint64(binary.LittleEndian.Uint16(end[10:]))
	length, offset := uint64(binary.LittleEndian.Uint32(end[12:])), uint64(binary.LittleEndian.Uint32(end[16:]))
	parts := binary.LittleEndian.Uint16(end[4:])
	limit := start + int64(at)
	if d.count == 1<<16-1 || length == 1<<32-1 || offset == 1<<32-1 {
		end64, at, err := findEnd64(f, limit)
		if err != nil {
			return d, err
		}
		if end64 != nil {
			limit, parts = at, 0
			d.count = binary.LittleEndian.Uint64(end64[32:])
			length, offset = binary.LittleEndian.Uint64(end64[40:]), binary.LittleEndian.Uint64(end64[48:])
		}
	}
	switch {
	case parts != 0 && parts != 1<<16-1:
		return d, &UnsupportedError{Format: "zip (in several parts)"}
	case length > uint64(limit) || offset != uint64(limit)-length:
		return d, damagedZip()
	case d.count > maxMembers:
		return d, &LimitError{Cap: MemberCap, Limit: maxMembers}
	}
	d.offset, d.size = int64(offset), int64(length)
	return d, nil
}

// lastEnd returns where in the last bytes of a file the end of the directory
// stands, or -1. A comment may follow it, and hold what looks like one.
func lastEnd(tail []byte) int {
	for before := len(tail) - endSize + 4; before > 0; {
		at := bytes.LastIndex(tail[:before], []byte("PK\x05\x06"))
		if at < 0 || at+endSize+int(binary.LittleEndian.Uint16(tail[at+20:])) <= len(tail) {
			return at
		}
		before = at + 3
	}
	return -1
}

// findEnd64 returns the end of the directory of a large archive, and where it
// stands, given where the end of a small one does. There may be none.
func findEnd64(f io.ReaderAt, before int64) (end []byte, at int64, err error) {
	locator := make([]byte, locatorSize)
	if before < locatorSize {
		return nil, 0, nil
	}
	if err := readAt(f, locator, before-locatorSize); err != nil {
		return nil, 0, err
	}
	if string(locator[:4]) != "PK\x06\x07" {
		return nil, 0, nil
	}
	at = int64(binary.LittleEndian.Uint64(locator[8:]))
	if at < 0 || at > before-locatorSize-end64Size {
		return nil, 0, damagedZip()
	}
	end = make([]byte, end64Size)
	if err := readAt(f, end, at); err != nil {
		return nil, 0, err
	}
	if string(end[:4]) != "PK\x06\x06" {
		return nil, 0, damagedZip()
	}
	return end, at, nil
}

// readAt fills b. That the file is shorter than it was said to be is damage;
// other errors are the file's own.
func readAt(f io.ReaderAt, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == io.EOF || err == nil:
		return damagedZip()
	}
	return err
}

// entries reads the directory.
func (d directory) entries(f io.ReaderAt) ([]Member, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(f, d.offset, d.size), 1<<16)
	var all []Member
	var fixed [entrySize]byte
	buf := make([]byte, 1<<16)
	for range d.count {
		if err := readFull(r, fixed[:]); err != nil {
			return nil, err
		}
		le := binary.LittleEndian
		if string(fixed[:4]) != "PK\x01\x02" {
			return nil, damagedZip()
		}
		m := Member{
			flags: le.Uint16(fixed[8:]), method: le.Uint16(fixed[10:]), sum: le.Uint32(fixed[16:]),
			Stored: int64(le.Uint32(fixed[20:])), Unpacked: int64(le.Uint32(fixed[24:])),
			header: int64(le.Uint32(fixed[42:])),
		}
		name := make([]byte, le.Uint16(fixed[28:]))
		extra := buf[:le.Uint16(fixed[30:])]
		if err := cmp.Or(readFull(r, name), readFull(r, extra)); err != nil {
			return nil, err
		}
		m.RawName = string(name[:min(len(name), maxName)])
		m.Name = printable(m.RawName)
		m.large(extra)
		m.regular = regular(fixed[5], le.Uint32(fixed[38:]), name, m.Unpacked)
		m.judge(len(name))
		all = append(all, m)
		if err := readFull(r, buf[:le.Uint16(fixed[32:])]); err != nil { // a comment
			return nil, err
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return nil, cmp.Or(err, damagedZip())
	}
	return all, nil
}

// readFull is readAt for what is read in a row.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return damagedZip()
	}
	return err
}

// regular reports whether an entry is a file: not a folder, a link or a device.
// What its attributes mean depends on the system that made it. A folder that
// has text is a file that someone would rather not have read.
func regular(system byte, attributes uint32, name []byte, size int64) bool {
	const unix, mac, folder, unixFolder, unixFile = 3, 19, 0x10, 4, 8
	kind := attributes >> 28
	if system != unix && system != mac || kind == 0 {
		kind = unixFile
	}
	if attributes&folder != 0 || kind == unixFolder || bytes.HasSuffix(name, []byte("/")) {
		return size != 0
	}
	return kind == unixFile
}

// printable escapes a name as strconv.Quote does, but for the quotes.
func printable(name string) string {
	q := strconv.Quote(name)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

// hidden reports whether a member is none to be read.
func (m *Member) hidden() bool {
	if !m.regular {
		return true
	}
	for part := range strings.SplitSeq(m.RawName, "/") {
		if part == "__MACOSX" || strings.HasPrefix(part, ".") && part != "." && part != ".." {
			return true
		}
	}
	return false
}

// large takes from the extra fields what did not fit the entry.
func (m *Member) large(extra []byte) {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return
		}
		if id == 1 {
			field := extra[:size]
			for _, v := range []*int64{&m.Unpacked, &m.Stored, &m.header} {
				if *v == 1<<32-1 && len(field) >= 8 {
					*v, field = int64(binary.LittleEndian.Uint64(field)), field[8:]
				}
			}
			return
		}
		extra = extra[size:]
	}
}

// refuse notes why a member cannot be read, unless there is a reason already.
func (m *Member) refuse(reason string) {
	if m.Err == nil {
		m.Err = &MemberError{Name: m.Name, Reason: reason}
	}
}

// judge looks for reasons in the entry.
func (m *Member) judge(nameLen int) {
	const encrypted = 1 | 1<<6 | 1<<13
	switch {
	case nameLen > maxName:
		m.refuse(fmt.Sprintf("has a name of more than %d bytes: pack it again with a shorter one", maxName))
	case m.flags&encrypted != 0:
		m.refuse("is encrypted: unpack it with its password first")
	case m.method != methodStore && m.method != methodDeflate:
		m.refuse(fmt.Sprintf("is packed with %s, which cannot be read: unpack it first",
			cmp.Or(methods[m.method], fmt.Sprintf("method %d", m.method))))
	case m.method == methodStore && m.Stored != m.Unpacked:
		m.refuse("is damaged: it is stored as it is, but its two sizes differ")
	}
}

// locate finds the stored bytes of a member, which stand before the directory.
func (m *Member) locate(f io.ReaderAt, before int64) error {
	if m.lost = m.header < 0 || m.header > before-headerSize; m.lost {
		m.refuse(misplaced)
		return nil
	}
	var b [headerSize]byte
	if err := readAt(f, b[:], m.header); err != nil {
		return err
	}
	names := int64(binary.LittleEndian.Uint16(b[26:])) + int64(binary.LittleEndian.Uint16(b[28:]))
	m.Offset = m.header + headerSize + names
	if m.lost = string(b[:4]) != "PK\x03\x04" || m.Stored < 0 || m.Stored > before-m.Offset; m.lost {
		m.refuse(misplaced)
	}
	return nil
}

const misplaced = "is damaged: its bytes are not where the archive says"

// refuseOverlaps refuses members that share stored bytes. Honest archives have
// none; a small one that holds petabytes is made of them.
func refuseOverlaps(all []Member) {
	slices.SortFunc(all, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.header, b.header), strings.Compare(a.RawName, b.RawName))
	})
	const overlaps = "shares bytes with another member"
	last := -1 // the member that reaches furthest
	for i := range all {
		switch {
		case all[i].lost:
			continue
		case last >= 0 && all[i].header < all[last].Offset+all[last].Stored:
			all[i].refuse(overlaps)
			all[last].refuse(overlaps)
		}
		if last < 0 || all[i].Offset+all[i].Stored > all[last].Offset+all[last].Stored {
			last = i
		}
	}
}

// refuseTwins refuses members that have the same name.
func refuseTwins(all []Member) {
	seen := make(map[string]int, len(all))
	for i := range all {
		if all[i].hidden() {
			continue
		}
		if first, ok := seen[all[i].RawName]; ok {
			all[first].refuse("has the name of another member")
			all[i].refuse("has the name of another member")
			continue
		}
		seen[all[i].RawName] = i
	}
}

// A body delivers the bytes of a member, and checks them at their end.
type body struct {
	packed *bufio.Reader
	text   io.Reader
	size   int64 // as the archive says
	sum    uint32
	n      int64
	have   uint32
}

var (
	errBodyEnd  = errors.New("its compressed data ends before its stored bytes do")
	errBodySize = errors.New("it is not as long as the archive says")
	errBodySum  = errors.New("its checksum is wrong")
)

func newBody(packed *bufio.Reader, m *Member) *body {
	b := &body{packed: packed, text: packed, size: m.Unpacked, sum: m.sum}
	if m.method == methodDeflate {
		b.text = flate.NewReader(packed)
	}
	return b
}

// Read is io.Reader for the text of the member.
func (b *body) Read(p []byte) (n int, err error) {
	n, err = b.text.Read(p)
	b.n += int64(n)
	b.have = crc32.Update(b.have, crc32.IEEETable, p[:n])
	if err != io.EOF {
		return n, err
	}
	switch _, more := b.packed.ReadByte(); {
	case more == nil:
		err = errBodyEnd
	case more != io.EOF:
		err = more
	case b.n < b.size && b.text == b.packed:
		err = io.ErrUnexpectedEOF
	case b.n != b.size:
		err = errBodySize
	case b.have != b.sum:
		err = errBodySum
	}
	return n, err
}
