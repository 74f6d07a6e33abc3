package parsers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
)

// The model is Load without any of its speed: one byte, one record, one map at
// a time, written from what the design says and not from the code. Tests load
// the same files both ways.

// A record is what the model makes of one record of a text.
type record struct {
	source int
	line   int64 // of its first byte
	raw    string
	fields []string
	fault  string

	text   [event.NumFields]string // by column, once the header is known
	micros int64
	finer  string // digits of the stamp beyond the microsecond
	fine   bool
}

// slowRecords splits a text into records.
func slowRecords(text string) []record {
	var out []record
	for at := 0; at < len(text); {
		rec, next := slowRecord(text, at)
		rec.line = 1 + int64(strings.Count(text[:at], "\n"))
		if rec.raw != "" {
			out = append(out, rec)
		}
		at = next
	}
	return out
}

// slowRecord splits off the record that begins at a byte, and returns where
// the next one begins.
func slowRecord(text string, at int) (rec record, next int) {
	const start, plain, quoted, closed = 0, 1, 2, 3
	state, field := start, ""
	cut := func() { rec.fields, field, state = append(rec.fields, field), "", start }
	for i := at; ; i++ {
		if i == len(text) && state == quoted { // give up the first line
			line, _, more := strings.Cut(text[at:], "\n")
			rec = record{raw: strings.TrimSuffix(line, "\r"), fault: "a quote that is never closed"}
			if more {
				return rec, at + len(line) + 1
			}
			return rec, len(text)
		}
		if i == len(text) || text[i] == '\n' && state != quoted {
			rec.raw = strings.TrimSuffix(text[at:i], "\r")
			if state != closed {
				field = strings.TrimSuffix(field, "\r")
			}
			cut()
			return rec, min(i+1, len(text))
		}
		c := text[i]
		switch {
		case state == quoted && c == '"' && i+1 < len(text) && text[i+1] == '"':
			field += `"`
			i++
		case state == quoted && c == '"':
			state = closed
		case state == quoted:
			field += string(rune(c))
		case c == ',':
			cut()
		case state == start && c == '"':
			state = quoted
		case state == closed && c == '\r' && (i+1 == len(text) || text[i+1] == '\n'):
		case state == closed:
			rec.fault, state = "text after a closing quote", plain
		default:
			field, state = field+string(rune(c)), plain
		}
	}
}

// A model is what the model makes of all files.
type model struct {
	opt     Options
	roles   []event.Role
	sources []event.Source
	rows    []*record // accepted and in the log
	status  map[*record]event.Status
	rejects []event.Reject // without Pos
}

// A file is an input of a test.
type file struct {
	name, text string
	role       event.Role
}

// slowLoad is Load. The texts must hold ASCII only.
func slowLoad(files []file, opt Options) *model {
	m := &model{opt: opt, status: map[*record]event.Status{}}
	var logins, charges []*record
	for i, f := range files {
		m.roles = append(m.roles, f.role)
		m.sources = append(m.sources, event.Source{Name: f.name, Role: f.role})
		good := m.records(i, f)
		if f.role == event.Payments {
			charges = append(charges, good...)
		} else {
			logins = append(logins, good...)
		}
	}
	m.settleLogins(logins)
	m.settleCharges(m.adopt(charges))
	for i := range m.sources {
		s := &m.sources[i]
		s.Accepted = s.Read - s.Rejected - s.Duplicates
	}
	slices.SortFunc(m.rejects, compareRejects)
	return m
}

func compareRejects(a, b event.Reject) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Raw, b.Raw), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Others, b.Others))
}

// records returns the records of a file that are rows.
func (m *model) records(source int, f file) (good []*record) {
	all := slowRecords(strings.TrimPrefix(f.text, "\xef\xbb\xbf"))
	header := all[0].fields
	for i := range all[1:] {
		rec := &all[i+1]
		rec.source = source
		m.sources[source].Read++
		if column, reason := m.read(rec, header, f.role); reason != "" {
			m.reject(rec, column, reason, "")
			continue
		}
		good = append(good, rec)
	}
	return good
}

