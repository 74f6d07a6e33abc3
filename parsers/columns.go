package parsers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
)

// columns says where the fields stand in a delimited source.
type columns struct {
	plain  []place16 // of a neutral source
	slots  []int16   // of a profile: the column of each slot, -1 if absent
	width  int       // how many columns there are
	names  []string  // as written
	extra  []string  // those that are not used
	absent []string
}

// A place16 is a field of the schema and its column.
type place16 struct {
	field  event.Field
	column int16
}

// has reports whether a neutral source has a column.
func (c *columns) has(f event.Field) bool {
	return slices.ContainsFunc(c.plain, func(p place16) bool { return p.field == f })
}

// bom is the mark that some programs put before UTF-8 text.
var bom = []byte("\xef\xbb\xbf")

// A HeaderError says that a source lacks what it must have.
type HeaderError struct {
	Source  string
	Missing []string
	Seen    []string // the first columns there are, long names cut
	Problem string   // instead of Missing
}

func (e *HeaderError) Error() string {
	if e.Problem != "" {
		return e.Source + ": " + e.Problem
	}
	return fmt.Sprintf("%s: no column %s; the header has: %s",
		e.Source, strings.Join(e.Missing, ", "), strings.Join(e.Seen, ", "))
}

// manySeen is how many columns a HeaderError names, longName how many bytes of
// each: headers come from anywhere, and the message is for a terminal.
const (
	manySeen = 40
	longName = 60
)

// clip cuts a long name.
func clip(name string) string {
	if len(name) <= longName {
		return name
	}
	return strings.ToValidUTF8(name[:longName], "") + "…"
}

// readHeader maps the record that s stands on, the header of a neutral source.
func readHeader(s *delim.Splitter, source string, role event.Role, required []event.Field) (*columns, error) {
	if s.Malformed != "" {
		return nil, &HeaderError{Source: source, Problem: "the first line is no header: " + s.Malformed}
	}
	known := fieldsOf(role)
	c := &columns{width: s.Len()}
	for i := range s.Len() {
		written := string(bytes.TrimSpace(s.Field(i)))
		c.names = append(c.names, written)
		name := strings.ToLower(written)
		n := slices.IndexFunc(known, func(f event.Field) bool { return f.String() == name })
		switch {
		case n < 0 && (name == sourceColumn || name == lineColumn): // of a converted log
		case n < 0:
			c.extra = append(c.extra, written)
		case c.has(known[n]):
			return nil, &HeaderError{Source: source, Problem: fmt.Sprintf("the header has two columns %q", name)}
		default:
			c.plain = append(c.plain, place16{known[n], int16(i)})
		}
	}
	var missing []string
	for _, f := range required {
		if !c.has(f) {
			missing = append(missing, f.String())
		}
	}
	if missing != nil {
		return nil, &HeaderError{Source: source, Missing: missing, Seen: clipped(c.names)}
	}
	for _, f := range telling(role) {
		if !c.has(f) {
			c.absent = append(c.absent, f.String())
		}
	}
	return c, nil
}

// clipped returns the first of some names, long ones cut.
func clipped(names []string) []string {
	var out []string
	for _, n := range names[:min(len(names), manySeen)] {
		out = append(out, clip(n))
	}
	if len(names) > manySeen {
		out = append(out, "…")
	}
	return out
}

// fieldsOf returns the fields of the schema for a role.
func fieldsOf(role event.Role) []event.Field {
	if role == event.Payments {
		return event.PaymentFields
	}
	return event.AuthFields
}

// telling returns the fields whose absence is worth a word.
func telling(role event.Role) []event.Field {
	var out []event.Field
	for _, f := range fieldsOf(role) {
		if !slices.Contains(rowless, f) && f != event.EventID && f != event.FundingRef && f != event.CounterpartyID {
			out = append(out, f)
		}
	}
	return out
}

// bindHeader finds the columns that a profile asks for in a header. Of several
// columns of one name the first counts.
func bindHeader(names []string, paths []string) *columns {
	c := &columns{width: len(names), names: names}
	at := make(map[string]int16, len(names))
	for i, name := range names {
		if key := foldName(name); len(names) <= delim.MaxFields {
			if _, again := at[key]; !again {
				at[key] = int16(i)
			}
		}
	}
	used := make([]bool, len(names))
	for _, path := range paths {
		n, ok := at[foldName(path)]
		if !ok {
			n = -1
			if column, _, inside := strings.Cut(path, jsonMark); inside {
				if m, ok := at[foldName(column)]; ok {
					used[m] = true
				}
			}
		} else {
			used[n] = true
		}
		c.slots = append(c.slots, n)
	}
	for i, name := range names {
		if !used[i] {
			c.extra = append(c.extra, name)
		}
	}
	return c
}

// jsonMark stands in a path between a field and what is looked up in the JSON
// document that its text is.
const jsonMark = ".@json."

// foldName returns a name by which columns are compared: without a byte order
// mark, blanks around it, case and the width of letters.
func foldName(name string) string {
	name = strings.TrimPrefix(name, string(bom))
	folded := scalar.FoldWidth(nil, []byte(name))
	return strings.ToLower(strings.TrimSpace(string(folded)))
}

// rowless lists the fields that rows do not hold; a difference in one of them
// still makes two records different.
var rowless = []event.Field{event.SourcePort, event.Method, event.Detail,
	event.PSPReference, event.TerminalID, event.OperatorID, event.Category}
