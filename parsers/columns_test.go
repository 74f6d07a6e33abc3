package parsers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// refusal loads one file that must be refused, and returns the error.
func refusal(t *testing.T, role event.Role, text string, opt Options) error {
	t.Helper()
	log, err := Load(context.Background(), write(t, file{"x.csv", text, role}), opt)
	if err == nil {
		t.Fatalf("%.100q: %d rows and no error", text, log.Rows())
	}
	return err
}

func TestHeadersThatAreRefused(t *testing.T) {
	f := func(role event.Role, text, want string) {
		t.Helper()
		err := refusal(t, role, text, Options{Workers: 1})
		var header *HeaderError
		if !errors.As(err, &header) || header.Source != "x.csv" || err.Error() != want {
			t.Errorf("%.100q\ngot  %v\nwant %s", text, err, want)
		}
	}
	const auth, payments = "event_time,account_id,event,outcome", "event_time,txn_id,account_id,kind,amount,currency"
	f(event.Auth, "", "x.csv: the file is empty; not even a header")
	f(event.Auth, "\n\r\n\n", "x.csv: the file is empty; not even a header")
	f(event.Auth, "\xef\xbb\xbf", "x.csv: the file is empty; not even a header")
	f(event.Auth, "event_time,account_id,event\n", "x.csv: no column outcome; the header has: event_time, account_id, event")
	f(event.History, "event_time,account_id,event\n", "x.csv: no column outcome; the header has: event_time, account_id, event")
	f(event.Auth, "When, Who \n", "x.csv: no column event_time, account_id, event, outcome; the header has: When, Who")
	f(event.Payments, auth+"\n", "x.csv: no column txn_id, kind, amount, currency; the header has: event_time, account_id, event, outcome")
	f(event.Payments, strings.TrimSuffix(payments, ",currency")+"\n",
		"x.csv: no column currency; the header has: event_time, txn_id, account_id, kind, amount")
	f(event.Auth, auth+",EVENT\n", `x.csv: the header has two columns "event"`)
	f(event.Auth, auth+",\"open\nx\n", "x.csv: the first line is no header: a quote that is never closed")
	f(event.Auth, "\"event\"_time,account_id\n", "x.csv: the first line is no header: text after a closing quote")
	f(event.Auth, strings.Repeat("a,", 5000)+auth+"\n", "x.csv: the first line is no header: more than 4096 fields")
	f(event.Auth, strings.Repeat("a,", 1<<20)+auth+"\n", "x.csv: the first line is no header: a record longer than 1 MiB")
}

// TestHostileHeadersMakeNoLongMessages names neither thousands of columns nor a
// column of a megabyte.
func TestHostileHeadersMakeNoLongMessages(t *testing.T) {
	for _, text := range []string{strings.Repeat("column,", 4000) + "\n", strings.Repeat("é", 400_000) + "\n", strings.Repeat("x", 1000) + strings.Repeat(","+strings.Repeat("y", 200), 4000)} {
		if err := refusal(t, event.Auth, text, Options{Workers: 1}); len(err.Error()) > 4000 || !strings.Contains(err.Error(), "…") {
			t.Errorf("%d bytes: %.200s", len(err.Error()), err)
		}
	}
}

func TestHeadersThatAreRead(t *testing.T) {
	f := func(role event.Role, header string, extra, absent []string) {
		t.Helper()
		log := loaded(t, file{"x.csv", header, role})
		checkLaw(t, log)
		s := log.Sources[0]
		if diff := cmp.Diff([][]string{extra, absent}, [][]string{s.Extra, s.Absent}); diff != "" {
			t.Errorf("%.100q: extra, absent (-want +got)\n%s", header, diff)
		}
	}
	auth := []string{"reason", "ip", "device_id", "user_agent", "session_id", "country", "asn"}
	f(event.Auth, "event_time,account_id,event,outcome", nil, auth)
	f(event.Auth, "\xef\xbb\xbf\"event_time\",ACCOUNT_ID, event ,outcome\r\n", nil, auth)
	f(event.Auth, "Extra One,event_time,outcome,account_id,Extra One,event,\n", []string{"Extra One", "Extra One", ""}, auth)
	f(event.Auth, "event_time,account_id,event,outcome,reason,ip,device_id,user_agent,session_id,country,asn\n", nil, nil)
	f(event.Payments, "amount,event_time,txn_id,account_id,kind", nil,
		[]string{"currency", "status", "merchant_id", "store_id", "device_id", "session_id", "ip", "funding_source", "original_txn_id"})
}

