package takeover

import (
	"cmp"
	"slices"
	"sync"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// A group is a device that several accounts have, and the visits made with it.
type group struct {
	visits   []int
	owners   int // accounts whose owner the device belongs to
	accounts int
	tour     bool // all the visits are within the time of a tour
}

// sharing returns the outcome of Sharing.
func (g *group) sharing() uint8 {
	switch {
	case g.accounts < 3:
		return 1
	case !g.tour:
		return 2
	}
	return 3
}

// onTour reports whether a device is at nobody's home and no fixture either:
// it was in use for no longer than a tour takes, or had no address of its own,
// one from which half of the visits were made.
func (g *group) onTour(visits []Visit, p *policy.Entry) bool {
	if g.owners > 0 {
		return false
	}
	first, last := visits[g.visits[0]].First, visits[g.visits[0]].Last
	addrs := make([]event.Addr, 0, len(g.visits))
	for _, i := range g.visits {
		first, last = min(first, visits[i].First), max(last, visits[i].Last)
		addrs = append(addrs, visits[i].Addr)
	}
	if last-first <= p.Tour.Value*baseline.Second {
		return true
	}
	slices.Sort(addrs)
	most := 0
	for i := 0; i < len(addrs); {
		j := i + 1
		for j < len(addrs) && addrs[j] == addrs[i] {
			j++
		}
		if addrs[i] != 0 {
			most = max(most, j-i)
		}
		i = j
	}
	return most > 0 && 2*most < len(addrs)
}

// devices returns the devices that more than one account has.
func devices(visits []Visit, users []user, p *policy.Entry) []group {
	type use struct {
		device, account event.Key
		visit           int
	}
	uses := make([]use, 0, len(visits)+len(users))
	for i := range visits {
		if visits[i].Device != 0 {
			uses = append(uses, use{visits[i].Device, visits[i].Account, i})
		}
	}
	for _, u := range users {
		uses = append(uses, use{u.device, u.account, -1})
	}
	slices.SortFunc(uses, func(a, b use) int {
		if a.device != b.device {
			return cmp.Compare(a.device, b.device)
		}
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.visit, b.visit))
	})
	uses = slices.Compact(uses)
	var groups []group
	for i := 0; i < len(uses); {
		n := i + 1
		for n < len(uses) && uses[n].device == uses[i].device {
			n++
		}
		if uses[n-1].account != uses[i].account {
			g := group{}
			for k, u := range uses[i:n] {
				if k == 0 || u.account != uses[i+k-1].account {
					g.accounts++
				}
				if u.visit < 0 {
					g.owners++
				} else {
					g.visits = append(g.visits, u.visit)
				}
			}
			g.tour = g.onTour(visits, p)
			groups = append(groups, g)
		}
		i = n
	}
	return groups
}

// company sets what other accounts say of a visit: those on the same device,
// and those at the same shops, address, user agent and hour.
func (j *judge) company() {
	s := &j.p.Spread
	each, limit := odds.Centibans(s.DeviceEach.Value), odds.Centibans(s.DeviceCap.Value)
	for _, g := range j.groups {
		sum := -each * odds.Centibans(min(g.owners, 100))
		least := -each
		if g.tour {
			least = 0 // nothing is at home there, and no news is no good news
		}
		for _, i := range g.visits {
			sum += odds.Clamp(j.f.Visits[i].deeds(), least, each)
		}
		for _, i := range g.visits {
			v := &j.f.Visits[i]
			v.Shared = odds.Clamp(sum-odds.Clamp(v.deeds(), least, each), -limit, limit)
		}
	}
	for i := range j.f.Visits {
		j.f.Visits[i].Company = 0
	}
	var all sync.WaitGroup
	for i := range j.circles {
		all.Go(func() { j.meet(&j.circles[i]) })
	}
	all.Wait()
	for i := range j.circles {
		c := &j.circles[i]
		for n, v := range c.visits {
			j.f.Visits[v].Company += c.weights[n]
		}
	}
	most := odds.Centibans(s.CompanyCap.Value)
	for i := range j.f.Visits {
		v := &j.f.Visits[i]
		v.Company = odds.Clamp(v.Company, -most, most)
	}
}

// A circle is one kind of place where visits meet. Places are numbered once, so
// that a round costs no more than a walk over the visits that paid.
type circle struct {
	limit   int64
	visits  []int32          // those that paid
	weights []odds.Centibans // of each, see meet
	places  [][]int32        // of each
	count   int              // of places
	// shares numbers, for each of the places, who was there on one device; -1
	// where the device was in no other account.
	shares [][]int32
	pairs  int // of place and device
}

