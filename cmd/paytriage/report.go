package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/html"
	"github.com/paytriage/paytriage/report/words"
)

// pageOptions are the flags that say how the page looks.
type pageOptions struct {
	marks []string
}

func (o *pageOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.marks, "mark", nil, "a moment to mark on the page's curve, with its zone: \"2019-07-03T17:30+09:00=card top-ups stopped\" (repeatable)")
}

// options returns how the page looks.
func (o *pageOptions) options(lang words.Lang, zone *time.Location) (html.Options, error) {
	out := html.Options{Lang: lang, Zone: zone}
	for _, text := range o.marks {
		m, err := html.ParseMark(text)
		if err != nil {
			return out, &usageError{"--mark: " + err.Error(), `for example --mark "2019-07-03T17:30+09:00=card top-ups stopped"`}
		}
		out.Marks = append(out.Marks, m)
	}
	return out, nil
}

// reportOptions are the flags of report.
type reportOptions struct {
	pageOptions
	out, lang, zone string
	reveal, force   bool
}

func newReportCommand(std streams) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report CASE --out FILE",
		Short: "Write the page that people look at: one HTML file",
		Long: `Writes the page of a finished case, as it stands in the case folder as
report.html, in another language, with marks, in another zone, or with ids of
accounts in clear. It is one file that asks nothing of any other: it opens from a
folder or a stick, on a phone, and prints. It can be switched between English and
Japanese. With the same flags it is the same to the byte.

Ids of accounts are masked (ta…jp) but with --reveal: who gets the masked page
learns no id from it, not from its data either. Devices and addresses of the
attack stand in it as they are, unless an id is part of them.

Each --mark is drawn on the curve of the incident, with what was stolen before and
after it. The case is proved first, as by 'paytriage verify': what is not as its
manifest says ends the run with exit code 4, and nothing is written. Nothing is
ever written inside the case.`,
		Example: `  paytriage report case --out report.html
  paytriage report case --lang ja --tz Asia/Tokyo --out report-ja.html
  paytriage report case --reveal --mark "2019-07-03T17:30+09:00=card top-ups stopped" --out internal.html`,
		Args:              exactArgs("CASE"),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE:              func(cmd *cobra.Command, args []string) error { return runReport(cmd.Context(), std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "file to write, or - for standard output")
	f.StringVar(&o.lang, "lang", string(words.English), "language that the page opens in: "+langNames())
	f.StringVar(&o.zone, "tz", "UTC", "zone of all times on the page, for example Asia/Tokyo")
	f.BoolVar(&o.reveal, "reveal", false, "show ids of accounts in clear")
	f.BoolVar(&o.force, "force", false, "replace a file that exists")
	o.pageOptions.addFlags(f)
	complete(cmd, "lang", langList()...)
	cmd.MarkFlagFilename("out", "html")
	return cmd
}

func runReport(ctx context.Context, std streams, o *reportOptions, dir string) error {
	if o.out == "" {
		return &usageError{"no file to write", "give --out FILE, or --out - for standard output"}
	}
	lang, err := parseLang(o.lang, "report")
	if err != nil {
		return err
	}
	zone, ok := zone(o.zone)
	if !ok {
		return &usageError{fmt.Sprintf("--tz: there is no zone %q", o.zone), "for example --tz Asia/Tokyo"}
	}
	look, err := o.options(lang, zone)
	if err != nil {
		return err
	}
	look.Reveal = o.reveal
	if o.out == "-" {
		return proved(writeReport(ctx, std.out, dir, look))
	}
	if report.Inside(dir, o.out) {
		return &usageError{fmt.Sprintf("--out %s lies in the case", o.out), "nothing writes inside a finished case; name a file beside it"}
	}
	file, err := createFile(o.out, o.force)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := writeReport(ctx, file, dir, look); err != nil {
		return proved(err)
	}
	_, _, err = file.Commit()
	return err
}

func writeReport(ctx context.Context, w io.Writer, dir string, look html.Options) error {
	b := bufio.NewWriterSize(w, 1<<16)
	if err := report.WritePage(b, dir, look); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.Flush()
}

// proved words what is wrong with a case.
func proved(err error) error {
	var check *report.CheckError
	if !errors.As(err, &check) {
		return err
	}
	return &checkError{strings.TrimSpace(check.Error()), "'paytriage verify' lists all that differs; a case is made again by running analyze again"}
}
