// Package words says things in the reader's language: the summary on the
// terminal, the page, letters. The English text is the name of a message, so
// that code reads like what it prints; the other languages are tables of the
// same texts. A text that a table lacks is shown in English, and a test finds
// it.
//
// Numbers and dates are written as each language expects. Amounts are exact:
// they are never a float on the way. Codes of tables have words for people here
// (Word), terms of the field a glossary, and ids of people the mask (Masker) that
// the terminal and the page both show.
package words

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// A Lang is a language that paytriage speaks.
type Lang string

// The languages.
const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// Langs lists the languages.
var Langs = []Lang{English, Japanese}

// Parse returns the language of a --lang flag.
func Parse(s string) (Lang, error) {
	if l := Lang(s); slices.Contains(Langs, l) {
		return l, nil
	}
	return "", fmt.Errorf("%q is no language that paytriage speaks; it speaks en and ja", s)
}

// A Printer says things in one language. It may be used by several goroutines.
type Printer struct {
	lang Lang
	p    *message.Printer
}

// For returns the printer of a language.
func For(l Lang) *Printer {
	return &Printer{l, message.NewPrinter(language.Make(string(l)), message.Catalog(texts()))}
}

// Lang returns the printer's language.
func (p *Printer) Lang() Lang { return p.lang }

// T says an English text, which is the name of the message, with its arguments
// put in as fmt does; whole numbers are grouped in thousands.
func (p *Printer) T(text string, args ...any) string {
	return p.p.Sprintf(text, args...)
}

// Plural says one of two texts: one if n is 1, many otherwise. The first verb of
// both is %d, for n; more arguments follow. The name of the message is many: a
// language without plurals knows only that.
func (p *Printer) Plural(n int64, one, many string, more ...any) string {
	text := many
	if n == 1 && p.lang == English {
		text = one
	}
	return p.T(text, append([]any{n}, more...)...)
}

// Say says a text that the data brings along, such as the reason why a question
// cannot be answered; nothing in it is a verb. A text that is not known, and is of
// no known shape, is shown as it is: it may be of a log.
func (p *Printer) Say(text string) string {
	if p.lang != Japanese {
		return text
	}
	if said, ok := jaData[text]; ok {
		return said
	}
	for i := range shapes {
		if said, ok := shapes[i].say(text); ok {
			return said
		}
	}
	return text
}

// texts returns the messages of all languages.
var texts = sync.OnceValue(func() catalog.Catalog {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, table := range japanese {
		for text, said := range table {
			if err := b.SetString(language.Japanese, text, said); err != nil {
				panic("words: " + strings.ToValidUTF8(text, "?") + ": " + err.Error())
			}
		}
	}
	return b
})

// japanese are the tables of Japanese texts, one for each room that speaks.
var japanese = []map[string]string{jaSummary, jaPage, jaChart}
