package insider

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
)

// An Entered is an account that someone else got into.
type Entered struct {
	Account event.Key
	At      int64
	Shops   []event.Key // where stolen money was spent, each once
}

// A Question is what is asked of a log.
type Question struct {
	Entered []Entered   // by account
	Unsure  []event.Key // accounts that were possibly entered
	Spent   []Payment   // stolen payments at shops
	Stolen  []event.Key // all transactions that are or may be stolen
	Policy  *policy.Insider
}

// Answers is what was counted of a log.
type Answers struct {
	// Cut is the time before which it is told what accounts share, and Late how
	// many of the entered accounts were entered before it.
	Cut, Late int64
	Cohorts   []Cohort // but for registers and people; see Tills
	// Of and OthersOf are how many entered and other accounts share anything of a
	// kind.
	Of, OthersOf [Kinds]int64
	// Tried is how many groups of a kind have two entered accounts and more.
	Tried [Kinds]int64
	Tills []Passing
}

const (
	// strata are the numbers of things that accounts are told apart by.
	strata = 28
	// mostCohorts is how many groups of a kind are counted, those with most
	// entered accounts first.
	mostCohorts = 4096
	// exact is up to where every number of things is a stratum.
	exact = 16
)

// stratum returns the stratum of an account with n things of a kind.
func stratum(n int) int {
	if n < exact {
		return n
	}
	return min(exact-5+bits.Len(uint(n)), strata-1)
}

// A trait is what an account shares with others.
type trait struct {
	kind  Kind
	value event.Key
}

const week = 7 * 86400 * 1_000_000

// weekOf returns the key of the week of a time. The first of January 1970 was a
// Thursday.
func weekOf(micros int64) event.Key {
	w := micros + week*3/7
	n := w / week
	if w%week < 0 {
		n--
	}
	return event.Key(n + weekBias)
}

// weekBias keeps the keys of weeks above 0.
const weekBias = 1 << 40

// monday returns when the week of a key begins.
func monday(k event.Key) int64 { return (int64(k)-weekBias)*week - week*3/7 }

// A fact is one row that shows a trait.
type fact struct {
	trait
	at  int64
	row event.Pos
}

// A witness is told of a row that shows a trait of its account.
type witness func(k Kind, value event.Key, at int64, row event.Pos)

// shows tells what the rows of an account show of it before the cut.
func shows(logins []event.Login, charges []event.Charge, cut int64, see witness) {
	for i := range logins {
		l := &logins[i]
		if l.Time >= cut {
			break
		}
		if l.Outcome() == event.Failure {
			continue
		}
		switch l.Action {
		case event.AccountCreate:
			see(Opened, weekOf(l.Time), l.Time, l.Pos)
		case event.CardRegister:
			see(Carded, weekOf(l.Time), l.Time, l.Pos)
		case event.PasswordReset:
			see(Reset, weekOf(l.Time), l.Time, l.Pos)
		}
	}
	for i := range charges {
		c := &charges[i]
		if c.Time >= cut {
			break
		}
		if c.Status == event.Declined || c.Kind != event.Payment && c.Kind != event.TopUp {
			continue
		}
		if c.Kind == event.Payment && c.Store != 0 {
			see(Shop, c.Store, c.Time, c.Pos)
		}
		if c.Funding == event.Card || c.Funding == event.Debit || c.Funding == event.Bank {
			see(Instrument, event.Key(c.Funding), c.Time, c.Pos)
		}
	}
}

// spends tells at which shops charges were paid from the cut on.
func spends(charges []event.Charge, cut int64, see witness) {
	for i := range charges {
		if c := &charges[i]; c.Time >= cut && c.Kind == event.Payment && c.Status != event.Declined && c.Store != 0 {
			see(SpentAt, c.Store, c.Time, c.Pos)
		}
	}
}

// distinct sorts facts by trait and keeps the first of each by time. Rows of one
// time are told apart by where they stand, which changes no text that they share.
func distinct(f []fact) []fact {
	slices.SortFunc(f, func(a, b fact) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value), cmp.Compare(a.at, b.at), cmp.Compare(a.row, b.row))
	})
	return slices.CompactFunc(f, func(a, b fact) bool { return a.trait == b.trait })
}

// Count answers a question, but for what needs the text of rows.
func Count(ctx context.Context, workers int, log *event.Log, q *Question) (*Answers, error) {
	a := &Answers{}
	if len(q.Entered) == 0 {
		return a, nil
	}
	a.cut(q)
	s := &survey{q: q, cut: a.Cut, class: map[event.Key]int32{}}
	for i := range q.Entered {
		s.class[q.Entered[i].Account] = int32(i)
		if q.Entered[i].At < a.Cut {
			s.class[q.Entered[i].Account] = leftOut
		}
	}
	for _, k := range q.Unsure {
		s.class[k] = leftOut
	}
	all, err := s.members(ctx, log)
	if err != nil {
		return nil, err
	}
	cohorts := candidates(all)
	s.tills = newTills(q)
	counts, err := countWalk.Run(ctx, workers, log.Parts, &counting{s, cohorts}, nil)
	if err != nil {
		return nil, err
	}
	sum := newCounts(s, cohorts)
	for _, c := range counts {
		sum.merge(c)
	}
	a.add(&sum, cohorts, q.Policy.Level.Value)
	a.Tills = s.tills.beside(sum.near)
	return a, nil
}

