package lines

import "bytes"

// A header is what syslog writes before a message, and the message. What a
// header does not have is nil.
type header struct {
	time, host, program, pid, message []byte
}

// read reads the header of a line and reports whether there is one.
func (h *header) read(line []byte) bool {
	*h = header{}
	rest, ok := cutPriority(line)
	if ok {
		if body, ok := cutVersion(rest); ok {
			return h.readNew(body)
		}
	}
	return h.readOld(rest)
}

// cutPriority cuts the priority off: <34>.
func cutPriority(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '<' {
		return b, false
	}
	n := digits(b[1:])
	if n < 1 || n > 3 || len(b) == n+1 || b[n+1] != '>' {
		return b, false
	}
	return b[n+2:], true
}

// cutVersion cuts the version of RFC 5424 and later off: 1.
func cutVersion(b []byte) (rest []byte, ok bool) {
	n := digits(b)
	if n < 1 || n > 3 || b[0] == '0' || len(b) == n || b[n] != ' ' {
		return b, false
	}
	return b[n+1:], true
}

// digits returns how many digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}

// readNew reads a header of RFC 5424, behind its version:
//
//	2003-10-11T22:14:15.003Z host app procid msgid [id name="value"] message
func (h *header) readNew(b []byte) bool {
	var words [5][]byte
	for i := range words {
		n := bytes.IndexByte(b, ' ')
		if n < 1 {
			return false
		}
		if words[i], b = b[:n:n], b[n+1:]; n == 1 && words[i][0] == '-' {
			words[i] = nil
		}
	}
	n := structured(b)
	if n < 0 || n < len(b) && b[n] != ' ' {
		return false
	}
	if words[0] != nil && stampLong(words[0]) != len(words[0]) {
		return false
	}
	h.time, h.host, h.program, h.pid = words[0], words[1], words[2], words[3]
	h.message = bytes.TrimPrefix(b[min(n+1, len(b)):], bom)
	return true
}

// bom is what RFC 5424 puts before a message in UTF-8.
var bom = []byte("\xef\xbb\xbf")

// structured returns the length of the structured data that b begins with, -1
// if there is none.
func structured(b []byte) int {
	if len(b) > 0 && b[0] == '-' {
		return 1
	}
	n := 0
	for n < len(b) && b[n] == '[' {
		end := element(b[n:])
		if end < 0 {
			return -1
		}
		n += end
	}
	if n == 0 {
		return -1
	}
	return n
}

// element returns the length of the element of structured data that b begins
// with, -1 if it has no end.
func element(b []byte) int {
	quoted := false
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ']':
			return i + 1
		}
	}
	return -1
}

// readOld reads a header of RFC 3164, behind its priority, with its own stamp
// or one of RFC 3339:
//
//	Jan  2 03:04:05 host sshd[123]: message
//	2023-01-02T03:04:05+09:00 host sshd[123]: message
//
// The host may be absent, and so may the program.
func (h *header) readOld(b []byte) bool {
	n := stampShort(b)
	if n == 0 {
		n = stampLong(b)
	}
	if n == 0 || n == len(b) || b[n] != ' ' {
		return false
	}
	h.time, b = b[:n:n], skipBlanks(b[n:])
	if !h.cutTag(b) {
		n = bytes.IndexByte(b, ' ')
		if n < 0 {
			n = len(b)
		}
		if n == 0 {
			return false
		}
		h.host, b = b[:n:n], skipBlanks(b[n:])
		if !h.cutTag(b) {
			h.message = b
		}
	}
	return true
}

// skipBlanks returns b without the blanks it begins with.
func skipBlanks(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// cutTag reads program, process and message from b, if it begins with a word
// that ends with a colon: sshd[123]: message.
func (h *header) cutTag(b []byte) bool {
	n := bytes.IndexByte(b, ' ')
	if n < 0 {
		n = len(b)
	}
	if n < 2 || b[n-1] != ':' {
		return false
	}
	word := b[:n-1]
	h.program, h.message = word, skipBlanks(b[n:])
	if open := bytes.LastIndexByte(word, '['); open > 0 && word[len(word)-1] == ']' {
		h.program, h.pid = word[:open:open], word[open+1:len(word)-1]
	}
	return true
}

// stampShort returns the length of a stamp of RFC 3164 that b begins with, or
// 0. The day has two letters, the first of which may be a blank or, as some
// write it, missing.
func stampShort(b []byte) int {
	if len(b) < len("Jan 2 03:04:05") || b[3] != ' ' || !isMonth(b[:3]) {
		return 0
	}
	n := 4
	if b[n] == ' ' {
		n++
	}
	d := digits(b[n:])
	if d != 1 && (d != 2 || n != 4) {
		return 0
	}
	if n += d; !fits(b[n:], " 00:00:00") {
		return 0
	}
	return n + len(" 00:00:00")
}

func isMonth(b []byte) bool {
	switch string(b) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

// stampLong returns the length of a stamp of RFC 3339 that b begins with, or 0.
// The zone may be missing; whether that will do is for others to say.
func stampLong(b []byte) int {
	const seconds = "0000-00-00T00:00:00"
	if !fits(b, seconds) {
		return 0
	}
	n := len(seconds)
	if n < len(b) && (b[n] == '.' || b[n] == ',') {
		d := digits(b[n+1:])
		if d == 0 {
			return 0
		}
		n += 1 + d
	}
	switch rest := b[n:]; {
	case len(rest) > 0 && rest[0] == 'Z':
		return n + 1
	case fits(rest, "+00:00"), fits(rest, "-00:00"):
		return n + len("+00:00")
	case fits(rest, "+0000"), fits(rest, "-0000"):
		return n + len("+0000")
	}
	return n
}

// fits reports whether b begins with the form, in which 0 stands for a digit.
func fits(b []byte, form string) bool {
	if len(b) < len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' {
			if b[i]-'0' > 9 {
				return false
			}
		} else if b[i] != form[i] {
			return false
		}
	}
	return true
}

// repeats takes the message out of "message repeated N times: [ message]". It
// is looked for at the beginning only, where no client can write.
func (s *Splitter) repeats() {
	b := s.header.message
	if rest, ok := bytes.CutPrefix(b, []byte("last message repeated ")); ok && digits(rest) > 0 {
		s.Malformed = repeatsLast
		return
	}
	rest, ok := bytes.CutPrefix(b, []byte("message repeated "))
	n := digits(rest)
	if !ok || n == 0 {
		return
	}
	inner, ok := bytes.CutPrefix(rest[n:], []byte(" times: ["))
	if !ok {
		return
	}
	inner, closed := bytes.CutSuffix(inner, []byte("]"))
	count := 0
	for _, c := range rest[:n] {
		count = min(count*10+int(c-'0'), MaxRepeat+1)
	}
	switch {
	case count > MaxRepeat:
		s.Malformed = manyRepeats
	case count == 0:
		s.Malformed = noRepeats
	case !closed:
		s.Malformed = openRepeat
	default:
		s.repeat, s.header.message = count, skipBlanks(inner)
	}
}
