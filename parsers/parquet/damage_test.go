package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	pq "github.com/apache/arrow/go/v15/parquet"
	"github.com/klauspost/compress/zstd"
)

// checkedFile is a file whose pages all have checksums: required integers,
// texts with nulls by dictionary in pages of both versions, and lists.
func checkedFile() (data []byte, text string) {
	const rows = 20
	f := &forgedFile{roots: 3, rows: 2 * rows, nodes: []forgedNode{
		{name: "n", typ: typeInt64, converted: -1},
		{name: "t", typ: typeBytes, repetition: optional, converted: 0},
		{name: "l", typ: typeInt64, repetition: repeated, converted: -1},
	}}
	text = "n,t,l\n"
	for g := range 2 {
		n := forgedChunk{path: []string{"n"}, typ: typeInt64, values: rows}
		for from := 0; from < rows; from += rows / 2 {
			var values []int64
			for i := range rows / 2 {
				values = append(values, int64(1000*g+from+i))
			}
			n.pages = append(n.pages, forgedPage{values: rows / 2, body: plain64(values...), crc: true})
		}
		dict := forgedPage{kind: pageDict, values: 3, body: plainText("a", "b,", ""), crc: true}
		defs := runs(1, 1, 6, 0, 4)
		index := append([]byte{2}, runs(2, 0, 2, 1, 2, 2, 2)...)
		t := forgedChunk{path: []string{"t"}, typ: typeBytes, values: rows, pages: []forgedPage{dict,
			{values: rows / 2, encoding: encDict, body: append(withLength(defs), index...), crc: true},
			{kind: pageDataV2, values: rows / 2, encoding: encDict, body: append(defs, index...), defBytes: len(defs), plain: true, crc: true}}}
		l := forgedChunk{path: []string{"l"}, typ: typeInt64, values: rows + 1, pages: []forgedPage{
			{values: rows + 1, body: append(append(withLength(runs(1, 0, 1, 1, 1, 0, rows-1)), withLength(runs(1, 1, 3, 0, rows-2))...), plain64(7, 8, 9)...), crc: true}}}
		f.groups = append(f.groups, forgedGroup{rows, []forgedChunk{n, t, l}})
		for i := range rows {
			cell := ""
			if i%10 < 6 {
				cell = []string{"a", `"b,"`, `""`}[i%10/2]
			}
			list := map[int]string{0: `"[7,8]"`, 1: "[9]"}[i]
			if list == "" {
				list = "[]"
			}
			text += fmt.Sprintf("%d,%s,%s\n", 1000*g+i, cell, list)
		}
	}
	return f.bytes(), text
}

// footerAt returns where the footer begins.
func footerAt(data []byte) int {
	return len(data) - tailBytes - int(binary.LittleEndian.Uint32(data[len(data)-tailBytes:]))
}

// TestFlippedBits: no damaged bit in a page changes a row that is delivered.
// Every row before the damage is delivered, of its own row group at least those
// of the pages before.
func TestFlippedBits(t *testing.T) {
	data, text := checkedFile()
	if got, err := readAll(t, data, nil, Options{}); err != nil || got != text {
		t.Fatalf("%q, want %q, error %v", got, text, err)
	}
	harmless := 0
	for at := 0; at < footerAt(data); at++ {
		for bit := range 8 {
			data[at] ^= 1 << bit
			got, err := readAll(t, data, nil, Options{})
			data[at] ^= 1 << bit
			var damaged *DamageError
			var unsupported *UnsupportedError
			var limit *LimitError
			switch {
			case err == nil && got == text:
				harmless++ // a field of a header that nobody needs
			case err == nil, !strings.HasPrefix(text, got), got != "" && !strings.HasSuffix(got, "\n"),
				!errors.As(err, &damaged) && !errors.As(err, &unsupported) && !errors.As(err, &limit):
				t.Errorf("bit %d of byte %d: %d bytes, error %v", bit, at, len(got), err)
			case at > footerAt(data)/2+100 && strings.Count(got, "\n") < 21:
				t.Errorf("bit %d of byte %d in the second row group: %d rows, error %v", bit, at, strings.Count(got, "\n")-1, err)
			}
			checkNoPanic(t, err)
		}
	}
	if harmless > footerAt(data) {
		t.Errorf("%d of %d bits made no difference", harmless, 8*footerAt(data))
	}
}

