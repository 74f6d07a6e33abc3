package lines

import (
	"bytes"
	"fmt"
)

// combinedNames are the fields of a Combined.
var combinedNames = [...]string{
	remoteAddr: "remote_addr", ident: "ident", remoteUser: "remote_user", stamp: "time",
	request: "request", method: "method", path: "path", protocol: "protocol",
	status: "status", size: "bytes", referer: "referer", userAgent: "user_agent", extra: "extra",
}

const (
	remoteAddr = iota
	ident
	remoteUser
	stamp
	request
	method
	path
	protocol
	status
	size
	referer
	userAgent
	extra
)

// A Combined walks the lines of an access log in the Common or the Combined
// Log Format, as nginx and Apache write them:
//
//	192.0.2.1 - ann [06/Sep/2015:05:58:05 +0900] "POST /login?a=1 HTTP/1.1" 200 512 "-" "Mozilla/5.0" and more
//
// Its fields are remote_addr (the first word, or several with a comma and a
// blank between them: a header that lists proxies), ident, remote_user, time
// (what the brackets hold), request, method, path (without the query),
// protocol, status, bytes, referer, user_agent, and extra: the rest of the
// line. A field that is written as - is absent, and so are method, path and
// protocol of a request that is not of their form.
//
// Quoted fields and the user are unescaped: both programs escape what clients
// send, so nothing of it can look like the end of a field. A user may hold
// blanks. What it returns is valid until the next call of Next.
type Combined struct {
	// Malformed says what is wrong with the record, or "". The record then
	// has no fields.
	Malformed string

	walk
	slots []int // field of each slot
	spans [len(combinedNames)]span
	text  []byte // unescaped fields of this record
}

// A span is a field: data[lo:hi], or text[lo:hi] if it is unescaped.
type span struct {
	lo, hi uint32
	kind   kind
}

type kind uint8

const (
	absent kind = iota
	plain
	escaped // may hold escapes
	unescaped
)

// The reasons for which a line is Malformed.
const (
	noTime     = "no time in brackets before a request in quotes"
	noUser     = "no address, identity and user before the time"
	openQuote  = "a quote that is never closed"
	afterQuote = "text after a closing quote"
	noStatus   = "no status and size behind the request"
	noAgent    = "no user agent in quotes behind the referer"
)

// NewCombined returns a Combined for the fields that names lists by slot.
func NewCombined(names []string) (*Combined, error) {
	c := &Combined{text: make([]byte, 0, 256)}
next:
	for _, name := range names {
		for i, known := range combinedNames {
			if name == known {
				c.slots = append(c.slots, i)
				continue next
			}
		}
		return nil, fmt.Errorf("no line has a field %q", name)
	}
	return c, nil
}

// Next moves to the next record and reports whether there is one.
func (c *Combined) Next() bool {
	if !c.next() {
		return false
	}
	c.spans, c.text = [len(combinedNames)]span{}, c.text[:0]
	if c.Malformed = c.split(c.data[:c.stop]); c.Malformed != "" {
		c.spans = [len(combinedNames)]span{}
	}
	return true
}

// Value returns the field of a slot, nil if the record has none.
func (c *Combined) Value(slot int) []byte {
	f := &c.spans[c.slots[slot]]
	if f.kind == escaped {
		c.unescape(f)
	}
	switch f.kind {
	case absent:
		return nil
	case unescaped:
		return c.text[f.lo:f.hi:f.hi]
	}
	return c.data[f.lo:f.hi]
}

// put notes a field, unless it is written as absent.
func (c *Combined) put(field, lo, hi int, k kind) {
	if hi-lo != 1 || c.data[lo] != '-' {
		c.spans[field] = span{uint32(lo), uint32(hi), k}
	}
}

// split finds the fields of the line that ends with b, and returns what is
// wrong with it.
func (c *Combined) split(b []byte) (fault string) {
	// No client can write this quote: it would be escaped.
	n := bytes.Index(b[c.start:], []byte(`] "`))
	if n < 0 {
		return noTime
	}
	end := c.start + n
	open := c.start + bytes.LastIndexByte(b[c.start:end], '[')
	if open <= c.start || b[open-1] != ' ' {
		return noTime
	}
	c.put(stamp, open+1, end, plain)
	if !c.splitUser(b[:open-1]) {
		return noUser
	}
	lo := end + len(`] "`)
	if end, fault = closing(b, lo); fault != "" {
		return fault
	}
	c.put(request, lo, end, escaped)
	c.splitRequest(b, lo, end)
	end = c.splitStatus(b, end+1)
	switch {
	case end < 0:
		return noStatus
	case end+1 < len(b) && b[end+1] == '"':
		if end, fault = c.splitClient(b, end+2); fault != "" {
			return fault
		}
	}
	if end+1 < len(b) {
		c.put(extra, end+1, len(b), plain)
	}
	return ""
}

