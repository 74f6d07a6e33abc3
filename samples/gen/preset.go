package gen

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A preset is a named World.
type preset struct {
	name  string
	build func() World
}

// presets lists all presets, the standard exam first.
func presets() []preset {
	return []preset{
		{"list-type", func() World { return month(listType()) }},
		{"list-proxy", func() World { return month(listProxy()) }},
		{"benign-month", func() World { return month() }},
		{"launch-week", launchWeek},
		{"7pay", sevenPay},
		{"small", small},
		{"bench", bench},
		{"brute-force", func() World { return month(oneWay(BruteForce)) }},
		{"spraying", func() World { return month(oneWay(Spraying)) }},
		{"reverse-brute", func() World {
			w := month(oneWay(ReverseBrute))
			w.NumericIDs = true
			return w
		}},
		{"leak", func() World { return month(oneWay(Leak)) }},
		{"reset-abuse", func() World { return month(oneWay(ResetAbuse)) }},
		{"external-login", func() World { return month(oneWay(ExternalLogin)) }},
		{"session-theft", func() World { return month(oneWay(SessionTheft)) }},
		{"slow", func() World { return quiet(SlowCashOut) }},
		{"balance-only", func() World { return quiet(BalanceOnly) }},
		{"mules", func() World { return quiet(Mules) }},
		{"store-staff", func() World { return quiet(StoreStaff) }},
		{"from-abroad", func() World { return quiet(FromAbroad) }},
		{"mixed", mixed},
		{"disturbed", disturbed},
	}
}

