// Package table holds what a run reports, as named columns of one length: the
// one shape that every encoder (CSV, Parquet, terminal) writes and reads.
//
// A Table is filled row by row through an Appender, or column by column through
// its Cells, and then only read. Whatever was put in wrongly (a number in a
// text column, a null where none may be, a year that no file can hold) is
// remembered and comes out of Validate; encoders call it first, so a damaged
// table is never written.
//
// Nothing here knows a file format or a domain word. CanonicalHash names the
// content of a table whatever file it came from.
package table

import (
	"errors"
	"fmt"
)

// A Kind says what the cells of a column are.
type Kind uint8

// The kinds of column.
const (
	// Text is any bytes, meant as UTF-8.
	Text Kind = iota + 1
	// Code is a text from a small set, such as a status.
	Code
	// Int is an int64: a count, a line number, a fixed-point score.
	Int
	// Amount is an int64 of minor units of a currency.
	Amount
	// Time is an int64 of microseconds since 1970, UTC, between MinTime and
	// MaxTime.
	Time
)

// String returns the kind's name in lower case, as schemas print it.
func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Code:
		return "code"
	case Int:
		return "int"
	case Amount:
		return "amount"
	case Time:
		return "time"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind returns the kind of a name that String wrote.
func ParseKind(name string) (k Kind, ok bool) {
	for k := Text; k <= Time; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}

// IsText reports whether cells are texts (Text, Code) rather than int64s.
func (k Kind) IsText() bool { return k == Text || k == Code }

// A Column says what the cells below one name are.
type Column struct {
	// Name is lower-case letters, digits and underscores, a letter first.
	Name string
	Kind Kind
	// Nullable columns may hold null, which says "absent"; an empty text is
	// another thing.
	Nullable bool
	// Doc is the meaning, with the unit.
	Doc string
}

// A Schema is a table without its rows.
type Schema struct {
	Name    string
	Doc     string
	Columns []Column
}

// CurrencyColumn is the name of the text column that holds the currency code of
// a row's amounts, in tables that have one.
const CurrencyColumn = "currency"

// Validate reports names that are malformed or appear twice, and columns
// without a kind. A table of one column may not be nullable: a row of nothing
// cannot be told from no row in most formats.
func (s Schema) Validate() error {
	if !validName(s.Name) {
		return fmt.Errorf("table: %q is not a table name", s.Name)
	}
	if len(s.Columns) == 0 {
		return fmt.Errorf("table %s: no columns", s.Name)
	}
	for i, c := range s.Columns {
		if !validName(c.Name) {
			return fmt.Errorf("table %s: %q is not a column name", s.Name, c.Name)
		}
		if c.Kind < Text || c.Kind > Time {
			return fmt.Errorf("table %s: column %s has no kind", s.Name, c.Name)
		}
		if j, _ := s.Find(c.Name); j < i {
			return fmt.Errorf("table %s: two columns named %s", s.Name, c.Name)
		}
	}
	if len(s.Columns) == 1 && s.Columns[0].Nullable {
		return fmt.Errorf("table %s: its only column %s may not be nullable", s.Name, s.Columns[0].Name)
	}
	return nil
}

func validName(s string) bool {
	for i := range len(s) {
		ch := s[i]
		letter := ch >= 'a' && ch <= 'z'
		if !letter && (i == 0 || (ch != '_' && (ch < '0' || ch > '9'))) {
			return false
		}
	}
	return s != ""
}

// Find returns the index of the column with a name.
func (s Schema) Find(name string) (i int, ok bool) {
	for i, c := range s.Columns {
		if c.Name == name {
			return i, true
		}
	}
	return len(s.Columns), false
}

// ErrMissing says that a file lacks a column that its reader needs.
var ErrMissing = errors.New("column is missing")

// Match returns, for each column of the schema, where it stands among the names
// of a file. Names that the schema does not know are passed over, so that files
// with more columns stay readable; a column that is missing is ErrMissing, and
// one that the file has twice an error too, since either could be meant.
func (s Schema) Match(names []string) ([]int, error) {
	at := make([]int, len(s.Columns))
	for i, c := range s.Columns {
		at[i] = -1
		for j, name := range names {
			if name != c.Name {
				continue
			}
			if at[i] >= 0 {
				return nil, fmt.Errorf("table %s: column %s stands twice in the file", s.Name, c.Name)
			}
			at[i] = j
		}
		if at[i] < 0 {
			return nil, fmt.Errorf("table %s: %w: %s", s.Name, ErrMissing, c.Name)
		}
	}
	return at, nil
}

// A Table is a schema and its rows. It is filled by one goroutine; when it is
// full any number may read it.
type Table struct {
	schema Schema
	cells  []Cells
	err    error // the first thing that was put in wrongly
}

// New returns an empty table with room for a number of rows.
func New(s Schema, rows int) *Table {
	t := &Table{schema: s, cells: make([]Cells, len(s.Columns)), err: s.Validate()}
	for i, c := range s.Columns {
		cells := &t.cells[i]
		cells.column, cells.table = c, t
		if c.Kind.IsText() {
			cells.texts = make([]string, 0, rows)
		} else {
			cells.ints = make([]int64, 0, rows)
		}
	}
	return t
}

// Schema returns the table's schema. Its columns must not be changed.
func (t *Table) Schema() Schema { return t.schema }

// Rows returns how many rows the table has: the length of its first column.
func (t *Table) Rows() int {
	if len(t.cells) == 0 {
		return 0
	}
	return t.cells[0].Len()
}

// Cells returns the cells of the i-th column.
func (t *Table) Cells(i int) *Cells { return &t.cells[i] }

// Validate reports the first thing that is wrong with the schema, that was put
// in wrongly, or that columns differ in length.
func (t *Table) Validate() error {
	if t.err != nil {
		return t.err
	}
	for i := range t.cells {
		if n := t.cells[i].Len(); n != t.Rows() {
			return fmt.Errorf("table %s: column %s has %d rows, column %s has %d",
				t.schema.Name, t.cells[i].column.Name, n, t.cells[0].column.Name, t.Rows())
		}
	}
	return nil
}

// fail remembers the first error. Filling goes on, so that a loop over rows
// needs no check in it; nothing is written from a table that failed.
func (t *Table) fail(c Column, row int, format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf("table %s, row %d, column %s: %s", t.schema.Name, row+1, c.Name, fmt.Sprintf(format, args...))
	}
}
