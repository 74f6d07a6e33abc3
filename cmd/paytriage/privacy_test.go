package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A person is a value that says who somebody is. It stands in the place of an
// account's id, and wherever else people's files may hold one; secret is what
// must not be seen of it. Masked, it is "zq…qz".
const person, secret = "zqPRIVATE77qz", "PRIVATE77"

// A private is a command that reads files with people in them. {out} in its
// arguments is a path of its own.
type private struct {
	args  string
	files []string // that it reads; tables of a case are named CASE/table.csv
	names bool     // its standard output is where people are asked for by name
	code  int      // its exit code
	said  string   // on standard error, the last time
}

var privates = []private{
	{args: "analyze --auth auth.csv --payments payments.csv --balances balances.csv --decisions decisions.csv --known-bad known.csv --exclude exclude.csv --out {out}",
		files: []string{"auth.csv", "payments.csv", "balances.csv", "decisions.csv", "known.csv", "exclude.csv"}},
	{args: "inspect auth.csv payments.csv", files: []string{"auth.csv", "payments.csv"}, names: true},
	{args: "convert --payments payments.csv -o {out} --rejects {out}", files: []string{"payments.csv"}},
	{args: "convert --auth auth.csv", files: []string{"auth.csv"}, names: true},
	{args: "show case refunds", files: []string{"case/refunds.csv"}, names: true},
	{args: "verify case", files: []string{"case/*", "decisions.csv"}},
	{args: "explain case " + person + " --auth auth.csv --payments payments.csv --balances balances.csv --decisions decisions.csv --known-bad known.csv", files: []string{"case/takeovers.csv", "case/charges.csv", "case/victims.csv", "auth.csv", "payments.csv", "decisions.csv", "balances.csv", "known.csv"}, names: true},
	{args: "explain case " + person + "2 --auth auth.csv --payments payments.csv", files: []string{"auth.csv"}, code: 1},
	{args: "whatif case --auth auth.csv --payments payments.csv", files: []string{"case/*", "payments.csv"}},
	{args: "report case --out {out}", files: []string{"case/*"}},
	{args: "indicators case", files: []string{"case/*"}, names: true},
	{args: "indicators case --list freeze --quiet --out {out}", files: []string{"case/takeovers.csv", "case/victims.csv", "case/sources.csv"}},
	{args: "redact case --out {out} --key key", files: []string{"case/*"}},
	{args: "evaluate case --truth .", files: []string{"truth_accounts.csv", "truth_charges.csv", "truth_money.csv", "truth_entries.csv", "case/victims.csv", "case/charges.csv", "case/refunds.csv", "case/takeovers.csv"}, names: true}, // words of its files stand in its tables
	{args: "diff case later", files: []string{"case/*"}},
	{args: "claims case claims.csv --auth auth.csv --payments payments.csv --out {out} --days-in UTC", files: []string{"claims.csv", "case/victims.csv", "case/charges.csv"}, names: true, code: 3},
	{args: "closeout --payments payments.csv --case case --claims asked.csv --opening opening.csv --ends 2019-07-31 --tz Asia/Tokyo --pay-on 2019-09-02 --payout zengin --payees payees.csv --debtor debtor.csv --out {out}",
		files: []string{"payments.csv", "asked.csv", "opening.csv", "payees.csv", "debtor.csv", "case/refunds.csv", "case/charges.csv"}},
	{args: "closeout --payments payments.csv --paid paid_out.csv --ends 2019-07-31 --tz Asia/Tokyo --out {out}", files: []string{"paid_out.csv"}},
	{args: "refunds case --out {out} --already-refunded psp.csv --decisions decisions.csv", files: []string{"case/*", "psp.csv", "decisions.csv"}},
	{args: "refunds case --already-refunded drawn/ledger.csv", files: []string{"drawn/ledger.csv"}},
	{args: "refunds provision case --ledger drawn/ledger.csv --accounts book.csv --journal {out}", files: []string{"drawn/ledger.csv", "book.csv"}, names: true},
	{args: "refunds notices case --out {out}", files: []string{"case/victims.csv", "case/refunds.csv", "case/charges.csv"}},
	{args: "refunds requests case --cutoff cutoffs.csv --issuers issuers.csv --on 2019-07-03 --tz Asia/Tokyo --out {out}", files: []string{"case/charges.csv", "case/refunds.csv", "cutoffs.csv", "issuers.csv"}},
	{args: "refunds answers answers.csv --requests requests --out {out} --on 2019-07-12", files: []string{"answers.csv", "requests/requests.csv"}, code: 3},
	{args: "refunds approve drawn --ledger {out} --approver bob", files: []string{"drawn/ledger.csv"}},
	{args: "refunds export drawn --ledger register --payees payees.csv --debtor debtor.csv --payout csv:card --out {out}", files: []string{"payees.csv", "debtor.csv", "drawn/ledger.csv"}},
	{args: "refunds paid paid.csv --ledger register --json", files: []string{"paid.csv"}, names: true},
	{args: "refunds returned returned.csv --ledger register", files: []string{"returned.csv"}, names: true, code: 4},
	{args: "refunds status --ledger register", files: []string{"register/register.jsonl"}},
	{args: "refunds status --ledger register --id " + person, code: 1},
}

