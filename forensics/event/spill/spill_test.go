package spill

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// write puts numbers on lists of a shelf, and returns what each list has.
func write(r *rand.Rand, s *Shelf, lists, n int) [][]uint64 {
	want := make([][]uint64, lists)
	for range n {
		i, x := r.IntN(lists), r.Uint64()
		if r.IntN(2) == 0 {
			binary.LittleEndian.PutUint64(s.Room(i, 8), x)
			s.Keep(i, 8)
		} else {
			*(*uint64)(s.Row(i, 8)) = x
		}
		want[i] = append(want[i], x)
	}
	return want
}

func numbers(blocks []*Block) (all []uint64) {
	for _, b := range blocks {
		for bytes := b.Bytes(); len(bytes) > 0; bytes = bytes[8:] {
			all = append(all, binary.LittleEndian.Uint64(bytes))
		}
	}
	return all
}

// TestWhatIsKeptComesBack has several owners put rows on shelves of a memory that
// holds all of them, some or next to none, reads them, drops some lists, and puts
// more there.
func TestWhatIsKeptComesBack(t *testing.T) {
	const lists, owners = 16, 3
	for _, budget := range []int64{0, 1, 1 << 19, 1 << 20, 64 << 20} {
		memory := New(budget, t.TempDir())
		var shelves []*Shelf
		want := make([][][]uint64, owners)
		var all []*Owner
		var wait sync.WaitGroup
		for o := range owners {
			owner := memory.NewOwner()
			owner.NewShelf(3) // one that nothing is put on
			shelf := owner.NewShelf(lists)
			shelves, all = append(shelves, shelf), append(all, owner)
			wait.Go(func() { want[o] = write(rand.New(rand.NewPCG(uint64(o), 1)), shelf, lists, 60_000) })
		}
		wait.Wait()
		for _, o := range all {
			if err := o.Seal(); err != nil {
				t.Fatal(err)
			}
		}
		if spilled := memory.Spilled() > 0; spilled != (budget == 1 || budget == 1<<19 || budget == 1<<20) {
			t.Errorf("budget %d: %d bytes went to files", budget, memory.Spilled())
		}
		var buf, each Buffer
		for i := range lists {
			var joined []uint64
			for o, s := range shelves {
				blocks, err := s.Blocks(i, &each)
				if err != nil || !slices.Equal(numbers(blocks), want[o][i]) {
					t.Fatalf("budget %d: list %d of %d is not what was put there: %v", budget, i, o, err)
				}
				joined = append(joined, want[o][i]...)
			}
			if blocks, err := All(shelves, i, &buf); err != nil || !slices.Equal(numbers(blocks), joined) {
				t.Fatalf("budget %d: list %d of all: %v", budget, i, err)
			}
		}
		shelves[0].Drop(3)
		more := write(rand.New(rand.NewPCG(7, 7)), shelves[0], lists, 5000)
		if err := all[0].Seal(); err != nil {
			t.Fatal(err)
		}
		for i := range lists {
			expect := append(slices.Clone(want[0][i]), more[i]...)
			if i == 3 {
				expect = more[i]
			}
			if blocks, err := shelves[0].Blocks(i, &buf); err != nil || !slices.Equal(numbers(blocks), expect) {
				t.Fatalf("budget %d: list %d after more was put there: %v", budget, i, err)
			}
		}
		for _, o := range all {
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		}
		if used := memory.used.Load(); used != 0 {
			t.Errorf("budget %d: %d blocks are in use of nobody", budget, used)
		}
		if err := memory.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestShrink gives the memory of dropped lists back, and looks at what is left, what
// was given back, and what is kept afterwards.
func TestShrink(t *testing.T) {
	const lists = 8
	memory := New(0, "")
	owner := memory.NewOwner()
	shelf := owner.NewShelf(lists)
	want := write(rand.New(rand.NewPCG(3, 4)), shelf, lists, 2_000_000)
	if err := owner.Seal(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < lists; i += 2 {
		shelf.Drop(i)
		want[i] = nil
	}
	memory.Shrink()
	if runtime.GOOS == "linux" {
		if len(memory.free) < 1000 {
			t.Fatalf("%d free blocks", len(memory.free))
		}
		for _, b := range memory.free {
			if *b != (Block{}) {
				t.Fatal("a block that is free still has its memory")
			}
		}
	}
	for i, more := range write(rand.New(rand.NewPCG(5, 6)), shelf, lists, 1_000_000) {
		want[i] = append(want[i], more...)
	}
	if err := owner.Seal(); err != nil {
		t.Fatal(err)
	}
	var buf Buffer
	for i := range lists {
		blocks, err := shelf.Blocks(i, &buf)
		if err != nil || !slices.Equal(numbers(blocks), want[i]) {
			t.Fatalf("list %d is not what was put there: %v", i, err)
		}
	}
}

// TestBudgetIsKept checks how many blocks are handed out at most: the budget, and
// for each owner what it may hold whatever the others do.
func TestBudgetIsKept(t *testing.T) {
	const budget = 8 << 20
	memory := New(budget, t.TempDir())
	defer memory.Close()
	owners := []*Owner{memory.NewOwner(), memory.NewOwner()}
	shelves := []*Shelf{owners[0].NewShelf(64), owners[1].NewShelf(64)}
	r := rand.New(rand.NewPCG(1, 2))
	most := int64(0)
	for range 100 {
		write(r, shelves[r.IntN(2)], 64, 30_000)
		most = max(most, memory.used.Load())
	}
	if limit := int64(budget/4096 + 2*(budget/4096/32+batch)); most > limit {
		t.Errorf("%d blocks were in use, the budget is %d", most, limit)
	}
	if memory.Spilled() < 15<<20 {
		t.Errorf("%d bytes of 24 MB were put into files", memory.Spilled())
	}
}

// TestNoRoomForFiles checks that rows that cannot be kept are an error, also
// where it is noticed late.
func TestNoRoomForFiles(t *testing.T) {
	memory := New(1, filepath.Join(t.TempDir(), "gone"))
	owner := memory.NewOwner()
	write(rand.New(rand.NewPCG(1, 1)), owner.NewShelf(4), 4, 1_000_000)
	if owner.Err() == nil || owner.Seal() == nil || !errors.Is(owner.Err(), os.ErrNotExist) {
		t.Errorf("no folder for files: %v", owner.Err())
	}
	if err := owner.Close(); err != nil {
		t.Error(err)
	}
}

func TestDiskFull(t *testing.T) {
	memory := New(1, t.TempDir())
	defer memory.Close()
	owner := memory.NewOwner()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no device that is always full")
	}
	owner.f = full
	write(rand.New(rand.NewPCG(1, 1)), owner.NewShelf(4), 4, 1_000_000)
	if !errors.Is(owner.Err(), syscall.ENOSPC) {
		t.Errorf("a full disk: %v", owner.Err())
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{prefix + "123", "other", prefix[1:]} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, prefix+"folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	Sweep(dir)
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if got := strings.Join(left, " "); len(left) != 3 || strings.Contains(got, prefix+"123") {
		t.Errorf("left are %s", got)
	}
	Sweep(filepath.Join(dir, "none"))
}

// BenchmarkRow puts rows of 80 bytes into 1024 lists. Its control puts them one
// behind the other.
func BenchmarkRow(b *testing.B) {
	for _, c := range []struct {
		name  string
		lists int
	}{{"spread", 1024}, {"control", 1}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(80)
			b.ReportAllocs()
			memory := New(0, "")
			owner := memory.NewOwner()
			shelf := owner.NewShelf(c.lists)
			x, n := uint64(88172645463325252), 0
			for b.Loop() {
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
				*(*[10]uint64)(shelf.Row(int(x%uint64(c.lists)), 80)) = [10]uint64{x, x, x, x, x, x, x, x, x, x}
				if n++; n == 5_000_000 {
					b.StopTimer()
					for i := range c.lists {
						shelf.Drop(i)
					}
					n = 0
					b.StartTimer()
				}
			}
		})
	}
}
