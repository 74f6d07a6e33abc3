package chart

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

// An Event is something that happened on an account.
type Event struct {
	At       time.Time
	Label    string // what: login, top-up, spending
	Stranger bool   // it was the stranger's, not the owner's
	Amount   int64  // minor units; 0 for none
}

// A Timeline shows the events of one account on a line: the owner's above, the
// stranger's below. Distances grow with the time between events, but are not to
// scale, so that a minute of fraud and a month of peace fit on one line; long
// pauses say how long they are.
type Timeline struct {
	Account  string // for the title; masked where the page masks
	Events   []Event
	Currency money.Currency
	Zone     *time.Location
}

// A run is an event, or several alike that follow each other.
type run struct {
	Event
	until  time.Time
	count  int
	amount sum
	x      int
}

// runs joins events alike that follow each other. Of more than most, the last
// ones are kept, because the fraud is there.
func (d *Timeline) runs(most int) (list []run, left int) {
	events := slices.Clone(d.Events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	for _, e := range events {
		if n := len(list) - 1; n >= 0 && list[n].Stranger == e.Stranger && list[n].Label == e.Label {
			list[n].count++
			list[n].until = e.At
			list[n].amount.add(e.Amount)
			continue
		}
		r := run{Event: e, until: e.At, count: 1}
		r.amount.add(e.Amount)
		list = append(list, r)
	}
	left = max(len(list)-most, 0)
	return list[left:], left
}

func (d *Timeline) title(p *words.Printer) string {
	if d.Account == "" {
		return p.T("Events of the account")
	}
	return p.T("Events of account %s", said(d.Account))
}

func who(p *words.Printer, stranger bool) string {
	if stranger {
		return p.T("stranger")
	}
	return p.T("owner")
}

// what says what a run was, in at most a width: login, top-up ×3 30,000 JPY. Of
// a long one the label is cut, never a number.
func (r *run) what(p *words.Printer, u unit, width int) string {
	numbers := ""
	if r.count > 1 {
		numbers += " ×" + unit{}.text(int64(r.count))
	}
	if r.amount.v != 0 {
		numbers += " " + r.amount.text(p, u)
	}
	return cut(body, clean(r.Label), max(width-body.width(numbers), 0)) + numbers
}

// sentence is how long a label is in a title or a description.
const sentence = 800 * px

// Table returns the events as rows, with those alike that follow each other in
// one.
func (d *Timeline) Table(p *words.Printer) Table {
	k := newClock(p, d.Zone)
	t := Table{Caption: d.title(p), Head: []string{p.T("from"), p.T("until"), p.T("by"), p.T("event"), p.T("times"), p.T("amount")}}
	list, _ := d.runs(len(d.Events))
	for i := range list {
		r := &list[i]
		amount := ""
		if r.amount.v != 0 {
			amount = r.amount.text(p, unit{currency: d.Currency})
		}
		t.Rows = append(t.Rows, []string{
			k.full(r.At), k.full(r.until), who(p, r.Stranger), said(r.Label), unit{}.text(int64(r.count)), amount,
		})
	}
	return t
}

func (d *Timeline) desc(p *words.Printer, list []run, left int) string {
	k := newClock(p, d.Zone)
	var all []string
	if left > 0 {
		all = append(all, p.T("%d earlier are not drawn", left))
	}
	for i := range list[:min(len(list), 12)] {
		r := &list[i]
		all = append(all, p.T("%s %s: %s", k.full(r.At), who(p, r.Stranger), r.what(p, unit{currency: d.Currency}, sentence)))
	}
	if n := len(list) - 12; n > 0 {
		all = append(all, p.T("%d more", n))
	}
	return strings.Join(all, p.T("; ")) + p.T(".")
}

// Measures of a timeline.
const (
	lane    = 30 * px // a label of two lines
	laneGap = 10 * px // between the line and the nearest label
	longAgo = 6 * time.Hour
)

// SVG draws the line.
func (d *Timeline) SVG(p *words.Printer, id string, width int) string {
	c := newCanvas(p, id, width)
	most, lanes, widest := 40, 3, 230*px
	if c.narrow() {
		most, lanes, widest = 16, 4, 170*px
	}
	list, left := d.runs(most)
	if len(list) == 0 {
		return c.empty(d.title(p))
	}
	t := &timeline{canvas: c, clock: newClock(p, d.Zone), unit: unit{currency: d.Currency}, list: list, widest: widest}
	t.place()
	above, below := t.labels(false, lanes), t.labels(true, lanes)
	y := 4*px + t.depth(above)*lane + laneGap + 6*px
	bottom := y + laneGap + 6*px + t.depth(below)*lane
	t.axis(y)
	hidden := t.draw(above, false, y) + t.draw(below, true, y)
	for _, s := range []struct {
		n    int
		text string
	}{{left, "%d earlier are not drawn"}, {hidden, "%d have no label here"}} {
		if s.n > 0 {
			bottom += 16 * px
			c.text(small, start, 0, bottom, p.T(s.text, s.n))
		}
	}
	return c.svg(bottom+6*px, d.title(p), d.desc(p, list, left))
}

// timeline is a line being drawn.
type timeline struct {
	*canvas
	clock
	unit   unit
	list   []run
	widest int // of a label
	left   int // where the line starts
	right  int
}

// lines returns the two lines of a label.
func (t *timeline) lines(r *run) (when, what string) {
	return t.minute(r.At), r.what(t.canvas.p, t.unit, t.widest)
}

func (t *timeline) labelWidth(r *run) int {
	when, what := t.lines(r)
	return max(small.width(when), body.width(what)) + 6*px
}

// place puts the runs on the line.
func (t *timeline) place() {
	p := t.canvas.p
	t.left = max(body.width(who(p, false)), body.width(who(p, true))) + 16*px
	last := 0
	seen := [2]bool{}
	for i := len(t.list) - 1; i >= 0 && !(seen[0] && seen[1]); i-- {
		side := 0
		if t.list[i].Stranger {
			side = 1
		}
		if !seen[side] {
			seen[side] = true
			// Earlier ones end further left; half of it is enough.
			w := t.labelWidth(&t.list[i])
			if len(t.list)-1-i > 3 {
				w /= 2
			}
			last = max(last, w)
		}
	}
	t.right = t.w - last
	total := 0
	at := make([]int, len(t.list))
	for i := range t.list {
		if i > 0 {
			total += distance(t.list[i].At.Sub(t.list[i-1].until))
		}
		at[i] = total
	}
	for i := range t.list {
		t.list[i].x = t.left + 8*px
		if total > 0 {
			t.list[i].x += share(uint64(at[i]), uint64(total), t.right-t.left-8*px)
		}
	}
}

// distance is how far events lie apart: with the logarithm of the time.
func distance(d time.Duration) int {
	return 3 + bits.Len64(uint64(max(d, 0)/time.Minute))
}

// labels gives the runs of one side a lane each, 0 nearest to the line, -1 for
// none. A label stands right of its leader; from right to left each goes
// further out than all leaders that would cut it.
func (t *timeline) labels(stranger bool, lanes int) []int {
	list := make([]int, len(t.list))
	for i := len(t.list) - 1; i >= 0; i-- {
		r := &t.list[i]
		list[i] = -1
		if r.Stranger != stranger {
			continue
		}
		w := t.labelWidth(r)
		if r.x+w > t.w {
			continue
		}
		at := 0
		for j := i + 1; j < len(t.list) && t.list[j].x < r.x+w+6*px; j++ {
			at = max(at, list[j]+1)
		}
		if at < lanes {
			list[i] = at
		}
	}
	return list
}

func (t *timeline) depth(lanes []int) int {
	n := 0
	for _, at := range lanes {
		n = max(n, at+1)
	}
	return n
}

// axis draws the line with who is above and below, and how long pauses are.
func (t *timeline) axis(y int) {
	p := t.canvas.p
	t.text(body, start, 0, y-6*px, who(p, false))
	t.text(body, start, 0, y+15*px, who(p, true))
	t.line("axis", t.left, y, t.right, y)
	for i := 1; i < len(t.list); i++ {
		pause := t.list[i].At.Sub(t.list[i-1].until)
		x1, x2 := t.list[i-1].x, t.list[i].x
		label := t.pause(pause)
		if pause < longAgo || small.width(label) > x2-x1-18*px {
			continue
		}
		t.text(halo, middle, (x1+x2)/2, y+4*px, label)
	}
}

// pause says how long a pause is.
func (t *timeline) pause(d time.Duration) string {
	if d >= 2*dayLong {
		return t.canvas.p.T("%d days", int64(d/dayLong))
	}
	return t.canvas.p.T("%d hours", int64(d/time.Hour))
}

// draw draws the marks of one side with their labels, and returns how many
// have none.
func (t *timeline) draw(lanes []int, stranger bool, y int) (hidden int) {
	up := -1
	if stranger {
		up = 1
	}
	for i := range t.list {
		r := &t.list[i]
		if r.Stranger != stranger {
			continue
		}
		if at := lanes[i]; at < 0 {
			hidden++
		} else {
			far := y + up*(laneGap+6*px+at*lane)
			near := far
			if stranger {
				far += lane - 4*px
			} else {
				far -= lane - 4*px
			}
			t.line("rule", r.x, y, r.x, far)
			when, what := t.lines(r)
			first := min(near, far)
			t.text(small, start, r.x+5*px, first+10*px, when)
			t.text(body, start, r.x+5*px, first+23*px, what)
		}
		tip := t.full(r.At) + "\n" + who(t.canvas.p, stranger) + ": " + r.what(t.canvas.p, t.unit, sentence)
		if stranger {
			t.path("out", "M"+num(r.x)+" "+num(y-6*px)+"L"+num(r.x+6*px)+" "+num(y)+"L"+num(r.x)+" "+num(y+6*px)+"L"+num(r.x-6*px)+" "+num(y)+"Z", tip)
		} else {
			t.circle("in", r.x, y, 5*px, tip)
		}
	}
	return hidden
}
