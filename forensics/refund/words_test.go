package refund_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/refund"
)

// TestWords: every code is short, plain, used once in its list, and explained
// in one line.
func TestWords(t *testing.T) {
	type word interface{ String() string }
	lists := map[string][]interface {
		word
		Doc() string
	}{}
	for _, w := range refund.Components() {
		lists["components"] = append(lists["components"], w)
	}
	for _, w := range refund.Channels() {
		lists["channels"] = append(lists["channels"], w)
	}
	for _, w := range refund.Statuses() {
		lists["statuses"] = append(lists["statuses"], w)
	}
	for _, w := range refund.AllReasons() {
		lists["reasons"] = append(lists["reasons"], w)
	}
	plain := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for name, list := range lists {
		var seen []string
		for _, w := range list {
			code, doc := w.String(), w.Doc()
			if !plain.MatchString(code) || len(code) > 24 || slices.Contains(seen, code) {
				t.Errorf("%s: code %q", name, code)
			}
			if doc == "" || strings.ContainsAny(doc, "\n\t") || strings.HasSuffix(doc, ".") {
				t.Errorf("%s: %s: doc %q", name, code, doc)
			}
			seen = append(seen, code)
		}
	}
	if len(lists) != 4 || len(lists["reasons"]) < 20 {
		t.Errorf("checked %d lists", len(lists))
	}
}

// TestCodes pins the codes that files hold. A code that changes here breaks
// every ledger that was exported before.
func TestCodes(t *testing.T) {
	codes := func(n int, code func(int) string) string {
		var list []string
		for i := range n {
			list = append(list, code(i))
		}
		return strings.Join(list, " ")
	}
	components, channels := refund.Components(), refund.Channels()
	statuses, reasons := refund.Statuses(), refund.AllReasons()
	for _, c := range []struct{ got, want string }{
		{codes(len(components), func(i int) string { return components[i].String() }),
			"instrument_refund balance_restore balance_clawback victim_used unmatched_return"},
		{codes(len(channels), func(i int) string { return channels[i].String() }),
			"none card debit bank cash points balance"},
		{codes(len(statuses), func(i int) string { return statuses[i].String() }),
			"open closed held needs_decision exception"},
		{codes(len(reasons), func(i int) string { return reasons[i].String() }),
			"topup_by_attacker spent_by_attacker moved_out_by_attacker moved_in_by_attacker foreign_topup " +
				"reversed refunded charged_back return_undone partly_returned fully_returned topup_refunded " +
				"own_charge_undone possible_spared funding_unknown funding_other issuer_may_stop pending " +
				"cash_owner_unknown possible_account over_returned negative_net orphan_reversal currency_differs " +
				"unclear_original declined_original balance_below_zero owner_spent balances_differ"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
}

// TestID: ids are pinned, and no two ways of cutting a text into parts share one.
func TestID(t *testing.T) {
	// Pinned: an id that changes breaks the link to every earlier ledger.
	// Both were reckoned with another program's SHA-256.
	for _, e := range []struct {
		parts []string
		want  string
	}{
		{nil, "id7be1db0b7d5d4753e0d7"},
		{[]string{"refund", "u1", "JPY", "instrument_refund", "t1"}, "id034fdf0d5d2696bf8070"},
	} {
		if got := refund.ID(e.parts...); got != e.want {
			t.Errorf("ID(%q) = %s, want %s", e.parts, got, e.want)
		}
	}
	seen := map[string][]string{}
	for _, parts := range [][]string{
		nil, {""}, {"", ""}, {"a"}, {"a", ""}, {"", "a"}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"a", "b", "c"},
		{"a\x00b"}, {"a", "\x00b"}, {"a\x00\x00\x00\x00\x00\x00\x00\x01b"}, {"a", "b"}, {strings.Repeat("a", 256)}, {strings.Repeat("a", 257)},
	} {
		id := refund.ID(parts...)
		if other, twice := seen[id]; twice {
			t.Errorf("%q and %q are both %s", parts, other, id)
		}
		if !regexp.MustCompile(`^id[0-9a-f]{20}$`).MatchString(id) {
			t.Errorf("ID(%q) = %s", parts, id)
		}
		seen[id] = parts
	}
}
