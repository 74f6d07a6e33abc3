package jsonl

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// elements are records as an export has them, without brackets around.
func elements(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"id":"%d","time":"2019-07-02T12:03:04Z","user":{"id":7},"ip":"192.0.2.1","name":"login"}`, i))
	}
	return strings.Join(all, ",\n")
}

// okta is a record with an array of objects among many members.
const okta = `{"actor":{"id":"00u1"},"client":{"ipAddress":"192.0.2.1"},"eventType":"user.session.start","outcome":{"result":"SUCCESS"},` +
	`"published":"2019-07-02T12:03:04.123Z","severity":"INFO","target":[{"id":"x","type":"User","alternateId":"a"},{"id":"y","type":"App"}],"uuid":"u","version":"0"}`

// google is a record whose array of objects has a name that pages have too.
const google = `{"kind":"admin#reports#activity","id":{"time":"2019-07-02T12:03:04Z"},"etag":"x","actor":{"email":"a@example.com"},` +
	`"ipAddress":"192.0.2.1","events":[{"type":"login","name":"login_success","parameters":[{"name":"login_type","value":"exchange"}]}]}`

// heads are beginnings of files, with what Wrapper says of them.
var heads = []struct {
	name, head, key string
	kind            Kind
}{
	{"nothing", "", "", KindNone},
	{"blanks", " \n", "", KindNone},
	{"CSV", "a,b\n1,2\n", "", KindNone},
	{"a stamp", "[2019-07-02 12:03:04] login\n", "", KindNone},
	{"a section", "[section]\na=1\n", "", KindNone},
	{"text in braces", "{0x1} login\n{0x2} login\n", "", KindNone},
	{"little JSON in text", "{x\n{y\n{\"a\":1}\n", "", KindNone},
	{"one more member", `{"request":"x","items":[{"a":1}]}`, "items", KindWrapped},
	{"a scalar", "12\n", "", KindNone},
	{"a text", "\"a\"\n", "", KindNone},
	{"numbers", "[1,2]\n", "", KindNone},
	{"bracket", "[", "", KindNone},
	{"one line", `{"a":1}` + "\n", "", KindLines},
	{"one line without end", `{"a":1}`, "", KindLines},
	{"empty object", `{}`, "", KindLines},
	{"lines", "\ufeff\r\n{\"a\":1}\r\n{\"a\":2}\r\n", "", KindLines},
	{"lines, the last cut", "{\"a\":1}\n{\"a\":\"x", "", KindLines},
	{"the first line cut", `{"a":"` + strings.Repeat("x", 1000), "", KindLines},
	{"lines, one broken", "{\"a\":\n{\"a\":1}\n{\"a\":2}\n", "", KindLines},
	{"lines with an array", okta + "\n" + okta + "\n", "", KindLines},
	{"one line with an array", okta + "\n", "", KindLines},
	{"one line with an array, cut", okta[:250], "", KindLines},
	{"lines with events", google + "\n" + google + "\n", "", KindLines},
	{"one line with events", google, "", KindLines},
	{"orders with items", strings.Repeat(`{"id":"1","account":"a","items":[{"sku":"x","price":5}]}`+"\n", 2), "", KindLines},
	{"a record with null", `{"user":"a","data":null}`, "", KindLines},
	{"nothing but null", `{"data":null}`, "", KindLines},
	{"a record with an empty array", `{"user":"a","items":[]}`, "", KindLines},
	{"pages, the last cut", "{\"Records\":[{\"a\":1}]}\n{\"Reco", "Records", KindWrapped},
	{"pages, one null", "{\"Records\":[{\"a\":1}]}\n{\"Records\":null}\n", "Records", KindWrapped},
	{"a page behind a cut one", "{\n{\"Records\":[{", "Records", KindWrapped},
	{"one order", `{"id":"1","account":"a","items":[{"sku":"x","price":5}]}` + "\n", "", KindLines},
	{"lines of which one has an array", "{\"items\":[{\"a\":1}]}\n{\"a\":2}\n", "", KindLines},
	{"empty array", " [ ]\n", "", KindArray},
	{"array", "[" + elements(2) + "]\n", "", KindArray},
	{"array, cut", "[\n  {\"a\":1},\n  {\"a\":", "", KindArray},
	{"array, the first record broken", "[\n{\"a\":1,\n{\"a\":2},\n{\"a\":3}\n]", "", KindArray},
	{"arrays", "[{\"a\":1}]\n[{\"a\":2}]\n", "", KindArray},
	{"array of wrapped", `[{"Records":[{"a":1}]}]`, "", KindArray},
	{"objects over lines", "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", "", KindObjects},
	{"an object over lines, cut", "{\n  \"a\": 1,\n  \"b\": {\n", "", KindObjects},
	{"a record over lines with an array", strings.ReplaceAll(okta, ",", ",\n"), "", KindObjects},
	{"objects on a line", `{"a":1}{"a":2}`, "", KindObjects},
	{"objects with commas", "{\"a\":1},\n{\"a\":2},\n", "", KindObjects},
	{"Records on a line", `{"Records":[{"a":1},{"a":2}]}`, "Records", KindWrapped},
	{"Records over lines", "{\n  \"Records\": [\n    {\n      \"a\": 1\n    }\n  ]\n}\n", "Records", KindWrapped},
	{"Records line by line", strings.Repeat(`{"Records":[{"a":1}]}`+"\n", 3), "Records", KindWrapped},
	{"Records, an empty one first", `{"Records":[]}` + "\n" + `{"Records":[{"a":1}]}` + "\n", "Records", KindWrapped},
	{"Records cut", `{"Records":[` + elements(3)[:200], "Records", KindWrapped},
	{"Records cut at once", `{"Records":[`, "Records", KindWrapped},
	{"Graph", `{"@odata.context":"https://example.com/$metadata#x","value":[` + elements(2) + `],"@odata.nextLink":"y"}`, "value", KindWrapped},
	{"Graph, pages", strings.Repeat(`{"@odata.context":"x","value":[{"a":1}]}`+"\n", 2), "value", KindWrapped},
	{"Google", `{"kind":"admin#reports#activities","etag":"x","nextPageToken":"y","items":[` + google + `]}`, "items", KindWrapped},
	{"Auth0", `{"start":0,"limit":50,"length":2,"total":2,"logs":[` + elements(2) + `]}`, "logs", KindWrapped},
	{"Stripe", `{"object":"list","url":"/v1/charges","has_more":false,"data":[` + elements(1) + `]}`, "data", KindWrapped},
	{"Slack", `{"ok":true,"entries":[` + elements(1) + `],"response_metadata":{"next_cursor":""}}`, "entries", KindWrapped},
	{"Elasticsearch", `{"took":5,"timed_out":false,"_shards":{"total":1},"hits":{"total":{"value":2},"max_score":1,"hits":[{"_index":"i","_source":{"a":1}},{"_index":"i"}]}}`, "hits.hits", KindWrapped},
	{"an unusual name", `{"totalSize":2,"done":true,"records":[` + elements(2) + `]}`, "records", KindWrapped},
	{"an unusual name with a dot", `{"log.lines":[` + elements(2) + `]}`, `log\.lines`, KindWrapped},
	{"the more telling name", `{"warnings":[{"a":1}],"events":[` + elements(2) + `]}`, "events", KindWrapped},
	{"an array without a name", `{"":[{"a":1}]}`, "", KindLines},
	{"an array of texts", `{"items":["a","b"]}`, "", KindLines},
}

