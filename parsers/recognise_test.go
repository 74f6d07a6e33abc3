package parsers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// taken returns what a text is taken for, and how many rows are read of it.
func taken(t *testing.T, name, text string, role event.Role, opt Options) string {
	t.Helper()
	inputs := write(t, file{name, text, role})
	l := &loader{opt: opt}
	err := l.survey(context.Background(), inputs)
	if err != nil {
		return "error: " + err.Error()
	}
	log := mustLoad(t, inputs, opt, block.Size)
	s := log.Sources[0]
	return fmt.Sprintf("%s: %d read, %d rejected", s.Format, s.Read, s.Rejected)
}

const twoLogins = `{"event_time":"2019-07-02T12:00:00Z","account_id":"ann","event":"login","outcome":"success"}
{"event_time":"2019-07-02T12:00:01Z","account_id":"bob","event":"login","outcome":"failure"}
`

func TestSyntaxesAreRecognised(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := taken(t, "x.log", text, event.Auth, yen()); got != want {
			t.Errorf("%.80q\ngot  %s\nwant %s", text, got, want)
		}
	}
	const header, row = "event_time,account_id,event,outcome", "2019-07-02T12:00:00Z,ann,login,success"
	csv := header + "\n" + row + "\n"
	f(csv, ": 1 read, 0 rejected")
	f(strings.ReplaceAll(csv, ",", "\t"), "neutral, delimited text: 1 read, 0 rejected")
	f(strings.ReplaceAll(csv, ",", ";"), "neutral, delimited text: 1 read, 0 rejected")
	f(strings.ReplaceAll(csv, ",", "|"), "neutral, delimited text: 1 read, 0 rejected")
	f("event_time\taccount_id\tevent\toutcome\tuser_agent\n"+strings.Repeat("2019-07-02T12:00:00Z\tann\tlogin\tsuccess\t\"half a quote\n", 9),
		"neutral, delimited text: 9 read, 0 rejected")
	lines := strings.SplitAfter(twoLogins, "\n")
	f(twoLogins, "neutral, JSON Lines: 2 read, 0 rejected")
	f("\xef\xbb\xbf\n"+twoLogins, "neutral, JSON Lines: 2 read, 0 rejected")
	f("["+lines[0]+","+lines[1]+"]", "neutral, JSON: 2 read, 0 rejected")
	f(`{"Records":[`+lines[0]+","+lines[1]+"]}", "neutral, JSON: 2 read, 0 rejected")
	f(`{"@odata.context":"x","value":[`+lines[0]+","+lines[1]+"]}", "neutral, JSON: 2 read, 0 rejected")
	f(strings.ReplaceAll(twoLogins, ",", ",\n  "), "neutral, JSON: 2 read, 0 rejected")
	wrap := func(format string) string {
		var b strings.Builder
		for _, l := range lines[:2] {
			fmt.Fprintf(&b, format+"\n", strings.TrimSpace(l))
		}
		return b.String()
	}
	f(wrap(`{"_index":"x","_source":%s}`), "neutral, JSON Lines: 2 read, 0 rejected")
	quoted := func(format string) string {
		var b strings.Builder
		for _, l := range lines[:2] {
			fmt.Fprintf(&b, format+"\n", strings.ReplaceAll(strings.TrimSpace(l), `"`, `\"`))
		}
		return b.String()
	}
	f(quoted(`{"ts":1,"message":"%s"}`), "neutral, JSON Lines: 2 read, 0 rejected")
	csvCell := "id,_raw\n"
	for _, l := range lines[:2] {
		csvCell += `7,"` + strings.ReplaceAll(strings.TrimSpace(l), `"`, `""`) + "\"\n"
	}
	f(csvCell, "neutral, delimited text: 2 read, 0 rejected")
	f("event_time:2019-07-02T12:00:00Z\taccount_id:ann\tevent:login\toutcome:success\n", "neutral, LTSV: 1 read, 0 rejected")
	f("event_time=2019-07-02T12:00:00Z account_id=ann event=login outcome=success\n", "neutral, key=value: 1 read, 0 rejected")
}

