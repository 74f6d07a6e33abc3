package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/control"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// whatifOptions are the flags of whatif.
type whatifOptions struct {
	controls []string
	again
	json bool
}

func newWhatifCommand(std streams) *cobra.Command {
	var o whatifOptions
	cmd := &cobra.Command{
		Use:   "whatif CASE",
		Short: "Replay the logs with controls that the service did not have",
		Long: `Replays the logs of a case with one control after another, and with all of them,
and counts what each would have prevented and whom it would have disturbed.
Which charges are stolen is what the case says: confirmed and probable.

The logs are those that the case was made from, which its manifest names; where
they have moved, name them with --auth and --payments. Changed logs are refused.

Controls, each with its default in brackets; without --control all of them:
` + controlsText(),
		Example: `  paytriage whatif case
  paytriage whatif case --control multi-device=1 --control topup-cap=10000/24
  paytriage whatif case --control stop-topups=2019-07-03T14:00:00+09:00 --json`,
		Args: exactArgs("CASE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runWhatif(cmd.Context(), std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.controls, "control", nil, "a control to replay (repeatable)")
	o.again.addFlags(f)
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	complete(cmd, "progress", progressModes...)
	return cmd
}

// controlsText lists the controls.
func controlsText() string {
	var b strings.Builder
	written, docs := control.Help()
	for i := range written {
		fmt.Fprintf(&b, "  %s\n      %s\n", written[i], docs[i])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// parse returns the controls to replay.
func (o *whatifOptions) parse() ([]control.Control, error) {
	const see = "'paytriage whatif --help' lists the controls"
	if o.json && o.quiet {
		return nil, errJSONQuiet
	}
	if err := o.again.validate("whatif"); err != nil {
		return nil, err
	}
	if len(o.controls) == 0 {
		return control.Defaults(), nil
	}
	var all []control.Control
	for _, text := range o.controls {
		c, err := control.Parse(text)
		if err != nil {
			return nil, &usageError{"--control " + err.Error(), see}
		}
		all = append(all, c)
	}
	if len(all) > control.MaxControls {
		return nil, &usageError{fmt.Sprintf("%d controls; %d can be replayed at once", len(all), control.MaxControls), "replay them in several runs"}
	}
	return all, nil
}

func runWhatif(ctx context.Context, std streams, o *whatifOptions, folder string) error {
	controls, err := o.parse()
	if err != nil {
		return err
	}
	marked, err := readMarked(folder)
	if err != nil {
		return err
	}
	summary, err := report.ReadSummary(folder)
	if err != nil {
		return &hintError{err, "the case is not what analyze wrote; run it again"}
	}
	log, discard, err := o.again.load(ctx, std, folder, summary)
	if err != nil {
		return err
	}
	defer discard()
	result, err := control.Replay(ctx, log, marked, controls, o.in.workers)
	switch {
	case errors.Is(err, control.ErrCurrency):
		return &usageError{"--control " + err.Error(), "give the cap with its currency: --control topup-cap=30000JPY/24"}
	case err != nil && ctx.Err() == nil:
		return &hintError{err, "the case and its logs do not fit together; run analyze again"}
	case err != nil:
		return err
	}
	switch {
	case o.json:
		err = report.WriteJSON(std.out, whatifJSON(result, summary))
	case !o.quiet:
		err = printWhatif(std.out, result, summary, console.Options{Width: std.width(), Color: std.color()})
	}
	if err != nil {
		return err
	}
	return incomplete(summary, folder)
}

// readMarked returns what a case says, by the keys that a log has.
func readMarked(folder string) (*control.Case, error) {
	tables := map[string]*table.Table{}
	for _, name := range []string{"takeovers", "victims", "charges", "refunds", "sources"} {
		var err error
		if tables[name], err = readTable(folder, name); err != nil {
			return nil, err
		}
	}
	c := &control.Case{Accounts: map[event.Key]*control.Account{}, Devices: map[event.Key]bool{}, Testers: map[event.Addr]bool{}}
	broken := markAccounts(c, tables["takeovers"])
	if broken == nil {
		broken = markCharges(c, tables["charges"], tables["refunds"])
	}
	if broken == nil {
		broken = markVictims(c, tables["victims"])
	}
	if broken != nil {
		return nil, &hintError{fmt.Errorf("%s: %w", folder, broken), "the case is not what analyze wrote; run it again"}
	}
	cells := cellsOf(tables["sources"])
	for row := range tables["sources"].Rows() {
		value := cells("value").Text(row)
		switch kind := cells("kind").Text(row); {
		case kind == "device":
			c.Devices[event.KeyOfString(value)] = true
		case kind == "ip" && cells("role").Text(row) == "tester":
			c.Testers[addrOf(value)] = true
		}
	}
	delete(c.Testers, 0)
	return c, nil
}

func markAccounts(c *control.Case, t *table.Table) error {
	cells := cellsOf(t)
	for row := range t.Rows() {
		name := cells("account_id").Text(row)
		tier, ok := takeover.ParseTier(cells("tier").Text(row))
		key := event.KeyOfString(name)
		if !ok || c.Accounts[key] != nil {
			return fmt.Errorf("table takeovers: row %d: the account has no tier, or is twice there", row+1)
		}
		c.Accounts[key] = &control.Account{Name: name, Tier: tier, TakeoverAt: cells("takeover_at").Int(row),
			Device:  event.KeyOfString(cells("device_id").Text(row)),
			Charges: map[event.Key]takeover.Tier{}, Brought: map[event.Key]bool{}}
	}
	return nil
}

// markCharges notes the stolen charges. A top-up that a thief paid with his own
// money is one that opened no line of the ledger.
func markCharges(c *control.Case, charges, refunds *table.Table) error {
	lines := map[string][]string{} // transactions of instrument refunds, by account
	first := map[[2]string]bool{}
	cells := cellsOf(refunds)
	for row := range refunds.Rows() {
		if cells("component").Text(row) == "instrument_refund" {
			account, txns := cells("account_id").Text(row), cells("txn_id").Text(row)
			lines[account] = append(lines[account], txns)
			id, _, _ := strings.Cut(txns, ";")
			first[[2]string{account, id}] = true
		}
	}
	refunded := func(account, txn string) bool {
		if !strings.Contains(txn, ";") {
			return first[[2]string{account, txn}]
		}
		return slices.ContainsFunc(lines[account], func(l string) bool { return l == txn || strings.HasPrefix(l, txn+";") })
	}
	cells = cellsOf(charges)
	for row := range charges.Rows() {
		account, txn := cells("account_id").Text(row), cells("txn_id").Text(row)
		m := c.Accounts[event.KeyOfString(account)]
		tier, ok := takeover.ParseTier(cells("tier").Text(row))
		if !ok || m == nil {
			return fmt.Errorf("table charges: row %d: the account is no takeover, or the charge has no tier", row+1)
		}
		if cells("decision").Text(row) != "" {
			tier = max(tier, takeover.Probable) // a person decided it
		}
		key := event.KeyOfString(txn)
		m.Charges[key] = tier
		if status := cells("status").Text(row); tier < takeover.Probable || status == event.Declined.String() {
			continue
		}
		if at := cells("event_time").Int(row); c.FirstStolen == 0 || at < c.FirstStolen {
			c.FirstStolen = at
		}
		m.Brought[key] = cells("kind").Text(row) == event.TopUp.String() && !refunded(account, txn)
	}
	return nil
}

func markVictims(c *control.Case, t *table.Table) error {
	cells := cellsOf(t)
	for row := range t.Rows() {
		account := cells("account_id").Text(row)
		m := c.Accounts[event.KeyOfString(account)]
		tier, ok := takeover.ParseTier(cells("tier").Text(row))
		currency, known := money.ParseCurrency([]byte(cells("currency").Text(row)))
		if !ok || !known || m == nil {
			return fmt.Errorf("table victims: row %d: the account is no takeover, or has no tier or currency", row+1)
		}
		if v := cells("validation").Text(row); tier >= takeover.Probable || v != "" && v != "none" {
			m.Losses = append(m.Losses, control.Loss{Currency: currency, TopUp: cells("topup_amount").Int(row), Spend: cells("spend_amount").Int(row)})
		}
	}
	return nil
}

// addrOf returns the address of a text as a log has it, 0 for any other text.
func addrOf(text string) event.Addr {
	a, err := netip.ParseAddr(text)
	switch a = a.Unmap(); {
	case err != nil:
		return 0
	case a.Is4():
		b := a.As4()
		return event.AddrFrom4(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
	}
	b := a.As16()
	var v event.Addr
	for _, x := range b[:8] {
		v = v<<8 | event.Addr(x)
	}
	return v
}

// whatifVersion is the version of the schema of what whatif prints as JSON.
const whatifVersion = 1

// A whatif is a result for programs. Amounts are in minor units.
type whatif struct {
	SchemaVersion int             `json:"schema_version"`
	Base          whatifBase      `json:"happened"`
	Controls      []whatifControl `json:"controls"`
	Assumptions   []string        `json:"assumptions"`
}

type whatifBase struct {
	Victims   int64        `json:"victims"`
	Unseen    int64        `json:"victims_owner_not_seen_before"`
	Money     []whatifLoss `json:"money"`
	Logins    int64        `json:"honest_logins"`
	TopUps    int64        `json:"honest_topups"`
	Thieves   int64        `json:"thief_logins"`
	Undecided int64        `json:"undecided_logins"`
	Blind     int64        `json:"honest_logins_without_device"`
}

type whatifLoss struct {
	Currency string `json:"currency"`
	Taken    int64  `json:"taken"`
	NetLoss  int64  `json:"net_loss"` // as the case has it
}

type whatifControl struct {
	Control     string            `json:"control"`
	Because     string            `json:"not_computable,omitempty"`
	Spared      int64             `json:"victims_spared"`
	Eased       int64             `json:"victims_eased"`
	Prevented   []whatifPrevented `json:"prevented"`
	Logins      int64             `json:"honest_logins_disturbed"`
	PerThousand figure            `json:"honest_logins_disturbed_per_thousand"`
	Charges     int64             `json:"honest_charges_disturbed"`
	Accounts    int64             `json:"honest_accounts_disturbed"`
	Thieves     int64             `json:"thief_logins_stopped"`
	Undecided   int64             `json:"undecided_logins_disturbed"`
}

type whatifPrevented struct {
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
	TopUps   int64  `json:"topups"`
}

// A figure is a number that is written already.
type figure string

// MarshalJSON writes the number, null for none.
func (f figure) MarshalJSON() ([]byte, error) {
	if f == "" {
		return []byte("null"), nil
	}
	return []byte(f), nil
}

func whatifJSON(r *control.Result, s *report.Summary) whatif {
	b := &r.Base
	out := whatif{SchemaVersion: whatifVersion, Assumptions: assumptions(r), Controls: []whatifControl{},
		Base: whatifBase{b.Victims, b.Unseen, []whatifLoss{}, b.Logins, b.TopUps, b.Thieves, b.Undecided, b.Blind}}
	for _, a := range b.Taken {
		out.Base.Money = append(out.Base.Money, whatifLoss{a.Currency.String(), a.Minor, netLossIn(s, a.Currency)})
	}
	for i := range r.Rows {
		w := &r.Rows[i]
		c := whatifControl{Control: w.Name, Because: w.Why, Spared: w.Spared, Eased: w.Eased, Prevented: []whatifPrevented{},
			Logins: w.Logins, PerThousand: figure(share(w.Logins, b.Logins, 1000)), Charges: w.Charges, Accounts: w.Accounts,
			Thieves: w.Thieves, Undecided: w.Undecided}
		for n, a := range w.Prevented {
			c.Prevented = append(c.Prevented, whatifPrevented{a.Currency.String(), a.Minor, w.TopUps[n].Minor})
		}
		out.Controls = append(out.Controls, c)
	}
	return out
}

// netLossIn returns the net loss of the case in a currency.
func netLossIn(s *report.Summary, c money.Currency) int64 {
	for i := range s.Money {
		if s.Money[i].Currency == c.String() {
			return s.Money[i].NetLoss
		}
	}
	return 0
}

// share returns part/whole times some scale with two digits, "" of nothing.
func share(part, whole, scale int64) string {
	if whole <= 0 {
		return ""
	}
	r := big.NewRat(part, whole)
	return r.Mul(r, big.NewRat(scale, 1)).FloatString(2)
}

// assumptions says what the figures rest on.
func assumptions(r *control.Result) []string {
	b := &r.Base
	all := []string{
		"stolen is what the case calls confirmed or probable; taken is what thieves took out of wallets and instruments and did not put in themselves, less what shops gave back; the net loss is lower where issuers gave back too",
		"spared: nothing would have been stolen from the victim; eased: less",
		"a thief who is stopped does not try another time, device or amount; he spends what the wallet still holds, but no more than he did; a wallet opens with the least that its rows allow",
		"a second factor stops every thief: its own failures are not in the figures",
		"a control refuses single logins and top-ups: credentials that were tested from where it refuses count as known",
		"an owner who is refused gets on: all her rows count as they were; a disturbed login is one that is refused, or asked for a second factor",
		"a device is new in an account where the logs, history included, show another one before it: longer logs disturb fewer owners",
		"each control judges as if it were alone; all together refuse what any of them refuses",
	}
	count := func(n int64, format string) {
		if n > 0 {
			all = append(all, fmt.Sprintf(format, count(n)))
		}
	}
	count(b.Unseen, "%s of the victims are not in the logs before a thief is: the first device there counts as known, though it is a thief's")
	count(b.Blind, "%s honest logins have no device: controls of devices let them pass")
	count(b.Undecided, "%s logins by those who are only possibly thieves are in no count of honest ones")
	return all
}

// count writes a number with commas.
func count(n int64) string { return money.Format(n, 0) }

// printWhatif prints a result for a person.
func printWhatif(w io.Writer, r *control.Result, s *report.Summary, opt console.Options) error {
	b := &r.Base
	pairs := []console.Pair{{Key: "victims", Value: count(b.Victims)}}
	for _, a := range b.Taken {
		pairs = append(pairs, console.Pair{Key: "taken by thieves", Value: money.Format(a.Minor, a.Currency) + "; net loss of the case " + money.Format(netLossIn(s, a.Currency), a.Currency)})
	}
	pairs = append(pairs, console.Pair{Key: "honest logins", Value: count(b.Logins)}, console.Pair{Key: "honest top-ups", Value: count(b.TopUps)})
	if err := console.Block(w, "what happened", pairs, opt); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	var rows [][]any
	var blind []console.Pair
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Why != "" {
			blind = append(blind, console.Pair{Key: row.Name, Value: "because " + row.Why})
			continue
		}
		var prevented, percent []string
		for n, a := range row.Prevented {
			prevented = append(prevented, money.Format(a.Minor, a.Currency))
			percent = append(percent, share(a.Minor, b.Taken[n].Minor, 100))
		}
		rows = append(rows, []any{row.Name, row.Spared, row.Eased, strings.Join(prevented, ", "), strings.Join(percent, ", "),
			row.Thieves, row.Logins, share(row.Logins, b.Logins, 1000), row.Charges, row.Accounts})
	}
	alignRight(rows, 3, 4, 7)
	columns := slices.Concat(texts("control"), ints("spared", "eased"), texts("prevented", "percent"), ints("thief_logins", "logins"), texts("per_1000"), ints("charges", "accounts"))
	if err := printTable(w, opt, "with a control: victims and money saved, thieves' logins stopped; honest logins, charges and accounts disturbed", columns, rows); err != nil {
		return err
	}
	if blind != nil {
		if err := console.Block(w, "not computable", report.Wrapped(blind, opt.Width), opt); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	var notes []console.Pair
	for i, a := range assumptions(r) {
		notes = append(notes, console.Pair{Key: strconv.Itoa(i + 1), Value: a})
	}
	return console.Block(w, "what the figures rest on", report.Wrapped(notes, opt.Width), opt)
}

// alignRight puts the texts of columns to the right.
func alignRight(rows [][]any, columns ...int) {
	for _, c := range columns {
		wide := 0
		for _, row := range rows {
			wide = max(wide, len(row[c].(string)))
		}
		for _, row := range rows {
			row[c] = fmt.Sprintf("%*s", wide, row[c])
		}
	}
}
