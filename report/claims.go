package report

import (
	"fmt"

	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/claims"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/table"
)

// The tables that claims become.
var (
	ClaimsSchema = table.Schema{
		Name: "claims", Doc: "a claim with its outcome; one row for each currency that it is counted in",
		Columns: []table.Column{
			maybe("claim_id", table.Text, "name of the complaint or of the issuer's case"),
			col("by", table.Code, "customer or issuer"),
			col("outcome", table.Code, "what it comes to; paytriage claims --help lists all"),
			maybe("account_id", table.Text, docAccount),
			maybe("txn_id", table.Text, "the charge, empty where an account is claimed or no charge was found"),
			col("counted_charges", table.Int, "charges that it is counted for; each is counted for one claim"),
			col("counted", table.Amount, "sum of these charges, "+docMinor),
			maybe("currency", table.Code, docCurrency),
			maybe("kind", table.Code, "topup, payment, transfer_out, payout"),
			maybe("event_time", table.Time, "time of the charge"),
			maybe("charged", table.Amount, "amount of the charge, "+docMinor),
			maybe("claimed", table.Amount, "amount as the claim has it, "+docMinor),
			maybe("claimed_currency", table.Code, "currency of it"),
			col("differs", table.Code, "yes if the claim states another amount or currency than the charge has, else no"),
			maybe("tier", table.Code, "of what is claimed, by the logs; empty where they hold it against nobody"),
			maybe("account_tier", table.Code, "how sure it is that somebody else got into the account"),
			col("device", table.Code, "of the claimed charge: own, new or not_known in the account before"),
			col("shop", table.Code, "likewise"),
			col("network", table.Code, "likewise"),
			maybe("reported_at", table.Time, "when it was reported"),
			maybe("first_source", table.Code, "of a double: file of the claim that it repeats"),
			maybe("first_line", table.Int, "of a double: line of the claim that it repeats"),
			col("source", table.Code, "file of the claim"),
			col("line", table.Int, "line of the claim, from 1"),
		},
	}
	RecognisedSchema = table.Schema{
		Name: "recognised", Doc: "a victim and who recognised it; one that nobody claimed, too",
		Columns: []table.Column{
			col("account_id", table.Text, docAccount),
			col("tier", table.Code, docTier),
			col("validation", table.Code, "the strongest that was claimed: none, customer, issuer"),
			col("recognised_by", table.Code, "who spoke first: customer, issuer, or own_detection where nobody claimed it"),
			col("customer_claims", table.Int, "claims of the customer that the logs bear out"),
			col("issuer_claims", table.Int, "claims of issuers that the logs bear out"),
			maybe("reported_at", table.Time, "the first time of any"),
			maybe("claim_id", table.Text, "the first claim"),
			col("net_loss", table.Amount, "as the case has it, "+docMinor),
			col("currency", table.Code, docCurrency),
		},
	}
	DecisionsSchema = table.Schema{
		Name: "decisions", Doc: "what the claims settle, for --decisions",
		Columns: []table.Column{
			col("account_id", table.Text, docAccount),
			maybe("txn_id", table.Text, "a charge; empty where the account is meant"),
			col("decision", table.Code, "confirm or dismiss"),
			col("validation", table.Code, "customer, issuer or operator"),
			col("who", table.Text, "who decided"),
			col("why", table.Text, "what it rests on"),
			col("when", table.Time, "when it was reported"),
		},
	}
	ClaimRejectsSchema = table.Schema{
		Name: "rejects", Doc: "a row of a file of claims that was not understood",
		Columns: []table.Column{
			col("source", table.Code, "file"),
			col("line", table.Int, "line of the row, from 1"),
			maybe("column", table.Code, "column at fault; empty where it is the whole row"),
			col("reason", table.Text, "what is wrong with it"),
			col("raw", table.Text, "the row as it stands, card numbers masked"),
		},
	}
)

