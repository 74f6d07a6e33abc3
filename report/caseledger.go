package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/table"
)

// A CaseLedger is the lines of a case, proved: every table that it was read
// from is the one that the manifest of the case names, and its lines add up to
// every figure that the case gives of them.
type CaseLedger struct {
	Lines    []ledger.Line // with the time of the first charge
	Manifest string        // SHA-256 of the manifest of the case
	Summary  *Summary
	charges  *chargeIndex
}

// IsCharge reports whether the case names a transaction of an account as a
// charge of an attacker.
func (c *CaseLedger) IsCharge(account, txn string) bool {
	_, ok := c.charges.find(account, txn)
	return ok
}

// ReadCaseLedger reads the lines of a finished case. What does not add up, or
// is not as the manifest says, is a *CheckError.
func ReadCaseLedger(dir string) (*CaseLedger, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	c := &CaseLedger{}
	if c.Manifest, err = hashOf(filepath.Join(dir, atomicfile.Manifest)); err != nil {
		return nil, err
	}
	if c.Summary, err = checkedSummary(dir, m); err != nil {
		return nil, err
	}
	losses, err := c.read(dir, m)
	if err != nil {
		return nil, err
	}
	c.joinCharges()
	for _, check := range []func() error{func() error { return c.checkAccounts(losses) }, c.checkSummary} {
		if err := check(); err != nil {
			return nil, &CheckError{fmt.Errorf("%s: %w", dir, err)}
		}
	}
	return c, nil
}

// hashOf returns the SHA-256 of a file.
func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// checkedSummary returns the summary that the manifest names.
func checkedSummary(dir string, m *Manifest) (*Summary, error) {
	const name = "summary.json"
	at := slices.IndexFunc(m.Outputs, func(f File) bool { return f.Name == name })
	if at < 0 {
		return nil, &CheckError{fmt.Errorf("%s: the manifest names no %s", dir, name)}
	}
	if err := checkFile(dir, &m.Outputs[at]); err != nil {
		return nil, err
	}
	return ReadSummary(dir)
}

// Only the columns that are needed are read: a case can have millions of rows.
var (
	chargeColumns = some(chargesSchema, "txn_id", "account_id", "event_time")
	lossColumns   = some(victimsSchema, "account_id", "tier", "net_loss", "currency")
)

// some returns a schema with only some of its columns.
func some(s table.Schema, names ...string) table.Schema {
	out := table.Schema{Name: s.Name, Doc: s.Doc}
	for _, name := range names {
		at, _ := s.Find(name)
		out.Columns = append(out.Columns, s.Columns[at])
	}
	return out
}

// read reads the tables, at once, and returns the losses of the accounts.
func (c *CaseLedger) read(dir string, m *Manifest) (losses *table.Table, err error) {
	var running sync.WaitGroup
	var errs [3]error
	running.Go(func() {
		var t *table.Table
		if t, errs[0] = readChecked(dir, m, refundsSchema); errs[0] == nil {
			if c.Lines, errs[0] = linesOf(t); errs[0] != nil {
				errs[0] = &CheckError{fmt.Errorf("%s: %w", dir, errs[0])}
			}
		}
	})
	running.Go(func() {
		var t *table.Table
		if t, errs[1] = readChecked(dir, m, chargeColumns); errs[1] == nil {
			c.charges = newChargeIndex(t)
		}
		losses, errs[2] = readChecked(dir, m, lossColumns)
	})
	running.Wait()
	return losses, errors.Join(errs[:]...)
}

