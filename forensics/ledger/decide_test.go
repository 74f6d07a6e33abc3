package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// possible makes a line of an account that is only possibly a victim.
func possible(l Line, reasons ...string) Line {
	l.Tier, l.Status, l.Reasons = takeover.Possible, refund.NeedsDecision, append([]string{"possible_account"}, reasons...)
	return l
}

func TestDecide(t *testing.T) {
	whole := func(account string, confirm bool, v Validation) Decision {
		return Decision{Account: account, Confirm: confirm, Validation: v, Who: "x"}
	}
	charge := func(account, txn string, confirm bool, v Validation) Decision {
		return Decision{Account: account, Txn: txn, Confirm: confirm, Validation: v, Who: "x"}
	}
	open := line("id1", "a", "t1", 1000)
	cash := open
	cash.Status, cash.Reasons = refund.NeedsDecision, []string{"cash_owner_unknown"}
	tests := []struct {
		name      string
		line      Line
		decisions []Decision
		want      string // validation, status, reasons; "dismissed" or "as it was"
		idle      int
	}{
		{"nothing decided", open, nil, "as it was", 0},
		{"another account", open, []Decision{whole("b", true, Operator)}, "as it was", 1},
		{"confirmed", open, []Decision{whole("a", true, Customer)}, "customer open confirmed_by_decision", 0},
		{"dismissed", open, []Decision{whole("a", false, Operator)}, "dismissed", 0},
		{"possible, confirmed", possible(open), []Decision{whole("a", true, Operator)}, "operator open possible_account;confirmed_by_decision", 0},
		{"possible and of nothing", possible(line("id1", "a", "t1", 0)), []Decision{whole("a", true, Operator)}, "operator closed possible_account;confirmed_by_decision", 0},
		{"possible and pending", possible(open, "pending"), []Decision{whole("a", true, Operator)}, "operator held possible_account;pending;confirmed_by_decision", 0},
		{"possible and over-returned", possible(open, "over_returned"), []Decision{whole("a", true, Operator)}, "operator exception possible_account;over_returned;confirmed_by_decision", 0},
		{"whose cash it was is another question", cash, []Decision{whole("a", true, Operator)}, "operator needs_decision cash_owner_unknown;confirmed_by_decision", 0},
		{"and is answered for the charge", cash, []Decision{charge("a", "t1", true, Operator)}, "operator open cash_owner_unknown;confirmed_by_decision", 0},
		{"the charge goes before the account", open, []Decision{whole("a", true, Operator), charge("a", "t1", false, Operator)}, "dismissed", 0},
		{"the other way round", open, []Decision{whole("a", false, Operator), charge("a", "t1", true, Issuer)}, "issuer open confirmed_by_decision", 0},
		{"what came back is not decided on", line("id1", "a", "t1;re1", 1000), []Decision{charge("a", "t1", true, Operator)}, "operator open confirmed_by_decision", 0},
		{"some of the charges", wallet("id1", "a", "t1;p1", 500), []Decision{charge("a", "t1", true, Operator)}, "as it was", 0},
		{"all of the charges", wallet("id1", "a", "t1;p1", 500), []Decision{charge("a", "t1", true, Customer), charge("a", "p1", true, Operator)}, "customer open confirmed_by_decision", 0},
		{"partly dismissed", wallet("id1", "a", "t1;p1", 500), []Decision{charge("a", "p1", false, Operator)}, "none needs_decision partly_dismissed", 0},
		{"a charge that opens no line", open, []Decision{charge("a", "t2", true, Operator)}, "as it was", 1},
		{"a return that fits no charge", line("id1", "a", "re1", 0), []Decision{whole("a", false, Operator)}, "dismissed", 0},
		{"a line without transactions", Line{ID: "id1", Account: "a", Status: refund.Open}, []Decision{whole("a", true, Operator)}, "operator open confirmed_by_decision", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			holds, err := Latest(tt.decisions)
			if err != nil {
				t.Fatal(err)
			}
			lines := cloned([]Line{tt.line})
			dismissed, idle := Decide(lines, holds, isCharge)
			got := lines[0].Validation.String() + " " + lines[0].Status.String()
			for i, r := range lines[0].Reasons {
				got += []string{";", " "}[btoi(i == 0)] + r
			}
			switch {
			case dismissed[0]:
				got = "dismissed"
			case cmp.Equal(lines[0], tt.line):
				got = "as it was"
			}
			if got != tt.want || len(idle) != tt.idle {
				t.Errorf("%s with %d idle, want %s with %d", got, len(idle), tt.want, tt.idle)
			}
			lines[0].Status, lines[0].Validation, lines[0].Reasons = tt.line.Status, tt.line.Validation, tt.line.Reasons
			if d := cmp.Diff(tt.line, lines[0]); d != "" {
				t.Errorf("a decision changed more:\n%s", d)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestFilter(t *testing.T) {
	l, undated := line("id1", "a", "t1", 1000), line("id2", "a", "t1", 1000)
	undated.ChargedAt = 0
	tests := []struct {
		name   string
		filter Filter
		line   Line
		want   string
	}{
		{"none", Filter{}, l, ""},
		{"tier", Filter{Tiers: []takeover.Tier{takeover.Probable, takeover.Confirmed}}, l, ""},
		{"another tier", Filter{Tiers: []takeover.Tier{takeover.Probable}}, l, LeftTier},
		{"channel", Filter{Channels: []refund.Channel{refund.Card}}, l, ""},
		{"another channel", Filter{Channels: []refund.Channel{refund.Bank}}, l, LeftChannel},
		{"account", Filter{Accounts: map[string]bool{"a": true}}, l, ""},
		{"another account", Filter{Accounts: map[string]bool{"b": true}}, l, LeftAccount},
		{"from", Filter{From: 100 * day}, l, ""},
		{"too early", Filter{From: 100*day + 1}, l, LeftDate},
		{"to", Filter{To: 100*day + 1}, l, ""},
		{"too late", Filter{To: 100 * day}, l, LeftDate},
		{"no date asked for", Filter{}, undated, ""},
		{"no date known", Filter{To: 200 * day}, undated, LeftNoDate},
	}
	for _, tt := range tests {
		if got := tt.filter.LeavesOut(&tt.line); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
