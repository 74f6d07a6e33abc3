package parsers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// key is event.KeyOfString, for short.
func key(s string) event.Key { return event.KeyOfString(s) }

// noon is 2019-07-02T12:00:00Z.
const noon = 1562068800_000_000

func TestLoginsHoldWhatTheRecordSays(t *testing.T) {
	f := func(role event.Role, row string, want event.Login) {
		t.Helper()
		log := loaded(t, file{"x.csv", "event_time,account_id,event,outcome,reason,ip,device_id,user_agent,session_id,country,asn\n" + row, role})
		if diff := cmp.Diff([]event.Login{want}, contentOf(log).Logins, cmpopts.IgnoreFields(event.Login{}, "ID")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row, diff)
		}
	}
	f(event.Auth, "2019-07-02T12:00:00Z,ann,login,success,,192.0.2.1,d,\"App, 2\",s,jp,AS64500", event.Login{
		Time: noon, Account: key("ann"), Action: event.LoginAction, Addr: event.AddrFrom4(0xc0000201), Device: key("d"),
		Agent: key("App, 2"), Session: key("s"), Country: 'J'<<8 | 'P', ASN: 64500,
		Word: event.PackWord(event.Success, event.NoReason, false, false, false)})
	f(event.History, " 2019-07-02T21:00:00.000001+09:00 ,ann,password_reset,failure,locked,2001:db8::1,,,,,", event.Login{
		Time: noon + 1, Account: key("ann"), Action: event.PasswordReset, Addr: 0x20010db8_00000000,
		Word: event.PackWord(event.Failure, event.Locked, true, false, true)})
	f(event.Auth, "2019-07-02T12:00:00Z,\"\"\"ann\"\"\",dance,,because,nowhere,,,,Japan,none", event.Login{
		Time: noon, Account: key(`"ann"`), Action: event.OtherAction,
		Word: event.PackWord(event.NoOutcome, event.OtherReason, false, false, false)})
}

func TestChargesHoldWhatTheRecordSays(t *testing.T) {
	f := func(row string, want event.Charge) {
		t.Helper()
		want.Time, want.Txn, want.Account, want.Currency = noon, key("t"), key("ann"), uint32(money.MustCurrency("JPY"))
		log := loaded(t, file{"x.csv", paymentHeader + "\n2019-07-02T12:00:00Z,t,ann," + row, event.Payments})
		if diff := cmp.Diff([]event.Charge{want}, contentOf(log).Charges, cmpopts.IgnoreFields(event.Charge{}, "Rest")); diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", row, log.Rejects, diff)
		}
	}
	f("topup,30000,approved,m,st,d,s,192.0.2.1,card,orig,fund,psp,other,k,o,c", event.Charge{Kind: event.TopUp, Amount: 30000, Status: event.Approved,
		Store: key("st"), Device: key("d"), Session: key("s"), Addr: event.AddrFrom4(0xc0000201), Funding: event.Card, Ref: key("fund"), Mark: event.HasTerminal | event.HasOperator})
	f("payment,1,approved,m,,,,,balance,,,,,k,,", event.Charge{Kind: event.Payment, Amount: 1, Status: event.Approved, Store: key("m"), Funding: event.Balance, Mark: event.HasTerminal})
	f("payment,1,pending,m,,,,,balance,orig,fund,,other,,,", event.Charge{Kind: event.Payment, Amount: 1, Status: event.Pending, Store: key("m"), Funding: event.Balance, Ref: key("fund")})
	f("refund,0,declined,,,,,nowhere,shells,orig,fund,,other,,,", event.Charge{Kind: event.Refund, Status: event.Declined, Funding: event.OtherFunding, Ref: key("orig")})
	f("reversal,5,approved,,,,,,,orig,fund,,other,,,", event.Charge{Kind: event.Reversal, Amount: 5, Status: event.Approved, Ref: key("orig")})
	f("chargeback,5,approved,,,,,,,orig,fund,,other,,,", event.Charge{Kind: event.Chargeback, Amount: 5, Status: event.Approved, Ref: key("orig")})
	f("transfer_out,5,approved,,,,,,,orig,fund,,other,,,", event.Charge{Kind: event.TransferOut, Amount: 5, Status: event.Approved, Ref: key("other")})
	f("transfer_in,5,approved,,,,,,,orig,fund,,other,,,", event.Charge{Kind: event.TransferIn, Amount: 5, Status: event.Approved, Ref: key("other")})
	f("payout,5,approved,,,,,points,,orig,fund,,other,,,", event.Charge{Kind: event.Payout, Amount: 5, Status: event.Approved, Ref: key("other")})
}

// TestRecordsThatAreNoRows names the column and the reason.
func TestRecordsThatAreNoRows(t *testing.T) {
	f := func(role event.Role, row, want string) {
		t.Helper()
		header := "event_time,account_id,event,outcome\n"
		if role == event.Payments {
			header = "event_time,txn_id,account_id,kind,amount,status\n"
		}
		log := loaded(t, file{"x.csv", header + row + "\n", role})
		if len(log.Rejects) != 1 || log.Rejects[0].Column+": "+log.Rejects[0].Reason != want || log.Rejects[0].Line != 2 {
			t.Errorf("%s: %+v, want %s", row, log.Rejects, want)
		}
	}
	const at = "2019-07-02T12:00:00Z,"
	f(event.Auth, "a,b,c", ": "+badWidth)
	f(event.Auth, "a,b,c,d,e", ": "+badWidth)
	f(event.Auth, `"a"b,c,d,e`, ": text after a closing quote")
	f(event.Auth, `a,"b,c,d`, ": a quote that is never closed")
	f(event.Auth, ",ann,login,", "event_time: "+isEmpty)
	f(event.Auth, "today,ann,login,", "event_time: "+badTime)
	f(event.Auth, at+" ,login,", "account_id: "+isEmpty)
	f(event.Auth, at+"ann,,", "event: "+isEmpty)
	f(event.Auth, at+"ann,login,maybe", "outcome: "+badOutcome)
	f(event.Auth, at+"ann,login,SUCCESS", "outcome: "+badOutcome)
	f(event.Payments, at+",ann,topup,1,approved", "txn_id: "+isEmpty)
	f(event.Payments, at+"t,,topup,1,approved", "account_id: "+isEmpty)
	f(event.Payments, at+"t,ann,,1,approved", "kind: "+badKind)
	f(event.Payments, at+"t,ann,gift,1,approved", "kind: "+badKind)
	f(event.Payments, at+"t,ann,topup,+1,approved", "amount: "+badAmount)
	f(event.Payments, at+"t,ann,topup,99999999999999999999,approved", "amount: "+badAmount)
	f(event.Payments, at+"t,ann,topup,1,", "status: "+badStatus)
	f(event.Payments, at+"t,ann,topup,1,reversed", "status: "+badStatus)
}
