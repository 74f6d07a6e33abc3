package gen

import "strconv"

// An addr is where a request came from. IPv4 addresses have low zero and fit
// 32 bits; otherwise net is the first half of an IPv6 address and low the
// second. The zero addr is absent.
type addr struct {
	net, low uint64
	isp      uint8
}

// A use says what kind of network an operator runs.
type use uint8

const (
	mobile  use = iota // carrier-grade NAT: many customers behind one address
	fixed              // homes
	hosting            // servers, VPN exits
)

// An operator is a network operator. Names are left out on purpose: the
// addresses below are in 240.0.0.0/4 (reserved, RFC 1112) and 2001:db8::/32
// (documentation, RFC 3849) and the AS numbers in the range for private use
// (RFC 6996), so that no sample can accuse a real network.
type operator struct {
	asn     string
	country string
	use     use
	weight  int64 // share of the customers of its kind in its country
}

var operators = [...]operator{
	{"64605", "JP", mobile, 40}, {"65216", "JP", mobile, 28}, {"64776", "JP", mobile, 22}, {"64927", "JP", mobile, 10},
	{"64713", "JP", fixed, 34}, {"65018", "JP", fixed, 22}, {"64527", "JP", fixed, 16}, {"65397", "JP", fixed, 12},
	{"64982", "JP", fixed, 9}, {"65131", "JP", fixed, 7},
	{"64843", "JP", hosting, 60}, {"65470", "JP", hosting, 40},
	{"64808", "CN", fixed, 24}, {"64837", "CN", fixed, 14}, {"64956", "CN", mobile, 10}, {"65045", "CN", hosting, 5},
	{"64662", "TW", fixed, 9}, {"64766", "KR", fixed, 9}, {"64931", "TH", mobile, 6}, {"65089", "VN", fixed, 8},
	{"64622", "US", fixed, 12}, {"64701", "US", mobile, 5}, {"65261", "US", hosting, 20}, {"64929", "PH", mobile, 5},
	{"64750", "SG", fixed, 4}, {"65106", "SG", hosting, 12}, {"64856", "GB", fixed, 4}, {"64924", "DE", fixed, 3},
	{"65160", "NL", hosting, 10}, {"64921", "HK", fixed, 5}, {"65333", "HK", hosting, 8}, {"64779", "AU", fixed, 3},
	{"65012", "BR", fixed, 3}, {"65412", "IN", mobile, 5}, {"64889", "ID", mobile, 5}, {"65201", "RU", fixed, 3},
}

// Every operator has a /10, which holds 4 million addresses.
const (
	v4Base = 0xf0000000
	ispLog = 22
	v6Base = 0x20010db800000000
)

// chooseISP returns an operator of the use, by weight; abroad says on which
// side of the border, country narrows it when it is not "".
func chooseISP(r *rng, u use, abroad bool, country string) uint8 {
	var weights [len(operators)]int64
	any := false
	for i, o := range operators {
		match := o.use == u && (o.country != "JP") == abroad
		if country != "" {
			match = o.country == country && (o.use == u || u == fixed && o.use == mobile)
		}
		if match {
			weights[i] = o.weight
			any = true
		}
	}
	if !any {
		return chooseISP(r, hosting, true, "")
	}
	return uint8(r.pick(weights[:]))
}

// A layout says how much of its range each kind of operator has in use, which
// follows from the size of the world: then neighbours share a /24, and a
// carrier's address the number of accounts that the rates ask for.
type layout struct {
	homes   uint64 // addresses of one home network operator
	shared  uint64 // addresses of its homes that share (MAP-E)
	mobiles uint64 // outgoing addresses of one carrier
	exits   uint64 // exit addresses of the VPN services of one operator
	key     uint64
}

func newLayout(w *World, key uint64) layout {
	n := uint64(w.Accounts)
	r := &w.Rates
	return layout{
		homes:   clamp(n, 256, 1<<ispLog),
		shared:  clamp(n/uint64(max(r.HomesPerAddress, 1)), 16, 1<<20),
		mobiles: clamp(n/4/uint64(max(r.AccountsPerCarrierAddress, 1)), 2, 1<<16),
		exits:   clamp(n/4000, 3, 256),
		key:     key,
	}
}

func clamp(v, lo, hi uint64) uint64 { return min(max(v, lo), hi) }

func v4(isp uint8, offset uint64) addr {
	return addr{net: v4Base + uint64(isp)<<ispLog + offset&(1<<ispLog-1), isp: isp}
}

// home returns the address of a home. A line that reconnects under a new
// address is another home number.
func (l *layout) home(isp uint8, home uint64, shared, v6 bool) addr {
	h := hash3(l.key, home, uint64(isp))
	switch {
	case v6:
		// A home has a /64; phones change the second half daily.
		return addr{net: v6Base | uint64(isp)<<24 | h&0xffffff, low: 1, isp: isp}
	case shared:
		return v4(isp, 1<<21+h%l.shared)
	}
	return v4(isp, h%l.homes)
}

// phone returns a carrier's outgoing address for one connection.
func (l *layout) phone(isp uint8, connection uint64) addr {
	return v4(isp, 1<<16+9+mix(connection^l.key)%l.mobiles)
}

// exit returns an address of a VPN service at a hosting company.
func (l *layout) exit(isp uint8, pick uint64) addr {
	return v4(isp, 1<<18+17+mix(pick+l.key)%l.exits*3)
}

// wifi returns an address of a hotel, station or café.
func (l *layout) wifi(isp uint8, pick uint64) addr {
	return v4(isp, 1<<20+mix(pick^l.key)%(1<<14))
}

// server returns the address of a rented server.
func (l *layout) server(isp uint8, pick uint64) addr {
	return v4(isp, 1<<19+mix(pick+3*l.key)%(1<<17))
}

func appendAddr(dst []byte, a addr) []byte {
	if a.low != 0 {
		for shift := 48; shift >= 0; shift -= 16 {
			dst = strconv.AppendUint(dst, a.net>>uint(shift)&0xffff, 16)
			dst = append(dst, ':')
		}
		for shift := 48; shift >= 0; shift -= 16 {
			// Forced non-zero groups: no "::" to write, and one spelling each.
			dst = strconv.AppendUint(dst, a.low>>uint(shift)&0xffff|0x1000, 16)
			if shift > 0 {
				dst = append(dst, ':')
			}
		}
		return dst
	}
	if a.net == 0 {
		return dst
	}
	for shift := 24; shift >= 0; shift -= 8 {
		dst = strconv.AppendUint(dst, a.net>>uint(shift)&0xff, 10)
		if shift > 0 {
			dst = append(dst, '.')
		}
	}
	return dst
}
