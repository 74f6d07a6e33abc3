package lines

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// none is what the tests show for a field that a record does not have.
const none = "<none>"

func show(v []byte) string {
	if v == nil {
		return none
	}
	return string(v)
}

// accesses returns all fields of all records of a text, the fault of a record
// as one more.
func accesses(t testing.TB, text string) [][]string {
	t.Helper()
	c, err := NewCombined(combinedNames[:])
	if err != nil {
		t.Fatal(err)
	}
	c.Reset([]byte(text))
	var all [][]string
	for c.Next() {
		var rec []string
		for i := range combinedNames {
			v := c.Value(i)
			if again := c.Value(i); show(again) != show(v) {
				t.Fatalf("%q: slot %d is %q, then %q", text, i, v, again)
			}
			rec = append(rec, show(v))
		}
		all = append(all, append(rec, c.Malformed))
	}
	return all
}

// access returns what accesses is to return for a line: the fields that are
// named, and no others.
func access(fault string, fields ...string) []string {
	rec := make([]string, len(combinedNames)+1)
	for i, name := range combinedNames {
		rec[i] = none
		for k := 0; k < len(fields); k += 2 {
			if fields[k] == name {
				rec[i] = fields[k+1]
			}
		}
	}
	rec[len(combinedNames)] = fault
	return rec
}

const aTime = "06/Sep/2015:05:58:05 +0900"

