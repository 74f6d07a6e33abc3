package report

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/forensics/watch"
	"github.com/paytriage/paytriage/report/indicator"
	"github.com/paytriage/paytriage/report/table"
)

// A caseTables reads tables of a finished case by name, each once. The first
// error stays, and what is read after it is empty.
type caseTables struct {
	dir string
	err error
}

// rows returns a table by the name of its columns.
func (c *caseTables) rows(name string) rowsOf {
	r := rowsOf{cells: map[string]*table.Cells{}}
	if c.err != nil {
		return r
	}
	t, err := Read(c.dir, name)
	if err != nil {
		c.err = err
		return r
	}
	for i, col := range t.Schema().Columns {
		r.cells[col.Name] = t.Cells(i)
	}
	r.n = t.Rows()
	return r
}

// Indicators returns what the attack of a finished case was made with: the rows
// of its table of sources, then its shops. What is an account id, or holds one,
// is left out and counted: some apps take it for the device or write it into the
// user agent.
func Indicators(dir string) (list []indicator.Indicator, personal int, err error) {
	c := &caseTables{dir: dir}
	ids := c.accounts()
	sources := c.rows("sources")
	for row := range sources.n {
		i := indicator.Indicator{Kind: sources.text("kind", row), Value: sources.text("value", row), Role: sources.text("role", row),
			Tried: sources.int("accounts_tried", row), Entered: sources.int("accounts_entered", row), Attempts: sources.int("attempts", row),
			First: sources.int("first_seen", row), Last: sources.int("last_seen", row)}
		if holdsID(i.Value, ids) {
			personal++
			continue
		}
		if !sources.null("shared", row) {
			i.Sharing = indicator.Alone
			if sources.text("shared", row) == yesNo(true) {
				i.Sharing = indicator.Shared
			}
		}
		if !sources.null("honest_accounts", row) {
			i.Honest = sources.int("honest_accounts", row)
		}
		i.Confidence = indicator.Confidence(sources.int("score", row), i.Tried, i.Honest)
		i.Until = validUntil(i.Kind, i.Role, i.Last)
		list = append(list, i)
	}
	markNarrow(list)
	return append(list, c.shops()...), personal, c.err
}

// markNarrow marks the networks of which one address made nine in ten of the
// attempts. Sources of one network are few, addresses of all may be many.
func markNarrow(list []indicator.Indicator) {
	type network struct {
		addr netip.Addr
		bits int
	}
	most := map[network]int64{}
	for i := range list {
		if p, ok := watch.Prefix(list[i].Value); ok && list[i].Kind == watch.IP && list[i].Role == indicator.Tester {
			for _, bits := range [...]int{24, 48} { // what the sources table counts by
				if whole, err := p.Addr().Prefix(bits); err == nil {
					key := network{whole.Addr(), bits}
					most[key] = max(most[key], list[i].Attempts)
				}
			}
		}
	}
	for i := range list {
		if p, ok := watch.Prefix(list[i].Value); ok && list[i].Kind == watch.Network {
			list[i].Narrow = most[network{p.Addr(), p.Bits()}] > list[i].Attempts/10*9
		}
	}
}

func validUntil(kind, role string, last int64) int64 {
	return min(indicator.ValidUntil(kind, role, last), table.MaxTime)
}

// accounts returns the ids that the case names.
func (c *caseTables) accounts() map[string]bool {
	ids := map[string]bool{}
	for _, name := range []string{"takeovers", "victims", "mules", "charges"} {
		rows := c.rows(name)
		for row := range rows.n {
			ids[rows.text("account_id", row)] = true
		}
	}
	return ids
}

// leastID is how long an id must be to be looked for in a longer text: shorter
// ones are found in any version number.
const leastID = 6

// holdsID reports whether a text is the id of an account, holds one as a word, or
// holds what may be somebody's mail address.
func holdsID(text string, ids map[string]bool) bool {
	if ids[text] {
		return true
	}
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n;,()[]{}<>|=\"'/", r) }), func(word string) bool {
		at := strings.IndexByte(word, '@')
		return len(word) >= leastID && ids[word] || at > 0 && strings.Contains(word[at:], ".")
	})
}

