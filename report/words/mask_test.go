package words

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	for id, want := range map[string]string{
		"":                                 "",
		"a":                                "…",
		"ab":                               "…",
		"abc":                              "a…",
		"abcde":                            "a…",
		"abcdef":                           "a…f",
		"abcdefgh":                         "ab…gh",
		"tanaka@example.jp":                "ta…jp",
		"山田太郎":                             "山…",
		"東京都渋谷区山田太郎":                       "東京…太郎",
		"か\u3099き\u3099ccccddddく\u3099":    "か\u3099き\u3099…dく\u3099",
		strings.Repeat("x", 10_000):        "xx…xx",
		"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8": "\xff\xfe…\xf9\xf8",
	} {
		var m Masker
		if got := m.Of(id); got != want {
			t.Errorf("%.40q: %q, want %q", id, got, want)
		}
	}
}

// TestMaskKeepsApart: ids that look alike are numbered, and each keeps its mask.
func TestMaskKeepsApart(t *testing.T) {
	var m Masker
	seen := map[string]string{}
	for range 2 {
		for i := range 500 {
			id := "user-" + strings.Repeat("0", i) + "-99"
			mask := m.Of(id)
			if other, ok := seen[mask]; ok && other != id {
				t.Fatalf("%q and %q are both %q", id, other, mask)
			}
			seen[mask] = id
			if hidden := utf8.RuneCountInString(id) - 4; hidden < 4 {
				t.Fatalf("%q shows too much", id)
			}
		}
	}
	if len(seen) != 500 {
		t.Errorf("%d masks for 500 ids", len(seen))
	}
	if m.Of("user--99") != "us…99" || m.Of("user-0-99") != "us…99·2" {
		t.Errorf("%q, %q", m.Of("user--99"), m.Of("user-0-99"))
	}
}

// FuzzMask: different ids get different masks, the same id the same one, and no
// mask shows half of an id or more.
func FuzzMask(f *testing.F) {
	ids := []string{"tanaka@example.jp", "user-0-99", "abcdefgh", "山田太郎", "か\u3099き\u3099", "\xff\xfe", "…·2", ""}
	if len(ids) == 0 {
		f.Fatal("no seeds")
	}
	for _, id := range ids {
		f.Add(id, "ab…gh·2", uint8(3))
	}
	f.Fuzz(func(t *testing.T, a, b string, n uint8) {
		var m Masker
		seen := map[string]string{}
		for i := range int(n)%8 + 1 {
			for _, id := range []string{a, b, a + strings.Repeat("x", i) + b, a[:len(a)/2] + b + a[len(a)/2:]} {
				mask := m.Of(id)
				if other, ok := seen[mask]; ok && other != id {
					t.Fatalf("%q and %q are both %q", id, other, mask)
				}
				if seen[mask] = id; m.Of(id) != mask {
					t.Fatalf("%q changes its mask", id)
				}
			}
		}
		if ends := strings.Replace(masked(a), "…", "", 1); a != "" && 2*units(ends) > units(a) {
			t.Fatalf("%q shows %q", a, ends)
		}
	})
}

// units counts the characters of a text.
func units(s string) (n int) {
	for at := 0; at < len(s); n++ {
		at += character(s[at:])
	}
	return n
}
