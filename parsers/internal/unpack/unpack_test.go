package unpack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	stdgzip "compress/gzip"
)

// hidden is a source that cannot seek.
type hidden struct{ io.Reader }

// drain opens and reads a source to its end.
func drain(tb testing.TB, r io.Reader, limits Limits) (data []byte, kind string, stored int64, err error) {
	tb.Helper()
	d, err := Open(context.Background(), r, limits)
	if err != nil {
		return nil, "", 0, err
	}
	data, err = io.ReadAll(d)
	if again, err2 := d.Read(make([]byte, 1)); again != 0 || err2 == nil || err != nil && err2 != err {
		tb.Errorf("after %v, Read returned %d, %v", err, again, err2)
	}
	kind, stored = d.Kind(), d.Stored()
	if err := d.Close(); err != nil {
		tb.Error(err)
	}
	return data, kind, stored, err
}

func TestOpen(t *testing.T) {
	defer noLeaks(t)
	lines := logLines(5 << 18) // more than two blocks
	a, b := lines[:100_000], lines[100_000:]
	runs := bytes.Join([][]byte{bytes.Repeat([]byte("a"), 3), bytes.Repeat([]byte("b"), 4), bytes.Repeat([]byte("c"), 600)}, a[:100])
	cases := []struct {
		name, kind     string
		packed, wanted []byte
	}{
		{"nothing", Plain, nil, nil},
		{"one byte", Plain, []byte("\x1f"), []byte("\x1f")},
		{"half a magic number", Plain, []byte("\x28\xb5\x2f"), []byte("\x28\xb5\x2f")},
		{"text", Plain, lines, lines},
		{"text like bzip2", Plain, []byte("BZh9,but,a,log\n"), []byte("BZh9,but,a,log\n")},
		{"text like zip", Plain, []byte("PK,a,b\n"), []byte("PK,a,b\n")},
		{"gzip", Gzip, packGzip(t, 6, lines), lines},
		{"gzip stored", Gzip, packGzip(t, 0, lines), lines},
		{"gzip of nothing", Gzip, packGzip(t, 6, nil), nil},
		{"gzip members", Gzip, packGzip(t, 1, a, b), lines},
		{"gzip empty members", Gzip, packGzip(t, 9, nil, a, nil, nil, b, nil), lines},
		{"gzip padding", Gzip, append(packGzip(t, 6, a, b), make([]byte, 70_000)...), lines},
		{"zstd", Zstd, packZstd(t, lines), lines},
		{"zstd of nothing", Zstd, packZstd(t, nil), nil},
		{"zstd frames", Zstd, packZstd(t, a, nil, b), lines},
		{"zstd skippable first", Zstd, append([]byte(skippable), packZstd(t, lines)...), lines},
		{"zstd skippable between", Zstd, bytes.Join([][]byte{packZstd(t, a), []byte(skippable), packZstd(t, b)}, nil), lines},
		{"zstd skippable last", Zstd, append(packZstd(t, lines), skippable...), lines},
		{"zstd only skippable", Zstd, []byte(skippable), nil},
		{"bzip2", Bzip2, packBzip2(t, a), a},
		{"bzip2 of one byte", Bzip2, packBzip2(t, []byte("a")), []byte("a")},
		{"bzip2 of runs", Bzip2, packBzip2(t, runs), runs},
		{"bzip2 of nothing", Bzip2, packBzip2(t, nil), nil},
		{"bzip2 streams", Bzip2, packBzip2(t, nil, a[:10_000], nil, a[10_000:], nil), a},
		{"xz", XZ, packXZ(t, lines), lines},
		{"xz of nothing", XZ, packXZ(t, nil), nil},
		{"xz streams", XZ, packXZ(t, a, nil, a), append(bytes.Clone(a), a...)},
		{"xz padding", XZ, append(packXZ(t, a), make([]byte, 40_000)...), a},
		{"xz padding between", XZ, bytes.Join([][]byte{packXZ(t, a), make([]byte, 8), packXZ(t, a)}, nil), append(bytes.Clone(a), a...)},
	}
	sources := []struct {
		name string
		open func(b []byte) io.Reader
	}{
		{"file", func(b []byte) io.Reader { return bytes.NewReader(b) }},
		{"pipe", func(b []byte) io.Reader { return hidden{bytes.NewReader(b)} }},
		{"halves", func(b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) }},
		{"last bytes with EOF", func(b []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(b)) }},
	}
	for _, c := range cases {
		for _, s := range sources {
			data, kind, stored, err := drain(t, s.open(c.packed), Limits{})
			if err != nil || kind != c.kind || !bytes.Equal(data, c.wanted) || stored != int64(len(c.packed)) {
				t.Errorf("%s as %s: kind %q, %d bytes from %d, %v; want kind %q, %d bytes from %d",
					c.name, s.name, kind, len(data), stored, err, c.kind, len(c.wanted), len(c.packed))
			}
		}
	}
}

