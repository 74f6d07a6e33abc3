package text

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// theirs are the encodings of golang.org/x/text.
var theirs = map[Encoding]encoding.Encoding{
	UTF16LE:     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	UTF16BE:     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	CP932:       japanese.ShiftJIS,
	EUCJP:       japanese.EUCJP,
	ISO2022JP:   japanese.ISO2022JP,
	Windows1252: charmap.Windows1252,
}

// decoded returns all of src as UTF-8, and what was broken.
func decoded(tb testing.TB, enc Encoding, src string) (out string, broken, first int64) {
	tb.Helper()
	d := NewReader(strings.NewReader(src), enc)
	b, err := io.ReadAll(d)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b), d.Broken(), d.FirstBroken()
}

// A reading is bytes and what they are read as.
type reading struct {
	enc           Encoding
	src, want     string
	broken, first int64
}

var readings = []reading{
	{CP932, "", "", 0, -1},
	{CP932, "a,b\n", "a,b\n", 0, -1},
	{CP932, "\x8e\xe6\x88\xf8\x93\xfa,\x8az\x81i\x89~\x81j\r\n", "取引日,額（円）\r\n", 0, -1},
	{CP932, "\xd4\xcf\xc0\xde \xc0\xdb\xb3\xa1\xdf", "ﾔﾏﾀﾞ ﾀﾛｳ｡ﾟ", 0, -1},
	{CP932, "\x81\x8f \\ ~ \x7f \x00", "￥ \\ ~ \x7f \x00", 0, -1},
	{CP932, "\x81\x60\x81\x7c\x81\x61\x81\x5f\x81\x91\x81\x92\x81\xca", "～－∥＼￠￡￢", 0, -1},
	{CP932, "\x87\x40\x87\x8a\x87\x54\xfb\xfc\xed\x40\xfa\x40\xfa\x54\xee\xf9\xfc\x4b", "①㈱Ⅰ髙纊ⅰ￢￢黑", 0, -1},
	{CP932, "\x95\x5c\x83\x7c\x81\x5b\x83\x5c\xe0\x5c", "表ポーソ濬", 0, -1},
	{CP932, "\x83\xbf\x84\x40\x81\x7e", "αА×", 0, -1},
	{CP932, "\xf0\x40\xf0\x7e\xf0\x80\xf0\xfc\xf1\x40\xf9\xfc", "\ue000\ue03e\ue03f\ue0bb\ue0bc\ue757", 0, -1},
	{CP932, "id\x80,\xa0\n\xfd\xfe\xff", "id\x80,\xa0\n\xfd\xfe\xff", 5, 2},
	{CP932, "a\x81,b\x81\n\x81\"\x81", "a\x81,b\x81\n\x81\"\x81", 4, 1},
	{CP932, "\x85\x40\x81\xad", "\x85@\x81\xed\xb2\xad", 2, 0}, // no letters; the second may not look like one
	{CP932, "\xeb\x9f\x85\x9f", "\xeb\xed\xb2\x9f\xed\xb2\x85\xed\xb2\x9f", 2, 0},
	{CP932, "\xe3\n\x80\xa0", "\xe3\n\x80\xed\xb2\xa0", 3, 0},
	{CP932, "\xe3\x82", "繧", 0, -1},

	{EUCJP, "\xbc\xe8\xb0\xfa,\xa4\xa2\xa5\xa2\n", "取引,あア\n", 0, -1},
	{EUCJP, "\x8e\xd4\x8e\xcf \x8f\xb0\xa1 \xa1\xc1\\~", "ﾔﾏ 丂 ～\\~", 0, -1},
	{EUCJP, "\xbc,\x80\x8d\xa0\xff\n\x8e\n\x8f\xb0\n\xa9\xa1", "\xbc,\x80\xed\xb2\x8d\xed\xb2\xa0\xff\n\x8e\n\x8f\xed\xb2\xb0\n\xa9\xed\xb2\xa1", 9, 0},
	{EUCJP, "\x8e\xe0\x8f\xa1\xa1", "\x8e\xe0\xed\xb2\x8f\xed\xb2\xa1\xed\xb2\xa1", 2, 0},

	{ISO2022JP, "a,\x1b$B<h0z\x1b(B,b\n", "a,取引,b\n", 0, -1},
	{ISO2022JP, "\x1b$@<h\x1b(J\\~\x1b(IQ\x1b$(D0!\x1b(B", "取\\~ﾑ丂", 0, -1},
	{ISO2022JP, "\x1b$B<h\n0z\x1b[31m", "取\n0z\x1b[31m", 0, -1},
	{ISO2022JP, "\x1b$B)!\x1b(Ba\xe3\x82\x1b(I`\n\x1b", "\xc0\xa9\xc0\xa1a\xe3\xed\xb2\x82\xc1\xa0\n\x1b", 4, 3},
	{ISO2022JP, "\x1b$B<\n<\x80\x1b$B<", "\xc0\xbc\n<\x80\xc0\xbc", 3, 3},

	{UTF16LE, "a\x00,\x00\xd6\x53\n\x00", "a,取\n", 0, -1},
	{UTF16BE, "\x00a\x00,\x53\xd6\x00\n\xfe\xff", "a,取\n\ufeff", 0, -1},
	{UTF16LE, "\xff\xfea\x00\x0a\x0a\x3d\xd8\x00\xde\x00\x00", "\ufeffaਊ😀\x00", 0, -1},
	{UTF16LE, "a\x00\x3d\xd8b\x00\x00\xdec\x00\x3d\xd8", "a\xed\xa0\xbdb\xed\xb8\x80c\xed\xa0\xbd", 3, 2},
	{UTF16BE, "\xd8\x3d\xd8\x3d\xde\x00\xd8\x3d", "\xed\xa0\xbd😀\xed\xa0\xbd", 2, 0},
	{UTF16LE, "a\x00\n", "a\xc0\x8a", 1, 2},
	{UTF16LE, "a\x00\x80\xdc\x80", "a\xed\xb2\x80\x80", 2, 2},
	{UTF16LE, "x\x00y\x00z\x001\x002\x003\x004\x005\x006\x00\xe9\x007\x008\x00", "xyz123456é78", 0, -1},

	{Windows1252, "Jos\xe9 \x80 5\x97\x93x\x94\n", "José € 5—“x”\n", 0, -1},
	{Windows1252, "\x81\x8d\xe9\x8f", "\x81\xed\xb2\x8dé\x8f", 3, 0},
}

