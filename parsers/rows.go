package parsers

import (
	"bytes"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
	"github.com/paytriage/paytriage/parsers/profile"
)

// A fault says why a record is rejected; the zero fault says that it is not.
type fault struct {
	column event.Field
	reason string
}

// The reasons for which a record is rejected. They are constants, so that a
// rejected row costs no formatting and the same fault always has one wording.
const (
	badWidth    = "not as many fields as the header"
	badTime     = "cannot read this time; it should look like 2019-07-02T17:30:00.123456Z"
	badZone     = "a time without a zone; say which with --tz"
	badGap      = "a wall-clock time that the zone skips"
	isEmpty     = "empty"
	badOutcome  = "neither success, failure nor empty"
	badKind     = "not a kind of the schema"
	badStatus   = "not approved, declined or pending"
	badAmount   = "not an unsigned decimal in the currency's own digits"
	badCurrency = "not a currency code with known digits"
	tooManyRows = "more than 64 rows in one record"
	noOriginal  = "empty, and the original that it names is in no log"
	manyOwners  = "empty, and the original that it names is of several accounts"
)

// fields are the texts of one row in the neutral schema, nil where absent,
// without blanks around them.
type fields = profile.Fields

// reader turns fields into rows. It allocates nothing.
type reader struct {
	role     event.Role
	zone     *scalar.Clock  // nil: stamps must carry their zone
	currency money.Currency // where no column says
	lean     bool           // the source has none of the fields that rows do not hold
	unread   [event.NumFields]int64

	last   money.Currency // that was asked for, and what is known of it
	digits int
	known  bool
}

// login reads fields into l.
func (r *reader) login(v *fields, l *event.Login) fault {
	t, f := r.time(v)
	if f.reason != "" {
		return f
	}
	account := v[event.AccountID]
	if len(account) == 0 {
		return fault{event.AccountID, isEmpty}
	}
	action := v[event.EventWord]
	if len(action) == 0 {
		return fault{event.EventWord, isEmpty}
	}
	outcome, ok := event.ParseOutcome(v[event.OutcomeWord])
	if !ok {
		return fault{event.OutcomeWord, badOutcome}
	}
	l.Time, l.Account, l.Action = t.Micros, event.KeyOf(account), event.ParseAction(action)
	rest := r.rest(v) + finer(v[event.EventTime])
	r.client(v, l, &rest)
	if l.Action == event.OtherAction {
		rest += beside(event.EventWord, action)
	}
	why := event.ParseReason(v[event.ReasonWord])
	if why == event.OtherReason {
		rest += beside(event.ReasonWord, v[event.ReasonWord])
	}
	l.ID = rest
	id := event.KeyOf(v[event.EventID])
	if id != 0 {
		l.ID = id
	}
	l.Word = event.PackWord(outcome, why, t.Fine, id != 0, r.role == event.History)
	return fault{}
}

// client reads what a login came from.
func (r *reader) client(v *fields, l *event.Login, rest *event.Key) {
	l.Device = event.KeyOf(v[event.DeviceID])
	l.Session = event.KeyOf(v[event.SessionID])
	l.Agent = event.KeyOf(v[event.UserAgent])
	l.Addr = r.addr(v, rest)
	if ip := v[event.IP]; l.Addr.Is4() && bytes.IndexByte(ip, ':') >= 0 || len(ip) > 0 && ip[0] == '[' {
		*rest += beside(event.IP, ip) // another port is another connection
	}
	l.Country = r.country(v, rest)
	l.ASN = r.asn(v, rest)
}

// charge reads fields into p.
func (r *reader) charge(v *fields, p *event.Charge) fault {
	t, f := r.time(v)
	if f.reason != "" {
		return f
	}
	txn, account := v[event.TxnID], v[event.AccountID]
	switch {
	case len(txn) == 0:
		return fault{event.TxnID, isEmpty}
	case len(account) == 0 && len(v[event.OriginalTxnID]) == 0:
		return fault{event.AccountID, isEmpty}
	}
	kind, ok := event.ParseKind(v[event.KindWord])
	switch {
	case !ok:
		return fault{event.KindWord, badKind}
	case len(account) == 0 && refOf(kind) != originalRef:
		return fault{event.AccountID, isEmpty}
	}
	p.Time, p.Txn, p.Account, p.Kind = t.Micros, event.KeyOf(txn), event.KeyOf(account), kind
	if f := r.money(v, p); f.reason != "" {
		return f
	}
	if p.Status, ok = r.status(v); !ok {
		return fault{event.StatusWord, badStatus}
	}
	r.parties(v, p)
	return fault{}
}

// money reads amount and currency.
func (r *reader) money(v *fields, p *event.Charge) fault {
	cur := r.currency
	if b := v[event.CurrencyCode]; len(b) > 0 {
		cur, _ = money.ParseCurrency(b)
	}
	if cur != r.last {
		r.digits, r.known = cur.Exponent()
		r.last = cur
	}
	if !r.known {
		return fault{event.CurrencyCode, badCurrency}
	}
	amount, ok := money.Parse(v[event.AmountText], r.digits)
	if !ok {
		return fault{event.AmountText, badAmount}
	}
	p.Amount, p.Currency = amount, uint32(cur)
	return fault{}
}

