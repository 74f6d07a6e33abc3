package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
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

// topRows is how many rows of a table the summary shows, and logWidth how wide it
// is where there is no terminal: an id of 10,000 characters fills no page.
const (
	topRows  = 10
	logWidth = 200
	// proseWidth is how wide sentences are at most on a terminal: the eye has to
	// find its way back. Logs are searched by the line, and keep them whole.
	proseWidth = 110
)

// Print writes the summary for a person: what happened, how sure, since when,
// whether it is going on, how much, what to do first, where the files are.
func Print(w io.Writer, c *forensics.Case, s *Summary, o PrintOptions) error {
	tables, err := Tables(c)
	if err != nil {
		return err
	}
	prose := proseWidth
	if o.Width <= 0 {
		o.Width, prose = logWidth, logWidth
	}
	p := &printer{w: w, opt: console.Options{Width: o.Width, Color: o.Color}, prose: min(prose, o.Width)}
	p.block("", headline(s))
	p.block("what to do first", firstSteps(s))
	for i := range s.Money {
		p.block("money in "+s.Money[i].Currency, moneyPairs(&s.Money[i]))
	}
	p.byCurrency("victims%s, largest loss first", sorted(tables[0], "net_loss"), "account_id", "tier", "score", "vector", "takeover_at", "net_loss")
	p.byCurrency("shops%s, most money first", tables[6], "store_id", "charges", "victims", "amount", "last_seen", "first_seen")
	p.table("where the attack came from", tables[4], "role", "kind", "value", "accounts_entered", "accounts_tried", "failures", "unknown_accounts")
	p.block("rows", rowPairs(s))
	p.block("not computable", unansweredPairs(s))
	if p.err == nil {
		_, p.err = fmt.Fprintf(w, "case: %s (its tables: paytriage show CASE TABLE)\n", console.Clean(o.Folder))
	}
	return p.err
}

// A printer writes parts of the summary until one fails.
type printer struct {
	w     io.Writer
	opt   console.Options
	prose int // width of sentences
	err   error
}

func (p *printer) block(title string, pairs []console.Pair) {
	if p.err == nil && len(pairs) > 0 {
		if p.err = console.Block(p.w, title, wrapped(pairs, p.prose), p.opt); p.err == nil {
			_, p.err = fmt.Fprintln(p.w)
		}
	}
}

// table prints the first rows of a table. Of the columns, which come in the order
// of their use, as many are shown as a line has room for.
func (p *printer) table(title string, t *table.Table, columns ...string) {
	if p.err != nil || t.Rows() == 0 {
		return
	}
	if t.Rows() > topRows {
		title += fmt.Sprintf(" (%d of %s)", topRows, count(int64(t.Rows())))
	}
	if p.err = console.Block(p.w, title, nil, p.opt); p.err != nil {
		return
	}
	opt := p.opt
	opt.Rows = topRows
	if opt.Columns, p.err = Fitting(t, columns, opt, opt.Width); p.err != nil {
		return
	}
	if p.err = console.Table(p.w, t, opt); p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

// byCurrency prints the first rows of a table for each of its currencies: an
// amount of one is neither more nor less than one of another.
func (p *printer) byCurrency(title string, t *table.Table, columns ...string) {
	parts := perCurrency(t)
	for _, part := range parts {
		in := ""
		if len(parts) > 1 {
			at, _ := t.Schema().Find(table.CurrencyColumn)
			in = " in " + part.Cells(at).Text(0)
		}
		p.table(fmt.Sprintf(title, in), part, columns...)
	}
}

// fitRows is how many rows tell how wide a table is.
const fitRows = 200

// Fitting returns as many of the columns, from the first on, as a line of width
// has room for, when they are printed with the options given: if these have a
// width too, texts may be cut to it.
func Fitting(t *table.Table, columns []string, o console.Options, width int) ([]string, error) {
	if o.Rows == 0 || o.Rows > fitRows {
		o.Rows = fitRows
	}
	for n := len(columns); ; n-- {
		var text bytes.Buffer
		o.Columns = columns[:n]
		if err := console.Table(&text, t, o); err != nil {
			return nil, err
		}
		if n <= 1 || width <= 0 || widest(text.String()) <= width {
			return columns[:n], nil
		}
	}
}

// widest returns how wide the widest line of a text is.
func widest(text string) int {
	wide := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "\x1b[1m"), "\x1b[0m")
		wide = max(wide, console.Width(line))
	}
	return wide
}

