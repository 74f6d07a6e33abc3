package parsers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// positions returns where all rows of a log stand.
func positions(log *event.Log) []event.Pos {
	var all []event.Pos
	for _, p := range partsOf(log) {
		for i := range p.Logins {
			all = append(all, p.Logins[i].Pos)
		}
		for i := range p.Charges {
			all = append(all, p.Charges[i].Pos)
		}
	}
	return all
}

// longText returns an auth log whose rows have details of all lengths up to
// some pieces, quoted and not, with newlines and without, and those details by
// line.
func longText(eol string) (text string, details map[int64]string) {
	var b strings.Builder
	b.WriteString("detail,event_time,account_id,event,outcome,user_agent" + eol)
	line := int64(2)
	details = map[int64]string{}
	for i := range 400 {
		detail := fmt.Sprintf("%d %s", i, strings.Repeat("x", i*97%9000))
		if i%40 == 0 {
			detail = fmt.Sprintf("%d %s", i, strings.Repeat("y", 8000+i*100))
		}
		written := detail
		switch i % 3 {
		case 1:
			detail += "\n\"quoted\"\n\nand more, with a comma" + strings.Repeat("\n", i%7)
			written = `"` + strings.ReplaceAll(detail, `"`, `""`) + `"`
		case 2:
			written = `"` + detail + `"`
		}
		details[line] = detail
		row := fmt.Sprintf(`%s,2019-07-02T12:03:04.%06dZ,ann%d,login,success,"a, ""b"""`, written, i+1, i) + eol
		b.WriteString(row)
		line += int64(strings.Count(row, "\n"))
	}
	return b.String(), details
}

// TestTextIsThatOfTheRow reads every row of a log again, in several orders, by
// one and by one, and from all kinds of file, with blocks of many sizes.
func TestTextIsThatOfTheRow(t *testing.T) {
	for _, eol := range []string{"\n", "\r\n"} {
		text, details := longText(eol)
		for name, stored := range map[string]string{"plain": text, "gzip": string(gzipOf(text)), "zstd": zstdOf(text), "no last line end": strings.TrimSuffix(text, eol)} {
			inputs := write(t, file{"a.csv", stored, event.Auth})
			for _, size := range []int{100, pieceSize, 2*pieceSize + 1, 50_000, block.Size} {
				log := mustLoad(t, inputs, yen(), size)
				rows := positions(log)
				slices.Sort(rows)
				texts, err := log.Text(t.Context(), rows)
				if err != nil {
					t.Fatal(err)
				}
				for i, got := range texts {
					if got.Get(event.Detail) != details[got.Line] || got.Get(event.AccountID) != fmt.Sprintf("ann%d", i) || got.Get(event.UserAgent) != `a, "b"` {
						t.Fatalf("%s, blocks of %d, row %d: line %d, %.100q", name, size, i, got.Line, got.Fields)
					}
				}
				if len(texts) != len(details) {
					t.Errorf("%s: %d texts, want %d", name, len(texts), len(details))
				}
				some := []event.Pos{rows[399], rows[0], rows[200], rows[0], rows[398]}
				turned, err := log.Text(t.Context(), some)
				if want := []event.Text{texts[399], texts[0], texts[200], texts[0], texts[398]}; err != nil || !cmp.Equal(want, turned) {
					t.Errorf("%s: %v, asked in another order:\n%s", name, err, cmp.Diff(want, turned))
				}
			}
		}
	}
}

// TestTextFromManyAtOnce asks for text from several goroutines; the race
// detector looks on.
func TestTextFromManyAtOnce(t *testing.T) {
	text, _ := longText("\n")
	log := loaded(t, file{"a.csv", text, event.Auth}, file{"b.csv", string(gzipOf(text)), event.Auth}, file{"c.csv", zstdOf(text), event.Auth})
	rows := positions(log)
	want, err := log.Text(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := log.Text(context.Background(), rows)
			if err != nil || !cmp.Equal(want, got) {
				t.Errorf("%v, or other text", err)
			}
		})
	}
	group.Wait()
}

