package jsonl

import (
	"bytes"
	"io"
	"strings"
)

// Why a line is broken.
const (
	brokenText    = "text that is no record"
	brokenValue   = "brackets or quotes that do not match"
	brokenLong    = "a record longer than 1 MiB"
	brokenDeep    = "a record deeper than 64 levels"
	brokenEnd     = "the file ends within this record"
	brokenRead    = "the file could not be read beyond this line"
	brokenMissing = "the file ends before its last bracket is closed"
	brokenPage    = "the end of an object longer than 1 MiB that has no array of records"
)

// An outer follows what stands around records.
type outer struct {
	wrapper []string
	mode    mode
	level   int  // how many objects around the array of records are open
	array   bool // whether the array is open
	found   bool // whether there was one
	page    bool // whether there was one in the object at hand
	hold    int  // where that object begins in text as long as it may be a record, or -1
	opening string

	fresh  bool // whether only blanks stand between the line's start and pos
	column int  // how many

	record  bool // whether the value at pos is a record
	indent  int  // of the line on which it begins
	matcher matcher
	skimmer skimmer

	reason    string // why the line at pos is to be broken
	broken    string // the same once its length is known
	brokenLen int
}

// A mode is what the text at pos is.
type mode uint8

const (
	between  mode = iota // values
	inValue              // a value begins here
	skimming             // in a value that is too long or deep
	breaking             // a line that is no record
	tailing              // the rest of one that is long
	lost                 // the start of a line behind such a line
)

// wrapperKeys splits the path of a wrapper.
func wrapperKeys(wrapper string) []string {
	var keys []string
	for rest := wrapper; rest != ""; {
		name, _, after, err := cutName(rest, ".")
		if err != nil {
			name, after = rest, ""
		}
		keys = append(keys, name)
		rest = strings.TrimPrefix(after, ".")
	}
	return keys
}

// step goes on by a token, a value or a line. It returns false if that takes
// more text than there is.
func (c *Cutter) step() bool {
	o := &c.outer
	if o.hold >= 0 && c.pos-o.hold > c.longest {
		o.hold = -1
	}
	switch o.mode {
	case inValue:
		return c.value()
	case skimming:
		return c.skim()
	case breaking:
		return c.breakLine()
	case tailing:
		return c.tail()
	case lost:
		return c.search()
	}
	return c.token()
}

// window returns the text at pos, up to as much as a record may be.
func (c *Cutter) window() []byte {
	return c.text[c.pos:min(len(c.text), c.pos+c.longest)]
}

// more reports whether the window would be longer if more were read.
func (c *Cutter) more() bool { return c.err == nil && len(c.text)-c.pos < c.longest }

// blank moves pos over blanks, byte order marks and the given other characters.
// It returns false if the text ends there.
func (c *Cutter) blank(others string) bool {
	o := &c.outer
	for ; c.pos < len(c.text); c.pos++ {
		switch b := c.text[c.pos]; {
		case b == '\n':
			o.fresh, o.column = true, 0
		case isBlank(b):
			o.column++
		case strings.IndexByte(others, b) >= 0:
			o.fresh = false
		case b == mark[0] && bytes.HasPrefix(c.text[c.pos:], mark):
			c.pos += len(mark) - 1
		default:
			return b != mark[0] || c.err != nil || len(c.text)-c.pos >= len(mark)
		}
	}
	return false
}

// token takes what stands between values.
func (c *Cutter) token() bool {
	if !c.blank(",") {
		return false
	}
	o := &c.outer
	switch b := c.text[c.pos]; {
	case o.level > 0 && !o.array:
		return c.member()
	case o.array && b == ']':
		o.array = false
	case o.array && strings.IndexByte(`{["-0123456789tfn`, b) >= 0:
		o.begin(true)
		return true
	case o.array:
		return c.breakFor(brokenText)
	case b == '{' && len(o.wrapper) == 0:
		o.begin(true)
		return true
	case b == '{':
		o.level, o.page, o.hold = 1, false, c.pos
	case b == '[' && len(o.wrapper) == 0:
		o.array = true
	default:
		return c.breakFor(brokenText)
	}
	o.fresh = false
	c.pos++
	return true
}

// begin says that a value begins at pos.
func (o *outer) begin(record bool) {
	o.mode, o.record, o.matcher, o.indent = inValue, record, matcher{}, 0
	if o.fresh {
		o.indent = o.column
	}
	o.fresh = false
}

// breakFor says that the line at pos is no record, or that on which an object
// began that would be around the array.
func (c *Cutter) breakFor(reason string) bool {
	o := &c.outer
	if o.hold >= 0 && c.pos-o.hold <= c.longest {
		c.pos, o.level = o.hold, 0
	}
	o.mode, o.reason, o.hold = breaking, reason, -1
	return true
}

// member takes a member of an object around the array, or the end of it.
func (c *Cutter) member() bool {
	o, b := &c.outer, c.window()
	switch b[0] {
	case '}':
		return c.leave()
	case '"':
	default:
		return c.breakFor(brokenText)
	}
	end, escaped := quoted(b, 1)
	i := end
	if end >= 0 {
		if i = colon(b, end+1); i >= 0 {
			i = blanks(b, i)
		}
	}
	switch {
	case (i == short || i == len(b)) && c.more():
		return false
	case i < 0 || i == len(b):
		return c.breakFor(brokenValue)
	}
	c.pos += i
	name := b[1:end]
	if escaped {
		name = unescape(nil, name)
	}
	if o.opening == "" && len(name) <= maxPath {
		o.opening = string(name)
	}
	o.enter(string(name), b[i])
	if o.mode == between { // into an object or array
		c.pos++
		o.fresh = false
	}
	return true
}

