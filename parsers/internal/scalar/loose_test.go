package scalar

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
)

// looseTexts are addresses as logs write them, with what AppendAddr makes of
// them and the port; "" is not ok.
var looseTexts = []struct {
	in, want string
	port     uint16
}{
	{"192.0.2.1", "192.0.2.1", 0},
	{"2001:DB8:0:0::1", "2001:db8::1", 0},
	{" 192.0.2.1\t", "192.0.2.1", 0},
	{`"192.0.2.1"`, "192.0.2.1", 0},
	{`'2001:db8::1'`, "2001:db8::1", 0},
	{`"[2001:db8::1]:443"`, "2001:db8::1", 443},
	// Microsoft 365
	{"[192.0.2.1]:12345", "192.0.2.1", 12345},
	{"192.0.2.1:12345", "192.0.2.1", 12345},
	{"::ffff:192.0.2.1", "192.0.2.1", 0},
	{"[::ffff:192.0.2.1]:12345", "192.0.2.1", 12345},
	{"[2001:db8::abcd]:12345", "2001:db8::abcd", 12345},
	{"[2001:db8::abcd]", "2001:db8::abcd", 0},
	{"[192.0.2.1]", "192.0.2.1", 0},
	// Cisco Duo
	{"2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6:1234", "2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6", 1234},
	{"2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6#1234", "2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6", 1234},
	{"2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6p1234", "2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6", 1234},
	{"2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6 port 1234", "2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6", 1234},
	{"2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6.1234", "2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6", 1234},
	{"[2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6]:1234", "2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6", 1234},
	{"2001:db8::1p80", "2001:db8::1", 80},
	{"2001:db8::1#80", "2001:db8::1", 80},
	{"2001:db8::1.80", "2001:db8::1", 80},
	{"::1.80", "::1", 80},
	{"2001:db8::1:80", "2001:db8::1:80", 0}, // an address as it stands
	// others
	{"192.0.2.1,80", "192.0.2.1", 80},
	{"192.0.2.1 80", "192.0.2.1", 80},
	{"192.0.2.1 port 80", "192.0.2.1", 80},
	{"192.0.2.1#80", "192.0.2.1", 80}, // BIND
	{"192.0.2.1/32", "192.0.2.1", 0},
	{"2001:db8::1/128", "2001:db8::1", 0},
	{"::ffff:192.0.2.1/128", "192.0.2.1", 0},
	{"/192.0.2.1:443", "192.0.2.1", 443}, // Java
	{"/2001:db8:0:0:0:0:0:1%eth0", "2001:db8::1", 0},
	{"fe80::1%eth0", "fe80::1", 0},
	{"::1", "::1", 0},
	{"255.255.255.255:65535", "255.255.255.255", 65535},

	{"", "", 0},
	{"-", "", 0},
	{"null", "", 0},
	{"unknown", "", 0},
	{"0.0.0.0", "", 0},
	{"0.0.0.0:80", "", 0},
	{"::", "", 0},
	{"[::]:80", "", 0},
	{"::ffff:0.0.0.0", "", 0},
	{"localhost", "", 0},
	{"[localhost]:12345", "", 0},
	{"cool.client.local:12345", "", 0},
	{"ip-192-0-2-1.ec2.internal", "", 0},
	{"cloudformation.amazonaws.com", "", 0},
	{"NOTANIPV4 (10.9000.0.1)", "", 0},
	{"[CORRECTIPV4 (10.90.0.1)]", "", 0},
	{"192.0.2.1/24", "", 0},
	{"2001:db8::/64", "", 0},
	{"2001:db8::1/32", "", 0},
	{"192.0.2.1/128", "", 0},
	{"192.000.002.001", "", 0},
	{"192.0.2.1.80", "", 0},
	{"::192.0.2.1.80", "", 0},
	{"192.0.2.1p80", "", 0},
	{"192.0.2.1P80", "", 0},
	{"2001:db8::1P80", "", 0},
	{"192.0.2.1:", "", 0},
	{"192.0.2.1:65536", "", 0},
	{"192.0.2.1:000080", "", 0},
	{"192.0.2.1 :80", "", 0},
	{"192.0.2.1port 80", "", 0},
	{"2001:db8::1,80", "", 0},
	{"2001:db8::1 80", "", 0},
	{"1:2:3:4:5:6:7:8:", "", 0},
	{"1:2:3:4:5:6:7:8:65536", "", 0},
	{"1:2:3::5:6:7:8:9:80", "", 0},
	{"[2001:db8::1]#80", "", 0},
	{"[2001:db8::1", "", 0},
	{"[2001:db8::1] 80", "", 0},
	{"//192.0.2.1", "", 0},
	{`"192.0.2.1`, "", 0},
	{"0:ffff::1", "", 0}, // would look like IPv4 in an event.Addr
	{"3232235521", "", 0},
	{"0xc0000201", "", 0},
	{"192.0.2.1\x00", "", 0},
	{"１９２.0.2.1", "", 0},
}

