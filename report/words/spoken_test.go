package words

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the packages that speak.
var rooms = []string{"..", "../html", "../chart", "../../cmd/paytriage"}

// spoken returns the texts that a file of a room says, by where it says them: the
// first argument of T, and both texts of Plural, in Go; the text behind T in a
// template.
func spoken(path, src string) (texts map[string][]string, err error) {
	texts = map[string][]string{}
	if !strings.HasSuffix(path, ".go") {
		for _, m := range inTemplate.FindAllStringSubmatch(src, -1) {
			text, err := strconv.Unquote(m[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, m[1], err)
			}
			texts[path] = append(texts[path], text)
		}
		return texts, nil
	}
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, src, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		args := map[string][2]int{"T": {0, 1}, "Plural": {1, 3}}[sel.Sel.Name]
		for i := args[0]; i < args[1] && i < len(call.Args); i++ {
			if text, ok := literal(call.Args[i]); ok {
				at := fmt.Sprint(files.Position(call.Pos()), " ", i)
				texts[at] = append(texts[at], text)
			}
		}
		return true
	})
	return texts, nil
}

// inTemplate finds texts in templates: {{T "…"}}, {{.T "…" .N}}, (t.T "…").
var inTemplate = regexp.MustCompile("\\bT\\s+(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)")

// literal returns the text of a literal, or of several that are added.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		a, okA := literal(e.X)
		b, okB := literal(e.Y)
		return a + b, okA && okB && e.Op == token.ADD
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return "", false
}

