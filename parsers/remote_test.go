package parsers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/stage"
)

// A file that an engine has reads as the file does, from wherever one reads.
func TestRemoteFile(t *testing.T) {
	dir := t.TempDir()
	content := make([]byte, 3*mostAhead+17)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	path := filepath.Join(dir, "part-0.csv")
	for name, b := range map[string][]byte{path: content, filepath.Join(dir, "_SUCCESS"): nil, filepath.Join(dir, ".part-0.csv.crc"): {1}} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inputs, err := ExpandURLs(t.Context(), stage.NewLocal(1), []string{"file://" + dir}, event.Auth)
	if err != nil || len(inputs) != 1 || inputs[0].remote.file.Size != int64(len(content)) {
		t.Fatalf("%+v, %v", inputs, err)
	}
	if n := TotalBytes(inputs); n != int64(len(content)) {
		t.Errorf("%d bytes in all", n)
	}
	s := source{input: inputs[0]}
	f, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.begin(f); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		p, off := make([]byte, r.IntN(100_000)), r.Int64N(int64(len(content)))
		n, err := f.ReadAt(p, off)
		if want := min(len(p), len(content)-int(off)); n != want || (n < len(p)) != (err == io.EOF) || !bytes.Equal(p[:n], content[off:int(off)+n]) {
			t.Fatalf("%d bytes at %d: %d, %v", len(p), off, n, err)
		}
	}
	all, err := io.ReadAll(f)
	if err != nil || !bytes.Equal(all, content) {
		t.Errorf("%d bytes of %d, %v", len(all), len(content), err)
	}
	if err := s.changed(f); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, content[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	var told *InputError
	if err := s.changed(f); !errors.As(err, &told) {
		t.Errorf("a file that was replaced: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.changed(f); err == nil {
		t.Error("a file that has gone is no error")
	}
	if _, err := ExpandURLs(t.Context(), stage.NewLocal(1), []string{"file://" + path}, event.Auth); !errors.As(err, &told) {
		t.Errorf("no such file: %v", err)
	}
}

// tornStore cannot read beyond a byte of its files.
type tornStore struct {
	stage.Store
	upTo int64
}

func (s *tornStore) ReadAt(ctx context.Context, url string, p []byte, off int64) error {
	if off+int64(len(p)) > s.upTo {
		return errors.New("bad sector")
	}
	return s.Store.ReadAt(ctx, url, p, off)
}

// Of a file that could not be read to its end there is no hash: one of a part would
// look as if the file had changed since.
func TestNoHashOfAPart(t *testing.T) {
	text := authLines(8000)
	path := filepath.Join(t.TempDir(), "auth.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, readable := range []int{len(text), len(text) / 2} {
		store := &tornStore{stage.NewLocal(1), int64(readable)}
		inputs, err := ExpandURLs(t.Context(), store, []string{"file://" + path}, event.Auth)
		if err != nil {
			t.Fatal(err)
		}
		log := mustLoad(t, inputs, yen(), 1<<14)
		s, want := &log.Sources[0], ""
		if readable == len(text) {
			want = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		}
		if s.Hash() != want || (s.Trouble == "") != (want != "") || s.Accepted == 0 {
			t.Errorf("%d of %d bytes can be read: hash %q, trouble %q, %d rows", readable, len(text), s.Hash(), s.Trouble, s.Accepted)
		}
	}
}

// What a worker was brought must be what the driver saw.
func TestBring(t *testing.T) {
	in := Input{Name: "auth.csv"}
	if err := in.bring([]byte("abc"), stage.File{Size: 4}); err == nil {
		t.Error("half a file was taken")
	}
	if err := in.bring([]byte("abcd"), stage.File{Size: 4}); err != nil {
		t.Fatal(err)
	}
	f, err := (&source{input: in}).open()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(f); string(all) != "abcd" || err != nil {
		t.Errorf("%q, %v", all, err)
	}
	huge := remote{file: stage.File{Size: maxRemote + 1}}
	if _, err := huge.open("x"); err == nil {
		t.Error("a file that fits no block was opened")
	}
}
