// Package tabletest is the contract of every encoder of tables: what it must
// write, read back, refuse, and survive. An encoder's test calls Run; its fuzz
// and oracle tests take their seeds from Cases.
package tabletest

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report/table"
)

// A Codec is an encoder under test, with its decoder.
type Codec struct {
	Write func(w io.Writer, t *table.Table) error
	// Read decodes what Write wrote; nil for an encoder that is never read
	// back.
	Read func(data []byte, s table.Schema) (*table.Table, error)
	// ValidText says that texts come back as table.ValidText returns them.
	ValidText bool
	// Faults is at how many bytes of a file the writer fails in turn, about;
	// 0 for 500.
	Faults int
}

// Run checks the whole contract.
func Run(t *testing.T, c Codec) {
	t.Run("round trip", func(t *testing.T) { roundTrip(t, c) })
	t.Run("columns", func(t *testing.T) { columns(t, c) })
	t.Run("refuse", func(t *testing.T) { refuse(t, c) })
	t.Run("failing writer", func(t *testing.T) { failingWriter(t, c) })
}

// A Case is a named table that encoders have trouble with.
type Case struct {
	Name  string
	Table *table.Table
}

// Cases returns the tables of the contract, built anew.
func Cases() []Case {
	return []Case{
		{"empty", table.New(AllKinds(), 0)},
		{"nulls", nulls()},
		{"texts", texts(nastyTexts())},
		{"bytes", texts(nastyBytes())},
		{"extremes", extremes()},
		{"rows", Rows(5000)},
		{"one column", oneColumn()},
	}
}

// AllKinds is a schema with a nullable and a plain column of every kind.
func AllKinds() table.Schema {
	s := table.Schema{Name: "all_kinds", Doc: "every kind of column"}
	for k := table.Text; k <= table.Time; k++ {
		s.Columns = append(s.Columns,
			table.Column{Name: k.String(), Kind: k, Doc: "never null"},
			table.Column{Name: k.String() + "_or_null", Kind: k, Nullable: true, Doc: "may be null"})
	}
	return s
}

// Rows returns a table of AllKinds with n unremarkable rows, the same for the
// same n: ids, a few codes, amounts in yen, times of an incident; every
// seventh nullable cell is null.
func Rows(n int) *table.Table {
	s := AllKinds()
	t := table.New(s, n)
	codes := []string{"confirmed", "probable", "possible", "要確認"}
	for row := range n {
		for i, c := range s.Columns {
			cells := t.Cells(i)
			switch {
			case c.Nullable && (row+i)%7 == 0:
				cells.AppendNull()
			case c.Kind == table.Code:
				cells.AppendText(codes[(row/3+i)%len(codes)])
			case c.Kind == table.Text:
				cells.AppendText("acct_" + strconv.Itoa(row*2654435761%1_000_003))
			case c.Kind == table.Time:
				cells.AppendInt(1562036400_000000 + int64(row)*7_919_003)
			default:
				cells.AppendInt(int64(row*7919%50021) * 10)
			}
		}
	}
	return t
}

func nulls() *table.Table {
	s := AllKinds()
	t := table.New(s, 0)
	// 130 rows cross the 64-row words of a bitmap twice.
	for row := range 130 {
		for i, c := range s.Columns {
			switch {
			case c.Nullable && row%3 != 0:
				t.Cells(i).AppendNull()
			case c.Kind.IsText():
				t.Cells(i).AppendText("") // present, and empty
			default:
				t.Cells(i).AppendInt(0)
			}
		}
	}
	return t
}

func texts(values []string) *table.Table {
	s := table.Schema{Name: "texts", Doc: "texts that need care", Columns: []table.Column{
		{Name: "text", Kind: table.Text, Doc: "never null"},
		{Name: "text_or_null", Kind: table.Text, Nullable: true, Doc: "may be null"},
		{Name: "code", Kind: table.Code, Doc: "never null"},
		{Name: "after", Kind: table.Int, Doc: "shows that the cells before it ended"},
	}}
	t := table.New(s, len(values))
	row := t.Appender()
	for i, v := range values {
		row.Text(v)
		row.Text(v)
		row.Code(v)
		row.Int(int64(i))
		row.End()
	}
	return t
}