func TestReader(t *testing.T) {
	for _, r := range readings {
		got, broken, first := decoded(t, r.enc, r.src)
		if got != r.want || broken != r.broken || first != r.first {
			t.Errorf("%v %q: %q with %d broken from %d, want %q with %d from %d",
				r.enc, r.src, got, broken, first, r.want, r.broken, r.first)
		}
	}
}

// UTF-8 passes as it is, broken or not.
func TestReaderUTF8(t *testing.T) {
	const src = "\xef\xbb\xbfa,取引\n\xff\x80\x8e\xe6"
	if got, broken, _ := decoded(t, UTF8, src); got != src || broken != 0 {
		t.Errorf("%q, %d broken", got, broken)
	}
}

// All letters that the encoders of x/text can write are read as its decoders
// read them. A lone escape is a letter here, and not there.
func TestReaderRoundTrip(t *testing.T) {
	least := map[Encoding]int{CP932: 7300, EUCJP: 13000, ISO2022JP: 6800, Windows1252: 250}
	for enc := range least {
		var src, want bytes.Buffer
		n := 0
		encoder, decoder := theirs[enc].NewEncoder(), theirs[enc].NewDecoder()
		for r := rune(0); r < 0x10000; r++ {
			if !utf8.ValidRune(r) || enc != EUCJP && r >= 0x80 && r < 0xa0 || enc == ISO2022JP && r == 0x1b {
				continue
			}
			b, err := encoder.Bytes([]byte(string(r)))
			if err != nil {
				continue
			}
			text, err := decoder.Bytes(b)
			if err != nil {
				t.Fatal(err)
			}
			src.Write(b)
			if enc == ISO2022JP {
				src.WriteString("\x1b(B") // each was written for itself
			}
			want.Write(text)
			n++
		}
		got, broken, first := decoded(t, enc, src.String())
		if got != want.String() || broken != 0 {
			t.Errorf("%v: %d letters: %d broken from %d, or not the same", enc, n, broken, first)
		}
		if n < least[enc] {
			t.Errorf("%v: only %d letters were tried", enc, n)
		}
	}
	var all strings.Builder
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			all.WriteRune(r)
		}
	}
	for _, enc := range []Encoding{UTF16LE, UTF16BE} {
		src, err := theirs[enc].NewEncoder().String(all.String())
		if err != nil {
			t.Fatal(err)
		}
		if got, broken, first := decoded(t, enc, src); got != all.String() || broken != 0 {
			t.Errorf("%v: %d broken from %d, or not the same", enc, broken, first)
		}
	}
}

