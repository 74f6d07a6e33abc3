package scalar

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/money"
)

func BenchmarkTryAmount(b *testing.B) {
	jpy, usd := money.MustCurrency("JPY"), money.MustCurrency("USD")
	grouped := func(minor int64, c money.Currency) string {
		return strings.TrimSuffix(money.Format(minor, c), " "+c.String())
	}
	wide := func(s string) string {
		return strings.Map(func(r rune) rune { return r - '!' + '！' }, s)
	}
	for _, c := range []struct {
		form   string
		digits int
		write  func(minor int64) string
	}{
		{"1280", 0, func(minor int64) string { return string(FormatMajor(nil, minor, 0)) }},
		{"12.80", 2, func(minor int64) string { return string(FormatMajor(nil, minor, 2)) }},
		{"1,280", 0, func(minor int64) string { return grouped(minor, jpy) }},
		{"$1,234.56", 2, func(minor int64) string { return "$" + grouped(minor, usd) }},
		{"１，２８０", 0, func(minor int64) string { return wide(grouped(minor, jpy)) }},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		texts := make([][]byte, many)
		var want int64
		for i := range texts {
			minor := 1000 + rng.Int64N(9_000_000)
			texts[i] = []byte(c.write(minor))
			want += minor
		}
		run := func(reader string, read func(t []byte) (int64, bool)) {
			b.Run("form="+c.form+"/reader="+reader, func(b *testing.B) {
				benchTexts(b, texts, want, func(t []byte) int64 {
					v, ok := read(t)
					if !ok {
						b.Fatalf("%q is not ok", t)
					}
					return v
				})
			})
		}
		run("TryAmount", func(t []byte) (int64, bool) {
			v, _, ok := TryAmount(t, AmountRule{}, c.digits)
			return v, ok
		})
		if _, ok := money.Parse(texts[0], c.digits); ok {
			run("money.Parse", func(t []byte) (int64, bool) { return money.Parse(t, c.digits) })
		}
	}
}
