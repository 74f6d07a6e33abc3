package formula

import (
	"strings"
	"testing"
)

func TestMark(t *testing.T) {
	f := func(text, marked string) {
		t.Helper()
		if got := Mark(text); got != marked {
			t.Errorf("Mark(%q) = %q, want %q", text, got, marked)
		}
		if got := Unmark(marked); got != text {
			t.Errorf("Unmark(%q) = %q, want %q", marked, got, text)
		}
		if Runs([]byte(text)) != Runs(text) {
			t.Errorf("bytes and text of %q differ", text)
		}
	}
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} {
		for _, hidden := range []string{"", "'", "''", " ", "\n", "\x00", "\x7f", "\u0085", "\u00a0", "\u00ad", "\u2003", "\u200b", "\u200f", "\u2028", "\u202e",
			"\u2060", "\u2066", "\u3000", "\ufeff", "\ufeff ' \u3000"} {
			f(hidden+start, "'"+hidden+start)
			f(hidden+start+"1+1", "'"+hidden+start+"1+1")
		}
	}
	for _, plain := range []string{"", "'", "''", "a", "it's", "'quoted'", "-1", "+1", "-12.50", "'-12.50", " -1", "0", " ", "\n", "\u3000", "\ufeff", "a=1", "山=1", "\u2212", "\u2010x", "\xef\xbc", "\xef", "\xe2\x80", "\xe2", "\xc2", "\xff=", "\xc20+", "\xc2=1", "\xe2\x80 ="} {
		f(plain, plain)
	}
	for _, run := range []string{"-", "+", "-1.", "-.5", "-1.2.3", "+1e5", "-1,5", "--1", "-٣"} {
		f(run, "'"+run)
	}
}

// FuzzMark: what is marked comes back, and no two texts are marked alike.
func FuzzMark(f *testing.F) {
	seeds := []string{"=1", "'=1", "''", "\u3000+1", "\ufeff'-", "-1", "\xe2\x80", ""}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		marked := Mark(s)
		if Unmark(marked) != s || strings.TrimPrefix(marked, "'") != s && marked != s {
			t.Errorf("%q is marked %q, which is %q", s, marked, Unmark(marked))
		}
		if other := Unmark(s); other != s && Mark(other) != s {
			t.Errorf("%q is read as %q, which is marked %q", s, other, Mark(other))
		}
		if Runs([]byte(s)) != Runs(s) || marked != s && marked[0] != '\'' {
			t.Errorf("%q", s)
		}
	})
}
