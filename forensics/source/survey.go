package source

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
)

// A surveyor makes the cells of one partition at a time.
type surveyor struct {
	m     *Map
	p     *policy.Source
	hours *hours
	cells []Cell // those that speak

	touches  []touch
	accounts []event.Key
}

// part makes the cells of the touches at hand, given the known logins of the
// same places and others.
func (s *surveyor) part(feet []footing) {
	s.touches = slices.DeleteFunc(s.touches, func(t touch) bool { return t.kind != Addr && s.m.explained(t.addr, s.p) })
	sortTouches(s.touches)
	known := map[Place]int64{}
	for i := range feet {
		f := &feet[i]
		known[Place{f.kind, AllHours, f.value}] += f.n
		if f.kind == Addr {
			known[Place{Net, AllHours, netKey(f.addr)}] += f.n
		}
	}
	for i := 0; i < len(s.touches); {
		j := i + 1
		for j < len(s.touches) && s.touches[j].kind == s.touches[i].kind && s.touches[j].group() == s.touches[i].group() {
			j++
		}
		s.group(s.touches[i:j], known)
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
func (s *surveyor) group(touches []touch, known map[Place]int64) {
	switch kind := touches[0].kind; kind {
	case Addr:
		net := netKey(touches[0].addr)
		s.cell(Place{Net, AllHours, net}, touches, known[Place{Net, AllHours, net}])
		for i := 0; i < len(touches); {
			j := i + 1
			for j < len(touches) && touches[j].addr == touches[i].addr {
				j++
			}
			place := Place{Addr, AllHours, event.Key(touches[i].addr)}
			s.cell(place, touches[i:j], known[place])
			i = j
		}
	case Service:
		s.byHour(touches, s.hours.known)
	default:
		place := Place{kind, AllHours, touches[0].value}
		s.cell(place, touches, known[place])
		s.byHour(touches, known[place])
	}
}

// byHour makes the cells of a place within an hour.
func (s *surveyor) byHour(touches []touch, known int64) {
	for i := 0; i < len(touches); {
		j, h := i+1, hourAt(touches[i].time)
		for j < len(touches) && hourAt(touches[j].time) == h {
			j++
		}
		s.cell(Place{touches[i].kind, h, touches[i].value}, touches[i:j], s.hours.knownAt(known, h))
		i = j
	}
}

// cell adds up touches and keeps the cell if it speaks.
func (s *surveyor) cell(place Place, touches []touch, known int64) {
	c := Cell{Place: place, Known: known, First: touches[0].time, Row: touches[0].row}
	for i := range touches {
		t := &touches[i]
		switch {
		case t.entry:
			c.Entries++
		case t.unknown:
			c.Unknown++
			c.Failures++
		default:
			c.Failures++
		}
		if t.time < c.First || t.time == c.First && t.row < c.Row {
			c.First, c.Row = t.time, t.row
		}
		c.Last = max(c.Last, t.time)
	}
	s.m.weigh(&c, s.p)
	if c.Tries == 0 {
		return
	}
	c.Accounts = s.distinct(touches, func(*touch) bool { return true })
	c.Entered = s.distinct(touches, func(t *touch) bool { return t.entry })
	s.cells = append(s.cells, c)
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
