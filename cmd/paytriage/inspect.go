package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/table"
)

// inspectOptions are the flags of inspect.
type inspectOptions struct {
	auth, payments []string
	rows           int
	draft, json    bool
	progress       string
	readingOptions
}

func (o *inspectOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.auth, "auth", nil, "auth log, as for analyze (repeatable)")
	f.StringArrayVar(&o.payments, "payments", nil, "payment log, as for analyze (repeatable)")
	f.IntVar(&o.rows, "rows", 3, "first rows to show as they are understood")
	f.BoolVar(&o.draft, "draft-profile", false, "print a profile to start from for one file, as YAML")
	f.BoolVar(&o.json, "json", false, "print the same as JSON")
	f.StringVar(&o.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
	o.readingOptions.addFlags(f)
}

func newInspectCommand(std streams) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect FILE…",
		Short: "Show what exports are and what they can tell",
		Long: fmt.Sprintf(`Says of every file what it is taken for, how sure that is and why; where the
fields come from; how its first rows are understood; how many rows were read,
rejected and why. Of all auth logs and all payment logs together: the time they
cover, rows per hour, windows that are too quiet, which fields are filled, the
accounts that are in both, how far the clocks are apart, and which questions of
'paytriage analyze' they can and cannot answer.

A file of a confidence below %d %% is not read, here and by all other commands.
What a file is given as may be left open; then it is compared with everything.

--draft-profile prints a profile for a file that is not known: what names and
values make likely. What is not certain stands in comments.
`, parsers.Sure),
		Example: `  paytriage inspect auth.json.gz payments.csv
  paytriage inspect --auth 'logs/*.csv' --payments pay.csv --tz Asia/Tokyo --json
  paytriage inspect --draft-profile --payments export.csv > mine.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args)+len(o.auth)+len(o.payments) == 0 {
				return &usageError{"nothing to look at", "name files, folders, patterns or -; see 'paytriage inspect --help'"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(args); err != nil {
				return err
			}
			return runInspect(cmd.Context(), &o, args, std)
		},
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "progress", progressModes...)
	return cmd
}

// maxInspectRows is how many rows of a file are shown at most.
const maxInspectRows = 100

func (o *inspectOptions) validate(args []string) error {
	dashes := 0
	for _, a := range slices.Concat(o.auth, o.payments, args) {
		if a == "-" {
			dashes++
		}
	}
	switch {
	case o.rows < 0 || o.rows > maxInspectRows:
		return &usageError{fmt.Sprintf("--rows %d is not within 0 and %d", o.rows, maxInspectRows), "'paytriage convert' writes all rows"}
	case o.draft && o.json:
		return &usageError{"--draft-profile and --json exclude each other", "a profile is YAML"}
	case dashes > 1:
		return &usageError{"standard input can be read only once", "give - for one log"}
	case !slices.Contains(progressModes, o.progress):
		return progressError(o.progress, "inspect")
	}
	return o.readingOptions.validate("inspect")
}

// expand finds what is named, in the roles that are said.
func (o *inspectOptions) expand(args []string) (*named, error) {
	n := &named{}
	for _, g := range []struct {
		args []string
		role event.Role
	}{{o.auth, event.Auth}, {o.payments, event.Payments}, {args, 0}} {
		if err := n.add(g.args, g.role); err != nil {
			return nil, err
		}
	}
	return n, distinct(n.files)
}

// runInspect looks at the heads of all files, then reads those that are known.
func runInspect(ctx context.Context, o *inspectOptions, args []string, std streams) error {
	opt, err := o.parse()
	if err != nil {
		return err
	}
	n, err := o.expand(args)
	if err != nil {
		return err
	}
	bar := newProgress(std, o.progress, false)
	defer bar.finish()
	inputs, err := n.read(ctx, std.in, bar)
	if err != nil {
		return err
	}
	defer parsers.Discard(inputs)

	in := &inspection{opt: opt}
	if err := in.heads(ctx, inputs, o.rows); err != nil {
		return err
	}
	if o.draft {
		bar.finish()
		return in.draft(std.out)
	}
	bar.begin("reading", parsers.TotalBytes(inputs), inBytes)
	in.opt.Progress = bar.then("sorting")
	if err := in.load(ctx, o.workers); err != nil {
		return err
	}
	bar.finish()
	facts := in.facts()
	if o.json {
		err = report.WriteJSON(std.out, facts)
	} else {
		err = facts.print(std)
	}
	if err != nil {
		return err
	}
	return in.incomplete()
}

// An inspection is what is found out about the inputs.
type inspection struct {
	opt    parsers.Options
	files  []inspected
	log    *event.Log // of the files that could be read; never nil after load
	cover  *coverage.Report
	assume bool // stamps without a zone were read as UTC
	failed error
}

// An inspected is one source.
type inspected struct {
	parsers.Inspection
	input  int
	whole  bool // it is part of the log
	inputs []parsers.Input
}

// heads looks at the heads of the inputs. One that cannot be opened does not keep
// the others from being shown.
func (in *inspection) heads(ctx context.Context, inputs []parsers.Input, rows int) error {
	for n := range inputs {
		found, err := parsers.Inspect(ctx, inputs[n:n+1], in.opt, rows)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			problem := strings.TrimPrefix(err.Error(), inputs[n].Name+": ")
			found = []parsers.Inspection{{Name: inputs[n].Name, Role: inputs[n].Role, Problem: problem}}
		}
		for _, f := range found {
			in.files = append(in.files, inspected{Inspection: f, input: n, inputs: inputs})
		}
	}
	return nil
}

// draft prints a profile for the one file.
func (in *inspection) draft(w io.Writer) error {
	if len(in.files) != 1 {
		return &usageError{fmt.Sprintf("--draft-profile with %d files", len(in.files)), "a profile is drafted from one file"}
	}
	f := &in.files[0]
	if f.Columns == nil && f.Problem != "" {
		return &hintError{fmt.Errorf("%s: %s", f.Name, f.Problem), "profiles of text without names of fields are written by hand: 'paytriage schema profile openssh' is one"}
	}
	text, err := parsers.Draft(&f.Inspection, f.Role)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// load reads the inputs all of whose sources are known and of one role.
func (in *inspection) load(ctx context.Context, workers int) error {
	var known []parsers.Input
	zones := map[event.Role]*time.Location{}
	for r, z := range in.opt.Zones {
		zones[r] = z
	}
	for i := 0; i < len(in.files); {
		j := i + 1
		for j < len(in.files) && in.files[j].input == in.files[i].input {
			j++
		}
		member := in.files[i:j]
		i = j
		if slices.ContainsFunc(member, func(f inspected) bool { return !f.Known || f.Role != member[0].Role }) {
			continue
		}
		input := member[0].inputs[member[0].input]
		input.Role = member[0].Role
		known = append(known, input)
		for n := range member {
			member[n].whole = true
			if member[n].Zoneless {
				zones[input.Role], in.assume = time.UTC, true
			}
		}
	}
	in.log, in.cover = &event.Log{}, &coverage.Report{}
	if known == nil {
		return nil
	}
	opt := in.opt
	opt.Zones = zones
	log, err := parsers.Load(ctx, known, opt)
	if err == nil {
		in.log = log
		in.cover, err = coverage.Measure(ctx, log, workers)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	in.failed = err
	return nil
}

// source returns what was read of a file, nil if nothing was.
func (in *inspection) source(f *inspected) (*event.Source, int) {
	for i := range in.log.Sources {
		if s := &in.log.Sources[i]; f.whole && s.Name == f.Name {
			return s, i
		}
	}
	return nil, -1
}

// incomplete returns the error that makes exit code 3 where not all was understood.
func (in *inspection) incomplete() error {
	var problems, hints []string
	var rejected, read int64
	for i := range in.files {
		f := &in.files[i]
		s, _ := in.source(f)
		switch {
		case !f.Known:
			problems = append(problems, f.Name+": "+f.Problem)
			hints = append(hints, hintFor(f))
		case s == nil && in.failed == nil:
			problems = append(problems, f.Name+": not read, as not all files of its archive are known and of one kind")
			hints = append(hints, "unpack it and name the files one by one")
		case s == nil:
		case s.Trouble != "":
			problems = append(problems, f.Name+": "+s.Trouble)
			hints = append(hints, "what stands before the damage was used; export the file again")
		}
		if f.Zoneless {
			problems = append(problems, f.Name+": stamps carry no zone, such as "+f.Stamp)
			hints = append(hints, "say where its clock stood, for example --tz Asia/Tokyo")
		}
		if s != nil {
			rejected, read = rejected+s.Rejected, read+s.Read
		}
	}
	if rejected > 0 {
		problems = append(problems, fmt.Sprintf("%d of %d rows were rejected", rejected, read))
	}
	if in.failed != nil {
		problems = append(problems, in.failed.Error())
		hints = append(hints, hint(in.failed))
	}
	if problems == nil {
		return nil
	}
	hints = slices.DeleteFunc(hints, func(h string) bool { return h == "" })
	return &incompleteError{strings.Join(problems, "; "), strings.Join(slices.Compact(hints), "; ")}
}

// hintFor says what to do about a file that is not known.
func hintFor(f *inspected) string {
	switch {
	case f.NoCurrency:
		return "say which with --currency, for example --currency JPY"
	case f.Columns != nil:
		return "--profile says what it is; --draft-profile writes one to start from"
	case f.Format.Syntax != 0:
		return "some profiles are only used where --profile names them; 'paytriage schema profiles' lists them"
	}
	return ""
}

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
		out.Columns = append(out.Columns, columnFacts{c.Name, c.Kind.String(), c.Shape, c.Empty, c.Seen, append([]string{}, c.Examples...)})
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

// explained prints what inspect would show of a file that nobody knows, and returns
// the error.
func explained(ctx context.Context, std streams, inputs []parsers.Input, opt parsers.Options, err error) error {
	var unknown *parsers.UnknownError
	if !errors.As(err, &unknown) {
		return err
	}
	source := unknown.Source
	for i := range inputs {
		if inputs[i].Name != source && !strings.HasPrefix(source, inputs[i].Name+"!") {
			continue
		}
		opt.Progress, opt.Rows = nil, nil
		found, looked := parsers.Inspect(ctx, inputs[i:i+1], opt, 0)
		if looked != nil {
			break
		}
		for n := range found {
			f := &found[n]
			if f.Name == source && len(f.Others)+len(f.Columns) > 0 {
				printEssential(std.err, f)
			}
		}
		break
	}
	return err
}
