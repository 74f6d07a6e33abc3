package parsers

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
	"github.com/paytriage/paytriage/parsers/jsonl"
	"github.com/paytriage/paytriage/parsers/profile"
)

// An Inspection says what the head of a source looks like.
type Inspection struct {
	Name   string
	Member string // of an archive
	Role   event.Role
	// Known says that the source can be read; otherwise Problem says why not.
	Known   bool
	Problem string

	Format      Format
	EncodingWhy string
	Others      []Candidate // other profiles that come near, the nearest first

	Mapping  []profile.Source // where the fields of the schema come from
	Unmapped []string         // columns or paths that nothing asks for
	Columns  []Column         // what the source has
	Rows     []SampleRow      // the first rows as understood
	// Zoneless says that stamps carry no zone and neither the profile nor an
	// option says which is meant; Stamp is the first.
	Zoneless bool
	Stamp    string
}

// A Candidate is a profile that a source was compared with.
type Candidate struct {
	Profile    string
	Confidence int
	Missing    []string
	Fault      string // the first
}

// A Column is a column of a delimited source or a path into a record of any
// other, with what its values look like.
type Column struct {
	Name     string
	Kind     Guess
	Examples []string // at most manyExamples
	Empty    int      // of Seen records
	Seen     int
	Layout   string // of a time, in the words of a profile
	Zoned    bool
	Decimal  byte // of an amount
	Why      string
}

// A Guess is what values look like.
type Guess uint8

// The guesses.
const (
	Unclear Guess = iota
	Empty
	TimeLike
	NumberLike
	AddressLike
	CardLike // numbers of payment cards: handle with care
	WordLike // few different values
	IDLike   // nearly every value another
	JSONLike
)

// String names the guess.
func (g Guess) String() string {
	return [...]string{"text", "empty", "time", "number", "address", "card number", "word", "id", "JSON"}[g]
}

// A SampleRow is a row of the sample.
type SampleRow struct {
	Raw    string
	Fields [event.NumFields]string
	Fault  string // why it is none, or ""
	Passed string // or what it is, if it is no event of an account
}

const (
	manyExamples = 3
	manyColumns  = 300
)

