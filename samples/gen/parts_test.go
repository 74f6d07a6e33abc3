package gen

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestDraws holds the generator's numbers to what their names promise.
func TestDraws(t *testing.T) {
	r := newRNG(1, 2, 3)
	const n = 200_000
	var sum, squares, waited, above int64
	heads, busy := 0, 0
	tenth := map[int64]int{}
	for range n {
		x := r.normal()
		sum += x
		squares += x * x >> 16
		waited += r.exp(1000)
		if r.around(700, 100) > 700 {
			above++
		}
		if r.chance(0.03) {
			heads++
		}
		if r.skewed(100) < 25 {
			busy++
		}
		tenth[r.between(5, 14)]++
	}
	for _, c := range []struct {
		name        string
		got, lo, hi int64
	}{
		{"mean of normal, thousandths", sum * 1000 / n >> 16, -10, 10},
		{"variance of normal, thousandths", squares * 1000 / n >> 16, 985, 1015},
		{"mean of exp", waited / n, 985, 1015},
		{"above the median, thousandths", above * 1000 / n, 490, 510},
		{"chance, hundred thousandths", int64(heads) * 100_000 / n, 2800, 3200},
		{"first quarter of skewed, thousandths", int64(busy) * 1000 / n, 490, 510},
	} {
		if c.got < c.lo || c.got > c.hi {
			t.Errorf("%s: %d, want %d to %d", c.name, c.got, c.lo, c.hi)
		}
	}
	for v, count := range tenth {
		if v < 5 || v > 14 || count < n/10*95/100 || count > n/10*105/100 {
			t.Errorf("between: %d came %d times", v, count)
		}
	}
	if len(tenth) != 10 {
		t.Errorf("between gives %d values, want 10", len(tenth))
	}
}

func TestScale2(t *testing.T) {
	for _, c := range []struct{ v, x, want int64 }{
		{1000, 0, 1000}, {1000, 1 << 16, 2000}, {1000, -1 << 16, 500}, {1_000_000, 1 << 15, 1_414_213}, {1000, -40 << 16, 0},
	} {
		if got := scale2(c.v, c.x); got < c.want-c.want/1000 || got > c.want+c.want/1000 {
			t.Errorf("scale2(%d, %d) = %d, want %d", c.v, c.x, got, c.want)
		}
	}
}

func TestAccountIDs(t *testing.T) {
	for _, numeric := range []bool{false, true} {
		w := named(t, "list-type")
		w.NumericIDs = numeric
		town := newTown(w)
		seen := map[string]uint64{}
		for i := range uint64(50_000) {
			for _, n := range []uint64{i, strangers + i} {
				id := string(town.appendAccount(nil, n))
				if old, ok := seen[id]; ok {
					t.Fatalf("%d and %d are both %s", old, n, id)
				}
				seen[id] = n
			}
		}
		r := newRNG(1, 1, 1)
		for n := range uint64(20_000) {
			typo := town.appendTypo(nil, n, &r)
			if other, ok := seen[string(typo)]; ok && other < strangers {
				t.Fatalf("a typo of %d is %d", n, other)
			}
		}
	}
}

func TestAppendAddr(t *testing.T) {
	for _, c := range []struct {
		a    addr
		want string
	}{
		{addr{}, ""},
		{v4(0, 5), "240.0.0.5"},
		{v4(2, 1<<16|9), "240.129.0.9"},
		{addr{net: v6Base | 7, low: 1}, "2001:db8:0:7:1000:1000:1000:1001"},
	} {
		if got := string(appendAddr(nil, c.a)); got != c.want {
			t.Errorf("%+v: %q, want %q", c.a, got, c.want)
		}
	}
}

func TestAppendTime(t *testing.T) {
	for _, c := range []struct {
		at   int64
		want string
	}{
		{0, "1970-01-01T00:00:00.000000Z"},
		{1_562_069_584_123_456, "2019-07-02T12:13:04.123456Z"},
		{951_782_400_000_001, "2000-02-29T00:00:00.000001Z"},
	} {
		if got := string(appendTime(nil, c.at)); got != c.want {
			t.Errorf("%d: %s, want %s", c.at, got, c.want)
		}
	}
}

// TestAgenda holds the heap against sorting.
func TestAgenda(t *testing.T) {
	r := newRNG(7, 7, 7)
	var a agenda
	var want []task
	for i := range 2000 {
		k := task{at: r.below(300), order: uint32(i)}
		want = append(want, k)
		a.push(k)
	}
	slices.SortFunc(want, func(x, y task) int {
		if x.before(&y) {
			return -1
		}
		return 1
	})
	for i := range want {
		if got := a.pop(); got != want[i] {
			t.Fatalf("task %d is %+v, want %+v", i, got, want[i])
		}
	}
}

// TestReservedStays holds that what is promised to a transfer is not spent.
func TestReservedStays(t *testing.T) {
	w := named(t, "small")
	town := newTown(w)
	l := newLife(town, &plan{}, newClerk(town, Outputs{}, Options{}))
	l.now, l.wallet, l.reserved = town.start, 1000, 600
	l.payBalance(task{amount: 500})
	l.payBalance(task{amount: 400})
	if l.wallet != 600 || l.book[0].status != declined || l.book[1].status != approved {
		t.Errorf("wallet %d after %v", l.wallet, l.book)
	}
}

// TestMerge holds spilled runs of several shards against sorting all at once.
func TestMerge(t *testing.T) {
	for _, limit := range []int{0, 100, 3000} {
		r := newRNG(3, 1, uint64(limit))
		var shards []*shard
		var want []string
		for range 3 {
			s := &shard{}
			defer s.close()
			for i := range 400 {
				key := uint64(r.below(50))
				tie := uint64(len(shards)*1000 + i)
				off := len(s.text)
				line := fmt.Sprintf("%03d %05d %s\n", key, tie, strings.Repeat("x", int(r.below(30))))
				want = append(want, line)
				s.text = append(s.text, line...)
				s.heads = append(s.heads, head{key, tie, uint32(off), uint32(len(line))})
				if limit > 0 && len(s.text) > limit {
					if err := s.spill(t.TempDir()); err != nil {
						t.Fatal(err)
					}
				}
			}
			slices.SortFunc(s.heads, compareHeads)
			shards = append(shards, s)
		}
		slices.Sort(want)
		var got bytes.Buffer
		if err := merge(context.Background(), &got, shards, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		if got.String() != strings.Join(want, "") {
			t.Errorf("limit %d: rows are not in order", limit)
		}
	}
}