// Presets returns the names of all presets, the standard exam first.
func Presets() []string {
	var names []string
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

// Preset returns a named World. The error for an unknown name lists the known
// ones.
func Preset(name string) (World, error) {
	all := presets()
	i := slices.IndexFunc(all, func(p preset) bool { return p.name == name })
	if i < 0 {
		return World{}, fmt.Errorf("gen: no preset %q; there are %s", name, strings.Join(Presets(), ", "))
	}
	return all[i].build(), nil
}

// month is 20,000 accounts of a service that has been running for years, for
// 30 days.
func month(attacks ...Attack) World {
	return World{
		Seed: 20190701, Accounts: 20_000, Days: 30, Stores: 420, TopupCap: 30_000,
		Start: time.Date(2019, 7, 1, 0, 0, 0, 0, time.FixedZone("JST", 9*3600)),
		Rates: defaultRates(), Attacks: attacks,
	}
}

// campaign is what most attacks have in common.
func campaign(name string, v Vector) Attack {
	return Attack{
		Name: name, Vector: v, Executors: []Executor{CrewPhones, FreshDevice},
		Victims: 60, Entered: 95, Tries: 12_000, UnknownShare: 0.8, Sources: 4, ForeignShare: 0.8,
		StartDay: 14, Days: 5, Lag: 3 * time.Hour, Loss: 45_000, AtCap: 0.55, PerPhone: 8,
	}
}

func listType() Attack { return campaign("list", ListType) }

func listProxy() Attack {
	a := campaign("proxy", ListProxy)
	a.Sources, a.ForeignShare, a.Days = 0, 0.5, 6
	return a
}

// oneWay is an attack by one of the rarer vectors.
func oneWay(v Vector) Attack {
	a := campaign(string(v), v)
	switch v {
	case BruteForce:
		a.Victims, a.Entered, a.Tries, a.Sources, a.UnknownShare = 12, 15, 30_000, 6, 0
	case Spraying:
		a.UnknownShare, a.Sources = 0.1, 5
	case ReverseBrute:
		a.UnknownShare, a.Sources = 0, 3
	case Leak:
		a.Tries, a.Sources, a.ForeignShare, a.Days = 0, 0, 0.3, 8
	case ResetAbuse:
		a.Tries, a.UnknownShare, a.Sources = 400, 0.05, 3
	case ExternalLogin:
		a.Entered, a.Tries, a.Sources = 240, 6_000, 2
	case SessionTheft:
		a.Entered, a.Tries, a.Sources, a.Days = 60, 0, 0, 8
	}
	return a
}

// quiet is a list-type attack through proxies with one kind of executor.
func quiet(e Executor) World {
	a := listProxy()
	a.Name, a.Executors = string(e), []Executor{e}
	w := month()
	switch e {
	case SlowCashOut:
		a.StartDay, a.Loss = 6, 30_000
		w.Rates.NoticeHours = 150 // few notice small amounts before the statement comes
	case StoreStaff:
		a.PerPhone, a.Victims, a.Entered = 12, 36, 60
	}
	w.Attacks = []Attack{a}
	return w
}

// mixed is several campaigns at once, by different ways in and out.
func mixed() World {
	list, proxy, leak, session := listType(), listProxy(), oneWay(Leak), oneWay(SessionTheft)
	list.Victims, list.Entered = 40, 70
	proxy.Victims, proxy.Entered, proxy.StartDay = 30, 45, 12
	proxy.Executors = []Executor{FreshDevice, BalanceOnly, Mules}
	leak.Victims, leak.Entered, leak.StartDay = 15, 20, 5
	leak.Executors = []Executor{SlowCashOut, FreshDevice}
	session.Victims, session.Entered, session.StartDay = 15, 15, 18
	session.Executors = []Executor{FromAbroad}
	return month(list, proxy, leak, session)
}

// disturbed is the standard exam after a bad export.
func disturbed() World {
	w := month(listType())
	w.Disturb = Disturbance{
		Duplicates: 0.01, LostDevice: 0.05, LostSession: 0.05, LostIP: 0.03, Shuffle: true,
		AuthOffset: 47 * time.Second, MissingAuthHours: 5, MissingPaymentHours: 3,
	}
	return w
}

// launch makes a world one of a service that is just starting.
func launch(w *World, days int) {
	w.LaunchDays, w.SingleSession = days, true
	w.Rates.SecondFactor = 0 // 7pay had none (S28)
	w.Rates.AccountBooks = 0 // nobody has connected one yet
	w.Rates.Returning = 0
}

func launchWeek() World {
	a := listType()
	a.StartDay, a.Days, a.Lag = 2, 2.5, 100*time.Minute
	w := month(a)
	w.Days = 7
	launch(&w, 7)
	return w
}

// sevenPay has the size of the incident: 1.5 million users and 808 validated
// victims in four days from 1 July 2019 (S1, S12), testers abroad (S21), crews
// in Tokyo with 7 to 8 accounts a phone (S6), ¥47,800 lost per victim (S10).
// How many tries there were was never published; this is the hit rate of
// Hatena and Club Nintendo (S83, S85).
func sevenPay() World {
	a := campaign("7pay", ListType)
	a.Victims, a.Entered, a.Tries, a.Sources, a.ForeignShare = 808, 1_150, 700_000, 60, 0.95
	a.StartDay, a.Days, a.Lag = 1.2, 1.6, 90*time.Minute
	w := month(a)
	w.Accounts, w.Days, w.Stores = 1_500_000, 4, 20_965
	launch(&w, 4)
	return w
}

// small can be read through by a person: three people are robbed in two days,
// two share a phone, one has a new one.
func small() World {
	a := listType()
	a.Name, a.Victims, a.Entered, a.Tries, a.Sources = "list", 3, 3, 24, 1
	a.StartDay, a.Days, a.Lag, a.Loss = 0.6, 0.3, 50*time.Minute, 40_000
	a.Executors = []Executor{CrewPhones}
	w := month(a)
	w.Accounts, w.Days, w.Stores = 12, 2, 8
	w.Cast = []Lookalike{FamilyPhone, FamilyPhone, NewHandset, HeavyBuyer}
	w.Rates.Visits, w.Rates.VisitSpread, w.Rates.NoticeHours = 2, 0.5, 5
	return w
}

// bench is half a million accounts: 5.5 million rows in each log.
func bench() World {
	a := listType()
	a.Victims, a.Entered, a.Tries, a.Sources = 800, 1_200, 150_000, 20
	w := month(a)
	w.Accounts, w.Stores = 500_000, 9_000
	return w
}
