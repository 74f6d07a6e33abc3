package gen

import (
	"slices"
	"strings"
	"testing"
)

// byAccount returns the rows of a sheet by account, in the order of the file.
func byAccount(t *testing.T, f *files, sheet int) map[string][]row {
	m := map[string][]row{}
	for _, r := range f.rows(t, sheet) {
		m[r.get("account_id")] = append(m[r.get("account_id")], r)
	}
	return m
}

// stolenRows returns the rows of the payment log that the truth calls stolen.
func stolenRows(t *testing.T, f *files) []row {
	stolen := map[string]bool{}
	for _, r := range f.rows(t, chargeSheet) {
		stolen[r.get("txn_id")] = true
	}
	return slices.DeleteFunc(f.rows(t, paymentSheet), func(r row) bool { return !stolen[r.get("txn_id")] })
}

// TestStolenSessions holds the theft of sessions to what logs can show of it:
// the session that the owner or a phishing site began, used with the thief's
// device id, the one that began it, or none, and from elsewhere.
func TestStolenSessions(t *testing.T) {
	slow(t)
	f := simulate(t, named(t, "session-theft"), Options{})
	auth := byAccount(t, f, authSheet)
	began := map[string]row{} // by session
	for _, rows := range auth {
		for _, r := range rows {
			if s := r.get("session_id"); s != "" && strings.HasSuffix(r.get("event"), "login") {
				began[s] = r
			}
		}
	}
	phished := map[string]bool{}
	for _, r := range f.rows(t, entrySheet) {
		phished[r.get("account_id")] = phished[r.get("account_id")] || r.get("role") == "tester"
	}
	seen := map[string]int{}
	victims := map[string]bool{}
	for _, r := range stolenRows(t, f) {
		id := r.get("account_id")
		if victims[id] {
			continue
		}
		victims[id] = true
		login, known := began[r.get("session_id")]
		switch {
		case r.get("session_id") == "":
			t.Fatalf("%s: a theft without a session", id)
		case !known:
			seen["older than the log"]++
		case login.get("account_id") != id:
			t.Fatalf("%s: the session of %s", id, login.get("account_id"))
		case r.get("device_id") == "":
			seen["no device"]++
		case r.get("device_id") == login.get("device_id"):
			seen["cloned"]++
		default:
			seen["thief's device"]++
		}
		if phished[id] {
			seen["phished"]++
			if !known {
				t.Errorf("%s: phished, but the log has no login", id)
			}
		}
		if known && login.get("ip") != r.get("ip") {
			seen["elsewhere"]++
		}
	}
	n := len(victims)
	within(t, "sessions of a phishing site", seen["phished"], n, 0.25, 0.55)
	within(t, "with the thief's device", seen["thief's device"], n, 0.5, 0.95)
	within(t, "without a device", seen["no device"], n, 0.05, 0.3)
	within(t, "with the device that began it", seen["cloned"], n, 0.01, 0.15)
	within(t, "from elsewhere", seen["elsewhere"], n, 0.7, 1)
}

// TestBankLink holds wallets in strangers' names to their story: opened, linked
// after some guesses, topped up from that bank; and no owner anywhere.
func TestBankLink(t *testing.T) {
	slow(t)
	f := simulate(t, named(t, "docomo"), Options{})
	auth := byAccount(t, f, authSheet)
	banks := map[string]map[string]bool{}
	loss := map[string]int64{}
	for _, r := range stolenRows(t, f) {
		id := r.get("account_id")
		rows := auth[id]
		if len(rows) == 0 || rows[0].get("event") != "account_create" {
			t.Fatalf("%s begins with %v", id, rows)
		}
		linked := slices.IndexFunc(rows, func(r row) bool { return r.get("event") == "card_register" && r.get("outcome") == "success" })
		if linked < 0 || rows[linked].get("event_time") > r.get("event_time") {
			t.Fatalf("%s: %s before a bank account was linked", id, r.get("kind"))
		}
		if r.get("kind") != "topup" {
			continue
		}
		if r.get("funding_source") != "bank" {
			t.Errorf("%s: topped up by %s", id, r.get("funding_source"))
		}
		if banks[r.get("funding_ref")] == nil {
			banks[r.get("funding_ref")] = map[string]bool{}
		}
		banks[r.get("funding_ref")][id] = true
		if r.get("status") == "approved" {
			loss[id] += yen(t, r.get("amount"))
		}
	}
	shared := 0
	for _, wallets := range banks {
		if len(wallets) > 1 {
			shared++
		}
	}
	within(t, "bank accounts linked by several wallets", shared, len(banks), 0.02, 0.35)
	for id, yen := range loss {
		if yen > 300_000 {
			t.Errorf("%s: %d yen, far above the cap of a month", id, yen)
		}
	}
	guesses := 0
	for _, r := range f.rows(t, accountSheet) {
		if r.get("vector") == "" {
			continue
		}
		if r.get("owner_seen_before") != "false" {
			t.Errorf("%s has an owner", r.get("account_id"))
		}
		for _, a := range auth[r.get("account_id")] {
			if a.get("reason") == "bad_pin" {
				guesses++
			}
		}
	}
	within(t, "guesses at PINs", guesses, 1800, 0.6, 1.5)
	for _, r := range f.rows(t, authSheet) {
		if r.get("event") == "card_register" && r.get("outcome") == "failure" && len(auth[r.get("account_id")]) > 0 {
			guesses--
		}
	}
	if guesses > -20 {
		t.Errorf("only %d honest people mistype a PIN", -guesses)
	}
}

