package claims

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var (
	jpy = money.MustCurrency("JPY")
	usd = money.MustCurrency("USD")
)

const day = int64(86_400_000_000)

// town is a case with all that claims can meet: ann is surely robbed, twice and
// in two currencies; bob possibly; cat was entered and lost nothing; dan is
// honest; eve's stolen charges came back or were declined.
func town() *Facts {
	own, strange := Means{Device: Own}, Means{Device: New}
	return &Facts{
		Charges: []Charge{
			{Txn: "a1", Account: "ann", FundingRef: "411111-x-1111", Kind: "topup", Loss: true, Time: day + 5, Amount: 3000, Currency: jpy, Means: strange},
			{Txn: "a2", Account: "ann", FundingRef: "411111-x-1111", Kind: "topup", Loss: true, Time: day + 9, Amount: 3000, Currency: jpy, Means: strange},
			{Txn: "a3", Account: "ann", Kind: "payment", Loss: true, Time: day + 10, Amount: 500, Currency: usd, Means: strange},
			{Txn: "a4", Account: "ann", Kind: "payment", Loss: true, Time: 7 * day, Amount: 120, Currency: jpy, Means: own},
			{Txn: "b1", Account: "bob", FundingRef: "tok_b", Kind: "topup", Loss: true, Time: 3 * day, Amount: 900, Currency: jpy, Means: strange},
			{Txn: "d1", Account: "dan", FundingRef: "tok_d", Kind: "topup", Loss: true, Time: 3 * day, Amount: 900, Currency: jpy, Means: own},
			{Txn: "d2", Account: "dan", Kind: "payment", Loss: true, Time: 3 * day, Amount: 80, Currency: jpy, Means: strange},
			{Txn: "d3", Account: "dan", Kind: "payment", Loss: true, Time: 3 * day, Amount: 70, Currency: jpy},
			{Txn: "d4", Account: "dan", Kind: "refund", Time: 3 * day, Amount: 70, Currency: jpy},
			{Txn: "d5", Account: "dan", Kind: "payment", Loss: true, Time: 3 * day, Amount: 60, Returned: 60, Currency: jpy, Means: strange},
			{Txn: "d6", Account: "dan", Kind: "payment", Loss: true, Time: 3 * day, Amount: 50, Currency: jpy, Declined: true, Means: strange},
			{Txn: "d7", Account: "dan", Kind: "payment", Loss: true, Time: 3 * day, Amount: 40, Currency: jpy, Means: Means{Shop: Own, Network: New}},
			{Txn: "e1", Account: "eve", Kind: "payment", Loss: true, Time: 3 * day, Amount: 40, Currency: jpy, Means: strange},
		},
		Accounts: map[string]Activity{"ann": {Own: 1}, "bob": {}, "cat": {Own: 2}, "dan": {Own: 2, New: 1, Unsaid: 1}, "eve": {}, "fay": {Own: 1}, "gus": {Unsaid: 1}, "ida": {}},
		Entered:  map[string]takeover.Tier{"ann": takeover.Confirmed, "bob": takeover.Possible, "cat": takeover.Probable},
		Stolen: []Stolen{
			{Txn: "a1", Account: "ann", Amount: 3000, Currency: jpy, Gone: true, Tier: takeover.Confirmed},
			{Txn: "a2", Account: "ann", Amount: 3000, Currency: jpy, Gone: true, Tier: takeover.Confirmed},
			{Txn: "a3", Account: "ann", Amount: 500, Currency: usd, Gone: true, Tier: takeover.Confirmed},
			{Txn: "b1", Account: "bob", Amount: 900, Currency: jpy, Gone: true, Tier: takeover.Possible},
			{Txn: "e1", Account: "eve", Amount: 40, Currency: jpy, Tier: takeover.Probable},
		},
		Victims: []Victim{{"ann", takeover.Confirmed, 6000, jpy, false}, {"ann", takeover.Confirmed, 500, usd, false}, {"bob", takeover.Possible, 900, jpy, false}},
	}
}

