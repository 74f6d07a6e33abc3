package takeover

import (
	"context"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
)

// crowds takes back that a visitor shares an address with another actor where
// all such addresses are crowded: carriers and offices put many customers
// behind one, and meeting there is chance.
func (f *Findings) crowds(ctx context.Context, log *event.Log, p *policy.Policy, workers int) error {
	var addrs []event.Addr
	for i := range f.Visits {
		for _, a := range f.Visits[i].common {
			if a != 0 {
				addrs = append(addrs, a)
			}
		}
	}
	slices.Sort(addrs)
	addrs = slices.Compact(addrs)
	if len(addrs) == 0 {
		return nil
	}
	counts, err := crowdWalk.Run(ctx, workers, log.Parts, &addrs, nil)
	if err != nil {
		return err
	}
	total := func(a event.Addr) (n int64) {
		at, _ := slices.BinarySearch(addrs, a)
		for _, c := range counts {
			n += (*c)[at].accounts
		}
		return n
	}
	for i := range f.Visits {
		v := &f.Visits[i]
		if v.common[0] == 0 {
			continue
		}
		home := slices.ContainsFunc(v.common[:], func(a event.Addr) bool {
			return a != 0 && total(a) < p.Entry.Crowded.Value
		})
		if !home {
			v.Outcome[Network] = min(v.network, 1) // the operator's at least
		}
	}
	return nil
}

// A crowd looks up addresses. Most rows are of none that matters, which a bit
// tells that is in the cache.
type crowd struct {
	maybe  [1 << 11]uint64
	at     map[event.Addr]int32
	guests []guests // by address
}

var crowdWalk = event.NewLoginWalk("crowds", newCrowd, (*crowd).count, func(c *crowd) *[]guests { return &c.guests })

// newCrowd returns a crowd of addresses that are sorted.
func newCrowd(addrs *[]event.Addr) *crowd {
	c := &crowd{at: make(map[event.Addr]int32, len(*addrs)), guests: make([]guests, len(*addrs))}
	for i, a := range *addrs {
		c.at[a] = int32(i)
		word, bit := crowdBit(a)
		c.maybe[word] |= bit
	}
	return c
}

func crowdBit(a event.Addr) (word, bit uint64) {
	h := uint64(a) * 0x9e3779b97f4a7c15 >> 47
	return h >> 6, 1 << (h & 63)
}

// guests counts the accounts at an address.
type guests struct {
	accounts int64
	last     event.Key // counted; the rows of an account lie together
}

// count counts for each address the accounts that got in from there.
func (c *crowd) count(logins *event.LoginCursor) {
	for logins.Next() {
		l := &logins.Row
		word, bit := crowdBit(l.Addr)
		if c.maybe[word]&bit == 0 || l.Outcome() == event.Failure {
			continue
		}
		if at, ok := c.at[l.Addr]; ok && c.guests[at].last != l.Account {
			c.guests[at].last = l.Account
			c.guests[at].accounts++
		}
	}
}
