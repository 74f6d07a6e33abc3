package refund

import "strings"

// A Component is what a line is for.
type Component uint8

// The components, in the order in which an account's lines stand.
const (
	NoComponent Component = iota
	InstrumentRefund
	BalanceRestore
	BalanceClawback
	VictimUsed
	UnmatchedReturn
	numComponents
)

// A Channel is the way by which a line is paid.
type Channel uint8

// The channels. NoChannel is also that of an instrument the log does not name.
const (
	NoChannel Channel = iota
	Card
	Debit
	Bank
	Cash
	Points
	Balance
	numChannels
)

// A Status says what may be done with a line.
type Status uint8

// The statuses. Only Open lines may be paid.
const (
	NoStatus Status = iota
	Open
	Closed
	Held
	NeedsDecision
	Exception
	numStatuses
)

// A Reason is a short stable code that says why a line is there, or why it
// has the status it has.
type Reason uint8

// The reasons, in the order in which a line names them.
const (
	NoReason Reason = iota
	TopUpByAttacker
	SpentByAttacker
	MovedOutByAttacker
	MovedInByAttacker
	ForeignTopUp
	Reversed
	Refunded
	ChargedBack
	ReturnUndone
	PartlyReturned
	FullyReturned
	TopUpRefunded
	OwnChargeUndone
	PossibleSpared
	FundingUnknown
	FundingOther
	IssuerMayStop
	Pending
	CashOwnerUnknown
	PossibleAccount
	OverReturned
	NegativeNet
	OrphanReversal
	CurrencyDiffers
	UnclearOriginal
	DeclinedOriginal
	BalanceBelowZero
	OwnerSpent
	BalancesDiffer
	numReasons
)

// A word is a code as files show it, and its meaning for the schema.
type word struct{ code, doc string }

var componentWords = [numComponents]word{
	InstrumentRefund: {"instrument_refund", "what one fraudulent top-up or direct payment took from its instrument, less what came back"},
	BalanceRestore:   {"balance_restore", "what the attacker took out of the wallet beyond what the attacker put in"},
	BalanceClawback:  {"balance_clawback", "fraudulent money that is still in the wallet (negative)"},
	VictimUsed:       {"victim_used", "the part of a claw-back that the wallet no longer holds because the owner spent it (negative): set off or write off"},
	UnmatchedReturn:  {"unmatched_return", "a reversal, refund or chargeback that cannot be laid against a charge; gross and returned show its amount"},
}

var channelWords = [numChannels]word{
	NoChannel: {"none", "no channel: the instrument is not known, or nothing is to be paid"},
	Card:      {"card", "the credit or prepaid card that paid"},
	Debit:     {"debit", "the debit card that paid"},
	Bank:      {"bank", "the bank account that paid"},
	Cash:      {"cash", "cash at a register or machine"},
	Points:    {"points", "the points that paid"},
	Balance:   {"balance", "the wallet itself"},
}

var statusWords = [numStatuses]word{
	Open:          {"open", "owed now (or, if negative, to be taken back)"},
	Closed:        {"closed", "nothing left: as much came back as was lost"},
	Held:          {"held", "waits for a pending charge, or for the issuer, who can still stop it"},
	NeedsDecision: {"needs_decision", "a person must decide first; in no total of what is owed"},
	Exception:     {"exception", "the log contradicts itself, or money would have to be taken from the owner: never paid unseen"},
}

// A reasonWord is a reason with the status that a line gets by it, NoStatus
// where the reason only explains.
type reasonWord struct {
	word
	leads Status
}

var reasonWords = [numReasons]reasonWord{
	TopUpByAttacker:    {word{"topup_by_attacker", "stands on a top-up that the attacker made"}, NoStatus},
	SpentByAttacker:    {word{"spent_by_attacker", "stands on a payment that the attacker made"}, NoStatus},
	MovedOutByAttacker: {word{"moved_out_by_attacker", "stands on a transfer or payout that the attacker made"}, NoStatus},
	MovedInByAttacker:  {word{"moved_in_by_attacker", "stands on a transfer by which the attacker brought money in"}, NoStatus},
	ForeignTopUp:       {word{"foreign_topup", "counts a top-up that was paid from an instrument that is not the owner's; that instrument has no line here"}, NoStatus},
	Reversed:           {word{"reversed", "a reversal undid some or all of a charge on every leg"}, NoStatus},
	Refunded:           {word{"refunded", "a refund gave money back to the leg that paid"}, NoStatus},
	ChargedBack:        {word{"charged_back", "a chargeback or issuer credit gave money back to the instrument; the wallet was not touched"}, NoStatus},
	ReturnUndone:       {word{"return_undone", "a reversal, refund or chargeback was itself reversed"}, NoStatus},
	PartlyReturned:     {word{"partly_returned", "some of what the instrument lost came back, but not all"}, NoStatus},
	FullyReturned:      {word{"fully_returned", "all that the instrument lost came back"}, NoStatus},
	TopUpRefunded:      {word{"topup_refunded", "a refund (not a reversal) of a top-up: the instrument was credited and the wallet is taken to be untouched"}, NoStatus},
	OwnChargeUndone:    {word{"own_charge_undone", "the attacker undid a charge of the owner; what came back counts as the owner's"}, NoStatus},
	PossibleSpared:     {word{"possible_spared", "less is taken back than is named, because charges that are only possibly the attacker's may have used it"}, NoStatus},
	FundingUnknown:     {word{"funding_unknown", "the log does not say what paid: a top-up gets no channel, a payment is taken to be from the balance"}, NoStatus},
	FundingOther:       {word{"funding_other", "paid by a kind of instrument that the schema does not know: no channel"}, NoStatus},
	IssuerMayStop:      {word{"issuer_may_stop", "the issuer can still stop the debit"}, Held},
	Pending:            {word{"pending", "stands on a charge that is still pending, counted as if approved"}, Held},
	CashOwnerUnknown:   {word{"cash_owner_unknown", "the attacker paid in cash: the log cannot say whose cash it was"}, NeedsDecision},
	PossibleAccount:    {word{"possible_account", "the account is only possibly a victim"}, NeedsDecision},
	OverReturned:       {word{"over_returned", "more came back than went out"}, Exception},
	NegativeNet:        {word{"negative_net", "the lines of the account add up to less than nothing in this currency"}, Exception},
	OrphanReversal:     {word{"orphan_reversal", "names no original, or one that is not among the account's rows"}, Exception},
	CurrencyDiffers:    {word{"currency_differs", "is in another currency than its original"}, Exception},
	UnclearOriginal:    {word{"unclear_original", "names an original that it cannot undo, such as a chargeback of a payment from the balance"}, Exception},
	DeclinedOriginal:   {word{"declined_original", "gives money back for a charge that was declined"}, Exception},
	BalanceBelowZero:   {word{"balance_below_zero", "the known balance and the rows lead to a wallet below zero: a row is missing from the log"}, Exception},
	OwnerSpent:         {word{"owner_spent", "the owner spent money that the attacker had put in"}, Exception},
	BalancesDiffer:     {word{"balances_differ", "the known balances of the wallet do not fit the rows between them: a row is missing from the log"}, Exception},
}

