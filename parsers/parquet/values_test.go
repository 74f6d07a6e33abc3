package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	pq "github.com/apache/arrow/go/v15/parquet"
)

// pack is unpack the slow way round.
func pack(values []uint64, width uint) []byte {
	var n, v big.Int
	for i, x := range values {
		n.Or(&n, new(big.Int).Lsh(v.SetUint64(x), width*uint(i)))
	}
	b := n.Bytes()
	slices.Reverse(b)
	return append(b, make([]byte, (int(width)*len(values)+7)/8-len(b))...)
}

func TestUnpack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for width := range uint(65) {
		for range 20 {
			want := make([]uint64, rnd.IntN(70))
			for i := range want {
				want[i] = rnd.Uint64() & (1<<width - 1)
				if width == 64 {
					want[i] = rnd.Uint64()
				}
			}
			data := pack(want, width)
			from := 0
			if len(want) > 0 {
				from = rnd.IntN(len(want))
			}
			got := make([]uint64, len(want)-from)
			unpack(got, data, from*int(width), width)
			if !slices.Equal(got, want[from:]) {
				t.Fatalf("width %d: %v, want %v", width, got, want[from:])
			}
		}
	}
}

// hybridOf stores values in runs, of either kind as it comes.
func hybridOf(rnd *rand.Rand, values []uint32, width uint) (b []byte) {
	for len(values) > 0 {
		n := 1
		for n < len(values) && values[n] == values[0] {
			n++
		}
		if n >= 8 || n == len(values) && rnd.IntN(2) == 0 {
			b = append(b, runs(int(width), int(values[0]), n)...)
			values = values[n:]
			continue
		}
		n = min(8*(1+rnd.IntN(4)), (len(values)+7)/8*8)
		group := make([]uint64, n)
		for i := range min(n, len(values)) {
			group[i] = uint64(values[i])
		}
		b = append(binary.AppendUvarint(b, uint64(n/8)<<1|1), pack(group, width)...)
		values = values[min(n, len(values)):]
	}
	return b
}

func TestHybrid(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		width := uint(rnd.IntN(33))
		want := make([]uint32, 1+rnd.IntN(300))
		highest, highs := uint32(0), 0
		for i := range want {
			want[i] = uint32(rnd.Uint64() & (1<<width - 1))
			if i > 0 && rnd.IntN(3) > 0 {
				want[i] = want[i-1]
			}
			highest = max(highest, want[i])
		}
		for _, v := range want {
			if v == highest {
				highs++
			}
		}
		h := hybrid{data: hybridOf(rnd, want, width), width: width}
		if n, err := h.check(len(want), highest); n != highs || err != nil {
			t.Fatalf("width %d: %d of %d, want %d, error %v", width, n, len(want), highs, err)
		}
		if _, err := h.check(len(want), highest-1); highest > 0 && err != errBits {
			t.Errorf("a value too high: %v", err)
		}
		if _, err := h.check(len(want)+8, highest); err != errTooFew {
			t.Errorf("too few: %v", err)
		}
		more := hybrid{data: append(h.data[:len(h.data):len(h.data)], runs(int(width), 0, 1)...), width: width}
		if _, err := more.check(len(want), highest); err != errTooMany {
			t.Errorf("too many: %v", err)
		}
		got := make([]uint32, len(want))
		for from := 0; from < len(got); {
			n := min(1+rnd.IntN(100), len(got)-from)
			if v, ok := h.same(n); ok {
				for i := range n {
					got[from+i] = v
				}
			} else if err := h.fill(got[from : from+n]); err != nil {
				t.Fatal(err)
			}
			from += n
		}
		if !slices.Equal(got, want) {
			t.Fatalf("width %d: %v, want %v", width, got, want)
		}
	}
}

