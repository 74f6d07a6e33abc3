package register

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"
)

// version is that of the records.
const version = 1

// A Text is any bytes, as logs have them. In a record it is a string where it is
// UTF-8, and otherwise an object with the bytes in base 64, because two accounts
// whose names differ only in bytes that are no text must stay two.
type Text string

type rawText struct {
	Bytes []byte `json:"bytes"`
}

// MarshalJSON writes the text.
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(rawText{[]byte(t)})
}

// UnmarshalJSON reads the text.
func (t *Text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(t))
	}
	var raw rawText
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if utf8.Valid(raw.Bytes) {
		return errors.New("bytes that are a text must be written as one")
	}
	*t = Text(raw.Bytes)
	return nil
}

// A Record is one event: exactly one of its pointers is set.
type Record struct {
	Version int       `json:"v"`
	Seq     int64     `json:"seq"`
	Prev    string    `json:"prev"` // hash of the record before
	At      time.Time `json:"at"`

	// Rows are the lines, entries or items of the event. They stand behind the
	// record, one a line, and take RowBytes.
	Rows     int   `json:"rows"`
	RowBytes int64 `json:"row_bytes"`

	Approve  *Approval   `json:"approve,omitempty"`
	Revoke   *Revocation `json:"revoke,omitempty"`
	Export   *Export     `json:"export,omitempty"`
	Paid     *Settlement `json:"paid,omitempty"`
	Returned *Settlement `json:"returned,omitempty"`

	hash   string
	packed packed // lines and entries, where they were not all read
}

// Hash returns the hash of the record as it stands in the journal.
func (r *Record) Hash() string { return r.hash }

// Kind names the event.
func (r *Record) Kind() string {
	switch {
	case r.Approve != nil:
		return "approve"
	case r.Revoke != nil:
		return "revoke"
	case r.Export != nil:
		return "export"
	case r.Paid != nil:
		return "paid"
	case r.Returned != nil:
		return "returned"
	}
	return ""
}

// A Draft names a drawn-up ledger by what it holds.
type Draft struct {
	Manifest string `json:"manifest_sha256"` // of its manifest.json, which names its files and maker
	Ledger   string `json:"ledger_sha256"`   // of its rows
	Case     string `json:"case_sha256"`     // of the manifest of the case that it was drawn from
}

// An Approval says that somebody who did not draw the draft up approves it.
type Approval struct {
	Draft    Draft `json:"draft"`
	Maker    Text  `json:"maker"`
	Approver Text  `json:"approver"`
	// Limits, where given, hold from here on: a draft that pays more in a
	// currency needs two approvers. An empty list lifts them.
	Limits *[]Sum `json:"limits,omitempty"`
	// Lines are those of the draft; a further approval does not repeat them.
	Lines []Line `json:"-"`
}

// A Revocation takes all approvals of a draft back.
type Revocation struct {
	Draft  Draft `json:"draft"`
	By     Text  `json:"by"`
	Reason Text  `json:"reason"`
}

// A Line is an obligation as a draft has it.
type Line struct {
	ID        Text
	Account   Text
	Component string
	Channel   string
	Payer     string
	Currency  string
	Payable   int64
	Earlier   int64 // paid before, outside the register
	Status    string
}

// A Sum is the total of one currency, in minor units.
type Sum struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

// A Way says what an exported entry is.
type Way string

// The ways.
const (
	Payment  Way = "payment"  // money to an instrument or a bank account, also for a credit that no wallet takes
	Credit   Way = "credit"   // to the wallet, or in points
	Clawback Way = "clawback" // out of the wallet, where fraudulent money still is
	Recovery Way = "recovery" // exported before and no longer owed: a list, no payment
)

// An Export is one set of files with the entries in them.
type Export struct {
	Draft   Draft   `json:"draft"`
	Out     string  `json:"out"` // the folder in which the files stand
	Files   []File  `json:"files"`
	Entries []Entry `json:"-"`
}

// A File is one of an export.
type File struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Count  int64  `json:"count"` // entries in it
	Sums   []Sum  `json:"sums"`
}

// An Entry is one line of an export. It is never changed; what changes later is
// another entry.
type Entry struct {
	Name      Text // under which it is exported
	ID        Text
	Account   Text
	Component string
	Channel   string
	Currency  string
	Way       Way
	Amount    int64 // target less what stands exported
	Target    int64
	Earlier   int64
	Retries   []Text // returned entries that it pays again
	File      string
}

// A Settlement is what came back from whoever executed the payments.
type Settlement struct {
	Source string `json:"source_sha256"` // of the file that says so
	Items  []Item `json:"-"`
}

// An Item is about one exported entry.
type Item struct {
	Name     Text
	Amount   int64
	Currency string
	Date     string // 2006-01-02
	Reason   Text
}
