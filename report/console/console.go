// Package console prints tables and short lists of figures for people at a
// terminal. It is the only importer of tablewriter.
//
// Whatever comes from a log passes through Clean before it is printed, so that
// no account name can move the cursor, change a colour or turn an amount round.
// Numbers stand to the right and are never cut; amounts are written in their
// currency's digits, times in a zone that the caller names. Nothing here is
// meant to be read back: files are for that.
package console

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/table"
)

// Options say how things are printed. The zero Options print everything, in
// UTC, without colour, as wide as it is.
type Options struct {
	// Columns are the names of the columns to show, in this order; nil for all
	// as they stand.
	Columns []string
	// Rows is how many rows are shown at most; 0 for all.
	Rows int
	// Width is how many columns the terminal has; 0 for any number. Texts are
	// cut to make lines fit, down to 8 columns each; numbers, amounts and times
	// never, so that a line may still be longer.
	Width int
	// Location is the zone that times are shown in; nil for UTC.
	Location *time.Location
	// Currency is that of the amounts in a table without a currency column;
	// zero for bare minor units.
	Currency money.Currency
	// Color allows escape sequences: bold headers, and red for alarms.
	Color bool
	// Speaker says heads and cells in a language; nil prints names and codes.
	Speaker Speaker
}

// A Speaker says what stands in a table in somebody's language. What it returns
// is cleaned like what comes from a log.
type Speaker interface {
	// Head says the name of a column, Text a cell of a column of text.
	Head(column string) string
	Text(column, text string) string
	// Zoned says a head with the zone of the times below it, of which t is one.
	Zoned(head string, t time.Time, zone *time.Location) string
	// Int says a number, Money an amount, Compact a time, the same width for all.
	Int(n int64) string
	Money(minor int64, c money.Currency) string
	Compact(t time.Time, zone *time.Location) string
}

const (
	timeLayout = "2006-01-02 15:04:05"
	gap        = 2 // columns between two cells
	leastText  = 8 // what a text is cut to at most
)

// Table prints a table with a header. Times are cut to seconds. Amounts carry
// the currency of their row's currency column, else that of the options. A name
// in o.Columns that the table does not have is an error.
func Table(w io.Writer, t *table.Table, o Options) error {
	if err := t.Validate(); err != nil {
		return err
	}
	columns, err := pick(t.Schema(), o.Columns)
	if err != nil {
		return err
	}
	rows := t.Rows()
	if o.Rows > 0 {
		rows = min(rows, o.Rows)
	}
	g := grid{width: o.Width, color: o.Color}
	currency, hasCurrency := t.Schema().Find(table.CurrencyColumn)
	for _, i := range columns {
		c := t.Schema().Columns[i]
		col := gridColumn{head: Clean(head(t, i, rows, o)), right: !c.Kind.IsText() && c.Kind != table.Time, cut: c.Kind.IsText()}
		col.cells = make([]string, rows)
		cells := t.Cells(i)
		for row := range rows {
			if cells.Null(row) {
				continue
			}
			unit := o.Currency
			if c.Kind == table.Amount && hasCurrency {
				unit, _ = money.ParseCurrency([]byte(t.Cells(currency).Text(row)))
			}
			col.cells[row] = format(cells, row, unit, o)
		}
		g.columns = append(g.columns, col)
	}
	return g.print(w)
}

// pick returns the indices of the named columns, or of all.
func pick(s table.Schema, names []string) ([]int, error) {
	var at []int
	if names == nil {
		for i := range s.Columns {
			at = append(at, i)
		}
		return at, nil
	}
	for _, name := range names {
		i, ok := s.Find(name)
		if !ok {
			return nil, fmt.Errorf("table %s: %w: %s", s.Name, table.ErrMissing, Clean(name))
		}
		at = append(at, i)
	}
	return at, nil
}

// head says what a column is, and of times in which zone they are.
func head(t *table.Table, i, rows int, o Options) string {
	c := t.Schema().Columns[i]
	if o.Speaker == nil {
		return c.Name
	}
	text := o.Speaker.Head(c.Name)
	cells := t.Cells(i)
	for row := 0; c.Kind == table.Time && row < rows; row++ {
		if !cells.Null(row) {
			return o.Speaker.Zoned(text, time.UnixMicro(cells.Int(row)), o.Location)
		}
	}
	return text
}

// format writes one cell that is not null.
func format(cells *table.Cells, row int, unit money.Currency, o Options) string {
	switch kind := cells.Column().Kind; {
	case kind == table.Amount && o.Speaker != nil:
		return Clean(o.Speaker.Money(cells.Int(row), unit))
	case kind == table.Amount:
		return money.Format(cells.Int(row), unit)
	case kind == table.Int && o.Speaker != nil:
		return Clean(o.Speaker.Int(cells.Int(row)))
	case kind == table.Int:
		return strconv.FormatInt(cells.Int(row), 10)
	case kind == table.Time && o.Speaker != nil:
		return Clean(o.Speaker.Compact(time.UnixMicro(cells.Int(row)), o.Location))
	case kind == table.Time:
		zone := o.Location
		if zone == nil {
			zone = time.UTC
		}
		return time.UnixMicro(cells.Int(row)).In(zone).Format(timeLayout)
	case o.Speaker != nil:
		return Clean(o.Speaker.Text(cells.Column().Name, cells.Text(row)))
	}
	return Clean(cells.Text(row))
}