// A meeting counts, in parts per million, the thieves and the honest at a
// place where visits meet.
type meeting struct{ thieves, honest int64 }

// circlesOf finds the places where visits meet: shops, addresses, user agents
// and hours.
func circlesOf(visits []Visit, groups []group, p *policy.Spread) []circle {
	shared := make([]int32, len(visits)) // 1 and more: by which group
	for n := range groups {
		for _, i := range groups[n].visits {
			shared[i] = int32(n + 1)
		}
	}
	bucket := p.TimeBucket.Value * baseline.Second
	circles := make([]circle, 4)
	var all sync.WaitGroup
	for i, c := range [...]struct {
		limit int64
		keys  func(v *Visit) []event.Key
	}{
		{p.StoreCap.Value, func(v *Visit) []event.Key { return v.Stores[:] }},
		{p.AddrCap.Value, func(v *Visit) []event.Key { return []event.Key{event.Key(v.Addr)} }},
		{p.AgentCap.Value, func(v *Visit) []event.Key { return []event.Key{v.Agent} }},
		{p.TimeCap.Value, func(v *Visit) []event.Key { return []event.Key{event.Key(v.First/bucket + 1)} }},
	} {
		all.Go(func() { circles[i] = newCircle(visits, shared, c.limit, c.keys) })
	}
	all.Wait()
	return circles
}

func newCircle(visits []Visit, shared []int32, limit int64, keys func(v *Visit) []event.Key) circle {
	c := circle{limit: limit}
	number := map[event.Key]int32{}
	pairs := map[[2]int32]int32{} // of place and group
	for i := range visits {
		if visits[i].FirstCharge == 0 {
			continue
		}
		var places, shares []int32
		for _, k := range keys(&visits[i]) {
			if k == 0 {
				continue
			}
			n, ok := number[k]
			if !ok {
				n = int32(len(number))
				number[k] = n
			}
			pair := int32(-1)
			if g := shared[i]; g > 0 {
				if pair, ok = pairs[[2]int32{n, g}]; !ok {
					pair = int32(len(pairs))
					pairs[[2]int32{n, g}] = pair
				}
			}
			places, shares = append(places, n), append(shares, pair)
		}
		c.visits, c.places, c.shares = append(c.visits, int32(i)), append(c.places, places), append(c.shares, shares)
	}
	c.count, c.pairs, c.weights = len(number), len(pairs), make([]odds.Centibans, len(c.visits))
	return c
}

// meet weighs for each visit whether thieves or honest newcomers are met at
// its places more than their numbers explain. The visit itself is left out, and
// so are all with the same device: what they tell is in Shared.
func (j *judge) meet(c *circle) {
	at, same := make([]meeting, c.count), make([]meeting, c.pairs)
	var all meeting
	for n, i := range c.visits {
		for k, place := range c.places[n] {
			at[place].add(j.belief[i])
			all.add(j.belief[i])
			if pair := c.shares[n][k]; pair >= 0 {
				same[pair].add(j.belief[i])
			}
		}
	}
	limit := odds.Centibans(c.limit)
	for n, i := range c.visits {
		var own meeting
		own.add(j.belief[i])
		var sum odds.Centibans
		for k, place := range c.places[n] {
			left := own
			if pair := c.shares[n][k]; pair >= 0 {
				left = same[pair]
			}
			sum += at[place].weight(&all, &left, &j.p.Spread)
		}
		c.weights[n] = 0
		if count := odds.Centibans(len(c.places[n])); count > 0 {
			c.weights[n] = odds.Clamp(sum/count, -limit, limit)
		}
	}
}

func (m *meeting) add(belief int64) {
	m.thieves += belief
	m.honest += million - belief
}

// weight returns the weight of meeting at m, without those left out. Thieves are taken to go where everybody goes as often as the policy
// says, so that a shop of honest people alone says little for a visitor.
func (m *meeting) weight(all, left *meeting, p *policy.Spread) odds.Centibans {
	pseudo := p.Pseudo.Value * million
	thieves, honest := m.thieves-left.thieves, m.honest-left.honest
	allThieves, allHonest := all.thieves-left.thieves, all.honest-left.honest
	chance := mulDiv(pseudo, thieves+honest+1, max(allThieves+allHonest, 1))
	thiefShare := mulDiv(thieves+chance, odds.One, allThieves+pseudo)
	honestShare := max(1, mulDiv(honest+chance, odds.One, allHonest+pseudo))
	elsewhere := p.Elsewhere.Value
	return odds.Ratio(elsewhere*honestShare+(1000-elsewhere)*thiefShare, 1000*honestShare)
}