// TestNothingPersonalInErrors gives every command files that are full of a
// person: whole ones, and ones in which a cell of each column in turn is that
// person instead of what belongs there. What goes to logs (all of standard error),
// the names of files, and the standard output of commands that were not asked for
// people by name say nothing of it.
func TestNothingPersonalInErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every command many times")
	}
	privateWorld(t)
	runs := 0
	for i, p := range privates {
		if code := p.run(t, "as it is"); code != p.code {
			t.Errorf("%s: exit code %d, want %d\n%s", p.args, code, p.code, p.said)
		}
		for _, pattern := range p.files {
			paths, err := filepath.Glob(pattern)
			if err != nil || len(paths) == 0 {
				t.Fatal(pattern, err)
			}
			for _, path := range paths {
				runs += p.damaged(t, path, i)
			}
		}
	}
	t.Logf("%d runs", runs)
	if runs < 250 {
		t.Errorf("only %d runs", runs)
	}
}

// damaged runs the command once for every column of a file, with the person in it;
// for those of the tables of a case, which many commands read, some of them.
func (p *private) damaged(t *testing.T, path string, nth int) (runs int) {
	t.Helper()
	if !strings.HasSuffix(path, ".csv") {
		return 0
	}
	data := readFile(t, ".", path)
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 2 {
		return 0
	}
	dir, name := filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".csv")
	var manifest []byte
	if dir == "case" {
		manifest = readFile(t, dir, "manifest.json")
	}
	for column, head := range rows[0] {
		const share = 6
		if rows[1][column] == person || manifest != nil && (column+nth)%share != 0 {
			continue
		}
		change := func(rows [][]string) [][]string {
			rows[1][column] = person
			return rows
		}
		if manifest != nil {
			forge(t, dir, name, change)
		} else {
			var b bytes.Buffer
			changed, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
			if err == nil {
				err = csv.NewWriter(&b).WriteAll(change(changed))
			}
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, b.String())
		}
		p.run(t, head+" of "+path)
		runs++
		write(t, path, string(data))
		if manifest != nil {
			write(t, filepath.Join(dir, "manifest.json"), string(manifest))
		}
	}
	return runs
}

