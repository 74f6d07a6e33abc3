package console_test

import (
	"io"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

// BenchmarkTable prints 2,000 rows of ten columns: more than a person reads,
// less than a file holds.
func BenchmarkTable(b *testing.B) {
	t := tabletest.Rows(2000)
	b.ReportAllocs()
	for b.Loop() {
		if err := console.Table(io.Discard, t, console.Options{Width: 120}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClean cleans a line of text that needs nothing, and one that does.
func BenchmarkClean(b *testing.B) {
	for name, s := range map[string]string{
		"plain":    strings.Repeat("acct_00001042 ", 10),
		"japanese": strings.Repeat("渋谷店ｶﾞｰﾄﾞ下 ", 5),
		"escaped":  strings.Repeat("a\x1b[31m\u202e", 10),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				if (console.Clean(s) == s) != (name != "escaped") {
					b.Fatal(console.Clean(s))
				}
			}
		})
	}
}
