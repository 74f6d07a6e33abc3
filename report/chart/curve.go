package chart

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

// An Hour is what happened in one hour. Amounts are minor units.
type Hour struct {
	Start   time.Time
	Failed  int64 // login attempts that failed
	Entries int64 // takeovers: accounts entered
	TopUps  int64 // fraudulent top-ups
	Spent   int64 // fraudulent spending
	Loss    int64 // what the hour adds to the loss; returns make it less
}

// A Mark is a moment that the investigator set, with the loss before and after
// it.
type Mark struct {
	At            time.Time
	Label         string
	Before, After int64
}

// A Gap is a time of which the logs tell nothing.
type Gap struct {
	From, Until time.Time
	Label       string // "" for: no logs
}

// A Curve is the incident hour by hour.
type Curve struct {
	Hours    []Hour // in any order; hours not listed had nothing
	Marks    []Mark // in any order
	Gaps     []Gap
	Currency money.Currency
	Zone     *time.Location // of the reader; nil is UTC

	// What is drawn: from the first to the last hour if zero. Hours before are
	// in the loss at the start; hours outside are counted beneath.
	From, Until time.Time
}

// Bounds of what is drawn.
const (
	maxMarks = 12
	maxGaps  = 50
)

// A bin is one bar of the curve: an hour, or several where there are too many.
type bin struct {
	from, until                  time.Time
	failed, entries, topups, out sum
	loss                         sum // at its end, from the start
	rows                         int
}

// A binned is a curve made ready for a width.
type binned struct {
	bins                []bin
	hours               int64 // in a bar
	from, until         time.Time
	outside             int
	loss                sum // of all hours, also those outside
	failed, entries     sum
	topups, out, before sum
}

const hour = int64(3600)

// bin sums the hours into at most n bars.
func (d *Curve) bin(n int) *binned {
	list := slices.Clone(d.Hours)
	for i := range list {
		list[i].Start = time.Unix(seconds(list[i].Start), 0)
	}
	slices.SortStableFunc(list, func(a, b Hour) int { return a.Start.Compare(b.Start) })
	r := &binned{hours: 1}
	lo, hi := d.reach(list)
	if lo == hi {
		return r
	}
	zone := newClock(nil, d.Zone).zone
	for step := range steps {
		r.hours = step
		from := d.floor(lo, step, zone)
		if bars := (hi - from + step*hour - 1) / (step * hour); bars <= int64(n) {
			r.lay(from, bars)
			break
		}
	}
	for i := range list {
		r.take(&list[i])
	}
	r.close()
	return r
}

// reach returns from when to when the curve is drawn, in seconds.
func (d *Curve) reach(list []Hour) (lo, hi int64) {
	switch {
	case !d.From.IsZero() && d.Until.After(d.From):
		return seconds(d.From), max(seconds(d.Until), seconds(d.From)+1)
	case len(list) == 0:
		return 0, 0
	}
	lo, hi = list[0].Start.Unix(), list[len(list)-1].Start.Unix()+hour
	// A mark soon before or after belongs into the picture; one far off would
	// leave nothing of it.
	near := max((hi-lo)/4, 12*hour)
	first, last := lo, hi
	for _, m := range d.Marks {
		if t := seconds(m.At); t >= first-near && t <= last+near {
			lo, hi = min(lo, t), max(hi, t+1)
		}
	}
	return lo, hi
}

// steps are the hours of a bar: parts of a day, days, weeks, then doubling.
func steps(yield func(int64) bool) {
	for _, h := range []int64{1, 2, 3, 4, 6, 12, 24, 48, 96, 168} {
		if !yield(h) {
			return
		}
	}
	for h := int64(336); h < math.MaxInt64/hour/4; h *= 2 {
		if !yield(h) {
			return
		}
	}
}

