package parsers

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// conversion is what Convert makes of one input: the lines, with a header where
// the form has one, and the rest as text.
func conversion(t testing.TB, in Input, opt Options, form Form, blockSize int) (lines, rest string, info event.Source) {
	t.Helper()
	var rows, rejects strings.Builder
	if form == CSV {
		rows.WriteString(strings.Join(Header(in.Role), ",") + "\n")
	}
	sources, err := convert(context.Background(), []Input{in}, opt, form, Sink{
		Rows: func(lines []byte) error { rows.Write(lines); return nil },
		Reject: func(_ string, r event.Reject) error {
			fmt.Fprintln(&rejects, r.Line, r.Column, r.Reason, r.Raw)
			return nil
		},
	}, blockSize)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(&rejects, sources)
	return rows.String(), rejects.String(), sources[0]
}

// TestConvertedFilesAreTheSameToLoad converts dirty files. What Load makes of
// the result is what it makes of the file but for the rows that are rejected one
// by one, in either form; and the result does not depend on workers and blocks.
func TestConvertedFilesAreTheSameToLoad(t *testing.T) {
	rows := int64(0)
	for seed := range seeds(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		exports, opt := dirtyFiles(r), yen()
		if r.IntN(2) == 0 {
			zone := time.FixedZone("", 9*3600)
			opt.Zones = map[event.Role]*time.Location{event.Auth: zone, event.Payments: zone, event.History: zone}
		}
		originals := write(t, exports...)
		want, err := load(context.Background(), originals, opt, block.Size)
		if err != nil {
			continue // a stamp without a zone
		}
		for _, form := range []Form{CSV, JSONL} {
			what := fmt.Sprintf("seed %d, form %d", seed, form)
			var copies []file
			rejected := make([]int64, len(originals))
			for i, in := range originals {
				lines, rest, info := conversion(t, in, opt, form, block.Size)
				again := opt
				again.Workers = 3
				lines3, rest3, _ := conversion(t, in, again, form, 1+r.IntN(300))
				if lines != lines3 || rest != rest3 {
					t.Errorf("%s: three workers and small blocks make other lines or rejects\n%s", what, cmp.Diff(lines+rest, lines3+rest3))
				}
				rejected[i] = info.Rejected
				if form == JSONL && lines == "" {
					lines = " " // no row: nothing says what it is
				}
				copies = append(copies, file{in.Name, lines, in.Role})
			}
			copied := slices.DeleteFunc(slices.Clone(copies), func(f file) bool { return f.text == " " })
			if len(copied) < len(copies) {
				continue
			}
			got := mustLoad(t, write(t, copied...), Options{Workers: 1 + r.IntN(3)}, block.Size)
			sameContent(t, what, want, got)
			for i := range want.Sources {
				a, b := want.Sources[i], got.Sources[i]
				if b.Read != a.Read-rejected[i] || b.Accepted != a.Accepted || b.Duplicates != a.Duplicates || b.Repeats != a.Repeats {
					t.Errorf("%s: %+v became %+v", what, a, b)
				}
				rows += b.Read
			}
		}
	}
	if rows < 500 && !testing.Short() {
		t.Errorf("%d rows prove nothing", rows)
	}
}

