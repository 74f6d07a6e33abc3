package chart

import (
	"strings"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

// A Step is one row of a Bridge: an amount that is added, or a total that the
// rows before it come to.
type Step struct {
	Label  string
	Amount int64
	Total  bool
}

// A Bridge shows how amounts lead to a total, such as top-ups, spending and
// what was returned to the net loss. The first row may be a total to start
// from. A total that the rows before it do not come to is drawn as given, and
// the chart says by how much they differ.
type Bridge struct {
	Title    string // "" for: from top-ups to the net loss
	Steps    []Step
	Currency money.Currency
}

func (d *Bridge) title(p *words.Printer) string {
	if d.Title != "" {
		return said(d.Title)
	}
	return p.T("How the amounts lead to the net loss")
}

func (d *Bridge) drawn() []Step { return d.Steps[:min(len(d.Steps), maxBars)] }

// A span is where a step starts and ends, and what the steps before a total
// lack to it.
type span struct {
	from, to sum
	lacks    int64
}

func (d *Bridge) spans() []span {
	var at sum
	list := make([]span, 0, len(d.drawn()))
	for i, s := range d.drawn() {
		if !s.Total {
			next := at
			next.add(s.Amount)
			list = append(list, span{from: at, to: next})
			at = next
			continue
		}
		var lacks sum
		if i > 0 {
			lacks.add(s.Amount)
			lacks.add(-at.v)
		}
		at = sum{v: s.Amount}
		list = append(list, span{to: at, lacks: lacks.v})
	}
	return list
}

// signed writes the amount of a step with its sign.
func (d *Bridge) signed(s Step) string {
	text := unit{currency: d.Currency}.text(s.Amount)
	if s.Amount > 0 && !s.Total {
		return "+" + text
	}
	return text
}

// Table returns the steps as rows, each with what they come to.
func (d *Bridge) Table(p *words.Printer) Table {
	t := Table{Caption: d.title(p), Head: []string{p.T("step"), p.T("amount"), p.T("comes to")}}
	spans := d.spans()
	for i, s := range d.drawn() {
		t.Rows = append(t.Rows, []string{said(s.Label), d.signed(s), spans[i].to.text(p, unit{currency: d.Currency})})
	}
	return t
}

func (d *Bridge) desc(p *words.Printer) string {
	var list []string
	spans := d.spans()
	for i, s := range d.drawn() {
		list = append(list, p.T("%s: %s", said(s.Label), d.signed(s)))
		if spans[i].lacks != 0 {
			list = append(list, d.lack(p, spans[i].lacks))
		}
	}
	if n := len(d.Steps) - len(d.drawn()); n > 0 {
		list = append(list, p.T("%d more are not drawn", n))
	}
	return strings.Join(list, p.T("; ")) + p.T(".")
}

func (d *Bridge) lack(p *words.Printer, v int64) string {
	return p.T("the rows above differ from it by %s", unit{currency: d.Currency}.text(v))
}

// SVG draws the bridge: one row a step, from top to bottom.
func (d *Bridge) SVG(p *words.Printer, id string, width int) string {
	c := newCanvas(p, id, width)
	steps, spans := d.drawn(), d.spans()
	if len(steps) == 0 {
		return c.empty(d.title(p))
	}
	low, high := int64(0), int64(0)
	labels, values := 0, 0
	for i, s := range steps {
		low = min(low, spans[i].from.v, spans[i].to.v)
		high = max(high, spans[i].from.v, spans[i].to.v)
		labels = max(labels, bold.width(clean(s.Label)))
		values = max(values, bold.width(d.signed(s)))
	}
	left, right, row, bar := 0, c.w, 26*px, 14*px
	if c.narrow() {
		row = 38 * px
	} else {
		left = min(labels, c.w/3) + 12*px
		right = c.w - values - 12*px
	}
	sc := exactScale(low, high, right-left)
	zero := left + sc.at(0)
	y := 4 * px
	top := y
	for i, s := range steps {
		x1, x2 := left+sc.at(spans[i].from.v), left+sc.at(spans[i].to.v)
		class, face := "out", body
		switch {
		case s.Total:
			class, face, x1 = "ink", bold, zero
			c.line("rule", 0, y-px/2, c.w, y-px/2)
		case s.Amount < 0:
			class = "in"
		}
		value := d.signed(s)
		at := y + 4*px
		if c.narrow() {
			at = y + 19*px
			c.text(face, end, c.w, y+13*px, value)
			c.text(face, start, 0, y+13*px, cut(face, clean(s.Label), c.w-face.width(value)-10*px))
		} else {
			c.text(face, end, c.w, y+15*px, value)
			c.text(face, start, 0, y+15*px, cut(face, clean(s.Label), left-12*px))
		}
		c.rect(class, min(x1, x2, c.w-px), at, max(max(x1, x2)-min(x1, x2), px), bar, p.T("%s: %s", said(s.Label), value))
		y += row
		if spans[i].lacks != 0 {
			c.text(small, start, left, y+10*px, cut(small, d.lack(p, spans[i].lacks), c.w-left))
			y += 18 * px
		}
		if i+1 < len(steps) && !c.narrow() { // on a phone the amounts stand there
			c.line("axis", x2, at+bar, x2, y+(at-y+row)%row)
		}
	}
	c.line("rule", zero, top, zero, y)
	if n := len(d.Steps) - len(steps); n > 0 {
		y += 18 * px
		c.text(small, start, left, y-4*px, p.T("%d more are not drawn", n))
	}
	return c.svg(y+4*px, d.title(p), d.desc(p))
}