func checkNoPanic(t testing.TB, err error) {
	t.Helper()
	var p *panicError
	if errors.As(err, &p) {
		t.Errorf("a panic: %v", err)
	}
}

// TestFlippedFooter: a footer may say anything.
func TestFlippedFooter(t *testing.T) {
	data, text := checkedFile()
	for at := footerAt(data); at < len(data); at++ {
		for bit := range 8 {
			data[at] ^= 1 << bit
			got, err := readAll(t, data, nil, Options{})
			data[at] ^= 1 << bit
			checkNoPanic(t, err)
			if len(got) > 2*len(text) {
				t.Errorf("bit %d of byte %d: %d bytes, error %v", bit, at, len(got), err)
			}
		}
	}
}

// TestFlippedArrow does without checksums: what comes is whole records.
func TestFlippedArrow(t *testing.T) {
	rows := logRows(150)
	for name, codec := range codecs {
		data := writeFile(t, len(rows), 100, logColumns(rows), pq.WithCompression(codec), pq.WithDataPageSize(1000))
		for at := 4; at < len(data); at += 1 + len(data)/150 {
			data[at] ^= 1 << (at % 8)
			got, err := readAll(t, data, nil, Options{})
			data[at] ^= 1 << (at % 8)
			checkNoPanic(t, err)
			checkRecords(t, got, 10, len(rows), err == nil)
			if t.Failed() {
				t.Fatalf("%s, byte %d, error %v", name, at, err)
			}
		}
	}
}

// checkRecords checks that a text is whole records of so many fields, and how
// many.
func checkRecords(t testing.TB, text string, fields, rows int, all bool) {
	t.Helper()
	if text == "" && !all {
		return
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord = fields, true
	n := 0
	for {
		_, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Errorf("record %d: %v", n, err)
			return
		}
		n++
	}
	if n > rows+1 || all && n != rows+1 || n == 0 || text[len(text)-1] != '\n' {
		t.Errorf("%d records, want %d", n, rows+1)
	}
}

