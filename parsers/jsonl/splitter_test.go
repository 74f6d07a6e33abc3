package jsonl

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// split returns all rows of a block of lines, and checks what a Splitter says
// of each.
func split(tb testing.TB, data, each string, paths ...string) (rows []slowRow) {
	tb.Helper()
	s := mustSplitter(tb, each, paths...)
	s.Reset([]byte(data))
	return rowsOf(tb, s, len(paths))
}

func rowsOf(tb testing.TB, s *Splitter, slots int) (rows []slowRow) {
	tb.Helper()
	for s.Next() {
		row := slowRow{Offset: s.Offset(), End: s.End(), Sub: s.Sub(), Raw: string(s.Raw()), Malformed: s.Malformed != ""}
		for slot := range slots {
			v := s.Value(slot)
			row.Values = append(row.Values, none)
			if v != nil {
				row.Values[slot] = string(v)
			}
			if again := s.Value(slot); string(again) != string(v) || (again == nil) != (v == nil) {
				tb.Fatalf("slot %d is %q, then %q", slot, v, again)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// lines are blocks of lines, with the values of paths; a malformed record has
// its fault.
var lines = []struct {
	name  string
	text  string
	each  string
	paths []string
	want  [][]string
}{
	{"no text", "", "", []string{"a"}, nil},
	{"blank lines", "\n \r\n\t\n", "", []string{"a"}, nil},
	{"kinds", `{"a":"x","b":1,"c":true,"d":false,"e":null,"f":{"g" : 1},"h":[1, 2],"i":"","j":{},"k":[]}`, "",
		[]string{"a", "b", "c", "d", "e", "f", "h", "i", "j", "k", "l"},
		[][]string{{"x", "1", "true", "false", none, `{"g" : 1}`, "[1, 2]", "", "{}", "[]", none}}},
	{"numbers are text", `{"a":12345678901234567890.10,"b":-0,"c":1E+02,"d":0.10}`, "", []string{"a", "b", "c", "d"},
		[][]string{{"12345678901234567890.10", "-0", "1E+02", "0.10"}}},
	{"line ends", "{\"a\":1}\r\n\n{\"a\":2} \t\n  {\"a\":3}", "", []string{"a"}, [][]string{{"1"}, {"2"}, {"3"}}},
	{"several lines", "{\n  \"a\" : 1,\r\n  \"b\" : [\n  ]\n}\n{\"a\":2}\n", "", []string{"a"}, [][]string{{"1"}, {"2"}}},
	{"byte order mark", "\ufeff{\"a\":1}\n\ufeff\n\ufeff{\"a\":2}\n", "", []string{"a"}, [][]string{{"1"}, {"2"}}},
	{"other order", "{\"a\":1,\"b\":2}\n{\"b\":3,\"a\":4}\n{\"c\":9,\"a\":5}\n{}\n{\"a\":6,\"b\":7}\n", "", []string{"a", "b"},
		[][]string{{"1", "2"}, {"4", "3"}, {"5", none}, {none, none}, {"6", "7"}}},
	{"nested", `{"a":{"b":{"c":"x"},"d":2},"e":{"b":3}}`, "", []string{"a.b.c", "a.d", "a.b", "e.b", "a.b.c.d", "b"},
		[][]string{{"x", "2", `{"c":"x"}`, "3", none, none}}},
	{"same path twice", `{"a":{"b":"\u0041"}}`, "", []string{"a.b", "a.b", "a"}, [][]string{{"A", "A", `{"b":"\u0041"}`}}},
	{"first of a key", `{"a":1,"a":2,"\u0061":3,"b":{"c":4},"b":{"d":5},"e":null,"e":6}`, "", []string{"a", "b.c", "b.d", "e"},
		[][]string{{"1", "4", none, none}}},
	{"escaped keys", `{"a.b":1,"a[b":2,"\\":3,"\u00e9\"":4,"@json":5}`, "", []string{`a\.b`, `a\[b`, `\\`, `é"`, `\@json`, `é\"`},
		[][]string{{"1", "2", "3", "4", "5", "4"}}},
	{"case matters", `{"A":1}`, "", []string{"a", "A"}, [][]string{{none, "1"}}},
	{"escapes", `{"a":"\"\\\/\b\f\n\r\t","b":"\u0041\u00e9\u65e5\ud83d\ude00","c":"\ud83d","d":"\ude00\ud83dx","e":"\ud83d\ud83d\ude00","f":"\uD83D\u0041","g":"\u0000","h":"\udc00\udc01"}`, "",
		[]string{"a", "b", "c", "d", "e", "f", "g", "h"},
		[][]string{{"\"\\/\b\f\n\r\t", "Aé日😀", `\ud83d`, `\ude00\ud83dx`, `\ud83d😀`, `\uD83DA`, "\x00", `\udc00\udc01`}}},
	{"not UTF-8", "{\"a\":\"\xff\xfe\",\"\xff\":1}", "", []string{"a", "\xff"}, [][]string{{"\xff\xfe", "1"}}},
	{"elements", `{"a":[{"b":1},{"b":2},[3,4]],"c":[]}`, "", []string{"a[0].b", "a[1].b", "a[2][1]", "a[3]", "a[2]", "c[0]", "a", "a.b"},
		[][]string{{"1", "2", "4", none, "[3,4]", none, `[{"b":1},{"b":2},[3,4]]`, none}}},
	{"named elements", `{"a":[1,null,{"Name":5,"Value":"no"},{"Value":"x","Name":"Agent"},{"Name":"Agent","Value":"y"},{"\u004eame":"I\u0044","Value":7,"Name":"Agent"}]}`, "",
		[]string{"a[Name=Agent].Value", "a[Name=ID].Value", "a[Name=none].Value", "a[Value=y].Name", "a[3].Name"},
		[][]string{{"x", "7", none, "Agent", "Agent"}}},
	{"named by odd texts", `{"a":[{"k=]":"]=\\","v":1},{"":"","v":2},{"n":"","v":3}]}`, "", []string{`a[k\=\]=\]=\\].v`, `a[n=].v`},
		[][]string{{"1", "3"}}},
	{"text within", `{"a":"{\"b\":{\"c\":\"x\\n\"},\"d\":\"[\\\"{}\\\",2]\"}","e":"1","f":"{","g":" {\"b\":1} ","h":{"b":1},"i":"{\"b\":1}}","j":""}`, "",
		[]string{"a.@json.b.c", "a.@json.d.@json[1]", "a.@json.d.@json[0].@json", "e.@json", "f.@json.b", "f.@json", "g.@json.b", "h.@json.b", "h.@json", "i.@json.b", "i", "j.@json", "a.@json.b"},
		[][]string{{"x\n", "2", "{}", "1", none, "{", "1", none, none, none, `{"b":1}}`, "", `{"c":"x\n"}`}}},
	{"text within text", `{"a":"\"{\\\"b\\\":1}\""}`, "", []string{"a.@json.@json.b", "a.@json.@json", "a.@json"}, [][]string{{"1", `{"b":1}`, `"{\"b\":1}"`}}},
	{"broken text forgets all", `{"a":"{\"b\":1,\"c\":[{\"d\":2}],\"e\":[1],\"f\":\"{\\\"g\\\":1}\",,}"}`, "a.@json.e",
		[]string{"a.@json.b", "a.@json.c[0].d", "a.@json.c", "a.@json.f.@json.g", "a.@json.e[]", "a.@json.c[d=2]"},
		[][]string{{none, none, none, none, none, none}}},
	{"rows", `{"t":1,"e":[{"n":"x"},{"n":"\u0079","m":2},null,{}]}`, "e", []string{"t", "e[].n", "e[].m", "e[]", "e[1].m"},
		[][]string{{"1", "x", none, `{"n":"x"}`, "2"}, {"1", "y", "2", `{"n":"\u0079","m":2}`, "2"}, {"1", none, none, none, "2"}, {"1", none, none, "{}", "2"}}},
	{"no rows", `{"t":1,"e":[]}` + "\n" + `{"t":2}` + "\n" + `{"t":3,"e":{"n":1}}` + "\n" + `{"t":4,"e":[{"n":1}]}`, "e", []string{"t", "e[].n"},
		[][]string{{"1", none}, {"2", none}, {"3", none}, {"4", "1"}}},
	{"rows of a text", `{"m":"{\"e\":[{\"n\":\"a\\\\b\"},{\"n\":\"{\\\"k\\\":1}\"}]}"}`, "m.@json.e", []string{"m.@json.e[].n", "m.@json.e[].n.@json.k"},
		[][]string{{`a\b`, none}, {`{"k":1}`, "1"}}},
	{"rows of an element", `{"a":[0,{"e":[1,2]}]}`, "a[1].e", []string{"a[1].e[]", "a[0]"}, [][]string{{"1", "0"}, {"2", "0"}}},
	{"rows in rows", `{"e":[{"f":[{"n":1},{"n":2}]},{"f":[{"n":3}]}]}`, "e", []string{"e[].f[0].n", "e[].f[n=2]"}, [][]string{{"1", none}, {"3", none}}},
	{"64 rows", `{"e":[` + strings.Repeat("0,", 63) + `0]}`, "e", []string{"e[0]"}, repeat([]string{"0"}, 64)},
	{"65 rows", `{"e":` + "\n[" + strings.Repeat("0,", 64) + `0]}` + "\n{}", "e", []string{"e[0]"}, [][]string{{tooMany}, {none}}},
	{"64 levels", nest(64) + "\n" + strings.Repeat(`{"a":`, 64) + "0" + strings.Repeat("}", 64), "", []string{"b"}, [][]string{{none}, {none}}},
	{"65 levels", nest(65) + "\n" + strings.Repeat(`{"a":`, 65) + "0" + strings.Repeat("}", 65) + "\n{}", "", []string{"a.a"}, [][]string{{tooDeep}, {tooDeep}, {none}}},
	{"no objects", "1\n[{}]\n\"{}\"\nnull\nx,y\n{}\n", "", []string{"a"}, [][]string{{notObject}, {notObject}, {notObject}, {notObject}, {notObject}, {none}}},
	{"text behind", "{\"a\":1} {\"a\":2}\n{\"a\":1},\n{\"a\":3}\n{\n}x\n{\"a\":4}", "", []string{"a"},
		[][]string{{notAlone}, {notAlone}, {"3"}, {notAlone}, {notObject}, {"4"}}},
	{"broken", "{\"a\":1,}\n{\"a\"1}\n{a:1}\n{\"a\":01}\n{\"a\":tru}\n{\"a\":\"\t\"}\n{\"a\":\"\\x\"}\n{\"a\":[1}]\n{\"a\":1]\n{,}\n{\"a\":+1}\n{\"a\":\"\\u12g4\"}\n{\"a\":5}\n", "", []string{"a"},
		append(repeat([]string{notJSON}, 12), []string{"5"})},
	{"broken on several lines", "{\"a\":\n1,\n\"b\":x}\n{\"a\":2}\n", "", []string{"a"}, [][]string{{notJSON}, {notObject}, {notObject}, {"2"}}},
	{"no end", "{\"a\":1}\n{\"a\":[\n{\"a\":2}\n", "", []string{"a"}, [][]string{{"1"}, {notEnded}, {"2"}}},
	{"cut string", `{"a":"x\u00`, "", []string{"a"}, [][]string{{notEnded}}},
	{"values of the first line only", "{\"a\":1}\n{\"b\":2}\n{\"a\":\"\\n\",\"b\":x}\n", "", []string{"a", "b"}, [][]string{{"1", none}, {none, "2"}, {notJSON}}},
}

func repeat(v []string, n int) (all [][]string) {
	for range n {
		all = append(all, v)
	}
	return all
}

// nest returns an object of so many levels.
func nest(levels int) string {
	return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + "}"
}

func TestSplit(t *testing.T) {
	for _, tc := range lines {
		t.Run(tc.name, func(t *testing.T) {
			s := mustSplitter(t, tc.each, tc.paths...)
			for range 2 { // the second time with guesses
				s.Reset([]byte(tc.text))
				var got [][]string
				for s.Next() {
					if s.Malformed != "" {
						got = append(got, []string{s.Malformed})
						continue
					}
					var row []string
					for slot := range tc.paths {
						v := none
						if b := s.Value(slot); b != nil {
							v = string(b)
						}
						row = append(row, v)
					}
					got = append(got, row)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
			same(t, tc.text, tc.each, tc.paths)
		})
	}
}

// same compares a Splitter with the slow reader.
func same(t *testing.T, text, each string, paths []string) {
	t.Helper()
	want := slowSplit(text, each, paths)
	if diff := cmp.Diff(want, split(t, text, each, paths...)); diff != "" {
		t.Fatalf("%q: (-slow +ours)\n%s", text, diff)
	}
}

func TestOffsets(t *testing.T) {
	const text = "\n {\"a\":1}\r\n\n{\n\"a\":[1,2]}\nbad\r\n{\"a\":3} "
	want := []slowRow{
		{Offset: 2, End: 11, Raw: `{"a":1}`, Values: []string{none}},
		{Offset: 12, End: 25, Raw: "{\n\"a\":[1,2]}", Values: []string{"1"}},
		{Offset: 12, End: 25, Raw: "{\n\"a\":[1,2]}", Sub: 1, Values: []string{"2"}},
		{Offset: 25, End: 30, Raw: "bad", Malformed: true, Values: []string{none}},
		{Offset: 30, End: 38, Raw: `{"a":3}`, Values: []string{none}},
	}
	if diff := cmp.Diff(want, split(t, text, "a", "a[]")); diff != "" {
		t.Error(diff)
	}
}

func TestResetRecords(t *testing.T) {
	const text = `[{"a":1}, {"a":2 } ,3,{"a":4}x,{"a":5},` + "{\"a\":6,\n\"b\":7}\r\n]"
	spans := []Span{{1, 8}, {10, 18}, {20, 21}, {22, 30}, {31, 38}, {39, 53}, {53, 53}}
	want := []slowRow{
		{Offset: 1, End: 8, Raw: `{"a":1}`, Values: []string{"1"}},
		{Offset: 10, End: 18, Raw: `{"a":2 }`, Values: []string{"2"}},
		{Offset: 20, End: 21, Raw: `3`, Malformed: true, Values: []string{none}},
		{Offset: 22, End: 30, Raw: `{"a":4}x`, Malformed: true, Values: []string{none}},
		{Offset: 31, End: 38, Raw: `{"a":5}`, Values: []string{"5"}},
		{Offset: 39, End: 55, Raw: "{\"a\":6,\n\"b\":7}", Values: []string{"6"}},
		{Offset: 53, End: 55, Raw: "", Malformed: true, Values: []string{none}},
	}
	s := mustSplitter(t, "", "a")
	s.ResetRecords([]byte(text), spans)
	if diff := cmp.Diff(want, rowsOf(t, s, 1)); diff != "" {
		t.Error(diff)
	}
	s.ResetRecords([]byte(text), nil)
	if s.Next() {
		t.Error("a record without a span")
	}
}

func TestEnd(t *testing.T) {
	f := func(text string, want int, ok bool) {
		t.Helper()
		if got, is := End([]byte(text)); int(got) != want || is != ok {
			t.Errorf("End(%q) = %d, %t, want %d, %t", text, got, is, want, ok)
		}
	}
	f(`{"a":[1,{}]}, {`, 12, true)
	f(`"a\"b" `, 6, true)
	f(`[]]`, 2, true)
	f(`12,`, 2, true)
	f(`12`, 2, true)
	f(`nullx`, 4, true)
	f(`{"a":1`, 0, false)
	f(`{"a":tru}`, 0, false)
	f(` {}`, 0, false)
	f(``, 0, false)
	f(nest(64)+"x", len(nest(64)), true)
	f(nest(65), 0, false)
}

// TestCutRecords compares with the slow reader on records that end anywhere.
func TestCutRecords(t *testing.T) {
	const record = `{ "a" : {"b":[1 ,{"a":-1.5e+10}],"c":null} , "b":[ ], "c":[{"a":"x","b":"\u00e9\n"} ,true]}`
	for n := range record {
		same(t, record[:n], "c", rich)
		same(t, record[:n]+"\n"+record, "c", rich)
	}
}

// TestGuesses goes through more keys than are remembered.
func TestGuesses(t *testing.T) {
	var text strings.Builder
	for i := range 3 * maxGuesses {
		fmt.Fprintf(&text, "{\"k%d\":%d,\"a\":\"%d\",\"%s\":1,\"b\":{\"k%d\":1,\"c\":%d}}\n", i, i, i, strings.Repeat("k", i), i, i)
	}
	s := mustSplitter(t, "", "a", "b.c", "kkk")
	for range 2 {
		s.Reset([]byte(text.String()))
		i := 0
		for ; s.Next(); i++ {
			if want := fmt.Sprint(i); string(s.Value(0)) != want || string(s.Value(1)) != want || (s.Value(2) != nil) != (i == 3) {
				t.Fatalf("record %d: %q, %q, %q", i, s.Value(0), s.Value(1), s.Value(2))
			}
		}
		if i != 3*maxGuesses {
			t.Fatalf("%d records", i)
		}
	}
	if n := len(s.root.guesses); n > maxGuesses {
		t.Errorf("%d guesses", n)
	}
}

func TestNewSplitterErrors(t *testing.T) {
	f := func(each, path, want string) {
		t.Helper()
		p, err := Compile([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = NewSplitter(p, each); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("each %q, path %q: %v, want %q", each, path, err, want)
		}
	}
	f("", "a[].b", "asks for every element")
	f("b", "a[].b", "asks for every element")
	f("a.b", "a[].b", "asks for every element")
	f("a[", "a", "not closed")
	f("a[].b", "a", "has no []")
}

// rich are paths of every form, over the keys that random records have.
var rich = []string{"a", "b", "a.b", "a.b.c", "c.a", "b[0]", "b[1].a", "b[0][1]", "c[a=x].b", "c[a=].a", "c[b=é].c.a", "a.@json",
	"a.@json.b", "a.@json.b.a", "a.@json[0]", "b.@json.@json.c", "a.c.@json.a.@json.b", "c[0].a.@json.c", "a.c", "b", "é", "c[].a", "c[].b.a", "c[].a.@json.b", "c[]"}

// random writes a random JSON value.
func random(rng *rand.Rand, depth int) string {
	blank := func() string { return []string{"", "", "", "", " ", "\n", "\t\r"}[rng.IntN(7)] }
	switch n := rng.IntN(10); {
	case depth > 0 && n < 3:
		var members []string
		for range rng.IntN(5) {
			key := []string{`"a"`, `"b"`, `"c"`, `"\u0061"`, `"é"`, `"\u00e9"`, `"x\"y"`}[rng.IntN(7)]
			members = append(members, blank()+key+blank()+":"+blank()+random(rng, depth-1)+blank())
		}
		return "{" + strings.Join(members, ",") + "}"
	case depth > 0 && n < 5:
		var elements []string
		for range rng.IntN(4) {
			elements = append(elements, blank()+random(rng, depth-1)+blank())
		}
		return "[" + strings.Join(elements, ",") + "]"
	case depth > 0 && n < 6: // a document as text
		text, err := json.Marshal(random(rng, depth-1))
		if err != nil {
			panic(err)
		}
		return string(text)
	case n < 9:
		return []string{`""`, `"x"`, `"é"`, `"\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"a longer text, longer than a word"`, `"\\\""`, "\"\xff\""}[rng.IntN(9)]
	}
	return []string{"null", "true", "false", "0", "-1.50", "1e5", "12345678901234567890"}[rng.IntN(7)]
}

// damage changes a byte of a text now and then.
func damage(rng *rand.Rand, text string) string {
	if text == "" || rng.IntN(3) > 0 {
		return text
	}
	at := rng.IntN(len(text))
	return text[:at] + []string{"", "\n", "\"", "{", "}", "[", "]", ",", ":", "\\", "x", " "}[rng.IntN(12)] + text[at+rng.IntN(2):]
}

// TestRandom compares with the slow reader on random records, some of them
// damaged, and with guesses from the records before.
func TestRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		var text strings.Builder
		for range rng.IntN(8) {
			record := random(rng, 5)
			for record[0] != '{' {
				record = random(rng, 5)
			}
			text.WriteString(damage(rng, record) + "\n")
		}
		same(t, text.String(), "c", rich)
		same(t, text.String(), "a.@json.b", rich[:len(rich)-4])
	}
}

// FuzzSplit runs everything that reads the text of records.
func FuzzSplit(f *testing.F) {
	if len(lines) == 0 || len(keyed) == 0 || len(heads) == 0 || len(compiled) == 0 || len(refused) == 0 {
		f.Fatal("no seeds")
	}
	for _, tc := range lines {
		f.Add(tc.text)
	}
	for _, tc := range keyed {
		f.Add(tc.record)
	}
	for _, tc := range heads {
		f.Add(tc.head)
	}
	for _, tc := range compiled {
		f.Add(tc.text)
	}
	for _, tc := range refused {
		f.Add(tc.text)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		f.Add(random(rng, 4) + "\n" + random(rng, 4))
		f.Add(random(rng, 5))
	}
	f.Fuzz(func(t *testing.T, text string) {
		same(t, text, "c", rich)
		decoded(t, text)
		end(t, text)
		found(t, text)
		consistent(t, text)
		anyPath(t, text)
	})
}

// decoded compares with records as encoding/json decodes them.
func decoded(t *testing.T, text string) {
	t.Helper()
	paths := rich[:5]
	for _, row := range split(t, text, "", paths...) {
		valid := json.Valid([]byte(row.Raw)) && row.Raw[0] == '{' && slowDepth(row.Raw) <= maxDepth
		if row.Malformed == valid {
			t.Fatalf("%q: malformed is %t", row.Raw, row.Malformed)
		}
		for slot, path := range paths {
			if want, ok := slowAny(row.Raw, slowParse(path)); ok && !row.Malformed && want != row.Values[slot] {
				t.Fatalf("%q: %s is %q, encoding/json says %q", row.Raw, path, row.Values[slot], want)
			}
		}
	}
}

// end compares End with encoding/json.
func end(t *testing.T, text string) {
	t.Helper()
	got, ok := End([]byte(text))
	want, is := slowFirst(text)
	if text == "" || isBlank(text[0]) || is && slowDepth(want) > maxDepth {
		is = false
	}
	if ok != is || ok && int(got) != len(want) {
		t.Fatalf("End(%q) = %d, %t, encoding/json says %q, %t", text, got, ok, want, is)
	}
}
