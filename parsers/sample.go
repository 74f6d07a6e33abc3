package parsers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
	"github.com/paytriage/paytriage/parsers/profile"
)

// try reads the sample in a format.
func (s *scout) try(f Format, p piece) candidate {
	c := candidate{Format: f}
	d, data, err := s.decoder(f, p.Data)
	if err != nil {
		c.missing = []string{err.Error()}
		return c
	}
	d.reset(data, p.spans)
	s.sample(&c, d)
	c.judge()
	return c
}

// decoder returns a decoder for a sample, and the records of it.
func (s *scout) decoder(f Format, data []byte) (*decoder, []byte, error) {
	cols := f.columns(s.role)
	if f.headed() {
		var names []string
		if names, data = header(f, data); f.bare() {
			cols = neutralColumns(names, s.role)
		} else {
			cols = bindHeader(names, f.paths(s.role))
		}
	} else {
		data = bytes.TrimPrefix(data, bom)
	}
	env := s.opt.env(s.role, nil)
	if env.Year == 0 {
		env.NotAfter = scalar.MaxMicros
	}
	d, err := f.decoder(s.role, cols, env)
	return d, data, err
}

// zone returns the zone in which a sample is read.
func (s *scout) zone() *time.Location {
	if z := s.opt.Zones[s.role]; z != nil {
		return z
	}
	return time.UTC
}

// header returns the names of columns, and what stands behind the header.
func header(f Format, data []byte) (names []string, rest []byte) {
	d := delim.Splitter{Delimiter: f.Delimiter, Unquoted: !f.Quoted}
	data = bytes.TrimPrefix(data, bom)
	d.Reset(data)
	if !f.toHeader(&d) {
		return nil, nil
	}
	for i := range d.Len() {
		names = append(names, string(bytes.TrimSpace(d.Field(i))))
	}
	return names, data[d.End():]
}

// neutralColumns maps a header to the neutral schema; what is missing is found
// by whoever reads the source.
func neutralColumns(names []string, role event.Role) *columns {
	c := &columns{width: len(names), names: names}
	for i, name := range names {
		n := slices.IndexFunc(fieldsOf(role), func(f event.Field) bool { return f.String() == strings.ToLower(name) })
		if n >= 0 && !c.has(fieldsOf(role)[n]) {
			c.plain = append(c.plain, place16{fieldsOf(role)[n], int16(i)})
		}
	}
	return c
}

// sample reads records and counts how they fare.
func (s *scout) sample(c *candidate, d *decoder) {
	r := reader{role: s.role, currency: s.opt.Currency, zone: scalar.NewClock(s.zone())}
	var cols *columns
	if del, ok := d.records.(*delimited); ok {
		cols = del.cols
	}
	there := make([]bool, len(d.values))
	where := 0
	n := 0
	for ; n < sampleRows && d.Next(); n++ {
		if reason := d.fault(); reason != "" {
			c.note(fault{event.NumFields, reason})
			continue
		}
		res := d.begin()
		for i := range d.values {
			there[i] = there[i] || d.values[i] != nil
		}
		if d.mapper != nil && d.mapper.Where() {
			where++
		}
		s.rows(c, d, &r, res, n == 0)
	}
	if c.Profile == nil {
		s.neutral(c, d, cols, there)
		return
	}
	c.needs = len(c.Profile.Profile.Needs)
	c.missing = c.Profile.Missing(func(slot int) bool {
		return there[slot] || cols != nil && slot < len(cols.slots) && cols.slots[slot] >= 0
	})
	if n > 0 && 2*where < n {
		c.missing = append(c.missing, "the records that the profile is for")
	}
}

// rows reads the rows of the record at hand.
func (s *scout) rows(c *candidate, d *decoder, r *reader, res profile.Result, first bool) {
	if res.What != profile.Event {
		c.passed++
		return
	}
	for n := range d.rows() {
		var v fields
		switch res := d.row(n, &v); res.What {
		case profile.NoRow:
		case profile.Passed:
			c.passed++
		case profile.Fault:
			c.note(fault{res.Field, res.Reason})
		default:
			if first && n == 0 {
				t, ok := scalar.TryTime(v[event.EventTime])
				c.stamp, c.unzoned = string(v[event.EventTime]), ok && !t.Zoned
			}
			f := r.any(&v)
			if f.reason == badTime && len(c.stamps) < manyStamps {
				c.stamps = append(c.stamps, bytes.Clone(v[event.EventTime]))
			}
			c.note(f)
		}
	}
}

// any reads fields as a row of the reader's role, only to see whether it can.
func (r *reader) any(v *fields) fault {
	if r.role == event.Payments {
		var row event.Charge
		return r.charge(v, &row)
	}
	var row event.Login
	return r.login(v, &row)
}

// note counts a row. That nobody says in which currency it is speaks neither for
// nor against a format.
func (c *candidate) note(f fault) {
	if f.reason == badCurrency {
		c.currencyless++
		f = fault{}
	}
	if f.reason == "" {
		c.ok++
		return
	}
	if c.faults++; c.faults == 1 {
		c.fault = f
	}
}

// neutral says what a neutral source lacks. A field that is there counts, be it
// empty in every row of the sample.
func (s *scout) neutral(c *candidate, d *decoder, cols *columns, there []bool) {
	required := s.opt.required(s.role)
	c.needs = len(required)
	for _, f := range required {
		if n := slices.Index(d.neutral, f); cols != nil && cols.has(f) || n >= 0 && there[n] {
			continue
		}
		c.missing = append(c.missing, f.String())
	}
}

// judge sets the confidence: the share of records that are understood, if the
// fields are there by which the format is known. A neutral file is what its
// header says it is.
func (c *candidate) judge() {
	fit := 100
	if n := c.ok + c.faults; n > 0 {
		fit = c.ok * 100 / n
	} else if c.passed > 0 || c.needs == 0 {
		fit = 0 // not one row: that proves nothing
	}
	switch {
	case len(c.missing) > 0:
		c.Confidence = 0
	case c.Profile == nil:
		c.Confidence = 100
	default:
		c.Confidence = min(fit, 99)
	}
	if c.Confidence > 0 && c.Profile != nil {
		c.Why = append(slices.Clone(c.Why), fmt.Sprintf("has the %d fields of %s", c.needs, c.Profile.Profile.Title))
		if n := c.ok + c.faults; n > 0 {
			c.Why = append(c.Why, fmt.Sprintf("%d of %d rows of a sample are understood", c.ok, n))
		}
	}
}
