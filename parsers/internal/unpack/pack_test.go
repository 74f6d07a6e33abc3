package unpack

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	stdgzip "compress/gzip"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// logLines returns about n bytes of a login log.
func logLines(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for at := int64(1562000000000); b.Len() < n; at += rng.Int64N(2000) {
		fmt.Fprintf(&b, "%s,user%07d,login,%s,10.%d.%d.%d,dev-%08x,Mozilla/5.0 (iPhone),s%016x,JP,2516\n",
			time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z"), rng.IntN(1_500_000),
			[]string{"success", "failure"}[rng.IntN(2)], rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.Uint32(), rng.Uint64())
	}
	return b.Bytes()
}

// A packer packs parts as members, frames or streams in a row.
type packer func(tb testing.TB, parts ...[]byte) []byte

// packers are the formats that Open reads.
var packers = map[string]packer{
	Gzip:  func(tb testing.TB, parts ...[]byte) []byte { return packGzip(tb, 6, parts...) },
	Zstd:  packZstd,
	Bzip2: packBzip2,
	XZ:    packXZ,
}

func packGzip(tb testing.TB, level int, parts ...[]byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		w, err := stdgzip.NewWriterLevel(&b, level)
		if err != nil {
			tb.Fatal(err)
		}
		w.Name = "auth.csv"
		write(tb, w, part)
	}
	return b.Bytes()
}

func packZstd(tb testing.TB, parts ...[]byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			tb.Fatal(err)
		}
		write(tb, w, part)
	}
	return b.Bytes()
}

func packXZ(tb testing.TB, parts ...[]byte) []byte {
	tb.Helper()
	return packXZWith(tb, xz.WriterConfig{DictCap: 1 << 16}, parts...)
}

func packXZWith(tb testing.TB, config xz.WriterConfig, parts ...[]byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		w, err := config.NewWriter(&b)
		if err != nil {
			tb.Fatal(err)
		}
		write(tb, w, part)
	}
	return b.Bytes()
}

func write(tb testing.TB, w io.WriteCloser, text []byte) {
	tb.Helper()
	if _, err := w.Write(text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

// packZip makes an archive of names and texts in turn.
func packZip(tb testing.TB, namesAndTexts ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(namesAndTexts); i += 2 {
		w, err := z.Create(namesAndTexts[i])
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, namesAndTexts[i+1]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// fromHex returns a file that is given in hexadecimal.
func fromHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// packBzip2 is a plain bzip2: blocks of 90,000 bytes before their runs are
// shortened, rotations sorted by comparing them, and codes that are all as long
// as each other.
func packBzip2(tb testing.TB, parts ...[]byte) []byte {
	tb.Helper()
	var file []byte
	for _, part := range parts {
		w := bitWriter{}
		w.write(24, 'B'<<16|'Z'<<8|'h')
		w.write(8, '1')
		var all uint32
		for text := range slices.Chunk(part, 75_000) {
			sum := bzip2Sum(text)
			all = bits.RotateLeft32(all, 1) ^ sum
			w.write(48, 0x314159265359)
			w.write(32, uint64(sum))
			w.block(shortenRuns(text))
		}
		w.write(48, 0x177245385090)
		w.write(32, uint64(all))
		file = append(file, w.bytes()...)
	}
	return file
}

// A bitWriter writes bits, the highest first.
type bitWriter struct {
	done []byte
	left uint64
	n    int
}

func (w *bitWriter) write(n int, v uint64) {
	for n--; n >= 0; n-- {
		w.left = w.left<<1 | v>>n&1
		if w.n++; w.n == 8 {
			w.done, w.left, w.n = append(w.done, byte(w.left)), 0, 0
		}
	}
}

func (w *bitWriter) bytes() []byte {
	if w.n > 0 {
		w.write(8-w.n, 0)
	}
	return w.done
}

func bzip2Sum(text []byte) uint32 {
	sum := ^uint32(0)
	for _, c := range text {
		sum ^= uint32(c) << 24
		for range 8 {
			if sum>>31 == 1 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return ^sum
}

// shortenRuns writes runs of 4 to 255 as four and a count.
func shortenRuns(text []byte) (short []byte) {
	for len(text) > 0 {
		n := 1
		for n < len(text) && n < 255 && text[n] == text[0] {
			n++
		}
		short = append(short, bytes.Repeat(text[:1], min(n, 4))...)
		if n >= 4 {
			short = append(short, byte(n-4))
		}
		text = text[n:]
	}
	return short
}

// block writes what follows the checksum of a block.
func (w *bitWriter) block(text []byte) {
	order, twice := make([]int, len(text)), append(bytes.Clone(text), text...)
	for i := range order {
		order[i] = i
	}
	rotation := func(i int) []byte { return twice[i : i+len(text)] }
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(rotation(a), rotation(b)) })
	last := make([]byte, len(text))
	for i, o := range order {
		last[i] = twice[o+len(text)-1]
	}
	w.write(1, 0)
	w.write(24, uint64(slices.Index(order, 0)))

	used := [256]bool{}
	for _, c := range text {
		used[c] = true
	}
	var front []byte
	var rows uint64
	for c, u := range used {
		if u {
			front = append(front, byte(c))
			rows |= 1 << (15 - c/16)
		}
	}
	w.write(16, rows)
	for row := range 16 {
		if rows>>(15-row)&1 == 1 {
			for c := range 16 {
				w.write(1, map[bool]uint64{true: 1}[used[16*row+c]])
			}
		}
	}
	w.codes(toFront(last, front), len(front)+2)
}

// toFront replaces each byte by its place among those seen last, and runs of
// the first place by digits.
func toFront(last, front []byte) (symbols []int) {
	run := 0
	flush := func() {
		for ; run > 0; run = (run - 1) / 2 {
			symbols = append(symbols, (run-1)%2)
		}
	}
	end := len(front) + 1
	for _, c := range last {
		at := bytes.IndexByte(front, c)
		if at == 0 {
			run++
			continue
		}
		flush()
		symbols = append(symbols, at+1)
		copy(front[1:], front[:at])
		front[0] = c
	}
	flush()
	return append(symbols, end)
}

// codes writes symbols, of which there are n, by two tables that are alike.
func (w *bitWriter) codes(symbols []int, n int) {
	long := bits.Len(uint(n - 1))
	short := 1<<long - n // so many codes are one bit shorter
	w.write(3, 2)
	selectors := (len(symbols) + 49) / 50
	w.write(15, uint64(selectors))
	for range selectors {
		w.write(1, 0)
	}
	for range 2 {
		length := long - min(short, 1)
		w.write(5, uint64(length))
		for s := range n {
			if s == short && s > 0 {
				w.write(2, 2) // one longer
			}
			w.write(1, 0)
		}
	}
	for _, s := range symbols {
		if s < short {
			w.write(long-1, uint64(s))
		} else {
			w.write(long, uint64(s+short))
		}
	}
}

const skippable = "\x50\x2a\x4d\x18\x05\x00\x00\x00hello"
