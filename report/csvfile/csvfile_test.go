package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

func read(data []byte, s table.Schema) (*table.Table, error) {
	return csvfile.Read(bytes.NewReader(data), s)
}

func TestContract(t *testing.T) {
	tabletest.Run(t, tabletest.Codec{Write: csvfile.Write, Read: read})
}

// cellSchema has a text that may be null, one that may not, and a number that
// shows where they end.
func cellSchema() table.Schema {
	return table.Schema{Name: "cells", Columns: []table.Column{
		{Name: "a", Kind: table.Text, Nullable: true},
		{Name: "b", Kind: table.Code},
		{Name: "n", Kind: table.Int},
	}}
}

func cellTable(texts ...string) *table.Table {
	t := table.New(cellSchema(), len(texts))
	row := t.Appender()
	for i, s := range texts {
		row.Text(s)
		row.Code(s)
		row.Int(int64(i))
		row.End()
	}
	return t
}

func write(t testing.TB, tab *table.Table) string {
	t.Helper()
	var b strings.Builder
	if err := csvfile.Write(&b, tab); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTextCells pins how one text is written in a column that is never null.
func TestTextCells(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got := write(t, cellTable(text))
		a := want
		if text == "" {
			a = `""`
		}
		if got != "a,b,n\n"+a+","+want+",0\n" {
			t.Errorf("%q was written as %q, want %q", text, got, want)
		}
	}
	// As they are.
	for _, s := range []string{
		"", "acct_1", " x ", "a;b", "it's", "'", "''", "'a", "''b", "渋谷店", "\x00", "\xff", "a\tb", "a=b", "a@b.jp",
		"0", "42", "-42", "+42", "-12.50", "+0.1", "007", "'-1", "'+81", "''-5", "1e5", "\xef\xbc", "\xef\xbc\x8c", "！=",
	} {
		f(s, s)
	}
	// Quoted.
	f("a,b", `"a,b"`)
	f(`a"b`, `"a""b"`)
	f(`"`, `""""`)
	f("a\nb", "\"a\nb\"")
	f("a\rb", "\"a\rb\"")
	f(" ,", `" ,"`)
	// Marked.
	f("=1+1", "'=1+1")
	f("@SUM(A1)", "'@SUM(A1)")
	f("\t=1", "'\t=1")
	f("+1+1", "'+1+1")
	f("-1-1", "'-1-1")
	f("-", "'-")
	f("+", "'+")
	f("-.5", "'-.5")
	f("-5.", "'-5.")
	f("-1.2.3", "'-1.2.3")
	f("+81-90-0000-0000", "'+81-90-0000-0000")
	f("-1e5", "'-1e5")
	f("＝1", "'＝1")
	f("＋1", "'＋1")
	f("－1", "'－1")
	f("＠x", "'＠x")
	// Marked once more, so that the mark is known for one.
	f("'=1+1", "''=1+1")
	f("''=1+1", "'''=1+1")
	f("'＝", "''＝")
	f("'-x", "''-x")
	// Marked and quoted.
	f("\r=1", "\"'\r=1\"")
	f("=HYPERLINK(\"x\",1)", `"'=HYPERLINK(""x"",1)"`)
	f("-1\n", "\"'-1\n\"")
}

