package chart

import (
	"strings"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

// A Bar is one row of Bars.
type Bar struct {
	Label string
	Value int64
	Note  string // stands behind the value, and may be empty
}

// Bars are horizontal bars, in the order given: money by channel, or what
// speaks for each way in. Values may be negative.
type Bars struct {
	Title    string
	Bars     []Bar
	Currency money.Currency // of the values; none for plain numbers
	Digits   int            // of plain numbers behind the point
	Unit     string         // what plain numbers count, for the description

	// A line at a value, such as the evidence from which a way in is called
	// proven; none without a label.
	Threshold      int64
	ThresholdLabel string
}

// maxBars is how many bars are drawn; the rest is counted.
const maxBars = 40

// maxDigits is how many digits behind the point are known.
const maxDigits = 9

func (d *Bars) unit() unit { return unit{d.Currency, min(max(d.Digits, 0), maxDigits)} }

// Table returns the bars as rows.
func (d *Bars) Table(p *words.Printer) Table {
	value := p.T("value")
	if d.Currency != 0 {
		value = p.T("amount")
	} else if d.Unit != "" {
		value = said(d.Unit)
	}
	t := Table{Caption: said(d.Title), Head: []string{p.T("name"), value, p.T("note")}}
	for _, b := range d.drawn() {
		t.Rows = append(t.Rows, []string{said(b.Label), d.unit().text(b.Value), said(b.Note)})
	}
	return t
}

func (d *Bars) drawn() []Bar { return d.Bars[:min(len(d.Bars), maxBars)] }

func (d *Bars) desc(p *words.Printer) string {
	var list []string
	for _, b := range d.drawn() {
		list = append(list, p.T("%s: %s", said(b.Label), d.unit().text(b.Value)))
	}
	if len(list) == 0 {
		return p.T("Nothing to draw.")
	}
	if d.ThresholdLabel != "" {
		list = append(list, p.T("The line %s is at %s", said(d.ThresholdLabel), d.unit().text(d.Threshold)))
	}
	if n := len(d.Bars) - len(d.drawn()); n > 0 {
		list = append(list, p.T("%d more are not drawn", n))
	}
	return strings.Join(list, p.T("; ")) + p.T(".")
}

// SVG draws the bars.
func (d *Bars) SVG(p *words.Printer, id string, width int) string {
	c := newCanvas(p, id, width)
	bars := d.drawn()
	if len(bars) == 0 {
		return c.empty(said(d.Title))
	}
	u := d.unit()
	low, high := int64(0), int64(0)
	if d.ThresholdLabel != "" {
		low, high = min(d.Threshold, 0), max(d.Threshold, 0)
	}
	labels, values := 0, 0
	texts := make([]string, len(bars))
	for i, b := range bars {
		low, high = min(low, b.Value), max(high, b.Value)
		texts[i] = u.text(b.Value)
		labels = max(labels, body.width(clean(b.Label)))
		values = max(values, body.width(texts[i]))
	}
	// On a phone a label stands above its bar, on a desk before it.
	above := c.narrow()
	left, row, bar := 0, 26*px, 14*px
	if above {
		row = 36 * px
	} else {
		left = min(labels, c.w/3) + 10*px
	}
	top := 4 * px
	if d.ThresholdLabel != "" {
		top = 22 * px
	}
	right := max(c.w-values-8*px, left+20*px)
	s := exactScale(low, high, right-left)
	zero := left + s.at(0)
	bottom := top + len(bars)*row
	// Lines first: they run behind labels and values.
	c.line("axis", zero, top, zero, bottom)
	if d.ThresholdLabel != "" {
		x := left + s.at(d.Threshold)
		c.line("dash", x, top-6*px, x, bottom)
		label := cut(small, clean(d.ThresholdLabel), c.w)
		at, anchor := c.beside(small, label, x)
		c.text(small, anchor, at, top-10*px, label)
	}
	for i, b := range bars {
		y := top + i*row
		if above {
			c.text(over, start, 0, y+12*px, cut(over, clean(b.Label), c.w))
			y += 18 * px
		} else {
			c.text(body, end, left-10*px, y+15*px, cut(body, clean(b.Label), left-10*px))
			y += 4 * px
		}
		tip := p.T("%s: %s", said(b.Label), texts[i])
		if b.Note != "" {
			tip += "\n" + said(b.Note)
		}
		x := left + s.at(b.Value)
		from, to := min(zero, x), max(zero, x)
		c.rect("out", from, y, max(to-from, px), bar, tip)
		c.text(over, start, to+6*px, y+11*px, texts[i])
		if room := c.w - to - 16*px - body.width(texts[i]); b.Note != "" && room > 60*px {
			c.text(halo, start, to+16*px+body.width(texts[i]), y+11*px, cut(halo, clean(b.Note), room))
		}
	}
	if n := len(d.Bars) - len(bars); n > 0 {
		bottom += 18 * px
		c.text(small, start, left, bottom-4*px, p.T("%d more are not drawn", n))
	}
	return c.svg(bottom+4*px, said(d.Title), d.desc(p))
}

// beside returns where a text is written that belongs to x: centred if there is
// room, else moved in from the edge.
func (c *canvas) beside(z size, s string, x int) (at int, anchor string) {
	half := z.width(s)/2 + px
	switch {
	case x < half:
		return 0, start
	case x > c.w-half:
		return c.w, end
	}
	return x, middle
}

// empty draws a chart without data.
func (c *canvas) empty(title string) string {
	none := c.p.T("Nothing to draw.")
	c.text(small, start, 0, 16*px, none)
	return c.svg(24*px, title, none)
}

// exactScale is a scale without round ends, for charts without an axis.
func exactScale(low, high int64, length int) scale {
	s := newScale(low, high, 1, max(length, 0))
	s.low, s.high = max(min(low, 0), -maxValue), max(high, 0)
	if s.low == 0 && s.high == 0 {
		s.high = 1
	}
	return s
}