// shops returns the shops where the money was spent. How sure that is, the surest
// charge says; honest people go to any shop.
func (c *caseTables) shops() []indicator.Indicator {
	surest := map[string]int64{}
	charges := c.rows("charges")
	for row := range charges.n {
		if name := charges.text("store_id", row); name != "" {
			score, seen := surest[name]
			if now := charges.int("score", row); !seen || now > score {
				surest[name] = now
			}
		}
	}
	var list []indicator.Indicator
	stores := c.rows("stores")
	for row := range stores.n {
		i := indicator.Indicator{Kind: indicator.Store, Value: stores.text("store_id", row), Role: indicator.Executor, Sharing: indicator.Shared,
			First: stores.int("first_seen", row), Last: stores.int("last_seen", row),
			Tried: stores.int("victims", row), Entered: stores.int("victims", row), Attempts: stores.int("charges", row)}
		if n := len(list); n > 0 && list[n-1].Value == i.Value { // in another currency
			was := &list[n-1]
			was.First, was.Last = min(was.First, i.First), max(was.Last, i.Last)
			was.Tried, was.Entered, was.Attempts = max(was.Tried, i.Tried), max(was.Entered, i.Entered), was.Attempts+i.Attempts
			was.Until = validUntil(was.Kind, was.Role, was.Last)
			continue
		}
		i.Confidence = indicator.Confidence(surest[i.Value], 1, 0)
		i.Until = validUntil(i.Kind, i.Role, i.Last)
		list = append(list, i)
	}
	return list
}

var indicatorsSchema = table.Schema{
	Name: "indicators", Doc: "what the attack was made with; no personal data",
	Columns: []table.Column{
		col("kind", table.Code, "ip, network, user_agent, asn, device, store"),
		col("value", table.Text, "as the log has it"),
		col("role", table.Code, "tester (tried credentials) or executor (spent)"),
		col("confidence", table.Int, "0 to 100: the score read as odds, times the attack's share of the accounts seen there"),
		col("first_seen", table.Time, "first use in the attack"),
		col("last_seen", table.Time, "last use in the attack"),
		col("valid_until", table.Time, "last use and 14 days for an ip of a tester, 7 of an executor, 30 for a network, user_agent, asn or store, 90 for a device"),
		col("accounts_tried", table.Int, "accounts that were tried; of a shop, robbed there"),
		col("accounts_entered", table.Int, "accounts that were entered"),
		maybe("honest_accounts", table.Int, "accounts whose own users were there too; empty where it was not counted"),
		maybe("shared", table.Code, "yes if honest people use it, or it is no public address, else no; empty in cases of an earlier version"),
	},
}

// IndicatorsTable returns indicators as a table, those that may not leave the
// house or are not sure enough left out.
func IndicatorsTable(list []indicator.Indicator, least int) (t *table.Table, out indicator.LeftOut, err error) {
	t = table.New(indicatorsSchema, len(list))
	row := t.Appender()
	for n := range list {
		i := &list[n]
		switch {
		case !i.Tellable():
			out.Devices++
			continue
		case i.Confidence < least:
			out.Unsure++
			continue
		}
		row.Code(i.Kind)
		row.Text(i.Value)
		row.Code(i.Role)
		row.Int(int64(i.Confidence))
		row.Time(i.First)
		row.Time(i.Last)
		row.Time(i.Until)
		row.Int(i.Tried)
		row.Int(i.Entered)
		intIf(row, i.Kind != indicator.Store && i.Sharing != indicator.NotKnown, i.Honest)
		row.CodeOrNull(i.Sharing.String())
		row.End()
	}
	return t, out, t.Validate()
}

// The states of an account that is to be frozen.
const (
	moneyLeft = "money_left"
	pending   = "pending"
	mule      = "mule"
	attempted = "attempted"
	entered   = "entered"
)

var freezeSchema = table.Schema{
	Name: "freeze_list", Doc: "an account that thieves are in and have not emptied, or that stolen money was sent to: the most urgent first; for the operator alone",
	Columns: []table.Column{
		col("account_id", table.Text, docAccount),
		maybe("tier", table.Code, docTier+"; empty for accounts that money was sent to"),
		col("state", table.Code, "money_left (stolen money is in the wallet), pending (charges can still be stopped), mule (stolen money was sent here and not all moved on), attempted (charges were declined or reversed), entered (nothing was charged yet)"),
		maybe("in_reach", table.Amount, "stolen money that freezing keeps, by the end of the logs; empty where the logs do not say: the owner's balance and cards, "+docMinor),
		maybe("currency", table.Code, docCurrency),
		maybe("takeover_at", table.Time, "first row of the intruder in the account"),
		col("last_act_at", table.Time, "last that is known of the thieves there"),
		col("last_act", table.Code, "what that was: entry, or the kind of charge"),
		maybe("last_status", table.Code, "of the charge: approved, declined, pending, reversed"),
		maybe("charges", table.Int, "fraudulent charges, declined ones too"),
		maybe("source_ip", table.Text, "address of the entry"),
		maybe("device_id", table.Text, "device of the intruder: end its sessions"),
	},
}

