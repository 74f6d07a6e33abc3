package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// magic begins and ends a file; cryptic ends one whose footer is encrypted.
const (
	magic   = "PAR1"
	cryptic = "PARE"

	// tailBytes is what stands behind the footer: its length and the magic.
	tailBytes = 8

	// maxFooter is how long a footer may be: a hundred columns in a million
	// row groups.
	maxFooter = 256 << 20
)

var (
	errNoMagic  = errors.New(`it does not begin with "PAR1"`)
	errCryptic  = &UnsupportedError{What: "it is encrypted"}
	errNoFooter = errors.New("it does not end with a footer: it is cut off or was never finished")
)

// A footer is what stands at the end of a file: its columns, and where the
// pages of each row group are.
type footer struct {
	leaves []leaf
	rows   int64
	end    int64  // of the pages, in the file
	groups thrift // at the first row group
	count  int    // of them
}

func readFooter(f io.ReaderAt, size int64) (*footer, error) {
	var head [4]byte
	if err := readAt(f, head[:], 0, size); err != nil {
		return nil, err
	}
	switch {
	case string(head[:]) == cryptic:
		return nil, errCryptic
	case !Is(head[:]):
		return nil, damage(errNoMagic)
	}
	var tail [tailBytes]byte
	if err := readAt(f, tail[:], size-tailBytes, size); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	switch end := string(tail[4:]); {
	case end == cryptic:
		return nil, errCryptic
	case end != magic || length > size-tailBytes-int64(len(magic)):
		return nil, damage(errNoFooter)
	case length > maxFooter:
		return nil, &LimitError{Cap: FooterCap, Limit: maxFooter}
	}
	data := make([]byte, length)
	end := size - tailBytes - length
	if err := readAt(f, data, end, size); err != nil {
		return nil, err
	}
	footer, err := parseFooter(data)
	if err != nil {
		return nil, damage(fmt.Errorf("its footer: %w", err))
	}
	footer.end = end
	return footer, nil
}

// readAt reads all of buf from a file of a size.
func readAt(f io.ReaderAt, buf []byte, off, size int64) error {
	if off < 0 || int64(len(buf)) > size-off {
		return damage(errNoFooter)
	}
	if n, err := f.ReadAt(buf, off); n < len(buf) {
		return fmt.Errorf("reading Parquet: %w", noEOF(err))
	}
	return nil
}

func parseFooter(data []byte) (*footer, error) {
	f := &footer{rows: -1}
	t := thrift{data: data}
	t.fields(func(id int, kind byte) {
		switch id {
		case 2:
			f.leaves = t.schema(kind)
		case 3:
			f.rows = t.number(kind)
		case 4:
			var elem byte
			f.count, elem = t.list(kind)
			f.groups = t
			if f.count > 0 && elem != kindStruct {
				t.fail(errShape)
			}
			for n := f.count; n > 0 && t.err == nil; n-- {
				t.skip(kindStruct)
			}
		default:
			t.skip(kind)
		}
	})
	switch {
	case t.err != nil:
		return nil, t.err
	case len(f.leaves) == 0:
		return nil, errors.New("there are no columns")
	case f.rows < 0:
		return nil, errors.New("there is no number of rows")
	}
	return f, nil
}

// A walk goes through the row groups of a footer.
type walk struct {
	footer *footer
	t      thrift
	left   int
	slot   []int32 // by leaf: which of the chunks it is, or -1
}

// walk begins to go through the row groups, for some of the leaves.
func (f *footer) walk(wanted []*leaf) *walk {
	w := &walk{footer: f, t: f.groups, left: f.count, slot: make([]int32, len(f.leaves))}
	for i := range w.slot {
		w.slot[i] = -1
	}
	for i, l := range wanted {
		w.slot[l.at] = int32(i)
	}
	return w
}

