package chart

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

// px is a CSS pixel. Coordinates are whole tenths of one.
const px = 10

// A canvas collects the marks of one drawing.
type canvas struct {
	p  *words.Printer
	id string
	w  int // in tenths of a pixel, as all lengths
	b  strings.Builder
}

func newCanvas(p *words.Printer, id string, width int) *canvas {
	return &canvas{p: p, id: identifier(id), w: min(max(width, MinWidth), MaxWidth) * px}
}

// narrow reports whether the drawing is for a phone.
func (c *canvas) narrow() bool { return c.w < 600*px }

// svg returns the drawing with its text alternatives.
func (c *canvas) svg(height int, title, desc string) string {
	var b strings.Builder
	b.Grow(c.b.Len() + 1024)
	w, h := num(c.w), num(height)
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="` + w + `" height="` + h +
		`" viewBox="0 0 ` + w + ` ` + h + `" aria-labelledby="` + c.id + `-t ` + c.id + `-d">`)
	b.WriteString(`<title id="` + c.id + `-t">` + escape(title) + `</title>`)
	b.WriteString(`<desc id="` + c.id + `-d">` + escape(desc) + `</desc>`)
	b.WriteString(c.b.String())
	b.WriteString("</svg>")
	return b.String()
}

// A size is a size of type: its class and its height in tenths of a pixel.
type size struct {
	class string
	em    int
}

var (
	body  = size{"", 12 * px}
	bold  = size{"b", 12 * px}
	small = size{"s", 11 * px}
	tiny  = size{"t", 95}
	halo  = size{"s halo", 11 * px}
	head  = size{"b halo", 12 * px}
	over  = size{"halo", 12 * px} // body, kept clear of lines behind it
	pin   = size{"flagtext", 11 * px}
)

// The anchors of a text: where x is in it.
const (
	start  = ""
	middle = "middle"
	end    = "end"
)

// text writes a text with its baseline at y.
func (c *canvas) text(z size, anchor string, x, y int, s string) {
	if s == "" {
		return
	}
	c.b.WriteString(`<text`)
	c.attr("class", z.class)
	c.attr("text-anchor", anchor)
	c.num("x", x)
	c.num("y", y)
	c.b.WriteByte('>')
	c.b.WriteString(escape(s))
	c.b.WriteString(`</text>`)
}

func (c *canvas) attr(name, value string) {
	if value != "" {
		c.b.WriteString(` ` + name + `="` + value + `"`)
	}
}

func (c *canvas) num(name string, v int) {
	c.b.WriteString(` ` + name + `="` + num(v) + `"`)
}

// close ends a mark, with a title if there is one.
func (c *canvas) close(name, title string) {
	if title == "" {
		c.b.WriteString(`/>`)
		return
	}
	c.b.WriteString(`><title>` + escape(title) + `</title></` + name + `>`)
}

func (c *canvas) rect(class string, x, y, w, h int, title string) {
	c.b.WriteString(`<rect`)
	c.attr("class", class)
	c.num("x", x)
	c.num("y", y)
	c.num("width", w)
	c.num("height", h)
	c.close("rect", title)
}

func (c *canvas) line(class string, x1, y1, x2, y2 int) {
	c.path(class, "M"+num(x1)+" "+num(y1)+"L"+num(x2)+" "+num(y2), "")
}

func (c *canvas) path(class, d, title string) {
	c.b.WriteString(`<path`)
	c.attr("class", class)
	c.attr("d", d)
	c.close("path", title)
}

func (c *canvas) circle(class string, x, y, r int, title string) {
	c.b.WriteString(`<circle`)
	c.attr("class", class)
	c.num("cx", x)
	c.num("cy", y)
	c.num("r", r)
	c.close("circle", title)
}

// num writes tenths as a decimal.
func num(v int) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	s := strconv.Itoa(v / px)
	if v%px != 0 {
		s += "." + strconv.Itoa(v%px)
	}
	return sign + s
}

// maxText is how many characters of a text of the caller are kept at all.
const maxText = 120

// clean returns a text of the caller that may be shown: what hides or reorders
// is written as an escape, and a long text is cut. A text that runs from right
// to left is kept apart from what stands beside it.
func clean(s string) string {
	// Marks that pile up on one character count as one column: cut by runes
	// first, and never look at more than can be shown.
	n, cut := 0, false
	for i := range s {
		if n++; n > 2*maxText {
			s, cut = s[:i], true
			break
		}
	}
	s = console.Clean(s)
	if cut {
		s += "…"
	}
	return s
}

// isolated returns a clean text that cannot reorder its neighbours.
func isolated(s string) string {
	for _, r := range s {
		if r >= 0x590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam, unicode.Mandaic, unicode.Samaritan) {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// said returns a text of the caller for a sentence, a title or a cell.
func said(s string) string {
	return isolated(console.Truncate(clean(s), maxText))
}

// escape escapes a text for XML.
func escape(s string) string { return escaper.Replace(s) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// identifier keeps of an id what may stand in one.
func identifier(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, s)
	return "c-" + s[:min(len(s), 64)]
}

// width guesses how wide a text is, rather too wide than too narrow: the font
// is the reader's.
func (z size) width(s string) int {
	n := 0
	for _, r := range s {
		n += hundredths(r)
	}
	return z.tenths(n)
}

// tenths turns hundredths of the height into a length.
func (z size) tenths(n int) int {
	if strings.HasPrefix(z.class, "b") {
		n += n / 9
	}
	return n * z.em / 100
}

// whole returns a number that is shown as it is or not at all: a number that is
// cut would be another one.
func whole(z size, s string, width int) string {
	if z.width(s) > width {
		return ""
	}
	return s
}

// hundredths is the width of a rune in hundredths of its height.
func hundredths(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return 64
	case strings.ContainsRune("iljtfI.,:;'| !()[]-/", r):
		return 40
	case strings.ContainsRune("mwMW@%…—", r):
		return 95
	case r >= 'A' && r <= 'Z':
		return 73
	case r < 0x7f:
		return 63
	}
	switch console.Width(string(r)) {
	case 0:
		return 0
	case 1:
		return 72
	}
	return 104
}

// cut returns a clean text that takes at most a width, with an ellipsis where
// it was longer.
func cut(z size, s string, width int) string {
	if z.width(s) <= width {
		return isolated(s)
	}
	end, n, most := 0, 0, width-z.width("…")
	for i, r := range s {
		n += hundredths(r)
		if z.tenths(n) > most {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return isolated(s[:end] + "…")
}
