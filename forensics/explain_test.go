package forensics_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// examine is Examine by the default policy.
func examine(t testing.TB, l *event.Log, workers int) *forensics.Examination {
	t.Helper()
	p := policy.Default()
	x, err := forensics.Examine(context.Background(), l, &p, forensics.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// explain is Explain with all events.
func explain(t testing.TB, x *forensics.Examination, account string) *forensics.Explanation {
	t.Helper()
	e, err := x.Explain(context.Background(), account, forensics.ExplainOptions{})
	if err != nil {
		t.Fatalf("%s: %v", account, err)
	}
	return e
}

// accounts returns the accounts of a book.
func (b *book) accounts() []string {
	seen := map[string]bool{}
	for _, rows := range [][]entry{b.auth, b.payments} {
		for i := range rows {
			seen[rows[i].fields[event.AccountID]] = true
		}
	}
	var all []string
	for a := range seen {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// retold writes what a case says of an account: takeover, charges and ledger.
func retold(c *forensics.Case, account string) []string {
	var out []string
	for _, t := range c.Takeovers {
		if t.Account == account {
			out = append(out, line("takeover", t.Tier, t.Score))
		}
	}
	for _, ch := range c.Charges {
		if ch.Account == account {
			verdict := "stolen"
			if ch.Tier == takeover.Possible {
				verdict = "possible"
			}
			out = append(out, line("charge", ch.Txn, ch.Time, ch.Kind, ch.Amount, ch.Currency, ch.Status, verdict, ch.Source, ch.Line))
		}
	}
	for _, r := range c.Refunds {
		if r.Account == account {
			out = append(out, line("refund", r.ID, r.Component, r.Amount, r.Status))
		}
	}
	slices.Sort(out)
	return out
}

// told writes the same of an explanation.
func told(e *forensics.Explanation) []string {
	var out []string
	if e.Tier != takeover.NoTier {
		out = append(out, line("takeover", e.Tier, e.Score))
	}
	for _, v := range e.Events {
		if v.Verdict == "stolen" || v.Verdict == "possible" {
			out = append(out, line("charge", v.Txn, v.Time, v.What, v.Amount, v.Currency, v.Result, v.Verdict, v.Source, v.Line))
		}
	}
	for _, r := range e.Ledger {
		out = append(out, line("refund", r.ID, r.Component, r.Amount, r.Status))
	}
	slices.Sort(out)
	return out
}

// uneven returns why the weights of an explanation do not add up, or "".
func uneven(e *forensics.Explanation) string {
	for _, v := range e.Visits {
		total := v.Prior
		for _, g := range v.Groups {
			sum := odds.Centibans(0)
			for _, p := range g.Parts {
				sum += p.Weight
			}
			if total += g.Weight; sum != g.Weight {
				return fmt.Sprintf("visit %d: the parts of %s add up to %d, not %d", v.Number, g.Name, sum, g.Weight)
			}
		}
		if total != v.Visit.Total {
			return fmt.Sprintf("visit %d: groups add up to %d, not %d", v.Number, total, v.Visit.Total)
		}
		for _, o := range v.Fewer {
			if o.Tier >= v.Tier || len(o.Signals) == 0 {
				return fmt.Sprintf("visit %d is %q, would be %q if less sure", v.Number, v.Tier, o.Tier)
			}
		}
		for _, o := range v.More {
			if o.Tier <= v.Tier || len(o.Signals) == 0 {
				return fmt.Sprintf("visit %d is %q, would be %q if surer", v.Number, v.Tier, o.Tier)
			}
		}
	}
	return ""
}

// TestExplainSaysWhatTheCaseSays explains every account of random services.
func TestExplainSaysWhatTheCaseSays(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 61))
		b := random(r)
		l := b.log(r, 1<<r.IntN(4))
		c, x := investigate(t, l, 2), examine(t, l, 1+r.IntN(3))
		for _, account := range b.accounts() {
			e := explain(t, x, account)
			if diff := cmp.Diff(retold(c, account), told(e)); diff != "" {
				t.Fatalf("seed %d: %s: %s", seed, account, diff)
			}
			if why := uneven(e); why != "" {
				t.Fatalf("seed %d: %s: %s", seed, account, why)
			}
			seen[e.Tier.String()]++
			for _, v := range e.Visits {
				seen["less sure"] += len(v.Fewer)
				seen["surer"] += len(v.More)
			}
			for _, u := range e.Users {
				if (u.Visit == 0) != (u.Why != "") {
					t.Fatalf("seed %d: %s: %+v", seed, account, u)
				}
				if u.Visit == 0 {
					seen["at home"]++
				}
			}
		}
	}
	for _, what := range []string{"", "confirmed", "less sure", "surer", "at home"} {
		if seen[what] < 5 {
			t.Errorf("only %d of %q were seen", seen[what], what)
		}
	}
}

// TestExplainWithoutFields does the same of logs that lack columns, or a whole log.
func TestExplainWithoutFields(t *testing.T) {
	tiers := map[string]int{}
	for _, without := range [][]event.Field{{event.DeviceID}, {event.SessionID}, {event.ReasonWord}, {event.IP}, {event.UserAgent},
		{event.DeviceID, event.SessionID, event.UserAgent}, {event.EventWord}, {event.KindWord}} {
		for seed := range uint64(2) {
			r := rand.New(rand.NewPCG(seed, 62))
			b := random(r)
			for _, f := range without {
				switch f {
				case event.EventWord:
					b.auth = nil
				case event.KindWord:
					b.payments = nil
				}
				for i := range b.auth {
					b.auth[i].fields[f] = ""
				}
				for i := range b.payments {
					b.payments[i].fields[f] = ""
				}
			}
			l := b.log(r, 2)
			if b.auth == nil {
				l.Sources[0].Role = event.History
			}
			if b.payments == nil {
				l.Sources[1].Role = event.Auth
			}
			c, x := investigate(t, l, 2), examine(t, l, 2)
			for _, account := range b.accounts() {
				e := explain(t, x, account)
				if diff := cmp.Diff(retold(c, account), told(e)); diff != "" {
					t.Fatalf("without %v, seed %d: %s: %s", without, seed, account, diff)
				}
				if why := uneven(e); why != "" {
					t.Fatalf("without %v, seed %d: %s: %s", without, seed, account, why)
				}
				for _, v := range e.Visits {
					if (v.Held != "") != (v.Alone > v.Tier) {
						t.Fatalf("without %v, seed %d: %s: %v, by its score alone %v: %q", without, seed, account, v.Tier, v.Alone, v.Held)
					}
				}
				tiers[e.Tier.String()]++
			}
		}
	}
	for _, tier := range []string{"", "confirmed"} {
		if tiers[tier] < 5 {
			t.Errorf("only %d of %q were seen", tiers[tier], tier)
		}
	}
}

func TestExplainEvents(t *testing.T) {
	l := incident().log(rand.New(rand.NewPCG(1, 1)), 4)
	x := examine(t, l, 2)
	all := explain(t, x, "h011")
	var got []string
	for _, e := range all.Events {
		if e.Verdict != "" && e.Time > all.Visits[len(all.Visits)-1].Visit.First-1 && len(got) < 4 {
			got = append(got, line(e.What, e.Amount, e.Verdict, e.Why))
		}
	}
	want := []string{"topup 30000 stolen by the visitor's device", "topup 20000 stolen by the visitor's device",
		"payment 380 own by device", "payment 46000 stolen by the visitor's device"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	few, err := x.Explain(t.Context(), "h011", forensics.ExplainOptions{Events: 6})
	if err != nil {
		t.Fatal(err)
	}
	stolen := 0
	for _, e := range few.Events {
		if e.Verdict == "stolen" {
			stolen++
		}
	}
	if len(few.Events) != 6 || stolen != 3 || few.MoreEvents != len(all.Events)-6 {
		t.Errorf("%d events, %d of them stolen, %d left out of %d", len(few.Events), stolen, few.MoreEvents, len(all.Events))
	}
	if !slices.IsSortedFunc(few.Events, func(a, b forensics.Event) int { return int(a.Time - b.Time) }) {
		t.Error("events are not in the order of time")
	}
}

func TestExplainRefuses(t *testing.T) {
	l := incident().log(rand.New(rand.NewPCG(1, 1)), 4)
	x := examine(t, l, 2)
	for _, account := range []string{"", "H011", "h0111", strings.Repeat("h", 10_000)} {
		if _, err := x.Explain(t.Context(), account, forensics.ExplainOptions{}); !errors.Is(err, forensics.ErrNoAccount) {
			t.Errorf("%.10q: %v", account, err)
		}
	}
	if _, err := x.Explain(t.Context(), "h011", forensics.ExplainOptions{Raw: true}); err == nil {
		t.Error("a log without raw records gave some")
	}
	l.Raw = func(_ context.Context, rows []event.Pos) ([]string, error) {
		return slices.Repeat([]string{"as it stands"}, len(rows)), nil
	}
	e, err := x.Explain(t.Context(), "h011", forensics.ExplainOptions{Raw: true})
	if err != nil || e.Events[0].Raw != "as it stands" {
		t.Errorf("%v, %+v", err, e)
	}
	bad := policy.Default()
	bad.Version = 7
	if _, err := forensics.Examine(t.Context(), l, &bad, forensics.Options{Workers: 1}); err == nil {
		t.Error("a policy of another version was used")
	}
}

// TestExplainManyVisits asks about an account that hundreds of devices entered.
func TestExplainManyVisits(t *testing.T) {
	b := month(rand.New(rand.NewPCG(3, 3)), 20)
	for n := range 300 {
		b.login(raidAt, "h003", fmt.Sprintf("many-%d", n), "251.0.0.7")
	}
	e := explain(t, examine(t, b.log(rand.New(rand.NewPCG(1, 1)), 2), 2), "h003")
	if len(e.Visits) != 50 || e.MoreVisits < 200 || len(e.Users) != 100 || e.MoreUsers < 200 {
		t.Errorf("%d visits and %d more, %d users and %d more", len(e.Visits), e.MoreVisits, len(e.Users), e.MoreUsers)
	}
	if why := uneven(e); why != "" {
		t.Error(why)
	}
}
