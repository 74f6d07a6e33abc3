package html

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paytriage/paytriage/report/chart"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
	"github.com/paytriage/paytriage/report/words"
)

//go:embed page.html
var pageText string

// pageTemplate is the page between its head and its data. Its names are methods
// of a view.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageText))
})

// A section is a part of the page, with a place in the contents.
type section struct{ ID, Title string }

// sections are the parts of the page, top down. Each is a template of its name in
// page.html.
var sections = []section{
	{"figures", "What happened"},
	{"curve", "Hour by hour"},
	{"entry", "How they got in"},
	{"campaigns", "Campaigns"},
	{"roles", "Who tried, who spent"},
	{"insider", "A hand inside?"},
	{"victims", "Accounts"},
	{"shops", "Shops and cameras"},
	{"money", "Money"},
	{"unknown", "What the logs cannot tell"},
	{"rows", "What this rests on"},
}

// staticRows is how many rows of a table stand in the page without its script.
const staticRows = 25

// A view says the facts in one language. Its exported methods are the words of
// the template.
type view struct {
	*words.Printer
	f    *facts
	S    *summary
	lang words.Lang
}

func newView(f *facts, lang words.Lang) *view {
	return &view{words.For(lang), f, f.sum, lang}
}

// main writes the page between its head and its data.
func (v *view) main(w io.Writer) error { return pageTemplate().ExecuteTemplate(w, "main", v) }

// Sections lists the parts of the page.
func (v *view) Sections() []section { return sections }

// Section writes one of them.
func (v *view) Section(id string) (template.HTML, error) {
	var b strings.Builder
	err := pageTemplate().ExecuteTemplate(&b, "section-"+id, v)
	return template.HTML(b.String()), err
}

// Language is the one that the view speaks, Other the one that it does not.
func (v *view) Language() string { return string(v.lang) }
func (v *view) Other() string    { return string(other(v.lang)) }

// OtherName is what the other language calls itself.
func (v *view) OtherName() string {
	return map[words.Lang]string{words.English: "English", words.Japanese: "日本語"}[other(v.lang)]
}

// Reveal reports whether ids are shown.
func (v *view) Reveal() bool { return v.f.o.Reveal }

// X says a text of a log, Name a longer one, such as the name of a file.
func (v *view) X(s string) template.HTML    { return bdi(v.f.names.text(s)) }
func (v *view) Name(s string) template.HTML { return bdi(v.f.names.line(s)) }

func bdi(s string) template.HTML { return template.HTML("<bdi>" + escape(s) + "</bdi>") }

// H says a text of ours with its arguments: HTML stays as it is, texts of logs
// must have gone through X before.
func (v *view) H(text string, args ...any) template.HTML {
	var gaps []any
	var pieces []template.HTML
	for _, a := range args {
		if h, ok := a.(template.HTML); ok {
			gaps = append(gaps, gap(len(pieces)))
			pieces = append(pieces, h)
			continue
		}
		gaps = append(gaps, a)
	}
	return fill(v.T(text, gaps...), pieces)
}

// HN is H with one of two texts, for one and for many.
func (v *view) HN(n int64, one, many string, args ...any) template.HTML {
	if n == 1 && v.lang == words.English {
		return v.H(one, args...)
	}
	return v.H(many, args...)
}

// datum writes a figure of the summary with its value and its place.
func datum(shown string, value int64, path []any) template.HTML {
	return template.HTML(fmt.Sprintf(`<data value="%d"%s>%s</data>`, value, where(path), escape(shown)))
}

// where is the attribute that says where in summary.json a figure stands.
func where(path []any) string {
	if len(path) == 0 {
		return ""
	}
	var parts []string
	for _, p := range path {
		parts = append(parts, strings.ReplaceAll(fmt.Sprint(p), "%", "%25"))
	}
	return ` data-figure="` + escape(strings.Join(parts, ".")) + `"`
}

// N says a whole number, M an amount in minor units; behind them stands their
// place in the summary.
func (v *view) N(n any, path ...any) (template.HTML, error) {
	switch n := n.(type) {
	case int64:
		return datum(v.Int(n), n, path), nil
	case int:
		return datum(v.Int(int64(n)), int64(n), path), nil
	case *int64:
		if n == nil {
			return v.none(), nil
		}
		return datum(v.Int(*n), *n, path), nil
	}
	return "", fmt.Errorf("%T is no number", n)
}

func (v *view) M(minor int64, code string, path ...any) template.HTML {
	return datum(v.Money(minor, currency(code)), minor, path)
}

// none stands where there is no figure.
func (v *view) none() template.HTML { return `<span class="none">–</span>` }

// Share says a part of a thousand as a per cent, with its value.
func (v *view) Share(perThousand int64, path ...any) template.HTML {
	return datum(fmt.Sprintf("%d.%d%%", perThousand/10, perThousand%10), perThousand, path)
}

