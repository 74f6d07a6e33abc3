package parsers

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// A Form is how Convert writes rows.
type Form uint8

// The forms. Both are UTF-8 as far as the input is: bytes that are no text stay
// as they are in CSV; JSON Lines cannot hold them, and a row that has any ends
// the conversion: to write another character might make one id of two.
const (
	CSV Form = iota + 1
	JSONL
)

// A Sink takes what Convert makes, in the order of inputs and lines.
type Sink struct {
	// Rows takes whole lines of the form, valid during the call.
	Rows func(lines []byte) error
	// Reject takes a record that is no row, with the name of its source.
	Reject func(source string, r event.Reject) error
}

// The columns that say where a converted row stood.
const (
	sourceColumn = "source"
	lineColumn   = "line"
)

// Header returns the names of the columns that Convert writes for a role: the
// schema's in its order, then source and line.
func Header(role event.Role) []string {
	var names []string
	for _, f := range fieldsOf(role) {
		names = append(names, f.String())
	}
	return append(names, sourceColumn, lineColumn)
}

// Cells calls see with the cells of each line of CSV that Convert made, valid
// during the call.
func Cells(lines []byte, see func(cells [][]byte) error) error {
	split := delim.Splitter{Delimiter: ','}
	split.Reset(lines)
	var cells [][]byte
	for split.Next() {
		cells = cells[:0]
		for i := range split.Len() {
			cells = append(cells, split.Field(i))
		}
		if err := see(cells); err != nil {
			return err
		}
	}
	return nil
}

// Convert reads inputs of one role as Load does and writes every row in the
// neutral schema, without judging rows by each other: duplicates stay. Times are
// written in UTC with all their digits, a currency and a status that the source
// leaves open as they were taken. What Load makes of the result is what it makes
// of the inputs. It returns the account of rows of every source; memory does not
// grow with the input.
func Convert(ctx context.Context, inputs []Input, opt Options, form Form, sink Sink) ([]event.Source, error) {
	return convert(ctx, inputs, opt, form, sink, block.Size)
}

// convert is Convert with blocks of about the given size.
func convert(ctx context.Context, inputs []Input, opt Options, form Form, sink Sink, blockSize int) ([]event.Source, error) {
	opt.Workers = max(opt.Workers, 1)
	l := &loader{opt: opt, parts: 1, blockSize: blockSize}
	if err := l.survey(ctx, inputs); err != nil {
		return nil, err
	}
	var workers []*converter
	for range opt.Workers {
		workers = append(workers, &converter{worker: newWorker(l), form: form})
	}
	var sources []event.Source
	for i := range l.sources {
		if err := l.convert(ctx, i, workers, sink); err != nil {
			return nil, err
		}
		sources = append(sources, l.sources[i].info)
	}
	return sources, l.nothing()
}

// A sheet is a block on its way through Convert.
type sheet struct {
	job
	line int64 // of the first byte of the block
	done chan struct{}

	lines   []byte
	rejects []event.Reject
	tally   tally
	span    span
	err     error
}

