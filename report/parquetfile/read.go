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
func Read(r io.ReaderAt, size int64, s table.Schema) (*table.Table, error) {
	var t *table.Table
	err := readGroups(r, size, s, func(rows int64) *table.Table {
		if t == nil {
			// The rows that the footer claims are not trusted with memory.
			t = table.New(s, int(min(max(rows, 0), RowGroupRows)))
		}
		return t
	}, func(*table.Table) error { return nil })
	if err != nil {
		return nil, err
	}
	return t, t.Validate()
}

// ReadEach is Read in pieces, one for each row group, for files too large to be
// held as one table. Each piece is seen once, at least one.
func ReadEach(r io.ReaderAt, size int64, s table.Schema, see func(*table.Table) error) error {
	return readGroups(r, size, s, func(int64) *table.Table { return table.New(s, 0) }, func(t *table.Table) error {
		if err := t.Validate(); err != nil {
			return err
		}
		return see(t)
	})
}

// readGroups reads each row group into the table that next returns, which is
// told how many rows the file claims to have, and shows it. A file without row
// groups has one that is empty.
func readGroups(r io.ReaderAt, size int64, s table.Schema, next func(rows int64) *table.Table, see func(*table.Table) error) error {
	g, err := openGroups(r, size, s)
	if err != nil {
		return err
	}
	var rows int64
	for n := range max(g.file.NumRowGroups(), 1) {
		t := next(g.file.NumRows())
		before := t.Rows()
		if n < g.file.NumRowGroups() {
			if err := g.read(n, t); err != nil {
				return err
			}
		}
		rows += int64(t.Rows() - before)
		if err := see(t); err != nil {
			return err
		}
	}
	if rows != g.file.NumRows() {
		return fmt.Errorf("table %s: reading Parquet: %d rows, the footer says %d", s.Name, rows, g.file.NumRows())
	}
	return nil
}

// A groups is a file whose footer was read and fits a schema.
type groups struct {
	file   *file.Reader
	schema table.Schema
	at     []int
}

func openGroups(r io.ReaderAt, size int64, s table.Schema) (g *groups, err error) {
	defer damaged(s, &err)
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
	for i, c := range s.Columns {
		if err := checkType(root.Column(at[i]), c.Kind); err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", s.Name, c.Name, err)
		}
	}
	return &groups{fr, s, at}, nil
}

// read appends the rows of a row group.
func (g *groups) read(n int, t *table.Table) (err error) {
	defer damaged(g.schema, &err)
	rg := g.file.RowGroup(n)
	for i, c := range g.schema.Columns {
		if err := readColumn(rg, g.at[i], t.Cells(i)); err != nil {
			return fmt.Errorf("table %s: column %s: %w", g.schema.Name, c.Name, err)
		}
	}
	return nil
}

// damaged makes an error of what arrow panics about. It is deferred.
func damaged(s table.Schema, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("table %s: reading Parquet: damaged file: %v", s.Name, p)
	}
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
