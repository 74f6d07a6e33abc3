package console_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report/console"
)

func TestJSON(t *testing.T) {
	for _, text := range []string{"", "plain", "渋谷 😀 葛\U000e0100", "\x1b[2J\x00\r\n\t", "\x7f", "\u0085\u009b2J", "\u202ea\u2066\u200b\u00ad\ufeff", "\U000e0041\U0010ffff\uffff", `"\<&>`, "\u2028"} {
		var b bytes.Buffer
		e := json.NewEncoder(console.JSON(&b))
		e.SetEscapeHTML(false)
		if err := e.Encode(map[string]string{text: text}); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSuffix(b.String(), "\n")
		if console.Clean(line) != line {
			t.Errorf("%q is written %q", text, line)
		}
		var back map[string]string
		if err := json.Unmarshal(b.Bytes(), &back); err != nil || back[text] != text || len(back) != 1 {
			t.Errorf("%q is written %q, read %q, %v", text, line, back, err)
		}
	}
	if _, err := console.JSON(noRoom{}).Write([]byte("\u009b")); !errors.Is(err, errNoRoom) {
		t.Error(err)
	}
}

var errNoRoom = errors.New("no room")

type noRoom struct{}

func (noRoom) Write([]byte) (int, error) { return 0, errNoRoom }
