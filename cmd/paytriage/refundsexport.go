package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/payout"
	"github.com/paytriage/paytriage/report/register"
)

// exportOptions are the flags of refunds export.
type exportOptions struct {
	ledgerOptions
	out, payees, debtor string
	encoding            string
	payouts, payers     []string
	payOn               string
	retry               []string
}

// plainFormat is the format that a payout has where nothing else is asked for.
const plainFormat = "csv"

// transferChannels are what a bank can pay when asked to: money to a card that is
// gone, or that was in a wallet, goes back by transfer.
var transferChannels = []string{"bank", "cash", "balance", "debit", "card"}

// payoutChannels are the channels that a format pays where it is not said, and all
// that it can pay. Formats that are not here are those of banks.
var payoutChannels = map[string]struct{ usual, all []string }{
	plainFormat: {[]string{"card", "debit", "bank", "cash"}, []string{"card", "debit", "bank", "cash", "balance", "points"}},
	"stripe":    {[]string{"card", "debit"}, []string{"card", "debit"}},
	"adyen":     {[]string{"card", "debit"}, []string{"card", "debit"}},
}

// payoutAliases are short names.
var payoutAliases = map[string]string{"generic": plainFormat, "pain001": "pain.001.001.09"}

// channelsOf returns the channels that a format pays where it is not said, and all
// that it can pay.
func channelsOf(format string) (usual, all []string) {
	if c, ok := payoutChannels[format]; ok {
		return c.usual, c.all
	}
	return transferChannels[:1], transferChannels
}

// ofBank reports whether a format is one of banks.
func ofBank(format string) bool {
	_, other := payoutChannels[format]
	return !other
}

func newExportCommand(std streams) *cobra.Command {
	var o exportOptions
	var formats strings.Builder
	var names []string
	for _, f := range payout.Formats() {
		usual, all := channelsOf(f.Name)
		text := strings.Join(usual, ", ")
		if more := all[len(usual):]; len(more) > 0 {
			text += "; if named " + strings.Join(more, ", ")
		}
		fmt.Fprintf(&formats, "  %-16s %s\n  %-16s %s\n", f.Name, f.Doc, "", text)
		names = append(names, f.Name)
	}
	cmd := &cobra.Command{
		Use:   "export DRAFT",
		Short: "Write the payout files of an approved ledger, each obligation once",
		Long: `Writes what an approved ledger pays, and what of it was not exported before, in
payout files, and remembers it in the register. For each line that is target less
what was exported already: a second run has nothing, and on tomorrow's bigger case
only what is new is paid, under an id with a sequence (id…-2). Where the target sank
below what was exported, the difference is listed for recovery; money is never taken
back by a payment.

Payments go in the files of --payout; credits of the wallet and of points, and what
is taken back from the wallet, in lists of their own. A format that names balance or
points pays those credits instead, so that each is paid in one place: zengin:balance
pays by transfer what no wallet can take any more. Each file is read back and
compared before it counts. A line that a file cannot hold, or whose receiver is not
known, is listed and stays open. So is what was exported for a line that the ledger
no longer has (gone), until 'refunds returned' notes that it came back. A payment that was returned is paid again only when
--retry names it.

If a run is interrupted, nothing was exported, or the next run of any of these
commands puts the files in their place.

Formats, with the channels that each pays, and those that it pays only when they are
named (--payout FORMAT or FORMAT:CHANNEL,…):
` + formats.String() + `Without --payout everything is written as csv. It is also called generic,
and pain.001.001.09 pain001.`,
		Example: `  paytriage refunds export draft --ledger ledger --out payout
  paytriage refunds export draft --ledger ledger --out payout --payees payees.csv --debtor us.csv --payout zengin --payout stripe:card --pay-on 2019-08-01
  paytriage refunds export draft --ledger ledger --out payout --payees payees.csv --debtor us.csv --payout zengin:bank,balance --payout csv:card --pay-on 2019-10-15`,
		Args: exactArgs("DRAFT"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runExport(cmd, std, &o, args[0]) },
	}
	f := cmd.Flags()
	o.addFlags(cmd, f)
	f.StringVar(&o.out, "out", "", "folder for the payout files (required)")
	f.StringArrayVar(&o.payouts, "payout", nil, "a format of payout files, with the channels that it pays (repeatable)")
	f.StringVar(&o.payees, "payees", "", "restricted file of who receives the money")
	f.StringVar(&o.debtor, "debtor", "", "file that says who pays")
	f.StringVar(&o.encoding, "encoding", "", "of these two files: utf-8 or cp932 (default: told from the bytes)")
	f.StringVar(&o.payOn, "pay-on", "", "day on which to pay, such as 2019-08-01 (default today)")
	f.StringArrayVar(&o.payers, "payer", []string{"operator"}, "export lines of this payer (repeatable)")
	f.StringArrayVar(&o.retry, "retry", nil, "id of a returned payment to pay again (repeatable), or all")
	cmd.MarkFlagDirname("out")
	complete(cmd, "payout", names...)
	return cmd
}

