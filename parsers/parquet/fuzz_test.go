package parquet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	pq "github.com/apache/arrow/go/v15/parquet"
)

// fuzzSeeds are files of every type, encoding and codec, small ones.
func fuzzSeeds(t testing.TB) (seeds [][]byte) {
	t.Helper()
	for i, tc := range typeCases() {
		n := len(tc.want)
		c := testColumn{node: leafNode("v", tc.logical, tc.typ, tc.length, true), values: tc.values, defs: make([]int16, n)}
		for i := range n {
			c.defs[i] = 1
		}
		version := []pq.DataPageVersion{pq.DataPageV1, pq.DataPageV2}[i%2]
		seeds = append(seeds, writeFile(t, n, n, []testColumn{c}, pq.WithDictionaryDefault(i%3 == 0), pq.WithDataPageVersion(version)))
	}
	rows := logRows(30)
	for _, codec := range codecs {
		seeds = append(seeds, writeFile(t, len(rows), 20, logColumns(rows)[2:4], pq.WithCompression(codec)))
	}
	for _, enc := range []pq.Encoding{pq.Encodings.DeltaLengthByteArray, pq.Encodings.DeltaByteArray} {
		seeds = append(seeds, writeFile(t, len(rows), 20, logColumns(rows)[1:3], pq.WithDictionaryDefault(false), pq.WithEncoding(enc)))
	}
	ints := []testColumn{{leafNode("i", nil, pq.Types.Int64, -1, false), repeat(7, 100), nil}}
	seeds = append(seeds, writeFile(t, 100, 60, ints, pq.WithDictionaryDefault(false), pq.WithEncoding(pq.Encodings.DeltaBinaryPacked)))
	checked, _ := checkedFile()
	lz4 := oneColumn(typeBytes, 1, forgedPage{values: 1, body: []byte("\x34\x08\x00\x00\x02\x00\x40abcd"), unpacked: 12})
	lz4.groups[0].chunks[0].codec = codecLZ4
	return append(seeds, checked, lz4.bytes(), listFile(3, []int{0, 3, 1, 1}, []int{3, 4}, 5, 6, 7, 8), oneColumn(typeInt64, 0).bytes(), []byte("PAR1PAR1"), nil)
}

// FuzzRead reads any bytes, twice: the second time slowly and with one column.
// Whatever they are, what comes is whole records and then the end or one of the
// errors that are promised, within the limits.
func FuzzRead(f *testing.F) {
	seeds := fuzzSeeds(f)
	if len(seeds) < 30 {
		f.Fatalf("only %d seeds", len(seeds))
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	limits := Limits{MaxUnpacked: 1 << 18, MaxMemory: 16 << 20, MaxPage: 4 << 20, MaxRatio: 100}
	f.Fuzz(func(t *testing.T, data []byte) {
		columns, rows, err := Columns(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			checkPromised(t, err)
			if text, err2 := readAll(t, data, nil, Options{Limits: limits}); text != "" || err2 == nil || err2.Error() != err.Error() {
				t.Errorf("%q, error %v, before %v", text, err2, err)
			}
			return
		}
		text, err := readAll(t, data, nil, Options{Limits: limits})
		checkPromised(t, err)
		if len(text) > 1<<18 && strings.Count(text, "\n") > 1 {
			t.Errorf("%d bytes of text", len(text))
		}
		checkRecords(t, text, len(columns), int(min(rows, 1<<30)), err == nil)
		r, err2 := Open(context.Background(), bytes.NewReader(data), int64(len(data)), nil, Options{Limits: limits})
		if err2 == nil {
			defer r.Close()
			var slow []byte
			slow, err2 = io.ReadAll(iotest.HalfReader(r))
			if string(slow) != text {
				t.Errorf("%q, and read slowly %q", text, slow)
			}
		}
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Errorf("error %v, and read slowly %v", err, err2)
		}
		last := columns[len(columns)-1].Name
		one, err := readAll(t, data, []string{last}, Options{Limits: limits, RowNumbers: true})
		checkPromised(t, err)
		fields := 1
		for _, c := range columns {
			if c.Name == last {
				fields++
			}
		}
		checkRecords(t, one, fields, int(min(rows, 1<<30)), err == nil)
	})
}

// checkPromised checks that an error is none, or one of this package.
func checkPromised(t *testing.T, err error) {
	t.Helper()
	checkNoPanic(t, err)
	var damaged *DamageError
	var unsupported *UnsupportedError
	var limit *LimitError
	if err != nil && !errors.As(err, &damaged) && !errors.As(err, &unsupported) && !errors.As(err, &limit) {
		t.Errorf("error %v", err)
	}
}
