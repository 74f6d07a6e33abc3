package unpack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// What is packed in each format, in each other, is read, however it comes.
func TestNested(t *testing.T) {
	defer noLeaks(t)
	lines := logLines(100_000)
	for outer, packOuter := range packers {
		for inner, packInner := range packers {
			packed := packOuter(t, packInner(t, lines[:60_000], lines[60_000:]))
			checkNested(t, packed, outer+"+"+inner, lines)
			checkNested(t, packGzip(t, 6, packed), "gzip+"+outer+"+"+inner, lines)
		}
		checkNested(t, packOuter(t, packGzip(t, 6, nil)), outer+"+gzip", nil)
	}
}

func checkNested(t *testing.T, packed []byte, wantKind string, want []byte) {
	t.Helper()
	for name, r := range map[string]io.Reader{
		"file": bytes.NewReader(packed), "pipe": hidden{iotest.HalfReader(bytes.NewReader(packed))},
	} {
		data, kind, stored, err := drain(t, r, Limits{})
		if err != nil || kind != wantKind || !bytes.Equal(data, want) || stored != int64(len(packed)) {
			t.Errorf("%s of %s: kind %q, %d bytes from %d of %d, %v", name, wantKind, kind, len(data), stored, len(packed), err)
		}
	}
}

func TestNestedUnsupported(t *testing.T) {
	text := []byte("a,b\n")
	four := text
	for range 4 {
		four = packGzip(t, 6, four)
	}
	for want, packed := range map[string][]byte{
		"gzip+gzip+gzip+gzip": four,
		"gzip+zip":            packGzip(t, 6, packZip(t, "a.csv", "a,b\n")),
		"xz+bzip2+7-zip":      packXZ(t, packBzip2(t, []byte("7z\xbc\xaf\x27\x1c\x00\x04"))),
	} {
		_, _, _, err := drain(t, bytes.NewReader(packed), Limits{})
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || unsupported.Format != want || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Damage is that of the layer where it is, at the place in the text.
func TestNestedDamage(t *testing.T) {
	lines := logLines(200_000)
	inner := packZstd(t, lines)
	outer := packGzip(t, 6, inner)
	wrongInner := bytes.Clone(inner)
	wrongInner[len(inner)-2] ^= 1 // its checksum
	wrongOuter := bytes.Clone(outer)
	wrongOuter[len(outer)-6] ^= 1
	for _, c := range []struct {
		name, kind string
		packed     []byte
		least      int
		cut        bool
	}{
		{"outer cut off", "gzip", outer[:len(outer)-20], 128 << 10, true},
		{"outer without its sum", "gzip", outer[:len(outer)-3], len(lines), true},
		{"outer wrong", "gzip", wrongOuter, len(lines), false},
		{"inner cut off", "gzip+zstd", packGzip(t, 6, inner[:len(inner)-20]), 128 << 10, true},
		{"inner wrong", "gzip+zstd", packGzip(t, 6, wrongInner), len(lines), false},
		{"text behind the inner", "gzip+zstd", packGzip(t, 6, append(bytes.Clone(inner), "text"...)), len(lines), false},
		{"text behind the outer", "gzip", append(bytes.Clone(outer), "text"...), len(lines), false},
		{"outer cut off in the head of the inner", "gzip", packGzip(t, 0, inner)[:32], 0, true},
	} {
		data, kind, _, err := drain(t, bytes.NewReader(c.packed), Limits{})
		var damage *DamageError
		if kind != "gzip+zstd" || !errors.As(err, &damage) || damage.Kind != c.kind || damage.Offset != int64(len(data)) ||
			len(data) < c.least || !bytes.HasPrefix(lines, data) || errors.Is(err, io.ErrUnexpectedEOF) != c.cut {
			t.Errorf("%s: kind %q, %d bytes, %v", c.name, kind, len(data), err)
		}
	}
}

func TestNestedSourceError(t *testing.T) {
	defer noLeaks(t)
	packed := packGzip(t, 6, packXZ(t, logLines(200_000)))
	broken := errors.New("the disk is gone")
	r := io.MultiReader(bytes.NewReader(packed[:len(packed)/2]), iotest.ErrReader(broken))
	if data, _, _, err := drain(t, r, Limits{}); err != broken || len(data) < 50_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	pr, pw := io.Pipe()
	go func() {
		pw.Write(packed[:1000])
		cancel()
	}()
	d, err := Open(ctx, pr, Limits{})
	if err == nil {
		_, err = io.Copy(io.Discard, d)
		d.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	pw.Close()
}
