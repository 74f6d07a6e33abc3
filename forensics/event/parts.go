package event

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/paytriage/paytriage/forensics/event/spill"
)

// Parts are the rows of a log, each part a share of all accounts with all their
// rows. They are packed, and lie in memory or in a file; Each, EachPart and a
// Reader turn them back into rows, part by part. The zero value has none.
type Parts struct {
	parts []packed
	shift int64 // is taken from the time of every charge
	home  func(account Key) int
	far   *far // where they lie if not here
}

// A packed is where the rows of one part lie.
type packed struct {
	shelf           *spill.Shelf `wire:"-"`
	logins, charges int
	seen            seen
}

// A seen tells which columns are filled: of numbers and keys all bits that any
// row has.
type seen struct {
	login   Login
	charge  Charge
	reasons uint8 // bit by Reason
}

func (s *seen) addLogin(l *Login) {
	a := &s.login
	a.Device, a.Session, a.Addr, a.Agent = a.Device|l.Device, a.Session|l.Session, a.Addr|l.Addr, a.Agent|l.Agent
	a.ASN, a.Country = a.ASN|l.ASN, a.Country|l.Country
	s.reasons |= 1 << l.Reason()
}

func (s *seen) addCharge(c *Charge) {
	a := &s.charge
	a.Device, a.Session, a.Addr, a.Store, a.Ref = a.Device|c.Device, a.Session|c.Session, a.Addr|c.Addr, a.Store|c.Store, a.Ref|c.Ref
	a.Funding |= c.Funding
}

// NewParts returns Parts of which as many are to be filled.
func NewParts(n int) *Parts { return &Parts{parts: make([]packed, n)} }

// Pack returns Parts of rows that are in the order of CompareLogins and
// CompareCharges. Home says which part an account is in, nil for PartOf.
func Pack(parts []Part, home func(account Key) int) *Parts {
	p, owner := NewParts(len(parts)), spill.New(0, "").NewOwner()
	p.home = home
	packer := NewPacker(p, owner)
	for i := range parts {
		packer.Logins(i, slices.Values(pointers(parts[i].Logins)))
		packer.Charges(i, slices.Values(pointers(parts[i].Charges)))
	}
	owner.Seal()
	return p
}

func pointers[T any](rows []T) []*T {
	at := make([]*T, len(rows))
	for i := range rows {
		at[i] = &rows[i]
	}
	return at
}

// Len returns how many parts there are.
func (p *Parts) Len() int {
	if p == nil {
		return 0
	}
	return len(p.parts)
}

func (p *Parts) partOf(account Key) int {
	if p.home != nil {
		return p.home(account)
	}
	return PartOf(account, len(p.parts))
}

// Rows returns how many rows part i has.
func (p *Parts) Rows(i int) int64 { return int64(p.parts[i].logins + p.parts[i].charges) }

// AnyLogin returns a row of which the device, session, address, agent, operator
// and country are filled where those of any login are.
func (p *Parts) AnyLogin() Login {
	var s seen
	for i := range p.Len() {
		s.addLogin(&p.parts[i].seen.login)
	}
	return s.login
}

// AnyCharge returns a row of which the device, session, address, shop, reference
// and funding are filled where those of any charge are.
func (p *Parts) AnyCharge() Charge {
	var s seen
	for i := range p.Len() {
		s.addCharge(&p.parts[i].seen.charge)
	}
	return s.charge
}

// HasReason reports whether any login has a reason.
func (p *Parts) HasReason(r Reason) bool {
	for i := range p.Len() {
		if p.parts[i].seen.reasons>>r&1 != 0 {
			return true
		}
	}
	return false
}

// Shift takes micros from the time of every charge from now on.
func (p *Parts) Shift(micros int64) { p.shift += micros }

// A Packer fills parts, one at a time. Each worker has its own.
type Packer struct {
	parts *Parts
	shelf *spill.Shelf
}

// NewPacker returns a Packer of parts that puts rows on a shelf of its owner.
func NewPacker(parts *Parts, owner *spill.Owner) *Packer {
	return &Packer{parts, owner.NewShelf(2 * len(parts.parts))}
}

// Logins puts the logins of part i, which are in order. The owner must be sealed
// before they are read.
func (k *Packer) Logins(i int, rows iter.Seq[*Login]) {
	p, nothing := &k.parts.parts[i], &Login{}
	before := nothing
	p.shelf, p.logins = k.shelf, 0
	for row := range rows {
		if k.shelf.Fresh(2*i, maxLogin) {
			before = nothing
		}
		k.shelf.Keep(2*i, putLogin(k.shelf.Room(2*i, maxLogin), before, row))
		before = row
		p.logins++
		p.seen.addLogin(row)
	}
}

