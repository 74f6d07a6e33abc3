package chart

import (
	"cmp"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

// A Link joins a node of one column to one of the next. Links of the same ends
// are summed; a weight below one is drawn as a hair.
type Link struct {
	From, To string
	Weight   int64 // accounts or money, on both sides alike
}

// A Flow shows who tested, with which devices, and where it was spent: three
// columns of nodes, and links as wide as their weight. The largest nodes of a
// column are drawn, the others together as one. A node is told by its whole
// name, also where the name is cut.
type Flow struct {
	Heads    [3]string // "" for: tested from, devices, shops
	Left     []Link    // first to second column
	Right    []Link    // second to third column
	Currency money.Currency
	Unit     string // what plain weights count, such as accounts
	Cap      int    // nodes drawn in a column; 0 for 10
}

// columns of a flow.
const columns = 3

// A node is a name in a column, or all that are not drawn by name.
type node struct {
	name   string
	others int // how many nodes it stands for, or 0
	in     sum
	out    sum
	y, h   int
	used   [2]int // how much of its height the links on its left and right have taken
	rank   int
}

func (n *node) weight() int64 { return max(n.in.v, n.out.v) }

func (n *node) sum() sum {
	if n.in.v > n.out.v {
		return n.in
	}
	return n.out
}

func (n *node) label(p *words.Printer) string {
	if n.others > 0 {
		return p.T("%d others", n.others)
	}
	if n.name == "" {
		return p.T("not known")
	}
	return clean(n.name)
}

// A link is a Link between drawn nodes.
type link struct {
	from, to int
	weight   sum
}

// A graph is a flow ready to be drawn.
type graph struct {
	nodes [columns][]*node
	links [columns - 1][]link
}

func (d *Flow) graph() *graph {
	most := d.Cap
	if most <= 0 {
		most = 10
	}
	most = min(most, maxBars)
	g := &graph{}
	var index [columns]map[string]*node
	var all [columns][]*node
	for i := range index {
		index[i] = map[string]*node{}
	}
	find := func(column int, name string) *node {
		n := index[column][name]
		if n == nil {
			n = &node{name: name}
			index[column][name] = n
			all[column] = append(all[column], n)
		}
		return n
	}
	sides := [columns - 1][]Link{d.Left, d.Right}
	for side, list := range sides {
		for _, l := range list {
			find(side, l.From).out.add(max(l.Weight, 0))
			find(side+1, l.To).in.add(max(l.Weight, 0))
		}
	}
	for i, list := range all {
		slices.SortFunc(list, func(a, b *node) int {
			return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.name, b.name))
		})
		g.nodes[i] = list
		// One node is no "1 other": it is drawn by its name.
		if len(list) > most+1 {
			others := &node{others: len(list) - most}
			for _, n := range list[most:] {
				others.in.add(n.in.v)
				others.out.add(n.out.v)
				index[i][n.name] = others
			}
			g.nodes[i] = append(list[:most:most], others)
		}
		g.ranks(i)
	}
	for side, list := range sides {
		at := map[[2]int]int{}
		for _, l := range list {
			k := [2]int{index[side][l.From].rank, index[side+1][l.To].rank}
			j, seen := at[k]
			if !seen {
				j = len(g.links[side])
				at[k] = j
				g.links[side] = append(g.links[side], link{from: k[0], to: k[1]})
			}
			g.links[side][j].weight.add(max(l.Weight, 0))
		}
	}
	g.uncross()
	return g
}

// ranks numbers the nodes of a column in their order.
func (g *graph) ranks(column int) {
	for i, n := range g.nodes[column] {
		n.rank = i
	}
}

// uncross orders the columns so that few links cross: each node goes to the
// mean place of its neighbours, by turns from the left and from the right. The
// node of all others stays last.
func (g *graph) uncross() {
	type turn struct{ column, side int }
	for range 4 {
		for _, t := range []turn{{1, 0}, {2, 1}, {1, 1}, {0, 0}} {
			g.settle(t.column, t.side)
		}
	}
	for side := range g.links {
		slices.SortFunc(g.links[side], func(a, b link) int {
			return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
		})
	}
}

