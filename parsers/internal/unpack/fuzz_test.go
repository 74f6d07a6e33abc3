package unpack

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	stdgzip "compress/gzip"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// FuzzOpen reads any bytes twice, from a file and byte by byte from a pipe,
// which must not make a difference, and gzip, bzip2 and xz once more by other
// decoders.
func FuzzOpen(f *testing.F) {
	lines := logLines(3000)
	padded := append(packGzip(f, 6, lines), make([]byte, 9)...)
	seeds := [][]byte{
		nil, lines, packGzip(f, 6, lines), packGzip(f, 0, lines[:50], nil, lines[50:]), padded,
		append(padded, "text"...), packGzip(f, 9, lines)[:300],
		packZstd(f, lines), packZstd(f, lines[:50], nil, lines[50:]), packZstd(f, lines)[:300],
		append([]byte(skippable), packZstd(f, lines)...), packZstd(f, bytes.Repeat(lines, 100)),
		[]byte("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), []byte("BZh91AY&SY\x00"), []byte("\xfd7zXZ\x00"),
		packBzip2(f, lines[:200]), packBzip2(f, lines[:50], nil, lines[50:100]), fromHex(f, twoByBzip2),
		packXZ(f, lines), append(packXZ(f, lines[:50], lines), 0, 0, 0, 0), packXZ(f, lines)[:300],
		fromHex(f, twoByXZ), fromHex(f, sha256XZ), fromHex(f, hugeXZ), fromHex(f, deltaXZ),
		packXZWith(f, xz.WriterConfig{NoCheckSum: true, DictCap: lzma.MinDictCap, BlockSize: 1000}, lines),
		packGzip(f, 6, packXZ(f, lines)), packZstd(f, packBzip2(f, lines[:100])), packGzip(f, 0, packGzip(f, 0, packGzip(f, 0, packGzip(f, 0, nil)))),
		packZip(f, "a.csv", "a,b"),
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
		case errors.As(err, &damage) && damage.Offset == int64(len(data)) && strings.HasPrefix(kind, damage.Kind) && kind != Plain:
		case errors.As(err, &limit) && limit.Offset == int64(len(data)):
		default:
			t.Errorf("%d bytes, %#v", len(data), err)
		}
		if kind == Plain && err == nil && !bytes.Equal(data, packed) {
			t.Error("plain bytes were changed")
		}
		switch {
		case limit != nil:
		case kind == Gzip:
			checkGzip(t, packed, data, err)
		case kind == Bzip2:
			checkBzip2(t, packed, data, err)
		case kind == XZ && unsupported == nil:
			checkXZ(t, packed, data, err)
		}
	})
}

// checkBzip2 compares with the standard library, which delivers blocks before
// it has checked them.
func checkBzip2(t *testing.T, packed, data []byte, err error) {
	t.Helper()
	want, wantErr := io.ReadAll(bzip2.NewReader(bytes.NewReader(packed)))
	if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(data, want) || !bytes.HasPrefix(want, data) {
		t.Errorf("%d bytes, %v, the standard library reads %d, %v", len(data), err, len(want), wantErr)
	}
}

// checkXZ compares with a decoder that takes more: what is cut off behind a
// header, and chunks that are longer than what is in them.
func checkXZ(t *testing.T, packed, data []byte, err error) {
	t.Helper()
	var want []byte
	r, wantErr := xz.NewReader(bytes.NewReader(packed))
	if wantErr == nil {
		want, wantErr = io.ReadAll(r)
	}
	short := min(len(data), len(want))
	if err == nil && (wantErr != nil || len(data) != len(want)) || !bytes.Equal(data[:short], want[:short]) {
		t.Errorf("%d bytes, %v, the other decoder reads %d, %v", len(data), err, len(want), wantErr)
	}
}

