// Package eventtest writes the rows of an account as text that can be read, for
// the tests of the method. It is for tests only.
package eventtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// Midnight is the instant that small logs count from: 1 July 2019, UTC.
const Midnight = int64(1561939200) * 1_000_000

// key is the key of a text, and remembers the text.
func key(names map[event.Key]string, text string) event.Key {
	k := event.KeyOfString(text)
	names[k] = text
	return k
}

// Read makes the rows of one account from a small log, one row a line:
//
//	time action|!action [dev=D sess=S ip=N ua=U asn=N cc=XX hist unknown]
//	time kind amount    [dev=D sess=S ip=N store=S txn=T ref=R cur=XXX card declined|pending]
//
// where time counts from midnight (25h30m), !action is one that failed, and ip
// is the last figure of an address; unknown says that there was no such account,
// card that a card paid. A name is any text.
func Read(t testing.TB, account, text string) (logins []event.Login, charges []event.Charge, names map[event.Key]string) {
	t.Helper()
	names = map[event.Key]string{}
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			t.Fatalf("row %q: want a time and an action", line)
		}
		after, err := time.ParseDuration(f[0])
		if err != nil {
			t.Fatalf("row %q: %v", line, err)
		}
		at, pos := Midnight+after.Microseconds(), event.At(0, int64(n))
		kind, isCharge := event.ParseKind([]byte(f[1]))
		if !isCharge {
			logins = append(logins, loginRow(t, names, f[1:], event.Login{Time: at, Account: event.KeyOfString(account), Pos: pos}))
			continue
		}
		c := event.Charge{Time: at, Account: event.KeyOfString(account), Pos: pos, Kind: kind}
		charges = append(charges, chargeRow(t, names, f[2:], c))
	}
	slices.SortFunc(logins, func(a, b event.Login) int { return event.CompareLogins(&a, &b) })
	slices.SortFunc(charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
	return logins, charges, names
}

func loginRow(t testing.TB, names map[event.Key]string, f []string, l event.Login) event.Login {
	t.Helper()
	word, failed := strings.CutPrefix(f[0], "!")
	outcome, history := event.Success, slices.Contains(f, "hist")
	if failed {
		outcome = event.Failure
	}
	reason := event.NoReason
	if slices.Contains(f, "unknown") {
		reason = event.UnknownAccount
	}
	l.Action, l.Word = event.ParseAction([]byte(word)), event.PackWord(outcome, reason, true, false, history)
	for _, word := range f[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "dev":
			l.Device = key(names, value)
		case "sess":
			l.Session = key(names, value)
		case "ua":
			l.Agent = key(names, value)
		case "ip":
			l.Addr = Addr(t, value)
		case "asn":
			l.ASN = uint32(number(t, value))
		case "cc":
			l.Country = event.Country(value[0])<<8 | event.Country(value[1])
		case "hist", "unknown":
		default:
			t.Fatalf("what is %q?", word)
		}
	}
	return l
}

func chargeRow(t testing.TB, names map[event.Key]string, f []string, c event.Charge) event.Charge {
	t.Helper()
	c.Amount, c.Status, c.Currency = number(t, f[0]), event.Approved, uint32(money.MustCurrency("JPY"))
	c.Txn = key(names, fmt.Sprint("txn ", c.Pos.Offset()))
	for _, word := range f[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "dev":
			c.Device = key(names, value)
		case "sess":
			c.Session = key(names, value)
		case "ip":
			c.Addr = Addr(t, value)
		case "store":
			c.Store = key(names, value)
		case "txn":
			c.Txn = key(names, value)
		case "ref":
			c.Ref = key(names, value)
		case "cur":
			c.Currency = uint32(money.MustCurrency(value))
		case "card":
			c.Funding = event.Card
		case "declined", "pending":
			c.Status, _ = event.ParseStatus([]byte(name))
		default:
			t.Fatalf("what is %q?", word)
		}
	}
	return c
}

func Addr(t testing.TB, s string) event.Addr {
	return event.AddrFrom4(0xf0000000 | uint32(number(t, s)))
}

func number(t testing.TB, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
