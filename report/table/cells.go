package table

// Cells are the values of one column, in row order.
type Cells struct {
	column Column
	table  *Table
	texts  []string // Text and Code; "" where null
	ints   []int64  // Int, Amount and Time; 0 where null
	nulls  []uint64 // bit r%64 of word r/64 is row r; short or nil where no null follows
	null   int      // how many rows are null
}

// Column returns what the cells are.
func (c *Cells) Column() Column { return c.column }

// Len returns the number of cells.
func (c *Cells) Len() int {
	if c.column.Kind.IsText() {
		return len(c.texts)
	}
	return len(c.ints)
}

// Nulls returns how many cells are null.
func (c *Cells) Nulls() int { return c.null }

// Null reports whether the cell of a row is null.
func (c *Cells) Null(row int) bool {
	w := row >> 6
	return w < len(c.nulls) && c.nulls[w]>>(row&63)&1 != 0
}

// Text returns the text of a row, "" where it is null or the column holds no
// texts.
func (c *Cells) Text(row int) string {
	if !c.column.Kind.IsText() {
		return ""
	}
	return c.texts[row]
}

// Int returns the number, minor units or microseconds of a row, 0 where it is
// null or the column holds texts.
func (c *Cells) Int(row int) int64 {
	if c.column.Kind.IsText() {
		return 0
	}
	return c.ints[row]
}

// Texts returns all texts, "" where null; nil in a column of numbers. The slice
// belongs to the table and must not be changed.
func (c *Cells) Texts() []string { return c.texts }

// Ints returns all numbers, 0 where null; nil in a column of texts. The slice
// belongs to the table and must not be changed.
func (c *Cells) Ints() []int64 { return c.ints }

// AppendText adds a text to a Text or Code column.
func (c *Cells) AppendText(s string) {
	if !c.column.Kind.IsText() {
		c.table.fail(c.column, c.Len(), "text %q in a column of kind %s", s, c.column.Kind)
		c.ints = append(c.ints, 0)
		return
	}
	c.texts = append(c.texts, s)
}

// AppendInt adds a number to an Int column, minor units to an Amount column,
// microseconds since 1970 UTC to a Time column.
func (c *Cells) AppendInt(v int64) {
	switch {
	case c.column.Kind.IsText():
		c.table.fail(c.column, c.Len(), "number %d in a column of kind %s", v, c.column.Kind)
		c.texts = append(c.texts, "")
		return
	case c.column.Kind == Time && (v < MinTime || v > MaxTime):
		c.table.fail(c.column, c.Len(), "time %d µs is outside the years 1 to 9999", v)
	}
	c.ints = append(c.ints, v)
}

// AppendNull adds an absent value.
func (c *Cells) AppendNull() {
	row := c.Len()
	if !c.column.Nullable {
		c.table.fail(c.column, row, "null in a column that has none")
	}
	for len(c.nulls) <= row>>6 {
		c.nulls = append(c.nulls, 0)
	}
	c.nulls[row>>6] |= 1 << (row & 63)
	c.null++
	if c.column.Kind.IsText() {
		c.texts = append(c.texts, "")
	} else {
		c.ints = append(c.ints, 0)
	}
}

// An Appender fills a table row by row, cell by cell in the order of its
// columns:
//
//	row := t.Appender()
//	for _, v := range victims {
//		row.Text(v.Account)
//		row.Amount(v.Loss)
//		row.End()
//	}
//	return t, t.Validate()
//
// A cell of another kind than its column, one too many or one too few is
// reported by the table's Validate.
type Appender struct {
	table *Table
	next  int
}

// Appender returns an Appender that adds rows to t.
func (t *Table) Appender() *Appender { return &Appender{table: t} }

// Text adds a Text cell.
func (a *Appender) Text(s string) { a.text(Text, s) }

// Code adds a Code cell.
func (a *Appender) Code(s string) { a.text(Code, s) }

// Int adds an Int cell.
func (a *Appender) Int(v int64) { a.int(Int, v) }

// Amount adds an Amount cell, in minor units.
func (a *Appender) Amount(minor int64) { a.int(Amount, minor) }

// Time adds a Time cell, in microseconds since 1970, UTC.
func (a *Appender) Time(us int64) { a.int(Time, us) }

// Null adds an absent value to a column of any kind.
func (a *Appender) Null() {
	if c := a.cell(0); c != nil {
		c.AppendNull()
	}
}

// TextOrNull adds a Text cell, or null for "".
func (a *Appender) TextOrNull(s string) {
	if s == "" {
		a.Null()
		return
	}
	a.text(Text, s)
}

// CodeOrNull adds a Code cell, or null for "".
func (a *Appender) CodeOrNull(s string) {
	if s == "" {
		a.Null()
		return
	}
	a.text(Code, s)
}

// End ends the row.
func (a *Appender) End() {
	if a.next < len(a.table.cells) {
		c := &a.table.cells[a.next]
		a.table.fail(c.column, c.Len(), "the row ends before this column")
	}
	a.next = 0
}

func (a *Appender) text(k Kind, s string) {
	if c := a.cell(k); c != nil {
		c.AppendText(s)
	}
}

func (a *Appender) int(k Kind, v int64) {
	if c := a.cell(k); c != nil {
		c.AppendInt(v)
	}
}

// cell returns the column that is next, or nil behind the last one. Kind 0
// stands for any.
func (a *Appender) cell(k Kind) *Cells {
	if a.next == len(a.table.cells) {
		a.table.fail(Column{Name: "(none)"}, a.table.Rows()-1, "more cells than columns")
		return nil
	}
	c := &a.table.cells[a.next]
	a.next++
	if k != 0 && k != c.column.Kind {
		a.table.fail(c.column, c.Len(), "a cell of kind %s in a column of kind %s", k, c.column.Kind)
	}
	return c
}
