package event

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

func TestKeys(t *testing.T) {
	seen := map[Key]string{}
	for n := range 200_000 {
		text := fmt.Sprintf("user-%0*d", 1+n%40, n)
		k := KeyOfString(text)
		if old, ok := seen[k]; ok && old != text {
			t.Fatalf("%q and %q have one key", old, text)
		}
		if k == 0 {
			t.Fatalf("%q has the key of nothing", text)
		}
		seen[k] = text
	}
	if KeyOf(nil) != 0 || Key(0).Join(0) != 0 || KeyOfString("a").Join(1) == KeyOfString("a").Join(2) {
		t.Error("absent keys, or joined ones")
	}
}

// TestKeysAreSpread checks that the upper bits, which choose partitions, and
// those below, which choose buckets, are as good as random for ids that differ
// in their last digits alone.
func TestKeysAreSpread(t *testing.T) {
	const parts, n = 64, 64_000
	var upper, lower [parts]int
	for i := range n {
		k := KeyOfString(fmt.Sprintf("%09d", i))
		upper[PartOf(k, parts)]++
		lower[PartOf(k<<6, parts)]++
	}
	for p := range parts {
		for _, c := range []int{upper[p], lower[p]} {
			if c < n/parts*8/10 || c > n/parts*12/10 {
				t.Errorf("partition %d has %d of %d keys", p, c, n)
			}
		}
	}
}

func TestFanKeepsEveryRow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	const parts = 8
	memory := spill.New(1<<18, t.TempDir())
	defer memory.Close()
	owners, fans := make([]*spill.Owner, 3), make([]*Fan[int], 3)
	for i := range fans {
		owners[i] = memory.NewOwner()
		fans[i] = NewFan[int](owners[i], parts)
	}
	want := make([][]int, parts)
	for i := range 200_000 {
		p := r.IntN(parts*parts) % parts
		*fans[r.IntN(len(fans))].Slot(p) = i + 1
		want[p] = append(want[p], i+1)
	}
	for _, o := range owners {
		if err := o.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	gather := NewGatherer(fans)
	for p := range parts {
		var got []int
		if p%2 == 0 {
			rows, err := gather.Take(p)
			if err != nil {
				t.Fatal(err)
			}
			got = slices.Clone(rows)
		} else {
			rows, err := gather.Look(p)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range rows {
				got = append(got, *at)
			}
			gather.Drop(p)
		}
		slices.Sort(got)
		if !slices.Equal(got, want[p]) {
			t.Errorf("partition %d: %d rows, want %d", p, len(got), len(want[p]))
		}
		if again, err := gather.Take(p); len(again) != 0 || err != nil {
			t.Errorf("partition %d still has %d rows, %v", p, len(again), err)
		}
	}
}

func TestWords(t *testing.T) {
	for o := range numOutcomes {
		for reason := range numReasons {
			for bits := range 8 {
				l := Login{Word: PackWord(o, reason, bits&1 != 0, bits&2 != 0, bits&4 != 0)}
				if l.Outcome() != o || l.Reason() != reason || l.Fine() != (bits&1 != 0) || l.HasID() != (bits&2 != 0) || l.History() != (bits&4 != 0) {
					t.Fatalf("%v %v %d comes back as %+v", o, reason, bits, l)
				}
			}
		}
	}
	for k := TopUp; k < numKinds; k++ {
		if got, ok := ParseKind([]byte(k.String())); !ok || got != k {
			t.Errorf("%v is read as %v", k, got)
		}
	}
	if _, ok := ParseKind(nil); ok {
		t.Error("no word is a kind")
	}
	if _, ok := ParseOutcome([]byte("maybe")); ok {
		t.Error("maybe is an outcome")
	}
}

func TestPlaces(t *testing.T) {
	a := AddrFrom4(0xcb007107)
	if !a.Is4() || a.Net() != AddrFrom4(0xcb007100) {
		t.Errorf("the network of %x is %x", a, a.Net())
	}
	v6 := Addr(0x20010db8_00010002)
	if v6.Is4() || v6.Net() != 0x20010db8_00010000 {
		t.Errorf("the network of %x is %x", v6, v6.Net())
	}
	if p := AtRow(65535, MaxOffset, MaxSub); p.Source() != 65535 || p.Offset() != MaxOffset || p.Sub() != MaxSub {
		t.Errorf("the last place is %d, %d", p.Source(), p.Offset())
	}
}

func TestOrderLeavesOutWhereRowsStand(t *testing.T) {
	a, b := Login{Account: 1, Time: 2, Device: 3, Pos: 4}, Login{Account: 1, Time: 2, Device: 3, Pos: 5}
	if !SameLogin(&a, &b) || CompareLogins(&a, &b) >= 0 {
		t.Error("two rows of one content are not the same, or have no order")
	}
	b.Device = 2
	if SameLogin(&a, &b) || CompareLogins(&a, &b) <= 0 {
		t.Error("content does not come before place")
	}
	c, d := Charge{Account: 1, Txn: 2, Time: 3, Status: Pending}, Charge{Account: 1, Txn: 2, Time: 4, Status: Approved}
	if !SameTransaction(&c, &d) || CompareCharges(&c, &d) >= 0 {
		t.Error("the life of a transaction is not one, or not in order")
	}
}
