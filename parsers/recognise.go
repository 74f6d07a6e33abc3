package parsers

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
	"github.com/paytriage/paytriage/parsers/jsonl"
	"github.com/paytriage/paytriage/parsers/profile"
)

const (
	// headSize is how much of a file is looked at to recognise it, in bytes.
	headSize = 256 << 10
	// sampleRows is how many records of it are tried.
	sampleRows = 300
	// Sure is the confidence, in percent, below which a file is not read as
	// what it looks like: one record in five that does not fit is another
	// product, or another version of it, and would give plausible nonsense.
	Sure = 80
)

// A candidate is one way to read a source, and how it went with a sample.
type candidate struct {
	Format
	needs              int      // fields by which it is known
	missing            []string // those that are not there
	ok, faults, passed int
	fault              fault // the first
	stamp              string
	unzoned            bool     // the stamp of the first row carries no zone
	stamps             [][]byte // that could not be read
	currencyless       int      // rows of which nothing says the currency
}

// embedded returns the profiles of the program.
var embedded = sync.OnceValues(func() ([]*profile.Compiled, error) {
	all, err := profile.All()
	var compiled []*profile.Compiled
	for _, p := range all {
		if p.AskFor {
			continue
		}
		c, err := profile.Compile(p, nil)
		if err != nil {
			return nil, err
		}
		compiled = append(compiled, c)
	}
	return compiled, err
})

