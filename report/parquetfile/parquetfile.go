// Package parquetfile writes tables as Parquet and reads them back, row for
// row. It is one of two importers of arrow; every other package sees a
// table.Table.
//
// # The file
//
// Int and Amount columns are INT64; Time columns are INT64 timestamps in
// microseconds, adjusted to UTC; Text and Code columns are UTF-8 strings.
// Nullable columns are optional, all others required. Pages are of version 2,
// compressed with zstd (snappy in small files); row groups hold RowGroupRows
// rows, fewer in a file written in pieces whose texts are long; and the footer
// holds minima, maxima and null counts. The schema of the table, with what its
// columns mean, stands in the footer under SchemaKey.
//
// Strings must be valid UTF-8 here: a byte that is not is written as \xNN (see
// table.ValidText). CSV keeps such bytes; the canonical hash of a table is the
// same either way.
//
// The bytes of a file are not promised, not even between two runs: compare
// rows, or table.CanonicalHash.
//
// # The fence
//
// arrow v15 has faults that this package keeps from its callers, each held by a
// test: it swallows write errors between row groups, panics when the first
// bytes cannot be written, closes the writer it is given, keeps pointing at the
// caller's strings for its statistics, claims that no column has any distinct
// values, orders its footer by chance once a dictionary has overflowed, and
// builds dictionaries for columns of numbers.
// Reading a damaged file makes it panic. Nothing of that leaves this package:
// a writer's error is returned, and so is every other one.
package parquetfile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/paytriage/paytriage/report/table"
)

// RowGroupRows is how many rows a row group holds; the last one holds the rest.
const RowGroupRows = 128 << 10

// SchemaKey is the key of the metadata entry that holds the table's schema as
// JSON: {"name":…,"doc":…,"columns":[{"name":…,"kind":…,"nullable":…,"doc":…}]}.
const SchemaKey = "paytriage.schema"

// createdBy is written into every file. It is pinned, so that files do not
// change with a library.
const createdBy = "paytriage"

// maxRowGroups is how many row groups the format can number (an int16).
const maxRowGroups = 1<<15 - 1

// A KeyValue is one entry of a file's metadata.
type KeyValue struct {
	Key   string
	Value string
}

// bufferSize is how many bytes are gathered before they are written.
const bufferSize = 64 << 10

// strictWriter hides every method but Write, and makes a short write an error.
type strictWriter struct{ w io.Writer }

func (s strictWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}

// schemaJSON is what stands under SchemaKey.
type schemaJSON struct {
	Name    string       `json:"name"`
	Doc     string       `json:"doc,omitempty"`
	Columns []columnJSON `json:"columns"`
}

type columnJSON struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Nullable bool   `json:"nullable,omitempty"`
	Doc      string `json:"doc,omitempty"`
}

func keyValues(s table.Schema, meta []KeyValue) (metadata.KeyValueMetadata, error) {
	js := schemaJSON{Name: s.Name, Doc: s.Doc}
	for _, c := range s.Columns {
		js.Columns = append(js.Columns, columnJSON{c.Name, c.Kind.String(), c.Nullable, c.Doc})
	}
	text, err := json.Marshal(js)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", s.Name, err)
	}
	kv := metadata.NewKeyValueMetadata()
	seen := map[string]bool{}
	for _, e := range append([]KeyValue{{SchemaKey, string(text)}}, meta...) {
		if e.Key == "" || seen[e.Key] {
			return nil, fmt.Errorf("table %s: metadata key %q is empty or stands twice", s.Name, e.Key)
		}
		seen[e.Key] = true
		if err := kv.Append(e.Key, e.Value); err != nil {
			return nil, fmt.Errorf("table %s: metadata: %w", s.Name, err)
		}
	}
	return kv, nil
}

// parquetSchema returns the Parquet form of a schema.
func parquetSchema(s table.Schema) (*schema.GroupNode, error) {
	fields := make(schema.FieldList, len(s.Columns))
	for i, c := range s.Columns {
		rep := parquet.Repetitions.Required
		if c.Nullable {
			rep = parquet.Repetitions.Optional
		}
		const noID, noLength = -1, -1
		var err error
		switch {
		case c.Kind.IsText():
			fields[i], err = schema.NewPrimitiveNodeLogical(c.Name, rep, schema.StringLogicalType{}, parquet.Types.ByteArray, noLength, noID)
		case c.Kind == table.Time:
			utc := schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
			fields[i], err = schema.NewPrimitiveNodeLogical(c.Name, rep, utc, parquet.Types.Int64, noLength, noID)
		default:
			fields[i] = schema.NewInt64Node(c.Name, rep, noID)
		}
		if err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", s.Name, c.Name, err)
		}
	}
	return schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
}

