package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report/console"
)

// partOptions are the flags that say which part of the logs counts.
type partOptions struct {
	from, to, exclude string
}

func (o *partOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.from, "from", "", "leave out what is earlier, but let logins teach: 2019-07-01T00:00:00+09:00, or a date or time of --tz")
	f.StringVar(&o.to, "to", "", "leave out what is later; a date counts to its end")
	f.StringVar(&o.exclude, "exclude", "", "CSV with kind,value of what to leave out: account, ip (or network), device, user_agent, store")
}

// parse sets which part of the logs counts.
func (o *partOptions) parse(opt *parsers.Options) (err error) {
	if opt.From, err = o.moment("from", o.from, opt, false); err != nil {
		return err
	}
	if opt.To, err = o.moment("to", o.to, opt, true); err != nil {
		return err
	}
	if opt.To != 0 && opt.From > opt.To {
		return &usageError{fmt.Sprintf("--from %s is later than --to %s", o.from, o.to), "nothing lies between them"}
	}
	return nil
}

// excluded reads the list of what to leave out, nil where there is none.
func (o *partOptions) excluded() (*parsers.Indicators, *forensics.File, error) {
	if o.exclude == "" {
		return nil, nil, nil
	}
	f, err := openKnown("--exclude", o.exclude)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	list, err := parsers.ReadIndicators(f)
	if err == nil {
		err = f.rest()
	}
	if err != nil {
		return nil, nil, &hintError{fmt.Errorf("%s: %w", o.exclude, err), "lines such as 'account,test-0001' or 'ip,192.0.2.0/24' below the header 'kind,value'"}
	}
	file := f.file(forensics.ExcludeRole, o.exclude, int64(list.Len()), 0)
	return list, &file, nil
}

// localLayouts are the layouts of times without a zone, the first a day.
var localLayouts = []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"}

// moment reads a time, in microseconds; 0 for "". A day is its first moment, or
// its last.
func (o *partOptions) moment(flag, text string, opt *parsers.Options, last bool) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UnixMicro(), nil
	}
	zone := opt.Zones[event.Payments]
	for i, layout := range localLayouts {
		t, err := time.ParseInLocation(layout, text, time.UTC)
		if err != nil {
			continue
		}
		if zone == nil || zone != opt.Zones[event.Auth] {
			return 0, &usageError{fmt.Sprintf("--%s %s carries no zone", flag, text), "say which with --tz, or give it as " + t.Format("2006-01-02T15:04:05") + "+09:00"}
		}
		t, _ = time.ParseInLocation(layout, text, zone)
		if i == 0 && last {
			return t.AddDate(0, 0, 1).UnixMicro() - 1, nil
		}
		return t.UnixMicro(), nil
	}
	return 0, &usageError{fmt.Sprintf("--%s: cannot read %q", flag, text), "give a time such as 2019-07-03T17:30:00+09:00, or with --tz a date such as 2019-07-03"}
}

// tell says which entries of --exclude matched nothing: they may be misspelt.
func (o *partOptions) tell(std streams, log *event.Log) {
	n := len(log.Unmatched)
	if n == 0 {
		return
	}
	const most = 5
	var shown []string
	for _, entry := range log.Unmatched[:min(n, most)] {
		kind, value, _ := strings.Cut(entry, " ")
		shown = append(shown, kind+" "+discreet.Shown(value))
	}
	list := strings.Join(shown, ", ")
	if n > most {
		list += fmt.Sprintf(" and %d more", n-most)
	}
	fmt.Fprintf(std.err, "paytriage: note: --exclude: no row matches %s\n", console.Clean(list))
}
