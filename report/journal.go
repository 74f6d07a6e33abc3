package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/provision"
	"github.com/paytriage/paytriage/report/table"
)

var journalSchema = table.Schema{
	Name: "journal", Doc: "an entry of the books; debits and credits are the same in each currency",
	Columns: []table.Column{
		col("account", table.Text, "account of the books"),
		col("role", table.Code, "loss, payable or balances"),
		col("debit", table.Amount, docMinor),
		col("credit", table.Amount, docMinor),
		col("currency", table.Code, docCurrency),
		col("tax", table.Code, "class of the consumption tax"),
		col("text", table.Text, "what it is for"),
	},
}

// JournalTable returns entries as a table.
func JournalTable(entries []provision.Entry) (*table.Table, error) {
	t := table.New(journalSchema, len(entries))
	row := t.Appender()
	for _, e := range entries {
		row.Text(e.Account)
		row.Code(e.Role.String())
		row.Amount(e.Debit)
		row.Amount(e.Credit)
		row.Code(e.Currency.String())
		row.Code(provision.TaxClass)
		row.Text(e.Text)
		row.End()
	}
	return t, t.Validate()
}

// ReadAccountNames reads what accounts of the books are called: CSV with role and
// account.
func ReadAccountNames(name string, r io.Reader, names *provision.Names) error {
	l, err := openList(name, r, "role", "account")
	if err != nil {
		return err
	}
	seen := map[provision.Role]bool{}
	for {
		ok, err := l.next()
		if err != nil || !ok {
			return cmpErr(err, l.strict())
		}
		role, known := provision.ParseRole(l.word("role"))
		account := strings.TrimSpace(l.text("account"))
		switch {
		case !known:
			l.reject("role", fmt.Sprintf("%q is none of loss, payable, balances", discreet.Shown(l.text("role"))))
		case seen[role]:
			l.reject("role", role.String()+" stands twice")
		case account == "":
			l.reject("account", "is empty")
		default:
			names[role], seen[role] = account, true
		}
	}
}
