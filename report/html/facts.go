package html

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/table"
)

// facts are what the page says, in no language yet.
type facts struct {
	c     *Case
	o     Options
	sum   *summary
	names *names

	accounts []account
	byID     map[string]int
	rows     []loss // in the order in which they are listed at first
	charges  []charge
	byAcct   []int // charges of account i are charges[byAcct[i]:byAcct[i+1]]
	shops    []shop
	places   []place
	groups   []campaign
	groupAt  map[string]int // number of a campaign, from 1
	marks    []mark
	end      time.Time // of the logs
}

// A columns is a table whose cells are asked for by name.
type columns struct {
	t     *table.Table
	cells map[string]*table.Cells
	n     int
}

func (c columns) text(name string, row int) string { return c.cells[name].Text(row) }
func (c columns) int(name string, row int) int64   { return c.cells[name].Int(row) }
func (c columns) null(name string, row int) bool   { return c.cells[name].Null(row) }

// table returns a table with the columns that are needed of it.
func (c *Case) table(name string, needed ...string) (columns, error) {
	at := slices.IndexFunc(c.Tables, func(t *table.Table) bool { return t.Schema().Name == name })
	if at < 0 {
		return columns{}, fmt.Errorf("report.html: there is no table %s", name)
	}
	t := c.Tables[at]
	out := columns{t, map[string]*table.Cells{}, t.Rows()}
	for _, column := range needed {
		i, ok := t.Schema().Find(column)
		if !ok {
			return columns{}, fmt.Errorf("report.html: table %s has no column %s", name, column)
		}
		out.cells[column] = t.Cells(i)
	}
	return out, nil
}

// An account is one that someone else got into.
type account struct {
	name             string // as shown
	tier, vector     string
	score            int64
	group            int // number of the campaign, 0 for none
	at               int64
	ip, device, lost string
	reasons          string
	weights          [6]int64
}

// A loss is a row of the list of victims: an account in one currency, or one that
// was entered without loss.
type loss struct {
	account     int
	victim      bool
	tier        string
	currency    string
	first, last int64
	charges     int64
	topup       int64
	spend       int64
	net         int64
	validation  string
}

// A charge is one of the thieves'.
type charge struct {
	txn, kind, currency, status, store, device, tier string
	at, amount                                       int64
	counted                                          bool // in the curve
}

// spent reports whether a charge took value out of an account.
func (c *charge) spent() bool {
	return c.kind == "payment" || c.kind == "transfer_out" || c.kind == "payout"
}

// A shop is where stolen money was spent, with the visits for the cameras.
type shop struct {
	name, currency  string
	charges         int64
	victims, amount int64
	first, last     int64
	visits          []visit
}

type visit struct{ from, to, charges, accounts, amount int64 }

// A place is an address, network, device or user agent of the attack.
type place struct {
	kind, value, role        string
	tried, entered, attempts int64
	failures, unknown        *int64
	first, last, score       int64
}

// A campaign is attackers' activity that belongs together.
type campaign struct {
	number                                 int
	id, vector, currency                   string
	first, last                            int64
	tried, victims, net                    *int64
	entered                                int64
	testers, executors                     *int64
	testerCountries, executorCountries     []string
	testerOperators, executorOperators     []string
	lagAccounts, lagMedian, least, longest *int64
}

func newFacts(c *Case, o Options) (*facts, error) {
	f := &facts{c: c, o: o, names: newNames(o.Reveal), byID: map[string]int{}, groupAt: map[string]int{}}
	var err error
	if f.sum, err = readSummary(c.Summary); err != nil {
		return nil, fmt.Errorf("report.html: summary.json: %w", err)
	}
	f.end, _ = time.Parse(time.RFC3339Nano, f.sum.Range.To)
	for _, read := range []func() error{f.readCampaigns, f.readAccounts, f.readLosses, f.readCharges, f.readShops, f.readPlaces} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	f.readMarks()
	return f, nil
}

// readCampaigns numbers the campaigns in their own order. The id of a campaign is
// a hash of its first account, by which who has a list of accounts could find it:
// it is shown only where ids are.
func (f *facts) readCampaigns() error {
	t, err := f.c.table("campaigns", "campaign_id", "vector", "first_seen", "last_seen", "accounts_tried", "accounts_entered", "victims", "net_loss", "currency",
		"testers", "executors", "tester_countries", "executor_countries", "tester_operators", "executor_operators", "lag_accounts", "lag_median_s", "lag_min_s", "lag_max_s")
	if err != nil {
		return err
	}
	for i := range t.n {
		g := campaign{number: i + 1, id: t.text("campaign_id", i), vector: t.text("vector", i), currency: t.text("currency", i),
			first: t.int("first_seen", i), last: t.int("last_seen", i), entered: t.int("accounts_entered", i),
			tried: t.maybe("accounts_tried", i), victims: t.maybe("victims", i), net: t.maybe("net_loss", i),
			testers: t.maybe("testers", i), executors: t.maybe("executors", i),
			testerCountries: t.list("tester_countries", i), executorCountries: t.list("executor_countries", i),
			testerOperators: t.list("tester_operators", i), executorOperators: t.list("executor_operators", i),
			lagAccounts: t.maybe("lag_accounts", i), lagMedian: t.maybe("lag_median_s", i), least: t.maybe("lag_min_s", i), longest: t.maybe("lag_max_s", i)}
		f.groupAt[g.id] = g.number
		f.groups = append(f.groups, g)
	}
	return nil
}

