package policy

import (
	"strings"
	"testing"
)

func TestDefaultIsValid(t *testing.T) {
	p := Default()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	n := 0
	p.each(func(name string, v any) {
		n++
		if s, ok := v.(*Setting); ok && s.Unit == "" {
			t.Errorf("%s has no unit", name)
		}
	})
	if n < 40 {
		t.Fatalf("only %d settings were looked at", n)
	}
}

func TestLoadLaysOver(t *testing.T) {
	p, err := Load(strings.NewReader("version: 1\nverdict: {confirmed: {value: 400, min: 0, max: 900, unit: centibans, reason: court}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := Default()
	if p.Verdict.Confirmed.Value != 400 || p.Verdict.Probable != d.Verdict.Probable {
		t.Errorf("got %+v", p.Verdict)
	}
	if p.Hash() == d.Hash() {
		t.Error("another policy has the same hash")
	}
	if q := Default(); q.Hash() != d.Hash() {
		t.Error("the same policy has another hash")
	}
}

func TestLoadRefuses(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		_, err := Load(strings.NewReader(file))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%q) = %v, want an error with %q", file, err, want)
		}
	}
	f("version: 2", "version 2 is not known")
	f("verdikt: {}", "verdikt")
	f("verdict: {confirmed: {value: 9999, reason: x}}", "verdict.confirmed: 9999 is not within")
	f("verdict: {confirmed: {value: 400}}", "verdict.confirmed: no reason")
	f("verdict: {nope: {value: 1, reason: x}}", "field nope not found in the group Verdict")
	f("verdict: {confirmed: {value: 400, reason: ''}}", "no reason")
	f("attack: {stay: {permille: [1, 2, 3, 4, 5], reason: x}}", "sum to 15")
	f("attack: {stay: {permille: [500, 500], reason: x}}", "2 shares for the outcomes")
	f("a: &a [x]\nb: *a\n", "anchors")
	f(strings.Repeat("#", MaxSize+2), "longer than")
}
