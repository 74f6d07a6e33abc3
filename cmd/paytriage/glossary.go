package main

import (
	"fmt"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

// glossaryTopic is the topic of help that prints the glossary.
const glossaryTopic = "glossary"

// glossaryWidth is how wide the glossary is at most: it is prose.
const glossaryWidth = 100

// printGlossary prints every term in both languages, with what it means.
func printGlossary(std streams) error {
	opt := console.Options{Width: glossaryWidth, Color: std.color()}
	if w := std.width(); w > 0 {
		opt.Width = min(w, glossaryWidth)
	}
	for i, t := range words.Glossary() {
		if i > 0 {
			if _, err := fmt.Fprintln(std.out); err != nil {
				return err
			}
		}
		title := t.English + "  " + t.Japanese
		if t.Code != "" {
			title += "  (" + t.Code + ")"
		}
		pairs := report.Wrapped([]console.Pair{{Value: t.Means}, {Value: t.MeansJA}}, opt.Width)
		if err := console.Block(std.out, title, pairs, opt); err != nil {
			return err
		}
	}
	return nil
}