func TestTryAddrLoose(t *testing.T) {
	for _, c := range looseTexts {
		got, ok := AppendAddr([]byte("x"), []byte(c.in))
		_, _, port, _ := TryAddrLoose([]byte(c.in))
		if string(got) != "x"+c.want || ok != (c.want != "") || port != c.port {
			t.Errorf("AppendAddr(%q) = %q, %t, port %d, want %q, %d", c.in, got, ok, port, c.want, c.port)
		}
		checkLoose(t, []byte(c.in))
	}
	// What TryAddr reads, it reads alike, but for what says that there is none.
	for _, c := range addrTexts {
		a, low, _, ok := TryAddrLoose([]byte(c.in))
		if c.ok && !unspecified(c.a, c.low) && (!ok || a != c.a || low != c.low) {
			t.Errorf("TryAddrLoose(%q) = %#x, %#x, %t, TryAddr says %#x, %#x", c.in, a, low, ok, c.a, c.low)
		}
		checkLoose(t, []byte(c.in))
	}
}

// checkAddrOrNone: what says that there is no address is none.
func checkAddrOrNone(t *testing.T, b []byte) {
	t.Helper()
	checkLoose(t, b)
	if _, ok := AppendAddr(nil, b); ok && (IsNoAddr(b) || IsHostName(b)) {
		t.Errorf("%q is an address and none", b)
	}
}

func checkLoose(t *testing.T, b []byte) {
	t.Helper()
	a, low, port, ok := TryAddrLoose(b)
	wantA, wantLow, wantPort, wantOK := oracleLoose(string(b))
	if a != wantA || low != wantLow || port != wantPort || ok != wantOK {
		t.Errorf("TryAddrLoose(%q) = %#x, %#x, %d, %t, want %#x, %#x, %d, %t", b, a, low, port, ok, wantA, wantLow, wantPort, wantOK)
	}
	if !ok {
		return
	}
	text := FormatAddr(nil, a, low)
	backA, backLow, backOK := TryAddr(text)
	if !backOK || backA != a || backLow != low {
		t.Errorf("%#x, %#x is written %q and read %#x, %#x, %t", a, low, text, backA, backLow, backOK)
	}
}

// The forms of TryAddrLoose with what stands for an address without port, the
// separator and the port.
var oracleLooseForms = []*regexp.Regexp{
	regexp.MustCompile(`^(?P<any>.*)$`),
	regexp.MustCompile(`^\[(?P<any>.*)\]$`),
	regexp.MustCompile(`^\[(?P<any>.*)\]:(\d{1,5})$`),
	regexp.MustCompile(`^(?P<four>.*)/32$`),
	regexp.MustCompile(`^(?P<six>.*)/128$`),
	regexp.MustCompile(`^(?P<four>.*?)(?:[:, #]| port )(\d{1,5})$`),
	regexp.MustCompile(`^(?P<six>.*?)(?:[#p]| port )(\d{1,5})$`),
	regexp.MustCompile(`^(?P<six>[^.]*)\.(\d{1,5})$`),
	regexp.MustCompile(`^(?P<six>(?:[^:]+:){7}[^:]+):(\d{1,5})$`),
}

