package words

import (
	"math/bits"
	"strconv"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
)

// Int writes a whole number, grouped in thousands.
func (p *Printer) Int(n int64) string { return money.Format(n, 0) }

// yen is the currency that Japanese texts write with a word behind the number;
// points are the other.
var (
	yen    = money.MustCurrency("JPY")
	points = []money.Currency{money.MustCurrency("PT"), money.MustCurrency("PTS"), money.MustCurrency("PNT")}
)

// Money writes minor units exactly, with the currency: "1,234 JPY", 1,234円.
// Other currencies than yen and points are written with their code in Japanese
// texts too, as no reader takes a code for another.
func (p *Printer) Money(minor int64, c money.Currency) string {
	if p.lang != Japanese {
		return money.Format(minor, c)
	}
	if c == yen {
		return money.Format(minor, 0) + "円"
	}
	for _, pt := range points {
		if c == pt {
			return money.Format(minor, 0) + "ポイント"
		}
	}
	return money.Format(minor, c)
}

// Percent writes n of a whole to a tenth of a per cent, rounded half up. Some is
// never nothing and not all is never all: "<0.1%", ">99.9%". Of nothing there is
// no share: "–".
func (p *Printer) Percent(n, of int64) string {
	if of <= 0 || n < 0 || n > of {
		return "–"
	}
	tenths := perThousand(n, of)
	switch {
	case tenths == 0 && n > 0:
		return "<0.1%"
	case tenths == 1000 && n < of:
		return ">99.9%"
	case tenths == 1000:
		return "100%"
	case tenths == 0:
		return "0%"
	}
	return strconv.FormatUint(tenths/10, 10) + "." + strconv.FormatUint(tenths%10, 10) + "%"
}

// perThousand returns 1000 n / of rounded half up, for 0 ≤ n ≤ of.
func perThousand(n, of int64) uint64 {
	high, low := bits.Mul64(uint64(n), 1000)
	low, carry := bits.Add64(low, uint64(of)/2, 0)
	quotient, _ := bits.Div64(high+carry, low, uint64(of))
	return quotient
}

// Time writes an instant to the minute in a zone, nil for UTC, as running text
// does: "2019-07-03 17:30", 2019年7月3日 17時30分. The zone is not said: say Zone
// once for all of them.
func (p *Printer) Time(t time.Time, zone *time.Location) string {
	if p.lang == Japanese {
		return in(t, zone).Format("2006年1月2日 15時04分")
	}
	return p.Compact(t, zone)
}

// Instant is Time with its zone: "2019-07-03 17:30 JST", 2019年7月3日 17時30分
// （日本時間）.
func (p *Printer) Instant(t time.Time, zone *time.Location) string {
	if p.lang == Japanese {
		return p.Time(t, zone) + "（" + p.Zone(t, zone) + "）"
	}
	return p.Time(t, zone) + " " + p.Zone(t, zone)
}

// Compact is Time in the same width for every instant and language, for columns:
// "2019-07-03 17:30".
func (p *Printer) Compact(t time.Time, zone *time.Location) string {
	return in(t, zone).Format("2006-01-02 15:04")
}

// Day writes the day of an instant: "2019-07-03", 2019年7月3日.
func (p *Printer) Day(t time.Time, zone *time.Location) string {
	if p.lang == Japanese {
		return in(t, zone).Format("2006年1月2日")
	}
	return in(t, zone).Format(time.DateOnly)
}

// Zone names a zone, nil for UTC, as of an instant: "UTC", "JST", 日本時間 (JST),
// "CST (UTC+08:00)" where several zones go by that name.
func (p *Printer) Zone(t time.Time, zone *time.Location) string {
	name, ahead := in(t, zone).Zone()
	offset := in(t, zone).Format("UTC-07:00")
	switch {
	case name == "UTC" || name == "":
		return "UTC"
	case name == "JST" && ahead == 9*60*60 && p.lang == Japanese:
		return "日本時間"
	case name == "JST" && ahead == 9*60*60:
		return name
	case name[0] == '+' || name[0] == '-':
		return offset
	}
	return name + " (" + offset + ")"
}

func in(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone)
}

// Duration writes a length of time in its two largest units: "40 s", "12 min",
// "3 h 12 min", "2 d 5 h"; 3時間12分. Parts of a second are dropped.
func (p *Printer) Duration(d time.Duration) string {
	sign := ""
	seconds := int64(d / time.Second)
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	const minute, hour, day = 60, 3600, 86400
	unit := [...]string{" s", " min", " h", " d", " "}
	if p.lang == Japanese {
		unit = [...]string{"秒", "分", "時間", "日", ""}
	}
	text := func(n int64, of int) string { return money.Format(n, 0) + unit[of] }
	switch {
	case seconds < minute:
		return sign + text(seconds, 0)
	case seconds < hour:
		return sign + text(seconds/minute, 1)
	case seconds < 2*day:
		return sign + text(seconds/hour, 2) + unit[4] + text(seconds%hour/minute, 1)
	}
	return sign + text(seconds/day, 3) + unit[4] + text(seconds%day/hour, 2)
}

// List joins names: "a, b", a、b.
func (p *Printer) List(names []string) string {
	between := ", "
	if p.lang == Japanese {
		between = "、"
	}
	text := ""
	for i, name := range names {
		if i > 0 {
			text += between
		}
		text += name
	}
	return text
}