// TestLocks holds locked accounts to the limit, and their owners to a reset.
func TestLocks(t *testing.T) {
	slow(t)
	w := named(t, "brute-force-failed")
	f := simulate(t, w, Options{})
	auth := byAccount(t, f, authSheet)
	locked, reset := 0, 0
	for id, rows := range auth {
		at := slices.IndexFunc(rows, func(r row) bool { return r.get("reason") == "locked" })
		if at < 0 {
			continue
		}
		locked++
		wrong := 0
		for _, r := range rows[:at] {
			if r.get("reason") == "bad_password" || r.get("reason") == "unknown_account" {
				wrong++
			}
		}
		if wrong < w.Rates.LockAfter {
			t.Errorf("%s is locked after %d failures, want %d", id, wrong, w.Rates.LockAfter)
		}
		if slices.ContainsFunc(rows[at:], func(r row) bool { return r.get("event") == "password_reset" }) {
			reset++
		}
	}
	if locked < 20 {
		t.Errorf("%d accounts are locked", locked)
	}
	within(t, "owners who reset it", reset, locked, 0.3, 0.9)
	if f.sum.Entries+f.sum.Victims > 0 {
		t.Errorf("%d entries, %d victims in vain", f.sum.Entries, f.sum.Victims)
	}
}

// TestUntested holds leaks to what they are: valid at the first try, and most
// executors are the first to come.
func TestUntested(t *testing.T) {
	slow(t)
	f := simulate(t, named(t, "leak"), Options{})
	testers, first := map[string]bool{}, map[string]string{}
	for _, r := range f.rows(t, entrySheet) {
		if r.get("role") == "tester" {
			testers[r.get("account_id")] = true
		}
		if first[r.get("account_id")] == "" {
			first[r.get("account_id")] = r.get("device_id")
		}
	}
	victims, untested := 0, 0
	for _, r := range f.rows(t, accountSheet) {
		if r.get("role") != "victim" {
			continue
		}
		victims++
		if !testers[r.get("account_id")] {
			untested++
		}
	}
	within(t, "untested victims", untested, victims, 0.55, 0.85)
	for _, r := range f.rows(t, authSheet) {
		if r.get("outcome") == "failure" && r.get("device_id") != "" && first[r.get("account_id")] == r.get("device_id") {
			t.Errorf("%s: a failure by the thief: %v", r.get("account_id"), r.fields)
		}
	}
}