// Inspect looks at the head of every input. An input whose role is 0 is compared
// with the profiles of both roles. What cannot be opened is an error; what cannot
// be recognised is not.
func Inspect(ctx context.Context, inputs []Input, opt Options, rows int) ([]Inspection, error) {
	l := &loader{opt: opt}
	var all []Inspection
	for _, in := range inputs {
		sources, err := l.sourcesOf(in)
		if err != nil {
			return nil, err
		}
		for _, s := range sources {
			one, err := l.inspect(ctx, s, rows)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// inspect looks at the head of a source.
func (l *loader) inspect(ctx context.Context, s *source, rows int) (Inspection, error) {
	out := Inspection{Name: s.info.Name, Member: s.info.Member, Role: s.input.Role, Problem: s.info.Trouble}
	if out.Problem != "" {
		return out, nil
	}
	roles := []event.Role{s.input.Role}
	if s.input.Role == 0 {
		roles = []event.Role{event.Auth, event.Payments}
	}
	var found [][]candidate
	for _, r := range roles {
		s.input.Role = r
		all, err := l.look(ctx, s)
		if err != nil {
			return out, err
		}
		found = append(found, all)
	}
	best := 0
	if len(found) == 2 && better(&found[1][0], &found[0][0]) {
		best = 1
	}
	s.input.Role, out.Role = roles[best], roles[best]
	all := found[best]
	if err := l.choose(s, all); err != nil {
		out.Problem = strings.TrimPrefix(err.Error(), s.input.Name+": ")
	}
	out.Known = out.Problem == "" && len(all[0].missing) == 0
	out.describe(l, s, all, rows)
	return out, nil
}

// better reports whether a candidate of one role is better than one of another.
func better(a, b *candidate) bool {
	if a.Confidence != b.Confidence {
		return a.Confidence > b.Confidence
	}
	return (a.needs-len(a.missing))*max(b.needs, 1) > (b.needs-len(b.missing))*max(a.needs, 1)
}

// describe draws up what is known of the head of a source.
func (i *Inspection) describe(l *loader, s *source, all []candidate, rows int) {
	best := &all[0]
	i.Format, i.EncodingWhy = best.Format, s.encodingWhy
	i.Format.Encoding, i.Format.Packing, i.Format.Parquet = s.encoding.String(), s.info.Compression, s.parquet
	i.Zoneless, i.Stamp = best.unzoned && l.opt.Zones[s.input.Role] == nil, best.stamp
	for n := range all[1:] {
		c := &all[n+1]
		if c.Name() != best.Name() && len(i.Others) < 3 && (c.Confidence > 0 || 2*len(c.missing) <= c.needs) {
			i.Others = append(i.Others, Candidate{c.Name(), c.Confidence, c.missing, c.fault.String()})
		}
	}
	sc := scout{role: s.input.Role, head: l.head, whole: l.headWhole, opt: &l.opt}
	p, ok := best.firstPiece(sc.head, sc.whole)
	if !ok {
		return
	}
	i.Columns = columnsOf(&best.Format, p)
	if !i.Known {
		return
	}
	i.mapping(s.input.Role)
	i.sample(&sc, p, rows)
}

// mapping says where the fields of the schema come from.
func (i *Inspection) mapping(role event.Role) {
	used := map[string]bool{}
	if i.Format.Profile == nil {
		for _, f := range fieldsOf(role) {
			for _, c := range i.Columns {
				if strings.EqualFold(strings.TrimPrefix(c.Name, i.Format.rooted("")), i.Format.rooted(f.String())) {
					i.Mapping = append(i.Mapping, profile.Source{Field: f.String(), From: []string{c.Name}})
					used[foldName(c.Name)] = true
				}
			}
		}
	} else {
		i.Mapping = i.Format.Profile.Sources()
		for _, p := range i.Format.paths(role) {
			used[foldName(p)] = true
			if name, _, inside := strings.Cut(p, jsonMark); inside {
				used[foldName(name)] = true
			}
		}
	}
	for _, c := range i.Columns {
		if !used[foldName(c.Name)] {
			i.Unmapped = append(i.Unmapped, c.Name)
		}
	}
}

// sample reads the first rows.
func (i *Inspection) sample(sc *scout, p piece, rows int) {
	d, data, err := sc.decoder(i.Format, p.Data)
	if err != nil {
		return
	}
	d.reset(data, p.spans)
	for len(i.Rows) < rows && d.Next() {
		row := SampleRow{Raw: string(d.Raw())}
		if row.Fault = d.fault(); row.Fault != "" {
			i.Rows = append(i.Rows, row)
			continue
		}
		if res := d.begin(); res.What == profile.Passed {
			row.Passed = res.Reason
			i.Rows = append(i.Rows, row)
			continue
		}
		for n := range d.rows() {
			var v fields
			res := d.row(n, &v)
			switch res.What {
			case profile.NoRow:
				continue
			case profile.Passed:
				row.Passed = res.Reason
			case profile.Fault:
				row.Fault = fault{res.Field, res.Reason}.String()
			default:
				r := reader{role: sc.role, currency: sc.opt.Currency, zone: scalar.NewClock(sc.zone())}
				row.Fault = r.any(&v).String()
			}
			for f := range v {
				row.Fields[f] = string(v[f])
			}
			i.Rows = append(i.Rows, row)
		}
	}
}

// columnsOf returns what fields a sample has and what they look like.
func columnsOf(f *Format, p piece) []Column {
	var names []string
	values := map[string][][]byte{}
	note := func(name string, value []byte) {
		if _, ok := values[name]; !ok {
			if len(names) == manyColumns {
				return
			}
			names = append(names, name)
		}
		values[name] = append(values[name], bytes.Clone(value))
	}
	seen := 0
	switch f.Syntax {
	case Delimited:
		header, rest := header(*f, p.Data)
		d := delimited{}
		d.Delimiter, d.Unquoted = f.Delimiter, !f.Quoted
		for d.Reset(rest); seen < sampleRows && d.Next(); seen++ {
			for i := range min(d.Len(), len(header)) {
				note(header[i], scalar.TrimSpace(d.Field(i)))
			}
		}
		if seen == 0 {
			for _, h := range header {
				note(h, nil)
			}
		}
	case JSONLines, JSONElements:
		split, err := jsonSplitter(nil)
		if err != nil {
			return nil
		}
		d := documents{Splitter: split}
		for d.reset(p.Data, p.spans); seen < sampleRows && d.Next(); seen++ {
			jsonl.Keys(d.Raw(), note)
		}
	default:
		return nil
	}
	var out []Column
	for _, n := range names {
		out = append(out, look(n, values[n], seen))
	}
	return out
}

// look guesses what the values of a column are.
func look(name string, values [][]byte, seen int) Column {
	c := Column{Name: name, Seen: seen}
	var full [][]byte
	distinct := map[string]bool{}
	for _, v := range values {
		if len(v) == 0 || scalar.IsNull(v) {
			continue
		}
		full = append(full, v)
		if !distinct[string(v)] && len(c.Examples) < manyExamples {
			c.Examples = append(c.Examples, string(v))
		}
		distinct[string(v)] = true
	}
	c.Empty = seen - len(full)
	every := func(holds func([]byte) bool) bool {
		return !slices.ContainsFunc(full, func(v []byte) bool { return !holds(v) })
	}
	switch layout, zoned, ok, why := scalar.Suggest(full); {
	case len(full) == 0:
		c.Kind = Empty
	case every(scalar.LooksLikeCard):
		c.Kind = CardLike
	case ok:
		c.Kind, c.Layout, c.Zoned, c.Why = TimeLike, layout, zoned, why
	case every(isAddress):
		c.Kind = AddressLike
	case every(func(v []byte) bool { return v[0] == '{' || v[0] == '[' }):
		c.Kind = JSONLike
	case every(isNumber):
		c.Kind = NumberLike
		c.Decimal, _, c.Why = scalar.SuggestDecimal(full)
	case len(distinct) > 3 && len(distinct)*10 >= len(full)*6:
		c.Kind = IDLike
	case len(distinct) <= 30:
		c.Kind = WordLike
	}
	if c.Why == "" && c.Kind == Unclear {
		_, _, _, c.Why = scalar.Suggest(full)
	}
	return c
}

func isAddress(v []byte) bool {
	_, _, _, ok := scalar.TryAddrLoose(v)
	return ok
}

func isNumber(v []byte) bool {
	_, _, dot := scalar.TryAmount(v, scalar.AmountRule{}, 9)
	_, _, comma := scalar.TryAmount(v, scalar.AmountRule{Decimal: ','}, 9)
	return dot || comma
}
