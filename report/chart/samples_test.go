package chart

import (
	"fmt"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
)

var tokyo = time.FixedZone("Asia/Tokyo", 9*3600)
var jpy = money.MustCurrency("JPY")

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, tokyo)
	if err != nil {
		panic(err)
	}
	return t
}

func sampleCurve(hours int, huge bool) *Curve {
	c := &Curve{Currency: jpy, Zone: tokyo}
	seed := uint64(7)
	rnd := func(n int64) int64 { seed = seed*6364136223846793005 + 1442695040888963407; return int64(seed>>33) % n }
	t0 := at("2019-07-01 00:00")
	for i := range hours {
		h := Hour{Start: t0.Add(time.Duration(i) * time.Hour)}
		if i >= hours/8 {
			h.Failed = rnd(90000)
			h.Entries = rnd(40)
		}
		if i >= hours/4 && i < (hours*7+7)/8 {
			h.TopUps = rnd(40) * 30000
			h.Spent = rnd(30) * 25000
			h.Loss = h.Spent
		}
		if huge && i == hours/2 {
			h.Failed *= 400
			h.TopUps = 90_000_000
			h.Spent = 70_000_000
			h.Loss = h.Spent
		}
		if h.Failed+h.TopUps > 0 {
			c.Hours = append(c.Hours, h)
		}
	}
	q := time.Duration(hours) * time.Hour
	c.Marks = []Mark{
		{At: t0.Add(q / 3), Label: "first call of a customer", Before: 12_000, After: 38_000_000},
		{At: t0.Add(q/3 + 30*time.Minute), Label: "フィッシング対策 <script>alert(1)</script> \u202ereversed and a very long label that goes on and on", Before: 12_000, After: 38_000_000},
		{At: t0.Add(q * 5 / 8), Label: "card top-ups stopped", Before: 31_200_000, After: 7_415_473},
		{At: t0.Add(q - time.Minute), Label: "all top-ups stopped", Before: 38_615_473, After: 0},
	}
	c.Gaps = []Gap{{From: t0.Add(q / 2), Until: t0.Add(q/2 + q/20)}}
	return c
}

func sampleFlow(cur money.Currency) *Flow {
	f := &Flow{Currency: cur, Unit: "accounts"}
	k := int64(1)
	if cur != 0 {
		k = 30000
	}
	for i := range 60 {
		w := int64(2000/(i+1)/(i+1) + 1)
		f.Left = append(f.Left, Link{fmt.Sprintf("203.0.113.%d", i%47), fmt.Sprintf("device-%08x", (i*i)%13), w * k})
		f.Right = append(f.Right, Link{fmt.Sprintf("device-%08x", (i*i)%13), fmt.Sprintf("セブン-イレブン 新宿%d丁目店", i%9), w * k * 7 / 8})
	}
	f.Left = append(f.Left, Link{"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "device-00000004", 900 * k})
	return f
}

func sampleMap() *WorldMap {
	return &WorldMap{Countries: []Country{{"JP", "Japan", 210, 1574}, {"CN", "China", 830, 3}, {"US", "", 12, 0}, {"VN", "", 402, 0}, {"HK", "", 77, 12}, {"NL", "", 9, 0}, {"XK", "", 3, 0}, {"", "", 45, 0}, {"<b>", "", 1, 1}, {"TW", "", 5, 0}, {"KR", "", 4, 20}, {"BR", "", 123456, 0}, {"FR", "", 1, 0}, {"DE", "", 2, 0}, {"GB", "", 7, 0}}}
}

func sampleBars() []Chart {
	return []Chart{
		&Bars{Title: "Money by channel", Currency: jpy, Bars: []Bar{{"credit card", 30_112_000, "1,204 accounts"}, {"bank account", 7_402_473, "311 accounts"}, {"cash", 1_101_000, ""}, {"gift card codes bought in the convenience store next door, very long", 12, "1 account"}, {"returned", -4_000_000, "back on cards"}}},
		&Bars{Title: "How they got in", Digits: 1, Unit: "bits", Threshold: 66, ThresholdLabel: "proven from here", Bars: []Bar{{"password list", 312, "failed 40 times as often as others"}, {"password reset", 41, "reset mail to new address"}, {"SIM swap", -22, ""}, {"insider", 0, ""}}},
	}
}

func sampleBridge() *Bridge {
	return &Bridge{Currency: jpy, Steps: []Step{{"fraudulent top-ups", 52_340_000, false}, {"not spent, frozen in time", -9_124_527, false}, {"own balance spent", 2_400_000, false}, {"returned by shops", -4_000_000, false}, {"chargebacks", -3_000_000, false}, {"net loss", 38_615_473, true}}}
}

func sampleTimeline() *Timeline {
	return &Timeline{Account: "acct_00••••91", Currency: jpy, Zone: tokyo, Events: []Event{
		{at("2019-05-11 08:12"), "registered", false, 0},
		{at("2019-06-01 12:30"), "login", false, 0},
		{at("2019-06-01 12:33"), "spending", false, 480},
		{at("2019-06-28 19:02"), "login", false, 0},
		{at("2019-06-28 19:10"), "spending", false, 1200},
		{at("2019-07-03 02:14"), "failed login", true, 0},
		{at("2019-07-03 02:15"), "failed login", true, 0},
		{at("2019-07-03 02:15"), "login, new device", true, 0},
		{at("2019-07-03 02:17"), "top-up by card", true, 30000},
		{at("2019-07-03 02:18"), "top-up by card", true, 30000},
		{at("2019-07-03 02:19"), "top-up by card", true, 30000},
		{at("2019-07-03 09:40"), "spending, セブン-イレブン新宿店", true, 88000},
		{at("2019-07-03 18:20"), "login", false, 0},
		{at("2019-07-03 18:25"), "claim made", false, 0},
	}}
}
