package parquet

// A source makes cells of the values of a page.
type source interface {
	// next makes cells of the next n values, no more than a batch. They are
	// valid until the next call. With an error come the cells before it.
	next(c *column, n int) ([][]byte, error)
}

type intSource struct{ ints }

func (s intSource) next(c *column, n int) ([][]byte, error) {
	ints := c.shared.ints[:n]
	if _, err := s.ints.ints(ints); err != nil {
		return nil, err
	}
	c.values, c.text = sized(c.values, n), c.text[:0]
	for i, v := range ints {
		from := len(c.text)
		c.text = c.write.intCell(c.text, v)
		c.values[i] = c.text[from:]
	}
	return c.values, nil
}

type bytesSource struct{ byteses }

func (s bytesSource) next(c *column, n int) (cells [][]byte, err error) {
	texts := c.shared.texts[:n]
	s.byteses.bytes(texts)
	c.values, c.text = sized(c.values, n), c.text[:0]
	for i, b := range texts {
		if c.values[i], c.text, err = c.write.bytesCell(c.text, b); err != nil {
			return c.values[:i], err
		}
	}
	return c.values, nil
}

// sized returns s with n elements, whatever they are.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// A dictionary holds the cells of the values that pages refer to.
type dictionary struct {
	cells [][]byte
	cost  int64 // of all of it, in the budget
	index hybrid
}

// take claims memory for the dictionary.
func (d *dictionary) take(b *budget, n int) error {
	err := b.take(int64(n))
	if err == nil {
		d.cost += int64(n)
	}
	return err
}

// openDict reads the dictionary of the chunk.
func (c *column) openDict(off int64, h *header) error {
	d, b := &c.dict, &c.shared.budget
	if d.cells != nil || c.after != c.chunk.values {
		return errTwoDicts
	}
	if h.encoding != encPlain && h.encoding != encPlainDict || c.leaf.typ == typeBoolean {
		return unknownEncoding(h.encoding)
	}
	stored, err := c.stored(off, h)
	if err != nil {
		return err
	}
	// Texts stay where they are, so the page gets memory of its own.
	if err := d.take(b, h.unpacked); err != nil {
		return err
	}
	data := make([]byte, h.unpacked)
	if err := c.shared.unpack.unpack(c.chunk.codec, data, stored); err != nil {
		return err
	}
	return c.fillDict(data, h.values)
}

// fillDict makes cells of the n values in data.
func (c *column) fillDict(data []byte, n int) error {
	d, b := &c.dict, &c.shared.budget
	d.cells = [][]byte{}
	if n == 0 {
		return exactly(len(data), 0)
	}
	s, batch, err := c.plain(encPlain, data, n)
	if err != nil {
		return err
	}
	if err := d.take(b, viewBytes*n); err != nil {
		return err
	}
	d.cells = make([][]byte, 0, n)
	for len(d.cells) < n {
		c.text = nil // what was made of it stays
		cells, err := s.next(c, min(batch, n-len(d.cells)))
		if err == nil {
			err = d.take(b, cap(c.text))
		}
		if err != nil {
			return err
		}
		d.cells = append(d.cells, cells...)
	}
	c.text = nil
	return nil
}

// indices returns what reads a page of n indices.
func (d *dictionary) indices(data []byte, n int) (source, error) {
	switch {
	case d.cells == nil:
		return nil, errNoDict
	case len(data) == 0:
		return nil, errTooFew
	case len(d.cells) == 0 || data[0] > 32:
		return nil, errBits
	}
	d.index = hybrid{data: data[1:], width: uint(data[0])}
	_, err := d.index.check(n, uint32(len(d.cells)-1))
	return d, err
}

func (d *dictionary) next(c *column, n int) ([][]byte, error) {
	c.values = sized(c.values, n)
	if v, ok := d.index.same(n); ok {
		for i := range c.values {
			c.values[i] = d.cells[v]
		}
		return c.values, nil
	}
	index := c.shared.reps[:n]
	if err := d.index.fill(index); err != nil {
		return nil, err
	}
	for i, v := range index {
		c.values[i] = d.cells[v]
	}
	return c.values, nil
}
