package text

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/transform"
)

// BenchmarkReader reads a log of mostly ASCII, a payment history that is half
// kanji, and one that is all kanji. The controls are the decoders of x/text,
// which replace what is broken. Bytes are those of the source.
func BenchmarkReader(b *testing.B) {
	log := strings.Repeat("2019-07-02T12:03:04.123Z,user0012345,login,success,10.1.2.3,東京,dev-0a8c6d7f,Mozilla/5.0 (iPhone)\n", 4000)
	texts := map[string]string{"log": log, "history": strings.Repeat(history, 2000), "kanji": strings.Repeat("取引日出金金額支払い内容\n", 10000)}
	for _, enc := range []Encoding{CP932, UTF16LE, UTF16BE, EUCJP, ISO2022JP, Windows1252} {
		for _, name := range []string{"log", "history", "kanji"} {
			text := strings.ReplaceAll(texts[name], "①", "")
			if enc == Windows1252 {
				if name != "log" {
					continue
				}
				text = strings.ReplaceAll(text, "東京", "Genève")
			}
			src := in(b, enc, text)
			bench := func(reader string, open func(io.Reader) io.Reader) {
				b.Run("enc="+enc.String()+"/text="+name+"/reader="+reader, func(b *testing.B) {
					b.SetBytes(int64(len(src)))
					b.ReportAllocs()
					got, buf := make([]byte, 0, len(text)+1), make([]byte, 1<<20)
					for b.Loop() {
						r := open(strings.NewReader(src))
						got = got[:0]
						for {
							n, err := r.Read(buf)
							got = append(got, buf[:n]...)
							if err == io.EOF {
								break
							}
							if err != nil {
								b.Fatal(err)
							}
						}
					}
					if string(got) != text {
						b.Fatal("wrong text")
					}
				})
			}
			bench("text", func(r io.Reader) io.Reader { return NewReader(r, enc) })
			bench("x", func(r io.Reader) io.Reader { return transform.NewReader(r, theirs[enc].NewDecoder()) })
		}
	}
}

// BenchmarkDetect looks at a megabyte. The control only looks for a byte that
// is not ASCII.
func BenchmarkDetect(b *testing.B) {
	for _, enc := range []Encoding{UTF8, CP932, EUCJP, UTF16LE} {
		head := []byte(in(b, enc, strings.ReplaceAll(strings.Repeat(history, 9000), "①", "")))[:HeadSize]
		b.Run("enc="+enc.String()+"/reader=text", func(b *testing.B) {
			b.SetBytes(HeadSize)
			b.ReportAllocs()
			for b.Loop() {
				if got, _, why := Detect(head, false); got != enc {
					b.Fatal(got, why)
				}
			}
		})
		b.Run("enc="+enc.String()+"/reader=loop", func(b *testing.B) {
			b.SetBytes(HeadSize)
			n := 0
			for b.Loop() {
				n = 0
				for _, c := range head {
					if c >= 0x80 {
						n++
					}
				}
			}
			if ascii := bytes.IndexFunc(head, func(r rune) bool { return r >= 0x80 }) < 0; ascii != (n == 0) {
				b.Fatal("wrong count")
			}
		})
	}
}
