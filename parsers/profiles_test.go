package parsers

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/profile"
)

var update = flag.Bool("update", false, "write the expectations of the samples of profiles anew")

// TestProfiles reads a sample of every export that the program knows. A sample
// is a folder testdata/profiles/NAME or NAME.VARIANT: a file in.EXT as the
// product writes it, want.csv with the rows in the neutral schema, and, if it
// needs any, a file options with lines tz=…, currency=…, year=…, param=…,
// profile=NAME (the export cannot be recognised, only asked for). Rejected
// records stand at the end of want.csv, as comments.
func TestProfiles(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("testdata", "profiles", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatal("no samples", err)
	}
	for _, dir := range folders {
		t.Run(filepath.Base(dir), func(t *testing.T) { testProfile(t, dir) })
	}
}

// TestEveryProfileHasASample keeps profiles honest.
func TestEveryProfileHasASample(t *testing.T) {
	all, err := profile.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		found, _ := filepath.Glob(filepath.Join("testdata", "profiles", p.Name+"*", "in.*"))
		if len(found) == 0 {
			t.Errorf("the profile %s has no sample in testdata/profiles", p.Name)
		}
	}
}

func testProfile(t *testing.T, dir string) {
	found, err := filepath.Glob(filepath.Join(dir, "in.*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("want one file in.*: %q, %v", found, err)
	}
	name, _, _ := strings.Cut(filepath.Base(dir), ".")
	role, opt := sampleOptions(t, dir, name)
	inputs := []Input{{Name: filepath.Base(found[0]), Path: found[0], Role: role}}

	l := &loader{opt: opt}
	if err := l.survey(context.Background(), inputs); err != nil {
		t.Fatal(err)
	}
	f := l.sources[0].format
	if _, asked := opt.Profiles[role]; f.Name() != name || !asked && f.Confidence < Sure {
		t.Errorf("taken for %s with confidence %d: %q", f.Name(), f.Confidence, f.Why)
	}
	got := converted(t, inputs, opt)
	path := filepath.Join(dir, "want.csv")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got)\n%s", dir, diff)
	}
}

// sampleOptions returns how a sample is to be read.
func sampleOptions(t *testing.T, dir, name string) (event.Role, Options) {
	t.Helper()
	opt := Options{Workers: 2, Year: 2026, Zones: map[event.Role]*time.Location{}, ZoneHolds: map[event.Role]bool{}, Profiles: map[event.Role]*profile.Compiled{}}
	role, asked, params := event.Auth, "", map[string]string{}
	all, err := profile.All()
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(all, func(p *profile.Profile) bool { return p.Name == name }); i >= 0 && all[i].Role == "payments" {
		role = event.Payments
	}
	text, _ := os.ReadFile(filepath.Join(dir, "options"))
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "tz":
			loc, err := time.LoadLocation(value)
			if err != nil {
				t.Skip(err)
			}
			opt.Zones[role] = loc
		case "currency":
			opt.Currency = currency(t, value)
		case "year":
			if _, err := fmt.Sscan(value, &opt.Year); err != nil {
				t.Fatal(err)
			}
		case "param":
			k, v, _ := strings.Cut(value, "=")
			params[k] = v
		case "profile":
			asked = value
		case "role":
			if value == "payments" {
				role = event.Payments
			}
		default:
			t.Fatalf("unknown option %q", line)
		}
	}
	if asked != "" {
		if opt.Profiles[role], err = Profile(asked, params); err != nil {
			t.Fatal(err)
		}
	}
	return role, opt
}

// converted returns inputs in the neutral schema, rejected records behind them.
func converted(t testing.TB, inputs []Input, opt Options) string {
	t.Helper()
	var rows, rejects bytes.Buffer
	rows.WriteString(strings.Join(Header(inputs[0].Role), ",") + "\n")
	sources, err := Convert(context.Background(), inputs, opt, CSV, Sink{
		Rows: func(lines []byte) error { rows.Write(lines); return nil },
		Reject: func(_ string, r event.Reject) error {
			fmt.Fprintf(&rejects, "# line %d: %s: %s\n", r.Line, r.Column, r.Reason)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		var why []string
		for w, n := range s.Passed {
			why = append(why, fmt.Sprintf("# passed over: %d %s\n", n, w))
		}
		slices.Sort(why)
		rejects.WriteString(strings.Join(why, ""))
	}
	return rows.String() + rejects.String()
}
