package block

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// records returns the records of a text by the rule itself, a byte at a time:
// the slow and obvious version.
func records(text string, delimiter byte) []string {
	var out []string
	start, open, fieldStart := 0, false, true
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case open && c == '"' && i+1 < len(text) && text[i+1] == '"':
			i++
			continue
		case open && c == '"':
			open = false
		case open:
			continue
		case c == '"' && fieldStart:
			open = true
		case c == '\n':
			out = append(out, text[start:i+1])
			start = i + 1
		}
		fieldStart = !open && (c == delimiter || c == '\n')
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}

func cutAll(t *testing.T, r io.Reader, quoted bool) []Block {
	t.Helper()
	var out []Block
	c := NewCutter(r, quoted, ',')
	for {
		b, err := c.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
}

func TestBlocksEndWhereRecordsEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const letters = "ab,,\"\"\n\n\r"
	for range 300 {
		var text strings.Builder
		for range r.IntN(4000) {
			text.WriteByte(letters[r.IntN(len(letters))])
		}
		s := text.String()
		if strings.Count(s, "\"")%2 == 1 {
			s += "\""
		}
		ends := map[int]bool{0: true}
		n := 0
		for _, rec := range records(s, ',') {
			n += len(rec)
			ends[n] = true
		}
		// Quotes must agree with the rule wherever the stream is cut.
		q := Quotes{Delimiter: ','}
		last, at := 0, 0
		for at < len(s) {
			k := min(1+r.IntN(50), len(s)-at)
			if e := q.LastEnd([]byte(s[at : at+k])); e > 0 {
				last = at + e
				if !ends[last] {
					t.Fatalf("a cut at %d of %q, which is within a record", last, s)
				}
			}
			at += k
		}
		for e := range ends {
			if e > last && e < len(s) && s[e-1] == '\n' {
				t.Fatalf("the last end was %d, want %d: %q", last, e, s)
			}
		}
	}
}

func TestCutterKeepsEveryByte(t *testing.T) {
	line := strings.Repeat("x", 70) + ",\"a \"\"quoted\"\"\nnewline\"," + strings.Repeat("y", 30) + "\n"
	text := strings.Repeat(line, 3*Size/len(line))
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(text), "one byte": iotest.OneByteReader(strings.NewReader(text[:200_000])),
		"half": iotest.HalfReader(strings.NewReader(text)), "data and error": iotest.DataErrReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			for _, b := range cutAll(t, r, true) {
				if b.Offset != int64(got.Len()) || b.Broken != "" {
					t.Fatalf("block at %d (%s) after %d bytes", b.Offset, b.Broken, got.Len())
				}
				got.Write(b.Data)
				b.Free()
			}
			want := text
			if name == "one byte" {
				want = text[:200_000]
			}
			if got.String() != want && !strings.HasPrefix(text, got.String()) {
				t.Error("bytes were changed")
			}
		})
	}
}

func TestBrokenRecords(t *testing.T) {
	long := strings.Repeat("z", MaxRecord+Size)
	f := func(name, text string, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			var got []string
			var bytesSeen int64
			for _, b := range cutAll(t, strings.NewReader(text), true) {
				bytesSeen += int64(len(b.Data)) + b.Skipped
				if b.Broken != "" {
					got = append(got, "broken: "+b.Broken)
				} else {
					got = append(got, string(b.Data))
				}
			}
			if bytesSeen != int64(len(text)) {
				t.Errorf("%d bytes of %d are accounted for", bytesSeen, len(text))
			}
			if strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("got %.200q, want %.200q", got, want)
			}
		})
	}
	f("never closed", "a,\"b\nc,d\n", "broken: a quote that is never closed", "c,d\n")
	f("never closed after good rows", "1,2\n3,\"4\n5,6\n", "1,2\n", "broken: a quote that is never closed", "5,6\n")
	f("too long", "1,2\n"+long+"\n3,4\n", "1,2\n", "broken: a record longer than 1 MiB", "3,4\n")
	f("too long and last", "1,2\n"+long, "1,2\n", "broken: a record longer than 1 MiB")
	f("no line end", "a,b", "a,b")
	f("empty", "")
}

func TestOpenQuoteGivesUpOneLine(t *testing.T) {
	rest := strings.Repeat("c,d\n", MaxRecord)
	var got strings.Builder
	for i, b := range cutAll(t, strings.NewReader("a,\"b\n"+rest), true) {
		if broken := b.Broken != ""; broken != (i == 0) {
			t.Fatalf("block %d: broken %q", i, b.Broken)
		}
		if i > 0 {
			got.Write(b.Data)
		}
	}
	if got.String() != rest {
		t.Errorf("%d bytes behind the broken line, want %d", got.Len(), len(rest))
	}
}

