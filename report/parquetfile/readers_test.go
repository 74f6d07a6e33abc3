package parquetfile_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

// reading is what testdata/readback.py prints for one file.
type reading struct {
	PyArrow struct {
		Hash       string
		Types      map[string]string
		Nullable   []bool
		CreatedBy  string `json:"created_by"`
		Meta       map[string]string
		RowGroups  int `json:"row_groups"`
		Statistics [][3]any
	}
	DuckDB struct {
		Hash   string
		Types  map[string]string
		Missed int
	}
}

// TestOtherReaders lets pyarrow and DuckDB, which share no code with arrow's Go
// module, read every table of the contract and one of several row groups. Both
// must find the rows that the canonical hash names.
func TestOtherReaders(t *testing.T) {
	python := needPython(t)
	cases := tabletest.Cases()
	if !testing.Short() {
		cases = append(cases, tabletest.Case{Name: "row groups", Table: tabletest.Rows(parquetfile.RowGroupRows + 999)})
	}
	meta := []parquetfile.KeyValue{{Key: "paytriage.policy", Value: "sha256:ab"}, {Key: "unit", Value: "円"}}
	dir := t.TempDir()
	args := []string{filepath.Join("testdata", "readback.py")}
	for _, tc := range cases {
		path := filepath.Join(dir, tc.Name+".parquet")
		if err := os.WriteFile(path, write(t, tc.Table, meta...), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.Command(python, args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			var r reading
			if err := dec.Decode(&r); err != nil {
				t.Fatal(err)
			}
			checkReading(t, tc.Table, r)
			// The other way round: what pyarrow writes, Read reads.
			data, err := os.ReadFile(filepath.Join(dir, tc.Name+".parquet.again"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(data, tc.Table.Schema())
			if err != nil {
				t.Fatal(err)
			}
			tabletest.Compare(t, tc.Table, got, true)
		})
	}
}

// needPython returns a python3 that has both readers, or skips the test.
func needPython(t *testing.T) string {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here: the files are not checked with other readers")
	}
	if out, err := exec.Command(python, "-c", "import duckdb, pyarrow.parquet").CombinedOutput(); err != nil {
		t.Skipf("python3 lacks duckdb or pyarrow: the files are not checked with other readers: %s", out)
	}
	return python
}

func checkReading(t *testing.T, tab *table.Table, r reading) {
	t.Helper()
	sum := tab.CanonicalHash()
	want := hex.EncodeToString(sum[:])
	if r.PyArrow.Hash != want || r.DuckDB.Hash != want {
		t.Errorf("pyarrow reads rows of hash %s, DuckDB %s; want %s", r.PyArrow.Hash, r.DuckDB.Hash, want)
	}
	arrowTypes, duckTypes := map[string]string{}, map[string]string{}
	var nullable []bool
	for _, c := range tab.Schema().Columns {
		nullable = append(nullable, c.Nullable)
		switch {
		case c.Kind.IsText():
			arrowTypes[c.Name], duckTypes[c.Name] = "string", "VARCHAR"
		case c.Kind == table.Time:
			arrowTypes[c.Name], duckTypes[c.Name] = "timestamp[us, tz=UTC]", "TIMESTAMP WITH TIME ZONE"
		default:
			arrowTypes[c.Name], duckTypes[c.Name] = "int64", "BIGINT"
		}
	}
	if d := cmp.Diff(arrowTypes, r.PyArrow.Types); d != "" {
		t.Errorf("pyarrow's types:\n%s", d)
	}
	if d := cmp.Diff(duckTypes, r.DuckDB.Types); d != "" {
		t.Errorf("DuckDB's types:\n%s", d)
	}
	if d := cmp.Diff(nullable, r.PyArrow.Nullable); d != "" {
		t.Errorf("nullable:\n%s", d)
	}
	if r.PyArrow.CreatedBy != "paytriage" || r.PyArrow.Meta["paytriage.policy"] != "sha256:ab" || r.PyArrow.Meta["unit"] != "円" {
		t.Errorf("created by %q, metadata %v", r.PyArrow.CreatedBy, r.PyArrow.Meta)
	}
	if r.DuckDB.Missed != 0 {
		t.Errorf("DuckDB counts other rows for %d filters", r.DuckDB.Missed)
	}
	for i, s := range r.PyArrow.Statistics {
		minMax := tab.Cells(i).Nulls() < tab.Rows() && longest(tab.Cells(i)) <= 4096 // longer ones are left out
		if tab.Rows() <= parquetfile.RowGroupRows && (s[0] != minMax || s[1] != float64(tab.Cells(i).Nulls())) {
			t.Errorf("column %d: pyarrow's statistics %v", i, s)
		}
		if s[2] == true {
			t.Errorf("column %d claims to know its distinct values", i)
		}
	}
}

func longest(c *table.Cells) (n int) {
	for _, s := range c.Texts() {
		n = max(n, len(s))
	}
	return n
}
