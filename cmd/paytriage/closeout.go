package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/closeout"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// closeoutOptions are the flags of closeout.
type closeoutOptions struct {
	in                     analyzeOptions // payments, and how to read
	balances, opening      string
	caseFolder, ledger     string
	claims, dayZone        string
	paid                   []string
	ends, from, notice     string
	window                 int
	out                    string
	points, payLate, force bool
	payOn                  string
	payout, payees, debtor string
	encoding               string
	json, quiet            bool
	progress               string
}

func newCloseoutCommand(std streams) *cobra.Command {
	var o closeoutOptions
	cmd := &cobra.Command{
		Use:   "closeout --payments FILE… --ends DATE --tz ZONE --out DIR",
		Short: "Draw up the balances that a service owes when it ends",
		Long: `Draws up the book of a service that ends: what each account still holds, what of
it is set aside as fraudulent, who claimed it in the statutory window, what was
paid and what is left. It is a book of its own: no line of it is compensation,
and none of it is ever added to the ledger of a case.

Balances are those at 24:00 of the last day (--ends) in the service's zone
(--tz): rolled forward from the payment log, from 0 or from --opening; or those of
an export (--balances), which then hold, with every difference listed and
explained where the log can explain it. Claw-backs of --case are set aside, those
that were not taken back yet: give --ledger where some were. Each unit stands in one place: set aside, claimed, late, unclaimed, points or
exception. A book that does not add up ends with 4, and nothing is written.

The window (--window, 60 days by law at the least) begins on the day after the
service ends, or on --from. Its first and its last day are whole days and both
count; the notice comes on the day before the first at the latest. A claim after
the last day is late: listed apart, and paid only with --pay-late.

Files that are read are CSV with a header:
  --balances, --opening   account_id, balance (in the currency's own digits),
                          currency (or --currency); perhaps at (opening or
                          closing) and as_of, as for analyze
  --claims                account_id, claimed_at, payee_check (ok, failed, open)
  --paid                  exported.csv of an earlier run (repeatable)

With --pay-on the claims whose payee was checked are exported: exported.csv, and
with --payout a payout file. Keep exported.csv outside and give it to every later
run: what it pays is never paid again. What later is due more is exported under
the same id with a sequence.`,
		Example: `  paytriage closeout --payments payments.csv --ends 2019-09-30 --window 102 --tz Asia/Tokyo --out book
  paytriage closeout --payments payments.csv --balances balances.csv --case case --claims claims.csv --ends 2019-09-30 --tz Asia/Tokyo --out book
  paytriage closeout --payments payments.csv --claims claims.csv --paid book1/exported.csv --ends 2019-09-30 --tz Asia/Tokyo \
      --pay-on 2019-11-15 --payout csv --payees payees.csv --debtor debtor.csv --out book2`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCloseout(cmd.Context(), std, &o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.in.payments, "payments", nil, "payment log: file, folder, pattern, pipe or - (repeatable)")
	f.StringVar(&o.balances, "balances", "", "balance export; its balances hold")
	f.StringVar(&o.opening, "opening", "", "balances before the first row of the log (default: 0)")
	f.StringVar(&o.caseFolder, "case", "", "case whose claw-backs are set aside")
	f.StringVar(&o.ledger, "ledger", "", "ledger drawn up from the case (CSV): what was taken back already is not set aside again")
	f.StringVar(&o.claims, "claims", "", "claims that were received")
	f.StringArrayVar(&o.paid, "paid", nil, "exported.csv of an earlier run (repeatable)")
	f.StringVar(&o.ends, "ends", "", "last day of the service, for example 2019-09-30")
	f.IntVar(&o.window, "window", closeout.LeastDays, "days of the statutory window")
	f.StringVar(&o.from, "from", "", "first day of the window (default: the day after --ends)")
	f.StringVar(&o.notice, "notice", "", "day of the public notice (default: the day before the window)")
	f.StringVar(&o.dayZone, "day-zone", "", "zone of the service's days, where it is not that of --tz")
	f.StringVar(&o.out, "out", "", "folder to write")
	f.BoolVar(&o.points, "include-points", false, "refund points too")
	f.BoolVar(&o.payLate, "pay-late", false, "pay late claims too")
	f.StringVar(&o.payOn, "pay-on", "", "export what is payable, for this day")
	f.StringVar(&o.payout, "payout", "", "format of the payout file, with --payees and --debtor: "+strings.Join(payoutNames(), ", "))
	f.StringVar(&o.payees, "payees", "", "restricted file of who receives")
	f.StringVar(&o.debtor, "debtor", "", "file of who pays")
	f.StringVar(&o.encoding, "encoding", "", "encoding of --payees and --debtor: utf-8 or cp932 (default: recognised)")
	f.BoolVar(&o.force, "force", false, "replace a folder that closeout wrote")
	o.in.readingOptions.addFlags(f)
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.StringVar(&o.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
	complete(cmd, "progress", progressModes...)
	complete(cmd, "payout", payoutNames()...)
	return cmd
}

// validate checks what can be checked without reading anything.
func (o *closeoutOptions) validate() error {
	const see = "see 'paytriage closeout --help'"
	switch {
	case len(o.in.payments) == 0 && o.balances == "":
		return &usageError{"nothing to draw balances from", "give --payments, --balances or both"}
	case o.ends == "":
		return &usageError{"--ends is missing", "give the last day of the service, for example --ends 2019-09-30"}
	case o.ledger != "" && o.caseFolder == "":
		return &usageError{"--ledger without --case", "name the case that it was drawn up from"}
	case o.in.zones == "" && o.dayZone == "":
		return &usageError{"--tz is missing: whose days are meant cannot be guessed", "give the service's zone, for example --tz Asia/Tokyo"}
	case o.out == "":
		return &usageError{"--out is missing", "name a folder to write"}
	case o.json && o.quiet:
		return errJSONQuiet
	case !slices.Contains(progressModes, o.progress):
		return progressError(o.progress, "closeout")
	case o.opening != "" && len(o.in.payments) == 0:
		return &usageError{"--opening without --payments", "an opening balance is rolled forward by the payment log"}
	case o.payout == "" && (o.payees != "" || o.debtor != "" || o.encoding != ""):
		return &usageError{"--payees, --debtor and --encoding are for a payout file", "say which with --payout; " + see}
	case o.payout != "" && !slices.Contains(payoutNames(), o.payout):
		return &usageError{fmt.Sprintf("--payout %q is no format", o.payout), "there are " + strings.Join(payoutNames(), ", ")}
	case o.payout != "" && (o.payees == "" || o.debtor == ""):
		return &usageError{"a payout file needs --payees and --debtor", see}
	case o.payout != "" && o.payOn == "":
		return &usageError{"a payout file needs a day", "give --pay-on, for example --pay-on 2019-11-15"}
	case o.payOn != "" && o.claims == "":
		return &usageError{"--pay-on without --claims", "only what was claimed is paid"}
	}
	return o.in.readingOptions.validate("closeout")
}

// days returns the window, and the day on which is paid, 0 where nothing is.
func (o *closeoutOptions) days(opt *parsers.Options) (w closeout.Window, payOn closeout.Day, err error) {
	read := func(flag, text string) (d closeout.Day) {
		var ok bool
		if d, ok = calendar.ParseDay(text); !ok && text != "" && err == nil {
			err = &usageError{fmt.Sprintf("--%s %q is no date", flag, text), "give it as 2019-09-30"}
		}
		return d
	}
	days := opt.Zones[event.Payments]
	if o.dayZone != "" {
		var ok bool
		if days, ok = zone(o.dayZone); !ok {
			return w, 0, &usageError{fmt.Sprintf("--day-zone %q is not a zone", o.dayZone), "give a name such as Asia/Tokyo, or an offset such as +09:00"}
		}
	}
	ends, from, notice, payOn := read("ends", o.ends), read("from", o.from), read("notice", o.notice), read("pay-on", o.payOn)
	if err != nil {
		return w, 0, err
	}
	if days == nil {
		return w, 0, &usageError{fmt.Sprintf("--tz %q names no zone for payments", o.in.zones), "give the service's zone, for example --tz Asia/Tokyo"}
	}
	if w, err = closeout.NewWindow(ends, from, notice, o.window, days); err != nil {
		return w, 0, &usageError{err.Error(), "資金決済法 20条 wants 60 days at the least after the notice; see 'paytriage closeout --help'"}
	}
	if payOn != 0 && payOn <= ends {
		return w, 0, &usageError{fmt.Sprintf("--pay-on %s: the service has not ended by then", payOn), "give a day after --ends"}
	}
	return w, payOn, nil
}

// reads returns the paths of all that is read beside the log.
func (o *closeoutOptions) reads() []string {
	all := slices.Clone(o.paid)
	for _, path := range []string{o.balances, o.opening, o.ledger, o.claims, o.payees, o.debtor} {
		if path != "" {
			all = append(all, path)
		}
	}
	return all
}

func runCloseout(ctx context.Context, std streams, o *closeoutOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	opt, err := o.in.parse()
	if err != nil {
		return err
	}
	window, payOn, err := o.days(&opt)
	if err != nil {
		return err
	}
	lists, err := o.readLists(&opt, window)
	if err != nil {
		return err
	}
	named, err := o.in.expand()
	if err != nil {
		return err
	}
	folder := &report.Bundle{Kind: "closeout", Force: o.force, Command: os.Args[1:], Reads: append(named.paths(), o.reads()...), Known: closeoutKnown}
	if err := folder.Open(o.out); err != nil {
		return err
	}
	defer folder.Discard()
	log, roll, discard, err := o.roll(ctx, std, named, opt, window)
	if err != nil {
		return err
	}
	defer discard()
	accounts, err := lists.accounts(ctx, log, roll)
	if err != nil {
		return err
	}
	book, err := closeout.Draw(closeout.Input{Window: window, Accounts: accounts, Export: o.balances != "", Aside: lists.aside,
		Claims: lists.claims, Paid: lists.paid, Points: o.points, PayLate: o.payLate,
		ID: func(account string, c money.Currency) string { return refund.ID("closeout", account, c.String()) }})
	if err == nil {
		err = lists.checkOpening(book, roll)
	}
	var sums *closeout.SumError
	if errors.As(err, &sums) {
		return &checkError{"the book does not add up: " + sums.Error(), "nothing was written; this is a fault of the program or of the case: keep the inputs"}
	}
	if err != nil {
		return err
	}
	summary := report.SummarizeCloseout(book, roll, log.Sources, len(lists.bad))
	folder.Inputs = inputsOf(log)
	pay := &closeoutPay{o: o, on: payOn}
	if payOn != 0 {
		if err := pay.prepare(book); err != nil {
			return err
		}
	}
	if err := writeCloseout(folder, book, summary, lists.bad, pay); err != nil {
		return err
	}
	switch {
	case o.json:
		err = report.WriteJSON(std.out, summary)
	case !o.quiet:
		err = printCloseout(std.out, summary, pay, console.Options{Width: std.width(), Color: std.color()})
	}
	if err != nil {
		return &writtenError{fmt.Errorf("the summary: %w", err), "the book in " + o.out + " is complete"}
	}
	return o.incomplete(log, lists.bad, pay)
}

// roll reads the payment log and rolls the wallets forward.
func (o *closeoutOptions) roll(ctx context.Context, std streams, named *named, opt parsers.Options, w closeout.Window) (*event.Log, *closeout.Roll, func(), error) {
	nothing := func() {}
	if len(o.in.payments) == 0 {
		return &event.Log{}, &closeout.Roll{}, nothing, nil
	}
	bar := newProgress(std, o.progress, o.quiet)
	defer bar.finish()
	inputs, err := named.read(ctx, std.in, bar, nil)
	if err != nil {
		return nil, nil, nothing, err
	}
	total := parsers.TotalBytes(inputs)
	saveMemory(total)
	bar.begin("reading", total, inBytes)
	opt.Progress = bar.then("sorting")
	if bar != nil {
		opt.Rows = bar.parsed
	}
	discard := func() { parsers.Discard(inputs); opt.Memory.Close() }
	log, err := parsers.Load(ctx, inputs, opt)
	if err != nil {
		bar.finish()
		err = explained(ctx, std, inputs, opt, err)
		discard()
		return nil, nil, nothing, err
	}
	roll, err := closeout.RollForward(ctx, log, w.Closing(), o.in.workers)
	var sums *closeout.SumError
	if errors.As(err, &sums) {
		err = &checkError{"the log does not add up: " + sums.Error(), "this is a fault of the program: keep the log"}
	}
	if err != nil {
		discard()
		return nil, nil, nothing, err
	}
	return log, roll, discard, nil
}

// closeoutLists are what is read beside the log.
type closeoutLists struct {
	balances, opening []report.Holding
	claims            []closeout.Claim
	paid              []closeout.Paid
	aside             []closeout.Aside
	bad               []report.BadRow
}

func (o *closeoutOptions) readLists(opt *parsers.Options, w closeout.Window) (*closeoutLists, error) {
	const hint = "'paytriage closeout --help' says what the files hold"
	l := &closeoutLists{}
	for _, b := range []struct {
		flag, path string
		closing    *[]report.Holding // where rows that name no end go
	}{{"--balances", o.balances, &l.balances}, {"--opening", o.opening, &l.opening}} {
		if b.path == "" {
			continue
		}
		err := readSheet(b.path, func(_ string, r io.Reader) error {
			closings, openings, bad, err := report.ReadHoldings(b.path, r, opt.Currency, w.Closing())
			*b.closing = append(*b.closing, closings...)
			l.opening = append(l.opening, openings...)
			l.bad = append(l.bad, bad...)
			return err
		})
		if err != nil {
			return nil, &hintError{fmt.Errorf("%s: %w", b.flag, err), hint}
		}
	}
	seen := map[report.Holding]bool{}
	for _, b := range l.opening {
		b.Amount = 0
		if seen[b] {
			return nil, &hintError{fmt.Errorf("account %q has two opening balances in %s", event.Masked(b.Account), b.Currency), "give each once, in --opening or in --balances"}
		}
		seen[b] = true
	}
	if o.claims != "" {
		err := readSheet(o.claims, func(_ string, r io.Reader) error {
			claims, bad, err := report.ReadClaims(o.claims, r, w.Zone())
			l.claims, l.bad = claims, append(l.bad, bad...)
			return err
		})
		if err != nil {
			return nil, &hintError{fmt.Errorf("--claims: %w", err), hint}
		}
	}
	if err := l.readPaid(o.paid); err != nil {
		return nil, err
	}
	return l, l.readCase(o.caseFolder, o.ledger)
}

// readPaid reads what was exported before. The same export in two files is one.
func (l *closeoutLists) readPaid(files []string) error {
	const hint = "give exported.csv as closeout wrote it, unchanged; what was paid twice over must be settled first"
	seen := map[string]closeout.Paid{}
	for _, path := range files {
		err := readSheet(path, func(_ string, r io.Reader) error {
			paid, err := report.ReadExported(path, r)
			for _, p := range paid {
				was, twice := seen[p.Export]
				switch {
				case p.ID != refund.ID("closeout", p.Account, p.Currency.String()):
					return fmt.Errorf("%s: %q is no line of this book", path, discreet.Shown(p.Export))
				case twice && was != p:
					return fmt.Errorf("%s: %q was exported as something else before", path, discreet.Shown(p.Export))
				case twice:
					continue
				}
				seen[p.Export] = p
				l.paid = append(l.paid, p)
			}
			return err
		})
		if err != nil {
			return &hintError{fmt.Errorf("--paid: %w", err), hint}
		}
	}
	return nil
}

// readCase reads which fraudulent money is still in wallets. What the case
// restores is of the other book.
func (l *closeoutLists) readCase(folder, drawn string) error {
	if folder == "" {
		return nil
	}
	lines, err := linesFor(folder, drawn)
	if err != nil {
		return err
	}
	for i := range lines {
		if n := &lines[i]; n.Component == refund.BalanceClawback && n.Payable < 0 {
			l.aside = append(l.aside, closeout.Aside{Account: n.Account, Currency: n.Currency, Amount: -n.Payable, Possible: n.Status == refund.NeedsDecision})
		}
	}
	return nil
}

// A walletKey is a wallet by the key of its account.
type walletKey struct {
	account  event.Key
	currency money.Currency
}

// accounts brings together what is known of each wallet. Names come from the
// lists where they have them; only of the others whose wallet says something
// are records read again.
func (l *closeoutLists) accounts(ctx context.Context, log *event.Log, roll *closeout.Roll) ([]closeout.Account, error) {
	names := map[event.Key]string{}
	var clash error
	note := func(name string) event.Key {
		k := event.KeyOfString(name)
		if was, ok := names[k]; ok && was != name && clash == nil {
			clash = fmt.Errorf("the ids %q and %q have one key; rename one of them", event.Masked(was), event.Masked(name))
		}
		names[k] = name
		return k
	}
	at := map[walletKey]int{}
	var all []closeout.Account
	find := func(name string, c money.Currency) *closeout.Account {
		k := walletKey{note(name), c}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, closeout.Account{Name: name, Currency: c})
		}
		return &all[i]
	}
	for _, b := range l.balances {
		a := find(b.Account, b.Currency)
		a.Exported, a.Listed = b.Amount, true
	}
	for _, b := range l.opening {
		find(b.Account, b.Currency).Opening = b.Amount
	}
	for i := range l.claims {
		note(l.claims[i].Account)
	}
	for i := range l.paid {
		note(l.paid[i].Account)
	}
	for i := range l.aside {
		note(l.aside[i].Account)
	}
	if clash != nil {
		return nil, clash
	}
	if err := nameWallets(ctx, log, roll.Wallets, names); err != nil {
		return nil, err
	}
	for i := range roll.Wallets {
		w := &roll.Wallets[i]
		if name, ok := names[w.Account]; ok {
			find(name, w.Currency).Rolled = w
		}
	}
	return all, nil
}