// splitUser finds the fields before the time. The user is all that is left.
func (c *Combined) splitUser(b []byte) bool {
	addr := c.start
	for {
		n := bytes.IndexByte(b[addr:], ' ')
		if n < 0 {
			return false
		}
		addr += n
		if addr == c.start || b[addr-1] != ',' || bytes.HasPrefix(b[addr:], []byte(" - ")) {
			break // a list that a client ended with a comma ends before the identity
		}
		addr++
	}
	id := addr + 1 + bytes.IndexByte(b[addr+1:], ' ')
	if addr == c.start || id <= addr+1 {
		return false
	}
	c.put(remoteAddr, c.start, addr, plain)
	c.put(ident, addr+1, id, plain)
	if string(b[id+1:]) == `""` { // how Apache writes an empty user
		c.put(remoteUser, id+2, id+2, plain)
	} else {
		c.put(remoteUser, id+1, len(b), escaped)
	}
	return true
}

// splitRequest finds the parts of the request b[lo:hi]: GET /path HTTP/1.1.
func (c *Combined) splitRequest(b []byte, lo, hi int) {
	n := bytes.IndexByte(b[lo:hi], ' ')
	if n <= 0 {
		return
	}
	c.put(method, lo, lo+n, escaped)
	lo += n + 1
	if n := bytes.LastIndexByte(b[lo:hi], ' '); n >= 0 && bytes.HasPrefix(b[lo+n+1:hi], []byte("HTTP/")) {
		c.put(protocol, lo+n+1, hi, escaped)
		hi = lo + n
	}
	if n := bytes.IndexByte(b[lo:hi], '?'); n >= 0 {
		hi = lo + n
	}
	c.put(path, lo, hi, escaped)
}

// splitStatus finds status and size behind b[i], and returns where they end,
// or -1.
func (c *Combined) splitStatus(b []byte, i int) int {
	code := number(b, i)
	if code < 0 || code > i+len(" 200") {
		return -1
	}
	end := number(b, code)
	if end < 0 || end < len(b) && b[end] != ' ' {
		return -1
	}
	c.put(status, i+1, code, plain)
	c.put(size, code+1, end, plain)
	return end
}

// number returns the end of a blank and a number, or - for none, that begin at
// b[i], or -1.
func number(b []byte, i int) int {
	if i == len(b) || b[i] != ' ' {
		return -1
	}
	i++
	if i < len(b) && b[i] == '-' {
		return i + 1
	}
	n := digits(b[i:])
	if n == 0 {
		return -1
	}
	return i + n
}

// splitClient finds referer and user agent; the quote before b[lo] is open.
func (c *Combined) splitClient(b []byte, lo int) (end int, fault string) {
	if end, fault = closing(b, lo); fault != "" {
		return 0, fault
	}
	agent := end + len(`" "`)
	if agent > len(b) || b[agent-1] != '"' {
		return 0, noAgent
	}
	c.put(referer, lo, end, escaped)
	if end, fault = closing(b, agent); fault != "" {
		return 0, fault
	}
	c.put(userAgent, agent, end, escaped)
	return end + 1, ""
}

// closing returns where the quote is that closes the one before b[lo].
func closing(b []byte, lo int) (end int, fault string) {
	for i := lo; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return 0, openQuote
		}
		i += n
		slashes := i
		for slashes > lo && b[slashes-1] == '\\' {
			slashes--
		}
		if (i-slashes)%2 != 0 {
			i++
			lo = i
			continue
		}
		if i+1 < len(b) && b[i+1] != ' ' {
			return 0, afterQuote
		}
		return i, ""
	}
}

// unescape undoes the escapes of a field. What is no escape stays.
func (c *Combined) unescape(f *span) {
	b := c.data[f.lo:f.hi]
	n := bytes.IndexByte(b, '\\')
	if n < 0 {
		f.kind = plain
		return
	}
	lo := len(c.text)
	for ; n >= 0; n = bytes.IndexByte(b, '\\') {
		letter, width := unescape(b[n:])
		c.text = append(append(c.text, b[:n]...), letter)
		b = b[n+width:]
	}
	c.text = append(c.text, b...)
	*f = span{uint32(lo), uint32(len(c.text)), unescaped}
}

// unescape returns the letter that the escape at the beginning of b stands
// for, and the length of the escape.
func unescape(b []byte) (letter byte, width int) {
	if len(b) > 1 {
		switch b[1] {
		case '"', '\\':
			return b[1], 2
		case 'b':
			return '\b', 2
		case 'f':
			return '\f', 2
		case 'n':
			return '\n', 2
		case 'r':
			return '\r', 2
		case 't':
			return '\t', 2
		case 'v':
			return '\v', 2
		case 'x':
			if len(b) > 3 && isHex(b[2]) && isHex(b[3]) {
				return fromHex(b[2])<<4 | fromHex(b[3]), 4
			}
		}
	}
	return '\\', 1
}

func isHex(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }

func fromHex(c byte) byte {
	if c-'0' <= 9 {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}