func extremes() *table.Table {
	s := AllKinds()
	t := table.New(s, 0)
	numbers := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}
	times := []int64{table.MinTime, table.MinTime + 1, -1, 0, 1, table.MaxTime - 1, table.MaxTime}
	long := strings.Repeat("長い文字列", 20_000) // 300 kB: more than any buffer
	for row := range numbers {
		for i, c := range s.Columns {
			switch {
			case c.Kind == table.Time:
				t.Cells(i).AppendInt(times[row])
			case c.Kind.IsText():
				t.Cells(i).AppendText(long[:row*len(long)/7/3*3]) // 3 bytes a character
			default:
				t.Cells(i).AppendInt(numbers[row])
			}
		}
	}
	return t
}

func oneColumn() *table.Table {
	s := table.Schema{Name: "one", Columns: []table.Column{{Name: "only", Kind: table.Text, Doc: "never null"}}}
	t := table.New(s, 3)
	for _, v := range []string{"", "a", ""} {
		t.Cells(0).AppendText(v)
	}
	return t
}

// nastyTexts are valid UTF-8 that quoting, spreadsheets and terminals trip over.
func nastyTexts() []string {
	return []string{
		"", " ", "  lead", "trail  ", "a,b", "a;b", `"`, `""`, `a"b`, `"a"`, "\n", "a\nb", "\r\n", "a\rb", "\ta", "a\tb",
		"=1+1", "+1+1", "-1-1", "@cmd", "\t=1", "\r=1", "＝1+1", "＋81-3", "－1x", "＠x",
		"1", "-1", "+1", "-12.50", "+81", "007", "-", "+", "-.5", "-5.", "+1 2", "-1\n", "1e5", "-1e5",
		"'", "''", "'a", "'=1", "''=1", "'-1", "''-1", "'＝x", "'\t", "'+a", "it's", `\.`, `\N`, "null", "NULL",
		"渋谷店", "ｶﾞｰﾄﾞ", "髙﨑 𠮷野家", "が", "👨‍👩‍👧", "🇯🇵", "مرحبا", "שלום", "e\u0301", "\ufeffbom", "\u202eabc", "a\u2028b",
		"\x00", "a\x00b", "\x1b[31mred", "\x7f", "\u0085", "\U0010ffff",
		"acct_00001042", "2019-07-02T12:03:04.123456Z", "#", "a\\b", "\x1a",
	}
}

// nastyBytes are texts that are not valid UTF-8.
func nastyBytes() []string {
	return []string{"\xff", "a\xffb", "\x83\x65\x83\x58\x83\x67", "\xed\xa0\x80", "\xc0\xaf", "\xe6\xb8", "ok\xe6\xb8,\"x\"\n", "=\xff", "\xef\xbc=", `\xff`}
}

func roundTrip(t *testing.T, c Codec) {
	for _, tc := range Cases() {
		t.Run(tc.Name, func(t *testing.T) {
			if err := tc.Table.Validate(); err != nil {
				t.Fatal(err)
			}
			w := &closeWatcher{}
			if err := c.Write(w, tc.Table); err != nil {
				t.Fatalf("Write: %v", err)
			}
			if w.closed {
				t.Error("Write closed the writer it was given")
			}
			if c.Read == nil {
				return
			}
			got, err := c.Read(w.Bytes(), tc.Table.Schema())
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			Compare(t, tc.Table, got, c.ValidText)
		})
	}
}

// Compare reports the first cell in which two tables differ, and a difference
// of their canonical hashes. With validText, texts of want are compared as
// table.ValidText returns them.
func Compare(t *testing.T, want, got *table.Table, validText bool) {
	t.Helper()
	if got.Rows() != want.Rows() {
		t.Fatalf("%d rows, want %d", got.Rows(), want.Rows())
	}
	for i, c := range want.Schema().Columns {
		w, g := want.Cells(i), got.Cells(i)
		if g.Len() != w.Len() || g.Nulls() != w.Nulls() {
			t.Fatalf("column %s: %d cells and %d nulls, want %d and %d", c.Name, g.Len(), g.Nulls(), w.Len(), w.Nulls())
		}
		for row := range want.Rows() {
			text := w.Text(row)
			if validText {
				text = table.ValidText(text)
			}
			if g.Null(row) != w.Null(row) || g.Text(row) != text || g.Int(row) != w.Int(row) {
				t.Fatalf("row %d, column %s: null %v, text %.80q, number %d; want %v, %.80q, %d",
					row, c.Name, g.Null(row), g.Text(row), g.Int(row), w.Null(row), text, w.Int(row))
			}
		}
	}
	if got.CanonicalHash() != want.CanonicalHash() {
		t.Error("equal cells, but another canonical hash")
	}
}