// run runs the command and looks at what it says.
func (p *private) run(t *testing.T, what string) int {
	t.Helper()
	out := filepath.Join("outs", "out")
	if err := os.MkdirAll("outs", 0o700); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(p.args)
	for i, n := 0, 0; i < len(args); i++ {
		if args[i] == "{out}" {
			args[i] = out + strings.Repeat("x", n)
			n++
		}
	}
	var stdout, stderr bytes.Buffer
	code := execute(context.Background(), streams{in: strings.NewReader(""), out: &stdout, err: &stderr}, args)
	p.said = stderr.String()
	said := p.said
	if !p.names {
		said += stdout.String()
	}
	for line := range strings.Lines(said) {
		if strings.Contains(line, secret) {
			t.Errorf("%s\n%s: says of a person: %s", strings.Join(args, " "), what, line)
		}
	}
	for _, dir := range []string{".", os.Getenv("TMPDIR")} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.Contains(path, secret) {
				t.Errorf("%s, %s: a file is named %s", p.args, what, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll("outs"); err != nil {
		t.Fatal(err)
	}
	return code
}

// privateWorld makes a folder with logs, lists, a case, a ledger and a register,
// all of them with the person in them, and goes there.
func privateWorld(t *testing.T) {
	t.Helper()
	small, err := filepath.Abs("../../samples/small")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	logs, err := os.ReadDir(small)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range logs {
		write(t, e.Name(), strings.ReplaceAll(string(readFile(t, small, e.Name())), "t8b9edee6w", person))
	}
	for name, text := range map[string]string{
		"balances.csv":  "account_id,currency,balance,at\nP,JPY,50000,opening\n",
		"decisions.csv": "account_id,txn_id,decision,who,why,when,validation\nP,,confirm,desk,P called,2019-07-04,customer\n",
		"known.csv":     "kind,value\nip,247.192.0.163\ndevice,P\n",
		"exclude.csv":   "kind,value\naccount,2P\n",
		"claims.csv":    "claim_id,account_id,txn_id,funding_ref,amount,date,reported_at,by,note\nP1,P,,,,,2019-07-02,customer,P\nP2,P,,,1.5,,2019-07-02,customer,P\n",
		"asked.csv":     "account_id,claimed_at,payee_check\nP,2019-08-05T09:00:00+09:00,ok\nn7pzq3qt0k,2019-08-05,ok\n",
		"opening.csv":   "account_id,currency,balance\nP,JPY,90000\n",
		"payees.csv":    "account_id,name,kana,bank_code,bank_name,branch_code,branch_name,account_type,account_number\nP,P,P,0001,ﾐｽﾞﾎ,001,ﾎﾝﾃﾝ,1,1234567\n",
		"debtor.csv":    "code,name,kana,bank_code,bank_name,branch_code,branch_name,account_type,account_number\n1234567890,Service,ｻｰﾋﾞｽ,0001,ﾐｽﾞﾎ,001,ﾎﾝﾃﾝ,1,7654321\n",
		"psp.csv":       "event_time,txn_id,account_id,kind,amount,currency,status,original_txn_id\n2019-07-02T01:00:00.000001Z,P1,P,refund,5000,JPY,approved,A8XKZSMAX6QSS\n",
		"cutoffs.csv":   "issuer,cutoff_day\nvisa,end\n",
		"issuers.csv":   "funding_ref,issuer\ntok_2*,visa\n",
		"book.csv":      "role,account\nloss,Loss\n",
		"answers.csv":   "refund_id,answer,answer_amount\nP,stopped,\n",
		"returned.csv":  "name,amount,currency,date,reason\nP,5000,JPY,2019-07-15,P\n",
		"key":           "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122",
	} {
		write(t, name, strings.ReplaceAll(strings.ReplaceAll(text, "P,", person+","), "P\n", person+"\n"))
	}
	logsOf := "analyze --auth auth.csv --payments payments.csv --quiet --out "
	for _, line := range []string{
		logsOf + "case --balances balances.csv --decisions decisions.csv --known-bad known.csv",
		logsOf + "later",
		"refunds case --out drawn --maker ada --quiet",
		"refunds approve drawn --ledger register --approver bob --quiet",
		"refunds export drawn --ledger register --payout csv:card --out paid --quiet",
		"refunds requests case --cutoff 10 --on 2019-07-03 --tz Asia/Tokyo --out requests --quiet",
		"closeout --payments payments.csv --claims asked.csv --ends 2019-07-31 --tz Asia/Tokyo --pay-on 2019-09-02 --out closed --quiet",
	} {
		mustRun(t, strings.Fields(line)...)
	}
	write(t, "paid_out.csv", string(readFile(t, "closed", "exported.csv")))
	exported := readCSV(t, "paid/payout_csv.csv")
	if !slices.ContainsFunc(exported, func(row map[string]string) bool { return row["account_id"] == person }) {
		t.Fatal("nothing was paid to the person")
	}
	write(t, "paid.csv", "name,amount,currency,date\n"+exported[0]["refund_id"]+","+exported[0]["amount"]+",JPY,2030-01-01\n")
}
