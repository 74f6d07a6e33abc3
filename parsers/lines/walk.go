package lines

import "bytes"

// A walk goes through the lines of a block.
type walk struct {
	data             []byte
	start, stop, pos int // of the line, of its line end, behind that
}

// Reset starts on a block of whole lines, which must be shorter than 4 GiB.
func (w *walk) Reset(data []byte) { *w = walk{data: data} }

// Offset returns where the record begins in the block.
func (w *walk) Offset() int { return w.start }

// End returns where the record ends in the block, behind its line end.
func (w *walk) End() int { return w.pos }

// Raw returns the record as it stands, without its line end.
func (w *walk) Raw() []byte { return w.data[w.start:w.stop] }

// Sub returns the index of the row within its record, which has one only.
func (w *walk) Sub() int { return 0 }

// next moves to the next line that is not blank.
func (w *walk) next() bool {
	for w.pos < len(w.data) {
		w.start = w.pos
		n := bytes.IndexByte(w.data[w.start:], '\n')
		if n < 0 {
			w.stop, w.pos = len(w.data), len(w.data)
		} else {
			w.stop, w.pos = w.start+n, w.start+n+1
		}
		if w.stop > w.start && w.data[w.stop-1] == '\r' {
			w.stop--
		}
		if !blank(w.data[w.start:w.stop]) {
			return true
		}
	}
	return false
}

// blank reports whether there is nothing but white space in b.
func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
