package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"io"
	"testing"

	stdgzip "compress/gzip"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// BenchmarkRead unpacks a log. The controls are the decoders alone, without a
// goroutine, caps and checks; for xz it is the decoder that the tests compare
// with.
func BenchmarkRead(b *testing.B) {
	lines := logLines(32 << 20)
	packedGzip, packedZstd := packGzip(b, 6, lines), packZstd(b, lines)
	part := lines[:4<<20] // as much as the slower formats get
	packedXZ, packedBzip2 := packXZWith(b, xz.WriterConfig{DictCap: 1 << 20}, part), packBzip2(b, part)
	ours := func(r io.Reader) (io.Reader, func()) {
		d, err := Open(context.Background(), r, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		return d, func() { d.Close() }
	}
	for _, c := range []struct {
		name   string
		packed []byte
		open   func(io.Reader) (io.Reader, func())
		text   []byte
	}{
		{"kind=plain/source=file/reader=unpack", lines, ours, lines},
		{"kind=plain/source=pipe/reader=unpack", lines, func(r io.Reader) (io.Reader, func()) { return ours(hidden{r}) }, lines},
		{"kind=gzip/source=file/reader=unpack", packedGzip, ours, lines},
		{"kind=gzip/source=file/reader=klauspost", packedGzip, func(r io.Reader) (io.Reader, func()) {
			d, err := gzip.NewReader(r)
			if err != nil {
				b.Fatal(err)
			}
			return d, func() {}
		}, lines},
		{"kind=gzip/source=file/reader=std", packedGzip, func(r io.Reader) (io.Reader, func()) {
			d, err := stdgzip.NewReader(r)
			if err != nil {
				b.Fatal(err)
			}
			return d, func() {}
		}, lines},
		{"kind=zstd/source=file/reader=unpack", packedZstd, ours, lines},
		{"kind=zstd/source=file/reader=klauspost", packedZstd, func(r io.Reader) (io.Reader, func()) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			if err != nil {
				b.Fatal(err)
			}
			return d, d.Close
		}, lines},
		{"kind=gzip+gzip/source=file/reader=unpack", packGzip(b, 6, packedGzip), ours, lines},
		{"kind=xz/source=file/reader=unpack", packedXZ, ours, part},
		{"kind=xz/source=file/reader=ulikunitz", packedXZ, func(r io.Reader) (io.Reader, func()) {
			d, err := xz.NewReader(bufio.NewReader(r))
			if err != nil {
				b.Fatal(err)
			}
			return d, func() {}
		}, part},
		{"kind=bzip2/source=file/reader=unpack", packedBzip2, ours, part},
		{"kind=bzip2/source=file/reader=std", packedBzip2, func(r io.Reader) (io.Reader, func()) {
			return bzip2.NewReader(bufio.NewReader(r)), func() {}
		}, part},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			buf, got := make([]byte, 1<<20), make([]byte, 0, len(lines)+1)
			for b.Loop() {
				r, done := c.open(bytes.NewReader(c.packed))
				got = got[:0]
				for {
					n, err := r.Read(buf)
					got = append(got, buf[:n]...)
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				done()
			}
			if !bytes.Equal(got, c.text) {
				b.Fatal("wrong bytes")
			}
		})
	}
}
