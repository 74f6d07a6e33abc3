package insider

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Payment is a stolen payment at a shop.
type Payment struct {
	Store event.Key
	Time  int64
	Txn   event.Key
	Row   event.Pos
	Who   int32 // index of Entered
	Mark  uint8 // see event.HasTerminal
}

// named marks payments whose records name a register or who worked at it.
const named = event.HasTerminal | event.HasOperator

// A control is a payment of others at the shop.
type control struct {
	off int64 // how far from the stolen one in time
	txn event.Key
	row event.Pos
}

// A Passing is a stolen payment and those of others that it is compared with.
type Passing struct {
	Payment
	Controls []event.Pos
	// Sampled says that more stolen money passed in the shop than is compared.
	Sampled bool
}

const (
	// mostControls is how many payments of others stand beside a stolen one.
	mostControls = 8
	// mostStolen and mostInShop are how many stolen payments are compared, in all
	// and in one shop.
	mostStolen, mostInShop = 4096, 256
)

// tills is where stolen money was spent and when, by shop and time.
type tills struct {
	spent   []Payment
	sampled map[event.Key]bool
	shops   map[event.Key][2]int // range of spent
	stolen  map[event.Key]bool
	window  int64
}

// newTills takes the stolen payments that name who took them: of shops with most
// of them first, and of a shop with too many those that come first by the key of
// their transaction, which is as good as drawn by lot.
func newTills(q *Question) *tills {
	t := &tills{sampled: map[event.Key]bool{}, shops: map[event.Key][2]int{}, stolen: map[event.Key]bool{},
		window: q.Policy.TillWindow.Value * 1_000_000}
	for _, k := range q.Stolen {
		t.stolen[k] = true
	}
	count := map[event.Key]int{}
	for _, p := range q.Spent {
		if p.Mark&named != 0 {
			t.spent = append(t.spent, p)
			count[p.Store]++
		}
	}
	slices.SortFunc(t.spent, func(a, b Payment) int {
		return cmp.Or(cmp.Compare(count[b.Store], count[a.Store]), cmp.Compare(a.Store, b.Store), cmp.Compare(a.Txn, b.Txn))
	})
	seen := map[event.Key]int{}
	t.spent = slices.DeleteFunc(t.spent, func(p Payment) bool {
		seen[p.Store]++
		return seen[p.Store] > mostInShop
	})
	for _, p := range t.spent[min(len(t.spent), mostStolen):] {
		t.sampled[p.Store] = true
	}
	for store, n := range seen {
		t.sampled[store] = t.sampled[store] || n > mostInShop
	}
	t.spent = t.spent[:min(len(t.spent), mostStolen)]
	slices.SortFunc(t.spent, func(a, b Payment) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Txn, b.Txn))
	})
	for i, p := range t.spent {
		at, ok := t.shops[p.Store]
		if !ok {
			at[0] = i
		}
		at[1] = i + 1
		t.shops[p.Store] = at
	}
	return t
}

// look keeps the charges of an account that stand beside stolen ones.
func (t *tills) look(near [][]control, charges []event.Charge) {
	if len(t.spent) == 0 {
		return
	}
	for i := range charges {
		c := &charges[i]
		if c.Kind != event.Payment || c.Status == event.Declined || c.Store == 0 || c.Mark&named == 0 {
			continue
		}
		at, ok := t.shops[c.Store]
		if !ok || t.stolen[c.Txn] {
			continue
		}
		n := at[0] + sort.Search(at[1]-at[0], func(n int) bool { return t.spent[at[0]+n].Time >= c.Time-t.window })
		for ; n < at[1] && t.spent[n].Time <= c.Time+t.window; n++ {
			off := t.spent[n].Time - c.Time
			near[n] = keep(near[n], control{max(off, -off), c.Txn, c.Pos})
		}
	}
}

