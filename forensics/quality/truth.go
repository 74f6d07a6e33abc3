package quality

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/money"
)

// A Truth is what really happened. Only the accounts are needed; what is not
// given is not compared.
type Truth struct {
	Accounts []Account
	Charges  []StolenCharge
	Debts    []Debt

	// What the files tell: their presence, and that of columns.
	HasCharges, HasDebts                        bool
	HasSeen, HasVector, HasLookalike, HasLosses bool
}

// hasLoss reports whether the truth tells what is owed.
func (t *Truth) hasLoss() bool { return t.HasDebts || t.HasLosses }

// An Account is the truth about an account.
type Account struct {
	ID        string
	Role      RoleWord
	Vector    string   // the way in
	Lookalike []string // harmless traits that look like a takeover
	Seen      bool     // the logs show the owner before the thief
	NetLoss   int64    // what is owed, minor units
	Currency  money.Currency
}

// A StolenCharge is a charge that somebody else made.
type StolenCharge struct{ Txn, Account, Status string }

// A Debt is what is owed to an account through one channel.
type Debt struct {
	Account, Channel string
	Amount           int64
	Currency         money.Currency
}

// A RoleWord is what an account was in the incident.
type RoleWord uint8

// The roles. Unlisted accounts are those that the truth does not list: it lists
// every account that was entered, so that they are honest.
const (
	VictimRole RoleWord = iota // somebody else's approved charge still stands
	EnteredRole
	MuleRole // a thief's own
	LookalikeRole
	HonestRole
	Unlisted
	numRoles
)

var roleWords = [numRoles]string{"victim", "entered", "mule", "lookalike", "honest", "(not in the truth)"}

// String returns the word of the truth files.
func (r RoleWord) String() string { return roleWords[r] }

// A TruthError says where a truth file cannot be understood.
type TruthError struct{ Where, Problem string }

func (e *TruthError) Error() string { return e.Where + ": " + e.Problem }

// ReadAccounts adds the accounts of a CSV file with a header: account_id, role
// and, if the truth knows, vector, lookalike (words joined by ;),
// owner_seen_before (true or false), net_loss (minor units) and currency. Other
// columns are passed over. The name is for errors.
func (t *Truth) ReadAccounts(name string, r io.Reader) error {
	s, err := openSheet(name, r, "account_id", "role")
	if err != nil {
		return err
	}
	t.HasVector, t.HasLookalike = s.has("vector"), s.has("lookalike")
	t.HasSeen, t.HasLosses = s.has("owner_seen_before"), s.has("net_loss")
	if t.HasLosses && !s.has("currency") {
		return s.missing("currency")
	}
	lines := map[string]int{}
	for s.next() {
		a := Account{ID: s.id("account_id"), Vector: s.get("vector")}
		role := slices.Index(roleWords[:Unlisted], s.get("role"))
		if role < 0 {
			s.fail("role", "is none of %s", strings.Join(roleWords[:Unlisted], ", "))
		}
		a.Role = RoleWord(max(role, 0))
		for word := range strings.SplitSeq(s.get("lookalike"), ";") {
			if word != "" && !slices.Contains(a.Lookalike, word) {
				a.Lookalike = append(a.Lookalike, word)
			}
		}
		switch s.get("owner_seen_before") {
		case "true":
			a.Seen = true
		case "false", "":
		default:
			s.fail("owner_seen_before", "is neither true nor false")
		}
		if s.get("net_loss") != "" {
			a.NetLoss, a.Currency = s.amount("net_loss"), s.currency()
		}
		if first, again := lines[a.ID]; again {
			s.fail("account_id", "stands on line %d already", first)
		}
		lines[a.ID] = s.line
		t.Accounts = append(t.Accounts, a)
	}
	return s.err
}

