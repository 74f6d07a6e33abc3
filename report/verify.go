package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/signature"
	"github.com/paytriage/paytriage/report/table"
)

// A Check is one thing that Verify looked at.
type Check struct {
	What   string `json:"what"`
	State  string `json:"state"`            // ok, differs or not_checked
	Detail string `json:"detail,omitempty"` // what differs, or why it was not checked
}

// The states of a check.
const (
	Holds      = "ok"
	Differs    = "differs"
	NotChecked = "not_checked"
)

// Checks are the checks of a case, in a fixed order.
type Checks []Check

// Count returns how many checks have a state.
func (c Checks) Count(state string) (n int) {
	for i := range c {
		if c[i].State == state {
			n++
		}
	}
	return n
}

// Verify holds a finished case against its manifest and against itself: every
// file is hashed again, every total added up again from the tables, and every
// table held against those that it follows from. The error is only of what could
// not be looked at at all; whatever differs is in the checks. Inputs are not
// looked at, because they may be anywhere: see VerifyFile. The keys are those
// that the manifest must be signed by, or nil. A manifest that says nothing that
// can be read is a check that does not hold, and is returned as nil.
func Verify(dir string, keys *signature.Keys) (Checks, *Manifest, error) {
	m, err := ReadManifest(dir)
	var open *OpenError
	if errors.As(err, &open) {
		return nil, nil, err
	}
	v := verifier{dir: dir, manifest: m, tables: map[string]*table.Table{}}
	v.signature(keys)
	if err != nil {
		v.note(atomicfile.Manifest, "cannot be read: "+err.Error())
		return v.checks, nil, nil
	}
	v.files()
	v.readTables()
	v.summary()
	return v.checks, m, nil
}

// VerifyFile holds a file against the size and the hash that it had.
func VerifyFile(path, what string, size int64, sum string) Check {
	n, got, err := HashFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Check{what, NotChecked, "is not there"}
	case err != nil:
		return Check{what, NotChecked, err.Error()}
	case n != size:
		return Check{what, Differs, fmt.Sprintf("has %d bytes, had %d", n, size)}
	case got != sum:
		return Check{what, Differs, fmt.Sprintf("has the SHA-256 %s, had %s", got, sum)}
	}
	return Check{what, Holds, ""}
}

// A verifier is one call of Verify.
type verifier struct {
	dir      string
	manifest *Manifest
	tables   map[string]*table.Table
	checks   Checks
}

// note adds a check; problems are what differs.
func (v *verifier) note(what string, problems ...string) {
	c := Check{What: what, State: Holds}
	if len(problems) > 0 {
		const most = 5
		c.State, c.Detail = Differs, strings.Join(problems[:min(len(problems), most)], "; ")
		if n := len(problems); n > most {
			c.Detail += fmt.Sprintf("; and %d more", n-most)
		}
	}
	v.checks = append(v.checks, c)
}

// signature holds the manifest against its signature, before anything that the
// manifest says is believed.
func (v *verifier) signature(keys *signature.Keys) {
	const what = "signature of the manifest"
	file, err := readIn(v.dir, Signature)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case missing && v.manifest.SignedBy != "":
		v.note(what, "is not there; the manifest says that it was signed by "+v.manifest.SignedBy)
		return
	case missing && keys != nil:
		v.note(what, "is not there: the case was not signed")
		return
	case missing:
		return // nobody said that it was signed
	case err != nil:
		v.note(what, err.Error())
		return
	case keys == nil:
		v.checks = append(v.checks, Check{what, NotChecked, "name the public key with --key"})
		return
	}
	manifest, err := readIn(v.dir, atomicfile.Manifest)
	if err != nil {
		v.note(what, err.Error())
		return
	}
	switch by, err := keys.Verify(manifest, file); {
	case errors.Is(err, signature.ErrForged):
		v.note(what, "the manifest "+err.Error()+" by "+by)
	case errors.Is(err, signature.ErrStranger):
		v.note(what, err.Error()+", "+by)
	case err != nil:
		v.note(what, err.Error())
	case v.manifest.SignedBy != "" && v.manifest.SignedBy != by:
		v.note(what, "is by "+by+", the manifest says by "+v.manifest.SignedBy)
	default:
		v.note(what)
	}
}

// maxName is how long the name of a file is at most.
const maxName = 255

