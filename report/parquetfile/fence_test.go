package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"

	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

// Each test here holds one fault of arrow v15.0.2 outside. Where it is cheap,
// the fault itself is shown first, so that a test which no longer has a reason
// says so.

var errDisk = errors.New("disk full")

// failAt fails once at a byte, or for good.
type failAt struct {
	left   int
	once   bool
	failed bool
}

func (w *failAt) Write(p []byte) (int, error) {
	if w.failed && w.once {
		return len(p), nil
	}
	if len(p) > w.left {
		n := w.left
		w.left, w.failed = 0, true
		return n, errDisk
	}
	w.left -= len(p)
	return len(p), nil
}

// TestFenceSwallowedErrors: a write that fails once between row groups is
// swallowed. A fault at any byte must come out. The table is several row groups
// and, uncompressible as it is, longer than the buffer between it and the
// writer.
func TestFenceSwallowedErrors(t *testing.T) {
	const rows, groupRows = 16_000, 4096 // below zstdRows, for speed
	s := table.Schema{Name: "groups", Columns: []table.Column{
		{Name: "id", Kind: table.Text}, {Name: "status", Kind: table.Code, Nullable: true}, {Name: "amount", Kind: table.Amount},
	}}
	tab := table.New(s, rows)
	rnd := rand.New(rand.NewPCG(7, 8))
	row := tab.Appender()
	for i := range rows {
		row.Text(fmt.Sprintf("acct_%016x", rnd.Uint64()))
		if i%5 == 0 {
			row.Null()
		} else {
			row.Code([]string{"approved", "declined"}[i%2])
		}
		row.Amount(rnd.Int64())
		row.End()
	}
	var whole bytes.Buffer
	if err := write(&whole, tab, nil, groupRows); err != nil {
		t.Fatal(err)
	}
	n := whole.Len()
	if n < 2*bufferSize {
		t.Fatalf("%d bytes are too few to show anything", n)
	}
	at := []int{0, 1, 2, 3, 4, 5, bufferSize - 1, bufferSize, bufferSize + 1, n - 9, n - 8, n - 4, n - 1}
	for _, c := range allChunks(t, whole.Bytes()) {
		at = append(at, int(c.DataPageOffset())-1, int(c.DataPageOffset()), int(c.DataPageOffset()+c.TotalCompressedSize()))
	}
	for i := 1; i < 50; i++ {
		at = append(at, i*n/50)
	}
	for _, once := range []bool{true, false} {
		for _, i := range at {
			if err := write(&failAt{left: i, once: once}, tab, nil, groupRows); !errors.Is(err, errDisk) {
				t.Errorf("a fault at byte %d of %d (once %v) came out as %v", i, n, once, err)
			}
		}
	}
}

// TestFencePanicAtOpen: the constructor panics if the first 4 bytes cannot be
// written.
func TestFencePanicAtOpen(t *testing.T) {
	root, err := parquetSchema(tabletest.AllKinds())
	if err != nil {
		t.Fatal(err)
	}
	panicked := func() (p bool) {
		defer func() { p = recover() != nil }()
		file.NewParquetWriter(&failAt{}, root)
		return false
	}()
	if !panicked {
		t.Log("arrow no longer panics: this fence may go")
	}
	for i := range 8 {
		if err := Write(&failAt{left: i}, tabletest.Rows(1), nil); !errors.Is(err, errDisk) {
			t.Errorf("byte %d: error %v", i, err)
		}
	}
}

