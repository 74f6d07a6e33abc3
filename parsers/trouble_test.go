package parsers

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// TestDamagedFilesKeepWhatStandsBefore cuts packed files off at many places.
// What is read must be the rows that stand before the cut, and one more record,
// the half one, rejected.
func TestDamagedFilesKeepWhatStandsBefore(t *testing.T) {
	text := authLines(1000)
	lines := strings.SplitAfter(text, "\n")
	opt := yen()
	f := func(stored string, size int) {
		t.Helper()
		log, err := load(context.Background(), write(t, file{"a.csv", stored, event.Auth}), opt, size)
		if err != nil {
			var header *HeaderError
			if errors.As(err, &header) && strings.Contains(err.Error(), "could not be read beyond this line") {
				return // not even the header is whole
			}
			t.Fatal(err)
		}
		checkLaw(t, log)
		s := log.Sources[0]
		if !strings.Contains(s.Trouble, "data is damaged after") || s.Bytes != int64(len(stored)) {
			t.Errorf("%d bytes: trouble %q, %d bytes", len(stored), s.Trouble, s.Bytes)
		}
		whole := strings.Count(text[:s.Unpacked], "\n")
		half := text[len(strings.Join(lines[:whole], "")):s.Unpacked]
		if s.Accepted != int64(max(whole-1, 0)) || (half != "") != (s.Rejected == 1) {
			t.Errorf("%d bytes: %d accepted, %d rejected, want %d and %q", len(stored), s.Accepted, s.Rejected, whole-1, half)
		}
		for _, r := range log.Rejects {
			if r.Raw != half || r.Line != int64(whole+1) || r.Reason != "the file could not be read beyond this line" {
				t.Errorf("%d bytes: rejected line %d for %q: %q, want %q", len(stored), r.Line, r.Reason, r.Raw, half)
			}
		}
		if texts, err := log.Text(t.Context(), positions(log)); err != nil || len(texts) != int(s.Accepted) {
			t.Errorf("%d bytes: %d texts, %v", len(stored), len(texts), err)
		}
	}
	for _, packed := range []string{string(gzipOf(text)), zstdOf(text)} {
		for n := 20; n < len(packed); n += 1 + len(packed)/25 {
			f(packed[:n], block.Size)
			f(packed[:n], 500)
		}
	}
	gz := string(gzipOf(text))
	f(gz[:len(gz)-4], block.Size) // all there, but for the length
	f(gz+"garbage", block.Size)
}

