package jsonl

import "strings"

// A piece is what a Cutter says of a part of a stream: a record, or a line
// that is none for the reason named.
type piece struct {
	Lo     int
	Text   string
	Broken string
}

// A slowCutter does what a Cutter promises with all of the stream at hand.
type slowCutter struct {
	text    string
	wrapper []string
	longest int

	at     int
	level  int
	array  bool
	page   bool
	begins int // where the object around the array does
	first  string
	lost   bool
	pieces []piece
}

func slowCut(text string, wrapper []string, longest int) []piece {
	c := &slowCutter{text: text, wrapper: wrapper, longest: longest}
	for {
		if c.lost {
			c.at += c.gap(",]}")
		} else {
			c.at += c.gap(",")
		}
		if c.at == len(text) {
			if !c.lost && c.level > 0 && !c.page && c.at-c.begins <= longest {
				c.line(brokenEnd)
				continue
			}
			if !c.lost && (c.level > 0 || c.array) {
				c.pieces = append(c.pieces, piece{c.at, "", brokenMissing})
			}
			return c.pieces
		}
		if c.lost {
			c.search()
		} else if c.level > 0 && !c.array {
			c.member()
		} else {
			c.token()
		}
	}
}

// gap returns the length of blanks, byte order marks and some other characters.
func (c *slowCutter) gap(others string) int {
	rest := c.text[c.at:]
	for {
		trimmed := strings.TrimPrefix(strings.TrimLeft(rest, " \t\r\n"+others), "\ufeff")
		if trimmed == rest {
			return len(c.text) - c.at - len(rest)
		}
		rest = trimmed
	}
}

func (c *slowCutter) token() {
	plain := len(c.wrapper) == 0
	switch b := c.text[c.at]; {
	case c.array && b == ']':
		c.array = false
		c.at++
	case c.array && strings.Contains(`{["-0123456789tfn`, string(b)), b == '{' && plain:
		c.value(true)
	case b == '[' && plain && !c.array:
		c.array = true
		c.at++
	case b == '{' && !c.array:
		c.level, c.page, c.begins = 1, false, c.at
		c.at++
	default:
		c.line(brokenText)
	}
}

func (c *slowCutter) member() {
	switch c.text[c.at] {
	case '}':
		c.at++
		if c.level--; c.level > 0 || c.page {
			return
		}
		if c.at-c.begins <= c.longest {
			c.pieces = append(c.pieces, piece{c.begins, c.text[c.begins:c.at], ""})
		} else {
			c.pieces = append(c.pieces, piece{c.at - 1, "}", brokenPage})
		}
		return
	case '"':
	default:
		c.line(brokenText)
		return
	}
	rest := c.text[c.at:min(len(c.text), c.at+c.longest)]
	raw, ok := slowFirst(rest)
	behind := strings.TrimLeft(strings.TrimPrefix(rest, raw), " \t\r\n")
	value := strings.TrimLeft(strings.TrimPrefix(behind, ":"), " \t\r\n")
	if !ok || value == "" || behind[0] != ':' {
		c.line(brokenValue)
		return
	}
	name := slowText(raw)
	if c.first == "" {
		c.first = name
	}
	c.at += len(rest) - len(value)
	wanted := name == c.wrapper[c.level-1]
	last := c.level == len(c.wrapper)
	switch {
	case wanted && last && value[0] == '[':
		c.array, c.page = true, true
		c.at++
	case wanted && !last && value[0] == '{':
		c.level++
		c.at++
	default:
		if wanted && last && value[0] == 'n' {
			c.page = true
		}
		c.value(false)
	}
}

// value takes the value at hand.
func (c *slowCutter) value(record bool) {
	rest := c.text[c.at:min(len(c.text), c.at+c.longest)]
	n, fault := slowValueEnd(rest, len(rest) < c.longest)
	switch {
	case fault == "" && record:
		c.pieces = append(c.pieces, piece{c.at, rest[:n], ""})
		c.at += n
	case fault == "":
		c.at += n
	case fault == brokenEnd && len(rest) < c.longest, fault == brokenValue:
		c.line(fault)
	case !strings.Contains(`{["`, rest[:1]), rest[0] == '"' && slowCloses(rest):
		c.line(brokenText)
	default:
		if fault == brokenEnd {
			fault = brokenLong
		}
		c.skim(record, fault)
	}
}

// skim goes beyond a value that is too long or deep.
func (c *slowCutter) skim(record bool, fault string) {
	rest := c.text[c.at:]
	if record {
		line := rest[:min(len(rest), c.longest)]
		if n := strings.Index(line, "\n"); n >= 0 {
			line = line[:n+1]
		}
		c.pieces = append(c.pieces, piece{c.at, line, fault})
	}
	indent := c.indent()
	depth, str := 0, false
	for i := 0; i < len(rest); i++ {
		switch b := rest[i]; {
		case b == '\n':
			if str && depth == 0 {
				c.at += i
				return
			}
			str = false
			line, _, _ := strings.Cut(rest[i+1:], "\n")
			if s := strings.TrimLeft(line, " \t\r"); record && strings.HasPrefix(s, "{") && len(line)-len(s) <= indent {
				c.at += i + 1 + len(line) - len(s)
				c.lost = true
				return
			}
		case str && b == '\\':
			if i+1 < len(rest) && rest[i+1] != '\n' {
				i++
			}
		case b == '"':
			if str = !str; !str && depth == 0 {
				c.at += i + 1
				return
			}
		case str:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			if depth--; depth == 0 {
				c.at += i + 1
				return
			}
		}
	}
	c.at = len(c.text)
	c.lost = record // otherwise the end of the object around is what is missing
}

