package parquetfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/paytriage/paytriage/report/table"
)

// Write writes a table that passes Validate; of one that does not, nothing. The
// metadata are written in the order given, behind the schema; keys must be
// unique and not SchemaKey. The writer is not closed. An error of the writer is
// returned wrapped, and the file is then incomplete.
func Write(w io.Writer, t *table.Table, meta []KeyValue) error {
	return write(w, t, meta, RowGroupRows)
}

// write is Write with row groups of another length, for tests.
func write(w io.Writer, t *table.Table, meta []KeyValue, groupRows int) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if t.Rows()/groupRows >= maxRowGroups {
		return fmt.Errorf("table %s: %d rows are more than a Parquet file can hold", t.Schema().Name, t.Rows())
	}
	f, err := Create(w, t.Schema(), meta)
	if err != nil {
		return err
	}
	f.do(func() error {
		f.begin(properties(t))
		for from := 0; from < t.Rows(); from += groupRows {
			if err := f.group(t, from, min(from+groupRows, t.Rows())); err != nil {
				return err
			}
		}
		return nil
	})
	return f.Close()
}

// WriteStream writes a table in pieces, with the metadata of Write.
func WriteStream(w io.Writer, s table.Stream, meta []KeyValue) error {
	f, err := Create(w, s.Schema, meta)
	if err != nil {
		return err
	}
	for t, err := range s.Pieces {
		if err == nil {
			err = f.Append(t)
		}
		if err != nil {
			return err
		}
	}
	if n := f.rows + f.pending.Rows(); n != s.Rows {
		return fmt.Errorf("table %s: %d rows were written, it has %d", s.Schema.Name, n, s.Rows)
	}
	return f.Close()
}

// groupBytes is how many bytes of text a Writer gathers before it writes a row
// group, be the rows few.
const groupBytes = 64 << 20

// A Writer writes a table in pieces. Memory holds one row group, however many
// there are. The first error is kept: every later call returns it, and what was
// written is no file.
type Writer struct {
	schema table.Schema
	root   *schema.GroupNode
	kv     metadata.KeyValueMetadata

	// The buffer is the fence. It holds its first error for good, so arrow may
	// swallow it where it likes; it takes the first bytes without fail; and it
	// has no Close that arrow could call.
	out  *bufio.Writer
	sink *divert
	file *file.Writer // once the first row group is known

	pending    *table.Table // rows of the row group to come
	size       int          // bytes of their texts
	groupRows  int
	groupBytes int
	rows       int // written
	groups     int
	closed     bool
	err        error
}

// Create begins a file with the metadata of Write. Nothing is written before
// the first row group is full.
func Create(w io.Writer, s table.Schema, meta []KeyValue) (*Writer, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	kv, err := keyValues(s, meta)
	if err != nil {
		return nil, err
	}
	root, err := parquetSchema(s)
	if err != nil {
		return nil, err
	}
	return &Writer{schema: s, root: root, kv: kv, out: bufio.NewWriterSize(strictWriter{w}, bufferSize),
		pending: table.New(s, 0), groupRows: RowGroupRows, groupBytes: groupBytes}, nil
}

// Append adds the rows of a table of the writer's schema that passes Validate.
// Row groups do not depend on how rows are divided among calls.
func (w *Writer) Append(t *table.Table) error {
	return w.do(func() error {
		if w.closed {
			return errors.New("the file is closed")
		}
		if err := t.Validate(); err != nil {
			return err
		}
		if s := t.Schema(); s.Name != w.schema.Name || !slices.Equal(s.Columns, w.schema.Columns) {
			return errors.New("rows of another schema")
		}
		for row := range t.Rows() {
			if err := w.add(t, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// add adds one row to the row group to come, and writes that if it is full.
func (w *Writer) add(t *table.Table, row int) error {
	for i := range w.schema.Columns {
		switch from, to := t.Cells(i), w.pending.Cells(i); {
		case from.Null(row):
			to.AppendNull()
		case from.Column().Kind.IsText():
			to.AppendText(from.Text(row))
			w.size += len(from.Text(row))
		default:
			to.AppendInt(from.Int(row))
		}
	}
	if w.pending.Rows() < w.groupRows && w.size < w.groupBytes {
		return nil
	}
	return w.flush()
}

// flush writes the rows that are pending as a row group. The first one decides
// how the columns are encoded.
func (w *Writer) flush() error {
	if w.file == nil {
		w.begin(properties(w.pending))
	}
	if n := w.pending.Rows(); n > 0 {
		if err := w.group(w.pending, 0, n); err != nil {
			return err
		}
		w.pending, w.size = table.New(w.schema, n), 0
	}
	return nil
}

func (w *Writer) begin(props *parquet.WriterProperties) {
	w.sink = &divert{w.out}
	w.file = file.NewParquetWriter(w.sink, w.root, file.WithWriterProps(props), file.WithWriteMetadata(w.kv))
}

// group writes some rows of a table as a row group.
func (w *Writer) group(t *table.Table, from, to int) error {
	if w.groups++; w.groups > maxRowGroups {
		return errors.New("more row groups than a Parquet file can hold")
	}
	w.rows += to - from
	return writeRowGroup(w.file.AppendRowGroup(), t, from, to)
}

// Close writes what is pending and the end of the file. The writer below is not
// closed.
func (w *Writer) Close() error {
	return w.do(func() error {
		if w.closed {
			return nil
		}
		w.closed = true
		if err := w.flush(); err != nil {
			return err
		}
		var footer bytes.Buffer
		w.sink.Writer = &footer
		if err := w.file.Close(); err != nil {
			return err
		}
		if n := w.file.NumRows(); n != w.rows {
			return fmt.Errorf("%d rows were written, the table has %d", n, w.rows)
		}
		return writeFooter(w.out, footer.Bytes())
	})
}

// do calls f unless something went wrong before. What arrow panics about is a
// fault of its own or of this package, but a report must not die of it
// half-written. What the writer below refused is the error that counts.
func (w *Writer) do(f func() error) (err error) {
	if w.err != nil {
		return w.err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		// Nothing is held back once the file is whole or lost.
		if w.closed || err != nil {
			if ferr := w.out.Flush(); ferr != nil {
				err = ferr
			}
		}
		if err != nil {
			err = fmt.Errorf("table %s: writing Parquet: %w", w.schema.Name, err)
		}
		w.err = err
	}()
	return f()
}