// accessLines are lines of access logs.
var accessLines = []struct {
	text string
	want []string
}{
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 512`, access("",
		"remote_addr", "192.0.2.1", "time", aTime, "request", "GET / HTTP/1.1", "method", "GET", "path", "/", "protocol", "HTTP/1.1", "status", "200", "bytes", "512")},
	{`192.0.2.1 - ann [` + aTime + `] "POST /login?next=%2F HTTP/2.0" 401 - "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64)"`, access("",
		"remote_addr", "192.0.2.1", "remote_user", "ann", "time", aTime, "request", "POST /login?next=%2F HTTP/2.0", "method", "POST", "path", "/login", "protocol", "HTTP/2.0", "status", "401",
		"referer", "https://shop.example/", "user_agent", "Mozilla/5.0 (X11; Linux x86_64)")},
	{`2001:db8::7 - - [` + aTime + `] "-" 408 0 "-" "-"`, access("",
		"remote_addr", "2001:db8::7", "time", aTime, "status", "408", "bytes", "0")},
	{`::1 id ann [` + aTime + `] "" 400 0 "" ""`, access("",
		"remote_addr", "::1", "ident", "id", "remote_user", "ann", "time", aTime, "request", "", "status", "400", "bytes", "0", "referer", "", "user_agent", "")},
	{`unknown - "" [` + aTime + `] "GET /" - 0`, access("",
		"remote_addr", "unknown", "remote_user", "", "time", aTime, "request", "GET /", "method", "GET", "path", "/", "bytes", "0")},
	{`203.0.113.9, 198.51.100.1, 10.0.0.1 - Ann Lee [` + aTime + `] "GET /a b HTTP/1.0" 200 1 "-" "x" 0.004 "10.0.0.2:80" "-"`, access("",
		"remote_addr", "203.0.113.9, 198.51.100.1, 10.0.0.1", "remote_user", "Ann Lee", "time", aTime, "request", "GET /a b HTTP/1.0", "method", "GET", "path", "/a b", "protocol", "HTTP/1.0",
		"status", "200", "bytes", "1", "user_agent", "x", "extra", `0.004 "10.0.0.2:80" "-"`)},
	{`203.0.113.9, - - [` + aTime + `] "GET / HTTP/1.0" 200 1`, access("",
		"remote_addr", "203.0.113.9,", "time", aTime, "request", "GET / HTTP/1.0", "method", "GET", "path", "/", "protocol", "HTTP/1.0", "status", "200", "bytes", "1")},
	{`192.0.2.1 - CORP\x5Cnina [` + aTime + `] "GET /\x22?\xE5 HTTP/1.1" 200 1 "-" "\x22Mozilla\x22 \\ \"q\" \t\xe6\x97\xa5 \q \x4 \"`, access(openQuote)},
	{`192.0.2.1 - CORP\x5Cnina [` + aTime + `] "GET /\x22?\xE5 HTTP/1.1" 200 1 "-" "\x22Mozilla\x22 \\ \"q\" \t\xe6\x97\xa5 \q \x4 \\"`, access("",
		"remote_addr", "192.0.2.1", "remote_user", `CORP\nina`, "time", aTime, "request", "GET /\"?\xe5 HTTP/1.1", "method", "GET", "path", `/"`, "protocol", "HTTP/1.1",
		"status", "200", "bytes", "1", "user_agent", `"Mozilla" \ "q" `+"\t日 \\q \\x4 \\")},
	{`192.0.2.1 - - [` + aTime + `] "\x16\x03\x01\x02\x00" 400 150 "-" "\b\f\n\r\v"`, access("",
		"remote_addr", "192.0.2.1", "time", aTime, "request", "\x16\x03\x01\x02\x00", "status", "400", "bytes", "150", "user_agent", "\b\f\n\r\v")},
	// A user who tries to write a time and a request of their own.
	{`192.0.2.1 - x [01/Jan/2020:00:00:00 +0000] \"GET /ok HTTP/1.1\" 200 1 [` + aTime + `] "GET /evil HTTP/1.1" 403 9 "-" "a] \"b"`, access("",
		"remote_addr", "192.0.2.1", "remote_user", `x [01/Jan/2020:00:00:00 +0000] "GET /ok HTTP/1.1" 200 1`, "time", aTime, "request", "GET /evil HTTP/1.1", "method", "GET", "path", "/evil", "protocol", "HTTP/1.1",
		"status", "403", "bytes", "9", "user_agent", `a] "b`)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 512 0.005 -`, access("",
		"remote_addr", "192.0.2.1", "time", aTime, "request", "GET / HTTP/1.1", "method", "GET", "path", "/", "protocol", "HTTP/1.1", "status", "200", "bytes", "512", "extra", "0.005 -")},
	{`2019-06-30T15:01:49Z login ann`, access(noTime)},
	{`192.0.2.1 - - ` + aTime + `] "GET / HTTP/1.1" 200 512`, access(noTime)},
	{`[` + aTime + `] "GET / HTTP/1.1" 200 512`, access(noTime)},
	{`192.0.2.1 - - x[` + aTime + `] "GET / HTTP/1.1" 200 512`, access(noTime)},
	{`192.0.2.1 - [` + aTime + `] "GET / HTTP/1.1" 200 512`, access(noUser)},
	{`192.0.2.1 [` + aTime + `] "GET / HTTP/1.1" 200 512`, access(noUser)},
	{` - - [` + aTime + `] "GET / HTTP/1.1" 200 512`, access(noUser)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1 200 512`, access(openQuote)},
	{`192.0.2.1 - - [` + aTime + `] "GET /"x" HTTP/1.1" 200 512`, access(afterQuote)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1"`, access(noStatus)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200`, access(noStatus)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 2000 1`, access(noStatus)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 1s`, access(noStatus)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" example.com 200 1`, access(noStatus)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 1 "-`, access(openQuote)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 1 "-"`, access(noAgent)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 1 "-" 5`, access(noAgent)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 1 "-" "`, access(openQuote)},
	{`192.0.2.1 - - [` + aTime + `] "GET / HTTP/1.1" 200 1 "-" "a" b"`, access("",
		"remote_addr", "192.0.2.1", "time", aTime, "request", "GET / HTTP/1.1", "method", "GET", "path", "/", "protocol", "HTTP/1.1", "status", "200", "bytes", "1", "user_agent", "a", "extra", `b"`)},
}

func TestCombined(t *testing.T) {
	for _, tc := range accessLines {
		for _, text := range []string{tc.text, tc.text + "\n", "\n \n" + tc.text + "\r\n\r\n"} {
			if diff := cmp.Diff([][]string{tc.want}, accesses(t, text)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", text, diff)
			}
		}
	}
}

func TestCombinedOffsets(t *testing.T) {
	c, err := NewCombined([]string{"status", "bytes", "status"})
	if err != nil {
		t.Fatal(err)
	}
	line := accessLines[0].text
	text := line + "\r\n\n" + line + "\nx"
	c.Reset([]byte(text))
	var got []string
	for c.Next() {
		if text[c.Offset():c.Offset()+len(c.Raw())] != string(c.Raw()) {
			t.Errorf("record %q is not at %d", c.Raw(), c.Offset())
		}
		got = append(got, string(c.Raw()), text[:c.End()], show(c.Value(0))+show(c.Value(1))+show(c.Value(2)))
	}
	want := []string{line, line + "\r\n", "200512200", line, line + "\r\n\n" + line + "\n", "200512200", "x", text, none + none + none}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := NewCombined([]string{"host"}); err == nil || err.Error() != `no line has a field "host"` {
		t.Errorf("a field that there is not: %v", err)
	}
}