func TestReadErrorRejectsTheHalfRecord(t *testing.T) {
	boom := errors.New("boom")
	c := NewCutter(io.MultiReader(strings.NewReader("1,2\n3,4"), iotest.ErrReader(boom)), true, ',')
	var got []string
	for {
		b, err := c.Next()
		if err != nil {
			if !errors.Is(err, boom) {
				t.Errorf("error %v, want boom", err)
			}
			break
		}
		got = append(got, string(b.Data)+"|"+b.Broken)
	}
	if len(got) != 2 || got[0] != "1,2\n|" || !strings.HasPrefix(got[1], "3,4|the file could not be read") {
		t.Errorf("got %q", got)
	}
}

// slowly cuts a text by the rule itself: the record that begins at a byte is
// what ends at the first line end outside quotes, or with the text; one that
// is longer than longest, not counting its line end, or ends within quotes,
// gives up its first line. Broken ones are marked.
func slowly(text string, longest int) []string {
	var out []string
	for at := 0; at < len(text); {
		rec := records(text[at:], ',')[0]
		_, isOpen := follow(rec)
		if isOpen || len(strings.TrimSuffix(rec, "\n")) > longest {
			line, _, _ := strings.Cut(rec, "\n")
			rec = text[at:min(at+len(line)+1, len(text))]
			out = append(out, "broken:"+rec[:min(len(rec), longest+1)])
		} else {
			out = append(out, rec)
		}
		at += len(rec)
	}
	return out
}

// follow returns whether a record ends at its last byte, and whether that
// stands within quotes.
func follow(rec string) (end, isOpen bool) {
	q := Quotes{Delimiter: ','}
	n := q.LastEnd([]byte(rec))
	return n == len(rec), q.Open()
}

// TestEveryRecordIsMeasuredAlone compares with the rule, for many sizes of
// blocks and lengths of records, also where quotes are left open again and
// again.
func TestEveryRecordIsMeasuredAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", ",", "\"", "\n", ",\"", "\",", "\"\n", "x\",y,\"z\n", "a,b\n", "\"a\nb\"\n", "long and longer", "\"\""}
	for range 3000 {
		var text strings.Builder
		for range r.IntN(60) {
			text.WriteString(pieces[r.IntN(len(pieces))])
		}
		s, longest := text.String(), 5+r.IntN(60)
		c := NewCutter(strings.NewReader(s), true, ',')
		c.longest, c.Size = longest, 1+r.IntN(80)
		var got []string
		at := int64(0)
		for {
			b, err := c.Next()
			if err == io.EOF {
				break
			}
			if b.Offset != at {
				t.Fatalf("%q: a block at %d after %d bytes", s, b.Offset, at)
			}
			at += int64(len(b.Data)) + b.Skipped
			if b.Broken != "" {
				got = append(got, "broken:"+string(b.Data))
			} else {
				got = append(got, records(string(b.Data), ',')...)
			}
			b.Free()
		}
		if want := slowly(s, longest); strings.Join(got, "|") != strings.Join(want, "|") || at != int64(len(s)) {
			t.Fatalf("%q, records up to %d, blocks of %d, %d bytes of %d:\ngot  %q\nwant %q", s, longest, c.Size, at, len(s), got, want)
		}
	}
}

// TestOpenQuotesCostLinearTime cuts lines each of which leaves a quote open,
// from whichever line one starts. To look at a whole megabyte again for every
// line would take minutes.
func TestOpenQuotesCostLinearTime(t *testing.T) {
	const bad, good = "x\",y,\"z\n", "a,b\n"
	for _, line := range []string{bad, good + bad} {
		text := strings.Repeat(line, 3*MaxRecord/len(line))
		lines := 0
		c := NewCutter(strings.NewReader(text), true, ',')
		for b, err := c.Next(); err == nil; b, err = c.Next() {
			lines += bytes.Count(b.Data, []byte("\n"))
			b.Free()
		}
		if want := strings.Count(text, "\n"); lines != want {
			t.Errorf("%d lines of %d", lines, want)
		}
	}
}

func TestByteOrderMarkIsNoLetter(t *testing.T) {
	const text = "\xef\xbb\xbf\"a\nb\",c\nd,e\n"
	c := NewCutter(iotest.OneByteReader(strings.NewReader(text)), true, ',')
	c.Size = 4
	b, err := c.Next()
	if want := "\xef\xbb\xbf\"a\nb\",c\n"; err != nil || string(b.Data) != want {
		t.Errorf("got %q, %v; want %q", b.Data, err, want)
	}
}
