package forensics_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/policy"
)

// midnight is the instant that books begin at: 1 July 2019, UTC.
const midnight = int64(1561939200) * 1_000_000

// An entry is one row of a log: when, and the text of its columns.
type entry struct {
	at     int64 // microseconds UTC
	fields [event.NumFields]string
}

// A book is a pair of logs as they would have been exported, for tests that
// want the text of rows as well.
type book struct {
	auth, payments []entry
}

// note fills an entry from words of the form column=text.
func note(after time.Duration, words []string) entry {
	e := entry{at: midnight + after.Microseconds()}
	for _, w := range words {
		name, text, _ := strings.Cut(w, "=")
		for f := range event.NumFields {
			if f.String() == name {
				e.fields[f], name = text, ""
			}
		}
		if name != "" {
			panic("no column " + name)
		}
	}
	return e
}

// login adds a row to the auth log.
func (b *book) login(after time.Duration, account, device, ip string, more ...string) {
	words := []string{"event=login", "outcome=success", "account_id=" + account, "device_id=" + device, "ip=" + ip, "session_id=" + account + device}
	b.auth = append(b.auth, note(after, append(words, more...)))
}

// pay adds a row to the payment log and returns its transaction.
func (b *book) pay(after time.Duration, account, device, kind string, amount int64, more ...string) string {
	txn := fmt.Sprintf("T%05d", len(b.payments))
	funding := "balance"
	if kind == "topup" {
		funding = "card"
	}
	words := []string{"txn_id=" + txn, "account_id=" + account, "device_id=" + device, "kind=" + kind,
		"amount=" + strconv.FormatInt(amount, 10), "currency=JPY", "status=approved", "funding_source=" + funding}
	b.payments = append(b.payments, note(after, append(words, more...)))
	return txn
}

// key is the key of a column's text.
func (e *entry) key(f event.Field) event.Key { return event.KeyOfString(e.fields[f]) }

func (e *entry) addr() event.Addr {
	var v uint32
	for part := range strings.SplitSeq(e.fields[event.IP], ".") {
		n, _ := strconv.Atoi(part)
		v = v<<8 | uint32(n)
	}
	if v == 0 {
		return 0
	}
	return event.AddrFrom4(v)
}

func (e *entry) asLogin(pos event.Pos) event.Login {
	outcome, _ := event.ParseOutcome([]byte(e.fields[event.OutcomeWord]))
	return event.Login{Time: e.at, Account: e.key(event.AccountID), Device: e.key(event.DeviceID), Session: e.key(event.SessionID),
		Addr: e.addr(), Agent: e.key(event.UserAgent), Pos: pos, Action: event.ParseAction([]byte(e.fields[event.EventWord])),
		Word: event.PackWord(outcome, event.ParseReason([]byte(e.fields[event.ReasonWord])), true, false, false)}
}

func (e *entry) asCharge(pos event.Pos) event.Charge {
	kind, _ := event.ParseKind([]byte(e.fields[event.KindWord]))
	status, _ := event.ParseStatus([]byte(e.fields[event.StatusWord]))
	amount, err := strconv.ParseInt(e.fields[event.AmountText], 10, 64)
	if err != nil {
		panic(err)
	}
	c := event.Charge{Time: e.at, Account: e.key(event.AccountID), Txn: e.key(event.TxnID), Device: e.key(event.DeviceID),
		Session: e.key(event.SessionID), Addr: e.addr(), Store: e.key(event.StoreID), Ref: e.key(event.FundingRef), Pos: pos,
		Amount: amount, Currency: uint32(money.MustCurrency(e.fields[event.CurrencyCode])), Kind: kind, Status: status,
		Funding: event.ParseFunding([]byte(e.fields[event.FundingSource]))}
	if e.fields[event.TerminalID] != "" {
		c.Mark |= event.HasTerminal
	}
	if e.fields[event.OperatorID] != "" {
		c.Mark |= event.HasOperator
	}
	switch kind {
	case event.TransferIn, event.TransferOut, event.Payout:
		c.Ref = e.key(event.CounterpartyID)
	case event.Refund, event.Reversal, event.Chargeback:
		c.Ref = e.key(event.OriginalTxnID)
	}
	return c
}

