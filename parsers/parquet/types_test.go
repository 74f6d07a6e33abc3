package parquet

import (
	"fmt"
	"math"
	"strings"
	"testing"

	pq "github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// A typeCase is a type, some values, and what they are to be written as.
type typeCase struct {
	name    string // what Column.Type is to be
	logical schema.LogicalType
	typ     pq.Type
	length  int
	values  any
	want    []string
}

func fixed(values ...string) (out []pq.FixedLenByteArray) {
	for _, v := range values {
		out = append(out, pq.FixedLenByteArray(v))
	}
	return out
}

func varying(values ...string) (out []pq.ByteArray) {
	for _, v := range values {
		out = append(out, pq.ByteArray(v))
	}
	return out
}

// typeCases are all types that arrow can write.
func typeCases() []typeCase {
	decimal := schema.NewDecimalLogicalType
	stamp, clock := schema.NewTimestampLogicalType, schema.NewTimeLogicalType
	nan := math.NaN()
	return []typeCase{
		{"BOOLEAN", nil, pq.Types.Boolean, -1, []bool{true, false}, []string{"true", "false"}},
		{"INT32", nil, pq.Types.Int32, -1, []int32{0, -1, math.MaxInt32, math.MinInt32}, []string{"0", "-1", "2147483647", "-2147483648"}},
		{"INT64", nil, pq.Types.Int64, -1, []int64{7, -8, math.MaxInt64, math.MinInt64}, []string{"7", "-8", "9223372036854775807", "-9223372036854775808"}},
		{"INT32 INT(8)", schema.NewIntLogicalType(8, true), pq.Types.Int32, -1, []int32{-128, 127}, []string{"-128", "127"}},
		{"INT32 UINT(16)", schema.NewIntLogicalType(16, false), pq.Types.Int32, -1, []int32{0, 65535}, []string{"0", "65535"}},
		{"INT32 UINT(32)", schema.NewIntLogicalType(32, false), pq.Types.Int32, -1, []int32{-1, 1}, []string{"4294967295", "1"}},
		{"INT64 UINT(64)", schema.NewIntLogicalType(64, false), pq.Types.Int64, -1, []int64{-1, 1}, []string{"18446744073709551615", "1"}},
		{"INT64 INT(64)", schema.NewIntLogicalType(64, true), pq.Types.Int64, -1, []int64{-1, 1}, []string{"-1", "1"}},

		{"FLOAT", nil, pq.Types.Float, -1, []float32{0.1, 1.1, -2, 16777216, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(nan)},
			[]string{"0.1", "1.1", "-2", "16777216", "3.4028235e+38", "1e-45", "NaN"}},
		{"DOUBLE", nil, pq.Types.Double, -1,
			[]float64{0, math.Copysign(0, -1), 0.1, 123456789.12, 0.30000000000000004, 1e16, 99999999999999984, 1e17, 1e-7, 1.5e-17, math.Inf(1), math.Inf(-1), nan, math.MaxFloat64},
			[]string{"0", "-0", "0.1", "123456789.12", "0.30000000000000004", "10000000000000000", "99999999999999980", "1e+17", "0.0000001", "1.5e-17", "Infinity", "-Infinity", "NaN", "1.7976931348623157e+308"}},

		{"INT32 DATE", schema.DateLogicalType{}, pq.Types.Int32, -1, []int32{0, -1, 18079, 2932896, 2932897, -719528, -719529, math.MinInt32},
			[]string{"1970-01-01", "1969-12-31", "2019-07-02", "9999-12-31", "+10000-01-01", "0000-01-01", "-0001-12-31", "-5877641-06-23"}},
		{"INT32 TIME(MILLIS)", clock(false, schema.TimeUnitMillis), pq.Types.Int32, -1, []int32{0, 86399999, 86400000, -1},
			[]string{"00:00:00.000", "23:59:59.999", "86400000", "-1"}},
		{"INT64 TIME(MICROS,UTC)", clock(true, schema.TimeUnitMicros), pq.Types.Int64, -1, []int64{43384000001}, []string{"12:03:04.000001Z"}},
		{"INT64 TIME(NANOS)", clock(false, schema.TimeUnitNanos), pq.Types.Int64, -1, []int64{43384000000001}, []string{"12:03:04.000000001"}},
		{"INT64 TIMESTAMP(MILLIS,UTC)", stamp(true, schema.TimeUnitMillis), pq.Types.Int64, -1, []int64{0, -1, 1562068984123, math.MaxInt64},
			[]string{"1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2019-07-02T12:03:04.123Z", "+292278994-08-17T07:12:55.807Z"}},
		{"INT64 TIMESTAMP(MICROS)", stamp(false, schema.TimeUnitMicros), pq.Types.Int64, -1, []int64{1562068984123456, -62135596800000001},
			[]string{"2019-07-02T12:03:04.123456", "0000-12-31T23:59:59.999999"}},
		{"INT64 TIMESTAMP(NANOS,UTC)", stamp(true, schema.TimeUnitNanos), pq.Types.Int64, -1, []int64{1562068984123456789, math.MinInt64},
			[]string{"2019-07-02T12:03:04.123456789Z", "1677-09-21T00:12:43.145224192Z"}},
		{"INT96", nil, pq.Types.Int96, -1, []pq.Int96{int96(2458667, 43384123456789), int96(2440588, -1), int96(2440587, 86400000000000)},
			[]string{"2019-07-02T12:03:04.123456789", "1969-12-31T23:59:59.999999999", "1970-01-01T00:00:00.000000000"}},

		{"INT32 DECIMAL(9,2)", decimal(9, 2), pq.Types.Int32, -1, []int32{0, 5, -5, 123, -12345, math.MinInt32},
			[]string{"0.00", "0.05", "-0.05", "1.23", "-123.45", "-21474836.48"}},
		{"INT64 DECIMAL(18,0)", decimal(18, 0), pq.Types.Int64, -1, []int64{0, -7, math.MinInt64}, []string{"0", "-7", "-9223372036854775808"}},
		{"INT64 DECIMAL(18,18)", decimal(18, 18), pq.Types.Int64, -1, []int64{1, -1e18}, []string{"0.000000000000000001", "-1.000000000000000000"}},
		{"FIXED_LEN_BYTE_ARRAY(16) DECIMAL(38,4)", decimal(38, 4), pq.Types.FixedLenByteArray, 16,
			fixed("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xe2\x40", strings.Repeat("\xff", 16), "\x7f"+strings.Repeat("\xff", 15), "\x80"+strings.Repeat("\x00", 15)),
			[]string{"12.3456", "-0.0001", "17014118346046923173168730371588410.5727", "-17014118346046923173168730371588410.5728"}},
		{"FIXED_LEN_BYTE_ARRAY(3) DECIMAL(6,2)", decimal(6, 2), pq.Types.FixedLenByteArray, 3, fixed("\x00\x30\x39", "\xff\xcf\xc7"), []string{"123.45", "-123.45"}},
		{"BYTE_ARRAY DECIMAL(60,1)", decimal(60, 1), pq.Types.ByteArray, -1, varying("\x05", "\xfb", "\x01"+strings.Repeat("\x00", 20)),
			[]string{"0.5", "-0.5", "146150163733090291820368483271628301965593254297.6"}},

		{"BYTE_ARRAY STRING", schema.StringLogicalType{}, pq.Types.ByteArray, -1, varying("abc", "a,b", "渋谷"), []string{"abc", `"a,b"`, "渋谷"}},
		{"BYTE_ARRAY ENUM", schema.EnumLogicalType{}, pq.Types.ByteArray, -1, varying("TOPUP"), []string{"TOPUP"}},
		{"BYTE_ARRAY JSON", schema.JSONLogicalType{}, pq.Types.ByteArray, -1, varying(`{"a":1}`), []string{`"{""a"":1}"`}},
		{"BYTE_ARRAY BSON", schema.BSONLogicalType{}, pq.Types.ByteArray, -1, varying("\x05\x00\x00\x00\x00"), []string{"\x05\x00\x00\x00\x00"}},
		{"BYTE_ARRAY", nil, pq.Types.ByteArray, -1, varying("\xfe\x00text"), []string{"\xfe\x00text"}},
		{"FIXED_LEN_BYTE_ARRAY(4)", nil, pq.Types.FixedLenByteArray, 4, fixed("text", "\x00\xff\x10,"), []string{"74657874", "00ff102c"}},
		{"FIXED_LEN_BYTE_ARRAY(16) UUID", schema.UUIDLogicalType{}, pq.Types.FixedLenByteArray, 16,
			fixed("\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00"), []string{"123e4567-e89b-12d3-a456-426614174000"}},
		{"FIXED_LEN_BYTE_ARRAY(12) INTERVAL", schema.IntervalLogicalType{}, pq.Types.FixedLenByteArray, 12,
			fixed("\x01\x00\x00\x00\x02\x00\x00\x00\xbc\x0b\x00\x00"), []string{"P1M2DT3.004S"}},
	}
}

func int96(julianDay int32, nanos int64) (v pq.Int96) {
	for i := range 8 {
		v[i] = byte(nanos >> (8 * i))
	}
	for i := range 4 {
		v[8+i] = byte(julianDay >> (8 * i))
	}
	return v
}

// TestTypes reads every type, with and without nulls and dictionaries, in pages
// of both versions.
func TestTypes(t *testing.T) {
	for _, tc := range typeCases() {
		t.Run(tc.name, func(t *testing.T) {
			n := len(tc.want)
			for _, nullable := range []bool{false, true} {
				c := testColumn{node: leafNode("v", tc.logical, tc.typ, tc.length, nullable), values: tc.values}
				rows, want := n, "@row,v\n"
				if nullable { // a null before each value, and two at the end
					rows = 2*n + 2
					c.defs = make([]int16, rows)
				}
				for i, cell := range tc.want {
					if nullable {
						c.defs[2*i+1] = 1
						want += fmt.Sprintf("%d,\n%d,%s\n", 2*i+1, 2*i+2, cell)
					} else {
						want += fmt.Sprintf("%d,%s\n", i+1, cell)
					}
				}
				if nullable {
					want += fmt.Sprintf("%d,\n%d,\n", rows-1, rows)
				}
				for _, dictionary := range []bool{false, true} {
					for _, version := range []pq.DataPageVersion{pq.DataPageV1, pq.DataPageV2} {
						data := writeFile(t, rows, rows, []testColumn{c}, pq.WithDictionaryDefault(dictionary), pq.WithDataPageVersion(version))
						got, err := readAll(t, data, nil, Options{RowNumbers: true})
						if err != nil || got != want {
							t.Errorf("nullable %v, dictionary %v, %v:\n%s\nwant\n%s\nerror %v", nullable, dictionary, version, got, want, err)
						}
						checkType(t, data, tc.name, nullable)
					}
				}
			}
		})
	}
}

func checkType(t *testing.T, data []byte, name string, nullable bool) {
	t.Helper()
	columns, _, err := Columns(strings.NewReader(string(data)), int64(len(data)))
	want := Column{Name: "v", Type: name, Nullable: nullable, Float: name == "FLOAT" || name == "DOUBLE"}
	if err != nil || len(columns) != 1 || columns[0] != want {
		t.Errorf("%+v, want %+v, error %v", columns, want, err)
	}
}

// TestConverted reads the types that older writers say in another way, and
// those that arrow does not write.
func TestConverted(t *testing.T) {
	f := func(n forgedNode, body []byte, wantType, want string) {
		t.Helper()
		file := oneColumn(n.typ, 1, forgedPage{values: 1, body: body})
		n.name = "a"
		file.nodes[0] = n
		data := file.bytes()
		columns, _, err := Columns(strings.NewReader(string(data)), int64(len(data)))
		if err != nil || columns[0].Type != wantType {
			t.Errorf("%+v, want %s, error %v", columns, wantType, err)
		}
		if got, err := readAll(t, data, nil, Options{}); err != nil || got != "a\n"+want+"\n" {
			t.Errorf("%s: %q, want %q, error %v", wantType, got, want, err)
		}
	}
	int32s := func(v int32) []byte { return plain64(int64(v))[:4] }
	f(forgedNode{typ: typeBytes, converted: 0}, plainText("a"), "BYTE_ARRAY STRING", "a")
	f(forgedNode{typ: typeFixed, length: 3, converted: 0}, []byte("abc"), "FIXED_LEN_BYTE_ARRAY(3) STRING", "abc")
	f(forgedNode{typ: typeBytes, converted: 4}, plainText("a"), "BYTE_ARRAY ENUM", "a")
	f(forgedNode{typ: typeInt32, converted: 5, scale: 2, precision: 5}, int32s(7), "INT32 DECIMAL(5,2)", "0.07")
	f(forgedNode{typ: typeInt32, converted: 6}, int32s(-1), "INT32 DATE", "1969-12-31")
	f(forgedNode{typ: typeInt32, converted: 7}, int32s(1), "INT32 TIME(MILLIS,UTC)", "00:00:00.001Z")
	f(forgedNode{typ: typeInt64, converted: 8}, plain64(1), "INT64 TIME(MICROS,UTC)", "00:00:00.000001Z")
	f(forgedNode{typ: typeInt64, converted: 9}, plain64(1), "INT64 TIMESTAMP(MILLIS,UTC)", "1970-01-01T00:00:00.001Z")
	f(forgedNode{typ: typeInt64, converted: 10}, plain64(1), "INT64 TIMESTAMP(MICROS,UTC)", "1970-01-01T00:00:00.000001Z")
	f(forgedNode{typ: typeInt32, converted: 11}, int32s(200), "INT32 UINT(8)", "200")
	f(forgedNode{typ: typeInt32, converted: 13}, int32s(-2), "INT32 UINT(32)", "4294967294")
	f(forgedNode{typ: typeInt64, converted: 14}, plain64(-2), "INT64 UINT(64)", "18446744073709551614")
	f(forgedNode{typ: typeInt32, converted: 16}, int32s(-2), "INT32 INT(16)", "-2")
	f(forgedNode{typ: typeBytes, converted: 19}, plainText("[]"), "BYTE_ARRAY JSON", "[]")
	f(forgedNode{typ: typeBytes, converted: 20}, plainText("x"), "BYTE_ARRAY BSON", "x")
	f(forgedNode{typ: typeInt32, converted: 99}, int32s(-2), "INT32", "-2")

	empty := func(id int) func(p *pen) { return func(p *pen) { p.begin(id); p.end() } }
	f(forgedNode{typ: typeFixed, length: 2, converted: -1, logical: empty(isFloat16)}, []byte{0x66, 0x2e}, "FIXED_LEN_BYTE_ARRAY(2) FLOAT16", "0.099975586")
	f(forgedNode{typ: typeFixed, length: 2, converted: -1, logical: empty(isFloat16)}, []byte{0x01, 0x80}, "FIXED_LEN_BYTE_ARRAY(2) FLOAT16", "-0.000000059604645")
	f(forgedNode{typ: typeFixed, length: 2, converted: -1, logical: empty(isFloat16)}, []byte{0x00, 0xfc}, "FIXED_LEN_BYTE_ARRAY(2) FLOAT16", "-Infinity")
	f(forgedNode{typ: typeInt32, converted: -1, logical: empty(isNull)}, int32s(3), "INT32 UNKNOWN", "3")
	f(forgedNode{typ: typeBytes, converted: -1, logical: empty(77)}, plainText("x"), "BYTE_ARRAY LOGICAL(77)", "x")
}

// TestRefusedTypes: what a schema says and its types cannot hold is refused, by
// name, and only if it is wanted.
func TestRefusedTypes(t *testing.T) {
	f := func(n forgedNode, want string) {
		t.Helper()
		n.name = "bad"
		file := oneColumn(typeInt64, 1, forgedPage{values: 1, body: plain64(5)})
		file.nodes, file.roots = append(file.nodes, n), 2
		g := &file.groups[0]
		g.chunks = append(g.chunks, forgedChunk{path: []string{"bad"}, typ: n.typ, values: 1, pages: []forgedPage{{values: 1}}})
		data := file.bytes()
		_, err := readAll(t, data, nil, Options{})
		u, ok := err.(*UnsupportedError)
		if !ok || u.Column != "bad" || u.What != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if got, err := readAll(t, data, []string{"a"}, Options{}); err != nil || got != "a\n5\n" {
			t.Errorf("%q, error %v", got, err)
		}
	}
	f(forgedNode{typ: typeDouble, converted: 5, precision: 9, scale: 2}, "its type DOUBLE cannot hold DECIMAL(9,2)")
	f(forgedNode{typ: typeInt32, converted: 5}, "its type INT32 cannot hold DECIMAL(0,0)")
	f(forgedNode{typ: typeBytes, converted: 5, precision: 1 << 30, scale: 1 << 30}, "its type BYTE_ARRAY cannot hold DECIMAL(1073741824,1073741824)")
	f(forgedNode{typ: typeInt64, converted: 6}, "its type INT64 cannot hold DATE")
	f(forgedNode{typ: typeInt32, converted: 10}, "its type INT32 cannot hold TIMESTAMP(MICROS,UTC)")
	f(forgedNode{typ: typeInt64, converted: 7}, "its type INT64 cannot hold TIME(MILLIS,UTC)")
	f(forgedNode{typ: typeInt64, converted: 15}, "its type INT64 cannot hold INT(8)")
	f(forgedNode{typ: typeInt64, converted: 0}, "its type INT64 cannot hold STRING")
	f(forgedNode{typ: typeFixed, length: 3, converted: 21}, "its type FIXED_LEN_BYTE_ARRAY cannot hold INTERVAL")
	f(forgedNode{typ: typeFixed, converted: -1}, "values of 0 bytes")
	f(forgedNode{typ: typeFixed, length: 2 << 20, converted: -1}, "values of 2097152 bytes")
	f(forgedNode{typ: 8, converted: -1}, "its type is not known")
}
