package scalar

import (
	"bytes"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Pick says which address of an X-Forwarded-For list counts.
type Pick uint8

const (
	// PickLastPublic is the last public address, that is, the one from which
	// the outermost of the service's own proxies was called, if these have
	// private addresses among themselves. It is the one to take unless
	// something else is known: whoever sends a request can put any text in
	// front of the list, but nothing behind it. If no address is public, it is
	// the one before which nothing can be read, or the first.
	PickLastPublic Pick = iota
	// PickLast is the last element, which the service's own proxy has written:
	// for a service with one proxy.
	PickLast
	// PickFirstPublic is the first public address, which is that of the person
	// if everyone before the service told the truth. An attacker chooses it at
	// will. If no address is public, it is the first.
	PickFirstPublic
	// PickFirst is the first address, as forgeable as PickFirstPublic.
	PickFirst
)

// maxForwarded is how long an X-Forwarded-For list may be, in bytes; web servers
// take headers of up to 8 KiB.
const maxForwarded = 8 << 10

// TryForwarded reads one address of an X-Forwarded-For list: addresses of
// TryAddrLoose, separated by commas. (So a port behind a comma is not read.)
//
// From the left, whatever is no address is passed over, since attackers
// write it. From the right, it ends the search, since what stands before it
// was not seen by the one who wrote it down.
func TryForwarded(b []byte, pick Pick) (a event.Addr, low uint64, ok bool) {
	if len(b) > maxForwarded {
		return 0, 0, false
	}
	right := pick == PickLastPublic || pick == PickLast
	for more := true; more; {
		var element []byte
		element, b, more = cutElement(b, right)
		x, xlow, _, isAddr := TryAddrLoose(element)
		switch {
		case !isAddr && right:
			return a, low, ok
		case !isAddr:
			continue
		case pick == PickFirst, pick == PickLast, IsPublic(x, xlow):
			return x, xlow, true
		case right || !ok:
			a, low, ok = x, xlow, true
		}
	}
	return a, low, ok
}

// cutElement takes the last or the first element from a list.
func cutElement(b []byte, last bool) (element, rest []byte, more bool) {
	if !last {
		return bytes.Cut(b, []byte(","))
	}
	comma := bytes.LastIndexByte(b, ',')
	if comma < 0 {
		return b, nil, false
	}
	return b[comma+1:], b[:comma], true
}

// IsPublic reports whether packets from the internet can come from an address:
// it is not private (RFC 1918, RFC 4193), of a carrier's own network (RFC
// 6598), of the machine or the link, for tests between machines, a group or
// reserved. Addresses for documentation count as public, because manuals and
// made-up logs mean public ones by them.
func IsPublic(a event.Addr, low uint64) bool {
	if a.Is4() {
		return isPublic4(uint32(a))
	}
	switch {
	case a == 0: // ::, ::1 and addresses that nobody uses
		return false
	case a>>57 == 0xfc>>1: // fc00::/7
		return false
	case a>>54 == 0xfe80>>6, a>>54 == 0xfec0>>6: // fe80::/10, fec0::/10
		return false
	}
	return a>>56 != 0xff
}

func isPublic4(v4 uint32) bool {
	in := func(net uint32, bits int) bool { return (v4^net)>>(32-bits) == 0 }
	switch {
	case in(0, 8), in(10<<24, 8), in(127<<24, 8), in(224<<24, 3):
		return false
	case in(100<<24|64<<16, 10), in(169<<24|254<<16, 16), in(172<<24|16<<16, 12), in(192<<24|168<<16, 16):
		return false
	}
	return !in(198<<24|18<<16, 15)
}
