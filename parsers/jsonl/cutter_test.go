package jsonl

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// cut returns the pieces of a stream, and checks its blocks against it.
func cut(tb testing.TB, r io.Reader, text, wrapper string, size, longest int) []piece {
	tb.Helper()
	c := NewCutter(r, wrapper)
	c.Size, c.longest = size, longest
	var pieces []piece
	at := int64(0)
	for {
		b, err := c.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
		if b.Offset != at || b.Skipped != 0 || string(b.Data) != text[at:at+int64(len(b.Data))] {
			tb.Fatalf("block at %d, want %d: %q", b.Offset, at, b.Data)
		}
		if (b.Records == nil) != (b.Broken != "") || len(b.Data) == 0 && b.Broken == "" {
			tb.Fatalf("block at %d: %v, %q, %q", at, b.Records, b.Broken, b.Data)
		}
		if b.Broken != "" {
			pieces = append(pieces, piece{int(at), string(b.Data), b.Broken})
		}
		for _, r := range b.Records {
			pieces = append(pieces, piece{int(at) + int(r.Lo), string(b.Data[r.Lo:r.Hi]), ""})
		}
		at += int64(len(b.Data))
		b.Free()
	}
	if at != int64(len(text)) {
		tb.Fatalf("%d bytes of %d in blocks", at, len(text))
	}
	if b, err := c.Next(); err != io.EOF {
		tb.Fatalf("behind the end: %v, %v", b, err)
	}
	return pieces
}

