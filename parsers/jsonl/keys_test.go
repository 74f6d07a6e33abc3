package jsonl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leaves returns what Keys tells of a record.
func leaves(record string) (all []string) {
	Keys([]byte(record), func(path string, value []byte) {
		text := none
		if value != nil {
			text = string(value)
		}
		all = append(all, path+" "+text)
	})
	return all
}

// keyed are records with their paths and values.
var keyed = []struct {
	record string
	want   []string
}{
	{"{}", nil},
	{"", nil},
	{"[1]", nil},
	{`{"a":1} x`, nil},
	{`{"a":1,}`, nil},
	{" \ufeff{\"a\":1}\n", []string{"a 1"}},
	{`{"a":"x\n","b":{"c":true,"d":[null,{"e":""}]},"f":{},"g":[],"h": [ ] }`, []string{"a x\n", "b.c true", "b.d[0] " + none, "b.d[1].e ", "f {}", "g []", "h [ ]"}},
	{`{"a":[0,1,2,3,4,5]}`, []string{"a[0] 0", "a[1] 1", "a[2] 2", "a[3] 3"}},
	{`{"a.b":{"c[0]":1,"@json":2,"\\":3,"\u0078":4}}`, []string{`a\.b.c\[0] 1`, `a\.b.\@json 2`, `a\.b.\\ 3`, `a\.b.x 4`}},
	{`{"a":1,"a":2,"":3,"b":{"":{"c":4}}}`, []string{"a 1"}},
}

func TestKeys(t *testing.T) {
	for _, tc := range keyed {
		if diff := cmp.Diff(tc.want, leaves(tc.record)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tc.record, diff)
		}
		found(t, tc.record)
	}
}

func TestKeysBounds(t *testing.T) {
	var many []string
	for i := range maxKeys + 10 {
		many = append(many, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	if n := len(leaves("{" + strings.Join(many, ",") + "}")); n != maxKeys {
		t.Errorf("%d paths", n)
	}
	long := `{"` + strings.Repeat("a", maxPath/2) + `":{"b":1,"` + strings.Repeat("c", maxPath/2) + `":2,"d":3}}`
	if n := len(leaves(long)); n != 2 {
		t.Errorf("%d paths that are not too long", n)
	}
	if n := len(leaves(nest(64))); n != 1 {
		t.Errorf("%d paths of 64 levels", n)
	}
}

// found checks that a Splitter finds at every path the value that Keys tells,
// and that no path comes twice.
func found(t *testing.T, record string) {
	t.Helper()
	var paths, want []string
	Keys([]byte(record), func(path string, value []byte) {
		paths, want = append(paths, path), append(want, none)
		if value != nil {
			want[len(want)-1] = string(value)
		}
	})
	if paths == nil {
		return
	}
	s := mustSplitter(t, "", paths...)
	s.ResetRecords([]byte(record), []Span{{uint32(gap([]byte(record), 0)), uint32(len(record))}})
	rows := rowsOf(t, s, len(paths))
	if len(rows) != 1 || rows[0].Malformed {
		t.Fatalf("%q: rows %v", record, rows)
	}
	if diff := cmp.Diff(want, rows[0].Values); diff != "" {
		t.Fatalf("%q: %q (-Keys +Splitter)\n%s", record, paths, diff)
	}
	seen := map[string]bool{}
	for _, p := range paths {
		if seen[p] {
			t.Fatalf("%q: %s twice", record, p)
		}
		seen[p] = true
	}
}
