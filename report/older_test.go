package report

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
)

// TestReadOlderCases: a table that was written before a column was there is read,
// the column being null; one that lacks any other column is not.
func TestReadOlderCases(t *testing.T) {
	for name, columns := range later {
		at := slices.IndexFunc(Schemas(), func(s table.Schema) bool { return s.Name == name })
		schema := Schemas()[at]
		for _, format := range Formats {
			for _, lost := range []string{"", schema.Columns[0].Name} {
				older := schema
				older.Columns = slices.DeleteFunc(slices.Clone(schema.Columns), func(c table.Column) bool {
					return slices.Contains(columns, c.Name) || c.Name == lost
				})
				old := table.New(older, 1)
				for i, c := range older.Columns {
					if c.Kind.IsText() {
						old.Cells(i).AppendText("x")
					} else {
						old.Cells(i).AppendInt(7)
					}
				}
				dir := t.TempDir()
				f, err := os.Create(filepath.Join(dir, name+"."+format))
				if err != nil {
					t.Fatal(err)
				}
				if format == "csv" {
					err = csvfile.Write(f, old)
				} else {
					err = parquetfile.Write(f, old, nil)
				}
				if err != nil || f.Close() != nil || os.WriteFile(filepath.Join(dir, atomicfile.Manifest), nil, 0o600) != nil {
					t.Fatal(err)
				}
				got, err := Read(dir, name)
				if lost != "" {
					if err == nil {
						t.Errorf("%s.%s without %s is read", name, format, lost)
					}
					continue
				}
				if err != nil || got.Rows() != 1 || len(got.Schema().Columns) != len(schema.Columns) {
					t.Errorf("%s.%s: %v", name, format, err)
					continue
				}
				for i, c := range got.Schema().Columns {
					if got.Cells(i).Null(0) != slices.Contains(columns, c.Name) {
						t.Errorf("%s.%s: column %s: null is %v", name, format, c.Name, got.Cells(i).Null(0))
					}
				}
			}
		}
	}
}
