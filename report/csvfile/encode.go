package csvfile

import (
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"

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

// WriteAs is Write in a form. A cell with a character that the encoding cannot
// hold, or could not give back as it was, is an error that names the cell, and
// nothing is written.
func WriteAs(w io.Writer, t *table.Table, f Form) error {
	if f.Encoding != CP932 {
		if f.Mark {
			if err := flush(w, []byte(byteOrderMark), t.Schema().Name); err != nil {
				return err
			}
		}
		return Write(w, t)
	}
	if err := t.Validate(); err != nil {
		return err
	}
	if err := checkCP932(t); err != nil {
		return err
	}
	out := transform.NewWriter(w, japanese.ShiftJIS.NewEncoder())
	if err := Write(out, t); err != nil {
		return err
	}
	return out.Close()
}

// ReadAs reads what WriteAs wrote.
func ReadAs(r io.Reader, s table.Schema, f Form) (*table.Table, error) {
	if f.Encoding == CP932 {
		r = transform.NewReader(r, japanese.ShiftJIS.NewDecoder())
	}
	return Read(r, s)
}

// An EncodingError is a cell that an encoding cannot hold.
type EncodingError struct {
	Table, Column string
	Row           int // from 1
	Text          string
	Encoding      Encoding
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("table %s, row %d, column %s: %.60q has a character that %s cannot hold", e.Table, e.Row, e.Column, e.Text, e.Encoding)
}

// checkCP932 returns an error for the first cell that would not come back from
// CP932 as it is.
func checkCP932(t *table.Table) error {
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
			return &EncodingError{t.Schema().Name, c.Name, row + 1, s, CP932}
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