// floor returns where the first bar starts: at a whole hour, at a multiple of
// the bar's hours from midnight of the zone, or at midnight.
func (d *Curve) floor(at, step int64, zone *time.Location) int64 {
	unit := min(step, 24) * hour
	offset := int64(0)
	if step > 1 {
		_, o := time.Unix(at, 0).In(zone).Zone()
		offset = int64(o)
	}
	v := at + offset
	rest := v % unit
	if rest < 0 {
		rest += unit
	}
	return v - rest - offset
}

func (r *binned) lay(from, n int64) {
	r.bins = make([]bin, n)
	for i := range r.bins {
		at := from + int64(i)*r.hours*hour
		r.bins[i].from, r.bins[i].until = time.Unix(at, 0), time.Unix(at+r.hours*hour, 0)
	}
	r.from, r.until = r.bins[0].from, r.bins[n-1].until
}

// take adds an hour to its bar.
func (r *binned) take(h *Hour) {
	r.loss.add(h.Loss)
	at := h.Start.Unix() - r.from.Unix()
	switch {
	case at < 0:
		r.before.add(h.Loss)
		r.outside++
		return
	case !h.Start.Before(r.until):
		r.outside++
		return
	}
	b := &r.bins[at/(r.hours*hour)]
	b.rows++
	for _, s := range []struct {
		one, all *sum
		v        int64
	}{
		{&b.failed, &r.failed, h.Failed}, {&b.entries, &r.entries, h.Entries},
		{&b.topups, &r.topups, h.TopUps}, {&b.out, &r.out, h.Spent}, {&b.loss, &sum{}, h.Loss},
	} {
		s.one.add(s.v)
		s.all.add(s.v)
	}
}

// close makes the loss of each bar that of all before it too.
func (r *binned) close() {
	at := r.before
	for i := range r.bins {
		at.add(r.bins[i].loss.v)
		r.bins[i].loss = at
	}
}

func (d *Curve) money() unit { return unit{currency: d.Currency} }

// barWidth is how wide a bar is at least, with the gap beside it.
const barWidth = 3 * px

// tableBars is how many rows the table of a curve has at most.
const tableBars = 240

// Table returns the bars that have anything as rows.
func (d *Curve) Table(p *words.Printer) Table {
	r := d.bin(tableBars)
	k := newClock(p, d.Zone)
	t := Table{
		Caption: p.T("The incident hour by hour"),
		Head:    []string{p.T("from"), p.T("until"), p.T("failed logins"), p.T("accounts entered"), p.T("fraudulent top-ups"), p.T("fraudulent spending"), p.T("loss so far")},
	}
	for i := range r.bins {
		b := &r.bins[i]
		if b.rows == 0 {
			continue
		}
		t.Rows = append(t.Rows, []string{
			k.full(b.from), k.full(b.until), b.failed.text(p, unit{}), b.entries.text(p, unit{}),
			b.topups.text(p, d.money()), b.out.text(p, d.money()), b.loss.text(p, d.money()),
		})
	}
	return t
}

func (d *Curve) desc(p *words.Printer, r *binned) string {
	k := newClock(p, d.Zone)
	list := []string{
		p.T("From %s to %s (%s)", k.full(r.from), k.full(r.until), k.name(r.from)),
		p.T("failed logins: %s", r.failed.text(p, unit{})),
		p.T("accounts entered: %s", r.entries.text(p, unit{})),
		p.T("fraudulent top-ups: %s", r.topups.text(p, d.money())),
		p.T("fraudulent spending: %s", r.out.text(p, d.money())),
		p.T("loss: %s", r.loss.text(p, d.money())),
	}
	list = append(list, r.notes(p)...)
	for i, m := range d.marks() {
		list = append(list, p.T("mark %d: %s", i+1, d.markText(p, m)))
	}
	return strings.Join(list, p.T("; ")) + p.T(".")
}

// notes says what the drawing does not show as it is.
func (r *binned) notes(p *words.Printer) []string {
	var list []string
	if r.hours > 1 {
		list = append(list, p.T("each bar is %d hours, because there are too many to draw one by one", r.hours))
	}
	if r.outside > 0 {
		list = append(list, p.T("hours outside the drawn time: %d", r.outside))
	}
	return list
}