func TestTruncated(t *testing.T) {
	data, _ := checkedFile()
	for n := range len(data) {
		cut := bytes.NewReader(data[:n])
		_, _, err := Columns(cut, int64(n))
		_, err2 := Open(context.Background(), cut, int64(n), nil, Options{})
		var damaged *DamageError
		if !errors.As(err, &damaged) || err2 == nil || err2.Error() != err.Error() {
			t.Fatalf("%d bytes: %v, %v", n, err, err2)
		}
	}
	// A file that becomes shorter while it is read.
	_, err := readAll(t, data[:0], nil, Options{})
	if err == nil || err.Error() != "the Parquet file is damaged: "+errNoFooter.Error() {
		t.Error(err)
	}
	r, err := Open(context.Background(), &shrinking{data: data}, int64(len(data)), nil, Options{})
	if err == nil {
		defer r.Close()
		_, err = io.ReadAll(r)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// shrinking is a file that loses its first half once its footer was read.
type shrinking struct {
	data  []byte
	reads int
}

func (s *shrinking) ReadAt(p []byte, off int64) (int, error) {
	if s.reads++; s.reads > 3 {
		s.data = s.data[:min(len(s.data), 100)]
	}
	return bytes.NewReader(s.data).ReadAt(p, off)
}

// TestLies: footers and headers that claim what is not so.
func TestLies(t *testing.T) {
	f := func(file *forgedFile, want string, wantErr string) {
		t.Helper()
		got, err := readAll(t, file.bytes(), nil, Options{})
		if err == nil || !strings.Contains(err.Error(), wantErr) || got != want {
			t.Errorf("%q, want %q, error %v, want %s", got, want, err, wantErr)
		}
	}
	file := func() *forgedFile {
		return oneColumn(typeInt64, 4, forgedPage{values: 2, body: plain64(1, 2)}, forgedPage{values: 2, body: plain64(3, 4)})
	}
	lie := func(do func(f *forgedFile, g *forgedGroup, c *forgedChunk)) *forgedFile {
		f := file()
		do(f, &f.groups[0], &f.groups[0].chunks[0])
		return f
	}
	type (
		F = *forgedFile
		G = *forgedGroup
		C = *forgedChunk
	)
	f(lie(func(f F, g G, c C) { f.rows = 5 }), "", "the footer says 5 rows, but its row groups have 4")
	f(lie(func(f F, g G, c C) { f.rows = 3 }), "", "the footer says 3 rows, but its row groups have 4")
	f(lie(func(f F, g G, c C) { f.rows = -1 }), "", "no number of rows")
	f(lie(func(f F, g G, c C) { g.rows = math.MaxInt64; f.groups = append(f.groups, *g) }), "", "the footer says 4 values, but 9223372036854775807 rows")
	f(lie(func(f F, g G, c C) { g.rows = -4 }), "", errShape.Error())
	f(lie(func(f F, g G, c C) { c.values = 5 }), "", "the footer says 5 values, but 4 rows")
	f(lie(func(f F, g G, c C) { c.longer = 1 << 40 }), "", "outside the file")
	f(lie(func(f F, g G, c C) { c.longer = -1 << 40 }), "", "outside the file")
	f(lie(func(f F, g G, c C) { c.typ = typeDouble }), "", "another in a row group")
	f(lie(func(f F, g G, c C) { c.path = []string{"b"} }), "", `are not those of the file, at "a"`)
	f(lie(func(f F, g G, c C) { c.path = []string{"a", "b"} }), "", "are not those of the file")
	f(lie(func(f F, g G, c C) { g.chunks = append(g.chunks, *c) }), "", "a row group with 2 of 1 columns")
	f(lie(func(f F, g G, c C) { g.chunks = nil }), "", "a row group with 0 of 1 columns")
	f(lie(func(f F, g G, c C) { c.codec = 3 }), "", `in column "a": the compression LZO; leave`)
	f(lie(func(f F, g G, c C) { c.codec = 5 }), "", "LZ4_RAW can be read")
	f(lie(func(f F, g G, c C) { c.codec = 99 }), "", "the compression of number 99")
	f(lie(func(f F, g G, c C) { f.roots = 2 }), "", "not the tree")
	f(lie(func(f F, g G, c C) { f.roots = 0 }), "", "not the tree")
	f(lie(func(f F, g G, c C) { f.nodes = nil; f.roots = 0 }), "", "no columns")
	f(lie(func(f F, g G, c C) { f.nodes[0].repetition = 3 }), "", errShape.Error())
	f(lie(func(f F, g G, c C) { f.nodes[0].name = strings.Repeat("x", maxPath) }), "", "longer than 1024 bytes")
	// Columns that lie on top of each other.
	const groups = 20
	over := file()
	pages := over.groups[0].chunks[0].pages
	size := len(pages[0].bytes()) + len(pages[1].bytes())
	over.groups = nil
	for i := range groups {
		over.groups = append(over.groups, forgedGroup{4, []forgedChunk{{path: []string{"a"}, typ: typeInt64, values: 4, pages: pages, longer: int64((groups - 1 - i) * size)}}})
	}
	over.rows = 4 * groups
	f(over, "", "share bytes")

	// Pages: all of them are counted before the first is believed.
	f(lie(func(f F, g G, c C) { c.pages[0].values = 1 }), "a\n", errCount.Error())
	f(lie(func(f F, g G, c C) { c.pages[0].values = 3 }), "a\n", errCount.Error())
	f(lie(func(f F, g G, c C) { c.pages[0].values, c.pages[1].values = 1, 3 }), "a\n", errTooMany.Error())
	f(lie(func(f F, g G, c C) { c.pages[0].values, c.pages[1].values = 3, 1 }), "a\n", errTooFew.Error())
	f(lie(func(f F, g G, c C) { c.pages[1].body = c.pages[1].body[:15] }), "a\n1\n2\n", "after row 2")
	f(lie(func(f F, g G, c C) { c.pages[1].unpacked = 17 }), "a\n1\n2\n", errUnpacked.Error())
	f(lie(func(f F, g G, c C) { c.pages[1].unpacked = math.MaxInt32 }), "a\n1\n2\n", "a page of more than 268435456 bytes")
	f(lie(func(f F, g G, c C) { c.pages[1].encoding = 4 }), "a\n1\n2\n", `after row 2 in column "a": the encoding BIT_PACKED`)
	f(lie(func(f F, g G, c C) { c.pages[1].encoding = encDeltaBytes }), "a\n1\n2\n", "the encoding of number 7")
	f(lie(func(f F, g G, c C) { c.pages[1].encoding = encDelta }), "a\n1\n2\n", errDelta.Error())
	f(lie(func(f F, g G, c C) { c.pages[1].kind, c.pages[1].defBytes = pageDataV2, 17 }), "a\n1\n2\n", "levels of more bytes")
	f(lie(func(f F, g G, c C) { c.pages[1].kind = pageDict }), "a\n", errCount.Error())
	f(lie(func(f F, g G, c C) { f.nodes[0].repetition = optional }), "a\n", errTooFew.Error())
}

// TestManyNodes: a schema is no way to take memory or the stack.
func TestManyNodes(t *testing.T) {
	deep := &forgedFile{roots: 1}
	for range 100 {
		deep.nodes = append(deep.nodes, forgedNode{name: "x", typ: -1, kids: 1, converted: -1})
	}
	deep.nodes = append(deep.nodes, forgedNode{name: "x", typ: typeInt32, converted: -1})
	if _, err := readAll(t, deep.bytes(), nil, Options{}); err == nil || !strings.Contains(err.Error(), "more than 64 deep") {
		t.Error(err)
	}
	wide := &forgedFile{roots: maxLeaves + 1}
	for range maxLeaves + 1 {
		wide.nodes = append(wide.nodes, forgedNode{typ: typeInt32, converted: -1})
	}
	if _, err := readAll(t, wide.bytes(), nil, Options{}); err == nil || !strings.Contains(err.Error(), "more than 65536 columns") {
		t.Error(err)
	}
}

// TestWide: a column costs little where there are many.
func TestWide(t *testing.T) {
	const width = 3000
	f := &forgedFile{roots: width, rows: 2, groups: []forgedGroup{{rows: 2}}}
	want := [3][]string{}
	for i := range width {
		name := fmt.Sprint("c", i)
		f.nodes = append(f.nodes, forgedNode{name: name, typ: typeBytes, converted: 0})
		f.groups[0].chunks = append(f.groups[0].chunks, forgedChunk{path: []string{name}, typ: typeBytes, values: 2,
			pages: []forgedPage{{values: 2, body: plainText(name, "x")}}})
		want[0], want[1], want[2] = append(want[0], name), append(want[1], name), append(want[2], "x")
	}
	data := f.bytes()
	var got string
	var err error
	if memory := took(func() { got, err = readAll(t, data, nil, Options{}) }); memory > 16<<20 {
		t.Errorf("%d bytes of memory", memory)
	}
	if text := strings.Join(want[0], ",") + "\n" + strings.Join(want[1], ",") + "\n" + strings.Join(want[2], ",") + "\n"; err != nil || got != text {
		t.Errorf("%d bytes, want %d, error %v", len(got), len(text), err)
	}
	if _, err := drain(t, data, Options{Limits: Limits{MaxMemory: 100 << 10}}); err == nil || !strings.Contains(err.Error(), "needs more than 102400 bytes of memory") {
		t.Errorf("error %v", err)
	}
}

// took returns how much memory do allocates in all.
func took(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// drain reads a file to its end, keeping nothing.
func drain(t *testing.T, data []byte, opt Options) (n int64, err error) {
	t.Helper()
	r, err := Open(context.Background(), bytes.NewReader(data), int64(len(data)), nil, opt)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, r)
}

// TestBombs: small files that would become large meet a cap, and take little
// memory before.
func TestBombs(t *testing.T) {
	f := func(name string, file *forgedFile, opt Options, want Cap, memory uint64) {
		t.Helper()
		data := file.bytes()
		var n int64
		var err error
		got := took(func() { n, err = drain(t, data, opt) })
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Cap != want || n > ratioFloor+maxRow {
			t.Errorf("%s: %d bytes, error %v", name, n, err)
		}
		if got > memory {
			t.Errorf("%s took %d bytes of memory", name, got)
		}
	}
	const many = 1 << 30
	nullable := func(file *forgedFile) *forgedFile { file.nodes[0].repetition = optional; return file }
	nulls := forgedPage{values: many / 16, body: withLength(runs(1, 0, many/16))}
	f("a thousand million nulls", nullable(oneColumn(typeInt64, many, slices.Repeat([]forgedPage{nulls}, 16)...)), Options{}, RatioCap, 16<<20)
	nulls = forgedPage{values: many, body: withLength(runs(1, 0, many))}
	f("as many in one page", nullable(oneColumn(typeInt64, many, nulls)), Options{}, RatioCap, 1<<20)

	large := plainText(strings.Repeat("x", 1<<20))
	f("a text a million times", oneColumn(typeBytes, 1<<20, forgedPage{kind: pageDict, values: 1, body: large},
		forgedPage{values: 1 << 20, encoding: encDict, body: append([]byte{0}, runs(0, 0, 1<<20)...)}), Options{Limits: Limits{MaxRatio: 10}}, RatioCap, 32<<20)

	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zeros := e.EncodeAll(make([]byte, 200<<20), nil)
	zipped := oneColumn(typeInt64, 2, forgedPage{values: 1, body: zeros, unpacked: 200 << 20}, forgedPage{values: 1, body: plain64(1)})
	zipped.groups[0].chunks[0].codec = codecZstd
	f("zeros", zipped, Options{}, RatioCap, 1<<20)
	f("zeros that are allowed", zipped, Options{Limits: Limits{MaxRatio: -1, MaxMemory: 100 << 20}}, MemoryCap, 1<<20)
	f("zeros in a page", zipped, Options{Limits: Limits{MaxRatio: -1, MaxPage: 200<<20 - 1}}, PageCap, 1<<20)
	zipped.groups[0].chunks[0].pages[0].kind = pageDict
	zipped.groups[0].chunks[0].pages[0].values = 25 << 20
	zipped.groups[0].chunks[0].pages[1].values = 2
	f("a dictionary of zeros", zipped, Options{Limits: Limits{MaxRatio: -1, MaxMemory: 300 << 20}}, MemoryCap, 250<<20)
	// The frame has more than the header says.
	zipped.groups[0].chunks[0].pages[0] = forgedPage{values: 1, body: zeros, unpacked: 8}
	zipped.groups[0].chunks[0].pages[1].values = 1
	data := zipped.bytes()
	if got := took(func() { _, err = drain(t, data, Options{}) }); got > 8<<20 || err == nil {
		t.Errorf("a frame that says too little took %d bytes, error %v", got, err)
	}

	const long = ratioFloor
	list := oneColumn(typeInt64, 1, forgedPage{values: long, body: append(withLength(runs(1, 0, 1, 1, long-1)), append(withLength(runs(1, 1, long)), 1)...)})
	list.nodes[0].repetition, list.groups[0].chunks[0].values = repeated, long
	data = list.bytes()
	if got := took(func() { _, err = drain(t, data, Options{}) }); got > 1<<20 || err == nil {
		t.Errorf("a list of values that are not there took %d bytes, error %v", got, err)
	}
	dict := forgedPage{kind: pageDict, values: 1, body: plain64(1)}
	list.groups[0].chunks[0].pages[0].body = append(withLength(runs(1, 0, 1, 1, long-1)), append(withLength(runs(1, 1, long)), append([]byte{0}, runs(0, 0, long)...)...)...)
	list.groups[0].chunks[0].pages[0].encoding = encDict
	list.groups[0].chunks[0].pages = append([]forgedPage{dict}, list.groups[0].chunks[0].pages...)
	f("a list of 64 million", list, Options{}, RowCap, 256<<20)

	count := binary.AppendUvarint([]byte{0x80, 1, 4}, long) // 128 in 4, so many values
	body := append(append(count, 0), bytes.Repeat([]byte{0, 0, 0, 0, 0}, 100)...)
	lengths := oneColumn(typeBytes, long, forgedPage{values: long, encoding: encDeltaLength, body: body})
	data = lengths.bytes()
	if got := took(func() { _, err = drain(t, data, Options{}) }); got > 1<<20 || !errors.Is(err, errTooFew) {
		t.Errorf("lengths that are not there took %d bytes, error %v", got, err)
	}

	// Every text is the one before it.
	same := append(deltaOf(append([]int64{0}, repeat(1<<20, 100_000)...), 128, 4), deltaOf(append([]int64{1 << 20}, repeat(0, 100_000)...), 128, 4)...)
	prefix := oneColumn(typeBytes, 100_001, forgedPage{values: 100_001, encoding: encDeltaBytes, body: append(same, make([]byte, 1<<20)...)})
	f("a text that is always the same", prefix, Options{Limits: Limits{MaxRatio: 20}}, RatioCap, 64<<20)
}

func repeat(v int64, n int) (out []int64) {
	for range n {
		out = append(out, v)
	}
	return out
}

// TestMaxUnpacked: the text ends with a whole row, at any limit.
func TestMaxUnpacked(t *testing.T) {
	data, text := smallLog(t)
	for limit := 1; limit < len(text)+2000; limit += 1 + limit/3 {
		got, err := readAll(t, data, nil, Options{Limits: Limits{MaxUnpacked: int64(limit)}})
		var e *LimitError
		rows := int64(strings.Count(got, "\n") - 1)
		switch header := strings.IndexByte(text, '\n') + 1; {
		case limit >= len(text):
			if err != nil || got != text {
				t.Errorf("limit %d: %d bytes, error %v", limit, len(got), err)
			}
		case !errors.As(err, &e) || *e != (LimitError{Cap: SizeCap, Limit: int64(limit), Row: rows}), !strings.HasPrefix(text, got):
			t.Errorf("limit %d: %d bytes, error %v", limit, len(got), err)
		case limit > header && (len(got) > limit || len(got)+strings.IndexByte(text[len(got):], '\n')+1 <= limit):
			t.Errorf("limit %d: %d bytes", limit, len(got))
		}
	}
}

// TestMemory: a row group is never in memory, only pages of it are.
func TestMemory(t *testing.T) {
	const pages, perPage = 500, 10_000
	values := make([]int64, perPage)
	for i := range values {
		values[i] = int64(i) * 1_000_003
	}
	page := forgedPage{values: perPage, body: plain64(values...)}
	file := oneColumn(typeInt64, pages*perPage)
	for range pages {
		file.groups[0].chunks[0].pages = append(file.groups[0].chunks[0].pages, page)
	}
	data := file.bytes()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := Open(context.Background(), bytes.NewReader(data), int64(len(data)), nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var most uint64
	var n, rows int
	buf := make([]byte, 1<<20)
	for {
		m, err := r.Read(buf)
		rows += bytes.Count(buf[:m], []byte("\n"))
		if n++; n%8 == 0 {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows != pages*perPage+1 || n < 40 {
		t.Errorf("%d rows in %d reads", rows, n)
	}
	if most > 16<<20 {
		t.Errorf("%d bytes of memory for a file of %d", most, len(data))
	}
}

// Every error has something to say.
func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		`the Parquet file is damaged after row 7 in column "a\nb": unexpected EOF`:                          &DamageError{7, "a\nb", io.ErrUnexpectedEOF},
		"the Parquet file has more than 5 bytes of text":                                                    &LimitError{Cap: SizeCap, Limit: 5},
		`the Parquet file after row 2 in column "a" unpacks to more than 9 times its size`:                  &LimitError{RatioCap, 9, 2, "a"},
		"the Parquet file in column \"" + strings.Repeat(`\x80`, 56) + "\"… has a row of more than 3 bytes": &LimitError{RowCap, 3, 0, strings.Repeat("\x80", 80)},
		"the Parquet file has a page of more than 6 bytes":                                                  &LimitError{Cap: PageCap, Limit: 6},
		"the Parquet file needs more than 4 bytes of memory: leave columns out":                             &LimitError{Cap: MemoryCap, Limit: 4},
		"the Parquet file has a row of more than 3 bytes":                                                   &LimitError{Cap: RowCap, Limit: 3},
		"the Parquet file has a footer of more than 2 bytes":                                                &LimitError{Cap: FooterCap, Limit: 2},
		`cannot read this Parquet file in column "a": x; leave the column out, or export it another way`:    &UnsupportedError{0, "a", "x"},
		"cannot read this Parquet file: it is encrypted":                                                    errCryptic,
		`no column "b"; the Parquet file has: "a"`:                                                          &ColumnError{[]string{"b"}, []string{"a"}},
		`no column is wanted; the Parquet file has: "` + strings.Repeat("円", 20) + `"…`:                     &ColumnError{nil, []string{strings.Repeat("円", 30)}},
		"no column " + strings.Repeat(`"a", `, 40) + `…; the Parquet file has: "b"`:                         &ColumnError{strings.Split(strings.Repeat("a ", 41)+"a", " "), []string{"b"}},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
