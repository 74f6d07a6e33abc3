package event_test

import (
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
)

func TestMasked(t *testing.T) {
	for id, want := range map[string]string{
		"": "…", "a": "a…", "1234567": "1…", "12345678": "12…78", "t8b9edee6w": "t8…6w",
		"田中太郎": "田…", "田中太郎さんの口座": "田中…口座", "\xff\xfe": "\xff…", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8": "\xff\xfe…\xf9\xf8",
	} {
		if got := event.Masked(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}