func (d *Curve) marks() []Mark {
	list := slices.Clone(d.Marks)
	slices.SortStableFunc(list, func(a, b Mark) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Label, b.Label)) })
	return list[:min(len(list), maxMarks)]
}

func (d *Curve) markText(p *words.Printer, m Mark) string {
	return p.T("%s %s, loss before %s, after %s", newClock(p, d.Zone).minute(m.At), said(m.Label), d.money().text(m.Before), d.money().text(m.After))
}

// A series is one panel of bars.
type series struct {
	name, class string
	height      int
	unit        unit
	of          func(*bin) sum
	low, high   int64
}

// SVG draws the curve.
func (d *Curve) SVG(p *words.Printer, id string, width int) string {
	c := newCanvas(p, id, width)
	title := p.T("The incident hour by hour")
	right := 4 * px
	margin := 60 * px
	if c.narrow() {
		margin = 52 * px
	}
	r := d.bin((c.w - margin - right) / barWidth)
	if len(r.bins) == 0 {
		return c.empty(title)
	}
	a := axis{newClock(p, d.Zone), r.from, r.until, margin, c.w - margin - right}
	marks := d.marks()
	y := 2 * px
	if len(marks) > 0 {
		y = 26 * px
	}
	top := y
	g := &curve{canvas: c, data: d, r: r, a: a}
	g.pattern()
	gapsAt := c.b.Len()
	list := d.series(p)
	shared(list[2:], r)
	for i := range list {
		y = g.panel(&list[i], y)
	}
	y = g.losses(y)
	bottom := y
	y = g.axis(y)
	g.flags(marks, top, bottom)
	for _, write := range g.heads {
		write()
	}
	g.gaps(gapsAt, top, bottom)
	y = g.legend(marks, y)
	return c.svg(y, title, d.desc(p, r))
}

func (d *Curve) series(p *words.Printer) []series {
	return []series{
		{name: p.T("failed logins"), class: "quiet", height: 52 * px, of: func(b *bin) sum { return b.failed }},
		{name: p.T("accounts entered"), class: "ink", height: 52 * px, of: func(b *bin) sum { return b.entries }},
		{name: p.T("fraudulent top-ups"), class: "in", height: 70 * px, unit: d.money(), of: func(b *bin) sum { return b.topups }},
		{name: p.T("fraudulent spending"), class: "out", height: 70 * px, unit: d.money(), of: func(b *bin) sum { return b.out }},
	}
}

// shared gives panels one scale, so that they compare.
func shared(list []series, r *binned) {
	low, high := int64(0), int64(0)
	for i := range list {
		for j := range r.bins {
			v := list[i].of(&r.bins[j]).v
			low, high = min(low, v), max(high, v)
		}
	}
	for i := range list {
		list[i].low, list[i].high = low, high
	}
}

// curve is a curve being drawn.
type curve struct {
	*canvas
	data  *Curve
	r     *binned
	a     axis
	heads []func() // written last, so that no mark runs through them
}

// panel draws one series of bars and returns where it ends.
func (g *curve) panel(s *series, y int) int {
	best := -1
	for i := range g.r.bins {
		v := s.of(&g.r.bins[i]).v
		s.low, s.high = min(s.low, v), max(s.high, v)
		if v > 0 && (best < 0 || v > s.of(&g.r.bins[best]).v) {
			best = i
		}
	}
	note := g.p.T("none")
	if best >= 0 {
		b := &g.r.bins[best]
		note = g.p.T("most: %s, %s", s.of(b).text(g.p, s.unit), g.a.minute(b.from))
	}
	y = g.head(s.name, note, y)
	sc := newScale(s.low, s.high, 2, s.height)
	base := y + s.height
	g.grid(sc, s.unit, base)
	for i := range g.r.bins {
		b := &g.r.bins[i]
		v := s.of(b)
		if v.v == 0 {
			continue
		}
		x1, x2 := g.bar(b)
		from, to := base-sc.at(0), base-sc.at(v.v)
		if from == to {
			// Not nothing: a hair for what is too small for the scale.
			to = from - px/2
		}
		g.rect(s.class, x1, min(from, to), x2-x1, max(from, to)-min(from, to),
			g.a.full(b.from)+"\n"+g.p.T("%s: %s", s.name, v.text(g.p, s.unit)))
	}
	return base + 14*px
}