// A Pair is one line of a block.
type Pair struct {
	Key   string
	Value string
	// Number puts the value to the right, below the other numbers.
	Number bool
	// Alarm makes the key red where there is colour. The words must say so too.
	Alarm bool
}

// Block prints a title, unless it is empty, and below it one indented line for
// each pair, values in one column. Only Width and Color of the options matter.
func Block(w io.Writer, title string, pairs []Pair, o Options) error {
	var b bytes.Buffer
	if title != "" {
		fmt.Fprintln(&b, bold(Truncate(Clean(title), unlimited(o.Width)), o.Color))
	}
	keys, numbers := 0, 0
	for _, p := range pairs {
		keys = max(keys, Width(Clean(p.Key)))
		if p.Number {
			numbers = max(numbers, Width(Clean(p.Value)))
		}
	}
	for _, p := range pairs {
		key, value := Clean(p.Key), Clean(p.Value)
		used := gap + keys + gap
		if p.Number {
			value = strings.Repeat(" ", numbers-Width(value)) + value
		} else {
			value = Truncate(value, max(unlimited(o.Width)-used, leastText))
		}
		line := strings.Repeat(" ", gap) + alarm(key, p.Alarm && o.Color) + strings.Repeat(" ", keys-Width(key)+gap) + value
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	return flush(w, b.Bytes())
}

func unlimited(width int) int {
	if width <= 0 {
		return 1 << 30
	}
	return width
}

func bold(s string, color bool) string {
	if !color || s == "" {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

func alarm(s string, color bool) string {
	if !color || s == "" {
		return s
	}
	return "\x1b[1;31m" + s + "\x1b[0m"
}

func flush(w io.Writer, b []byte) error {
	n, err := w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// A grid is a table of clean texts.
type grid struct {
	columns []gridColumn
	width   int
	color   bool
}

type gridColumn struct {
	head  string
	cells []string
	right bool // stands to the right
	cut   bool // may be cut
}

// natural returns how many columns a grid column takes uncut.
func (c *gridColumn) natural() int {
	w := Width(c.head)
	for _, s := range c.cells {
		w = max(w, Width(s))
	}
	return w
}

// fit cuts the widest texts until a line fits, or none can be cut further.
func (g *grid) fit() {
	if g.width <= 0 {
		return
	}
	natural := make([]int, len(g.columns))
	widest := leastText
	for i := range g.columns {
		natural[i] = g.columns[i].natural()
		if g.columns[i].cut {
			widest = max(widest, natural[i])
		}
	}
	limit := widest
	for ; limit > leastText; limit-- {
		total := gap * (len(g.columns) - 1)
		for i, c := range g.columns {
			if c.cut {
				total += min(natural[i], limit)
			} else {
				total += natural[i]
			}
		}
		if total <= g.width {
			break
		}
	}
	for i := range g.columns {
		c := &g.columns[i]
		if !c.cut || natural[i] <= limit {
			continue
		}
		c.head = Truncate(c.head, limit)
		for row, s := range c.cells {
			c.cells[row] = Truncate(s, limit)
		}
	}
}

// print lays the grid out and writes it. tablewriter drops write errors, so it
// gets a buffer.
func (g *grid) print(w io.Writer) error {
	g.fit()
	var b bytes.Buffer
	heads := make([]string, len(g.columns))
	aligns := make([]tw.Align, len(g.columns))
	pads := make([]tw.Padding, len(g.columns))
	rows := 0
	for i, c := range g.columns {
		heads[i] = c.head
		rows = len(c.cells)
		aligns[i] = tw.AlignLeft
		if c.right {
			aligns[i] = tw.AlignRight
		}
		pads[i] = tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}
		if i == len(g.columns)-1 {
			pads[i].Right = ""
		}
	}
	tab := tablewriter.NewTable(&b, tablewriter.WithConfig(config(aligns, pads)),
		// The library would otherwise take ambiguous characters for wide in
		// some locales, and columns would differ from those counted here.
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint(plain())))
	tab.Header(heads)
	for row := range rows {
		cells := make([]string, len(g.columns))
		for i, c := range g.columns {
			cells[i] = c.cells[row]
		}
		if err := tab.Append(cells); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if err := tab.Render(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return flush(w, finish(b.Bytes(), g.color))
}

// plain is a rendition without borders: a header, a rule, rows.
func plain() tw.Rendition {
	return tw.Rendition{
		Borders: tw.Border{Left: tw.Off, Right: tw.Off, Top: tw.Off, Bottom: tw.Off},
		Symbols: tw.NewSymbols(tw.StyleASCII),
		Settings: tw.Settings{
			Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off},
			Lines:      tw.Lines{ShowHeaderLine: tw.On},
		},
	}
}

func config(aligns []tw.Align, pads []tw.Padding) tablewriter.Config {
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{PerColumn: aligns},
		Padding:    tw.CellPadding{PerColumn: pads},
	}
	return tablewriter.Config{
		Header:   cell,
		Row:      cell,
		Behavior: tw.Behavior{TrimSpace: tw.Off, TrimTab: tw.Off, TrimLine: tw.Off},
	}
}

// finish takes the blanks off the end of every line, and makes the first one,
// the header, bold if it may.
func finish(b []byte, color bool) []byte {
	out := make([]byte, 0, len(b)+16)
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, " \n")
		if len(out) == 0 {
			text = []byte(bold(string(text), color))
		}
		out = append(out, text...)
		out = append(out, '\n')
	}
	return out
}
