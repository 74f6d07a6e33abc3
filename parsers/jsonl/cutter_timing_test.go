package jsonl

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
)

// BenchmarkCut finds records in an array, and in one that is wrapped and
// written over several lines. The control is encoding/json.
func BenchmarkCut(b *testing.B) {
	const records = 20_000
	lines, _ := benchLogins(records)
	flat := append(append([]byte("["), bytes.Join(bytes.Fields(bytes.ReplaceAll(lines, []byte(" "), []byte("_"))), []byte(","))...), ']')
	var indented bytes.Buffer
	if err := json.Indent(&indented, flat, "", "  "); err != nil {
		b.Fatal(err)
	}
	wrapped := append(append([]byte("{\"n\": 1,\n\"items\": "), indented.Bytes()...), '}')
	nested := append(append([]byte("["), bytes.Join(bytes.Split(bytes.TrimSpace(benchNested(records/6)), []byte("\n")), []byte(",\n"))...), ']')
	for _, form := range []struct {
		name, wrapper string
		data          []byte
		records       int
	}{{"flat", "", flat, records}, {"lines", "", lines, records}, {"indented", "items", wrapped, records}, {"nested", "", nested, records / 6}} {
		b.Run("form="+form.name+"/reader=Cutter", func(b *testing.B) {
			benchmark(b, form.data, form.records, func() (n int) {
				c := NewCutter(bytes.NewReader(form.data), form.wrapper)
				for {
					block, err := c.Next()
					if err == io.EOF {
						return n
					}
					if block.Broken != "" {
						return -1
					}
					n += len(block.Records)
					block.Free()
				}
			})
		})
		if form.name == "flat" {
			b.Run("form="+form.name+"/reader=encoding-json", func(b *testing.B) {
				benchmark(b, form.data, form.records, func() (n int) {
					dec := json.NewDecoder(bytes.NewReader(form.data))
					must(dec.Token())
					for ; dec.More(); n++ {
						var v json.RawMessage
						if err := dec.Decode(&v); err != nil {
							b.Fatal(err)
						}
					}
					return n
				})
			})
		}
	}
}