// cut sets the time before which it is told what accounts share.
func (a *Answers) cut(q *Question) {
	at := make([]int64, len(q.Entered))
	for i := range q.Entered {
		at[i] = q.Entered[i].At
	}
	slices.Sort(at)
	a.Cut = at[len(at)/10]
	for _, t := range at {
		if t < a.Cut {
			a.Late++
		}
	}
}

// leftOut is the class of accounts that are on neither side.
const leftOut = int32(-1)

// A survey is what all workers share, and none changes.
type survey struct {
	q     *Question
	cut   int64
	class map[event.Key]int32 // index of Entered, or leftOut
	tills *tills
}

// A member is an entered account and what it shares.
type member struct {
	fact
	who int32
}

// members lists what the entered accounts share.
func (s *survey) members(ctx context.Context, log *event.Log) ([]member, error) {
	var all []member
	var shown []fact
	entered := make([]event.Key, len(s.q.Entered))
	for i := range s.q.Entered {
		entered[i] = s.q.Entered[i].Account
	}
	if err := log.Parts.Fetch(ctx, entered); err != nil {
		return nil, err
	}
	reader := log.Parts.NewReader()
	for who := range s.q.Entered {
		e := &s.q.Entered[who]
		if s.class[e.Account] == leftOut {
			continue
		}
		rows, err := reader.Account(e.Account)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		shown = shown[:0]
		shows(rows.Logins, rows.Charges, s.cut, func(k Kind, value event.Key, at int64, row event.Pos) {
			shown = append(shown, fact{trait{k, value}, at, row})
		})
		for _, f := range distinct(shown) {
			all = append(all, member{f, int32(who)})
		}
		for _, shop := range e.Shops {
			all = append(all, member{fact{trait: trait{SpentAt, shop}}, int32(who)})
		}
	}
	return all, nil
}

// candidates returns the groups that two entered accounts or more are in.
func candidates(all []member) []Cohort {
	slices.SortFunc(all, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value), cmp.Compare(a.at, b.at), cmp.Compare(a.who, b.who))
	})
	var out []Cohort
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].trait == all[0].trait {
			n++
		}
		if n > 1 {
			out = append(out, cohortOf(all[0].fact, all[n-1].at))
			for _, m := range all[:n] {
				out[len(out)-1].Members = append(out[len(out)-1].Members, m.who)
			}
		}
		all = all[n:]
	}
	slices.SortStableFunc(out, func(a, b Cohort) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(b.Members), len(a.Members)))
	})
	var kept [Kinds]int
	return slices.DeleteFunc(out, func(c Cohort) bool {
		kept[c.Kind]++
		return kept[c.Kind] > mostCohorts
	})
}

// cohortOf returns the group of a fact, which is its first.
func cohortOf(f fact, last int64) Cohort {
	c := Cohort{Kind: f.kind, Value: f.value, Row: f.row, First: f.at, Last: last, key: f.trait}
	switch f.kind {
	case Opened, Carded, Reset:
		c.Week, c.Value = monday(f.value), 0
	case Instrument:
		c.Text, c.Value = event.Funding(f.value).String(), 0
	}
	return c
}

func loginAccount(l *event.Login) event.Key   { return l.Account }
func chargeAccount(c *event.Charge) event.Key { return c.Account }

// ofAccount returns the rows that begin a list and are of one account.
func ofAccount[T any](rows []T, account event.Key, of func(*T) event.Key) []T {
	n := 0
	for n < len(rows) && of(&rows[n]) == account {
		n++
	}
	return rows[:n]
}

// A tally counts accounts by stratum.
type tally [strata]int64

// counts are of some parts.
type counts struct {
	// accounts and sums count all accounts that share anything of a kind and how
	// many things that is, entered those of them that were entered.
	accounts, sums, entered [Kinds]tally
	groups                  []tally // by cohort
	victims                 []int64
	near                    [][]control // by stolen payment
}

func newCounts(s *survey, cohorts []Cohort) counts {
	return counts{groups: make([]tally, len(cohorts)), victims: make([]int64, len(cohorts)), near: make([][]control, len(s.tills.spent))}
}

// A counting is what a counter is given.
type counting struct {
	survey  *survey
	cohorts []Cohort
}

var countWalk = event.NewPartWalk("insiders", newCounter, (*counter).part, func(c *counter) *counts { return &c.counts })

// A counter counts the accounts of a worker's parts.
type counter struct {
	*survey
	counts
	at    [Kinds]map[event.Key]int // groups by value
	maybe [1 << 10]uint64          // bits of the values that are counted
	asked bool                     // there are shops where money was spent

	things [Kinds][]event.Key // of the account at hand
	see    witness
}

