package bridge

import (
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
)

// TestPace: the four wordings in which the first list of July 2019 was published.
func TestPace(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	at := func(text string) int64 {
		x, err := time.Parse("02 15:04 MST", text)
		if err != nil {
			t.Fatal(err)
		}
		return x.UnixMicro()
	}
	card := func(when string, amount int64) Use { return Use{at(when + " UTC"), amount, true, true} }
	cash := func(when string, amount int64) Use { return Use{at(when + " UTC"), amount, true, false} }
	pay := func(when string, amount int64) Use { return Use{at(when + " UTC"), amount, false, false} }
	for _, tt := range []struct {
		name string
		uses []Use
		// what each wording says was spent; -1 where it does not list it
		day, single, share, about int64
	}{
		{"the signature", []Use{card("02 01:00", 30000), pay("02 02:00", 29000)}, 29000, 29000, 29000, 29000},
		{"in small parts", []Use{card("02 01:00", 5000), card("02 01:01", 5000), pay("02 02:00", 5000), pay("02 02:01", 5000)}, 10000, -1, 10000, 10000},
		{"half of it spent", []Use{card("02 01:00", 30000), pay("02 02:00", 15000)}, 15000, 15000, -1, -1},
		{"own money too", []Use{card("02 01:00", 10000), pay("02 02:00", 40000)}, 40000, 40000, 40000, -1},
		{"cash", []Use{cash("02 01:00", 30000), pay("02 02:00", 30000)}, 30000, -1, 30000, 30000},
		{"too little", []Use{card("02 01:00", 9999), pay("02 02:00", 30000)}, -1, -1, -1, -1},
		{"on two days", []Use{card("02 14:59", 10000), pay("02 15:00", 10000)}, -1, -1, -1, -1},
		{"over midnight in London", []Use{card("02 23:59", 10000), pay("03 00:01", 10000)}, 10000, 10000, 10000, 10000},
		{"two such days", []Use{card("02 01:00", 10000), pay("02 02:00", 10000), pay("04 01:00", 70), card("05 01:00", 10000), pay("05 02:00", 10001)}, 20001, 20001, 20001, 20001},
		{"nothing", nil, -1, -1, -1, -1},
	} {
		for _, w := range []struct {
			rule string
			want int64
		}{{"10000,10000", tt.day}, {"10000,10000,card,single", tt.single}, {"10000,1,share=90", tt.share}, {"10000,1,about=10", tt.about}} {
			p, err := ParsePace(w.rule)
			if err == nil {
				err = p.Settle(jpy)
			}
			if err != nil {
				t.Fatal(err)
			}
			loss, listed, err := p.Loss(tt.uses, tokyo)
			if !listed {
				loss = -1
			}
			if err != nil || loss != w.want {
				t.Errorf("%s, %s: %d, %v, want %d", tt.name, w.rule, loss, err, w.want)
			}
		}
	}
}

func TestParsePace(t *testing.T) {
	for _, bad := range []string{"", "10000", "10000,", ",10000", "-1,10", "1,1,cards", "1,1,share", "1,1,share=101", "1,1,about=-1", "10JPY,10USD", "1,1,1", strings.Repeat("9", 40) + ",1"} {
		if p, err := ParsePace(bad); err == nil {
			t.Errorf("%q: %+v", bad, p)
		}
	}
	for _, tt := range []struct {
		text, only   string
		topUp, spend int64
		ok           bool
	}{
		{"10000,5000", "JPY", 10000, 5000, true},
		{"100.50USD,5", "JPY", 10050, 500, true},
		{"100.5,5", "JPY", 0, 0, false},
		{"1,1", "", 0, 0, false},
		{"1QQQ,1", "JPY", 0, 0, false},
	} {
		p, err := ParsePace(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		only, _ := money.ParseCurrency([]byte(tt.only))
		if err := p.Settle(only); (err == nil) != tt.ok || tt.ok && (p.TopUp != tt.topUp || p.Spend != tt.spend) {
			t.Errorf("%s in %s: %+v, %v", tt.text, tt.only, p, err)
		}
	}
}
