package lines

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// accessText writes an access log, with the number of bytes in all its fields.
func accessText() (text string, size int) {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	agents := []string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 12_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)",
		"WalletApp/2.13.2 (Android 9; SHV43)", "curl/7.64.1", "-",
	}
	for i := range 4000 {
		uri, user := fmt.Sprintf("/api/%x/login?next=%x", rng.Uint32(), rng.Uint32()>>rng.IntN(32)), "-"
		if i%8 == 0 {
			user = fmt.Sprintf("n%x", rng.Uint32())
		}
		addr := fmt.Sprintf("%d.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(256))
		referer, agent, bytes := "https://shop.example/start", agents[rng.IntN(4)], rng.IntN(100_000)
		fmt.Fprintf(&b, "%s - %s [06/Sep/2015:05:58:05 +0900] \"POST %s HTTP/1.1\" 200 %d \"%s\" \"%s\"\n", addr, user, uri, bytes, referer, agent)
		for _, v := range []string{addr, user, "06/Sep/2015:05:58:05 +0900", "POST" + uri + "HTTP/1.1", "200", fmt.Sprint(bytes), referer, agent} {
			if v != "-" {
				size += len(v)
			}
		}
		size += len("POST") + len(uri[:strings.IndexByte(uri, '?')]) + len("HTTP/1.1") + len("  ")
	}
	return b.String(), size
}

// BenchmarkCombined reads an access log. The control is the regular expression
// that is often used for it.
func BenchmarkCombined(b *testing.B) {
	text, want := accessText()
	data := []byte(text)
	run := func(name string, read func() int) {
		b.Run("reader="+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if n := read(); n != want {
					b.Fatalf("%d bytes in fields, want %d", n, want)
				}
			}
		})
	}
	c, err := NewCombined(combinedNames[:])
	if err != nil {
		b.Fatal(err)
	}
	run("Combined", func() (size int) {
		c.Reset(data)
		for c.Next() {
			for i := range combinedNames {
				size += len(c.Value(i))
			}
		}
		return size
	})
	re := regexp.MustCompile(`^(\S+) (\S+) (\S+) \[([^\]]*)\] "((\S+) ([^ ?]*)[^ ]* ([^ "]*))" (\d+) (\d+|-) "([^"]*)" "([^"]*)"$`)
	run("regexp", func() (size int) {
		for line := range strings.Lines(text) {
			for _, v := range re.FindStringSubmatch(line[:len(line)-1])[1:] {
				if v != "-" {
					size += len(v)
				}
			}
		}
		return size
	})
}

// BenchmarkPatterns reads what OpenSSH writes to syslog; a quarter of the lines
// match nothing. The control has package regexp match the same patterns.
func BenchmarkPatterns(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for range 4000 {
		fmt.Fprintf(&text, "Dec 10 06:55:46 LabSZ sshd[%d]: ", rng.IntN(30_000))
		from := fmt.Sprintf("%d.%d.%d.%d port %d", rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(65536))
		switch rng.IntN(8) {
		case 0:
			fmt.Fprintf(&text, "Accepted publickey for deploy from %s ssh2: RSA SHA256:%x\n", from, rng.Uint64())
		case 1:
			fmt.Fprintf(&text, "Invalid user n%x from %s\n", rng.Uint32(), from)
		case 2, 3:
			fmt.Fprintf(&text, "Failed password for invalid user n%x from %s ssh2\n", rng.Uint32(), from)
		case 4:
			fmt.Fprintf(&text, "Failed password for root from %s ssh2\n", from)
		case 5:
			fmt.Fprintf(&text, "Disconnected from authenticating user root %s [preauth]\n", from)
		case 6:
			fmt.Fprintf(&text, "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=%s\n", from)
		case 7:
			fmt.Fprintf(&text, "Received disconnect from %s:11: Bye Bye [preauth]\n", from)
		}
	}
	data := []byte(text.String())
	s, err := NewSplitter(sshdNames, sshd)
	if err != nil {
		b.Fatal(err)
	}
	read := func(match func() bool) (n int) {
		s.Reset(data)
		for s.next() {
			s.header.read(s.Raw())
			if s.matched = nil; match() {
				n++
			}
		}
		return n
	}
	res := make([]*regexp.Regexp, len(sshd.Patterns))
	for i, p := range sshd.Patterns {
		res[i] = regexp.MustCompile(p.Regexp)
	}
	control := func() bool {
		for i, p := range sshd.Patterns {
			if p.Literal == "" || bytes.Contains(s.header.message, []byte(p.Literal)) {
				if len(res[i].FindSubmatchIndex(s.header.message)) > 0 {
					return true
				}
			}
		}
		return false
	}
	want := read(control)
	for _, c := range []struct {
		name  string
		match func() bool
	}{
		{"none", func() bool { return true }}, // what the headers cost
		{"Splitter", func() bool { s.match(); return !s.Unmatched() }},
		{"regexp", control},
	} {
		b.Run("matcher="+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if n := read(c.match); n != want && c.name != "none" {
					b.Fatalf("%d lines matched, want %d", n, want)
				}
			}
		})
	}
}
