package jsonl

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The readers of this file do what the package promises with encoding/json, one
// thing after the other.

// none stands for an absent value.
const none = "(none)"

// A slowRow is a row as a Splitter tells of it.
type slowRow struct {
	Offset, End, Sub int
	Raw              string
	Malformed        bool
	Values           []string
}

// slowSplit returns the rows of a block of lines.
func slowSplit(data, each string, paths []string) (rows []slowRow) {
	for at := 0; ; {
		at += slowGap(data[at:])
		if at == len(data) {
			return rows
		}
		line, _, _ := strings.Cut(data[at:], "\n")
		raw, ok := slowFirst(data[at:])
		behind, _, _ := strings.Cut(data[at+len(raw):], "\n")
		if !ok || raw[0] != '{' || slowDepth(raw) > maxDepth || strings.Trim(behind, " \t\r") != "" {
			end := min(at+len(line)+1, len(data))
			rows = append(rows, slowRow{Offset: at, End: end, Raw: strings.TrimSuffix(data[at:end], "\n"), Malformed: true, Values: slowNone(paths)})
			if strings.HasSuffix(data[at:end], "\n") {
				rows[len(rows)-1].Raw = strings.TrimSuffix(line, "\r")
			}
			at = end
			continue
		}
		end := min(at+len(raw)+len(behind)+1, len(data))
		for _, row := range slowRows(raw, each, paths) {
			row.Offset, row.End, row.Raw = at, end, raw
			rows = append(rows, row)
		}
		at = end
	}
}

// slowRows returns the rows of a valid record.
func slowRows(record, each string, paths []string) []slowRow {
	elements := []string{""}
	if each != "" {
		if array := slowLook(record, slowParse(each)); strings.HasPrefix(array, "[") {
			if all := slowElements(array); len(all) > 0 {
				elements = all
			}
		}
	}
	if len(elements) > MaxRows {
		return []slowRow{{Malformed: true, Values: slowNone(paths)}}
	}
	var rows []slowRow
	for sub, element := range elements {
		row := slowRow{Sub: sub}
		for _, path := range paths {
			steps, in := slowParse(path), record
			if n := steps.row(); n >= 0 {
				steps, in = steps[n+1:], element
			}
			row.Values = append(row.Values, slowValue(slowLook(in, steps)))
		}
		rows = append(rows, row)
	}
	return rows
}

func slowNone(paths []string) []string {
	values := make([]string, len(paths))
	for i := range values {
		values[i] = none
	}
	return values
}

