package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/table"
)

// The facts, as --json prints them. Times are RFC 3339 in UTC.
type (
	inspectFacts struct {
		Files     []fileFacts       `json:"files"`
		Logs      []logFacts        `json:"logs"`
		Both      *bothFacts        `json:"both_logs"`
		ClockSkew *report.ClockSkew `json:"clock_skew"`
		Questions []questionFacts   `json:"questions"`
	}
	fileFacts struct {
		Name        string            `json:"name"`
		Role        string            `json:"role,omitempty"`
		Known       bool              `json:"known"`
		Problem     string            `json:"problem,omitempty"`
		Profile     string            `json:"profile"`
		Title       string            `json:"title"`
		Confidence  int               `json:"confidence"`
		Why         []string          `json:"why"`
		Syntax      string            `json:"syntax"`
		Delimiter   string            `json:"delimiter,omitempty"`
		Wrapper     string            `json:"wrapper,omitempty"`
		Envelope    string            `json:"envelope,omitempty"`
		Packing     string            `json:"packing,omitempty"`
		Encoding    string            `json:"encoding"`
		EncodingWhy string            `json:"encoding_why,omitempty"`
		Nearest     []nearFacts       `json:"nearest"`
		Zone        string            `json:"zone"`
		Mapping     []mappingFacts    `json:"mapping"`
		Unmapped    []string          `json:"unmapped_columns"`
		Columns     []columnFacts     `json:"columns"`
		Rows        []rowFacts        `json:"first_rows"`
		Read        *report.RowCounts `json:"rows"`
		Range       *report.Span      `json:"range"`
		Passed      map[string]int64  `json:"passed_over,omitempty"`
		Unreadable  map[string]int64  `json:"unreadable_fields,omitempty"`
		Broken      int64             `json:"broken_bytes,omitempty"`
		Notes       []string          `json:"notes,omitempty"`
		Trouble     string            `json:"trouble,omitempty"`
		Rejects     []rejectFacts     `json:"rejects"`
	}
	nearFacts struct {
		Profile    string   `json:"profile"`
		Confidence int      `json:"confidence"`
		Missing    []string `json:"lacks,omitempty"`
		Fault      string   `json:"first_fault,omitempty"`
	}
	mappingFacts struct {
		Field string   `json:"field"`
		From  []string `json:"from"`
		How   string   `json:"how,omitempty"`
	}
	columnFacts struct {
		Name     string   `json:"name"`
		Looks    string   `json:"looks_like"`
		Shape    string   `json:"shape,omitempty"`
		Empty    int      `json:"empty"`
		Sample   int      `json:"sample"`
		Examples []string `json:"examples"`
		// Cards counts the values of the sample that pass for card numbers, Card
		// is the first with its middle digits hidden.
		Cards int    `json:"card_numbers,omitempty"`
		Card  string `json:"card_number,omitempty"`
	}
	rowFacts struct {
		Raw    string            `json:"raw"`
		Fields map[string]string `json:"fields,omitempty"`
		Fault  string            `json:"rejected,omitempty"`
		Passed string            `json:"passed_over,omitempty"`
		order  []string
	}
	rejectFacts struct {
		Column   string         `json:"column,omitempty"`
		Reason   string         `json:"reason"`
		Rows     int64          `json:"rows"`
		Examples []exampleFacts `json:"examples"`
	}
	exampleFacts struct {
		Line int64  `json:"line"`
		Raw  string `json:"raw"`
	}
	logFacts struct {
		Role     string       `json:"role"`
		Files    int          `json:"files"`
		Rows     int64        `json:"rows"`
		Accounts int64        `json:"accounts"`
		Repeats  int64        `json:"repeats"`
		Range    *report.Span `json:"range"`
		PerHour  *hourFacts   `json:"rows_per_hour"`
		Astray   int64        `json:"rows_astray"`
		Windows  int          `json:"quiet_windows"`
		Quiet    []quietFacts `json:"quiet"`
		Fields   []shareFacts `json:"fields"`
		hours    coverage.Hours
	}
	hourFacts struct {
		From  string  `json:"from"`
		Hours int     `json:"hours"` // of one figure
		Rows  []int64 `json:"rows"`
	}
	quietFacts struct {
		report.Span
		Rows     int64 `json:"rows"`
		Expected int64 `json:"expected"`
	}
	shareFacts struct {
		Field string `json:"field"`
		Among string `json:"among,omitempty"`
		Rows  int64  `json:"rows"`
		Of    int64  `json:"of"`
	}
	bothFacts struct {
		Accounts int64        `json:"accounts"`
		Overlap  *report.Span `json:"overlap"`
	}
	questionFacts struct {
		Question string `json:"question"`
		Because  string `json:"cannot_because,omitempty"`
	}
)

