package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A lesson is what the log tells about everybody.
type lesson struct {
	devices   bool // some login has a device
	countries map[event.Country]int64
	// days holds what accounts that the case does not name top up in a day
	// (UTC) on which they do, by currency.
	days       map[money.Currency][]int64
	currencies map[money.Currency]bool // of everybody's top-ups
}

// learn looks at all accounts.
func learn(ctx context.Context, log *event.Log, c *Case, workers int) (*lesson, error) {
	lessons, err := event.EachPart(ctx, workers, log.Parts, func() *lesson {
		return &lesson{countries: map[event.Country]int64{}, days: map[money.Currency][]int64{}, currencies: map[money.Currency]bool{}}
	}, func(l *lesson, _ int, part *event.Part) { l.part(part, c) })
	if err != nil {
		return nil, err
	}
	all := lessons[0]
	for _, l := range lessons[1:] {
		all.devices = all.devices || l.devices
		for cc, n := range l.countries {
			all.countries[cc] += n
		}
		for cur := range l.currencies {
			all.currencies[cur] = true
		}
		for cur, days := range l.days {
			all.days[cur] = append(all.days[cur], days...)
		}
	}
	for _, days := range all.days {
		slices.Sort(days)
	}
	return all, nil
}

func (l *lesson) part(p *event.Part, c *Case) {
	for i := range p.Logins {
		row := &p.Logins[i]
		if !enters(row) {
			continue
		}
		l.devices = l.devices || row.Device != 0
		if row.Country != 0 {
			l.countries[row.Country]++
		}
	}
	// Charges go account by account in the order of time.
	type day struct {
		account  event.Key
		currency uint32
		number   int64
	}
	sums := map[day]int64{}
	var account event.Key
	flush := func() {
		for d, sum := range sums {
			cur := money.Currency(d.currency)
			l.days[cur] = append(l.days[cur], sum)
		}
		clear(sums)
	}
	for i := range p.Charges {
		row := &p.Charges[i]
		if row.Account != account {
			flush()
			account = row.Account
		}
		if !isTopUp(row) {
			continue
		}
		l.currencies[money.Currency(row.Currency)] = true
		if c.Accounts[account] == nil {
			d := day{account, row.Currency, row.Time / baseline.Day}
			sums[d] = min(sums[d]+row.Amount, money.MaxAmount)
		}
	}
	flush()
}

// home returns the country of most logins, 0 if none is known.
func (l *lesson) home() event.Country {
	var best event.Country
	for cc, n := range l.countries {
		if m := l.countries[best]; best == 0 || n > m || n == m && cc < best {
			best = cc
		}
	}
	return best
}

// usual returns for each currency what 99 of 100 days of top-ups stay within.
func (l *lesson) usual() []limit {
	var caps []limit
	for cur, days := range l.days {
		caps = append(caps, limit{cur, days[(len(days)*99+99)/100-1]})
	}
	slices.SortFunc(caps, func(a, b limit) int { return cmp.Compare(a.currency.String(), b.currency.String()) })
	return caps
}

// rule completes a control with what the log tells.
func (l *lesson) rule(c Control, in *Case) (rule, error) {
	r := rule{Control: c}
	var err error
	switch {
	case (c.Kind == MultiDevice || c.Kind == SecondFactor || c.Kind == CoolDown) && !l.devices:
		r.why = "no login has a device_id"
	case c.Kind == ForeignBlock && len(l.countries) == 0:
		r.why = "no login has a country"
	case c.Kind == ForeignBlock && c.Home == 0:
		r.Home = l.home()
	case c.Kind == StopTopUps && c.At == 0 && in.FirstStolen == 0:
		r.why = "the case names no stolen charge, and no time is given"
	case c.Kind == StopTopUps && c.At == 0:
		r.At = (in.FirstStolen + c.Window) / baseline.Second * baseline.Second // as it can be written
	case c.Kind == TopUpCap && len(l.currencies) == 0:
		r.why = "the logs have no top-up"
	case c.Kind == TopUpCap && c.Amount != "":
		r.caps, err = l.given(c)
	case c.Kind == TopUpCap:
		if r.caps = l.usual(); r.caps == nil {
			r.why = "nobody tops up whose account the case does not name, and no amount is given"
		}
	}
	return r, err
}

// given returns a cap that was given with an amount.
func (l *lesson) given(c Control) ([]limit, error) {
	cur := c.Currency
	if cur == 0 {
		for of := range l.currencies {
			cur = of
		}
		if n := len(l.currencies); n != 1 {
			return nil, fmt.Errorf("a cap of %s: the logs have top-ups in %d currencies: %w", c.Amount, n, ErrCurrency)
		}
	}
	digits, known := cur.Exponent()
	amount, ok := money.Parse([]byte(c.Amount), digits)
	if !known || !ok {
		return nil, fmt.Errorf("%s is no amount of %s: %w", c.Amount, cur, ErrCurrency)
	}
	return []limit{{cur, amount}}, nil
}

// ErrCurrency says that the amount of a cap needs a currency, or another one.
var ErrCurrency = errors.New("say which currency, such as 30000JPY")
