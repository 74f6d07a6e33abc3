package parquetfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/paytriage/paytriage/report/table"
)

// Read reads a file of size bytes as a table of schema s. Columns are found by
// name; columns that s does not know are passed over, one that is missing is
// table.ErrMissing. A column of another type, and a null in a column that is
// never null, are errors that name it. A damaged file is an error, whatever
// arrow makes of it.
func Read(r io.ReaderAt, size int64, s table.Schema) (t *table.Table, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("table %s: reading Parquet: damaged file: %v", s.Name, p)
		}
	}()
	fr, err := open(r, size)
	if err != nil {
		return nil, fmt.Errorf("table %s: reading Parquet: %w", s.Name, err)
	}
	root := fr.MetaData().Schema
	names := make([]string, root.NumColumns())
	for i := range names {
		names[i] = root.Column(i).Path()
	}
	at, err := s.Match(names)
	if err != nil {
		return nil, err
	}
	// The rows that the footer claims are not trusted with memory.
	t = table.New(s, int(min(max(fr.NumRows(), 0), RowGroupRows)))
	for i, c := range s.Columns {
		if err := checkType(root.Column(at[i]), c.Kind); err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", s.Name, c.Name, err)
		}
	}
	for g := range fr.NumRowGroups() {
		rg := fr.RowGroup(g)
		for i, c := range s.Columns {
			if err := readColumn(rg, at[i], t.Cells(i)); err != nil {
				return nil, fmt.Errorf("table %s: column %s: %w", s.Name, c.Name, err)
			}
		}
	}
	if int64(t.Rows()) != fr.NumRows() {
		return nil, fmt.Errorf("table %s: reading Parquet: %d rows, the footer says %d", s.Name, t.Rows(), fr.NumRows())
	}
	return t, t.Validate()
}

// A Description is what a file says about itself.
type Description struct {
	// Schema is the schema that the file was written with.
	Schema table.Schema
	// Rows is the number of rows according to the footer.
	Rows int64
	// Meta are the metadata in the file's order, without SchemaKey.
	Meta []KeyValue
}

// Describe reads a file's footer. It is an error if the file holds no schema
// under SchemaKey, because then this package did not write it.
func Describe(r io.ReaderAt, size int64) (d Description, err error) {
	defer func() {
		if p := recover(); p != nil {
			d, err = Description{}, fmt.Errorf("reading Parquet: damaged file: %v", p)
		}
	}()
	fr, err := open(r, size)
	if err != nil {
		return Description{}, fmt.Errorf("reading Parquet: %w", err)
	}
	d.Rows = fr.NumRows()
	found := false
	kv := fr.MetaData().KeyValueMetadata()
	keys, values := kv.Keys(), kv.Values()
	for i, key := range keys {
		if key != SchemaKey {
			d.Meta = append(d.Meta, KeyValue{key, values[i]})
			continue
		}
		if d.Schema, err = parseSchema(values[i]); err != nil {
			return Description{}, fmt.Errorf("reading Parquet: metadata %s: %w", SchemaKey, err)
		}
		found = true
	}
	if !found {
		return Description{}, fmt.Errorf("reading Parquet: no metadata %s: paytriage did not write this file", SchemaKey)
	}
	return d, nil
}

func parseSchema(text string) (table.Schema, error) {
	var js schemaJSON
	if err := json.Unmarshal([]byte(text), &js); err != nil {
		return table.Schema{}, err
	}
	s := table.Schema{Name: js.Name, Doc: js.Doc}
	for _, c := range js.Columns {
		kind, ok := table.ParseKind(c.Kind)
		if !ok {
			return table.Schema{}, fmt.Errorf("column %s has the unknown kind %q", c.Name, c.Kind)
		}
		s.Columns = append(s.Columns, table.Column{Name: c.Name, Kind: kind, Nullable: c.Nullable, Doc: c.Doc})
	}
	return s, s.Validate()
}

func open(r io.ReaderAt, size int64) (*file.Reader, error) {
	// A SectionReader has no Close that arrow could call.
	fr, err := file.NewParquetReader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	for g := range fr.NumRowGroups() {
		if err := checkChunks(fr.MetaData().RowGroup(g), size); err != nil {
			return nil, err
		}
	}
	return fr, nil
}

