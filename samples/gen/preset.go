package gen

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A preset is a named World. Those of which nothing else is said have 20,000
// accounts, 30 days and 40 to 80 victims.
type preset struct {
	name, doc string
	build     func() World
}

// presets lists all presets, the standard exam first.
func presets() []preset {
	return []preset{
		{"list-type", "a list of ids and passwords, tried from a few addresses", func() World { return month(listType()) }},
		{"list-proxy", "the same through residential proxies, about one try for each address", func() World { return month(listProxy()) }},
		{"benign-month", "nothing but harmless look-alikes", func() World { return month() }},
		{"launch-week", "the list, in the first week of a service: every device is new; 7 days", launchWeek},
		{"7pay", "1.5 million accounts, 4 days, 808 victims: the incident of July 2019", sevenPay},
		{"docomo", "wallets opened in strangers' names, topped up from banks whose PINs were guessed: no victim has an account", docomo},
		{"small", "12 accounts, 2 days, 3 victims: for reading", small},
		{"bench", "500,000 accounts, 10.8 million rows: for measuring speed", bench},
		{"brute-force", "many passwords for single accounts", func() World { return month(oneWay(BruteForce)) }},
		{"spraying", "a few passwords for many accounts, wave after wave", func() World { return month(oneWay(Spraying)) }},
		{"reverse-brute", "one PIN, account number after account number", func() World { return numbered(month(oneWay(ReverseBrute))) }},
		{"leak", "valid credentials, without any failure", func() World { return month(oneWay(Leak)) }},
		{"leak-shop", "the same, of customers of one shop", leakShop},
		{"reset-abuse", "passwords reset by strangers", func() World { return month(oneWay(ResetAbuse)) }},
		{"external-login", "a flaw that trusts any external id", func() World { return month(oneWay(ExternalLogin)) }},
		{"session-theft", "sessions of the owners' or of a phishing site, used elsewhere", func() World { return month(oneWay(SessionTheft)) }},
		{"list-failed", "a list of which nothing fits: no entry, no victim", func() World { return month(inVain(listType())) }},
		{"brute-force-failed", "brute force against locks that hold: no entry, no victim", bruteForceFailed},
		{"spraying-failed", "spraying that opens nothing: no entry, no victim", func() World { return month(inVain(oneWay(Spraying))) }},
		{"crew", "through proxies; crews' phones go through several victims each", func() World { return quiet(CrewPhones) }},
		{"fresh-device", "through proxies; a device of its own for every victim", func() World { return quiet(FreshDevice) }},
		{"slow", "through proxies; small amounts over days", func() World { return quiet(SlowCashOut) }},
		{"balance-only", "through proxies; only what is in the wallet is spent", func() World { return quiet(BalanceOnly) }},
		{"mules", "through proxies; the money is sent to other accounts", func() World { return quiet(Mules) }},
		{"store-staff", "through proxies; spent by staff at their own register", func() World { return quiet(StoreStaff) }},
		{"from-abroad", "through proxies; spent from abroad at online shops", func() World { return quiet(FromAbroad) }},
		{"mixed", "four campaigns at once, by different ways in and out", mixed},
		{"disturbed", "list-type with a fresh device for every victim, badly exported", disturbed},
	}
}

// Describe returns a line about a preset, "" for an unknown one.
func Describe(name string) string {
	for _, p := range presets() {
		if p.name == name {
			return p.doc
		}
	}
	return ""
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
		Habits: defaultHabits(),
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
		a.Victims, a.Entered, a.Tries, a.Sources, a.UnknownShare = 45, 52, 30_000, 9, 0
	case Spraying:
		a.UnknownShare, a.Sources = 0.1, 5
	case ReverseBrute:
		a.UnknownShare, a.Sources = 0, 3
	case Leak:
		a.Tries, a.Sources, a.ForeignShare, a.Days = 0, 0, 0.3, 8
		a.Habits.Untested = 0.7 // what is valid needs no test
	case ResetAbuse:
		a.Tries, a.UnknownShare, a.Sources = 400, 0.05, 3
		a.Habits.Untested = 0.6 // who resets a password knows that it fits
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
		w.Registers = true
		a.PerPhone, a.Victims, a.Entered = 12, 45, 70
	}
	w.Attacks = []Attack{a}
	return w
}