// manyBins is how many figures of rows per hour JSON has at most, manyExamples how
// many rejected records are shown for a reason, and longRaw how much of each.
const (
	manyBins     = 10_000
	manyExamples = 2
	longRaw      = 2000
)

func stampOf(micros int64) string { return string(table.AppendTime(nil, micros)) }

func spanOf(s coverage.Span) *report.Span {
	return &report.Span{From: stampOf(s.From), To: stampOf(s.To)}
}

// facts draws up what was found out.
func (in *inspection) facts() *inspectFacts {
	out := &inspectFacts{Files: []fileFacts{}, Logs: []logFacts{}, Questions: []questionFacts{}}
	for i := range in.files {
		out.Files = append(out.Files, in.file(&in.files[i]))
	}
	for i := range in.cover.Logs {
		out.Logs = append(out.Logs, logOf(&in.cover.Logs[i]))
	}
	if a, p := in.cover.Of(event.Auth), in.cover.Of(event.Payments); a != nil && p != nil {
		out.Both = &bothFacts{Accounts: in.cover.Both}
		if o := in.cover.Overlap; o.From != 0 && o.From <= o.To {
			out.Both.Overlap = spanOf(o)
		}
		out.ClockSkew = report.NewClockSkew(&in.cover.Skew, 0)
	}
	if len(in.log.Sources) > 0 {
		for _, q := range forensics.Questions(in.emptied()) {
			out.Questions = append(out.Questions, questionFacts(q))
		}
	}
	return out
}

// emptied returns the sources with the columns that are there but never filled
// among those that are absent.
func (in *inspection) emptied() []event.Source {
	sources := slices.Clone(in.log.Sources)
	for i := range sources {
		s := &sources[i]
		s.Absent = slices.Clone(s.Absent)
		if l := in.cover.Of(s.Role); l != nil {
			for n := range l.Fields {
				if l.Fields[n].Lacks() {
					s.Absent = append(s.Absent, l.Fields[n].Field.String())
				}
			}
		}
	}
	return sources
}

// file draws up what is known of one file.
func (in *inspection) file(f *inspected) fileFacts {
	p := &f.Format
	out := fileFacts{Name: f.Name, Role: f.Role.String(), Known: f.Known, Problem: f.Problem,
		Profile: p.Name(), Title: "neutral schema", Confidence: p.Confidence, Why: append([]string{}, p.Why...),
		Syntax: p.Syntax.String(), Wrapper: p.Wrapper, Envelope: p.Root, Packing: p.Packing,
		Encoding: p.Encoding, EncodingWhy: f.EncodingWhy, Nearest: []nearFacts{}, Zone: zoneOf(f, &in.opt),
		Mapping: []mappingFacts{}, Unmapped: append([]string{}, f.Unmapped...), Columns: []columnFacts{}, Rows: []rowFacts{}, Rejects: []rejectFacts{}}
	if p.Profile != nil {
		out.Title = p.Profile.Profile.Title
	}
	if !f.Known {
		out.Profile, out.Title = "", ""
	}
	switch {
	case p.Parquet:
		out.Syntax = "Parquet"
	case p.Syntax == parsers.Delimited:
		out.Delimiter = string(p.Delimiter)
	}
	for _, o := range f.Others {
		out.Nearest = append(out.Nearest, nearFacts(o))
	}
	for _, m := range f.Mapping {
		out.Mapping = append(out.Mapping, mappingFacts(m))
	}
	for _, c := range f.Columns {
		out.Columns = append(out.Columns, columnFacts{c.Name, c.Kind.String(), c.Shape, c.Empty, c.Seen, append([]string{}, c.Examples...), c.Cards, c.Card})
	}
	for i := range f.Rows {
		out.Rows = append(out.Rows, rowOf(&f.Rows[i]))
	}
	if s, n := in.source(f); s != nil {
		out.read(s)
		out.Rejects = in.rejects(n)
	}
	return out
}

