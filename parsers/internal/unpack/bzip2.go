package unpack

import (
	"bufio"
	"compress/bzip2"
	"io"
)

// errBlockSum is what the decoder says when it has delivered a block and finds
// that its checksum is wrong.
const errBlockSum = bzip2.StructuralError("block checksum mismatch")

// bzip2File reads the streams of a bzip2 file one after the other. In a block one
// wrong bit moves every byte to another place, and what comes out looks like
// rows, with digits in its amounts. So each block is kept back until its
// checksum is known: it is about as long as 900,000 bytes of text, and never
// longer than 47 million.
type bzip2File struct {
	d     io.Reader
	in    counter
	begin int64  // in.n when the block was begun
	held  []byte // text of the block, not checked
	ready []byte // checked, not delivered: all of it in good, from here on
	good  []byte
	err   error
	piece [1 << 15]byte
}

func newBzip2(in *bufio.Reader) *bzip2File {
	b := &bzip2File{in: counter{Reader: in}}
	b.d = bzip2.NewReader(&b.in)
	return b
}

// Read is io.Reader for the text of all streams.
func (b *bzip2File) Read(p []byte) (n int, err error) {
	for len(b.ready) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n = copy(p, b.ready)
	b.ready = b.ready[n:]
	return n, nil
}

// fill reads on until a block is checked. The decoder takes from its source
// only between two blocks, after it has checked the first.
func (b *bzip2File) fill() {
	for {
		n, err := b.d.Read(b.piece[:])
		if err != nil {
			n = 0 // text that was made of bits beyond the end
		}
		checked := err != nil && err != errBlockSum || b.in.n != b.begin
		if checked {
			b.good, b.held = b.held, b.good[:0]
			b.ready, b.begin = b.good, b.in.n
		}
		b.held = append(b.held, b.piece[:n]...)
		if b.err = err; err != nil || len(b.ready) > 0 {
			return
		}
	}
}

// A counter counts the bytes that a decoder takes.
type counter struct {
	*bufio.Reader
	n int64
}

// ReadByte is io.ByteReader.
func (c *counter) ReadByte() (byte, error) {
	c.n++
	return c.Reader.ReadByte()
}
