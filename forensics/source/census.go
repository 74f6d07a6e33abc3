package source

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
)

// A census is what is counted in one walk over all logins: those of known devices
// at some places, and the tries of the attack if they are wanted.
type census struct {
	places  []Place
	entries []int64 // at the places
	tries   *scope  // nil for none
}

// newCensus returns the census of the places of cells. Only places that can
// speak are counted, and they are few.
func newCensus(cells []draft) *census {
	entries := map[Place]int64{}
	for i := range cells {
		if c := &cells[i]; c.Kind != Service {
			entries[Place{c.Kind, AllHours, c.Value}] = c.entries
		}
	}
	c := &census{places: slices.SortedFunc(maps.Keys(entries), Place.compare)}
	for _, p := range c.places {
		c.entries = append(c.entries, entries[p])
	}
	return c
}

func (p Place) compare(q Place) int {
	return cmp.Or(cmp.Compare(p.Kind, q.Kind), cmp.Compare(p.Hour, q.Hour), cmp.Compare(p.Value, q.Value))
}

var censusWalk = event.NewLoginWalk("census", newCounter, (*counter).part, func(c *counter) *counts { return &c.counts })

// count takes a census: it returns the logins of known devices at each place,
// which are all that succeeded there, less the first ones, and adds up the tries.
func (m *Map) count(ctx context.Context, workers int, log *event.Parts, c *census) (map[Place]int64, error) {
	found, err := censusWalk.Run(ctx, workers, log, c, nil)
	if err != nil {
		return nil, err
	}
	known := make(map[Place]int64, len(c.places))
	for i, place := range c.places {
		var n int64
		for _, f := range found {
			n += f.at[i]
		}
		known[place] = max(0, n-c.entries[i])
	}
	for _, f := range found {
		m.Single.add(&f.tries.single)
		m.Spread.add(&f.tries.spread)
	}
	return known, nil
}

// counts are of some parts.
type counts struct {
	at    []int64 // successful logins by place
	tries tallies
}

// A counter counts the logins of a worker's parts.
type counter struct {
	counts
	place map[Place]*int64
	kinds [Service + 1]bool
	maybe [1 << 10]uint64 // bits of the values that are counted

	// Of the row before: the rows of an account lie together and mostly share their
	// places, which are then not looked up again.
	last  event.Login
	found [4]*int64
}

func newCounter(given *census) *counter {
	c := &counter{counts: counts{at: make([]int64, len(given.places))}, place: make(map[Place]*int64, len(given.places))}
	c.tries.scope = given.tries
	for i, p := range given.places {
		c.place[p] = &c.at[i]
		c.kinds[p.Kind] = true
		word, bit := maybeBit(p.Value)
		c.maybe[word] |= bit
	}
	return c
}

func maybeBit(k event.Key) (word, bit uint64) {
	h := uint64(k) * 0x9e3779b97f4a7c15 >> 48
	return h >> 6, 1 << (h & 63)
}

// find returns the count of a place, nil if it is not counted.
func (c *counter) find(kind Kind, value event.Key) *int64 {
	if word, bit := maybeBit(value); c.maybe[word]&bit == 0 {
		return nil
	}
	return c.place[Place{kind, AllHours, value}]
}

// part counts the logins of a part.
func (c *counter) part(logins *event.LoginCursor) {
	c.last, c.found = event.Login{}, [4]*int64{}
	for logins.Next() {
		l := &logins.Row
		if c.tries.scope != nil {
			c.tries.row(l)
		}
		if l.History() || l.Outcome() == event.Failure || l.Action != event.LoginAction && l.Action != event.ExternalLogin {
			continue
		}
		c.login(l)
	}
	c.tries.end()
}

// login counts a login that succeeded.
func (c *counter) login(l *event.Login) {
	first := c.last.Account == 0
	if c.kinds[Addr] || c.kinds[Net] {
		if first || l.Addr != c.last.Addr {
			c.found[0], c.found[1] = c.find(Addr, event.Key(l.Addr)), c.find(Net, netKey(l.Addr))
		}
		add(c.found[0])
		add(c.found[1])
	}
	if c.kinds[Agent] || c.kinds[ASN] {
		if first || l.Agent != c.last.Agent || l.ASN != c.last.ASN {
			c.found[2], c.found[3] = c.find(Agent, l.Agent), c.find(ASN, asnKey(l.ASN))
		}
		add(c.found[2])
		add(c.found[3])
	}
	c.last.Account, c.last.Addr, c.last.Agent, c.last.ASN = l.Account, l.Addr, l.Agent, l.ASN
}

func add(n *int64) {
	if n != nil {
		*n++
	}
}
