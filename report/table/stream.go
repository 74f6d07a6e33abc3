package table

import "iter"

// A Stream is a table that is made in pieces, because it is too large to be held
// whole.
type Stream struct {
	Schema Schema
	Rows   int
	// Pieces goes through the rows, as tables of the schema. It may be gone
	// through several times, also at once.
	Pieces iter.Seq2[*Table, error]
}

// Stream returns the table as one piece.
func (t *Table) Stream() Stream {
	return Stream{Schema: t.schema, Rows: t.Rows(), Pieces: func(yield func(*Table, error) bool) { yield(t, t.Validate()) }}
}