// A payoutFile is a format and the channels that it pays.
type payoutFile struct {
	payout.Format
	channels []string
}

// An exporter is an export on its way.
type exporter struct {
	*exportOptions
	files  []payoutFile
	choice register.Choice
	payOn  time.Time
	now    time.Time
	draft  register.Draft
	payees *payout.Payees
	debtor payout.Debtor
	wrong  []payout.PayeeProblem
	origins
}

// parse reads the flags.
func (o *exportOptions) parse(cmd *cobra.Command) (*exporter, error) {
	const see = "see 'paytriage refunds export --help'"
	if err := o.validate(cmd); err != nil {
		return nil, err
	}
	if o.out == "" {
		return nil, &usageError{"refunds export needs --out DIR", see}
	}
	if err := outside("--out", o.out); err != nil {
		return nil, err
	}
	if under(o.out, o.dir) {
		return nil, &usageError{fmt.Sprintf("--out %s: lies within the ledger folder %s", o.out, o.dir), "choose another folder: payout files leave the house, the register does not"}
	}
	x := &exporter{exportOptions: o, now: clock().UTC().Truncate(time.Second)}
	x.choice = register.Choice{Channels: map[string]bool{}, Payers: map[string]bool{}, Retry: map[register.Text]bool{}, Unwritable: map[register.Text]string{}}
	asked := o.payouts
	if asked == nil {
		asked = []string{plainFormat}
	}
	for _, text := range asked {
		if err := x.addPayout(text); err != nil {
			return nil, err
		}
	}
	for _, p := range o.payers {
		if p != "operator" && p != "issuer" && p != "bank" {
			return nil, &usageError{fmt.Sprintf("--payer %q is none of operator, issuer, bank", p), see}
		}
		x.choice.Payers[p] = true
	}
	for _, name := range o.retry {
		x.choice.Retry[register.Text(name)] = true
		x.choice.RetryAll = x.choice.RetryAll || name == "all"
	}
	return x, x.parseDay()
}

// addPayout takes in one --payout. A channel has one format: two would pay it
// twice.
func (x *exporter) addPayout(text string) error {
	const see = "see 'paytriage refunds export --help'"
	name, list, given := strings.Cut(text, ":")
	if full, ok := payoutAliases[name]; ok {
		name = full
	}
	at := slices.IndexFunc(payout.Formats(), func(f payout.Format) bool { return f.Name == name })
	if at < 0 {
		return &usageError{fmt.Sprintf("--payout: no format %q", name), see}
	}
	usual, all := channelsOf(name)
	f := payoutFile{payout.Formats()[at], usual}
	if given {
		f.channels = strings.Split(list, ",")
	}
	for _, c := range f.channels {
		if !slices.Contains(all, c) {
			return &usageError{fmt.Sprintf("--payout: %s does not pay channel %q", name, c), "it pays " + strings.Join(all, ", ")}
		}
		if x.choice.Channels[c] {
			return &usageError{fmt.Sprintf("--payout: channel %s would be paid by two files", c), "give each channel to one format, for example --payout " + plainFormat + ":cash"}
		}
		x.choice.Channels[c] = true
	}
	if name != plainFormat && x.exportOptions.payees == "" {
		return &usageError{"--payout " + name + " needs --payees FILE", "payout files of banks and processors name the receiver; the file of payees is kept apart from the case"}
	}
	x.files = append(x.files, f)
	return nil
}

func (x *exporter) parseDay() error {
	today := time.Date(x.now.Year(), x.now.Month(), x.now.Day(), 0, 0, 0, 0, time.UTC)
	x.payOn = today
	if x.exportOptions.payOn == "" {
		for _, f := range x.files {
			if ofBank(f.Name) {
				return &usageError{"--payout " + f.Name + " needs --pay-on DATE", "banks want the day on which to pay, for example --pay-on 2019-08-01"}
			}
		}
		return nil
	}
	day, err := time.Parse(time.DateOnly, x.exportOptions.payOn)
	if err != nil {
		return &usageError{fmt.Sprintf("--pay-on %q is no day", x.exportOptions.payOn), "for example --pay-on 2019-08-01"}
	}
	if day.Before(today.AddDate(0, 0, -1)) { // it may be yesterday somewhere
		return &usageError{fmt.Sprintf("--pay-on %s is past", x.exportOptions.payOn), "name a day to come"}
	}
	x.payOn = day
	return nil
}

