package parsers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
)

// dirtyFiles returns a few files with everything that goes wrong in exports,
// small enough that rows meet their likes often.
func dirtyFiles(r *rand.Rand) []file {
	roles := []event.Role{event.Auth, event.Payments, event.Auth, event.Payments, event.History}
	columns := map[event.Role][]string{event.Auth: randomColumns(r, event.Auth), event.Payments: randomColumns(r, event.Payments)}
	columns[event.History] = columns[event.Auth]
	var files []file
	for i := range 1 + r.IntN(4) {
		role := roles[r.IntN(len(roles))]
		files = append(files, file{fmt.Sprintf("%s-%d.csv", role, i), dirtyText(r, role, columns[role]), role})
	}
	return files
}

// dirtyText returns the text of one export, with some more columns and in any
// order.
func dirtyText(r *rand.Rand, role event.Role, columns []string) string {
	header := slices.Clone(columns)
	for i := range r.IntN(3) {
		header = append(header, fmt.Sprintf("extra %d", i))
	}
	if r.IntN(2) == 0 {
		r.Shuffle(len(header), func(i, j int) { header[i], header[j] = header[j], header[i] })
	}
	eol := []string{"\n", "\r\n"}[r.IntN(2)]
	var b strings.Builder
	if r.IntN(4) == 0 {
		b.WriteString("\xef\xbb\xbf")
	}
	for range r.IntN(3) {
		b.WriteString(eol)
	}
	b.WriteString(strings.Join(header, ",") + eol)
	for range r.IntN(60) {
		b.WriteString(dirtyRecord(r, role, header) + eol)
		if r.IntN(20) == 0 {
			b.WriteString(eol)
		}
	}
	if r.IntN(3) == 0 {
		return strings.TrimSuffix(b.String(), eol)
	}
	return b.String()
}

// randomColumns returns the columns that an export must have and some others.
func randomColumns(r *rand.Rand, role event.Role) []string {
	known := event.AuthFields
	if role == event.Payments {
		known = event.PaymentFields
	}
	var columns []string
	for _, f := range known {
		if slices.Contains(event.Required(role), f) || r.IntN(4) > 0 {
			columns = append(columns, f.String())
		}
	}
	return columns
}

// dirtyRecord returns a record without its line end. Most are good.
func dirtyRecord(r *rand.Rand, role event.Role, header []string) string {
	fields := goodFields(r, role, header)
	at, id := r.IntN(len(fields)), slices.Index(header, "event_id")
	fault := r.IntN(30)
	if fault <= 6 && id >= 0 {
		fields[id] = "" // else which of two rows counts is for the sort to say
	}
	switch fault {
	case 0:
		fields = append(fields, "one too many")
	case 1:
		fields = fields[:len(fields)-1]
	case 2:
		fields[at] = ""
	case 3:
		fields[at] = "\x00\x01 nonsense"
	case 4:
		fields[at] = `"closed"too early`
	case 5:
		if r.IntN(6) == 0 {
			fields[at] = `"never closed`
		}
	case 6:
		fields[at] = "2019-02-30T25:61:00Z"
	case 7:
		return []string{" ", ",", "\t,", "'", `""`}[r.IntN(5)]
	}
	for i, f := range fields {
		if r.IntN(12) == 0 && !strings.HasPrefix(f, `"`) {
			fields[i] = `"` + f + `"`
		}
	}
	return strings.Join(fields, ",")
}

// goodFields returns the fields of a good record as they are written.
func goodFields(r *rand.Rand, role event.Role, header []string) []string {
	which := r.IntN(12) // rows of one number are alike
	text := authText(r, which)
	if role == event.Payments {
		text = paymentText(r, which)
	}
	fields := make([]string, len(header))
	for i, name := range header {
		fields[i] = text[name]
	}
	return fields
}

// stamp returns one of a few moments. With fine it has a fraction.
func stamp(r *rand.Rand, fine bool) string {
	second := fmt.Sprintf("2019-07-0%dT1%d:03:04", 1+r.IntN(2), r.IntN(3))
	fraction := []string{"", ".000000", ".0"}[r.IntN(3)]
	if fine {
		fraction = []string{".5", ".500000", ".123456", ".123456789", ".123456780", ".000001"}[r.IntN(6)]
	}
	return second + fraction + []string{"Z", "Z", "+00:00", "+01:00", ""}[r.IntN(5)]
}

func authText(r *rand.Rand, which int) map[string]string {
	one := func(of ...string) string { return of[which%len(of)] }
	text := map[string]string{
		"event_time": stamp(r, r.IntN(2) == 0), "account_id": one("ann", "bob", "  ann "), "event": one("login", "logout", "token_refresh", "session_end"),
		"outcome": one("success", "failure", ""), "reason": one("", "bad_password", "odd", "strange"),
		"ip":        one("192.0.2.7", "2001:db8::7", "192.0.2.7:443", "[2001:db8::7]:443", "unknown", "::1", "192.0.2.7:444"),
		"device_id": one("d1", "d2", ""), "user_agent": one(`"App, ""2"""`, "App 3", "\"two\nlines\"", "\"two\r\nlines\""),
		"session_id": one("s1", ""), "country": one("JP", "US", "Japan", "Korea"), "asn": one("64500", "AS64501", "none"),
		"source_port": one("1", "2"), "method": one("", "pin"), "detail": one("", "\"a\n\nb\"", "x"),
	}
	if r.IntN(3) == 0 {
		text["event_id"] = fmt.Sprintf("e%d", which)
	}
	if r.IntN(8) == 0 {
		text["detail"] = "other"
		delete(text, "event_id")
	}
	return text
}

func paymentText(r *rand.Rand, which int) map[string]string {
	one := func(of ...string) string { return of[which%len(of)] }
	text := map[string]string{
		"event_time": stamp(r, r.IntN(2) == 0), "txn_id": fmt.Sprintf("t%d-%d", which, r.IntN(12)),
		"account_id": one("ann", "bob", "eve"), "kind": one("topup", "payment", "refund", "transfer_out", "payout"),
		"amount": one("1200", "1200.00", "0", "30000"), "currency": one("JPY", ""),
		"status":      []string{"approved", "approved", "declined", "pending"}[r.IntN(4)],
		"merchant_id": one("m1", ""), "store_id": one("", "st1", "st2"), "device_id": one("d1", ""),
		"session_id": one("s1", ""), "ip": one("192.0.2.7", "", "unknown"), "funding_source": one("card", "balance", "shells", "beads"),
		"original_txn_id": one("", "t1"), "funding_ref": one("", "f1"), "psp_reference": one("\"p\n1\"", ""),
		"counterparty_account_id": one("", "zoe"), "terminal_id": one("", "k1"), "operator_id": one("", "o1"), "category": one("", "c1"),
	}
	if r.IntN(40) == 0 {
		text["amount"] = "7"
	}
	if r.IntN(40) == 0 {
		text["account_id"] = "someone else"
	}
	if r.IntN(4) == 0 {
		text["account_id"] = "" // which the original may name
		text["kind"] = []string{"refund", "reversal", "chargeback", "payment"}[r.IntN(4)]
		text["original_txn_id"] = []string{fmt.Sprintf("t%d-%d", r.IntN(8), r.IntN(12)), "t9", ""}[min(r.IntN(8)/2, 2)]
	}
	return text
}
