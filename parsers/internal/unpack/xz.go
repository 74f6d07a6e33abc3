package unpack

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

const (
	xzMagic  = "\xfd7zXZ\x00"
	xzHeader = 12 // bytes of the header of a stream, and of its footer
)

var (
	errXZHeader = errors.New("the header of a stream is damaged")
	errXZBlock  = errors.New("the header of a block is damaged")
	errXZSize   = errors.New("a block is not as long as its header says")
	errXZSum    = errors.New("the checksum of a block is wrong")
	errXZIndex  = errors.New("the index of a stream does not fit its blocks")
	errXZFooter = errors.New("the footer of a stream is damaged")

	errXZFilter = &UnsupportedError{Format: "xz (filtered)"}
	errXZCheck  = &UnsupportedError{Format: "xz (unknown checksum)"}
	errXZWindow = &LimitError{Cap: WindowCap, Limit: maxWindow}
)

// An xzFile reads the streams of an xz file one after the other. Zeros behind
// a stream are padding. Text is delivered as it is decoded; its checksum comes
// only after a block, which may be the whole file.
//
// The decoder of github.com/ulikunitz/xz, which the tests compare with, would
// not do: it takes a file that is cut off behind a header for a whole one,
// keeps back up to 2 MiB of good text when what follows is damaged, and takes
// the memory of a dictionary anew for each block, however small.
type xzFile struct {
	in    *bufio.Reader
	step  func() error // what comes next
	err   error
	begun bool // there was a stream

	flags  [2]byte   // of the stream
	check  hash.Hash // of the block, or nil
	block  xzBlock
	chunks lzma2
	count  uint64 // blocks of the stream
	sizes  uint64 // a sum over their sizes

	index    uint32 // checksum of the index so far
	indexLen int64
}

// An xzBlock is what is known of a block.
type xzBlock struct {
	header int64  // stored bytes of its header
	stored uint64 // as the header says, if it does
	text   uint64
	has    byte // the flags that tell
	length uint64
}

const (
	hasStored = 0x40
	hasText   = 0x80
)

func newXZ(in *bufio.Reader) *xzFile {
	x := &xzFile{in: in}
	x.chunks.in = in
	x.step = x.stream
	return x
}

// Read is io.Reader for the text of all streams.
func (x *xzFile) Read(p []byte) (n int, err error) {
	for {
		if n := x.chunks.deliver(p); n > 0 {
			if x.check != nil {
				x.check.Write(p[:n])
			}
			x.block.length += uint64(n)
			return n, nil
		}
		if x.err != nil {
			return 0, x.err
		}
		x.err = x.step()
	}
}

// full fills b. The end of the source is unexpected.
func (x *xzFile) full(b []byte) error {
	_, err := io.ReadFull(x.in, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// stream reads the header of a stream. It returns io.EOF if there is none.
func (x *xzFile) stream() error {
	head, err := x.in.Peek(4)
	switch {
	case len(head) == 0:
		return err
	case x.begun && head[0] == 0:
		return x.padding()
	}
	var b [xzHeader]byte
	n, err := io.ReadFull(x.in, b[:])
	switch {
	case string(b[:min(n, len(xzMagic))]) != xzMagic[:min(n, len(xzMagic))]:
		return errGarbage
	case err != nil:
		return err
	case crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]):
		return errXZHeader
	case b[6] != 0 || b[7] > 0x0f:
		return errXZCheck
	}
	x.flags, x.begun, x.count, x.sizes, x.step = [2]byte(b[6:8]), true, 0, 0, x.next
	switch x.flags[1] {
	case 0:
		x.check = nil
	case 1:
		x.check = crc32.NewIEEE()
	case 4:
		x.check = crc64.New(ecma)
	case 10:
		x.check = sha256.New()
	default:
		return errXZCheck
	}
	return nil
}

var ecma = crc64.MakeTable(crc64.ECMA)

// padding reads zeros behind a stream, four at a time.
func (x *xzFile) padding() error {
	var b [4]byte
	if err := x.full(b[:]); err != nil {
		return err
	}
	if b != [4]byte{} {
		return errGarbage
	}
	return nil
}

// next reads the header of a block, or finds the index.
func (x *xzFile) next() error {
	var b [1024]byte
	if err := x.full(b[:1]); err != nil {
		return err
	}
	if b[0] == 0 {
		x.step = x.records
		return nil
	}
	size := (int(b[0]) + 1) * 4
	if err := x.full(b[1:size]); err != nil {
		return err
	}
	head, sum := b[:size-4], b[size-4:size]
	if crc32.ChecksumIEEE(head) != binary.LittleEndian.Uint32(sum) {
		return errXZBlock
	}
	x.block = xzBlock{header: int64(size), has: head[1] & (hasStored | hasText)}
	dict, err := x.block.read(head[2:], head[1])
	if err != nil {
		return err
	}
	if x.check != nil {
		x.check.Reset()
	}
	x.chunks.start(dict)
	x.step = x.text
	return nil
}

