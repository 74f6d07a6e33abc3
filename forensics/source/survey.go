package source

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
)

// A scope says by what cells are made: what is known so far, and of which touches.
type scope struct {
	m     *Map
	p     *policy.Source
	addrs bool // those of addresses, else all others
}

// A surveyor makes the drafts of cells of some touches.
type surveyor struct {
	*scope
	drafts   []draft
	accounts []event.Key
	whole    bool // all touches of a place come together, so that drafts which cannot speak may go at once
}

// A draft is a cell of which it is not yet known how many logins of known
// devices stand against it. entries counts all first logins at its place, also
// those that are explained.
//
// Drafts of one place of different accounts add up, and what is made of all touches
// of a place at once is the sum of what is made of any shares of its accounts. So
// an address that a third of all accounts have is no more work than any other where
// the touches lie on many machines: each adds up its own.
type draft struct {
	Cell
	entries int64
}

// add adds the draft of the same place of other accounts.
func (d *draft) add(o *draft) {
	d.entries += o.entries
	switch {
	case o.Failures+o.Entries == 0: // all that was there is explained
		return
	case d.Failures+d.Entries == 0:
		d.First, d.Row, d.Last = o.First, o.Row, o.Last
	case o.First < d.First || o.First == d.First && o.Row < d.Row:
		d.First, d.Row = o.First, o.Row
	}
	d.Last = max(d.Last, o.Last)
	d.Failures += o.Failures
	d.Unknown += o.Unknown
	d.Entries += o.Entries
	d.Newcomers += o.Newcomers
	d.Accounts += o.Accounts
	d.Entered += o.Entered
}

// part makes the drafts of touches.
func (s *surveyor) part(touches []touch) {
	sortTouches(touches)
	for i := 0; i < len(touches); {
		j := i
		for j < len(touches) && touches[j].kind == touches[i].kind && touches[j].group() == touches[i].group() {
			j++
		}
		s.group(touches[i:j])
		i = j
	}
}

// sortTouches sorts touches by what they are taken together by, then place and
// time.
func sortTouches(touches []touch) {
	slices.SortFunc(touches, func(a, b touch) int {
		if a.kind != b.kind {
			return cmp.Compare(a.kind, b.kind)
		}
		if a.kind == Addr {
			if x, y := netKey(a.addr), netKey(b.addr); x != y {
				return cmp.Compare(x, y)
			}
			if a.addr != b.addr {
				return cmp.Compare(a.addr, b.addr)
			}
		} else if a.value != b.value {
			return cmp.Compare(a.value, b.value)
		}
		if a.time != b.time {
			return cmp.Compare(a.time, b.time)
		}
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.row, b.row))
	})
}

// group returns what touches are taken together by: the network of an address,
// or the place itself.
func (t *touch) group() event.Key {
	if t.kind == Addr {
		return netKey(t.addr)
	}
	return t.value
}

// group makes the cells of one network, user agent or operator, or of the
// hours of the service.
func (s *surveyor) group(touches []touch) {
	entries := entriesOf(touches)
	switch kind := touches[0].kind; kind {
	case Addr:
		s.cell(Place{Net, AllHours, netKey(touches[0].addr)}, touches, entries)
		for i := 0; i < len(touches); {
			j := i + 1
			for j < len(touches) && touches[j].addr == touches[i].addr {
				j++
			}
			s.cell(Place{Addr, AllHours, event.Key(touches[i].addr)}, touches[i:j], entriesOf(touches[i:j]))
			i = j
		}
	default:
		place := Place{kind, AllHours, touches[0].value}
		touches = slices.DeleteFunc(touches, func(t touch) bool { return s.m.explained(t.addr, s.p) })
		if kind != Service {
			s.cell(place, touches, entries)
		}
		s.byHour(touches, entries)
	}
}

func entriesOf(touches []touch) (n int64) {
	for i := range touches {
		if touches[i].entry {
			n++
		}
	}
	return n
}

// byHour makes the cells of a place within an hour.
func (s *surveyor) byHour(touches []touch, entries int64) {
	for i := 0; i < len(touches); {
		j, h := i+1, hourAt(touches[i].time)
		for j < len(touches) && hourAt(touches[j].time) == h {
			j++
		}
		s.cell(Place{touches[i].kind, h, touches[i].value}, touches[i:j], entries)
		i = j
	}
}

// cell adds up touches.
func (s *surveyor) cell(place Place, touches []touch, entries int64) {
	c := Cell{Place: place}
	for i := range touches {
		t := &touches[i]
		switch {
		case t.entry:
			c.Entries++
			if !t.first {
				c.Newcomers++
			}
		case t.unknown:
			c.Unknown++
			c.Failures++
		default:
			c.Failures++
		}
		if i == 0 || t.time < c.First || t.time == c.First && t.row < c.Row {
			c.First, c.Row = t.time, t.row
		}
		c.Last = max(c.Last, t.time)
	}
	if s.whole && s.m.tries(c.Failures, 0, s.p) == 0 {
		return // before it is counted whose they are, which takes longest
	}
	c.Accounts = s.distinct(touches, func(*touch) bool { return true })
	c.Entered = s.distinct(touches, func(t *touch) bool { return t.entry })
	s.drafts = append(s.drafts, draft{c, entries})
}

// distinct counts the accounts of the touches that count.
func (s *surveyor) distinct(touches []touch, counts func(*touch) bool) int64 {
	s.accounts = s.accounts[:0]
	for i := range touches {
		if counts(&touches[i]) {
			s.accounts = append(s.accounts, touches[i].account)
		}
	}
	slices.Sort(s.accounts)
	return int64(len(slices.Compact(s.accounts)))
}