// Milli says a number of thousandths.
func (v *view) Milli(n int64, path ...any) template.HTML {
	return datum(fmt.Sprintf("%s.%03d", v.Int(n/1000), n%1000), n, path)
}

// Seconds says a length of time.
func (v *view) Seconds(n *int64, path ...any) template.HTML {
	if n == nil {
		return v.none()
	}
	return datum(v.Duration(time.Duration(*n)*time.Second), *n, path)
}

// Micros says a length of time to the millisecond.
func (v *view) Micros(n *int64, path ...any) template.HTML {
	if n == nil {
		return v.H("not known")
	}
	return datum((time.Duration(*n) * time.Microsecond).String(), *n, path)
}

// At says a stamp of the summary, When a time of a table.
func (v *view) At(stamp string, path ...any) template.HTML {
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return v.none()
	}
	return v.time(t, stamp, v.Time(t, v.f.zone()), path)
}

func (v *view) When(micros int64) template.HTML {
	t := time.UnixMicro(micros)
	return v.time(t, string(table.AppendTime(nil, micros)), v.Compact(t, v.f.zone()), nil)
}

// Visit says a stretch of time, its end without the day if that is the same.
func (v *view) Visit(from, to int64) template.HTML {
	start, end := v.Compact(time.UnixMicro(from), v.f.zone()), v.Compact(time.UnixMicro(to), v.f.zone())
	if n := len("2006-01-02 "); start[:n] == end[:n] {
		end = end[n:]
	}
	return template.HTML(start + " – " + end)
}

func (v *view) time(t time.Time, stamp, said string, path []any) template.HTML {
	// A reader of the attribute wants milliseconds at most.
	short := t.UTC().Format("2006-01-02T15:04:05.000Z")
	attr := ""
	if len(path) > 0 {
		attr = where(path) + ` data-stamp="` + escape(stamp) + `"`
	}
	return template.HTML(`<time datetime="` + short + `"` + attr + `>` + escape(said) + `</time>`)
}

// ZoneName names the zone of all times.
func (v *view) ZoneName() string { return v.Zone(v.f.end, v.f.zone()) }

// Say says a text that a case brings along.
func (v *view) Say(text string) string { return console.Clean(v.Printer.Say(text)) }

// Code says a code of a table.
func (v *view) Code(set, code string) string { return v.Word(sets[set], code) }

// sets are the sets of codes that the page says.
var sets = map[string]words.Set{"tier": words.Tier, "vector": words.Vector, "component": words.Component, "channel": words.Channel,
	"kind": words.Kind, "status": words.Status, "role": words.Role, "place": words.PlaceKind, "validation": words.Validation}

// Robbed reports whether the logs tell victims, Entered whether they tell who was
// entered.
func (v *view) Robbed() bool  { return v.S.Victims != nil }
func (v *view) Entered() bool { return v.S.Takeovers != nil }

// Named counts those that are confirmed or probable.
func (t *tiers) Named() int64 { return t.Confirmed + t.Probable }

// Headline says the incident in a line.
func (v *view) Headline() template.HTML {
	s := v.S
	switch {
	case s.Victims == nil && s.Takeovers != nil && s.Takeovers.Named() > 0:
		return v.HN(s.Takeovers.Named(), "%s account entered", "%s accounts entered", v.sum(s.Takeovers.Named()))
	case s.Victims == nil:
		return v.H("The logs do not tell the victims")
	case s.Victims.Named() == 0 && s.Takeovers != nil && s.Takeovers.Named() == 0:
		return v.H("No victim was found")
	}
	var losses []template.HTML
	for i := range s.Money {
		if m := &s.Money[i]; m.NetLoss != 0 {
			losses = append(losses, v.M(m.NetLoss, m.Currency, "money", i, "net_loss"))
		}
	}
	if len(losses) == 0 {
		return v.HN(s.Victims.Named(), "%s victim, no loss", "%s victims, no loss", v.sum(s.Victims.Named()))
	}
	return v.HN(s.Victims.Named(), "%s victim, %s lost", "%s victims, %s lost", v.sum(s.Victims.Named()), join(losses, " + "))
}

// sum says a number that is the sum of figures of the summary.
func (v *view) sum(n int64) template.HTML { return datum(v.Int(n), n, nil) }

// Sum says the sum of numbers.
func (v *view) Sum(numbers ...int64) template.HTML {
	var n int64
	for _, m := range numbers {
		n += m
	}
	return v.sum(n)
}

func join(list []template.HTML, by string) template.HTML {
	var b strings.Builder
	for i, h := range list {
		if i > 0 {
			b.WriteString(by)
		}
		b.WriteString(string(h))
	}
	return template.HTML(b.String())
}

