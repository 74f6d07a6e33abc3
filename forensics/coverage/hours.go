package coverage

import (
	"cmp"
	"slices"
)

const (
	hour = int64(3_600_000_000) // in microseconds
	week = 168                  // in hours
)

// A histogram counts rows by hour, in pages of a week. Only the years that logs
// are of have pages, so that stamps made up by an attacker take no more than 5 MB;
// what lies elsewhere is counted as such.
type histogram struct {
	pages   []*[week]int64
	outside int64
}

// lastPage is the number of the last page. The first begins in 1970, the last ends
// in 2060.
const lastPage = 4700

func (h *histogram) add(at int64) {
	n := floor(at, hour)
	page := floor(n, week)
	if page < 0 || page > lastPage {
		h.outside++
		return
	}
	h.page(int(page))[n-page*week]++
}

// floor is a/b, rounded down.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (h *histogram) page(n int) *[week]int64 {
	if n >= len(h.pages) {
		h.pages = append(h.pages, make([]*[week]int64, n+1-len(h.pages))...)
	}
	if h.pages[n] == nil {
		h.pages[n] = new([week]int64)
	}
	return h.pages[n]
}

func (h *histogram) merge(o *histogram) {
	h.outside += o.outside
	for n, page := range o.pages {
		if page == nil {
			continue
		}
		mine := h.page(n)
		for i, rows := range page {
			mine[i] += rows
		}
	}
}

// Hours are the rows of every hour, from the first on that is not far away from
// all others.
type Hours struct {
	From int64 // start of the first hour, microseconds UTC
	Rows []int64
	// Astray counts rows long before or after the others, or of years that no
	// log is of: a stamp of 1970 is a clock that was not set.
	Astray int64
}

// strayShare is the share of rows that may be astray at each end, one in so many,
// and strayGap how long nothing happens between them and the others, in hours:
// thirty days.
const (
	strayShare = 1000
	strayGap   = 30 * 24
)

// hours returns the counts without those that are astray.
func (h *histogram) hours() Hours {
	out := Hours{Astray: h.outside}
	var all []int64 // from the first page on
	first, total := -1, int64(0)
	for n, page := range h.pages {
		if page == nil && first < 0 {
			continue
		}
		if first < 0 {
			first = n
		}
		if page == nil {
			page = new([week]int64)
		}
		all = append(all, page[:]...)
	}
	for _, n := range all {
		total += n
	}
	if total == 0 {
		return out
	}
	from, to := core(all, total)
	for i, n := range all {
		if i < from || i >= to {
			out.Astray += n
		}
	}
	out.From, out.Rows = (int64(first)*week+int64(from))*hour, all[from:to]
	return out
}

// core returns the range of hours that the log is of: without the few rows at
// either end that a long silence divides from all others.
func core(all []int64, total int64) (from, to int) {
	end := func(at func(int) int64) int {
		start, last, before := -1, -1, int64(0)
		for i := range all {
			n := at(i)
			if n == 0 {
				continue
			}
			if start < 0 || i-last > strayGap && before*strayShare <= total {
				start = i
			}
			if before*strayShare > total {
				break
			}
			before, last = before+n, i
		}
		return start
	}
	from = end(func(i int) int64 { return all[i] })
	to = len(all) - end(func(i int) int64 { return all[len(all)-1-i] })
	if from >= to { // two heaps far apart: neither is astray
		from = slices.IndexFunc(all, func(n int64) bool { return n > 0 })
		to = len(all)
		for all[to-1] == 0 {
			to--
		}
	}
	return from, to
}

// Bins adds the hours up to at most n bins of whole hours, and says how many hours
// each has. The last may have fewer.
func (h *Hours) Bins(n int) (rows []int64, step int) {
	if len(h.Rows) == 0 || n < 1 {
		return nil, 0
	}
	for _, step = range []int{1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168} {
		if len(h.Rows) <= n*step {
			break
		}
	}
	if len(h.Rows) > n*step {
		step = (len(h.Rows) + n - 1) / n
	}
	rows = make([]int64, (len(h.Rows)+step-1)/step)
	for i, c := range h.Rows {
		rows[i/step] += c
	}
	return rows, step
}

