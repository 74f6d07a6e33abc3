package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/indicator"
	"github.com/paytriage/paytriage/report/table"
)

// indicatorsOptions are the flags of indicators.
type indicatorsOptions struct {
	list, format, out string
	tlp, producer     string
	asOf, zone        string
	least             int
	leastGiven        bool
	margin            time.Duration
	shared            bool
	force, quiet      bool
}

// What can be listed, each with its formats, the default first.
const (
	listIndicators = "indicators"
	listFreeze     = "freeze"
	listCameras    = "cameras"
	listEvidence   = "evidence"
)

var listNames = []string{listIndicators, listFreeze, listCameras, listEvidence}

const (
	formatCSV       = "csv"
	formatTable     = "table"
	formatJSONL     = "jsonl"
	formatBlocklist = "blocklist"
	formatSTIX      = "stix"
	formatTS        = "timesketch"
	formatTSLines   = "timesketch-jsonl"
)

var listFormats = map[string][]string{
	listIndicators: {formatCSV, formatBlocklist, formatSTIX, formatTS, formatTSLines, formatTable, formatJSONL},
	listFreeze:     {formatCSV, formatTable, formatJSONL},
	listCameras:    {formatCSV, formatTable, formatJSONL},
	listEvidence:   {formatCSV, formatTable, formatJSONL},
}

// blockLeast is the confidence from which an address is blocked.
const blockLeast = 90

const indicatorsHelp = `Prints, from a finished case, what the attack was made with, and what to do at once:

  --list indicators   addresses, networks, operators, user agents, devices and shops of
                      the attack, with confidence and validity (the default)
    --format csv        one a row
    --format blocklist  addresses and networks that are safe to block, one a line
    --format stix       a STIX 2.1 bundle for other operators; --tlp says who may see it
  --list freeze       accounts taken over and not yet emptied, most urgent first, with
                      what is still in reach
  --list cameras      shops and minutes to pull the cameras of, most money first
  --list evidence     first tries, entries and charges in order; as --format timesketch
                      (CSV) or timesketch-jsonl it is ready for import

Indicators hold no account ids and no device that may be a victim's. What honest
people use too (carriers, offices, VPNs; honest_accounts in 'paytriage show CASE
sources') is marked shared, and in no blocklist or bundle without --include-shared.
The freeze list and the evidence name customers: they are for the operator alone.
The freeze list goes by what may be lost still: the stolen money that is left, and,
where nothing was taken yet, what the median victim lost; possible ones come last.

Confidence, 0 to 100, is the score read as odds (100 are ten to one, 90; never more
than 99) times the attack's share of the accounts that were seen there. After its
last use an address is valid for 14 days (of who spent: 7), a network, user agent,
operator or shop for 30, a device for 90. No clock is asked: a blocklist is as of the
end of the logs, or of --as-of.`

