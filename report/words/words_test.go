package words

import "testing"

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
