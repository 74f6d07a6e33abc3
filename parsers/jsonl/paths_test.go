package jsonl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var compiled = []struct {
	text string
	want path
}{
	{"a", path{{key: "a"}}},
	{"a.b", path{{key: "a"}, {key: "b"}}},
	{"Risk Level.値", path{{key: "Risk Level"}, {key: "値"}}},
	{"\x00", path{{key: "\x00"}}},
	{`a\.b.c\[0]\\.\d`, path{{key: "a.b"}, {key: `c[0]\`}, {key: "d"}}},
	{"a[0]", path{{key: "a"}, {kind: toIndex}}},
	{"a[12][3].b", path{{key: "a"}, {kind: toIndex, index: 12}, {kind: toIndex, index: 3}, {key: "b"}}},
	{"a[N=x].v", path{{key: "a"}, {kind: toNamed, key: "N", text: "x"}, {key: "v"}}},
	{"a[N=]", path{{key: "a"}, {kind: toNamed, key: "N"}}},
	{`a[N\==\]=.[\\]`, path{{key: "a"}, {kind: toNamed, key: "N=", text: `]=.[\`}}},
	{"a.@json", path{{key: "a"}, {kind: toText}}},
	{"a[0].@json[1].@json.@json.b", path{{key: "a"}, {kind: toIndex}, {kind: toText}, {kind: toIndex, index: 1}, {kind: toText}, {kind: toText}, {key: "b"}}},
	{`\@json.a`, path{{key: "@json"}, {key: "a"}}},
	{"@jsonl.@", path{{key: "@jsonl"}, {key: "@"}}},
	{"a]=b", path{{key: "a]=b"}}},
	{"a[]", path{{key: "a"}, {kind: toEach}}},
	{"a.@json.e[].b[0]", path{{key: "a"}, {kind: toText}, {key: "e"}, {kind: toEach}, {key: "b"}, {kind: toIndex}}},
}

func TestCompile(t *testing.T) {
	for _, tc := range compiled {
		p, err := Compile([]string{"x", tc.text})
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(tc.want, p.paths[1], cmp.AllowUnexported(step{})); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tc.text, diff)
		}
	}
}

// refused are texts that are no paths, and why.
var refused = []struct{ text, want string }{
	{"", "key is missing"},
	{".", "key is missing"},
	{"a.", "key is missing"},
	{"a..b", "key is missing"},
	{"[0]", "key is missing"},
	{"a.[0]", "key is missing"},
	{`a\`, "backslash at the end"},
	{`a[\`, "backslash at the end"},
	{`a[N=\`, "backslash at the end"},
	{"a[", "not closed"},
	{"a[0", "not closed"},
	{"a[N=x", "not closed"},
	{`a[N=x\]`, "not closed"},
	{"a[x]", "number of an element"},
	{"a[-1]", "number of an element"},
	{"a[+1]", "number of an element"},
	{"a[01]", "number of an element"},
	{`a[\1]`, "number of an element"},
	{"a[=x]", "number of an element"},
	{"Time [ms]", "number of an element"},
	{"a[1048577]", "the last that can be asked for"},
	{"a[0]b", "behind ]"},
	{"@json", "stands behind"},
	{"@json.a", "stands behind"},
	{"a.@json.@json.@json.@json.@json", "more than 4 times"},
	{"a[].b[]", "[] twice"},
	{"a" + strings.Repeat(".a", maxSteps), "more than 64 steps"},
	{strings.Repeat("a", maxPath+1), "longer than"},
}

func TestCompileErrors(t *testing.T) {
	for _, tc := range refused {
		p, err := Compile([]string{"a", tc.text})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, %v, want %q", tc.text, p, err, tc.want)
		}
	}
}

// write writes a path so that Compile reads it again.
func write(p path) string {
	var b strings.Builder
	escape := func(text, special string) {
		for i := range len(text) {
			if strings.IndexByte(special+`\`, text[i]) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(text[i])
		}
	}
	for i, s := range p {
		if i > 0 && (s.kind == toMember || s.kind == toText) {
			b.WriteByte('.')
		}
		switch s.kind {
		case toMember:
			b.WriteString(escapeName(s.key))
		case toText:
			b.WriteString("@json")
		case toEach:
			b.WriteString("[]")
		case toIndex:
			b.WriteByte('[')
			var digits []byte
			for n := s.index; n > 0 || digits == nil; n /= 10 {
				digits = append([]byte{byte('0' + n%10)}, digits...)
			}
			b.Write(append(digits, ']'))
		case toNamed:
			b.WriteByte('[')
			escape(s.key, "=]")
			b.WriteByte('=')
			escape(s.text, "]")
			b.WriteByte(']')
		}
	}
	return b.String()
}

// anyPath: every text is a key that can be written as a path, and a path that is
// written anew is the same.
func anyPath(t *testing.T, text string) {
	t.Helper()
	if text != "" && len(text) <= maxPath/2 {
		p, err := parsePath(escapeName(text))
		if err != nil || len(p) != 1 || p[0] != (step{key: text}) {
			t.Fatalf("the key %q as a path: %v, %v", text, p, err)
		}
	}
	p, err := parsePath(text)
	if err != nil {
		return
	}
	again := write(p)
	if len(again) > maxPath {
		return
	}
	q, err := parsePath(again)
	if diff := cmp.Diff(p, q, cmp.AllowUnexported(step{})); err != nil || diff != "" {
		t.Fatalf("%q, written %q: %v\n%s", text, again, err, diff)
	}
}
