// Package discreet says what of somebody's file an error, a log or a console may
// repeat: where it stands, and of the cell itself no more than cannot tell who a
// person is. Standard error ends in logs that many can read and nobody deletes.
package discreet

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Masked returns what an error or a log may say of the id of a person: the first
// two and the last two letters of a long one, the first of a short one. Errors
// end in logs that many can read; whoever has the case finds the row by this and
// by what else the error says.
func Masked(id string) string {
	const long, shown = 8, 2
	if utf8.RuneCountInString(id) < long {
		_, n := utf8.DecodeRuneInString(id)
		return id[:n] + "…"
	}
	head, tail := 0, len(id)
	for range shown {
		_, n := utf8.DecodeRuneInString(id[head:])
		head += n
		_, n = utf8.DecodeLastRuneInString(id[:tail])
		tail -= n
	}
	return id[:head] + "…" + id[tail:]
}

// Shown returns what an error or a log may say of a cell of somebody's file: all of
// what cannot name a person (an id that paytriage made, a currency, a day or a
// time, a number of no more than six digits), and the ends of anything else, as
// Masked does. A name or the number of a card or a phone can stand in any column,
// if only because a row has slipped.
func Shown[T ~string | ~[]byte](cell T) string {
	const longest = 64
	if len(cell) <= longest && impersonal.MatchString(string(cell)) {
		return string(cell)
	}
	return Masked(string(cell))
}

var impersonal = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`id[0-9a-f]{20}(?:-[0-9]{1,9})?`,
	`PT[0-9]{6,}-[0-9]{2}-[0-9a-f]{1,20}`,
	`[A-Z]{3}`,
	`[-+]?[0-9]{0,6}(?:[.,][0-9]{0,3})?`,
	`(?:19|20)[0-9]{2}[-/][0-9]{1,2}[-/][0-9]{1,2}(?:[T ][0-9:.]{0,15}(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?`,
}, "|") + `)$`)
