package forensics_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// random makes a service, mostly with an incident of any kind of charge and
// return: pending, declined, by cash, in other currencies, without a device,
// through two phones, of known and unknown devices.
func random(r *rand.Rand) *book {
	b := month(r, 40+r.IntN(60))
	if r.IntN(6) == 0 {
		return b
	}
	b.tries(r.IntN(400))
	victims := r.IntN(25)
	for n := range victims {
		phone := fmt.Sprint("crew", r.IntN(4))
		ip := fmt.Sprintf("251.0.0.%d", 1+r.IntN(3))
		at, account := b.enter(n, phone, ip)
		if r.IntN(4) == 0 {
			b.login(at+time.Minute, account, phone+"b", ip)
		}
		var txns []string
		for range r.IntN(7) {
			at += time.Duration(r.IntN(15)) * time.Minute
			txns = append(txns, b.steal(r, at, account, phone, txns))
		}
		if r.IntN(3) == 0 {
			b.login(at+20*time.Hour, account, fmt.Sprintf("phone-%03d", n), fmt.Sprintf("240.0.%d.1", n), "event=password_reset", "session_id=")
		}
	}
	return b
}

// steal adds one charge of a thief, or a return of an earlier one.
func (b *book) steal(r *rand.Rand, at time.Duration, account, phone string, txns []string) string {
	amount := pick[int64](r, 500, 3000, 10_000, 30_000) + int64(r.IntN(900))
	words := []string{"status=" + pick(r, "approved", "approved", "approved", "approved", "pending", "declined")}
	if r.IntN(12) == 0 {
		words = append(words, "currency=USD")
	}
	if r.IntN(6) == 0 {
		words = append(words, "ip=252.1.1.1", "device_id=", "session_id=") // nobody's
	}
	if len(txns) > 0 && r.IntN(5) == 0 {
		original := pick(r, txns...)
		words = append(words, "original_txn_id="+original, "funding_source=card", "status=approved")
		if r.IntN(3) > 0 { // all of it
			n, _ := strconv.Atoi(original[1:])
			words = append(words, "amount="+b.payments[n].fields[event.AmountText], "currency="+b.payments[n].fields[event.CurrencyCode])
		}
		return b.pay(at+time.Hour, account, "", pick(r, "chargeback", "reversal", "refund"), amount, words...)
	}
	switch kind := pick(r, "topup", "topup", "payment", "payment", "transfer_out", "payout"); kind {
	case "topup":
		words = append(words, "funding_source="+pick(r, "card", "card", "card", "debit", "cash"), "funding_ref=card-"+account)
		return b.pay(at, account, pick(r, phone, phone, phone+"b"), kind, amount, words...)
	case "transfer_out":
		to := fmt.Sprintf("h%03d", r.IntN(25))
		out := b.pay(at, account, phone, kind, amount, append(words, "counterparty_account_id="+to)...)
		if to != account && r.IntN(4) > 0 {
			b.pay(at+time.Second, to, "", "transfer_in", amount, append(words, "counterparty_account_id="+account)...)
		}
		return out
	default:
		words = append(words, "store_id="+pick(r, "mall", "kiosk", "S01"))
		return b.pay(at, account, phone, kind, amount, words...)
	}
}

// TestLaws checks on many cases that sums meet, that everything that is said
// of an account stands on its own rows, and that lists are in order.
func TestLaws(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 51))
		b := random(r)
		c := investigate(t, b.log(r, 1<<r.IntN(5)), 1+r.IntN(3))
		for _, law := range []func(*book, *forensics.Case) error{sumsMeet, chargesAreTheirs, linesAreTheirs, listsAgree, inOrder, timelineAddsUp} {
			if err := law(b, c); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		seen["victims"] += len(c.Victims)
		for i := range c.Refunds {
			seen[c.Refunds[i].Status.String()+" line"]++
			seen[c.Refunds[i].Component.String()]++
		}
		for i := range c.Charges {
			seen[c.Charges[i].Status+" charge"]++
			seen[c.Charges[i].Tier.String()+" charge"]++
		}
	}
	for _, what := range []string{"victims", "open line", "closed line", "held line", "needs_decision line", "exception line", "instrument_refund", "balance_restore",
		"balance_clawback", "approved charge", "pending charge", "declined charge", "reversed charge", "confirmed charge", "probable charge", "possible charge"} {
		if seen[what] < 10 {
			t.Errorf("only %d of %q were seen", seen[what], what)
		}
	}
}