func (m *model) reject(rec *record, column, reason, others string) {
	m.sources[rec.source].Rejected++
	m.rejects = append(m.rejects, event.Reject{Line: rec.line, Column: column, Reason: reason, Raw: rec.raw, Others: others})
}

// read says what is wrong with a record, in which column.
func (m *model) read(rec *record, header []string, role event.Role) (column, reason string) {
	if rec.fault != "" {
		return "", rec.fault
	}
	if len(rec.fields) != len(header) {
		return "", badWidth
	}
	known := event.AuthFields
	if role == event.Payments {
		known = event.PaymentFields
	}
	for i, name := range header {
		for _, f := range known {
			if f.String() == name {
				rec.text[f] = strings.Trim(rec.fields[i], " \t")
			}
		}
	}
	if reason := m.time(rec, role); reason != "" {
		return "event_time", reason
	}
	if role == event.Payments {
		return m.readCharge(rec, slices.Contains(header, "status"))
	}
	switch {
	case rec.text[event.AccountID] == "":
		return "account_id", isEmpty
	case rec.text[event.EventWord] == "":
		return "event", isEmpty
	case !slices.Contains([]string{"", "success", "failure"}, rec.text[event.OutcomeWord]):
		return "outcome", badOutcome
	}
	return "", ""
}

func (m *model) time(rec *record, role event.Role) (reason string) {
	text := rec.text[event.EventTime]
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		zone := m.opt.Zones[role]
		if t, err = time.ParseInLocation("2006-01-02T15:04:05.999999999", text, cmp.Or(zone, time.UTC)); err == nil && zone == nil {
			return badZone
		}
	}
	switch {
	case text == "":
		return isEmpty
	case err != nil:
		return badTime
	}
	rec.micros, rec.fine = t.UnixMicro(), t.Nanosecond() != 0
	rec.finer = strconv.Itoa(t.Nanosecond() % 1000)
	return ""
}

func (m *model) readCharge(rec *record, hasStatus bool) (column, reason string) {
	text := &rec.text
	if text[event.CurrencyCode] == "" {
		text[event.CurrencyCode] = m.opt.Currency.String()
	}
	if !hasStatus {
		text[event.StatusWord] = "approved"
	}
	amount, err := strconv.ParseUint(strings.TrimSuffix(text[event.AmountText], ".00"), 10, 40)
	kinds := []string{"topup", "payment", "refund", "reversal", "chargeback", "transfer_out", "transfer_in", "payout"}
	switch {
	case text[event.TxnID] == "":
		return "txn_id", isEmpty
	case text[event.AccountID] == "" && text[event.OriginalTxnID] == "":
		return "account_id", isEmpty
	case !slices.Contains(kinds, text[event.KindWord]):
		return "kind", badKind
	case text[event.AccountID] == "" && !slices.Contains([]string{"refund", "reversal", "chargeback"}, text[event.KindWord]):
		return "account_id", isEmpty
	case text[event.CurrencyCode] != "JPY":
		return "currency", badCurrency
	case err != nil:
		return "amount", badAmount
	case !slices.Contains([]string{"approved", "declined", "pending"}, text[event.StatusWord]):
		return "status", badStatus
	}
	text[event.AmountText] = strconv.FormatUint(amount, 10)
	return "", ""
}

// adopt gives records without an account that of their originals, and rejects
// those of which it cannot be told.
func (m *model) adopt(rows []*record) (good []*record) {
	accounts := map[string]map[string]bool{} // by transaction
	note := func(to map[string]map[string]bool, txn, account string) {
		if to[txn] == nil {
			to[txn] = map[string]bool{}
		}
		to[txn][account] = true
	}
	for _, rec := range rows {
		if rec.text[event.AccountID] != "" {
			note(accounts, rec.text[event.TxnID], rec.text[event.AccountID])
		}
	}
	for {
		next := map[string]map[string]bool{}
		for _, rec := range rows {
			if txn := rec.text[event.TxnID]; rec.text[event.AccountID] == "" && accounts[txn] == nil {
				for account := range accounts[rec.text[event.OriginalTxnID]] {
					note(next, txn, account)
				}
			}
		}
		if len(next) == 0 {
			break
		}
		maps.Copy(accounts, next)
	}
	for _, rec := range rows {
		if rec.text[event.AccountID] != "" {
			good = append(good, rec)
			continue
		}
		switch from := accounts[rec.text[event.OriginalTxnID]]; len(from) {
		case 0:
			m.reject(rec, "account_id", noOriginal, "")
		case 1:
			for account := range from {
				rec.text[event.AccountID] = account
			}
			good = append(good, rec)
		default:
			m.reject(rec, "account_id", manyOwners, "")
		}
	}
	return good
}