// deltaOf stores values as differences, the slow way.
func deltaOf(values []int64, block, minis int) []byte {
	b := binary.AppendUvarint(nil, uint64(block))
	b = binary.AppendUvarint(b, uint64(minis))
	b = binary.AppendUvarint(b, uint64(len(values)))
	if len(values) == 0 {
		return append(b, 0)
	}
	b = binary.AppendVarint(b, values[0])
	per := block / minis
	for last, rest := values[0], values[1:]; len(rest) > 0; {
		n := min(block, len(rest))
		diffs := make([]int64, n)
		least := int64(math.MaxInt64)
		for i, v := range rest[:n] {
			diffs[i] = v - last // may wrap, as the format asks
			last, least = v, min(least, diffs[i])
		}
		b = binary.AppendVarint(b, least)
		var widths, packed []byte
		for range minis {
			mini := make([]uint64, per)
			width := uint(0)
			for i := range min(per, len(diffs)) {
				mini[i] = uint64(diffs[i] - least)
				width = max(width, uint(64-leadingZeros(mini[i])))
			}
			if len(diffs) == 0 {
				widths = append(widths, 0xaa) // no one may look at it
				continue
			}
			diffs = diffs[min(per, len(diffs)):]
			widths, packed = append(widths, byte(width)), append(packed, pack(mini, width)...)
		}
		b = append(append(b, widths...), packed...)
		rest = rest[n:]
	}
	return b
}

func leadingZeros(v uint64) (n int) {
	for ; n < 64 && v>>63 == 0; n++ {
		v <<= 1
	}
	return n
}

