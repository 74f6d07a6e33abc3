package parquet

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	pq "github.com/apache/arrow/go/v15/parquet"
	"github.com/google/go-cmp/cmp"
)

func TestIs(t *testing.T) {
	for head, want := range map[string]bool{"PAR1": true, "PAR1\x15\x04": true, "PAR": false, "": false, "PARE": false, "event_time,": false} {
		if Is([]byte(head)) != want {
			t.Errorf("%q: %v", head, !want)
		}
	}
}

// smallLog is a file of 2,000 rows in row groups of 700, with nulls.
func smallLog(t testing.TB) (data []byte, text string) {
	t.Helper()
	rows := logRows(2000)
	var b strings.Builder
	if err := logText(&b, rows); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, len(rows), 700, logColumns(rows), pq.WithDataPageSize(4<<10), pq.WithCompression(codecs["snappy"])), b.String()
}

func TestColumns(t *testing.T) {
	data, _ := smallLog(t)
	columns, rows, err := Columns(bytes.NewReader(data), int64(len(data)))
	if err != nil || rows != 2000 {
		t.Fatal(rows, err)
	}
	want := []Column{{Name: "event_time", Type: "INT64 TIMESTAMP(MICROS,UTC)", Nullable: true}}
	for _, name := range []string{"txn_id", "account_id", "device_id", "ip", "store_id", "kind", "user_agent"} {
		want = append(want, Column{Name: name, Type: "BYTE_ARRAY STRING", Nullable: true})
	}
	want = append(want, Column{Name: "amount", Type: "INT64", Nullable: true}, Column{Name: "fee", Type: "DOUBLE", Nullable: true, Float: true})
	if d := cmp.Diff(want, columns); d != "" {
		t.Error(d)
	}
}