// bar returns from where to where a bar is wide.
func (g *curve) bar(b *bin) (from, to int) {
	from, to = g.a.at(b.from), g.a.at(b.until)
	to -= min(px, (to-from)/3)
	if wide := 36 * px; to-from > wide {
		from += (to - from - wide) / 2
		to = from + wide
	}
	return from, to
}

// head writes the name of a panel and a note behind it, or beneath where both
// do not fit.
func (g *curve) head(name, note string, y int) int {
	y += 12 * px
	first, anchor, x := y, end, g.w
	if bold.width(name)+12*px+small.width(note) > g.w {
		y += 15 * px
		anchor, x = start, 0
	}
	second := y
	g.heads = append(g.heads, func() {
		g.text(head, start, 0, first, cut(head, name, g.w))
		g.text(halo, anchor, x, second, cut(halo, note, g.w))
	})
	return y + 12*px
}

// grid draws the ends of a scale and their values.
func (g *curve) grid(sc scale, u unit, base int) {
	for _, v := range sc.ticks() {
		y := base - sc.at(v)
		class := "rule"
		if v == 0 {
			class = "axis"
		}
		g.line(class, g.a.left, y, g.w-4*px, y)
		g.text(small, end, g.a.left-5*px, y+4*px, whole(small, u.short(g.p, v), g.a.left-5*px))
	}
}

// losses draws the loss so far as a step line.
func (g *curve) losses(y int) int {
	low, high := min(g.r.before.v, 0), max(g.r.before.v, 0)
	for i := range g.r.bins {
		low, high = min(low, g.r.bins[i].loss.v), max(high, g.r.bins[i].loss.v)
	}
	last := g.r.bins[len(g.r.bins)-1].loss
	y = g.head(g.p.T("loss so far"), g.p.T("at the end: %s", last.text(g.p, g.data.money())), y)
	sc := newScale(low, high, 3, 110*px)
	base := y + sc.length
	g.grid(sc, g.data.money(), base)
	at := base - sc.at(g.r.before.v)
	d := "M" + num(g.a.left) + " " + num(at)
	for i := range g.r.bins {
		b := &g.r.bins[i]
		if next := base - sc.at(b.loss.v); next != at {
			at = next
			d += "H" + num(g.a.at(b.from)) + "V" + num(at)
		}
	}
	g.path("step", d+"H"+num(g.a.left+g.a.width), "")
	return base
}

// axis draws the hours and days, and returns where it ends.
func (g *curve) axis(y int) int {
	ticks := g.a.ticks()
	// The day that is under way at the start has no midnight in the picture.
	if first := g.a.first(ticks); first.label != "" {
		ticks = slices.Insert(ticks, 0, first)
	}
	hours := slices.ContainsFunc(ticks, func(t tick) bool { return t.minor })
	days := y + 15*px
	if hours {
		days += 15 * px
	}
	end1, end2 := -px*100, -px*100
	for _, t := range ticks {
		x := g.a.at(t.at)
		long, row, last, z := 5*px, y+15*px, &end1, small
		if !t.minor {
			long, row, last, z = days-y, days, &end2, body
		}
		if !t.at.Equal(g.a.from) || t.minor {
			g.line("axis", x, y, x, y+long)
		}
		w := z.width(t.label)
		switch {
		case t.minor && x-w/2 > *last+4*px && x+w/2 <= g.w:
			g.text(z, middle, x, row, t.label)
			*last = x + w/2
		case !t.minor && x+4*px > *last+6*px && x+4*px+w <= g.w:
			g.text(z, start, x+4*px, row, t.label)
			*last = x + 4*px + w
		}
	}
	days += 3 * px
	notes := []string{g.p.T("%s to %s", g.a.year(g.r.from), g.a.year(g.r.until)), g.p.T("times in %s", g.a.name(g.r.from))}
	for _, s := range append(notes, g.r.notes(g.p)...) {
		days += 15 * px
		g.text(small, start, 0, days, cut(small, s, g.w))
	}
	return days + 8*px
}

