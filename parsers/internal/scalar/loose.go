package scalar

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/paytriage/paytriage/forensics/event"
)

// TryAddrLoose reads a network address in any of the ways in which logs write
// one, and the port beside it, 0 if there is none. Of an IPv6 address a is the
// upper half and low the lower, as in TryAddr. Besides what TryAddr reads there
// may be
//
//   - quotes and blanks around it;
//   - brackets around it, also around IPv4 (Microsoft 365: [192.0.2.1]:443);
//   - a port behind an IPv4 address after a comma, a blank, # or " port ";
//   - a port behind an IPv6 address without brackets after #, p, a dot or
//     " port ", or after a colon if the eight groups before it are all there
//     (Cisco Duo; the list is that of RFC 5952, section 6);
//   - the length of the whole address as prefix (192.0.2.1/32, 2001:db8::1/128),
//     as PostgreSQL prints its inet type;
//   - a slash before it, as Java prints its addresses.
//
// 2001:db8::1:443 is an address, whatever the writer meant. Refused are host
// names (see IsHostName), networks, octets with leading zeros, and 0.0.0.0 and
// ::, which say that there is no address (see IsNoAddr).
func TryAddrLoose(b []byte) (a event.Addr, low uint64, port uint16, ok bool) {
	if len(b) > maxAddrText {
		return 0, 0, 0, false
	}
	b = unquote(TrimSpace(b))
	if len(b) > 1 && b[0] == '/' {
		b = b[1:]
	}
	if a, low, port, ok = tryPorts(b); !ok {
		a, low, ok = tryWhole(b)
		port = 0
	}
	if !ok || unspecified(a, low) {
		return 0, 0, 0, false
	}
	return a, low, port, true
}

// maxAddrText is how long an address may be with all that stands around it, in
// bytes. Zones of IPv6 are short.
const maxAddrText = 128

// unspecified reports whether an address is 0.0.0.0 or ::.
func unspecified(a event.Addr, low uint64) bool {
	return a == event.AddrFrom4(0) || a == 0 && low == 0
}

// unquote returns b without the quotes around it.
func unquote(b []byte) []byte {
	if n := len(b); n >= 2 && b[0] == b[n-1] && (b[0] == '"' || b[0] == '\'') {
		return TrimSpace(b[1 : n-1])
	}
	return b
}

// tryWhole reads an address followed by the length of a whole address, or in
// brackets.
func tryWhole(b []byte) (a event.Addr, low uint64, ok bool) {
	if inside, ok := bracketed(b); ok {
		return tryBare(inside)
	}
	if host, ok := bytes.CutSuffix(b, []byte("/32")); ok {
		v4, ok := tryIPv4(host)
		return event.AddrFrom4(v4), 0, ok
	}
	if host, ok := bytes.CutSuffix(b, []byte("/128")); ok && bytes.IndexByte(host, ':') >= 0 {
		return tryBare(host)
	}
	return 0, 0, false
}

// bracketed returns what is between brackets.
func bracketed(b []byte) (inside []byte, ok bool) {
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return nil, false
	}
	return b[1 : len(b)-1], true
}

// tryBare reads an address without port.
func tryBare(b []byte) (a event.Addr, low uint64, ok bool) {
	if v4, ok := tryIPv4(b); ok {
		return event.AddrFrom4(v4), 0, true
	}
	if bytes.IndexByte(b, ':') < 0 {
		return 0, 0, false
	}
	return tryIPv6(b)
}

// tryPorts reads an address with or without port.
func tryPorts(b []byte) (a event.Addr, low uint64, port uint16, ok bool) {
	if a, low, ok = tryBare(b); ok {
		return a, low, 0, true
	}
	digits := len(b)
	for digits > 0 && isDigit(b[digits-1]) {
		digits--
	}
	if port, ok = tryPort(b[digits:]); !ok {
		return 0, 0, 0, false
	}
	host, how := cutSeparator(b[:digits])
	if inside, ok := bracketed(host); ok && how == ':' {
		a, low, ok = tryBare(inside)
		return a, low, port, ok
	}
	if v4, ok := tryIPv4(host); ok {
		return event.AddrFrom4(v4), 0, port, how == ':' || how == ',' || how == ' ' || how == '#' || how == portWord
	}
	switch how {
	case ':':
		if bytes.Count(host, []byte(":")) != groups-1 || bytes.Contains(host, []byte("::")) {
			return 0, 0, 0, false
		}
	case '.':
		if bytes.IndexByte(host, '.') >= 0 { // ::192.0.2.1.443 may have lost a digit
			return 0, 0, 0, false
		}
	case '#', 'p', portWord:
	default:
		return 0, 0, 0, false
	}
	if bytes.IndexByte(host, ':') < 0 {
		return 0, 0, 0, false
	}
	a, low, ok = tryIPv6(host)
	return a, low, port, ok
}