// TestLeakShop holds a leak at one shop to its customers: far more of those who
// were entered paid there than of all.
func TestLeakShop(t *testing.T) {
	slow(t)
	w := named(t, "leak-shop")
	w.Accounts = 10_000
	f := simulate(t, w, Options{})
	stolen := map[string]bool{}
	for _, r := range f.rows(t, chargeSheet) {
		stolen[r.get("txn_id")] = true
	}
	entered := map[string]bool{}
	for _, r := range f.rows(t, accountSheet) {
		if role := r.get("role"); role == "victim" || role == "entered" {
			entered[r.get("account_id")] = true
		}
	}
	here, all := map[string]map[string]bool{}, map[string]bool{} // by shop
	for _, r := range f.rows(t, paymentSheet) {
		id, shop := r.get("account_id"), r.get("store_id")
		if shop == "" || stolen[r.get("txn_id")] {
			continue
		}
		if here[shop] == nil {
			here[shop] = map[string]bool{}
		}
		here[shop][id], all[id] = true, true
	}
	of := func(shop string) (hit, miss int) {
		for id := range here[shop] {
			if entered[id] {
				hit++
			} else {
				miss++
			}
		}
		return hit, miss
	}
	best, hits, second := "", 0, 0
	for shop := range here {
		hit, _ := of(shop)
		switch {
		case hit > hits:
			best, hits, second = shop, hit, hits
		case hit > second:
			second = hit
		}
	}
	if _, honest := of(best); len(entered) < 40 || hits < len(entered)/3 || second > hits/2 || honest < 15 || honest > len(all)/50 {
		t.Errorf("%d were entered; %d of them paid at %s, as did %d of %d others, and %d at the next shop", len(entered), hits, best, honest, len(all), second)
	}
}

// TestRegisters holds staff who steal to one register and one name each, at
// which honest people pay as well.
func TestRegisters(t *testing.T) {
	slow(t)
	f := simulate(t, named(t, "store-staff"), Options{})
	thieves := map[string]map[string]bool{}
	honest := map[string]int{}
	stolen := map[string]bool{}
	for _, r := range stolenRows(t, f) {
		stolen[r.get("txn_id")] = true
		if r.get("kind") != "payment" {
			continue
		}
		at := r.get("terminal_id") + " " + r.get("operator_id")
		if thieves[r.get("device_id")] == nil {
			thieves[r.get("device_id")] = map[string]bool{}
		}
		thieves[r.get("device_id")][at] = true
	}
	people := map[string]map[string]bool{}
	for _, r := range f.rows(t, paymentSheet) {
		if who := r.get("operator_id"); who != "" {
			if people[r.get("store_id")] == nil {
				people[r.get("store_id")] = map[string]bool{}
			}
			people[r.get("store_id")][who] = true
			if !stolen[r.get("txn_id")] {
				honest[r.get("terminal_id")+" "+who]++
			}
		}
	}
	if len(thieves) < 3 {
		t.Fatalf("%d thieves at registers", len(thieves))
	}
	for device, at := range thieves {
		for place := range at {
			if len(at) > 1 || honest[place] < 5 || strings.HasPrefix(place, " ") {
				t.Errorf("%s stands at %v, with %d honest payments", device, at, honest[place])
			}
		}
	}
	for store, names := range people {
		if len(names) > 6 {
			t.Errorf("%d people work in %s", len(names), store)
		}
	}
}

// TestVary holds varied worlds to the range that is promised, and to being the
// same for the same seed.
func TestVary(t *testing.T) {
	between := func(what string, got, was float64) {
		t.Helper()
		if was > 0.5 && was <= 1 {
			got, was = 1-got, 1-was
		}
		if got < was*0.66 || got > was*1.51 {
			t.Errorf("%s: %g became %g", what, was, got)
		}
	}
	for _, name := range Presets() {
		w := named(t, name)
		w.Seed = 99
		before := named(t, name)
		v, again := Vary(w), Vary(w)
		if err := v.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if v.Rates != again.Rates || w.Rates != before.Rates || v.Rates == w.Rates {
			t.Errorf("%s: rates %v and %v from %v", name, v.Rates, again.Rates, w.Rates)
		}
		if w.Seed++; Vary(w).Rates == v.Rates {
			t.Errorf("%s: two seeds have the same rates", name)
		}
		between("typos", v.Rates.Typos, w.Rates.Typos)
		between("cards", v.Rates.Cards, w.Rates.Cards)
		between("session hours", v.Rates.SessionHours, w.Rates.SessionHours)
		for i := range w.Attacks {
			was, is := before.Attacks[i], v.Attacks[i]
			if is.Victims != was.Victims || is.Vector != was.Vector || w.Attacks[i].Tries != was.Tries {
				t.Errorf("%s: attack %+v became %+v", name, was, is)
			}
			between("tries", float64(is.Tries+1), float64(was.Tries+1))
			between("lag", float64(is.Lag), float64(was.Lag))
			between("loss", float64(is.Loss), float64(was.Loss))
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, name := range Presets() {
		if Describe(name) == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
	if Describe("nonesuch") != "" {
		t.Error("something is said of a preset that does not exist")
	}
}
