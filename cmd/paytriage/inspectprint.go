package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/parsers/profile"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// plainWidth is how wide the text is where there is no terminal.
const plainWidth = 100

// A factPrinter prints blocks and tables until one fails.
type factPrinter struct {
	w   io.Writer
	opt console.Options
	err error
}

func (p *factPrinter) block(title string, pairs []console.Pair) {
	if p.err != nil || title == "" && len(pairs) == 0 {
		return
	}
	if p.err = console.Block(p.w, title, report.Wrapped(pairs, p.opt.Width), p.opt); p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

// table prints rows of texts below a title.
func (p *factPrinter) table(title string, names []string, rows [][]string) {
	if p.err != nil || len(rows) == 0 {
		return
	}
	if p.err = console.Block(p.w, title, nil, p.opt); p.err != nil {
		return
	}
	s := table.Schema{Name: "facts"}
	for _, n := range names {
		s.Columns = append(s.Columns, table.Column{Name: n, Kind: table.Text, Nullable: true})
	}
	t := table.New(s, len(rows))
	add := t.Appender()
	for _, row := range rows {
		for _, cell := range row {
			add.TextOrNull(cell)
		}
		add.End()
	}
	if p.err = console.Table(p.w, t, p.opt); p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

// pairs collects the lines of a block; a key stands once.
type pairs struct {
	all  []console.Pair
	last string
}

func (p *pairs) add(key, format string, args ...any) {
	if value := fmt.Sprintf(format, args...); value != "" {
		if key == p.last {
			key = ""
		} else {
			p.last = key
		}
		p.all = append(p.all, console.Pair{Key: key, Value: value})
	}
}

// print prints the facts for a person.
func (f *inspectFacts) print(std streams) error {
	width := std.width()
	if width <= 0 {
		width = plainWidth
	}
	p := &factPrinter{w: std.out, opt: console.Options{Width: width, Color: std.color()}}
	for i := range f.Files {
		f.Files[i].print(p)
	}
	for i := range f.Logs {
		f.Logs[i].print(p)
	}
	f.together(p)
	var can, cannot pairs
	for _, q := range f.Questions {
		if q.Because == "" {
			can.add(strconv.Itoa(len(can.all)+1), "%s", q.Question)
		} else {
			cannot.add(q.Question, "%s", q.Because)
		}
	}
	if len(can.all) > 0 {
		p.block("what this can answer", can.all)
	}
	if len(cannot.all) > 0 {
		p.block("what it cannot answer", cannot.all)
	}
	return p.err
}

// print prints what is known of a file.
func (f *fileFacts) print(p *factPrinter) {
	p.block(f.Name, f.head())
	p.table("where the fields come from", []string{"field", "from", "filled", "looks_like", "such_as"}, f.mapping())
	if len(f.Mapping) == 0 {
		p.table("columns", []string{"column", "filled", "looks_like", "such_as"}, f.columns())
	}
	p.block("", f.cards())
	p.block("", f.rows())
	var rejects [][]string
	for _, r := range f.Rejects {
		for i, e := range r.Examples {
			row := []string{"", "", fmt.Sprint(e.Line), e.Raw}
			if i == 0 {
				reason := r.Reason
				if r.Column != "" {
					reason = r.Column + ": " + reason
				}
				row[0], row[1] = fmt.Sprint(r.Rows), reason
			}
			rejects = append(rejects, row)
		}
	}
	p.table("rejected rows", []string{"rows", "reason", "line", "such_as"}, rejects)
}

// head says what a file is.
func (f *fileFacts) head() []console.Pair {
	var out pairs
	if f.Known {
		out.add("taken for", "%s log: %s (profile %s), confidence %d %%", f.Role, f.Title, f.Profile, f.Confidence)
		out.add("because", "%s", strings.Join(f.Why, "; "))
	} else {
		out.add("NOT READ", "%s", f.Problem)
	}
	for _, n := range f.Nearest {
		out.add("nearest", "%s", n.text())
	}
	if f.Syntax != "" {
		out.add("written as", "%s", f.writing())
	}
	if f.Encoding != "" {
		out.add("encoding", "%s", strings.TrimSuffix(f.Encoding+": "+f.EncodingWhy, ": "))
	}
	if f.Zone != "" {
		out.add("zone", "%s", f.Zone)
	}
	if r := f.Read; r != nil {
		out.add("rows", "%d read = %d accepted + %d rejected + %d duplicates", r.Read, r.Accepted, r.Rejected, r.Duplicates)
		if r.Repeats > 0 {
			out.add("rows", "%d equal another and are kept", r.Repeats)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(f.Passed)) {
		out.add("rows", "%d of the accepted are no events of an account: %s", f.Passed[why], why)
	}
	for _, field := range slices.Sorted(maps.Keys(f.Unreadable)) {
		out.add("rows", "%d have a %s that is none, taken as absent", f.Unreadable[field], field)
	}
	if f.Broken > 0 {
		out.add("rows", "%d bytes mean nothing in the encoding and were kept", f.Broken)
	}
	if f.Range != nil {
		out.add("times", "%s to %s", f.Range.From, f.Range.To)
	}
	for _, n := range f.Notes {
		out.add("note", "%s", n)
	}
	if f.Trouble != "" {
		out.add("TROUBLE", "%s", f.Trouble)
	}
	if len(f.Unmapped) > 0 {
		out.add("not used", "%s", listed(f.Unmapped))
	}
	return out.all
}

func (n *nearFacts) text() string {
	if len(n.Missing) > 0 {
		return n.Profile + ", but it lacks " + listed(n.Missing)
	}
	text := fmt.Sprintf("%s, confidence %d %%", n.Profile, n.Confidence)
	if n.Fault != "" {
		text += "; first fault: " + n.Fault
	}
	return text
}

// writing says how records are written.
func (f *fileFacts) writing() string {
	parts := []string{f.Syntax}
	if f.Delimiter != "" && f.Syntax != "Parquet" {
		parts = append(parts, fmt.Sprintf("delimiter %q", f.Delimiter))
	}
	if f.Wrapper != "" {
		parts = append(parts, "records in the array "+f.Wrapper)
	}
	if f.Envelope != "" {
		parts = append(parts, "each in the envelope "+f.Envelope)
	}
	if f.Packing != "" {
		parts = append(parts, "packed with "+f.Packing)
	}
	return strings.Join(parts, ", ")
}

// manyListed is how many names a line lists.
const manyListed = 12

// listed lists names.
func listed(names []string) string {
	var out []string
	for _, n := range names[:min(len(names), manyListed)] {
		out = append(out, console.Truncate(console.Clean(n), 40))
	}
	if more := len(names) - manyListed; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

// mapping says where fields come from.
func (f *fileFacts) mapping() [][]string {
	by := map[string]*columnFacts{}
	for i := range f.Columns {
		by[strings.ToLower(f.Columns[i].Name)] = &f.Columns[i]
	}
	var rows [][]string
	for _, m := range f.Mapping {
		row := []string{m.Field, strings.Join(m.From, " or "), "", "", ""}
		if m.How != "" {
			row[1] = strings.TrimPrefix(row[1]+", "+m.How, ", ")
		}
		for _, from := range m.From {
			c := by[strings.ToLower(from)]
			if c == nil && f.Envelope != "" {
				c = by[strings.ToLower(f.Envelope+"."+from)]
			}
			if c != nil {
				copy(row[2:], c.cells())
				break
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// cells says how much of a column is filled, what it looks like, and an example.
func (c *columnFacts) cells() []string {
	looks, example := c.Looks, ""
	if c.Shape != "" {
		looks += ", " + c.Shape
	}
	if len(c.Examples) > 0 {
		example = c.Examples[0]
	}
	return []string{shareText(int64(c.Sample-c.Empty), int64(c.Sample)), looks, example}
}

func (f *fileFacts) columns() [][]string {
	var rows [][]string
	for i := range f.Columns {
		rows = append(rows, append([]string{f.Columns[i].Name}, f.Columns[i].cells()...))
	}
	return rows
}

// cards warns of card numbers that nothing turns into tokens: ids pass unchanged.
// By chance one id of sixteen digits in ten is right by the Luhn formula, and
// fewer begin as a card does.
func (f *fileFacts) cards() []console.Pair {
	var out pairs
	tokens := map[string]bool{}
	for _, m := range f.Mapping {
		for _, from := range m.From {
			if strings.Contains(m.How, profile.CardToken) {
				tokens[strings.ToLower(from)] = true
			}
		}
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Cards == 0 || tokens[strings.ToLower(c.Name)] {
			continue
		}
		out.add("CARD NUMBERS", "%s: %d of %d values of the sample pass for one, such as %s; kept as they are, unless a profile says 'as: card'",
			console.Truncate(console.Clean(c.Name), 40), c.Cards, c.Sample, console.Truncate(console.Clean(c.Card), 60))
	}
	return out.all
}

// shareText writes a share in percent, rounded so that only all is 100 and only none 0.
func shareText(n, of int64) string {
	switch {
	case of == 0:
		return ""
	case n == of:
		return "100 %"
	case n == 0:
		return "0 %"
	}
	return fmt.Sprintf("%d %%", min(max((n*100+of/2)/of, 1), 99))
}

// rows shows the first rows.
func (f *fileFacts) rows() []console.Pair {
	var out pairs
	for i := range f.Rows {
		r := &f.Rows[i]
		key := fmt.Sprintf("row %d", i+1)
		switch {
		case r.Fault != "":
			out.add(key, "rejected: %s: %s", r.Fault, console.Truncate(console.Clean(r.Raw), 200))
		case r.Passed != "":
			out.add(key, "no event of an account: %s", r.Passed)
		default:
			var words []string
			for _, name := range r.order {
				words = append(words, name+"="+console.Truncate(console.Clean(r.Fields[name]), 60))
			}
			out.add(key, "%s", strings.Join(words, "  "))
		}
	}
	return out.all
}

// print prints what the files of a role cover together.
func (l *logFacts) print(p *factPrinter) {
	var out pairs
	files := "1 file"
	if l.Files != 1 {
		files = fmt.Sprintf("%d files", l.Files)
	}
	out.add("rows", "%d of %d accounts", l.Rows, l.Accounts)
	if l.Repeats > 0 {
		out.add("rows", "%d equal another and are kept", l.Repeats)
	}
	if l.Range != nil {
		out.add("times", "%s to %s", l.Range.From, l.Range.To)
	}
	if l.Astray > 0 {
		out.add("times", "%d rows lie far away from all others and are not below", l.Astray)
	}
	const key = "rows per hour"
	if rows, step := l.hours.Bins(p.opt.Width - len(key) - 6); rows != nil {
		per := "one sign is an hour"
		if step > 1 {
			per = fmt.Sprintf("one sign is %d hours", step)
		}
		out.add(key, "%s", sparkline(rows))
		out.add(key, "from %s on; %s, . none, %s at most %d", brief(stampOf(l.hours.From)), per, "█", slices.Max(rows))
	}
	for i, q := range l.Quiet {
		if i == manyQuiet {
			out.add("too quiet", "and %d more", l.Windows-i)
			break
		}
		out.add("too quiet", "%s to %s: %d rows, where other days have %d", brief(q.From), brief(q.To), q.Rows, q.Expected)
	}
	var missing []string
	for _, s := range l.Fields {
		if s.Rows < s.Of {
			text := s.Field + " in " + shareText(s.Of-s.Rows, s.Of)
			if s.Among != "" {
				text += " of " + s.Among
			}
			missing = append(missing, text)
		}
	}
	if missing != nil {
		out.add("missing", "%s", strings.Join(missing, ", "))
	}
	p.block(l.Role+" log, "+files, out.all)
}

// manyQuiet is how many quiet windows are shown.
const manyQuiet = 8

// brief cuts a stamp to minutes.
func brief(stamp string) string { return strings.Replace(stamp[:16], "T", " ", 1) + "Z" }

// sparkline draws numbers, the largest as the highest sign.
func sparkline(rows []int64) string {
	signs := []rune("▁▂▃▄▅▆▇█")
	most := max(slices.Max(rows), 1)
	var b strings.Builder
	for _, n := range rows {
		if n == 0 {
			b.WriteByte('.')
			continue
		}
		b.WriteRune(signs[(n*int64(len(signs))-1)/most])
	}
	return b.String()
}

// together prints what the two logs say of each other.
func (f *inspectFacts) together(p *factPrinter) {
	if f.Both == nil {
		return
	}
	var auth, payments int64
	for i := range f.Logs {
		switch f.Logs[i].Role {
		case "auth":
			auth = f.Logs[i].Accounts
		case "payments":
			payments = f.Logs[i].Accounts
		}
	}
	var out pairs
	out.add("accounts in both", "%d: %s of those with payments, %s of those with logins", f.Both.Accounts,
		orNone(shareText(f.Both.Accounts, payments)), orNone(shareText(f.Both.Accounts, auth)))
	if o := f.Both.Overlap; o != nil {
		out.add("times in both", "%s to %s", o.From, o.To)
	} else {
		out.add("times in both", "NONE: the logs do not cover the same time")
	}
	out.add("clock skew", "%s", f.ClockSkew.Text())
	if f.ClockSkew.Estimate != nil {
		out.add("clock skew", "analyze --skew auto corrects it")
	}
	p.block("both logs together", out.all)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// printEssential prints, for a file that another command refuses, the essential of
// what inspect shows.
func printEssential(w io.Writer, f *parsers.Inspection) {
	line := func(format string, args ...any) {
		fmt.Fprintf(w, "paytriage: inspect: %s\n", console.Clean(fmt.Sprintf(format, args...)))
	}
	facts := fileFacts{Syntax: f.Format.Syntax.String(), Wrapper: f.Format.Wrapper, Envelope: f.Format.Root, Packing: f.Format.Packing}
	if f.Format.Syntax == parsers.Delimited {
		facts.Delimiter = string(f.Format.Delimiter)
	}
	line("%s is %s, %s", f.Name, facts.writing(), f.Format.Encoding)
	if len(f.Columns) > 0 {
		var names []string
		for _, c := range f.Columns {
			names = append(names, c.Name)
		}
		line("it has %s", listed(names))
	}
	for _, o := range f.Others {
		near := nearFacts(o)
		line("nearest is %s", near.text())
	}
	line("a file is read from a confidence of %d %% on", parsers.Sure)
}