// portWord is how cutSeparator names " port ": as no byte.
const portWord = 1 << 8

// cutSeparator takes the separator before a port from the end of b.
func cutSeparator(b []byte) (host []byte, how int) {
	if host, ok := bytes.CutSuffix(b, []byte(" port ")); ok {
		return host, portWord
	}
	if len(b) == 0 {
		return nil, 0
	}
	return b[:len(b)-1], int(b[len(b)-1])
}

// tryPort reads the number of a port.
func tryPort(b []byte) (port uint16, ok bool) {
	if len(b) == 0 || len(b) > len("65535") {
		return 0, false
	}
	n := 0
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return uint16(n), n <= maxPort
}

// AppendAddr appends the address that TryAddrLoose reads to dst, as the neutral
// schema has it: without port, IPv6 in the form of RFC 5952 with all its bits.
// If there is none, dst is returned as it was.
func AppendAddr(dst, b []byte) ([]byte, bool) {
	a, low, _, ok := TryAddrLoose(b)
	if !ok {
		return dst, false
	}
	return FormatAddr(dst, a, low), true
}

// FormatAddr appends an address to dst in its canonical form. TryAddr reads it
// back.
func FormatAddr(dst []byte, a event.Addr, low uint64) []byte {
	var ip [16]byte
	if a.Is4() {
		binary.BigEndian.PutUint32(ip[:4], uint32(a))
		return netip.AddrFrom4([4]byte(ip[:4])).AppendTo(dst)
	}
	binary.BigEndian.PutUint64(ip[:8], uint64(a))
	binary.BigEndian.PutUint64(ip[8:], low)
	return netip.AddrFrom16(ip).AppendTo(dst)
}

// IsNoAddr reports whether b says that there is no address: a word of IsNull,
// 0.0.0.0 or ::, "unknown" and the words that begin with an underscore of RFC
// 7239 in any case, or "AWS Internal" of CloudTrail. Such a row has no address,
// which is something else than one that cannot be read.
func IsNoAddr(b []byte) bool {
	b = unquote(TrimSpace(b))
	if len(b) > maxAddrText {
		return false
	}
	if IsNull(b) || b[0] == '_' || len(b) == len("unknown") && hasFold(b, "unknown") || string(b) == "AWS Internal" {
		return true
	}
	a, low, ok := tryBare(b)
	return ok && unspecified(a, low)
}

// IsHostName reports whether b is the name of a host rather than an address,
// with or without brackets and port: localhost, cloudformation.amazonaws.com,
// [mail.example]:25. Names have labels of letters, digits, hyphens and
// underscores; the last begins with a letter, and before a port a single label
// is not hexadecimal, so that no address that is damaged passes for a name.
// Words such as "unknown" do: ask IsNoAddr first. A service that calls for someone (CloudTrail) is
// no address of that person, and this package asks no name server.
func IsHostName(b []byte) bool {
	b = unquote(TrimSpace(b))
	if colon := bytes.LastIndexByte(b, ':'); colon >= 0 {
		if digits, _ := hexGroup(b); !isPort(b[colon:]) || digits == colon {
			return false
		}
		b = b[:colon]
	}
	if inside, ok := bracketed(b); ok {
		b = inside
	}
	b = bytes.TrimSuffix(b, []byte("."))
	if len(b) == 0 || len(b) > maxHostName {
		return false
	}
	start := 0 // of the label
	for i, c := range b {
		switch {
		case c == '.':
			if i == start || i-start > maxLabel {
				return false
			}
			start = i + 1
		case !isLetter(c) && !isDigit(c) && c != '-' && c != '_':
			return false
		}
	}
	return start < len(b) && len(b)-start <= maxLabel && isLetter(b[start])
}

const (
	maxHostName = 253
	maxLabel    = 63
)
