package forensics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Pace is what the rule of amount and pace says of a log: the rule of 7pay's
// first list, all that a payment log can be asked by itself. It is a count
// wherever there are payments, for the sake of comparison; the days are listed
// only where no auth log was given. Beside better evidence a list of some
// hundreds of honest people would only be mistaken for one of victims.
type Pace struct {
	// Days is how many days of accounts fit, Accounts of how many accounts, Named
	// how many of these are confirmed or probable victims.
	Days, Accounts, Named int64
	List                  []PaceDay
	// Unruled are the currencies for which the policy names no amounts.
	Unruled []money.Currency
}

// A PaceDay is a day on which what an account topped up by card and spent fits
// the rule.
type PaceDay struct {
	Account         string
	Day             string // of the calendar that the policy names, 2006-01-02
	ToppedUp, Spent int64
	Currency        money.Currency
	Charges         int64
	Tier            takeover.Tier // of the account; possible where nothing but the rule speaks
	First, Last     int64
}

// A paceDay is a PaceDay before texts are known.
type paceDay struct {
	account         event.Key
	day             int64
	toppedUp, spent money.Sum
	currency        uint32
	charges         int64
	first, last     int64
	row             event.Pos
}

// pace looks for the days that fit the rule.
func (inv *investigation) pace(ctx context.Context, workers int) error {
	rules := map[uint32]policy.Pace{}
	for code, rule := range inv.p.AmountAndPace {
		cur, ok := money.ParseCurrency([]byte(code))
		if !ok {
			return fmt.Errorf("amount_and_pace: %q is no currency", discreet.Shown(code))
		}
		rules[uint32(cur)] = rule
	}
	found, err := paceWalk.Run(ctx, workers, inv.log.Parts, &rules, nil)
	if err != nil {
		return err
	}
	unruled := map[uint32]bool{}
	for _, p := range found {
		if p.problem != "" {
			what := strings.TrimPrefix(p.problem, money.ErrOverflow.Error()+": ") // an engine brings what it says alone
			return fmt.Errorf("the charges of one account on one day: %w: %s", money.ErrOverflow, what)
		}
		inv.paceDays = append(inv.paceDays, p.days...)
		for cur := range p.unruled {
			unruled[cur] = true
		}
	}
	for cur := range unruled {
		inv.paced.Unruled = append(inv.paced.Unruled, money.Currency(cur))
	}
	slices.SortFunc(inv.paced.Unruled, func(a, b money.Currency) int { return cmp.Compare(a.String(), b.String()) })
	slices.SortFunc(inv.paceDays, func(a, b paceDay) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.day, b.day), cmp.Compare(a.currency, b.currency))
	})
	named := map[event.Key]bool{}
	for i := range inv.suspects {
		named[inv.suspects[i].key] = inv.suspects[i].paidTier() >= takeover.Probable
	}
	inv.paced.Days = int64(len(inv.paceDays))
	for i := range inv.paceDays {
		if key := inv.paceDays[i].account; i == 0 || inv.paceDays[i-1].account != key {
			inv.paced.Accounts++
			if named[key] {
				inv.paced.Named++
			}
		}
	}
	if inv.given(event.Auth) {
		inv.paceDays = nil
	}
	return nil
}

// A pacer looks at the charges of a worker's parts.
type pacer struct {
	rules map[uint32]policy.Pace
	rule  policy.Pace // of the currency that was asked for last, see ruleOf
	ruled bool
	asked uint32
	open  []paceDay // of the account at hand, one a currency
	pacing
}

// A pacing is what a pacer found.
type pacing struct {
	days    []paceDay
	unruled map[uint32]bool
	problem string
}

var paceWalk = event.NewChargeWalk("pace", func(rules *map[uint32]policy.Pace) *pacer {
	return &pacer{rules: *rules, pacing: pacing{unruled: map[uint32]bool{}}}
}, (*pacer).part, func(p *pacer) *pacing { return &p.pacing })

