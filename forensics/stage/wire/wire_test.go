package wire

import (
	"bytes"
	"math"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

type row struct {
	a uint64
	b int32
	c uint16
	d [2]uint8
}

type inner struct {
	name  string
	share float64
}

type all struct {
	yes    bool
	n      int64
	Text   string
	rows   []row
	ragged []struct {
		a uint64
		b uint8
	}
	some    [3]int16
	deep    *inner
	none    *inner
	by      map[uint32]*inner
	empty   []string
	absent  []string
	nothing map[string]int
}

func sample() all {
	return all{yes: true, n: math.MinInt64, Text: "アカウント\x00", rows: []row{{1, -2, 3, [2]uint8{4, 5}}, {a: math.MaxUint64}},
		ragged: []struct {
			a uint64
			b uint8
		}{{7, 8}}, some: [3]int16{-1, 0, 1}, deep: &inner{"x", 0.5},
		by: map[uint32]*inner{3: {"c", 1}, 1: nil, 2: {"b", -1}}, empty: []string{}, none: nil, absent: nil, nothing: nil}
}

func TestRoundTrip(t *testing.T) {
	in := sample()
	form := Append(nil, &in)
	var out all
	if err := Read(form, &out); err != nil {
		t.Fatal(err)
	}
	opt := cmp.AllowUnexported(all{}, row{}, inner{}, struct {
		a uint64
		b uint8
	}{})
	if diff := cmp.Diff(in, out, opt); diff != "" {
		t.Error(diff)
	}
	for range 20 { // maps come in any order
		if again := Append(nil, &in); !bytes.Equal(again, form) {
			t.Fatal("one value has two forms")
		}
	}
}

func TestGapsAreNoValue(t *testing.T) {
	type gap struct {
		a uint8
		b uint64
		c bool
	}
	var rows, clean [1]gap
	for i, b := range unsafe.Slice((*byte)(unsafe.Pointer(&rows)), unsafe.Sizeof(rows)) {
		_ = b
		unsafe.Slice((*byte)(unsafe.Pointer(&rows)), unsafe.Sizeof(rows))[i] = 0xaa
	}
	rows[0].a, rows[0].b, rows[0].c = 1, 2, true
	clean[0] = gap{1, 2, true}
	some, same := rows[:], clean[:]
	if got, want := Append(nil, &some), Append(nil, &same); !bytes.Equal(got, want) {
		t.Errorf("%x\n%x: what lies in a gap is chance, and was written", got, want)
	}
}

func TestABoolIsOneOfTwo(t *testing.T) {
	yes := []bool{true}
	form := Append(nil, &yes)
	form[len(form)-1] = 2
	if err := Read(form, &yes); err == nil {
		t.Error("2 was taken for true or false")
	}
}

func TestBytesThatAreNone(t *testing.T) {
	in := sample()
	form := Append(nil, &in)
	for n := range form {
		var out all
		if err := Read(form[:n], &out); err == nil {
			t.Errorf("%d of %d bytes were taken for all", n, len(form))
		}
	}
	var out all
	if err := Read(append(form, 0), &out); err == nil {
		t.Error("a byte too many was not seen")
	}
	var rows []row
	if err := Read([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, &rows); err == nil {
		t.Error("a length beyond the bytes was believed")
	}
}

func TestWhatHasNoFormPanicsAtOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a function was written")
		}
	}()
	f := func() {}
	Append(nil, &f)
}

func FuzzRead(f *testing.F) {
	in := sample()
	f.Add(Append(nil, &in))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v all
		if Read(b, &v) != nil {
			return
		}
		form := Append(nil, &v)
		var again all
		if err := Read(form, &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(form, Append(nil, &again)) {
			t.Error("what was read is written in two ways")
		}
	})
}