// ClaimsTables returns what became of claims as tables.
func ClaimsTables(r *claims.Result, rejected []claims.Rejected, decisions []ledger.Decision) ([]*table.Table, error) {
	all := []*table.Table{claimsTable(r), recognisedTable(r.Victims), decisionsTable(decisions), claimRejectsTable(rejected)}
	for _, t := range all {
		if err := t.Validate(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func claimsTable(r *claims.Result) *table.Table {
	t := table.New(ClaimsSchema, len(r.Claims))
	row := t.Appender()
	for i := range r.Claims {
		c := &r.Claims[i]
		counted := c.Counted
		if len(counted) == 0 {
			counted = []claims.Sum{{}}
		}
		for _, sum := range counted {
			fillClaim(row, r, c, sum)
		}
	}
	return t
}

func fillClaim(row *table.Appender, r *claims.Result, c *claims.Judged, sum claims.Sum) {
	row.TextOrNull(c.ID)
	row.Code(c.By.String())
	row.Code(c.Outcome.String())
	ch := c.Charge
	account, txn := c.About(), c.Txn
	if ch != nil {
		txn = ch.Txn
	}
	row.TextOrNull(account)
	row.TextOrNull(txn)
	row.Int(sum.Charges)
	row.Amount(sum.Amount)
	cur := sum.Currency
	if cur == 0 && ch != nil {
		cur = ch.Currency
	}
	row.CodeOrNull(cur.String())
	if ch == nil {
		row.Null()
		row.Null()
		row.Null()
	} else {
		row.Code(ch.Kind)
		row.Time(ch.Time)
		row.Amount(ch.Amount)
	}
	if c.AmountText == "" {
		row.Null()
		row.Null()
	} else {
		row.Amount(c.Amount)
		row.Code(c.Currency.String())
	}
	row.Code(yesNo(c.Differs))
	row.CodeOrNull(c.Tier.String())
	row.CodeOrNull(c.Entered.String())
	var m claims.Means
	if ch != nil {
		m = ch.Means
	}
	row.Code(m.Device.String())
	row.Code(m.Shop.String())
	row.Code(m.Network.String())
	timeOrNull(row, c.ReportedAt)
	if c.First < 0 {
		row.Null()
		row.Null()
	} else {
		row.Code(r.Claims[c.First].Source)
		row.Int(int64(r.Claims[c.First].Line))
	}
	row.Code(c.Source)
	row.Int(int64(c.Line))
	row.End()
}

func timeOrNull(row *table.Appender, at int64) {
	if at == 0 {
		row.Null()
		return
	}
	row.Time(at)
}

func recognisedTable(victims []claims.Recognition) *table.Table {
	t := table.New(RecognisedSchema, len(victims))
	row := t.Appender()
	for i := range victims {
		v := &victims[i]
		row.Text(v.Account)
		row.Code(v.Tier.String())
		row.Code(v.Validation.String())
		row.Code(v.Route())
		row.Int(v.Customers)
		row.Int(v.Issuers)
		timeOrNull(row, v.ReportedAt)
		row.TextOrNull(v.ID)
		row.Amount(v.NetLoss)
		row.Code(v.Currency.String())
		row.End()
	}
	return t
}

func decisionsTable(list []ledger.Decision) *table.Table {
	t := table.New(DecisionsSchema, len(list))
	row := t.Appender()
	for i := range list {
		d := &list[i]
		row.Text(d.Account)
		row.TextOrNull(d.Txn)
		row.Code(confirmWord(d.Confirm))
		row.Code(d.Validation.String())
		row.Text(d.Who)
		row.Text(d.Why)
		row.Time(d.When)
		row.End()
	}
	return t
}

func confirmWord(confirm bool) string {
	if confirm {
		return "confirm"
	}
	return "dismiss"
}

func claimRejectsTable(list []claims.Rejected) *table.Table {
	t := table.New(ClaimRejectsSchema, len(list))
	row := t.Appender()
	for i := range list {
		r := &list[i]
		row.Code(r.Source)
		row.Int(int64(r.Line))
		row.CodeOrNull(r.Column)
		row.Text(r.Reason)
		row.Text(r.Raw)
		row.End()
	}
	return t
}

// ReadStolen returns the stolen charges and the victims of a finished case, and
// how sure it is of each account that somebody else got in.
func ReadStolen(dir string) (stolen []claims.Stolen, victims []claims.Victim, entered map[string]takeover.Tier, err error) {
	tables := map[string]*table.Table{}
	for _, name := range []string{"charges", "victims", "takeovers"} {
		if tables[name], err = Read(dir, name); err != nil {
			return nil, nil, nil, err
		}
	}
	tier := func(t *table.Table, row int) takeover.Tier {
		tier, ok := takeover.ParseTier(cell(t, "tier").Text(row))
		if !ok && err == nil {
			err = fmt.Errorf("table %s: row %d: %q is no tier", t.Schema().Name, row+1, discreet.Shown(cell(t, "tier").Text(row)))
		}
		return tier
	}
	unit := func(t *table.Table, row int) money.Currency {
		c, ok := money.ParseCurrency([]byte(cell(t, "currency").Text(row)))
		if !ok && err == nil {
			err = fmt.Errorf("table %s: row %d: %q is no currency", t.Schema().Name, row+1, discreet.Shown(cell(t, "currency").Text(row)))
		}
		return c
	}
	t := tables["charges"]
	for row := range t.Rows() {
		status := cell(t, "status").Text(row)
		if cell(t, "kind").Text(row) == "transfer_in" {
			continue // brought in by the intruder: nobody can claim it
		}
		stolen = append(stolen, claims.Stolen{Txn: cell(t, "txn_id").Text(row), Account: cell(t, "account_id").Text(row),
			Amount: cell(t, "amount").Int(row), Currency: unit(t, row), Tier: tier(t, row),
			Gone: status == "approved" || status == "pending", Declined: status == "declined"})
	}
	t = tables["victims"]
	for row := range t.Rows() {
		held, _ := ledger.ParseValidation(cell(t, "validation").Text(row))
		victims = append(victims, claims.Victim{Decided: heldBy(tier(t, row), held) == bridge.ByDecision,
			Account: cell(t, "account_id").Text(row), Tier: tier(t, row),
			NetLoss: cell(t, "net_loss").Int(row), Currency: unit(t, row)})
	}
	t, entered = tables["takeovers"], map[string]takeover.Tier{}
	for row := range t.Rows() {
		entered[cell(t, "account_id").Text(row)] = tier(t, row)
	}
	return stolen, victims, entered, err
}

// cell returns a column of a table by its name.
func cell(t *table.Table, name string) *table.Cells {
	i, _ := t.Schema().Find(name)
	return t.Cells(i)
}
