package html

import (
	"encoding/json"
	"html/template"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/paytriage/paytriage/report/words"
)

func TestParseMark(t *testing.T) {
	for text, want := range map[string]Mark{
		"2019-07-03T17:30+09:00=card top-ups stopped":       {time.Date(2019, 7, 3, 8, 30, 0, 0, time.UTC), "card top-ups stopped"},
		"2019-07-03T08:30:15.5Z= a = b ":                    {time.Date(2019, 7, 3, 8, 30, 15, 5e8, time.UTC), "a = b"},
		"2019-07-03 17:30+09:00=x":                          {time.Date(2019, 7, 3, 8, 30, 0, 0, time.UTC), "x"},
		"2019-07-03 17:30 +09:00=<script>alert(1)</script>": {time.Date(2019, 7, 3, 8, 30, 0, 0, time.UTC), "<script>alert(1)</script>"},
	} {
		m, err := ParseMark(text)
		if err != nil || !m.At.Equal(want.At) || m.Label != want.Label {
			t.Errorf("%q: %v %q, %v", text, m.At, m.Label, err)
		}
	}
	for _, text := range []string{"", "=", "x", "2019-07-03T17:30=no zone", "2019-07-03T17:30Z", "2019-07-03T17:30Z= ", "yesterday=x", "2019-02-30T00:00Z=x"} {
		if m, err := ParseMark(text); err == nil {
			t.Errorf("%q: %+v", text, m)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"abcde", "abcde"}, {"abcdef", "abc…ef"}, {"日本語の店名", "日本語…店名"}, {"\xff\xfe\xfd\xfc\xfb", "\xff\xfe\xfd\xfc\xfb"},
		{"\xff\xfe\xfd\xfc\xfb\xfa", "\xff\xfe\xfd…\xfb\xfa"}, {strings.Repeat("x", 10_000), "xxx…xx"},
	} {
		if got := cut(c.text, 3, 2); got != c.want {
			t.Errorf("%.20q: %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzShown(f *testing.F) {
	for _, s := range []string{"", "a", "<b>", "\u202e", strings.Repeat("é", 60), "\xff", strings.Repeat("\xf0", 60), "\U000e0041", "\ue000\ue001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := shown(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\u202e\u2066\u200b\u2028\x00\n") {
			t.Fatalf("%q is shown as %q", s, got)
		}
		// A control character is written with ten characters at most.
		if n := utf8.RuneCountInString(got); n > 10*(idStart+idEnd+1) {
			t.Fatalf("%d characters of %q", n, s)
		}
		if h := string(bdi(got)); strings.ContainsAny(strings.TrimSuffix(strings.TrimPrefix(h, "<bdi>"), "</bdi>"), "<>\"'") {
			t.Fatalf("%q is not escaped: %s", s, h)
		}
	})
}

// TestTells: a text that has the id of an account in it is masked like it.
func TestTells(t *testing.T) {
	n := newNames(false)
	for _, id := range []string{"tanaka01", "+81-90-1234-5678", "a", "山田太郎さん", "x@y.jp"} {
		n.ids[id] = true
	}
	for text, want := range map[string]bool{
		"tanaka01": true, "device of tanaka01": true, "tanaka01/phone": true, "tanaka012": false, "xtanaka01": false,
		"tel +81-90-1234-5678;": true, "a": true, "a b": false, "10.0.0.1": false, "(山田太郎さん)": true, "x@y.jp": true, "<x@y.jp>": true,
		strings.Repeat("- ", 5000) + "tanaka01": true, "tanaka01" + strings.Repeat(" -", 5000): true,
	} {
		if got := n.tells(text); got != want {
			t.Errorf("%.40q: %v", text, got)
		}
		if said := n.text(text); want && (strings.Contains(said, "tanaka01") || strings.Contains(said, "1234-5678") || said == text) {
			t.Errorf("%.40q is shown as %q", text, said)
		} else if !want && said != shown(text) {
			t.Errorf("%.40q is shown as %q", text, said)
		}
	}
	if open := newNames(true); open.account("tanaka01") != "tanaka01" {
		t.Error("an id is masked that was to be shown")
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		text   string
		pieces []template.HTML
		want   string
	}{
		{"a < b", nil, "a &lt; b"},
		{gap(1) + " & " + gap(0), []template.HTML{"<i>x</i>", "<b>y</b>"}, "<b>y</b> &amp; <i>x</i>"},
		{gap(3), []template.HTML{"x"}, gap(3)},
	} {
		if got := string(fill(c.text, c.pieces)); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// TestPacker reads what the packer wrote with encoding/json.
func TestPacker(t *testing.T) {
	p := &packer{}
	names := []string{"</script>", "\u2028", "\xff", "", "</script>"}
	numbers := []int64{0, -1, safeInt, safeInt + 1, math.MinInt64}
	p.open("")
	p.texts("name", 5, func(i int) string { return names[i] })
	p.coded("code", 5, func(i int) string { return names[i] })
	p.ints("n", 5, func(i int) int64 { return numbers[i] })
	p.maybes("m", 2, func(i int) *int64 { return []*int64{nil, &numbers[1]}[i] })
	p.open("in")
	p.list("deep", 2, func(i int) { p.ints("", i, func(int) int64 { return 7 }) })
	p.close()
	p.close()
	var got struct {
		Name, CodeList []string
		Code           []int
		N              []any
		M              []*int64
		In             struct{ Deep [][]int }
	}
	if err := json.Unmarshal(p.b, &got); err != nil {
		t.Fatalf("%v\n%s", err, p.b)
	}
	for i, name := range names {
		if want := strings.ToValidUTF8(name, "\ufffd"); got.Name[i] != want || got.CodeList[got.Code[i]] != want {
			t.Errorf("name %d is %q and %q", i, got.Name[i], got.CodeList[got.Code[i]])
		}
	}
	if len(got.CodeList) != 4 {
		t.Errorf("%d codes", len(got.CodeList))
	}
	if want := []any{0., -1., float64(safeInt), "9007199254740992", "-9223372036854775808"}; !slices.Equal(got.N, want) {
		t.Errorf("numbers are %v", got.N)
	}
	if got.M[0] != nil || *got.M[1] != -1 || len(got.In.Deep) != 2 || len(got.In.Deep[1]) != 1 {
		t.Errorf("%s", p.b)
	}
	if strings.Contains(string(p.b), "</") {
		t.Error("an element could be ended")
	}
}

// TestEveryTextHasJapanese finds texts of the page and its script that the other
// language lacks, and texts of the script that it is not given.
func TestEveryTextHasJapanese(t *testing.T) {
	const quoted = `"((?:[^"\\]|\\.)*)"`
	var texts []string
	find := func(file string, patterns ...string) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := len(texts)
		for _, p := range patterns {
			for _, m := range regexp.MustCompile(p).FindAllStringSubmatch(string(b), -1) {
				texts = append(texts, m[1])
			}
		}
		if len(texts) == n {
			t.Errorf("%s says nothing", file)
		}
	}
	find("page.html", `\.(?:T|H) `+quoted, `\.HN \S+ "[^"]*" `+quoted)
	for _, file := range []string{"view.go", "sections.go"} {
		find(file, `\.(?:T|H)\(`+quoted, `\.HN\([^"]*"[^"]*", `+quoted)
	}
	for _, s := range sections {
		texts = append(texts, s.Title)
	}
	texts = append(texts, scriptTexts...)
	ja := words.For(words.Japanese)
	for _, text := range texts {
		gaps := slices.Repeat([]any{"1"}, strings.Count(text, "%"))
		if en := words.For(words.English).T(text, gaps...); ja.T(text, gaps...) == en {
			t.Errorf("%q has no Japanese", text)
		}
	}
	for _, m := range regexp.MustCompile(`\bt\('([^']*)'`).FindAllStringSubmatch(script, -1) {
		if !slices.Contains(scriptTexts, m[1]) {
			t.Errorf("the script says %q and is not given it", m[1])
		}
	}
	for _, group := range []string{"head", "parts"} {
		m := regexp.MustCompile(`const ` + group + ` = \[([^\]]*)\]`).FindStringSubmatch(script)
		if m == nil {
			t.Fatalf("the script has no %s", group)
		}
		for _, text := range strings.Split(m[1], ", ") {
			if !slices.Contains(scriptTexts, strings.Trim(text, "'")) {
				t.Errorf("the script says %s and is not given it", text)
			}
		}
	}
}

// TestPolicy: the page allows its own style and script, by their hashes, and
// nothing in the template would need more.
func TestPolicy(t *testing.T) {
	for _, bad := range []string{" style=", " onclick", " onload", " src=", "http:", "https:", "javascript:", "unsafe-inline"} {
		if strings.Contains(pageText, bad) {
			t.Errorf("the template has %q", bad)
		}
		if bad != "http:" && strings.Contains(script, bad) { // the name space of SVG is one
			t.Errorf("the script has %q", bad)
		}
	}
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "XMLHttpRequest", "import("} {
		if strings.Contains(script, bad) {
			t.Errorf("the script has %q", bad)
		}
	}
	for _, bad := range []string{"@import", "url("} {
		if strings.Contains(style, bad) {
			t.Errorf("the style has %q", bad)
		}
	}
}