// checkChunks refuses column chunks that lie outside the file, before arrow
// asks for as much memory as they claim to have.
func checkChunks(rg *metadata.RowGroupMetaData, size int64) error {
	for i := range rg.NumColumns() {
		chunk, err := rg.ColumnChunk(i)
		if err != nil {
			return err
		}
		from := chunk.DataPageOffset()
		if d := chunk.DictionaryPageOffset(); chunk.HasDictionaryPage() && d < from {
			from = d
		}
		if n := chunk.TotalCompressedSize(); from < 0 || n < 0 || from > size || n > size-from {
			return errors.New("damaged file: a column lies outside it")
		}
	}
	return nil
}

// checkType reports whether a Parquet column can be read as a kind.
func checkType(c *schema.Column, k table.Kind) error {
	logical := c.LogicalType()
	ok := c.MaxRepetitionLevel() == 0 && c.MaxDefinitionLevel() <= 1
	switch {
	case k.IsText():
		ok = ok && c.PhysicalType() == parquet.Types.ByteArray && logical.Equals(schema.StringLogicalType{})
	case k == table.Time:
		ts, isTime := logical.(schema.TimestampLogicalType)
		if p, isPointer := logical.(*schema.TimestampLogicalType); isPointer {
			ts, isTime = *p, true
		}
		ok = ok && c.PhysicalType() == parquet.Types.Int64 && isTime && ts.IsAdjustedToUTC() && ts.TimeUnit() == schema.TimeUnitMicros
	default:
		ok = ok && c.PhysicalType() == parquet.Types.Int64 &&
			(logical.IsNone() || logical.Equals(schema.NewIntLogicalType(64, true)))
	}
	if !ok {
		return fmt.Errorf("the file's type %s, %s is not %s", c.PhysicalType(), logical, k)
	}
	return nil
}

// readBatch is how many values are decoded at a time, at most.
const readBatch = 8 << 10

// readColumn appends one row group's values of the column at an index.
func readColumn(rg *file.RowGroupReader, at int, cells *table.Cells) error {
	cr, err := rg.Column(at)
	if err != nil {
		return err
	}
	before, want := cells.Len(), rg.NumRows()
	batch := max(1, min(readBatch, want))
	var levels []int16
	if cr.Descriptor().MaxDefinitionLevel() > 0 {
		levels = make([]int16, batch)
	}
	switch cr := cr.(type) {
	case *file.Int64ColumnChunkReader:
		values := make([]int64, batch)
		err = readBatches(cr, levels, func() (int64, int, error) { return cr.ReadBatch(batch, values, levels, nil) },
			cells, func(i int) { cells.AppendInt(values[i]) })
	case *file.ByteArrayColumnChunkReader:
		values := make([]parquet.ByteArray, batch)
		var keep keeper
		err = readBatches(cr, levels, func() (int64, int, error) { return cr.ReadBatch(batch, values, levels, nil) },
			cells, func(i int) { cells.AppendText(keep.text(values[i])) })
	default:
		err = errColumnType
	}
	if err != nil {
		return err
	}
	if n := int64(cells.Len() - before); n != want {
		return fmt.Errorf("damaged file: %d rows in a row group of %d", n, want)
	}
	return nil
}

// readBatches decodes a column chunk to its end. read fills one batch; add
// appends its i-th value.
func readBatches(cr file.ColumnChunkReader, levels []int16, read func() (int64, int, error), cells *table.Cells, add func(i int)) error {
	for cr.HasNext() {
		total, present, err := read()
		if err != nil {
			return err
		}
		if total == 0 {
			break // arrow has nothing to give, though it said so
		}
		next := 0
		for i := range int(total) {
			switch {
			case levels != nil && levels[i] == 0:
				cells.AppendNull()
			case next == present:
				return errors.New("damaged file: fewer values than rows")
			default:
				add(next)
				next++
			}
		}
	}
	return cr.Err()
}

// A keeper turns borrowed bytes into strings. Texts that repeat, as those of a
// dictionary do, share one string; the others share large allocations.
type keeper struct {
	seen  map[string]string
	arena strings.Builder
}

func (k *keeper) text(b parquet.ByteArray) string {
	if s, ok := k.seen[string(b)]; ok {
		return s
	}
	const chunk = 64 << 10
	if k.arena.Cap()-k.arena.Len() < len(b) {
		k.arena.Reset()
		k.arena.Grow(max(chunk, len(b)))
	}
	// A Builder never changes bytes it has handed out.
	start := k.arena.Len()
	k.arena.Write(b)
	s := k.arena.String()[start:]
	if k.seen == nil {
		k.seen = map[string]string{}
	}
	if len(k.seen) < maxDictionary {
		k.seen[s] = s
	}
	return s
}
