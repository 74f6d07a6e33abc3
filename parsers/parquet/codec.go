package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The codecs, as the format numbers them. Number 5 is an LZ4 whose framing the
// format itself calls undocumented.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecBrotli = 4
	codecZstd   = 6
	codecLZ4    = 7
)

var otherCodecs = map[int]string{3: "LZO", 5: "LZ4 (the framed one; LZ4_RAW can be read)"}

// checkCodec refuses what cannot be read.
func checkCodec(codec int) error {
	switch codec {
	case codecNone, codecSnappy, codecGzip, codecBrotli, codecZstd, codecLZ4:
		return nil
	}
	name, ok := otherCodecs[codec]
	if !ok {
		name = fmt.Sprintf("of number %d", codec)
	}
	return &UnsupportedError{What: "the compression " + name}
}

var errUnpacked = errors.New("a page does not unpack to the size it claims")

// A decompressor unpacks pages. None of the ways writes or allocates more than
// the page claims to have, which was weighed before.
type decompressor struct {
	zstd *zstd.Decoder
	gzip *gzip.Reader
}

func (d *decompressor) close() {
	if d.zstd != nil {
		d.zstd.Close()
	}
}

// unpack fills dst from packed.
func (d *decompressor) unpack(codec int, dst, packed []byte) error {
	if len(dst) == 0 {
		return nil // of nothing some writers store nothing, others a frame
	}
	switch codec {
	case codecNone:
		if len(packed) != len(dst) {
			return errUnpacked
		}
		copy(dst, packed)
		return nil
	case codecSnappy:
		return unsnappy(dst, packed)
	case codecGzip:
		return d.gunzip(dst, packed)
	case codecBrotli:
		c, err := compress.GetCodec(compress.Codecs.Brotli)
		if err != nil {
			return err
		}
		return exhaust(c.NewReader(bytes.NewReader(packed)), dst)
	case codecZstd:
		return d.unzstd(dst, packed)
	}
	return unlz4(dst, packed)
}

// exhaust reads exactly dst from r.
func exhaust(r io.Reader, dst []byte) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return noEOF(err)
	}
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n > 0:
		return errUnpacked
	case err != io.EOF:
		return err
	}
	return nil
}

// noEOF makes an end where none should be an error.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (d *decompressor) gunzip(dst, packed []byte) (err error) {
	r := bytes.NewReader(packed)
	if d.gzip == nil {
		d.gzip, err = gzip.NewReader(r)
	} else {
		err = d.gzip.Reset(r)
	}
	if err != nil {
		d.gzip = nil
		return noEOF(err)
	}
	return exhaust(d.gzip, dst)
}

func (d *decompressor) unzstd(dst, packed []byte) (err error) {
	if d.zstd == nil {
		d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return err
		}
	}
	out, err := d.zstd.DecodeAll(packed, dst[:0:len(dst)])
	if err == nil && len(out) != len(dst) {
		err = errUnpacked
	}
	return err
}

// unsnappy uses arrow's codec, which knows damage only as a panic.
func unsnappy(dst, packed []byte) (err error) {
	if n, _ := binary.Uvarint(packed); n != uint64(len(dst)) {
		return errUnpacked
	}
	c, err := compress.GetCodec(compress.Codecs.Snappy)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	c.Decode(dst, packed)
	return nil
}

var errLZ4 = errors.New("lz4: corrupt input")

// unlz4 unpacks an LZ4 block: literals and a copy of what was written before,
// in turns, literals last.
func unlz4(dst, src []byte) error {
	at := 0
	for {
		if len(src) == 0 {
			return errLZ4
		}
		token := src[0]
		literals, rest := lz4Length(src[1:], int(token>>4), len(dst)-at)
		if literals < 0 || literals > len(rest) {
			return errLZ4
		}
		at += copy(dst[at:], rest[:literals])
		src = rest[literals:]
		if len(src) == 0 {
			break
		}
		if len(src) < 2 {
			return errLZ4
		}
		back := int(binary.LittleEndian.Uint16(src))
		length, rest := lz4Length(src[2:], int(token&15), len(dst)-at-minMatch)
		if length < 0 || back == 0 || back > at {
			return errLZ4
		}
		src = rest
		for length += minMatch; length > 0; {
			n := copy(dst[at:at+length], dst[at-back:at])
			at, length, back = at+n, length-n, back+n
		}
	}
	if at != len(dst) {
		return errUnpacked
	}
	return nil
}

// minMatch is the shortest copy in an LZ4 block.
const minMatch = 4

// lz4Length reads the rest of a length that begins with four bits; it is -1 if
// it is more than most.
func lz4Length(src []byte, n, most int) (int, []byte) {
	if n == 15 {
		for {
			if len(src) == 0 || n > most {
				return -1, nil
			}
			b := src[0]
			src = src[1:]
			n += int(b)
			if b != 255 {
				break
			}
		}
	}
	if n > most {
		return -1, nil
	}
	return n, src
}
