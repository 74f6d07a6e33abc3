// Package policy holds every threshold of the method, each with its unit and
// the reason for it.
//
// The thresholds are data: default.yaml, embedded, is the policy of a run that
// names none. A policy file of the user's may set any of them again, with a
// reason of its own; what it does not name keeps its default. A name that the
// method does not know is an error, because a threshold that was misspelt
// would otherwise be ignored in silence. The hash of the effective policy is in
// everything that is written.
package policy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed default.yaml
var defaultYAML []byte

// MaxSize is how long a policy file may be, in bytes.
const MaxSize = 1 << 20

// A Setting is one threshold.
type Setting struct {
	Value  int64  `yaml:"value"`
	Min    int64  `yaml:"min"`
	Max    int64  `yaml:"max"`
	Unit   string `yaml:"unit"`
	Reason string `yaml:"reason"`
}

// A Shares is how often each outcome of a feature is expected under the
// hypothesis named, in parts per thousand. The outcomes are fixed by the code
// that reads the feature.
type Shares struct {
	Permille []int64 `yaml:"permille"`
	Of       string  `yaml:"of"` // the outcomes, for people
	Reason   string  `yaml:"reason"`
}

// A Policy is all thresholds, in groups that follow the steps of the method.
type Policy struct {
	Version int64   `yaml:"version"`
	Source  Source  `yaml:"source"`
	Entry   Entry   `yaml:"entry"`
	Attack  Attack  `yaml:"attack"`
	Honest  Honest  `yaml:"honest"`
	Spread  Spread  `yaml:"spread"`
	Verdict Verdict `yaml:"verdict"`
	Vector  Vector  `yaml:"vector"`
	Insider Insider `yaml:"insider"`

	// AmountAndPace is the rule of amounts in a day, by code of currency.
	AmountAndPace map[string]Pace `yaml:"amount_and_pace"`
}

// A Pace says from which amounts on a day fits the rule of amount and pace, in
// one currency: all that can be asked of a payment log by itself.
type Pace struct {
	ToppedUp  int64  `yaml:"topped_up"`  // by card in a day, minor units
	Spent     int64  `yaml:"spent"`      // on the same day, minor units
	DayOffset int64  `yaml:"day_offset"` // minutes that the day begins before that of UTC
	Reason    string `yaml:"reason"`
}

// Source is about finding attack sources by what their tries have in common.
type Source struct {
	FailuresPerKnown Setting `yaml:"failures_per_known"`
	EntriesPerKnown  Setting `yaml:"entries_per_known"`
	NormalWeight     Setting `yaml:"normal_weight"`
	PlacesDiffer     Setting `yaml:"places_differ"`
	StrayEntries     Setting `yaml:"stray_entries"`
	StrayFailures    Setting `yaml:"stray_failures"`
	HitRateMin       Setting `yaml:"hit_rate_min"`
	HitRateMax       Setting `yaml:"hit_rate_max"`
	CapPlace         Setting `yaml:"cap_place"`
	CapHour          Setting `yaml:"cap_hour"`
	ReportFailures   Setting `yaml:"report_failures"`
	ReportScore      Setting `yaml:"report_score"`
	ListedThieves    Setting `yaml:"listed_thieves"`
	ListedCap        Setting `yaml:"listed_cap"`
}

// Entry is about what counts as a new user of an account.
type Entry struct {
	ShortStay       Setting `yaml:"short_stay"`
	BreachWindow    Setting `yaml:"breach_window"`
	SoonAfter       Setting `yaml:"soon_after"`
	SoonAfterBreach Setting `yaml:"soon_after_breach"`
	AfterBreach     Setting `yaml:"after_breach"`
	SoonUnseen      Setting `yaml:"soon_after_breach_unseen"`
	AfterUnseen     Setting `yaml:"after_breach_unseen"`
	AtOnce          Setting `yaml:"at_once"`
	Followed        Shares  `yaml:"followed"`
	Tour            Setting `yaml:"tour"`
	Crowded         Setting `yaml:"crowded_address"`
	ChangeWindow    Setting `yaml:"change_window"`
	ReactWindow     Setting `yaml:"react_window"`
	OpenEnd         Setting `yaml:"open_end"`
}

