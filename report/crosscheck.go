package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
)

// A purse is one currency of something: an account, a shop, an hour.
type purse struct{ of, currency string }

// problems gathers what differs of one check.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// counted reports whether a charge is in the figures of shops and hours: it
// stands, and it is at least probably the thief's, or a person says so.
func counted(charges *rowsOf, row int) bool {
	status := charges.text("status", row)
	return (status == "approved" || status == "pending") &&
		(charges.text("tier", row) != "possible" || charges.text("decision", row) == decisionWord(true))
}

// spends reports whether a charge of a kind takes value out of an account.
func spends(kind string) bool { return kind == "payment" || kind == "transfer_out" || kind == "payout" }

// scores holds every score against its parts.
func (v *verifier) scores(takeovers rowsOf) {
	var differ problems
	for row := range takeovers.n {
		var sum int64
		for _, part := range []string{"prior", "entry", "visit", "conduct", "device", "company"} {
			sum += takeovers.int("weight_"+part, row)
		}
		if got := takeovers.int("score", row); got != sum {
			differ.add("%s: the weights add up to %d, the score is %d", takeovers.shown("account_id", row), sum, got)
		}
	}
	v.note("every score is the sum of its weights", differ...)
}

// origins holds where rows stand against what was read.
func (v *verifier) origins(s *Summary, charges, takeovers rowsOf) {
	read := map[string]int64{}
	for _, in := range s.Sources {
		read[in.Name] = max(read[in.Name], in.Read)
	}
	var differ problems
	look := func(r *rowsOf, table, id string) {
		for row := range r.n {
			if r.null("source", row) {
				continue // a case of an earlier version, or no row of a log
			}
			if source := r.text("source", row); read[source] == 0 || r.int("line", row) < 1 {
				if read[source] == 0 {
					source = discreet.Shown(source) // not the name of a file, for all we know
				}
				differ.add("%s: %s stands in line %d of %s, which was not read", table, r.shown(id, row), r.int("line", row), source)
			}
		}
	}
	look(&charges, "charges", "txn_id")
	look(&takeovers, "takeovers", "account_id")
	v.note("every finding has its line in a log", differ...)
}

// charged holds the figures of every victim against the charges.
func (v *verifier) charged(victims, charges rowsOf) {
	type figures struct{ charges, topUp, spend int64 }
	named, all := map[purse]figures{}, map[purse]figures{}
	for row := range charges.n {
		if charges.text("status", row) == "declined" {
			continue
		}
		k := purse{charges.text("account_id", row), charges.text("currency", row)}
		add := func(sums map[purse]figures) {
			f := sums[k]
			f.charges++
			switch kind := charges.text("kind", row); {
			case kind == "topup":
				f.topUp += charges.int("amount", row)
			case spends(kind):
				f.spend += charges.int("amount", row)
			}
			sums[k] = f
		}
		add(all)
		if charges.text("tier", row) != "possible" || charges.text("decision", row) == decisionWord(true) {
			add(named)
		}
	}
	var differ problems
	for row := range victims.n {
		k := purse{victims.text("account_id", row), victims.text("currency", row)}
		says := figures{victims.int("fraud_charges", row), victims.int("topup_amount", row), victims.int("spend_amount", row)}
		// Of a possible account all charges count, of a named one those that are.
		if got := named[k]; got != says && all[k] != says {
			differ.add("%s: the charges are %d, %d %s topped up and %d spent; the victim has %d, %d and %d",
				discreet.Shown(k.of), got.charges, got.topUp, discreet.Shown(k.currency), got.spend, says.charges, says.topUp, says.spend)
		}
	}
	v.note("every victim's charges add up", differ...)
}