// readChecked reads a table that must be the file that the manifest names.
func readChecked(dir string, m *Manifest, s table.Schema) (*table.Table, error) {
	for _, format := range Formats {
		at := slices.IndexFunc(m.Outputs, func(f File) bool { return f.Name == s.Name+"."+format })
		if at < 0 {
			continue
		}
		file := &m.Outputs[at]
		path := filepath.Join(dir, file.Name)
		f, err := os.Open(path)
		if err != nil {
			return nil, &CheckError{fmt.Errorf("the manifest names a file that cannot be read: %w", err)}
		}
		defer f.Close()
		h := sha256.New()
		var t *table.Table
		if format == "csv" {
			t, err = csvfile.Read(io.TeeReader(f, h), s)
		} else {
			t, err = parquetfile.Read(f, file.Bytes, s)
			if _, seek := f.Seek(0, io.SeekStart); seek != nil {
				return nil, seek
			}
		}
		if _, rest := io.Copy(h, f); rest != nil {
			return nil, fmt.Errorf("%s: %w", path, rest)
		}
		if hex.EncodeToString(h.Sum(nil)) != file.SHA256 {
			return nil, &CheckError{fmt.Errorf("%s: was changed since it was written: it is not the file of the manifest", path)}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if int64(t.Rows()) != file.Rows {
			return nil, &CheckError{fmt.Errorf("%s: %d rows, the manifest says %d", path, t.Rows(), file.Rows)}
		}
		return t, nil
	}
	return nil, &CheckError{fmt.Errorf("%s: the manifest names no table %s", dir, s.Name)}
}

// A chargeIndex finds charges by account and transaction.
type chargeIndex struct {
	account, txn []string
	at           []int64
	order        []int32 // rows by account and transaction
	semicolons   bool    // some transaction holds the sign that joins them
}

func newChargeIndex(t *table.Table) *chargeIndex {
	x := &chargeIndex{txn: t.Cells(0).Texts(), account: t.Cells(1).Texts(), at: t.Cells(2).Ints(), order: make([]int32, t.Rows())}
	for i := range x.order {
		x.order[i] = int32(i)
		x.semicolons = x.semicolons || strings.Contains(x.txn[i], ";")
	}
	// Charges come by account and time, so there is little to do.
	slices.SortFunc(x.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(x.account[a], x.account[b]), cmp.Compare(x.txn[a], x.txn[b]))
	})
	return x
}

// find returns the time of a charge, and whether there is one.
func (x *chargeIndex) find(account, txn string) (at int64, ok bool) {
	return x.within(x.order, account, txn)
}

// within looks a charge up among some.
func (x *chargeIndex) within(order []int32, account, txn string) (at int64, ok bool) {
	i := sort.Search(len(order), func(i int) bool {
		row := order[i]
		return cmp.Or(cmp.Compare(x.account[row], account), cmp.Compare(x.txn[row], txn)) >= 0
	})
	if i == len(order) || x.account[order[i]] != account || x.txn[order[i]] != txn {
		return 0, false
	}
	return x.at[order[i]], true
}

// joinCharges gives every line the time of its first charge. Lines and charges
// both come by account, so one walk finds all.
func (c *CaseLedger) joinCharges() {
	x, at, account := c.charges, 0, ""
	var own []int32 // charges of the account
	for i := range c.Lines {
		l := &c.Lines[i]
		if i == 0 || l.Account != account {
			if l.Account < account { // a table in another order
				at = sort.Search(len(x.order), func(k int) bool { return x.account[x.order[k]] >= l.Account })
			}
			account = l.Account
			for at < len(x.order) && x.account[x.order[at]] < account {
				at++
			}
			end := at
			for end < len(x.order) && x.account[x.order[end]] == account {
				end++
			}
			own = x.order[at:end]
		}
		if x.semicolons {
			l.Txns = rejoined(l.Txns, func(txn string) bool { _, ok := x.within(own, account, txn); return ok })
		}
		for _, txn := range l.Txns {
			if t, ok := x.within(own, account, txn); ok && (l.ChargedAt == 0 || t < l.ChargedAt) {
				l.ChargedAt = t
			}
		}
	}
}

// maxRejoined bounds the parts that an id which holds ";" is put together from.
const maxRejoined = 16

// rejoined puts ids together that were cut at a ";" of their own, as far as they
// are known: the longest known one first.
func rejoined(parts []string, known func(string) bool) []string {
	if len(parts) < 2 {
		return parts
	}
	var out []string
	for len(parts) > 0 {
		n := min(len(parts), maxRejoined)
		for n > 1 && !known(strings.Join(parts[:n], ";")) {
			n--
		}
		out = append(out, strings.Join(parts[:n], ";"))
		parts = parts[n:]
	}
	return out
}

