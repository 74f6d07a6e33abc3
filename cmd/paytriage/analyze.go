package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/words"
)

// analyzeOptions are the flags of analyze.
type analyzeOptions struct {
	auth, payments, history []string
	out                     string
	formats                 []string
	policyFile              string
	readingOptions
	partOptions
	knownOptions
	pageOptions
	engineOptions
	force, json, quiet bool
	progress, skew     string
	sign               signOptions
	previous           string
	pseudonymize       string
	lang               string
	reveal             bool

	command []string // the command line, with what was set elsewhere
}

func (o *analyzeOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.auth, "auth", nil, "auth log: file, folder, pattern, pipe or - (repeatable)")
	f.StringArrayVar(&o.payments, "payments", nil, "payment log: file, folder, pattern, pipe or - (repeatable)")
	f.StringArrayVar(&o.history, "history", nil, "older auth log that only teaches what is normal (repeatable)")
	f.StringVar(&o.out, "out", "", "case folder to write")
	f.StringSliceVar(&o.formats, "format", []string{"csv"}, "table files: csv, parquet or both, comma-separated")
	f.StringVar(&o.policyFile, "policy", "", "YAML file that changes thresholds; each with its reason")
	o.readingOptions.addFlags(f)
	o.partOptions.addFlags(f)
	o.knownOptions.addFlags(f)
	o.pageOptions.addFlags(f)
	o.engineOptions.addFlags(f)
	f.StringVar(&o.skew, "skew", "", "correct payment times: auto, or how far their clock is ahead, for example 90s or -2m")
	f.StringVar(&o.sign.key, "sign-key", "", "private key of OpenSSH that signs the case; verify --key checks it")
	f.StringVar(&o.sign.passphrase, "sign-passphrase", "", "file with the passphrase of that key")
	f.StringVar(&o.previous, "previous", "", "case that this one follows: the manifest names it, verify --previous checks it")
	f.StringVar(&o.pseudonymize, "pseudonymize", "", "file with the key by which people are written as tokens, for a case that leaves the team")
	f.BoolVar(&o.force, "force", false, "replace a finished case folder")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.StringVar(&o.lang, "lang", string(words.English), "language of the summary on the terminal: "+langNames())
	f.BoolVar(&o.reveal, "reveal", false, "show ids of accounts whole in that summary")
	f.StringVar(&o.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
}

