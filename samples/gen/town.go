package gen

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Times are microseconds since 1970, UTC.
const (
	second = int64(1_000_000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
	japan  = 9 * hour // no summer time
)

// A town is what all accounts have in common, worked out once and only read
// afterwards.
type town struct {
	w          World
	start, end int64
	midnight   int64 // Japanese midnight at or before start
	key, idKey uint64
	net        layout
	agents     agents
	stores     stores
	lost       [2]map[int64]bool // hours that are missing, by log
}

func newTown(w World) *town {
	key := hash3(w.Seed, streamName, 0)
	t := &town{
		w:      w,
		start:  w.Start.UnixMicro(),
		key:    key,
		idKey:  hash3(w.Seed, streamName, 1),
		net:    newLayout(&w, hash3(w.Seed, streamName, 2)),
		agents: newAgents(),
		stores: newStores(w.Stores, hash3(w.Seed, streamName, 3)),
	}
	t.end = t.start + int64(w.Days)*day
	t.midnight = t.start - (t.start+japan)%day
	for i, n := range []int{w.Disturb.MissingAuthHours, w.Disturb.MissingPaymentHours} {
		t.lost[i] = map[int64]bool{}
		r := newRNG(w.Seed, streamDisturb, uint64(i))
		for range n {
			t.lost[i][t.start/hour+r.below(int64(w.Days)*24)] = true
		}
	}
	return t
}

// dayOf returns which day of the world a time is in.
func (t *town) dayOf(at int64) int { return int((at - t.midnight) / day) }

// hourOf returns the hour on a Japanese clock.
func hourOf(at int64) int { return int((at + japan) % day / hour) }

// weekend reports whether a time is on a Japanese Saturday or Sunday.
func weekend(at int64) bool {
	d := (at + japan) / day % 7 // 1970-01-01 was a Thursday
	return d == 2 || d == 3
}

func (w *World) validate() error {
	switch {
	case w.Accounts < 1 || w.Accounts > 1<<32:
		return fmt.Errorf("gen: Accounts is %d; it must be 1 to 4,294,967,296", w.Accounts)
	case w.Days < 1 || w.Days > 3660:
		return fmt.Errorf("gen: Days is %d; it must be 1 to 3660", w.Days)
	case w.Stores < 1 || w.Stores > 1<<20:
		return fmt.Errorf("gen: Stores is %d; it must be 1 to 1,048,576", w.Stores)
	case w.TopupCap < 1000:
		return fmt.Errorf("gen: TopupCap is %d; it must be at least 1000", w.TopupCap)
	case w.Start.Before(time.Unix(0, 0).AddDate(1, 0, 0)) || w.Start.Year() > 9000:
		return fmt.Errorf("gen: Start is %v; it must be between 1971 and 9000", w.Start)
	case w.LaunchDays < 0 || w.LaunchDays > w.Days:
		return fmt.Errorf("gen: LaunchDays is %d; it must be 0 to Days (%d)", w.LaunchDays, w.Days)
	}
	taken := 0
	for i := range w.Attacks {
		a := &w.Attacks[i]
		if err := a.validate(w); err != nil {
			return fmt.Errorf("gen: Attacks[%d]: %w", i, err)
		}
		taken += max(a.Victims, a.Entered)
	}
	if taken*2 > w.Accounts {
		return fmt.Errorf("gen: the attacks enter %d of %d accounts; at most half can be found for them", taken, w.Accounts)
	}
	return nil
}

func (a *Attack) validate(w *World) error {
	switch {
	case a.Name == "":
		return errors.New("the name is empty")
	case a.Victims < 0 || a.Entered < 0 || a.Tries < 0 || a.Sources < 0:
		return errors.New("a count is negative")
	case a.Victims > 0 && len(a.Executors) == 0:
		return errors.New("there are Victims but no Executors")
	case a.Shop < 0 || a.Shop >= w.Stores:
		return fmt.Errorf("no shop has the number %d; there are %d, from 0", a.Shop, w.Stores)
	case a.StartDay < 0 || a.Days <= 0 || a.StartDay+a.Days > float64(w.Days):
		return fmt.Errorf("StartDay %g and Days %g do not lie within the %d days of the world", a.StartDay, a.Days, w.Days)
	}
	switch a.Vector {
	case ListType, ListProxy, BruteForce, Spraying, ReverseBrute, Leak, ResetAbuse, ExternalLogin, SessionTheft, BankLink:
	default:
		return fmt.Errorf("no such Vector: %q", a.Vector)
	}
	for _, e := range a.Executors {
		switch e {
		case CrewPhones, FreshDevice, FromAbroad, StoreStaff, SlowCashOut, BalanceOnly, Mules:
		default:
			return fmt.Errorf("no such Executor: %q", e)
		}
	}
	return nil
}

// accountsPerUnit is how many accounts a worker takes at a time: enough that
// taking them costs nothing, few enough that the workers end together.
const accountsPerUnit = 256

// live simulates all accounts and all tries. The rows are then in the clerks'
// hands, sorted in runs. The clerks must be closed even when there is an error.
func live(ctx context.Context, t *town, p *plan, out Outputs, opt Options) ([]*clerk, error) {
	accountUnits := int64((t.w.Accounts + accountsPerUnit - 1) / accountsPerUnit)
	total := accountUnits + int64(len(p.runs))
	var next atomic.Int64
	var progress sync.Mutex
	var done int64
	clerks := make([]*clerk, opt.Workers)
	errs := make([]error, opt.Workers)
	work := func(c *clerk) error {
		l := newLife(t, p, c)
		for {
			u := next.Add(1) - 1
			if u >= total {
				return c.finish()
			}
			if u < accountUnits {
				l.liveUnit(uint64(u) * accountsPerUnit)
			} else {
				c.writeRun(&p.runs[u-accountUnits], uint64(u-accountUnits))
			}
			if err := errors.Join(c.err, ctx.Err()); err != nil {
				next.Store(total) // nobody needs to go on
				return err
			}
			if opt.Progress != nil {
				progress.Lock()
				done++
				opt.Progress("simulate", done, total)
				progress.Unlock()
			}
		}
	}
	var wg sync.WaitGroup
	for i := range clerks {
		clerks[i] = newClerk(t, out, opt)
		wg.Go(func() { errs[i] = work(clerks[i]) })
	}
	wg.Wait()
	return clerks, errors.Join(errs...)
}