// checkAccounts makes sure that no line is there twice, and that the lines of
// every victim add up to the loss that the case gives.
func (c *CaseLedger) checkAccounts(losses *table.Table) error {
	type key struct {
		account  string
		currency money.Currency
	}
	sums := make(map[key]*money.Sum, losses.Rows())
	account, tier, net, currency := losses.Cells(0).Texts(), losses.Cells(1).Texts(), losses.Cells(2).Ints(), losses.Cells(3).Texts()
	keys := make([]key, losses.Rows())
	store := make([]money.Sum, losses.Rows())
	for row := range keys {
		cur, ok := money.ParseCurrency([]byte(currency[row]))
		if _, known := takeover.ParseTier(tier[row]); !ok || !known {
			return fmt.Errorf("table victims: row %d: no currency or no tier", row+1)
		}
		keys[row] = key{account[row], cur}
		if sums[keys[row]] != nil {
			return fmt.Errorf("table victims: account %.100q is there twice in %s", account[row], cur)
		}
		sums[keys[row]] = &store[row]
	}
	ids := make(map[uint64]int32, len(c.Lines))
	for i := range c.Lines {
		l := &c.Lines[i]
		hash := ledger.IDHash(l.ID)
		if other, ok := ids[hash]; ok {
			return fmt.Errorf("table refunds: lines %d and %d have the same refund_id %.60q", other+1, i+1, l.ID)
		}
		ids[hash] = int32(i)
		if s := sums[key{l.Account, l.Currency}]; s != nil {
			s.Add(l.Amount)
		}
	}
	for row, k := range keys {
		sum, err := store[row].Total()
		if err == nil && sum != net[row] {
			err = fmt.Errorf("the lines of account %.100q come to %s, its loss is %s", k.account, money.Format(sum, k.currency), money.Format(net[row], k.currency))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkSummary makes sure that the lines add up to every figure of them that
// the summary gives.
func (c *CaseLedger) checkSummary() error {
	if n := c.Summary.Tables[refundsSchema.Name]; n != len(c.Lines) {
		return fmt.Errorf("%d lines, the summary says %d", len(c.Lines), n)
	}
	type sums struct {
		status [4]money.Sum
		amount map[refund.Channel]*money.Sum
		lines  map[refund.Channel]int64
	}
	by := map[string]*sums{}
	for i := range c.Lines {
		l := &c.Lines[i]
		s := by[l.Currency.String()]
		if s == nil {
			s = &sums{amount: map[refund.Channel]*money.Sum{}, lines: map[refund.Channel]int64{}}
			by[l.Currency.String()] = s
		}
		s.status[statusGroup(l.Status)].Add(l.Amount)
		if l.Status == refund.NeedsDecision {
			continue // in no total of what is owed
		}
		if s.amount[l.Channel] == nil {
			s.amount[l.Channel] = &money.Sum{}
		}
		s.amount[l.Channel].Add(l.Amount)
		s.lines[l.Channel]++
	}
	for i := range c.Summary.Money {
		m := &c.Summary.Money[i]
		s := by[m.Currency]
		if s == nil {
			s = &sums{}
		}
		delete(by, m.Currency)
		for g, want := range [...]int64{m.Owed, m.Held, m.NeedsDecision, m.Exception} {
			if err := same(&s.status[g], want, statusGroups[g], m.Currency); err != nil {
				return err
			}
		}
		if len(m.Channels) != len(s.amount) {
			return fmt.Errorf("lines of %d channels in %s, the summary has %d", len(s.amount), m.Currency, len(m.Channels))
		}
		for _, ch := range m.Channels {
			channel, ok := refund.ParseChannel(ch.Channel)
			if !ok || s.amount[channel] == nil || s.lines[channel] != ch.Lines {
				return fmt.Errorf("%d lines of channel %.40q in %s, the summary says %d", s.lines[channel], ch.Channel, m.Currency, ch.Lines)
			}
			if err := same(s.amount[channel], ch.Amount, "channel "+ch.Channel, m.Currency); err != nil {
				return err
			}
		}
	}
	for currency := range by {
		return fmt.Errorf("there are lines in %s, of which the summary says nothing", currency)
	}
	return nil
}

var statusGroups = [...]string{"owed", "held", "needs_decision", "exception"}

// statusGroup returns by which figure of the summary a line counts.
func statusGroup(s refund.Status) int {
	switch s {
	case refund.Held:
		return 1
	case refund.NeedsDecision:
		return 2
	case refund.Exception:
		return 3
	}
	return 0
}

// same reports a sum that is not the figure of the summary.
func same(sum *money.Sum, want int64, what, currency string) error {
	got, err := sum.Total()
	if err == nil && got != want {
		err = fmt.Errorf("the lines of %s come to %d %s, the summary says %d", what, got, currency, want)
	}
	return err
}
