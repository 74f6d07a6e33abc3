package report

import (
	"strconv"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/report/console"
)

// headline answers what is asked first: what happened, how sure, since when,
// whether it is going on, how much.
func (v *voice) headline(s *Summary) []console.Pair {
	var l told
	if !s.Complete() {
		l.alarm(v.T("INCOMPLETE"), v.unread(s)...)
	}
	l.add(v.T("what happened"), v.happened(s)...)
	l.add(v.T("how sure"), v.sure(s)...)
	if s.FirstTakeover != nil {
		l.add(v.T("since"), v.at(*s.FirstTakeover))
		if s.Ongoing {
			l.alarm(v.T("going on"), v.goingOn(s))
		} else {
			l.add(v.T("going on"), v.goingOn(s))
		}
	}
	if !s.faceless && s.blind(event.Payments) == "" {
		l.add(v.T("how much"), v.howMuch(s)...)
	}
	return l.pairs
}

// happened says whom it happened to, and how.
func (v *voice) happened(s *Summary) []string {
	var all []string
	switch because := s.blind(event.Payments); {
	case s.faceless:
		all = append(all, v.T("victims: not computable, because there is no auth log, and no charge says by which device or from where it was made"))
	case because != "":
		all = append(all, v.T("victims: not computable, because %s", v.Say(because)))
	case s.Victims.named() == 0:
		all = append(all, v.T("no victim found"))
	default:
		all = append(all, v.Plural(s.Victims.named(), "%d victim", "%d victims"))
	}
	if because := s.blind(event.Auth); because != "" {
		all = append(all, v.T("accounts entered, and the way in: not computable, because %s", v.Say(because)))
		if p := s.AmountAndPace; p != nil && p.Listed && p.Accounts > p.Named {
			all = append(all, v.Plural(p.Accounts-p.Named, "%d account fits the rule of amount and pace, and nothing else speaks against it", "%d accounts fit the rule of amount and pace, and nothing else speaks against them"))
		}
		return all
	}
	switch n := s.Takeovers.named(); {
	case n == 0:
		all = append(all, v.T("no account found that someone else entered"))
	case s.EnteredOnly != nil && *s.EnteredOnly > 0:
		all = append(all, v.Plural(n, "%d account entered by someone else, %d of them not robbed yet", "%d accounts entered by someone else, %d of them not robbed yet", *s.EnteredOnly))
	default:
		all = append(all, v.Plural(n, "%d account entered by someone else", "%d accounts entered by someone else"))
	}
	if len(s.Vectors) > 0 {
		all = append(all, v.wayIn(&s.Vectors[0]))
	}
	return all
}

// sure says how sure the findings are.
func (v *voice) sure(s *Summary) []string {
	var all []string
	note := func(t TierCounts, say func(string) string) {
		if t.unknown || t.named()+t.Possible == 0 {
			return
		}
		text := v.T("%d confirmed, %d probable", t.Confirmed, t.Probable)
		if t.Possible > 0 {
			text = v.T("%s; %d more possible", text, t.Possible)
		}
		all = append(all, say(text))
	}
	if s.blind(event.Payments) == "" {
		note(s.Victims, func(text string) string { return v.T("victims: %s", text) })
		if d := s.Decisions; d != nil && d.VictimsConfirmed > 0 {
			all = append(all, v.Plural(d.VictimsConfirmed, "%d of the possible victims was confirmed by a person", "%d of the possible victims were confirmed by a person"))
		}
	}
	if s.blind(event.Auth) == "" {
		note(s.Takeovers, func(text string) string { return v.T("entered: %s", text) })
	}
	if n := s.Method.ExpectedWrong; n > 0 {
		all = append(all, v.T("expected wrong: %s accounts of those called confirmed or probable", thousandths(n)))
	}
	return all
}

