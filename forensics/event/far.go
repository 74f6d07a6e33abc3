package event

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/forensics/stage/wire"
)

// A far is where parts lie that an engine has: a data set with one packed part
// for each key. The rows of single accounts are fetched when they are asked for.
type far struct {
	ctx    context.Context
	engine stage.Engine
	set    string
	near   *Parts // of the accounts that were fetched
	order  []Key  // which those are
}

// A Summary says what a part holds, without its rows.
type Summary struct{ packed }

// FarParts returns Parts that lie with an engine as a data set, given what the
// part of each key holds. They are read until the context ends.
func FarParts(ctx context.Context, engine stage.Engine, set string, summaries map[int]*Summary, n int) *Parts {
	p := NewParts(n)
	for i, s := range summaries {
		p.parts[i] = s.packed
	}
	p.far = &far{ctx: ctx, engine: engine, set: set}
	return p
}

func (p *Parts) isFar() bool { return p != nil && p.far != nil }

// Engine returns the engine that has the parts, nil where they are here.
func (p *Parts) Engine() stage.Engine {
	if !p.isFar() {
		return nil
	}
	return p.far.engine
}

// A packedForm is the form of a part: the blocks of its rows.
type packedForm struct {
	summary         Summary
	logins, charges [][]byte
}

// Form returns part i as bytes, and what it holds.
func (p *Parts) Form(i int) ([]byte, *Summary, error) {
	var c Cursor
	if err := c.open(p, i); err != nil {
		return nil, nil, err
	}
	f := packedForm{summary: Summary{p.parts[i]}}
	for _, b := range c.Logins.blocks {
		f.logins = append(f.logins, b.Bytes())
	}
	for _, b := range c.Charges.blocks {
		f.charges = append(f.charges, b.Bytes())
	}
	room := (len(f.logins)+len(f.charges)+1)*(spill.BlockSize+binary.MaxVarintLen64) + 1<<10
	return wire.Append(make([]byte, 0, room), &f), &f.summary, nil
}

// readPart returns Parts of one part, given its form; blocks has that alone.
func readPart(blocks [][]byte) (*Parts, error) {
	if len(blocks) != 1 {
		return nil, fmt.Errorf("%d blocks of a part, want 1", len(blocks))
	}
	p, owner := NewParts(1), spill.New(0, "").NewOwner()
	if err := p.put(0, blocks[0], owner.NewShelf(2)); err != nil {
		return nil, err
	}
	return p, owner.Seal()
}

// put sets part i from its form.
func (p *Parts) put(i int, form []byte, shelf *spill.Shelf) error {
	var f packedForm
	if err := wire.Read(form, &f); err != nil {
		return err
	}
	p.parts[i] = f.summary.packed
	p.parts[i].shelf = shelf
	for n, blocks := range [][][]byte{f.logins, f.charges} {
		for _, b := range blocks {
			if len(b) > spill.BlockSize {
				return fmt.Errorf("a block of %d bytes in a part", len(b))
			}
			shelf.Keep(2*i+n, copy(shelf.Room(2*i+n, spill.BlockSize), b))
		}
	}
	return nil
}

// Fetch gets the rows of accounts ready that a Reader will ask for. Where the
// parts are here there is nothing to do; where an engine has them, asking for
// many at once is what makes it quick.
func (p *Parts) Fetch(ctx context.Context, accounts []Key) error {
	if !p.isFar() {
		return nil
	}
	p.far.order = slices.Concat(p.far.order, accounts)
	slices.Sort(p.far.order)
	p.far.order = slices.Compact(p.far.order)
	found, err := accountsWalk.Run(ctx, 1, p, &p.far.order, nil)
	if err != nil {
		return err
	}
	p.far.near = NewParts(p.Len())
	p.far.near.shift = p.shift
	owner := spill.New(0, "").NewOwner()
	shelf := owner.NewShelf(2 * p.Len())
	for _, f := range found {
		if f.problem != "" {
			return errors.New(f.problem)
		}
		if f.form == nil {
			continue
		}
		if err := p.far.near.put(f.part, f.form, shelf); err != nil {
			return err
		}
	}
	return owner.Seal()
}

// fetched returns parts that have the rows of an account here.
func (p *Parts) fetched(account Key) (*Parts, error) {
	if !p.isFar() {
		return p, nil
	}
	if _, ok := slices.BinarySearch(p.far.order, account); !ok {
		if err := p.Fetch(p.far.ctx, []Key{account}); err != nil {
			return nil, err
		}
	}
	return p.far.near, nil
}

// An accountsForm has the rows of some accounts of a part, packed; nothing where
// none of them is there.
type accountsForm struct {
	part    int
	form    []byte
	problem string
}

type accountsState struct {
	wanted []Key
	found  accountsForm
}

var accountsWalk = NewWalk("accounts", func(wanted *[]Key) *accountsState { return &accountsState{wanted: *wanted} },
	(*accountsState).take, func(s *accountsState) *accountsForm { return &s.found })

// take packs the rows of the wanted accounts of a part.
func (s *accountsState) take(i int, rows *Cursor) {
	var part Part
	wanted := func(k Key) bool { _, ok := slices.BinarySearch(s.wanted, k); return ok }
	for rows.Logins.Next() {
		if l := &rows.Logins.Row; wanted(l.Account) {
			part.Logins = append(part.Logins, *l)
		}
	}
	for rows.Charges.Next() {
		if c := &rows.Charges.Row; wanted(c.Account) {
			row := *c
			row.Time += rows.Charges.shift // as it was before
			part.Charges = append(part.Charges, row)
		}
	}
	if !part.Any() {
		return
	}
	s.found.part = i
	var err error
	if s.found.form, _, err = Pack([]Part{part}, func(Key) int { return 0 }).Form(0); err != nil {
		s.found.problem = err.Error()
	}
}