// Attack is what an attacker's visit to an account looks like, by feature. How
// an honest newcomer's looks is learnt from the log.
type Attack struct {
	Arrival       Shares  `yaml:"arrival"`
	Stay          Shares  `yaml:"stay"`
	Network       Shares  `yaml:"network"`
	Lag           Shares  `yaml:"lag"`
	Money         Shares  `yaml:"money"`
	Drain         Shares  `yaml:"drain"`
	Change        Shares  `yaml:"change"`
	External      Shares  `yaml:"external"`
	Failed        Shares  `yaml:"failed"`
	Reaction      Shares  `yaml:"reaction"`
	Session       Shares  `yaml:"session"`
	Sharing       Shares  `yaml:"sharing"`
	Charged       Shares  `yaml:"charged"`
	Unlike        Shares  `yaml:"unlike"`
	Shops         Shares  `yaml:"shops"`
	TopUps        Shares  `yaml:"topups"`
	Pace          Shares  `yaml:"pace"`
	Linking       Shares  `yaml:"linking"`
	Rhythm        Shares  `yaml:"rhythm"`
	Smooth        Setting `yaml:"smooth"`
	Routed        Setting `yaml:"routed"`
	Quiet         Setting `yaml:"quiet"`
	ProfileWeight Setting `yaml:"profile_weight"`
	ProfileSure   Setting `yaml:"profile_sure"`
	ProfileLimit  Setting `yaml:"profile_limit"`
	CapEach       Setting `yaml:"cap_each"`
}

// Honest is what an honest newcomer's visit looks like, by feature, before
// anything is learnt from the log: what counts where a log is small.
type Honest struct {
	Arrival   Shares  `yaml:"arrival"`
	Stay      Shares  `yaml:"stay"`
	Network   Shares  `yaml:"network"`
	Lag       Shares  `yaml:"lag"`
	Money     Shares  `yaml:"money"`
	Drain     Shares  `yaml:"drain"`
	Change    Shares  `yaml:"change"`
	External  Shares  `yaml:"external"`
	Failed    Shares  `yaml:"failed"`
	Reaction  Shares  `yaml:"reaction"`
	Session   Shares  `yaml:"session"`
	Sharing   Shares  `yaml:"sharing"`
	Charged   Shares  `yaml:"charged"`
	Unlike    Shares  `yaml:"unlike"`
	Shops     Shares  `yaml:"shops"`
	TopUps    Shares  `yaml:"topups"`
	Pace      Shares  `yaml:"pace"`
	Linking   Shares  `yaml:"linking"`
	Rhythm    Shares  `yaml:"rhythm"`
	Fixture   Shares  `yaml:"fixture"`
	Reference Setting `yaml:"reference"`
}

// Spread is about evidence that travels between accounts.
type Spread struct {
	Rounds       Setting `yaml:"rounds"`
	DeviceEach   Setting `yaml:"device_each"`
	DeviceCap    Setting `yaml:"device_cap"`
	DeviceCounts Setting `yaml:"device_counts"`
	StoreCap     Setting `yaml:"store_cap"`
	AddrCap      Setting `yaml:"addr_cap"`
	AgentCap     Setting `yaml:"agent_cap"`
	TimeCap      Setting `yaml:"time_cap"`
	CompanyCap   Setting `yaml:"company_cap"`
	Pseudo       Setting `yaml:"pseudo"`
	Elsewhere    Setting `yaml:"elsewhere"`
	TimeBucket   Setting `yaml:"time_bucket"`
}