// namesAtOnce is how many records are read again at once: their texts are held.
const namesAtOnce = 1 << 18

// nameWallets finds the names of the accounts whose wallets say something, in
// the order in which their records stand.
func nameWallets(ctx context.Context, log *event.Log, wallets []closeout.Rolled, names map[event.Key]string) error {
	var rows []event.Pos
	keys := map[event.Pos]event.Key{}
	for i := range wallets {
		w := &wallets[i]
		if _, known := names[w.Account]; known || w.Balance == 0 && w.Lowest == 0 && w.Unsettled == 0 && w.Returns == 0 {
			continue
		}
		if _, asked := keys[w.Pos]; !asked {
			rows = append(rows, w.Pos)
			keys[w.Pos] = w.Account
		}
	}
	slices.Sort(rows)
	for len(rows) > 0 {
		n := min(len(rows), namesAtOnce)
		texts, err := log.Text(ctx, rows[:n])
		if err != nil {
			return err
		}
		for i := range texts {
			name, key := strings.Clone(texts[i].Get(event.AccountID)), keys[rows[i]]
			switch was, known := names[key]; {
			case event.KeyOfString(name) != key:
				return &hintError{fmt.Errorf("%s: line %d is not what it was when it was read first", log.Sources[rows[i].Source()].Name, texts[i].Line),
					"run again when nothing writes to the file any more"}
			case known && was != name:
				return fmt.Errorf("the ids %q and %q have one key; rename one of them", event.Masked(was), event.Masked(name))
			}
			names[key] = name
		}
		rows = rows[n:]
	}
	return nil
}

