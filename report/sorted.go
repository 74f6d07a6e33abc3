package report

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/report/table"
)

// sorted returns a table with the rows in falling order of a column of numbers,
// rows of one number as they stood.
func sorted(t *table.Table, column string) *table.Table {
	at, _ := t.Schema().Find(column)
	order := make([]int, t.Rows())
	for i := range order {
		order[i] = i
	}
	key := t.Cells(at).Ints()
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(key[b], key[a]) })
	out := table.New(t.Schema(), t.Rows())
	for c, col := range t.Schema().Columns {
		from, to := t.Cells(c), out.Cells(c)
		for _, row := range order {
			switch {
			case from.Null(row):
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