// Every pair of bytes is read as x/text reads it, or is broken, or is one of
// the differences that the package comment names.
func TestReaderPairs(t *testing.T) {
	least := map[Encoding]int{CP932: 41_000, EUCJP: 23_000, Windows1252: 62_000}
	for enc := range least {
		var all []byte
		for pair := range 1 << 16 {
			if byte(pair>>8) != '\n' && byte(pair) != '\n' {
				all = append(all, byte(pair>>8), byte(pair), '\n')
			}
		}
		src := string(all)
		got, _, _ := decoded(t, enc, src)
		told := retold(enc, got)
		for i, want := range tokens(enc, src) {
			if told[i] != want {
				t.Fatalf("%v: token %d is %+v, want %+v", enc, i, told[i], want)
			}
		}
		theirs, err := theirs[enc].NewDecoder().String(src)
		if err != nil {
			t.Fatal(err)
		}
		letters, users := 0, 0
		lines, theirLines := strings.Split(got, "\n"), strings.Split(theirs, "\n")
		for i := range all {
			if i%3 > 0 {
				continue
			}
			src, line, theirs := src[i:i+2], lines[i/3], theirLines[i/3]
			switch {
			case utf8.ValidString(line) && line == theirs:
				letters++
			case enc == CP932 && src[0] >= 0xf0 && src[0] <= 0xf9 && line >= "\ue000" && line <= "\ue757":
				users++
			case utf8.ValidString(line):
				t.Errorf("%v %q: %q, theirs %q", enc, src, line, theirs)
			case !strings.Contains(theirs, "\ufffd") && !(enc == CP932 && strings.Contains(src, "\x80")) && enc != Windows1252:
				t.Errorf("%v %q: %q, theirs %q", enc, src, line, theirs)
			}
		}
		if letters < least[enc] || enc == CP932 && users != 1880 {
			t.Errorf("%v: %d pairs are the same, and %d are defined by users", enc, letters, users)
		}
	}
}

// A token is a letter, or a broken byte or half of a surrogate pair.
type token struct {
	Letter rune
	Broken int // 0x100 and more for a byte
}

// tokens reads src the slow way.
func tokens(enc Encoding, src string) (all []token) {
	for len(src) > 0 {
		r, size := rune(src[0]), 1
		if enc != UTF16LE && enc != UTF16BE {
			if unit, _ := unitOf(enc); r >= 0x80 {
				r, size = unit([]byte(src[:min(len(src), 4)]), true)
			}
		} else if r, size = broken, 1; len(src) > 1 {
			other := src[2:]
			u := rune(src[1])<<8 | rune(src[0])
			if enc == UTF16BE {
				u = rune(src[0])<<8 | rune(src[1])
			}
			r, size = u, 2
			if u >= 0xd800 && u < 0xe000 {
				decoder := theirs[enc].NewDecoder()
				s, _ := decoder.String(src[:min(4, len(src)&^1)])
				if r, _ = utf8.DecodeRuneInString(s); r < 0x10000 {
					all, src = append(all, token{Broken: int(u)}), other
					continue
				}
				size = 4
			}
		}
		if r >= 0 {
			all = append(all, token{Letter: r})
		}
		for i := 0; r < 0 && i < size; i++ {
			all = append(all, token{Broken: 0x100 | int(src[i])})
		}
		src = src[size:]
	}
	return all
}

