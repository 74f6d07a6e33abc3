package parquet

import "io"

// A nest is the JSON of a row of a repeated column while it is put together.
// Entries come one a value; the repetition level of an entry says how many of
// the lists that are open it continues, its definition level how deep it goes.
type nest struct {
	json    []byte
	begun   bool
	open    int    // lists
	records []byte // of the batch, as cells
}

func (n *nest) reset() { n.json, n.begun, n.open = n.json[:0], false, 0 }

// lists makes cells of a repeated column. A row ends where the next begins, so
// the last of a batch stays in the nest.
func (c *column) lists() error {
	n := &c.nest
	c.made, n.records = c.made[:0], n.records[:0]
	defer func() { c.cells = c.made }()
	for len(c.made) < c.shared.cells && len(n.records) < c.shared.bytes {
		if err := c.turn(); err != nil {
			if err == io.EOF && n.begun {
				c.made = append(c.made, n.end())
				n.reset()
			}
			return err
		}
		if err := c.entries(min(c.left, c.batch)); err != nil {
			return err
		}
	}
	return nil
}

// entries takes the next so many entries.
func (c *column) entries(count int) error {
	c.left -= count
	values, err := c.present(count)
	if err != nil && values == nil {
		return err
	}
	defs, reps := c.shared.levels[:count], c.shared.reps[:count]
	if err := c.page.reps.fill(reps); err != nil {
		return err
	}
	n := &c.nest
	for i, rep := range reps {
		var value []byte
		if defs[i] == c.leaf.maxDef {
			if len(values) == 0 {
				return err
			}
			value, values = values[0], values[1:]
		}
		if rep == 0 {
			if n.begun {
				c.made = append(c.made, n.end())
			}
			n.reset()
			n.begun = true
		}
		if !n.add(c.leaf, rep, defs[i], value) {
			return errLevels
		}
		if len(n.json) > maxRow {
			return &LimitError{Cap: RowCap, Limit: maxRow}
		}
	}
	return nil
}

// add adds an entry; it reports whether one with these levels can stand here.
func (n *nest) add(l *leaf, rep, def uint32, value []byte) bool {
	if rep > 0 {
		if !n.begun || int(rep) > n.open || def < l.repDefs[rep-1] {
			return false
		}
		n.close(int(rep))
		n.json = append(n.json, ',')
	}
	for n.open < len(l.repDefs) {
		element := l.repDefs[n.open]
		switch {
		case def >= element:
			n.json = append(n.json, '[')
			n.open++
			continue
		case def == element-1:
			n.json = append(n.json, "[]"...)
		case n.open > 0:
			n.json = append(n.json, "null"...)
		} // no list at all is an empty cell
		return true
	}
	if value == nil {
		value = null
	}
	n.json = append(n.json, value...)
	return true
}

var null = []byte("null")

// close ends all lists but the first so many.
func (n *nest) close(keep int) {
	for ; n.open > keep; n.open-- {
		n.json = append(n.json, ']')
	}
}

// end returns the row as a cell.
func (n *nest) end() []byte {
	n.close(0)
	from := len(n.records)
	switch {
	case len(n.json) == 0:
		return nil
	case needsQuotes(n.json):
		n.records = appendQuoted(n.records, n.json)
	default:
		n.records = append(n.records, n.json...)
	}
	return n.records[from:]
}