func newIndicatorsCommand(std streams) *cobra.Command {
	var o indicatorsOptions
	cmd := &cobra.Command{
		Use:   "indicators CASE",
		Short: "Block list, freeze list, camera list; indicators as CSV or STIX",
		Long:  indicatorsHelp,
		Example: `  paytriage indicators case --list freeze --format table
  paytriage indicators case --format blocklist --out block.txt
  paytriage indicators case --list cameras --tz Asia/Tokyo --out cameras.csv
  paytriage indicators case --format stix --tlp green --producer 'Example Pay' --out bundle.json
  paytriage indicators case --format timesketch --out evidence.csv`,
		Args: exactArgs("CASE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.leastGiven = cmd.Flags().Changed("min-confidence")
			return runIndicators(std, &o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "list", listNames...)
	complete(cmd, "format", slices.Concat(listFormats[listIndicators])...)
	complete(cmd, "tlp", indicator.TLPs()...)
	return cmd
}

func (o *indicatorsOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.list, "list", listIndicators, "what to list: "+strings.Join(listNames, ", "))
	f.StringVar(&o.format, "format", "", "indicators: "+strings.Join(listFormats[listIndicators], ", ")+"; other lists: "+strings.Join(listFormats[listFreeze], ", ")+" (default csv)")
	f.StringVarP(&o.out, "out", "o", "", "file to write, for its owner alone (default: standard output)")
	f.BoolVar(&o.force, "force", false, "replace the file of --out")
	f.IntVar(&o.least, "min-confidence", 0, fmt.Sprintf("leave out indicators below (default: %d in a blocklist, else 0)", blockLeast))
	f.BoolVar(&o.shared, "include-shared", false, "keep what honest people use too in blocklists and bundles")
	f.StringVar(&o.asOf, "as-of", "", "leave out of a blocklist what is no longer valid then, for example 2019-07-10T00:00:00Z (default: the end of the logs)")
	f.StringVar(&o.tlp, "tlp", "amber", "who may see a bundle: "+strings.Join(indicator.TLPs(), ", "))
	f.StringVar(&o.producer, "producer", "paytriage", "who says so, in a bundle")
	f.DurationVar(&o.margin, "margin", 2*time.Minute, "time to add before and after each stretch of the camera list")
	f.StringVar(&o.zone, "tz", "", "zone whose time of day the camera list shows, too, for example Asia/Tokyo")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no notes")
}

// maxMargin bounds the margin of the camera list.
const maxMargin = 24 * time.Hour

// maxProducer bounds the name of who says so, in bytes.
const maxProducer = 256

// validate checks what can be checked without reading anything.
func (o *indicatorsOptions) validate() error {
	const see = "see 'paytriage indicators --help'"
	oneOf := func(flag, value string, all []string) error {
		if slices.Contains(all, value) {
			return nil
		}
		return &usageError{fmt.Sprintf("--%s %q is none of %s", flag, value, strings.Join(all, ", ")), see}
	}
	if err := oneOf("list", o.list, listNames); err != nil {
		return err
	}
	if o.format == "" {
		o.format = formatCSV
	}
	if formats := listFormats[o.list]; !slices.Contains(formats, o.format) {
		return &usageError{fmt.Sprintf("--list %s has no format %q", o.list, o.format), "it has " + strings.Join(formats, ", ")}
	}
	if o.format == formatTS || o.format == formatTSLines {
		o.list = listEvidence
	}
	switch {
	case o.least < 0 || o.least > 100:
		return &usageError{fmt.Sprintf("--min-confidence %d is not within 0 and 100", o.least), see}
	case o.margin < 0 || o.margin > maxMargin:
		return &usageError{fmt.Sprintf("--margin %s is not within 0 and %s", o.margin, maxMargin), see}
	case strings.TrimSpace(o.producer) == "" || len(o.producer) > maxProducer || strings.ToValidUTF8(o.producer, "") != o.producer:
		return &usageError{fmt.Sprintf("--producer is no name of 1 to %d bytes", maxProducer), "name the operator who says so"}
	}
	return oneOf("tlp", o.tlp, indicator.TLPs())
}

func runIndicators(std streams, o *indicatorsOptions, folder string) error {
	if err := o.validate(); err != nil {
		return err
	}
	summary, err := report.ReadSummary(folder)
	if _, noCase := report.ReadManifest(folder); noCase != nil {
		return noCase
	}
	if err != nil {
		return notOurs(folder, err)
	}
	terms := indicator.Terms{Shared: o.shared, Least: o.least}
	if o.format == formatBlocklist {
		if !o.leastGiven {
			terms.Least = blockLeast
		}
		if terms.AsOf, err = o.validAt(summary); err != nil {
			return err
		}
	}
	write, err := o.writer(std, folder, summary, terms)
	if err != nil {
		return err
	}
	if o.out == "" {
		return write(std.out)
	}
	return o.toFile(folder, write)
}

// notOurs words that a case cannot be read.
func notOurs(folder string, err error) error {
	var open *report.OpenError
	if errors.As(err, &open) {
		return err
	}
	return &hintError{fmt.Errorf("%s: %w", folder, err), "the case is not what analyze wrote; run it again"}
}

// validAt returns when the entries of a blocklist must be valid.
func (o *indicatorsOptions) validAt(s *report.Summary) (int64, error) {
	text := o.asOf
	if text == "" {
		if text = s.Range.To; text == "" {
			return 0, nil // nothing was read
		}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, &usageError{fmt.Sprintf("--as-of: cannot read %q", text), "give a time such as 2019-07-10T00:00:00+09:00"}
	}
	return t.UnixMicro(), nil
}

// toFile writes a file that is none of a case and was not there.
func (o *indicatorsOptions) toFile(folder string, write func(io.Writer) error) error {
	if report.Within(folder, o.out) {
		return &usageError{"--out " + o.out + " lies in the case, which is finished", "write it elsewhere"}
	}
	if _, err := os.Lstat(o.out); err == nil && !o.force {
		return &hintError{fmt.Errorf("--out: %s is there already", filepath.Clean(o.out)), "replace it with --force, or choose another name"}
	}
	return atomicfile.Write(o.out, 0o600, write)
}

// writer reads what is asked for and returns how to write it.
func (o *indicatorsOptions) writer(std streams, folder string, s *report.Summary, terms indicator.Terms) (func(io.Writer) error, error) {
	var t *table.Table
	var err error
	switch o.list {
	case listFreeze:
		t, err = report.FreezeTable(folder)
		o.note(std, "this list names customers; it is for the operator alone")
	case listCameras:
		var clock *time.Location
		if o.zone != "" {
			var ok bool
			if clock, ok = zone(o.zone); !ok {
				return nil, &usageError{fmt.Sprintf("--tz %q is not a zone", o.zone), "give a name such as Asia/Tokyo or UTC, or an offset such as +09:00"}
			}
		}
		t, err = report.CameraTable(folder, o.margin, clock)
	case listEvidence:
		t, err = report.EvidenceTable(folder)
		o.note(std, "this timeline names customers; it is for the operator alone")
	default:
		return o.indicators(std, folder, s, terms)
	}
	if err != nil {
		return nil, notOurs(folder, err)
	}
	return o.tableWriter(std, t), nil
}

// tableWriter returns how to write a table in the format that was asked for.
func (o *indicatorsOptions) tableWriter(std streams, t *table.Table) func(io.Writer) error {
	return func(w io.Writer) error {
		switch o.format {
		case formatTable:
			opt := console.Options{}
			if o.out == "" {
				opt.Width, opt.Color = std.width(), std.color()
			}
			return console.Table(w, t, opt)
		case formatJSONL, formatTSLines:
			return report.WriteJSONLines(w, t)
		}
		return csvfile.Write(w, t)
	}
}

// indicators returns how to write the indicators.
func (o *indicatorsOptions) indicators(std streams, folder string, s *report.Summary, terms indicator.Terms) (func(io.Writer) error, error) {
	list, personal, err := report.Indicators(folder)
	if err != nil {
		return nil, notOurs(folder, err)
	}
	switch o.format {
	case formatBlocklist, formatSTIX:
		return func(w io.Writer) error {
			var n int
			var out indicator.LeftOut
			var err error
			if o.format == formatBlocklist {
				n, out, err = indicator.WriteBlocklist(w, list, terms)
			} else {
				n, out, err = indicator.WriteSTIX(console.JSON(w), list, s.Bundle(o.producer, o.tlp), terms)
			}
			o.tell(std, n, out, personal)
			return err
		}, nil
	}
	t, out, err := report.IndicatorsTable(list, o.least)
	if err != nil {
		return nil, notOurs(folder, err)
	}
	o.tell(std, t.Rows(), out, personal)
	return o.tableWriter(std, t), nil
}

func (o *indicatorsOptions) note(std streams, text string) {
	if !o.quiet {
		fmt.Fprintln(std.err, "paytriage: note: "+text)
	}
}

// tell says what was left out, and why.
func (o *indicatorsOptions) tell(std streams, written int, out indicator.LeftOut, personal int) {
	var parts []string
	for _, p := range []struct {
		n    int
		text string
	}{{out.Shared, "shared with honest people (--include-shared)"}, {out.Unsure, "not sure enough (--min-confidence)"}, {out.Outdated, "no longer valid (--as-of)"},
		{out.Devices, "devices that may be a victim's"}, {out.Narrow, "networks of which one address did nearly all"}, {personal, "with personal data in them"}, {out.Other, "that this format cannot say"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
		}
	}
	text := fmt.Sprintf("%d entries", written)
	if parts != nil {
		text += "; left out: " + strings.Join(parts, ", ")
	}
	o.note(std, text)
}
