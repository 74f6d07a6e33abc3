package report

import (
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/insider"
	"github.com/paytriage/paytriage/report/indicator"
	"github.com/paytriage/paytriage/report/table"
)

// What the columns that come in many tables mean.
const (
	docAccount  = "account, as the log has it"
	docTier     = "how sure: confirmed (at most 1 in 100 wrong), probable (1 in 20), possible (for a person to look at)"
	docScore    = "weight of the evidence in centibans: 100 mean odds of ten to one, 200 a hundred to one"
	docVector   = "way in"
	docCampaign = "hash of the first account of what belongs together"
	docReasons  = "codes joined by ;"
	docCurrency = "code of ISO 4217, or of a unit of points"
	docMinor    = "in minor units of the currency"

	docValidation = "who holds it beside the logs, by a decision on the account: none, customer, issuer, operator"
)

func col(name string, k table.Kind, doc string) table.Column {
	return table.Column{Name: name, Kind: k, Doc: doc}
}

func maybe(name string, k table.Kind, doc string) table.Column {
	return table.Column{Name: name, Kind: k, Doc: doc, Nullable: true}
}

// knows reports whether a log of a role was read and any of its rows understood: a
// log without rows tells that nothing happened, and no log tells nothing.
func knows(c *forensics.Case, r event.Role) bool {
	return slices.ContainsFunc(c.Sources, func(s event.Source) bool {
		return s.Role == r && (s.Accepted > 0 || s.Rejected == 0)
	})
}

// intIf, amountIf and codeIf append a value where it is known, else null.
func intIf(row *table.Appender, known bool, n int64) {
	if known {
		row.Int(n)
	} else {
		row.Null()
	}
}

func amountIf(row *table.Appender, known bool, minor int64) {
	if known {
		row.Amount(minor)
	} else {
		row.Null()
	}
}

func codeIf(row *table.Appender, known bool, code string) {
	if known {
		row.Code(code)
	} else {
		row.Null()
	}
}

// A filler makes a table of a case.
type filler struct {
	schema table.Schema
	fill   func(c *forensics.Case, row *table.Appender)
}

// fillers lists all tables of a case, in the order in which they are written.
func fillers() []filler {
	return []filler{
		{victimsSchema, fillVictims},
		{takeoversSchema, fillTakeovers},
		{chargesSchema, fillCharges},
		{refundsSchema, fillRefunds},
		{sourcesSchema, fillSources},
		{campaignsSchema, fillCampaigns},
		{storesSchema, fillStores},
		{visitsSchema, fillVisits},
		{timelineSchema, fillTimeline},
		{rejectsSchema, fillRejects},
		{mulesSchema, fillMules},
		{decisionsSchema, fillDecisions},
		{paceSchema, fillPace},
		{insiderSchema, fillInsiders},
	}
}

// Schemas lists the tables of a case folder.
func Schemas() []table.Schema {
	var all []table.Schema
	for _, f := range fillers() {
		all = append(all, f.schema)
	}
	return all
}

