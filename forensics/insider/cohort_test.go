package insider

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
)

const (
	second = int64(1_000_000)
	day    = 86400 * second
	// start is Monday, 1 July 2019, UTC.
	start = 1561939200 * second
)

// A town is rows and their text.
type town struct {
	logins  []event.Login
	charges []event.Charge
	text    map[event.Pos]*event.Text
	q       Question
}

func newTown() *town {
	p := policy.Default()
	return &town{text: map[event.Pos]*event.Text{}, q: Question{Policy: &p.Insider}}
}

// row returns where the next row stands, and gives it its text.
func (w *town) row(words ...string) event.Pos {
	pos := event.At(0, int64(len(w.text)))
	t := &event.Text{}
	for i, f := range []event.Field{event.AccountID, event.StoreID, event.TerminalID, event.OperatorID} {
		if i < len(words) {
			t.Fields[f] = words[i]
		}
	}
	w.text[pos] = t
	return pos
}

// pay adds a payment at a shop, by an account; register and person may be told.
func (w *town) pay(at int64, account, shop string, till ...string) *event.Charge {
	c := event.Charge{Time: at, Account: event.KeyOfString(account), Store: event.KeyOfString(shop), Kind: event.Payment,
		Status: event.Approved, Amount: 100, Pos: w.row(append([]string{account, shop}, till...)...)}
	c.Txn = event.KeyOfString(fmt.Sprint("txn", c.Pos))
	if len(till) > 0 && till[0] != "" {
		c.Mark |= event.HasTerminal
	}
	if len(till) > 1 && till[1] != "" {
		c.Mark |= event.HasOperator
	}
	w.charges = append(w.charges, c)
	return &w.charges[len(w.charges)-1]
}

func (w *town) act(at int64, account string, a event.Action) {
	w.logins = append(w.logins, event.Login{Time: at, Account: event.KeyOfString(account), Action: a,
		Word: event.PackWord(event.Success, event.NoReason, true, false, false), Pos: w.row(account)})
}

// steal adds a stolen payment of an account that is entered already.
func (w *town) steal(at int64, account, shop string, till ...string) {
	c := w.pay(at, account, shop, till...)
	who := slices.IndexFunc(w.q.Entered, func(e Entered) bool { return e.Account == c.Account })
	w.q.Spent = append(w.q.Spent, Payment{c.Store, c.Time, c.Txn, c.Pos, int32(who), c.Mark})
	w.q.Stolen = append(w.q.Stolen, c.Txn)
	w.q.Entered[who].Shops = append(w.q.Entered[who].Shops, c.Store)
}

func (w *town) enter(at int64, account string) {
	w.q.Entered = append(w.q.Entered, Entered{Account: event.KeyOfString(account), At: at})
}

// ask spreads the rows over parts and answers the question.
func (w *town) ask(t *testing.T, parts, workers int) (*Answers, []Cohort) {
	t.Helper()
	rows := make([]event.Part, parts)
	for _, l := range w.logins {
		p := &rows[event.PartOf(l.Account, parts)]
		p.Logins = append(p.Logins, l)
	}
	for _, c := range w.charges {
		p := &rows[event.PartOf(c.Account, parts)]
		p.Charges = append(p.Charges, c)
	}
	for i := range rows {
		rows[i].Sort()
	}
	log := &event.Log{Parts: event.Pack(rows, nil)}
	w.shops()
	a, err := Count(context.Background(), workers, log, &w.q)
	if err != nil {
		t.Fatal(err)
	}
	return a, a.AtTills(&w.q, func(p event.Pos) *event.Text { return w.text[p] })
}

// shops lists the shops of each entered account once.
func (w *town) shops() {
	for i := range w.q.Entered {
		e := &w.q.Entered[i]
		slices.Sort(e.Shops)
		e.Shops = slices.Compact(e.Shops)
	}
}

// customers lets people pay in shops for two weeks, and open accounts.
func customers(r *rand.Rand, people, shops int) *town {
	w := newTown()
	for n := range people {
		id := fmt.Sprintf("a%04d", n)
		for range r.IntN(9) {
			shop := min(r.IntN(shops), r.IntN(shops)) // some are busy
			c := w.pay(start+r.Int64N(14*day), id, fmt.Sprint("S", shop))
			c.Funding = event.Card + event.Funding(r.IntN(3))
		}
		if r.IntN(3) == 0 {
			w.act(start+r.Int64N(14*day), id, event.AccountCreate)
		}
		if r.IntN(9) == 0 {
			w.act(start+r.Int64N(14*day), id, event.CardRegister)
			w.act(start+r.Int64N(14*day), id, event.PasswordReset)
		}
	}
	return w
}

