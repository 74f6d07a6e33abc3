package forensics_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// incident is a small one: of 100 homes a server enters eight, and six are
// emptied with one phone, each in its own way.
func incident() *book {
	b := month(rand.New(rand.NewPCG(5, 5)), 100)
	b.tries(300)
	const min = time.Minute
	rob := func(n int) (time.Duration, string, string) {
		at, account := b.enter(n, "crew", "251.0.0.7")
		return at, account, "funding_ref=card-" + account
	}
	at, a, card := rob(11) // two top-ups, most of it spent, and her coffee between
	b.pay(at+1*min, a, "crew", "topup", 30_000, card)
	b.pay(at+2*min, a, "crew", "topup", 20_000, card)
	b.pay(at+3*min, a, "phone-011", "payment", 380, "store_id=S01")
	b.pay(at+4*min, a, "crew", "payment", 46_000, "store_id=mall")
	at, a, card = rob(12) // the same, stopped by the issuer
	stopped := b.pay(at+1*min, a, "crew", "topup", 30_000, card)
	b.pay(at+2*min, a, "crew", "topup", 20_000, card)
	b.pay(at+4*min, a, "crew", "payment", 46_000, "store_id=mall")
	b.pay(at+200*time.Hour, a, "", "chargeback", 30_000, "original_txn_id="+stopped, "funding_source=card")
	at, a, card = rob(13) // reversed out of the wallet before it could be spent
	back := b.pay(at+1*min, a, "crew", "topup", 30_000, card)
	b.pay(at+2*min, a, "crew", "payment", 9_000, "store_id=mall")
	b.pay(at+9*min, a, "", "reversal", 30_000, "original_txn_id="+back, "funding_source=card")
	at, a, card = rob(14) // one still pending, one declined
	b.pay(at+1*min, a, "crew", "topup", 30_000, card, "status=pending")
	b.pay(at+2*min, a, "crew", "topup", 30_000, card, "status=declined")
	b.pay(at+4*min, a, "crew", "payment", 29_000, "store_id=kiosk")
	at, a, card = rob(15) // in two currencies
	b.pay(at+1*min, a, "crew", "topup", 30_000, card)
	b.pay(at+2*min, a, "crew", "payment", 30_000, "store_id=mall")
	b.pay(at+3*min, a, "crew", "topup", 500, card, "currency=USD")
	b.pay(at+4*min, a, "crew", "payment", 500, "store_id=mall", "currency=USD")
	at, a, card = rob(16) // undone as a whole
	all := b.pay(at+1*min, a, "crew", "topup", 30_000, card)
	b.pay(at+9*min, a, "", "reversal", 30_000, "original_txn_id="+all, "funding_source=card")
	for _, n := range []int{17, 18} { // entered, and left alone
		b.login(raidAt+time.Duration(n)*10*time.Second, fmt.Sprintf("h%03d", n), "tester", server)
	}
	return b
}

