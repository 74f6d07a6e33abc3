// Package indicator writes what an attack was made with for those who defend
// against it: a plain list for a firewall, and a STIX 2.1 bundle for other
// operators.
//
// Confidence, from 0 to 100, is the score read as odds (100 centibans are ten
// to one, or 90; never more than 99), times the share of the attack among the
// accounts that were seen there: an address that a thief and nine honest
// customers use says little of whoever comes from it next.
//
// What honest people use too is shared, and so is an address that is no public
// one: such an address is a proxy of the service itself. Shared addresses are in
// no blocklist and no bundle unless they are asked for. Whether a case of an
// earlier version knows who else was there or not: where it does not, everything
// is taken as shared. A device that is at home in any account, or that is not
// surely the thief's (confidence 99), is in nothing that leaves the house, be it
// asked for or not: it may be a victim's.
//
// Indicators age. How long after it was last seen each kind is valid:
//
//   - ip of an executor: 7 days. Lines and handsets get another address within
//     days, proxies of homes within minutes, and honest people have it then.
//   - ip of a tester: 14 days. Lists were tested and handed on within two weeks in
//     the published cases; lists that firewalls take in forget an address after
//     one day to thirty. One that goes on attacking is last seen later.
//   - network: 30 days. Whoever rents servers moves within the network first.
//   - user_agent, asn: 30 days. Browsers change their string with every release,
//     about monthly, and honest people then have the thief's; an operator's
//     address ranges serve others before long.
//   - device: 90 days. Nobody else is given its id, but reinstalling the app
//     makes a new one.
//   - store: 30 days, for about as long as recordings of cameras are kept.
//
// A network of which one address did nearly all is in no blocklist and no bundle
// either: the address is.
//
// Texts come from logs that attackers write. What goes into a blocklist is
// printed from the address that was read, not as it stood; what goes into a
// pattern is quoted as the grammar of STIX asks.
package indicator

import (
	"net/netip"

	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/watch"
)

// Store is the kind of a shop, beside those of watch.
const Store = "store"

// A Sharing says whether honest people use the thing, too.
type Sharing uint8

// The ways of sharing.
const (
	NotKnown Sharing = iota // the case does not say
	Alone
	Shared
)

// String returns the word of lists, "" for what is not known.
func (s Sharing) String() string { return [...]string{"", "no", "yes"}[s] }

// An Indicator is one thing that the attack was made with.
type Indicator struct {
	Kind, Value, Role string
	Confidence        int
	First, Last       int64 // seen, microseconds UTC
	Until             int64 // valid
	Tried, Entered    int64 // accounts
	Attempts          int64
	Honest            int64 // accounts whose own users were there
	Sharing           Sharing
	// Narrow marks a network of which one address made most of the attempts:
	// whoever blocks the address needs not block its neighbours.
	Narrow bool
}

// day is in microseconds.
const day = 24 * 3600 * 1_000_000

// Tester is the role of who tried credentials, Executor of who spent.
const (
	Tester   = "tester"
	Executor = "executor"
)

// lifetimes are in days; see the package comment.
var lifetimes = map[string]int64{watch.IP: 14, watch.Network: 30, watch.Agent: 30, watch.ASN: 30, watch.Device: 90, Store: 30}

// executorIP is the lifetime of an executor's address.
const executorIP = 7

// ValidUntil returns until when something that was last seen at a time is valid.
func ValidUntil(kind, role string, last int64) int64 {
	days := lifetimes[kind]
	if kind == watch.IP && role != Tester {
		days = executorIP
	}
	return last + days*day
}

// Confidence returns the confidence that a score stands for, given how many
// accounts were the attack's and how many honest people's.
func Confidence(score int64, attacked, honest int64) int {
	limit := int64(odds.Limit)
	sure := odds.Centibans(min(max(score, -limit), limit)).PPB() / (odds.One / 100)
	attacked, honest = max(attacked, 1), max(honest, 0)
	for attacked+honest > 1<<40 || attacked+honest < 0 {
		attacked, honest = attacked>>1, honest>>1
	}
	return int(min(sure, 99) * attacked / (attacked + honest))
}

// deviceLeast is how sure a device must be the thief's before it is named to
// others: as sure as what is called confirmed.
const deviceLeast = 99

// Tellable reports whether an indicator may leave the house at all.
func (i *Indicator) Tellable() bool {
	return i.Kind != watch.Device || i.Sharing == Alone && i.Confidence >= deviceLeast
}

// carrier is the block of addresses between a carrier and its customers, RFC
// 6598.
var carrier = netip.MustParsePrefix("100.64.0.0/10")

// Public reports whether a value may name somebody in the public network: false
// for private and local addresses.
func Public(kind, value string) bool {
	if kind != watch.IP && kind != watch.Network {
		return true
	}
	p, ok := watch.Prefix(value)
	if !ok {
		return true
	}
	a := p.Addr()
	return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.IsUnspecified() && !carrier.Contains(a)
}