func TestStampsOfOtherLayouts(t *testing.T) {
	f := func(stamp string, zone *time.Location, want string) {
		t.Helper()
		opt := yen()
		if zone != nil {
			opt.Zones = map[event.Role]*time.Location{event.Auth: zone}
		}
		text := "event_time,account_id,event,outcome\n\"" + stamp + "\",ann,login,success\n"
		if got := taken(t, "x.csv", text, event.Auth, opt); got != want {
			t.Errorf("%s: %s, want %s", stamp, got, want)
		}
	}
	f("1562068800", nil, "neutral, delimited text, stamps as epoch_s: 1 read, 0 rejected")
	f("1562068800123", nil, "neutral, delimited text, stamps as epoch_ms: 1 read, 0 rejected")
	f("7/13/2019 3:04:05 PM", time.UTC, "neutral, delimited text, stamps as mdy: 1 read, 0 rejected")
	f("7/13/2019 3:04:05 PM", nil, "error: x.csv: event_time: 2019-07-13T15:04:05.000000 carries no zone")
	f("7/3/2019 3:04:05 PM", time.UTC, ": 1 read, 1 rejected") // July or March: nobody knows
	f("yesterday", nil, ": 1 read, 1 rejected")
}

// TestCurrencyIsAskedFor knows an export whose amounts have none.
func TestCurrencyIsAskedFor(t *testing.T) {
	text := "取引日時,取引番号,会員ID,取引種別,金額\n2019/07/02 12:03:04,T1,u1,チャージ,900\n"
	opt := Options{Workers: 1, Zones: map[event.Role]*time.Location{event.Payments: time.UTC}}
	inputs := write(t, file{"x.csv", text, event.Payments})
	_, err := Load(context.Background(), inputs, opt)
	var currency *CurrencyError
	if !errors.As(err, &currency) || currency.Source != "x.csv" {
		t.Errorf("error %v", err)
	}
	found, err := Inspect(context.Background(), inputs, opt, 1)
	if err != nil || len(found) != 1 || !found[0].NoCurrency || found[0].Known {
		t.Errorf("%+v, %v", found, err)
	}
	if got := taken(t, "x.csv", text, event.Payments, Options{Workers: 1, Zones: opt.Zones, Currency: money.MustCurrency("JPY")}); got != "wallet-ja, delimited text: 1 read, 0 rejected" {
		t.Error(got)
	}
}

// TestWhatIsNotSureIsRefused reads nothing of files that only look like a log.
func TestWhatIsNotSureIsRefused(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		inputs := write(t, file{"x", text, event.Auth})
		_, err := Load(context.Background(), inputs, yen())
		var unknown *UnknownError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
	f("\x7fELF\x02\x01\x00\x00,\x00\n\x01\x02,\n", "is no log")
	f("<html><body>Sign in</body></html>\n", "its format is not known")
	f(`{"greeting":"hello","colour":"red"}`+"\n", "its format is not known")
	// An Okta log of which only every second record is one.
	okta := `{"eventType":"user.session.start","published":"2026-02-14T20:18:57Z","actor":{"id":"u1"},"outcome":{"result":"SUCCESS"},"uuid":"a"}` + "\n"
	broken := `{"eventType":"user.session.start","published":"some day","actor":{"id":"u1"},"outcome":{"result":"SUCCESS"},"uuid":"a"}` + "\n"
	f(strings.Repeat(okta+broken, 20), "okta, but of 40 rows of a sample only 20 are understood; the first fault: event_time")
	if log := loaded(t, file{"x", strings.Repeat(okta, 20), event.Auth}); log.Sources[0].Read != 20 {
		t.Errorf("%+v", log.Sources[0])
	}
}
