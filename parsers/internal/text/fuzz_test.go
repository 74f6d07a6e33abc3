package text

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func checkDetect(t *testing.T, head []byte, whole bool) {
	t.Helper()
	enc, sure, why := Detect(head, whole)
	enc2, sure2, why2 := Detect(head, whole)
	if enc != enc2 || sure != sure2 || why != why2 {
		t.Errorf("%v, %v: %s; then %v, %v: %s", enc, sure, why, enc2, sure2, why2)
	}
	if enc.String() == "unknown" || sure.String() == "unknown" || why == "" || strings.ContainsAny(why, "\n%") {
		t.Errorf("%v, %v: %q", enc, sure, why)
	}
	if enc == Windows1252 && sure != Low {
		t.Errorf("%v is %v", enc, sure)
	}
	zeros, escapes := bytes.IndexByte(head, 0) >= 0, bytes.IndexByte(head, 0x1b) >= 0
	if utf8.Valid(head) && enc != UTF8 && !(zeros && (enc == UTF16LE || enc == UTF16BE)) && !(escapes && enc == ISO2022JP) {
		t.Errorf("%q is UTF-8, not %v: %s", head, enc, why)
	}
}

// FuzzReader reads any bytes in any encoding, at once and in small pieces. What
// was there can be told from the result, and where nothing is broken x/text
// reads the same.
func FuzzReader(f *testing.F) {
	if len(readings) == 0 {
		f.Fatal("no seeds")
	}
	for enc := range theirs {
		f.Add(uint8(enc), longText(enc, 100))
	}
	for i, seed := range []string{history, french, ascii(100), noise(100), "\ufeffa\n"} {
		f.Add(uint8(i), seed)
	}
	for _, r := range readings {
		f.Add(uint8(r.enc), r.src)
	}
	f.Fuzz(func(t *testing.T, e uint8, src string) {
		checkDetect(t, []byte(src), true)
		checkDetect(t, []byte(src), false)
		enc := UTF16LE + Encoding(e)%Windows1252
		got, broken, first := decoded(t, enc, src)
		d := NewReader(iotest.OneByteReader(strings.NewReader(src)), enc)
		var small bytes.Buffer
		for p, err := make([]byte, 13), error(nil); err == nil; {
			var n int
			n, err = d.Read(p[:1+small.Len()%13])
			small.Write(p[:n])
		}
		if small.String() != got || d.Broken() != broken || d.FirstBroken() != first {
			t.Errorf("%v %q: %q, %d broken from %d; in pieces %q, %d from %d", enc, src, got, broken, first, small.String(), d.Broken(), d.FirstBroken())
		}
		if (broken > 0) == utf8.ValidString(got) || (broken > 0) != (first >= 0) || first >= int64(len(src)) {
			t.Errorf("%v %q: %q with %d broken from %d", enc, src, got, broken, first)
		}
		checkTokens(t, enc, src, got)
		if other, err := theirs[enc].NewDecoder().String(src); err == nil && broken == 0 && !strings.ContainsRune(other, 0xfffd) {
			checkTheirs(t, enc, src, got, other)
		}
	})
}

// checkTokens compares with the slow way, which ISO-2022-JP has none of.
func checkTokens(t *testing.T, enc Encoding, src, got string) {
	t.Helper()
	if enc == ISO2022JP {
		if strings.Count(got, "\n") != strings.Count(src, "\n") {
			t.Errorf("%v %q: %q has other lines", enc, src, got)
		}
		return
	}
	want, told := tokens(enc, src), retold(enc, got)
	for i := range max(len(want), len(told)) {
		if i >= len(want) || i >= len(told) || want[i] != told[i] {
			t.Fatalf("%v %q: %q tells %v, want %v", enc, src, got, told, want)
		}
	}
}

// checkTheirs compares with x/text, which has no letters that users define, and
// reads control characters within the kanji of ISO-2022-JP as halves of them.
func checkTheirs(t *testing.T, enc Encoding, src, got, other string) {
	t.Helper()
	control := func(r rune) bool { return r < 0x21 || r == 0x7f }
	if got != other && !(enc == ISO2022JP && strings.ContainsFunc(src, control)) {
		t.Errorf("%v %q: %q, theirs %q", enc, src, got, other)
	}
}
