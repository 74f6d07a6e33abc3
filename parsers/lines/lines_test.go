package lines

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sshd is a profile of what OpenSSH writes to syslog. The user is whatever a
// client sends, so it takes all it can get and the rest is read from the end.
var sshd = Profile{Header: "syslog", Patterns: []Pattern{
	{
		Regexp:  `^Accepted (?P<method>\S+) for (?P<user>.*) from (?P<ip>\S+) port (?P<port>\d+)(?: ssh2)?(?:: (?P<key>.*))?$`,
		Literal: "Accepted ",
		Set:     map[string]string{"event": "login", "outcome": "success"},
	},
	{
		Regexp:  `^Failed (?P<method>\S+) for (?P<unknown>invalid user )?(?P<user>.*) from (?P<ip>\S+) port (?P<port>\d+)(?: ssh2)?$`,
		Literal: "Failed ",
		Set:     map[string]string{"event": "login", "outcome": "failure"},
	},
	{
		Regexp: `^Invalid user (?P<user>.*) from (?P<ip>\S+?)(?: port (?P<port>\d+))?$`,
		Set:    map[string]string{"event": "unknown_account"},
	},
	{
		Regexp: `^(?:pam_unix\(sshd:session\): )?session closed for user (?P<user>.*)$`,
		Set:    map[string]string{"event": "logout"},
	},
	{
		Regexp:  `^(?:Disconnected from|Connection closed by) authenticating user (?P<user>.*) (?P<ip>\S+) port (?P<port>\d+)(?: \[preauth\])?$`,
		Literal: " authenticating user ",
		Set:     map[string]string{"event": "disconnect", "empty": ""},
	},
}}

var sshdNames = []string{"event", "outcome", "method", "user", "ip", "port", "key", "unknown", "empty", Time, Host, Program, PID, Message}

// rows returns the wanted fields of all records of a text, and as one more the
// fault, the number of repetitions if it is not 1, and whether it is unmatched.
func rows(t testing.TB, p Profile, text string, names ...string) [][]string {
	t.Helper()
	s, err := NewSplitter(names, p)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(s, text)
}

func rowsOf(s *Splitter, text string) [][]string {
	s.Reset([]byte(text))
	var all [][]string
	for s.Next() {
		var rec []string
		for i := range s.slots {
			rec = append(rec, show(s.Value(i)))
		}
		state := s.Malformed
		if s.Repeat() != 1 {
			state += fmt.Sprint(" times ", s.Repeat())
		}
		if s.Unmatched() {
			state += " unmatched"
		}
		all = append(all, append(rec, state))
	}
	return all
}

// messages are what OpenSSH writes, with the event, outcome, method, user, ip,
// port, key, unknown and empty of it.
var messages = []struct{ text, want string }{
	{"Failed password for invalid user admin from 203.0.113.9 port 52314 ssh2", "login failure password admin 203.0.113.9 52314 <none> invalid_user_ <none>"},
	{"Failed password for root from 2001:db8::9 port 1 ssh2", "login failure password root 2001:db8::9 1 <none> <none> <none>"},
	{"Failed none for invalid user  from 203.0.113.9 port 52314 ssh2", "login failure none  203.0.113.9 52314 <none> invalid_user_ <none>"},
	{"Failed password for invalid user x from 198.51.100.1 port 22 ssh2 from 203.0.113.9 port 52314 ssh2",
		"login failure password x_from_198.51.100.1_port_22_ssh2 203.0.113.9 52314 <none> invalid_user_ <none>"},
	{"Failed password for invalid user 管理者 from 203.0.113.9 port 52314 ssh2", "login failure password 管理者 203.0.113.9 52314 <none> invalid_user_ <none>"},
	{"Failed password for invalid user \xff from 203.0.113.9 port 52314 ssh2", "login failure password \xff 203.0.113.9 52314 <none> invalid_user_ <none>"},
	{"Accepted publickey for deploy from 198.51.100.7 port 40022 ssh2: RSA SHA256:j2kE8F", "login success publickey deploy 198.51.100.7 40022 RSA_SHA256:j2kE8F <none> <none>"},
	{"Accepted password for ann from fe80::1%eth0 port 40022 ssh2", "login success password ann fe80::1%eth0 40022 <none> <none> <none>"},
	{"Invalid user bob from 192.0.2.1 port 4000", "unknown_account <none> <none> bob 192.0.2.1 4000 <none> <none> <none>"},
	{"Invalid user bob from 192.0.2.1", "unknown_account <none> <none> bob 192.0.2.1 <none> <none> <none> <none>"},
	{"session closed for user x", "logout <none> <none> x <none> <none> <none> <none> <none>"},
	{"pam_unix(sshd:session): session closed for user x", "logout <none> <none> x <none> <none> <none> <none> <none>"},
	{"Disconnected from authenticating user root 192.0.2.3 port 33 [preauth]", "disconnect <none> <none> root 192.0.2.3 33 <none> <none> "},
	{"Server listening on 0.0.0.0 port 22.", ""},
	{"error: Failed password for x from 203.0.113.9 port 52314 ssh2", ""},
	{"Failed password for x", ""},
}

