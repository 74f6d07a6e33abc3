// Package watch finds the rows of a log that a list of addresses, networks, user
// agents, operators and devices names, and tells how many accounts of honest
// people use what it names.
//
// An account counts for an entry if its own user was there: a successful login
// or a charge of somebody whom nothing makes a stranger to the account. Thieves
// and newcomers do not count, be they found out or not, so that a thief who got
// into many accounts does not look like a carrier's address with many customers.
//
// The package holds no threshold and no opinion: from which number on something
// is shared is for those who ask.
package watch

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

// The kinds of thing that a list can name.
const (
	IP      = "ip"
	Network = "network"
	Agent   = "user_agent"
	ASN     = "asn"
	Device  = "device"
)

// Kinds lists them.
var Kinds = []string{IP, Network, Agent, ASN, Device}

// A List is what is watched for, numbered from 0. Once it is built, any number
// of goroutines may use it.
type List struct {
	n                int
	nets             []size
	agents, devices  map[event.Key]int32
	asns             map[uint32]int32
	maybe            [1 << 11]uint64 // bits of what is in the maps, to pass over most rows
	anyAgent, anyASN bool
}

// size are the networks of one size.
type size struct {
	mask event.Addr
	v4   bool
	by   map[event.Addr]int32
}

// NewList returns an empty list.
func NewList() *List {
	return &List{agents: map[event.Key]int32{}, devices: map[event.Key]int32{}, asns: map[uint32]int32{}}
}

// Len returns how many things the list names.
func (l *List) Len() int { return l.n }

// Add adds what a kind and a value name, and returns its number: that of before
// if it was there. It is not ok if they name nothing that a row could show.
func (l *List) Add(kind, value string) (number int, ok bool) {
	var at int32
	n := int32(l.n)
	switch kind {
	case IP, Network:
		prefix, fine := Prefix(value)
		if fine {
			at, fine = l.net(prefix, n)
		}
		if !fine {
			return 0, false
		}
	case ASN:
		asn, fine := number32(value)
		if !fine {
			return 0, false
		}
		at = put(l.asns, asn, n)
		l.anyASN = true
	case Agent, Device:
		if value == "" {
			return 0, false
		}
		key, m := event.KeyOfString(value), l.agents
		if kind == Device {
			m = l.devices
		} else {
			l.anyAgent = true
		}
		at = put(m, key, n)
		l.mark(uint64(key))
	default:
		return 0, false
	}
	if at == n {
		l.n++
	}
	return int(at), true
}

func put[K comparable](m map[K]int32, key K, n int32) int32 {
	if at, again := m[key]; again {
		return at
	}
	m[key] = n
	return n
}

// number32 reads the number of an operator, with or without "AS".
func number32(text string) (uint32, bool) {
	if len(text) > 2 && strings.EqualFold(text[:2], "as") {
		text = text[2:]
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil && n > 0
}

// Prefix reads an address or a network, the address with or without a port. An
// IPv4 address in IPv6 clothes is the IPv4 address.
func Prefix(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), !p.Addr().Is4In6()
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		a = with.Addr()
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), true
}

// addrOf returns what a row holds of an address, and how many bits of that a
// network of it has. A row holds the first 64 bits of an IPv6 address.
func addrOf(p netip.Prefix) (event.Addr, int) {
	if p.Addr().Is4() {
		b := p.Addr().As4()
		return event.AddrFrom4(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])), p.Bits()
	}
	b := p.Addr().As16()
	var high event.Addr
	for _, c := range b[:8] {
		high = high<<8 | event.Addr(c)
	}
	return high, min(p.Bits(), 64)
}

// net adds a network.
func (l *List) net(p netip.Prefix, n int32) (int32, bool) {
	addr, bits := addrOf(p)
	v4 := p.Addr().Is4()
	mask := ^event.Addr(0) << (64 - bits)
	if v4 {
		mask = ^event.Addr(0) << (32 - bits)
	}
	if addr == 0 {
		return 0, false // a row without an address looks like that
	}
	i := slices.IndexFunc(l.nets, func(s size) bool { return s.mask == mask && s.v4 == v4 })
	if i < 0 {
		i = len(l.nets)
		l.nets = append(l.nets, size{mask, v4, map[event.Addr]int32{}})
	}
	l.mark(uint64(addr & mask))
	return put(l.nets[i].by, addr&mask, n), true
}

func bit(k uint64) (word int, mask uint64) {
	h := k * 0x9e3779b97f4a7c15 >> 47
	return int(h >> 6), 1 << (h & 63)
}

func (l *List) mark(k uint64) {
	word, mask := bit(k)
	l.maybe[word] |= mask
}

// key returns the number of a key, -1 for none.
func (l *List) key(m map[event.Key]int32, k event.Key) int32 {
	word, mask := bit(uint64(k))
	if k == 0 || l.maybe[word]&mask == 0 {
		return -1
	}
	if n, ok := m[k]; ok {
		return n
	}
	return -1
}