func newCounter(given *counting) *counter {
	c := &counter{survey: given.survey, counts: newCounts(given.survey, given.cohorts)}
	c.see = c.note
	for i := range given.cohorts {
		t := given.cohorts[i].key
		if c.at[t.kind] == nil {
			c.at[t.kind] = map[event.Key]int{}
		}
		c.at[t.kind][t.value] = i
		word, bit := maybeBit(t.value)
		c.maybe[word] |= bit
		c.asked = c.asked || t.kind == SpentAt
	}
	return c
}

func maybeBit(k event.Key) (word, bit uint64) {
	h := uint64(k) * 0x9e3779b97f4a7c15 >> 48
	return h >> 6, 1 << (h & 63)
}

// part counts the accounts of a part.
func (c *counter) part(p *event.Part) {
	logins, charges := p.Logins, p.Charges
	for len(logins) > 0 || len(charges) > 0 {
		var account event.Key
		if len(charges) == 0 || len(logins) > 0 && logins[0].Account <= charges[0].Account {
			account = logins[0].Account
		} else {
			account = charges[0].Account
		}
		l, m := ofAccount(logins, account, loginAccount), ofAccount(charges, account, chargeAccount)
		logins, charges = logins[len(l):], charges[len(m):]
		c.account(account, l, m)
		c.tills.look(c.near, m)
	}
}

// account counts one account.
func (c *counter) account(key event.Key, logins []event.Login, charges []event.Charge) {
	who, named := c.class[key]
	if who == leftOut {
		return
	}
	shows(logins, charges, c.cut, c.see)
	if named {
		c.things[SpentAt] = append(c.things[SpentAt], c.q.Entered[who].Shops...)
	} else if c.asked {
		spends(charges, c.cut, c.see)
	}
	for k := range Kinds {
		if len(c.things[k]) > 0 {
			slices.Sort(c.things[k])
			c.kind(k, slices.Compact(c.things[k]), named)
			c.things[k] = c.things[k][:0]
		}
	}
}

// note takes in what a row shows, mostly what the row before it showed.
func (c *counter) note(k Kind, value event.Key, _ int64, _ event.Pos) {
	if t := c.things[k]; len(t) == 0 || t[len(t)-1] != value {
		c.things[k] = append(t, value)
	}
}

// kind counts what an account shares of one kind.
func (c *counter) kind(k Kind, values []event.Key, entered bool) {
	s := stratum(len(values))
	if k == SpentAt {
		s = 1 // thieves spend at few shops, whatever owners do
	}
	c.accounts[k][s]++
	c.sums[k][s] += int64(len(values))
	if entered {
		c.entered[k][s]++
	}
	for _, value := range values {
		if word, bit := maybeBit(value); c.maybe[word]&bit == 0 {
			continue
		}
		if at, ok := c.at[k][value]; ok {
			c.groups[at][s]++
			if entered {
				c.victims[at]++
			}
		}
	}
}

// merge adds the counts of another worker.
func (c *counts) merge(o *counts) {
	for k := range Kinds {
		c.accounts[k].add(&o.accounts[k])
		c.sums[k].add(&o.sums[k])
		c.entered[k].add(&o.entered[k])
	}
	for i := range c.groups {
		c.groups[i].add(&o.groups[i])
		c.victims[i] += o.victims[i]
	}
	for i := range c.near {
		for _, x := range o.near[i] {
			c.near[i] = keep(c.near[i], x)
		}
	}
}

func (t *tally) add(o *tally) {
	for i := range t {
		t[i] += o[i]
	}
}

func (t *tally) sum() (n int64) {
	for _, m := range t {
		n += m
	}
	return n
}

// expected returns how many of the entered accounts would have as many of what
// counts counts as all accounts have, in units of 2^-point.
func expected(counts, entered, accounts *tally) (sum uint64) {
	for s := range counts {
		if accounts[s] > 0 {
			sum += share(counts[s], entered[s], accounts[s])
		}
	}
	return sum
}

// add works out the groups of what was counted.
func (a *Answers) add(c *counts, cohorts []Cohort, level int64) {
	var all [Kinds]uint64
	for k := range Kinds {
		a.Of[k] = c.entered[k].sum()
		a.OthersOf[k] = c.accounts[k].sum() - a.Of[k]
		all[k] = expected(&c.sums[k], &c.entered[k], &c.accounts[k])
	}
	for i := range cohorts {
		g := &cohorts[i]
		k := g.Kind
		a.Tried[k]++
		g.Victims, g.Of, g.OthersOf = c.victims[i], a.Of[k], a.OthersOf[k]
		g.Others = c.groups[i].sum() - g.Victims
		g.mean = expected(&c.groups[i], &c.entered[k], &c.accounts[k])
		g.weigh(all[k], level)
	}
	a.Cohorts = cohorts
}
