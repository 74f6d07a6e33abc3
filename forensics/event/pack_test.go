package event

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

// randomParts makes rows whose fields are often those of the row before, at
// times zero and at times anything.
func randomParts(r *rand.Rand, parts, rows int) []Part {
	out := make([]Part, parts)
	key := func(old Key) Key {
		switch r.IntN(4) {
		case 0:
			return old
		case 1:
			return 0
		}
		return Key(r.Uint64() >> r.IntN(64))
	}
	at := func(old int64) int64 {
		switch r.IntN(8) {
		case 0:
			return old
		case 1:
			return int64(r.Uint64())
		case 2:
			return []int64{math.MinInt64, math.MaxInt64, 0, -1, old + shortTime, old + shortTime + 1}[r.IntN(6)]
		}
		return old + r.Int64N(1<<33)
	}
	var l Login
	var c Charge
	for range rows {
		account := Key(r.Uint64N(uint64(rows)/3+1)) << 50
		p := &out[PartOf(account, parts)]
		l = Login{Time: at(l.Time), Account: account, Device: key(l.Device), Session: key(l.Session), Addr: Addr(key(Key(l.Addr))), Agent: key(l.Agent),
			Pos: Pos(r.Uint64()), ASN: uint32(key(Key(l.ASN))), Country: Country(key(Key(l.Country))), Action: Action(r.Uint32()), Word: uint8(r.Uint32())}
		p.Logins = append(p.Logins, l)
		if r.IntN(3) > 0 {
			c = Charge{Time: at(c.Time), Account: account, Txn: key(c.Txn), Ref: key(c.Ref), Amount: int64(r.Uint64()), Device: key(c.Device), Session: key(c.Session),
				Addr: Addr(key(Key(c.Addr))), Store: key(c.Store), Pos: Pos(r.Uint64()), Currency: uint32(key(Key(c.Currency))),
				Kind: Kind(r.Uint32()), Status: Status(r.Uint32()), Funding: Funding(r.Uint32()), Mark: uint8(r.Uint32())}
			p.Charges = append(p.Charges, c)
		}
	}
	for i := range out {
		out[i].Sort()
	}
	return out
}

// TestPackedRowsComeBack packs rows into a memory that holds them and into one
// that does not, and reads them back in all ways.
func TestPackedRowsComeBack(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 5))
		parts := 1 << r.IntN(5)
		want := randomParts(r, parts, 1+r.IntN(30_000))
		memory := spill.New(int64(r.IntN(2)), t.TempDir()) // 0: all there is; 1: next to nothing
		packed := packInto(t, memory, want)
		i := 0
		for part, err := range packed.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			checkRows(t, &want[i], part)
			i++
		}
		reader := packed.NewReader()
		for range 200 {
			p := &want[r.IntN(parts)]
			if len(p.Logins) == 0 {
				continue
			}
			account := p.Logins[r.IntN(len(p.Logins))].Account + Key(r.IntN(4)/3)
			got, err := reader.Account(account)
			if err != nil {
				t.Fatal(err)
			}
			checkRows(t, slowAccount(want, account), &got)
		}
		if memory.Spilled() == 0 && seed == 11 && len(want[0].Logins) > 20_000 {
			t.Error("nothing was spilled")
		}
		memory.Close()
	}
}