// keep adds a control to the nearest ones, which are in order.
func keep(nearest []control, x control) []control {
	at, _ := slices.BinarySearchFunc(nearest, x, func(a, b control) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.txn, b.txn), cmp.Compare(a.row, b.row))
	})
	if at >= mostControls {
		return nearest
	}
	if nearest = slices.Insert(nearest, at, x); len(nearest) > mostControls {
		nearest = nearest[:mostControls]
	}
	return nearest
}

// beside returns the stolen payments with those that they are compared with.
func (t *tills) beside(near [][]control) []Passing {
	out := make([]Passing, len(t.spent))
	for i, p := range t.spent {
		out[i] = Passing{Payment: p, Sampled: t.sampled[p.Store]}
		for _, c := range near[i] {
			out[i].Controls = append(out[i].Controls, c.row)
		}
	}
	return out
}

// samePassing is within which time stolen payments at one register, taken by one
// person, are one passing.
const samePassing = 5 * 60 * 1_000_000

// AtTills works out the groups of registers and people, given the text of rows.
func (a *Answers) AtTills(q *Question, text func(event.Pos) *event.Text) []Cohort {
	passed := passings(a.Tills, text)
	var out []Cohort
	for _, by := range [...]struct {
		kind  Kind
		field event.Field
	}{{Operator, event.OperatorID}, {Register, event.TerminalID}} {
		d := desk{kind: by.kind, name: func(row event.Pos) string { return text(row).Get(by.field) }}
		for at := passed; len(at) > 0; {
			n := 1
			for n < len(at) && at[n].Store == at[0].Store {
				n++
			}
			d.shop(at[:n])
			at = at[n:]
		}
		a.Of[by.kind], a.OthersOf[by.kind], a.Tried[by.kind] = d.of, d.others, int64(len(d.found))
		for i := range d.found {
			d.found[i].weigh(uint64(d.of)<<point, q.Policy.Level.Value)
		}
		out = append(out, d.found...)
	}
	return out
}

// passings drops the stolen payments that came right after another one at the
// same register, taken by the same person. They come by shop and time.
func passings(stolen []Passing, text func(event.Pos) *event.Text) []Passing {
	type hands struct {
		store              event.Key
		register, operator string
	}
	last := map[hands]int64{}
	return slices.DeleteFunc(slices.Clone(stolen), func(p Passing) bool {
		t := text(p.Row)
		h := hands{p.Store, t.Get(event.TerminalID), t.Get(event.OperatorID)}
		before, ok := last[h]
		last[h] = p.Time
		return ok && p.Time-before <= samePassing
	})
}

// A desk compares who took stolen payments with who took those of others.
type desk struct {
	kind       Kind
	name       func(event.Pos) string
	of, others int64 // in all shops
	found      []Cohort
}

// shop compares the passings at one shop.
func (d *desk) shop(passed []Passing) {
	groups := map[string]*Cohort{}
	var of, others int64
	for i := range passed {
		p := &passed[i]
		took := map[string]int64{}
		var n int64
		for _, row := range p.Controls {
			if name := d.name(row); name != "" {
				took[name]++
				n++
			}
		}
		thief := d.name(p.Row)
		if thief == "" || n == 0 {
			continue
		}
		of, others = of+1, others+n
		took[thief] += 0
		for name, k := range took {
			g := groups[name]
			if g == nil {
				g = &Cohort{Kind: d.kind, Value: p.Store, Text: name, Row: p.Row, First: p.Time}
				groups[name] = g
			}
			g.Others += k
			if name == thief {
				g.took(p)
				k++
			}
			g.mean += share(k, 1, n+1)
		}
	}
	d.of, d.others = d.of+of, d.others+others
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if g := groups[name]; g.Victims > 1 {
			g.Of, g.OthersOf = of, others
			d.found = append(d.found, *g)
		}
	}
}

// took adds a passing to those who took it.
func (c *Cohort) took(p *Passing) {
	if c.Victims++; c.Victims == 1 {
		c.First, c.Row = p.Time, p.Row
	}
	c.Last, c.Sampled = p.Time, p.Sampled
	if !slices.Contains(c.Members, p.Who) {
		c.Members = append(c.Members, p.Who)
	}
}
