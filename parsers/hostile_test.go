package parsers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/profile"
)

// withoutPassed returns a log as if the records that a profile passes over, which
// count as accepted, were not there.
func withoutPassed(log *event.Log) *event.Log {
	out := *log
	out.Sources = slices.Clone(log.Sources)
	for i := range out.Sources {
		for _, n := range out.Sources[i].Passed {
			out.Sources[i].Read -= n
			out.Sources[i].Accepted -= n
		}
	}
	return &out
}

// FuzzAnyFile reads any bytes as either log, recognised, as the neutral schema
// or as any profile, as a user may ask for. Nothing panics, the account of rows
// comes out, and Convert accepts and rejects what Load does before it compares
// rows with each other.
func FuzzAnyFile(f *testing.F) {
	all, err := profile.All()
	if err != nil {
		f.Fatal(err)
	}
	// Number 0 is to recognise, 1 the neutral schema.
	var compiled []*profile.Compiled
	for _, p := range all {
		params := map[string]string{}
		for name := range p.Params {
			params[name] = "x"
		}
		c, err := profile.Compile(p, params)
		if err != nil {
			continue // a parameter that is no free text
		}
		compiled = append(compiled, c)
	}
	seeds := 0
	found, err := filepath.Glob(filepath.Join("testdata", "profiles", "*", "in.*"))
	if err != nil {
		f.Fatal(err)
	}
	for i, path := range found {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(filepath.Dir(path)), ".")
		payments := slices.ContainsFunc(all, func(p *profile.Profile) bool { return p.Name == name && p.Role == "payments" })
		f.Add(data, payments, uint8(0), uint8(i))
		seeds++
	}
	f.Add([]byte(authLines(5)), false, uint8(1), uint8(0))
	f.Add([]byte(paymentLines(5)), true, uint8(1), uint8(0))
	f.Add([]byte(authObjects(5)), false, uint8(1), uint8(0))
	f.Add(gzipOf(oktaObjects(3)), false, uint8(0), uint8(0))
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, payments bool, which, size uint8) {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		// The date of a file is where stamps without a year lie before.
		if err := os.Chtimes(path, time.Time{}, time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		role := event.Auth
		if payments {
			role = event.Payments
		}
		opt := yen()
		opt.Workers, opt.MaxUnpacked = 2, 8<<20
		opt.Zones = map[event.Role]*time.Location{role: time.UTC}
		if which > 0 {
			opt.Profiles = map[event.Role]*profile.Compiled{role: nil}
			if n := int(which) - 2; n >= 0 {
				c := compiled[n%len(compiled)]
				if !fits(c, role) {
					return
				}
				opt.Profiles[role] = c
			}
		}
		in := []Input{{Name: "x", Path: path, Role: role}}
		log, err := load(context.Background(), in, opt, block.Size)
		small, err2 := load(context.Background(), in, opt, 16+int(size))
		var rejected, accepted int64
		sources, err3 := convert(context.Background(), in, opt, CSV, Sink{
			Rows: func(lines []byte) error {
				return Cells(lines, func([][]byte) error { accepted++; return nil })
			},
			Reject: func(string, event.Reject) error { rejected++; return nil },
		}, 16+int(size))
		if (err == nil) != (err2 == nil) || (err == nil) != (err3 == nil) {
			t.Fatalf("load: %v, in small blocks: %v, convert: %v", err, err2, err3)
		}
		if err != nil {
			if err.Error() != err2.Error() || err.Error() != err3.Error() {
				t.Fatalf("load: %v, in small blocks: %v, convert: %v", err, err2, err3)
			}
			return
		}
		sameLog(t, "small blocks", log, small)
		checkLaw(t, withoutPassed(log))
		for i := range log.Sources {
			a, b := &log.Sources[i], &sources[i]
			if a.Read != b.Read || a.Accepted+a.Duplicates+a.Rejected != b.Accepted+b.Rejected || a.Rejected < b.Rejected {
				t.Errorf("load: %+v, convert: %+v", *a, *b)
			}
			for _, n := range b.Passed {
				accepted += n
			}
			accepted -= b.Accepted
			rejected -= b.Rejected
		}
		if accepted != 0 || rejected != 0 {
			t.Errorf("%d more rows are written than are counted, %d more rejects", accepted, rejected)
		}
		rows := positions(log)
		texts, err := log.Text(context.Background(), rows)
		if err != nil || len(texts) != len(rows) {
			t.Fatalf("%d texts of %d rows, %v", len(texts), len(rows), err)
		}
		for i := range texts {
			if texts[i].Get(event.AccountID) == "" {
				t.Errorf("the row at %d has no account", rows[i].Offset())
			}
		}
	})
}

