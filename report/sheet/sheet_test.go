package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/paytriage/paytriage/report/table"
)

var schema = table.Schema{Name: "things", Columns: []table.Column{
	{Name: "id", Kind: table.Text}, {Name: "amount", Kind: table.Amount},
	{Name: "at", Kind: table.Time, Nullable: true}, {Name: "note", Kind: table.Text, Nullable: true}}}

type thing struct {
	id, note string
	amount   int64
	at       int64
}

func thingsTable(things ...thing) *table.Table {
	t := table.New(schema, len(things))
	row := t.Appender()
	for _, x := range things {
		row.Text(x.id)
		row.Amount(x.amount)
		if x.at == 0 {
			row.Null()
		} else {
			row.Time(x.at)
		}
		row.TextOrNull(x.note)
		row.End()
	}
	return t
}

func opened(t *testing.T, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestWrite(t *testing.T) {
	one := thingsTable(thing{"007", "", 1200, 1562069000_123456}, thing{"=1+1", "-x", -5, 0},
		thing{"a<b>&\"c", " spaced ", 999_999_999_999_999, 0}, thing{"_x0041_", "a\x00b\r\x1b\x7f", 9_007_199_254_740_993, 0},
		thing{"山\xff", "line\nline", -9_223_372_036_854_775_808, 0}, thing{"😀_x", "", 0, 0})
	var b bytes.Buffer
	if err := Write(&b, []table.Stream{one.Stream(), table.New(table.Schema{Name: "none", Columns: schema.Columns}, 0).Stream()}); err != nil {
		t.Fatal(err)
	}
	f := opened(t, b.Bytes())
	if d := cmp.Diff([]string{"things", "none"}, f.GetSheetList()); d != "" {
		t.Errorf("sheets differ:\n%s", d)
	}
	got, err := f.GetRows("things")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"id", "amount", "at", "note"},
		{"007", "1200", "2019-07-02T12:03:20.123456Z"}, {"=1+1", "-5", "", "-x"},
		{"a<b>&\"c", "999999999999999", "", " spaced "},
		{"_x0041_", "9007199254740993", "", "a\x00b\r\x1b\x7f"},
		{`山\xff`, "-9223372036854775808", "", "line\nline"}, {"😀_x", "0"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows differ:\n%s", d)
	}
	for cell, want := range map[string]excelize.CellType{"A2": excelize.CellTypeInlineString, "A3": excelize.CellTypeInlineString,
		"B4": excelize.CellTypeUnset, "B5": excelize.CellTypeInlineString, "C2": excelize.CellTypeInlineString} {
		if kind, err := f.GetCellType("things", cell); err != nil || kind != want {
			t.Errorf("cell %s is of type %v (%v), want %v", cell, kind, err, want)
		}
	}
	if formula, _ := f.GetCellFormula("things", "A3"); formula != "" {
		t.Errorf("a formula: %q", formula)
	}
	if p, err := f.GetPanes("things"); err != nil || !p.Freeze || p.YSplit != 1 {
		t.Errorf("panes %+v, %v", p, err)
	}
	if d, _ := f.GetSheetDimension("things"); d != "A1:D7" {
		t.Errorf("dimension %s", d)
	}
	var again bytes.Buffer
	if err := Write(&again, []table.Stream{one.Stream(), table.New(table.Schema{Name: "none", Columns: schema.Columns}, 0).Stream()}); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("written again it differs (%v)", err)
	}
}