// TestConvertedLinesAreWhatTheModelReads compares cells, sources and lines with
// records that the model splits.
func TestConvertedLinesAreWhatTheModelReads(t *testing.T) {
	for seed := range seeds(60) {
		r := rand.New(rand.NewPCG(seed, 12))
		text := dirtyText(r, event.Auth, randomColumns(r, event.Auth))
		opt := yen()
		opt.Zones = map[event.Role]*time.Location{event.Auth: time.UTC}
		lines, _, _ := conversion(t, write(t, file{"a,b.csv", text, event.Auth})[0], opt, CSV, 1+r.IntN(500))
		m := &model{opt: opt, roles: []event.Role{event.Auth}, sources: []event.Source{{Name: "a,b.csv"}}}
		var want [][]string
		for _, rec := range m.records(0, file{"a,b.csv", text, event.Auth}) {
			var cells []string
			for _, f := range event.AuthFields[1:] {
				cells = append(cells, rec.text[f])
			}
			want = append(want, append(cells, "a,b.csv", fmt.Sprint(rec.line)))
		}
		var got [][]string
		_, body, _ := strings.Cut(lines, "\n")
		err := Cells([]byte(body), func(cells [][]byte) error {
			var row []string
			for _, c := range cells[1:] {
				row = append(row, string(c))
			}
			got = append(got, row)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d (-want +got)\n%s", seed, diff)
		}
		// Anyone's reader must see as many.
		if all, err := csv.NewReader(strings.NewReader(lines)).ReadAll(); err != nil || len(all) != len(want)+1 {
			t.Errorf("seed %d: encoding/csv reads %d lines, %v", seed, len(all), err)
		}
	}
}

// TestConvertedSamplesAreTheSameToLoad does with the samples of profiles what
// TestConvertedFilesAreTheSameToLoad does.
func TestConvertedSamplesAreTheSameToLoad(t *testing.T) {
	for _, s := range samples(t) {
		for _, form := range []Form{CSV, JSONL} {
			want := mustLoad(t, []Input{s.in}, s.opt, block.Size)
			lines, _, info := conversion(t, s.in, s.opt, form, 100)
			if form == JSONL && lines == "" {
				continue
			}
			got := mustLoad(t, write(t, file{"x", lines, s.in.Role}), Options{}, block.Size)
			sameContent(t, s.name, want, got)
			a, b, rows := want.Sources[0], got.Sources[0], info.Accepted
			for _, n := range info.Passed {
				rows -= n
			}
			if b.Read != rows || b.Rejected != a.Rejected-info.Rejected || b.Duplicates != a.Duplicates {
				t.Errorf("%s: %+v became %+v", s.name, a, b)
			}
		}
	}
}

// A sample is an export of testdata/profiles and how it is read.
type sample struct {
	name string
	in   Input
	opt  Options
}

// samples returns all of them.
func samples(t *testing.T) []sample {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", "profiles", "*", "in.*"))
	if err != nil || len(found) == 0 {
		t.Fatal("no samples", err)
	}
	var all []sample
	for _, path := range found {
		dir := filepath.Dir(path)
		name, _, _ := strings.Cut(filepath.Base(dir), ".")
		role, opt := sampleOptions(t, dir, name)
		all = append(all, sample{filepath.Base(dir), Input{Name: filepath.Base(path), Path: path, Role: role}, opt})
	}
	return all
}

// TestConvertKeepsBytesOrRefuses converts a file with a byte that is no text.
func TestConvertKeepsBytesOrRefuses(t *testing.T) {
	const text = "event_time,account_id,event,outcome\n2019-07-02T12:03:04Z,ann,login,success\n2019-07-02T12:03:04Z,a\xffnn,login,success\n"
	var opt Options
	in := write(t, file{"a.csv", text, event.Auth})[0]
	lines, _, info := conversion(t, in, opt, CSV, block.Size)
	if !strings.Contains(lines, ",a\xffnn,") || info.Broken != 1 {
		t.Errorf("%q, %d broken", lines, info.Broken)
	}
	_, err := Convert(context.Background(), []Input{in}, opt, JSONL, Sink{
		Rows: func([]byte) error { return nil }, Reject: func(string, event.Reject) error { return nil }})
	var input *InputError
	if !errors.As(err, &input) || !strings.HasPrefix(err.Error(), "a.csv:3: account_id: ") || !strings.Contains(input.Hint, "csv") {
		t.Errorf("error %v", err)
	}
}

// TestConvertPassesErrorsOn ends with the error of a sink, and leaves nothing
// running.
func TestConvertPassesErrorsOn(t *testing.T) {
	before := runtime.NumGoroutine()
	in := write(t, file{"a.csv", authLines(2000) + "bad\n", event.Auth})
	full := errors.New("disk full")
	opt := yen()
	opt.Workers = 3
	for _, sink := range []Sink{
		{Rows: func([]byte) error { return full }, Reject: func(string, event.Reject) error { return nil }},
		{Rows: func([]byte) error { return nil }, Reject: func(string, event.Reject) error { return full }},
	} {
		if _, err := convert(context.Background(), in, opt, CSV, sink, 1000); !errors.Is(err, full) {
			t.Errorf("error %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	sink := Sink{Rows: func([]byte) error { cancel(); return nil }, Reject: func(string, event.Reject) error { return nil }}
	if _, err := convert(ctx, in, opt, CSV, sink, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
		if wait > 5*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(wait)
	}
}

// TestConvertMemory converts 200 MB. What is held at any time must be a few
// blocks for each worker.
func TestConvertMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("converts 200 MB")
	}
	const size, bound = 200 << 20, 64 << 20
	path := filepath.Join(t.TempDir(), "a.csv")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	piece := authLines(20_000)
	header, body, _ := strings.Cut(piece, "\n")
	rows := int64(0)
	if _, err = io.WriteString(out, header+"\n"); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < size; n += len(body) {
		if _, err = io.WriteString(out, body); err != nil {
			t.Fatal(err)
		}
		rows += 20_000
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	piece, body = "", ""
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak, calls, lines := m.HeapAlloc, uint64(0), 0, int64(0)
	opt := yen()
	opt.Workers = 2
	_, err = Convert(context.Background(), []Input{{Name: "a", Path: path, Role: event.Auth}}, opt, CSV, Sink{
		Rows: func(b []byte) error {
			lines += int64(bytes.Count(b, newline))
			if calls++; calls%50 == 0 {
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
			return nil
		},
		Reject: func(string, event.Reject) error { return errors.New("a row was rejected") },
	})
	if err != nil || lines != rows {
		t.Fatalf("%d lines of %d, %v", lines, rows, err)
	}
	t.Logf("%d MB at most beside %d MB, in %d calls", (peak-before)>>20, before>>20, calls)
	if peak == 0 || peak > before+bound {
		t.Errorf("%d bytes were held, at most %d may be", peak-before, bound)
	}
}

// TestHeaderIsTheSchema keeps the columns where other tools look for them.
func TestHeaderIsTheSchema(t *testing.T) {
	for _, role := range []event.Role{event.Auth, event.History, event.Payments} {
		h := Header(role)
		var want []string
		for _, f := range fieldsOf(role) {
			want = append(want, f.String())
		}
		if !reflect.DeepEqual(h[:len(h)-2], want) || h[len(h)-2] != "source" || h[len(h)-1] != "line" {
			t.Errorf("%s: %q", role, h)
		}
	}
}

// TestConvertArchives converts an archive whose members are CSV, JSON Lines in
// gzip, and CP932: each is a source of its own, lines count from its start.
func TestConvertArchives(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range []struct{ name, text string }{
		{"one.csv", authLines(30)}, {"two.jsonl.gz", string(gzipOf(authObjects(20)))}, {"three.csv", cp932Lines(10)},
	} {
		w, err := z.Create(m.name)
		if err == nil {
			_, err = io.WriteString(w, m.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	inputs := write(t, file{"a.zip", b.String(), event.Auth})
	want := mustLoad(t, inputs, yen(), block.Size)
	for _, form := range []Form{CSV, JSONL} {
		lines, _, _ := conversion(t, inputs[0], yen(), form, 1000)
		got := mustLoad(t, write(t, file{"x", lines, event.Auth}), Options{}, block.Size)
		a, c := 0, 0
		for i := range want.Sources {
			a += int(want.Sources[i].Accepted + want.Sources[i].Duplicates)
		}
		c = int(got.Sources[0].Accepted + got.Sources[0].Duplicates)
		if a != 60 || c != a || got.Rows() != want.Rows() {
			t.Errorf("%d rows became %d; %d are in the log, want %d", a, c, got.Rows(), want.Rows())
		}
		for _, place := range []string{"a.zip!one.csv", "a.zip!two.jsonl.gz", "a.zip!three.csv", "ウォレット"} {
			if !strings.Contains(lines, place) {
				t.Errorf("form %d lacks %s", form, place)
			}
		}
		sameContent(t, "archive", want, got)
	}
}