// ReadCharges adds the stolen charges of a CSV file with a header: txn_id,
// account_id and, if the truth knows, status (approved, declined, pending,
// reversed).
func (t *Truth) ReadCharges(name string, r io.Reader) error {
	s, err := openSheet(name, r, "txn_id", "account_id")
	if err != nil {
		return err
	}
	t.HasCharges = true
	lines := map[string]int{}
	for s.next() {
		c := StolenCharge{Txn: s.id("txn_id"), Account: s.id("account_id"), Status: s.get("status")}
		if !slices.Contains([]string{"", "approved", "declined", "pending", "reversed"}, c.Status) {
			s.fail("status", "is none of approved, declined, pending, reversed")
		}
		if first, again := lines[c.Txn]; again {
			s.fail("txn_id", "stands on line %d already", first)
		}
		lines[c.Txn] = s.line
		t.Charges = append(t.Charges, c)
	}
	return s.err
}

// ReadMoney adds what is owed from a CSV file with a header: account_id, amount
// (minor units), currency and, if the truth knows, channel.
func (t *Truth) ReadMoney(name string, r io.Reader) error {
	s, err := openSheet(name, r, "account_id", "amount", "currency")
	if err != nil {
		return err
	}
	t.HasDebts = true
	for s.next() {
		d := Debt{Account: s.id("account_id"), Channel: s.get("channel"), Amount: s.amount("amount"), Currency: s.currency()}
		t.Debts = append(t.Debts, d)
	}
	return s.err
}

// A sheet is a CSV file of truth that is being read. The first error ends it.
type sheet struct {
	name string
	csv  *csv.Reader
	at   map[string]int
	row  []string
	line int
	err  error
}

func openSheet(name string, r io.Reader, required ...string) (*sheet, error) {
	s := &sheet{name: name, csv: csv.NewReader(r), at: map[string]int{}}
	s.csv.ReuseRecord = true
	head, err := s.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &TruthError{name, "is empty, not even a header"}
	case err != nil:
		return nil, s.broken(err)
	}
	for i, column := range head {
		if i == 0 {
			column = strings.TrimPrefix(column, "\ufeff")
		}
		if _, twice := s.at[column]; twice {
			return nil, &TruthError{name, fmt.Sprintf("two columns named %.40q", column)}
		}
		s.at[strings.Clone(column)] = i
	}
	for _, column := range required {
		if !s.has(column) {
			return nil, s.missing(column)
		}
	}
	return s, nil
}

func (s *sheet) has(column string) bool { _, ok := s.at[column]; return ok }

func (s *sheet) missing(column string) error {
	return &TruthError{s.name, "has no column " + column}
}

// broken wraps an error of the CSV reader, which says where.
func (s *sheet) broken(err error) error {
	var at *csv.ParseError
	if errors.As(err, &at) {
		return &TruthError{fmt.Sprintf("%s:%d", s.name, at.Line), at.Err.Error()}
	}
	return fmt.Errorf("%s: %w", s.name, err)
}

// next reads a row. It returns false at the end and at an error.
func (s *sheet) next() bool {
	if s.err != nil {
		return false
	}
	var err error
	if s.row, err = s.csv.Read(); err != nil {
		if !errors.Is(err, io.EOF) {
			s.err = s.broken(err)
		}
		return false
	}
	s.line, _ = s.csv.FieldPos(0)
	return true
}

// get returns a field, "" where there is no such column. The text is a copy.
func (s *sheet) get(column string) string {
	i, ok := s.at[column]
	if !ok {
		return ""
	}
	return strings.Clone(s.row[i])
}

func (s *sheet) id(column string) string {
	text := s.get(column)
	if text == "" {
		s.fail(column, "is empty")
	}
	return text
}

// fail notes the first thing that is wrong with a row.
func (s *sheet) fail(column, format string, args ...any) {
	if s.err == nil {
		what := fmt.Sprintf("%s: %q ", column, discreet.Shown(s.get(column)))
		s.err = &TruthError{fmt.Sprintf("%s:%d", s.name, s.line), what + fmt.Sprintf(format, args...)}
	}
}

func (s *sheet) amount(column string) int64 {
	v, err := strconv.ParseInt(s.get(column), 10, 64)
	if err != nil || abs(v) > maxAmount {
		s.fail(column, "is not a whole number of minor units")
	}
	return v
}

func (s *sheet) currency() money.Currency {
	c, ok := money.ParseCurrency([]byte(s.get("currency")))
	if !ok {
		s.fail("currency", "is not a currency code")
	}
	return c
}
