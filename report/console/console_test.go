package console_test

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

func TestContract(t *testing.T) {
	tabletest.Run(t, tabletest.Codec{
		Write:  func(w io.Writer, tab *table.Table) error { return console.Table(w, tab, console.Options{Width: 100}) },
		Faults: 10, // all is written at once, so the place hardly matters
	})
}

// stores is a table with Japanese names of all widths.
func stores() *table.Table {
	s := table.Schema{Name: "stores", Columns: []table.Column{
		{Name: "store_id", Kind: table.Text},
		{Name: "charges", Kind: table.Int},
		{Name: "amount", Kind: table.Amount, Nullable: true},
		{Name: "currency", Kind: table.Code},
		{Name: "first_seen", Kind: table.Time, Nullable: true},
		{Name: "line", Kind: table.Int},
	}}
	t := table.New(s, 0)
	row := t.Appender()
	for i, r := range []struct {
		id, currency string
		amount       int64
		null         bool
	}{
		{"渋谷店", "JPY", 38_615_473, false},
		{"ｶﾞｰﾄﾞ下", "JPY", -50, false},
		{"が行(か\u3099)", "JPY", 0, true},
		{"𠮷野家 髙﨑", "USD", 1299, false},
		{"a\x1b[31mred\u202e", "USD", -5, false},
		{"", "JPY", 1, false},
	} {
		row.Text(r.id)
		row.Int(int64(i * 1000))
		if r.null {
			row.Null()
		} else {
			row.Amount(r.amount)
		}
		row.Code(r.currency)
		if r.null {
			row.Null()
		} else {
			row.Time(time.Date(2019, 7, 2, 15, 3, 4, 999999000, time.UTC).UnixMicro())
		}
		row.Int(int64(7 * i))
		row.End()
	}
	return t
}

func show(t *testing.T, tab *table.Table, o console.Options) string {
	t.Helper()
	var b strings.Builder
	if err := console.Table(&b, tab, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	want := strings.Join([]string{
		`store_id            charges          amount  currency  first_seen           line`,
		`--------------------------------------------------------------------------------`,
		`渋谷店                    0  38,615,473 JPY  JPY       2019-07-03 00:03:04     0`,
		`ｶﾞｰﾄﾞ下                1000         -50 JPY  JPY       2019-07-03 00:03:04     7`,
		"が行(か\u3099)               2000                  JPY                              14",
		`𠮷野家 髙﨑            3000       12.99 USD  USD       2019-07-03 00:03:04    21`,
		`a\x1b[31mred\u202e     4000       -0.05 USD  USD       2019-07-03 00:03:04    28`,
		`                       5000           1 JPY  JPY       2019-07-03 00:03:04    35`,
	}, "\n") + "\n"
	if d := cmp.Diff(want, show(t, stores(), console.Options{Location: tokyo})); d != "" {
		t.Error(d)
	}
}

// TestTableAligns measures the lines with a width of its own: all end in a
// number on the right, so all are equally wide.
func TestTableAligns(t *testing.T) {
	for _, width := range []int{0, 200, 78, 70, 60} {
		out := show(t, stores(), console.Options{Width: width})
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(lines) != 2+stores().Rows() {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			if displayWidth(line) != displayWidth(lines[0]) {
				t.Errorf("width %d: %d columns, the header has %d: %s", width, displayWidth(line), displayWidth(lines[0]), line)
			}
			if width > 0 && displayWidth(line) > max(width, 70) {
				t.Errorf("width %d: %d columns: %s", width, displayWidth(line), line)
			}
		}
		if !strings.Contains(out, "38,615,473 JPY") || !strings.Contains(out, "2019-07-02 15:03:04") {
			t.Errorf("width %d: a number or time was cut:\n%s", width, out)
		}
	}
}

// displayWidth is an independent width, good for the characters of this test.
func displayWidth(s string) (n int) {
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
			r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0x1f300 && r <= 0x1f64f, r >= 0x20000:
			n += 2
		default:
			n++
		}
	}
	return n
}

// TestTableIgnoresLocale prints in a process that counts ambiguous characters
// as wide, as the library does by itself under LANG=ja_JP.
func TestTableIgnoresLocale(t *testing.T) {
	tab := table.New(table.Schema{Name: "t", Columns: []table.Column{{Name: "a", Kind: table.Text}, {Name: "n", Kind: table.Int}}}, 0)
	row := tab.Appender()
	for i, s := range []string{"①②③", "…→é", "abc", "渋谷"} {
		row.Text(s)
		row.Int(int64(i))
		row.End()
	}
	want := show(t, tab, console.Options{})
	twwidth.SetEastAsian(true)
	defer twwidth.SetEastAsian(false)
	if d := cmp.Diff(want, show(t, tab, console.Options{})); d != "" {
		t.Error(d)
	}
	if console.Width("①") != 1 {
		t.Error("a character of ambiguous width is wide")
	}
}

