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

// columns says where the fields of the neutral schema stand in one source.
type columns struct {
	at     [event.NumFields]int16 // index of the column, -1 if absent
	width  int                    // how many columns the header has
	extra  []string
	absent []string
	// joined are the optional fields present that have no place in a row and
	// count only when rows are compared.
	joined []event.Field
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

// readHeader maps the record that s stands on.
func readHeader(s *delim.Splitter, source string, role event.Role, required []event.Field) (*columns, error) {
	c := &columns{width: s.Len()}
	for i := range c.at {
		c.at[i] = -1
	}
	known := event.AuthFields
	if role == event.Payments {
		known = event.PaymentFields
	}
	if s.Malformed != "" {
		return nil, &HeaderError{Source: source, Problem: "the first line is no header: " + s.Malformed}
	}
	var seen []string
	for i := range s.Len() {
		written := string(bytes.TrimSpace(s.Field(i)))
		name := strings.ToLower(written)
		if len(seen) < manySeen {
			seen = append(seen, clip(written))
		} else if len(seen) == manySeen {
			seen = append(seen, "…")
		}
		n := slices.IndexFunc(known, func(f event.Field) bool { return f.String() == name })
		switch {
		case n < 0:
			c.extra = append(c.extra, written)
		case c.at[known[n]] >= 0:
			return nil, &HeaderError{Source: source, Problem: fmt.Sprintf("the header has two columns %q", name)}
		default:
			c.at[known[n]] = int16(i)
		}
	}
	return c.check(source, required, known, seen)
}

func (c *columns) check(source string, required, known []event.Field, seen []string) (*columns, error) {
	var missing []string
	for _, f := range required {
		if c.at[f] < 0 {
			missing = append(missing, f.String())
		}
	}
	if missing != nil {
		return nil, &HeaderError{Source: source, Missing: missing, Seen: seen}
	}
	for _, f := range known {
		if c.at[f] >= 0 {
			if slices.Contains(rowless, f) {
				c.joined = append(c.joined, f)
			}
		} else if !slices.Contains(rowless, f) && f != event.EventID && f != event.FundingRef && f != event.CounterpartyID {
			c.absent = append(c.absent, f.String())
		}
	}
	return c, nil
}

// rowless lists the fields that rows do not hold; a difference in one of them
// still makes two records different.
var rowless = []event.Field{event.SourcePort, event.Method, event.Detail,
	event.PSPReference, event.TerminalID, event.OperatorID, event.Category}

// has reports whether the source has a column.
func (c *columns) has(f event.Field) bool { return c.at[f] >= 0 }

// get returns a field of the record that s stands on, without blanks around
// it, nil if the source has no such column.
func (c *columns) get(s *delim.Splitter, f event.Field) []byte {
	i := c.at[f]
	if i < 0 {
		return nil
	}
	return scalar.TrimSpace(s.Field(int(i)))
}
