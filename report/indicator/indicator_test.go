package indicator

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/watch"
)

var update = flag.Bool("update", false, "write the expected files")

func at(text string) int64 {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UnixMicro()
}

func TestConfidence(t *testing.T) {
	for _, c := range []struct {
		score, attacked, honest int64
		want                    int
	}{
		{0, 1, 0, 50}, {100, 1, 0, 90}, {200, 5, 0, 99}, {199, 5, 0, 98}, {900, 5, 0, 99}, {1 << 40, 5, 0, 99}, {-100, 5, 0, 9}, {-1 << 40, 5, 0, 0},
		{300, 11, 544, 1}, {300, 2682, 3, 98}, {300, 1, 1, 49}, {300, 0, 0, 99}, {300, 0, 1, 49}, {300, 1, 1<<63 - 1, 0}, {300, 1<<63 - 1, 1, 99}, {300, 1<<62 + 5, 1<<62 + 5, 49}, {300, 5, -1, 99},
	} {
		if got := Confidence(c.score, c.attacked, c.honest); got != c.want {
			t.Errorf("score %d, %d and %d: %d, want %d", c.score, c.attacked, c.honest, got, c.want)
		}
	}
}

func TestPublic(t *testing.T) {
	for value, want := range map[string]bool{"192.0.2.1": true, "240.0.0.9": true, "10.1.2.3": false, "172.31.0.0/24": false, "192.168.7.7": false, "127.0.0.1": false,
		"169.254.1.1": false, "100.64.0.1": false, "100.128.0.1": true, "224.0.0.1": false, "0.0.0.0": false, "::1": false, "fe80::1": false, "fd00::1": false,
		"2001:db8::1": true, "::ffff:10.0.0.1": false, "10.0.0.1:443": false, "nonsense": true} {
		for _, kind := range []string{watch.IP, watch.Network} {
			if got := Public(kind, value); got != want {
				t.Errorf("%s %s is public: %v", kind, value, got)
			}
		}
	}
	if !Public(watch.Device, "10.0.0.1") {
		t.Error("a device has no network")
	}
}

func TestValidUntil(t *testing.T) {
	const last = int64(1)
	for _, c := range []struct {
		kind, role string
		days       int64
	}{{watch.IP, Tester, 14}, {watch.IP, Executor, 7}, {watch.Network, Tester, 30}, {watch.Agent, Tester, 30}, {watch.ASN, Tester, 30}, {watch.Device, Executor, 90}, {Store, Executor, 30}} {
		if got := ValidUntil(c.kind, c.role, last); got != last+c.days*24*3600*1_000_000 {
			t.Errorf("%s of a %s: %d", c.kind, c.role, got)
		}
	}
}

// TestAggregate tests that networks are put together without an address gained or
// lost, and that nothing can be put together further.
func TestAggregate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var list []netip.Prefix
		named := map[netip.Addr]bool{}
		for range r.IntN(40) {
			a := netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(64))})
			if r.IntN(5) == 0 {
				a = netip.AddrFrom16([16]byte{0x20, 1, 13: 0, 15: byte(r.IntN(64))})
			}
			p, _ := a.Prefix(a.BitLen() - r.IntN(4)*r.IntN(2))
			list = append(list, p)
			for b := p.Addr(); p.Contains(b); b = b.Next() {
				named[b] = true
			}
		}
		got := aggregate(slices.Clone(list))
		seen := map[netip.Addr]bool{}
		for i, p := range got {
			if i > 0 && p.Overlaps(got[i-1]) || i > 0 && p.Addr().Compare(got[i-1].Addr()) <= 0 {
				t.Fatalf("%v of %v", got, list)
			}
			for b := p.Addr(); p.Contains(b); b = b.Next() {
				if !named[b] || seen[b] {
					t.Fatalf("%s is not of %v", b, list)
				}
				seen[b] = true
			}
			if half, err := p.Addr().Prefix(p.Bits() - 1); err == nil && i > 0 && got[i-1].Bits() == p.Bits() && half.Contains(got[i-1].Addr()) {
				t.Fatalf("%s and %s are one", got[i-1], p)
			}
		}
		if len(seen) != len(named) {
			t.Fatalf("%d addresses of %d: %v of %v", len(seen), len(named), got, list)
		}
	}
	whole := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"), netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1")}
	if got := aggregate(whole); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// hostile are indicators as attackers write them, and what must become of them.