// TestTroubleOfOneSourceIsItsOwn reads a damaged file with a whole one.
func TestTroubleOfOneSourceIsItsOwn(t *testing.T) {
	text := authLines(50)
	gz := string(gzipOf(text))
	log := loaded(t, file{"a.csv", gz[:len(gz)/2], event.Auth}, file{"b.csv", text, event.Auth})
	checkLaw(t, log)
	if a, b := log.Sources[0], log.Sources[1]; a.Trouble == "" || b.Trouble != "" || b.Read != 50 {
		t.Errorf("%+v", log.Sources)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	f := func(text, want, hint string) {
		t.Helper()
		err := refusal(t, event.Auth, text, yen())
		var input *InputError
		if !errors.As(err, &input) || err.Error() != want || input.Hint != hint {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	f("7z\xbc\xaf\x27\x1c\x00\x04", "x.csv: 7-zip files cannot be read", "unpack it first")

	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir(), os.DevNull} {
		_, err := Load(context.Background(), []Input{{Name: "x.csv", Path: path, Role: event.Auth}}, yen())
		var input *InputError
		if !errors.As(err, &input) || input.Hint == "" || !strings.HasPrefix(err.Error(), "x.csv: ") || strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Load(context.Background(), make([]Input, event.MaxSources+1), yen()); err == nil {
		t.Error("more sources than a position can name were read")
	}
}

// TestArchives reads every member of an archive as a file of its own, and the
// others where one is damaged.
func TestArchives(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range []struct{ name, text string }{
		{"logs/one.csv", authLines(30)}, {"two.csv.gz", string(gzipOf(authLines(20)))}, {".hidden", "x"},
	} {
		w, err := z.Create(m.name)
		if err == nil {
			_, err = w.Write([]byte(m.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	log := loaded(t, file{"a.zip", b.String(), event.Auth}, file{"b.csv", authLines(10), event.Auth})
	checkLaw(t, log)
	got := ""
	for _, s := range log.Sources {
		got += fmt.Sprintf("%s %d %q; ", s.Name, s.Read, s.Trouble)
	}
	if want := `a.zip!logs/one.csv 30 ""; a.zip!two.csv.gz 20 ""; b.csv 10 ""; `; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if a, b := log.Sources[0], log.Sources[1]; a.SHA256 != b.SHA256 || a.SHA256 == [32]byte{} || a.Member != "logs/one.csv" {
		t.Errorf("%+v, %+v", a, b)
	}
	texts, err := log.Text(t.Context(), positions(log))
	if err != nil || len(texts) != len(positions(log)) {
		t.Error(err)
	}
	damaged := bytes.Clone(b.Bytes())
	damaged[60] ^= 0xff
	log = loaded(t, file{"a.zip", string(damaged), event.Auth})
	if a, b := log.Sources[0], log.Sources[1]; a.Trouble == "" || b.Trouble != "" || b.Read != 20 {
		t.Errorf("%+v", log.Sources)
	}
}

// TestFileThatGrowsMeanwhileIsRefused appends to a file while it is read.
func TestFileThatGrowsMeanwhileIsRefused(t *testing.T) {
	for _, stored := range []string{authLines(100), string(gzipOf(authLines(100)))} {
		inputs := write(t, file{"a.csv", stored, event.Auth})
		opt, grown := yen(), false
		opt.Progress = func(int64) {
			if !grown {
				grown = true
				out, err := os.OpenFile(inputs[0].Path, os.O_APPEND|os.O_WRONLY, 0)
				if err == nil {
					_, err = out.WriteString("one more\n")
					out.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}
		}
		_, err := Load(context.Background(), inputs, opt)
		if err == nil || !strings.Contains(err.Error(), "a.csv: changed while it was read") {
			t.Errorf("error %v", err)
		}
	}
}

// TestLoadEndsWithItsContext ends the context before, at the start and in the
// middle of reading files of several kinds. Nothing may run on afterwards.
func TestLoadEndsWithItsContext(t *testing.T) {
	text := authLines(10_000)
	endless := "event_time,account_id,event,outcome\n" + strings.Repeat("x", 3<<20)
	gz := string(gzipOf(text))
	inputs := write(t,
		file{"a.csv", text, event.Auth}, file{"b.csv", gz, event.Auth}, file{"c.csv", zstdOf(text), event.Auth},
		file{"d.csv", endless, event.Auth}, file{"e.csv", gz[:len(gz)/3] + strings.Repeat("x", 3<<20), event.Auth})
	total := TotalBytes(inputs)
	before := runtime.NumGoroutine()
	for _, workers := range []int{1, 3} {
		for part := range int64(9) {
			ctx, cancel := context.WithCancel(context.Background())
			opt := yen()
			opt.Workers = workers
			if part == 0 {
				cancel()
			}
			told := make(chan int64, 1)
			told <- 0
			opt.Progress = func(n int64) {
				sum := <-told + n
				told <- sum
				if sum >= total*part/8 {
					cancel()
				}
			}
			log, err := load(ctx, inputs, opt, 20_000)
			cancel()
			if !errors.Is(err, context.Canceled) && (err != nil || part < 8) {
				t.Errorf("%d workers, ended after %d/8: %v, %v", workers, part, log, err)
			}
		}
	}
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	if _, err := Load(ctx, inputs, yen()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
		if wait > 5*time.Second {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(wait)
	}
}

// TestLoadEndsSoon ends the context where Load has much left to read and no
// row to make of it: a line without end, and what stands behind damage.
func TestLoadEndsSoon(t *testing.T) {
	much := strings.Repeat("x", 24<<20)
	gz := string(gzipOf(authLines(100)))
	for _, stored := range []string{"event_time,account_id,event,outcome\n" + much, gz + much} {
		ctx, cancel := context.WithCancel(context.Background())
		var read int64 // by one reader
		opt := yen()
		opt.Progress = func(n int64) {
			if read += n; read > 4<<20 {
				cancel()
			}
		}
		_, err := Load(ctx, write(t, file{"a.csv", stored, event.Auth}), opt)
		if !errors.Is(err, context.Canceled) || read > 8<<20 {
			t.Errorf("%v, after %d bytes", err, read)
		}
		cancel()
	}
}

// TestErrorsLeaveNothingRunning loads many files of which one is refused.
func TestErrorsLeaveNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	var files []file
	for i := range 30 {
		files = append(files, file{fmt.Sprintf("%02d.csv", i), authLines(2000), event.Auth})
	}
	files[17].text = "event_time,header\n"
	inputs := write(t, files...)
	for _, workers := range []int{1, 2, 7} {
		opt := yen()
		opt.Workers = workers
		_, err := load(context.Background(), inputs, opt, 5000)
		var header *HeaderError
		if !errors.As(err, &header) || header.Source != "17.csv" {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
	for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
		if wait > 5*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(wait)
	}
}

// TestTooManyRejects: rejects lie in memory, so there is an end to them; what is
// below it is read whatever the budget.
func TestTooManyRejects(t *testing.T) {
	text := "event_time,account_id,event,outcome\n" + strings.Repeat("yesterday,"+strings.Repeat("x", 1000)+",login,success\n", 30_000)
	for _, tc := range []struct {
		memory int64
		fits   bool
	}{{0, true}, {1 << 20, false}, {1 << 30, true}} {
		opt := yen()
		opt.Memory = spill.New(tc.memory, t.TempDir())
		log, err := Load(t.Context(), write(t, file{"a.csv", text, event.Auth}), opt)
		var problem *InputError
		switch {
		case tc.fits && (err != nil || len(log.Rejects) != 30_000):
			t.Errorf("%d bytes: %v", tc.memory, err)
		case !tc.fits && (!errors.As(err, &problem) || problem.Hint == ""):
			t.Errorf("%d bytes: %v", tc.memory, err)
		}
	}
}