// TestRead reads a log whole and in part, however the caller takes it.
func TestRead(t *testing.T) {
	data, text := smallLog(t)
	for name, read := range map[string]func(io.Reader) io.Reader{
		"whole":        func(r io.Reader) io.Reader { return r },
		"byte by byte": iotest.OneByteReader,
		"half":         iotest.HalfReader,
	} {
		r, err := Open(context.Background(), bytes.NewReader(data), int64(len(data)), nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(read(r))
		if err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, want %d, error %v", name, len(got), len(text), err)
		}
		if r.Rows() != 2000 {
			t.Errorf("%d rows", r.Rows())
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("after the end: %d, %v", n, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// project returns some columns of a CSV text, with their row numbers if asked.
func project(t *testing.T, text string, numbers bool, names ...string) string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	for i, record := range records {
		var out []string
		if numbers {
			out = append(out, map[bool]string{true: RowColumn, false: fmt.Sprint(i)}[i == 0])
		}
		for k, name := range records[0] {
			if slices.Contains(names, name) {
				out = append(out, record[k])
			}
		}
		w.Write(out)
	}
	w.Flush()
	return b.String()
}

func TestProjection(t *testing.T) {
	data, text := smallLog(t)
	f := func(numbers bool, names ...string) {
		t.Helper()
		got, err := readAll(t, data, names, Options{RowNumbers: numbers})
		if want := project(t, text, numbers, names...); err != nil || got != want {
			t.Errorf("%d bytes, want %d, error %v", len(got), len(want), err)
		}
	}
	f(false, "amount")
	f(true, "amount")
	f(false, "amount", "event_time", "amount") // in the file's order, once
	f(true, "fee", "user_agent", "kind", "txn_id")

	_, err := readAll(t, data, []string{"amount", "Amount", "nix\n"}, Options{})
	var missing *ColumnError
	if !errors.As(err, &missing) || cmp.Diff(missing.Missing, []string{"Amount", "nix\n"}) != "" || len(missing.Have) != 10 {
		t.Errorf("error %v", err)
	}
	if want := `no column "Amount", "nix\n"; the Parquet file has: "event_time", "txn_id"`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v", err)
	}
	if _, err := readAll(t, data, []string{}, Options{}); !errors.As(err, &missing) {
		t.Errorf("no columns: %v", err)
	}
}

// TestProjectionReadsLess: pages of columns that nobody wants are not read.
func TestProjectionReadsLess(t *testing.T) {
	data, _ := smallLog(t)
	counted := &countingReader{r: bytes.NewReader(data)}
	r, err := Open(context.Background(), counted, int64(len(data)), []string{"kind"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	if counted.n > len(data)/4 {
		t.Errorf("%d of %d bytes were read", counted.n, len(data))
	}
}

type countingReader struct {
	r io.ReaderAt
	n int
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += n
	return n, err
}

// TestCells pins how texts become cells, and that every record is there.
func TestCells(t *testing.T) {
	some := [][]byte{nil, []byte(""), []byte("a"), []byte("a,b"), []byte(`say "hi"`), []byte("two\nlines"), []byte("cr\r"),
		[]byte(" x "), []byte("\xff\x00"), []byte("渋谷店"), []byte("=1+1"), []byte("'"), []byte("long enough, with a comma"), []byte(`"`)}
	cells := []string{``, `""`, `a`, `"a,b"`, `"say ""hi"""`, "\"two\nlines\"", "\"cr\r\"", ` x `, "\xff\x00", "渋谷店", "=1+1", "'", `"long enough, with a comma"`, `""""`}
	for _, dictionary := range []bool{true, false} {
		one, two, numbered := "t\n", "t,u\n", "@row,t\n"
		for i, c := range cells {
			two += c + "," + c + "\n"
			numbered += fmt.Sprintf("%d,%s\n", i+1, c)
			if c == "" {
				c = `""`
			}
			one += c + "\n"
		}
		f := func(want string, opt Options, columns ...testColumn) {
			t.Helper()
			data := writeFile(t, len(some), 5, columns, pq.WithDictionaryDefault(dictionary))
			if got, err := readAll(t, data, nil, opt); err != nil || got != want {
				t.Errorf("%q, want %q, error %v", got, want, err)
			}
		}
		f(one, Options{}, text("t", some...))
		f(two, Options{}, text("t", some...), text("u", some...))
		f(numbered, Options{RowNumbers: true}, text("t", some...))
	}
}

// TestNames pins how names become the header.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a\n", "": "\"\"\n", "a,b": "\"a,b\"\n", "a.b": "a.b\n", `q"`: "\"q\"\"\"\n", "\ufeffid": "\"\ufeffid\"\n", "円": "円\n",
	} {
		f := oneColumn(typeInt64, 0)
		f.nodes[0].name, f.groups = name, nil
		if got, err := readAll(t, f.bytes(), nil, Options{}); err != nil || got != want {
			t.Errorf("%q: %q, error %v", name, got, err)
		}
	}
}

func TestNoRows(t *testing.T) {
	rows := logRows(0)
	data := writeFile(t, 0, 1, logColumns(rows))
	got, err := readAll(t, data, nil, Options{})
	if want := "event_time,txn_id,account_id,device_id,ip,store_id,kind,user_agent,amount,fee\n"; err != nil || got != want {
		t.Errorf("%q, error %v", got, err)
	}
	// A row group without rows, whatever it says of its columns.
	f := oneColumn(typeInt64, 2, forgedPage{values: 2, body: plain64(1, 2)})
	f.groups = append([]forgedGroup{{0, []forgedChunk{{path: []string{"a"}, typ: typeInt64}}}}, f.groups...)
	if got, err := readAll(t, f.bytes(), nil, Options{}); err != nil || got != "a\n1\n2\n" {
		t.Errorf("%q, error %v", got, err)
	}
}

// TestManyGroups reads a file of 3,000 row groups.
func TestManyGroups(t *testing.T) {
	f := &forgedFile{nodes: []forgedNode{{name: "a", typ: typeInt64, converted: -1}}, roots: 1}
	var want strings.Builder
	want.WriteString("a\n")
	for i := range int64(3000) {
		n := i % 3
		body := plain64([]int64{i, -i}[:n]...)
		f.groups = append(f.groups, forgedGroup{n, []forgedChunk{{path: []string{"a"}, typ: typeInt64, values: n,
			pages: []forgedPage{{values: int(n), body: body, crc: true}}}}})
		f.rows += n
		for k := range n {
			fmt.Fprintln(&want, []int64{i, -i}[k])
		}
	}
	if got, err := readAll(t, f.bytes(), nil, Options{}); err != nil || got != want.String() {
		t.Errorf("%d bytes, want %d, error %v", len(got), want.Len(), err)
	}
}

// TestMisalignedPages reads columns whose pages and batches end at different
// rows.
func TestMisalignedPages(t *testing.T) {
	const rows = 5000
	f := &forgedFile{roots: 3, rows: rows, groups: []forgedGroup{{rows: rows}}}
	want := make([]string, rows+1)
	for i, step := range []int{1, 777, rows} {
		name := string(rune('a' + i))
		f.nodes = append(f.nodes, forgedNode{name: name, typ: typeInt64, converted: -1})
		c := forgedChunk{path: []string{name}, typ: typeInt64, values: rows}
		want[0] += name + ","
		for from := 0; from < rows; from += step {
			var values []int64
			for v := from; v < min(from+step, rows); v++ {
				values = append(values, int64(v*(i+1)))
				want[v+1] += fmt.Sprint(v*(i+1)) + ","
			}
			c.pages = append(c.pages, forgedPage{values: len(values), body: plain64(values...)}, forgedPage{kind: 1}, forgedPage{})
		}
		f.groups[0].chunks = append(f.groups[0].chunks, c)
	}
	got, err := readAll(t, f.bytes(), nil, Options{})
	if wanted := strings.ReplaceAll(strings.Join(want, "\n")+"\n", ",\n", "\n"); err != nil || got != wanted {
		t.Errorf("%d bytes, want %d, error %v", len(got), len(wanted), err)
	}
}

func TestContextAndClose(t *testing.T) {
	rows := logRows(20_000) // more than the blocks that are made ahead
	data := writeFile(t, len(rows), 1000, logColumns(rows))
	open := func(ctx context.Context) *Reader {
		t.Helper()
		r, err := Open(ctx, bytes.NewReader(data), int64(len(data)), nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := r.Read(make([]byte, 10)); n != 10 || err != nil {
			t.Fatal(n, err)
		}
		return r
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := open(ctx)
	cancel()
	if _, err := io.Copy(io.Discard, r); err != context.Canceled {
		t.Errorf("canceled: %v", err)
	}
	r.Close()
	r = open(context.Background())
	r.Close()
	r.Close()
	if _, err := r.Read(make([]byte, 10)); err != os.ErrClosed {
		t.Errorf("closed: %v", err)
	}
}

// TestFileErrors: what the file itself says comes out as it is.
func TestFileErrors(t *testing.T) {
	data, text := smallLog(t)
	errDisk := errors.New("bad sector")
	for from := range 40 {
		from *= len(data) / 40
		bad := &badReader{bytes.NewReader(data), int64(from), errDisk}
		r, err := Open(context.Background(), bad, int64(len(data)), nil, Options{})
		var got []byte
		if err == nil {
			got, err = io.ReadAll(r)
			r.Close()
		}
		var damaged *DamageError
		if !errors.Is(err, errDisk) || errors.As(err, &damaged) || !strings.HasPrefix(text, string(got)) {
			t.Errorf("from byte %d: %d bytes, error %v", from, len(got), err)
		}
	}
}

// A badReader fails from a byte to a hundred behind it.
type badReader struct {
	r    io.ReaderAt
	from int64
	err  error
}

func (b *badReader) ReadAt(p []byte, off int64) (int, error) {
	if off < b.from+100 && off+int64(len(p)) > b.from {
		return 0, b.err
	}
	return b.r.ReadAt(p, off)
}
