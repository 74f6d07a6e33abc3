// Package control replays a log with controls that a service could have had,
// and counts what each would have prevented and whom it would have disturbed.
//
// The case says which charges are stolen and which devices are thieves'; the
// log says what happened. A control refuses rows: a login, with it what that
// device does until it gets in again, or a top-up. What hangs on a refused row
// is then worked out: a top-up that did not happen cannot be spent.
//
// What is taken for granted, and printed with every answer:
//
//   - Each control judges alone, as if there were no other; all of them
//     together refuse what any of them refuses. So a combination never prevents
//     less than one of its controls.
//   - A thief who is refused does what the log shows and nothing else: no other
//     time, device or amount. He spends what the wallet still holds, but no
//     more than he did.
//   - An owner who is refused gets on: her own rows count as they were.
//   - A device is new in an account when the log has not shown it there before
//     and has shown another one.
//   - A row without a device or a country passes the controls that ask for one.
//
// The package is pure: no I/O, clock, randomness or map order.
package control

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Kind is what a control looks at.
type Kind uint8

// The kinds of control.
const (
	MultiDevice  Kind = iota // no login while another device was active
	SecondFactor             // a new device must show more than a password
	ForeignBlock             // no login from abroad
	TopUpCap                 // no more than so much in so many hours
	CoolDown                 // no top-up by a device that is new
	StopTopUps               // no top-up at all from some time on
	numKinds
)

// kinds holds for each kind its name, what may follow, and what it does.
var kinds = [numKinds]struct{ name, syntax, doc string }{
	MultiDevice:  {"multi-device", "[=HOURS]", "a login is refused while another device was active in the account within so many hours (24)"},
	SecondFactor: {"second-factor", "", "a login on a device new to the account needs a second factor: the thief never has it, the owner is asked once"},
	ForeignBlock: {"foreign-block", "[=COUNTRY]", "a login from another country is refused (the country of most logins)"},
	TopUpCap:     {"topup-cap", "[=AMOUNT[/HOURS]]", "top-ups of an account beyond an amount within so many hours (24) are refused (what 99 of 100 days of top-ups stay within)"},
	CoolDown:     {"cool-down", "[=HOURS]", "a device new to the account cannot top up for so many hours after its login (24)"},
	StopTopUps:   {"stop-topups", "[=TIME|+HOURS]", "no top-up for anybody from a time on, or from so many hours after the first stolen charge (+24)"},
}

// String returns the name of the kind.
func (k Kind) String() string { return kinds[k].name }

// Help lists the controls, each as it is written and what it does.
func Help() (written, docs []string) {
	for _, k := range kinds {
		written, docs = append(written, k.name+k.syntax), append(docs, k.doc)
	}
	return written, docs
}

// A Control is a rule that refuses rows.
type Control struct {
	Kind   Kind
	Window int64 // microseconds: MultiDevice, TopUpCap, CoolDown, StopTopUps after the first stolen charge
	// Amount is the cap as it was written, "" for one learnt from the log;
	// Currency that of the cap, 0 for the only one of the log's top-ups.
	Amount   string
	Currency money.Currency
	Home     event.Country // ForeignBlock: 0 for the one of most logins
	At       int64         // StopTopUps: microseconds since 1970, 0 for Window after the first stolen charge
}

const (
	hour       = int64(time.Hour / time.Microsecond)
	maxHours   = 24 * 366 * 10
	defaultFor = 24 * hour
)

// Defaults returns one control of each kind.
func Defaults() []Control {
	var all []Control
	for k := range numKinds {
		all = append(all, Control{Kind: k, Window: defaultFor})
	}
	return all
}

// Parse reads a control as a person writes it: a name, or a name and what Help
// says may follow it.
func Parse(text string) (Control, error) {
	name, rest, given := strings.Cut(text, "=")
	c := Control{Kind: numKinds, Window: defaultFor}
	for k := range numKinds {
		if kinds[k].name == name {
			c.Kind = k
		}
	}
	bad := func(want string) error { return fmt.Errorf("%.60q: %s", text, want) }
	if c.Kind == numKinds {
		return c, bad("is no control")
	}
	ok := true
	switch {
	case !given:
	case c.Kind == SecondFactor:
		return c, bad("nothing can follow " + name)
	case c.Kind == ForeignBlock:
		if c.Home, ok = country(rest); !ok {
			return c, bad("a country is two upper-case letters, such as JP")
		}
	case c.Kind == TopUpCap:
		amount, hours, within := strings.Cut(rest, "/")
		digits := strings.TrimRight(amount, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		if c.Amount = digits; len(digits) < len(amount) {
			c.Currency, ok = money.ParseCurrency([]byte(amount[len(digits):]))
		}
		if _, number := money.Parse([]byte(digits), 0); !number {
			_, number = money.Parse([]byte(digits), 4)
			ok = ok && number
		}
		if within && ok {
			c.Window, ok = hoursOf(hours)
		}
		if !ok {
			return c, bad("a cap is an amount, with its currency if there are several, and hours: 30000/24 or 300.00USD/24")
		}
	case c.Kind == StopTopUps && !strings.HasPrefix(rest, "+"):
		at, err := time.Parse(time.RFC3339, rest)
		if err != nil || at.Year() < 1971 || at.Year() > 9998 {
			return c, bad("a time has its zone, such as 2019-07-03T14:00:00+09:00")
		}
		c.At = at.UnixMicro()
	default:
		if c.Window, ok = hoursOf(strings.TrimPrefix(rest, "+")); !ok {
			return c, bad("give whole hours, such as " + name + "=24")
		}
	}
	return c, nil
}

func country(text string) (event.Country, bool) {
	if len(text) != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z' {
		return 0, false
	}
	return event.Country(text[0])<<8 | event.Country(text[1]), true
}

// hoursOf reads whole hours, at least one.
func hoursOf(text string) (int64, bool) {
	n, err := strconv.ParseUint(strings.TrimSuffix(text, "h"), 10, 32)
	return int64(n) * hour, err == nil && n > 0 && n <= maxHours
}

// A cap is the most that an account may top up within a window in a currency.
type limit struct {
	currency money.Currency
	amount   int64
}

// A rule is a control of which everything is known that the log had to tell.
type rule struct {
	Control
	caps []limit // TopUpCap, by currency
	why  string  // why it cannot be replayed, or ""
}

// String returns the rule as a person would write it, with what was learnt.
func (r *rule) String() string {
	hours := strconv.FormatInt(r.Window/hour, 10)
	switch {
	case r.Kind == SecondFactor || r.why != "":
		return r.Kind.String()
	case r.Kind == ForeignBlock:
		return r.Kind.String() + "=" + r.Home.String()
	case r.Kind == StopTopUps:
		return r.Kind.String() + "=" + time.UnixMicro(r.At).UTC().Format(time.RFC3339)
	case r.Kind == TopUpCap:
		var caps []string
		for _, c := range r.caps {
			caps = append(caps, strings.NewReplacer(" ", "", ",", "").Replace(money.Format(c.amount, c.currency)))
		}
		return r.Kind.String() + "=" + strings.Join(caps, "+") + "/" + hours
	}
	return r.Kind.String() + "=" + hours
}
