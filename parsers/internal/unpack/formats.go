package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A magic is how files of a format begin.
type magic struct {
	format string
	first  string
}

const gzipMagic = "\x1f\x8b"

// magics are the formats that are recognised. The text of a log begins with
// none of them, nor does bzip2 with less than ten bytes: "BZh" could be a word.
var magics = []magic{
	{Gzip, gzipMagic},
	{Zstd, "\x28\xb5\x2f\xfd"},
	{XZ, xzMagic},
	{Zip, "PK\x03\x04"}, {Zip, "PK\x05\x06"}, {Zip, "PK\x07\x08"},
	{"7-zip", "7z\xbc\xaf\x27\x1c"},
	{"lz4", "\x04\x22\x4d\x18"},
	{"compress (.Z)", "\x1f\x9d"},
}

const magicSize = 10

// Packed reports whether a file is packed, or in a format that is refused. It
// reads the first bytes and nothing more.
func Packed(f io.ReaderAt) (bool, error) {
	var head [magicSize]byte
	n, err := f.ReadAt(head[:], 0)
	if err == io.EOF {
		err = nil
	}
	return sniff(head[:n]) != Plain, err
}

// sniff names the format of a source by its first bytes.
func sniff(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.first)) {
			return m.format
		}
	}
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" {
		return Zstd // a skippable frame
	}
	if len(head) >= magicSize && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' {
		if block := string(head[4:10]); block == "1AY&SY" || block == "\x17rE8P\x90" {
			return Bzip2
		}
	}
	return Plain
}

// errGarbage is what stands after a gzip member or an xz stream without being
// one.
var errGarbage = errors.New("what follows is neither more compressed data nor padding")

// members reads the members of a gzip file one after the other. Zeros behind
// the last are padding, as tapes and block devices leave it.
type members struct {
	packed *bufio.Reader
	member gzip.Reader
	count  int
	inside bool // a member, that is, not between two
}

// Read is io.Reader for the text of all members.
func (m *members) Read(p []byte) (n int, err error) {
	for {
		if !m.inside {
			if err := m.next(); err != nil {
				return 0, err
			}
		}
		n, err = m.member.Read(p)
		if err != io.EOF {
			return n, err
		}
		m.inside = false
		if n > 0 {
			return n, nil
		}
	}
}

// next goes to the next member. It returns io.EOF if there is none.
func (m *members) next() error {
	head, err := m.packed.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		return err
	case head[0] == 0 && m.count > 0:
		return m.padding()
	case gzipMagic[:len(head)] != string(head):
		return errGarbage
	}
	err = m.member.Reset(m.packed)
	if err == io.EOF { // there was a byte, so it is the end of more than nothing
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	m.member.Multistream(false)
	m.count++
	m.inside = true
	return nil
}

// padding reads zeros up to the end of the source.
func (m *members) padding() error {
	for {
		c, err := m.packed.ReadByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return errGarbage
		}
	}
}

// frames reads zstd frames. The decoder withholds the last block of a frame
// whose checksum is wrong or cut off, until it is asked again.
type frames struct {
	d   *zstd.Decoder
	err error
}

func newZstd(in *bufio.Reader) (*frames, error) {
	// One goroutine decodes: there is one for each source already, and the
	// other cores parse.
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
	return &frames{d: d}, err
}

// Read is io.Reader for the text of all frames.
func (f *frames) Read(p []byte) (n int, err error) {
	if f.err == nil {
		if n, err = f.d.Read(p); err == nil || err == io.EOF {
			return n, err
		}
		if f.err = err; n > 0 {
			return n, nil
		}
	}
	if n, _ = f.d.Read(p); n > 0 {
		return n, nil
	}
	return 0, f.err
}
