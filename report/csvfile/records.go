package csvfile

import (
	"errors"
	"io"

	"github.com/paytriage/paytriage/forensics/formula"
)

// maxRecord bounds one record of Records. A quote that is never closed would
// otherwise make one record of all that follows.
const maxRecord = 1 << 20

// errRecord says that a record is longer than any honest one.
var errRecord = errors.New("a line longer than 1 MiB, or a quote that is never closed")

// A Records reads CSV record by record, for files that are no table of a known
// schema or are too large to be held. The form is that of Read: it is as strict
// about quotes and about a last line that is cut short.
type Records struct {
	sc    scanner
	line  int
	cells [][]byte
	arena []byte
}

// NewRecords returns the records of r, the header as the first of them.
func NewRecords(r io.Reader) *Records {
	return &Records{sc: scanner{src: r, line: 1, limit: maxRecord}}
}

// Next returns the cells of the next record without their quotes and without
// the apostrophe that Write puts before what a spreadsheet would run. They are
// valid until the next call. At the end of the stream the error is io.EOF.
func (r *Records) Next() ([][]byte, error) {
	r.line = r.sc.line
	record, err := r.sc.next()
	if err != nil {
		return nil, err
	}
	r.cells, r.arena = r.cells[:0], r.arena[:0]
	for _, c := range record {
		b := r.sc.text(c)
		if c.doubled { // text reuses one buffer for all such cells
			start := len(r.arena)
			r.arena = append(r.arena, b...)
			b = r.arena[start:]
		}
		r.cells = append(r.cells, formula.Unmark(b))
	}
	return r.cells, nil
}

// Line returns the line on which the record of the last Next starts, from 1.
func (r *Records) Line() int { return r.line }

// AppendText appends a text as a cell, marked and quoted as Write does it.
func AppendText(dst []byte, s string) []byte {
	if s == "" {
		return dst
	}
	return appendText(dst, s)
}
