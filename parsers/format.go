package parsers

import (
	"bytes"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/jsonl"
	"github.com/paytriage/paytriage/parsers/keyval"
	"github.com/paytriage/paytriage/parsers/lines"
	"github.com/paytriage/paytriage/parsers/profile"
)

// A Syntax is how records are written.
type Syntax uint8

// The syntaxes. Parquet is read as delimited text.
const (
	Delimited    Syntax = iota + 1
	JSONLines           // one JSON object a line
	JSONElements        // JSON objects anywhere: in arrays, wrapped, over several lines
	KeyValue            // key=value
	LTSV                // label:value, separated by tabs
	Combined            // access logs
	Lines               // other text, taken apart by the patterns of a profile
)

// String names the syntax for people.
func (s Syntax) String() string {
	return [...]string{"", "delimited text", "JSON Lines", "JSON", "key=value", "LTSV", "access log", "lines of text"}[s]
}

// isJSON reports whether records are JSON values. They are cut by their
// brackets, not by line ends: one may always span several lines.
func (s Syntax) isJSON() bool { return s == JSONLines || s == JSONElements }

// A Format is how one source is to be read.
type Format struct {
	Packing  string // "", "gzip", … as package unpack names it
	Encoding string // of the text, "UTF-8" and so on
	Parquet  bool
	Syntax   Syntax

	Delimiter byte // of delimited text
	Quoted    bool
	Wrapper   string // of JSON elements: the member whose array holds the records
	// Root is the path of the record proper within each record, where the
	// exporting tool has put it into an envelope.
	Root string

	// Profile is nil for the neutral schema.
	Profile *profile.Compiled
	// Confidence is how sure this is, in percent, and Why says by what.
	Confidence int
	Why        []string
}

// Name returns the name of the profile.
func (f *Format) Name() string {
	if f.Profile == nil {
		return Neutral
	}
	return f.Profile.Profile.Name
}

// Neutral is the name of the neutral schema among profiles.
const Neutral = "neutral"

// paths returns what is asked of every record, by slot.
func (f *Format) paths(role event.Role) []string {
	var paths []string
	if f.Profile != nil {
		paths = slices.Clone(f.Profile.Paths())
	} else {
		for _, field := range fieldsOf(role) {
			paths = append(paths, field.String())
		}
	}
	for i := range paths {
		paths[i] = f.rooted(paths[i])
	}
	return paths
}

// rooted returns a path as it stands in the record.
func (f *Format) rooted(path string) string {
	if f.Root == "" || path == "" {
		return path
	}
	return f.Root + "." + path
}

// headed reports whether the first record is a header.
func (f *Format) headed() bool {
	return f.Syntax == Delimited && (f.Profile == nil || f.Profile.Profile.Columns == nil)
}

// bare reports whether records are neutral and delimited, which is read without
// detours.
func (f *Format) bare() bool { return f.Syntax == Delimited && f.Profile == nil && f.Root == "" }

// columns returns the columns of a file without a header, nil if it has one.
func (f *Format) columns(role event.Role) *columns {
	if f.headed() || f.Syntax != Delimited {
		return nil
	}
	return bindHeader(f.Profile.Profile.Columns, f.paths(role))
}

// toHeader moves a splitter to the header, if there is one.
func (f *Format) toHeader(split *delim.Splitter) bool {
	heading := ""
	if f.Profile != nil {
		heading = f.Profile.Profile.Heading
	}
	for split.Next() {
		if heading == "" || split.Malformed == "" && string(split.Field(0)) == heading {
			return true
		}
	}
	return false
}

