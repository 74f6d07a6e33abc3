package lines

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// matches are regular expressions and texts.
var matches = []struct{ expr, text string }{
	{"", ""},
	{"", "x"},
	{"a", "ba"},
	{"^a", "ba"},
	{"a$", "ab"},
	{"(a|ab)(c|bcd)(d*)", "xabcd"},
	{"(a+)(b+)?", "aab"},
	{"(a*)*", "b"},
	{"(a*)+b", "aaac"},
	{"(a|b)*?c", "abac"},
	{"(?:(a)|b)*", "ab"},
	{"(|a)+", "aaa"},
	{"(?i)STRASSE|straße", "xStraße"},
	{"(?i)k", "\u212a"},
	{`\bfoo\b`, "a foo."},
	{`\Bo`, "foo"},
	{"(?m)^b$", "a\nb\nc"},
	{"(?s).b", "\nb"},
	{".b", "\nb"},
	{"[^a]b", "\xffb"},
	{"日本.", "x日本語"},
	{"\ufffd", "\xff"},
	{"a\ufffdb", "a\xffb"},
	{"[^ ]+ (x{2,3}) ([0-9]{1,3}\\.){3}", "ab xxx 1.22.333."},
	{"(?P<user>.*) from (?P<ip>\\S+) port", "a from b from c port 1"},
	{"[ab]{3}c|[ab]{2}(d)", "ababd"},
	{"\\pL+", "été"},
	{"[[:^alpha:]]", "aé"},
	{"a\\z", "a"},
	{"\\C", "a"},
	{"((((a))))(b)?c??", "ac"},
	{"x*", "yx"},
	{"\xff", "a"},
	{`[^\x00-\x{10FFFF}]|b`, "ab"},
}

// FuzzMatch compares programs with package regexp.
func FuzzMatch(f *testing.F) {
	if len(matches) == 0 {
		f.Fatal("no seeds")
	}
	for _, tc := range matches {
		f.Add(tc.expr, tc.text)
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 100 || len(text) > 1000 {
			return
		}
		re, err := regexp.Compile(expr)
		p, ours := compile(expr, func(string) bool { return true })
		if ours != nil {
			if err == nil && !strings.HasPrefix(ours.Error(), "it has ") {
				t.Fatalf("%q: %v", expr, ours)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q is no regular expression: %v", expr, err)
		}
		var m matcher
		sameMatch(t, &m, p, re, text)
		sameMatch(t, &m, p, re, text+text) // in memory that was used
	})
}

func sameMatch(t *testing.T, m *matcher, p *program, re *regexp.Regexp, text string) {
	t.Helper()
	want := re.FindStringSubmatchIndex(text)
	if ok := m.match(p, []byte(text)); ok != (want != nil) {
		t.Fatalf("%q in %q: %v, want %v", re, text, ok, want)
	}
	if want != nil && !slices.Equal(want, m.groups) {
		t.Fatalf("%q in %q: %v, want %v", re, text, m.groups, want)
	}
}

// TestLongMatch matches texts that are too long for the memory of a matcher,
// and such as would take very long without it.
func TestLongMatch(t *testing.T) {
	var m matcher
	for _, tc := range []struct{ expr, text string }{
		{"(a*)(b|c)+(d)?", strings.Repeat("a", maxVisited) + "bcb"},
		{"^(?:(a+)+b|c)", strings.Repeat("a", maxVisited)},
		{"(?:a?){50}a{50}(b?)", strings.Repeat("a", 50)},
		{"(x+x+)+y", strings.Repeat("x", 1000)},
	} {
		p, err := compile(tc.expr, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		sameMatch(t, &m, p, regexp.MustCompile(tc.expr), tc.text)
	}
}

// TestGroups checks that only groups that are wanted are noted.
func TestGroups(t *testing.T) {
	p, err := compile("(?P<a>x)(?P<b>y)(z)", func(group string) bool { return group == "b" })
	if err != nil {
		t.Fatal(err)
	}
	var m matcher
	if !m.match(p, []byte("wxyz")) {
		t.Fatal("no match")
	}
	if diff := cmp.Diff([]int{1, 4, -1, -1, 2, 3, -1, -1}, m.groups); diff != "" {
		t.Error(diff)
	}
}

// textLines yields the lines of a text that are not blank.
func textLines(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimSuffix(line, "\r")
			if strings.Trim(line, " \t\r") != "" && !yield(line) {
				return
			}
		}
	}
}