func TestSSHD(t *testing.T) {
	for _, tc := range messages {
		for _, from := range []string{tc.text, "message repeated 3 times: [ " + tc.text + "]"} {
			line := "Dec 10 06:55:46 LabSZ sshd[24200]: " + from + "\n"
			want := strings.Repeat(none+" ", 8) + none
			state := " unmatched"
			if tc.want != "" {
				want, state = tc.want, ""
			}
			if from != tc.text {
				state = " times 3" + state
			}
			fields := append(strings.Split(want, " "), "Dec_10_06:55:46", "LabSZ", "sshd", "24200", strings.ReplaceAll(tc.text, " ", "_"), strings.ReplaceAll(state, " ", "_"))
			got := rows(t, sshd, line, sshdNames...)
			for i, v := range got[0] {
				got[0][i] = strings.ReplaceAll(v, " ", "_")
			}
			if diff := cmp.Diff([][]string{fields}, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", line, diff)
			}
		}
	}
}

// headers are lines with the time, host, program, process and message of each,
// none if there is no header.
var headers = []struct {
	line string
	want []string
}{
	{"Jan  2 03:04:05 host sshd[123]: a message", []string{"Jan  2 03:04:05", "host", "sshd", "123", "a message"}},
	{"<38>Jan 12 03:04:05 host sshd[123]: a message", []string{"Jan 12 03:04:05", "host", "sshd", "123", "a message"}},
	{"Jan 2 03:04:05 192.0.2.1 kernel: [ 1.5] up", []string{"Jan 2 03:04:05", "192.0.2.1", "kernel", none, "[ 1.5] up"}},
	{"Jan 02 03:04:05 fe80::1 CRON[1]: (root) CMD", []string{"Jan 02 03:04:05", "fe80::1", "CRON", "1", "(root) CMD"}},
	{"Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0", []string{"Jun 14 15:16:01", "combo", "sshd(pam_unix)", "19939", "authentication failure; logname= uid=0"}},
	{"Jan  2 03:04:05 host sudo:   ann : TTY=pts/0", []string{"Jan  2 03:04:05", "host", "sudo", none, "ann : TTY=pts/0"}},
	{"Jan  2 03:04:05 host app[worker.1]:", []string{"Jan  2 03:04:05", "host", "app", "worker.1", ""}},
	{"Jan  2 03:04:05 sshd[123]: no host", []string{"Jan  2 03:04:05", none, "sshd", "123", "no host"}},
	{"Jan  2 03:04:05 host no program", []string{"Jan  2 03:04:05", "host", none, none, "no program"}},
	{"Jan  2 03:04:05 host -- MARK --", []string{"Jan  2 03:04:05", "host", none, none, "-- MARK --"}},
	{"Jan  2 03:04:05 host", []string{"Jan  2 03:04:05", "host", none, none, ""}},
	{"Jan  2 03:04:05 host %ASA-6-113004: AAA user", []string{"Jan  2 03:04:05", "host", "%ASA-6-113004", none, "AAA user"}},
	{"Jan  2 03:04:05 host []: x", []string{"Jan  2 03:04:05", "host", "[]", none, "x"}},
	{"Jan  2 03:04:05 host a[]: x", []string{"Jan  2 03:04:05", "host", "a", "", "x"}},
	{"Jan  2 03:04:05 host : x", []string{"Jan  2 03:04:05", "host", none, none, ": x"}},
	{"2023-01-02T03:04:05+09:00 host sshd[123]: m", []string{"2023-01-02T03:04:05+09:00", "host", "sshd", "123", "m"}},
	{"2023-01-02T03:04:05.123456Z host sshd: m", []string{"2023-01-02T03:04:05.123456Z", "host", "sshd", none, "m"}},
	{"2023-01-02T03:04:05+0900 host sshd: m", []string{"2023-01-02T03:04:05+0900", "host", "sshd", none, "m"}},
	{"<34>2023-01-02T03:04:05,5-00:30 host sshd: m", []string{"2023-01-02T03:04:05,5-00:30", "host", "sshd", none, "m"}},
	{"2023-01-02T03:04:05 host sshd: m", []string{"2023-01-02T03:04:05", "host", "sshd", none, "m"}},
	{"<34>1 2003-10-11T22:14:15.003Z host app 12 ID47 - a message", []string{"2003-10-11T22:14:15.003Z", "host", "app", "12", "a message"}},
	{"<34>1 - - - - - - \xef\xbb\xbf日本", []string{none, none, none, none, "日本"}},
	{"<34>1 2003-10-11T22:14:15.003Z - app - - [a@1 x=\"1 \\\" ] \\] 2\" y=\"\"][b] m [c]", []string{"2003-10-11T22:14:15.003Z", none, "app", none, "m [c]"}},
	{"<34>1 2003-10-11T22:14:15Z h a 1 m [a]", []string{"2003-10-11T22:14:15Z", "h", "a", "1", ""}},
	{"<34>1 2003-10-11T22:14:15Z h a 1 m -  two blanks", []string{"2003-10-11T22:14:15Z", "h", "a", "1", " two blanks"}},
	{"<165>12 2003-10-11T22:14:15-07:00 h a 1 m - x", []string{"2003-10-11T22:14:15-07:00", "h", "a", "1", "x"}},
	{"a message", nil},
	{"-- Logs begin at Mon 2023-01-02 --", nil},
	{"<1234>Jan  2 03:04:05 host a: m", nil},
	{"<>Jan  2 03:04:05 host a: m", nil},
	{"<34", nil},
	{"<34>", nil},
	{"<34>1 ", nil},
	{"<34>0 2003-10-11T22:14:15Z h a 1 m - x", nil},
	{"<34>1 2003-10-11T22:14:15Z h a 1 m x", nil},
	{"<34>1 2003-10-11T22:14:15Z h a 1 m -x", nil},
	{"<34>1 2003-10-11T22:14:15Z h a 1 m", nil},
	{"<34>1 2003-10-11T22:14:15Z  h a 1 m -", nil},
	{"<34>1 2003-10-11T22:14:15Z h a 1 m [a x=\"]", nil},
	{"<34>1 2003-10-11 h a 1 m - x", nil},
	{"<34>1 2003-10-11T22:14:15ZZ h a 1 m - x", nil},
	{"1 2003-10-11T22:14:15Z h a 1 m - x", nil},
	{"Foo  2 03:04:05 host a: m", nil},
	{"Jan   2 03:04:05 host a: m", nil},
	{"Jan  22 03:04:05 host a: m", nil},
	{"Jan 2  03:04:05 host a: m", nil},
	{"Jan  2 3:04:05 host a: m", nil},
	{"Jan  2 03:04:05", nil},
	{"Jan  2 03:04:05 ", nil},
	{"Jan  2 03:04:05Z host a: m", nil},
	{"2023-01-02 03:04:05 host a: m", nil},
	{"2023-01-02T03:04:05. host a: m", nil},
	{"2023-01-02T03:04:05+09 host a: m", nil},
	{"2023-01-02T03:04 host a: m", nil},
}

