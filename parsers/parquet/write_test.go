package parquet

import (
	"bytes"
	"context"
	"io"
	"testing"

	pq "github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// A testColumn is a column to write with arrow.
type testColumn struct {
	node   schema.Node
	values any     // those that are not null
	defs   []int16 // nil in a column that is never null
}

// text returns a column of texts; those that are nil are null.
func text(name string, values ...[]byte) testColumn {
	c := testColumn{node: leafNode(name, schema.StringLogicalType{}, pq.Types.ByteArray, -1, true)}
	var present []pq.ByteArray
	for _, v := range values {
		if v == nil {
			c.defs = append(c.defs, 0)
			continue
		}
		c.defs = append(c.defs, 1)
		present = append(present, v)
	}
	c.values = present
	return c
}

func leafNode(name string, logical schema.LogicalType, typ pq.Type, length int, nullable bool) schema.Node {
	rep := pq.Repetitions.Required
	if nullable {
		rep = pq.Repetitions.Optional
	}
	if logical == nil {
		logical = schema.NoLogicalType{}
	}
	return schema.MustPrimitive(schema.NewPrimitiveNodeLogical(name, rep, logical, typ, length, -1))
}

// writeFile writes columns with arrow, so many rows a row group.
func writeFile(t testing.TB, rows, groupRows int, columns []testColumn, props ...pq.WriterProperty) []byte {
	t.Helper()
	var nodes schema.FieldList
	for _, c := range columns {
		nodes = append(nodes, c.node)
	}
	root := schema.MustGroup(schema.NewGroupNode("schema", pq.Repetitions.Required, nodes, -1))
	var b bytes.Buffer
	w := file.NewParquetWriter(&b, root, file.WithWriterProps(pq.NewWriterProperties(props...)))
	taken := make([]int, len(columns))
	for from := 0; from < rows; from += groupRows {
		group := w.AppendRowGroup()
		n := min(groupRows, rows-from)
		for i := range columns {
			cw, err := group.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			taken[i] += writeChunk(t, cw, &columns[i], from, n, taken[i])
			if err := cw.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := group.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeChunk writes n rows of a column, whose values begin at a place, and
// returns how many values that were.
func writeChunk(t testing.TB, cw file.ColumnChunkWriter, c *testColumn, from, n, at int) int {
	t.Helper()
	var defs []int16
	present := n
	if c.defs != nil {
		defs = c.defs[from : from+n]
		present = 0
		for _, d := range defs {
			present += int(d)
		}
	}
	var err error
	switch cw := cw.(type) {
	case *file.Int32ColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]int32)[at:at+present], defs, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]int64)[at:at+present], defs, nil)
	case *file.Int96ColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]pq.Int96)[at:at+present], defs, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]bool)[at:at+present], defs, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]float32)[at:at+present], defs, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]float64)[at:at+present], defs, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]pq.ByteArray)[at:at+present], defs, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = cw.WriteBatch(c.values.([]pq.FixedLenByteArray)[at:at+present], defs, nil)
	default:
		t.Fatalf("a writer of type %T", cw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return present
}

// readAll reads a file to its end.
func readAll(t testing.TB, data []byte, want []string, opt Options) (string, error) {
	t.Helper()
	r, err := Open(context.Background(), bytes.NewReader(data), int64(len(data)), want, opt)
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	return string(text), err
}

var codecs = map[string]compress.Compression{
	"none": compress.Codecs.Uncompressed, "snappy": compress.Codecs.Snappy, "gzip": compress.Codecs.Gzip,
	"brotli": compress.Codecs.Brotli, "zstd": compress.Codecs.Zstd,
}