// TestDrawnByLot enters accounts by lot, as lists do: no more logs than the
// policy says may show anything that stands out.
func TestDrawnByLot(t *testing.T) {
	const logs = 60
	stand, kinds := 0, map[Kind]bool{}
	for seed := range uint64(logs) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := customers(r, 800, 60)
		for _, n := range r.Perm(800)[:40] {
			w.enter(start+14*day+r.Int64N(5*day), fmt.Sprintf("a%04d", n))
		}
		a, _ := w.ask(t, 4, 1)
		found := false
		for i := range a.Cohorts {
			c := &a.Cohorts[i]
			kinds[c.Kind] = true
			found = found || c.StandOut
		}
		if found {
			stand++
		}
	}
	if level := w0.Level.Value; int64(stand)*1000 > 2*level*logs { // as many again, by chance
		t.Errorf("%d of %d logs show a group that stands out; at most %d in 1000 should", stand, logs, level)
	}
	if len(kinds) != 5 {
		t.Errorf("only %v were looked at", kinds)
	}
}

var w0 = policy.Default().Insider

// TestBusyAccounts enters busy accounts alone, as those are whom thieves find
// something with: what busy people share is no cohort.
func TestBusyAccounts(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 4))
		w := customers(r, 2000, 30)
		charges := map[event.Key]int{}
		for i := range w.charges {
			charges[w.charges[i].Account]++
		}
		for n := range 2000 {
			if id := fmt.Sprintf("a%04d", n); charges[event.KeyOfString(id)] == 8 && r.IntN(2) == 0 {
				w.enter(start+14*day+r.Int64N(5*day), id)
			}
		}
		a, _ := w.ask(t, 4, 1)
		for i := range a.Cohorts {
			if c := &a.Cohorts[i]; c.StandOut || c.Kind == Shop && c.Victims > 30 && (c.Lift < 700 || c.Lift > 1400) {
				t.Errorf("seed %d: %v %d of %d has a lift of %d, chance %d", seed, c.Kind, c.Victims, c.Of, c.Lift, c.Chance)
			}
		}
	}
}

// TestPointOfCompromise plants groups of each kind and wants each alone.
func TestPointOfCompromise(t *testing.T) {
	for _, kind := range []Kind{Shop, Opened, Carded, Reset, Instrument} {
		r := rand.New(rand.NewPCG(5, uint64(kind)))
		w := customers(r, 1500, 50)
		id := func(n int) string { return fmt.Sprintf("a%04d", n) }
		for n := range 1500 {
			switch {
			case kind == Shop && n < 60:
				w.pay(start+r.Int64N(13*day), id(n), "planted")
			case kind == Opened && n < 60:
				w.act(start-3*day+r.Int64N(day), id(n), event.AccountCreate)
			case kind == Carded && n < 60:
				w.act(start-3*day+r.Int64N(day), id(n), event.CardRegister)
			case kind == Reset && n < 60:
				w.act(start-3*day+r.Int64N(day), id(n), event.PasswordReset)
			}
		}
		if kind == Instrument {
			bank := map[event.Key]bool{}
			for n := range 90 {
				bank[event.KeyOfString(id(n))] = true
			}
			for i := range w.charges {
				if w.charges[i].Funding = event.Card; bank[w.charges[i].Account] {
					w.charges[i].Funding = event.Bank
				}
			}
		}
		for n := range 40 {
			w.enter(start+14*day+r.Int64N(5*day), id(n))
		}
		a, _ := w.ask(t, 8, 2)
		slices.SortFunc(a.Cohorts, func(a, b Cohort) int { return cmp.Compare(a.Chance, b.Chance) })
		top := a.Cohorts[slices.IndexFunc(a.Cohorts, func(c Cohort) bool { return c.Chance >= 0 })]
		if !top.StandOut || top.Kind != kind || top.Low <= 1000 ||
			kind == Shop && top.Value != event.KeyOfString("planted") || kind > Shop && kind < Instrument && top.Week != start-7*day {
			t.Errorf("%v: the first is %+v", kind, top)
		}
	}
}

