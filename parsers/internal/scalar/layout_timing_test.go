package scalar

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkLayout reads stamps of UTC, so that the wall shows the moment.
func BenchmarkLayout(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range layoutForms {
		if !strings.Contains(c.form, "04") || !strings.Contains(c.form, "06") {
			continue // days, and years from a hint
		}
		l := mustLayout(b, c.layout)
		texts := make([][]byte, many)
		var want int64
		for i := range texts {
			t := time.Unix(1.5e9+rng.Int64N(1e8), rng.Int64N(1e9)).UTC()
			texts[i] = t.AppendFormat(nil, c.form)
			back, err := time.Parse(c.form, string(texts[i]))
			if err != nil {
				b.Fatal(err)
			}
			want += back.UnixMicro()
		}
		run := func(reader string, read func([]byte) int64) {
			b.Run("layout="+c.layout+"/form="+c.form+"/reader="+reader, func(b *testing.B) {
				benchTexts(b, texts, want, read)
			})
		}
		run("Layout", func(t []byte) int64 {
			v, ok := l.Try(t, YearHint{})
			if !ok {
				b.Fatalf("%q is not ok", t)
			}
			return v.Micros
		})
		run("time.Parse", func(t []byte) int64 {
			v, err := time.Parse(c.form, string(t))
			if err != nil {
				b.Fatal(err)
			}
			return v.UnixMicro()
		})
	}
}

func BenchmarkEpoch(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	l := mustLayout(b, "epoch")
	texts := make([][]byte, many)
	var want int64
	for i := range texts {
		millis := 1.5e12 + rng.Int64N(1e11)
		texts[i] = strconv.AppendInt(nil, millis, 10)
		want += millis * 1000
	}
	b.Run("reader=Layout", func(b *testing.B) {
		benchTexts(b, texts, want, func(t []byte) int64 {
			v, ok := l.Try(t, YearHint{})
			if !ok {
				b.Fatalf("%q is not ok", t)
			}
			return v.Micros
		})
	})
	b.Run("reader=strconv", func(b *testing.B) {
		benchTexts(b, texts, want, func(t []byte) int64 {
			v, err := strconv.ParseInt(string(t), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return v * 1000
		})
	})
}
