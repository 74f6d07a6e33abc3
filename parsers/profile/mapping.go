package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Source says, for people, where a field of the schema comes from.
type Source struct {
	Field string
	From  []string // paths, the first that has something counts
	How   string   // what is made of it, "" if nothing
}

// Sources returns where the fields of the schema come from, in its order.
func (c *Compiled) Sources() []Source {
	known := event.AuthFields
	if c.Role == event.Payments {
		known = event.PaymentFields
	}
	var out []Source
	for _, f := range known {
		s := Source{Field: f.String()}
		var how []string
		for i := range c.rows {
			for _, p := range c.rows[i].fields {
				if p.field == f {
					how = c.describe(&s, p.rules, how)
				}
			}
		}
		if s.From != nil || how != nil {
			s.How = strings.Join(slices.Compact(how), "; ")
			out = append(out, s)
		}
	}
	return out
}

// describe adds what rules do to a source.
func (c *Compiled) describe(s *Source, rules []rule, how []string) []string {
	for i := range rules {
		r := &rules[i]
		for _, slot := range slices.Concat(r.from, r.all, r.minus) {
			if !slices.Contains(s.From, c.paths[slot]) {
				s.From = append(s.From, c.paths[slot])
			}
		}
		switch {
		case r.Text != "":
			how = append(how, fmt.Sprintf("%q", c.given(r.Text)))
		case r.words != nil || r.prefixes != nil:
			how = append(how, fmt.Sprintf("%d words", len(r.words)+len(r.prefixes)))
		case r.Base != "":
			how = append(how, fmt.Sprintf("steps of %d s from %s", r.Step, r.Base))
		case len(r.Layout) > 0:
			how = append(how, strings.Join(r.Layout, " or "))
		case r.Unit != "" && r.Unit != "major":
			how = append(how, "in "+r.Unit)
		case r.As == "card":
			how = append(how, CardToken)
		}
	}
	return how
}

// Uses returns the paths that the profile asks for, conditions included.
func (c *Compiled) Uses() []string { return slices.Clone(c.paths) }