// retold tells from what a Reader delivered what it read.
func retold(enc Encoding, out string) (all []token) {
	for len(out) > 0 {
		r, size := utf8.DecodeRuneInString(out)
		switch {
		case r != utf8.RuneError || size > 1:
			all = append(all, token{Letter: r})
		case len(out) > 2 && out[:2] == "\xed\xb2" && out[2]>>6 == 2 && enc != UTF16LE && enc != UTF16BE:
			all, size = append(all, token{Broken: 0x100 | int(out[2])}), 3
		case len(out) > 2 && out[0] == 0xed && out[1]>>5 == 5 && out[2]>>6 == 2:
			all, size = append(all, token{Broken: 0xd000 | int(out[1]&0x3f)<<6 | int(out[2]&0x3f)}), 3
		case len(out) > 1 && out[0]&0xfe == 0xc0 && out[1]>>6 == 2:
			all, size = append(all, token{Broken: 0x100 | int(out[0]&1)<<6 | int(out[1]&0x3f)}), 2
		default:
			all = append(all, token{Broken: 0x100 | int(out[0])})
		}
		out = out[size:]
	}
	return all
}

// Python has tables of its own.
func TestReaderPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	const script = `
import sys
for a in list(range(0x81, 0xa0)) + list(range(0xe0, 0xfd)):
	for b in range(0x40, 0xfd):
		try: r = ord(bytes([a, b]).decode("cp932"))
		except Exception: r = 0
		sys.stdout.write("%d\n" % r)
`
	out, err := exec.Command(python, "-c", script).Output()
	if err != nil {
		t.Skip("python3 does not run: ", err)
	}
	letters := 0
	for a := 0x81; a < 0xfd; a++ {
		if a >= 0xa0 && a < 0xe0 {
			continue
		}
		for b := 0x40; b < 0xfd; b++ {
			line, rest, _ := strings.Cut(string(out), "\n")
			out = []byte(rest)
			got, size := cp932Pairs().cp932([]byte{byte(a), byte(b)}, true)
			if size < 2 || got < 0 {
				got = 0
			}
			if line != fmt.Sprint(got) {
				t.Errorf("%#x %#x: %U, python has %s", a, b, got, line)
			}
			if got > 0 {
				letters++
			}
		}
	}
	if letters < 9000 {
		t.Errorf("only %d letters", letters)
	}
}

// longText returns text in an encoding, with letters of all lengths and broken
// bytes, of more than n bytes.
func longText(enc Encoding, n int) string {
	rng := rand.New(rand.NewPCG(1, uint64(enc)))
	var b strings.Builder
	for b.Len() < n {
		for _, r := range readings {
			if r.enc != enc {
				continue
			}
			src := r.src
			if len(src)%2 == 1 && (enc == UTF16LE || enc == UTF16BE) {
				src = src[1:]
			}
			b.WriteString(src)
			if rng.IntN(3) == 0 {
				ascii, _ := theirs[enc].NewEncoder().String(strings.Repeat("2019-07-02,login\n", rng.IntN(9)))
				b.WriteString(ascii)
			}
		}
	}
	return b.String()
}

