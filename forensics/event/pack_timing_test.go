package event

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

// BenchmarkPack packs the logins and charges of 2,000 accounts, ten each, on one
// device mostly, and goes through them. Bytes are those of rows that are not
// packed; the control copies them.
func BenchmarkPack(b *testing.B) {
	part := timedPart()
	size := int64(len(part.Logins))*int64(unsafe.Sizeof(Login{})) + int64(len(part.Charges))*int64(unsafe.Sizeof(Charge{}))
	var times int64
	for i := range part.Logins {
		times += part.Logins[i].Time
	}
	logins, charges := pointers(part.Logins), pointers(part.Charges)
	memory := spill.New(0, "")
	b.Run("pack", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			owner := memory.NewOwner()
			parts := NewParts(1)
			packer := NewPacker(parts, owner)
			packer.Logins(0, slices.Values(logins))
			packer.Charges(0, slices.Values(charges))
			if parts.Rows(0) != int64(len(logins)+len(charges)) {
				b.Fatal(parts.Rows(0))
			}
			owner.Close()
		}
	})
	parts := Pack([]Part{part}, nil)
	b.Run("walk", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			c, err := parts.Open(0)
			if err != nil {
				b.Fatal(err)
			}
			var sum int64
			for c.Logins.Next() {
				sum += c.Logins.Row.Time
			}
			n := 0
			for c.Charges.Next() {
				n++
			}
			if sum != times || n != len(part.Charges) {
				b.Fatal("other rows")
			}
		}
	})
	b.Run("control", func(b *testing.B) {
		b.SetBytes(size)
		to := Part{make([]Login, len(part.Logins)), make([]Charge, len(part.Charges))}
		for b.Loop() {
			copy(to.Logins, part.Logins)
			copy(to.Charges, part.Charges)
		}
		if to.Charges[7] != part.Charges[7] {
			b.Fatal("other rows")
		}
	})
}

func timedPart() (p Part) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		account, home := Key(n+1)<<40, Addr(r.Uint32())
		l := Login{Account: account, Device: Key(r.Uint64()), Agent: Key(r.Uint64()), ASN: 64500, Country: 'J'<<8 | 'P', Action: LoginAction}
		c := Charge{Account: account, Device: l.Device, Currency: 1, Kind: Payment, Status: Approved, Funding: Balance}
		for k := range int64(10) {
			l.Time, l.Session, l.Addr, l.Pos = k*86_400_000_000+r.Int64N(1e9), Key(r.Uint64()), home+Addr(r.IntN(3)), Pos(r.Uint64())
			c.Time, c.Session, c.Addr, c.Pos = l.Time+1e6, l.Session, l.Addr, Pos(r.Uint64())
			c.Txn, c.Store, c.Amount = Key(r.Uint64()), Key(r.Uint64()), r.Int64N(10_000)
			p.Logins, p.Charges = append(p.Logins, l), append(p.Charges, c)
		}
	}
	p.Sort()
	return p
}