// A problem is what is wrong with one column.
type problem struct {
	leaf *leaf
	err  error
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

// next reads the next row group into chunks, which has one for each wanted
// leaf. It returns io.EOF behind the last.
func (w *walk) next(chunks []chunk) (rows int64, err error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	w.left--
	rows = -1
	t, columns := &w.t, false
	t.fields(func(id int, kind byte) {
		switch id {
		case 1:
			columns = true
			err = w.columns(kind, chunks)
		case 3:
			rows = t.number(kind)
		default:
			t.skip(kind)
		}
	})
	switch {
	case t.err != nil:
		return 0, fmt.Errorf("its footer: %w", t.err)
	case err != nil:
		return 0, err
	case rows < 0 || !columns:
		return 0, fmt.Errorf("its footer: %w", errShape)
	}
	for i, slot := range w.slot {
		if slot < 0 || rows == 0 {
			continue
		}
		if err := chunks[slot].check(&w.footer.leaves[i], rows, w.footer.end); err != nil {
			return 0, &problem{&w.footer.leaves[i], err}
		}
	}
	return rows, nil
}

// columns reads the columns of a row group.
func (w *walk) columns(kind byte, chunks []chunk) (err error) {
	n, elem := w.t.list(kind)
	if n != len(w.slot) || elem != kindStruct {
		w.t.fail(fmt.Errorf("a row group with %d of %d columns", n, len(w.slot)))
	}
	for i := 0; i < n && w.t.err == nil; i++ {
		slot := w.slot[i]
		if slot < 0 {
			w.t.skip(kindStruct)
			continue
		}
		l := &w.footer.leaves[i]
		c, bad := w.t.chunk(l)
		chunks[slot] = c
		if bad != nil && err == nil {
			err = &problem{l, bad}
		}
	}
	return err
}

var errElsewhere = &UnsupportedError{What: "a column that lies in another file"}

// chunk reads where one column of a row group is.
func (t *thrift) chunk(l *leaf) (c chunk, err error) {
	c.typ = -1
	t.fields(func(id int, kind byte) {
		switch id {
		case 1:
			if len(t.bytes(kind)) > 0 {
				err = errElsewhere
			}
		case 3:
			t.within(kind, func(id int, kind byte) { t.chunkField(id, kind, l, &c) })
		case 8:
			err = &UnsupportedError{What: "an encrypted column"}
			t.skip(kind)
		default:
			t.skip(kind)
		}
	})
	if err == nil && c.typ < 0 {
		err = errShape
	}
	return c, err
}

func (t *thrift) chunkField(id int, kind byte, l *leaf, c *chunk) {
	switch id {
	case 1:
		c.typ = t.count(kind)
	case 3:
		if !t.isPath(kind, l.path) {
			t.fail(fmt.Errorf("the columns of a row group are not those of the file, at %s", printable(l.Name)))
		}
	case 4:
		c.codec = t.count(kind)
	case 5:
		c.values = t.number(kind)
	case 7:
		c.size = t.number(kind)
	case 9:
		c.data = t.number(kind)
	case 11:
		c.dict = t.number(kind)
	default:
		t.skip(kind)
	}
}

// isPath reads a list of names and compares it.
func (t *thrift) isPath(kind byte, path []string) bool {
	n, elem := t.list(kind)
	same := n == len(path) && elem == kindBinary
	for i := 0; i < n && t.err == nil; i++ {
		if name := t.bytes(elem); same && string(name) != path[i] {
			same = false
		}
	}
	return same
}

// check checks what the footer says of a chunk, and works out where it is.
func (c *chunk) check(l *leaf, rows, end int64) error {
	if c.typ != l.typ {
		return errors.New("the column's type is another in a row group")
	}
	if err := checkCodec(c.codec); err != nil {
		return err
	}
	if c.values != rows && !l.Repeated || c.values < rows {
		return fmt.Errorf("the footer says %d values, but %d rows", c.values, rows)
	}
	c.from = c.data
	if c.dict > 0 && c.dict < c.data {
		c.from = c.dict
	}
	if c.from < int64(len(magic)) || c.size < 0 || c.from > end || c.size > end-c.from {
		return errors.New("the footer says that the column lies outside the file")
	}
	c.end = c.from + c.size
	return nil
}

// checkGroups goes through all row groups before the first page is read.
func (f *footer) checkGroups(wanted []*leaf, size int64) error {
	w := f.walk(wanted)
	chunks := make([]chunk, len(wanted))
	var rows, bytes int64
	for {
		n, err := w.next(chunks)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if rows += n; rows < 0 || rows > f.rows {
			break
		}
		if n == 0 {
			continue
		}
		for i := range chunks {
			// Columns that lay on top of each other would make a small
			// file cost any amount of time.
			if bytes += chunks[i].size; bytes > size {
				return &problem{wanted[i], errors.New("the footer says that columns share bytes of the file")}
			}
		}
	}
	if rows != f.rows {
		return fmt.Errorf("the footer says %d rows, but its row groups have %d", f.rows, rows)
	}
	return nil
}

// pick returns the leaves of the wanted names, all for nil.
func (f *footer) pick(want []string) (wanted []*leaf, err error) {
	found := map[string]bool{}
	for i := range f.leaves {
		l := &f.leaves[i]
		if want != nil && !slices.Contains(want, l.Name) {
			continue
		}
		if l.problem != "" {
			return nil, &UnsupportedError{Column: l.Name, What: l.problem}
		}
		found[l.Name] = true
		wanted = append(wanted, l)
	}
	e := &ColumnError{}
	for _, name := range want {
		if !found[name] {
			e.Missing = append(e.Missing, name)
		}
	}
	if len(e.Missing) > 0 || len(wanted) == 0 {
		for i := range f.leaves {
			e.Have = append(e.Have, f.leaves[i].Name)
		}
		return nil, e
	}
	return wanted, nil
}
