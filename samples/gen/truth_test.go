package gen

import (
	"fmt"
	"strconv"
	"testing"
)

// A till replays a payment log as a stranger would, from its text alone.
type till struct {
	byTxn map[string]row
	legs  map[string]int64 // account/funding/ref
}

func newTill() *till {
	return &till{byTxn: map[string]row{}, legs: map[string]int64{}}
}

func yen(t testing.TB, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func legOf(r row) string {
	return r.get("account_id") + "/" + r.get("funding_source") + "/" + r.get("funding_ref")
}

func walletOf(r row) string { return r.get("account_id") + "/balance/" }

func (b *till) apply(t testing.TB, r row) {
	if r.get("status") == "approved" {
		b.move(t, r, yen(t, r.get("amount")))
		b.byTxn[r.get("txn_id")] = r
	}
}

// move does to the legs what a row of so many yen does.
func (b *till) move(t testing.TB, r row, amount int64) {
	t.Helper()
	switch r.get("kind") {
	case "topup":
		b.legs[legOf(r)] -= amount
		b.legs[walletOf(r)] += amount
	case "payment":
		b.legs[legOf(r)] -= amount
	case "transfer_out":
		b.legs[walletOf(r)] -= amount
	case "transfer_in":
		b.legs[walletOf(r)] += amount
	case "chargeback":
		b.legs[legOf(r)] += amount
	case "refund", "reversal":
		original, ok := b.byTxn[r.get("original_txn_id")]
		if !ok {
			t.Fatalf("%s of unknown transaction %q", r.get("kind"), r.get("original_txn_id"))
		}
		b.move(t, original, -amount)
	default:
		t.Fatalf("kind %q", r.get("kind"))
	}
}

// openings returns the balance of every account before the log.
func openings(w World) map[string]int64 {
	town := newTown(w)
	m := map[string]int64{}
	for n := range uint64(w.Accounts) {
		m[string(town.appendAccount(nil, n))] = town.person(n).opening
	}
	return m
}

// TestReplayLaw replays the log of every preset: no wallet pays what it does
// not hold, and the money rows are the difference between the replays with and
// without what thieves did.
func TestReplayLaw(t *testing.T) {
	for _, name := range Presets() {
		if name == "7pay" || name == "bench" || name == "disturbed" {
			continue // too large, or with rows missing
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := named(t, name)
			if name != "small" {
				w = smaller(w)
			}
			f := simulate(t, w, Options{})
			stolen := map[string]row{}
			for _, r := range f.rows(t, chargeSheet) {
				stolen[r.get("txn_id")] = r
			}
			with, without := newTill(), newTill()
			opening := openings(w)
			robbed := map[string]bool{}
			for _, r := range f.rows(t, paymentSheet) {
				with.apply(t, r)
				held, known := opening[r.get("account_id")]
				if held += with.legs[walletOf(r)]; !known || held < 0 {
					t.Fatalf("account %s (known: %v) holds %d after %s", r.get("account_id"), known, held, r.get("txn_id"))
				}
				if c, ok := stolen[r.get("txn_id")]; ok {
					checkCharge(t, c, r)
					delete(stolen, r.get("txn_id"))
					robbed[r.get("account_id")] = true
					without.byTxn[r.get("txn_id")] = row{}
					continue
				}
				if original, ok := without.byTxn[r.get("original_txn_id")]; ok && original.fields == nil {
					without.byTxn[r.get("txn_id")] = row{}
					continue
				}
				without.apply(t, r)
			}
			if len(stolen) > 0 {
				t.Errorf("%d charges of the truth are not in the log", len(stolen))
			}
			want := map[string]int64{}
			for leg, amount := range with.legs {
				if owed := without.legs[leg] - amount; owed != 0 {
					want[leg] = owed
				}
			}
			got, net := map[string]int64{}, map[string]int64{}
			for _, r := range f.rows(t, moneySheet) {
				if yen(t, r.get("gross"))-yen(t, r.get("returned")) != yen(t, r.get("amount")) {
					t.Errorf("amount is not gross less returned: %v", r)
				}
				leg := r.get("account_id") + "/" + r.get("channel") + "/" + r.get("funding_ref")
				if r.get("channel") == "none" {
					leg = walletOf(r)
				}
				got[leg] += yen(t, r.get("amount"))
				net[r.get("account_id")] += yen(t, r.get("amount"))
			}
			for leg := range got {
				if got[leg] == 0 && want[leg] == 0 {
					delete(got, leg) // stolen and returned
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("owed by the truth: %v\nowed by replay: %v", got, want)
			}
			checkAccounts(t, f, net, robbed)
		})
	}
}

// checkCharge holds a charge of the truth against its row.
func checkCharge(t *testing.T, c, r row) {
	t.Helper()
	for _, field := range []string{"account_id", "event_time", "kind", "amount", "currency"} {
		if c.get(field) != r.get(field) {
			t.Errorf("charge %s: %s is %q in the truth, %q in the log", c.get("txn_id"), field, c.get(field), r.get(field))
		}
	}
	if c.get("status") != r.get("status") && (c.get("status") != "reversed" || r.get("status") != "approved") {
		t.Errorf("charge %s: %q in the truth, %q in the log", c.get("txn_id"), c.get("status"), r.get("status"))
	}
}

// checkAccounts holds the accounts of the truth against entries, charges and
// money.
func checkAccounts(t *testing.T, f *files, net map[string]int64, robbed map[string]bool) {
	t.Helper()
	standing, entered := map[string]int{}, map[string]string{}
	for _, r := range f.rows(t, chargeSheet) {
		if r.get("status") == "approved" {
			standing[r.get("account_id")]++
		}
	}
	for _, r := range f.rows(t, entrySheet) {
		if _, ok := entered[r.get("account_id")]; !ok {
			entered[r.get("account_id")] = r.get("event_time")
		}
	}
	seen := map[string]bool{}
	for _, r := range f.rows(t, accountSheet) {
		id := r.get("account_id")
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if got := yen(t, r.get("net_loss")); got != net[id] {
			t.Errorf("%s: net loss %d, money rows sum to %d", id, got, net[id])
		}
		switch r.get("role") {
		case "victim":
			if standing[id] == 0 {
				t.Errorf("victim %s has no approved charge", id)
			}
		case "entered":
			if standing[id] > 0 {
				t.Errorf("%s is robbed but no victim", id)
			}
		case "lookalike", "mule":
			if entered[id] != "" || robbed[id] {
				t.Errorf("%s %s was entered", r.get("role"), id)
			}
			continue
		default:
			t.Errorf("%s: role %q", id, r.get("role"))
		}
		if r.get("takeover_at") != entered[id] {
			t.Errorf("%s: takeover at %s, first entry at %s", id, r.get("takeover_at"), entered[id])
		}
		delete(entered, id)
	}
	if len(entered) > 0 {
		t.Errorf("entered but not among the accounts: %v", entered)
	}
}

// TestEntriesInLog finds every entry in the auth log, session theft excepted:
// it needs no login.
func TestEntriesInLog(t *testing.T) {
	slow(t)
	for _, name := range []string{"list-type", "mixed", "reset-abuse", "external-login", "mules"} {
		w := smaller(named(t, name))
		f := simulate(t, w, Options{})
		log := map[string]row{}
		for _, r := range f.rows(t, authSheet) {
			log[r.get("event_time")+r.get("account_id")] = r
		}
		for _, e := range f.rows(t, entrySheet) {
			if e.get("campaign") == string(SessionTheft) {
				continue
			}
			r := log[e.get("event_time")+e.get("account_id")]
			if r.get("outcome") != "success" || r.get("ip") != e.get("ip") || r.get("device_id") != e.get("device_id") || r.get("session_id") != e.get("session_id") {
				t.Errorf("%s: entry %v has no login, but %v", name, e, r)
			}
		}
	}
}

func TestDebts(t *testing.T) {
	card := leg{cardFunding, 7}
	charge := func(k kind, amount int64, thief int32, f leg) entry {
		return entry{kind: k, amount: amount, thief: thief, funding: f.funding, ref: f.ref, about: -1}
	}
	back := func(k kind, about int32, amount int64) entry {
		return entry{kind: k, amount: amount, about: about, funding: cardFunding, ref: 7}
	}
	base := []entry{
		charge(topup, 30_000, 1, card), charge(topup, 20_000, 1, card), charge(payment, 46_000, 1, wallet),
	}
	// The examples of the design, and what its table says beyond them.
	for _, c := range []struct {
		name string
		book []entry
		held int64
		want string
	}{
		{"nothing returned", base, 4_000, "[instrument_refund 50000-0 balance_clawback -4000-0]"},
		{"stopped by the issuer", append(base[:3:3], back(chargeback, 0, 30_000)), 4_000, "[instrument_refund 50000-30000 balance_clawback -4000-0]"},
		{"reversed out of the wallet", append(base[:3:3], back(reversal, 0, 30_000)), 0, "[instrument_refund 50000-30000 balance_restore 26000-0]"},
		{"the rest spent by the owner", append(base[:3:3], charge(payment, 3_000, 0, wallet)), 1_000, "[instrument_refund 50000-0 balance_clawback -1000-0 victim_used -3000-0]"},
		{"declined", []entry{{kind: topup, amount: 30_000, thief: 1, funding: cardFunding, ref: 7, status: declined, about: -1}}, 0, "[]"},
		{"paid directly", []entry{charge(payment, 9_000, 1, card)}, 0, "[instrument_refund 9000-0]"},
		{"sent away", append(base[:2:2], charge(transferOut, 50_000, 1, wallet)), 0, "[instrument_refund 50000-0]"},
		{"the owner's own", []entry{charge(topup, 5_000, 0, card), charge(payment, 700, 0, wallet)}, 4_300, "[]"},
	} {
		var got []string
		for _, d := range debts(c.book, c.held) {
			got = append(got, fmt.Sprintf("%s %d-%d", d.component, d.gross, d.returned))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}