func newAnalyzeCommand(std streams) *cobra.Command {
	var o analyzeOptions
	cmd := &cobra.Command{
		Use:   "analyze --auth FILE… --payments FILE… --out DIR",
		Short: "Find takeovers, tie them to charges, price the loss",
		Long: `Reads an auth log and a payment log and writes a case folder: victims with how
sure that is, takeovers, charges, the ledger of refunds, sources of the attack,
campaigns, shops, an hourly timeline and every row that was not understood.

The logs are CSV in the neutral schema (see 'paytriage schema input'), plain or
packed with gzip or zstd. Nothing is written until everything is known; a
finished case folder is only replaced with --force.

--balances says what wallets held, so that a claw-back is split into what the
wallet still holds and what its owner has spent (victim_used, for a person). A
balance is at the end of the log (at = closing, the default) or before its first
row (at = opening); as_of moves it: after the rows of that instant, or before
them. Pending rows count as booked. A balance that leads the wallet below zero,
or contradicts another, is an exception line, for a row is missing. Wallets that
the file does not name are settled as without it.

--decisions gives accounts and charges that people decided on: confirm or
dismiss, who, why, when; the last decision on a thing holds. A confirmed account
is payable even if it was only possible, a dismissed one leaves the case; a
charge counts as the thief's or the owner's. The table decisions says what each
row did; tiers stay what the evidence says.

--known-bad gives what others saw in attacks: the CSV or the STIX bundle of their
'paytriage indicators', or a plain list. An entry from there weighs up to ten to one
(policy source.listed_cap), less the more honest accounts use the same here, nothing
when many do. It never names anybody by itself; its reason is known_bad.

--sign-key signs the manifest, which names every other file by its hash, with a
key of OpenSSH; 'paytriage verify --key' and 'ssh-keygen -Y verify' check it.

--pseudonymize writes the case as 'paytriage redact' would: people as tokens,
nothing of them in clear on the disk. Nobody can be paid from such a case.

The summary is in the language of --lang, with times in the zone of --tz if that
is one for all logs, else in UTC, and with ids of accounts masked unless --reveal.
A terminal shows its answers last, where they stay on the screen.

report.html, the page for people, is in the same language and zone, its ids always
masked; --mark sets moments on its curve, and 'paytriage report' writes it in
another way. All other files are the same whatever the language: codes, English
and UTC. What its words mean: 'paytriage help glossary'.` + progressHelp,
		Example: `  paytriage analyze --auth auth.csv --payments payments.csv --out case
  paytriage analyze --auth 'logs/auth-*.csv.gz' --payments pay/ --out case --format csv,parquet
  paytriage analyze --auth auth.csv --payments payments.csv --out case --balances balances.csv --decisions decisions.csv
  paytriage analyze --auth auth.csv --payments payments.csv --out case --lang ja --tz Asia/Tokyo
  zcat auth.csv.gz | paytriage analyze --auth - --payments payments.csv --out case --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Sprintf("%q stands behind no flag", args[0]), "put --auth or --payments before each file, and quotes around patterns: --auth 'logs/auth-*.csv'"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			o.command = commandLine(cmd)
			return runAnalyze(cmd.Context(), &o, std)
		},
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "format", append([]string{strings.Join(report.Formats, ",")}, report.Formats...)...)
	complete(cmd, "progress", progressModes...)
	complete(cmd, "lang", langList()...)
	complete(cmd, "engine", engines...)
	complete(cmd, "skew", skewAuto)
	complete(cmd, "spent-first", spentFirstWords...)
	cmd.MarkFlagDirname("out")
	cmd.MarkFlagDirname("previous")
	cmd.MarkFlagFilename("policy", "yaml", "yml")
	cmd.MarkFlagFilename("balances", "csv")
	cmd.MarkFlagFilename("decisions", "csv")
	return cmd
}

// validate checks what can be checked without reading anything.
func (o *analyzeOptions) validate() error {
	const see = "see 'paytriage analyze --help'"
	dashes := 0
	for _, a := range slices.Concat(o.auth, o.payments, o.history) {
		if a == "-" {
			dashes++
		}
	}
	switch {
	case len(o.auth) == 0 && len(o.payments) == 0:
		return &usageError{"nothing to read", "give --auth and --payments; " + see}
	case o.out == "":
		return &usageError{"no case folder", "give --out DIR"}
	case len(o.formats) == 0:
		return &usageError{"--format names nothing to write", "give csv, parquet or csv,parquet"}
	case o.json && o.quiet:
		return errJSONQuiet
	case dashes > 1:
		return &usageError{"standard input can be read only once", "give - for one log"}
	case !slices.Contains(progressModes, o.progress):
		return progressError(o.progress, "analyze")
	}
	if _, err := parseLang(o.lang, "analyze"); err != nil {
		return err
	}
	if _, err := parseSkew(o.skew); err != nil {
		return err
	}
	if _, err := o.order(); err != nil {
		return err
	}
	if _, err := o.pageOptions.options(words.English, nil); err != nil {
		return err
	}
	for _, f := range o.formats {
		if !slices.Contains(report.Formats, f) {
			return &usageError{fmt.Sprintf("--format %q is none of %s", f, strings.Join(report.Formats, ", ")), see}
		}
	}
	if err := o.engineOptions.validate(slices.Concat(o.auth, o.payments, o.history)); err != nil {
		return err
	}
	return o.readingOptions.validate("analyze")
}

// settings returns how to read and how to judge.
func (o *analyzeOptions) settings() (parsers.Options, policy.Policy, error) {
	opt, err := o.parse()
	if err != nil {
		return opt, policy.Policy{}, err
	}
	p, err := o.policy()
	return opt, p, err
}

// parse returns how to read, and what of it.
func (o *analyzeOptions) parse() (parsers.Options, error) {
	opt, err := o.readingOptions.parse()
	if err != nil {
		return opt, err
	}
	return opt, o.partOptions.parse(&opt)
}

func (o *analyzeOptions) policy() (policy.Policy, error) {
	if o.policyFile == "" {
		return policy.Default(), nil
	}
	f, err := os.Open(o.policyFile)
	if err != nil {
		return policy.Policy{}, &hintError{fmt.Errorf("--policy: %w", err), "check the name of the file"}
	}
	defer f.Close()
	p, err := policy.Load(f)
	if err != nil {
		return p, &hintError{fmt.Errorf("%s: %w", o.policyFile, err), "'paytriage schema policy' prints the policy with all its reasons"}
	}
	return p, nil
}

// runAnalyze is the main job: load, investigate, report. The case folder is taken
// before a stream is read, so that a run that cannot end well ends at once.
func runAnalyze(ctx context.Context, o *analyzeOptions, std streams) error {
	opt, p, err := o.settings()
	if err != nil {
		return err
	}
	named, err := o.expand()
	if err != nil {
		return err
	}
	known, err := o.knownOptions.read()
	if err != nil {
		return err
	}
	list, file, err := o.excluded()
	if err != nil {
		return err
	}
	if file != nil {
		opt.Exclude, known.files = list, append(known.files, *file)
	}
	page, err := o.pageOptions.options(words.Lang(o.lang), o.zone())
	if err != nil {
		return err
	}
	defer opt.Memory.Close()
	write := report.Options{Formats: o.formats, Force: o.force, Command: o.command, Inputs: append(named.paths(), o.knownOptions.paths()...), Page: page}
	if err := o.custody(&write); err != nil {
		return err
	}
	folder, err := report.Open(o.out, write)
	if err != nil {
		return err
	}
	defer folder.Discard()
	bar := newProgress(std, o.progress, o.quiet)
	defer bar.finish()
	if opt.Engine, err = o.engineOptions.start(ctx, o.workers, bar); err != nil {
		return err
	}
	if opt.Engine != nil {
		defer opt.Engine.Close()
	}
	duplicate, err := o.copier(ctx, opt.Engine)
	if err != nil {
		return err
	}
	inputs, err := named.read(ctx, std.in, bar, opt.Engine)
	if err != nil {
		return err
	}
	defer parsers.Discard(inputs)

	total := parsers.TotalBytes(inputs)
	relax := saveMemory(total)
	bar.begin("reading", total, inBytes)
	opt.Progress = bar.then("sorting")
	if bar != nil {
		opt.Rows = bar.parsed
	}
	log, err := parsers.Load(ctx, inputs, opt)
	if err != nil {
		bar.finish()
		return explained(ctx, std, inputs, opt, err)
	}
	opt.Memory.Shrink() // rows are packed now; what they took before is given back
	relax()
	if !o.quiet {
		o.tell(std, log)
	}
	skew, applied, err := correctSkew(ctx, log, o.skew, o.workers)
	if err != nil {
		return err
	}
	bar.begin("investigating", log.Rows(), inRows)
	found, err := forensics.Investigate(ctx, log, &p, forensics.Options{Workers: o.workers, Progress: bar.add, Known: known.Known})
	if err != nil {
		return err
	}
	found.Skew, found.Corrected = skew, applied
	found.Files, found.Unread = known.files, known.unread
	bar.begin("writing", int64(len(report.Schemas())), inTables)
	summary, err := folder.Write(ctx, found, bar.add)
	if err != nil {
		return err
	}
	if err := duplicate.copy(ctx, o.out, bar); err != nil {
		return err
	}
	parsers.Discard(inputs) // now: printing into a pipe that nobody reads ends the program
	if err := o.show(std, found, summary); err != nil {
		return &writtenError{fmt.Errorf("the summary: %w", err), "the case in " + o.out + " is complete; its summary.json has every figure"}
	}
	return incomplete(summary, o.out)
}

// custody says what vouches for the case: its signature, and what it follows.
func (o *analyzeOptions) custody(write *report.Options) (err error) {
	if write.Key, err = o.sign.read(); err != nil {
		return err
	}
	if write.Previous, err = previousCase(o.previous, o.out); err != nil {
		return err
	}
	if o.pseudonymize != "" {
		if write.Pseudonyms, err = readPseudonymKey("pseudonymize", o.pseudonymize); err != nil {
			return err
		}
	}
	for _, secret := range []string{o.sign.key, o.sign.passphrase, o.pseudonymize} {
		if secret != "" {
			write.Inputs = append(write.Inputs, secret)
		}
	}
	return nil
}

// saveMemory makes the collector keep less garbage for a large input, until relax
// is called. Rows lie outside the heap, and while they are read their memory is at
// its largest; what is in the heap is small beside it, and quickly looked through.
func saveMemory(bytes int64) (relax func()) {
	if bytes <= 64<<20 {
		return func() {}
	}
	usual := debug.SetGCPercent(30)
	return func() { debug.SetGCPercent(usual) }
}

// show prints the summary.
func (o *analyzeOptions) show(std streams, c *forensics.Case, s *report.Summary) error {
	switch {
	case o.quiet:
		return nil
	case o.json:
		return report.WriteJSON(std.out, s)
	}
	return report.Print(std.out, c, s, report.PrintOptions{Width: std.width(), Folder: o.out, Color: std.color(),
		Lang: words.Lang(o.lang), Zone: o.zone(), Reveal: o.reveal, AnswersLast: std.outTerminal})
}

// incomplete returns the error that makes exit code 3 of a run whose input was
// not understood as a whole.
func incomplete(s *report.Summary, folder string) error {
	if s.Complete() {
		return nil
	}
	var problems, hints []string
	if n := s.Rows.Rejected; n > 0 {
		problems = append(problems, fmt.Sprintf("%d of %d rows were rejected", n, s.Rows.Read))
		hints = append(hints, "'paytriage show "+folder+" rejects' lists each with its line and the reason")
	}
	if k := s.KnownBad; k != nil && k.Unreadable > 0 {
		problems = append(problems, fmt.Sprintf("%d of %d entries of --known-bad could not be read", k.Unreadable, k.Read))
		if s.Rows.Rejected == 0 {
			hints = append(hints, "'paytriage show "+folder+" rejects' lists them with line and reason")
		} else {
			hints = append(hints, "so it does those entries")
		}
	}
	damaged, limited := false, false
	if b := s.Balances; b != nil && b.Unreadable > 0 {
		problems = append(problems, fmt.Sprintf("%d of %d balances could not be read", b.Unreadable, b.Read))
		if s.Rows.Rejected == 0 {
			hints = append(hints, "'paytriage show "+folder+" rejects' lists them with line and reason")
		} else {
			hints = append(hints, "so it does the balances")
		}
	}
	for i := range s.Sources {
		if t := s.Sources[i].Trouble; t != "" {
			problems = append(problems, s.Sources[i].Name+": "+t)
			over := strings.Contains(t, maxUnpackedFlag)
			damaged, limited = damaged || !over, limited || over
		}
	}
	if limited {
		hints = append(hints, "what stands before the limit was used; if the file is meant to be that large, run again with "+maxUnpackedFlag+" SIZE, for example 200GiB, and --force")
	}
	if damaged {
		hints = append(hints, "what stands before the damage was used; export the file again")
	}
	return &incompleteError{strings.Join(problems, "; "), strings.Join(hints, "; ")}
}

// maxUnpackedFlag is what the trouble of a source names that was not read to its
// end because it unpacks to more than it may.
const maxUnpackedFlag = "--max-unpacked"
