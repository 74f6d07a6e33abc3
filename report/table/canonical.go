package table

import (
	"crypto/sha256"
	"encoding/binary"
	"unicode/utf8"
)

// canonicalMark opens every canonical encoding and names its version.
const canonicalMark = "paytriage table 1\n"

// CanonicalHash returns the SHA-256 of the table's canonical encoding, which
// depends on nothing but its name, its columns (name, kind, nullable) and its
// rows: the same table read back from CSV or Parquet has the same hash. What
// columns are documented to mean is not part of it.
//
// The encoding is, with numbers as unsigned varints and texts preceded by their
// length in bytes: the mark "paytriage table 1\n"; the table's name; the number
// of columns and of rows; and for each column its name, one byte of kind, one
// byte that is 1 if it is nullable, and its cells. A cell is one byte 0 if
// null; else one byte 1 and then the text, or eight bytes of the number, least
// significant first. Texts are taken as ValidText returns them, because Parquet
// cannot hold others.
//
// The hash of a table that fails Validate means nothing.
func (t *Table) CanonicalHash() [sha256.Size]byte {
	const flushAt = 32 << 10
	h := sha256.New()
	buf := make([]byte, 0, 2*flushAt)
	flush := func(limit int) {
		if len(buf) >= limit {
			h.Write(buf) // a hash.Hash never returns an error
			buf = buf[:0]
		}
	}
	buf = append(buf, canonicalMark...)
	buf = appendText(buf, t.schema.Name)
	buf = binary.AppendUvarint(buf, uint64(len(t.cells)))
	buf = binary.AppendUvarint(buf, uint64(t.Rows()))
	for i := range t.cells {
		c := &t.cells[i]
		buf = appendText(buf, c.column.Name)
		buf = append(buf, byte(c.column.Kind), boolByte(c.column.Nullable))
		for row := range c.Len() {
			flush(flushAt)
			switch {
			case c.Null(row):
				buf = append(buf, 0)
			case c.column.Kind.IsText():
				buf = append(buf, 1)
				buf = appendText(buf, ValidText(c.texts[row]))
			default:
				buf = append(buf, 1)
				buf = binary.LittleEndian.AppendUint64(buf, uint64(c.ints[row]))
			}
		}
	}
	flush(0)
	return [sha256.Size]byte(h.Sum(nil))
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// ValidText returns s with every byte that is no part of valid UTF-8 written as
// \xNN (two lower-case hexadecimal digits), and s itself if there is none. It
// is for formats that cannot hold other bytes, and loses the difference between
// such a byte and the same four characters in the log.
func ValidText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(s)+16)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			out = append(out, '\\', 'x', hex[s[0]>>4], hex[s[0]&15])
		} else {
			out = append(out, s[:n]...)
		}
		s = s[n:]
	}
	return string(out)
}