// line writes values with a space between them.
func line(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

func TestIncident(t *testing.T) {
	c := investigate(t, incident().log(rand.New(rand.NewPCG(1, 1)), 4), 2)
	var victims, takeovers, refunds, totals, campaigns, stores, places []string
	for _, v := range c.Victims {
		victims = append(victims, line(v.Account, v.Tier, v.Charges, v.TopUp, v.Spend, v.NetLoss, v.Currency, v.Vector))
	}
	for _, k := range c.Takeovers {
		takeovers = append(takeovers, line(k.Account, k.Tier, k.Lost))
	}
	for _, r := range c.Refunds {
		refunds = append(refunds, line(r.Account, r.Component, r.Channel, r.Gross, r.Returned, r.Amount, r.Currency, r.Tier, r.Status, len(r.Txns), r.FundingRef))
	}
	for _, s := range c.Totals {
		totals = append(totals, line(s.Currency, s.ByTier[takeover.Confirmed].Victims, s.Charges, s.TopUp, s.Spend, s.Owed, s.Held, s.NeedsDecision, s.Exception, s.NetLoss))
	}
	for _, g := range c.Campaigns {
		campaigns = append(campaigns, line(g.Vector, g.Tried, g.Entered, g.Victims, g.NetLoss, g.Currency))
	}
	for _, s := range c.Stores {
		stores = append(stores, line(s.Store, s.Charges, s.Victims, s.Amount, s.Currency))
	}
	for _, p := range c.Places {
		places = append(places, line(p.Kind, p.Value, p.Role, p.Tried, p.Entered, p.Attempts, p.Failures, p.UnknownAccs))
	}
	for _, l := range []struct {
		name      string
		got, want []string
	}{
		{"victims", victims, []string{
			"h011 confirmed 3 50000 46000 46000 JPY list_type",
			"h012 confirmed 3 50000 46000 16000 JPY list_type",
			"h013 confirmed 2 30000 9000 9000 JPY list_type",
			"h014 confirmed 2 30000 29000 29000 JPY list_type",
			"h015 confirmed 2 30000 30000 30000 JPY list_type",
			"h015 confirmed 2 500 500 500 USD list_type",
		}},
		{"takeovers", takeovers, []string{
			"h011 confirmed true", "h012 confirmed true", "h013 confirmed true", "h014 confirmed true", "h015 confirmed true",
			"h016 confirmed false", "h017 confirmed false", "h018 confirmed false",
		}},
		{"refunds", refunds, []string{
			"h011 instrument_refund card 30000 0 30000 JPY confirmed open 1 card-h011",
			"h011 instrument_refund card 20000 0 20000 JPY confirmed open 1 card-h011",
			"h011 balance_clawback balance -4000 0 -4000 JPY confirmed open 3 ",
			"h012 instrument_refund card 30000 30000 0 JPY confirmed closed 2 card-h012",
			"h012 instrument_refund card 20000 0 20000 JPY confirmed open 1 card-h012",
			"h012 balance_clawback balance -4000 0 -4000 JPY confirmed open 3 ",
			"h013 instrument_refund card 30000 30000 0 JPY confirmed closed 2 card-h013",
			"h013 balance_restore balance 9000 0 9000 JPY confirmed open 3 ",
			"h014 instrument_refund card 30000 0 30000 JPY confirmed held 1 card-h014",
			"h014 balance_clawback balance -1000 0 -1000 JPY confirmed held 2 ",
			"h015 instrument_refund card 30000 0 30000 JPY confirmed open 1 card-h015",
			"h015 instrument_refund card 500 0 500 USD confirmed open 1 card-h015",
			"h016 instrument_refund card 30000 30000 0 JPY confirmed closed 2 card-h016",
		}},
		{"totals", totals, []string{
			"JPY 5 12 190000 160000 101000 29000 0 0 130000",
			"USD 1 2 500 500 500 0 0 0 500",
		}},
		{"campaigns", campaigns, []string{"list_type 308 8 5 130000 JPY"}},
		{"stores", stores, []string{"mall 4 4 131000 JPY", "kiosk 1 1 29000 JPY", "mall 1 1 500 USD"}},
		{"places", places, []string{
			"ip 250.9.9.9 tester 308 8 308 300 300", "network 250.9.9.0/24 tester 308 8 308 300 300",
			"device crew executor 6 6 6 0 0", "ip 251.0.0.7 executor 6 6 6 0 0",
		}},
	} {
		if diff := cmp.Diff(l.want, l.got); diff != "" {
			t.Errorf("%s: %s", l.name, diff)
		}
	}
}

// TestTwoPhonesAtOneAddress checks that an account is counted once where it was
// entered twice.
func TestTwoPhonesAtOneAddress(t *testing.T) {
	b := incident()
	at := raidAt + 4*time.Hour
	b.login(at, "h011", "crew2", "251.0.0.7")
	b.pay(at+time.Minute, "h011", "crew2", "topup", 30_000, "funding_ref=card-h011")
	b.pay(at+2*time.Minute, "h011", "crew2", "payment", 30_000, "store_id=mall")
	var got []string
	for _, p := range investigate(t, b.log(rand.New(rand.NewPCG(1, 1)), 4), 2).Places {
		if p.Role == "executor" {
			got = append(got, line(p.Kind, p.Value, p.Tried, p.Entered, p.Attempts))
		}
	}
	want := []string{"device crew 6 6 6", "device crew2 1 1 1", "ip 251.0.0.7 6 6 7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestQuiet checks that a month without an incident gives a case in which
// nobody is named, and a log without rows an empty one.
func TestQuiet(t *testing.T) {
	c := investigate(t, month(rand.New(rand.NewPCG(6, 6)), 100).log(rand.New(rand.NewPCG(1, 1)), 4), 2)
	for _, k := range c.Takeovers {
		if k.Tier > takeover.Possible {
			t.Errorf("%+v", k)
		}
	}
	if len(c.Totals) > 0 && c.Totals[0].Owed != 0 || len(c.Timeline) > 0 {
		t.Errorf("owed %+v, timeline %v", c.Totals, c.Timeline)
	}
	for _, l := range []*event.Log{{}, {Parts: event.NewParts(8)}, (&book{}).log(rand.New(rand.NewPCG(1, 1)), 8)} {
		c := investigate(t, l, 2)
		if n := len(c.Victims) + len(c.Takeovers) + len(c.Charges) + len(c.Refunds) + len(c.Places) + len(c.Campaigns) + len(c.Timeline) + len(c.Totals); n > 0 {
			t.Errorf("an empty log gives %d rows", n)
		}
		if c.Accounts != 0 || c.First != 0 || c.Last != 0 || (len(c.Unanswered) > 0) != (len(l.Sources) == 0) {
			t.Errorf("an empty log: %+v", c)
		}
	}
}

// TestChangedText checks that a log whose text is no longer what was judged is
// an error that names the file.
func TestChangedText(t *testing.T) {
	b := incident()
	for _, c := range []struct {
		name   string
		change func(source int, fields *[event.NumFields]string)
	}{
		{"account", func(_ int, f *[event.NumFields]string) { f[event.AccountID] += "x" }},
		{"transaction", func(s int, f *[event.NumFields]string) {
			if s == 1 {
				f[event.TxnID] = "other"
			}
		}},
		{"device", func(s int, f *[event.NumFields]string) {
			if s == 0 {
				f[event.DeviceID] = "other"
			}
		}},
	} {
		l := b.log(rand.New(rand.NewPCG(1, 1)), 4)
		l.Text = func(ctx context.Context, rows []event.Pos) ([]event.Text, error) {
			out, err := b.text(ctx, rows)
			for i := range out {
				c.change(rows[i].Source(), &out[i].Fields)
			}
			return out, err
		}
		p := policy.Default()
		_, err := forensics.Investigate(context.Background(), l, &p, forensics.Options{Workers: 1})
		if err == nil || !strings.Contains(err.Error(), ".csv: line ") {
			t.Errorf("another %s: error %v", c.name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	b, p, ctx := incident(), policy.Default(), context.Background()
	failing := errors.New("the disk is gone")
	l := b.log(rand.New(rand.NewPCG(1, 1)), 4)
	l.Text = func(context.Context, []event.Pos) ([]event.Text, error) { return nil, failing }
	if _, err := forensics.Investigate(ctx, l, &p, forensics.Options{Workers: 1}); !errors.Is(err, failing) {
		t.Errorf("text that cannot be read: error %v", err)
	}
	bad := p
	bad.Verdict.Probable.Value = -5
	if _, err := forensics.Investigate(ctx, b.log(rand.New(rand.NewPCG(1, 1)), 4), &bad, forensics.Options{Workers: 1}); err == nil {
		t.Error("a policy that is not valid gave no error")
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := forensics.Investigate(done, b.log(rand.New(rand.NewPCG(1, 1)), 4), &p, forensics.Options{Workers: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("an investigation that was cancelled: error %v", err)
	}
	huge := incident()
	for range 3 {
		huge.pay(raidAt+4*time.Hour, "h011", "crew", "topup", 1<<62)
	}
	if _, err := forensics.Investigate(ctx, huge.log(rand.New(rand.NewPCG(1, 1)), 4), &p, forensics.Options{Workers: 1}); err == nil {
		t.Error("sums that do not fit gave no error")
	}
}

func TestProgress(t *testing.T) {
	l := incident().log(rand.New(rand.NewPCG(1, 1)), 4)
	p := policy.Default()
	var rows atomic.Int64
	if _, err := forensics.Investigate(context.Background(), l, &p, forensics.Options{Workers: 3, Progress: func(n int64) { rows.Add(n) }}); err != nil {
		t.Fatal(err)
	}
	if rows.Load() != l.Rows() {
		t.Errorf("progress was told of %d rows of %d", rows.Load(), l.Rows())
	}
}
