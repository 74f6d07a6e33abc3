package unpack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
)

func TestMaxUnpacked(t *testing.T) {
	lines := logLines(3 << 20)
	for kind, packed := range map[string][]byte{Plain: lines, Gzip: packGzip(t, 1, lines), Zstd: packZstd(t, lines)} {
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
	const size = 200 << 20
	zeros := make([]byte, size)
	for kind, packed := range map[string][]byte{Gzip: packGzip(t, 9, zeros), Zstd: packZstd(t, zeros)} {
		if ratio := size / len(packed); ratio < DefaultMaxRatio {
			t.Fatalf("%s: a bomb of %d to 1 is none", kind, ratio)
		}
		n, err := count(t, bytes.NewReader(packed), Limits{})
		var e *LimitError
		if !errors.As(err, &e) || e.Cap != RatioCap || e.Limit != DefaultMaxRatio || e.Offset != n ||
			n <= ratioFloor || n > ratioFloor+2*blockSize {
			t.Errorf("%s bomb: %d bytes, %v", kind, n, err)
		}
		// The same place, however the source hands its bytes out.
		again, _ := count(t, &trickle{packed}, Limits{})
		if again != n {
			t.Errorf("%s bomb: %d bytes, %d from a slow source", kind, n, again)
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
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		data, _, _, err := drain(t, bytes.NewReader(append(packZstd(t, lines), frame+"\x01\x00\x00"...)), Limits{})
		runtime.ReadMemStats(&after)
		var e *LimitError
		if !errors.As(err, &e) || *e != (LimitError{WindowCap, maxWindow, int64(len(lines))}) || !bytes.Equal(data, lines) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s took %d bytes of memory", name, took)
		}
	}
}

// Every error has something to say.
func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"unpacks to more than the limit of 5 bytes":                                    &LimitError{SizeCap, 5, 5},
		"unpacks to more than 1000 times its size (seen after 7 bytes)":                &LimitError{RatioCap, 1000, 7},
		"a zstd frame asks for a window of more than 9 bytes (after 3 unpacked bytes)": &LimitError{WindowCap, 9, 3},
		"gzip data is damaged after 4 unpacked bytes: unexpected EOF":                  &DamageError{Gzip, 4, io.ErrUnexpectedEOF},
		"xz files cannot be read: unpack it first":                                     &UnsupportedError{"xz"},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
