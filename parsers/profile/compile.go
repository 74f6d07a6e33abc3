package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
)

// Compiled is a profile made ready: every path has a slot, every word is where
// a lookup finds it. It never changes, so goroutines may share it.
type Compiled struct {
	Profile *Profile
	Role    event.Role

	paths  []string
	slots  map[string]int
	needs  [][]int
	where  cond
	null   words
	pass   []passing
	rows   []rowPlan
	labels map[string][]rule
	zone   *time.Location
	signs  bool // a condition asks for the sign of the amount
	cards  bool // some field holds card numbers
	params map[string]string
}

type passing struct {
	when cond
	as   string
}

type rowPlan struct {
	when   cond
	fields []fieldPlan
}

type fieldPlan struct {
	field event.Field
	rules []rule
}

// rule is a Rule made ready.
type rule struct {
	*Rule
	from, all, minus []int
	zone             int // slot, or -1
	when             cond
	words, null      words
	prefixes         []prefix
	fixed            string // Rule.Text, or the parameter that it names
	layouts          []scalar.Layout
	base             int64 // microseconds
	amount           scalar.AmountRule
	scale            func(money.Currency) (digits int, known bool) // of a provider's own minor units
}

type prefix struct{ begin, word []byte }

// words maps words, folded to lower case, to what they mean.
type words map[string][]byte

type cond [][]test

type test struct {
	slot int // signSlot for the sign of the amount
	Test
	is, prefixes, contains [][]byte
}

const signSlot = -2

// Compile makes a profile ready, or says what is wrong with it. params are
// values of its parameters.
func Compile(p *Profile, params map[string]string) (*Compiled, error) {
	return compile(p, params, false)
}

// compile is Compile; with draft set, parameters may lack a value.
func compile(p *Profile, params map[string]string, draft bool) (*Compiled, error) {
	c := &Compiled{Profile: p, slots: map[string]int{}, labels: map[string][]rule{}, params: map[string]string{}}
	for name, value := range p.Params {
		if given, ok := params[name]; ok {
			value = given
		}
		if value == "" && !draft {
			return nil, fmt.Errorf("the profile %s wants a value for %s", p.Name, name)
		}
		c.params["$"+name] = value
	}
	for name := range params {
		if _, ok := p.Params[name]; !ok {
			return nil, fmt.Errorf("the profile %s has no parameter %s", p.Name, name)
		}
	}
	if p.Name == "" || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return nil, errors.New("name: wants lower-case letters, digits and '-'")
	}
	switch p.Role {
	case "auth":
		c.Role = event.Auth
	case "payments":
		c.Role = event.Payments
	default:
		return nil, errors.New("role: is auth or payments")
	}
	for _, step := range []func() error{c.head, c.recognition, c.body, c.labelling} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// head compiles what holds for the whole file.
func (c *Compiled) head() error {
	p := c.Profile
	if !slices.Contains([]string{"", "combined", "lines", "keyval"}, p.Syntax) {
		return errors.New("syntax: is combined, lines, keyval or not given")
	}
	if (p.Heading == "") != (len(p.Body) == 0) {
		return errors.New("heading: goes with body")
	}
	if p.Syntax == "lines" != (len(p.Patterns) > 0) {
		return errors.New("patterns: go with syntax lines")
	}
	if p.Zone != "" {
		zone, ok := scalar.ZoneOf([]byte(p.Zone))
		if !ok {
			return fmt.Errorf("zone: unknown zone %q", p.Zone)
		}
		c.zone = zone
	}
	if p.Currency != "" {
		cur, ok := money.ParseCurrency([]byte(p.Currency))
		if _, known := cur.Exponent(); !ok || !known {
			return fmt.Errorf("currency: unknown currency %q", p.Currency)
		}
	}
	c.null = wordList(p.Absent)
	return nil
}

func (c *Compiled) recognition() error {
	for _, alternatives := range c.Profile.Needs {
		c.needs = append(c.needs, c.slotsOf(alternatives))
	}
	if len(c.needs) == 0 && c.Profile.Syntax == "" && !c.Profile.AskFor {
		return errors.New("needs: name the fields by which the export is known")
	}
	c.where = c.cond(c.Profile.Where)
	for _, p := range c.Profile.Pass {
		if p.As == "" || p.When == nil {
			return errors.New("pass: wants when, and as what such rows count")
		}
		c.pass = append(c.pass, passing{c.cond(p.When), p.As})
	}
	return nil
}

