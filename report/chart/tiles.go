package chart

import (
	"cmp"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/report/words"
)

// A Country is a country in which something happened.
type Country struct {
	Code   string // ISO 3166-1, two letters
	Name   string // for the titles; may be empty
	Tested int64  // for example takeovers first entered from there
	Spent  int64  // for example takeovers whose money was spent from there
}

// A WorldMap shows countries as tiles of one size, each about where it lies.
// Triangles tell where accounts were tested from, circles where they were
// spent. A code that is no country is listed beside.
type WorldMap struct {
	Countries  []Country // in any order; the rows of a code are summed
	TestedHead string    // "" for: tested from
	SpentHead  string    // "" for: spent in
}

func (d *WorldMap) heads(p *words.Printer) (tested, spent string) {
	tested, spent = said(d.TestedHead), said(d.SpentHead)
	if tested == "" {
		tested = p.T("tested from")
	}
	if spent == "" {
		spent = p.T("spent in")
	}
	return tested, spent
}

// A place is the sum of the rows of a code.
type place struct {
	code, name    string
	tested, spent sum
	at            cell
	known         bool
}

func (d *WorldMap) places() []place {
	index := map[string]int{}
	var list []place
	for _, k := range d.Countries {
		code := strings.ToUpper(clean(k.Code))
		i, seen := index[code]
		if !seen {
			i = len(list)
			index[code] = i
			at, known := grid()[code]
			list = append(list, place{code: code, name: clean(k.Name), at: at, known: known})
		}
		list[i].tested.add(max(k.Tested, 0))
		list[i].spent.add(max(k.Spent, 0))
	}
	slices.SortFunc(list, func(a, b place) int {
		return cmp.Or(cmp.Compare(max(b.tested.v, b.spent.v), max(a.tested.v, a.spent.v)), cmp.Compare(a.code, b.code))
	})
	return list
}

// label names a place in titles and rows.
func (k *place) label(p *words.Printer) string {
	switch {
	case k.code == "":
		return p.T("country not known")
	case k.name == "":
		return said(k.code)
	}
	return said(k.name) + " (" + said(k.code) + ")"
}

func (k *place) tip(p *words.Printer, tested, spent string) string {
	return p.T("%s: %s %s, %s %s", k.label(p), tested, k.tested.text(p, unit{}), spent, k.spent.text(p, unit{}))
}

// Table returns the countries as rows, most first.
func (d *WorldMap) Table(p *words.Printer) Table {
	tested, spent := d.heads(p)
	t := Table{Caption: p.T("Countries"), Head: []string{p.T("country"), tested, spent}}
	for _, k := range d.places() {
		t.Rows = append(t.Rows, []string{k.label(p), k.tested.text(p, unit{}), k.spent.text(p, unit{})})
	}
	return t
}

func (d *WorldMap) desc(p *words.Printer, places []place) string {
	tested, spent := d.heads(p)
	var list []string
	for i := range places[:min(len(places), 10)] {
		list = append(list, places[i].tip(p, tested, spent))
	}
	if n := len(places) - len(list); n > 0 {
		list = append(list, p.T("%d more", n))
	}
	if len(list) == 0 {
		return p.T("Nothing to draw.")
	}
	return strings.Join(list, p.T("; ")) + p.T(".")
}

// SVG draws the map.
func (d *WorldMap) SVG(p *words.Printer, id string, width int) string {
	c := newCanvas(p, id, width)
	places := d.places()
	if len(places) == 0 {
		return c.empty(p.T("Countries"))
	}
	tested, spent := d.heads(p)
	side := c.w / gridColumns
	x0 := (c.w - side*gridColumns) / 2
	y0 := 26 * px
	c.legend(tested, spent)

	busy := map[string]bool{}
	for i := range places {
		busy[places[i].code] = places[i].known
	}
	for _, k := range gridList() {
		if busy[k.code] {
			continue
		}
		x, y := x0+k.at.column*side, y0+k.at.row*side
		c.rect("tile", x+px/2, y+px/2, side-px, side-px, k.code)
		if side >= 24*px {
			c.text(tiny, middle, x+side/2, y+side/2+3*px, k.code)
		}
	}
	bottom := y0 + gridRows*side
	for i := range places {
		if k := &places[i]; k.known {
			c.tile(k, x0+k.at.column*side, y0+k.at.row*side, side, k.tip(p, tested, spent))
		}
	}
	bottom = c.besideMap(places, bottom+8*px)
	return c.svg(bottom+4*px, p.T("Countries"), d.desc(p, places))
}

// legend says what the shapes mean.
func (c *canvas) legend(tested, spent string) {
	room := c.w/2 - 24*px
	c.triangle("in", 6*px, 8*px, 6*px)
	c.text(body, start, 16*px, 12*px, cut(body, tested, room))
	x := 16*px + min(body.width(tested), room) + 22*px
	c.circle("out", x, 8*px, 5*px, "")
	c.text(body, start, x+10*px, 12*px, cut(body, spent, room))
}

func (c *canvas) triangle(class string, x, y, r int) {
	c.path(class, "M"+num(x)+" "+num(y-r)+"L"+num(x+r)+" "+num(y+r*3/4)+"L"+num(x-r)+" "+num(y+r*3/4)+"Z", "")
}

// tile draws a country in which something happened.
func (c *canvas) tile(k *place, x, y, side int, tip string) {
	c.b.WriteString("<g><title>" + escape(tip) + "</title>")
	c.rect("busy", x+px/2, y+px/2, side-px, side-px, "")
	large := side >= 24*px
	if large {
		c.text(tiny, start, x+3*px, y+10*px, k.code)
	}
	r, left, right, at := side/6, x+side*3/10, x+side*7/10, y+side/2
	if k.spent.v == 0 || k.tested.v == 0 {
		r, left, right = side/4, x+side/2, x+side/2
	}
	if k.tested.v > 0 {
		c.triangle("in", left, at+px, r)
	}
	if k.spent.v > 0 {
		c.circle("out", right, at+px, r*9/10, "")
	}
	c.b.WriteString("</g>")
}

// listed is how many countries are named beneath the map.
const listed = 12

// besideMap lists the counts, in columns beneath the map, and returns where the
// list ends.
func (c *canvas) besideMap(places []place, y int) int {
	shown := places[:min(len(places), listed)]
	tested, spent := 0, 0
	for i := range shown {
		tested = max(tested, body.width(shown[i].tested.text(c.p, unit{})))
		spent = max(spent, body.width(shown[i].spent.text(c.p, unit{})))
	}
	const name = 44 * px
	n := max(c.w/(name+tested+spent+48*px), 1)
	column := c.w / n
	y += 14 * px
	for i := range shown {
		k := &shown[i]
		x, y := i%n*column, y+i/n*18*px
		code := k.code
		switch {
		case k.code == "":
			code = "–"
		case !k.known:
			code = k.code + "?"
		}
		c.text(bold, start, x, y, cut(bold, code, name-4*px))
		if x += name; k.tested.v > 0 {
			c.triangle("in", x+4*px, y-4*px, 4*px)
			c.text(body, start, x+11*px, y, k.tested.text(c.p, unit{}))
		}
		if x += tested + 20*px; k.spent.v > 0 {
			c.circle("out", x+4*px, y-4*px, 4*px, "")
			c.text(body, start, x+11*px, y, k.spent.text(c.p, unit{}))
		}
	}
	y += (len(shown) + n - 1) / n * 18 * px
	if more := len(places) - len(shown); more > 0 {
		c.text(small, start, 0, y, c.p.T("%d more", more))
		y += 18 * px
	}
	return y - 14*px
}