func TestManyMembers(t *testing.T) {
	line := []byte("2019-07-02T12:03:04Z,a,login,success\n")
	packed := bytes.Repeat(packGzip(t, 6, line), 20_000)
	data, _, _, err := drain(t, bytes.NewReader(packed), Limits{})
	if want := bytes.Repeat(line, 20_000); err != nil || !bytes.Equal(data, want) {
		t.Errorf("%d bytes, %v, want %d", len(data), err, len(want))
	}
}

func TestUnsupported(t *testing.T) {
	for format, head := range map[string]string{
		"zip":   "PK\x03\x04\x14\x00",
		"7-zip": "7z\xbc\xaf\x27\x1c\x00\x04", "lz4": "\x04\x22\x4d\x18\x64", "compress (.Z)": "\x1f\x9d\x90",
	} {
		_, _, _, err := drain(t, strings.NewReader(head+"more"), Limits{})
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || unsupported.Format != format || !strings.Contains(err.Error(), format) {
			t.Errorf("%s: error %v", format, err)
		}
	}
}

// A file that is cut off anywhere gives everything before the cut, and says
// so, unless the cut is between two members or frames.
func TestCutOff(t *testing.T) {
	lines := logLines(400_000)
	cases := []struct {
		kind   string
		parts  [][]byte // packed
		sums   int      // bytes at the end of a part without which its text is whole
		magic  int
		plain  int // size of the text of the first part
		stride int
	}{
		{Gzip, [][]byte{packGzip(t, 6, lines[:2000]), packGzip(t, 6, lines[2000:3000])}, 8, 2, 2000, 1},
		{Zstd, [][]byte{packZstd(t, lines[:2000]), packZstd(t, lines[2000:3000])}, 4, 4, 2000, 1},
		{Bzip2, [][]byte{packBzip2(t, lines[:1000]), packBzip2(t, lines[1000:1500])}, 10, 10, 1000, 3},
		{XZ, [][]byte{packXZ(t, lines[:1000]), packXZ(t, lines[1000:1500])}, 28, 6, 1000, 3},
		{Gzip, [][]byte{packGzip(t, 6, lines[:250_000]), packGzip(t, 6, lines[250_000:])}, 8, 2, 250_000, 1997},
		{Zstd, [][]byte{packZstd(t, lines[:300_000]), packZstd(t, lines[300_000:])}, 4, 4, 300_000, 1997},
		{Bzip2, [][]byte{packBzip2(t, lines[:80_000]), packBzip2(t, lines[80_000:100_000])}, 10, 10, 80_000, 1997},
		{XZ, [][]byte{packXZ(t, lines[:200_000]), packXZ(t, lines[200_000:300_000])}, 28, 6, 200_000, 1997},
	}
	for _, c := range cases {
		packed := bytes.Join(c.parts, nil)
		first, last := len(c.parts[0]), 0
		for cut := c.magic; cut < len(packed); cut += c.stride {
			data, kind, _, err := drain(t, bytes.NewReader(packed[:cut]), Limits{})
			if kind != c.kind || !bytes.HasPrefix(lines, data) || len(data) < last {
				t.Fatalf("%s cut at %d of %d: kind %q, %d bytes, %d before", c.kind, cut, len(packed), kind, len(data), last)
			}
			last = len(data)
			if cut >= first-c.sums && len(data) < c.plain {
				t.Errorf("%s cut at %d of %d: %d bytes, want at least %d", c.kind, cut, len(packed), len(data), c.plain)
			}
			if cut == first {
				if err != nil {
					t.Errorf("%s cut between parts: %v", c.kind, err)
				}
				continue
			}
			var damage *DamageError
			if !errors.As(err, &damage) || damage.Offset != int64(len(data)) || damage.Kind != c.kind ||
				!errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s cut at %d of %d, %d bytes: %v", c.kind, cut, len(packed), len(data), err)
			}
		}
	}
}

