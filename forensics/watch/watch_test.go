package watch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		kind, value string
		ok          bool
	}{
		{IP, "192.0.2.1", true}, {IP, "192.0.2.1:443", true}, {IP, "::ffff:192.0.2.1", true}, {IP, "2001:db8::1", true}, {IP, "[2001:db8::1]:443", true},
		{IP, "2001:db8::1%eth0", true}, {Network, "192.0.2.0/24", true}, {Network, "2001:db8::/48", true}, {IP, "::1", false}, {IP, "::/0", false},
		{Network, "::ffff:192.0.2.0/120", false}, {IP, "", false}, {IP, "host.example", false}, {IP, "192.0.2.1\n", false},
		{Agent, "Mozilla/5.0", true}, {Agent, "", false}, {Device, "d1", true}, {ASN, "64500", true}, {ASN, "AS64500", true}, {ASN, "as0", false},
		{ASN, "4294967296", false}, {ASN, "-1", false}, {"account", "a", false}, {"", "", false},
	} {
		l := NewList()
		n, ok := l.Add(c.kind, c.value)
		if ok != c.ok || ok && (n != 0 || l.Len() != 1) || !ok && l.Len() != 0 {
			t.Errorf("%s %q: %d, %v, %d entries", c.kind, c.value, n, ok, l.Len())
		}
	}
	l := NewList()
	for i, value := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1:80"} {
		if n, _ := l.Add(IP, value); n != i%2 {
			t.Errorf("%s has the number %d, want %d", value, n, i%2)
		}
	}
}

// A world is a log of a few accounts, and who is a stranger in it.
type world struct {
	parts     []event.Part
	strangers []Stranger
}

// newWorld makes accounts that share a few addresses, agents, operators and
// devices. One device in four of an account is a stranger.
func newWorld(r *rand.Rand, accounts, parts int) *world {
	w := &world{parts: make([]event.Part, parts)}
	pos := int64(0)
	for a := range accounts {
		account := event.Key(a + 1)
		p := &w.parts[a%parts]
		devices := make([]event.Key, 1+r.IntN(3))
		for i := range devices {
			devices[i] = event.KeyOfString(fmt.Sprint("device ", r.IntN(8)))
			if s := (Stranger{account, devices[i]}); r.IntN(4) == 0 && !slices.Contains(w.strangers, s) {
				w.strangers = append(w.strangers, s)
			}
		}
		for range 1 + r.IntN(8) {
			pos++
			word := event.PackWord(event.Success, event.NoReason, true, false, false)
			if r.IntN(4) == 0 {
				word = event.PackWord(event.Failure, event.BadPassword, true, false, false)
			}
			p.Logins = append(p.Logins, event.Login{Time: pos, Account: account, Device: devices[r.IntN(len(devices))], Addr: addr(r), Pos: event.At(0, pos),
				Agent: event.KeyOfString(fmt.Sprint("agent ", r.IntN(4))), ASN: uint32(64500 + r.IntN(4)), Action: event.LoginAction, Word: word})
		}
		for range r.IntN(3) {
			pos++
			p.Charges = append(p.Charges, event.Charge{Time: pos, Account: account, Txn: event.Key(pos), Device: devices[r.IntN(len(devices))], Addr: addr(r),
				Pos: event.At(1, pos), Kind: event.Payment, Status: event.Approved, Amount: 1})
		}
	}
	slices.SortFunc(w.strangers, Stranger.Compare)
	return w
}

func addr(r *rand.Rand) event.Addr {
	a, _ := addrOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, byte(r.IntN(2)), byte(r.IntN(4))}), 32))
	if r.IntN(4) == 0 {
		a, _ = addrOf(netip.PrefixFrom(netip.MustParseAddr(fmt.Sprintf("2001:db8:%d:%d::", r.IntN(2), r.IntN(2))), 128))
	}
	return a
}

// cursors returns one for each part.
func (w *world) cursors() (all []*event.Cursor) {
	parts := event.Pack(w.parts, nil)
	for i := range w.parts {
		c, err := parts.Open(i)
		if err != nil {
			panic(err)
		}
		all = append(all, c)
	}
	return all
}