func TestDelta(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		want := make([]int64, rnd.IntN(600))
		size := rnd.IntN(65)
		for i := range want {
			want[i] = int64(rnd.Uint64() >> min(size, 63))
			if size == 64 {
				want[i] = []int64{math.MinInt64, math.MaxInt64}[i%2]
			}
		}
		minis := 1 << rnd.IntN(3)
		data := deltaOf(want, 32*minis*(1+rnd.IntN(4)), minis)
		d, err := newDelta(data, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.alone(); err != nil || d.total != len(want) {
			t.Fatal(d.total, err)
		}
		got := make([]int64, 0, len(want))
		for len(got) < len(want) {
			part := make([]int64, 1+rnd.IntN(99))
			n, err := d.ints(part)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part[:n]...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for cut := rnd.IntN(9); cut < len(data); cut += 1 + rnd.IntN(40) {
			if d, err := newDelta(data[:cut], false); err == nil && d.alone() == nil && len(want) > 1 {
				// Only the padding of the last miniblock may be missing.
				short := make([]int64, len(want))
				if n, err := d.ints(short); n != len(want) || err != nil || !slices.Equal(short, want) {
					t.Fatalf("cut at %d of %d: %v, %v", cut, len(data), n, err)
				}
			}
		}
	}
}

// TestEncodings reads what arrow writes in each encoding, with nulls.
func TestEncodings(t *testing.T) {
	const rows = 1200
	rnd := rand.New(rand.NewPCG(9, 10))
	var i32 []int32
	var i64 []int64
	var texts []pq.ByteArray
	var bools []bool
	defs := make([]int16, rows)
	want := "i32,i64,text,yes,req\n"
	req := make([]pq.ByteArray, rows)
	for i := range rows {
		req[i] = pq.ByteArray(fmt.Sprintf("acct_%06d", i/3))
		if defs[i] = int16(min(rnd.IntN(4), 1)); defs[i] == 0 {
			want += ",,,," + string(req[i]) + "\n"
			continue
		}
		i32, i64, bools = append(i32, int32(rnd.Uint32())), append(i64, int64(rnd.Uint64())>>rnd.IntN(64)), append(bools, rnd.IntN(9) > 0)
		texts = append(texts, pq.ByteArray(strings.Repeat("ab", rnd.IntN(20))+strconv.Itoa(rnd.IntN(100))))
		n := len(i32) - 1
		want += fmt.Sprintf("%d,%d,%s,%v,%s\n", i32[n], i64[n], texts[n], bools[n], req[i])
	}
	columns := []testColumn{
		{leafNode("i32", nil, pq.Types.Int32, -1, true), i32, defs}, {leafNode("i64", nil, pq.Types.Int64, -1, true), i64, defs},
		{leafNode("text", nil, pq.Types.ByteArray, -1, true), texts, defs}, {leafNode("yes", nil, pq.Types.Boolean, -1, true), bools, defs},
		{leafNode("req", nil, pq.Types.ByteArray, -1, false), req, nil},
	}
	for _, version := range []pq.DataPageVersion{pq.DataPageV1, pq.DataPageV2} {
		for name, codec := range codecs {
			for _, bytes := range []pq.Encoding{pq.Encodings.Plain, pq.Encodings.DeltaLengthByteArray, pq.Encodings.DeltaByteArray} {
				ints, page := pq.Encodings.Plain, int64(2000)
				if bytes != ints {
					ints = pq.Encodings.DeltaBinaryPacked
				}
				if bytes == pq.Encodings.DeltaByteArray {
					page = 1 << 20 // arrow's prefixes reach into the page before, which no reader allows
				}
				data := writeFile(t, rows, rows, columns, pq.WithDictionaryDefault(false), pq.WithDataPageSize(page),
					pq.WithDataPageVersion(version), pq.WithCompression(codec),
					pq.WithEncodingFor("i32", ints), pq.WithEncodingFor("i64", ints), pq.WithEncodingFor("text", bytes), pq.WithEncodingFor("req", bytes))
				if got, err := readAll(t, data, nil, Options{}); err != nil || got != want {
					t.Errorf("%v, %s, %v: %d bytes, want %d, error %v", version, name, bytes, len(got), len(want), err)
				}
			}
		}
	}
}

// TestForgedEncodings reads what arrow does not write.
func TestForgedEncodings(t *testing.T) {
	f := func(n forgedNode, page forgedPage, want ...string) {
		t.Helper()
		page.values = len(want)
		file := oneColumn(n.typ, int64(len(want)), page)
		n.name, n.converted = "a", -1
		file.nodes[0] = n
		if got, err := readAll(t, file.bytes(), nil, Options{}); err != nil || got != "a\n"+strings.Join(want, "\n")+"\n" {
			t.Errorf("%q, want %q, error %v", got, want, err)
		}
	}
	split := func(width int, values ...string) (b []byte) {
		for k := range width {
			for _, v := range values {
				b = append(b, v[k])
			}
		}
		return b
	}
	f(forgedNode{typ: typeInt64}, forgedPage{encoding: encSplit, body: split(8, string(plain64(1)), string(plain64(-2)), string(plain64(1<<40)))}, "1", "-2", "1099511627776")
	f(forgedNode{typ: typeInt32}, forgedPage{encoding: encSplit, body: split(4, "\x01\x00\x00\x00", "\xff\xff\xff\xff")}, "1", "-1")
	f(forgedNode{typ: typeDouble}, forgedPage{encoding: encSplit, body: split(8, string(plain64(int64(math.Float64bits(0.5)))))}, "0.5")
	f(forgedNode{typ: typeFloat}, forgedPage{encoding: encSplit, body: split(4, "\xcd\xcc\xcc\x3d", "\x00\x00\x80\xbf")}, "0.1", "-1")
	f(forgedNode{typ: typeFixed, length: 3}, forgedPage{encoding: encSplit, body: split(3, "abc", "\x01\x02\x03")}, "616263", "010203")
	prefixes, suffixes := deltaOf([]int64{0, 2, 0}, 128, 4), append(deltaOf([]int64{3, 1, 3}, 128, 4), "abcdxyz"...)
	f(forgedNode{typ: typeFixed, length: 3}, forgedPage{encoding: encDeltaBytes, body: append(prefixes, suffixes...)}, "616263", "616264", "78797a")
	bits := append(binary.AppendUvarint(nil, 1<<1|1), 0b1010)
	f(forgedNode{typ: typeBoolean}, forgedPage{encoding: encRLE, body: withLength(bits)}, "false", "true", "false", "true")
	f(forgedNode{typ: typeBoolean}, forgedPage{encoding: encPlain, body: []byte{0b10011, 1}}, "true", "true", "false", "false", "true", "false", "false", "false", "true")

	// The rest of the last packed run may be missing.
	short := append(binary.AppendUvarint(nil, 4<<1|1), 0xff)
	f(forgedNode{typ: typeBoolean}, forgedPage{encoding: encRLE, body: withLength(short)}, "true", "true", "true", "true", "true", "true", "true", "true")

	// A page of version 2 whose values are not compressed, and one with levels
	// that no one needs.
	f(forgedNode{typ: typeInt64}, forgedPage{kind: pageDataV2, body: append(runs(1, 0, 2), plain64(3, 4)...), repBytes: 2, plain: true}, "3", "4")
}

// TestDictionary reads indices of every width, an empty dictionary, and falls
// back to plain values within a chunk.
func TestDictionary(t *testing.T) {
	dict := forgedPage{kind: pageDict, values: 3, encoding: encPlainDict, body: plainText("a", "", "b,c")}
	indices := func(enc int, width int, pairs ...int) forgedPage {
		n := 0
		for i := 1; i < len(pairs); i += 2 {
			n += pairs[i]
		}
		return forgedPage{values: n, encoding: enc, body: append([]byte{byte(width)}, runs(width, pairs...)...)}
	}
	f := func(want string, pages ...forgedPage) {
		t.Helper()
		var rows int64
		for _, p := range pages {
			if p.kind == pageData {
				rows += int64(p.values)
			}
		}
		got, err := readAll(t, oneColumn(typeBytes, rows, pages...).bytes(), nil, Options{})
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, width := range []int{2, 3, 8, 9, 17, 32} {
		f("a\na\n\"b,c\"\n\"b,c\"\n\"\"\n", dict, indices(encDict, width, 0, 1, 2, 2, 1, 1))
	}
	f("a\na\na\n", dict, indices(encPlainDict, 0, 0, 2))
	f("a\na\nplain\n\"b,c\"\n", dict, indices(encDict, 2, 0, 1), forgedPage{values: 1, body: plainText("plain")}, indices(encDict, 2, 2, 1))
	const head = `the Parquet file is damaged in column "a": `
	f(head+errBits.Error(), dict, indices(encDict, 2, 0, 1, 3, 1))
	f(head+errBits.Error(), dict, indices(encDict, 33, 0, 1))
	f(head+errBits.Error(), forgedPage{kind: pageDict}, indices(encDict, 1, 0, 1))
	f(head+errNoDict.Error(), indices(encDict, 1, 0, 1))
	f(head+errTwoDicts.Error(), dict, dict, indices(encDict, 2, 0, 1))
	f(head+errTwoDicts.Error(), forgedPage{kind: pageDict}, dict, indices(encDict, 2, 0, 1))
	f(strings.Replace(head, " in", " after row 1 in", 1)+errTwoDicts.Error(), forgedPage{values: 1, body: plainText("x")}, dict, indices(encDict, 2, 0, 1))
}

// An lz4 block by hand, and every copy distance that repeats within itself.
func TestLZ4(t *testing.T) {
	f := func(packed, want string) {
		t.Helper()
		dst := make([]byte, len(want))
		if err := unlz4(dst, []byte(packed)); err != nil || string(dst) != want {
			t.Errorf("%q, want %q, error %v", dst, want, err)
		}
	}
	f("\x50hello", "hello")
	f("\x14a\x01\x00\x20bc", "aaaaaaaaabc")
	f("\x34abc\x03\x00\x10x", "abcabcabcabx")
	f("\x1fa\x01\x00\xff\x02\x10b", strings.Repeat("a", 1+15+255+2+4)+"b")
	f("\xf0\x01"+"sixteen letters.", "sixteen letters.")
	for _, bad := range []string{"", "\x50hell", "\x14a\x02\x00\x00", "\x14a\x00\x00\x00", "\x14a\x01", "\x1fa\x01\x00\xff", "\xf0\xff\xff\xff\xff", "\x60hellos", "\x40hell"} {
		if err := unlz4(make([]byte, 5), []byte(bad)); err == nil {
			t.Errorf("%q was unpacked", bad)
		}
	}
}

func TestFloatText(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for i := range 10_000 {
		v := math.Float64frombits(rnd.Uint64())
		if i%2 == 0 {
			v = float64(rnd.Int64N(1e12)-5e11) / []float64{1, 10, 100, 1e4, 1e9}[rnd.IntN(5)]
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		got := string(appendFloat(nil, v, 64))
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || back != v {
			t.Fatalf("%v was written as %s", v, got)
		}
		// The oracle for the form: the digits of %f, counted.
		flat := strconv.FormatFloat(v, 'f', -1, 64)
		digits := len(strings.NewReplacer("-", "", ".", "").Replace(flat))
		if strings.HasPrefix(strings.TrimPrefix(flat, "-"), "0.") {
			digits--
		}
		if (digits <= maxFloatDigits) != (got == flat) {
			t.Errorf("%s was written as %s", flat, got)
		}
		if f := float32(v); float64(f) != 0 && !math.IsInf(float64(f), 0) {
			got := string(appendFloat(nil, float64(f), 32))
			if back, err := strconv.ParseFloat(got, 32); err != nil || float32(back) != f {
				t.Fatalf("%v was written as %s", f, got)
			}
		}
	}
}

func TestBigDecimal(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	for range 20_000 {
		b := make([]byte, 1+rnd.IntN(maxDecimalBytes))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		if rnd.IntN(3) == 0 { // few bits behind many signs
			for i := range rnd.IntN(len(b)) {
				b[i] = byte(-(int(b[len(b)-1]) >> 7))
			}
		}
		scale := rnd.IntN(40)
		var n big.Int
		n.SetBytes(b)
		if b[0] >= 0x80 {
			n.Sub(&n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		want := new(big.Rat).SetFrac(&n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
		if got, err := appendBigDecimal(nil, b, scale); err != nil || string(got) != want {
			t.Fatalf("%s with %d digits: %s, want %s, error %v", hex.EncodeToString(b), scale, got, want, err)
		}
	}
	for n, want := range map[int]error{0: errEmptyDecimal, maxDecimalBytes + 1: errLongDecimal} {
		if _, err := appendBigDecimal(nil, make([]byte, n), 2); err != want {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestStampText(t *testing.T) {
	rnd := rand.New(rand.NewPCG(15, 16))
	layouts := map[int]string{3: "2006-01-02T15:04:05.000Z", 6: "2006-01-02T15:04:05.000000Z", 9: "2006-01-02T15:04:05.000000000Z"}
	for digits, layout := range layouts {
		w := writer{form: form{kind: asTimestamp, digits: digits, utc: true}}
		for range 5000 {
			v := rnd.Int64N(4e18/pow10[9]*pow10[digits]) - 1e18/pow10[9]*pow10[digits]
			if rnd.IntN(2) == 0 {
				v = 1562068984*pow10[digits] + rnd.Int64N(20*pow10[digits]) // often the same day
			}
			want := time.Unix(v/pow10[digits], v%pow10[digits]*(pow10[9]/pow10[digits])).UTC().Format(layout)
			if got := string(w.appendStamp(nil, v)); got != want {
				t.Fatalf("%d with %d digits: %s, want %s", v, digits, got, want)
			}
		}
	}
}

func TestJSONText(t *testing.T) {
	rnd := rand.New(rand.NewPCG(17, 18))
	for range 3000 {
		var b []byte
		for range rnd.IntN(20) {
			b = append(b, string(rune(rnd.IntN(1<<rnd.IntN(17))))...)
		}
		var got string
		if err := json.Unmarshal(appendJSON(nil, b), &got); err != nil || got != string(b) {
			t.Fatalf("%q: %q, error %v", b, got, err)
		}
	}
	if got := string(appendJSON(nil, []byte("\xff\"\x01"))); got != "\"\xff\\\"\\u0001\"" {
		t.Errorf("%q", got)
	}
}

func TestNeedsQuotes(t *testing.T) {
	for n := range 20 {
		for at := range n + 1 {
			for c := range 256 {
				b := []byte(strings.Repeat("-", n))
				if at < n {
					b[at] = byte(c)
				}
				if want := strings.ContainsAny(string(b), ",\"\n\r"); needsQuotes(b) != want {
					t.Fatalf("%q: %v", b, !want)
				}
			}
		}
	}
}
