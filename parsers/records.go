package parsers

import (
	"io"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
	"github.com/paytriage/paytriage/parsers/jsonl"
	"github.com/paytriage/paytriage/parsers/keyval"
	"github.com/paytriage/paytriage/parsers/lines"
	"github.com/paytriage/paytriage/parsers/profile"
)

// A piece is a block of any syntax.
type piece struct {
	block.Block
	spans []jsonl.Span // where records lie, if that is not told by line ends
	free  func()
}

// A cutter cuts a stream into pieces.
type cutter interface{ next() (piece, error) }

type lineCutter struct{ *block.Cutter }

func (c lineCutter) next() (piece, error) {
	b, err := c.Next()
	return piece{Block: b, free: b.Free}, err
}

type elementCutter struct{ *jsonl.Cutter }

func (c elementCutter) next() (piece, error) {
	b, err := c.Next()
	p := piece{spans: b.Records, free: b.Free}
	p.Offset, p.Data, p.Broken, p.Skipped = b.Offset, b.Data, b.Broken, b.Skipped
	return p, err
}

// newCutter cuts a stream of a format into pieces of about the given size.
func (f *Format) newCutter(r io.Reader, size int) cutter {
	if f.Syntax.isJSON() {
		c := jsonl.NewCutter(r, f.Wrapper)
		c.Size = size
		return elementCutter{c}
	}
	c := block.NewCutter(r, f.Syntax == Delimited && f.Quoted, f.Delimiter)
	c.Size = size
	return lineCutter{c}
}

// records walks the records of a block in one syntax and picks their fields.
// What it returns is valid until the next call of Next.
type records interface {
	reset(data []byte, spans []jsonl.Span)
	Next() bool
	Offset() int // of the record in the block
	End() int
	Raw() []byte
	fault() string        // why this is no record, constant text
	sub() int             // which row of its record this is
	repeat() int          // how often the row is to be counted
	fill(values [][]byte) // sets the value of every slot, nil for what is absent
}

// one is for syntaxes in which a record is one row.
type one struct{}

func (one) sub() int    { return 0 }
func (one) repeat() int { return 1 }

// delimited is CSV and its relatives.
type delimited struct {
	delim.Splitter
	one
	cols  *columns
	cells []*cell
	body  []string // first fields of records that are rows, nil for all
}

// A cell is a column whose text is a JSON document, with the slots of what is
// looked up in it.
type cell struct {
	column int
	split  *jsonl.Splitter
	slots  []int
}

func (d *delimited) reset(data []byte, _ []jsonl.Span) { d.Reset(data) }

func (d *delimited) fault() string {
	switch {
	case d.Malformed != "":
		return d.Malformed
	case d.beside():
		return ""
	case d.Len() != d.cols.width:
		return badWidth
	}
	return ""
}

// beside reports whether the record is no row but a heading or a total.
func (d *delimited) beside() bool {
	return d.body != nil && !slices.Contains(d.body, string(d.Field(0)))
}

func (d *delimited) fill(values [][]byte) {
	for i, at := range d.cols.slots {
		values[i] = nil
		if at >= 0 {
			values[i] = d.Field(int(at))
		}
	}
	for _, c := range d.cells {
		c.split.Reset(d.Field(c.column))
		ok := c.split.Next() && c.split.Malformed == ""
		for i, slot := range c.slots {
			if ok {
				values[slot] = c.split.Value(i)
			}
		}
	}
}

// plain sets the fields of a neutral record.
func (d *delimited) plain(v *fields) {
	for _, p := range d.cols.plain {
		v[p.field] = scalar.TrimSpace(d.Field(int(p.column)))
	}
}

// documents is JSON.
type documents struct {
	*jsonl.Splitter
	one
}

func (d *documents) reset(data []byte, spans []jsonl.Span) {
	if spans != nil {
		d.ResetRecords(data, spans)
		return
	}
	d.Reset(data)
}
func (d *documents) fault() string { return d.Malformed }
func (d *documents) sub() int      { return d.Sub() }
func (d *documents) fill(values [][]byte) {
	for i := range values {
		values[i] = d.Value(i)
	}
}

// pairs is key=value text.
type pairs struct {
	*keyval.Splitter
	one
}

func (p *pairs) reset(data []byte, _ []jsonl.Span) { p.Reset(data) }
func (p *pairs) fault() string                     { return p.Malformed }
func (p *pairs) fill(values [][]byte) {
	for i := range values {
		values[i] = p.Value(i)
	}
}

// accesses is an access log in the combined format.
type accesses struct {
	*lines.Combined
	one
}

func (a *accesses) reset(data []byte, _ []jsonl.Span) { a.Reset(data) }
func (a *accesses) fault() string                     { return a.Malformed }
func (a *accesses) fill(values [][]byte) {
	for i := range values {
		values[i] = a.Value(i)
	}
}

// texts of lines that patterns take apart.
type patterned struct {
	*lines.Splitter
	one
}

func (p *patterned) reset(data []byte, _ []jsonl.Span) { p.Reset(data) }
func (p *patterned) fault() string                     { return p.Malformed }
func (p *patterned) repeat() int                       { return p.Repeat() }
func (p *patterned) fill(values [][]byte) {
	for i := range values {
		values[i] = p.Value(i)
	}
}

// A decoder turns the records of one source into fields of the neutral schema.
// It is used by one goroutine.
type decoder struct {
	records
	plain   *delimited      // the records, if they are neutral and delimited
	mapper  *profile.Mapper // nil: they are neutral
	neutral []event.Field   // then the field of each slot
	values  [][]byte
	seen    uint64 // fields that some row had
}

// begin takes the record at hand. A result other than profile.Event says why it
// makes no rows.
func (d *decoder) begin() profile.Result {
	if d.plain != nil {
		return profile.Result{}
	}
	if del, ok := d.records.(*delimited); ok && del.beside() {
		return profile.Result{What: profile.Passed, Field: event.NumFields, Reason: besideRows}
	}
	d.fill(d.values)
	var res profile.Result
	if d.mapper != nil {
		res = d.mapper.Begin(d.values)
	}
	if p, ok := d.records.(*patterned); ok && p.Unmatched() {
		return profile.Result{What: profile.Passed, Field: event.NumFields, Reason: unmatchedLine}
	}
	return res
}

// besideRows is what records count as that a profile knows to be no rows.
const besideRows = "a heading or total of the report"

// unmatchedLine is what lines count as of which no pattern of the profile
// speaks.
const unmatchedLine = "a line of which the profile says nothing"

// rows returns how many rows the record at hand may make.
func (d *decoder) rows() int {
	if d.mapper == nil {
		return 1
	}
	return d.mapper.Rows()
}

// row sets v to row n of the record at hand.
func (d *decoder) row(n int, v *fields) profile.Result {
	switch {
	case d.plain != nil:
		d.plain.plain(v)
		return profile.Result{}
	case d.mapper != nil:
		res := d.mapper.Row(n, v)
		d.note(v)
		return res
	}
	for i, f := range d.neutral {
		v[f] = scalar.TrimSpace(d.values[i])
	}
	d.note(v)
	return profile.Result{}
}

// note remembers which fields there are.
func (d *decoder) note(v *fields) {
	for f := range v {
		if len(v[f]) > 0 {
			d.seen |= 1 << f
		}
	}
}