// thousandths writes a number of thousandths: "0.067".
func thousandths(n int64) string {
	return strconv.FormatInt(n/1000, 10) + "." + strconv.FormatInt(1000+n%1000, 10)[1:]
}

// named counts those that are confirmed or probable.
func (t TierCounts) named() int64 { return t.Confirmed + t.Probable }

// goingOn says whether the attack goes on, and what that rests on.
func (v *voice) goingOn(s *Summary) string {
	r := &s.Recent
	signs := v.Plural(r.Accounts, "%d account entered or charged (%d confirmed)", "%d accounts entered or charged (%d confirmed)", r.Confirmed)
	signs = v.T("%s, %s in the last %d hours of the logs", v.Plural(r.Charges, "%d stolen charge", "%d stolen charges"), signs, r.Hours)
	switch {
	case s.Ongoing:
		return v.T("YES: %s", signs)
	case r.Accounts > 0:
		return v.T("perhaps: %s", signs)
	case s.LastFraud != nil:
		return v.T("no sign in the last %d hours of the logs; last stolen charge %s", r.Hours, v.at(*s.LastFraud))
	}
	return v.T("no sign in the last %d hours of the logs", r.Hours)
}

// howMuch says what was lost, in each currency, and what is owed of it.
func (v *voice) howMuch(s *Summary) []string {
	var all []string
	for i := range s.Money {
		m := &s.Money[i]
		if m.NetLoss == 0 && m.Owed == 0 {
			continue
		}
		text := v.T("%s net loss; %s owed now", v.sum(m.NetLoss, m.Currency), v.sum(m.Owed, m.Currency))
		if m.NetLossProbable != 0 {
			text = v.T("%s net loss (%s of it of probable victims); %s owed now",
				v.sum(m.NetLoss, m.Currency), v.sum(m.NetLossProbable, m.Currency), v.sum(m.Owed, m.Currency))
		}
		all = append(all, text)
	}
	if all == nil {
		all = append(all, v.T("no net loss"))
	}
	return append(all, v.notYet(s))
}

// notYet says what is held of accounts that are no victims yet, "" for nothing.
func (v *voice) notYet(s *Summary) string {
	var accounts int64
	for i := range s.Money {
		accounts += s.Money[i].NotYetAccounts // one that has two currencies counts in both
	}
	if accounts == 0 {
		return ""
	}
	return v.Plural(accounts, "%[2]s more held of %[1]d account whose charges are pending: no victim yet, and in no net loss",
		"%[2]s more held of %[1]d accounts whose charges are pending: no victims yet, and in no net loss",
		v.List(v.amounts(s, func(m *MoneySummary) int64 { return m.NotYet })))
}

// amounts lists a sum in every currency in which it is not 0.
func (v *voice) amounts(s *Summary, of func(*MoneySummary) int64) []string {
	var all []string
	for i := range s.Money {
		if m := &s.Money[i]; of(m) != 0 {
			all = append(all, v.sum(of(m), m.Currency))
		}
	}
	return all
}

// unread says what was not understood.
func (v *voice) unread(s *Summary) []string {
	var all []string
	if files := damaged(s); files != nil {
		all = append(all, v.T("%d of %d rows were not understood, the rest of %s not even read; every figure may be too low", s.Rows.Rejected, s.Rows.Read, v.List(files)))
	} else if s.Rows.Rejected > 0 {
		all = append(all, v.T("%d of %d rows were not understood; every figure may be too low", s.Rows.Rejected, s.Rows.Read))
	}
	if b := s.Balances; b != nil && b.Unreadable > 0 {
		all = append(all, v.T("%d of %d balances were not understood; their wallets are settled without", b.Unreadable, b.Read))
	}
	return all
}

// damaged lists the files that could not be read to their end.
func damaged(s *Summary) []string {
	var names []string
	for i := range s.Sources {
		if s.Sources[i].Trouble != "" {
			names = append(names, s.Sources[i].Name)
		}
	}
	return names
}
