package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/console"
)

// crowded is a case with something in every part of the summary.
func crowded() *forensics.Case {
	var takeovers []forensics.Takeover
	var victims []forensics.Victim
	var places []forensics.Place
	for i := range 15 {
		account := fmt.Sprintf("山田%d", i)
		takeovers = append(takeovers, forensics.Takeover{Account: account, Tier: takeover.Confirmed, TakeoverAt: at(300), Lost: i > 0})
		if i > 0 {
			victims = append(victims, forensics.Victim{Account: account, Tier: takeover.Confirmed, TakeoverAt: at(300),
				FirstFraud: at(200), LastFraud: at(100), NetLoss: int64(1000 * i), Currency: money.MustCurrency("JPY")})
		}
		places = append(places, forensics.Place{Kind: "device", Value: strings.Repeat("d", 36), Role: "executor", First: at(300), Last: at(100)})
	}
	c := caseOf(takeovers, []forensics.Charge{{Account: "山田1", Txn: "t", Tier: takeover.Confirmed, Time: at(100), Status: "approved"}})
	c.Victims, c.Places = victims, places
	c.Stores = []forensics.Store{{Store: "渋谷センター街店", Charges: 3, Victims: 2, Amount: 1234567, First: at(200), Last: at(100), Currency: money.MustCurrency("JPY")}}
	c.Totals = []forensics.Total{{Currency: money.MustCurrency("JPY"), TopUp: 100_000, Spend: 105_000, NetLoss: 105_000, Owed: 100_000, Exception: 5_000, NeedsDecision: 1}}
	c.Sources[0].Read, c.Sources[0].Accepted = 50, 50
	c.Sources[1].Read, c.Sources[1].Accepted = 100, 98
	c.Sources[1].Rejected, c.Sources[1].Extra = 2, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", strings.Repeat("x", 300)}
	c.Sources[0].Trouble = "gzip data is damaged after 100 unpacked bytes: unexpected EOF"
	c.Unanswered = []forensics.Unanswered{{Question: "from which countries accounts were entered", Because: "column country is absent from the auth log"}}
	return c
}

func printed(t *testing.T, c *forensics.Case, o PrintOptions) string {
	t.Helper()
	tables, err := Tables(c)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Print(&b, c, Summarize(c, tables), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPrintFits tests that no line is wider than the terminal, that nothing of a
// block is cut off, and that the most urgent comes first.
func TestPrintFits(t *testing.T) {
	c := crowded()
	for _, width := range []int{72, 80, 100, 120, 200, 0} {
		text := printed(t, c, PrintOptions{Width: width, Folder: "case"})
		for line := range strings.Lines(text) {
			if w := console.Width(strings.TrimSuffix(line, "\n")); width > 0 && w > width {
				t.Errorf("width %d: a line of %d: %s", width, w, line)
			}
		}
		flat := strings.Join(strings.Fields(text), " ")
		last := -1
		for _, want := range []string{
			"INCOMPLETE 2 of 150 rows were not understood, the rest of auth.csv not even read; every figure may be too low",
			"victims 14 (14 confirmed, 0 probable)",
			"net loss 105,000 JPY",
			"1 of them not robbed yet",
			"YES: 1 account entered or charged in the last 6 hours of the logs (1 confirmed)",
			"1 lock 15 entered accounts",
			"pay back 100,000 JPY (refunds, status open)",
			"2 rows were rejected",
			"exceptions, for a person 5,000 JPY",
			"victims, largest loss first (10 of 14)",
			"山田14",
			"ignored columns: a, b, c, d, e, f, g, h, and 2 more",
			"case: case",
		} {
			at := strings.Index(flat, want)
			if at <= last {
				t.Errorf("width %d: %q is missing or comes too early", width, want)
			}
			last = at
		}
		if !strings.Contains(flat, "unexpected EOF") || !strings.Contains(flat, "absent from the auth log") {
			t.Errorf("width %d: something is cut off:\n%s", width, text)
		}
	}
}

// TestPrintIsPlain tests that there are escape codes only where colour may be.
func TestPrintIsPlain(t *testing.T) {
	c := crowded()
	c.Victims[0].Account, c.Sources[0].Name = "\x1b[2J\u202e", "\x1b]0;x\x07.csv"
	if text := printed(t, c, PrintOptions{Width: 80, Folder: "\x1b[31m"}); strings.ContainsAny(text, "\x1b\u202e\x07\r") {
		t.Errorf("control characters in %q", text)
	}
	if text := printed(t, c, PrintOptions{Width: 80, Color: true}); !strings.Contains(text, "\x1b[1mwhat to do first\x1b[0m\n") {
		t.Error("no bold heading")
	}
}

// A broken writer takes so many bytes.
type broken struct{ left int }

var errBroken = errors.New("no room")

func (b *broken) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if n < len(p) {
		return n, errBroken
	}
	return n, nil
}

// TestPrintReportsErrors tests that no failure to write is passed over.
func TestPrintReportsErrors(t *testing.T) {
	c := crowded()
	tables, err := Tables(c)
	if err != nil {
		t.Fatal(err)
	}
	s := Summarize(c, tables)
	whole := len(printed(t, c, PrintOptions{Width: 80}))
	for n := 0; n < whole; n += 61 {
		if err := Print(&broken{n}, c, s, PrintOptions{Width: 80}); !errors.Is(err, errBroken) {
			t.Fatalf("only %d of %d bytes were taken: %v", n, whole, err)
		}
	}
	if err := Print(&broken{whole}, c, s, PrintOptions{Width: 80}); err != nil {
		t.Error(err)
	}
}

// TestWrapped tests that values are broken at blanks, and numbers never.
func TestWrapped(t *testing.T) {
	f := func(width int, value string, number bool, want ...string) {
		t.Helper()
		var got []string
		for _, p := range wrapped([]console.Pair{{Key: "key", Value: value, Number: number}}, width) {
			got = append(got, p.Key+"|"+p.Value)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q in %d: %q, want %q", value, width, got, want)
		}
	}
	f(80, "all on one line", false, "key|all on one line")
	f(30, "this is broken at its blanks", false, "key|this is broken at its", "|blanks")
	f(30, "渋谷センター街店 新宿三丁目店", false, "key|渋谷センター街店", "|新宿三丁目店")
	f(30, "a word"+strings.Repeat("s", 40), false, "key|a", "|word"+strings.Repeat("s", 40))
	f(30, "1,000,000,000,000,000 JPY", true, "key|1,000,000,000,000,000 JPY")
	f(30, "", false, "key|")
}

func TestCount(t *testing.T) {
	f := func(n int64, want string) {
		t.Helper()
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
	f(0, "0")
	f(999, "999")
	f(1000, "1,000")
	f(1_000_007, "1,000,007")
	f(9223372036854775807, "9,223,372,036,854,775,807")
}

// TestNothingFound tests what is said when there is nothing to say.
func TestNothingFound(t *testing.T) {
	c := caseOf(nil, nil)
	text := printed(t, c, PrintOptions{})
	for _, want := range []string{"  victims           0 (0 confirmed, 0 probable)\n", "  net loss          none\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	c.Sources[1].Read, c.Sources[1].Rejected = 5, 5
	if text := printed(t, c, PrintOptions{}); !strings.Contains(text, "not computable, because no row of the payments log was understood") {
		t.Errorf("payments not understood, but\n%s", text)
	}
	c.Sources = []event.Source{c.Sources[0]}
	if text := printed(t, c, PrintOptions{}); !strings.Contains(text, "not computable, because no payments log was read") {
		t.Errorf("no payments, but\n%s", text)
	}
}
