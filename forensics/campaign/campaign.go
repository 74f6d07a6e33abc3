// Package campaign puts together what belongs together: accounts that one
// attack got into, and the way in that the attack took.
//
// Accounts belong together that share an attacker's device, the attack source
// they were entered from, or a shop where several of them were emptied. The
// result is the connected components of these links; it depends on the links
// alone, not on their order.
//
// A way in is told by what the log shows for most of a campaign's accounts. A
// log can fail to decide, and "undetermined" then says so.
package campaign

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Vector is a way in.
type Vector uint8

// The ways in, from the one that needs the least evidence.
const (
	Undetermined Vector = iota
	ListType
	ListDistributed
	BruteForce
	Spraying
	ReverseBruteForce
	Leak
	PasswordReset
	ExternalLogin
	SessionTheft
	numVectors
)

var vectorCodes = [numVectors][2]string{
	Undetermined:      {"undetermined", "the log does not decide"},
	ListType:          {"list_type", "ids and passwords of a list tried from few addresses (credential stuffing)"},
	ListDistributed:   {"list_type_distributed", "the same through many addresses, about one try each"},
	BruteForce:        {"brute_force", "many passwords tried on single accounts"},
	Spraying:          {"spraying", "a few passwords tried on many existing accounts"},
	ReverseBruteForce: {"reverse_brute_force", "one password or PIN tried on account after account"},
	Leak:              {"leak_or_insider", "valid credentials, without any failure before: a leak or an insider"},
	PasswordReset:     {"password_reset", "the password was reset by the attacker before entry"},
	ExternalLogin:     {"external_login", "entry through an external identity that the account never used"},
	SessionTheft:      {"session_theft", "sessions that the owner's device began were used by another"},
}

// String returns the code that files show.
func (v Vector) String() string { return vectorCodes[v][0] }

// Doc returns what the code means, in one line.
func (v Vector) Doc() string { return vectorCodes[v][1] }

// Vectors lists all ways in, for the schema.
func Vectors() []Vector {
	all := make([]Vector, numVectors)
	for i := range all {
		all[i] = Vector(i)
	}
	return all
}

// Of returns the way in that one visit shows by itself, given the place that
// its entry (or an earlier entry to its account) shares with an attack, which
// may be nil, and what was tried in all.
func Of(v *takeover.Visit, place *source.Cell, tried *Tried, p *policy.Policy) Vector {
	switch {
	case v.Outcome[takeover.Session] > 0:
		return SessionTheft
	case v.Outcome[takeover.Linking] >= 2:
		return ReverseBruteForce // of the PINs of bank accounts and the numbers of cards
	case v.Outcome[takeover.External] > 0:
		return ExternalLogin
	case v.Outcome[takeover.Failed] == 3:
		return BruteForce // ten tries within a day are no list's and no wave's, wherever they came from
	case place != nil && int64(place.Weight) >= p.Source.ReportScore.Value:
		return tried.ofPlace(place, &p.Vector) // a reset is then the owner's as often as the thief's
	case v.Outcome[takeover.Change] > 0:
		return PasswordReset
	case v.Outcome[takeover.Failed] >= 2:
		return BruteForce
	}
	return Undetermined
}

// Tried is what was tried in an attack: from addresses that are sources by
// themselves, and through many.
type Tried struct {
	Single, Spread source.Tally
	// Untold says that the log does not tell ids that do not exist from wrong
	// passwords, Unplaced that it has no addresses. A list is then not told from
	// one password for all, or a server from many proxies.
	Untold, Unplaced bool
}

// of returns what was tried at places like one.
func (t *Tried) of(c *source.Cell) *source.Tally {
	if c.Kind == source.Addr || c.Kind == source.Net {
		return &t.Single
	}
	return &t.Spread
}

// ofPlace tells lists from guessing by what was tried at a place, and at all
// places like it.
func (t *Tried) ofPlace(c *source.Cell, p *policy.Vector) Vector {
	all := t.of(c)
	perAccount := perMille(all.Tries-all.Unknown, all.Accounts)
	server := c.Kind == source.Addr || c.Kind == source.Net
	switch {
	case all.Tries == 0:
		return ListDistributed // no more is known than that the hour was bad
	case 2*all.External > all.Tries:
		return ExternalLogin
	case server && perMille(c.Failures+c.Entries, c.Accounts) >= p.BruteTries.Value*1000 || perAccount >= p.BruteAverage.Value*1000:
		return BruteForce
	case t.Untold && (perAccount <= p.TriesPerID.Value || perMille(all.Twice, all.Accounts) >= onceOrTwice):
		return Undetermined
	case !t.Untold && perMille(all.Unknown, all.Tries) >= p.UnknownShare.Value:
		if t.Unplaced || c.Kind == source.Addr && c.Failures+c.Entries >= p.SingleSource.Value ||
			c.Kind == source.Net && t.Single.Tries > t.Spread.Tries {
			return ListType
		}
		return ListDistributed
	case perAccount > p.TriesPerID.Value:
		return Spraying
	}
	return ReverseBruteForce
}

