package table_test

import (
	"crypto/sha256"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

func schema(columns ...table.Column) table.Schema {
	return table.Schema{Name: "t", Columns: columns}
}

func TestSchemaValidate(t *testing.T) {
	text := table.Column{Name: "a", Kind: table.Text}
	tests := []struct {
		name string
		s    table.Schema
		want string // "" for valid
	}{
		{"valid", schema(text, table.Column{Name: "b_2", Kind: table.Time, Nullable: true}), ""},
		{"no table name", table.Schema{Columns: []table.Column{text}}, `"" is not a table name`},
		{"no columns", schema(), "no columns"},
		{"upper case", schema(table.Column{Name: "A", Kind: table.Text}), `"A" is not a column name`},
		{"digit first", schema(table.Column{Name: "1a", Kind: table.Text}), `"1a" is not a column name`},
		{"underscore first", schema(table.Column{Name: "_a", Kind: table.Text}), `"_a" is not a column name`},
		{"no kind", schema(table.Column{Name: "a"}), "column a has no kind"},
		{"unknown kind", schema(table.Column{Name: "a", Kind: table.Time + 1}), "column a has no kind"},
		{"twice", schema(text, table.Column{Name: "b", Kind: table.Int}, text), "two columns named a"},
		{"one nullable", schema(table.Column{Name: "a", Kind: table.Int, Nullable: true}), "only column a may not be nullable"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) { checkError(t, tc.s.Validate(), tc.want) })
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestValidateRemembersTheFirstMistake(t *testing.T) {
	tests := []struct {
		name string
		fill func(t *table.Table)
		want string
	}{
		{"right", func(t *table.Table) {
			row := t.Appender()
			row.Text("x")
			row.CodeOrNull("")
			row.Int(1)
			row.Time(0)
			row.End()
		}, ""},
		{"text in a number column", func(t *table.Table) { t.Cells(2).AppendText("x") }, `row 1, column n: text "x" in a column of kind int`},
		{"number in a text column", func(t *table.Table) { t.Cells(0).AppendInt(7) }, "column a: number 7 in a column of kind text"},
		{"null", func(t *table.Table) { t.Cells(0).AppendNull() }, "column a: null in a column that has none"},
		{"year 0", func(t *table.Table) { t.Cells(3).AppendInt(table.MinTime - 1) }, "outside the years"},
		{"year 10000", func(t *table.Table) { t.Cells(3).AppendInt(table.MaxTime + 1) }, "outside the years"},
		{"unequal lengths", func(t *table.Table) { t.Cells(2).AppendInt(1) }, "column n has 1 rows, column a has 0"},
		{"amount for int", func(t *table.Table) {
			row := t.Appender()
			row.Text("x")
			row.Null()
			row.Amount(1)
		}, "a cell of kind amount in a column of kind int"},
		{"code for text", func(t *table.Table) { t.Appender().Code("x") }, "a cell of kind code in a column of kind text"},
		{"short row", func(t *table.Table) {
			row := t.Appender()
			row.Text("x")
			row.End()
		}, "column c: the row ends before this column"},
		{"long row", func(t *table.Table) {
			row := t.Appender()
			row.Text("x")
			row.Code("y")
			row.Int(1)
			row.Time(1)
			row.Int(2)
		}, "more cells than columns"},
		{"bad schema", nil, "two columns named a"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := schema(
				table.Column{Name: "a", Kind: table.Text},
				table.Column{Name: "c", Kind: table.Code, Nullable: true},
				table.Column{Name: "n", Kind: table.Int},
				table.Column{Name: "t", Kind: table.Time})
			if tc.fill == nil {
				s.Columns[1] = s.Columns[0]
			}
			tab := table.New(s, 1)
			if tc.fill != nil {
				tc.fill(tab)
			}
			checkError(t, tab.Validate(), tc.want)
		})
	}
}

func TestMatch(t *testing.T) {
	s := schema(table.Column{Name: "a", Kind: table.Text}, table.Column{Name: "b", Kind: table.Int})
	tests := []struct {
		name   string
		header []string
		want   []int
		errOf  string
	}{
		{"same", []string{"a", "b"}, []int{0, 1}, ""},
		{"more at the end", []string{"a", "b", "c"}, []int{0, 1}, ""},
		{"another order", []string{"x", "b", "a"}, []int{2, 1}, ""},
		{"missing", []string{"a", "B"}, nil, "column is missing: b"},
		{"twice", []string{"a", "b", "a"}, nil, "column a stands twice"},
		{"an unknown one twice", []string{"x", "a", "b", "x"}, []int{1, 2}, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := s.Match(tc.header)
			checkError(t, err, tc.errOf)
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if _, err := s.Match(nil); !errors.Is(err, table.ErrMissing) {
		t.Errorf("error %v is not ErrMissing", err)
	}
}

func TestKindNames(t *testing.T) {
	for k := table.Text; k <= table.Time; k++ {
		if got, ok := table.ParseKind(k.String()); !ok || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k.String(), got, ok)
		}
	}
	if _, ok := table.ParseKind("kind(9)"); ok {
		t.Error("an unknown kind was read")
	}
}

func TestValidText(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := table.ValidText(in); got != want {
			t.Errorf("ValidText(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("渋谷\x00", "渋谷\x00")
	f("a\xffb", `a\xffb`)
	f("\xe6\xb8渋", `\xe6\xb8渋`)
	f("\xed\xa0\x80", `\xed\xa0\x80`) // a surrogate
	f("\ufffd", "\ufffd")             // the replacement character itself is valid
}

// TestCanonicalHashIsPinned writes one encoding out by hand: a change of it
// makes every manifest that was ever written wrong.
func TestCanonicalHashIsPinned(t *testing.T) {
	s := schema(
		table.Column{Name: "id", Kind: table.Text, Doc: "no part of it"},
		table.Column{Name: "n", Kind: table.Int, Nullable: true})
	tab := table.New(s, 2)
	row := tab.Appender()
	row.Text("渋\xff")
	row.Int(-2)
	row.End()
	row.Text("")
	row.Null()
	row.End()
	want := "paytriage table 1\n" + "\x01t" + "\x02" + "\x02" + // name, columns, rows
		"\x02id" + "\x01\x00" + "\x01\x07渋\\xff" + "\x01\x00" +
		"\x01n" + "\x03\x01" + "\x01\xfe\xff\xff\xff\xff\xff\xff\xff" + "\x00"
	if tab.CanonicalHash() != sha256.Sum256([]byte(want)) {
		t.Error("the canonical encoding has changed")
	}
}

// TestCanonicalHashTellsTablesApart hashes tables that a careless encoding
// would confuse.
func TestCanonicalHashTellsTablesApart(t *testing.T) {
	two := func(kind table.Kind, nullable bool, cells ...any) *table.Table {
		s := schema(table.Column{Name: "a", Kind: kind, Nullable: nullable}, table.Column{Name: "b", Kind: kind, Nullable: nullable})
		tab := table.New(s, 0)
		for i, v := range cells {
			switch v := v.(type) {
			case nil:
				tab.Cells(i % 2).AppendNull()
			case string:
				tab.Cells(i % 2).AppendText(v)
			case int:
				tab.Cells(i % 2).AppendInt(int64(v))
			}
		}
		if err := tab.Validate(); err != nil {
			t.Fatal(err)
		}
		return tab
	}
	renamed := table.New(table.Schema{Name: "u", Columns: two(table.Text, false).Schema().Columns}, 0)
	tables := map[string]*table.Table{
		"no rows":         two(table.Text, false),
		"no rows, code":   two(table.Code, false),
		"no rows, null":   two(table.Text, true),
		"another name":    renamed,
		"ab, c":           two(table.Text, false, "ab", "c"),
		"a, bc":           two(table.Text, false, "a", "bc"),
		"empty, abc":      two(table.Text, false, "", "abc"),
		"empty, empty":    two(table.Text, true, "", ""),
		"null, empty":     two(table.Text, true, nil, ""),
		"empty, null":     two(table.Text, true, "", nil),
		"rows a b, c d":   two(table.Text, false, "a", "b", "c", "d"),
		"rows c d, a b":   two(table.Text, false, "c", "d", "a", "b"),
		"0, 1":            two(table.Int, true, 0, 1),
		"1, 0":            two(table.Int, true, 1, 0),
		"0, null":         two(table.Int, true, 0, nil),
		"0, 1 as amounts": two(table.Amount, true, 0, 1),
	}
	seen := map[[32]byte]string{}
	for name, tab := range tables {
		sum := tab.CanonicalHash()
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have one hash", name, other)
		}
		seen[sum] = name
	}
	documented := two(table.Text, false, "ab", "c")
	documented.Schema().Columns[0].Doc = "reworded"
	if documented.CanonicalHash() != tables["ab, c"].CanonicalHash() {
		t.Error("the hash depends on documentation")
	}
}

func TestContractTablesAreValidAndDistinct(t *testing.T) {
	seen := map[[32]byte]string{}
	for _, tc := range tabletest.Cases() {
		if err := tc.Table.Validate(); err != nil {
			t.Errorf("%s: %v", tc.Name, err)
		}
		sum := tc.Table.CanonicalHash()
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q are the same table", tc.Name, other)
		}
		seen[sum] = tc.Name
	}
	if len(seen) < 6 {
		t.Errorf("only %d tables", len(seen))
	}
}

// TestNullsOracle compares the bitmap with a plain slice of bools.
func TestNullsOracle(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		s := schema(table.Column{Name: "a", Kind: table.Int, Nullable: true}, table.Column{Name: "b", Kind: table.Int})
		c := table.New(s, 0).Cells(0)
		var want, got []bool
		for range rnd.IntN(300) {
			null := rnd.IntN(5) == 0
			if null {
				c.AppendNull()
			} else {
				c.AppendInt(math.MaxInt64)
			}
			want = append(want, null)
		}
		n := 0
		for row := range want {
			got = append(got, c.Null(row))
			if want[row] {
				n++
			}
		}
		if d := cmp.Diff(want, got); d != "" || c.Nulls() != n {
			t.Fatalf("%d nulls, want %d\n%s", c.Nulls(), n, d)
		}
	}
}