// A Quiet is a run of hours with no rows, or far too few.
type Quiet struct {
	Span     Span // from the start of the first hour to the end of the last
	Rows     int64
	Expected int64 // rows that such hours have on other days, rounded down
}

// The rule of quiet windows. An hour is quiet if it has at most a tenth of what it
// has on other days: of the same hour of the week if there are four such, of the
// same hour of the day if there are three, without the busiest quarter of them, so
// that an attack does not make other days look quiet. Days without any row are no
// example. A run of quiet hours is told of if 20 rows or more were expected in it:
// of those, two or fewer come by chance once in two million runs (Poisson).
const (
	quietTenth  = 10
	quietLeast  = 20
	sameOfWeek  = 4
	sameOfDay   = 3
	manyQuiet   = 100
	inThousands = 1000
)

// quiet returns the quiet windows of a log. The first and the last hour, which may
// be cut, are neither judged nor an example.
func (h *Hours) quiet() ([]Quiet, int) {
	if len(h.Rows) < 3 {
		return nil, 0
	}
	expected := h.expected()
	var all []Quiet
	var run Quiet
	end := func() {
		if run.Expected >= quietLeast*inThousands {
			run.Expected /= inThousands
			all = append(all, run)
		}
		run = Quiet{}
	}
	for i := 1; i < len(h.Rows)-1; i++ {
		rows, want := h.Rows[i], expected.of(h, i)
		switch {
		case rows*quietTenth*inThousands > want:
			end()
		case want > 0:
			at := h.From + int64(i)*hour
			if run.Expected == 0 {
				run.Span.From = at
			}
			run.Span.To = at + hour
			run.Rows += rows
			run.Expected += want
		}
	}
	end()
	count := len(all)
	if count > manyQuiet {
		slices.SortStableFunc(all, func(a, b Quiet) int { return cmp.Compare(b.Expected, a.Expected) })
		all = all[:manyQuiet]
		slices.SortFunc(all, func(a, b Quiet) int { return cmp.Compare(a.Span.From, b.Span.From) })
	}
	return all, count
}

// usual is what hours usually have, in thousandths of a row; -1 is not known.
type usual struct {
	ofWeek [week]int64
	ofDay  [24]int64
}

func (u *usual) of(h *Hours, i int) int64 {
	n := floor(h.From, hour) + int64(i)
	if w := u.ofWeek[n%week]; w >= 0 {
		return w
	}
	return max(u.ofDay[n%24], 0)
}

func (h *Hours) expected() *usual {
	var ofWeek [week][]int64
	var ofDay [24][]int64
	first := floor(h.From, hour)
	awake := map[int64]bool{}
	for i, rows := range h.Rows {
		if rows > 0 {
			awake[(first+int64(i))/24] = true
		}
	}
	for i := 1; i < len(h.Rows)-1; i++ {
		if n := first + int64(i); awake[n/24] {
			ofWeek[n%week] = append(ofWeek[n%week], h.Rows[i])
			ofDay[n%24] = append(ofDay[n%24], h.Rows[i])
		}
	}
	u := &usual{}
	for i := range ofWeek {
		u.ofWeek[i] = typical(ofWeek[i], sameOfWeek)
	}
	for i := range ofDay {
		u.ofDay[i] = typical(ofDay[i], sameOfDay)
	}
	return u
}

// typical returns the mean of counts without the largest quarter of them, in
// thousandths, -1 if there are fewer than least.
func typical(counts []int64, least int) int64 {
	if len(counts) < least {
		return -1
	}
	slices.Sort(counts)
	counts = counts[:len(counts)-(len(counts)+3)/4]
	var sum int64
	for _, n := range counts {
		sum += n
	}
	return sum * inThousands / int64(len(counts))
}
