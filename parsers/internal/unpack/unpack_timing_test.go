package unpack

import (
	"bytes"
	"context"
	"io"
	"testing"

	stdgzip "compress/gzip"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// BenchmarkRead unpacks a log. The controls are the decoders alone, without a
// goroutine, caps and checks.
func BenchmarkRead(b *testing.B) {
	lines := logLines(32 << 20)
	packedGzip, packedZstd := packGzip(b, 6, lines), packZstd(b, lines)
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
	}{
		{"kind=plain/source=file/reader=unpack", lines, ours},
		{"kind=plain/source=pipe/reader=unpack", lines, func(r io.Reader) (io.Reader, func()) { return ours(hidden{r}) }},
		{"kind=gzip/source=file/reader=unpack", packedGzip, ours},
		{"kind=gzip/source=file/reader=klauspost", packedGzip, func(r io.Reader) (io.Reader, func()) {
			d, err := gzip.NewReader(r)
			if err != nil {
				b.Fatal(err)
			}
			return d, func() {}
		}},
		{"kind=gzip/source=file/reader=std", packedGzip, func(r io.Reader) (io.Reader, func()) {
			d, err := stdgzip.NewReader(r)
			if err != nil {
				b.Fatal(err)
			}
			return d, func() {}
		}},
		{"kind=zstd/source=file/reader=unpack", packedZstd, ours},
		{"kind=zstd/source=file/reader=klauspost", packedZstd, func(r io.Reader) (io.Reader, func()) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			if err != nil {
				b.Fatal(err)
			}
			return d, d.Close
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(lines)))
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
			if !bytes.Equal(got, lines) {
				b.Fatal("wrong bytes")
			}
		})
	}
}
