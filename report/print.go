package report

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/words"
)

// PrintOptions say how the summary is shown.
type PrintOptions struct {
	Width  int    // of the terminal, 0 for any
	Folder string // where the case was written
	Color  bool
	Lang   words.Lang     // "" for English
	Zone   *time.Location // of the times, nil for UTC
	Reveal bool           // show ids of accounts whole
	// AnswersLast puts the answers below what they rest on: a terminal shows the
	// end of what is printed, a file or a pager its beginning.
	AnswersLast bool
}

// topRows is how many rows of a table the summary shows: the answers above them
// should not leave the screen. logWidth is how wide it is where there is no
// terminal: an id of 10,000 characters fills no page.
const (
	topRows  = 5
	logWidth = 200
	// proseWidth is how wide sentences are at most on a terminal: the eye has to
	// find its way back. Logs are searched by the line, and keep them whole.
	proseWidth = 110
)

// Print writes the summary for a person, in the order in which a tired one asks:
// what happened, how sure, since when, whether it is going on, how much, what to
// do first, where the files are; and what that rests on.
func Print(w io.Writer, c *forensics.Case, s *Summary, o PrintOptions) error {
	tables, err := Tables(c)
	if err != nil {
		return err
	}
	prose := proseWidth
	if o.Width <= 0 {
		o.Width, prose = logWidth, logWidth
	}
	if o.Lang == "" {
		o.Lang = words.English
	}
	v := &voice{Printer: words.For(o.Lang), zone: o.Zone}
	if !o.Reveal {
		v.masker = new(words.Masker)
	}
	p := &printer{w: w, v: v, opt: console.Options{Width: o.Width, Color: o.Color, Location: o.Zone, Speaker: v}, prose: min(prose, o.Width)}
	if o.AnswersLast {
		p.details(s, tables)
		p.answers(s, o.Folder)
	} else {
		p.answers(s, o.Folder)
		p.details(s, tables)
	}
	return p.err
}

// answers prints what is asked first, and where the files are.
func (p *printer) answers(s *Summary, folder string) {
	v := p.v
	p.block(v.T("summary"), v.headline(s))
	p.block(v.T("what to do first"), v.firstSteps(s, folder))
	p.block(v.T("where the files are"), v.files(folder))
}

// details prints what the answers rest on.
func (p *printer) details(s *Summary, tables []*table.Table) {
	v := p.v
	p.block(v.T("how they got in"), v.entrance(s))
	for i := range s.Money {
		p.block(v.T("money in %s", s.Money[i].Currency), v.moneyPairs(&s.Money[i]))
	}
	masked := ""
	if v.masker != nil {
		masked = v.T("ids masked")
	}
	p.byCurrency(v.T("victims, largest loss first"), masked, sorted(tables[0], "net_loss"), "account_id", "tier", "net_loss", "takeover_at", "vector")
	p.byCurrency(v.T("shops, most money first"), "", tables[6], "store_id", "amount", "charges", "victims", "last_seen", "first_seen")
	p.table(v.T("where the attack came from"), "", tables[4], "role", "kind", "value", "accounts_entered", "accounts_tried", "failures", "unknown_accounts")
	p.block(v.T("what it rests on"), v.basis(s))
	p.block(v.T("rows"), v.rowPairs(s))
	p.block(v.T("not computable"), v.unansweredPairs(s))
}

// A printer writes parts of the summary until one fails.
type printer struct {
	w     io.Writer
	v     *voice
	opt   console.Options
	prose int  // width of sentences
	begun bool // something was printed
	err   error
}

// block prints a block, with a blank line before it unless it is the first.
func (p *printer) block(title string, pairs []console.Pair) {
	if len(pairs) == 0 {
		return
	}
	p.part()
	if p.err == nil {
		p.err = console.Block(p.w, title, wrapped(pairs, p.prose), p.opt)
	}
}

// part begins a part.
func (p *printer) part() {
	if p.begun && p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
	p.begun = true
}

// table prints the first rows of a table, with a remark on them. Of the columns,
// which come in the order of their use, as many are shown as a line has room for.
func (p *printer) table(title, remark string, t *table.Table, columns ...string) {
	if p.err != nil || t.Rows() == 0 {
		return
	}
	if t.Rows() > topRows {
		some := p.v.T("%d of %d", topRows, t.Rows())
		if remark != "" {
			some = p.v.T("%s; %s", some, remark)
		}
		remark = some
	}
	if remark != "" {
		title = p.v.T("%s (%s)", title, remark)
	}
	if p.part(); p.err != nil {
		return
	}
	if p.err = console.Block(p.w, title, nil, p.opt); p.err != nil {
		return
	}
	opt := p.opt
	opt.Rows = topRows
	if opt.Columns, p.err = Fitting(t, columns, opt, opt.Width); p.err != nil {
		return
	}
	p.err = console.Table(p.w, t, opt)
}

// byCurrency prints the first rows of a table for each of its currencies: an
// amount of one is neither more nor less than one of another.
func (p *printer) byCurrency(title, remark string, t *table.Table, columns ...string) {
	parts := perCurrency(t)
	for _, part := range parts {
		named := title
		if len(parts) > 1 {
			at, _ := t.Schema().Find(table.CurrencyColumn)
			named = p.v.T("%s, in %s", title, part.Cells(at).Text(0))
		}
		p.table(named, remark, part, columns...)
	}
}

// fitRows is how many rows tell how wide a table is.
const fitRows = 200

// Fitting returns as many of the columns, from the first on, as a line of width
// has room for, when they are printed with the options given: if these have a
// width too, texts may be cut to it.
func Fitting(t *table.Table, columns []string, o console.Options, width int) ([]string, error) {
	if o.Rows == 0 || o.Rows > fitRows {
		o.Rows = fitRows
	}
	for n := len(columns); ; n-- {
		var text bytes.Buffer
		o.Columns = columns[:n]
		if err := console.Table(&text, t, o); err != nil {
			return nil, err
		}
		if n <= 1 || width <= 0 || widest(text.String()) <= width {
			return columns[:n], nil
		}
	}
}
