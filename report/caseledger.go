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

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
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

// Forget gives up what IsCharge needs; it then knows no charge.
func (c *CaseLedger) Forget() { c.charges = &chargeIndex{} }

// ReadCaseLedger reads the lines of a finished case. What does not add up, or
// is not as the manifest says, is a *CheckError.
func ReadCaseLedger(dir string) (*CaseLedger, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	if err := m.WithIDs(dir); err != nil {
		return nil, err
	}
	c := &CaseLedger{}
	if c.Manifest, err = hashOf(dir, atomicfile.Manifest); err != nil {
		return nil, err
	}
	if c.Summary, err = checkedSummary(dir, m); err != nil {
		return nil, err
	}
	lost, err := c.read(dir, m)
	if err != nil {
		return nil, err
	}
	c.joinCharges()
	for _, check := range []func() error{func() error { return c.checkAccounts(lost) }, c.checkSummary} {
		if err := check(); err != nil {
			return nil, &CheckError{fmt.Errorf("%s: %w", dir, err)}
		}
	}
	return c, nil
}

// hashOf returns the SHA-256 of a file.
func hashOf(dir, name string) (string, error) {
	f, err := OpenIn(dir, name)
	if err != nil {
		return "", err
	}
	return hashOfFile(f)
}

// hashOfFile returns the SHA-256 of a file, and closes it.
func hashOfFile(f *os.File) (string, error) {
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", f.Name(), err)
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
	lossColumns   = some(victimsSchema, "account_id", "net_loss", "currency", "validation")
	olderColumns  = some(victimsSchema, "account_id", "net_loss", "currency") // before cases knew of decisions
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
func (c *CaseLedger) read(dir string, m *Manifest) (*losses, error) {
	var running sync.WaitGroup
	var errs [3]error
	lines, charges, l := &lineReader{}, &chargeIndex{}, &losses{}
	running.Go(func() {
		errs[0] = readChecked(dir, m, refundsSchema, func(rows int) { lines.lines = make([]ledger.Line, 0, rows) }, lines.add)
	})
	running.Go(func() {
		errs[1] = readChecked(dir, m, chargeColumns, charges.grow, charges.add)
		if errs[2] = readChecked(dir, m, lossColumns, l.grow, l.add); errors.Is(errs[2], table.ErrMissing) {
			errs[2] = readChecked(dir, m, olderColumns, l.grow, l.add)
		}
	})
	running.Wait()
	c.Lines, c.charges = lines.lines, charges
	return l, errors.Join(errs[:]...)
}

// readChecked reads a table, in pieces, that must be the file that the manifest
// names. room is told first how many rows there are.
func readChecked(dir string, m *Manifest, s table.Schema, room func(rows int), add func(*table.Table) error) error {
	for _, format := range Formats {
		at := slices.IndexFunc(m.Outputs, func(f File) bool { return f.Name == s.Name+"."+format })
		if at < 0 {
			continue
		}
		file := &m.Outputs[at]
		path := filepath.Join(dir, file.Name)
		f, err := openNamed(dir, file.Name)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		room(int(max(0, min(file.Rows, info.Size())))) // a row has a byte or more
		rows := int64(0)
		counted := func(t *table.Table) error {
			rows += int64(t.Rows())
			return add(t)
		}
		h := sha256.New()
		if format == "csv" {
			err = csvfile.ReadEach(io.TeeReader(f, h), s, pieceRows, counted)
		} else {
			err = parquetfile.ReadEach(f, info.Size(), s, counted)
			if _, seek := f.Seek(0, io.SeekStart); seek != nil {
				return seek
			}
		}
		if _, rest := io.Copy(h, f); rest != nil {
			return fmt.Errorf("%s: %w", path, rest)
		}
		switch {
		case hex.EncodeToString(h.Sum(nil)) != file.SHA256:
			return &CheckError{fmt.Errorf("%s: was changed since it was written: it is not the file of the manifest", path)}
		case err != nil:
			return &CheckError{fmt.Errorf("%s: %w", path, err)}
		case rows != file.Rows:
			return &CheckError{fmt.Errorf("%s: %d rows, the manifest says %d", path, rows, file.Rows)}
		}
		return nil
	}
	return &CheckError{fmt.Errorf("%s: the manifest names no table %s", dir, s.Name)}
}

// A chargeIndex finds charges by account and transaction.
type chargeIndex struct {
	account, txn []string
	at           []int64
	order        []int32 // rows by account and transaction
	semicolons   bool    // some transaction holds the sign that joins them
}

func (x *chargeIndex) grow(rows int) {
	x.account, x.txn, x.at = make([]string, 0, rows), make([]string, 0, rows), make([]int64, 0, rows)
}

func (x *chargeIndex) add(t *table.Table) error {
	x.txn = append(x.txn, t.Cells(0).Texts()...)
	x.account = append(x.account, t.Cells(1).Texts()...)
	x.at = append(x.at, t.Cells(2).Ints()...)
	return nil
}

// sort makes the index. Charges come by account and time, so mostly those of an
// account are all there is to sort.
func (x *chargeIndex) sort() {
	x.order = make([]int32, len(x.txn))
	for i := range x.order {
		x.order[i] = int32(i)
		x.semicolons = x.semicolons || strings.Contains(x.txn[i], ";")
	}
	if !slices.IsSorted(x.account) {
		slices.SortFunc(x.order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(x.account[a], x.account[b]), cmp.Compare(x.txn[a], x.txn[b]))
		})
		return
	}
	for from := 0; from < len(x.order); {
		to := from + 1
		for to < len(x.order) && x.account[to] == x.account[from] {
			to++
		}
		slices.SortFunc(x.order[from:to], func(a, b int32) int { return cmp.Compare(x.txn[a], x.txn[b]) })
		from = to
	}
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
	c.charges.sort()
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