// places holds shops, visits and hours against the charges.
func (v *verifier) places(charges rowsOf) {
	type shop struct{ charges, amount int64 }
	shops := map[purse]shop{}
	accounts := map[purse]map[string]bool{}
	type hour struct{ topUps, topUp, spends, spend int64 }
	hours := map[purse]hour{}
	for row := range charges.n {
		if !counted(&charges, row) {
			continue
		}
		currency, kind, amount := charges.text("currency", row), charges.text("kind", row), charges.int("amount", row)
		at := purse{fmt.Sprint(hourStart(charges.int("event_time", row))), currency}
		h := hours[at]
		switch {
		case kind == "topup":
			h.topUps, h.topUp = h.topUps+1, h.topUp+amount
		case spends(kind):
			h.spends, h.spend = h.spends+1, h.spend+amount
		}
		hours[at] = h
		k := purse{charges.text("store_id", row), currency}
		if k.of == "" || !spends(kind) {
			continue
		}
		shops[k] = shop{shops[k].charges + 1, shops[k].amount + amount}
		if accounts[k] == nil {
			accounts[k] = map[string]bool{}
		}
		accounts[k][charges.text("account_id", row)] = true
	}
	if stores, ok := v.rows("stores"); ok {
		var differ problems
		for row := range stores.n {
			k := purse{stores.text("store_id", row), stores.text("currency", row)}
			says := shop{stores.int("charges", row), stores.int("amount", row)}
			if got := shops[k]; got != says || int64(len(accounts[k])) != stores.int("victims", row) {
				differ.add("%s: the charges there are %d of %d accounts and %d %s", discreet.Shown(k.of), got.charges, len(accounts[k]), got.amount, discreet.Shown(k.currency))
			}
		}
		if stores.n != len(shops) {
			differ.add("%d shops in the charges, %d in the table", len(shops), stores.n)
		}
		v.note("every shop's charges add up", differ...)
	}
	if visits, ok := v.rows("store_visits"); ok {
		sums := map[purse]shop{}
		for row := range visits.n {
			k := purse{visits.text("store_id", row), visits.text("currency", row)}
			sums[k] = shop{sums[k].charges + visits.int("charges", row), sums[k].amount + visits.int("amount", row)}
		}
		var differ problems
		if !maps.Equal(sums, shops) {
			differ.add("the visits of a shop do not add up to its charges")
		}
		v.note("every shop's visits add up", differ...)
	}
	if timeline, ok := v.rows("timeline"); ok && timeline.n > 0 {
		var differ problems
		running := map[string]int64{}
		for row := range timeline.n {
			if timeline.null("fraud_topups", row) {
				continue // no payment log
			}
			k := purse{fmt.Sprint(timeline.int("hour", row)), timeline.text("currency", row)}
			says := hour{timeline.int("fraud_topups", row), timeline.int("fraud_topup_amount", row), timeline.int("fraud_spends", row), timeline.int("fraud_spend_amount", row)}
			running[k.currency] += says.spend
			if hours[k] != says || running[k.currency] != timeline.int("cumulative_spend", row) {
				differ.add("row %d: the charges of the hour are %+v", row+1, hours[k])
			}
			delete(hours, k)
		}
		if n := len(hours); n > 0 {
			differ.add("%d hours with charges are not in the table", n)
		}
		v.note("every hour's charges add up", differ...)
	}
}

// hourStart returns the start of the hour of a time in microseconds.
func hourStart(us int64) int64 {
	const hour = 3600 * 1e6
	return us - (us%hour+hour)%hour
}

// groups holds the campaigns against the accounts of them.
func (v *verifier) groups(takeovers, victims rowsOf) {
	campaigns, ok := v.rows("campaigns")
	if !ok {
		return
	}
	entered, robbed := map[string]int64{}, map[string]map[string]bool{}
	loss := map[purse]int64{}
	for row := range takeovers.n {
		entered[takeovers.text("campaign_id", row)]++
	}
	for row := range victims.n {
		id := victims.text("campaign_id", row)
		if robbed[id] == nil {
			robbed[id] = map[string]bool{}
		}
		robbed[id][victims.text("account_id", row)] = true
		if victims.text("tier", row) != "possible" || validated(&victims, row) {
			loss[purse{id, victims.text("currency", row)}] += victims.int("net_loss", row)
		}
	}
	var differ problems
	for row := range campaigns.n {
		id, currency := campaigns.text("campaign_id", row), campaigns.text("currency", row)
		if got := entered[id]; got != campaigns.int("accounts_entered", row) {
			differ.add("%s: %d takeovers are of it", discreet.Shown(id), got)
		}
		if !campaigns.null("victims", row) && int64(len(robbed[id])) != campaigns.int("victims", row) {
			differ.add("%s: %d victims are of it", discreet.Shown(id), len(robbed[id]))
		}
		if !campaigns.null("net_loss", row) && loss[purse{id, currency}] != campaigns.int("net_loss", row) {
			differ.add("%s: its victims lost %d %s", discreet.Shown(id), loss[purse{id, currency}], discreet.Shown(currency))
		}
		delete(entered, id)
		delete(robbed, id)
	}
	for _, id := range slices.Sorted(maps.Keys(entered)) {
		differ.add("campaign %s of a takeover is in no row", discreet.Shown(id))
	}
	for _, id := range slices.Sorted(maps.Keys(robbed)) {
		differ.add("campaign %s of a victim is in no row", discreet.Shown(id))
	}
	v.note("every campaign's accounts add up", differ...)
}

// validated reports whether a person confirmed a victim.
func validated(victims *rowsOf, row int) bool {
	word := victims.text("validation", row)
	return word != "" && word != ledger.NotValidated.String()
}

// imbalances holds the figures of the summary against each other: what stands
// between the loss and what is owed.
func (s *Summary) imbalances() (differ problems) {
	for _, m := range s.Money {
		loss, lines := m.NetLoss+m.NotYet, m.Owed+m.Held+m.Exception+m.OpenNamed-m.OddPossible
		if loss != lines {
			differ.add("%s: the net loss and what is of no victim yet are %d, the lines %d", m.Currency, loss, lines)
		}
	}
	return differ
}

// lineTxns returns the transactions that a line names, of which known tells
// those that are charges of its account: an id may hold the sign that joins.
func lineTxns(txns string, known func(txn string) bool) []string {
	if known(txns) {
		return []string{txns}
	}
	return rejoined(strings.Split(txns, ";"), known)
}
