package unpack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// Files made by the xz program from twoLines: as it does by default, with
// SHA-256, with a dictionary of 256 MiB, with a filter before LZMA2.
const (
	twoLines = "2019-07-02T12:03:04Z,a,login,success\n2019-07-02T12:03:05Z,b,login,failure\n"

	twoByXZ = "fd377a585a000004e6d6b4460200210116000000742fe5a3e0004900385d00190c026caa3342e2cbf9e095c0f1eb31c8" +
		"443cf46c66cb3acf031e4fd64bf871d016e1cc31276f3164a80d6b24c23e1c4ffb87ca8632400000e63807b8562e6582" +
		"0001544af58558681fb6f37d010000000004595a"
	sha256XZ = "fd377a585a00000ae1fb0ca10200210116000000742fe5a3e0004900385d00190c026caa3342e2cbf9e095c0f1eb31c8" +
		"443cf46c66cb3acf031e4fd64bf871d016e1cc31276f3164a80d6b24c23e1c4ffb87ca8632400000a75655261c3239a1" +
		"0a03ae959665163222c199dedd9b4d8794a2396965a3102e00016c4a0e39c77f189b4b9a01000000000a595a"
	hugeXZ = "fd377a585a000004e6d6b44602002101200000000988a576e0004900385d00190c026caa3342e2cbf9e095c0f1eb31c8" +
		"443cf46c66cb3acf031e4fd64bf871d016e1cc31276f3164a80d6b24c23e1c4ffb87ca8632400000e63807b8562e6582" +
		"0001544af58558681fb6f37d010000000004595a"
	deltaXZ = "fd377a585a000004e6d6b44602010301002101167920c4eee00049003b5d00193f7c208bfc45609ff5eaf52206d9c693" +
		"86beb6c10bbcc752a9413339473d5d252a66be957270fff58c36321252fa58545cb010438cd2c0c4d0000000e63807b8" +
		"562e65820001574a36d675431fb6f37d010000000004595a"
)

func TestXZ(t *testing.T) {
	lines := logLines(200_000)
	noise := bytes.Join([][]byte{[]byte("noise"), packGzip(t, 9, lines), lines[:50_000], packGzip(t, 1, lines)}, nil)
	cases := map[string]struct{ packed, wanted []byte }{
		"by the xz program": {fromHex(t, twoByXZ), []byte(twoLines)},
		"with SHA-256":      {fromHex(t, sha256XZ), []byte(twoLines)},
		"noise":             {packXZ(t, noise), noise},
	}
	for _, check := range []byte{xz.None, xz.CRC32, xz.CRC64, xz.SHA256} {
		// A small dictionary is a ring that turns often; small blocks are many.
		for name, text := range map[string][]byte{"lines": lines, "zeros": make([]byte, 300_000), "nothing": nil} {
			config := xz.WriterConfig{CheckSum: check, NoCheckSum: check == xz.None, DictCap: lzma.MinDictCap, BlockSize: 50_001}
			cases[fmt.Sprint(name, " with check ", check)] = struct{ packed, wanted []byte }{packXZWith(t, config, text, text[len(text)/2:]),
				append(bytes.Clone(text), text[len(text)/2:]...)}
		}
	}
	for _, p := range []lzma.Properties{{LC: 0, LP: 0, PB: 0}, {LC: 4, LP: 0, PB: 0}, {LC: 0, LP: 4, PB: 4}, {LC: 1, LP: 3, PB: 1}} {
		config := xz.WriterConfig{Properties: &p, DictCap: 1 << 13}
		cases[fmt.Sprintf("properties %+v", p)] = struct{ packed, wanted []byte }{packXZWith(t, config, lines), lines}
	}
	for name, c := range cases {
		data, kind, _, err := drain(t, bytes.NewReader(c.packed), Limits{})
		if err != nil || kind != XZ || !bytes.Equal(data, c.wanted) {
			t.Errorf("%s: kind %q, %d bytes, %v; want %d bytes", name, kind, len(data), err, len(c.wanted))
		}
	}
}

// What cannot be read is named, and is no damage.
func TestXZUnsupported(t *testing.T) {
	_, err := Open(context.Background(), bytes.NewReader(fromHex(t, deltaXZ)), Limits{})
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Format != "xz (filtered)" {
		t.Errorf("a filter: %v", err)
	}
	_, _, _, err = drain(t, bytes.NewReader(append([]byte(xzMagic), 0, 2, 0xd4, 0xf0, 0xe8, 0x26)), Limits{})
	if errors.As(err, &unsupported) {
		t.Errorf("a wrong header: %v", err)
	}
	_, _, _, err = drain(t, bytes.NewReader(append([]byte(xzMagic), xzFlags(2)...)), Limits{})
	if !errors.As(err, &unsupported) || unsupported.Format != "xz (unknown checksum)" {
		t.Errorf("a checksum: %v", err)
	}
}

// xzFlags returns the rest of a stream header for a kind of checksum.
func xzFlags(kind byte) []byte {
	flags := []byte{0, kind}
	return binary.LittleEndian.AppendUint32(flags, crc32.ChecksumIEEE(flags))
}

// A file that is cut off gives all text but what its last bytes, which the
// range decoder looks ahead to, would have told.
func TestXZCutOffDelivers(t *testing.T) {
	lines := logLines(100_000)
	packed := packXZ(t, lines)
	for cut := 100; cut < len(packed)-50; cut += 401 {
		data, _, _, _ := drain(t, bytes.NewReader(packed[:cut]), Limits{})
		more, _, _, _ := drain(t, bytes.NewReader(packed[:cut+50]), Limits{})
		if !bytes.HasPrefix(lines, more) || len(more) < len(data)+20 || len(more) > len(data)+3000 {
			t.Fatalf("cut at %d: %d bytes; 50 bytes later: %d", cut, len(data), len(more))
		}
	}
}
