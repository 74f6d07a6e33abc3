package report

import (
	"strings"
	"unicode/utf8"

	"github.com/paytriage/paytriage/report/console"
)

// wrapped breaks the values that are too long for a line: at blanks, and between
// the characters of scripts that have none.
func wrapped(pairs []console.Pair, width int) []console.Pair {
	keys := 0
	for _, p := range pairs {
		keys = max(keys, console.Width(console.Clean(p.Key)))
	}
	room := max(width-keys-4, 20)
	var out []console.Pair
	for _, p := range pairs {
		if p.Number {
			p.Value = strings.Join(strings.Fields(console.Clean(p.Value)), " ")
			out = append(out, p)
			continue
		}
		for _, line := range lines(console.Clean(p.Value), room) {
			p.Value = line
			out = append(out, p)
			p = console.Pair{}
		}
	}
	return out
}

// lines breaks a text into lines that are no wider than there is room, but for
// words that are.
func lines(text string, room int) []string {
	var all []string
	line, wide := "", 0
	for word := range strings.FieldsSeq(text) {
		blank := min(1, wide)
		// A break at a blank reads better, unless it leaves much of a line empty.
		if whole := console.Width(word); wide > 0 && wide+blank+whole > room && 3*whole <= 2*room {
			all, line, wide, blank = append(all, line), "", 0, 0
		}
		for word != "" {
			n := unbroken(word)
			w := console.Width(word[:n])
			if wide > 0 && wide+blank+w > room {
				all, line, wide, blank = append(all, line), "", 0, 0
			}
			line += strings.Repeat(" ", blank) + word[:n]
			wide += blank + w
			word, blank = word[n:], 0
		}
	}
	return append(all, line)
}

// Marks that may not begin a line, and those that may not end one.
const (
	notFirst = "、。，．・：；？！）」』】〉》〕］｝ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…,.:;?!)]}%"
	notLast  = "（「『【〈《〔［｛([{"
)

// unbroken returns how long the first part of a word is that may stand on a line
// by itself: all of it but for wide characters, between which a line may break.
func unbroken(word string) int {
	at := 0
	for at < len(word) {
		r, n := utf8.DecodeRuneInString(word[at:])
		at += n
		if at == len(word) {
			break
		}
		next, size := utf8.DecodeRuneInString(word[at:])
		wide := console.Width(string(r)) == 2 || console.Width(word[at:at+size]) == 2
		if wide && console.Width(word[at:at+size]) > 0 && !strings.ContainsRune(notFirst, next) && !strings.ContainsRune(notLast, r) {
			break
		}
	}
	return at
}

// widest returns how wide the widest line of a text is.
func widest(text string) int {
	wide := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "\x1b[1m"), "\x1b[0m")
		wide = max(wide, console.Width(line))
	}
	return wide
}
