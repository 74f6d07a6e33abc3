package parsers

import (
	"bytes"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
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
)

// reader turns records of one source into rows. It allocates nothing.
type reader struct {
	cols     *columns
	role     event.Role
	zone     *scalar.Clock  // nil: stamps must carry their zone
	currency money.Currency // where no column says
	unread   [event.NumFields]int64
}

// login reads the record that s stands on into l.
func (r *reader) login(s *delim.Splitter, l *event.Login) fault {
	if s.Malformed != "" {
		return fault{event.NumFields, s.Malformed}
	}
	c := r.cols
	if s.Len() != c.width {
		return fault{event.NumFields, badWidth}
	}
	t, f := r.time(s)
	if f.reason != "" {
		return f
	}
	account := c.get(s, event.AccountID)
	if len(account) == 0 {
		return fault{event.AccountID, isEmpty}
	}
	action := c.get(s, event.EventWord)
	if len(action) == 0 {
		return fault{event.EventWord, isEmpty}
	}
	outcome, ok := event.ParseOutcome(c.get(s, event.OutcomeWord))
	if !ok {
		return fault{event.OutcomeWord, badOutcome}
	}
	l.Time, l.Account, l.Action = t.Micros, event.KeyOf(account), event.ParseAction(action)
	rest := r.rest(s) + finer(c.get(s, event.EventTime))
	r.client(s, l, &rest)
	if l.Action == event.OtherAction {
		rest += beside(event.EventWord, action)
	}
	why := event.ParseReason(c.get(s, event.ReasonWord))
	if why == event.OtherReason {
		rest += beside(event.ReasonWord, c.get(s, event.ReasonWord))
	}
	l.ID = rest
	id := event.KeyOf(c.get(s, event.EventID))
	if id != 0 {
		l.ID = id
	}
	l.Word = event.PackWord(outcome, why, t.Fine, id != 0, r.role == event.History)
	return fault{}
}

// client reads what a login came from.
func (r *reader) client(s *delim.Splitter, l *event.Login, rest *event.Key) {
	l.Device = event.KeyOf(r.cols.get(s, event.DeviceID))
	l.Session = event.KeyOf(r.cols.get(s, event.SessionID))
	l.Agent = event.KeyOf(r.cols.get(s, event.UserAgent))
	l.Addr = r.addr(s, rest)
	if ip := r.cols.get(s, event.IP); l.Addr.Is4() && bytes.IndexByte(ip, ':') >= 0 || len(ip) > 0 && ip[0] == '[' {
		*rest += beside(event.IP, ip) // another port is another connection
	}
	l.Country = r.country(s, rest)
	l.ASN = r.asn(s, rest)
}

// charge reads the record that s stands on into p.
func (r *reader) charge(s *delim.Splitter, p *event.Charge) fault {
	if s.Malformed != "" {
		return fault{event.NumFields, s.Malformed}
	}
	c := r.cols
	if s.Len() != c.width {
		return fault{event.NumFields, badWidth}
	}
	t, f := r.time(s)
	if f.reason != "" {
		return f
	}
	txn, account := c.get(s, event.TxnID), c.get(s, event.AccountID)
	switch {
	case len(txn) == 0:
		return fault{event.TxnID, isEmpty}
	case len(account) == 0:
		return fault{event.AccountID, isEmpty}
	}
	kind, ok := event.ParseKind(c.get(s, event.KindWord))
	if !ok {
		return fault{event.KindWord, badKind}
	}
	p.Time, p.Txn, p.Account, p.Kind = t.Micros, event.KeyOf(txn), event.KeyOf(account), kind
	if f := r.money(s, p); f.reason != "" {
		return f
	}
	if p.Status, ok = r.status(s); !ok {
		return fault{event.StatusWord, badStatus}
	}
	r.parties(s, p)
	return fault{}
}

// money reads amount and currency.
func (r *reader) money(s *delim.Splitter, p *event.Charge) fault {
	cur := r.currency
	if b := r.cols.get(s, event.CurrencyCode); len(b) > 0 {
		cur, _ = money.ParseCurrency(b)
	}
	digits, known := cur.Exponent()
	if !known {
		return fault{event.CurrencyCode, badCurrency}
	}
	amount, ok := money.Parse(r.cols.get(s, event.AmountText), digits)
	if !ok {
		return fault{event.AmountText, badAmount}
	}
	p.Amount, p.Currency = amount, uint32(cur)
	return fault{}
}

// status reads the status; a source without the column has approved rows only.
func (r *reader) status(s *delim.Splitter) (event.Status, bool) {
	if !r.cols.has(event.StatusWord) {
		return event.Approved, true
	}
	return event.ParseStatus(r.cols.get(s, event.StatusWord))
}

// parties reads who and where: device, session, address, shop, counterpart.
func (r *reader) parties(s *delim.Splitter, p *event.Charge) {
	c := r.cols
	p.Device = event.KeyOf(c.get(s, event.DeviceID))
	p.Session = event.KeyOf(c.get(s, event.SessionID))
	p.Rest = r.rest(s)
	p.Funding = event.ParseFunding(c.get(s, event.FundingSource))
	if p.Funding == event.OtherFunding {
		p.Rest += beside(event.FundingSource, c.get(s, event.FundingSource))
	}
	p.Addr = r.addr(s, &p.Rest)

	store, merchant := event.KeyOf(c.get(s, event.StoreID)), event.KeyOf(c.get(s, event.MerchantID))
	if p.Store = store; store == 0 {
		p.Store = merchant
	}
	p.Rest += merchant.Join(event.Key(event.MerchantID))
	refs := [3]event.Key{
		event.KeyOf(c.get(s, event.OriginalTxnID)),
		event.KeyOf(c.get(s, event.CounterpartyID)),
		event.KeyOf(c.get(s, event.FundingRef)),
	}
	p.Ref = refs[refOf(p.Kind)]
	for i, k := range refs {
		if k != 0 {
			p.Rest += k.Join(event.Key(i + 1))
		}
	}
}

// refOf says which of original, counterparty and instrument a kind points at.
func refOf(k event.Kind) int {
	switch k {
	case event.Refund, event.Reversal, event.Chargeback:
		return 0
	case event.TransferIn, event.TransferOut, event.Payout:
		return 1
	}
	return 2
}

// time reads the stamp as UTC.
func (r *reader) time(s *delim.Splitter) (scalar.Time, fault) {
	b := r.cols.get(s, event.EventTime)
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
func (r *reader) addr(s *delim.Splitter, rest *event.Key) event.Addr {
	b := r.cols.get(s, event.IP)
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
func (r *reader) country(s *delim.Splitter, rest *event.Key) event.Country {
	b := r.cols.get(s, event.CountryCode)
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
func (r *reader) asn(s *delim.Splitter, rest *event.Key) uint32 {
	b := r.cols.get(s, event.ASNumber)
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
func (r *reader) rest(s *delim.Splitter) event.Key {
	var sum event.Key
	for _, f := range r.cols.joined {
		sum += beside(f, r.cols.get(s, f))
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