// What is read does not depend on how the source hands it out, nor on how much
// is asked for.
func TestReaderCuts(t *testing.T) {
	for enc := range theirs {
		src := longText(enc, 3*inSize)
		want, broken, first := decoded(t, enc, src)
		if broken == 0 && enc != ISO2022JP {
			t.Errorf("%v: nothing is broken", enc)
		}
		for name, r := range map[string]io.Reader{
			"one byte at a time":  iotest.OneByteReader(strings.NewReader(src)),
			"halves":              iotest.HalfReader(strings.NewReader(src)),
			"last bytes with EOF": iotest.DataErrReader(strings.NewReader(src)),
			"small reads":         strings.NewReader(src),
			"odd reads":           iotest.HalfReader(strings.NewReader(src)),
		} {
			d := NewReader(r, enc)
			var got bytes.Buffer
			buf := make([]byte, 1000)
			for err, i := error(nil), 0; err == nil; i++ {
				p := buf
				switch name {
				case "small reads":
					p = buf[:i%5]
				case "odd reads":
					p = buf[:maxOut-1+i%7]
				}
				var n int
				n, err = d.Read(p)
				got.Write(p[:n])
				if err != nil && err != io.EOF {
					t.Fatal(err)
				}
			}
			if got.String() != want || d.Broken() != broken || d.FirstBroken() != first {
				t.Errorf("%v, %s: %d bytes, %d broken from %d; want %d, %d from %d",
					enc, name, got.Len(), d.Broken(), d.FirstBroken(), len(want), broken, first)
			}
		}
		feeds := strings.Count(src, "\n")
		if enc == UTF16LE || enc == UTF16BE {
			feeds = 0
			for i := 0; i+1 < len(src); i += 2 {
				if u := src[i : i+2]; u == "\n\x00" && enc == UTF16LE || u == "\x00\n" && enc == UTF16BE {
					feeds++
				}
			}
		}
		if got := strings.Count(want, "\n"); got != feeds {
			t.Errorf("%v: %d lines became %d", enc, feeds, got)
		}
	}
}

func TestReaderError(t *testing.T) {
	gone := errors.New("the disk is gone")
	for _, enc := range []Encoding{CP932, UTF16LE, EUCJP, ISO2022JP} {
		src, _ := theirs[enc].NewEncoder().String("a,取引\n取")
		d := NewReader(io.MultiReader(strings.NewReader(src[:len(src)-1]), iotest.ErrReader(gone)), enc)
		got, err := io.ReadAll(d)
		if err != gone || !bytes.HasPrefix(got, []byte("a,取引\n")) {
			t.Errorf("%v: %q, %v", enc, got, err)
		}
		if n, err := d.Read(make([]byte, 5)); n != 0 || err != gone {
			t.Errorf("%v: again: %d, %v", enc, n, err)
		}
	}
	if _, err := io.ReadAll(NewReader(silent{}, CP932)); err != io.ErrNoProgress {
		t.Errorf("a silent source: %v", err)
	}
}

// silent is a source that returns nothing and no error.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// Reads take no memory.
func TestReaderAllocs(t *testing.T) {
	for enc := range theirs {
		src := strings.NewReader(longText(enc, inSize))
		d := NewReader(src, enc)
		buf := make([]byte, 4096)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := d.Read(buf); err == io.EOF {
				src.Seek(0, io.SeekStart)
				d.err = nil
			}
			d.Read(buf[:5])
		}); n != 0 {
			t.Errorf("%v: %v allocations for a read", enc, n)
		}
	}
}

// The same payment history exists in UTF-8 and in CP932.
func TestReaderSample(t *testing.T) {
	const dir = "../../../../shared/data/paypay/"
	want, err := os.ReadFile(dir + "test_input.csv")
	if err != nil {
		t.Skip("no sample")
	}
	sjis, err := os.ReadFile(dir + "test_input_sjis.csv")
	if err != nil {
		t.Skip("no sample")
	}
	got, broken, _ := decoded(t, CP932, string(sjis))
	want = bytes.TrimPrefix(want, []byte("\ufeff"))
	if !bytes.HasPrefix(want, []byte(got[:strings.Index(got, "\n")+1])) || broken != 0 {
		t.Errorf("%d broken\n%s", broken, cmp.Diff(string(want), got))
	}
	for _, name := range []string{"test_input.csv", "test_input_sjis.csv"} {
		head, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		enc, sure, why := Detect(head, true)
		if wanted := map[bool]Encoding{true: CP932, false: UTF8}[strings.Contains(name, "sjis")]; enc != wanted || sure != High {
			t.Errorf("%s: %v, %v: %s", name, enc, sure, why)
		}
	}
}