// streams are streams with their pieces, written one after the other; a broken
// one has its reason behind a hash.
var streams = []struct {
	name, text, wrapper string
	want                []string
}{
	{"nothing", "", "", nil},
	{"blanks", " \n\ufeff\n", "", nil},
	{"array", `[{"a":1}, {"a":[{}]}]`, "", []string{`{"a":1}`, `{"a":[{}]}`}},
	{"array over lines", "\ufeff[\r\n  {\"a\":1},\r\n  {\r\n    \"a\": {\r\n      \"b\": \"]}\"\r\n    }\r\n  }\r\n]\r\n", "", []string{`{"a":1}`, "{\r\n    \"a\": {\r\n      \"b\": \"]}\"\r\n    }\r\n  }"}},
	{"arrays", "[{},{}]\n[]\n[{\"a\":1}]", "", []string{"{}", "{}", `{"a":1}`}},
	{"objects", "{\n}\n{}{} {\"a\":\n1}", "", []string{"{\n}", "{}", "{}", "{\"a\":\n1}"}},
	{"lines", "{\"a\":1}\n{\"a\":2}\n", "", []string{`{"a":1}`, `{"a":2}`}},
	{"lines with commas", "{\"a\":1},\n{\"a\":2},\n", "", []string{`{"a":1}`, `{"a":2}`}},
	{"no indentation", "{\n\"a\": [\n{\n\"b\": 1\n},\n{\n\"b\": 2\n}\n],\n\"c\":\n{}\n}\n", "", []string{"{\n\"a\": [\n{\n\"b\": 1\n},\n{\n\"b\": 2\n}\n],\n\"c\":\n{}\n}"}},
	{"elements of all kinds", `[1 ,"a]",null,true,[{}],{} , -1.5e3]`, "", []string{"1", `"a]"`, "null", "true", "[{}]", "{}", "-1.5e3"}},
	{"invalid records are records", `[{"a":tru},{"a" 1,},{a:"\x"},{"a":1}]`, "", []string{`{"a":tru}`, `{"a" 1,}`, `{a:"\x"}`, `{"a":1}`}},
	{"wrapped", `{"n":1,"Records":[{"a":1},{"a":2}],"m":{"Records":[{}]}}`, "Records", []string{`{"a":1}`, `{"a":2}`}},
	{"wrapped, nothing else", `{"Records":[]}`, "Records", nil},
	{"wrapped null", `{"Records":null}`, "Records", nil},
	{"wrapped over lines", "{\n \"x\": \"\\\"Records\",\n \"Records\" : [\n  {\"a\":1}\n ,\n  {\"a\":2}\n ]\n}\n", "Records", []string{`{"a":1}`, `{"a":2}`}},
	{"wrapped lines", "{\"Records\":[{\"a\":1}]}\n{\"Records\":[]}\n{\"n\":1,\"Records\":[{\"a\":2}]}\n", "Records", []string{`{"a":1}`, `{"a":2}`}},
	{"wrapped twice", `{"hits":1,"x":{"hits":[{}]},"hits":{"a":[{}],"hits":[{"a":1}],"b":2},"c":3}`, "hits.hits", []string{`{"a":1}`}},
	{"wrapped by an odd key", `{"a.b":[{"a":1}],"\u0061.b":[{"a":2}]}`, `a\.b`, []string{`{"a":1}`, `{"a":2}`}},
	{"no wrapper", "{\"n\":1}\n{\"Records\":[{\"a\":1}]}\n{\"Records\":{}}\n{}\n", "Records", []string{`{"n":1}`, `{"a":1}`, `{"Records":{}}`, "{}"}},
	{"no inner wrapper", `{"hits":{"n":[{}]}}{"hits":[{}]}`, "hits.hits", []string{`{"hits":{"n":[{}]}}`, `{"hits":[{}]}`}},
	{"text", "[\n{\"a\":1},\noops {\"a\":2}\n\nagain\n{\"a\":3}\n]\n", "", []string{`{"a":1}`, "oops {\"a\":2}\n#" + brokenText, "again\n#" + brokenText, `{"a":3}`}},
	{"text between objects", "x\n{}\ny", "", []string{"x\n#" + brokenText, "{}", "y#" + brokenText}},
	{"a scalar at the top", "1\n{}\n\"a\"\n", "", []string{"1\n#" + brokenText, "{}", "\"a\"\n#" + brokenText}},
	{"a stray bracket", "{}\n]\n{}\n", "", []string{"{}", "]\n#" + brokenText, "{}"}},
	{"missing bracket", "[\n{\"a\":1},\n{\"a\":[2,\n{\"a\":3},\n{\"a\":4]},\n{\"a\":5}\n]\n", "", []string{`{"a":1}`, "{\"a\":[2,\n#" + brokenValue, `{"a":3}`, "{\"a\":4]},\n#" + brokenValue, `{"a":5}`}},
	{"missing brace", "[\n{\"a\":1,\n{\"a\":2},\n{\"a\":3}\n]\n", "", []string{"{\"a\":1,\n#" + brokenValue, `{"a":2}`, `{"a":3}`}},
	{"missing quote", "{\"a\":\"x}\n{\"a\":\"y\\\n{\"a\":1}\n", "", []string{"{\"a\":\"x}\n#" + brokenValue, "{\"a\":\"y\\\n#" + brokenValue, `{"a":1}`}},
	{"missing end of an array", "[{\"a\":1},\n{\"a\":2}\n", "", []string{`{"a":1}`, `{"a":2}`, "#" + brokenMissing}},
	{"missing end of a wrapper", "{\"Records\":[{\"a\":1}]\n", "Records", []string{`{"a":1}`, "#" + brokenMissing}},
	{"cut record", "[{\"a\":1},\n{\"a\":[\n", "", []string{`{"a":1}`, "{\"a\":[\n#" + brokenEnd}},
	{"cut record over lines", "{\n  \"a\": {\n  \"b\":\n  {\n", "", []string{"{\n#" + brokenEnd, "\"a\": {\n#" + brokenText, "\"b\":\n#" + brokenText, "{\n#" + brokenEnd}},
	{"cut key", `{"Rec`, "Records", []string{`{"Rec#` + brokenValue}},
	{"cut member", `{"a":"x`, "Records", []string{`{"a":"x#` + brokenEnd}},
	{"joined lines", "[{\n\"a\":1,}\n}, {\n\"a\":2\n}, {\n\"a\":3\n}]", "", []string{"{\n\"a\":1,}", "}, {\n#" + brokenText, "\"a\":2\n#" + brokenText, "{\n\"a\":3\n}"}},
	{"the next page behind a broken one", "{\"t\":1,\"Records\":[\n{\"a\":1},\n{\"a\":2\n{\"t\":1,\"Records\":[\n{\"a\":3}\n]}\n", "Records", []string{`{"a":1}`, "{\"a\":2\n#" + brokenValue, `{"a":3}`}},
	{"the next array behind a broken one", "[{\"a\":1},\n{\"a\n[\n{\"a\":2}]\n", "", []string{`{"a":1}`, "{\"a\n#" + brokenValue, `{"a":2}`}},
	{"records behind a broken page", "{\"t\":x y,\n\"Records\":[\n{\"a\":1},\n{\"a\":2}\n]}\n{\"Records\":[{\"a\":3}]}", "Records",
		[]string{"{\"t\":x y,\n#" + brokenValue, "\"Records\":[\n#" + brokenText, `{"a":1}`, `{"a":2}`, "]}\n#" + brokenText, `{"a":3}`}},
	{"a page behind a cut one", "{\"t\":1,\n{\"t\":1,\"Records\":[{\"a\":1}]}\n", "Records", []string{"{\"t\":1,\n#" + brokenText, `{"a":1}`}},
	{"a page behind a broken one, its first key escaped", "{\"t\":[],\"Records\":[\n{\"a\":1\n{\"\\u0074\":[],\"Records\":[\n{\"a\":3}\n]}\n", "Records", []string{"{\"a\":1\n#" + brokenValue, `{"a":3}`}},
	{"cut number", "[{\"a\":1},\n12e", "", []string{`{"a":1}`, "12e#" + brokenEnd}},
	{"cut behind a number", "[12", "", []string{"12", "#" + brokenMissing}},
	{"a text that is not closed", "[\"a text of some length\n{\"a\":1}]", "", []string{"\"a text of some length\n#" + brokenValue, `{"a":1}`}},
	{"cut literal", "[tru", "", []string{"tru#" + brokenEnd}},
	{"cut page", "{\n\"t\":1,\n\"u\":2\n", "Records", []string{"{\n#" + brokenEnd, "\"t\":1,\n#" + brokenText, "\"u\":2\n#" + brokenText}},
	{"broken behind the array", "{\"Records\":[{\"a\":1}],\nx y\n}\n{\"Records\":[{\"a\":2}]}\n", "Records", []string{`{"a":1}`, "x y\n#" + brokenText, `{"a":2}`}},
	{"deep on a line", "[" + nest(70) + ",{}]", "", []string{nest(70), "{}"}},
	{"deep on lines", "[{\"a\":\n " + nest(70) + "},{}]", "", []string{"{\"a\":\n#" + brokenDeep, "{}"}},
	{"deep member without end", "{\"x\":\n" + strings.Repeat("[", 70) + "\n {},\n{\"a\":1}", "r", []string{"{\"x\":\n#" + brokenEnd, strings.Repeat("[", 70) + "\n#" + brokenText, "{}", `{"a":1}`}},
	{"deep without end", "{\"x\":\n" + strings.Repeat("[", 70) + "\n {},\n{\"a\":1}", "", []string{"{\"x\":\n#" + brokenDeep, `{"a":1}`}},
}