type closer struct {
	bytes.Buffer
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

// TestFenceClose: Close closes the writer it was given.
func TestFenceClose(t *testing.T) {
	root, err := parquetSchema(tabletest.AllKinds())
	if err != nil {
		t.Fatal(err)
	}
	var raw closer
	if err := file.NewParquetWriter(&raw, root).Close(); err != nil || !raw.closed {
		t.Logf("arrow no longer closes its writer (error %v): this fence may go", err)
	}
	var w closer
	if err := Write(&w, tabletest.Rows(10), nil); err != nil || w.closed {
		t.Errorf("closed %v, error %v", w.closed, err)
	}
}

// TestFenceStatistics reads minima, maxima and null counts of every row group
// back and compares them with the rows. Texts differ in every batch, are long
// and short, empty and not ASCII, so that a reused buffer would show.
func TestFenceStatistics(t *testing.T) {
	s := table.Schema{Name: "stats", Columns: []table.Column{
		{Name: "text", Kind: table.Text}, {Name: "text_or_null", Kind: table.Text, Nullable: true},
		{Name: "code", Kind: table.Code}, {Name: "never", Kind: table.Code, Nullable: true},
		{Name: "amount", Kind: table.Amount}, {Name: "at", Kind: table.Time, Nullable: true},
	}}
	const rows = RowGroupRows + 5000
	tab := table.New(s, rows)
	rnd := rand.New(rand.NewPCG(9, 10))
	row := tab.Appender()
	for i := range rows {
		text := strings.Repeat(string(rune('!'+rnd.IntN(0x3000))), rnd.IntN(9))
		row.Text(text)
		row.TextOrNull(text)
		row.Code([]string{"", "要確認", "b", "a"}[i%4])
		row.Null()
		row.Amount(rnd.Int64() - rnd.Int64())
		if i%3 == 0 {
			row.Null()
		} else {
			row.Time(rnd.Int64N(table.MaxTime) - rnd.Int64N(-table.MinTime))
		}
		row.End()
	}
	var b bytes.Buffer
	if err := Write(&b, tab, nil); err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRowGroups() != 2 {
		t.Fatalf("%d row groups", r.NumRowGroups())
	}
	for g := range 2 {
		for i, c := range r.MetaData().RowGroups[g].Columns {
			if c.MetaData.Statistics.IsSetDistinctCount() {
				t.Errorf("column %d claims a count of distinct values, which nobody made", i)
			}
		}
		from, to := g*RowGroupRows, min((g+1)*RowGroupRows, rows)
		for i := range s.Columns {
			chunk, err := r.MetaData().RowGroup(g).ColumnChunk(i)
			if err != nil {
				t.Fatal(err)
			}
			checkStatistics(t, chunk, tab.Cells(i), from, to)
		}
	}
}

func checkStatistics(t *testing.T, chunk *metadata.ColumnChunkMetaData, cells *table.Cells, from, to int) {
	t.Helper()
	name := cells.Column().Name
	stats, err := chunk.Statistics()
	if err != nil || stats == nil {
		t.Errorf("column %s, rows from %d: no statistics, error %v", name, from, err)
		return
	}
	var nulls int64
	var texts []string
	var ints []int64
	for row := from; row < to; row++ {
		switch {
		case cells.Null(row):
			nulls++
		case cells.Column().Kind.IsText():
			texts = append(texts, cells.Text(row))
		default:
			ints = append(ints, cells.Int(row))
		}
	}
	if stats.NullCount() != nulls {
		t.Errorf("column %s, rows from %d: %d nulls, want %d", name, from, stats.NullCount(), nulls)
	}
	if nulls == int64(to-from) {
		if stats.HasMinMax() {
			t.Errorf("column %s: a minimum of nothing", name)
		}
		return
	}
	switch st := stats.(type) {
	case *metadata.ByteArrayStatistics:
		if low, high := minMax(texts); string(st.Min()) != low || string(st.Max()) != high {
			t.Errorf("column %s, rows from %d: %q to %q, want %q to %q", name, from, st.Min(), st.Max(), low, high)
		}
	case *metadata.Int64Statistics:
		if low, high := minMax(ints); st.Min() != low || st.Max() != high {
			t.Errorf("column %s, rows from %d: %d to %d, want %d to %d", name, from, st.Min(), st.Max(), low, high)
		}
	default:
		t.Errorf("column %s: statistics of type %T", name, stats)
	}
}

func minMax[T int64 | string](values []T) (low, high T) {
	low, high = values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// TestFenceFooterOrder: a column that falls back from its dictionary orders the
// footer by a map. None may fall back; that a table then gives the same bytes
// every time is not promised, but shows it.
func TestFenceFooterOrder(t *testing.T) {
	s := table.Schema{Name: "order", Columns: []table.Column{
		{Name: "unique", Kind: table.Text}, {Name: "just_repeats", Kind: table.Text}, {Name: "code", Kind: table.Code},
	}}
	tab := table.New(s, 0)
	long := strings.Repeat("x", 200) // 16,000 of these are more than arrow's own limit of 1 MiB
	row := tab.Appender()
	for i := range 2*maxDictionary - 10 {
		row.Text(fmt.Sprint(long, i))
		row.Text(fmt.Sprint(long, i/2))
		row.Code("a")
		row.End()
	}
	var first bytes.Buffer
	for i := range 10 {
		var b bytes.Buffer
		if err := Write(&b, tab, nil); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b
		} else if !bytes.Equal(first.Bytes(), b.Bytes()) {
			t.Fatal("two writes of one table differ: a column fell back from its dictionary")
		}
	}
	want := []bool{false, true, true}
	for i, c := range chunks(t, first.Bytes()) {
		if c.HasDictionaryPage() != want[i] {
			t.Errorf("column %s: dictionary %v", s.Columns[i].Name, c.HasDictionaryPage())
		}
		if n := len(c.Encodings()); n > 3 {
			t.Errorf("column %s: encodings %v", s.Columns[i].Name, c.Encodings())
		}
	}
}

// TestFenceEncodings: dictionaries are on for every column by default, also
// where they only cost.
func TestFenceEncodings(t *testing.T) {
	for rows, want := range map[int]compress.Compression{4000: compress.Codecs.Snappy, zstdRows: compress.Codecs.Zstd} {
		var b bytes.Buffer
		if err := Write(&b, tabletest.Rows(rows), nil); err != nil {
			t.Fatal(err)
		}
		checkEncodings(t, b.Bytes(), want)
	}
}

func checkEncodings(t *testing.T, data []byte, want compress.Compression) {
	t.Helper()
	for i, c := range chunks(t, data) {
		if c.Compression() != want {
			t.Errorf("compression %v, want %v", c.Compression(), want)
		}
		col := tabletest.AllKinds().Columns[i]
		if c.HasDictionaryPage() != (col.Kind == table.Code) {
			t.Errorf("column %s: dictionary %v", col.Name, c.HasDictionaryPage())
		}
		for _, e := range c.Encodings() {
			if e != parquet.Encodings.Plain && e != parquet.Encodings.RLE && e != parquet.Encodings.RLEDict && e != parquet.Encodings.PlainDict {
				t.Errorf("column %s: encoding %v, which not every reader knows", col.Name, e)
			}
		}
	}
}

// chunks returns the column chunks of the first row group.
func chunks(t *testing.T, data []byte) []*metadata.ColumnChunkMetaData {
	t.Helper()
	all := allChunks(t, data)
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.MetaData().GetCreatedBy(); got != createdBy {
		t.Errorf("created by %q", got)
	}
	return all[:r.MetaData().Schema.NumColumns()]
}

func allChunks(t *testing.T, data []byte) (all []*metadata.ColumnChunkMetaData) {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for g := range r.NumRowGroups() {
		for i := range r.MetaData().Schema.NumColumns() {
			c, err := r.MetaData().RowGroup(g).ColumnChunk(i)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	return all
}

func TestRepeats(t *testing.T) {
	many := func(n, distinct int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprint(i % distinct)
		}
		return out
	}
	f := func(texts []string, want bool) {
		t.Helper()
		if got := repeats(texts); got != want {
			t.Errorf("%d texts: %v", len(texts), got)
		}
	}
	f(nil, true)
	f([]string{"a"}, true)
	f([]string{"a", "b"}, false)
	f([]string{"a", "a"}, true)
	f(many(1000, 500), true)
	f(many(1000, 501), false)
	f(many(RowGroupRows, maxDictionary), true)
	f(many(RowGroupRows, maxDictionary+1), false)
	// One row group that does not repeat decides for the file.
	f(append(many(RowGroupRows, 2), many(100, 100)...), false)
}

// TestFenceReaderNotClosed: a reader's Close would close the caller's file.
func TestFenceReaderNotClosed(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, tabletest.Rows(5), nil); err != nil {
		t.Fatal(err)
	}
	r := &closingReader{Reader: bytes.NewReader(b.Bytes())}
	if _, err := Read(r, int64(b.Len()), tabletest.AllKinds()); err != nil || r.closed {
		t.Errorf("closed %v, error %v", r.closed, err)
	}
}

type closingReader struct {
	*bytes.Reader
	closed bool
}

func (r *closingReader) Close() error { r.closed = true; return nil }

var _ io.Closer = (*closingReader)(nil)
