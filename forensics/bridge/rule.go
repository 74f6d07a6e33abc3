package bridge

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
)

// A Pace is the rule by which a first list of victims is drawn up when nothing
// but payments is known: so much topped up in a day, and so much spent the same
// day. The list of July 2019 was published in four wordings of it.
type Pace struct {
	topUp, spend string // as written
	code         string // currency as written, "" where the logs have one

	TopUp, Spend int64 // at least, minor units
	Currency     money.Currency
	Card         bool  // only top-ups by card or debit card count
	Single       bool  // one top-up and one payment of such an amount, not the sums of a day
	Share        int64 // percent of what was topped up that must be spent, 0 for any
	About        int64 // percent of what was topped up by which spending may differ, -1 for any
}

// ErrPace says how a pace is written.
var ErrPace = errors.New("is not written as pace=10000,10000, with ,card ,single ,share=90 or ,about=10 behind it")

// ParsePace reads a pace behind its name: "10000,10000,card,single" or
// "10000JPY,10000JPY,share=90".
func ParsePace(text string) (*Pace, error) {
	p := &Pace{About: -1}
	for i, word := range strings.Split(text, ",") {
		name, value, given := strings.Cut(word, "=")
		ok := true
		switch {
		case i < 2:
			number := strings.TrimRight(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			unit := word[len(number):]
			_, ok = money.Parse([]byte(number), 4)
			ok = ok && (unit == "" || p.code == "" || unit == p.code)
			if unit != "" {
				p.code = unit
			}
			if i == 0 {
				p.topUp = number
			} else {
				p.spend = number
			}
		case word == "card":
			p.Card = true
		case word == "single":
			p.Single = true
		case name == "share" && given:
			p.Share, ok = percent(value)
		case name == "about" && given:
			p.About, ok = percent(value)
		default:
			ok = false
		}
		if !ok {
			return nil, fmt.Errorf("pace=%.100s: %.40q: %w", text, word, ErrPace)
		}
	}
	if p.spend == "" {
		return nil, fmt.Errorf("pace=%.100s: %w", text, ErrPace)
	}
	return p, nil
}

func percent(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && n <= 100
}

// Settle reads the amounts, in the currency that is written or else the only one
// of the logs.
func (p *Pace) Settle(only money.Currency) error {
	p.Currency = only
	if p.code != "" {
		p.Currency, _ = money.ParseCurrency([]byte(p.code))
	}
	digits, known := p.Currency.Exponent()
	if p.Currency == 0 || !known {
		return errors.New("the amounts have no currency that is known, and the logs have not one only")
	}
	var ok [2]bool
	p.TopUp, ok[0] = money.Parse([]byte(p.topUp), digits)
	p.Spend, ok[1] = money.Parse([]byte(p.spend), digits)
	if !ok[0] || !ok[1] {
		return fmt.Errorf("%s,%s are no amounts in %s", p.topUp, p.spend, p.Currency)
	}
	return nil
}

// A Use is a top-up or spending that was not declined, in the currency of a pace.
type Use struct {
	Time   int64
	Amount int64
	TopUp  bool
	Card   bool // of a top-up: from a card or debit card
}

// Loss returns what was spent on the days on which an account went at this pace,
// and whether there was such a day. The uses are those of one account, by time.
func (p *Pace) Loss(uses []Use, where *time.Location) (loss int64, listed bool, err error) {
	var total money.Sum
	for len(uses) > 0 {
		from, to := dayOf(uses[0].Time, where)
		n := 0
		for n < len(uses) && uses[n].Time >= from && uses[n].Time < to {
			n++
		}
		n = max(n, 1)
		spent, met, err := p.day(uses[:n])
		if err != nil {
			return 0, false, err
		}
		if met {
			listed = true
			total.Add(spent)
		}
		uses = uses[n:]
	}
	loss, err = total.Total()
	return loss, listed, err
}

// day judges the uses of one day.
func (p *Pace) day(uses []Use) (spent int64, met bool, err error) {
	var in, out money.Sum
	var mostIn, mostOut int64
	for _, u := range uses {
		switch {
		case u.TopUp && (u.Card || !p.Card):
			in.Add(u.Amount)
			mostIn = max(mostIn, u.Amount)
		case !u.TopUp:
			out.Add(u.Amount)
			mostOut = max(mostOut, u.Amount)
		}
	}
	topped, err := in.Total()
	if err != nil {
		return 0, false, err
	}
	if spent, err = out.Total(); err != nil {
		return 0, false, err
	}
	if p.Single {
		met = mostIn >= p.TopUp && mostOut >= p.Spend
	} else {
		met = topped >= p.TopUp && spent >= p.Spend
	}
	if topped > money.MaxAmount || spent > money.MaxAmount { // a percentage of it might not fit
		return 0, false, money.ErrOverflow
	}
	differ := topped - spent
	met = met && spent*100 >= topped*p.Share && (p.About < 0 || max(differ, -differ)*100 <= topped*p.About)
	return spent, met, nil
}

// dayOf returns the day that a time lies in, as a stretch of microseconds.
func dayOf(at int64, where *time.Location) (from, to int64) {
	t := time.UnixMicro(at).In(where)
	start := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, where)
	return start.UnixMicro(), start.AddDate(0, 0, 1).UnixMicro()
}
