package policy

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzLoad: a policy is refused, or is valid and the same each time.
func FuzzLoad(f *testing.F) {
	seeds := []string{"", string(DefaultFile()), "version: 1\n", "version: 2\n", "a: &a [*a]", "a: &a {b: *a}\n<<: *a\n",
		"visit:\n  few: {value: 1, reason: x}\n", "version: 99999999999999999999\n", "amount_and_pace: {\"\": {}}\n",
		strings.Repeat("[", 100), "a: !!binary x", "%YAML 9.9\n---\n", "---\n---\n", "a: 1\na: 2\n"}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Load(bytes.NewReader(text))
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Errorf("taken, but %v", err)
		}
		if again, err := Load(bytes.NewReader(text)); err != nil || again.Hash() != p.Hash() {
			t.Errorf("%v, and another hash", err)
		}
	})
}
