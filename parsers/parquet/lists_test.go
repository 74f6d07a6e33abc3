package parquet

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pq "github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
	"github.com/google/go-cmp/cmp"
)

// A shape is a column below lists and structs, for a test: what there is from
// the row down to the value.
type shape struct {
	name string
	path []step
}

// A step is one node on the way: a list's middle node when repeated.
type step struct {
	name       string
	repetition int
	key        bool // a member of a struct: the value is looked up in a map
}

// list is the steps of a list as the format recommends it.
func list(name string, key bool) []step {
	return []step{{name, optional, key}, {"list", repeated, false}, {"element", optional, false}}
}

// shred takes a column of a value apart: the levels and texts of its entries.
func shred(v any, path []step, rep, def int, depth int, emit func(rep, def int, text any)) {
	if len(path) == 0 {
		emit(rep, def, v)
		return
	}
	s := path[0]
	if s.key && v != nil {
		v = v.(map[string]any)[s.name]
	}
	switch {
	case s.repetition == repeated:
		items := v.([]any)
		if len(items) == 0 {
			emit(rep, def, nil)
		}
		for i, item := range items {
			if i > 0 {
				rep = depth + 1
			}
			shred(item, path[1:], rep, def+1, depth+1, emit)
		}
	case v == nil && s.repetition == optional:
		emit(rep, def, nil)
	case s.repetition == optional:
		shred(v, path[1:], rep, def+1, depth, emit)
	default:
		shred(v, path[1:], rep, def, depth, emit)
	}
}

// project cuts a value down to one column, the way it is to be written.
func cut(v any, path []step) any {
	for len(path) > 0 && path[0].repetition != repeated {
		if path[0].key && v != nil {
			v = v.(map[string]any)[path[0].name]
		}
		path = path[1:]
	}
	if len(path) == 0 || v == nil {
		return v
	}
	out := []any{}
	for _, item := range v.([]any) {
		out = append(out, cut(item, path[1:]))
	}
	return out
}