// convert writes one source. The blocks are read by one goroutine, made into
// lines by several workers, and written in their order.
func (l *loader) convert(ctx context.Context, i int, workers []*converter, sink Sink) error {
	g, ctx := errgroup.WithContext(ctx)
	todo, order := make(chan *sheet, l.opt.Workers), make(chan *sheet, 2*l.opt.Workers)
	g.Go(func() error {
		defer close(todo)
		defer close(order)
		line := l.sources[i].firstLine()
		return l.readSource(ctx, i, func(j job) error {
			s := &sheet{job: j, line: line, done: make(chan struct{})}
			line += int64(bytes.Count(j.block.Data, newline))
			if j.block.Skipped > 0 {
				line++
			}
			for _, c := range []chan *sheet{order, todo} {
				select {
				case c <- s:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for _, c := range workers {
		g.Go(func() error {
			for s := range todo {
				s.err = c.convert(s)
				s.block.free()
				close(s.done)
			}
			return nil
		})
	}
	g.Go(func() error { return l.collect(ctx, i, order, sink) })
	return g.Wait()
}

// collect writes sheets in their order and adds up what became of their rows.
func (l *loader) collect(ctx context.Context, i int, order <-chan *sheet, sink Sink) error {
	info := &l.sources[i].info
	var times span
	for s := range order {
		select {
		case <-s.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.err != nil {
			return s.err
		}
		if len(s.lines) > 0 {
			if err := sink.Rows(s.lines); err != nil {
				return err
			}
		}
		for _, r := range s.rejects {
			if err := sink.Reject(info.Name, r); err != nil {
				return err
			}
		}
		info.Read += s.tally.read
		info.Rejected += s.tally.rejected
		info.Broken += s.tally.broken
		info.Passed = addCounts(info.Passed, s.tally.passed)
		times.add(s.span)
	}
	info.Accepted = info.Read - info.Rejected
	if times.any {
		info.First, info.Last = time.UnixMicro(times.first).UTC(), time.UnixMicro(times.last).UTC()
	}
	return nil
}

// addCounts adds counts to a map, which may be nil.
func addCounts(to, from map[string]int64) map[string]int64 {
	for why, n := range from {
		if to == nil {
			to = map[string]int64{}
		}
		to[why] += n
	}
	return to
}

// A converter makes lines of records. It is used by one goroutine.
type converter struct {
	*worker
	form  Form
	sheet *sheet
	line  int64 // of the record at hand
	at    int   // up to where line ends were counted
	name  []byte
	stamp []byte
	err   error // a row that the form cannot hold
}

// convert makes the lines of one block.
func (c *converter) convert(s *sheet) error {
	c.sheet, c.line, c.at = s, s.line, 0
	c.tallies[s.source] = tally{}
	c.rejects = c.rejects[:0]
	c.name = []byte(c.l.sources[s.source].info.Name)
	c.emit = c.write
	err := cmp.Or(c.parse(&s.job), c.err)
	s.tally = c.tallies[s.source]
	for _, r := range c.rejects {
		r.Line = s.line + r.within
		s.rejects = append(s.rejects, r.Reject)
	}
	return err
}

// write appends the row at hand.
func (c *converter) write(r *rowReader, j *job, at event.Pos) fault {
	stamp, currency, f := c.check(r)
	if f.reason != "" {
		return f
	}
	v := &r.row
	if r.role == event.Payments {
		if len(v[event.CurrencyCode]) == 0 {
			v[event.CurrencyCode] = []byte(currency.String())
		}
		if v[event.StatusWord] == nil {
			v[event.StatusWord] = approved
		}
	}
	extra := finest(v[event.EventTime])
	text := time.UnixMicro(stamp).UTC().AppendFormat(c.stamp[:0], "2006-01-02T15:04:05.000000")
	c.stamp = append(append(text, extra...), 'Z')
	v[event.EventTime] = c.stamp
	c.sheet.span.add(moment(stamp))
	offset := int(at.Offset() - j.block.Offset)
	c.line += int64(bytes.Count(j.block.Data[c.at:offset], newline))
	c.at = offset
	if c.form == JSONL {
		c.object(v, r.role)
	} else {
		c.record(v, r.role)
	}
	return fault{}
}

var approved = []byte(event.Approved.String())

// check reads the row at hand as Load would.
func (c *converter) check(r *rowReader) (micros int64, cur money.Currency, f fault) {
	if r.role == event.Payments {
		var row event.Charge
		f = r.charge(&r.row, &row)
		return row.Time, money.Currency(row.Currency), f
	}
	var row event.Login
	f = r.login(&r.row, &row)
	return row.Time, 0, f
}

// finest returns the digits of a stamp beyond the microsecond, without zeros at
// the end.
func finest(stamp []byte) []byte {
	const micros = len("2019-07-02T12:03:04.123456")
	if len(stamp) <= micros {
		return nil
	}
	rest := stamp[micros:]
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	return bytes.TrimRight(rest[:n], "0")
}

// record appends a line of CSV.
func (c *converter) record(v *fields, role event.Role) {
	b := c.sheet.lines
	for _, f := range fieldsOf(role) {
		b = append(appendCell(b, v[f]), ',')
	}
	b = append(appendCell(b, c.name), ',')
	c.sheet.lines = append(strconv.AppendInt(b, c.line, 10), '\n')
}

func appendCell(b, text []byte) []byte {
	if !bytes.ContainsAny(text, ",\"\r\n") {
		return append(b, text...)
	}
	b = append(b, '"')
	for _, ch := range text {
		if ch == '"' {
			b = append(b, '"')
		}
		b = append(b, ch)
	}
	return append(b, '"')
}

// object appends a line of JSON, without the fields that are empty but for those
// by which the schema is known.
func (c *converter) object(v *fields, role event.Role) {
	b := append(c.sheet.lines, '{')
	for _, f := range fieldsOf(role) {
		if len(v[f]) > 0 || slices.Contains(event.Required(role), f) {
			if c.err == nil && !utf8.Valid(v[f]) {
				c.err = &InputError{fmt.Sprintf("%s:%d", c.name, c.line),
					f.String() + ": bytes that are not UTF-8, which JSON cannot hold", "--format csv keeps them"}
			}
			b = append(append(append(b, '"'), f.String()...), `":`...)
			b = append(appendString(b, v[f]), ',')
		}
	}
	b = append(appendString(append(b, `"source":`...), c.name), `,"line":`...)
	c.sheet.lines = append(strconv.AppendInt(b, c.line, 10), "}\n"...)
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string.
func appendString(b, text []byte) []byte {
	b = append(b, '"')
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, `\ufffd`...)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = append(b, text[:n]...)
		}
		text = text[n:]
	}
	return append(b, '"')
}
