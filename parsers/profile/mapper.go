package profile

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
)

// Values are the fields of a record by slot, nil for those that are absent.
type Values [][]byte

// Fields are the texts of the fields of the neutral schema, nil where absent.
type Fields = [event.NumFields][]byte

// Env is what a profile leaves open.
type Env struct {
	// Zone, if not nil, is the zone of stamps that carry none, whatever the
	// profile says.
	Zone *time.Location
	// Year is for stamps without a year; if it is 0 they are taken to lie in
	// the year before NotAfter, in microseconds since 1970.
	Year     int
	NotAfter int64
	Currency money.Currency // where neither field nor profile says
	CardKey  []byte         // makes tokens of card numbers
}

// What says what a record, or one row of it, is.
type What uint8

// The kinds of result.
const (
	Event  What = iota // a row of the schema
	NoRow              // the record makes no such row
	Passed             // understood, and no event of an account
	Fault              // not understood
)

// A Result is what became of a record. Reason is constant text: of a fault why,
// of what is passed over what it is.
type Result struct {
	What   What
	Field  event.Field
	Reason string
}

// The reasons of faults.
const (
	badTime     = "cannot read this time in the way that the profile names"
	badGap      = "a wall-clock time that the zone skips"
	badZone     = "not a time zone"
	badAmount   = "cannot read this amount in the way that the profile names"
	badSign     = "a negative amount, of which the profile says nothing"
	badCurrency = "not a currency code with known digits"
	badWord     = "a word that the profile does not know"
	badCard     = "a card number that a spreadsheet has destroyed"
	notEvent    = "no event of an account"
)

// A Mapper turns records into rows. It is used by one goroutine.
type Mapper struct {
	*Compiled
	env    Env
	clock  *scalar.Clock // of the zone for stamps without one, or nil
	zones  map[string]*scalar.Clock
	mac    hash.Hash
	buf    []byte // text that rows point into
	folded []byte

	v        Values
	sign     string
	currency money.Currency
}

// NewMapper returns a mapper of the profile.
func (c *Compiled) NewMapper(env Env) *Mapper {
	m := &Mapper{Compiled: c, env: env, zones: map[string]*scalar.Clock{}, mac: hmac.New(sha256.New, env.CardKey)}
	m.v = make(Values, len(c.paths)) // until Begin, a record without fields
	switch {
	case env.Zone != nil:
		m.clock = scalar.NewClock(env.Zone)
	case c.zone != nil:
		m.clock = scalar.NewClock(c.zone)
	}
	return m
}

// Rows returns how many rows a record may make.
func (m *Mapper) Rows() int { return len(m.rows) }

// Begin takes a record. If it returns anything but an Event, the record makes no
// rows.
func (m *Mapper) Begin(v Values) Result {
	m.v, m.sign, m.buf = v, "", m.buf[:0]
	for i := range m.pass {
		if m.holds(m.pass[i].when) {
			return Result{Passed, event.NumFields, m.pass[i].as}
		}
	}
	return Result{}
}

// Where reports whether the record at hand is of the kind that the profile is
// for.
func (m *Mapper) Where() bool { return m.holds(m.where) }

// Row fills row with row n of the record. It is valid until the next Begin.
func (m *Mapper) Row(n int, row *Fields) Result {
	*row = Fields{}
	plan := &m.rows[n]
	m.sign, m.currency = "", 0
	// Conditions that ask for the sign of the amount have to wait for it.
	signed := usesSign(plan.when)
	if !signed && !m.holds(plan.when) {
		return Result{What: NoRow}
	}
	for i := range plan.fields {
		f := &plan.fields[i]
		text, res := m.field(f)
		if res.What != Event {
			return res
		}
		row[f.field] = text
	}
	if signed && !m.holds(plan.when) {
		return Result{What: NoRow}
	}
	return Result{}
}

func usesSign(c cond) bool {
	for _, list := range c {
		for i := range list {
			if list[i].slot == signSlot {
				return true
			}
		}
	}
	return false
}

// Label returns what the export itself says of the record at hand.
func (m *Mapper) Label(name string) []byte {
	f := fieldPlan{event.NumFields, m.labels[name]}
	text, _ := m.field(&f)
	return text
}

