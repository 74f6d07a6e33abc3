package stage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The stages of the tests: spread gives every word of its blocks to the key of
// its length, count counts the words of a key.
func init() {
	Register("test-spread", func([]byte) (Func, error) {
		return func(_ int, blocks [][][]byte, emit Emit) ([]byte, error) {
			words := 0
			for _, b := range blocks[0] {
				for _, w := range bytes.Fields(b) {
					words++
					if err := emit(0, len(w), w); err != nil {
						return nil, err
					}
				}
			}
			return binary.AppendUvarint(nil, uint64(words)), nil
		}, nil
	})
	Register("test-count", func(config []byte) (Func, error) {
		if len(config) == 0 {
			return nil, errors.New("no configuration")
		}
		return func(key int, blocks [][][]byte, _ Emit) ([]byte, error) {
			var words []string
			for _, b := range blocks[0] {
				words = append(words, string(b))
			}
			slices.Sort(words)
			return fmt.Appendf(nil, "%s%d:%s", config, key, strings.Join(words, ",")), nil
		}, nil
	})
}

func TestLocal(t *testing.T) {
	ctx := context.Background()
	for _, workers := range []int{1, 3} {
		e := NewLocal(workers)
		texts := []Block{{1, []byte("a bb cc")}, {0, []byte("ddd e")}, {1, []byte("bb")}}
		if err := e.Put(ctx, "texts", texts); err != nil {
			t.Fatal(err)
		}
		got, err := e.Run(ctx, &Request{Stage: "test-spread", In: []string{"texts"}, Out: []string{"words"}, Keys: 4})
		if err != nil || len(got) != 2 || got[0].Key != 0 || got[0].Data[0] != 2 || got[1].Data[0] != 4 {
			t.Fatalf("%d workers: %v, %v", workers, got, err)
		}
		got, err = e.Run(ctx, &Request{Stage: "test-count", Config: []byte("n"), In: []string{"words"}})
		if err != nil || len(got) != 3 || string(got[1].Data) != "n2:bb,bb,cc" {
			t.Errorf("%d workers: %v, %v", workers, got, err)
		}
		if err := e.Drop("words"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Run(ctx, &Request{Stage: "test-count", In: []string{"words"}}); err == nil {
			t.Error("a data set that was dropped is still there")
		}
	}
}

func TestServe(t *testing.T) {
	var in, out bytes.Buffer
	for _, b := range []Block{{3, []byte("x")}, {3, []byte("y")}, {5, []byte("z")}} {
		if err := WriteFrame(&in, 0, b.Key, b.Data); err != nil {
			t.Fatal(err)
		}
	}
	whole := bytes.Clone(in.Bytes())
	if err := Serve("test-count", []byte("n"), 1, &in, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"n3:x,y", "n5:z"} {
		set, _, data, err := ReadFrame(&out)
		if err != nil || set != 0 || string(data) != want {
			t.Errorf("%d %q %v, want %q", set, data, err, want)
		}
	}
	if set, _, _, err := ReadFrame(&out); err != nil || set != done || out.Len() != 0 {
		t.Errorf("the last frame: %d, %v, %d bytes behind it", set, err, out.Len())
	}

	out.Reset()
	if err := Serve("test-count", []byte("n"), 1, bytes.NewReader(whole[:len(whole)-1]), &out); err == nil {
		t.Error("an input that was cut off was taken for all")
	}
	if err := Serve("test-count", nil, 1, bytes.NewReader(whole), &out); err == nil || !strings.Contains(err.Error(), "no configuration") {
		t.Errorf("a stage that cannot start: %v", err)
	}
	if err := Serve("test-none", nil, 1, bytes.NewReader(whole), &out); err == nil || !strings.Contains(err.Error(), "one version") {
		t.Errorf("a stage that is not there: %v", err)
	}
	lying := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20}
	if err := Serve("test-count", []byte("n"), 1, bytes.NewReader(lying), &out); err == nil {
		t.Error("a length that lies was believed")
	}
}