// slow counts by looking at every row with every entry, actors told apart in
// every account.
func (w *world) slow(entries [][2]string) []Use {
	uses := make([]Use, len(entries))
	for n, e := range entries {
		for _, cursor := range w.cursors() {
			var a baseline.Account
			baseline.Walk(cursor, &a, func(a *baseline.Account) {
				own := false
				see := func(fits, theirs bool) {
					uses[n].Seen = uses[n].Seen || fits
					own = own || fits && theirs
				}
				theirs := func(by int16) bool {
					return by != baseline.Nobody && !slices.Contains(w.strangers, Stranger{a.Key, a.Actors[by].Key})
				}
				for i := range a.Logins {
					l := &a.Logins[i]
					see(fits(e, l.Addr, l.Agent, l.ASN, l.Device), theirs(a.LoginBy[i]) && l.Outcome() != event.Failure)
				}
				for i := range a.Charges {
					see(fits(e, a.Charges[i].Addr, 0, 0, a.Charges[i].Device), theirs(a.ChargeBy[i]))
				}
				if own {
					uses[n].Own++
				}
			})
		}
	}
	return uses
}

func fits(e [2]string, a event.Addr, agent event.Key, asn uint32, device event.Key) bool {
	switch e[0] {
	case Agent:
		return agent == event.KeyOfString(e[1])
	case Device:
		return device == event.KeyOfString(e[1])
	case ASN:
		return fmt.Sprint(asn) == e[1]
	}
	p, _ := Prefix(e[1])
	b := [16]byte{}
	for i := range 8 {
		b[i] = byte(a >> (56 - 8*i))
	}
	row := netip.AddrFrom16(b)
	if a.Is4() {
		row = netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
	}
	if p.Addr().Is6() && p.Bits() > 64 {
		p, _ = p.Addr().Prefix(64)
	}
	return p.Contains(row)
}

// TestUses holds the counts against an obvious count of the same, whatever the
// partitions and the number of workers.
func TestUses(t *testing.T) {
	entries := [][2]string{{IP, "192.0.0.1"}, {IP, "192.0.1.3"}, {IP, "192.0.9.9"}, {Network, "192.0.0.0/24"}, {Network, "192.0.0.0/16"}, {Network, "192.0.1.2/31"},
		{IP, "2001:db8::7"}, {Network, "2001:db8::/48"}, {Network, "2001:db8:1:1::/64"}, {Agent, "agent 1"}, {Agent, "agent 9"}, {Device, "device 2"}, {Device, "device 5"}, {ASN, "64501"}, {ASN, "64999"}}
	l := NewList()
	for n, e := range entries {
		if got, ok := l.Add(e[0], e[1]); !ok || got != n {
			t.Fatalf("%v: %d, %v", e, got, ok)
		}
	}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(r, 1+r.IntN(40), 1+r.IntN(4))
		want := w.slow(entries)
		for _, workers := range []int{1, 3} {
			got, err := l.Uses(context.Background(), workers, event.Pack(w.parts, nil), w.strangers)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v, %v\nwant %v", seed, got, err, want)
			}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := l.Uses(ctx, 1, event.NewParts(1), nil); err == nil {
		t.Error("a run that was stopped has a result")
	}
}

// BenchmarkUses counts what few rows show, as in a log: bytes are rows. The
// control is a walk over the same rows that counts logins at one address.
func BenchmarkUses(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	w := newWorld(r, 50_000, 16)
	rows := 0
	for i := range w.parts {
		rows += len(w.parts[i].Logins) + len(w.parts[i].Charges)
	}
	l := NewList()
	l.Add(IP, "192.0.0.1")
	l.Add(Network, "198.51.100.0/24")
	l.Add(Device, "device 99")
	few := w.strangers[:len(w.strangers)/100]
	parts := event.Pack(w.parts, nil)
	want, err := l.Uses(context.Background(), 1, parts, few)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("uses", func(b *testing.B) {
		b.SetBytes(int64(rows))
		b.ReportAllocs()
		for b.Loop() {
			if got, _ := l.Uses(context.Background(), 1, parts, few); !slices.Equal(got, want) {
				b.Fatal("another count")
			}
		}
	})
	b.Run("control", func(b *testing.B) {
		b.SetBytes(int64(rows))
		b.ReportAllocs()
		one, _ := addrOf(netip.MustParsePrefix("192.0.0.1/32"))
		for b.Loop() {
			n := int64(0)
			for _, c := range w.cursors() {
				var room baseline.Rows
				room.Each(c, func(logins []event.Login, charges []event.Charge) {
					for k := range logins {
						if logins[k].Addr == one {
							n++
						}
					}
				})
			}
			if n < want[0].Own {
				b.Fatal("another count")
			}
		}
	})
}