func packInto(t testing.TB, memory *spill.Memory, rows []Part) *Parts {
	t.Helper()
	packed := NewParts(len(rows))
	owners := []*spill.Owner{memory.NewOwner(), memory.NewOwner()}
	packers := []*Packer{NewPacker(packed, owners[0]), NewPacker(packed, owners[1])}
	for i := range rows {
		packers[i%2].Logins(i, slices.Values(pointers(rows[i].Logins)))
		packers[i%2].Charges(i, slices.Values(pointers(rows[i].Charges)))
	}
	for _, o := range owners {
		if err := o.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	return packed
}

// slowAccount finds the rows of an account by looking at all.
func slowAccount(parts []Part, account Key) *Part {
	var out Part
	for _, p := range parts {
		for _, l := range p.Logins {
			if l.Account == account && account != 0 {
				out.Logins = append(out.Logins, l)
			}
		}
		for _, c := range p.Charges {
			if c.Account == account && account != 0 {
				out.Charges = append(out.Charges, c)
			}
		}
	}
	return &out
}

func checkRows(t testing.TB, want, got *Part) {
	t.Helper()
	if !slices.Equal(want.Logins, got.Logins) || !slices.Equal(want.Charges, got.Charges) {
		t.Fatalf("%d logins and %d charges came back as %d and %d others", len(want.Logins), len(want.Charges), len(got.Logins), len(got.Charges))
	}
}

// TestPackedAreAllColumns checks that nothing is left out but what is said to be.
func TestPackedAreAllColumns(t *testing.T) {
	l, c := Login{}, Charge{}
	fill(reflect.ValueOf(&l).Elem())
	fill(reflect.ValueOf(&c).Elem())
	l.ID, c.Rest = 0, 0
	want := []Part{{Logins: []Login{l}, Charges: []Charge{c}}}
	for part, err := range packInto(t, spill.New(0, ""), want).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		checkRows(t, &want[0], part)
	}
}

// fill sets every field to a value of its own.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		if f := v.Field(i); f.CanInt() {
			f.SetInt(int64(i + 1))
		} else {
			f.SetUint(uint64(i + 1))
		}
	}
}

func TestSeen(t *testing.T) {
	p := Pack([]Part{{Logins: []Login{{Account: 1, Device: 6, Word: PackWord(Failure, UnknownAccount, true, false, false)}}},
		{Logins: []Login{{Account: 2, Country: 3}}, Charges: []Charge{{Account: 2, Store: 8, Funding: Card}}}}, nil)
	l, c := p.AnyLogin(), p.AnyCharge()
	if l.Device == 0 || l.Country == 0 || l.Addr|Addr(l.Agent)|Addr(l.Session) != 0 || c.Store == 0 || c.Funding == NoFunding || c.Device|c.Ref != 0 {
		t.Errorf("any login is %+v, any charge %+v", l, c)
	}
	if !p.HasReason(UnknownAccount) || p.HasReason(Locked) {
		t.Error("the reasons that there are")
	}
}

// TestFilesThatChanged checks that what was put into a temporary file and is not
// there any more is an error.
func TestFilesThatChanged(t *testing.T) {
	dir := t.TempDir()
	rows := randomParts(rand.New(rand.NewPCG(1, 1)), 2, 20_000)
	memory := spill.New(1, dir)
	packed := packInto(t, memory, rows)
	if memory.Spilled() == 0 {
		t.Fatal("nothing was spilled")
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("temporary files are in sight: %v, %v", names, err)
	}
	memory.Close()
	for _, err := range packed.All(t.Context()) {
		if err == nil {
			t.Error("rows of files that are closed")
		}
	}
}

// FuzzCursor reads anything as packed rows: an error, or rows.
func FuzzCursor(f *testing.F) {
	memory := spill.New(0, "")
	rows := packInto(f, memory, randomParts(rand.New(rand.NewPCG(1, 1)), 1, 40))
	for _, kind := range []int{0, 1} {
		blocks, err := rows.parts[0].shelf.Blocks(kind, &spill.Buffer{})
		if err != nil || len(blocks) == 0 {
			f.Fatal("no seeds", err)
		}
		f.Add(slices.Clone(blocks[0].Bytes()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), spill.BlockSize)]
		owner := memory.NewOwner()
		defer owner.Close()
		shelf := owner.NewShelf(2)
		for kind := range 2 {
			copy(shelf.Room(kind, len(data)), data)
			shelf.Keep(kind, len(data))
		}
		if err := owner.Seal(); err != nil {
			t.Fatal(err)
		}
		p := &Parts{parts: []packed{{shelf: shelf, logins: 1, charges: 1}}}
		rows := 0
		for part, err := range p.All(t.Context()) {
			if err == nil {
				rows += len(part.Logins) + len(part.Charges)
			}
		}
		if rows > len(data) {
			t.Errorf("%d rows of %d bytes", rows, len(data))
		}
		reader := p.NewReader()
		for _, account := range []Key{1, 1 << 63} {
			if _, err := reader.Account(account); err != nil && !errors.Is(err, errPacked) {
				t.Error(err)
			}
		}
	})
}
