package keyval

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// benchNames are the fields that a login is read from.
var benchNames = []string{"time", "user", "event", "outcome", "reason", "ip", "device", "ua", "session", "country", "asn"}

// benchLines writes lines with these fields and two that nobody wants. Every
// fourth line leaves one out, and the lengths of values differ.
func benchLines(pair string, write func(b *strings.Builder, key, value string)) (text string, size int) {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := range 4000 {
		values := []string{
			"2019-06-30T15:01:49.268979Z", fmt.Sprintf("n%x", rng.Uint32()>>rng.IntN(16)), "login", "failure", "bad_password",
			fmt.Sprintf("%d.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(256)),
			fmt.Sprintf("%x-%x", rng.Uint64(), rng.Uint64()), "WalletApp/2.13.2 (Android 9; SHV43)",
			fmt.Sprintf("%016x", rng.Uint64()), "JP", fmt.Sprint(rng.IntN(70000)),
		}
		for k, name := range benchNames {
			if name == "reason" && i%4 == 0 {
				continue
			}
			if k > 0 {
				b.WriteString(pair)
			}
			write(&b, name, values[k])
			size += len(values[k])
		}
		b.WriteString(pair)
		write(&b, "server", "auth-7")
		b.WriteString(pair)
		write(&b, "took", "13ms")
		b.WriteByte('\n')
	}
	return b.String(), size
}

// values adds up the lengths of the wanted values of all records of a text.
func values(s *Splitter, data []byte) (size int) {
	s.Reset(data)
	for s.Next() {
		for slot := range benchNames {
			size += len(s.Value(slot))
		}
	}
	return size
}

func benchmark(b *testing.B, text string, want int, read func(text string) int) {
	b.Helper()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if n := read(text); n != want {
			b.Fatalf("%d bytes in values, want %d", n, want)
		}
	}
}

// BenchmarkLTSV reads labelled values. The control cuts strings.
func BenchmarkLTSV(b *testing.B) {
	text, size := benchLines("\t", func(b *strings.Builder, key, value string) { b.WriteString(key + ":" + value) })
	data, s := []byte(text), mustSplitter(b, LTSV(), benchNames...)
	b.Run("reader=Splitter", func(b *testing.B) {
		benchmark(b, text, size, func(string) int { return values(s, data) })
	})
	b.Run("reader=strings", func(b *testing.B) {
		benchmark(b, text, size, func(text string) (size int) {
			for line := range strings.Lines(text) {
				record := make(map[string]string, 16)
				for field := range strings.SplitSeq(line[:len(line)-1], "\t") {
					key, value, _ := strings.Cut(field, ":")
					record[key] = value
				}
				for _, name := range benchNames {
					size += len(record[name])
				}
			}
			return size
		})
	})
}

// BenchmarkText reads key=value text, with values bare where they can be, and
// all in quotes. The control is the reader of the fuzz test.
func BenchmarkText(b *testing.B) {
	for _, form := range []string{"bare", "quoted"} {
		text, size := benchLines(", ", func(b *strings.Builder, key, value string) {
			if form == "quoted" || strings.Contains(value, " ") {
				value = `"` + value + `"`
			}
			b.WriteString(key + "=" + value)
		})
		data, s := []byte(text), mustSplitter(b, Dialect{}, benchNames...)
		b.Run("form="+form+"/reader=Splitter", func(b *testing.B) {
			benchmark(b, text, size, func(string) int { return values(s, data) })
		})
		b.Run("form="+form+"/reader=slow", func(b *testing.B) {
			benchmark(b, text, size, func(text string) (size int) {
				for _, rec := range slowRecords(Dialect{}, text, benchNames...) {
					for _, v := range rec {
						if v != none {
							size += len(v)
						}
					}
				}
				return size
			})
		})
	}
}
