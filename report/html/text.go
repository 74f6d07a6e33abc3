package html

import (
	"html"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

// How much of a text of a log is shown.
const (
	idStart, idEnd = 36, 10 // of an id
	maxLine        = 300    // of a name of a file, a user agent
)

// escape escapes a text for HTML.
func escape(s string) string { return html.EscapeString(s) }

// cut keeps the start and the end of a text, in characters. It looks at no more
// bytes than those can have.
func cut(s string, start, end int) string {
	if len(s) <= start+end || utf8.RuneCountInString(s[:min(len(s), utf8.UTFMax*(start+end+1))]) <= start+end {
		return s
	}
	head, tail := 0, len(s)
	for range start {
		_, n := utf8.DecodeRuneInString(s[head:])
		head += n
	}
	for range end {
		_, n := utf8.DecodeLastRuneInString(s[:tail])
		tail -= n
	}
	return s[:head] + "…" + s[max(tail, head):]
}

// shown returns a text of a log as it is shown: cut, and clean.
func shown(s string) string { return console.Clean(cut(s, idStart, idEnd)) }

// names says accounts, and other texts of logs that may name them.
type names struct {
	reveal bool
	mask   words.Masker
	ids    map[string]bool
	texts  map[string]string // what was asked for before
}

func newNames(reveal bool) *names {
	return &names{reveal: reveal, ids: map[string]bool{}, texts: map[string]string{}}
}

// account returns what an account is called on the page.
func (n *names) account(id string) string {
	if n.reveal {
		return shown(id)
	}
	return console.Clean(n.mask.Of(id))
}

// text returns a text of a log. One that has the id of an account of the case in
// it is masked like it.
func (n *names) text(s string) string {
	if n.reveal || s == "" {
		return shown(s)
	}
	said, ok := n.texts[s]
	if !ok {
		said = shown(s)
		if n.tells(s) {
			said = console.Clean(n.mask.Of(s))
		}
		n.texts[s] = said
	}
	return said
}

// line returns a longer text of a log, such as the name of a file.
func (n *names) line(s string) string {
	if !n.reveal && n.tells(s) {
		return console.Clean(n.mask.Of(s))
	}
	return console.Clean(cut(s, maxLine, 0))
}

// Ids that are shorter than this say nothing within a text, and only its start
// is searched: what is shown of a longer one is searched with it.
const (
	shortestID = 4
	searched   = 4 * maxLine
	mostEdges  = 200
)

// tells reports whether a text is, or has as words in it, the id of an account.
func (n *names) tells(s string) bool {
	if n.ids[s] {
		return true
	}
	// Both ends of what is shown.
	if len(s) > 2*searched {
		return n.tells(s[:searched]) || n.tells(s[len(s)-searched:])
	}
	var edges []int
	for i := 0; i <= len(s); i++ {
		if i == 0 || i == len(s) || !letter(s[i-1]) || !letter(s[i]) {
			edges = append(edges, i)
		}
	}
	for i, from := range edges {
		for _, to := range edges[i+1 : min(len(edges), i+mostEdges)] {
			if to-from >= shortestID && n.ids[s[from:to]] {
				return true
			}
		}
	}
	return false
}

// letter reports whether a byte is part of a word.
func letter(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// gap is what stands for the n-th argument of a text while it is said: a
// character for private use, which a clean text may hold but no text of ours.
func gap(n int) string { return string(rune(0xE000 + n)) }

// fill puts pieces of HTML in the gaps of a text, which is escaped first.
func fill(text string, pieces []template.HTML) template.HTML {
	var b strings.Builder
	for _, r := range escape(text) {
		if n := int(r - 0xE000); n >= 0 && n < len(pieces) {
			b.WriteString(string(pieces[n]))
			continue
		}
		b.WriteRune(r)
	}
	return template.HTML(b.String())
}
