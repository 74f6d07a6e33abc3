package delim

import (
	"math/rand/v2"
	"testing"
)

// TestMark holds mark, in both ways in which it is written, against looking at
// every byte.
func TestMark(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		delimiter := byte(r.Uint32())
		near := []byte{delimiter, '\n', delimiter + 1, delimiter ^ 0x80, '\n' ^ 0x80, '\n' - 1, 0, 0xff, byte(r.Uint32())}
		data := make([]byte, 64*r.IntN(chunk+1))
		var want [chunk]uint64
		for i := range data {
			data[i] = near[r.IntN(len(near))]
			if data[i] == delimiter || data[i] == '\n' {
				want[i/64] |= 1 << (i % 64)
			}
		}
		if len(data) == 0 {
			continue
		}
		var got, words [chunk]uint64
		mark(&got, &data[0], len(data)/64, uint64(delimiter)*ones)
		markWords(&words, data, uint64(delimiter)*ones)
		if got != want || words != want {
			t.Fatalf("delimiter %q: marks of\n%q\n%x, and in plain Go\n%x, want\n%x", delimiter, data, got, words, want)
		}
	}
}

// TestMarksAtTheEnd checks records that end anywhere within the bytes that are
// looked at together, and that nothing behind the data counts.
func TestMarksAtTheEnd(t *testing.T) {
	for _, delimiter := range []byte{',', 0} {
		for n := range 64*chunk + 130 {
			s := Splitter{Delimiter: delimiter}
			data := make([]byte, n+2)
			for i := range data {
				data[i] = 'x'
			}
			data[n] = delimiter
			s.Reset(data)
			if !s.Next() || s.Len() != 2 || len(s.Field(0)) != n || string(s.Field(1)) != "x" || s.Next() {
				t.Fatalf("delimiter %q behind %d bytes: %d fields", delimiter, n, s.Len())
			}
		}
	}
}