var headerNames = []string{Time, Host, Program, PID, Message}

// anything is a profile that matches every message.
var anything = Profile{Header: "syslog", Patterns: []Pattern{{Regexp: ""}}}

func TestHeaders(t *testing.T) {
	for _, tc := range headers {
		want := append(slices.Clone(tc.want), "")
		if tc.want == nil {
			want = []string{none, none, none, none, none, noHeader + " unmatched"}
		}
		if diff := cmp.Diff([][]string{want}, rows(t, anything, tc.line+"\r\n", headerNames...)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tc.line, diff)
		}
	}
}

func TestRepeated(t *testing.T) {
	f := func(message, want, state string) {
		t.Helper()
		got := rows(t, anything, "Jan  2 03:04:05 h a: "+message, Message)
		if diff := cmp.Diff([][]string{{want, state}}, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", message, diff)
		}
	}
	f("message repeated 5 times: [ a b]", "a b", " times 5")
	f("message repeated 1 times: [a]", "a", "")
	f("message repeated 2 times: [ ]", "", " times 2")
	f("message repeated 2 times: [ message repeated 3 times: [ a]]", "message repeated 3 times: [ a]", " times 2")
	f("message repeated 2 times: [ [a] ]", "[a] ", " times 2")
	f("message repeated 100000 times: [ a]", "a", " times 100000")
	f("message repeated 100001 times: [ a]", "message repeated 100001 times: [ a]", manyRepeats+" unmatched")
	f("message repeated "+strings.Repeat("9", 99)+" times: [ a]", "message repeated "+strings.Repeat("9", 99)+" times: [ a]", manyRepeats+" unmatched")
	f("message repeated 0 times: [ a]", "message repeated 0 times: [ a]", noRepeats+" unmatched")
	f("message repeated 2 times: [ a", "message repeated 2 times: [ a", openRepeat+" unmatched")
	f("message repeated 2 times", "message repeated 2 times", "")
	f("message repeated x times: [ a]", "message repeated x times: [ a]", "")
	f("a message repeated 2 times: [ a]", "a message repeated 2 times: [ a]", "")
	f("last message repeated 2 times", "last message repeated 2 times", repeatsLast+" unmatched")
	f("last message repeated by ann", "last message repeated by ann", "")
}

