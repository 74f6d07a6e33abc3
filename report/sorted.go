package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/paytriage/paytriage/report/table"
)

// sorted returns a table with the rows in falling order of a column of numbers,
// rows of one number as they stood.
func sorted(t *table.Table, column string) *table.Table {
	at, _ := t.Schema().Find(column)
	order := allRows(t)
	key := t.Cells(at).Ints()
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(key[b], key[a]) })
	return copied(t, t.Schema().Columns, order)
}

// perCurrency returns the rows of each currency of a table, by its code. A table
// without rows has none.
func perCurrency(t *table.Table) []*table.Table {
	at, _ := t.Schema().Find(table.CurrencyColumn)
	rows := map[string][]int{}
	for row := range t.Rows() {
		code := t.Cells(at).Text(row)
		rows[code] = append(rows[code], row)
	}
	var parts []*table.Table
	for _, code := range slices.Sorted(maps.Keys(rows)) {
		parts = append(parts, copied(t, t.Schema().Columns, rows[code]))
	}
	return parts
}

// Select returns the first rows of a table, or all of them if rows is 0, with
// the named columns in that order, or all of them if there are none.
func Select(t *table.Table, columns []string, rows int) (*table.Table, error) {
	s := t.Schema()
	chosen := s.Columns
	if len(columns) > 0 {
		chosen = nil
	}
	for _, name := range columns {
		at, ok := s.Find(name)
		if !ok {
			return nil, fmt.Errorf("table %s: %w: %s", s.Name, table.ErrMissing, name)
		}
		chosen = append(chosen, s.Columns[at])
	}
	if len(chosen) == 1 && chosen[0].Kind.IsText() {
		chosen = []table.Column{chosen[0]}
		chosen[0].Nullable = false // a row of nothing is no row: absent becomes an empty text
	}
	order := allRows(t)
	if rows > 0 {
		order = order[:min(rows, len(order))]
	}
	out := copied(t, chosen, order)
	return out, out.Validate()
}

func allRows(t *table.Table) []int {
	order := make([]int, t.Rows())
	for i := range order {
		order[i] = i
	}
	return order
}

// copied returns the rows and columns of a table that are named, in that order.
// A column that the table lacks is null.
func copied(t *table.Table, columns []table.Column, rows []int) *table.Table {
	s := t.Schema()
	out := table.New(table.Schema{Name: s.Name, Doc: s.Doc, Columns: columns}, len(rows))
	for c, col := range columns {
		at, ok := s.Find(col.Name)
		to := out.Cells(c)
		if !ok {
			for range rows {
				to.AppendNull()
			}
			continue
		}
		from := t.Cells(at)
		for _, row := range rows {
			switch {
			case from.Null(row) && col.Nullable:
				to.AppendNull()
			case col.Kind.IsText():
				to.AppendText(from.Text(row))
			default:
				to.AppendInt(from.Int(row))
			}
		}
	}
	return out
}