// columns checks that files of a later version, with more columns, and readers
// of a later version, with more needs, meet as they should.
func columns(t *testing.T, c Codec) {
	if c.Read == nil {
		t.Skip("never read back")
	}
	full := Rows(20)
	var buf bytes.Buffer
	if err := c.Write(&buf, full); err != nil {
		t.Fatal(err)
	}
	older := full.Schema()
	older.Columns = older.Columns[:5]
	got, err := c.Read(buf.Bytes(), older)
	if err != nil {
		t.Fatalf("a file with more columns at the end: %v", err)
	}
	for i := range older.Columns {
		if g, w := got.Cells(i), full.Cells(i); g.Len() != w.Len() || g.Nulls() != w.Nulls() {
			t.Errorf("column %s differs", older.Columns[i].Name)
		}
	}
	newer := full.Schema()
	newer.Columns = append(append([]table.Column{}, newer.Columns...), table.Column{Name: "future", Kind: table.Int})
	if _, err := c.Read(buf.Bytes(), newer); !errors.Is(err, table.ErrMissing) || !strings.Contains(err.Error(), "future") {
		t.Errorf("a file without column future: error %v", err)
	}
	for i, col := range full.Schema().Columns {
		other := full.Schema()
		other.Columns = append([]table.Column{}, other.Columns...)
		switch {
		case col.Kind == table.Text || col.Kind == table.Code:
			other.Columns[i].Kind = table.Time
		case col.Nullable:
			other.Columns[i].Nullable = false
		default:
			continue
		}
		if _, err := c.Read(buf.Bytes(), other); err == nil || !strings.Contains(err.Error(), col.Name) {
			t.Errorf("column %s read as another kind, or null where none may be: error %v", col.Name, err)
		}
	}
}

func refuse(t *testing.T, c Codec) {
	bad := table.New(AllKinds(), 1)
	bad.Cells(0).AppendText("one column only")
	var buf bytes.Buffer
	if err := c.Write(&buf, bad); err == nil {
		t.Error("a table whose columns differ in length was written")
	}
	if buf.Len() > 0 {
		t.Errorf("%d bytes were written of a table that is refused", buf.Len())
	}
}

// errDisk is what a faultyWriter returns.
var errDisk = errors.New("disk full")

// failingWriter lets the writer fail at each byte, for good, once, or silently
// short: each must come out as an error.
func failingWriter(t *testing.T, c Codec) {
	tab := Rows(300)
	var whole bytes.Buffer
	if err := c.Write(&whole, tab); err != nil {
		t.Fatal(err)
	}
	// Every byte near both ends, and a dense sample between.
	faults := c.Faults
	if faults == 0 {
		faults = 500
	}
	edge, step := faults/10, max(1, whole.Len()/faults)
	for _, mode := range []faultMode{failForGood, failOnce, fallShort} {
		for at := 0; at < whole.Len(); at++ {
			if at > edge && at < whole.Len()-edge && at%step != 0 {
				continue
			}
			w := &faultyWriter{left: at, mode: mode}
			err := c.Write(w, tab)
			switch {
			case err == nil:
				t.Fatalf("mode %d, byte %d of %d: no error", mode, at, whole.Len())
			case mode != fallShort && !errors.Is(err, errDisk):
				t.Fatalf("mode %d, byte %d: error %v does not wrap the writer's", mode, at, err)
			}
		}
	}
}

type faultMode int

const (
	failForGood faultMode = iota
	failOnce
	fallShort
)

type faultyWriter struct {
	left   int
	mode   faultMode
	failed bool
}

func (w *faultyWriter) Write(p []byte) (int, error) {
	if w.failed && w.mode != failForGood {
		return len(p), nil
	}
	if len(p) <= w.left {
		w.left -= len(p)
		return len(p), nil
	}
	n := w.left
	w.left, w.failed = 0, true
	if w.mode == fallShort {
		return n, nil
	}
	return n, errDisk
}

// closeWatcher is a buffer that knows whether it was closed.
type closeWatcher struct {
	bytes.Buffer
	closed bool
}

func (w *closeWatcher) Close() error {
	w.closed = true
	return nil
}