// A freeze is a row of the freeze list.
type freeze struct {
	account, tier, state, currency string
	inReach                        int64
	takeoverAt, lastAt             int64
	lastAct, lastStatus            string
	charges                        int64
	ip, device                     string
	named                          bool
	// stake is what may be lost still, for the order alone: what is in reach, or
	// what the median victim lost where nothing was taken yet.
	stake   int64
	stakeIn string
}

// inMoney is a currency of an account, as far as the thieves' charges tell.
type inMoney struct{ left, pending int64 }

// FreezeTable returns the accounts of a finished case that are taken over and not
// yet emptied.
func FreezeTable(dir string) (*table.Table, error) {
	c := &caseTables{dir: dir}
	money := map[string]map[string]*inMoney{}
	at := func(account, currency string) *inMoney {
		if money[account] == nil {
			money[account] = map[string]*inMoney{}
		}
		if money[account][currency] == nil {
			money[account][currency] = &inMoney{}
		}
		return money[account][currency]
	}
	refunds := c.rows("refunds")
	for row := range refunds.n {
		if n := refunds.int("amount", row); refunds.text("component", row) == "balance_clawback" && n < 0 {
			at(refunds.text("account_id", row), refunds.text("currency", row)).left -= n
		}
	}
	latest := map[string]*freeze{}
	charges := c.rows("charges")
	for row := range charges.n {
		account, kind, status := charges.text("account_id", row), charges.text("kind", row), charges.text("status", row)
		if status == "pending" && kind != "topup" {
			at(account, charges.text("currency", row)).pending += charges.int("amount", row)
		}
		f := latest[account]
		if f == nil {
			f = &freeze{}
			latest[account] = f
		}
		f.charges++
		if when := charges.int("event_time", row); f.charges == 1 || when >= f.lastAt {
			f.lastAt, f.lastAct, f.lastStatus = when, kind, status
		}
	}
	list := append(c.takenOver(money, latest), c.mules()...)
	c.stakes(list)
	slices.SortFunc(list, compareFreezes)
	return freezeTable(list, c.err)
}

// takenOver lists the accounts that were entered and not emptied, one row for
// each currency that money of the thieves is in.
func (c *caseTables) takenOver(money map[string]map[string]*inMoney, latest map[string]*freeze) []freeze {
	confirmed := c.confirmed()
	var list []freeze
	rows := c.rows("takeovers")
	for row := range rows.n {
		f := freeze{account: rows.text("account_id", row), tier: rows.text("tier", row), state: entered,
			takeoverAt: rows.int("takeover_at", row), lastAct: "entry", ip: rows.text("source_ip", row), device: rows.text("device_id", row)}
		f.lastAt = f.takeoverAt
		f.named = f.tier != takeover.Possible.String() || confirmed[f.account]
		if l := latest[f.account]; l != nil {
			f.state, f.charges = attempted, l.charges
			if l.lastAt >= f.lastAt {
				f.lastAt, f.lastAct, f.lastStatus = l.lastAt, l.lastAct, l.lastStatus
			}
		}
		reached := false
		for currency, m := range money[f.account] {
			if m.left+m.pending <= 0 {
				continue
			}
			part := f
			part.currency, part.inReach, part.state = currency, m.left+m.pending, moneyLeft
			if m.left == 0 {
				part.state = pending
			}
			list, reached = append(list, part), true
		}
		if !reached && rows.text("lost", row) != yesNo(true) {
			list = append(list, f)
		}
	}
	return list
}

// confirmed returns the accounts that a person confirmed.
func (c *caseTables) confirmed() map[string]bool {
	all := map[string]bool{}
	rows := c.rows("decisions")
	for row := range rows.n {
		if rows.text("txn_id", row) == "" && rows.text("decision", row) == decisionWord(true) && rows.text("effect", row) == "applied" {
			all[rows.text("account_id", row)] = true
		}
	}
	return all
}