func TestTextOfTwoSources(t *testing.T) {
	const header, row = "event_time,account_id,event,outcome\n", "2019-07-02T12:03:04Z,%s,login,\n"
	log := loaded(t,
		file{"a.csv", header + fmt.Sprintf(row, "ann"), event.Auth},
		file{"b.csv", "\xef\xbb\xbf\n" + header + "\n" + fmt.Sprintf(row, "bob"), event.Auth})
	rows := positions(log)
	slices.Sort(rows)
	texts, err := log.Text(t.Context(), []event.Pos{rows[1], rows[0]})
	if err != nil {
		t.Fatal(err)
	}
	if b, a := texts[0], texts[1]; b.Line != 4 || b.Get(event.AccountID) != "bob" || a.Line != 2 || a.Get(event.AccountID) != "ann" {
		t.Errorf("%+v", texts)
	}
}

// TestChangedSourcesHaveNoText changes a file after it was read, in all the
// ways that are seen without reading it whole.
func TestChangedSourcesHaveNoText(t *testing.T) {
	text := authLines(100)
	touch := func(path string) { // as if a moment had passed
		later := time.Now().Add(time.Minute)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	rewrite := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(name, want string, change func(path string)) {
		t.Helper()
		for _, stored := range []string{text, string(gzipOf(text))} {
			inputs := write(t, file{"a.csv", stored, event.Auth})
			log := mustLoad(t, inputs, yen(), block.Size)
			change(inputs[0].Path)
			_, err := log.Text(t.Context(), positions(log)[:3])
			var input *InputError
			if !errors.As(err, &input) || input.Name != "a.csv" || !strings.Contains(input.Problem, want) || input.Hint == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	f("truncated", "changed", func(path string) {
		if err := os.Truncate(path, 200); err != nil {
			t.Fatal(err)
		}
	})
	f("appended", "changed", func(path string) { rewrite(path, text+"more\n") })
	f("rewritten", "changed", func(path string) {
		old, _ := os.ReadFile(path)
		rewrite(path, strings.Repeat("x", len(old)))
		touch(path)
	})
	f("replaced, with the old time", "changed", func(path string) {
		old, _ := os.ReadFile(path)
		info, _ := os.Stat(path)
		other := filepath.Join(t.TempDir(), "other")
		rewrite(other, strings.Repeat("x", len(old)))
		if err := errors.Join(os.Chtimes(other, info.ModTime(), info.ModTime()), os.Rename(other, path)); err != nil {
			t.Fatal(err)
		}
	})
	f("gone", "no such file", func(path string) { os.Remove(path) })
	f("a folder", "not a regular file", func(path string) {
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
	})
}

// TestOtherContentIsNoText rewrites a file so that neither its size nor its
// time tells. A record that no longer is one must not pass for a row.
func TestOtherContentIsNoText(t *testing.T) {
	text := authLines(100)
	inputs := write(t, file{"a.csv", text, event.Auth})
	log := mustLoad(t, inputs, yen(), block.Size)
	info, err := os.Stat(inputs[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	f := func(other string) {
		t.Helper()
		err := errors.Join(os.WriteFile(inputs[0].Path, []byte(other), 0o600), os.Chtimes(inputs[0].Path, info.ModTime(), info.ModTime()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = log.Text(t.Context(), positions(log))
		var input *InputError
		if !errors.As(err, &input) || !strings.Contains(input.Problem, "could not be read again") {
			t.Errorf("%.30q: %v", other, err)
		}
	}
	f(strings.Repeat("x", len(text)))
	f(strings.Repeat("\n", len(text)))
	f(strings.Repeat("\"", len(text)))
	f(strings.Repeat(",", len(text)))
}

func TestTextEndsWithItsContext(t *testing.T) {
	text := authLines(100)
	log := loaded(t, file{"a.csv", text, event.Auth}, file{"b.csv", string(gzipOf(text)), event.Auth})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, row := range positions(log) {
		if _, err := log.Text(ctx, []event.Pos{row}); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	}
}