func slowParse(text string) path {
	p, err := parsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

// slowLook returns the JSON text of the value that a path leads to, or "". A
// text that a path ends with is made JSON again.
func slowLook(raw string, steps path) string {
	if len(steps) == 0 || raw == "" {
		return raw
	}
	next := ""
	switch s := steps[0]; s.kind {
	case toMember:
		next = slowMember(raw, s.key)
	case toText:
		if raw[0] != '"' {
			return ""
		}
		if len(steps) == 1 {
			return raw
		}
		doc := slowText(raw)
		if !json.Valid([]byte(doc)) || slowDepth(doc) > maxDepth {
			return ""
		}
		next = strings.Trim(doc, " \t\r\n")
	default:
		if raw[0] != '[' {
			return ""
		}
		for i, e := range slowElements(raw) {
			if s.kind == toIndex && i == s.index {
				next = e
				break
			}
			if s.kind == toNamed {
				if m := slowMember(e, s.key); strings.HasPrefix(m, `"`) && slowText(m) == s.text {
					next = e
					break
				}
			}
		}
	}
	return slowLook(next, steps[1:])
}

// slowValue returns a JSON value as a Splitter does.
func slowValue(raw string) string {
	switch {
	case raw == "" || raw == "null":
		return none
	case raw[0] == '"':
		return slowText(raw)
	}
	return raw
}

// slowMember returns the first member of a key, or "".
func slowMember(raw, key string) string {
	if raw == "" || raw[0] != '{' {
		return ""
	}
	keys, values := slowMembers(raw)
	for i := range keys {
		if keys[i] == key {
			return values[i]
		}
	}
	return ""
}

func slowMembers(raw string) (keys, values []string) {
	dec := json.NewDecoder(strings.NewReader(raw))
	must(dec.Token())
	for dec.More() {
		from := dec.InputOffset()
		must(dec.Token())
		keys = append(keys, slowText(strings.TrimLeft(raw[from:dec.InputOffset()], " \t\r\n,")))
		values = append(values, slowNext(dec))
	}
	return keys, values
}

func slowElements(raw string) (values []string) {
	dec := json.NewDecoder(strings.NewReader(raw))
	must(dec.Token())
	for dec.More() {
		values = append(values, slowNext(dec))
	}
	return values
}

func slowNext(dec *json.Decoder) string {
	var v json.RawMessage
	if err := dec.Decode(&v); err != nil {
		panic(err)
	}
	return string(v)
}

func must(_ json.Token, err error) {
	if err != nil {
		panic(err)
	}
}

// slowFirst returns the JSON value that text begins with.
func slowFirst(text string) (string, bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	var v json.RawMessage
	if dec.Decode(&v) != nil {
		return "", false
	}
	return string(v), true
}

// slowText returns the text of a JSON string.
func slowText(raw string) string {
	var out strings.Builder
	for b := raw[1 : len(raw)-1]; b != ""; {
		if b[0] != '\\' {
			out.WriteByte(b[0])
			b = b[1:]
			continue
		}
		if b[1] != 'u' {
			out.WriteByte(map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[b[1]])
			b = b[2:]
			continue
		}
		r, low := slowHex(b[2:6]), rune(0)
		if len(b) >= 12 && b[6:8] == `\u` {
			low = slowHex(b[8:12])
		}
		switch {
		case 0xd800 <= r && r <= 0xdbff && 0xdc00 <= low && low <= 0xdfff:
			out.WriteRune(0x10000 + (r-0xd800)*0x400 + low - 0xdc00)
			b = b[12:]
		case 0xd800 <= r && r <= 0xdfff:
			out.WriteString(b[:6])
			b = b[6:]
		default:
			out.WriteRune(r)
			b = b[6:]
		}
	}
	return out.String()
}

func slowHex(digits string) rune {
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		panic(err)
	}
	return rune(n)
}

// slowDepth returns how many levels a valid value has.
func slowDepth(raw string) (deepest int) {
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	for level := 0; ; {
		t, err := dec.Token()
		if err != nil {
			return deepest
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			level++
		case json.Delim('}'), json.Delim(']'):
			level--
		}
		deepest = max(deepest, level)
	}
}

// slowGap returns the length of the blanks and byte order marks that text
// begins with.
func slowGap(text string) int {
	rest := text
	for {
		trimmed := strings.TrimPrefix(strings.TrimLeft(rest, " \t\r\n"), "\ufeff")
		if trimmed == rest {
			return len(text) - len(rest)
		}
		rest = trimmed
	}
}

// slowAny looks a path of members up in a record as encoding/json decodes it,
// and returns what a Splitter returns. It is ok only where the two have to
// agree: encoding/json takes the last of several members of a key, and changes
// what is not UTF-8.
func slowAny(record string, steps path) (value string, ok bool) {
	if !utf8.ValidString(record) || strings.Contains(strings.ToLower(record), `\ud`) {
		return "", false
	}
	dec := json.NewDecoder(strings.NewReader(record))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return "", false
	}
	for _, s := range steps {
		m, is := v.(map[string]any)
		if s.kind != toMember {
			return "", false
		}
		if !is {
			return none, true
		}
		keys, _ := slowMembers(record)
		for i, k := range keys {
			for _, other := range keys[:i] {
				if k == other {
					return "", false
				}
			}
		}
		if record = slowMember(record, s.key); record == "" {
			return none, true
		}
		v = m[s.key]
	}
	switch v := v.(type) {
	case nil:
		return none, true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	// An object or array is the same when it is decoded again.
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(record)); err != nil {
		return "", false
	}
	return record, compact.Len() > 0
}
