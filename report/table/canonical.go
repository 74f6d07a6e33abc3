package table

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
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
	h := NewHasher(t.schema, t.Rows())
	for i := range t.cells {
		h.Column(t.cells[i].column)
		h.Cells(&t.cells[i])
	}
	return h.Sum()
}

// A Hasher makes the canonical hash of a table that is never whole: column by
// column, in their order, each in pieces.
type Hasher struct {
	hash hash.Hash
	buf  []byte
}

// hashAt is how many bytes are gathered before they are hashed.
const hashAt = 32 << 10

// NewHasher begins the hash of a table with a number of rows.
func NewHasher(s Schema, rows int) *Hasher {
	h := &Hasher{sha256.New(), make([]byte, 0, 2*hashAt)}
	h.buf = append(h.buf, canonicalMark...)
	h.buf = appendText(h.buf, s.Name)
	h.buf = binary.AppendUvarint(h.buf, uint64(len(s.Columns)))
	h.buf = binary.AppendUvarint(h.buf, uint64(rows))
	return h
}

// Column begins the next column.
func (h *Hasher) Column(c Column) {
	h.buf = appendText(h.buf, c.Name)
	h.buf = append(h.buf, byte(c.Kind), boolByte(c.Nullable))
}

// Cells adds cells to the column.
func (h *Hasher) Cells(c *Cells) {
	for row := range c.Len() {
		h.flush(hashAt)
		switch {
		case c.Null(row):
			h.buf = append(h.buf, 0)
		case c.column.Kind.IsText():
			h.buf = append(h.buf, 1)
			h.buf = appendText(h.buf, ValidText(c.texts[row]))
		default:
			h.buf = append(h.buf, 1)
			h.buf = binary.LittleEndian.AppendUint64(h.buf, uint64(c.ints[row]))
		}
	}
}

// Sum returns the hash of what was added.
func (h *Hasher) Sum() [sha256.Size]byte {
	h.flush(0)
	return [sha256.Size]byte(h.hash.Sum(nil))
}

func (h *Hasher) flush(limit int) {
	if len(h.buf) >= limit {
		h.hash.Write(h.buf) // a hash.Hash never returns an error
		h.buf = h.buf[:0]
	}
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
