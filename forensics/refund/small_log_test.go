package refund_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// read makes an input from a small log: one row a line, one minute apart,
//
//	verdict transaction kind amount [card|…|card:instrument] [>original] [USD] [pending|declined|foreign|stoppable|@same]
//
// where @same puts the row at the instant of the one before.
func read(t testing.TB, text string) (refund.Input, []string) {
	t.Helper()
	var in refund.Input
	var names []string
	verdicts := map[string]refund.Verdict{"own": refund.Own, "possible": refund.Possible, "named": refund.Named}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 4 {
			t.Fatalf("row %q: want at least 4 fields", line)
		}
		verdict, ok := verdicts[f[0]]
		kind, kindOK := event.ParseKind([]byte(f[2]))
		amount, err := strconv.ParseInt(f[3], 10, 64)
		if !ok || !kindOK || err != nil {
			t.Fatalf("row %q: cannot read it", line)
		}
		c := event.Charge{
			Time: int64(len(names)) * 60e6, Txn: event.KeyOfString(f[1]), Kind: kind, Amount: amount,
			Status: event.Approved, Currency: uint32(money.MustCurrency("JPY")),
		}
		foreign, stoppable := false, false
		for _, word := range f[4:] {
			switch {
			case word == "foreign":
				foreign = true
			case word == "stoppable":
				stoppable = true
			case word == "@same":
				c.Time = in.Charges[len(in.Charges)-1].Time
			case word == "pending" || word == "declined":
				c.Status, _ = event.ParseStatus([]byte(word))
			case word[0] == '>':
				c.Ref = event.KeyOfString(word[1:])
			case len(word) == 3 && word == strings.ToUpper(word):
				c.Currency = uint32(money.MustCurrency(word))
			default:
				source, ref, _ := strings.Cut(word, ":")
				c.Funding, c.Ref = event.ParseFunding([]byte(source)), event.KeyOfString(ref)
			}
		}
		in.Charges = append(in.Charges, c)
		in.Verdicts = append(in.Verdicts, verdict)
		in.Foreign = append(in.Foreign, foreign)
		in.Stoppable = append(in.Stoppable, stoppable)
		names = append(names, f[1])
	}
	return in, names
}

// write shows an account as text, for comparing: a line each, then
// "CUR topup spend wallet net charges/standing", then what is undone.
func write(a refund.Account, names []string) string {
	var b strings.Builder
	list := func(rows []int) string {
		var s []string
		for _, i := range rows {
			s = append(s, names[i])
		}
		return strings.Join(s, ",")
	}
	for _, l := range a.Lines {
		fmt.Fprintf(&b, "%v %v %v %v %d-%d=%d %s %v\n", l.Component, l.Channel, l.Status, l.Currency,
			l.Gross, l.Returned, l.Amount, list(l.Charges), l.Reasons)
	}
	for _, t := range a.Totals {
		fmt.Fprintf(&b, "%v topup %d spend %d wallet %d net %d charges %d/%d\n", t.Currency,
			t.TopUp, t.Spend, t.Wallet, t.NetLoss, t.Charges, t.Standing)
	}
	if len(a.Undone) > 0 {
		fmt.Fprintf(&b, "undone %s\n", list(a.Undone))
	}
	return b.String()
}

func settle(t testing.TB, in refund.Input) refund.Account {
	t.Helper()
	a, err := refund.Settle(in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

type example struct {
	name string
	rows string
	set  func(*refund.Input)
	want string
}

func run(t *testing.T, examples []example) {
	t.Helper()
	if len(examples) == 0 {
		t.Fatal("no examples")
	}
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			in, names := read(t, e.rows)
			if e.set != nil {
				e.set(&in)
			}
			var want strings.Builder
			for _, line := range strings.Split(strings.TrimSpace(e.want), "\n") {
				if line = strings.Join(strings.Fields(line), " "); line != "" {
					want.WriteString(line + "\n")
				}
			}
			got := write(settle(t, in), names)
			if got != want.String() {
				t.Errorf("got\n%swant\n%s", got, want.String())
			}
			if _, err := checkLaws(in); err != nil {
				t.Error(err)
			}
		})
	}
}
