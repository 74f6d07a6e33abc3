package payout

import (
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var kanaCases = []struct {
	name  string
	class class
	want  string // half width
	wrong string // a part of the refusal
}{
	{"ヤマダ タロウ", partyNames, "ﾔﾏﾀﾞ ﾀﾛｳ", ""},
	{"ﾔﾏﾀﾞ ﾀﾛｳ", partyNames, "ﾔﾏﾀﾞ ﾀﾛｳ", ""},
	{"やまだ　たろう", partyNames, "ﾔﾏﾀﾞ ﾀﾛｳ", ""},
	{"  ヤマダ\t", partyNames, "ﾔﾏﾀﾞ", ""},
	{"ヤマタ\u3099", partyNames, "ﾔﾏﾀﾞ", ""},
	{"は\u309aぴぷ", partyNames, "ﾊﾟﾋﾟﾌﾟ", ""},
	{"ヨーコ", partyNames, "ﾖ-ｺ", ""},
	{"ﾔﾏﾀﾞｰﾀﾛｳ", partyNames, "ﾔﾏﾀﾞ-ﾀﾛｳ", ""},
	{"キャノン", partyNames, "ｷﾔﾉﾝ", ""},
	{"ｷｬｯｼｭ", partyNames, "ｷﾔﾂｼﾕ", ""},
	{"ヴァイオリン", partyNames, "ｳﾞｱｲｵﾘﾝ", ""},
	{"ゔぁ", partyNames, "ｳﾞｱ", ""},
	{"ヮヵヶ", partyNames, "ﾜｶｹ", ""},
	{"セブンペイ（カ", partyNames, "ｾﾌﾞﾝﾍﾟｲ(ｶ", ""},
	{"Ａｂｃ 12３.", partyNames, "ABC 123.", ""},
	{"", partyNames, "", ""},
	{" 　 ", partyNames, "", ""},
	{"シンジュク－１", bankNames, "ｼﾝｼﾞﾕｸ-1", ""},

	{"山田 太郎", partyNames, "", "kanji"},
	{"ヤマダ 々", partyNames, "", "kanji"},
	{"ヲガワ", partyNames, "", `'ヲ' is no letter`},
	{"ｦｶﾞﾜ", partyNames, "", `'ｦ' is no letter`},
	{"ヰ", partyNames, "", "no letter"},
	{"ヱ", partyNames, "", "no letter"},
	{"ヷ", partyNames, "", "no letter"},
	{"ワ\u3099", partyNames, "", "voicing mark"},
	{"ﾞｶ", partyNames, "", "voicing mark"},
	{"ｶﾞﾞ", partyNames, "", "voicing mark"},
	{"ｶ ﾞ", partyNames, "", "voicing mark"},
	{"ｶﾟ", partyNames, "", "voicing mark"},
	{"ｯﾞ", partyNames, "", "voicing mark"}, // enlarging it would make ヅ of ッ
	{"ッ\u3099", partyNames, "", "voicing mark"},
	{"ヵ\u3099", partyNames, "", "voicing mark"},
	{"(ｶ", bankNames, "", `'('`},
	{"A.B", bankNames, "", `'.'`},
	{"ア・イ", partyNames, "", `'・'`},
	{"ｱ,ｲ", partyNames, "", `','`},
	{"ｱ/ｲ", partyNames, "", `'/'`},
	{"ｱ*", partyNames, "", `'*'`},
	{"ア\nイ", partyNames, "", `'\n'`},
	{"ア\x00", partyNames, "", `'\x00'`},
	{"ア\xff", partyNames, "", "no letter"},
	{"é", partyNames, "", "no letter"},
	{"김", partyNames, "", "no letter"},
}

func TestHalfWidth(t *testing.T) {
	for _, c := range kanaCases {
		got, err := halfWidth(c.name, c.class)
		switch {
		case c.wrong != "":
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q: %q, %v; want an error with %q", c.name, got, err, c.wrong)
			}
		case err != nil || got != c.want:
			t.Errorf("%q: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// TestHalfWidthAgainstUnicode compares each letter that is no judgement of the
// Zengin rules with the compatibility forms of Unicode.
func TestHalfWidthAgainstUnicode(t *testing.T) {
	judged := "ァィゥェォッャュョヮヵヶーｧｨｩｪｫｬｭｮｯｰ" // written in full size, or as a hyphen
	checked := 0
	for r := rune(0x20); r < 0x10000; r++ {
		if r == ' ' || r == '　' || r >= 'ぁ' && r <= 'ゖ' || strings.ContainsRune(judged, r) {
			continue
		}
		half, err := halfWidth(string(r), partyNames)
		if err != nil || half == "" { // blanks around a name go
			continue
		}
		checked++
		if got, want := norm.NFKC.String(half), strings.ToUpper(norm.NFKC.String(string(r))); got != want {
			t.Errorf("%q became %q, which is %q, not %q", r, half, got, want)
		}
	}
	if checked < 200 {
		t.Errorf("only %d letters were compared", checked)
	}
	for r := 'ァ'; r <= 'ヶ'; r++ { // hiragana become what their katakana become
		want, wrong := halfWidth(string(r), partyNames)
		got, err := halfWidth(string(r-'ァ'+'ぁ'), partyNames)
		if got != want || (err == nil) != (wrong == nil) {
			t.Errorf("%q becomes %q, but its hiragana %q", r, want, got)
		}
	}
}

// TestHalfWidthAgainstTheRules compares the judgements with a published list of
// them, where it is at hand.
func TestHalfWidthAgainstTheRules(t *testing.T) {
	rules, err := os.ReadFile("../../../shared/data/zengin/spec/kana-substitutions.yaml")
	if err != nil {
		t.Skip("the rules are not here")
	}
	pairs := regexp.MustCompile(`from: "(.+?)",?\s+to: "(.+?)"`).FindAllStringSubmatch(string(rules), -1)
	if len(pairs) < 23 {
		t.Fatalf("only %d rules", len(pairs))
	}
	for _, p := range pairs {
		want, _ := halfWidth(p[2], partyNames)
		if got, err := halfWidth(p[1], partyNames); err != nil || got != want {
			t.Errorf("%s becomes %q, %v; the rule says %s", p[1], got, err, p[2])
		}
	}
}

// The bytes are those of Python's codec cp932.
var cp932Cases = []struct{ text, hex string }{
	{"ﾔﾏﾀﾞ ﾀﾛｳ", "d4cfc0de20c0dbb3"},
	{"ｾﾌﾞﾝﾍﾟｲ(ｶ", "beccdeddcddfb228b6"},
	{"ﾖ-ｺ", "d62dba"},
	{"ABC-9.", "4142432d392e"},
	{"｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ",
		"a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"},
}

func TestBytesOfHalfWidth(t *testing.T) {
	for _, c := range cp932Cases {
		if got := hex.EncodeToString(appendHalf(nil, c.text)); got != c.hex {
			t.Errorf("%s: %s, want %s", c.text, got, c.hex)
		}
		b, _ := hex.DecodeString(c.hex)
		if got, ok := parseHalf(b); !ok || got != c.text {
			t.Errorf("%s: %q, %v", c.hex, got, ok)
		}
	}
	for _, b := range []byte{0, '\n', 0x7F, 0x80, 0xA0, 0xE0, 0xFF} {
		if s, ok := parseHalf([]byte{b}); ok {
			t.Errorf("byte %02x was read as %q", b, s)
		}
	}
}

func checkName(t *testing.T, name string) {
	t.Helper()
	for _, allowed := range []class{partyNames, bankNames} {
		half, err := halfWidth(name, allowed)
		if err != nil {
			continue
		}
		checkHalf(t, half, allowed)
		again, err := halfWidth(half, allowed)
		if err != nil || again != half {
			t.Errorf("%q became %q, and that %q, %v", name, half, again, err)
		}
		if back, ok := parseHalf(appendHalf(nil, half)); !ok || back != half {
			t.Errorf("%q reads back as %q", half, back)
		}
		if other, err := halfWidth(norm.NFD.String(name), allowed); utf8.ValidString(name) && (err != nil || other != half) {
			t.Errorf("%q became %q, but decomposed %q, %v", name, half, other, err)
		}
	}
}

// checkHalf is the rule of what a field may hold, said once more and plainly.
func checkHalf(t *testing.T, half string, allowed class) {
	t.Helper()
	letters := []rune(half)
	for i, r := range letters {
		kana := strings.ContainsRune("ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ", r)
		plain := strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "+string(allowed), r)
		mark := i > 0 && (r == 'ﾞ' && strings.ContainsRune("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ", letters[i-1]) ||
			r == 'ﾟ' && strings.ContainsRune("ﾊﾋﾌﾍﾎ", letters[i-1]))
		if !kana && !plain && !mark {
			t.Fatalf("%q holds %q, which no field of %q may", half, r, allowed)
		}
	}
}
