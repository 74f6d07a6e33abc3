package parquet

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/parquet/file"
)

// Each test here is a fault of arrow v15.0.2 for which its reader is not used.
// The fault is shown first, so that a test which no longer has a reason says
// so.

// byArrow reads the only column of a file, of INT64, with arrow.
func byArrow(data []byte) (values []int64, err error) {
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	column, err := r.RowGroup(0).Column(0)
	if err != nil {
		return nil, err
	}
	c := column.(*file.Int64ColumnChunkReader)
	for c.HasNext() {
		batch := make([]int64, 100)
		_, n, err := c.ReadBatch(100, batch, nil, nil)
		values = append(values, batch[:n]...)
		if err != nil {
			return values, err
		}
	}
	return values, c.Err()
}

// wrongByArrow checks that a damaged file is refused here, with the rows before
// the damage, and is read without an error by arrow.
func wrongByArrow(t *testing.T, f *forgedFile, before string, right ...int64) {
	t.Helper()
	data := f.bytes()
	if values, err := byArrow(data); err != nil || slices.Equal(values, right) {
		t.Logf("arrow no longer reads %v, nil: this reason may go", values)
	}
	if got, err := readAll(t, data, nil, Options{}); err == nil || got != before {
		t.Errorf("%q, want %q, error %v", got, before, err)
	}
}

// TestArrowCutPage: a page of version 2 that is cut off ends in zeros.
func TestArrowCutPage(t *testing.T) {
	f := oneColumn(typeInt64, 2, forgedPage{kind: pageDataV2, values: 2, body: plain64(5, 6), plain: true})
	f.groups[0].chunks[0].longer = -8
	wrongByArrow(t, f, "a\n", 5, 6)
}

// TestArrowIgnoredError: a page whose values cannot be read gets those that are
// left of the page before.
func TestArrowIgnoredError(t *testing.T) {
	dict := forgedPage{kind: pageDict, values: 2, body: plain64(5, 6)}
	first := forgedPage{values: 2, encoding: encDict, body: append([]byte{1}, runs(1, 1, 100)...)}
	second := forgedPage{values: 2, encoding: encDict, body: []byte{200, 1, 2, 3}}
	wrongByArrow(t, oneColumn(typeInt64, 4, dict, first, second), "a\n")
}

// TestArrowChecksum: a wrong checksum is not looked at.
func TestArrowChecksum(t *testing.T) {
	data := oneColumn(typeInt64, 4, forgedPage{values: 2, body: plain64(1, 2), crc: true}, forgedPage{values: 2, body: plain64(3, 4), crc: true}).bytes()
	data[bytes.Index(data, plain64(3, 4))]++
	if values, err := byArrow(data); err != nil || !slices.Equal(values, []int64{1, 2, 4, 4}) {
		t.Logf("arrow no longer reads %v, nil: this reason may go", values)
	}
	if got, err := readAll(t, data, nil, Options{}); err == nil || got != "a\n1\n2\n" {
		t.Errorf("%q, error %v", got, err)
	}
}

// TestArrowMemory: a page of a few bytes takes as much memory as it claims to
// have values; here 64 MiB, it could be any number.
func TestArrowMemory(t *testing.T) {
	const claimed = 1 << 24
	body := append(binary.AppendUvarint([]byte{0x80, 1, 4}, claimed), 0)
	f := oneColumn(typeBytes, 1, forgedPage{values: 1, encoding: encDeltaLength, body: body})
	data := f.bytes()
	memory := took(func() {
		defer func() { recover() }()
		r, err := file.NewParquetReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		if column, err := r.RowGroup(0).Column(0); err == nil {
			column.HasNext()
		}
	})
	if memory < 4*claimed {
		t.Logf("arrow no longer takes more than %d bytes: this reason may go", memory)
	}
	memory = took(func() {
		if got, err := readAll(t, data, nil, Options{}); err == nil || got != "a\n" {
			t.Errorf("%q, error %v", got, err)
		}
	})
	if memory > 1<<20 {
		t.Errorf("%d bytes of memory", memory)
	}
}
