package event

// An Action is what a row of an auth log says was done.
type Action uint8

// The actions of the neutral schema. OtherAction is a word that the schema
// does not know: the row counts as a sign of life and as nothing else.
const (
	NoAction Action = iota
	LoginAction
	ExternalLogin
	Logout
	PasswordReset
	PasswordChange
	EmailChange
	MFAChallenge
	DeviceRegister
	AccountCreate
	CardRegister
	OtherAction
	numActions
)

var actionWords = [numActions]string{
	LoginAction: "login", ExternalLogin: "external_login", Logout: "logout",
	PasswordReset: "password_reset", PasswordChange: "password_change", EmailChange: "email_change",
	MFAChallenge: "mfa_challenge", DeviceRegister: "device_register", AccountCreate: "account_create",
	CardRegister: "card_register", OtherAction: "other",
}

// An Outcome is how an action ended. The zero value is "not said", which the
// schema allows.
type Outcome uint8

// The outcomes of the neutral schema.
const (
	NoOutcome Outcome = iota
	Success
	Failure
	numOutcomes
)

var outcomeWords = [numOutcomes]string{Success: "success", Failure: "failure"}

// A Reason is why an action failed.
type Reason uint8

// The reasons that the method tells apart. OtherReason is any other word.
const (
	NoReason Reason = iota
	BadPassword
	UnknownAccount
	Locked
	MFAFailed
	OtherReason
	numReasons
)

var reasonWords = [numReasons]string{
	BadPassword: "bad_password", UnknownAccount: "unknown_account", Locked: "locked",
	MFAFailed: "mfa_failed", OtherReason: "other",
}

// A Kind is what a row of a payment log did with value.
type Kind uint8

// The kinds of the neutral schema.
const (
	NoKind Kind = iota
	TopUp
	Payment
	Refund
	Reversal
	Chargeback
	TransferOut
	TransferIn
	Payout
	numKinds
)

var kindWords = [numKinds]string{
	TopUp: "topup", Payment: "payment", Refund: "refund", Reversal: "reversal",
	Chargeback: "chargeback", TransferOut: "transfer_out", TransferIn: "transfer_in", Payout: "payout",
}

// A Status is what became of a transaction.
type Status uint8

// The statuses of the neutral schema, in the order in which they supersede
// each other when a transaction has two at one instant.
const (
	NoStatus Status = iota
	Pending
	Approved
	Declined
	numStatuses
)

var statusWords = [numStatuses]string{Pending: "pending", Approved: "approved", Declined: "declined"}

// A Funding is where the money of a top-up or payment came from.
type Funding uint8

// The funding sources of the neutral schema. OtherFunding is any other word:
// an instrument that is not the wallet.
const (
	NoFunding Funding = iota
	Balance
	Card
	Debit
	Bank
	Cash
	Points
	OtherFunding
	numFundings
)

var fundingWords = [numFundings]string{
	Balance: "balance", Card: "card", Debit: "debit", Bank: "bank", Cash: "cash",
	Points: "points", OtherFunding: "other",
}

func (a Action) String() string  { return actionWords[a] }
func (o Outcome) String() string { return outcomeWords[o] }
func (r Reason) String() string  { return reasonWords[r] }
func (k Kind) String() string    { return kindWords[k] }
func (s Status) String() string  { return statusWords[s] }
func (f Funding) String() string { return fundingWords[f] }

// ParseAction returns the action of a word of the schema. An unknown word is
// OtherAction: auth logs have many more kinds of row than the method needs.
func ParseAction(b []byte) Action {
	if i := find(actionWords[:], b); i > 0 {
		return Action(i)
	}
	return OtherAction
}

// ParseOutcome returns the outcome of a word, "" being NoOutcome, and false
// for a word that the schema does not have.
func ParseOutcome(b []byte) (Outcome, bool) {
	i := find(outcomeWords[:], b)
	return Outcome(max(i, 0)), i >= 0
}

// ParseReason returns the reason of a word; unknown words are OtherReason.
func ParseReason(b []byte) Reason {
	if i := find(reasonWords[:], b); i >= 0 {
		return Reason(i)
	}
	return OtherReason
}

// ParseKind returns the kind of a word, and false for any other word.
func ParseKind(b []byte) (Kind, bool) {
	i := find(kindWords[:], b)
	return Kind(max(i, 0)), i > 0
}

// ParseStatus returns the status of a word, and false for any other word.
func ParseStatus(b []byte) (Status, bool) {
	i := find(statusWords[:], b)
	return Status(max(i, 0)), i > 0
}

// ParseFunding returns the funding source of a word; "" is NoFunding, unknown
// words are OtherFunding.
func ParseFunding(b []byte) Funding {
	if i := find(fundingWords[:], b); i >= 0 {
		return Funding(i)
	}
	return OtherFunding
}

// find returns the index of b in words, or -1. The lists are so short, and
// their words so unlike in length, that a walk beats a hash.
func find(words []string, b []byte) int {
	for i, w := range words {
		if len(w) == len(b) && w == string(b) {
			return i
		}
	}
	return -1
}

// The marks of Login.Word beside outcome (bits 0-1) and reason (bits 2-4).
const (
	markFine    = 1 << 5 // the stamp is finer than a second
	markID      = 1 << 6 // Login.ID is an event_id
	markHistory = 1 << 7 // the row only teaches what is normal
)

// PackWord makes Login.Word.
func PackWord(o Outcome, r Reason, fine, hasID, history bool) uint8 {
	w := uint8(o) | uint8(r)<<2
	if fine {
		w |= markFine
	}
	if hasID {
		w |= markID
	}
	if history {
		w |= markHistory
	}
	return w
}

// Outcome returns how the action ended.
func (l *Login) Outcome() Outcome { return Outcome(l.Word & 3) }

// Reason returns why the action failed.
func (l *Login) Reason() Reason { return Reason(l.Word >> 2 & 7) }

// Fine reports whether the stamp was finer than a second.
func (l *Login) Fine() bool { return l.Word&markFine != 0 }

// HasID reports whether the row had an event_id.
func (l *Login) HasID() bool { return l.Word&markID != 0 }

// History reports whether the row only teaches what is normal.
func (l *Login) History() bool { return l.Word&markHistory != 0 }

// Teach makes the row one that only teaches what is normal.
func (l *Login) Teach() { l.Word |= markHistory }