// flags draws the marks: a line through all panels and its number above.
func (g *curve) flags(marks []Mark, top, bottom int) {
	at := 0
	xs := make([]int, len(marks))
	for i, m := range marks {
		xs[i] = max(g.a.at(m.At), at+20*px, 9*px)
		at = xs[i]
	}
	for i, limit := len(xs)-1, g.w-9*px; i >= 0; i, limit = i-1, xs[i]-20*px {
		xs[i] = min(xs[i], limit)
	}
	for i, m := range marks {
		x := g.a.at(m.At)
		if m.At.Before(g.r.from) || m.At.After(g.r.until) {
			continue
		}
		g.path("dash", "M"+num(xs[i])+" "+num(16*px)+"L"+num(x)+" "+num(top)+"V"+num(bottom), "")
		g.circle("flag", xs[i], 9*px, 8*px, g.data.markText(g.p, m))
		g.text(pin, middle, xs[i], 13*px, strconv.Itoa(i+1))
	}
}

// pattern defines the hatching of gaps.
func (g *curve) pattern() {
	if len(g.data.Gaps) > 0 {
		g.b.WriteString(`<defs><pattern id="` + g.id + `-h" width="6" height="6" patternUnits="userSpaceOnUse"><path class="hatch" d="M0 6L6 0"/></pattern></defs>`)
	}
}

// gaps draws the gaps behind everything else.
func (g *curve) gaps(at, top, bottom int) {
	all := g.b.String()
	g.b.Reset()
	g.b.WriteString(all[:at])
	for _, gap := range g.data.Gaps[:min(len(g.data.Gaps), maxGaps)] {
		x1, x2 := g.a.at(gap.From), g.a.at(gap.Until)
		if x2 <= x1 {
			continue
		}
		label := said(gap.Label)
		if label == "" {
			label = g.p.T("no logs")
		}
		g.b.WriteString(`<rect fill="url(#` + g.id + `-h)"`)
		g.num("x", x1)
		g.num("y", top)
		g.num("width", x2-x1)
		g.num("height", bottom-top)
		g.close("rect", label+"\n"+g.a.full(gap.From)+" – "+g.a.full(gap.Until))
	}
	g.b.WriteString(all[at:])
}

// legend lists the marks with the loss before and after each.
func (g *curve) legend(marks []Mark, y int) int {
	u := g.data.money()
	for i, m := range marks {
		y += 20 * px
		g.circle("flag", 9*px, y-4*px, 8*px, "")
		g.text(pin, middle, 9*px, y, strconv.Itoa(i+1))
		when := g.a.minute(m.At)
		g.text(body, start, 24*px, y, when)
		x := 24*px + body.width(when) + 8*px
		loss := g.p.T("loss before %s, after %s", u.text(m.Before), u.text(m.After))
		if w := body.width(clean(m.Label)); !g.narrow() && x+w+12*px+small.width(loss) <= g.w {
			g.text(bold, start, x, y, isolated(clean(m.Label)))
			g.text(small, end, g.w, y, loss)
			continue
		}
		g.text(bold, start, x, y, cut(bold, clean(m.Label), g.w-x))
		y += 16 * px
		g.text(small, start, 24*px, y, cut(small, loss, g.w-24*px))
	}
	if n := len(g.data.Marks) - len(marks); n > 0 {
		y += 18 * px
		g.text(small, start, 24*px, y, g.p.T("%d more are not drawn", n))
	}
	return y + 6*px
}
