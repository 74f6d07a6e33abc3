// Package lines reads records out of lines of text that were written for
// people, without allocating: lines that patterns describe, with the headers of
// syslog before them if need be, and the access logs of web servers.
//
// A line is a record; a line of white space is none. What a pattern does not
// match is not dropped: the row says so, and whoever asks decides whether it
// is no event or a fault.
package lines

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of a profile. MaxPattern is in bytes.
const (
	MaxPatterns = 64
	MaxPattern  = 4 << 10
)

// MaxRepeat is how many times at most a message is taken for repeated.
const MaxRepeat = 100_000

// A Profile says how the lines of a log are read.
type Profile struct {
	// Header is "syslog" if a header of RFC 3164 or RFC 5424 stands before
	// each message, or "". Patterns are then matched with the message,
	// otherwise with the line.
	Header string
	// Patterns are tried in order; the first that matches counts.
	Patterns []Pattern
}

// A Pattern describes a line. Its fields are the named groups of Regexp, in the
// syntax of package regexp, and those of Set, which are the same in every line.
type Pattern struct {
	Regexp string
	// Literal must occur in the text, or Regexp is not tried: to look for it
	// is much quicker. It may be empty.
	Literal string
	Set     map[string]string
}

// Fields of every line with a header. Without one there is only the message,
// which is the line.
const (
	Time    = "@time"
	Host    = "@host"
	Program = "@program"
	PID     = "@pid"
	Message = "@message"
)

// The reasons for which a record is Malformed.
const (
	noHeader    = "no syslog header"
	manyRepeats = "a message repeated more than 100,000 times"
	noRepeats   = "a message repeated 0 times"
	openRepeat  = "a repeated message without its end"
	repeatsLast = "a repetition of a message that is in another line"
)

// A Splitter walks the lines of a block. What it returns is valid until the
// next call of Next.
type Splitter struct {
	// Malformed says what is wrong with the record, or "".
	Malformed string

	walk
	syslog   bool
	patterns []pattern
	slots    []slot

	header  header
	repeat  int
	matched *pattern // or nil
	matcher matcher
}

// A pattern is a Pattern made ready.
type pattern struct {
	*program
	literal []byte
	fields  []field // by slot
}

// A field is what a pattern has for a slot: a group, or else a text, or nil.
type field struct {
	group int // or 0
	text  []byte
}

// A slot is a part of the header, or what the pattern has for it.
type slot uint8

const (
	ofPattern slot = iota
	theTime
	theHost
	theProgram
	thePID
	theMessage
)

// parts names the parts of the header.
func parts(name string) slot {
	switch name {
	case Time:
		return theTime
	case Host:
		return theHost
	case Program:
		return theProgram
	case PID:
		return thePID
	case Message:
		return theMessage
	}
	return ofPattern
}

// NewSplitter returns a Splitter for the fields that names lists by slot. A
// name that no line can have a field of is an error; fields that nobody wants
// cost nothing.
func NewSplitter(names []string, p Profile) (*Splitter, error) {
	switch {
	case p.Header != "" && p.Header != "syslog":
		return nil, fmt.Errorf("header %q is not known; it is syslog, or absent", p.Header)
	case len(p.Patterns) == 0:
		return nil, errors.New("no patterns")
	case len(p.Patterns) > MaxPatterns:
		return nil, fmt.Errorf("%d patterns, more than %d", len(p.Patterns), MaxPatterns)
	}
	s := &Splitter{syslog: p.Header != ""}
	for i, from := range p.Patterns {
		ready, err := newPattern(from, names)
		if err != nil {
			return nil, fmt.Errorf("pattern %d: %w", i+1, err)
		}
		s.patterns = append(s.patterns, ready)
	}
	for i, name := range names {
		part := parts(name)
		if !s.possible(i, part) {
			return nil, fmt.Errorf("no line has a field %q", name)
		}
		s.slots = append(s.slots, part)
	}
	return s, nil
}

// possible reports whether a slot can have a value.
func (s *Splitter) possible(i int, part slot) bool {
	if part != ofPattern {
		return s.syslog || part == theMessage
	}
	return slices.ContainsFunc(s.patterns, func(p pattern) bool {
		return p.fields[i].group > 0 || p.fields[i].text != nil
	})
}

// newPattern makes a pattern ready for the slots that names lists.
func newPattern(from Pattern, names []string) (pattern, error) {
	if len(from.Regexp) > MaxPattern || len(from.Literal) > MaxPattern {
		return pattern{}, fmt.Errorf("longer than %d bytes", MaxPattern)
	}
	prog, err := compile(from.Regexp, func(group string) bool { return group != "" && slices.Contains(names, group) })
	if err != nil {
		return pattern{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(from.Set)) {
		switch {
		case name == "" || strings.HasPrefix(name, "@"):
			return pattern{}, fmt.Errorf("it cannot set a field %q", name)
		case prog.re.SubexpIndex(name) >= 0:
			return pattern{}, fmt.Errorf("it sets the field %q and has a group of that name", name)
		}
	}
	p := pattern{program: prog, literal: []byte(from.Literal)}
	for _, name := range names {
		f := field{group: max(prog.re.SubexpIndex(name), 0)}
		if text, ok := from.Set[name]; ok {
			f.text = append([]byte{}, text...)
		}
		p.fields = append(p.fields, f)
	}
	return p, nil
}

// Next moves to the next record and reports whether there is one.
func (s *Splitter) Next() bool {
	if !s.next() {
		return false
	}
	s.Malformed, s.repeat, s.matched = "", 1, nil
	line := s.Raw()
	switch {
	case !s.syslog:
		s.header = header{message: line}
	case !s.header.read(line):
		s.Malformed, s.header = noHeader, header{}
		return true
	default:
		if s.repeats(); s.Malformed != "" {
			return true
		}
	}
	s.match()
	return true
}

// match finds the first pattern that matches.
func (s *Splitter) match() {
	for i := range s.patterns {
		p := &s.patterns[i]
		if bytes.Contains(s.header.message, p.literal) && s.matcher.match(p.program, s.header.message) {
			s.matched = p
			return
		}
	}
}

// Unmatched reports whether no pattern matched, as is so for every Malformed
// record. The record then has no fields but those of its header.
func (s *Splitter) Unmatched() bool { return s.matched == nil }

// Repeat returns how many times the record happened: a syslog daemon can write
// a message that it got several times once, with their number.
func (s *Splitter) Repeat() int { return s.repeat }

// Value returns the field of a slot, nil if the record has none.
func (s *Splitter) Value(i int) []byte {
	switch s.slots[i] {
	case theTime:
		return s.header.time
	case theHost:
		return s.header.host
	case theProgram:
		return s.header.program
	case thePID:
		return s.header.pid
	case theMessage:
		return s.header.message
	}
	if s.matched == nil {
		return nil
	}
	f := s.matched.fields[i]
	if f.group == 0 {
		return f.text
	}
	lo, hi := s.matcher.groups[2*f.group], s.matcher.groups[2*f.group+1]
	if lo < 0 {
		return nil
	}
	return s.header.message[lo:hi]
}
