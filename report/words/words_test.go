package words

import (
	"fmt"
	"sync"
	"testing"
)

func TestPrinter(t *testing.T) {
	for _, c := range []struct {
		lang Lang
		text string
		args []any
		want string
	}{
		{English, "victims", nil, "victims"},
		{Japanese, "victims", nil, "被害者"},
		{Japanese, "net loss", nil, "純被害額"},
		{Japanese, "%d without a translation", []any{1234567}, "1,234,567 without a translation"},
		{English, "%d of %s", []any{1574, "100% <b>"}, "1,574 of 100% <b>"},
	} {
		if got := For(c.lang).T(c.text, c.args...); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.lang, c.text, got, c.want)
		}
	}
	if _, err := Parse("de"); err == nil {
		t.Error("paytriage does not speak German")
	}
}

// TestPrinterIsShared: one printer says the same from several goroutines.
func TestPrinterIsShared(t *testing.T) {
	p := For(Japanese)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 200 {
				if got, want := p.T("%d of %d", i, 1234), fmt.Sprintf("1,234件のうち%d件", i); got != want {
					t.Errorf("%q, want %q", got, want)
					return
				}
			}
		})
	}
	group.Wait()
}
