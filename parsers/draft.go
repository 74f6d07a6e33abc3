package parsers

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/profile"
)

// Draft writes a profile to start from: what the columns of an inspection look
// like by their names and values, in the role given. What is not certain stands
// in comments, with the reason. The result can be loaded as it is; rows that lack
// something are then rejected, not guessed.
//
// A column is taken for a field if its name, without case, blanks and marks between
// words, is one of those that the field is known by, and its values are of the kind
// that the field has. A path is compared by its last step, too. Of several columns
// the one whose name stands first in the list of the field is taken; a name that
// only contains one of the list is a comment. A word is translated if it is in the
// list of words; others are comments, and rows with them are rejected.
func Draft(i *Inspection, role event.Role) ([]byte, error) {
	if len(i.Columns) < 2 {
		return nil, &InputError{i.Name, "has no columns to draft a profile from", "profiles of text without names of fields are written by hand: 'paytriage schema profile openssh' is one"}
	}
	d := &draft{i: i, role: role, used: map[string]bool{}}
	d.pick()
	d.write()
	text := []byte(d.String())
	if _, err := profile.Load(text); err != nil {
		return nil, fmt.Errorf("the draft for %s: %w", i.Name, err)
	}
	return text, nil
}

// A draft is a profile that is being written.
type draft struct {
	strings.Builder
	i      *Inspection
	role   event.Role
	used   map[string]bool
	chosen map[event.Field]*Column
	maybe  map[event.Field]*Column
	clock  *Column // of a time in two columns
}

// plainName is a name without what sets words apart.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == 'ー' {
			return r
		}
		return -1
	}, foldName(name))
}

// lastStep is the name of a path behind its last dot.
func lastStep(name string) string { return plainName(name[strings.LastIndexByte(name, '.')+1:]) }

// pick chooses columns for the fields, those that are required first.
func (d *draft) pick() {
	d.chosen, d.maybe = map[event.Field]*Column{}, map[event.Field]*Column{}
	order := slices.Clone(event.Required(d.role))
	for _, f := range fieldsOf(d.role) {
		if !slices.Contains(order, f) {
			order = append(order, f)
		}
	}
	for _, match := range []func(name, known string) bool{
		func(name, known string) bool { return plainName(name) == known },
		func(name, known string) bool { return lastStep(name) == known },
	} {
		for _, f := range order {
			if d.chosen[f] == nil {
				d.chosen[f] = d.find(f, match)
			}
		}
	}
	for _, f := range order {
		if d.chosen[f] == nil {
			d.maybe[f] = d.find(f, func(name, known string) bool {
				return utf8.RuneCountInString(known) > 2 && strings.Contains(plainName(name), known)
			})
		}
	}
	d.twoColumns()
}

// find returns the column by the first of the field's names that any matches.
func (d *draft) find(f event.Field, match func(name, known string) bool) *Column {
	for _, known := range fieldNames[f] {
		for n := range d.i.Columns {
			c := &d.i.Columns[n]
			if !d.used[c.Name] && usable(c.Name) && suits(f, c) && match(c.Name, known) {
				d.used[c.Name] = true
				return c
			}
		}
	}
	return nil
}

// usable reports whether a profile can name a column: a dollar begins a parameter,
// and some characters have no place in YAML.
func usable(name string) bool {
	return name != "" && len(name) <= 200 && utf8.ValidString(name) && name[0] != '$' && name[0] != '@' &&
		!strings.ContainsFunc(name, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) })
}

// suits reports whether the values of a column may be those of a field.
func suits(f event.Field, c *Column) bool {
	switch f {
	case event.EventTime:
		return c.Kind == TimeLike || c.Kind != Empty && c.Kind != NumberLike && c.Kind != AddressLike && digits(c) >= 3
	case event.AmountText:
		return c.Kind == NumberLike
	case event.IP:
		return c.Kind == AddressLike || c.Kind == Empty
	case event.FundingRef:
		return c.Kind != TimeLike && c.Kind != AddressLike
	case event.OutcomeWord, event.KindWord, event.StatusWord, event.CurrencyCode:
		return c.Kind == WordLike || c.Kind == NumberLike || c.Kind == Unclear
	}
	return c.Kind != JSONLike && c.Kind != CardLike
}

// digits counts the digits of the first example.
func digits(c *Column) (n int) {
	if len(c.Examples) == 0 {
		return 0
	}
	for _, b := range []byte(c.Examples[0]) {
		if '0' <= b && b <= '9' {
			n++
		}
	}
	return n
}