// The headers as regular expressions.
var (
	oldHeader = regexp.MustCompile(`(?s)^(?:<\d{1,3}>)?((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: ?\d|\d\d) \d\d:\d\d:\d\d|` +
		longStamp + `) +([^ ].*)$`)
	tagged     = regexp.MustCompile(`(?s)^([^ ]+?)(?:\[([^ \[]*)\])?:(?: +(.*)|())$`)
	hosted     = regexp.MustCompile(`(?s)^([^ ]+)(?: +(.*)|())$`)
	versioned  = regexp.MustCompile(`^<\d{1,3}>[1-9]\d{0,2} `)
	newHeader  = regexp.MustCompile(`(?s)^<\d+>\d+ (-|` + longStamp + `) ([^ ]+) ([^ ]+) ([^ ]+) [^ ]+ (?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+)(?: (?:\x{feff})?(.*)|())$`)
	repetition = regexp.MustCompile(`(?s)^message repeated (\d+) times: \[(.*)$`)
	reference  = regexp.MustCompile(`^last message repeated \d`)
)

const longStamp = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?`

// group returns a group of a match, or none.
func group(text string, match []int, n int) string {
	if match[2*n] < 0 {
		return none
	}
	return text[match[2*n]:match[2*n+1]]
}

// slowHeader returns what rows returns for a line and the profile that matches
// anything.
func slowHeader(line string) []string {
	var rec []string
	if versioned.MatchString(line) {
		m := newHeader.FindStringSubmatchIndex(line)
		if m == nil {
			return []string{none, none, none, none, none, noHeader + " unmatched"}
		}
		for n := 1; n <= 4; n++ {
			v := group(line, m, n)
			if v == "-" {
				v = none
			}
			rec = append(rec, v)
		}
		message := group(line, m, 5)
		if message == none {
			message = ""
		}
		return slowRepeated(append(rec, message))
	}
	m := oldHeader.FindStringSubmatchIndex(line)
	if m == nil {
		return []string{none, none, none, none, none, noHeader + " unmatched"}
	}
	rec = append(rec, group(line, m, 1), none)
	rest := group(line, m, 2)
	m = tagged.FindStringSubmatchIndex(rest)
	if m == nil {
		host := hosted.FindStringSubmatchIndex(rest)
		rec[1] = group(rest, host, 1)
		message := ""
		if host[4] >= 0 {
			message = group(rest, host, 2)
		}
		rest = message
		if m = tagged.FindStringSubmatchIndex(rest); m == nil {
			return slowRepeated(append(rec, none, none, rest))
		}
	}
	message := group(rest, m, 3)
	if message == none {
		message = ""
	}
	return slowRepeated(append(rec, group(rest, m, 1), group(rest, m, 2), message))
}

func slowRepeated(rec []string) []string {
	message := rec[4]
	if reference.MatchString(message) {
		return append(rec, repeatsLast+" unmatched")
	}
	m := repetition.FindStringSubmatch(message)
	if m == nil {
		return append(rec, "")
	}
	n, err := strconv.Atoi(m[1])
	switch {
	case err != nil || n > MaxRepeat:
		return append(rec, manyRepeats+" unmatched")
	case n == 0:
		return append(rec, noRepeats+" unmatched")
	case !strings.HasSuffix(m[2], "]"):
		return append(rec, openRepeat+" unmatched")
	}
	rec[4] = strings.TrimLeft(strings.TrimSuffix(m[2], "]"), " ")
	if n == 1 {
		return append(rec, "")
	}
	return append(rec, " times "+strconv.Itoa(n))
}

// FuzzLine: lines of a web server, and of a system log, whatever they hold.
func FuzzLine(f *testing.F) {
	if len(accessLines) == 0 || len(headers) == 0 || len(messages) == 0 {
		f.Fatal("no seeds")
	}
	for _, tc := range accessLines {
		f.Add(tc.text)
	}
	for _, tc := range headers {
		f.Add(tc.line)
	}
	for _, tc := range messages {
		f.Add("Dec 10 06:55:46 LabSZ sshd[24200]: message repeated 3 times: [ " + tc.text + "]")
	}
	ours, err := NewSplitter(headerNames, anything)
	if err != nil {
		f.Fatal(err)
	}
	patterns, err := NewSplitter(sshdNames, sshd)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var access, want [][]string
		for line := range textLines(text) {
			access, want = append(access, slowAccess(line)), append(want, slowHeader(line))
		}
		if diff := cmp.Diff(access, accesses(t, text)); diff != "" {
			t.Fatalf("%q: (-slow +ours)\n%s", text, diff)
		}
		if diff := cmp.Diff(want, rowsOf(ours, text)); diff != "" {
			t.Fatalf("%q: (-slow +ours)\n%s", text, diff)
		}
		if n := len(rowsOf(patterns, text)); n != len(want) {
			t.Fatalf("%q: %d records, want %d", text, n, len(want))
		}
	})
}
