// Package sheet writes tables as a workbook (XLSX) for finance: one sheet for
// each table, the header row frozen, nothing that a spreadsheet would run.
//
// Texts, ids with leading zeros and times among them, are strings in cells of
// the format "text", so that a visit to a cell does not turn one into a number
// or a formula. Numbers are numbers as long as a spreadsheet holds them exactly,
// which is up to 15 digits; longer ones are strings. Absent values are empty
// cells. Times are written as in all files, in UTC.
//
// What XML cannot hold is written in the form that spreadsheets read back:
// control characters as _xHHHH_, and a text that looks like that as _x005F_ and
// the rest of it. Bytes that are not UTF-8 become \xNN (see table.ValidText). A
// cell holds 32,767 characters; a longer text ends with a note that says that it
// was cut, and the same table as CSV has all of it. A sheet holds 1,048,576
// rows; a longer table goes on in a sheet of the same name with a number behind.
//
// excelize makes the workbook, its styles and the heads of its sheets. The rows
// are streamed into it here, because its own writer first spools them to a
// temporary file, and because they are most of the work.
package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/paytriage/paytriage/report/table"
)

// What a workbook can hold.
const (
	maxRows  = 1_048_576 // of a sheet, with its header
	maxCell  = 32_767    // UTF-16 units of a text
	maxExact = 999_999_999_999_999
)

// Write writes tables in their order. The same tables give the same bytes.
func Write(w io.Writer, tables []table.Stream) error {
	return write(w, tables, maxRows)
}

// A part is what one sheet holds of a table: some rows, from the next on.
type part struct {
	rows  *cursor
	count int
}

// A cursor goes through the rows of a table.
type cursor struct {
	table.Stream
	next  func() (*table.Table, error, bool)
	piece *table.Table
	row   int // of the piece
}

// write is Write with sheets of another length, for tests.
func write(w io.Writer, tables []table.Stream, sheetRows int) error {
	f := excelize.NewFile()
	defer f.Close()
	b := &book{file: f, parts: map[string]part{}}
	if err := b.styles(); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	for _, t := range tables {
		next, stop := iter.Pull2(t.Pieces)
		defer stop()
		rows := &cursor{Stream: t, next: next}
		if err := rows.advance(); err != nil {
			return err
		}
		for from, n := 0, 1; n == 1 || from < t.Rows; n++ {
			count := min(sheetRows-1, t.Rows-from)
			if err := b.sheet(part{rows, count}, n); err != nil {
				return fmt.Errorf("table %s: workbook: %w", t.Schema.Name, err)
			}
			from += count
		}
	}
	var frame bytes.Buffer
	if err := f.Write(&frame); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return b.fill(w, frame.Bytes())
}

// A book is a workbook whose sheets have no rows yet.
type book struct {
	file               *excelize.File
	parts              map[string]part  // by the name of the file in the workbook
	head, text, number int              // styles
	open               [numForms]string // how cells of each form begin
}

func (b *book) styles() error {
	const wholeNumber, textFormat = 1, 49 // built-in formats "0" and "@"
	var err error
	for _, s := range []struct {
		to    *int
		style excelize.Style
	}{{&b.head, excelize.Style{Font: &excelize.Font{Bold: true}}}, {&b.text, excelize.Style{NumFmt: textFormat}}, {&b.number, excelize.Style{NumFmt: wholeNumber}}} {
		if *s.to, err = b.file.NewStyle(&s.style); err != nil {
			return err
		}
	}
	b.open = [numForms]string{
		textForm:   `<c s="` + strconv.Itoa(b.text) + `" t="inlineStr"><is><t>`,
		spacedForm: `<c s="` + strconv.Itoa(b.text) + `" t="inlineStr"><is><t xml:space="preserve">`,
		numberForm: `<c s="` + strconv.Itoa(b.number) + `"><v>`,
	}
	return nil
}

// The forms of a cell.
const (
	textForm = iota
	spacedForm
	numberForm
	numForms
)