func runExport(cmd *cobra.Command, std streams, o *exportOptions, folder string) error {
	x, err := o.parse(cmd)
	if err != nil {
		return err
	}
	if err := x.readPeople(); err != nil {
		return err
	}
	boundMemory()
	if err := x.readDraft(folder); err != nil {
		return err
	}
	r, err := o.open(std, false)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := x.mayExport(r.Book(), folder); err != nil {
		return err
	}
	plan, batches, err := x.plan(r.Book())
	if err != nil {
		return err
	}
	x.origins = nil
	out := newExported(x, plan)
	if len(plan.Entries) > 0 {
		if err := x.write(cmd, r, plan, batches, out); err != nil {
			return o.explain(err)
		}
	} else {
		out.Hash = r.Book().Head
		if err := atomicfile.Sweep(x.out); err != nil {
			return err
		}
	}
	if err := o.show(std, out, out.print); err != nil {
		return err
	}
	return out.incomplete()
}

// readPeople reads who receives and who pays.
func (x *exporter) readPeople() error {
	read := func(path string, use func(io.Reader) error) error {
		if path == "" {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := use(f); err != nil {
			return &hintError{fmt.Errorf("%s: %w", path, err), "see 'paytriage refunds export --help'"}
		}
		return nil
	}
	err := read(x.exportOptions.payees, func(r io.Reader) (err error) {
		x.payees, x.wrong, err = payout.ReadPayees(r, x.encoding)
		return err
	})
	if err != nil {
		return err
	}
	return read(x.exportOptions.debtor, func(r io.Reader) (err error) {
		x.debtor, err = payout.ReadDebtor(r, x.encoding)
		return err
	})
}

// readDraft reads of a draft what payments say that the register does not know.
func (x *exporter) readDraft(folder string) error {
	d, err := x.openDraft(folder)
	if err != nil {
		return err
	}
	x.draft, x.origins = d.id, originsOf(d.lines)
	t, err := d.leftOut(folder)
	if err != nil || t == nil {
		return err
	}
	x.choice.LeftOut = make(map[register.Text]bool, t.Rows())
	ids := cellsOf(t)("refund_id")
	for row := range t.Rows() {
		x.choice.LeftOut[register.Text(ids.Text(row))] = true
	}
	return nil
}

// mayExport reports a draft that is not approved, and returned payments that are
// not known.
func (x *exporter) mayExport(b *register.Book, folder string) error {
	switch d := b.Draft(x.draft); {
	case d == nil || len(d.Approvers) == 0:
		return &checkError{folder + ": nobody approves it as it stands", "have it approved with 'paytriage refunds approve'; whatever is changed in it after that voids the approval"}
	case !d.Approved():
		return &checkError{fmt.Sprintf("%s: it is above the limit and needs %d approvers, but has %d", folder, d.Needs, len(d.Approvers)), "a second person must approve it"}
	}
	for _, name := range x.retry {
		if i := b.Issued(register.Text(name)); name != "all" && (i == nil || i.State != register.Returned) {
			return &usageError{fmt.Sprintf("--retry %q: no payment of this id was returned", name), "'paytriage refunds status --json' lists those that were"}
		}
	}
	return nil
}

// A batch is a payout file to be: its payments are those of the entries.
type batch struct {
	payoutFile
	file    string
	entries []int32 // of the plan, one for each payment
	payout.Batch
}

// plan decides what is exported. What no file can hold stays open, and the plan is
// made again without it: what is taken back from a wallet may have to wait for it.
func (x *exporter) plan(b *register.Book) (*register.Plan, []batch, error) {
	for {
		plan, err := b.Plan(x.draft, x.choice)
		if err != nil {
			return nil, nil, err
		}
		batches, open, err := x.batches(b, plan)
		if err != nil {
			return nil, nil, err
		}
		if len(open) == 0 {
			return plan, batches, nil
		}
		for name, why := range open {
			x.choice.Unwritable[name] = why
		}
	}
}

// batches cuts the payments of a plan into payout files and returns which of
// them cannot be written, with why.
func (x *exporter) batches(b *register.Book, plan *register.Plan) ([]batch, map[register.Text]string, error) {
	open := map[register.Text]string{}
	var all []batch
	for _, f := range x.files {
		payments, entries, err := x.payments(plan, &f, open)
		if err != nil {
			return nil, nil, err
		}
		if len(payments) == 0 {
			continue
		}
		whole := payout.Batch{ID: "PT000000-01-00000000", CreatedAt: x.now, PayOn: x.payOn, Debtor: x.debtor, Payments: payments}
		parts, problems := payout.Split(f.Name, &whole)
		for _, p := range problems {
			switch {
			case p.Payment != payout.WholeFile:
				open[register.Text(p.Name)] = p.Field + ": " + p.Text
			case p.Code != payout.NothingToPay:
				return nil, nil, &usageError{fmt.Sprintf("--payout %s: %s", f.Name, p), "who pays is said by --debtor, the day by --pay-on"}
			}
		}
		if len(open) > 0 {
			continue // the plan is made again; only why is still asked
		}
		for _, part := range parts {
			n := len(part.Payments)
			all = append(all, batch{payoutFile: f, entries: entries[:n], Batch: part})
			entries = entries[n:]
		}
	}
	counts := map[string]int{}
	for i := range all {
		f := &all[i]
		counts[f.Name]++
		f.file = "payout_" + f.Name + f.Ext
		if n := counts[f.Name]; n > 1 {
			f.file = fmt.Sprintf("payout_%s_%d%s", f.Name, n, f.Ext)
		}
		f.ID = fmt.Sprintf("PT%06d-%02d-%s", b.Records+1, i+1, b.Head[:8])
	}
	return all, open, nil
}

// payments returns what a format pays of a plan, each with its entry.
func (x *exporter) payments(plan *register.Plan, f *payoutFile, open map[register.Text]string) ([]payout.Payment, []int32, error) {
	pays := func(e *register.Entry) bool {
		return e.Way == register.Payment && slices.Contains(f.channels, e.Channel)
	}
	n := 0
	for i := range plan.Entries {
		if pays(&plan.Entries[i]) {
			n++
		}
	}
	payments, entries := make([]payout.Payment, 0, n), make([]int32, 0, n)
	for i := range plan.Entries {
		e := &plan.Entries[i]
		if !pays(e) {
			continue
		}
		of := x.origins.of(int(plan.Lines[i]), string(e.ID))
		currency, ok := money.ParseCurrency([]byte(e.Currency))
		if of == nil || !ok {
			return nil, nil, &checkError{fmt.Sprintf("line %q is not in the draft that was approved", discreet.Shown(e.ID)), "nothing was exported; draw the ledger up again"}
		}
		p := payout.Payment{Name: string(e.Name), Account: string(e.Account), Amount: e.Amount, Currency: currency, Txn: of.txn, FundingRef: of.funding}
		if x.payees != nil {
			var known bool
			p.Payee, known = x.payees.Of(p.Account, p.Txn)
			if !known && (f.Name != plainFormat || e.Channel == "bank") {
				open[e.Name] = "the file of payees does not say who receives it, or contradicts itself"
				continue
			}
		}
		payments, entries = append(payments, p), append(entries, int32(i))
	}
	return payments, entries, nil
}

// An origin is what a payment says of where the money came from.
type origin struct{ id, txn, funding string }

// origins are those of the lines of a draft, in their order, which is that of the
// approval: see registerLines. The lines themselves are not held.
type origins []origin

// originsOf returns the origins of lines that may be paid, in one text of their own.
func originsOf(lines []ledger.Line) origins {
	size := 0
	first := func(l *ledger.Line) string {
		if len(l.Txns) == 0 {
			return ""
		}
		return l.Txns[0]
	}
	for i := range lines {
		if l := &lines[i]; l.Payable > 0 {
			size += len(l.ID) + len(first(l)) + len(l.FundingRef)
		}
	}
	var text strings.Builder
	text.Grow(size)
	keep := func(s string) string {
		at := text.Len()
		text.WriteString(s) // within its size, so what was kept stays where it is
		return text.String()[at:]
	}
	all := make(origins, len(lines))
	for i := range lines {
		l := &lines[i]
		if l.Payable <= 0 {
			continue // nothing is paid for it
		}
		all[i] = origin{keep(l.ID), keep(first(l)), keep(l.FundingRef)}
	}
	return all
}

// of returns the origin of a line, nil where the line there is another one.
func (o origins) of(line int, id string) *origin {
	if line >= len(o) || o[line].id != id {
		return nil
	}
	return &o[line]
}
