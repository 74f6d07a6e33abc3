package profile

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// mapped maps one record, given as path=value words separated by "|", and
// returns the rows as name=value words.
func mapped(t *testing.T, yaml, record string, env Env) []string {
	t.Helper()
	p, err := Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(p, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	values := make(Values, len(c.Paths()))
	for word := range strings.SplitSeq(record, "|") {
		path, value, _ := strings.Cut(word, "=")
		for slot, p := range c.Paths() {
			if p == path {
				values[slot] = []byte(value)
			}
		}
	}
	return rowsOf(c.NewMapper(env), values)
}

func rowsOf(m *Mapper, values Values) []string {
	if res := m.Begin(values); res.What != Event {
		return []string{"passed: " + res.Reason}
	}
	var out []string
	for n := range m.Rows() {
		var v Fields
		switch res := m.Row(n, &v); res.What {
		case NoRow:
		case Passed:
			out = append(out, "passed: "+res.Reason)
		case Fault:
			out = append(out, "fault: "+res.Field.String()+": "+res.Reason)
		default:
			var words []string
			for f := range v {
				if v[f] != nil {
					words = append(words, event.Field(f).String()+"="+string(v[f]))
				}
			}
			out = append(out, strings.Join(words, " "))
		}
	}
	return out
}

const authHead = "name: x\nrole: auth\nneeds: [a]\n"
const payHead = "name: x\nrole: payments\nneeds: [a]\n"

func TestRules(t *testing.T) {
	f := func(fields, record string, want ...string) {
		t.Helper()
		got := mapped(t, authHead+fields, record, Env{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s: (-want +got)\n%s", fields, record, diff)
		}
	}
	// Paths and alternatives.
	f("fields: {account_id: a}", "a= ann ", "account_id=ann")
	f("fields: {account_id: [a, b]}", "a=|b=bob", "account_id=bob")
	f("fields: {account_id: {from: [a, b]}}", "b=bob", "account_id=bob")
	f("fields: {account_id: {from: a, absent: [unknown]}}", "a=Unknown", "")
	f("absent: ['null']\nfields: {account_id: [a, b]}", "a=null|b=x", "account_id=x")
	f("fields: {account_id: {all: [a, b], join: /}}", "a=1|b=2", "account_id=1/2")
	f("fields: {account_id: {all: [a, b]}}", "a=1", "")
	f("fields: {method: {text: password}}", "a=1", "method=password")
	f("fields: {account_id: {from: a, strip: 'auth0|', suffix: '!', prefix: '<'}}", "a=auth0", "account_id=<auth0!")
	f("fields: {account_id: {from: a, before: '@'}}", "a=ann@example.org", "account_id=ann")
	f("fields: {account_id: {from: a, strip: 'user:', before: '('}}", "a=user: ann (7)", "account_id=ann")
	// Words.
	f("fields: {event: {from: a, words: {S: login, slo: logout}}}", "a=s", "event=login")
	f("fields: {event: {from: a, words: {S: login}}}", "a=gd_x", "event=gd_x")
	f("fields: {event: {from: a, words: {S: login}, other: absent}}", "a=gd_x", "")
	f("fields: {event: {from: a, words: {S: login}, other: reject}}", "a=gd_x", "fault: event: "+badWord)
	f("fields: {event: {from: a, words: {S: login}, other: pass}}", "a=gd_x", "passed: "+notEvent)
	f("fields: {event: {from: a, prefixes: {T1: x, T11: login}}}", "a=t1107", "event=login")
	f("fields: {outcome: {from: a, words: {CHALLENGE: ''}}}", "a=CHALLENGE", "outcome=")
	// Conditions.
	f("fields: {event: [{text: login, when: {a: [x, y]}}, {text: logout}]}", "a=Y", "event=login")
	f("fields: {event: [{text: login, when: {a: {not: x}}}, {text: logout}]}", "a=x", "event=logout")
	f("fields: {event: [{text: login, when: {a: {prefix: ab}}}, {text: logout}]}", "a=ABC", "event=login")
	f("fields: {event: [{text: login, when: {a: {contains: Sign}}}, {text: logout}]}", "a=user sign-in", "event=login")
	f("fields: {event: [{text: login, when: {a: {present: true}}}, {text: logout}]}", "b=1", "event=logout")
	f("fields: {event: [{text: login, when: {a: {nonzero: true}}}, {text: logout}]}", "a=0.00", "event=logout")
	f("fields: {event: [{text: login, when: [{a: x, b: y}, {a: z}]}, {text: logout}]}", "a=x|b=x", "event=logout")
	f("fields: {event: [{text: login, when: [{a: x, b: y}, {a: z}]}, {text: logout}]}", "a=z", "event=login")
	f("pass: [{when: {a: fee}, as: a fee}]\nfields: {event: a}", "a=Fee", "passed: a fee")
	// Values.
	f("fields: {ip: {from: a, as: addr}}", "a=192.0.2.1:443", "ip=192.0.2.1")
	f("fields: {ip: {from: a, as: addr}}", "a=signin.amazonaws.com", "ip=signin.amazonaws.com")
	f("fields: {ip: {from: a, as: forwarded}}", "a=10.0.0.1, 198.51.100.7", "ip=198.51.100.7")
	f("fields: {country: {from: a, as: country}}", "a=Japan", "country=JP")
	f("fields: {country: {from: a, as: country}}", "a=Atlantis", "country=Atlantis")
	f("fields: {asn: {from: a, as: asn}}", "a=64500.0", "asn=64500")
	f("fields: {detail: {from: a, as: lower}}", "a=ABC", "detail=abc")
}

func TestTimes(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	f := func(body, record string, env Env, want string) {
		t.Helper()
		got := mapped(t, authHead+body, record, env)
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s\n%s: (-want +got)\n%s", body, record, diff)
		}
	}
	f("fields: {event_time: a}", "a=2026-01-02T03:04:05.1234567Z", Env{}, "event_time=2026-01-02T03:04:05.1234567Z")
	f("fields: {event_time: a}", "a=2026-01-02 03:04:05", Env{}, "event_time=2026-01-02T03:04:05.000000")
	f("fields: {event_time: a}", "a=2026-01-02 03:04:05", Env{Zone: tokyo}, "event_time=2026-01-01T18:04:05.000000Z")
	f("zone: Asia/Tokyo\nfields: {event_time: a}", "a=2026-01-02 03:04:05", Env{}, "event_time=2026-01-01T18:04:05.000000Z")
	f("zone: Asia/Tokyo\nfields: {event_time: a}", "a=2026-01-02 03:04:05Z", Env{}, "event_time=2026-01-02T03:04:05.000000Z")
	f("zone: Asia/Tokyo\nfields: {event_time: a}", "a=2026-01-02 03:04:05", Env{Zone: time.UTC}, "event_time=2026-01-02T03:04:05.000000Z")
	f("fields: {event_time: {all: [a, b], zone: c}}", "a=2026-07-02|b=03:04:05|c=PST", Env{}, "event_time=2026-07-02T11:04:05.000000Z")
	f("fields: {event_time: {from: a, zone: c}}", "a=2026-07-02 03:04:05|c=Nowhere", Env{}, "fault: event_time: "+badZone)
	f("fields: {event_time: {from: a, layout: epoch_s}}", "a=1562034784", Env{}, "event_time=2019-07-02T02:33:04.000000Z")
	f("fields: {event_time: {from: a, layout: [iso, epoch_ms]}}", "a=1562034784123", Env{}, "event_time=2019-07-02T02:33:04.123000Z")
	f("fields: {event_time: {from: a, base: '2026-01-01T00:00:00Z', step: 3600}}", "a=25", Env{}, "event_time=2026-01-02T01:00:00.000000Z")
	f("fields: {event_time: {from: a, base: '2026-01-01T00:00:00Z', step: 3600}}", "a=-1", Env{}, "fault: event_time: "+badTime)
	f("fields: {event_time: a}", "a=yesterday", Env{}, "fault: event_time: "+badTime)
	f("fields: {event_time: {from: a, layout: syslog}}", "a=Jan  2 03:04:05", Env{Year: 2025, Zone: time.UTC}, "event_time=2025-01-02T03:04:05.000000Z")
	f("fields: {event_time: {from: a, before: ' [', layout: '%Y-%m-%d %H:%M:%S.%f [INFO][WARN]'}}", "a=2026-01-02 03:04:05,678 WARN  [x] (y)", Env{Zone: time.UTC}, "event_time=2026-01-02T03:04:05.678000Z")
	f("fields: {event_time: {from: a, strip: 'at '}}", "a=at 2026-01-02T03:04:05Z", Env{}, "event_time=2026-01-02T03:04:05.000000Z")
}

func TestAmounts(t *testing.T) {
	f := func(body, record string, want ...string) {
		t.Helper()
		got := mapped(t, payHead+body, record, Env{Currency: money.MustCurrency("JPY")})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s: (-want +got)\n%s", body, record, diff)
		}
	}
	f("fields: {amount: a}", "a=¥1,280", "amount=1280")
	f("fields: {amount: a, currency: c}", "a=12.5|c=usd", "amount=12.50 currency=usd")
	f("currency: USD\nfields: {amount: a}", "a=12.5", "amount=12.50 currency=USD")
	f("currency: USD\nfields: {amount: a, currency: c}", "a=12.5|c=EUR", "amount=12.50 currency=EUR")
	f("currency: USD\nfields: {amount: a, currency: c}", "a=12.5", "amount=12.50 currency=USD")
	f("fields: {amount: {from: a, unit: minor}, currency: c}", "a=1250|c=usd", "amount=12.50 currency=usd")
	f("fields: {amount: {from: a, unit: hundredths}}", "a=15000", "amount=150")
	f("fields: {amount: {from: a, unit: hundredths}}", "a=15050", "fault: amount: "+badAmount)
	f("fields: {amount: {from: a, unit: stripe}, currency: c}", "a=500|c=ugx", "amount=5 currency=ugx")
	f("fields: {amount: {from: a, decimal: ','}, currency: c}", "a=1.234,56|c=EUR", "amount=1234.56 currency=EUR")
	f("fields: {amount: {from: a, minus: b}, currency: c}", "a=12.00|b=|c=EUR", "amount=12.00 currency=EUR")
	f("fields: {amount: a}", "a=-", "")
	f("fields: {amount: a}", "a=twelve", "fault: amount: "+badAmount)
	f("fields: {amount: a}", "a=-12", "fault: amount: "+badSign)
	f("fields: {amount: a, currency: c}", "a=12|c=???", "fault: currency: "+badCurrency)
	const signed = "fields: {amount: {from: a, minus: b}, kind: [{text: refund, when: {'@amount': negative}}, {text: payment}]}"
	f(signed, "a=12", "kind=payment amount=12")
	f(signed, "a=-12", "kind=refund amount=12")
	f(signed, "b=12", "kind=refund amount=12")
	const rows = "fields: {txn_id: a, amount: b, kind: {text: payment}}\nrows: [{}, {when: {c: {nonzero: true}}, fields: {txn_id: {from: a, suffix: -refund}, original_txn_id: a, amount: c, kind: {text: refund}}}]"
	f(rows, "a=t1|b=100|c=0", "txn_id=t1 kind=payment amount=100")
	f(rows, "a=t1|b=100|c=40", "txn_id=t1 kind=payment amount=100", "txn_id=t1-refund kind=refund amount=40 original_txn_id=t1")
}