// Profile returns an embedded profile with values for its parameters.
func Profile(name string, params map[string]string) (*profile.Compiled, error) {
	all, err := profile.All()
	if err != nil {
		return nil, err
	}
	names := []string{Neutral}
	for _, p := range all {
		if p.Name == name {
			return profile.Compile(p, params)
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("there is no profile %q; there are %s", name, strings.Join(names, ", "))
}

// fits reports whether a profile is for a role.
func fits(p *profile.Compiled, role event.Role) bool {
	return (p.Role == event.Payments) == (role == event.Payments)
}

// A scout finds out how the head of a source is to be read.
type scout struct {
	role    event.Role
	head    []byte
	whole   bool // head is all there is
	opt     *Options
	given   bool              // a profile was asked for
	profile *profile.Compiled // the one, nil for neutral
}

// candidates returns all ways to read the head that its syntax allows, the best
// first. There is at least one.
func (s *scout) candidates() []candidate {
	var all []candidate
	for _, f := range s.syntaxes() {
		p, ok := f.firstPiece(s.head, s.whole)
		if !ok {
			continue
		}
		all = append(all, s.profiles(f, p)...)
		if slices.ContainsFunc(all, func(c candidate) bool { return c.Confidence == 100 }) {
			break
		}
		if slices.ContainsFunc(all, func(c candidate) bool { return c.Confidence >= Sure }) {
			continue
		}
		for _, root := range s.roots(f, p) {
			f.Root = root
			all = append(all, s.profiles(f, p)...)
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(b.needs, a.needs),
			cmp.Compare(len(a.missing), len(b.missing)), cmp.Compare(len(a.Root), len(b.Root)))
	})
	if all == nil {
		all = []candidate{{Format: Format{Syntax: Delimited, Delimiter: ',', Quoted: true}}}
	}
	return all
}

// profiles tries the profiles that a syntax allows.
func (s *scout) profiles(f Format, p piece) []candidate {
	var all []candidate
	try := func(c *profile.Compiled) {
		g := f
		g.Profile = c
		if g.takes(c) {
			all = append(all, s.try(g, p))
		}
	}
	if s.given {
		try(s.profile)
		return all
	}
	if try(nil); len(all) > 0 && all[0].Confidence == 100 {
		if c := s.otherStamps(&all[0]); c != nil {
			all = nil
			try(c)
		}
		return all
	}
	known, _ := embedded() // a test loads them all
	for _, c := range known {
		if fits(c, s.role) {
			try(c)
		}
	}
	return all
}

// manyStamps is how many stamps of an unknown layout are looked at.
const manyStamps = 100

// otherStamps returns a profile for a source that is neutral but for the layout
// of its stamps: none of the sample could be read, and one layout reads them
// all.
func (s *scout) otherStamps(c *candidate) *profile.Compiled {
	if c.ok > 0 || len(c.stamps) == 0 || len(c.stamps) < min(c.faults, manyStamps) {
		return nil
	}
	layout, _, ok, _ := scalar.Suggest(c.stamps)
	if !ok {
		return nil
	}
	role := "auth"
	if s.role == event.Payments {
		role = "payments"
	}
	p := &profile.Profile{Name: Neutral, Title: "the neutral schema, stamps as " + layout, Role: role, Fields: map[string]profile.Rules{}}
	for _, f := range fieldsOf(s.role) {
		p.Fields[f.String()] = profile.Rules{{From: profile.Paths{f.String()}}}
	}
	for _, f := range s.opt.required(s.role) {
		p.Needs = append(p.Needs, profile.Paths{f.String()})
	}
	p.Fields[event.EventTime.String()] = profile.Rules{{From: profile.Paths{event.EventTime.String()}, Layout: profile.Paths{layout}}}
	compiled, err := profile.Compile(p, nil)
	if err != nil {
		return nil
	}
	return compiled
}

// takes reports whether a profile speaks of records of the format's syntax.
func (f *Format) takes(c *profile.Compiled) bool {
	want := ""
	if c != nil {
		want = c.Profile.Syntax
	}
	switch f.Syntax {
	case Combined:
		return want == "combined"
	case Lines:
		return want == "lines"
	case KeyValue, LTSV:
		return want == "keyval" || want == ""
	}
	return want == ""
}

// syntaxes returns the ways in which the head may be written.
func (s *scout) syntaxes() []Format {
	if len(bytes.TrimSpace(bytes.TrimPrefix(s.head, bom))) == 0 {
		return nil
	}
	if looksLikeJSON(s.head) {
		key, kind := jsonl.Wrapper(s.head)
		switch kind {
		case jsonl.KindLines:
			return []Format{{Syntax: JSONLines, Why: []string{"every line is a JSON object"}}}
		case jsonl.KindArray, jsonl.KindObjects:
			return []Format{{Syntax: JSONElements, Why: []string{"JSON objects in an array, or over several lines"}}}
		case jsonl.KindWrapped:
			return []Format{{Syntax: JSONElements, Wrapper: key, Why: []string{"JSON objects in the array " + key}}}
		}
	}
	var all []Format
	if f, ok := s.delimited(); ok {
		all = append(all, f)
	}
	lines := s.lines(50)
	if share(lines, isLTSV) >= 90 {
		all = append(all, Format{Syntax: LTSV, Why: []string{"label:value, separated by tabs"}})
	}
	if share(lines, isKeyValue) >= 60 {
		all = append(all, Format{Syntax: KeyValue, Why: []string{"key=value"}})
	}
	return append(all, Format{Syntax: Combined}, Format{Syntax: Lines})
}

// looksLikeJSON reports whether a file that begins so may be JSON.
func looksLikeJSON(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	return len(head) > 0 && (head[0] == '{' || head[0] == '[' && !isStamp(head))
}

// isStamp reports whether a line that begins with a bracket looks like a stamp
// in brackets rather than a JSON array.
func isStamp(b []byte) bool {
	return len(b) > 2 && b[1] >= '0' && b[1] <= '9' && bytes.IndexByte(b[:min(len(b), 40)], ']') > 8
}

// lines returns the first lines that have anything on them.
func (s *scout) lines(n int) [][]byte {
	var out [][]byte
	for rest := s.head; len(rest) > 0 && len(out) < n; {
		line, more, found := bytes.Cut(rest, newline)
		if !found && !s.whole {
			break
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(out, line)
		}
		rest = more
	}
	return out
}

// share returns for how many of lines something holds, in percent.
func share(lines [][]byte, holds func([]byte) bool) int {
	n := 0
	for _, l := range lines {
		if holds(l) {
			n++
		}
	}
	return n * 100 / max(len(lines), 1)
}

func isLTSV(line []byte) bool {
	cells := bytes.Split(line, []byte{'\t'})
	for _, c := range cells {
		n := bytes.IndexByte(c, ':')
		if n <= 0 || bytes.ContainsAny(c[:n], " \",;") {
			return false
		}
	}
	return len(cells) > 2
}

func isKeyValue(line []byte) bool {
	n := 0
	for i, c := range line {
		if c == '=' && i > 0 && isLetter(line[i-1]) {
			n++
		}
	}
	return n >= 3
}

func isLetter(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_'
}

// delimited finds the delimiter by which records are of one width.
func (s *scout) delimited() (Format, bool) {
	best, score := Format{}, 0
	try := func(d byte, quoted bool) {
		f := Format{Syntax: Delimited, Delimiter: d, Quoted: quoted}
		if n, width := s.widths(f); n > score {
			best, score = f, n
			best.Why = []string{fmt.Sprintf("%d columns separated by %q in %d of 100 records", width, string(d), n/1000)}
		}
	}
	for _, d := range []byte{',', '\t', ';', '|'} {
		try(d, true)
	}
	// Some programs that put tabs or bars between fields know no quotes.
	if score < 90_000 {
		try('\t', false)
		try('|', false)
	}
	return best, score > 0
}

// widths returns how well a delimiter does: the share of records that are as
// wide as the first, then how wide that is.
func (s *scout) widths(f Format) (score, width int) {
	p, ok := f.firstPiece(s.head, s.whole)
	if !ok {
		return 0, 0
	}
	d := delimited{}
	d.Delimiter, d.Unquoted = f.Delimiter, !f.Quoted
	d.Reset(bytes.TrimPrefix(p.Data, bom))
	n, same, broken := 0, 0, false
	for n < 100 && d.Next() {
		if n == 0 {
			width, broken = d.Len(), d.Malformed != ""
		}
		n++
		if d.Len() == width && d.Malformed == "" {
			same++
		}
	}
	switch {
	case broken:
		return 1, width // a header all the same, if a bad one
	case width < 2:
		return 0, 0
	}
	return same*100/n*1000 + min(width, 999), width
}

// roots are the envelopes into which tools put the records that they export,
// where a record is an object within an object, or a text within one.
var roots = []string{"_source", "_raw.@json", "_raw", "data.object", "node", "NotificationRequestItem", "message.@json", "@message.@json", "event", "event.original.@json", "data",
	"result", "result._raw.@json", "result._raw", "record", "log", "log.@json", "jsonPayload", "protoPayload", "textPayload.@json", "detail", "body", "body.@json", "AuditData.@json", "p_event"}

// roots returns the envelopes that the first record has.
func (s *scout) roots(f Format, p piece) []string {
	var found []string
	switch f.Syntax {
	case JSONLines, JSONElements:
		f.Profile, f.Root = nil, ""
		split, err := jsonSplitter(roots)
		if err != nil {
			return nil
		}
		d := documents{Splitter: split}
		d.reset(p.Data, p.spans)
		if !d.Next() || d.Malformed != "" {
			return nil
		}
		for i, root := range roots {
			if v := d.Value(i); len(v) > 0 && v[0] == '{' {
				found = append(found, root)
			}
		}
	case Delimited:
		d := delimited{}
		d.Delimiter, d.Unquoted = f.Delimiter, !f.Quoted
		d.Reset(bytes.TrimPrefix(p.Data, bom))
		var names []string
		for n := 0; n < 2 && d.Next(); n++ {
			for i := range min(d.Len(), 200) {
				cell := string(bytes.TrimSpace(d.Field(i)))
				if n == 0 {
					names = append(names, cell)
				} else if i < len(names) && strings.HasPrefix(cell, "{") {
					found = append(found, names[i]+strings.TrimSuffix(jsonMark, "."))
				}
			}
		}
	}
	return found
}

// jsonSplitter returns a splitter of JSON records.
func jsonSplitter(paths []string) (*jsonl.Splitter, error) {
	compiled, err := jsonl.Compile(paths)
	if err != nil {
		return nil, err
	}
	return jsonl.NewSplitter(compiled, "")
}

// close reports whether two candidates are as likely as each other.
func (c *candidate) close(o *candidate) bool {
	return c.Name() != o.Name() && c.needs == o.needs && c.Confidence-o.Confidence < 5
}

// An UnknownError says that nothing is sure enough of what a source is.
type UnknownError struct {
	Source  string
	Problem string
	Best    string // what it looks most like, and what it lacks for that
}

func (e *UnknownError) Error() string {
	text := e.Source + ": " + e.Problem
	if e.Best != "" {
		text += "; " + e.Best
	}
	return text
}