// body compiles the rows.
func (c *Compiled) body() error {
	rows := c.Profile.Rows
	if len(rows) == 0 {
		rows = []Row{{}}
	}
	if len(rows) > maxRows {
		return fmt.Errorf("rows: at most %d", maxRows)
	}
	known := event.AuthFields
	if c.Role == event.Payments {
		known = event.PaymentFields
	}
	for _, row := range rows {
		plan := rowPlan{when: c.cond(row.When)}
		for _, f := range inOrder(known) {
			rules, ok := row.Fields[f.String()]
			if !ok {
				rules = c.Profile.Fields[f.String()]
			}
			if f == event.CurrencyCode && c.Profile.Currency != "" {
				// Amounts are read in it, so whoever reads the row must too.
				rules = append(slices.Clone(rules), Rule{Text: c.Profile.Currency})
			}
			if rules == nil {
				continue
			}
			compiled, err := c.rules(f.String(), rules)
			if err != nil {
				return err
			}
			plan.fields = append(plan.fields, fieldPlan{f, compiled})
		}
		c.rows = append(c.rows, plan)
		if err := checkNames(row.Fields, known); err != nil {
			return err
		}
	}
	return checkNames(c.Profile.Fields, known)
}

// maxRows is how many rows one record may make by Profile.Rows.
const maxRows = 8

