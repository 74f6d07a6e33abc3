package keyval

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// none is what the tests show for a field that a record does not have.
const none = "<none>"

func mustSplitter(t testing.TB, d Dialect, names ...string) *Splitter {
	t.Helper()
	s, err := NewSplitter(names, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// split returns the wanted fields of all records of a text, the fault of a
// record as one more.
func split(t testing.TB, d Dialect, text string, names ...string) [][]string {
	t.Helper()
	s := mustSplitter(t, d, names...)
	s.Reset([]byte(text))
	var all [][]string
	for s.Next() {
		rec := make([]string, 0, len(names)+1)
		for i := range names {
			v := s.Value(i)
			if again := s.Value(i); string(again) != string(v) || (again == nil) != (v == nil) {
				t.Fatalf("%q: slot %d is %q, then %q", text, i, v, again)
			}
			rec = append(rec, show(v))
		}
		all = append(all, append(rec, s.Malformed))
	}
	return all
}

func show(v []byte) string {
	if v == nil {
		return none
	}
	return string(v)
}

const (
	keycloakOld = "14:45:56,925 WARN  [org.keycloak.events] (default task-2) type=LOGIN_ERROR, realmId=shop, clientId=null, userId=null, ipAddress=192.0.2.180, error=user_not_found, redirect_uri=https://shop.example/?a=1, scope=openid,email, consent='no consent, yet'"
	keycloakNew = `2023-01-02 10:11:12,345 WARN  [org.keycloak.events] (executor-thread-1) type="LOGIN_ERROR", realmId="4fd3172e", clientId="web", userId="7c8c3984", ipAddress="2001:db8::7", error="invalid_user_credentials", auth_method="openid-connect", username="a \"b\", userId=\"x"`
	logfmtLine  = `time=2023-01-02T10:11:12Z level=info msg="user \"ann\" logged in" user=ann@example.com roles=a,b,c ip=192.0.2.1 ua="Mozilla/5.0 (X11; Linux)" empty= last=CORP\nina`
	pamLine     = "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.3  user=root"
)

// texts are lines of key=value text, with the fields a, user, ip, @head and the
// fault of each record.
var texts = []struct {
	text string
	want [][]string
}{
	{"", nil},
	{"\n \t\n\r\n", nil},
	{"a=1\n", [][]string{{"1", none, none, none, ""}}},
	{"a=1", [][]string{{"1", none, none, none, ""}}},
	{"a=1\r\n\nuser=x ip=y\r\n", [][]string{{"1", none, none, none, ""}, {none, "x", "y", none, ""}}},
	{"no keys here\n", [][]string{{none, none, none, "no keys here", ""}}},
	{"some text, a=1\n", [][]string{{"1", none, none, "some text", ""}}},
	{"  some , , text ,\ta=1\n", [][]string{{"1", none, none, "  some , , text", ""}}},
	{"[trace=1] http://h/?a=2 (a=3) a=4\n", [][]string{{"4", none, none, "[trace=1] http://h/?a=2 (a=3)", ""}}},
	{"a=1,user=x,ip=y\n", [][]string{{"1", "x", "y", none, ""}}},
	{"a=1, user=x,\tip=y,\n", [][]string{{"1", "x", "y", none, ""}}},
	{"a=1,,user=x\n", [][]string{{"1", "x", none, none, ""}}},
	{"a=,user=, ip=\n", [][]string{{"", "", "", none, ""}}},
	{"a=,b\n", [][]string{{",b", none, none, none, ""}}},
	{"a=x,y,z user=p,q=r\n", [][]string{{"x,y,z", "p", none, none, ""}}},
	{"a=x=y user==\n", [][]string{{"x=y", "=", none, none, ""}}},
	{"a=1 a=2 A=3\n", [][]string{{"1", none, none, none, ""}}},
	{"a=\"\" a=2\n", [][]string{{"", none, none, none, ""}}},
	{"a=\"x y\" user='p, q=1' ip=\"\"\n", [][]string{{"x y", "p, q=1", "", none, ""}}},
	{`a="x \"y\", z" user="\\" ip="C:\new\"` + "\n", [][]string{{`x "y", z`, `\`, none, none, "a quote that is never closed"}}},
	{`a="CORP\nina" user='CORP\\bob' ip=x\"y` + "\n", [][]string{{`CORP\nina`, `CORP\\bob`, `x\"y`, none, ""}}},
	{"a='can't do it', user=x\n", [][]string{{"can't do it", "x", none, none, ""}}},
	{"a=it's user=\"x\"\n", [][]string{{"it's", "x", none, none, ""}}},
	{"a=\"x\"y user=z\n", [][]string{{"x", none, none, none, "text after a closing quote"}}},
	{"a='x user=z\nuser=y\n", [][]string{{none, none, none, none, "a quote that is never closed"}, {none, "y", none, none, ""}}},
	{"user=Ann Lee ip=y\n", [][]string{{none, "Ann", "y", none, "text behind a value that is not quoted"}}},
	{"user=Lee, Ann, ip=y\n", [][]string{{none, "Lee", "y", none, "text behind a value that is not quoted"}}},
	{"msg=logged in user=x at ip=y\n", [][]string{{none, "x", "y", none, "text behind a value that is not quoted"}}},
	{"msg=logged in, user=\"x\" at ip=y\n", [][]string{{none, "x", "y", none, ""}}},
	{"user=x user=y at ip=z\n", [][]string{{none, "x", "z", none, ""}}},
	{"名前=x a=日本語 user=\xff\xfe\n", [][]string{{"日本語", "\xff\xfe", none, none, ""}}},
	{"a=1 ip=2 user=3\nuser=4 a=5\nuser=6 ip=7\nb=8 a=9 ip=10\n", [][]string{
		{"1", "3", "2", none, ""}, {"5", "4", none, none, ""}, {none, "6", "7", none, ""}, {"9", none, "10", none, ""},
	}},
	{keycloakOld + "\n", [][]string{{none, none, none, "14:45:56,925 WARN  [org.keycloak.events] (default task-2)", ""}}},
	{keycloakNew + "\n", [][]string{{none, none, none, "2023-01-02 10:11:12,345 WARN  [org.keycloak.events] (executor-thread-1)", ""}}},
	{logfmtLine + "\n", [][]string{{none, "ann@example.com", "192.0.2.1", none, ""}}},
	{pamLine + "\n", [][]string{{none, "root", none, "pam_unix(sshd:auth): authentication failure;", ""}}},
}

func TestText(t *testing.T) {
	for _, tc := range texts {
		got := split(t, Dialect{}, tc.text, "a", "user", "ip", Head)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tc.text, diff)
		}
	}
}

func TestKeycloak(t *testing.T) {
	names := []string{Line, "type", "userId", "ipAddress", "error", "username", "scope", "consent", "redirect_uri"}
	want := [][]string{
		{keycloakOld, "LOGIN_ERROR", "null", "192.0.2.180", "user_not_found", none, "openid,email", "no consent, yet", "https://shop.example/?a=1", ""},
		{keycloakNew, "LOGIN_ERROR", "7c8c3984", "2001:db8::7", "invalid_user_credentials", `a "b", userId="x`, none, none, none, ""},
	}
	got := split(t, Dialect{}, keycloakOld+"\r\n"+keycloakNew+"\r\n", names...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// fields are lines with a separator between fields, with the fields a, b, a c
// and the fault of each record.
var fields = []struct {
	dialect Dialect
	text    string
	want    [][]string
}{
	{LTSV(), "", nil},
	{LTSV(), "a:1\tb:2\n", [][]string{{"1", "2", none, ""}}},
	{LTSV(), "a:1\tb:2", [][]string{{"1", "2", none, ""}}},
	{LTSV(), "b:2\ta:1\r\n\n\t\nb:3\n", [][]string{{"1", "2", none, ""}, {none, "3", none, ""}}},
	{LTSV(), "a:x:y\tb:[01/Jan/2020:00:00:00 +0900]\ta c:\n", [][]string{{"x:y", "[01/Jan/2020:00:00:00 +0900]", "", ""}}},
	{LTSV(), "a: 1 \t b:2\n", [][]string{{" 1 ", none, none, ""}}},
	{LTSV(), "a:1\ta:2\tA:3\n", [][]string{{"1", none, none, ""}}},
	{LTSV(), "a:\ta:2\n", [][]string{{"", none, none, ""}}},
	{LTSV(), "\ta:1\t\tb:2\t\n", [][]string{{"1", "2", none, ""}}},
	{LTSV(), "a:1\tx\tb:2\n", [][]string{{"1", "2", none, "a field without a key"}}},
	{LTSV(), ":1\tb:2\n", [][]string{{none, "2", none, ""}}},
	{LTSV(), "a:\"1\tb:2\"\n", [][]string{{"\"1", "2\"", none, ""}}},
	{LTSV(), "a:\xff\x00\tb:日本\n", [][]string{{"\xff\x00", "日本", none, ""}}},
	{Separated(';', '='), "a=1; b = 2 ;a c=3;\n", [][]string{{"1", "2", "3", ""}}},
	{Separated(';', '='), "b=2; a=1;\n  b=3\n", [][]string{{"1", "2", none, ""}, {none, "3", none, ""}}},
	{Separated(',', ':'), "a: 1, b:\t2, x: y\n", [][]string{{"1", "2", none, ""}}},
	{Separated(' ', '='), "a=1  b=2 \n", [][]string{{"1", "2", none, ""}}},
	{Separated('|', '='), "a=1|b|b=2\n", [][]string{{"1", "2", none, "a field without a key"}}},
}

func TestFields(t *testing.T) {
	for _, tc := range fields {
		names := []string{"a", "b", "a c"}
		if tc.dialect.pair == ' ' {
			names[2] = "c"
		}
		if diff := cmp.Diff(tc.want, split(t, tc.dialect, tc.text, names...)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tc.text, diff)
		}
	}
}

func TestSlots(t *testing.T) {
	got := split(t, LTSV(), "x:1\ta:2\n", "a", Line, "a", Head, "x")
	if diff := cmp.Diff([][]string{{"2", "x:1\ta:2", "2", none, "1", ""}}, got); diff != "" {
		t.Error(diff)
	}
	if got := split(t, LTSV(), "x:1\n"); len(got) != 1 {
		t.Errorf("%d records without a wanted field, want 1", len(got))
	}
}

func TestRefused(t *testing.T) {
	f := func(d Dialect, name, want string) {
		t.Helper()
		_, err := NewSplitter([]string{name}, d)
		if err == nil || err.Error() != want {
			t.Errorf("%+v %q: %v, want %s", d, name, err, want)
		}
	}
	f(Dialect{}, "", "a field without a name")
	f(Dialect{}, "a b", `"a b" cannot be a key in this syntax`)
	f(Dialect{}, "a=", `"a=" cannot be a key in this syntax`)
	f(LTSV(), "a:b", `"a:b" cannot be a key in this syntax`)
	f(LTSV(), "a\tb", `"a\tb" cannot be a key in this syntax`)
	f(LTSV(), "a\n", `"a\n" cannot be a key in this syntax`)
	f(Separated(';', '='), " a", `" a" cannot be a key in this syntax`)
	f(Separated(';', ';'), "a", `';' cannot stand both between pairs and behind keys`)
	f(Separated('\n', '='), "a", `'\n' cannot separate anything within a line`)
	f(Separated(';', 0), "a", `'\x00' cannot separate anything within a line`)
	f(Separated(';', ' '), "a", "a blank cannot stand behind keys: blanks beside a separator are dropped")
}

func TestOffsets(t *testing.T) {
	const text = "a=1\r\n\n \nb=2\nc=3"
	s := mustSplitter(t, Dialect{}, "a")
	s.Reset([]byte(text))
	var got []string
	for s.Next() {
		if text[s.Offset():s.Offset()+len(s.Raw())] != string(s.Raw()) {
			t.Errorf("record %q is not at %d", s.Raw(), s.Offset())
		}
		got = append(got, fmt.Sprintln(string(s.Raw()), s.Offset(), s.End(), s.Sub()))
	}
	if diff := cmp.Diff([]string{"a=1 0 5 0\n", "b=2 8 12 0\n", "c=3 12 15 0\n"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestManyKeys goes beyond the number of keys that are expected, in the same
// order and in another.
func TestManyKeys(t *testing.T) {
	var forth, back strings.Builder
	var names []string
	var want [][]string
	row := []string{}
	for i := range 3 * maxOrder {
		name := fmt.Sprint("key", i)
		names, row = append(names, name), append(row, fmt.Sprint(i))
		fmt.Fprintf(&forth, "%s=%d ", name, i)
		fmt.Fprintf(&back, "key%d=%d ", 3*maxOrder-1-i, 3*maxOrder-1-i)
	}
	row = append(row, "")
	want = append(want, row, row, row)
	got := split(t, Dialect{}, forth.String()+"\n"+back.String()+"\n"+forth.String()+"\n", names...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAllocations checks that a block costs nothing once the buffers are there.
func TestAllocations(t *testing.T) {
	for _, d := range []Dialect{{}, LTSV()} {
		names := []string{"type", "username", "user", Head, "a"}
		s := mustSplitter(t, d, names...)
		data := []byte(strings.Repeat(keycloakNew+"\n"+logfmtLine+"\na:1\tuser:2\n", 20))
		n := testing.AllocsPerRun(10, func() {
			s.Reset(data)
			for s.Next() {
				for i := range names {
					s.Value(i)
				}
			}
		})
		if n != 0 {
			t.Errorf("%v allocations in a block", n)
		}
	}
}