// FuzzLZMA2 unpacks any chunks, without the checksums around them, and compares
// with another decoder.
func FuzzLZMA2(f *testing.F) {
	lines := logLines(3000)
	seeds := [][]byte{nil, {0}, []byte("\x01\x00\x02abc\x02\x00\x00d\x00"), []byte("\x01\x00\x02ab")}
	for _, text := range [][]byte{lines, lines[:200], bytes.Repeat(lines[:10], 100), make([]byte, 3000)} {
		for _, p := range []lzma.Properties{{LC: 3, PB: 2}, {LP: 4, PB: 4}, {LC: 4}} {
			var b bytes.Buffer
			w, err := lzma.Writer2Config{Properties: &p, DictCap: lzma.MinDictCap}.NewWriter2(&b)
			if err != nil {
				f.Fatal(err)
			}
			write(f, w, text)
			seeds = append(seeds, b.Bytes(), b.Bytes()[:b.Len()/2])
		}
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	d := new(lzma2) // also shows that nothing of one block is left in the next
	f.Fuzz(func(t *testing.T, chunks []byte) {
		const most = 1 << 20
		data, err := unpackChunks(d, chunks, most)
		again, err2 := unpackChunks(new(lzma2), chunks, most)
		if !bytes.Equal(data, again) || err != err2 {
			t.Errorf("%d bytes, %v; then %d, %v", len(data), err, len(again), err2)
		}
		r, wantErr := lzma.Reader2Config{DictCap: lzma.MinDictCap}.NewReader2(bytes.NewReader(chunks))
		var want []byte
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(r, most))
		}
		short := min(len(data), len(want))
		if !bytes.Equal(data[:short], want[:short]) {
			t.Fatalf("%d bytes, %v; the other decoder reads %d others, %v", len(data), err, len(want), wantErr)
		}
		if err == nil && len(data) < most && (wantErr != nil || len(want) != len(data)) {
			t.Errorf("%d bytes; the other decoder reads %d, %v", len(data), len(want), wantErr)
		}
	})
}

// unpackChunks unpacks up to about most bytes of a block.
func unpackChunks(d *lzma2, chunks []byte, most int) (data []byte, err error) {
	d.in = bufio.NewReader(bytes.NewReader(chunks))
	d.start(lzma.MinDictCap)
	buf := make([]byte, 1000)
	for err == nil && len(data) < most {
		err = d.more()
		for {
			n := d.deliver(buf)
			if n == 0 {
				break
			}
			data = append(data, buf[:n]...)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return data[:min(len(data), most)], err
}

// FuzzMembers lists and reads any archive. What it reads without an error the
// standard library must read as the same.
func FuzzMembers(f *testing.F) {
	text := logLines(500)
	seeds := [][]byte{
		nil, packZip(f), packZip(f, "a.csv", "a,b", "b.csv", string(text)), packZip(f, "a.csv.gz", string(packGzip(f, 6, text))),
		zipFile(f, false, "note PK\x05\x06", zipEntry{name: "a", text: text, deflate: true}, zipEntry{name: ".b", text: text}, zipEntry{name: "a", text: text}),
		zipFile(f, true, "", zipEntry{name: "a", text: text, deflate: true, large: true}, zipEntry{name: "b", text: text, at: 1}),
		zipFile(f, false, "", zipEntry{name: "a", text: text, flags: 1}, zipEntry{name: "b", text: text, method: 12}, zipEntry{name: "\x95\x5c/", text: text}),
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r := bytes.NewReader(file)
		members, err := Members(r, r.Size())
		var damage *DamageError
		var limit *LimitError
		var unsupported *UnsupportedError
		if err != nil {
			if members != nil || !errors.As(err, &damage) && !errors.As(err, &limit) && !errors.As(err, &unsupported) {
				t.Errorf("%d members, %#v", len(members), err)
			}
			return
		}
		names, total := map[string]bool{}, int64(0)
		for i, m := range members {
			if i > 0 && m.RawName < members[i-1].RawName {
				t.Errorf("%s behind %s", m.Name, members[i-1].Name)
			}
			if m.Err != nil {
				continue
			}
			if names[m.Name] {
				t.Errorf("two members are %s", m.Name)
			}
			names[m.Name] = true
			total += m.Stored
			checkMember(t, file, m)
		}
		if total > r.Size() {
			t.Errorf("%d stored bytes in a file of %d", total, r.Size())
		}
	})
}

func checkMember(t *testing.T, file []byte, m Member) {
	t.Helper()
	d, err := OpenMember(context.Background(), bytes.NewReader(file), m, Limits{MaxUnpacked: 1 << 20})
	if err != nil {
		return
	}
	defer d.Close()
	data, err := io.ReadAll(d)
	if err != nil || d.Kind() != Zip {
		return
	}
	if int64(len(data)) != m.Unpacked {
		t.Errorf("%s: %d bytes, the archive says %d", m.Name, len(data), m.Unpacked)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return // one wrong entry is enough for it to refuse them all
	}
	for _, other := range z.File {
		if at, err := other.DataOffset(); err != nil || at != m.Offset || other.Name != m.RawName || strings.HasSuffix(m.RawName, "/") {
			continue // another, or a folder with text
		}
		var want []byte
		r, err := other.Open()
		if err == nil {
			want, err = io.ReadAll(r)
			r.Close()
		}
		// It also reads the checksum behind the data, which may be another than
		// that of the directory.
		if err != nil && err != zip.ErrChecksum || !bytes.Equal(data, want) {
			t.Errorf("%s: %d bytes, the standard library reads %d, %v", m.Name, len(data), len(want), err)
		}
	}
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
