package parsers

import (
	"context"
	"os"
	"path/filepath"
	"slices"
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
		f.Add(data, false, uint8(0), uint8(i))
		f.Add(data, true, uint8(0), uint8(i))
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