// TestBrokenObjectsTakeNoOtherAlong cuts JSON Lines into blocks of many sizes. A
// record may go on behind its line; one that is not closed takes no other with
// it, wherever blocks end.
func TestBrokenObjectsTakeNoOtherAlong(t *testing.T) {
	good := func(n int) string {
		return fmt.Sprintf(`{"event_time":"2019-07-02T12:00:%02dZ","account_id":"a","event":"login","outcome":"success"}`, n)
	}
	half := `{"event_time":"2019-07-02T12:00:00Z","account_id":"b",`
	text := strings.Repeat(good(0)+"\n", 60) + good(1) + "\n" + half + "\n" + `"event":"login","outcome":"success"}` + "\r\n \t\n" + good(2) + "  \r\n" + half + "\n" + good(3) + "\n" + `{"x":"` + "\n" + good(4)
	inputs := write(t, file{"a.jsonl", text, event.Auth})
	want := mustLoad(t, inputs, yen(), block.Size)
	checkLaw(t, want)
	if s := want.Sources[0]; s.Accepted != 65 || s.Rejected != 2 || s.Format != "neutral, JSON Lines" {
		t.Errorf("%+v", s)
	}
	for size := 16; size < len(text)+10; size += 7 {
		sameLog(t, fmt.Sprint("blocks of ", size), want, mustLoad(t, inputs, yen(), size))
	}
}

// TestNoLogAmongLogs reads folders in which something is no log. The logs are
// read all the same; where there is none, or where what cannot be read may be a
// log under other names, nothing is.
func TestNoLogAmongLogs(t *testing.T) {
	good := file{"good.csv", authLines(50), event.Auth}
	f := func(name, text, trouble string) {
		t.Helper()
		bad := file{name, text, event.Auth}
		log := loaded(t, bad, good)
		checkLaw(t, log)
		if a, b := log.Sources[0], log.Sources[1]; !strings.Contains(a.Trouble, trouble) || strings.Contains(a.Trouble, name) || a.Read != 0 || b.Read != 50 {
			t.Errorf("%s: %+v", name, log.Sources)
		}
		_, err := Load(context.Background(), write(t, bad, file{"p.csv", paymentLines(5), event.Payments}), yen())
		if err == nil || !strings.Contains(err.Error(), name+": ") || !strings.Contains(err.Error(), trouble) {
			t.Errorf("%s alone: error %v", name, err)
		}
		sink := Sink{Rows: func([]byte) error { return nil }, Reject: func(string, event.Reject) error { return nil }}
		if sources, err := Convert(context.Background(), write(t, bad, good), yen(), CSV, sink); err != nil || sources[0].Trouble == "" || sources[1].Read != 50 {
			t.Errorf("%s: convert: %v, %v", name, sources, err)
		}
		if _, err := Convert(context.Background(), write(t, bad), yen(), CSV, sink); err == nil {
			t.Errorf("%s: converted", name)
		}
	}
	f("empty.csv", "", "the file is empty")
	f("lines.csv", "\n\r\n\n", "the file is empty")
	f("blank.csv", "\n\r\n  \n\n", "a line of blanks")
	f("page.html", "<!DOCTYPE html>\n<html><body>\n<p>one, two</p>\n</body></html>\n", "not known")
	f("wide.csv", strings.Repeat("c,", 100_000)+"\n", "more than 4096 fields")
	f("deep.json", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000), "not known")
	f("other.csv", "a,b\n1,2\n", "no column event_time, account_id, event, outcome")

	_, err := Load(context.Background(), write(t, file{"half.csv", "event_time,account_id,event\n", event.Auth}, good), yen())
	var header *HeaderError
	if !errors.As(err, &header) {
		t.Errorf("a log that lacks a column: error %v", err)
	}
}

// TestHostileRecords puts a record that nobody should write between good ones.
func TestHostileRecords(t *testing.T) {
	f := func(what, name, head, good, bad string, rejected int64) {
		t.Helper()
		text := head + strings.Repeat(good+"\n", 5) + bad + "\n" + strings.Repeat(good+"\n", 5)
		inputs := write(t, file{name, text, event.Auth})
		want := mustLoad(t, inputs, yen(), block.Size)
		checkLaw(t, want)
		if s := want.Sources[0]; s.Read != 11 || s.Rejected != rejected {
			t.Errorf("%s: %+v", what, s)
		}
		opt := yen()
		opt.Workers = 3
		sameLog(t, what, want, mustLoad(t, inputs, opt, 5000))
	}
	const header = "event_time,account_id,event,outcome,detail\n"
	const row = "2019-07-02T12:00:00Z,a,login,success,"
	f("a line of 3 MiB", "x.csv", header, row, strings.Repeat("x", 3<<20), 1)
	f("a field of 2 MiB", "x.csv", header, row, row+strings.Repeat("y", 2<<20), 1)
	f("NUL", "x.csv", header, row, "2019-07-02T12:00:00Z,a\x00b,login,success,\x00\x00", 0)
	f("100,000 fields", "x.csv", header, row, row+strings.Repeat(",", 100_000), 1)
	const object = `{"event_time":"2019-07-02T12:00:00Z","account_id":"a","event":"login","outcome":"success"}`
	open := strings.TrimSuffix(object, "}")
	f("nested 10,000 deep", "x.jsonl", "", object, open+`,"x":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"}", 1)
	var keys strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&keys, `,"k%d":1`, i)
	}
	f("a million keys", "x.jsonl", "", object, open+keys.String()+"}", 1)
	some := keys.String()[:200_000]
	f("20,000 keys", "x.jsonl", "", object, open+some[:strings.LastIndexByte(some, ',')]+"}", 0)
}