// pieces writes pieces as the table does.
func pieces(all []piece) (out []string) {
	for _, p := range all {
		if p.Broken != "" {
			p.Text += "#" + p.Broken
		}
		out = append(out, p.Text)
	}
	return out
}

func TestCut(t *testing.T) {
	for _, tc := range streams {
		t.Run(tc.name, func(t *testing.T) {
			got := cut(t, strings.NewReader(tc.text), tc.text, tc.wrapper, 0, 1<<20)
			if diff := cmp.Diff(tc.want, pieces(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			sameCuts(t, tc.text, tc.wrapper)
		})
	}
}

// sameCuts compares a Cutter with the slow one, for blocks and reads of all
// sizes and with records of little length allowed.
func sameCuts(t *testing.T, text, wrapper string) {
	t.Helper()
	for _, longest := range []int{1, 2, 7, 30, 1 << 20} {
		want := slowCut(text, wrapperKeys(wrapper), longest)
		for _, reads := range []struct {
			size int
			of   func(io.Reader) io.Reader
		}{{1, iotest.HalfReader}, {5, iotest.OneByteReader}, {64, iotest.DataErrReader}, {0, iotest.DataErrReader}, {0, iotest.OneByteReader}} {
			got := cut(t, reads.of(strings.NewReader(text)), text, wrapper, reads.size, longest)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q, wrapper %q, records up to %d, blocks of %d: (-slow +ours)\n%s", text, wrapper, longest, reads.size, diff)
			}
		}
	}
}

func TestFound(t *testing.T) {
	f := func(text, wrapper string, want bool) {
		t.Helper()
		c := NewCutter(strings.NewReader(text), wrapper)
		for {
			b, err := c.Next()
			if err != nil {
				break
			}
			b.Free()
		}
		if c.Found() != want {
			t.Errorf("%q, %q: %t", text, wrapper, c.Found())
		}
	}
	f(`{"Records":[]}`, "Records", true)
	f(`{"Records":{}}`, "Records", false)
	f(`{"a":{"Records":[]}}`, "Records", false)
	f(`{"a":{"b":[]}}`, "a.b", true)
	f(`{}`, "", true)
}

// TestCutLong checks records about as long as may be, and what comes behind.
func TestCutLong(t *testing.T) {
	long := func(n int) string { return `{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}` }
	f := func(text, wrapper string, want ...string) {
		t.Helper()
		for _, size := range []int{1 << 16, 0} {
			got := pieces(cut(t, strings.NewReader(text), text, wrapper, size, 1<<20))
			if !slices.Equal(want, got) {
				t.Errorf("blocks of %d: %d pieces, want %d; %.2000q", size, len(got), len(want), got)
			}
		}
	}
	f("["+long(1<<20)+",{}]", "", long(1<<20), "{}")
	f("["+long(1<<20+1)+",{}]", "", long(1<<20 + 1)[:1<<20]+"#"+brokenLong, "{}")
	f("["+long(3<<20)+",{}]", "", long(3 << 20)[:1<<20]+"#"+brokenLong, "{}")
	f("{\n"+long(1 << 20)[1:]+"\n{}", "", "{\n#"+brokenLong, "{}")
	// Members around the array may have any length.
	f(`{"a":`+long(3<<20)+`,"r":[{"b":1}],"c":`+long(3<<20)+`}{"r":[{}]}`, "r", `{"b":1}`, "{}")
	f(`{"a":`+long(3<<20)+`,"b":1}{}`, "r", "}#"+brokenPage, "{}")
	// What swallows all that follows gives it back.
	rest := strings.Repeat("  {\"b\":[1]},\n", 100_000)
	want := append([]string{"{\"a\":[1,\n#" + brokenLong}, repeatText(`{"b":[1]}`, 100_000)...)
	f("[\n  {\"a\":[1,\n"+rest+"]", "", want...)
}

func repeatText(s string, n int) (all []string) {
	for range n {
		all = append(all, s)
	}
	return all
}

// TestCutUnreadable checks that a stream that fails gives all that was read,
// and what is not whole as broken.
func TestCutUnreadable(t *testing.T) {
	failure := errors.New("disk on fire")
	const text = `[{"a":1},{"a":2`
	c := NewCutter(io.MultiReader(strings.NewReader(text), iotest.ErrReader(failure)), "")
	var got []string
	for {
		b, err := c.Next()
		if err != nil {
			if err != failure {
				t.Error(err)
			}
			break
		}
		for _, r := range b.Records {
			got = append(got, string(b.Data[r.Lo:r.Hi]))
		}
		if b.Broken != "" {
			got = append(got, string(b.Data)+"#"+b.Broken)
		}
	}
	if diff := cmp.Diff([]string{`{"a":1}`, `{"a":2#` + brokenRead}, got); diff != "" {
		t.Error(diff)
	}
}

// TestCutLinear goes through texts on which following brackets again from every
// line would not come to an end.
func TestCutLinear(t *testing.T) {
	for _, line := range []string{"{\n", "{\"a\":\n", "{\"a\":[\n", "[\n", "{\"a\":[{},\n", " {\"a\":[{}\n,", "\"\n", "}\n", "{\"a\n", "{\"a\":[\n1,\n"} {
		for _, wrapper := range []string{"", "a"} {
			text := strings.Repeat(line, 1<<16/len(line))
			cut(t, strings.NewReader(text), text, wrapper, 0, 1<<14)
		}
	}
}

// randomStream writes records in one of the ways in which they may be held.
func randomStream(rng *rand.Rand) (text, wrapper string, records []string) {
	for range rng.IntN(6) {
		record := random(rng, 3)
		for record[0] != '{' {
			record = random(rng, 3)
		}
		records = append(records, record)
	}
	blank := func() string { return []string{"", " ", "\n", "\r\n  "}[rng.IntN(4)] }
	joined := blank() + strings.Join(records, blank()+","+blank()) + blank()
	switch rng.IntN(4) {
	case 0:
		return "[" + joined + "]\n", "", records
	case 1:
		return strings.Join(records, "\n"), "", records
	case 2:
		other := func() string {
			v := random(rng, 3)
			return []string{"", `"x":` + v + ",", `"y" : [` + v + "],\n"}[rng.IntN(3)]
		}
		return "{" + other() + `"r":` + blank() + "[" + joined + "]," + other() + `"z":0}`, "r", records
	}
	return `{"r":{"r":[` + joined + `]}}` + blank() + `{"r":{"q":[{}],"r":null}}`, "r.r", records
}

// TestCutRandom compares with the records that were written, and with the slow
// cutter once the text is damaged.
func TestCutRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		text, wrapper, records := randomStream(rng)
		if strings.HasPrefix(text, "[") && !json.Valid([]byte(text)) {
			t.Fatalf("%q is not valid", text)
		}
		var want []piece
		for _, r := range records {
			want = append(want, piece{Text: r})
		}
		got := cut(t, strings.NewReader(text), text, wrapper, 1+rng.IntN(40), 1<<20)
		for i := range got {
			got[i].Lo = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: (-want +got)\n%s", text, diff)
		}
		sameCuts(t, damage(rng, text), wrapper)
	}
}

// FuzzCut compares with the slow cutter on every text.
func FuzzCut(f *testing.F) {
	if len(streams) == 0 {
		f.Fatal("no seeds")
	}
	for _, tc := range streams {
		f.Add(tc.text, tc.wrapper)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		text, wrapper, _ := randomStream(rng)
		f.Add(damage(rng, text), wrapper)
	}
	f.Fuzz(func(t *testing.T, text, wrapper string) {
		if len(text) > 1<<10 { // the slow cutter is
			return
		}
		sameCuts(t, text, wrapper)
	})
}
