package unpack

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"testing"
)

// Files made by the bzip2 program: of twoLines, and of zerosOfBzip2 zeros, which
// are one block.
const (
	twoByBzip2 = "425a6839314159265359f0cf767500000d5b80001000067eb004103ba59a00200054443400000682553d20034f4daa01" +
		"a47ce78949ca1335201846e4c7240318141884b96af556120c74043c6206f89484fc5dc914e14243c33dd9d4"
	zerosByBzip2 = "425a68393141592653590e09e2df015f8e4000c0000008200030804d4642a025a90a80971772453850900e09e2df"
	zerosOfBzip2 = 45_899_235
)

func TestBzip2(t *testing.T) {
	two := fromHex(t, twoByBzip2)
	for name, c := range map[string]struct {
		packed []byte
		wanted string
	}{
		"one stream":  {two, twoLines},
		"two streams": {append(two, two...), twoLines + twoLines},
	} {
		data, kind, _, err := drain(t, bytes.NewReader(c.packed), Limits{})
		if err != nil || kind != Bzip2 || string(data) != c.wanted {
			t.Errorf("%s: kind %q, %q, %v", name, kind, data, err)
		}
	}
	// A block of nothing but runs is the longest that there is.
	if n, err := count(t, bytes.NewReader(fromHex(t, zerosByBzip2)), Limits{}); n != zerosOfBzip2 || err != nil {
		t.Errorf("%d zeros, %v", n, err)
	}
}

// In a block of which one bit is wrong every byte is suspect, so none of it is
// delivered, and all of those before it.
func TestBzip2WrongBlock(t *testing.T) {
	lines := logLines(300_000)
	packed := packBzip2(t, lines) // four blocks of 75,000 bytes of text
	scrambled := 0
	for at := len(packed) / 8; at < len(packed); at += len(packed) / 4 {
		wrong := bytes.Clone(packed)
		wrong[at] ^= 4
		std, _ := io.ReadAll(bzip2.NewReader(bytes.NewReader(wrong)))
		if !bytes.HasPrefix(lines, std) {
			scrambled++
		}
		data, _, _, err := drain(t, bytes.NewReader(wrong), Limits{})
		var damage *DamageError
		if !errors.As(err, &damage) || len(data) != at*4/len(packed)*75_000 || !bytes.HasPrefix(lines, data) {
			t.Errorf("byte %d of %d: %d bytes, %v", at, len(packed), len(data), err)
		}
	}
	if scrambled == 0 {
		t.Error("no wrong bit made text that looks right: the test shows nothing")
	}
}
