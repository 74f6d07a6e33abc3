// Package parquet reads Parquet files as CSV text, so that everything behind
// it, cutting, parsing in parallel and finding a row again, works as for CSV.
//
// Columns says what a file has, Open reads it or some of its columns. The text
// is RFC 4180 with "\n" after every record: a header of the columns' names in
// the file's order, then a record for each row.
//
// # Values
//
// What a value is written as never loses anything that was in it:
//
//	integers, DECIMAL        exact decimals; a DECIMAL with all digits of its scale
//	BOOLEAN                  true, false
//	TIMESTAMP, INT96         2019-07-02T12:03:04.123456Z with 3, 6 or 9 digits, as the
//	                         column has; Z only if the file says that it is UTC,
//	                         which for INT96 it cannot
//	DATE, TIME               2019-07-02, 12:03:04.123; TIME with Z as above
//	FLOAT, DOUBLE, FLOAT16   the shortest decimal that is this float and no other,
//	                         with an exponent if it would have more than 17
//	                         digits without; NaN, Infinity, -Infinity
//	STRING, ENUM, JSON, BSON, BYTE_ARRAY   the bytes as they are, UTF-8 or not
//	UUID                     123e4567-e89b-12d3-a456-426614174000
//	FIXED_LEN_BYTE_ARRAY     hexadecimal digits, also if the bytes look like text
//	INTERVAL                 P1M2DT3.004S
//	null                     an empty cell; a text that is empty is ""
//
// A year beyond four digits has a sign; a TIME that no clock shows is the bare
// number. A group is no column, its leaves are, by dotted path. A leaf below a
// list or a map is a JSON array (of arrays, if lists are nested), an empty cell
// where there is no list; the keys and values of a map are two columns whose
// arrays go together. Floats are marked in Column: an amount in a float has
// been rounded before it came here.
//
// # Damage and bombs
//
// A file is input from anywhere. The headers of a column's pages are added up
// before the first row of a row group is delivered: they must hold its rows. A
// page is unpacked, its checksum verified if it has one, and looked through
// whole before any of it is delivered: it must hold exactly the levels and
// values that it claims. So a value that was lost or added does not move others
// to rows that are not theirs. A value that was changed in a page without a
// checksum cannot be seen, and in a column of lists an item may move to the row
// beside it; then the row group ends with a row too many or too few.
//
// All rows before the damage are delivered, then a *DamageError says what is
// wrong and where. Memory is that of the pages at hand, one for each column,
// and is capped; so are pages, rows, and the text that a stored byte may become
// (Limits). The text is the same, whoever reads it how fast.
//
// # Why the decoders are our own
//
// arrow's reader (v15) is not used; its codecs for Snappy and Brotli are. It
// ignores errors that it finds in a page's data and then decodes what is left
// of the page before; it takes pages that are cut off for zeros; it allocates
// as many values as a page's data claim to have, which no recover survives; it
// does not look at checksums, and has neither BYTE_STREAM_SPLIT nor LZ4_RAW.
package parquet

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
)

// The limits where Limits does not say.
const (
	DefaultMaxRatio  = 1000
	DefaultMaxPage   = 256 << 20
	DefaultMaxMemory = 1 << 30
)

const (
	// ratioFloor is how much is let through before the ratio is judged: less
	// does no harm.
	ratioFloor = 64 << 20

	// maxRow is how long a row may be.
	maxRow = 16 << 20
)

// Limits are what a file may cost. The zero Limits allow any size at the
// defaults.
type Limits struct {
	// MaxUnpacked is how many bytes of CSV may be delivered, 0 for any number.
	MaxUnpacked int64
	// MaxRatio is how many bytes of pages, and how many of CSV, may come from
	// one byte of the file, judged once there are 64 MiB; less than 0 is any
	// number.
	MaxRatio int
	// MaxPage is how large a page may be, packed or unpacked.
	MaxPage int64
	// MaxMemory is how much the pages and dictionaries of all columns that are
	// read may take together.
	MaxMemory int64
}