// List joins texts of logs, at most a few.
func (v *view) List(all []string) template.HTML {
	const most = 12
	var list []template.HTML
	for _, s := range all[:min(len(all), most)] {
		list = append(list, v.X(s))
	}
	if n := len(all) - most; n > 0 {
		list = append(list, v.H("%d more", int64(n)))
	}
	if len(list) == 0 {
		return v.none()
	}
	return join(list, ", ")
}

// Places lists texts that stand in the summary, each with its place.
func (v *view) Strings(all []string, path ...any) template.HTML {
	const most = 12
	var list []template.HTML
	for i, s := range all[:min(len(all), most)] {
		list = append(list, template.HTML("<span"+where(append(slices.Clone(path), i))+">"+string(v.X(s))+"</span>"))
	}
	if n := len(all) - most; n > 0 {
		list = append(list, v.H("%d more", int64(n)))
	}
	if len(list) == 0 {
		return v.none()
	}
	return join(list, ", ")
}

// Complete reports whether all of the input was understood.
func (v *view) Complete() bool {
	return v.S.Rows.Rejected == 0 && (v.S.Balances == nil || v.S.Balances.Unreadable == 0) && len(v.Damaged()) == 0
}

// Damaged lists the sources that could not be read to their end.
func (v *view) Damaged() []string {
	var list []string
	for i := range v.S.Sources {
		if v.S.Sources[i].Trouble != "" {
			list = append(list, v.S.Sources[i].Name)
		}
	}
	return list
}

// NoAuth reports whether it is not known who got in.
func (v *view) NoAuth() bool { return !v.has("auth") }

// NoPayments reports whether it is not known what was lost.
func (v *view) NoPayments() bool { return !v.has("payments") }

func (v *view) has(role string) bool {
	return slices.ContainsFunc(v.S.Sources, func(s source) bool { return s.Role == role && (s.Accepted > 0 || s.Rejected == 0) })
}

// Counts is a list of numbers with names, such as rows that were passed over.
type counted struct {
	Name string
	N    int64
}

func counts(m map[string]int64) []counted {
	var list []counted
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, counted{name, m[name]})
	}
	return list
}

// PassedOver and LeftOut list what accepted rows are not used for.
func (s source) PassedOver() []counted { return counts(s.Passed) }
func (s source) Skipped() []counted    { return counts(s.LeftOut) }

// TableRows lists how many rows the tables of the case have.
func (v *view) TableRows() []counted { return counts(v.S.Tables) }

// Inputs lists the files that the case was made from, with their hashes.
func (v *view) Inputs() []Input { return v.f.c.Inputs }

// Version is that of the program that made the case.
func (v *view) Version() string { return v.f.c.Version }

// drawing draws a chart, chart gives the same as a table that can be opened too.
func (v *view) drawing(c chart.Chart, id string) template.HTML {
	return template.HTML(`<div class="chart-box">` + chart.Inline(c, v.Printer, id) + `</div>`)
}

func (v *view) chart(c chart.Chart, id string) template.HTML {
	var b strings.Builder
	b.WriteString(string(v.drawing(c, id)))
	t := c.Table(v.Printer)
	b.WriteString(`<details class="chart-data"><summary>` + escape(v.T("The same as a table")) + `</summary><div class="scroll" tabindex="0" role="region" aria-label="` + escape(t.Caption) + `"><table><caption>` + escape(t.Caption) + `</caption><thead><tr>`)
	for _, h := range t.Head {
		b.WriteString(`<th scope="col">` + escape(h) + `</th>`)
	}
	b.WriteString("</tr></thead><tbody>")
	const most = 400
	for _, row := range t.Rows[:min(len(t.Rows), most)] {
		b.WriteString("<tr>")
		for i, cell := range row {
			tag := "td"
			if i == 0 {
				b.WriteString(`<th scope="row">` + escape(cell) + "</th>")
				continue
			}
			b.WriteString("<" + tag + ` class="num">` + escape(cell) + "</" + tag + ">")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>")
	if n := len(t.Rows) - most; n > 0 {
		b.WriteString("<p>" + escape(v.T("%d more rows stand in the case.", int64(n))) + "</p>")
	}
	b.WriteString("</details>")
	return template.HTML(b.String())
}

// parts returns the parts of a cell that joins them by ;.
func parts(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ";")
}

// js writes a value for the data of the script.
func js(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of texts and numbers only
	}
	return b
}

// CampaignTable writes campaigns as a table.
func (v *view) CampaignTable(list []CampaignView) (template.HTML, error) {
	var b strings.Builder
	err := pageTemplate().ExecuteTemplate(&b, "campaign-table", struct {
		V    *view
		List []CampaignView
	}{v, list})
	return template.HTML(b.String()), err
}

// Applied says the correction of a clock.
func (v *view) Applied(micros int64) template.HTML {
	return v.Micros(&micros, "clock_skew", "applied_micros")
}
