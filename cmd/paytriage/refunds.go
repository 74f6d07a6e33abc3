package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// refundsOptions are the flags of refunds.
type refundsOptions struct {
	out, maker, decisions     string
	already                   []string
	days                      int
	tiers, channels, accounts []string
	from, to                  string
	formats                   []string
	encoding                  string
	bom, force, json, quiet   bool
	progress                  string
	readingOptions
}

func (o *refundsOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.out, "out", "o", "", "folder to draw the ledger up in; without it only the totals are printed")
	f.StringVar(&o.maker, "maker", "", "who draws it up, and may not approve it (default: the user who runs this)")
	f.StringVar(&o.decisions, "decisions", "", "CSV file of what people decided: account_id, txn_id, decision, who, why, when, validation")
	f.StringArrayVar(&o.already, "already-refunded", nil, "what was paid before: a ledger, its folder or a case, or an export of refunds (repeatable)")
	f.IntVar(&o.days, "match-days", 31, "days after a charge within which a payment that names no charge can be for it")
	f.StringSliceVar(&o.tiers, "tier", nil, "only lines of these tiers: confirmed,probable,possible")
	f.StringSliceVar(&o.channels, "channel", nil, "only lines of these channels: card,debit,bank,cash,points,balance,none")
	f.StringArrayVar(&o.accounts, "account", nil, "only lines of this account (repeatable)")
	f.StringVar(&o.from, "from", "", "only lines whose first charge is not before this date or time")
	f.StringVar(&o.to, "to", "", "only lines whose first charge is not after this date, or before this time")
	f.StringSliceVar(&o.formats, "format", []string{"csv"}, "csv, parquet and xlsx, csv or parquet among them")
	f.StringVar(&o.encoding, "encoding", "utf-8", "of the CSV files: utf-8 or cp932")
	f.BoolVar(&o.bom, "bom", false, "begin the CSV files with a byte order mark")
	f.BoolVar(&o.force, "force", false, "replace a ledger that was drawn up before")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.StringVar(&o.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
	o.readingOptions.addFlags(f)
}

func newRefundsCommand(std streams) *cobra.Command {
	var o refundsOptions
	cmd := &cobra.Command{
		Use:   "refunds CASE",
		Short: "Draw up the ledger that finance pays from",
		Long: `Draws up the ledger of a case: what is owed to whom by which channel, less what
was paid before, with control totals. The case is proved first: its tables must be
the ones that its manifest names, and their lines must add up to every figure of
its summary. Whatever does not add up ends the run with exit code 4, and nothing
is written.

DIR then holds, in each format, ledger, totals, unmatched and left_out, as sheets
of refunds.xlsx in XLSX, and manifest.json: who made it, of what, and the hash of
its rows, which an approval stands on. What a filter leaves out, and what was
dismissed, is listed in left_out and totalled apart.

Decisions: the last one on a charge or an account holds, that on a charge goes
before that on its account. A line of which all charges are confirmed has their
validation and no longer waits for a decision; one of which all are dismissed is
left out; one of which some are needs a decision, because its amount holds no
longer. For the owner of cash only a decision on the charge itself will do.

Earlier payments are laid against lines, each once: by refund_id; by the charge
that they give back; and, if they name none, by account, currency and amount
within --match-days after the first charge, if there is only one payment and one
line that fit. What the case's log has counted as returned is not subtracted
again. Open lines of an earlier ledger are taken to be paid in full, its other
lines not at all. Over-refunds become exceptions, and a refund on its way holds
its line. Rows of an export that are no refund, reversal or chargeback, or were
declined, are passed over.

Dates of --from and --to are days of the zone of --tz, else of UTC; days of the
control totals are days of UTC.`,
		Example: `  paytriage refunds case
  paytriage refunds case --out ledger --format csv,xlsx --tier confirmed,probable
  paytriage refunds case --out ledger --already-refunded yesterday --already-refunded stripe.csv --param account=metadata[user]
  paytriage refunds case --out ledger --decisions decisions.csv --encoding cp932 --maker sato`,
		Args:              exactArgs("CASE"),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE:              func(cmd *cobra.Command, args []string) error { return runRefunds(cmd.Context(), std, &o, args[0]) },
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "format", report.DraftFormats...)
	complete(cmd, "encoding", csvfile.UTF8.String(), csvfile.CP932.String())
	complete(cmd, "tier", takeover.Confirmed.String(), takeover.Probable.String(), takeover.Possible.String())
	complete(cmd, "channel", channelWords()...)
	complete(cmd, "progress", progressModes...)
	cmd.MarkFlagDirname("out")
	cmd.MarkFlagFilename("decisions", "csv")
	cmd.AddCommand(refundsSubcommands(std)...)
	cmd.AddCommand(refundsReports(std)...)
	return cmd
}

