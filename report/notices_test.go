package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
)

// TestPublicCells: a small figure is not shown, and neither is one from which it
// would follow.
func TestPublicCells(t *testing.T) {
	yen, usd := money.MustCurrency("JPY"), money.MustCurrency("USD")
	tests := []struct {
		name            string
		entered, robbed int64
		victims         []int64 // by currency
		hidden          string
	}{
		{"nothing happened", 0, 0, nil, ""},
		{"all large", 100, 60, []int64{60}, ""},
		{"few with loss", 100, 3, []int64{3}, "accounts_entered accounts_with_loss victims topup_amount spend_amount net_loss"},
		{"few without", 63, 60, []int64{60}, "accounts_entered accounts_without_loss"},
		{"few at all", 3, 3, []int64{3}, "accounts_entered accounts_with_loss victims topup_amount spend_amount net_loss"},
		{"few in one currency", 100, 63, []int64{60, 3}, "accounts_entered accounts_with_loss victims topup_amount spend_amount net_loss"},
	}
	for _, tc := range tests {
		n := &Notices{Entered: TierCounts{Confirmed: tc.entered}, Robbed: TierCounts{Confirmed: tc.robbed}}
		for i, v := range tc.victims {
			n.Money = append(n.Money, NoticeMoney{Currency: []money.Currency{yen, usd}[i], Victims: v, TopUp: 1})
		}
		var hidden []string
		for _, c := range PublicCells(n, 10) {
			if !c.Hidden {
				continue
			}
			if c.Value != 0 {
				t.Errorf("%s: the hidden %s carries %d", tc.name, c.What, c.Value)
			}
			hidden = append(hidden, c.What)
		}
		if d := cmp.Diff(tc.hidden, strings.Join(hidden, " ")); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

// TestHostileReport: what a changed summary holds cannot steer a terminal.
func TestHostileReport(t *testing.T) {
	at := "\x1b[2J"
	n := &Notices{Summary: &Summary{FirstTakeover: &at, Vectors: []VectorCount{{Vector: "\x1b]0;x\a"}}, Unanswered: []Unanswered{{"a\nb", "c\rd"}}}}
	for _, ja := range []bool{false, true} {
		text := RegulatorReport(n, NoticeOptions{Japanese: ja, Zone: time.UTC})
		if strings.ContainsAny(text, "\x1b\a\r") || strings.Contains(text, "a\nb") {
			t.Errorf("%q", text)
		}
	}
}

// TestSlug: any issuer becomes the name of a file, and no two the same.
func TestSlug(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"visa", "Visa", "VISA", "a/b", "a_b", slug("a/b"), "../x", "", ".", "三井", "三菱", strings.Repeat("x", 10_000), strings.Repeat("x", 10_001), "a\x00b", "bin-411111", "=1"} {
		s := slug(name)
		if was, twice := seen[s]; twice {
			t.Errorf("%.20q and %.20q are both %s", was, name, s)
		}
		seen[s] = name
		if s == "" || len(s) > 80 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%.20q is %q", name, s)
		}
	}
}
