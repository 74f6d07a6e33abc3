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