// TestOrderCannotBeSeen checks that neither the order of lines, nor which
// account lay where, nor the number of workers and partitions shows in a case,
// but for the lines' own numbers.
func TestOrderCannotBeSeen(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 52))
		b := random(r)
		want := sketch(investigate(t, b.log(r, 1), 1))
		s := b.shuffle(r)
		if diff := gocmp.Diff(want, sketch(investigate(t, s.log(r, 1<<r.IntN(7)), 1+r.IntN(4)))); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// sketch writes a case as text, without the numbers of lines.
func sketch(c *forensics.Case) []string {
	out := []string{fmt.Sprint(c.Accounts, c.Newcomers, c.PriorPPB, c.WrongMilli, c.FailureRate, c.EntryRate, c.First, c.Last, c.Unanswered)}
	add := func(name string, row any) { out = append(out, fmt.Sprintf("%s %+v", name, row)) }
	for _, v := range c.Victims {
		add("victim", v)
	}
	for _, v := range c.Takeovers {
		v.Line = 0
		add("takeover", v)
	}
	for _, v := range c.Charges {
		v.Line = 0
		add("charge", v)
	}
	for _, v := range c.Refunds {
		add("refund", v)
	}
	for _, v := range c.Places {
		add("place", v)
	}
	for _, v := range c.Campaigns {
		add("campaign", v)
	}
	for _, v := range c.Stores {
		add("store", v)
	}
	for _, v := range c.Visits {
		add("visit", v)
	}
	for _, v := range c.Timeline {
		add("hour", v)
	}
	for _, v := range c.Totals {
		add("total", v)
	}
	for _, v := range c.Mules {
		add("mule", v)
	}
	return out
}

// A purse is an account in one currency.
type purse struct {
	account  string
	currency money.Currency
}