// settle moves the nodes of a column to the mean place of those that they have
// links to on one side.
func (g *graph) settle(column, side int) {
	list := g.nodes[column]
	total := int64(1)
	for _, l := range g.links[side] {
		total = max(total, l.weight.v)
	}
	places, weights := make([]int, len(list)), make([]int, len(list))
	for _, l := range g.links[side] {
		here, there := l.from, l.to
		if column > side {
			here, there = l.to, l.from
		}
		w := 1 + share(uint64(l.weight.v), uint64(total), 1_000_000)
		places[here] += w * there
		weights[here] += w
	}
	order := slices.Clone(list)
	slices.SortStableFunc(order, func(a, b *node) int {
		if a.others > 0 || b.others > 0 {
			return cmp.Compare(a.others, b.others)
		}
		i, j := a.rank, b.rank
		return cmp.Compare(mean(places[i], weights[i], i), mean(places[j], weights[j], j))
	})
	moved := make([]int, len(list))
	for i, n := range order {
		moved[n.rank] = i
	}
	for k := range g.links {
		for i := range g.links[k] {
			l := &g.links[k][i]
			if k == column {
				l.from = moved[l.from]
			}
			if k+1 == column {
				l.to = moved[l.to]
			}
		}
	}
	g.nodes[column] = order
	g.ranks(column)
}

// mean is a place in thousandths; a node without a link stays.
func mean(places, weights, stay int) int {
	if weights == 0 {
		return stay * 1000
	}
	return places * 1000 / weights
}

func (d *Flow) heads(p *words.Printer) [columns]string {
	heads := [columns]string{p.T("tested from"), p.T("devices"), p.T("shops")}
	for i, h := range d.Heads {
		if h != "" {
			heads[i] = said(h)
		}
	}
	return heads
}

func (d *Flow) amount(p *words.Printer, s sum) string {
	text := s.text(p, unit{currency: d.Currency})
	if d.Currency == 0 && d.Unit != "" {
		return text + " " + said(d.Unit)
	}
	return text
}

func (d *Flow) title(p *words.Printer) string {
	h := d.heads(p)
	return strings.Join(h[:], " → ")
}

// Table returns the drawn links as rows.
func (d *Flow) Table(p *words.Printer) Table {
	weight := p.T("weight")
	switch {
	case d.Currency != 0:
		weight = p.T("amount")
	case d.Unit != "":
		weight = said(d.Unit)
	}
	t := Table{Caption: d.title(p), Head: []string{p.T("coming from"), p.T("going to"), weight}}
	g := d.graph()
	for side, links := range g.links {
		for _, l := range links {
			t.Rows = append(t.Rows, []string{
				said(g.nodes[side][l.from].label(p)), said(g.nodes[side+1][l.to].label(p)),
				l.weight.text(p, unit{currency: d.Currency}),
			})
		}
	}
	return t
}

func (d *Flow) desc(p *words.Printer, g *graph) string {
	heads := d.heads(p)
	var list []string
	for i, nodes := range g.nodes {
		for _, n := range nodes[:min(len(nodes), 5)] {
			list = append(list, p.T("%s: %s", heads[i]+" "+said(n.label(p)), d.amount(p, n.sum())))
		}
		if more := len(nodes) - 5; more > 0 {
			list = append(list, p.T("%d more", more))
		}
	}
	return strings.Join(list, p.T("; ")) + p.T(".")
}

// Measures of a flow.
const (
	nodeWidth = 10 * px
	nodePitch = 30 * px // two lines of text
	flowArea  = 180 * px
)

// SVG draws the flow.
func (d *Flow) SVG(p *words.Printer, id string, width int) string {
	c := newCanvas(p, id, width)
	g := d.graph()
	if len(g.links[0])+len(g.links[1]) == 0 {
		return c.empty(d.title(p))
	}
	side := c.w / 4
	if !c.narrow() {
		side = 190 * px
	}
	xs := [columns]int{side, (c.w - nodeWidth) / 2, c.w - side - nodeWidth}
	top := 24 * px
	height := d.layout(g, top)
	heads := d.heads(p)
	third := c.w / 3
	c.text(bold, start, 0, 12*px, cut(bold, heads[0], third))
	c.text(bold, middle, c.w/2, 12*px, cut(bold, heads[1], third-8*px))
	c.text(bold, end, c.w, 12*px, cut(bold, heads[2], third))
	for k := range g.links {
		d.links(c, g, k, xs)
	}
	for i, nodes := range g.nodes {
		for _, n := range nodes {
			d.node(c, n, i, xs[i], side)
		}
	}
	return c.svg(top+height+4*px, d.title(p), d.desc(p, g))
}

