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

// TestLoadAddsCurrencies checks that a currency can be added to those that have
// amounts, and changed, without a trace in the next default.
func TestLoadAddsCurrencies(t *testing.T) {
	p, err := Load(strings.NewReader("amount_and_pace: {KRW: {topped_up: 100000, spent: 90000, reason: x}, JPY: {topped_up: 5000, spent: 5000, reason: x}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if k, j := p.AmountAndPace["KRW"], p.AmountAndPace["JPY"]; k.Spent != 90000 || j.ToppedUp != 5000 || j.DayOffset != 0 || len(p.AmountAndPace) != 4 {
		t.Errorf("got %+v", p.AmountAndPace)
	}
	if d := Default(); d.AmountAndPace["JPY"].ToppedUp != 10000 || len(d.AmountAndPace) != 3 || d.Hash() == p.Hash() {
		t.Errorf("the default is %+v", d.AmountAndPace)
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
	f("amount_and_pace: {KRW: {topped_up: 100000, spent: 100000}}", "amount_and_pace.KRW: no reason")
	f("amount_and_pace: {KRW: {topped_up: 100000, reason: x}}", "amount_and_pace.KRW: topped_up 100000 and spent 0 are not within")
	f("amount_and_pace: {KRW: {topped_up: 1, spent: 1, day_offset: 900, reason: x}}", "day_offset 900 is not within")
	f("amount_and_pace: {won: {topped_up: 1, spent: 1, reason: x}}", "is no code of a currency")
	f("amount_and_pace: {KRW: {topped: 1, spent: 1, reason: x}}", "topped not found")
	f("a: &a [x]\nb: *a\n", "anchors")
	f(strings.Repeat("#", MaxSize+2), "longer than")
}
