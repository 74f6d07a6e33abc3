package parsers

import (
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
)

func mustIndicators(t *testing.T, lines ...string) *Indicators {
	t.Helper()
	l, err := ReadIndicators(strings.NewReader("kind,value\n" + strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestIndicatorsMatchAddresses(t *testing.T) {
	l := mustIndicators(t, "ip,192.0.2.7", "ip,198.51.100.0/24", "network,203.0.113.128/25", "ip,2001:db8:1::/48", "ip,2001:db8:2:3::/64", "ip,0.0.0.0/32")
	for addr, want := range map[string]int{
		"192.0.2.7": 0, "192.0.2.8": -1, "198.51.100.255": 1, "198.51.101.0": -1, "203.0.113.127": -1, "203.0.113.128": 2,
		"2001:db8:1:ffff::9": 3, "2001:db8:2:3:4:5:6:7": 4, "2001:db8:2:4::": -1, "::ffff:192.0.2.7": 0, "0.0.0.0": 5, "::1": -1,
	} {
		a, _, ok := scalar.TryAddr([]byte(addr))
		if !ok {
			t.Fatalf("%s is no address", addr)
		}
		if got := l.addr(a); got != want {
			t.Errorf("%s matches entry %d, want %d", addr, got, want)
		}
	}
	all := mustIndicators(t, "ip,0.0.0.0/0")
	six, _, _ := scalar.TryAddr([]byte("2001:db8::"))
	four, _, _ := scalar.TryAddr([]byte("8.8.8.8"))
	if all.addr(four) != 0 || all.addr(six) != -1 {
		t.Error("all of IPv4 is not all of IPv4 alone")
	}
}

// TestAnIndicatorIsComparedWithTheText aims for a key: a row that is left out for
// another's name would be lost.
func TestAnIndicatorIsComparedWithTheText(t *testing.T) {
	l := mustIndicators(t, "account,ann")
	row := event.Login{Account: event.KeyOf([]byte("ann"))}
	var v fields
	v[event.AccountID] = []byte("ann")
	if l.login(&row, &v) != 0 {
		t.Error("the account itself does not match")
	}
	v[event.AccountID] = []byte("eve")
	if l.login(&row, &v) != -1 {
		t.Error("another text with the same key matches")
	}
}

func TestIndicatorsSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "is empty",
		"kind\naccount\n":               "line 1: needs the columns kind and value",
		"kind,value\naccount,\n":        "line 2: value: is empty",
		"kind,value\naccount\n":         "line 2: lacks a kind or a value",
		"kind,value\nip,1.2.3\n":        "is no address and no network",
		"kind,value\nip,::ffff:1.2.3.4": "write",
		"kind,value\nip,2001:db8::/65":  "finer than /64",
		"kind,value\n\"account,a\n":     "quote",
	} {
		if _, err := ReadIndicators(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	l, err := ReadIndicators(strings.NewReader("\ufeffvalue,why,kind\r\n ann ,test, account\r\nann,again,account\r\n"))
	if err != nil || l.Len() != 1 {
		t.Errorf("%v, %+v", err, l)
	}
}

// checkList: a list that is read has an entry for each line, and nothing matches nothing.
func checkList(t *testing.T, text string) {
	t.Helper()
	l, err := ReadIndicators(strings.NewReader(text))
	if err != nil {
		return
	}
	if got := l.unmatched([][]bool{make([]bool, l.Len())}); len(got) != l.Len() {
		t.Errorf("%d of %d entries are unmatched where nothing matched", len(got), l.Len())
	}
	l.addr(event.AddrFrom4(1))
}