func TestWholeFile(t *testing.T) {
	s := table.Schema{Name: "charges", Columns: []table.Column{
		{Name: "txn_id", Kind: table.Text},
		{Name: "event_time", Kind: table.Time, Nullable: true},
		{Name: "amount", Kind: table.Amount, Nullable: true},
		{Name: "status", Kind: table.Code, Nullable: true},
		{Name: "line", Kind: table.Int},
	}}
	tab := table.New(s, 0)
	row := tab.Appender()
	for i, at := range []time.Time{
		time.Date(2019, 7, 2, 12, 3, 4, 123456000, time.UTC),
		time.Date(2019, 7, 2, 23, 59, 59, 999999000, time.UTC),
		time.Date(2019, 7, 3, 0, 0, 0, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(1969, 12, 31, 0, 0, 0, 1000, time.UTC),
	} {
		row.Text("t" + strconv.Itoa(i))
		row.Time(at.UnixMicro())
		row.Amount(-30000 * int64(i))
		row.Code("approved")
		row.Int(int64(i))
		row.End()
	}
	row.Text("")
	row.Null()
	row.Null()
	row.Null()
	row.Int(5)
	row.End()
	want := `txn_id,event_time,amount,status,line
t0,2019-07-02T12:03:04.123456Z,0,approved,0
t1,2019-07-02T23:59:59.999999Z,-30000,approved,1
t2,2019-07-03T00:00:00.000000Z,-60000,approved,2
t3,1969-12-31T23:59:59.999999Z,-90000,approved,3
t4,1969-12-31T00:00:00.000001Z,-120000,approved,4
,,,,5
`
	if d := cmp.Diff(want, write(t, tab)); d != "" {
		t.Error(d)
	}
}

func TestReadRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", "the file is empty"},
		{"no line break", "a,b,n", "no line break"},
		{"last line cut", "a,b,n\nx,y,12", "line 2: the last line is cut short"},
		{"quote not closed", "a,b,n\n\"x,y,1\n", "line 2: the last line is cut short"},
		{"too few cells", "a,b,n\nx,y\n", "line 2: 2 cells, but the header has 3"},
		{"too many cells", "a,b,n\nx,y,1,\n", "line 2: 4 cells, but the header has 3"},
		{"empty line", "a,b,n\nx,y,1\n\n", "line 3: 1 cells, but the header has 3"},
		{"stray quote", "a,b,n\nx\",y,1\n", "line 2: a quote within a cell"},
		{"text behind a quote", "a,b,n\n\"x\"y,z,1\n", "line 2: text behind the closing quote"},
		{"lone CR behind a quote", "a,b,n\n\"x\"\ry,z,1\n", "line 2: text behind the closing quote"},
		{"no column b", "a,n\nx,1\n", "column is missing: b"},
		{"column a twice", "a,b,n,a\n", "column a stands twice"},
		{"number", "a,b,n\nx,y,1.5\n", `line 2: column n: cannot read int "1.5"`},
		{"no number", "a,b,n\nx,y,\n", `line 2: column n: cannot read int ""`},
		{"number too large", "a,b,n\nx,y,9223372036854775808\n", "cannot read int"},
		{"number too small", "a,b,n\nx,y,-9223372036854775809\n", "cannot read int"},
		{"number of 20 digits", "a,b,n\nx,y,00000000000000000001\n", "cannot read int"},
		{"plus sign", "a,b,n\nx,y,+1\n", "cannot read int"},
		{"minus alone", "a,b,n\nx,y,-\n", "cannot read int"},
		{"line number behind quoted breaks", "a,b,n\n\"1\n2\n3\",y,1\nx,y,z\n", "line 5: column n"},
		{"CR without LF", "a,b,n\nx,y,1\rx,y,2\n", "line 2: 5 cells"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read([]byte(tc.in), cellSchema())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestReadAccepts(t *testing.T) {
	want := cellTable("x", "y\"z")
	for name, in := range map[string]string{
		"as written":        "a,b,n\nx,x,0\n\"y\"\"z\",\"y\"\"z\",1\n",
		"all quoted":        "\"a\",\"b\",\"n\"\n\"x\",\"x\",\"0\"\n\"y\"\"z\",\"y\"\"z\",\"1\"\n",
		"CR LF":             "a,b,n\r\nx,x,0\r\n\"y\"\"z\",\"y\"\"z\",1\r\n",
		"CR LF, all quoted": "\"a\",\"b\",\"n\"\r\nx,x,\"0\"\r\n\"y\"\"z\",\"y\"\"z\",\"1\"\r\n",
		"byte order mark":   "\ufeffa,b,n\nx,x,0\n\"y\"\"z\",\"y\"\"z\",1\n",
		"another order":     "n,later,b,a\n0,?,x,x\n1,,\"y\"\"z\",\"y\"\"z\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read([]byte(in), cellSchema())
			if err != nil {
				t.Fatal(err)
			}
			tabletest.Compare(t, want, got, false)
		})
	}
}