func (c columns) maybe(name string, row int) *int64 {
	if c.null(name, row) {
		return nil
	}
	n := c.int(name, row)
	return &n
}

// list returns the parts of a cell that joins them by ;.
func (c columns) list(name string, row int) []string {
	return parts(c.text(name, row))
}

// readAccounts reads the takeovers, the first first: so they are numbered.
func (f *facts) readAccounts() error {
	weights := [6]string{"weight_prior", "weight_entry", "weight_visit", "weight_conduct", "weight_device", "weight_company"}
	t, err := f.c.table("takeovers", append([]string{"account_id", "tier", "score", "vector", "campaign_id", "takeover_at", "source_ip", "device_id", "lost", "reasons"}, weights[:]...)...)
	if err != nil {
		return err
	}
	order := make([]int, t.n)
	for i := range order {
		order[i] = i
		f.names.ids[t.text("account_id", i)] = true
	}
	if err := f.otherAccounts(); err != nil {
		return err
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.int("takeover_at", a), t.int("takeover_at", b)), cmp.Compare(t.text("account_id", a), t.text("account_id", b)))
	})
	f.accounts = make([]account, 0, t.n)
	for _, i := range order {
		id := t.text("account_id", i)
		a := account{name: f.names.account(id), tier: t.text("tier", i), vector: t.text("vector", i), score: t.int("score", i),
			group: f.groupAt[t.text("campaign_id", i)], at: t.int("takeover_at", i),
			ip: t.text("source_ip", i), device: t.text("device_id", i), lost: t.text("lost", i), reasons: t.text("reasons", i)}
		for w, name := range weights {
			a.weights[w] = t.int(name, i)
		}
		f.byID[id] = len(f.accounts)
		f.accounts = append(f.accounts, a)
	}
	return nil
}

// account returns the number of an account. Every account of a case is among its
// takeovers, and verify says so if one is not; the page then shows what there is.
func (f *facts) account(id, tier string, at int64) int {
	n, ok := f.byID[id]
	if !ok {
		n = len(f.accounts)
		f.byID[id] = n
		f.accounts = append(f.accounts, account{name: f.names.account(id), tier: tier, vector: "undetermined", at: at})
	}
	return n
}

// otherAccounts notes the accounts that the case names besides: a masked page
// says none of them.
func (f *facts) otherAccounts() error {
	for _, name := range []string{"victims", "charges", "mules", "decisions", "amount_and_pace"} {
		t, err := f.c.table(name, "account_id")
		if err != nil {
			return err
		}
		for i := range t.n {
			f.names.ids[t.text("account_id", i)] = true
		}
	}
	return nil
}

