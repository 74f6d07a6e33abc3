package register

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// SamePerson reports whether two names are one person's: they are when they
// differ only in case, in width and other forms of the same letters, in spaces,
// or in characters that cannot be seen.
func SamePerson(a, b Text) bool { return fold(a) == fold(b) }

// someone reports whether a name holds anything.
func someone(name Text) bool { return fold(name) != "" }

func fold(name Text) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		return r
	}, norm.NFKC.String(string(name)))
	// Upper first: some letters have two lower forms, such as the sigma.
	return norm.NFKC.String(strings.ToLower(strings.ToUpper(shown)))
}
