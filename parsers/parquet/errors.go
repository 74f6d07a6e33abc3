package parquet

import (
	"errors"
	"fmt"
	"strings"
)

// A DamageError says that a file does not follow the format, or is cut off.
// Every row before was delivered.
type DamageError struct {
	Row    int64  // how many rows were delivered
	Column string // "" if it is not the fault of one
	Err    error
}

// Error says what is wrong, and where.
func (e *DamageError) Error() string {
	return "the Parquet file is damaged" + place(e.Row, e.Column) + ": " + e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *DamageError) Unwrap() error { return e.Err }

func damage(err error) error { return &DamageError{Err: err} }

// place says where in a file something is.
func place(row int64, column string) string {
	var b strings.Builder
	if row > 0 {
		fmt.Fprintf(&b, " after row %d", row)
	}
	if column != "" {
		fmt.Fprintf(&b, " in column %s", printable(column))
	}
	return b.String()
}

// An UnsupportedError says that a file follows the format, but asks for
// something that cannot be read.
type UnsupportedError struct {
	Row    int64  // how many rows were delivered
	Column string // "" if it is not about one
	What   string
}

// Error names what cannot be read.
func (e *UnsupportedError) Error() string {
	if e.Column == "" {
		return "cannot read this Parquet file: " + e.What
	}
	return "cannot read this Parquet file" + place(e.Row, e.Column) + ": " + e.What + "; leave the column out, or export it another way"
}

// A ColumnError says that wanted columns are not there.
type ColumnError struct {
	Missing []string
	Have    []string // all columns there are
}

// Error names the columns that are missing and those that are there.
func (e *ColumnError) Error() string {
	if len(e.Missing) == 0 {
		return "no column is wanted; the Parquet file has: " + listed(e.Have)
	}
	return "no column " + listed(e.Missing) + "; the Parquet file has: " + listed(e.Have)
}

// listed joins names for a message, not too many of them.
func listed(names []string) string {
	const many = 40
	var b strings.Builder
	for i, name := range names {
		if i == many {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(printable(name))
	}
	return b.String()
}

// A Cap is one of the things that are limited.
type Cap uint8

// The caps. Those of rows and of footers are not in Limits: they are 16 MiB of
// text and 256 MiB.
const (
	SizeCap Cap = iota + 1
	RatioCap
	PageCap
	MemoryCap
	RowCap
	FooterCap
)

// A LimitError says that a file was not read to its end because it would have
// cost too much. Every row before was delivered.
type LimitError struct {
	Cap    Cap
	Limit  int64 // bytes, or bytes for one stored byte
	Row    int64 // how many rows were delivered
	Column string
}

// Error says which cap was met, and where.
func (e *LimitError) Error() string {
	at := "the Parquet file" + place(e.Row, e.Column)
	switch e.Cap {
	case SizeCap:
		return fmt.Sprintf("%s has more than %d bytes of text", at, e.Limit)
	case RatioCap:
		return fmt.Sprintf("%s unpacks to more than %d times its size", at, e.Limit)
	case PageCap:
		return fmt.Sprintf("%s has a page of more than %d bytes", at, e.Limit)
	case MemoryCap:
		return fmt.Sprintf("%s needs more than %d bytes of memory: leave columns out", at, e.Limit)
	case RowCap:
		return fmt.Sprintf("%s has a row of more than %d bytes", at, e.Limit)
	}
	return fmt.Sprintf("%s has a footer of more than %d bytes", at, e.Limit)
}

// located returns an error of a column as what a caller is to see of it.
func located(err error, row int64, column string) error {
	var unsupported *UnsupportedError
	var limit *LimitError
	var read *readError
	var of *problem
	if errors.As(err, &of) {
		column, err = of.leaf.Name, of.err
	}
	switch {
	case errors.As(err, &unsupported):
		return &UnsupportedError{Row: row, Column: column, What: unsupported.What}
	case errors.As(err, &limit):
		return &LimitError{Cap: limit.Cap, Limit: limit.Limit, Row: row, Column: column}
	case errors.As(err, &read):
		return fmt.Errorf("reading Parquet%s: %w", place(row, column), read.err)
	}
	return &DamageError{Row: row, Column: column, Err: err}
}
