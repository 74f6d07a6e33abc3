package csvfile

import (
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/report/table"
)

// An Encoding is how the characters of a file are written.
type Encoding uint8

// The encodings.
const (
	UTF8  Encoding = iota
	CP932          // Windows code page 932, what Japanese spreadsheets and banks take for granted
	numEncodings
)

var encodingWords = [numEncodings]string{UTF8: "utf-8", CP932: "cp932"}

// String returns the word for the encoding.
func (e Encoding) String() string { return encodingWords[e] }

// ParseEncoding returns the encoding of a word.
func ParseEncoding(word string) (Encoding, bool) {
	for e, w := range encodingWords {
		if w == word {
			return Encoding(e), true
		}
	}
	return UTF8, false
}

// A Form is what a file looks like beside its cells.
type Form struct {
	Encoding Encoding
	Mark     bool // a byte order mark in front, which only UTF8 has
}

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// WriteAs writes a table in pieces and in a form, as Write does. A cell with a
// character that the encoding cannot hold, or could not give back as it was, is
// an error that names the cell; the file is then incomplete.
func WriteAs(w io.Writer, t table.Stream, f Form) error {
	if f.Encoding == CP932 {
		out := transform.NewWriter(w, japanese.ShiftJIS.NewEncoder())
		if err := writeStream(out, t, checkCP932); err != nil {
			return err
		}
		return out.Close()
	}
	if f.Mark {
		if err := flush(w, []byte(byteOrderMark), t.Schema.Name); err != nil {
			return err
		}
	}
	return writeStream(w, t, func(*table.Table, int) error { return nil })
}

// writeStream writes the pieces of a table that pass a check, which is told how
// many rows came before.
func writeStream(w io.Writer, s table.Stream, check func(t *table.Table, before int) error) error {
	rows := 0
	if err := writeHeader(w, s.Schema); err != nil {
		return err
	}
	for t, err := range s.Pieces {
		if err == nil {
			err = t.Validate()
		}
		if err == nil {
			err = check(t, rows)
		}
		if err == nil {
			err = writeRows(w, t)
		}
		if err != nil {
			return err
		}
		rows += t.Rows()
	}
	if rows != s.Rows {
		return fmt.Errorf("table %s: %d rows were written, it has %d", s.Schema.Name, rows, s.Rows)
	}
	return nil
}

// Decoded returns a reader of a file in a form as Read and ReadEach take it.
func Decoded(r io.Reader, f Form) io.Reader {
	if f.Encoding == CP932 {
		return transform.NewReader(r, japanese.ShiftJIS.NewDecoder())
	}
	return r
}

// ReadAs is Read of a file in a form.
func ReadAs(r io.Reader, s table.Schema, f Form) (*table.Table, error) { return Read(Decoded(r, f), s) }

// An EncodingError is a cell that an encoding cannot hold.
type EncodingError struct {
	Table, Column string
	Row           int // from 1
	Text          string
	Encoding      Encoding
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("table %s, row %d, column %s: %q has a character that %s cannot hold", e.Table, e.Row, e.Column, discreet.Shown(e.Text), e.Encoding)
}

// checkCP932 returns an error for the first cell that would not come back from
// CP932 as it is.
func checkCP932(t *table.Table, before int) error {
	encode, decode := japanese.ShiftJIS.NewEncoder(), japanese.ShiftJIS.NewDecoder()
	for i, c := range t.Schema().Columns {
		last := ""
		for row, s := range t.Cells(i).Texts() {
			if s == last || isASCII(s) {
				continue
			}
			there, err := encode.String(s)
			if err == nil {
				var back string
				if back, err = decode.String(there); err == nil && back == s && utf8.ValidString(s) {
					last = s // codes follow their like
					continue
				}
			}
			return &EncodingError{t.Schema().Name, c.Name, before + row + 1, s, CP932}
		}
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
