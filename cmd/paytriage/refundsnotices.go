package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// noticesOptions are the flags of refunds notices.
type noticesOptions struct {
	out, lang, tz, known string
	public               bool
	least                int64
	force, json, quiet   bool
}

func newNoticesCommand(std streams) *cobra.Command {
	var o noticesOptions
	cmd := &cobra.Command{
		Use:   "notices CASE --out DIR",
		Short: "List whom to tell, and fill in the first report to the regulator",
		Long: `Writes customers.csv, the accounts whose owners are to be told: what happened
(loss, or entered without loss), since when, and the amounts; and regulator.md, a
draft of the first report that article 26 of the Japanese data protection law asks
for, filled in from the figures of the case. What no log can say is marked as to be
filled in; nothing is guessed. Accounts that are only possibly entered are listed
for a decision and counted apart. --known-on gives the deadlines of the reports.

With --public nothing but figures for publication is written (public.md,
public.csv): a figure with fewer than --least accounts behind it is not shown, nor
one from which such a figure would follow.`,
		Example: `  paytriage refunds notices case --lang ja --tz Asia/Tokyo --known-on 2019-07-03 --out notices
  paytriage refunds notices case --public --least 10 --out public`,
		Args: exactArgs("CASE"), ValidArgsFunction: completeCase,
		RunE: func(_ *cobra.Command, args []string) error { return runNotices(std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "folder to write")
	f.StringVar(&o.lang, "lang", "en", "language of the texts: ja or en")
	f.StringVar(&o.tz, "tz", "UTC", "zone of the times in the texts")
	f.StringVar(&o.known, "known-on", "", "day on which the service knew, for example 2019-07-03")
	f.BoolVar(&o.public, "public", false, "write only what may be published; needs --least")
	f.Int64Var(&o.least, "least", 0, "with --public: least number of accounts behind a figure")
	f.BoolVar(&o.force, "force", false, "replace a folder of notices")
	f.BoolVar(&o.json, "json", false, "print the figures as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	complete(cmd, "lang", "ja", "en")
	return cmd
}

func (o *noticesOptions) options() (report.NoticeOptions, error) {
	opt := report.NoticeOptions{Japanese: o.lang == "ja", Least: o.least}
	const see = "see 'paytriage refunds notices --help'"
	var ok bool
	switch {
	case o.out == "":
		return opt, &usageError{"--out is missing", "name a folder to write"}
	case o.lang != "ja" && o.lang != "en":
		return opt, &usageError{fmt.Sprintf("--lang %q is none of ja, en", o.lang), see}
	case o.public != (o.least != 0) || o.least < 0:
		return opt, &usageError{"--public and --least go together", "give the least number of accounts behind a figure, for example --public --least 10"}
	case o.json && o.quiet:
		return opt, errJSONQuiet
	}
	if opt.Zone, ok = zone(o.tz); !ok {
		return opt, &usageError{fmt.Sprintf("--tz %q is not a zone", o.tz), "give a name such as Asia/Tokyo, or an offset such as +09:00"}
	}
	if opt.Known, ok = calendar.ParseDay(o.known); !ok && o.known != "" {
		return opt, &usageError{fmt.Sprintf("--known-on %q is no date", o.known), "give it as 2019-07-03"}
	}
	return opt, nil
}

func noticesKnown(name string) bool {
	switch name {
	case "customers.csv", "regulator.md", "public.md", "public.csv":
		return true
	}
	return false
}

// A noticesJSON is the figures of notices for programs.
type noticesJSON struct {
	SchemaVersion int               `json:"schema_version"`
	Entered       report.TierCounts `json:"entered"`
	WithLoss      report.TierCounts `json:"with_loss"`
	Money         []noticesMoney    `json:"money"`
	ToBeTold      int64             `json:"to_be_told"`
	Owed          int64             `json:"to_be_told_with_loss"`
	Maybe         int64             `json:"to_be_told_with_loss_possible"`
	Open          int64             `json:"for_a_decision"`
	Decided       int64             `json:"confirmed_by_decision"`
}

type noticesMoney struct {
	Currency string `json:"currency"`
	Victims  int64  `json:"victims"`
	Charges  int64  `json:"fraud_charges"`
	TopUp    int64  `json:"topup_amount"`
	Spend    int64  `json:"spend_amount"`
	Loss     int64  `json:"net_loss"`
}

func runNotices(std streams, o *noticesOptions, folder string) error {
	opt, err := o.options()
	if err != nil {
		return err
	}
	n, err := report.ReadNotices(folder)
	var open *report.OpenError
	var differs *report.NoticeError
	switch {
	case errors.As(err, &open):
		return err
	case errors.As(err, &differs):
		return &checkError{folder + ": " + differs.Error(), "the case was changed; run analyze again"}
	case err != nil:
		return &hintError{fmt.Errorf("%s: %w", folder, err), "the case is not what analyze wrote; run it again"}
	}
	b := &report.Bundle{Kind: "notices", Force: o.force, Command: os.Args[1:], Known: noticesKnown}
	if err := b.Open(o.out); err != nil {
		return err
	}
	defer b.Discard()
	if o.public {
		err = writePublic(b, n, opt)
	} else {
		err = writeNotices(b, n, opt)
	}
	if err == nil {
		err = b.Commit()
	}
	if err != nil {
		return err
	}
	switch {
	case o.quiet:
		return nil
	case o.public && o.json:
		return report.WriteJSON(std.out, publicJSON(n, opt.Least))
	case o.public:
		_, err := io.WriteString(std.out, report.PublicText(n, opt))
		return err
	case o.json:
		out := noticesJSON{SchemaVersion: report.SummaryVersion, Entered: n.Entered, WithLoss: n.Robbed, Money: []noticesMoney{},
			ToBeTold: n.Told(), Owed: n.WithLoss(), Maybe: n.Maybe, Open: n.Open(), Decided: n.Decided}
		for i := range n.Money {
			m := &n.Money[i]
			out.Money = append(out.Money, noticesMoney{m.Currency.String(), m.Victims, m.Charges, m.TopUp, m.Spend, m.Loss})
		}
		return report.WriteJSON(std.out, out)
	}
	return printNotices(std, n, o.out)
}

// publicJSON returns what may be published, for programs.
func publicJSON(n *report.Notices, least int64) any {
	type cell struct {
		What     string `json:"what"`
		Currency string `json:"currency,omitempty"`
		Value    *int64 `json:"value"`
	}
	out := struct {
		SchemaVersion int    `json:"schema_version"`
		Least         int64  `json:"least"`
		Figures       []cell `json:"figures"`
	}{report.SummaryVersion, least, []cell{}}
	for _, c := range report.PublicCells(n, least) {
		f := cell{What: c.What, Currency: c.Currency}
		if !c.Hidden {
			f.Value = &c.Value
		}
		out.Figures = append(out.Figures, f)
	}
	return out
}

func writeNotices(b *report.Bundle, n *report.Notices, opt report.NoticeOptions) error {
	t, err := report.CustomersTable(n)
	if err == nil {
		err = b.Table(t)
	}
	if err != nil {
		return err
	}
	return b.Write("regulator.md", 0, func(w io.Writer) error {
		_, err := io.WriteString(w, report.RegulatorReport(n, opt))
		return err
	})
}

func writePublic(b *report.Bundle, n *report.Notices, opt report.NoticeOptions) error {
	t, err := report.PublicTable(report.PublicCells(n, opt.Least))
	if err == nil {
		err = b.Table(t)
	}
	if err != nil {
		return err
	}
	return b.Write("public.md", 0, func(w io.Writer) error {
		_, err := io.WriteString(w, report.PublicText(n, opt))
		return err
	})
}

func printNotices(std streams, n *report.Notices, folder string) error {
	pairs := []console.Pair{{Key: "to be told", Value: count(n.Told()), Number: true}, {Key: "  with loss", Value: count(n.WithLoss()), Number: true}}
	if n.Maybe > 0 {
		pairs = append(pairs, console.Pair{Key: "  with loss, possibly", Value: count(n.Maybe), Number: true})
	}
	pairs = append(pairs, console.Pair{Key: "  without", Value: count(n.Told() - n.WithLoss() - n.Maybe), Number: true},
		console.Pair{Key: "for a decision", Value: count(n.Open()), Number: true})
	if err := console.Block(std.out, "customers, in "+folder, pairs, console.Options{Width: std.width(), Color: std.color()}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.out, "\nregulator.md is a draft: what it marks as to be filled in, no log can say.")
	return err
}
