package keyval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The slow readers below do what the package comment says, one thing after the
// other, on strings.

// slowRecords returns what split returns.
func slowRecords(d Dialect, text string, names ...string) [][]string {
	var all [][]string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.Trim(line, " \t\r") == "" {
			continue
		}
		wanted := map[string]bool{}
		for _, name := range names {
			wanted[name] = true
		}
		var values map[string]string
		var fault string
		if d == (Dialect{}) {
			values, fault = slowText(line, wanted)
		} else {
			values, fault = slowFields(d, line)
		}
		var rec []string
		for _, name := range names {
			v, ok := values[name]
			if !ok {
				v = none
			}
			rec = append(rec, v)
		}
		all = append(all, append(rec, fault))
	}
	return all
}

func slowFields(d Dialect, line string) (values map[string]string, fault string) {
	values = map[string]string{}
	for field := range strings.SplitSeq(line, string(d.pair)) {
		key, value, ok := strings.Cut(field, string(d.value))
		if !ok {
			if strings.Trim(field, " \t\r") != "" {
				fault = "a field without a key"
			}
			continue
		}
		if d.trim {
			key, value = strings.Trim(key, " \t"), strings.Trim(value, " \t")
		}
		if _, again := values[key]; !again {
			values[key] = value
		}
	}
	values[Line] = line
	delete(values, Head)
	return values, fault
}

func slowText(line string, wanted map[string]bool) (values map[string]string, fault string) {
	values = map[string]string{}
	rest, open, head := line, false, ""
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			break
		}
		key, text, ok := slowPair(rest)
		if !ok {
			if open {
				fault = "text behind a value that is not quoted"
			}
			if n := strings.IndexAny(rest, " \t,"); n >= 0 {
				rest = rest[n:]
			} else {
				rest = ""
			}
			if len(values) == 0 {
				head = line[:len(line)-len(rest)]
			}
			continue
		}
		value, after, bare, bad := slowValue(text)
		_, again := values[key]
		if !again && bad != "a quote that is never closed" {
			values[key] = value
		}
		if bad != "" {
			fault = bad
			break
		}
		rest, open = after, bare && !again && wanted[key]
	}
	values[Line] = line
	delete(values, Head)
	if head != "" {
		values[Head] = head
	}
	return values, fault
}

// slowPair cuts the key off a text that begins with a pair.
func slowPair(text string) (key, rest string, ok bool) {
	key, rest, ok = strings.Cut(text, "=")
	for i := range len(key) {
		if key[i] < 0x80 && !strings.Contains("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@$", key[i:i+1]) {
			return "", "", false
		}
	}
	return key, rest, ok && key != ""
}

// slowValue cuts the value off a text that begins with one.
func slowValue(text string) (value, rest string, bare bool, fault string) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		n := 0
		for n < len(text) && !strings.Contains(" \t", text[n:n+1]) {
			if text[n] == ',' {
				if _, _, pair := slowPair(text[n+1:]); pair || slowEnds(text[n+1:]) {
					break
				}
			}
			n++
		}
		return text[:n], text[n:], true, ""
	}
	for n := 1; n < len(text); n++ {
		switch {
		case text[0] == '"' && text[n] == '\\':
			n++
		case text[n] == text[0] && text[0] == '"':
			value = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text[1:n])
			if !slowEnds(text[n+1:]) {
				return value, "", false, "text after a closing quote"
			}
			return value, text[n+1:], false, ""
		case text[n] == text[0] && slowEnds(text[n+1:]):
			return text[1:n], text[n+1:], false, ""
		}
	}
	return "", "", false, "a quote that is never closed"
}

func slowEnds(text string) bool {
	return text == "" || strings.Contains(" \t,", text[:1])
}

// FuzzText compares with the slow reader on every text, in every dialect.
func FuzzText(f *testing.F) {
	if len(texts) == 0 || len(fields) == 0 {
		f.Fatal("no seeds")
	}
	for _, tc := range texts {
		f.Add(tc.text)
		f.Add(tc.text + tc.text)
	}
	for _, tc := range fields {
		f.Add(tc.text)
		f.Add(tc.text + tc.text)
	}
	names := []string{"a", "b", "user", "ip", "error", Head, Line}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []Dialect{{}, Separated(';', '='), LTSV()} {
			same(t, d, text, names)
		}
	})
}

func same(t *testing.T, d Dialect, text string, names []string) {
	t.Helper()
	want := slowRecords(d, text, names...)
	if diff := cmp.Diff(want, split(t, d, text, names...)); diff != "" {
		t.Fatalf("%q: (-slow +ours)\n%s", text, diff)
	}
}
