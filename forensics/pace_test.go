package forensics_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
)

// paid is a book of payments on a few accounts over a few days, with amounts about
// those that the rule asks for.
func paid(r *rand.Rand) *book {
	b := &book{}
	for i := range 200 {
		e := entry{at: time.Date(2019, 7, 1, 12, 0, 0, 0, time.UTC).UnixMicro() + r.Int64N(4*86400e6)}
		set := func(f event.Field, words ...string) { e.fields[f] = words[r.IntN(len(words))] }
		set(event.AccountID, "a", "b", "c")
		e.fields[event.TxnID] = fmt.Sprint("t", i)
		set(event.KindWord, "topup", "topup", "payment", "payment", "transfer_out", "payout", "transfer_in", "refund")
		set(event.AmountText, "1", "999", "2000", "3000", "5000", "9999", "10000")
		set(event.CurrencyCode, "JPY", "JPY", "USD", "KRW")
		set(event.StatusWord, "approved", "approved", "pending", "declined")
		set(event.FundingSource, "card", "debit", "", "cash", "bank")
		b.payments = append(b.payments, e)
	}
	return b
}

// slowPace is the rule of amount and pace as one would say it.
func slowPace(b *book, p *policy.Policy) []string {
	type day struct{ account, day, currency string }
	topped, spent, charges := map[day]int64{}, map[day]int64{}, map[day]int64{}
	for i := range b.payments {
		e := &b.payments[i]
		rule, ok := p.AmountAndPace[e.fields[event.CurrencyCode]]
		if !ok || e.fields[event.StatusWord] == "declined" {
			continue
		}
		at := day{e.fields[event.AccountID], time.UnixMicro(e.at).In(time.FixedZone("", int(rule.DayOffset)*60)).Format(time.DateOnly), e.fields[event.CurrencyCode]}
		amount := e.asCharge(0).Amount
		switch e.fields[event.KindWord] {
		case "topup":
			if !slices.Contains([]string{"card", "debit", ""}, e.fields[event.FundingSource]) {
				continue
			}
			topped[at] += amount
		case "payment", "transfer_out", "payout":
			spent[at] += amount
		default:
			continue
		}
		charges[at]++
	}
	var out []string
	for at := range charges {
		if rule := p.AmountAndPace[at.currency]; topped[at] >= rule.ToppedUp && spent[at] >= rule.Spent {
			out = append(out, fmt.Sprint(at, topped[at], spent[at], charges[at]))
		}
	}
	slices.Sort(out)
	return out
}

// TestPaceIsTheRule holds the days that are listed of a payment log alone against
// the rule as one would say it, whatever the partitions; with an auth log they are
// counted and not listed.
func TestPaceIsTheRule(t *testing.T) {
	p := policy.Default()
	found := 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 8))
		b := paid(r)
		l := b.log(r, 1+r.IntN(4))
		for i := range l.Sources {
			l.Sources[i].Accepted = 1
		}
		both, err := forensics.Investigate(context.Background(), l, &p, forensics.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		l.Sources[0].Role = event.History // no auth log any more
		alone, err := forensics.Investigate(context.Background(), l, &p, forensics.Options{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		want := slowPace(b, &p)
		found += len(want)
		var got []string
		for _, d := range alone.Pace.List {
			got = append(got, fmt.Sprint(struct{ account, day, currency string }{d.Account, d.Day, d.Currency.String()}, d.ToppedUp, d.Spent, d.Charges))
			if d.First > d.Last || d.Tier.String() == "" {
				t.Errorf("seed %d: %+v", seed, d)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
		if both.Pace.List != nil || both.Pace.Days != int64(len(want)) || both.Pace.Days != alone.Pace.Days || both.Pace.Accounts != alone.Pace.Accounts {
			t.Errorf("seed %d: with an auth log %+v, without %+v", seed, both.Pace, alone.Pace)
		}
		if len(alone.Pace.Unruled) != 1 || alone.Pace.Unruled[0].String() != "KRW" {
			t.Errorf("seed %d: without amounts are %v", seed, alone.Pace.Unruled)
		}
		if !slices.ContainsFunc(alone.Unanswered, func(u forensics.Unanswered) bool { return strings.HasSuffix(u.Question, "in KRW") }) {
			t.Errorf("seed %d: nothing said of KRW: %v", seed, alone.Unanswered)
		}
	}
	if found < 100 {
		t.Errorf("only %d days fit the rule in all worlds", found)
	}
}