// indent returns how far the line at hand is indented, 0 if more than blanks
// stand before.
func (c *slowCutter) indent() int {
	before := c.text[strings.LastIndex(c.text[:c.at], "\n")+1 : c.at]
	before = strings.ReplaceAll(before, "\ufeff", "")
	if strings.Trim(before, " \t\r") != "" || c.at == len(before) || !strings.Contains(c.text[:c.at], "\n") {
		return 0
	}
	return len(before)
}

// line takes a line for broken, or the one on which an object began that would
// be around the array.
func (c *slowCutter) line(reason string) {
	if c.level > 0 && !c.page && c.at-c.begins <= c.longest {
		c.at, c.level = c.begins, 0
	}
	line := c.text[c.at:]
	if n := strings.Index(line, "\n"); n >= 0 {
		line = line[:n+1]
	}
	c.pieces = append(c.pieces, piece{c.at, line[:min(len(line), c.longest)], reason})
	c.at += len(line)
	c.lost = true
}

// search looks for a line that begins with an object.
func (c *slowCutter) search() {
	switch {
	case c.text[c.at] == '[' && len(c.wrapper) == 0:
		c.array = true
		c.at++
		return
	case c.text[c.at] != '{':
		c.line(brokenText)
		return
	}
	c.lost = false
	if len(c.wrapper) == 0 || c.level == 0 && !c.array {
		return
	}
	c.level, c.array, c.page = len(c.wrapper), true, true
	rest := c.text[c.at:min(len(c.text), c.at+c.longest)]
	if raw, ok := slowFirst(strings.TrimLeft(rest[1:], " \t\r\n")); ok && raw[0] == '"' {
		if name := slowText(raw); name != "" && (name == c.first || name == c.wrapper[0]) {
			c.level, c.array = 0, false
		}
	}
}

// slowValueEnd returns where the value ends that text begins with, or why none
// does. Final says that nothing comes behind text.
func slowValueEnd(text string, final bool) (n int, fault string) {
	if text[0] != '{' && text[0] != '[' {
		return slowScalarEnd(text, final)
	}
	var open []byte
	lines := false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; b {
		case '\n':
			lines = true
		case '"':
			n, fault := slowStringEnd(text[i:])
			if fault != "" {
				return 0, fault
			}
			i += n - 1
		case '{', '[':
			before := strings.TrimRight(text[:i], " \t\r\n")
			if b == '{' && strings.Contains(text[len(before):i], "\n") {
				last := before[len(before)-1]
				inArray := len(open) > maxDepth || open[len(open)-1] == '['
				if last != ':' && last != '[' && (last != ',' || !inArray) {
					return 0, brokenValue
				}
			}
			if open = append(open, b); len(open) > maxDepth && lines {
				return 0, brokenDeep
			}
		case '}', ']':
			if len(open) <= maxDepth && open[len(open)-1] != b-2 {
				return 0, brokenValue
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1, ""
			}
		}
	}
	return 0, brokenEnd
}

func slowScalarEnd(text string, final bool) (n int, fault string) {
	if text[0] == '"' {
		if n, fault = slowStringEnd(text); fault != "" {
			return 0, fault
		}
	} else {
		n = len(text) - len(strings.TrimLeft(text, "+-.0123456789eEtrufalsn"))
		if raw, ok := slowFirst(text); n == len(text) && (!ok || raw != text) {
			return 0, slowCutShort(text)
		}
		for ; ; n-- { // the longest part that is a value
			if raw, ok := slowFirst(text[:n]); ok && len(raw) == n {
				break
			}
			if n == 0 {
				return 0, brokenValue
			}
		}
	}
	rest := strings.TrimLeft(text[n:], " \t\r")
	switch {
	case rest == "" && !final:
		return 0, brokenEnd
	case rest != "" && !strings.Contains("\n,]}", rest[:1]):
		return 0, brokenValue
	}
	return n, ""
}

// slowCutShort tells whether something that is no scalar might become one.
func slowCutShort(text string) string {
	for _, more := range []string{"0", "rue", "ue", "e", "alse", "lse", "se", "ull", "ll", "l"} {
		if raw, ok := slowFirst(text + more); ok && raw == text+more {
			return brokenEnd
		}
	}
	return brokenValue
}

func slowCloses(text string) bool {
	_, fault := slowStringEnd(text)
	return fault == ""
}

// slowStringEnd returns the length of the string that text begins with.
func slowStringEnd(text string) (n int, fault string) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1, ""
		case '\n':
			return 0, brokenValue
		case '\\':
			if i++; i < len(text) && text[i] == '\n' {
				return 0, brokenValue
			}
		}
	}
	return 0, brokenEnd
}