// Charges is Logins for charges.
func (k *Packer) Charges(i int, rows iter.Seq[*Charge]) {
	p, nothing := &k.parts.parts[i], &Charge{}
	before := nothing
	p.shelf, p.charges = k.shelf, 0
	for row := range rows {
		if k.shelf.Fresh(2*i+1, maxCharge) {
			before = nothing
		}
		k.shelf.Keep(2*i+1, putCharge(k.shelf.Room(2*i+1, maxCharge), before, row))
		before = row
		p.charges++
		p.seen.addCharge(row)
	}
}

// A Cursor goes through the rows of a part.
type Cursor struct {
	parts   *Parts // whose memory it reads
	Logins  LoginCursor
	Charges ChargeCursor
	bufs    [2]spill.Buffer
}

// open goes to the start of part i.
func (c *Cursor) open(p *Parts, i int) error {
	if err := c.openLogins(p, i); err != nil {
		return err
	}
	return c.openCharges(p, i)
}

func (c *Cursor) openLogins(p *Parts, i int) error {
	c.parts = p
	part := &p.parts[i]
	c.Logins.start(nil)
	if part.logins == 0 {
		return nil
	}
	blocks, err := part.shelf.Blocks(2*i, &c.bufs[0])
	c.Logins.start(blocks)
	return err
}

func (c *Cursor) openCharges(p *Parts, i int) error {
	c.parts = p
	part := &p.parts[i]
	c.Charges.start(nil)
	c.Charges.shift, c.Charges.time = p.shift, 0
	if part.charges == 0 {
		return nil
	}
	blocks, err := part.shelf.Blocks(2*i+1, &c.bufs[1])
	c.Charges.start(blocks)
	return err
}

// Open returns a cursor at the start of part i.
func (p *Parts) Open(i int) (*Cursor, error) {
	c := &Cursor{}
	return c, c.open(p, i)
}

// Err returns why the rows could not be read to their end.
func (c *Cursor) Err() error { return cmp.Or(c.Logins.err, c.Charges.err) }

// A Reader unpacks parts for one goroutine.
type Reader struct {
	parts  *Parts
	at     int // of the part at hand, -1 for none
	part   Part
	cursor Cursor
}

// NewReader returns a Reader of parts.
func (p *Parts) NewReader() *Reader { return &Reader{parts: p, at: -1} }

// Account returns the rows of an account, none where the log does not have it.
// They are valid until the Reader is used again.
func (r *Reader) Account(account Key) (rows Part, err error) {
	if r.parts.Len() == 0 || account == 0 {
		return Part{}, nil
	}
	r.at = -1
	parts, err := r.parts.fetched(account)
	if err != nil {
		return Part{}, err
	}
	if err := r.cursor.open(parts, r.parts.partOf(account)); err != nil {
		return Part{}, err
	}
	r.part.Logins, r.part.Charges = r.part.Logins[:0], r.part.Charges[:0]
	l, c := &r.cursor.Logins, &r.cursor.Charges
	for l.seek(account); l.Row.Account == account; {
		r.part.Logins = append(r.part.Logins, l.Row)
		if !l.Next() {
			break
		}
	}
	for c.seek(account); c.Row.Account == account; {
		r.part.Charges = append(r.part.Charges, c.Row)
		if !c.Next() {
			break
		}
	}
	return r.part, r.cursor.Err()
}

// All goes through all parts, one after the other. The rows of a part are valid
// until the next.
func (p *Parts) All(ctx context.Context) iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		if p.isFar() {
			yield(nil, errFar)
			return
		}
		r := p.NewReader()
		for i := range p.Len() {
			part, err := r.Part(i)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(part, err) || err != nil {
				return
			}
		}
	}
}

// Part returns part i. Its rows are valid until another part is asked for.
func (r *Reader) Part(i int) (*Part, error) {
	if r.at == i {
		return &r.part, nil
	}
	if r.parts.isFar() {
		return nil, errFar
	}
	r.at = -1
	if err := r.cursor.open(r.parts, i); err != nil {
		return nil, err
	}
	r.part.Logins = slices.Grow(r.part.Logins[:0], r.parts.parts[i].logins)
	r.part.Charges = slices.Grow(r.part.Charges[:0], r.parts.parts[i].charges)
	r.part.read(&r.cursor)
	if err := r.cursor.Err(); err != nil {
		return nil, err
	}
	r.at = i
	return &r.part, nil
}

// read takes in all rows of a cursor.
func (p *Part) read(rows *Cursor) {
	p.Logins, p.Charges = p.Logins[:0], p.Charges[:0]
	for rows.Logins.Next() {
		p.Logins = append(p.Logins, rows.Logins.Row)
	}
	for rows.Charges.Next() {
		p.Charges = append(p.Charges, rows.Charges.Row)
	}
}
