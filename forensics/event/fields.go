package event

// A Field is a column of the neutral schema, of auth and payment logs alike.
type Field uint8

// The fields. Auth and payment logs share the names that they share.
const (
	EventTime Field = iota
	AccountID
	DeviceID
	SessionID
	IP
	// of auth logs
	EventWord
	OutcomeWord
	ReasonWord
	UserAgent
	CountryCode
	ASNumber
	EventID
	SourcePort
	Method
	Detail
	// of payment logs
	TxnID
	KindWord
	AmountText
	CurrencyCode
	StatusWord
	MerchantID
	StoreID
	FundingSource
	OriginalTxnID
	FundingRef
	PSPReference
	CounterpartyID
	TerminalID
	OperatorID
	Category
	NumFields
)

var fieldNames = [NumFields]string{
	EventTime: "event_time", AccountID: "account_id", DeviceID: "device_id", SessionID: "session_id", IP: "ip",
	EventWord: "event", OutcomeWord: "outcome", ReasonWord: "reason", UserAgent: "user_agent",
	CountryCode: "country", ASNumber: "asn", EventID: "event_id", SourcePort: "source_port",
	Method: "method", Detail: "detail",
	TxnID: "txn_id", KindWord: "kind", AmountText: "amount", CurrencyCode: "currency", StatusWord: "status",
	MerchantID: "merchant_id", StoreID: "store_id", FundingSource: "funding_source",
	OriginalTxnID: "original_txn_id", FundingRef: "funding_ref", PSPReference: "psp_reference",
	CounterpartyID: "counterparty_account_id", TerminalID: "terminal_id", OperatorID: "operator_id",
	Category: "category",
}

// String returns the column name of the neutral schema.
func (f Field) String() string { return fieldNames[f] }

var fieldDocs = [NumFields]string{
	EventTime:   "RFC 3339 stamp with its zone (2019-07-02T17:30:00.123456Z); without a zone give --tz",
	AccountID:   "the account, as the service names it; for failed logins the id that was tried; a refund, reversal or chargeback without one is its original's",
	DeviceID:    "the device or installation",
	SessionID:   "the session that a login began",
	IP:          "network address, IPv4 or IPv6",
	EventWord:   "login, external_login, logout, password_reset, password_change, email_change, mfa_challenge, device_register, account_create, card_register",
	OutcomeWord: "success, failure or empty",
	ReasonWord:  "why it failed: bad_password, unknown_account, locked, mfa_failed, ...",
	UserAgent:   "program, model and system as the client gives them",
	CountryCode: "ISO 3166, two letters",
	ASNumber:    "number of the network operator",
	EventID:     "unique name of the row; the same again is a duplicate",
	SourcePort:  "port of the client", Method: "how it was authenticated", Detail: "anything else",
	TxnID:        "unique name of the transaction",
	KindWord:     "topup, payment, refund, reversal, chargeback, transfer_out, transfer_in, payout",
	AmountText:   "unsigned decimal in the currency's own digits: 1200 (JPY), 12.00 (USD)",
	CurrencyCode: "ISO 4217; where it is absent give --currency",
	StatusWord:   "approved, declined, pending; column absent: approved",
	MerchantID:   "the merchant", StoreID: "the shop",
	FundingSource:  "balance, card, debit, bank, cash, points, ...",
	OriginalTxnID:  "what a refund, reversal or chargeback undoes",
	FundingRef:     "token of the instrument",
	PSPReference:   "the payment provider's name of the transaction",
	CounterpartyID: "the other account of a transfer", TerminalID: "register", OperatorID: "who worked at it",
	Category: "kind of goods",
}

// Doc returns what the column holds, in one line.
func (f Field) Doc() string { return fieldDocs[f] }

// AuthFields and PaymentFields list the columns of each log in the order of
// the schema; the first counts of them are what most exports have, the rest is
// optional and its absence is not worth a word.
var (
	AuthFields = []Field{EventTime, AccountID, EventWord, OutcomeWord, ReasonWord, IP, DeviceID, UserAgent,
		SessionID, CountryCode, ASNumber, EventID, SourcePort, Method, Detail}
	PaymentFields = []Field{EventTime, TxnID, AccountID, KindWord, AmountText, CurrencyCode, StatusWord,
		MerchantID, StoreID, DeviceID, SessionID, IP, FundingSource, OriginalTxnID,
		FundingRef, PSPReference, CounterpartyID, TerminalID, OperatorID, Category}
)

// Required lists the columns without which a log cannot be read. A currency
// may come from a flag instead.
func Required(r Role) []Field {
	if r == Payments {
		return []Field{EventTime, TxnID, AccountID, KindWord, AmountText}
	}
	return []Field{EventTime, AccountID, EventWord, OutcomeWord}
}
