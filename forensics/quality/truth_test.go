package quality

import (
	"encoding/json"
	"strings"
	"testing"
)

// badTruth are files of accounts that cannot be understood, and what is said.
var badTruth = map[string]string{
	"":                                                      "truth: is empty",
	"account_id\na\n":                                       "truth: has no column role",
	"role,account_id,role\nvictim,a,x\n":                    `truth: two columns named "role"`,
	"account_id,role\n,victim\n":                            `truth:2: account_id: "" is empty`,
	"account_id,role\na,robbed\n":                           `truth:2: role: "r…" is none of victim, entered`,
	"account_id,role\na,victim\nb\n":                        "truth:3: wrong number of fields",
	"account_id,role\na,victim\na,mule\n":                   `truth:3: account_id: "a…" stands on line 2 already`,
	"account_id,role\n\"a,victim\n":                         "truth:2: extraneous or missing",
	"account_id,role,net_loss\na,victim,1":                  "truth: has no column currency",
	"account_id,role,net_loss,currency\na,victim,1.5,JPY\n": `truth:2: net_loss: "1.5" is not a whole number`,
	"account_id,role,net_loss,currency\na,victim,1,yen?!\n": `truth:2: currency: "y…" is not a currency`,
	"account_id,role,owner_seen_before\na,victim,perhaps\n": `truth:2: owner_seen_before: "p…" is neither`,
	"account_id,role,net_loss,currency\na,victim,1" + strings.Repeat("0", 20) + ",JPY\n": "is not a whole number",
}

func TestReadAccountsRefuses(t *testing.T) {
	for text, want := range badTruth {
		var truth Truth
		if err := truth.ReadAccounts("truth", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestReadAccountsTakesWhatSpreadsheetsWrite(t *testing.T) {
	var truth Truth
	if err := truth.ReadAccounts("truth", strings.NewReader("\ufeffrole,note,account_id\r\nvictim,\"a, b\",=1\r\n")); err != nil {
		t.Fatal(err)
	}
	if len(truth.Accounts) != 1 || truth.Accounts[0].ID != "=1" || truth.HasLosses || truth.HasSeen {
		t.Errorf("%+v", truth)
	}
}

func TestReadChargesAndMoneyRefuse(t *testing.T) {
	var truth Truth
	for text, want := range map[string]string{
		"txn_id,account_id,status\na,b,gone\n": `truth:2: status: "g…"`,
		"txn_id,account_id\na,b\na,c\n":        `truth:3: txn_id: "a…" stands on line 2`,
		"txn_id\na\n":                          "no column account_id",
	} {
		if err := truth.ReadCharges("truth", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if err := truth.ReadMoney("truth", strings.NewReader("account_id,amount,currency\na,,JPY\n")); err == nil || !strings.Contains(err.Error(), "truth:2: amount") {
		t.Error(err)
	}
}

// FuzzTruth checks that no file of truth can do more than be refused, and that
// one that is taken can be compared.
func FuzzTruth(f *testing.F) {
	seeds := 0
	for text := range badTruth {
		f.Add(text)
		seeds++
	}
	f.Add("account_id,role,vector,lookalike,owner_seen_before,net_loss,currency\na,victim,leak,x;y,true,5,JPY\n")
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text string) {
		var truth Truth
		if err := truth.ReadAccounts("truth", strings.NewReader(text)); err != nil {
			return
		}
		r, err := Evaluate(&Findings{Takeovers: []Takeover{{Account: "a", Tier: confirmed, Vector: "list_type"}}}, &truth)
		if err != nil {
			return
		}
		var listed int64
		for _, role := range r.Roles {
			listed += role.Accounts
		}
		if n := int64(len(truth.Accounts)); listed != n && listed != n+1 {
			t.Errorf("%d accounts in the truth, %d counted", n, listed)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}