// Tables makes all tables of a case.
func Tables(c *forensics.Case) ([]*table.Table, error) {
	var all []*table.Table
	for _, f := range fillers() {
		t := table.New(f.schema, 0)
		f.fill(c, t.Appender())
		if err := t.Validate(); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

var victimsSchema = table.Schema{
	Name: "victims", Doc: "an account and currency with at least one approved fraudulent charge that was not fully reversed",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		col("tier", table.Code, docTier),
		col("score", table.Int, docScore),
		col("vector", table.Code, docVector),
		col("campaign_id", table.Code, docCampaign),
		col("takeover_at", table.Time, "first row of the intruder in the account"),
		col("first_fraud_at", table.Time, "first fraudulent charge"),
		col("last_fraud_at", table.Time, "last fraudulent charge"),
		col("fraud_charges", table.Int, "fraudulent charges that were not declined"),
		col("topup_amount", table.Amount, "fraudulent top-ups, before anything came back, "+docMinor),
		col("spend_amount", table.Amount, "fraudulent payments and transfers, before anything came back, "+docMinor),
		col("net_loss", table.Amount, "sum of the lines of the ledger, "+docMinor),
		col("currency", table.Code, docCurrency),
		col("reasons", table.Text, docReasons),
		maybe("validation", table.Code, docValidation),
		maybe("recognised_by", table.Code, "who recognised it first: customer, issuer, own_detection"),
	},
}

func fillVictims(c *forensics.Case, row *table.Appender) {
	for i := range c.Victims {
		v := &c.Victims[i]
		row.Text(v.Account)
		row.Code(v.Tier.String())
		row.Int(int64(v.Score))
		row.Code(v.Vector.String())
		row.Code(v.Campaign)
		row.Time(v.TakeoverAt)
		row.Time(v.FirstFraud)
		row.Time(v.LastFraud)
		row.Int(v.Charges)
		row.Amount(v.TopUp)
		row.Amount(v.Spend)
		row.Amount(v.NetLoss)
		row.Code(v.Currency.String())
		row.Text(strings.Join(v.Reasons, ";"))
		row.Code(v.Validation.String())
		row.Code(v.Route.String())
		row.End()
	}
}

var takeoversSchema = table.Schema{
	Name: "takeovers", Doc: "an account that someone else got into, with or without loss",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		col("tier", table.Code, docTier),
		col("score", table.Int, docScore),
		col("vector", table.Code, docVector),
		col("campaign_id", table.Code, docCampaign),
		col("takeover_at", table.Time, "first row of the intruder in the account"),
		maybe("source_ip", table.Text, "address of the entry"),
		maybe("device_id", table.Text, "device of the surest intruder"),
		maybe("lost", table.Code, "yes if money is gone, else no; empty without a payment log"),
		col("reasons", table.Text, docReasons),
		col("weight_prior", table.Int, "part of the score: odds of any newcomer, "+docScore),
		col("weight_entry", table.Int, "part of the score: how the intruder got in"),
		col("weight_visit", table.Int, "part of the score: arrival, stay, network, what the owner did"),
		col("weight_conduct", table.Int, "part of the score: what was done with money"),
		col("weight_device", table.Int, "part of the score: other accounts on the device"),
		col("weight_company", table.Int, "part of the score: shops, address, user agent and hour shared with others"),
		maybe("source", table.Code, "file that the first row of the intruder stands in"),
		maybe("line", table.Int, "its line, from 1"),
	},
}