// TestCountsLikeASlowOne holds every count to one that looks at each account by
// itself, with maps.
func TestCountsLikeASlowOne(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	w := customers(r, 300, 12)
	perm := r.Perm(300)
	for _, n := range perm[:30] {
		w.enter(start+r.Int64N(20*day), fmt.Sprintf("a%04d", n))
	}
	for _, n := range perm[30:40] {
		w.q.Unsure = append(w.q.Unsure, event.KeyOfString(fmt.Sprintf("a%04d", n)))
	}
	a, _ := w.ask(t, 4, 3)
	at := map[event.Key]int64{}
	var times []int64
	for _, e := range w.q.Entered {
		at[e.Account] = e.At
		times = append(times, e.At)
	}
	slices.Sort(times)
	if a.Cut != times[3] || a.Late != 3 {
		t.Fatalf("cut at %d with %d before, of %v", a.Cut, a.Late, times)
	}
	shops := map[event.Key]map[event.Key]bool{} // by account
	for i := range w.charges {
		if c := &w.charges[i]; c.Time < a.Cut && !slices.Contains(w.q.Unsure, c.Account) {
			if shops[c.Account] == nil {
				shops[c.Account] = map[event.Key]bool{}
			}
			shops[c.Account][c.Store] = true
		}
	}
	looked := 0
	for _, c := range a.Cohorts {
		if c.Kind != Shop {
			continue
		}
		looked++
		var victims, of, others, othersOf int64
		for account, all := range shops {
			entered, named := at[account]
			switch {
			case named && entered < a.Cut:
			case named:
				of++
				if all[c.Value] {
					victims++
				}
			default:
				othersOf++
				if all[c.Value] {
					others++
				}
			}
		}
		if got, want := [...]int64{c.Victims, c.Of, c.Others, c.OthersOf}, [...]int64{victims, of, others, othersOf}; got != want || int(victims) != len(c.Members) {
			t.Errorf("shop: %v with %d members, want %v", got, len(c.Members), want)
		}
	}
	if looked < 5 {
		t.Errorf("%d shops", looked)
	}
}

// TestOrderAndWorkersDoNotShow asks the same of the same rows in other orders,
// parts and numbers of workers.
func TestOrderAndWorkersDoNotShow(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	w := customers(r, 400, 20)
	for n := range 30 {
		id := fmt.Sprintf("a%04d", n)
		w.enter(start+10*day+r.Int64N(5*day), id)
		for range 3 {
			w.steal(start+16*day+r.Int64N(day), id, fmt.Sprint("S", r.IntN(3)), fmt.Sprint("T", r.IntN(2)), fmt.Sprint("P", r.IntN(2)))
		}
	}
	for n := range 400 {
		w.pay(start+16*day+r.Int64N(day), fmt.Sprintf("a%04d", n), fmt.Sprint("S", r.IntN(3)), fmt.Sprint("T", r.IntN(2)), fmt.Sprint("P", r.IntN(2)))
	}
	slices.SortFunc(w.q.Entered, func(a, b Entered) int { return cmp.Compare(a.Account, b.Account) })
	for i := range w.q.Spent {
		w.q.Spent[i].Who = int32(i / 9)
	}
	answer := func(parts, workers int) (all []Cohort) {
		a, tills := w.ask(t, parts, workers)
		all = slices.Concat(a.Cohorts, tills)
		slices.SortFunc(all, func(a, b Cohort) int { return cmp.Or(Compare(&a, &b), cmp.Compare(a.Value, b.Value)) })
		return all
	}
	want := answer(1, 1)
	if len(want) < 20 || !slices.ContainsFunc(want, func(c Cohort) bool { return c.Kind == Operator }) {
		t.Fatalf("%d groups", len(want))
	}
	for _, c := range []struct{ parts, workers int }{{1, 1}, {8, 1}, {8, 3}, {64, 2}} {
		r.Shuffle(len(w.charges), func(i, j int) { w.charges[i], w.charges[j] = w.charges[j], w.charges[i] })
		r.Shuffle(len(w.q.Spent), func(i, j int) { w.q.Spent[i], w.q.Spent[j] = w.q.Spent[j], w.q.Spent[i] })
		if diff := gocmp.Diff(want, answer(c.parts, c.workers), cmpopts.IgnoreUnexported(Cohort{}),
			cmpopts.SortSlices(func(a, b int32) bool { return a < b })); diff != "" {
			t.Errorf("%d parts, %d workers: %s", c.parts, c.workers, diff)
		}
	}
}

func TestNobodyEntered(t *testing.T) {
	w := customers(rand.New(rand.NewPCG(1, 1)), 20, 3)
	if a, tills := w.ask(t, 2, 2); len(a.Cohorts)+len(tills) != 0 {
		t.Errorf("%v %v", a, tills)
	}
}

func TestWeeks(t *testing.T) {
	for _, c := range []struct{ at, monday int64 }{
		{start, start}, {start - 1, start - 7*day}, {start + 7*day - 1, start}, {0, -3 * day}, {-3*day - 1, -10 * day},
	} {
		if got := monday(weekOf(c.at)); got != c.monday {
			t.Errorf("%d lies in the week of %d, want %d", c.at, got, c.monday)
		}
	}
}