func TestSheetsOfALongTable(t *testing.T) {
	var things []thing
	for i := range 10 {
		things = append(things, thing{id: "id" + strconv.Itoa(i)})
	}
	for _, tt := range []struct {
		rows int
		want []string
	}{{11, []string{"things"}}, {10, []string{"things", "things (2)"}}, {4, []string{"things", "things (2)", "things (3)", "things (4)"}}} {
		var b bytes.Buffer
		if err := write(&b, []table.Stream{thingsTable(things...).Stream()}, tt.rows); err != nil {
			t.Fatal(err)
		}
		f := opened(t, b.Bytes())
		if d := cmp.Diff(tt.want, f.GetSheetList()); d != "" {
			t.Errorf("sheets of %d rows differ:\n%s", tt.rows, d)
		}
		var ids []string
		for _, name := range tt.want {
			rows, err := f.GetRows(name)
			if err != nil || rows[0][0] != "id" || len(rows) > tt.rows {
				t.Fatalf("%s: %d rows, %v", name, len(rows), err)
			}
			for _, row := range rows[1:] {
				ids = append(ids, row[0])
			}
		}
		if len(ids) != 10 || ids[9] != "id9" {
			t.Errorf("%d rows a sheet: %q", tt.rows, ids)
		}
	}
}

func TestLongText(t *testing.T) {
	for _, tt := range []struct {
		text string
		cut  bool
	}{{strings.Repeat("a", maxCell), false}, {strings.Repeat("山", maxCell), false}, {strings.Repeat("😀", maxCell/2), false},
		{strings.Repeat("a", maxCell+1), true}, {strings.Repeat("😀", maxCell), true}} {
		got := fitted(tt.text)
		if cut := got != tt.text; cut != tt.cut || utf16Len(got) > maxCell || cut && !strings.Contains(got, "(cut: the text has ") {
			t.Errorf("%.10q of %d bytes: %d units, ends %q", tt.text, len(tt.text), utf16Len(got), got[len(got)-80:])
		}
	}
}

func TestWriteFails(t *testing.T) {
	bad := table.New(schema, 1)
	bad.Appender().Amount(1)
	var b bytes.Buffer
	if err := Write(&b, []table.Stream{thingsTable().Stream(), bad.Stream()}); err == nil || b.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, b.Len())
	}
	many := make([]thing, 10_000)
	for i := range many {
		many[i].id = fmt.Sprint(i * 7919)
	}
	if err := Write(full{}, []table.Stream{thingsTable(many...).Stream()}); err == nil {
		t.Error("a full disk is no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// Whatever a text holds, the sheet stays XML, and excelize reads the text back.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "=1+1", " a", "_x0041_", "_x005F_x0041_", "a\x00\x08\x0b\x7f\u0085\ufffe", "<&>", "\xff\xfe", "😀", "__x000D_", "_x0000\x01", "_x_x0000\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 {
			return
		}
		var b bytes.Buffer
		if err := Write(&b, []table.Stream{thingsTable(thing{id: "x", note: s}).Stream()}); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		r, err := z.Open("xl/worksheets/sheet1.xml")
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(r); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
		}
		got, err := opened(t, b.Bytes()).GetCellValue("things", "D2")
		if err != nil {
			t.Fatal(err)
		}
		if want := table.ValidText(s); got != want && utf8.ValidString(s) {
			t.Errorf("%q came back as %q", want, got)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	const rows = 20_000
	things := make([]thing, rows)
	for i := range things {
		things[i] = thing{id: fmt.Sprintf("id%020d", i), note: "topup_by_attacker;partly_returned", amount: int64(i) * 100, at: 1562069000_123456}
	}
	t := thingsTable(things...)
	for _, bb := range []struct {
		name  string
		write func(w io.Writer) error
	}{{"rows", func(w io.Writer) error { return Write(w, []table.Stream{t.Stream()}) }}, {"excelize", func(w io.Writer) error { return control(w, things) }}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if err := bb.write(&out); err != nil {
					b.Fatal(err)
				}
				if out.Len() < rows {
					b.Fatalf("%d bytes", out.Len())
				}
				b.SetBytes(int64(out.Len()))
			}
		})
	}
}

// control writes the same with excelize alone.
func control(w io.Writer, things []thing) error {
	f := excelize.NewFile()
	defer f.Close()
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	for i := range things {
		x := &things[i]
		if err := s.SetRow("A"+strconv.Itoa(i+1), []any{x.id, x.amount, string(table.AppendTime(nil, x.at)), x.note}); err != nil {
			return err
		}
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}