// Verdict is about what is called what.
type Verdict struct {
	PriorMin  Setting `yaml:"prior_min"`
	PriorMax  Setting `yaml:"prior_max"`
	Confirmed Setting `yaml:"confirmed"`
	Probable  Setting `yaml:"probable"`
	Possible  Setting `yaml:"possible"`
	Lines     Setting `yaml:"independent_lines"`
	LineFloor Setting `yaml:"line_floor"`
}

// Vector is about telling the ways in apart.
type Vector struct {
	BruteTries     Setting `yaml:"brute_tries"`
	BruteAverage   Setting `yaml:"brute_average"`
	UnknownShare   Setting `yaml:"unknown_share"`
	TriesPerID     Setting `yaml:"tries_per_account"`
	SingleSource   Setting `yaml:"single_source"`
	MinimumSupport Setting `yaml:"minimum_support"`
	LeakMinimum    Setting `yaml:"leak_minimum"`
	LeakHitRate    Setting `yaml:"leak_hit_rate"`
}

// Insider is about what entered accounts have in common, and who was at the till.
type Insider struct {
	Level      Setting `yaml:"level"`
	TillWindow Setting `yaml:"till_window"`
}

// Default returns the embedded policy.
func Default() Policy {
	var p Policy
	if err := decode(defaultYAML, &p); err != nil {
		panic("policy: the embedded policy is broken: " + err.Error())
	}
	return p
}

// DefaultFile returns the embedded policy as it is written, reasons and all.
func DefaultFile() []byte { return bytes.Clone(defaultYAML) }

// Load returns the default policy as changed by a file. Errors name the
// setting at fault.
func Load(r io.Reader) (Policy, error) {
	p := Default()
	b, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return p, err
	}
	if len(b) > MaxSize {
		return p, fmt.Errorf("longer than %d bytes", MaxSize)
	}
	if err := reasoned(b); err != nil {
		return p, err
	}
	return p, decode(b, &p)
}

// reasoned checks that whatever a file changes, it gives a reason for: the
// reason of the default does not hold for another value.
func reasoned(b []byte) error {
	var file map[string]yaml.Node
	if yaml.Unmarshal(b, &file) != nil {
		return nil // the decoder says it better
	}
	for _, group := range slices.Sorted(maps.Keys(file)) {
		node := file[group]
		var settings map[string]struct {
			Reason string `yaml:"reason"`
		}
		if node.Kind != yaml.MappingNode || node.Decode(&settings) != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			if strings.TrimSpace(settings[name].Reason) == "" {
				return fmt.Errorf("%s.%s: no reason given", group, name)
			}
		}
	}
	return nil
}