// TestReadInPieces reads through readers that return a byte at a time, or half
// of what was asked for, or their error together with the last bytes.
func TestReadInPieces(t *testing.T) {
	for _, tc := range tabletest.Cases() {
		if tc.Name == "extremes" || tc.Name == "rows" {
			continue // 300 kB byte by byte is slow and shows nothing more
		}
		data := write(t, tc.Table)
		for name, r := range map[string]io.Reader{
			"one byte": iotest.OneByteReader(strings.NewReader(data)),
			"half":     iotest.HalfReader(strings.NewReader(data)),
			"data err": iotest.DataErrReader(strings.NewReader(data)),
		} {
			got, err := csvfile.Read(r, tc.Table.Schema())
			if err != nil {
				t.Fatalf("%s, %s: %v", tc.Name, name, err)
			}
			tabletest.Compare(t, tc.Table, got, false)
		}
	}
}

// TestReadPassesErrorsOn checks that a failing disk never looks like the end of
// the file, wherever it fails.
func TestReadPassesErrorsOn(t *testing.T) {
	data := write(t, tabletest.Rows(20))
	broken := errors.New("read error")
	for n := range len(data) {
		r := io.MultiReader(strings.NewReader(data[:n]), iotest.ErrReader(broken))
		if _, err := csvfile.Read(r, tabletest.AllKinds()); !errors.Is(err, broken) {
			t.Fatalf("after %d bytes: error %v", n, err)
		}
	}
	if _, err := csvfile.Read(silent{}, tabletest.AllKinds()); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that returns nothing for ever: error %v", err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// TestCutFile cuts a file everywhere: what is not cut behind a line is refused.
func TestCutFile(t *testing.T) {
	tab := cellTable("a\nb", `"`, "=1", "渋谷", "")
	data := write(t, tab)
	whole := 0
	for n := 1; n < len(data); n++ {
		got, err := read([]byte(data[:n]), cellSchema())
		if err == nil {
			whole++
			if data[n-1] != '\n' || got.Rows() > tab.Rows()-1 {
				t.Errorf("%q was read as a whole file", data[:n])
			}
		}
	}
	if whole != tab.Rows() { // the header, and each row but the last
		t.Errorf("%d prefixes are whole files, want %d", whole, tab.Rows())
	}
}

// TestOracle lets encoding/csv read what Write wrote. It differs from RFC 4180
// in two ways that are undone here: it drops empty lines and turns CR LF within
// quotes into LF.
func TestOracle(t *testing.T) {
	for _, tc := range tabletest.Cases() {
		t.Run(tc.Name, func(t *testing.T) { checkOracle(t, tc.Table) })
	}
}

func checkOracle(t *testing.T, tab *table.Table) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(write(t, tab))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s := tab.Schema()
	if len(records) != tab.Rows()+1 {
		t.Fatalf("%d records, want %d", len(records), tab.Rows()+1)
	}
	for i, c := range s.Columns {
		if records[0][i] != c.Name {
			t.Errorf("header %q, want %q", records[0][i], c.Name)
		}
		for row, r := range records[1:] {
			if want := wantCell(tab.Cells(i), row); r[i] != strings.ReplaceAll(want, "\r\n", "\n") {
				t.Fatalf("row %d, column %s: %q, want %q", row, c.Name, r[i], want)
			}
		}
	}
}

