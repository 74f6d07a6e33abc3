package scalar

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
)

// forwardedTexts are lists with what each Pick takes from them, in the order of
// the constants; "" is not ok.
var forwardedTexts = []struct {
	in                                   string
	lastPublic, last, firstPublic, first string
}{
	{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
	{"192.0.2.1, 198.51.100.7", "198.51.100.7", "198.51.100.7", "192.0.2.1", "192.0.2.1"},
	{"192.0.2.1,10.0.0.1", "192.0.2.1", "10.0.0.1", "192.0.2.1", "192.0.2.1"},
	{"10.1.1.1, 192.0.2.1, 10.0.0.1", "192.0.2.1", "10.0.0.1", "192.0.2.1", "10.1.1.1"},
	{"203.0.113.9, 192.0.2.1, 10.0.0.1, 10.0.0.2", "192.0.2.1", "10.0.0.2", "203.0.113.9", "203.0.113.9"}, // the first is forged
	{"10.1.1.1, 10.0.0.1", "10.1.1.1", "10.0.0.1", "10.1.1.1", "10.1.1.1"},
	{"192.0.2.1:443, [2001:db8::1]:80", "2001:db8::1", "2001:db8::1", "192.0.2.1", "192.0.2.1"},
	{"unknown, 192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
	{"' OR 1=1 --, 192.0.2.1, 10.0.0.1", "192.0.2.1", "10.0.0.1", "192.0.2.1", "192.0.2.1"},
	{"192.0.2.1, junk, 10.0.0.1", "10.0.0.1", "10.0.0.1", "192.0.2.1", "192.0.2.1"}, // 192.0.2.1 stands behind junk
	{"192.0.2.1, unknown", "", "", "192.0.2.1", "192.0.2.1"},
	{"192.0.2.1, ", "", "", "192.0.2.1", "192.0.2.1"},
	{", 192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
	{"192.0.2.1,80", "", "", "192.0.2.1", "192.0.2.1"},
	{"::1, fe80::1", "::1", "fe80::1", "::1", "::1"},
	{"", "", "", "", ""},
	{"-", "", "", "", ""},
	{"0.0.0.0", "", "", "", ""},
	{",,,", "", "", "", ""},
}

func TestTryForwarded(t *testing.T) {
	for _, c := range forwardedTexts {
		for pick, want := range []string{c.lastPublic, c.last, c.firstPublic, c.first} {
			a, low, ok := TryForwarded([]byte(c.in), Pick(pick))
			got := ""
			if ok {
				got = string(FormatAddr(nil, a, low))
			}
			if got != want {
				t.Errorf("TryForwarded(%q, %d) = %q, want %q", c.in, pick, got, want)
			}
			checkForwarded(t, []byte(c.in), Pick(pick))
		}
	}
	if _, _, ok := TryForwarded([]byte("192.0.2.1"+strings.Repeat(",10.0.0.1", 1000)), PickFirst); ok {
		t.Error("a list of 9 KB is read")
	}
}

// checkForwarded compares with a slower way that makes the list first.
func checkForwarded(t *testing.T, b []byte, pick Pick) {
	t.Helper()
	type addr struct {
		a   event.Addr
		low uint64
		ok  bool
	}
	var all []addr
	if len(b) <= maxForwarded {
		for element := range strings.SplitSeq(string(b), ",") {
			a, low, _, ok := TryAddrLoose([]byte(element))
			all = append(all, addr{a, low, ok})
		}
	}
	var want addr
	if pick == PickFirst || pick == PickFirstPublic {
		for _, x := range all {
			if x.ok && (!want.ok || pick == PickFirstPublic && !IsPublic(want.a, want.low) && IsPublic(x.a, x.low)) {
				want = x
			}
		}
	} else {
		for i := len(all) - 1; i >= 0 && all[i].ok; i-- {
			want = all[i]
			if pick == PickLast || IsPublic(want.a, want.low) {
				break
			}
		}
	}
	a, low, ok := TryForwarded(b, pick)
	if got := (addr{a, low, ok}); got != want {
		t.Errorf("TryForwarded(%q, %d) = %+v, want %+v", b, pick, got, want)
	}
}

// privateNets are the networks that are not public beside those that netip
// knows.
var privateNets = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/64"),
}

func TestIsPublic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	heads := []byte{0, 10, 100, 127, 169, 172, 192, 198, 224, 240, 255, 0xfc, 0xfd, 0xfe, 0xff, 0x20}
	private := 0
	for range 200_000 {
		var raw [16]byte
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		raw[0] = heads[rng.IntN(len(heads))]
		if rng.IntN(4) == 0 {
			clear(raw[:8])
		}
		x := netip.AddrFrom16(raw)
		if rng.IntN(2) == 0 {
			x = netip.AddrFrom4([4]byte(raw[:4]))
		}
		want := !x.IsPrivate() && !x.IsLoopback() && !x.IsLinkLocalUnicast() && !x.IsMulticast()
		for _, net := range privateNets {
			want = want && !net.Contains(x)
		}
		a, low, ok := TryAddr([]byte(x.String()))
		if !ok {
			t.Fatal(x)
		}
		if got := IsPublic(a, low); got != want {
			t.Fatalf("IsPublic(%s) = %t", x, got)
		}
		private += b2i(!want)
	}
	if private < 20_000 {
		t.Errorf("only %d addresses were private", private)
	}
}