// inOrder returns fields in the order in which they are found: what an amount
// means depends on its currency, and conditions may ask for its sign.
func inOrder(fields []event.Field) []event.Field {
	ordered := slices.Clone(fields)
	rank := func(f event.Field) int {
		switch f {
		case event.CurrencyCode:
			return 0
		case event.AmountText:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(ordered, func(a, b event.Field) int { return rank(a) - rank(b) })
	return ordered
}

func checkNames(fields map[string]Rules, known []event.Field) error {
	for name := range fields {
		if !slices.ContainsFunc(known, func(f event.Field) bool { return f.String() == name }) {
			return fmt.Errorf("fields: the schema has no %q", name)
		}
	}
	return nil
}

func (c *Compiled) labelling() error {
	for name, rules := range c.Profile.Labels {
		compiled, err := c.rules(name, rules)
		if err != nil {
			return err
		}
		c.labels[name] = compiled
	}
	return nil
}

func (c *Compiled) rules(name string, rules Rules) ([]rule, error) {
	var out []rule
	for i := range rules {
		r, err := c.rule(&rules[i], name)
		if err != nil {
			return nil, fmt.Errorf("fields: %s: %w", name, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func (c *Compiled) rule(r *Rule, field string) (rule, error) {
	out := rule{Rule: r, zone: -1, when: c.cond(r.When), fixed: c.given(r.Text)}
	given := 0
	for _, g := range []bool{r.From != nil, r.All != nil, r.Text != ""} {
		if g {
			given++
		}
	}
	if given != 1 {
		return out, errors.New("give one of from, all and text")
	}
	out.from, out.all, out.minus = c.slotsOf(r.From), c.slotsOf(r.All), c.slotsOf(r.Minus)
	if r.Zone != "" {
		out.zone = c.slot(r.Zone)
	}
	out.words, out.null = wordMap(r.Words), wordList(r.Absent)
	for begin, word := range r.Prefixes {
		out.prefixes = append(out.prefixes, prefix{[]byte(strings.ToLower(begin)), []byte(word)})
	}
	slices.SortFunc(out.prefixes, func(a, b prefix) int { return len(b.begin) - len(a.begin) })
	if !slices.Contains([]string{"", "keep", "absent", "reject", "pass"}, r.Other) {
		return out, errors.New("other: is keep, absent, reject or pass")
	}
	if !slices.Contains([]string{"", "addr", "forwarded", "country", "asn", "card", "lower"}, r.As) {
		return out, errors.New("as: is addr, forwarded, country, asn, card or lower")
	}
	c.cards = c.cards || r.As == "card"
	if err := out.time(field); err != nil {
		return out, err
	}
	return out, out.money(field)
}

// time compiles what a rule says of a time.
func (r *rule) time(field string) (err error) {
	if field != event.EventTime.String() {
		if r.Layout != nil || r.Rule.Zone != "" || r.Base != "" {
			return errors.New("layout, zone and base are for event_time")
		}
		return nil
	}
	if r.Base != "" {
		t, ok := scalar.TryTime([]byte(r.Base))
		if !ok || !t.Zoned || r.Step <= 0 {
			return errors.New("base: wants a time with its zone, and step the seconds of a step")
		}
		r.base = t.Micros
		return nil
	}
	names := r.Layout
	if len(names) == 0 {
		names = Paths{"iso"}
	}
	for _, name := range names {
		l, err := scalar.CompileLayout(name)
		if err != nil {
			return fmt.Errorf("layout: %w", err)
		}
		r.layouts = append(r.layouts, l)
	}
	return nil
}

// money compiles what a rule says of an amount.
func (r *rule) money(field string) error {
	if field != event.AmountText.String() {
		if r.Unit != "" || r.Decimal != "" || r.Minus != nil {
			return errors.New("unit, decimal and minus are for amount")
		}
		return nil
	}
	switch r.Unit {
	case "", "major":
		r.amount.Unit = scalar.Major
	case "minor":
		r.amount.Unit = scalar.Minor
	case "hundredths":
		r.amount.Unit = scalar.Hundredths
	case "stripe":
		r.scale = scalar.StripeDigits
	case "adyen":
		r.scale = scalar.AdyenDigits
	default:
		return errors.New("unit: is major, minor, hundredths, stripe or adyen")
	}
	switch r.Decimal {
	case "", ".":
		r.amount.Decimal = '.'
	case ",":
		r.amount.Decimal = ','
	default:
		return errors.New(`decimal: is "." or ","`)
	}
	return nil
}

func (c *Compiled) slotsOf(paths []string) []int {
	var out []int
	for _, p := range paths {
		out = append(out, c.slot(p))
	}
	return out
}

// slot returns the slot of a path.
func (c *Compiled) slot(path string) int {
	path = c.given(path)
	if path == AmountSign {
		c.signs = true
		return signSlot
	}
	n, ok := c.slots[path]
	if !ok {
		n = len(c.paths)
		c.slots[path] = n
		c.paths = append(c.paths, path)
	}
	return n
}

func (c *Compiled) cond(from Cond) cond {
	var out cond
	for _, list := range from {
		var all []test
		for _, t := range list {
			all = append(all, test{slot: c.slot(t.Path), Test: t, is: c.texts(t.Is), prefixes: c.texts(t.Prefixes), contains: lower(t.Contains)})
		}
		out = append(out, all)
	}
	return out
}

func (c *Compiled) texts(list []string) [][]byte {
	var out [][]byte
	for _, s := range list {
		out = append(out, []byte(c.given(s)))
	}
	return out
}

// given returns the value of a parameter, or the text itself.
func (c *Compiled) given(s string) string {
	if value, ok := c.params[s]; ok {
		return value
	}
	return s
}

func lower(list []string) [][]byte {
	var out [][]byte
	for _, s := range list {
		out = append(out, []byte(strings.ToLower(s)))
	}
	return out
}

func wordMap(from map[string]string) words {
	if len(from) == 0 {
		return nil
	}
	w := words{}
	for k, v := range from {
		w[strings.ToLower(k)] = []byte(v)
	}
	return w
}

func wordList(list []string) words {
	w := words{}
	for _, s := range list {
		w[strings.ToLower(s)] = nil
	}
	return w
}

// Paths returns the fields that a mapper asks for, by slot.
func (c *Compiled) Paths() []string { return c.paths }

// Has reports whether any row of the profile has a field.
func (c *Compiled) Has(f event.Field) bool {
	return slices.ContainsFunc(c.rows, func(r rowPlan) bool {
		return slices.ContainsFunc(r.fields, func(p fieldPlan) bool { return p.field == f })
	})
}

// Missing returns the entries of Profile.Needs of which none is there.
func (c *Compiled) Missing(there func(slot int) bool) []string {
	var out []string
	for i, alternatives := range c.needs {
		if !slices.ContainsFunc(alternatives, there) {
			var names []string
			for _, name := range c.Profile.Needs[i] {
				names = append(names, c.given(name))
			}
			out = append(out, strings.Join(names, " or "))
		}
	}
	return out
}