// properties decides encodings: dictionaries for the columns of texts that
// repeat, plain values for all others.
func properties(t *table.Table) *parquet.WriterProperties {
	opts := []parquet.WriterProperty{
		parquet.WithCreatedBy(createdBy),
		parquet.WithCompression(codec(t.Rows())),
		parquet.WithMaxRowGroupLength(RowGroupRows),
		parquet.WithVersion(parquet.V2_LATEST),
		// In pages of version 1 arrow reallocates the levels of a nullable
		// column every 8 rows: five times the memory, twice the time.
		parquet.WithDataPageVersion(parquet.DataPageV2),
		parquet.WithDictionaryDefault(false),
		// A dictionary is only used where it is known to stay small, so this
		// limit is never met. Meeting it would leave the footer's order to
		// chance.
		parquet.WithDictionaryPageSizeLimit(1 << 30),
	}
	for i, c := range t.Schema().Columns {
		if c.Kind.IsText() && repeats(t.Cells(i).Texts()) {
			opts = append(opts, parquet.WithDictionaryFor(c.Name, true))
		}
	}
	return parquet.NewWriterProperties(opts...)
}

// zstdRows is from how many rows on zstd pays.
const zstdRows = 16 << 10

// codec returns the compression for a table of a number of rows. arrow makes a
// new zstd encoder of several MB for every page: more than a small table is
// worth.
func codec(rows int) compress.Compression {
	if rows < zstdRows {
		return compress.Codecs.Snappy
	}
	return compress.Codecs.Zstd
}

// maxDictionary bounds the distinct texts of a row group's dictionary.
const maxDictionary = 1 << 14

// repeats reports whether a dictionary pays in every row group: at most
// maxDictionary distinct texts, and on average two rows or more for each. It
// looks at content only, so one table is always encoded one way.
func repeats(texts []string) bool {
	seen := make(map[string]struct{}, 64)
	for len(texts) > 0 {
		n := min(len(texts), RowGroupRows)
		limit := min(maxDictionary, max(n/2, 1))
		for _, s := range texts[:n] {
			// Most codes follow their like; looking them up is the cost.
			if _, ok := seen[s]; ok {
				continue
			}
			if len(seen) == limit {
				return false
			}
			seen[s] = struct{}{}
		}
		clear(seen)
		texts = texts[n:]
	}
	return true
}

// A divert is a writer whose target can be changed.
type divert struct{ io.Writer }

func writeRowGroup(rg file.SerialRowGroupWriter, t *table.Table, from, to int) error {
	for i, c := range t.Schema().Columns {
		cw, err := rg.NextColumn()
		if err != nil {
			return err
		}
		if err := writeColumn(cw, t.Cells(i), from, to); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		if err := cw.Close(); err != nil {
			return err
		}
	}
	return rg.Close()
}

// tailLength is the length of what follows the footer: its length and "PAR1".
const tailLength = 8

// writeFooter writes the footer that arrow made, but for its counts of distinct
// values: it claims 0 for every column, having counted none.
func writeFooter(out io.Writer, footer []byte) error {
	if len(footer) < tailLength {
		return errors.New("arrow wrote no footer")
	}
	md, err := metadata.NewFileMetaData(footer[:len(footer)-tailLength], nil)
	if err != nil {
		return err
	}
	for _, rg := range md.RowGroups {
		for _, c := range rg.Columns {
			if st := c.GetMetaData().GetStatistics(); st != nil {
				st.DistinctCount = nil
			}
		}
	}
	n, err := md.WriteTo(out, nil)
	if err != nil {
		return err
	}
	_, err = out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), "PAR1"...))
	return err
}

// errColumnType says that arrow chose another writer than the schema asks for.
var errColumnType = errors.New("arrow's column has another type")

func writeColumn(cw file.ColumnChunkWriter, cells *table.Cells, from, to int) error {
	levels := definitionLevels(cells, from, to)
	if cells.Column().Kind.IsText() {
		w, ok := cw.(*file.ByteArrayColumnChunkWriter)
		if !ok {
			return errColumnType
		}
		_, err := w.WriteBatch(byteArrays(cells, from, to), levels, nil)
		return err
	}
	w, ok := cw.(*file.Int64ColumnChunkWriter)
	if !ok {
		return errColumnType
	}
	_, err := w.WriteBatch(numbers(cells, from, to), levels, nil)
	return err
}

// definitionLevels returns 1 for each cell that is present and 0 for each null,
// or nil for a column that is never null.
func definitionLevels(cells *table.Cells, from, to int) []int16 {
	if !cells.Column().Nullable {
		return nil
	}
	levels := make([]int16, to-from)
	for i := range levels {
		if !cells.Null(from + i) {
			levels[i] = 1
		}
	}
	return levels
}

// numbers returns the values that are present.
func numbers(cells *table.Cells, from, to int) []int64 {
	if cells.Nulls() == 0 {
		return cells.Ints()[from:to]
	}
	present := make([]int64, 0, to-from)
	for row := from; row < to; row++ {
		if !cells.Null(row) {
			present = append(present, cells.Int(row))
		}
	}
	return present
}

// byteArrays returns the texts that are present, as valid UTF-8. All lie in one
// buffer that is never used again: arrow's statistics go on pointing into it.
// None is nil, not even an empty one, which its statistics would pass over.
func byteArrays(cells *table.Cells, from, to int) []parquet.ByteArray {
	size := 1
	for _, s := range cells.Texts()[from:to] {
		size += len(s)
	}
	buf := make([]byte, 0, size)
	present := make([]parquet.ByteArray, 0, to-from)
	for row := from; row < to; row++ {
		if cells.Null(row) {
			continue
		}
		start := len(buf)
		buf = append(buf, table.ValidText(cells.Text(row))...)
		present = append(present, buf[start:len(buf):len(buf)])
	}
	return present
}
