package unpack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"testing"

	stdgzip "compress/gzip"

	"github.com/ulikunitz/xz"
)

func TestMaxUnpacked(t *testing.T) {
	lines := logLines(5 << 18)
	for kind, packed := range map[string][]byte{Plain: lines, Gzip: packGzip(t, 1, lines), Zstd: packZstd(t, lines), XZ: packXZ(t, lines),
		Gzip + "+" + Zstd: packGzip(t, 1, packZstd(t, lines))} {
		for _, limit := range []int{1, 100, firstSize - 1, firstSize, firstSize + 1, blockSize + firstSize, len(lines) - 1} {
			data, _, _, err := drain(t, bytes.NewReader(packed), Limits{MaxUnpacked: int64(limit)})
			var e *LimitError
			if !errors.As(err, &e) || *e != (LimitError{SizeCap, int64(limit), int64(limit)}) || !bytes.Equal(data, lines[:limit]) {
				t.Errorf("kind %q, limit %d: %d bytes, %v", kind, limit, len(data), err)
			}
		}
		for _, limit := range []int{len(lines), len(lines) + 1, 0, -1} {
			data, _, _, err := drain(t, bytes.NewReader(packed), Limits{MaxUnpacked: int64(limit)})
			if err != nil || len(data) != len(lines) {
				t.Errorf("kind %q, limit %d: %d bytes, %v", kind, limit, len(data), err)
			}
		}
	}
}

// count reads a source to its end without keeping it.
func count(t *testing.T, r io.Reader, limits Limits) (n int64, err error) {
	t.Helper()
	d, err := Open(context.Background(), r, limits)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return io.Copy(io.Discard, d)
}

func TestBombs(t *testing.T) {
	const size = 2 * ratioFloor
	zeros := make([]byte, size)
	for kind, packed := range map[string][]byte{
		Gzip: packGzip(t, 9, zeros), Zstd: packZstd(t, zeros), XZ: bytes.Repeat(packXZ(t, zeros[:size/32]), 32),
		Bzip2:             bytes.Repeat(fromHex(t, zerosByBzip2), 2),
		Gzip + "+" + Gzip: packGzip(t, 9, packGzip(t, 6, bytes.Repeat([]byte("2019-07-02,login,success\n"), size/25+1)[:size])),
	} {
		if ratio := size / len(packed); ratio < DefaultMaxRatio {
			t.Fatalf("%s: a bomb of %d to 1 is none", kind, ratio)
		}
		n, err := count(t, bytes.NewReader(packed), Limits{})
		var e *LimitError
		if !errors.As(err, &e) || e.Cap != RatioCap || e.Limit != DefaultMaxRatio || e.Offset != n ||
			n <= ratioFloor || n > ratioFloor+2*blockSize {
			t.Errorf("%s bomb: %d bytes, %v", kind, n, err)
		}
		if kind != Zstd && kind != Gzip+"+"+Gzip {
			continue
		}
		// The same place, however the source hands its bytes out.
		again, _ := count(t, &trickle{packed}, Limits{})
		if again != n {
			t.Errorf("%s bomb: %d bytes, %d from a slow source", kind, n, again)
		}
		if kind != Zstd {
			continue
		}
		if n, err := count(t, bytes.NewReader(packed), Limits{MaxRatio: -1}); n != size || err != nil {
			t.Errorf("%s without a limit: %d bytes, %v", kind, n, err)
		}
		if n, err := count(t, bytes.NewReader(packed), Limits{MaxRatio: 1 << 30}); n != size || err != nil {
			t.Errorf("%s with a high limit: %d bytes, %v", kind, n, err)
		}
	}
	// What is plain or unpacks to less than 64 MiB is never a bomb.
	if n, err := count(t, bytes.NewReader(zeros[:70<<20]), Limits{MaxRatio: 1}); n != 70<<20 || err != nil {
		t.Errorf("plain zeros: %d bytes, %v", n, err)
	}
	if n, err := count(t, bytes.NewReader(packZstd(t, zeros[:ratioFloor])), Limits{}); n != ratioFloor || err != nil {
		t.Errorf("64 MiB of zeros: %d bytes, %v", n, err)
	}
}

