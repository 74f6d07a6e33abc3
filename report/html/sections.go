package html

import (
	"cmp"
	"html/template"
	"slices"
	"time"

	"github.com/paytriage/paytriage/report/chart"
)

// Curves draws the incident hour by hour, once for each currency.
func (v *view) Curves() ([]template.HTML, error) {
	t, err := v.f.c.table("timeline", "hour", "failures", "fraud_topup_amount", "fraud_spend_amount", "currency")
	if err != nil {
		return nil, err
	}
	if t.n == 0 {
		return nil, nil
	}
	entries := map[int64]int64{}
	for i := range v.f.accounts {
		if a := &v.f.accounts[i]; a.tier != "possible" {
			entries[hourOf(a.at)]++
		}
	}
	curves := map[string]*chart.Curve{}
	var codes []string
	for i := range t.n {
		code := t.text("currency", i)
		if curves[code] == nil {
			curves[code] = &chart.Curve{Currency: currency(code), Zone: v.f.zone()}
			codes = append(codes, code)
		}
		at := t.int("hour", i)
		spent := t.int("fraud_spend_amount", i)
		curves[code].Hours = append(curves[code].Hours, chart.Hour{Start: time.UnixMicro(at), Failed: t.int("failures", i),
			Entries: entries[at], TopUps: t.int("fraud_topup_amount", i), Spent: spent, Loss: spent})
	}
	var all []template.HTML
	for i, code := range codes {
		for _, m := range v.f.marks {
			cm := chart.Mark{At: m.At, Label: m.Label}
			for _, sum := range m.money {
				if sum.currency == code {
					cm.Before, cm.After = sum.before, sum.after
				}
			}
			curves[code].Marks = append(curves[code].Marks, cm)
		}
		all = append(all, v.chart(curves[code], "curve"+string(rune('a'+i%26))+v.Language()))
	}
	return all, nil
}

// hourOf returns the start of the hour of a time.
func hourOf(micros int64) int64 {
	const hour = int64(time.Hour / time.Microsecond)
	return micros - ((micros%hour)+hour)%hour
}

// A MarkView is a mark as it is said.
type MarkView struct {
	Number        int
	At            int64
	Label         template.HTML
	Before, After int64 // accounts
	Money         []MarkMoney
}

// MarkMoney is what the thieves spent before and after a mark.
type MarkMoney struct {
	Currency      string
	Before, After int64
}

// Marks lists the marks of the investigator.
func (v *view) Marks() []MarkView {
	var list []MarkView
	for i, m := range v.f.marks {
		mv := MarkView{i + 1, m.At.UnixMicro(), v.Name(m.Label), m.before, m.after, nil}
		for _, sum := range m.money {
			mv.Money = append(mv.Money, MarkMoney{sum.currency, sum.before, sum.after})
		}
		list = append(list, mv)
	}
	return list
}

// A CampaignView is a campaign as it is said.
type CampaignView struct {
	Number                                                     int
	ID                                                         template.HTML
	Vector, Currency                                           string
	First, Last, Entered                                       int64
	Tried, Victims, Net, Testers, Executors, Lags, Lag         *int64
	TesterCountries, ExecutorCountries, TesterOps, ExecutorOps []string
}

// Campaigns lists the campaigns, the largest first. Those of one account are many
// and say little: Lone counts them.
func (v *view) Campaigns() []CampaignView {
	var list []CampaignView
	for _, g := range v.f.groups {
		list = append(list, CampaignView{g.number, v.X(g.id), g.vector, g.currency, g.first, g.last, g.entered, g.tried, g.victims, g.net,
			g.testers, g.executors, g.lagAccounts, g.lagMedian, g.testerCountries, g.executorCountries, g.testerOperators, g.executorOperators})
	}
	slices.SortStableFunc(list, func(a, b CampaignView) int { return cmp.Compare(b.Entered, a.Entered) })
	return list
}

// Large are the campaigns of several accounts, Small the others; each up to a
// number that a person reads.
func (v *view) LargeCampaigns() []CampaignView {
	all := v.Campaigns()
	n := slices.IndexFunc(all, func(g CampaignView) bool { return g.Entered < 2 })
	if n < 0 {
		n = len(all)
	}
	return all[:min(n, staticRows)]
}

func (v *view) OtherCampaigns() []CampaignView {
	all := v.Campaigns()[len(v.LargeCampaigns()):]
	return all[:min(len(all), 8*staticRows)]
}

