package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
)

// again reads the logs of a case again, for commands that ask them more.
type again struct {
	// in are the inputs and how to read them: as the case was made, or as the
	// flags say.
	in    analyzeOptions
	quiet bool
}

func (o *again) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.in.auth, "auth", nil, "where the auth log is now (repeatable)")
	f.StringArrayVar(&o.in.payments, "payments", nil, "where the payment log is now (repeatable)")
	f.StringArrayVar(&o.in.history, "history", nil, "where the older auth log is now (repeatable)")
	f.StringVar(&o.in.exclude, "exclude", "", "where the list of what was left out is now")
	f.StringVar(&o.in.zones, "tz", "", "as given to analyze, where its command line is not known")
	f.StringVar(&o.in.currency, "currency", "", "as given to analyze, where its command line is not known")
	f.IntVar(&o.in.workers, "workers", runtime.GOMAXPROCS(0), "processors that work; the result is the same for any number")
	o.in.addMemoryFlags(f)
	f.StringVar(&o.in.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
}

// validate checks what can be checked without reading anything.
func (o *again) validate(command string) error {
	if !slices.Contains(progressModes, o.in.progress) {
		return progressError(o.in.progress, command)
	}
	return o.in.readingOptions.validate(command)
}

// load reads the logs of a case again, makes sure that they are the same, and
// sets clocks as they were set then. Texts of rows can be asked for until discard is called.
func (o *again) load(ctx context.Context, std streams, folder string, s *report.Summary) (log *event.Log, discard func(), err error) {
	m, err := report.ReadManifest(folder)
	if err == nil {
		err = m.WithIDs(folder)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := o.asMade(m); err != nil {
		return nil, nil, err
	}
	opt, err := o.in.parse()
	if err != nil {
		return nil, nil, err
	}
	list, file, err := o.in.excluded()
	if err != nil {
		return nil, nil, err
	}
	if file != nil {
		opt.Exclude = list
	}
	if err := sameKnown(m, forensics.ExcludeRole, file); err != nil {
		return nil, nil, err
	}
	named, err := o.in.expand()
	if err != nil {
		return nil, nil, o.moved(err)
	}
	bar := newProgress(std, o.in.progress, o.quiet)
	defer bar.finish()
	inputs, err := named.read(ctx, std.in, bar, nil)
	if err != nil {
		return nil, nil, err
	}
	total := parsers.TotalBytes(inputs)
	saveMemory(total)
	bar.begin("reading", total, inBytes)
	opt.Progress = bar.then("sorting")
	if bar != nil {
		opt.Rows = bar.parsed
	}
	if log, err = parsers.Load(ctx, inputs, opt); err != nil {
		err = o.moved(err)
	} else {
		err = sameInputs(m, log)
	}
	if k := s.ClockSkew; err == nil && k != nil && k.Applied != 0 {
		err = coverage.Shift(log, k.Applied) // as it was
	}
	if err != nil {
		parsers.Discard(inputs)
		return nil, nil, err
	}
	return log, func() { parsers.Discard(inputs); opt.Memory.Close() }, nil
}

// moved adds to what is wrong with an input that it may be elsewhere now.
func (o *again) moved(err error) error {
	var in *parsers.InputError
	if errors.As(err, &in) {
		return &hintError{err, "name the logs that the case was made from with --auth and --payments"}
	}
	return err
}

// asMade takes from the command line that made the case what no flag says:
// where the logs are, and how to read them.
func (o *again) asMade(m *report.Manifest) error {
	const hint = "name the logs that the case was made from with --auth and --payments"
	var was analyzeOptions
	f := pflag.NewFlagSet("analyze", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	was.addFlags(f)
	f.String(configFlag, "", "") // what it said stands in the command line too
	at := slices.Index(m.Command, "analyze")
	known := at >= 0 && f.Parse(m.Command[at+1:]) == nil
	given := len(o.in.auth)+len(o.in.payments)+len(o.in.history) > 0
	if !known && !given {
		return &hintError{errors.New("the manifest does not say how the case was made"), hint}
	}
	if !known {
		return nil
	}
	for _, r := range []struct {
		now *[]string
		was []string
	}{{&o.in.auth, was.auth}, {&o.in.payments, was.payments}, {&o.in.history, was.history}} {
		if len(*r.now) > 0 {
			continue
		}
		for _, arg := range r.was {
			if arg == "-" || strings.HasPrefix(arg, "/dev/fd/") {
				return &hintError{fmt.Errorf("the case was made from %s, which cannot be read again", arg), hint}
			}
		}
		*r.now = r.was
	}
	for _, r := range []struct {
		now *string
		was string
	}{{&o.in.zones, was.zones}, {&o.in.currency, was.currency}, {&o.in.policyFile, was.policyFile},
		{&o.in.maxUnpacked, was.maxUnpacked}, {&o.in.cardKey, was.cardKey},
		{&o.in.balances, was.balances}, {&o.in.decisions, was.decisions}, {&o.in.knownBad, was.knownBad}, {&o.in.exclude, was.exclude}, {&o.in.spentFirst, was.spentFirst}} {
		if *r.now == "" {
			*r.now = r.was
		}
	}
	o.in.from, o.in.to = was.from, was.to
	o.in.profiles, o.in.params, o.in.year = was.profiles, was.params, was.year
	return nil
}

// readKnown reads again what people knew when the case was made, and makes sure that
// it is the same.
func (o *again) readKnown(folder string) (*known, error) {
	m, err := report.ReadManifest(folder)
	if err != nil {
		return nil, err
	}
	if o.in.spentFirst == "" {
		o.in.spentFirst = spentFirstWords[0]
	}
	k, err := o.in.knownOptions.read()
	if err != nil {
		return nil, err
	}
	for _, role := range []string{forensics.BalancesRole, forensics.DecisionsRole, forensics.KnownBadRole} {
		var file *forensics.File
		if at := slices.IndexFunc(k.files, func(f forensics.File) bool { return f.Role == role }); at >= 0 {
			file = &k.files[at]
		}
		if err := sameKnown(m, role, file); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// sameKnown makes sure that a file beside the logs is the one that the case was
// made with, or that neither is there.
func sameKnown(m *report.Manifest, role string, file *forensics.File) error {
	was, now := "", ""
	if at := slices.IndexFunc(m.Inputs, func(in report.Input) bool { return in.Role == role }); at >= 0 {
		was = m.Inputs[at].SHA256
	}
	if file != nil {
		now = hex.EncodeToString(file.SHA256[:])
	}
	if was == now {
		return nil
	}
	return &hintError{fmt.Errorf("the %s are not those that the case was made with", map[string]string{
		forensics.BalancesRole: "balances", forensics.DecisionsRole: "decisions", forensics.ExcludeRole: "exclusions", forensics.KnownBadRole: "indicators of others"}[role]),
		"name the same file with --" + role + ", or make the case again with the new one"}
}

// isLog reports whether an input is a log, and no file beside the logs.
func isLog(role string) bool {
	for _, r := range []event.Role{event.Auth, event.Payments, event.History} {
		if r.String() == role {
			return true
		}
	}
	return false
}

// sameInputs makes sure that the logs are those of the manifest, whatever their
// names, and were understood as they were then.
func sameInputs(m *report.Manifest, log *event.Log) error {
	type input struct{ role, hash string }
	was := map[input][]report.Input{}
	for _, in := range m.Inputs {
		if isLog(in.Role) {
			k := input{in.Role, in.SHA256}
			was[k] = append(was[k], in)
		}
	}
	var problems []string
	for i := range log.Sources {
		s := &log.Sources[i]
		k := input{s.Role.String(), s.Hash()}
		if len(was[k]) == 0 {
			problems = append(problems, fmt.Sprintf("%s (%s) is none of the case's inputs", s.Name, k.role))
			continue
		}
		before := was[k][0].RowCounts
		was[k] = was[k][1:]
		if now := (report.RowCounts{Read: s.Read, Accepted: s.Accepted, Rejected: s.Rejected, Duplicates: s.Duplicates, Repeats: s.Repeats}); now.Read != before.Read || now.Rejected != before.Rejected {
			problems = append(problems, fmt.Sprintf("%s: %d of %d rows are rejected, %d of %d when the case was made", s.Name, now.Rejected, now.Read, before.Rejected, before.Read))
		}
	}
	for _, in := range m.Inputs {
		if k := (input{in.Role, in.SHA256}); len(was[k]) > 0 {
			problems = append(problems, fmt.Sprintf("%s (%s) of the case is missing", was[k][0].Name, in.Role))
			was[k] = was[k][1:]
		}
	}
	if problems == nil {
		return nil
	}
	return &hintError{errors.New("the logs are not those that the case was made from: " + strings.Join(problems, "; ")),
		"name the same logs, or make the case again with the new ones"}
}
