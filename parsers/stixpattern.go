package parsers

import (
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
)

// patternPaths are the paths of STIX patterns that name what a row can show.
var patternPaths = map[string]string{
	"ipv4-addr:value":               "ip",
	"ipv6-addr:value":               "ip",
	"network-traffic:src_ref.value": "ip",
	"autonomous-system:number":      "asn",
	"x-paytriage-device:value":      "device",
	"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'": "user_agent",
}

// patternIndicators returns what a pattern of STIX names, each of which alone
// would fit it. It is not simple if the pattern asks for several things at once,
// for an order or a number of them, or that something is not: then nothing of it
// may be taken by itself. What it names beside addresses and the like is passed
// over.
func patternIndicators(pattern string) (list []event.Indicator, simple bool) {
	s := patternScanner{text: pattern}
	for {
		if s.next() != "[" {
			return nil, false
		}
		for {
			found, ok := s.comparison()
			if !ok {
				return nil, false
			}
			list = append(list, found...)
			if t := s.next(); t == "]" {
				break
			} else if t != "OR" {
				return nil, false
			}
		}
		switch s.next() {
		case "":
			return list, !s.broken
		case "OR":
		default:
			return nil, false
		}
	}
}

// A patternScanner cuts a pattern into brackets, words and strings. A string
// keeps its first quote, so that it is no word.
type patternScanner struct {
	text   string
	broken bool
}

// comparison reads one comparison, and what it names.
func (s *patternScanner) comparison() (list []event.Indicator, ok bool) {
	path := s.next()
	kind := patternPaths[path]
	switch op := s.next(); op {
	case "=", "ISSUBSET":
		return s.value(kind, s.next())
	case "IN":
		if s.next() != "(" {
			return nil, false
		}
		for {
			found, ok := s.value(kind, s.next())
			if !ok {
				return nil, false
			}
			list = append(list, found...)
			switch s.next() {
			case ")":
				return list, true
			case ",":
			default:
				return nil, false
			}
		}
	}
	return nil, false
}

// value returns what a kind and a constant name, nothing for the kind "".
func (s *patternScanner) value(kind, token string) ([]event.Indicator, bool) {
	text, quoted := strings.CutPrefix(token, "'")
	if token == "" || !quoted && strings.Trim(token, "0123456789") != "" {
		return nil, false
	}
	if kind == "" || text == "" {
		return nil, true
	}
	return []event.Indicator{{Kind: kind, Value: text}}, true
}

// next returns the next token, "" at the end and where there is none.
func (s *patternScanner) next() string {
	s.text = strings.TrimLeft(s.text, " \t\r\n")
	if s.text == "" {
		return ""
	}
	switch c := s.text[0]; c {
	case '[', ']', '(', ')', ',', '=':
		s.text = s.text[1:]
		return string(c)
	case '\'':
		return "'" + s.quoted()
	}
	return s.word()
}

// quoted returns the text of a string and goes behind it.
func (s *patternScanner) quoted() string {
	var b strings.Builder
	for i := 1; i < len(s.text); i++ {
		switch c := s.text[i]; c {
		case '\\':
			if i++; i < len(s.text) {
				b.WriteByte(s.text[i])
			}
		case '\'':
			s.text = s.text[i+1:]
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	s.text, s.broken = "", true
	return ""
}

// word returns a word: letters, digits and what paths have, quoted parts as they
// stand.
func (s *patternScanner) word() string {
	i := 0
	for i < len(s.text) {
		c := s.text[i]
		switch {
		case c == '\'' && i > 0 && s.text[i-1] == '.':
			end := strings.IndexByte(s.text[i+1:], '\'')
			if end < 0 {
				s.text, s.broken = "", true
				return ""
			}
			i += end + 2
			continue
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("-_.:", c) >= 0:
			i++
			continue
		}
		break
	}
	if i == 0 {
		s.text, s.broken = "", true
		return ""
	}
	word := s.text[:i]
	s.text = s.text[i:]
	return word
}