// files hashes every file of the manifest again, and looks for strangers.
func (v *verifier) files() {
	named := map[string]bool{atomicfile.Manifest: true, Signature: true}
	for _, f := range v.manifest.Outputs {
		named[f.Name] = true
		if filepath.Base(f.Name) != f.Name || len(f.Name) > maxName {
			v.note(fmt.Sprintf("%.100s", f.Name), "is no name of a file in the case")
			continue
		}
		path := filepath.Join(v.dir, f.Name)
		if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
			v.note(f.Name, "is no regular file")
			continue
		}
		c := VerifyFile(path, f.Name, f.Bytes, f.SHA256)
		if c.State == NotChecked {
			c.State = Differs // a file of the case must be there
		}
		v.checks = append(v.checks, c)
	}
	entries, err := os.ReadDir(v.dir)
	var strangers []string
	if err != nil {
		strangers = append(strangers, err.Error())
	}
	for _, e := range entries {
		if !named[e.Name()] {
			strangers = append(strangers, e.Name()+" is not of the case")
		}
	}
	v.note("nothing else in the folder", strangers...)
}

// readTables reads every table in every format that it has, and holds the rows
// against their hash and number.
func (v *verifier) readTables() {
	schemas := map[string]table.Schema{}
	for _, s := range Schemas() {
		schemas[s.Name] = s
	}
	for _, f := range v.manifest.Outputs {
		name, format, _ := strings.Cut(f.Name, ".")
		s, ok := schemas[name]
		if !ok || !slices.Contains(Formats, format) {
			continue
		}
		t, sum, err := readTable(filepath.Join(v.dir, f.Name), s)
		if err != nil {
			v.note("rows of "+f.Name, err.Error())
			continue
		}
		var problems []string
		if int64(t.Rows()) != f.Rows {
			problems = append(problems, fmt.Sprintf("%d rows, the manifest says %d", t.Rows(), f.Rows))
		}
		if f.RowsHash != "" && hex.EncodeToString(sum[:]) != f.RowsHash {
			problems = append(problems, "the rows are not those of the manifest")
		}
		v.note("rows of "+f.Name, problems...)
		v.tables[name] = copied(t, s.Columns, allRows(t)) // an earlier one has nulls
	}
}

// readTable reads a table from a file, also one of an earlier version, and the
// hash of its rows as they were then.
func readTable(path string, s table.Schema) (t *table.Table, sum [sha256.Size]byte, err error) {
	t, err = readFormat(path, s)
	if errors.Is(err, table.ErrMissing) && len(later[s.Name]) > 0 {
		if t, err = readFormat(path, earlierSchema(s)); err == nil {
			return copied(t, s.Columns, allRows(t)), t.CanonicalHash(), nil
		}
	}
	if err != nil {
		return nil, sum, err
	}
	return t, t.CanonicalHash(), nil
}