// read reads the fields of a header behind its flags. It returns the size of
// the dictionary.
func (b *xzBlock) read(fields []byte, flags byte) (dict int, err error) {
	ok := true
	number := func() (v uint64) {
		var n int
		if v, n = binary.Uvarint(fields); n <= 0 || v >= 1<<63 {
			ok, n = false, 0
		}
		fields = fields[n:]
		return v
	}
	if flags&hasStored != 0 {
		b.stored = number()
	}
	if flags&hasText != 0 {
		b.text = number()
	}
	filter, size := number(), number()
	switch {
	case !ok:
		return 0, errXZBlock
	case flags&0x3f != 0 || filter != 0x21:
		return 0, errXZFilter
	case size != 1 || len(fields) == 0 || fields[0] > 40:
		return 0, errXZBlock
	}
	for _, c := range fields[1:] {
		if c != 0 {
			return 0, errXZBlock
		}
	}
	wanted := int64(2|fields[0]&1) << (fields[0]/2 + 11)
	if wanted > maxWindow {
		return 0, errXZWindow
	}
	return int(wanted), nil
}

// text unpacks some text of a block.
func (x *xzFile) text() error {
	err := x.chunks.more()
	if err == io.EOF {
		x.step = x.end
		return nil
	}
	return err
}

// end reads what stands behind the chunks of a block.
func (x *xzFile) end() error {
	b, stored := &x.block, uint64(x.chunks.taken)
	if b.has&hasStored != 0 && b.stored != stored || b.has&hasText != 0 && b.text != b.length {
		return errXZSize
	}
	var buf [3 + sha256.Size]byte
	pad := int(-stored & 3)
	tail := buf[:pad+sumSize(x.flags[1])]
	if err := x.full(tail); err != nil {
		return err
	}
	for _, c := range tail[:pad] {
		if c != 0 {
			return errXZSize
		}
	}
	if x.check != nil && !sameSum(tail[pad:], x.check.Sum(nil), x.flags[1]) {
		return errXZSum
	}
	x.count++
	x.add(uint64(b.header)+stored+uint64(len(tail)-pad), b.length)
	x.step = x.next
	return nil
}

// sumSize is the size of a checksum of a kind that stream lets pass.
func sumSize(kind byte) int {
	switch kind {
	case 1:
		return 4
	case 4:
		return 8
	case 10:
		return sha256.Size
	}
	return 0
}

// sameSum compares a stored checksum with ours, whose bytes stand the other
// way round unless it is SHA-256.
func sameSum(stored, sum []byte, kind byte) bool {
	for i := range sum {
		j := i
		if kind != 10 {
			j = len(sum) - 1 - i
		}
		if stored[j] != sum[i] {
			return false
		}
	}
	return true
}

// add adds the sizes of a block, as the index has them, to what the index must
// say. The text has checksums of its own, so this need not be proof against
// forgery: a sum in constant memory does.
func (x *xzFile) add(stored, text uint64) {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], x.sizes)
	binary.LittleEndian.PutUint64(b[8:], stored)
	binary.LittleEndian.PutUint64(b[16:], text)
	x.sizes = crc64.Checksum(b[:], ecma)
}

// records reads the index, whose first byte has been read, and compares it
// with what the blocks were.
func (x *xzFile) records() error {
	want := x.sizes
	x.index, x.indexLen, x.sizes = crc32.ChecksumIEEE([]byte{0}), 1, 0
	count, err := x.number()
	if err != nil {
		return err
	}
	if count != x.count {
		return errXZIndex
	}
	for range count {
		stored, err := x.number()
		if err != nil {
			return err
		}
		text, err := x.number()
		if err != nil {
			return err
		}
		x.add(stored, text)
	}
	for x.indexLen&3 != 0 {
		if c, err := x.byte(); err != nil || c != 0 {
			return cmp.Or(err, errXZIndex)
		}
	}
	var b [4]byte
	if err := x.full(b[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(b[:]) != x.index || x.sizes != want {
		return errXZIndex
	}
	x.step = x.footer
	return nil
}

// byte reads a byte of the index.
func (x *xzFile) byte() (byte, error) {
	var b [1]byte
	err := x.full(b[:])
	x.index = crc32.Update(x.index, crc32.IEEETable, b[:])
	x.indexLen++
	return b[0], err
}

// number reads a number of the index.
func (x *xzFile) number() (v uint64, err error) {
	for shift := uint(0); shift < 63; shift += 7 {
		c, err := x.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, nil
		}
	}
	return 0, errXZIndex
}

// footer reads the end of a stream.
func (x *xzFile) footer() error {
	var b [xzHeader]byte
	if err := x.full(b[:]); err != nil {
		return err
	}
	size := (int64(binary.LittleEndian.Uint32(b[4:])) + 1) * 4
	if crc32.ChecksumIEEE(b[4:10]) != binary.LittleEndian.Uint32(b[:]) ||
		size != x.indexLen+4 || [2]byte(b[8:]) != x.flags || string(b[10:]) != "YZ" {
		return errXZFooter
	}
	x.step = x.stream
	return nil
}
