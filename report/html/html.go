// Package html writes the page that people look at: one file that asks nothing
// of any other, works from a folder, on a phone and on paper, and says the same
// in each language.
//
// The page is a pure function of a case: the bytes of its summary.json, its
// tables and what its manifest says of the inputs. There is no clock in it. Each
// figure of the summary stands in a data or time element with its value and its
// place in summary.json, so that a program can hold the page against the file.
//
// All text of logs is hostile. It is cleaned of what hides or reorders text, cut
// if long, set apart with bdi, and escaped by html/template; what the script
// needs is compressed and put in base64, so that nothing in it can end an
// element, and the script sets it as text. The page carries a content security
// policy that allows its own style and script by their hashes and nothing else.
//
// Ids of accounts are masked unless Reveal is set: then no id of an account that
// the case names stands in the file, not in its data either.
//
// To add a section, append to sections and define its template in page.html.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/paytriage/paytriage/report/chart"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/words"
)

// A Case is what the page is made of.
type Case struct {
	Summary []byte // summary.json
	Tables  []*table.Table
	Inputs  []Input
	Version string // of the program that made the case
	// Reason says what a code in a column reasons means, "" if it is not known.
	Reason func(code string) string
}

// An Input is a file that the case was made from.
type Input struct {
	Name, Role, SHA256 string
	Bytes              int64
}

// Options say how the page is written.
type Options struct {
	Lang   words.Lang     // that it opens in; it carries the others too
	Reveal bool           // show ids of accounts
	Marks  []Mark         // of the investigator, on the curve
	Zone   *time.Location // of all times; nil is UTC
}

var (
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

// Write writes the page.
func Write(w io.Writer, c *Case, o Options) error {
	f, err := newFacts(c, o)
	if err != nil {
		return err
	}
	if o.Lang == "" {
		o.Lang = words.English
	}
	var mains [2]bytes.Buffer
	langs := []words.Lang{o.Lang, other(o.Lang)}
	for i, lang := range langs {
		if err := newView(f, lang).main(&mains[i]); err != nil {
			return err
		}
	}
	css := style + chart.CSS
	out := &writer{w: w}
	out.text("<!DOCTYPE html>\n<html lang=\"" + string(o.Lang) + "\">\n<head>\n<meta charset=\"utf-8\">\n")
	out.text("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " + hashed(css) + "; script-src " + hashed(script) + "; base-uri 'none'; form-action 'none'\">\n")
	out.text("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n")
	out.text("<title>" + escape(words.For(o.Lang).T("Incident report")) + "</title>\n<style>" + css + "</style>\n</head>\n<body>\n")
	out.text(mains[0].String())
	// The other language is inert until the reader asks for it.
	out.text("<template id=\"other\">\n" + mains[1].String() + "</template>\n")
	if err := f.data(out); err != nil {
		return err
	}
	out.text("<script>" + script + "</script>\n</body>\n</html>\n")
	return out.err
}

// other returns the language that the page can be switched to.
func other(l words.Lang) words.Lang {
	for _, o := range words.Langs {
		if o != l {
			return o
		}
	}
	return l
}

// hashed returns the source expression that allows one inline style or script.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A writer remembers its first error.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	var n int
	n, w.err = w.w.Write(b)
	return n, w.err
}

func (w *writer) text(s string) { fmt.Fprint(w, s) }
