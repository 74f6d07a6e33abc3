package console_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

func TestClean(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := console.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	// Kept.
	for _, s := range []string{
		"", " ", "plain ~", `back\slash \x1b`, "渋谷店", "ｶﾞ", "が", "e\u0301", "ａ　ｂ", "葛\U000e0100飾", "❤\ufe0f", "é¡ÿ", "مرحبا", "שלום", "🇯🇵", "\ue000", "\ufffd",
	} {
		f(s, s)
	}
	// Terminals.
	f("\x00", `\x00`)
	f("\x1b[2J", `\x1b[2J`)
	f("\x1b]0;title\x07", `\x1b]0;title\x07`)
	f("a\nb\rc\td", `a\nb\rc\td`)
	f("\x08\x7f", `\x08\x7f`)
	f("\u0085\u009b31m", `\u0085\u009b31m`)
	// Direction.
	f("\u202a\u202b\u202c\u202d\u202e", `\u202a\u202b\u202c\u202d\u202e`)
	f("\u2066\u2067\u2068\u2069", `\u2066\u2067\u2068\u2069`)
	f("\u200e\u200f\u061c", `\u200e\u200f\u061c`)
	// Hidden.
	f("a\u200bb\u200cc\u200dd", `a\u200bb\u200cc\u200dd`)
	f("\ufeffx\u2060y\u00adz", `\ufeffx\u2060y\u00adz`)
	f("\u3164\uffa0\u115f\u180e\u034f", `\u3164\uffa0\u115f\u180e\u034f`)
	f("\U000e0041", `\U000e0041`)
	f("a\u2028b\u2029c", `a\u2028b\u2029c`)
	f("\ufff9\uffff", `\ufff9\uffff`)
	// Not UTF-8.
	f("\xff", `\xff`)
	f("ok\xe6\xb8", `ok\xe6\xb8`)
	f("\x9b31m", `\x9b31m`)
	f("\xed\xa0\x80", `\xed\xa0\x80`)
	f("渋\x80谷", `渋\x80谷`)
}

// TestCleanEveryRune compares Clean with the Unicode categories.
func TestCleanEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		kept := console.Clean(string(r)) == string(r)
		if kept && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control)) {
			t.Errorf("%U is kept", r)
		}
		if !kept && (unicode.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)) {
			t.Errorf("%U is a graphic character and is not kept", r)
		}
		if kept && !unicode.In(r, unicode.M) && console.Width(string(r)) == 0 {
			t.Errorf("%U takes no column and is kept", r)
		}
	}
}

func FuzzClean(f *testing.F) {
	seeds := 0
	for _, tc := range tabletest.Cases() {
		for row := 0; tc.Name != "rows" && row < tc.Table.Rows(); row++ {
			if s := tc.Table.Cells(0).Text(row); len(s) < 1000 {
				f.Add(s, row)
				seeds++
			}
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		clean := console.Clean(s)
		if !utf8.ValidString(clean) || console.Clean(clean) != clean {
			t.Errorf("%q cleaned is %q, which is not clean", s, clean)
		}
		width %= 200
		cut := console.Truncate(clean, width)
		if console.Width(cut) > max(width, 0) && cut != clean {
			t.Errorf("%q takes more than %d columns", cut, width)
		}
		if cut != clean && !strings.HasPrefix(clean, strings.TrimSuffix(cut, "…")) {
			t.Errorf("%q is not the start of %q", cut, clean)
		}
	})
}

func TestWidth(t *testing.T) {
	f := func(s string, want int) {
		t.Helper()
		if got := console.Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
	f("", 0)
	f("abc", 3)
	f("渋谷", 4)
	f("ひらカナ", 8)
	f("ｶﾅﾞ", 3)
	f("Ａ＝", 4)
	f("か\u3099", 2)
	f("e\u0301", 1)
	f("𠮷", 2)
	f("①α…──", 5)
	f("葛\U000e0100", 2)
	f("　", 2)
	f("한글", 4)
	f("￥", 2)
	f("¥", 1)
}

func TestTruncate(t *testing.T) {
	f := func(s string, width int, want string) {
		t.Helper()
		if got := console.Truncate(s, width); got != want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", s, width, got, want)
		}
	}
	f("", 0, "")
	f("abc", 3, "abc")
	f("abc", 2, "a…")
	f("abc", 1, "…")
	f("abc", 0, "")
	f("abc", -1, "")
	f("渋谷店", 6, "渋谷店")
	f("渋谷店", 5, "渋谷…")
	f("渋谷店", 4, "渋…") // 谷 would need a fifth column
	f("渋谷店", 2, "…")
	// Marks stay with their character.
	f("か\u3099き\u3099く", 4, "か\u3099…")
	f("ｶﾞｷﾞｸﾞ", 4, "ｶﾞ…")
	f("ｶﾞｷﾞｸﾞ", 5, "ｶﾞｷﾞ…")
	f("e\u0301e\u0301e\u0301", 2, "e\u0301…")
	f("葛\U000e0100飾区", 3, "葛\U000e0100…")
	f("👍🏽👍🏽", 5, "👍🏽…")
}
