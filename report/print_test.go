package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
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
	for lang, wants := range map[words.Lang][]string{
		words.English: {
			"INCOMPLETE 2 of 150 rows were not understood, the rest of auth.csv not even read; every figure may be too low",
			"what happened 14 victims",
			"15 accounts entered by someone else, 1 of them not robbed yet",
			"how sure victims: 14 confirmed, 0 probable",
			"since 2019-07-03 07:00 UTC",
			"going on YES: 1 stolen charge, 1 account entered or charged (1 confirmed) in the last 6 hours of the logs",
			"how much 105,000 JPY net loss; 100,000 JPY owed now",
			"1 lock 15 entered accounts, first of all the 1 not robbed yet not emptied yet: paytriage indicators case --list freeze",
			"pay back 100,000 JPY paytriage refunds case",
			"read why 2 rows were rejected paytriage show case rejects",
			"case folder case",
			"exceptions, for a person 5,000 JPY",
			"victims, largest loss first (5 of 14",
			"… confirmed 14,000 JPY 2019-07-03 07:00",
			"ignored columns: a, b, c, d, e, f, g, h, and 2 more",
		},
		words.Japanese: {
			"データ不完全 150行のうち2行を解釈できず、auth.csvは途中までしか読めませんでした。すべての数字が過少の可能性があります",
			"何が起きたか 被害者 14人",
			"不正ログイン 15件（うち1件はまだ被害額なし）",
			"確度 被害者: 確定 14件、可能性が高い 0件",
			"発生時期 2019年7月3日 07時00分（UTC）",
			"継続中か はい（継続中）: ログの最後の6時間に不正利用1件、侵入または不正利用のあったアカウント1件（うち確定1件）",
			"被害額 純被害額 105,000円、現在の要返還額 100,000円",
			"1 不正ログインされたアカウント15件を利用停止にする（まず、まだ被害額のない1件から）",
			"100,000円を返還する paytriage refunds case",
			"ケースフォルダー case",
			"例外（人が確認） 5,000円",
			"被害者（純被害額の大きい順）（14件のうち5件",
			"確定 14,000円 2019-07-03 07:00",
		},
	} {
		for _, width := range []int{72, 80, 100, 120, 200, 0} {
			fits(t, printed(t, c, PrintOptions{Width: width, Folder: "case", Lang: lang}), width, wants)
		}
	}
}

// fits checks that no line is wider than the terminal, and that what is wanted
// comes in this order; lines are broken at blanks, and between Japanese characters.
func fits(t *testing.T, text string, width int, wants []string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if w := console.Width(strings.TrimSuffix(line, "\n")); width > 0 && w > width {
			t.Errorf("width %d: a line of %d: %s", width, w, line)
		}
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	flat, last := squeeze(text), -1
	for _, want := range wants {
		at := strings.Index(flat, squeeze(want))
		if at <= last {
			t.Errorf("width %d: %q is missing or comes too early in\n%s", width, want, text)
		}
		last = at
	}
	if !strings.Contains(flat, "unexpectedEOF") || strings.Contains(flat, "山田14") {
		t.Errorf("width %d: something is cut off, or an id is whole:\n%s", width, text)
	}
}

// TestPrintReveals tests that ids are masked unless they are asked for.
func TestPrintReveals(t *testing.T) {
	if text := printed(t, crowded(), PrintOptions{Reveal: true}); !strings.Contains(text, "\n山田14") || strings.Contains(text, "masked") {
		t.Errorf("ids are masked in\n%s", text)
	}
}

// TestAnswersLast tests that a terminal gets the same, the answers last.
func TestAnswersLast(t *testing.T) {
	first, last := printed(t, crowded(), PrintOptions{Width: 80}), printed(t, crowded(), PrintOptions{Width: 80, AnswersLast: true})
	at := strings.Index(first, "\n\nhow they got in")
	if at < 0 {
		at = strings.Index(first, "\n\nmoney in JPY")
	}
	if want := first[at+2:] + "\n" + first[:at+1]; last != want {
		t.Errorf("last:\n%s\nwant:\n%s", last, want)
	}
}

// TestPrintInZone tests that times are those of the zone that is asked for, and
// that it is named.
func TestPrintInZone(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*60*60)
	text := printed(t, crowded(), PrintOptions{Zone: tokyo})
	for _, want := range []string{"since          2019-07-03 16:00 JST\n", "taken over (JST)", "2019-07-03 16:00  "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if text := printed(t, crowded(), PrintOptions{Zone: tokyo, Lang: words.Japanese}); !strings.Contains(text, "2019年7月3日 16時00分（日本時間）") {
		t.Errorf("no Japanese time in\n%s", text)
	}
}

// TestInFolder tests that a shell takes a folder for one word.
func TestInFolder(t *testing.T) {
	for folder, want := range map[string]string{
		"case": "show case x", "a/b-c_1.d": "show a/b-c_1.d x", "my case": "show 'my case' x", "it's": `show 'it'\''s' x`,
		"$(rm)": "show '$(rm)' x", "": "show '' x", "事件": "show '事件' x", "%s": "show %s x",
	} {
		if got := inFolder("show %s x", folder); got != want {
			t.Errorf("%q: %s, want %s", folder, got, want)
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
	if text := printed(t, c, PrintOptions{Width: 80, Color: true}); !strings.Contains(text, "\x1b[1mwhat to do first\x1b[0m\n") || !strings.Contains(text, "\x1b[1;31mgoing on\x1b[0m       YES: ") {
		t.Error("no bold heading, or no alarm")
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
	f(30, "不正ログインされたアカウントを利用停止にする（まず、被害額のない件から）。", false,
		"key|不正ログインされたアカ", "|ウントを利用停止にする", "|（まず、被害額のない件", "|から）。")
	f(28, "あいうえおかきくけこ、さ", false, "key|あいうえおかきくけ", "|こ、さ")
	f(30, "a word"+strings.Repeat("s", 40), false, "key|a", "|word"+strings.Repeat("s", 40))
	f(30, "1,000,000,000,000,000 JPY", true, "key|1,000,000,000,000,000 JPY")
	f(30, "", false, "key|")
}

// TestNothingFound tests what is said when there is nothing to say.
func TestNothingFound(t *testing.T) {
	c := caseOf(nil, nil)
	text := printed(t, c, PrintOptions{})
	for _, want := range []string{"  what happened  no victim found\n", "no account found that someone else entered\n", "  how much       no net loss\n"} {
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

// FuzzLines: breaking a text into lines loses nothing and adds nothing, and no line
// is too wide but for one word.
func FuzzLines(f *testing.F) {
	seeds := []string{"this is broken at its blanks", "不正ログインされたアカウントを利用停止にする（まず、被害額のない件から）。", "渋谷センター街店 新宿三丁目店", "か\u3099き\u3099", "a（b）c", ""}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for i, s := range seeds {
		f.Add(s, uint8(20+i))
	}
	f.Fuzz(func(t *testing.T, text string, width uint8) {
		text = console.Clean(text)
		room := max(int(width), 20)
		all := lines(text, room)
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeeze(strings.Join(all, "")); got != squeeze(text) {
			t.Fatalf("%q became %q", text, all)
		}
		for _, line := range all {
			if console.Width(line) > room && unbroken(line) < len(line) && strings.Contains(strings.TrimSpace(line), " ") {
				t.Fatalf("%q is wider than %d", line, room)
			}
		}
	})
}