// field finds the text of a field by its rules.
func (m *Mapper) field(f *fieldPlan) ([]byte, Result) {
	for i := range f.rules {
		r := &f.rules[i]
		if !m.holds(r.when) {
			continue
		}
		var text []byte
		var res Result
		switch f.field {
		case event.EventTime:
			text, res = m.time(r)
		case event.AmountText:
			text, res = m.money(r)
		default:
			text, res = m.text(r)
		}
		if res.What != Event {
			res.Field = f.field
			return nil, res
		}
		if text != nil {
			if f.field == event.CurrencyCode {
				cur, ok := money.ParseCurrency(text)
				if _, known := cur.Exponent(); !ok || !known {
					return nil, Result{What: Fault, Field: f.field, Reason: badCurrency}
				}
				m.currency = cur
			}
			return text, res
		}
	}
	return nil, Result{}
}

// raw returns the text that a rule starts from, nil if it is absent.
func (m *Mapper) raw(r *rule) []byte {
	switch {
	case r.Text != "":
		return m.keep(r.fixed)
	case r.all != nil:
		return m.joined(r)
	}
	for _, slot := range r.from {
		if b := m.value(slot, r.null); b != nil {
			return b
		}
	}
	return nil
}

// value returns a field without blanks around it, nil if it is empty or a word
// that means absent.
func (m *Mapper) value(slot int, null words) []byte {
	b := scalar.TrimSpace(m.v[slot])
	if len(b) == 0 || m.is(null, b) || m.is(m.null, b) {
		return nil
	}
	return b
}

// is reports whether b is one of a list of words.
func (m *Mapper) is(list words, b []byte) bool {
	if len(list) == 0 || len(b) > longWord {
		return false
	}
	_, ok := list[string(m.fold(b))]
	return ok
}

// longWord is how long a word of a table may be, in bytes.
const longWord = 256

// fold returns b with ASCII in lower case, valid until the next call.
func (m *Mapper) fold(b []byte) []byte {
	m.folded = m.folded[:0]
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		m.folded = append(m.folded, c)
	}
	return m.folded
}

// keep copies a text to where it lives as long as the row.
func (m *Mapper) keep(s string) []byte {
	from := len(m.buf)
	m.buf = append(m.buf, s...)
	return m.buf[from:len(m.buf):len(m.buf)]
}

func (m *Mapper) joined(r *rule) []byte {
	join := r.Join
	if join == "" {
		join = " "
	}
	for _, slot := range r.all {
		if m.value(slot, r.null) == nil {
			return nil
		}
	}
	from := len(m.buf)
	for i, slot := range r.all {
		if i > 0 {
			m.buf = append(m.buf, join...)
		}
		m.buf = append(m.buf, m.value(slot, r.null)...)
	}
	return m.buf[from:len(m.buf):len(m.buf)]
}

// text finds a text and makes of it what the rule says.
func (m *Mapper) text(r *rule) ([]byte, Result) {
	b := m.raw(r)
	if b == nil {
		return nil, Result{}
	}
	b, res := m.word(r, r.cut(b))
	if b == nil || res.What != Event {
		return nil, res
	}
	if b, res = m.as(r, b); res.What != Event {
		return nil, res
	}
	if r.Prefix != "" || r.Suffix != "" {
		from := len(m.buf)
		m.buf = append(append(append(m.buf, r.Prefix...), b...), r.Suffix...)
		b = m.buf[from:len(m.buf):len(m.buf)]
	}
	return b, Result{}
}

// cut takes away what the rule says is no part of the value.
func (r *rule) cut(b []byte) []byte {
	if r.Strip == "" && r.Before == "" {
		return b
	}
	b = bytes.TrimPrefix(b, []byte(r.Strip))
	if r.Before != "" {
		b, _, _ = bytes.Cut(b, []byte(r.Before))
	}
	return scalar.TrimSpace(b)
}

// word looks b up in the tables of a rule. A word that means nothing, such as
// an outcome that is neither success nor failure, is an empty text.
func (m *Mapper) word(r *rule, b []byte) ([]byte, Result) {
	if r.words == nil && r.prefixes == nil {
		return b, Result{}
	}
	if len(b) <= longWord {
		folded := m.fold(b)
		if w, ok := r.words[string(folded)]; ok {
			return present(w), Result{}
		}
		for i := range r.prefixes {
			if bytes.HasPrefix(folded, r.prefixes[i].begin) {
				return present(r.prefixes[i].word), Result{}
			}
		}
	}
	switch r.Other {
	case "absent":
		return nil, Result{}
	case "reject":
		return nil, Result{What: Fault, Reason: badWord}
	case "pass":
		return nil, Result{What: Passed, Reason: notEvent}
	}
	return b, Result{}
}