// sumsMeet checks that what an account is owed is the sum of its lines, and
// every total the sum of what it is the total of.
func sumsMeet(_ *book, c *forensics.Case) error {
	lines, losses := map[purse]int64{}, map[purse]int64{}
	byStatus, byChannel := map[string]int64{}, map[string]int64{}
	tiers, named := map[money.Currency][4]int64{}, map[money.Currency]int64{}
	for i := range c.Refunds {
		r := &c.Refunds[i]
		lines[purse{r.Account, r.Currency}] += r.Amount
		byStatus[fmt.Sprint(r.Currency, r.Status)] += r.Amount
		if r.Status != refund.NeedsDecision && r.Tier != takeover.Possible {
			byChannel[fmt.Sprint(r.Currency, r.Channel)] += r.Amount
		}
		if r.Tier >= takeover.Probable {
			named[r.Currency] += r.Amount
		}
		if r.Gross-r.Returned != r.Amount || (r.Tier == takeover.Possible) && r.Status != refund.NeedsDecision && r.Status != refund.Exception && r.Amount != 0 {
			return fmt.Errorf("line %+v", *r)
		}
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		at := purse{v.Account, v.Currency}
		if losses[at] = v.NetLoss; lines[at] != v.NetLoss {
			return fmt.Errorf("the lines of %v sum to %d, its loss is %d", at, lines[at], v.NetLoss)
		}
		sums := tiers[v.Currency]
		sums[v.Tier] += v.NetLoss
		tiers[v.Currency] = sums
	}
	// Lines of an account that is no victim (yet): all its charges are pending.
	waiting := map[money.Currency]int64{}
	for i := range c.Refunds {
		r := &c.Refunds[i]
		if _, ok := losses[purse{r.Account, r.Currency}]; !ok && r.Tier >= takeover.Probable {
			if r.Amount != 0 && r.Status != refund.Held && r.Status != refund.NeedsDecision && r.Status != refund.Exception {
				return fmt.Errorf("a line that may be paid without a victim: %+v", *r)
			}
			waiting[r.Currency] += r.Amount
		}
	}
	for i := range c.Totals {
		t := &c.Totals[i]
		status := func(words ...refund.Status) (sum int64) {
			for _, w := range words {
				sum += byStatus[fmt.Sprint(t.Currency, w)]
			}
			return sum
		}
		sums := tiers[t.Currency]
		for tier, want := range sums {
			if t.ByTier[tier].NetLoss != want {
				return fmt.Errorf("%v: tier %d sums to %d, its victims to %d", t.Currency, tier, t.ByTier[tier].NetLoss, want)
			}
		}
		switch {
		case t.NetLoss != sums[takeover.Probable]+sums[takeover.Confirmed]:
			return fmt.Errorf("%v: net loss %d, by tier %v", t.Currency, t.NetLoss, sums)
		case t.Owed != status(refund.Open, refund.Closed) || t.Held != status(refund.Held) || t.Exception != status(refund.Exception) || t.NeedsDecision != status(refund.NeedsDecision):
			return fmt.Errorf("%v: %+v, by status %v", t.Currency, *t, byStatus)
		case t.NotYet != waiting[t.Currency] || (t.NotYet != 0) && t.NotYetAccounts == 0 || t.Owed+t.Held+t.Exception+t.OpenNamed-t.OddPossible != t.NetLoss+t.NotYet:
			return fmt.Errorf("%v: %d of accounts that are no victims yet, %d are waiting: %+v", t.Currency, t.NotYet, waiting[t.Currency], *t)
		case named[t.Currency] != t.NetLoss+waiting[t.Currency]:
			return fmt.Errorf("%v: lines of named accounts sum to %d, their loss is %d and %d are waiting", t.Currency, named[t.Currency], t.NetLoss, waiting[t.Currency])
		}
		var channels int64
		for _, ch := range t.ByChannel {
			if channels += ch.Amount; ch.Amount != byChannel[fmt.Sprint(t.Currency, ch.Channel)] {
				return fmt.Errorf("%v: channel %v is %d", t.Currency, ch.Channel, ch.Amount)
			}
		}
		if channels != t.Owed+t.Held+t.Exception-t.OddPossible {
			return fmt.Errorf("%v: channels sum to %d, %d owed, %d held, %d exceptions", t.Currency, channels, t.Owed, t.Held, t.Exception)
		}
	}
	return nil
}

// chargesAreTheirs checks every charge against the row that it is said to
// stand on, and victims against their charges.
func chargesAreTheirs(b *book, c *forensics.Case) error {
	counted, spans := map[purse]int64{}, map[purse][2]int64{}
	possible := map[string]bool{}
	for i := range c.Victims {
		possible[c.Victims[i].Account] = c.Victims[i].Tier == takeover.Possible
	}
	for i := range c.Charges {
		ch := &c.Charges[i]
		e := &b.payments[ch.Line-2]
		if ch.Source != "payments.csv" || e.at != ch.Time || e.fields[event.TxnID] != ch.Txn || e.fields[event.AccountID] != ch.Account ||
			e.fields[event.AmountText] != fmt.Sprint(ch.Amount) || e.fields[event.CurrencyCode] != ch.Currency.String() || e.fields[event.StoreID] != ch.Store ||
			ch.Status != "reversed" && e.fields[event.StatusWord] != ch.Status || e.fields[event.KindWord] != ch.Kind.String() {
			return fmt.Errorf("charge %+v stands on %+v", *ch, *e)
		}
		if at := (purse{ch.Account, ch.Currency}); (ch.Tier >= takeover.Probable || possible[ch.Account]) && ch.Status != "declined" {
			counted[at]++
			if span, ok := spans[at]; ok {
				spans[at] = [2]int64{min(span[0], ch.Time), max(span[1], ch.Time)}
			} else {
				spans[at] = [2]int64{ch.Time, ch.Time}
			}
		}
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		at := purse{v.Account, v.Currency}
		if v.Charges != counted[at] || v.FirstFraud != spans[at][0] || v.LastFraud != spans[at][1] {
			return fmt.Errorf("victim %+v has %d charges, in %v", *v, counted[at], spans[at])
		}
	}
	return nil
}

