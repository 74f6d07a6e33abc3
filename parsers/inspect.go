package parsers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

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

	// Missing are the fields that the format it is taken for wants and that are
	// not there, of a source that is not known. With no column for the currency
	// alone, NoCurrency says so: an option may give it.
	Missing    []string
	NoCurrency bool

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
	Shape    string   // of ids and texts: what most values are made of
	Examples []string // at most manyExamples, card numbers hidden
	Words    []string // all values of a column of words
	Empty    int      // of Seen records
	Seen     int
	Layout   string // of a time, in the words of a profile
	Zoned    bool
	Decimal  byte   // of an amount
	Cards    int    // of Seen records: those with what passes for a card number
	Card     string // the first, hidden
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
	manyWords    = 30
	manyNear     = 3
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
	var sc *scout
	for _, r := range roles {
		s.input.Role = r
		var all []candidate
		var err error
		sc, all, err = l.look(ctx, s, make([]byte, headSize))
		if err != nil {
			return out, err
		}
		found = append(found, all)
	}
	best := 0
	if len(found) == 2 && better(found[1], found[0]) {
		best = 1
	}
	s.input.Role, out.Role = roles[best], roles[best]
	all := found[best]
	out.settle(l, s, sc, all)
	out.describe(l, s, sc, all, rows)
	return out, nil
}

// settle says whether the source can be read, and what it is near to.
func (i *Inspection) settle(l *loader, s *source, sc *scout, all []candidate) {
	likely := nearest(all)
	near := slices.Clone(all)
	if err := l.choose(s, sc, all); err != nil {
		var currency *CurrencyError
		i.NoCurrency = errors.As(err, &currency)
		i.Problem = strings.TrimPrefix(err.Error(), s.input.Name+": ")
	}
	best := &all[0]
	i.Missing = slices.Clone(best.missing)
	switch {
	case i.Problem != "" || len(best.missing) == 0:
	case slices.ContainsFunc(near, wantsCurrency):
		i.NoCurrency, i.Problem = true, "no column says the currency"
		i.Missing = []string{event.CurrencyCode.String()}
	case likely != "":
		i.Problem = "its format is not known; " + likely
	default:
		i.Problem = "its format is not known; nothing that is known is near it"
	}
	i.Known = i.Problem == ""
	// Pairs of name and value are more than columns that happen to be as many.
	if n := slices.IndexFunc(all, func(c candidate) bool { return c.Syntax == LTSV }); !i.Known && n > 0 && best.Syntax == Delimited {
		all[0] = all[n]
	}
	for n := range near {
		c := &near[n]
		known := slices.ContainsFunc(i.Others, func(o Candidate) bool { return o.Profile == c.Name() })
		if known || i.Known && c.Name() == best.Name() || len(i.Others) == manyNear {
			continue
		}
		if c.Confidence > 0 || len(c.missing) > 0 && 2*len(c.missing) <= c.needs {
			i.Others = append(i.Others, Candidate{c.Name(), c.Confidence, c.missing, c.fault.text()})
		}
	}
}

// wantsCurrency reports whether a candidate is neutral but for its currency.
func wantsCurrency(c candidate) bool {
	return c.Profile == nil && slices.Equal(c.missing, []string{event.CurrencyCode.String()})
}

// better reports whether the candidates of one role, the best first, are better
// than those of another: surer, or else nearer to being known.
func better(a, b []candidate) bool {
	if a[0].Confidence != b[0].Confidence {
		return a[0].Confidence > b[0].Confidence
	}
	return nearness(a) > nearness(b)
}

// nearness returns the largest share of what a candidate wants that is there, in
// thousandths.
func nearness(all []candidate) int {
	most := 0
	for i := range all {
		if c := &all[i]; c.needs > 0 {
			most = max(most, (c.needs-len(c.missing))*1000/c.needs)
		}
	}
	return most
}

// describe draws up what is known of the head of a source.
func (i *Inspection) describe(l *loader, s *source, sc *scout, all []candidate, rows int) {
	best := &all[0]
	i.Format, i.EncodingWhy = best.Format, s.encodingWhy
	i.Format.Encoding, i.Format.Packing, i.Format.Parquet = s.encoding.String(), s.info.Compression, s.parquet
	i.Zoneless, i.Stamp = best.unzoned && l.opt.Zones[s.input.Role] == nil, best.stamp
	sc = &scout{role: s.input.Role, head: sc.head, whole: sc.whole, opt: &l.opt}
	p, ok := best.firstPiece(sc.head, sc.whole)
	if !ok {
		return
	}
	i.Columns = columnsOf(&best.Format, p)
	if !i.Known {
		return
	}
	i.mapping(s.input.Role)
	i.sample(sc, p, rows)
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
		row := SampleRow{Raw: HideCards(string(d.Raw()))}
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
				row.Fault = r.any(&v).text()
			}
			for f := range v {
				row.Fields[f] = HideCards(string(v[f]))
			}
			i.Rows = append(i.Rows, row)
		}
	}
}