// layout gives nodes their place and height, and returns the height of all.
func (d *Flow) layout(g *graph, top int) int {
	most, whole, shift := 0, uint64(1), 0
	for _, nodes := range g.nodes {
		var total sum
		for _, n := range nodes {
			total.add(n.weight())
		}
		if total.over {
			shift = 8 // so that the sum of a column fits; its texts say that it does not
		}
		most = max(most, len(nodes))
	}
	for _, nodes := range g.nodes {
		total := uint64(0)
		for _, n := range nodes {
			total += uint64(n.weight()) >> shift
		}
		whole = max(whole, total)
	}
	height := most*nodePitch + flowArea
	for _, nodes := range g.nodes {
		used := 0
		for _, n := range nodes {
			n.h = max(share(uint64(n.weight())>>shift, whole, flowArea), 2*px)
			used += n.h
		}
		gap := (height - used) / max(len(nodes), 1)
		y := top + gap/2
		for _, n := range nodes {
			n.y = y
			y += n.h + gap
		}
	}
	return height
}

// links draws the links between two columns.
func (d *Flow) links(c *canvas, g *graph, side int, xs [columns]int) {
	for _, l := range g.links[side] {
		a, b := g.nodes[side][l.from], g.nodes[side+1][l.to]
		// The links of a node share its height.
		w1 := share(uint64(l.weight.v), uint64(max(a.out.v, 1)), sideHeight(a, a.out.v))
		w1 = max(min(w1, a.h-a.used[1], b.h-b.used[0]), 0)
		w := max(w1, 8)
		y1, y2 := a.y+a.used[1]+w1/2, b.y+b.used[0]+w1/2
		a.used[1] += w1
		b.used[0] += w1
		x1, x2 := xs[side]+nodeWidth, xs[side+1]
		mid := (x1 + x2) / 2
		c.b.WriteString(`<path class="flow" stroke-width="` + num(w) + `" d="M` + num(x1) + " " + num(y1) +
			"C" + num(mid) + " " + num(y1) + " " + num(mid) + " " + num(y2) + " " + num(x2) + " " + num(y2) + `"`)
		c.close("path", said(a.label(c.p))+" → "+said(b.label(c.p))+"\n"+d.amount(c.p, l.weight))
	}
}

// sideHeight is the part of a node's height that the links of one side take.
func sideHeight(n *node, v int64) int {
	return share(uint64(v), uint64(max(n.weight(), 1)), n.h)
}

// node draws a node with its label: outside for the outer columns, above for
// the middle one.
func (d *Flow) node(c *canvas, n *node, column, x, side int) {
	label, amount := n.label(c.p), d.amount(c.p, n.sum())
	class := [columns]string{"out", "ink", "out"}[column]
	if n.others > 0 {
		class = "quiet"
	}
	c.rect(class, x, n.y, nodeWidth, n.h, said(label)+"\n"+amount)
	y := n.y + n.h/2
	room := side - 8*px
	switch column {
	case 0:
		c.text(body, end, x-6*px, y, cut(body, label, room))
		c.text(small, end, x-6*px, y+12*px, whole(small, amount, room))
	case 1:
		room = c.w - 2*side - 40*px
		if both := label + " · " + amount; small.width(both) <= room {
			label = both
		}
		c.text(halo, middle, x+nodeWidth/2, n.y-4*px, cut(halo, label, room))
	default:
		c.text(body, start, x+nodeWidth+6*px, y, cut(body, label, room))
		c.text(small, start, x+nodeWidth+6*px, y+12*px, whole(small, amount, room))
	}
}