// losses are what the case says that accounts lost, by account and currency.
type losses struct {
	account  []string
	currency []money.Currency
	net      []int64
	held     []ledger.Validation // by a decision that the case was made with
	order    []int32
	seen     []bool
	at       int // in order, of the last one found
}

func (x *losses) grow(rows int) {
	x.account, x.currency, x.net = make([]string, 0, rows), make([]money.Currency, 0, rows), make([]int64, 0, rows)
	x.held = make([]ledger.Validation, 0, rows)
}

func (x *losses) add(t *table.Table) error {
	x.account = append(x.account, t.Cells(0).Texts()...)
	x.net = append(x.net, t.Cells(1).Ints()...)
	for _, code := range t.Cells(2).Texts() {
		c, ok := currencyOf(code)
		if !ok {
			return fmt.Errorf("table victims: row %d: %q is no currency", len(x.currency)+1, discreet.Shown(code))
		}
		x.currency = append(x.currency, c)
	}
	for row := range t.Rows() {
		v := ledger.NotValidated
		if len(t.Schema().Columns) > 3 && !t.Cells(3).Null(row) {
			var ok bool
			if v, ok = ledger.ParseValidation(t.Cells(3).Text(row)); !ok {
				return fmt.Errorf("table victims: row %d: column validation: %q is none that is known", len(x.held)+1, discreet.Shown(t.Cells(3).Text(row)))
			}
		}
		x.held = append(x.held, v)
	}
	return nil
}

// compare orders an account and currency and those of a row.
func (x *losses) compare(row int32, account string, currency money.Currency) int {
	return cmp.Or(cmp.Compare(x.account[row], account), cmp.Compare(x.currency[row], currency))
}

// sort makes losses ready for find, which they mostly are already.
func (x *losses) sort() error {
	x.order, x.seen = make([]int32, len(x.account)), make([]bool, len(x.account))
	for i := range x.order {
		x.order[i] = int32(i)
	}
	slices.SortFunc(x.order, func(a, b int32) int { return x.compare(a, x.account[b], x.currency[b]) })
	for i := range x.order[min(1, len(x.order)):] {
		if a, b := x.order[i], x.order[i+1]; x.compare(a, x.account[b], x.currency[b]) == 0 {
			return fmt.Errorf("table victims: the account of row %d is there twice in %s", max(a, b)+1, x.currency[a])
		}
	}
	return nil
}

// find returns the row of an account and currency, or -1. Who asks in order
// walks.
func (x *losses) find(account string, currency money.Currency) int32 {
	if x.at < len(x.order) && x.compare(x.order[x.at], account, currency) > 0 {
		x.at = sort.Search(len(x.order), func(i int) bool { return x.compare(x.order[i], account, currency) >= 0 })
	}
	for x.at < len(x.order) && x.compare(x.order[x.at], account, currency) < 0 {
		x.at++
	}
	if x.at == len(x.order) || x.compare(x.order[x.at], account, currency) != 0 {
		return -1
	}
	return x.order[x.at]
}

// checkAccounts makes sure that no line is there twice, and that the lines of
// every victim add up to the loss that the case gives. Who else holds a victim
// to be one is noted in its lines.
func (c *CaseLedger) checkAccounts(lost *losses) error {
	if err := c.checkIDs(); err != nil {
		return err
	}
	if err := lost.sort(); err != nil {
		return err
	}
	for i := 0; i < len(c.Lines); {
		first, from := &c.Lines[i], i
		var sum money.Sum
		for ; i < len(c.Lines) && c.Lines[i].Account == first.Account && c.Lines[i].Currency == first.Currency; i++ {
			sum.Add(c.Lines[i].Amount)
		}
		row := lost.find(first.Account, first.Currency)
		total, err := sum.Total()
		switch {
		case err != nil:
			return err
		case row < 0: // all of it came back
			continue
		case lost.seen[row]:
			return fmt.Errorf("table refunds: line %d: the lines of account %q do not stand together", i, event.Masked(first.Account))
		case total != lost.net[row]:
			return fmt.Errorf("the lines of account %q come to %s, its loss is %s", event.Masked(first.Account),
				money.Format(total, first.Currency), money.Format(lost.net[row], first.Currency))
		}
		lost.seen[row] = true
		for k := from; k < i; k++ {
			c.Lines[k].Validation = lost.held[row]
		}
	}
	for row, seen := range lost.seen {
		if !seen && lost.net[row] != 0 {
			return fmt.Errorf("account %q has no lines, its loss is %s", event.Masked(lost.account[row]), money.Format(lost.net[row], lost.currency[row]))
		}
	}
	return nil
}

// checkIDs makes sure that no two lines are one obligation.
func (c *CaseLedger) checkIDs() error {
	hashes := make([]uint64, len(c.Lines))
	for i := range c.Lines {
		hashes[i] = ledger.IDHash(c.Lines[i].ID)
	}
	slices.Sort(hashes)
	for i := range hashes[min(1, len(hashes)):] {
		if hashes[i] != hashes[i+1] {
			continue
		}
		for k := range c.Lines {
			if id := c.Lines[k].ID; ledger.IDHash(id) == hashes[i] {
				return fmt.Errorf("table refunds: two lines have the refund_id %q", discreet.Shown(id))
			}
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
				return fmt.Errorf("%d lines of channel %q in %s, the summary says %d", s.lines[channel], discreet.Shown(ch.Channel), m.Currency, ch.Lines)
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
