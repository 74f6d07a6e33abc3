// Package chart draws what an investigation found as inline SVG: the curve of
// the incident, who planned and who spent, countries, money by channel, the
// bridge to the net loss, and the events of one account. Every chart is a pure
// function of its data, the printer and the width: the same data gives the same
// bytes. Nothing is a float; amounts are exact in every text, and only the
// length of a mark is rounded, to a tenth of a pixel.
//
// A chart is drawn for one width in CSS pixels and scales from there. Text that
// is readable on a desk is too small on a phone, so a page takes both drawings
// from Inline, and CSS shows the one that fits. It has no script, style
// attribute, font or request of its own, so that it passes a content security
// policy with only the page's style sheet in it.
//
// Each SVG is an image to a screen reader, with a title and a description that
// say the figures; marks have titles that a browser shows under the pointer.
// Table returns what is drawn as rows of text, for a table that only a screen
// reader sees, or that everyone opens. Its cells are clean but not escaped.
//
// All text of the caller is taken for hostile: what hides in text or reorders
// it is shown as escapes, long text is cut, and everything is escaped for XML.
//
// Colours come from custom properties that the page may set, for light, dark
// and print; each has a fallback that is readable on both:
//
//	--chart-ink     text (currentColor)
//	--chart-muted   secondary text, axes and links between marks
//	--chart-rule    rules and the tiles of countries without anything
//	--chart-paper   the page behind the chart, around text that lies on marks
//	--chart-in      money that came in, owners: the quieter mark
//	--chart-out     money that went out, strangers, loss: the louder mark
//
// No chart tells things apart by colour alone: place, shape, filling or a
// direct label does too, so that it prints in black and white.
package chart

import (
	"strings"

	"github.com/paytriage/paytriage/report/words"
)

// A Chart can be drawn and told.
type Chart interface {
	// SVG draws the chart for a width in CSS pixels (MinWidth to MaxWidth). The
	// id goes before the ids inside, and must be the chart's own on the page;
	// anything but ASCII letters, digits and hyphens is left out of it.
	SVG(p *words.Printer, id string, width int) string

	// Table returns what is drawn as text.
	Table(p *words.Printer) Table
}

// A Table is what a chart draws, as text: one row for each mark.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string // each as long as Head
}

// The widths that charts are drawn for.
const (
	MinWidth = 320
	Narrow   = 360 // a phone, held upright
	Wide     = 920 // a desk, and paper
	MaxWidth = 1600
)

// Inline returns a chart drawn for a desk and for a phone. CSS hides one of
// them, also from screen readers.
func Inline(c Chart, p *words.Printer, id string) string {
	var b strings.Builder
	b.WriteString(`<div class="chart-wide">`)
	b.WriteString(c.SVG(p, id+"-w", Wide))
	b.WriteString(`</div><div class="chart-narrow">`)
	b.WriteString(c.SVG(p, id+"-n", Narrow))
	b.WriteString(`</div>`)
	return b.String()
}

// CSS is the style of all charts, for the style sheet of the page. It sets no
// colour variable, so that the page may do so before or after it.
const CSS = `.chart{display:block;max-width:100%;height:auto;margin:0}
.chart text{fill:var(--chart-ink,currentColor);font-size:12px;font-family:inherit;font-variant-numeric:tabular-nums}
.chart .s{font-size:11px;fill:var(--chart-muted,#757575)}
.chart .t{font-size:9.5px}
.chart .b{font-weight:600}
.chart .halo{paint-order:stroke;stroke:var(--chart-paper,Canvas);stroke-width:3px;stroke-linejoin:round}
.chart .rule{stroke:var(--chart-rule,#8884);stroke-width:1;fill:none}
.chart .axis{stroke:var(--chart-muted,#757575);stroke-width:1;fill:none}
.chart .dash{stroke:var(--chart-ink,currentColor);stroke-width:1;stroke-dasharray:3 3;fill:none}
.chart .in{fill:var(--chart-in,#4a90a4);stroke:none}
.chart .out{fill:var(--chart-out,#d1495b);stroke:none}
.chart .ink{fill:var(--chart-ink,currentColor);stroke:none}
.chart .quiet{fill:var(--chart-muted,#757575);stroke:none}
.chart .tile{fill:var(--chart-rule,#8884);stroke:none}
.chart .busy{fill:none;stroke:var(--chart-ink,currentColor);stroke-width:1}
.chart .flow{fill:none;stroke:var(--chart-muted,#757575);stroke-opacity:.35}
.chart .flow:hover{stroke-opacity:.7}
.chart .step{fill:none;stroke:var(--chart-out,#d1495b);stroke-width:2}
.chart .flag{fill:var(--chart-ink,currentColor)}
.chart .flagtext{fill:var(--chart-paper,Canvas);font-size:11px;font-weight:600}
.chart .hatch{stroke:var(--chart-muted,#757575);stroke-width:1;stroke-opacity:.6}
.chart-narrow{display:none}
@media screen and (max-width:700px){.chart-wide{display:none}.chart-narrow{display:block}}
@media print{.chart{break-inside:avoid}}
`