// TestEverythingHasJapanese reads what the rooms say, and fails for a text that no
// table has. The singular of a text is English alone.
func TestEverythingHasJapanese(t *testing.T) {
	found := 0
	for _, room := range rooms {
		entries, err := os.ReadDir(room)
		if os.IsNotExist(err) {
			continue // a room that is not built speaks nothing
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			ext := filepath.Ext(e.Name())
			if e.IsDir() || strings.HasSuffix(e.Name(), "_test.go") || !slices.Contains([]string{".go", ".html", ".tmpl", ".gohtml"}, ext) {
				continue
			}
			path := filepath.Join(room, e.Name())
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts, err := spoken(path, string(src))
			if err != nil {
				t.Fatal(err)
			}
			for at, all := range texts {
				for _, text := range all {
					found++
					if strings.HasSuffix(at, " 1") { // the singular
						if _, ok := verbs(text); !ok {
							t.Errorf("%s: %q has a verb that is none", at, text)
						}
						continue
					}
					if said := said(text); said == "" {
						t.Errorf("%s: %q has no Japanese", at, text)
					}
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d texts were found", found)
	}
}

// said returns the Japanese of a text, "" if no table has it.
func said(text string) string {
	for _, table := range japanese {
		if said, ok := table[text]; ok {
			return said
		}
	}
	return ""
}

// TestTablesAgree: no text is said in two ways, and none is said by nothing.
func TestTablesAgree(t *testing.T) {
	seen := map[string]string{}
	for _, table := range japanese {
		for text, said := range table {
			if other, ok := seen[text]; ok && other != said {
				t.Errorf("%q is %q and %q", text, said, other)
			}
			if seen[text] = said; said == "" || text == "" {
				t.Errorf("%q is said by %q", text, said)
			}
		}
	}
}

// TestSay: texts of data are said if they are known, in whole or by their shape.
func TestSay(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"own-first", "本人のお金から"},
		{"column device_id is absent from the auth log", "認証ログに列「device_id」がない"},
		{"column %[2]s is absent from the %s log", "%sログに列「%[2]s」がない"},
		{"no payments log was read", "決済ログを読んでいない"},
		{"no payments log was", "no payments log was"},
		{"which days fit the rule of amount and pace in JPY, USD", "JPY, USDで金額と頻度の基準に当てはまる日"},
		{"100 % of %d\x00", "100 % of %d\x00"},
		{"", ""},
	} {
		if got := For(Japanese).Say(c.text); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
		if got := For(English).Say(c.text); got != c.text {
			t.Errorf("%q became %q", c.text, got)
		}
	}
}

// TestPlural: English has two forms, Japanese one, and arguments keep their place.
func TestPlural(t *testing.T) {
	say := func(l Lang, n int64) string {
		return For(l).Plural(n, "%d account entered or charged (%d confirmed)", "%d accounts entered or charged (%d confirmed)", 7)
	}
	if got := say(English, 1); got != "1 account entered or charged (7 confirmed)" {
		t.Error(got)
	}
	if got := say(English, 1234); got != "1,234 accounts entered or charged (7 confirmed)" {
		t.Error(got)
	}
	if got := say(Japanese, 1); got != "侵入または不正利用のあったアカウント1件（うち確定7件）" {
		t.Error(got)
	}
}

// TestGlossary: every term is whole, and no code is explained twice.
func TestGlossary(t *testing.T) {
	explained := map[string]bool{}
	for _, term := range Glossary() {
		if term.English == "" || term.Japanese == "" || term.Means == "" || term.MeansJA == "" {
			t.Errorf("%+v is not whole", term)
		}
		if term.Code != "" && explained[term.Code] {
			t.Errorf("%s is explained twice", term.Code)
		}
		explained[term.Code] = true
	}
	for _, set := range []Set{Tier, Vector, Role} {
		for code := range codes[set] {
			if !explained[code] {
				t.Errorf("%s is not explained", code)
			}
		}
	}
}

// TestSpokenSeesTexts plants texts that must be seen.
func TestSpokenSeesTexts(t *testing.T) {
	const src = `package x
func f() { v.T("a %d", 1); p.v.Plural(n, "one", "many"+" of", 2); v.Say("no"); T("no"); v.T(text) }`
	texts, err := spoken("x.go", src)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, list := range texts {
		all = append(all, list...)
	}
	slices.Sort(all)
	if got, want := strings.Join(all, "|"), "a %d|many of|one"; got != want {
		t.Errorf("in Go %q, want %q", got, want)
	}
	texts, err = spoken("x.html", `<p>{{T "a"}} {{$.T "b \"q\"" .N}} {{.Tier}} GET "c" {{ (v.T `+"`d`"+`) }}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(texts["x.html"], "|"), `a|b "q"|d`; got != want {
		t.Errorf("in a template %q, want %q", got, want)
	}
}

// TestVerbsAgree: what is said in Japanese puts in the same arguments in the same
// way, each at least once.
func TestVerbsAgree(t *testing.T) {
	for _, table := range japanese {
		for text, said := range table {
			want, ok := verbs(text)
			got, ok2 := verbs(said)
			if !ok || !ok2 {
				t.Errorf("%q, %q: a verb is none", text, said)
			}
			if strings.Join(want, " ") != strings.Join(got, " ") {
				t.Errorf("%q puts in %v, %q puts in %v", text, want, said, got)
			}
		}
	}
	for i := range shapes {
		want, ok := verbs(shapes[i].text)
		got, ok2 := verbs(shapes[i].said)
		if !ok || !ok2 || len(got) == 0 || strings.Join(want, " ") != strings.Join(got, " ") || strings.Count(shapes[i].said, "%") != strings.Count(shapes[i].said, "%[") {
			t.Errorf("%q has the gaps %v, %q has %v", shapes[i].text, want, shapes[i].said, got)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"%d of %s", "1d 2s"}, {"%[2]s, %[1]d", "1d 2s"}, {"100%% of %q", "1q"}, {"%d %[1]d", "1d"}, {"none", ""}, {"%.1f", "1f"},
	} {
		if got, ok := verbs(c.text); !ok || strings.Join(got, " ") != c.want {
			t.Errorf("verbs of %q: %v, want %q", c.text, got, c.want)
		}
	}
	for _, text := range []string{"30 % of", "%", "%[x]d", "%[1"} {
		if got, ok := verbs(text); ok {
			t.Errorf("verbs of %q: %v", text, got)
		}
	}
}

// verbs returns which arguments a format puts in, and by which verbs, sorted.
func verbs(format string) (all []string, ok bool) {
	next := 1
	for at := strings.IndexByte(format, '%'); at >= 0; at = strings.IndexByte(format, '%') {
		format = format[at+1:]
		if rest, ok := strings.CutPrefix(format, "%"); ok {
			format = rest
			continue
		}
		m := verb.FindStringSubmatch(format)
		if m == nil {
			return nil, false
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		if v := strconv.Itoa(next) + m[2]; !slices.Contains(all, v) {
			all = append(all, v)
		}
		next++
		format = format[len(m[0]):]
	}
	slices.Sort(all)
	return all, true
}

var verb = regexp.MustCompile(`^[-+#0]*[0-9.]*(?:\[([0-9]+)\])?([dsqvxtfgcU])`)
