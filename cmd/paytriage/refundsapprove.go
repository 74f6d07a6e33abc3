package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/register"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// approveOptions are the flags of refunds approve.
type approveOptions struct {
	ledgerOptions
	approver string
	limits   []string
}

func newApproveCommand(std streams) *cobra.Command {
	var o approveOptions
	cmd := &cobra.Command{
		Use:   "approve DRAFT",
		Short: "Approve a drawn-up ledger, so that it can be exported",
		Long: `Approves the folder that 'paytriage refunds CASE --out DRAFT' wrote, and notes it in
the register of the ledger folder. The approval is of these very bytes: whatever is
changed in the folder afterwards, it counts no longer.

Whoever drew the ledger up may not approve it; names count as the same whatever
their case, width and spaces. --limit says above which sum, of one currency, a
draft needs a second approver; the limits hold for all later approvals too, until
others are given, or none.

The ledger folder is one for the service, kept outside every case. The first
approval starts it; everything that was ever exported is remembered there.`,
		Example: `  paytriage refunds approve draft --ledger ledger --approver "Sato Hanako"
  paytriage refunds approve draft --ledger ledger --approver "Sato Hanako" --limit 10000000JPY`,
		Args: exactArgs("DRAFT"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runApprove(cmd, std, &o, args[0]) },
	}
	f := cmd.Flags()
	o.addFlags(cmd, f)
	f.StringVar(&o.approver, "approver", "", "who approves (required)")
	f.StringArrayVar(&o.limits, "limit", nil, "sum above which a draft needs two approvers, such as 10000000JPY (repeatable), or none")
	return cmd
}

// parseLimits returns the limits that were given, nil for none.
func (o *approveOptions) parseLimits() (*[]register.Sum, error) {
	if o.limits == nil {
		return nil, nil
	}
	limits := []register.Sum{}
	if slices.Equal(o.limits, []string{"none"}) {
		return &limits, nil
	}
	seen := map[string]bool{}
	for _, text := range o.limits {
		at := strings.LastIndexAny(text, "0123456789.") + 1
		c, ok := money.ParseCurrency([]byte(text[at:]))
		digits, known := c.Exponent()
		minor, isAmount := money.Parse([]byte(text[:at]), digits)
		if !ok || !known || !isAmount || seen[c.String()] {
			return nil, &usageError{fmt.Sprintf("--limit %q is no amount with its currency, or the second of one", text), "for example --limit 10000000JPY, or --limit none"}
		}
		seen[c.String()] = true
		limits = append(limits, register.Sum{Currency: c.String(), Minor: minor})
	}
	return &limits, nil
}

// An approved is what an approval did.
type approved struct {
	SchemaVersion int             `json:"schema_version"`
	Record        int64           `json:"record"`
	Hash          string          `json:"record_sha256"`
	Started       bool            `json:"register_started"`
	Draft         register.Draft  `json:"draft"`
	Maker         string          `json:"maker"`
	Approvers     []register.Text `json:"approvers"`
	Needs         int             `json:"approvers_needed"`
	Approved      bool            `json:"approved"`
	Lines         int             `json:"lines"`
	Pays          []register.Sum  `json:"pays"`
	TakesBack     []register.Sum  `json:"takes_back"`
	Limits        []register.Sum  `json:"limits"`
}

func runApprove(cmd *cobra.Command, std streams, o *approveOptions, folder string) error {
	if err := o.validate(cmd); err != nil {
		return err
	}
	if strings.TrimSpace(o.approver) == "" {
		return &usageError{"refunds approve needs --approver NAME", "say who approves"}
	}
	limits, err := o.parseLimits()
	if err != nil {
		return err
	}
	boundMemory()
	d, err := o.openDraft(folder)
	if err != nil {
		return err
	}
	a := register.Approval{Draft: d.id, Maker: register.Text(d.manifest.Maker), Approver: register.Text(o.approver), Limits: limits}
	out := approved{SchemaVersion: lifeVersion, Draft: d.id, Maker: d.manifest.Maker, Lines: len(d.lines)}
	if err := out.addUp(d.lines); err != nil {
		return err
	}
	if register.SamePerson(a.Maker, a.Approver) {
		return o.explain(fmt.Errorf("%w: %q drew it up", register.ErrApprover, o.approver))
	}
	r, err := o.open(std, true)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Book().Draft(d.id) == nil {
		if a.Lines, err = d.registerLines(folder); err != nil {
			return o.explain(err)
		}
	}
	d.lines = nil
	rec, err := r.Append(register.Record{Approve: &a})
	if err != nil {
		return o.explain(err)
	}
	state := r.Book().Draft(d.id)
	out.Record, out.Hash, out.Started = rec.Seq, rec.Hash(), r.Created
	out.Approvers, out.Needs, out.Approved, out.Limits = state.Approvers, state.Needs, state.Approved(), r.Book().Limits()
	if r.Created {
		fmt.Fprintf(std.err, "paytriage: note: %s: a new register was started: it knows of no earlier payment\n", console.Clean(o.dir))
	}
	return o.show(std, out, func(w io.Writer, opt console.Options) error { return out.print(w, folder, opt) })
}