// status reads the status; a row without one is approved.
func (r *reader) status(v *fields) (event.Status, bool) {
	if v[event.StatusWord] == nil {
		return event.Approved, true
	}
	return event.ParseStatus(v[event.StatusWord])
}

// parties reads who and where: device, session, address, shop, counterpart.
func (r *reader) parties(v *fields, p *event.Charge) {
	p.Device = event.KeyOf(v[event.DeviceID])
	p.Session = event.KeyOf(v[event.SessionID])
	p.Rest = r.rest(v)
	p.Funding = event.ParseFunding(v[event.FundingSource])
	if p.Funding == event.OtherFunding {
		p.Rest += beside(event.FundingSource, v[event.FundingSource])
	}
	p.Addr = r.addr(v, &p.Rest)

	store, merchant := event.KeyOf(v[event.StoreID]), event.KeyOf(v[event.MerchantID])
	if p.Store = store; store == 0 {
		p.Store = merchant
	}
	p.Rest += merchant.Join(event.Key(event.MerchantID))
	if len(v[event.TerminalID]) > 0 {
		p.Mark |= event.HasTerminal
	}
	if len(v[event.OperatorID]) > 0 {
		p.Mark |= event.HasOperator
	}
	refs := [3]event.Key{
		event.KeyOf(v[event.OriginalTxnID]),
		event.KeyOf(v[event.CounterpartyID]),
		event.KeyOf(v[event.FundingRef]),
	}
	p.Ref = refs[refOf(p.Kind)]
	for i, k := range refs {
		if k != 0 {
			p.Rest += k.Join(event.Key(i + 1))
		}
	}
}

// What a row can point at.
const (
	originalRef = iota
	counterpartyRef
	instrumentRef
)

// refOf says which of original, counterparty and instrument a kind points at.
func refOf(k event.Kind) int {
	switch k {
	case event.Refund, event.Reversal, event.Chargeback:
		return originalRef
	case event.TransferIn, event.TransferOut, event.Payout:
		return counterpartyRef
	}
	return instrumentRef
}

// time reads the stamp as UTC.
func (r *reader) time(v *fields) (scalar.Time, fault) {
	b := v[event.EventTime]
	t, ok := scalar.TryTime(b)
	switch {
	case len(b) == 0:
		return t, fault{event.EventTime, isEmpty}
	case !ok:
		return t, fault{event.EventTime, badTime}
	case t.Zoned:
		return t, fault{}
	case r.zone == nil:
		return t, fault{event.EventTime, badZone}
	}
	if t.Micros, _, ok = r.zone.UTC(t.Micros); !ok {
		return t, fault{event.EventTime, badGap}
	}
	return t, fault{}
}

// addr reads the address. Text that is none is counted and taken as absent: a
// payment is not lost for the sake of a field that proves nothing by itself.
// What the address does not hold is added to rest.
func (r *reader) addr(v *fields, rest *event.Key) event.Addr {
	b := v[event.IP]
	if len(b) == 0 {
		return 0
	}
	a, low, ok := scalar.TryAddr(b)
	if !ok {
		r.unread[event.IP]++
		*rest += beside(event.IP, b)
		return 0
	}
	*rest += event.Key(low)
	return a
}

// country reads the country as addr reads the address.
func (r *reader) country(v *fields, rest *event.Key) event.Country {
	b := v[event.CountryCode]
	if len(b) == 0 {
		return 0
	}
	c, ok := scalar.TryCountry(b)
	if !ok {
		r.unread[event.CountryCode]++
		*rest += beside(event.CountryCode, b)
	}
	return c
}

// asn reads the network operator as addr reads the address.
func (r *reader) asn(v *fields, rest *event.Key) uint32 {
	b := v[event.ASNumber]
	if len(b) == 0 {
		return 0
	}
	n, ok := scalar.TryUint32(b)
	if !ok {
		r.unread[event.ASNumber]++
		*rest += beside(event.ASNumber, b)
	}
	return n
}

// rest returns a key of the fields that a row has no place for. It is a sum,
// so that a column that is absent and one that is empty are the same.
func (r *reader) rest(v *fields) event.Key {
	if r.lean {
		return 0
	}
	var sum event.Key
	for _, f := range rowless {
		if v[f] != nil {
			sum += beside(f, v[f])
		}
	}
	return sum
}

// beside returns a key of a text that is more than the row says of it: a word
// that the schema does not know, an address that is none, a field that the row
// has no place for. Two records that differ only there are not the same.
func beside(f event.Field, text []byte) event.Key {
	k := event.KeyOf(text)
	if k == 0 {
		return 0
	}
	return k.Join(event.Key(f))
}

// finer returns a key of the digits of a stamp beyond the microsecond, which is
// as fine as times are kept.
func finer(stamp []byte) event.Key {
	const micros = len("2019-07-02T12:03:04.123456")
	if len(stamp) <= micros || stamp[micros]-'0' > 9 {
		return 0
	}
	n := micros - len("123456")
	for n < len(stamp) && stamp[n]-'0' <= 9 {
		n++
	}
	return beside(event.EventTime, bytes.TrimRight(stamp[micros:max(n, micros)], "0"))
}