// text is String, or "" of no fault.
func (f fault) text() string {
	if f.reason == "" {
		return ""
	}
	return f.String()
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
	case LTSV:
		for line := range bytes.Lines(p.Data) {
			for pair := range bytes.SplitSeq(bytes.TrimRight(line, "\r\n"), []byte{'\t'}) {
				if name, value, ok := bytes.Cut(pair, []byte{':'}); ok {
					note(string(name), scalar.TrimSpace(value))
				}
			}
			if seen++; seen == sampleRows {
				break
			}
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
		if hidden := HideCards(string(v)); hidden != string(v) {
			if c.Cards++; c.Card == "" {
				c.Card = hidden
			}
		}
		if !distinct[string(v)] && len(c.Examples) < manyExamples {
			c.Examples = append(c.Examples, HideCards(string(v)))
		}
		distinct[string(v)] = true
	}
	c.Empty = max(seen-len(full), 0)
	c.Kind = c.guess(full, len(distinct))
	switch c.Kind {
	case WordLike:
		for _, w := range slices.Sorted(maps.Keys(distinct)) {
			c.Words = append(c.Words, HideCards(w))
		}
		if !slices.ContainsFunc(full, func(v []byte) bool { return !bytes.ContainsAny(v, "0123456789") || bytes.IndexByte(v, ' ') >= 0 }) {
			c.Shape = shapeOf(full)
		}
	case IDLike, Unclear:
		c.Shape = shapeOf(full)
	case NumberLike:
		if c.Shape = shapeOf(full); !strings.HasSuffix(c.Shape, "digits") {
			c.Shape = ""
		}
	}
	return c
}

// guess says what values are, of which so many are distinct.
func (c *Column) guess(full [][]byte, distinct int) Guess {
	every := func(holds func([]byte) bool) bool {
		return !slices.ContainsFunc(full, func(v []byte) bool { return !holds(v) })
	}
	layout, zoned, isTime, why := scalar.Suggest(full)
	switch {
	case len(full) == 0:
		return Empty
	case every(scalar.LooksLikeCard):
		return CardLike
	case isTime:
		c.Layout, c.Zoned, c.Why = layout, zoned, why
		return TimeLike
	case every(isAddress):
		return AddressLike
	case every(func(v []byte) bool { return v[0] == '{' || v[0] == '[' }):
		return JSONLike
	case every(isNumber):
		c.Decimal, _, c.Why = scalar.SuggestDecimal(full)
		return NumberLike
	case distinct > 3 && distinct*10 >= len(full)*6:
		c.Why = why
		return IDLike
	case distinct <= manyWords:
		c.Why = why
		return WordLike
	}
	c.Why = why
	return Unclear
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

// shapeOf says what most values are made of, and how many of them are not.
func shapeOf(values [][]byte) string {
	count := map[string]int{}
	for _, v := range values {
		count[shape(v)]++
	}
	best := ""
	for _, s := range slices.Sorted(maps.Keys(count)) {
		if best == "" || count[s] > count[best] {
			best = s
		}
	}
	if n := count[best]; n < len(values) {
		return fmt.Sprintf("%s (%d of %d)", best, n, len(values))
	}
	return best
}

// shape says what a value is made of.
func shape(v []byte) string {
	const lower, upper, digit, hex, other = 1, 2, 4, 8, 16
	kinds, dashes := 0, 0
	for _, b := range v {
		switch {
		case '0' <= b && b <= '9':
			kinds |= digit
		case 'a' <= b && b <= 'f':
			kinds |= hex
		case 'a' <= b && b <= 'z':
			kinds |= lower
		case 'A' <= b && b <= 'Z':
			kinds |= upper
		case b == '-':
			dashes++
		default:
			kinds |= other
		}
	}
	n := utf8.RuneCount(v)
	switch {
	case bytes.IndexByte(v, '@') > 0 && bytes.IndexByte(v, ' ') < 0:
		return "an e-mail address"
	case len(v) == 36 && dashes == 4 && v[8] == '-' && kinds&(lower|other) == 0:
		return "a UUID"
	case kinds|digit == digit && dashes == 0:
		return fmt.Sprintf("%d digits", n)
	case kinds|digit|hex == digit|hex && dashes == 0 && n >= 8:
		return fmt.Sprintf("%d hex digits", n)
	case kinds&other != 0:
		return "text"
	}
	return fmt.Sprintf("%d letters and digits", n)
}

// HideCards returns a text in which of numbers that look like those of payment
// cards only the first six and the last four digits are left.
func HideCards(text string) string {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		j := i + 1
		for j < len(text) && ('0' <= text[j] && text[j] <= '9' || (text[j] == ' ' || text[j] == '-') && j+1 < len(text) && '0' <= text[j+1] && text[j+1] <= '9') {
			j++
		}
		if j-i <= maxCardText && scalar.LooksLikeCard([]byte(text[i:j])) {
			if out == nil {
				out = []byte(text)
			}
			hide(out[i:j])
		}
		i = j
	}
	if out == nil {
		return text
	}
	return string(out)
}

// maxCardText is how long a card number with its separators may be.
const maxCardText = 40

// hide puts a star for every digit but the first six and the last four.
func hide(number []byte) {
	digits := 0
	for _, b := range number {
		if b >= '0' {
			digits++
		}
	}
	n := 0
	for i, b := range number {
		if b < '0' {
			continue
		}
		if n++; n > 6 && n <= digits-4 {
			number[i] = '*'
		}
	}
}