func TestOutcomes(t *testing.T) {
	c := func(set func(c *Claim)) Claim {
		x := Claim{By: ledger.Customer, Source: "f", Line: 2}
		set(&x)
		return x
	}
	txn := func(id string) Claim { return c(func(c *Claim) { c.Txn = id }) }
	account := func(id string) Claim { return c(func(c *Claim) { c.Account = id }) }
	sum := func(cur money.Currency, charges, amount int64) Sum { return Sum{cur, charges, amount} }
	paid := func(amount int64, from int64, set func(c *Claim)) Claim {
		return c(func(c *Claim) {
			c.AmountText, c.Amount, c.Currency, c.From, c.To = "written", amount, jpy, from, from+day
			set(c)
		})
	}
	for _, tt := range []struct {
		name  string
		claim Claim
		want  Outcome
		sums  []Sum
	}{
		{"a stolen charge", txn("a1"), Confirmed, []Sum{sum(jpy, 1, 3000)}},
		{"a possible one", txn("b1"), Possible, []Sum{sum(jpy, 1, 900)}},
		{"the owner's own coffee in a robbed account", txn("a4"), OwnMeans, []Sum{sum(jpy, 1, 120)}},
		{"own device", txn("d1"), OwnMeans, []Sum{sum(jpy, 1, 900)}},
		{"unknown device", txn("d2"), LookAtIt, []Sum{sum(jpy, 1, 80)}},
		{"no device, own shop", txn("d7"), OwnMeans, []Sum{sum(jpy, 1, 40)}},
		{"nothing known", txn("d3"), NotComputable, []Sum{sum(jpy, 1, 70)}},
		{"a refund", txn("d4"), NoLoss, nil},
		{"came back", txn("d5"), Returned, []Sum{sum(jpy, 1, 60)}},
		{"declined", txn("d6"), Declined, []Sum{sum(jpy, 1, 50)}},
		{"stolen and reversed", txn("e1"), Returned, []Sum{sum(jpy, 1, 40)}},
		{"no such charge", txn("zz"), NoSuchCharge, nil},
		{"another's charge", c(func(c *Claim) { c.Txn, c.Account = "a1", "dan" }), OtherAccount, nil},
		{"a robbed account, in two currencies", account("ann"), Confirmed, []Sum{sum(jpy, 2, 6000), sum(usd, 1, 500)}},
		{"a possible account", account("bob"), Possible, []Sum{sum(jpy, 1, 900)}},
		{"an account that was entered", account("cat"), LookAtIt, nil},
		{"an account with a strange charge", account("dan"), LookAtIt, nil},
		{"an account whose charges came back", account("eve"), Returned, nil},
		{"an account with own charges", account("fay"), OwnMeans, nil},
		{"an account without means", account("gus"), NotComputable, nil},
		{"an account without charges", account("ida"), NoSuchCharge, nil},
		{"no such account", account("nobody"), NoSuchAccount, nil},
		{"one charge of that amount", paid(900, 3*day, func(c *Claim) { c.Account = "bob" }), Possible, []Sum{sum(jpy, 1, 900)}},
		{"another day", paid(900, 4*day, func(c *Claim) { c.Account = "bob" }), NoSuchCharge, nil},
		{"two of that amount, both stolen", paid(3000, day, func(c *Claim) { c.Account = "ann" }), Ambiguous, nil},
		{"an instrument", paid(900, 3*day, func(c *Claim) { c.FundingRef = "tok_b" }), Possible, []Sum{sum(jpy, 1, 900)}},
		{"an instrument, two charges", paid(3000, day, func(c *Claim) { c.Last4 = "1111" }), Ambiguous, nil},
		{"no such instrument", paid(3000, day, func(c *Claim) { c.Last4 = "2222" }), NoSuchCharge, nil},
		{"an amount of another currency", paid(900, 3*day, func(c *Claim) { c.FundingRef, c.Currency = "tok_b", usd }), NoSuchCharge, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Judge([]Claim{tt.claim}, town())
			if err != nil {
				t.Fatal(err)
			}
			got := r.Claims[0]
			if got.Outcome != tt.want {
				t.Errorf("%s, want %s", got.Outcome, tt.want)
			}
			if diff := cmp.Diff(tt.sums, got.Counted); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDoubles: one loss claimed by customer and issuer, and by both ways of
// naming it, is counted once, and both are heard.
func TestDoubles(t *testing.T) {
	list := []Claim{
		{ID: "C1", By: ledger.Customer, Account: "ann", ReportedAt: 20 * day, Source: "c", Line: 2},
		{ID: "C2", By: ledger.Customer, Account: "ann", ReportedAt: 30 * day, Source: "c", Line: 3},
		{ID: "I1", By: ledger.Issuer, Txn: "a1", ReportedAt: 25 * day, Source: "i", Line: 2},
		{ID: "I2", By: ledger.Issuer, Txn: "a1", Source: "i", Line: 3},
		{ID: "C3", By: ledger.Customer, Account: "bob", Source: "c", Line: 4},
	}
	r, err := Judge(list, town())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.Claims {
		got = append(got, fmt.Sprintf("%s %s %v first %d", c.ID, c.Outcome, c.Counted, c.First))
	}
	want := []string{
		"C1 confirmed_by_both [{JPY 1 3000} {USD 1 500}] first -1",
		"I1 confirmed_by_both [{JPY 1 3000}] first -1",
		"C2 double [] first 0",
		"C3 claimed_and_possible [{JPY 1 900}] first -1",
		"I2 double [] first 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	ann := r.Victims[0]
	if ann.Validation != ledger.Issuer || ann.By != ledger.Customer || ann.Customers != 2 || ann.Issuers != 2 || ann.ID != "C1" {
		t.Errorf("%+v", ann)
	}
	for _, tt := range []struct {
		least takeover.Tier
		want  []ledger.Decision
	}{
		{takeover.Probable, []ledger.Decision{{Account: "ann", Confirm: true, Validation: ledger.Customer, Who: "desk", Why: "claimed by the customer first", When: 20 * day},
			{Account: "ann", Confirm: true, Validation: ledger.Issuer, Who: "desk", Why: "claimed by customer and issuer, first as C1; confirmed by the logs", When: 25 * day}}},
		{takeover.Possible, []ledger.Decision{{Account: "ann", Confirm: true, Validation: ledger.Customer, Who: "desk", Why: "claimed by the customer first", When: 20 * day},
			{Account: "ann", Confirm: true, Validation: ledger.Issuer, Who: "desk", Why: "claimed by customer and issuer, first as C1; confirmed by the logs", When: 25 * day},
			{Account: "bob", Confirm: true, Validation: ledger.Customer, Who: "desk", Why: "claimed by the customer, first as C3; possible by the logs", When: 99}}},
	} {
		if diff := cmp.Diff(tt.want, r.Decisions(tt.least, "desk", 99)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestReturnedIsRecognised: an issuer lists what it charged back. The money came
// back, and the issuer recognised the victim all the same; what nobody stole and
// came back makes no victim.
func TestReturnedIsRecognised(t *testing.T) {
	f := town()
	for i := range f.Charges {
		if f.Charges[i].Txn == "a1" {
			f.Charges[i].Returned = f.Charges[i].Amount
		}
	}
	r, err := Judge([]Claim{{By: ledger.Issuer, Txn: "a1", ReportedAt: 20 * day}, {By: ledger.Customer, Txn: "d5", ReportedAt: 21 * day}}, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Claims {
		if c.Outcome != Returned {
			t.Errorf("%s: %s", c.Txn, c.Outcome)
		}
	}
	if v := r.Victims[0]; v.Account != "ann" || v.Route() != "issuer" || v.Validation != ledger.Issuer || v.Issuers != 1 {
		t.Errorf("%+v", v)
	}
	if v := r.Victims[2]; v.Account != "bob" || v.Route() != "own_detection" {
		t.Errorf("%+v", v)
	}
}

// TestLaws: whatever is claimed, in whatever order, every claim has one outcome,
// no charge is counted twice, and victims add up to the case's.
func TestLaws(t *testing.T) {
	f := town()
	accounts := []string{"", "ann", "bob", "cat", "dan", "eve", "fay", "gus", "ida", "nobody"}
	txns := []string{"", "", "a1", "a2", "a3", "a4", "b1", "d1", "d5", "e1", "zz"}
	refs := []string{"", "tok_b", "411111-x-1111"}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var list []Claim
		for i := range r.IntN(12) {
			c := Claim{ID: fmt.Sprint(r.IntN(4)), By: ledger.Customer + ledger.Validation(r.IntN(2)), Account: accounts[r.IntN(len(accounts))],
				Txn: txns[r.IntN(len(txns))], ReportedAt: int64(r.IntN(3)), Source: "f", Line: i}
			if c.Txn == "" && (c.Account == "" || r.IntN(2) == 0) {
				c.AmountText, c.Currency, c.Amount = "x", jpy, []int64{900, 3000, 40}[r.IntN(3)]
				if c.Account == "" {
					c.FundingRef, c.From = refs[1+r.IntN(2)], day*int64(1+r.IntN(3))
					c.To = c.From + day
				}
			}
			list = append(list, c)
		}
		got, err := Judge(list, f)
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		again, err := Judge(list, f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again, cmpopts.IgnoreUnexported(Judged{})); diff != "" {
			t.Fatalf("seed %d: another order, another result: %s", seed, diff)
		}
		check(t, seed, f, got, len(list))
	}
}

func check(t *testing.T, seed uint64, f *Facts, r *Result, n int) {
	t.Helper()
	lines, err := r.Lines()
	if err != nil {
		t.Fatal(err)
	}
	var claims, charges int64
	byCurrency := map[money.Currency]int64{}
	for _, l := range lines {
		claims += l.Claims
		charges += l.Charges
		byCurrency[l.Currency] += l.Amount
	}
	// What is counted is what the claims name, each once.
	named := map[string]int64{}
	for _, c := range r.Claims {
		if c.Outcome == NoOutcome || c.Outcome >= numOutcomes {
			t.Fatalf("seed %d: a claim without an outcome: %+v", seed, c)
		}
		switch {
		case c.Charge != nil:
			named[c.Charge.Txn] = c.Charge.Amount
		case c.Outcome == Confirmed || c.Outcome == Possible || c.Outcome == Double:
			for _, s := range f.Stolen {
				if s.Account == c.Account && s.Gone {
					named[s.Txn] = s.Amount
				}
			}
		}
		if (c.Outcome == Double) != (c.First >= 0) || c.Outcome == Double && len(c.Counted) > 0 {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
	var want int64
	for _, amount := range named {
		want += amount
	}
	if claims != int64(n) || charges != int64(len(named)) || byCurrency[jpy]+byCurrency[usd] != want {
		t.Fatalf("seed %d: %d claims of %d, %d charges of %d, %v of %d", seed, claims, n, charges, len(named), byCurrency, want)
	}
	routes, err := r.Routes()
	if err != nil {
		t.Fatal(err)
	}
	var victims, loss int64
	for _, x := range routes {
		victims += x.Victims
		loss += x.NetLoss
	}
	if victims != 3 || loss != 7400 {
		t.Fatalf("seed %d: %d victims, %d lost", seed, victims, loss)
	}
}