// linesAreTheirs checks that every line of the ledger names transactions of
// its own account, and that no charge is refunded twice.
func linesAreTheirs(b *book, c *forensics.Case) error {
	account, refunded := map[string]string{}, map[string]bool{}
	for i := range b.payments {
		account[b.payments[i].fields[event.TxnID]] = b.payments[i].fields[event.AccountID]
	}
	ids := map[string]bool{}
	for i := range c.Refunds {
		r := &c.Refunds[i]
		if len(r.Txns) == 0 || ids[r.ID] {
			return fmt.Errorf("line %+v names nothing, or is there twice", *r)
		}
		ids[r.ID] = true
		for _, txn := range r.Txns {
			if account[txn] != r.Account {
				return fmt.Errorf("line %+v stands on %s of %q", *r, txn, account[txn])
			}
		}
		if r.Component == refund.InstrumentRefund {
			if refunded[r.Txns[0]] {
				return fmt.Errorf("%s is refunded twice", r.Txns[0])
			}
			refunded[r.Txns[0]] = true
		}
	}
	return nil
}

// listsAgree checks that what one list says the others say too.
func listsAgree(_ *book, c *forensics.Case) error {
	taken, campaigns := map[string]*forensics.Takeover{}, map[string]*forensics.Campaign{}
	for i := range c.Campaigns {
		campaigns[c.Campaigns[i].ID] = &c.Campaigns[i]
	}
	entered, victims := map[string]int64{}, map[string]map[string]bool{}
	for i := range c.Takeovers {
		k := &c.Takeovers[i]
		taken[k.Account] = k
		w := k.Weights
		if sum := w.Prior + w.Entry + w.Visit + w.Conduct + w.Device + w.Company; sum != k.Score {
			return fmt.Errorf("takeover %+v: the weights sum to %d", *k, sum)
		}
		if campaigns[k.Campaign] == nil || k.Tier == takeover.NoTier {
			return fmt.Errorf("takeover %+v has no campaign or tier", *k)
		}
		entered[k.Campaign]++
	}
	lost := map[string]bool{}
	for i := range c.Victims {
		v := &c.Victims[i]
		k := taken[v.Account]
		if k == nil || k.Tier < v.Tier || k.Campaign != v.Campaign || k.TakeoverAt != v.TakeoverAt || !k.Lost || v.Charges == 0 {
			return fmt.Errorf("victim %+v, takeover %+v", *v, k)
		}
		lost[v.Account] = true
		if victims[v.Campaign] == nil {
			victims[v.Campaign] = map[string]bool{}
		}
		victims[v.Campaign][v.Account] = true
	}
	for id, g := range campaigns {
		if g.Entered != entered[id] || g.Victims != int64(len(victims[id])) || g.Tried < g.Entered || g.First > g.Last {
			return fmt.Errorf("campaign %+v has %d accounts and %d victims", *g, entered[id], len(victims[id]))
		}
	}
	for i := range c.Takeovers {
		if k := &c.Takeovers[i]; k.Lost != lost[k.Account] {
			return fmt.Errorf("takeover %+v: victim %v", *k, lost[k.Account])
		}
	}
	for i := range c.Charges {
		if k := taken[c.Charges[i].Account]; k == nil || c.Charges[i].Tier > k.Tier {
			return fmt.Errorf("charge %+v, takeover %+v", c.Charges[i], k)
		}
	}
	for i := range c.Places {
		if p := &c.Places[i]; p.Entered > p.Tried || p.First > p.Last || p.Value == "" || p.Role == "executor" && p.Entered > int64(len(taken)) {
			return fmt.Errorf("place %+v", *p)
		}
	}
	return nil
}

