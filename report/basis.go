package report

import (
	"maps"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

// moneyPairs lists the money of one currency. What is owed, held, to be decided
// and an exception adds up to the net loss and what is held of accounts that are
// no victims yet; channels do so but for what is to be decided.
func (v *voice) moneyPairs(m *MoneySummary) []console.Pair {
	cur, _ := money.ParseCurrency([]byte(m.Currency))
	var pairs []console.Pair
	add := func(key string, minor int64, always bool) {
		if always || minor != 0 {
			pairs = append(pairs, console.Pair{Key: key, Value: v.Money(minor, cur), Number: true})
		}
	}
	add(v.T("topped up by the thieves"), m.TopUp, true)
	add(v.T("spent by the thieves"), m.Spend, true)
	add(v.T("net loss"), m.NetLoss, true)
	add("  "+v.T("of confirmed victims"), m.NetLossConfirmed, false)
	add("  "+v.T("of probable victims"), m.NetLossProbable, false)
	add("  "+v.T("of possible victims that a person confirmed"), m.NetLossDecided, false)
	add(v.T("held of accounts that are no victims yet"), m.NotYet, false)
	byStatus := v.T("net loss by status: owed now")
	if m.NotYet != 0 {
		byStatus = v.T("both by status: owed now")
	}
	add(byStatus, m.Owed, true)
	add("  "+v.T("held"), m.Held, false)
	add("  "+v.T("for a person to decide"), m.OpenNamed, false)
	add("  "+v.T("exceptions, for a person"), m.Exception-m.OddPossible, false)
	for i, c := range m.Channels {
		add(v.channelKey(m, i == 0, v.Word(words.Channel, c.Channel)), c.Amount, true)
	}
	add(v.T("possible, in no sum above"), m.NeedsDecision-m.OpenNamed+m.OddPossible, false)
	return pairs
}

// channelKey names a channel, the first with what all of them add up to.
func (v *voice) channelKey(m *MoneySummary, first bool, channel string) string {
	switch {
	case !first:
		return "  " + channel
	case m.OpenNamed != 0:
		return v.T("but for decisions, by channel: %s", channel)
	case m.NotYet != 0:
		return v.T("both by channel: %s", channel)
	}
	return v.T("net loss by channel: %s", channel)
}

// basis says what the findings rest on: how long the logs are, what people know,
// and the other ways in.
func (v *voice) basis(s *Summary) []console.Pair {
	var l told
	if s.blind(event.Auth) != "" {
		if !s.faceless {
			l.add(v.T("rests on"), v.T("the payment log alone: amounts, pace, shops and devices"))
		}
		l.add(v.T("amount and pace"), v.paceText(s))
	}
	logs := v.T("from %s to %s", v.at(s.Range.From), v.at(s.Range.To))
	if !s.faceless {
		logs = v.T("%s; of %s, with %s", logs, v.Plural(s.Accounts, "%d account", "%d accounts"), v.Plural(s.Newcomers, "%d visit of a newcomer", "%d visits of newcomers"))
	}
	l.add(v.T("logs"), logs)
	if t := s.SentOn; t != nil {
		l.add(v.T("sent on"), v.sentOn(t))
	}
	if d := s.Decisions; d != nil {
		l.add(v.T("decisions"), v.T("%s: %d applied (accounts: %d confirmed, %d dismissed; charges: %d and %d), %d overridden, %d without effect (table decisions)",
			v.Plural(d.Read, "%d row", "%d rows"), d.Applied, d.ConfirmedAccounts, d.DismissedAccounts, d.ConfirmedCharges, d.DismissedCharges, d.Overridden, d.Unmatched))
	}
	if b := s.Balances; b != nil {
		l.add(v.T("balances"), v.T("%s, %d of them of accounts with a ledger", v.Plural(b.Read, "%d row", "%d rows"), b.Used))
	}
	if s.Victims != (TierCounts{}) {
		l.add(v.T("spent first"), v.T("%s; for the split of charges alone, no total changes with it", v.Say(s.SpentFirst)))
	}
	if k := s.ClockSkew; k != nil && (k.Estimate != nil || k.Applied != 0) {
		l.add(v.T("clock skew"), k.In(v.Printer))
	}
	return l.pairs
}

// sentOn says where stolen money went.
func (v *voice) sentOn(t *SentOnSummary) string {
	text := v.T("%s went to %s", v.Plural(t.Transfers, "%d stolen transfer", "%d stolen transfers"), v.Plural(t.Accounts, "%d account", "%d accounts"))
	if t.Victims > 0 {
		text = v.T("%s, %d of them robbed too", text, t.Victims)
	}
	if t.Unmatched > 0 {
		text = v.T("%s; %d not found where they came in: what came in is left as the owner's", text, t.Unmatched)
	}
	return v.T("%s (table mules)", text)
}

// manyNames is how many names of columns are shown.
const manyNames = 8

// rowPairs draws up the account of rows.
func (v *voice) rowPairs(s *Summary) []console.Pair {
	var l told
	for i := range s.Sources {
		r := &s.Sources[i]
		all := []string{v.T("%d read = %d accepted + %d rejected + %d duplicates", r.Read, r.Accepted, r.Rejected, r.Duplicates)}
		note := func(text string) { all = append(all, text) }
		if r.Repeats > 0 {
			note(v.Plural(r.Repeats, "%d row equals another and is kept", "%d rows equal others and are kept"))
		}
		if r.Format != "" {
			note(v.T("read as %s", r.Format))
		}
		for _, why := range slices.Sorted(maps.Keys(r.Passed)) {
			note(v.Plural(r.Passed[why], "%d accepted row is no event of an account: %s", "%d accepted rows are no events of an account: %s", console.Clean(why)))
		}
		for _, why := range slices.Sorted(maps.Keys(r.LeftOut)) {
			note(v.Plural(r.LeftOut[why], "%d accepted row is left out: %s", "%d accepted rows are left out: %s", v.Say(why)))
		}
		if r.Broken > 0 {
			note(v.Plural(r.Broken, "%d byte means nothing in the encoding and was kept", "%d bytes mean nothing in the encoding and were kept"))
		}
		for _, n := range r.Notes {
			note(v.Say(n))
		}
		if len(r.Extra) > 0 {
			note(v.T("ignored columns: %s", v.names(r.Extra)))
		}
		note(r.Trouble)
		l.add(r.Name, all...)
	}
	return l.pairs
}

// names lists names, as many and as much of each as a person reads.
func (v *voice) names(all []string) string {
	var shown []string
	for _, name := range all[:min(len(all), manyNames)] {
		shown = append(shown, console.Truncate(console.Clean(name), 40))
	}
	if n := len(all) - manyNames; n > 0 {
		return v.T("%s, and %d more", v.List(shown), n)
	}
	return v.List(shown)
}

func (v *voice) unansweredPairs(s *Summary) []console.Pair {
	var l told
	for _, u := range s.Unanswered {
		l.add(v.Say(u.Question), v.Say(u.Because))
	}
	return l.pairs
}
