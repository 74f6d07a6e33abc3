package parsers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
)

// knownBadCases are lists, and what is read of them. They seed the fuzz test.
var knownBadCases = []struct {
	name, text             string
	want                   []event.Indicator
	read, passed, rejected int64
	problem                string // in the error
}{
	{name: "plain", text: "# list\n192.0.2.1\n 198.51.100.0/24 ; why\r\n\n2001:db8::1\nAS64500 # hoster\n::ffff:192.0.2.9",
		want: []event.Indicator{{Kind: "ip", Value: "192.0.2.1"}, {Kind: "ip", Value: "198.51.100.0/24"}, {Kind: "ip", Value: "2001:db8::1"}, {Kind: "asn", Value: "AS64500"}, {Kind: "ip", Value: "::ffff:192.0.2.9"}}, read: 5},
	{name: "plain, not all of it", text: "192.0.2.1\nevil.example\n0.0.0.0/0\n::/0\n0.0.0.0\nAS0\n192.0.2.1 192.0.2.2\n::ffff:192.0.2.0/120\n",
		want: []event.Indicator{{Kind: "ip", Value: "192.0.2.1"}}, read: 8, rejected: 7},
	{name: "our CSV", text: "\ufeffkind,value,role,valid_until\nip,192.0.2.1,tester,2019-07-10T00:00:00.000000Z\nuser_agent,\"'=cmd|' /C calc, 1\",tester,\ndevice,'plain,executor,\nstore,S1,executor,\naccount,victim,,\nasn,64500,,\n",
		want: []event.Indicator{{Kind: "ip", Value: "192.0.2.1", Until: time.Date(2019, 7, 10, 0, 0, 0, 0, time.UTC).UnixMicro()},
			{Kind: "user_agent", Value: "=cmd|' /C calc, 1"}, {Kind: "device", Value: "'plain"}, {Kind: "asn", Value: "64500"}}, read: 6, passed: 2},
	{name: "CSV with bad rows", text: "value,kind,valid_until\n192.0.2.1,ip,soon\n,device,\nx\nnobody,ip,\n192.0.2.2,ip\n",
		want: []event.Indicator{{Kind: "ip", Value: "192.0.2.2"}}, read: 5, rejected: 4},
	{name: "bundle", text: `{"type":"bundle","id":"bundle--1","objects":[{"type":"identity","name":"x"},
		{"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.1']","pattern_type":"stix","valid_until":"2019-07-10T00:00:00Z"},
		{"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.2'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.3']","pattern_type":"stix"},
		{"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.4']","pattern_type":"stix","revoked":true},
		{"type":"indicator","pattern":"alert tcp any","pattern_type":"snort"},
		{"type":"indicator","pattern":"[ipv4-addr:value = 'x']","pattern_type":"stix"},
		{"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.5']","pattern_type":"stix","valid_until":"then"},
		{"type":"indicator","pattern":[1]}, 7],"spec_version":"2.1"}`,
		want: []event.Indicator{{Kind: "ip", Value: "192.0.2.1", Until: time.Date(2019, 7, 10, 0, 0, 0, 0, time.UTC).UnixMicro()}}, read: 8, passed: 3, rejected: 4},
	{name: "empty", text: " \n", problem: "is empty"},
	{name: "no bundle", text: `{"a":1}`, problem: "no bundle of STIX"},
	{name: "cut off", text: `{"objects":[{"type":"indicator"`, problem: "EOF"},
	{name: "objects that are none", text: `{"objects":7}`, problem: "no list"},
	{name: "a quote that never ends", text: "kind,value\nip,\"192", problem: "line"},
	{name: "an endless line", text: strings.Repeat("1", maxPlainLine+1), problem: "line 1 has more than"},
}

func TestReadKnownBad(t *testing.T) {
	for _, c := range knownBadCases {
		k, err := ReadKnownBad(strings.NewReader(c.text))
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v, want %s", c.name, err, c.problem)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, k.Indicators); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if k.Read != c.read || k.Passed != c.passed || k.Rejected != c.rejected || int64(len(k.Bad)) != c.rejected {
			t.Errorf("%s: %d read, %d passed, %d rejected, %+v", c.name, k.Read, k.Passed, k.Rejected, k.Bad)
		}
	}
}