func TestWrapper(t *testing.T) {
	for _, tc := range heads {
		t.Run(tc.name, func(t *testing.T) {
			key, kind := Wrapper([]byte(tc.head))
			if key != tc.key || kind != tc.kind {
				t.Errorf("%s\n%q, %d, want %q, %d", tc.head, key, kind, tc.key, tc.kind)
			}
			consistent(t, tc.head)
		})
	}
}

// consistent checks that records are where Wrapper says.
func consistent(t *testing.T, head string) {
	t.Helper()
	key, kind := Wrapper([]byte(head))
	if (key != "") != (kind == KindWrapped) {
		t.Fatalf("%q: %q, %d", head, key, kind)
	}
	if kind == KindNone || kind == KindLines {
		return
	}
	c := NewCutter(strings.NewReader(head), key)
	n := 0
	for {
		b, err := c.Next()
		if err == io.EOF {
			break
		}
		n += len(b.Records)
		b.Free()
	}
	if n == 0 && kind != KindWrapped && json.Valid([]byte(head)) && strings.Contains(head, "{") {
		t.Fatalf("%q: %d, but there are no records", head, kind)
	}
	if kind == KindWrapped && !c.Found() {
		t.Fatalf("%q: there is no %q", head, key)
	}
}

// TestWrapperRandom writes records in every way and cuts the files anywhere
// behind the first of them.
func TestWrapperRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for i := range 300 {
		var records []string
		for range 2 + rng.IntN(20) {
			members := []string{}
			for m := range 4 + rng.IntN(4) {
				members = append(members, fmt.Sprintf(`"m%d":"%d"`, m, rng.Uint32()))
			}
			if i%2 == 0 {
				members = append(members, `"target":[{"a":1,"b":2}]`, `"items":[{"c":3}]`)
			}
			records = append(records, "{"+strings.Join(members, ",")+"}")
		}
		check := func(open, between, end, key string, kind Kind) {
			t.Helper()
			text := open + strings.Join(records, between) + end
			least := len(open) + len(records[0]) + len(between) + 1
			head := text[:least+rng.IntN(len(text)-least+1)]
			if k, is := Wrapper([]byte(head)); k != key || is != kind {
				t.Fatalf("%q: %q, %d, want %q, %d", head, k, is, key, kind)
			}
		}
		check("", "\n", "\n", "", KindLines)
		check("", "\r\n", "", "", KindLines)
		check("[", ",", "]", "", KindArray)
		check("[\n  ", ",\n  ", "\n]\n", "", KindArray)
		check(`{"Records":[`, ",", "]}", "Records", KindWrapped)
		check("{\n \"nextToken\": \"x\",\n \"events\": [\n  ", ",\n  ", "\n ]\n}\n", "events", KindWrapped)
		for i := range records {
			records[i] = strings.ReplaceAll(records[i], ",", ",\n  ")
		}
		check("", "\n", "\n", "", KindObjects)
		check("", "", "", "", KindObjects)
	}
}
