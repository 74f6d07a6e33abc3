package gen

import "strings"

// A model is a handset (or a browser) with how often it is met. The shares
// follow no statistics exactly; that a few models carry most traffic and a
// long tail the rest is what matters.
type model struct {
	text   string
	weight int64
}

var phones = [...]model{
	{"iPhone10,1; iOS 12.3.1", 90}, {"iPhone11,8; iOS 12.3.1", 82}, {"iPhone9,1; iOS 12.3.1", 76},
	{"iPhone8,1; iOS 12.3.1", 60}, {"iPhone10,3; iOS 12.3.1", 44}, {"iPhone11,2; iOS 12.3.1", 40},
	{"iPhone8,4; iOS 12.3.1", 38}, {"iPhone9,1; iOS 12.2", 22}, {"iPhone10,1; iOS 12.2", 20},
	{"iPhone8,1; iOS 11.4.1", 14}, {"iPhone7,2; iOS 12.3.1", 16}, {"iPhone11,6; iOS 12.3.1", 17},
	{"Android 9; SO-01L", 34}, {"Android 9; SO-03L", 26}, {"Android 8.0.0; SO-04J", 22}, {"Android 9; SOV39", 20},
	{"Android 9; SHV43", 24}, {"Android 8.0.0; SH-03J", 22}, {"Android 9; SH-01L", 19}, {"Android 8.1.0; SHV42", 12},
	{"Android 9; SC-02K", 21}, {"Android 9; SCV38", 18}, {"Android 8.0.0; SC-04J", 11}, {"Android 9; SC-03L", 13},
	{"Android 9; ANE-LX2J", 17}, {"Android 8.0.0; WAS-LX2J", 15}, {"Android 9; MAR-LX2J", 9}, {"Android 9; HW-02L", 8},
	{"Android 8.1.0; F-04K", 9}, {"Android 7.1.2; F-05J", 8}, {"Android 9; Pixel 3", 10}, {"Android 9; Pixel 3a", 11},
	{"Android 8.1.0; KYV44", 7}, {"Android 7.0; KYV42", 5}, {"Android 9; SO-05K", 9}, {"Android 7.1.1; SOV34", 7},
	{"Android 8.0.0; ASUS_Z01R", 5}, {"Android 7.0; ZenFone 3", 4}, {"Android 9; CPH1893", 4}, {"Android 6.0; SHV34", 4},
}

var tablets = [...]model{
	{"iPad7,5; iOS 12.3.1", 30}, {"iPad6,11; iOS 12.3.1", 20}, {"iPad11,3; iOS 12.3.1", 12},
	{"Android 8.0.0; dtab d-02K", 10}, {"Android 7.0; MediaPad M3", 8}, {"Android 9; SM-T720", 5},
}

var browsers = [...]model{
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.3770.100 Safari/537.36", 40},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/74.0.3729.169 Safari/537.36", 12},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.1 Safari/605.1.15", 14},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:67.0) Gecko/20100101 Firefox/67.0", 10},
	{"Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", 9},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 12_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.1 Mobile/15E148 Safari/604.1", 16},
	{"Mozilla/5.0 (Linux; Android 9; SO-03L) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.3770.101 Mobile Safari/537.36", 9},
}

var services = [...]model{
	{"okhttp/3.12.1", 40}, {"python-requests/2.22.0", 20}, {"Apache-HttpClient/4.5.8 (Java/1.8.0_212)", 40},
}

var versions = [...]string{"2.13.0", "2.13.2", "2.14.0", "2.14.1", "2.15.0", "2.15.1", "2.16.0", "2.16.2"}

// versionDays is how long an app version is the newest one.
const versionDays = 9

// agents are the user agents of the world, ready to print. An agent number is
// a kind's first index plus the model times the number of versions plus the
// version; zero is absent.
type agents struct {
	text                              []string
	phones, tablets, browser, service uint16
	phoneWeights, tabletWeights       []int64
	browserWeights, serviceWeights    []int64
}

func newAgents() agents {
	a := agents{text: []string{""}}
	apps := func(models []model) (uint16, []int64) {
		first := uint16(len(a.text))
		var weights []int64
		for _, m := range models {
			for _, v := range versions {
				a.text = append(a.text, quoted("WalletApp/"+v+" ("+m.text+")"))
			}
			weights = append(weights, m.weight)
		}
		return first, weights
	}
	plain := func(models []model) (uint16, []int64) {
		first := uint16(len(a.text))
		var weights []int64
		for _, m := range models {
			a.text = append(a.text, quoted(m.text))
			weights = append(weights, m.weight)
		}
		return first, weights
	}
	a.phones, a.phoneWeights = apps(phones[:])
	a.tablets, a.tabletWeights = apps(tablets[:])
	a.browser, a.browserWeights = plain(browsers[:])
	a.service, a.serviceWeights = plain(services[:])
	return a
}

// quoted returns a field as CSV wants it.
func quoted(field string) string {
	if strings.Contains(field, ",") {
		return `"` + field + `"`
	}
	return field
}

// phone returns the first version of a random handset; see at.
func (a *agents) phone(r *rng) uint16 {
	return a.phones + uint16(r.pick(a.phoneWeights)*len(versions))
}

func (a *agents) tablet(r *rng) uint16 {
	return a.tablets + uint16(r.pick(a.tabletWeights)*len(versions))
}

func (a *agents) web(r *rng) uint16 { return a.browser + uint16(r.pick(a.browserWeights)) }

func (a *agents) robot(r *rng) uint16 { return a.service + uint16(r.pick(a.serviceWeights)) }

// at returns the agent of an app some days into the world. Who updates late
// (lag, in days) shows an older version; browsers and servers stay the same.
func (a *agents) at(agent uint16, day, lag int) uint16 {
	if agent < a.phones || agent >= a.browser {
		return agent
	}
	v := 1 + (day-lag)/versionDays
	return agent + uint16(min(max(v, 0), len(versions)-1))
}