// content is everything that a record says but its time and the fields named.
func (rec *record) content(without ...event.Field) string {
	text := rec.text
	text[event.EventTime] = ""
	for _, f := range without {
		text[f] = ""
	}
	return strings.Join(text[:], "\x00")
}

// keep takes a record into the log.
func (m *model) keep(rec *record) {
	m.rows = append(m.rows, rec)
	m.moment(rec)
}

// moment notes the time of an accepted record.
func (m *model) moment(rec *record) {
	s, t := &m.sources[rec.source], time.UnixMicro(rec.micros).UTC()
	if s.First.IsZero() || t.Before(s.First) {
		s.First = t
	}
	if s.Last.IsZero() || t.After(s.Last) {
		s.Last = t
	}
}

// settleLogins sorts out duplicates and repeats. Of equal rows the first
// counts, in the order of the files, history last.
func (m *model) settleLogins(rows []*record) {
	slices.SortStableFunc(rows, func(a, b *record) int {
		history := func(r *record) int { return int(m.roles[r.source] / event.History) }
		return cmp.Or(cmp.Compare(a.micros, b.micros), cmp.Compare(history(a), history(b)))
	})
	seen := map[string]bool{}
	for _, rec := range rows {
		id := rec.text[event.EventID]
		key := fmt.Sprint(rec.micros, rec.finer, rec.content())
		if id != "" {
			key = fmt.Sprint("id", rec.text[event.AccountID], id)
		}
		again := seen[key]
		seen[key] = true
		switch {
		case again && (id != "" || rec.fine):
			m.sources[rec.source].Duplicates++
			continue
		case again:
			m.sources[rec.source].Repeats++
		}
		m.keep(rec)
	}
}

// settleCharges makes one row of each transaction, or rejects all of its rows.
func (m *model) settleCharges(rows []*record) {
	byID := map[string][]*record{}
	for _, rec := range rows {
		byID[rec.text[event.TxnID]] = append(byID[rec.text[event.TxnID]], rec)
	}
	for _, group := range byID {
		if i := slices.IndexFunc(group, func(r *record) bool {
			return r.content(event.StatusWord) != group[0].content(event.StatusWord)
		}); i >= 0 {
			for k, rec := range group {
				m.reject(rec, "txn_id", "rows with this txn_id contradict each other", m.others(group, k))
			}
			continue
		}
		status := func(r *record) event.Status {
			s, _ := event.ParseStatus([]byte(r.text[event.StatusWord]))
			return s
		}
		slices.SortStableFunc(group, func(a, b *record) int {
			return cmp.Or(cmp.Compare(a.micros, b.micros), cmp.Compare(status(a), status(b)))
		})
		m.keep(group[0])
		m.status[group[0]] = status(group[len(group)-1])
		for i, rec := range group[1:] {
			if prev := group[i]; prev.micros == rec.micros && status(prev) == status(rec) {
				m.sources[rec.source].Duplicates++
			} else {
				m.moment(rec)
			}
		}
	}
}

func (m *model) others(group []*record, own int) string {
	var names []string
	for i, rec := range group {
		if i != own {
			names = append(names, fmt.Sprintf("%s:%d", m.sources[rec.source].Name, rec.line))
		}
	}
	if n := len(names); n > manyOthers {
		names = append(names[:manyOthers], fmt.Sprintf("and %d more", n-manyOthers))
	}
	return strings.Join(names, "; ")
}