func readFormat(path string, s table.Schema) (*table.Table, error) {
	f, err := OpenIn(filepath.Split(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if strings.HasSuffix(path, ".csv") {
		return csvfile.Read(f, s)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return parquetfile.Read(f, info.Size(), s)
}

// rowsOf returns a table as a function from row and column to text and number.
type rowsOf struct {
	n     int
	cells map[string]*table.Cells
}

func (v *verifier) rows(name string) (rowsOf, bool) {
	t := v.tables[name]
	if t == nil {
		return rowsOf{}, false
	}
	r := rowsOf{t.Rows(), map[string]*table.Cells{}}
	for i, c := range t.Schema().Columns {
		r.cells[c.Name] = t.Cells(i)
	}
	return r, true
}

func (r *rowsOf) text(column string, row int) string { return r.cells[column].Text(row) }

// shown returns what a check may say of a cell that holds an id: see discreet.Shown.
func (r *rowsOf) shown(column string, row int) string { return discreet.Shown(r.text(column, row)) }

func (r *rowsOf) null(column string, row int) bool { return r.cells[column].Null(row) }
func (r *rowsOf) int(column string, row int) int64 { return r.cells[column].Int(row) }

// summary adds up the tables again and holds them against the summary and
// against each other.
func (v *verifier) summary() {
	s, err := ReadSummary(v.dir)
	if err != nil {
		v.note("summary.json", err.Error())
		return
	}
	v.accountOfRows(s)
	v.policy(s)
	v.counts(s)
	v.money(s)
	v.follows(s)
}

// accountOfRows holds the rows read against what became of them.
func (v *verifier) accountOfRows(s *Summary) {
	var problems []string
	law := func(name string, r RowCounts) {
		if r.Read != r.Accepted+r.Rejected+r.Duplicates {
			problems = append(problems, fmt.Sprintf("%s: %d read are not %d accepted + %d rejected + %d duplicates", name, r.Read, r.Accepted, r.Rejected, r.Duplicates))
		}
	}
	var sum RowCounts
	for _, in := range s.Sources {
		law(in.Name, in.RowCounts)
		sum.Read, sum.Accepted, sum.Rejected = sum.Read+in.Read, sum.Accepted+in.Accepted, sum.Rejected+in.Rejected
		sum.Duplicates, sum.Repeats = sum.Duplicates+in.Duplicates, sum.Repeats+in.Repeats
	}
	listed := s.Rows.Rejected // at most: of the files beside the logs only the first are
	for _, in := range v.manifest.Inputs {
		switch in.Role {
		case forensics.BalancesRole, forensics.DecisionsRole, forensics.ExcludeRole, forensics.KnownBadRole:
			listed += in.Rejected
		}
		law(in.Name, in.RowCounts)
	}
	for _, src := range s.Sources {
		if !slices.ContainsFunc(v.manifest.Inputs, func(in Input) bool {
			return in.Name == src.Name && in.Role == src.Role && in.RowCounts == src.RowCounts
		}) {
			problems = append(problems, fmt.Sprintf("%.100s: the manifest has no such input", src.Name))
		}
	}
	if law("all", s.Rows); sum != s.Rows {
		problems = append(problems, "the sources do not add up to all rows")
	}
	if t := v.tables["rejects"]; t != nil && (int64(t.Rows()) < s.Rows.Rejected || int64(t.Rows()) > listed) {
		problems = append(problems, fmt.Sprintf("%d rows in rejects, %d were rejected", t.Rows(), s.Rows.Rejected))
	}
	v.note("rows read = accepted + rejected + duplicates", problems...)
}

func (v *verifier) policy(s *Summary) {
	if s.PolicyHash != v.manifest.PolicyHash {
		v.note("policy", "the summary and the manifest name different ones")
		return
	}
	v.note("policy")
}

// counts holds how many findings there are against the tables.
func (v *verifier) counts(s *Summary) {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
		if t := v.tables[name]; t != nil && t.Rows() != s.Tables[name] {
			problems = append(problems, fmt.Sprintf("%s has %d rows, the summary says %d", name, t.Rows(), s.Tables[name]))
		}
	}
	for _, c := range []struct {
		table string
		says  TierCounts
	}{{"victims", s.Victims}, {"takeovers", s.Takeovers}, {"charges", s.Charges}} {
		r, ok := v.rows(c.table)
		if !ok || c.says.unknown && r.n == 0 { // the logs cannot tell
			continue
		}
		got := map[string]int64{}
		for row := range r.n {
			got[r.text("tier", row)]++
		}
		if (TierCounts{Confirmed: got["confirmed"], Probable: got["probable"], Possible: got["possible"]}) != c.says {
			problems = append(problems, fmt.Sprintf("%s: the tiers are not those of the summary", c.table))
		}
	}
	v.note("counts of the summary", problems...)
}

// money adds up victims and ledger again.
func (v *verifier) money(s *Summary) {
	victims, ok := v.rows("victims")
	lines, ok2 := v.rows("refunds")
	if !ok || !ok2 {
		return
	}
	type total struct {
		confirmed, probable, possible, decided, owed, held, needs, exception int64
		charges, topUp, spend                                                int64 // of those who are owed
	}
	sums := map[string]*total{}
	of := func(currency string) *total {
		if sums[currency] == nil {
			sums[currency] = &total{}
		}
		return sums[currency]
	}
	decided := map[string]bool{} // possible victims that a person confirmed
	for row := range victims.n {
		t, loss := of(victims.text("currency", row)), victims.int("net_loss", row)
		if victims.text("tier", row) != "possible" || validated(&victims, row) {
			t.charges += victims.int("fraud_charges", row)
			t.topUp += victims.int("topup_amount", row)
			t.spend += victims.int("spend_amount", row)
		}
		switch victims.text("tier", row) {
		case "confirmed":
			t.confirmed += loss
		case "probable":
			t.probable += loss
		case "possible":
			if !validated(&victims, row) {
				t.possible += loss
				continue
			}
			t.decided += loss
			decided[victims.text("account_id", row)] = true
		}
	}
	channels := map[[2]string]int64{}
	var problems []string
	for row := range lines.n {
		currency, amount := lines.text("currency", row), lines.int("amount", row)
		if amount != lines.int("gross", row)-lines.int("returned", row) {
			problems = append(problems, lines.shown("refund_id", row)+": gross less returned is not the amount")
		}
		t := of(currency)
		status := lines.text("status", row)
		switch status {
		case "open":
			t.owed += amount
		case "held":
			t.held += amount
		case "needs_decision":
			t.needs += amount
		case "exception":
			t.exception += amount
		}
		named := lines.text("tier", row) != "possible" || decided[lines.text("account_id", row)]
		if status != "needs_decision" && named {
			channels[[2]string{currency, lines.text("channel", row)}] += amount
		}
	}
	for _, m := range s.Money {
		t := of(m.Currency)
		delete(sums, m.Currency)
		for _, c := range []struct {
			what      string
			says, got int64
		}{{"net_loss", m.NetLoss, t.confirmed + t.probable + t.decided}, {"net_loss_confirmed", m.NetLossConfirmed, t.confirmed},
			{"net_loss_probable", m.NetLossProbable, t.probable}, {"net_loss_possible", m.NetLossPossible, t.possible},
			{"net_loss_by_decision", m.NetLossDecided, t.decided},
			{"fraud_charges", m.FraudCharges, t.charges}, {"topup_amount", m.TopUp, t.topUp}, {"spend_amount", m.Spend, t.spend},
			{"owed", m.Owed, t.owed}, {"held", m.Held, t.held}, {"exception", m.Exception, t.exception}, {"needs_decision", m.NeedsDecision, t.needs}} {
			if c.says != c.got {
				problems = append(problems, fmt.Sprintf("%s in %s: the tables add up to %d, the summary says %d", c.what, m.Currency, c.got, c.says))
			}
		}
		for _, c := range m.Channels {
			if got := channels[[2]string{m.Currency, c.Channel}]; got != c.Amount {
				problems = append(problems, fmt.Sprintf("channel %s in %s: the lines add up to %d, the summary says %d", c.Channel, m.Currency, got, c.Amount))
			}
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		problems = append(problems, "the summary has no money in "+discreet.Shown(currency))
	}
	v.note("money of the summary", append(problems, s.imbalances()...)...)
}

// follows holds each table against those that it follows from.
func (v *verifier) follows(s *Summary) {
	takeovers, ok := v.rows("takeovers")
	victims, ok2 := v.rows("victims")
	charges, ok3 := v.rows("charges")
	lines, ok4 := v.rows("refunds")
	if !ok || !ok2 || !ok3 || !ok4 {
		return
	}
	entered := map[string]bool{}
	for row := range takeovers.n {
		entered[takeovers.text("account_id", row)] = true
	}
	var problems []string
	for row := range victims.n {
		if a := victims.text("account_id", row); !entered[a] {
			problems = append(problems, discreet.Shown(a)+" is a victim without a takeover")
		}
	}
	v.note("every victim was taken over", problems...)

	problems = nil
	known := map[string]bool{}
	for row := range charges.n {
		known[charges.text("account_id", row)+"\x00"+charges.text("txn_id", row)] = true
		if a := charges.text("account_id", row); !entered[a] {
			problems = append(problems, charges.shown("txn_id", row)+" is a charge of "+discreet.Shown(a)+", which was not taken over")
		}
	}
	v.note("every charge is of an account that was taken over", problems...)

	problems = nil
	for row := range lines.n {
		// A line of an instrument names its charge first, and then what came back;
		// one of the wallet names all charges that it stands on.
		account, component := lines.text("account_id", row), lines.text("component", row)
		isCharge := func(txn string) bool { return known[account+"\x00"+txn] }
		txns := lineTxns(lines.text("txn_id", row), isCharge)
		switch component {
		case "instrument_refund":
			if !isCharge(txns[0]) {
				problems = append(problems, lines.shown("refund_id", row)+" stands on "+discreet.Shown(txns[0])+", which is no charge of "+discreet.Shown(account))
			}
		case "balance_restore", "balance_clawback", "victim_used":
			if !slices.ContainsFunc(txns, isCharge) {
				problems = append(problems, lines.shown("refund_id", row)+" stands on no charge of "+discreet.Shown(account))
			}
		}
		if !entered[account] {
			problems = append(problems, lines.shown("refund_id", row)+" is of "+discreet.Shown(account)+", which was not taken over")
		}
	}
	v.note("every line of the ledger has its charge", problems...)
	v.losses(victims, lines)
	v.charged(victims, charges)
	v.places(charges)
	v.groups(takeovers, victims)
	v.scores(takeovers)
	v.origins(s, charges, takeovers)
}

// losses holds the loss of every victim against its lines.
func (v *verifier) losses(victims, lines rowsOf) {
	type key struct{ account, currency string }
	sum := map[key]int64{}
	for row := range lines.n {
		sum[key{lines.text("account_id", row), lines.text("currency", row)}] += lines.int("amount", row)
	}
	var problems []string
	for row := range victims.n {
		k := key{victims.text("account_id", row), victims.text("currency", row)}
		if got := sum[k]; got != victims.int("net_loss", row) {
			problems = append(problems, fmt.Sprintf("%s: the lines add up to %d %s, the loss is %d", discreet.Shown(k.account), got, discreet.Shown(k.currency), victims.int("net_loss", row)))
		}
	}
	slices.SortFunc(problems, cmp.Compare)
	v.note("every victim's lines add up to the loss", problems...)
}