// ascending reports whether a list is in order and has nothing twice.
func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// inOrder checks that every list has one order, with nothing in it twice.
func inOrder(_ *book, c *forensics.Case) error {
	for name, ok := range map[string]bool{
		"victims": ascending(c.Victims, func(a, b forensics.Victim) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency.String(), b.Currency.String()))
		}),
		"takeovers": ascending(c.Takeovers, func(a, b forensics.Takeover) int { return cmp.Compare(a.Account, b.Account) }),
		"charges": ascending(c.Charges, func(a, b forensics.Charge) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Txn, b.Txn))
		}),
		"refunds": ascending(c.Refunds, func(a, b forensics.Refund) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(a.Component, b.Component), slices.Compare(a.Txns, b.Txns))
		}),
		"places": ascending(c.Places, func(a, b forensics.Place) int {
			return cmp.Or(strings.Compare(b.Role, a.Role), strings.Compare(a.Kind, b.Kind), cmp.Compare(b.Failures, a.Failures), cmp.Compare(b.Entered, a.Entered), strings.Compare(a.Value, b.Value))
		}),
		"campaigns": ascending(c.Campaigns, func(a, b forensics.Campaign) int {
			return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
		}),
		"stores": ascending(c.Stores, func(a, b forensics.Store) int {
			return cmp.Or(cmp.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(b.Amount, a.Amount), cmp.Compare(a.Store, b.Store))
		}),
		"store visits": ascending(c.Visits, func(a, b forensics.StoreVisit) int {
			return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.From, b.From), cmp.Compare(a.Currency.String(), b.Currency.String()))
		}),
		"timeline": ascending(c.Timeline, func(a, b forensics.Hour) int {
			return cmp.Or(cmp.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(a.At, b.At))
		}),
		"totals": ascending(c.Totals, func(a, b forensics.Total) int { return cmp.Compare(a.Currency.String(), b.Currency.String()) }),
	} {
		if !ok {
			return fmt.Errorf("%s are out of order, or something is there twice", name)
		}
	}
	return nil
}

// timelineAddsUp checks shops, their visits and hours against the charges.
func timelineAddsUp(_ *book, c *forensics.Case) error {
	type at struct {
		store    string
		currency money.Currency
	}
	stores, visits, times := map[at]int64{}, map[at]int64{}, map[at][]int64{}
	spent, topped := map[money.Currency]int64{}, map[money.Currency]int64{}
	for i := range c.Charges {
		ch := &c.Charges[i]
		if ch.Tier < takeover.Probable || ch.Status != "approved" && ch.Status != "pending" {
			continue
		}
		if ch.Kind == event.TopUp {
			topped[ch.Currency] += ch.Amount
			continue
		}
		if ch.Kind == event.TransferIn {
			continue // nothing was spent by it
		}
		spent[ch.Currency] += ch.Amount
		if ch.Store != "" {
			stores[at{ch.Store, ch.Currency}] += ch.Amount
			visits[at{ch.Store, ch.Currency}] += ch.Amount
			times[at{ch.Store, ch.Currency}] = append(times[at{ch.Store, ch.Currency}], ch.Time)
		}
	}
	for _, s := range c.Stores {
		stores[at{s.Store, s.Currency}] -= s.Amount
	}
	for _, v := range c.Visits {
		visits[at{v.Store, v.Currency}] -= v.Amount
		// A visit goes on while the next charge comes within ten minutes.
		list := times[at{v.Store, v.Currency}]
		slices.Sort(list)
		n := 1
		for n < len(list) && list[n]-list[n-1] <= 600e6 {
			n++
		}
		if n > len(list) || v.From != list[0] || v.To != list[n-1] || v.Charges != int64(n) || v.Accounts > v.Charges {
			return fmt.Errorf("%+v of charges at %v", v, list)
		}
		times[at{v.Store, v.Currency}] = list[n:]
	}
	for _, m := range []map[at]int64{stores, visits} {
		for k, v := range m {
			if v != 0 {
				return fmt.Errorf("%v is off by %d", k, v)
			}
		}
	}
	last := map[money.Currency]int64{}
	for _, h := range c.Timeline {
		last[h.Currency] += h.SpendAmount
		topped[h.Currency] -= h.TopUpAmount
		if h.CumulativeSpend != last[h.Currency] {
			return fmt.Errorf("hour %+v: %d were spent until then", h, last[h.Currency])
		}
	}
	for cur, sum := range spent {
		if last[cur] != sum || topped[cur] != 0 {
			return fmt.Errorf("%v: the hours sum to %d, the charges to %d; top-ups are off by %d", cur, last[cur], sum, topped[cur])
		}
	}
	return nil
}