// Match calls do with the number of everything that the list names among an
// address, a user agent, an operator and a device; 0 stands for none of them.
func (l *List) Match(addr event.Addr, agent event.Key, asn uint32, device event.Key, do func(n int)) {
	if addr != 0 {
		v4 := addr.Is4()
		for i := range l.nets {
			s := &l.nets[i]
			word, mask := bit(uint64(addr & s.mask))
			if s.v4 != v4 || l.maybe[word]&mask == 0 {
				continue
			}
			if n, ok := s.by[addr&s.mask]; ok {
				do(int(n))
			}
		}
	}
	if n := l.key(l.devices, device); n >= 0 {
		do(int(n))
	}
	if l.anyAgent {
		if n := l.key(l.agents, agent); n >= 0 {
			do(int(n))
		}
	}
	if l.anyASN && asn != 0 {
		if n, ok := l.asns[asn]; ok {
			do(int(n))
		}
	}
}

// A Stranger is somebody who is no owner of an account: a device, or what
// stands for one, in the words of baseline.
type Stranger struct{ Account, Actor event.Key }

// Compare orders strangers.
func (s Stranger) Compare(t Stranger) int {
	return cmp.Or(cmp.Compare(s.Account, t.Account), cmp.Compare(s.Actor, t.Actor))
}

// A Use is what a log shows of one entry of a list.
type Use struct {
	Own  int64 // accounts whose own users were there
	Seen bool  // by any row, also of strangers and of logins that failed
}

// Uses returns what a log shows of each entry, given who is a stranger where, in
// their order.
func (l *List) Uses(ctx context.Context, workers int, parts *event.Parts, strangers []Stranger) ([]Use, error) {
	counts, err := usesWalk.Run(ctx, workers, parts, &search{l, strangers}, nil)
	if err != nil {
		return nil, err
	}
	all := make([]Use, l.n)
	for _, uses := range counts {
		for i, u := range *uses {
			all[i].Own += u.Own
			all[i].Seen = all[i].Seen || u.Seen
		}
	}
	return all, nil
}

// A search is what a census is given.
type search struct {
	list      *List
	strangers []Stranger
}

var usesWalk = event.NewWalk("uses", func(s *search) *census {
	return &census{search: s, uses: make([]Use, s.list.n), last: make([]event.Key, s.list.n)}
}, (*census).part, func(c *census) *[]Use { return &c.uses })

// A census counts the accounts of some parts.
type census struct {
	*search
	uses []Use
	last []event.Key // the account that was counted last, of each entry
	next int         // of the strangers

	account baseline.Account
	room    baseline.Rows
}

// part counts the accounts of a part.
func (c *census) part(_ int, rows *event.Cursor) {
	c.next = 0
	c.room.Each(rows, func(logins []event.Login, charges []event.Charge) {
		var account event.Key
		if len(logins) > 0 {
			account = logins[0].Account
		} else {
			account = charges[0].Account
		}
		rest := c.strangers[c.next:] // accounts come in order
		c.next += sort.Search(len(rest), func(i int) bool { return rest[i].Account >= account })
		if c.next < len(c.strangers) && c.strangers[c.next].Account == account {
			c.visited(logins, charges)
		} else {
			c.quiet(logins, charges)
		}
	})
}

// quiet counts an account that no stranger was in.
func (c *census) quiet(logins []event.Login, charges []event.Charge) {
	for i := range logins {
		l := &logins[i]
		if i > 0 { // rows of an account mostly say the same
			if p := &logins[i-1]; l.Addr == p.Addr && l.Device == p.Device && l.Agent == p.Agent && l.ASN == p.ASN && l.Word == p.Word {
				continue
			}
		}
		c.login(l, l.Outcome() != event.Failure)
	}
	for i := range charges {
		h := &charges[i]
		if i > 0 && h.Addr == charges[i-1].Addr && h.Device == charges[i-1].Device {
			continue
		}
		c.charge(h, true)
	}
}

// visited counts an account that strangers were in, too.
func (c *census) visited(logins []event.Login, charges []event.Charge) {
	a := &c.account
	a.Read(logins, charges)
	own := func(by int16) bool {
		if by == baseline.Nobody {
			return false
		}
		_, stranger := slices.BinarySearchFunc(c.strangers, Stranger{a.Key, a.Actors[by].Key}, Stranger.Compare)
		return !stranger
	}
	for i := range logins {
		c.login(&logins[i], own(a.LoginBy[i]) && logins[i].Outcome() != event.Failure)
	}
	for i := range charges {
		c.charge(&charges[i], own(a.ChargeBy[i]))
	}
}

func (c *census) login(l *event.Login, own bool) {
	c.list.Match(l.Addr, l.Agent, l.ASN, l.Device, func(n int) { c.count(n, l.Account, own) })
}

func (c *census) charge(h *event.Charge, own bool) {
	c.list.Match(h.Addr, 0, 0, h.Device, func(n int) { c.count(n, h.Account, own) })
}

func (c *census) count(n int, account event.Key, own bool) {
	u := &c.uses[n]
	u.Seen = true
	if own && c.last[n] != account {
		c.last[n] = account
		u.Own++
	}
}
