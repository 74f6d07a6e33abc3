package discreet

import (
	"strings"
	"testing"
)

func TestMasked(t *testing.T) {
	for id, want := range map[string]string{
		"": "…", "a": "a…", "1234567": "1…", "12345678": "12…78", "t8b9edee6w": "t8…6w",
		"田中太郎": "田…", "田中太郎さんの口座": "田中…口座", "\xff\xfe": "\xff…", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8": "\xff\xfe…\xf9\xf8",
	} {
		if got := Masked(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func TestShown(t *testing.T) {
	for _, whole := range []string{
		"", "JPY", "1200", "-5", "5.50", "4,05", "999999", "2019-13-05", "2019/7/1", "2019-07-04T10:00:00+09:00", "2019-07-04 10:00",
		"2019-07-04T10:00:00.000001Z", "id94becc8043da1e5c11f5", "id94becc8043da1e5c11f5-2", "PT000002-01-0f",
	} {
		if got := Shown(whole); got != whole {
			t.Errorf("%q: %q, want all of it", whole, got)
		}
	}
	for cell, want := range map[string]string{
		"yen": "y…", "JPYX": "J…", "1234567": "1…", "4111111111111111": "41…11", "0901-23-4567": "09…67", "090-1234-5678": "09…78",
		"2019-07-04 hanako": "20…ko", "id94becc8043da1e5c11f5-hanako": "id…ko", "1.2345": "1…", "JPY\n": "J…", "hanako@home.example": "ha…le",
		"id" + strings.Repeat("0", 100): "id…00",
	} {
		if got := Shown([]byte(cell)); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}
