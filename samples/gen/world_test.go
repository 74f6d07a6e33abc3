package gen

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A diary is all rows of one account.
type diary struct {
	auth, payments []row
}

func diaries(t testing.TB, f *files) map[string]*diary {
	all := map[string]*diary{}
	of := func(id string) *diary {
		if all[id] == nil {
			all[id] = &diary{}
		}
		return all[id]
	}
	for _, r := range f.rows(t, authSheet) {
		d := of(r.get("account_id"))
		d.auth = append(d.auth, r)
	}
	for _, r := range f.rows(t, paymentSheet) {
		d := of(r.get("account_id"))
		d.payments = append(d.payments, r)
	}
	return all
}

func moment(t testing.TB, r row) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, r.get("event_time"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// A clue is one trivial feature of an account, as a first look would have it.
type clue struct {
	name string
	has  func(d *diary) bool
}

func clues(t testing.TB, f *files) []clue {
	sharers := map[string]map[string]bool{}
	for _, r := range slices.Concat(f.rows(t, authSheet), f.rows(t, paymentSheet)) {
		if dev := r.get("device_id"); dev != "" && r.get("outcome") != "failure" {
			if sharers[dev] == nil {
				sharers[dev] = map[string]bool{}
			}
			sharers[dev][r.get("account_id")] = true
		}
	}
	thievesShops := map[string]bool{}
	stolen := map[string]bool{}
	for _, r := range f.rows(t, chargeSheet) {
		stolen[r.get("txn_id")] = true
	}
	for _, r := range f.rows(t, paymentSheet) {
		if stolen[r.get("txn_id")] {
			thievesShops[r.get("store_id")] = true
		}
	}
	anyOf := func(rows []row, is func(row) bool) bool { return slices.ContainsFunc(rows, is) }
	return []clue{
		{"new device", func(d *diary) bool {
			seen := map[string]bool{}
			return anyOf(slices.Concat(d.auth, d.payments), func(r row) bool {
				isNew := r.get("device_id") != "" && len(seen) > 0 && !seen[r.get("device_id")]
				seen[r.get("device_id")] = true
				return isNew
			})
		}},
		{"top-up at the cap", func(d *diary) bool {
			return anyOf(d.payments, func(r row) bool { return r.get("kind") == "topup" && r.get("amount") == "30000" })
		}},
		{"spent within ten minutes of a top-up", func(d *diary) bool {
			var topped time.Time
			return anyOf(d.payments, func(r row) bool {
				if r.get("kind") == "topup" {
					topped = moment(t, r)
				}
				return r.get("kind") == "payment" && moment(t, r).Sub(topped) < 10*time.Minute
			})
		}},
		{"device shared", func(d *diary) bool {
			return anyOf(slices.Concat(d.auth, d.payments), func(r row) bool { return len(sharers[r.get("device_id")]) > 1 })
		}},
		{"device shared by seven", func(d *diary) bool {
			return anyOf(slices.Concat(d.auth, d.payments), func(r row) bool { return len(sharers[r.get("device_id")]) > 6 })
		}},
		{"payment at night", func(d *diary) bool {
			return anyOf(d.payments, func(r row) bool { return moment(t, r).Add(9*time.Hour).Hour() < 5 })
		}},
		{"a shop that thieves use", func(d *diary) bool {
			return anyOf(d.payments, func(r row) bool { return thievesShops[r.get("store_id")] })
		}},
		{"failure before success", func(d *diary) bool {
			failed := false
			return anyOf(d.auth, func(r row) bool {
				hit := failed && r.get("outcome") == "success"
				failed = r.get("outcome") == "failure"
				return hit
			})
		}},
		{"foreign country", func(d *diary) bool {
			return anyOf(d.auth, func(r row) bool {
				return r.get("outcome") == "success" && r.get("country") != "JP" && r.get("country") != ""
			})
		}},
		{"password reset", func(d *diary) bool {
			return anyOf(d.auth, func(r row) bool { return r.get("event") == "password_reset" })
		}},
		{"the first rule of 7pay", func(d *diary) bool { return busyDay(t, d) }},
	}
}

// busyDay is the rule by which 7pay counted its first victims: 10,000 yen
// topped up and 10,000 spent on one day (S9). At most half of them were right.
func busyDay(t testing.TB, d *diary) bool {
	in, out := map[string]int64{}, map[string]int64{}
	for _, r := range d.payments {
		day := moment(t, r).Add(9 * time.Hour).Format(time.DateOnly)
		switch {
		case r.get("status") != "approved":
		case r.get("kind") == "topup":
			in[day] += yen(t, r.get("amount"))
		case r.get("kind") == "payment":
			out[day] += yen(t, r.get("amount"))
		}
	}
	for day := range in {
		if in[day] >= 10_000 && out[day] >= 10_000 {
			return true
		}
	}
	return false
}

// TestNothingGivesItAway holds that no single trivial feature finds most
// victims without naming more honest people than victims.
func TestNothingGivesItAway(t *testing.T) {
	slow(t)
	f := simulate(t, part(named(t, "list-type"), 2), Options{})
	victims := map[string]bool{}
	for _, r := range f.rows(t, accountSheet) {
		if r.get("role") == "victim" {
			victims[r.get("account_id")] = true
		}
	}
	checkCrews(t, f)
	all := diaries(t, f)
	for _, c := range clues(t, f) {
		found, right := 0, 0
		for id, d := range all {
			if c.has(d) {
				found++
				if victims[id] {
					right++
				}
			}
		}
		precision, recall := float64(right)/float64(max(found, 1)), float64(right)/float64(len(victims))
		t.Logf("%-40s names %5d, precision %.3f, recall %.2f", c.name, found, precision, recall)
		if recall > 0.5 && precision >= 0.5 {
			t.Errorf("%q finds the victims: precision %.2f at recall %.2f", c.name, precision, recall)
		}
	}
}

// TestShares holds the honest world to the rates it is given.
func TestShares(t *testing.T) {
	slow(t)
	w := named(t, "benign-month")
	f := simulate(t, w, Options{})
	if f.sum.Victims+f.sum.Entered+f.sum.Tries+f.sum.Charges > 0 {
		t.Errorf("crime in a world without: %+v", f.sum)
	}
	count := func(rows []row, is func(row) bool) (n int) {
		for _, r := range rows {
			if is(r) {
				n++
			}
		}
		return n
	}
	auth, payments := f.rows(t, authSheet), f.rows(t, paymentSheet)
	within(t, "auth rows per account", len(auth), w.Accounts, 9, 13)
	within(t, "payment rows per account", len(payments), w.Accounts, 9, 13)
	login := func(outcome, reason string) func(row) bool {
		return func(r row) bool {
			return strings.HasSuffix(r.get("event"), "login") && r.get("outcome") == outcome && strings.Contains(r.get("reason"), reason)
		}
	}
	logins := count(auth, login("success", ""))
	within(t, "wrong passwords", count(auth, login("failure", "bad_password")), logins, 0.06, 0.2)
	within(t, "mistyped ids", count(auth, login("failure", "unknown_account")), logins, 0.008, 0.016)
	within(t, "logins abroad", count(auth, func(r row) bool { return login("success", "")(r) && r.get("country") != "JP" }), logins, 0.004, 0.03)
	topups := count(payments, func(r row) bool { return r.get("kind") == "topup" })
	within(t, "top-ups", topups, len(payments), 0.15, 0.35)
	within(t, "declined", count(payments, func(r row) bool { return r.get("status") == "declined" }), len(payments), 0.005, 0.03)
	within(t, "taken back", count(payments, func(r row) bool { return r.get("original_txn_id") != "" }), len(payments), 0.002, 0.012)
	within(t, "transfers out", count(payments, func(r row) bool { return r.get("kind") == "transfer_out" }), len(payments), 0.001, 0.01)
	within(t, "transfers", count(payments, func(r row) bool { return r.get("kind") == "transfer_out" }),
		count(payments, func(r row) bool { return r.get("kind") == "transfer_in" }), 1, 1)
	quick, topped := 0, map[string]time.Time{}
	for _, r := range payments {
		if at, ok := topped[r.get("account_id")]; ok && r.get("kind") == "payment" {
			delete(topped, r.get("account_id"))
			if moment(t, r).Sub(at) < 10*time.Minute {
				quick++
			}
		}
		if r.get("kind") == "topup" {
			topped[r.get("account_id")] = moment(t, r)
		}
	}
	within(t, "top-ups spent within ten minutes", quick, topups, 0.6, 0.95)
	checkAddresses(t, auth)
	alike := map[string]int{}
	for _, r := range f.rows(t, accountSheet) {
		for word := range strings.SplitSeq(r.get("lookalike"), ";") {
			alike[word]++
		}
	}
	for i, word := range lookalikeNames() {
		if n := alike[word]; n < w.Accounts/2000 || n > w.Accounts/8 {
			t.Errorf("%d accounts with the look-alike %q (bit %d) of %d", n, word, i, w.Accounts)
		}
	}
}

// TestUniqueNames holds that ids are unique where they must be, and of one
// shape whoever they belong to.
func TestUniqueNames(t *testing.T) {
	w := smaller(named(t, "mixed"))
	f := simulate(t, w, Options{})
	known := openings(w)
	if len(known) != w.Accounts {
		t.Errorf("%d accounts have %d ids", w.Accounts, len(known))
	}
	txns := map[string]string{}
	for _, r := range f.rows(t, paymentSheet) {
		if old, ok := txns[r.get("txn_id")]; ok && old != "pending" {
			t.Errorf("transaction %s is there twice", r.get("txn_id"))
		}
		txns[r.get("txn_id")] = r.get("status")
	}
	sessions := map[string]string{}
	for _, r := range f.rows(t, authSheet) {
		id := r.get("account_id")
		if _, ok := known[id]; ok == (r.get("reason") == "unknown_account") && !newcomer(r) {
			t.Fatalf("account %s: known %v, but the log says %q", id, ok, r.get("reason"))
		}
		if len(id) < 9 || len(id) > 11 || strings.Trim(id, idLetter) != "" {
			t.Fatalf("account id %q has a shape of its own", id)
		}
		if s := r.get("session_id"); s != "" {
			if old, ok := sessions[s]; ok && old != id {
				t.Fatalf("session %s is shared by %s and %s", s, old, id)
			}
			sessions[s] = id
		}
		if d := r.get("device_id"); d != "" && (len(d) != 36 || d[14] != '4') {
			t.Fatalf("device id %q has a shape of its own", d)
		}
	}
}

// newcomer reports whether a try may be about an account that is opened later.
func newcomer(r row) bool { return r.get("outcome") == "failure" }

func TestLaunch(t *testing.T) {
	w := smaller(named(t, "launch-week"))
	created := map[string]bool{}
	f := simulate(t, w, Options{})
	for _, r := range f.rows(t, authSheet) {
		if r.get("event") == "account_create" {
			created[r.get("account_id")] = true
		}
		if r.get("outcome") == "success" && !created[r.get("account_id")] {
			t.Fatalf("%s of %s before the account was opened", r.get("event"), r.get("account_id"))
		}
	}
	if len(created) != w.Accounts {
		t.Errorf("%d of %d accounts were opened", len(created), w.Accounts)
	}
}

// TestSmallCast holds that the small world has what its readers are told.
func TestSmallCast(t *testing.T) {
	f := simulate(t, named(t, "small"), Options{})
	alike := map[string]int{}
	for _, r := range f.rows(t, accountSheet) {
		alike[r.get("lookalike")]++
	}
	if alike["family_phone"] != 2 || alike["new_handset"] != 1 || f.sum.Victims != 3 {
		t.Errorf("%d people share a phone, %d have a new one, %d are robbed; want 2, 1, 3",
			alike["family_phone"], alike["new_handset"], f.sum.Victims)
	}
	unknown := map[string]int{}
	for _, r := range f.rows(t, authSheet) {
		if r.get("reason") == "unknown_account" {
			unknown[r.get("ip")]++
		}
	}
	if len(unknown) != 1 {
		t.Errorf("unknown ids from %d addresses, want 1: %v", len(unknown), unknown)
	}
}

// checkAddresses holds the networks to what people share: carrier addresses by
// hundreds of accounts, homes by few.
func checkAddresses(t *testing.T, auth []row) {
	t.Helper()
	users := map[string]map[string]bool{}
	for _, r := range auth {
		if r.get("outcome") != "success" {
			continue
		}
		if users[r.get("ip")] == nil {
			users[r.get("ip")] = map[string]bool{}
		}
		users[r.get("ip")][r.get("account_id")] = true
	}
	alone, crowded := 0, 0
	for _, accounts := range users {
		switch n := len(accounts); {
		case n <= 3:
			alone++
		case n >= 200:
			crowded++
		}
	}
	within(t, "addresses of one home", alone, len(users), 0.9, 0.995)
	within(t, "addresses of hundreds of accounts", crowded, len(users), 0.002, 0.03)
}

// checkCrews holds crews to physics: a phone that goes through accounts shows
// one after the other.
func checkCrews(t *testing.T, f *files) {
	t.Helper()
	actors := map[string]string{}
	for _, r := range f.rows(t, chargeSheet) {
		actors[r.get("txn_id")] = r.get("actor")
	}
	holder, gone := map[string]string{}, map[string]bool{}
	perPhone := map[string]int{}
	for _, r := range f.rows(t, paymentSheet) {
		actor, ok := actors[r.get("txn_id")]
		if !ok || !strings.Contains(actor, string(CrewPhones)) {
			continue
		}
		id, phone := r.get("account_id"), r.get("device_id")
		if holder[phone] == id {
			continue
		}
		if gone[id] {
			t.Errorf("phone %s comes back to %s", phone, id)
		}
		gone[holder[phone]] = true
		holder[phone] = id
		perPhone[phone]++
	}
	for phone, n := range perPhone {
		if n < 1 || n > 10 {
			t.Errorf("phone %s goes through %d accounts, want about 8", phone, n)
		}
	}
	if len(perPhone) < 2 {
		t.Errorf("%d crew phones", len(perPhone))
	}
}