// decode lays a file over p and validates the result.
func decode(b []byte, p *Policy) error {
	if bytes.Contains(b, []byte("&")) && hasAnchor(b) {
		return errors.New("anchors and aliases are not allowed in a policy")
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil && !errors.Is(err, io.EOF) {
		return errors.New(strings.NewReplacer("in type policy.", "in the group ", "into policy.", "as a ").Replace(err.Error()))
	}
	return p.Validate()
}

// hasAnchor reports whether a YAML document names a node to be repeated: the
// way in which a few lines become gigabytes.
func hasAnchor(b []byte) bool {
	var n yaml.Node
	if yaml.Unmarshal(b, &n) != nil {
		return false // the decoder says it better
	}
	var walk func(*yaml.Node) bool
	walk = func(n *yaml.Node) bool {
		if n.Anchor != "" || n.Kind == yaml.AliasNode {
			return true
		}
		for _, c := range n.Content {
			if walk(c) {
				return true
			}
		}
		return false
	}
	return walk(&n)
}

// Validate checks that every setting lies within its bounds and gives its
// reason, and that shares are shares.
func (p *Policy) Validate() error {
	if p.Version != 1 {
		return fmt.Errorf("version %d is not known; this program knows version 1", p.Version)
	}
	var err error
	p.each(func(name string, v any) {
		if e := validate(v); e != nil && err == nil {
			err = fmt.Errorf("%s: %w", name, e)
		}
	})
	for _, code := range slices.Sorted(maps.Keys(p.AmountAndPace)) {
		if !isCode(code) && err == nil {
			err = fmt.Errorf("amount_and_pace.%.20q is no code of a currency; they are one to four capitals or digits", code)
		}
	}
	return err
}

// maxPace is the largest amount, in minor units, and maxOffset how far from UTC
// any zone is, in minutes.
const (
	maxPace   = 1_000_000_000_000_000
	maxOffset = 14 * 60
)

// isCode reports whether a text is a code of a currency or of points, as written
// in files.
func isCode(s string) bool {
	return len(s) > 0 && len(s) <= 4 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func validate(v any) error {
	switch v := v.(type) {
	case *Setting:
		switch {
		case v.Value < v.Min || v.Value > v.Max:
			return fmt.Errorf("%d is not within %d and %d", v.Value, v.Min, v.Max)
		case strings.TrimSpace(v.Reason) == "":
			return errors.New("no reason given")
		}
	case *Pace:
		switch {
		case v.ToppedUp < 1 || v.ToppedUp > maxPace || v.Spent < 1 || v.Spent > maxPace:
			return fmt.Errorf("topped_up %d and spent %d are not within 1 and %d", v.ToppedUp, v.Spent, int64(maxPace))
		case v.DayOffset < -maxOffset || v.DayOffset > maxOffset:
			return fmt.Errorf("day_offset %d is not within %d and %d", v.DayOffset, -maxOffset, maxOffset)
		case strings.TrimSpace(v.Reason) == "":
			return errors.New("no reason given")
		}
	case *Shares:
		var sum int64
		for _, s := range v.Permille {
			if s < 1 || s > 1000 {
				return fmt.Errorf("a share of %d is not within 1 and 1000", s)
			}
			sum += s
		}
		switch {
		case sum != 1000:
			return fmt.Errorf("the shares sum to %d, not 1000", sum)
		case len(strings.Split(v.Of, ",")) != len(v.Permille):
			return fmt.Errorf("%d shares for the outcomes %s", len(v.Permille), v.Of)
		case strings.TrimSpace(v.Reason) == "":
			return errors.New("no reason given")
		}
	}
	return nil
}

// each calls do with a pointer to every setting and its dotted name, in the
// order of the file.
func (p *Policy) each(do func(name string, v any)) {
	groups := reflect.ValueOf(p).Elem()
	for i := range groups.NumField() {
		g := groups.Field(i)
		if g.Kind() != reflect.Struct {
			continue
		}
		group := groups.Type().Field(i).Tag.Get("yaml")
		for n := range g.NumField() {
			do(group+"."+g.Type().Field(n).Tag.Get("yaml"), g.Field(n).Addr().Interface())
		}
	}
	for _, code := range slices.Sorted(maps.Keys(p.AmountAndPace)) {
		pace := p.AmountAndPace[code]
		do("amount_and_pace."+code, &pace)
	}
}

// later are the settings that came after cases were made, and what they were
// without being said. They enter the hash where they are something else, so that
// a case of before is still explained by the policy that it was made by.
var later = map[string]int64{"source.listed_thieves": 30, "source.listed_cap": 100}

// Hash returns the SHA-256, in hex, of the values of all settings. Reasons are
// words and do not enter it.
func (p *Policy) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "version %d\n", p.Version)
	p.each(func(name string, v any) {
		switch v := v.(type) {
		case *Setting:
			if was, ok := later[name]; !ok || was != v.Value {
				fmt.Fprintf(h, "%s %d\n", name, v.Value)
			}
		case *Shares:
			fmt.Fprintf(h, "%s %v\n", name, v.Permille)
		case *Pace:
			fmt.Fprintf(h, "%s %d %d %d\n", name, v.ToppedUp, v.Spent, v.DayOffset)
		}
	})
	return hex.EncodeToString(h.Sum(nil))
}