func channelWords() []string {
	var words []string
	for _, c := range refund.Channels() {
		words = append(words, c.String())
	}
	return words
}

// A refundsPlan is what the flags ask for.
type refundsPlan struct {
	filter  ledger.Filter
	reading parsers.Options
	draft   report.DraftOptions
	maker   string
}

// plan checks the flags.
func (o *refundsOptions) plan() (*refundsPlan, error) {
	const see = "see 'paytriage refunds --help'"
	if err := o.readingOptions.validate("refunds"); err != nil {
		return nil, err
	}
	encoding, ok := csvfile.ParseEncoding(o.encoding)
	switch {
	case o.json && o.quiet:
		return nil, errJSONQuiet
	case !slices.Contains(progressModes, o.progress):
		return nil, progressError(o.progress, "refunds")
	case !ok:
		return nil, &usageError{fmt.Sprintf("--encoding %q is neither utf-8 nor cp932", o.encoding), see}
	case o.bom && encoding != csvfile.UTF8:
		return nil, &usageError{"--bom with --encoding " + o.encoding, "only UTF-8 has a byte order mark"}
	case o.days < 0 || o.days > maxMatchDays:
		return nil, &usageError{fmt.Sprintf("--match-days %d is not within 0 and %d", o.days, maxMatchDays), see}
	}
	for _, f := range o.formats {
		if !slices.Contains(report.DraftFormats, f) {
			return nil, &usageError{fmt.Sprintf("--format %q is none of %s", f, strings.Join(report.DraftFormats, ", ")), see}
		}
	}
	if !slices.Contains(o.formats, "csv") && !slices.Contains(o.formats, "parquet") {
		return nil, &usageError{"--format has neither csv nor parquet", "one of them is what approving and paying read: --format csv,xlsx"}
	}
	p := &refundsPlan{draft: report.DraftOptions{Formats: o.formats, Form: csvfile.Form{Encoding: encoding, Mark: o.bom}, Force: o.force}}
	var err error
	if p.reading, err = o.readingOptions.parse(); err != nil {
		return nil, err
	}
	if p.filter, err = o.filter(p.reading.Zones[event.Payments]); err != nil {
		return nil, err
	}
	p.maker, err = o.whoMakes()
	return p, err
}

// maxMatchDays bounds --match-days: ten years.
const maxMatchDays = 3660

// filter returns which lines are asked for.
func (o *refundsOptions) filter(zone *time.Location) (f ledger.Filter, err error) {
	for _, word := range o.tiers {
		tier, ok := takeover.ParseTier(word)
		if !ok {
			return f, &usageError{fmt.Sprintf("--tier %q is none of confirmed, probable, possible", word), "for example --tier confirmed,probable"}
		}
		f.Tiers = append(f.Tiers, tier)
	}
	for _, word := range o.channels {
		channel, ok := refund.ParseChannel(word)
		if !ok {
			return f, &usageError{fmt.Sprintf("--channel %q is none of %s", word, strings.Join(channelWords(), ", ")), "for example --channel card,debit"}
		}
		f.Channels = append(f.Channels, channel)
	}
	for _, account := range o.accounts {
		if f.Accounts == nil {
			f.Accounts = map[string]bool{}
		}
		f.Accounts[account] = true
	}
	if zone == nil {
		zone = time.UTC
	}
	if f.From, err = instant("--from", o.from, zone, 0); err != nil {
		return f, err
	}
	if f.To, err = instant("--to", o.to, zone, 1); err != nil {
		return f, err
	}
	if f.From != 0 && f.To != 0 && f.From >= f.To {
		return f, &usageError{fmt.Sprintf("--from %s is not before --to %s", o.from, o.to), "give the earlier one to --from"}
	}
	return f, nil
}