func TestCardNumbersBecomeTokens(t *testing.T) {
	f := func(number, key string) string {
		t.Helper()
		return strings.Join(mapped(t, payHead+"fields: {account_id: {from: a, as: card}}", "a="+number, Env{CardKey: []byte(key)}), ";")
	}
	const number = "4111111111111111"
	token := f(number, "k1")
	if !strings.HasPrefix(token, "account_id=411111-") || !strings.HasSuffix(token, "-1111") || strings.Contains(token, number) {
		t.Errorf("token %s", token)
	}
	if f("4111 1111 1111 1111", "k1") != token || f("4111-1111-1111-1111", "k1") != token {
		t.Error("one number has several tokens")
	}
	if f(number, "k2") == token || f("4012888888881881", "k1") == token {
		t.Error("tokens do not depend on number and key")
	}
	if got := f("4.11111E+15", "k1"); got != "fault: account_id: "+badCard {
		t.Error(got)
	}
	if got := f("411111111111111199999", "k1"); strings.Contains(got, "4111") {
		t.Errorf("a number that is no card number is let through: %s", got)
	}
}

// TestHideCards: what is hidden in a rejected record is the token that the rows
// which were understood have, and never the number.
func TestHideCards(t *testing.T) {
	key := []byte("k1")
	token := func(number string) string {
		got := mapped(t, payHead+"fields: {account_id: {from: a, as: card}}", "a="+number, Env{CardKey: key})
		return strings.TrimPrefix(strings.Join(got, ";"), "account_id=")
	}
	f := func(text, want string) {
		t.Helper()
		if got := string(HideCards([]byte(text), key)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	right := token("4111111111111111")
	f("a,4111111111111111,b", "a,"+right+",b")
	f("4111-1111-1111-1111 x", right+" x")
	f("- -4111111111111111-", "- -"+right+"-")
	f("4111111111111111;5500005555555559", right+";"+token("5500005555555559"))
	f("2019-07-02 12:03:04,123456789012", "2019-07-02 12:03:04,123456789012")
	// A number may stand within a longer one.
	f("x 2019070155555555555544440000000300", "x 201907-ebc10334b1cc8222-0300")
	f("", "")
	// A wrong digit: no row has its token, but nobody reads the number either.
	got := string(HideCards([]byte("x 4111 1111 1111 1112"), key))
	if !regexp.MustCompile(`^x 411111-[0-9a-f]{16}-1112$`).MatchString(got) || got == string(HideCards([]byte("x 4111 1111 1111 1112"), nil)) {
		t.Errorf("%s", got)
	}
}

func TestParameters(t *testing.T) {
	const yaml = "name: x\nrole: auth\nask_for: true\nparams: {login_path: '', user: who, method: web}\nfields: {account_id: $user, method: {text: $method}, event: [{text: login, when: {path: $login_path}}]}"
	p, err := Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(p, nil); err == nil || !strings.Contains(err.Error(), "login_path") {
		t.Errorf("no value: %v", err)
	}
	if _, err := Compile(p, map[string]string{"login_path": "/x", "colour": "red"}); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("unknown parameter: %v", err)
	}
	c, err := Compile(p, map[string]string{"login_path": "/login"})
	if err != nil {
		t.Fatal(err)
	}
	values := make(Values, len(c.Paths()))
	for i, path := range c.Paths() {
		values[i] = []byte(map[string]string{"who": "ann", "path": "/login"}[path])
	}
	if got := fmt.Sprint(rowsOf(c.NewMapper(Env{}), values)); got != "[account_id=ann event=login method=web]" {
		t.Error(got)
	}
	p.Needs, p.AskFor = []Paths{{"$user", "id"}}, false
	if c, err = Compile(p, map[string]string{"login_path": "/login", "user": "uid"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"uid or id"}, c.Missing(func(int) bool { return false })); diff != "" {
		t.Errorf("what is missing is named by its parameter: %s", diff)
	}
}

func TestProfilesThatAreRefused(t *testing.T) {
	f := func(yaml, want string) {
		t.Helper()
		if _, err := Load([]byte(yaml)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot %v, want %s", yaml, err, want)
		}
	}
	f("", "empty")
	f("name: X\nrole: auth\n", "name:")
	f("name: x\nrole: logs\n", "role:")
	f("name: x\nrole: auth\n", "needs:")
	f("colour: red", "colour")
	f(authHead+"fields: {colour: a}", `no "colour"`)
	f(authHead+"fields: {account_id: {form: a}}", `unknown key "form"`)
	f(authHead+"fields: {account_id: {from: a, text: b}}", "one of from, all and text")
	f(authHead+"fields: {account_id: {from: a, other: never}}", "other:")
	f(authHead+"fields: {account_id: {from: a, as: magic}}", "as:")
	f(authHead+"fields: {account_id: {from: a, layout: iso}}", "event_time")
	f(authHead+"fields: {event_time: {from: a, layout: no-such}}", "layout")
	f(authHead+"fields: {event_time: {from: a, base: then}}", "base:")
	f(authHead+"fields: {account_id: {from: a, unit: minor}}", "amount")
	f(payHead+"fields: {amount: {from: a, unit: pounds}}", "unit:")
	f(payHead+"fields: {amount: {from: a, decimal: ';'}}", "decimal:")
	f(authHead+"zone: Mars/Olympus", "zone:")
	f(authHead+"currency: '???'", "currency:")
	f(authHead+"where: {a: {like: b}}", `unknown key "like"`)
	f(authHead+"where: {a: {is: b, prefix: c}}", "one of is")
	f(authHead+"pass: [{when: {a: b}}]", "pass:")
	f(authHead+"syntax: lines", "patterns:")
	f(authHead+"rows: [{}, {}, {}, {}, {}, {}, {}, {}, {}]", "rows:")
	f(strings.Repeat("#", MaxSize+1), "bytes")
}

// FuzzLoad takes any text for a profile and maps a record by it.
func FuzzLoad(f *testing.F) {
	names, err := world.ReadDir("world")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, n := range names {
		data, err := world.ReadFile("world/" + n.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data), "4111111111111111")
	}
	f.Fuzz(func(t *testing.T, yaml, value string) {
		p, err := Load([]byte(yaml))
		if err != nil {
			return
		}
		c, err := Compile(p, nil)
		if err != nil {
			return
		}
		m := c.NewMapper(Env{Currency: money.MustCurrency("JPY")})
		values := make(Values, len(c.Paths()))
		for i := range values {
			values[i] = []byte(value)
		}
		first, again := rowsOf(m, values), rowsOf(m, values)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
	})
}