// sheet adds a sheet with its head: the n-th of its table, from 1.
func (b *book) sheet(p part, n int) error {
	name := p.rows.Schema.Name
	if n > 1 {
		name += " (" + strconv.Itoa(n) + ")"
	}
	if len(b.parts) == 0 {
		if err := b.file.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else if _, err := b.file.NewSheet(name); err != nil {
		return err
	}
	b.parts[sheetFile(len(b.parts)+1)] = p
	last := ""
	for i, c := range p.rows.Schema.Columns {
		cell, err := excelize.CoordinatesToCellName(i+1, 1)
		if err != nil {
			return err
		}
		column, _, _ := excelize.SplitCellName(cell)
		if err := b.file.SetCellStr(name, cell, c.Name); err != nil {
			return err
		}
		if err := b.file.SetColWidth(name, column, column, width(p.rows.piece, i, c)); err != nil {
			return err
		}
		last = cell
	}
	if err := b.file.SetCellStyle(name, "A1", last, b.head); err != nil {
		return err
	}
	column, _, _ := excelize.SplitCellName(last)
	if err := b.file.SetSheetDimension(name, "A1:"+column+strconv.Itoa(p.count+1)); err != nil {
		return err
	}
	return b.file.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// sheetFile returns the name in the workbook of the n-th sheet, from 1.
func sheetFile(n int) string { return "xl/worksheets/sheet" + strconv.Itoa(n) + ".xml" }

// width returns how wide a column is to be, in characters: as its name or the
// first rows need, within reason.
func width(t *table.Table, at int, column table.Column) float64 {
	const least, most, rows = 8, 60, 100
	n := len(column.Name) + 2
	if t == nil {
		return float64(max(n, least))
	}
	c := t.Cells(at)
	for row := range min(rows, c.Len()) {
		switch {
		case c.Column().Kind == table.Time:
			n = max(n, len("2019-07-02T12:03:04.123456Z")+1)
		case c.Column().Kind.IsText():
			n = max(n, utf8.RuneCountInString(c.Text(row))+1)
		default:
			n = max(n, len(strconv.FormatInt(c.Int(row), 10))+2)
		}
	}
	return float64(min(max(n, least), most))
}

// fill copies a workbook without rows, and puts the rows in.
func (b *book) fill(w io.Writer, frame []byte) error {
	from, err := zip.NewReader(bytes.NewReader(frame), int64(len(frame)))
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	to := zip.NewWriter(w)
	to.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	sheets := map[string]*zip.File{}
	for _, entry := range from.File {
		if _, ok := b.parts[entry.Name]; ok {
			sheets[entry.Name] = entry
			continue
		}
		if err := to.Copy(entry); err != nil {
			return fmt.Errorf("workbook: %w", err)
		}
	}
	// The sheets of one table take its rows one after the other.
	for n := range len(b.parts) {
		p := b.parts[sheetFile(n+1)]
		if err := b.rows(to, sheets[sheetFile(n+1)], p); err != nil {
			return fmt.Errorf("table %s: writing XLSX: %w", p.rows.Schema.Name, err)
		}
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}

// flushAt is how many bytes are gathered before they are compressed.
const flushAt = 64 << 10

// rows writes the sheet of an entry with the rows of a piece behind its head.
func (b *book) rows(to *zip.Writer, entry *zip.File, p part) error {
	if entry == nil {
		return errors.New("the workbook has no such sheet")
	}
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	sheet, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	const end = "</sheetData>"
	at := bytes.Index(sheet, []byte(end))
	if at < 0 {
		return fmt.Errorf("the sheet has no %s", end)
	}
	w, err := to.CreateHeader(&zip.FileHeader{Name: entry.Name, Method: zip.Deflate, Modified: entry.Modified})
	if err != nil {
		return err
	}
	buf := append(make([]byte, 0, flushAt+flushAt/4), sheet[:at]...)
	columns := len(p.rows.Schema.Columns)
	for range p.count {
		if p.rows.piece == nil {
			return errors.New("fewer rows than the table has")
		}
		buf = append(buf, "<row>"...)
		for i := range columns {
			buf = b.cell(buf, p.rows.piece.Cells(i), p.rows.row)
		}
		buf = append(buf, "</row>"...)
		if len(buf) >= flushAt {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		if p.rows.row++; p.rows.row == p.rows.piece.Rows() {
			if err := p.rows.advance(); err != nil {
				return err
			}
		}
	}
	_, err = w.Write(append(buf, sheet[at:]...))
	return err
}

// advance goes to the next piece that has rows.
func (c *cursor) advance() error {
	for {
		t, err, ok := c.next()
		if !ok {
			c.piece = nil
			return nil
		}
		if err == nil {
			err = t.Validate()
		}
		if err != nil {
			return err
		}
		if c.piece, c.row = t, 0; t.Rows() > 0 {
			return nil
		}
	}
}

// cell appends one cell. Cells stand in the order of their columns, so none
// needs to say where it is.
func (b *book) cell(dst []byte, c *table.Cells, row int) []byte {
	if c.Null(row) {
		return append(dst, "<c/>"...)
	}
	kind := c.Column().Kind
	switch v := c.Int(row); {
	case kind == table.Time:
		dst = append(dst, b.open[textForm]...)
		dst = table.AppendTime(dst, v)
	case kind.IsText():
		return b.appendText(dst, c.Text(row))
	case -maxExact <= v && v <= maxExact:
		dst = append(dst, b.open[numberForm]...)
		dst = strconv.AppendInt(dst, v, 10)
		return append(dst, "</v></c>"...)
	default:
		dst = append(dst, b.open[textForm]...)
		dst = strconv.AppendInt(dst, v, 10)
	}
	return append(dst, "</t></is></c>"...)
}

// appendText appends a cell with a text.
func (b *book) appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "<c/>"...)
	}
	form := textForm
	if s[0] <= ' ' || s[len(s)-1] <= ' ' || strings.ContainsAny(s, "\t\n") {
		form = spacedForm
	}
	dst = append(dst, b.open[form]...)
	if plain(s) && len(s) <= maxCell {
		dst = append(dst, s...)
	} else {
		dst = appendEscaped(dst, fitted(table.ValidText(s)))
	}
	return append(dst, "</t></is></c>"...)
}

// plain reports whether a text stands in XML as it is.
func plain(s string) bool {
	for i := range len(s) {
		if ch := s[i]; ch < ' ' || ch >= utf8.RuneSelf || ch == '<' || ch == '>' || ch == '&' || ch == '_' || ch == 0x7f {
			// An underscore is harmless unless _xHHHH_ follows.
			if ch == '_' && !escapes(s[i:]) {
				continue
			}
			return false
		}
	}
	return true
}

// fitted returns a text that fits a cell: the whole of it, or its beginning and
// how long it was.
func fitted(s string) string {
	if len(s) <= maxCell {
		return s
	}
	units := 0
	for _, r := range s {
		units += utf16.RuneLen(r)
	}
	if units <= maxCell {
		return s
	}
	note := fmt.Sprintf(" … (cut: the text has %d characters; the table as CSV holds all)", units)
	room := maxCell - utf16Len(note)
	for i, r := range s {
		if room -= utf16.RuneLen(r); room < 0 {
			return s[:i] + note
		}
	}
	return s
}

func utf16Len(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// escapes reports whether a text starts with what a reader takes for _xHHHH_: with
// it, or with _xHHHH and a character whose own escape begins with the underscore.
func escapes(s string) bool {
	if len(s) < len("_x0000_") || s[0] != '_' || s[1] != 'x' {
		return false
	}
	if next, _ := utf8.DecodeRuneInString(s[6:]); next != '_' && !unfit(next) {
		return false
	}
	for _, ch := range []byte(s[2:6]) {
		if !('0' <= ch && ch <= '9' || 'a' <= ch && ch <= 'f' || 'A' <= ch && ch <= 'F') {
			return false
		}
	}
	return true
}

// unfit reports whether a character cannot stand in the XML of a cell.
func unfit(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff || 0x7f <= r && r < 0xa0
}

// appendEscaped appends valid UTF-8 as XML.
func appendEscaped(dst []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '_' && escapes(s[i:]):
			dst = append(dst, "_x005F_"...)
		case unfit(r):
			dst = fmt.Appendf(dst, "_x%04X_", r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