// instant reads a time, or a date as the beginning of the day that lies so many
// days later, in microseconds; 0 for "".
func instant(flag, text string, zone *time.Location, days int) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UnixMicro(), nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return 0, &usageError{fmt.Sprintf("%s %q is neither a date nor a time", flag, text), "for example 2019-07-03 or 2019-07-03T14:00:00+09:00"}
	}
	return t.AddDate(0, 0, days).UnixMicro(), nil
}

// whoMakes returns who draws the ledger up.
func (o *refundsOptions) whoMakes() (string, error) {
	name := strings.TrimSpace(o.maker)
	if name == "" && o.maker == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
		if name == "" {
			name = os.Getenv("USER")
		}
	}
	if name == "" && o.out != "" {
		return "", &usageError{"nobody knows who draws the ledger up", "say so with --maker NAME"}
	}
	return name, nil
}

func runRefunds(ctx context.Context, std streams, o *refundsOptions, folder string) error {
	p, err := o.plan()
	if err != nil {
		return err
	}
	bar := newProgress(std, o.progress, o.quiet)
	defer bar.finish()
	r := &refundsRun{refundsPlan: p, options: o, folder: folder, inputs: []report.DraftInput{}}
	if o.out != "" {
		p.draft.Inputs = append([]string{folder}, o.already...)
		if o.decisions != "" {
			p.draft.Inputs = append(p.draft.Inputs, o.decisions)
		}
		out, err := report.OpenDraft(o.out, p.draft)
		if err != nil {
			return err
		}
		defer out.Discard()
		r.out = out
	}
	bar.begin("proving the case", unknown, inSteps)
	if info, err := os.Stat(filepath.Join(folder, "charges.csv")); err == nil {
		saveMemory(info.Size())
	}
	if r.proved, err = report.ReadCaseLedger(folder); err != nil {
		return unproved(err)
	}
	if err := r.net(ctx, std, bar); err != nil {
		return err
	}
	if err := r.addUp(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.out != nil {
		bar.begin("writing", unknown, inSteps)
		if err := r.write(); err != nil {
			return err
		}
	}
	bar.finish()
	if err := r.print(std); err != nil {
		return err
	}
	return r.incomplete()
}

// unproved makes exit code 4 of what does not add up.
func unproved(err error) error {
	var check *report.CheckError
	if errors.As(err, &check) {
		return &checkError{err.Error(), "nothing was written; run analyze again, or find out who changed the case"}
	}
	return err
}

// A refundsRun is a ledger on its way.
type refundsRun struct {
	*refundsPlan
	options *refundsOptions
	folder  string
	out     *report.DraftFolder // or nil
	proved  *report.CaseLedger

	inputs    []report.DraftInput
	decided   int // decisions that hold
	idle      []ledger.Decision
	dismissed []bool
	earlier   earlierPayments
	netting   *ledger.Netting

	lines, left []ledger.Line
	why         []string // of left
	unmatched   []ledger.Unmatched
	parts       []report.Part // case, ledger, left_out
	draft       report.Draft
}

// net applies decisions and subtracts earlier payments.
func (r *refundsRun) net(ctx context.Context, std streams, bar *progress) error {
	holds, err := r.readDecisions()
	if err != nil {
		return err
	}
	if err := r.readEarlier(ctx, std, bar); err != nil {
		return err
	}
	bar.begin("netting", unknown, inSteps)
	r.dismissed, r.idle = ledger.Decide(r.proved.Lines, holds, r.proved.IsCharge)
	r.netting, err = ledger.Net(r.proved.Lines, r.earlier.list, int64(r.options.days), r.proved.IsCharge)
	if err != nil {
		return &checkError{"netting earlier payments: " + err.Error(), "nothing was written; an amount in what was given with --already-refunded is beyond all reason"}
	}
	r.proved.Forget()
	return nil
}

// addUp divides the lines and adds up each part, and makes sure that all meet.
func (r *refundsRun) addUp() error {
	const hint = "nothing was written; please report this with the case"
	whole, err := ledger.AddUp(r.proved.Lines)
	if err != nil {
		return &checkError{"adding up: " + err.Error(), hint}
	}
	r.divide()
	kept, err := ledger.AddUp(r.lines)
	if err != nil {
		return &checkError{"adding up: " + err.Error(), hint}
	}
	left, err := ledger.AddUp(r.left)
	if err != nil {
		return &checkError{"adding up: " + err.Error(), hint}
	}
	if err := ledger.Agree(whole, kept, left); err != nil {
		return &checkError{err.Error(), hint}
	}
	if n := len(r.netting.Matches) + len(r.netting.Unmatched); n != len(r.earlier.list) {
		return &checkError{fmt.Sprintf("%d of %d earlier payments are accounted for", n, len(r.earlier.list)), hint}
	}
	r.parts = []report.Part{{Name: "case", Totals: whole}, {Name: "ledger", Totals: kept}, {Name: "left_out", Totals: left}}
	return nil
}

// divide takes out the lines that are not asked for, and lists what found
// nothing on the other side.
func (r *refundsRun) divide() {
	r.unmatched = append(r.unmatched, r.netting.Unmatched...)
	r.unmatched = append(r.unmatched, r.earlier.rejected...)
	for i := range r.idle {
		d := &r.idle[i]
		r.unmatched = append(r.unmatched, ledger.Unmatched{Side: ledger.DecisionSide, Account: d.Account, Txn: d.Txn, Why: ledger.WhyNoLine, Source: r.options.decisions})
	}
	all := r.proved.Lines
	r.lines = all[:0]
	for i := range all {
		why := r.filter.LeavesOut(&all[i])
		if r.dismissed[i] {
			why = ledger.LeftDismissed
		}
		if why != "" {
			r.left, r.why = append(r.left, all[i]), append(r.why, why)
			continue
		}
		if l := &all[i]; len(r.options.already) > 0 && !r.netting.HasPaid[i] {
			r.unmatched = append(r.unmatched, ledger.Unmatched{Side: ledger.LedgerSide, ID: l.ID, Account: l.Account,
				Txn: strings.Join(l.Txns, ";"), Amount: l.Amount, Currency: l.Currency, Why: ledger.WhyNothingPaid})
		}
		r.lines = append(r.lines, all[i])
	}
}

// write draws the ledger up.
func (r *refundsRun) write() error {
	totals, err := report.TotalsTable(r.parts)
	if err != nil {
		return err
	}
	r.draft = report.Draft{Command: os.Args, Maker: r.maker, Case: r.folder, CaseManifest: r.proved.Manifest, Inputs: r.inputs}
	err = r.out.Write(&r.draft, r.lines, []table.Stream{totals.Stream(), report.UnmatchedStream(r.unmatched), report.LeftOutStream(r.left, r.why)})
	var cell *csvfile.EncodingError
	if errors.As(err, &cell) {
		return &hintError{err, "--encoding utf-8 holds every character; --bom makes spreadsheets see that it is UTF-8"}
	}
	return err
}

// incomplete is what makes exit code 3 of a ledger that is drawn up.
func (r *refundsRun) incomplete() error {
	if r.earlier.problems == nil {
		return nil
	}
	where := "--out writes unmatched, which lists each"
	if r.options.out != "" {
		where = "the table unmatched in " + r.options.out + " lists each"
	}
	return &incompleteError{"what was paid before is not all understood: " + console.Clean(strings.Join(r.earlier.problems, "; ")),
		"some may have been paid that is still listed as owed; " + where}
}
