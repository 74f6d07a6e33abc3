package policy

import "testing"

// TestLaterSettings tests that a setting that came later changes the hash where it
// is not what it was without being said, and only there.
func TestLaterSettings(t *testing.T) {
	p := Default()
	want := p.Hash()
	found := 0
	p.each(func(name string, v any) {
		was, ok := later[name]
		if !ok {
			return
		}
		found++
		s := v.(*Setting)
		if s.Value != was {
			t.Errorf("%s is %d by default, and was %d", name, s.Value, was)
		}
		s.Value++
		if p.Hash() == want {
			t.Errorf("%s is not in the hash", name)
		}
		s.Value--
	})
	if found != len(later) || p.Hash() != want {
		t.Errorf("%d of %d settings", found, len(later))
	}
}