// TestByteOrderMarkBeforeAQuotedHeader has a newline within the first name,
// which ends nothing.
func TestByteOrderMarkBeforeAQuotedHeader(t *testing.T) {
	const text = "\xef\xbb\xbf\"extra\n\"\"column\"\"\",event_time,account_id,event,outcome\n,2019-07-02T12:03:04Z,ann,login,\n"
	for _, size := range []int{4, 30, 1 << 20} {
		log := mustLoad(t, write(t, file{"x.csv", text, event.Auth}), yen(), size)
		texts, err := log.Text(t.Context(), positions(log))
		if err != nil || len(texts) != 1 || texts[0].Line != 3 || texts[0].Get(event.AccountID) != "ann" {
			t.Errorf("%+v, %v", texts, err)
		}
	}
}

func TestCurrencyComesFromTheRowOrTheOption(t *testing.T) {
	f := func(option, header, row, want string) {
		t.Helper()
		opt := Options{Workers: 1}
		if option != "" {
			opt.Currency = money.MustCurrency(option)
		}
		inputs := write(t, file{"x.csv", "event_time,txn_id,account_id,kind" + header + "\n2019-07-02T12:03:04Z,t,ann,topup" + row + "\n", event.Payments})
		log := mustLoad(t, inputs, opt, 1<<20)
		var got string
		for _, c := range contentOf(log).Charges {
			got = fmt.Sprintf("%d %s", c.Amount, money.Currency(c.Currency))
		}
		for _, r := range log.Rejects {
			got = r.Column + ": " + r.Reason
		}
		if got != want {
			t.Errorf("--currency %q, %s, %s: %s, want %s", option, header, row, got, want)
		}
	}
	f("JPY", ",amount", ",1200", "1200 JPY")
	f("USD", ",amount", ",12.34", "1234 USD")
	f("USD", ",amount,currency", ",12,jpy", "12 JPY")
	f("USD", ",amount,currency", ",12,", "1200 USD")
	f("", ",amount,currency", ",12,USD", "1200 USD")
	f("", ",amount,currency", ",12,", "currency: "+badCurrency)
	f("JPY", ",amount,currency", ",12,ABCDE", "currency: "+badCurrency)
	f("JPY", ",amount,currency", ",12,???", "currency: "+badCurrency)
	f("JPY", ",amount", ",12.5", "amount: "+badAmount)
	f("JPY", ",amount", ",-12", "amount: "+badAmount)
	f("JPY", ",amount", ",", "amount: "+badAmount)
	f("JPY", ",amount", `,"1,200"`, "amount: "+badAmount)
}

