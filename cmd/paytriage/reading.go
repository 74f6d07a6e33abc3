package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/parsers/profile"
)

// useProcessors keeps the whole program, with what reads, unpacks and collects
// beside the workers, to so many processors. Only main sets it: several commands
// may run in one test.
var useProcessors = func(int) {}

// readingOptions are the flags that say how to read exports, the same for all
// commands that do.
type readingOptions struct {
	zones, currency string
	profiles        []string
	params          []string
	year            int
	maxUnpacked     string
	cardKey         string
	workers         int
	memory, tmpDir  string
}

func (o *readingOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.profiles, "profile", nil, "what the exports are: a name of 'paytriage schema profiles' or a YAML file (repeatable; default: recognised)")
	f.StringArrayVar(&o.params, "param", nil, "NAME=VALUE for a profile that asks for it (repeatable)")
	f.StringVar(&o.zones, "tz", "", "zone of stamps that carry none: Asia/Tokyo, +09:00, or auth=UTC,payments=Asia/Tokyo")
	f.IntVar(&o.year, "year", 0, "year of stamps that carry none (default: from the date of the file)")
	f.StringVar(&o.currency, "currency", "", "currency of payments where no column says, for example JPY")
	f.StringVar(&o.maxUnpacked, "max-unpacked", "", "refuse a packed file that unpacks to more, for example 200GiB")
	f.StringVar(&o.cardKey, "card-key", "", "file with a secret for the tokens of card numbers")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "processors that work; the result is the same for any number")
	o.addMemoryFlags(f)
}

func (o *readingOptions) addMemoryFlags(f *pflag.FlagSet) {
	f.StringVar(&o.memory, "memory", "", "memory to keep to, for example 2GiB; rows beyond it go to temporary files, the result is the same (default: half of what the machine has)")
	f.StringVar(&o.tmpDir, "tmp-dir", "", "folder for temporary files (default: that of the system)")
}

// validate checks what can be checked without reading anything.
func (o *readingOptions) validate(command string) error {
	if o.workers < 1 || o.workers > maxWorkers {
		return workersError(o.workers, command)
	}
	return nil
}

// parse returns how to read.
func (o *readingOptions) parse() (parsers.Options, error) {
	opt := parsers.Options{Workers: o.workers, Year: o.year}
	useProcessors(o.workers)
	if o.year != 0 && (o.year < 1970 || o.year > 9999) {
		return opt, &usageError{fmt.Sprintf("--year %d is no year of a log", o.year), "give four digits, for example 2019"}
	}
	for _, step := range []func(*parsers.Options) error{o.parseCurrency, o.parseZones, o.parseProfiles, o.parseSize, o.readCardKey, o.parseMemory} {
		if err := step(&opt); err != nil {
			return opt, err
		}
	}
	return opt, nil
}

func (o *readingOptions) parseCurrency(opt *parsers.Options) error {
	if o.currency == "" {
		return nil
	}
	c, ok := money.ParseCurrency([]byte(o.currency))
	if _, known := c.Exponent(); !ok || !known {
		return &usageError{fmt.Sprintf("--currency %q is not a currency code with known digits", o.currency), "give a code of ISO 4217, for example JPY"}
	}
	opt.Currency = c
	return nil
}

func (o *readingOptions) parseZones(opt *parsers.Options) error {
	opt.Zones, opt.ZoneHolds = map[event.Role]*time.Location{}, map[event.Role]bool{}
	roles := map[string][]event.Role{"": {event.Auth, event.Payments, event.History},
		"auth": {event.Auth, event.History}, "payments": {event.Payments}, "history": {event.History}}
	for part := range strings.SplitSeq(o.zones, ",") {
		if part == "" {
			continue
		}
		role, name, found := strings.Cut(part, "=")
		if !found {
			role, name = "", part
		}
		loc, ok := zone(name)
		if !ok || roles[role] == nil {
			return &usageError{fmt.Sprintf("--tz %q is not a zone", part), "give a name such as Asia/Tokyo or UTC, an offset such as +09:00, or auth=ZONE,payments=ZONE"}
		}
		for _, r := range roles[role] {
			// A zone for all logs is for those whose profile knows none.
			opt.Zones[r], opt.ZoneHolds[r] = loc, found
		}
	}
	return nil
}

// zone returns the zone that people read times in: that of --tz, if it is one for
// all logs, else nil.
func (o *readingOptions) zone() *time.Location {
	if loc, ok := zone(o.zones); ok {
		return loc
	}
	return nil
}

// zone returns the zone of a name or an offset. "Local" is none: the answer may
// not depend on the machine.
func zone(name string) (*time.Location, bool) {
	loc, err := parsers.ZoneNamed(name)
	return loc, err == nil
}

func (o *readingOptions) parseProfiles(opt *parsers.Options) error {
	opt.Profiles = map[event.Role]*profile.Compiled{}
	if len(o.params) > 0 && len(o.profiles) == 0 {
		return &usageError{"--param without --profile", "say which profile asks for it"}
	}
	params := map[string]string{}
	for _, p := range o.params {
		name, value, found := strings.Cut(p, "=")
		if !found {
			return &usageError{fmt.Sprintf("--param %q is not NAME=VALUE", p), "for example --param login_path=/login"}
		}
		params[name] = value
	}
	for _, name := range o.profiles {
		if name == parsers.Neutral {
			opt.Profiles[event.Auth], opt.Profiles[event.History], opt.Profiles[event.Payments] = nil, nil, nil
			continue
		}
		c, err := openProfile(name, params)
		if err != nil {
			return &usageError{"--profile " + name + ": " + err.Error(), "'paytriage schema profiles' lists the profiles and their parameters"}
		}
		roles := []event.Role{c.Role}
		if c.Role == event.Auth {
			roles = append(roles, event.History)
		}
		for _, r := range roles {
			opt.Profiles[r] = c
		}
	}
	return nil
}

// openProfile returns an embedded profile, or that of a YAML file.
func openProfile(name string, params map[string]string) (*profile.Compiled, error) {
	ext := filepath.Ext(name)
	if ext != ".yaml" && ext != ".yml" {
		return parsers.Profile(name, params)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, profile.MaxSize+1))
	if err != nil {
		return nil, err
	}
	p, err := profile.Load(data)
	if err != nil {
		return nil, err
	}
	return profile.Compile(p, params)
}

func (o *readingOptions) parseSize(opt *parsers.Options) error {
	if o.maxUnpacked == "" {
		return nil
	}
	n, ok := parseSize(o.maxUnpacked)
	if !ok {
		return &usageError{fmt.Sprintf("--max-unpacked %q is not a size", o.maxUnpacked), "give bytes, or a number with KiB, MiB, GiB or TiB"}
	}
	opt.MaxUnpacked = n
	return nil
}

// parseSize reads a size such as 512MiB.
func parseSize(s string) (int64, bool) {
	shift := 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n, found := strings.CutSuffix(s, unit); found {
			s, shift = strings.TrimSpace(n), 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n << shift, err == nil && n > 0 && n <= 1<<62>>shift
}

func (o *readingOptions) readCardKey(opt *parsers.Options) error {
	if o.cardKey == "" {
		return nil
	}
	key, err := readSecret("card-key", o.cardKey)
	if err == nil && len(key) < 16 {
		return &usageError{"--card-key: the file has less than 16 bytes", "make one with 'head -c 32 /dev/urandom > FILE && chmod 600 FILE'"}
	}
	opt.CardKey = key
	return err
}
