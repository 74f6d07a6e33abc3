package parquetfile_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/table/tabletest"
)

func write(t testing.TB, tab *table.Table, meta ...parquetfile.KeyValue) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := parquetfile.Write(&b, tab, meta); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte, s table.Schema) (*table.Table, error) {
	return parquetfile.Read(bytes.NewReader(data), int64(len(data)), s)
}

func TestContract(t *testing.T) {
	tabletest.Run(t, tabletest.Codec{
		Write:     func(w io.Writer, tab *table.Table) error { return parquetfile.Write(w, tab, nil) },
		Read:      read,
		ValidText: true,
	})
}

func TestDescribe(t *testing.T) {
	s := table.Schema{Name: "refunds", Doc: "a ledger line", Columns: []table.Column{
		{Name: "refund_id", Kind: table.Text, Doc: "hash of what it stands for"},
		{Name: "amount", Kind: table.Amount, Doc: "minor units; 日本語 too"},
		{Name: "tier", Kind: table.Code, Nullable: true},
		{Name: "at", Kind: table.Time},
		{Name: "lines", Kind: table.Int, Nullable: true, Doc: "count"},
	}}
	meta := []parquetfile.KeyValue{{"z_policy", "sha256:00"}, {"a_unit", "JPY"}, {"empty", ""}}
	data := write(t, table.New(s, 0), meta...)
	got, err := parquetfile.Describe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(parquetfile.Description{Schema: s, Meta: meta}, got); d != "" {
		t.Error(d)
	}
	data = write(t, tabletest.Rows(17))
	got, err = parquetfile.Describe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	// What a file says of itself is enough to check its rows.
	tab, err := read(data, got.Schema)
	if err != nil || tab.CanonicalHash() != tabletest.Rows(17).CanonicalHash() || got.Rows != 17 {
		t.Errorf("%d rows, error %v", got.Rows, err)
	}
}

func TestWriteRefusesMetadata(t *testing.T) {
	for name, meta := range map[string][]parquetfile.KeyValue{
		"empty key":  {{"", "x"}},
		"twice":      {{"a", "1"}, {"a", "2"}},
		"the schema": {{parquetfile.SchemaKey, "{}"}},
	} {
		var b bytes.Buffer
		if err := parquetfile.Write(&b, tabletest.Rows(1), meta); err == nil || b.Len() > 0 {
			t.Errorf("%s: error %v after %d bytes", name, err, b.Len())
		}
	}
}

// TestReadOtherKinds checks that no column is read as what it is not.
func TestReadOtherKinds(t *testing.T) {
	data := write(t, tabletest.Rows(3))
	for i, c := range tabletest.AllKinds().Columns {
		for k := table.Text; k <= table.Time; k++ {
			// Text and Code are one type in Parquet, Int and Amount another.
			same := k.IsText() == c.Kind.IsText() && (k == table.Time) == (c.Kind == table.Time)
			s := tabletest.AllKinds()
			s.Columns[i].Kind = k
			_, err := read(data, s)
			if same && err != nil || !same && (err == nil || !strings.Contains(err.Error(), "column "+c.Name)) {
				t.Errorf("column %s as %s: error %v", c.Name, k, err)
			}
		}
	}
}

// TestReadDamaged reads files cut anywhere, and files with one bit changed
// anywhere: never a panic, never other rows without an error when cut.
func TestReadDamaged(t *testing.T) {
	tab := tabletest.Rows(40)
	data := write(t, tab)
	want := tab.CanonicalHash()
	for n := 0; n < len(data); n++ {
		if _, err := read(data[:n], tab.Schema()); err == nil {
			t.Errorf("a file cut at %d of %d was read", n, len(data))
		}
	}
	silent := 0
	for i := 0; i < len(data); i += 3 {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		if got, err := read(bad, tab.Schema()); err == nil && got.CanonicalHash() != want {
			silent++
		}
		parquetfile.Describe(bytes.NewReader(bad), int64(len(bad)))
	}
	// Pages carry no checksum: what finds these is the manifest's hash.
	t.Logf("of %d flipped bits, %d changed rows without an error", len(data)/3, silent)
	for _, junk := range []string{"", "PAR1", "PAR1PAR1", strings.Repeat("x", 100), "PAR1\xff\xff\xff\x7fPAR1"} {
		if _, err := read([]byte(junk), tab.Schema()); err == nil {
			t.Errorf("%q was read", junk)
		}
		if _, err := parquetfile.Describe(strings.NewReader(junk), int64(len(junk))); err == nil {
			t.Errorf("%q was described", junk)
		}
	}
}

// TestManyRowGroups crosses the border between row groups with nulls, codes and
// texts that do not repeat.
func TestManyRowGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 300,000 rows")
	}
	tab := tabletest.Rows(2*parquetfile.RowGroupRows + 12_345)
	got, err := read(write(t, tab), tab.Schema())
	if err != nil {
		t.Fatal(err)
	}
	tabletest.Compare(t, tab, got, true)
}
