package parsers

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// TestManyParts reads a log in more parts than a worker keeps readers for. Every
// part must say of itself what it says alone, whoever read it.
func TestManyParts(t *testing.T) {
	const parts = 2*manyReaders + 10
	header, body, _ := strings.Cut(authLines(parts*5), "\n")
	lines := strings.SplitAfter(body, "\n")
	var files []file
	for i := range parts {
		part := strings.Join(lines[5*i:5*i+5], "")
		part = strings.Replace(part, "240.129.", "none", i%3) // addresses that are none
		text := header + "\n" + part
		switch i % 4 {
		case 1:
			text = string(gzipOf(text))
		case 2:
			text = objectsOf(text, "session_id")
		}
		files = append(files, file{fmt.Sprintf("%03d", i), text, event.Auth})
	}
	inputs := write(t, files...)
	opt := yen()
	log := mustLoad(t, inputs, opt, block.Size)
	checkLaw(t, log)
	if log.Rows() != parts*5 {
		t.Errorf("%d rows, want %d", log.Rows(), parts*5)
	}
	for i := range log.Sources {
		s := &log.Sources[i]
		if s.Unread[event.IP] != int64(i%3) {
			t.Errorf("%s: %d addresses that are none, want %d", s.Name, s.Unread[event.IP], i%3)
		}
		alone := mustLoad(t, inputs[i:i+1], opt, block.Size).Sources[0]
		if !reflect.DeepEqual(alone, *s) {
			t.Errorf("%s: %+v, alone %+v", s.Name, *s, alone)
		}
	}
	for _, workers := range []int{2, 5} {
		opt.Workers = workers
		for _, size := range []int{block.Size, 200} {
			sameLog(t, fmt.Sprintf("%d workers, blocks of %d", workers, size), log, mustLoad(t, inputs, opt, size))
		}
	}
}

// objectsOf returns CSV without quotes as JSON lines that lack a column.
func objectsOf(text, without string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	names := strings.Split(lines[0], ",")
	var b strings.Builder
	for _, l := range lines[1:] {
		for i, v := range strings.Split(l, ",") {
			switch {
			case i == 0:
				b.WriteByte('{')
			case names[i] == without:
				continue
			default:
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%q", names[i], v)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// TestFirstErrorIsNamed gives two files whose stamps carry no zone among many:
// whoever looks at them first, the first is named.
func TestFirstErrorIsNamed(t *testing.T) {
	var files []file
	for i := range 40 {
		text := authLines(3)
		if i == 17 || i == 18 {
			text = strings.ReplaceAll(text, "Z,", ",")
		}
		files = append(files, file{fmt.Sprintf("%02d", i), text, event.Auth})
	}
	inputs := write(t, files...)
	opt := yen()
	opt.Workers = 8
	for range 20 {
		if _, err := load(t.Context(), inputs, opt, block.Size); err == nil || !strings.HasPrefix(err.Error(), "17: ") {
			t.Fatalf("want an error of 17, got %v", err)
		}
	}
}

// TestArchiveIsHashedOnce reads an archive of many members: each says the hash of
// the archive, whose bytes were read once for it.
func TestArchiveIsHashedOnce(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 30 {
		w, err := z.Create(fmt.Sprintf("%02d.csv", i))
		if err == nil {
			_, err = w.Write([]byte(authLines(i + 1)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	inputs := write(t, file{"a.zip", b.String(), event.Auth})
	for _, workers := range []int{1, 4} {
		opt := yen()
		opt.Workers = workers
		var read atomic.Int64
		opt.Progress = func(n int64) { read.Add(n) }
		log := mustLoad(t, inputs, opt, block.Size)
		if len(log.Sources) != 30 || read.Load() != int64(b.Len()) {
			t.Errorf("%d sources, %d bytes read of %d", len(log.Sources), read.Load(), b.Len())
		}
		for i := range log.Sources {
			if s := &log.Sources[i]; s.SHA256 != sha256.Sum256(b.Bytes()) || s.Read != int64(i+1) {
				t.Errorf("%s: %d rows, hash %x", s.Name, s.Read, s.SHA256)
			}
		}
	}
}
