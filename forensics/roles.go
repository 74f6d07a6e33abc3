package forensics

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Roles tell those who try credentials from those who spend: often other people
// in another country. A tester's visit comes from a source of the attack, an
// executor's charged something; one visit can be both. They are of accounts that
// are confirmed or probable.
type Roles struct {
	Testers   Role // counted by address
	Executors Role // counted by device, or by address where there is none
	// Lags counts the accounts that were entered by a tester and charged later,
	// by whomever. The others are the seconds from the entry to the first charge.
	Lags                         int64
	LagMedian, LagLeast, LagMost int64
}

// A Role is who did one part of the attack.
type Role struct {
	Unknown bool  // the logs cannot tell
	Count   int64 // how many
	// ByAddress says that executors had to be counted by address.
	ByAddress bool
	// Countries and Operators are those of their logins, the most used first, at
	// most manyOrigins each.
	Countries, Operators []string
}

// manyOrigins is how many countries and operators of a role are named.
const manyOrigins = 20

// An actors is a role that is being counted.
type actors struct {
	who       map[event.Key]bool
	countries map[event.Country]int
	operators map[uint32]int
}

func newActors() actors {
	return actors{map[event.Key]bool{}, map[event.Country]int{}, map[uint32]int{}}
}

func (a *actors) add(who event.Key, v *takeover.Visit) {
	if who != 0 {
		a.who[who] = true
	}
	if v.Country != 0 {
		a.countries[v.Country]++
	}
	if v.ASN != 0 {
		a.operators[v.ASN]++
	}
}

func (a *actors) role(unknown bool) Role {
	r := Role{Unknown: unknown, Count: int64(len(a.who))}
	for _, c := range mostUsed(a.countries) {
		r.Countries = append(r.Countries, c.String())
	}
	for _, n := range mostUsed(a.operators) {
		r.Operators = append(r.Operators, strconv.FormatUint(uint64(n), 10))
	}
	return r
}

// mostUsed returns keys by how often they were counted, the most first.
func mostUsed[K cmp.Ordered](counts map[K]int) []K {
	keys := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(keys, func(a, b K) int { return cmp.Compare(counts[b], counts[a]) })
	return keys[:min(len(keys), manyOrigins)]
}

// roles counts the roles of suspects.
func (inv *investigation) roles(suspects []*suspect) Roles {
	testers, executors := newActors(), newActors()
	var lags []int64
	byAddress := false
	for _, s := range suspects {
		if s.tier() < takeover.Probable {
			continue
		}
		var entered, charged int64
		for n := range s.visits {
			v := &s.visits[n]
			if inv.tests(v) {
				testers.add(event.Key(v.Addr), v)
				if entered == 0 || v.First < entered {
					entered = v.First
				}
			}
		}
		for n := range s.visits {
			v := &s.visits[n]
			if s.tiers[n] < takeover.Probable || v.FirstCharge == 0 {
				continue
			}
			who := v.Device
			if who == 0 {
				who, byAddress = event.Key(v.Addr), true
			}
			executors.add(who, v)
			if v.FirstCharge >= entered && (charged == 0 || v.FirstCharge < charged) {
				charged = v.FirstCharge
			}
		}
		if entered != 0 && charged != 0 {
			lags = append(lags, (charged-entered)/baseline.Second)
		}
	}
	r := Roles{
		Testers:   testers.role(!inv.given(event.Auth) || inv.lacks(event.Auth, event.IP)),
		Executors: executors.role(!inv.given(event.Payments) || len(executors.who) == 0 && inv.anonymous()),
		Lags:      int64(len(lags)),
	}
	r.Executors.ByAddress = byAddress
	if len(lags) > 0 {
		slices.Sort(lags)
		r.LagMedian, r.LagLeast, r.LagMost = lags[(len(lags)-1)/2], lags[0], lags[len(lags)-1]
	}
	return r
}

// anonymous reports whether charges say neither by which device nor from which
// address they were made.
func (inv *investigation) anonymous() bool {
	return inv.lacks(event.Payments, event.DeviceID) && inv.lacks(event.Auth, event.IP) && inv.lacks(event.Payments, event.IP)
}

// tests reports whether a visit came from a source of the attack.
func (inv *investigation) tests(v *takeover.Visit) bool {
	return v.Entry >= 0 && int64(v.Place) >= inv.p.Source.ReportScore.Value
}