func fillTakeovers(c *forensics.Case, row *table.Appender) {
	for i := range c.Takeovers {
		t := &c.Takeovers[i]
		row.Text(t.Account)
		row.Code(t.Tier.String())
		row.Int(int64(t.Score))
		row.Code(t.Vector.String())
		row.Code(t.Campaign)
		row.Time(t.TakeoverAt)
		row.TextOrNull(t.SourceIP)
		row.TextOrNull(t.Device)
		codeIf(row, knows(c, event.Payments), yesNo(t.Lost))
		row.Text(strings.Join(t.Reasons, ";"))
		w := &t.Weights
		for _, n := range [...]int64{int64(w.Prior), int64(w.Entry), int64(w.Visit), int64(w.Conduct), int64(w.Device), int64(w.Company)} {
			row.Int(n)
		}
		row.CodeOrNull(t.Source)
		intIf(row, t.Line > 0, t.Line)
		row.End()
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

var chargesSchema = table.Schema{
	Name: "charges", Doc: "a fraudulent charge, also one that was declined, is pending or was reversed",
	Columns: []table.Column{
		col("txn_id", table.Text, "transaction"),
		col("account_id", table.Text, docAccount),
		col("event_time", table.Time, "time of the charge, corrected where --skew was given"),
		col("kind", table.Code, "topup, payment, transfer_out, transfer_in, payout"),
		col("amount", table.Amount, docMinor),
		col("currency", table.Code, docCurrency),
		col("status", table.Code, "approved, declined, pending, reversed"),
		maybe("store_id", table.Text, "shop, or merchant where there is no shop"),
		maybe("device_id", table.Text, "device of the charge"),
		maybe("ip", table.Text, "address of the charge"),
		col("tier", table.Code, docTier),
		col("score", table.Int, docScore),
		col("reasons", table.Text, docReasons),
		col("source", table.Code, "file that the row stands in"),
		col("line", table.Int, "line of the row, from 1"),
		col("logged_at", table.Time, "time of the charge as the log has it"),
		maybe("from_fraud", table.Amount, "of a stolen charge that the wallet paid: money that the thieves had put in, by --spent-first; it changes no total, "+docMinor),
		maybe("from_own", table.Amount, "likewise the owner's money; both add up to the amount, "+docMinor),
		maybe("decision", table.Code, "confirm where a person decided that it is stolen"),
	},
}

func fillCharges(c *forensics.Case, row *table.Appender) {
	for i := range c.Charges {
		ch := &c.Charges[i]
		row.Text(ch.Txn)
		row.Text(ch.Account)
		row.Time(ch.Time)
		row.Code(ch.Kind.String())
		row.Amount(ch.Amount)
		row.Code(ch.Currency.String())
		row.Code(ch.Status)
		row.TextOrNull(ch.Store)
		row.TextOrNull(ch.Device)
		row.TextOrNull(ch.IP)
		row.Code(ch.Tier.String())
		row.Int(int64(ch.Score))
		row.Text(strings.Join(ch.Reasons, ";"))
		row.Code(ch.Source)
		row.Int(ch.Line)
		row.Time(ch.Time + c.Corrected)
		if ch.FromWallet {
			row.Amount(ch.FromFraud)
			row.Amount(ch.FromOwn)
		} else {
			row.Null()
			row.Null()
		}
		row.CodeOrNull(confirmed(ch.Decided))
		row.End()
	}
}

func confirmed(decided bool) string {
	if decided {
		return decisionWord(true)
	}
	return ""
}

var refundsSchema = table.Schema{
	Name: "refunds", Doc: "a line of the ledger",
	Columns: []table.Column{
		col("refund_id", table.Text, "hash of account, currency, component and transaction: the same in every run"),
		col("account_id", table.Text, docAccount),
		maybe("txn_id", table.Text, "the transactions that the line stands on, joined by ;"),
		col("component", table.Code, "instrument_refund, balance_restore, balance_clawback, victim_used, or an exception"),
		col("channel", table.Code, "card, debit, bank, cash, points, balance, none"),
		col("gross", table.Amount, "what the leg lost, "+docMinor),
		col("returned", table.Amount, "what the leg got back already, "+docMinor),
		col("amount", table.Amount, "gross less returned, negative where it is to be taken back, "+docMinor),
		col("currency", table.Code, docCurrency),
		col("tier", table.Code, docTier),
		col("status", table.Code, "open lines may be paid; closed ones are nothing any more; held, needs_decision and exception ones wait"),
		col("reasons", table.Text, docReasons),
		col("payer", table.Code, "operator, issuer or bank"),
		maybe("funding_ref", table.Text, "instrument to be refunded, where the log names it"),
	},
}

func fillRefunds(c *forensics.Case, row *table.Appender) {
	for i := range c.Refunds {
		r := &c.Refunds[i]
		row.Text(r.ID)
		row.Text(r.Account)
		row.TextOrNull(strings.Join(r.Txns, ";"))
		row.Code(r.Component.String())
		row.Code(r.Channel.String())
		row.Amount(r.Gross)
		row.Amount(r.Returned)
		row.Amount(r.Amount)
		row.Code(r.Currency.String())
		row.Code(r.Tier.String())
		row.Code(r.Status.String())
		row.Text(r.Reasons.String())
		row.Code(r.Payer)
		row.TextOrNull(r.FundingRef)
		row.End()
	}
}

var sourcesSchema = table.Schema{
	Name: "sources", Doc: "an address, network, device, user agent or operator used in the attack",
	Columns: []table.Column{
		col("kind", table.Code, "ip, network, user_agent, asn, device"),
		col("value", table.Text, "as the log has it"),
		col("role", table.Code, "tester (tried credentials) or executor (spent)"),
		col("accounts_tried", table.Int, "accounts that were tried by strangers"),
		col("accounts_entered", table.Int, "accounts that were entered by strangers"),
		col("attempts", table.Int, "logins of strangers; of an executor, visits"),
		maybe("failures", table.Int, "of them failed; empty for executors, for whom it is not counted"),
		maybe("unknown_accounts", table.Int, "of them for accounts that do not exist; empty for executors, and where the log does not tell"),
		col("first_seen", table.Time, "first login of a stranger"),
		col("last_seen", table.Time, "last login of a stranger"),
		col("score", table.Int, docScore),
		maybe("honest_accounts", table.Int, "accounts whose own users were there too, in all logs that were read: whom a block would lock out"),
		maybe("shared", table.Code, "yes if there are any, or if the address is no public one, else no"),
	},
}

func fillSources(c *forensics.Case, row *table.Appender) {
	for i := range c.Places {
		p := &c.Places[i]
		row.Code(p.Kind)
		row.Text(p.Value)
		row.Code(p.Role)
		row.Int(p.Tried)
		row.Int(p.Entered)
		row.Int(p.Attempts)
		intIf(row, p.Role != "executor", p.Failures)
		intIf(row, p.Role != "executor" && !c.UntoldIDs, p.UnknownAccs)
		row.Time(p.First)
		row.Time(p.Last)
		row.Int(int64(p.Score))
		intIf(row, p.Counted, p.Others)
		codeIf(row, p.Counted, yesNo(p.Others > 0 || !indicator.Public(p.Kind, p.Value)))
		row.End()
	}
}

var campaignsSchema = table.Schema{
	Name: "campaigns", Doc: "attackers' activity that belongs together",
	Columns: []table.Column{
		col("campaign_id", table.Text, docCampaign),
		col("vector", table.Code, docVector),
		col("first_seen", table.Time, "first takeover"),
		col("last_seen", table.Time, "last act of an intruder"),
		maybe("accounts_tried", table.Int, "accounts tried from the attack source that was used most; empty without an auth log"),
		col("accounts_entered", table.Int, "accounts of the campaign"),
		maybe("victims", table.Int, "of them with a loss; empty without a payment log"),
		maybe("net_loss", table.Amount, "of confirmed and probable victims, "+docMinor+"; empty without a payment log"),
		maybe("currency", table.Code, docCurrency),
		maybe("testers", table.Int, "addresses of the attack that confirmed and probable accounts were entered from; empty without an auth log or addresses"),
		maybe("executors", table.Int, "devices, or addresses where there are none, that charged these accounts; empty where charges tell neither"),
		maybe("tester_countries", table.Text, "countries of the testers' entries, the most used first, joined by ;"),
		maybe("executor_countries", table.Text, "countries of the executors' logins, the most used first, joined by ;"),
		maybe("tester_operators", table.Text, "network operators of the testers' entries, likewise"),
		maybe("executor_operators", table.Text, "network operators of the executors' logins, likewise"),
		maybe("lag_accounts", table.Int, "accounts that a tester entered and that were charged later; empty without both logs"),
		maybe("lag_median_s", table.Int, "seconds from the entry by a tester to the first charge by an executor: median"),
		maybe("lag_min_s", table.Int, "the same: least"),
		maybe("lag_max_s", table.Int, "the same: most"),
	},
}

func fillCampaigns(c *forensics.Case, row *table.Appender) {
	for i := range c.Campaigns {
		g := &c.Campaigns[i]
		row.Text(g.ID)
		row.Code(g.Vector.String())
		row.Time(g.First)
		row.Time(g.Last)
		auth, payments := knows(c, event.Auth), knows(c, event.Payments)
		intIf(row, auth, g.Tried)
		row.Int(g.Entered)
		intIf(row, payments, g.Victims)
		amountIf(row, payments, g.NetLoss)
		row.CodeOrNull(g.Currency.String())
		r := &g.Roles
		intIf(row, !r.Testers.Unknown, r.Testers.Count)
		intIf(row, !r.Executors.Unknown, r.Executors.Count)
		for _, names := range [][]string{r.Testers.Countries, r.Executors.Countries, r.Testers.Operators, r.Executors.Operators} {
			row.TextOrNull(strings.Join(names, ";"))
		}
		intIf(row, auth && payments, r.Lags)
		for _, seconds := range []int64{r.LagMedian, r.LagLeast, r.LagMost} {
			intIf(row, r.Lags > 0, seconds)
		}
		row.End()
	}
}

var storesSchema = table.Schema{
	Name: "stores", Doc: "a shop where stolen money was spent",
	Columns: []table.Column{
		col("store_id", table.Text, "shop, or merchant where there is no shop"),
		col("charges", table.Int, "fraudulent charges"),
		col("victims", table.Int, "accounts"),
		col("amount", table.Amount, "spent, "+docMinor),
		col("first_seen", table.Time, "first fraudulent charge"),
		col("last_seen", table.Time, "last fraudulent charge"),
		col("currency", table.Code, docCurrency),
	},
}

func fillStores(c *forensics.Case, row *table.Appender) {
	for i := range c.Stores {
		s := &c.Stores[i]
		row.Text(s.Store)
		row.Int(s.Charges)
		row.Int(s.Victims)
		row.Amount(s.Amount)
		row.Time(s.First)
		row.Time(s.Last)
		row.Code(s.Currency.String())
		row.End()
	}
}

var visitsSchema = table.Schema{
	Name: "store_visits", Doc: "a stretch of time at a shop for which to pull the cameras",
	Columns: []table.Column{
		col("store_id", table.Text, "shop, or merchant where there is no shop"),
		col("from_time", table.Time, "first fraudulent charge of the visit"),
		col("to_time", table.Time, "last fraudulent charge of the visit"),
		col("charges", table.Int, "fraudulent charges"),
		col("accounts", table.Int, "accounts"),
		col("amount", table.Amount, "spent, "+docMinor),
		col("currency", table.Code, docCurrency),
		maybe("terminals", table.Text, "registers of these charges, joined by ;"),
	},
}

func fillVisits(c *forensics.Case, row *table.Appender) {
	for i := range c.Visits {
		v := &c.Visits[i]
		row.Text(v.Store)
		row.Time(v.From)
		row.Time(v.To)
		row.Int(v.Charges)
		row.Int(v.Accounts)
		row.Amount(v.Amount)
		row.Code(v.Currency.String())
		row.TextOrNull(strings.Join(v.Terminals, ";"))
		row.End()
	}
}

var timelineSchema = table.Schema{
	Name: "timeline", Doc: "an hour of the incident, in one currency",
	Columns: []table.Column{
		col("hour", table.Time, "start of the hour"),
		maybe("attempts", table.Int, "logins of the whole service, failed ones too; this and the next two are empty without an auth log"),
		maybe("failures", table.Int, "failed logins of the whole service"),
		maybe("entries", table.Int, "first logins of a device in an account, of the whole service"),
		maybe("fraud_topups", table.Int, "fraudulent top-ups; this and the rest are empty without a payment log"),
		maybe("fraud_topup_amount", table.Amount, docMinor),
		maybe("fraud_spends", table.Int, "fraudulent payments and transfers"),
		maybe("fraud_spend_amount", table.Amount, docMinor),
		maybe("cumulative_spend", table.Amount, "spent by the intruders so far, "+docMinor),
		maybe("currency", table.Code, docCurrency),
	},
}

func fillTimeline(c *forensics.Case, row *table.Appender) {
	auth, payments := knows(c, event.Auth), knows(c, event.Payments)
	for i := range c.Timeline {
		h := &c.Timeline[i]
		row.Time(h.At)
		intIf(row, auth, h.Attempts)
		intIf(row, auth, h.Failures)
		intIf(row, auth, h.Entries)
		intIf(row, payments, h.TopUps)
		amountIf(row, payments, h.TopUpAmount)
		intIf(row, payments, h.Spends)
		amountIf(row, payments, h.SpendAmount)
		amountIf(row, payments, h.CumulativeSpend)
		row.CodeOrNull(h.Currency.String())
		row.End()
	}
}

var rejectsSchema = table.Schema{
	Name: "rejects", Doc: "a row that was not understood, or that contradicts another",
	Columns: []table.Column{
		col("source", table.Code, "file"),
		col("line", table.Int, "first line of the record, from 1"),
		maybe("column", table.Code, "column at fault; empty where it is the whole record"),
		col("reason", table.Code, "what is wrong with it"),
		col("raw", table.Text, "the record as it stands"),
		maybe("others", table.Text, "where the rows stand that it contradicts"),
	},
}

func fillRejects(c *forensics.Case, row *table.Appender) {
	for i := range c.Rejects {
		r := &c.Rejects[i]
		row.Code(c.Sources[r.Pos.Source()].Name)
		row.Int(r.Line)
		row.CodeOrNull(r.Column)
		row.Code(r.Reason)
		row.Text(r.Raw)
		row.TextOrNull(r.Others)
		row.End()
	}
	for i := range c.Unread {
		r := &c.Unread[i]
		row.Code(r.Source)
		row.Int(r.Line)
		row.CodeOrNull(r.Column)
		row.Code(r.Reason)
		row.Text(r.Raw)
		row.TextOrNull("")
		row.End()
	}
}

var mulesSchema = table.Schema{
	Name: "mules", Doc: "an account that stolen money was transferred to, straight from a robbed account or through others",
	Columns: []table.Column{
		col("account_id", table.Text, "the account, as the transfers name it"),
		col("received", table.Amount, "stolen money that was sent to it, "+docMinor),
		maybe("moved_on", table.Amount, "of it left again by payments, transfers and payouts, taken as the stolen money first; empty where the logs cannot tell, and for accounts that were robbed themselves, "+docMinor),
		col("currency", table.Code, docCurrency),
		col("from_accounts", table.Int, "accounts that sent it"),
		col("first_seen", table.Time, "first of these transfers"),
		col("last_seen", table.Time, "last of these transfers"),
		col("victim", table.Code, "yes if it was robbed itself: then what came in counts as the thieves' money in its ledger; else no, and it has no line there"),
		col("transfers", table.Int, "transfers of stolen money to it"),
		col("unmatched", table.Int, "of them not found where they came in: whatever came in by them is left as the account's own"),
		col("unmatched_amount", table.Amount, docMinor),
	},
}

func fillMules(c *forensics.Case, row *table.Appender) {
	for i := range c.Mules {
		m := &c.Mules[i]
		row.Text(m.Account)
		row.Amount(m.Received)
		if m.Traced {
			row.Amount(m.Moved)
		} else {
			row.Null()
		}
		row.Code(m.Currency.String())
		row.Int(m.From)
		row.Time(m.First)
		row.Time(m.Last)
		row.Code(yesNo(m.Victim))
		row.Int(m.Transfers)
		row.Int(m.Lost)
		row.Amount(m.Unmatched)
		row.End()
	}
}

var decisionsSchema = table.Schema{
	Name: "decisions", Doc: "what a person decided of an account or a charge, and what became of it",
	Columns: []table.Column{
		col("account_id", table.Text, "account, as the decision has it"),
		maybe("txn_id", table.Text, "the charge; empty where the whole account is meant"),
		col("decision", table.Code, "confirm (it is fraud) or dismiss (it is not)"),
		col("validation", table.Code, "who holds it: customer, issuer, operator"),
		col("who", table.Text, "who decided"),
		maybe("why", table.Text, "and why"),
		col("decided_at", table.Time, "when; of several decisions on one thing the last one holds"),
		col("effect", table.Code, effectsDoc()),
		maybe("tier", table.Code, "of the account's losses by the evidence alone; empty where nobody is found to have entered it"),
	},
}

func effectsDoc() string {
	var all []string
	for _, e := range forensics.DecisionEffects() {
		all = append(all, e.String()+" ("+e.Doc()+")")
	}
	return strings.Join(all, ", ")
}

func decisionWord(confirm bool) string {
	if confirm {
		return "confirm"
	}
	return "dismiss"
}

func fillDecisions(c *forensics.Case, row *table.Appender) {
	for i := range c.Decisions {
		d := &c.Decisions[i]
		row.Text(d.Account)
		row.TextOrNull(d.Txn)
		row.Code(decisionWord(d.Confirm))
		row.Code(d.Validation.String())
		row.Text(d.Who)
		row.TextOrNull(d.Why)
		row.Time(d.When)
		row.Code(d.Effect.String())
		row.CodeOrNull(d.Tier.String())
		row.End()
	}
}

var paceSchema = table.Schema{
	Name: "amount_and_pace", Doc: "a day on which what an account topped up by card and spent fits the rule of 7pay's first list; only where no auth log was given, empty otherwise",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		col("day", table.Code, "of the calendar that the policy names for the currency"),
		col("topped_up", table.Amount, "by card, by debit card, or by what the log does not say, "+docMinor),
		col("spent", table.Amount, "paid and transferred, "+docMinor),
		col("currency", table.Code, docCurrency),
		col("charges", table.Int, "these top-ups, payments and transfers, declined ones left out"),
		col("tier", table.Code, "of the account among the victims; possible where nothing but the rule speaks"),
		col("first_at", table.Time, "first of the charges"),
		col("last_at", table.Time, "last of the charges"),
	},
}

func fillPace(c *forensics.Case, row *table.Appender) {
	for i := range c.Pace.List {
		d := &c.Pace.List[i]
		row.Text(d.Account)
		row.Code(d.Day)
		row.Amount(d.ToppedUp)
		row.Amount(d.Spent)
		row.Code(d.Currency.String())
		row.Int(d.Charges)
		row.Code(d.Tier.String())
		row.Time(d.First)
		row.Time(d.Last)
		row.End()
	}
}

var insiderSchema = table.Schema{
	Name: "insider", Doc: "what entered accounts share from before, and who was at the till when stolen money was spent, beside how often that would be so by chance; what stands out, and the first five of each kind",
	Columns: []table.Column{
		col("kind", table.Code, insiderKindsDoc()),
		col("value", table.Text, "the person, register, shop, Monday of the week (UTC) or instrument"),
		maybe("store_id", table.Text, "shop of a person or register"),
		col("victims", table.Int, "entered accounts in the group; of persons and registers, passings of a till with stolen money"),
		col("victims_of", table.Int, "of so many that can be compared"),
		col("others", table.Int, "other accounts in the group; of persons and registers, payments of others near the time"),
		col("others_of", table.Int, "of so many"),
		col("lift", table.Int, "victims in the group for each that would be expected by lot, accounts being compared with as active ones, in thousandths: 2000 is twice as many"),
		col("low", table.Int, "least lift that 95 in 100 such counts are consistent with, in thousandths; of this group alone"),
		col("high", table.Int, "most, likewise"),
		maybe("p_ppb", table.Int, "chance of so many or more by lot, corrected for all groups that were looked at, in parts per billion, rounded up; empty where chance is no measure"),
		maybe("money", table.Amount, "what the accounts lost, or what was spent there; empty if there is none, or several currencies, "+docMinor),
		maybe("currency", table.Code, docCurrency),
		col("first_seen", table.Time, "first row that puts a victim in the group"),
		col("last_seen", table.Time, "last first row of a victim, or last passing"),
		col("note", table.Text, "codes joined by ;: stands_out (p_ppb within the level of the policy), within_chance, not_tested, sampled (more stolen money passed than was compared)"),
	},
}

func insiderKindsDoc() string {
	var all []string
	for k := range insider.Kinds {
		all = append(all, k.String()+" ("+k.Doc()+")")
	}
	return strings.Join(all, ", ")
}

func fillInsiders(c *forensics.Case, row *table.Appender) {
	for i := range c.Insiders.List {
		g := &c.Insiders.List[i]
		row.Code(g.Kind.String())
		row.Text(g.Value)
		row.TextOrNull(g.Store)
		for _, n := range [...]int64{g.Victims, g.Of, g.Others, g.OthersOf, g.Lift, g.Low, g.High} {
			row.Int(n)
		}
		intIf(row, g.Kind.Tested(), g.Chance)
		amountIf(row, g.Currency != 0, g.Money)
		row.CodeOrNull(g.Currency.String())
		row.Time(g.First)
		row.Time(g.Last)
		row.Text(insiderNote(g))
		row.End()
	}
}

func insiderNote(g *forensics.InsiderGroup) string {
	note := "within_chance"
	switch {
	case !g.Kind.Tested():
		note = "not_tested"
	case g.StandOut:
		note = "stands_out"
	}
	if g.Sampled {
		note += ";sampled"
	}
	return note
}
