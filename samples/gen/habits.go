package gen

// Habits are how attackers work, as far as it does not follow from the way in.
// Shares are between 0 and 1. What is assumed may be half as much again or a
// third less, as with Rates.
type Habits struct {
	// Servers and VPNExits are the shares of testers' machines that are rented
	// servers, and exits of VPN services that customers use as well; the rest
	// are home lines. Assumed; on 7pay they were abroad (S21).
	Servers, VPNExits float64
	// WebAgents and ScriptAgents are the shares of machines that call
	// themselves a browser, or show the library that they are written with as
	// account-book services do. The others claim to be the app. Assumed; one
	// user agent for an address is what published rules look for (S91).
	WebAgents, ScriptAgents float64
	// OneDevice is the share of machines that send the same device id at every
	// try, NoDevice the share that send none. The others make one up each
	// time. Assumed.
	OneDevice, NoDevice float64
	// ProxyMobile is the share of residential proxies that are phones. Assumed.
	ProxyMobile float64
	// Repeats is the share of ids of a list that are tried a second time, with
	// another password: nine of ten failed ids were tried once (S81).
	Repeats float64
	// Waves is how often spraying comes back to the same accounts. Assumed.
	Waves int

	// Untested is the share of robbed accounts that the executor enters
	// without anybody having been there before. Assumed.
	Untested float64
	// FixedLine is the share of executors on a home line instead of a
	// carrier. Assumed; the pair caught in Shinjuku used phones (S4, S6).
	FixedLine float64
	// ForeignExits is the share of executors abroad who come through an exit of
	// a VPN service. Assumed.
	ForeignExits float64
	// SleepIn is the share of work that waits for the morning. Assumed.
	SleepIn float64
	// Direct is the share of executors who pay by the victim's card without a
	// top-up. Assumed.
	Direct float64
	// MailChange is the share of executors who change the mail address first,
	// so that notices go elsewhere. Assumed (S51 for how easy it was).
	MailChange float64
	// TopsAgain is how often a top-up follows a top-up at once: one victim saw
	// three in a minute (S24). WholeCartons is the share of payments for whole
	// cartons (S20, S21), SomeCartons the share of those for fewer than the
	// wallet would pay. OverDeclines is how often more is tried than there is,
	// GoesOn how often an emptied wallet is tried again. Assumed.
	TopsAgain, WholeCartons, SomeCartons, OverDeclines, GoesOn float64

	// Phished is the share of stolen sessions that a phishing site began, with
	// a login of its own through some server; the others were the owner's, and
	// only payments show them. Assumed; on 2025's securities accounts both
	// were seen (S72).
	Phished float64
	// ClonedDevice and HiddenDevice are the shares of stolen sessions that are
	// used with the device id of the device that began them, or with none. The
	// others show the thief's own, as S97 looks for. Assumed.
	ClonedDevice, HiddenDevice float64
}

func defaultHabits() Habits {
	return Habits{
		Servers: 0.5, VPNExits: 0.2, WebAgents: 0.2, ScriptAgents: 0.1, OneDevice: 0.4, NoDevice: 0.15,
		ProxyMobile: 0.25, Repeats: 0.1, Waves: 6,
		Untested: 0.1, FixedLine: 0.12, ForeignExits: 0.3, SleepIn: 0.6, Direct: 0.12, MailChange: 0.06,
		TopsAgain: 0.45, WholeCartons: 0.6, SomeCartons: 0.3, OverDeclines: 0.03, GoesOn: 0.7,
		Phished: 0.4, ClonedDevice: 0.05, HiddenDevice: 0.15,
	}
}