// wantCell is the obvious version of a cell: package time, package strconv, and
// the mark as a list of prefixes.
func wantCell(cells *table.Cells, row int) string {
	switch k := cells.Column().Kind; {
	case cells.Null(row):
		return ""
	case k == table.Time:
		return time.UnixMicro(cells.Int(row)).UTC().Format("2006-01-02T15:04:05.000000Z")
	case !k.IsText():
		return strconv.FormatInt(cells.Int(row), 10)
	}
	text := cells.Text(row)
	bare := strings.TrimLeftFunc(text, func(r rune) bool {
		return r != '\t' && r != '\r' && (r == '\'' || unicode.IsControl(r) || unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Cf))
	})
	if _, err := strconv.ParseFloat(bare, 64); err == nil && !strings.ContainsAny(bare, "eExX_pPnN") &&
		!strings.HasSuffix(bare, ".") && !strings.Contains(bare, "+.") && !strings.Contains(bare, "-.") {
		return text
	}
	for _, p := range []string{"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(bare, p) {
			return "'" + text
		}
	}
	return text
}

// TestSameTableSameBytes writes a table twice, and once more after reading it
// back.
func TestSameTableSameBytes(t *testing.T) {
	for _, tc := range tabletest.Cases() {
		first := write(t, tc.Table)
		back, err := read([]byte(first), tc.Table.Schema())
		if err != nil {
			t.Fatal(err)
		}
		if write(t, tc.Table) != first || write(t, back) != first {
			t.Errorf("%s: other bytes", tc.Name)
		}
	}
}

// TestRandomTexts round-trips texts made of the characters that matter.
func TestRandomTexts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	alphabet := []string{"'", "=", "+", "-", "1", ".", ",", `"`, "\n", "\r", "\t", "＝", "渋", "\xef", "\xbc", "a", " "}
	for range 2000 {
		var texts []string
		for range 5 {
			var b strings.Builder
			for range rnd.IntN(7) {
				b.WriteString(alphabet[rnd.IntN(len(alphabet))])
			}
			texts = append(texts, b.String())
		}
		checkRoundTrip(t, cellTable(texts...))
	}
}

func checkRoundTrip(t *testing.T, tab *table.Table) {
	t.Helper()
	data := write(t, tab)
	got, err := read([]byte(data), tab.Schema())
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	tabletest.Compare(t, tab, got, false)
	checkOracle(t, tab)
}

// FuzzRoundTrip writes any two texts and a number and reads them back, with
// Read and with the oracle. The seeds are the texts of the contract.
func FuzzRoundTrip(f *testing.F) {
	seeds := 0
	for _, tc := range tabletest.Cases() {
		if tc.Name == "rows" {
			continue
		}
		for i, c := range tc.Table.Schema().Columns {
			for row := 0; c.Kind.IsText() && row < tc.Table.Rows(); row++ {
				if s := tc.Table.Cells(i).Text(row); len(s) < 1000 {
					f.Add(s, strings.Repeat(s, 2), int64(seeds), row%2 == 0)
					seeds++
				}
			}
		}
	}
	f.Add("山①\\~\x00", "=1", int64(0), false)
	f.Add("\u00a5\u2212", "\xff", int64(0), false)
	f.Add("\xc20+", "0", int64(262), false)
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, a, b string, n int64, null bool) {
		tab := table.New(cellSchema(), 1)
		row := tab.Appender()
		if null {
			row.Null()
		} else {
			row.Text(a)
		}
		row.Code(b)
		row.Int(n)
		row.End()
		checkRoundTrip(t, tab)
		checkCP932(t, a, b)
	})
}

// FuzzRead reads any bytes: no panic, and what is read round-trips.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b,n\nx,y,1\n", "a,b,n\r\n\"x\"\"\",'=1,-1\r\n", "n,b,a\n1,,\"\"\n", "a,b,n\n\"\n\",\"\",0\n", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tab, err := read(data, cellSchema())
		if err != nil {
			return
		}
		got, err := read([]byte(write(t, tab)), cellSchema())
		if err != nil {
			t.Fatal(err)
		}
		tabletest.Compare(t, tab, got, false)
	})
}
