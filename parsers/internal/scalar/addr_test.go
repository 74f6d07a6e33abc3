package scalar

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"github.com/paytriage/paytriage/forensics/event"
)

// addrTexts are addresses and what is nearly one; FuzzTryAddr starts from
// them. The zero Addr and a low of 0 stand beside "not ok" where ok is false.
var addrTexts = []struct {
	in  string
	a   event.Addr
	low uint64
	ok  bool
}{
	{"0.0.0.0", 0xffff_0000_0000, 0, true},
	{"1.2.3.4", 0xffff_0102_0304, 0, true},
	{"10.20.30.40", 0xffff_0a14_1e28, 0, true},
	{"192.0.2.1", 0xffff_c000_0201, 0, true},
	{"255.255.255.255", 0xffff_ffff_ffff, 0, true},
	{"192.0.2.1:443", 0xffff_c000_0201, 0, true},
	{"192.0.2.1:0", 0xffff_c000_0201, 0, true},
	{"192.0.2.1:65535", 0xffff_c000_0201, 0, true},
	{"::ffff:192.0.2.1", 0xffff_c000_0201, 0, true},
	{"::FFFF:c000:201", 0xffff_c000_0201, 0, true},
	{"0:0:0:0:0:ffff:192.0.2.1", 0xffff_c000_0201, 0, true},
	{"::ffff:192.0.2.1%eth0", 0xffff_c000_0201, 0, true},
	{"[::ffff:192.0.2.1]:80", 0xffff_c000_0201, 0, true},
	{"2001:db8::1", 0x2001_0db8_0000_0000, 1, true},
	{"2001:DB8:1:2:3:4:5:6", 0x2001_0db8_0001_0002, 0x0003_0004_0005_0006, true},
	{"2001:0db8:0000:0000:0000:0000:0000:0001", 0x2001_0db8_0000_0000, 1, true},
	{"2001:db8:1:2:3:4:192.0.2.1", 0x2001_0db8_0001_0002, 0x0003_0004_c000_0201, true},
	{"1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000, true},
	{"::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008, true},
	{"1::8", 0x0001_0000_0000_0000, 8, true},
	{"fe80::1%eth0", 0xfe80_0000_0000_0000, 1, true},
	{"fe80::1%25:x]", 0xfe80_0000_0000_0000, 1, true},
	{"[2001:db8::1]:443", 0x2001_0db8_0000_0000, 1, true},
	{"[fe80::1%eth0]:443", 0xfe80_0000_0000_0000, 1, true},
	{"64:ff9b::192.0.2.1", 0x0064_ff9b_0000_0000, 0xc000_0201, true},
	{"::", 0, 0, true},
	{"::1", 0, 1, true},
	{"::192.0.2.1", 0, 0xc000_0201, true},

	{"", 0, 0, false},
	{"1", 0, 0, false},
	{"1.2.3", 0, 0, false},
	{"1.2.3.", 0, 0, false},
	{"1.2.3.4.", 0, 0, false},
	{".1.2.3.4", 0, 0, false},
	{"1..2.3", 0, 0, false},
	{"1.2..3.4", 0, 0, false},
	{"1.2.3.4.5", 0, 0, false},
	{"11.22.33.44.5", 0, 0, false},
	{"1.2.3.4.5.6.7.8", 0, 0, false},
	{"111.222.33", 0, 0, false},
	{"01.2.3.4", 0, 0, false},
	{"1.2.3.04", 0, 0, false},
	{"1.00.3.4", 0, 0, false},
	{"1.2.003.4", 0, 0, false},
	{"256.2.3.4", 0, 0, false},
	{"1.2.3.256", 0, 0, false},
	{"1.2.300.4", 0, 0, false},
	{"1.999.3.4", 0, 0, false},
	{"1234.1.1.1", 0, 0, false},
	{"1.1.1.1234", 0, 0, false},
	{"1.1.12345.1", 0, 0, false},
	{"1.2.3.a", 0, 0, false},
	{"1.2.3.4 ", 0, 0, false},
	{" 1.2.3.4", 0, 0, false},
	{"1.2.3.-4", 0, 0, false},
	{"1\xaf2.3.4", 0, 0, false},
	{"1.2.3.\xb4", 0, 0, false},
	{"1.2.3.4\x00", 0, 0, false},
	{"1.2.3.4%eth0", 0, 0, false},
	{"1.2.3.4:", 0, 0, false},
	{"1.2.3.4:65536", 0, 0, false},
	{"1.2.3.4:000080", 0, 0, false},
	{"1.2.3.4:+80", 0, 0, false},
	{"1.2.3.4:80:80", 0, 0, false},
	{"1.2.3.4/24", 0, 0, false},
	{"[1.2.3.4]:80", 0, 0, false},
	{"[1.2.3.4]", 0, 0, false},
	{"[2001:db8::1]", 0, 0, false},
	{"[2001:db8::1", 0, 0, false},
	{"[]:80", 0, 0, false},
	{"[:80", 0, 0, false},
	{"2001:db8::1]:443", 0, 0, false},
	{":", 0, 0, false},
	{":::", 0, 0, false},
	{"1:::2", 0, 0, false},
	{"1::2::3", 0, 0, false},
	{":1:2:3:4:5:6:7:8", 0, 0, false},
	{"1:2:3:4:5:6:7:8:", 0, 0, false},
	{"1:2:3:4:5:6:7", 0, 0, false},
	{"1:2:3:4:5:6:7:8:9", 0, 0, false},
	{"1:2:3:4::5:6:7:8", 0, 0, false},
	{"1:2:3:4:5:6:7:8::", 0, 0, false},
	{"12345::", 0, 0, false},
	{"00001::", 0, 0, false},
	{"g::", 0, 0, false},
	{"1:2:3:4:5:6:7:1.2.3.4", 0, 0, false},
	{"::1.2.3.4:5", 0, 0, false},
	{"::1.2.3.04", 0, 0, false},
	{"::1.2.3", 0, 0, false},
	{"::1%", 0, 0, false},
	{"::1%\n", 0, 0, false},
	{"::1%a\x00", 0, 0, false},
	{"%eth0", 0, 0, false},
	{"0:ffff::1", 0, 0, false},                          // would look like IPv4
	{"0:ffff:c000:201::", 0, 0, false},                  // would look like 192.0.2.1
	{"::ffff:0:0:192.0.2.1", 0xffff, 0xc000_0201, true}, // "translated", not mapped
}

func TestTryAddr(t *testing.T) {
	for _, c := range addrTexts {
		a, low, ok := TryAddr([]byte(c.in))
		if a != c.a || low != c.low || ok != c.ok {
			t.Errorf("TryAddr(%q) = %#x, %#x, %t, want %#x, %#x, %t", c.in, a, low, ok, c.a, c.low, c.ok)
		}
		checkAddr(t, []byte(c.in))
	}
}

// Every octet in every place, next to octets of every length.
func TestTryAddrEveryOctet(t *testing.T) {
	lengths := []string{"7", "42", "199"}
	for i := range 81 {
		parts := []string{lengths[i%3], lengths[i/3%3], lengths[i/9%3], lengths[i/27]}
		for place := range parts {
			kept := parts[place]
			for n := range 1100 {
				parts[place] = fmt.Sprint(n)
				checkAddr(t, []byte(strings.Join(parts, ".")))
			}
			for _, odd := range []string{"", "0", "00", "000", "01", "001", "099", "0000", "2a", "25:", "/9", "a"} {
				parts[place] = odd
				checkAddr(t, []byte(strings.Join(parts, ".")))
			}
			parts[place] = kept
		}
	}
}

// Every string of dots and one digit that is as long as an address.
func TestTryAddrEveryLayout(t *testing.T) {
	for n := minIPv4 - 1; n <= maxIPv4+1; n++ {
		text := make([]byte, n)
		for set := range 1 << n {
			for i := range text {
				text[i] = "1."[set>>i&1]
			}
			checkAddr(t, text)
		}
	}
}

func TestTryAddrOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const letters = "0123456789abcdefABCDEF.:.:.:%[]g \x80\xae"
	for range 200_000 {
		var raw [16]byte
		for i := range raw {
			if rng.IntN(3) > 0 {
				raw[i] = byte(rng.Uint32() >> rng.IntN(8))
			}
		}
		text := netip.AddrFrom16(raw).String()
		switch rng.IntN(5) {
		case 0:
			text = netip.AddrFrom4([4]byte(raw[:4])).String()
		case 1:
			text = netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[:4])), uint16(rng.Uint32())).String()
		case 2:
			text = netip.AddrPortFrom(netip.AddrFrom16(raw), uint16(rng.Uint32())).String()
		case 3:
			text = netip.AddrFrom16(raw).StringExpanded()
		}
		b := []byte(text)
		checkAddr(t, b)
		for range rng.IntN(4) {
			b[rng.IntN(len(b))] = letters[rng.IntN(len(letters))]
			checkAddr(t, b)
		}
		checkAddr(t, b[:rng.IntN(len(b)+1)])
	}
}