// A layer between is judged, too: here one that unpacks to much and holds
// nothing.
func TestBombWithin(t *testing.T) {
	var empty bytes.Buffer
	w := stdgzip.NewWriter(&empty)
	w.Extra = make([]byte, 60_000)
	write(t, w, nil)
	packed := packZstd(t, bytes.Repeat(empty.Bytes(), 70<<20/empty.Len()))
	n, err := count(t, bytes.NewReader(packed), Limits{MaxRatio: 200})
	var e *LimitError
	if !errors.As(err, &e) || *e != (LimitError{RatioCap, 200, 0}) || n != 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// trickle is a source that hands out 100 bytes at a time.
type trickle struct{ rest []byte }

func (r *trickle) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 100)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Frames that ask for much memory are refused, before any is taken.
func TestWindow(t *testing.T) {
	lines := logLines(1000)
	for name, frame := range map[string]string{
		"window of 2 GiB":                "\x28\xb5\x2f\xfd\x00\xa8",
		"window of 144 MiB":              "\x28\xb5\x2f\xfd\x00\x89",
		"single segment of 1 TiB":        "\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00",
		"single segment of 128 MiB + 1 ": "\x28\xb5\x2f\xfd\xa0\x01\x00\x00\x08",
	} {
		checkWindow(t, name, append(packZstd(t, lines), frame+"\x01\x00\x00"...), lines)
	}
	checkWindow(t, "xz dictionary of 256 MiB", append(packXZ(t, lines), fromHex(t, hugeXZ)...), lines)
	// Each of many blocks may name a large dictionary and hold next to nothing.
	block := packXZWith(t, xz.WriterConfig{DictCap: maxWindow, CheckSum: xz.None}, []byte("a"))
	if took := allocated(func() {
		if n, err := count(t, bytes.NewReader(bytes.Repeat(block, 1000)), Limits{}); n != 1000 || err != nil {
			t.Errorf("1000 blocks: %d bytes, %v", n, err)
		}
	}); took > 4<<20 {
		t.Errorf("1000 blocks of a byte took %d bytes of memory", took)
	}
}

// checkWindow checks that packed is refused after lines.
func checkWindow(t *testing.T, name string, packed, lines []byte) {
	t.Helper()
	if took := allocated(func() {
		data, _, _, err := drain(t, bytes.NewReader(packed), Limits{})
		var e *LimitError
		if !errors.As(err, &e) || *e != (LimitError{WindowCap, maxWindow, int64(len(lines))}) || !bytes.Equal(data, lines) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}); took > 64<<20 {
		t.Errorf("%s took %d bytes of memory", name, took)
	}
}

// allocated returns how much memory f takes, also if it gives it back.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Every error has something to say.
func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"unpacks to more than the limit of 5 bytes: raise it with --max-unpacked": &LimitError{SizeCap, 5, 5},
		"unpacks to more than 1000 times its size (seen after 7 bytes): " +
			"if it is meant to, say with --max-unpacked how large it may become": &LimitError{RatioCap, 1000, 7},
		"asks for more than 9 bytes of memory to be unpacked (after 3 unpacked bytes): unpack it first": &LimitError{WindowCap, 9, 3},
		"holds more than 10000 members: unpack it first":                                                &LimitError{MemberCap, 10000, 0},
		"gzip data is damaged after 4 unpacked bytes: unexpected EOF":                                   &DamageError{Gzip, 4, io.ErrUnexpectedEOF},
		"7-zip files cannot be read: unpack it first":                                                   &UnsupportedError{"7-zip"},
		"a.csv is encrypted: unpack it with its password first":                                         &MemberError{"a.csv", "is encrypted: unpack it with its password first"},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