// leakShop is a leak at the counter of one shop, of middling size.
func leakShop() World {
	a := oneWay(Leak)
	a.Name, a.Shop = "leak-shop", 150
	return month(a)
}

// mixed is several campaigns at once, by different ways in and out.
func mixed() World {
	list, proxy, leak, session := listType(), listProxy(), oneWay(Leak), oneWay(SessionTheft)
	list.Victims, list.Entered = 30, 50
	proxy.Victims, proxy.Entered, proxy.StartDay = 21, 35, 12
	proxy.Executors = []Executor{FreshDevice, BalanceOnly, Mules}
	leak.Victims, leak.Entered, leak.StartDay = 12, 16, 5
	leak.Executors = []Executor{SlowCashOut, FreshDevice}
	session.Victims, session.Entered, session.StartDay = 12, 12, 18
	session.Executors = []Executor{FromAbroad}
	return month(list, proxy, leak, session)
}

// inVain is an attack that gets in nowhere.
func inVain(a Attack) Attack {
	a.Victims, a.Entered, a.Executors = 0, 0, nil
	return a
}

// bruteForceFailed is guessing at a service that locks accounts.
func bruteForceFailed() World {
	w := month(inVain(oneWay(BruteForce)))
	w.Rates.LockAfter = 100 // the most that NIST allows (S90)
	return w
}

// numbered is a world whose account ids are numbers.
func numbered(w World) World {
	w.NumericIDs = true
	return w
}

// docomo is after September 2020: wallets that anybody could open with a mail
// address, in the names of people who were no customers, linked to their bank
// accounts; 128 of them lost 225,000 yen each (derived), within a cap of 300,000
// a month (S61). Nobody's own login shows. How many wallets found no bank
// account, and how many guesses there were, was never published.
func docomo() World {
	a := campaign("docomo", BankLink)
	a.Victims, a.Entered, a.Tries, a.Sources, a.UnknownShare = 60, 90, 1_800, 0, 0
	a.StartDay, a.Days, a.Loss, a.MostLoss, a.AtCap = 4, 18, 240_000, 300_000, 0.6
	w := month(a)
	w.TopupCap = 100_000
	w.Rates.Banks, w.Rates.NewCustomers = 0.35, 0.08
	w.Rates.NoticeHours = 150 // when the bank book is next brought up to date
	return w
}

// disturbed is the standard exam after a bad export.
func disturbed() World {
	a := listType()
	a.Executors = []Executor{FreshDevice}
	w := month(a)
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
	plain(&w)
	w.Cast = []Lookalike{FamilyPhone, FamilyPhone, NewHandset, HeavyBuyer}
	w.Rates.Visits, w.Rates.VisitSpread, w.Rates.NoticeHours = 2, 0.5, 5
	return w
}

// plain leaves out of a world what a reader of it need not meet.
func plain(w *World) {
	q := &w.Rates
	q.OffCarrier, q.LargeTransfers, q.NoticeCalls, q.NoticeChanges = 0, 0, 0, 0
	for i := range w.Attacks {
		q := &w.Attacks[i].Habits
		q.ScriptAgents, q.NoDevice, q.Untested = 0, 0, 0
	}
}

// bench is half a million accounts: 5.5 million rows in each log.
func bench() World {
	a := listType()
	a.Victims, a.Entered, a.Tries, a.Sources = 800, 1_200, 150_000, 20
	w := month(a)
	w.Accounts, w.Stores = 500_000, 9_000
	return w
}
