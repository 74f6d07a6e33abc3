package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
	"github.com/paytriage/paytriage/report/register"
	"github.com/paytriage/paytriage/report/table"
)

// clock is asked when something is approved, exported or settled: the register
// says when. Nothing else of a command depends on it.
var clock = time.Now

// boundMemory makes the collector work harder rather than let the heap of a large
// draft grow above 850 MiB, if what is held allows it. A lower limit that was set
// from outside stays.
func boundMemory() {
	const most = 850 << 20
	debug.SetMemoryLimit(min(most, debug.SetMemoryLimit(-1)))
}

// refundsSubcommands returns what follows the drawing up of a ledger.
func refundsSubcommands(std streams) []*cobra.Command {
	return []*cobra.Command{newApproveCommand(std), newRevokeCommand(std), newExportCommand(std),
		newPaidCommand(std), newReturnedCommand(std), newStatusCommand(std)}
}

// ledgerOptions are the flags that all of them have.
type ledgerOptions struct {
	dir         string
	json, quiet bool
}

func (o *ledgerOptions) addFlags(cmd *cobra.Command, f *pflag.FlagSet) {
	f.StringVar(&o.dir, "ledger", "", "the ledger folder of the service, outside every case (required)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	cmd.MarkFlagDirname("ledger")
}

func (o *ledgerOptions) validate(c *cobra.Command) error {
	see := "see '" + c.CommandPath() + " --help'"
	if o.json && o.quiet {
		return errJSONQuiet
	}
	if o.dir == "" {
		return &usageError{c.CommandPath() + " needs --ledger DIR", see}
	}
	return outside("--ledger", o.dir)
}

// outside refuses a folder within a finished one of ours: nothing writes there.
func outside(flag, dir string) error {
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if flag == "--out" {
		path = filepath.Dir(path) // what stands there itself is told apart later
	}
	for {
		var m struct {
			Tool string `json:"tool"`
		}
		data, err := os.ReadFile(filepath.Join(path, atomicfile.Manifest))
		if err == nil && json.Unmarshal(data, &m) == nil && m.Tool == "paytriage" {
			return &usageError{fmt.Sprintf("%s %s: lies within %s, which is finished and in which nothing is written any more", flag, dir, path),
				"choose a folder outside every case"}
		}
		parent := filepath.Dir(path)
		if parent == path {
			return nil
		}
		path = parent
	}
}

// under reports whether a path is a folder or lies within it.
func under(path, dir string) bool {
	p, err := filepath.Abs(path)
	d, err2 := filepath.Abs(dir)
	if err != nil || err2 != nil {
		return false
	}
	rel, err := filepath.Rel(d, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// open opens the register for writing and says what it put right.
func (o *ledgerOptions) open(std streams, create bool) (*register.Register, error) {
	r, err := register.Open(o.dir, register.Options{Create: create, Now: clock})
	if err != nil {
		return nil, o.explain(err)
	}
	for _, note := range r.Recovered {
		fmt.Fprintf(std.err, "paytriage: note: %s: %s\n", console.Clean(o.dir), console.Clean(note))
	}
	return r, nil
}

// explain adds what to do to what a register reports.
func (o *ledgerOptions) explain(err error) error {
	var damage *register.DamageError
	var draft *report.CheckError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &damage):
		return &checkError{fmt.Sprintf("%s: %v", o.dir, damage), "the ledger folder is not as paytriage left it: nothing is approved or paid from it until it is put back as it was"}
	case errors.As(err, &draft):
		return &checkError{draft.Error(), "draw the ledger up again, and have it approved again"}
	case errors.Is(err, register.ErrApprover):
		return &checkError{err.Error(), "somebody must approve who did not draw it up and has not approved it yet"}
	case errors.Is(err, register.ErrNone):
		return &hintError{err, "check --ledger; 'paytriage refunds approve' starts a register in an empty folder"}
	case errors.Is(err, atomicfile.ErrLocked):
		return &hintError{err, "wait for the other run"}
	case errors.Is(err, atomicfile.ErrFinished), errors.Is(err, atomicfile.ErrForeign):
		return &hintError{err, "choose another folder with --out; payout files are never overwritten"}
	}
	return err
}

// A readDraft is a drawn-up ledger as it stands on the disk.
type readDraft struct {
	id       register.Draft
	manifest *report.Draft
	lines    []ledger.Line
}

// openDraft reads a drawn-up ledger and the hash that an approval binds to.
func (o *ledgerOptions) openDraft(dir string) (*readDraft, error) {
	hash := func() (string, error) {
		_, sum, err := register.HashFile(filepath.Join(dir, atomicfile.Manifest))
		return sum, err
	}
	before, failed := hash()
	m, lines, err := report.ReadDraft(dir)
	if err != nil {
		return nil, o.explain(err)
	}
	after, err := hash()
	if err = cmp.Or(failed, err); err != nil {
		return nil, o.explain(err)
	}
	if after != before {
		return nil, &checkError{dir + ": was changed while it was read", "try again when it is finished"}
	}
	return &readDraft{register.Draft{Manifest: before, Ledger: m.LedgerRows, Case: m.CaseManifest}, m, lines}, nil
}

// registerLine returns a line as the register keeps it.
func registerLine(l *ledger.Line) register.Line {
	return register.Line{ID: register.Text(l.ID), Account: register.Text(l.Account), Component: l.Component.String(), Channel: l.Channel.String(),
		Payer: l.Payer, Currency: l.Currency.String(), Payable: l.Payable, Earlier: l.Earlier, Status: l.Status.String()}
}

// sumsText writes sums for people: "1,500 JPY, 2.00 USD".
func sumsText(sums []register.Sum) string {
	var parts []string
	for _, s := range sums {
		c, _ := money.ParseCurrency([]byte(s.Currency))
		parts = append(parts, money.Format(s.Minor, c))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// A totals adds amounts up by currency.
type totals map[string]*money.Sum

func (t totals) add(currency string, minor int64) {
	if t[currency] == nil {
		t[currency] = &money.Sum{}
	}
	t[currency].Add(minor)
}

// sums returns the totals by the code of the currency.
func (t totals) sums() ([]register.Sum, error) {
	list := []register.Sum{}
	for _, c := range sortedKeys(t) {
		total, err := t[c].Total()
		if err != nil {
			return nil, err
		}
		list = append(list, register.Sum{Currency: c, Minor: total})
	}
	return list, nil
}

// show prints what a command did, as JSON or for people.
func (o *ledgerOptions) show(std streams, v any, text func(w io.Writer, opt console.Options) error) error {
	switch {
	case o.json:
		return report.WriteJSON(std.out, v)
	case o.quiet:
		return nil
	}
	return text(std.out, console.Options{Width: std.width(), Color: std.color()})
}

// hashBytes returns the SHA-256 of bytes as files show it.
func hashBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// lifeVersion is the version of the schemas of what these commands print as JSON.
const lifeVersion = 1

// registerLines returns the lines of a draft as the register keeps them. A line
// that somebody dismissed is owed no longer, whatever was exported for it.
func (d *readDraft) registerLines(dir string) ([]register.Line, error) {
	lines := make([]register.Line, 0, len(d.lines))
	for i := range d.lines {
		lines = append(lines, registerLine(&d.lines[i]))
	}
	t, err := d.leftOut(dir)
	if err != nil || t == nil {
		return lines, err
	}
	cells := cellsOf(t)
	for row := range t.Rows() {
		if cells("why").Text(row) != "dismissed" {
			continue
		}
		text := func(column string) register.Text { return register.Text(cells(column).Text(row)) }
		lines = append(lines, register.Line{ID: text("refund_id"), Account: text("account_id"), Component: string(text("component")), Channel: string(text("channel")),
			Payer: string(text("payer")), Currency: string(text("currency")), Status: refund.Closed.String()})
	}
	return lines, nil
}

// leftOut returns the table of the lines that a draft leaves out, nil where it
// has none that can be read back.
func (d *readDraft) leftOut(dir string) (t *table.Table, err error) {
	for _, file := range d.manifest.Files {
		ext, ok := strings.CutPrefix(file.Name, report.LeftOutSchema.Name+".")
		if !ok {
			continue
		}
		f, err := report.OpenIn(dir, file.Name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if ext == "csv" {
			encoding, _ := csvfile.ParseEncoding(d.manifest.Encoding) // known, as ReadDraft saw
			t, err = csvfile.ReadAs(f, report.LeftOutSchema, csvfile.Form{Encoding: encoding})
		} else {
			t, err = parquetfile.Read(f, file.Bytes, report.LeftOutSchema)
		}
		if err != nil {
			return nil, &report.CheckError{Err: fmt.Errorf("%s: %w", f.Name(), err)}
		}
		return t, nil
	}
	return nil, nil
}