func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// as makes a value of its kind plain. What is no such value stays as it is: the
// reader of the neutral schema counts it and takes it for absent.
func (m *Mapper) as(r *rule, b []byte) ([]byte, Result) {
	from := len(m.buf)
	ok := false
	switch r.As {
	case "addr":
		m.buf, ok = scalar.AppendAddr(m.buf, b)
	case "forwarded":
		var a event.Addr
		var low uint64
		if a, low, ok = scalar.TryForwarded(b, scalar.PickLastPublic); ok {
			m.buf = scalar.FormatAddr(m.buf, a, low)
		}
	case "country":
		var c event.Country
		if c, ok = scalar.TryCountryName(b); ok {
			m.buf = append(m.buf, c.String()...)
		}
	case "asn":
		b = bytes.TrimSuffix(b, []byte(".0"))
	case "lower":
		m.buf, ok = append(m.buf, m.fold(b)...), true
	case "card":
		return m.card(b)
	}
	if !ok {
		m.buf = m.buf[:from]
		return b, Result{}
	}
	return m.buf[from:len(m.buf):len(m.buf)], Result{}
}

// card makes a token of a card number: the six digits of the issuer, a keyed
// hash, the last four. What is no card number is tokenised whole: a column that
// holds card numbers must not let one through because it has a digit too many.
func (m *Mapper) card(b []byte) ([]byte, Result) {
	_, _, ok := scalar.Card(b)
	if !ok && scalar.MangledNumber(b) {
		return nil, Result{What: Fault, Reason: badCard}
	}
	from := len(m.buf)
	m.mac.Reset()
	if ok {
		m.buf = cardToken(m.buf, m.mac, b)
		return m.buf[from:len(m.buf):len(m.buf)], Result{}
	}
	m.mac.Write(b)
	var sum [sha256.Size]byte
	m.mac.Sum(sum[:0])
	m.buf = hex.AppendEncode(m.buf, sum[:8])
	return m.buf[from:len(m.buf):len(m.buf)], Result{}
}

// digitsOf appends the digits of b.
func digitsOf(dst, b []byte) []byte {
	for _, c := range b {
		if '0' <= c && c <= '9' && len(dst) < cap(dst) {
			dst = append(dst, c)
		}
	}
	return dst
}

// money finds an amount and writes it in the digits of its currency.
func (m *Mapper) money(r *rule) ([]byte, Result) {
	cur := m.currency
	if cur == 0 {
		cur = m.env.Currency
	}
	digits, known := cur.Exponent()
	plus, minus := m.amountText(m.raw(r)), m.amountText(m.first(r.minus, r.null))
	if plus == nil && minus == nil {
		return nil, Result{}
	}
	if !known {
		return nil, Result{What: Fault, Reason: badCurrency}
	}
	var sum int64
	for i, b := range [][]byte{plus, minus} {
		if b == nil {
			continue
		}
		n, negative, ok := r.minor(b, cur, digits)
		if !ok {
			return nil, Result{What: Fault, Reason: badAmount}
		}
		if negative != (i == 1) {
			n = -n
		}
		sum += n // both are at most money.MaxAmount
	}
	switch {
	case sum < 0:
		m.sign, sum = "negative", -sum
	case sum > 0:
		m.sign = "positive"
	default:
		m.sign = "zero"
	}
	if m.sign == "negative" && !m.signs {
		return nil, Result{What: Fault, Reason: badSign}
	}
	from := len(m.buf)
	m.buf = scalar.FormatMajor(m.buf, sum, digits)
	return m.buf[from:len(m.buf):len(m.buf)], Result{}
}

// minor reads a number as minor units.
func (r *rule) minor(b []byte, cur money.Currency, digits int) (n int64, negative, ok bool) {
	if r.scale == nil {
		return scalar.TryAmount(b, r.amount, digits)
	}
	scale, known := r.scale(cur)
	if !known {
		return 0, false, false
	}
	return scalar.TryScaled(b, r.amount, scale, digits)
}

// amountText returns nil for marks that say "no amount".
func (m *Mapper) amountText(b []byte) []byte {
	if scalar.IsBlank(b) {
		return nil
	}
	return b
}

func (m *Mapper) first(slots []int, null words) []byte {
	for _, slot := range slots {
		if b := m.value(slot, null); b != nil {
			return b
		}
	}
	return nil
}

