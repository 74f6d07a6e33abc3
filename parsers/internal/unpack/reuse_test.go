package unpack

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestReuse unpacks several sources at once, many of them not to their end, one
// after the other: what one has left in memory must not come up in another.
func TestReuse(t *testing.T) {
	var texts, packed [][]byte
	for i := range 6 {
		text := bytes.Repeat([]byte{'a' + byte(i)}, 1000+i*300_000)
		for at := 0; at < len(text); at += 97 {
			text[at] = byte('0' + at/97%10)
		}
		texts = append(texts, text)
		if i%2 == 0 {
			packed = append(packed, packGzip(t, 6, text))
		} else {
			packed = append(packed, packZstd(t, text))
		}
	}
	var g sync.WaitGroup
	for seed := range uint64(4) {
		g.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 1))
			for range 30 {
				i := rng.IntN(len(texts))
				most := rng.IntN(2 * len(texts[i]))
				r, err := Open(context.Background(), hidden{bytes.NewReader(packed[i])}, Limits{MaxRatio: -1})
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(io.LimitReader(r, int64(most)))
				if want := texts[i][:min(most, len(texts[i]))]; err != nil || !bytes.Equal(got, want) {
					t.Errorf("source %d: %d bytes, %v, want %d others", i, len(got), err, len(want))
				}
				r.Close()
			}
		})
	}
	g.Wait()
}
