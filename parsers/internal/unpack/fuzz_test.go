package unpack

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	stdgzip "compress/gzip"
)

// FuzzOpen reads any bytes twice, from a file and byte by byte from a pipe,
// which must not make a difference, and gzip once more by the standard
// library.
func FuzzOpen(f *testing.F) {
	lines := logLines(3000)
	padded := append(packGzip(f, 6, lines), make([]byte, 9)...)
	seeds := [][]byte{
		nil, lines, packGzip(f, 6, lines), packGzip(f, 0, lines[:50], nil, lines[50:]), padded,
		append(padded, "text"...), packGzip(f, 9, lines)[:300],
		packZstd(f, lines), packZstd(f, lines[:50], nil, lines[50:]), packZstd(f, lines)[:300],
		append([]byte(skippable), packZstd(f, lines)...), packZstd(f, bytes.Repeat(lines, 100)),
		[]byte("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), []byte("BZh91AY&SY\x00"), []byte("\xfd7zXZ\x00"),
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		limits := Limits{MaxUnpacked: 1 << 20}
		data, kind, stored, err := drain(t, bytes.NewReader(packed), limits)
		data2, kind2, _, err2 := drain(t, iotest.OneByteReader(bytes.NewReader(packed)), limits)
		if !bytes.Equal(data, data2) || kind != kind2 || text(err) != text(err2) {
			t.Errorf("from a file %q, %d bytes, %v; from a pipe %q, %d bytes, %v",
				kind, len(data), err, kind2, len(data2), err2)
		}
		if err == nil && stored != int64(len(packed)) {
			t.Errorf("%d bytes of %d were read", stored, len(packed))
		}
		var damage *DamageError
		var limit *LimitError
		var unsupported *UnsupportedError
		switch {
		case err == nil, errors.As(err, &unsupported):
		case errors.As(err, &damage) && damage.Offset == int64(len(data)) && kind == damage.Kind && kind != Plain:
		case errors.As(err, &limit) && limit.Offset == int64(len(data)):
		default:
			t.Errorf("%d bytes, %#v", len(data), err)
		}
		if kind == Plain && err == nil && !bytes.Equal(data, packed) {
			t.Error("plain bytes were changed")
		}
		if kind == Gzip && limit == nil {
			checkGzip(t, packed, data, err)
		}
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// checkGzip compares with the standard library, which does not know padding.
func checkGzip(t *testing.T, packed, data []byte, err error) {
	t.Helper()
	var want []byte
	r, wantErr := stdgzip.NewReader(bytes.NewReader(packed))
	if wantErr == nil {
		want, wantErr = io.ReadAll(r)
	}
	if wantErr == nil && (err != nil || !bytes.Equal(data, want)) {
		t.Errorf("%d bytes, %v, the standard library reads %d", len(data), err, len(want))
	}
	padding := packed[len(packed)-1] == 0 && (wantErr == stdgzip.ErrHeader || wantErr == io.ErrUnexpectedEOF)
	if err == nil && (wantErr != nil && !padding || !bytes.Equal(data, want)) {
		t.Errorf("%d bytes, the standard library reads %d and says %v", len(data), len(want), wantErr)
	}
}