// slowAccess reads a line of an access log as the comment of Combined says, one
// field after the other.
func slowAccess(line string) []string {
	values := map[string]string{}
	fault := slowAccessValues(line, values)
	if fault != "" {
		return access(fault)
	}
	var fields []string
	for name, v := range values {
		if v != "-" {
			switch name {
			case "remote_user", "request", "method", "path", "protocol", "referer", "user_agent":
				v = slowEscapes.Replace(v)
			}
			fields = append(fields, name, v)
		}
	}
	return access("", fields...)
}

func slowAccessValues(line string, values map[string]string) (fault string) {
	before, after, ok := strings.Cut(line, `] "`)
	words := strings.Split(before, " [")
	if !ok || len(words) == 1 || strings.Contains(words[len(words)-1], "[") {
		return noTime
	}
	values["time"] = words[len(words)-1]
	words = strings.Split(strings.Join(words[:len(words)-1], " ["), " ")
	for len(words) > 1 && strings.HasSuffix(words[0], ",") && (words[1] != "-" || len(words) == 2) {
		words = append([]string{words[0] + " " + words[1]}, words[2:]...)
	}
	if len(words) < 3 || words[0] == "" || words[1] == "" {
		return noUser
	}
	values["remote_addr"], values["ident"], values["remote_user"] = words[0], words[1], strings.Join(words[2:], " ")
	if values["remote_user"] == `""` {
		values["remote_user"] = ""
	}

	value, rest, fault := slowQuoted(after)
	if fault != "" {
		return fault
	}
	values["request"] = value
	if name, target, ok := strings.Cut(value, " "); ok && name != "" {
		values["method"] = name
		if n := strings.LastIndex(target, " "); n >= 0 && strings.HasPrefix(target[n+1:], "HTTP/") {
			values["protocol"], target = target[n+1:], target[:n]
		}
		values["path"], _, _ = strings.Cut(target, "?")
	}

	words = strings.SplitN(rest, " ", 4)
	if len(words) < 3 || words[0] != "" || len(words[1]) > 3 || !slowNumber(words[1]) || !slowNumber(words[2]) {
		return noStatus
	}
	values["status"], values["bytes"] = words[1], words[2]
	if len(words) < 4 {
		return ""
	}
	if rest = words[3]; strings.HasPrefix(rest, `"`) {
		if values["referer"], rest, fault = slowQuoted(rest[1:]); fault != "" {
			return fault
		}
		if !strings.HasPrefix(rest, ` "`) {
			return noAgent
		}
		if values["user_agent"], rest, fault = slowQuoted(rest[2:]); fault != "" {
			return fault
		}
		rest = strings.TrimPrefix(rest, " ")
	}
	if rest != "" {
		values["extra"] = rest
	}
	return ""
}

func slowNumber(text string) bool {
	return text == "-" || text != "" && strings.Trim(text, "0123456789") == ""
}

// slowQuoted cuts the rest of a quoted field off.
func slowQuoted(text string) (value, rest, fault string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			if rest = text[i+1:]; rest != "" && rest[0] != ' ' {
				return "", "", afterQuote
			}
			return text[:i], rest, ""
		}
	}
	return "", "", openQuote
}

// slowEscapes replaces every escape by what it stands for.
var slowEscapes = func() *strings.Replacer {
	pairs := []string{`\\`, `\`, `\"`, `"`, `\b`, "\b", `\f`, "\f", `\n`, "\n", `\r`, "\r", `\t`, "\t", `\v`, "\v"}
	const digits = "0123456789abcdefABCDEF"
	for _, hi := range digits {
		for _, lo := range digits {
			n, _ := strconv.ParseUint(string(hi)+string(lo), 16, 8)
			pairs = append(pairs, `\x`+string(hi)+string(lo), string([]byte{byte(n)}))
		}
	}
	return strings.NewReplacer(pairs...)
}()