// decoder returns a decoder of records. cols says where fields stand in
// delimited text.
func (f *Format) decoder(role event.Role, cols *columns, env profile.Env) (*decoder, error) {
	d := &decoder{}
	paths := f.paths(role)
	d.values = make([][]byte, len(paths))
	if f.Profile != nil {
		d.mapper = f.Profile.NewMapper(env)
	} else {
		d.neutral = fieldsOf(role)
	}
	var err error
	switch f.Syntax {
	case Delimited:
		del := &delimited{cols: cols}
		del.Delimiter, del.Unquoted = f.Delimiter, !f.Quoted
		if f.bare() {
			d.plain = del
		}
		del.cells, err = cellsOf(cols, paths)
		if f.Profile != nil {
			del.body = f.Profile.Profile.Body
		}
		d.records = del
	case JSONLines, JSONElements:
		d.records, err = documentsOf(paths, f)
	case KeyValue, LTSV:
		var dialect keyval.Dialect
		if f.Syntax == LTSV {
			dialect = keyval.LTSV()
		}
		var split *keyval.Splitter
		split, err = keyval.NewSplitter(paths, dialect)
		d.records = &pairs{Splitter: split}
	case Combined:
		var split *lines.Combined
		split, err = lines.NewCombined(paths)
		d.records = &accesses{Combined: split}
	case Lines:
		d.records, err = f.patterned(paths)
	}
	return d, err
}

func (f *Format) patterned(paths []string) (records, error) {
	p := f.Profile.Profile
	var patterns []lines.Pattern
	for _, q := range p.Patterns {
		patterns = append(patterns, lines.Pattern{Regexp: q.Match, Literal: q.Contains, Set: q.Set})
	}
	split, err := lines.NewSplitter(paths, lines.Profile{Header: p.Header, Patterns: patterns})
	return &patterned{Splitter: split}, err
}

// documentsOf returns a splitter of JSON records. What is no path of JSON, such
// as the name of a column, is not in them.
func documentsOf(paths []string, f *Format) (records, error) {
	valid := slices.Clone(paths)
	for i, p := range valid {
		if _, err := jsonl.Compile([]string{p}); err != nil {
			valid[i] = "\x00"
		}
	}
	compiled, err := jsonl.Compile(valid)
	if err != nil {
		return nil, err
	}
	each := ""
	if f.Profile != nil {
		each = f.rooted(f.Profile.Profile.Each)
	}
	split, err := jsonl.NewSplitter(compiled, each)
	return &documents{Splitter: split}, err
}

// cellsOf returns the columns that hold JSON documents.
func cellsOf(cols *columns, paths []string) ([]*cell, error) {
	var cells []*cell
	wanted := map[int][]string{}
	slots := map[int][]int{}
	var order []int
	for slot, path := range paths {
		name, inner, inside := strings.Cut(path, jsonMark)
		if !inside || len(cols.slots) <= slot || cols.slots[slot] >= 0 {
			continue
		}
		n := slices.IndexFunc(cols.names, func(c string) bool { return foldName(c) == foldName(name) })
		if n < 0 {
			continue
		}
		if wanted[n] == nil {
			order = append(order, n)
		}
		wanted[n], slots[n] = append(wanted[n], inner), append(slots[n], slot)
	}
	for _, n := range order {
		compiled, err := jsonl.Compile(wanted[n])
		if err != nil {
			return nil, err
		}
		split, err := jsonl.NewSplitter(compiled, "")
		if err != nil {
			return nil, err
		}
		cells = append(cells, &cell{n, split, slots[n]})
	}
	return cells, nil
}

// firstPiece returns the whole records at the beginning of the head of a file.
func (f *Format) firstPiece(head []byte, whole bool) (piece, bool) {
	p := piece{}
	switch {
	case f.Syntax.isJSON():
		size := len(head) / 2
		if whole {
			size = len(head) + 1
		}
		c := jsonl.NewCutter(bytes.NewReader(head), f.Wrapper)
		c.Size = size
		b, err := c.Next()
		if err != nil || b.Broken != "" || !whole && b.Offset+int64(len(b.Data)) == int64(len(head)) {
			return p, false
		}
		p.Data, p.spans = b.Data, b.Records
	case whole:
		p.Data = head
	case f.Syntax == Delimited && f.Quoted:
		quotes := block.Quotes{Delimiter: f.Delimiter}
		quotes.Reset()
		p.Data = head[:quotes.LastEnd(head)]
	default:
		p.Data = head[:bytes.LastIndexByte(head, '\n')+1]
	}
	return p, len(p.Data) > 0
}