// enter takes the value of a member, of which the first byte is given.
func (o *outer) enter(name string, first byte) {
	if name != o.wrapper[o.level-1] {
		o.begin(false)
		return
	}
	last := o.level == len(o.wrapper)
	switch {
	case last && first == '[':
		o.array, o.found, o.page, o.hold = true, true, true, -1
	case last && first == 'n': // null stands for an empty array
		o.found, o.page, o.hold = true, true, -1
		o.begin(false)
	case !last && first == '{':
		o.level++
	default:
		o.begin(false)
	}
}

// leave closes an object around the array.
func (c *Cutter) leave() bool {
	o := &c.outer
	if o.level--; o.level > 0 || o.page {
		c.pos++
		return true
	}
	if o.hold < 0 || c.pos+1-o.hold > c.longest {
		o.hold = -1
		o.broken, o.brokenLen = brokenPage, 1
		return true
	}
	c.pos++
	c.records = append(c.records, Span{uint32(o.hold), uint32(c.pos)})
	o.hold = -1
	return true
}

// value takes the value that begins at pos.
func (c *Cutter) value() bool {
	o, b := &c.outer, c.window()
	end := o.matcher.match(b, c.err != nil && len(b) < c.longest)
	switch {
	case end == short && c.more():
		return false
	case end == short && len(b) < c.longest:
		return c.breakFor(c.cut())
	case end == short:
		return c.giveUp(b, brokenLong)
	case end == deep:
		return c.giveUp(b, brokenDeep)
	case end == bad:
		return c.breakFor(brokenValue)
	}
	if o.record {
		c.records = append(c.records, Span{uint32(c.pos), uint32(c.pos + end)})
	}
	c.pos += end
	o.mode = between
	return true
}

// giveUp gives up the value at pos, and skims to its end.
func (c *Cutter) giveUp(b []byte, reason string) bool {
	o := &c.outer
	if b[0] != '{' && b[0] != '[' && (b[0] != '"' || closing(b, 1) != short) {
		return c.breakFor(brokenText)
	}
	o.mode, o.skimmer = skimming, skimmer{indent: o.indent, lines: o.record}
	if !o.record {
		return true
	}
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		n = len(b)
	}
	o.skimmer.skim(b[:n])
	o.broken, o.brokenLen, o.hold = reason, n, -1
	return true
}

// skim goes on to the end of a value that was given up.
func (c *Cutter) skim() bool {
	o := &c.outer
	n, ended := o.skimmer.skim(c.text[c.pos:])
	c.pos += n
	switch {
	case !ended:
		return false
	case o.skimmer.depth > 0:
		o.mode, o.fresh, o.column = lost, true, o.skimmer.column
	default:
		o.mode, o.fresh = between, false
	}
	return true
}

// breakLine ends the line at pos.
func (c *Cutter) breakLine() bool {
	o, b := &c.outer, c.window()
	n := bytes.IndexByte(b, '\n') + 1
	o.mode, o.fresh, o.column = lost, true, 0
	if n == 0 {
		if c.more() {
			o.mode = breaking
			return false
		}
		n, o.mode = len(b), tailing
	}
	o.broken, o.brokenLen = o.reason, n
	return true
}

// tail goes on to the end of a line.
func (c *Cutter) tail() bool {
	n := bytes.IndexByte(c.text[c.pos:], '\n') + 1
	if n == 0 {
		c.pos = len(c.text)
		return false
	}
	c.pos += n
	c.outer.mode = lost
	return true
}

// search looks for a line that begins with an object.
func (c *Cutter) search() bool {
	if !c.blank(",]}") {
		return false
	}
	o := &c.outer
	if c.text[c.pos] == '[' && len(o.wrapper) == 0 {
		o.array = true
		c.pos++
		return true
	}
	if c.text[c.pos] != '{' {
		return c.breakFor(brokenText)
	}
	if len(o.wrapper) > 0 && (o.level > 0 || o.array) {
		name, ok := firstKey(c.window())
		if !ok && c.more() {
			return false
		}
		// This is a record in the array, unless it begins like what is
		// around the array.
		o.level, o.array, o.page = len(o.wrapper), true, true
		if name != "" && (name == o.opening || name == o.wrapper[0]) {
			o.level, o.array = 0, false
		}
	}
	o.mode = between
	return true
}

// firstKey returns the first key of an object, or "" if it has none. It is not
// ok if that cannot be told yet.
func firstKey(b []byte) (name string, ok bool) {
	i := blanks(b, 1)
	if i >= len(b) || b[i] != '"' {
		return "", i < len(b)
	}
	end, escaped := quoted(b, i+1)
	if end < 0 {
		return "", end == bad
	}
	if escaped {
		return string(unescape(nil, b[i+1:end])), true
	}
	return string(b[i+1 : end]), true
}

// finish takes the end of the stream. It returns false if there is nothing left
// to say.
func (c *Cutter) finish() bool {
	o := &c.outer
	open := o.mode == between && (o.level > 0 || o.array) || o.mode == skimming && !o.record
	if open && o.hold >= 0 && c.pos-o.hold <= c.longest {
		return c.breakFor(c.cut())
	}
	o.mode, o.level, o.array, o.hold = between, 0, false, -1
	if open && c.err == io.EOF {
		o.broken, o.brokenLen = brokenMissing, 0
		return true
	}
	return false
}

// cut returns why a value is broken that the end of the stream cuts.
func (c *Cutter) cut() string {
	if c.err == io.EOF {
		return brokenEnd
	}
	return brokenRead
}