func TestTableOptions(t *testing.T) {
	out := show(t, stores(), console.Options{Columns: []string{"amount", "store_id"}, Rows: 2})
	want := "        amount  store_id\n------------------------\n38,615,473 JPY  渋谷店\n       -50 JPY  ｶﾞｰﾄﾞ下\n"
	if d := cmp.Diff(want, out); d != "" {
		t.Error(d)
	}
	colored := show(t, stores(), console.Options{Columns: []string{"amount", "store_id"}, Rows: 2, Color: true})
	if d := cmp.Diff("\x1b[1m        amount  store_id\x1b[0m"+want[strings.IndexByte(want, '\n'):], colored); d != "" {
		t.Error(d)
	}
	if err := console.Table(io.Discard, stores(), console.Options{Columns: []string{"x\x1b"}}); !errors.Is(err, table.ErrMissing) || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an unknown column: error %v", err)
	}
	bare := table.New(table.Schema{Name: "t", Columns: []table.Column{{Name: "amount", Kind: table.Amount}, {Name: "x", Kind: table.Int}}}, 0)
	bare.Cells(0).AppendInt(123456)
	bare.Cells(1).AppendInt(1)
	f := func(c money.Currency, want string) {
		t.Helper()
		if out := show(t, bare, console.Options{Currency: c}); !strings.Contains(out, want+"  1\n") {
			t.Errorf("currency %q:\n%s", c, out)
		}
	}
	f(0, "123,456")
	f(money.MustCurrency("JPY"), "123,456 JPY")
	f(money.MustCurrency("USD"), "1,234.56 USD")
	empty := show(t, table.New(stores().Schema(), 0), console.Options{})
	if empty != "store_id  charges  amount  currency  first_seen  line\n" {
		t.Errorf("an empty table:\n%s", empty)
	}
}

// TestTableKeepsCells prints every table of the contract: one line a row, and
// nothing in it that a terminal would act on.
func TestTableKeepsCells(t *testing.T) {
	for _, tc := range tabletest.Cases() {
		for _, width := range []int{0, 80} {
			out := show(t, tc.Table, console.Options{Width: width})
			if n := strings.Count(out, "\n"); n != tc.Table.Rows()+2 && tc.Table.Rows() > 0 {
				t.Errorf("%s: %d lines for %d rows", tc.Name, n, tc.Table.Rows())
			}
			if bad := strings.ReplaceAll(out, "\n", ""); console.Clean(bad) != bad {
				t.Errorf("%s: the output is not clean", tc.Name)
			}
		}
	}
}

func TestBlock(t *testing.T) {
	pairs := []console.Pair{
		{Key: "accounts entered", Value: "808", Number: true},
		{Key: "被害額", Value: "38,615,473 JPY", Number: true},
		{Key: "vector", Value: "list-type\x1b[2J", Number: false},
		{Key: "empty"},
	}
	var b strings.Builder
	if err := console.Block(&b, "Incident\u202e", pairs, console.Options{}); err != nil {
		t.Fatal(err)
	}
	want := `Incident\u202e
  accounts entered             808
  被害額            38,615,473 JPY
  vector            list-type\x1b[2J
  empty
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	if err := console.Block(&b, "", pairs[1:3], console.Options{Width: 22}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("  被害額  38,615,473 JPY\n  vector  list-type\\x…\n", b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	if err := console.Block(&b, "T", nil, console.Options{Color: true}); err != nil || b.String() != "\x1b[1mT\x1b[0m\n" {
		t.Errorf("%q, error %v", b.String(), err)
	}
	broken := errors.New("broken pipe")
	if err := console.Block(failing{broken}, "T", pairs, console.Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A loud speaker says everything in its own way, escape codes too.
type loud struct{}

func (loud) Head(column string) string { return strings.ToUpper(column) }
func (loud) Text(column, text string) string {
	return column + "\x1b[31m" + strconv.Itoa(len(text))
}
func (loud) Zoned(head string, t time.Time, zone *time.Location) string {
	return head + "@" + t.In(zone).Format("MST")
}
func (loud) Int(n int64) string { return "n" + strconv.FormatInt(n, 10) }
func (loud) Money(minor int64, c money.Currency) string {
	return c.String() + strconv.FormatInt(minor, 10)
}
func (loud) Compact(t time.Time, zone *time.Location) string { return t.In(zone).Format("15時04分") }

// TestSpeaker: heads and cells are said by the speaker, and cleaned.
func TestSpeaker(t *testing.T) {
	got := show(t, stores(), console.Options{Rows: 1, Location: time.FixedZone("JST", 9*3600), Speaker: loud{}})
	want := strings.Join([]string{
		`STORE_ID           CHARGES       AMOUNT  CURRENCY           FIRST_SEEN@JST  LINE`,
		`--------------------------------------------------------------------------------`,
		`store_id\x1b[31m9       n0  JPY38615473  currency\x1b[31m3  00時03分          n0`,
	}, "\n") + "\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestAlarm: an alarm is red only where there may be colour, and nothing moves.
func TestAlarm(t *testing.T) {
	pairs := []console.Pair{{Key: "going on", Value: "YES", Alarm: true}, {Key: "since", Value: "x"}}
	for color, want := range map[bool]string{false: "  going on  YES\n  since     x\n", true: "  \x1b[1;31mgoing on\x1b[0m  YES\n  since     x\n"} {
		var b strings.Builder
		if err := console.Block(&b, "", pairs, console.Options{Color: color}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, b.String()); d != "" {
			t.Error(d)
		}
	}
}