// TestMappingAllocatesNothing maps one record again and again.
func TestMappingAllocatesNothing(t *testing.T) {
	data, ok := Text("okta")
	if !ok {
		t.Fatal("no profile okta")
	}
	p, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"published": "2026-01-02T03:04:05.123Z", "eventType": "user.session.start", "outcome.result": "FAILURE",
		"actor.id": "u1", "client.ipAddress": "192.0.2.1", "client.geographicalContext.country": "Japan", "outcome.reason": "INVALID_CREDENTIALS"}
	values := make(Values, len(c.Paths()))
	for i, path := range c.Paths() {
		values[i] = []byte(texts[path])
	}
	m := c.NewMapper(Env{})
	var v Fields
	allocs := testing.AllocsPerRun(100, func() {
		m.Begin(values)
		if res := m.Row(0, &v); res.What != Event || string(v[event.ReasonWord]) != "bad_password" {
			t.Fatal(res)
		}
	})
	if allocs > 0 {
		t.Errorf("%.0f allocations", allocs)
	}
}

func TestWhereBeforeTheFirstRecord(t *testing.T) {
	p, err := Load([]byte(authHead + "where: {b: x}\nfields: {event: a}"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.NewMapper(Env{}).Where() {
		t.Error("a record without fields is of no profile")
	}
}