func TestZones(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Skip(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	f := func(zone *time.Location, stamp, want string) {
		t.Helper()
		opt := yen()
		if zone != nil {
			opt.Zones = map[event.Role]*time.Location{event.Auth: zone}
		}
		text := "event_time,account_id,event,outcome\n2019-01-01T00:00:00Z,first,login,\n" + stamp + ",ann,login,\n"
		log := mustLoad(t, write(t, file{"x.csv", text, event.Auth}), opt, 1<<20)
		got := "nothing"
		for _, l := range contentOf(log).Logins {
			if l.Account == event.KeyOfString("ann") {
				got = time.UnixMicro(l.Time).UTC().Format(time.RFC3339Nano)
			}
		}
		for _, r := range log.Rejects {
			got = r.Column + ": " + r.Reason
		}
		if got != want {
			t.Errorf("%s in %s: %s, want %s", stamp, zone, got, want)
		}
	}
	f(nil, "2019-07-02T12:00:00Z", "2019-07-02T12:00:00Z")
	f(nil, "2019-07-02T12:00:00", "event_time: "+badZone)
	f(nil, "", "event_time: "+isEmpty)
	f(nil, "yesterday", "event_time: "+badTime)
	f(tokyo, "2019-07-02T12:00:00.25", "2019-07-02T03:00:00.25Z")
	f(tokyo, "2019-07-02T12:00:00+01:00", "2019-07-02T11:00:00Z") // its own zone holds
	f(berlin, "2019-03-31T01:59:59", "2019-03-31T00:59:59Z")
	f(berlin, "2019-03-31T02:30:00", "event_time: "+badGap)
	f(berlin, "2019-03-31T03:00:00", "2019-03-31T01:00:00Z")
	f(berlin, "2019-10-27T02:30:00", "2019-10-27T00:30:00Z") // shown twice: the earlier
}

// TestZoneErrorLooksAtTheFirstRow says at once that a zone is missing, if it is
// missing from the beginning.
func TestZoneErrorLooksAtTheFirstRow(t *testing.T) {
	const header = "event_time,account_id,event,outcome\n"
	err := refusal(t, event.Auth, header+"\n2019-07-02T12:00:00,ann,login,\n", Options{Workers: 1})
	var zone *ZoneError
	if want := "x.csv: event_time: 2019-07-02T12:00:00 carries no zone"; !errors.As(err, &zone) || zone.Role != event.Auth || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	for _, rows := range []string{
		"2019-07-02T12:00:00Z,ann,login,\n2019-07-02T12:00:00,ann,login,\n",
		"not a time,ann,login,\n2019-07-02T12:00:00,ann,login,\n",
		"2019-07-02T12:00:00,too short\n2019-07-02T12:00:00,ann,login,\n",
	} {
		log := loaded(t, file{"x.csv", header + rows, event.Auth})
		if n := len(log.Rejects); n == 0 || log.Rejects[n-1].Raw == "" {
			t.Errorf("%q: %+v", rows, log.Rejects)
		}
	}
}

// TestZonesAreOneByRole reads one file of each role, each with its own zone.
func TestZonesAreOneByRole(t *testing.T) {
	opt := yen()
	opt.Zones = map[event.Role]*time.Location{event.Auth: time.FixedZone("", 3600), event.History: time.FixedZone("", 7200), event.Payments: time.FixedZone("", 3*3600)}
	const auth = "event_time,account_id,event,outcome\n2019-07-02T12:00:00,ann,login,\n"
	log := mustLoad(t, write(t, file{"a.csv", auth, event.Auth}, file{"h.csv", auth, event.History},
		file{"p.csv", "event_time,txn_id,account_id,kind,amount\n2019-07-02T12:00:00,t,ann,topup,1\n", event.Payments}), opt, 1<<20)
	for i, want := range []int{11, 10, 9} {
		if s := log.Sources[i]; s.First.Hour() != want || s.First != s.Last {
			t.Errorf("%s: %s, want hour %d", s.Name, s.First, want)
		}
	}
}

func TestUnreadFieldsAreCounted(t *testing.T) {
	const rows = "event_time,account_id,event,outcome,ip,country,asn\n" +
		"2019-07-02T12:00:00Z,ann,login,,192.0.2.1,JP,1\n" +
		"2019-07-02T12:00:01Z,ann,login,,somewhere,Japan,AS\n" +
		"2019-07-02T12:00:02Z,ann,login,,nowhere,JP,\n" +
		"2019-07-02T12:00:03Z,,login,,nowhere,nowhere,nowhere\n"
	s := loaded(t, file{"x.csv", rows, event.Auth}).Sources[0]
	if s.Unread[event.IP] != 2 || s.Unread[event.CountryCode] != 1 || s.Unread[event.ASNumber] != 1 || s.Rejected != 1 {
		t.Errorf("%v, %d rejected", s.Unread, s.Rejected)
	}
}