func perMille(n, of int64) int64 { return n * 1000 / max(of, 1) }

// A Member is an account's part in the attack.
type Member struct {
	Account event.Key
	At      int64 // of the takeover
	Device  event.Key
	Place   source.Place // of the attack that it was entered from; zero for none
	Stores  []event.Key
	Vector  Vector
}

// manyVictims is how many accounts make a shop a link between them. Two may
// meet by chance in any shop that is large enough.
const manyVictims = 3

// Group returns the campaign of each member as an index into campaigns, in the
// order of their first takeover, and the vector of each campaign.
func Group(members []Member, p *policy.Policy) (of []int, vectors []Vector) {
	type link struct {
		kind   uint8
		key    event.Key
		member int
	}
	var links []link
	for i := range members {
		m := &members[i]
		if m.Device != 0 {
			links = append(links, link{1, m.Device, i})
		}
		if m.Place.Kind != 0 {
			links = append(links, link{2, placeKey(m.Place), i})
		}
		for _, s := range m.Stores {
			links = append(links, link{3, s, i})
		}
	}
	slices.SortFunc(links, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key), cmp.Compare(a.member, b.member))
	})
	u := newUnion(len(members))
	for i := 0; i < len(links); {
		j := i + 1
		for j < len(links) && links[j].kind == links[i].kind && links[j].key == links[i].key {
			j++
		}
		if links[i].kind != 3 || j-i >= manyVictims {
			for n := i + 1; n < j; n++ {
				u.join(links[i].member, links[n].member)
			}
		}
		i = j
	}
	return number(members, u, p)
}

// placeKey makes one link of all hours of a distributed attack.
func placeKey(p source.Place) event.Key {
	if p.Kind == source.Addr || p.Kind == source.Net {
		return p.Value.Join(event.Key(p.Kind))
	}
	return event.Key(source.Service)
}

// number numbers the components by their first takeover.
func number(members []Member, u union, p *policy.Policy) (of []int, vectors []Vector) {
	order := make([]int, len(members))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(members[a].At, members[b].At), cmp.Compare(members[a].Account, members[b].Account))
	})
	of = make([]int, len(members))
	byRoot := map[int]int{}
	var counts [][numVectors]int
	for _, i := range order {
		root := u.find(i)
		n, ok := byRoot[root]
		if !ok {
			n = len(counts)
			byRoot[root] = n
			counts = append(counts, [numVectors]int{})
		}
		of[i] = n
		counts[n][members[i].Vector]++
	}
	for i := range counts {
		vectors = append(vectors, leading(&counts[i], &p.Vector))
	}
	return of, vectors
}

// leading returns the way in that most accounts of a campaign show, if enough
// of them do.
func leading(counts *[numVectors]int, p *policy.Vector) Vector {
	total, best := counts[Undetermined], Undetermined
	for v := ListType; v < numVectors; v++ {
		total += counts[v]
		if counts[v] > counts[best] || best == Undetermined && counts[v] > 0 {
			best = v
		}
	}
	if int64(counts[best])*1000 >= int64(total)*p.MinimumSupport.Value {
		return best
	}
	return Undetermined
}

// Leaked reports whether takeovers that show no way in are a leak's or an
// insider's work: there are several, they are most of all, and too few tries
// failed for a list to explain them. For one account it says nothing: anybody
// may have been watched typing.
//
// Of the tries at one account two count: a list makes no more of them, and a
// client that repeats an old password for hours explains no other account.
func Leaked(without, all int64, tried *Tried, p *policy.Policy) bool {
	tries := min(tried.Single.Tries+tried.Spread.Tries-tried.Single.Unknown-tried.Spread.Unknown,
		2*(tried.Single.Accounts+tried.Spread.Accounts))
	return without >= p.Vector.LeakMinimum.Value && 2*without > all &&
		without*1_000_000 > (tries+without)*p.Vector.LeakHitRate.Value
}

// A union finds connected components.
type union []int

func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = i
	}
	return u
}

func (u union) find(i int) int {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

func (u union) join(a, b int) { u[u.find(a)] = u.find(b) }
