package report

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// maxDecisions bounds a file of decisions, in bytes: people wrote it.
const maxDecisions = 256 << 20

// The columns of a file of decisions. The last two need not be there.
const (
	decidedAccount = iota
	decidedWhat
	decidedWho
	decidedWhy
	decidedWhen
	decidedTxn
	decidedValidation
	numDecisionColumns
)

var decisionColumns = [numDecisionColumns]string{decidedAccount: "account_id", decidedWhat: "decision", decidedWho: "who",
	decidedWhy: "why", decidedWhen: "when", decidedTxn: "txn_id", decidedValidation: "validation"}

// ReadDecisions reads what people decided of accounts and charges, as CSV with
// the columns account_id, txn_id, decision, who, why, when and validation in
// any order. Other columns are passed over; txn_id and validation may be
// missing or empty: then the whole account is meant, and the operator decided.
// decision is confirm or dismiss; who and when are never empty; when is an RFC
// 3339 time or a date, which is its first instant in UTC. A byte order mark and
// CR LF are fine. Errors name the line and the column.
func ReadDecisions(r io.Reader) ([]ledger.Decision, error) {
	limited := &io.LimitedReader{R: r, N: maxDecisions + 1}
	buf := bufio.NewReader(limited)
	if mark, _ := buf.Peek(3); string(mark) == "\xef\xbb\xbf" {
		buf.Discard(3)
	}
	in := csv.NewReader(buf)
	in.ReuseRecord = true
	header, err := in.Read()
	if err == io.EOF {
		return nil, errors.New("the file is empty, not even a header")
	}
	if err != nil {
		return nil, csvError(err)
	}
	at, err := columnsAt(header, decisionColumns[:], decidedTxn)
	if err != nil {
		return nil, err
	}
	var list []ledger.Decision
	for {
		record, err := in.Read()
		if limited.N <= 0 {
			return nil, fmt.Errorf("has more than %d bytes", maxDecisions)
		}
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		d, column, err := decisionOf(record, at)
		if err != nil {
			line, _ := in.FieldPos(at[column])
			return nil, fmt.Errorf("line %d: column %s: %w", line, decisionColumns[column], err)
		}
		list = append(list, d)
	}
}

// csvError words a syntax error without the package's own prefix.
func csvError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("line %d: %w", parse.StartLine, parse.Err)
	}
	return err
}

// decisionOf returns the decision of a record, or the column at fault.
func decisionOf(record []string, at []int) (d ledger.Decision, column int, err error) {
	cell := func(c int) string {
		if at[c] < 0 {
			return ""
		}
		return strings.Clone(csvfile.Unmark(record[at[c]]))
	}
	d.Account, d.Txn, d.Who, d.Why = cell(decidedAccount), cell(decidedTxn), cell(decidedWho), cell(decidedWhy)
	switch {
	case d.Account == "":
		return d, decidedAccount, errors.New("is empty")
	case strings.TrimSpace(d.Who) == "":
		return d, decidedWho, errors.New("is empty: a decision is somebody's")
	}
	switch word := cell(decidedWhat); word {
	case "confirm":
		d.Confirm = true
	case "dismiss":
	default:
		return d, decidedWhat, fmt.Errorf("%q is neither confirm nor dismiss", discreet.Shown(word))
	}
	d.Validation = ledger.Operator
	if word := cell(decidedValidation); word != "" {
		var ok bool
		if d.Validation, ok = ledger.ParseValidation(word); !ok || d.Validation == ledger.NotValidated {
			return d, decidedValidation, fmt.Errorf("%q is none of customer, issuer, operator", discreet.Shown(word))
		}
	}
	if d.When, err = parseWhen(cell(decidedWhen)); err != nil {
		return d, decidedWhen, err
	}
	return d, 0, nil
}

// parseWhen reads an RFC 3339 time or a date, as microseconds UTC.
func parseWhen(s string) (int64, error) {
	for _, layout := range [...]string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			if us := t.UnixMicro(); us >= table.MinTime && us <= table.MaxTime {
				return us, nil
			}
		}
	}
	return 0, fmt.Errorf("cannot read %q as a time such as 2019-07-04T10:00:00+09:00, or a date such as 2019-07-04", discreet.Shown(s))
}