func oracleLoose(s string) (a event.Addr, low uint64, port uint16, ok bool) {
	if len(s) > maxAddrText {
		return 0, 0, 0, false
	}
	s = strings.Trim(s, " \t")
	if n := len(s); n > 1 && strings.ContainsRune(`"'`, rune(s[0])) && s[0] == s[n-1] {
		s = strings.Trim(s[1:n-1], " \t")
	}
	if len(s) > 1 {
		s = strings.TrimPrefix(s, "/")
	}
	for _, form := range oracleLooseForms {
		m := form.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		parsed, err := parseAddr(m[1])
		kind := form.SubexpNames()[1]
		if err != nil || kind == "four" && !parsed.Is4() || kind == "six" && parsed.Is4() {
			continue
		}
		number := 0
		if len(m) > 2 {
			number, _ = strconv.Atoi(m[2])
		}
		parsed = parsed.Unmap().WithZone("")
		a, low, ok = oracleAddr(parsed.String())
		if !ok || parsed.IsUnspecified() || number > maxPort {
			return 0, 0, 0, false
		}
		return a, low, uint16(number), true
	}
	return 0, 0, 0, false
}

func TestIsNoAddr(t *testing.T) {
	for _, s := range []string{"", "-", "null", "None", "unknown", "Unknown", "_hidden", "0.0.0.0", "::", "0:0:0:0:0:0:0:0",
		"::ffff:0.0.0.0", "AWS Internal", `"-"`, " - ", "N/A"} {
		if !IsNoAddr([]byte(s)) {
			t.Errorf("%q is not said to be none", s)
		}
	}
	for _, s := range []string{"192.0.2.1", "::1", "localhost", "x", "unknown.example", "0.0.0.0.0", strings.Repeat("-", 300)} {
		if IsNoAddr([]byte(s)) {
			t.Errorf("%q is said to be none", s)
		}
	}
}

func TestIsHostName(t *testing.T) {
	for _, s := range []string{"localhost", "[localhost]:12345", "localhost:12345", "cool.client.local", "[cool.client.local]:12345",
		"cool.client.local:12345", "cloudformation.amazonaws.com", "ip-192-0-2-1.ec2.internal", "host_1.example.", "1.2.3.a"} {
		if !IsHostName([]byte(s)) {
			t.Errorf("%q is not a host name", s)
		}
	}
	for _, s := range []string{"", ".", "192.0.2.1", "192.0.2.999", "192.0.2", "fe80:1234", "cafe:80", "2001:db8::1", "a..b", ".a", "a b",
		"a:", "a:b", "a:65536", "-", "AWS Internal", "é.example", "http://a.example", "a@b", strings.Repeat("a.", 200) + "a",
		strings.Repeat("a", 64), "a." + strings.Repeat("a", 64), strings.Repeat("a", 64) + ".a"} {
		if IsHostName([]byte(s)) {
			t.Errorf("%q is a host name", s)
		}
	}
}

func BenchmarkTryAddrLoose(b *testing.B) {
	for _, suffix := range []string{"", ":443", " port 443"} {
		texts := make([][]byte, many)
		var want int64
		for i := range texts {
			v4 := uint32(i)*2_654_435_761 | 1
			a := netip.AddrFrom4([4]byte{byte(v4 >> 24), byte(v4 >> 16), byte(v4 >> 8), byte(v4)})
			texts[i] = []byte(a.String() + suffix)
			want += int64(event.AddrFrom4(v4))
		}
		b.Run("form=v4"+suffix+"/reader=TryAddrLoose", func(b *testing.B) {
			benchTexts(b, texts, want, func(t []byte) int64 {
				a, _, _, ok := TryAddrLoose(t)
				if !ok {
					b.Fatalf("%q is not ok", t)
				}
				return int64(a)
			})
		})
		b.Run("form=v4"+suffix+"/reader=netip", func(b *testing.B) {
			benchTexts(b, texts, want, func(t []byte) int64 {
				a, err := netip.ParseAddr(string(t[:len(t)-len(suffix)])) // told where the address ends
				if err != nil {
					b.Fatal(err)
				}
				return int64(fromNetip(a))
			})
		})
	}
}