// Flow draws who tried from where, with which devices was spent, and in which
// shops. Its weights are accounts that are confirmed or probable.
func (v *view) Flow() template.HTML {
	testers := map[string]bool{}
	for i := range v.f.places {
		if p := &v.f.places[i]; p.role == "tester" && p.kind == "ip" {
			testers[p.value] = true
		}
	}
	type ends struct{ from, to string }
	left, right := map[ends]int64{}, map[ends]int64{}
	for i := range v.f.accounts {
		a := &v.f.accounts[i]
		if a.tier == "possible" {
			continue
		}
		seen := map[ends]bool{}
		devices := map[string]bool{}
		for _, c := range v.f.of(i) {
			if !c.counted {
				continue
			}
			devices[c.device] = true
			if e := (ends{c.device, c.store}); c.spent() && c.store != "" && !seen[e] {
				seen[e] = true
				right[e]++
			}
		}
		if len(devices) == 0 && a.device != "" {
			devices[a.device] = true
		}
		from := v.T("elsewhere")
		if testers[a.ip] {
			from = v.f.names.text(a.ip)
		}
		for d := range devices {
			left[ends{from, d}]++
		}
	}
	flow := chart.Flow{Unit: v.T("accounts"), Cap: 10, Heads: [3]string{v.T("entered from"), v.T("devices"), v.T("shops")}}
	links := func(m map[ends]int64, from, to func(string) string) []chart.Link {
		var list []chart.Link
		for e, n := range m {
			list = append(list, chart.Link{From: from(e.from), To: to(e.to), Weight: n})
		}
		slices.SortFunc(list, func(a, b chart.Link) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
		return list
	}
	same := func(s string) string { return s }
	flow.Left, flow.Right = links(left, same, v.f.names.text), links(right, v.f.names.text, v.f.names.text)
	if len(flow.Left)+len(flow.Right) == 0 {
		return ""
	}
	return v.chart(&flow, "flow"+v.Language())
}

// Map shows the countries that campaigns came from and were spent in.
func (v *view) Map() template.HTML {
	m := chart.WorldMap{TestedHead: v.T("campaigns tried from there"), SpentHead: v.T("campaigns that spent from there")}
	for _, g := range v.f.groups {
		for _, c := range g.testerCountries {
			m.Countries = append(m.Countries, chart.Country{Code: v.f.names.text(c), Tested: 1})
		}
		for _, c := range g.executorCountries {
			m.Countries = append(m.Countries, chart.Country{Code: v.f.names.text(c), Spent: 1})
		}
	}
	if len(m.Countries) == 0 {
		return ""
	}
	return v.chart(&m, "map"+v.Language())
}

// A PlaceView is a source of the attack as it is said.
type PlaceView struct {
	Kind, Role               string
	Value                    template.HTML
	Tried, Entered, Attempts int64
	Failures, Unknown        *int64
	First, Last              int64
}

// Places lists the first sources of the attack.
func (v *view) Places() []PlaceView {
	var list []PlaceView
	for i := range v.f.places[:min(len(v.f.places), staticRows)] {
		p := &v.f.places[i]
		list = append(list, PlaceView{p.kind, p.role, v.X(p.value), p.tried, p.entered, p.attempts, p.failures, p.unknown, p.first, p.last})
	}
	return list
}

// A LossView is a row of the list of accounts as it is said.
type LossView struct {
	Number                  int
	Name                    template.HTML
	Victim                  bool
	Tier, Vector, Currency  string
	At, First, Last, Amount int64
	Charges                 int64
}

// Losses lists the first rows of the list of accounts.
func (v *view) Losses() []LossView {
	var list []LossView
	for i := range v.f.rows[:min(len(v.f.rows), staticRows)] {
		l := &v.f.rows[i]
		a := &v.f.accounts[l.account]
		list = append(list, LossView{l.account + 1, bdi(a.name), l.victim, l.tier, a.vector, l.currency, a.at, l.first, l.last, l.net, l.charges})
	}
	return list
}

// Listed counts the rows of the list of accounts.
func (v *view) Listed() int { return len(v.f.rows) }

// Vectors lists the ways in that accounts show, Tiers how sure findings are.
func (v *view) Vectors() []string {
	var list []string
	for i := range v.f.accounts {
		if w := v.f.accounts[i].vector; !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	slices.Sort(list)
	return list
}

func (v *view) Tiers() []string { return []string{"confirmed", "probable", "possible"} }

// A ShopView is a shop as it is said, with its visits.
type ShopView struct {
	Name                     template.HTML
	Currency                 string
	Charges, Victims, Amount int64
	First, Last              int64
	Visits                   []VisitView
	MoreVisits               int
}

// A VisitView is a stretch of time for the cameras.
type VisitView struct {
	From, To, Charges, Accounts, Amount int64
	Currency                            string
}

// Shops lists the shops where most was spent.
func (v *view) Shops() []ShopView {
	const most = 6
	var list []ShopView
	for i := range v.f.shops[:min(len(v.f.shops), staticRows)] {
		s := &v.f.shops[i]
		sv := ShopView{v.X(s.name), s.currency, s.charges, s.victims, s.amount, s.first, s.last, nil, max(len(s.visits)-most, 0)}
		for _, x := range s.visits[:min(len(s.visits), most)] {
			sv.Visits = append(sv.Visits, VisitView{x.from, x.to, x.charges, x.accounts, x.amount, s.currency})
		}
		list = append(list, sv)
	}
	return list
}

// Channels draws the money of a currency by the channel that it goes back by.
func (v *view) Channels(i int) template.HTML {
	m := &v.S.Money[i]
	bars := chart.Bars{Title: v.T("Net loss by channel"), Currency: currency(m.Currency)}
	for _, c := range m.Channels {
		bars.Bars = append(bars.Bars, chart.Bar{Label: v.Code("channel", c.Channel), Value: c.Amount})
	}
	return v.drawing(&bars, "channels"+string(rune('a'+i%26))+v.Language())
}

// A ComponentView adds up the lines of the ledger of one component.
type ComponentView struct {
	Component               string
	Lines                   int64
	Gross, Returned, Amount int64
}

// Components adds up the ledger lines of the victims that the net loss is of, by
// component: they come to the net loss.
func (v *view) Components(i int) ([]ComponentView, error) {
	lines, err := v.f.c.table("refunds", "account_id", "component", "gross", "returned", "amount", "currency")
	if err != nil {
		return nil, err
	}
	code := v.S.Money[i].Currency
	robbed := map[int]bool{}
	for r := range v.f.rows {
		l := &v.f.rows[r]
		robbed[l.account] = robbed[l.account] || l.victim && l.currency == code && (l.tier != "possible" || l.validation != "" && l.validation != "none")
	}
	at := map[string]*ComponentView{}
	var order []string
	for r := range lines.n {
		account, ok := v.f.byID[lines.text("account_id", r)]
		if !ok || !robbed[account] || lines.text("currency", r) != code {
			continue
		}
		name := lines.text("component", r)
		if at[name] == nil {
			at[name] = &ComponentView{Component: name}
			order = append(order, name)
		}
		c := at[name]
		c.Lines++
		c.Gross += lines.int("gross", r)
		c.Returned += lines.int("returned", r)
		c.Amount += lines.int("amount", r)
	}
	known := []string{"instrument_refund", "balance_restore", "balance_clawback", "victim_used"}
	rank := func(name string) int {
		if n := slices.Index(known, name); n >= 0 {
			return n
		}
		return len(known)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	var list []ComponentView
	for _, name := range order {
		list = append(list, *at[name])
	}
	return list, nil
}

// Bridge draws how the lines of the ledger come to the net loss.
func (v *view) Bridge(i int) (template.HTML, error) {
	components, err := v.Components(i)
	if err != nil {
		return "", err
	}
	m := &v.S.Money[i]
	b := chart.Bridge{Title: v.T("From what was taken to the net loss"), Currency: currency(m.Currency)}
	var returned int64
	for _, c := range components {
		returned += c.Returned
		if c.Gross != 0 {
			b.Steps = append(b.Steps, chart.Step{Label: v.component(c.Component), Amount: c.Gross})
		}
	}
	if returned != 0 {
		b.Steps = append(b.Steps, chart.Step{Label: v.T("came back already"), Amount: -returned})
	}
	b.Steps = append(b.Steps, chart.Step{Label: v.T("net loss"), Amount: m.NetLoss, Total: true})
	return v.chart(&b, "bridge"+string(rune('a'+i%26))+v.Language()), nil
}

// component says what a component of the ledger stands for.
func (v *view) component(code string) string {
	switch code {
	case "instrument_refund":
		return v.T("taken from cards and other instruments")
	case "balance_restore":
		return v.T("taken out of balances")
	case "balance_clawback":
		return v.T("stolen money still in balances")
	}
	return v.Code("component", code)
}

// Component is component for the template.
func (v *view) Component(code string) string { return v.component(code) }
