package text

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// ascii returns n bytes of a log in ASCII.
func ascii(n int) string { return strings.Repeat("2019-07-02T12:03:04Z,u1,login,ok\n", n/33+1)[:n] }

// in writes text in an encoding.
func in(tb testing.TB, enc Encoding, text string) string {
	tb.Helper()
	if enc == UTF8 {
		return text
	}
	s, err := theirs[enc].NewEncoder().String(text)
	if err != nil {
		tb.Fatalf("%v: %v", enc, err)
	}
	return s
}

const history = "取引日,出金金額（円）,取引内容,取引先\n" +
	"2025/02/11 22:32:13,\"1,280\",支払い,ファミリーマート - 弘明寺中里\n" +
	"2025/02/08 23:59:04,120,ポイント、残高の獲得,㈱髙島屋①号館～東京\n"

const french = "id,nom,ville\n1,José Müller,Besançon\n2,François Noël,Orléans\n3,Zoë Lefèvre,Mâcon\n4,Anaïs,Nîmes\n5,René,Saint-Étienne\n"

func TestDetect(t *testing.T) {
	ms := func(s string) string {
		b, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sjis := in(t, CP932, history)
	zengin := "2,0001,ﾐｽﾞﾎ,ﾎﾝﾃﾝ,ﾔﾏﾀﾞ ﾀﾛｳ,3000\n2,0005,ﾐﾂﾋﾞｼ,ﾏﾙﾉｳﾁ,ｻﾄｳ ﾊﾅｺ,1200\n"
	for _, c := range []struct {
		name, head string
		want       Encoding
		sure       Confidence
		why        string // a part of it
	}{
		{"nothing", "", UTF8, High, "it is ASCII"},
		{"ASCII", ascii(1000), UTF8, High, "it is ASCII"},
		{"UTF-8", history, UTF8, High, "multi-byte sequences are UTF-8"},
		{"UTF-8 with its mark", "\ufeff" + history, UTF8, High, "byte order mark of UTF-8; all "},
		{"UTF-8, one letter", ascii(5000) + "é" + ascii(3000), UTF8, Medium, "its one multi-byte sequence is UTF-8"},
		{"UTF-8 with emoji", "a,😀\n", UTF8, High, "its one multi-byte sequence is UTF-8"},
		{"UTF-8, 3 broken", strings.Repeat("取", 1201) + "\n\xff,\x8e,\xc3\n", UTF8, Medium, "3 of 1,204 multi-byte sequences are not UTF-8"},
		{"UTF-8, 1 of 3 broken", "取引,a\xe9b\n", UTF8, Low, "1 of 3 multi-byte sequences is not UTF-8"},
		{"UTF-8 with its mark and broken", "\ufeff取引\n\xff\n", UTF8, Low, "byte order mark of UTF-8; 1 of 4"},
		{"an id with a broken byte", ascii(900) + "u\xe91" + ascii(900), UTF8, Low, "1 of 1 multi-byte sequences is not UTF-8"},
		{"an id that could be a kanji", ascii(900) + "ab\x8fcd" + ascii(900), UTF8, Low, "1 of 1 multi-byte sequences is not UTF-8"},
		{"an id that could be katakana", ascii(900) + "ab\xc1cd" + ascii(900), UTF8, Low, "is not UTF-8"},
		{"two broken ids", ascii(900) + "u\xff1" + ascii(900) + "u\x812", UTF8, Low, "2 of 2 multi-byte sequences are not UTF-8"},
		{"UTF-8 and one row of CP932", strings.Repeat(history, 20) + sjis[:20], UTF8, Low, "are not UTF-8"},

		{"CP932", sjis, CP932, High, "multi-byte sequences are CP932; "},
		{"CP932, one word in a megabyte", ascii(HeadSize-500) + in(t, CP932, "株式会社"), CP932, Medium, "all 4 multi-byte sequences are CP932; "},
		{"CP932, a letter at a time", strings.Repeat("1280\x89\x7e,", 9), CP932, High, "CP932"},
		{"CP932, special letters", in(t, CP932, "～①㈱髙\n￥"), CP932, Medium, "CP932"},
		{"CP932 with a broken byte", strings.Repeat(sjis, 3) + "u\xfd1\n", CP932, Medium, "1 of "},
		{"CP932, half-width katakana", in(t, CP932, strings.Repeat(zengin, 4)), CP932, Medium, "CP932"},
		{"CP932, both widths", in(t, CP932, zengin+history), CP932, High, "CP932"},
		{"CP932 with a row of UTF-8", strings.Repeat(sjis, 5) + history[:60], CP932, Low, "not CP932"},

		{"EUC-JP", in(t, EUCJP, strings.ReplaceAll(history, "①", "")), EUCJP, High, "multi-byte sequences are EUC-JP; "},
		{"EUC-JP, one word", ascii(2000) + in(t, EUCJP, "金額"), EUCJP, Medium, "EUC-JP"},
		{"EUC-JP, hiragana", ascii(2000) + in(t, EUCJP, "のはなにほへとのは,を"), EUCJP, Medium, "EUC-JP"},
		{"EUC-JP with katakana", in(t, EUCJP, zengin+"取引日,出金金額\n"), EUCJP, High, "EUC-JP"},

		{"ISO-2022-JP", in(t, ISO2022JP, "取引日,金額,内容,相手\n"), ISO2022JP, High, "all 9 multi-byte sequences are ISO-2022-JP"},
		{"ISO-2022-JP, one word", ascii(900) + in(t, ISO2022JP, "取引,\n"), ISO2022JP, Medium, "ISO-2022-JP"},
		{"colours", ascii(900) + "\x1b[31m,\x1b$B", UTF8, High, "it is ASCII"},
		{"a broken escape sequence", ascii(900) + "\x1b$B,login,ok\n" + ascii(900), UTF8, High, "it is ASCII"},

		{"UTF-16LE with its mark", "\xff\xfe" + in(t, UTF16LE, "取引"), UTF16LE, High, "byte order mark of UTF-16LE"},
		{"UTF-16BE with its mark", "\xfe\xff", UTF16BE, High, "byte order mark of UTF-16BE"},
		{"UTF-16LE", in(t, UTF16LE, history), UTF16LE, High, "the second byte of "},
		{"UTF-16BE", in(t, UTF16BE, history), UTF16BE, High, "the first byte of "},
		{"UTF-16LE, short", in(t, UTF16LE, "a,b"), UTF16LE, Medium, "the second byte of 3 of 3 pairs is zero"},
		{"UTF-16LE, cut", in(t, UTF16LE, history)[:101], UTF16LE, High, "the second byte of "},
		{"zeros in a log", strings.Repeat("a\x00b\x00c\x00d\x00,\n", 90), UTF8, High, "it is ASCII"},
		{"zeros behind a log", ascii(900) + strings.Repeat("\x00", 900), UTF8, High, "it is ASCII"},
		{"only zeros", strings.Repeat("\x00", 900), UTF8, High, "it is ASCII"},

		{"Windows-1252", ms(french), Windows1252, Low, "stands among Latin letters"},
		{"Windows-1252, quotes", ms("id,note\n1,“don’t”, she said – “it’s €5”…\n2,“so what”\n"), Windows1252, Low, "Latin letters"},
		{"French in UTF-8", french, UTF8, High, "UTF-8"},
		{"noise", noise(2000), CP932, Low, "are not CP932"},
		{"a few bytes of noise", ascii(900) + "\xff\xfe\xff\xfe\xff", UTF8, Low, "not UTF-8, and nothing else fits better"},
	} {
		for _, whole := range []bool{true, false} {
			enc, sure, why := Detect([]byte(c.head), whole)
			if !whole && c.why == "it is ASCII" {
				c.why = "bytes are ASCII"
			}
			if enc != c.want || sure != c.sure || !strings.Contains(why, c.why) {
				t.Errorf("%s (whole: %v): %v, %v: %s; want %v, %v: …%s…", c.name, whole, enc, sure, why, c.want, c.sure, c.why)
			}
		}
	}
}

// noise returns n random bytes.
func noise(n int) string {
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return string(b)
}

// A head that ends within a letter is judged as if it ended before.
func TestDetectCut(t *testing.T) {
	text := strings.ReplaceAll(strings.Repeat(history, 2), "①", "")
	for enc, least := range map[Encoding]int{UTF8: 9, CP932: 60, EUCJP: 60, ISO2022JP: 60, UTF16LE: 60, UTF16BE: 60} {
		src := in(t, enc, text)
		for n := least; n < len(src); n++ {
			if got, sure, why := Detect([]byte(src[:n]), false); got != enc || sure != High {
				t.Errorf("%d bytes of %v: %v, %v: %s", n, enc, got, sure, why)
			}
		}
	}
}

// What stands beyond the first megabyte has no influence.
func TestDetectHead(t *testing.T) {
	head := ascii(HeadSize-1) + "\n" + in(t, CP932, history)
	if enc, sure, why := Detect([]byte(head), true); enc != UTF8 || sure != High || why != "its first 1,048,576 bytes are ASCII" {
		t.Errorf("%v, %v: %s", enc, sure, why)
	}
}

// Every kanji is told in both encodings, if there are a few of it.
func TestDetectKanji(t *testing.T) {
	for enc, other := range map[Encoding]Encoding{CP932: EUCJP, EUCJP: CP932} {
		wrong, tried := 0, 0
		for r := '亜'; r <= '龠'; r++ {
			word := "名前,住所\n" + string(r) + "田,東京都港区" + string(r) + "\n"
			src, err := theirs[enc].NewEncoder().String(word)
			if err != nil {
				continue
			}
			tried++
			if got, _, _ := Detect([]byte(src), true); got != enc {
				wrong++
				if got != other && wrong < 5 {
					t.Logf("%v: %s: %v", enc, word, got)
				}
			}
		}
		if tried < 6000 || wrong > 0 {
			t.Errorf("%v: %d of %d wrong", enc, wrong, tried)
		}
	}
}

func TestNames(t *testing.T) {
	for e := UTF8; e <= Windows1252; e++ {
		if e.String() == "unknown" {
			t.Errorf("encoding %d has no name", e)
		}
	}
	for c := Low; c <= High; c++ {
		if c.String() == "unknown" {
			t.Errorf("confidence %d has no name", c)
		}
	}
	if (Windows1252+1).String() != "unknown" || Confidence(0).String() != "unknown" {
		t.Error("what is none has a name")
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
	if !bytes.Equal([]byte(in(t, CP932, "①")), []byte("\x87\x40")) {
		t.Error("the tests cannot write CP932")
	}
}