// addUp adds up what the open lines of a draft pay and take back.
func (a *approved) addUp(lines []ledger.Line) (err error) {
	pays, back := totals{}, totals{}
	for i := range lines {
		switch l := &lines[i]; {
		case l.Status != refund.Open:
		case l.Payable > 0:
			pays.add(l.Currency.String(), l.Payable)
		case l.Payable < 0:
			back.add(l.Currency.String(), l.Payable)
		}
	}
	if a.Pays, err = pays.sums(); err != nil {
		return err
	}
	a.TakesBack, err = back.sums()
	return err
}

func (a *approved) print(w io.Writer, folder string, opt console.Options) error {
	var names []string
	for _, n := range a.Approvers {
		names = append(names, string(n))
	}
	state := "approved"
	if !a.Approved {
		state = fmt.Sprintf("not yet: it needs %d approvers", a.Needs)
	}
	pairs := []console.Pair{
		{Key: "draft", Value: folder},
		{Key: "drawn up by", Value: a.Maker},
		{Key: "approved by", Value: strings.Join(names, ", ")},
		{Key: "state", Value: state},
		{Key: "lines", Value: count(int64(a.Lines))},
		{Key: "pays", Value: sumsText(a.Pays)},
		{Key: "takes back", Value: sumsText(a.TakesBack)},
	}
	if len(a.Limits) > 0 {
		pairs = append(pairs, console.Pair{Key: "two approve above", Value: sumsText(a.Limits)})
	}
	pairs = append(pairs, recordPair(a.Record, a.Hash))
	return console.Block(w, "approval", pairs, opt)
}

// recordPair names a record of the register.
func recordPair(seq int64, hash string) console.Pair {
	return console.Pair{Key: "record", Value: fmt.Sprintf("%d, %s", seq, hash)}
}

// revokeOptions are the flags of refunds revoke.
type revokeOptions struct {
	ledgerOptions
	by, reason string
}

func newRevokeCommand(std streams) *cobra.Command {
	var o revokeOptions
	cmd := &cobra.Command{
		Use:   "revoke DRAFT",
		Short: "Take the approvals of a drawn-up ledger back",
		Long: `Takes all approvals of a drawn-up ledger back: it can no longer be exported until it
is approved again. What was exported stays exported.`,
		Example: `  paytriage refunds revoke draft --ledger ledger --by "Sato Hanako" --reason "wrong case"`,
		Args:    exactArgs("DRAFT"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRevoke(cmd, std, &o, args[0]) },
	}
	f := cmd.Flags()
	o.addFlags(cmd, f)
	f.StringVar(&o.by, "by", "", "who takes them back (required)")
	f.StringVar(&o.reason, "reason", "", "why")
	return cmd
}

func runRevoke(cmd *cobra.Command, std streams, o *revokeOptions, folder string) error {
	if err := o.validate(cmd); err != nil {
		return err
	}
	if strings.TrimSpace(o.by) == "" {
		return &usageError{"refunds revoke needs --by NAME", "say who takes the approvals back"}
	}
	d, err := o.openDraft(folder)
	if err != nil {
		return err
	}
	r, err := o.open(std, false)
	if err != nil {
		return err
	}
	defer r.Close()
	if state := r.Book().Draft(d.id); state == nil || len(state.Approvers) == 0 {
		return &checkError{folder + ": nobody approves it as it stands", "'paytriage refunds status' lists what is approved"}
	}
	rec, err := r.Append(register.Record{Revoke: &register.Revocation{Draft: d.id, By: register.Text(o.by), Reason: register.Text(o.reason)}})
	if err != nil {
		return o.explain(err)
	}
	out := struct {
		SchemaVersion int    `json:"schema_version"`
		Record        int64  `json:"record"`
		Hash          string `json:"record_sha256"`
	}{lifeVersion, rec.Seq, rec.Hash()}
	return o.show(std, out, func(w io.Writer, opt console.Options) error {
		return console.Block(w, "approval taken back", []console.Pair{{Key: "draft", Value: folder}, {Key: "by", Value: o.by}, recordPair(rec.Seq, rec.Hash())}, opt)
	})
}
