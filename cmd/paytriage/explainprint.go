package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// An explainPrinter writes parts of an explanation until one fails.
type explainPrinter struct {
	w   io.Writer
	opt console.Options
	err error
}

// printExplanation prints an explanation for a person.
func printExplanation(w io.Writer, e *explanation, opt console.Options) error {
	p := &explainPrinter{w: w, opt: opt}
	p.block("account "+e.Account, headPairs(e))
	p.users(e)
	for i := range e.Visits {
		p.visit(&e.Visits[i])
	}
	if n := e.MoreVisits; n > 0 {
		p.block("", []console.Pair{{Key: "more visits", Value: fmt.Sprintf("%d, none of them surer than these", n)}})
	}
	p.events(e)
	p.ledger(e)
	return p.err
}

// block prints a title and pairs, long values on several lines.
func (p *explainPrinter) block(title string, pairs []console.Pair) {
	if p.err == nil {
		p.err = console.Block(p.w, title, report.Wrapped(pairs, p.opt.Width), p.opt)
	}
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

// table prints a table with a title.
func (p *explainPrinter) table(title string, t *table.Table, columns ...string) {
	if p.err != nil || t.Rows() == 0 {
		return
	}
	if p.err = console.Block(p.w, title, nil, p.opt); p.err != nil {
		return
	}
	opt := p.opt
	opt.Columns = columns
	if p.err = console.Table(p.w, t, opt); p.err == nil {
		_, p.err = fmt.Fprintln(p.w)
	}
}

// headPairs answers what is asked first.
func headPairs(e *explanation) []console.Pair {
	var pairs []console.Pair
	add := func(key, value string) { pairs = append(pairs, console.Pair{Key: key, Value: value}) }
	if len(e.Visits) == 0 {
		add("verdict", "not named: "+nothingWeighed(e))
		return pairs
	}
	add("verdict", fmt.Sprintf("%s, score %d: %s", tierWord(e.Tier), e.Score, oddsWords(e.Score)))
	add("that means", meaningOf(e))
	for i := range e.Decisions {
		key := ""
		if i == 0 {
			key = "decisions"
		}
		add(key, decisionText(&e.Decisions[i]))
	}
	if e.Dismissed {
		add("therefore", "the account is out of the case: it is no victim, and nothing of it is owed")
	}
	if e.vector != "" {
		add("way in", e.vector+", campaign "+e.campaign)
	}
	for i := range e.Losses {
		l := &e.Losses[i]
		add("net loss", fmt.Sprintf("%s; topped up %s, spent %s in %s", money.Format(l.NetLoss, l.Currency),
			money.Format(l.TopUp, l.Currency), money.Format(l.Spend, l.Currency), many(l.Charges, "charge")))
	}
	add("to begin with", fmt.Sprintf("of the %s visits of newcomers in these logs, %s are taken for thieves' before any evidence", count(e.Newcomers), sharePercent(e.PriorPPB)))
	return pairs
}

// meaningOf says what the tier of an account promises, unless a person went
// further.
func meaningOf(e *explanation) string {
	if e.Tier == takeover.Possible && confirmedByPerson(e) {
		return "the logs alone leave it open; a person confirmed it, so that what it lost is owed"
	}
	return meanings[e.Tier]
}

func confirmedByPerson(e *explanation) bool {
	return slices.ContainsFunc(e.Decisions, func(d forensics.Decision) bool {
		return d.Txn == "" && d.Confirm && d.Effect == forensics.DecisionApplied
	})
}

// decisionText tells a decision and what became of it.
func decisionText(d *forensics.Decision) string {
	what, verb := "the account", "dismissed"
	if d.Txn != "" {
		what = "charge " + word(d.Txn)
	}
	if d.Confirm {
		verb = "confirmed"
	}
	text := fmt.Sprintf("%s %s %s on %s", word(d.Who), verb, what, stampUTC(d.When))
	if d.Why != "" {
		text += " (" + word(d.Why) + ")"
	}
	if d.Effect != forensics.DecisionApplied {
		return text + ": without effect, " + d.Effect.Doc()
	}
	return text + ": applied"
}

// nothingWeighed says why an account has no visits.
func nothingWeighed(e *explanation) string {
	switch {
	case len(e.Users) == 0 && e.Failed > 0:
		return fmt.Sprintf("nobody ever got in; %s", many(e.Failed, "failed login"))
	case len(e.Users) == 0:
		return "no row says who used it"
	case len(e.Users) == 1 && e.MoreUsers == 0:
		return "it was always the same device, so that nothing was weighed"
	}
	return "nobody came as a newcomer, so that nothing was weighed"
}

// users prints who used the account.
func (p *explainPrinter) users(e *explanation) {
	if len(e.Users) == 0 {
		return
	}
	var pairs []console.Pair
	for i := range e.Users {
		u := &e.Users[i]
		who := u.Why
		if u.Visit > 0 {
			who = fmt.Sprintf("a newcomer, see visit %d", u.Visit)
		}
		pairs = append(pairs, console.Pair{Key: fmt.Sprintf("user %d", i+1), Value: fmt.Sprintf("%s, %s to %s, %s, %s: %s",
			word(u.Device), stampUTC(u.First), stampUTC(u.Last), many(u.Logins, "login"), many(u.Charges, "charge"), who)})
	}
	if n := e.MoreUsers; n > 0 {
		pairs = append(pairs, console.Pair{Key: "more users", Value: count(int64(n))})
	}
	p.block("who used the account (times are UTC)", pairs)
}

// many writes a number of things.
func many(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// word returns a text of the log as it is shown in a table.
func word(text string) string { return console.Truncate(console.Clean(text), wordWidth) }

// visit prints how a visit was weighed.
func (p *explainPrinter) visit(v *forensics.Visited) {
	var pairs []console.Pair
	add := func(key, value string) {
		if value != "" {
			pairs = append(pairs, console.Pair{Key: key, Value: value})
		}
	}
	add("when", stampUTC(v.Visit.First)+" to "+stampUTC(v.Visit.Last))
	add("device", v.Device)
	add("from", joined(" ", v.IP, v.Country, prefixed("operator ", v.ASN)))
	add("with", v.Agent)
	add("charges", spending(v))
	add("neighbours", neighbours(v))
	add("reasons", strings.Join(v.Reasons, ", "))
	if v.Held != "" {
		add("held back", "the score would do for "+v.Alone.String()+", but "+v.Held)
	}
	if v.Cards > 0 {
		add("cards", many(v.Cards, "card")+" registered by the visitor: not weighed; what he topped up from a card that only he used is not the owner's money, and is not paid back to it")
	}
	p.block(fmt.Sprintf("visit %d: %s, score %d: %s", v.Number, tierWord(v.Tier), v.Visit.Total, oddsWords(v.Visit.Total)), pairs)
	p.weights(v)
	p.changes(v)
}

func stampUTC(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05")
}

func prefixed(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func suffixed(text, after string) string {
	if text == "" {
		return ""
	}
	return text + after
}

// joined joins those of some texts that are not empty.
func joined(by string, texts ...string) string {
	var some []string
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return strings.Join(some, by)
}

// spending says what a visitor charged.
func spending(v *forensics.Visited) string {
	if v.Charges+v.Declined == 0 {
		return "none"
	}
	text := "none approved"
	if v.Charges > 0 {
		c := money.Currency(v.Visit.Currency)
		text = fmt.Sprintf("%d: topped up %s, spent %s", v.Charges, money.Format(v.Topped, c), money.Format(v.Spent, c))
	}
	if v.Declined > 0 {
		text += fmt.Sprintf("; %d declined", v.Declined)
	}
	return text
}

// neighbours names other accounts of the device.
func neighbours(v *forensics.Visited) string {
	text := strings.Join(v.Neighbours, ", ")
	if d := v.Explanation.Device; d != nil && len(d.Others) > len(v.Neighbours) {
		text += fmt.Sprintf(" and %d more", len(d.Others)-len(v.Neighbours))
	}
	return text
}

// A weightRow is a line of the table of weights.
type weightRow struct {
	sum, weight     *odds.Centibans
	odds, evidence  string
	seen            string
	honest, thieves string
}

// weights prints the weights of a visit. Texts that are too long for the
// terminal go on in further lines.
func (p *explainPrinter) weights(v *forensics.Visited) {
	rows := []weightRow{{sum: &v.Prior, evidence: "to begin with", seen: "any newcomer of these logs"}}
	for i := range v.Groups {
		g := &v.Groups[i]
		if len(g.Parts) == 0 && g.Weight == 0 {
			continue
		}
		rows = append(rows, weightRow{sum: &g.Weight, odds: times(g.Weight), evidence: g.Name, seen: groupDocs[g.Name]})
		for k := range g.Parts {
			part := &g.Parts[k]
			r := weightRow{weight: &part.Weight, odds: times(part.Weight), evidence: "· " + part.Label, seen: part.Seen, honest: sharePercent(part.Honest), thieves: sharePercent(part.Attack)}
			if g.Name == "place" && v.Place != "" {
				r.seen = word(v.Place) + ": " + r.seen
			}
			rows = append(rows, r)
		}
	}
	rows = append(rows, weightRow{sum: &v.Visit.Total, evidence: "score", seen: oddsWords(v.Visit.Total)})
	p.table("what was weighed, in centibans (+100: a thief is ten times likelier)", p.weightTable(rows))
	var pairs []console.Pair
	for _, why := range reasonsOf(v.Silent) {
		var labels []string
		for _, s := range v.Silent {
			if s.Why == why {
				labels = append(labels, s.Label)
			}
		}
		pairs = append(pairs, console.Pair{Key: why, Value: strings.Join(labels, "; ")})
	}
	if pairs != nil {
		p.block("what was not weighed", pairs)
	}
}

// reasonsOf returns why features were silent, each reason once.
func reasonsOf(silent []takeover.Silent) []string {
	var all []string
	for _, s := range silent {
		if !slices.Contains(all, s.Why) {
			all = append(all, s.Why)
		}
	}
	return all
}

// times writes a weight as a factor.
func times(w odds.Centibans) string {
	switch text := factor(w); {
	case text == "1.0":
		return ""
	case w > 0:
		return "×" + text
	default:
		return "÷" + text
	}
}

// A terminal below narrow shows shares behind what was seen, and where a row
// stands below what it is.
const narrow = 120

func (p *explainPrinter) narrow() bool { return p.opt.Width > 0 && p.opt.Width < narrow }

// weightTable makes a table of weights. Texts that are too long for the terminal
// go on in further lines.
func (p *explainPrinter) weightTable(rows []weightRow) *table.Table {
	columns := []table.Column{{Name: "sum", Kind: table.Int, Nullable: true}, {Name: "weight", Kind: table.Int, Nullable: true},
		{Name: "evidence", Kind: table.Text}, {Name: "seen", Kind: table.Text}}
	left, room := 34, 90
	switch {
	case p.narrow():
		left = max(p.opt.Width/4, 12)
		room = max(p.opt.Width-left-18, 12)
	default:
		if p.opt.Width > 0 {
			room = max(p.opt.Width-left-56, 24)
		}
		columns = append(columns, table.Column{Name: "odds", Kind: table.Text}, table.Column{Name: "honest", Kind: table.Text}, table.Column{Name: "thieves", Kind: table.Text})
	}
	t := table.New(table.Schema{Name: "weights", Columns: columns}, 0)
	out := t.Appender()
	for i := range rows {
		r := rows[i]
		if p.narrow() && r.honest != "" {
			r.seen += " (" + joined(", ", r.honest+" of honest", suffixed(r.thieves, " of thieves")) + ")"
		}
		evidence, seen := lines(r.evidence, left), lines(r.seen, room)
		for n := range max(len(evidence), len(seen), 1) {
			for _, w := range []*odds.Centibans{r.sum, r.weight} {
				if w == nil || n > 0 {
					out.Null()
				} else {
					out.Int(int64(*w))
				}
			}
			out.Text(at(evidence, n))
			out.Text(at(seen, n))
			if !p.narrow() {
				for _, text := range []string{r.odds, r.honest, r.thieves} {
					out.Text(at([]string{text}, n))
				}
			}
			out.End()
		}
	}
	return t
}

// lines breaks a text at blanks.
func lines(text string, width int) []string {
	var all []string
	for _, pair := range report.Wrapped([]console.Pair{{Value: text}}, width+4) {
		all = append(all, pair.Value)
	}
	return all
}

func at(texts []string, n int) string {
	if n < len(texts) {
		return texts[n]
	}
	return ""
}

// groupDocs say what groups of evidence are about.
var groupDocs = map[string]string{
	"place": "the failed logins about his entry", "breach": "earlier break-ins into the account",
	"visit": "how he came and went", "conduct": "what he did with money", "means": "how he got in",
	"listed": "what others saw in attacks",
	"shared": "the device in other accounts", "company": "where thieves are met", "overlap": "what would count twice",
}

// changes prints what would have changed the verdict.
func (p *explainPrinter) changes(v *forensics.Visited) {
	var pairs []console.Pair
	list := func(key string, changes []takeover.Otherwise) {
		for _, c := range changes {
			var signals []string
			for _, s := range c.Signals {
				signals = append(signals, fmt.Sprintf("%s: %s instead of %s", s.Label, s.Then, s.Now))
			}
			pairs = append(pairs, console.Pair{Key: key, Value: fmt.Sprintf("%s, score %d: %s", tierWord(c.Tier), c.Score, strings.Join(signals, "; and "))})
			key = ""
		}
	}
	list("less sure", v.Fewer)
	list("surer", v.More)
	if len(pairs) == 0 {
		pairs = append(pairs, console.Pair{Key: "nothing", Value: "no five signals together"})
	}
	p.block("what would have changed the verdict, all else being as it is", pairs)
}

// events prints the rows of the account.
func (p *explainPrinter) events(e *explanation) {
	t := table.New(table.Schema{Name: "events", Columns: []table.Column{
		{Name: "time", Kind: table.Time, Nullable: true}, {Name: "where", Kind: table.Text}, {Name: "what", Kind: table.Text},
		{Name: "amount", Kind: table.Amount, Nullable: true}, {Name: "whose", Kind: table.Text},
		{Name: "ip", Kind: table.Text}, {Name: "store_id", Kind: table.Text}, {Name: "currency", Kind: table.Code, Nullable: true}}}, len(e.Events))
	var raw []console.Pair
	for i := range e.Events {
		p.event(t.Appender(), &e.Events[i])
		if v := &e.Events[i]; v.Raw != "" {
			raw = append(raw, console.Pair{Key: position(v), Value: v.Raw})
		}
	}
	title := "its rows"
	if n := e.MoreEvents; n > 0 {
		title += fmt.Sprintf(", but for %s more (--rows 0 shows all)", count(int64(n)))
	}
	columns := []string{"time", "where", "what", "amount", "whose", "ip", "store_id"}
	if p.narrow() {
		columns = []string{"time", "what", "amount", "whose"}
	}
	p.table(title, t, columns...)
	if len(raw) > 0 && p.err == nil {
		opt := p.opt
		opt.Width = 0 // a record that is cut is no evidence
		if p.err = console.Block(p.w, "as they stand there", raw, opt); p.err == nil {
			_, p.err = fmt.Fprintln(p.w)
		}
	}
}

// event adds a row of the account, which may take several lines.
func (p *explainPrinter) event(row *table.Appender, v *forensics.Event) {
	what, by := []string{word(joined(" ", v.What, v.Result))}, []string{whose(v)}
	if p.narrow() {
		room := max((p.opt.Width-38)/2, 12)
		what = append(lines(what[0], room), word(position(v)))
		by = lines(by[0], room)
	}
	for n := range max(len(what), len(by)) {
		if n > 0 {
			row.Null()
		} else {
			row.Time(v.Time)
		}
		row.Text(at([]string{word(position(v))}, n))
		row.Text(at(what, n))
		if v.Currency == 0 || n > 0 {
			row.Null()
		} else {
			row.Amount(v.Amount)
		}
		row.Text(at(by, n))
		row.Text(at([]string{word(v.IP)}, n))
		row.Text(at([]string{word(v.Store)}, n))
		if v.Currency == 0 || n > 0 {
			row.Null()
		} else {
			row.Code(v.Currency.String())
		}
		row.End()
	}
}

// ledger prints what is owed.
func (p *explainPrinter) ledger(e *explanation) {
	if p.err != nil || len(e.Ledger) == 0 {
		return
	}
	t := table.New(table.Schema{Name: "ledger", Columns: []table.Column{
		{Name: "component", Kind: table.Text}, {Name: "channel", Kind: table.Text}, {Name: "gross", Kind: table.Amount},
		{Name: "returned", Kind: table.Amount}, {Name: "amount", Kind: table.Amount}, {Name: "status", Kind: table.Text},
		{Name: "reasons", Kind: table.Text}, {Name: "txns", Kind: table.Text}, {Name: "currency", Kind: table.Code}}}, len(e.Ledger))
	row := t.Appender()
	for i := range e.Ledger {
		r := &e.Ledger[i]
		row.Text(r.Component.String())
		row.Text(r.Channel.String())
		row.Amount(r.Gross)
		row.Amount(r.Returned)
		row.Amount(r.Amount)
		row.Text(r.Status.String())
		row.Text(r.Reasons.String())
		row.Text(word(strings.Join(r.Txns, " ")))
		row.Code(r.Currency.String())
		row.End()
	}
	columns := []string{"component", "channel", "gross", "returned", "amount", "status", "reasons", "txns"}
	if p.narrow() {
		columns = []string{"component", "channel", "amount", "status"}
	}
	p.table("the ledger", t, columns...)
}