func checkAddr(t *testing.T, text []byte) {
	t.Helper()
	a, low, ok := TryAddr(text)
	wantA, wantLow, wantOK := oracleAddr(string(text))
	if a != wantA || low != wantLow || ok != wantOK {
		t.Errorf("TryAddr(%q) = %#x, %#x, %t, want %#x, %#x, %t", text, a, low, ok, wantA, wantLow, wantOK)
	}
}

// parseAddr is netip.ParseAddr without zones that hold control characters.
func parseAddr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err == nil && !plainZone(a) {
		err = errors.New("a control character in the zone")
	}
	return a, err
}

func plainZone(a netip.Addr) bool { return strings.IndexFunc(a.Zone(), unicode.IsControl) < 0 }

// oracleAddr is TryAddr by net/netip. Three texts that netip reads are refused: a
// port of more than five digits, what would look like IPv4, and a zone with control
// characters.
func oracleAddr(s string) (a event.Addr, low uint64, ok bool) {
	parsed, err := parseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil || !plainZone(ap.Addr()) || len(s)-strings.LastIndexByte(s, ':') > len(":65535") {
			return 0, 0, false
		}
		parsed = ap.Addr()
	}
	parsed = parsed.Unmap()
	a = fromNetip(parsed)
	if parsed.Is4() {
		return a, 0, true
	}
	if a.Is4() {
		return 0, 0, false
	}
	for _, c := range parsed.AsSlice()[8:] {
		low = low<<8 | uint64(c)
	}
	return a, low, true
}