// log makes the rows of a book, accounts spread over partitions by chance, and
// a Text that reads the book.
func (b *book) log(r *rand.Rand, parts int) *event.Log {
	all := make([]event.Part, parts)
	l := &event.Log{Text: b.text,
		Sources: []event.Source{{Name: "auth.csv", Role: event.Auth}, {Name: "payments.csv", Role: event.Payments}}}
	at := map[event.Key]int{}
	part := func(account event.Key, source int, time64 int64) *event.Part {
		if _, ok := at[account]; !ok {
			at[account] = r.IntN(parts)
		}
		s, t := &l.Sources[source], time.UnixMicro(time64)
		if s.First.IsZero() || t.Before(s.First) {
			s.First = t
		}
		if t.After(s.Last) {
			s.Last = t
		}
		return &all[at[account]]
	}
	for i := range b.auth {
		row := b.auth[i].asLogin(event.At(0, int64(i)))
		p := part(row.Account, 0, row.Time)
		p.Logins = append(p.Logins, row)
	}
	for i := range b.payments {
		row := b.payments[i].asCharge(event.At(1, int64(i)))
		p := part(row.Account, 1, row.Time)
		p.Charges = append(p.Charges, row)
	}
	for i := range all {
		all[i].Sort()
	}
	l.Parts = event.Pack(all, func(account event.Key) int { return at[account] })
	return l
}

// text reads rows of the book. The header is line 1.
func (b *book) text(_ context.Context, rows []event.Pos) ([]event.Text, error) {
	out := make([]event.Text, len(rows))
	for i, row := range rows {
		entries := b.auth
		if row.Source() == 1 {
			entries = b.payments
		}
		out[i] = event.Text{Line: row.Offset() + 2, Fields: entries[row.Offset()].fields}
	}
	return out, nil
}

// shuffle puts the rows of both logs into another order.
func (b *book) shuffle(r *rand.Rand) *book {
	s := &book{slices.Clone(b.auth), slices.Clone(b.payments)}
	r.Shuffle(len(s.auth), func(i, j int) { s.auth[i], s.auth[j] = s.auth[j], s.auth[i] })
	r.Shuffle(len(s.payments), func(i, j int) { s.payments[i], s.payments[j] = s.payments[j], s.payments[i] })
	return s
}

// investigate is Investigate by the default policy.
func investigate(t testing.TB, l *event.Log, workers int) *forensics.Case {
	t.Helper()
	return investigateWith(t, l, forensics.Options{Workers: workers})
}

// investigateWith is Investigate by the default policy.
func investigateWith(t testing.TB, l *event.Log, opt forensics.Options) *forensics.Case {
	t.Helper()
	p := policy.Default()
	c, err := forensics.Investigate(context.Background(), l, &p, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// month is a service of some homes, h000 and so on, that log in and shop.
func month(r *rand.Rand, homes int) *book {
	b := &book{}
	for n := range homes {
		account, device, ip := fmt.Sprintf("h%03d", n), fmt.Sprintf("phone-%03d", n), fmt.Sprintf("240.0.%d.1", n)
		turn := 3 + r.IntN(17) // of every tenth, the day of a new phone
		for day := range 24 {
			if n%10 == 0 && day == turn {
				device += "-new"
			}
			at := time.Duration(day)*24*time.Hour + time.Duration(r.IntN(1000))*time.Minute
			if r.IntN(3) == 0 {
				continue
			}
			b.login(at, account, device, ip)
			if r.IntN(2) == 0 {
				b.pay(at+20*time.Minute, account, device, "topup", 1000*int64(1+r.IntN(5)), "funding_ref=card-"+account)
			}
			if r.IntN(3) > 0 {
				b.pay(at+50*time.Minute, account, device, "payment", int64(100+r.IntN(2000)), "store_id="+fmt.Sprintf("S%02d", r.IntN(30)))
			}
		}
	}
	return b
}

const (
	raidAt = 12 * 24 * time.Hour
	server = "250.9.9.9"
)

// tries lets a server try ids that nobody has.
func (b *book) tries(n int) {
	for i := range n {
		b.login(raidAt+time.Duration(i)*time.Second, fmt.Sprintf("x%04d", i), "tester", server, "outcome=failure", "reason=unknown_account", "session_id=")
	}
}

// enter lets the server into home n, and a thief's phone three hours later. It
// returns when that was, and the account.
func (b *book) enter(n int, phone, ip string) (time.Duration, string) {
	at, account := raidAt+time.Duration(n)*10*time.Second, fmt.Sprintf("h%03d", n)
	b.login(at, account, "tester", server)
	at += 3 * time.Hour
	b.login(at, account, phone, ip)
	return at, account
}
