package scalar

import (
	"bytes"
	"unicode"

	"github.com/paytriage/paytriage/forensics/event"
)

// TryAddr reads a network address. Of an IPv6 address a is the upper half, the
// network, and low the lower; low is 0 for IPv4.
//
// IPv4 is four decimal numbers, strictly: an octet with a leading zero is
// refused, since readers disagree whether it is octal. IPv6 is any form of
// RFC 4291; an IPv4-mapped address (::ffff:192.0.2.1) is the IPv4 address, a
// zone (%eth0) is dropped. A port ("192.0.2.1:443", "[2001:db8::1]:443") must
// be a number up to 65535 and is ignored: it is a property of the connection.
//
// Addresses whose network is 0, such as ::1, give an a of 0, which is
// "absent": they name no network. Those in 0:ffff::/32, which is reserved and
// never used, would look like IPv4 in an event.Addr and are refused.
func TryAddr(b []byte) (a event.Addr, low uint64, ok bool) {
	if v4, ok := tryIPv4(b); ok {
		return event.AddrFrom4(v4), 0, true
	}
	return tryAddrForms(b)
}

// tryAddrForms reads all but a plain dotted quad.
func tryAddrForms(b []byte) (a event.Addr, low uint64, ok bool) {
	colon := bytes.IndexByte(b, ':')
	switch {
	case colon < 0:
		return 0, 0, false
	case b[0] == '[':
		end := bytes.LastIndexByte(b, ']') // a zone may have one
		if end < 0 || !isPort(b[end+1:]) {
			return 0, 0, false
		}
		return tryIPv6(b[1:end])
	case colon >= minIPv4:
		v4, ok := tryIPv4(b[:colon])
		if !ok || !isPort(b[colon:]) {
			return 0, 0, false
		}
		return event.AddrFrom4(v4), 0, true
	}
	return tryIPv6(b)
}

const maxPort = 1<<16 - 1

// isPort reports whether b is ":443" or the like.
func isPort(b []byte) bool {
	if len(b) < 2 || len(b) > len(":65535") || b[0] != ':' {
		return false
	}
	port := 0
	for _, c := range b[1:] {
		if c-'0' > 9 {
			return false
		}
		port = port*10 + int(c-'0')
	}
	return port <= maxPort
}

// tryIPv6 reads an IPv6 address with or without a zone, and makes the Addr.
func tryIPv6(b []byte) (a event.Addr, low uint64, ok bool) {
	high, low, ok := tryGroups(b)
	if !ok {
		zone := bytes.IndexByte(b, '%')
		if zone < 0 || zone+1 == len(b) || bytes.ContainsFunc(b[zone:], unicode.IsControl) {
			return 0, 0, false
		}
		high, low, ok = tryGroups(b[:zone])
	}
	switch {
	case !ok, high>>32 == 0xffff:
		return 0, 0, false
	case high == 0 && low>>32 == 0xffff:
		return event.AddrFrom4(uint32(low)), 0, true
	}
	return event.Addr(high), low, true
}

// groups is how many 16-bit groups an IPv6 address has, groupDigits how many
// digits one may have.
const (
	groups      = 8
	groupDigits = 4
)

// tryGroups reads the groups of an IPv6 address, the last two of which may be
// a dotted quad.
func tryGroups(b []byte) (high, low uint64, ok bool) {
	var g [groups]uint16
	n, gap := 0, -1 // groups read, and how many were before "::"
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		digits, v := hexGroup(b)
		if n == groups || digits == 0 || digits > groupDigits {
			return 0, 0, false
		}
		if digits == len(b) {
			g[n] = v
			n++
			break
		}
		if b[digits] == '.' {
			v4, ok := tryIPv4(b)
			if !ok || n > groups-2 {
				return 0, 0, false
			}
			g[n], g[n+1] = uint16(v4>>16), uint16(v4)
			n += 2
			break
		}
		if b[digits] != ':' || digits+1 == len(b) {
			return 0, 0, false
		}
		g[n] = v
		n++
		if b = b[digits+1:]; b[0] == ':' {
			if gap >= 0 {
				return 0, 0, false
			}
			gap, b = n, b[1:]
		}
	}
	// Without "::" there must be all groups, with it at least one is left out.
	if (gap < 0) != (n == groups) {
		return 0, 0, false
	}
	if gap >= 0 {
		copy(g[groups-n+gap:], g[gap:n])
		clear(g[gap : groups-n+gap])
	}
	return join(g[:4]), join(g[4:]), true
}

// join returns four groups as one number.
func join(g []uint16) uint64 {
	return uint64(g[0])<<48 | uint64(g[1])<<32 | uint64(g[2])<<16 | uint64(g[3])
}

// hexGroup returns how many hexadecimal digits b begins with, and the value of
// the last four.
func hexGroup(b []byte) (digits int, v uint16) {
	for digits < len(b) {
		d := hexValues[b[digits]]
		if d == 0 {
			break
		}
		v = v<<4 | uint16(d-1)
		digits++
	}
	return digits, v
}

// hexValues is one more than the value of each hexadecimal digit, 0 for all
// other bytes.
var hexValues = [256]uint8{
	'0': 1, '1': 2, '2': 3, '3': 4, '4': 5, '5': 6, '6': 7, '7': 8, '8': 9, '9': 10,
	'a': 11, 'b': 12, 'c': 13, 'd': 14, 'e': 15, 'f': 16,
	'A': 11, 'B': 12, 'C': 13, 'D': 14, 'E': 15, 'F': 16,
}
