package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/table"
)

var cameraSchema = table.Schema{
	Name: "camera_list", Doc: "minutes at a shop for which to pull the cameras, most money first",
	Columns: []table.Column{
		col("store_id", table.Text, "shop, or merchant where there is no shop"),
		maybe("terminals", table.Text, "registers of the charges, joined by ;"),
		col("from_time", table.Time, "whole minute to begin with, the margin before the first charge"),
		col("to_time", table.Time, "whole minute to end with, the margin after the last charge"),
		maybe("from_local", table.Text, "the same by the clock of --tz"),
		maybe("to_local", table.Text, "the same by the clock of --tz"),
		col("minutes", table.Int, "length"),
		col("charges", table.Int, "fraudulent charges"),
		col("amount", table.Amount, "spent, "+docMinor),
		col("currency", table.Code, docCurrency),
	},
}

// A stretch is a row of the camera list.
type stretch struct {
	store, currency string
	terminals       []string
	from, to        int64
	charges         int64
	amount          int64
}

const minute = 60 * 1_000_000

// CameraTable returns the minutes of a finished case for which to look at the
// cameras: the visits to shops with a margin on both sides, for clocks of
// registers and recorders differ, in whole minutes, put together where they
// touch. A zone that is not nil adds its own time of day.
func CameraTable(dir string, margin time.Duration, zone *time.Location) (*table.Table, error) {
	c := &caseTables{dir: dir}
	visits := c.rows("store_visits")
	var list []stretch
	for row := range visits.n {
		s := stretch{store: visits.text("store_id", row), currency: visits.text("currency", row), charges: visits.int("charges", row), amount: visits.int("amount", row),
			from: floorMinute(visits.int("from_time", row) - margin.Microseconds()), to: floorMinute(visits.int("to_time", row) + margin.Microseconds() + minute - 1)}
		if t := visits.text("terminals", row); t != "" {
			s.terminals = strings.Split(t, ";")
		}
		s.from, s.to = max(s.from, table.MinTime), min(max(s.to, s.from+minute), table.MaxTime)
		list = append(list, s)
	}
	if c.err != nil {
		return nil, c.err
	}
	list, err := merged(list)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(b.amount, a.amount), cmp.Compare(a.store, b.store), cmp.Compare(a.from, b.from))
	})
	return cameraTable(list, zone)
}

func floorMinute(us int64) int64 {
	m := us / minute
	if us < 0 && us%minute != 0 {
		m--
	}
	return m * minute
}

// merged puts stretches of a shop together where they touch.
func merged(list []stretch) ([]stretch, error) {
	slices.SortFunc(list, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.currency, b.currency), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var out []stretch
	for _, s := range list {
		n := len(out) - 1
		if n < 0 || out[n].store != s.store || out[n].currency != s.currency || out[n].to < s.from {
			out = append(out, s)
			continue
		}
		last := &out[n]
		var sum money.Sum
		sum.Add(last.amount)
		sum.Add(s.amount)
		total, err := sum.Total()
		if err != nil {
			return nil, fmt.Errorf("camera list: %w", err)
		}
		last.amount, last.charges, last.to = total, last.charges+s.charges, max(last.to, s.to)
		last.terminals = append(last.terminals, s.terminals...)
	}
	for i := range out {
		slices.Sort(out[i].terminals)
		out[i].terminals = slices.Compact(out[i].terminals)
	}
	return out, nil
}

func cameraTable(list []stretch, zone *time.Location) (*table.Table, error) {
	t := table.New(cameraSchema, len(list))
	row := t.Appender()
	local := func(us int64) string {
		if zone == nil {
			return ""
		}
		return time.UnixMicro(us).In(zone).Format("2006-01-02 15:04 -07:00")
	}
	for i := range list {
		s := &list[i]
		row.Text(s.store)
		row.TextOrNull(strings.Join(s.terminals, ";"))
		row.Time(s.from)
		row.Time(s.to)
		row.TextOrNull(local(s.from))
		row.TextOrNull(local(s.to))
		row.Int((s.to - s.from) / minute)
		row.Int(s.charges)
		row.Amount(s.amount)
		row.Code(s.currency)
		row.End()
	}
	return t, t.Validate()
}