// String returns the code that files show.
func (c Component) String() string { return componentWords[c].code }

// Doc returns what the component means, in one line.
func (c Component) Doc() string { return componentWords[c].doc }

// String returns the code that files show.
func (c Channel) String() string { return channelWords[c].code }

// Doc returns what the channel means, in one line.
func (c Channel) Doc() string { return channelWords[c].doc }

// String returns the code that files show.
func (s Status) String() string { return statusWords[s].code }

// Doc returns what the status means, in one line.
func (s Status) Doc() string { return statusWords[s].doc }

// String returns the code that files show.
func (r Reason) String() string { return reasonWords[r].code }

// Doc returns what the reason means, in one line.
func (r Reason) Doc() string { return reasonWords[r].doc }

// Leads returns the status that the reason alone gives a line, NoStatus where
// it only explains. PossibleAccount goes before all others; among the rest the
// later status wins.
func (r Reason) Leads() Status { return reasonWords[r].leads }

// Components lists all components, for the schema.
func Components() []Component { return count(InstrumentRefund, numComponents) }

// Channels lists all channels, for the schema.
func Channels() []Channel { return count(NoChannel, numChannels) }

// Statuses lists all statuses, for the schema.
func Statuses() []Status { return count(Open, numStatuses) }

// AllReasons lists all reasons, for the schema.
func AllReasons() []Reason { return count(TopUpByAttacker, numReasons) }

func count[T ~uint8](from, to T) []T {
	list := make([]T, 0, to-from)
	for v := from; v < to; v++ {
		list = append(list, v)
	}
	return list
}

// Reasons is a set of reasons. A set has one order, and holds a reason once.
type Reasons uint64

func setOf(list ...Reason) Reasons {
	var s Reasons
	for _, r := range list {
		s.add(r)
	}
	return s
}

// add puts r in the set; NoReason is nothing to put.
func (s *Reasons) add(r Reason) { *s |= 1 << r &^ 1 }

// Has reports whether r is in the set.
func (s Reasons) Has(r Reason) bool { return s>>r&1 == 1 }

// List returns the reasons in their order.
func (s Reasons) List() []Reason {
	var list []Reason
	for r := TopUpByAttacker; r < numReasons; r++ {
		if s.Has(r) {
			list = append(list, r)
		}
	}
	return list
}

// String returns the codes in their order, joined by ";", as files show them.
func (s Reasons) String() string {
	var b strings.Builder
	for r := TopUpByAttacker; r < numReasons; r++ {
		if !s.Has(r) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(r.String())
	}
	return b.String()
}

// status is a function of the reasons and the amount alone, so that nobody has
// to guess why a line may not be paid.
func (s Reasons) status(amount int64) Status {
	if s.Has(PossibleAccount) {
		return NeedsDecision
	}
	worst := Open
	if amount == 0 {
		worst = Closed
	}
	for r := IssuerMayStop; r < numReasons; r++ {
		if s.Has(r) {
			worst = max(worst, r.Leads())
		}
	}
	return worst
}

// ParseComponent returns the component of a code.
func ParseComponent(code string) (Component, bool) {
	return parse[Component](code, InstrumentRefund, numComponents)
}

// ParseChannel returns the channel of a code.
func ParseChannel(code string) (Channel, bool) { return parse[Channel](code, NoChannel, numChannels) }

// ParseStatus returns the status of a code.
func ParseStatus(code string) (Status, bool) { return parse[Status](code, Open, numStatuses) }

func parse[T interface {
	~uint8
	String() string
}](code string, from, to T) (T, bool) {
	for v := from; v < to; v++ {
		if v.String() == code {
			return v, true
		}
	}
	return 0, false
}