// readLosses lists the victims, the largest loss of each currency first, and
// behind them who was entered without loss.
func (f *facts) readLosses() error {
	t, err := f.c.table("victims", "account_id", "tier", "takeover_at", "first_fraud_at", "last_fraud_at", "fraud_charges", "topup_amount", "spend_amount", "net_loss", "currency", "validation")
	if err != nil {
		return err
	}
	robbed := make([]bool, len(f.accounts))
	for i := range t.n {
		at := f.account(t.text("account_id", i), t.text("tier", i), t.int("takeover_at", i))
		if at == len(robbed) {
			robbed = append(robbed, true)
		}
		robbed[at] = true
		f.rows = append(f.rows, loss{account: at, victim: true, tier: t.text("tier", i), currency: t.text("currency", i),
			first: t.int("first_fraud_at", i), last: t.int("last_fraud_at", i), charges: t.int("fraud_charges", i),
			topup: t.int("topup_amount", i), spend: t.int("spend_amount", i), net: t.int("net_loss", i), validation: t.text("validation", i)})
	}
	for i := range f.accounts {
		if !robbed[i] {
			f.rows = append(f.rows, loss{account: i, tier: f.accounts[i].tier})
		}
	}
	slices.SortStableFunc(f.rows, func(a, b loss) int {
		if a.victim != b.victim {
			if a.victim {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(b.net, a.net), cmp.Compare(a.account, b.account))
	})
	return nil
}

// readCharges reads the charges, those of an account together and in their order.
func (f *facts) readCharges() error {
	t, err := f.c.table("charges", "txn_id", "account_id", "event_time", "kind", "amount", "currency", "status", "store_id", "device_id", "tier", "decision")
	if err != nil {
		return err
	}
	owner := make([]int, t.n)
	for i := range owner {
		owner[i] = f.account(t.text("account_id", i), t.text("tier", i), t.int("event_time", i))
	}
	f.byAcct = make([]int, len(f.accounts)+1)
	for _, at := range owner {
		f.byAcct[at+1]++
	}
	for i := range f.accounts {
		f.byAcct[i+1] += f.byAcct[i]
	}
	f.charges = make([]charge, t.n)
	next := slices.Clone(f.byAcct)
	for i := range t.n {
		c := charge{txn: t.text("txn_id", i), kind: t.text("kind", i), currency: t.text("currency", i), status: t.text("status", i),
			store: t.text("store_id", i), device: t.text("device_id", i), tier: t.text("tier", i), at: t.int("event_time", i), amount: t.int("amount", i)}
		c.counted = (c.status == "approved" || c.status == "pending") && (c.tier == "confirmed" || c.tier == "probable" || t.text("decision", i) == "confirm")
		f.charges[next[owner[i]]] = c
		next[owner[i]]++
	}
	for i := range f.accounts {
		slices.SortStableFunc(f.charges[f.byAcct[i]:f.byAcct[i+1]], func(a, b charge) int { return cmp.Compare(a.at, b.at) })
	}
	return nil
}

// of returns the charges of an account.
func (f *facts) of(account int) []charge { return f.charges[f.byAcct[account]:f.byAcct[account+1]] }

// readShops reads the shops, where most was spent first, with their visits.
func (f *facts) readShops() error {
	t, err := f.c.table("stores", "store_id", "charges", "victims", "amount", "first_seen", "last_seen", "currency")
	if err != nil {
		return err
	}
	v, err := f.c.table("store_visits", "store_id", "from_time", "to_time", "charges", "accounts", "amount", "currency")
	if err != nil {
		return err
	}
	type key struct{ store, currency string }
	visits := map[key][]visit{}
	for i := range v.n {
		k := key{v.text("store_id", i), v.text("currency", i)}
		visits[k] = append(visits[k], visit{v.int("from_time", i), v.int("to_time", i), v.int("charges", i), v.int("accounts", i), v.int("amount", i)})
	}
	for i := range t.n {
		s := shop{name: t.text("store_id", i), currency: t.text("currency", i), charges: t.int("charges", i), victims: t.int("victims", i),
			amount: t.int("amount", i), first: t.int("first_seen", i), last: t.int("last_seen", i)}
		s.visits = visits[key{s.name, s.currency}]
		slices.SortStableFunc(s.visits, func(a, b visit) int { return cmp.Compare(a.from, b.from) })
		f.shops = append(f.shops, s)
	}
	slices.SortStableFunc(f.shops, func(a, b shop) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(b.amount, a.amount), cmp.Compare(a.name, b.name))
	})
	return nil
}

// readPlaces reads the sources of the attack, those by which most accounts were
// entered first.
func (f *facts) readPlaces() error {
	t, err := f.c.table("sources", "kind", "value", "role", "accounts_tried", "accounts_entered", "attempts", "failures", "unknown_accounts", "first_seen", "last_seen", "score")
	if err != nil {
		return err
	}
	for i := range t.n {
		f.places = append(f.places, place{t.text("kind", i), t.text("value", i), t.text("role", i),
			t.int("accounts_tried", i), t.int("accounts_entered", i), t.int("attempts", i),
			t.maybe("failures", i), t.maybe("unknown_accounts", i), t.int("first_seen", i), t.int("last_seen", i), t.int("score", i)})
	}
	slices.SortStableFunc(f.places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.role, a.role), cmp.Compare(b.entered, a.entered), cmp.Compare(b.tried, a.tried),
			cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value))
	})
	return nil
}

// A mark is a moment of the investigator's, with what was lost before and after.
type mark struct {
	Mark
	money []markMoney // one for each currency
	// Accounts that are confirmed or probable, entered before and after.
	before, after int64
}

type markMoney struct {
	currency      string
	before, after int64 // spent by the thieves
}

// readMarks counts what was lost before and after each mark.
func (f *facts) readMarks() {
	marks := slices.Clone(f.o.Marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Label, b.Label)) })
	for _, m := range marks {
		at := m.At.UnixMicro()
		out := mark{Mark: m}
		for i := range f.accounts {
			switch a := &f.accounts[i]; {
			case a.tier == "possible":
			case a.at < at:
				out.before++
			default:
				out.after++
			}
		}
		for _, cur := range f.sum.Money {
			sum := markMoney{currency: cur.Currency}
			for i := range f.charges {
				switch c := &f.charges[i]; {
				case !c.counted || !c.spent() || c.currency != cur.Currency:
				case c.at < at:
					sum.before += c.amount
				default:
					sum.after += c.amount
				}
			}
			out.money = append(out.money, sum)
		}
		f.marks = append(f.marks, out)
	}
}

// wall returns a time as seconds on the clock of the page's zone.
func (f *facts) wall(micros int64) int64 {
	t := time.UnixMicro(micros).In(f.zone())
	_, ahead := t.Zone()
	return t.Unix() + int64(ahead)
}

func (f *facts) zone() *time.Location {
	if f.o.Zone == nil {
		return time.UTC
	}
	return f.o.Zone
}

// currency returns the currency of a code, none where there is none.
func currency(code string) money.Currency {
	c, _ := money.ParseCurrency([]byte(code))
	return c
}