// writeShapes writes columns of texts below lists with arrow, as files of one
// column each would be, side by side.
func writeShapes(t testing.TB, rows []any, shapes []shape, groupRows int, props ...pq.WriterProperty) []byte {
	t.Helper()
	var nodes schema.FieldList
	for _, s := range shapes {
		nodes = append(nodes, shapeNode(s.name, s.path))
	}
	root := schema.MustGroup(schema.NewGroupNode("schema", pq.Repetitions.Required, nodes, -1))
	var b bytes.Buffer
	w := file.NewParquetWriter(&b, root, file.WithWriterProps(pq.NewWriterProperties(props...)))
	for part := range slices.Chunk(rows, groupRows) {
		group := w.AppendRowGroup()
		for _, s := range shapes {
			cw, err := group.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			var reps, defs []int16
			var values []pq.ByteArray
			for _, row := range part {
				shred(row, s.path, 0, 0, 0, func(rep, def int, text any) {
					reps, defs = append(reps, int16(rep)), append(defs, int16(def))
					if text != nil {
						values = append(values, pq.ByteArray(text.(string)))
					}
				})
			}
			if _, err := cw.(*file.ByteArrayColumnChunkWriter).WriteBatch(values, defs, reps); err != nil {
				t.Fatal(err)
			}
			if err := cw.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := group.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shapeNode builds the nodes of a path; the first has the name of the column.
func shapeNode(name string, path []step) schema.Node {
	reps := []pq.Repetition{pq.Repetitions.Required, pq.Repetitions.Optional, pq.Repetitions.Repeated}
	if len(path) == 1 {
		return schema.MustPrimitive(schema.NewPrimitiveNodeLogical(name, reps[path[0].repetition], schema.StringLogicalType{}, pq.Types.ByteArray, -1, -1))
	}
	below := shapeNode(path[1].name, path[1:])
	return schema.MustGroup(schema.NewGroupNode(name, reps[path[0].repetition], schema.FieldList{below}, -1))
}

// TestNested pins structs, lists and maps of every shape that is common.
func TestNested(t *testing.T) {
	var rows []any
	if err := json.Unmarshal([]byte(`[
		{"brand": "v", "card": {"holder": "a,b"}, "tags": ["x", "say \"y\""], "grid": [["1", "2"], [], ["3"]],
		 "items": [{"n": ["1"]}, {"n": null}, {"n": []}], "keys": ["k"], "bare": ["q"]},
		{"brand": null, "card": {"holder": null}, "tags": [], "grid": [], "items": [], "keys": [], "bare": []},
		{"brand": null, "card": null, "tags": null, "grid": null, "items": null, "keys": null, "bare": []},
		{"brand": "", "card": {"holder": ""}, "tags": [null, ""], "grid": [null, [null, "-4"]],
		 "items": [null, {"n": [null, "7"]}], "keys": ["k", "l"], "bare": ["r", "s"]}
	]`), &rows); err != nil {
		t.Fatal(err)
	}
	deep := func(outer []step, inner ...step) []step { return append(outer[:len(outer):len(outer)], inner...) }
	inner := list("", false)[1:]
	shapes := []shape{
		{"brand", []step{{"brand", optional, true}}},
		{"card", []step{{"card", optional, true}, {"holder", optional, true}}},
		{"tags", list("tags", true)},
		{"grid", deep(list("grid", true), inner...)},
		{"items", deep(list("items", true), list("n", true)...)},
		{"keys", []step{{"keys", optional, true}, {"key_value", repeated, false}, {"key", required, false}}},
		{"bare", []step{{"bare", required, true}, {"array", repeated, false}}},
	}
	want := [][]string{
		{"brand", "card.holder", "tags.list.element", "grid.list.element.list.element", "items.list.element.n.list.element", "keys.key_value.key", "bare.array"},
		{"v", "a,b", `["x","say \"y\""]`, `[["1","2"],[],["3"]]`, `[["1"],null,[]]`, `["k"]`, `["q"]`},
		{"", "", `[]`, `[]`, `[]`, `[]`, `[]`},
		{"", "", "", "", "", "", `[]`},
		{"", "", `[null,""]`, `[null,[null,"-4"]]`, `[null,[null,"7"]]`, `["k","l"]`, `["r","s"]`},
	}
	for _, dictionary := range []bool{false, true} {
		data := writeShapes(t, rows, shapes, 3, pq.WithDictionaryDefault(dictionary))
		text, err := readAll(t, data, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		columns, _, err := Columns(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range columns {
			if c.Name != want[0][i] || c.Repeated != (i >= 2) || c.Nullable != (i < 6) {
				t.Errorf("%+v", c)
			}
		}
	}
}

// TestManyLists reads lists over many pages, batches and row groups, each as
// long as it comes, and compares them as JSON.
func TestManyLists(t *testing.T) {
	const count = 2000
	rnd := rand.New(rand.NewPCG(19, 20))
	rows := make([]any, count)
	for i := range rows {
		row := map[string]any{"n": fmt.Sprint(i), "a": nil}
		if rnd.IntN(5) > 0 {
			list := []any{}
			for range rnd.IntN(4) {
				inner := []any{}
				for range rnd.IntN(4) {
					inner = append(inner, map[bool]any{true: fmt.Sprintf("t%d\n", rnd.IntN(50)), false: nil}[rnd.IntN(6) > 0])
				}
				list = append(list, map[bool]any{true: inner, false: nil}[rnd.IntN(6) > 0])
			}
			row["a"] = list
		}
		rows[i] = row
	}
	path := append(list("a", true), list("", false)[1:]...)
	shapes := []shape{{"a", path}, {"n", []step{{"n", required, true}}}}
	for _, version := range []pq.DataPageVersion{pq.DataPageV1, pq.DataPageV2} {
		data := writeShapes(t, rows, shapes, 700, pq.WithDataPageSize(1000), pq.WithBatchSize(100), pq.WithDataPageVersion(version))
		text, err := readAll(t, data, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) != count+1 {
			t.Fatal(len(records), err)
		}
		for i, r := range records[1:] {
			var got any
			if r[0] != "" {
				if err := json.Unmarshal([]byte(r[0]), &got); err != nil {
					t.Fatal(r[0], err)
				}
			}
			if d := cmp.Diff(cut(rows[i], path), got); d != "" || r[1] != fmt.Sprint(i) {
				t.Fatalf("row %d, %v:\n%s", i+1, r, d)
			}
		}
	}
}

// TestListNumbers: what JSON has as a number or a word stands without quotes.
func TestListNumbers(t *testing.T) {
	f := func(n forgedNode, body []byte, want string) {
		t.Helper()
		file := oneColumn(n.typ, 1, forgedPage{values: 2, body: append(append(withLength(runs(1, 0, 1, 1, 1)), withLength(runs(1, 1, 2))...), body...)})
		n.name, n.repetition = "a", repeated
		file.nodes[0], file.groups[0].chunks[0].values = n, 2
		got, err := readAll(t, file.bytes(), nil, Options{})
		if want = "a\n\"" + strings.ReplaceAll(want, "\"", "\"\"") + "\"\n"; err != nil || got != want {
			t.Errorf("%q, want %q, error %v", got, want, err)
		}
	}
	f(forgedNode{typ: typeBoolean, converted: -1}, []byte{1}, `[true,false]`)
	f(forgedNode{typ: typeInt64, converted: 5, precision: 9, scale: 2}, plain64(150, -1), `[1.50,-0.01]`)
	f(forgedNode{typ: typeBytes, converted: 5, precision: 9, scale: 2}, plainText("\x01", "\xff"), `[0.01,-0.01]`)
	f(forgedNode{typ: typeDouble, converted: -1}, plain64(0x3fe0000000000000, -1<<52), `[0.5,"-Infinity"]`)
	f(forgedNode{typ: typeDouble, converted: -1}, plain64(0x7ff8000000000000, 0x7ff0000000000000), `["NaN","Infinity"]`)
	f(forgedNode{typ: typeInt64, converted: 9}, plain64(0, 1), `["1970-01-01T00:00:00.000Z","1970-01-01T00:00:00.001Z"]`)
	f(forgedNode{typ: typeFixed, length: 2, converted: -1}, []byte("\x00\xff12"), `["00ff","3132"]`)
}

// listFile is a file of one repeated column, LIST style, from its levels.
func listFile(rows int64, reps, defs []int, values ...int64) []byte {
	body := withLength(runs(1, reps...))
	body = append(body, withLength(runs(2, defs...))...)
	n := 0
	for i := 1; i < len(reps); i += 2 {
		n += reps[i]
	}
	path := []string{"a", "list", "element"}
	f := &forgedFile{roots: 1, rows: rows, nodes: []forgedNode{
		{name: "a", typ: -1, repetition: optional, kids: 1, converted: 3},
		{name: "list", typ: -1, repetition: repeated, kids: 1, converted: -1},
		{name: "element", typ: typeInt64, repetition: optional, converted: -1},
	}}
	f.groups = []forgedGroup{{rows, []forgedChunk{{path: path, typ: typeInt64, values: int64(n),
		pages: []forgedPage{{values: n, body: append(body, plain64(values...)...)}}}}}}
	return f.bytes()
}

// TestListDamage: levels that no writer can mean.
func TestListDamage(t *testing.T) {
	f := func(data []byte, want string, wantErr error) {
		t.Helper()
		got, err := readAll(t, data, nil, Options{})
		if got != "a.list.element\n"+want || !errors.Is(err, wantErr) {
			t.Errorf("%q, want %q, error %v, want %v", got, want, err, wantErr)
		}
	}
	f(listFile(2, []int{0, 1, 1, 1, 0, 1}, []int{3, 3}, 5, 6, 7), "\"[5,6]\"\n[7]\n", nil)
	f(listFile(2, []int{0, 2}, []int{0, 1, 1, 1}), "\"\"\n[]\n", nil)
	f(listFile(1, []int{1, 1}, []int{3, 1}, 5), "", errLevels)
	f(listFile(2, []int{0, 1, 1, 1}, []int{3, 1, 0, 1}, 5), "", errLevels)
	f(listFile(2, []int{0, 1, 1, 1}, []int{1, 1, 3, 1}, 5), "", errLevels)
	f(listFile(1, []int{0, 2}, []int{3, 2}, 5, 6), "[5]\n", errMoreRows)
	f(listFile(3, []int{0, 3, 1, 1}, []int{3, 4}, 5, 6, 7, 8), "[5]\n[6]\n\"[7,8]\"\n", nil)
	f(listFile(3, []int{0, 2, 1, 2}, []int{3, 4}, 5, 6, 7, 8), "[5]\n\"[6,7,8]\"\n", errFewRows)
	f(listFile(1, []int{0, 1}, []int{3, 1}), "", errTooFew)
	f(listFile(1, []int{0, 1}, []int{3, 1}, 5, 6), "", errTooMany)
}