// part takes in charges, which are in the order of accounts and time.
func (p *pacer) part(charges *event.ChargeCursor) {
	var account event.Key
	for charges.Next() {
		c := &charges.Row
		if c.Account != account {
			p.close()
			account = c.Account
		}
		var topUp bool
		switch c.Kind {
		case event.TopUp:
			if topUp = true; c.Funding != event.Card && c.Funding != event.Debit && c.Funding != event.NoFunding {
				continue
			}
		case event.Payment, event.TransferOut, event.Payout:
		default:
			continue
		}
		if c.Status != event.Declined {
			p.charge(c, topUp)
		}
	}
	p.close()
}

// ruleOf returns the rule of a currency, and whether there is one. Mostly it is the
// one that was asked for last.
func (p *pacer) ruleOf(currency uint32) (*policy.Pace, bool) {
	if p.asked != currency {
		p.rule, p.ruled = p.rules[currency]
		p.asked = currency
	}
	return &p.rule, p.ruled
}

// charge takes in one charge of the account at hand.
func (p *pacer) charge(c *event.Charge, topUp bool) {
	rule, ok := p.ruleOf(c.Currency)
	if !ok {
		p.unruled[c.Currency] = true
		return
	}
	day := floorDay(c.Time + rule.DayOffset*60*baseline.Second)
	at := slices.IndexFunc(p.open, func(d paceDay) bool { return d.currency == c.Currency })
	if at < 0 {
		at = len(p.open)
		p.open = append(p.open, paceDay{})
	} else if p.open[at].day != day {
		p.finish(&p.open[at])
		p.open[at].charges = 0
	}
	d := &p.open[at]
	if d.charges == 0 {
		*d = paceDay{account: c.Account, day: day, currency: c.Currency, first: c.Time, row: c.Pos}
	}
	d.charges++
	d.last = c.Time
	if topUp {
		d.toppedUp.Add(c.Amount)
	} else {
		d.spent.Add(c.Amount)
	}
}

// floorDay returns the number of the day of a time, also before 1970.
func floorDay(micros int64) int64 {
	day := micros / baseline.Day
	if micros%baseline.Day < 0 {
		day--
	}
	return day
}

// close ends the account at hand.
func (p *pacer) close() {
	for i := range p.open {
		p.finish(&p.open[i])
	}
	p.open = p.open[:0]
}

// finish keeps a day if it fits.
func (p *pacer) finish(d *paceDay) {
	toppedUp, err := d.toppedUp.Total()
	spent, overflow := d.spent.Total()
	if err != nil || overflow != nil {
		p.problem = errors.Join(err, overflow).Error()
		return
	}
	if rule, _ := p.ruleOf(d.currency); toppedUp >= rule.ToppedUp && spent >= rule.Spent {
		p.days = append(p.days, *d)
	}
}

// listPace turns the days that are listed into text.
func (inv *investigation) listPace() {
	tiers := map[event.Key]takeover.Tier{}
	for i := range inv.suspects {
		tiers[inv.suspects[i].key] = inv.suspects[i].paidTier()
	}
	for i := range inv.paceDays {
		d := &inv.paceDays[i]
		toppedUp, _ := d.toppedUp.Total() // checked when the day was kept
		spent, _ := d.spent.Total()
		inv.paced.List = append(inv.paced.List, PaceDay{Account: inv.textOf(d.row).Get(event.AccountID),
			Day: time.Unix(d.day*86400, 0).UTC().Format(time.DateOnly), ToppedUp: toppedUp, Spent: spent,
			Currency: money.Currency(d.currency), Charges: d.charges, First: d.first, Last: d.last,
			Tier: max(tiers[d.account], takeover.Possible)})
	}
	slices.SortFunc(inv.paced.List, func(a, b PaceDay) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.First, b.First), cmp.Compare(a.Currency.String(), b.Currency.String()))
	})
}