// TestReadKnownBadBounds tests that a list is a list, and no log.
func TestReadKnownBadBounds(t *testing.T) {
	var b strings.Builder
	for i := range maxIndicators + 1 {
		fmt.Fprintf(&b, "%d.%d.%d.1\n", 1+i>>16, i>>8&255, i&255)
	}
	if _, err := ReadKnownBad(strings.NewReader(b.String())); err == nil || !strings.Contains(err.Error(), "entries") {
		t.Errorf("%v", err)
	}
}

// patternCases are patterns, and what they name; they seed the fuzz test.
var patternCases = []struct {
	pattern string
	want    []event.Indicator
	simple  bool
}{
	{"[ipv4-addr:value = '192.0.2.1']", []event.Indicator{{Kind: "ip", Value: "192.0.2.1"}}, true},
	{" [ ipv6-addr:value ISSUBSET '2001:db8::/32' ] ", []event.Indicator{{Kind: "ip", Value: "2001:db8::/32"}}, true},
	{"[ipv4-addr:value IN ('192.0.2.1','192.0.2.2')]", []event.Indicator{{Kind: "ip", Value: "192.0.2.1"}, {Kind: "ip", Value: "192.0.2.2"}}, true},
	{"[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'x'] OR [autonomous-system:number = 64500]", []event.Indicator{{Kind: "ip", Value: "192.0.2.1"}, {Kind: "asn", Value: "64500"}}, true},
	{`[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'it\'s \\ [x] OR']`, []event.Indicator{{Kind: "user_agent", Value: `it's \ [x] OR`}}, true},
	{"[x-paytriage-device:value = 'd']", []event.Indicator{{Kind: "device", Value: "d"}}, true},
	{"[file:hashes.'SHA-256' = 'aa']", nil, true},
	{"[ipv4-addr:value = '192.0.2.1' AND ipv4-addr:value = '192.0.2.2']", nil, false},
	{"[ipv4-addr:value = '192.0.2.1'] AND [ipv4-addr:value = '192.0.2.2']", nil, false},
	{"[ipv4-addr:value != '192.0.2.1']", nil, false},
	{"[NOT ipv4-addr:value = '192.0.2.1']", nil, false},
	{"[ipv4-addr:value NOT = '192.0.2.1']", nil, false},
	{"[ipv4-addr:value LIKE '192.%']", nil, false},
	{"[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES", nil, false},
	{"([ipv4-addr:value = '192.0.2.1'])", nil, false},
	{"[ipv4-addr:value = '192.0.2.1'", nil, false},
	{"[ipv4-addr:value = '192.0.2.1", nil, false},
	{"[ipv4-addr:value = 192.0.2.1]", nil, false},
	{"[]", nil, false}, {"", nil, false}, {"[ipv4-addr:value = '192.0.2.1'] \xff", nil, false},
}

func TestPatternIndicators(t *testing.T) {
	for _, c := range patternCases {
		got, simple := patternIndicators(c.pattern)
		if simple != c.simple || simple && cmp.Diff(c.want, got) != "" {
			t.Errorf("%s: %v, %v", c.pattern, got, simple)
		}
	}
}

// FuzzLists reads lists of indicators and of exclusions.
func FuzzLists(f *testing.F) {
	seeds := 0
	for _, c := range knownBadCases {
		if len(c.text) < 4096 {
			f.Add(c.text)
			seeds++
		}
	}
	for _, c := range patternCases {
		f.Add(`{"objects":[{"type":"indicator","pattern_type":"stix","pattern":` + fmt.Sprintf("%q", c.pattern) + `}]}`)
		seeds++
	}
	for _, text := range []string{"kind,value\naccount,a\nip,192.0.2.0/24\nip,2001:db8::/32\n", "value,kind\n\"a\nb\",store\n"} {
		f.Add(text)
	}
	if seeds < 20 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkList(t, text)
		k, err := ReadKnownBad(strings.NewReader(text))
		if err != nil {
			return
		}
		if k.Read != int64(len(k.Indicators))+k.Passed+k.Rejected || int64(len(k.Bad)) != k.Rejected {
			t.Errorf("%d read are not %d + %d + %d", k.Read, len(k.Indicators), k.Passed, k.Rejected)
		}
		for _, i := range k.Indicators {
			if i.Value == "" || !isWatched(i.Kind) || i.Until < 0 {
				t.Errorf("%+v", i)
			}
		}
	})
}
