package scalar

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

var nullWords = []string{"", "-", "--", "---", "?", "??", "null", "NULL", "Null", "(null)", "<null>", "[null]", `\N`, "nil", "<nil>",
	"None", "none", "NONE", "(none)", "<none>", "N/A", "n/a", "#N/A", "NaN", "nan", "undefined", "(not set)"}

func TestIsNull(t *testing.T) {
	for _, s := range nullWords {
		if !IsNull([]byte(s)) {
			t.Errorf("%q is not null", s)
		}
	}
	for _, s := range []string{"0", "-1", "nULL", "nullable", " null", "unknown", "NA", "no", "false", "''", "null\x00", "ｎｕｌｌ"} {
		if IsNull([]byte(s)) {
			t.Errorf("%q is null", s)
		}
	}
}

var widthTexts = []struct{ in, want string }{
	{"", ""},
	{"abc", "abc"},
	{"１，２８０", "1,280"},
	{"出金金額（円）", "出金金額(円)"},
	{"！～", "!~"},
	{"｟｡ｶﾅﾞ￥￠", "｟｡ｶﾅﾞ￥￠"}, // not forms of ASCII
	{"モスの　ネット", "モスの ネット"},
	{"\xef\xbc", "\xef\xbc"},
	{"\xef\xbc\x80\xff１", "\xef\xbc\x80\xff1"},
}

func TestFoldWidth(t *testing.T) {
	for _, c := range widthTexts {
		checkWidth(t, []byte(c.in))
		if got := string(FoldWidth([]byte("x"), []byte(c.in))); got != "x"+c.want {
			t.Errorf("FoldWidth(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// checkWidth compares with a way by characters, and folding in place.
func checkWidth(t *testing.T, b []byte) {
	t.Helper()
	var want []byte
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r >= '！' && r <= '～':
			want = append(want, byte(r-'！'+'!'))
		case r == '\u3000':
			want = append(want, ' ')
		default:
			want = append(want, rest[:n]...)
		}
		rest = rest[n:]
	}
	if got := FoldWidth(nil, b); !bytes.Equal(got, want) {
		t.Errorf("FoldWidth(%q) = %q, want %q", b, got, want)
	}
	own := bytes.Clone(b)
	if got := FoldWidth(own[:0], own); !bytes.Equal(got, want) {
		t.Errorf("FoldWidth(%q) in place = %q, want %q", b, got, want)
	}
}

func checkNull(t *testing.T, b []byte) {
	t.Helper()
	// Whatever is null is so short that no name or id hides in it.
	if IsNull(b) && (len(b) > len("undefined") || strings.ContainsAny(string(b), "0123456789@")) {
		t.Errorf("%q is null", b)
	}
	IsBlank(b)
}