func hostile() []Indicator {
	one := Indicator{Role: Tester, Confidence: 99, First: at("2019-07-03T10:00:00Z"), Last: at("2019-07-03T12:00:00Z"), Tried: 900, Entered: 8, Attempts: 1000, Sharing: Alone}
	make := func(kind, value string, change func(*Indicator)) Indicator {
		i := one
		i.Kind, i.Value = kind, value
		if change != nil {
			change(&i)
		}
		i.Until = ValidUntil(i.Kind, i.Role, i.Last)
		return i
	}
	return []Indicator{
		make(watch.IP, "192.0.2.7", nil),
		make(watch.IP, "192.0.2.6", nil),
		make(watch.IP, "::ffff:192.0.2.6", nil),
		make(watch.IP, "198.51.100.9:443", nil),
		make(watch.IP, "2001:db8::7", nil),
		make(watch.Network, "203.0.113.0/24", nil),
		make(watch.Network, "198.51.100.0/24", func(i *Indicator) { i.Narrow = true }),
		make(watch.IP, "203.0.113.9", nil),
		make(watch.IP, "203.0.114.9", func(i *Indicator) { i.Sharing, i.Honest, i.Confidence = Shared, 544, 61 }),
		make(watch.IP, "203.0.114.10", func(i *Indicator) { i.Sharing = NotKnown }),
		make(watch.IP, "10.0.0.1", func(i *Indicator) { i.Sharing = Shared }),
		make(watch.IP, "203.0.114.11", func(i *Indicator) { i.Confidence = 89 }),
		make(watch.IP, "203.0.114.12", func(i *Indicator) { i.Role = Executor }),
		make(watch.IP, "192.0.2.1\n0.0.0.0/0", nil),
		make(watch.IP, "0.0.0.0/0 # x", nil),
		make(watch.Agent, `it's a \ "quote'] OR [domain-name:value = 'x`, nil),
		make(watch.Agent, "line\r\nbreak </script>", nil),
		make(watch.Agent, "broken \xff", nil),
		make(watch.ASN, "AS64500", nil),
		make(watch.ASN, "64500] OR [ipv4-addr:value = '1.2.3.4'", nil),
		make(watch.Device, "thief's phone", func(i *Indicator) { i.Role = Executor }),
		make(watch.Device, "owner's phone", func(i *Indicator) { i.Sharing, i.Honest = Shared, 1 }),
		make(watch.Device, "perhaps a thief's", func(i *Indicator) { i.Confidence = 98 }),
		make(watch.Device, "of an older case", func(i *Indicator) { i.Sharing = NotKnown }),
		make(Store, "S1", func(i *Indicator) { i.Sharing = Shared }),
	}
}