func (l Limits) withDefaults() Limits {
	if l.MaxRatio == 0 {
		l.MaxRatio = DefaultMaxRatio
	}
	if l.MaxPage <= 0 {
		l.MaxPage = DefaultMaxPage
	}
	if l.MaxMemory <= 0 {
		l.MaxMemory = DefaultMaxMemory
	}
	return l
}

// Options say how a file is read.
type Options struct {
	Limits Limits
	// RowNumbers asks for a first column RowColumn.
	RowNumbers bool
}

// RowColumn is the name of the column that says which row of the file a record
// is, from 1.
const RowColumn = "@row"

// Is reports whether a file that begins with head is a Parquet file.
func Is(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }

// A Column is a leaf of the schema: what values stand in.
type Column struct {
	Name string // dotted path
	// Type is the physical and the logical type, "INT64 TIMESTAMP(MICROS,UTC)".
	Type     string
	Nullable bool // its cells may be null
	Repeated bool // its cells are JSON arrays
	Float    bool // FLOAT, DOUBLE or FLOAT16: money in it is not exact
}

// Columns returns the columns of a file in its order, and how many rows it says
// it has.
func Columns(f io.ReaderAt, size int64) (columns []Column, rows int64, err error) {
	footer, err := readFooter(f, size)
	if err != nil {
		return nil, 0, err
	}
	for i := range footer.leaves {
		columns = append(columns, footer.leaves[i].Column)
	}
	return columns, footer.rows, nil
}

// A Reader delivers a file as CSV. Read must not be called by several
// goroutines at once; Close may be called at any time.
type Reader struct {
	rows   int64
	caller context.Context // what the caller gave
	own    context.Context // ends with the caller's, or at Close
	cancel context.CancelFunc

	full chan block
	free chan []byte
	done chan struct{} // closed when the file will not be read any more

	rest []byte // of buf, not yet delivered
	buf  []byte
	err  error // what follows rest
}

// A block is text and the error that follows it, if any.
type block struct {
	text []byte
	err  error
}

// Open begins to read the columns of a file whose names are in want, all for
// nil. A name may stand for several columns; one that stands for none is a
// *ColumnError. What the footer says is checked for the whole file before any
// row is delivered.
//
// Everything ends when ctx does, with its error. The Reader must be closed; it
// does not close f.
func Open(ctx context.Context, f io.ReaderAt, size int64, want []string, opt Options) (*Reader, error) {
	footer, err := readFooter(f, size)
	if err != nil {
		return nil, err
	}
	wanted, err := footer.pick(want)
	if err != nil {
		return nil, err
	}
	if err := footer.checkGroups(wanted, size); err != nil {
		return nil, located(err, 0, "")
	}
	r := &Reader{rows: footer.rows, caller: ctx, done: make(chan struct{}),
		full: make(chan block, 1), free: make(chan []byte, blocks)}
	r.own, r.cancel = context.WithCancel(ctx)
	for range blocks {
		r.free <- nil
	}
	go r.pump(newTable(f, size, footer, wanted, opt))
	return r, nil
}

// Rows returns how many rows the file says it has.
func (r *Reader) Rows() int64 { return r.rows }

// Read delivers the next bytes of the text. After an error it returns the same
// error again.
func (r *Reader) Read(p []byte) (n int, err error) {
	if err := r.ended(); err != nil {
		return 0, err
	}
	for len(r.rest) == 0 && len(p) > 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.buf != nil {
			r.free <- r.buf
			r.buf = nil
		}
		select {
		case b := <-r.full:
			r.buf, r.rest, r.err = b.text, b.text, b.err
		case <-r.own.Done():
			return 0, r.ended()
		}
	}
	n = copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// ended returns why there is nothing more to read, or nil.
func (r *Reader) ended() error {
	if r.own.Err() == nil {
		return nil
	}
	if err := r.caller.Err(); err != nil {
		return err
	}
	return os.ErrClosed
}

// Close ends the reading and waits until the file is no longer used.
func (r *Reader) Close() error {
	r.cancel()
	<-r.done
	return nil
}

// most returns how much may come of a file of a size.
func (l *Limits) most(size int64) int64 {
	if l.MaxRatio < 0 || size > math.MaxInt64/int64(l.MaxRatio) {
		return math.MaxInt64
	}
	return max(ratioFloor, size*int64(l.MaxRatio))
}