// read notes what became of the rows.
func (o *fileFacts) read(s *event.Source) {
	o.Read = &report.RowCounts{Read: s.Read, Accepted: s.Accepted, Rejected: s.Rejected, Duplicates: s.Duplicates, Repeats: s.Repeats}
	o.Passed, o.Broken, o.Notes, o.Trouble = s.Passed, s.Broken, s.Notes, s.Trouble
	if !s.First.IsZero() {
		o.Range = spanOf(coverage.Span{From: s.First.UnixMicro(), To: s.Last.UnixMicro()})
	}
	for f, n := range s.Unread {
		if n > 0 {
			if o.Unreadable == nil {
				o.Unreadable = map[string]int64{}
			}
			o.Unreadable[event.Field(f).String()] = n
		}
	}
}

// zoneOf says where the zone of stamps comes from.
func zoneOf(f *inspected, opt *parsers.Options) string {
	p := f.Format.Profile
	switch {
	case !f.Known:
		return ""
	case f.Zoneless:
		return "none: stamps carry no zone; shown as if they were UTC"
	case opt.ZoneHolds[f.Role]:
		return opt.Zones[f.Role].String() + ", as --tz says"
	case p != nil && p.Profile.Zone != "":
		return p.Profile.Zone + " where a stamp carries none, as the profile says"
	case opt.Zones[f.Role] != nil:
		return opt.Zones[f.Role].String() + " where a stamp carries none, as --tz says"
	}
	return "stamps carry their zone"
}

func rowOf(r *parsers.SampleRow) rowFacts {
	out := rowFacts{Raw: cut(r.Raw), Fault: r.Fault, Passed: r.Passed}
	for f, text := range r.Fields {
		if text != "" {
			if out.Fields == nil {
				out.Fields = map[string]string{}
			}
			name := event.Field(f).String()
			out.Fields[name] = text
			out.order = append(out.order, name)
		}
	}
	return out
}

// cut cuts a record that is too long to be shown.
func cut(raw string) string {
	if len(raw) <= longRaw {
		return raw
	}
	return strings.ToValidUTF8(raw[:longRaw], "") + "…"
}

// rejects groups the rejected records of a source by reason, the most first.
func (in *inspection) rejects(source int) []rejectFacts {
	all := []rejectFacts{}
	at := map[[2]string]int{}
	for i := range in.log.Rejects {
		r := &in.log.Rejects[i]
		if r.Pos.Source() != source {
			continue
		}
		key := [2]string{r.Column, r.Reason}
		n, ok := at[key]
		if !ok {
			n = len(all)
			at[key], all = n, append(all, rejectFacts{Column: r.Column, Reason: r.Reason})
		}
		all[n].Rows++
		if len(all[n].Examples) < manyExamples {
			all[n].Examples = append(all[n].Examples, exampleFacts{r.Line, parsers.HideCards(cut(r.Raw))})
		}
	}
	slices.SortStableFunc(all, func(a, b rejectFacts) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), strings.Compare(a.Column, b.Column), strings.Compare(a.Reason, b.Reason))
	})
	return all
}

// logOf draws up what the sources of a role cover.
func logOf(l *coverage.Log) logFacts {
	out := logFacts{Role: l.Role.String(), Files: l.Sources, Rows: l.Rows, Accounts: l.Accounts, Repeats: l.Repeats,
		Astray: l.Hours.Astray, Windows: l.QuietWindows, Quiet: []quietFacts{}, Fields: []shareFacts{}, hours: l.Hours}
	if l.Rows > 0 {
		out.Range = spanOf(l.Span)
	}
	if rows, step := l.Hours.Bins(manyBins); rows != nil {
		out.PerHour = &hourFacts{stampOf(l.Hours.From), step, rows}
	}
	for _, q := range l.Quiet {
		out.Quiet = append(out.Quiet, quietFacts{*spanOf(q.Span), q.Rows, q.Expected})
	}
	for _, s := range l.Fields {
		out.Fields = append(out.Fields, shareFacts{s.Field.String(), s.Among, s.Rows, s.Of})
	}
	return out
}