// TestPlain reads lines without a header: nothing in them is one.
func TestPlain(t *testing.T) {
	p := Profile{Patterns: []Pattern{
		{Regexp: `(?P<a>x)|(?P<b>y)`, Set: map[string]string{"c": "1"}},
		{Regexp: `(?P<a>z+)(?P<d>.)?`, Literal: "zz"},
	}}
	got := rows(t, p, "x\r\n\n-y\nz\nzzz\nmessage repeated 2 times: [ x]", "a", "b", "c", "d", "a", Message)
	want := [][]string{
		{"x", none, "1", none, "x", "x", ""},
		{none, "y", "1", none, none, "-y", ""},
		{none, none, none, none, none, "z", " unmatched"},
		{"zzz", none, none, none, "zzz", "zzz", ""},
		{"x", none, "1", none, "x", "message repeated 2 times: [ x]", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOffsets(t *testing.T) {
	const text = "a b\r\n\n \nc\nd"
	s, err := NewSplitter(nil, Profile{Patterns: []Pattern{{Regexp: "c"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Reset([]byte(text))
	var got []string
	for s.Next() {
		if text[s.Offset():s.Offset()+len(s.Raw())] != string(s.Raw()) {
			t.Errorf("record %q is not at %d", s.Raw(), s.Offset())
		}
		got = append(got, fmt.Sprintln(string(s.Raw()), s.Offset(), s.End(), s.Sub(), s.Repeat(), s.Unmatched()))
	}
	if diff := cmp.Diff([]string{"a b 0 5 0 1 true\n", "c 8 10 0 1 false\n", "d 10 11 0 1 true\n"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	f := func(want string, p Profile, names ...string) {
		t.Helper()
		_, err := NewSplitter(names, p)
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	one := func(p Pattern) Profile { return Profile{Patterns: []Pattern{p}} }
	f("no patterns", Profile{})
	f("65 patterns, more than 64", Profile{Patterns: make([]Pattern, 65)})
	f(`header "x" is not known; it is syslog, or absent`, Profile{Header: "x", Patterns: make([]Pattern, 1)})
	f("pattern 1: error parsing regexp: missing closing ): `(`", one(Pattern{Regexp: "("}))
	f("pattern 2: longer than 4096 bytes", Profile{Patterns: []Pattern{{}, {Regexp: strings.Repeat("a", 4097)}}})
	f("pattern 1: longer than 4096 bytes", one(Pattern{Literal: strings.Repeat("a", 4097)}))
	f("pattern 1: it has 22002 steps, more than 10000", one(Pattern{Regexp: strings.Repeat("[ab]{1000}", 22)}))
	f(`pattern 1: it sets the field "a" and has a group of that name`, one(Pattern{Regexp: "(?P<a>x)", Set: map[string]string{"a": "1"}}))
	f(`pattern 1: it cannot set a field "@host"`, one(Pattern{Set: map[string]string{"@host": "1", "x": ""}}))
	f(`pattern 1: it cannot set a field ""`, one(Pattern{Set: map[string]string{"": "1"}}))
	f(`no line has a field "b"`, one(Pattern{Regexp: "(?P<a>x)"}), "a", "b")
	f(`no line has a field "@host"`, one(Pattern{Regexp: "(?P<a>x)"}), Message, Host)
	f(`no line has a field ""`, one(Pattern{Regexp: "(x)"}), "")
}

// TestAllocations checks that a block costs nothing once the buffers are there.
func TestAllocations(t *testing.T) {
	s, err := NewSplitter(sshdNames, sshd)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCombined(combinedNames[:])
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, m := range messages {
		fmt.Fprintf(&text, "Dec 10 06:55:46 LabSZ sshd[24200]: %s\n", m.text)
	}
	for _, h := range headers {
		text.WriteString(h.line + "\n")
	}
	for _, a := range accessLines {
		text.WriteString(a.text + "\n")
	}
	data := []byte(text.String())
	n := testing.AllocsPerRun(10, func() {
		s.Reset(data)
		for s.Next() {
			for i := range sshdNames {
				s.Value(i)
			}
		}
		c.Reset(data)
		for c.Next() {
			for i := range combinedNames {
				c.Value(i)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations in a block", n)
	}
}
