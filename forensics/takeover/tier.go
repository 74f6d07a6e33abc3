package takeover

import (
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// A Tier says how sure a finding is. The words have fixed meanings: of what is
// called Confirmed at most 1 in 100 may be wrong, of Probable at most 1 in 20;
// Possible is what a person must look at.
type Tier uint8

// The tiers, from none to the surest.
const (
	NoTier Tier = iota
	Possible
	Probable
	Confirmed
)

// String returns the word that files show.
func (t Tier) String() string { return [...]string{"", "possible", "probable", "confirmed"}[t] }

// ParseTier returns the tier of a word.
func ParseTier(word string) (Tier, bool) {
	for t := Possible; t <= Confirmed; t++ {
		if t.String() == word {
			return t, true
		}
	}
	return NoTier, false
}

// Tier returns how sure it is that the visitor was an attacker.
func (v *Visit) Tier(p *policy.Verdict) Tier {
	lines := 0
	for _, w := range [...]odds.Centibans{max(v.Breach, v.Means), v.Visit, v.Conduct, max(v.Shared, v.Company)} {
		if w >= odds.Centibans(p.LineFloor.Value) {
			lines++
		}
	}
	switch {
	case v.alone() && v.Total >= odds.Centibans(p.Possible.Value) && max(v.Breach, v.Means, v.Shared) < odds.Centibans(p.LineFloor.Value):
		return Possible
	case v.Total >= odds.Centibans(p.Confirmed.Value) && lines >= int(p.Lines.Value):
		return Confirmed
	case v.Total >= odds.Centibans(p.Probable.Value):
		return Probable
	case v.Total >= odds.Centibans(p.Possible.Value):
		return Possible
	}
	return NoTier
}

// alone reports whether a visitor is the only one who was ever seen in an
// account and charged something: unless something speaks of how he got in, it
// is a person who must say that this is not the owner. A visitor whom the log
// says nothing of is not meant.
func (v *Visit) alone() bool { return v.Paid && v.Outcome[Arrival] == 0 }

// A Reason is a short stable code for what speaks against a visit.
type Reason uint8

// The reasons, in the order in which they are named.
const (
	AttackSource Reason = iota
	EnteredBefore
	FailedTries
	ChangedAtEntry
	ExternalEntry
	BorrowedSession
	NoLogin
	OwnerLivesOn
	ShortStay
	NewNetwork
	ForeignCountry
	FastCashOut
	HighAmounts
	Drained
	Emptied
	UnlikeOwner
	NewShops
	SharedDevice
	MeetingPlace
	OwnerReacted
	ChargedBack
	GuessedLinks
	KnownBad
	numReasons
)

var reasonCodes = [numReasons][2]string{
	AttackSource:    {"attack_source", "the entry shares its address, network, user agent or hour with an excess of failed logins"},
	EnteredBefore:   {"entered_before", "the account was entered from an attack source before this visit"},
	FailedTries:     {"failed_tries", "strangers tried passwords on the account in the day before"},
	ChangedAtEntry:  {"changed_at_entry", "password or mail was reset or changed by the visitor about the time of entry"},
	ExternalEntry:   {"external_entry", "first external login of the account"},
	BorrowedSession: {"borrowed_session", "charges in a session that another device began"},
	NoLogin:         {"no_login", "charges by a device that never logged in, in an account that others logged in to"},
	OwnerLivesOn:    {"owner_lives_on", "the account's other devices went on living"},
	ShortStay:       {"short_stay", "the device was in the account for less than two days, and never again"},
	NewNetwork:      {"new_network", "no address or operator in common with the account's other devices"},
	ForeignCountry:  {"foreign_country", "no country in common with the account's other devices"},
	FastCashOut:     {"fast_cash_out", "charges within an hour of arrival"},
	HighAmounts:     {"high_amounts", "more in a day than 99 of 100 account-days"},
	Drained:         {"drained", "at least seven tenths of what was topped up was spent"},
	Emptied:         {"emptied", "nothing was topped up, and less was left in the wallet than ever before"},
	UnlikeOwner:     {"unlike_owner", "more in a day than the account's other devices ever topped up or spent"},
	NewShops:        {"new_shops", "no shop in common with the account's other devices"},
	SharedDevice:    {"shared_device", "the device visited other accounts that look taken over"},
	MeetingPlace:    {"meeting_place", "shops, address, user agent or hour where takeovers meet"},
	OwnerReacted:    {"owner_reacted", "another device reset or changed the password afterwards"},
	ChargedBack:     {"charged_back", "the visitor's charges were charged back"},
	GuessedLinks:    {"guessed_links", "three and more cards or bank accounts could not be registered by the visitor"},
	KnownBad:        {"known_bad", "others listed the address, network, user agent, operator or device (--known-bad)"},
}

// String returns the code that files show.
func (r Reason) String() string { return reasonCodes[r][0] }

// Doc returns what the reason means, in one line.
func (r Reason) Doc() string { return reasonCodes[r][1] }

// AllReasons lists all reasons, for the schema.
func AllReasons() []Reason {
	all := make([]Reason, numReasons)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

// Reasons lists what speaks against a visit: outcomes that attackers show and
// whose group of evidence weighs against it.
func (v *Visit) Reasons(p *policy.Policy) []Reason {
	floor := odds.Centibans(p.Verdict.LineFloor.Value)
	var out []Reason
	note := func(r Reason, holds bool) {
		if holds {
			out = append(out, r)
		}
	}
	note(AttackSource, v.Place >= floor)
	note(EnteredBefore, v.Breach >= floor && v.Breach > v.Place)
	note(FailedTries, v.Outcome[Failed] > 0)
	note(ChangedAtEntry, v.Outcome[Change] > 0)
	note(ExternalEntry, v.Outcome[External] > 0)
	note(BorrowedSession, v.Outcome[Session] == 1)
	note(NoLogin, v.Outcome[Session] == 2)
	if v.Visit > 0 {
		note(OwnerLivesOn, v.Outcome[Arrival] == 2 || v.Outcome[Arrival] == 3)
		note(ShortStay, v.Outcome[Stay] < 3 && !v.Open)
		note(NewNetwork, v.Outcome[Network] == 2)
		note(ForeignCountry, v.Outcome[Network] == 3)
	}
	if v.Conduct > 0 {
		note(FastCashOut, v.Outcome[Lag] < 2)
		note(HighAmounts, v.Outcome[Money] > 1)
		note(Drained, v.Outcome[Drain] == 0)
		note(Emptied, v.Outcome[Drain] == 3)
		note(UnlikeOwner, v.Outcome[Unlike] == 1 || v.Outcome[Unlike] == 2)
		note(NewShops, v.Outcome[Shops] == 1)
	}
	note(SharedDevice, v.Shared >= floor)
	note(MeetingPlace, v.Company >= floor)
	note(OwnerReacted, v.Outcome[Reaction] == 1 || v.Outcome[Reaction] == 2)
	note(ChargedBack, v.Outcome[Reaction] == 3)
	note(GuessedLinks, v.Outcome[Linking] >= 2)
	note(KnownBad, v.Listed > 0)
	return out
}
