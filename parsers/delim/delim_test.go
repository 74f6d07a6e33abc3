package delim

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// split returns all records of a text, and the fault of each.
func split(text string) (records [][]string, faults []string) {
	s := Splitter{Delimiter: ','}
	s.Reset([]byte(text))
	for s.Next() {
		rec := make([]string, s.Len())
		for i := range rec {
			rec[i] = string(s.Field(i))
		}
		records, faults = append(records, rec), append(faults, s.Malformed)
	}
	return records, faults
}

// tables are texts with the records they hold.
var tables = []struct {
	text string
	want [][]string
}{
	{"", nil},
	{"a,b\n", [][]string{{"a", "b"}}},
	{"a,b", [][]string{{"a", "b"}}},
	{"a,b\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}},
	{"\n\n\r\na\n\n", [][]string{{"a"}}},
	{",\n", [][]string{{"", ""}}},
	{"a,", [][]string{{"a", ""}}},
	{"\"a\",b\n", [][]string{{"a", "b"}}},
	{"\"a\",\"\"\n", [][]string{{"a", ""}}},
	{"\"a\",\"b,c\",d\n", [][]string{{"a", "b,c", "d"}}},
	{"x,\"a\",\"b\nc\",\"\"\"d,\"\"\"\n", [][]string{{"x", "a", "b\nc", "\"d,\""}}},
	{"\"a,b\",c\n", [][]string{{"a,b", "c"}}},
	{"\"a\nb\",c\nd,e\n", [][]string{{"a\nb", "c"}, {"d", "e"}}},
	{"\"a\"\"b\",\"\"\"\"\n", [][]string{{"a\"b", "\""}}},
	{"\"a\"\r\nb\r\n", [][]string{{"a"}, {"b"}}},
	{"\"a\r\nb\"\r\n", [][]string{{"a\r\nb"}}},
	{"a\"b,c\"\"d\n", [][]string{{"a\"b", "c\"\"d"}}},
	{"a,\"b\"", [][]string{{"a", "b"}}},
	{"a,\"b\",", [][]string{{"a", "b", ""}}},
	{"a long field of text,another long field,\"and a quoted, long field\",x\n", [][]string{{"a long field of text", "another long field", "and a quoted, long field", "x"}}},
	{"1234567,8\n12345678,\n", [][]string{{"1234567", "8"}, {"12345678", ""}}},
	{"日本語,\"名前\"\"x\"\"\"\n", [][]string{{"日本語", "名前\"x\""}}},
	{"a\x00b,\xff\xfe\n", [][]string{{"a\x00b", "\xff\xfe"}}},
}

func TestSplit(t *testing.T) {
	for _, tc := range tables {
		got, faults := split(tc.text)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tc.text, diff)
		}
		for _, f := range faults {
			if f != "" {
				t.Errorf("%q: fault %q", tc.text, f)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, got := split(text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", text, diff)
		}
	}
	f("\"a\"b,c\nd,e\n", "text after a closing quote", "")
	f("\"a\" ,c\nd,e\n", "text after a closing quote", "")
	f("a,\"b\nc,d\n", "a quote that is never closed")
	f("\"a\"b,\"c\nd\"\ne,f\n", "text after a closing quote", "")
	f("\"a\"b,\"c\",\"d\ne\"\nf,g\n", "text after a closing quote", "")
	f(strings.Repeat(",", MaxFields)+"\na\n", "more than 4096 fields", "")
}

func TestOffsets(t *testing.T) {
	const text = "a,b\r\n\n\"c\nd\",e\nf"
	s := Splitter{Delimiter: ','}
	s.Reset([]byte(text))
	var got []string
	for s.Next() {
		got = append(got, string(s.Raw()))
		if !strings.HasPrefix(text[s.Offset():], string(s.Raw())) {
			t.Errorf("record %q is not at %d", s.Raw(), s.Offset())
		}
	}
	if diff := cmp.Diff([]string{"a,b", "\"c\nd\",e", "f"}, got); diff != "" {
		t.Error(diff)
	}
}

// oracle returns the records as encoding/csv reads them; ok is false for what
// it refuses.
func oracle(text string) (records [][]string, ok bool) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, true
		}
		if err != nil {
			return nil, false
		}
		records = append(records, rec)
	}
}

// FuzzSplit compares with encoding/csv on every text that it accepts. Two
// differences are by design: encoding/csv turns \r\n within quotes into \n, and
// takes a lone carriage return at the end of the text for part of a line end.
func FuzzSplit(f *testing.F) {
	for _, tc := range tables {
		f.Add(tc.text)
	}
	if len(tables) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text string) {
		sameEnds(t, text)
		got, faults := split(text)
		if strings.Contains(text, "\r") || strings.Count(text, ",") > MaxFields {
			return
		}
		want, ok := oracle(text)
		if !ok {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: (-encoding/csv +ours)\n%s", text, diff)
		}
		for _, fault := range faults {
			if fault != "" {
				t.Fatalf("%q: fault %q in what encoding/csv accepts", text, fault)
			}
		}
	})
}

// sameEnds checks that records end where the rule says, in malformed text too:
// blocks are cut by the same rule, and a record must not depend on the cut.
func sameEnds(t *testing.T, text string) {
	t.Helper()
	ends := map[int]bool{len(text): true}
	open, begins := false, true
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case open && c == '"' && i+1 < len(text) && text[i+1] == '"':
			i++
			continue
		case open:
			open = c != '"'
			continue
		case c == '"' && begins:
			open = true
		case c == '\n':
			ends[i+1] = true
		}
		begins = !open && (text[i] == ',' || text[i] == '\n')
	}
	s := Splitter{Delimiter: ','}
	s.Reset([]byte(text))
	at := 0
	for s.Next() {
		for ; at < s.End(); at++ {
			if ends[at] && at > s.Offset() {
				t.Fatalf("%q: a record from %d to %d runs over the end at %d", text, s.Offset(), s.End(), at)
			}
		}
		if !ends[s.End()] {
			t.Fatalf("%q: a record ends at %d, where none does", text, s.End())
		}
	}
}

const benchLine = "2019-06-30T15:01:49.268979Z,n7hthd02fm,login,success,,240.129.0.11,48a9ce69-1625-4659-9057-88e291bb9ebb,WalletApp/2.13.2 (Android 9; SHV43),609dc8be9f732a1a,JP,64776\n"

func BenchmarkSplit(b *testing.B) {
	data := []byte(strings.Repeat(benchLine, 4000))
	s := Splitter{Delimiter: ','}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s.Reset(data)
		n := 0
		for s.Next() {
			n += s.Len()
		}
		if n != 4000*11 {
			b.Fatalf("%d fields", n)
		}
	}
}

func BenchmarkSplitControl(b *testing.B) {
	data := strings.Repeat(benchLine, 4000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(strings.NewReader(data))
		r.ReuseRecord = true
		n := 0
		for {
			rec, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			n += len(rec)
		}
		if n != 4000*11 {
			b.Fatalf("%d fields", n)
		}
	}
}