// time finds a time and writes it in UTC, or as the clock on the wall where
// nothing says in which zone.
func (m *Mapper) time(r *rule) ([]byte, Result) {
	b := m.raw(r)
	if b == nil {
		return nil, Result{}
	}
	b = r.cut(b)
	if r.Base != "" {
		return m.steps(r, b)
	}
	t, ok := m.layout(r, b)
	if !ok {
		return nil, Result{What: Fault, Reason: badTime}
	}
	clock := m.clock
	if r.zone >= 0 && !t.Zoned {
		if zone := m.value(r.zone, nil); zone != nil {
			if clock, ok = m.zone(zone); !ok {
				return nil, Result{What: Fault, Reason: badZone}
			}
		}
	}
	if !t.Zoned && clock != nil {
		if t.Micros, _, ok = clock.UTC(t.Micros); !ok {
			return nil, Result{What: Fault, Reason: badGap}
		}
		t.Zoned = true
	}
	return m.stamp(t, b), Result{}
}

func (m *Mapper) layout(r *rule, b []byte) (scalar.Time, bool) {
	hint := scalar.YearHint{Year: m.env.Year, NotAfter: m.env.NotAfter}
	for i := range r.layouts {
		if t, ok := r.layouts[i].Try(b, hint); ok {
			return t, true
		}
	}
	return scalar.Time{}, false
}

// maxZones is how many zones of a column are remembered.
const maxZones = 1000

// zone returns the clock of a zone that a field names.
func (m *Mapper) zone(name []byte) (*scalar.Clock, bool) {
	clock, seen := m.zones[string(name)]
	if !seen && len(m.zones) < maxZones {
		if loc, ok := scalar.ZoneOf(name); ok {
			clock = scalar.NewClock(loc)
		}
		m.zones[string(name)] = clock
	}
	return clock, clock != nil
}

// steps reads a time that counts steps from a base.
func (m *Mapper) steps(r *rule, b []byte) ([]byte, Result) {
	n, ok := scalar.TryUint32(b)
	micros := r.base + int64(n)*r.Step*1e6
	if !ok || micros > scalar.MaxMicros || r.Step > 1<<20 {
		return nil, Result{What: Fault, Reason: badTime}
	}
	return m.stamp(scalar.Time{Micros: micros, Zoned: true}, nil), Result{}
}

// stamp writes a time. Digits of the original beyond the microsecond are kept:
// two records that differ in them are not the same.
func (m *Mapper) stamp(t scalar.Time, original []byte) []byte {
	layout := "2006-01-02T15:04:05.000000"
	from := len(m.buf)
	m.buf = time.UnixMicro(t.Micros).UTC().AppendFormat(m.buf, layout)
	m.buf = append(m.buf, finest(original)...)
	if t.Zoned {
		m.buf = append(m.buf, 'Z')
	}
	return m.buf[from:len(m.buf):len(m.buf)]
}

// finest returns the digits of a fraction beyond the sixth, at most three.
func finest(b []byte) []byte {
	n := bytes.IndexAny(b, ".,")
	if n < 0 {
		return nil
	}
	b = b[n+1:]
	end := 0
	for end < len(b) && '0' <= b[end] && b[end] <= '9' {
		end++
	}
	return b[min(6, end):min(9, end)]
}

// holds reports whether a condition holds for the record at hand.
func (m *Mapper) holds(c cond) bool {
	if len(c) == 0 {
		return true
	}
	for _, list := range c {
		if m.all(list) {
			return true
		}
	}
	return false
}

func (m *Mapper) all(list []test) bool {
	for i := range list {
		if m.test(&list[i]) == list[i].Not {
			return false
		}
	}
	return true
}

func (m *Mapper) test(t *test) bool {
	var b []byte
	if t.slot == signSlot {
		b = []byte(m.sign)
	} else {
		b = scalar.TrimSpace(m.v[t.slot])
	}
	switch {
	case t.Present:
		return len(b) > 0 && !m.is(m.null, b)
	case t.Nonzero:
		return bytes.ContainsAny(b, "123456789")
	}
	for _, w := range t.is {
		if bytes.EqualFold(b, w) {
			return true
		}
	}
	for _, w := range t.prefixes {
		if len(b) >= len(w) && bytes.EqualFold(b[:len(w)], w) {
			return true
		}
	}
	if len(t.contains) > 0 && len(b) <= longText {
		folded := m.fold(b)
		for _, w := range t.contains {
			if bytes.Contains(folded, w) {
				return true
			}
		}
	}
	return false
}

// longText is how much of a field is searched for a word, in bytes.
const longText = 64 << 10