// checkOpening proves the roll-forward: opening and rows are the closing.
func (l *closeoutLists) checkOpening(b *closeout.Book, roll *closeout.Roll) error {
	sums := map[money.Currency]*money.Sum{}
	of := func(c money.Currency) *money.Sum {
		if sums[c] == nil {
			sums[c] = &money.Sum{}
		}
		return sums[c]
	}
	for _, o := range l.opening {
		of(o.Currency).Add(o.Amount)
	}
	for i := range roll.Flows {
		of(roll.Flows[i].Currency).Add(roll.Flows[i].Wallets)
	}
	for i := range b.Totals {
		of(b.Totals[i].Currency).Add(-b.Totals[i].Rolled)
	}
	for _, c := range slices.SortedFunc(mapKeys(sums), func(a, b money.Currency) int { return cmp.Compare(a.String(), b.String()) }) {
		if v, err := sums[c].Total(); err != nil || v != 0 {
			return &checkError{fmt.Sprintf("opening balances and rows in %s are %d more than the wallets they lead to", c, v), "nothing was written; this is a fault of the program: keep the inputs"}
		}
	}
	return nil
}

// incomplete returns the error that makes exit code 3.
func (o *closeoutOptions) incomplete(log *event.Log, bad []report.BadRow, pay *closeoutPay) error {
	var problems []string
	var rejected, read int64
	for i := range log.Sources {
		s := &log.Sources[i]
		rejected += s.Rejected
		read += s.Read
		if s.Trouble != "" {
			problems = append(problems, s.Name+": "+s.Trouble)
		}
	}
	if rejected > 0 {
		problems = append(problems, fmt.Sprintf("%d of %d rows of the log were rejected, so balances may be wrong", rejected, read))
	}
	if len(bad) > 0 {
		problems = append(problems, fmt.Sprintf("%d rows of lists were rejected", len(bad)))
	}
	if len(pay.open) > 0 {
		problems = append(problems, fmt.Sprintf("%d payments cannot be written as %s", pay.openPayments(), o.payout))
	}
	if problems == nil {
		return nil
	}
	return &incompleteError{strings.Join(problems, "; "), "rejected_rows.csv and open_payments.csv in " + o.out + " say why; 'paytriage inspect' shows what is wrong with a log"}
}