// Half of a gzip stream gives what the standard library gives, but for the few
// bytes that its reader can tell from less lookahead.
func TestCutOffDelivers(t *testing.T) {
	lines := logLines(300_000)
	packed := packGzip(t, 6, lines)
	for cut := 1000; cut < len(packed); cut += len(packed) / 50 {
		data, _, _, _ := drain(t, bytes.NewReader(packed[:cut]), Limits{})
		r, err := stdgzip.NewReader(bytes.NewReader(packed[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		if std, _ := io.ReadAll(r); len(data) < len(std)-16 {
			t.Errorf("cut at %d: %d bytes, the standard library reads %d", cut, len(data), len(std))
		}
	}
	// A zstd file is read block by block of 128 KiB.
	packed = packZstd(t, lines)
	if data, _, _, _ := drain(t, bytes.NewReader(packed[:len(packed)-100]), Limits{}); len(data) < 256<<10 {
		t.Errorf("zstd without its end gives %d bytes", len(data))
	}
}

// A wrong bit anywhere is damage, or changes nothing that is delivered. Every
// seventh is tried, which is one in each byte.
func TestWrongBits(t *testing.T) {
	lines := logLines(600)
	for _, pack := range packers {
		packed := pack(t, lines[:300], lines[300:])
		_, want, _, _ := drain(t, bytes.NewReader(packed), Limits{})
		for i := 0; i < len(packed)*8; i += 7 {
			wrong := bytes.Clone(packed)
			wrong[i/8] ^= 1 << (i % 8)
			data, kind, _, err := drain(t, bytes.NewReader(wrong), Limits{})
			if kind != want {
				continue // not recognised any more
			}
			var damage *DamageError
			var limit *LimitError
			switch {
			case err == nil && bytes.Equal(data, lines):
			case kind == Bzip2 && !bytes.HasPrefix(lines, data):
				t.Fatalf("bzip2 with bit %d wrong delivered text that no checksum vouches for", i)
			case errors.As(err, &damage) && damage.Offset == int64(len(data)):
			case errors.As(err, &limit) && limit.Cap == WindowCap:
			default:
				t.Fatalf("%s with bit %d wrong: %d bytes, %v", kind, i, len(data), err)
			}
		}
	}
}

func TestGarbage(t *testing.T) {
	lines := logLines(5000)
	padded := append(packGzip(t, 6, lines), 0, 0, 0)
	for name, packed := range map[string][]byte{
		"text after a member":    append(packGzip(t, 6, lines), "hello"...),
		"text after padding":     append(padded, "hello"...),
		"a member after padding": append(bytes.Clone(padded), packGzip(t, 6, lines)...),
		"zstd after a member":    append(packGzip(t, 6, lines), packZstd(t, lines)...),
		"text after a frame":     append(packZstd(t, lines), "hello"...),
		"zeros after a frame":    append(packZstd(t, lines), 0, 0, 0, 0),
		"gzip after a frame":     append(packZstd(t, lines), packGzip(t, 6, lines)...),
		"text after a bzip2":     append(packBzip2(t, lines), "hello"...),
		"zeros after a bzip2":    append(packBzip2(t, lines), 0, 0, 0, 0),
		"text after an xz":       append(packXZ(t, lines), "hello"...),
		"a letter after an xz":   append(packXZ(t, lines), 'h'),
		"text after xz padding":  append(packXZ(t, lines), "\x00\x00\x00\x00hello"...),
		"text in xz padding":     append(packXZ(t, lines), "\x00\x00\x00h"...),
		"gzip after an xz":       append(packXZ(t, lines), packGzip(t, 6, lines)...),
	} {
		data, _, _, err := drain(t, bytes.NewReader(packed), Limits{})
		var damage *DamageError
		if !errors.As(err, &damage) || damage.Offset != int64(len(lines)) || !bytes.Equal(data, lines) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v, but nothing is cut off", name, err)
		}
	}
}

func TestSourceError(t *testing.T) {
	defer noLeaks(t)
	lines := logLines(3 << 20)
	broken := errors.New("the disk is gone")
	small := lines[:400_000]
	for kind, packed := range map[string][]byte{Plain: small, Gzip: packGzip(t, 6, small), Zstd: packZstd(t, small),
		Bzip2: packBzip2(t, small), XZ: packXZ(t, small)} {
		half := packed[:len(packed)/2]
		data, _, _, err := drain(t, io.MultiReader(bytes.NewReader(half), iotest.ErrReader(broken)), Limits{})
		if err != broken || len(data) < len(small)/4 || !bytes.HasPrefix(lines, data) {
			t.Errorf("kind %q: %d bytes, %v", kind, len(data), err)
		}
	}
	if _, _, _, err := drain(t, iotest.ErrReader(broken), Limits{}); err != broken {
		t.Errorf("first read: %v", err)
	}
}

func TestClose(t *testing.T) {
	defer noLeaks(t)
	lines := logLines(5 << 20)
	for _, packed := range [][]byte{lines, packGzip(t, 1, lines), packZstd(t, lines),
		bytes.Repeat(packXZ(t, lines[:100_000]), 50), bytes.Repeat(packBzip2(t, lines[:100_000]), 50)} {
		for _, before := range []int{0, 1, 70_000, 2 << 20} {
			d, err := Open(context.Background(), hidden{bytes.NewReader(packed)}, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(d, make([]byte, before)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}
			if n, err := d.Read(make([]byte, 1)); n != 0 || err != os.ErrClosed {
				t.Errorf("Read after Close: %d, %v", n, err)
			}
		}
	}
}

// Close in the middle of a Read that waits ends that Read.
func TestCloseDuringRead(t *testing.T) {
	defer noLeaks(t)
	r, w := io.Pipe()
	go w.Write([]byte("event_time,account_id\n"))
	d, err := Open(context.Background(), r, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	read, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := d.Read(make([]byte, 1))
		read <- err
	}()
	go func() { closed <- d.Close() }()
	if err := <-read; err != os.ErrClosed {
		t.Errorf("Read: %v", err)
	}
	w.Close() // only now the goroutine can go
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
}

// A context that ends wakes whoever waits for a pipe.
func TestContext(t *testing.T) {
	defer noLeaks(t)
	for _, first := range []string{"", "event_time,account_id\n", string(packGzip(t, 6, logLines(1000))[:500])} {
		ctx, cancel := context.WithCancel(context.Background())
		r, w := io.Pipe()
		go w.Write([]byte(first))
		time.AfterFunc(5*time.Millisecond, cancel)
		d, err := Open(ctx, r, Limits{})
		if err == nil {
			_, err = d.Read(make([]byte, 1))
			d.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %q: %v", first, err)
		}
		w.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := Open(ctx, bytes.NewReader(logLines(1000)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := d.Read(make([]byte, 1)); err != context.Canceled {
		t.Errorf("plain file: %v", err)
	}
	d.Close()
}

// noLeaks fails a test that leaves a goroutine of this package.
func noLeaks(t *testing.T) {
	t.Helper()
	buf := make([]byte, 1<<20)
	for range 200 {
		stacks := string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(stacks, "unpack.(*Reader)") && !strings.Contains(stacks, "unpack.open") &&
			!strings.Contains(stacks, "zstd.") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
}