// twoColumns finds the time of the day that stands in a column of its own.
func (d *draft) twoColumns() {
	date := d.chosen[event.EventTime]
	if date == nil || date.Kind != TimeLike || len(date.Examples) == 0 || strings.ContainsRune(date.Examples[0], ':') || date.Zoned {
		return
	}
	for n := range d.i.Columns {
		c := &d.i.Columns[n]
		if !d.used[c.Name] && usable(c.Name) && len(c.Examples) > 0 && strings.Count(c.Examples[0], ":") > 0 &&
			len(c.Examples[0]) <= len("12:03:04.123456") && slices.Contains([]string{"time", "時刻", "時間", "取引時刻", "発生時刻", "timeofday", "決済時刻", "利用時刻"}, plainName(c.Name)) {
			d.clock, d.used[c.Name] = c, true
			return
		}
	}
}

// linef writes a line.
func (d *draft) linef(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

// write writes the profile.
func (d *draft) write() {
	var seen int
	for n := range d.i.Columns {
		seen = max(seen, d.i.Columns[n].Seen)
	}
	base := path.Base(strings.ReplaceAll(d.i.Name, "\\", "/"))
	d.linef("# A draft, from the names and values of the first %d records. Check every line against", seen)
	d.linef("# the export; what is not certain is a comment. Then:")
	d.linef("#   paytriage inspect --%s FILE --profile THIS.yaml", d.role)
	d.linef("name: %s", profileName(base))
	d.linef("title: %s", quoted("Draft for "+harmlessName(base)))
	d.linef("role: %s", d.role)
	d.linef("seen: %s", quoted(fmt.Sprintf("the first %d records of one file", seen)))
	d.needs()
	if d.role == event.Payments && d.chosen[event.CurrencyCode] == nil {
		d.linef("# currency: JPY # no column says it; here, or with --currency")
	}
	if t := d.chosen[event.EventTime]; t != nil && !t.Zoned {
		d.linef("# zone: Asia/Tokyo # the stamps carry no zone, such as %s; here, or with --tz", comment(first(t.Examples)))
	}
	d.linef("fields:")
	fields := 0
	for _, f := range fieldsOf(d.role) {
		fields += d.field(f)
	}
	if fields == 0 {
		d.linef("  {}")
	}
	d.rest()
}

// manyNeeds is how many columns a draft is known by at most.
const manyNeeds = 12

// needs names the columns by which the export is known again.
func (d *draft) needs() {
	var names []string
	for _, f := range fieldsOf(d.role) {
		if c := d.chosen[f]; c != nil && len(names) < manyNeeds {
			names = append(names, quoted(c.Name))
		}
	}
	if d.clock != nil {
		names = append(names, quoted(d.clock.Name))
	}
	for n := range d.i.Columns {
		if c := &d.i.Columns[n]; names == nil && usable(c.Name) {
			names = append(names, quoted(c.Name))
		}
	}
	if names == nil {
		d.linef("ask_for: true # no column has a name that a profile can ask for")
		return
	}
	d.linef("needs: [%s]", strings.Join(names, ", "))
}

// field writes what is known of a field, and returns 1 if it is more than comments.
func (d *draft) field(f event.Field) int {
	c, likely := d.chosen[f], d.maybe[f]
	required := slices.Contains(event.Required(d.role), f)
	switch {
	case c != nil:
		return d.rule(f, c)
	case likely != nil:
		d.linef("  # %s: %s # only part of the name speaks for it; such as %s", f, quoted(likely.Name), comment(first(likely.Examples)))
	case f == event.EventWord && d.loginsOnly():
		d.linef("  event: {text: login} # no column says what was done, and all speak of logins")
		return 1
	case f == event.EventWord:
		d.linef("  # event: {text: login} # required: no column says what was done; only if every row is a login")
	case f == event.KindWord:
		d.linef("  # kind: {text: payment} # required: no column says which; only if every row is a payment")
	case required:
		d.linef("  # %s: COLUMN # required, and no column has such a name: %s", f, f.Doc())
	}
	return 0
}

// loginsOnly reports whether the name of a column or the file speaks of logins.
func (d *draft) loginsOnly() bool {
	speaks := func(name string) bool {
		name = plainName(name)
		return slices.ContainsFunc([]string{"login", "signin", "logon", "ログイン", "サインイン"}, func(w string) bool { return strings.Contains(name, w) })
	}
	return d.chosen[event.OutcomeWord] != nil && (speaks(path.Base(d.i.Name)) || slices.ContainsFunc(d.i.Columns, func(c Column) bool { return speaks(c.Name) }))
}

// rule writes the rule of a field.
func (d *draft) rule(f event.Field, c *Column) int {
	name := quoted(c.Name)
	switch f {
	case event.EventTime:
		return d.time(c)
	case event.AmountText:
		if c.Decimal == ',' {
			d.linef("  amount: {from: %s, decimal: \",\"} # %s", name, comment(c.Why))
		} else {
			d.linef("  amount: %s # such as %s", name, comment(first(c.Examples)))
		}
		d.linef("  # amount: {from: %s, unit: minor} # if it counts cents", name)
	case event.IP:
		d.linef("  ip: {from: %s, as: addr}", name)
	case event.CountryCode:
		d.linef("  country: {from: %s, as: country}", name)
	case event.ASNumber:
		d.linef("  asn: {from: %s, as: asn}", name)
	case event.FundingRef:
		if c.Kind == CardLike {
			d.linef("  funding_ref: {from: %s, as: card} # card numbers become tokens", name)
			break
		}
		d.linef("  funding_ref: %s", name)
	case event.EventWord, event.OutcomeWord, event.ReasonWord, event.KindWord, event.StatusWord, event.FundingSource:
		d.words(f, c)
	default:
		d.linef("  %s: %s", f, name)
	}
	return 1
}

// time writes the rule of the time.
func (d *draft) time(c *Column) int {
	from := "from: " + quoted(c.Name)
	if d.clock != nil {
		from = fmt.Sprintf("all: [%s, %s]", quoted(c.Name), quoted(d.clock.Name))
	}
	switch {
	case c.Kind != TimeLike:
		d.linef("  # event_time: {%s, layout: mdy} # or dmy, or a pattern: %s", from, comment(c.Why))
		return 0
	case c.Layout == "iso":
		d.linef("  event_time: {%s}", from)
	default:
		d.linef("  event_time: {%s, layout: %s} # %s", from, quoted(c.Layout), comment(c.Why))
	}
	return 1
}

// words writes a rule that translates words.
func (d *draft) words(f event.Field, c *Column) {
	other := "reject"
	if f == event.EventWord || f == event.ReasonWord || f == event.FundingSource {
		other = "keep"
	}
	if len(c.Words) == 0 {
		c.Words = c.Examples
	}
	d.linef("  %s:", f)
	d.linef("    from: %s", quoted(c.Name))
	known := map[string]string{}
	for _, w := range c.Words {
		if to, ok := knownWords[f][plainName(w)]; ok && usable(w) {
			known[w] = to
		}
	}
	if len(known) > 0 {
		d.linef("    words:")
	}
	folded := map[string]bool{}
	for _, w := range c.Words {
		switch to := known[w]; {
		case to == "":
			d.linef("      # %s: # one of %s", comment(w), strings.Join(meanings(f), ", "))
		case !folded[strings.ToLower(w)]:
			folded[strings.ToLower(w)] = true
			d.linef("      %s: %s", quoted(w), to)
		}
	}
	if other == "reject" {
		d.linef("    other: reject # a word that is not above")
	}
}

// meanings lists what the words of a field may mean.
func meanings(f event.Field) []string {
	var all []string
	for _, to := range knownWords[f] {
		all = append(all, to)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// rest lists the columns that were not used.
func (d *draft) rest() {
	for n := range d.i.Columns {
		if c := &d.i.Columns[n]; !d.used[c.Name] {
			d.linef("# not used: %s, %s, such as %s", comment(c.Name), c.Kind, comment(first(c.Examples)))
		}
	}
}

func first(all []string) string {
	if len(all) == 0 {
		return "(empty)"
	}
	return all[0]
}

// comment makes a text fit for a comment: one line, not too long.
func comment(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) > longName {
		text = string([]rune(text)[:longName]) + "…"
	}
	return text
}

// harmlessName is a name without what cannot be printed.
func harmlessName(name string) string { return comment(name) }

// quoted writes a text in YAML.
func quoted(text string) string {
	plain := text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && r != '_' && r != ' ' && r != '.' && !('0' <= r && r <= '9')
	})
	head, _ := utf8.DecodeRuneInString(text)
	tail, _ := utf8.DecodeLastRuneInString(text)
	if plain && unicode.IsLetter(head) && tail != ' ' && !slices.Contains(reserved, strings.ToLower(text)) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// reserved are words that mean something else in YAML.
var reserved = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

// profileName makes the name of a profile from that of a file.
func profileName(base string) string {
	base, _, _ = strings.Cut(base, ".")
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r | 0x20
		}
		return '-'
	}, base), "-")
	if name == "" || len(name) > longName {
		return "my-export"
	}
	return name
}
