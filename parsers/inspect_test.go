package parsers

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/profile"
)

func TestHideCards(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := HideCards(in); got != want {
			t.Errorf("HideCards(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("4111111111111111", "411111******1111")
	f("x,4111 1111 1111 1111,y", "x,4111 11** **** 1111,y")
	f("4111111111111112", "4111111111111112") // no check digit
	f("20190701000000", "20190701000000")
	f("a1-4111-1111-1111-1111", "a1-4111-1111-1111-1111") // more digits before it: another number
}

// inspectText inspects a file with a text.
func inspectText(t testing.TB, name, text string, role event.Role) Inspection {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Inspect(context.Background(), []Input{{Name: name, Path: path, Role: role}}, Options{}, 2)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d, %v", len(all), err)
	}
	return all[0]
}

// TestDraftsLoad checks that a draft can be loaded whatever columns are called.
func TestDraftsLoad(t *testing.T) {
	for _, header := range []string{
		"id,time,$user,@amount", "null,true,no,~", `"a: b","c #d","e\"\"f",g\h`, "\xff\xfe,\u202e,\x00,-", "{},[],&a,*b", "金額,日時,会員番号,取引番号",
		strings.Repeat("x", 300) + ",b", "time,Time,TIME,time", "a,,,b",
	} {
		for _, role := range []event.Role{event.Auth, event.Payments} {
			i := inspectText(t, "x\n: #"+header, header+"\n1,2019-07-01T00:00:00Z,y: z,'#\n2,2019-07-02T00:00:00Z,ok,NG\n", role)
			text, err := Draft(&i, role)
			if err != nil {
				t.Errorf("%q as %v: %v", header, role, err)
				continue
			}
			if _, err := profile.Load(text); err != nil {
				t.Errorf("%q as %v: %v\n%s", header, role, err, text)
			}
		}
	}
}

func TestInspectKnowsRoles(t *testing.T) {
	auth := inspectText(t, "a", "event_time,account_id,event,outcome\n2019-07-01 00:00:00,a,login,success\n", 0)
	if !auth.Known || auth.Role != event.Auth || !auth.Zoneless || len(auth.Rows) != 1 || auth.Rows[0].Fields[event.AccountID] != "a" || auth.Rows[0].Fault != "" {
		t.Errorf("%+v", auth)
	}
	pay := inspectText(t, "p", "event_time,txn_id,account_id,kind,amount\n2019-07-01T00:00:00Z,t,a,topup,1\n", 0)
	if pay.Known || pay.Role != event.Payments || !pay.NoCurrency {
		t.Errorf("%+v", pay)
	}
}