func TestBlocklist(t *testing.T) {
	for _, c := range []struct {
		name  string
		terms Terms
		want  string
		out   LeftOut
	}{
		{"by default", Terms{Least: 90, AsOf: at("2019-07-11T00:00:00Z")}, `# addresses and networks of an attack on accounts, confidence 90 and more
# valid at 2019-07-11T00:00:00Z; draw it up anew, for addresses pass to honest people
# shared, left out: 203.0.114.9 (544 honest accounts; the attack tried 900)
# shared, left out: 203.0.114.10 (0 honest accounts; the attack tried 900)
# no longer valid, left out: 203.0.114.12 (until 2019-07-10T12:00:00.000Z)
192.0.2.6/31
198.51.100.9
203.0.113.0/24
2001:db8::/64
`, LeftOut{Shared: 3, Unsure: 1, Outdated: 1, Narrow: 1, Other: 2}},
		{"all", Terms{Shared: true}, `# addresses and networks of an attack on accounts, confidence 0 and more
192.0.2.6/31
198.51.100.9
203.0.113.0/24
203.0.114.9
203.0.114.10/31
203.0.114.12
2001:db8::/64
`, LeftOut{Shared: 1, Narrow: 1, Other: 2}},
	} {
		var b bytes.Buffer
		n, out, err := WriteBlocklist(&b, hostile(), c.terms)
		if err != nil || out != c.out {
			t.Errorf("%s: %+v, %v", c.name, out, err)
		}
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		entries := 0
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
				entries++
				if _, ok := watch.Prefix(line); !ok {
					t.Errorf("%s: line %q", c.name, line)
				}
			}
		}
		if entries != n {
			t.Errorf("%s: %d entries, said %d", c.name, entries, n)
		}
	}
	if _, _, err := WriteBlocklist(failing{}, hostile(), Terms{}); err == nil {
		t.Error("a full disk is no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func bundle() *Bundle {
	return &Bundle{Producer: `Example "Pay"`, TLP: "amber", Made: at("2019-07-04T00:00:00Z"), First: at("2019-07-03T10:00:00Z"), Last: at("2019-07-03T18:00:00Z"),
		Vectors: []string{"list_type", "list_type_distributed", "undetermined", "what comes later"}, Accounts: 8}
}

// TestSTIX compares a bundle with the one that is kept.
func TestSTIX(t *testing.T) {
	list := hostile()
	small := []Indicator{list[0], list[5], list[15]}
	var b bytes.Buffer
	if n, out, err := WriteSTIX(&b, small, bundle(), Terms{}); err != nil || n != 3 || out != (LeftOut{}) {
		t.Fatalf("%d, %+v, %v", n, out, err)
	}
	path := filepath.Join("testdata", "bundle.json")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestSTIXHolds tests what the standard asks of every object, that no device of a
// victim is in a bundle, and that ids do not depend on the order of indicators.
func TestSTIXHolds(t *testing.T) {
	list := hostile()
	var b bytes.Buffer
	n, out, err := WriteSTIX(&b, list, bundle(), Terms{Least: 50})
	if err != nil || n != 12 || out != (LeftOut{Shared: 3, Devices: 3, Narrow: 1, Other: 5}) {
		t.Errorf("%d, %+v, %v", n, out, err)
	}
	if strings.Contains(b.String(), "owner") || strings.Contains(b.String(), "perhaps") || strings.Contains(b.String(), "older") {
		t.Error("a device that may be a victim's is in it")
	}
	objects := parse(t, b.Bytes())
	ids := map[string]bool{}
	for _, o := range objects {
		ids[o["id"].(string)] = true
	}
	if len(ids) != len(objects) {
		t.Errorf("%d ids of %d objects", len(ids), len(objects))
	}
	for _, o := range objects {
		for key, v := range o {
			if strings.HasSuffix(key, "_ref") && !ids[v.(string)] {
				t.Errorf("%s refers to %s, which is not there", o["id"], v)
			}
		}
		from, until := o["valid_from"], o["valid_until"]
		if from != nil && from.(string) >= until.(string) || o["modified"] != nil && o["modified"].(string) < o["created"].(string) {
			t.Errorf("%v", o)
		}
	}
	slices.Reverse(list)
	b.Reset()
	if _, _, err := WriteSTIX(&b, list, bundle(), Terms{Least: 50}); err != nil {
		t.Fatal(err)
	}
	for _, o := range parse(t, b.Bytes()) {
		if !ids[o["id"].(string)] {
			t.Errorf("%s was not there before", o["id"])
		}
	}
}

func parse(t testing.TB, data []byte) []map[string]any {
	t.Helper()
	var b struct{ Objects []map[string]any }
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	return b.Objects
}

func TestPattern(t *testing.T) {
	for _, c := range []struct{ kind, value, want string }{
		{watch.IP, "192.0.2.1", "[ipv4-addr:value = '192.0.2.1']"},
		{watch.IP, "[2001:db8::1]:443", "[ipv6-addr:value = '2001:db8::1']"},
		{watch.Network, "192.0.2.0/24", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']"},
		{watch.Agent, `a'b\c`, `[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'a\'b\\c']`},
		{watch.ASN, "as64500", "[autonomous-system:number = 64500]"},
		{watch.Device, "d", "[x-paytriage-device:value = 'd']"},
		{watch.IP, "x", ""}, {watch.ASN, "AS", ""}, {watch.ASN, "1 OR 2", ""}, {watch.Agent, "", ""}, {watch.Device, "\xff", ""}, {Store, "S1", ""}, {"account", "a", ""},
	} {
		if got := Pattern(c.kind, c.value); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.value, got, c.want)
		}
	}
}

// TestUUID5 holds ids against the example of RFC 9562.
func TestUUID5(t *testing.T) {
	dns := [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	want := [16]byte{0x2e, 0xd6, 0x65, 0x7d, 0xe9, 0x27, 0x56, 0x8b, 0x95, 0xe1, 0x26, 0x65, 0xa8, 0xae, 0xa6, 0xa2}
	if got := uuid5(dns, "www.example.com"); got != want {
		t.Errorf("%x, want %x", got, want)
	}
	if idOf("x", "a", "b") == idOf("x", "a|1:b") || idOf("x", "ab", "") == idOf("x", "a", "b") {
		t.Error("two lists of parts have one id")
	}
}

// TestValidator lets the validator of the standard's authors look at a bundle with
// hostile values, and their library at one of every marking.
func TestValidator(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here: bundles are not validated")
	}
	dir := t.TempDir()
	args := []string{"-c", validate}
	for n, tlp := range TLPs() {
		b, list := bundle(), hostile()
		b.TLP, b.Producer = tlp, "会社'\"\\"
		if n > 0 { // the validator needs a tenth of a second an object
			list = list[:1]
		}
		var out bytes.Buffer
		if _, _, err := WriteSTIX(&out, list, b, Terms{Shared: true}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, tlp+".json")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	text, err := exec.Command(python, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == noValidator {
		t.Skip("no stix2-validator here: bundles are not validated")
	}
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// noValidator is the exit code of validate where it cannot look.
const noValidator = 77

// validate fails where a bundle breaks a rule of STIX 2.1. That an id is a UUID of
// version 5 is a recommendation that is not followed on purpose: ids are made of
// what they name.
const validate = `
import sys, json
try:
    import stix2
    from stix2validator import validate_file, ValidationOptions
except ImportError:
    sys.exit(77)
bad = False
r = validate_file(sys.argv[1], ValidationOptions(version='2.1'))
for o in r.object_results:
    for e in o.errors or []:
        bad = True
        print(e)
for path in sys.argv[1:]:
    stix2.parse(json.load(open(path)), allow_custom=True)
bad = bad or not r.is_valid
sys.exit(bad)
`
