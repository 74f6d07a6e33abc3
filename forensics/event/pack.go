package event

import (
	"encoding/binary"
	"errors"
	"slices"
	"sort"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

// Settled rows are packed: of a row stands there what differs from the row
// before, since the rows of an account lie together and mostly share device,
// address and agent. That takes about 35 bytes for a login of 72 and 50 for a
// charge of 96, so that going through them costs no more than going through rows
// that lie in memory as they are.
//
// What only served to tell and to order rows is left out: Login.ID and
// Charge.Rest.
//
// Reading is written out field by field: with a function for a field a walk over
// a log took two and a half times as long (BenchmarkPack).

// Bits of what differs, in the first two bytes of a row.
const (
	newAccount = 1 << iota
	newDevice
	newSession
	newAddr
	newAgent // of a login; the shop of a charge
	newPlace // ASN and country of a login; the currency of a charge
	newRef   // of a charge
	longTime // the time is not a short while after the one before
)

const newStore = newAgent
const newCurrency = newPlace

// maxLogin and maxCharge are the most bytes that a row takes.
const (
	maxLogin  = 2 + 2 + 8 + 8*5 + 6 + 8
	maxCharge = 2 + 4 + 8 + 8*6 + 4 + 8 + 8 + 8
)

// shortTime is up to where a time after the one before takes four bytes:
// 71 minutes.
const shortTime = 1<<32 - 1

// putLogin writes a row that follows prev and returns how many bytes that took.
func putLogin(b []byte, prev, l *Login) int {
	_ = b[maxLogin-1]
	var bits uint16
	at := 4
	put := func(bit uint16, old, new uint64) {
		if old != new {
			bits |= bit
			binary.LittleEndian.PutUint64(b[at:], new)
			at += 8
		}
	}
	put(newAccount, uint64(prev.Account), uint64(l.Account))
	put(newDevice, uint64(prev.Device), uint64(l.Device))
	put(newSession, uint64(prev.Session), uint64(l.Session))
	put(newAddr, uint64(prev.Addr), uint64(l.Addr))
	put(newAgent, uint64(prev.Agent), uint64(l.Agent))
	if prev.ASN != l.ASN || prev.Country != l.Country {
		bits |= newPlace
		binary.LittleEndian.PutUint32(b[at:], l.ASN)
		binary.LittleEndian.PutUint16(b[at+4:], uint16(l.Country))
		at += 6
	}
	if d := uint64(l.Time - prev.Time); d <= shortTime {
		binary.LittleEndian.PutUint32(b[at:], uint32(d))
		at += 4
	} else {
		bits |= longTime
		binary.LittleEndian.PutUint64(b[at:], uint64(l.Time))
		at += 8
	}
	binary.LittleEndian.PutUint64(b[at:], uint64(l.Pos))
	binary.LittleEndian.PutUint16(b, bits)
	b[2], b[3] = byte(l.Action), l.Word
	return at + 8
}

// readLogin reads a row that follows prev into l, which may be the same, and
// returns how many bytes it took.
func readLogin(b *[maxLogin]byte, prev, l *Login) int {
	bits := binary.LittleEndian.Uint16(b[:])
	l.Action, l.Word = Action(b[2]), b[3]
	at := 4
	if l != prev { // field by field: wider copies would wait for what was only just written
		l.Account, l.Device, l.Session, l.Addr, l.Agent = prev.Account, prev.Device, prev.Session, prev.Addr, prev.Agent
		l.ASN, l.Country, l.ID = prev.ASN, prev.Country, 0
	}
	if bits&(newAccount|newDevice|newSession|newAddr|newAgent|newPlace) != 0 {
		if bits&newAccount != 0 {
			l.Account = Key(binary.LittleEndian.Uint64(b[at:]))
			at += 8
		}
		if bits&newDevice != 0 {
			l.Device = Key(binary.LittleEndian.Uint64(b[at:]))
			at += 8
		}
		if bits&newSession != 0 {
			l.Session = Key(binary.LittleEndian.Uint64(b[at:]))
			at += 8
		}
		if bits&newAddr != 0 {
			l.Addr = Addr(binary.LittleEndian.Uint64(b[at:]))
			at += 8
		}
		if bits&newAgent != 0 {
			l.Agent = Key(binary.LittleEndian.Uint64(b[at:]))
			at += 8
		}
		if bits&newPlace != 0 {
			l.ASN, l.Country = binary.LittleEndian.Uint32(b[at:]), Country(binary.LittleEndian.Uint16(b[at+4:]))
			at += 6
		}
	}
	if bits&longTime == 0 {
		l.Time = prev.Time + int64(binary.LittleEndian.Uint32(b[at:]))
		at += 4
	} else {
		l.Time = int64(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	l.Pos = Pos(binary.LittleEndian.Uint64(b[at:]))
	return at + 8
}

// putCharge is putLogin for a charge.
func putCharge(b []byte, prev, c *Charge) int {
	_ = b[maxCharge-1]
	var bits uint16
	at := 6
	put := func(bit uint16, old, new uint64) {
		if old != new {
			bits |= bit
			binary.LittleEndian.PutUint64(b[at:], new)
			at += 8
		}
	}
	put(newAccount, uint64(prev.Account), uint64(c.Account))
	put(newDevice, uint64(prev.Device), uint64(c.Device))
	put(newSession, uint64(prev.Session), uint64(c.Session))
	put(newAddr, uint64(prev.Addr), uint64(c.Addr))
	put(newStore, uint64(prev.Store), uint64(c.Store))
	put(newRef, uint64(prev.Ref), uint64(c.Ref))
	if prev.Currency != c.Currency {
		bits |= newCurrency
		binary.LittleEndian.PutUint32(b[at:], c.Currency)
		at += 4
	}
	if d := uint64(c.Time - prev.Time); d <= shortTime {
		binary.LittleEndian.PutUint32(b[at:], uint32(d))
		at += 4
	} else {
		bits |= longTime
		binary.LittleEndian.PutUint64(b[at:], uint64(c.Time))
		at += 8
	}
	binary.LittleEndian.PutUint64(b[at:], uint64(c.Txn))
	binary.LittleEndian.PutUint64(b[at+8:], uint64(c.Amount))
	binary.LittleEndian.PutUint64(b[at+16:], uint64(c.Pos))
	binary.LittleEndian.PutUint16(b, bits)
	b[2], b[3], b[4], b[5] = byte(c.Kind), byte(c.Status), byte(c.Funding), c.Mark
	return at + 24
}

// readCharge is readLogin for a charge. Time is that of the row before.
func readCharge(b *[maxCharge]byte, prev, c *Charge, time int64) int {
	bits := binary.LittleEndian.Uint16(b[:])
	c.Kind, c.Status, c.Funding, c.Mark = Kind(b[2]), Status(b[3]), Funding(b[4]), b[5]
	at := 6
	if c != prev {
		c.Account, c.Device, c.Session, c.Addr, c.Store, c.Ref = prev.Account, prev.Device, prev.Session, prev.Addr, prev.Store, prev.Ref
		c.Currency, c.Rest = prev.Currency, 0
	}
	if bits&newAccount != 0 {
		c.Account = Key(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	if bits&newDevice != 0 {
		c.Device = Key(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	if bits&newSession != 0 {
		c.Session = Key(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	if bits&newAddr != 0 {
		c.Addr = Addr(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	if bits&newStore != 0 {
		c.Store = Key(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	if bits&newRef != 0 {
		c.Ref = Key(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	if bits&newCurrency != 0 {
		c.Currency = binary.LittleEndian.Uint32(b[at:])
		at += 4
	}
	if bits&longTime == 0 {
		c.Time = time + int64(binary.LittleEndian.Uint32(b[at:]))
		at += 4
	} else {
		c.Time = int64(binary.LittleEndian.Uint64(b[at:]))
		at += 8
	}
	c.Txn = Key(binary.LittleEndian.Uint64(b[at:]))
	c.Amount = int64(binary.LittleEndian.Uint64(b[at+8:]))
	c.Pos = Pos(binary.LittleEndian.Uint64(b[at+16:]))
	return at + 24
}

// A cursor goes through packed rows. In each block they are packed by
// themselves, so that reading may begin at any. Every row begins where its block
// has room for the longest, so that reading one never leaves the block.
type cursor[T any] struct {
	Row    T // at hand
	blocks []*spill.Block
	b      []byte // of the block at hand, what is not read
	err    error
}

// A LoginCursor goes through the logins of a part.
type LoginCursor struct{ cursor[Login] }

// A ChargeCursor goes through the charges of a part.
type ChargeCursor struct {
	cursor[Charge]
	shift int64
	time  int64 // of the row at hand, as packed
}

func (c *cursor[T]) start(blocks []*spill.Block) {
	var nothing T
	c.Row, c.blocks, c.b, c.err = nothing, blocks, nil, nil
}

// block goes on to the next block, if there is one.
func (c *cursor[T]) block() bool {
	for len(c.b) == 0 {
		if len(c.blocks) == 0 || c.err != nil {
			return false
		}
		c.b, c.blocks = c.blocks[0].Bytes(), c.blocks[1:]
		if len(c.blocks) > 0 {
			c.blocks[0].Prefetch()
		}
	}
	return true
}

// broken ends a cursor whose bytes are not those that were packed.
func (c *cursor[T]) broken() bool {
	c.b, c.blocks, c.err = nil, nil, errPacked
	return false
}

// Next reads the next row, and reports whether there was one.
func (c *LoginCursor) Next() bool { return c.read(&c.Row, &c.Row) }

// read reads the next row into row; prev is the one before.
func (c *LoginCursor) read(prev, row *Login) bool {
	if len(c.b) == 0 {
		if !c.block() {
			return false
		}
		prev = &Login{}
	}
	if cap(c.b) < maxLogin {
		return c.broken()
	}
	n := readLogin((*[maxLogin]byte)(c.b[:maxLogin]), prev, row)
	if n > len(c.b) {
		return c.broken()
	}
	c.b = c.b[n:]
	return true
}

// Account appends the rows of the account at hand to rows and goes on to the row
// behind them. It reports whether there is one. Rows are read to where they are
// to lie: copied from Row, each would wait for what was only just written there.
func (c *LoginCursor) Account(rows []Login) (all []Login, more bool) {
	account := c.Row.Account
	rows = append(rows, c.Row)
	for n := len(rows); ; n++ {
		rows = slices.Grow(rows, 1)[:n+1]
		if !c.read(&rows[n-1], &rows[n]) {
			return rows[:n], false
		}
		if rows[n].Account != account {
			c.Row = rows[n]
			return rows[:n], true
		}
	}
}

// Next reads the next row, and reports whether there was one.
func (c *ChargeCursor) Next() bool { return c.read(&c.Row, &c.Row) }

// read reads the next row into row; prev is the one before.
func (c *ChargeCursor) read(prev, row *Charge) bool {
	if len(c.b) == 0 {
		if !c.block() {
			return false
		}
		prev, c.time = &Charge{}, 0
	}
	if cap(c.b) < maxCharge {
		return c.broken()
	}
	n := readCharge((*[maxCharge]byte)(c.b[:maxCharge]), prev, row, c.time)
	if n > len(c.b) {
		return c.broken()
	}
	c.b, c.time = c.b[n:], row.Time
	row.Time -= c.shift
	return true
}

// Account is what it is of a LoginCursor.
func (c *ChargeCursor) Account(rows []Charge) (all []Charge, more bool) {
	account := c.Row.Account
	rows = append(rows, c.Row)
	for n := len(rows); ; n++ {
		rows = slices.Grow(rows, 1)[:n+1]
		if !c.read(&rows[n-1], &rows[n]) {
			return rows[:n], false
		}
		if rows[n].Account != account {
			c.Row = rows[n]
			return rows[:n], true
		}
	}
}

// seek goes to the block before the first that begins with an account of that
// key or a later one: no row of it stands earlier.
func seek[T any](c *cursor[T], account Key, first func(b []byte) Key) {
	n := sort.Search(len(c.blocks), func(i int) bool { return first(c.blocks[i].Bytes()) >= account })
	c.blocks = c.blocks[max(n-1, 0):]
}

// seek goes to where the rows of an account may begin.
func (c *LoginCursor) seek(account Key) {
	seek(&c.cursor, account, func(b []byte) Key {
		var row Login
		if cap(b) >= maxLogin {
			readLogin((*[maxLogin]byte)(b[:maxLogin]), &row, &row)
		}
		return row.Account
	})
	for c.Next() && c.Row.Account < account {
	}
}

// seek goes to where the rows of an account may begin.
func (c *ChargeCursor) seek(account Key) {
	seek(&c.cursor, account, func(b []byte) Key {
		var row Charge
		if cap(b) >= maxCharge {
			readCharge((*[maxCharge]byte)(b[:maxCharge]), &row, &row, 0)
		}
		return row.Account
	})
	for c.Next() && c.Row.Account < account {
	}
}

var errPacked = errors.New("the rows that were put aside cannot be read back")