// wrapped breaks the values that are too long for a line at blanks.
func wrapped(pairs []console.Pair, width int) []console.Pair {
	keys := 0
	for _, p := range pairs {
		keys = max(keys, console.Width(console.Clean(p.Key)))
	}
	room := max(width-keys-4, 20)
	var out []console.Pair
	for _, p := range pairs {
		line := console.Pair{Key: p.Key, Number: p.Number}
		for word := range strings.FieldsSeq(console.Clean(p.Value)) {
			switch {
			case p.Number || line.Value == "":
				line.Value = strings.TrimSpace(line.Value + " " + word)
			case console.Width(line.Value)+1+console.Width(word) > room:
				out = append(out, line)
				line = console.Pair{Value: word}
			default:
				line.Value += " " + word
			}
		}
		out = append(out, line)
	}
	return out
}

// count writes a number with commas.
func count(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return count(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// several writes a number of things.
func several(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// headline answers what is asked first.
func headline(s *Summary) []console.Pair {
	var pairs []console.Pair
	add := func(key, value string) { pairs = append(pairs, console.Pair{Key: key, Value: value}) }
	if !s.Complete() {
		add("INCOMPLETE", unread(s))
	}
	notRobbed := ""
	switch {
	case s.faceless:
		add("victims", "not computable, because there is no auth log, and no charge says by which device or from where it was made")
	case s.blind(event.Payments) == "":
		victims := s.Victims.text("")
		if d := s.Decisions; d != nil && d.VictimsConfirmed > 0 {
			victims += ", " + count(d.VictimsConfirmed) + " of them confirmed by a person"
		}
		add("victims", victims)
		add("net loss", netLoss(s))
		if text := notYet(s); text != "" {
			add("held", text)
		}
		if s.EnteredOnly != nil && *s.EnteredOnly > 0 {
			notRobbed = ", " + count(*s.EnteredOnly) + " of them not robbed yet"
		}
	default:
		add("victims", "not computable, because "+s.blind(event.Payments))
	}
	if because := s.blind(event.Auth); because != "" {
		if !s.faceless {
			add("rests on", "the payment log alone: amounts, pace, shops and devices")
		}
		add("amount and pace", paceText(s))
		add("accounts entered", "not computable, because "+because)
		add("way in", "not computable, because "+because)
	} else {
		add("accounts entered", s.Takeovers.text(notRobbed))
		for i, line := range waysIn(s) {
			add([]string{"way in", ""}[min(i, 1)], line)
		}
	}
	if text := rolesText(&s.Roles); text != "" {
		add("roles", text)
	}
	if s.FirstTakeover != nil {
		add("since", brief(*s.FirstTakeover))
		add("going on", goingOn(s))
	}
	if n := s.Method.ExpectedWrong; n > 0 {
		add("expected wrong", fmt.Sprintf("%d.%03d accounts of those called confirmed or probable", n/1000, n%1000))
	}
	logs := fmt.Sprintf("%s to %s (UTC)", brief(s.Range.From), brief(s.Range.To))
	if !s.faceless {
		logs += "; " + several(s.Accounts, "account", "accounts") + ", " + several(s.Newcomers, "visit of a newcomer", "visits of newcomers")
	}
	add("logs", logs)
	pairs = append(pairs, knownPairs(s)...)
	if k := s.ClockSkew; k != nil && (k.Estimate != nil || k.Applied != 0) {
		add("clock skew", k.Text())
	}
	return pairs
}

// unread says what was not understood.
func unread(s *Summary) string {
	var all []string
	if damage := damaged(s); s.Rows.Rejected > 0 || damage != "" {
		all = append(all, fmt.Sprintf("%s of %s rows were not understood%s; every figure may be too low", count(s.Rows.Rejected), count(s.Rows.Read), damage))
	}
	if b := s.Balances; b != nil && b.Unreadable > 0 {
		all = append(all, fmt.Sprintf("%s of %s balances were not understood; their wallets are settled without", count(b.Unreadable), count(b.Read)))
	}
	if k := s.KnownBad; k != nil && k.Unreadable > 0 {
		all = append(all, fmt.Sprintf("%s of %s entries of --known-bad were not understood", count(k.Unreadable), count(k.Read)))
	}
	return strings.Join(all, "; ")
}

// knownPairs tells what people know, and where the money went.
func knownPairs(s *Summary) []console.Pair {
	var pairs []console.Pair
	add := func(key, format string, args ...any) {
		pairs = append(pairs, console.Pair{Key: key, Value: fmt.Sprintf(format, args...)})
	}
	if t := s.SentOn; t != nil {
		text := several(t.Transfers, "stolen transfer", "stolen transfers") + " to " + several(t.Accounts, "account", "accounts")
		if t.Victims > 0 {
			text += ", " + count(t.Victims) + " of them robbed too"
		}
		if t.Unmatched > 0 {
			text += "; " + count(t.Unmatched) + " not found where they came in: what came in is left as the owner's"
		}
		add("sent on", "%s (mules)", text)
	}
	if d := s.Decisions; d != nil {
		add("decisions", "%s: %s applied (accounts: %s confirmed, %s dismissed; charges: %s and %s), %s overridden, %s without effect (decisions)",
			several(d.Read, "row", "rows"), count(d.Applied), count(d.ConfirmedAccounts), count(d.DismissedAccounts),
			count(d.ConfirmedCharges), count(d.DismissedCharges), count(d.Overridden), count(d.Unmatched))
	}
	if k := s.KnownBad; k != nil {
		text := fmt.Sprintf("%s of others, %s of them in these logs, %s in none", several(k.Given, "indicator", "indicators"), count(k.Matched), count(k.Unmatched))
		if k.Shared > 0 {
			text += fmt.Sprintf("; %s weigh nothing, for honest people use them", count(k.Shared))
		}
		add("known bad", "%s; they speak against %s (reason known_bad)", text, several(k.Takeovers, "account", "accounts"))
	}
	if b := s.Balances; b != nil {
		add("balances", "%s, %s of them of accounts with a ledger", several(b.Read, "row", "rows"), count(b.Used))
	}
	if s.Victims != (TierCounts{}) {
		add("spent first", "%s; for the split of charges alone, no total changes with it", s.SpentFirst)
	}
	return pairs
}

// damaged says which files could not be read to their end.
func damaged(s *Summary) string {
	var names []string
	for i := range s.Sources {
		if s.Sources[i].Trouble != "" {
			names = append(names, s.Sources[i].Name)
		}
	}
	if names == nil {
		return ""
	}
	return ", the rest of " + strings.Join(names, ", ") + " not even read"
}

// text says how many are named, how sure that is, and more of them.
func (t TierCounts) text(more string) string {
	text := fmt.Sprintf("%s (%s confirmed, %s probable)%s", count(t.Confirmed+t.Probable), count(t.Confirmed), count(t.Probable), more)
	if t.Possible > 0 {
		text += "; " + count(t.Possible) + " more possible"
	}
	return text
}

// amounts lists a sum in every currency in which it is not 0.
func amounts(s *Summary, of func(*MoneySummary) int64) []string {
	var all []string
	for i := range s.Money {
		m := &s.Money[i]
		if cur, _ := money.ParseCurrency([]byte(m.Currency)); of(m) != 0 {
			all = append(all, money.Format(of(m), cur))
		}
	}
	return all
}

func netLoss(s *Summary) string {
	if all := amounts(s, func(m *MoneySummary) int64 { return m.NetLoss }); all != nil {
		return strings.Join(all, ", ")
	}
	return "none"
}

// notYet says what is held of accounts that are no victims yet, "" for nothing.
func notYet(s *Summary) string {
	var accounts int64
	for i := range s.Money {
		accounts += s.Money[i].NotYetAccounts // one that has two currencies counts in both
	}
	if accounts == 0 {
		return ""
	}
	return fmt.Sprintf("%s more of %s whose charges are pending: no victims yet, and in no net loss",
		strings.Join(amounts(s, func(m *MoneySummary) int64 { return m.NotYet }), ", "), several(accounts, "account", "accounts"))
}

// goingOn says whether the attack goes on, and what that rests on.
func goingOn(s *Summary) string {
	r := &s.Recent
	window := fmt.Sprintf("in the last %d hours of the logs", r.Hours)
	signs := fmt.Sprintf("%s entered or charged %s (%s confirmed)", several(r.Accounts, "account", "accounts"), window, count(r.Confirmed))
	switch {
	case s.Ongoing:
		return "YES: " + signs
	case r.Accounts > 0:
		return "perhaps: " + signs
	case s.LastFraud != nil:
		return "no sign " + window + "; last stolen charge " + brief(*s.LastFraud)
	}
	return "no sign " + window
}

// firstSteps lists what to do, the most urgent first, each with its table.
func firstSteps(s *Summary) []console.Pair {
	var pairs []console.Pair
	add := func(n int64, format string, args ...any) {
		if n > 0 {
			key := strconv.Itoa(len(pairs) + 1)
			pairs = append(pairs, console.Pair{Key: key, Value: fmt.Sprintf(format, args...)})
		}
	}
	unread := func() {
		add(s.Rows.Rejected, "read why %s rejected (rejects)", several(s.Rows.Rejected, "row was", "rows were"))
	}
	many := 10*s.Rows.Rejected >= s.Rows.Read
	if many {
		unread()
	}
	entered := s.Takeovers.Confirmed + s.Takeovers.Probable
	spared, which := "", "entered "
	if s.EnteredOnly != nil && *s.EnteredOnly > 0 {
		spared = "; lost = no: not robbed yet"
	}
	if s.blind(event.Auth) != "" {
		which = "robbed "
	}
	add(entered, "lock %s (takeovers%s)", several(entered, which+"account", which+"accounts"), spared)
	if t := s.SentOn; t != nil {
		n := t.Accounts - t.Victims
		add(n, "freeze %s that stolen money was sent to (mules)", several(n, "account", "accounts"))
	}
	places := int64(s.Tables["sources"])
	add(places, "block %s (sources)", several(places, "address or device of the attack", "addresses, networks and devices of the attack"))
	visits := int64(s.Tables["store_visits"])
	add(visits, "ask for the cameras of %s (store_visits)", several(visits, "visit to a shop", "visits to shops"))
	undecided := s.Takeovers.Possible
	if d := s.Decisions; d != nil {
		undecided -= d.PossibleConfirmed
	}
	add(undecided, "look at %s (takeovers, tier possible)", several(undecided, "possible case", "possible cases"))
	if p := s.AmountAndPace; p != nil && p.Listed {
		add(p.Accounts-p.Named, "look at %s where amounts and pace alone fit (amount_and_pace)", several(p.Accounts-p.Named, "account", "accounts"))
	}
	owed := amounts(s, func(m *MoneySummary) int64 { return m.Owed })
	add(int64(len(owed)), "pay back %s (refunds, status open)", strings.Join(owed, ", "))
	if !many {
		unread()
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

// moneyPairs lists the money of one currency. What is owed, held, to be decided
// and an exception adds up to the net loss and what is held of accounts that are
// no victims yet; channels do so but for what is to be decided.
func moneyPairs(m *MoneySummary) []console.Pair {
	cur, _ := money.ParseCurrency([]byte(m.Currency))
	var pairs []console.Pair
	add := func(key string, minor int64, always bool) {
		if always || minor != 0 {
			pairs = append(pairs, console.Pair{Key: key, Value: money.Format(minor, cur), Number: true})
		}
	}
	add("topped up by the thieves", m.TopUp, true)
	add("spent by the thieves", m.Spend, true)
	add("net loss", m.NetLoss, true)
	add("  of confirmed victims", m.NetLossConfirmed, false)
	add("  of probable victims", m.NetLossProbable, false)
	add("  of possible victims that a person confirmed", m.NetLossDecided, false)
	add("held of accounts that are no victims yet", m.NotYet, false)
	all := "net loss"
	if m.NotYet != 0 {
		all = "both"
	}
	add(all+" by status: owed now", m.Owed, true)
	add("  held", m.Held, false)
	add("  for a person to decide", m.OpenNamed, false)
	add("  exceptions, for a person", m.Exception-m.OddPossible, false)
	if m.OpenNamed != 0 {
		all = "but for decisions,"
	}
	for i, c := range m.Channels {
		key := "  " + c.Channel
		if i == 0 {
			key = all + " by channel: " + c.Channel
		}
		add(key, c.Amount, true)
	}
	add("possible, in no sum above", m.NeedsDecision-m.OpenNamed+m.OddPossible, false)
	return pairs
}

// manyNames is how many names of columns are shown.
const manyNames = 8

// rowPairs draws up the account of rows.
func rowPairs(s *Summary) []console.Pair {
	var pairs []console.Pair
	for i := range s.Sources {
		r := &s.Sources[i]
		key := r.Name
		add := func(text string) {
			pairs = append(pairs, console.Pair{Key: key, Value: text})
			key = ""
		}
		add(fmt.Sprintf("%s read = %s accepted + %s rejected + %s duplicates", count(r.Read), count(r.Accepted), count(r.Rejected), count(r.Duplicates)))
		if r.Repeats > 0 {
			add(several(r.Repeats, "row equals another and is kept", "rows equal others and are kept"))
		}
		if r.Format != "" {
			add("read as " + r.Format)
		}
		for _, why := range slices.Sorted(maps.Keys(r.Passed)) {
			add(several(r.Passed[why], "accepted row is no event of an account: ", "accepted rows are no events of an account: ") + console.Clean(why))
		}
		for _, why := range slices.Sorted(maps.Keys(r.LeftOut)) {
			add(several(r.LeftOut[why], "accepted row is left out: ", "accepted rows are left out: ") + why)
		}
		if r.Broken > 0 {
			add(several(r.Broken, "byte means nothing in the encoding and was kept", "bytes mean nothing in the encoding and were kept"))
		}
		for _, n := range r.Notes {
			add(n)
		}
		if n := len(r.Extra); n > 0 {
			add("ignored columns: " + names(r.Extra))
		}
		if r.Trouble != "" {
			add(r.Trouble)
		}
	}
	return pairs
}

// names lists names, as many and as much of each as a person reads.
func names(all []string) string {
	var shown []string
	for _, name := range all[:min(len(all), manyNames)] {
		shown = append(shown, console.Truncate(console.Clean(name), 40))
	}
	if n := len(all) - manyNames; n > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(shown, ", ")
}

func unansweredPairs(s *Summary) []console.Pair {
	var pairs []console.Pair
	for _, u := range s.Unanswered {
		pairs = append(pairs, console.Pair{Key: u.Question, Value: u.Because})
	}
	return pairs
}
