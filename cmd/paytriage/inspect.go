package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
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
	inputs, err := n.read(ctx, std.in, bar, nil)
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
