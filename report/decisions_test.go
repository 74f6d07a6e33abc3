package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/report"
)

func micros(t *testing.T, stamp string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestReadDecisions(t *testing.T) {
	day := micros(t, "2019-07-04T00:00:00Z")
	simple := []ledger.Decision{{Account: "a1", Confirm: true, Validation: ledger.Operator, Who: "desk", Why: "called", When: day}}
	tests := []struct {
		name, text string
		want       []ledger.Decision
	}{
		{"no txn_id, no validation", "account_id,decision,who,why,when\na1,confirm,desk,called,2019-07-04\n", simple},
		{"any order, other columns", "note,when,why,who,decision,account_id,txn_id\nx,2019-07-04,called,desk,confirm,a1,\n", simple},
		{"mark and CR LF", "\ufeffaccount_id,decision,who,why,when\r\na1,confirm,desk,called,2019-07-04\r\n", simple},
		{"no line break at the end", "account_id,decision,who,why,when\na1,confirm,desk,called,2019-07-04", simple},
		{"nothing decided", "account_id,txn_id,decision,who,why,when,validation\n", nil},
		{"all columns", "account_id,txn_id,decision,who,why,when,validation\n" +
			"0012,\"t;1,2\",dismiss,\"o\nffice\",,2019-07-04T10:00:00.5+09:00,issuer\n",
			[]ledger.Decision{{Account: "0012", Txn: "t;1,2", Validation: ledger.Issuer, Who: "o\nffice", When: micros(t, "2019-07-04T01:00:00.5Z")}}},
		{"marked cells", "account_id,txn_id,decision,who,why,when\n'=a,''+t,confirm,desk,'-x,2019-07-04\n",
			[]ledger.Decision{{Account: "=a", Txn: "'+t", Confirm: true, Validation: ledger.Operator, Who: "desk", Why: "-x", When: day}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := report.ReadDecisions(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("decisions differ:\n%s", d)
			}
		})
	}
}

func TestReadDecisionsRefuses(t *testing.T) {
	const header = "account_id,txn_id,decision,who,why,when,validation\n"
	tests := []struct{ name, text, want string }{
		{"nothing", "", "the file is empty"},
		{"no when", "account_id,decision,who,why\n", "line 1: column is missing: when"},
		{"a column twice", "account_id,decision,who,why,when,who\n", "line 1: column who stands twice"},
		{"no account", header + ",t,confirm,x,y,2019-07-04,\n", "line 2: column account_id: is empty"},
		{"another word", header + "a,,Confirmed,x,y,2019-07-04,\n", `line 2: column decision: "Co…ed" is neither`},
		{"nobody", header + "a,,confirm, ,y,2019-07-04,\n", "line 2: column who: is empty"},
		{"no validation of ours", header + "a,,confirm,x,y,2019-07-04,none\n", `line 2: column validation: "n…"`},
		{"no date", header + "a,,confirm,x,y,2019-07-04,\na,,confirm,x,y,04/07/2019,\n", `line 3: column when: cannot read "04…19"`},
		{"a date that does not exist", header + "a,,confirm,x,y,2019-02-30,\n", "line 2: column when"},
		{"behind a cell of two lines", header + "a,,confirm,x,\"y\nz\",2019-07-04,\na,,,x,y,2019-07-04,\n", "line 4: column decision"},
		{"a cell too many", header + "a,,confirm,x,y,2019-07-04,,\n", "line 2: wrong number of fields"},
		{"a stray quote", header + "a,\"b\"c,confirm,x,y,2019-07-04,\n", "line 2: extraneous"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := report.ReadDecisions(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
