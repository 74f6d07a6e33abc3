package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// PrintOptions say how the summary is shown.
type PrintOptions struct {
	Width  int    // of the terminal, 0 for any
	Folder string // where the case was written
	Color  bool
}

// topRows is how many rows of a table the summary shows.
const topRows = 10

// Print writes the summary for a person: what happened, how sure, since when,
// whether it is going on, how much, what to do first, where the files are.
func Print(w io.Writer, c *forensics.Case, s *Summary, o PrintOptions) error {
	tables, err := Tables(c)
	if err != nil {
		return err
	}
	opt := console.Options{Width: o.Width, Color: o.Color}
	p := &printer{w: w, opt: opt}
	p.block("", headline(s))
	for i := range s.Money {
		p.block("money in "+s.Money[i].Currency, moneyPairs(&s.Money[i]))
	}
	p.block("way in", vectorPairs(s))
	p.table("victims, largest loss first", largest(tables[0]), "account_id", "tier", "score", "vector", "takeover_at", "net_loss", "currency")
	p.table("shops to ask for camera pictures (minutes in store_visits)", tables[6], "store_id", "charges", "victims", "amount", "first_seen", "last_seen")
	p.table("where the attack came from", tables[4], "role", "kind", "value", "accounts_tried", "accounts_entered", "failures", "unknown_accounts")
	p.block("rows", rowPairs(s))
	p.block("not computable", unansweredPairs(s))
	p.block("", []console.Pair{{Key: "case", Value: o.Folder}})
	return p.err
}

// A printer writes parts of the summary until one fails.
type printer struct {
	w   io.Writer
	opt console.Options
	err error
}

func (p *printer) block(title string, pairs []console.Pair) {
	if p.err == nil && len(pairs) > 0 {
		if p.err = console.Block(p.w, title, pairs, p.opt); p.err == nil {
			_, p.err = fmt.Fprintln(p.w)
		}
	}
}

func (p *printer) table(title string, t *table.Table, columns ...string) {
	if p.err != nil || t.Rows() == 0 {
		return
	}
	opt := p.opt
	opt.Columns, opt.Rows = columns, topRows
	more := ""
	if n := t.Rows() - topRows; n > 0 {
		more = fmt.Sprintf(" (the first %d of %d)", topRows, t.Rows())
	}
	if _, p.err = fmt.Fprintf(p.w, "%s%s\n", title, more); p.err != nil {
		return
	}
	if p.err = console.Table(p.w, t, opt); p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

func headline(s *Summary) []console.Pair {
	victims := fmt.Sprintf("%d confirmed, %d probable, %d possible", s.Victims.Confirmed, s.Victims.Probable, s.Victims.Possible)
	pairs := []console.Pair{
		{Key: "victims", Value: victims},
		{Key: "accounts entered", Value: fmt.Sprintf("%d confirmed, %d probable, %d possible (with the victims)", s.Takeovers.Confirmed, s.Takeovers.Probable, s.Takeovers.Possible)},
		{Key: "looked at", Value: fmt.Sprintf("%d accounts, %d visits of newcomers, %s to %s", s.Accounts, s.Newcomers, brief(s.Range.From), brief(s.Range.To))},
	}
	if s.Incident != nil {
		going := "no stolen charge in the last six hours of the logs"
		if s.Ongoing {
			going = "IT IS GOING ON: stolen charges in the last six hours of the logs"
		}
		pairs = append(pairs, console.Pair{Key: "incident", Value: brief(s.Incident.From) + " to " + brief(s.Incident.To)},
			console.Pair{Key: "now", Value: going})
	}
	if n := s.Method.ExpectedWrong; n > 0 {
		pairs = append(pairs, console.Pair{Key: "expected to be wrong", Value: fmt.Sprintf("%d.%03d of the confirmed and probable", n/1000, n%1000)})
	}
	return pairs
}

// brief cuts a stamp to minutes.
func brief(stamp string) string {
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return stamp
	}
	return t.Format("2006-01-02 15:04") + "Z"
}

func moneyPairs(m *MoneySummary) []console.Pair {
	cur, _ := money.ParseCurrency([]byte(m.Currency))
	var pairs []console.Pair
	add := func(key string, minor int64, always bool) {
		if always || minor != 0 {
			pairs = append(pairs, console.Pair{Key: key, Value: money.Format(minor, cur), Number: true})
		}
	}
	add("net loss, confirmed and probable", m.NetLoss, true)
	add("  of it confirmed", m.NetLossConfirmed, false)
	add("topped up by the thieves", m.TopUp, true)
	add("spent by the thieves", m.Spend, true)
	add("owed now (status open)", m.Owed, true)
	for _, c := range m.Channels {
		add("  lines by channel: "+c.Channel, c.Amount, false)
	}
	add("held", m.Held, false)
	add("exceptions", m.Exception, false)
	add("needs a decision (possible)", m.NeedsDecision, false)
	return pairs
}

func vectorPairs(s *Summary) []console.Pair {
	var pairs []console.Pair
	for _, v := range s.Vectors {
		pairs = append(pairs, console.Pair{Key: v.Vector, Value: fmt.Sprintf("%d accounts, %d victims: %s", v.Takeovers, v.Victims, v.Meaning)})
	}
	return pairs
}

func rowPairs(s *Summary) []console.Pair {
	var pairs []console.Pair
	for i := range s.Sources {
		r := &s.Sources[i]
		text := fmt.Sprintf("%d read = %d accepted + %d rejected + %d duplicates", r.Read, r.Accepted, r.Rejected, r.Duplicates)
		if r.Repeats > 0 {
			text += fmt.Sprintf("; %d repeats kept", r.Repeats)
		}
		if len(r.Extra) > 0 {
			text += "; ignored columns: " + strings.Join(r.Extra, ", ")
		}
		if r.Trouble != "" {
			text += "; " + r.Trouble
		}
		pairs = append(pairs, console.Pair{Key: r.Name, Value: text})
	}
	return pairs
}

func unansweredPairs(s *Summary) []console.Pair {
	var pairs []console.Pair
	for _, u := range s.Unanswered {
		pairs = append(pairs, console.Pair{Key: u.Question, Value: u.Because})
	}
	return pairs
}

// largest returns the victims by loss, the largest first.
func largest(victims *table.Table) *table.Table {
	return sorted(victims, "net_loss")
}
