package closeout

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Total adds up one currency. Balance = SetAside + the amounts of all states.
type Total struct {
	Currency money.Currency
	Lines    int64 // that hold something
	Balance  int64
	SetAside int64
	Aside    int64 // lines of which something is set aside
	Clawback int64 // what the case takes back; what is more than SetAside is gone, or stands in exceptions
	ByState  [numStates]Part
	Rolled   int64 // what the log says, of all lines
	Exported int64 // what the balance export says, of all lines
	Differ   int64 // lines on which the two differ
	// Unexplained are those of which it cannot be said why.
	Unexplained int64
	Paid        int64
	PaidLines   int64
	Payable     int64
	PayLines    int64
}

// A Part is the share of a state.
type Part struct{ Lines, Amount int64 }

// An OnDay says what happened on a day, and what stood at its end.
type OnDay struct {
	Currency      money.Currency
	Day           Day
	Claims        int64 // lines whose first claim came on the day
	Claimed, Paid int64
	AllClaimed    int64 // up to the end of the day
	AllPaid       int64
	Unclaimed     int64 // of what can be claimed, at the end of the day
	Unpaid        int64 // claimed less paid, at the end of the day
}

type sums struct {
	balance, aside, clawback, rolled, exported, difference, paid, payable money.Sum
	byState                                                               [numStates]money.Sum
	days                                                                  map[Day]*daySum
}

type daySum struct {
	claims        int64
	claimed, paid money.Sum
}

func (s *sums) on(d Day) *daySum {
	if s.days[d] == nil {
		s.days[d] = &daySum{}
	}
	return s.days[d]
}

// sum adds up the book and proves that every unit stands in one place.
func (b *Book) sum(in *Input) error {
	all, totals := map[money.Currency]*sums{}, map[money.Currency]*Total{}
	of := func(c money.Currency) (*sums, *Total) {
		if all[c] == nil {
			all[c], totals[c] = &sums{days: map[Day]*daySum{}}, &Total{Currency: c}
		}
		return all[c], totals[c]
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		s, t := of(l.Currency)
		s.add(l, in)
		t.count(l)
	}
	for i := range in.Paid {
		p := &in.Paid[i]
		s, _ := of(p.Currency)
		s.on(p.On).paid.Add(p.Amount)
	}
	for i := range in.Aside {
		s, _ := of(in.Aside[i].Currency)
		s.clawback.Add(in.Aside[i].Amount)
	}
	for _, c := range sorted(all) {
		t := totals[c]
		if err := all[c].close(t, in.Export); err != nil {
			return err
		}
		if err := t.check(in.Export); err != nil {
			return err
		}
		b.Totals = append(b.Totals, *t)
		days, err := all[c].calendar(t, &in.Window)
		if err != nil {
			return err
		}
		b.Days = append(b.Days, days...)
	}
	return nil
}

func (s *sums) add(l *Line, in *Input) {
	s.balance.Add(l.Balance)
	s.aside.Add(l.SetAside)
	s.byState[l.State].Add(l.Due)
	s.rolled.Add(l.Rolled)
	s.exported.Add(l.Exported)
	s.difference.Add(l.Difference)
	s.paid.Add(l.Paid)
	s.payable.Add(l.Payable)
	if l.State != Claimed && l.State != ClaimedLate {
		return
	}
	on := l.paidOn // where the list of claims lost it: it was claimed by then
	if l.Claims > 0 {
		on = calendar.At(l.ClaimedAt, in.Window.zone)
	}
	d := s.on(on)
	d.claims++
	d.claimed.Add(l.Due)
}

func (t *Total) count(l *Line) {
	if l.Balance != 0 {
		t.Lines++
	}
	if l.SetAside != 0 {
		t.Aside++
	}
	if l.Due != 0 || l.State == Exception {
		t.ByState[l.State].Lines++
	}
	if l.Difference != 0 {
		t.Differ++
	}
	if l.Reasons.Has(Unexplained) {
		t.Unexplained++
	}
	if l.Paid != 0 {
		t.PaidLines++
	}
	if l.Payable != 0 {
		t.PayLines++
	}
}

func (s *sums) close(t *Total, export bool) error {
	for _, p := range []struct {
		to  *int64
		sum *money.Sum
	}{{&t.Balance, &s.balance}, {&t.SetAside, &s.aside}, {&t.Clawback, &s.clawback}, {&t.Rolled, &s.rolled}, {&t.Exported, &s.exported},
		{&t.Paid, &s.paid}, {&t.Payable, &s.payable}} {
		v, err := p.sum.Total()
		if err != nil {
			return fmt.Errorf("balances in %s: %w", t.Currency, err)
		}
		*p.to = v
	}
	for state := range s.byState {
		v, err := s.byState[state].Total()
		if err != nil {
			return fmt.Errorf("balances in %s: %w", t.Currency, err)
		}
		t.ByState[state].Amount = v
	}
	if v, err := s.difference.Total(); err != nil || export && v != t.Exported-t.Rolled {
		return &SumError{fmt.Sprintf("differences in %s add up to %d, the balances differ by %d", t.Currency, v, t.Exported-t.Rolled)}
	}
	return nil
}

// check proves the control total.
func (t *Total) check(export bool) error {
	var s money.Sum
	s.Add(t.SetAside)
	for _, p := range t.ByState {
		s.Add(p.Amount)
	}
	if v, err := s.Total(); err != nil || v != t.Balance {
		return &SumError{fmt.Sprintf("balances in %s are %d; set aside, claimed, unclaimed, points and exceptions are %d", t.Currency, t.Balance, v)}
	}
	if !export && t.Balance != t.Rolled {
		return &SumError{fmt.Sprintf("balances in %s are %d, the log rolls forward to %d", t.Currency, t.Balance, t.Rolled)}
	}
	return nil
}

// calendar lists the days on which something happened, and the ends of the
// window.
func (s *sums) calendar(t *Total, w *Window) ([]OnDay, error) {
	s.on(w.First)
	s.on(w.Last)
	var list []OnDay
	for d := range s.days {
		list = append(list, OnDay{Currency: t.Currency, Day: d, Claims: s.days[d].claims})
	}
	slices.SortFunc(list, func(a, b OnDay) int { return cmp.Compare(a.Day, b.Day) })
	claimable := t.ByState[Unclaimed].Amount + t.ByState[Claimed].Amount + t.ByState[ClaimedLate].Amount
	var claimed, paid money.Sum
	for i := range list {
		o, d := &list[i], s.days[list[i].Day]
		var err [2]error
		o.Claimed, err[0] = d.claimed.Total()
		o.Paid, err[1] = d.paid.Total()
		for _, e := range err {
			if e != nil {
				return nil, fmt.Errorf("days in %s: %w", t.Currency, e)
			}
		}
		claimed.Add(o.Claimed)
		paid.Add(o.Paid)
		o.AllClaimed, err[0] = claimed.Total()
		o.AllPaid, err[1] = paid.Total()
		if err[0] != nil || err[1] != nil {
			return nil, fmt.Errorf("days in %s: %w", t.Currency, money.ErrOverflow)
		}
		o.Unclaimed, o.Unpaid = claimable-o.AllClaimed, o.AllClaimed-o.AllPaid
	}
	if last := &list[len(list)-1]; last.AllPaid != t.Paid || last.Unclaimed != t.ByState[Unclaimed].Amount {
		return nil, &SumError{fmt.Sprintf("the days leave %d %s unclaimed and pay %d, the lines %d and %d",
			last.Unclaimed, t.Currency, last.AllPaid, t.ByState[Unclaimed].Amount, t.Paid)}
	}
	return list, nil
}