// mules lists the accounts that stolen money was sent to and has not left.
func (c *caseTables) mules() []freeze {
	var list []freeze
	rows := c.rows("mules")
	for row := range rows.n {
		f := freeze{account: rows.text("account_id", row), state: mule, currency: rows.text("currency", row), named: true,
			inReach: rows.int("received", row), lastAt: rows.int("last_seen", row), lastAct: "transfer_in"}
		if !rows.null("moved_on", row) {
			f.inReach -= rows.int("moved_on", row)
		}
		if rows.text("victim", row) != yesNo(true) && f.inReach > 0 {
			list = append(list, f)
		}
	}
	return list
}

// stakes sets what may be lost still. An account that nothing was taken from yet
// counts as much as the median victim lost, in the currency of most victims.
func (c *caseTables) stakes(list []freeze) {
	losses := map[string][]int64{}
	rows := c.rows("victims")
	for row := range rows.n {
		losses[rows.text("currency", row)] = append(losses[rows.text("currency", row)], rows.int("net_loss", row))
	}
	most, typical := "", int64(0)
	for _, currency := range slices.Sorted(maps.Keys(losses)) {
		if all := losses[currency]; most == "" || len(all) > len(losses[most]) {
			slices.Sort(all)
			most, typical = currency, all[len(all)/2]
		}
	}
	for i := range list {
		f := &list[i]
		f.stake, f.stakeIn = f.inReach, f.currency
		if f.currency == "" {
			f.stake, f.stakeIn = typical, most
		}
	}
}

// compareFreezes puts the most urgent first: who is named, where most may be lost
// still, and who was entered last, whose turn is still to come.
func compareFreezes(a, b freeze) int {
	byName := func(f freeze) int {
		if f.named {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(byName(a), byName(b)), cmp.Compare(a.stakeIn, b.stakeIn), cmp.Compare(b.stake, a.stake),
		cmp.Compare(b.lastAt, a.lastAt), cmp.Compare(a.account, b.account), cmp.Compare(a.state, b.state), cmp.Compare(a.currency, b.currency))
}

func freezeTable(list []freeze, err error) (*table.Table, error) {
	if err != nil {
		return nil, err
	}
	t := table.New(freezeSchema, len(list))
	row := t.Appender()
	for i := range list {
		f := &list[i]
		row.Text(f.account)
		row.CodeOrNull(f.tier)
		row.Code(f.state)
		amountIf(row, f.currency != "", f.inReach)
		row.CodeOrNull(f.currency)
		if f.takeoverAt != 0 {
			row.Time(f.takeoverAt)
		} else {
			row.Null()
		}
		row.Time(f.lastAt)
		row.Code(f.lastAct)
		row.CodeOrNull(f.lastStatus)
		intIf(row, f.tier != "", f.charges)
		row.TextOrNull(f.ip)
		row.TextOrNull(f.device)
		row.End()
	}
	if err := t.Validate(); err != nil {
		return nil, fmt.Errorf("freeze list: %w", err)
	}
	return t, nil
}

// Bundle returns what a STIX bundle says of a case beside its indicators. It
// knows of no account: a campaign's id is the hash of one.
func (s *Summary) Bundle(producer, tlp string) *indicator.Bundle {
	b := &indicator.Bundle{Producer: producer, TLP: tlp, Made: micros(s.Range.To), First: micros(s.Range.From), Accounts: s.Takeovers.Confirmed + s.Takeovers.Probable}
	b.Last = b.Made
	if s.Incident != nil {
		b.First = micros(s.Incident.From)
	}
	if s.FirstTakeover != nil {
		b.First = micros(*s.FirstTakeover)
	}
	if s.LastFraud != nil {
		b.Last = max(b.First, micros(*s.LastFraud))
	}
	for _, v := range s.Vectors {
		b.Vectors = append(b.Vectors, v.Vector)
	}
	return b
}

// micros reads a time of a summary; 0 for none.
func micros(stamp string) int64 {
	us, _ := table.ParseTime([]byte(stamp))
	return us
}

// Within reports whether a file lies in a folder, by whatever links.
func Within(dir, file string) bool { return within(dir, file) }
